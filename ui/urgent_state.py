"""What the page of urgent issues shows: one year, one area with its parent and country, the areas inside, in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import streamlit as st

from analytics.catalogue import DIMENSIONS, MASKS, MPI_INDICATORS
from analytics.urgency import (
    EXACTLY,
    Combination,
    areas,
    combinations,
    deprivation,
    known_by,
    ranked,
)
from geo.codes import COUNTRY, Area
from ui import data
from ui.frame import Context
from ui.plan import Plan
from ui.scene import page_year, plan_of
from warehouse.query import shared
from warehouse.several_layers import urgent_areas

DIMENSION_RATES = tuple(f"target_{d}_rate" for d in DIMENSIONS)
CELLS = tuple(f"overlap_cell_{mask}" for mask in MASKS)
COUNTED = {"poor": "target_ind{}_rate", "all": "failing_ind{}_rate"}
"""Who is counted by indicator: the target poor, of all persons surveyed; or everybody it applies to."""
_OWN = (
    "target_poor_rate",
    "target_poor",
    "mean_dimensions",
    *EXACTLY,
    *DIMENSION_RATES,
    *CELLS,
    *(pattern.format(n) for pattern in COUNTED.values() for n in MPI_INDICATORS),
)


@st.cache_resource(max_entries=256, show_spinner=False)
def profile(snapshot: str, area: str, year: int) -> pd.DataFrame:
    """Everything the page says of one area, as `Warehouse.profile`; some 90 rows, kept."""
    return shared(data.snapshots_with(snapshot), snapshot).profile(area, _OWN, year)


@st.cache_resource(max_entries=12, show_spinner=False)
def inside(snapshot: str, level: str, within: str, year: int) -> pd.DataFrame:
    """`analytics.urgency.areas` of the areas of a level inside one, kept; some 4 MB for all subdistricts."""
    return urgent_areas(shared(data.snapshots_with(snapshot), snapshot), level, within, year)


@st.cache_resource(max_entries=24, show_spinner=False)
def in_order(snapshot: str, level: str, within: str, year: int, order: str) -> pd.DataFrame:
    """`inside` as `analytics.urgency.ranked` orders it, kept."""
    return ranked(inside(snapshot, level, within, year), order)


@st.cache_resource(max_entries=256, show_spinner=False)
def itself(snapshot: str, area: str, year: int) -> Mapping[str, Any]:
    """An area as a row of `analytics.urgency.areas`, to hold those inside against, kept."""
    own = profile(snapshot, area, year)
    names = ("target_poor_rate", "target_poor", "mean_dimensions", *EXACTLY, *DIMENSION_RATES)
    return areas({name: _rows(own, [name]) for name in names}).iloc[0].to_dict()


def _rows(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    return frame.set_index("indicator", drop=False).loc[list(names)].reset_index(drop=True)


def _known(frame: pd.DataFrame) -> bool:
    return bool(frame["value"].notna().any() or frame["suppressed"].fillna(False).astype(bool).any())


@dataclass(frozen=True)
class Choice:
    """One view of the page.

    Attributes
    ----------
    year : int
        Common era.
    order : str
        Of `analytics.urgency.ORDERS`.
    plan : Plan
    own : DataFrame
        `profile` of the area looked at.
    parent, country : tuple of Area and DataFrame, or None
        The same of the area above and of the country; None where it is the same as one before it.
    table : DataFrame
        `in_order` of the areas listed.
    whole : mapping
        `itself` of the area all of them lie in.
    """

    year: int
    order: str
    plan: Plan
    own: pd.DataFrame
    parent: tuple[Area, pd.DataFrame] | None
    country: tuple[Area, pd.DataFrame] | None
    table: pd.DataFrame
    whole: Mapping[str, Any]

    @property
    def several_by(self) -> str:
        """As `analytics.urgency.known_by`, of the areas listed."""
        return known_by(self.table)

    @property
    def indicator(self) -> str:
        """The indicator the order goes by, for colours and classes; of the overlap, the rate it is closest to."""
        if self.order == "count":
            return "target_poor"
        by_mean = self.order == "several" and self.several_by == "mean"
        return "mean_dimensions" if by_mean else "target_poor_rate"

    @property
    def computed(self) -> bool:
        """Whether the map shows what no indicator of the catalogue holds."""
        return self.order == "several" and self.several_by == "share"

    @property
    def reference(self) -> tuple[Area, pd.DataFrame] | None:
        """What the area is held against: its parent, which for a province is the country."""
        return self.parent or self.country

    @cached_property
    def dimensions(self) -> pd.DataFrame:
        """`deprivation` of the five dimensions."""
        return self._against(DIMENSION_RATES)

    def indicators(self, counted: str) -> pd.DataFrame:
        """`deprivation` of the 17 indicators, of those who are `counted`."""
        return self._against([COUNTED[counted].format(n) for n in MPI_INDICATORS])

    def _against(self, names: Sequence[str]) -> pd.DataFrame:
        other = self.reference
        return deprivation(
            _rows(self.own, names),
            None if other is None else _rows(other[1], names),
            None if self.country is None else _rows(self.country[1], names),
        )

    def rows(self, names: Sequence[str]) -> pd.DataFrame:
        """Rows of the area's own profile, with their sources."""
        return _rows(self.own, names)

    def has(self, names: Sequence[str]) -> bool:
        """Whether the area has a number, shown or hidden, of any of these."""
        return _known(self.rows(names))

    def value(self, name: str) -> float:
        """One number of the area itself; NaN where missing or hidden."""
        return float(self.rows([name])["value"].iloc[0])

    @cached_property
    def combinations(self) -> tuple[Combination, ...]:
        """Sets of dimensions that somebody in the area fails exactly; empty where they are not known."""
        rows = self.rows(CELLS)
        masks = rows["indicator"].str.removeprefix("overlap_cell_")
        cells = dict(zip(masks, rows["value"], strict=True))
        hidden = set(masks[rows["suppressed"].fillna(False).astype(bool)])
        # Of the same source as the cells, whatever another one says.
        whole = self.rows(["target_poor"])
        same = whole["source_id"].iloc[0] in set(rows["source_id"].dropna())
        return tuple(combinations(cells, hidden, self.value("target_poor") if same else None))


def choose_view(c: Context) -> Choice | None:
    """What the address asks for; None where there are no numbers at all."""
    year = page_year(c, "target_poor_rate") or page_year(c, "target_poor")
    if not year:
        return None
    p, snapshot = plan_of(c), c.warehouse.snapshot
    path = c.warehouse.path(c.area.code)
    parent = country = None
    if len(path) > 1:
        country = (path[0], profile(snapshot, COUNTRY, year))
    if len(path) > 2:
        parent = (path[-2], profile(snapshot, path[-2].code, year))
    return Choice(
        year,
        c.view.first,
        p,
        profile(snapshot, c.area.code, year),
        parent,
        country,
        in_order(snapshot, p.level, p.within, year, c.view.first),
        itself(snapshot, p.within, year),
    )
