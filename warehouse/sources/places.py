"""Tables of public services: hospitals, schools, offices, as agencies and people send them, one row a place.

CSV, workbooks, GeoJSON, shapefiles, GeoPackages and KML. What the columns mean is known, guessed or told
(`warehouse.sources.places_layout`); where a row lies is proved or the row is left out with its reason (`geo.coordinates`). A bad
row costs that row; a file most of whose rows are bad, or that names persons, is refused whole.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely

from analytics.services import KINDS, UNKNOWN, grade_of
from geo.boundaries import embedded_provinces
from geo.codes import (
    INVISIBLE,
    THAI_DIGITS,
    CodeError,
    abolished_areas,
    clean_name,
    official_areas,
    plain_name,
    read_code,
    read_code_parts,
    read_name,
)
from geo.coordinates import EDGE_KM, Land, Position, locate
from warehouse.batch import PLACE, SOURCE, SOURCE_FILE, Batch, import_id
from warehouse.intake import Intake, Job
from warehouse.intake.text import ROW, join_header
from warehouse.report import Check, ImportReport, noting
from warehouse.schemas.cells import FAULTS, is_garbled, is_total, numbers, read_year
from warehouse.sources.persons import PERSON, is_identity
from warehouse.sources.places_layout import (
    PERSON_HEADING,
    ROLES,
    ColumnMapping,
    MappingError,
    capacity_unit,
    guess,
    heading_key,
    read_mapping,
    usable,
)

Progress = Callable[[int, int, str], None]
PRIORITY: Final = 20
MOST: Final = 0.5
"""Share of rows that may be left out; above it the file as a whole is not trusted."""

COARSE_EDGE_KM: Final = 12.0
"""The outlines that ship are generalised: district offices lie up to 10.5 km off those of their own province."""

_READERS: Final = {
    **dict.fromkeys((".csv", ".txt", ".tsv"), "csv"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), "sheet"),
    **dict.fromkeys((".geojson", ".json", ".zip", ".shp", ".gpkg", ".parquet", ".geoparquet"), "vector"),
    ".kml": "kml",
}
_SEARCHED_ROWS: Final = 30
_GEOMETRY: Final = "geometry"
# Columns made of a layer's own geometry; a file cannot have a heading with a NUL.
_X, _Y = "\x00x", "\x00y"
_CRS: Final = frozenset({4326, 32647, 32648, 24047, 24048, 3857})
_NOTHING: Final = frozenset({"null", "-", "–", "none", "n/a", "na", "nan", "."})
_AS_TEXT: Final = re.compile(r'^=\s*"([^"]*)"$')
_CLOSED: Final = re.compile(
    "(?<!เ)ปิด(?!วัน(?:จันทร์|อังคาร|พุธ|พฤหัส|ศุกร์|เสาร์|อาทิตย์|หยุด))|ยกเลิก|เลิกกิจการ|closed|inactive|cancel",
    re.IGNORECASE,
)
_STILL_OPEN: Final = re.compile(r"^\s*(?:เปิด|ยังเปิด|ใช้งาน|ดำเนินการ|ปกติ|open|active|operat)", re.IGNORECASE)
_NOT_SO: Final = re.compile(
    r"ไม่(?:เคย|ได้|ถูก|มีการ|\s)*(?:ปิด|ยกเลิก|เลิกกิจการ)|\b(?:not|never|un)\s*-?(?:yet\s+|been\s+)*(?:closed|inactive|cancel\w*)",
    re.IGNORECASE,
)
_NOTE: Final = re.compile(r"^(?:หมายเหตุ|ที่มา|แหล่งที่มา|note|source|remark|\*)", re.IGNORECASE)
_KIND_WORDS: Final = (
    ("health", re.compile("โรงพยาบาล|รพ\\.|สถานีอนามัย|คลินิก|บริการสาธารณสุข|hospital|clinic|health", re.IGNORECASE)),
    ("school", re.compile("โรงเรียน|รร\\.|วิทยา|อนุบาล|สถานศึกษา|school|college|academy", re.IGNORECASE)),
    ("office", re.compile("สำนักงาน|ที่ว่าการ|ศาลากลาง|เทศบาล|อบต|อบจ|องค์การบริหาร|office|municipality", re.IGNORECASE)),
)  # fmt: skip
_PERSONAL_COLUMN: Final = re.compile(
    "นามสกุล|ชื่อสกุล|surname|lastname|firstname|fullname|personname|เลขบัตร|เลขประจำตัวประชาชน|บัตรประชาชน|citizen|nationalid|idcard"
    "|วันเกิด|birthdate|dateofbirth|^dob$|^cid$|^pid$|^สกุล|หัวหน้าครัวเรือน|householdhead|ครัวเรือนที่|รหัสบ้าน|houseid"
)
_MANY: Final = 0.2
"""Share of a column's cells that look like identity numbers, above which they are: one in ten numbers passes for one by chance."""

