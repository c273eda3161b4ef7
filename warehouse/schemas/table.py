"""Numbers of an imported table: one row an area, indicator and year, finite, of an area in force."""

from __future__ import annotations

import numpy as np
import pandera.pandas as pa

from warehouse.schemas.check import text

LEVELS = ("country", "province", "district", "subdistrict")

NUMBERS = pa.DataFrameSchema(
    {
        "area_code": text("code", lambda s: s.str.fullmatch(r"TH|\d{2}|\d{4}|\d{6}")),
        "level": text("level", lambda s: s.isin(LEVELS)),
        "indicator": text("indicator", lambda s: s.str.startswith("t_")),
        "year": pa.Column(int, pa.Check(lambda s: s.between(1900, 2200), name="year")),
        "value": pa.Column(float, pa.Check(lambda s: np.isfinite(s), name="finite")),
        "line": pa.Column(int),
    },
    checks=[pa.Check(lambda f: ~f.duplicated(["area_code", "indicator", "year"]), name="once")],
    name="table",
)
"""Columns ``area_code, level, indicator, year, value, line``; ``line`` is the row of the file a number stands in."""
