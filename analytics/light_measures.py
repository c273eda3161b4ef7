"""Measures of night light that a map of areas can show, and classes in round numbers for them.

A measure is a column of `analytics.lights.statistics` (one year) or `analytics.lights.change` (two years), with its unit,
decimals and kind of classes. Light spans four powers of ten between a forest and a city, so amounts are classed on
a ladder of 1, 2 and 5; differences are classed alike on both sides of zero, with a class of their own around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from analytics.classify import Classes, ClassSpec, classify

OPEN_END: Final = 1e12
"""Upper bound of a last class that takes everything above the one before."""

LADDER_CLASSES: Final = 7


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of light.

    Attributes
    ----------
    key : str
        In addresses and layers. A measure of one year has the id of its indicator in the catalogue, which names it; where there
        is none, the texts ``light.measure.<key>`` and ``light.meaning.<key>`` do.
    column : str
        Of `analytics.lights.statistics` or `analytics.lights.change`.
    years : 1 or 2
        How many years it needs.
    group : str
        Measures of one group share a layer; a change among them downloads nothing.
    unit : str
        ``sum`` (unit times cells), ``value`` (the product's unit), ``density`` (unit times cells for each km2), ``per_1000``
        (for each 1,000 surveyed persons), ``percent``, ``percent_year``, ``km2``, ``ratio`` (no unit) or ``log`` (natural
        logarithm of a ratio).
    decimals : int
    factor : float
        From the column to what is shown: 100 for parts of 1.
    classes : str
        ``ladder``, ``symmetric`` or ``fixed``.
    breaks : tuple of float
        Upper bounds of ``fixed`` classes.
    """

    key: str
    column: str
    years: Literal[1, 2]
    group: str
    unit: str
    decimals: int = 2
    factor: float = 1.0
    classes: Literal["ladder", "symmetric", "fixed"] = "ladder"
    breaks: tuple[float, ...] = ()

    def of(self, frame: pd.DataFrame) -> pd.Series[float]:
        """Values as shown, by area code."""
        return frame[self.column].astype(float) * self.factor


_SHARES: Final = (0.0, 1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0)

MEASURES: Final[Mapping[str, Measure]] = {
    m.key: m
    for m in (
        Measure("light_mean", "mean", 1, "amount", "value"),
        Measure("light_sum", "sum", 1, "amount", "sum", 0),
        Measure("light_density", "density", 1, "amount", "density"),
        Measure("light_lit_share", "lit_share", 1, "lit", "percent", 1, 100.0, "fixed", _SHARES),
        Measure("light_lit_area", "lit_km2", 1, "lit", "km2", 1),
        Measure("light_gini", "gini", 1, "lit", "ratio", 3, 1.0, "fixed", (0.2, 0.4, 0.6, 0.8, 1.0)),
        Measure("light_median", "median", 1, "cells", "value"),
        Measure("light_max", "max", 1, "cells", "value", 1),
        Measure("per_1000", "per_1000", 1, "cells", "per_1000"),
        Measure("difference", "difference", 2, "growth", "sum", 1, classes="symmetric"),
        Measure("log_ratio", "log_ratio", 2, "growth", "log", 3, classes="symmetric"),
        Measure("annual_growth", "annual_growth", 2, "growth", "percent_year", 2, 100.0, "symmetric"),
        Measure("lit_km2_change", "lit_km2_change", 2, "land", "km2", 2, classes="symmetric"),
        Measure("newly_lit", "newly_lit", 2, "land", "km2", 2),
        Measure("gone_dark", "gone_dark", 2, "land", "km2", 2),
        Measure("brighter", "brighter", 2, "lit_land", "km2", 2),
        Measure("dimmer", "dimmer", 2, "lit_land", "km2", 2),
    )
}
"""Every measure by key, in the order they are offered."""

