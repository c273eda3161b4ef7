"""What leaves as CSV starts no formula and comes back unchanged otherwise."""

import csv
import io

import pytest

from ui.export import csv_bytes, file_name, safe_cell


@pytest.mark.parametrize(
    "text",
    ["=1+1", '=HYPERLINK("http://x")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1+1"],
)
def test_formulas_are_disarmed(text):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["-5.2", "0105", "+66812345678", "1,234", "-12%", "น่าน", "a=b", ""])
def test_plain_text_and_numbers_stay(text):
    assert safe_cell(text) == text


def test_a_csv_opens_as_thai_and_keeps_no_data_empty():
    raw = csv_bytes(
        ["code", "name", "value"],
        [["55", "น่าน", 1.5], ["10", "=x", float("nan")], ["11", "ก", None]],
        ["ที่มา: x"],
    )
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[1] == ["55", "น่าน", "1.5"]
    assert rows[2] == ["10", "'=x", ""]
    assert rows[3] == ["11", "ก", ""]
    assert rows[-1] == ["ที่มา: x"]


def test_two_downloads_never_share_a_name():
    assert file_name("stars", "TH") != file_name("stars", "TH")
    assert "/" not in file_name("../x", "TH")
