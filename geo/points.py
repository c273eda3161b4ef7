"""Points for the browser: compact GeoJSON, and clusters for where thousands of them would hide each other.

Text and numbers in, bytes out, and the same bytes for the same input; no file access.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

POINT_DECIMALS: Final = 5
"""Decimals of a point's coordinates: a metre."""
CLUSTER_DECIMALS: Final = 3

CLUSTER_RADIUS: Final = 0.8
"""Degrees around the heart of a cluster: 26 pixels where the whole country is in view, so that most bubbles keep apart."""

_CELLS = 8  # cells of the first, exact grid to one radius


def points_bytes(
    longitude: Floats,
    latitude: Floats,
    properties: Sequence[Mapping[str, Any]],
    decimals: int = POINT_DECIMALS,
) -> bytes:
    """A GeoJSON FeatureCollection of points, UTF-8.

    Parameters
    ----------
    longitude, latitude : array of float, shape (n,)
        Degrees, EPSG:4326.
    properties : sequence of mapping, length n
        Of each point. What is None is left out; 0 and empty texts are not.

    Raises
    ------
    ValueError
        For columns of different lengths, and for a coordinate that is missing or off the globe.

    Examples
    --------
    >>> points_bytes(np.array([100.5]), np.array([13.75]), [{"c": "1", "k": None}]).decode()[40:]
    '{"type":"Feature","properties":{"c":"1"},"geometry":{"type":"Point","coordinates":[100.5,13.75]}}]}'
    """
    if not len(longitude) == len(latitude) == len(properties):
        raise ValueError(
            f"points: found {len(longitude)} longitudes, {len(latitude)} latitudes and {len(properties)} rows of "
            "properties, expected as many of each"
        )
    wrong = ~((np.abs(longitude) <= 180) & (np.abs(latitude) <= 90))  # NaN is wrong as well
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(
            f"points: found ({longitude[first]}, {latitude[first]}), expected degrees on the globe"
        )
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    lon, lat = np.round(longitude, decimals).tolist(), np.round(latitude, decimals).tolist()
    features = [
        f'{{"type":"Feature","properties":{encode({k: v for k, v in row.items() if v is not None})},'
        f'"geometry":{{"type":"Point","coordinates":[{_short(x)},{_short(y)}]}}}}'
        for x, y, row in zip(lon, lat, properties, strict=True)
    ]
    return ('{"type":"FeatureCollection","features":[' + ",".join(features) + "]}").encode("utf-8")


def _short(value: float) -> str:
    return repr(value).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Clusters:
    """Points gathered into bubbles; each point is in exactly one.

    Attributes
    ----------
    longitude, latitude : array of float, shape (k,)
        Mean of the points of each cluster, degrees.
    count : array of int, shape (k,)
    member : array of int, shape (n,)
        Cluster of every point.
    """

    longitude: Floats
    latitude: Floats
    count: Ints
    member: Ints


def gather(longitude: Floats, latitude: Floats, radius: float = CLUSTER_RADIUS) -> Clusters:
    """Gather points greedily: the fullest small cell takes every cell within `radius` that no other has taken yet.

    Parameters
    ----------
    longitude, latitude : array of float, shape (n,)
        Degrees, EPSG:4326, away from the poles.
    radius : float
        Degrees of longitude; north and south as far as that looks on a map in Web Mercator.

    Raises
    ------
    ValueError
        For a radius that is no number above zero.

    Examples
    --------
    >>> found = gather(np.array([100.0, 100.1, 104.0]), np.array([15.0, 15.0, 16.0]))
    >>> found.count.tolist(), found.longitude.tolist()
    ([2, 1], [100.05, 104.0])
    """
    if not (np.isfinite(radius) and radius > 0):
        raise ValueError(f"radius: found {radius}, expected a number above 0")
    n = len(longitude)
    if n == 0:
        return Clusters(np.empty(0), np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))
    across = np.column_stack((longitude, np.degrees(np.arcsinh(np.tan(np.radians(latitude))))))
    grid = np.floor(across / (radius / _CELLS)).astype(np.int64)
    cells, cell_of, weight = np.unique(grid, axis=0, return_inverse=True, return_counts=True)
    cell_of = cell_of.reshape(-1)
    near = KDTree(cells.astype(np.float64)).query_ball_point(cells.astype(np.float64), _CELLS)
    taken = np.full(len(cells), -1, dtype=np.int64)
    made = 0
    # Ties go to the cell that comes first, south-west before north-east.
    for heart in np.lexsort((np.arange(len(cells)), -weight)):
        if taken[heart] >= 0:
            continue
        free = [i for i in near[heart] if taken[i] < 0]
        taken[free] = made
        made += 1
    member = taken[cell_of]
    count = np.bincount(member, minlength=made)
    return Clusters(
        np.bincount(member, longitude, made) / count,
        np.bincount(member, latitude, made) / count,
        count.astype(np.int64),
        member,
    )
