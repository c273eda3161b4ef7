"""Night light rasters: the lattice they lie on, the products they come from, and their cloud-optimised files.

A `Grid` is the window of one lattice that covers Thailand; all years of a product lie on the same one, so a cell
number means the same place in each. `products` reads ``nightlight.toml``, and `recognise` tells from an official file
name and the tags inside which product, year and period a raster is.
"""

from __future__ import annotations

import hashlib
import math
import re
import struct
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from shapely.geometry.base import BaseGeometry

THAILAND: Final = (97.2, 5.5, 105.8, 20.6)
"""West, south, east, north in degrees: the only window that is ever read."""

PRODUCTS_FILE: Final = Path(__file__).with_name("nightlight.toml")
KINDS: Final = ("official", "open", "user", "modelled")
UNITS: Final = ("nW/cm²/sr", "DN")
NO_COUNT: Final = 65_535
"""Stands in a raster of observations for a cell of which nothing is known; 0 are no observations."""
OWN_THRESHOLD: Final = 0.5
"""Radiance above which a cell of a product with background counts as lit; Daomap's own choice."""

TILE: Final = 256
_WGS84 = (6378137.0, 1 / 298.257223563)
# Fraction of a cell by which a lattice may be moved to lie where its numbers are round: 5 m of a 15" cell.
_PHASE_TOLERANCE = 0.01


