"""Tables of NEET: one row an area, year and source, or one row an area, year and step; typed, ranged, consistent."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from analytics.catalogue import NEET_STEPS
from warehouse.schemas.check import count, measure, text


def _known(*columns: pd.Series) -> pd.Series:
    """Rows in which every one of the columns has a number."""
    known = pd.Series(True, index=columns[0].index)
    for column in columns:
        known &= column.notna()
    return known


def _rate_holds(frame: pd.DataFrame) -> pd.Series:
    both = _known(frame["rate"], frame["neet"], frame["youth"]) & (frame["youth"] > 0)
    computed = 100.0 * frame["neet"] / frame["youth"].where(frame["youth"] > 0)
    return ~both | ((frame["rate"] - computed).abs() <= frame["tolerance"])


RATES = pa.DataFrameSchema(
    {
        "area_code": text(),
        "series": text(),
        "year": pa.Column(float, nullable=False),
        "rate": measure(0.0, 100.0),
        "neet": count(nullable=True),
        "youth": count(nullable=True),
        "sample": pa.Column(
            float,
            [
                pa.Check(lambda s: s > 0, name="no_sample"),
                pa.Check(lambda s: s == s.round(), name="whole"),
            ],
            nullable=True,
        ),
        "standard_error": measure(0.0, 50.0),
        # How far the published rate may be from the counts: half of its last decimal.
        "tolerance": pa.Column(float),
    },
    checks=[
        pa.Check(lambda f: ~f.duplicated(["area_code", "year", "series"]), name="once"),
        pa.Check(lambda f: ~(_known(f["neet"], f["youth"]) & (f["neet"] > f["youth"])), name="neet_exceeds"),
        pa.Check(
            lambda f: ~(_known(f["sample"], f["youth"]) & (f["sample"] > f["youth"])), name="sample_exceeds"
        ),
        pa.Check(
            lambda f: ~(_known(f["rate"]) & f["neet"].isna() & (f["youth"] == 0)), name="nobody_of_that_age"
        ),
        pa.Check(_rate_holds, name="rate"),
    ],
    name="neet",
)
"""Columns ``area_code, series, year, rate, neet, youth, sample, standard_error, tolerance``; rate and error in percent.

``series`` is what may not be mixed: a source and the definition it used.
"""

STEPS = pa.DataFrameSchema(
    {
        "area_code": text(),
        "year": pa.Column(float, nullable=False),
        "step": text("step", lambda s: s.isin(list(NEET_STEPS))),
        "done": pa.Column(float, [pa.Check(lambda s: s.isin([0.0, 1.0]), name="done")], nullable=True),
        "month": measure(1.0, 12.0),
        "reached": count(nullable=True),
    },
    checks=[
        pa.Check(lambda f: ~f.duplicated(["area_code", "year", "step"]), name="once"),
        pa.Check(lambda f: f["done"].notna() | f["reached"].notna(), name="nothing_said"),
    ],
    name="neet steps",
)
"""Columns ``area_code, year, step, done, month, reached``."""
