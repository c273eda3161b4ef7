"""The "raster" reader: cells, grid and coding of a GeoTIFF, and what is refused before a cell is read."""

from __future__ import annotations

import gzip
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine, from_origin

from tests.realdata import real_path
from tests.tiffs import NORTH_UP, sparse, tif
from tests.warehouse.workbooks import pack
from warehouse.intake import Intake, Job, Result


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=1, timeout=30) as pool:
        yield pool


@pytest.fixture
def read(intake, tmp_path):
    def call(path: Path | bytes, name: str = "r.tif", **options: object) -> Result:
        if isinstance(path, bytes):
            data, path = path, tmp_path / name
            path.write_bytes(data)
        [result] = intake.read([Job("raster", path, options)])
        return result

    return call


def test_cells_and_grid(read, tmp_path):
    path = tif(tmp_path / "r.tif", nodata=-9999.0)
    result = read(path)
    assert result.refusal is None and not result.findings
    assert result.table.column("b1").to_pylist() == list(range(48))
    facts = result.facts
    assert (facts["width"], facts["height"], facts["count"], facts["rows"]) == (8, 6, 1, 48)
    assert facts["transform"] == list(NORTH_UP)[:6] and facts["bounds"] == [97, 19.5, 101, 21]
    assert (facts["crs"], facts["nodata"], facts["dtype"]) == ("EPSG:4326", -9999.0, "float32")
    assert len(facts["sha256"]) == 64


@pytest.mark.parametrize(
    "profile",
    [
        {"compress": "lzw"},
        {"compress": "deflate", "predictor": 3},
        {"compress": "zstd"},
        {"tiled": True, "blockxsize": 16, "blockysize": 16},
        {"BIGTIFF": "YES"},
        {"driver": "COG"},
        {"interleave": "pixel", "count": 1},
    ],
)
def test_layouts_of_a_tiff(read, tmp_path, profile):
    cells = np.random.default_rng(7).random((600, 40)).astype("float32")
    result = read(tif(tmp_path / "r.tif", cells, **profile))
    assert result.refusal is None, result.refusal
    assert np.array_equal(result.table.column("b1").to_numpy().reshape(600, 40), cells)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"])
def test_values_keep_their_type(read, tmp_path, dtype):
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else np.finfo(dtype)
    cells = np.array([[info.min, info.max, 0, 1]], dtype)
    result = read(tif(tmp_path / "r.tif", cells, nodata=1))
    assert np.array_equal(result.table.column("b1").to_numpy(), cells[0])
    assert result.facts["dtype"] == dtype


def test_a_window_is_the_cells_that_touch_the_bounds(read, tmp_path):
    path = tif(tmp_path / "r.tif")
    result = read(path, bounds=[97.6, 20.1, 98.4, 20.7])
    facts = result.facts
    assert (facts["width"], facts["height"]) == (2, 3)
    assert result.table.column("b1").to_pylist() == [9, 10, 17, 18, 25, 26]
    assert facts["bounds"] == [97.5, 20.0, 98.5, 20.75] and (facts["full_width"], facts["full_height"]) == (
        8,
        6,
    )
    # Bounds on the grid lines add no row and no column.
    exact = read(path, bounds=[97.5, 20.0, 98.5, 20.75]).facts
    assert (exact["width"], exact["height"]) == (2, 3)
    # Bounds beyond the raster are cut to it.
    assert read(path, bounds=[90, 10, 110, 30]).facts["rows"] == 48


def test_a_window_in_metres(read, tmp_path):
    cells = np.arange(10_000, dtype="int32").reshape(100, 100)
    grid = from_origin(500_000, 1_600_000, 1000, 1000)
    path = tif(tmp_path / "r.tif", cells, crs="EPSG:32647", transform=grid)
    result = read(path, bounds=[99.2, 14.0, 99.4, 14.2])
    facts = result.facts
    from pyproj import Transformer

    to_metres = Transformer.from_crs(4326, 32647, always_xy=True)
    corners = [to_metres.transform(x, y) for x in (99.2, 99.4) for y in (14.0, 14.2)]
    xs, ys = zip(*corners, strict=True)
    left, bottom, right, top = facts["bounds"]
    assert left <= min(xs) < left + 1000 and right - 1000 < max(xs) <= right
    assert bottom <= min(ys) < bottom + 1000 and top - 1000 < max(ys) <= top
    column, row = round((left - 500_000) / 1000), round((1_600_000 - top) / 1000)
    assert result.table.column("b1")[0].as_py() == cells[row, column]


