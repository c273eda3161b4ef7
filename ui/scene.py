"""What a page is about to show: indicator, plan, year and the numbers, gathered once a run."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.catalogue import Indicator, indicator
from ui import data
from ui.frame import Context
from ui.plan import Plan, plan


@dataclass(frozen=True, slots=True)
class Scene:
    """Numbers of one indicator in one year for one view.

    Attributes
    ----------
    year : int
        The page's one year (common era).
    listed, drawn : DataFrame
        As `Warehouse.values`: the areas of the table, and those of the map.
    """

    indicator: Indicator
    plan: Plan
    year: int
    listed: pd.DataFrame
    drawn: pd.DataFrame


def year_choices(c: Context, indicator_id: str) -> list[int]:
    """Years with data of the area itself, of those listed or of those drawn, newest first."""
    return sorted(set().union(*_years_by_level(c, indicator_id)), reverse=True)


def _years_by_level(c: Context, indicator_id: str) -> list[set[int]]:
    p = plan_of(c)
    own = [set(c.warehouse.years(indicator_id, level)) for level in dict.fromkeys((c.area.level, p.level))]
    drawn = set(c.warehouse.years(indicator_id, p.draw_level)) if p.draw_level is not None else set()
    # A map that only shows the place has no say in the year, unless nothing else has.
    if any(own) and p.missing_level is not None:
        return own
    return [*own, drawn]


def page_year(c: Context, indicator_id: str) -> int:
    """The one year everything on a page is of; 0 where there are no data at all.

    The year in the address where there are data of it; else the newest year that the area and those inside it share,
    so that figures, map and ranking speak of the same year; else the newest.
    """
    choices = year_choices(c, indicator_id)
    if c.view.year in choices:
        return int(c.view.year or 0)
    known = [years for years in _years_by_level(c, indicator_id) if years]
    common = set.intersection(*known) if known else set()
    return max(common or choices or [0])


def map_indicator(c: Context) -> str:
    """The indicator of the map page; the rate that stars are made of where there are no stars, or no map of the indicator."""
    if not indicator(c.view.ind).map:
        return "target_poor_rate"
    levels = {plan_of(c).level, c.area.level}
    if c.view.ind in ("stars", "stars_within_parent") and not any(
        c.warehouse.years(c.view.ind, level) for level in levels
    ):
        return "target_poor_rate"
    return c.view.ind


def plan_of(c: Context) -> Plan:
    """Lists and layers for the area looked at."""
    return plan(
        c.area.code, c.area.level, c.view.show, lambda level, parent: c.warehouse.drawable(level, parent)
    )


def compose(c: Context, indicator_id: str, year: int) -> Scene:
    """Gather the numbers of an indicator in a year for the view's area.

    A level without data of that year still lists its areas: "no data" is shown, never another year.
    """
    p = plan_of(c)
    snapshot = c.warehouse.snapshot
    listed = data.values(snapshot, indicator_id, p.level, year, p.within)
    drawn = listed
    if p.draw_level is not None and p.draw_parent is not None:
        drawn = data.values(snapshot, indicator_id, p.draw_level, year, p.inside or p.draw_parent)
    return Scene(indicator(indicator_id), p, year, listed, drawn)


def star_indicator(c: Context) -> str:
    """Stars among the peers the view chose."""
    return "stars" if c.view.peers == "country" else "stars_within_parent"
