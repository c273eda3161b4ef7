"""Any table by area code: a CSV or workbook with a column of areas, and numbers of one or many years.

`table_layout` says what the lines mean and `table_plan` what the columns become; this module puts both together, reads every
row and tells of each what became of it. A row that cannot be read costs that row; the file is refused where it cannot be
trusted as a whole.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.catalogue import plain_text
from analytics.formatting import safe_cell
from analytics.workbook import Sheet, xlsx_bytes
from geo.codes import THAI_DIGITS, clean_name, level_of, municipal_area, official_areas, parent_of
from warehouse.batch import AREA, OBSERVATION, SOURCE, SOURCE_FILE, Batch, import_id
from warehouse.intake import Intake, Job
from warehouse.intake.text import ROW
from warehouse.report import Check, ImportReport, noting
from warehouse.schemas.cells import FAULTS, is_garbled, mixed_eras, numbers
from warehouse.schemas.check import violations
from warehouse.schemas.table import NUMBERS
from warehouse.sources import table_plan
from warehouse.sources.persons import PERSONAL_COLUMN, names_persons
from warehouse.sources.table_layout import (
    AreaReader,
    Column,
    Layout,
    LayoutError,
    Place,
    cell_year,
    heading_year,
    is_note,
    is_numeric,
    key_of,
    lay_out,
    levels_of,
    unit_of,
    years_in,
)
from warehouse.sources.table_plan import Measure, Plan

Progress = Callable[[int, int, str], None]

PRIORITY: Final = 10  # below agencies' own importers
MAX_MEASURES: Final = 120
TRUSTED: Final = 0.5
"""Least part of the rows that speak of areas which has to be read; else the file is another table than it looks."""

_TABLES: Final = frozenset({".csv", ".txt", ".tsv"})
_BOOKS: Final = frozenset({".xlsx", ".xls", ".ods", ".xlsb", ".xlsm"})

MENDS: Final[Mapping[str, tuple[str, str]]] = {
    "table.one_file": (
        "นำเข้าทีละไฟล์ เป็น .csv .xlsx .xls .ods หรือ .xlsb",
        "import one .csv, .xlsx, .xls, .ods or .xlsb file at a time",
    ),
    "table.no_area": (
        "เพิ่มคอลัมน์รหัสหรือชื่อพื้นที่ หรือระบุคอลัมน์ในไฟล์ --mapping",
        "add a column of area codes or names, or say which it is in a --mapping file",
    ),
    "table.no_header": ("ใส่หัวคอลัมน์เหนือแถวข้อมูล", "put headings above the rows"),
    "table.no_values": ("เพิ่มคอลัมน์ตัวเลข", "add a column of numbers"),
    "table.personal": (
        "ลบคอลัมน์และค่าที่ระบุตัวบุคคล ส่งเฉพาะจำนวนรวมของพื้นที่",
        "take out whatever names a person; send totals of areas only",
    ),
    "table.year": (
        "ระบุปีด้วย --year-be หรือเพิ่มคอลัมน์ปีสี่หลัก",
        "give the year with --year-be, or add a column of years of four digits",
    ),
    "table.year_differs": (
        "ให้ปีในไฟล์ตรงกับ --year-be หรือ year_be ในไฟล์ --mapping หรือระบุปีที่ถูกด้วย --year-be",
        "make the year in the file agree with --year-be or the mapping's year_be, or give the right one with --year-be",
    ),
    "table.mixed_eras": ("ใช้ พ.ศ. หรือ ค.ศ. อย่างเดียวทั้งตาราง", "use one era in the whole table"),
    "table.too_many": (
        "ตั้งคอลัมน์ที่ไม่ใช้เป็น skip ในไฟล์ --mapping",
        "set the columns you do not need to skip in a --mapping file",
    ),
    "table.mapping": (
        "เขียนไฟล์ mapping ใหม่ด้วย --save-mapping จากไฟล์นี้",
        "write the mapping anew from this file with --save-mapping",
    ),
    "table.mostly_unknown": (
        "ตรวจว่าเป็นคอลัมน์รหัสหรือชื่อพื้นที่ที่ถูกต้อง ดูแถวที่ไม่พบด้วย --report",
        "check that this is the right column of areas; --report lists the rows that were not found",
    ),
    "table.nothing": ("ตรวจว่าแถวข้อมูลมีพื้นที่และตัวเลข", "check that rows have an area and numbers"),
    "table.small_counts": (
        "ระบุ --published ถ้าเจ้าของเผยแพร่ค่าเหล่านี้แล้ว หรือ --protected เพื่อปกปิดค่าน้อย "
        "ถ้าไม่ใช่จำนวนคน ระบุ unit_th และ unit_en ในไฟล์ --mapping",
        "say --published if the owner has published these very numbers, or --protected to hide small counts; if it counts no "
        "people, say what in unit_th and unit_en of a --mapping file",
    ),
    "table.protected_value": (
        "ตารางที่ปกปิดรับเฉพาะจำนวนคนหรือครัวเรือน และร้อยละที่ระบุ of และ per ตั้งคอลัมน์อื่นเป็น skip หรือใช้ --published",
        "a protected table takes whole counts of persons or households, and percentages with of and per; set the others to "
        "skip, or use --published",
    ),
    "table.vanishes": (
        "ตารางนี้จะลบค่าเดิมของแหล่งเดียวกันในปีนั้น ตั้งชื่ออื่นด้วย --source-title หากเป็นคนละตาราง หรือระบุ --replace ถ้าให้แทนที่ทั้งหมด",
        "this table would take away what its source said of that year: give it another name with --source-title if it is "
        "another table, or say --replace if it takes the place of all",
    ),
    "table.id_taken": (
        "id นี้เป็นของแหล่งอื่น เปลี่ยน id ในไฟล์ --mapping หรือใช้ source.id เดิม",
        "this id belongs to another source: change it in the --mapping file, or keep that source.id",
    ),
    "table.protected_twice": (
        "คอลัมน์นี้อยู่ในตารางที่ปกปิดอื่นแล้ว สองตารางอาจเปิดเผยกัน ใช้ --source-title หรือ source.id ของตารางเดิม "
        "หรือเปลี่ยนชื่อใน --mapping ถ้านับคนละสิ่ง",
        "another protected table has this column, and the two may lay each other open: name the same source (--source-title, or "
        "source.id in the mapping), or change the name in the --mapping file if it counts something else",
    ),
    "table.percent_scale": (
        "ระบุ scale = 100 ในไฟล์ --mapping ถ้าค่า 0.5 หมายถึงร้อยละ 50 หรือ scale = 1 ถ้าหมายถึงร้อยละ 0.5",
        "say in a --mapping file scale = 100 where 0.5 means 50 percent, or scale = 1 where it means half a percent",
    ),
    "table.protected_rate": (
        "ไม่นำเข้าร้อยละเหล่านี้ เพราะตารางที่ปกปิดเว้นจำนวนไว้ ร้อยละจะบอกจำนวนนั้น ใส่จำนวนให้ครบถ้าต้องการร้อยละ",
        "these percentages were left out: the protected table leaves a count blank that they would tell; give both counts "
        "where the percentage is wanted",
    ),
    "table.unknown": (
        "แก้รหัสหรือชื่อพื้นที่ให้ตรงกับทะเบียนของกรมการปกครอง",
        "correct the code or the name to that of the official register",
    ),
    "table.code": (
        "แก้รหัสพื้นที่ให้ตรงกับทะเบียนของกรมการปกครอง",
        "correct the area code to that of the official register",
    ),
    "table.ambiguous": (
        "เพิ่มคอลัมน์อำเภอหรือจังหวัด หรือใช้รหัสพื้นที่ ชื่อนี้มีหลายแห่ง",
        "add a column of districts or provinces, or use codes: several areas have this name",
    ),
    "table.abolished": (
        "พื้นที่นี้ยกเลิกแล้วและแบ่งเป็นหลายพื้นที่ แยกค่าตามพื้นที่ปัจจุบัน",
        "this area was abolished and divided; give the numbers of the areas in force",
    ),
    "table.garbled": (
        "ขอไฟล์ใหม่เป็น CSV UTF-8 ชื่อไทยถูกแปลงรหัสอักษรผิด",
        "ask for the file again as CSV UTF-8; its Thai names went through a wrong encoding",
    ),
    "table.village": (
        "รวมเป็นตำบลก่อน หรือใช้ daomap import villages",
        "add villages up to subdistricts, or use daomap import villages",
    ),
    "table.no_place": ("ใส่รหัสหรือชื่อพื้นที่ในแถวนี้", "put the code or the name of the area into this row"),
    "table.ragged": (
        "แถวนี้มีช่องมากกว่าหัวคอลัมน์ ใส่เครื่องหมายคำพูดครอบข้อความที่มีจุลภาค",
        "this row has more cells than there are headings; put quotes around texts that hold a comma",
    ),
    "table.row_year": ("ใส่ปีสี่หลัก พ.ศ. หรือ ค.ศ.", "write a year of four digits, of either era"),
    "table.negative": (
        "จำนวนติดลบไม่ได้ แก้ตามไฟล์ต้นฉบับ",
        "a count is not negative; correct it from the original file",
    ),
    "table.whole": (
        "จำนวนคนหรือครัวเรือนต้องเป็นจำนวนเต็ม หรือเปลี่ยน unit เป็น number ในไฟล์ --mapping",
        "a count of persons or households is whole; or set its unit to number in a --mapping file",
    ),
    "table.empty_category": ("ใส่ประเภทของแถวนี้", "say of which kind this row is"),
    "table.twice": ("เก็บแถวเดียวต่อพื้นที่และปี", "keep one row an area and year"),
    "table.merged_rate": (
        "หลายแถวเป็นพื้นที่เดียวกันในปัจจุบัน ร้อยละและค่าเฉลี่ยรวมกันไม่ได้ ให้ค่าของพื้นที่ปัจจุบัน",
        "several rows are one area today, and rates or averages do not add up; give the number of the area in force",
    ),
    "table.part_missing": (
        "พื้นที่ปัจจุบันนี้รวมจากหลายพื้นที่เดิมและบางส่วนไม่มีค่า จึงเว้นว่าง ใส่ค่าให้ครบทุกส่วน",
        "this area of today is made of several, and a part has no number, so it is left empty; give the numbers of all parts",
    ),
    "table.name_differs": ("ตรวจชื่อพื้นที่ ใช้รหัสเป็นหลัก", "check the name; the code was followed"),
    "table.total": ("ตรวจแถวรวมหรือแถวที่ขาด", "check the total, or which rows are missing"),
    "table.children": (
        "ตรวจว่าระดับล่างครบ หรือค่าของระดับบนถูกต้อง",
        "check whether the smaller areas are all there and the larger one is right",
    ),
    **{f"table.{fault}": mend for fault, mend in FAULTS.items()},
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One row that was not taken, and why."""

    sheet: str
    row: int
    code: str
    column: str
    found: str
    expected: str
    cells: tuple[str, ...]


