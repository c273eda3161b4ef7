"""Map layers of values that are not stored: the geometry of a published layer with properties worked out when asked for.

A layer's address names everything it depends on: the snapshot, the areas, and a *spec* such as
``light_change.1~nightlight-modelled~2012~2021~growth``, which is a kind, the version of its rules and its arguments.
An answer is therefore never out of date and may be kept for good; a kind whose rules change gets the next version.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
import pandas as pd

from analytics.formatting import NO_DATA, number
from geo.codes import COUNTRY, level_of
from geo.layers import gz_bytes, layer_bytes
from warehouse.browser_layers import DECIMALS
from warehouse.query import Warehouse, any_layer, shared
from warehouse.report import QueryError
from warehouse.snapshots import StoreError

SEPARATOR: Final = "~"
LONGEST_SPEC: Final = 400
MOST_ARGUMENTS: Final = 8
KEPT_BYTES: Final = 48_000_000
"""Gzipped layers kept, all snapshots together: some hundred of the largest kind."""
KEPT_GEOMETRIES: Final = 8

_WORD = r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*"
_KIND = re.compile(r"[a-z][a-z_]{0,39}")
_ARGUMENT = re.compile(_WORD)
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SPEC = re.compile(rf"([a-z][a-z_]{{0,39}})\.([1-9]\d{{0,3}})((?:{SEPARATOR}{_WORD}){{0,{MOST_ARGUMENTS}}})")
_PLACE = re.compile(r"(province|district|subdistrict)/(TH|\d{2})")
_OWN = ("code", "parent", "name_th", "name_en")
# Two layers at a time: a third would only make both slower.
_WORKING = threading.BoundedSemaphore(2)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column:
    """One value of a computed layer.

    Attributes
    ----------
    key : str
        Property of the feature; its text for the tooltip stands under ``<key>_t``.
    values : Series
        Numbers by area code; NaN, infinite or missing is no data. Rounded to `DECIMALS` decimals in the layer.
    decimals : int
        Decimals of the text.
    texts : Series, optional
        Texts by area code instead of the number written out, such as what is hidden or a class's name. Plain text.
    signed : bool
        A plus sign before what is above zero, for differences.
    """

    key: str
    values: pd.Series
    decimals: int = 2
    texts: pd.Series | None = None
    signed: bool = False

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key) or self.key in _OWN or self.key.endswith("_t"):
            raise ValueError(
                f"column key: found {self.key!r}, expected lower-case letters, digits and underscores, "
                f"not ending in _t and none of {', '.join(_OWN)}"
            )


Compute = Callable[[Warehouse, str, str, Sequence[str]], Sequence[Column]]
"""``compute(house, level, parent, arguments)``: values of the areas of `level` inside `parent`.

