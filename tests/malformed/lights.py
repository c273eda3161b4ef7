"""Malformed night light, for its importer: rasters, gzip and points on a grid."""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import Affine, from_origin

from tests.malformed.cases import Case, Verdict, add
from tests.tiffs import sparse, tif

VNL = "VNL_v21_npp_{}_global_{}_c202205302300.{}.dat.tif"
Y2012 = VNL.format("201204-201303", "vcmcfg", "average_masked")
Y2021 = VNL.format("2021", "vcmslcfg", "average_masked")
#: A quarter of a degree, a little more than Thailand's window: 36 columns, 64 rows; the window is rows 1 to 61.
GRID = from_origin(97, 21, 0.25, 0.25)
WINDOW = slice(1, 62)
Build = Callable[[Path], object]


def light(seed: int = 1) -> np.ndarray:
    """Skewed radiances with zeros among them, none of them a round number."""
    rng = np.random.default_rng(seed)
    return (rng.gamma(0.5, 8.0, (64, 36)) * (rng.random((64, 36)) > 0.3)).astype("float32")


def _truth(cells: np.ndarray) -> dict[str, Any]:
    inside = cells[WINDOW]
    return {"sum": float(np.nansum(inside, dtype="float64")), "finite": int(np.isfinite(inside).sum())}


