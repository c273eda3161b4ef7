"""Which pair of poverty and light a page speaks of: read from the address, made possible by what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from analytics.catalogue import Indicator, load_catalogue
from geo.codes import COUNTRY
from ui import data
from ui.state import LEVELS, PATTERNS, View
from warehouse.pairing import Question
from warehouse.query import shared

LIGHT = "light_"
NOT_A_MEASURE = ("light_observations",)  # of the sky, not of the light
FIRST_MEASURE = "light_mean"
FIRST_RATE = "target_poor_rate"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address asks for, made possible.

    Attributes
    ----------
    question : Question
    rates, measures : tuple of str
        Indicators of poverty and of light there are to choose from.
    years, light_years : tuple of int
        Common era, ascending.
    sources : tuple of str
        Light products with data, the default first.
    levels : tuple of str
    pattern : str
        Of `ui.state.PATTERNS`.
    focus : str or None
        The area looked at, where it or its children are on the map.
    fits : str
        Area the map is fitted to.
    replaced : int or None
        A year of light that the address asks for and that there is not.
    widened : bool
        Whether the province was asked for and has nothing to compare inside, so that the whole country is shown.
    """

    question: Question
    rates: tuple[str, ...]
    measures: tuple[str, ...]
    years: tuple[int, ...]
    light_years: tuple[int, ...]
    sources: tuple[str, ...]
    levels: tuple[str, ...]
    pattern: str
    focus: str | None
    fits: str
    replaced: int | None
    widened: bool = False

    @property
    def years_differ(self) -> bool:
        return self.question.y_year != self.question.x_year


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a snapshot has for pairs.

    Attributes
    ----------
    years : mapping
        ``(indicator, level)`` -> common-era years with data, ascending; of poverty rates.
    light : mapping
        ``source`` -> its years, ascending.
    measures : tuple of str
    levels : tuple of str
        With light and with polygons.
    default : str or None
        Light source shown unless another is asked for.
    """

    years: Mapping[tuple[str, str], tuple[int, ...]]
    light: Mapping[str, tuple[int, ...]]
    measures: tuple[str, ...]
    levels: tuple[str, ...]
    default: str | None


def is_rate(indicator: Indicator) -> bool:
    """Whether an indicator says how poor an area is: a share of people or households of which more is worse.

    Shares of the poor themselves (of 100 poor people, how many fail health) say nothing about how many are poor.
    """
    return (
        indicator.unit == "percent"
        and indicator.worse == "high"
        and indicator.map
        and not indicator.id.endswith("_share")
        and not indicator.id.startswith(LIGHT)
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def holdings(snapshot: str) -> Holdings:
    """What a snapshot has for pairs, looked up once."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    catalogue = load_catalogue()
    rates = [i.id for i in catalogue.values() if is_rate(i)]
    years = {(r, level): tuple(found) for r in rates for level in LEVELS if (found := house.years(r, level))}
    have = set(house.indicators_with_data())
    measures = tuple(
        i.id for i in catalogue.values() if i.theme == "light" and i.id in have and i.id not in NOT_A_MEASURE
    )
    years_of = house.years_by_source(measures[0]) if measures else {}
    default = house.lights.default_source() if measures else None
    order = sorted(years_of, key=lambda source: (source != default, source))
    light = {source: years_of[source] for source in order}
    levels = tuple(
        level
        for level in LEVELS
        if house.drawable(level) and any(level in house.levels_with_data(m) for m in measures)
    )
    return Holdings(years, light, measures, levels, order[0] if order else None)


def nearest(years: Sequence[int], year: int) -> int:
    """The year nearest to another, the later of two.

    >>> nearest((2012, 2021), 2018), nearest((2016, 2020), 2018)
    (2021, 2020)
    """
    return min(years, key=lambda y: (abs(y - year), -y))


def choose_pair(view: View, area: str, level: str, have: Holdings) -> Choice | None:
    """Read what a view asks of poverty and light; pure.

    Parameters
    ----------
    view : View
    area, level : str
        Code and level of the area looked at.
    have : Holdings

    Returns
    -------
    Choice or None
        None where a snapshot has no light or no rate at any level of it.
    """
    if not have.light or have.default is None:
        return None
    province = area[:2] if level != "country" else COUNTRY
    within = COUNTRY if view.peers == "country" else province
    own = "subdistrict" if level == "village" else level
    levels = tuple(
        x
        for x in LEVELS
        if x in have.levels
        and (within == COUNTRY or x != "province")
        and any(y for (_, at), y in have.years.items() if at == x)
    )
    widened = not levels and within != COUNTRY
    if not levels:  # nothing below the province: its place among the others
        within = COUNTRY
        levels = tuple(x for x in have.levels if any(at == x for _, at in have.years))
    if not levels:
        return None
    shown = next((x for x in (view.show, own) if x in levels), levels[0])
    assert shown is not None
    rates = tuple(r for r, at in have.years if at == shown)
    rate = next((r for r in (view.ind, FIRST_RATE) if r in rates), rates[0])
    years = have.years[rate, shown]
    year = view.year if view.year in years else years[-1]
    assert year is not None
    source = view.light if view.light in have.light else have.default
    light_years = have.light[source]
    x_year = view.y1 if view.y1 in light_years else nearest(light_years, year)
    assert x_year is not None
    # The page of night light names its measures without the prefix.
    measure = next(
        (m for m in (view.measure, LIGHT + view.measure, FIRST_MEASURE) if m in have.measures),
        have.measures[0],
    )
    question = Question(rate, year, measure, x_year, shown, within, source)
    place = {"province": area[:2], "district": area[:4], "subdistrict": area[:6]}
    finer = level != "country" and LEVELS.index(shown) > LEVELS.index(own)
    focus = None if level == "country" else area if finer else place[shown]
    return Choice(
        question=question,
        rates=rates,
        measures=have.measures,
        years=years,
        light_years=light_years,
        sources=tuple(have.light),
        levels=levels,
        pattern=view.pattern if view.pattern in PATTERNS else PATTERNS[0],
        focus=focus,
        fits=area if finer else within,
        replaced=view.y1 if view.y1 is not None and view.y1 not in light_years else None,
        widened=widened,
    )
