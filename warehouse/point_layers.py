"""Map layers of points: service places and villages as GeoJSON that the browser fetches, and clusters of them.

``/points/<snapshot>/<set>/<parent>.geojson`` holds the points of a set inside the country or a province,
``/points/<snapshot>/<set>/clusters.geojson`` the whole country's gathered into bubbles. A *set* is a name and its arguments:
``place-school~approximate~primary``, ``village``, ``village-level-2024``. Properties of a point, short because there are many:

====== ======================================================================
``c``  code of a village, id of a place
``n``  its Thai name
``g``  id of the grade
``k``  class, a number
``a``  1 where the position is approximate; else left out
``t_th``, ``t_en``  second line of a tooltip
====== ======================================================================

A cluster has ``n``, how many; ``s``, that number as text; ``r``, the radius of its bubble in pixels; ``c``, the province
most of them lie in; and the two tooltips.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from geo.codes import COUNTRY
from geo.layers import gz_bytes
from geo.points import CLUSTER_DECIMALS, gather, points_bytes
from warehouse.computed_layers import Kept
from warehouse.query import Warehouse, shared
from warehouse.report import QueryError
from warehouse.snapshots import StoreError

POINTS: Final = 2
"""Raised whenever the same address would give other bytes; browsers keep what they got."""
CLUSTERS: Final = "clusters"
LONGEST_SET: Final = 400
SMALLEST, LARGEST = 8.0, 16.0
"""Pixels of a bubble's radius; its area above the smallest grows with the number."""
A_SIGN: Final = 3.5
"""Half the width of a digit of a bubble's number, in pixels."""
KEPT_BYTES: Final = 24_000_000

_WORD = r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*"
_SET = re.compile(rf"([a-z]{{1,20}})((?:-[a-z0-9_]{{1,60}})*)((?:~{_WORD})*)")
_PARENT = re.compile(rf"{COUNTRY}|[1-9]\d|{CLUSTERS}")
_WORKING = threading.BoundedSemaphore(2)

Compute = Callable[[Warehouse, str, Sequence[str]], pd.DataFrame]
"""``compute(house, within, arguments)``: the points of a set inside the country or a province.

Columns ``longitude, latitude`` (EPSG:4326), ``province`` (2 digits, for clusters, not sent) and the properties above;
None and NaN are left out of a feature. Raises `QueryError` for arguments that mean nothing in this snapshot; the address
then does not exist.
"""


@dataclass(frozen=True, slots=True)
class _Kind:
    compute: Compute
    counted: tuple[str, str]


_kinds: dict[str, _Kind] = {}


def register_points(name: str, counted: tuple[str, str]) -> Callable[[Compute], Compute]:
    """Make a set of points known; used as a decorator.

    Parameters
    ----------
    name : str
        What its addresses begin with; lower-case letters.
    counted : tuple of str
        Thai and English word behind the number of a cluster, such as ``("แห่ง", "places")``.

    Raises
    ------
    ValueError
        For a name that cannot stand in an address, or one that is taken.
    """
    if not re.fullmatch(r"[a-z]{1,20}", name) or name in _kinds:
        raise ValueError(f"set of points: found {name!r}, expected 1 to 20 letters a-z, once")

    def known(compute: Compute) -> Compute:
        _kinds[name] = _Kind(compute, counted)
        return compute

    return known


def unregister_points(name: str) -> None:
    """Forget a set."""
    del _kinds[name]


def points_url(
    house: Warehouse,
    name: str,
    *arguments: str,
    options: Sequence[str] = (),
    within: str = COUNTRY,
    clusters: bool = False,
) -> str:
    """Address of a layer of points.

    Parameters
    ----------
    name : str
        As registered.
    arguments : str
        Lower-case letters, digits and underscores.
    options : sequence of str
        More arguments, which may hold dots and hyphens.
    within : str
        ``TH`` or a province.
    clusters : bool
        The country's points gathered into bubbles.

    Raises
    ------
    ValueError
        For what `read_set` would not read back.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> points_url(SimpleNamespace(snapshot="snap-000001-0123456789ab"), "place", "school", within="50")
    '/points/snap-000001-0123456789ab/place-school/50.geojson?v=2'
    """
    text = "~".join(("-".join((name, *arguments)), *options))
    place = CLUSTERS if clusters else within
    if read_set(text) is None or not _PARENT.fullmatch(place) or (clusters and within != COUNTRY):
        raise ValueError(
            f"points: found set {text!r} of {within!r}, expected a known set, arguments of a-z, 0-9 and _, and TH or a province"
        )
    return f"/points/{house.snapshot}/{text}/{place}.geojson?v={POINTS}"


