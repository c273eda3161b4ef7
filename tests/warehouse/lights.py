"""Small night light rasters made by hand, for tests that publish."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.nightlight import Grid, canonical, products
from warehouse.batch import SOURCE, SOURCE_FILE, Batch, LightRaster, import_id
from warehouse.report import ImportReport

#: 0.1 degrees: 86 x 151 cells.
COARSE = canonical(-180.0, 75.0, 0.1, 0.1)


def cells(seed: int = 1, grid: Grid = COARSE) -> NDArray[np.float32]:
    """Skewed radiances, a third of them zero."""
    random = np.random.default_rng(seed)
    light = random.gamma(0.4, 6.0, grid.shape) * (random.random(grid.shape) > 0.33)
    return light.astype(np.float32)


def light_batch(product: str, **years: NDArray[Any]) -> Batch:
    """A batch of rasters of one product; ``y2012=cells()`` is the year 2012."""
    about = products()[product]
    rasters = [
        LightRaster(product, int(name[1:]), values, COARSE, hashlib.sha256(values.tobytes()).hexdigest())
        for name, values in years.items()
    ]
    return Batch(
        kind="nightlight",
        import_id=import_id(
            "nightlight", {"product": product, "years": sorted(years)}, [r.sha256 for r in rasters]
        ),
        report=ImportReport(kind="nightlight", files=len(rasters)),
        sources=pa.Table.from_pylist(
            [
                {
                    "source_id": about.source_id,
                    "kind": about.kind,
                    "publisher": about.publisher,
                    "title_th": about.name_th,
                    "title_en": about.name_en,
                    "cells": "published",
                    "priority": about.priority,
                }
            ],
            schema=SOURCE,
        ),
        files=pa.Table.from_pylist(
            [
                {
                    "source_id": about.source_id,
                    "file_name": f"{r.year}-{r.sha256[:6]}.tif",
                    "sha256": r.sha256,
                    "bytes": r.values.nbytes,
                    "rows": r.values.size,
                }
                for r in rasters
            ],
            schema=SOURCE_FILE,
        ),
        rasters=rasters,
    )
