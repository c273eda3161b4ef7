"""Tables of young people who are NEET, and of the steps areas take for them: csv and workbooks as agencies send them.

The header may stand below title rows and over several rows; columns are known by their names in Thai or in English. A
file says either what the rate of an area is, or which of the four steps an area has done. Persons have no place in
either: a column of names or a number of thirteen digits refuses the file.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.catalogue import NEET_STEPS
from geo.codes import (
    COUNTRY,
    INVISIBLE,
    THAI_DIGITS,
    CodeError,
    clean_name,
    level_of,
    official_areas,
    plain_name,
    read_code,
    read_name,
)
from warehouse.batch import OBSERVATION, SOURCE, SOURCE_FILE, Batch, import_id
from warehouse.intake import Intake, Job
from warehouse.intake.text import ROW, join_header
from warehouse.report import Check, ImportReport, noting
from warehouse.schemas.cells import FAULTS, is_garbled, is_total, mixed_eras, numbers, read_year
from warehouse.settings import Neet
from warehouse.sources.persons import IDENTITY, PERSON, PERSONAL_COLUMN

Progress = Callable[[int, int, str], None]
PRIORITY: Final = 20
STEPS_SOURCE: Final = "neet-steps"

DEFINITIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "working": (
        "neet-unpaid-family-working",
        "ผู้ช่วยธุรกิจครัวเรือนถือว่ามีงานทำ",
        "unpaid family workers count as employed",
    ),
    "counted": (
        "neet-unpaid-family-counted",
        "ผู้ช่วยธุรกิจครัวเรือนนับเป็น NEET",
        "unpaid family workers count as NEET",
    ),
    "unstated": ("neet-unpaid-family-unstated", "", ""),
}
"""Word of the command line and of a definition column -> definition id, and what a source's title says of it."""

_DEFINITION_WORDS: Final = {
    "working": "working", "มีงานทำ": "working", "ถือว่ามีงานทำ": "working", "ไม่นับเป็นneet": "working",
    "counted": "counted", "นับเป็นneet": "counted", "นับ": "counted",
    "": "unstated", "unstated": "unstated", "ไม่ระบุ": "unstated",
}  # fmt: skip

_TABLES: Final = frozenset({".csv", ".txt", ".tsv"})
_BOOKS: Final = frozenset({".xlsx", ".xls", ".ods", ".xlsb", ".xlsm"})
_SEARCHED_ROWS: Final = 30
_HEADER_ROWS: Final = 3

_NEET = "(?:neet|นีท)"
_PERCENT = "(?:pct|percent|percentage|ร้อยละ|อัตรา|rate|%)"
_SHARE = "(?:share|proportion|fraction|สัดส่วน)"
_LEVEL_NAMES: Final = {
    "province": "(?:province|changwat|จังหวัด)",
    "district": "(?:district|amphoe|amphur|อำเภอ|เขต|อำเภอเขต)",
    "subdistrict": "(?:subdistrict|tambon|tambol|ตำบล|แขวง|ตำบลแขวง)",
}
# The first that fits the whole name (without spaces, hyphens and the like) decides what a column is.
_ROLES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        ("code", r"(?:area|province|changwat|district|amphoe|amphur|subdistrict|tambon|tambol)?(?:code|id)|รหัส.*"),
        *((f"name_{level}", f"(?:ชื่อ)?{word}(?:name)?(?:th|en|thai|eng|english)?") for level, word in _LEVEL_NAMES.items()),
        ("name", "(?:area)?name(?:th|en)?|area|(?:ชื่อ)?พื้นที่|ชื่อ"),
        ("region", "region|ภาค"),
        ("year", "(?:survey)?year(?:be|ce|ad)?|(?:ปี)?(?:พศ|คศ)|ปี(?:ที่)?(?:สำรวจ|ข้อมูล)?|period|ช่วงเวลา|งวด"),
        ("definition", "definition|นิยาม"),
        ("source", "source|(?:แหล่ง)?ที่มา|แหล่งข้อมูล"),
        ("error", f"{_NEET}?(?:se|standarderror|stderr)(?:of)?{_NEET}?|.*ความคลาดเคลื่อนมาตรฐาน.*"),
        ("sample", f"{_NEET}?(?:n|sample|samplesize|unweightedn)|(?:ขนาด|จำนวน)?(?:กลุ่ม)?ตัวอย่าง.*"),
        ("percent", f".*{_NEET}.*{_PERCENT}.*|.*{_PERCENT}.*{_NEET}.*|{_PERCENT}"),
        ("share", f".*{_NEET}.*{_SHARE}.*|.*{_SHARE}.*{_NEET}.*|{_SHARE}"),
        ("neet", f".*{_NEET}.*"),
        ("youth", "(?:youth|เยาวชน)|.*(?:youth|เยาวชน|population|ประชากร|persons|pop).*1524.*|.*1524.*"),
        ("step", "step(?:no|name|number)?|ขั้น(?:ที่|ตอน)?|ขั้นตอนที่"),
        (
            "done",
            "(?:step)?(?:done|completed|status)|(?:date|วันที่|วัน)?(?:ทำ|ดำเนินการ)?(?:แล้ว|เสร็จ|แล้วเสร็จ)(?:หรือไม่)?"
            "|สถานะ|datedone|donedate",
        ),
        ("reached", "(?:people|persons)?reached|(?:จำนวน)?(?:คน|ผู้)?(?:ที่)?เข้าถึง(?:แล้ว)?(?:คน)?|จำนวน(?:คน)?(?:คน)?|คน"),
    )
)  # fmt: skip
_MEASURES: Final = ("percent", "share", "neet", "youth", "sample", "error")
_THOUSANDS: Final = re.compile("พัน(?:คน)?|thousand|1000|000s")
_REGIONS: Final = re.compile(
    r"(?:ภาค(?:เหนือ|ใต้|กลาง|ตะวันออก|ตะวันตก|ตะวันออกเฉียงเหนือ|อีสาน)?|กรุงเทพและปริมณฑล|ปริมณฑล"
    r"|(?:central|north|northern|south|southern|east|eastern|west|western|northeast|northeastern|vicinity)(?:region|plain)?)"
)
_NOTE: Final = re.compile(r"^(?:หมายเหตุ|ที่มา|แหล่งที่มา|note|source|remark|\*|[0-9]+[/)])", re.IGNORECASE)
_YES: Final = frozenset(
    {"yes", "y", "true", "done", "1", "ใช่", "แล้ว", "ทำแล้ว", "ดำเนินการแล้ว", "เสร็จ", "แล้วเสร็จ", "✓", "/"}
)
_NO: Final = frozenset(
    {"no", "n", "false", "notdone", "0", "ไม่", "ไม่ใช่", "ยัง", "ยังไม่ทำ", "ยังไม่ดำเนินการ", "ยังไม่เสร็จ", "x"}
)
_STEP_WORDS: Final = {
    **{step: step for step in NEET_STEPS},
    **{re.sub(r"\s", "", word).casefold(): step for step, words in NEET_STEPS.items() for word in words},
    "offer": "4", "youthguarantee": "4", "ฝึกอบรม": "4", "จ้างงาน": "4",
}  # fmt: skip
_THAI_MONTHS: Final = ("มค", "กพ", "มีค", "เมย", "พค", "มิย", "กค", "สค", "กย", "ตค", "พย", "ธค")
_THAI_MONTH_NAMES: Final = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip

