"""Tables and maps of villages: names, points, and the scores of กชช.2ค.

What a file is shows in its columns: indicators of a specification make it a table of scores, coordinates or shapes a list of
points, else codes and names a list of names. A row that cannot be read costs that row and is told with its number; a file most
of whose rows cannot be read is refused. Villages whose codes are not those of the official register are found by name, inside
the subdistrict they lie in, among the villages the snapshot knows.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely

from analytics.village_specs import (
    NOT_APPLICABLE,
    SCORES,
    Spec,
    SpecIndicator,
    catalogue_entries,
    headings,
    spec_of_year,
)
from analytics.villages import matrix, tally
from geo.boundaries import BoundaryError, VectorTable, embedded_provinces, repair_text_columns
from geo.codes import (
    INVISIBLE,
    THAI_DIGITS,
    CodeError,
    CodeReading,
    clean_name,
    official_areas,
    plain_name,
    read_code,
    read_code_parts,
    read_name,
    village_name,
)
from geo.coordinates import Land, Position, Zones, locate
from warehouse.batch import (
    AREA,
    SOURCE,
    SOURCE_FILE,
    VILLAGE_POINT,
    VILLAGE_SCORE,
    Batch,
    import_id,
)
from warehouse.intake import Intake, Job, Result
from warehouse.intake.text import ROW, join_header
from warehouse.report import Check, Finding, ImportReport, Severity
from warehouse.schemas.cells import is_garbled, is_total, mixed_eras, read_number, read_year
from warehouse.sources.persons import is_identity, names_persons
from warehouse.sources.tpmap import unlisted_area, village_area

Progress = Callable[[int, int, str], None]
Mode = Literal["scores", "raw"]
PRIORITY: Final = 20

_TABLES: Final = frozenset({".csv", ".txt", ".tsv"})
_BOOKS: Final = frozenset({".xlsx", ".xls", ".ods", ".xlsb", ".xlsm"})
_MAPS: Final = frozenset({".zip", ".shp", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet"})
_SEARCHED_ROWS: Final = 30
_HEADER_ROWS: Final = 3
#: A table of which a larger part cannot be read is another kind of table.
TRUSTED: Final = 0.5
#: Below this many rows the part says nothing.
_FEW: Final = 10

SURE: Final[Mapping[str, float]] = {
    "code": 1.0,  # an official code, and the point lies in that subdistrict
    "code_province": 0.9,  # an official code; only the province could be looked at
    "code_off": 0.5,  # an official code, and the point lies in the province but outside that subdistrict
    "position": 0.9,  # the one village of that name in the subdistrict the point lies in, which the file names too
    "position_alone": 0.7,  # the same, and the file names another subdistrict or none
    "name": 0.6,  # the one village of that name in the subdistrict the file names, at its edge
    "name_alone": 0.4,  # the same, without polygons of subdistricts to look at
}
"""Grades of how sure a point is of its village: an order of ours, and no probability."""

SHARED_POSITION: Final = 0.5
"""Factor where another row of the file has the very same coordinates."""

_NAME_WORDS: Final = "(?:name|names|th|thai|t|tn)?"
_ROLES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        ("province_code", "(?:province|changwat|prov|prv|pv)(?:code|id)|chwpart|รหัสจังหวัด|cc"),
        ("district_code", "(?:district|amphoe|amphur|ampur|amp|ap)(?:code|id)|amppart|รหัส(?:อำเภอ|เขต)|aa"),
        ("subdistrict_code", "(?:subdistrict|tambon|tambol|tumbon|tam|adm)(?:code|id)|tmbpart|รหัส(?:ตำบล|แขวง)|tt"),
        (
            "code",
            "(?:village|vill|vil|mooban|muban|ban|bansupport|area|dopa)?(?:code|id|codes|ids)|vcode|ccaattmm|รหัส(?:หมู่บ้าน|พื้นที่|ชุมชน)?",
        ),
        ("moo", "moo(?:no|part|number)?|(?:village|vill)(?:no|number)|mm|หมู่(?:ที่)?|ม"),
        (
            "name",
            f"(?:village|mooban|muban){_NAME_WORDS}|(?:vill|vil|ban)(?:name|n|t|tn)|name(?:th|t|thai)?"
            "|(?:ชื่อ)?(?:หมู่บ้าน|บ้าน|ชุมชน)|ชื่อ",
        ),
        ("name_subdistrict", f"(?:subdistrict|tambon|tambol|tumbon|tam){_NAME_WORDS}|(?:ชื่อ)?(?:ตำบล|แขวง|ตำบลแขวง)"),
        ("name_district", f"(?:district|amphoe|amphur|ampoe|ampur|amp){_NAME_WORDS}|(?:ชื่อ)?(?:อำเภอ|เขต|อำเภอเขต)"),
        ("name_province", f"(?:province|changwat|prov|prv){_NAME_WORDS}|(?:ชื่อ)?จังหวัด"),
        ("latitude", "lat(?:itude)?|y|northing|ycoord|ละติจูด|ละติจุด|เส้นรุ้ง|พิกัดy"),
        ("longitude", "lon(?:g|gitude)?|lng|x|easting|xcoord|ลองจิจูด|ลองติจูด|ลองจิจุด|เส้นแวง|พิกัดx"),
        ("year", "(?:survey)?year(?:be|ce|ad)?|(?:ปี)?(?:พศ|คศ)|ปี(?:ที่)?(?:สำรวจ|ข้อมูล|จัดเก็บ)?"),
        ("level", "(?:village)?level|ระดับ(?:การพัฒนา)?(?:ของ)?(?:หมู่บ้าน)?|อันดับ(?:ที่)?"),
    )
)  # fmt: skip
_ORDER: Final = ("province", "district", "subdistrict")
_NUMBERED: Final = re.compile(
    r"(?P<word>ตัวชี้วัด(?:ที่)?|ตชว|ข้อ(?:ที่)?|indicator|ind|kpi|q|i)?0*(?P<number>[1-9][0-9]{0,2})(?P<rest>\D.*)?"
)
#: A number with another behind its sign, such as 1.1 or Q1_1: of a question inside an indicator, and no indicator's number.
_DOTTED: Final = re.compile(
    r"(?:ตัวชี้วัด(?:ที่)?|ตชว|ข้อ(?:ที่)?|indicator|ind|kpi|q|i)?[^0-9ก-๙a-z]*[0-9]+(?:[^0-9ก-๙a-z]+[0-9]+)+(?P<rest>\D.*)?"
)
_NOTE: Final = re.compile(r"^(?:หมายเหตุ|ที่มา|แหล่งที่มา|note|source|remark|\*)", re.IGNORECASE)
_MISSING: Final = frozenset(
    {"", "-", "–", "—", "--", "na", "n/a", "na.", "null", "none", "nan", "..", "...", "ไม่มีข้อมูล", "ไม่ตอบ"}
)
#: Headings under which persons stand. Telephones and births are not among them: กชช.2ค asks for lines and newborns.
_PERSONAL: Final = re.compile(
    "นามสกุล|ชื่อสกุล|firstname|lastname|surname|fullname|personname|เลขบัตร|เลขประจำตัว|บัตรประชาชน|citizen|nationalid|idcard"
    "|^cid$|^pid$|^สกุล"
)
_BAN: Final = re.compile(r"^(?:หมู่บ้าน|บ้าน|บ\.|ชุมชน)")
_MOO: Final = re.compile(r"(?:หมู่(?:ที่|บ้าน)?|ม\.)\s*[0-9]+.*$")
_SIGNS: Final = re.compile(r"[\s\-_.,()ฯ0-9]")
#: Projections that Thai offices use.
_PROJECTIONS: Final = frozenset({4326, 32647, 32648, 24047, 24048, 3857})

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
class _Table:
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
class _Taken:
    """What the rows of all files come to."""

    names: dict[str, str] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    points: list[dict[str, Any]] = field(default_factory=list)
    scores: list[pd.DataFrame] = field(default_factory=list)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)


def read_villages(
    paths: Sequence[Path],
    intake: Intake,
    *,
    year_be: int | None = None,
    spec: Spec | None = None,
    specs: Mapping[str, Spec],
    mode: Mode = "scores",
    known: Mapping[str, str] | None = None,
    boundaries: Mapping[str, gpd.GeoDataFrame] | None = None,
    title: str | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Read files of villages.

    Parameters
    ----------
    paths : sequence of Path
        Tables, dBASE files, zips, shapefiles, GeoPackages, GeoJSON, GeoParquet.
    intake : Intake
        Opens the files.
    year_be : int, optional
        Buddhist year of the scores, where the file has no column of years.
    spec : Spec, optional
        What scores are read by; else the one of `specs` whose years hold the year.
    specs : mapping of str to Spec
    mode : "scores" or "raw"
        Whether indicator columns hold scores, or answers that the rules of the specification make scores of. Answers are not
        kept.
    known : mapping of str to str, optional
        Code to Thai name of the villages of the snapshot.
    boundaries : mapping of level to GeoDataFrame, optional
        Published boundaries, ``code`` and ``geometry`` in EPSG:4326; the embedded provinces where there are none.
    title : str, optional
        What the source is called; else the file's name.
    progress : callable, optional
        Called as ``progress(done, total, text)``.

    Returns
    -------
    Batch
        ``areas`` (villages and what they lie in), ``village_points``, ``village_scores`` and ``village_specs``. Empty when
        ``batch.report.refused``.
    """
    report = ImportReport(kind="villages")
    tables = _read(paths, intake, report, progress)
    options = {"year_be": year_be, "title": title, "mode": mode if mode != "scores" else None}
    if spec is not None:
        options["spec"] = hashlib.sha256(spec.entry.encode()).hexdigest()
    identity = import_id(
        "villages", {k: v for k, v in options.items() if v is not None}, [t.sha256 for t in tables]
    )
    land = _land(boundaries)
    taken = _Taken()
    used: dict[str, Spec] = {}
    for table in tables:
        _give_roles(table, report)
        # Silent for now: a year matters, and is refused with its reason, only where there are scores.
        told = _year(table, year_be, ImportReport(kind="villages"))
        chosen = spec or (spec_of_year(specs, told + 543) if told is not None else None)
        _understand(table, chosen, specs, year_be, report)
        if report.refused:
            continue
        if table.indicators:
            year = _year(table, year_be, report)
            if year is None or chosen is None:
                continue
            used[chosen.id] = chosen
            _take_scores(table, chosen, year, mode, land, taken, report, title)
        elif table.shapes is not None or {"latitude", "longitude"} <= set(table.roles):
            _take_points(table, land, known or {}, taken, report, title)
        else:
            _take_names(table, taken, report, title)
    _finish(report, taken, list(used.values()), known or {})
    report.repairs = Counter({key: n for key, n in report.repairs.items() if n})
    if report.refused:
        return Batch("villages", identity, report)
    _schemas(taken)
    scores = pd.concat(taken.scores, ignore_index=True) if taken.scores else None
    return Batch(
        kind="villages",
        import_id=identity,
        report=report,
        areas=_areas(taken, known or {}),
        sources=pa.Table.from_pylist(list(taken.sources.values()), schema=SOURCE),
        files=pa.Table.from_pylist(
            [
                {
                    "source_id": taken.used[t.file],
                    "file_name": t.file,
                    "sha256": t.sha256,
                    "bytes": t.size,
                    "rows": len(t.rows),
                }
                for t in tables
            ],
            schema=SOURCE_FILE,
        ),
        village_points=pa.Table.from_pylist(taken.points, schema=VILLAGE_POINT),
        village_scores=(
            VILLAGE_SCORE.empty_table()
            if scores is None
            else pa.Table.from_pandas(scores, schema=VILLAGE_SCORE, preserve_index=False)
        ),
        village_specs={key: one.entry for key, one in used.items()},
        indicators=[entry for one in used.values() for entry in catalogue_entries(one)],
    )


