"""Which survey of villages and which of its measures the address means."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics.village_specs import Spec, observed
from geo.codes import COUNTRY
from ui import data
from ui.frame import Context
from ui.scene import Scene, compose
from ui.texts import Words
from warehouse.query import shared
from warehouse.villages import LEVEL, Round

POINT_MODES = ("auto", "all", "none")
TOP = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown: one survey, one measure, and the areas that sum it up.

    Attributes
    ----------
    measure : str
        ``level``, or the id of a domain or an indicator.
    scene : Scene
        Shares of villages: of level 1, or with a severe problem.
    within : str
        Province the points are of, or the country.
    pointed : bool
        Whether villages are drawn one by one; the country is drawn by areas unless asked for.
    """

    round: Round
    measure: str
    scene: Scene
    within: str
    pointed: bool

    @property
    def spec(self) -> Spec:
        return self.round.spec

    @property
    def year(self) -> int:
        return self.round.year


def choose_round(c: Context) -> Choice | None:
    """The survey and measure of the address, else the newest and its levels; None where there are no scores."""
    rounds = c.warehouse.villages.rounds
    if not rounds:
        return None
    found = next((r for r in rounds if r.key == c.view.source), rounds[0])
    measure = c.view.measure if c.view.measure in measures(found.spec) else LEVEL
    scene = compose(c, indicator_of(found.spec, measure), found.year)
    within = province_of(c)
    one_by_one = c.view.points == "all" or (c.view.points == "auto" and within != COUNTRY)
    return Choice(found, measure, scene, within, one_by_one)


def province_of(c: Context) -> str:
    """The province of the area looked at, or the country."""
    return COUNTRY if c.area.code == COUNTRY else c.area.code[:2]


def measures(spec: Spec) -> list[str]:
    """Measures of a specification in the order they are offered: the level, then each domain with its indicators."""
    listed = [LEVEL]
    for domain in spec.domains:
        inside = spec.of_domain(domain.key)
        listed += [domain.key, *(i.id for i in inside)] if inside else []
    return listed


def indicator_of(spec: Spec, measure: str) -> str:
    """The catalogue's indicator of a measure; levels are summed up by the share of the lagging ones."""
    return observed(spec, "level1" if measure == LEVEL else measure)


def measure_name(spec: Spec, measure: str, w: Words) -> str:
    """A measure's name with a mark where nobody checked it."""
    if measure == LEVEL:
        return w("villages.level")
    domain, indicator = spec.domain(measure), spec.indicator(measure)
    if domain is not None:
        return w("villages.domain", name=w.pick(domain.name_th, domain.name_en))
    assert indicator is not None
    name = w.pick(indicator.name_th, indicator.name_en)
    return name if indicator.number is None else f"{indicator.number}. {name}"


@st.cache_resource(max_entries=16, show_spinner=False)
def standing(snapshot: str, spec: str, year: int, within: str) -> pd.DataFrame:
    """`Villages.standing` with names, kept."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    frame = house.villages.standing(spec, year, within)
    areas = [house.area(code) for code in frame["code"]]
    return frame.assign(name_th=[a.name_th for a in areas], name_en=[a.name_en for a in areas])


@st.cache_resource(max_entries=24, show_spinner=False)
def classed(snapshot: str, spec: str, year: int, measure: str, within: str) -> pd.DataFrame:
    """`Villages.classed`, kept."""
    return shared(data.snapshots_with(snapshot), snapshot).villages.classed(spec, year, measure, within)
