"""Night light a person brings: official rasters, tiles of them, and points on an even grid, as rasters to publish.

What a file is, its official name says, or the tags inside; a command may say otherwise, and then both are told. Nothing is
guessed from the values. A file that contradicts what it is said to be is refused, and with it the whole import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.boundaries import embedded_provinces
from geo.nightlight import (
    COVERAGE_BANDS,
    NO_COUNT,
    THAILAND,
    Grid,
    Product,
    Recognised,
    assumed_period,
    canonical,
    inside,
    products,
    recognise,
)
from warehouse.batch import OTHER_CELLS, PERIOD_ASSUMED, SOURCE, SOURCE_FILE, Batch, LightRaster, import_id
from warehouse.intake import Intake, Job, Result
from warehouse.intake.faults import finding
from warehouse.intake.light import LOWEST, MAX_CELLS, drop_repeated
from warehouse.intake.text import ROW
from warehouse.report import Finding, ImportReport

Progress = Callable[[int, int, str], None]

#: A world at 15 arc-seconds in float32 has 11.6 GB as it stands.
MAX_BYTES: Final = 16 << 30
#: A table is read into memory as a whole.
MAX_TABLE_BYTES: Final = 256 << 20
#: Seconds one file may take: a world in gzip is unpacked once from end to end.
TIMEOUT: Final = 1800.0
#: Radiance in nW/cm2/sr above which a value is no light. Gas flares reach some thousands; 32,767 and 65,535 are fill values
#: that were never declared.
HIGHEST: Final = 30_000.0
_DN: Final = (0.0, 63.0)
_MONTHLY: Final = "viirs-dnb-monthly"
#: Share of Thailand's land below which a person is told that the files hold a part of it. Coarse cells along the coast are
#: left out by some publishers.
_PART: Final = 0.99
_STEPS: Final = 1000

_LONGITUDE: Final = ("lon", "longitude", "long", "x", "lng")
_LATITUDE: Final = ("lat", "latitude", "y")
_VALUE: Final = (
    "radiance", "mean_ntl", "ntl", "avg_rad", "average", "average_masked", "median", "value", "light", "mean", "dn", "b1",
)  # fmt: skip
_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_POINT: Final = (
    r'"type"\s*:\s*"Point"\s*,\s*"coordinates"\s*:\s*\[\s*(?P<x>[-+.0-9eE]+)\s*,\s*(?P<y>[-+.0-9eE]+)\s*\]'
)
_EMPTY: Final = ("", "na", "nan", "null", "none", "-")


@dataclass(slots=True)
class _Read:
    """One file, read and understood as far as it can be."""

    path: Path
    sha256: str
    size: int
    grid: Grid
    values: NDArray[np.float32]
    covered: int
    counts: Mapping[str, int]
    told: Recognised
    product: Product | None = None
    year: int | None = None
    period: tuple[str | None, str | None] = (None, None)
    assumed: bool = False
    reprojected: bool = False
    eight_bit: bool = False


def read_nightlight(
    paths: Sequence[Path],
    intake: Intake,
    *,
    year: int | None = None,
    product: str | None = None,
    observations: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Batch:
    """Read night light of one or more years; several files of one year are tiles of it.

    Parameters
    ----------
    paths : sequence of Path
        GeoTIFF, the same in gzip, or CSV of points on an even grid; a folder stands for the files in it. A file whose official
        name says that it counts observations (``cf_cvg``) goes with the raster of its year.
    intake : Intake
        Opens the files. For a world it has to allow `MAX_BYTES` and `TIMEOUT`.
    year : int, optional
        Common era; for all files, in place of what their names say.
    product : str, optional
        Id in ``geo/nightlight.toml``, in place of what the names say.
    observations : sequence of Path
        Rasters of cloud-free observations.
    progress : callable, optional
        Called as ``progress(done, total, text)``.

    Returns
    -------
    Batch
        ``rasters``, one a product and year, and their sources. Empty when ``batch.report.refused``.
    """
    report = ImportReport(kind="nightlight")
    files = _files(paths)
    counting = _files(observations)
    if not files:
        report.add(finding("light.nothing", "-", "0", "> 0"))
    read: list[_Read] = []
    counted: list[_Read] = []
    hashes: list[str] = []
    every = [*files, *counting]
    jobs = [_job(path, at, len(every), at >= len(files), progress) for at, path in enumerate(every)]
    for number, result in enumerate(intake.read(jobs)):
        report.files += 1
        hashes.append(str(result.facts.get("sha256", "")))
        for found in result.findings:
            report.add(found)
        one = _understood(result, report) if result.table is not None else None
        if one is not None:
            report.rows_read += one.covered
            report.rows_accepted += one.covered
            counts = number >= len(files) or one.told.band in COVERAGE_BANDS
            (counted if counts else read).append(one)
        if progress is not None:
            progress(_STEPS * (number + 1), _STEPS * len(every), result.job.path.name)
    if year is not None:
        told = {one.told.year for one in read if one.told.year is not None}
        if len(told) > 1:
            names = ", ".join(map(str, sorted(told)))
            report.add(finding("light.year_several", files[0].name, names, str(year)))
    for one in read:
        _settle(one, year, product, report)
    rasters = [] if report.refused else _rasters(read, report)
    booked = [(one, one.product) for one in read if one.product is not None]
    if not report.refused:
        booked += _attach(rasters, counted, report)
    # What each file was taken for is part of the import: the same bytes under the name of another year correct the year.
    options = {
        "lights": sorted(f"{one.sha256} {_shown(*_taken_for(one))}" for one in read),
        "observations": sorted(f"{one.sha256} {product_of.id}" for one, product_of in booked[len(read) :]),
    }
    batch = Batch("nightlight", import_id("nightlight", options, hashes), report)
    if report.refused:
        return batch
    report.facts["rasters"] = [_fact(raster, read) for raster in rasters]
    mine = [products()[name] for name in dict.fromkeys(raster.product for raster in rasters)]
    batch.rasters = rasters
    batch.sources = pa.Table.from_pylist([source_row(one) for one in mine], schema=SOURCE)
    batch.files = pa.Table.from_pylist(
        [
            {
                "source_id": product_of.source_id,
                "file_name": one.path.name,
                "sha256": one.sha256,
                "bytes": one.size,
                "rows": one.covered,
            }
            for one, product_of in booked
        ],
        schema=SOURCE_FILE,
    )
    return batch


def offered() -> list[str]:
    """Ids of the products a person may import: all that are not modelled."""
    return [one.id for one in products().values() if one.kind != "modelled"]


def source_row(product: Product) -> dict[str, Any]:
    """A product as a row of the table ``source``.

    Parameters
    ----------
    product : Product

    Returns
    -------
    dict
        The columns of `warehouse.batch.SOURCE`.
    """
    return {
        "source_id": product.source_id,
        "kind": product.kind,
        "publisher": product.publisher,
        "title_th": product.name_th,
        "title_en": product.name_en,
        "url": product.url or None,
        "licence": product.licence or None,
        "year": None,
        "retrieved": None,
        "cells": "published",
        "priority": product.priority,
    }


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for given in paths:
        if not given.is_dir():
            files.append(given)
            continue
        inside = sorted(p for p in given.rglob("*") if p.is_file())
        files += [
            p
            for p in inside
            if not p.name.startswith(".") and p.stem.upper() != "README" and p.suffix.lower() != ".xml"
        ]
    return list(dict.fromkeys(files))


def _job(path: Path, at: int, total: int, counts: bool, progress: Progress | None) -> Job:
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return Job("csv", path, max_bytes=MAX_TABLE_BYTES)

    def tell(part: float) -> None:
        if progress is not None:
            progress(round(_STEPS * (at + part)), _STEPS * total, path.name)

    counts = counts or recognise(path.name).band in COVERAGE_BANDS
    return Job("light", path, {"max_cells": MAX_CELLS, "counts": counts}, tell)


def _understood(result: Result, report: ImportReport) -> _Read | None:
    """A reader's answer as cells on a grid; None where it is refused."""
    name = result.job.path.name
    if result.job.kind == "csv":
        return _points(result, report)
    facts, table = result.facts, result.table
    try:
        width, height, west, north, dx, dy = facts["grid"]
        grid = Grid(int(width), int(height), float(west), float(north), float(dx), float(dy))
        # Only lattices we make ourselves, and only all of their cells.
        sound = grid == canonical(grid.west, grid.north, grid.dx, grid.dy) and table is not None
        column = table.column("value") if table is not None else None
        sound = sound and column is not None and column.type == pa.float32()
        sound = sound and len(column or ()) == grid.width * grid.height
        counts = {key: int(facts[key]) for key in ("nodata", "negative", "not_finite", "undeclared")}
        tags = {str(k): str(v) for k, v in facts["tags"].items()}
        covered = int(facts["covered"])
    except (KeyError, TypeError, ValueError, AttributeError):
        sound = False
    if not sound or column is None:
        report.add(finding("intake.answer", name, "malformed", "float32"))
        return None
    values = np.asarray(column.to_numpy(), dtype=np.float32).reshape(grid.shape)
    tags["description"] = str(facts.get("description", ""))
    return _Read(
        result.job.path,
        str(facts["sha256"]),
        int(facts["size"]),
        grid,
        values,
        covered,
        counts,
        recognise(name, tags),
        reprojected=facts.get("reprojected") is True,
        eight_bit=facts.get("dtype") in ("uint8", "int8"),
    )


