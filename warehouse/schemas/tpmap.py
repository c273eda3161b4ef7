"""TPMAP's open files: what stands in a cell, and which area a row may be of.

How numbers of one row, of several files and of several levels have to agree is arithmetic over many columns and stays
in `warehouse.sources.tpmap_checks`.
"""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from warehouse.schemas.cells import is_garbled
from warehouse.schemas.check import count, measure, text
from warehouse.sources.tpmap_layout import (
    COMMON_COLUMNS,
    HAPPINESS,
    POOR_COLUMNS,
    RATE,
    SURVEYED_DERIVED,
)

#: Columns that hold decimals: a mean of answers from 0 to 10, and a percentage.
MEASURES = {HAPPINESS: (0.0, 10.0), RATE: (0.0, 100.0)}


def _column(name: str) -> pa.Column:
    return measure(*MEASURES[name]) if name in MEASURES else count()


COMMON_FILE = pa.DataFrameSchema(
    {name: _column(name) for name in COMMON_COLUMNS} | {SURVEYED_DERIVED: count(required=False)},
    name="tpmap common",
)
"""Denominators: what a ``common`` file says of each area."""

POOR_FILE = pa.DataFrameSchema(
    {name: _column(name) for name in POOR_COLUMNS} | {SURVEYED_DERIVED: count(required=False)},
    name="tpmap poor",
)
"""Counts of the poor: what a file of one mask says of each area."""

PLACES = pa.DataFrameSchema(
    {
        # None where the cell holds no code of an area that is or was registered.
        "unit": text(),
        "name": text("garbled", lambda s: ~s.map(is_garbled).astype(bool), nullable=True),
    },
    checks=[
        pa.Check(lambda f: _inside(f["unit"], f["file_province"]), name="file_province"),
        pa.Check(lambda f: _inside(f["unit"], f["row_province"]), name="row_province"),
    ],
    name="tpmap places",
)
"""Which area a row is of: ``unit, name, file_province, row_province``, the last two None where nothing says so."""


def _inside(unit: pd.Series, province: pd.Series) -> pd.Series:
    return (unit.str[:2] == province) | province.isna() | unit.isna()