def case(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    files: dict[str, Build],
    *,
    cells: np.ndarray | None = None,
    row: bool = False,
    **options: Any,
) -> None:
    """`files` are written by name; `cells` are the radiances an accepted file has, the window's included."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        for file, build in files.items():
            build(folder / file)
        return [folder / file for file in files]

    truth = _truth(light() if cells is None else cells)
    add(
        Case(
            number,
            f"light-{name}",
            what,
            "nightlight",
            verdict,
            code,
            make,
            row=row,
            truth=truth,
            options=options,
        )
    )


def lit(cells: np.ndarray | None = None, **profile: Any) -> Build:
    """A raster of night light, sound unless `profile` spoils it."""
    return lambda path: tif(path, light() if cells is None else cells, **({"transform": GRID} | profile))


def _bytes(data: bytes) -> Build:
    return lambda path: path.write_bytes(data)


def _cut(path: Path) -> None:
    lit()(path)
    path.write_bytes(path.read_bytes()[:6000])


def _packed(build: Build, end: int | None = None) -> Build:
    def make(path: Path) -> None:
        build(path)
        path.write_bytes(gzip.compress(path.read_bytes(), mtime=0)[:end])

    return make


def _scaled(path: Path) -> None:
    tif(path, np.round(light() * 10).astype("int32"), transform=GRID)
    with rasterio.open(path, "r+") as out:
        out.scales = (0.1,)


def _nodata_outside(path: Path) -> None:
    data = tif(path, np.round(light()).astype("uint8"), transform=GRID, nodata=255).read_bytes()
    path.write_bytes(data.replace(b"255\x00", b"999\x00"))


def _with(value: float, *places: tuple[Any, Any], dtype: str = "float32") -> np.ndarray:
    cells = light()
    for place in places or ((10, 10),):
        cells[place] = value
    return cells.astype(dtype)


def _grey() -> np.ndarray:
    return np.clip(np.round(light() * 20), 0, 255).astype("uint8")


def _without(*places: tuple[Any, Any]) -> np.ndarray:
    return _with(math.nan, *places)


def points(
    rows: Sequence[Sequence[object]] | None = None,
    header: Sequence[str] = ("lon", "lat", "radiance"),
    shift: tuple[float, float] = (0.0, 0.0),
    cells: np.ndarray | None = None,
) -> Build:
    """A CSV of every quarter of a degree; `rows` come last."""
    cells = light() if cells is None else cells
    lines = [",".join(header)]
    for line in range(64):
        for column in range(36):
            x, y = 97.125 + 0.25 * column + shift[0], 20.875 - 0.25 * line + shift[1]
            lines.append(f"{x:.6f},{y:.6f},{float(cells[line, column])!r}")
    lines += [",".join(map(str, row)) for row in rows or ()]
    return lambda path: path.write_text("\n".join(lines) + "\n", encoding="utf-8")


_P21 = "viirs_2021-03.csv"
_WMS = b"<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:1/${z}</ServerUrl></Service></GDAL_WMS>"
_GDALG = b'{"type": "gdal_streamed_alg", "command_line": "gdal raster pipeline ! read /etc/passwd ! write x"}'
_VRT = (
    b"<VRTDataset rasterXSize='64' rasterYSize='1'><VRTRasterBand>"
    b"<SourceFilename>/etc/passwd</SourceFilename></VRTRasterBand></VRTDataset>"
)

case(
    22,
    "no-value-column",
    "points without a column of radiance",
    "reject",
    "light.columns",
    {_P21: points(header=("lon", "lat", "q"))},
    row=True,
)
case(27, "empty", "an empty file", "reject", "intake.empty", {Y2021: _bytes(b"")})
case(
    28,
    "no-values",
    "no cell has a value",
    "reject",
    "light.no_values",
    {Y2021: lit(np.full((64, 36), -9999, "float32"), nodata=-9999)},
)
case(
    28,
    "constant",
    "every cell has the same value",
    "reject",
    "light.constant",
    {Y2021: lit(np.full((64, 36), 2.5, "float32"))},
)
case(36, "year-to-come", "a year to come", "reject", "light.year", {Y2021: lit()}, year=2199)
case(36, "year-before", "a year before the sensor flew", "reject", "light.year", {Y2021: lit()}, year=1999)
case(
    37,
    "not-a-number",
    "a word for a radiance",
    "reject",
    "light.cell",
    {_P21: points([("106.125", "20.875", "dark")])},
    row=True,
)
case(
    37,
    "infinite",
    "1e999 for a radiance",
    "reject",
    "light.cell",
    {_P21: points([("106.125", "20.875", "1e999")])},
    row=True,
)
case(
    46,
    "point-twice",
    "a point twice with two values",
    "reject",
    "light.point_twice",
    {_P21: points([("97.125", "20.625", "77.5")])},
    row=True,
)
case(
    46,
    "point-repeated",
    "a point twice with one value",
    "repair",
    "point_repeated",
    {_P21: points([("97.125", "20.625", repr(float(light()[1, 0])))])},
)
case(
    54,
    "two-periods",
    "both files of 2012 at once",
    "reject",
    "light.conflict",
    {Y2012: lit(), VNL.format("201204-201212", "vcmcfg", "average_masked"): lit(light(2))},
)
case(
    54,
    "one-file-two-years",
    "one file under the names of two years",
    "reject",
    "light.same_bytes",
    {Y2012: lit(), Y2021: lit()},
)
case(
    54,
    "two-years-one-option",
    "two years and an option for one",
    "reject",
    "light.year_several",
    {Y2012: lit(), Y2021: lit(light(2))},
    year=2015,
)
case(
    55,
    "unknown-name",
    "a name nobody knows, and no product given",
    "reject",
    "light.unknown_product",
    {"night.tif": lit()},
    year=2021,
)
case(
    55,
    "unknown-year",
    "a product and no year",
    "reject",
    "light.unknown_year",
    {"night.tif": lit()},
    product="other",
)
case(
    55,
    "lit-mask",
    "the mask in place of the light",
    "reject",
    "light.no_light",
    {VNL.format("2021", "vcmslcfg", "lit_mask"): lit()},
)
case(
    55,
    "name-overridden",
    "a name that says another year than the command",
    "repair",
    "light.overridden",
    {Y2021: lit()},
    year=2020,
)
case(
    55,
    "counts-alone",
    "observations without their light",
    "reject",
    "light.observations",
    {VNL.format("2021", "vcmslcfg", "cf_cvg"): lit()},
)
case(101, "cut", "a GeoTIFF cut short", "reject", "intake.unreadable", {Y2021: _cut})
case(101, "gzip-cut", "a gzip cut short", "reject", "intake.unreadable", {f"{Y2021}.gz": _packed(lit(), -40)})
case(
    102,
    "hdf5",
    "the HDF5 of Black Marble called .tif",
    "reject",
    "raster.kind",
    {"VNP46A4.A2021001.h27v07.tif": _bytes(b"\x89HDF\r\n\x1a\n" + bytes(500))},
)
case(102, "wms", "a map service called .tif", "reject", "raster.kind", {Y2021: _bytes(_WMS)})
case(102, "gdalg", "a GDAL pipeline called .tif", "reject", "raster.kind", {Y2021: _bytes(_GDALG)})
case(
    102,
    "vrt-in-gzip",
    "a virtual raster in a gzip",
    "reject",
    "raster.kind",
    {f"{Y2021}.gz": _bytes(gzip.compress(_VRT, mtime=0))},
)
case(103, "no-crs", "no coordinate system", "reject", "raster.no_crs", {Y2021: lit(crs=None)})
case(
    103,
    "metres-as-degrees",
    "metres that are said to be degrees",
    "reject",
    "light.metres",
    {Y2021: lit(transform=from_origin(300_000, 2_200_000, 25_000, 25_000))},
)
case(
    103,
    "degrees-as-metres",
    "degrees that are said to be metres",
    "reject",
    "light.degrees",
    {Y2021: lit(crs="EPSG:32647")},
)
case(
    104,
    "no-position",
    "no position",
    "reject",
    "raster.no_transform",
    {Y2021: lit(transform=Affine.identity())},
)
case(
    105,
    "south-up",
    "south at the top",
    "repair",
    "raster.south_up",
    {Y2021: lit(light()[::-1], transform=Affine(0.25, 0, 97, 0, 0.25, 5))},
)
case(
    106,
    "rotated",
    "a turned grid",
    "reject",
    "raster.rotated",
    {Y2021: lit(transform=GRID @ Affine.rotation(20))},
)
case(
    107,
    "no-nodata",
    "NaN, infinity and -3.4e38 without a nodata value",
    "repair",
    "raster.no_nodata",
    {Y2021: lit(np.where(np.arange(36) == 3, np.float32(-3.4e38), _with(math.inf, (9, 9), (9, 10))))},
    cells=np.where(np.arange(36) == 3, np.nan, _without((9, 9), (9, 10))),
)
case(
    108,
    "nodata-undeclared",
    "-9999 that nobody declared",
    "repair",
    "light.nodata_undeclared",
    {Y2021: lit(_with(-9999, (9, 9), (9, 10)))},
    cells=_without((9, 9), (9, 10)),
)
_THIRD = (slice(None), slice(None, None, 3))
for _fill in (-99, -1):
    case(
        108,
        f"fill{_fill}",
        f"{_fill} that nobody declared, in a third of the cells",
        "repair",
        "light.nodata_undeclared" if _fill == -99 else "light.fill",
        {Y2021: lit(_with(_fill, _THIRD))},
        cells=_without(_THIRD),
    )
case(
    108,
    "fill-of-points",
    "-1 for no value in points",
    "repair",
    "light.fill",
    {_P21: points(cells=_with(-1, _THIRD))},
    cells=_without(_THIRD),
)
case(
    109,
    "nodata-zero",
    "0 declared as no data, which is darkness",
    "reject",
    "light.nodata_zero",
    {Y2021: lit(nodata=0)},
)
case(
    110,
    "nodata-outside",
    "a nodata value the type cannot hold",
    "reject",
    "raster.nodata",
    {"Harmonized_DN_NTL_2012_calDMSP.tif": _nodata_outside},
)
case(
    111,
    "negative",
    "radiance below zero",
    "repair",
    "light.negative",
    {Y2021: lit(_with(-0.37, (9, 9), (9, 10)))},
    cells=_with(-0.37, (9, 9), (9, 10)),
)
case(
    112,
    "picture",
    "a coloured picture",
    "reject",
    "light.bands",
    {Y2021: lit(np.zeros((3, 64, 36), "uint8"), photometric="RGB")},
)
case(112, "palette", "a picture with a palette", "reject", "raster.picture", {Y2021: lambda p: _palette(p)})
case(
    112,
    "two-bands",
    "average and median in one file",
    "reject",
    "light.bands",
    {Y2021: lit(np.stack([light(), light(2)]))},
)
case(
    113,
    "scaled",
    "values stored with a scale",
    "repair",
    "light.scaled",
    {Y2021: _scaled},
    cells=np.round(light() * 10) / 10,
)
case(
    116,
    "part",
    "half of the country",
    "repair",
    "light.part",
    {Y2021: lit(light()[:, :14])},
    cells=light()[:, :14],
)
case(
    117,
    "two-grids",
    "tiles of one year on two grids",
    "reject",
    "light.grid",
    {
        "VNP46A4.A2021001.h27v06.tif": lit(),
        "VNP46A4.A2021001.h28v06.tif": lit(transform=from_origin(97.1, 21, 0.25, 0.25)),
    },
)
case(
    117,
    "counts-elsewhere",
    "observations on another grid",
    "reject",
    "light.observations_grid",
    {
        Y2021: lit(),
        VNL.format("2021", "vcmslcfg", "cf_cvg"): lit(
            np.arange(2304, dtype="uint16").reshape(64, 36), transform=from_origin(97.1, 21, 0.25, 0.25)
        ),
    },
)
case(
    117,
    "uneven",
    "points off the grid",
    "reject",
    "light.irregular",
    {_P21: points([("97.2", "20.625", "1.5")])},
    row=True,
)
case(
    118,
    "absurd",
    "a million by a million cells declared by some kilobytes",
    "reject",
    "raster.too_large",
    {Y2021: lambda p: sparse(p, 1_000_000, 1_000_000, compress="lzw", blockxsize=8192, blockysize=8192)},
)
case(
    118,
    "too-fine",
    "cells of half an arc-second",
    "reject",
    "light.cell_size",
    {Y2021: lambda p: sparse(p, 57_600, 108_000, compress="lzw")},
)
case(
    118,
    "too-coarse",
    "cells of two degrees",
    "reject",
    "light.cell_size",
    {Y2021: lit(np.ones((8, 5), "float32"), transform=from_origin(97, 21, 2, 2))},
)
case(
    119,
    "gzip-bomb",
    "a gzip that grows a thousandfold",
    "reject",
    "intake.unreadable",
    {f"{Y2021}.gz": _bytes(gzip.compress(b"II*\x00" + bytes(40 << 20), mtime=0))},
)
case(
    120,
    "wrapped",
    "radiances that ran over the end of int16",
    "reject",
    "light.range",
    {Y2021: lit(np.round(light() * 4000).astype("int64").astype("int16"))},
)
case(
    120,
    "fill-65535",
    "65535 that nobody declared",
    "reject",
    "light.range",
    {"VNP46A4_2021.tif": lit(_with(65_535, dtype="uint16"))},
)
case(
    121,
    "radiance-as-dn",
    "radiance where digital numbers belong",
    "reject",
    "light.range",
    {"Harmonized_DN_NTL_2021_simVIIRS.tif": lit(light() * 10)},
)
case(
    121,
    "dn-as-radiance",
    "digital numbers where radiance belongs",
    "repair",
    "light.units",
    {Y2021: lit(np.clip(np.round(light()), 0, 63).astype("uint8"))},
    cells=np.clip(np.round(light()), 0, 63),
)
case(
    121,
    "picture-as-radiance",
    "the numbers of a picture where radiance belongs",
    "repair",
    "light.eight_bit",
    {"mine.tif": lit(_grey())},
    cells=_grey(),
    product="other",
    year=2021,
)
case(
    121,
    "cells-of-another",
    "cells sixty times those of the product",
    "repair",
    "light.other_cells",
    {Y2021: lit()},
)
case(
    122,
    "no-month",
    "a monthly product and no month",
    "reject",
    "light.month",
    {"night.tif": lit()},
    product="viirs-dnb-monthly",
    year=2021,
)
case(
    123,
    "swapped",
    "latitude and longitude swapped",
    "reject",
    "raster.outside",
    {Y2021: lit(transform=from_origin(5, 89, 0.25, 0.25))},
)
case(
    123,
    "elsewhere",
    "a raster of Europe",
    "reject",
    "raster.outside",
    {Y2021: lit(transform=from_origin(5, 55, 0.25, 0.25))},
)
case(
    123,
    "points-swapped",
    "points with latitude and longitude swapped",
    "reject",
    "raster.outside",
    {_P21: points(header=("lat", "lon", "radiance"))},
)
case(
    124,
    "world-in-gzip",
    "a sound raster in gzip",
    "accept",
    "",
    {"mine.tif.gz": _packed(lit(compress="lzw"))},
    product="other",
    year=2021,
)
case(
    124,
    "points",
    "sound points on a grid",
    "accept",
    "",
    {"mine.csv": points()},
    product="other",
    year=2021,
)


def _palette(path: Path) -> None:
    tif(path, np.round(light()).astype("uint8"), transform=GRID)
    with rasterio.open(path, "r+") as out:
        out.write_colormap(1, {0: (1, 2, 3), 1: (4, 5, 6)})