# ------------------------------------------------------------------------------------------------------------
# From a file to columns


def _note(
    report: ImportReport,
    code: str,
    file: str,
    found: str,
    expected: str,
    *,
    row: int | None = None,
    column: str | None = None,
    severity: Severity = "reject",
) -> None:
    th, en = MENDS[code]
    report.add(Finding(severity, code, file, row, column, found[:80] or '""', expected, th, en))


def _file(
    report: ImportReport,
    table: _Table,
    code: str,
    found: str,
    expected: str,
    *,
    column: str | None = None,
    severity: Severity = "reject",
) -> None:
    """A finding on a file as a whole or on one of its columns."""
    _note(report, code, table.file, found, expected, row=table.header_row, column=column, severity=severity)


def _row(
    report: ImportReport, table: _Table, at: int, code: str, found: str, expected: str, role: str
) -> None:
    """A finding on one row, which is left out or has something to be looked at; the others stand."""
    column = table.heading(role)
    _note(report, code, table.file, found, expected, row=table.rows[at], column=column, severity="warn")


def _key(text: str) -> str:
    """A heading as it is compared: lower case, Arabic digits, no spaces and signs."""
    plain = clean_name(text).translate(THAI_DIGITS).casefold()
    return re.sub(r"[\s_\-–—.,:;/\\()\[\]*'\"]+", "", plain)