def test_south_up_is_turned(read, tmp_path):
    upside = Affine(0.5, 0, 97, 0, 0.25, 19.5)
    cells = np.arange(48, dtype="float32").reshape(6, 8)
    result = read(tif(tmp_path / "r.tif", cells[::-1], transform=upside))
    assert [f.code for f in result.findings] == ["raster.south_up"]
    assert result.table.column("b1").to_pylist() == list(range(48))
    assert result.facts["transform"] == list(NORTH_UP)[:6]
    part = read(tmp_path / "r.tif", bounds=[97.6, 20.1, 98.4, 20.7])
    assert part.table.column("b1").to_pylist() == [9, 10, 17, 18, 25, 26]
    assert part.facts["bounds"] == [97.5, 20.0, 98.5, 20.75]


def test_bands_tags_and_scales(read, tmp_path):
    cells = np.stack([np.full((2, 3), i, "int16") for i in range(1, 5)])
    path = tif(tmp_path / "r.tif", cells)
    with rasterio.open(path, "r+") as out:
        out.update_tags(MONTH="2024-03")
        out.update_tags(2, unit="nW")
        out.scales, out.offsets = (0.1,) * 4, (5.0,) * 4
        out.set_band_description(2, "แสง")
    result = read(path, bands=[2, 4])
    assert result.table.column_names == ["b2", "b4"] and result.table.column("b4").to_pylist() == [4] * 6
    assert result.facts["tags"]["MONTH"] == "2024-03" and result.facts["band_tags"][0]["unit"] == "nW"
    assert result.facts["descriptions"] == ["แสง", None] and result.facts["count"] == 4
    assert result.facts["scales"] == [0.1, 0.1] and result.facts["offsets"] == [5.0, 5.0]
    assert [f.code for f in result.findings] == ["raster.scaled"]
    assert read(path, bands=[5]).refusal.code == "raster.bands"
    assert read(path, bands=[1, 1]).refusal.code == "raster.bands"


def test_cells_that_are_no_measurement_are_counted(read, tmp_path):
    cells = np.array([[1, np.nan, np.inf, -3.4e38, -9999, 2]], "float32")
    result = read(tif(tmp_path / "r.tif", cells, nodata=-9999))
    assert result.facts["not_finite"] == [3] and [f.code for f in result.findings] == ["raster.no_nodata"]
    marked = read(tif(tmp_path / "n.tif", np.array([[1, np.nan]], "float32"), nodata=math.nan))
    assert marked.facts["not_finite"] == [0] and not marked.findings
    assert math.isnan(marked.facts["nodata"])


def test_gzip_is_unpacked(read, tmp_path):
    data = tif(tmp_path / "r.tif").read_bytes()
    assert read(gzip.compress(data), "r.tif.gz").table.column("b1").to_pylist() == list(range(48))
    assert read(gzip.compress(b"<VRTDataset/>"), "r.tif.gz").refusal.code == "raster.kind"
    assert read(gzip.compress(gzip.compress(data)), "r.tif.gz").refusal.code == "raster.kind"
    assert read(gzip.compress(data)[:-20], "r.tif.gz").refusal.code == "intake.unreadable"
    # What comes out is kept nowhere, so that it grows a thousandfold is no harm; it is no GeoTIFF.
    bomb = gzip.compress(b"II*\x00" + b"\x00" * (64 << 20))
    assert read(bomb, "r.tif.gz").refusal.code == "intake.unreadable"


def test_declared_size_is_refused_before_reading(read, tmp_path):
    huge = sparse(tmp_path / "huge.tif", 100_000, 100_000)
    assert huge.stat().st_size < 1 << 20
    refusal = read(huge).refusal
    assert refusal.code == "raster.too_large" and "38146 MB" in refusal.found
    # A window of it is small enough.
    part = read(huge, bounds=[100, 13, 100.01, 13.01])
    assert part.refusal is None and part.facts["rows"] < 30_000
    assert read(huge, bounds=[100, 13, 100.01, 13.01], max_bytes=1000).refusal.code == "raster.too_large"
    # Beyond what any raster of night light has, nothing is read at all.
    refusal = read(
        sparse(tmp_path / "absurd.tif", 1_000_000, 1_000_000, compress="lzw"), bounds=[100, 13, 100.01, 13.01]
    ).refusal
    assert refusal.code == "raster.too_large" and "1000000 x 1000000" in refusal.found
    # One block of 400 MB would be held whole for a window of one cell.
    block = sparse(tmp_path / "block.tif", 10_240, 10_240, blockxsize=10_240, blockysize=10_240)
    assert read(block, bounds=[100, 13, 100.01, 13.01]).refusal.code == "raster.too_large"


def test_what_a_limit_of_options_cannot_raise(read, tmp_path):
    huge = sparse(tmp_path / "huge.tif", 20_000, 20_000)
    assert read(huge, max_bytes=1 << 40).refusal.code == "raster.too_large"


def plain(folder: Path) -> bytes:
    return tif(folder / "plain.tif").read_bytes()


def broken(folder: Path, **profile: object) -> bytes:
    return tif(folder / "broken.tif", **profile).read_bytes()  # type: ignore[arg-type]


