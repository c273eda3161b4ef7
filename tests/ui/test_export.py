"""What leaves as CSV or as a workbook starts no formula and comes back unchanged otherwise."""

import csv
import io
import re
import zipfile

import openpyxl
import pandas as pd
import pytest
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from analytics.catalogue import indicator
from tests.hostile import payloads
from ui.export import XLSX_TYPE, Sheet, csv_bytes, file_name, safe_cell, xlsx_bytes
from ui.tables import csv_columns
from ui.texts import texts
from ui.workbook import view_sheets


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


def test_what_is_missing_is_an_empty_cell():
    rows = csv_bytes(["a", "b", "c", "d"], [[None, float("nan"), pd.NA, 0]]).decode("utf-8-sig").splitlines()
    assert rows == ["a,b,c,d", ",,,0"]


def test_two_downloads_never_share_a_name():
    assert file_name("stars", "TH", synthetic=False) != file_name("stars", "TH", synthetic=False)
    assert "/" not in file_name("../x", "TH", synthetic=False)


FORMULAS = [
    "=1+1", '=HYPERLINK("http://x")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1+1", "＋1+1", "－1+1",
    "＠SUM(A1)",
    "\r=1", "\n=1", "=cmd|' /C calc'!A0", "{=1+1}", '=DDE("x";"y")', "-2-3", "+66-2-123-4567", "=\u00001",
]  # fmt: skip
KEPT = [
    "-5.2",
    "0105",
    "+66812345678",
    "1,234",
    "-12%",
    "1e5",
    "น่าน",
    "a=b",
    "http://x.example",
    "2018-01-01",
    "_x0041_",
    "'a",
    "50",
]


def cells(raw, sheet):
    return openpyxl.load_workbook(io.BytesIO(raw))[sheet]


def test_no_text_of_a_csv_starts_a_formula():
    rows = [[text, text] for text in (*FORMULAS, *payloads())]
    back = list(csv.reader(io.StringIO(csv_bytes(["a", "b"], rows).decode("utf-8-sig"), newline="")))
    for (before, _), (after, again) in zip(rows, back[1:], strict=True):
        assert after == again
        # Excel looks past blanks, and a full-width sign counts as the plain one.
        risky = after.lstrip()[:1] in tuple("=+-@＝＋－＠") or after[:1] in ("\t", "\r", "\n")
        assert not risky or re.fullmatch(r"[+-]?[0-9][0-9,.eE+%-]*", after.strip())
        assert after in (before, "'" + before)


def test_every_text_of_a_workbook_is_a_text_and_comes_back_unchanged():
    every = [text for text in (*FORMULAS, *KEPT, *payloads()) if "\x00" not in text]
    raw = xlsx_bytes([Sheet("data", ["text", "again"], [[text, text] for text in every])], "=1+1")
    sheet = cells(raw, "data")
    for before, row in zip(every, sheet.iter_rows(min_row=2), strict=True):
        for cell in row:
            assert cell.data_type == "s"
            assert cell.hyperlink is None
            assert (
                cell.value.replace("_x000D_", "\r") == before
            )  # openpyxl leaves this one sign as it is written
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheets = [archive.read(n) for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
        assert sheets and not any(b"<f>" in text or b"<hyperlink" in text for text in sheets)
        assert not [n for n in archive.namelist() if "externalLink" in n or "vba" in n.lower()]


def test_numbers_are_numbers_and_missing_ones_empty():
    rows = [["0105", 1.5, 3, float("nan"), None, None, True]]
    sheet = cells(xlsx_bytes([Sheet("d", list("abcdefg"), rows)], "t"), "d")
    assert [cell.value for cell in sheet[2]] == ["0105", 1.5, 3, None, None, None, "true"]


def test_a_text_longer_than_a_cell_is_cut_and_not_lost():
    sheet = cells(xlsx_bytes([Sheet("d", ["a"], [["ก" * 40_000]])], "t"), "d")
    assert sheet["A2"].value == "ก" * 32_767


def test_the_workbook_of_a_view_explains_itself():
    values = pd.DataFrame(
        {
            "area_code": ["0105", "55"], "name_th": ["=1+1", "น่าน"], "name_en": ["@x", "Nan"], "value": [1.25, float("nan")],
            "numerator": [5.0, float("nan")], "denominator": [400.0, float("nan")], "unit": "percent", "year": 2018,
            "definition": ["target-2560-2561", None], "source": ["แหล่ง", None], "suppressed": [False, True],
            "source_id": ["s", None],
        }
    )  # fmt: skip
    facts = {
        "source_id": "s",
        "publisher": "=2+2",
        "title_th": "แหล่ง",
        "title_en": "Source",
        "url": "http://x",
        "files": [],
    }
    raw = xlsx_bytes(view_sheets(values, indicator("target_poor_rate"), [facts], ["ที่มา: =3"]), "t")
    book = openpyxl.load_workbook(io.BytesIO(raw))
    assert book.sheetnames == ["data", "dictionary", "sources"]
    data = list(book["data"].values)
    assert list(data[0]) == csv_columns()
    assert data[1][:5] == ("0105", "=1+1", "@x", "target_poor_rate", 1.25)
    assert data[2][4:7] == (None, None, None)
    assert data[2][-1] == "true"
    words = {row[0]: row[1:] for row in book["dictionary"].values}
    for column in csv_columns():
        assert words[column] == (texts("th")[f"export.{column}"], texts("en")[f"export.{column}"])
    assert words["target_poor_rate: numerator"][0]
    known = {(row[0], row[1]) for row in book["sources"].values}
    assert {("publisher", "=2+2"), ("url", "http://x"), ("note", "ที่มา: =3")} <= known
    assert all(c.data_type in ("s", "n") for page in book for row in page.iter_rows() for c in row)


def test_two_large_files_of_one_stem_are_two_files_to_the_server():
    one = bytearray(b"x" * (3 * 2**20))
    other = bytearray(one)
    other[500_000] = 0
    storage = MemoryMediaFileStorage("/media")
    ids = {
        storage.load_and_get_id(
            bytes(content),
            XLSX_TYPE,
            MediaFileKind.DOWNLOADABLE,
            file_name("view", "TH", synthetic=False, suffix="xlsx"),
        )
        for content in (one, other)
    }
    assert len(ids) == 2
    assert sorted(storage.get_file(f"{i}.xlsx").content[500_000] for i in ids) == [0, ord("x")]


def test_a_file_name_is_plain_and_carries_a_token():
    name = file_name("../ก ข", "TH", "2018", synthetic=False, suffix="xlsx")
    assert re.fullmatch(r"daomap-[\w-]+-[0-9a-f]{8}\.xlsx", name)
