"""How far a ranking by multidimensional poverty depends on choices that nobody can prove right.

Cut-off, weights and year of an Alkire-Foster measure are chosen. Here the ranking of areas is made again under many such
settings, and what stays is told: how often an area is in the worst fifth, between which places it moves, how much the
order as a whole agrees with that of the specification (Kendall's tau-b), and which areas are worse than others at every
cut-off (first-order dominance of the deprivation curves, Alkire and Foster 2011, J. Public Econ. 95:476-487; Lasso de la
Vega 2010). Persons come as counts by profile, so a setting costs no second look at anybody.

Weights are whole numbers and a cut-off is a whole number of their sum, so that "deprived in at least k" is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from analytics.alkire_foster import ProfileCounts
    from analytics.mpi_specs import MpiSpec

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
Measure = Literal["H", "A", "M0"]

SCALE: Final = 720_720
"""Sum of the weights of a drawn setting: a multiple of every number up to 16. Times all persons of a country it stays far
below 2 ** 53, so that sums of doubles are exact."""
MOST_LEVELS: Final = 100
"""Curves of dominance have at most so many cut-offs."""
_CHUNK: Final = 4_000_000
"""Numbers in one working array: profiles x settings at a time."""
_TAIL: Final = 0.05


class RobustnessError(ValueError):
    """Profiles, weights or cut-offs that cannot be put together."""


@dataclass(frozen=True, slots=True)
class People:
    """Persons of areas by profile of deprivation.

    Attributes
    ----------
    codes : tuple of str, length n
        Area codes.
    bits : array of bool, shape (p, d)
        The indicators each profile is deprived in; a profile deprived in none need not be among them.
    persons : sparse array, shape (n, p)
        Persons of each area with each profile.
    population : array, shape (n,)
        Persons that shares are of.
    """

    codes: tuple[str, ...]
    bits: Truths
    persons: Any
    population: Floats

    def __post_init__(self) -> None:
        n, p = len(self.codes), len(self.bits)
        if self.persons.shape != (n, p) or self.population.shape != (n,):
            raise RobustnessError(
                f"persons of shape {self.persons.shape} and population of shape {self.population.shape}, "
                f"expected {(n, p)} and {(n,)}"
            )
        if not (self.population > 0).all():
            raise RobustnessError("an area without persons, expected a population above 0 everywhere")


def people(counts: ProfileCounts, spec: MpiSpec) -> People:
    """Take the persons that a specification measures out of counted profiles.

    Parameters
    ----------
    counts : ProfileCounts
        Grouped by ``area_code`` alone.
    spec : MpiSpec
        Its weights and k play no part. Where it leaves out who has an unknown indicator, or divides by the weights of the
        indicators known, whoever has an unknown one is left out here: under other weights the latter would be counted by
        another part of them.

    Returns
    -------
    People
        Weighted. An area without anybody is left out.
    """
    told = np.ones(len(counts.profile)) if spec.missing == "not_deprived" else counts.missing == 0
    everybody = np.asarray(counts.weight @ told.astype(np.float64))
    there = np.flatnonzero(everybody > 0)
    poor = np.flatnonzero((told > 0) & (counts.profile > 0))
    bits = (counts.profile[poor, None] >> np.arange(len(spec.indicators))) & 1 == 1
    codes = counts.groups["area_code"].tolist()
    return People(
        tuple(str(codes[i]) for i in there),
        bits,
        counts.weight[there][:, poor].astype(np.float64),
        everybody[there],
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices under which areas are ranked.

    Attributes
    ----------
    weights : array of whole numbers, shape (s, d)
        Of the indicators.
    cuts : array of whole numbers, shape (s,)
        The least sum of weights at which a person is poor; 1 or more, so that nobody without deprivation is.
    years : array of int, shape (s,)
        Which of the tables of persons, 0-based.
    """

    weights: Floats
    cuts: Floats
    years: npt.NDArray[np.intp]

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or not len(self.weights) == len(self.cuts) == len(self.years):
            raise RobustnessError(
                f"{len(self.weights)} weights, {len(self.cuts)} cut-offs and {len(self.years)} years, expected as many of each"
            )
        if not (
            (self.weights >= 0).all() and (self.weights.sum(axis=1) > 0).all() and (self.cuts >= 1).all()
        ):
            raise RobustnessError(
                "weights below 0, all 0, or a cut-off below 1, expected weights of 0 or more"
            )

    def __len__(self) -> int:
        return len(self.cuts)