MENDS: Final[Mapping[str, tuple[str, str]]] = {
    "places.nothing": ("ระบุไฟล์ของสถานที่", "name a file of places"),
    "places.unknown_file": (
        "ส่งเป็น .csv, .xlsx, .geojson, .zip (shapefile), .gpkg หรือ .kml ทีละไฟล์",
        "send .csv, .xlsx, .geojson, .zip (shapefile), .gpkg or .kml files, not a folder",
    ),
    "places.header": (
        "ต้องมีคอลัมน์ชื่อหรือรหัสสถานที่ และคอลัมน์พิกัดหรือพื้นที่ ถ้าชื่อคอลัมน์ต่างออกไป ระบุด้วย --mapping",
        "needed are a column of names or codes, and columns of coordinates or areas; if they are called otherwise, say so "
        "with --mapping",
    ),
    "places.counts": (
        "ตารางนี้ไม่มีพิกัดของสถานที่ เป็นรายการที่ใช้นับต่อตำบล ใช้ daomap import table กับจำนวนต่อตำบล",
        "these rows have no position and are there to be counted by subdistrict: use daomap import table with the counts",
    ),
    "places.mapping": ("แก้ไฟล์ --mapping", "correct the --mapping file"),
    "places.column_twice": ("ตั้งชื่อคอลัมน์ไม่ให้ซ้ำกัน", "give every column a name of its own"),
    "places.kind": (
        "ระบุประเภทด้วย --kind health, school, office หรือ other",
        "say which kind with --kind health, school, office or other",
    ),
    "places.crs": (
        "บันทึกชั้นข้อมูลใหม่เป็น EPSG:4326 หรือ UTM 47N/48N",
        "save the layer in EPSG:4326 or in UTM 47N or 48N",
    ),
    "places.nothing_below": ("เติมแถวของสถานที่ใต้หัวตาราง", "add rows of places below the header"),
    "places.personal": (
        "ลบคอลัมน์และค่าที่ระบุตัวบุคคล ไฟล์นี้รับเฉพาะสถานที่ของรัฐและบริการ",
        "take out whatever names a person: only public places and services are taken",
    ),
    "places.garbled": (
        "ขอไฟล์ใหม่เป็น CSV UTF-8 ชื่อไทยในไฟล์นี้ถูกแปลงรหัสอักษรผิด",
        "ask for the file again as CSV UTF-8; its Thai names went through a wrong encoding",
    ),
    "places.most_wrong": (
        "แก้ตามข้อสังเกตด้านล่าง แถวส่วนใหญ่ใช้ไม่ได้ จึงไม่เชื่อถือทั้งไฟล์",
        "mend what the warnings below say: most rows cannot be used, so the file as a whole is not trusted",
    ),
    "places.ragged": (
        "แถวนี้ไม่ถูกนำเข้า ใส่จำนวนช่องให้เท่ากับหัวตาราง",
        "this row was left out: give it as many cells as the header",
    ),
    "places.area": (
        "แถวนี้ไม่ถูกนำเข้า แก้รหัสพื้นที่ให้ตรงกับทะเบียนของกรมการปกครอง",
        "this row was left out: correct its area code to that of the official register",
    ),
    "places.nowhere": (
        "แถวนี้ไม่ถูกนำเข้า ใส่พิกัดหรือชื่อจังหวัด",
        "this row was left out: give it coordinates or the name of its province",
    ),
    "places.nameless": (
        "แถวนี้ไม่ถูกนำเข้า ใส่ชื่อหรือรหัสของสถานที่",
        "this row was left out: give the place a name or a code",
    ),
    "places.person": (
        "แถวนี้ไม่ถูกนำเข้า ชื่อเป็นชื่อบุคคล ใส่ชื่อของสถานที่",
        "this row was left out: it is called by the name of a person; give the name of the place",
    ),
    "places.name_unknown": (
        "ตรวจชื่อพื้นที่ ใช้พื้นที่ที่ใหญ่กว่าแทน",
        "check the name of the area; the larger one around it was taken",
    ),
    "places.name_differs": (
        "ตรวจรหัสและชื่อจังหวัด ใช้รหัสเป็นหลัก",
        "check code and name of the province; the code was followed",
    ),
    "places.code_twice": (
        "ตรวจรหัสที่ซ้ำ สถานที่ต่างกันมีรหัสเดียวกัน",
        "check the code: two different places have it",
    ),
    "places.closed_date": ("ตรวจวันที่ ใช้รูปแบบ 31/12/2567", "check the date; write 31/12/2567 or 2024-12-31"),
    "places.grade_unknown": (
        "ระบุระดับใน [grades] ของไฟล์ --mapping",
        "say what these words stand for in [grades] of a --mapping file",
    ),
    "places.no_polygon": (
        "นำเข้าขอบเขตตำบลก่อน (daomap import boundaries)",
        "import boundaries of subdistricts first (daomap import boundaries)",
    ),
    "places.coarse": (
        "ตรวจพิกัดกับเส้นจังหวัดอย่างหยาบที่มากับโปรแกรม นำเข้าขอบเขตจังหวัด (daomap import boundaries) แล้วนำเข้าไฟล์นี้อีกครั้ง",
        "positions were checked against the coarse outlines that ship; import boundaries of provinces, then this "
        "file again",
    ),
    "places.several_points": (
        "แถวนี้ไม่ถูกนำเข้า แยกเป็นจุดละหนึ่งแถว",
        "this row was left out: give every point a row of its own",
    ),
    "places.not_a_number": (
        "แถวนี้ไม่ถูกนำเข้า แก้พิกัดเป็นองศาทศนิยม เช่น 13.7563",
        "this row was left out: write the coordinate in decimal degrees, such as 13.7563",
    ),
    "places.zero": (
        "แถวนี้ไม่ถูกนำเข้า พิกัดเป็นศูนย์ ใส่พิกัดจริงหรือเว้นว่าง",
        "this row was left out: a coordinate is zero; give the true one or leave both empty",
    ),
    "places.same": (
        "แถวนี้ไม่ถูกนำเข้า ละติจูดเท่ากับลองจิจูด ใส่พิกัดจริง",
        "this row was left out: latitude equals longitude; give the true position",
    ),
    "places.outside": (
        "แถวนี้ไม่ถูกนำเข้า พิกัดอยู่นอกประเทศไทย",
        "this row was left out: its position lies outside Thailand",
    ),
    "places.swapped_unproved": (
        "แถวนี้ไม่ถูกนำเข้า ละติจูดและลองจิจูดดูเหมือนสลับกัน แต่พิสูจน์ไม่ได้ สลับคอลัมน์ด้วย --mapping หรือเพิ่มคอลัมน์จังหวัด",
        "this row was left out: latitude and longitude look swapped and that cannot be proved; swap the columns with --mapping, or "
        "add a column of provinces",
    ),
    "places.utm_unproved": (
        "แถวนี้ไม่ถูกนำเข้า พิกัดเป็นเมตร (UTM) แต่ไม่รู้โซน เพิ่มคอลัมน์จังหวัด หรือแปลงเป็นองศา",
        "this row was left out: metres (UTM) of an unknown zone; add a column of provinces, or convert to degrees",
    ),
    "places.other_area": (
        "แถวนี้ไม่ถูกนำเข้า พิกัดอยู่ในจังหวัดอื่นที่ไม่ใช่ของแถว แก้พิกัดหรือจังหวัด",
        "this row was left out: its position lies in a province other than its own; correct one of the two",
    ),
    "places.provinces_gone": (
        "ไฟล์นี้มาแทนทุกแห่งที่แหล่งข้อมูลนี้มีอยู่ และไม่มีจังหวัดเหล่านี้ นำเข้าทุกจังหวัดพร้อมกันด้วย --source-title เดียวกัน ตั้งชื่ออื่นด้วย --source-title "
        "หรือใช้ --replace ถ้าต้องการให้หายไป",
        "the file takes the place of all that its source has, and has nothing of these provinces: import the files of all "
        "provinces together under one --source-title, give this one a --source-title of its own, or say --replace if they shall go",
    ),
    "places.fewer": (
        "ตรวจว่าไฟล์ครบ ไฟล์นี้มาแทนทุกแห่งที่แหล่งข้อมูลนี้มีอยู่ และมีน้อยกว่าเดิม",
        "check that the file is whole: it takes the place of all that its source has, and holds fewer",
    ),
    "places.schema": (
        "แถวนี้ไม่ถูกนำเข้า แก้ค่าให้อยู่ในช่วง",
        "this row was left out: correct the value, it lies outside its range",
    ),
    **{f"places.capacity_{fault}": mend for fault, mend in FAULTS.items()},
}  # fmt: skip

_REASONS: Final = frozenset(
    f"places.{reason}"
    for reason in (
        "ragged", "area", "nowhere", "nameless", "person", "several_points", "not_a_number", "zero", "same", "outside",
        "swapped_unproved", "utm_unproved", "other_area", "schema",
    )
)  # fmt: skip
"""Findings that each cost a row."""


@dataclass(slots=True)
class _Table:
    """One file below its header."""

    file: str
    mapping: ColumnMapping
    header_row: int
    columns: dict[str, list[str]]  # by role
    rows: list[int]
    unread: list[str]
    bad: dict[int, str] = field(default_factory=dict)  # position -> reason, known before the cells are read
    spared: int = 0  # rows that are well and not wanted: closed places, repeated rows
    about: dict[str, Any] = field(default_factory=dict)

    def text(self, role: str, at: int) -> str:
        column = self.columns.get(role)
        return column[at] if column is not None else ""

    def heading(self, *roles: str) -> str | None:
        return next(
            (
                name
                for role in roles
                if (name := self.mapping.columns.get(role)) is not None and name not in (_X, _Y)
            ),
            None,
        )


