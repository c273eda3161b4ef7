"""The modelled night light in ``data/nightlight``, as one batch: what the screens of light show before any import.

It is no measurement. `warehouse.light_files` drops it, with all figures made from it, as soon as a measured product is in.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from geo.nightlight import products, read_cog
from warehouse.batch import SOURCE, SOURCE_FILE, Batch, LightRaster, import_id
from warehouse.report import ImportReport
from warehouse.snapshots import file_sha256

FOLDER = Path(__file__).resolve().parents[2] / "data" / "nightlight"
PRODUCT = "modelled"
YEARS = (2012, 2021)


def _path(folder: Path, year: int) -> Path:
    return folder / f"modelled-{year}.tif"


def modelled_id(folder: Path = FOLDER) -> str:
    """What `import_modelled` would call its batch: told by the files' hashes, without reading a cell."""
    return import_id("nightlight", {"product": PRODUCT}, [file_sha256(_path(folder, year)) for year in YEARS])


def import_modelled(folder: Path = FOLDER) -> Batch:
    """Read the pair that ships into one batch.

    Parameters
    ----------
    folder : Path
        Holds ``modelled-2012.tif`` and ``modelled-2021.tif``, made by the script beside them.

    Returns
    -------
    Batch
        Two rasters of the product ``modelled`` and its source, of the kind ``modelled``.
    """
    product = products()[PRODUCT]
    report = ImportReport(kind="nightlight")
    rasters = []
    files: dict[str, list[object]] = {name: [] for name in SOURCE_FILE.names}
    for year in YEARS:
        path = _path(folder, year)
        values, grid, tags = read_cog(path)
        sha256 = file_sha256(path)
        rasters.append(
            LightRaster(PRODUCT, year, values, grid, sha256, note=f"{tags['source']}; seed {tags['seed']}")
        )
        report.files += 1
        row = (product.source_id, path.name, sha256, path.stat().st_size, values.size)
        for name, value in zip(SOURCE_FILE.names, row, strict=True):
            files[name].append(value)
    source = {
        "source_id": product.source_id,
        "kind": product.kind,
        "publisher": product.publisher,
        "title_th": product.name_th,
        "title_en": product.name_en,
        "url": product.url,
        "licence": product.licence,
        "year": None,
        "retrieved": None,
        "cells": "published",
        "priority": product.priority,
    }
    return Batch(
        "nightlight",
        modelled_id(folder),
        report,
        sources=pa.Table.from_pylist([source], schema=SOURCE),
        files=pa.table(files, schema=SOURCE_FILE),
        rasters=rasters,
    )
