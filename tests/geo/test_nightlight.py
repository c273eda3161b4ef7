"""Lattices, products, official file names and the files rasters rest in."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Geod

from geo.nightlight import THAILAND, Grid, canonical, products, read_cog, recognise, write_cog

QUARTER = 15 / 3600


def test_grid_of_any_window_of_one_lattice_is_the_same() -> None:
    whole = canonical(-180.00208333335, 75.00208333335, 0.0041666667, 0.0041666667)
    window = canonical(97.0 + 1 / 480, 21.0 + 1 / 480, 1 / 240, 1 / 240)
    assert whole == window
    assert whole.id == window.id
    west, south, east, north = whole.bounds
    assert west <= THAILAND[0] < west + whole.dx
    assert south <= THAILAND[1] < south + whole.dy
    assert east - whole.dx < THAILAND[2] <= east
    assert north - whole.dy < THAILAND[3] <= north
    # A lattice half a cell away is another one.
    assert canonical(-180.0, 75.0, 1 / 240, 1 / 240) != whole
    # The 5 km lattice of the Earth Engine exports, seen from two corners of it.
    step = 0.044915764205976066
    assert canonical(97.33246103434809, 20.481588103956742, step, step) == canonical(
        97.33246103434809 + 40 * step, 20.481588103956742 - 17 * step, step, step
    )


@pytest.mark.parametrize("bad", [(float("nan"), 75.0, 0.1, 0.1), (0.0, 0.0, 6.0, 0.1), (0.0, 0.0, 0.1, 1e-5)])
def test_lattice_that_cannot_be(bad: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"finite|degrees"):
        canonical(*bad)


@pytest.mark.parametrize("bad", [(0, 1, 0.0, 0.0, 1.0, 1.0), (1, 1, 0.0, 0.0, -1.0, 1.0)])
def test_grid_that_cannot_be(bad: tuple[int, int, float, float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"grid|positive"):
        Grid(*bad)


def test_row_areas_are_those_of_the_ellipsoid() -> None:
    grid = canonical(-180.0, 75.0, QUARTER, QUARTER)
    areas = grid.row_km2()
    assert areas.shape == (grid.height,)
    geod = Geod(ellps="WGS84")
    for row in (0, grid.height // 2, grid.height - 1):
        north, south = grid.north - row * grid.dy, grid.north - (row + 1) * grid.dy
        # Edges of a geodesic polygon leave the parallel; forty corners along it keep that below 1e-9.
        lons = np.linspace(100.0, 100.0 + grid.dx, 40)
        ring = [(x, south) for x in lons] + [(x, north) for x in lons[::-1]]
        area = abs(geod.polygon_area_perimeter(*zip(*ring, strict=True))[0]) / 1e6
        assert areas[row] == pytest.approx(area, rel=1e-7)


def test_products_are_complete_in_both_languages() -> None:
    listed = products()
    assert {
        "vnl-v21-average-masked",
        "black-marble-vnp46a4",
        "harmonised-dmsp-viirs",
        "viirs-dnb-monthly",
    } <= set(listed)
    assert {"other", "modelled"} <= set(listed)
    for product in listed.values():
        assert product.caveats_th and len(product.caveats_th) == len(product.caveats_en), product.id
        assert any("\u0e00" <= c <= "\u0e7f" for c in product.name_th), product.id
        assert product.name_en.isascii() and "{" not in product.name_en, product.id
        assert product.sensor(2013) != "" and product.threshold_note_th and product.threshold_note_en
        assert product.source_id == f"nightlight-{product.id}"
        # What is not masked and has no advice of its authors says whose choice its threshold is.
        if not product.masked and product.unit != "DN":
            assert product.lit_threshold == 0.5 and "Daomap" in product.threshold_note_en
    harmonised = listed["harmonised-dmsp-viirs"]
    assert (harmonised.unit, harmonised.lit_threshold, harmonised.saturation) == ("DN", 7.0, 63.0)
    assert harmonised.sensor(2013) != harmonised.sensor(2014)
    assert listed["vnl-v21-average-masked"].lit_threshold == 0.0
    best = max(listed.values(), key=lambda p: p.priority)
    assert best.id == "vnl-v21-average-masked"
    assert min(listed.values(), key=lambda p: p.priority).id == "modelled"


@pytest.mark.parametrize(
    ("name", "product", "start", "end", "mask", "band"),
    [
        ("VNL_v21_npp_201204-201212_global_vcmcfg_c202205302300.average_masked.dat.tif.gz",
         "vnl-v21-average-masked", (2012, 4, 1), (2012, 12, 31), "vcmcfg", "average_masked"),
        ("VNL_v21_npp_201204-201303_global_vcmcfg_c202205302300.median.dat.tif",
         "vnl-v21-median", (2012, 4, 1), (2013, 3, 31), "vcmcfg", "median"),
        ("VNL_v21_npp_2021_global_vcmslcfg_c202205302300.average_masked.dat.tif.gz",
         "vnl-v21-average-masked", (2021, 1, 1), (2021, 12, 31), "vcmslcfg", "average_masked"),
        ("VNL_v2_npp_201204-201303_global_vcmcfg_c202102150000.average_masked.tif.gz",
         "vnl-v2-average-masked", (2012, 4, 1), (2013, 3, 31), "vcmcfg", "average_masked"),
        ("VNL_v22_npp-j01_2022_global_vcmslcfg_c202303062300.maximum.dat.tif.gz",
         "vnl-v22-maximum", (2022, 1, 1), (2022, 12, 31), "vcmslcfg", "maximum"),
        ("VNL_v21_npp_2021_global_vcmslcfg_c202205302300.cf_cvg.dat.tif.gz",
         None, (2021, 1, 1), (2021, 12, 31), "vcmslcfg", "cf_cvg"),
        ("Harmonized_DN_NTL_2012_calDMSP.tif", "harmonised-dmsp-viirs", (2012, 1, 1), (2012, 12, 31), "calDMSP", "DN"),
        ("Harmonized_DN_NTL_2021_simVIIRS.tif", "harmonised-dmsp-viirs", (2021, 1, 1), (2021, 12, 31), "simVIIRS", "DN"),
        ("VNP46A4_NearNadir_Composite_Snow_Free_qflag_t2021.tif",
         "black-marble-vnp46a4", (2021, 1, 1), (2021, 12, 31), None, None),
        ("VNP46A4.A2012001.h27v07.001.tif", "black-marble-vnp46a4", (2012, 1, 1), (2012, 12, 31), None, None),
        ("tha_viirs_2022-03_5km.tif", "viirs-dnb-monthly", (2022, 3, 1), (2022, 3, 31), None, None),
        ("Thailand_VIIRS_NightLights_2024-02_5kmGrid_withlatlon.csv",
         "viirs-dnb-monthly", (2024, 2, 1), (2024, 2, 29), None, None),
        ("SVDNB_npp_20140201-20140228_75N060E_vcmslcfg_v10_c201507201053.avg_rade9.tif",
         "viirs-dnb-monthly", (2014, 2, 1), (2014, 2, 28), "vcmslcfg", "avg_rade9"),
        ("NOAA_VIIRS_DNB_MONTHLY_V1_VCMSLCFG_20210301.tif",
         "viirs-dnb-monthly", (2021, 3, 1), (2021, 3, 31), None, None),
        ("viirs_monthly_202103.tif", "viirs-dnb-monthly", (2021, 3, 1), (2021, 3, 31), None, None),
        ("VIIRS_2021-03_avg_rad.tif", "viirs-dnb-monthly", (2021, 3, 1), (2021, 3, 31), None, None),
        ("VNP46A4_20120101.tif", "black-marble-vnp46a4", (2012, 1, 1), (2012, 12, 31), None, None),
    ],
)  # fmt: skip
def test_official_names(
    name: str,
    product: str | None,
    start: tuple[int, int, int],
    end: tuple[int, int, int],
    mask: str | None,
    band: str | None,
) -> None:
    told = recognise(name)
    assert told.product == product
    assert (told.start, told.end, told.year) == (date(*start), date(*end), start[0])
    assert (told.mask, told.band, told.how) == (mask, band, "name")


@pytest.mark.parametrize(
    "name",
    ["ntl.tif", "light_2021.tif", "VNL_v21_npp_201213-201303_global_vcmcfg_c202205302300.average.dat.tif",
     "VNL_v21_npp_2021_global_vcmslcfg_c202205302300.rubbish.dat.tif",
     "viirs_annual_202112_mean.tif", "my_viirs_202103_202112_sum.tif", "viirs_202112.tif", "viirs_monthly_mean_202112.tif",
     "viirs_monthly_202103_202112.tif", "VIIRS_Annual_monthly_2021-12.tif", "viirsMonthlySum_2021-12.tif",
     "tha_viirs_2022-03_annual.tif", "tha_viirs_2022-03_2022-12_5km.tif", "viirs_avg_rad_yearly_2021-12.tif"],
)  # fmt: skip
def test_other_names_say_nothing(name: str) -> None:
    assert recognise(name).how == "nothing"


def test_tags_speak_where_the_name_does_not() -> None:
    told = recognise("a.tif", {"source": "VIIRS DNB monthly composite (Google Earth Engine export), 2022-03"})
    assert (told.product, told.year, told.how) == ("viirs-dnb-monthly", 2022, "tags")
    told = recognise("a.tif", {"source": "NOAA/VIIRS/DNB/ANNUAL_V21 2021 average_masked"})
    assert (told.product, told.year, told.how) == ("vnl-v21-average-masked", 2021, "tags")
    # Tags that were left in what was made of monthly files do not make it monthly.
    left = {"source": "VIIRS DNB monthly composite (Google Earth Engine export), 2022-03"}
    assert recognise("viirs_annual_2022.tif", left).how == "nothing"
    own = {"DAOMAP_PRODUCT": "modelled", "DAOMAP_YEAR": "2012"}
    assert recognise("a.tif", own).product == "modelled"
    assert recognise("a.tif", {"DAOMAP_PRODUCT": "nonsense"}).how == "nothing"


@pytest.mark.parametrize(
    ("name", "assumed"),
    [("VNL_v21_npp_2012_global_vcmcfg_c202205302300.average_masked.dat.tif", True),
     ("NOAA_VIIRS_DNB_ANNUAL_V21_2012_average_masked.tif", True),
     ("NOAA_VIIRS_DNB_ANNUAL_V21_20120101_average_masked.tif", True),
     ("NOAA_VIIRS_DNB_ANNUAL_V2_20120401_average_masked.tif", True),
     ("VNL_v21_npp_201204-201212_global_vcmcfg_c202205302300.average_masked.dat.tif", False)],
)  # fmt: skip
def test_vnl_of_2012_begins_in_april(name: str, assumed: bool) -> None:
    told = recognise(name)
    assert (told.year, told.start, told.end) == (2012, date(2012, 4, 1), date(2012, 12, 31))
    assert told.assumed == assumed
    later = recognise("VNL_v21_npp_2013_global_vcmcfg_c202205302300.average_masked.dat.tif")
    assert (later.start, later.assumed) == (date(2013, 1, 1), False)


def test_cog_comes_back_as_it_was(tmp_path: Path) -> None:
    grid = canonical(-180.0, 75.0, 0.025, 0.025)
    cells = np.random.default_rng(1).gamma(0.3, 5.0, grid.shape).astype(np.float32)
    cells[:7, :9] = np.nan
    cells[50, 60] = -0.25
    path = tmp_path / "2012.tif"
    tags = {"DAOMAP_PRODUCT": "modelled", "DAOMAP_YEAR": "2012"}
    write_cog(path, cells, grid, tags)
    values, same, back = read_cog(path)
    np.testing.assert_array_equal(values, cells)
    assert same == grid
    assert back == tags
    with rasterio.open(path) as opened:
        assert opened.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert opened.block_shapes == [(256, 256)]
        assert opened.overviews(1)
        assert opened.crs.to_epsg() == 4326
    # The same cells give the same bytes: a snapshot of an unchanged raster keeps its hash.
    first = hashlib.sha256(path.read_bytes()).hexdigest()
    write_cog(path, cells, grid, tags)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first
    assert [p.name for p in tmp_path.iterdir()] == ["2012.tif"]


def test_counts_are_stored_too_and_nothing_else(tmp_path: Path) -> None:
    grid = canonical(-180.0, 75.0, 0.1, 0.1)
    counts = np.arange(grid.width * grid.height, dtype=np.uint16).reshape(grid.shape)
    write_cog(tmp_path / "n.tif", counts, grid)
    values, _, _ = read_cog(tmp_path / "n.tif")
    assert values.dtype == np.uint16
    np.testing.assert_array_equal(values, counts)
    with pytest.raises(ValueError, match="float32"):
        write_cog(tmp_path / "n.tif", counts.astype(np.float64), grid)
    with pytest.raises(ValueError, match="expected"):
        write_cog(tmp_path / "n.tif", counts[1:], grid)
