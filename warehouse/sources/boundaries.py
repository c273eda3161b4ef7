"""Boundary files an agency sent: opened by the intake, read and checked by `geo.boundaries`, handed over by
level.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from geo.boundaries import (
    BOUNDARY_LEVELS,
    BoundaryError,
    BoundaryFault,
    BoundaryReport,
    BoundarySet,
    VectorTable,
    check_boundaries,
    embedded_provinces,
    read_boundaries,
)
from geo.codes import official_areas
from warehouse.batch import SOURCE, SOURCE_FILE, Batch, import_id
from warehouse.intake import Intake, Job, Result
from warehouse.report import Check, Finding, ImportReport
from warehouse.schemas.boundaries import AREAS
from warehouse.schemas.check import UNIQUE, violations

Progress = Callable[[int, int, str], None]

PRIORITY: Final = 10
#: Degrees an area may lie outside the bounds of its province; a wrong UTM zone moves it by six.
_FAR_DEGREES: Final = 2.0
#: Parts of a shapefile that come along with the .shp and are no layers of their own.
_PARTS: Final = frozenset({".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd", ".xml", ".lock"})
_LAYERS: Final = frozenset({".zip", ".shp", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet"})

_MENDS: Final = {
    "boundaries.area_twice": (
        "ส่งพื้นที่ละหนึ่งไฟล์ เลือกไฟล์ที่ถูกต้อง",
        "send every area in one file only; decide which is right",
    ),
    "boundaries.garbled": (
        "บันทึกไฟล์ใหม่เป็น UTF-8 และแนบไฟล์ .cpg ชื่อไทยในไฟล์นี้ถูกแปลงรหัสอักษรผิด",
        "save the layer again in UTF-8 with its .cpg; its Thai names went through a wrong encoding",
    ),
    "boundaries.area": (
        "ซ่อมรูปของพื้นที่นี้ในโปรแกรม GIS แล้วส่งใหม่",
        "mend the shape of this area in a GIS and send the layer again",
    ),
    "boundaries.misplaced": (
        "ตรวจระบบพิกัด (โซน UTM 47 หรือ 48) และรหัสพื้นที่ รูปอยู่ไกลจากจังหวัดของรหัส",
        "check the coordinate system (UTM zone 47 or 48) and the codes: shapes lie far from the province of their code",
    ),
    "boundaries.nothing": ("ระบุไฟล์ขอบเขต", "name a boundary file"),
    "boundaries.unknown_file": (
        "ส่งเป็น .zip, .shp, .gpkg, .geojson หรือ .parquet หรือนำไฟล์นี้ออกจากโฟลเดอร์",
        "send .zip, .shp, .gpkg, .geojson or .parquet, or take this file out of the folder",
    ),
}
_LEVEL_NAMES: Final = {
    "province": ("จังหวัด", "provinces"),
    "district": ("อำเภอ/เขต", "districts"),
    "subdistrict": ("ตำบล/แขวง", "subdistricts"),
}
_PARENT: Final = {"district": "province", "subdistrict": "district"}


@dataclass(frozen=True, slots=True)
class _Read:
    """One file that holds areas of one level."""

    path: Path
    level: str
    facts: Mapping[str, Any]
    boundaries: BoundarySet
    columns: Sequence[str]


def read_boundary_files(
    paths: Sequence[Path],
    intake: Intake,
    *,
    level: str | None = None,
    known: Mapping[str, gpd.GeoDataFrame] | None = None,
    layer: str | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Read boundary files and check them. A level may come in several files with different areas.

    Parameters
    ----------
    paths : sequence of Path
        Zips, shapefiles (their parts are found beside them), GeoPackages, GeoJSON, GeoParquet; a folder
        stands for the files in it.
    intake : Intake
        Opens the files.
    level : str, optional
        The level the files must hold; found from the codes where absent.
    known : mapping of level to GeoDataFrame, optional
        Boundaries already published, for checking that areas lie inside their parents. Levels of this import
        come first.
    layer : str, optional
        Which layer, where a file holds several.
    progress : callable, optional
        Called as ``progress(done, total, text)``.

    Returns
    -------
    Batch
        ``boundaries`` by level. Empty when ``batch.report.refused``.
    """
    report = ImportReport(kind="boundaries")
    files = _find(paths, report)
    total = 2 * len(files)
    options: dict[str, object] = {"layer": layer} if layer is not None else {}
    hashes: list[str] = []
    read: list[_Read] = []
    for number, result in enumerate(intake.read(Job("vector", path, options) for path in files)):
        path = files[number]
        report.files += 1
        hashes.append(str(result.facts.get("sha256", "")))
        for found in result.findings:
            report.add(found)
        if result.table is not None:
            report.rows_read += result.table.num_rows
            _read_one(path, result, level, report, read)
        if progress is not None:
            progress(number + 1, total, path.name)

    levels = {name: _together(read, name) for name in BOUNDARY_LEVELS if any(r.level == name for r in read)}
    for name in levels:
        _hold(read, name, report)
    frames = {**(known or {}), **levels}
    checks: dict[str, Check] = {}
    for number, one in enumerate(sorted(read, key=lambda r: BOUNDARY_LEVELS.index(r.level))):
        checked = check_boundaries(one.boundaries, parents=frames.get(_PARENT.get(one.level, "")))
        for fault in checked.findings:
            report.add(_finding(fault, one.path.name))
        for check in _checks(one.level, checked):
            before = checks.get(check.code)
            checks[check.code] = (
                check
                if before is None
                else replace(
                    check, cells=before.cells + check.cells, failures=before.failures + check.failures
                )
            )
        report.facts.setdefault(one.level, []).append(
            {"file": one.path.name} | _facts(one.boundaries, checked)
        )
        if progress is not None:
            progress(len(files) + number + 1, total, one.path.name)
    report.checks = list(checks.values())

    rejected = {(f.file, f.row) for f in report.rejections if f.row is not None}
    report.rows_rejected = len(rejected)
    report.rows_accepted = report.rows_read - report.rows_rejected
    batch = Batch(
        "boundaries", import_id("boundaries", {"level": level or "", "layer": layer or ""}, hashes), report
    )
    if not report.refused:
        batch.boundaries = levels
        batch.sources = pa.Table.from_pylist([_source(name, read) for name in levels], schema=SOURCE)
        batch.files = pa.Table.from_pylist(
            [
                {
                    "source_id": f"boundaries-{one.level}",
                    "file_name": one.path.name,
                    "sha256": one.facts["sha256"],
                    "bytes": one.facts["size"],
                    "rows": one.facts["rows"],
                }
                for one in read
            ],
            schema=SOURCE_FILE,
        )
    if progress is not None:
        progress(total, total, "done")
    return batch


