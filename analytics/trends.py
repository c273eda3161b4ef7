"""How an indicator moved over years: runs of years that compare, changes inside them, and who changed places.

Pure functions on tables. A table of **readings** has a row an area and year: ``area_code, level, year, value, definition,
source_id, made_up, suppressed``; no row, or an empty ``value``, is no data and never zero.

A change is told only between two readings of one version (:func:`analytics.comparability.version`). Ranks are given among
the areas that have a number in both years, so that nobody moves because somebody else appeared or vanished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analytics.catalogue import load_catalogue
from analytics.comparability import Standing, version
from analytics.stars import RANK_COVERAGE

READINGS: Final = ("area_code", "level", "year", "value", "definition", "source_id", "made_up", "suppressed")
"""Columns of a table of readings; it may have more."""

STATUS: Final = ("both", "apart", "appeared", "vanished", "hidden", "none")
"""What is known of an area in two years.

``both``: two numbers of one version. ``apart``: two numbers that do not compare. ``appeared``: no number in the first year.
``vanished``: none in the second. ``hidden``: one of the two is hidden. ``none``: neither year has one.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Years of one area that compare with each other.

    Attributes
    ----------
    version : str
    definition : str
    sources : tuple of str
        Source ids, in the order of the years.
    years : tuple of int
        Common era, ascending, of numbers that may be shown.
    values : tuple of float
    """

    version: str
    definition: str
    sources: tuple[str, ...]
    years: tuple[int, ...]
    values: tuple[float, ...]


def with_versions(readings: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Return the readings with a column ``version``, as they are where they have it already.

    It is empty where a row has no definition, which is where it has no number.
    """
    if "version" in readings:
        return readings
    keys = readings[["level", "year", "definition", "source_id", "made_up"]].itertuples(
        index=False, name=None
    )
    found = [
        None
        if pd.isna(defined)
        else version(
            indicator,
            Standing(
                str(level), int(year), str(defined), "" if pd.isna(source) else str(source), bool(made_up)
            ),
        )
        for level, year, defined, source, made_up in keys
    ]
    return readings.assign(version=pd.Series(found, index=readings.index, dtype=object))


def runs(readings: pd.DataFrame, indicator: str) -> list[Run]:
    """Split the years of one area into runs that compare.

    Parameters
    ----------
    readings : DataFrame
        Of one area.
    indicator : str

    Returns
    -------
    list of Run
        By first year. A year of another version between two of one does not end a run: it has a run of its own.
    """
    known = with_versions(readings, indicator).dropna(subset=["value", "version"]).sort_values("year")
    found = [
        Run(
            str(key),
            str(rows["definition"].iloc[0]),
            tuple(dict.fromkeys(map(str, rows["source_id"]))),
            tuple(int(y) for y in rows["year"]),
            tuple(float(v) for v in rows["value"]),
        )
        for key, rows in known.groupby("version", sort=False)
    ]
    return sorted(found, key=lambda run: run.years)


def year_pair(
    years: dict[int, str], wanted_first: int | None = None, wanted_second: int | None = None
) -> tuple[int, int] | None:
    """Choose the two years that changes are told between.

    Parameters
    ----------
    years : dict of int to str
        Year to the version most areas have in it.
    wanted_first, wanted_second : int, optional
        Years asked for; each is kept where it is there, whether the two compare or not.

    Returns
    -------
    tuple of two int, or None
        Ascending. Unless asked for otherwise the newest year with an earlier one of its version, and the earliest such; where
        no two years compare, the last two. None with fewer than two years.

    Examples
    --------
    >>> year_pair({2018: "a", 2022: "a", 2023: "b"})
    (2018, 2022)
    >>> year_pair({2018: "a", 2023: "b"})
    (2018, 2023)
    >>> year_pair({2018: "a", 2022: "a", 2023: "b"}, 2022, 2023)
    (2022, 2023)
    """
    ordered = sorted(years)
    if len(ordered) < 2:
        return None
    alike = [(a, b) for b in reversed(ordered) for a in ordered if a < b and years[a] == years[b]]
    first, second = wanted_first, wanted_second
    if first not in years or first == ordered[-1]:
        first = None
    if second not in years or second == ordered[0]:
        second = None
    if first is not None and second is not None and first < second:
        return first, second
    if second is not None:
        before = [a for a, b in alike if b == second] or [y for y in ordered if y < second][-1:]
        return before[0], second
    if first is not None:
        after = [b for a, b in alike if a == first] or [y for y in ordered if y > first][-1:]
        return first, after[0]
    return alike[0] if alike else (ordered[-2], ordered[-1])


