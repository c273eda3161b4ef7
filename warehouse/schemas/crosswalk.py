"""The list of municipalities: one readable code a row, each once, under a name that kept its letters."""

from __future__ import annotations

import pandera.pandas as pa

from warehouse.schemas.cells import is_garbled
from warehouse.schemas.check import text

MUNICIPALITIES = pa.DataFrameSchema(
    {
        # None where the cell holds no code of six digits.
        "code": text(unique=True),
        "name": text("garbled", lambda s: ~s.map(is_garbled).astype(bool), nullable=True),
    },
    name="municipalities",
)
"""Columns ``code, name`` of a crosswalk, codes read by `geo.codes`."""
