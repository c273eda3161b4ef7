"""Which areas need help first, and why: three orders, each with its reason, and what stands out in one area.

Three orders answer three questions, and none of them is an average of the others:

``rate``
    Where is a person most likely to be poor? Target poor of every 100 persons surveyed.
``count``
    Where are most of them? Target poor, persons.
``several``
    Where do they fail several dimensions at once? Target poor failing two dimensions or more, of every 100 persons
    surveyed; where no source says how many that are, the mean number of dimensions a target-poor person fails.

Ties share the smaller rank. An area whose number is hidden or missing has no rank, nor has one with a base below
`MINIMUM_BASE`, of whom one more would move it past its neighbours. Nobody is ranked where fewer than
`analytics.stars.RANK_COVERAGE` of the official areas have a number.

A dimension is named for an area when it lies furthest above the parent (ratio of rates) among those that at least
`COMMON` percent of the area's target poor fail; where none lies above by more than `NEAR`, the one most of them fail. One
unknown dimension could be the furthest, so with one unknown none is named.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from analytics.catalogue import DIMENSIONS, MASKS
from analytics.stars import RANK_COVERAGE

ORDERS: Final = ("rate", "count", "several")
"""Orders in which areas need help first."""

MINIMUM_BASE: Final = 30
"""Fewest persons a rate or a mean rests on for its area to be ranked: of 20 persons, one more is five percent."""

COMMON: Final = 20.0
"""Percent of an area's target poor that fail a dimension for it to be named as standing out."""

NEAR: Final = 0.1
"""A rate within this part of the parent's is called near it."""

FIRST: Final = 3
"""An area is said to stand in another order too when it is among the first three there."""

EXACTLY: Final = tuple(f"overlap_{k}" for k in range(1, len(DIMENSIONS) + 1))
INDICATORS: Final = (
    "target_poor_rate",
    "target_poor",
    "mean_dimensions",
    *EXACTLY,
    *(f"target_{d}_rate" for d in DIMENSIONS),
)
"""Indicators that `areas` reads."""


# ------------------------------------------------------------------------------------------------------------
# The areas inside


def several(counts: Mapping[str, pd.DataFrame]) -> pd.Series[float]:
    """Persons failing two dimensions or more, by area.

    Parameters
    ----------
    counts : mapping of str to DataFrame
        ``overlap_1`` to ``overlap_5`` and ``target_poor``, each as `Warehouse.values`: ``area_code``, ``value``
        (NaN where missing or hidden) and ``source_id``.

    Returns
    -------
    Series
        By area code. The four counts together where all of them are shown; else target poor less those failing one, where
        both are shown and of one source; else NaN. Both say the same, because everybody who is target poor fails
        exactly one number of dimensions.
    """
    by_code = {name: counts[name].set_index("area_code") for name in (*EXACTLY, "target_poor")}
    codes = by_code["target_poor"].index
    for frame in by_code.values():
        codes = codes.union(frame.index)
    value = {name: frame["value"].reindex(codes).astype(float) for name, frame in by_code.items()}
    source = {name: frame["source_id"].reindex(codes) for name, frame in by_code.items()}
    together: pd.Series[float] = pd.Series(0.0, index=codes)
    for name in EXACTLY[1:]:
        together = together + value[name]
    same = (source["target_poor"] == source["overlap_1"]).fillna(False).astype(bool)
    rest = (value["target_poor"] - value["overlap_1"]).where(same)
    return together.fillna(rest)