def read_set(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Name and arguments of a set; None for anything else, and for a name nobody registered."""
    found = _SET.fullmatch(text) if len(text) <= LONGEST_SET else None
    if found is None or found[1] not in _kinds:
        return None
    return found[1], (*found[2].split("-")[1:], *found[3].split("~")[1:])


def point_layer_bytes(snapshots: Path, snapshot: str, text: str, parent: str) -> bytes | None:
    """The gzipped GeoJSON behind the address of a layer of points.

    Parameters
    ----------
    snapshots : Path
        `Store.snapshots`.
    snapshot, text, parent : str
        Parts of the address, from outside and therefore matched whole; `text` is the set.

    Returns
    -------
    bytes or None
        None for anything that is no layer of a published snapshot. The same bytes for the same address.
    """
    known = read_set(text)
    if known is None or not _PARENT.fullmatch(parent):
        return None

    def make() -> bytes:
        name, arguments = known
        with _WORKING:
            kind = _kinds[name]
            within = COUNTRY if parent == CLUSTERS else parent
            house.area(within)
            frame = kind.compute(house, within, arguments)
            return gz_bytes(_clusters(frame, kind.counted) if parent == CLUSTERS else _points(frame))

    try:
        # Opened every time, so that nothing is handed out of a snapshot that is gone or damaged.
        house = shared(snapshots, snapshot)
        return _layers.get((snapshots, snapshot, text, parent), make)
    except (QueryError, StoreError):
        return None


_PROPERTIES = ("c", "n", "g", "k", "a", "t_th", "t_en")


def _points(frame: pd.DataFrame) -> bytes:
    names = [name for name in _PROPERTIES if name in frame]
    columns = [frame[name].tolist() for name in names]
    rows = [
        {name: _plain(value) for name, value in zip(names, row, strict=True)}
        for row in zip(*columns, strict=True)
    ]
    return points_bytes(_degrees(frame, "longitude"), _degrees(frame, "latitude"), rows)


def _clusters(frame: pd.DataFrame, counted: tuple[str, str]) -> bytes:
    found = gather(_degrees(frame, "longitude"), _degrees(frame, "latitude"))
    home = (
        pd.DataFrame({"cluster": found.member, "province": frame["province"].to_numpy()})
        .value_counts(["cluster", "province"])
        .rename("n")
        .reset_index()
        .sort_values(["cluster", "n", "province"], ascending=[True, False, True])
        .drop_duplicates("cluster")
    )
    largest = max(found.count.tolist(), default=1)
    rows = [
        {
            "c": code,
            "n": n,
            "s": f"{n:,}",
            "r": _radius(n, largest),
            "t_th": f"{n:,} {counted[0]}",
            "t_en": f"{n:,} {counted[1]}",
        }
        for code, n in zip(home["province"].tolist(), found.count.tolist(), strict=True)
    ]
    return points_bytes(found.longitude, found.latitude, rows, CLUSTER_DECIMALS)


def _radius(n: int, largest: int) -> float:
    """Pixels of a bubble: by its number, and wide enough for its digits, which would vanish on a light ground."""
    return round(max(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(n / largest), A_SIGN * len(f"{n:,}")), 1)


def _degrees(frame: pd.DataFrame, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(frame[name], dtype=np.float64)


def _plain(value: Any) -> Any:
    """A value as JSON has it; None for no value. Text cannot fill a place of the tooltip: a brace is closed."""
    if isinstance(value, str):
        return value.replace("{", "{\u2060")
    if value is None or value is pd.NA or value != value:
        return None
    return int(value) if float(value).is_integer() else float(value)


_layers: Kept[bytes] = Kept(KEPT_BYTES, len)
