"""Map layers of one source of NEET, as a kind of `warehouse.computed_layers`: sources of one year are never in one layer.

Arguments of ``neet``: the source and the year.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analytics.formatting import withheld_text
from warehouse.computed_layers import Column, computed_url, register
from warehouse.neet import look_up, neet_table
from warehouse.query import Warehouse
from warehouse.report import QueryError


def neet_url(house: Warehouse, source: str, year: int, level: str, parent: str) -> str | None:
    """Address of the layer with ``neet_rate`` of every area; None where there are no polygons."""
    return computed_url(house, level, parent, "neet", source, year)


@register("neet")
def neet(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    """The rate of one source in one year, in percent, and the mark of what is hidden."""
    if len(arguments) != 2 or not (arguments[1].isdecimal() and len(arguments[1]) == 4):
        raise QueryError("ที่อยู่ของชั้นแผนที่ไม่ครบ", "the address of the layer is not complete")
    source, year = arguments[0], int(arguments[1])
    look_up(house, source, year)
    table = neet_table(house, source, year, level, parent).set_index("area_code")
    marks = pd.Series(withheld_text("percent", house.minimum), table.index[table["suppressed"]], dtype=object)
    return [Column("neet_rate", table["neet_rate"], texts=marks)]
