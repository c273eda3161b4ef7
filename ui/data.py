"""The one way from the pages to the published snapshot, cached by the snapshot's name."""

from __future__ import annotations

import gc
import time
from functools import cache
from pathlib import Path

import pandas as pd
import streamlit as st

from analytics.classify import Classes, ClassSpec, pooled_bounds
from analytics.trends import with_versions
from warehouse.query import Warehouse, serving, shared
from warehouse.settings import Settings, load_settings
from warehouse.snapshots import Store
from warehouse.uploads import Uploads
from warehouse.workshop import workshop_home

WARM_UP_PAUSE = 6.0  # seconds


@cache
def settings() -> Settings:
    return load_settings()


@cache
def store() -> Store:
    return Store(settings().home)


@cache
def _store_in(home: Path) -> Store:
    return Store(home)


def workshop_store() -> Store:
    """The home of the synthetic country, beside the ordinary one."""
    return _store_in(workshop_home(store().home))


def home_of(snapshot: str) -> Store:
    """The home that holds a snapshot, the ordinary one or the workshop's; the ordinary one where neither does.

    A snapshot's name holds the hash of its manifest, so one name never means two.
    """
    workshop = workshop_store()
    return workshop if workshop.has(snapshot) and not store().has(snapshot) else store()


def snapshots_with(snapshot: str) -> Path:
    """Folder of the snapshots of `home_of`."""
    return home_of(snapshot).snapshots


def warehouse(workshop: bool = False) -> Warehouse:
    """The newest published snapshot, or the workshop's. Asked for once a rerun, so a page never mixes two.

    Raises
    ------
    StoreError
        When there is no valid snapshot yet.
    """
    return serving(workshop_store() if workshop else store())


# Frames are shared between sessions and must not be changed in place; everything here is public detail. One of all
# subdistricts takes close to 3 MB.
@st.cache_resource(max_entries=64, show_spinner=False)
def values(snapshot: str, indicator: str, level: str, year: int, within: str) -> pd.DataFrame:
    """`Warehouse.values` of a snapshot, kept."""
    return shared(snapshots_with(snapshot), snapshot).values(indicator, level=level, year=year, within=within)


@st.cache_resource(max_entries=256, show_spinner=False)
def profile(snapshot: str, area: str, indicators: tuple[str, ...], year: int) -> pd.DataFrame:
    """`Warehouse.profile`, kept."""
    return shared(snapshots_with(snapshot), snapshot).profile(area, indicators, year)


@st.cache_resource(max_entries=64, show_spinner=False)
def readings(snapshot: str, indicator: str, level: str, within: str, source: str) -> pd.DataFrame:
    """An indicator in all its years for the areas of a level, as `analytics.trends` reads them: with names, kind and version.

    Parameters
    ----------
    source : str
        A source id; empty for the preferred one of each year.
    """
    house = shared(snapshots_with(snapshot), snapshot)
    years = years_by_source(snapshot, indicator).get(source, ()) if source else house.years(indicator, level)
    parts = [
        house.values(indicator, level=level, year=year, within=within, source=source or None)
        for year in years
    ]
    if not parts:
        parts = [house.values(indicator, level=level, year=0, within=within).head(0)]
    found = pd.concat(parts, ignore_index=True)
    found = found.assign(level=level, made_up=found["source_id"].isin(made_up_sources(snapshot)))
    return with_versions(found, indicator)


@st.cache_resource(max_entries=256, show_spinner=False)
def years_by_source(snapshot: str, indicator: str) -> dict[str, tuple[int, ...]]:
    """`Warehouse.years_by_source`, kept."""
    return shared(snapshots_with(snapshot), snapshot).years_by_source(indicator)


@st.cache_resource(max_entries=256, show_spinner=False)
def steady_classes(
    snapshot: str, indicator: str, level: str | None, method: str, k: int, breaks: tuple[float, ...] | None
) -> Classes:
    """Classes made from all years, of one level or of all, so that a colour keeps its meaning.

    Parameters
    ----------
    method, k, breaks : str, int, tuple of float or None
        The fields of a `ClassSpec`, apart because a cache key is made of plain values.
    """
    house = shared(snapshots_with(snapshot), snapshot)
    have = house.levels_with_data(indicator)
    levels = [level] if level else [x for x in ("province", "district", "subdistrict") if x in have]
    pool = (
        house.values(indicator, level=one, year=year)["value"]
        for one in levels
        for year in house.years(indicator, one)
    )
    return pooled_bounds(pool, ClassSpec(method, k, breaks))


@st.cache_resource(max_entries=4, show_spinner=False)
def source_titles(snapshot: str) -> dict[str, tuple[str, str]]:
    """Thai and English title of every source."""
    frame = shared(snapshots_with(snapshot), snapshot).sources()
    return {str(r.source_id): (str(r.title_th), str(r.title_en)) for r in frame.itertuples()}


@st.cache_resource(max_entries=4, show_spinner=False)
def made_up_sources(snapshot: str) -> frozenset[str]:
    """Sources whose numbers are modelled or synthetic."""
    from warehouse.pairing import MADE_UP  # loads libraries that the first page does not need

    frame = shared(snapshots_with(snapshot), snapshot).sources()
    return frozenset(str(s) for s in frame[frame["kind"].isin(MADE_UP)]["source_id"])


@st.cache_resource(max_entries=24, show_spinner=False)
def places(snapshot: str, kind: str, within: str) -> pd.DataFrame:
    """`Places.points` of a kind with coordinates of their own, kept."""
    return shared(snapshots_with(snapshot), snapshot).places.points(kind, within=within)


@st.cache_resource(max_entries=8, show_spinner=False)
def villages(snapshot: str, within: str) -> pd.DataFrame:
    """`Villages.points`, kept."""
    return shared(snapshots_with(snapshot), snapshot).villages.points(within)


@st.cache_resource(max_entries=16, show_spinner=False)
def village_classes(snapshot: str, spec: str, year: int, measure: str, within: str) -> pd.DataFrame:
    """`Villages.classed`, kept."""
    return shared(snapshots_with(snapshot), snapshot).villages.classed(spec, year, measure, within)


@st.cache_resource(max_entries=4, show_spinner=False)
def held_sources(snapshot: str) -> pd.DataFrame:
    """`Holdings.sources`, kept."""
    return shared(snapshots_with(snapshot), snapshot).holdings.sources()


@st.cache_resource(max_entries=4, show_spinner=False)
def coverage(snapshot: str) -> pd.DataFrame:
    """`Holdings.coverage`, kept: it reads every row of the snapshot."""
    return shared(snapshots_with(snapshot), snapshot).holdings.coverage()


def warm_up() -> None:
    """Load at leisure what a later visitor would wait for, and take away uploads of a server that is gone."""
    for home in (settings().home, workshop_home(settings().home)):
        Uploads(home, 0).sweep()
    house = warehouse()
    house.search("เชียงใหม่")
    house.drawable("province")
    time.sleep(WARM_UP_PAUSE)  # the first visitor's page comes first
    import mapclassify  # noqa: F401 - takes seconds the first time
    from scipy import stats  # noqa: F401

    from analytics import alkire_foster, robustness  # noqa: F401
    from warehouse import pairing  # noqa: F401

    gc.collect()
    gc.freeze()  # libraries and area lists live as long as the process; collections need not look at them again
