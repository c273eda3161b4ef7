"""Poverty stars: one to five, five for the areas with the smallest share of poor people.

TPMAP shows stars ("many stars, few poor people") but publishes no formula, so this one is Daomap's own and
says so wherever stars are shown (:func:`method_text`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

MOST: Final = 5
"""Most stars an area can have."""

RANK_COVERAGE: Final = 0.8
"""Part of a level's official areas that must have data before anybody is ranked among them.

Bangkok's 180 subdistricts and the tambons that lie wholly in municipalities are missing from every TPMAP file; the twenty
provinces a newspaper printed are the extremes, and a rank among them says nothing.
"""

MINIMUM_SIBLINGS: Final = 5
"""Fewest areas with data that can be ranked into five fifths."""


@dataclass(frozen=True, slots=True)
class StarSettings:
    """How stars are given.

    Attributes
    ----------
    minimum_siblings : int
        Groups with fewer areas with data get no stars; 1 or more.
    thresholds : tuple of float or None
        Four ascending upper bounds in percent, inclusive: at most the first is 5 stars, ..., above the fourth
        1 star. None ranks areas into fifths.

    Raises
    ------
    ValueError
        When the thresholds are not four finite ascending numbers, or `minimum_siblings` is below 1.
    """

    minimum_siblings: int = MINIMUM_SIBLINGS
    thresholds: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.minimum_siblings < 1:
            raise ValueError(f"minimum_siblings is {self.minimum_siblings}, expected 1 or more")
        if self.thresholds is not None:
            _check_thresholds(self.thresholds)


def _check_thresholds(thresholds: Sequence[float]) -> None:
    if len(thresholds) != MOST - 1 or not all(np.isfinite(thresholds)):
        raise ValueError(
            f"thresholds {tuple(thresholds)}: expected {MOST - 1} finite upper bounds in percent"
        )
    if any(low >= high for low, high in pairwise(thresholds)):
        raise ValueError(f"thresholds {tuple(thresholds)} do not ascend")


def stars(
    rates: pd.Series[float],
    groups: pd.Series[str] | None = None,
    *,
    thresholds: Sequence[float] | None = None,
    minimum_siblings: int = MINIMUM_SIBLINGS,
) -> pd.Series[int]:
    """Give stars to areas by their poverty rate.

    star = 5 - floor(5 (r - 1) / n), where r is the area's rank from the lowest rate (areas with equal rates
    share the best rank among them) and n the number of areas with data in its group.

    Parameters
    ----------
    rates : Series, shape (n,)
        Poverty rate in percent; NaN is no data.
    groups : Series, shape (n,), optional
        Group of each area, on the index of `rates`; areas are ranked inside their group. None ranks all
        together.
    thresholds : four floats, optional
        Fixed upper bounds in percent instead of ranks; see :class:`StarSettings`.
    minimum_siblings : int
        Groups with fewer areas with data get none. Not applied with `thresholds`, which need no siblings.

    Returns
    -------
    Series of Int64, shape (n,)
        1 to 5, NA without data or in too small a group, on the index of `rates`.

    Raises
    ------
    ValueError
        When `groups` stands on another index, or the settings are out of range.

    Examples
    --------
    >>> stars(pd.Series([0.5, 9.0, 2.0, 2.0, float("nan"), 4.0])).tolist()
    [5, 1, 4, 4, <NA>, 2]
    """
    StarSettings(minimum_siblings, None if thresholds is None else _four(thresholds))
    values = pd.Series(rates.to_numpy(dtype=np.float64, na_value=np.nan), index=rates.index)
    values = values.where(np.isfinite(values))
    if thresholds is not None:
        # side="left": a rate equal to an upper bound stays below it
        given = MOST - np.searchsorted(
            np.asarray(thresholds, dtype=np.float64), values.to_numpy(), side="left"
        )
        return pd.Series(given, index=rates.index).where(values.notna()).astype("Int64")
    if groups is None:
        keys = np.zeros(len(values), dtype=np.int64)
    else:
        if not groups.index.equals(rates.index):
            raise ValueError("groups stand on another index than rates")
        keys, _ = pd.factorize(groups)
        # A missing group is nobody's sibling; its areas get no stars.
        values = values.where(keys >= 0)
    grouped = pd.Series(values.to_numpy()).groupby(keys)
    rank = grouped.rank(method="min")
    n = grouped.transform("count")
    # Whole-number arithmetic: in floats 5 * (r - 1) / n could fall short of a whole number it equals.
    whole_rank = rank.fillna(1).to_numpy(dtype=np.int64)
    siblings = n.clip(lower=1).to_numpy(dtype=np.int64)
    fifths = pd.Series(MOST - MOST * (whole_rank - 1) // siblings, index=rates.index)
    return fifths.where((rank.notna() & (n >= minimum_siblings)).to_numpy()).astype("Int64")


def _four(thresholds: Sequence[float]) -> tuple[float, float, float, float]:
    _check_thresholds(thresholds)
    a, b, c, d = (float(bound) for bound in thresholds)
    return (a, b, c, d)


def star_bounds(rates: pd.Series[float], given: pd.Series[int]) -> dict[int, float | None]:
    """Return the highest rate that each number of stars has, for a legend.

    Parameters
    ----------
    rates : Series, shape (n,)
        Poverty rates in percent.
    given : Series, shape (n,)
        What :func:`stars` made of them, for one group.

    Returns
    -------
    dict of int to float or None
        5 down to 1; None where no area has that many stars (ties can empty a fifth).

    Examples
    --------
    >>> rates = pd.Series([1.0, 2.0, 3.0, 4.0, 4.0])
    >>> star_bounds(rates, stars(rates))
    {5: 1.0, 4: 2.0, 3: 3.0, 2: 4.0, 1: None}
    """
    highest = rates.groupby(given).max()
    return {n: float(highest[n]) if n in highest.index else None for n in range(MOST, 0, -1)}


def star_text(n: int | None, language: str = "th") -> str:
    """Return stars as text, such as "★★★★☆".

    Parameters
    ----------
    n : int or None
        1 to 5; None and NA are no data.
    language : str
        ``th`` or ``en``, for the words of "no stars".

    Raises
    ------
    ValueError
        When `n` is not 1 to 5.

    Examples
    --------
    >>> star_text(4), star_text(None, "en")
    ('★★★★☆', 'no stars')
    """
    if n is None or pd.isna(n):
        return "ไม่มีดาว" if language == "th" else "no stars"
    if not 1 <= int(n) <= MOST:
        raise ValueError(f"{n} stars, expected 1 to {MOST}")
    return "★" * int(n) + "☆" * (MOST - int(n))


def method_text(settings: StarSettings, language: str = "th") -> str:
    """Return the sentences that stand beside a star legend: the rule, and whose it is.

    Parameters
    ----------
    settings : StarSettings
        As used for the stars on the screen.
    language : str
        ``th`` or ``en``.

    Examples
    --------
    >>> method_text(StarSettings(thresholds=(1, 2, 3, 5)), "en")
    "Daomap's own method, not TPMAP's rating: 5 stars up to 1%, 4 up to 2%, 3 up to 3%, 2 up to 5%, 1 above."
    """
    if settings.thresholds is not None:
        a, b, c, d = (f"{bound:g}" for bound in settings.thresholds)
        if language == "th":
            return (
                "วิธีของดาวแมป ไม่ใช่คะแนนของ TPMAP: "
                f"5 ดาวเมื่อสัดส่วนคนจนเป้าหมายไม่เกิน {a}%, 4 ดาวไม่เกิน {b}%, 3 ดาวไม่เกิน {c}%, "
                f"2 ดาวไม่เกิน {d}%, มากกว่านั้น 1 ดาว"
            )
        return (
            "Daomap's own method, not TPMAP's rating: "
            f"5 stars up to {a}%, 4 up to {b}%, 3 up to {c}%, 2 up to {d}%, 1 above."
        )
    if language == "th":
        return (
            "วิธีของดาวแมป ไม่ใช่คะแนนของ TPMAP: เรียงสัดส่วนคนจนเป้าหมายจากน้อยไปมาก แบ่งห้าส่วนเท่ากัน "
            "ส่วนที่น้อยที่สุดได้ 5 ดาว มากที่สุดได้ 1 ดาว (ดาว = 5 − ⌊5 × (อันดับ − 1) ÷ จำนวนพื้นที่ที่มีข้อมูล⌋) "
            "ค่าเท่ากันได้ดาวที่ดีกว่าเท่ากัน พื้นที่ไม่มีข้อมูลไม่มีดาว "
            f"กลุ่มที่มีข้อมูลน้อยกว่า {settings.minimum_siblings} พื้นที่ไม่ให้ดาว"
        )
    return (
        "Daomap's own method, not TPMAP's rating: areas are ranked by their target-poor rate, lowest first, "
        "and cut into five equal fifths; the lowest gets 5 stars, the highest 1 "
        "(stars = 5 − ⌊5 × (rank − 1) ÷ areas with data⌋). Equal rates share the better star, areas without "
        f"data get none, and a group with fewer than {settings.minimum_siblings} areas with data gets "
        "no stars."
    )
