"""How near public services are: straight-line distances, catchments and floating catchment areas.

Distances are great-circle distances on a sphere of the earth's mean radius: "straight line", never travel time; a screen that
shows one says so. Neighbours are found with a k-d tree over points on the unit sphere, where the chord grows with the arc, so
that nearest by chord is nearest by arc and no projection bends the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

EARTH_RADIUS_KM = 6_371.0088
"""Mean radius of the earth, (2a + b) / 3 of the GRS 80 ellipsoid (IUGG)."""

DUPLICATE_KM = 0.05

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class AccessError(ValueError):
    """Coordinates, weights or counts that no distance or catchment can be made of: what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Points:
    """Places or people on the map.

    Attributes
    ----------
    longitude, latitude : array of float, shape (n,)
        Degrees, EPSG:4326.
    """

    longitude: Floats
    latitude: Floats

    @classmethod
    def of(cls, longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> Points:
        """Points from any two columns of equal length.

        Raises
        ------
        AccessError
            When lengths differ, or a coordinate is missing or outside the globe.
        """
        lon, lat = np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)
        if lon.ndim != 1 or lon.shape != lat.shape:
            raise AccessError(
                f"found longitudes of shape {lon.shape} and latitudes of {lat.shape}, expected two columns of one length"
            )
        # Written so that NaN is wrong as well.
        wrong = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
        if wrong.any():
            first = int(np.argmax(wrong))
            raise AccessError(
                f"found ({lon[first]}, {lat[first]}) at place {first}, "
                "expected longitude -180 to 180 and latitude -90 to 90 in degrees"
            )
        return cls(lon, lat)

    def __len__(self) -> int:
        return len(self.longitude)

    def on_sphere(self) -> Floats:
        """The points on the unit sphere, shape (n, 3)."""
        lon, lat = np.radians(self.longitude), np.radians(self.latitude)
        return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _arc_km(chord: Any) -> Any:
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2, 0.0, 1.0))


def _chord(km: float) -> float:
    return 2.0 * float(np.sin(min(km / EARTH_RADIUS_KM, np.pi) / 2))


def distance_km(a: Points, b: Points) -> Floats:
    """Great-circle distance of the points of two columns, pair by pair (haversine formula).

    Returns
    -------
    array of float, shape (n,)
        Kilometres.

    Examples
    --------
    Bangkok's city pillar to Chiang Mai's Tha Phae gate:

    >>> float(distance_km(Points.of([100.4942], [13.7525]), Points.of([98.9931], [18.7878]))[0].round(1))
    582.4
    """
    lon1, lat1, lon2, lat2 = map(np.radians, (a.longitude, a.latitude, b.longitude, b.latitude))
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest place of each origin.

    Attributes
    ----------
    km : array of float, shape (n,)
        NaN where there is no place at all.
    index : array of int, shape (n,)
        Position of the place; -1 where there is none.
    """

    km: Floats
    index: Ints


def nearest(origins: Points, places: Points) -> Nearest:
    """The nearest place of every origin and its straight-line distance."""
    if len(places) == 0:
        return Nearest(np.full(len(origins), np.nan), np.full(len(origins), -1, dtype=np.int64))
    if len(origins) == 0:
        return Nearest(np.empty(0), np.empty(0, dtype=np.int64))
    chord, index = KDTree(places.on_sphere()).query(origins.on_sphere())
    return Nearest(np.asarray(_arc_km(chord)), np.asarray(index, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Origins and places within reach of each other, sparsely.

    Attributes
    ----------
    origin, place : array of int, shape (m,)
        Positions, ordered by origin and then by place.
    km : array of float, shape (m,)
        Their straight-line distance; the limit is included.
    """

    origin: Ints
    place: Ints
    km: Floats


def pairs_within(origins: Points, places: Points, km: float) -> Pairs:
    """Every origin with every place within `km`, the limit included.

    Raises
    ------
    AccessError
        When `km` is not a number above zero.
    """
    if not (np.isfinite(km) and km > 0):
        raise AccessError(f"found a radius of {km} km, expected a number above 0")
    nothing = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    if not len(origins) or not len(places):
        return nothing
    # A hair wider, then cut by the true distance: the chord of a place on the very limit may be rounded over it.
    found = KDTree(origins.on_sphere()).sparse_distance_matrix(
        KDTree(places.on_sphere()), _chord(km) * (1 + 1e-9) + 1e-12, output_type="ndarray"
    )
    length = np.asarray(_arc_km(found["v"]), dtype=np.float64)
    kept = length <= km * (1 + 1e-12)
    order = np.lexsort((found["j"][kept], found["i"][kept]))
    return Pairs(
        np.asarray(found["i"][kept][order], dtype=np.int64),
        np.asarray(found["j"][kept][order], dtype=np.int64),
        length[kept][order],
    )


