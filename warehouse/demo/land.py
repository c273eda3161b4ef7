"""Where the synthetic people live: the villages of a province, how many of its people each has and how poor they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analytics.catalogue import DIMENSIONS
from geo.schematic import schematic_villages

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


@lru_cache(maxsize=80)
def villages(province: str) -> pd.DataFrame:
    """The made-up villages of a province, the very ones that the schematic map shows.

    Parameters
    ----------
    province : str
        Two digits.

    Returns
    -------
    DataFrame
        ``code`` (8 digits, ascending), ``longitude``, ``latitude`` (degrees, EPSG:4326). Not to be changed.
    """
    frame = schematic_villages(province)
    geometry = frame.geometry.to_numpy()
    return pd.DataFrame(
        {
            "code": frame["code"].to_numpy(str),
            "longitude": shapely.get_x(geometry),
            "latitude": shapely.get_y(geometry),
        }
    )


def land_of(province: str, seed: int) -> Land:
    """Villages of a province with their people and their poverty; the same in every year.

    Parameters
    ----------
    province : str
        Two digits.
    seed : int
    """
    rng = np.random.default_rng([seed, 1, int(province)])
    country = np.random.default_rng([seed, 2])  # the same surfaces on both sides of a province's border
    here = villages(province)
    codes = here["code"].to_numpy(str)
    points = here[["longitude", "latitude"]].to_numpy(np.float64)
    count = len(codes)
    poverty = 0.75 * smooth_field(points, 0.45, country) + 0.35 * smooth_field(points, 0.08, country)
    leanings = np.stack([smooth_field(points, 0.6, country) for _ in DIMENSIONS], axis=1)
    crowd = 0.4 * smooth_field(points, 0.25, country) + 0.3 * smooth_field(points, 0.06, country)
    # The district around the governor's seat has more people and fewer poor.
    town = np.array([code[2:4] == "01" for code in codes])
    crowd, poverty = crowd + 0.5 * town, poverty - 0.4 * town
    weights = np.exp(crowd + 0.3 * rng.standard_normal(count))
    return Land(
        codes,
        weights / weights.sum(),
        np.exp(poverty + 0.3 * rng.standard_normal(count)),
        leanings + 0.5 * rng.standard_normal((count, len(DIMENSIONS))),
    )
