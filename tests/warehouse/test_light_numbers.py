"""Night light as numbers of areas: which polygons count, what adds up, what is made again and when."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from analytics import lights
from geo.boundaries import embedded_provinces
from geo.nightlight import NO_COUNT, Grid
from tests.warehouse.batches import batch
from tests.warehouse.lights import COARSE, cells, light_batch
from warehouse import light_numbers
from warehouse.batch import Batch
from warehouse.light_coverage import coverage_file, read_coverage, write_coverage, zones_file
from warehouse.light_numbers import base_zones
from warehouse.publish import publish_batches
from warehouse.query import Warehouse, layer_file
from warehouse.settings import Settings
from warehouse.snapshots import Store

VNL = "vnl-v21-average-masked"
YALA = ("9501", "9502", "9503", "9504", "9505", "9506", "9507", "9508")


def frame(**shapes: object) -> gpd.GeoDataFrame:
    codes = [name.removeprefix("z") for name in shapes]
    return gpd.GeoDataFrame(
        {"code": codes, "name_th": codes, "name_en": codes}, geometry=list(shapes.values()), crs="EPSG:4326"
    )


def in_strips(code: str, parts: int, *, left_out: int = 0) -> gpd.GeoDataFrame:
    """An embedded province cut into districts of equal width; `left_out` of them missing."""
    provinces = embedded_provinces().set_index("code")
    outline = provinces.geometry[code]
    west, south, east, north = outline.bounds
    edges = np.linspace(west, east, parts + 1)
    strips = {
        f"z{code}{n + 1:02d}": outline.intersection(box(edges[n], south, edges[n + 1], north))
        for n in range(parts - left_out)
    }
    return frame(**strips)


def with_boundaries(made: Batch, **levels: gpd.GeoDataFrame) -> Batch:
    made.boundaries = levels
    return made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """All provinces by their outlines, Yala by eight districts; two years, the later one with observations."""
    store = Store(tmp_path_factory.mktemp("numbers"))
    made = light_batch(VNL, y2012=cells(1), y2021=cells(2))
    counts = np.full(COARSE.shape, 40, np.uint16)
    # South of 7 degrees nothing is known, north of 19 one row of three.
    south, north = round((COARSE.north - 7) / COARSE.dy), round((COARSE.north - 19) / COARSE.dy)
    counts[south:] = NO_COUNT
    counts[:north:3] = NO_COUNT
    made.rasters[1].observations = counts
    publish_batches(store, Settings(), [with_boundaries(made, district=in_strips("95", 8))])
    return Warehouse.open(store)


def value(house: Warehouse, indicator: str, level: str, year: int = 2012) -> pd.Series:
    found = house.values(indicator, level=level, year=year)
    return found.set_index("area_code")["value"].dropna()


def test_every_level_adds_up_to_the_one_above(house: Warehouse) -> None:
    for indicator in ("light_sum", "light_lit_area"):
        districts, provinces = (value(house, indicator, level) for level in ("district", "province"))
        country = value(house, indicator, "country")["TH"]
        assert list(districts.index) == list(YALA) and len(provinces) == 77
        assert districts.sum() == pytest.approx(provinces["95"], rel=1e-9)
        assert provinces.sum() == pytest.approx(country, rel=1e-9)


def test_numbers_are_those_of_the_formulas(house: Warehouse) -> None:
    coverage = lights.cover(base_zones(house.info.path / "boundaries"), COARSE)
    wanted = lights.statistics(coverage.up(2), cells(2), threshold=0.0)
    for indicator, column in (
        ("light_mean", "mean"), ("light_median", "median"), ("light_max", "max"), ("light_gini", "gini"),
        ("light_density", "density"),
    ):  # fmt: skip
        found = value(house, indicator, "province", 2021)
        np.testing.assert_allclose(found, wanted[column].dropna(), rtol=1e-12)
    share = value(house, "light_lit_share", "province", 2021)
    np.testing.assert_allclose(share, 100 * wanted["lit_share"], rtol=1e-12)


def test_a_share_has_its_numerator_and_denominator(house: Warehouse) -> None:
    row = house.profile("95", ["light_lit_share"], 2012).iloc[0]
    assert row["value"] == pytest.approx(100 * row["numerator"] / row["denominator"])
    assert row["numerator"] == value(house, "light_lit_area", "province")["95"]
    assert row["definition"] == "light-cells" and row["basis"] == "derived"


def test_observations_only_where_their_raster_came(house: Warehouse) -> None:
    assert house.years("light_observations") == [2021]
    seen = value(house, "light_observations", "province", 2021)
    # What is not known lowers no mean, and of an area that is mostly unknown there is none.
    assert seen.to_numpy() == pytest.approx(40) and "57" in seen.index
    assert "95" not in seen.index and len(seen) > 60
    assert value(house, "light_observations", "district", 2021).empty
    told = house.lights.statistics(f"nightlight-{VNL}", 2021, "province")
    assert told.loc[["57", "95"], "few_observations"].tolist() == [False, False]


def test_layers_of_the_theme_are_drawn(house: Warehouse) -> None:
    for level, parent in (("province", "TH"), ("district", "95")):
        file = layer_file(house.info.path.parent, house.snapshot, level, parent, "light-2012")
        assert file is not None and file.is_file()


def test_coverage_is_kept_and_read_back_as_it_was(house: Warehouse, tmp_path: Path) -> None:
    file = house.info.path / coverage_file(COARSE)
    kept = read_coverage(file, COARSE)
    made = lights.cover(base_zones(house.info.path / "boundaries"), COARSE)
    assert kept.zones == made.zones
    for name in ("zone", "cell", "fraction"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(made, name))
    with pytest.raises(ValueError, match="expected"):
        read_coverage(file, Grid(86, 151, 97.0, 20.6, 0.1, 0.1))
    write_coverage(tmp_path / "wild.parquet", made)
    with pytest.raises(ValueError, match="cell"):
        other = tmp_path / "small.parquet"
        write_coverage(
            other, lights.Coverage(made.zones, made.zone, made.cell + 9_999, made.fraction, COARSE)
        )
        read_coverage(other, COARSE)


def test_area_with_too_little_data_gets_no_number(tmp_path: Path) -> None:
    store = Store(tmp_path)
    light = cells(1)
    west, south, east, north = embedded_provinces().set_index("code").geometry["95"].bounds
    rows = slice(int((COARSE.north - north) / 0.1) - 1, int((COARSE.north - south) / 0.1) + 2)
    columns = slice(int((west - COARSE.west) / 0.1) - 1, int((east - COARSE.west) / 0.1) + 2)
    light[rows, columns] = np.nan
    publish_batches(store, Settings(), [light_batch(VNL, y2012=light)])
    found = Warehouse.open(store).values("light_sum", level="province", year=2012).set_index("area_code")
    assert np.isnan(found.loc["95", "value"]) and not found.loc["95", "suppressed"]
    assert found["value"].notna().sum() >= 70


def test_half_a_province_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    folder = tmp_path
    in_strips("95", 8, left_out=3).to_parquet(folder / "district.parquet")
    assert "95" in set(base_zones(folder)["code"])
    # Two of eight are missing, although the rest would fill the coarse outline well enough.
    assert (
        light_numbers._areas(in_strips("95", 8, left_out=2))["95"]
        >= 0.74 * light_numbers._areas(embedded_provinces())["95"]
    )
    in_strips("95", 8, left_out=2).to_parquet(folder / "district.parquet")
    assert "95" in set(base_zones(folder)["code"])
    # Every district twice: their sum says whole, and more.
    twice = in_strips("95", 8)
    pd.concat([twice, twice]).to_parquet(folder / "district.parquet")
    assert "95" in set(base_zones(folder)["code"])
    in_strips("95", 8).to_parquet(folder / "district.parquet")
    zones = set(base_zones(folder)["code"])
    assert "95" not in zones and set(YALA) <= zones and len(zones) == 76 + 8
    # An imported outline says more than the coarse embedded one.
    provinces = embedded_provinces()
    provinces.to_parquet(folder / "province.parquet")
    in_strips("95", 16, left_out=1).to_parquet(folder / "district.parquet")
    filled = (
        light_numbers._areas(in_strips("95", 16, left_out=1))["95"] / light_numbers._areas(provinces)["95"]
    )
    assert ("95" in set(base_zones(folder)["code"])) == (filled < light_numbers.WHOLE)


def test_area_no_list_has_counts_above_and_has_no_row(tmp_path: Path) -> None:
    store = Store(tmp_path)
    strips = in_strips("95", 8)
    strips.loc[7, "code"] = "9599"
    publish_batches(store, Settings(), [with_boundaries(light_batch(VNL, y2012=cells(1)), district=strips)])
    house = Warehouse.open(store)
    districts, provinces = (value(house, "light_sum", level) for level in ("district", "province"))
    assert "9599" not in districts.index and len(districts) == 7
    assert districts.sum() < provinces["95"]


def test_what_is_made_again_and_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    covered, counted = [], []
    cover, statistics = lights.cover, lights.statistics
    monkeypatch.setattr(lights, "cover", lambda *a: covered.append(1) or cover(*a))
    monkeypatch.setattr(lights, "statistics", lambda *a, **k: counted.append(1) or statistics(*a, **k))
    store = Store(tmp_path)
    publish_batches(store, Settings(), [light_batch(VNL, y2012=cells(1))])
    assert len(covered) == 1 and len(counted) == 2  # provinces, country
    # Another import leaves the numbers alone; another year computes that year.
    publish_batches(store, Settings(), [batch([("95", "target_poor", 2018, 5.0)])])
    assert len(covered) == 1 and len(counted) == 2
    publish_batches(store, Settings(), [light_batch(VNL, y2021=cells(2))])
    assert len(covered) == 1 and len(counted) == 4
    before = value(Warehouse.open(store), "light_sum", "province", 2021)
    # Other polygons: everything again.
    publish_batches(
        store,
        Settings(),
        [with_boundaries(batch([("95", "target_poor", 2018, 6.0)]), district=in_strips("95", 8))],
    )
    assert len(covered) == 2 and len(counted) == 10  # and districts, twice
    house = Warehouse.open(store)
    assert len(value(house, "light_sum", "district", 2021)) == 8
    after = value(house, "light_sum", "province", 2021)
    np.testing.assert_allclose(after, before, rtol=1e-6)
    assert store.verify(house.info.id) == []


def test_measured_numbers_take_the_place_of_modelled_ones(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish_batches(store, Settings(), [light_batch("modelled", y2012=cells(1), y2021=cells(2))])
    publish_batches(store, Settings(), [light_batch(VNL, y2021=cells(3))])
    house = Warehouse.open(store)
    assert house.years("light_sum") == [2021]
    assert set(house.values("light_sum", level="province", year=2021)["source_id"].dropna()) == {
        f"nightlight-{VNL}"
    }


def test_the_better_product_is_preferred_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish_batches(
        store, Settings(), [light_batch("other", y2021=cells(4)), light_batch(VNL, y2021=cells(3))]
    )
    house = Warehouse.open(store)
    for level in ("country", "province"):
        for indicator in house.indicators_with_data(level):
            found = house.values(indicator, level=level, year=2021)
            assert set(found["source_id"].dropna()) == {f"nightlight-{VNL}"}, indicator
    other = house.values("light_sum", level="province", year=2021, source="nightlight-other")
    assert other["value"].notna().sum() == 77


def test_two_lattices_have_two_files_and_the_last_raster_takes_its_file_along(tmp_path: Path) -> None:
    from geo.nightlight import canonical

    store = Store(tmp_path)
    fine = canonical(-180.0, 75.0, 0.2, 0.2)
    made = light_batch("other", y2021=cells(4))
    made.rasters[0].grid = fine
    made.rasters[0].values = cells(4, fine)
    info = publish_batches(store, Settings(), [made, light_batch(VNL, y2021=cells(3))])
    assert sorted(p.name for p in info.path.glob("nightlight/*.coverage.parquet")) == sorted(
        coverage_file(g).rpartition("/")[2] for g in (fine, COARSE)
    )
    again = light_batch("other", y2021=cells(4))
    info = publish_batches(store, Settings(), [again])
    left = {coverage_file(COARSE).rpartition("/")[2], zones_file(COARSE).rpartition("/")[2]}
    assert {p.name for p in info.path.glob("nightlight/*.parquet")} == left
