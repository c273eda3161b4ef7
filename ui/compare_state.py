"""What the comparison screen sets side by side: areas of one level, or two years of one area; read from the address."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics.catalogue import DIMENSIONS, Indicator, indicator
from analytics.comparability import DIFFERENCES, Standing, Verdict, verdict, version
from analytics.formatting import year_text
from analytics.peers import Peers
from analytics.trends import year_pair
from geo.codes import COUNTRY, Area
from ui import data
from ui.figures import ranks
from ui.frame import Context
from ui.state import MOST_BESIDE
from warehouse.neet import UNSTATED_YEAR
from warehouse.peers import beside, similar
from warehouse.query import shared

START = "target_poor_rate"
STARS = ("stars", "stars_within_parent")
NEET = ("neet_rate", "neet")
KEY_FIGURES = (
    "surveyed_persons", "households", "target_poor", "target_poor_rate", "mpi_poor", "mpi_poor_rate",
    *(f"target_{d}_rate" for d in DIMENSIONS), "mean_dimensions", "gpp_per_head", "neet_rate",
)  # fmt: skip
"""What the table shows of every side, beside the indicator chosen."""
RADAR = tuple(f"target_{d}_rate" for d in DIMENSIONS)


def comparable(name: str) -> bool:
    """Whether an indicator is offered to be set side by side: what maps offer, but ranks, and NEET, which has a map of its own."""
    return (indicator(name).map and name not in STARS) or name in NEET


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared.

    Attributes
    ----------
    area : Area
    year : int or None
        Common era; None where areas are compared, each row of the table in a year of its own.
    name : str
        Text of data, to be escaped: the area's name, or the year.
    """

    area: Area
    year: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of one side.

    Attributes
    ----------
    value : float or None
        None where there is no data and where it is hidden.
    standing : Standing or None
        None where there is no row.
    """

    value: float | None
    numerator: float | None
    denominator: float | None
    hidden: bool
    standing: Standing | None
    year: int


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator of every side, and whether the sides compare in it."""

    indicator: Indicator
    cells: tuple[Cell, ...]
    verdict: Verdict

    @property
    def known(self) -> bool:
        """Whether any side has a number or a hidden one."""
        return any(cell.value is not None or cell.hidden for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address asks for, made possible.

    Attributes
    ----------
    by : str
        ``areas`` or ``years``.
    sides : tuple of Side
        One where nothing can be set beside it.
    level : str
    indicator : Indicator
    offered : tuple of str
        Indicators to choose from.
    years : tuple of int
        Of the indicator, ascending, common era.
    year : int or None
        The year of the indicator where areas are compared.
    started : str
        How the other sides were found where the address names none: ``peer``, ``neighbour``, ``sibling``, ``extremes``;
        empty where it names them.
    left_out : tuple of Area
        Areas of the address that are of another level.
    """

    by: str
    sides: tuple[Side, ...]
    level: str
    indicator: Indicator
    offered: tuple[str, ...]
    years: tuple[int, ...]
    year: int | None
    started: str
    left_out: tuple[Area, ...]


@st.cache_resource(max_entries=64, show_spinner=False)
def peers_of(snapshot: str, code: str, level: str) -> Peers | None:
    """`warehouse.peers.similar`, kept."""
    return similar(shared(data.snapshots_with(snapshot), snapshot), code, level)


@st.cache_resource(max_entries=64, show_spinner=False)
def neighbours_of(snapshot: str, code: str, level: str) -> tuple[str, ...]:
    """`warehouse.peers.beside`, kept."""
    return tuple(beside(shared(data.snapshots_with(snapshot), snapshot), code, level))


def choose_comparison(c: Context) -> Choice | None:
    """Read what the address asks for; None where nothing is known of the area's level."""
    house = c.warehouse
    by = c.view.by or "areas"
    wanted = [house.area(code) for code in c.view.others.split(".") if code]
    areas = [c.area]
    if by == "areas" and c.area.level == "country":
        # Nothing is beside the country: the areas named in the address are compared with each other.
        areas = [a for a in wanted if wanted and a.level == wanted[0].level]
    elif by == "areas":
        areas += [a for a in wanted if a.level == c.area.level]
    left_out = tuple(a for a in wanted if a not in areas) if by == "areas" else ()
    level = areas[0].level if areas else "province"
    offered = tuple(i for i in house.indicators_with_data(level) if comparable(i))
    if not offered:
        return None
    shown = c.view.ind if c.view.ind in offered else START if START in offered else offered[0]
    entry = indicator(shown)
    if by == "years":
        return _of_years(c, entry, offered)
    years = tuple(house.years(shown, level))
    year = _year(c, areas, shown, level, years)
    started = ""
    if len(areas) < 2:
        areas, started = _beside(c, areas, shown, level, year)
    sides = tuple(Side(a, None, c.name(a)) for a in areas[: MOST_BESIDE + 1])
    return Choice("areas", sides, level, entry, offered, years, year, started, left_out)


def _year(c: Context, areas: list[Area], shown: str, level: str, years: tuple[int, ...]) -> int:
    """The year asked for, else the newest of which every area has a number, else the newest of most areas of the level."""
    if c.view.year in years:
        return int(c.view.year or 0)
    for year in reversed(years):
        if areas and all(_cell(c, a, shown, year).value is not None for a in areas):
            return year
        if not areas and ranks(data.values(c.warehouse.snapshot, shown, level, year, COUNTRY)):
            return year
    return years[-1]


def _beside(c: Context, areas: list[Area], shown: str, level: str, year: int) -> tuple[list[Area], str]:
    """Somebody to start with: the area most like it, else a neighbour, else a sibling; of the country its two extremes."""
    house, snapshot = c.warehouse, c.warehouse.snapshot
    if not areas:
        known = data.values(snapshot, shown, level, year, COUNTRY).dropna(subset="value")
        if len(known) < 2:
            return [house.area(a.code) for a in house.children(COUNTRY)[:2]], "sibling"
        ordered = known.sort_values(["value", "area_code"], ascending=[False, True])["area_code"]
        return [house.area(str(ordered.iloc[0])), house.area(str(ordered.iloc[-1]))], "extremes"
    area = areas[0]
    found = peers_of(snapshot, area.code, level)
    if found is not None and len(found.table):
        return [area, house.area(str(found.table["code"].iloc[0]))], "peer"
    touching = neighbours_of(snapshot, area.code, level)
    if touching:
        return [area, house.area(touching[0])], "neighbour"
    siblings = [a for a in house.children(area.parent or COUNTRY) if a.code != area.code]
    return ([area, siblings[0]], "sibling") if siblings else ([area], "")


def _of_years(c: Context, entry: Indicator, offered: tuple[str, ...]) -> Choice:
    """Two years of the area looked at."""
    versions = {}
    for year in c.warehouse.years(entry.id, c.area.level):
        standing = _cell(c, c.area, entry.id, year).standing
        if standing is not None and standing.source not in UNSTATED_YEAR:
            versions[year] = version(entry.id, standing)
    years = tuple(sorted(versions))
    pair = year_pair(versions, c.view.y0, c.view.y1) or years[-1:]
    w = c.words
    sides = tuple(Side(c.area, year, w("year.shown", year=year_text(year, w.language))) for year in pair)
    return Choice("years", sides, c.area.level, entry, offered, years, None, "", ())


def _cell(c: Context, area: Area, name: str, year: int) -> Cell:
    return cells(c, area, (name,), year)[name]


def cells(c: Context, area: Area, names: tuple[str, ...], year: int) -> dict[str, Cell]:
    """Numbers of an area in one year, by indicator."""
    snapshot = c.warehouse.snapshot
    made_up = data.made_up_sources(snapshot)
    out = {}
    for row in data.profile(snapshot, area.code, names, year).itertuples():
        hidden = bool(row.suppressed)
        standing = None
        if isinstance(row.definition, str):
            source = str(row.source_id)
            standing = Standing(area.level, year, row.definition, source, source in made_up)
        out[str(row.indicator)] = Cell(
            None if hidden or pd.isna(row.value) else float(row.value),
            None if hidden or pd.isna(row.numerator) else float(row.numerator),
            None if hidden or pd.isna(row.denominator) else float(row.denominator),
            hidden,
            standing,
            year,
        )
    return out


def rows(c: Context, choice: Choice, names: tuple[str, ...]) -> list[Row]:
    """Indicators of every side, in the order given; those nobody has a number of are left out.

    Areas are compared in one year a row: that of the indicator shown where there is one, else the newest of the level.
    """
    house = c.warehouse
    names = tuple(dict.fromkeys(names))
    by_side: list[dict[str, Cell]] = []
    for side in choice.sides:
        year_of: dict[str, int] = {}
        for name in names:
            years = house.years(name, side.area.level)
            wanted = side.year if choice.by == "years" else choice.year
            if wanted in years or choice.by == "years":
                year_of[name] = int(wanted or 0)
            elif years:
                year_of[name] = years[-1]
        found: dict[str, Cell] = {}
        for year in set(year_of.values()):
            found |= cells(c, side.area, tuple(n for n in names if year_of.get(n) == year), year)
        by_side.append(found)
    out = []
    for name in names:
        if not all(name in found for found in by_side):
            continue
        row = tuple(found[name] for found in by_side)
        made = Row(indicator(name), row, compared(name, row))
        if made.known:
            out.append(made)
    return out


def compared(name: str, row: tuple[Cell, ...]) -> Verdict:
    """What differs between any two of the numbers of a row, and what of it stands against comparing them."""
    standings = [cell.standing for cell in row if cell.standing is not None]
    found = [verdict(name, a, b) for i, a in enumerate(standings) for b in standings[i + 1 :]]
    differs = {name for v in found for name in v.differs}
    against = {name for v in found for name in v.against}
    return Verdict(
        tuple(d for d in DIFFERENCES if d in differs), tuple(d for d in DIFFERENCES if d in against)
    )


def shown_row(c: Context, choice: Choice) -> Row:
    """The indicator of the headline, the bars and the maps."""
    found = rows(c, choice, (choice.indicator.id,))
    empty = Cell(None, None, None, False, None, choice.year or 0)
    return found[0] if found else Row(choice.indicator, (empty,) * len(choice.sides), Verdict())
