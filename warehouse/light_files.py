"""Night light rasters in a draft: one file a product and year, one row in the table ``raster``.

A raster takes the place of the one of the same product and year. The modelled pair that ships is there for want of a
real product only: as soon as one is in, everything modelled goes, so that no screen can set one beside the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from geo.nightlight import Product, products, write_cog
from warehouse.batch import Batch, LightRaster
from warehouse.snapshots import SnapshotInfo, Staging

FOLDER = "nightlight"
OBSERVATIONS = "-observations"

RASTER = pa.schema(
    [
        ("source_id", pa.string()),
        ("product", pa.string()),
        ("year", pa.int16()),
        ("period_start", pa.string()),
        ("period_end", pa.string()),
        ("mask", pa.string()),
        ("unit", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("west", pa.float64()),
        ("north", pa.float64()),
        ("dx", pa.float64()),
        ("dy", pa.float64()),
        ("lit_threshold", pa.float64()),
        ("saturation", pa.float64()),
        ("sensor", pa.string()),
        ("file", pa.string()),
        ("sha256", pa.string()),
        ("cells", pa.int64()),
        ("nodata_cells", pa.int64()),
        ("negative_cells", pa.int64()),
        ("not_finite_cells", pa.int64()),
        ("observations_file", pa.string()),
        ("note", pa.string()),
    ]
)


def raster_file(product: str, year: int) -> str:
    """Where the light of a product and year lies in a snapshot.

    Examples
    --------
    >>> raster_file("modelled", 2012)
    'nightlight/modelled/2012.tif'
    """
    return f"{FOLDER}/{product}/{year}.tif"


def measured_products(snapshot: SnapshotInfo | None) -> frozenset[str]:
    """Ids of the products in a snapshot that somebody measured; empty where its light is modelled or absent.

    Parameters
    ----------
    snapshot : SnapshotInfo or None

    Returns
    -------
    frozenset of str
    """
    held = snapshot.contents.get("lights", {}) if snapshot is not None else {}
    return frozenset(str(name) for name in held) - _modelled()


def merge_rasters(
    connection: duckdb.DuckDBPyConnection, staging: Staging, batches: Sequence[Batch]
) -> set[tuple[str, int]]:
    """Write the rasters of all batches into the draft; then, with a measured product there, drop what is modelled.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The draft's database; sources and files of the batches are in already.
    staging : Staging
    batches : sequence of Batch

    Returns
    -------
    set of (product, year)
        Those whose cells are new or gone.
    """
    touched: set[tuple[str, int]] = set()
    for batch in batches:
        for raster in batch.rasters:
            touched |= _move(connection, staging, raster, batch)
            _put(connection, staging, raster, batch.import_id)
            touched.add((raster.product, raster.year))
    held = {str(name) for (name,) in connection.execute("SELECT DISTINCT product FROM raster").fetchall()}
    if held - _modelled():
        for name in sorted(held & _modelled()):
            touched |= _drop(connection, staging, name)
    return touched


def _put(
    connection: duckdb.DuckDBPyConnection, staging: Staging, raster: LightRaster, import_id: str
) -> None:
    product = products()[raster.product]
    name = raster_file(product.id, raster.year)
    path = staging.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_cog(path, raster.values, raster.grid, _tags(product, raster))
    beside = path.with_name(f"{raster.year}{OBSERVATIONS}.tif")
    beside.unlink(missing_ok=True)
    if raster.observations is not None:
        write_cog(beside, raster.observations, raster.grid, {"DAOMAP_PRODUCT": product.id})
    key = [product.source_id, raster.year]
    # An import whose raster was replaced is no longer in here: its return is a wish to go back.
    _forget_files(connection, product.source_id, raster.year, import_id)
    connection.execute("DELETE FROM raster WHERE source_id = ? AND year = ?", key)
    grid = raster.grid
    row: dict[str, Any] = {
        "source_id": product.source_id,
        "product": product.id,
        "year": raster.year,
        "period_start": raster.period[0],
        "period_end": raster.period[1],
        "mask": raster.mask,
        "unit": product.unit,
        "width": grid.width,
        "height": grid.height,
        "west": grid.west,
        "north": grid.north,
        "dx": grid.dx,
        "dy": grid.dy,
        "lit_threshold": product.lit_threshold,
        "saturation": product.saturation,
        "sensor": product.sensor(raster.year),
        "file": name,
        "sha256": raster.sha256,
        "cells": grid.width * grid.height,
        "nodata_cells": int(np.isnan(raster.values).sum()),
        "negative_cells": int((raster.values < 0).sum()),
        "not_finite_cells": raster.not_finite,
        "observations_file": f"{FOLDER}/{product.id}/{beside.name}" if beside.exists() else None,
        "note": raster.note,
    }
    connection.register("incoming", pa.Table.from_pylist([row], schema=RASTER))
    connection.execute("INSERT INTO raster SELECT * FROM incoming")
    connection.unregister("incoming")


def _forget_files(connection: duckdb.DuckDBPyConnection, source_id: str, year: int, import_id: str) -> None:
    """Forget the files a raster was made from, but for those that arrive with this import."""
    connection.execute(
        """
        DELETE FROM source_file WHERE source_id = $source AND import_id <> $import
          AND sha256 IN (
              SELECT unnest(string_split(sha256, ' ')) FROM raster WHERE source_id = $source AND year = $year)
        """,
        {"source": source_id, "year": year, "import": import_id},
    )


def _move(
    connection: duckdb.DuckDBPyConnection, staging: Staging, raster: LightRaster, batch: Batch
) -> set[tuple[str, int]]:
    """Take out what stands under another year and was made from the very same files: its year was wrong."""
    source_id = products()[raster.product].source_id
    arriving = [one.year for one in batch.rasters if one.product == raster.product]
    wrong = connection.execute(
        """
        SELECT year, file, observations_file FROM raster
        WHERE source_id = ? AND sha256 = ? AND NOT list_contains(?::SMALLINT[], year)
        """,
        [source_id, raster.sha256, arriving],
    ).fetchall()
    for year, *files in wrong:
        _forget_files(connection, source_id, year, batch.import_id)
        connection.execute("DELETE FROM raster WHERE source_id = ? AND year = ?", [source_id, year])
        connection.execute(
            "DELETE FROM observation WHERE source_id = ? AND year = ? AND starts_with(indicator, 'light_')",
            [source_id, year],
        )
        for file in files:
            if file is not None:
                (staging.path / file).unlink(missing_ok=True)
        moved = {"product": raster.product, "from": int(year), "to": raster.year}
        batch.report.facts.setdefault("moved", []).append(moved)
    return {(raster.product, int(year)) for year, *_ in wrong}


def _tags(product: Product, raster: LightRaster) -> dict[str, str]:
    tags = {
        "DAOMAP_PRODUCT": product.id,
        "DAOMAP_TITLE": product.name_en,
        "DAOMAP_KIND": product.kind,
        "DAOMAP_PUBLISHER": product.publisher,
        "DAOMAP_UNIT": product.unit,
        "DAOMAP_YEAR": str(raster.year),
        "DAOMAP_SHA256": raster.sha256,
    }
    for name, text in (
        ("PERIOD_START", raster.period[0]),
        ("PERIOD_END", raster.period[1]),
        ("MASK", raster.mask),
        ("LICENCE", product.licence or None),
    ):
        if text is not None:
            tags[f"DAOMAP_{name}"] = text
    if product.kind == "modelled":
        tags["DAOMAP_MODELLED"] = "yes: not measured by any satellite"
    return tags


def _drop(connection: duckdb.DuckDBPyConnection, staging: Staging, name: str) -> set[tuple[str, int]]:
    source = products()[name].source_id
    gone = {
        (name, int(year))
        for (year,) in connection.execute("SELECT year FROM raster WHERE source_id = ?", [source]).fetchall()
    }
    for (run,) in connection.execute(
        "SELECT DISTINCT import_id FROM source_file WHERE source_id = ?", [source]
    ).fetchall():
        connection.execute("DELETE FROM finding WHERE import_id = ?", [run])
        connection.execute("DELETE FROM import_run WHERE import_id = ?", [run])
    for table in ("raster", "observation", "source_file", "source"):
        connection.execute(f"DELETE FROM {table} WHERE source_id = ?", [source])
    shutil.rmtree(staging.path / FOLDER / name, ignore_errors=True)
    return gone


def _modelled() -> frozenset[str]:
    return frozenset(p.id for p in products().values() if p.kind == "modelled")