def moves(readings: pd.DataFrame, indicator: str, first: int, second: int) -> pd.DataFrame:
    """What became of every area between two years.

    Parameters
    ----------
    readings : DataFrame
        Of areas of one level; a column ``kind`` (``official`` or other), where it is there, says whom the ranks count on.
    indicator : str
        Which end is worse decides who is ranked first: the worst area has rank 1; where no end is, the largest number has.
    first, second : int
        Common era.

    Returns
    -------
    DataFrame
        One row an area, by code: ``area_code, first, second, status`` (of `STATUS`), ``absolute`` (second minus first, in the
        indicator's unit), ``relative`` (percent of the first; empty where that is not positive), ``rank_first``,
        ``rank_second`` (ties share the smaller number) and ``places`` (rank_first minus rank_second: above zero the area moved
        towards rank 1). Changes and ranks are empty unless the status is ``both``; ranks also where fewer than four fifths of
        the official areas have it.
    """
    rows = with_versions(readings, indicator)
    codes = pd.Index(sorted(rows["area_code"].unique()), name="area_code")
    a, b = (
        rows[rows["year"] == year].drop_duplicates("area_code").set_index("area_code").reindex(codes)
        for year in (first, second)
    )
    hidden_a, hidden_b = a["suppressed"].eq(True), b["suppressed"].eq(True)
    of_a, of_b = a["value"].astype(float).mask(hidden_a), b["value"].astype(float).mask(hidden_b)
    has_a, has_b = of_a.notna(), of_b.notna()
    alike = a["version"].eq(b["version"]) & a["version"].notna()
    status = np.select(
        [hidden_a | hidden_b, has_a & has_b & alike, has_a & has_b, has_b, has_a],
        ["hidden", "both", "apart", "appeared", "vanished"],
        "none",
    )
    out = pd.DataFrame({"first": of_a, "second": of_b, "status": status})
    both = out["status"] == "both"
    out["absolute"] = (out["second"] - out["first"]).where(both)
    positive = out["first"] > 0
    out["relative"] = (100 * out["absolute"] / out["first"].where(positive)).where(both & positive)
    entry = load_catalogue().get(indicator)
    ascending = entry is not None and entry.worse == "low"
    for name in ("first", "second"):
        out[f"rank_{name}"] = out[name].where(both).rank(method="min", ascending=ascending)
    if not _enough(rows, set(out.index[both])):
        out[["rank_first", "rank_second"]] = np.nan
    out["places"] = out["rank_first"] - out["rank_second"]
    return out.reset_index()


def _enough(rows: pd.DataFrame, ranked: set[str]) -> bool:
    """Whether ranks mean something: four fifths of the official areas take part; areas without an official list always do."""
    if "kind" not in rows:
        return True
    official = set(rows.loc[rows["kind"] == "official", "area_code"])
    return not official or len(ranked) >= RANK_COVERAGE * len(official)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many areas rose, fell or stayed, of how many nothing can be told, and the codes of the largest rise and fall."""

    rose: int
    fell: int
    same: int
    untold: int
    largest_rise: str | None
    largest_fall: str | None


def tally(moved: pd.DataFrame, decimals: int) -> Tally:
    """Count the moves.

    Parameters
    ----------
    moved : DataFrame
        As :func:`moves`.
    decimals : int
        Digits after the point that are shown: a change that is zero at these is none.
    """
    both = moved[moved["status"] == "both"]
    rounded = both["absolute"].round(decimals)
    rise, fall = both[rounded > 0], both[rounded < 0]

    def extreme(rows: pd.DataFrame, *, largest: bool) -> str | None:
        if rows.empty:
            return None
        ordered = rows.sort_values(["absolute", "area_code"], ascending=[not largest, True])
        return str(ordered["area_code"].iloc[0])

    return Tally(
        len(rise), len(fall), int((rounded == 0).sum()), len(moved) - len(both),
        extreme(rise, largest=True), extreme(fall, largest=False),
    )  # fmt: skip
