"""GeoTIFFs for tests: small ones, and ones that declare more than they hold."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

#: Eight columns and six rows of half and quarter degrees, north up.
NORTH_UP = from_origin(97, 21, 0.5, 0.25)
CELLS = np.arange(48, dtype="float32").reshape(6, 8)


def tif(path: Path, cells: np.ndarray | None = None, **profile: Any) -> Path:
    """A GeoTIFF of eight by six cells, unless cells are given."""
    cells = CELLS if cells is None else cells
    cells = cells[None] if cells.ndim == 2 else cells
    merged = {
        "driver": "GTiff", "width": cells.shape[2], "height": cells.shape[1], "count": cells.shape[0],
        "dtype": cells.dtype.name, "crs": "EPSG:4326", "transform": NORTH_UP,
    } | profile  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path, "w", **merged) as out:
            out.write(cells)
    return path


def sparse(path: Path, width: int, height: int, **profile: Any) -> Path:
    """A GeoTIFF over Thailand that declares cells it does not hold."""
    options = {
        "dtype": "float32", "SPARSE_OK": True, "tiled": True, "blockxsize": 512, "blockysize": 512,
        "transform": from_origin(97, 21, 8 / width, 15 / height),
    } | profile  # fmt: skip
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=1, crs="EPSG:4326", **options
    ):
        pass
    return path


#: The grid of the official global annual files, as their headers write it.
WORLD = {"width": 86_400, "height": 33_600}
WORLD_TRANSFORM = from_origin(-180.00208333335, 75.00208333335, 0.0041666667, 0.0041666667)


def world(path: Path, rows: int = 240, **profile: Any) -> tuple[Path, np.ndarray]:
    """A global raster of 86,400 x 33,600 cells with values in a band of rows across Thailand, nothing elsewhere.

    Returns
    -------
    Path, ndarray
        The file, and the values written from row 14,640 and column 66,480 on: 14°N and 97°E.
    """
    values = np.random.default_rng(3).gamma(0.3, 8.0, (rows, 2_160)).astype(np.float32)
    options = {"compress": "lzw", "tiled": True, "blockxsize": 256, "blockysize": 256} | profile
    with rasterio.open(
        path, "w", driver="GTiff", **WORLD, count=1, dtype="float32", crs="EPSG:4326", BIGTIFF="YES",
        SPARSE_OK=True, transform=WORLD_TRANSFORM, **options,
    ) as out:  # fmt: skip
        out.write(values, 1, window=rasterio.windows.Window(66_480, 14_640, 2_160, rows))
    return path, values
