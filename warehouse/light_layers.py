"""Map layers of night light: measures of one year, and what changed between two, worked out from the sealed rasters."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from analytics.light_measures import GROUPS, Measure
from warehouse.computed_layers import Column, register
from warehouse.query import Warehouse
from warehouse.report import QueryError

STATISTICS, CHANGE = "light_statistics", "light_change"
_YEAR = re.compile(r"(19|20)\d\d")


def _year(text: str) -> int:
    if not _YEAR.fullmatch(text):
        raise QueryError(f"ไม่รู้จักปี {text!r}", f"unknown year {text!r}")
    return int(text)


def _group(name: str, years: int) -> tuple[Measure, ...]:
    measures = GROUPS.get(name, ())
    if not measures or measures[0].years != years:
        raise QueryError(f"ไม่รู้จักกลุ่มค่าแสง {name!r}", f"unknown group of light measures {name!r}")
    return measures


def _columns(frame: pd.DataFrame, measures: Sequence[Measure]) -> list[Column]:
    return [Column(m.key, m.of(frame), m.decimals, signed=m.classes == "symmetric") for m in measures]


@register(STATISTICS)
def statistics(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    """Measures of one year: ``source, year, group``."""
    source, year, group = _exactly(arguments, 3)
    measures = _group(group, 1)
    return _columns(house.lights.statistics(source, _year(year), level, parent), measures)


@register(CHANGE)
def change(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    """What changed: ``source, earlier year, later year, group`` and, where it is another one, the earlier year's source.

    That a person was warned of two products is the page's business: the address of such a layer names both.
    """
    source, y0, y1, group, *other = _exactly(arguments, 4, 5)
    measures = _group(group, 2)
    first, second = _year(y0), _year(y1)
    if not first < second:
        raise QueryError("ปีก่อนต้องมาก่อนปีหลัง", "the earlier year comes first")
    frame = house.lights.change(source, first, second, level, parent, other=other[0] if other else None)
    return _columns(frame, measures)


def _exactly(arguments: Sequence[str], *counts: int) -> Sequence[str]:
    if len(arguments) not in counts:
        raise QueryError(
            f"พบ {len(arguments)} ค่า ต้องมี {counts}", f"found {len(arguments)} arguments, expected {counts}"
        )
    return arguments
