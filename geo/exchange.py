"""A view's numbers with their outlines or points as files that other programs open: GeoJSON and GeoPackage.

Coordinates are longitude and latitude (EPSG:4326) as the browser's layers hold them: simplified for looking at, not for measuring.
Rows without a place, such as municipalities without a polygon, stay in with an empty geometry, so that nobody vanishes from a sum.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

Scalar = str | int | float | bool | None
GEOJSON_TYPE: Final = "application/geo+json"
GEOPACKAGE_TYPE: Final = "application/geopackage+sqlite3"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """One layer of a file.

    Attributes
    ----------
    name : str
        Small letters, digits and underscores.
    title : str
        What it is called by people.
    columns : sequence of str
    rows : sequence of sequences
        One a feature, in the order of `columns`. NaN and ``pd.NA`` are no value; 0 is one.
    shapes : sequence of str or None
        GeoJSON geometry of each row (degrees, EPSG:4326); None where it has no place.
    kind : str
        ``area`` for polygons, ``point`` for points.

    Raises
    ------
    ValueError
        For another kind of name, and for rows and shapes of different number.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    shapes: Sequence[str | None]
    kind: Literal["area", "point"] = "area"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"layer: found {self.name!r}, expected small letters, digits and underscores")
        if len(self.rows) != len(self.shapes):
            raise ValueError(
                f"layer: found {len(self.rows)} rows and {len(self.shapes)} shapes, expected as many"
            )


def plain(value: object) -> Scalar:
    """A cell as JSON and SQL know it.

    Examples
    --------
    >>> plain(float("nan")), plain(pd.NA), plain(0), plain("0"), plain(np.True_)
    (None, None, 0, '0', True)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else str(value)


def geojson_bytes(table: FeatureTable, about: Mapping[str, object]) -> bytes:
    """A GeoJSON FeatureCollection (RFC 7946), UTF-8.

    Parameters
    ----------
    about : mapping
        What must be known of the numbers; stands as the member ``about`` beside the features, which readers that do not know it
        pass over. Texts, numbers, and lists of these.

    Raises
    ------
    ValueError
        For an infinite number, which JSON does not know.

    Examples
    --------
    >>> point = '{"type":"Point","coordinates":[100.5,13.75]}'
    >>> made = geojson_bytes(FeatureTable("x", "X", ("n",), [[float("nan")]], [point], "point"), {})
    >>> json.loads(made)["features"][0]["properties"]
    {'n': None}
    """
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    features = (
        f'{{"type":"Feature","properties":{encode(dict(zip(table.columns, map(plain, row), strict=True)))},'
        f'"geometry":{shape or "null"}}}'
        for row, shape in zip(table.rows, table.shapes, strict=True)
    )
    head = (
        f'{{"type":"FeatureCollection","name":{encode(table.name)},"about":{encode(dict(about))},"features":['
    )
    return (head + ",\n".join(features) + "]}\n").encode("utf-8")


def geopackage_bytes(tables: Sequence[FeatureTable], about: Mapping[str, object]) -> bytes:
    """A GeoPackage with a layer a table; what must be known of the numbers is metadata of the file and of every layer.

    Raises
    ------
    ValueError
        Without any layer.
    """
    if not tables:
        raise ValueError("GeoPackage: found no layer, expected one at least")
    import geopandas as gpd
    import shapely

    known = {key: _line(value) for key, value in about.items()}
    # The driver adds a second layer to a file on the disk only, never to one in memory.
    with TemporaryDirectory(prefix="daomap-") as folder:
        file = Path(folder) / "view.gpkg"
        for table in tables:
            columns = list(zip(*([plain(v) for v in row] for row in table.rows), strict=True))
            frame = gpd.GeoDataFrame(
                {name: _column(values) for name, values in zip(table.columns, columns, strict=True)}
                if table.rows
                else {name: pd.Series(dtype="str") for name in table.columns},
                geometry=shapely.from_geojson(list(table.shapes)) if table.rows else [],
                crs="EPSG:4326",
            )
            frame.to_file(
                file, layer=table.name, driver="GPKG", engine="pyogrio", promote_to_multi=table.kind == "area",
                geometry_type="MultiPolygon" if table.kind == "area" else "Point",
                layer_options={"IDENTIFIER": table.title, "DESCRIPTION": str(known.get("source", ""))},
                layer_metadata=known, dataset_metadata=known,
            )  # fmt: skip
        return file.read_bytes()


def _line(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _column(values: Sequence[Scalar]) -> pd.Series[Any]:
    """Whole numbers stay whole beside missing ones; a column that mixes text and numbers is text."""
    have = [v for v in values if v is not None]
    if have and all(type(v) is int for v in have):
        return pd.Series(list(values), dtype="Int64")
    if have and all(type(v) in (int, float) for v in have):
        return pd.Series(list(values), dtype="Float64")
    return pd.Series(
        [None if v is None else v if isinstance(v, str) else json.dumps(v) for v in values], dtype="str"
    )
