"""Rows of villages: names, points and scores; typed, ranged, each village once."""

from __future__ import annotations

import pandera.pandas as pa

from analytics.village_specs import NOT_APPLICABLE, SCORES
from geo.coordinates import THAILAND
from warehouse.schemas.check import measure, text

_WEST, _SOUTH, _EAST, _NORTH = THAILAND


def _code(*, unique: bool) -> pa.Column:
    # Number 00 is a rest row of a subdistrict and no village.
    return text("code", lambda s: s.str.fullmatch(r"[1-9]\d{5}(?:0[1-9]|[1-9]\d)"), unique=unique)


NAMES = pa.DataFrameSchema(
    {
        "code": _code(unique=True),
        "name_th": text("name", lambda s: (s.str.len() > 0) & (s.str.len() <= 120)),
    },
    name="village names",
)
"""Columns ``code, name_th``."""

POINTS_SCHEMA = pa.DataFrameSchema(
    {
        "code": _code(unique=True),
        "name_th": text(),
        "longitude": measure(_WEST, _EAST, nullable=False),
        "latitude": measure(_SOUTH, _NORTH, nullable=False),
        "how": text("how", lambda s: s.isin(["code", "position", "name"])),
        "confidence": measure(0.0, 1.0, nullable=False),
    },
    name="village points",
)
"""Columns ``code, name_th, longitude, latitude, how, confidence``; degrees, EPSG:4326."""

SCORES_SCHEMA = pa.DataFrameSchema(
    {
        "code": _code(unique=False),
        "indicator": text(),
        "score": pa.Column(int, [pa.Check(lambda s: s.isin([NOT_APPLICABLE, *SCORES]), name="score")]),
    },
    checks=[pa.Check(lambda f: ~f.duplicated(["code", "indicator"]), name="once")],
    name="village scores",
)
"""Columns ``code, indicator, score``."""
