"""The areas of one level as an importer hands them over, from however many files."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
import shapely

from geo.boundaries import THAILAND_BOUNDS
from warehouse.schemas.cells import is_garbled
from warehouse.schemas.check import text

_MULTIPOLYGON = 6


def _is_area(shapes: pd.Series) -> pd.Series:
    values = shapes.to_numpy()
    sound = (shapely.get_type_id(values) == _MULTIPOLYGON) & shapely.is_valid(values)
    return pd.Series(sound & ~shapely.is_empty(values), index=shapes.index)


def _has_area(shapes: pd.Series) -> pd.Series:
    return pd.Series(shapely.area(shapes.to_numpy()) > 0.0, index=shapes.index)


def _inside(shapes: pd.Series) -> pd.Series:
    west, south, east, north = THAILAND_BOUNDS
    bounds = shapely.bounds(shapes.to_numpy())
    inside = (
        (bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
    )
    return pd.Series(inside, index=shapes.index)


AREAS = pa.DataFrameSchema(
    {
        "code": text(
            "digits", lambda s: s.str.fullmatch(r"[0-9]{2}|[0-9]{4}|[0-9]{6}").astype(bool), unique=True
        ),
        "file_name": text("garbled", lambda s: ~s.map(is_garbled).astype(bool), nullable=True),
        "geometry": pa.Column(
            None,
            [
                pa.Check(_is_area, name="area"),
                pa.Check(_has_area, name="empty_area"),
                pa.Check(_inside, name="bounds"),
            ],
        ),
    },
    name="boundaries",
)
"""Columns ``code, file_name, geometry``: EPSG:4326, valid MultiPolygons inside Thailand; ``file_name`` is the Thai name
the file gives, None where it gives none.
"""
