"""Night light as numbers of areas: made when a snapshot is published, from its rasters and its boundaries.

The finest polygons of each province decide; districts, provinces and the country are made of them, so that every level adds
up to the one above. Which cell lies in which area is kept beside the rasters, one file a lattice.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from analytics import lights
from analytics.definitions import definition_for
from analytics.lights import Coverage
from geo.boundaries import embedded_provinces
from geo.codes import level_of
from geo.nightlight import Grid, read_cog
from warehouse.batch import OBSERVATION
from warehouse.light_files import FOLDER
from warehouse.snapshots import Staging

VALID_SHARE = 0.5
"""Least part of an area's land that must have data for it to get numbers."""

WHOLE = 0.95
"""Least part of a province's imported outline that finer polygons must fill to take its place."""

WHOLE_OF_EMBEDDED = 0.75
"""The same where only the embedded outline is there, which is coarse: the tambons of COD-AB fill 82 to 120 % of it."""

_SUFFIX = ".coverage.parquet"
_INDICATORS: Mapping[str, str] = {
    "light_mean": "mean",
    "light_median": "median",
    "light_density": "density",
    "light_sum": "sum",
    "light_lit_area": "lit_km2",
    "light_max": "max",
    "light_gini": "gini",
}
"""Stored indicators and the column of `analytics.lights.statistics` each comes from; the lit share follows from the lit area."""


def coverage_file(grid: Grid) -> str:
    """Where the covered fractions of a lattice lie in a snapshot."""
    return f"{FOLDER}/{grid.id}{_SUFFIX}"


def put_light_numbers(
    connection: duckdb.DuckDBPyConnection,
    staging: Staging,
    *,
    boundaries_changed: bool,
    touched: Collection[tuple[str, int]],
    everything: bool,
) -> set[int]:
    """Put the numbers of areas into the draft for every raster that is new or whose areas changed.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The draft's database, rasters and areas in it.
    staging : Staging
        Boundaries and rasters are in it.
    boundaries_changed : bool
        Whether the polygons of any level are others than in the snapshot the draft began with.
    touched : collection of (product, year)
        Rasters that are new or gone.
    everything : bool
        Compute all of them again.

    Returns
    -------
    set of int
        Years (common era) whose rows changed.
    """
    rasters = connection.execute(
        """
        SELECT source_id, product, year, width, height, west, north, dx, dy, lit_threshold, file, observations_file
        FROM raster ORDER BY width, height, west, north, dx, dy, source_id, year
        """
    ).fetchall()
    grids = {Grid(*(int(n) for n in row[3:5]), *(float(n) for n in row[5:9])) for row in rasters}
    _remove_stale(staging.path / FOLDER, {coverage_file(grid).rpartition("/")[2] for grid in grids})
    years: set[int] = set()
    for grid in sorted(grids, key=lambda g: g.id):
        here = [row for row in rasters if row[3:9] == _numbers(grid)]
        path = staging.path / coverage_file(grid)
        fresh = boundaries_changed or everything or not path.is_file()
        due = [row for row in here if fresh or (row[1], int(row[2])) in touched]
        if not due:
            continue
        if fresh:
            base = lights.cover(base_zones(staging.path / "boundaries"), grid)
            write_coverage(path, base)
        else:
            base = read_coverage(path, grid)
        for source_id, _, year, *_, threshold, file, beside in due:
            table = _rows(staging.path, base, str(source_id), int(year), float(threshold), file, beside)
            connection.execute(
                "DELETE FROM observation WHERE source_id = ? AND year = ? AND starts_with(indicator, 'light_')",
                [source_id, year],
            )
            connection.register("incoming", table)
            # A boundary file can hold areas that no list has any more: they are part of those above, and have no row.
            connection.execute(
                """
                INSERT INTO observation
                SELECT i.*, false, false FROM incoming i SEMI JOIN area a ON a.code = i.area_code
                """
            )
            connection.unregister("incoming")
            years.add(int(year))
    return years


def _numbers(grid: Grid) -> tuple[float, ...]:
    return (grid.width, grid.height, grid.west, grid.north, grid.dx, grid.dy)


def _remove_stale(folder: Path, kept: set[str]) -> None:
    for file in folder.glob(f"*{_SUFFIX}"):
        if file.name not in kept:
            file.unlink()


