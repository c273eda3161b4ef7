"""Which totals make which measure of the Alkire-Foster family.

Every measure is a ratio of two sums over persons. One list of sums (:func:`totals`) and one list of ratios (:func:`ratios`) serve
the sums over profiles, the direct expression on a database and the linearised standard errors, so that the three cannot drift
apart.

Notation: person j stands for ``v_j`` persons; ``w_i`` are whole numbers proportional to the weights, ``W`` their sum; ``d_ij`` is
1 where j is deprived in i; ``c_j = sum_i w_i d_ij`` the score, ``D_j`` what it is divided by: ``W``, or under ``reweight`` the
weight of the indicators known of j. j is poor when ``c_j / D_j >= k``.

Source: Alkire, S., Foster, J. (2011), Counting and multidimensional poverty measurement, *J. Public Econ.* 95: 476-487.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.mpi_expression import TableError
from analytics.mpi_specs import MpiSpec

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BANDS: Final = tuple(range(0, 101, 10))
"""Upper ends, in per cent, of the bands of the distribution of scores; band 0 is a score of 0, 10 above 0 up to 10 %, and so on."""

MEASURES: Final = (
    "n",
    "poor",
    "H",
    "A",
    "M0",
    "vulnerable",
    "severe",
    *(f"score_{band}" for band in BANDS),
    "uncensored",
    "censored",
    "contribution_absolute",
    "contribution_percent",
    "dimension_absolute",
    "dimension_percent",
)
"""Measures that follow from profiles, in the order of results."""

GAP_MEASURES: Final = ("G", "M1", "S", "M2")
"""Measures that need achievements and cut-offs: mean normalised gap and squared gap of the deprivations of the poor, and the
adjusted poverty gap and squared gap."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """``scale * top / bottom``, or ``scale * top`` where `bottom` is None; both name columns of totals."""

    measure: str
    indicator: str
    top: str
    bottom: str | None
    scale: float = 1.0


def ratios(spec: MpiSpec, *, gaps: bool = False, only: Collection[str] | None = None) -> tuple[Ratio, ...]:
    """Every measure of a specification as a ratio of totals.

    Parameters
    ----------
    spec : MpiSpec
    gaps : bool
        With `GAP_MEASURES`.
    only : collection of str, optional
        Measures wanted; all by default.

    Raises
    ------
    TableError
        When `only` names a measure there is not.
    """
    known = (*MEASURES, *GAP_MEASURES) if gaps else MEASURES
    if only is not None and (strange := sorted(set(only) - set(known))):
        raise TableError("only", ", ".join(strange), f"some of {', '.join(known)}")
    # Under reweight scores are shares already.
    whole = 1.0 if spec.missing == "reweight" else 1.0 / spec.whole_weights[1]
    made = [
        Ratio("n", "", "persons", None),
        Ratio("poor", "", "poor", None),
        Ratio("H", "", "poor", "persons"),
        Ratio("A", "", "score", "poor", whole),
        Ratio("M0", "", "score", "persons", whole),
    ]
    if spec.vulnerable_from is not None:
        made.append(Ratio("vulnerable", "", "vulnerable", "persons"))
    if spec.severe_from is not None:
        made.append(Ratio("severe", "", "severe", "persons"))
    made += [Ratio(f"score_{band}", "", f"band_{band}", "persons") for band in BANDS]
    ids = [i.id for i in spec.indicators]
    made += [Ratio("uncensored", i, f"deprived_{n}", f"known_{n}") for n, i in enumerate(ids)]
    made += [Ratio("censored", i, f"censored_{n}", "persons") for n, i in enumerate(ids)]
    made += [Ratio("contribution_absolute", i, f"part_{n}", "persons", whole) for n, i in enumerate(ids)]
    made += [Ratio("contribution_percent", i, f"part_{n}", "score", 100.0) for n, i in enumerate(ids)]
    parts = [d.id for d in spec.dimensions]
    made += [Ratio("dimension_absolute", d, f"dimension_{n}", "persons", whole) for n, d in enumerate(parts)]
    made += [Ratio("dimension_percent", d, f"dimension_{n}", "score", 100.0) for n, d in enumerate(parts)]
    if gaps:
        made += [
            Ratio("G", "", "gap_1", "score"),
            Ratio("M1", "", "gap_1", "persons", whole),
            Ratio("S", "", "gap_2", "score"),
            Ratio("M2", "", "gap_2", "persons", whole),
        ]
    return tuple(r for r in made if only is None or r.measure in only)


def least_scores(spec: MpiSpec, share: Any, divisors: Ints) -> Ints:
    """Least whole score that reaches a share of each divisor, without rounding.

    Parameters
    ----------
    share : Fraction or "union"
    divisors : ndarray of int64
        What scores are divided by.
    """
    if share == "union":
        return np.ones_like(divisors)
    distinct, where = np.unique(divisors, return_inverse=True)
    least = np.array([math.ceil(share * int(d)) for d in distinct], dtype=np.int64)
    return least[where]


def bits(values: npt.ArrayLike, count: int) -> Bools:
    """Bits of whole numbers.

    Returns
    -------
    ndarray of bool, shape (n, count)
        Column i is bit i.
    """
    numbers = np.asarray(values, dtype=np.int64)
    return ((numbers[:, None] >> np.arange(count, dtype=np.int64)) & 1).astype(np.bool_)


@dataclass(frozen=True, slots=True)
class Scored:
    """Profiles with their scores under one k and one set of weights.

    Attributes
    ----------
    deprived, known : ndarray of bool, shape (profiles, indicators)
    score, divisor : ndarray of int64, shape (profiles,)
        ``c`` and ``D``.
    kept : ndarray of bool, shape (profiles,)
        False where the rule for missing values leaves the person out.
    poor : ndarray of bool, shape (profiles,)
        Kept and poor.
    """

    deprived: Bools
    known: Bools
    score: Ints
    divisor: Ints
    kept: Bools
    poor: Bools


def scored(profile: npt.ArrayLike, missing: npt.ArrayLike, spec: MpiSpec) -> Scored:
    """Score profiles: exact, in whole numbers.

    Parameters
    ----------
    profile, missing : array of int, shape (profiles,)
        Bits of deprivations and of missing values.
    spec : MpiSpec
    """
    count = len(spec.indicators)
    known = ~bits(missing, count)
    deprived = bits(profile, count) & known
    whole, total = spec.whole_weights
    weights = np.array(whole, dtype=np.int64)
    score = deprived @ weights
    divisor = known @ weights if spec.missing == "reweight" else np.full(len(score), total, dtype=np.int64)
    kept = known.all(axis=1) if spec.missing == "drop" else divisor > 0
    poor = kept & (score >= least_scores(spec, spec.k, divisor))
    return Scored(deprived, known, score, divisor, kept, poor)


def person_values(s: Scored, spec: MpiSpec, wanted: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    """What one person of each profile adds to each total.

    Parameters
    ----------
    s : Scored
    spec : MpiSpec
    wanted : collection of str
        Names of totals.

    Returns
    -------
    dict of str to ndarray of int64 or float64, shape (profiles,)
        Whole numbers unless scores are shares (``reweight``).
    """
    shares = spec.missing == "reweight"
    divisor = np.where(s.divisor > 0, s.divisor, 1)

    def amount(numbers: Ints) -> npt.NDArray[Any]:
        return numbers / divisor if shares else numbers

    made: dict[str, npt.NDArray[Any]] = {}
    weights = spec.whole_weights[0]
    for name in wanted:
        kind, _, number = name.partition("_")
        if kind == "persons":
            value: npt.NDArray[Any] = s.kept
        elif kind == "poor":
            value = s.poor
        elif kind == "score":
            value = amount(s.score * s.poor)
        elif kind == "vulnerable":
            value = s.kept & ~s.poor & (s.score >= least_scores(spec, spec.vulnerable_from, s.divisor))
        elif kind == "severe":
            value = s.poor & (s.score >= least_scores(spec, spec.severe_from, s.divisor))
        elif kind == "band":
            value = s.kept & (_band(s.score, s.divisor) == int(number))
        elif kind == "deprived":
            value = s.deprived[:, int(number)] & s.kept
        elif kind == "known":
            value = s.kept & (s.known[:, int(number)] if shares else True)
        elif kind == "censored":
            value = s.deprived[:, int(number)] & s.poor
        elif kind == "part":
            value = amount((s.deprived[:, int(number)] & s.poor) * weights[int(number)])
        else:
            inside = spec.of_dimension(spec.dimensions[int(number)].id)
            value = amount(sum((s.deprived[:, n] & s.poor) * weights[n] for n in inside))  # type: ignore[arg-type]
        made[name] = value if value.dtype == np.float64 else value.astype(np.int64)
    return made


def _band(score: Ints, divisor: Ints) -> Ints:
    """Upper end, in per cent, of the band of each score."""
    return 10 * -((-10 * score) // np.where(divisor > 0, divisor, 1))


def names_of_totals(wanted: Sequence[Ratio]) -> tuple[str, ...]:
    """Totals that these ratios need, once each; ``persons`` always."""
    names = ["persons", *(name for r in wanted for name in (r.top, r.bottom) if name)]
    return tuple(dict.fromkeys(names))


def divide(top: npt.ArrayLike, bottom: npt.ArrayLike | None, scale: float) -> Floats:
    """``scale * top / bottom``; NaN where the bottom is 0, because a share of nobody is not zero."""
    upper = np.asarray(top, dtype=np.float64)
    if bottom is None:
        return upper * scale
    lower = np.asarray(bottom, dtype=np.float64)
    made: Floats = np.divide(upper, lower, out=np.full(upper.shape, np.nan), where=lower > 0)
    return made * scale


def coded(frame: pd.DataFrame, by: Sequence[str]) -> tuple[npt.NDArray[Any], pd.DataFrame]:
    """Number the distinct values of columns in their order, missing ones last.

    Returns
    -------
    codes : ndarray of int, shape (rows,)
    distinct : DataFrame, one row a number
        Without columns everything has the number 0.
    """
    if not by:
        return np.zeros(len(frame), dtype=np.int64), pd.DataFrame(index=[0])
    codes = frame.groupby(list(by), sort=True, dropna=False, observed=True).ngroup().to_numpy()
    first = np.unique(codes, return_index=True)[1]
    return codes, frame[list(by)].iloc[first].reset_index(drop=True)


def long_form(
    groups: pd.DataFrame, wanted: Sequence[Ratio], columns: dict[str, Floats], n: Ints
) -> pd.DataFrame:
    """Measures in long form: for each group, each ratio.

    Parameters
    ----------
    groups : DataFrame, one row a group
    wanted : sequence of Ratio
    columns : dict of str to ndarray, shape (ratios, groups)
        Columns of numbers of the result.
    n : ndarray of int64, shape (groups,)

    Returns
    -------
    DataFrame
        The columns of `groups`, then ``measure``, ``indicator``, those of `columns`, ``n``.
    """
    size, many = len(groups), len(wanted)
    frame = groups.iloc[np.repeat(np.arange(size), many)].reset_index(drop=True)
    which = np.tile(np.arange(many), size)
    frame["measure"] = pd.array([r.measure for r in wanted], dtype="str").take(which)
    frame["indicator"] = pd.array([r.indicator for r in wanted], dtype="str").take(which)
    for name, values in columns.items():
        frame[name] = values.T.reshape(-1)
    frame["n"] = np.repeat(n, many)
    return frame
