"""Places of public services: one row a place, typed and ranged."""

from __future__ import annotations

import pandera.pandas as pa

from analytics.services import KINDS
from geo.coordinates import THAILAND
from warehouse.schemas.check import count, measure, text

PLACES = pa.DataFrameSchema(
    {
        "place_id": text("place_id", lambda s: s.str.len() > 0),
        "source_id": text(),
        "kind": text("kind", lambda s: s.isin(KINDS)),
        "grade": text(),
        "area_code": text("area_code", lambda s: s.str.fullmatch("(?:[0-9]{2}){1,3}")),
        "longitude": measure(THAILAND[0], THAILAND[2]),
        "latitude": measure(THAILAND[1], THAILAND[3]),
        "approximate": pa.Column(bool),
        "capacity": count(nullable=True),
    },
    checks=[
        pa.Check(lambda f: f["longitude"].isna() == f["latitude"].isna(), name="both coordinates"),
        pa.Check(
            lambda f: (f["name_th"] != "") | (f["name_en"] != "") | f["code"].notna(), name="name or code"
        ),
        pa.Check(lambda f: ~f.duplicated(["source_id", "place_id"]), name="once"),
    ],
    name="places",
)
"""Columns of `warehouse.batch.PLACE`; coordinates in EPSG:4326 and inside Thailand, or both missing."""
