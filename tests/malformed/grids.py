"""Malformed rasters, for the raster reader."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import Affine, from_origin

from tests.malformed.cases import Case, Verdict, add
from tests.tiffs import CELLS, NORTH_UP, sparse, tif
from tests.warehouse.workbooks import pack

_VALUES = [[float(v)] for v in range(48)]

Build = Callable[[Path], object]


def grid(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    build: Build,
    *,
    rows: list[list[float]] | None = None,
    **options: Any,
) -> None:
    """`build` writes the file ``r.tif``; `rows` are the cells it has to give where it is accepted."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        build(folder / "r.tif")
        return [folder / "r.tif"]

    truth = {"rows": _VALUES if rows is None else rows}
    add(Case(number, f"raster-{name}", what, "raster", verdict, code, make, truth=truth, options=options))


def _palette(path: Path) -> None:
    tif(path, np.zeros((4, 4), "uint8"))
    with rasterio.open(path, "r+") as out:
        out.write_colormap(1, {0: (1, 2, 3), 1: (4, 5, 6)})


def _nodata_outside(path: Path) -> None:
    data = tif(path, np.zeros((4, 4), "uint8"), nodata=255).read_bytes()
    path.write_bytes(data.replace(b"255\x00", b"999\x00"))


def _scaled(path: Path) -> None:
    tif(path)
    with rasterio.open(path, "r+") as out:
        out.scales = (0.1,)


def _side_file(path: Path) -> None:
    tif(path)
    Path(f"{path}.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><Scale>7</Scale></PAMRasterBand></PAMDataset>"
    )


def _bytes(data: bytes) -> Build:
    return lambda path: path.write_bytes(data)


_LOSSLESS = {
    "striped": {},
    "tiled": {"tiled": True, "blockxsize": 16, "blockysize": 16},
    "lzw": {"compress": "lzw", "predictor": 2},
    "deflate": {"compress": "deflate"},
    "zstd": {"compress": "zstd"},
    "bigtiff": {"BIGTIFF": "YES"},
    "cog": {"driver": "COG"},
}

grid(27, "empty", "an empty file", "reject", "intake.empty", _bytes(b""))
grid(
    101,
    "cut",
    "a GeoTIFF cut short",
    "reject",
    "intake.unreadable",
    lambda p: p.write_bytes(tif(p, np.ones((200, 200))).read_bytes()[:9000]),
)
grid(102, "magic-only", "four bytes of a GeoTIFF", "reject", "intake.unreadable", _bytes(b"II*\x00"))
grid(
    102,
    "noise",
    "noise behind the first four bytes",
    "reject",
    "intake.unreadable",
    _bytes(b"II*\x00" + bytes(range(256)) * 20),
)
grid(
    102,
    "zip-renamed",
    "a zip called .tif",
    "reject",
    "raster.kind",
    lambda p: p.write_bytes(pack({"r.tif": tif(p).read_bytes()})),
)
grid(
    102,
    "vrt-renamed",
    "a virtual raster called .tif",
    "reject",
    "raster.kind",
    _bytes(
        b"<VRTDataset rasterXSize='64' rasterYSize='1'><VRTRasterBand><SourceFilename>/etc/passwd</SourceFilename>"
        b"</VRTRasterBand></VRTDataset>"
    ),
)
grid(103, "no-crs", "no coordinate system", "reject", "raster.no_crs", lambda p: tif(p, crs=None))
grid(
    104,
    "no-position",
    "no position",
    "reject",
    "raster.no_transform",
    lambda p: tif(p, transform=Affine.identity()),
)
grid(
    105,
    "south-up",
    "south at the top",
    "repair",
    "raster.south_up",
    lambda p: tif(p, CELLS[::-1], transform=Affine(0.5, 0, 97, 0, 0.25, 19.5)),
)
grid(
    106,
    "rotated",
    "a turned grid",
    "reject",
    "raster.rotated",
    lambda p: tif(p, transform=NORTH_UP @ Affine.rotation(20)),
)
grid(
    107,
    "no-nodata",
    "NaN, infinity and -3.4e38 without a nodata value",
    "repair",
    "raster.no_nodata",
    lambda p: tif(p, np.array([[1, math.inf, -3.4e38, 2]], "float32")),
    rows=[[1.0], [math.inf], [float(np.float32(-3.4e38))], [2.0]],
)
grid(
    108,
    "nodata-float",
    "-999.3 as nodata, in float32",
    "accept",
    "",
    lambda p: tif(p, np.array([[1, -999.3]], "float32"), nodata=-999.3),
    rows=[[1.0], [float(np.float32(-999.3))]],
)
grid(110, "nodata-outside", "a nodata value the type cannot hold", "reject", "raster.nodata", _nodata_outside)
grid(
    112,
    "rgb",
    "a coloured picture",
    "reject",
    "raster.picture",
    lambda p: tif(p, np.zeros((3, 4, 4), "uint8"), photometric="RGB"),
)
grid(112, "palette", "a picture with a palette", "reject", "raster.picture", _palette)
grid(113, "scaled", "values stored with a scale", "repair", "raster.scaled", _scaled)
grid(
    118,
    "huge",
    "100,000 by 100,000 cells declared by some kilobytes",
    "reject",
    "raster.too_large",
    lambda p: sparse(p, 100_000, 100_000),
)
grid(
    119,
    "bomb",
    "compressed zeros of a gigabyte",
    "reject",
    "raster.too_large",
    lambda p: sparse(p, 16_384, 16_384, compress="deflate"),
)
grid(
    123,
    "swapped",
    "latitude and longitude swapped",
    "reject",
    "raster.outside",
    lambda p: tif(p, transform=from_origin(5, 105, 0.25, 0.5)),
    bounds=[97, 5, 106, 21],
)
for layout, settings in _LOSSLESS.items():
    grid(124, layout, f"a sound GeoTIFF: {layout}", "accept", "", lambda p, s=settings: tif(p, **s))
grid(125, "side-file", "an .aux.xml beside it", "accept", "", _side_file)