@dataclass(frozen=True)
class Grid:
    """A lattice of cells in EPSG:4326, north up.

    Attributes
    ----------
    width, height : int
        Columns and rows; cell number = row * width + column, row 0 is the northernmost.
    west, north : float
        Outer edges in degrees.
    dx, dy : float
        Size of a cell in degrees, both positive.
    """

    width: int
    height: int
    west: float
    north: float
    dx: float
    dy: float

    def __post_init__(self) -> None:
        numbers = (self.west, self.north, self.dx, self.dy)
        if self.width < 1 or self.height < 1 or not all(map(math.isfinite, numbers)):
            raise ValueError(f"not a grid: {self}")
        if self.dx <= 0 or self.dy <= 0:
            raise ValueError(f"the size of a cell is positive: {self.dx}, {self.dy}")

    @cached_property
    def id(self) -> str:
        """Twelve hexadecimal digits that are the same for the same six numbers."""
        packed = struct.pack("<qqdddd", self.width, self.height, self.west, self.north, self.dx, self.dy)
        return hashlib.sha256(packed).hexdigest()[:12]

    @property
    def transform(self) -> Affine:
        """From (column, row) to (longitude, latitude) of a cell's north-west corner."""
        return Affine(self.dx, 0.0, self.west, 0.0, -self.dy, self.north)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        return (
            self.west,
            self.north - self.height * self.dy,
            self.west + self.width * self.dx,
            self.north,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns: the shape of an array of its cells."""
        return (self.height, self.width)

    def row_km2(self) -> NDArray[np.float64]:
        """Area of one cell of each row on the WGS 84 ellipsoid.

        Returns
        -------
        ndarray of float64, shape (height,)
            Square kilometres. Exact for a cell between two parallels and two meridians.

        Notes
        -----
        The area between the equator and a latitude is b²/2 · (sin φ / (1 - e² sin² φ) + artanh(e sin φ) / e) for each
        radian of longitude (Snyder 1987, "Map Projections", equation 3-12).

        Examples
        --------
        >>> third = 15 / 3600
        >>> round(float(Grid(1, 1, 100.0, 13.75, third, third).row_km2()[0]), 4)
        0.2077
        """
        a, f = _WGS84
        e2 = f * (2 - f)
        e = math.sqrt(e2)
        sine = np.sin(np.radians(self.north - self.dy * np.arange(self.height + 1, dtype=np.float64)))
        below = (a * a * (1 - e2) / 2) * (sine / (1 - e2 * sine**2) + np.arctanh(e * sine) / e)
        area: NDArray[np.float64] = (below[:-1] - below[1:]) * math.radians(self.dx) / 1e6
        return area


def canonical(west: float, north: float, dx: float, dy: float) -> Grid:
    """The cells of a lattice that cover Thailand, whatever window of the lattice a file holds.

    Parameters
    ----------
    west, north : float
        Any corner of any cell of the lattice, in degrees.
    dx, dy : float
        Size of a cell in degrees.

    Returns
    -------
    Grid
        Equal for all windows of one lattice: cell sizes within 1e-7 of whole arc-seconds become these, others keep seven
        digits, and corners move by at most a hundredth of a cell to where they are round. Official files write 15
        arc-seconds as 0.0041666667; points of a grid know its cell size to seven digits or so.

    Raises
    ------
    ValueError
        Where a number is not finite, or a cell is larger than Thailand or below one arc-second.

    Examples
    --------
    >>> a = canonical(-180.00208333335, 75.00208333335, 0.0041666667, 0.0041666667)
    >>> b = canonical(97.5 + 1 / 480, 20 + 1 / 480, 1 / 240, 1 / 240)
    >>> a == b, a.width, a.height
    (True, 2065, 3625)
    """
    if not all(map(math.isfinite, (west, north, dx, dy))):
        raise ValueError("a corner or a cell size is not finite")
    if min(dx, dy) < 1 / 3600 - 1e-9 or max(dx, dy) > 5:
        raise ValueError(f"cells of {dx:g} x {dy:g} degrees")
    # The nearest corner to Thailand first: a cell size that is off by 1e-10 is off by metres 60,000 cells further on.
    west += dx * round((THAILAND[0] - west) / dx)
    north += dy * round((THAILAND[3] - north) / dy)
    dx, dy = _round_size(dx), _round_size(dy)
    first, columns, left = _span(west, dx, THAILAND[0], THAILAND[2])
    last, rows, bottom = _span(north, dy, THAILAND[1], THAILAND[3])
    return Grid(columns, rows, round((first + left) * dx, 12), round((last + rows + bottom) * dy, 12), dx, dy)


def _round_size(size: float) -> float:
    seconds = size * 3600
    whole = round(seconds)
    return whole / 3600 if whole and abs(seconds / whole - 1) < 1e-7 else float(f"{size:.7g}")


def _span(corner: float, size: float, low: float, high: float) -> tuple[int, int, float]:
    """Number of the first cell edge at or below `low`, cells up to `high`, and the offset of all edges in cells."""
    offset = corner / size % 1.0
    for whole in (0.0, 0.5, 1.0):
        if abs(offset - whole) < _PHASE_TOLERANCE:
            offset = whole % 1.0
            break
    else:
        offset = round(offset, 3)
    first = math.floor(low / size - offset + 1e-6)
    end = math.ceil(high / size - offset - 1e-6)
    return first, end - first, offset


@dataclass(frozen=True, slots=True)
class Product:
    """One kind of night light raster, comparable with itself.

    Attributes
    ----------
    pixel : float
        Size of a cell in degrees, as published.
    masked : bool
        Whether the publisher has set the dark background to zero.
    lit_threshold : float
        A cell is lit where its value is above this.
    threshold_note_th, threshold_note_en : str
        Whose choice the threshold is.
    saturation : float or None
        Value at which the sensor sees no more.
    sensors : tuple of (first year, last year, sensor)
    years : tuple of int
        First and last year there can be.
    priority : int
        Higher wins where two products give a figure of one area and year.
    """

    id: str
    name_th: str
    name_en: str
    publisher: str
    kind: str
    unit: str
    pixel: float
    masked: bool
    lit_threshold: float
    threshold_note_th: str
    threshold_note_en: str
    saturation: float | None
    sensors: tuple[tuple[int, int, str], ...]
    licence: str
    url: str
    caveats_th: tuple[str, ...]
    caveats_en: tuple[str, ...]
    years: tuple[int, int]
    priority: int

    @property
    def family(self) -> str:
        """Publisher's product and version, without the band: observations are counted once for all bands.

        Examples
        --------
        >>> products()["vnl-v21-average-masked"].family
        'vnl-v21'
        """
        return "-".join(self.id.split("-")[:2]) if self.id.startswith("vnl-") else self.id

    @property
    def source_id(self) -> str:
        """The source its figures and rasters stand under."""
        return f"nightlight-{self.id}"

    def name(self, language: str) -> str:
        """Its name in ``th`` or ``en``."""
        return self.name_th if language == "th" else self.name_en

    def caveats(self, language: str) -> tuple[str, ...]:
        """What a reader must know, in ``th`` or ``en``."""
        return self.caveats_th if language == "th" else self.caveats_en

    def sensor(self, year: int) -> str:
        """What saw the light of a year (common era); ``-`` where unknown.

        Examples
        --------
        >>> products()["harmonised-dmsp-viirs"].sensor(2012)
        'DMSP-OLS (calDMSP)'
        """
        return next((name for first, last, name in self.sensors if first <= year <= last), "-")


@cache
def products() -> Mapping[str, Product]:
    """All products by id, as ``nightlight.toml`` describes them.

    Raises
    ------
    ValueError
        Where the file holds a kind, unit or year range that cannot be.
    """
    raw = tomllib.loads(PRODUCTS_FILE.read_text(encoding="utf-8"))
    found: dict[str, Product] = {}
    for family, about in raw["family"].items():
        versions, bands = about.pop("versions"), about.pop("bands")
        for version, of_version in versions.items():
            for band, of_band in bands.items():
                entry = about | {
                    f"name_{word}": f"{about[f'name_{word}'].format(version=of_version['version'])}: {of_band[word]}"
                    for word in ("th", "en")
                }
                entry |= {
                    "masked": of_band["masked"],
                    "priority": of_version["priority"] - of_band["less"],
                }
                product = _product(f"{family}-{version}-{band}", entry)
                found[product.id] = product
    for name, entry in raw["product"].items():
        found[name] = _product(name, entry)
    return MappingProxyType(found)


def _product(name: str, entry: Mapping[str, Any]) -> Product:
    if entry["kind"] not in KINDS or entry["unit"] not in UNITS or entry["years"][0] > entry["years"][1]:
        raise ValueError(f"{PRODUCTS_FILE.name}: {name}: kind, unit or years")
    if "lit_threshold" in entry:
        threshold, th, en = (
            entry[key] for key in ("lit_threshold", "threshold_note_th", "threshold_note_en")
        )
    elif entry["masked"]:
        threshold = 0.0
        th = "ผู้จัดทำตั้งพื้นหลังเป็นศูนย์แล้ว ค่าที่มากกว่า 0 จึงถือว่าสว่าง (0 คือต่ำกว่าที่ตรวจพบ ไม่ได้แปลว่าไม่มีไฟฟ้า)"
        en = "The publisher sets the background to zero, so any value above 0 is lit (0 is below detection, not 'no electricity')"
    else:
        threshold = OWN_THRESHOLD
        th = f"ดาวแมปเลือกค่ามากกว่า {OWN_THRESHOLD:g} เอง เพราะไม่ได้ตัดพื้นหลังออก"
        en = f"Daomap's own choice, above {OWN_THRESHOLD:g}, because the background is not removed"
    return Product(
        id=name,
        name_th=entry["name_th"],
        name_en=entry["name_en"],
        publisher=entry["publisher"],
        kind=entry["kind"],
        unit=entry["unit"],
        pixel=entry["arc_seconds"] / 3600,
        masked=entry["masked"],
        lit_threshold=float(threshold),
        threshold_note_th=th,
        threshold_note_en=en,
        saturation=entry.get("saturation"),
        sensors=tuple((int(a), int(b), str(text)) for a, b, text in entry["sensors"]),
        licence=entry.get("licence", ""),
        url=entry.get("url", ""),
        caveats_th=tuple(entry["caveats_th"]),
        caveats_en=tuple(entry["caveats_en"]),
        years=(entry["years"][0], entry["years"][1]),
        priority=entry["priority"],
    )


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file's name and tags say of it; None where they say nothing.

    Attributes
    ----------
    product : str or None
        Id of the product.
    year : int or None
        Common era; the year in which the period begins.
    start, end : datetime.date or None
        First and last day of the observations.
    mask : str or None
        The publisher's word for what was left out: ``vcmcfg``, ``vcmslcfg``, ``calDMSP``, ``simVIIRS``.
    band : str or None
        What is in it: ``average_masked``, ``cf_cvg`` ...
    how : str
        ``name``, ``tags`` or ``nothing``.
    assumed : bool
        Whether the period is what is known of the product, because nothing said it.
    family : str or None
        Publisher's product and version, of counts of observations too: ``vnl-v21``, ``viirs-dnb-monthly``.
    """

    product: str | None = None
    year: int | None = None
    start: date | None = None
    end: date | None = None
    mask: str | None = None
    band: str | None = None
    how: str = "nothing"
    assumed: bool = False
    family: str | None = None


MONTHLY: Final = "viirs-dnb-monthly"
_LIGHT_BANDS: Final = ("average_masked", "median_masked", "average", "median", "maximum", "minimum")
COVERAGE_BANDS: Final = ("cf_cvg", "cvg")
"""Bands that count observations and hold no light."""
_OTHER_BANDS: Final = (*COVERAGE_BANDS, "lit_mask")
_VNL = re.compile(
    r"VNL_(?P<version>v\d+)_(?P<satellite>npp(?:-j01)?|j01)_(?P<period>\d{4}(?:\d{2}-\d{6})?)_global_"
    r"(?P<mask>vcmcfg|vcmslcfg)_c\d{12}\.(?P<band>[a-z_]+)(?:\.dat)?\.tiff?(?:\.gz)?$",
    re.IGNORECASE,
)
_EARTH_ENGINE = re.compile(r"VIIRS[_/]DNB[_/]ANNUAL[_/](?P<version>V2[12]?)(?!\d)", re.IGNORECASE)
_MONTHLY = re.compile(
    r"SVDNB_(?:npp|j01)_(?P<start>\d{8})-(?P<end>\d{8})_\w+?_(?P<mask>vcmcfg|vcmslcfg)_v10_c\d+\."
    r"(?P<band>avg_rade9h?|cf_cvg|cvg)",
    re.IGNORECASE,
)
_HARMONISED = re.compile(r"Harmonized_DN_NTL_(?P<year>\d{4})_(?P<mask>calDMSP|simVIIRS)", re.IGNORECASE)
_BLACK_MARBLE = re.compile(r"VNP46A4", re.IGNORECASE)
_MONTH = re.compile(r"(?<!\d)(?P<year>20\d\d)[-_]?(?P<month>0[1-9]|1[0-2])(?:[-_]?01)?(?!\d)")
# A month in a name is no sign of a monthly composite: annual files are named by their last month, sums by first and last.
_MONTHLY_WORDS = re.compile(r"month|avg_rad|(?<![a-z])vcmslcfg(?![a-z])", re.IGNORECASE)
_NOT_MONTHLY = re.compile(
    r"(?i:annual|year)|(?<![A-Za-z])(?i:sum|total|mean|median)(?![a-z])|(?<=[a-z])(?:Sum|Total|Mean|Median)(?![a-z])"
)
_MONTHLY_EXPORT = re.compile(
    r"(?:(?:tha|thailand)[-_])?viirs(?:_nightlights)?_20\d\d-\d\d(?:_\d+km(?:grid)?)?(?:_withlatlon)?"
    r"\.(?:tiff?|csv|tsv|txt)(?:\.gz)?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(?:A|t)?(?P<year>(?:19|20)\d\d)(?:001|0101|0401)?(?!\d)")
_VNL_BEGINS: Final = date(2012, 4, 1)
"""No annual VNL holds light from before: the sensor was being set up."""


def recognise(file_name: str, tags: Mapping[str, str] | None = None) -> Recognised:
    """Tell product, year, period and mask from an official file name, else from the tags inside.

    Parameters
    ----------
    file_name : str
        Without folders; ``.gz`` may stand at the end.
    tags : mapping of str to str, optional
        Metadata of the raster and its band.

    Returns
    -------
    Recognised
        Only what is said; nothing is guessed from the values.

    Examples
    --------
    >>> r = recognise("VNL_v21_npp_201204-201303_global_vcmcfg_c202205302300.average_masked.dat.tif.gz")
    >>> r.product, r.year, str(r.start), str(r.end), r.mask
    ('vnl-v21-average-masked', 2012, '2012-04-01', '2013-03-31', 'vcmcfg')
    """
    told = _from_text(file_name)
    if told.how != "nothing":
        return told
    tags = tags or {}
    inside = _from_tags(tags)
    if inside.how != "nothing":
        return inside
    for text in tags.values():
        told = _from_text(text, how="tags")
        # Whoever made an annual file of monthly ones left their tags in it.
        if told.how != "nothing" and not (told.product == MONTHLY and _NOT_MONTHLY.search(file_name)):
            return told
    return Recognised()


def _from_text(text: str, *, how: str = "name") -> Recognised:
    if found := _VNL.search(text):
        return _vnl(found, how)
    if found := _MONTHLY.search(text):
        first, last = _day(found["start"]), _day(found["end"])
        if first is None or last is None:
            return Recognised()
        band = found["band"].lower()
        monthly = (last - first).days < 31
        product = MONTHLY if monthly and band not in COVERAGE_BANDS else None
        return Recognised(product, first.year, first, last, found["mask"].lower(), band, how, family=MONTHLY)
    if found := _HARMONISED.search(text):
        year = int(found["year"])
        mask = "calDMSP" if found["mask"].lower() == "caldmsp" else "simVIIRS"
        return Recognised(
            "harmonised-dmsp-viirs", year, date(year, 1, 1), date(year, 12, 31), mask, "DN", how
        )
    if _BLACK_MARBLE.search(text):
        rest = _YEAR.search(_BLACK_MARBLE.sub(" ", text))
        year_or_none = int(rest["year"]) if rest else None
        return Recognised("black-marble-vnp46a4", year_or_none, *_whole(year_or_none), None, None, how)
    if found := _EARTH_ENGINE.search(text):
        version = {"V2": "v2", "V21": "v21", "V22": "v22"}[found["version"].upper()]
        rest = _YEAR.search(text, found.end())
        band_or_none = next(
            (b for b in (*_LIGHT_BANDS, *_OTHER_BANDS) if re.search(rf"(?<![a-z]){b}(?![a-z])", text)), None
        )
        product = f"vnl-{version}-{band_or_none.replace('_', '-')}" if band_or_none in _LIGHT_BANDS else None
        year_or_none = int(rest["year"]) if rest else None
        start, end = assumed_period(f"vnl-{version}", year_or_none) if year_or_none else (None, None)
        return Recognised(
            product,
            year_or_none,
            start,
            end,
            None,
            band_or_none,
            how,
            start is not None,
            f"vnl-{version}",
        )
    return _month_of(text, how)


def _month_of(text: str, how: str) -> Recognised:
    """One month of VIIRS, where the wording or the whole name leaves nothing else to mean."""
    if not re.search("viirs", text, re.IGNORECASE) or _NOT_MONTHLY.search(text):
        return Recognised()
    months = {(int(found["year"]), int(found["month"])) for found in _MONTH.finditer(text)}
    if len(months) != 1 or not (_MONTHLY_WORDS.search(text) or _MONTHLY_EXPORT.fullmatch(text)):
        return Recognised()
    first = date(*months.pop(), 1)
    return Recognised(MONTHLY, first.year, first, _month_end(first), None, None, how)


def assumed_period(product: str, year: int) -> tuple[date | None, date | None]:
    """First and last day of a product's year where no name says them and the year is known not to be whole.

    Parameters
    ----------
    product : str
        Id of the product.
    year : int
        Common era.

    Returns
    -------
    tuple of (date or None, date or None)
        Both None where the year is whole as far as is known.

    Examples
    --------
    >>> [str(day) for day in assumed_period("vnl-v21-average-masked", 2012)]
    ['2012-04-01', '2012-12-31']
    """
    if product.startswith("vnl-") and year == _VNL_BEGINS.year:
        return _VNL_BEGINS, date(year, 12, 31)
    return None, None


def _vnl(found: re.Match[str], how: str) -> Recognised:
    band, period = found["band"].lower(), found["period"]
    if band not in _LIGHT_BANDS and band not in _OTHER_BANDS:
        return Recognised()
    assumed = False
    if len(period) == 4:
        year = int(period)
        start, end = date(year, 1, 1), date(year, 12, 31)
        first, last = assumed_period("vnl-", year)
        if first is not None and last is not None:
            start, end, assumed = first, last, True
    else:
        first, last = _day(period[:6] + "01"), _day(period[7:] + "01")
        if first is None or last is None or last < first:
            return Recognised()
        year, start, end = first.year, first, _month_end(last)
    family = f"vnl-{found['version'].lower()}"
    product = f"{family}-{band.replace('_', '-')}"
    return Recognised(
        product if product in products() else None,
        year,
        start,
        end,
        found["mask"].lower(),
        band,
        how,
        assumed,
        family,
    )


def _from_tags(tags: Mapping[str, str]) -> Recognised:
    """What Daomap's own rasters say of themselves."""
    product = tags.get("DAOMAP_PRODUCT")
    if product not in products():
        return Recognised()
    year = tags.get("DAOMAP_YEAR", "")
    days = [_day(tags.get(f"DAOMAP_PERIOD_{edge}", "").replace("-", "")) for edge in ("START", "END")]
    return Recognised(
        product,
        int(year) if re.fullmatch(r"(?:19|20)\d\d", year) else None,
        days[0],
        days[1],
        tags.get("DAOMAP_MASK") or None,
        None,
        "tags",
    )


def _day(text: str) -> date | None:
    if not re.fullmatch(r"\d{8}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _month_end(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _whole(year: int | None) -> tuple[date | None, date | None]:
    return (None, None) if year is None else (date(year, 1, 1), date(year, 12, 31))


def inside(shapes: Iterable[BaseGeometry], grid: Grid) -> NDArray[np.bool_]:
    """Which cells have their centre in one of the shapes.

    Parameters
    ----------
    shapes : iterable of shapely geometry
        Polygons in EPSG:4326.
    grid : Grid

    Returns
    -------
    ndarray of bool, shape (grid.height, grid.width)
    """
    from rasterio.features import rasterize

    drawn = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, dtype="uint8")
    return np.asarray(drawn, dtype=bool)


@contextmanager
def _no_side_files() -> Iterator[None]:
    """GDAL looks at the one file it is given: no folder listing, no .aux.xml beside it."""
    import rasterio

    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED="NO"):
        yield


