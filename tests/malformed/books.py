"""Malformed workbooks, for the sheet reader."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.malformed.cases import Case, Verdict, add
from tests.warehouse import workbooks as wb

_GOOD = wb.table(["รหัส", "ชื่อ", "n"], ["0801", "ก้านเหลือง", 5], ["0802", "ค", 7.5])
_ROWS = [["0801", "ก้านเหลือง", "5"], ["0802", "ค", "7.5"]]
_CELLS: list[tuple[int, int, Any]] = [
    (0, 0, "รหัส"), (0, 1, "ชื่อ"), (0, 2, "n"),
    (1, 0, "0801"), (1, 1, "ก้านเหลือง"), (1, 2, 5.0),
    (2, 0, "0802"), (2, 1, "ค"), (2, 2, 7.5),
]  # fmt: skip
_GROUPED = (
    wb.rows(
        ("A1", 't="str"|<v>รหัส</v>'), ("B1", 't="str"|<v>คนจน</v>'),
        ("B2", 't="str"|<v>2561</v>'), ("C2", 't="str"|<v>2566</v>'),
        ("A3", 't="str"|<v>83</v>'), ("B3", "|<v>1</v>"), ("C3", "|<v>2</v>"),
    )
    + '<mergeCells count="2"><mergeCell ref="A1:A2"/><mergeCell ref="B1:C1"/></mergeCells>'
)  # fmt: skip


def book(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    data: bytes | Callable[[], bytes],
    *,
    file: str = "table.xlsx",
    rows: list[list[str]] | None = None,
    row: bool = False,
    column: bool = False,
    **options: Any,
) -> None:
    """A workbook; `rows` is the table it has to give where it is accepted."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        (folder / file).write_bytes(data if isinstance(data, bytes) else data())
        return [folder / file]

    truth = {"rows": _ROWS if rows is None else rows}
    add(Case(number, f"sheet-{name}", what, "sheet", verdict, code, make, row, column, truth, options))


def _ods(*lines: list[str]) -> bytes:
    body = "".join(
        f"<table:table-row>{''.join(wb.ods_text(cell) for cell in line)}</table:table-row>" for line in lines
    )
    return wb.ods(f'<table:table table:name="S1">{body}</table:table>')


def _epoch() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"date_1904": True}) as made:
        made.set_properties({"created": dt.datetime(2026, 1, 1)})
        sheet = made.add_worksheet()
        sheet.write_string(0, 0, "day")
        sheet.write_datetime(1, 0, dt.datetime(2024, 2, 29), made.add_format({"num_format": "yyyy-mm-dd"}))
    return out.getvalue()


def _long() -> bytes:
    return wb.xlsx(wb.table(["code", "n"], *([f"{i:06d}", i] for i in range(50_000))))


