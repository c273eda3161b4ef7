"""Which years of which indicator the trend screen speaks of: read from the address, made possible by what there is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.catalogue import Indicator, indicator
from analytics.trends import Run, moves, runs, with_versions, year_pair
from geo.codes import COUNTRY, Area
from ui import data
from ui.compare_state import START, comparable
from ui.frame import Context
from ui.plan import NEXT_LEVEL
from warehouse.neet import UNSTATED_YEAR


@dataclass(frozen=True, slots=True)
class Trend:
    """An indicator over years, for an area and those inside it.

    Attributes
    ----------
    indicator : Indicator
    offered : tuple of str
        Indicators to choose from.
    source : str
        A source id; empty for the preferred source of each year.
    sources : tuple of str
        Sources to choose from where several speak of one year; else empty.
    own : DataFrame
        Readings of the area (`ui.data.readings`).
    above : tuple of (Area, DataFrame)
        The area's parent and the country where the indicator is no count: what the area is seen against.
    runs : list of Run
        Of the area.
    level, within : str
        Whose areas are listed: those inside, or the area's siblings where nothing inside has two years.
    inside : DataFrame
        Readings of the areas listed.
    pair : tuple of int or None
        The two years that changes are told between; None with fewer than two years.
    years : tuple of int
        Years to choose from, ascending.
    moved : DataFrame
        As `analytics.trends.moves` of the areas listed, with names and kind; empty without a pair.
    own_move : Series or None
        The area's own row of `moves`.
    """

    indicator: Indicator
    offered: tuple[str, ...]
    source: str
    sources: tuple[str, ...]
    own: pd.DataFrame
    above: tuple[tuple[Area, pd.DataFrame], ...]
    runs: list[Run]
    level: str
    within: str
    inside: pd.DataFrame
    pair: tuple[int, int] | None
    years: tuple[int, ...]
    moved: pd.DataFrame
    own_move: pd.Series | None

    @property
    def siblings(self) -> bool:
        """Whether the areas listed are the area's siblings and not those inside it."""
        return bool(self.own["area_code"].isin(self.inside["area_code"]).any())


def choose_trend(c: Context) -> Trend | None:
    """Read what the address asks for; None where the snapshot has nothing at the area's level or below."""
    house = c.warehouse
    below = NEXT_LEVEL.get(c.area.level, c.area.level)
    have = set(house.indicators_with_data(c.area.level)) | set(house.indicators_with_data(below))
    offered = tuple(i for i in house.indicators_with_data() if i in have and comparable(i))
    if not offered:
        return None
    shown = c.view.ind if c.view.ind in offered else START if START in offered else offered[0]
    entry = indicator(shown)
    by_source = data.years_by_source(house.snapshot, shown)
    spoken = [year for years in by_source.values() for year in years]
    sources = tuple(by_source) if len(set(spoken)) < len(spoken) else ()
    source = c.view.source if c.view.source in sources else ""
    snapshot = house.snapshot

    def readings(level: str, within: str) -> pd.DataFrame:
        found = data.readings(snapshot, shown, level, within, source)
        # A year that nobody has a number of, or whose source states no year, is no year.
        known = found["value"].notna() | found["suppressed"].eq(True)
        known &= ~found["source_id"].isin(UNSTATED_YEAR)
        return found[found["year"].isin(found.loc[known, "year"])]

    own = readings(c.area.level, c.area.code)
    level, within, inside = below, c.area.code, readings(below, c.area.code)
    if inside["year"].nunique() < 2 and c.area.parent is not None:
        beside = readings(c.area.level, c.area.parent)
        if beside["year"].nunique() >= 2:
            level, within, inside = c.area.level, c.area.parent, beside
    above: tuple[tuple[Area, pd.DataFrame], ...] = ()
    if not entry.summed:
        over = dict.fromkeys(a for a in (c.area.parent, COUNTRY) if a is not None and a != c.area.code)
        found = [(house.area(code), readings(house.area(code).level, code)) for code in over]
        above = tuple((area, frame) for area, frame in found if frame["value"].notna().any())
    years = tuple(sorted({int(y) for frame in (own, inside) for y in frame["year"]}))
    pair = year_pair(_versions(inside, own, shown), c.view.y0, c.view.y1)
    moved, own_move = pd.DataFrame(), None
    if pair is not None:
        moved = moves(inside, shown, *pair)
        names = inside.drop_duplicates("area_code").set_index("area_code")[["name_th", "name_en", "kind"]]
        moved = moved.join(names, on="area_code")
        ours = moves(own, shown, *pair)
        own_move = ours.iloc[0] if len(ours) else None
    return Trend(
        entry, offered, source, sources, own, above, runs(own, shown), level, within, inside, pair, years, moved, own_move
    )  # fmt: skip


def _versions(inside: pd.DataFrame, own: pd.DataFrame, name: str) -> dict[int, str]:
    """Each year's version: that of most areas inside, else the area's own."""
    out: dict[int, str] = {}
    for frame in (own, inside):
        known = with_versions(frame, name).dropna(subset=["version"])
        for year, rows in known.groupby("year"):
            out[int(year)] = str(rows["version"].mode().iloc[0])
    return out