@dataclass(slots=True)
class Match:
    """What became of the rows.

    Attributes
    ----------
    areas : int
        Rows that speak of an area.
    matched : int
        Of these, read; rows mapped to a successor among them.
    mapped : dict of str to str
        Abolished code in the file -> its successor.
    regions, totals, notes : int
        Rows that are no areas.
    failures : list of Failure
    headings : tuple of str
        Of the cells of failures.
    """

    areas: int = 0
    matched: int = 0
    mapped: dict[str, str] = field(default_factory=dict)
    regions: int = 0
    totals: int = 0
    notes: int = 0
    failures: list[Failure] = field(default_factory=list)
    headings: tuple[str, ...] = ()

    def sentence(self, language: str = "th") -> str:
        """What happened in one line, fit to be acted on."""
        thai = language == "th"
        parts = [
            f"พบพื้นที่ {self.matched:,} จาก {self.areas:,} แถว"
            if thai
            else f"{self.matched:,} of {self.areas:,} matched"
        ]
        if self.mapped:
            parts.append(
                f"รหัสที่ยกเลิก {len(self.mapped):,} รหัสใช้รหัสปัจจุบันแทน"
                if thai
                else f"{len(self.mapped):,} abolished codes mapped to successors"
            )
        words = {
            "table.unknown": ("ไม่รู้จัก", "unknown"), "table.code": ("รหัสไม่ถูกต้อง", "not a code"),
            "table.ambiguous": ("ชื่อกำกวม", "ambiguous"), "table.abolished": ("ยกเลิกและแบ่งแล้ว", "abolished and divided"),
            "table.twice": ("ซ้ำ", "twice"),
        }  # fmt: skip
        by_code: dict[str, list[str]] = defaultdict(list)
        for failure in self.failures:
            # A cell that is no number is not quoted: a snapshot keeps this sentence, also of protected tables.
            named = failure.code in words
            by_code[failure.code if named else "other"].append(failure.found if named else failure.code)
        for code, found in by_code.items():
            word = words.get(code, ("เหตุอื่น", "for other reasons"))[0 if thai else 1]
            shown = ", ".join(dict.fromkeys(found[:200]))
            shown = shown if len(shown) <= 120 else shown[:119] + "…"
            parts.append(f"{word} {len(found):,}: {shown}" if thai else f"{len(found):,} {word}: {shown}")
        for count, th, en in (
            (self.regions, "แถวภาค", "region rows"),
            (self.totals, "แถวรวม", "total rows"),
            (self.notes, "หมายเหตุ", "notes"),
        ):
            if count:
                parts.append(f"{th} {count:,}" if thai else f"{count:,} {en}")
        return "; ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Counts for the import report; no cell of the file."""
        return {
            "areas": self.areas, "matched": self.matched, "mapped": dict(sorted(self.mapped.items())), "regions": self.regions,
            "totals": self.totals, "notes": self.notes, "failed": dict(sorted(Counter(f.code for f in self.failures).items())),
        }  # fmt: skip


