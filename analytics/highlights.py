"""What stands out in an area: up to three plain facts, ready to be put into words.

A fact is a key and its numbers. The sentences live in the texts of the screens, one template a key and
language. This is what each says:

``half_in``
    คนจนเป้าหมายครึ่งหนึ่งอยู่ใน {n} จาก {total} พื้นที่ (รวมกัน {share}%)

    Half of the target poor live in {n} of {total} areas ({share}% together).
``children_above``
    {n} จาก {with_data} พื้นที่ที่มีข้อมูลมีสัดส่วนสูงกว่าค่ารวม {rate}% สูงสุดคือ{top_name} {top_rate}%

    {n} of {with_data} areas with data lie above the overall {rate}%; highest: {top_name}, {top_rate}%.
``top_dimension``
    มิติที่ตกมากที่สุดคือ{dimension} {share}% ของคนจนเป้าหมาย

    The most common dimension is {dimension}: {share}% of the target poor fail it.
``top_dimension_in``
    As ``top_dimension``, and: สูงสุดที่{top_name} {top_share}%

    It is highest in {top_name}, {top_share}%.
``exactly_one``
    คนจนเป้าหมาย {share}% ตกมิติเดียว และ {n} คนตกตั้งแต่สามมิติ

    {share}% of the target poor fail one dimension only; {n} fail three or more.
``no_data``
    {n} จาก {total} พื้นที่ไม่มีข้อมูล

    {n} of {total} areas have no data.

Names come as ``top_name_th`` and ``top_name_en`` with ``top_code``, a dimension by its id, shares and rates
as unrounded percentages. Municipal areas are areas like others and are counted in ``total``; ``municipal``
says how many they are. Extremes are those of the areas with data, and ``with_data`` says how many these are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analytics.catalogue import DIMENSIONS

Param = str | int | float

KEYS: Final = ("half_in", "children_above", "top_dimension", "top_dimension_in", "exactly_one", "no_data")
"""Every key that can occur, in the order in which facts are told."""

MINIMUM_BASE: Final = 30
"""Fewest target poor for which a child's share is called the highest: of 3 persons, one is 33%."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """One fact.

    Attributes
    ----------
    key : str
        One of :data:`KEYS`; names the sentence.
    params : mapping of str to str, int or float
        What the sentence is filled with. Rates and shares are unrounded percentages.
    score : float
        0 to 1, how much it stands out; decides which facts are told.
    """

    key: str
    params: Mapping[str, Param]
    score: float


def highlights(
    own: Mapping[str, float],
    children: pd.DataFrame,
    *,
    dimensions: Mapping[str, float] | None = None,
    child_dimensions: pd.DataFrame | None = None,
    exact: Mapping[int, float] | None = None,
    limit: int = 3,
) -> list[Highlight]:
    """Return the facts that stand out most in an area.

    Parameters
    ----------
    own : mapping
        The area's own rate: ``value`` in percent, ``numerator`` and ``denominator`` in persons. Any may be
        NaN or absent.
    children : DataFrame
        One row a child: ``area_code, name_th, name_en, value`` (rate in percent), ``numerator``, and
        optionally ``kind`` and ``suppressed``. NaN is no data; a suppressed row counts as unknown. Empty for
        areas without children.
    dimensions : mapping of str to float, optional
        Target poor of the area failing each dimension.
    child_dimensions : DataFrame, optional
        ``area_code, name_th, name_en``, ``target_poor`` and one column a dimension, in persons.
    exact : mapping of int to float, optional
        Target poor of the area failing exactly 1 to 5 dimensions.
    limit : int
        Most facts returned.

    Returns
    -------
    list of Highlight
        The `limit` facts of highest score, in the order of :data:`KEYS`. Fewer, down to none, where the data
        do not carry more.

    Raises
    ------
    ValueError
        When `children` lacks a column.

    Examples
    --------
    >>> areas = pd.DataFrame({
    ...     "area_code": ["5001", "5002", "5003", "5004"], "name_th": list("กขคง"), "name_en": list("ABCD"),
    ...     "value": [9.0, 1.0, 1.0, 1.0], "numerator": [90, 10, 10, 10]})
    >>> for fact in highlights({"value": 3.0, "numerator": 120, "denominator": 4000}, areas):
    ...     print(fact.key, fact.params["n"], fact.params["total"])
    half_in 1 4
    children_above 1 4
    """
    wanted = {"area_code", "name_th", "name_en", "value", "numerator"}
    if missing := sorted(wanted - set(children.columns)):
        raise ValueError(f"children lack the columns {missing}")
    known = children.reset_index(drop=True)
    for column in ("value", "numerator"):
        known[column] = pd.to_numeric(known[column]).astype(float)
        known.loc[~np.isfinite(known[column]), column] = np.nan
        if "suppressed" in known.columns:
            known.loc[known["suppressed"].fillna(False).astype(bool), column] = np.nan
    poor = _number(own.get("numerator"))
    hidden = "suppressed" in known.columns and bool(known["suppressed"].fillna(False).astype(bool).any())
    # A hidden child could be the one a sentence would have to name.
    found = [
        None if hidden else _half_in(poor, known),
        None if hidden else _children_above(_number(own.get("value")), known),
        _top_dimension(poor, dimensions, None if hidden else child_dimensions),
        _exactly_one(exact),
        _no_data(known),
    ]
    facts = [fact for fact in found if fact is not None]
    chosen = sorted(facts, key=lambda fact: (-fact.score, KEYS.index(fact.key)))[:limit]
    return sorted(chosen, key=lambda fact: KEYS.index(fact.key))


def _number(value: object) -> float | None:
    """Return a finite number, or None for anything else (None, NaN, pandas' NA)."""
    if value is None or value is pd.NA or not isinstance(value, (int, float, np.number)):
        return None
    return float(value) if np.isfinite(value) else None


def _counted(children: pd.DataFrame, column: str) -> dict[str, Param]:
    """Return how many children there are, how many have `column`, and how many are municipal areas."""
    municipal = int((children["kind"] == "municipal").sum()) if "kind" in children.columns else 0
    return {
        "total": len(children),
        "with_data": int(children[column].notna().sum()),
        "municipal": municipal,
    }


def _top(children: pd.DataFrame, values: pd.Series[float]) -> dict[str, Param]:
    """Return code and names of the child with the largest of `values`, aligned on the children's index."""
    position = int(np.nanargmax(values.reindex(children.index).to_numpy(dtype=np.float64)))
    return {
        "top_code": str(children["area_code"].iloc[position]),
        "top_name_th": str(children["name_th"].iloc[position]),
        "top_name_en": str(children["name_en"].iloc[position]),
    }


def _half_in(poor: float | None, children: pd.DataFrame) -> Highlight | None:
    """How few children hold half of the target poor.

    Counted against the area's own total, which includes children whose numbers are hidden or missing:
    only then is the half really a half. Score: how far from an even spread.
    """
    counts = children["numerator"].dropna().sort_values(ascending=False)
    if poor is None or poor <= 0 or len(counts) < 3:
        return None
    # An area and its children can disagree in a source; the larger total makes the weaker claim.
    base = max(poor, float(counts.sum()))
    together = counts.cumsum()
    if together.iloc[-1] < base / 2:
        return None
    n = int((together < base / 2).sum()) + 1
    params = _counted(children, "numerator") | {
        "n": n,
        "share": 100 * float(together.iloc[n - 1]) / base,
        "poor": base,
    }
    return Highlight("half_in", params, max(0.0, 1 - 2 * n / len(counts)))


def _children_above(rate: float | None, children: pd.DataFrame) -> Highlight | None:
    """How many children have a higher rate than the area, and which has the highest.

    Score: how one-sided it is; a half above and a half below says little.
    """
    rates = children["value"].dropna()
    if rate is None or len(rates) < 2:
        return None
    n = int((rates > rate).sum())
    if n == 0 or (rates == rates.max()).sum() > 1:
        return None
    params = _counted(children, "value") | {"n": n, "rate": rate, "top_rate": float(rates.max())}
    return Highlight("children_above", params | _top(children, rates), abs(2 * n / len(rates) - 1))


def _top_dimension(
    poor: float | None, dimensions: Mapping[str, float] | None, children: pd.DataFrame | None
) -> Highlight | None:
    """Which dimension most target poor fail, and in which child its share is highest.

    Shares of the five exceed 100% together, so only the largest is told. Score: the lead over the second.
    """
    if poor is None or poor <= 0 or dimensions is None:
        return None
    counts = {name: _number(dimensions.get(name)) for name in DIMENSIONS}
    # One unknown dimension could be the largest.
    if any(count is None for count in counts.values()):
        return None
    ranked = sorted(((float(count or 0), name) for name, count in counts.items()), reverse=True)
    (most, name), (second, _) = ranked[0], ranked[1]
    if most == second:
        return None
    params: dict[str, Param] = {"dimension": name, "n": int(most), "share": 100 * most / poor, "poor": poor}
    score = min(1.0, (most - second) / poor * 2)
    if children is not None and {name, "target_poor"} <= set(children.columns):
        children = children.reset_index(drop=True)
        base = pd.to_numeric(children["target_poor"]).astype(float)
        failing = pd.to_numeric(children[name]).astype(float)
        shares = (100 * failing / base).where(base >= MINIMUM_BASE).dropna()
        if len(shares) >= 2 and (shares == shares.max()).sum() == 1:
            params |= _top(children, shares) | {"top_share": float(shares.max())}
            return Highlight("top_dimension_in", params, score)
    return Highlight("top_dimension", params, score)


def _exactly_one(exact: Mapping[int, float] | None) -> Highlight | None:
    """How many target poor fail one dimension only, and how many three or more. Score: how lopsided."""
    if exact is None:
        return None
    counts = [_number(exact.get(k)) for k in range(1, len(DIMENSIONS) + 1)]
    if any(count is None for count in counts):
        return None
    persons = [float(count or 0) for count in counts]
    total = sum(persons)
    if total <= 0:
        return None
    share = 100 * persons[0] / total
    params: dict[str, Param] = {"share": share, "n": int(sum(persons[2:])), "poor": total}
    return Highlight("exactly_one", params, abs(share - 50) / 100)


def _no_data(children: pd.DataFrame) -> Highlight | None:
    """How many children have no rate. Told when little else is, or when most have none."""
    gone = children["value"].isna()
    if "suppressed" in children.columns:
        gone &= ~children["suppressed"].fillna(False).astype(bool)
    absent = int(gone.sum())
    if absent == 0:
        return None
    return Highlight("no_data", _counted(children, "value") | {"n": absent}, absent / len(children))
