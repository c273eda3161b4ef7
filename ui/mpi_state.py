"""Which index, cut-off, weights and areas the address means, and what is worked out of them; everything kept by its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import floor, gcd, lcm
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from analytics.catalogue import Indicator
from analytics.formatting import number, percent
from geo.codes import COUNTRY
from ui import data
from ui.frame import Context
from ui.plan import levels_for
from ui.scene import plan_of
from warehouse.mpi import Edition, Question
from warehouse.mpi_layers import measures_of, shown
from warehouse.query import shared

if TYPE_CHECKING:
    from analytics.mpi_specs import MpiSpec
    from analytics.robustness import Curves, Stability

SETTINGS = 1000
SEED = 2566
MOST_RANKED = 1000
"""Areas beyond which no ranking is made under many settings: comparing every pair would keep others waiting."""
NEAR = 10
"""Percentage points the cut-off varies by on either side."""
WIDEST = 50
"""Highest cut-off, in percent, of settings far from the one shown."""
CONCENTRATION = 40.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown.

    Attributes
    ----------
    edition : Edition
    question : Question
        Areas listed, with the cut-off and the weights of the address.
    spec : MpiSpec
        With these.
    measure : str
        Of `warehouse.mpi_layers.measures_of`.
    levels : tuple of str
        Levels that may be chosen for the areas listed.
    draw_level, draw_parent : str or None
        The layer file; None where there are no polygons.
    inside : str or None
        Parent whose areas are coloured on the map; None colours all.
    moved : bool
        The index knows nothing at the level wanted, so a level above is shown.
    strange_weights : bool
        The address has weights that this specification has no use for.
    """

    edition: Edition
    question: Question
    spec: MpiSpec
    measure: str
    levels: tuple[str, ...]
    draw_level: str | None
    draw_parent: str | None
    inside: str | None
    moved: bool
    strange_weights: bool

    @property
    def own(self) -> Question:
        """The same areas by the specification's own cut-off and weights."""
        return replace(self.question, cut=None, weights=())

    @property
    def changed(self) -> bool:
        """Whether cut-off or weights are not the specification's."""
        return self.question != self.own

    @property
    def entry(self) -> Indicator:
        """The measure as an entry of the catalogue: names, unit, classes."""
        return entries(self.edition.spec)[measures_of(self.edition.spec).index(self.measure)]


@lru_cache(maxsize=16)
def entries(spec: MpiSpec) -> tuple[Indicator, ...]:
    """Entries of `analytics.mpi_catalogue.catalogue_entries`, in the order of `measures_of`."""
    from analytics.mpi_catalogue import catalogue_entries

    return catalogue_entries(spec)


def choose_mpi(c: Context) -> Choice | None:
    """Index, year, level, cut-off and weights of the address; None where the snapshot has no profiles."""
    editions = c.warehouse.mpi.editions
    if not editions:
        return None
    edition = next((e for e in editions if e.key == c.view.source), editions[0])
    year = c.view.year if c.view.year in edition.levels else edition.years[-1]
    have = edition.levels[year]
    p = plan_of(c)
    places = [
        (p.level, p.within),
        (c.area.level, c.area.parent or COUNTRY),
        ("district", c.area.code[:2] if c.area.code != COUNTRY else COUNTRY),
        ("province", COUNTRY),
    ]
    found = [
        (number, level, within)
        for number, (level, within) in enumerate(places)
        if level in have
        and level not in ("village", "country")
        and len(c.warehouse.mpi.counts(edition.key, level, within, year).groups)
    ]
    if not found:
        return None
    number, level, within = found[0]
    weights = tuple(int(w) for w in c.view.weights.split(".")) if c.view.weights else ()
    spec = edition.spec
    fits = len(weights) in (0, len(spec.dimensions), len(spec.indicators))
    question = Question(edition.key, level, within, year, c.view.cut, weights if fits else ())
    measure = c.view.measure if c.view.measure in measures_of(spec) else "m0"
    drawn = (p.draw_level, p.draw_parent, p.inside)
    if p.draw_level != level:
        parent = within[:2] if within != COUNTRY else COUNTRY
        parent = COUNTRY if level == "province" else parent
        inside = within if level == "subdistrict" and len(within) == 4 else None
        drawn = (level, parent, inside) if c.warehouse.drawable(level, parent) else (None, None, None)
    return Choice(
        edition,
        question,
        c.warehouse.mpi.adjusted(question),
        measure,
        levels_for(c.area.level, have.__contains__),
        *drawn,
        bool(number),
        not fits,
    )


