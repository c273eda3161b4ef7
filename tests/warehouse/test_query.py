"""The readers' side: honest frames, bound parameters, a connection that can do nothing else."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from geo.codes import official_areas
from tests.warehouse.batches import batch
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.query import COLUMNS, QueryError, Warehouse, layer_file, shared
from warehouse.settings import Query, Settings
from warehouse.snapshots import Store, StoreError

MUNICIPAL = {
    "code": "950399", "level": "subdistrict", "parent": "9503", "name_th": "เทศบาล", "name_en": "Town",
    "kind": "municipal", "region": "south", "mapped_to": "950301",
}  # fmt: skip
EMPTY = MUNICIPAL | {"code": "950398", "mapped_to": None}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    home = Store(tmp_path_factory.mktemp("query"))
    rows = [("95", "target_poor", 2018, 30.0), ("95", "surveyed_persons", 2018, 1000.0)]
    rows += [
        ("95", "target_poor", 2023, 20.0),
        ("96", "target_poor", 2018, 4.0),
        ("96", "target_poor", 2020, 4.0),
    ]
    rows += [("950301", "target_poor", 2018, 3.0), ("950399", "target_poor", 2018, 2.0)]
    rows += [("950302", "target_poor", 2018, 1.0)]
    made = batch(rows, areas=[MUNICIPAL, EMPTY], suppressed=[("950302", "target_poor")])
    publish_batches(home, Settings(), [made])
    return home


@pytest.fixture(scope="module")
def warehouse(store: Store) -> Warehouse:
    return Warehouse.open(store)


def test_values_has_a_row_for_every_area_in_the_columns_of_the_contract(warehouse: Warehouse) -> None:
    frame = warehouse.values("target_poor", level="province", year=2018)
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 77 and frame["area_code"].is_monotonic_increasing
    assert list(frame.index) == list(range(77))
    assert frame[["value", "numerator", "denominator"]].dtypes.eq(float).all()
    assert (
        frame["suppressed"].dtype == bool
        and frame["year"].eq(2018).all()
        and frame["unit"].eq("persons").all()
    )
    row = frame.set_index("area_code").loc["95"]
    assert (row["value"], row["source"], row["source_id"], row["parent"]) == (30.0, "แหล่ง made", "made", "TH")
    assert frame["value"].count() == 2


def test_values_without_any_data_is_still_every_area(warehouse: Warehouse) -> None:
    frame = warehouse.values("happiness", level="district", year=2018)
    assert len(frame) == 928 and frame["value"].isna().all() and not frame["suppressed"].any()
    assert tuple(frame.columns) == COLUMNS


def test_municipal_areas_appear_only_with_data(warehouse: Warehouse) -> None:
    frame = warehouse.values("target_poor", level="subdistrict", year=2018, within="9503").set_index(
        "area_code"
    )
    official = [a.code for a in official_areas().values() if a.parent == "9503"]
    assert sorted(frame.index) == sorted([*official, "950399"])
    assert (frame.loc["950399", "kind"], frame.loc["950399", "mapped_to"]) == ("municipal", "950301")
    assert frame.loc["950301", "kind"] == "official"


def test_suppressed_is_told_apart_from_no_data(warehouse: Warehouse) -> None:
    frame = warehouse.values("target_poor", level="subdistrict", year=2018, within="9503").set_index(
        "area_code"
    )
    assert frame.loc["950302", "suppressed"] and np.isnan(frame.loc["950302", "value"])
    assert not frame.loc["950303", "suppressed"] and np.isnan(frame.loc["950303", "value"])


@pytest.mark.parametrize(
    ("level", "within", "count"),
    [("country", "TH", 1), ("province", "95", 1), ("district", "95", 8), ("province", "9501", 0)],
)
def test_within(warehouse: Warehouse, level: str, within: str, count: int) -> None:
    assert len(warehouse.values("target_poor", level=level, year=2018, within=within)) == count


def test_frames_are_the_callers_own(warehouse: Warehouse) -> None:
    frame = warehouse.values("target_poor", level="province", year=2018)
    frame["name_th"] = "x"
    frame.loc[:, "value"] = 0.0
    frame.loc[0, "area_code"] = "??"
    again = warehouse.values("target_poor", level="province", year=2018)
    assert again.loc[0, "area_code"] == "10" and again.loc[0, "name_th"] == "กรุงเทพมหานคร"
    assert again["value"].isna().sum() == 75


def test_profile_and_series_keep_their_gaps(warehouse: Warehouse) -> None:
    profile = warehouse.profile("95", ["happiness", "target_poor", "target_poor_rate"], 2018)
    assert profile["indicator"].tolist() == ["happiness", "target_poor", "target_poor_rate"]
    assert profile["value"].isna().tolist() == [True, False, False]
    assert tuple(profile.columns) == (*COLUMNS, "indicator")
    series = warehouse.series("95", "target_poor")
    assert series["year"].tolist() == [2018, 2020, 2023]
    assert series["value"].isna().tolist() == [False, True, False]
    assert warehouse.profile("95", [], 2018).empty
    assert tuple(warehouse.series("95", "happiness").columns) == (*COLUMNS, "indicator")


def test_areas_paths_children_and_search(warehouse: Warehouse) -> None:
    assert [a.code for a in warehouse.path("950301")] == ["TH", "95", "9503", "950301"]
    assert [a.code for a in warehouse.path("TH")] == ["TH"]
    assert len(warehouse.children("TH")) == 77
    assert "950399" in {a.code for a in warehouse.children("9503")}
    assert "950399" in {a.code for a in warehouse.search("เทศบาล")}
    assert warehouse.search("Yala")[0].code == "95"
    assert warehouse.search("950301")[0].code == "950301"
    assert warehouse.search("  ") == []


def test_what_there_is(warehouse: Warehouse) -> None:
    assert warehouse.levels_with_data("target_poor") == ["province", "subdistrict"]
    assert warehouse.years("target_poor", "subdistrict") == [2018]
    assert "target_poor_rate" in warehouse.indicators_with_data("province")
    assert "target_poor_rate" not in warehouse.indicators_with_data("subdistrict")
    assert warehouse.drawable("province") and not warehouse.drawable("subdistrict", "95")
    west, south, east, north = warehouse.bounds("95") or (0, 0, 0, 0)
    assert 100 < west < east < 102 and 5 < south < north < 7
    assert warehouse.bounds("950301") == warehouse.bounds("95")


def test_unknown_names_are_told_in_both_languages(warehouse: Warehouse) -> None:
    for ask in (
        lambda: warehouse.values("nope", level="province", year=2018),
        lambda: warehouse.values("target_poor", level="province", year=2018, within="99"),
        lambda: warehouse.area("99"),
        lambda: warehouse.path("' OR 1=1 --"),
        lambda: warehouse.source("nope"),
        lambda: warehouse.report("nope"),
    ):
        with pytest.raises(QueryError) as caught:
            ask()
        assert caught.value.text("th") != caught.value.text("en")


@pytest.mark.parametrize("text", ["95' OR '1'='1", "95'; DROP TABLE observation; --", "95\x00", "%", "_"])
def test_text_is_a_value_and_never_sql(warehouse: Warehouse, text: str) -> None:
    frame = warehouse.values("target_poor", level="province", year=2018, source=text)
    assert frame["value"].isna().all()
    assert warehouse.drawable("province", text) is False
    assert warehouse.findings(text).empty
    assert warehouse.layer_url("province", text, "poverty", 2018) is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_blob('/etc/hostname')",
        "SELECT * FROM read_json('/etc/hostname')",
        "SELECT * FROM read_parquet('/tmp/x.parquet')",
        "SELECT * FROM sniff_csv('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/hostname.csv'",
        "SELECT * FROM 'http://127.0.0.1:9/x.csv'",
        "SELECT getenv('HOME')",
        "COPY observation FROM '/etc/hostname'",
        "COPY observation TO '/tmp/daomap-stolen.parquet'",
        "ATTACH ':memory:' AS other",
        "IMPORT DATABASE '/tmp/daomap-other'",
        "INSTALL spatial FROM community",
        "INSTALL 'http://127.0.0.1:9/x'",
        "LOAD '/tmp/x.duckdb_extension'",
        "CREATE SECRET s (TYPE s3)",
        "SET allowed_directories=['/etc']",
        "SET temp_directory='/tmp'",
        "SET home_directory='/tmp'",
        "SET python_enable_replacements=true",
        "SET threads=64",
        "SET lock_configuration=false",
        "SET profiling_output='/tmp/daomap-stolen.json'",
        "PRAGMA memory_limit='8GB'",
        "UPDATE observation SET value = 0",
        "COPY (SELECT 1) TO '/tmp/daomap-stolen.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "LOAD spatial",
        "SET enable_external_access=true",
        "SET memory_limit='8GB'",
        "RESET lock_configuration",
        "DELETE FROM observation",
        "CREATE TABLE x (y INTEGER)",
        "EXPORT DATABASE '/tmp/daomap-stolen'",
        "SELECT * FROM secret_frame",
    ],
)
def test_the_connection_can_read_its_tables_and_nothing_else(warehouse: Warehouse, sql: str) -> None:
    secret_frame = pd.DataFrame({"x": [1]})
    with pytest.raises(duckdb.Error):
        warehouse._connection.cursor().execute(sql).fetchall()
    assert len(secret_frame) == 1
    assert not list(Path("/tmp").glob("daomap-stolen*"))


def test_the_connection_is_set_up_and_locked(warehouse: Warehouse) -> None:
    wanted = {
        "access_mode": "read_only",
        "enable_external_access": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "allow_unsigned_extensions": "false",
        "python_enable_replacements": "false",
        "max_temp_directory_size": "0 bytes",
        "memory_limit": "488.2 MiB",
        "threads": "2",
        "lock_configuration": "true",
    }
    rows = warehouse._connection.cursor().execute("SELECT name, value FROM duckdb_settings()").fetchall()
    assert {name: str(value).lower() for name, value in rows if name in wanted} == {
        name: value.lower() for name, value in wanted.items()
    }


ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = $none"


def test_a_question_over_its_time_is_stopped_and_the_next_one_answered(store: Store) -> None:
    house = Warehouse(store.current(), Query(timeout_seconds=1))
    for ask in (house._rows, house._table):
        with pytest.raises(QueryError, match="more than 1 s") as caught:
            ask(ENDLESS, {"none": -1})
        assert "timeout_seconds" in caught.value.th and "เกิน 1 วินาที" in caught.value.th
        assert house.profile("95", ["target_poor"], 2018)["value"].iloc[0] == 30.0
    assert not house.broken


def test_questions_side_by_side_each_have_their_own_time(store: Store) -> None:
    house = Warehouse(store.current(), Query(timeout_seconds=1))
    stopped: list[str] = []

    def endless() -> None:
        with pytest.raises(QueryError):
            house._rows(ENDLESS, {"none": -1})
        stopped.append("stopped")

    threads = [threading.Thread(target=endless) for _ in range(3)]
    for thread in threads:
        thread.start()
    answered = 0
    while any(thread.is_alive() for thread in threads):
        assert len(house.profile("95", ["target_poor"], 2018)) == 1
        answered += 1
    for thread in threads:
        thread.join()
    assert len(stopped) == 3 and answered > 3


@pytest.mark.parametrize(
    ("limits", "sql"),
    [
        (Query(max_rows=10_000), "SELECT range FROM range(10001)"),
        (Query(max_mb=16, max_rows=10_000_000), "SELECT range FROM range(3000000)"),
        (Query(max_mb=16), "SELECT repeat('x', 20000) AS t FROM range(2000)"),
    ],
)
def test_an_answer_has_a_largest_size(store: Store, limits: Query, sql: str) -> None:
    house = Warehouse(store.current(), limits)
    for ask in (house._rows, house._table):
        with pytest.raises(QueryError, match="the answer has more than") as caught:
            ask(sql)
        assert "วิธีแก้" in caught.value.th
    assert len(house._rows("SELECT range FROM range(10000)")) == 10_000
    assert len(house._table("SELECT range FROM range(10000)")) == 10_000


def test_long_answers_come_whole_and_in_order(store: Store) -> None:
    house = Warehouse(store.current())
    frame = house._table("SELECT range AS n, 'x' || range AS t FROM range(300000) ORDER BY n")
    assert frame["n"].tolist() == list(range(300_000)) and frame["t"].iloc[-1] == "x299999"
    assert list(frame.index[[0, -1]]) == [0, 299_999]
    empty = house._table("SELECT 1 AS n, 'x' AS t WHERE false")
    assert list(empty.columns) == ["n", "t"] and empty.empty


def test_a_question_that_needs_too_much_memory_is_told_so(store: Store) -> None:
    house = Warehouse(store.current())
    with pytest.raises(QueryError, match="MB of memory"):
        house._rows("SELECT len(list(hash(range))) FROM range(200000000)")
    assert house.profile("95", ["target_poor"], 2018)["value"].iloc[0] == 30.0


@pytest.mark.parametrize(
    ("snapshot", "level", "parent", "name"),
    [
        ("..", "province", "TH", "poverty-2018"),
        ("{id}", "..", "TH", "poverty-2018"),
        ("{id}", "province", "../..", "poverty-2018"),
        ("{id}", "province", "TH", "../../../manifest"),
        ("{id}", "province", "TH", "poverty-2018\n"),
        ("{id}\n", "province", "TH", "poverty-2018"),
        ("{id}", "province", "TH", "poverty-1999"),
        ("{id}", "village", "TH", "poverty-2018"),
    ],
)
def test_layer_files_are_published_layers_only(
    store: Store, snapshot: str, level: str, parent: str, name: str
) -> None:
    current = store.current().id
    assert layer_file(store.snapshots, current, "province", "TH", "poverty-2018") is not None
    assert layer_file(store.snapshots, snapshot.replace("{id}", current), level, parent, name) is None


def test_a_reader_keeps_its_snapshot_while_others_publish(tmp_path: Path) -> None:
    home = Store(tmp_path)
    publish_batches(home, Settings(), [batch([("95", "target_poor", 2018, 1.0)])])
    reader = Warehouse.open(home)
    publish_batches(home, Settings(), [batch([("95", "target_poor", 2018, 2.0)])])
    assert reader.profile("95", ["target_poor"], 2018)["value"].iloc[0] == 1.0
    assert Warehouse.open(home).profile("95", ["target_poor"], 2018)["value"].iloc[0] == 2.0


def test_one_warehouse_serves_many_threads(store: Store) -> None:
    warehouse = shared(store.snapshots, store.current().id)
    assert warehouse is shared(store.snapshots, store.current().id)
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(20):
            frame = warehouse.values("target_poor", level="province", year=2018)
            if frame["value"].sum() != 34.0:
                wrong.append(frame)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="daomap build"):
        Warehouse.open(Store(tmp_path))


def test_many_threads_may_open_the_same_snapshot_at_once(tmp_path: Path) -> None:
    """The first visitor and the warming thread of a server do."""
    from concurrent.futures import ThreadPoolExecutor

    from warehouse.query import shared

    store = Store(tmp_path)
    info, _ = build(store, Settings())
    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            opened = list(pool.map(lambda _: Warehouse(info), range(8)))
            one = set(map(id, pool.map(lambda _: shared(store.snapshots, info.id), range(8))))
        assert len(one) == 1
        for warehouse in opened:
            warehouse.close()
