"""Small batches made by hand, for tests that publish."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from geo.codes import level_of
from warehouse.batch import AREA, OBSERVATION, SOURCE, SOURCE_FILE, Batch, import_id
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
    kind: str = "synthetic",
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