def _find(paths: Sequence[Path], report: ImportReport) -> list[Path]:
    files: list[Path] = []
    for given in paths:
        inside = sorted(p for p in given.rglob("*") if p.is_file()) if given.is_dir() else [given]
        for path in inside:
            suffix = path.suffix.lower()
            hidden = path.name.startswith(".") or path.stem.upper() == "README"
            if given.is_dir() and (hidden or suffix in _PARTS):
                continue
            if given.is_dir() and suffix not in _LAYERS:
                report.add(
                    _own(
                        "boundaries.unknown_file", path.name, suffix or path.name, ", ".join(sorted(_LAYERS))
                    )
                )
                continue
            if path.resolve() not in {p.resolve() for p in files}:
                files.append(path)
    if not files and not report.rejections:
        report.add(_own("boundaries.nothing", ", ".join(p.name for p in paths) or "-", "0", ">= 1"))
    return files


def _read_one(
    path: Path,
    result: Result,
    level: str | None,
    report: ImportReport,
    read: list[_Read],
) -> None:
    assert result.table is not None
    facts = result.facts
    table = VectorTable(
        columns=result.table.drop_columns(["geometry"]),
        wkb=result.table.column("geometry"),
        crs=facts.get("crs"),
        file=path.name,
        layer=facts.get("layer"),
        encoding=facts.get("encoding"),
    )
    try:
        boundaries = read_boundaries(table, level=level)
    except BoundaryError as error:
        for fault in error.faults:
            report.add(_finding(fault, path.name))
        return
    for fault in boundaries.findings:
        report.add(_finding(fault, path.name))
    report.repairs.update(boundaries.repairs)
    if boundaries.encoding != "utf-8":
        report.repairs[f"encoding_{boundaries.encoding}"] += 1
    _placed(boundaries, path.name, report)
    read.append(_Read(path, boundaries.level, facts, boundaries, table.columns.column_names))


