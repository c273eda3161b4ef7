"""From batches to a snapshot: merged once, refused as a whole, forgotten when replaced."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.warehouse.batches import batch
from warehouse.embedded import build
from warehouse.publish import known_imports, publish_batches
from warehouse.query import Warehouse, layer_name
from warehouse.report import Finding, ImportRefused
from warehouse.settings import Settings
from warehouse.snapshots import Store, StoreError

ROWS = [("95", "target_poor", 2018, 5.0), ("96", "target_poor", 2018, 7.0)]


def test_a_refused_batch_publishes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    info = publish_batches(store, Settings(), [batch(ROWS)])
    bad = batch(ROWS, file="bad.csv", sha="bad")
    bad.report.add(Finding("reject", "x", "bad.csv", 2, "n", "-1", ">= 0", "แก้", "correct it"))
    with pytest.raises(ImportRefused):
        publish_batches(store, Settings(), [batch(ROWS, file="good.csv"), bad])
    assert [i.id for i in store.list()] == [info.id]
    assert store.current().id == info.id
    assert store.verify(info.id) == []


def test_rows_replace_rows_of_the_same_source_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish_batches(store, Settings(), [batch(ROWS), batch(ROWS[:1], source="other", priority=1)])
    publish_batches(store, Settings(), [batch([("95", "target_poor", 2018, 6.0)], file="later.csv")])
    warehouse = Warehouse.open(store)
    made = warehouse.values("target_poor", level="province", year=2018, source="made").set_index("area_code")
    assert made.loc[["95", "96"], "value"].tolist() == [6.0, 7.0]
    other = warehouse.values("target_poor", level="province", year=2018, source="other").set_index(
        "area_code"
    )
    assert other.loc["95", "value"] == 5.0


def test_an_import_counts_as_known_until_its_file_is_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = batch(ROWS, sha="first")
    second = batch([("95", "target_poor", 2018, 6.0)], sha="second")
    info = publish_batches(store, Settings(), [first])
    assert known_imports(info) == {first.import_id}
    info = publish_batches(store, Settings(), [second])
    assert known_imports(info) == {second.import_id}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([*ROWS, ROWS[0]], "two rows"),
        ([("950399", "target_poor", 2018, 1.0)], "no list"),
        ([("95", "target_poor", 2018, float("inf"))], "not a number"),
    ],
)
def test_a_draft_that_breaks_a_promise_is_not_published(tmp_path: Path, rows: list, words: str) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreError, match=words) as caught:
        publish_batches(store, Settings(), [batch(rows)])
    assert caught.value.th.startswith("ไม่เผยแพร่")
    assert store.current() is None and not list(store.staging.iterdir())


def test_what_a_crosswalk_said_outlives_an_import_without_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    area = {
        "code": "950399", "level": "subdistrict", "parent": "9503", "name_th": "เทศบาล", "name_en": "Town",
        "kind": "municipal", "region": "south", "mapped_to": "950301",
    }  # fmt: skip
    rows = [("950399", "target_poor", 2018, 1.0)]
    publish_batches(store, Settings(), [batch(rows, areas=[area])])
    bare = area | {"name_th": "950399", "mapped_to": None}
    publish_batches(store, Settings(), [batch(rows, areas=[bare], file="later.csv")])
    row = Warehouse.open(store).profile("950399", ["target_poor"], 2018).iloc[0]
    assert (row["name_th"], row["mapped_to"]) == ("เทศบาล", "950301")


def test_findings_and_report_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    one = batch(ROWS)
    one.report.add(Finding("warn", "w", "made.csv", None, None, "5", "6", "ดู", "look"))
    publish_batches(store, Settings(), [one])
    warehouse = Warehouse.open(store)
    findings = warehouse.findings(one.import_id)
    assert findings["code"].tolist() == ["w"] and findings["row"].isna().all()
    assert warehouse.report(one.import_id)["rows_read"] == 2
    assert warehouse.imports()["warnings"].tolist() == [1]


def test_layers_hold_values_texts_and_no_data(tmp_path: Path) -> None:
    store = Store(tmp_path)
    info, _ = build(store, Settings())
    data = (info.path / "layers/province/TH/poverty-2018.geojson.gz").read_bytes()
    assert data[4:8] == b"\0\0\0\0"  # no time stamp: the same numbers give the same bytes
    features = json.loads(gzip.decompress(data))["features"]
    shown = {f["properties"]["code"]: f["properties"] for f in features}
    assert len(shown) == 77
    assert shown["58"]["target_poor_rate"] == 13.7121 and shown["58"]["target_poor_rate_t"] == "13.71"
    assert shown["41"]["target_poor"] == 26974 and shown["41"]["target_poor_t"] == "26,974"
    assert shown["10"]["target_poor"] is None and shown["10"]["target_poor_t"] == "–"
    assert (shown["58"]["name_th"], shown["58"]["parent"]) == ("แม่ฮ่องสอน", "TH")


def test_only_touched_layers_are_written_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, _ = build(store, Settings())
    second = publish_batches(store, Settings(), [batch(ROWS)])
    one, two = (i.path / "layers/province/TH" for i in (first, second))
    assert (one / "poverty-2023.geojson.gz").samefile(two / "poverty-2023.geojson.gz")
    assert not (one / "poverty-2018.geojson.gz").samefile(two / "poverty-2018.geojson.gz")
    assert store.verify(first.id) == [] == store.verify(second.id)


def test_imported_provinces_replace_the_outlines_and_districts_get_layers(tmp_path: Path) -> None:
    import geopandas as gpd
    from shapely.geometry import MultiPolygon, box

    store = Store(tmp_path)
    build(store, Settings())
    codes = ["9501", "9502", "9503"]
    shapes = [MultiPolygon([box(101 + i, 6, 102 + i, 7)]) for i in range(3)]
    frame = gpd.GeoDataFrame(
        {"code": codes, "name_th": codes, "name_en": codes}, geometry=shapes, crs="EPSG:4326"
    )
    more = batch([(code, "target_poor", 2018, 5.0) for code in codes])
    more.boundaries = {"district": frame}
    publish_batches(store, Settings(), [more])
    warehouse = Warehouse.open(store)
    assert warehouse.drawable("district", "95") and not warehouse.drawable("district", "96")
    assert warehouse.bounds("9502") == (102.0, 6.0, 103.0, 7.0)
    for parent in ("TH", "95"):
        assert warehouse.layer_url("district", parent, "poverty", 2018) is not None
    assert warehouse.layer_url("district", "96", "poverty", 2018) is None
    provinces = batch([("95", "target_poor", 2018, 15.0)], file="p.csv")
    provinces.boundaries = {"province": frame.assign(code=["95", "96", "94"])}
    info = publish_batches(store, Settings(), [provinces])
    layer = json.loads(
        gzip.decompress((info.path / "layers/province/TH/poverty-2023.geojson.gz").read_bytes())
    )
    # Three provinces came in; the outlines of the other 74 stay, so that none is missing from the map.
    assert len(layer["features"]) == 77
    warehouse = Warehouse.open(store)
    assert warehouse.bounds("95") == (101.0, 6.0, 102.0, 7.0)
    assert warehouse.bounds("TH")[3] > 20


def test_boundaries_of_one_province_leave_those_of_the_others(tmp_path: Path) -> None:
    import geopandas as gpd
    from shapely.geometry import MultiPolygon, box

    def frame(codes: list[str], west: float) -> gpd.GeoDataFrame:
        shapes = [MultiPolygon([box(west + i, 6, west + i + 1, 7)]) for i in range(len(codes))]
        return gpd.GeoDataFrame(
            {"code": codes, "name_th": codes, "name_en": codes}, geometry=shapes, crs="EPSG:4326"
        )

    store = Store(tmp_path)
    for codes, west in ((["9501", "9502"], 101.0), (["9601"], 103.0), (["9501"], 100.0)):
        more = batch([(codes[0], "target_poor", 2018, 5.0)], file=f"{codes[0]}-{west}.csv")
        more.boundaries = {"district": frame(codes, west)}
        publish_batches(store, Settings(), [more], fresh=store.current() is None)
    warehouse = Warehouse.open(store)
    assert warehouse.bounds("9601") == (103.0, 6.0, 104.0, 7.0)
    # The last file is the whole of its province: what it no longer has is gone.
    assert warehouse.bounds("9501") == (100.0, 6.0, 101.0, 7.0)
    stored = gpd.read_parquet(warehouse.info.path / "boundaries" / "district.parquet")
    assert sorted(stored["code"]) == ["9501", "9601"]


def test_a_municipality_keeps_the_name_a_crosswalk_gave_it(tmp_path: Path) -> None:
    from geo.codes import municipal_area
    from warehouse.batch import AREA

    def municipality(name: str, mapped: str | None) -> pa.Table:
        row = ("950151", "subdistrict", "9501", name, name, "municipal", "south", mapped)
        return pa.table({f.name: [v] for f, v in zip(AREA, row, strict=True)}, schema=AREA)

    store = Store(tmp_path)
    made_up = municipal_area("950151").name_th
    for name, mapped in (
        (made_up, None),
        ("เทศบาลนคร ยะลา", None),
        (made_up, None),
        ("เทศบาลนครยะลา", "950101"),
        (made_up, None),
    ):
        more = batch([("950151", "target_poor", 2018, 5.0)], file=f"{name}-{mapped}.csv")
        more.areas = municipality(name, mapped)
        publish_batches(store, Settings(), [more], fresh=store.current() is None)
        area = Warehouse.open(store).area("950151")
        expected = {made_up: area.name_th, "เทศบาลนคร ยะลา": "เทศบาลนคร ยะลา"}.get(name, "เทศบาลนครยะลา")
        assert area.name_th == expected
    assert area.name_th == "เทศบาลนครยะลา"
    assert [a.code for a in Warehouse.open(store).municipalities_in("950101")] == ["950151"]


def test_national_subdistricts_come_in_parts() -> None:
    assert layer_name("province", "TH", "poverty", 2018) == "poverty-2018"
    assert layer_name("subdistrict", "95", "poverty", 2018, "mpi_poor") == "poverty-2018"
    assert layer_name("subdistrict", "TH", "poverty", 2018, "stars") == "poverty_1-2018"
    assert layer_name("subdistrict", "TH", "poverty", 2018, "target_poor_rate") == "poverty_2-2018"


def test_build_is_done_once_and_again_after_a_change_of_settings(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, new = build(store, Settings())
    assert new
    assert build(store, Settings()) == (store.current(), False)
    changed = Settings.model_validate({"stars": {"method": "thresholds"}})
    second, new = build(store, changed)
    assert new and second.id != first.id
    assert second.contents["stars"]["method"] == "thresholds"


def test_the_database_is_ordered_for_reading(tmp_path: Path) -> None:
    info, _ = build(Store(tmp_path), Settings())
    with duckdb.connect(str(info.database), read_only=True) as connection:
        rows = connection.execute("SELECT indicator, year, level, area_code FROM observation").fetchall()
    assert rows == sorted(rows)


def test_a_worked_out_number_never_replaces_a_published_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish_batches(store, Settings(), [batch([("9501", "surveyed_persons", 2018, 1000.0)])], fresh=True)
    later = batch([("9501", "surveyed_persons", 2018, 1001.0)], file="later.csv")
    place = later.observations.schema.get_field_index("basis")
    later.observations = later.observations.set_column(place, "basis", pa.array(["derived"]))
    publish_batches(store, Settings(), [later])
    row = (
        Warehouse.open(store)
        .values("surveyed_persons", level="district", year=2018, within="95")
        .set_index("area_code")
        .loc["9501"]
    )
    assert (row["value"], row["basis"]) == (1000.0, "published")


def test_children_that_outgrow_their_parent_in_a_later_import_are_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = batch(
        [
            ("95", "target_poor", 2018, 10.0),
            ("9501", "target_poor", 2018, 6.0),
            ("9502", "target_poor", 2018, 4.0),
        ]
    )
    publish_batches(store, Settings(), [first], fresh=True)
    assert first.report.warnings == []
    later = batch([("9501", "target_poor", 2018, 13.0)], file="later.csv")
    publish_batches(store, Settings(), [later])
    (warning,) = later.report.warnings
    assert warning.code == "publish.children_exceed_parent"
    assert "17" in warning.found
    assert "10" in warning.expected
    assert "95 2561" in warning.found