MENDS: Final[Mapping[str, tuple[str, str]]] = {
    "neet.nothing": ("ระบุไฟล์ตาราง NEET", "name a file with a NEET table"),
    "neet.nothing_below": ("เติมแถวของพื้นที่ใต้หัวตาราง", "add rows of areas below the header"),
    "neet.unknown_file": (
        "ส่งเป็น .csv, .xlsx, .xls, .ods หรือ .xlsb ทีละไฟล์",
        "send .csv, .xlsx, .xls, .ods or .xlsb files, not a folder",
    ),
    "neet.header": (
        "ตั้งชื่อคอลัมน์พื้นที่ (รหัสจังหวัด หรือ จังหวัด) และคอลัมน์อัตรา NEET หรือจำนวน NEET หรือขั้นตอน",
        "name a column of areas (area_code or province) and one of the NEET rate, the NEET count or the step",
    ),
    "neet.column_twice": (
        "เหลือคอลัมน์เดียวที่มีความหมายนี้",
        "keep one column of this meaning",
    ),
    "neet.column_unread": (
        "ไม่ต้องทำอะไร คอลัมน์นี้ไม่ถูกอ่าน หรือตั้งชื่อให้ตรงกับที่คู่มือบอก",
        "nothing to do: this column is not read; or give it a name that the guide lists",
    ),
    "neet.column_needed": (
        "เติมคอลัมน์ที่ขาด",
        "add the column that is missing",
    ),
    "neet.personal": (
        "ลบคอลัมน์และค่าที่ระบุตัวบุคคล ส่งเฉพาะจำนวนรวมของพื้นที่",
        "take out whatever names a person; send totals of areas only",
    ),
    "neet.thousands": (
        "เขียนเป็นจำนวนคน ไม่ใช่พันคน",
        "write persons, not thousands of persons",
    ),
    "neet.unit": (
        "ตรวจว่าเป็นร้อยละ (0-100) หรือสัดส่วน (0-1) แล้วตั้งชื่อคอลัมน์ให้ตรง",
        "find out whether these are percentages (0-100) or shares (0-1) and name the column so",
    ),
    "neet.area": (
        "แก้รหัสหรือชื่อพื้นที่ให้ตรงกับทะเบียนของกรมการปกครอง",
        "correct the code or the name to that of the official register",
    ),
    "neet.name_differs": (
        "ตรวจชื่อพื้นที่ ใช้รหัสเป็นหลัก",
        "check the name; the code was followed",
    ),
    "neet.garbled": (
        "ขอไฟล์ใหม่เป็น CSV UTF-8 ชื่อไทยในไฟล์นี้ถูกแปลงรหัสอักษรผิด",
        "ask for the file again as CSV UTF-8; its Thai names went through a wrong encoding",
    ),
    "neet.year": (
        "ใส่ปีสี่หลัก พ.ศ. หรือ ค.ศ. หรือระบุด้วย --year-be",
        "write a year of four digits, of either era, or give it with --year-be",
    ),
    "neet.year_differs": (
        "ให้ปีในไฟล์ตรงกับ --year-be หรือไม่ต้องระบุ --year-be",
        "make the year in the file agree with --year-be, or leave --year-be out",
    ),
    "neet.mixed_eras": ("ใช้ พ.ศ. หรือ ค.ศ. อย่างเดียวทั้งคอลัมน์", "use one era in the whole column"),
    "neet.definition": (
        "ใช้ working (ผู้ช่วยธุรกิจครัวเรือนถือว่ามีงานทำ) counted (นับเป็น NEET) หรือ unstated (ไม่ระบุ)",
        "write working (unpaid family workers count as employed), counted (as NEET) or unstated",
    ),
    "neet.definition_unstated": (
        "ถามผู้เผยแพร่ว่านับผู้ช่วยธุรกิจครัวเรือนที่ไม่ได้รับค่าจ้างอย่างไร แล้วระบุด้วย --definition",
        "ask the publisher how unpaid family workers are counted, and say so with --definition",
    ),
    "neet.negative": ("แก้ค่าติดลบตามไฟล์ต้นฉบับ", "correct the negative value from the original file"),
    "neet.whole": ("จำนวนคนต้องเป็นจำนวนเต็ม", "a count of persons is a whole number"),
    "neet.too_large": ("ตรวจจำนวน มากกว่าประชากรไทย", "check the count: more than the people of the country"),
    "neet.range": ("แก้ค่าให้อยู่ในช่วง", "correct the value; it lies outside its range"),
    "neet.no_sample": (
        "เว้นว่างถ้าไม่ทราบขนาดตัวอย่าง อัตราจากตัวอย่าง 0 คนไม่มีความหมาย",
        "leave it empty where the sample is not known; a rate of a sample of nobody means nothing",
    ),
    "neet.once": ("เก็บแถวเดียวต่อพื้นที่ ปี และแหล่ง", "keep one row an area, year and source"),
    "neet.neet_exceeds": (
        "ตรวจจำนวน NEET และจำนวนเยาวชน สลับคอลัมน์หรือไม่",
        "check NEET and young people: are the columns exchanged?",
    ),
    "neet.sample_exceeds": (
        "ตรวจขนาดตัวอย่าง มากกว่าเยาวชนทั้งหมดไม่ได้",
        "check the sample: it cannot be larger than all young people",
    ),
    "neet.nobody_of_that_age": ("ตรวจจำนวนเยาวชน", "check the number of young people; a rate of nobody is none"),
    "neet.rate": (
        "ตรวจอัตราและจำนวนให้ตรงกัน อัตรา = 100 × NEET ÷ เยาวชน 15-24 ปี",
        "make rate and counts agree: rate = 100 × NEET ÷ persons aged 15-24",
    ),
    "neet.total": (
        "แก้แถวรวมให้เท่ากับผลรวม หรือลบออก",
        "correct the total row, or take it out",
    ),
    "neet.total_row": (
        "ไม่ต้องทำอะไร แถวรวมไม่ถูกอ่าน ถ้าเป็นค่าของประเทศให้ใช้ชื่อ ทั่วราชอาณาจักร",
        "nothing to do: the total row was left out; call it Whole Kingdom if it is the country's",
    ),
    "neet.step": ("ใช้ 1-4 หรือชื่อขั้น", "write 1 to 4 or the step's name"),
    "neet.done": (
        "ใช้ ใช่/ไม่ (yes/no) หรือวันที่ เช่น 2567-05-31 หรือ 31/5/2567",
        "write yes or no, or a date such as 2024-05-31 or 31/5/2567",
    ),
    "neet.done_year": ("ให้ปีของวันที่ตรงกับปีของแถว", "make the year of the date agree with the year of the row"),
    "neet.nothing_said": ("ใส่ว่าทำแล้วหรือไม่ หรือจำนวนคนที่เข้าถึง", "say whether it is done, or how many were reached"),
    "neet.protected_rate": (
        "เพิ่มจำนวนเยาวชน 15-24 ปี (หรือจำนวน NEET) เพื่อให้ตรวจได้ว่าไม่มีกลุ่มที่เล็กเกินไป หรือนำเข้าด้วย --published ถ้าเจ้าของเผยแพร่อัตรานี้แล้ว",
        "add the number of persons aged 15-24 (or of NEET), so that it can be proved that no group is too small, or import "
        "with --published if the owner has published these rates",
    ),
    "neet.small_sample": (
        "รวมหลายไตรมาสหรือหลายปี หรือใช้ระดับที่ใหญ่กว่า",
        "pool quarters or years, or use a larger area",
    ),
    **{f"neet.{fault}": mend for fault, mend in FAULTS.items()},
}  # fmt: skip


