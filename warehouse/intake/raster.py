"""The "raster" reader: the cells of a GeoTIFF as Arrow columns, with everything known of grid and coding.

A GeoTIFF of some kilobytes may declare a hundred gigabytes; so what a read would need is worked out from the
header and compared with the limit before the first cell is asked for. GDAL gets bytes by position, never a path, and
of a file of gigabytes only what the window asked for needs.
"""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from warehouse.intake.content import Content, Tell, Unpacked, open_tiff
from warehouse.intake.faults import Refused, finding
from warehouse.intake.gdal import ALLOWED_RASTER
from warehouse.intake.kinds import content_kind, require, spoken
from warehouse.report import Finding

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

MAX_CELLS_BYTES = 512 << 20
#: A world at 15 arc-seconds in float32 has 11.6 GB. Nothing of it is kept, so this bounds time and not memory.
MAX_UNPACKED = 16 << 30
#: Cells a file may declare at all: the world at 5 arc-seconds, seven times that of the night light products.
MAX_DECLARED = 20_000_000_000
MAX_BANDS = 256
MAX_BLOCK_BYTES = 128 << 20
MAX_TAGS = 100
MAX_TAG = 1000
#: Values that stand for "nothing" although the file does not say so, below this size.
_ABSURD = -1e37


def read_raster(
    content: Content, file: str, options: Mapping[str, Any]
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    """Read a GeoTIFF, or a window of it.

    Parameters
    ----------
    content : Content
        The file: GeoTIFF, BigTIFF or cloud-optimised GeoTIFF, or one of these in gzip.
    file : str
        Its name, for messages.
    options : mapping
        ``bounds``: west, south, east, north in degrees (EPSG:4326); every cell that touches them is read.
        ``bands``: numbers of the bands, from 1; default all. ``max_bytes``: bytes the cells may take,
        at most and by default 512 MB.

    Returns
    -------
    pyarrow.Table, dict, list of Finding
        One column a band, ``b1``, ``b2`` ..., in the type of the file; row by row from the north-west corner.
        The facts, all of the window read: ``width, height, transform`` (six numbers as in ``affine.Affine``),
        ``bounds``, ``crs`` (``EPSG:n`` or WKT), ``nodata``, ``dtype``, ``count``, ``bands``, ``blocks``
        (rows, columns), ``tags``, ``band_tags``, ``descriptions``, ``units``, ``scales``, ``offsets``,
        ``not_finite`` (cells of each band that are NaN, infinite or absurdly small beside the nodata value),
        ``compression``; and of the whole file ``full_width, full_height``.

    Raises
    ------
    Refused
        ``raster.*``, ``zip.*`` or ``intake.*``.

    Notes
    -----
    Values come as stored: scale and offset are facts, not applied.
    """
    with opened_raster(content, file) as opened:
        return _read(opened, file, options, [])


@contextlib.contextmanager
def opened_raster(content: Content, file: str, tell: Tell | None = None) -> Iterator[DatasetReader]:
    """A GeoTIFF, in gzip or not, opened by position once it is known to be one.

    Parameters
    ----------
    content : Content
    file : str
        Its name, for messages.
    tell : callable, optional
        Called with the share of a gzip file gone through.

    Raises
    ------
    Refused
        ``raster.kind, raster.nodata, zip.size`` or ``intake.*``; also for what goes wrong while it is open.
    """
    inner = content
    # The name of what is inside: x.tif.gz holds x.tif.
    if require(content.pread(4096, 0), file, frozenset({"tiff", "gzip"}), "raster.kind") == "gzip":
        inner = Unpacked(content, file, most=MAX_UNPACKED, tell=tell)
        head = inner.pread(4096, 0)
        if content_kind(head) != "tiff":
            raise Refused(finding("raster.kind", file, f"gzip: {spoken(head)}", "tiff"))
    _driver_check(file)
    from rasterio.errors import RasterioError

    try:
        with open_tiff(inner) as opened:
            if opened.nodata is None and (text := _stated_nodata(inner)) is not None:
                raise Refused(finding("raster.nodata", file, text, opened.dtypes[0]))
            yield opened
    except (Refused, MemoryError):
        raise
    except (RasterioError, OSError, EOFError, zlib.error, ValueError, ArithmeticError) as error:
        raise Refused(finding("intake.unreadable", file, type(error).__name__, "GeoTIFF")) from None


def _read(
    opened: DatasetReader, file: str, options: Mapping[str, Any], found: list[Finding]
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    import numpy as np

    bands, dtype = checked_bands(opened, file, options)
    window = window_of(opened, file, options.get("bounds"))
    width, height = int(window.width), int(window.height)
    most = min(int(options.get("max_bytes", MAX_CELLS_BYTES)), MAX_CELLS_BYTES)
    need = width * height * len(bands) * dtype.itemsize
    if need > most:
        raise Refused(
            finding(
                "raster.too_large",
                file,
                f"{width} x {height} x {len(bands)} x {dtype.itemsize} = {need >> 20} MB",
                f"<= {most >> 20} MB",
            )
        )
    south_up = opened.transform.e > 0
    transform = opened.window_transform(window)
    if south_up:
        found.append(finding("raster.south_up", file, f"{opened.transform.e:g}", "< 0", severity="warn"))
        # The same cells counted from the other end.
        transform = transform @ transform.translation(0, height) @ transform.scale(1, -1)
    columns: dict[str, pa.Array] = {}
    not_finite: list[int] = []
    for band in bands:
        cells = _cells(opened, band, window, dtype)
        if south_up:
            cells = np.ascontiguousarray(cells[::-1])
        not_finite.append(_not_finite(cells, opened.nodata))
        columns[f"b{band}"] = pa.array(cells.reshape(-1))
    if any(not_finite):
        found.append(
            finding(
                "raster.no_nodata",
                file,
                f"{sum(not_finite)} (NaN, inf, < -1e37), nodata {opened.nodata}",
                "nodata",
                severity="warn",
            )
        )
    scales = [float(opened.scales[b - 1]) for b in bands]
    offsets = [float(opened.offsets[b - 1]) for b in bands]
    if any(s != 1 for s in scales) or any(o != 0 for o in offsets):
        found.append(
            finding("raster.scaled", file, f"scale {scales}, offset {offsets}"[:200], "1, 0", severity="warn")
        )
    top, left = transform.f, transform.c
    facts = {
        "format": "GeoTIFF",
        "width": width,
        "height": height,
        "full_width": opened.width,
        "full_height": opened.height,
        "count": opened.count,
        "bands": list(bands),
        "dtype": dtype.name,
        "nodata": opened.nodata,
        "crs": crs_text(opened),
        "transform": list(transform)[:6],
        "bounds": [left, top + height * transform.e, left + width * transform.a, top],
        "blocks": [list(opened.block_shapes[b - 1]) for b in bands],
        "compression": opened.compression.name.lower() if opened.compression is not None else None,
        "scales": scales,
        "offsets": offsets,
        "units": [opened.units[b - 1] for b in bands],
        "descriptions": [(opened.descriptions[b - 1] or "")[:MAX_TAG] or None for b in bands],
        "tags": tags_of(opened.tags()),
        "band_tags": [tags_of(opened.tags(b)) for b in bands],
        "not_finite": not_finite,
        "rows": width * height,
    }
    return pa.table(columns), facts, found


def checked_bands(
    opened: DatasetReader, file: str, options: Mapping[str, Any]
) -> tuple[tuple[int, ...], Any]:
    """Bands to read and their type, where the header speaks of measured values on a map."""
    import numpy as np
    from rasterio.enums import ColorInterp

    if opened.driver != "GTiff":
        raise Refused(finding("raster.kind", file, opened.driver, "GTiff"))
    if opened.count > MAX_BANDS or opened.count < 1:
        raise Refused(finding("raster.too_large", file, f"{opened.count} bands", f"<= {MAX_BANDS} bands"))
    if opened.width * opened.height > MAX_DECLARED:
        raise Refused(
            finding(
                "raster.too_large", file, f"{opened.width} x {opened.height}", f"<= {MAX_DECLARED:,} cells"
            )
        )
    if len(set(opened.dtypes)) != 1:
        raise Refused(finding("raster.kind", file, ", ".join(sorted(set(opened.dtypes))), "1 dtype"))
    try:
        dtype = np.dtype(opened.dtypes[0])
        kind_ok = dtype.kind in "iuf"
    except TypeError:
        kind_ok = False
    if not kind_ok:
        raise Refused(finding("raster.kind", file, opened.dtypes[0], "int, uint, float"))
    wanted: Sequence[Any] = options.get("bands") or range(1, opened.count + 1)
    bands = tuple(int(b) for b in wanted)
    if any(not 1 <= b <= opened.count for b in bands) or len(set(bands)) != len(bands):
        raise Refused(finding("raster.bands", file, str(list(bands)), f"1 ... {opened.count}"))
    rows, columns = opened.block_shapes[0]
    if rows * columns * dtype.itemsize > MAX_BLOCK_BYTES:
        # GDAL holds whole blocks in memory, however small the window.
        raise Refused(
            finding(
                "raster.too_large",
                file,
                f"block {columns} x {rows} x {dtype.itemsize}",
                f"<= {MAX_BLOCK_BYTES >> 20} MB",
            )
        )
    colours = {opened.colorinterp[b - 1] for b in bands}
    if ColorInterp.palette in colours or {ColorInterp.red, ColorInterp.green, ColorInterp.blue} <= colours:
        raise Refused(
            finding("raster.picture", file, ", ".join(sorted(c.name for c in colours)), "gray, undefined")
        )
    if opened.crs is None or not opened.crs.to_wkt():
        raise Refused(finding("raster.no_crs", file, "-", "EPSG:n"))
    grid = opened.transform
    if grid.is_identity or not all(map(math.isfinite, grid)) or grid.a == 0 or grid.e == 0:
        raise Refused(finding("raster.no_transform", file, str(tuple(grid)[:6]), "x, y, cell size"))
    if grid.b or grid.d or grid.a < 0:
        raise Refused(finding("raster.rotated", file, f"{grid.a:g}, {grid.b:g}, {grid.d:g}", "> 0, 0, 0"))
    nodata = opened.nodata
    if nodata is not None and dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        if not (math.isfinite(nodata) and bounds.min <= nodata <= bounds.max and nodata == int(nodata)):
            raise Refused(finding("raster.nodata", file, f"{nodata:g}", f"{bounds.min} ... {bounds.max}"))
    return bands, dtype


def window_of(opened: DatasetReader, file: str, bounds: Any) -> Window:
    """The cells that touch `bounds` (degrees), or all."""
    from rasterio.errors import CRSError, RasterioError
    from rasterio.warp import transform_bounds
    from rasterio.windows import Window

    if bounds is None:
        return Window(0, 0, opened.width, opened.height)
    west, south, east, north = (float(b) for b in bounds)
    try:
        edges = transform_bounds("EPSG:4326", opened.crs, west, south, east, north)
    except (CRSError, RasterioError) as error:
        raise Refused(finding("raster.no_crs", file, type(error).__name__, "EPSG:n")) from None
    back = ~opened.transform
    (x0, y0), (x1, y1) = back @ (edges[0], edges[1]), back @ (edges[2], edges[3])
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        raise Refused(finding("raster.outside", file, str(edges), "-"))
    # A bound on the edge between two cells belongs to one of them; rounding errors must not add a row.
    left, right = math.floor(min(x0, x1) + 1e-6), math.ceil(max(x0, x1) - 1e-6)
    top, bottom = math.floor(min(y0, y1) + 1e-6), math.ceil(max(y0, y1) - 1e-6)
    left, right = max(left, 0), min(right, opened.width)
    top, bottom = max(top, 0), min(bottom, opened.height)
    if left >= right or top >= bottom:
        here = ", ".join(f"{v:g}" for v in opened.bounds)
        raise Refused(finding("raster.outside", file, here, ", ".join(f"{v:g}" for v in edges)))
    return Window(left, top, right - left, bottom - top)


def _cells(opened: DatasetReader, band: int, window: Window, dtype: Any) -> Any:
    """One band of the window, read a row of blocks at a time so that GDAL's cache stays small."""
    import numpy as np
    from rasterio.windows import Window

    left, top = int(window.col_off), int(window.row_off)
    width, height = int(window.width), int(window.height)
    cells = np.empty((height, width), dtype)
    # At least 256 rows a call: a strip of one row would cost a call each.
    step = opened.block_shapes[band - 1][0]
    step *= max(1, 256 // step)
    row = top
    while row < top + height:
        end = min((row // step + 1) * step, top + height)
        opened.read(band, window=Window(left, row, width, end - row), out=cells[row - top : end - top])
        row = end
    return cells


def _not_finite(cells: Any, nodata: float | None) -> int:
    """Cells that are no measurement and not marked as such."""
    import numpy as np

    if cells.dtype.kind != "f":
        return 0
    odd = ~np.isfinite(cells) | (cells < _ABSURD)
    if nodata is not None:
        odd &= ~(np.isnan(cells) if math.isnan(nodata) else cells == cells.dtype.type(nodata))
    return int(odd.sum())


def _stated_nodata(content: Content) -> str | None:
    """The text of tag 42113 in the first directory. GDAL drops a value its type cannot hold without a word."""
    order: Literal["little", "big"] = "little" if content.pread(2, 0) == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(content.pread(size, at), order)

    big = number(2, 2) == 43
    word, entry, head = (8, 20, 8) if big else (4, 12, 2)
    start = number(8 if big else 4, word)
    for position in range(min(number(start, head), 1000)):
        at = start + head + entry * position
        if number(at, 2) == 42113:
            length = number(at + 4, word)
            value = at + 4 + word if length <= word else number(at + 4 + word, word)
            return content.pread(min(length, 40), value).decode("ascii", "replace").strip("\x00 ") or None
    return None


def crs_text(opened: DatasetReader) -> str:
    """The coordinate system as ``EPSG:n``, or as WKT where it has no number."""
    code = opened.crs.to_epsg()
    return f"EPSG:{code}" if code else str(opened.crs.to_wkt())


def tags_of(tags: Mapping[str, str]) -> dict[str, str]:
    """Metadata of a file or band: at most a hundred, each cut to a thousand letters."""
    return {str(k)[:MAX_TAG]: str(v)[:MAX_TAG] for k, v in list(tags.items())[:MAX_TAGS]}


def _driver_check(file: str) -> None:
    import rasterio

    with rasterio.Env() as environment:
        left = set(environment.drivers()) - ALLOWED_RASTER
    if left:
        raise Refused(
            finding(
                "intake.unconfined", file, ", ".join(sorted(left)[:10]), ", ".join(sorted(ALLOWED_RASTER))
            )
        )
