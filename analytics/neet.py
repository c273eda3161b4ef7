"""What a NEET rate says: how sure it is, how far it lies from a mean in young people, and what a region's rate is.

A rate of a sample survey has an interval; a rate of another source or definition is another thing. Nothing here adds or
averages rates: a mean of several areas is made of their counts or not at all.
"""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from analytics.stars import RANK_COVERAGE

Z95: Final = 1.959963984540054
"""Half-width of a 95 % interval in standard errors, normal distribution."""


def interval(rate: float, standard_error: float) -> tuple[float, float] | None:
    """Return the 95 % confidence interval of a rate, kept within 0 and 100.

    Parameters
    ----------
    rate, standard_error : float
        In percent and percentage points; NaN is unknown.

    Returns
    -------
    tuple of float, or None
        Low and high in percent; None where either number is unknown.

    Examples
    --------
    >>> [round(edge, 2) for edge in interval(20.0, 5.0)]
    [10.2, 29.8]
    >>> interval(1.0, 2.0)[0], interval(20.0, float("nan"))
    (0.0, None)
    """
    if not (math.isfinite(rate) and math.isfinite(standard_error)):
        return None
    return max(0.0, rate - Z95 * standard_error), min(100.0, rate + Z95 * standard_error)


def gap_persons(rate: float, mean: float, youth: float) -> float:
    """Return how many young people fewer would be NEET at the mean; below zero where the rate is below it.

    Parameters
    ----------
    rate, mean : float
        In percent.
    youth : float
        Persons aged 15-24 of the area; NaN where nobody knows, and then so is the gap.

    Examples
    --------
    >>> gap_persons(25.0, 15.0, 3000.0)
    300.0
    """
    return youth * (rate - mean) / 100.0


def pooled_rate(neet: pd.Series, youth: pd.Series, official: int) -> float:
    """Return the rate of several areas together, from their counts.

    Parameters
    ----------
    neet, youth : Series
        Counts of the areas; NaN is unknown.
    official : int
        How many areas there are. NaN is returned when fewer than four fifths of them have both counts: the mean of what
        happens to be known is no mean of the region.

    Examples
    --------
    >>> pooled_rate(pd.Series([10.0, 50.0]), pd.Series([100.0, 100.0]), 2)
    30.0
    >>> pooled_rate(pd.Series([10.0]), pd.Series([100.0]), 2)
    nan
    """
    known = neet.notna() & youth.notna() & (youth > 0)
    if official <= 0 or int(known.sum()) < RANK_COVERAGE * official:
        return math.nan
    return float(100.0 * neet[known].sum() / youth[known].sum())