@dataclass(slots=True)
class Table:
    """What a table was read as; `batch` is empty when ``batch.report.refused``."""

    batch: Batch
    plan: Plan | None
    match: Match


@dataclass(slots=True)
class _Sheet:
    """One sheet, or the CSV file, as lines."""

    name: str
    lines: list[list[str]]
    rows: list[int]
    layout: Layout
    year: int | None = None
    places: list[Place] = field(default_factory=list)
    years: list[int | None] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    state: list[str] = field(default_factory=list)


def read_table(
    path: Path,
    intake: Intake,
    *,
    sheets: Sequence[str] = (),
    plan: Plan | None = None,
    year_be: int | None = None,
    title: str | None = None,
    protected: Callable[[str], bool] = lambda _id: False,
    cells_given: bool = True,
    minimum: int = 5,
    progress: Progress | None = None,
) -> Table:
    """Read a table by area.

    Parameters
    ----------
    path : Path
        A CSV file or a workbook.
    intake : Intake
        Opens it.
    sheets : sequence of str
        Sheets to read, all of one layout; a name that is a year is the year of its rows. Empty for the only one.
    plan : Plan, optional
        What somebody said of the columns; a proposal is made where absent.
    year_be : int, optional
        Buddhist year of what has none of its own.
    title : str, optional
        What the source is called; the title above the table or the file's name where absent.
    protected : callable
        Whether the source of this id counts as protected.
    cells_given : bool
        Whether somebody said how cells may be shown. Small counts of which nobody did are refused.
    minimum : int
        Counts from one to below this are small.
    progress : callable, optional

    Returns
    -------
    Table
        Its batch holds observations of `Plan.measures` that are not skipped, with their entries of the catalogue.
    """
    report = ImportReport(kind="table")
    match = Match()
    name = path.name
    suffix = path.suffix.lower()
    identity = import_id("table", {"file": name}, [])
    if path.is_dir() or suffix not in _TABLES | _BOOKS:
        _note(report, "table.one_file", name, suffix or "-", ".csv, .xlsx, .xls, .ods, .xlsb")
        return Table(Batch("table", identity, report), None, match)
    kind = "csv" if suffix in _TABLES else "sheet"
    wanted: Sequence[str | None] = list(sheets) or [None]
    jobs = [Job(kind, path, {"header": False} | ({"sheet": s} if s else {})) for s in wanted]
    read: list[_Sheet] = []
    facts: Mapping[str, Any] = {}
    for done, result in enumerate(intake.read(jobs), 1):
        for found in result.findings:
            report.add(found)
        report.files = 1
        if result.table is not None:
            facts = result.facts
            encoding = str(facts.get("encoding", "utf-8"))
            report.repairs[f"encoding_{encoding}"] += encoding not in ("utf-8", "utf-8-sig")
            one = _lines(result.table, name, str(facts.get("sheet", "")), plan, report)
            if one is not None:
                read.append(one)
        if progress is not None:
            progress(done, len(jobs), name)
    if read and not report.refused:
        title = (
            plain_text(title or "", 200)
            or (plan.title_th if plan is not None else None)
            or _title(read[0].layout, path, sheets)
        )
        plan = _read_all(read, name, path, plan, year_be, title, sheets, report, match)
    report.repairs = Counter({key: n for key, n in report.repairs.items() if n})
    if plan is not None:
        identity = import_id(
            "table", {"plan": plan.identity(), "sheets": tuple(sheets)}, [str(facts.get("sha256", ""))]
        )
    batch = Batch("table", identity, report)
    report.facts["match"] = match.to_json()
    if plan is None or report.refused:
        return Table(batch, plan, match)
    report.facts["plan"] = plan.to_json()
    data = _records(read, plan, name, report, match)
    hides = protected(plan.source_id)
    if hides:
        data = _without_loose_rates(data, plan, name, report)
    _settle(data, plan, name, report, match, read, hides, cells_given, minimum)
    report.facts["match"] = match.to_json()
    report.facts["sentence"] = {language: match.sentence(language) for language in ("th", "en")}
    report.repairs = Counter({key: n for key, n in report.repairs.items() if n})
    if report.rejections:
        return Table(batch, plan, match)
    about = {
        "file_name": name,
        "sha256": str(facts["sha256"]),
        "bytes": int(facts["size"]),
        "rows": report.rows_read,
    }
    batch.observations = _observations(data, plan)
    batch.areas = _municipalities(data, read)
    batch.indicators = tuple(
        m.indicator(plain_text(plan.title_th, 200))
        for m in plan.measures
        if not m.skip and m.id in set(data["indicator"])
    )
    batch.sources = pa.Table.from_pylist([_source(plan, data)], schema=SOURCE)
    batch.files = pa.Table.from_pylist([{"source_id": plan.source_id, **about}], schema=SOURCE_FILE)
    batch.whole_years = True
    report.facts["observations"] = batch.observations.num_rows
    return Table(batch, plan, match)


_note = noting(MENDS, longest=120)


# ------------------------------------------------------------------------------------------------------------
# Lines, layout, plan


def _lines(table: pa.Table, file: str, sheet: str, plan: Plan | None, report: ImportReport) -> _Sheet | None:
    columns = [c for c in table.column_names if c != ROW]
    cells = [[text or "" for text in table.column(c).to_pylist()] for c in columns]
    lines = [list(line) for line in zip(*cells, strict=True)]
    rows: list[int] = table.column(ROW).to_pylist()
    try:
        layout = lay_out(lines, name=file, roles=plan.columns if plan is not None else None)
    except LayoutError as error:
        row = rows[error.row] if error.row is not None and error.row < len(rows) else None
        _note(report, error.code, file, error.found, error.expected, row=row)
        return None
    header_row = rows[layout.header[-1]]
    for column in layout.columns:
        shown = "heading" if PERSONAL_COLUMN.search(key_of(column.heading)) else None
        if shown is None and column.role in ("skip", "category", "value"):
            shown = names_persons([line[column.position] for line in lines[layout.first :]])
        if shown is not None:
            _note(
                report,
                "table.personal",
                file,
                shown,
                "area, year, number",
                row=header_row,
                column=column.heading,
            )
    if plan is not None:
        here = {c.heading for c in layout.columns}
        # The next edition may lack an old year, and a column that nobody reads.
        gone = [
            heading
            for heading, role in plan.columns.items()
            if heading not in here
            and role != "skip"
            and (role != "value" or heading_year(heading)[0] is None)
        ]
        if gone:
            _note(
                report,
                "table.mapping",
                file,
                ", ".join(sorted(here))[:100],
                ", ".join(gone)[:100],
                row=header_row,
            )
            return None
    report.repairs["title_rows"] += len(layout.titles)
    report.repairs["header_rows_joined"] += len(layout.header) - 1
    return _Sheet(sheet, [list(line) for line in lines[layout.first :]], rows[layout.first :], layout)


def _title(layout: Layout, path: Path, sheets: Sequence[str] = ()) -> str:
    first = next((t for t in layout.titles if len(t) > 3), "")
    title = plain_text(first, 160) or plain_text(path.stem, 160) or "table"
    # Sheets of one book are tables of their own, unless each is a year of the same.
    named = [plain_text(s, 40) for s in sheets if cell_year(s) is None]
    return " · ".join([title, *named[:1]]) if named and named[0] else title