@dataclass(slots=True)
class _Row:
    """One place on its way."""

    table: _Table
    at: int
    own: str | None
    record: dict[str, Any]


def read_places(
    paths: Sequence[Path],
    intake: Intake,
    *,
    kind: str | None = None,
    mapping: Path | ColumnMapping | None = None,
    at_subdistrict: bool = False,
    title: str | None = None,
    boundaries: Mapping[str, gpd.GeoDataFrame] | None = None,
    today: date | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Read tables of places.

    Parameters
    ----------
    paths : sequence of Path
    intake : Intake
        Opens the files.
    kind : str, optional
        One of `analytics.services.KINDS`; else that of the layout or the mapping, else what most names say.
    mapping : Path or ColumnMapping, optional
        What the columns mean, where neither a known layout nor the headings tell.
    at_subdistrict : bool
        Put rows without coordinates at the inner point of their subdistrict, marked approximate.
    title : str, optional
        What the source is called; all files are one source then. Else each file is one, called by its layout or name.
    boundaries : mapping of level to GeoDataFrame, optional
        Published boundaries, to find the area a point lies in; the embedded provinces stand in for those.
    today : date, optional
        Places that closed before are left out.
    progress : callable, optional
        Called as ``progress(done, total, text)``.

    Returns
    -------
    Batch
        ``places``; one source a title and kind. Rows left out are warnings, with ``report.facts["left_out"]`` by reason. Empty when
        ``batch.report.refused``. ``report.facts["mapping"]`` says how each file was read whose columns could be told.
    """
    report = ImportReport(kind="places")
    told = _mapping(mapping, report)
    frames = {"province": embedded_provinces(), **(boundaries or {})}
    jobs = []
    for path in paths:
        reader = None if path.is_dir() else _READERS.get(path.suffix.lower())
        if reader is None:
            _note(
                report,
                "places.unknown_file",
                path.name,
                path.suffix or "-",
                ".csv, .xlsx, .geojson, .zip, .gpkg, .kml",
            )
            continue
        jobs.append(Job(reader, path, {} if reader in ("vector", "kml") else {"header": False}))
    if not jobs and not report.refused:
        _note(report, "places.nothing", "-", "0", ">= 1")
    tables: list[_Table] = []
    for done, result in enumerate(intake.read(jobs), 1):
        report.files += 1
        for found in result.findings:
            report.add(found)
        if result.table is not None:
            table = _opened(
                result.job.kind, result.table, dict(result.facts), result.job.path.name, told, report
            )
            if table is not None:
                table.about = {
                    "file_name": table.file,
                    "sha256": str(result.facts["sha256"]),
                    "bytes": int(result.facts["size"]),
                    "rows": len(table.rows),
                }
                tables.append(table)
        if progress is not None:
            progress(done, len(jobs), result.job.path.name)
    options = {
        "kind": kind,
        "mapping": told.toml() if told is not None else None,
        "at_subdistrict": at_subdistrict or None,
        "title": title,
        "boundaries": _boundaries_id(frames),
    }
    identity = import_id(
        "places", {k: v for k, v in options.items() if v is not None}, [t.about["sha256"] for t in tables]
    )
    report.rows_read = sum(len(table.rows) for table in tables)
    batch = Batch("places", identity, report)
    if report.refused or not tables:
        return batch
    coarse = "province" not in (boundaries or {})
    edge = COARSE_EDGE_KM if coarse else EDGE_KM
    land, finder = Land(frames, edge), _Finder(frames, edge)
    rows: list[_Row] = []
    for table in tables:
        own_kind = kind or table.mapping.kind or _kind_of(table)
        if own_kind is None:
            _note(report, "places.kind", table.file, "-", ", ".join(KINDS), row=table.header_row)
            continue
        rows += _read_rows(table, own_kind, title, land, report, today or date.today())
    _identify(rows, report)
    _put_in_areas(rows, finder, report)
    if at_subdistrict:
        _put_at_inner_points(rows, frames.get("subdistrict"), report)
    rows = _held_to_schema(rows, report)
    if coarse and any(row.record["longitude"] is not None for row in rows):
        off = f"+- {COARSE_EDGE_KM:g} km"
        _note(report, "places.coarse", rows[0].table.file, off, f"+- {EDGE_KM:g} km", severity="warn")
    _judge(tables, rows, report)
    _facts(tables, rows, report)
    if report.rejections:
        return batch
    sources = {row.record["source_id"]: row for row in rows}
    batch.places = pa.Table.from_pylist([row.record for row in rows], schema=PLACE)
    batch.sources = pa.Table.from_pylist([_source(row, title) for row in sources.values()], schema=SOURCE)
    used = {(row.record["source_id"], row.table.file): row.table for row in rows}
    batch.files = pa.Table.from_pylist(
        [{"source_id": source, **table.about} for (source, _), table in used.items()], schema=SOURCE_FILE
    )
    return batch


def meet_held(
    batch: Batch, held: Callable[[str], Mapping[str, int]], *, replace_provinces: bool = False
) -> None:
    """Tell what of a source disappears where a batch takes its place; refuse to lose whole provinces without being told to.

    Parameters
    ----------
    batch : Batch
        Gets the findings, and ``report.facts["disappear"]``: how many places of each province a source loses.
    held : callable
        Places of a source by province, as published.
    replace_provinces : bool
        Somebody said that the provinces shall go.
    """
    arriving: dict[str, Counter[str]] = {}
    for source, area in zip(
        batch.places.column("source_id").to_pylist(),
        batch.places.column("area_code").to_pylist(),
        strict=True,
    ):
        arriving.setdefault(source, Counter())[area[:2]] += 1
    files = dict(
        zip(
            batch.files.column("source_id").to_pylist(),
            batch.files.column("file_name").to_pylist(),
            strict=True,
        )
    )
    fewer: dict[str, dict[str, int]] = {}
    for source, now in arriving.items():
        before = held(source)
        lost = {code: many - now[code] for code, many in before.items() if now[code] < many}
        if not lost:
            continue
        fewer[source] = lost
        gone = [code for code in lost if not now[code]]
        shown = gone or list(lost)
        _note(
            batch.report,
            "places.provinces_gone" if gone else "places.fewer",
            files[source],
            ", ".join(f"{official_areas()[code].name_th} -{lost[code]:,}" for code in shown),
            f"{sum(before.values()):,}",
            severity="reject" if gone and not replace_provinces else "warn",
        )
    if fewer:
        batch.report.facts["disappear"] = fewer


_note = noting(MENDS)


def _mapping(given: Path | ColumnMapping | None, report: ImportReport) -> ColumnMapping | None:
    if not isinstance(given, Path):
        return given
    try:
        return read_mapping(given)
    except MappingError as error:
        _note(report, "places.mapping", given.name, f"{error.key}: {error.found}", error.expected)
        return None


def _boundaries_id(frames: Mapping[str, gpd.GeoDataFrame]) -> str:
    """The same file lies in other areas once finer boundaries are in; then it is another import."""
    digest = hashlib.sha256()
    for level in sorted(frames):
        digest.update(level.encode())
        digest.update("".join(frames[level]["code"].astype(str)).encode())
        digest.update(
            np.ascontiguousarray(frames[level].geometry.bounds.to_numpy(dtype=np.float64)).tobytes()
        )
    return digest.hexdigest()[:16]


# ------------------------------------------------------------------------------------------------------------
# From a file to columns


def _opened(
    reader: str,
    table: pa.Table,
    facts: dict[str, Any],
    file: str,
    told: ColumnMapping | None,
    report: ImportReport,
) -> _Table | None:
    encoding = str(facts.get("encoding") or "utf-8")
    if reader == "vector":
        table, encoding = _layer(table, facts, file, report)
        if table is None:
            return None
    report.repairs[f"encoding_{encoding}"] += encoding not in ("utf-8", "utf-8-sig")
    headings = [name for name in table.column_names if name != ROW]
    rows: list[int] = table.column(ROW).to_pylist()
    raw = [table.column(name).to_pylist() for name in headings]
    if reader in ("vector", "kml"):
        named = dict(zip(headings, raw, strict=True))
        found = _columns(headings, told, file, None, report, geometry=reader == "vector")
        if found is None:
            return None
        return _table(file, found, 0, headings, named, rows, {}, report)
    lines = [list(line) for line in zip(*raw, strict=True)] if raw else []
    place = _find_header(lines, told)
    if place is None:
        first = next((line for line in lines if any(line)), [])
        if guess([cell or "" for cell in first]).layout is None:
            shown = " | ".join(cell for cell in first[:8] if cell)
            _note(
                report,
                "places.header",
                file,
                shown,
                "name | latitude | longitude",
                row=rows[0] if rows else None,
            )
        else:
            _columns([cell or "" for cell in first], told, file, rows[0], report)
        return None
    start, deep = place
    headings = [
        _tidy(name) for name in join_header([[c or "" for c in line] for line in lines[start : start + deep]])
    ]
    width = max(sum(cell is not None for cell in line) for line in lines[start : start + deep])
    report.repairs["title_rows"] += start
    body, numbers_of = lines[start + deep :], rows[start + deep :]
    kept = [at for at, line in enumerate(body) if any(cell and cell.strip() for cell in line)]
    bad = {
        number: "places.ragged"
        for number, at in enumerate(kept)
        if reader == "csv" and sum(cell is not None for cell in body[at]) != width
    }
    cells = {name: [(body[at][place] or "") for at in kept] for place, name in enumerate(headings) if name}
    found = _columns(headings, told, file, rows[start + deep - 1], report)
    if found is None:
        return None
    return _table(
        file, found, rows[start + deep - 1], headings, cells, [numbers_of[at] for at in kept], bad, report
    )


def _find_header(lines: Sequence[Sequence[str | None]], told: ColumnMapping | None) -> tuple[int, int] | None:
    """First row of the header and how many rows it has; above it may stand titles."""
    wanted = {_tidy(name) for name in told.columns.values()} if told is not None else set()
    for start in range(min(_SEARCHED_ROWS, len(lines))):
        if sum(bool(cell and cell.strip()) for cell in lines[start]) < 2:
            continue
        for deep in (1, 2):
            if start + deep > len(lines):
                break
            names = [
                _tidy(n)
                for n in join_header([[c or "" for c in line] for line in lines[start : start + deep]])
            ]
            if wanted:
                if wanted <= set(names):
                    return start, deep
                continue
            guessed = guess(names)
            if usable(guessed.columns) or (guessed.layout is not None and guessed.layout.refused):
                return start, deep
    return None


def _columns(
    headings: Sequence[str],
    told: ColumnMapping | None,
    file: str,
    row: int | None,
    report: ImportReport,
    *,
    geometry: bool = False,
) -> ColumnMapping | None:
    """The mapping of a table, or None with what stands against it."""
    found = guess(headings)
    if found.layout is not None and found.layout.refused and told is None:
        names = ", ".join(h for h in headings if h and h not in (_X, _Y))
        _note(report, "places.counts", file, names, "latitude, longitude", row=row)
        return None
    if told is not None:
        # What the person says, and nothing else; the known layout still knows the words of its grades.
        grades = {**found.grades, **told.grades}
        found = replace(
            found,
            columns={r: told.columns[r] for r in ROLES if r in told.columns},
            grades=grades,
            kind=told.kind or found.kind,
            given=True,
        )
    if geometry:
        columns = {r: name for r, name in found.columns.items() if r not in ("longitude", "latitude")}
        if told is None or not {"longitude", "latitude"} <= set(told.columns):
            columns |= {"longitude": _X, "latitude": _Y}
        else:
            columns |= {r: told.columns[r] for r in ("longitude", "latitude")}
        found = replace(found, columns=columns)
    missing = [name for name in found.columns.values() if name not in headings]
    if missing:
        _note(
            report,
            "places.mapping",
            file,
            missing[0],
            ", ".join(h for h in headings if h and h[0] != "\x00")[:200],
            row=row,
        )
        return None
    if not usable(found.columns):
        shown = " | ".join(h for h in headings[:8] if h and h[0] != "\x00")
        _note(report, "places.header", file, shown, "name | latitude | longitude", row=row)
        return None
    twice = [name for name, many in Counter(headings).items() if many > 1 and name in found.columns.values()]
    if twice:
        _note(report, "places.column_twice", file, twice[0], f"{twice[0]} x 1", row=row, column=twice[0])
        return None
    return found


def _table(
    file: str,
    mapping: ColumnMapping,
    header_row: int,
    headings: Sequence[str],
    cells: Mapping[str, Sequence[str | None]],
    rows: list[int],
    bad: dict[int, str],
    report: ImportReport,
) -> _Table | None:
    """The columns that are read, tidied; None where the file names persons or has no rows."""
    if _names_persons(file, mapping, headings, cells, rows, header_row, report):
        return None
    columns = {role: [_plain(text, report) for text in cells[name]] for role, name in mapping.columns.items()}
    keep, dropped = [], 0
    for at in range(len(rows)):
        said = [text for column in columns.values() if (text := column[at])]
        name = columns["name_th"][at] if "name_th" in columns else ""
        if (len(said) <= 1 and (not said or at in bad or _NOTE.match(said[0]))) or is_total(name):
            dropped += 1
            continue
        keep.append(at)
    report.repairs["note_rows"] += dropped
    if not keep:
        _note(report, "places.nothing_below", file, "0", ">= 1", row=header_row or None)
        return None
    unread = [h for h in headings if h and h not in mapping.columns.values()]
    placed = {at: number for number, at in enumerate(keep)}
    return _Table(
        file,
        mapping,
        header_row,
        {role: [column[at] for at in keep] for role, column in columns.items()},
        [rows[at] for at in keep],
        unread,
        {placed[at]: reason for at, reason in bad.items() if at in placed},
    )


def _tidy(heading: str) -> str:
    return clean_name(INVISIBLE.sub("", heading))


def _plain(text: str | None, report: ImportReport) -> str:
    """A cell without the wrappings of spreadsheets; empty where it says that there is nothing."""
    if not text:
        return ""
    plain = INVISIBLE.sub("", text).strip()
    report.repairs["invisible"] += plain != text.strip()
    if (wrapped := _AS_TEXT.match(plain)) is not None:
        report.repairs["excel_formula"] += 1
        plain = wrapped[1].strip()
    return "" if plain.casefold() in _NOTHING else plain


def _names_persons(
    file: str,
    mapping: ColumnMapping,
    headings: Sequence[str],
    cells: Mapping[str, Sequence[str | None]],
    rows: Sequence[int],
    header_row: int,
    report: ImportReport,
) -> bool:
    """Refuse a file that names persons; what was found is told by its kind, never quoted."""
    before = len(report.rejections)
    for name in headings:
        key = heading_key(name)
        if _PERSONAL_COLUMN.search(key) or PERSON_HEADING.match(key):
            _note(
                report,
                "places.personal",
                file,
                name,
                "name, type, latitude, longitude",
                row=header_row or None,
                column=name,
            )
    read = {
        role: mapping.columns.get(role) for role in ("longitude", "latitude", "name_th", "name_en", "grade")
    }
    for name, column in cells.items():
        if name in (read["longitude"], read["latitude"]):
            continue
        stored = name in (read["name_th"], read["name_en"], read["grade"])
        said = [(row, text.strip()) for row, text in zip(rows, column, strict=True) if text and text.strip()]
        cards = [row for row, text in said if len(text) >= 13 and is_identity(text)]
        people = [row for row, text in said if name == read["name_th"] and _is_person(text)]
        # Of a column that is not read a number or two may be anything; what would be shown may not hold one.
        if cards and (stored or len(cards) >= _MANY * len(said)):
            _note(report, "places.personal", file, "13 digits", "-", row=cards[0], column=name)
        if people and len(people) >= _MANY * len(said):
            _note(report, "places.personal", file, "title + name", "-", row=people[0], column=name)
    return len(report.rejections) > before


def _is_person(text: str) -> bool:
    """Whether a name is that of a person; a clinic may be called after its doctor.

    Examples
    --------
    >>> _is_person("นายสมชาย ใจดี"), _is_person("นายแพทย์สมชาย คลินิก")
    (True, False)
    """
    return PERSON.match(text) is not None and not any(words.search(text) for _, words in _KIND_WORDS)


def _layer(
    table: pa.Table, facts: Mapping[str, Any], file: str, report: ImportReport
) -> tuple[pa.Table | None, str]:
    """A layer with its points as two columns of text, in degrees where it says its projection."""
    texts, encoding = _decoded(table, facts.get("encoding"))
    shapes = shapely.from_wkb(table.column(_GEOMETRY).to_pylist(), on_invalid="ignore")
    kinds = shapely.get_type_id(shapes)
    points = np.full(len(shapes), None, dtype=object)
    single = np.isin(kinds, (4, 5, 6)) & (shapely.get_num_geometries(shapes) == 1)
    area = np.isin(kinds, (3, 6))
    points[kinds == 0] = shapes[kinds == 0]
    points[(kinds == 4) & single] = shapely.get_geometry(shapes[(kinds == 4) & single], 0)
    points[area] = shapely.point_on_surface(shapes[area])
    report.repairs["polygon_to_point"] += int(area.sum())
    x, y = shapely.get_x(points), shapely.get_y(points)
    code = _epsg(facts.get("crs"))
    if code is not None:
        if code not in _CRS:
            _note(report, "places.crs", file, f"EPSG:{code}", ", ".join(f"EPSG:{c}" for c in sorted(_CRS)))
            return None, encoding
        if code != 4326:
            x, y = pyproj.Transformer.from_crs(code, 4326, always_xy=True).transform(x, y)
            report.repairs[f"epsg_{code}"] += len(points)
    # A shape that is no single place is told of its row; an empty one is a row without coordinates.
    other = ~np.isin(kinds, (-1, 0)) & ~area & ~((kinds == 4) & single) & ~shapely.is_empty(shapes)
    odd = [f"\x00{kind}" if wrong else None for kind, wrong in zip(kinds, other, strict=True)]
    for name, values in ((_X, x), (_Y, y)):
        column = [
            wrong if wrong else f"{value:.9f}" if np.isfinite(value) else ""
            for value, wrong in zip(values, odd, strict=True)
        ]
        texts = texts.append_column(name, pa.array(column, pa.string()))
    return texts.append_column(ROW, pa.array(range(1, len(points) + 1), pa.int32())), encoding


def _epsg(crs: object) -> int | None:
    if not crs:
        return None
    try:
        return pyproj.CRS.from_user_input(str(crs)).to_epsg(min_confidence=60) or 0
    except pyproj.exceptions.CRSError:
        return 0


def _decoded(table: pa.Table, encoding: object) -> tuple[pa.Table, str]:
    """Columns of text; where the file names no encoding they hold bytes, one a character: UTF-8, else Windows-874."""
    columns = {name: table.column(name).to_pylist() for name in table.column_names if name != _GEOMETRY}
    if encoding:
        return pa.table({n: pa.array(c, pa.string()) for n, c in columns.items()}), str(encoding)
    for codec in ("utf-8", "cp874"):
        try:
            read = {
                _recoded(name, codec): [None if text is None else _recoded(text, codec) for text in column]
                for name, column in columns.items()
            }
        except UnicodeError:
            continue
        return pa.table({n: pa.array(c, pa.string()) for n, c in read.items()}), codec
    return pa.table({n: pa.array(c, pa.string()) for n, c in columns.items()}), "latin-1"


def _recoded(text: str, codec: str) -> str:
    data = text.encode("latin-1")
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        # A name of this format is cut after so many bytes, in the middle of a letter where need be.
        if codec != "utf-8" or len(data) < 40:
            raise
        return data[:-1].decode(codec) if data[-1] & 0xC0 == 0xC0 else data[:-2].decode(codec)


# ------------------------------------------------------------------------------------------------------------
# From columns to places


def _kind_of(table: _Table) -> str | None:
    """The kind most names speak of."""
    names = [f"{table.text('name_th', at)} {table.text('name_en', at)}" for at in range(len(table.rows))]
    for kind, words in _KIND_WORDS:
        if sum(bool(words.search(name)) for name in names) >= 0.6 * len(names):
            return kind
    return None


def _read_rows(
    table: _Table, kind: str, title: str | None, land: Land, report: ImportReport, today: date
) -> list[_Row]:
    mapping, layout = table.mapping, table.mapping.layout
    table.mapping = replace(mapping, kind=kind)
    called = _title(table, title)
    source = source_id(kind, called[1])
    grades = _Grades(kind, mapping.grades)
    capacity, unit = _capacities(table, kind, report)
    rows: list[_Row] = []
    for at in range(len(table.rows)):
        reason = table.bad.get(at)
        if reason is not None:
            _warn(report, table, at, reason, "", "", None)
            continue
        if _is_closed(table, at, today, report):
            report.repairs["closed_left_out"] += 1
            table.spared += 1
            continue
        names = {role: clean_name(table.text(role, at)) for role in ("name_th", "name_en")}
        if any(is_garbled(name) for name in names.values()):
            column = table.heading("name_th", "name_en")
            _note(
                report,
                "places.garbled",
                table.file,
                names["name_th"],
                "ก-ฮ",
                row=table.rows[at],
                column=column,
            )
            continue
        code = _own_code(table.text("code", at), layout.code_width if layout else 0, report)
        if any(_is_person(name) for name in names.values()):
            # What it says is not quoted: reports are kept.
            _warn(
                report, table, at, "places.person", "title + name", "-", table.heading("name_th", "name_en")
            )
            continue
        if not code and not any(names.values()):
            _warn(report, table, at, "places.nameless", "", "-", table.heading("name_th", "code"))
            continue
        own, wrong = _own_area(table, at, report)
        if wrong is not None:
            _warn(
                report,
                table,
                at,
                "places.area",
                wrong,
                "2, 4, 6",
                table.heading("area_code", "province_code"),
            )
            continue
        notes = [_said(table, "grade", at), _founded(table, at, report)]
        record = {
            "source_id": source,
            "kind": kind,
            "grade": grades.read(table.text("grade", at), names["name_th"] or names["name_en"]),
            **names,
            "code": code or None,
            "approximate": False,
            "capacity": None if np.isnan(capacity[at]) else float(capacity[at]),
            "capacity_unit": unit if not np.isnan(capacity[at]) else None,
            "note": "; ".join(note for note in notes if note) or None,
        }
        rows.append(_Row(table, at, own, record))
    for word, many in sorted(grades.unknown.items()):
        found = f"{word} ({many:,})"
        _note(
            report,
            "places.grade_unknown",
            table.file,
            found,
            "[grades]",
            column=table.heading("grade"),
            severity="warn",
        )
    return _located(table, rows, land, report)


def _located(table: _Table, rows: list[_Row], land: Land, report: ImportReport) -> list[_Row]:
    """Rows with their coordinates, without those that lie where they cannot lie."""
    longitudes = [table.text("longitude", row.at) for row in rows]
    latitudes = [table.text("latitude", row.at) for row in rows]
    kept: list[_Row] = []
    odd = [text.startswith("\x00") for text in longitudes]
    both_zero = [bool(_ZERO.match(x) and _ZERO.match(y)) for x, y in zip(longitudes, latitudes, strict=True)]
    empty = [o or z for o, z in zip(odd, both_zero, strict=True)]
    found: list[Position] = locate(
        ["" if e else x for x, e in zip(longitudes, empty, strict=True)],
        ["" if e else y for y, e in zip(latitudes, empty, strict=True)],
        [row.own for row in rows],
        land,
    )
    report.repairs["zero_taken_for_missing"] += sum(both_zero)
    column = table.heading("latitude", "longitude") or _GEOMETRY
    for row, position, x, y, strange in zip(rows, found, longitudes, latitudes, odd, strict=True):
        if strange:
            _warn(report, table, row.at, "places.several_points", "1", "Point", _GEOMETRY)
            continue
        half = bool(x) != bool(y)
        if half or position.fault not in (None, "missing"):
            fault = "not_a_number" if half else position.fault
            where = official_areas().get(position.province or "")
            shown = f"{y}, {x}" + (
                f" ({where.name_th})" if where is not None and fault == "other_area" else ""
            )
            own = official_areas().get((row.own or "")[:2])
            expected = own.name_th if own is not None else "5.5-20.6 N, 97.2-105.8 E"
            _warn(report, table, row.at, f"places.{fault}", shown, expected, column)
            continue
        for repair in position.repairs:
            report.repairs[repair] += 1
        if position.fault is None:
            row.record |= {"longitude": position.longitude, "latitude": position.latitude}
            row.own = row.own or position.province
        else:
            row.record |= {"longitude": None, "latitude": None}
        if row.own is None:
            _warn(report, table, row.at, "places.nowhere", "", "latitude, longitude / province", None)
            continue
        kept.append(row)
    return kept


_ZERO: Final = re.compile(r"^-?0+(?:[.,]0*)?$")


def _warn(
    report: ImportReport, table: _Table, at: int, code: str, found: str, expected: str, column: str | None
) -> None:
    _note(
        report, code, table.file, found, expected or "-", row=table.rows[at], column=column, severity="warn"
    )


def _own_code(text: str, width: int, report: ImportReport) -> str:
    plain = text.translate(THAI_DIGITS)
    if re.fullmatch(r"[0-9]+\.0", plain):
        report.repairs["float"] += 1
        plain = plain[:-2]
    if width and plain.isdigit() and len(plain) < width:
        report.repairs["code_padded"] += 1
        return plain.zfill(width)
    return plain


def _own_area(table: _Table, at: int, report: ImportReport) -> tuple[str | None, str | None]:
    """The area a row says it is in, by codes before names; or the code that names none."""
    parts = [table.text(role, at) for role in ("province_code", "district_code", "subdistrict_code")]
    whole = table.text("area_code", at)
    names = tuple(table.text(role, at) for role in ("province", "district", "subdistrict"))
    code: str | None = None
    if whole or any(parts):
        code, repairs = _area_of_codes(whole, *parts)
        if code is None:
            if not any(names):
                return None, whole or " | ".join(parts)
        else:
            for repair in repairs:
                report.repairs[repair] += 1
    named, level = _area_of_names(*names)
    if level is not None:
        column = table.heading(level)
        around = "77 provinces" if named is None else f"{named} {official_areas()[named].name_th}"
        _note(
            report,
            "places.name_unknown",
            table.file,
            table.text(level, at),
            around,
            row=table.rows[at],
            column=column,
            severity="warn",
        )
    if code is None:
        return named, None
    if named is not None and named[:2] != code[:2]:
        found = f"{code} {names[0]}"
        expected = official_areas()[code[:2]].name_th
        _note(
            report,
            "places.name_differs",
            table.file,
            found,
            expected,
            row=table.rows[at],
            column=table.heading("province"),
            severity="warn",
        )
    elif named is not None and named.startswith(code) and named != code:
        return named, None
    return code, None


@lru_cache(maxsize=32_768)
def _area_of_codes(whole: str, *parts: str) -> tuple[str | None, tuple[str, ...]]:
    """An official area from one code or three, and the repairs it took; the larger one where the smaller is none."""
    last = next((p for p in reversed(parts) if p), "")
    digits = re.sub(r"\D", "", last.removesuffix(".0"))
    filled = [depth for depth, part in enumerate(parts, 1) if part]
    alone = len(digits) > 2 and (len(filled) == 1 or len(digits) == 2 * filled[-1])
    # A column that holds a whole code has no need of those before it.
    single = whole or (last if alone else "")
    try:
        reading = read_code(single) if single else read_code_parts(*parts)
        code, repairs = reading.code, reading.repairs
    except CodeError:
        # A municipality, or an area newer than the list: its first digits are a district or a province all the same.
        if single:
            digits = re.sub(r"\D", "", single.removesuffix(".0"))
            code, repairs = (digits, ("code_shortened",)) if re.fullmatch(r"[0-9]{4,8}", digits) else ("", ())
            code = code[: len(code) // 2 * 2]
        else:
            # Parts keep their columns: 9 | 01 | 01 written together would be the code of a district elsewhere.
            code, repairs = _nearest_of_parts(parts), ("code_shortened",)
    found = _official(code)
    if found is None or found == "TH":
        return None, ()
    return found, repairs


def _nearest_of_parts(parts: Sequence[str]) -> str:
    """The smallest area that the first columns of a code name together; empty where not even the province is one."""
    for depth in range(len(parts) - 1, 0, -1):
        try:
            return read_code_parts(*parts[:depth]).code
        except CodeError:
            continue
    return ""


def _official(code: str) -> str | None:
    """The official area a code stands for: itself, its one successor, or the nearest official one around it."""
    while code and code not in official_areas():
        gone = abolished_areas().get(code)
        # Old district codes have been given to municipalities; of subdistricts the successor is known.
        if (
            gone is not None
            and len(code) == 6
            and len(gone.successors) == 1
            and gone.successors[0] in official_areas()
        ):
            return gone.successors[0]
        code = code[:-2]
    return code or None


@lru_cache(maxsize=32_768)
def _area_of_names(province: str, district: str, subdistrict: str) -> tuple[str | None, str | None]:
    """The smallest area that names tell for certain, and the level whose name told nothing."""
    within: str | None = None
    for level, name in (("province", province), ("district", district), ("subdistrict", subdistrict)):
        if not name:
            continue
        found = read_name(name, level, within).code
        if found is None and level == "province" and within is None:
            return None, level
        found = _official(found) if found is not None else None
        if found is None:
            # A name that many areas share says nothing without the one around it, and is no mistake.
            return within, level if within is not None or not _shared(name, level) else None
        within = found
    return within, None


def _shared(name: str, level: str) -> bool:
    return len(read_name(name, level).candidates) > 1


class _Grades:
    """Reads an agency's words for grades, and keeps those that stand for none."""

    def __init__(self, kind: str, told: Mapping[str, str]) -> None:
        self.kind = kind
        self.told = {heading_key(word): grade for word, grade in told.items()}
        self.words: dict[str, str] = {}
        self.unknown: Counter[str] = Counter()

    def read(self, word: str, name: str) -> str:
        grade = self.words.get(word)
        if grade is None:
            grade = self.told.get(heading_key(word)) or grade_of(self.kind, word)
            self.words[word] = grade
        if word and grade == UNKNOWN:
            self.unknown[word] += 1
        if grade != UNKNOWN:
            return grade
        # A name may say it; that something is called a hospital does not say of which level.
        named = grade_of(self.kind, name)
        return UNKNOWN if named == "public_hospital" else named


def _capacities(table: _Table, kind: str, report: ImportReport) -> tuple[np.ndarray[Any, Any], str]:
    heading = table.mapping.columns.get("capacity")
    if heading is None:
        return np.full(len(table.rows), np.nan), ""
    texts = table.columns["capacity"]
    read = numbers(pa.array(texts, pa.string()))
    for at, fault in read.faults.items():
        if fault not in ("empty", "missing"):
            _note(
                report, f"places.capacity_{fault}", table.file, texts[at], "0, 1, 2 ...", row=table.rows[at], column=heading,
                severity="warn",
            )  # fmt: skip
    for repair, many in read.repairs.items():
        # Every whole number of some files ends with .0; that is no news of any row.
        if repair != "float":
            report.repairs[repair] += many
    return read.values, capacity_unit(heading, kind)


def _is_closed(table: _Table, at: int, today: date, report: ImportReport) -> bool:
    status = table.text("status", at)
    # "เปิดบริการ (ปิดวันอาทิตย์)" and "ยังไม่ยกเลิก" hold the words of a closed place and say the contrary.
    if not _STILL_OPEN.match(status) and _CLOSED.search(_NOT_SO.sub("", status)):
        return True
    written = table.text("closed", at)
    if not written:
        return False
    read = _day(written)
    if read is None:
        _note(
            report,
            "places.closed_date",
            table.file,
            written,
            "31/12/2567",
            row=table.rows[at],
            column=table.heading("closed"),
            severity="warn",
        )
        return False
    report.repairs["date_be"] += read[1]
    return read[0] <= today


def _founded(table: _Table, at: int, report: ImportReport) -> str:
    read = _day(table.text("founded", at)) if table.text("founded", at) else None
    if read is None:
        return ""
    report.repairs["date_be"] += read[1]
    return f"{table.heading('founded')}: {read[0].isoformat()}"


def _said(table: _Table, role: str, at: int) -> str:
    text = clean_name(table.text(role, at))
    return f"{table.heading(role)}: {text}" if text else ""


def _day(text: str) -> tuple[date, bool] | None:
    """A date as day, month, year or ISO, of either era; and whether its year was Buddhist.

    Examples
    --------
    >>> _day("29/02/2567"), _day("2003-10-01"), _day("31/02/2567")
    ((datetime.date(2024, 2, 29), True), (datetime.date(2003, 10, 1), False), None)
    """
    plain = text.translate(THAI_DIGITS).strip()
    slashed = re.match(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})(?:\s|$)", plain)
    iso = re.match(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T\s]|$)", plain)
    if slashed:
        day, month, year = slashed.groups()
    elif iso:
        year, month, day = iso.groups()
    else:
        return None
    read = read_year(year)
    if read.ce is None:
        return None
    try:
        return date(read.ce, int(month), int(day)), read.ce != int(year)
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------------------------
# Ids and areas