def areas(values: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row an area with everything its place and its reasons rest on.

    Parameters
    ----------
    values : mapping of str to DataFrame
        For each of `INDICATORS`, `Warehouse.values` of one level and year.

    Returns
    -------
    DataFrame
        Columns ``area_code, name_th, name_en, kind, mapped_to, source_id, definition``; ``rate`` (percent of
        ``surveyed``), ``count`` and ``surveyed`` (persons); ``several`` (persons failing two dimensions or more),
        ``several_rate`` (percent of those surveyed), ``several_share`` (percent of the target poor); ``mean``;
        ``rate_<dimension>`` and ``share_<dimension>`` (percent of those surveyed, and of the target poor); and booleans
        ``<order>_hidden``. NaN is missing or hidden. Rows as in ``target_poor``.
    """
    base = values["target_poor"].reset_index(drop=True)
    codes = base["area_code"]
    out = base[["area_code", "name_th", "name_en", "kind", "mapped_to", "source_id", "definition"]].copy()

    def column(name: str, what: str = "value") -> pd.Series[float]:
        frame = values[name]
        found: pd.Series[float] = frame.set_index("area_code")[what].reindex(codes).astype(float)
        return found.reset_index(drop=True)

    def hidden(name: str) -> pd.Series[bool]:
        found = values[name].set_index("area_code")["suppressed"].reindex(codes)
        return found.fillna(False).astype(bool).reset_index(drop=True)

    out["rate"] = column("target_poor_rate")
    out["count"] = column("target_poor")
    out["surveyed"] = column("target_poor_rate", "denominator")
    out["mean"] = column("mean_dimensions")
    for dimension in DIMENSIONS:
        out[f"rate_{dimension}"] = column(f"target_{dimension}_rate")
        failing = column(f"target_{dimension}_rate", "numerator").where(out[f"rate_{dimension}"].notna())
        out[f"share_{dimension}"] = _percent(failing, out["count"])
    out["several"] = several(values).reindex(codes).reset_index(drop=True)
    out["several_rate"] = _percent(out["several"], out["surveyed"])
    out["several_share"] = _percent(out["several"], out["count"])
    out["rate_hidden"] = hidden("target_poor_rate")
    out["count_hidden"] = hidden("target_poor")
    withheld = hidden("mean_dimensions") if known_by(out) == "mean" else hidden("target_poor")
    for name in EXACTLY:
        withheld |= hidden(name)
    out["several_hidden"] = withheld & out["several_rate"].isna()
    return out


def _percent(part: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    return 100 * part / whole.where(whole > 0)


def known_by(table: pd.DataFrame) -> str:
    """By what the order ``several`` goes: ``share``, ``mean`` where only the mean is known, or empty where neither is.

    Where the overlap of a few areas is known and the mean of all, the mean: an order of a few is none.
    """
    shares, means = int(table["several_rate"].notna().sum()), int(table["mean"].notna().sum())
    if shares and shares >= RANK_COVERAGE * means:
        return "share"
    return "mean" if means else ""


def order_value(table: pd.DataFrame, order: str) -> pd.Series[float]:
    """What an order goes by, in the unit of the order; the largest is first.

    Raises
    ------
    ValueError
        For an order that is not in `ORDERS`.
    """
    if order not in ORDERS:
        raise ValueError(f"order: found {order!r}, expected one of {', '.join(ORDERS)}")
    by_mean = order == "several" and known_by(table) == "mean"
    name = "mean" if by_mean else "several_rate" if order == "several" else order
    found: pd.Series[float] = table[name]
    return found


def small(table: pd.DataFrame, order: str) -> pd.Series[bool]:
    """Whether the number of an area rests on fewer than `MINIMUM_BASE` persons; a count rests on nothing but itself."""
    if order == "count":
        return pd.Series(False, index=table.index)
    by_mean = order == "several" and known_by(table) == "mean"
    base = table["count"] if by_mean else table["surveyed"]
    few: pd.Series[bool] = order_value(table, order).notna() & (base < MINIMUM_BASE)
    return few


def enough(table: pd.DataFrame, order: str) -> bool:
    """Whether enough of the official areas have a number for a rank to mean something; villages have no official list."""
    official = int((table["kind"] == "official").sum())
    known = int(order_value(table, order).notna().sum())
    return official == 0 or known >= RANK_COVERAGE * official


def ranked(table: pd.DataFrame, order: str) -> pd.DataFrame:
    """Areas with those that need help first on top.

    Parameters
    ----------
    table : DataFrame
        As `areas` returns it.
    order : str
        One of `ORDERS`: which one the rows follow.

    Returns
    -------
    DataFrame
        `table` with ``rank_<order>`` (1 is first, ties share the smaller; NaN for hidden, missing and small, and for
        everybody where not `enough` is known), ``of_<order>`` (areas ranked), ``tied_<order>``, ``several_by`` (`known_by`),
        ``value`` (what the order goes by) and ``small``. Ranked areas come first, then small ones, then those without a
        number; within, by value and code.
    """
    out = table.copy()
    for name in ORDERS:
        few = small(table, name)
        known = order_value(table, name).where(~few)
        if not enough(table, name):
            known = known * np.nan
        out[f"rank_{name}"] = known.rank(method="min", ascending=False)
        out[f"of_{name}"] = int(known.notna().sum())
        out[f"tied_{name}"] = out[f"rank_{name}"].duplicated(keep=False) & known.notna()
    out["several_by"] = known_by(table)
    out["value"] = order_value(table, order)
    out["small"] = small(table, order)
    group = np.where(out["value"].isna(), 2, np.where(out["small"], 1, 0))
    return (
        out.assign(group=group, below=-out["value"])
        .sort_values(["group", "below", "area_code"], na_position="last", ignore_index=True)
        .drop(columns=["group", "below"])
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of why an area stands where it does.

    Attributes
    ----------
    key : str
        ``place`` or ``place_tied`` (``order``, ``rank``, ``n``); ``times``, ``near`` or ``below`` (``times`` the parent's
        rate); ``part`` (``share`` percent of the parent's target poor); ``dimension`` (``dimension``, ``times``) or
        ``dimension_most`` (``dimension``, ``share`` percent of the area's target poor); ``also`` (``order``, ``rank``).
    params : mapping
        Numbers unrounded; a dimension and an order by their ids.
    """

    key: str
    params: Mapping[str, str | float]


def reasons(area: Mapping[str, Any], own: Mapping[str, Any], order: str) -> list[Reason]:
    """Why an area stands where it does in an order.

    Parameters
    ----------
    area : mapping
        A row of `ranked`.
    own : mapping
        The area all of them lie in, as a row of `areas`; what is unknown is NaN or absent. A row of another ``definition`` is
        not compared with.
    order : str

    Returns
    -------
    list of Reason
        In the order in which they are told; empty for an area without a rank.
    """
    rank = _number(area.get(f"rank_{order}"))
    if rank is None:
        return []
    tied = bool(area.get(f"tied_{order}"))
    told = [
        Reason(
            "place_tied" if tied else "place", {"order": order, "rank": rank, "n": float(area[f"of_{order}"])}
        )
    ]
    alike = area.get("definition") == own.get("definition")
    if alike:
        told += _against(area, own, order)
    named = _dimension(area, own if alike else {})
    told += [named] if named is not None else []
    for other in ORDERS:
        place = _number(area.get(f"rank_{other}"))
        if other != order and place is not None and place <= FIRST:
            told.append(Reason("also", {"order": other, "rank": place}))
    return told


def _against(area: Mapping[str, Any], own: Mapping[str, Any], order: str) -> list[Reason]:
    if order == "count":
        share = _ratio(area.get("count"), own.get("count"))
        # An area and its parts can disagree in a source; a part is no more than the whole.
        return [Reason("part", {"share": 100 * share})] if share is not None and share <= 1 else []
    if order == "several" and area.get("several_by") == "mean":
        return []  # means of 1.1 and 1.2 are no "1.1 times"
    name = "several_rate" if order == "several" else "rate"
    times = _ratio(area.get(name), own.get(name))
    if times is None:
        return []
    key = "near" if abs(times - 1) <= NEAR else "times" if times > 1 else "below"
    return [Reason(key, {"times": times})]


def _dimension(area: Mapping[str, Any], own: Mapping[str, Any]) -> Reason | None:
    shares = {d: _number(area.get(f"share_{d}")) for d in DIMENSIONS}
    known = {d: share for d, share in shares.items() if share is not None}
    if len(known) < len(DIMENSIONS) or max(known.values()) <= 0:
        return None
    times = {d: _ratio(area.get(f"rate_{d}"), own.get(f"rate_{d}")) for d in DIMENSIONS}
    # A dimension that nobody of the parent fails has no ratio, and nobody in the area fails it either.
    above = {d: t for d, t in times.items() if t is not None and t > 1 + NEAR and known[d] >= COMMON}
    if above and all(_number(own.get(f"rate_{d}")) is not None for d in DIMENSIONS):
        most = max(above, key=lambda d: (above[d], -DIMENSIONS.index(d)))
        return Reason("dimension", {"dimension": most, "times": above[most]})
    most = max(known, key=lambda d: (known[d], -DIMENSIONS.index(d)))
    return Reason("dimension_most", {"dimension": most, "share": known[most]})


def _ratio(part: object, whole: object) -> float | None:
    top, bottom = _number(part), _number(whole)
    return top / bottom if top is not None and bottom is not None and bottom > 0 else None


def _number(value: object) -> float | None:
    """A finite number, or None for anything else (None, NaN, pandas' NA)."""
    if value is None or value is pd.NA or not isinstance(value, (int, float, np.number)):
        return None
    return float(value) if math.isfinite(float(value)) else None


# ------------------------------------------------------------------------------------------------------------
# The area itself


def deprivation(own: pd.DataFrame, parent: pd.DataFrame | None, country: pd.DataFrame | None) -> pd.DataFrame:
    """Rates of an area against those of its parent and of the country, furthest above the parent first.

    Parameters
    ----------
    own, parent, country : DataFrame or None
        As `Warehouse.profile` of the same rates in one year: ``indicator, value, numerator, denominator, suppressed,
        definition``. None for the country, which has no parent.

    Returns
    -------
    DataFrame
        ``indicator, rate, count, denominator, hidden``; ``parent_rate, parent_hidden, country_rate, country_hidden``; and
        ``gap`` (percentage points above the parent) and ``times`` (of the parent's rate), NaN where either is unknown,
        counted under another definition, or there is no parent. Rates without a gap follow, the highest first.
    """
    out = pd.DataFrame(
        {
            "indicator": own["indicator"].to_numpy(),
            "rate": own["value"].to_numpy(dtype=float),
            "count": own["numerator"].to_numpy(dtype=float),
            "denominator": own["denominator"].to_numpy(dtype=float),
            "hidden": own["suppressed"].fillna(False).to_numpy(dtype=bool),
        }
    )
    for name, other in (("parent", parent), ("country", country)):
        if other is None:
            out[f"{name}_rate"], out[f"{name}_hidden"] = np.nan, False
            continue
        found = other.set_index("indicator").reindex(out["indicator"])
        out[f"{name}_rate"] = found["value"].to_numpy(dtype=float)
        out[f"{name}_hidden"] = found["suppressed"].fillna(False).to_numpy(dtype=bool)
    alike = pd.Series(True, index=out.index)
    if parent is not None:
        there = parent.set_index("indicator")["definition"].reindex(out["indicator"]).to_numpy()
        alike = pd.Series(own["definition"].to_numpy() == there, index=out.index)
    compared = out["parent_rate"].where(alike)
    out["gap"] = out["rate"] - compared
    out["times"] = out["rate"] / compared.where(compared > 0)
    return out.sort_values(
        ["gap", "rate"], ascending=False, na_position="last", kind="stable", ignore_index=True
    )


@dataclass(frozen=True, slots=True)
class Combination:
    """Target poor failing exactly one set of dimensions.

    Attributes
    ----------
    mask : str
        Five bits in the order of `DIMENSIONS`.
    persons : float or None
        None where the number is hidden.
    share : float or None
        Percent of the target poor.
    """

    mask: str
    persons: float | None
    share: float | None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions failed."""
        return tuple(d for d, bit in zip(DIMENSIONS, self.mask, strict=True) if bit == "1")


def combinations(
    cells: Mapping[str, float], hidden: Collection[str], target_poor: float | None
) -> list[Combination]:
    """The sets of dimensions that somebody fails exactly, the largest first and hidden ones last.

    Parameters
    ----------
    cells : mapping of str to float
        Persons by mask; NaN where missing or hidden.
    hidden : collection of str
        Masks whose number is hidden.
    target_poor : float or None
        All target poor of the same source.

    Returns
    -------
    list of Combination
        Empty where a mask is missing altogether: the largest could be the one that is not there.
    """
    found: list[Combination] = []
    whole = _number(target_poor)
    for mask in MASKS:
        persons = _number(cells.get(mask))
        if persons is None and mask not in hidden:
            return []
        if persons == 0:
            continue
        share = 100 * persons / whole if persons is not None and whole else None
        found.append(Combination(mask, persons, share))
    return sorted(found, key=lambda c: (c.persons is None, -(c.persons or 0), c.mask.count("1"), c.mask))


def several_bounds(mean: float) -> tuple[float, float]:
    """Between which percentages of the target poor fail two dimensions or more, when only the mean number is known.

    Of the dimensions failed beyond the first, a person who fails several has one to four.

    Parameters
    ----------
    mean : float
        Mean number of dimensions a target-poor person fails, 1 to 5.

    Examples
    --------
    >>> low, high = several_bounds(1.2)
    >>> round(low, 6), round(high, 6)
    (5.0, 20.0)
    """
    beyond = min(max(mean - 1, 0.0), float(len(DIMENSIONS) - 1))
    return 100 * beyond / (len(DIMENSIONS) - 1), 100 * min(1.0, beyond)
