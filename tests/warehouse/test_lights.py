"""`Warehouse.lights`: the same numbers as the formulas, on all levels, for many threads, from sound files only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics import lights as formulas
from analytics.lights import TRANSITIONS, Rule
from geo.nightlight import canonical, products
from tests.warehouse.batches import batch
from tests.warehouse.lights import COARSE, cells, light_batch
from tests.warehouse.test_light_numbers import YALA, in_strips, with_boundaries
from warehouse import lights
from warehouse.light_coverage import coverage_file
from warehouse.light_numbers import base_zones
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.report import QueryError
from warehouse.settings import Settings
from warehouse.snapshots import Store, StoreError

VNL, PLAIN = "vnl-v21-average-masked", "viirs-dnb-monthly"
SOURCE = f"nightlight-{VNL}"
DNB = f"nightlight-{PLAIN}"
HARMONISED = "nightlight-harmonised-dmsp-viirs"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A masked pair with observations and persons, an unmasked pair, a harmonised pair, and one on another lattice."""
    store = Store(tmp_path_factory.mktemp("lights"))
    masked = light_batch(VNL, y2012=cells(1), y2021=cells(2))
    for raster, period in zip(
        masked.rasters, (("2012-04-01", "2012-12-31"), ("2021-01-01", "2021-12-31")), strict=True
    ):
        raster.period = period
        raster.mask = "vcmcfg" if raster.year == 2012 else "vcmslcfg"
        raster.observations = np.full(COARSE.shape, 40, np.uint16)
    masked.rasters[0].observations[: COARSE.height // 2] = 17  # the north: two a month would be 18
    plain = light_batch(PLAIN, y2021=cells(3) + np.float32(0.5), y2022=cells(3) + np.float32(0.75))
    harmonised = light_batch(
        "harmonised-dmsp-viirs", y2012=np.minimum(9 * cells(5), 63), y2021=np.minimum(10 * cells(5), 63)
    )
    other = light_batch("other", y2021=cells(6))
    fine = canonical(-180.0, 75.0, 0.05, 0.05)
    other.rasters[0].grid, other.rasters[0].values = fine, np.kron(cells(6), np.ones((2, 2), np.float32))
    counts = {("95", 2018): 1000.0, ("96", 2018): 2000.0, ("95", 2024): 4000.0, ("96", 2024): 0.0}
    people = batch(
        [(code, "surveyed_persons", year, count) for (code, year), count in counts.items()],
        suppressed=[("96", "surveyed_persons")],
    )
    assert fine.shape == other.rasters[0].values.shape
    publish_batches(
        store,
        Settings(),
        [with_boundaries(masked, district=in_strips("95", 8)), plain, harmonised, other, people],
    )
    return Warehouse.open(store)


@pytest.fixture(scope="module")
def coverage(house: Warehouse) -> formulas.Coverage:
    return formulas.cover(base_zones(house.info.path / "boundaries"), COARSE)


# ---------------------------------------------------------------- what there is


def test_sources_and_years(house: Warehouse) -> None:
    held = house.lights.rasters()
    assert len(held) == 7 and set(held["product"]) == {VNL, PLAIN, "harmonised-dmsp-viirs", "other"}
    assert house.lights.years(SOURCE) == [2012, 2021] and house.lights.years("nightlight-nothing") == []
    # Two years each: the official ones come first, and of these the masked average.
    assert house.lights.default_source() == SOURCE
    held.loc[:, "year"] = 0
    assert house.lights.years(SOURCE) == [2012, 2021]


def test_snapshot_without_light(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish_batches(store, Settings(), [batch([("95", "target_poor", 2018, 5.0)])])
    dark = Warehouse.open(store).lights
    assert dark.default_source() is None and dark.rasters().empty
    with pytest.raises(QueryError, match="no night light"):
        dark.statistics(SOURCE, 2012, "province")


def test_modelled_is_the_last_choice(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish_batches(store, Settings(), [light_batch("modelled", y2012=cells(1), y2021=cells(2))])
    assert Warehouse.open(store).lights.default_source() == "nightlight-modelled"
    publish_batches(store, Settings(), [light_batch("other", y2021=cells(2))])
    assert Warehouse.open(store).lights.default_source() == "nightlight-other"


def test_rule_follows_the_raster(house: Warehouse) -> None:
    assert house.lights.rule(SOURCE, 2012) == Rule.of(products()[VNL])
    assert house.lights.rule(HARMONISED, 2012).threshold == 7


def test_cells_are_the_raster_and_cannot_be_written(house: Warehouse) -> None:
    values, grid = house.lights.cells(SOURCE, 2021)
    np.testing.assert_array_equal(values, cells(2))
    assert grid == COARSE
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0] = 1


# ---------------------------------------------------------------- one year


def test_statistics_are_those_of_the_formulas(house: Warehouse, coverage: formulas.Coverage) -> None:
    wanted = formulas.statistics(coverage.up(2), cells(2), threshold=0.0)
    found = house.lights.statistics(SOURCE, 2021, "province")
    pd.testing.assert_frame_equal(found[list(formulas.STATISTICS)], wanted, rtol=1e-12, check_names=False)


def test_levels_and_what_is_inside(house: Warehouse) -> None:
    ask = house.lights.statistics
    assert ask(SOURCE, 2012, "country").index.tolist() == ["TH"]
    assert ask(SOURCE, 2012, "district").index.tolist() == list(YALA)
    assert ask(SOURCE, 2012, "district", "95").index.tolist() == list(YALA)
    assert ask(SOURCE, 2012, "district", "96").empty
    assert ask(SOURCE, 2012, "province", "95").index.tolist() == ["95"]
    assert ask(SOURCE, 2012, "district", "9503").index.tolist() == ["9503"]
    assert ask(SOURCE, 2012, "subdistrict").empty and ask(SOURCE, 2012, "village").empty
    changed = house.lights.change(SOURCE, 2012, 2021, "district", "95")
    assert changed.index.tolist() == list(YALA)
    assert house.lights.change(SOURCE, 2012, 2021, "village").empty


def test_answers_are_the_callers_own(house: Warehouse) -> None:
    for ask in (
        lambda: house.lights.statistics(SOURCE, 2012, "province"),
        lambda: house.lights.change(SOURCE, 2012, 2021, "province"),
    ):
        first = ask()
        first.loc[:, "area_km2"] = 0.0
        assert ask()["area_km2"].min() > 0


def test_persons_of_the_nearest_year_and_never_a_hidden_number(house: Warehouse) -> None:
    earlier = house.lights.statistics(SOURCE, 2012, "province")
    assert (earlier["persons_year"] == 2018).all()
    assert earlier.loc["95", "per_1000"] == pytest.approx(earlier.loc["95", "sum"])
    # 2018 and 2024 are both three years off: the later one.
    later = house.lights.statistics(SOURCE, 2021, "province")
    assert (later["persons_year"] == 2024).all()
    assert later.loc["95", "per_1000"] == pytest.approx(later.loc["95", "sum"] / 4)
    for frame in (earlier, later):
        assert np.isnan(frame.loc["96", "persons"]) and np.isnan(frame.loc["96", "per_1000"])
        assert np.isnan(frame.loc["10", "per_1000"])
    districts = house.lights.statistics(SOURCE, 2021, "district")
    assert (districts["persons_year"] == 0).all() and districts["per_1000"].isna().all()


def test_few_observations_are_flagged(house: Warehouse) -> None:
    earlier = house.lights.statistics(SOURCE, 2012, "province")["few_observations"]
    assert earlier["50"] and not earlier["95"]
    assert not house.lights.statistics(SOURCE, 2021, "province")["few_observations"].any()
    assert not house.lights.statistics(DNB, 2021, "province")["few_observations"].any()
    flagged = house.lights.change(SOURCE, 2012, 2021, "province")["few_observations"]
    assert flagged["50"] and not flagged["95"]


# ---------------------------------------------------------------- two years


@pytest.mark.parametrize(("source", "years", "seeds"), [(SOURCE, (2012, 2021), (1, 2))])
def test_change_is_that_of_the_formulas(
    house: Warehouse, coverage: formulas.Coverage, source: str, years: tuple[int, int], seeds: tuple[int, int]
) -> None:
    compared = formulas.compare(coverage, *(cells(s) for s in seeds), house.lights.rule(source, years[0]))
    # From the middle of April to December 2012 to that of 2021.
    wanted = formulas.change(formulas.roll_up(compared.rows, 2), 8.876, compared.rule)
    found = house.lights.change(source, *years, "province")
    pd.testing.assert_frame_equal(found[list(wanted.columns)], wanted, rtol=1e-4, check_names=False)
    np.testing.assert_allclose(found["log_ratio"], wanted["log_ratio"], rtol=1e-12)


def test_what_adds_up_adds_up_over_the_levels(house: Warehouse) -> None:
    ask = house.lights.change
    districts, provinces, country = (
        ask(SOURCE, 2012, 2021, level) for level in ("district", "province", "country")
    )
    for name in (*TRANSITIONS, "before", "after", "difference", "area_km2", "lit_km2_after"):
        assert districts[name].sum() == pytest.approx(provinces.loc["95", name], rel=1e-9, abs=1e-9)
        assert provinces[name].sum() == pytest.approx(country.loc["TH", name], rel=1e-9, abs=1e-6)


def test_sums_of_change_are_the_stored_sums(house: Warehouse) -> None:
    found = house.lights.change(SOURCE, 2012, 2021, "province")
    for year, name in ((2012, "total_before"), (2021, "total_after")):
        stored = house.lights.statistics(SOURCE, year, "province")["sum"]
        np.testing.assert_allclose(found[name], stored, rtol=1e-9)


def test_transitions_of_an_area(house: Warehouse) -> None:
    km2 = house.lights.transitions(SOURCE, 2012, 2021, "9503")
    assert km2 is not None and tuple(km2.index) == TRANSITIONS
    assert km2.sum() == pytest.approx(
        house.lights.statistics(SOURCE, 2012, "district").loc["9503", "area_km2"]
    )
    assert house.lights.transitions(SOURCE, 2012, 2021, "9601") is None


def test_drift_is_measured_where_the_background_is_kept(house: Warehouse) -> None:
    assert house.lights.drift(SOURCE, 2012, 2021) == 0
    assert house.lights.drift(DNB, 2021, 2022) == pytest.approx(0.25, abs=1e-6)
    assert len(house.lights.background(DNB, 2021, 2022)) == 78
    assert house.lights.compared_rule(DNB, 2021, 2022).threshold > house.lights.rule(DNB, 2021).threshold
    found = house.lights.change(DNB, 2021, 2022, "country").loc["TH"]
    # Only the background moved, by a quarter: nothing grew.
    assert found["total_after"] > 1.05 * found["total_before"]
    assert found["after"] == pytest.approx(found["before"], rel=1e-6)
    assert found["annual_growth"] == pytest.approx(0, abs=1e-6)
    assert found["newly_lit"] == found["gone_dark"] == 0


def test_years_that_do_not_rise_are_refused(house: Warehouse) -> None:
    for y0, y1 in ((2021, 2012), (2012, 2012)):
        with pytest.raises(QueryError, match="earlier one first"):
            house.lights.change(SOURCE, y0, y1, "province")


def test_unknown_years_and_sources_say_what_there_is(house: Warehouse) -> None:
    for ask in (
        lambda: house.lights.statistics(SOURCE, 2013, "province"),
        lambda: house.lights.change("nightlight-nothing", 2012, 2021, "province"),
        lambda: house.lights.cells(SOURCE, 1999),
    ):
        with pytest.raises(QueryError, match=r"there is .*2012"):
            ask()


# ---------------------------------------------------------------- what stands against it


def test_one_product_compares_and_its_months_are_told(house: Warehouse) -> None:
    found = house.lights.comparison(SOURCE, 2012, SOURCE, 2021)
    assert found.allowed and not found.refused and found.pixels
    notes = " ".join(en for _, en in found.notes)
    assert "(9, and 12)" in notes and "vcmcfg" in notes
    assert all(th != en and th and en for th, en in found.notes)


def test_two_sensors_are_refused_and_allowed_with_the_reason_kept(house: Warehouse) -> None:
    found = house.lights.comparison(HARMONISED, 2012, HARMONISED, 2021)
    assert found.refused and not found.allowed and "calDMSP" in found.reasons[0][1]
    asked = house.lights.comparison(HARMONISED, 2012, HARMONISED, 2021, allow=True)
    assert asked.allowed and asked.refused and asked.reasons == found.reasons


def test_two_products_with_one_unit_are_compared_on_request_only(house: Warehouse) -> None:
    assert not house.lights.comparison(SOURCE, 2012, DNB, 2022).allowed
    assert house.lights.comparison(SOURCE, 2012, DNB, 2022, allow=True).allowed
    found = house.lights.change(DNB, 2012, 2022, "province", other=SOURCE)
    assert found["difference"].notna().any()


def test_somebody_s_own_pictures_are_compared_on_request_only(house: Warehouse) -> None:
    other = "nightlight-other"
    found = house.lights.comparison(other, 2021, other, 2021)
    assert not found.allowed and "own making" in found.reasons[0][1]
    assert house.lights.comparison(other, 2021, other, 2021, allow=True).allowed


def test_a_period_nobody_stated_is_told() -> None:
    row = pd.Series({"year": 2012, "period_start": "2012-04-01", "period_end": "2012-12-31"})
    assert lights._stated(row) and not lights._stated(pd.Series({**row, "period_end": None}))


def test_two_units_are_never_compared(house: Warehouse) -> None:
    assert not house.lights.comparison(HARMONISED, 2012, SOURCE, 2021, allow=True).allowed
    with pytest.raises(QueryError, match="units differ"):
        house.lights.change(SOURCE, 2012, 2021, "province", other=HARMONISED)


def test_two_lattices_compare_areas_and_no_cells(house: Warehouse) -> None:
    other = "nightlight-other"
    compared = house.lights.comparison(SOURCE, 2012, other, 2021, allow=True)
    assert compared.allowed and not compared.pixels
    found = house.lights.change(other, 2012, 2021, "province", other=SOURCE)
    assert found[list(TRANSITIONS)].isna().all().all() and found["annual_growth"].isna().all()
    assert house.lights.transitions(other, 2012, 2021, "95", other=SOURCE) is None
    # The background of "other" is not removed and cannot be measured on another lattice: nothing is called a change.
    assert np.isnan(house.lights.drift(other, 2012, 2021, other=SOURCE))
    assert found[["difference", "log_ratio", "lit_km2_change"]].isna().all().all()
    assert any("no difference is shown" in en for _, en in compared.notes)
    first = house.lights.statistics(SOURCE, 2012, "province")
    second = house.lights.statistics(other, 2021, "province")
    np.testing.assert_allclose(found["after"] / found["before"], second["mean"] / first["mean"], rtol=1e-9)
    np.testing.assert_allclose(found["lit_km2_after"], second["lit_km2"], atol=1e-6)
    # A raster cut into four is the same light: its mean is what the coarse one had.
    coverage = formulas.cover(base_zones(house.info.path / "boundaries"), COARSE).up(2)
    coarse = formulas.statistics(coverage, cells(6), threshold=0.5)["mean"]
    np.testing.assert_allclose(second["mean"], coarse, rtol=1e-3)


# ---------------------------------------------------------------- threads, limits, damage


def test_threads_get_one_answer_and_it_is_worked_out_once(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    compare = formulas.compare
    monkeypatch.setattr(formulas, "compare", lambda *a: counted.append(1) or compare(*a))
    monkeypatch.setattr(lights, "_tables", lights.Kept(24))

    def ask(number: int) -> pd.DataFrame:
        if number % 2:
            return house.lights.change(SOURCE, 2012, 2021, "province")
        return house.lights.change(DNB, 2021, 2022, "province")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(24)))
    assert len(counted) == 2
    for number, frame in enumerate(answers):
        pd.testing.assert_frame_equal(frame, answers[number % 2])


def test_kept_answers_are_bounded() -> None:
    kept = lights.Kept(2)
    made: list[int] = []

    def work(key: int) -> Callable[[], int]:
        return lambda: made.append(key) or key

    assert [kept.get(k, work(k)) for k in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert made == [1, 2, 3, 2]  # 2 was asked least lately when 3 came


@pytest.mark.parametrize("which", ["raster", "coverage"])
def test_damaged_files_give_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    store = Store(tmp_path)
    publish_batches(store, Settings(), [light_batch(VNL, y2012=cells(1), y2021=cells(2))])
    house = Warehouse.open(store)
    for name in ("_coverages", "_cells", "_tables"):
        monkeypatch.setattr(lights, name, lights.Kept(4))
    name = coverage_file(COARSE) if which == "coverage" else f"nightlight/{VNL}/2021.tif"
    file = house.info.path / name
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="not as published"):
        house.lights.change(SOURCE, 2012, 2021, "province")
    assert house.broken