def _points(result: Result, report: ImportReport) -> _Read | None:
    """Points on an even grid, from a table of text."""
    name, table = result.job.path.name, result.table
    if table is None:
        return None
    names = {column.strip().lower(): column for column in table.column_names if column != ROW}
    x, y, value = (
        next((names[word] for word in words if word in names), None)
        for words in (_LONGITUDE, _LATITUDE, _VALUE)
    )
    shape = names.get(".geo") if x is None or y is None else None
    if value is None or (shape is None and (x is None or y is None)):
        shown = ", ".join(names)[:200]
        report.add(finding("light.columns", name, shown, "lon, lat, radiance", row=1))
        return None
    rows = np.asarray(table.column(ROW).to_numpy(), dtype=np.int64)
    faults: list[Finding] = []
    if x is not None and y is not None:
        longitude = _numbers(table, x, rows, name, faults, empty=False)
        latitude = _numbers(table, y, rows, name, faults, empty=False)
    else:
        assert shape is not None
        longitude, latitude = _shapes(table, shape, rows, name, faults)
    values = _numbers(table, value, rows, name, faults, empty=True)
    for fault in faults:
        report.add(fault)
    if faults:
        return None
    laid = _laid(longitude, latitude, rows, name)
    if isinstance(laid, Finding):
        report.add(laid)
        return None
    grid, columns, lines = laid
    inside = (columns >= 0) & (columns < grid.width) & (lines >= 0) & (lines < grid.height)
    if not inside.any():
        here = (longitude.min(), latitude.min(), longitude.max(), latitude.max())
        shown = ", ".join(f"{v:g}" for v in here)
        report.add(finding("raster.outside", name, shown, ", ".join(f"{v:g}" for v in THAILAND)))
        return None
    order = np.flatnonzero(inside)
    cell = lines[order] * grid.width + columns[order]
    _, first, of = np.unique(cell, return_index=True, return_inverse=True)
    before = order[first][of]
    said, earlier = values[order], values[before]
    same = (said == earlier) | (np.isnan(said) & np.isnan(earlier))
    if again := int(((before != order) & same).sum()):
        report.repairs["point_repeated"] += again
    for at in np.flatnonzero(~same).tolist():
        shown, wanted = f"{said[at]:g}", f"{earlier[at]:g} ({int(rows[before[at]])})"
        report.add(finding("light.point_twice", name, shown, wanted, row=int(rows[order[at]]), column=value))
    laid_out = np.full(grid.width * grid.height, np.nan)
    laid_out[cell] = values[order]
    with np.errstate(invalid="ignore"):
        odd = laid_out < LOWEST
    missing = np.isnan(values[order])
    if odd.any():
        fills = ", ".join(f"{v:g}" for v in np.unique(laid_out[odd])[:4])
        shown = f"{fills}: {int(odd.sum()):,}"
        report.add(finding("light.nodata_undeclared", name, shown, "0", column=value, severity="warn"))
    laid_out[odd] = np.nan
    repeated = drop_repeated(laid_out)
    for fill, number in repeated.items():
        shown = f"{fill:g}: {number:,}"
        report.add(finding("light.fill", name, shown, "nodata", column=value, severity="warn"))
    counts = {
        "nodata": int(missing.sum()),
        "negative": int((laid_out < 0).sum()),
        "not_finite": 0,
        "undeclared": int(odd.sum()),
    }
    if counts["negative"]:
        report.add(
            finding("light.negative", name, f"{counts['negative']:,}", "0", column=value, severity="warn")
        )
    counts["undeclared"] += sum(repeated.values())
    if np.isnan(laid_out).all():
        report.add(finding("light.no_values", name, "0", "> 0", column=value))
        return None
    return _Read(
        result.job.path,
        str(result.facts["sha256"]),
        int(result.facts["size"]),
        grid,
        laid_out.astype(np.float32).reshape(grid.shape),
        first.size,
        counts,
        recognise(name),
    )


