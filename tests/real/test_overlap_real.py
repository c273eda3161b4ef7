"""TPMAP's union files of B.E. 2561 give exact cells, in the country and in every province."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.catalogue import DIMENSIONS, MASKS
from analytics.overlap import cells_from_unions, check_cells, dimension_totals, exactly
from tests.realdata import real_path

pytestmark = pytest.mark.real

COLUMNS = dict(zip(DIMENSIONS, ("health", "living", "education", "income", "accessibility"), strict=True))


def read_level(level: str) -> dict[str, pd.DataFrame]:
    """Read the 31 union files of a level, each ordered by its code where it has one."""
    tables = {mask: pd.read_csv(real_path(f"tpmap/61/61_{level}_{mask}.csv"), dtype=str) for mask in MASKS}
    if level == "province":
        # A file leaves out the areas where nobody fails, so the areas are those of the widest union.
        codes = sorted(tables["11111"]["province_ID"])
        return {mask: table.set_index("province_ID").reindex(codes) for mask, table in tables.items()}
    return tables


def counts(table: pd.DataFrame, column: str) -> np.ndarray:
    return pd.to_numeric(table[column]).fillna(0).to_numpy(dtype=float)


@pytest.mark.parametrize("level", ["country", "province"])
def test_cells_of_the_published_unions(level):
    tables = read_level(level)
    unions = {mask: counts(table, "poor.JPT.MOFval.CNT") for mask, table in tables.items()}
    cells = cells_from_unions(unions)
    assert check_cells(unions, cells) == []
    for dimension, total in dimension_totals(cells).items():
        assert (total == counts(tables["11111"], f"poor.JPT.MOFval.{COLUMNS[dimension]}")).all()
    by_number = {k: int(count.sum()) for k, count in exactly(cells).items()}
    assert by_number == {1: 873_201, 2: 132_787, 3: 24_339, 4: 2_611, 5: 49}
