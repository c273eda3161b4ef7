"""One place types cells: every way of writing a number or a year has one reading or a fault."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.schemas.cells import FAULTS, is_garbled, is_total, mixed_eras, numbers, read_number, read_year

READ = {
    "7": (7, ()),
    "0012": (12, ()),
    "+5": (5, ()),
    "-3": (-3, ()),
    "\u22123": (-3, ()),
    "2.5": (2.5, ()),
    ".5": (0.5, ()),
    " 1234\u00a0": (1234, ("blanks",)),
    "1\u200b234": (1234, ("invisible",)),
    "\ufeff12": (12, ("invisible",)),
    "๑๒๓": (123, ("thai_digits",)),
    "１２": (12, ("full_width",)),
    "1,234": (1234, ("thousands_separator",)),
    "1,234,567.5": (1234567.5, ("thousands_separator",)),
    "1\u00a0234": (1234, ("thousands_separator",)),
    "๑,๒๓๔": (1234, ("thai_digits", "thousands_separator")),
    "12.0": (12, ("float",)),
    '="0042"': (42, ("code_text",)),
}
FAULTY = {
    "": "empty",
    " \u200b ": "empty",
    "NA": "missing",
    "n/a": "missing",
    "-": "missing",
    "ไม่มีข้อมูล": "missing",
    "1,234*": "footnote",
    "1,234²": "footnote",
    "12 (1)": "footnote",
    "12r": "footnote",
    "12.5%": "percent",
    "ร้อยละ 12": "percent",
    "12 บาท": "currency",
    "฿12": "currency",
    "12,5": "decimal_comma",
    "1.234,56": "decimal_comma",
    "12,34,567": "decimal_comma",
    "1,2345": "decimal_comma",
    "1.1E+12": "scientific",
    "1e400": "scientific",
    "=A1+1": "formula",
    '=HYPERLINK("http://x","1")': "formula",
    "@SUM(A1)": "formula",
    "#REF!": "error_value",
    "#N/A": "error_value",
    "inf": "not_finite",
    "-Infinity": "not_finite",
    "9" * 16: "too_long",
    "12 34": "not_number",
    "1..2": "not_number",
    "0x1F": "not_number",
    "1_000": "not_number",
    "①②": "not_number",
    "٣": "not_number",
    "สามสิบ": "not_number",
    "½": "not_number",
}


@pytest.mark.parametrize("text", sorted(READ))
def test_cells_that_are_numbers(text):
    value, repairs = READ[text]
    read = read_number(text)
    assert (read.value, read.repairs, read.fault) == (value, repairs, None)


@pytest.mark.parametrize("text", sorted(FAULTY))
def test_cells_that_are_not(text):
    read = read_number(text)
    assert (read.value, read.fault) == (None, FAULTY[text])
    th, en = FAULTS[FAULTY[text]]
    assert any("\u0e00" <= letter <= "\u0e7f" for letter in th) and en


def test_every_fault_has_an_example():
    assert set(FAULTY.values()) == set(FAULTS)


def test_a_rate_may_be_scientific_and_a_percentage_may_have_its_sign():
    assert read_number("1.5e-05", scientific=True).value == 1.5e-05
    assert read_number("1e400", scientific=True).fault == "not_finite"
    assert read_number("12.5 %", percent=True).value == 12.5


def test_a_column_reads_as_its_cells_do():
    texts = [*READ, *FAULTY, None, "5", "6"]
    column = numbers(pa.array(texts, pa.string()))
    for position, text in enumerate(texts):
        one = read_number(text)
        assert column.faults.get(position) == one.fault
        if one.value is None:
            assert np.isnan(column.values[position]) and column.texts[position] == (text or "")
        else:
            assert column.values[position] == one.value
    # What may be out of its range is kept as it was written.
    assert column.texts[texts.index("\u22123")] == "\u22123" and column.texts[texts.index("2.5")] == "2.5"
    assert column.repairs["thousands_separator"] == 4
    plain = numbers(pa.chunked_array([["1", "2"], ["3"]]))
    assert plain.values.tolist() == [1, 2, 3] and not plain.faults and not plain.repairs


def test_a_column_of_rates():
    column = numbers(pa.array(["8.25", "1e-2", "NA", "", "-1", "nine", "1e5", "1e400"]), scientific=True)
    assert column.values[[0, 1, 4, 6]].tolist() == [8.25, 0.01, -1, 100000]
    assert column.faults == {2: "missing", 3: "empty", 5: "not_number", 7: "not_finite"}


@given(st.integers(-(10**14), 10**14), st.sampled_from(["{}", "{:,}", " {} ", "{}.0"]))
def test_written_numbers_come_back(number, form):
    assert read_number(form.format(number)).value == number


@given(st.text(alphabet="0123456789,.-+eE *%๑๒", max_size=12))
def test_no_text_is_read_as_another_number_than_decimal_reads(text):
    """Where we read a number, so does `Decimal` once the separators are gone, and it is the same one."""
    value = read_number(text).value
    if value is None:
        return
    plain = text.strip().replace(",", "").replace(" ", "").translate(str.maketrans("๑๒", "12"))
    try:
        assert float(Decimal(plain)) == value
    except InvalidOperation as error:  # pragma: no cover
        raise AssertionError(f"{text!r} read as {value}") from error


@pytest.mark.parametrize(
    ("text", "ce", "era"),
    [
        ("2561", 2018, "be"),
        ("๒๕๖๑", 2018, "be"),
        ("พ.ศ. 2561", 2018, "be"),
        ("ปี 2561", 2018, "be"),
        ("B.E. 2561", 2018, "be"),
        ("2018", 2018, "ce"),
        ("ค.ศ.2018", 2018, "ce"),
        ("2018.0", 2018, "ce"),
        (" 2400 ", 1857, "be"),
        ("2700", 2157, "be"),
        ("1900", 1900, "ce"),
        ("2100", 2100, "ce"),
    ],
)
def test_years(text, ce, era):
    assert (read_year(text).ce, read_year(text).era) == (ce, era)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        (None, "empty"),
        ("61", "short"),
        ("2562/63", "span"),
        ("2561-2562", "span"),
        ("พ.ศ. 2018", "era"),
        ("ค.ศ. 2561", "era"),
        ("2399", "range"),
        ("2101", "range"),
        ("1899", "range"),
        ("2701", "range"),
        ("20180", "not_year"),
        ("ปีนี้", "not_year"),
        ("2018.5", "not_year"),
    ],
)
def test_what_is_no_year(text, fault):
    assert (read_year(text).ce, read_year(text).fault) == (None, fault)


def test_every_four_digit_year_has_one_calendar_at_most():
    for number in range(10_000):
        year = read_year(f"{number:04d}")
        assert (year.ce is None) == (not (1900 <= number <= 2100 or 2400 <= number <= 2700))
    assert mixed_eras(["2561", "2018"]) and not mixed_eras(["2561", "61", "", "2566"])


def test_labels():
    assert all(
        map(is_total, ["รวม", "รวมทั้งหมด", " รวม ", "รวม:", "(รวม)", "TOTAL", "Grand total", "รว\u200bม"])
    )
    assert not any(map(is_total, ["", None, "รวมไทยพัฒนา", "เมือง", "83", "subtotals of 3"]))
    assert all(map(is_garbled, ["àÁ×Í§", "????", "\ufffd\ufffd", "เมือง".encode("cp874").decode("latin-1")]))
    assert not any(map(is_garbled, ["", None, "เมือง", "Mueang", "Café", "บ้าน?", "Phra Nakhon (1)"]))
