"""What the first page says: the headline of an area, the areas with the highest rates, what is new and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from geo.codes import COUNTRY
from geo.outlines import SCHEMATIC
from ui import data
from ui.figures import ranks
from ui.overlay_state import READY_MADE, to_text
from ui.registry import page
from ui.tables import ranked
from warehouse.holdings import LEVELS
from warehouse.query import shared

HEADLINE = ("target_poor", "target_poor_rate", "mpi_poor", "mpi_poor_rate")
"""Indicators `headline` reads, counts before their rates."""
FIRST = 5
"""Rows of a list on the first page."""
NAMED = 3
"""Most areas without data that are called by name."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence: the key of its text below ``home.``, and what fills it."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


def headline(profile: pd.DataFrame) -> Said:
    """Which sentence says the most of an area: target poor before MPI-poor, with the rate where there is one.

    Parameters
    ----------
    profile : DataFrame
        As `Warehouse.profile` of `HEADLINE`.
    """
    rows = profile.set_index("indicator")
    for name in ("target_poor", "mpi_poor"):
        count, rate = rows["value"].get(name), rows["value"].get(f"{name}_rate")
        if pd.notna(count) and pd.notna(rate):
            return Said(f"headline_{name}", {"n": float(count), "rate": float(rate)})
        if pd.notna(count):
            return Said(f"headline_{name}_count", {"n": float(count)})
        if bool(rows["suppressed"].get(name, False)):
            return Said(f"headline_{name}_hidden")
    return Said("headline_none")


def highest(values: pd.DataFrame) -> pd.DataFrame:
    """The first rows of a ranking from the highest rate; none where too few areas have data for a rank to mean something.

    Parameters
    ----------
    values : DataFrame
        As `Warehouse.values`.

    Returns
    -------
    DataFrame
        At most `FIRST` rows, worst first, with ``rank``.
    """
    if not ranks(values):
        return values.head(0).assign(rank=pd.Series(dtype="float64"))
    rows = ranked(values, "high").dropna(subset="value")
    return rows[rows["value"] > 0].head(FIRST)


# -- what is new ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """Sources that one import brought, or that came with the program.

    Attributes
    ----------
    at : str
        When, ISO 8601 in UTC; empty where nobody wrote it down.
    titles : tuple of (Thai, English)
    years : tuple of int
        Common era, rising.
    rows : int
        Values and entries of these sources.
    made_up : bool
        Whether any of them is modelled or synthetic.
    """

    at: str
    titles: tuple[tuple[str, str], ...]
    years: tuple[int, ...]
    rows: int
    made_up: bool


def news(sources: pd.DataFrame, made_up: frozenset[str]) -> list[News]:
    """What came in last, newest first.

    Parameters
    ----------
    sources : DataFrame
        As `Holdings.sources`.
    made_up : frozenset of str
        Ids of sources whose numbers are modelled or synthetic.
    """
    frame = sources.assign(
        at=sources["imported_at"].fillna("").astype(str),
        items=sources[["observations", "places", "points", "scores", "rasters"]].sum(axis=1),
    )
    out = []
    for at, group in frame[frame["items"] > 0].groupby("at", sort=True):
        out.append(
            News(
                at=str(at),
                titles=tuple(zip(group["title_th"].astype(str), group["title_en"].astype(str), strict=True)),
                years=tuple(sorted({int(y) for y in group["year"].dropna()})),
                rows=int(group["items"].sum()),
                made_up=bool(group["source_id"].isin(made_up).any()),
            )
        )
    return out[::-1][:FIRST]


# -- what is missing --------------------------------------------------------


@st.cache_resource(max_entries=4, show_spinner=False)
def gaps(snapshot: str) -> tuple[Said, ...]:
    """What a snapshot has no data of, the gravest first."""
    house = shared(data.snapshots_with(snapshot), snapshot)
    found = []
    for level in LEVELS:
        years = house.years("target_poor_rate", level)
        if not years:
            found.append(Said("gap_poverty_none", {"level": level}))
            continue
        values = house.values("target_poor_rate", level=level, year=years[-1], within=COUNTRY)
        official = values[values["kind"] == "official"]
        without = official[official["value"].isna() & ~official["suppressed"].fillna(False).astype(bool)]
        if 0 < len(without) <= NAMED:
            names = tuple(zip(without["name_th"].astype(str), without["name_en"].astype(str), strict=True))
            found.append(Said("gap_poverty_named", {"level": level, "year": years[-1], "names": names}))
        elif len(without):
            counted = {"n": len(without), "all": len(official)}
            found.append(Said("gap_poverty_some", {"level": level, "year": years[-1], **counted}))
    lights = set(house.years_by_source("light_sum"))
    if not lights:
        found.append(Said("gap_light_none"))
    elif lights <= data.made_up_sources(snapshot):
        found.append(Said("gap_light_modelled"))
    for level in ("district", "subdistrict"):
        kind = house.outline_kind(level)
        if kind in (None, SCHEMATIC):
            found.append(Said("gap_outlines" if kind is None else "gap_outlines_schematic", {"level": level}))
            break
    points = house.holdings.points()
    for held in ("places", "scores"):
        if held not in points:
            found.append(Said(f"gap_{held}"))
        elif points[held]["provinces"] < house.holdings.official()["province"]:
            found.append(Said(f"gap_{held}_some", {"n": points[held]["provinces"]}))
    return tuple(found)


# -- who is looking ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """Where a role is led: a page, what the view changes on the way, and which area it wants first.

    Attributes
    ----------
    wants : str
        Level of the area that has to be chosen before, or empty.
    """

    key: str
    changes: Mapping[str, object]
    wants: str = ""


def way(role: str, area: str, measured_light: bool) -> Way:
    """The first view of a role.

    Parameters
    ----------
    role : str
        Of `ui.state.ROLES`.
    area : str
        Code of the area looked at: where it lies inside what the role wants, the page opens there.
    measured_light : bool
        Whether the snapshot has night light that somebody measured.

    Examples
    --------
    >>> way("governor", "5501", False).changes["area"], way("governor", "TH", False).wants
    ('55', 'province')
    """
    inside = area != COUNTRY
    if role == "governor":
        return Way("overview", {"area": area[:2] if inside else COUNTRY}, "" if inside else "province")
    if role == "chief":
        first = "urgent" if page("urgent") is not None else "overview"
        there = inside and len(area) >= 4
        return Way(first, {"area": area[:4] if there else area}, "" if there else "district")
    if role == "planner":
        return Way("night_light", {"mode": "swipe"})
    if role == "nesdc":
        # Modelled light belongs on no showcase of poverty.
        wanted = "light" if measured_light else "poverty"
        layers = next(one.layers for one in READY_MADE if one.key == wanted)
        return Way("overlay", {"layers": to_text(layers), "title": ""})
    return Way("help", {"workshop": True, "topic": "exercise"})
