"""The schematic outlines and villages of `geo.schematic`, as one batch: how a workshop's snapshot gets areas at every level."""

from __future__ import annotations

import pyarrow as pa
import shapely

from geo.outlines import SCHEMATIC
from geo.schematic import (
    SCHEMATIC_FILE,
    schematic_districts,
    schematic_subdistricts,
    schematic_villages,
)
from warehouse.batch import AREA, SOURCE, SOURCE_FILE, VILLAGE_POINT, Batch, empty, import_id
from warehouse.outlines import VILLAGE, schematic_source
from warehouse.report import ImportReport
from warehouse.snapshots import file_sha256
from warehouse.sources.tpmap import village_area

PRIORITY = 0
_TITLES = {
    "district": (
        "ขอบเขตอำเภอ/เขตจำลอง ไม่ใช่แนวเขตจริง",
        "Schematic outlines of districts, not real boundaries",
    ),
    "subdistrict": (
        "ขอบเขตตำบล/แขวงจำลอง ไม่ใช่แนวเขตจริง",
        "Schematic outlines of subdistricts, not real boundaries",
    ),
    VILLAGE: ("จุดหมู่บ้านจำลอง ไม่ใช่ตำแหน่งจริง", "Made-up points of villages, not real positions"),
}


def schematic_id(*, villages: bool = True) -> str:
    """What `import_schematic` would call its batch."""
    return import_id(SCHEMATIC, {"villages": villages}, [file_sha256(SCHEMATIC_FILE)])


def import_schematic(*, villages: bool = True) -> Batch:
    """Schematic districts and subdistricts, and made-up points of villages, as one batch.

    For snapshots of made-up data only. A level that has real outlines keeps them, and a real import takes the place of a
    schematic level (`warehouse.outlines`).

    Parameters
    ----------
    villages : bool
        Bring the villages as well: areas with codes of 8 digits, and their points.

    Returns
    -------
    Batch
        Boundaries of the levels ``district`` and ``subdistrict``; sources of the kind ``synthetic``.
    """
    boundaries = {"district": schematic_districts(), "subdistrict": schematic_subdistricts()}
    rows = {level: len(frame) for level, frame in boundaries.items()}
    areas, points = empty(AREA), empty(VILLAGE_POINT)
    if villages:
        frame = schematic_villages()
        rows[VILLAGE] = len(frame)
        areas = pa.Table.from_pylist([village_area(code) for code in frame["code"]], schema=AREA)
        points = pa.table(
            {
                "code": frame["code"].tolist(),
                "name_th": frame["name_th"].tolist(),
                "longitude": shapely.get_x(frame.geometry.to_numpy()),
                "latitude": shapely.get_y(frame.geometry.to_numpy()),
                "source_id": [schematic_source(VILLAGE)] * len(frame),
                "how": ["position"] * len(frame),
                "confidence": [0.0] * len(frame),
            },
            schema=VILLAGE_POINT,
        )
    digest, size = file_sha256(SCHEMATIC_FILE), SCHEMATIC_FILE.stat().st_size
    report = ImportReport(kind=SCHEMATIC)
    report.files, report.rows_read, report.rows_accepted = 1, sum(rows.values()), sum(rows.values())
    return Batch(
        SCHEMATIC,
        schematic_id(villages=villages),
        report,
        areas=areas,
        sources=pa.Table.from_pylist([_source(level) for level in rows], schema=SOURCE),
        files=pa.Table.from_pylist(
            [
                {
                    "source_id": schematic_source(level),
                    "file_name": SCHEMATIC_FILE.name,
                    "sha256": digest,
                    "bytes": size,
                    "rows": count,
                }
                for level, count in rows.items()
            ],
            schema=SOURCE_FILE,
        ),
        boundaries=boundaries,
        village_points=points,
    )


def _source(level: str) -> dict[str, str | int | None]:
    th, en = _TITLES[level]
    return {
        "source_id": schematic_source(level),
        "kind": "synthetic",
        "publisher": "Daomap",
        "title_th": th,
        "title_en": en,
        "url": None,
        "licence": "CC BY 4.0 (GeoNames, positions of district seats); Natural Earth, public domain",
        "year": None,
        "retrieved": None,
        "cells": "published",
        "priority": PRIORITY,
    }