# -- numbers, kept by what they depend on ---------------------------------------------------------------


@st.cache_resource(max_entries=64, show_spinner=False)
def measured(
    snapshot: str, key: str, level: str, within: str, year: int, cut: int | None, weights: tuple[int, ...]
) -> pd.DataFrame:
    """`Mpi.measures`, kept."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    return house.mpi.measures(Question(key, level, within, year, cut, weights))


@st.cache_resource(max_entries=64, show_spinner=False)
def lacking(snapshot: str, key: str, level: str, within: str, year: int) -> pd.DataFrame:
    """`Mpi.missing`, kept."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    return house.mpi.missing(key, level, within, year)


def found(c: Context, q: Question) -> pd.DataFrame:
    """Measures of the areas of a question, by code."""
    return measured(c.warehouse.snapshot, q.key, q.level, q.within, q.year, q.cut, q.weights)


def of_area(c: Context, choice: Choice, code: str, *, own: bool = False) -> pd.Series | None:
    """Measures of one area under the settings of the view or the specification's own; None where it has none."""
    area = c.warehouse.area(code)
    if area.level not in choice.edition.levels[choice.question.year]:
        return None
    q = replace(choice.own if own else choice.question, level=area.level, within=code)
    frame = found(c, q)
    return frame.loc[code] if code in frame.index else None


def missing_text(c: Context, choice: Choice, code: str) -> str:
    """How many of an area's persons lack an answer, and what the specification's rule does with them; empty for nobody."""
    w, q = c.words, choice.question
    frame = lacking(c.warehouse.snapshot, q.key, c.warehouse.area(code).level, code, q.year)
    if code not in frame.index or not frame.at[code, "rows"]:
        return ""
    row = frame.loc[code]
    return w(
        f"mpi.missing_{choice.spec.missing}",
        rows=number(row["rows"], 0, language=w.language),
        share=percent(100 * row["rows"] / row["asked"], language=w.language),
        out=number(row["left_out"], 0, language=w.language),
    )


def area_shown(c: Context, choice: Choice) -> str:
    """The area looked at, or the nearest above it that the index has numbers of."""
    path = [area.code for area in c.warehouse.path(c.area.code)]
    return next((code for code in reversed(path) if of_area(c, choice, code) is not None), path[-1])