def source_id(kind: str, title: str) -> str:
    """Id of a source of places: the same title and kind are the same source, whatever the file is called.

    Examples
    --------
    >>> source_id("health", "MOPH") == source_id("school", "MOPH")
    False
    """
    return f"places-{kind}-" + hashlib.sha256(plain_name(title).encode()).hexdigest()[:12]


def _title(table: _Table, title: str | None) -> tuple[str, str]:
    if title and clean_name(title):
        return clean_name(title), clean_name(title)
    layout = table.mapping.layout
    if layout is not None and layout.title_th:
        return layout.title_th, layout.title_en
    stem = clean_name(Path(table.file).stem) or table.file
    return stem, stem


def _source(row: _Row, title: str | None) -> dict[str, Any]:
    th, en = _title(row.table, title)
    return {
        "source_id": row.record["source_id"],
        "kind": "user",
        "publisher": th,
        "title_th": th,
        "title_en": en,
        "url": None,
        "licence": "not stated in the file",
        "year": None,
        "retrieved": None,
        "cells": "published",
        "priority": PRIORITY,
    }


def _identify(rows: list[_Row], report: ImportReport) -> None:
    """Give every place an id that stays when the file comes again: its own code, else what it is called and where."""
    whole: set[tuple[Any, ...]] = set()
    kept: list[_Row] = []
    for row in rows:
        everything = (row.own, *sorted((k, str(v)) for k, v in row.record.items()))
        if everything in whole:
            row.table.spared += 1
        else:
            kept.append(row)
        whole.add(everything)
    report.repairs["repeated_rows"] += len(rows) - len(kept)
    rows[:] = kept
    codes = Counter((r.record["source_id"], r.record["code"]) for r in rows if r.record["code"])
    seen: Counter[tuple[str, str]] = Counter()
    twice: set[tuple[str, str]] = set()
    for row in rows:
        record = row.record
        source, code = record["source_id"], record["code"]
        if code and codes[source, code] == 1:
            record["place_id"] = code
            continue
        if code and (source, code) not in twice:
            twice.add((source, code))
            _warn(
                report, row.table, row.at, "places.code_twice", code, f"{code} x 1", row.table.heading("code")
            )
        about = (
            "\n".join(str(record[k] or "") for k in ("code", "name_th", "name_en", "grade")) + f"\n{row.own}"
        )
        key = hashlib.sha256(about.encode()).hexdigest()[:12]
        seen[source, key] += 1
        record["place_id"] = key if seen[source, key] == 1 else f"{key}-{seen[source, key]}"