def _numbers(
    table: pa.Table, column: str, rows: NDArray[np.int64], file: str, faults: list[Finding], *, empty: bool
) -> NDArray[np.float64]:
    """A column of text as numbers, NaN where a cell may be empty and is; every other cell is a fault."""
    texts = pc.utf8_trim_whitespace(table.column(column))
    good = np.asarray(pc.match_substring_regex(texts, _NUMBER).to_numpy(zero_copy_only=False), bool)
    numbers = np.full(len(rows), np.nan)
    numbers[good] = pc.cast(texts.filter(pa.array(good)), pa.float64()).to_numpy()
    bad = ~good | np.isinf(numbers)
    if empty:
        none = pc.is_in(pc.utf8_lower(pc.fill_null(texts, "")), pa.array(_EMPTY))
        bad &= ~np.asarray(none.to_numpy(zero_copy_only=False), bool)
    for at in np.flatnonzero(bad).tolist():
        text = texts[at].as_py() or ""
        faults.append(
            finding("light.cell", file, text[:80] or '""', "0.25", row=int(rows[at]), column=column)
        )
    return numbers


def _shapes(
    table: pa.Table, column: str, rows: NDArray[np.int64], file: str, faults: list[Finding]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude from a column of GeoJSON points, as Earth Engine writes it."""
    texts = table.column(column)
    found = pc.extract_regex(texts, _POINT).combine_chunks()
    xs, ys = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for numbers, name in ((xs, "x"), (ys, "y")):
        part = pc.struct_field(found, name)
        good = pc.fill_null(pc.match_substring_regex(part, _NUMBER), False)
        numbers[np.asarray(good.to_numpy(zero_copy_only=False), bool)] = pc.cast(
            part.filter(good), pa.float64()
        )
    for at in np.flatnonzero(~(np.isfinite(xs) & np.isfinite(ys))).tolist():
        shown = (texts[at].as_py() or "")[:80] or '""'
        faults.append(
            finding("light.cell", file, shown, '{"type":"Point"}', row=int(rows[at]), column=column)
        )
    return xs, ys


def _laid(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64], rows: NDArray[np.int64], file: str
) -> tuple[Grid, NDArray[np.int64], NDArray[np.int64]] | Finding:
    """The grid whose cell centres the points are, with the column and row of each; a finding where there is none."""
    steps = []
    for axis in (longitude, latitude):
        places = np.unique(axis)
        apart = np.diff(places)
        # Rounding in the tenth decimal makes two places of one.
        apart = apart[apart > 1e-6]
        if not apart.size:
            return finding("light.irregular", file, f"{places[0]:g}", "2, 3 ...", row=int(rows[0]))
        step = float(np.median(apart))
        count = round(float(places[-1] - places[0]) / step)
        steps.append(float(places[-1] - places[0]) / max(count, 1))
    dx, dy = steps
    numbers = []
    for axis, step, start in (
        (longitude, dx, float(longitude.min())),
        (latitude, dy, float(latitude.min())),
    ):
        number = (axis - start) / step
        off = np.abs(number - np.round(number))
        worst = int(off.argmax())
        if off[worst] > 0.02:
            return finding(
                "light.irregular",
                file,
                f"{axis[worst]:.6g}",
                f"{start:g} + n × {step:g}",
                row=int(rows[worst]),
            )
        numbers.append(np.round(number).astype(np.int64))
    west, south = float(longitude.min()) - dx / 2, float(latitude.min()) - dy / 2
    wanted = f'1" ... 0.5°, <= {MAX_CELLS:,}'
    try:
        grid = canonical(west, south, dx, dy)
        fits = max(dx, dy) <= 0.5 and grid.width * grid.height <= MAX_CELLS
    except ValueError:
        fits = False
    if not fits:
        return finding("light.cell_size", file, f"{dx:g} x {dy:g}°", wanted)
    columns = numbers[0] + round((west - grid.west) / grid.dx)
    # Rows are counted from the north.
    lines = round((grid.north - south) / grid.dy) - 1 - numbers[1]
    return grid, columns, lines


def _settle(one: _Read, year: int | None, product: str | None, report: ImportReport) -> None:
    """Decide what a raster is: what the command says, else what the file says."""
    name, told = one.path.name, one.told
    if told.product is None and told.how != "nothing" and product is None:
        bands = "average_masked, average, median ..."
        report.add(finding("light.no_light", name, told.band or "-", bands))
        return
    chosen = product or told.product
    if chosen is None:
        report.add(finding("light.unknown_product", name, "-", ", ".join(offered())))
        return
    if products()[chosen].kind == "modelled":
        report.add(finding("light.modelled", name, chosen, ", ".join(offered())))
        return
    one.product = products()[chosen]
    one.year = year if year is not None else told.year
    for said, used in ((told.product, chosen), (told.year, one.year)):
        if said is not None and said != used:
            report.add(finding("light.overridden", name, str(said), str(used), severity="warn"))
    if one.year is None:
        report.add(finding("light.unknown_year", name, "-", "2012"))
        return
    first, last = one.product.years
    last = min(last, datetime.now(UTC).year)
    if not first <= one.year <= last:
        report.add(finding("light.year", name, str(one.year), f"{first} ... {last}"))
    if told.year == one.year and not told.assumed:
        one.period = (_iso(told.start), _iso(told.end))
    if one.period[0] is None:
        start, end = assumed_period(one.product.id, one.year)
        one.period, one.assumed = (_iso(start), _iso(end)), start is not None
    if one.product.id == _MONTHLY and one.period[0] is None:
        report.add(finding("light.month", name, "-", f"{one.year}-03"))
    low, high = float(np.nanmin(one.values)), float(np.nanmax(one.values))
    whole = one.values[np.isfinite(one.values)]
    if one.product.unit != "DN" and low >= 0 and 1 < high <= _DN[1] and not (whole % 1).any():
        shown = f"{low:g}, {low + 1:g} ... {high:g}"
        report.add(finding("light.units", name, shown, one.product.unit, severity="warn"))
    elif one.product.unit != "DN" and one.eight_bit and not (whole % 1).any():
        shown = f"8 bit, {low:g} ... {high:g}"
        report.add(finding("light.eight_bit", name, shown, one.product.unit, severity="warn"))
    if _other_cells(one):
        shown = f"{one.grid.dx:.6g} x {one.grid.dy:.6g}°"
        report.add(finding("light.other_cells", name, shown, f"{one.product.pixel:.6g}°", severity="warn"))
    if low == high:
        report.add(finding("light.constant", name, f"{low:g}", "0 ... 100"))
    least, most = _DN if one.product.unit == "DN" else (-float("inf"), HIGHEST)
    if low < least or high > most:
        wanted = f"{max(least, LOWEST):g} ... {most:g} {one.product.unit}"
        report.add(finding("light.range", name, f"{low:g} ... {high:g}", wanted))


def _iso(day: Any) -> str | None:
    return day.isoformat() if day is not None else None


def _rasters(read: Sequence[_Read], report: ImportReport) -> list[LightRaster]:
    """One raster a product and year; files of one are laid together where they do not contradict each other."""
    together: dict[tuple[str, int], list[_Read]] = {}
    for one in read:
        assert one.product is not None and one.year is not None
        together.setdefault((one.product.id, one.year), []).append(one)
    rasters = []
    for (name, year), tiles in sorted(together.items()):
        first = tiles[0]
        values = _laid_together(tiles, f"{name} {year}", report)
        share = _land_share(values, first.grid)
        if share == 0:
            report.add(finding("light.no_values", first.path.name, "0 %", "> 0 %"))
        elif share < _PART:
            report.add(
                finding("light.part", first.path.name, f"{100 * share:.1f} %", "100 %", severity="warn")
            )
        rasters.append(
            LightRaster(
                product=name,
                year=year,
                values=values,
                grid=first.grid,
                # Of several tiles all hashes, so that replacing the raster replaces each of them.
                sha256=" ".join(tile.sha256 for tile in tiles),
                period=first.period,
                mask=first.told.mask,
                not_finite=sum(tile.counts["not_finite"] + tile.counts["undeclared"] for tile in tiles),
                note="; ".join(_notes(tiles)) or None,
            )
        )
    _same_bytes(rasters, read, report)
    return rasters


def _same_bytes(rasters: Sequence[LightRaster], read: Sequence[_Read], report: ImportReport) -> None:
    """Refuse one file under the names of two years: one of the names is wrong."""
    years: dict[tuple[str, str], int] = {}
    for raster in rasters:
        before = years.setdefault((raster.product, raster.sha256), raster.year)
        if before != raster.year:
            name = next(
                one.path.name for one in read if one.sha256 in raster.sha256 and one.year == raster.year
            )
            report.add(finding("light.same_bytes", name, f"{raster.product}: {before} = {raster.year}", "2"))


def _laid_together(tiles: Sequence[_Read], what: str, report: ImportReport) -> NDArray[np.float32]:
    """The cells of files that are tiles of one raster, on the grid of the first; those that contradict it are told."""
    first = tiles[0]
    values = first.values.copy() if len(tiles) > 1 else first.values
    for tile in tiles[1:]:
        if tile.grid != first.grid:
            shown, wanted = f"{tile.grid.dx:g}° {tile.grid.id}", f"{first.grid.dx:g}° {first.grid.id}"
            report.add(finding("light.grid", tile.path.name, shown, f"{wanted} ({first.path.name})"))
            continue
        both = np.isfinite(values) & np.isfinite(tile.values)
        if (values[both] != tile.values[both]).any() or tile.period != first.period:
            shown = f"{what}: {tile.told.mask or '-'} {tile.period[0] or ''}..{tile.period[1] or ''}"
            wanted = f"{first.path.name}: {first.told.mask or '-'} {first.period[0] or ''}..{first.period[1] or ''}"
            report.add(finding("light.conflict", tile.path.name, shown, wanted))
            continue
        np.copyto(values, tile.values, where=np.isnan(values))
    return values


def _notes(tiles: Sequence[_Read]) -> list[str]:
    notes = [] if len(tiles) == 1 else [f"{len(tiles)} files"]
    first = tiles[0]
    if first.assumed:
        notes.append(PERIOD_ASSUMED)
    if _other_cells(first) and first.product is not None:
        notes.append(f"{OTHER_CELLS} {first.grid.dx:.6g} {first.product.pixel:.6g}")
    return notes


def _other_cells(one: _Read) -> bool:
    """Whether the cells are not those the product is published with, so that somebody made others of them."""
    if one.product is None or one.product.kind == "user" or one.reprojected:
        return False
    pixel = one.product.pixel
    return max(abs(one.grid.dx / pixel - 1), abs(one.grid.dy / pixel - 1)) > 0.01


def _land_share(values: NDArray[np.float32], grid: Grid) -> float:
    """Share of the cells whose centre lies on Thailand's land that have a value."""
    land = _land(grid)
    return float(np.isfinite(values[land]).mean()) if land.any() else 0.0


@lru_cache(maxsize=2)
def _land(grid: Grid) -> NDArray[np.bool_]:
    return inside(embedded_provinces().geometry, grid)


def _attach(
    rasters: Sequence[LightRaster], counted: Sequence[_Read], report: ImportReport
) -> list[tuple[_Read, Product]]:
    """Put counts of observations beside the light they belong to; return whose light each file went with."""
    together: dict[tuple[int, ...], list[_Read]] = {}
    for one in counted:
        mine = _lights_of(one, rasters)
        if not mine:
            wanted = ", ".join(_shown(r.product, r.year, r.period, r.mask) for r in rasters) or "-"
            told = one.told
            found = _shown(told.family or "", told.year, (_iso(told.start), _iso(told.end)), told.mask)
            report.add(finding("light.observations", one.path.name, found, wanted))
            continue
        low, high = float(np.nanmin(one.values)), float(np.nanmax(one.values))
        if not (low >= 0 and high < NO_COUNT):
            report.add(
                finding("light.range", one.path.name, f"{low:g} ... {high:g}", f"0 ... {NO_COUNT - 1}")
            )
            continue
        together.setdefault(tuple(mine), []).append(one)
    booked = []
    for places, tiles in together.items():
        values = _laid_together(tiles, "observations", report)
        for raster in (rasters[place] for place in places):
            if raster.grid != tiles[0].grid:
                grid = tiles[0].grid
                shown, wanted = f"{grid.dx:g}° {grid.id}", f"{raster.grid.dx:g}° {raster.grid.id}"
                report.add(finding("light.observations_grid", tiles[0].path.name, shown, wanted))
                continue
            if raster.observations is not None:
                shown = _shown(raster.product, raster.year, raster.period, raster.mask)
                report.add(finding("light.conflict", tiles[0].path.name, shown, "1"))
                continue
            raster.observations = np.where(np.isnan(values), NO_COUNT, np.round(values)).astype(np.uint16)
            bare = np.isfinite(raster.values) & np.isnan(values) & _land(raster.grid)
            if bare.any():
                share = 100 * float(bare.sum()) / float(_land(raster.grid).sum())
                code, name = "light.observations_part", tiles[0].path.name
                report.add(finding(code, name, f"{100 - share:.1f} %", "100 %", severity="warn"))
            booked += [(tile, products()[raster.product]) for tile in tiles]
    return booked


def _lights_of(one: _Read, rasters: Sequence[LightRaster]) -> list[int]:
    """Which rasters counts belong to: those that nothing in the counts' name speaks against, of one product and year."""
    told, found = one.told, []
    for place, raster in enumerate(rasters):
        period = (_iso(told.start), _iso(told.end))
        stated = PERIOD_ASSUMED not in (raster.note or "") and not told.assumed
        if told.family not in (None, products()[raster.product].family):
            continue
        if told.year not in (None, raster.year):
            continue
        if stated and None not in (*period, *raster.period) and period != raster.period:
            continue
        if told.mask and raster.mask and told.mask != raster.mask:
            continue
        found.append(place)
    meant = {(products()[rasters[place].product].family, rasters[place].year) for place in found}
    return found if len(meant) == 1 else []


def _taken_for(one: _Read) -> tuple[str, int | None, tuple[str | None, str | None], str | None]:
    return one.product.id if one.product is not None else "", one.year, one.period, one.told.mask


def _shown(product: str, year: int | None, period: tuple[str | None, str | None], mask: str | None) -> str:
    days = f"{period[0]}..{period[1]}" if period[0] else ""
    return " ".join(str(word) for word in (product, year, days, mask) if word) or "-"


def _fact(raster: LightRaster, read: Sequence[_Read]) -> dict[str, Any]:
    """What the report says of a raster."""
    product, grid = products()[raster.product], raster.grid
    mine = [one for one in read if one.product is product and one.year == raster.year]
    counts = {key: sum(one.counts[key] for one in mine) for key in ("nodata", "negative", "not_finite")}
    return {
        "product": product.id,
        "name_th": product.name_th,
        "name_en": product.name_en,
        "how": mine[0].told.how,
        "year": raster.year,
        "period": list(raster.period),
        "period_assumed": mine[0].assumed,
        "mask": raster.mask,
        "unit": product.unit,
        "lit_threshold": product.lit_threshold,
        "sensor": product.sensor(raster.year),
        "window": [round(v, 6) for v in grid.bounds],
        "pixel_degrees": [grid.dx, grid.dy],
        "pixel_published": product.pixel if _other_cells(mine[0]) else None,
        "cells": grid.width * grid.height,
        "covered": sum(one.covered for one in mine),
        "land_share": _land_share(raster.values, grid),
        **counts,
        "undeclared": sum(one.counts["undeclared"] for one in mine),
        "minimum": float(np.nanmin(raster.values)),
        "maximum": float(np.nanmax(raster.values)),
        "observations": raster.observations is not None,
        "files": [one.path.name for one in mine],
    }