def _read_all(
    sheets: list[_Sheet],
    file: str,
    path: Path,
    plan: Plan | None,
    year_be: int | None,
    title: str,
    wanted: Sequence[str],
    report: ImportReport,
    match: Match,
) -> Plan | None:
    """Places, years and categories of all rows, and the plan."""
    layout = sheets[0].layout
    match.headings = tuple(c.heading for c in layout.columns)
    if any(s.layout.columns != layout.columns for s in sheets[1:]):
        other = next(s for s in sheets[1:] if s.layout.columns != layout.columns)
        found = " | ".join(c.heading for c in other.layout.columns)
        _note(report, "table.mapping", f"{file}/{other.name}", found, " | ".join(match.headings)[:100])
        return None
    said = year_be if year_be is not None else plan.year_be if plan is not None else None
    year, year_from = (
        (said - 543, "--year-be" if year_be is not None else "mapping") if said is not None else (None, "")
    )
    named_year = _guessed_year(layout, path)[0]
    if year_from == "mapping" and named_year not in (None, year):
        # The mapping of another edition: its year would be put on these numbers.
        _note(report, "table.year_differs", file, str((named_year or 0) + 543), f"mapping: {said}")
    headed = {c.year for c in layout.values}
    if year is not None and headed and None not in headed and year not in headed:
        # Every column says another year itself: what was given would be passed over without a word.
        shown = ", ".join(str(y + 543) for y in sorted(y for y in headed if y is not None)[:4])
        _note(report, "table.year_differs", file, shown, f"{year_from}: {said}", row=sheets[0].rows[0] - 1)
    for sheet in sheets:
        sheet.year = year
        if year is None and len(wanted) > 0 and (named := cell_year(sheet.name)) is not None:
            sheet.year, year_from = named, "sheet"
    if (
        all(s.year is None for s in sheets)
        and not layout.of("year")
        and (not layout.values or any(c.year is None for c in layout.values))
    ):
        guess, year_from = _guessed_year(layout, path)
        for sheet in sheets:
            sheet.year = guess
        year = guess
    for sheet in sheets:
        _read_rows(sheet, file, report, match)
    if report.refused:
        return None
    kinds = _needed_categories(sheets)
    if plan is None:
        plan = _propose(sheets, kinds, title, None if year is None else year + 543, year_from)
    else:
        plan = replace(plan, year_be=None if year is None else year + 543, year_from=year_from)
    if not any(not m.skip for m in plan.measures):
        _note(report, "table.no_values", file, " | ".join(match.headings), "1", row=sheets[0].rows[0] - 1)
    if len([m for m in plan.measures if not m.skip]) > MAX_MEASURES:
        _note(report, "table.too_many", file, str(len(plan.measures)), f"<= {MAX_MEASURES}")
    _one_era(layout, file, report)
    return plan


def _guessed_year(layout: Layout, path: Path) -> tuple[int | None, str]:
    if layout.year is not None:
        return layout.year, "title"
    named = years_in(path.stem)
    return (named.pop(), "file name") if len(named) == 1 else (None, "")


def _one_era(layout: Layout, file: str, report: ImportReport) -> None:
    texts = [
        re.sub(r"\D+", " ", c.heading.translate(THAI_DIGITS)).strip()
        for c in layout.values
        if c.year is not None
    ]
    if mixed_eras(text for text in texts if len(text) == 4):
        _note(report, "table.mixed_eras", file, ", ".join(texts[:4]), "2566, 2567 / 2023, 2024")


def _read_rows(sheet: _Sheet, file: str, report: ImportReport, match: Match) -> None:
    """What every row speaks of; its state is ``area``, ``region``, ``total``, ``note`` or the code of a fault."""
    layout = sheet.layout
    years = layout.of("year")
    categories = layout.of("category")
    coarse = [
        c
        for c in layout.columns
        if c.role in ("name_province", "name_district", "code_province", "code_district")
    ]
    finest = [c for c in layout.columns if c.role.startswith(("name", "code")) and c not in coarse]
    filled = _fills(sheet, coarse, finest, [*years, *categories])
    report.repairs["filled_down"] += filled
    reader = AreaReader(layout, levels_of(sheet.lines, layout))
    # A column that nobody named and few rows fill is what an unquoted comma pushed aside.
    width = max(
        c.position
        for c in layout.columns
        if not c.heading.startswith("#")
        or sum(bool(line[c.position].strip()) for line in sheet.lines) > 0.5 * len(sheet.lines)
    )
    values = layout.values
    alone = layout.area is not None
    eras: list[str] = []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        said = [at for at, cell in enumerate(line) if cell.strip()]
        measured = any(is_numeric(line[c.position]) for c in values) if values else len(said) > 2
        if alone:
            label = line[0].strip()
            place = Place("area", layout.area) if measured and label and not is_note(label) else Place("note")
        else:
            place = reader.read(line)
        if place.kind == "note" and measured:
            place = Place("wrong", fault="no_place", expected="2, 4, 6")
        if place.kind == "wrong" and not measured and (len(said) <= 1 or is_note(line[said[0]])):
            place = Place("note")
        state = place.kind
        if place.kind == "wrong":
            state = f"table.{place.fault}"
            if is_garbled(place.found):
                state = "table.garbled"
        elif place.kind == "area" and said and said[-1] > width:
            state = "table.ragged"
            place = replace(place, found=line[said[-1]], expected=str(width + 1))
        year = sheet.year
        if years and state == "area":
            text = line[years[0].position]
            own = cell_year(text)
            eras.append(text)
            if own is None and text.strip():
                state, place = "table.row_year", replace(place, found=text, expected="2566 / 2023")
            elif own is not None and sheet.year is not None and own != sheet.year:
                state, place = (
                    "table.year_differs",
                    replace(place, found=text, expected=str(sheet.year + 543)),
                )
            year = own if own is not None else year
        if state == "area" and year is None and (not values or any(c.year is None for c in values)):
            state, place = "table.year", replace(place, found='""', expected="2566 / 2023")
        sheet.places.append(place)
        sheet.state.append(state)
        sheet.years.append(year)
        for repair in place.repairs:
            report.repairs[repair] += 1
        if place.was is not None and place.code is not None:
            match.mapped[place.was] = place.code
        if place.differs is not None and place.code in official_areas():
            area = official_areas()[str(place.code)]
            _note(
                report, "table.name_differs", file, f"{place.code} {place.differs}", f"{area.name_th} / {area.name_en}",
                row=row, severity="warn",
            )  # fmt: skip
    if mixed_eras(eras):
        shown = ", ".join(sorted({text.strip() for text in eras})[:4])
        _note(report, "table.mixed_eras", file, shown, "2566 / 2023", column=years[0].heading)
    if "area" not in sheet.state and "table.year" in sheet.state:
        _note(report, "table.year", file, '""', "--year-be 2566", row=sheet.rows[0] - 1)