def write_cog(path: Path, values: NDArray[Any], grid: Grid, tags: Mapping[str, str] | None = None) -> None:
    """Write cells as a cloud-optimised GeoTIFF: tiles of 256 x 256, deflate, overviews.

    Parameters
    ----------
    path : Path
        Replaced where it exists. The name is given to GDAL and must be our own, not a stranger's.
    values : ndarray, shape (height, width)
        float32, NaN for no data; or uint16 for counts, `NO_COUNT` for no data.
    grid : Grid
    tags : mapping of str to str, optional

    Raises
    ------
    ValueError
        Where shape or type are others.
    """
    import rasterio
    from rasterio.crs import CRS

    if values.shape != grid.shape:
        raise ValueError(f"found {values.shape} cells, expected {grid.shape}")
    if values.dtype not in (np.dtype("float32"), np.dtype("uint16")):
        raise ValueError(f"found {values.dtype}, expected float32 or uint16")
    measured = values.dtype.kind == "f"
    path.unlink(missing_ok=True)  # it may be a hard link into a published snapshot
    with (
        _no_side_files(),
        rasterio.open(
            path,
            "w",
            driver="COG",
            width=grid.width,
            height=grid.height,
            count=1,
            dtype=values.dtype.name,
            crs=CRS.from_epsg(4326),
            transform=grid.transform,
            nodata=math.nan if measured else NO_COUNT,
            blocksize=TILE,
            compress="DEFLATE",
            level=6,  # 9 takes ten times as long to save a twentieth
            predictor="YES",
            overview_resampling="AVERAGE" if measured else "NEAREST",
        ) as opened,
    ):
        opened.update_tags(**(tags or {}))
        opened.write(values, 1)


def read_cog(path: Path) -> tuple[NDArray[Any], Grid, dict[str, str]]:
    """Read what `write_cog` wrote.

    Parameters
    ----------
    path : Path
        A file of a published snapshot.

    Returns
    -------
    ndarray, shape (height, width)
        float32 with NaN for no data, or uint16 with `NO_COUNT`.
    Grid
    dict of str to str
        The tags it was written with.
    """
    with _no_side_files(), _open(path) as opened:
        transform = opened.transform
        grid = Grid(opened.width, opened.height, transform.c, transform.f, transform.a, -transform.e)
        tags = {k: v for k, v in opened.tags().items() if k not in ("AREA_OR_POINT", "OVR_RESAMPLING_ALG")}
        return opened.read(1), grid, tags


def _open(path: Path) -> DatasetReader:
    import rasterio

    return rasterio.open(path, driver="GTiff")
