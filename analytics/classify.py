"""Map classes: where one colour ends and the next begins.

The same :class:`Classes` object colours the map, draws the legend and counts its areas, and it works on
values rounded to :data:`ROUND` decimals, the very values that stand in a layer file. Legend and map can then
not differ.
"""

from __future__ import annotations

import threading
import warnings
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

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

_library = threading.Lock()
"""Held while mapclassify runs: its natural breaks draw from numpy's one global random state."""


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

    def recount(self, values: Iterable[float | None] | pd.Series) -> Classes:
        """Return the same bounds with the counts of other values.

        For a legend whose colours are locked to a pool of years: the bounds come from the pool, the counts
        from what is on the map now.

        Parameters
        ----------
        values : iterable of float
            NaN, infinities and None are no data.
        """
        found, missing = _clean(values)
        return replace(self, counts=_counts(found, self.bounds), missing=missing)


def classify(values: Iterable[float | None] | pd.Series, spec: ClassSpec) -> Classes:
    """Divide values into map classes.

    Parameters
    ----------
    values : iterable of float
        One value an area, in the indicator's unit. NaN, infinities and None are no data, never zero.
    spec : ClassSpec
        Method, number of classes and, for ``user_defined``, the breaks.

    Returns
    -------
    Classes
        Deterministic: the same values in any order give the same bounds. Where all values are whole numbers
        the bounds are too. Fewer classes than wanted, with a note, where the values do not allow more; no
        class at all where there is no data.

    Notes
    -----
    Quantiles and natural breaks (k-means from a fixed seed) are mapclassify's. Fisher-Jenks is computed here:
    without numba, which Daomap does not install, mapclassify 2.10 takes a minute for 7,600 values, and the
    test suite holds this one to the same optimum. Equal intervals need no library.

    Examples
    --------
    >>> classes = classify([0, 0, 0, 0, 0, 0, 1, 2, 3, 4, float("nan")], ClassSpec("quantiles", 4))
    >>> classes.bounds, classes.counts, classes.missing
    ((0.0, 1.0, 4.0), (6, 1, 3), 1)
    >>> classes.notes
    (Note(key='repeated_bounds', params=(('wanted', 4.0), ('got', 3.0))),)
    """
    found, missing = _clean(values)
    if spec.breaks is not None:
        return _user_defined(found, missing, spec.breaks)
    if not found.size:
        return Classes(spec.method, (), None, (), missing)

    distinct, weights = np.unique(found, return_counts=True)
    notes: list[Note] = []
    if distinct.size == 1 or (distinct.size <= spec.k and spec.method != "equal_interval"):
        bounds = tuple(distinct.tolist())
        if distinct.size < spec.k:
            notes.append(_note("few_distinct", wanted=spec.k, got=len(bounds), distinct=distinct.size))
    else:
        if spec.method == "fisher_jenks":
            raw = _fisher_jenks(distinct, weights, spec.k)
            if distinct.size > _ATOMS:
                notes.append(_note("joined_values", distinct=distinct.size, used=_ATOMS))
        elif spec.method == "equal_interval":
            raw = np.linspace(distinct[0], distinct[-1], spec.k + 1)[1:]
        else:
            raw = _by_mapclassify(found, spec)
        bounds = _tidy(raw, distinct, keep_empty=spec.method == "equal_interval")
        if len(bounds) < spec.k:
            notes.append(_note("repeated_bounds", wanted=spec.k, got=len(bounds)))
    return Classes(spec.method, bounds, float(distinct[0]), _counts(found, bounds), missing, tuple(notes))


def pooled_bounds(
    frames: Iterable[pd.DataFrame | pd.Series | Iterable[float | None]], spec: ClassSpec
) -> Classes:
    """Class several sets of values together, so that a colour means the same on every one of them.

    Parameters
    ----------
    frames : iterable
        Tables with a column ``value``, or plain values: the years and levels that are to share their colours.
    spec : ClassSpec
        As for :func:`classify`.

    Returns
    -------
    Classes
        Of the pool. :meth:`Classes.recount` gives the counts of one of the sets.

    Examples
    --------
    >>> pool = pooled_bounds([[1, 2], [3, 4]], ClassSpec("equal_interval", 3))
    >>> pool.bounds, pool.recount([4, None]).counts
    ((2.0, 3.0, 4.0), (0, 0, 1))
    """
    parts = [_as_floats(frame["value"] if isinstance(frame, pd.DataFrame) else frame) for frame in frames]
    return classify(np.concatenate(parts) if parts else np.empty(0), spec)


def _as_floats(values: Iterable[float | None] | pd.Series) -> Floats:
    """Return `values` as float64 of shape (n,), None and pandas' NA as NaN."""
    if isinstance(values, np.ndarray):
        return values.astype(np.float64)
    if isinstance(values, pd.Series):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array([np.nan if v is None or v is pd.NA else float(v) for v in values], dtype=np.float64)