Raises `QueryError` for arguments that mean nothing in this snapshot; the address then does not exist.
"""

_kinds: dict[tuple[str, int], Compute] = {}


def register(kind: str, version: int = 1) -> Callable[[Compute], Compute]:
    """Make a kind of computed layer known; used as a decorator.

    Parameters
    ----------
    kind : str
        Lower-case letters and underscores.
    version : int
        Of the rules. Raised whenever the same arguments would give other numbers, because browsers keep what they got.

    Raises
    ------
    ValueError
        For a name that cannot stand in an address, or one that is taken.
    """
    if not _KIND.fullmatch(kind) or not 1 <= version <= 9999:
        raise ValueError(
            f"kind of layer: found {kind!r} version {version}, expected a-z and _, and 1 to 9999"
        )
    if (kind, version) in _kinds:
        raise ValueError(f"kind of layer: found {kind}.{version} twice, expected once")

    def known(compute: Compute) -> Compute:
        _kinds[kind, version] = compute
        return compute

    return known


def spec_text(kind: str, *arguments: object) -> str:
    """Write a spec; the newest version of the kind is taken.

    Raises
    ------
    ValueError
        For an unknown kind, or an argument that cannot stand in an address.

    Examples
    --------
    >>> @register("example")
    ... def example(house, level, parent, arguments): return []
    >>> spec_text("example", "vnl-v21-average-masked", 2012)
    'example.1~vnl-v21-average-masked~2012'
    >>> unregister("example")
    """
    versions = [version for name, version in _kinds if name == kind]
    if not versions:
        raise ValueError(f"kind of layer: found {kind!r}, expected one of {sorted({k for k, _ in _kinds})}")
    words = [str(argument) for argument in arguments]
    for word in words:
        if not _ARGUMENT.fullmatch(word):
            raise ValueError(f"argument of {kind}: found {word!r}, expected a-z, 0-9, _ with . or - between")
    text = SEPARATOR.join([f"{kind}.{max(versions)}", *words])
    if _SPEC.fullmatch(text) is None or len(text) > LONGEST_SPEC:
        raise ValueError(
            f"spec: found {len(words)} arguments and {len(text)} characters, "
            f"expected at most {MOST_ARGUMENTS} and {LONGEST_SPEC}"
        )
    return text


def unregister(kind: str) -> None:
    """Forget a kind, all versions."""
    for key in [k for k in _kinds if k[0] == kind]:
        del _kinds[key]


def read_spec(spec: str) -> tuple[Compute, tuple[str, ...]] | None:
    """What computes a spec and its arguments; None for text that is no spec, and for an unknown kind or version."""
    if len(spec) > LONGEST_SPEC:
        return None
    found = _SPEC.fullmatch(spec)
    if found is None:
        return None
    compute = _kinds.get((found[1], int(found[2])))
    if compute is None:
        return None
    return compute, tuple(found[3].split(SEPARATOR)[1:])


def computed_url(house: Warehouse, level: str, parent: str, kind: str, *arguments: object) -> str | None:
    """Address of a computed layer; None where the snapshot has no polygons of these areas.

    Parameters
    ----------
    level, parent : str
        Areas of ``level`` inside ``parent``, the country or a province.
    kind, arguments
        As for `spec_text`.
    """
    if any_layer(house.info.path.parent, house.snapshot, level, parent) is None:
        return None
    return f"/layers/{house.snapshot}/{level}/{parent}/computed/{spec_text(kind, *arguments)}.geojson"


def computed_layer(snapshots: Path, snapshot: str, level: str, parent: str, spec: str) -> bytes | None:
    """The gzipped GeoJSON behind the address of a computed layer.

    Parameters
    ----------
    snapshots : Path
        `Store.snapshots`.
    snapshot, level, parent, spec : str
        Parts of the address, from outside and therefore matched whole.

    Returns
    -------
    bytes or None
        None for anything that is no layer of a published snapshot. The same bytes for the same address; threads that
        ask at the same time wait for one computation.
    """
    known = read_spec(spec)
    if known is None or not _PLACE.fullmatch(f"{level}/{parent}"):
        return None
    # Looked up every time, so that nothing is handed out of a snapshot that is gone or damaged.
    file = any_layer(snapshots, snapshot, level, parent)
    if file is None:
        return None

    def make() -> bytes:
        compute, arguments = known
        with _WORKING:
            house = shared(snapshots, snapshot)
            columns = compute(house, level, parent, arguments)
            shapes = _geometries.get((file,), lambda: _read_geometry(file))
            return gz_bytes(layer_bytes(shapes.geometry, _properties(shapes.areas, columns)))

    try:
        return _layers.get((snapshots, snapshot, level, parent, spec), make)
    except (QueryError, StoreError):
        return None


def published_shapes(house: Warehouse, level: str, parent: str) -> Mapping[str, str]:
    """GeoJSON geometry text of every area of a published layer by code; empty where there is none.

    Parameters
    ----------
    level, parent : str
        Areas of ``level`` inside ``parent``, the country or a province; simplified as that layer is (EPSG:4326).
    """
    file = any_layer(house.info.path.parent, house.snapshot, level, parent)
    return {} if file is None else _geometries.get((file,), lambda: _read_geometry(file)).geometry


def published_shape(house: Warehouse, code: str) -> dict[str, Any] | None:
    """GeoJSON geometry of an area as its finest published layer draws it; None where it has no polygon of its own."""
    if code == COUNTRY:
        return None
    for parent in (code[:2], COUNTRY):
        file = any_layer(house.info.path.parent, house.snapshot, level_of(code), parent)
        if file is None:
            continue
        shapes = _geometries.get((file,), lambda file=file: _read_geometry(file))  # type: ignore[misc]
        if code in shapes.geometry:
            shape: dict[str, Any] = json.loads(shapes.geometry[code])
            return shape
    return None


# ------------------------------------------------------------------------------------------------------------
# Inside


@dataclass(frozen=True, slots=True)
class _Shapes:
    """A published layer without its numbers: geometry text by code, and code, parent and names of every area."""

    geometry: Mapping[str, str]
    areas: tuple[Mapping[str, str], ...]


def _read_geometry(file: Path) -> _Shapes:
    collection = json.loads(gzip.decompress(file.read_bytes()))
    encode = json.JSONEncoder(separators=(",", ":")).encode
    features = collection["features"]
    return _Shapes(
        {f["properties"]["code"]: encode(f["geometry"]) for f in features},
        tuple({key: f["properties"][key] for key in _OWN} for f in features),
    )


def _properties(areas: Sequence[Mapping[str, str]], columns: Sequence[Column]) -> list[dict[str, Any]]:
    codes = [area["code"] for area in areas]
    rows: list[dict[str, Any]] = [dict(area) for area in areas]
    for column in columns:
        values = column.values.reindex(codes).to_numpy(dtype=float)
        values = np.where(np.isfinite(values), np.round(values, DECIMALS), np.nan)
        texts = None if column.texts is None else column.texts.reindex(codes).tolist()
        for place, (row, value) in enumerate(zip(rows, values.tolist(), strict=True)):
            missing = value != value
            row[column.key] = None if missing else int(value) if value.is_integer() else value
            given = texts[place] if texts is not None else None
            if isinstance(given, str):
                # The browser fills places of the tooltip in one after the other: a brace in a text would be one.
                text = given.replace("{", "{\u2060")
            elif missing:
                text = NO_DATA
            else:
                sign = "+" if column.signed and round(value, column.decimals) > 0 else ""
                text = sign + number(value, column.decimals)
            row[f"{column.key}_t"] = text
    return rows


class Kept(Generic[T]):
    """A bounded memory of results in which each is made once, however many threads ask for it at the same time.

    Parameters
    ----------
    bound : int
        The sizes of all results together stay below it; one that is larger alone is not kept.
    size : callable
        Size of a result.
    """

    def __init__(self, bound: int, size: Callable[[T], int]) -> None:
        self._bound, self._size = bound, size
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], T] = OrderedDict()
        self._making: dict[tuple[object, ...], Future[T]] = {}
        self.used = 0

    def get(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result of a key; what `make` raises reaches every thread that waits, and is not remembered."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            waiting = self._making.get(key)
            if waiting is None:
                mine: Future[T] = Future()
                self._making[key] = mine
        if waiting is not None:
            return waiting.result()
        try:
            result = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            size = self._size(result)
            if size <= self._bound:
                self._kept[key] = result
                self.used += size
            while self.used > self._bound:
                _, oldest = self._kept.popitem(last=False)
                self.used -= self._size(oldest)
        mine.set_result(result)
        return result

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.used = 0


_layers: Kept[bytes] = Kept(KEPT_BYTES, len)
_geometries: Kept[_Shapes] = Kept(KEPT_GEOMETRIES, lambda _: 1)