def setting(weights: Sequence[Fraction], k: Fraction, year: int = 0) -> Settings:
    """One setting, exactly as it was meant.

    Parameters
    ----------
    weights : sequence of Fraction, length d
        Of the indicators; only their proportions matter.
    k : Fraction
        Cut-off as a share of all weights; 0 is the union: deprived in anything that has weight.
    year : int

    Examples
    --------
    >>> one = setting([Fraction(1, 3), Fraction(1, 6), Fraction(1, 2)], Fraction(1, 3))
    >>> one.weights.tolist(), one.cuts.tolist()
    ([[2.0, 1.0, 3.0]], [2.0])
    """
    size = lcm(*(w.denominator for w in weights))
    whole = [int(w * size) for w in weights]
    return Settings(
        np.array([whole], dtype=np.float64),
        np.array([cut(k, sum(whole))], dtype=np.float64),
        np.array([year], dtype=np.intp),
    )


def cut(k: Fraction, total: int) -> int:
    """The least whole sum of weights that is at least the share `k` of `total`, and at least 1.

    >>> cut(Fraction(1, 3), 18), cut(Fraction(0), 18), cut(Fraction(1, 3), 100)
    (6, 1, 34)
    """
    return max(1, ceil(k * total))


def drawn(
    weights: Sequence[Fraction],
    dimensions: Sequence[int],
    cuts: Sequence[Fraction],
    n: int,
    *,
    seed: int,
    concentration: float | None = 40.0,
    years: int = 1,
) -> Settings:
    """Settings drawn at random around a specification.

    Parameters
    ----------
    weights : sequence of Fraction, length d
        Of the indicators in the specification, summing to 1.
    dimensions : sequence of int, length d
        The dimension of each indicator, 0-based. Weights of dimensions are drawn; inside a dimension the indicators keep
        their proportions.
    cuts : sequence of Fraction
        Cut-offs, each as likely as the others.
    n : int
        How many settings.
    seed : int
        The same seed gives the same settings.
    concentration : float or None
        Sum of the parameters of the Dirichlet distribution, whose mean is the specification: a weight of w varies with the
        standard deviation sqrt(w (1 - w) / (concentration + 1)). None draws from all weights alike, whatever the specification.
    years : int
        How many tables of persons there are, each as likely as the others.

    Returns
    -------
    Settings
        Weights summing to `SCALE`.
    """
    if n < 1 or not cuts or len(weights) != len(dimensions) or sum(weights) != 1:
        raise RobustnessError("expected settings, cut-offs, and weights that sum to 1, one an indicator")
    group = np.asarray(dimensions, dtype=np.intp)
    own = np.array([float(w) for w in weights])
    total = np.bincount(group, own)
    inside = np.divide(own, total[group], out=np.zeros_like(own), where=total[group] > 0)
    there = np.flatnonzero(total > 0)
    alpha = np.ones(len(there)) if concentration is None else concentration * total[there]
    rng = np.random.default_rng(seed)
    share = np.zeros((n, len(total)))
    share[:, there] = rng.dirichlet(alpha, n)
    whole = _whole(share[:, group] * inside)
    least = np.array([cut(Fraction(k), SCALE) for k in cuts], dtype=np.float64)
    return Settings(whole, least[rng.integers(len(least), size=n)], rng.integers(years, size=n))


def _whole(shares: Floats) -> Floats:
    """Shares as whole numbers that sum to `SCALE`: the largest remainders are rounded up."""
    exact = shares * SCALE
    whole = np.floor(exact)
    left = (SCALE - whole.sum(axis=1)).astype(np.intp)
    # What has no weight keeps none.
    order = np.argsort(np.where(shares > 0, whole - exact, 1.0), axis=1, kind="stable")
    np.put_along_axis(
        whole,
        order,
        np.take_along_axis(whole, order, axis=1) + (np.arange(shares.shape[1]) < left[:, None]),
        axis=1,
    )
    return whole


