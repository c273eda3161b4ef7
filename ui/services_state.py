"""Which public services a page speaks of: kind, source, grades, radius and measure from the address, where there are such."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

import warehouse.place_layers  # noqa: F401 - makes the set of points known
from analytics.access_measures import MEASURES, AccessMeasure
from analytics.catalogue import load_catalogue
from analytics.services import KINDS, Kind, load_services
from geo.codes import COUNTRY
from ui import data
from ui.frame import Context
from ui.plan import Plan
from ui.scene import plan_of
from ui.state import LEVELS, View
from warehouse.access_layers import (
    ALL,
    FarQuestion,
    PoorAndFar,
    Reach,
    measured,
    poor_and_far,
    read_reach,
)
from warehouse.places import INNER_POINT, VILLAGE
from warehouse.query import shared

FIRST_MEASURE = "nearest"
INDICATORS = (
    "target_poor_rate",
    "target_education_rate",
    "target_health_rate",
    "target_living_rate",
    "target_income_rate",
    "target_access_rate",
    "mpi_poor_rate",
)
"""Of poverty, that access may be set beside."""
FIRST_INDICATOR = {"school": "target_education_rate", "health": "target_health_rate"}
POINTS_HERE = {True: ("auto", "all", "none"), False: ("auto", "rings", "none")}
"""How points can be shown, by whether the map shows the whole country."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a snapshot has of services.

    Attributes
    ----------
    kinds : tuple of str
        Kinds with places, in the order of the services file.
    sources : DataFrame
        As `Places.sources`.
    years : mapping
        ``(indicator, level)`` -> common-era years with data, ascending; of `INDICATORS`.
    people : str
        Indicator that rates are divided by; empty for none.
    """

    kinds: tuple[str, ...]
    sources: pd.DataFrame
    years: dict[tuple[str, str], tuple[int, ...]]
    people: str = ""

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Sources with places of a kind, the one with most coordinates first."""
        own = self.sources[self.sources["kind"] == kind]
        order = own.sort_values(["with_coordinates", "places", "source_id"], ascending=[False, False, True])
        return tuple(order["source_id"])


@st.cache_resource(max_entries=4, show_spinner=False)
def holdings(snapshot: str) -> Holdings:
    """What a snapshot has of services, looked up once."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    sources = house.places.sources()
    have = set(sources["kind"])
    known = [i for i in INDICATORS if i in load_catalogue()]
    years = {(i, level): tuple(found) for i in known for level in LEVELS if (found := house.years(i, level))}
    people = next((name for name, _ in house.places.people_choices()), "")
    return Holdings(tuple(k for k in KINDS if k in have), sources, years, people)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address asks for, made possible.

    Attributes
    ----------
    reach : Reach
    kind : Kind
    kinds, sources : tuple of str
        There are to choose from; sources of the kind.
    grades : DataFrame
        As `Places.kinds`, of the kind and the source.
    measure : AccessMeasure
    level, within : str
        The table holds the areas of `level` inside `within`.
    points : str
        Of `ui.state.POINTS`, as it can be shown here.
    people : str
        As `Holdings.people`.
    """

    reach: Reach
    kind: Kind
    kinds: tuple[str, ...]
    sources: tuple[str, ...]
    grades: pd.DataFrame
    measure: AccessMeasure
    plan: Plan
    level: str
    within: str
    points: str
    people: str

    @property
    def shown_grades(self) -> tuple[str, ...]:
        """Grades that count, in their order."""
        all_of_them = tuple(self.grades["grade"])
        return tuple(g for g in all_of_them if g in self.reach.grades) if self.reach.grades else all_of_them

    @property
    def draw_parent(self) -> str:
        return self.plan.draw_parent or COUNTRY

    @property
    def whole_country(self) -> bool:
        """Whether the map shows the whole country, where thousands of points would hide each other."""
        return self.plan.fits == COUNTRY

    @property
    def province(self) -> str:
        """The file of points the map needs."""
        return COUNTRY if self.whole_country else self.plan.fits[:2]


def choose_services(c: Context) -> Choice | None:
    """Read what the view asks of services; None where the snapshot has no places."""
    have = holdings(c.warehouse.snapshot)
    if not have.kinds:
        return None
    kind = load_services().kinds[c.view.kind if c.view.kind in have.kinds else have.kinds[0]]
    sources = have.of_kind(kind.id)
    source = wanted_source(c.view, sources)
    grades = c.warehouse.places.kinds(source)
    grades = grades[grades["kind"] == kind.id].reset_index(drop=True)
    own = set(grades["grade"])
    asked = tuple(g for g in c.view.grades.split(".") if g in own)
    if len(set(asked)) == len(own):
        asked = ()
    order = list(grades["grade"])
    reach = Reach(
        kind.id,
        c.view.km or kind.radius_km,
        source,
        tuple(sorted(set(asked), key=order.index)),
        c.view.approx,
    )
    plan = plan_of(c)
    level, within = plan.level, plan.within
    if level == "village" and measures(c.warehouse.snapshot, *reach.arguments, level, within).empty:
        # A subdistrict whose villages have no points is listed among its neighbours.
        level, within = "subdistrict", within[:4]
    points = c.view.points if c.view.points in POINTS_HERE[plan.fits == COUNTRY] else "auto"
    return Choice(
        reach,
        kind,
        have.kinds,
        sources,
        grades,
        MEASURES.get(c.view.measure, MEASURES[FIRST_MEASURE]),
        plan,
        level,
        within,
        points,
        have.people,
    )


