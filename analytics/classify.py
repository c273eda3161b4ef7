"""Map classes: where one colour ends and the next begins.

The same :class:`Classes` object colours the map, draws the legend and counts its areas, and it works on
values rounded to :data:`ROUND` decimals, the very values that stand in a layer file. Legend and map can then
not differ.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ROUND: Final = 4
"""Decimals of a value in a layer file, and therefore in a class bound."""

METHODS: Final = ("quantiles", "equal_interval", "natural_breaks", "fisher_jenks", "user_defined")
SMALLEST_K: Final = 2
LARGEST_K: Final = 9

_ATOMS: Final = 1024
"""Most distinct values Fisher-Jenks works on; more are joined with their neighbours in rank first.

The table it needs is square in this number: 8 MB and a few milliseconds a class at 1,024.
"""

_seeding = threading.Lock()


@dataclass(frozen=True, slots=True)
class ClassSpec:
    """How to class an indicator.

    Attributes
    ----------
    method : str
        One of :data:`METHODS`.
    k : int
        Classes wanted, 2 to 9; ignored for ``user_defined``.
    breaks : tuple of float or None
        For ``user_defined`` the ascending upper bounds, upper inclusive.

    Raises
    ------
    ValueError
        When a field is outside its choices.
    """

    method: str = "quantiles"
    k: int = 5
    breaks: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method {self.method!r} is none of {METHODS}")
        if type(self.k) is not int or not SMALLEST_K <= self.k <= LARGEST_K:
            raise ValueError(f"k is {self.k!r}, expected a whole number from {SMALLEST_K} to {LARGEST_K}")
        if (self.breaks is None) == (self.method == "user_defined"):
            raise ValueError("breaks go with the method user_defined, and only with it")
        if self.breaks is not None:
            if not 1 <= len(self.breaks) <= LARGEST_K:
                raise ValueError(f"{len(self.breaks)} breaks, expected 1 to {LARGEST_K}")
            if not all(np.isfinite(self.breaks)) or any(
                low >= high for low, high in zip(self.breaks, self.breaks[1:], strict=False)
            ):
                raise ValueError(f"breaks {self.breaks} are not finite and ascending")


@dataclass(frozen=True, slots=True)
class Note:
    """Something the legend must say about its classes; the words live in the texts of the screens.

    Attributes
    ----------
    key : str
        ``few_distinct`` (params ``wanted, got, distinct``), ``repeated_bounds`` (``wanted, got``),
        ``joined_values`` (``distinct, used``) or ``above_last_break`` (``count, last``).
    params : tuple of (str, number)
    """

    key: str
    params: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Classes:
    """Map classes of a set of values.

    Attributes
    ----------
    method : str
        One of :data:`METHODS`.
    bounds : tuple of float
        Upper bound of each class, inclusive, ascending, rounded to :data:`ROUND` decimals; empty
        without data.
    minimum : float or None
        Smallest value classed; lower end of the first class. None without data.
    counts : tuple of int
        Values in each class, same length as `bounds`.
    missing : int
        Values without data, a class of their own.
    notes : tuple of Note
        Why there are fewer classes than wanted, and other things a legend must say.
    """

    method: str
    bounds: tuple[float, ...]
    minimum: float | None
    counts: tuple[int, ...]
    missing: int
    notes: tuple[Note, ...] = ()

    @property
    def k(self) -> int:
        """Number of classes, "no data" not counted."""
        return len(self.bounds)

    def class_index(self, value: float | None) -> int | None:
        """Return the 0-based class of `value`, or None for no data.

        A value above the last bound belongs to the last class and one below the minimum to the first, so that
        bounds got from one set of areas colour another set completely.
        """
        if not self.bounds or value is None or not np.isfinite(value):
            return None
        return min(bisect_left(self.bounds, round(float(value), ROUND)), self.k - 1)
