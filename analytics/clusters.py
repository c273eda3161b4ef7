"""Where alike areas lie together: neighbours from polygons, Moran's I, and local clusters with a bound on false finds.

Light and poverty are both spread smoothly over a country, so maps of either, and of what is left between them, show
patches. These functions tell patches that chance alone would make from those it would not.

Weights are row-standardised: an area's lag is the mean of its neighbours. Areas without a neighbour that has a number
(islands) take no part and are told apart from areas that lie in no cluster.

Chance is measured by permutations, seeded, so that the same data always give the same answer, in generators of their
own: numpy's global one, which libraries for this use, is shared by all sessions of a server.

Sources
-------
Moran, P. A. P. (1950), Notes on continuous stochastic phenomena, *Biometrika* 37: 17-23. Anselin, L. (1995), Local
indicators of spatial association, *Geographical Analysis* 27: 93-115. Lee, S.-I. (2001) and Anselin, Syabri, Smirnov
(2002) for two variables. Benjamini, Y., Hochberg, Y. (1995), Controlling the false discovery rate, *JRSS B* 57: 289-300;
for local statistics Caldas de Castro, M., Singer, B. H. (2006), *Geographical Analysis* 38: 180-208.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse

from analytics.association import NoResult

Floats = npt.NDArray[np.float64]

MINIMUM_AREAS: Final = 20
"""Fewest areas with a number and a neighbour that has one. A province of a dozen districts has no pattern to find."""

SEED: Final = 20120401
PERMUTATIONS: Final = 999
"""Of the whole map, for a global statistic: the smallest p is 2 / 1,000."""

LOCAL_PERMUTATIONS: Final = 99_999
"""Of an area's surroundings. The smallest p is 2 / 100,000: among 7,400 areas three finds at once can then meet the bound on false
ones. With 9,999 it takes thirty, with 999 hundreds, and smaller clusters would never be found."""

ALPHA: Final = 0.05
"""Of the areas called a cluster at most this part is expected to be one by chance."""

TOUCHING: Final = 1e-4
"""Degrees (11 m) within which outlines count as touching: gaps that a projection or a rounding tore are no borders."""

KINDS: Final = ("not_significant", "high_high", "low_low", "high_low", "low_high", "no_neighbour", "no_data")
"""Kind of an area by its number in `LocalClusters.kind`. The first word is the area, the second its surroundings."""

NOT_SIGNIFICANT, HIGH_HIGH, LOW_LOW, HIGH_LOW, LOW_HIGH, NO_NEIGHBOUR, NO_DATA = range(len(KINDS))


@dataclass(frozen=True)
class Neighbours:
    """Which areas touch (queen contiguity: an edge or a corner).

    Attributes
    ----------
    codes : tuple of str
    matrix : scipy.sparse.csr_array, shape (areas, areas)
        1.0 where two areas touch; symmetric, nothing on the diagonal.
    """

    codes: tuple[str, ...]
    matrix: Any

    @cached_property
    def islands(self) -> tuple[str, ...]:
        """Areas that touch no other."""
        return tuple(code for code, n in zip(self.codes, self._degrees, strict=True) if n == 0)

    @property
    def _degrees(self) -> npt.NDArray[np.int64]:
        degrees: npt.NDArray[np.int64] = np.diff(self.matrix.indptr).astype(np.int64)
        return degrees

    def of(self, code: str) -> list[str]:
        """Codes of the areas that touch this one, in the order of `codes`."""
        start, end = self.matrix.indptr[self._place[code] : self._place[code] + 2]
        return [self.codes[i] for i in sorted(self.matrix.indices[start:end].tolist())]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {code: i for i, code in enumerate(self.codes)}

    def among(self, codes: Sequence[str]) -> Neighbours:
        """The same for some of the areas, in the order given; a code without a polygon touches nobody.

        Areas left out are nobody's neighbours any more.
        """
        n = len(codes)
        place = np.array([self._place.get(code, -1) for code in codes], dtype=np.int64)
        known = np.flatnonzero(place >= 0)
        picked = self.matrix[place[known]][:, place[known]].tocoo()
        rows, columns = known[picked.coords[0]], known[picked.coords[1]]
        return Neighbours(tuple(codes), _csr(rows, columns, n))


def _csr(rows: npt.NDArray[Any], columns: npt.NDArray[Any], n: int) -> Any:
    matrix = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    matrix.sum_duplicates()
    return matrix


def contiguity(frame: gpd.GeoDataFrame, touching: float = TOUCHING) -> Neighbours:
    """Neighbours from polygons.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns ``code`` and ``geometry`` (EPSG:4326), one row an area.
    touching : float
        Degrees.

    Returns
    -------
    Neighbours
        In the order of the rows.

    Notes
    -----
    The same pairs as `libpysal.graph.Graph.build_contiguity` where outlines share their corners;
    outlines that only nearly meet are joined as well.
    """
    geometry = np.asarray(frame.geometry)
    shapely.prepare(geometry)
    rows, columns = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=touching)
    other = rows != columns
    return Neighbours(tuple(str(c) for c in frame["code"]), _csr(rows[other], columns[other], len(geometry)))


def ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing their mean rank; NaN stays NaN.

    Moran's I of ranks is to Moran's I as Spearman's correlation is to Pearson's: no rising change of scale alters it, and one
    area far out does not hide the others. Of the poverty rates of 2018 (a few districts above 20 %, most below 3 %) the rates
    themselves gave 4 districts in clusters, their ranks 40.

    Examples
    --------
    >>> ranks(np.array([3.0, np.nan, 900.0, 3.0])).tolist()
    [1.5, nan, 3.0, 1.5]
    """
    from scipy import stats

    return np.asarray(stats.rankdata(values, nan_policy="omit"), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Moran:
    """Global Moran's I.

    Attributes
    ----------
    i : float
        About -1 to 1; above `expected`: alike values lie together.
    expected : float
        Without any pattern, ``-1 / (n - 1)`` for one variable and 0 for two.
    p : float
        Two-sided, ``min(1, 2 * (1 + m) / (1 + permutations))`` with m the permutations at least as far out on the
        nearer side.
    n, islands : int
        Areas that took part, and those with a number that did not because they touch none that has one.
    permutations, seed : int
    """

    i: float
    expected: float
    p: float
    n: int
    islands: int
    permutations: int
    seed: int

    @property
    def pattern(self) -> bool:
        """Whether chance alone would seldom do this."""
        return self.p <= ALPHA


@dataclass(frozen=True)
class LocalClusters:
    """Local Moran's I with its clusters.

    Attributes
    ----------
    kind : ndarray of int8, shape (areas,)
        Place in `KINDS`.
    i, p, q : ndarray of float, shape (areas,)
        Local I, its two-sided pseudo p-value, and p adjusted by Benjamini and Hochberg; NaN for areas that took no part.
        An area is a cluster where ``q <= ALPHA``.
    n, islands : int
    permutations, seed : int
    """

    kind: npt.NDArray[np.int8]
    i: Floats
    p: Floats
    q: Floats
    n: int
    islands: int
    permutations: int
    seed: int

    @property
    def counts(self) -> tuple[int, ...]:
        """Areas of each of `KINDS`."""
        return tuple(int(n) for n in np.bincount(self.kind, minlength=len(KINDS)))


@dataclass(frozen=True)
class _Taking:
    """The areas that take part, their numbers centred and scaled (population standard deviation), and their weights."""

    rows: npt.NDArray[np.intp]
    x: Floats
    y: Floats
    weights: Any
    has_number: npt.NDArray[np.bool_]

    @property
    def islands(self) -> int:
        return int(self.has_number.sum()) - len(self.rows)


def _taking(x: Floats, y: Floats, neighbours: Neighbours) -> _Taking | NoResult:
    if not len(x) == len(y) == len(neighbours.codes):
        raise ValueError(
            f"values: found {len(x)} and {len(y)}, expected one for each of {len(neighbours.codes)} areas"
        )
    has = np.isfinite(x) & np.isfinite(y)
    rows = np.flatnonzero(has)
    inside = neighbours.matrix[rows][:, rows]
    joined = np.diff(inside.indptr) > 0
    rows, inside = rows[joined], inside[joined][:, joined].tocsr()
    if len(rows) < MINIMUM_AREAS:
        return NoResult("too_few", len(rows), MINIMUM_AREAS)
    parts = []
    for name, values in (("x", x), ("y", y)):
        centred = values[rows] - values[rows].mean()
        spread = float(np.sqrt((centred**2).mean()))
        if spread <= 1e-12 * max(1.0, float(np.abs(values[rows]).max())):
            return NoResult(f"constant_{name}", len(rows), MINIMUM_AREAS)
        parts.append(centred / spread)
    weights = sparse.csr_array(sparse.diags_array(1.0 / np.diff(inside.indptr)) @ inside)
    return _Taking(rows, parts[0], parts[1], weights, has)


def moran(
    x: Floats,
    neighbours: Neighbours,
    y: Floats | None = None,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
) -> Moran | NoResult:
    """Global Moran's I of x, or of x with its neighbours' y.

    Parameters
    ----------
    x, y : ndarray of float, shape (areas,)
        In the order of `neighbours.codes`; NaN is no number.
    permutations, seed : int

    Returns
    -------
    Moran or NoResult
        ``I = sum_i z_i * lag_i / sum_i z_i^2`` with z the standardised x and lag the mean z (of y, where given) of the
        neighbours. A permutation puts the values of y on other areas, all at once.
    """
    taken = _taking(x, x if y is None else y, neighbours)
    if isinstance(taken, NoResult):
        return taken
    n = len(taken.rows)
    found = float(taken.x @ (taken.weights @ taken.y)) / n
    dice = np.random.default_rng(seed)
    drawn = np.empty(permutations)
    for start in range(0, permutations, 128):  # 128 maps of 7,400 areas are 8 MB
        size = min(128, permutations - start)
        maps = dice.permuted(np.broadcast_to(taken.y, (size, n)), axis=1).T
        own = maps if y is None else taken.x[:, None]
        drawn[start : start + size] = (own * (taken.weights @ maps)).sum(axis=0) / n
    p = _two_sided(int((drawn >= found - 1e-12).sum()), int((drawn <= found + 1e-12).sum()), permutations)
    expected = -1.0 / (n - 1) if y is None else 0.0
    return Moran(found, expected, p, n, taken.islands, permutations, seed)


def _two_sided(above: int, below: int, permutations: int) -> float:
    return min(1.0, 2 * (1 + min(above, below)) / (1 + permutations))


def local_moran(
    x: Floats,
    neighbours: Neighbours,
    y: Floats | None = None,
    *,
    permutations: int = LOCAL_PERMUTATIONS,
    seed: int = SEED,
    alpha: float = ALPHA,
) -> LocalClusters | NoResult:
    """Local Moran's I of x, or of x with its neighbours' y, with clusters at a bounded false-discovery rate.

    Parameters
    ----------
    x, y : ndarray of float, shape (areas,)
        In the order of `neighbours.codes`; NaN is no number.
    permutations, seed : int
    alpha : float
        Bound on the expected part of false finds among the clusters.

    Returns
    -------
    LocalClusters or NoResult
        ``I_i = z_i * lag_i``. Its p-value compares the lag with that of as many areas drawn at random from all others
        (conditional permutation). The kind is high or low by the sign of z_i and of the lag.
    """
    taken = _taking(x, x if y is None else y, neighbours)
    if isinstance(taken, NoResult):
        return taken
    from scipy import stats  # a second to load, which the first page does not need to wait for

    lag = np.asarray(taken.weights @ taken.y)
    p_of = _conditional_p(taken.y, lag, np.diff(taken.weights.indptr), permutations, seed)
    q_of = stats.false_discovery_control(p_of, method="bh")
    kind_of = np.select(
        [q_of > alpha, (taken.x > 0) & (lag > 0), (taken.x <= 0) & (lag <= 0), taken.x > 0],
        [NOT_SIGNIFICANT, HIGH_HIGH, LOW_LOW, HIGH_LOW],
        LOW_HIGH,
    )
    kind = np.where(taken.has_number, NO_NEIGHBOUR, NO_DATA).astype(np.int8)
    kind[taken.rows] = kind_of
    i, p, q = (np.full(len(x), np.nan) for _ in range(3))
    i[taken.rows], p[taken.rows], q[taken.rows] = taken.x * lag, p_of, q_of
    return LocalClusters(kind, i, p, q, len(taken.rows), taken.islands, permutations, seed)


def _conditional_p(
    values: Floats, lag: Floats, degrees: npt.NDArray[Any], permutations: int, seed: int
) -> Floats:
    """Two-sided p of each area's lag among means of as many values drawn from the other areas.

    Areas of the same number of neighbours share their draws: a random set of k areas is, where it does not hold area i, a
    random set of k others of i. The draws that hold it are taken out of its count.
    """
    n = len(values)
    p = np.ones(n)
    for k in np.unique(degrees):
        size = int(k)
        sets = random_sets(n, size, permutations, np.random.default_rng([seed, size]))
        means = values[sets].mean(axis=1)
        ordered = np.sort(means)
        of_degree = np.flatnonzero(degrees == k)
        above = permutations - np.searchsorted(ordered, lag[of_degree] - 1e-12, side="left")
        below = np.searchsorted(ordered, lag[of_degree] + 1e-12, side="right")
        members = sets.ravel()
        by_member = np.argsort(members, kind="stable")
        bounds = np.searchsorted(members[by_member], [of_degree, of_degree + 1])
        for place, i in enumerate(of_degree):
            own = means[by_member[bounds[0, place] : bounds[1, place]] // size]
            p[i] = _two_sided(
                int(above[place] - (own >= lag[i] - 1e-12).sum()),
                int(below[place] - (own <= lag[i] + 1e-12).sum()),
                permutations - len(own),
            )
    return p


def random_sets(n: int, size: int, count: int, dice: np.random.Generator) -> npt.NDArray[np.int64]:
    """Random sets of `size` different numbers below `n`, every set as likely as any other.

    Returns
    -------
    ndarray of int, shape (count, size)

    Examples
    --------
    >>> random_sets(5, 5, 2, np.random.default_rng(1)).sum(axis=1).tolist()
    [10, 10]
    """
    if size * size > n:  # repeats would be too many to draw again
        return np.argpartition(dice.random((count, n)), size - 1, axis=1)[:, :size]
    sets = dice.integers(0, n, (count, size))
    while True:
        ordered = np.sort(sets, axis=1)
        again = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not len(again):
            return sets
        sets[again] = dice.integers(0, n, (len(again), size))
