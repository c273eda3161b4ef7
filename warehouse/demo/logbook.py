"""How far the synthetic officers got with each poor household: surveyed, helped, and the stage it reached."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from warehouse.demo.plan import Homes

STAGES: Final = ("survival", "sufficiency", "sustainability")
"""อยู่รอด, พอเพียง, ยั่งยืน: the stages that follow-up visits record."""

SCHEMA: Final = pa.schema(
    [
        ("household_id", pa.string()),
        ("year", pa.int16()),
        ("area_code", pa.string()),
        ("weight", pa.float64()),
        ("surveyed", pa.bool_()),
        ("helped", pa.bool_()),
        ("stage", pa.string()),  # null until somebody has been helped and visited again
        ("synthetic", pa.bool_()),  # always true
    ]
)


def logbook(homes: Homes, table: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Progress of the poor households of a province.

    Parameters
    ----------
    homes : Homes
    table : pa.Table
        The households in the same order.
    rng : numpy.random.Generator

    Returns
    -------
    pa.Table
        One row a poor household: 98 of 100 surveyed and of these about 98 helped, as the guidance slides report of the
        whole country; the stages are invented.
    """
    poor = np.flatnonzero(homes.primary >= 0)
    count = len(poor)
    surveyed = rng.random(count) < 0.985
    helped = surveyed & (rng.random(count) < 0.984)
    visited = helped & (rng.random(count) < 0.8)
    stage = rng.choice(3, count, p=[0.5, 0.35, 0.15])
    mine = table.take(pa.array(poor))
    return pa.table(
        {
            **{name: mine.column(name) for name in ("household_id", "year", "area_code", "weight")},
            "surveyed": pa.array(surveyed),
            "helped": pa.array(helped),
            "stage": pa.array([STAGES[k] for k in stage], pa.string(), mask=~visited),
            "synthetic": pa.repeat(pa.scalar(True), count),
        },
        schema=SCHEMA,
    )
