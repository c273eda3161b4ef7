"""Which cell of a night light lattice lies in which area, kept in a snapshot beside its rasters.

Written when a snapshot is published, read by the web process: hence without GDAL and without polygons.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analytics import lights
from analytics.lights import Coverage
from geo.nightlight import Grid
from warehouse.light_files import FOLDER

VALID_SHARE = 0.5
"""Least part of an area's land that must have data for it to get numbers."""

SUFFIXES = (".coverage.parquet", ".zones.parquet")


def numbers(grid: Grid) -> tuple[float, ...]:
    """The six numbers of a lattice, in the order of the table ``raster``."""
    return (grid.width, grid.height, grid.west, grid.north, grid.dx, grid.dy)


def coverage_file(grid: Grid) -> str:
    """Where the covered fractions of a lattice lie in a snapshot."""
    return f"{FOLDER}/{grid.id}{SUFFIXES[0]}"


def zones_file(grid: Grid) -> str:
    """Where the areas of all levels, and their land on a lattice, lie in a snapshot."""
    return f"{FOLDER}/{grid.id}{SUFFIXES[1]}"


def write_coverage(path: Path, coverage: Coverage) -> None:
    """Write covered fractions as parquet: zone code, cell, fraction, and the grid in the file's metadata.

    Fractions of the base zones are of single precision (exactextract), so nothing is lost.
    """
    codes = pa.DictionaryArray.from_arrays(pa.array(coverage.zone, pa.int32()), pa.array(coverage.zones))
    table = pa.table(
        {
            "zone": codes,
            "cell": pa.array(coverage.cell, pa.int32()),
            "fraction": pa.array(coverage.fraction.astype(np.float32)),
        }
    )
    facts = {"grid": numbers(coverage.grid), "zones": coverage.zones}
    table = table.replace_schema_metadata({"daomap": json.dumps(facts)})
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    pq.write_table(table, path, compression="zstd", use_dictionary=["zone"])


def write_zones(path: Path, base: Coverage) -> None:
    """Write the land of every area, of the coverage and of all levels above it."""
    land: dict[str, float] = {}
    for width in (6, 4, 2, 0):
        rows = pd.DataFrame({"km2": np.bincount(base.zone, base.km2(), len(base.zones))}, index=base.zones)
        rows = rows if width == 6 else lights.roll_up(rows, width)
        land = {str(code): float(km2) for code, km2 in rows["km2"].items()} | land
    path.unlink(missing_ok=True)
    table = pa.table(
        {"code": pa.array(sorted(land), pa.string()), "km2": [land[code] for code in sorted(land)]}
    )
    pq.write_table(table, path, compression="zstd")


def read_zones(path: Path) -> pd.Series[float]:
    """Land of every area that has a polygon, in km2 by code; of all levels."""
    table = pq.read_table(path)
    codes = pd.Index(table.column("code").to_pylist(), name="code", dtype="str")
    return pd.Series(table.column("km2").to_numpy(), index=codes, name="km2")


def read_coverage(path: Path, grid: Grid) -> Coverage:
    """Read what :func:`write_coverage` wrote.

    Raises
    ------
    ValueError
        When the file is of another grid, or its cells are not cells of it.
    """
    table = pq.read_table(path)
    facts = json.loads((table.schema.metadata or {}).get(b"daomap", b"{}"))
    if tuple(facts.get("grid", ())) != numbers(grid):
        raise ValueError(f"{path.name}: found the grid {facts.get('grid')}, expected {numbers(grid)}")
    zones = tuple(str(code) for code in facts["zones"])
    column = table.column("zone").combine_chunks()
    names = column.dictionary.to_pylist()
    place = {code: number for number, code in enumerate(zones)}
    number = np.array([place[name] for name in names], dtype=np.int32)
    zone = number[column.indices.to_numpy()] if len(names) else np.empty(0, np.int32)
    cell = table.column("cell").to_numpy()
    if len(cell) and not (cell.min() >= 0 and cell.max() < grid.width * grid.height):
        raise ValueError(f"{path.name}: cell {cell.max()} of {grid.width * grid.height}")
    return Coverage(zones, zone, cell, table.column("fraction").to_numpy().astype(np.float64), grid)