class _Finder:
    """Which area of a level a point lies in."""

    def __init__(self, frames: Mapping[str, gpd.GeoDataFrame], edge_km: float) -> None:
        self._edge = edge_km / 111.32
        self._levels = []
        for level in ("subdistrict", "district", "province"):
            if level in frames:
                frame = frames[level]
                geometry = np.asarray(frame.geometry, dtype=object)
                shapes = dict(zip(frame["code"].astype(str), geometry, strict=True))
                self._levels.append((frame["code"].astype(str).to_numpy(), shapely.STRtree(geometry), shapes))

    def find(self, longitude: Sequence[float], latitude: Sequence[float]) -> list[str | None]:
        """The smallest area each point lies in, or the nearest within the edge; an official one."""
        points = shapely.points(np.asarray(longitude, float), np.asarray(latitude, float))
        found: list[str | None] = [None] * len(points)
        for codes, tree, _ in self._levels:
            open_ones = [at for at, code in enumerate(found) if code is None]
            if not open_ones:
                break
            at, place = tree.query_nearest(points[open_ones], max_distance=self._edge, all_matches=False)
            for number, area in zip(at.tolist(), place.tolist(), strict=True):
                found[open_ones[number]] = _official(str(codes[area]))
        return found

    def holds(self, code: str, longitude: float, latitude: float) -> bool:
        """Whether a point lies in this very area or within the edge of it; False without its polygon."""
        point = shapely.Point(longitude, latitude)
        for _, _, shapes in self._levels:
            if code in shapes:
                return bool(shapely.dwithin(shapes[code], point, self._edge))
        return False


