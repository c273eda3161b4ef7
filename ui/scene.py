"""What a page is about to show: indicator, plan, year and the numbers, gathered once a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analytics.catalogue import Indicator, indicator
from ui import data
from ui.frame import Context
from ui.plan import Plan, plan


@dataclass(frozen=True, slots=True)
class Scene:
    """Numbers of one indicator for one view.

    Attributes
    ----------
    year : int or None
        The year shown (common era); None when the level has no data of this indicator at all.
    wanted : int or None
        Year the person asked for.
    listed, drawn : DataFrame
        As `Warehouse.values`: the areas of the table, and those of the map.
    drawn_year : int or None
        Year of the map, which may lie on another level than the table.
    """

    indicator: Indicator
    plan: Plan
    year: int | None
    wanted: int | None
    listed: pd.DataFrame
    drawn: pd.DataFrame
    drawn_year: int | None


def nearest_year(years: Sequence[int], wanted: int | None) -> int | None:
    """The wanted year where there are data, else the newest."""
    if not years:
        return None
    return wanted if wanted in years else max(years)


def year_choices(c: Context, indicator_id: str, levels: Sequence[str]) -> list[int]:
    """Years with data at any of the levels, newest first."""
    return sorted({y for level in levels for y in c.warehouse.years(indicator_id, level)}, reverse=True)


def plan_of(c: Context) -> Plan:
    """Lists and layers for the area looked at."""
    return plan(
        c.area.code, c.area.level, c.view.show, lambda level, parent: c.warehouse.drawable(level, parent)
    )


def compose(c: Context, indicator_id: str, wanted: int | None) -> Scene:
    """Gather the numbers of an indicator for the view's area.

    Parameters
    ----------
    wanted : int or None
        Year in the common era; the newest year of the level stands in where it has no data.
    """
    p = plan_of(c)
    year = nearest_year(c.warehouse.years(indicator_id, p.level), wanted)
    listed = _values(c, indicator_id, p.level, year, p.within)
    drawn_year, drawn = year, listed
    if p.draw_level is not None and p.draw_parent is not None:
        where = p.inside or p.draw_parent
        if (p.draw_level, where) != (p.level, p.within):
            drawn_year = nearest_year(c.warehouse.years(indicator_id, p.draw_level), wanted)
            drawn = _values(c, indicator_id, p.draw_level, drawn_year, where)
    return Scene(indicator(indicator_id), p, year, wanted, listed, drawn, drawn_year)


def _values(c: Context, indicator_id: str, level: str, year: int | None, within: str) -> pd.DataFrame:
    # A year without data still lists the areas: "no data" is shown, not an empty page.
    return data.values(c.warehouse.snapshot, indicator_id, level, year if year is not None else 0, within)


def star_indicator(c: Context) -> str:
    """Stars among the peers the view chose."""
    return "stars" if c.view.peers == "country" else "stars_within_parent"