book(1, "zeros", "codes with leading zeros, as text", "accept", "", wb.xlsx(_GOOD))
book(
    20,
    "header-twice",
    "two columns of one name",
    "reject",
    "csv.duplicate_header",
    wb.xlsx(wb.table(["a", "a"], [1, 2])),
    row=True,
    column=True,
)
book(27, "empty-sheet", "an empty sheet", "reject", "intake.empty", wb.xlsx("<sheetData/>"))
book(
    28,
    "header-only",
    "a header and no row",
    "reject",
    "csv.header_only",
    wb.xlsx(wb.table(["a", "b"])),
    row=True,
)
book(
    56,
    "merged-header",
    "a header of two rows with merged cells",
    "reject",
    "sheet.merged_header",
    wb.xlsx(_GROUPED),
    row=True,
    column=True,
)
book(
    56,
    "merged-header-known",
    "the same, where a template says so",
    "repair",
    "sheet.merged",
    wb.xlsx(_GROUPED),
    rows=[["83", "1", "2"]],
    header_rows=2,
)
book(
    57,
    "formula",
    "a formula without its value",
    "reject",
    "sheet.formula",
    wb.xlsx(wb.rows(("A1", 't="str"|<v>a</v>'), ("A2", "|<f>B2+1</f>"))),
    row=True,
    column=True,
)
book(
    57,
    "formula-ods",
    "a formula without its value, .ods",
    "reject",
    "sheet.formula",
    wb.ods(
        f'<table:table table:name="S"><table:table-row>{wb.ods_text("a")}</table:table-row><table:table-row>'
        '<table:table-cell table:formula="of:=[.B1]"/></table:table-row></table:table>'
    ),
    file="table.ods",
    row=True,
    column=True,
)
book(
    58,
    "error-cell",
    "a cell that shows #REF!",
    "reject",
    "sheet.error_cell",
    wb.xlsx(wb.rows(("A1", 't="str"|<v>a</v>'), ("A2", 't="e"|<v>#REF!</v>'))),
    row=True,
    column=True,
)
book(
    58,
    "error-text",
    "#N/A pasted as text",
    "reject",
    "sheet.error_cell",
    wb.xlsx(wb.table(["a"], ["#N/A"])),
    row=True,
    column=True,
)
book(
    58,
    "error-xlsb",
    "#REF! in .xlsb",
    "reject",
    "sheet.error_cell",
    wb.xlsb([(0, 0, "a"), (1, 0, KeyError)]),
    file="table.xlsb",
    row=True,
    column=True,
)
book(
    60,
    "hidden-first",
    "a hidden sheet before the visible one",
    "repair",
    "sheet.hidden",
    wb.xlsx(wb.table(["x"], [1]), _GOOD, names=["Draft", "ข้อมูล"], states=["hidden", "visible"]),
)
book(60, "two-sheets", "two sheets and none named", "reject", "sheet.several", wb.xlsx(_GOOD, _GOOD))
book(
    60,
    "two-sheets-named",
    "two sheets, one named",
    "accept",
    "",
    wb.xlsx(wb.table(["x"], [1]), _GOOD),
    sheet="S2",
)
book(
    60, "unknown-sheet", "a sheet the file does not have", "reject", "sheet.none", wb.xlsx(_GOOD), sheet="S9"
)
book(
    61,
    "mixed-ids",
    "ids as text and as numbers",
    "repair",
    "sheet.mixed",
    wb.xlsx(wb.table(["id", "n"], ["0801", 1], [1100700000001, 2])),
    rows=[["0801", "1"], ["1100700000001", "2"]],
)
book(
    62,
    "serial-date",
    "a serial date among texts",
    "repair",
    "sheet.mixed",
    wb.xlsx(wb.table(["day"], ["2567-02-29"], [45000])),
    rows=[["2567-02-29"], ["45000"]],
)
book(63, "epoch-1904", "days counted from 1904", "repair", "sheet.epoch", _epoch, rows=[["2024-02-29"]])
book(64, "csv-renamed", "a CSV called .xlsx", "reject", "intake.kind", b"a,b\n1,2\n")
book(
    64,
    "html-renamed",
    "a web page called .xls",
    "reject",
    "intake.kind",
    b"<html><table><tr><td>1</td></tr></table></html>",
    file="table.xls",
)
book(64, "ods-renamed", "an .ods called .xlsx", "reject", "intake.kind", _ods(["a"], ["1"]))
book(
    65,
    "password",
    "a workbook with a password",
    "reject",
    "sheet.encrypted",
    wb.compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
)
book(66, "xls", "the old .xls", "repair", "sheet.blind", wb.xls(_CELLS), file="table.xls")
book(66, "xlsb", "the binary .xlsb", "accept", "", wb.xlsb(_CELLS), file="table.xlsb")
book(
    66,
    "ods",
    "an .ods",
    "accept",
    "",
    _ods(["a", "b"], ["0801", "ค"]),
    file="table.ods",
    rows=[["0801", "ค"]],
)
book(
    67,
    "far-cell",
    "a cell in the last corner",
    "reject",
    "sheet.far_cell",
    wb.xlsx(wb.rows(("A1", "|<v>1</v>"), ("XFD1048576", "|<v>1</v>"))),
)
book(
    67,
    "far-dimension",
    "a declared size of a whole sheet",
    "reject",
    "sheet.far_cell",
    wb.xlsx(f'<dimension ref="A1:XFD1048576"/>{_GOOD}'),
)
book(
    67,
    "far-cell-xlsb",
    "a cell in the last corner, .xlsb",
    "reject",
    "sheet.far_cell",
    wb.xlsb([(0, 0, "a"), (1_048_575, 16_383, 1.0)]),
    file="table.xlsb",
)
book(
    68,
    "zip-bomb",
    "a part that grows a thousandfold",
    "reject",
    "zip.ratio",
    lambda: wb.xlsx(_GOOD, extra={"xl/worksheets/sheet9.xml": b" " * (80 << 20)}),
)
book(
    68,
    "entities",
    "an entity bomb",
    "reject",
    "intake.unreadable",
    wb.xlsx(_GOOD, extra={"xl/x.xml": '<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>'}),
)
book(
    68,
    "external-entity",
    "an entity that names a file",
    "reject",
    "intake.unreadable",
    wb.xlsx(_GOOD, extra={"xl/x.xml": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'}),
)
book(
    69,
    "macros",
    "macros",
    "reject",
    "sheet.macros",
    wb.xlsx(_GOOD, extra={"xl/vbaProject.bin": b"x"}),
    file="table.xlsm",
)
book(
    69,
    "external-link",
    "links to another workbook",
    "reject",
    "sheet.external",
    wb.xlsx(_GOOD, extra={"xl/externalLinks/externalLink1.xml": "<a/>"}),
)
book(
    69,
    "connection",
    "a data connection",
    "repair",
    "sheet.connection",
    wb.xlsx(_GOOD, extra={"xl/connections.xml": "<connections/>"}),
)
book(
    70,
    "hidden-rows",
    "rows hidden by a filter",
    "repair",
    "sheet.hidden_rows",
    wb.xlsx(_GOOD.replace('<row r="3">', '<row r="3" hidden="1">')),
)
book(
    71,
    "footnote",
    "a number with a footnote mark stays text",
    "accept",
    "",
    wb.xlsx(wb.table(["a"], ["1,234*"])),
    rows=[["1,234*"]],
)
book(72, "long", "50,000 rows", "accept", "", _long, rows=[[f"{i:06d}", str(i)] for i in range(50_000)])
