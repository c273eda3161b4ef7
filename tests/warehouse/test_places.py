"""Public services of a snapshot: what is counted, from where distances run, and what is unknown rather than zero."""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow as pa
import pytest

from analytics.access import EARTH_RADIUS_KM
from geo.codes import official_areas
from tests.warehouse.batches import batch, places_batch, squares
from warehouse.batch import AREA, VILLAGE_POINT
from warehouse.embedded import build
from warehouse.places import INNER_POINT, MIXED, VILLAGE, Places
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.report import QueryError
from warehouse.settings import Privacy, Settings
from warehouse.snapshots import Store, StoreError

YEAR = 2018
CODES = [c for c, a in official_areas().items() if a.level == "subdistrict" and c.startswith("5501")][:8]
PEOPLE = dict(zip(CODES, (1000, 2000, 500, 800, 700, 900, 100, 3000), strict=True))
#: Clinics out of everybody's reach, in their order.
FAR = ["p10", "p11", "p7", "p8", "p9"]
#: A tenth of a degree of a meridian.
STEP = 0.1 * np.pi / 180 * EARTH_RADIUS_KM


def at(number: int, east: float = 0.0, north: float = 0.0) -> dict[str, object]:
    """A place at the middle of a square, moved by degrees."""
    x, y = 100.75 + 0.1 * (number % 4), 18.75 + 0.1 * (number // 4)
    return {"area_code": CODES[number], "longitude": x + east, "latitude": y + north}


def far(number: int) -> dict[str, object]:
    """A place of another district, a degree to the north."""
    return {"area_code": "550301", "longitude": 100.75, "latitude": 19.8 + number / 10}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """A home with the shipped figures, to be copied: making it anew takes seconds a test."""
    folder = tmp_path_factory.mktemp("shipped")
    build(Store(folder), Settings())
    return folder


@pytest.fixture
def store(shipped, tmp_path):
    return Store(shutil.copytree(shipped, tmp_path / "home"))


@pytest.fixture(scope="module")
def built(shipped, tmp_path_factory):
    store = Store(shutil.copytree(shipped, tmp_path_factory.mktemp("home") / "home"))
    world = batch(
        [
            (code, "surveyed_persons", YEAR, float(n))
            for code, n in (PEOPLE | {"5501": sum(PEOPLE.values())}).items()
        ]
    )
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    made = places_batch(
        [
            {**at(0), "grade": "general_hospital", "capacity": 120.0, "capacity_unit": "beds"},
            {**at(7), "grade": "primary_care"},
            {**at(7, east=0.0002), "grade": "primary_care"},
            {"area_code": CODES[3], "grade": "primary_care"},
            {"area_code": "5501", "grade": "clinic"},
            {**at(5), "kind": "school", "grade": "primary"},
            {**at(4), "kind": "school", "grade": "primary", "approximate": True},
            # Out of everybody's reach, and so many that few of the province's places cannot be measured to.
            *({**far(n), "grade": "clinic"} for n in range(5)),
            *({**far(n), "kind": "school", "grade": "primary"} for n in range(3)),
        ]
    )
    publish_batches(store, Settings(), [world, made])
    return store


@pytest.fixture(scope="module")
def house(built):
    opened = Warehouse.open(built)
    yield opened
    opened.close()


@pytest.mark.parametrize("made", ["now", "before there were places"])
def test_a_snapshot_without_places_answers_with_nothing(store, made):
    places = Warehouse.open(store).places
    if made != "now":
        places.__dict__["_tables"] = frozenset({"area", "observation", "source"})
    assert places.sources().empty and places.kinds().empty
    assert places.points("health").empty and places.origins().empty
    row = places.measures("health", "province", "55", km=10).iloc[0]
    assert np.isnan(row["places"]) and np.isnan(row["nearest_km"]) and row["origins"] == 0
    assert places.least_served("health", km=10).empty and places.duplicates("health").empty


def test_what_there_is_is_counted_by_kind_and_grade(house):
    assert house.places.sources()[
        ["kind", "places", "with_coordinates", "approximate", "provinces"]
    ].values.tolist() == [
        ["health", 10, 8, 0, 1],
        ["school", 5, 5, 1, 1],
    ]
    kinds = house.places.kinds()
    assert kinds[["kind", "grade", "count", "with_coordinates"]].values.tolist() == [
        ["health", "primary_care", 3, 2],
        ["health", "clinic", 6, 5],
        ["health", "general_hospital", 1, 1],
        ["school", "primary", 5, 5],
    ]
    assert kinds["with_capacity"].tolist() == [0, 0, 1, 0]


def test_points_are_those_with_a_position_unless_asked(house):
    places = house.places
    assert len(places.points("health")) == 8 and len(places.points("health", located=False)) == 10
    assert len(places.points("school")) == 4 and len(places.points("school", approximate=True)) == 5
    assert len(places.points("health", grades=["primary_care"])) == 2
    assert len(places.points("health", within=CODES[0])) == 1 and places.points("health", within="10").empty


def test_measures_start_from_inner_points_where_no_village_has_one(house):
    origins = house.places.origins("55")
    assert origins["kind"].unique().tolist() == [INNER_POINT] and origins["people"].tolist() == list(
        PEOPLE.values()
    )
    assert not origins["people_assumed"].any()
    rows = house.places.measures("health", "subdistrict", "5501", km=12).set_index("area_code")
    row = rows.loc[CODES[4]]  # north of the hospital
    assert row["nearest_km"] == pytest.approx(STEP, rel=1e-6) and row["share_people_within"] == 1.0
    assert (row["origins"], row["origins_kind"], row["people"]) == (1, INNER_POINT, 700)
    assert rows.loc[CODES[0], "per_10000"] == 10.0
    # Known by their district only: whether one of them lies here nobody knows.
    assert np.isnan(rows.loc[CODES[1], "places"]) and rows.loc[CODES[1], "places_coarse"] == 1
    assert rows.loc[CODES[7], "places"] == 2


def test_a_district_is_the_sum_of_its_people_and_places(house):
    row = house.places.measures("health", "district", "5501", km=12).iloc[0]
    near = (0, 1, 4, 6, 7, 3)  # within 12 km of one of the three points
    people = np.array(list(PEOPLE.values()))
    assert (
        row["places"] == 5
        and row["people"] == people.sum()
        and row["per_10000"] == pytest.approx(50000 / 9000)
    )
    assert row["share_villages_within"] == pytest.approx(len(near) / 8)
    assert row["share_people_within"] == pytest.approx(people[list(near)].sum() / people.sum())
    # Nobody outside this district: all supply is in its people's access.
    assert row["access_2sfca"] * people.sum() / 10_000 == pytest.approx(3)
    assert row["access_e2sfca"] * people.sum() / 10_000 == pytest.approx(3)


def test_what_no_source_covers_is_unknown_and_not_zero(house):
    rows = house.places.measures("health", "province", km=10).set_index("area_code")
    assert rows["places"].notna().sum() == 1 and rows.loc["55", "places"] == 10
    # The places of one province are not those of the country.
    assert np.isnan(house.places.measures("health", "country", km=10).loc[0, "places"])
    assert np.isnan(rows.loc["10", "nearest_km"]) and np.isnan(rows.loc["10", "share_people_within"])
    schools = house.places.measures("school", "subdistrict", "5501", km=1).set_index("area_code")
    assert schools.loc[CODES[4], "places"] == 1 and schools.loc[CODES[4], "share_people_within"] == 0
    shown = house.places.measures("school", "subdistrict", "5501", km=12, approximate=True).set_index(
        "area_code"
    )
    assert np.isnan(shown.loc[CODES[4], "nearest_km"]), "both were put at one point: 0 km would be made up"
    assert shown.loc[CODES[0], "nearest_km"] == pytest.approx(STEP, rel=1e-6)


def test_capacity_that_is_not_told_leaves_access_open(house):
    beds = house.places.measures("health", "subdistrict", "5501", km=12, supply="capacity").set_index(
        "area_code"
    )
    assert np.isnan(beds.loc[CODES[7], "access_2sfca"]) and beds.loc[CODES[2], "access_2sfca"] == 0
    assert beds.loc[CODES[4], "access_2sfca"] == pytest.approx(10_000 * 120 / (1000 + 2000 + 700))


def test_the_least_served_are_told_with_their_nearest_place(house):
    found = house.places.least_served("health", "55", km=5, by="subdistrict", limit=3)
    assert found["nearest_km"].is_monotonic_decreasing and found["beyond"].all()
    assert found.loc[0, "parent"] == "5501" and found.loc[0, "nearest_th"] in ("สถานที่ 0", "สถานที่ 1")
    assert house.places.least_served("health", "55", km=5).empty  # no village has a point


def test_places_in_one_yard_are_told_together(house):
    found = house.places.duplicates("health")
    assert found["place_id"].tolist() == ["p1", "p2"] and found["sources"].tolist() == [1, 1]


def test_a_hidden_number_of_people_leaves_the_place_they_share_open(store):
    world = batch(
        [(code, "surveyed_persons", YEAR, float(n)) for code, n in PEOPLE.items()],
        suppressed=[(CODES[1], "surveyed_persons")],
    )
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    publish_batches(store, Settings(), [world, places_batch([at(0), at(7)])])
    rows = (
        Warehouse.open(store).places.measures("health", "subdistrict", "5501", km=12).set_index("area_code")
    )
    assert np.isnan(rows.loc[CODES[1], "people"]) and np.isnan(rows.loc[CODES[1], "per_10000"])
    assert np.isnan(rows.loc[CODES[0], "access_2sfca"]), (
        "people nobody knows share the place in the first square"
    )
    assert rows.loc[CODES[6], "access_2sfca"] > 0 and rows.loc[CODES[1], "nearest_km"] > 0


def villages(*rows, source="villages"):
    """A batch of villages with points, and with numbers where a row has one."""
    numbers = [(code, float(n)) for code, _, _, n in rows if n is not None]
    sizes = (("surveyed_persons", 1), ("households", 4))
    made = batch([(code, name, YEAR, n / size) for code, n in numbers for name, size in sizes], source=source)
    names = [{"code": c, "name_th": f"บ้าน {c[6:]}", "name_en": f"Ban {c[6:]}"} for c, *_ in rows]
    about = {"level": "village", "kind": "village"}
    made.areas = pa.Table.from_pylist([n | about | {"parent": n["code"][:6]} for n in names], schema=AREA)
    points = [
        {"code": c, "name_th": f"บ้าน {c[6:]}", "longitude": x, "latitude": y, "source_id": source}
        for c, x, y, _ in rows
    ]
    made.village_points = pa.Table.from_pylist(
        [point | {"how": "code", "confidence": 1.0} for point in points], schema=VILLAGE_POINT
    )
    return made


def test_villages_with_points_are_the_origins_of_their_subdistrict(store):
    first, second, third = CODES[:3]
    world = batch(
        [(code, "surveyed_persons", YEAR, float(n)) for code, n in PEOPLE.items()], source="villages"
    )
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    own = villages(
        (f"{first}01", 100.75, 18.75, 700.0), (f"{first}02", 100.75, 18.79, 300.0),  # both have a number
        (f"{second}01", 100.85, 18.75, 1500.0), (f"{second}02", 100.86, 18.75, None),  # one has none
        (f"{third}01", 100.95, 18.75, None),
    )  # fmt: skip
    # Villages are shown only where that is switched on, and none of few households.
    shown = Settings(privacy=Privacy(villages=True))
    publish_batches(store, shown, [world, own, places_batch([at(0), {**at(2), "name_th": "ไกล"}])])
    places = Warehouse.open(store).places
    origins = places.origins("5501").set_index("code")
    assert origins["kind"].value_counts().to_dict() == {VILLAGE: 5, INNER_POINT: 5}
    assert origins.loc[[f"{first}01", f"{first}02"], "people"].tolist() == [700, 300]
    # The number of one beside an equal share of the rest would add up to something nobody counted.
    assert origins.loc[[f"{second}01", f"{second}02"], "people"].tolist() == [1000, 1000]
    assert origins["people_assumed"].tolist() == [False, False, True, True, True, *[False] * 5]
    rows = places.measures("health", "subdistrict", "5501", km=3).set_index("area_code")
    north = 0.04 * np.pi / 180 * EARTH_RADIUS_KM
    assert (
        rows.loc[first, "nearest_km"] == pytest.approx(north / 2)
        and rows.loc[first, "origins_kind"] == VILLAGE
    )
    assert rows.loc[first, "nearest_km_people"] == pytest.approx(0.3 * north)
    assert rows.loc[first, "share_villages_within"] == 0.5 and rows.loc[first, "share_people_within"] == 0.7
    district = places.measures("health", "district", "5501", km=3).iloc[0]
    assert (district["origins"], district["origins_kind"], district["people_assumed"]) == (10, MIXED, True)
    each = places.measures("health", "village", first, km=3)
    assert each["share_people_within"].tolist() == [1, 0] and each["places"].isna().all()
    worst = places.least_served("health", first, km=3)
    assert worst["code"].tolist() == [f"{first}02", f"{first}01"] and worst["beyond"].tolist() == [
        True,
        False,
    ]
    assert worst["parent"].tolist() == [first, first] and worst["nearest_th"].tolist() == ["สถานที่ 0"] * 2


def test_a_town_counts_for_the_subdistrict_it_lies_in(store):
    town = {"code": "550151", "level": "subdistrict", "parent": "5501", "name_th": "ทม.น่าน", "name_en": "Nan town",
            "kind": "municipal", "mapped_to": CODES[0]}  # fmt: skip
    world = batch(
        [*((code, "surveyed_persons", YEAR, float(n)) for code, n in PEOPLE.items()), ("550151", "surveyed_persons", YEAR, 4000.0)],
        areas=[town],
    )  # fmt: skip
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    publish_batches(store, Settings(), [world, places_batch([at(0)])])
    row = Warehouse.open(store).places.measures("health", "subdistrict", CODES[0], km=5).iloc[0]
    assert row["people"] == 5000 and row["per_10000"] == 2 and row["access_2sfca"] == pytest.approx(2)


def test_a_source_that_arrives_again_replaces_its_places_and_no_other(store):
    first, other = places_batch([at(0), at(1)]), places_batch([at(2)], source="other", file="other.csv")
    publish_batches(store, Settings(), [first, other])
    publish_batches(store, Settings(), [places_batch([at(3)], file="renamed.csv")])
    house = Warehouse.open(store)
    found = house.places.points("health")
    assert sorted(zip(found["source_id"], found["area_code"], strict=True)) == [
        ("made-places", CODES[3]), ("other", CODES[2]),
    ]  # fmt: skip
    assert [f["file_name"] for f in house.source("made-places")["files"]] == ["renamed.csv"]
    assert first.import_id not in store.current().contents["imports"]
    assert other.import_id in store.current().contents["imports"]


@pytest.mark.parametrize(
    "row",
    [
        {"area_code": "559999", "longitude": 100.8, "latitude": 18.8},
        {"area_code": CODES[0], "longitude": 100.8},
        {"area_code": CODES[0], "longitude": float("nan"), "latitude": 18.8},
    ],
)
def test_a_draft_with_a_place_nowhere_is_not_published(built, row):
    with pytest.raises(StoreError):
        publish_batches(built, Settings(), [places_batch([row], source="broken")])


@pytest.mark.parametrize(
    "ask",
    [
        lambda p: p.points("pub"),
        lambda p: p.points("health", grades=["primary"]),
        lambda p: p.points("health", source="nobody"),
        lambda p: p.measures("health", "street", km=5),
        lambda p: p.measures("health", "province", km=5, supply="nurses"),
        lambda p: p.measures("health", "province", km=0),
        lambda p: p.measures("health", "province", km=51),
        lambda p: p.measures("health", "province", km=float("nan")),
        lambda p: p.origins("999999"),
        lambda p: p.origins(people="gpp"),
        lambda p: p.least_served("health", km=5, by="street"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(house, ask):
    with pytest.raises(QueryError):
        ask(house.places)


def test_frames_are_the_callers_own(house):
    frame = house.places.origins("55")
    frame["people"] = 0
    assert Places(house).origins("55")["people"].sum() == sum(PEOPLE.values())


def test_people_of_towns_that_lie_nowhere_are_unknown_and_not_left_out(store):
    town = {
        "code": "550151",
        "level": "subdistrict",
        "parent": "5501",
        "name_th": "ทม.น่าน",
        "name_en": "Nan town",
        "kind": "municipal",
    }
    people = dict(PEOPLE) | {CODES[0]: 1, "550151": 4000}
    world = batch(
        [(code, "surveyed_persons", YEAR, float(n)) for code, n in people.items()]
        + [(code, "surveyed_persons", YEAR, float(sum(people.values()))) for code in ("5501", "55")],
        areas=[town],
    )
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    publish_batches(store, Settings(), [world, places_batch([at(0), at(0, east=0.01), at(7)])])
    places = Warehouse.open(store).places
    assert (
        places.towns_apart() == places.towns_apart(CODES[0]) == ("5501",) and places.towns_apart("10") == ()
    )
    for level in ("province", "district", "subdistrict"):
        rows = places.measures("health", level, "55", km=12)
        row = rows[rows["area_code"].isin(["55", "5501", CODES[0]])].iloc[0]
        told = row[["nearest_km_people", "share_people_within", "access_2sfca", "access_e2sfca"]]
        assert told.isna().all() and row["nearest_km"] >= 0, level
        # Two places for the one person who was surveyed would be 20,000 per 10,000.
        assert (
            np.isnan(row["per_10000"])
            if level == "subdistrict"
            else row["per_10000"] == pytest.approx(30_000 / 12_001)
        )


def test_a_province_is_weighed_by_all_its_people_and_not_by_its_towns_district(store):
    others = [c for c, x in official_areas().items() if x.level == "subdistrict" and c.startswith("5503")][:1]
    town = {
        "code": "550151",
        "level": "subdistrict",
        "parent": "5501",
        "name_th": "ทม.น่าน",
        "name_en": "Nan town",
        "kind": "municipal",
    }
    people = PEOPLE | {"550151": 4000, others[0]: 20_000}
    rows = [(code, "surveyed_persons", YEAR, float(n)) for code, n in people.items()]
    world = batch([*rows, ("55", "surveyed_persons", YEAR, float(sum(people.values())))], areas=[town])
    world.boundaries = {"subdistrict": squares([*CODES, *others], west=100.7, south=18.7)}
    publish_batches(store, Settings(), [world, places_batch([at(0), at(7)])])
    row = Warehouse.open(store).places.measures("health", "province", "55", km=50).iloc[0]
    assert row["nearest_km_people"] > 0 and row["share_people_within"] == 1


def test_few_people_make_no_rate(store):
    few = PEOPLE | {CODES[0]: 30}
    world = batch([(code, "surveyed_persons", YEAR, float(n)) for code, n in few.items()])
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    publish_batches(store, Settings(), [world, places_batch([at(0), at(6)])])
    rows = Warehouse.open(store).places.measures("health", "subdistrict", "5501", km=5).set_index("area_code")
    assert np.isnan(rows.loc[CODES[0], ["per_10000", "share_people_within"]].astype(float)).all()
    assert rows.loc[CODES[6], "per_10000"] == 100


def test_distances_need_positions_of_most_places_of_a_province(store):
    world = batch([(code, "surveyed_persons", YEAR, float(n)) for code, n in PEOPLE.items()])
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    lost = [{"area_code": CODES[n], "grade": "clinic"} for n in range(1, 5)]
    publish_batches(store, Settings(), [world, places_batch([{**at(0), "grade": "general_hospital"}, *lost])])
    places = Warehouse.open(store).places
    rows = places.measures("health", "subdistrict", "5501", km=12)
    assert rows[["nearest_km", "share_villages_within", "access_2sfca"]].isna().all(axis=None)
    assert places.short_of_points("health") == places.short_of_points("health", CODES[0]) == ("55",)
    # Of the hospitals alone every one can be measured to.
    assert places.short_of_points("health", grades=["general_hospital"]) == ()
    known = places.measures("health", "subdistrict", "5501", km=12, grades=["general_hospital"])
    assert known.loc[known["origins"] > 0, "nearest_km"].notna().all()
