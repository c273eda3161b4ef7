"""The benchmarks' own arithmetic; no clock is looked at here."""

import gzip
import sys
from itertools import islice

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from analytics.access import Points
from bench import (
    access,
    client,
    home,
    import_tpmap,
    layers,
    load,
    machine,
    map_payload,
    nightlight_import,
    overlay,
    rerun,
    sessions,
    zonal,
)
from bench import mpi as bench_mpi
from bench import table as bench_table
from geo.nightlight import Grid
from ui.overlay_state import parse_layers, to_text
from ui.registry import PAGES


def test_percentiles_tables_and_memory():
    assert machine.percentile([5.0], 0.95) == 5.0
    assert machine.percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
    assert machine.size(1_000_000) == "1.0 MB"
    assert machine.table(["a"], [[1], [2]]).count("\n") == 3
    assert machine.tree_rss(2**22 + 7) == 0
    assert "Python" in machine.facts()


def test_ways_take_turns_and_are_told_as_ratios():
    order: list[str] = []
    seconds = bench_table.turns(
        {"ours": lambda: order.append("ours"), "peer": lambda: order.append("peer")}, 3
    )
    assert order == ["ours", "peer"] * 3 and set(seconds) == {"ours", "peer"}
    assert bench_table.rows({"ours": 3.0, "peer": 0.5}, "peer") == [
        ["ours", "3.00", "6.0 x"],
        ["peer", "0.50", "1.0 x"],
    ]


def test_every_view_of_a_rerun_names_an_area_and_changes_something():
    for page in PAGES:
        for case in rerun.CASES:
            asked = list(islice(rerun.views(page.key, case), 4))
            assert all(query["area"] for query in asked)
            assert page.key not in rerun.CHANGES or asked[0] != asked[1]


def test_a_result_is_held_against_its_budget():
    runs = [client.Run(1000, 0.2, 0.1, 5) for _ in range(19)] + [client.Run(1000, 0.9, 0.8, 5)]
    found = rerun.Result("overview", "country", 1.0, runs, {"delta": 1000})
    assert found.script(0.95) == 0.1
    assert found.row(0.001)[-1] == "yes"
    assert rerun.Result("overview", "country", 1.0, runs[-2:], {}).row(0.001)[-1].startswith("no")


def test_sessions_look_at_different_places():
    found = sessions.places(20)
    assert len(found) == 20
    assert {page for page, _ in found} == {"", *(p.key for p in PAGES[1:])}
    assert len({str(place) for place in found}) > 10


def test_layer_sizes_by_level_reach_and_theme(tmp_path):
    for name in ("subdistrict/TH/poverty_1-2018", "subdistrict/TH/poverty_2-2018", "district/50/health-2018"):
        file = tmp_path / f"{name}.geojson.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * 10)
    found = layers.sizes(tmp_path)
    assert found == {
        ("subdistrict", "country", "poverty"): [10, 10],
        ("district", "one province", "health"): [10],
    }
    assert len(list(layers.rows(found))) == 2


