"""Numbers read the same everywhere, and no data is never a zero."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.catalogue import indicator, load_catalogue
from analytics.formatting import (
    NO_DATA,
    arabic_digits,
    millions,
    no_data_text,
    number,
    percent,
    thai_digits,
    value_text,
    year_text,
)


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_number_reads_back(value, decimals):
    assert float(number(value, decimals).replace(",", "")) == pytest.approx(value, abs=0.51 * 10**-decimals)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
def test_no_data_is_a_dash(value):
    assert number(value) == percent(value) == millions(value) == NO_DATA
    for entry in load_catalogue().values():
        assert value_text(value, entry) == NO_DATA


def test_zero_is_a_zero():
    assert number(0) == "0"
    assert number(-0.0001, 2) == "0.00"
    assert value_text(0, indicator("target_poor"), language="en") == "0 persons"


def test_thai_digits_go_there_and_back():
    assert thai_digits("2561") == "๒๕๖๑"
    assert arabic_digits(thai_digits("1,234.50")) == "1,234.50"


def test_units():
    assert value_text(12_935_866, indicator("households")) == "12,935,866 ครัวเรือน"
    assert value_text(320_203, indicator("gpp_per_head"), language="en") == "320,203 baht"
    assert value_text(405_296_102_818, indicator("gpp")) == "405,296 ล้านบาท"
    assert value_text(8.27, indicator("happiness"), language="en") == "8.27 points"
    assert value_text(3, indicator("stars"), language="en") == "★★★☆☆"
    assert value_text(1.183, indicator("mean_dimensions")) == "1.18 มิติ"


def test_years():
    assert year_text(2022) == "2565"
    assert year_text(2022, era=True) == "พ.ศ. 2565"
    assert year_text(2022, "en", era=True) == "2022"


def test_words_for_no_data():
    assert (no_data_text(), no_data_text("en")) == ("ไม่มีข้อมูล", "no data")


def test_values_from_a_frame_are_accepted():
    assert number(pd.Series([1234.0])[0]) == "1,234"
