"""Polygons for exactextract as well-known binary; loaded only where areas are covered with cells.

Its own source for GeoDataFrames writes every polygon as GeoJSON text and reads it back, which took four fifths of the time for
the tambons of the country.
"""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
from exactextract.feature import Feature, FeatureSource


class Polygons(FeatureSource):  # type: ignore[misc]
    """The areas of a GeoDataFrame, by code.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns ``code`` and ``geometry``.
    """

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        super().__init__()
        self._codes = [str(code) for code in frame["code"]]
        self._shapes = frame.geometry.to_wkb().to_list()

    def count(self) -> int:
        """Number of areas."""
        return len(self._codes)

    def __iter__(self) -> Iterator[_Area]:
        for code, shape in zip(self._codes, self._shapes, strict=True):
            yield _Area(code, shape)

    def srs_wkt(self) -> None:
        """None: cells and polygons are both in EPSG:4326, and nothing else comes here."""


class _Area(Feature):  # type: ignore[misc]
    def __init__(self, code: str, shape: bytes) -> None:
        super().__init__()
        self._code = code
        self._shape = shape

    def geometry(self) -> bytes:
        return self._shape

    def get(self, _name: str) -> str:
        return self._code

    def fields(self) -> list[str]:
        return ["code"]
