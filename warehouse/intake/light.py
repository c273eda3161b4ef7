"""The "light" reader: night light within Thailand's window, on the one lattice all years of a product share.

Of a file that holds the world only the directories and the rows of Thailand are read. What comes back are radiances: no
data is NaN, scale and offset are applied, and what is odd is counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from geo.nightlight import THAILAND, Grid, canonical
from warehouse.intake.content import Content, Tell
from warehouse.intake.faults import Refused, finding
from warehouse.intake.raster import checked_bands, crs_text, opened_raster, tags_of, window_of
from warehouse.report import Finding

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

MAX_CELLS = 40_000_000
#: Values below this are no radiance, whatever the file declares; -9999, -99 and -3.4e38 are the usual ones. What taking the
#: background off leaves below zero is a few units at most.
LOWEST = -10.0
_ABSURD = 1e30
#: Different values below `LOWEST` that may stand for "nothing"; more are numbers that ran over the end of their type.
_FILLS = 2
#: Part of the cells, and least number of them, in which one negative value must stand to be a fill and no measurement.
_REPEATED, _TIMES = 0.001, 3
#: Of values rounded so much that they repeat by themselves, negative ones above this are the background's.
_ROUNDED = -0.5
#: Degrees by which the axes of another datum may differ from WGS 84 before cells are moved: a tenth of 15 arc-seconds.
_SAME = 0.0004
#: Rows of the window read at a time.
_ROWS = 256


def read_light(
    content: Content, file: str, options: Mapping[str, Any], tell: Tell
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    """Read night light, or counts of observations, of Thailand's window.

    Parameters
    ----------
    content : Content
        A GeoTIFF with one band, or one in gzip.
    file : str
        Its name, for messages.
    options : mapping
        ``max_cells``: cells the window may have, at most and by default 40 million. ``counts``: whether the cells are counts
        of observations, of which 0 stays 0 where it is declared as no data.
    tell : callable
        Called with how far the reading is, 0 to 1.

    Returns
    -------
    pyarrow.Table, dict, list of Finding
        One column ``value``, float32, row by row from the north-west corner of the grid; NaN where there is no data. The
        facts: ``grid`` (width, height, west, north, dx, dy), ``covered`` (cells of it the file holds), ``nodata``,
        ``negative``, ``not_finite``, ``undeclared`` (cells), ``minimum``, ``maximum``, ``crs``, ``dtype``, ``declared``
        (nodata value), ``full_width``, ``full_height``, ``tags``, ``reprojected``, ``rows``.

    Raises
    ------
    Refused
        ``light.*``, ``raster.*``, ``zip.*`` or ``intake.*``.
    """
    with opened_raster(content, file, lambda part: tell(0.7 * part)) as opened:
        return _read(opened, file, options, tell)


def _read(
    opened: DatasetReader, file: str, options: Mapping[str, Any], tell: Tell
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    import numpy as np

    if opened.count != 1:
        raise Refused(finding("light.bands", file, f"{opened.count}", "1"))
    [_], _dtype = checked_bands(opened, file, {})
    _check_axes(opened, file)
    if opened.nodata == 0 and not options.get("counts"):
        # Of a night light raster most cells are zero because they are dark; as "no data" they would vanish from every sum.
        raise Refused(finding("light.nodata_zero", file, "nodata 0", "nodata -9999, NaN"))
    found: list[Finding] = []
    counts = dict.fromkeys(("nodata", "negative", "not_finite", "undeclared"), 0)
    fills: set[float] = set()
    most = min(int(options.get("max_cells", MAX_CELLS)), MAX_CELLS)
    if _in_degrees(opened):
        grid, values, covered = _window(opened, file, most, counts, fills, tell)
        repeated = drop_repeated(values)
    else:
        grid, values, covered, repeated = _warped(opened, file, most, counts, fills, tell)
        found.append(finding("light.reprojected", file, crs_text(opened)[:60], "EPSG:4326", severity="warn"))
    if len(fills) > _FILLS:
        shown = ", ".join(f"{v:g}" for v in sorted(fills)[:4])
        raise Refused(finding("light.range", file, f"{shown} ...", f">= {LOWEST:g}"))
    again = sum(repeated.values())
    counts["negative"] -= again
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise Refused(finding("light.no_values", file, "0", "> 0"))
    if opened.transform.e > 0:
        found.append(finding("raster.south_up", file, f"{opened.transform.e:g}", "< 0", severity="warn"))
    found += [
        finding("light.fill", file, f"{value:g}: {number:,}", "nodata", severity="warn")
        for value, number in repeated.items()
    ]
    for code, number, what in (
        ("raster.no_nodata", counts["not_finite"], ""),
        ("light.nodata_undeclared", counts["undeclared"], ", ".join(f"{v:g}" for v in sorted(fills)) + ": "),
        ("light.negative", counts["negative"], ""),
    ):
        if number:
            found.append(finding(code, file, f"{what}{number:,}", "0", severity="warn"))
    counts["undeclared"] += again
    scale, offset = float(opened.scales[0]), float(opened.offsets[0])
    if (scale, offset) != (1.0, 0.0):
        found.append(
            finding("light.scaled", file, f"scale {scale:g}, offset {offset:g}", "1, 0", severity="warn")
        )
    facts = {
        "format": "GeoTIFF",
        "grid": [grid.width, grid.height, grid.west, grid.north, grid.dx, grid.dy],
        "covered": covered,
        **counts,
        "minimum": float(finite.min()),
        "maximum": float(finite.max()),
        "crs": crs_text(opened)[:1000],
        "dtype": opened.dtypes[0],
        "declared": opened.nodata,
        "full_width": opened.width,
        "full_height": opened.height,
        "tags": tags_of(opened.tags()) | tags_of(opened.tags(1)),
        "description": (opened.descriptions[0] or "")[:200],
        "reprojected": bool(found and found[0].code == "light.reprojected"),
        "rows": int(values.size),
    }
    return pa.table({"value": pa.array(values.reshape(-1))}), facts, found


def _check_axes(opened: DatasetReader, file: str) -> None:
    """Refuse metres that are said to be degrees, and degrees that are said to be metres."""
    left, bottom, right, top = opened.bounds
    shown = ", ".join(f"{v:g}" for v in (left, bottom, right, top))
    x, y = max(abs(left), abs(right)), max(abs(bottom), abs(top))
    if opened.crs.is_geographic:
        if x > 540 or y > 91 or right - left > 361:
            far = y > 1000 or x > 1000
            raise Refused(
                finding("light.metres" if far else "raster.outside", file, shown, "-180, -90, 180, 90")
            )
    elif x <= 360 and y <= 90:
        raise Refused(finding("light.degrees", file, shown, crs_text(opened)[:60]))


def _in_degrees(opened: DatasetReader) -> bool:
    """Whether its axes are longitude and latitude of WGS 84, or so near that no cell has to be moved."""
    from rasterio.warp import transform

    if not opened.crs.is_geographic:
        return False
    if opened.crs.to_epsg() == 4326:
        return True
    west, south, east, north = THAILAND
    xs, ys = [west, east, east, west], [south, south, north, north]
    there = transform("EPSG:4326", opened.crs, xs, ys)
    return all(
        abs(a - b) <= _SAME
        for before, after in zip((xs, ys), there[:2], strict=True)
        for a, b in zip(before, after, strict=True)
    )


def _lattice(file: str, west: float, north: float, dx: float, dy: float, most: int) -> Grid:
    wanted = f'1" ... 0.5°, <= {most:,}'
    if max(dx, dy) > 0.5:
        raise Refused(finding("light.cell_size", file, f"{dx:g} x {dy:g}°", wanted))
    try:
        grid = canonical(west, north, dx, dy)
    except ValueError:
        raise Refused(finding("light.cell_size", file, f"{dx:g} x {dy:g}°", wanted)) from None
    if grid.width * grid.height > most:
        found = f"{dx:g} x {dy:g}°: {grid.width * grid.height:,}"
        raise Refused(finding("light.cell_size", file, found, wanted))
    return grid


def _window(
    opened: DatasetReader, file: str, most: int, counts: dict[str, int], fills: set[float], tell: Tell
) -> tuple[Grid, Any, int]:
    """The cells of a file whose lattice lies in degrees already, put where they belong."""
    import numpy as np
    from rasterio.windows import Window

    t = opened.transform
    south_up = t.e > 0
    north = t.f + opened.height * t.e if south_up else t.f
    grid = _lattice(file, t.c, north, t.a, abs(t.e), most)
    # Counted from the file's own corner with its own cell size: 0.0041666667 is 0.2 m off after 60,000 cells.
    first = round((grid.west - t.c) / t.a)
    top = round((north - grid.north) / abs(t.e))
    left, right = max(first, 0), min(first + grid.width, opened.width)
    upper, lower = max(top, 0), min(top + grid.height, opened.height)
    if left >= right or upper >= lower:
        here = ", ".join(f"{v:g}" for v in opened.bounds)
        raise Refused(finding("raster.outside", file, here, ", ".join(f"{v:g}" for v in THAILAND)))
    values = np.full(grid.shape, np.nan, np.float32)
    step = max(_ROWS, opened.block_shapes[0][0])
    for start in range(upper, lower, step):
        end = min(start + step, lower)
        # Rows counted from the north, wherever the file counts from.
        row = opened.height - end if south_up else start
        raw = opened.read(1, window=Window(left, row, right - left, end - start))
        part = _radiances(raw[::-1] if south_up else raw, opened, counts, fills)
        values[start - top : end - top, left - first : right - first] = part
        tell(0.7 + 0.3 * (end - upper) / (lower - upper))
    return grid, values, (right - left) * (lower - upper)


def _warped(
    opened: DatasetReader, file: str, most: int, counts: dict[str, int], fills: set[float], tell: Tell
) -> tuple[Grid, Any, int, dict[float, int]]:
    """The cells of a file in another projection, averaged by area onto a lattice of whole arc-seconds."""
    import numpy as np
    from rasterio.enums import Resampling
    from rasterio.warp import reproject, transform
    from rasterio.windows import Window

    window = window_of(opened, file, THAILAND)
    if window.width * window.height > most:
        found = f"{window.width:,} x {window.height:,}"
        raise Refused(finding("light.cell_size", file, found, f"<= {most:,}"))
    # How large a cell is in the middle of what will be read.
    here = opened.window_transform(window) @ (window.width / 2, window.height / 2)
    xs = [here[0], here[0] + opened.transform.a, here[0]]
    ys = [here[1], here[1], here[1] + opened.transform.e]
    longitudes, latitudes = transform(opened.crs, "EPSG:4326", xs, ys)[:2]
    high = math.dist((longitudes[0], latitudes[0]), (longitudes[2], latitudes[2]))
    wide = math.dist((longitudes[0], latitudes[0]), (longitudes[1], latitudes[1]))
    if not (math.isfinite(high) and math.isfinite(wide)):
        raise Refused(finding("raster.no_crs", file, crs_text(opened)[:60], "EPSG:n"))
    seconds = max(1, round(3600 * math.sqrt(high * wide)))
    grid = _lattice(file, -180.0, 90.0, seconds / 3600, seconds / 3600, most)
    raw = np.empty((int(window.height), int(window.width)), np.float32)
    top, left = int(window.row_off), int(window.col_off)
    for start in range(0, raw.shape[0], _ROWS):
        end = min(start + _ROWS, raw.shape[0])
        piece = opened.read(1, window=Window(left, top + start, raw.shape[1], end - start))
        raw[start:end] = _radiances(piece, opened, counts, fills)
        tell(0.7 + 0.2 * end / raw.shape[0])
    repeated = drop_repeated(raw)
    values = np.full(grid.shape, np.nan, np.float32)
    inside = np.zeros(grid.shape, np.uint8)
    shared = {
        "src_transform": opened.window_transform(window),
        "src_crs": opened.crs,
        "dst_transform": grid.transform,
        "dst_crs": "EPSG:4326",
    }
    reproject(raw, values, src_nodata=math.nan, dst_nodata=math.nan, resampling=Resampling.average, **shared)
    reproject(np.ones(raw.shape, np.uint8), inside, resampling=Resampling.nearest, **shared)
    covered = int(inside.sum())
    if not covered:
        bounds = ", ".join(f"{v:g}" for v in opened.bounds)
        raise Refused(finding("raster.outside", file, bounds, ", ".join(f"{v:g}" for v in THAILAND)))
    return grid, values, covered, repeated


def drop_repeated(values: Any) -> dict[float, int]:
    """Make no data of a negative value that stands in so many cells that nobody measured it, such as -1 and -99.

    Parameters
    ----------
    values : ndarray of float
        NaN for no data; changed in place.

    Returns
    -------
    dict of float to int
        Each such value and its cells; empty where negative values differ, as measured ones do, or are many.

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.array([0.4, -99, 1.2, -99, -0.1, -99, 3.1])
    >>> drop_repeated(cells), int(np.isnan(cells).sum())
    ({-99.0: 3}, 3)
    """
    import numpy as np

    with np.errstate(invalid="ignore"):
        below, above = values[values < 0], values[values > 0]
    if not below.size:
        return {}
    found, times = np.unique(below, return_counts=True)
    least = max(_REPEATED * int(np.isfinite(values).sum()), _TIMES - 1)
    often = times > least
    if not 0 < int(often.sum()) <= _FILLS:
        return {}
    # Numbers that were rounded repeat, those a little below zero as well.
    if np.unique(above).size < above.size / 2:
        often &= found <= _ROUNDED
        if int(often.sum()) > 1:
            return {}
    repeated = {float(v): int(n) for v, n in zip(found[often], times[often], strict=True)}
    values[np.isin(values, found[often])] = np.nan
    return repeated


def _radiances(raw: Any, opened: DatasetReader, counts: dict[str, int], fills: set[float]) -> Any:
    """Stored numbers as float32 radiances with NaN for no data; what was odd is added to `counts` and `fills`."""
    import numpy as np

    # Of light, 0 was refused; of observations it says that there were none.
    declared = opened.nodata or None
    if declared is None:
        missing = np.zeros(raw.shape, bool)
    elif math.isnan(declared):
        missing = np.isnan(raw)
    else:
        missing = raw == raw.dtype.type(declared)
    values = raw.astype(np.float64)
    if raw.dtype.kind == "f":
        odd = (~np.isfinite(raw) | (np.abs(values) > _ABSURD)) & ~missing
        counts["not_finite"] += int(odd.sum())
        values[odd] = np.nan
    values[missing] = np.nan
    values = values * float(opened.scales[0]) + float(opened.offsets[0])
    with np.errstate(invalid="ignore"):
        undeclared = values < LOWEST
        if undeclared.any() and len(fills) <= _FILLS:
            fills.update(np.unique(values[undeclared])[: _FILLS + 1].tolist())
        values[undeclared] = np.nan
        counts["negative"] += int((values < 0).sum())
    counts["nodata"] += int(missing.sum())
    counts["undeclared"] += int(undeclared.sum())
    return values.astype(np.float32)