def _fills(
    sheet: _Sheet, coarse: Sequence[Column], finest: Sequence[Column], others: Sequence[Column]
) -> int:
    """Write labels that stand on the first row of a block only into the rest of it; how many cells that took."""
    layout, filled = sheet.layout, 0
    last: dict[int, str] = {}
    grouped = [c for c in finest if layout.of("category") and not coarse and layout.area is None]
    numbered = [line for line in sheet.lines if any(is_numeric(line[c.position]) for c in layout.values)]
    # A label that is missing here and there is a gap in the file and no block.
    blocks = {
        c.position
        for c in (*coarse, *grouped, *others)
        if sum(not line[c.position].strip() for line in numbered) >= len(numbered) / 3
    }
    for line in sheet.lines:
        numeric = any(is_numeric(line[c.position]) for c in layout.values)
        here = any(line[c.position].strip() for c in finest)
        labelled = any(line[c.position].strip() for c in layout.of("category"))
        for column in (*coarse, *grouped, *(c for c in others if c.role == "year")):
            at = column.position
            if line[at].strip():
                if column in coarse and last.get(at) != line[at]:
                    # A new province ends the districts of the one before it.
                    for lower in coarse[coarse.index(column) + 1 :]:
                        last.pop(lower.position, None)
                last[at] = line[at]
            elif at in last and at in blocks and numeric and (here or (column in grouped and labelled)):
                line[at] = last[at]
                filled += 1
    return filled


def _needed_categories(sheets: list[_Sheet]) -> Column | None:
    """The column of kinds that rows differ by, where area and year alone do not tell them apart; None where they do."""
    layout = sheets[0].layout
    columns = layout.of("category")
    counted = not layout.values

    def labels(column: Column | None) -> list[list[str]]:
        if column is None:
            return [[""] * len(s.lines) for s in sheets]
        return [[" ".join(line[column.position].split()) for line in s.lines] for s in sheets]

    def repeats(found: list[list[str]]) -> int:
        keys = Counter(
            (p.was or p.code, y, label)
            for s, mine in zip(sheets, found, strict=True)
            for p, y, label, state in zip(s.places, s.years, mine, s.state, strict=True)
            if state == "area"
        )
        return sum(n - 1 for n in keys.values())

    needed: Column | None = None
    if layout.area is not None or (counted and columns):
        needed = columns[0]
    elif columns and (alone := repeats(labels(None))):
        best = min(columns, key=lambda c: repeats(labels(c)))
        needed = best if repeats(labels(best)) < alone else None
    chosen = labels(needed)
    for sheet, mine in zip(sheets, chosen, strict=True):
        sheet.categories = mine
        if counted and columns:
            for at, label in enumerate(mine):
                if sheet.state[at] == "area" and not label:
                    sheet.state[at] = "table.empty_category"
                    sheet.places[at] = replace(sheet.places[at], found='""', expected=columns[0].heading)
    return needed


def _measure_name(column: Column | None, category: str) -> str:
    parts = [column.measure if column is not None else "", category]
    return " · ".join(part for part in parts if part)


def _propose(
    sheets: list[_Sheet], kinds: Column | None, title: str, year_be: int | None, year_from: str
) -> Plan:
    """A plan from what the headings say."""
    layout = sheets[0].layout
    categories = list(
        dict.fromkeys(
            label for s in sheets for label, st in zip(s.categories, s.state, strict=True) if st == "area"
        )
    )
    partial = any(p.code is not None and p.code not in official_areas() for s in sheets for p in s.places)
    measures: dict[str, Measure] = {}
    columns: dict[str, list[Column]] = {}
    for column in layout.values:
        columns.setdefault(column.measure, []).append(column)
    siblings = [*columns]
    for mine in columns.values() or ([],):
        texts = [line[c.position] for c in mine for s in sheets for line in s.lines[:400]]
        digits, whole = _digits(texts)
        for category in categories or [""]:
            name = _measure_name(mine[0] if mine else None, category)
            unit = next((c.unit for c in mine if c.unit), layout.unit)
            if layout.area is not None:
                unit, _ = unit_of(category)
            proposed = table_plan.propose_measure(
                name, unit or ("แห่ง" if not layout.values else ""), title, siblings=siblings, whole=whole,
                decimals=digits, partial=partial,
            )  # fmt: skip
            measures[name] = proposed
    roles = {c.heading: c.role if c.role != "category" or c == kinds else "skip" for c in layout.columns}
    return Plan(
        table_plan.source_id_of(title), title, title, "ไม่ระบุ / not stated", "", "", year_be, year_from, roles,
        tuple(_apart(measures.values())),
    )  # fmt: skip


def _apart(measures: Any) -> list[Measure]:
    """The same measures with ids that differ: headings that differ by a sign have the same letters."""
    seen: Counter[str] = Counter()
    made = []
    for one in measures:
        seen[one.id] += 1
        made.append(one if seen[one.id] == 1 else replace(one, id=f"{one.id}_{seen[one.id]}"))
    return made


def _digits(texts: Sequence[str]) -> tuple[int, bool]:
    """Digits after the point, and whether all numbers are whole and none is negative."""
    read = numbers(pa.array(texts, pa.string()), scientific=True, percent=True).values
    read = read[np.isfinite(read)]
    whole = bool((read == np.round(read)).all() and (read >= 0).all())
    return (0 if whole or not len(read) else 1 if np.abs(read).max() >= 1000 else 2), whole


# ------------------------------------------------------------------------------------------------------------
# Numbers


def _records(sheets: list[_Sheet], plan: Plan, file: str, report: ImportReport, match: Match) -> pd.DataFrame:
    """All numbers, one row each: ``area_code, was, indicator, year, value, line, sheet``."""
    named = {m.measure: m for m in plan.measures if not m.skip}
    scale: dict[str | None, int] = {m.id: m.scale for m in named.values()}
    parts: list[pd.DataFrame] = []
    shares: list[pd.DataFrame] = []
    for number, sheet in enumerate(sheets):
        states = np.array(sheet.state, dtype=object)
        bad = states.copy()
        for column in sheet.layout.values:
            if not any(
                m == column.measure or m.startswith(f"{column.measure} · ") or not column.measure
                for m in named
            ):
                continue
            _bad_cells(sheet, column, named, bad)
        sheet.state = list(bad)
        keep = np.flatnonzero(bad == "area")
        codes = np.array([p.code or "" for p in sheet.places], dtype=object)[keep]
        was = np.array([p.was or p.code or "" for p in sheet.places], dtype=object)[keep]
        labels = (
            np.array(sheet.categories, dtype=object)[keep]
            if sheet.categories
            else np.array([""] * len(keep), dtype=object)
        )
        own = [sheet.years[at] for at in keep]
        measured: tuple[Column | None, ...] = sheet.layout.values or (None,)
        for one in measured:
            ids = [
                named[name].id if (name := _measure_name(one, label)) in named else None for label in labels
            ]
            values = np.ones(len(keep)) if one is None else _numbers(sheet, one)[keep]
            if one is not None:
                signed = np.array(
                    [sheet.lines[at][one.position].rstrip().endswith(("%", "\uff05")) for at in keep],
                    dtype=bool,
                )
                hundred = np.array([scale.get(i, 0) == 100 for i in ids], dtype=bool)
                values = np.where(hundred & ~signed, values * 100, values)
                shares.append(pd.DataFrame({"indicator": ids, "value": values, "signed": signed}))
            years = [one.year if one is not None and one.year is not None else y for y in own]
            parts.append(
                pd.DataFrame(
                    {
                        "area_code": codes,
                        "was": was,
                        "indicator": ids,
                        "year": years,
                        "value": values,
                        "line": keep,
                        "sheet": number,
                    }
                )
            )
    _check_scales(pd.concat(shares) if shares else None, plan, file, report)
    frame = (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["area_code", "was", "indicator", "year", "value", "line", "sheet"])
    )
    frame = frame[frame["indicator"].notna() & frame["value"].notna() & frame["year"].notna()].astype(
        {"year": int, "value": float, "line": int}
    )
    counted = not sheets[0].layout.values
    once = _once(frame, sheets, plan, counted=counted)
    return once if counted else _without_halves(once, frame, sheets, file, report)