def _put_in_areas(rows: Sequence[_Row], finder: _Finder, report: ImportReport) -> None:
    """Say in which area each place lies: where its point is, on borders what its row says; without a point what its row says."""
    here = [row for row in rows if row.record["longitude"] is not None]
    found = finder.find([r.record["longitude"] for r in here], [r.record["latitude"] for r in here])
    for row in rows:
        row.record["area_code"] = row.own
    for row, area in zip(here, found, strict=True):
        own, record = str(row.own), row.record
        if area is None or area == own:
            continue
        nested = area.startswith(own)
        # Boundaries are simplified: near its border the row's own word is better than the line.
        near = area[:2] != own[:2] or (
            len(own) >= len(area) and finder.holds(own, record["longitude"], record["latitude"])
        )
        if own.startswith(area) or (near and not nested):
            continue
        report.repairs["area_by_position"] += not nested
        record["area_code"] = area


def _put_at_inner_points(
    rows: Sequence[_Row], subdistricts: gpd.GeoDataFrame | None, report: ImportReport
) -> None:
    """Place rows without coordinates at an inner point of their subdistrict, marked approximate."""
    without = [row for row in rows if row.record["longitude"] is None]
    if not without:
        return
    shapes = {}
    if subdistricts is not None:
        shapes = dict(zip(subdistricts["code"].astype(str), subdistricts.geometry, strict=True))
    else:
        row = without[0]
        _note(
            report, "places.no_polygon", row.table.file, f"{len(without):,}", "subdistrict", severity="warn"
        )
    for row in without:
        shape = shapes.get(row.record["area_code"])
        if shape is not None:
            point = shapely.point_on_surface(shape)
            row.record |= {"longitude": float(point.x), "latitude": float(point.y), "approximate": True}
            report.repairs["at_inner_point"] += 1