def _shown(text: str) -> str:
    """A heading in lower case and Arabic digits, its signs kept."""
    return re.sub(r"\s+", " ", clean_name(text).translate(THAI_DIGITS).casefold()).strip()


def _role(heading: str) -> str | None:
    key = _key(heading)
    return next((role for role, pattern in _ROLES if pattern.fullmatch(key)), None) if key else None


def _read(
    paths: Sequence[Path], intake: Intake, report: ImportReport, progress: Progress | None
) -> list[_Table]:
    jobs = []
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in _TABLES:
            jobs.append(Job("csv", path, {"header": False}))
        elif suffix in _BOOKS:
            jobs.append(Job("sheet", path, {"header": False}))
        elif suffix == ".dbf":
            jobs.append(Job("dbf", path))
        elif suffix in _MAPS:
            jobs.append(Job("vector", path))
        else:
            _note(
                report,
                "villages.unknown_file",
                path.name,
                path.suffix or "-",
                ".csv, .xlsx, .dbf, .zip, .gpkg ...",
            )
    if not jobs and not report.refused:
        _note(report, "villages.nothing", "-", "0", "1")
    tables = []
    for done, result in enumerate(intake.read(jobs), 1):
        if result.table is None and result.job.path.suffix.lower() == ".zip" and _only_dbf(result):
            [result] = intake.read([Job("dbf", result.job.path)])
        report.files += 1
        for found in result.findings:
            report.add(found)
        if result.table is not None:
            table = (
                _shaped(result, report)
                if result.job.kind in ("vector", "dbf")
                else _below_header(result, report)
            )
            if table is not None:
                tables.append(table)
        if progress is not None:
            progress(done, len(jobs), result.job.path.name)
    return tables


def _only_dbf(result: Result) -> bool:
    """Whether a zip was turned away for holding a table and no shapes."""
    return any(f.code == "vector.kind" and ".dbf" in f.found for f in result.findings)


def _shaped(result: Result, report: ImportReport) -> _Table | None:
    """A layer or dBASE table: its headings are its columns' names."""
    assert result.table is not None
    file, table, facts = result.job.path.name, result.table, result.facts
    shapes = table.column("geometry") if "geometry" in table.column_names else None
    rows = table.column(ROW).to_pylist() if ROW in table.column_names else list(range(2, table.num_rows + 2))
    fields = table.drop_columns([n for n in ("geometry", ROW) if n in table.column_names])
    encoding = facts.get("encoding")
    try:
        told = VectorTable(fields, pa.nulls(table.num_rows), facts.get("crs"), file, encoding=encoding)
        told, encoding = repair_text_columns(told)
    except BoundaryError as error:
        found = error.faults[0].found if error.faults else "-"
        _note(report, "villages.encoding", file, found, "utf-8 / cp874")
        return None
    report.repairs[f"encoding_{encoding}"] += facts.get("encoding") is None
    for repair, many in told.repairs.items():
        report.repairs[repair] += many
    xy = None
    if shapes is not None:
        xy = _coordinates(shapes, facts.get("crs"), file, report)
        if xy is None:
            return None
    columns = [[text or "" for text in told.columns.column(n).to_pylist()] for n in told.columns.column_names]
    names = list(told.columns.column_names)
    made = _Table(file, str(facts["sha256"]), int(facts["size"]), 1, names, columns, rows, xy)
    lines = list(zip(*columns, strict=True))
    return None if _refuse_persons(file, names, lines, rows, 1, report) else made


def _coordinates(
    shapes: pa.ChunkedArray, crs: str | None, file: str, report: ImportReport
) -> tuple[list[str], list[str]] | None:
    """Degrees of every point as text, as a table would have them."""
    points = shapely.from_wkb(shapes.to_numpy(zero_copy_only=False), on_invalid="ignore")
    empty = shapely.is_missing(points) | shapely.is_empty(points)
    kinds = shapely.get_type_id(points)
    if not (empty | (kinds == 0)).all():
        other = str(points[~empty & (kinds != 0)][0].geom_type)
        _note(report, "villages.shape", file, other, "Point")
        return None
    x, y = shapely.get_x(points), shapely.get_y(points)
    if crs is not None:
        try:
            epsg = 4326 if crs == "OGC:CRS84" else pyproj.CRS.from_user_input(crs).to_epsg(min_confidence=60)
        except pyproj.exceptions.CRSError:
            epsg = None
        if epsg not in _PROJECTIONS:
            _note(report, "villages.crs", file, str(crs)[:60], "EPSG:4326, 32647, 32648, 24047, 24048, 3857")
            return None
        if epsg != 4326:
            x, y = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True).transform(x, y)
            report.repairs["projected"] += int((~empty).sum())
    return [
        ["" if gone or not np.isfinite(v) else f"{v:.8f}" for gone, v in zip(empty, values, strict=True)]
        for values in (x, y)
    ]  # type: ignore[return-value]


def _below_header(result: Result, report: ImportReport) -> _Table | None:
    """Find the header among title rows and lay out what stands below it."""
    assert result.table is not None
    file, table, facts = result.job.path.name, result.table, result.facts
    encoding = str(facts.get("encoding", "utf-8"))
    report.repairs[f"encoding_{encoding}"] += encoding not in ("utf-8", "utf-8-sig")
    wide = [[text or "" for text in table.column(n).to_pylist()] for n in table.column_names if n != ROW]
    lines = [list(line) for line in zip(*wide, strict=True)]
    rows: list[int] = table.column(ROW).to_pylist()
    place = _find_header(lines)
    if place is None:
        shown = " | ".join(text for text in (lines[0] if lines else [])[:8] if text)
        _note(
            report,
            "villages.header",
            file,
            shown,
            "village_code | village_name",
            row=rows[0] if rows else None,
        )
        return None
    start, deep = place
    names = join_header(lines[start : start + deep])
    header_row = rows[start + deep - 1]
    body, places = lines[start + deep :], rows[start + deep :]
    report.repairs["title_rows"] += start
    report.repairs["header_rows_joined"] += deep - 1
    if _refuse_persons(file, names, body, places, header_row, report):
        return None
    if not body:
        _note(report, "villages.nothing_below", file, "0", ">= 1", row=header_row)
        return None
    # A comma in a name that nobody quoted spills over into columns without a heading.
    last = max(at for at, name in enumerate(names) if name)
    if _role(names[last]) == "name":
        for line in body:
            if any(line[last + 1 :]):
                line[last] = ",".join(line[last:]).rstrip(",")
                report.repairs["unquoted_comma"] += 1
    kept = [at for at, name in enumerate(names) if name]
    return _Table(
        file,
        str(facts["sha256"]),
        int(facts["size"]),
        header_row,
        [names[at] for at in kept],
        [[line[at] for line in body] for at in kept],
        places,
    )


