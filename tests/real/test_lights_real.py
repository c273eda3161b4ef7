"""Zonal statistics of the real tambons and of four real months of March, whose background drifts."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio

from analytics import lights
from analytics.lights import Coverage, Rule
from geo.nightlight import Grid, products
from tests.realdata import real_path

pytestmark = pytest.mark.real

LEVELS = {
    "province": ("boundaries/tha_adm1_province_shapefile.zip", "ADM1_PCODE"),
    "subdistrict": ("boundaries/tha_admbnda_adm3_rtsd_20220121.zip", "ADM3_PCODE"),
}


def polygons(level: str) -> gpd.GeoDataFrame:
    file, column = LEVELS[level]
    frame = gpd.read_file(f"zip://{real_path(file)}", columns=[column])
    return frame.assign(code=frame[column].str.removeprefix("TH"))[["code", "geometry"]]


@pytest.fixture(scope="module")
def marches() -> tuple[dict[int, np.ndarray], Grid]:
    years = {}
    for year in (2022, 2023, 2024, 2025):
        with rasterio.open(real_path(f"nightlight/tha_viirs_{year}-03_5km.tif")) as opened:
            values = opened.read(1)
            t = opened.transform
            grid = Grid(opened.width, opened.height, t.c, t.f, t.a, -t.e)
            years[year] = np.where(values == opened.nodata, np.nan, values).astype(np.float32)
    return years, grid


@pytest.fixture(scope="module")
def tambons(marches: tuple[dict[int, np.ndarray], Grid]) -> Coverage:
    return lights.cover(polygons("subdistrict"), marches[1])


def test_all_tambons_add_up_on_every_level(
    tambons: Coverage, marches: tuple[dict[int, np.ndarray], Grid]
) -> None:
    light = marches[0][2025]
    assert len(tambons.zones) == 7425
    below = lights.statistics(tambons, light, threshold=0.5)
    for width, count in ((4, 928), (2, 77), (0, 1)):
        above = lights.statistics(tambons.up(width), light, threshold=0.5)
        assert len(above) == count
        for name in ("sum", "area_km2", "lit_km2"):
            added = below[name].groupby([(code[:width] or "TH") for code in below.index]).sum()
            np.testing.assert_allclose(above[name], added, rtol=1e-9)
        below = above
    assert below.loc["TH", "area_km2"] == pytest.approx(515_328, rel=0.002)


def test_provinces_made_of_tambons_are_the_provinces(
    tambons: Coverage, marches: tuple[dict[int, np.ndarray], Grid]
) -> None:
    light, grid = marches[0][2025], marches[1]
    made = lights.statistics(tambons.up(2), light, threshold=0.5)
    drawn = lights.statistics(lights.cover(polygons("province"), grid), light, threshold=0.5)
    # Two outlines of one agency, drawn apart from each other: they differ most, by 1.3 %, on Phuket.
    np.testing.assert_allclose(made["area_km2"], drawn["area_km2"], rtol=0.02)
    np.testing.assert_allclose(made["mean"], drawn["mean"], rtol=0.02)


def growth(tambons: Coverage, marches: tuple[dict[int, np.ndarray], Grid], y0: int, y1: int) -> pd.DataFrame:
    rule = Rule.of(products()["viirs-dnb-monthly"])
    compared = lights.compare(tambons, marches[0][y0], marches[0][y1], rule)
    frame = lights.change(lights.roll_up(compared.rows, 2), y1 - y0, compared.rule)
    return frame.assign(
        naive=frame["total_after"] / frame["total_before"] - 1,
        told=((1 + frame["annual_growth"]) ** (y1 - y0) - 1),
    )


def test_a_drifting_background_is_no_growth(
    tambons: Coverage, marches: tuple[dict[int, np.ndarray], Grid]
) -> None:
    found = growth(tambons, marches, 2022, 2025)
    naive, told = found["naive"], found["told"]
    assert naive["58"] == pytest.approx(0.89, abs=0.01) and naive["10"] == pytest.approx(0.10, abs=0.01)
    assert naive["55"] == pytest.approx(0.91, abs=0.01) and naive.median() > 0.2
    # Mae Hong Son has too little light above its background, Nan's town grew by 3 %, Bangkok's growth is its own.
    assert found.loc["58", "low_start"] and np.isnan(told["58"])
    assert told["55"] == pytest.approx(0.03, abs=0.02)
    assert told["10"] == pytest.approx(0.09, abs=0.01)
    assert told.max() < 0.3 and abs(told.median()) < 0.13
    assert found["low_start"].sum() <= 3


def test_the_drift_is_measured_in_the_year_it_happened(
    tambons: Coverage, marches: tuple[dict[int, np.ndarray], Grid]
) -> None:
    rule = Rule.of(products()["viirs-dnb-monthly"])
    drift = {
        (a, b): lights.compare(tambons, marches[0][a], marches[0][b], rule).background["drift"]
        for a, b in ((2022, 2023), (2023, 2025), (2022, 2025))
    }
    assert drift[2022, 2023]["TH"] == pytest.approx(0.11, abs=0.02)
    assert abs(drift[2023, 2025]["TH"]) < 0.02
    assert drift[2022, 2025]["TH"] == pytest.approx(0.10, abs=0.02)
    # Where there are no dark cells the country's drift stands in.
    assert drift[2022, 2025]["10"] == drift[2022, 2025]["TH"]
