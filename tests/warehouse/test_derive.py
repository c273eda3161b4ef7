"""Computed rows, against values worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.catalogue import MASKS
from geo.codes import official_areas
from tests.warehouse.batches import batch
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.settings import Settings, Stars
from warehouse.snapshots import Store

YALA = sorted(a.code for a in official_areas().values() if a.parent == "95")
BANNANG = sorted(a.code for a in official_areas().values() if a.parent == "9503")


def _warehouse(tmp_path: Path, *batches, settings: Settings | None = None) -> Warehouse:
    store = Store(tmp_path / "home")
    publish_batches(store, settings or Settings(), batches)
    return Warehouse.open(store)


def _one(warehouse: Warehouse, code: str, name: str, year: int = 2018) -> pd.Series:
    return warehouse.profile(code, [name], year).iloc[0]


def test_rates_divide_counts_of_the_same_area_and_source(tmp_path: Path) -> None:
    rows = [("95", "target_poor", 2018, 30.0), ("95", "surveyed_persons", 2018, 1200.0)]
    rows += [("95", "target_health", 2018, 12.0), ("95", "households", 2018, 400.0)]
    rows += [("95", "mpi_poor_households", 2018, 10.0)]
    warehouse = _warehouse(tmp_path, batch(rows))
    rate = _one(warehouse, "95", "target_poor_rate")
    assert (rate["value"], rate["numerator"], rate["denominator"], rate["basis"]) == (
        2.5,
        30,
        1200,
        "derived",
    )
    assert _one(warehouse, "95", "target_health_rate")["value"] == 1.0
    assert _one(warehouse, "95", "target_health_share")["value"] == 40.0
    assert _one(warehouse, "95", "mpi_poor_households_rate")["value"] == 2.5
    assert rate["source_id"] == "made" and isinstance(rate["definition"], str)


def test_a_denominator_of_another_source_makes_no_rate(tmp_path: Path) -> None:
    warehouse = _warehouse(
        tmp_path,
        batch([("95", "target_poor", 2018, 30.0)], source="a"),
        batch([("95", "surveyed_persons", 2018, 1200.0)], source="b"),
    )
    assert np.isnan(_one(warehouse, "95", "target_poor_rate")["value"])


def test_zero_denominator_makes_no_rate(tmp_path: Path) -> None:
    rows = [("95", "target_poor", 2018, 0.0), ("95", "surveyed_persons", 2018, 0.0)]
    assert np.isnan(_one(_warehouse(tmp_path, batch(rows)), "95", "target_poor_rate")["value"])


def test_failing_rates_use_their_own_denominator_and_sums_carry_it(tmp_path: Path) -> None:
    rows = [(code, "failing_ind16", 2018, 5.0) for code in YALA]
    below = {(code, "failing_ind16"): 50.0 + i for i, code in enumerate(YALA)}
    warehouse = _warehouse(tmp_path, batch(rows, denominators=below))
    assert _one(warehouse, YALA[0], "failing_ind16_rate")["value"] == 10.0
    province = _one(warehouse, "95", "failing_ind16")
    assert province["value"] == 5.0 * len(YALA) and province["basis"] == "aggregated"
    assert province["denominator"] == sum(below.values())
    rate = _one(warehouse, "95", "failing_ind16_rate")
    assert rate["value"] == pytest.approx(100 * 5 * len(YALA) / sum(below.values()))
    assert rate["basis"] == "aggregated"


def test_sums_climb_from_subdistricts_with_municipal_people(tmp_path: Path) -> None:
    municipal = {
        "code": "950399", "level": "subdistrict", "parent": "9503", "name_th": "เทศบาล", "name_en": "Town",
        "kind": "municipal", "region": "south", "mapped_to": None,
    }  # fmt: skip
    rows = [(code, "target_poor", 2018, 10.0) for code in BANNANG] + [("950399", "target_poor", 2018, 7.0)]
    warehouse = _warehouse(tmp_path, batch(rows, areas=[municipal]))
    assert _one(warehouse, "9503", "target_poor")["value"] == 10.0 * len(BANNANG) + 7
    # One of eight districts is not the province.
    assert np.isnan(_one(warehouse, "95", "target_poor")["value"])


def test_too_few_children_make_no_sum_and_a_published_row_is_never_replaced(tmp_path: Path) -> None:
    rows = [(code, "target_poor", 2018, 10.0) for code in YALA[:-1]]
    warehouse = _warehouse(tmp_path, batch([*rows, ("96", "target_poor", 2018, 3.0)]))
    assert np.isnan(_one(warehouse, "95", "target_poor")["value"])
    assert np.isnan(_one(warehouse, "TH", "target_poor")["value"])
    full = [(code, "target_poor", 2018, 10.0) for code in YALA]
    other = _warehouse(tmp_path / "b", batch([*full, ("95", "target_poor", 2018, 83.0)]))
    row = _one(other, "95", "target_poor")
    assert (row["value"], row["basis"]) == (83.0, "published")


def test_country_is_summed_from_76_provinces_and_scores_are_not(tmp_path: Path) -> None:
    provinces = [a.code for a in official_areas().values() if a.level == "province" and a.code != "10"]
    rows = [(code, "target_poor", 2018, float(i)) for i, code in enumerate(provinces)]
    rows += [(code, "happiness", 2018, 7.0) for code in provinces]
    warehouse = _warehouse(tmp_path, batch(rows))
    assert _one(warehouse, "TH", "target_poor")["value"] == sum(range(76))
    coverage = warehouse.coverage("target_poor", 2018, "TH")
    assert (coverage.with_data, coverage.official, coverage.complete) == (76, 77, False)
    assert np.isnan(_one(warehouse, "TH", "happiness")["value"])


def test_suppressed_children_make_no_sum_and_a_suppressed_rate(tmp_path: Path) -> None:
    rows = [(code, name, 2018, 10.0) for code in YALA for name in ("target_poor", "surveyed_persons")]
    warehouse = _warehouse(tmp_path, batch(rows, suppressed=[(YALA[0], "target_poor")]))
    hidden = _one(warehouse, YALA[0], "target_poor_rate")
    assert hidden["suppressed"] and np.isnan(hidden["value"]) and np.isnan(hidden["denominator"])
    assert np.isnan(_one(warehouse, "95", "target_poor")["value"])
    assert _one(warehouse, "95", "surveyed_persons")["value"] == 10.0 * len(YALA)


def test_overlap_counts_and_mean_dimensions(tmp_path: Path) -> None:
    cells = {mask: float(i + 1) for i, mask in enumerate(MASKS)}
    rows = [("95", f"overlap_cell_{mask}", 2018, n) for mask, n in cells.items()]
    total = sum(cells.values())
    rows.append(("95", "target_poor", 2018, total))
    names = ("health", "living", "education", "income", "access")
    for place, name in enumerate(names):
        failing = sum(n for mask, n in cells.items() if mask[place] == "1")
        rows.append(("95", f"target_{name}", 2018, failing))
    warehouse = _warehouse(tmp_path, batch(rows))
    for k in range(1, 6):
        wanted = sum(n for mask, n in cells.items() if mask.count("1") == k)
        assert _one(warehouse, "95", f"overlap_{k}")["value"] == wanted
    mean = _one(warehouse, "95", "mean_dimensions")
    assert mean["value"] == pytest.approx(sum(n * m.count("1") for m, n in cells.items()) / total)
    assert mean["denominator"] == total


def test_an_incomplete_set_of_cells_makes_no_overlap(tmp_path: Path) -> None:
    rows = [("95", f"overlap_cell_{mask}", 2018, 1.0) for mask in MASKS[:-1]]
    assert np.isnan(_one(_warehouse(tmp_path, batch(rows)), "95", "overlap_1")["value"])


def _rates(codes: list[str], *, year: int = 2018) -> list[tuple[str, str, int, float]]:
    rows = [(code, "target_poor", year, float(i + 1)) for i, code in enumerate(codes)]
    return rows + [(code, "surveyed_persons", year, 1000.0) for code in codes]


def test_stars_within_the_parent_by_fifths_and_by_thresholds(tmp_path: Path) -> None:
    warehouse = _warehouse(tmp_path, batch(_rates(YALA)))
    stars = warehouse.values("stars_within_parent", level="district", year=2018, within="95")
    assert stars["value"].tolist() == [5 - (5 * i) // len(YALA) for i in range(len(YALA))]
    # Eight of 928 districts cannot be ranked against the country.
    assert warehouse.values("stars", level="district", year=2018)["value"].isna().all()
    fixed = Settings(stars=Stars(method="thresholds", thresholds=(0.15, 0.25, 0.35, 0.45)))
    other = _warehouse(tmp_path / "b", batch(_rates(YALA)), settings=fixed)
    given = other.values("stars", level="district", year=2018, within="95")["value"].tolist()
    assert given[:5] == [5, 4, 3, 2, 1]


def test_the_higher_priority_wins_a_level_as_a_whole(tmp_path: Path) -> None:
    low = batch([(c, "target_poor", 2018, 1.0) for c in ("95", "96")], source="low", priority=10)
    high = batch([(c, "target_poor", 2018, 2.0) for c in ("95", "94")], source="high", priority=20)
    warehouse = _warehouse(tmp_path, low, high)
    shown = warehouse.values("target_poor", level="province", year=2018).set_index("area_code")
    assert shown.loc[["94", "95"], "value"].tolist() == [2.0, 2.0]
    assert np.isnan(shown.loc["96", "value"])
    asked = warehouse.values("target_poor", level="province", year=2018, source="low").set_index("area_code")
    assert asked.loc["96", "value"] == 1.0


def test_a_fuller_source_that_agrees_is_shown_instead(tmp_path: Path) -> None:
    low = batch([(c, "target_poor", 2018, 2.0) for c in ("95", "96")], source="low", priority=10)
    high = batch([("95", "target_poor", 2018, 2.0)], source="high", priority=20)
    shown = _warehouse(tmp_path, low, high).values("target_poor", level="province", year=2018)
    assert set(shown.loc[shown["value"].notna(), "source_id"]) == {"low"}
    assert shown["value"].count() == 2


def test_published_wins_over_summed(tmp_path: Path) -> None:
    provinces = [a.code for a in official_areas().values() if a.level == "province"]
    summed = batch([(c, "target_poor", 2018, 1.0) for c in provinces], source="high", priority=20)
    stated = batch([("TH", "target_poor", 2018, 80.0)], source="low", priority=10)
    row = _one(_warehouse(tmp_path, summed, stated), "TH", "target_poor")
    assert (row["value"], row["basis"], row["source_id"]) == (80.0, "published", "low")


def test_deriving_again_changes_nothing_and_leaves_other_years_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish_batches(store, Settings(), [batch(_rates(YALA)), batch(_rates(YALA, year=2023), source="later")])
    first = Warehouse.open(store)
    publish_batches(store, Settings(), [batch(_rates(YALA), file="again.csv")])
    second = Warehouse.open(store)
    sql = "SELECT * FROM observation ORDER BY indicator, year, level, area_code, source_id"
    one, two = (w._connection.cursor().execute(sql).df() for w in (first, second))
    pd.testing.assert_frame_equal(one, two)
