"""Places and access on the map: what the browser gets is what `Places` and `Warehouse` give out, and nothing hidden."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from analytics.access_measures import MEASURES
from tests.warehouse.batches import batch
from tests.warehouse.test_places import CODES, FAR, YEAR, built, house, shipped  # noqa: F401 - fixtures
from warehouse.access_layers import (
    FarQuestion,
    Reach,
    access_url,
    measured,
    poor_and_far,
    poor_far_url,
    read_reach,
)
from warehouse.computed_layers import computed_layer
from warehouse.place_layers import place_url
from warehouse.point_layers import point_layer_bytes
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.report import QueryError
from warehouse.settings import Settings

HEALTH = Reach("health", 5.0)


def fetched(house, url):  # noqa: F811
    """Properties of the features behind an address, as the browser gets them."""
    folder = house.info.path.parent
    parts = url.split("?")[0].removesuffix(".geojson").split("/")[2:]
    raw = (
        point_layer_bytes(folder, *parts) if url.startswith("/points/")
        else computed_layer(folder, *parts[:3], parts[4])
    )  # fmt: skip
    return [f["properties"] for f in json.loads(gzip.decompress(raw))["features"]]


def test_places_with_coordinates_are_points_with_their_grade(house):  # noqa: F811
    found = fetched(house, place_url(house, HEALTH))
    assert [p["c"] for p in found] == ["p0", "p1", "p2", *FAR]
    assert found[0]["g"] == "general_hospital" and "a" not in found[0]
    assert found[0]["n"] == "สถานที่ 0"
    assert found[0]["t_th"].startswith("โรงพยาบาลทั่วไป (รพท.) · ")
    assert found[0]["t_en"].startswith("Place 0 · General hospital · ")
    assert fetched(house, place_url(house, HEALTH, within="50")) == []
    bubbles = fetched(house, place_url(house, HEALTH, clusters=True))
    assert sum(b["n"] for b in bubbles) == 8 and {b["c"] for b in bubbles} == {"55"}


def test_grades_sources_and_approximate_places_are_chosen_by_the_address(house):  # noqa: F811
    only = Reach("health", 5.0, grades=("primary_care", "clinic"))
    assert [p["c"] for p in fetched(house, place_url(house, only, within="55"))] == ["p1", "p2", *FAR]
    assert len(fetched(house, place_url(house, Reach("health", 5.0, source="made-places")))) == 8
    schools = Reach("school", 6.0, approximate=True)
    assert [p.get("a") for p in fetched(house, place_url(house, schools))] == [1, *[None] * 4]
    assert len(fetched(house, place_url(house, Reach("school", 6.0)))) == 4
    for wrong in (
        Reach("bank", 5.0),
        Reach("health", 5.0, grades=("primary",)),
        Reach("health", 5.0, "nobody"),
    ):
        parts = place_url(house, wrong).split("?")[0].removesuffix(".geojson").split("/")[2:]
        assert point_layer_bytes(house.info.path.parent, *parts) is None


def test_the_layer_holds_the_numbers_of_the_table(house):  # noqa: F811
    for key in ("nearest", "within", "per_10000", "sfca"):
        measure = MEASURES[key]
        table = measured(house, HEALTH, "subdistrict", "55").set_index("area_code")
        layer = {
            p["code"]: p for p in fetched(house, access_url(house, HEALTH, measure, "subdistrict", "55"))
        }
        assert set(CODES) <= set(layer)
        for code in CODES:
            value = table.at[code, measure.column] * measure.factor
            if np.isnan(value):
                assert layer[code][key] is None and layer[code][f"{key}_t"] == "–"
            else:
                assert layer[code][key] == pytest.approx(value, abs=5e-5)


def test_a_reach_comes_back_from_its_arguments():
    for reach in (HEALTH, Reach("school", 6.5, "a.b-c", ("primary", "secondary"), True)):
        assert read_reach(reach.arguments) == reach
    for wrong in (("health", "5"), ("health", "x", "all", "exact", "all"), ("health", "5.0", "all", "exact", "all"),
                  ("health", "5", "all", "maybe", "all"), ("health", "nan", "all", "other", "all"),
                  *(("health", km, "all", "exact", "all") for km in ("6.55", "16.5", "51", "0.4", "-1", "inf"))):  # fmt: skip
        with pytest.raises(QueryError):
            read_reach(wrong)


@pytest.fixture(scope="module")
def poor(built, tmp_path_factory):  # noqa: F811
    """Rates of the eight subdistricts, one of them hidden and one missing."""
    rates = dict(zip(CODES, (0.0, 2.0, 14.0, 6.0, 8.0, 10.0, 12.0, 4.0), strict=True))
    rows = [(code, "target_poor_rate", YEAR, rate) for code, rate in rates.items() if code != CODES[6]]
    publish_batches(
        built, Settings(), [batch(rows, source="rates", suppressed=[(CODES[5], "target_poor_rate")])]
    )
    opened = Warehouse.open(built)
    yield opened
    opened.close()


def ask(key="nearest"):
    return FarQuestion(HEALTH, key, "target_poor_rate", YEAR, "subdistrict", "55")


def test_poor_and_far_compares_only_what_may_be_seen(poor):
    found = poor_and_far(poor, ask())
    by_code = found.frame.set_index("code")
    assert by_code.at[CODES[5], "reason"] == "hidden" and np.isnan(by_code.at[CODES[5], "y"])
    assert by_code.at[CODES[6], "reason"] == "no_y"
    assert found.left_out["hidden"] == 1
    assert sorted(found.compared["code"]) == [CODES[i] for i in (0, 1, 2, 3, 4, 7)]
    layer = {p["code"]: p for p in fetched(poor, poor_far_url(poor, ask(), "55"))}
    assert layer[CODES[5]]["y"] is None and layer[CODES[5]]["y_t"] == "*"
    assert (
        layer[CODES[5]]["x"] is None and layer[CODES[5]]["x_t"] != "–"
    )  # no class, but the distance is told
    assert layer[CODES[4]]["y"] == 8 and layer[CODES[4]]["x"] > 0


def test_the_worst_corner_is_poor_and_far_whichever_way_the_measure_runs(poor):
    # Square 2 is the poorest and, between the two places, the farthest; 4 is poor, but only as far as 3.
    assert poor_and_far(poor, ask("nearest")).worst["code"].tolist() == [CODES[2]]
    # 2 and 4 have no place, like half of them; a clinic known by its district only would leave that open.
    known = Reach("health", 5.0, grades=("primary_care", "general_hospital"))
    found = poor_and_far(poor, replace(ask("per_10000"), reach=known))
    assert found.worst["code"].tolist() == [CODES[2], CODES[4]]
    assert found.worst["x"].tolist() == [0.0, 0.0] and found.measure.worse == "low"


def test_what_is_no_question_has_no_answer(poor):
    for wrong in (("x", "target_poor_rate"), ("nearest", "x")):
        with pytest.raises(QueryError):
            poor_and_far(poor, FarQuestion(HEALTH, wrong[0], wrong[1], YEAR, "subdistrict", "55"))
    folder, arguments = poor.info.path.parent, "~".join(HEALTH.arguments)
    for spec in (f"access.1~{arguments}", f"access.1~{arguments}~nothing", "access.1", f"poor_far.1~{arguments}~nearest",
                 f"poor_far.1~{arguments}~nearest~target_poor_rate~18", "access.1~health~101~all~exact~all~distance"):  # fmt: skip
        assert computed_layer(folder, poor.snapshot, "subdistrict", "55", spec) is None


def test_an_area_without_any_place_of_a_kind_is_in_no_class(poor):
    none = poor_and_far(
        poor, FarQuestion(Reach("office", 15.0), "nearest", "target_poor_rate", YEAR, "subdistrict", "55")
    )
    assert none.compared.empty and none.worst.empty and none.left_out["no_x"] > 0


def test_places_of_one_province_are_no_rate_of_the_country(poor):
    country = measured(poor, HEALTH, "country", "TH").iloc[0]
    assert np.isnan(country["places"]) and np.isnan(country["per_10000"])


def test_where_no_source_has_places_nobody_is_served_least(poor):
    for by in ("village", "subdistrict"):
        assert poor.places.least_served("health", "50", km=5, by=by).empty
        assert poor.places.least_served("office", "55", km=5, by=by).empty