@dataclass(slots=True)
class _Table:
    """One file below its header: texts by role, and where each row stands."""

    file: str
    header_row: int
    columns: dict[str, list[str]]
    headings: dict[str, str]
    rows: list[int]
    titles: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def steps(self) -> bool:
        return "step" in self.columns


@dataclass(slots=True)
class _Frame:
    """Rows of all files with the place each came from."""

    records: list[dict[str, Any]] = field(default_factory=list)
    places: list[tuple[_Table, int]] = field(default_factory=list)
    texts: list[dict[str, str]] = field(default_factory=list)

    def data(self) -> pd.DataFrame:
        return pd.DataFrame(self.records)


def read_neet(
    paths: Sequence[Path],
    intake: Intake,
    *,
    year_be: int | None = None,
    definition: str | None = None,
    title: str | None = None,
    protected: Callable[[Sequence[str]], bool] = lambda _ids: True,
    samples: Neet | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Read NEET tables, or tables of the steps areas have done.

    Parameters
    ----------
    paths : sequence of Path
        CSV files and workbooks, all of one of the two shapes.
    intake : Intake
        Opens the files.
    year_be : int, optional
        Buddhist year of the rows, where the file has no column of years.
    definition : str, optional
        Key of `DEFINITIONS`, where the file has no column of definitions.
    title : str, optional
        What the source is called, where the file has no column of sources; else the file's name.
    protected : callable
        Given the ids of the sources, whether any of them is to count as protected. A protected rate needs a count, or
        nobody can say how few people it is of.
    samples : Neet, optional
        Which samples are small, and whether rates that rest on one are hidden.
    progress : callable, optional
        Called as ``progress(done, total, text)``.

    Returns
    -------
    Batch
        Rates in percent, counts in persons, standard errors in percentage points; one source for each source and
        definition in the files, so that nothing mixes two. Empty when ``batch.report.refused``.
    """
    report = ImportReport(kind="neet")
    samples = samples or Neet()
    # The same files under another rule for small samples are another import.
    options = {
        "year_be": year_be,
        "definition": definition,
        "title": title,
        "hidden_below": samples.hidden_below or None,
    }
    tables: list[_Table] = []
    files: list[dict[str, Any]] = []
    jobs = []
    for path in paths:
        suffix = path.suffix.lower()
        if path.is_dir() or suffix not in _TABLES | _BOOKS:
            _note(
                report, "neet.unknown_file", path.name, path.suffix or "-", ".csv, .xlsx, .xls, .ods, .xlsb"
            )
            continue
        jobs.append(Job("csv" if suffix in _TABLES else "sheet", path, {"header": False}))
    if not jobs and not report.refused:
        _note(report, "neet.nothing", "-", "0", "1")
    for done, result in enumerate(intake.read(jobs), 1):
        name = result.job.path.name
        report.files += 1
        for found in result.findings:
            report.add(found)
        if result.table is not None:
            encoding = str(result.facts.get("encoding", "utf-8"))
            report.repairs[f"encoding_{encoding}"] += encoding not in ("utf-8", "utf-8-sig")
            table = _below_header(result.table, name, report)
            if table is not None:
                tables.append(table)
                files.append(
                    {
                        "file_name": name,
                        "sha256": str(result.facts["sha256"]),
                        "bytes": int(result.facts["size"]),
                        "rows": len(table.rows),
                    }
                )
        if progress is not None:
            progress(done, len(jobs), name)
    steps = bool(tables) and tables[0].steps
    for table in tables:
        if table.steps != steps:
            _note(report, "neet.header", table.file, "step / rate", tables[0].file, row=table.header_row)
    identity = import_id(
        "neet", {k: v for k, v in options.items() if v is not None}, [f["sha256"] for f in files]
    )
    if report.refused:
        report.rows_read = sum(len(table.rows) for table in tables)
        return Batch("neet", identity, report)
    read = [table.file for table in tables]
    if steps:
        frame = _Frame()
        for table in tables:
            _take_steps(table, frame, report, year_be)
        observations, sources = _steps(frame, report, read)
    else:
        frame = _Frame()
        for table in tables:
            _take_rates(table, frame, report, year_be, definition, title)
        hidden = protected(sorted({str(record["source_id"]) for record in frame.records}))
        observations, sources = _rates(frame, report, read, hidden, samples)
    report.repairs = Counter({key: n for key, n in report.repairs.items() if n})
    if report.rejections:
        return Batch("neet", identity, report)
    used = {
        str(table.file): sorted(
            {r["source_id"] for r, p in zip(frame.records, frame.places, strict=True) if p[0] is table}
        )
        for table in tables
    }
    report.facts["observations"] = observations.num_rows
    report.facts["shape"] = "steps" if steps else "rates"
    return Batch(
        kind="neet",
        import_id=identity,
        report=report,
        observations=observations,
        sources=sources,
        files=pa.Table.from_pylist(
            [{"source_id": source, **about} for about in files for source in used[about["file_name"]]],
            schema=SOURCE_FILE,
        ),
    )


# ------------------------------------------------------------------------------------------------------------
# From a sheet to columns


_note = noting(MENDS)


def _key(text: str) -> str:
    """A heading as it is compared: lower case, Arabic digits, no spaces and no signs but ``%``."""
    plain = clean_name(INVISIBLE.sub("", text)).translate(THAI_DIGITS).casefold()
    return re.sub(r"[\s_\-–—.,:;/\\()\[\]*'\"]+", "", plain)


def _role(heading: str) -> str | None:
    key = _key(heading)
    if not key:
        return None
    return next((role for role, pattern in _ROLES if pattern.fullmatch(key)), None)


def _roles(names: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        role = _role(name)
        if role is not None:
            found.setdefault(role, []).append(at)
    return found


def _is_header(roles: Mapping[str, Sequence[int]]) -> bool:
    area = any(role == "code" or role.startswith("name") for role in roles)
    return area and any(role in roles for role in ("percent", "share", "neet", "step"))


def _below_header(table: pa.Table, file: str, report: ImportReport) -> _Table | None:
    """Find the header among title rows, refuse what names persons, and lay the columns out by their meaning."""
    columns = [name for name in table.column_names if name != ROW]
    cells = [[text or "" for text in table.column(name).to_pylist()] for name in columns]
    lines = [list(line) for line in zip(*cells, strict=True)] if cells else []
    rows: list[int] = table.column(ROW).to_pylist()
    place = _find_header(lines)
    if place is None:
        shown = " | ".join(text for text in (lines[0] if lines else [])[:8] if text)
        _note(report, "neet.header", file, shown, "area_code | neet_rate", row=rows[0] if rows else None)
        _refuse_persons(file, [], lines, rows, report)
        return None
    start, deep = place
    names = join_header(lines[start : start + deep])
    header_row = rows[start + deep - 1]
    body, places = lines[start + deep :], rows[start + deep :]
    if _refuse_persons(file, names, lines, rows, report, header_row):
        return None
    report.repairs["title_rows"] += start
    report.repairs["header_rows_joined"] += deep - 1
    roles = _roles(names)
    bad = not body
    if not body:
        _note(report, "neet.nothing_below", file, "0", ">= 1", row=header_row, column=names[0])
    for role, where in roles.items():
        if len(where) > 1 and role not in ("name", "name_province", "name_district", "name_subdistrict"):
            bad = True
            shown = ", ".join(names[at] for at in where)
            _note(
                report,
                "neet.column_twice",
                file,
                shown,
                f"{role} x 1",
                row=header_row,
                column=names[where[1]],
            )
    if "percent" in roles and "share" in roles:
        bad = True
        shown = f"{names[roles['percent'][0]]}, {names[roles['share'][0]]}"
        _note(
            report,
            "neet.column_twice",
            file,
            shown,
            "percent / share x 1",
            row=header_row,
            column=names[roles["share"][0]],
        )
    for role in ("neet", "youth", "sample", "reached"):
        for at in roles.get(role, ()):
            if _THOUSANDS.search(_key(names[at])):
                bad = True
                _note(report, "neet.thousands", file, names[at], "persons", row=header_row, column=names[at])
    for at, name in enumerate(names):
        if name and _role(name) is None and any(line[at].strip() for line in body):
            _note(report, "neet.column_unread", file, name, "-", row=header_row, column=name, severity="warn")
    if bad:
        return None
    return _Table(
        file,
        header_row,
        {role: [line[where[0]] for line in body] for role, where in roles.items()},
        {role: names[where[0]] for role, where in roles.items()},
        places,
    )


def _find_header(lines: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """First row of the header and its depth: group labels may stand above or below the names they belong to."""
    for start in range(min(_SEARCHED_ROWS, len(lines))):
        if sum(bool(text.strip()) for text in lines[start]) < 2:
            continue  # a title
        for deep in range(1, _HEADER_ROWS + 1):
            if start + deep > len(lines) or not _is_header(_roles(join_header(lines[start : start + deep]))):
                continue
            while deep < _HEADER_ROWS and start + deep < len(lines) and _continues(lines, start, deep):
                deep += 1
            return start, deep
    return None


def _continues(lines: Sequence[Sequence[str]], start: int, deep: int) -> bool:
    """Whether the next row is part of the header: it names no area and holds words only."""
    roles = _roles(join_header(lines[start : start + deep]))
    area = [at for role, where in roles.items() if role == "code" or role.startswith("name") for at in where]
    line = lines[start + deep]
    said = [text for text in line if text.strip()]
    return (
        bool(said)
        and not any(line[at].strip() for at in area)
        and not any(re.search("[0-9๐-๙]{2}", t) and "15" not in t for t in said)
    )


def _refuse_persons(
    file: str,
    names: Sequence[str],
    lines: Sequence[Sequence[str]],
    rows: Sequence[int],
    report: ImportReport,
    header_row: int | None = None,
) -> bool:
    """Refuse a file that names persons. What was found is told by its kind, never quoted."""
    found = False
    for name in names:
        if PERSONAL_COLUMN.search(_key(name)):
            found = True
            _note(report, "neet.personal", file, name, "area, year, count", row=header_row, column=name)
    for number, line in zip(rows, lines, strict=True):
        for at, text in enumerate(line):
            column = names[at] if at < len(names) and names[at] else f"#{at + 1}"
            plain = INVISIBLE.sub("", text).translate(THAI_DIGITS).strip()
            if IDENTITY.search(plain):
                found = True
                _note(
                    report, "neet.personal", file, "13 digits", "area, year, count", row=number, column=column
                )
            elif PERSON.match(plain) and not _role(column):
                found = True
                _note(
                    report,
                    "neet.personal",
                    file,
                    "title + name",
                    "area, year, count",
                    row=number,
                    column=column,
                )
    return found


# ------------------------------------------------------------------------------------------------------------
# Areas, years and numbers


def _area(table: _Table, at: int, report: ImportReport) -> tuple[str | None, str]:
    """Code of a row's area, or None and what the row is instead: ``region``, ``total``, ``note`` or ``wrong``."""
    texts = {role: column[at] for role, column in table.columns.items()}
    names = {
        role: texts[role]
        for role in ("name_subdistrict", "name_district", "name_province", "name")
        if clean_name(texts.get(role, ""))
    }
    code = INVISIBLE.sub("", texts.get("code", "")).strip()
    said = clean_name(next(iter(names.values()), "")) or clean_name(code)
    measures = [
        texts[role] for role in (*_MEASURES, "step", "done", "reached") if texts.get(role, "").strip()
    ]
    row = table.rows[at]
    if not measures and (not said or _NOTE.match(said) or sum(bool(t.strip()) for t in texts.values()) == 1):
        return None, "note"
    column = table.headings.get("code") if code else table.headings.get(next(iter(names), ""), None)
    if is_garbled(said):
        _note(report, "neet.garbled", table.file, said, "ก-ฮ", row=row, column=column)
        return None, "wrong"
    key = plain_name(said) if said else ""
    if read_name(said, "country").code == COUNTRY or code == COUNTRY:
        return COUNTRY, "area"
    if not code or not re.search("[0-9๐-๙]", code):
        if is_total(said):
            return None, "total"
        if _REGIONS.fullmatch(key) or (not names and texts.get("region", "").strip()):
            return None, "region"
    if code and re.search("[0-9๐-๙]", code):
        try:
            reading = read_code(code)
        except CodeError as error:
            _note(
                report,
                "neet.area",
                table.file,
                error.found,
                error.expected,
                row=row,
                column=table.headings["code"],
            )
            return None, "wrong"
        if reading.code not in official_areas():
            _note(report, "neet.area", table.file, code, "2, 4, 6", row=row, column=table.headings["code"])
            return None, "wrong"
        report.repairs["code_text"] += bool(reading.repairs)
        _compare_names(table, at, reading.code, names, report)
        return reading.code, "area"
    found = _by_names(names)
    if found is None:
        _note(report, "neet.area", table.file, said, "77 provinces", row=row, column=column)
        return None, "wrong"
    report.repairs["name_read"] += 1
    return found, "area"


def _by_names(names: Mapping[str, str]) -> str | None:
    """The area that the names of a row stand for, the smallest named inside the larger ones."""
    within: str | None = None
    for level in ("province", "district", "subdistrict"):
        name = names.get(f"name_{level}")
        if name is not None:
            within = read_name(name, level, within).code
            if within is None:
                return None
    if within is not None:
        return within
    for level in ("province", "district", "subdistrict"):
        found = read_name(names.get("name", ""), level).code
        if found is not None:
            return found
    return None


def _compare_names(table: _Table, at: int, code: str, names: Mapping[str, str], report: ImportReport) -> None:
    role = next((r for r in (f"name_{level_of(code)}", "name") if r in names), None)
    if role is None:
        return
    given = names[role]
    if (
        code
        not in read_name(
            given, level_of(code), code if level_of(code) == "province" else code[:-2]
        ).candidates
    ):
        area = official_areas()[code]
        _note(
            report,
            "neet.name_differs",
            table.file,
            f"{code} {given}",
            f"{area.name_th} / {area.name_en}",
            row=table.rows[at],
            column=table.headings[role],
            severity="warn",
        )


def _year(table: _Table, at: int, report: ImportReport, year_be: int | None) -> int | None:
    text = table.columns["year"][at] if "year" in table.columns else ""
    row, column = table.rows[at], table.headings.get("year")
    if not text.strip():
        if year_be is None:
            _note(report, "neet.year", table.file, '""', "2567 / 2024", row=row, column=column)
            return None
        return year_be - 543
    read = read_year(text)
    if read.ce is None:
        _note(report, "neet.year", table.file, text, "2567 / 2024", row=row, column=column)
        return None
    for repair in read.repairs:
        report.repairs[repair] += 1
    if year_be is not None and read.ce != year_be - 543:
        _note(report, "neet.year_differs", table.file, text, f"--year-be {year_be}", row=row, column=column)
        return None
    return read.ce


def _one_era(table: _Table, report: ImportReport) -> None:
    texts = table.columns.get("year")
    if texts is not None and mixed_eras(texts):
        _note(
            report,
            "neet.mixed_eras",
            table.file,
            ", ".join(sorted({t.strip() for t in texts if t.strip()})[:4]),
            "2567, 2567 / 2024, 2024",
            row=table.header_row,
            column=table.headings["year"],
        )


def _measure(table: _Table, role: str, keep: Sequence[int], report: ImportReport) -> list[float]:
    """One column as numbers, NaN where the cell says there is none; other cells that are no numbers are refused."""
    if role not in table.columns:
        return [float("nan")] * len(keep)
    texts = [table.columns[role][at] for at in keep]
    decimal = role in ("percent", "share", "error")
    read = numbers(pa.array(texts, pa.string()), scientific=decimal, percent=decimal)
    for at, fault in read.faults.items():
        if fault in ("empty", "missing"):
            report.repairs["missing_cells"] += fault == "missing"
            continue
        expected = "0-100" if decimal else "0, 1, 2 ..."
        _note(
            report,
            f"neet.{fault}",
            table.file,
            texts[at],
            expected,
            row=table.rows[keep[at]],
            column=table.headings[role],
        )
    for repair, many in read.repairs.items():
        report.repairs[repair] += many
    return [float(v) for v in read.values]


def _decimals(text: str) -> int:
    plain = text.strip().rstrip("%").strip().translate(THAI_DIGITS)
    return len(plain.partition(".")[2]) if re.fullmatch(r"[0-9]*\.?[0-9]*", plain) else 6


def _kept(table: _Table, report: ImportReport) -> tuple[list[int], list[str], list[int]]:
    """Positions of the rows that are of an area, their codes, and the positions of total rows."""
    keep: list[int] = []
    codes: list[str] = []
    totals: list[int] = []
    for at in range(len(table.rows)):
        code, kind = _area(table, at, report)
        if kind == "area" and code is not None:
            keep.append(at)
            codes.append(code)
        elif kind == "total":
            totals.append(at)
        elif kind == "note":
            report.repairs["note_rows"] += 1
        elif kind == "region":
            report.repairs["region_rows"] += 1
        if kind != "note":
            report.rows_read += 1
    return keep, codes, totals


# ------------------------------------------------------------------------------------------------------------
# Rates


def _take_rates(
    table: _Table,
    frame: _Frame,
    report: ImportReport,
    year_be: int | None,
    definition: str | None,
    title: str | None,
) -> None:
    _one_era(table, report)
    keep, codes, totals = _kept(table, report)
    columns = {role: _measure(table, role, keep, report) for role in _MEASURES}
    role = "share" if "share" in table.columns else "percent"
    texts = [table.columns[role][at] for at in keep] if role in table.columns else [""] * len(keep)
    factor = _factor(table, role, columns[role], columns["neet"], columns["youth"], report)
    stated = definition is not None
    for place, (at, code) in enumerate(zip(keep, codes, strict=True)):
        year = _year(table, at, report, year_be)
        chosen = definition or "unstated"
        if "definition" in table.columns:
            written = table.columns["definition"][at]
            word = _DEFINITION_WORDS.get(_key(written))
            word = next((w for w, (i, _, _) in DEFINITIONS.items() if written.strip() == i), word)
            if word is None:
                _note(
                    report,
                    "neet.definition",
                    table.file,
                    written,
                    ", ".join(DEFINITIONS),
                    row=table.rows[at],
                    column=table.headings["definition"],
                )
                continue
            chosen, stated = word, stated or word != "unstated"
        source = clean_name(table.columns["source"][at]) if "source" in table.columns else ""
        source = source or clean_name(title or "") or Path(table.file).stem
        rate = factor * columns[role][place]
        neet, youth = columns["neet"][place], columns["youth"][place]
        if all(np.isnan(v) for v in (rate, neet, youth)):
            report.repairs["areas_without_data"] += 1
            continue
        if year is None:
            continue
        frame.records.append(
            {
                "area_code": code,
                "year": float(year),
                "series": f"{source}\n{chosen}",
                "source_id": source_id(source, chosen),
                "source": source,
                "definition": chosen,
                "rate": rate,
                "neet": neet,
                "youth": youth,
                "sample": columns["sample"][place],
                "standard_error": factor * columns["error"][place],
                "tolerance": factor * 0.5 * 10.0 ** -_decimals(texts[place]) + 1e-9,
            }
        )
        frame.places.append((table, at))
    if not stated and keep:
        _note(
            report,
            "neet.definition_unstated",
            table.file,
            "-",
            "--definition working / counted",
            severity="warn",
        )
    _check_totals(table, totals, keep, codes, columns, report)


def source_id(source: str, definition: str) -> str:
    """Id of a source of rates: the same name and definition are the same source, whatever the file is called.

    Examples
    --------
    >>> source_id("NSO", "working") == source_id("NSO", "counted")
    False
    """
    return "neet-" + hashlib.sha256(f"{plain_name(source)}\n{definition}".encode()).hexdigest()[:12]


def _factor(
    table: _Table,
    role: str,
    rates: Sequence[float],
    neet: Sequence[float],
    youth: Sequence[float],
    report: ImportReport,
) -> float:
    """What makes percentages of the column: 1, or 100 where it holds shares."""
    known = np.array(rates, dtype=float)
    known = known[~np.isnan(known)]
    if not len(known) or not (known > 0).any():
        return 1.0
    column, row = table.headings[role], table.header_row
    small = bool((known <= 1.0).all())
    if role == "share":
        if not small:
            if (known <= 100.0).all() and re.search("สัดส่วน", _key(column)):
                return 1.0  # สัดส่วน is said of percentages too
            _note(report, "neet.unit", table.file, f"{known.max():g}", "0-1", row=row, column=column)
            return 1.0
        report.repairs["share_to_percent"] += len(known)
        return 100.0
    if not small:
        return 1.0
    # Percentages of which none is above one: the counts decide, and without counts nothing does.
    n, y, r = (np.array(v, dtype=float) for v in (neet, youth, rates))
    told = ~np.isnan(n) & ~np.isnan(y) & (y > 0) & ~np.isnan(r) & (r > 0)
    if told.any():
        ratio = float(np.median(100.0 * n[told] / y[told] / r[told]))
        if 50.0 < ratio < 200.0:
            report.repairs["share_to_percent"] += len(known)
            return 100.0
        return 1.0
    if len(known) >= 2:
        _note(report, "neet.unit", table.file, f"<= {known.max():g}", "0-100", row=row, column=column)
    return 1.0


def _check_totals(
    table: _Table,
    totals: Sequence[int],
    keep: Sequence[int],
    codes: Sequence[str],
    columns: Mapping[str, Sequence[float]],
    report: ImportReport,
) -> None:
    """A row called total is left out; where it has counts they have to be the sums of the rows above it."""
    below = [place for place, code in enumerate(codes) if code != COUNTRY]
    for at in totals:
        wrong = False
        for role in ("neet", "youth", "sample"):
            if role not in table.columns:
                continue
            given = _measure(table, role, [at], report)[0]
            total = float(np.sum([columns[role][place] for place in below]))
            if not np.isnan(given) and not np.isnan(total) and given != total:
                wrong = True
                _note(
                    report,
                    "neet.total",
                    table.file,
                    f"{given:,.0f}",
                    f"{total:,.0f}",
                    row=table.rows[at],
                    column=table.headings[role],
                )
        if not wrong:
            report.repairs["total_row_dropped"] += 1
            _note(report, "neet.total_row", table.file, "total", "-", row=table.rows[at], severity="warn")


_RATE_COLUMNS: Final = {
    "rate": "percent",
    "neet": "neet",
    "youth": "youth",
    "sample": "sample",
    "standard_error": "error",
}
_EXPECTED: Final = {
    "negative": ">= 0", "whole": "0, 1, 2 ...", "too_large": "<= 100,000,000", "range": "0-100", "no_sample": ">= 1",
    "once": "x 1", "step": "1, 2, 3, 4", "done": "yes / no", "nothing_said": "done / reached",
}  # fmt: skip


def _rates(
    frame: _Frame, report: ImportReport, files: Sequence[str], protected: bool, samples: Neet
) -> tuple[pa.Table, pa.Table]:
    from warehouse.schemas.check import violations
    from warehouse.schemas.neet import RATES

    data = frame.data()
    if data.empty:
        if not report.refused:
            _note(report, "neet.nothing_below", ", ".join(files), "0", ">= 1")
        return OBSERVATION.empty_table(), SOURCE.empty_table()
    # An error is at most 50 percentage points; the largest a proportion can have.
    wrong: set[int] = set()
    for violation in violations(RATES, data):
        table, at = frame.places[violation.position]
        record = frame.records[violation.position]
        wrong.add(violation.position)
        role = _RATE_COLUMNS.get(violation.column, violation.column)
        expected = _EXPECTED.get(violation.rule, violation.rule)
        found = ""
        if violation.rule == "neet_exceeds":
            found, expected, role = f"{record['neet']:,.0f}", f"<= {record['youth']:,.0f}", "neet"
        elif violation.rule == "sample_exceeds":
            found, expected, role = f"{record['sample']:,.0f}", f"<= {record['youth']:,.0f}", "sample"
        elif violation.rule == "rate":
            found = f"{record['rate']:g}"
            expected, role = f"{100 * record['neet'] / record['youth']:.4f}", "percent"
        elif violation.rule == "nobody_of_that_age":
            found, expected, role = f"{record['rate']:g}", "youth > 0", "youth"
        elif violation.rule == "once":
            found, role = f"{record['area_code']} {record['year'] + 543:.0f}", "code"
        role = role if role in table.headings else "share" if role == "percent" else role
        found = found or table.columns.get(role, [""] * len(table.rows))[at]
        expected = "0-50" if violation.column == "standard_error" and violation.rule == "range" else expected
        column = table.headings.get(role) or next(iter(table.headings.values()))
        _note(
            report, f"neet.{violation.rule}", table.file, found, expected, row=table.rows[at], column=column
        )
    small: set[int] = set()
    for position, (record, (table, at)) in enumerate(zip(frame.records, frame.places, strict=True)):
        row = table.rows[at]
        counted = not np.isnan(record["neet"]) or not np.isnan(record["youth"])
        if protected and not counted:
            wrong.add(position)
            column = table.headings.get("percent") or table.headings["share"]
            _note(
                report,
                "neet.protected_rate",
                table.file,
                f"{record['rate']:g}",
                "youth_15_24 / neet",
                row=row,
                column=column,
            )
        if record["sample"] < samples.minimum_sample:
            small.add(position)
            found, expected = f"n = {record['sample']:.0f}", f">= {samples.minimum_sample}"
            column = table.headings["sample"]
            _note(
                report,
                "neet.small_sample",
                table.file,
                found,
                expected,
                row=row,
                column=column,
                severity="warn",
            )
    report.rows_accepted = len(data) - len(wrong)
    report.rows_rejected = report.rows_read - report.rows_accepted
    for code, th, en in (
        ("rate", "อัตราตรงกับจำนวน NEET และเยาวชน", "the rate agrees with the counts"),
        ("neet_exceeds", "NEET ไม่เกินเยาวชน 15-24 ปี", "NEET are at most all persons aged 15-24"),
        ("no_sample", "ขนาดตัวอย่างมากกว่า 0", "a sample is of somebody"),
        ("once", "พื้นที่ละหนึ่งแถวต่อปีและแหล่ง", "one row an area, year and source"),
    ):
        report.checks.append(Check(f"neet.{code}", th, en, len(data), report.found[f"neet.{code}"]))
    if report.refused:
        return OBSERVATION.empty_table(), SOURCE.empty_table()
    rows: list[dict[str, Any]] = []

    def add(record: Mapping[str, Any], indicator: str, value: float, basis: str, **parts: float) -> None:
        about = DEFINITIONS[record["definition"]][0]
        rows.append(_observation(record, indicator, value, basis, about, **parts))

    for position, record in enumerate(frame.records):
        rate, neet, youth = record["rate"], record["neet"], record["youth"]
        first = len(rows)
        both = not np.isnan(rate) and not np.isnan(youth) and np.isnan(neet)
        count = float(np.round(rate * youth / 100.0)) if both else neet
        if not np.isnan(youth):
            add(record, "youth_15_24", youth, "published", numerator=youth)
        if not np.isnan(count):
            add(record, "neet", count, "derived" if both else "published", numerator=count, denominator=youth)
        if np.isnan(rate) and not np.isnan(neet) and youth > 0:
            add(record, "neet_rate", 100.0 * neet / youth, "derived", numerator=neet, denominator=youth)
        elif not np.isnan(rate):
            add(record, "neet_rate", rate, "published", numerator=neet, denominator=youth)
        if not np.isnan(record["sample"]):
            add(record, "neet_sample", record["sample"], "published", numerator=record["sample"])
        if not np.isnan(record["standard_error"]):
            add(record, "neet_standard_error", record["standard_error"], "published")
        # Of a protected source the publication hides them, and proves that they cannot be worked out.
        if position in small and samples.hidden_below and not protected:
            report.repairs["small_sample_hidden"] += 1
            for made in rows[first:]:
                if made["indicator"] in ("neet", "neet_rate", "neet_standard_error"):
                    made |= {"value": None, "numerator": None, "denominator": None, "suppressed": True}
    report.repairs["count_from_rate"] += sum(
        r["indicator"] == "neet" and r["basis"] == "derived" for r in rows
    )
    sources = {}
    for record in frame.records:
        years = {int(r["year"]) for r in frame.records if r["source_id"] == record["source_id"]}
        _, th, en = DEFINITIONS[record["definition"]]
        sources[record["source_id"]] = _source(
            record["source_id"],
            record["source"],
            f"{record['source']} ({th})" if th else record["source"],
            f"{record['source']} ({en})" if en else record["source"],
            min(years) if len(years) == 1 else None,
        )
    return (
        pa.Table.from_pylist(rows, schema=OBSERVATION),
        pa.Table.from_pylist(list(sources.values()), schema=SOURCE),
    )


def _observation(
    record: Mapping[str, Any],
    indicator: str,
    value: float,
    basis: str,
    definition: str,
    *,
    numerator: float = float("nan"),
    denominator: float = float("nan"),
) -> dict[str, Any]:
    return {
        "area_code": record["area_code"],
        "level": level_of(record["area_code"]),
        "indicator": indicator,
        "year": int(record["year"]),
        "numerator": None if np.isnan(numerator) else float(numerator),
        "denominator": None if np.isnan(denominator) else float(denominator),
        "value": float(value),
        "basis": basis,
        "definition": definition,
        "source_id": record["source_id"],
        "suppressed": False,
    }


def _source(source: str, publisher: str, th: str, en: str, year: int | None) -> dict[str, Any]:
    return {
        "source_id": source,
        "kind": "user",
        "publisher": publisher,
        "title_th": th,
        "title_en": en,
        "url": None,
        "licence": "not stated in the file",
        "year": year,
        "retrieved": None,
        "cells": "protected",
        "priority": PRIORITY,
    }


# ------------------------------------------------------------------------------------------------------------
# Steps


def read_step(text: str) -> str | None:
    """Number of a step, from 1 to 4 or its name in Thai or English.

    Examples
    --------
    >>> read_step("ขั้นที่ ๒"), read_step("Preparation"), read_step("5")
    ('2', '3', None)
    """
    plain = re.sub(r"\s", "", clean_name(text)).translate(THAI_DIGITS).casefold()
    plain = re.sub(r"^(?:ขั้น(?:ตอน)?(?:ที่)?|step)", "", plain)
    plain = re.sub(r"\.0+$", "", plain)
    if plain in _STEP_WORDS:
        return _STEP_WORDS[plain]
    named = re.fullmatch(r"([1-4])[.):]?(.+)", plain)
    return named[1] if named and _STEP_WORDS.get(named[2]) == named[1] else None


def read_done(text: str) -> tuple[float, date | None] | None:
    """Whether a step is done and when: yes or no, or a date of either era; None where the cell says neither.

    Examples
    --------
    >>> read_done("ยังไม่ทำ"), read_done("31/5/2567"), read_done("15 เม.ย. 2567")[1].month, read_done("soon")
    ((0.0, None), (1.0, datetime.date(2024, 5, 31)), 4, None)
    """
    plain = clean_name(text).translate(THAI_DIGITS).casefold()
    tight = re.sub(r"[\s.]", "", plain)
    if tight in _YES:
        return 1.0, None
    if tight in _NO:
        return 0.0, None
    iso = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[t ].*)?", plain)
    thai = re.fullmatch(r"([0-9]{1,2})\s*([ก-๙.]+?)\s*([0-9]{4})", plain)
    slashed = re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", plain)
    if iso:
        year, month, day = int(iso[1]), int(iso[2]), int(iso[3])
    elif slashed:
        day, month, year = int(slashed[1]), int(slashed[2]), int(slashed[3])
    elif thai:
        word = thai[2].replace(".", "")
        names = _THAI_MONTH_NAMES if word in _THAI_MONTH_NAMES else _THAI_MONTHS
        if word not in names:
            return None
        day, month, year = int(thai[1]), names.index(word) + 1, int(thai[3])
    else:
        return None
    read = read_year(str(year))
    if read.ce is None:
        return None
    try:
        return 1.0, date(read.ce, month, day)
    except ValueError:
        return None