def _check_scales(shares: pd.DataFrame | None, plan: Plan, file: str, report: ImportReport) -> None:
    """Refuse percentages that may be a hundred times too small: a spreadsheet keeps 50% as 0.5 and hands over that."""
    for m in plan.measures:
        if shares is None or m.skip or m.unit != "percent" or m.scale:
            continue
        mine = shares[(shares["indicator"] == m.id) & shares["value"].notna() & (shares["value"] != 0)]
        parts = mine[mine["value"].abs() <= 1]
        bare = parts[~parts["signed"]]
        if len(bare) and (len(parts) == len(mine) or mine["signed"].any()):
            _note(
                report,
                "table.percent_scale",
                file,
                f"{len(bare)} x <= 1"
                + (f", {int(mine['signed'].sum())} x %" if mine["signed"].any() else ""),
                "scale = 1 / 100",
                column=m.measure or plan.title_en,
            )


def _without_loose_rates(data: pd.DataFrame, plan: Plan, file: str, report: ImportReport) -> pd.DataFrame:
    """Leave out percentages of a protected table beside which a count is blank: with the other they would tell it."""
    loose = pd.Series(False, index=data.index)
    keys = pd.MultiIndex.from_frame(data[["area_code", "year"]])
    for m in (m for m in plan.measures if not m.skip and m.of and m.per):
        mine = data["indicator"] == m.id
        for part in (m.of, m.per):
            have = data.loc[data["indicator"] == part, ["area_code", "year"]]
            mine_loose = mine & ~keys.isin(pd.MultiIndex.from_frame(have))
            loose |= mine_loose
        if (loose & mine).any():
            _note(
                report, "table.protected_rate", file, f"{int((loose & mine).sum())} x", f"{m.of}, {m.per}",
                column=m.measure or plan.title_en, severity="warn",
            )  # fmt: skip
    return data[~loose].reset_index(drop=True)


def _numbers(sheet: _Sheet, column: Column) -> Any:
    texts = pa.array([line[column.position] for line in sheet.lines], pa.string())
    return numbers(texts, scientific=True, percent=True).values


def _bad_cells(sheet: _Sheet, column: Column, named: Mapping[str, Measure], state: Any) -> None:
    """Rows whose number in this column cannot be one of its kind; the first fault of a row is told."""
    texts = [line[column.position] for line in sheet.lines]
    read = numbers(pa.array(texts, pa.string()), scientific=True, percent=True)

    def refuse(at: int, code: str, expected: str) -> None:
        if state[at] == "area":
            state[at] = code
            sheet.places[at] = replace(
                sheet.places[at], found=f"{column.heading}: {texts[at]}", expected=expected
            )

    for at, fault in read.faults.items():
        if fault not in ("empty", "missing"):
            refuse(at, f"table.{fault}", "1,234.5")
    labels = sheet.categories or [""] * len(texts)
    for label in dict.fromkeys(labels):
        measure = named.get(_measure_name(column, label))
        if measure is None or measure.unit in ("percent", "index", "number"):
            continue
        mine = np.array([one == label for one in labels])
        for at in np.flatnonzero(mine & np.isfinite(read.values)).tolist():
            if "%" in texts[at] or "\uff05" in texts[at]:
                refuse(at, "table.percent", "1,234")
            elif measure.counts_people and re.search(r"\d[eE]", texts[at]):
                # A spreadsheet shortened it: digits of the count are lost.
                refuse(at, "table.scientific", "1,234")
        if not measure.counts_people:
            continue
        for at in np.flatnonzero(mine & (read.values < 0)).tolist():
            refuse(at, "table.negative", ">= 0")
        for at in np.flatnonzero(
            mine & np.isfinite(read.values) & (read.values != np.round(read.values))
        ).tolist():
            refuse(at, "table.whole", "0, 1, 2 ...")


def _once(frame: pd.DataFrame, sheets: list[_Sheet], plan: Plan, *, counted: bool) -> pd.DataFrame:
    """One number an area, indicator and year: rows of one area are refused, parts of one area of today are added."""
    keys = ["area_code", "indicator", "year"]
    additive = {m.id for m in plan.measures if m.additive}
    if counted:
        grouped = frame.groupby([*keys, "was"], as_index=False).agg(
            value=("value", "sum"), line=("line", "first"), sheet=("sheet", "first")
        )
        additive |= set(grouped["indicator"])
        frame = grouped
    twice = frame.duplicated(["was", "indicator", "year"], keep=False)
    for at, row in frame.loc[twice, ["sheet", "line"]].drop_duplicates().iterrows():
        _fail(sheets, row, "table.twice", str(frame.at[at, "was"]), "1")
    frame = frame[~_lines_of(frame, frame[twice])]
    merged = frame.duplicated(keys, keep=False)
    rates = merged & ~frame["indicator"].isin(additive)
    for at, row in frame.loc[rates, ["sheet", "line"]].drop_duplicates().iterrows():
        _fail(sheets, row, "table.merged_rate", str(frame.at[at, "was"]), str(frame.at[at, "area_code"]))
    frame = frame[~_lines_of(frame, frame[rates])]
    return frame.groupby(keys, as_index=False).agg(
        value=("value", "sum"), line=("line", "first"), sheet=("sheet", "first")
    )