def base_zones(folder: Path) -> gpd.GeoDataFrame:
    """Return the polygons numbers are made from: of every province the finest level that fills it.

    Parameters
    ----------
    folder : Path
        Boundaries of a draft or a snapshot, one parquet a level; without provinces the embedded ones are used.

    Returns
    -------
    GeoDataFrame
        Columns ``code``, ``geometry`` in EPSG:4326.

    Notes
    -----
    A province is taken from its subdistricts when these fill at least `WHOLE` of its outline, else from its districts by the same
    rule, else from its outline: half a province must not look like a whole one. A province without an outline is taken
    from the finest level it has.
    """
    frames = {level: _frame(folder, level) for level in ("subdistrict", "district", "province")}
    least = WHOLE
    if frames["province"] is None:
        frames["province"], least = embedded_provinces(), WHOLE_OF_EMBEDDED
    outline = _areas(frames["province"])
    taken: set[str] = set()
    parts = []
    for level, frame in frames.items():
        if frame is None:
            continue
        areas = _areas(frame)
        whole = {
            province
            for province, area in areas.items()
            if province not in taken and (level == "province" or area >= least * outline.get(province, 0.0))
        }
        chosen = frame[frame["code"].str[:2].isin(whole)][["code", "geometry"]]
        parts.append(chosen)
        taken |= whole
    joined = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs="EPSG:4326")


def _frame(folder: Path, level: str) -> gpd.GeoDataFrame | None:
    file = folder / f"{level}.parquet"
    return gpd.read_parquet(file, columns=["code", "geometry"]) if file.is_file() else None


def _areas(frame: gpd.GeoDataFrame) -> dict[str, float]:
    """Area by province, in degrees: compared inside one province only, where a degree is alike."""
    areas = pd.Series(shapely.area(frame.geometry.values)).groupby(frame["code"].str[:2].to_numpy()).sum()
    return {str(code): float(area) for code, area in areas.items()}


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
    facts = {"grid": _numbers(coverage.grid), "zones": coverage.zones}
    table = table.replace_schema_metadata({"daomap": json.dumps(facts)})
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    pq.write_table(table, path, compression="zstd", use_dictionary=["zone"], column_encoding=None)


def read_coverage(path: Path, grid: Grid) -> Coverage:
    """Read what :func:`write_coverage` wrote.

    Raises
    ------
    ValueError
        When the file is of another grid, or its cells are not cells of it.
    """
    table = pq.read_table(path)
    facts = json.loads((table.schema.metadata or {}).get(b"daomap", b"{}"))
    if tuple(facts.get("grid", ())) != _numbers(grid):
        raise ValueError(f"{path.name}: found the grid {facts.get('grid')}, expected {_numbers(grid)}")
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


def _rows(
    folder: Path,
    base: Coverage,
    source_id: str,
    year: int,
    threshold: float,
    file: str,
    beside: str | None,
) -> pa.Table:
    values, _, _ = read_cog(folder / file)
    counts = read_cog(folder / beside)[0] if beside else None
    parts = []
    done: set[str] = set()
    for width in (6, 4, 2, 0):
        if 0 < width < 6 and all(len(code) <= width for code in base.zones):
            continue  # no area here is made of smaller ones
        # One level in memory at a time. Districts and provinces that are base zones themselves come again, the same.
        coverage = base if width == 6 else base.up(width)
        frame = lights.statistics(coverage, values, threshold=threshold)
        if counts is not None:
            frame["observations"] = lights.means(coverage, counts)
        frame = frame[(frame["valid_share"] >= VALID_SHARE) & ~frame.index.isin(done)]
        done |= set(frame.index)
        parts.append(frame)
    return _table(pd.concat(parts), source_id, year)


def _table(frame: pd.DataFrame, source_id: str, year: int) -> pa.Table:
    named = dict(_INDICATORS)
    if "observations" in frame:
        named["light_observations"] = "observations"
    codes = [str(code) for code in frame.index]
    levels = [level_of(code) for code in codes]
    seen = (frame["area_km2"] * frame["valid_share"]).to_numpy()
    tables = []
    for indicator, column in named.items():
        value = frame[column].to_numpy(dtype=np.float64)
        kept = np.flatnonzero(np.isfinite(value))
        below: Any = np.full(len(frame), np.nan)
        above: Any = below
        if indicator in ("light_lit_area", "light_density"):
            below = seen
            above = value if indicator == "light_lit_area" else frame["sum"].to_numpy(dtype=np.float64)
        columns = {
            "area_code": [codes[i] for i in kept],
            "level": [levels[i] for i in kept],
            "indicator": [indicator] * len(kept),
            "year": [year] * len(kept),
            "numerator": pa.array(above[kept], from_pandas=True),
            "denominator": pa.array(below[kept], from_pandas=True),
            "value": value[kept],
            "basis": ["derived"] * len(kept),
            "definition": [definition_for(indicator, year)] * len(kept),
            "source_id": [source_id] * len(kept),
            "suppressed": [False] * len(kept),
        }
        tables.append(pa.table(columns, schema=OBSERVATION))
    return pa.concat_tables(tables)