def wanted_source(view: View, sources: tuple[str, ...]) -> str | None:
    """The source of the address, the fullest one without it; None for all together."""
    if view.source in sources:
        return view.source
    return None if view.source == ALL and len(sources) > 1 else sources[0]


def far_question(c: Context, choice: Choice) -> tuple[FarQuestion, tuple[str, ...], tuple[int, ...]] | None:
    """What is set beside access, and which indicators and years there are; None where there is no rate of these areas."""
    have = holdings(c.warehouse.snapshot)
    level = choice.level if choice.level != "village" else "subdistrict"
    within = choice.within if choice.level != "village" else choice.within[:4]
    indicators = tuple(i for i, at in have.years if at == level)
    if not indicators:
        return None
    first = FIRST_INDICATOR.get(choice.kind.id, INDICATORS[0])
    indicator = next(i for i in (c.view.ind, first, *indicators) if i in indicators)
    years = have.years[indicator, level]
    year = c.view.year if c.view.year in years else years[-1]
    assert year is not None
    return FarQuestion(choice.reach, choice.measure.key, indicator, year, level, within), indicators, years


# Frames are shared between sessions and must not be changed in place.
@st.cache_resource(max_entries=128, show_spinner=False)
def measures(
    snapshot: str, kind: str, km: str, source: str, how: str, grades: str, level: str, within: str
) -> pd.DataFrame:
    """`Places.measures`; kind to grades are `Reach.arguments`."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    return measured(house, read_reach((kind, km, source, how, grades)), level, within)


@st.cache_resource(max_entries=64, show_spinner=False)
def least_served(
    snapshot: str, kind: str, km: str, source: str, how: str, grades: str, by: str, within: str, limit: int
) -> pd.DataFrame:
    """`Places.least_served`; kind to grades are `Reach.arguments`."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    reach = read_reach((kind, km, source, how, grades))
    return house.places.least_served(
        kind, within, km=reach.km, by="village" if by == "village" else "subdistrict", limit=limit,
        grades=reach.grades or None, source=reach.source, approximate=reach.approximate,
    )  # fmt: skip


@st.cache_resource(max_entries=64, show_spinner=False)
def far(
    snapshot: str, kind: str, km: str, source: str, how: str, grades: str, measure: str, indicator: str, year: int,
    level: str, within: str,
) -> PoorAndFar:  # fmt: skip
    """`poor_and_far`; kind to grades are `Reach.arguments`."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    reach = read_reach((kind, km, source, how, grades))
    return poor_and_far(house, FarQuestion(reach, measure, indicator, year, level, within))


@st.cache_resource(max_entries=32, show_spinner=False)
def duplicates(snapshot: str, kind: str, source: str, within: str) -> pd.DataFrame:
    """`Places.duplicates` of a source, or of all."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    return house.places.duplicates(kind, within, source=None if source == ALL else source)


@st.cache_resource(max_entries=32, show_spinner=False)
def listed(
    snapshot: str, kind: str, km: str, source: str, how: str, grades: str, within: str
) -> pd.DataFrame:
    """`Places.points` with and without coordinates; kind to grades are `Reach.arguments`."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    reach = read_reach((kind, km, source, how, grades))
    return house.places.points(
        kind, within=within, grades=reach.grades or None, source=reach.source, located=False
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def provinces_of(snapshot: str, kind: str, source: str | None) -> int:
    """In how many provinces a source, or any, has a place of a kind."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    return int(house.places.points(kind, source=source, located=False)["area_code"].str[:2].nunique())


@st.cache_resource(max_entries=64, show_spinner=False)
def towns_apart(snapshot: str, within: str) -> int:
    """`Places.towns_apart`, how many."""
    return len(shared(data.snapshots_with(snapshot), snapshot).places.towns_apart(within))


@st.cache_resource(max_entries=64, show_spinner=False)
def short_of_points(
    snapshot: str, kind: str, km: str, source: str, how: str, grades: str, within: str
) -> int:
    """`Places.short_of_points`, how many; kind to grades are `Reach.arguments`."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    reach = read_reach((kind, km, source, how, grades))
    return len(
        house.places.short_of_points(
            kind, within, grades=reach.grades or None, source=reach.source, approximate=reach.approximate
        )
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def origin_counts(snapshot: str, within: str) -> tuple[int, int]:
    """From how many villages, and from how many inner points of subdistricts, distances are measured."""
    kinds = shared(data.snapshots_with(snapshot), snapshot).places.origins(within)["kind"]
    return int((kinds == VILLAGE).sum()), int((kinds == INNER_POINT).sum())
