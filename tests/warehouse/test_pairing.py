"""Pairs of published indicators: who takes part, who does not and why, and the layers made of them."""

import gzip
import json
import threading

import numpy as np
import pytest

from analytics.association import NoResult
from analytics.clusters import KINDS
from geo.codes import official_areas
from tests.warehouse.batches import batch
from warehouse import pair_layers, pairing
from warehouse.computed_layers import computed_layer
from warehouse.embedded import build
from warehouse.pairing import Question, pair
from warehouse.publish import publish_batches
from warehouse.query import Warehouse, published_file
from warehouse.report import QueryError
from warehouse.settings import Settings
from warehouse.snapshots import Store

YEAR = 2020
QUESTION = Question("mpi_poor_rate", YEAR, "gpp_per_head", YEAR, "province")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Provinces poorer to the north, brighter to the south; some hidden, some empty, a municipality of its own."""
    store = Store(tmp_path_factory.mktemp("home"))
    build(store, Settings())
    codes = [a.code for a in official_areas().values() if a.level == "province"]
    opened = Warehouse.open(store)
    north = {code: opened.bounds(code)[3] for code in codes}
    dice = np.random.default_rng(1)
    rows = []
    for code in codes:
        if code != "11":
            rows.append((code, "mpi_poor_rate", YEAR, float(north[code] + dice.normal(0, 0.3))))
        if code != "12":
            rows.append((code, "gpp_per_head", YEAR, float(10 ** (20 - north[code]) + dice.normal(0, 0.01))))
    made = batch(rows, suppressed=[("13", "mpi_poor_rate")], kind="modelled")
    town = {"code": "550151", "level": "subdistrict", "parent": "5501", "name_th": "ทม.น่าน", "name_en": "Nan town",
            "kind": "municipal"}  # fmt: skip
    towns = batch(
        [("550151", "mpi_poor_rate", YEAR, 3.0), *((f"5501{i:02}", "mpi_poor_rate", YEAR, float(i)) for i in range(1, 6))],
        source="towns", areas=[town],
    )  # fmt: skip
    publish_batches(store, Settings(), [made, towns])
    opened = Warehouse.open(store)
    yield opened
    opened.close()


def test_areas_left_out_are_counted_by_their_reason(house):
    found = pair(house, QUESTION)
    assert found.left_out == {"hidden": 1, "no_y": 1, "no_x": 1}
    assert found.association.n == 74 == (found.frame["reason"] == "").sum()
    rows = found.frame.set_index("code")
    assert np.isnan(rows.loc["13", "y"]) and np.isfinite(rows.loc["13", "x"])
    assert rows.loc["13", "y_hidden"] and not rows.loc["13", "x_hidden"]
    assert np.isnan(found.association.residual[rows.index.get_loc("13")])
    assert found.cells.missing == 3 and sum(map(sum, found.cells.counts)) == 74


def test_a_municipality_without_a_polygon_has_a_reason_of_its_own(house):
    found = pair(house, Question("mpi_poor_rate", YEAR, "gpp_per_head", YEAR, "subdistrict", "55"))
    assert found.left_out["no_polygon"] == 1 and found.left_out["no_x"] == 5
    assert found.association.pearson == NoResult("too_few", 0)


def test_x_is_taken_by_its_logarithm_and_made_up_sources_are_known(house):
    found = pair(house, QUESTION)
    assert found.association.logarithm
    assert found.association.line.slope == pytest.approx(-1, abs=0.1)
    assert found.association.spearman.r < -0.95
    assert found.made_up and found.sources == ("made",)
    # Without a source asked for, the preferred one: here nobody else has this year.
    assert pair(house, Question(*_parts(), x_source="made")).association.pearson == found.association.pearson
    with pytest.raises(QueryError):
        pair(house, Question(*_parts()[:4], "village"))


def _parts():
    return ("mpi_poor_rate", YEAR, "gpp_per_head", YEAR, "province")


def test_patterns_and_clusters_follow_the_map(house):
    found = pair(house, QUESTION)
    assert found.moran("y").i > 0.7 and found.moran("y").pattern
    assert found.moran("both").i < -0.6
    assert abs(found.moran("residual").i) < 0.25
    local = found.clusters("y")
    kinds = dict(zip(found.frame["code"], local.kind, strict=True))
    assert KINDS[kinds["57"]] == "high_high"  # Chiang Rai, the north
    assert KINDS[kinds["95"]] == "low_low"  # Yala, the south
    assert KINDS[kinds["83"]] == "no_neighbour"  # Phuket
    assert {KINDS[kinds[c]] for c in ("11", "12", "13")} == {"no_data"}
    assert local.islands == 1
    assert found.clusters("y") is local
    with pytest.raises(ValueError, match="expected one of"):
        found.clusters("z")


def test_levels_without_polygons_have_no_neighbours(house):
    found = pair(house, Question("mpi_poor_rate", YEAR, "gpp_per_head", YEAR, "district"))
    assert found.neighbours is None and found.moran("y") is None and found.clusters("both") is None
    assert pair_layers.pair_url(house, found.question) is None


def test_threads_get_the_same_pair(house):
    pairing._pairs.clear()
    got, start = [], threading.Barrier(6)

    def ask():
        start.wait()
        got.append(pair(house, QUESTION))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len({id(p) for p in got}) == 1


def test_pairs_kept_are_bounded(house, monkeypatch):
    monkeypatch.setattr(pairing, "KEPT_PAIRS", 2)
    for source in (None, "made", "towns"):
        pair(house, Question(*_parts(), x_source=source))
    assert len(pairing._pairs) == 2


def layer(house, url):
    *_, level, parent, _, spec = url.removesuffix(".geojson").split("/")
    raw = computed_layer(house.info.path.parent, house.snapshot, level, parent, spec)
    return raw and {
        f["properties"]["code"]: f["properties"] for f in json.loads(gzip.decompress(raw))["features"]
    }


def test_the_layer_of_a_pair_holds_no_hidden_number_and_colours_only_who_takes_part(house):
    url = pair_layers.pair_url(house, QUESTION)
    made = layer(house, url)
    assert len(made) == 77
    assert made["13"]["y"] is None and made["13"]["x"] is None
    assert made["13"]["y_t"] == "*" and made["13"]["x_t"] != "–"
    assert made["11"]["y_t"] == "–" and made["12"]["x_t"] == "–"
    frame = pair(house, QUESTION).frame.set_index("code")
    assert made["57"]["y"] == pytest.approx(frame.loc["57", "y"], abs=1e-4)


def test_the_layer_of_clusters(house):
    made = layer(house, pair_layers.cluster_url(house, QUESTION, "y"))
    assert (made["57"]["k"], made["57"]["k_t"]) == (1, "HH")
    assert (made["95"]["k"], made["95"]["k_t"]) == (2, "LL")
    assert made["83"]["k"] == 5 and made["11"]["k"] == 6


@pytest.mark.parametrize(
    "spec",
    [
        "pair.1~mpi_poor_rate~2020~gpp_per_head",
        "pair.1~mpi_poor_rate~20x0~gpp_per_head~2020",
        "pair.1~nothing~2020~gpp_per_head~2020",
        "pair.1~mpi_poor_rate~2020~gpp_per_head~2020~nobody",
        "cluster.1~z~mpi_poor_rate~2020~gpp_per_head~2020",
        "cluster.1",
        "cluster.1~y~mpi_poor_rate~1999~gpp_per_head~2020",
    ],
)
def test_other_addresses_lead_nowhere(house, spec):
    assert computed_layer(house.info.path.parent, house.snapshot, "province", "TH", spec) is None


@pytest.mark.parametrize(
    ("snapshot", "name"),
    [
        (None, "boundaries/none.parquet"),
        (None, "../../lock"),
        (None, "manifest.json"),
        ("snap-000099-000000000000", "warehouse.duckdb"),
        ("..", "warehouse.duckdb"),
    ],
)
def test_only_files_of_the_manifest_are_published(house, snapshot, name):
    snapshots = house.info.path.parent
    assert published_file(snapshots, snapshot or house.snapshot, name) is None
    assert published_file(snapshots, house.snapshot, "warehouse.duckdb") == house.info.database


def test_years_of_every_source(house):
    assert house.years_by_source("gpp_per_head")["made"] == (YEAR,)
    assert house.years_by_source("mpi_poor_rate")["towns"] == (YEAR,)
    assert house.years_by_source("nothing") == {}
