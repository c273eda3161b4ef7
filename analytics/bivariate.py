"""Two indicators in three classes each: the nine cells of a bivariate map.

Each indicator is classed by itself (thirds of its areas by default), so a cell says "in the upper third of poverty and in
the lower third of light" and nothing about how many areas must
be there. The same numbers colour the map, draw the legend and count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.classify import ROUND, Classes, ClassSpec, classify

Floats = npt.NDArray[np.float64]

SIDE: Final = 3
"""Classes of each indicator; more than nine colours of two directions nobody can read."""


@dataclass(frozen=True)
class Bivariate:
    """Classes of two indicators, and the areas in each pair of them.

    Attributes
    ----------
    x, y : Classes
        Classes from low to high, at most `SIDE`: equal values are never parted, so fewer where many are equal. Made
        from the areas that have both numbers.
    counts : tuple of tuple of int
        Areas by class of y (rows, from the lowest) and class of x (columns, from the lowest).
    missing : int
        Areas that lack one of the two.
    """

    x: Classes
    y: Classes
    counts: tuple[tuple[int, ...], ...]
    missing: int


def cells(x: Sequence[float] | Floats, y: Sequence[float] | Floats, k: int = SIDE) -> Bivariate:
    """Class two indicators by thirds.

    Parameters
    ----------
    x, y : array-like of float, shape (areas,)
        NaN is no number; both are rounded as they stand in a map layer.
    k : int

    Returns
    -------
    Bivariate

    Examples
    --------
    >>> found = cells([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, float("nan")])
    >>> found.missing, found.counts
    (1, ((0, 0, 2), (0, 1, 0), (2, 0, 0)))
    """
    across = np.round(np.asarray(x, dtype=np.float64), ROUND)
    up = np.round(np.asarray(y, dtype=np.float64), ROUND)
    both = np.isfinite(across) & np.isfinite(up)
    spec = ClassSpec("quantiles", k=k)
    columns = classify(pd.Series(across[both]), spec)
    rows = classify(pd.Series(up[both]), spec)
    counts = np.zeros((len(rows.bounds), len(columns.bounds)), dtype=np.int64)
    if both.any():
        np.add.at(counts, (places(up[both], rows.bounds), places(across[both], columns.bounds)), 1)
    table = tuple(tuple(int(n) for n in row) for row in counts)
    return Bivariate(columns, rows, table, int((~both).sum()))


def places(values: Floats, bounds: Sequence[float]) -> npt.NDArray[np.intp]:
    """Class of each value, 0 the lowest; bounds are inclusive and the last class takes what lies above.

    Examples
    --------
    >>> places(np.array([1.0, 2.0, 9.0]), (1.0, 3.0)).tolist()
    [0, 1, 1]
    """
    return np.searchsorted(np.asarray(bounds[:-1], dtype=np.float64), values, side="left")


@dataclass(frozen=True)
class Density:
    """How many areas lie where, for a chart of too many points.

    Attributes
    ----------
    x, y : tuple of float
        Middles of the columns and rows.
    counts : tuple of tuple of int
        Areas by row (of y, from the lowest) and column.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]


def density(x: Floats, y: Floats, columns: int = 44, rows: int = 32) -> Density:
    """Count areas on a grid over the range of two numbers.

    Parameters
    ----------
    x, y : ndarray of float, shape (areas,)
        NaN in either is left out.

    Examples
    --------
    >>> density(np.array([0.0, 1, 1]), np.array([0.0, 1, 1]), 2, 2).counts
    ((1, 0), (0, 2))
    """
    both = np.isfinite(x) & np.isfinite(y)
    counts, right, up = np.histogram2d(x[both], y[both], bins=(columns, rows))
    return Density(
        tuple(((right[:-1] + right[1:]) / 2).tolist()),
        tuple(((up[:-1] + up[1:]) / 2).tolist()),
        tuple(tuple(int(n) for n in row) for row in counts.T),
    )