def values(people: People, settings: Settings, measure: Measure = "M0") -> Floats:
    """The measure of every area under every setting, for one table of persons.

    Parameters
    ----------
    people : People
    settings : Settings
        Their years are not looked at.
    measure : {"H", "A", "M0"}
        Share of the poor, mean share of weights they are deprived in, and the product of both.

    Returns
    -------
    array, shape (s, n)
        0 to 1. A is NaN where nobody is poor.

    Examples
    --------
    The four persons of Alkire and Foster's example, half of the indicators as cut-off:

    >>> import pandas as pd
    >>> from analytics.alkire_foster import count_profiles
    >>> from analytics.mpi_specs import load_spec
    >>> rows = {"area_code": "a", "profile": [0b0000, 0b1010, 0b1111, 0b0010], "missing": 0, "persons": 1, "weight": 1}
    >>> four = people(count_profiles(pd.DataFrame(rows)), load_spec("af_example"))
    >>> quarter = setting([Fraction(1, 4)] * 4, Fraction(1, 2))
    >>> [values(four, quarter, m).item() for m in ("H", "A", "M0")]
    [0.5, 0.75, 0.375]
    """
    s, n = len(settings), len(people.codes)
    if settings.weights.shape[1] != people.bits.shape[1]:
        raise RobustnessError(f"{settings.weights.shape[1]} weights for {people.bits.shape[1]} indicators")
    out = np.empty((s, n))
    bits = people.bits.astype(np.float64)
    step = max(1, _CHUNK // max(1, len(bits)))
    for start in range(0, s, step):
        part = slice(start, start + step)
        score = bits @ settings.weights[part].T
        poor = score >= settings.cuts[part]
        total = settings.weights[part].sum(axis=1)
        if measure == "H":
            found = (people.persons @ poor.astype(np.float64)) / people.population[:, None]
        else:
            found = people.persons @ np.where(poor, score, 0.0)
            if measure == "M0":
                found /= people.population[:, None] * total
            else:
                heads = (people.persons @ poor.astype(np.float64)) * total
                found = np.divide(found, heads, out=np.full_like(found, np.nan), where=heads > 0)
        out[part] = found.T
    return out


@dataclass(frozen=True, slots=True)
class Ranks:
    """Places of areas under settings.

    Attributes
    ----------
    rank : array of int, shape (s, n)
        1 is the worst; areas that are equal share the smaller number.
    worst : array of bool, shape (s, n)
        Whether the area is in the worst fifth: at least four fifths of all areas are better.
    """

    rank: npt.NDArray[np.int32]
    worst: Truths


def ranks(found: Floats) -> Ranks:
    """Rank areas by a measure of which more is worse; NaN, nobody poor, stands last.

    Examples
    --------
    >>> places = ranks(np.array([[0.1, 0.5, 0.2, 0.2, 0.0]]))
    >>> places.rank.tolist(), places.worst.tolist()
    ([[4, 1, 2, 2, 5]], [[False, True, False, False, False]])
    """
    s, n = found.shape
    value = np.where(np.isnan(found), -np.inf, found)
    order = np.argsort(-value, axis=1, kind="stable")
    sorted_value = np.take_along_axis(value, order, axis=1)
    place = np.arange(n, dtype=np.int32)
    differs = np.ones((s, n), dtype=np.bool_)
    differs[:, 1:] = sorted_value[:, 1:] != sorted_value[:, :-1]
    first = np.maximum.accumulate(np.where(differs, place, 0), axis=1)
    ends = np.ones((s, n), dtype=np.bool_)
    ends[:, :-1] = differs[:, 1:]
    last = np.minimum.accumulate(np.where(ends, place, n)[:, ::-1], axis=1)[:, ::-1]
    rank = np.empty((s, n), dtype=np.int32)
    np.put_along_axis(rank, order, (first + 1).astype(np.int32), axis=1)
    worst = np.empty((s, n), dtype=np.bool_)
    # n - 1 - last areas are better. Whole numbers: four fifths of n need not be one.
    np.put_along_axis(worst, order, 5 * (n - 1 - last) >= 4 * n, axis=1)
    return Ranks(rank, worst)


def kendall(base: npt.ArrayLike, rank: npt.NDArray[np.int32]) -> Floats:
    """Kendall's tau-b between one order and many.

    Parameters
    ----------
    base : array, shape (n,)
    rank : array of int, shape (s, n)

    Returns
    -------
    array, shape (s,)
        1 for the same order, -1 for the reverse; NaN where an order has all areas equal.
    """
    s, n = rank.shape
    order = np.argsort(np.asarray(base), kind="stable")
    ground = np.asarray(base)[order]
    # The first area that the base has apart from each; one row an area, so that what is compared lies side by side.
    apart_from = np.searchsorted(ground, ground, side="right")
    small = np.int16 if n < 32_768 else np.int32
    moved = np.ascontiguousarray(rank[:, order].T.astype(small))
    agreement = np.zeros(s, dtype=np.int64)
    for here, start in zip(moved, apart_from.tolist(), strict=True):
        below = moved[start:]
        way = (below > here).view(np.int8) - (below < here).view(np.int8)
        agreement += np.add.reduce(way, axis=0, dtype=small)
    pairs = n * (n - 1) // 2
    apart = pairs - _tied(ground)
    tied = np.array([_tied(row) for row in rank])
    size = np.sqrt(apart * (pairs - tied.astype(np.float64)))
    tau: Floats = np.divide(agreement, size, out=np.full(s, np.nan), where=size > 0)
    return tau


def _tied(order: npt.NDArray[Any]) -> int:
    """Pairs of areas that an order has equal."""
    _, repeats = np.unique(order, return_counts=True)
    return int((repeats * (repeats - 1) // 2).sum())


@dataclass(frozen=True, slots=True)
class Stability:
    """How areas stand over many settings.

    Attributes
    ----------
    codes : tuple of str, length n
        Areas that every year has.
    rank : array of int, shape (n,)
        Under the base setting; 1 is the worst.
    worst : array of bool, shape (n,)
        In the worst fifth under the base setting.
    share : array, shape (n,)
        Of the settings in which the area is in the worst fifth, 0 to 1.
    low, high : array of int, shape (n,)
        Ranks of which a twentieth of the settings at most are below and above.
    tau : array, shape (s,)
        Kendall's tau-b between each setting's order and the base's.
    settings : int
    """

    codes: tuple[str, ...]
    rank: npt.NDArray[np.int32]
    worst: Truths
    share: Floats
    low: npt.NDArray[np.int32]
    high: npt.NDArray[np.int32]
    tau: Floats
    settings: int


def stability(
    tables: Sequence[People], settings: Settings, base: Settings, measure: Measure = "M0"
) -> Stability:
    """Rank areas under every setting and say what stays.

    Parameters
    ----------
    tables : sequence of People
        One a year; areas that one of them lacks are left out.
    settings : Settings
    base : Settings
        The one setting that others are held against.
    measure : {"H", "A", "M0"}

    Raises
    ------
    RobustnessError
        When no area is in all tables, or a setting names a table that is not there.
    """
    if len(base) != 1 or int(max(settings.years.max(), base.years.max())) >= len(tables):
        raise RobustnessError(f"{len(base)} base settings and {len(tables)} years, expected one base of them")
    common = sorted(set.intersection(*(set(t.codes) for t in tables)))
    if not common:
        raise RobustnessError("no area is in all years")
    found = np.empty((len(settings), len(common)))
    for year, table in enumerate(tables):
        which = np.flatnonzero(settings.years == year)
        if len(which):
            chosen = Settings(settings.weights[which], settings.cuts[which], settings.years[which])
            found[which] = values(table, chosen, measure)[:, _places(table, common)]
    places = ranks(found)
    table = tables[int(base.years[0])]
    ground = ranks(values(table, base, measure)[:, _places(table, common)])
    low, high = np.quantile(places.rank, [_TAIL, 1 - _TAIL], axis=0, method="inverted_cdf")
    return Stability(
        tuple(common),
        ground.rank[0],
        ground.worst[0],
        places.worst.mean(axis=0),
        low.astype(np.int32),
        high.astype(np.int32),
        kendall(ground.rank[0], places.rank),
        len(settings),
    )


def _places(table: People, codes: Sequence[str]) -> npt.NDArray[np.intp]:
    at = {code: i for i, code in enumerate(table.codes)}
    return np.array([at[code] for code in codes], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Curves:
    """H and M0 of areas at rising cut-offs, under one set of weights.

    Attributes
    ----------
    codes : tuple of str, length n
    k : array, shape (c,)
        Cut-offs as shares of all weights, ascending.
    heads, adjusted : array, shape (n, c)
        H and M0 at each.
    """

    codes: tuple[str, ...]
    k: Floats
    heads: Floats
    adjusted: Floats


def curves(people: People, base: Settings) -> Curves:
    """The curves by which one area is worse than another at every cut-off.

    Every sum of weights that somebody may reach is a cut-off; where there are more than `MOST_LEVELS`, every hundredth of
    all weights is.
    """
    score = people.bits.astype(np.float64) @ base.weights[0]
    total = float(base.weights[0].sum())
    levels = np.unique(score[score > 0])
    if len(levels) > MOST_LEVELS:
        levels = np.unique(np.ceil(np.arange(1, MOST_LEVELS + 1) * total / MOST_LEVELS))
    reached = score[:, None] >= levels
    heads = (people.persons @ reached.astype(np.float64)) / people.population[:, None]
    adjusted = (people.persons @ np.where(reached, score[:, None], 0.0)) / (
        people.population[:, None] * total
    )
    return Curves(people.codes, levels / total, heads, adjusted)


def dominates(curve: Floats) -> Truths:
    """Which area is worse than which at every cut-off.

    Parameters
    ----------
    curve : array, shape (n, c)
        `Curves.heads` or `Curves.adjusted`.

    Returns
    -------
    array of bool, shape (n, n)
        True in row a and column b where a lies nowhere below b and somewhere above it.
    """
    n = len(curve)
    never_below = np.ones((n, n), dtype=np.bool_)
    above = np.zeros((n, n), dtype=np.bool_)
    for column in curve.T:
        more = column[:, None] > column
        above |= more
        never_below &= ~more.T
    return never_below & above


def dominance_share(curve: Floats) -> float:
    """Of all pairs of areas, the share in which one dominates the other; NaN with fewer than two areas."""
    n = len(curve)
    return float(dominates(curve).sum() / (n * (n - 1) / 2)) if n > 1 else float("nan")