def _find_header(lines: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """First row of the header and its depth: group labels may stand above the names they belong to."""
    for start in range(min(_SEARCHED_ROWS, len(lines))):
        if sum(bool(text.strip()) for text in lines[start]) < 2:
            continue  # a title
        for deep in range(1, _HEADER_ROWS + 1):
            if start + deep > len(lines) or not _is_header(join_header(lines[start : start + deep])):
                continue
            while deep < _HEADER_ROWS and start + deep < len(lines) and _continues(lines, start, deep):
                deep += 1
            return start, deep
    return None


def _is_header(names: Sequence[str]) -> bool:
    roles = {_role(name) for name in names} - {None}
    placed = "code" in roles or {"moo", "name_subdistrict"} <= roles or {"moo", "subdistrict_code"} <= roles
    return (placed and sum(bool(name) for name in names) >= 2) or {"name", "latitude", "longitude"} <= roles


def _continues(lines: Sequence[Sequence[str]], start: int, deep: int) -> bool:
    """Whether the next row is part of the header: no cell of a village's columns, and words only."""
    names = join_header(lines[start : start + deep])
    area = [at for at, name in enumerate(names) if _role(name) in ("code", "moo", "name", "subdistrict_code")]
    line = lines[start + deep]
    said = [text for text in line if text.strip()]
    return bool(said) and not any(line[at].strip() for at in area)


def _refuse_persons(
    file: str,
    names: Sequence[str],
    lines: Sequence[Sequence[str]],
    rows: Sequence[int],
    header_row: int,
    report: ImportReport,
) -> bool:
    found = False
    for name in names:
        if _PERSONAL.search(_key(name)):
            found = True
            _note(report, "villages.personal", file, name, "village_code, score", row=header_row, column=name)
    for at, name in enumerate(names):
        cells = [line[at] if at < len(line) else "" for line in lines]
        first = next((n for n, text in enumerate(cells) if len(text) >= 13 and is_identity(text)), None)
        named = not (_role(name) or "").startswith("name") and names_persons(cells) == "title + name"
        if first is not None or named:
            found = True
            what = "title + name" if first is None else "13 digits"
            row = header_row if first is None else rows[first]
            column = name or f"#{at + 1}"
            _note(report, "villages.personal", file, what, "village_code, score", row=row, column=column)
    return found


# ------------------------------------------------------------------------------------------------------------
# From columns to what they mean


def _give_roles(table: _Table, report: ImportReport) -> None:
    """Say of each column what of a village it tells; refuse two that tell the same."""
    for at, name in enumerate(table.names):
        role = _role(name)
        if role is None:
            continue
        if role not in table.roles:
            table.roles[role] = at
        elif role in ("code", "latitude", "longitude", "moo"):
            shown = f"{table.names[table.roles[role]]}, {name}"
            _file(report, table, "villages.column_twice", shown, f"{role} x 1", column=name)
    _settle_codes(table, report)


def _understand(
    table: _Table, spec: Spec | None, specs: Mapping[str, Spec], year_be: int | None, report: ImportReport
) -> None:
    """Find the columns of indicators, and tell those that are not read."""
    free = [at for at, name in enumerate(table.names) if _role(name) is None]
    found = _indicators(table, free, spec, report) if spec is not None else {}
    if not found:
        for other in specs.values():
            # Without a year no specification is chosen; that there are scores shows all the same.
            if spec is None and (told := _indicators(table, free, other, ImportReport(kind="villages"))):
                if "year" in table.roles and _year(table, year_be, report) is None:
                    return
                _file(
                    report,
                    table,
                    "villages.year",
                    ", ".join(table.names[at] for at in list(told)[:3]),
                    "--year-be",
                )
                return
            if (
                spec is not None
                and not spec.indicators
                and _indicators(table, free, other, ImportReport(kind="villages"))
            ):
                _file(report, table, "villages.spec", f"{spec.id}: 0", ">= 1")
                return
    table.indicators = found
    for at in free:
        if at not in found and any(text.strip() for text in table.columns[at]):
            _file(
                report,
                table,
                "villages.column_unread",
                table.names[at],
                "-",
                column=table.names[at],
                severity="warn",
            )


def _indicators(
    table: _Table, free: Sequence[int], spec: Spec, report: ImportReport
) -> dict[int, SpecIndicator]:
    by_name = {heading: i for i in spec.indicators for heading in headings(i)}
    by_number = {i.number: i for i in spec.indicators if i.number is not None}
    listed = {_shown(heading): i for i in spec.indicators for heading in i.columns}
    found: dict[int, SpecIndicator] = {}
    numbered: list[int] = []
    dotted: list[int] = []
    for at in free:
        label = table.names[at].rpartition(" / ")[2]
        inside = _DOTTED.fullmatch(_shown(label))
        if inside is not None:
            # Without its signs 1.1 would be 11.
            named = listed.get(_shown(label)) or by_name.get(plain_name(inside["rest"] or ""))
            if named is None:
                dotted.append(at)
            elif named not in found.values():
                found[at] = named
            else:
                _file(
                    report,
                    table,
                    "villages.column_twice",
                    label,
                    f"{named.name_th} x 1",
                    column=table.names[at],
                )
            continue
        named = by_name.get(plain_name(label)) or by_name.get(_key(label))
        match = _NUMBERED.fullmatch(_key(label))
        if match is not None:
            rest = re.sub("^(?:คะแนน|score)|(?:คะแนน|score)$", "", match["rest"] or "")
            theirs = by_name.get(plain_name(rest)) if rest else None
            of_number = by_number.get(int(match["number"]))
            if named is None and theirs is not None:
                named = theirs
            if theirs is not None and of_number is not None and theirs is not of_number:
                _file(
                    report,
                    table,
                    "villages.number_name",
                    label,
                    f"{theirs.number} {theirs.name_th}",
                    column=table.names[at],
                )
            if named is None and not rest and of_number is not None:
                named = of_number
                numbered.append(at)
        if named is None:
            continue
        if named in found.values():
            _file(
                report, table, "villages.column_twice", label, f"{named.name_th} x 1", column=table.names[at]
            )
        found[at] = named
    if dotted:
        shown = ", ".join(table.names[at] for at in dotted[:6])
        first = table.names[dotted[0]]
        # A table of nothing else is one of scores all the same, and must not pass for a list of names.
        severity: Severity = "warn" if found or len(dotted) < 3 else "reject"
        _file(report, table, "villages.number_dotted", shown, "1, 2, 3 ...", column=first, severity=severity)
    if numbered and len(numbered) == len(found) and len(found) < 3:
        return {}  # a column called 1 may be anything
    unchecked = [at for at in numbered if not found[at].verified]
    if unchecked:
        _file(
            report,
            table,
            "villages.by_number",
            ", ".join(table.names[at] for at in unchecked[:6]),
            f"{spec.id}: verified = true",
            column=table.names[unchecked[0]],
            severity="warn",
        )
    return found


def _year(table: _Table, year_be: int | None, report: ImportReport) -> int | None:
    texts = (
        {t.strip() for t in table.columns[table.roles["year"]] if t.strip()}
        if "year" in table.roles
        else set()
    )
    column = table.heading("year")
    if mixed_eras(texts):
        _note(
            report,
            "villages.mixed_eras",
            table.file,
            ", ".join(sorted(texts)[:4]),
            "2558, 2558",
            column=column,
        )
        return None
    told = {read_year(text).ce for text in texts}
    if None in told or len(told) > 1 or (told and year_be is not None and told != {year_be - 543}):
        shown = ", ".join(sorted(texts)[:4])
        expected = f"--year-be {year_be}" if year_be is not None else "2558"
        _file(report, table, "villages.year_differs", shown, expected, column=column)
        return None
    if told:
        return told.pop()
    if year_be is None:
        _file(report, table, "villages.year", "-", "--year-be")
        return None
    return year_be - 543


# ------------------------------------------------------------------------------------------------------------
# Codes


def village_code(text: str) -> CodeReading:
    """Code of a village from one cell: 8 digits, 10 with TPMAP's suffix, or 9 of the legacy form.

    Raises
    ------
    CodeError
        When it is no code of a village of a known subdistrict, or its number is 00.

    Examples
    --------
    >>> village_code('="55050607"').code, village_code("550506007").repairs
    ('55050607', ('legacy_9',))
    """
    plain = clean_name(text).translate(THAI_DIGITS)
    extra: tuple[str, ...] = ()
    digits = re.sub(r'^=?"?|"$|\.0+$', "", plain)
    if re.fullmatch(r"[0-9]{9}", digits):
        # The legacy form writes the number with three digits; none is above 99.
        if digits[6] != "0":
            raise CodeError(text, "8 digits (village)")
        text, extra = digits[:6] + digits[7:], ("legacy_9",)
    reading = read_code(text, "village")
    return CodeReading(reading.code, (*reading.repairs, *extra))


def _codes(table: _Table, report: ImportReport) -> list[str | None]:
    """Code of the village of each row; None where the row is left out, which is told."""
    found: list[str | None] = []
    for at in range(len(table.rows)):
        code = _code(table, at, report)
        found.append(code)
    return found


def _settle_codes(table: _Table, report: ImportReport) -> None:
    """Take columns of codes that cannot be those of the register for what they are: numbers of the sender's own."""
    for roles, lengths, sample in (
        (("code",), (8, 9, 10), "55050607"),
        (("subdistrict_code", "district_code", "province_code"), (1, 2, 6), "550506"),
    ):
        place = table.roles.get(roles[0])
        if place is None:
            continue
        said = [t for t in table.columns[place] if t.strip()]
        digits = [re.sub(r"\D", "", re.sub(r"\.0+$", "", t.translate(THAI_DIGITS))) for t in said]
        if said and sum(len(d) in lengths for d in digits) <= len(said) / 2:
            name = table.names[place]
            _file(report, table, "villages.code_not_official", said[0], sample, column=name, severity="warn")
            for role in roles:
                table.roles.pop(role, None)


def _code(table: _Table, at: int, report: ImportReport) -> str | None:
    row = table.rows[at]

    def left_out(code: str, found: str, expected: str, role: str) -> None:
        column = table.heading(role) or table.heading("name") or table.names[0]
        _note(report, code, table.file, found, expected, row=row, column=column, severity="warn")

    text = table.cell("code", at)
    if text.strip():
        try:
            reading = village_code(text)
        except CodeError as error:
            kind = "villages.row_area" if "known" in error.expected else "villages.row_code"
            left_out(kind, text, error.expected, "code")
            return None
    else:
        parent = _subdistrict(table, at)
        moo = read_number(table.cell("moo", at)).value
        if parent is None:
            shown = text or " | ".join(
                table.cell(f"name_{level}", at) or table.cell(f"{level}_code", at) for level in _ORDER
            )
            left_out("villages.row_area", shown, "7436 subdistricts", "name_subdistrict")
            return None
        if moo is None or not 1 <= moo <= 99 or moo != int(moo):
            left_out("villages.row_number", table.cell("moo", at), "1-99", "moo")
            return None
        reading = CodeReading(f"{parent}{int(moo):02d}", ("joined_parts",))
    if reading.code[6:] == "00":
        left_out("villages.row_number", reading.code, "01-99", "code")
        return None
    for repair in reading.repairs:
        report.repairs[f"code_{repair}"] += 1
    _compare_names(table, at, reading.code, report)
    return reading.code


def _subdistrict(table: _Table, at: int) -> str | None:
    """Code of the subdistrict a row names, by split codes or by names."""
    parts = [table.cell(f"{level}_code", at) for level in _ORDER]
    if parts[2].strip():
        try:
            whole = not parts[0].strip()
            code = read_code(parts[2], "subdistrict").code if whole else read_code_parts(*parts).code
        except CodeError:
            return None
        return code if len(code) == 6 else None
    within: str | None = None
    for level in _ORDER:
        name = table.cell(f"name_{level}", at)
        if name.strip():
            within = _name_code(name, level, within)
            if within is None:
                return None
    return within if within is not None and len(within) == 6 else None


_names_read: dict[tuple[str, str, str | None], str | None] = {}


def _name_code(name: str, level: str, within: str | None) -> str | None:
    # Thousands of rows repeat a few thousand names.
    key = (name, level, within)
    if key not in _names_read:
        if len(_names_read) > 50_000:
            _names_read.clear()
        _names_read[key] = read_name(name, level, within).code
    return _names_read[key]


def _compare_names(table: _Table, at: int, code: str, report: ImportReport) -> None:
    given = table.cell("name_subdistrict", at)
    area = official_areas().get(code[:6])
    if (
        not given.strip()
        or area is None
        or plain_name(given) in (plain_name(area.name_th), plain_name(area.name_en))
    ):
        return
    _row(
        report,
        table,
        at,
        "villages.name_differs",
        f"{code} {given}",
        f"{area.name_th} / {area.name_en}",
        "name_subdistrict",
    )


def _is_note(table: _Table, at: int) -> bool:
    """Whether a row is a footnote, a total or empty, and no village."""
    said = [column[at] for column in table.columns if column[at].strip()]
    if table.shapes is not None:
        return False
    return not said or (len(said) == 1 and bool(_NOTE.match(said[0].strip()))) or is_total(said[0])


def _name(table: _Table, at: int) -> str:
    return clean_name(INVISIBLE.sub("", table.cell("name", at)))[:120]


def _rows(table: _Table, report: ImportReport) -> list[int]:
    kept = [at for at in range(len(table.rows)) if not _is_note(table, at)]
    report.repairs["note_rows"] += len(table.rows) - len(kept)
    report.rows_read += len(kept)
    if len(kept) < len(table.rows):
        table.rows = [table.rows[at] for at in kept]
        table.columns = [[column[at] for at in kept] for column in table.columns]
    garbled = next((at for at in range(len(kept)) if is_garbled(table.cell("name", at))), None)
    if garbled is not None:
        _note(
            report,
            "villages.garbled",
            table.file,
            table.cell("name", garbled),
            "ก-ฮ",
            row=table.rows[garbled],
            column=table.heading("name"),
        )
    return kept


def _once(table: _Table, codes: list[str | None], report: ImportReport) -> None:
    """Keep the first row of each village."""
    seen: dict[str, int] = {}
    for at, code in enumerate(codes):
        if code is None:
            continue
        if code in seen:
            codes[at] = None
            _note(
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


def _trust(table: _Table, taken: int, report: ImportReport) -> None:
    rows = len(table.rows)
    report.rows_accepted += taken
    report.rows_rejected += rows - taken
    if not taken or (rows >= _FEW and taken < TRUSTED * rows):
        shown = f"{taken:,} / {rows:,}"
        _file(report, table, "villages.untrusted", shown, f">= {TRUSTED:.0%}")


def _source(taken: _Taken, table: _Table, source: str, title: str, th: str, en: str, year: int | None) -> str:
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


def _source_id(kind: str, title: str) -> str:
    return f"villages-{kind}-" + hashlib.sha256(plain_name(title).encode()).hexdigest()[:12]


# ------------------------------------------------------------------------------------------------------------
# Names


def _take_names(table: _Table, taken: _Taken, report: ImportReport, title: str | None) -> None:
    if "name" not in table.roles:
        shown = " | ".join(table.names[:8])
        _file(report, table, "villages.header", shown, "village_name")
        return
    _rows(table, report)
    codes = _codes(table, report)
    for at, code in enumerate(codes):
        if code is not None and not _name(table, at):
            codes[at] = None
            _row(report, table, at, "villages.row_name", '""', "บ้าน...", "name")
    _once(table, codes, report)
    for at, code in enumerate(codes):
        if code is not None:
            taken.names[code] = _name(table, at)
            taken.listed.add(code)
    called = title or Path(table.file).stem
    _source(taken, table, _source_id("names", called), called, "ชื่อหมู่บ้าน", "Names of villages", None)
    _trust(table, sum(code is not None for code in codes), report)


# ------------------------------------------------------------------------------------------------------------
# Points


def _land(boundaries: Mapping[str, gpd.GeoDataFrame] | None) -> _Country:
    frames = dict(boundaries or {})
    frames.setdefault("province", embedded_provinces())
    return _Country(Land(frames), Zones(frames.get("subdistrict")))


@dataclass(frozen=True, slots=True)
class _Country:
    """Where points lie: any area to look into, and the subdistricts there are polygons of."""

    land: Land
    subdistricts: Zones


def _take_points(
    table: _Table,
    country: _Country,
    known: Mapping[str, str],
    taken: _Taken,
    report: ImportReport,
    title: str | None,
) -> None:
    _rows(table, report)
    x, y = table.shapes or (table.columns[table.roles["longitude"]], table.columns[table.roles["latitude"]])
    official = "code" in table.roles or "moo" in table.roles
    called = title or Path(table.file).stem
    source = _source(
        taken, table, _source_id("points", called), called, "จุดหมู่บ้าน", "Points of villages", None
    )
    seen: Counter[tuple[str, str]] = Counter(zip(x, y, strict=True))
    repeated = sum(n - 1 for (a, b), n in seen.items() if a and b)
    if official:
        made = _by_code(table, x, y, country, taken, report)
    else:
        made = _by_name(table, x, y, country, {**known, **taken.names}, report)
    if repeated:
        report.facts["repeated_points"] = report.facts.get("repeated_points", 0) + repeated
    for point in made:
        at = point.pop("at")
        if seen[(x[at], y[at])] > 1:
            point["confidence"] = round(point["confidence"] * SHARED_POSITION, 3)
            _row(report, table, at, "villages.repeated_point", f"{x[at]}, {y[at]}", "x 1", "latitude")
        taken.points.append({**point, "source_id": source})
    report.facts["points_in_file"] = report.facts.get("points_in_file", 0) + len(table.rows)
    if official or not made:
        _trust(table, len(made), report)
    else:
        # Names that are not found are no fault of the file.
        report.rows_accepted += len(made)
        report.rows_rejected += len(table.rows) - len(made)


def _place_fault(table: _Table, at: int, found: str, fault: str, report: ImportReport) -> None:
    _row(report, table, at, "villages.row_position", f"{found} ({fault})", "97.2-105.8, 5.5-20.6", "latitude")


def _by_code(
    table: _Table,
    x: Sequence[str],
    y: Sequence[str],
    country: _Country,
    taken: _Taken,
    report: ImportReport,
) -> list[dict[str, Any]]:
    codes = _codes(table, report)
    parts = [
        re.sub(r"\D", "", table.cell("code", at).translate(THAI_DIGITS)) for at in range(len(table.rows))
    ]
    positions = locate(x, y, codes, country.land)
    for at, position in enumerate(positions):
        if codes[at] is not None and position.fault is not None:
            codes[at] = None
            _place_fault(table, at, f"{x[at]}, {y[at]}", position.fault, report)
    # Of the clusters of a village (ten digits) the first is the village itself.
    order = sorted(
        range(len(codes)), key=lambda at: (codes[at] or "", parts[at][8:] if len(parts[at]) == 10 else "", at)
    )
    first: dict[str, int] = {}
    for at in order:
        code = codes[at]
        if code is None:
            continue
        if code in first and len(parts[at]) == 10:
            _row(report, table, at, "villages.row_part", parts[at], f"{code}01", "code")
            codes[at] = None
        first.setdefault(code, at)
    _once(table, codes, report)
    made = []
    for at, code in enumerate(codes):
        if code is None:
            continue
        position = positions[at]
        for repair in position.repairs:
            report.repairs[f"position_{repair}"] += 1
        how = _how(table, at, code, position, f"{x[at]}, {y[at]}", country, report)
        name = _name(table, at)
        if name:
            taken.names.setdefault(code, name)
        else:
            taken.names.setdefault(code, "")
        made.append(
            {
                "at": at,
                "code": code,
                "name_th": name or village_name(code),
                "longitude": position.longitude,
                "latitude": position.latitude,
                "how": "code",
                "confidence": SURE[how],
            }
        )
    return made


def _how(
    table: _Table, at: int, code: str, position: Position, shown: str, country: _Country, report: ImportReport
) -> str:
    """How sure the point of a coded village is: a key of `SURE`; one outside its own subdistrict is told."""
    if code[:6] not in country.subdistricts.codes:
        return "code_province"
    if country.land.near(position.longitude, position.latitude, code[:6]):
        return "code"
    _row(report, table, at, "villages.outside_own", f"{code} {shown}", f"<= 3 km {code[:6]}", "latitude")
    return "code_off"


def village_key(name: str) -> str:
    """A village's name as it is compared: without บ้าน, its number and signs.

    Examples
    --------
    >>> village_key("บ้านหนองสะแก หมู่ที่ 3") == village_key("หนองสะแก")
    True
    """
    bare = _MOO.sub("", _BAN.sub("", clean_name(name).translate(THAI_DIGITS)))
    return _SIGNS.sub("", bare)


def _by_name(
    table: _Table,
    x: Sequence[str],
    y: Sequence[str],
    country: _Country,
    known: Mapping[str, str],
    report: ImportReport,
) -> list[dict[str, Any]]:
    """Find each point's village by its name, in the subdistrict the point lies in, else in the one the file names."""
    if not any(name and name != village_name(code) for code, name in known.items()):
        _file(report, table, "villages.unknown_villages", "0", ">= 1")
        return []
    if not country.subdistricts.codes:
        _file(report, table, "villages.no_polygons", "0", "7,425", severity="warn")
    there: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, name in known.items():
        if key := village_key(name):
            there[(code[:6], key)].append(code)
    named = [_subdistrict(table, at) for at in range(len(table.rows))]
    positions = locate(x, y, [None] * len(x), country.land)
    good = [at for at, position in enumerate(positions) if position.fault is None]
    inside: list[str | None] = [None] * len(x)
    lies = country.subdistricts.lying(
        [positions[at].longitude for at in good], [positions[at].latitude for at in good]
    )
    for at, lying in zip(good, lies, strict=True):
        inside[at] = lying
    keys = [village_key(_name(table, at)) for at in range(len(table.rows))]
    found: list[tuple[str, str] | None] = [None] * len(x)
    reasons: Counter[str] = Counter()
    for at in range(len(x)):
        position = positions[at]
        if position.fault is not None:
            _place_fault(table, at, f"{x[at]}, {y[at]}", position.fault, report)
            reasons["position"] += 1
            continue
        own, said = inside[at], named[at]
        here = there.get((own, keys[at]), []) if own is not None else []
        if here:
            how = "position" if said == own else "position_alone"
        elif said is not None and country.land.near(position.longitude, position.latitude, said):
            here, how = (
                there.get((said, keys[at]), []),
                "name" if said in country.subdistricts.codes else "name_alone",
            )
        if len(here) == 1:
            found[at] = (here[0], how)
            continue
        reason = "ambiguous" if here else "unmatched"
        reasons[reason] += 1
        _miss(table, at, reason, own or said or "-", report)
    shared = Counter(pair[0] for pair in found if pair is not None)
    made = []
    for at, pair in enumerate(found):
        if pair is None:
            continue
        code, how = pair
        if shared[code] > 1:
            # Which of the points of that name is the village, nothing tells.
            reasons["ambiguous"] += 1
            _miss(table, at, "ambiguous", code[:6], report)
            continue
        made.append(
            {
                "at": at,
                "code": code,
                "name_th": _name(table, at),
                "longitude": positions[at].longitude,
                "latitude": positions[at].latitude,
                "how": how.partition("_")[0],
                "confidence": SURE[how],
            }
        )
    report.facts["left_out"] = dict(sorted(reasons.items()))
    return made


def _miss(table: _Table, at: int, reason: str, where: str, report: ImportReport) -> None:
    _row(report, table, at, f"villages.row_{reason}", f"{_name(table, at)} ({where})", "x 1", "name")


# ------------------------------------------------------------------------------------------------------------
# Scores


def _take_scores(
    table: _Table,
    spec: Spec,
    year: int,
    mode: Mode,
    country: _Country,
    taken: _Taken,
    report: ImportReport,
    title: str | None,
) -> None:
    columns = table.indicators
    if mode == "raw":
        without = [i for i in columns.values() if i.rule is None]
        if len(without) == len(columns):
            shown = ", ".join(i.name_th for i in without[:4])
            _file(report, table, "villages.no_rule", shown, "[indicator.rule]")
            return
        for at in [at for at, i in columns.items() if i.rule is None]:
            heading = table.names[at]
            del columns[at]
            _note(
                report, "villages.column_unread", table.file, heading, "[indicator.rule]", row=table.header_row,
                column=heading, severity="warn",
            )  # fmt: skip
    _rows(table, report)
    codes = _codes(table, report)
    skipped = {_key_cell(text) for text in spec.not_applicable}
    laid = np.full((len(table.rows), len(columns)), -1, dtype=np.int8)
    for place, (at, indicator) in enumerate(columns.items()):
        read = {text: _score(text, indicator, mode, skipped) for text in set(table.columns[at])}
        for row, text in enumerate(table.columns[at]):
            score = read[text]
            if score is None and codes[row] is not None:
                codes[row] = None
                code, expected = (
                    ("villages.row_score", "1, 2, 3")
                    if mode == "scores"
                    else ("villages.row_answer", "0, 1, 2.5 ...")
                )
                _note(
                    report,
                    code,
                    table.file,
                    text,
                    expected,
                    row=table.rows[row],
                    column=table.names[at],
                    severity="warn",
                )
            elif score is not None:
                laid[row, place] = score
    _once(table, codes, report)
    source = f"nrd-{spec.id}-{year + 543}"
    called = title or "กชช.2ค"
    checked = ("", "") if spec.verified else (" (ข้อกำหนดยังไม่ได้ตรวจ)", " (specification not verified)")
    _source(taken, table, source, called, spec.name_th + checked[0], spec.name_en + checked[1], year)
    kept = np.array([at for at, code in enumerate(codes) if code is not None], dtype=np.intp)
    for at in kept.tolist():
        code = codes[at]
        assert code is not None
        taken.names.setdefault(code, _name(table, at))
        if not taken.names[code]:
            taken.names[code] = _name(table, at)
    _trust(table, len(kept), report)
    ids = np.array([i.id for i in columns.values()])
    rows, places = np.nonzero(laid[kept] >= 0)
    villages = np.array([codes[at] for at in kept.tolist()], dtype=object)
    frame = pd.DataFrame(
        {
            "code": villages[rows],
            "spec": spec.id,
            "indicator": ids[places],
            "year": year,
            "score": laid[kept][rows, places],
            "source_id": source,
        }
    )
    report.facts["missing_scores"] = report.facts.get("missing_scores", 0) + int((laid[kept] < 0).sum())
    report.facts["not_applicable"] = report.facts.get("not_applicable", 0) + int(
        (laid[kept] == NOT_APPLICABLE).sum()
    )
    taken.scores.append(frame)
    _check_levels(table, spec, frame, dict(zip(kept.tolist(), villages.tolist(), strict=True)), report)
    if table.shapes is not None or {"latitude", "longitude"} <= set(table.roles):
        x, y = table.shapes or (
            table.columns[table.roles["longitude"]],
            table.columns[table.roles["latitude"]],
        )
        seen: Counter[tuple[str, str]] = Counter(zip(x, y, strict=True))
        for at, position in enumerate(locate(x, y, codes, country.land)):
            own = codes[at]
            if own is None or position.fault == "missing":
                continue
            if position.fault is not None:
                _place_fault(table, at, f"{x[at]}, {y[at]}", position.fault, report)
                continue
            for repair in position.repairs:
                report.repairs[f"position_{repair}"] += 1
            shown = f"{x[at]}, {y[at]}"
            sure = SURE[_how(table, at, own, position, shown, country, report)]
            if seen[(x[at], y[at])] > 1:
                sure = round(sure * SHARED_POSITION, 3)
                _row(report, table, at, "villages.repeated_point", shown, "x 1", "latitude")
            taken.points.append(
                {
                    "code": own,
                    "name_th": taken.names[own] or village_name(own),
                    "longitude": position.longitude,
                    "latitude": position.latitude,
                    "how": "code",
                    "confidence": sure,
                    "source_id": source,
                }
            )


def _key_cell(text: str) -> str:
    return re.sub(r"\s", "", clean_name(text)).casefold()


def _score(text: str, indicator: SpecIndicator, mode: Mode, skipped: set[str]) -> int | None:
    """Score of a cell, 0 where it does not apply, -1 where there is none; None where it cannot be read."""
    key = _key_cell(text)
    if key in skipped:
        return NOT_APPLICABLE
    if key in _MISSING:
        return -1
    value = read_number(text, percent=mode == "raw").value
    if value is None:
        return None
    if mode == "raw":
        assert indicator.rule is not None
        return indicator.rule.score(value)
    return int(value) if value in SCORES else None


def _check_levels(
    table: _Table, spec: Spec, frame: pd.DataFrame, codes: Mapping[int, str], report: ImportReport
) -> None:
    """Where the file says the level of a village itself, tell how often the specification's cuts give the same."""
    if "level" not in table.roles or frame.empty:
        return
    ours = tally(spec, matrix(spec, frame)).set_index("code")["level"]
    compared = same = 0
    for at, code in codes.items():
        said = re.search("[123]", table.cell("level", at).translate(THAI_DIGITS))
        worked = ours.get(code, np.nan)
        if said is not None and not np.isnan(worked):
            compared += 1
            same += int(said[0]) == int(worked)
    if compared:
        report.checks.append(
            Check(
                "villages.level",
                "ระดับในไฟล์ตรงกับระดับตามเกณฑ์ของข้อกำหนด",
                "the file's own level is the one that the specification's cuts give",
                compared,
                compared - same,
            )
        )


# ------------------------------------------------------------------------------------------------------------
# Together


def _finish(report: ImportReport, taken: _Taken, specs: Sequence[Spec], known: Mapping[str, str]) -> None:
    # A point may be known by two files of one import; the surer one stays.
    best: dict[str, dict[str, Any]] = {}
    for point in taken.points:
        if point["code"] not in best or point["confidence"] > best[point["code"]]["confidence"]:
            best[point["code"]] = point
    taken.points = [best[code] for code in sorted(best)]
    if len(taken.scores) > 1:
        both = pd.concat(taken.scores)
        twice = both[both.duplicated(["code", "spec", "indicator", "year"])]
        if len(twice):
            _note(report, "villages.row_twice", "-", str(twice["code"].iloc[0]), "x 1")
    report.facts |= {
        "villages": len({*taken.names, *best}),
        "named": sum(bool(name) for name in taken.names.values()),
        "points": len(best),
        "points_by_how": dict(sorted(Counter(p["how"] for p in best.values()).items())),
        "scores": sum(map(len, taken.scores)),
        "new_villages": len([code for code in taken.names if code not in known]),
    }
    if specs:
        report.facts["spec"] = {
            "id": ", ".join(spec.id for spec in specs),
            "verified": all(spec.verified for spec in specs),
            "unverified_indicators": sum(spec.unverified for spec in specs),
            "cuts_verified": all(spec.cuts_verified for spec in specs),
        }


def _schemas(taken: _Taken) -> None:
    """What is handed over keeps its schema; a fault here is one of this module, not of the file."""
    from warehouse.schemas.check import violations
    from warehouse.schemas.villages import NAMES, POINTS_SCHEMA, SCORES_SCHEMA

    names = pd.DataFrame(
        {"code": list(taken.names), "name_th": [n or "-" for n in taken.names.values()]}, dtype="str"
    )
    points = pd.DataFrame(taken.points)
    broken = violations(NAMES, names) + (violations(POINTS_SCHEMA, points) if len(points) else [])
    for scores in taken.scores:
        broken += violations(SCORES_SCHEMA, scores.astype({"score": int}))
    if broken:
        raise AssertionError(f"villages: rows that break their schema got through, such as {broken[0]}")


def _areas(taken: _Taken, known: Mapping[str, str]) -> pa.Table:
    """Villages that came in, and the subdistricts of theirs that no official list has."""
    rows: dict[str, dict[str, str | None]] = {}
    for code in {*taken.names, *(str(p["code"]) for p in taken.points)}:
        name = taken.names.get(code, "")
        # A list of points or scores calls villages as it likes; names come from lists of names, and from it where there is none.
        if code in known and code not in taken.listed:
            continue
        rows[code] = village_area(code, name)
        if code[:6] not in official_areas():
            rows.setdefault(code[:6], unlisted_area(code[:6]))
    ordered = [rows[code] for code in sorted(rows)]
    return pa.table({name: [row[name] for row in ordered] for name in AREA.names}, schema=AREA)
