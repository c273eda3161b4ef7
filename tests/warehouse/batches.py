"""Small batches made by hand, for tests that publish."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pyarrow as pa
from shapely import MultiPolygon, box

from geo.codes import level_of, official_areas
from warehouse.batch import AREA, OBSERVATION, PLACE, SOURCE, SOURCE_FILE, Batch, import_id
from warehouse.report import ImportReport


def batch(
    rows: Iterable[tuple[str, str, int, float]],
    *,
    source: str = "made",
    priority: int = 20,
    basis: str = "published",
    denominators: dict[tuple[str, str], float] | None = None,
    areas: Iterable[dict[str, Any]] = (),
    suppressed: Iterable[tuple[str, str]] = (),
    file: str = "made.csv",
    sha: str | None = None,
    kind: str = "user",
) -> Batch:
    """A batch of (area, indicator, year, value) rows of one source."""
    rows = list(rows)
    hidden = set(suppressed)
    below = denominators or {}
    records = [
        {
            "area_code": code,
            "level": level_of(code),
            "indicator": name,
            "year": year,
            "numerator": None if (code, name) in hidden else value,
            "denominator": below.get((code, name)),
            "value": None if (code, name) in hidden else value,
            "basis": basis,
            "definition": "made",
            "source_id": source,
            "suppressed": (code, name) in hidden,
        }
        for code, name, year, value in rows
    ]
    sha = sha or import_id("made", {"rows": repr(rows), "source": source}, [])
    return Batch(
        kind="made",
        import_id=import_id("made", {}, [sha]),
        report=ImportReport(kind="made", rows_read=len(rows), rows_accepted=len(rows)),
        observations=pa.Table.from_pylist(records, schema=OBSERVATION),
        areas=pa.Table.from_pylist(list(areas), schema=AREA),
        sources=pa.Table.from_pylist(
            [
                {
                    "source_id": source,
                    "kind": kind,
                    "publisher": "test",
                    "title_th": f"แหล่ง {source}",
                    "title_en": f"source {source}",
                    "cells": "published",
                    "priority": priority,
                }
            ],
            schema=SOURCE,
        ),
        files=pa.Table.from_pylist(
            [{"source_id": source, "file_name": file, "sha256": sha, "bytes": 1, "rows": len(rows)}],
            schema=SOURCE_FILE,
        ),
    )


def places_batch(
    rows: Iterable[dict[str, Any]], *, source: str = "made-places", file: str = "places.csv"
) -> Batch:
    """A batch of places of one source; a row says at least ``area_code``, and ``kind`` where it is not health."""
    rows = [
        {
            "place_id": f"p{number}",
            "source_id": source,
            "kind": "health",
            "grade": "unknown",
            "name_th": f"สถานที่ {number}",
            "name_en": f"Place {number}",
            "approximate": False,
            **row,
        }
        for number, row in enumerate(rows)
    ]
    made = batch([], source=source, file=file, sha=import_id("places", {"rows": repr(rows)}, []))
    made.places = pa.Table.from_pylist(rows, schema=PLACE)
    return made


def squares(
    codes: Iterable[str], *, west: float, south: float, size: float = 0.1, across: int = 4
) -> gpd.GeoDataFrame:
    """Boundaries made of squares side by side, in rows of `across`, from the south-west corner."""
    codes = list(codes)
    boxes = [
        MultiPolygon([box(x, y, x + size, y + size)])
        for number in range(len(codes))
        for x, y in [(west + size * (number % across), south + size * (number // across))]
    ]
    names = [official_areas()[code] for code in codes]
    return gpd.GeoDataFrame(
        {"code": codes, "name_th": [a.name_th for a in names], "name_en": [a.name_en for a in names]},
        geometry=boxes,
        crs=4326,
    )