def rgb(folder: Path) -> bytes:
    return tif(folder / "rgb.tif", np.zeros((3, 4, 4), "uint8"), photometric="RGB").read_bytes()


def palette(folder: Path) -> bytes:
    path = tif(folder / "p.tif", np.zeros((4, 4), "uint8"))
    with rasterio.open(path, "r+") as out:
        out.write_colormap(1, {0: (1, 2, 3), 1: (4, 5, 6)})
    return path.read_bytes()


def loop(folder: Path) -> bytes:
    """The next directory is this one again."""
    data = bytearray(plain(folder))
    at = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[at : at + 2], "little")
    data[at + 2 + 12 * entries : at + 6 + 12 * entries] = at.to_bytes(4, "little")
    return bytes(data)


def bad_nodata(folder: Path) -> bytes:
    data = tif(folder / "n.tif", np.zeros((4, 4), "uint8"), nodata=255).read_bytes()
    assert data.count(b"255\x00") == 1
    return data.replace(b"255\x00", b"999\x00")


REFUSED = {
    "truncated": (lambda f: tif(f / "t.tif", np.ones((200, 200))).read_bytes()[:9000], "intake.unreadable"),
    "empty": (lambda f: b"", "intake.empty"),
    "magic_only": (lambda f: b"II*\x00", "intake.unreadable"),
    "noise": (lambda f: b"II*\x00" + bytes(range(256)) * 20, "intake.unreadable"),
    "zip": (lambda f: pack({"r.tif": plain(f)}), "raster.kind"),
    "vrt": (lambda f: b"<VRTDataset rasterXSize='64' rasterYSize='1'/>", "raster.kind"),
    "png": (lambda f: b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "raster.kind"),
    "no_crs": (lambda f: broken(f, crs=None), "raster.no_crs"),
    "no_transform": (lambda f: broken(f, transform=Affine.identity()), "raster.no_transform"),
    "rotated": (lambda f: broken(f, transform=NORTH_UP @ Affine.rotation(20)), "raster.rotated"),
    "west_up": (lambda f: broken(f, transform=Affine(-0.5, 0, 101, 0, -0.25, 21)), "raster.rotated"),
    "rgb": (rgb, "raster.picture"),
    "palette": (palette, "raster.picture"),
    "complex": (lambda f: tif(f / "c.tif", np.ones((2, 2), "complex64")).read_bytes(), "raster.kind"),
    "nodata": (bad_nodata, "raster.nodata"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_rasters_that_are_refused(read, tmp_path, name):
    make, code = REFUSED[name]
    refusal = read(make(tmp_path)).refusal
    assert refusal is not None and refusal.code == code, refusal
    assert refusal.mend_th and refusal.mend_en


def test_a_directory_that_loops_ends(read, tmp_path):
    result = read(loop(tmp_path))
    # The first image is sound; GDAL stops at the repetition.
    assert result.refusal is None or result.refusal.code == "intake.unreadable"


def test_bounds_elsewhere_are_refused(read, tmp_path):
    refusal = read(tif(tmp_path / "r.tif"), bounds=[10, 50, 11, 51]).refusal
    assert refusal.code == "raster.outside"


def test_a_name_of_another_kind_is_refused(read, tmp_path):
    data = plain(tmp_path)
    assert read(data, "r.csv").refusal.code == "intake.kind"
    assert read(data, "upload-0190").refusal is None


def test_side_files_are_not_read(read, tmp_path):
    path = tif(tmp_path / "r.tif")
    Path(f"{path}.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><Scale>7</Scale></PAMRasterBand></PAMDataset>"
    )
    result = read(path)
    assert result.facts["scales"] == [1.0] and not result.findings


def test_only_three_drivers_are_left():
    from warehouse.intake.confine import ENVIRONMENT
    from warehouse.intake.gdal import ALLOWED_RASTER, raster_skip_environment

    code = "import rasterio\nwith rasterio.Env() as e: print('\\n'.join(e.drivers()))"
    listed = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin", **ENVIRONMENT, **raster_skip_environment()},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert set(listed) == ALLOWED_RASTER


@pytest.mark.real
@pytest.mark.parametrize("year", [2022, 2025])
def test_real_night_lights(intake, year):
    path = real_path(f"nightlight/tha_viirs_{year}-03_5km.tif")
    [result] = intake.read([Job("raster", path)])
    with rasterio.open(path) as theirs:
        assert np.array_equal(
            result.table.column("b1").to_numpy(), theirs.read(1).reshape(-1), equal_nan=True
        )
    assert result.facts["crs"] == "EPSG:4326" and result.refusal is None


@pytest.mark.real
def test_a_real_raster_in_metres(intake):
    [result] = intake.read([Job("raster", real_path("overlays/u5pd.tif"))])
    assert result.facts["crs"] == "EPSG:32647" and result.facts["nodata"] == pytest.approx(-3.4e38)
    assert result.facts["not_finite"] == [0]