def _placed(boundaries: BoundarySet, file: str, report: ImportReport) -> None:
    """Compare where the areas lie with where their provinces are: UTM zones taken for each other are 6 degrees off."""
    gdf, homes = boundaries.gdf, _province_bounds()
    bounds = gdf.geometry.bounds.to_numpy()
    home = np.array([homes.get(str(code)[:2], (-180.0, -90.0, 180.0, 90.0)) for code in gdf["code"]])
    apart = np.maximum(
        np.maximum(bounds[:, 0] - home[:, 2], home[:, 0] - bounds[:, 2]),
        np.maximum(bounds[:, 1] - home[:, 3], home[:, 1] - bounds[:, 3]),
    )
    for at in np.flatnonzero(apart > _FAR_DEGREES).tolist():
        code, row = str(gdf["code"].iloc[at]), int(boundaries.file_names["row"].iloc[at])
        found = f"{code}: " + " ".join(f"{edge:.2f}" for edge in bounds[at])
        expected = " ".join(f"{edge:.2f}" for edge in home[at])
        report.add(_own("boundaries.misplaced", file, found, expected, row, "geometry"))


@cache
def _province_bounds() -> dict[str, tuple[float, ...]]:
    outlines = embedded_provinces()
    bounds = outlines.geometry.bounds.to_numpy().tolist()
    return {str(code): tuple(edges) for code, edges in zip(outlines["code"], bounds, strict=True)}


def _together(read: Sequence[_Read], level: str) -> gpd.GeoDataFrame:
    """The areas of one level from all files that hold some, sorted by code."""
    frames = [one.boundaries.gdf for one in read if one.level == level]
    if len(frames) == 1:
        return frames[0]
    joined = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=frames[0].crs)
    return joined.sort_values("code", ignore_index=True)


def _hold(read: Sequence[_Read], level: str, report: ImportReport) -> None:
    """Hold all areas of a level to the schema, from whichever file they came."""
    mine = [one for one in read if one.level == level]
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "code": one.boundaries.gdf["code"].astype(object),
                    "file_name": one.boundaries.file_names["name_th"].astype(object),
                    "geometry": np.asarray(one.boundaries.gdf.geometry, dtype=object),
                    "row": one.boundaries.file_names["row"],
                    "file": number,
                }
            )
            for number, one in enumerate(mine)
        ],
        ignore_index=True,
    )
    for violation in violations(AREAS, frame):
        area = frame.iloc[violation.position]
        one, code = mine[int(area["file"])], str(area["code"])
        file, row = one.path.name, int(area["row"])
        if violation.rule == UNIQUE:
            first = mine[int(frame.loc[frame["code"] == code, "file"].iloc[0])]
            if first is one:
                continue  # twice in one file: told, with all its rows, by the check of that file
            both = f"{code}: {first.path.name}, {file}"
            report.add(_own("boundaries.area_twice", file, both, f"{code} x 1", row, "code"))
        elif violation.rule == "garbled":
            column = one.boundaries.columns.get("name_th", "name_th")
            name = official_areas()[code].name_th if code in official_areas() else "ก-ฮ"
            report.add(_own("boundaries.garbled", file, str(area["file_name"])[:60], name, row, column))
        else:
            found = f"{code} {violation.rule}"
            report.add(_own("boundaries.area", file, found, "MultiPolygon", row, "geometry"))


