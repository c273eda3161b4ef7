"""Numbers of citizens as files write them. All are impossible (first digit 9) but those computed here to test refusal."""

from __future__ import annotations

import pytest
from stdnum.th import pin

from warehouse.desk.citizen import FAULTS, read_citizen


@pytest.mark.parametrize(
    "text",
    [
        "9100700000001",
        "9-1007-00000-00-1",
        "9 1007 00000 00 1",
        "๙๑๐๐๗๐๐๐๐๐๐๐๑",
        "９１００７０００００００１",
        "๙–๑๐๐๗–๐๐๐๐๐–๐๐–๑",
        '="9100700000001"',
        "'9100700000001",
        "\u200b9100700000001\u00a0",
    ],
)
def test_one_number_however_it_is_written(text):
    assert read_citizen(text, synthetic=True) == ("9100700000001", None)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1100700000001.0", "float"),
        ("๑๑๐๐๗๐๐๐๐๐๐๐๑.๐", "float"),
        ("1.1007E+12", "scientific"),
        ("1,1007e+12", "scientific"),
        ("110070000000", "length"),
        ("11007000000011", "length"),
        ("1100700000O01", "form"),
        ("G123456789012", "form"),
        ("0100700000001", "prefix"),
        ("9100700000001", "made_up"),
    ],
)
def test_what_is_refused(text, fault):
    assert read_citizen(text) == (None, fault)
    assert all(text not in words for words in FAULTS[fault])


@pytest.mark.parametrize("text", [None, "", " ", "-", "–"])
def test_nothing_is_nothing(text):
    assert read_citizen(text) == (None, None)


def test_the_check_digit_is_the_library_s():
    start = "800000000000"
    right = start + pin.calc_check_digit(start)
    wrong = start + str((int(right[-1]) + 1) % 10)
    assert read_citizen(right) == (right, None)
    assert read_citizen(wrong) == (None, "check")
    # Whatever could be a real person's is no synthetic one.
    assert read_citizen(right, synthetic=True) == (None, "possible")
    assert read_citizen(wrong, synthetic=True) == (None, "possible")
    # Persons without registration status hold numbers that start with 0.
    assert read_citizen("0100700000001", synthetic=True) == (None, "possible")