def _take_steps(table: _Table, frame: _Frame, report: ImportReport, year_be: int | None) -> None:
    if "done" not in table.columns and "reached" not in table.columns:
        _note(
            report,
            "neet.column_needed",
            table.file,
            ", ".join(table.headings.values()),
            "done / people_reached",
            row=table.header_row,
        )
        return
    _one_era(table, report)
    keep, codes, totals = _kept(table, report)
    report.repairs["total_row_dropped"] += len(totals)
    reached = _measure(table, "reached", keep, report)
    for place, (at, code) in enumerate(zip(keep, codes, strict=True)):
        row = table.rows[at]
        step = read_step(table.columns["step"][at])
        if step is None:
            _note(
                report,
                "neet.step",
                table.file,
                table.columns["step"][at],
                "1, 2, 3, 4",
                row=row,
                column=table.headings["step"],
            )
            continue
        if code == COUNTRY:
            _note(
                report,
                "neet.area",
                table.file,
                code,
                "2, 4, 6",
                row=row,
                column=next(iter(table.headings.values())),
            )
            continue
        done, when = float("nan"), None
        written = table.columns["done"][at] if "done" in table.columns else ""
        if clean_name(written) not in ("", "-"):
            read = read_done(written)
            if read is None:
                _note(
                    report,
                    "neet.done",
                    table.file,
                    written,
                    "yes / no / 2567-05-31",
                    row=row,
                    column=table.headings["done"],
                )
                continue
            done, when = read
        has_year = "year" in table.columns and table.columns["year"][at].strip()
        if when is not None and not has_year and year_be is None:
            year: int | None = when.year
        else:
            year = _year(table, at, report, year_be)
        if year is None:
            continue
        if when is not None and when.year != year:
            _note(
                report,
                "neet.done_year",
                table.file,
                written,
                f"{year + 543} / {year}",
                row=row,
                column=table.headings["done"],
            )
            continue
        frame.records.append(
            {
                "area_code": code,
                "year": float(year),
                "step": step,
                "source_id": STEPS_SOURCE,
                "done": done,
                "month": float(when.month) if when is not None else float("nan"),
                "reached": reached[place],
            }
        )
        frame.places.append((table, at))