def _without_halves(
    once: pd.DataFrame, frame: pd.DataFrame, sheets: list[_Sheet], file: str, report: ImportReport
) -> pd.DataFrame:
    """Leave areas of today empty of which a part has no number: the rest would pass for the whole."""
    parts: dict[tuple[str, int | None], set[str]] = defaultdict(set)
    lines: dict[tuple[int, int], bool] = {}
    for number, sheet in enumerate(sheets):
        dated = bool(sheet.layout.of("year"))
        for at, (place, year) in enumerate(zip(sheet.places, sheet.years, strict=True)):
            if place.kind == "area" and place.code is not None:
                parts[place.code, year if dated else None].add(place.was or place.code)
            lines[number, at] = sheet.state[at] == "area"
    several = {key: needed for key, needed in parts.items() if len(needed) > 1}
    if not several:
        return once
    taken = [lines[pair] for pair in zip(frame["sheet"], frame["line"], strict=True)]
    have = frame[taken].groupby(["area_code", "indicator", "year"])["was"].agg(set).to_dict()
    gone: list[Any] = []
    for label, row in once[once["area_code"].isin([code for code, _ in several])].iterrows():
        code, year = str(row["area_code"]), int(row["year"])
        needed = several.get((code, year), set()) | several.get((code, None), set())
        lacking = needed - have.get((code, row["indicator"], year), set())
        if lacking:
            gone.append(label)
            if len(gone) <= 20:
                _note(
                    report, "table.part_missing", file, f"{code}: {', '.join(sorted(lacking))}", ", ".join(sorted(needed)),
                    row=sheets[int(row["sheet"])].rows[int(row["line"])], severity="warn",
                )  # fmt: skip
    return once.drop(index=gone).reset_index(drop=True)


def _lines_of(frame: pd.DataFrame, chosen: pd.DataFrame) -> Any:
    pairs = set(zip(chosen["sheet"], chosen["line"], strict=True))
    return np.array([pair in pairs for pair in zip(frame["sheet"], frame["line"], strict=True)], dtype=bool)


def _fail(sheets: list[_Sheet], row: Any, code: str, found: str, expected: str) -> None:
    sheet, at = sheets[int(row["sheet"])], int(row["line"])
    sheet.state[at] = code
    sheet.places[at] = replace(sheet.places[at], found=found, expected=expected)


def _settle(
    data: pd.DataFrame,
    plan: Plan,
    file: str,
    report: ImportReport,
    match: Match,
    sheets: list[_Sheet],
    protected: bool,
    cells_given: bool,
    minimum: int,
) -> None:
    """Count the rows, tell of those that were not taken, and look at the table as a whole."""
    for sheet in sheets:
        for at, state in enumerate(sheet.state):
            report.rows_read += 1
            if state in ("region", "total", "note"):
                counter = {"region": "regions", "total": "totals", "note": "notes"}[state]
                setattr(match, counter, getattr(match, counter) + 1)
                continue
            match.areas += 1
            if state == "area":
                match.matched += 1
                continue
            place, shown = sheet.places[at], file if not sheet.name else f"{file}/{sheet.name}"
            column, found = _where(sheet, place, state)
            match.failures.append(
                Failure(
                    sheet.name, sheet.rows[at], state, column, found, place.expected, tuple(sheet.lines[at])
                )
            )
            _note(
                report,
                state,
                shown,
                found,
                place.expected,
                row=sheet.rows[at],
                column=column,
                severity="warn",
            )
    report.rows_accepted, report.rows_rejected = match.matched, len(match.failures)
    for key, n in (
        ("region_rows", match.regions),
        ("total_rows", match.totals),
        ("note_rows", match.notes),
        ("abolished", len(match.mapped)),
    ):
        report.repairs[key] += n
    if match.areas and match.matched < TRUSTED * match.areas:
        _note(report, "table.mostly_unknown", file, f"{match.matched} / {match.areas}", f">= {TRUSTED:.0%}")
    if data.empty:
        _note(report, "table.nothing", file, "0", ">= 1")
        return
    data["level"] = data["area_code"].map({code: level_of(code) for code in data["area_code"].unique()})
    broken = violations(
        NUMBERS, data[["area_code", "level", "indicator", "year", "value", "line"]].reset_index(drop=True)
    )
    for one in broken[:20]:
        _note(report, "table.nothing", file, one.rule, one.column or "-")
    small = [m for m in plan.measures if not m.skip and m.counts_people]
    asked = small + [m for m in plan.measures if not m.skip and not m.unit_stated and _whole(data, m.id)]
    counts = data[data["indicator"].isin([m.id for m in asked])]
    few = counts[(counts["value"] > 0) & (counts["value"] < minimum) & (counts["level"] != "country")]
    if protected:
        for m in plan.measures:
            if not m.skip and m not in small and not (m.unit == "percent" and m.of and m.per):
                _note(
                    report,
                    "table.protected_value",
                    file,
                    m.unit,
                    "persons, households",
                    column=m.measure or plan.title_en,
                )
    elif len(few) and not cells_given:
        first = few.iloc[0]
        name = next(m.measure for m in asked if m.id == first["indicator"])
        row = sheets[int(first["sheet"])].rows[int(first["line"])]
        _note(
            report,
            "table.small_counts",
            file,
            f"{len(few)} x 1-{minimum - 1}",
            "--published / --protected",
            row=row,
            column=name,
        )
    _totals(data, plan, file, report, sheets)
    _children(data, plan, file, report)


def _whole(data: pd.DataFrame, indicator: str) -> bool:
    """Whether all numbers are whole: of a unit that nobody stated these may be persons."""
    values = data.loc[data["indicator"] == indicator, "value"]
    return bool((values == values.round()).all())


def _where(sheet: _Sheet, place: Place, state: str) -> tuple[str, str]:
    """Column that a fault stands in, and what was found there."""
    areas = [c.heading for kind in ("code", "name") for c in sheet.layout.columns if c.role.startswith(kind)]
    headings = {c.heading for c in sheet.layout.columns}
    column = areas[0] if areas else sheet.layout.columns[0].heading
    head, colon, rest = place.found.partition(": ")
    if colon and head in headings:
        return head, rest
    if state in ("table.row_year", "table.year_differs") and sheet.layout.of("year"):
        column = sheet.layout.of("year")[0].heading
    if state == "table.empty_category":
        column = sheet.layout.of("category")[0].heading
    return column, place.found


def _totals(data: pd.DataFrame, plan: Plan, file: str, report: ImportReport, sheets: list[_Sheet]) -> None:
    """Compare totals printed in the file with the sums of its rows, where parts add up."""
    additive = {m.measure: m for m in plan.measures if m.additive and not m.skip}
    level = str(data["level"].value_counts().idxmax())
    sums: dict[Any, float] = (
        data[data["level"] == level].groupby(["indicator", "year"])["value"].sum().to_dict()
    )
    checked = failed = 0
    for sheet in sheets:
        for column in sheet.layout.values if "total" in sheet.state else ():
            values = _numbers(sheet, column)
            for at, state in enumerate(sheet.state):
                label = sheet.categories[at] if sheet.categories else ""
                measure = additive.get(_measure_name(column, label))
                year = column.year if column.year is not None else sheet.years[at]
                if (
                    state != "total"
                    or measure is None
                    or not np.isfinite(values[at])
                    or (measure.id, year) not in sums
                ):
                    continue
                checked += 1
                summed = sums[(measure.id, year)]
                if abs(summed - values[at]) > 0.5:
                    failed += 1
                    _note(
                        report, "table.total", file, f"{values[at]:,.0f}", f"{summed:,.0f}", row=sheet.rows[at],
                        column=column.heading, severity="warn",
                    )  # fmt: skip
    report.checks.append(
        Check("table.total", "แถวรวมเท่ากับผลรวม", "total rows are the sums of the rows", checked, failed)
    )


