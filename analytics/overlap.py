"""Overlap of the five dimensions, got exactly from TPMAP's union files.

A person may fail several dimensions, so the five counts must never be added. TPMAP's file of mask ``m``
counts the persons failing *at least one* dimension switched on in ``m``: a union, not a sum. From the 31
unions inclusion-exclusion gives the number failing exactly each set of dimensions. With ``U(m)`` the union
and ``F = U(11111)``, the persons failing no dimension outside ``S`` are ``F - U(complement of S)``, and

    cell(S) = sum over T inside S of (-1) ** (|S| - |T|) * (F - U(complement of T)).

Masks are text of five bits in the order health, living, education, income, access.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.catalogue import DIMENSIONS, MASKS

Floats = npt.NDArray[np.float64]

ALL: Final = "11111"
TOLERANCE: Final = 1e-6
"""Slack of the checks, in persons: counts are whole, and sums of doubles of this size far closer."""


class OverlapError(ValueError):
    """The unions cannot be turned into cells: masks are missing or unknown, or the arrays do not match."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that real unions never do.

    Attributes
    ----------
    area : int
        Position in the arrays, 0-based.
    mask : str
        The mask at fault.
    rule : str
        ``not_negative``, ``whole``, ``sum`` (cells add up to the union of all) or ``monotone`` (a mask inside
        another counts no more than it).
    found : float
        What stands there, in persons.
    expected : str
        What should.
    """

    area: int
    mask: str
    rule: str
    found: float
    expected: str


@cache
def _signs() -> Floats:
    """Return the matrix, shape (31, 31), that takes unions to cells, both in the order of MASKS."""
    size = 1 << len(DIMENSIONS)
    full = size - 1
    matrix = np.zeros((full, full))
    for cell in range(1, size):
        inside = cell
        while True:
            sign = (-1.0) ** (cell.bit_count() - inside.bit_count())
            matrix[cell - 1, full - 1] += sign
            if outside := full & ~inside:
                matrix[cell - 1, outside - 1] -= sign
            if inside == 0:
                break
            inside = (inside - 1) & cell
    matrix.flags.writeable = False
    return matrix


def _stack(tables: Mapping[str, npt.ArrayLike], what: str) -> Floats:
    """Return the 31 arrays as one of shape (31, n), in the order of MASKS."""
    missing = [mask for mask in MASKS if mask not in tables]
    unknown = sorted(set(tables) - set(MASKS))
    if missing or unknown:
        raise OverlapError(f"{what}: missing masks {missing}, unknown masks {unknown}")
    parts = [np.atleast_1d(np.asarray(tables[mask], dtype=np.float64)) for mask in MASKS]
    if len({part.shape for part in parts}) > 1 or parts[0].ndim != 1:
        raise OverlapError(f"{what}: arrays of different shapes {sorted({part.shape for part in parts})}")
    return np.vstack(parts)


def cells_from_unions(unions: Mapping[str, npt.ArrayLike]) -> dict[str, Floats]:
    """Return how many persons fail exactly each set of dimensions.

    Parameters
    ----------
    unions : mapping of str to array, shape (n,)
        For each of the 31 masks, persons failing at least one dimension of it, one value an area. NaN is no
        data: an area with any NaN gets NaN in the cells that need it.

    Returns
    -------
    dict of str to array, shape (n,)
        For each of the 31 masks, persons failing exactly that set. Exact for counts below 2 ** 48.

    Raises
    ------
    OverlapError
        When a mask is missing or unknown, or the arrays differ in shape.

    Examples
    --------
    Two persons, one failing health, one failing health and living:

    >>> unions = {mask: [2 if mask[0] == "1" else 1 if mask[1] == "1" else 0] for mask in MASKS}
    >>> cells = cells_from_unions(unions)
    >>> {mask: cell.tolist() for mask, cell in cells.items() if cell[0]}
    {'10000': [1.0], '11000': [1.0]}
    """
    stacked = _stack(unions, "unions")
    gaps = np.isnan(stacked)
    if not gaps.any():
        result = _signs() @ stacked
    else:
        result = _signs() @ np.where(gaps, 0.0, stacked)
        result[(np.abs(_signs()) @ gaps.astype(np.float64)) > 0] = np.nan
    return {mask: result[i] + 0.0 for i, mask in enumerate(MASKS)}


def unions_from_cells(cells: Mapping[str, npt.ArrayLike]) -> dict[str, Floats]:
    """Return the 31 unions that belong to 31 exact cells, the inverse of :func:`cells_from_unions`.

    Examples
    --------
    >>> cells = {mask: [1] for mask in MASKS}
    >>> unions_from_cells(cells)["10000"].tolist()
    [16.0]
    """
    stacked = _stack(cells, "cells")
    touches = np.array([[(a + 1) & (b + 1) != 0 for b in range(len(MASKS))] for a in range(len(MASKS))])
    result = touches.astype(np.float64) @ stacked
    return {mask: result[i] for i, mask in enumerate(MASKS)}


def check_cells(unions: Mapping[str, npt.ArrayLike], cells: Mapping[str, npt.ArrayLike]) -> list[Violation]:
    """List everything in unions and their cells that counts of real people cannot be.

    Parameters
    ----------
    unions, cells : mapping of str to array, shape (n,)
        As of :func:`cells_from_unions`. Areas with NaN are skipped.

    Returns
    -------
    list of Violation
        By area, then mask; empty when all is well.

    Raises
    ------
    OverlapError
        As :func:`cells_from_unions`.
    """
    union, cell = _stack(unions, "unions"), _stack(cells, "cells")
    if union.shape != cell.shape:
        raise OverlapError(f"unions have shape {union.shape}, cells {cell.shape}")
    found: list[Violation] = []
    with np.errstate(invalid="ignore"):
        for i, mask in enumerate(MASKS):
            for area in np.flatnonzero(cell[i] < -TOLERANCE):
                found.append(Violation(int(area), mask, "not_negative", float(cell[i, area]), "0 or more"))
            for area in np.flatnonzero(np.abs(cell[i] - np.round(cell[i])) > TOLERANCE):
                found.append(Violation(int(area), mask, "whole", float(cell[i, area]), "a whole number"))
        total, whole = cell.sum(axis=0), union[-1]
        for area in np.flatnonzero(np.abs(total - whole) > TOLERANCE):
            found.append(Violation(int(area), ALL, "sum", float(total[area]), f"{whole[area]:g}"))
        for i, mask in enumerate(MASKS):
            for bit in range(len(DIMENSIONS)):
                wider = (i + 1) | (1 << bit)
                if wider == i + 1:
                    continue
                # One bit more is enough: a longer chain cannot fall without one of its steps falling.
                for area in np.flatnonzero(union[i] - union[wider - 1] > TOLERANCE):
                    limit = f"at most {union[wider - 1, area]:g}, the union of {MASKS[wider - 1]}"
                    found.append(Violation(int(area), mask, "monotone", float(union[i, area]), limit))
    return sorted(found, key=lambda v: (v.area, v.mask, v.rule))


def exactly(cells: Mapping[str, npt.ArrayLike]) -> dict[int, Floats]:
    """Return how many persons fail exactly 1, 2, 3, 4 and 5 dimensions.

    Parameters
    ----------
    cells : mapping of str to array, shape (n,)
        As :func:`cells_from_unions` returns them.

    Returns
    -------
    dict of int to array, shape (n,)

    Examples
    --------
    >>> {k: count.tolist() for k, count in exactly({mask: [1] for mask in MASKS}).items()}
    {1: [5.0], 2: [10.0], 3: [10.0], 4: [5.0], 5: [1.0]}
    """
    stacked = _stack(cells, "cells")
    sizes = np.array([mask.count("1") for mask in MASKS])
    return {k: stacked[sizes == k].sum(axis=0) for k in range(1, len(DIMENSIONS) + 1)}


def dimension_totals(cells: Mapping[str, npt.ArrayLike]) -> dict[str, Floats]:
    """Return how many persons fail each dimension, alone or with others; these overlap and must not be added.

    Examples
    --------
    >>> dimension_totals({mask: [1] for mask in MASKS})["income"].tolist()
    [16.0]
    """
    stacked = _stack(cells, "cells")
    return {
        dimension: stacked[[mask[i] == "1" for mask in MASKS]].sum(axis=0)
        for i, dimension in enumerate(DIMENSIONS)
    }


def mean_dimensions(exact: Mapping[int, npt.ArrayLike]) -> Floats:
    """Return the mean number of failed dimensions of a poor person.

    Parameters
    ----------
    exact : mapping of int to array, shape (n,)
        Persons failing exactly 1 to 5 dimensions.

    Returns
    -------
    array, shape (n,)
        1 to 5; NaN where nobody is poor, because a mean over nobody is not zero.

    Examples
    --------
    >>> mean_dimensions({1: [3, 0], 2: [1, 0], 3: [0, 0], 4: [0, 0], 5: [0, 0]}).tolist()
    [1.25, nan]
    """
    counts = _five(exact)
    people = counts.sum(axis=0)
    failed = (np.arange(1, len(DIMENSIONS) + 1)[:, None] * counts).sum(axis=0)
    mean: Floats = np.divide(failed, people, out=np.full(people.shape, np.nan), where=people > 0)
    return mean


def _five(exact: Mapping[int, Any]) -> Floats:
    wanted = set(range(1, len(DIMENSIONS) + 1))
    if set(exact) != wanted:
        raise OverlapError(f"counts for {sorted(exact)} dimensions, expected {sorted(wanted)}")
    return np.vstack([np.atleast_1d(np.asarray(exact[k], dtype=np.float64)) for k in sorted(exact)])


def alkire_foster(exact: Mapping[int, float], population: float) -> pd.DataFrame:
    """Return the Alkire-Foster measures over dimensions for every cut-off k.

    Each dimension weighs 1/5 (Alkire and Foster 2011, J. Public Econ. 95:476-487, with the five dimensions as
    the indicators). TPMAP itself uses the union, k = 1; the other cut-offs are Daomap's reading of the same
    counts.

    Parameters
    ----------
    exact : mapping of int to float
        Persons failing exactly 1 to 5 dimensions.
    population : float
        Persons that H and M0 are relative to; name them wherever the result is shown. With card holders in
        `exact` and surveyed persons here, H is the share of surveyed persons who are poor *and* hold a card.

    Returns
    -------
    DataFrame
        Rows k = 1 to 5 and columns ``k``; ``poor``, persons failing k or more; ``H``, poor / population;
        ``A``, mean share of the five dimensions a poor person fails, NaN where there is none; ``M0``, the
        dimensions failed by the poor / (5 x population), which is H x A. All shares are 0 to 1.

    Raises
    ------
    OverlapError
        When a count is missing or negative, the population is not positive, or more are poor than there are.

    Examples
    --------
    >>> alkire_foster({1: 6, 2: 3, 3: 1, 4: 0, 5: 0}, 100).head(3)
       k  poor     H     A     M0
    0  1  10.0  0.10  0.30  0.030
    1  2   4.0  0.04  0.45  0.018
    2  3   1.0  0.01  0.60  0.006
    """
    counts = _five(exact)[:, 0]
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise OverlapError(f"counts {counts.tolist()}, expected finite and not negative")
    if not np.isfinite(population) or population <= 0 or counts.sum() > population:
        raise OverlapError(f"population {population}, expected at least {counts.sum():g} and above 0")
    ks = np.arange(1, len(DIMENSIONS) + 1)
    poor = counts[::-1].cumsum()[::-1]
    failed = (counts * ks)[::-1].cumsum()[::-1]
    of_all = float(len(DIMENSIONS))
    intensity = np.divide(failed, of_all * poor, out=np.full(poor.shape, np.nan), where=poor > 0)
    return pd.DataFrame(
        {"k": ks, "poor": poor, "H": poor / population, "A": intensity, "M0": failed / (of_all * population)}
    )
