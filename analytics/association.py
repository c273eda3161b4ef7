"""How two indicators of the same areas go together: correlation, a robust line and who lies off it.

Written for the share of poor people against night light, but nothing here knows which is which: ``y`` is what is to be
described (the poverty rate) and ``x`` what it is described by (light). Poverty is regressed on light, not the reverse,
because the question asked is "how poor is an area of this brightness usually", and a residual then is in the unit of
poverty, percentage points. Light spans four orders of magnitude and is therefore taken as its decimal logarithm where
its measure is one of amount; a line is then "so many percentage points for ten times the light".

Nothing here says why: a correlation between areas is no effect of light on people.

Sources
-------
Fisher, R. A. (1921), On the probable error of a coefficient of correlation, *Metron* 1: 3-32 (interval of Pearson's r).
Bonett, D. G., Wright, T. A. (2000), Sample size requirements for estimating Pearson, Kendall and Spearman correlations,
*Psychometrika* 65: 23-28 (interval of Spearman's r). Siegel, A. F. (1982), Robust regression using repeated medians,
*Biometrika* 69: 242-244 (the line).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MINIMUM: Final = 10
"""Fewest areas with both numbers for any statistic: with fewer, one area more or less turns the sign."""

CONFIDENCE: Final = 0.95
FLOOR_AT: Final = 0.05
"""The floor of a logarithm is half of this quantile (the lower value) of what is above zero."""

NOTABLE: Final = 2.0
"""A residual of more than this many robust standard deviations lies clearly off the line."""

_MAD_TO_SD: Final = 1.4826  # of a normal distribution

Reason = Literal["too_few", "constant_x", "constant_y"]


@dataclass(frozen=True, slots=True)
class NoResult:
    """Why there is no statistic.

    Attributes
    ----------
    reason : str
        ``too_few`` (fewer than `needed` areas have both numbers), ``constant_x`` or ``constant_y`` (all areas have the
        same value, so that nothing can go along with it).
    n, needed : int
        Areas there are, and the fewest that would do.
    """

    reason: str
    n: int
    needed: int = MINIMUM


@dataclass(frozen=True, slots=True)
class Correlation:
    """A coefficient of correlation with its interval.

    Attributes
    ----------
    method : str
        ``pearson`` or ``spearman``.
    r : float
        -1 to 1.
    low, high : float
        Interval at `CONFIDENCE`, from Fisher's z: ``tanh(atanh(r) -+ q * s)`` with the normal quantile q and
        ``s = 1 / sqrt(n - 3)`` (Pearson) or ``s = sqrt((1 + r^2 / 2) / (n - 3))`` (Spearman). It takes areas as
        independent; neighbours are not, so the true one is wider.
    n : int
    """

    method: str
    r: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Line:
    """Siegel's repeated-median line ``y = intercept + slope * x``.

    Attributes
    ----------
    slope : float
        Median over the areas of the median slope from that area to all others; half of the areas may be wrong before
        it breaks (Theil and Sen's median of all slopes breaks at 29 %).
    intercept : float
        Median of ``y - slope * x``.
    scale : float
        1.4826 x the median absolute deviation of the residuals from their median: their standard deviation where they
        are normal. Same unit as y.
    n : int
    """

    slope: float
    intercept: float
    scale: float
    n: int


@dataclass(frozen=True, slots=True)
class Association:
    """All of it, for the areas given.

    Attributes
    ----------
    n : int
        Areas with both numbers.
    floor : float
        Added to x before its logarithm; 0 where there is no zero, and without logarithm.
    below_zero : int
        Values of x below zero that were taken as zero, for the logarithm only.
    pearson, spearman, line : as named, or NoResult
        Pearson's and the line are of ``log10(x + floor)`` where `logarithm` is set; Spearman's is of x itself.
    logarithm : bool
    x : ndarray, shape (areas,)
        What the line is drawn over; NaN where one of the two numbers is missing.
    residual : ndarray, shape (areas,)
        ``y - (intercept + slope * x)`` in the unit of y; positive: more than its x suggests. NaN without a line.
    deviation : ndarray, shape (areas,)
        Residuals in `Line.scale`; NaN where the scale is 0.
    """

    n: int
    floor: float
    below_zero: int
    pearson: Correlation | NoResult
    spearman: Correlation | NoResult
    line: Line | NoResult
    logarithm: bool
    x: Floats
    residual: Floats
    deviation: Floats

    def ranked(self, *, above: bool, limit: int) -> list[int]:
        """Places of the areas farthest above (or below) the line, the farthest first; equal ones in the order given.

        Only areas that lie on that side are listed, so a list may be shorter than `limit`.
        """
        side = self.residual if above else -self.residual
        order = np.argsort(-side, kind="stable")
        return [int(i) for i in order[:limit] if side[i] > 0]


def associate(x: Sequence[float] | Floats, y: Sequence[float] | Floats, *, logarithm: bool) -> Association:
    """Correlation and robust line of y on x.

    Parameters
    ----------
    x, y : array-like of float, shape (areas,)
        NaN (and infinity) is no number: an area that lacks one of the two takes no part.
    logarithm : bool
        Take x as ``log10(x + floor)``. Where some x is zero or below, the floor is half of the x that a twentieth of those
        above zero do not exceed (`FLOOR_AT`), else 0; x below zero counts as zero there.

    Returns
    -------
    Association

    Raises
    ------
    ValueError
        When x and y differ in length.

    Examples
    --------
    >>> found = associate([1, 10, 100] * 4, [30, 20, 10] * 4, logarithm=True)
    >>> found.spearman.r, found.line.slope, found.line.intercept
    (-1.0, -10.0, 30.0)
    >>> associate([1, 2], [3, 4], logarithm=False).pearson
    NoResult(reason='too_few', n=2, needed=10)
    """
    raw = np.asarray(x, dtype=np.float64)
    target = np.asarray(y, dtype=np.float64)
    if raw.shape != target.shape or raw.ndim != 1:
        raise ValueError(
            f"x and y: found shapes {raw.shape} and {target.shape}, expected one number each an area"
        )
    both = np.isfinite(raw) & np.isfinite(target)
    n = int(both.sum())
    scaled, floor, below = _logarithm(raw, both) if logarithm else (raw, 0.0, 0)
    used = np.where(both, scaled, np.nan)
    nothing = np.full(len(raw), np.nan)
    missing = _unusable(raw[both], target[both])
    if missing is not None:
        return Association(n, floor, below, missing, missing, missing, logarithm, used, nothing, nothing)
    a, b = used[both], target[both]
    slope, intercept = repeated_medians(a, b)
    residual = target - (intercept + slope * used)
    scale = _MAD_TO_SD * float(np.median(np.abs(residual[both] - np.median(residual[both]))))
    # What rounding leaves of an exact fit is no scale.
    exact = scale <= 1e-12 * max(1.0, float(np.abs(b).max()))
    line = Line(slope, intercept, 0.0 if exact else scale, n)
    deviation = nothing if exact else residual / scale
    # Where all x lie at or below zero, their logarithms are one and the same though x are not.
    flat = NoResult("constant_x", n) if np.ptp(a) == 0 else None
    return Association(
        n, floor, below,
        flat or _correlation("pearson", a, b),
        _correlation("spearman", raw[both], b),
        flat or line,
        logarithm, used,
        nothing if flat else residual,
        nothing if flat else deviation,
    )  # fmt: skip


def _logarithm(raw: Floats, both: npt.NDArray[np.bool_]) -> tuple[Floats, float, int]:
    values = raw[both]
    below = int((values < 0).sum())
    positive = values[values > 0]
    floor = 0.0
    if len(positive) < len(values):
        # Of the darkest twentieth: the single darkest area would let one cell bend the line of all.
        floor = float(np.quantile(positive, FLOOR_AT, method="lower")) / 2 if len(positive) else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.maximum(raw, 0.0) + floor), floor, below


def _unusable(x: Floats, y: Floats) -> NoResult | None:
    if len(x) < MINIMUM:
        return NoResult("too_few", len(x))
    if np.ptp(x) == 0:
        return NoResult("constant_x", len(x))
    return NoResult("constant_y", len(x)) if np.ptp(y) == 0 else None


def _correlation(method: str, x: Floats, y: Floats) -> Correlation:
    from scipy import stats  # a second to load, which the first page does not need to wait for

    found = stats.pearsonr(x, y) if method == "pearson" else stats.spearmanr(x, y)
    r = min(1.0, max(-1.0, float(found.statistic)))
    n = len(x)
    if abs(r) > 1 - 1e-12:
        r = math.copysign(1.0, r)
        return Correlation(method, r, r, r, n)  # Fisher's z has no end there
    error = math.sqrt((1.0 if method == "pearson" else 1.0 + r * r / 2) / (n - 3))
    reach = float(stats.norm.ppf(0.5 + CONFIDENCE / 2)) * error
    return Correlation(method, r, math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach), n)


def _median(values: Floats) -> float:
    """`numpy.median` of finite numbers without its looks at every one of them, which take longer than the median."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((low + high) / 2)


def repeated_medians(x: Floats, y: Floats) -> tuple[float, float]:
    """Siegel's slope and intercept.

    The same numbers as `scipy.stats.siegelslopes`, row by row: for the 7,400 subdistricts the library makes tables of all
    pairs at once, 0.9 GB.

    Parameters
    ----------
    x, y : ndarray of float, shape (n,)
        Finite; an area is compared with those of another x only.

    Returns
    -------
    tuple of float
        ``slope`` and ``intercept``; slope 0 where all x are equal.

    Examples
    --------
    >>> repeated_medians(np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 5, 700]))
    (2.0, 1.0)
    """
    slopes = []
    # Rows of one x in turn: the areas they are compared with are the same.
    for level in np.unique(x):
        own = x == level
        run, height = x[~own] - level, y[~own]
        if len(run):
            slopes += [_median((height - start) / run) for start in y[own]]
    slope = float(np.median(slopes)) if slopes else 0.0
    return slope, float(np.median(y - slope * x))
