"""What a snapshot knows of NEET, source by source: tables of areas, where sources meet, and the steps areas report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from analytics.catalogue import NEET_STEPS
from analytics.neet import gap_persons, interval, pooled_rate
from geo.codes import COUNTRY, level_of
from warehouse.query import Warehouse
from warehouse.report import QueryError

MEASURES: Final = ("neet_rate", "neet", "youth_15_24", "neet_sample", "neet_standard_error")
UNSTATED_YEAR: Final = frozenset({"neet-guidance-2566"})
"""Sources that state no survey year; the year of their rows is that of the publication."""


@dataclass(frozen=True, slots=True)
class Means:
    """Rates an area is set against, all of one source.

    Attributes
    ----------
    country : float
        Percent; NaN where the source has no rate of the country, published or summed.
    regions : dict of str to float
        Region to its rate from counts; NaN where too few provinces have counts.
    known : dict of str to tuple of int
        Region to provinces with a rate, and all provinces.
    """

    country: float
    regions: dict[str, float]
    known: dict[str, tuple[int, int]]


def neet_sources(house: Warehouse) -> dict[str, tuple[int, ...]]:
    """Sources with a NEET rate and their years, the newest year first, then by id."""
    found = house.years_by_source("neet_rate")
    return dict(sorted(found.items(), key=lambda item: (-max(item[1]), item[0])))


def neet_table(house: Warehouse, source: str, year: int, level: str, within: str = COUNTRY) -> pd.DataFrame:
    """Every measure of one source and year, one row an area.

    Returns
    -------
    DataFrame
        Columns ``area_code, name_th, name_en, kind, suppressed, definition, source_id, region``, those of `MEASURES`, and
        ``low, high``, the 95 % interval in percent. An area without data has empty measures; what is hidden has too,
        and ``suppressed`` is true.
    """
    rates = house.values("neet_rate", level=level, year=year, within=within, source=source)
    keep = [
        "area_code",
        "name_th",
        "name_en",
        "kind",
        "suppressed",
        "definition",
        "source_id",
        "year",
        "unit",
    ]
    out = rates[keep].copy()
    out["suppressed"] = out["suppressed"].fillna(False).astype(bool)
    for name in MEASURES:
        frame = rates
        if name != "neet_rate":
            frame = house.values(name, level=level, year=year, within=within, source=source)
        out[name] = frame.set_index("area_code")["value"].reindex(out["area_code"]).to_numpy(dtype=float)
    bounds = [
        interval(rate, error) or (float("nan"), float("nan"))
        for rate, error in zip(out["neet_rate"], out["neet_standard_error"], strict=True)
    ]
    out["low"], out["high"] = [b[0] for b in bounds], [b[1] for b in bounds]
    out["region"] = [house.area(code).region for code in out["area_code"]]
    return out


def means(house: Warehouse, source: str, year: int) -> Means:
    """The country's rate and those of the regions, in one source."""
    country = house.values("neet_rate", level="country", year=year, source=source)["value"]
    table = neet_table(house, source, year, "province")
    regions: dict[str, float] = {}
    known: dict[str, tuple[int, int]] = {}
    for region, group in table.groupby("region"):
        regions[str(region)] = pooled_rate(group["neet"], group["youth_15_24"], len(group))
        known[str(region)] = (int(group["neet_rate"].notna().sum()), len(group))
    return Means(float(country.iloc[0]) if len(country) else float("nan"), regions, known)


def with_gap(table: pd.DataFrame, mean: float) -> pd.DataFrame:
    """The table with ``gap``: young people by whom each area exceeds the mean; NaN where their number is unknown."""
    gaps = [gap_persons(r, mean, y) for r, y in zip(table["neet_rate"], table["youth_15_24"], strict=True)]
    return table.assign(gap=gaps)


def side_by_side(house: Warehouse, code: str) -> pd.DataFrame:
    """What every source and year says of one area, one row each, newest first: nothing is preferred or averaged."""
    parts = []
    for source, years in neet_sources(house).items():
        for year in reversed(years):
            table = neet_table(house, source, year, level_of(code), code)
            parts.append(table[table["neet_rate"].notna() | table["suppressed"]])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["area_code"])


def where_sources_meet(house: Warehouse, level: str = "province") -> list[str]:
    """Codes of the areas of which more than one source gives a rate."""
    seen: dict[str, set[str]] = {}
    for source, years in neet_sources(house).items():
        for year in years:
            frame = house.values("neet_rate", level=level, year=year, source=source)
            for code in frame[frame["value"].notna()]["area_code"]:
                seen.setdefault(str(code), set()).add(source)
    return sorted(code for code, sources in seen.items() if len(sources) > 1)


def step_years(house: Warehouse, level: str) -> list[int]:
    """Years in which areas of a level report a step, newest first."""
    names = [f"neet_step{k}_{what}" for k in NEET_STEPS for what in ("done", "reached")]
    return sorted({year for name in names for year in house.years(name, level)}, reverse=True)


def steps_of(house: Warehouse, code: str, year: int) -> pd.DataFrame:
    """What an area reports of the four steps.

    Returns
    -------
    DataFrame
        One row a step: ``step, done`` (1, 0, NaN), ``month`` (1-12 or NaN), ``reached`` (persons or NaN), ``hidden``
        (whether the number of people reached is withheld).
    """
    names = [f"neet_step{k}_{what}" for k in NEET_STEPS for what in ("done", "month", "reached")]
    rows = house.profile(code, names, year).set_index("indicator")
    hidden = rows["suppressed"].fillna(False).astype(bool)
    return pd.DataFrame(
        {
            "step": list(NEET_STEPS),
            **{what: [rows["value"].get(f"neet_step{k}_{what}") for k in NEET_STEPS] for what in ("done", "month", "reached")},
            "hidden": [bool(hidden.get(f"neet_step{k}_reached", False)) for k in NEET_STEPS],
        }
    )  # fmt: skip


def steps_inside(house: Warehouse, level: str, within: str, year: int) -> dict[str, tuple[int, int]]:
    """Of each step, how many areas of a level inside another report it as done, and how many report on it."""
    found: dict[str, tuple[int, int]] = {}
    for step in NEET_STEPS:
        values = house.values(f"neet_step{step}_done", level=level, year=year, within=within)[
            "value"
        ].dropna()
        found[step] = (int((values == 1).sum()), len(values))
    return found


def look_up(house: Warehouse, source: str, year: int) -> None:
    """Raise `QueryError` when the snapshot has no NEET rates of this source and year."""
    if year not in neet_sources(house).get(source, ()):
        raise QueryError(f"ไม่มีอัตรา NEET ของ {source!r} ปี {year}", f"no NEET rates of {source!r} in {year}")
