"""Pictures of night light: paletted PNG files of one year, or of the difference of two, made when a browser asks.

Rows are resampled to Web Mercator, so that a picture laid on the map by its corners lies right everywhere. An address names
everything a picture depends on, and `PICTURES` for the rules; it never goes out of date and may be kept for good.
"""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from analytics.light_scale import difference_scale_of, scale_of
from geo.nightlight import Grid, products
from warehouse.computed_layers import Kept
from warehouse.light_files import raster_file
from warehouse.query import published_file, shared
from warehouse.report import QueryError
from warehouse.snapshots import StoreError

PICTURES: Final = 2
"""Raised whenever the same address would give another picture: scales, colours, sizes. Browsers keep what they got."""

EMPTY: Final = 0
"""Colour number of what has no data; transparent."""
DARK: Final = 1
"""Colour number of what has data and is not lit: transparent on the map, the ground in a close-up."""
FIRST: Final = 2
LIGHT_COLOURS: Final = 254
DIFFERENCE_COLOURS: Final = 253

RGB = tuple[int, int, int]
Box = tuple[float, float, float, float]
Numbers = NDArray[np.uint8]

_CLOSE_UP = 1200  # pixels of its longer side
_WHOLE = 2000  # at least about as wide: coarse cells keep sharp edges and lie right
_LARGEST_STEP = 24
_MARGIN = 0.04
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")
_AREA = re.compile(r"TH|\d{2}(?:\d{2}){0,2}")
THEMES: Final = ("light", "dark")


@dataclass(frozen=True, slots=True)
class ImageName:
    """What the address of a picture names, checked.

    Attributes
    ----------
    years : tuple of int
        One year, or the earlier and the later of a difference.
    area : str or None
        Code of the area whose box is shown close up; None for the whole raster as it is laid on the map.
    theme : str
        ``light`` or ``dark``.
    """

    product: str
    years: tuple[int, ...]
    area: str | None = None
    theme: str = "light"


def image_url(
    snapshot: str, product: str, years: Sequence[int], *, area: str | None = None, theme: str = "light"
) -> str:
    """Address of a picture.

    Parameters
    ----------
    years : sequence of int
        One year, or two for the difference of the second and the first (common era).
    area : str, optional
        Show the box of this area close up, with its dark ground.
    theme : str
        Counts for differences: the colour of no change is that of the ground.

    Raises
    ------
    ValueError
        For what `read_name` would not read back.

    Examples
    --------
    >>> image_url("snap-000001-0123456789ab", "modelled", [2012, 2021], theme="dark")
    '/lights/snap-000001-0123456789ab/modelled/2012-2021.png?v=2&theme=dark'
    """
    name = "-".join(str(year) for year in years)
    query = {"v": str(PICTURES)} | ({"area": area} if area is not None else {})
    query |= {"theme": theme} if theme != "light" and len(years) > 1 else {}
    if read_name(product, name, query) is None:
        raise ValueError(
            f"picture: found product {product!r}, years {list(years)}, area {area!r}, theme {theme!r}; expected a known product, "
            "one year or two rising ones, a code of 2, 4 or 6 digits or TH, and light or dark"
        )
    return f"/lights/{snapshot}/{product}/{name}.png?" + "&".join(f"{k}={v}" for k, v in query.items())


def read_name(product: str, name: str, query: dict[str, str]) -> ImageName | None:
    """What the parts of an address name; None for anything that is not exactly such an address.

    Parameters
    ----------
    product, name : str
        ``modelled`` and ``2012`` or ``2012-2021``.
    query : dict of str to str
        ``v``, ``area``, ``theme`` and nothing else.
    """
    years = _YEARS.fullmatch(name)
    area = query.get("area")
    theme = query.get("theme", "light")
    if (
        years is None
        or not name.isascii()
        or product not in products()
        or set(query) - {"v", "area", "theme"}
    ):
        return None
    if query.get("v", str(PICTURES)) != str(PICTURES) or theme not in THEMES:
        return None
    if area is not None and (_AREA.fullmatch(area) is None or not area.isascii()):
        return None
    wanted = tuple(int(year) for year in years.groups() if year is not None)
    if len(wanted) == 2 and wanted[0] >= wanted[1]:
        return None
    return ImageName(product, wanted, area, theme)


# ------------------------------------------------------------------------------------------------------------
# Where a picture lies


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))