def _steps(frame: _Frame, report: ImportReport, files: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    from warehouse.schemas.check import violations
    from warehouse.schemas.neet import STEPS

    data = frame.data()
    if data.empty:
        if not report.refused:
            _note(report, "neet.nothing_below", ", ".join(files), "0", ">= 1")
        return OBSERVATION.empty_table(), SOURCE.empty_table()
    wrong: set[int] = set()
    for violation in violations(STEPS, data):
        table, at = frame.places[violation.position]
        record = frame.records[violation.position]
        wrong.add(violation.position)
        role = violation.column or ("step" if violation.rule == "once" else "done")
        found = table.columns.get(role, [""] * len(table.rows))[at]
        if violation.rule == "once":
            found = f"{record['area_code']} {record['year'] + 543:.0f} {record['step']}"
        column = table.headings.get(role) or table.headings["step"]
        expected = _EXPECTED.get(violation.rule, violation.rule)
        _note(
            report, f"neet.{violation.rule}", table.file, found, expected, row=table.rows[at], column=column
        )
    report.rows_accepted = len(data) - len(wrong)
    report.rows_rejected = report.rows_read - report.rows_accepted
    report.checks.append(
        Check(
            "neet.once",
            "พื้นที่ ปี และขั้นละหนึ่งแถว",
            "one row an area, year and step",
            len(data),
            report.found["neet.once"],
        )
    )
    if report.refused:
        return OBSERVATION.empty_table(), SOURCE.empty_table()
    rows: list[dict[str, Any]] = []
    for record in frame.records:
        for what in ("done", "month", "reached"):
            value = record[what]
            if np.isnan(value):
                continue
            people = {"numerator": value} if what == "reached" else {}
            name = f"neet_step{record['step']}_{what}"
            rows.append(_observation(record, name, value, "published", "neet-steps", **people))
    source = _source(
        STEPS_SOURCE,
        "ตารางของพื้นที่ / tables of the areas",
        "ขั้นตอนช่วยเยาวชน NEET ที่พื้นที่แจ้ง",
        "Steps for young people who are NEET, as areas report them",
        None,
    )
    return pa.Table.from_pylist(rows, schema=OBSERVATION), pa.Table.from_pylist([source], schema=SOURCE)
