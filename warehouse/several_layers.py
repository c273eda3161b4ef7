"""Persons failing two dimensions or more as a map layer: kind ``several`` of `warehouse.computed_layers`.

Its argument is the year (common era). The values are those of `analytics.urgency.areas`, which the page of urgent issues lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from analytics.formatting import withheld_text
from analytics.urgency import INDICATORS, areas
from warehouse.computed_layers import Column, computed_url, register
from warehouse.query import Warehouse
from warehouse.report import QueryError

VALUE: Final = "value"
"""Property of a feature that is coloured: percent of the persons surveyed."""
DECIMALS: Final = 3


def several_url(house: Warehouse, level: str, parent: str, year: int) -> str | None:
    """Address of the layer of all areas of `level` inside `parent`; None where there are no polygons."""
    return computed_url(house, level, parent, "several", year)


def urgent_areas(house: Warehouse, level: str, within: str, year: int) -> pd.DataFrame:
    """`analytics.urgency.areas` of the areas of a level inside one area, in one year (common era)."""
    return areas({name: house.values(name, level=level, year=year, within=within) for name in INDICATORS})


@register("several")
def _several(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    if len(arguments) != 1 or not (arguments[0].isdecimal() and len(arguments[0]) == 4):
        raise QueryError("ที่อยู่ของชั้นแผนที่ไม่ครบ", "the address of the layer is not complete")
    table = urgent_areas(house, level, parent, int(arguments[0])).set_index("area_code")
    hidden = pd.Series(withheld_text("percent", house.minimum), index=table.index)
    texts = hidden.where(table["several_hidden"])
    return [Column(VALUE, table["several_rate"], DECIMALS, texts=texts)]