def test_the_inlining_peer_is_a_script_and_gets_what_it_needs(tmp_path):
    compile(map_payload.peer_script(tmp_path / "a.geojson"), "peer.py", "exec")

    def layer(**values):
        return {"features": [{"geometry": None, "properties": {"code": "100101", **values}}]}

    whole = map_payload.merged_features([layer(a=1, x=3), layer(b=2)], ("a", "b"))
    assert [f["properties"] for f in whole["features"]] == [{"code": "100101", "a": 1, "b": 2}]
    other = map_payload.Measured("peer", 10, 10, 0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert other.row(map_payload.Measured("ours", 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5))[2] == "0.0 KB (10 x)"


def test_a_process_is_watched_and_pandas_reads(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    assert import_tpmap.peer(tmp_path)["rows"] == 1
    watched = import_tpmap.watch([sys.executable, "-c", "import time; time.sleep(0.2); print('{\"n\": 1}')"])
    assert watched.result == {"n": 1}
    assert watched.memory > 1e6


def test_a_missing_real_file_is_a_reason_to_skip(tmp_path, monkeypatch):
    monkeypatch.setenv("DAOMAP_REAL_DATA", str(tmp_path))
    with pytest.raises(home.Skipped, match="DAOMAP_REAL_DATA"):
        home.real_files("tpmap/61")


def test_statistics_are_asked_for_only_while_measuring(monkeypatch):
    import os

    monkeypatch.delenv("STREAMLIT_BROWSER_GATHER_USAGE_STATS", raising=False)
    with client.script_times():
        assert os.environ["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] == "true"
    assert "STREAMLIT_BROWSER_GATHER_USAGE_STATS" not in os.environ


def test_published_features_carry_the_values(tmp_path):
    geopandas = pytest.importorskip("geopandas")
    from shapely.geometry import Point

    frame = geopandas.GeoDataFrame({"code": ["100101"]}, geometry=[Point(100, 13)], crs=4326)
    frame.to_parquet(tmp_path / "x.parquet")
    found = map_payload.published_features(tmp_path / "x.parquet", {"100101": {"code": "100101", "a": 1}})
    assert found["features"][0]["properties"]["a"] == 1
    assert gzip.compress(str(found).encode())


def test_a_person_asks_for_the_same_journey_every_time_and_for_real_places():
    for page in PAGES:
        one = list(islice(load.journey(7, page.key), 60))
        assert one == list(islice(load.journey(7, page.key), 60))
        assert len({str(q) for q in one}) > 15
        assert {q["area"] for q in one} <= set(load.AREAS)
    assert list(islice(load.journey(1, "overview"), 9)) != list(islice(load.journey(2, "overview"), 9))


def test_a_load_is_held_against_its_goals():
    fast = [client.Run(20_000, 0.2, None, 5)] * 99
    good = load.Loaded(
        runs=[*fast, client.Run(49_000, 3.0, None, 5)], memory=[(t, (100 + t % 2,)) for t in range(10)]
    )
    assert all(met for *_, met in load.verdicts(good))
    # Memory that grows while the server warms up is no fault; later it is.
    warm = load.Loaded(runs=fast, memory=[(0, (10,)), (1, (50,)), *((t, (100,)) for t in range(2, 11))])
    assert warm.drift() == [0.0]
    for bad in (
        load.Loaded(runs=fast, errors=["x"]),
        load.Loaded(runs=[client.Run(20_000, 1.2, None, 5)] * 9),
        load.Loaded(runs=[*fast, client.Run(50_001, 0.1, None, 5)]),
        load.Loaded(runs=fast, memory=[(t, (100 + 3 * t, 100)) for t in range(10)]),
        load.Loaded(runs=fast, storm=[10.5]),
        load.Loaded(),
    ):
        assert not all(met for *_, met in load.verdicts(bad))
        if bad.runs and bad.memory:
            assert "NO" in load.report(bad, 9, (10, 20), 60)


def test_people_are_served_by_a_real_server_and_a_failing_page_is_an_error(embedded_home):
    import asyncio

    from tests.browser.conftest import start_server, stop_server

    server = start_server(embedded_home)
    try:
        found = asyncio.run(load.load([server], 4, 10.0, think=(0.2, 0.5), reconnect=True))
    finally:
        stop_server(server)
    assert found.errors == []
    assert len(found.first) == 4 and len(found.storm) == 4 and len(found.runs) >= 4
    assert all(run.size > 1000 and run.seconds > 0 for run in found.runs)
    assert found.memory[-1][1][0] > 50e6
    gone = asyncio.run(load.load([server], 2, 0.5, think=(0.1, 0.2)))
    assert len(gone.errors) == 2


def test_the_made_world_is_a_raster(tmp_path):
    from rasterio.io import MemoryFile

    every = list(nightlight_import.rows(96, 5))
    with MemoryFile(nightlight_import.header(96, 5) + b"".join(every)) as held, held.open() as opened:
        assert (opened.width, opened.height, opened.crs.to_epsg()) == (96, 5, 4326)
        assert opened.transform.c == -180.00208333335 and opened.transform.a == 0.0041666667
        assert opened.read(1).tobytes() == b"".join(every)


def test_zonal_statistics_are_held_against_both_peers():
    faster, slower = zonal.ratios({"ours": 2.0, "exactextract": 1.6, "rasterstats": 30.0})
    assert (faster, slower) == (15.0, 1.25)


def test_all_sides_of_the_zonal_benchmark_sum_the_same_light():
    zones = gpd.GeoDataFrame(
        {"code": ["1001", "1002"]}, geometry=[box(0, 0, 4, 5), box(4, 0, 10, 5)], crs="EPSG:4326"
    )
    grid = Grid(10, 10, 0.0, 10.0, 1.0, 1.0)
    rasters = {
        2012: np.arange(100, dtype=np.float32).reshape(10, 10),
        2021: np.ones((10, 10), np.float32),
    }
    sums = {name: side(zones, rasters, grid) for name, side in zonal.SIDES.items()}
    assert sums["ours"][:, 1].tolist() == [20.0, 30.0]
    for name in ("exactextract", "rasterstats"):
        np.testing.assert_allclose(sums["ours"], sums[name], rtol=1e-9)


def test_all_sides_of_the_access_benchmark_find_the_same():
    dice = np.random.default_rng(4)
    here, there = (Points.of(dice.uniform(100, 101, n), dice.uniform(15, 16, n)) for n in (40, 15))
    km, reached = access.ours(here, there)
    assert reached.sum() == pytest.approx(round(reached.sum())) and reached.sum() > 5 and km.min() > 0
    for side in (access.balltree, access.loop):
        other = side(here, there)
        np.testing.assert_allclose(km, other[0], rtol=1e-9)
        np.testing.assert_allclose(reached, other[1], rtol=1e-9)
    assert access.ratios({"ours": 2.0, "balltree": 9.0, "loop": 800.0}) == (4.5, 400.0)


def test_the_overlay_benchmark_asks_for_every_address_of_a_chart_once_and_for_layers_that_are_known():
    chart = (
        '{"layers": [{"data": "/layers/a.geojson"}, {"data": "/layers/a.geojson"}, {"image": "/lights/b.png?v=2"},'
        ' {"data": "@@=x"}, {"id": "x"}]}'
    )
    assert overlay.addresses(chart) == ["/layers/a.geojson", "/lights/b.png?v=2"]
    asked = list(islice(overlay.views(), len(overlay.CHANGES)))
    assert len({query["layers"] for query in asked}) == len(asked)
    for query in asked:
        found = parse_layers(query["layers"], indicator_exists=lambda _: True)
        assert to_text(found) == query["layers"] and len(found) == 5


def test_all_sides_of_the_index_benchmark_agree_and_its_country_is_the_same_every_time(tmp_path):
    codes = ["341201", "341202", "501101"]
    folder = bench_mpi.make(3_000, tmp_path / "a", codes)
    again = bench_mpi.make(3_000, tmp_path / "b", codes)
    assert [f.read_bytes() for f in folder.iterdir()] == [f.read_bytes() for f in again.iterdir()]
    long, wide = bench_mpi.ours(folder), bench_mpi.by_hand(folder)
    bench_mpi.agree(long, wide)
    assert wide["area_code"].tolist() == codes and wide["n"].sum() == 3_000 and 0 < wide["poor"].sum() < 3_000
    with pytest.raises(AssertionError):
        bench_mpi.agree(long, wide.assign(hdk_ind22=wide["hdk_ind22"] + 1e-6))
    peer = {
        (row["subg"], row["measure"], row.get("indicator")): row["b"]
        for row in bench_mpi.mpitb(bench_mpi.held(folder))
        if "subg" in row
    }
    for row in wide.itertuples():
        for name, column in (("H", "h"), ("A", "a"), ("M0", "m0")):
            assert peer[row.area_code, name, None] == pytest.approx(getattr(row, column), abs=1e-12)
        assert peer[row.area_code, "hdk", "ind22"] == pytest.approx(row.hdk_ind22, abs=1e-12)


def test_growth_is_drawn_on_logarithmic_axes():
    from xml.etree import ElementTree

    picture = ElementTree.fromstring(
        bench_mpi.drawing(
            {"a & b": [(100, 1.0), (10_000, 10.0)], "c": [(100, 2.0), (10_000, 2.0)]}, "rows", "s"
        )
    )
    first, second = (
        [tuple(map(float, p.split(","))) for p in line.get("points").split()]
        for line in picture.iter("{http://www.w3.org/2000/svg}polyline")
    )
    assert [x for x, _ in first] == [x for x, _ in second] == [60.0, 490.0]
    assert first[0][1] > first[1][1] and second[0][1] == second[1][1]
    found = bench_mpi.rows_of({"ours": (3.0, 1.0, 1), "peer": (2.0, 2.0, 1)}, "peer")
    assert found[0] == ["ours", "3.0", "1.50 x", "1.0", "0.50 x", "0.0 KB"]
