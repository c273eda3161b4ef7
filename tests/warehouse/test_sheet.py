"""The "sheet" reader: what comes out of a workbook, and what is turned away before calamine sees it."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from tests.realdata import real_path
from tests.warehouse import workbooks as wb
from warehouse.intake import Intake, Job, Result


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=1, timeout=30) as pool:
        yield pool


@pytest.fixture
def read(intake, tmp_path):
    def call(data: bytes, name: str = "table.xlsx", **options: object) -> Result:
        path = tmp_path / name
        path.write_bytes(data)
        [result] = intake.read([Job("sheet", path, options)])
        return result

    return call


GOOD = wb.table(["รหัส", "ชื่อ", "n"], ["0801", "ก้านเหลือง", 5], ["0802", "ค", 7.5])
EXPECTED = [
    {"รหัส": "0801", "ชื่อ": "ก้านเหลือง", "n": "5", "_row": 2},
    {"รหัส": "0802", "ชื่อ": "ค", "n": "7.5", "_row": 3},
]


def ods_rows(*lines: list[str | float]) -> str:
    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return wb.ods_text(value)
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'

    body = "".join(f"<table:table-row>{''.join(map(cell, line))}</table:table-row>" for line in lines)
    # What office programs write after the data: a million empty rows in one element.
    tail = (
        '<table:table-row table:number-rows-repeated="1048570">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    return f'<table:table table:name="S1">{body}{tail}</table:table>'


CELLS = [
    (0, 0, "รหัส"), (0, 1, "ชื่อ"), (0, 2, "n"),
    (1, 0, "0801"), (1, 1, "ก้านเหลือง"), (1, 2, 5.0),
    (2, 0, "0802"), (2, 1, "ค"), (2, 2, 7.5),
]  # fmt: skip
FORMATS = {
    "xlsx": wb.xlsx(GOOD),
    "ods": wb.ods(ods_rows(["รหัส", "ชื่อ", "n"], ["0801", "ก้านเหลือง", 5], ["0802", "ค", 7.5])),
    "xlsb": wb.xlsb(CELLS),
    "xls": wb.xls(CELLS),
}


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_formats(read, form):
    result = read(FORMATS[form], f"table.{form}")
    assert result.refusal is None, result.refusal
    assert result.table.to_pylist() == EXPECTED
    assert result.facts["format"] == form and result.facts["sheet"] == "S1" and result.facts["rows"] == 2
    assert result.facts["types"]["n"] == {"text": 0, "number": 2, "date": 0, "boolean": 0}
    # Only the old format cannot show its error cells, and says so.
    assert [f.code for f in result.findings] == (["sheet.blind"] if form == "xls" else [])


def test_cells_become_text(read):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("ข้อมูล")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        hour = book.add_format({"num_format": "[h]:mm:ss"})
        sheet.write_row(0, 0, ["id", "day", "moment", "long", "yes", "share", "code"])
        sheet.write_number(1, 0, 1100700000001)
        sheet.write_datetime(1, 1, dt.datetime(2024, 2, 29), day)
        sheet.write_datetime(
            1, 2, dt.datetime(2024, 1, 1, 13, 5), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        )
        sheet.write_number(1, 3, 51 / 24, hour)
        sheet.write_boolean(1, 4, True)
        sheet.write_number(1, 5, 0.125)
        sheet.write_string(1, 6, " 0801 ")
        sheet.write_formula(2, 5, "=1+1", value=2)
    result = read(out.getvalue())
    assert result.refusal is None, result.refusal
    [first, second] = result.table.to_pylist()
    assert first["day"].startswith("2024-02-29") and first["moment"] == "2024-01-01T13:05:00"
    assert {k: first[k] for k in ("id", "long", "yes", "share", "code")} == {
        "id": "1100700000001", "long": "51:00:00", "yes": "TRUE", "share": "0.125", "code": " 0801 ",
    }  # fmt: skip
    assert second["share"] == "2"
    # A formula whose value is an empty text is an empty cell, not one that was never computed.
    empty = wb.rows(
        ("A1", 't="str"|<v>a</v>'),
        ("B1", 't="str"|<v>b</v>'),
        ("A2", "|<v>1</v>"),
        ("B2", 't="str"|<f>""</f><v></v>'),
    )
    assert read(wb.xlsx(empty)).table.to_pylist() == [{"a": "1", "b": "", "_row": 2}]


def test_rows_and_columns_keep_their_place(read):
    result = read(wb.xlsx(wb.rows(("C3", "|<v>1</v>"), ("D3", 't="str"|<v>x</v>'), ("C6", "|<v>2</v>"))))
    assert result.table.to_pylist() == [{"1": "2", "x": "", "_row": 6}]
    assert result.facts["header_row"] == 3
    loose = read(wb.xlsx(wb.rows(("B2", "|<v>1</v>"), ("C4", "|<v>2</v>"))), header=False)
    assert loose.table.to_pylist() == [
        {"c1": "", "c2": "1", "c3": "", "_row": 2},
        {"c1": "", "c2": "", "c3": "2", "_row": 4},
    ]


SPANNED = wb.ods_text("a", 'table:number-columns-spanned="2"')
ERROR = wb.rows(("A1", 't="str"|<v>a</v>'), ("A2", 't="e"|<v>#REF!</v>'), ("A3", "|<v>1</v>"))
BARE = wb.rows(("A1", 't="str"|<v>a</v>'), ("A2", "|<f>B2+1</f>"), ("A3", "|<f>B3</f><v></v>"))
MERGED = GOOD + '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
REFUSED = {
    "far_cell": (wb.xlsx(wb.rows(("A1", "|<v>1</v>"), ("XFD1048576", "|<v>1</v>"))), "sheet.far_cell"),
    "far_column": (wb.xlsx(wb.rows(("A1", "|<v>1</v>"), ("XFD1", "|<v>1</v>"))), "sheet.far_cell"),
    "far_row": (
        wb.xlsx('<sheetData><row r="4294967295"><c><v>1</v></c></row></sheetData>'),
        "sheet.far_cell",
    ),
    "far_single_quotes": (
        wb.xlsx("<sheetData><row r = '1'><c\n r = 'xfd1048576' ><v>1</v></c></row></sheetData>"),
        "sheet.far_cell",
    ),
    "far_overflow": (
        wb.xlsx('<sheetData><row r="1"><c r="AAAAAAAAAA1"><v>1</v></c></row></sheetData>'),
        "sheet.far_cell",
    ),
    "far_prefixed": (
        wb.xlsx(
            '<x:sheetData xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:row r="1">'
            '<x:c t="n"r="XFD1048576"><x:v>1</x:v></x:c></x:row></x:sheetData>'
        ),
        "sheet.far_cell",
    ),
    "far_entity": (
        wb.xlsx('<sheetData><row r="1"><c r="&#88;FD1048576"><v>1</v></c></row></sheetData>'),
        "sheet.far_cell|intake.unreadable",
    ),
    "far_dimension": (wb.xlsx(f'<dimension ref="A1:XFD1048576"/>{GOOD}'), "sheet.far_cell"),
    "far_other_part": (
        wb.xlsx(GOOD, extra={"xl/notes.xml": wb.rows(("XFD1048576", "|<v>1</v>"))}),
        "sheet.far_cell",
    ),
    "far_hidden_sheet": (
        wb.xlsx(GOOD, wb.rows(("XFD1048576", "|<v>1</v>")), states=["visible", "veryHidden"]),
        "sheet.far_cell",
    ),
    "utf16": (
        wb.xlsx(GOOD, extra={"xl/x.xml": '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16")}),
        "intake.unreadable",
    ),
    "entities": (
        wb.xlsx(GOOD, extra={"xl/x.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        "intake.unreadable",
    ),
    "error_cell": (wb.xlsx(ERROR), "sheet.error_cell"),
    "error_as_text": (wb.xlsx(wb.table(["a"], ["#N/A"])), "sheet.error_cell"),
    "formula": (wb.xlsx(BARE), "sheet.formula"),
    "merged_header": (wb.xlsx(MERGED), "sheet.merged_header"),
    "several": (wb.xlsx(GOOD, GOOD), "sheet.several"),
    "all_hidden": (wb.xlsx(GOOD, states=["hidden"]), "sheet.none"),
    "empty": (wb.xlsx("<sheetData/>"), "intake.empty"),
    "header_only": (wb.xlsx(wb.table(["a", "b"])), "csv.header_only"),
    "duplicate_header": (wb.xlsx(wb.table(["a", "a"], [1, 2])), "csv.duplicate_header"),
    "macros": (wb.xlsx(GOOD, extra={"xl/vbaProject.bin": b"x"}), "sheet.macros"),
    "activex": (wb.xlsx(GOOD, extra={"xl/activeX/activeX1.xml": "<a/>"}), "sheet.macros"),
    "external": (wb.xlsx(GOOD, extra={"xl/externalLinks/externalLink1.xml": "<a/>"}), "sheet.external"),
    "nested": (wb.xlsx(GOOD, extra={"xl/embeddings/a.bin": wb.xlsx(GOOD)}), "zip.nested"),
    "csv_renamed": (b"a,b\n1,2\n", "intake.kind"),
    "html_renamed": (b"<html><table><tr><td>1</td></tr></table></html>", "intake.kind"),
    "ods_renamed": (FORMATS["ods"], "intake.kind"),
    "zip_renamed": (wb.pack({"a.csv": "a,b\n1,2\n"}), "intake.kind"),
    "cut": (wb.xlsx(GOOD)[:-30], "intake.unreadable"),
    "bomb": (
        wb.xlsx(GOOD, extra={"xl/worksheets/sheet9.xml": b" " * (80 << 20)}),
        "zip.ratio",
    ),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_workbooks_that_are_refused(read, name):
    data, codes = REFUSED[name]
    refusal = read(data).refusal
    assert refusal is not None and refusal.code in codes.split("|"), refusal
    assert refusal.mend_th and refusal.mend_en and refusal.file == "table.xlsx"


def test_cells_that_would_come_out_empty_are_named(read):
    [error] = read(wb.xlsx(ERROR)).findings
    assert (error.row, error.column, error.found) == (2, "A", "#REF!")
    assert [(f.row, f.column) for f in read(wb.xlsx(BARE)).findings] == [(2, "A"), (3, "A")]


def test_the_named_sheet_is_read_and_the_hidden_one_told(read):
    other = wb.table(["x"], [1])
    data = wb.xlsx(other, GOOD, names=["Draft", "ข้อมูล"], states=["hidden", "visible"])
    result = read(data)
    assert result.table.to_pylist() == EXPECTED and result.facts["hidden_sheets"] == ["Draft"]
    assert [(f.code, f.found, f.severity) for f in result.findings] == [("sheet.hidden", "Draft", "warn")]
    assert read(data, sheet="Draft").table.to_pylist() == [{"x": "1", "_row": 2}]
    missing = read(data, sheet="Sheet9").refusal
    assert missing.code == "sheet.none" and "ข้อมูล" in missing.found
    # Empty sheets beside the one that counts need no choice.
    assert read(wb.xlsx(GOOD, "<sheetData/>", "<sheetData/>")).refusal is None


def test_what_is_read_with_a_warning(read):
    hidden = GOOD.replace('<row r="3">', '<row r="3" hidden="1">')
    assert [f.code for f in read(wb.xlsx(hidden)).findings] == ["sheet.hidden_rows"]
    body = GOOD + '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
    assert [f.code for f in read(wb.xlsx(body)).findings] == ["sheet.merged"]
    mixed = wb.table(["id", "n"], ["0801", 1], [802, 2])
    [warning] = read(wb.xlsx(mixed)).findings
    assert (warning.code, warning.column) == ("sheet.mixed", "id")
    [epoch] = read(wb.xlsx(GOOD, properties='<workbookPr date1904="1"/>')).findings
    assert epoch.code == "sheet.epoch"
    [link] = read(wb.xlsx(GOOD, extra={"xl/connections.xml": "<connections/>"})).findings
    assert link.code == "sheet.connection" and link.severity == "warn"


def test_dates_of_1904_are_converted(read):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "day")
        sheet.write_datetime(1, 0, dt.datetime(2024, 2, 29), book.add_format({"num_format": "yyyy-mm-dd"}))
    result = read(out.getvalue())
    assert result.table.column("day")[0].as_py().startswith("2024-02-29")
    assert [f.code for f in result.findings] == ["sheet.epoch"]


@pytest.mark.parametrize("part", ["xl/worksheets/Sheet1.xml", "xl/data1.xml", "xl/tables2/x.xml"])
def test_a_sheet_is_looked_at_whatever_its_part_is_called(read, part):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wb.xlsx(ERROR))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name).replace(b"worksheets/sheet1.xml", part.removeprefix("xl/").encode())
            content = content.replace(b"xl/xl/", b"xl/")
            new.writestr(part if name == "xl/worksheets/sheet1.xml" else name, content)
    assert read(out.getvalue()).refusal.code == "sheet.error_cell"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (FORMATS["ods"], None),
        (wb.ods(ods_rows(["a"], ["#REF!"])), "sheet.error_cell"),
        (
            wb.ods(
                '<table:table table:name="S"><table:table-row><table:table-cell office:value-type="float" '
                'office:value="1" table:number-columns-repeated="1000000"/></table:table-row></table:table>'
            ),
            "sheet.far_cell",
        ),
        (
            wb.ods(
                '<table:table table:name="S"><table:table-row table:number-rows-repeated="99999999999">'
                f"{wb.ods_text('a')}</table:table-row></table:table>"
            ),
            "sheet.far_cell",
        ),
        (
            wb.ods(
                '<table:table table:name="S"><table:table-row><table:table-cell table:number-columns-repeated='
                f'"900000"/>{wb.ods_text("a")}</table:table-row></table:table>'
            ),
            "sheet.far_cell",
        ),
        (
            wb.ods(
                f'<table:table table:name="S"><table:table-row>{wb.ods_text("a")}</table:table-row>'
                '<table:table-row><table:table-cell table:formula="of:=[.B1]"/></table:table-row></table:table>'
            ),
            "sheet.formula",
        ),
        (
            wb.ods(
                f'<table:table table:name="S"><table:table-row>{SPANNED}'
                f"<table:covered-table-cell/></table:table-row><table:table-row>{wb.ods_text('1')}</table:table-row>"
                "</table:table>"
            ),
            "sheet.merged_header",
        ),
        (wb.ods(ods_rows(["a"], [1]), extra={"Basic/Standard/Module1.xml": "<a/>"}), "sheet.macros"),
        (
            wb.ods(ods_rows(["a"], [1]), manifest="<manifest:encryption-data/>"),
            "sheet.encrypted",
        ),
    ],
)
def test_open_document_sheets(read, data, code):
    refusal = read(data, "table.ods").refusal
    assert (refusal.code if refusal else None) == code, refusal


def test_binary_sheets(read):
    assert read(wb.xlsb([(0, 0, "a"), (1, 0, KeyError)]), "t.xlsb").refusal.code == "sheet.error_cell"
    far = wb.xlsb([(0, 0, "a"), (1_048_575, 16_383, 1.0)])
    assert read(far, "t.xlsb").refusal.code == "sheet.far_cell"
    merged = wb.xlsb([(0, 0, "a"), (0, 1, "b"), (1, 0, 1.0)], merged=(0, 0, 0, 1))
    assert read(merged, "t.xlsb").refusal.code == "sheet.merged_header"


def test_old_workbooks(read):
    protected = wb.compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"})
    assert read(protected, "t.xlsx").refusal.code == "sheet.encrypted"
    assert read(protected, "t.xls").refusal.code == "sheet.encrypted"
    macros = wb.xls([(0, 0, "a"), (1, 0, 1.0)], streams={"_VBA_PROJECT_CUR": b"x"})
    assert read(macros, "t.xls").refusal.code == "sheet.macros"
    assert read(wb.compound({"WordDocument": b"x"}), "t.xls").refusal.code == "intake.kind"
    assert read(FORMATS["xls"][:1500], "t.xls").refusal.code in ("intake.unreadable", "intake.empty")
    assert read(FORMATS["xlsx"], "t.xls").refusal.code == "intake.kind"


def test_an_abort_inside_the_reader_is_a_verdict(tmp_path, read, monkeypatch):
    # The far cell without our look at it: calamine asks for half a terabyte and aborts the process.
    path = tmp_path / "far.xlsx"
    path.write_bytes(wb.xlsx(wb.rows(("A1", "|<v>1</v>"), ("BZZ1048576", "|<v>1</v>"))))
    import warehouse.intake.sheet as module

    assert module.MAX_COLUMNS * module.MAX_ROWS > module.MAX_CELLS
    import subprocess
    import sys

    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30));"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0));"
        "import python_calamine as c;"
        f"w = c.CalamineWorkbook.from_path({str(path)!r}); w.get_sheet_by_index(0)"
    )
    plain = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert plain.returncode == -6
    assert read(path.read_bytes()).refusal.code == "sheet.far_cell"


def test_a_wide_margin_of_formats_is_no_data(read):
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    book.active["H9"].font = openpyxl.styles.Font(bold=True)
    out = io.BytesIO()
    book.save(out)
    assert read(out.getvalue()).table.column_names == ["a", "b", "_row"]


@pytest.mark.real
@pytest.mark.parametrize("name", ["Income(excel).xlsx", "Expenses(excel).xlsx"])
def test_real_workbooks(intake, name):
    path = real_path(f"economy/{name}")
    [result] = intake.read([Job("sheet", Path(path), {"header": False})])
    assert result.refusal is None and result.table.num_rows == 84
    theirs = openpyxl.load_workbook(path, data_only=True).active
    ours = {
        (row["_row"], int(key[1:])): value
        for row in result.table.to_pylist()
        for key, value in row.items()
        if key != "_row" and value
    }
    for line in theirs.iter_rows():
        for cell in line:
            text = ours.get((cell.row, cell.column), "")
            if cell.value is None or cell.value == "":
                assert text == ""
            elif isinstance(cell.value, (int, float)):
                assert float(text) == pytest.approx(float(cell.value), abs=0)
            else:
                assert text == str(cell.value)
