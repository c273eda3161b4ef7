"""Where the synthetic people live: the villages of a province, how many of its people each has and how poor they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.catalogue import DIMENSIONS
from geo.codes import official_areas

Floats = NDArray[np.float64]

_WAVES: Final = 48


@dataclass(frozen=True, slots=True)
class Land:
    """Villages of one province.

    Attributes
    ----------
    villages : ndarray of str, shape (n,)
        Eight digits, ascending.
    shares : ndarray of float, shape (n,)
        Of the province's households; adds up to 1.
    risk : ndarray of float, shape (n,)
        How likely a household is to be poor, around 1.
    leaning : ndarray of float, shape (n, 5)
        How far the poor of a village fail each dimension rather than others; larger is more.
    """

    villages: NDArray[np.str_]
    shares: Floats
    risk: Floats
    leaning: Floats


def smooth_field(points: Floats, reach: float, rng: np.random.Generator) -> Floats:
    """A random surface that is alike at places near each other.

    Parameters
    ----------
    points : ndarray of float, shape (n, 2)
        Longitude and latitude, degrees (EPSG:4326).
    reach : float
        Distance in degrees over which it stays much the same.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float, shape (n,)
        Mean about 0, standard deviation about 1: a sum of cosines of random direction and phase, which is what a Gaussian
        process of a squared exponential covariance comes to (Rahimi and Recht 2007).
    """
    waves = rng.standard_normal((_WAVES, 2)) / reach
    phases = rng.uniform(0.0, 2.0 * np.pi, _WAVES)
    field: Floats = np.sqrt(2.0 / _WAVES) * np.cos(points @ waves.T + phases).sum(axis=1)
    return field


@lru_cache(maxsize=1)
def _subdistricts() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for area in official_areas().values():
        if area.level == "subdistrict":
            found.setdefault(area.code[:2], []).append(area.code)
    return {province: tuple(sorted(codes)) for province, codes in found.items()}


def villages_of(subdistrict: str) -> int:
    """How many villages a synthetic subdistrict has, always the same: 4 to 18, as real ones mostly have."""
    rng = np.random.default_rng([int(subdistrict)])
    return int(np.clip(np.rint(rng.gamma(9.0, 1.12)), 4, 18))


def land_of(province: str, seed: int, places: Mapping[str, tuple[float, float]]) -> Land:
    """Villages of a province with their people and their poverty; the same in every year.

    Parameters
    ----------
    province : str
        Two digits.
    seed : int
    places : mapping of str to (float, float)
        Longitude and latitude (EPSG:4326) of a point in every subdistrict of the province.
    """
    rng = np.random.default_rng([seed, 1, int(province)])
    country = np.random.default_rng([seed, 2])  # the same surfaces on both sides of a province's border
    codes = _subdistricts()[province]
    points = np.array([places[code] for code in codes], dtype=np.float64)
    poverty = 0.75 * smooth_field(points, 0.45, country) + 0.35 * rng.standard_normal(len(codes))
    leanings = np.stack([smooth_field(points, 0.6, country) for _ in DIMENSIONS], axis=1)
    crowd = 0.4 * smooth_field(points, 0.25, country) + 0.35 * rng.standard_normal(len(codes))
    # The town around the governor's seat has more people and fewer poor.
    town = np.array([code[2:4] == "01" for code in codes])
    crowd, poverty = crowd + 0.5 * town, poverty - 0.4 * town
    numbers = np.array([villages_of(code) for code in codes])
    of = np.repeat(np.arange(len(codes)), numbers)
    names = np.array(
        [f"{code}{k:02d}" for code, n in zip(codes, numbers, strict=True) for k in range(1, n + 1)]
    )
    weights = np.exp(crowd[of] + 0.3 * rng.standard_normal(len(of)))
    return Land(
        names,
        weights / weights.sum(),
        np.exp(poverty[of] + 0.3 * rng.standard_normal(len(of))),
        leanings[of] + 0.5 * rng.standard_normal((len(of), len(DIMENSIONS))),
    )
