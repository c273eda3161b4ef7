"""Measures of access to public services that a map can show: their columns, units, directions and classes in round numbers.

A measure is a column of `warehouse.places.Places.measures`. Distances and shares have classes that never move; counts and
catchment measures, whose size depends on the kind of place, are classed on a ladder of 1, 2 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from analytics.classify import Classes, ClassSpec, classify
from analytics.light_measures import OPEN_END, ladder


@dataclass(frozen=True, slots=True)
class AccessMeasure:
    """One measure of access.

    Attributes
    ----------
    key : str
        In addresses, layers and the texts ``services.measure.<key>`` and ``services.meaning.<key>``.
    column : str
        Of `Places.measures`.
    group : str
        Measures of one group share a layer; a change among them downloads nothing.
    unit : str
        ``places``, ``per_10000``, ``km`` or ``percent``; text ``services.unit.<unit>``.
    decimals : int
    worse : str
        Which end is the worse served: ``high`` for distances, ``low`` for the others.
    factor : float
        From the column to what is shown: 100 for parts of 1.
    breaks : tuple of float
        Upper bounds of classes; without them a ladder.
    """

    key: str
    column: str
    group: str
    unit: str
    decimals: int
    worse: Literal["high", "low"]
    factor: float = 1.0
    breaks: tuple[float, ...] = ()

    @property
    def by_people(self) -> bool:
        """Whether it rests on numbers of people."""
        return self.key not in ("nearest", "within", "count")

    def of(self, frame: pd.DataFrame) -> pd.Series[float]:
        """Values as shown, in the order of the rows."""
        return frame[self.column].astype(float) * self.factor


_KM: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, OPEN_END)
_PERCENT: Final = (20.0, 40.0, 60.0, 80.0, 95.0, 100.0)

MEASURES: Final[Mapping[str, AccessMeasure]] = {
    m.key: m
    for m in (
        AccessMeasure("nearest", "nearest_km", "distance", "km", 1, "high", breaks=_KM),
        AccessMeasure("nearest_people", "nearest_km_people", "distance", "km", 1, "high", breaks=_KM),
        AccessMeasure("within", "share_villages_within", "share", "percent", 1, "low", 100.0, _PERCENT),
        AccessMeasure("within_people", "share_people_within", "share", "percent", 1, "low", 100.0, _PERCENT),
        AccessMeasure("count", "places", "count", "places", 0, "low"),
        AccessMeasure("per_10000", "per_10000", "count", "per_10000", 2, "low"),
        AccessMeasure("sfca", "access_2sfca", "catchment", "per_10000", 2, "low"),
        AccessMeasure("esfca", "access_e2sfca", "catchment", "per_10000", 2, "low"),
    )
}
"""Every measure by key, in the order they are offered."""

GROUPS: Final[Mapping[str, tuple[AccessMeasure, ...]]] = {
    group: tuple(m for m in MEASURES.values() if m.group == group)
    for group in dict.fromkeys(m.group for m in MEASURES.values())
}


def classes_of(measure: AccessMeasure, values: pd.Series[float]) -> Classes:
    """Map classes of a measure, from the lowest.

    Parameters
    ----------
    measure : AccessMeasure
    values : Series of float
        As shown; NaN is no data.

    Returns
    -------
    Classes
        Without any class where there are no values. An area with exactly nothing is in a class of its own where the
        measure counts places: none at all is not a little.

    Examples
    --------
    >>> classes_of(MEASURES["nearest"], pd.Series([0.4, 7.0, 61.0])).counts
    (1, 0, 0, 1, 0, 0, 1)
    >>> classes_of(MEASURES["count"], pd.Series([0.0, 3.0, float("nan")])).bounds[0]
    0.0
    """
    # As in the layer, so that legend and map agree.
    shown = values.round(4)
    known = shown[np.isfinite(shown)]
    if not len(known):
        return classify(shown, ClassSpec("quantiles", 2))
    bounds = measure.breaks or ladder(known)
    if not measure.breaks and (known == 0).any():
        bounds = (0.0, *bounds)
    if not bounds or bounds == (0.0,):
        return classify(shown, ClassSpec("quantiles", 2))
    return classify(shown, ClassSpec("user_defined", breaks=bounds))