@dataclass(frozen=True, slots=True)
class Bands:
    """Weights of distance in steps.

    Attributes
    ----------
    upper : tuple of float, length k
        Upper limits of the steps in km, ascending, each included in its step; beyond the last nobody is reached.
    weight : tuple of float, length k
        From more than 0 to 1.
    """

    upper: tuple[float, ...]
    weight: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in pairwise((0.0, *self.upper)))
        good = all(0 < w <= 1 for w in self.weight)
        if not self.upper or len(self.upper) != len(self.weight) or not rising or not good:
            raise AccessError(
                f"found limits {self.upper} and weights {self.weight}, "
                "expected ascending limits above 0 and as many weights from above 0 to 1"
            )

    def of(self, km: npt.ArrayLike) -> Floats:
        """Weight of each distance; 0 beyond the last limit."""
        step = np.searchsorted(np.asarray(self.upper), np.asarray(km, dtype=np.float64), side="left")
        return np.asarray((*self.weight, 0.0))[step]


@dataclass(frozen=True, slots=True)
class Catchment:
    """Result of a floating catchment area.

    Attributes
    ----------
    ratio : array of float, shape (places,)
        Supply of each place per person it may serve (step 1); 0 where it reaches nobody.
    access : array of float, shape (origins,)
        Supply per person each origin can reach (step 2).
    unreached : array of int
        Places with supply but nobody within reach: their supply is in no origin's access.
    """

    ratio: Floats
    access: Floats
    unreached: Ints


def floating_catchment(
    pairs: Pairs, population: npt.ArrayLike, supply: npt.ArrayLike, bands: Bands
) -> Catchment:
    r"""Two-step floating catchment area; with one band 2SFCA, with several E2SFCA.

    Parameters
    ----------
    pairs : Pairs
        From `pairs_within` with the last limit of `bands`, or wider.
    population : array of float, shape (origins,)
        Persons.
    supply : array of float, shape (places,)
        Beds, teachers, or 1 for a place that is counted.
    bands : Bands

    Raises
    ------
    AccessError
        When a count is negative or missing, or a pair points beyond the columns.

    Notes
    -----
    Step 1: :math:`R_j = S_j / \sum_i w(d_{ij}) P_i`; step 2: :math:`A_i = \sum_j w(d_{ij}) R_j`. The sum of
    :math:`P_i A_i` is the supply of the places that reach somebody.

    Sources: Luo & Wang (2003), Environment and Planning B 30(6), for 2SFCA; Luo & Qi (2009), Health & Place 15(4),
    for E2SFCA.
    """
    people, offer = _counts(population, "population"), _counts(supply, "supply")
    for name, index, size in (("origin", pairs.origin, len(people)), ("place", pairs.place, len(offer))):
        if len(index) and not (index.min() >= 0 and index.max() < size):
            raise AccessError(f"found {name} {int(index.max())}, expected positions from 0 to {size - 1}")
    weight = bands.of(pairs.km)
    demand = np.bincount(pairs.place, weight * people[pairs.origin], minlength=len(offer))
    ratio = np.divide(offer, demand, out=np.zeros_like(offer), where=demand > 0)
    access = np.bincount(pairs.origin, weight * ratio[pairs.place], minlength=len(people))
    return Catchment(ratio, access, np.flatnonzero((demand <= 0) & (offer > 0)).astype(np.int64))


def _counts(values: npt.ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    wrong = ~(np.isfinite(array) & (array >= 0))
    if array.ndim != 1 or wrong.any():
        found = array.shape if array.ndim != 1 else array[wrong][0]
        raise AccessError(f"found {found} in {name}, expected one number of 0 or more a row")
    return array


def share_within(km: npt.ArrayLike, limit: float, weight: npt.ArrayLike | None = None) -> float:
    """Share of origins, or of the people in them, whose nearest place is within a limit.

    Parameters
    ----------
    km : array of float, shape (n,)
        From `nearest`; NaN (no place at all) counts as out of reach.
    limit : float
        Kilometres, included.
    weight : array of float, shape (n,), optional
        Persons of each origin.

    Returns
    -------
    float
        0 to 1; NaN where there is nobody.

    Examples
    --------
    >>> share_within([1, 6, 6.1, float("nan")], 6)
    0.5
    >>> share_within([1, 9], 6, weight=[30, 10])
    0.75
    """
    distance = np.asarray(km, dtype=np.float64)
    people = np.ones(len(distance)) if weight is None else _counts(weight, "weight")
    total = float(people.sum())
    return float(people[distance <= limit].sum() / total) if total > 0 else float("nan")


def duplicates(places: Points, kinds: Sequence[str], km: float = DUPLICATE_KM) -> list[tuple[int, ...]]:
    """Groups of places of one kind that lie within `km` of each other: one place entered twice, or two in one yard.

    Returns
    -------
    list of tuple of int
        Positions, each group and the list in ascending order. Chains are one group: if a is near b and b near c, all three.
    """
    if len(kinds) != len(places):
        raise AccessError(f"found {len(kinds)} kinds, expected {len(places)}, one a place")
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(places)
    if n < 2:
        return []
    number = np.unique(np.asarray(kinds, dtype=object).astype(str), return_inverse=True)[1]
    near = KDTree(places.on_sphere()).query_pairs(_chord(km) * (1 + 1e-9), output_type="ndarray")
    near = near[number[near[:, 0]] == number[near[:, 1]]]
    graph = coo_array((np.ones(len(near), dtype=np.int8), (near[:, 0], near[:, 1])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return sorted(tuple(int(i) for i in group) for group in groups if len(group) > 1)