def _clean(values: Iterable[float | None] | pd.Series) -> tuple[Floats, int]:
    """Return the finite values, rounded as in the layer files, and how many were not finite."""
    every = _as_floats(values)
    # Adding zero turns -0.0 into 0.0, which would print as "-0" in a legend.
    found = np.round(every[np.isfinite(every)], ROUND) + 0.0
    return found, int(every.size - found.size)


def _counts(found: Floats, bounds: tuple[float, ...]) -> tuple[int, ...]:
    if not bounds:
        return ()
    index = np.minimum(np.searchsorted(np.array(bounds), found, side="left"), len(bounds) - 1)
    return tuple(np.bincount(index, minlength=len(bounds)).tolist())


def _note(key: str, **params: float) -> Note:
    return Note(key, tuple((name, float(value)) for name, value in params.items()))


def _user_defined(found: Floats, missing: int, breaks: tuple[float, ...]) -> Classes:
    bounds = tuple(round(bound, ROUND) for bound in breaks)
    above = int((found > bounds[-1]).sum())
    return Classes(
        "user_defined",
        bounds,
        float(found.min()) if found.size else None,
        _counts(found, bounds),
        missing,
        (_note("above_last_break", count=above, last=bounds[-1]),) if above else (),
    )


def _tidy(raw: Floats, distinct: Floats, *, keep_empty: bool) -> tuple[float, ...]:
    """Bring raw bounds onto the grid of the values without moving any value to another class.

    A value v on a grid is at most b exactly when it is at most b rounded down to the grid. The grid is 1 for
    whole numbers and 10 ** -ROUND otherwise.
    """
    scale = 1.0 if np.array_equal(distinct, np.round(distinct)) else 10.0**ROUND
    # The small addend undoes the binary error of a bound that stands on the grid already.
    snapped = np.round(np.floor(raw * scale + 1e-6) / scale, ROUND) + 0.0
    bounds = np.unique(np.append(snapped[snapped < distinct[-1]], distinct[-1]))
    bounds = bounds[bounds >= distinct[0]]
    if not keep_empty:
        filled = np.unique(np.searchsorted(bounds, distinct, side="left"))
        bounds = bounds[filled]
    return tuple(bounds.tolist())


def _by_mapclassify(found: Floats, spec: ClassSpec) -> Floats:
    """Return mapclassify's upper bounds."""
    # Loading it takes seconds (it brings scikit-learn), and a page without a map needs none of it.
    import mapclassify

    values = np.sort(found)
    with _library, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # repeated bounds: our note says it with numbers
        warnings.simplefilter("ignore", DeprecationWarning)  # mapclassify 2.10 sets the shape of an array
        if spec.method == "quantiles":
            return np.asarray(mapclassify.Quantiles(values, spec.k).bins, dtype=np.float64)
        before = np.random.get_state()
        np.random.seed(0)
        try:
            return np.asarray(mapclassify.NaturalBreaks(values, spec.k).bins, dtype=np.float64)
        finally:
            np.random.set_state(before)


def _fisher_jenks(distinct: Floats, weights: npt.NDArray[np.intp], k: int) -> Floats:
    """Return the upper bounds of the k classes with the least squared deviation from the class means.

    Dynamic programming over all pairs of ends (Fisher 1958, J. Am. Stat. Assoc. 53:789-798).

    Parameters
    ----------
    distinct : array, shape (n,)
        Ascending.
    weights : array, shape (n,)
        How many areas have each value.
    k : int
        At most n.
    """
    starts = np.arange(distinct.size)
    if distinct.size > _ATOMS:
        starts = np.unique(np.linspace(0, distinct.size, _ATOMS, endpoint=False).astype(np.intp))
    upper = distinct[np.append(starts[1:], distinct.size) - 1]
    centred = distinct - np.average(distinct, weights=weights)  # keeps the differences of squares accurate
    n, total, squares = (
        np.concatenate(([0.0], np.cumsum(np.add.reduceat(part, starts))))
        for part in (weights.astype(np.float64), weights * centred, weights * centred**2)
    )
    # cost[i, j]: squared deviation of the values from position i up to and including j
    size = n[None, 1:] - n[:-1, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = (squares[None, 1:] - squares[:-1, None]) - (total[None, 1:] - total[:-1, None]) ** 2 / size
    cost[np.tril_indices(starts.size, -1)] = np.inf

    best = cost[0]
    first_of_last: list[npt.NDArray[np.intp]] = []
    for _ in range(1, k):
        through = np.concatenate(([np.inf], best[:-1]))[:, None] + cost
        first_of_last.append(np.argmin(through, axis=0))
        best = np.min(through, axis=0)
    ends = [starts.size - 1]
    for starts_of_class in reversed(first_of_last):
        ends.append(int(starts_of_class[ends[-1]]) - 1)
    bounds: Floats = upper[np.array(ends[::-1])]
    return bounds
