"""Rows of files of villages: what they hold, what is said of them, and which are kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from analytics.village_specs import (
    SpecIndicator,
)
from geo.codes import (
    INVISIBLE,
    clean_name,
    plain_name,
)
from warehouse.report import ImportReport, Severity, noting
from warehouse.schemas.cells import is_garbled, is_total

PRIORITY: Final = 20
#: A table of which a larger part cannot be read is another kind of table.
TRUSTED: Final = 0.5
#: Below this many rows the part says nothing.
_FEW: Final = 10
_NOTE: Final = re.compile(r"^(?:หมายเหตุ|ที่มา|แหล่งที่มา|note|source|remark|\*)", re.IGNORECASE)

MENDS: Final[Mapping[str, tuple[str, str]]] = {
    "villages.nothing": ("ระบุไฟล์หมู่บ้าน", "name a file of villages"),
    "villages.unknown_file": (
        "ส่งเป็น .csv, .xlsx, .ods, .dbf, .zip, .shp, .gpkg, .geojson หรือ .parquet",
        "send .csv, .xlsx, .ods, .dbf, .zip, .shp, .gpkg, .geojson or .parquet",
    ),
    "villages.header": (
        "ตั้งชื่อคอลัมน์รหัสหมู่บ้าน (8 หลัก) หรือจังหวัด อำเภอ ตำบล และหมู่ที่ และคอลัมน์ชื่อ พิกัด หรือตัวชี้วัด",
        "name a column of village codes (8 digits), or of province, district, subdistrict and moo, and one of names, "
        "coordinates or indicators",
    ),
    "villages.nothing_below": ("เติมแถวหมู่บ้านใต้หัวตาราง", "add rows of villages below the header"),
    "villages.column_twice": ("เหลือคอลัมน์เดียวที่มีความหมายนี้", "keep one column of this meaning"),
    "villages.column_unread": (
        "ไม่ต้องทำอะไร คอลัมน์นี้ไม่ถูกอ่าน หรือเพิ่มชื่อคอลัมน์ในข้อกำหนด",
        "nothing to do: this column is not read; or list its heading in the specification",
    ),
    "villages.number_name": (
        "แก้หมายเลขหรือชื่อตัวชี้วัดให้ตรงกับข้อกำหนด หรือใช้ข้อกำหนดของตนด้วย --spec",
        "make number and name of the indicator agree with the specification, or use one of your own with --spec",
    ),
    "villages.by_number": (
        "ตรวจว่าหมายเลขในไฟล์ตรงกับข้อกำหนด ซึ่งยังไม่ได้ตรวจกับคู่มือ แล้วใช้ --spec ที่ตรวจแล้ว",
        "see that the numbers of the file are those of the specification, which nobody checked against a manual; a checked one "
        "goes in with --spec",
    ),
    "villages.number_dotted": (
        "ใช้ชื่อตัวชี้วัดเป็นหัวคอลัมน์ หรือเพิ่มหัวคอลัมน์นี้ในข้อกำหนด เลขข้อย่อยเช่น 1.1 ไม่ใช่หมายเลขตัวชี้วัด",
        "head the column by the indicator's name, or list this heading in the specification: a number such as 1.1 is that of a "
        "question, not of an indicator",
    ),
    "villages.personal": (
        "ลบคอลัมน์และค่าที่ระบุตัวบุคคล",
        "take out whatever names a person",
    ),
    "villages.garbled": (
        "ขอไฟล์ใหม่เป็น CSV UTF-8 ชื่อไทยในไฟล์นี้ถูกแปลงรหัสอักษรผิด",
        "ask for the file again as CSV UTF-8; its Thai names went through a wrong encoding",
    ),
    "villages.encoding": ("บันทึกไฟล์ใหม่เป็น UTF-8 และแนบ .cpg", "save the layer again in UTF-8 with its .cpg"),
    "villages.crs": (
        "แปลงเป็น EPSG:4326 หรือ UTM 47N/48N",
        "reproject to EPSG:4326 or UTM 47N/48N",
    ),
    "villages.shape": ("ส่งรูปแบบจุด", "send points"),
    "villages.year": ("ระบุปี พ.ศ. ด้วย --year-be", "give the Buddhist year with --year-be"),
    "villages.year_differs": (
        "ให้ปีในไฟล์ตรงกับ --year-be และส่งทีละปี",
        "make the year in the file agree with --year-be, one year a file",
    ),
    "villages.mixed_eras": ("ใช้ พ.ศ. หรือ ค.ศ. อย่างเดียวทั้งคอลัมน์", "use one era in the whole column"),
    "villages.spec": (
        "ระบุข้อกำหนดที่มีรายการตัวชี้วัดของปีนี้ด้วย --spec",
        "name a specification that lists the indicators of this year with --spec",
    ),
    "villages.no_rule": (
        "เพิ่มเกณฑ์ [indicator.rule] ในข้อกำหนดของตน หรือส่งไฟล์คะแนน 1 2 3",
        "put [indicator.rule] into a specification of your own, or send a file of scores 1, 2, 3",
    ),
    "villages.untrusted": (
        "ตรวจว่าเป็นตารางหมู่บ้านชนิดที่ตั้งใจส่ง แถวส่วนใหญ่อ่านไม่ได้ ดูเหตุผลรายแถว",
        "see that this is the table you meant to send: most of its rows cannot be read, for the reasons told row by row",
    ),
    "villages.unknown_villages": (
        "นำเข้าชื่อหมู่บ้านที่มีรหัสทางการก่อน เพราะรหัสในไฟล์นี้ไม่ใช่รหัสทางการ จึงต้องหาจากชื่อ",
        "import names of villages with official codes first: the codes of this file are not official, so they are found by name",
    ),
    "villages.code_not_official": (
        "ไม่ต้องทำอะไร รหัสในคอลัมน์นี้ไม่ใช่รหัสหมู่บ้านของกรมการปกครอง จึงหาหมู่บ้านจากตำแหน่งและชื่อ",
        "nothing to do: these are not the register's village codes, so villages are found by position and name",
    ),
    "villages.no_polygons": (
        "นำเข้าขอบเขตตำบลก่อน จะจับคู่ได้แน่นอนกว่า",
        "import boundaries of subdistricts first: villages are found more surely then",
    ),
    "villages.row_code": (
        "แก้รหัสเป็น 8 หลัก (จังหวัด อำเภอ ตำบล หมู่ที่) แถวนี้ไม่ถูกรับ",
        "write the code with 8 digits (province, district, subdistrict, moo); this row was left out",
    ),
    "villages.row_area": (
        "แก้รหัสให้อยู่ในตำบลที่มีในทะเบียน แถวนี้ไม่ถูกรับ",
        "correct the code to a subdistrict of the register; this row was left out",
    ),
    "villages.row_number": (
        "ใส่หมู่ที่ 1-99 แถวนี้ไม่ถูกรับ",
        "give a moo of 1 to 99; this row was left out",
    ),
    "villages.row_name": ("ใส่ชื่อหมู่บ้าน แถวนี้ไม่ถูกรับ", "give the village's name; this row was left out"),
    "villages.row_part": (
        "ไม่ต้องทำอะไร ใช้จุดของกลุ่มบ้านแรกแทนหมู่บ้าน แถวนี้เป็นกลุ่มบ้านอื่นของหมู่บ้านเดียวกัน",
        "nothing to do: the village's first cluster stands for it, and this row is another cluster of it",
    ),
    "villages.row_twice": (
        "เหลือหมู่บ้านละหนึ่งแถว แถวแรกถูกใช้ แถวนี้ไม่ถูกรับ",
        "keep one row a village; the first was taken and this one left out",
    ),
    "villages.row_score": (
        "ใช้คะแนน 1 2 3 หรือเครื่องหมายว่าไม่เกี่ยวข้องตามข้อกำหนด แถวนี้ไม่ถูกรับ",
        "write 1, 2, 3, or the specification's sign for not applicable; this row was left out",
    ),
    "villages.row_answer": (
        "ใส่คำตอบเป็นตัวเลข แถวนี้ไม่ถูกรับ",
        "write the answer as a number; this row was left out",
    ),
    "villages.row_position": (
        "แก้พิกัดเป็นองศา (ลองจิจูด ละติจูด) ในพื้นที่ของหมู่บ้าน จุดนี้ไม่ถูกรับ",
        "correct the coordinates: degrees (longitude, latitude) inside the village's own area; this point was left out",
    ),
    "villages.row_unmatched": (
        "ไม่พบหมู่บ้านชื่อนี้ในตำบลที่จุดตั้งอยู่หรือที่ไฟล์ระบุ ใส่รหัสทางการ 8 หลัก จุดนี้ไม่ถูกรับ",
        "no village of this name is known in the subdistrict the point lies in or the file names; give the official code; "
        "this point was left out",
    ),
    "villages.row_ambiguous": (
        "มีหลายหมู่บ้านหรือหลายจุดชื่อนี้ในตำบลเดียวกัน ใส่รหัสทางการ 8 หลัก จุดนี้ไม่ถูกรับ",
        "several villages or points of the subdistrict bear this name; give the official code; this point was left out",
    ),
    "villages.name_differs": ("ตรวจชื่อพื้นที่ ใช้รหัสเป็นหลัก", "check the name; the code was followed"),
    "villages.repeated_point": (
        "ตรวจพิกัดที่ซ้ำกับแถวก่อนหน้า ความมั่นใจถูกลดลง",
        "check coordinates that stand in an earlier row too; how sure they are was lowered",
    ),
    "villages.outside_own": (
        "ตรวจพิกัด จุดอยู่ในจังหวัดแต่ห่างจากตำบลของรหัสเกิน 3 กม. ความมั่นใจถูกลดลง",
        "check the coordinates: the point lies in the province but over 3 km from the subdistrict of its code, so it is less sure",
    ),
}  # fmt: skip


@dataclass(slots=True)
class Table:
    """One file below its header."""

    file: str
    sha256: str
    size: int
    header_row: int
    names: list[str]
    columns: list[list[str]]
    rows: list[int]
    shapes: tuple[list[str], list[str]] | None = None
    roles: dict[str, int] = field(default_factory=dict)
    indicators: dict[int, SpecIndicator] = field(default_factory=dict)

    def cell(self, role: str, at: int) -> str:
        place = self.roles.get(role)
        return "" if place is None else self.columns[place][at]

    def heading(self, role: str) -> str | None:
        place = self.roles.get(role)
        return None if place is None else self.names[place]


@dataclass(slots=True)
class Taken:
    """What the rows of all files come to."""

    names: dict[str, str] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    points: list[dict[str, Any]] = field(default_factory=list)
    scores: list[pd.DataFrame] = field(default_factory=list)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)


note = noting(MENDS)


def note_file(
    report: ImportReport,
    table: Table,
    code: str,
    found: str,
    expected: str,
    *,
    column: str | None = None,
    severity: Severity = "reject",
) -> None:
    """A finding on a file as a whole or on one of its columns."""
    note(report, code, table.file, found, expected, row=table.header_row, column=column, severity=severity)


def note_row(
    report: ImportReport, table: Table, at: int, code: str, found: str, expected: str, role: str
) -> None:
    """A finding on one row, which is left out or has something to be looked at; the others stand."""
    column = table.heading(role)
    note(report, code, table.file, found, expected, row=table.rows[at], column=column, severity="warn")


def _is_note(table: Table, at: int) -> bool:
    """Whether a row is a footnote, a total or empty, and no village."""
    said = [column[at] for column in table.columns if column[at].strip()]
    if table.shapes is not None:
        return False
    return not said or (len(said) == 1 and bool(_NOTE.match(said[0].strip()))) or is_total(said[0])


def name_of(table: Table, at: int) -> str:
    return clean_name(INVISIBLE.sub("", table.cell("name", at)))[:120]


def keep_rows(table: Table, report: ImportReport) -> list[int]:
    kept = [at for at in range(len(table.rows)) if not _is_note(table, at)]
    report.repairs["note_rows"] += len(table.rows) - len(kept)
    report.rows_read += len(kept)
    if len(kept) < len(table.rows):
        table.rows = [table.rows[at] for at in kept]
        table.columns = [[column[at] for at in kept] for column in table.columns]
    garbled = next((at for at in range(len(kept)) if is_garbled(table.cell("name", at))), None)
    if garbled is not None:
        note(
            report,
            "villages.garbled",
            table.file,
            table.cell("name", garbled),
            "ก-ฮ",
            row=table.rows[garbled],
            column=table.heading("name"),
        )
    return kept


def keep_once(table: Table, codes: list[str | None], report: ImportReport) -> None:
    """Keep the first row of each village."""
    seen: dict[str, int] = {}
    for at, code in enumerate(codes):
        if code is None:
            continue
        if code in seen:
            codes[at] = None
            note(
                report,
                "villages.row_twice",
                table.file,
                code,
                f"x 1 ({table.rows[seen[code]]})",
                row=table.rows[at],
                column=table.heading("code") or table.heading("moo"),
                severity="warn",
            )
        seen.setdefault(code, at)


def trust(table: Table, taken: int, report: ImportReport) -> None:
    rows = len(table.rows)
    report.rows_accepted += taken
    report.rows_rejected += rows - taken
    if not taken or (rows >= _FEW and taken < TRUSTED * rows):
        shown = f"{taken:,} / {rows:,}"
        note_file(report, table, "villages.untrusted", shown, f">= {TRUSTED:.0%}")


def add_source(
    taken: Taken, table: Table, source: str, title: str, th: str, en: str, year: int | None
) -> str:
    taken.used[table.file] = source
    taken.sources[source] = {
        "source_id": source,
        "kind": "user",
        "publisher": title,
        "title_th": f"{th}: {title}",
        "title_en": f"{en}: {title}",
        "url": None,
        "licence": "not stated in the file",
        "year": year,
        "retrieved": None,
        # Places and their scores, no counts of persons: there is nothing to hide in them.
        "cells": "published",
        "priority": PRIORITY,
    }
    return source


def source_id(kind: str, title: str) -> str:
    return f"villages-{kind}-" + hashlib.sha256(plain_name(title).encode()).hexdigest()[:12]