def _finding(fault: BoundaryFault, file: str) -> Finding:
    return Finding(
        fault.severity,
        fault.code,
        file,
        fault.row,
        fault.column,
        fault.found,
        fault.expected,
        fault.mend_th,
        fault.mend_en,
    )


def _own(
    code: str, file: str, found: str, expected: str, row: int | None = None, column: str | None = None
) -> Finding:
    th, en = _MENDS[code]
    return Finding("reject", code, file, row, column, found, expected, th, en)


def _checks(level: str, checked: BoundaryReport) -> list[Check]:
    th, en = _LEVEL_NAMES[level]
    return [
        Check(
            f"boundaries.official.{level}",
            f"{th}: ทุกรหัสมีในทะเบียน",
            f"{en}: every code is registered",
            checked.areas,
            len(checked.unknown) + len(checked.abolished) + len(checked.municipal),
        ),
        Check(
            f"boundaries.complete.{level}",
            f"{th}: มีครบทุกพื้นที่ของจังหวัดในไฟล์",
            f"{en}: every area of the provinces in the file is there",
            checked.official,
            len(checked.missing),
        ),
        Check(
            f"boundaries.names.{level}",
            f"{th}: ชื่อตรงกับทะเบียน",
            f"{en}: the names are those of the register",
            checked.named,
            len(checked.renamed) + len(checked.cut),
        ),
        Check(
            f"boundaries.nested.{level}",
            f"{th}: อยู่ในพื้นที่แม่",
            f"{en}: each lies inside its parent",
            checked.nested_checked,
            len(checked.not_nested),
        ),
        Check(
            f"boundaries.overlaps.{level}",
            f"{th}: ไม่ทับกัน",
            f"{en}: none overlaps another",
            checked.areas,
            len(checked.overlaps),
        ),
        Check(
            f"boundaries.gaps.{level}",
            f"{th}: ไม่มีช่องว่างระหว่างพื้นที่",
            f"{en}: no holes between them",
            checked.areas,
            len(checked.gaps_km2),
        ),
    ]


def _facts(boundaries: BoundarySet, checked: BoundaryReport) -> dict[str, object]:
    return {
        "areas": checked.areas,
        "official": checked.official,
        "provinces": checked.provinces,
        "missing": list(checked.missing),
        "abolished": sorted(checked.abolished),
        "columns": dict(boundaries.columns),
        "encoding": boundaries.encoding,
        "area_km2": round(checked.area_km2, 1),
    }


def _source(level: str, read: Sequence[_Read]) -> dict[str, str | int | None]:
    """One source a level.

    A file does not say who made it under which licence; its column names are only a format.
    """
    th, en = _LEVEL_NAMES[level]
    mine = [one for one in read if one.level == level]
    names = ", ".join(one.path.name for one in mine)
    cod = all(any(re.fullmatch(r"ADM[0-4]_PCODE", c, re.IGNORECASE) for c in one.columns) for one in mine)
    form = "COD-AB" if cod else ", ".join(sorted({str(one.facts.get("format")) for one in mine}))
    return {
        "source_id": f"boundaries-{level}",
        "kind": "user",
        "publisher": "as stated by whoever supplied the file",
        "title_th": f"ขอบเขต{th} จากไฟล์ {names} (รูปแบบ {form})",
        "title_en": f"Boundaries of {en} from the file {names} ({form} layout)",
        "url": None,
        "licence": "as stated by whoever supplied the file",
        "year": None,
        "retrieved": None,
        "cells": "published",
        "priority": PRIORITY,
    }