def _window(grid: Grid, box: Box | None) -> tuple[int, int, int, int]:
    """First and last + 1 row and column of the cells that show a box with a margin around it."""
    if box is None:
        return 0, grid.height, 0, grid.width
    west, south, east, north = box
    margin = max((east - west) * _MARGIN, (north - south) * _MARGIN, 2 * max(grid.dx, grid.dy))
    hair = 1e-6  # of a cell: 0.1 degrees is no whole number of binary digits
    left = math.floor((west - margin - grid.west) / grid.dx + hair)
    right = math.ceil((east + margin - grid.west) / grid.dx - hair)
    top = math.floor((grid.north - north - margin) / grid.dy + hair)
    bottom = math.ceil((grid.north - south + margin) / grid.dy - hair)
    left, top = min(max(left, 0), grid.width - 1), min(max(top, 0), grid.height - 1)
    return top, min(max(bottom, top + 1), grid.height), left, min(max(right, left + 1), grid.width)


def image_bounds(grid: Grid, box: Box | None = None) -> Box:
    """Outer edges of a picture in degrees (EPSG:4326), for laying it on the map.

    Parameters
    ----------
    grid : Grid
    box : tuple of float, shape (4,), optional
        West, south, east, north of the area shown close up; None for the whole raster.

    Returns
    -------
    tuple of float
        West, south, east, north: whole cells.

    Examples
    --------
    >>> image_bounds(Grid(10, 10, 100.0, 15.0, 0.1, 0.1), (100.5, 14.5, 100.5, 14.5))
    (100.3, 14.3, 100.7, 14.7)
    """
    top, bottom, left, right = _window(grid, box)
    edges = (
        grid.west + left * grid.dx,
        grid.north - bottom * grid.dy,
        grid.west + right * grid.dx,
        grid.north - top * grid.dy,
    )
    return tuple(round(edge, 9) for edge in edges)  # type: ignore[return-value]


def mercator_rows(bounds: Box, rows: int, grid: Grid) -> NDArray[np.intp]:
    """Row of the grid that each row of a picture shows, its rows evenly spaced in Web Mercator.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north of the picture in degrees.
    rows : int
        Rows of the picture.
    """
    south, north = _mercator(bounds[1]), _mercator(bounds[3])
    middle = north - (np.arange(rows) + 0.5) * ((north - south) / rows)
    latitude = np.degrees(2 * np.arctan(np.exp(middle)) - np.pi / 2)
    found = np.floor((grid.north - latitude) / grid.dy)
    return np.clip(found, 0, grid.height - 1).astype(np.intp)


# ------------------------------------------------------------------------------------------------------------
# From cells to bytes


def light_numbers(values: NDArray[Any], *, unit: str, threshold: float) -> Numbers:
    """Colour numbers of one year: `EMPTY`, `DARK`, or `FIRST` and up.

    Parameters
    ----------
    values : ndarray of float, any shape
        NaN for no data.
    threshold : float
        A cell is lit above it.
    """
    out = np.full(values.shape, DARK, dtype=np.uint8)
    out[np.isnan(values)] = EMPTY
    lit = values > threshold
    out[lit] = (scale_of(unit).index(values[lit], LIGHT_COLOURS) + FIRST).astype(np.uint8)
    return out


def difference_numbers(before: NDArray[Any], after: NDArray[Any], *, unit: str, threshold: float) -> Numbers:
    """Colour numbers of the later year less the earlier one, of cells that are lit in at least one.

    Parameters
    ----------
    before, after : ndarray of float, same shape
        NaN for no data; what lacks one of the two has none.
    threshold : float
        As for `light_numbers`.
    """
    out = np.full(before.shape, DARK, dtype=np.uint8)
    out[np.isnan(before) | np.isnan(after)] = EMPTY
    lit = (out == DARK) & ((before > threshold) | (after > threshold))
    change = after[lit].astype(np.float64) - before[lit]
    out[lit] = (difference_scale_of(unit).index(change, DIFFERENCE_COLOURS) + FIRST).astype(np.uint8)
    return out