GROUPS: Final[Mapping[str, tuple[Measure, ...]]] = {
    group: tuple(m for m in MEASURES.values() if m.group == group)
    for group in dict.fromkeys(m.group for m in MEASURES.values())
}
"""Measures by group, at most three each: what one national layer may hold."""


def ladder(values: Iterable[float] | pd.Series[float], k: int = LADDER_CLASSES) -> tuple[float, ...]:
    """Bounds in round numbers for amounts that span powers of ten.

    Parameters
    ----------
    values : iterable of float
        What is not finite, or not above zero in four decimals, has no say.
    k : int
        Most classes.

    Returns
    -------
    tuple of float
        Upper bounds from the ladder ... 0.1, 0.2, 0.5, 1, 2, 5 ... between the fifth and the ninety-fifth hundredth of the values,
        spread evenly where there would be more than `k`; the last is `OPEN_END`. Empty without values.

    Examples
    --------
    >>> ladder([0.1, 0.4, 1.5, 9, 60, 300], 5)
    (0.2, 2.0, 20.0, 200.0, 1000000000000.0)
    """
    array = np.round(np.asarray(list(values), dtype=float), 4)
    array = array[np.isfinite(array) & (array > 0)]
    if not array.size:
        return ()
    low, high = np.quantile(array, (0.05, 0.95))
    steps = [
        round(base * 10.0**power, 12)
        for power in range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
        for base in (1, 2, 5)
    ]
    inside = [s for s in steps if max(low, 1e-4) <= s <= high] or [_round_up(float(high))]
    if len(inside) > k - 1:
        chosen = np.unique(np.round(np.linspace(0, len(inside) - 1, k - 1)).astype(int))
        inside = [inside[i] for i in chosen]
    return (*inside, OPEN_END)


def symmetric(values: Iterable[float] | pd.Series[float]) -> tuple[float, ...]:
    """Bounds of seven classes alike on both sides of zero, the fourth around it.

    Parameters
    ----------
    values : iterable of float

    Returns
    -------
    tuple of float
        ``-5s, -3s, -s, s, 3s, 5s`` and `OPEN_END`, with ``s`` a round number so that about nine values in ten lie inside;
        empty without values.

    Examples
    --------
    >>> symmetric([-3.0, -0.2, 0.1, 4.8])
    (-5.0, -3.0, -1.0, 1.0, 3.0, 5.0, 1000000000000.0)
    """
    array = np.asarray(list(values), dtype=float)
    array = np.abs(array[np.isfinite(array)])
    if not array.size:
        return ()
    step = _round_up(max(float(np.quantile(array, 0.9)) / 5, 1e-4))
    return (*(round(n * step, 12) for n in (-5, -3, -1, 1, 3, 5)), OPEN_END)


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = math.floor(math.log10(value))
    return next(
        round(base * 10.0**power, 12) for base in (1, 2, 5, 10) if base * 10.0**power >= value * (1 - 1e-9)
    )


def classes_of(measure: Measure, pool: pd.Series[float], shown: pd.Series[float] | None = None) -> Classes:
    """Map classes of a measure.

    Parameters
    ----------
    measure : Measure
    pool : Series
        Values that bounds are made from: both years, so that a colour means the same in each.
    shown : Series, optional
        Values that are counted; without it those of the pool.

    Returns
    -------
    Classes
        Without any class where there are no values.
    """
    # As in the layer, so that legend and map agree.
    pool = pool.round(4)
    bounds = measure.breaks if measure.classes == "fixed" else ()
    if measure.classes == "ladder":
        bounds = ladder(pool)
    elif measure.classes == "symmetric":
        bounds = symmetric(pool)
    if not bounds or not np.isfinite(pool.to_numpy(dtype=float)).any():
        # Nothing but zeros is one class of zeros.
        return classify(pool if shown is None else shown, ClassSpec("quantiles", 2))
    found = classify(pool, ClassSpec("user_defined", breaks=bounds))
    return found if shown is None else found.recount(shown)
