"""Colour scales of night light: from a radiance or a difference to a place between 0 and 1, and back.

A scale is fixed for a unit, not made from the values of one picture, so a colour means the same in both years, in every
area and on every screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

RADIANCE: Final = "nW/cm²/sr"
DIGITAL: Final = "DN"


@dataclass(frozen=True)
class LightScale:
    """Radiance on a logarithmic scale, digital numbers on a linear one.

    Attributes
    ----------
    unit : str
    low, high : float
        Values that take the first and the last colour, with all below and above them.
    logarithmic : bool
    stops : tuple of float
        Values that a legend names, rising.
    """

    unit: str
    low: float
    high: float
    logarithmic: bool
    stops: tuple[float, ...]

    def position(self, values: ArrayLike) -> NDArray[np.float64]:
        """Where values stand, 0 to 1; NaN stays NaN.

        Parameters
        ----------
        values : array_like
            In `unit`, any shape.

        Returns
        -------
        ndarray of float64, same shape

        Examples
        --------
        >>> scale_of("nW/cm²/sr").position([0.2, 2, 20, 200, 900]).round(6).tolist()
        [0.0, 0.333333, 0.666667, 1.0, 1.0]
        """
        inside = np.clip(np.asarray(values, dtype=np.float64), self.low, self.high)
        if self.logarithmic:
            place = np.log(inside / self.low) / math.log(self.high / self.low)
        else:
            place = (inside - self.low) / (self.high - self.low)
        return _shares(place)

    def value(self, position: ArrayLike) -> NDArray[np.float64]:
        """The value that stands at a position: the inverse of `position` between `low` and `high`."""
        place = np.asarray(position, dtype=np.float64)
        if self.logarithmic:
            return np.asarray(self.low * (self.high / self.low) ** place, dtype=np.float64)
        return np.asarray(self.low + place * (self.high - self.low), dtype=np.float64)

    def index(self, values: ArrayLike, n: int) -> NDArray[np.int64]:
        """Number of the colour of each value, of `n` colours; NaN gets 0, so look for it first."""
        return _numbers(self.position(values), n)


@dataclass(frozen=True)
class DifferenceScale:
    """A later value less an earlier one, centred on zero and equally long to both sides.

    Attributes
    ----------
    unit : str
    limit : float
        Difference that takes the last colour, with all above it.
    bend : float or None
        Differences well below it are spread evenly and those above by their logarithm; None for evenly throughout.
    stops : tuple of float
        Differences that a legend names, rising, with 0 among them.
    """

    unit: str
    limit: float
    bend: float | None
    stops: tuple[float, ...]

    @cached_property
    def _whole(self) -> float:
        return math.log1p(self.limit / self.bend) if self.bend is not None else self.limit

    def position(self, values: ArrayLike) -> NDArray[np.float64]:
        """Where differences stand, 0 to 1; none stands at exactly 0.5, NaN stays NaN.

        Parameters
        ----------
        values : array_like
            In `unit`, any shape.

        Returns
        -------
        ndarray of float64, same shape

        Examples
        --------
        >>> difference_scale_of("DN").position([-63, 0, 31.5]).tolist()
        [0.0, 0.5, 0.75]
        """
        inside = np.clip(np.asarray(values, dtype=np.float64), -self.limit, self.limit)
        size = np.abs(inside) if self.bend is None else np.log1p(np.abs(inside) / self.bend)
        return _shares(0.5 + np.sign(inside) * size / self._whole / 2)

    def value(self, position: ArrayLike) -> NDArray[np.float64]:
        """The difference that stands at a position: the inverse of `position` up to `limit`."""
        side = (np.asarray(position, dtype=np.float64) - 0.5) * 2
        size = np.abs(side) * self._whole
        size = size if self.bend is None else np.expm1(size) * self.bend
        return np.asarray(np.sign(side) * size, dtype=np.float64)

    def index(self, values: ArrayLike, n: int) -> NDArray[np.int64]:
        """Number of the colour of each difference, of an odd number `n`: the middle one is for no difference.

        The colours are centred on evenly spaced positions, so that equal gain and loss are equally far from the middle.
        """
        place = self.position(values) * (n - 1)
        return np.nan_to_num(np.rint(place), nan=0.0).astype(np.int64)


def _shares(place: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.clip(place, 0.0, 1.0), dtype=np.float64)


def _numbers(place: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    return np.nan_to_num(np.minimum(np.floor(place * n), n - 1), nan=0.0).astype(np.int64)


_LIGHT: Final = {
    RADIANCE: LightScale(RADIANCE, 0.2, 200.0, True, (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)),
    DIGITAL: LightScale(DIGITAL, 0.0, 63.0, False, (0, 10, 20, 30, 40, 50, 63)),
}
_DIFFERENCE: Final = {
    RADIANCE: DifferenceScale(RADIANCE, 100.0, 0.5, (-100, -20, -5, -1, 0, 1, 5, 20, 100)),
    DIGITAL: DifferenceScale(DIGITAL, 63.0, None, (-60, -40, -20, 0, 20, 40, 60)),
}


def scale_of(unit: str) -> LightScale:
    """The scale of all light in a unit.

    Raises
    ------
    ValueError
        For a unit without one.
    """
    if unit not in _LIGHT:
        raise ValueError(f"unit of light: found {unit!r}, expected one of {', '.join(_LIGHT)}")
    return _LIGHT[unit]


def difference_scale_of(unit: str) -> DifferenceScale:
    """The scale of all differences in a unit.

    Raises
    ------
    ValueError
        For a unit without one.
    """
    if unit not in _DIFFERENCE:
        raise ValueError(f"unit of light: found {unit!r}, expected one of {', '.join(_DIFFERENCE)}")
    return _DIFFERENCE[unit]