def encode(
    numbers: Numbers, grid: Grid, colours: Sequence[RGB], *, box: Box | None = None, ground: RGB | None = None
) -> bytes:
    """A PNG of colour numbers.

    Parameters
    ----------
    numbers : ndarray of uint8, shape (grid.height, grid.width)
    colours : sequence of RGB, at most 254
        Of `FIRST` and up.
    box : tuple of float, optional
        As for `image_bounds`.
    ground : RGB, optional
        Colour of `DARK`; None leaves it transparent.

    Returns
    -------
    bytes
        Paletted PNG whose pixels are whole parts of a cell from west to east and evenly spaced in Web Mercator from north
        to south.
    """
    top, bottom, left, right = _window(grid, box)
    bounds = image_bounds(grid, box)
    columns = right - left
    tall = (_mercator(bounds[3]) - _mercator(bounds[1])) / math.radians(bounds[2] - bounds[0])
    if box is None:
        step = max(1, round(_WHOLE / columns))
    else:
        step = max(1, min(_LARGEST_STEP, int(_CLOSE_UP / max(columns, columns * tall))))
    # As high as wide on the map, and no row of cells left out.
    rows = max(round(columns * step * tall), bottom - top)
    shown = numbers[mercator_rows(bounds, rows, grid), left:right]
    picture = Image.fromarray(np.repeat(shown, step, axis=1))
    # Seen from afar the browser mixes neighbours: what is clear takes the colour nearest to nothing, and leaves no dark rim.
    clear = colours[len(colours) // 2] if len(colours) == DIFFERENCE_COLOURS else colours[0]
    palette = [ground or clear, ground or clear, *colours]
    picture.putpalette([channel for colour in palette for channel in colour])
    alpha = bytes([0, 255 if ground is not None else 0]) + b"\xff" * len(colours)
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=alpha, compress_level=6)
    return file.getvalue()


# ------------------------------------------------------------------------------------------------------------
# Of a snapshot

_numbers: Kept[tuple[Numbers, Grid]] = Kept(96_000_000, lambda kept: kept[0].nbytes)
_pictures: Kept[bytes] = Kept(48_000_000, len)
# A difference of the whole country takes 270 MB while it is made, so one at a time.
_WORKING = threading.BoundedSemaphore(1)


def light_image(
    snapshots: Path, snapshot: str, name: ImageName, colours: Sequence[RGB], ground: RGB
) -> bytes | None:
    """The PNG behind the address of a picture.

    Parameters
    ----------
    snapshots : Path
        `Store.snapshots`.
    snapshot : str
        From outside, and matched whole.
    name : ImageName
        From `read_name`.
    colours : sequence of RGB
        `LIGHT_COLOURS` of them for one year, `DIFFERENCE_COLOURS` for two.
    ground : RGB
        Of dark land in a close-up.

    Returns
    -------
    bytes or None
        None where the snapshot has no such raster or area, or the two years lie on different grids. Threads that ask at the
        same time wait for one computation.
    """
    # Looked up every time, so that nothing is handed out of a snapshot that is gone or damaged.
    files = [published_file(snapshots, snapshot, raster_file(name.product, year)) for year in name.years]
    if any(file is None for file in files):
        return None
    about = products()[name.product]

    def numbers() -> tuple[Numbers, Grid]:
        light = shared(snapshots, snapshot).lights
        source, last = about.source_id, name.years[-1]
        values, grid = light.cells(source, last)
        if len(name.years) == 1:
            return light_numbers(values, unit=about.unit, threshold=light.rule(source, last).threshold), grid
        before, other = light.cells(source, name.years[0])
        if other != grid:
            raise QueryError("สองปีนี้มีตารางเซลล์ต่างกัน", "the two years lie on different grids")
        # Where the background was not removed, what is lit stands clear of it in both years, as in the numbers.
        rule = light.rule(source, last) if about.masked else light.compared_rule(source, name.years[0], last)
        return difference_numbers(before, values, unit=about.unit, threshold=rule.threshold), grid

    def make() -> bytes:
        box = None
        if name.area is not None:
            house = shared(snapshots, snapshot)
            house.area(name.area)
            box = house.bounds(name.area)
            if box is None:
                raise QueryError("พื้นที่นี้ไม่มีขอบเขต", "this area has no polygon")
        with _WORKING:
            cells, grid = _numbers.get((snapshots, snapshot, name.product, name.years), numbers)
            return encode(cells, grid, colours, box=box, ground=None if box is None else ground)

    key = (snapshots, snapshot, name, tuple(colours), ground)
    try:
        return _pictures.get(key, make)
    except (QueryError, StoreError):
        return None