def _children(data: pd.DataFrame, plan: Plan, file: str, report: ImportReport) -> None:
    """Compare each level with the one below it, where parts add up and the file has both."""
    checked = failed = 0
    names = {m.id: m.measure for m in plan.measures if m.additive and not m.skip}
    counts = data[data["indicator"].isin(list(names))]
    above = {code: parent_of(code) for code in counts["area_code"].unique()}
    for level, below in (("country", "province"), ("province", "district"), ("district", "subdistrict")):
        children = counts[counts["level"] == below]
        if children.empty:
            continue
        sums = (
            children.assign(area_code=children["area_code"].map(above))
            .groupby(["area_code", "indicator", "year"])["value"]
            .sum()
        )
        parents = counts[counts["level"] == level].set_index(["area_code", "indicator", "year"])["value"]
        both = pd.concat([parents.rename("given"), sums.rename("summed")], axis=1, join="inner")
        checked += len(both)
        wrong = both[(both["given"] - both["summed"]).abs() > 0.5]
        failed += len(wrong)
        for (indicator, year), rows in wrong.groupby(level=[1, 2]):
            first = str(rows.index[0][0])
            _note(
                report, "table.children", file,
                f"{int(str(year)) + 543} {level} {rows['given'].sum():,.0f} ({len(rows)} x, {first} ...)",
                f"{below} {rows['summed'].sum():,.0f}", column=names[str(indicator)] or plan.title_en, severity="warn",
            )  # fmt: skip
    report.checks.append(
        Check(
            "table.children",
            "ค่าของพื้นที่เท่ากับผลรวมของพื้นที่ย่อย",
            "areas are the sums of their parts",
            checked,
            failed,
        )
    )


# ------------------------------------------------------------------------------------------------------------
# Out


def _observations(data: pd.DataFrame, plan: Plan) -> pa.Table:
    size = len(data)
    measures = {m.id: m for m in plan.measures}
    additive = data["indicator"].map({name: m.additive for name, m in measures.items()}).to_numpy(dtype=bool)
    parts = {"of": data["value"].where(additive), "per": pd.Series(np.nan, index=data.index)}
    for rate in (m for m in measures.values() if m.of and m.per):
        mine = data["indicator"] == rate.id
        keys = pd.MultiIndex.from_frame(data.loc[mine, ["area_code", "year"]])
        for part in ("of", "per"):
            counts = data[data["indicator"] == getattr(rate, part)].set_index(["area_code", "year"])["value"]
            parts[part] = parts[part].mask(
                mine, pd.Series(counts.reindex(keys).to_numpy(), index=data.index[mine])
            )
    return pa.table(
        {
            "area_code": pa.array(data["area_code"].tolist(), pa.string()),
            "level": pa.array(data["level"].tolist(), pa.string()),
            "indicator": pa.array(data["indicator"].tolist(), pa.string()),
            "year": pa.array(data["year"].tolist(), pa.int16()),
            "numerator": pa.array(parts["of"], pa.float64(), from_pandas=True),
            "denominator": pa.array(parts["per"], pa.float64(), from_pandas=True),
            "value": pa.array(data["value"].tolist(), pa.float64()),
            "basis": pa.array(["published"] * size, pa.string()),
            "definition": pa.nulls(size, pa.string()),
            "source_id": pa.array([plan.source_id] * size, pa.string()),
            "suppressed": pa.array([False] * size, pa.bool_()),
        },
        schema=OBSERVATION,
    )


def _municipalities(data: pd.DataFrame, sheets: list[_Sheet]) -> pa.Table:
    """Areas that no official list has, by the names the file gives them."""
    codes = sorted(set(data["area_code"]) - set(official_areas()))
    if not codes:
        return AREA.empty_table()
    names: dict[str, str] = {}
    for sheet in sheets:
        column = next(iter(sheet.layout.of("name_subdistrict", "name")), None)
        if column is not None:
            names |= {
                str(p.code): clean_name(line[column.position])
                for p, line in zip(sheet.places, sheet.lines, strict=True)
                if p.code
            }
    rows = []
    for code in codes:
        area = municipal_area(code)
        name = names.get(code, "")
        rows.append(
            {
                "code": code, "level": area.level, "parent": area.parent, "name_th": name or area.name_th,
                "name_en": area.name_en, "kind": area.kind, "region": area.region, "mapped_to": None,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=AREA)


def _source(plan: Plan, data: pd.DataFrame) -> dict[str, Any]:
    return {
        "source_id": plan.source_id, "kind": "user", "publisher": plan.publisher, "title_th": plan.title_th,
        "title_en": plan.title_en, "url": plan.url or None, "licence": plan.licence or None, "year": int(data["year"].max()),
        "retrieved": None, "cells": "published", "priority": PRIORITY,
    }  # fmt: skip


def report_workbook(table: Table) -> bytes:
    """The match report as a workbook: what happened, the rows that failed with their cells, the plan. No cell is a formula."""
    match, report = table.match, table.batch.report

    def safe(row: Sequence[object]) -> list[object]:
        return [safe_cell(cell) for cell in row]

    summary = [
        ("", match.sentence("th"), match.sentence("en")),
        ("rows", report.rows_read, ""),
        ("area rows", match.areas, ""),
        ("matched", match.matched, ""),
        ("failed", len(match.failures), ""),
        ("region rows", match.regions, ""),
        ("total rows", match.totals, ""),
        ("notes", match.notes, ""),
        *((f.code, f.line("th"), f.line("en")) for f in report.rejections),
    ]
    failed = [
        safe((f.sheet, f.row, f.code, f.column, f.found, f.expected, *MENDS[f.code], *f.cells))
        for f in match.failures
    ]
    columns = ("sheet", "row", "fault", "column", "found", "expected", "วิธีแก้", "to mend")
    headings = [str(safe_cell(h)) for h in match.headings]
    sheets = [
        Sheet("summary", ("", "ไทย", "English"), [safe(r) for r in summary], (22, 90, 90)),
        Sheet("failed rows", (*columns, *headings), failed, (12, 8, 20, 20, 30, 30, 50, 50, 14)),
        Sheet("successors", ("in the file", "in force"), sorted(match.mapped.items()), (14, 14)),
        Sheet(
            "warnings", ("fault", "ไทย", "English"), [safe((f.code, f.line("th"), f.line("en"))) for f in report.warnings],
            (22, 90, 90),
        ),
    ]  # fmt: skip
    if table.plan is not None:
        names = (
            "measure",
            "id",
            "name_th",
            "name_en",
            "unit",
            "unit_th",
            "unit_en",
            "worse",
            "additive",
            "skip",
        )
        rows = [safe([getattr(m, n) for n in names]) for m in table.plan.measures]
        sheets.append(Sheet("indicators", names, rows, (30, 34, 40, 40, 12)))
    return xlsx_bytes(sheets, "Daomap: match report")