def table(c: Context, choice: Choice) -> pd.DataFrame:
    """Areas listed with the measure shown, by code.

    Returns
    -------
    DataFrame
        ``area_code, name_th, name_en, kind, value, own, n``: every official area and others with numbers; ``own`` by the
        specification's own settings, both as `warehouse.mpi_layers.shown`; ``n`` persons.
    """
    now, before = found(c, choice.question), found(c, choice.own)
    q = choice.question
    frame = areas_of(c.warehouse.snapshot, q.level, q.within)
    others = [c.warehouse.area(code) for code in now.index.difference(frame["area_code"])]
    if others:
        more = pd.DataFrame([(a.code, a.name_th, a.name_en, a.kind) for a in others], columns=frame.columns)
        frame = pd.concat([frame, more], ignore_index=True)
    codes = frame["area_code"]
    return frame.assign(
        value=shown(now, choice.measure).reindex(codes).to_numpy(),
        own=shown(before, choice.measure).reindex(codes).to_numpy(),
        n=now["n", ""].reindex(codes).to_numpy(),
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def areas_of(snapshot: str, level: str, within: str) -> pd.DataFrame:
    """Code, names and kind of the official areas of a level inside an area, kept."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    frame = house.values("surveyed_persons", level=level, year=0, within=within)
    return frame[["area_code", "name_th", "name_en", "kind"]]


@st.cache_resource(max_entries=32, show_spinner=False)
def stable(
    snapshot: str,
    key: str,
    level: str,
    within: str,
    years: tuple[int, ...],
    cut: int | None,
    weights: tuple[int, ...],
    measure: str,
    spread: str,
) -> Stability | None:
    """How the areas rank under `SETTINGS` settings around the one shown; None where that cannot be said.

    Parameters
    ----------
    years : tuple of int
        The one shown last.
    measure : str
        ``H``, ``A`` or ``M0``.
    spread : str
        ``near``: weights of dimensions around those shown and a cut-off up to `NEAR` points off; ``wide``: any weights of the
        dimensions, and any cut-off from the union to `WIDEST` percent.
    """
    from analytics.robustness import drawn, people, setting, stability

    house = shared(data.snapshots_with(snapshot), snapshot)
    q = Question(key, level, within, years[-1], cut, weights)
    spec = house.mpi.adjusted(q)
    tables = [people(house.mpi.counts(key, level, within, year), spec) for year in years]
    if min(len(t.codes) for t in tables) < 2 or max(len(t.codes) for t in tables) > MOST_RANKED:
        return None
    own = [one.weight for one in spec.indicators]
    ids = [one.id for one in spec.dimensions]
    settings = drawn(
        own,
        [ids.index(one.dimension) for one in spec.indicators],
        cuts_around(spec, spread),
        SETTINGS,
        seed=SEED,
        concentration=CONCENTRATION if spread == "near" else None,
        years=len(years),
    )
    base = setting(own, share_of(spec), len(years) - 1)
    return stability(tables, settings, base, measure)  # type: ignore[arg-type]


@st.cache_resource(max_entries=32, show_spinner=False)
def curved(
    snapshot: str, key: str, level: str, within: str, year: int, weights: tuple[int, ...]
) -> tuple[Curves, float, float] | None:
    """Curves of H and M0 over the cut-off, and the share of pairs of areas that dominate; None for too many areas."""
    from analytics.robustness import curves, dominance_share, people, setting

    house = shared(data.snapshots_with(snapshot), snapshot)
    spec = house.mpi.adjusted(Question(key, level, within, year, None, weights))
    areas = people(house.mpi.counts(key, level, within, year), spec)
    if not areas.codes or len(areas.codes) > MOST_RANKED:
        return None
    made = curves(areas, setting([one.weight for one in spec.indicators], Fraction(0)))
    return made, dominance_share(made.heads), dominance_share(made.adjusted)


def share_of(spec: MpiSpec) -> Fraction:
    """The cut-off as a share of all weights, 0 for the union."""
    return Fraction(0) if spec.k == "union" else Fraction(spec.k)


def cuts_around(spec: MpiSpec, spread: str) -> list[Fraction]:
    """Cut-offs that settings are drawn from, each whole percent in reach; the one shown is the middle where it can be."""
    if spread == "wide":
        return [Fraction(k, 100) for k in range(WIDEST + 1)]
    middle = share_of(spec)
    near = [middle + Fraction(k, 100) for k in range(-NEAR, NEAR + 1)]
    return [k for k in near if 0 <= k <= 1]


# -- weights as whole numbers ----------------------------------------------------------------------------


def points(weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Weights as whole numbers from 0 to 100 in the same proportions, as large as sum 100 allows; rounded where they must be.

    >>> points([Fraction(1, 5)] * 5), points([Fraction(1, 3), Fraction(1, 6), Fraction(1, 2)])
    ((20, 20, 20, 20, 20), (32, 16, 48))
    >>> points([Fraction(1, 1000), Fraction(999, 1000)])
    (1, 100)
    """
    size = lcm(*(w.denominator for w in weights))
    whole = [int(w * size) for w in weights]
    least = gcd(*whole) or 1
    whole = [w // least for w in whole]
    if max(whole) > 100:
        return tuple(max(1, round(100 * w / max(whole))) if w else 0 for w in whole)
    times = max(1, floor(100 / sum(whole)))
    return tuple(w * times for w in whole)


def by_indicator(choice: Choice) -> bool:
    """Whether weights are set indicator by indicator."""
    spec = choice.edition.spec
    return len(spec.indicators) > len(spec.dimensions) and len(choice.question.weights) == len(
        spec.indicators
    )


def sliders(choice: Choice) -> list[tuple[Any, int]]:
    """Dimensions or indicators, each with the whole number that its slider stands at."""
    ones: Sequence[Any] = choice.spec.indicators if by_indicator(choice) else choice.spec.dimensions
    now = choice.question.weights or points([one.weight for one in ones])
    return list(zip(ones, now, strict=True))