def _held_to_schema(rows: list[_Row], report: ImportReport) -> list[_Row]:
    from warehouse.schemas.check import violations
    from warehouse.schemas.places import PLACES

    frame = pd.DataFrame([row.record for row in rows], columns=PLACE.names)
    frame = frame.astype(dict.fromkeys(("longitude", "latitude", "capacity"), float))
    wrong: set[int] = set()
    for violation in violations(PLACES, frame) if len(frame) else ():
        row = rows[violation.position]
        if violation.position not in wrong:
            wrong.add(violation.position)
            found = f"{violation.column or violation.rule}: {row.record.get(violation.column, '')}"
            _warn(
                report,
                row.table,
                row.at,
                "places.schema",
                found,
                violation.rule,
                row.table.heading(violation.column),
            )
    return [row for position, row in enumerate(rows) if position not in wrong]


def _judge(tables: Sequence[_Table], rows: Sequence[_Row], report: ImportReport) -> None:
    """Count what was left out; refuse a file most of whose rows were."""
    left_out = {code.removeprefix("places."): n for code, n in report.found.items() if code in _REASONS}
    report.facts["left_out"] = dict(sorted(left_out.items()))
    taken = Counter(row.table.file for row in rows)
    report.rows_rejected = sum(left_out.values())
    report.rows_accepted = len(rows)
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(left_out.items(), key=lambda i: -i[1]))
    for table in tables:
        gone = len(table.rows) - table.spared - taken[table.file]
        if not report.refused and gone > MOST * len(table.rows):
            found = f"{gone:,}/{len(table.rows):,}: {reasons}"
            _note(
                report, "places.most_wrong", table.file, found, f"<= {MOST:.0%}", row=table.header_row or None
            )
    if not rows and not report.refused:
        _note(report, "places.nothing_below", tables[0].file, "0", ">= 1", row=tables[0].header_row or None)
    for code, th, en in (
        ("other_area", "พิกัดอยู่ในจังหวัดของแถว", "positions lie in the province of their row"),
        ("outside", "พิกัดอยู่ในประเทศไทย", "positions lie in Thailand"),
        ("same", "ละติจูดไม่เท่ากับลองจิจูด", "latitude is not longitude"),
    ):
        report.checks.append(
            Check(f"places.{code}", th, en, report.rows_read, report.found[f"places.{code}"])
        )


def _facts(tables: Sequence[_Table], rows: Sequence[_Row], report: ImportReport) -> None:
    report.repairs = Counter({key: n for key, n in report.repairs.items() if n})
    located = [row for row in rows if row.record["longitude"] is not None]
    report.facts["places"] = {
        "places": len(rows),
        "with_coordinates": len(located),
        "approximate": sum(row.record["approximate"] for row in rows),
        "grades": dict(Counter(f"{row.record['kind']}/{row.record['grade']}" for row in rows).most_common()),
        "areas": dict(Counter(len(row.record["area_code"]) for row in rows)),
    }
    report.facts["mapping"] = [mapping_facts(table.file, table.mapping, table.unread) for table in tables]


def mapping_facts(file: str, mapping: ColumnMapping, unread: Sequence[str] = ()) -> dict[str, Any]:
    """How a file was read, as the report tells it; ``layout`` is ``given``, a known one or None."""
    return {
        "file": file,
        "layout": "given" if mapping.given else mapping.layout.id if mapping.layout is not None else None,
        "kind": mapping.kind,
        "columns": {role: name for role, name in mapping.columns.items() if name not in (_X, _Y)},
        "grades": dict(mapping.grades),
        "unread": list(unread),
    }
