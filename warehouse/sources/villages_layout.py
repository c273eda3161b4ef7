"""From a file of villages to its columns, and from columns to what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyproj
import shapely

from analytics.village_specs import (
    Spec,
    SpecIndicator,
    headings,
)
from geo.boundaries import BoundaryError, VectorTable, repair_text_columns
from geo.codes import (
    THAI_DIGITS,
    clean_name,
    plain_name,
)
from warehouse.intake import Intake, Job, Result
from warehouse.intake.text import ROW, join_header
from warehouse.report import ImportReport, Severity
from warehouse.schemas.cells import mixed_eras, read_year
from warehouse.sources.persons import is_identity, names_persons
from warehouse.sources.villages_codes import settle_codes
from warehouse.sources.villages_rows import Table, note, note_file

Progress = Callable[[int, int, str], None]

_TABLES: Final = frozenset({".csv", ".txt", ".tsv"})
_BOOKS: Final = frozenset({".xlsx", ".xls", ".ods", ".xlsb", ".xlsm"})
_MAPS: Final = frozenset({".zip", ".shp", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet"})
_SEARCHED_ROWS: Final = 30
_HEADER_ROWS: Final = 3

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
_NUMBERED: Final = re.compile(
    r"(?P<word>ตัวชี้วัด(?:ที่)?|ตชว|ข้อ(?:ที่)?|indicator|ind|kpi|q|i)?0*(?P<number>[1-9][0-9]{0,2})(?P<rest>\D.*)?"
)
#: A number with another behind its sign, such as 1.1 or Q1_1: of a question inside an indicator, and no indicator's number.
_DOTTED: Final = re.compile(
    r"(?:ตัวชี้วัด(?:ที่)?|ตชว|ข้อ(?:ที่)?|indicator|ind|kpi|q|i)?[^0-9ก-๙a-z]*[0-9]+(?:[^0-9ก-๙a-z]+[0-9]+)+(?P<rest>\D.*)?"
)
#: Headings under which persons stand. Telephones and births are not among them: กชช.2ค asks for lines and newborns.
_PERSONAL: Final = re.compile(
    "นามสกุล|ชื่อสกุล|firstname|lastname|surname|fullname|personname|เลขบัตร|เลขประจำตัว|บัตรประชาชน|citizen|nationalid|idcard"
    "|^cid$|^pid$|^สกุล"
)
#: Projections that Thai offices use.
_PROJECTIONS: Final = frozenset({4326, 32647, 32648, 24047, 24048, 3857})


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


def read_tables(
    paths: Sequence[Path], intake: Intake, report: ImportReport, progress: Progress | None
) -> list[Table]:
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
            note(
                report,
                "villages.unknown_file",
                path.name,
                path.suffix or "-",
                ".csv, .xlsx, .dbf, .zip, .gpkg ...",
            )
    if not jobs and not report.refused:
        note(report, "villages.nothing", "-", "0", "1")
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


def _shaped(result: Result, report: ImportReport) -> Table | None:
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
        note(report, "villages.encoding", file, found, "utf-8 / cp874")
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
    made = Table(file, str(facts["sha256"]), int(facts["size"]), 1, names, columns, rows, xy)
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
        note(report, "villages.shape", file, other, "Point")
        return None
    x, y = shapely.get_x(points), shapely.get_y(points)
    if crs is not None:
        try:
            epsg = 4326 if crs == "OGC:CRS84" else pyproj.CRS.from_user_input(crs).to_epsg(min_confidence=60)
        except pyproj.exceptions.CRSError:
            epsg = None
        if epsg not in _PROJECTIONS:
            note(report, "villages.crs", file, str(crs)[:60], "EPSG:4326, 32647, 32648, 24047, 24048, 3857")
            return None
        if epsg != 4326:
            x, y = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True).transform(x, y)
            report.repairs["projected"] += int((~empty).sum())
    return [
        ["" if gone or not np.isfinite(v) else f"{v:.8f}" for gone, v in zip(empty, values, strict=True)]
        for values in (x, y)
    ]  # type: ignore[return-value]


def _below_header(result: Result, report: ImportReport) -> Table | None:
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
        note(
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
        note(report, "villages.nothing_below", file, "0", ">= 1", row=header_row)
        return None
    # A comma in a name that nobody quoted spills over into columns without a heading.
    last = max(at for at, name in enumerate(names) if name)
    if _role(names[last]) == "name":
        for line in body:
            if any(line[last + 1 :]):
                line[last] = ",".join(line[last:]).rstrip(",")
                report.repairs["unquoted_comma"] += 1
    kept = [at for at, name in enumerate(names) if name]
    return Table(
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
            note(report, "villages.personal", file, name, "village_code, score", row=header_row, column=name)
    for at, name in enumerate(names):
        cells = [line[at] if at < len(line) else "" for line in lines]
        first = next((n for n, text in enumerate(cells) if len(text) >= 13 and is_identity(text)), None)
        named = not (_role(name) or "").startswith("name") and names_persons(cells) == "title + name"
        if first is not None or named:
            found = True
            what = "title + name" if first is None else "13 digits"
            row = header_row if first is None else rows[first]
            column = name or f"#{at + 1}"
            note(report, "villages.personal", file, what, "village_code, score", row=row, column=column)
    return found


def give_roles(table: Table, report: ImportReport) -> None:
    """Say of each column what of a village it tells; refuse two that tell the same."""
    for at, name in enumerate(table.names):
        role = _role(name)
        if role is None:
            continue
        if role not in table.roles:
            table.roles[role] = at
        elif role in ("code", "latitude", "longitude", "moo"):
            shown = f"{table.names[table.roles[role]]}, {name}"
            note_file(report, table, "villages.column_twice", shown, f"{role} x 1", column=name)
    settle_codes(table, report)


def understand(
    table: Table, spec: Spec | None, specs: Mapping[str, Spec], year_be: int | None, report: ImportReport
) -> None:
    """Find the columns of indicators, and tell those that are not read."""
    free = [at for at, name in enumerate(table.names) if _role(name) is None]
    found = _indicators(table, free, spec, report) if spec is not None else {}
    if not found:
        for other in specs.values():
            # Without a year no specification is chosen; that there are scores shows all the same.
            if spec is None and (told := _indicators(table, free, other, ImportReport(kind="villages"))):
                if "year" in table.roles and year_of(table, year_be, report) is None:
                    return
                note_file(
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
                note_file(report, table, "villages.spec", f"{spec.id}: 0", ">= 1")
                return
    table.indicators = found
    for at in free:
        if at not in found and any(text.strip() for text in table.columns[at]):
            note_file(
                report,
                table,
                "villages.column_unread",
                table.names[at],
                "-",
                column=table.names[at],
                severity="warn",
            )


def _indicators(
    table: Table, free: Sequence[int], spec: Spec, report: ImportReport
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
                note_file(
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
                note_file(
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
            note_file(
                report, table, "villages.column_twice", label, f"{named.name_th} x 1", column=table.names[at]
            )
        found[at] = named
    if dotted:
        shown = ", ".join(table.names[at] for at in dotted[:6])
        first = table.names[dotted[0]]
        # A table of nothing else is one of scores all the same, and must not pass for a list of names.
        severity: Severity = "warn" if found or len(dotted) < 3 else "reject"
        note_file(
            report, table, "villages.number_dotted", shown, "1, 2, 3 ...", column=first, severity=severity
        )
    if numbered and len(numbered) == len(found) and len(found) < 3:
        return {}  # a column called 1 may be anything
    unchecked = [at for at in numbered if not found[at].verified]
    if unchecked:
        note_file(
            report,
            table,
            "villages.by_number",
            ", ".join(table.names[at] for at in unchecked[:6]),
            f"{spec.id}: verified = true",
            column=table.names[unchecked[0]],
            severity="warn",
        )
    return found


def year_of(table: Table, year_be: int | None, report: ImportReport) -> int | None:
    texts = (
        {t.strip() for t in table.columns[table.roles["year"]] if t.strip()}
        if "year" in table.roles
        else set()
    )
    column = table.heading("year")
    if mixed_eras(texts):
        note(
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
        note_file(report, table, "villages.year_differs", shown, expected, column=column)
        return None
    if told:
        return told.pop()
    if year_be is None:
        note_file(report, table, "villages.year", "-", "--year-be")
        return None
    return year_be - 543
