"""The one way from the pages to the published snapshot, cached by the snapshot's name."""

from __future__ import annotations

from functools import cache

import pandas as pd
import streamlit as st

from warehouse.query import Warehouse, shared
from warehouse.settings import Settings, load_settings
from warehouse.snapshots import Store, StoreError


@cache
def settings() -> Settings:
    return load_settings()


@cache
def store() -> Store:
    return Store(settings().home)


def warehouse() -> Warehouse:
    """The newest published snapshot. Asked for once a rerun, so a page never mixes two.

    Raises
    ------
    StoreError
        When there is no valid snapshot yet.
    """
    found = store().current()
    if found is None:
        raise StoreError("ยังไม่มีข้อมูล สั่ง daomap build ก่อน", "There are no data yet; run daomap build first.")
    return shared(store().snapshots, found.id)


# Frames are shared between sessions and must not be changed in place; everything here is public detail.
@st.cache_resource(max_entries=256, show_spinner=False)
def values(snapshot: str, indicator: str, level: str, year: int, within: str) -> pd.DataFrame:
    """`Warehouse.values` of a snapshot, kept."""
    return shared(store().snapshots, snapshot).values(indicator, level=level, year=year, within=within)


@st.cache_resource(max_entries=128, show_spinner=False)
def reference_values(snapshot: str, indicator: str, level: str | None) -> list[pd.Series]:
    """Values of all years, of one level or of all, from which class bounds that stay put are made."""
    house = shared(store().snapshots, snapshot)
    levels = (
        [level]
        if level
        else [x for x in ("province", "district", "subdistrict") if x in house.levels_with_data(indicator)]
    )
    return [
        house.values(indicator, level=one, year=year)["value"]
        for one in levels
        for year in house.years(indicator, one)
    ]


@st.cache_resource(max_entries=4, show_spinner=False)
def source_titles(snapshot: str) -> dict[str, tuple[str, str]]:
    """Thai and English title of every source."""
    frame = shared(store().snapshots, snapshot).sources()
    return {str(r.source_id): (str(r.title_th), str(r.title_en)) for r in frame.itertuples()}


def warm_up() -> None:
    """Open the snapshot and load the classification library, which takes seconds the first time."""
    import mapclassify  # noqa: F401

    house = warehouse()
    house.search("เชียงใหม่")
    house.children("TH")
