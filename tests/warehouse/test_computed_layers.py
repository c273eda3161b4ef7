"""Layers worked out on request: the geometry that was published, other numbers, and nothing else by any address."""

import gzip
import json
import shutil
import threading
import time

import numpy as np
import pandas as pd
import pytest

from analytics.formatting import NO_DATA
from ui.map import AreaLayer
from ui.palette import LIGHT, ramp
from warehouse import computed_layers as layers
from warehouse.computed_layers import Column, computed_layer, computed_url, read_spec, register, spec_text
from warehouse.query import Warehouse, layer_file
from warehouse.report import QueryError
from warehouse.snapshots import Store

PLACE = ("province", "TH")


@pytest.fixture(scope="module")
def published(embedded_home):
    store = Store(embedded_home)
    return store, store.current().id


@pytest.fixture
def kind():
    """A kind of this module that counts how often it is computed."""
    asked = []

    @register("made_up")
    def made_up(house, level, parent, arguments):
        asked.append((level, parent, tuple(arguments)))
        if arguments and arguments[0] == "wrong":
            raise QueryError("ไม่รู้จัก", "unknown")
        codes = [a.code for a in house.children("TH")]
        values = pd.Series(np.arange(len(codes)) / 3 - 5, index=codes)
        values["10"] = np.nan
        values["11"] = np.inf
        texts = pd.Series({"10": "<5*", "12": "{name_en}"})
        return [Column("moved", values, 1, signed=True), Column("said", values, 0, texts=texts)]

    layers._layers.clear()
    yield asked
    layers.unregister("made_up")
    layers._layers.clear()


def ask(published, spec, level="province", parent="TH", snapshot=None):
    store, newest = published
    return computed_layer(store.snapshots, newest if snapshot is None else snapshot, level, parent, spec)


def features(raw):
    return {f["properties"]["code"]: f for f in json.loads(gzip.decompress(raw))["features"]}


def test_the_geometry_is_the_published_one_and_the_numbers_are_new(published, kind):
    store, snapshot = published
    made = features(ask(published, spec_text("made_up")))
    file = layer_file(store.snapshots, snapshot, *PLACE, "poverty-2018")
    known = features(file.read_bytes())
    assert list(made) == list(known)
    for code, feature in made.items():
        assert feature["geometry"] == known[code]["geometry"]
        own = {k: v for k, v in feature["properties"].items() if not k.startswith(("moved", "said"))}
        assert own == {k: known[code]["properties"][k] for k in ("code", "parent", "name_th", "name_en")}
    assert made["10"]["properties"]["moved"] is None and made["10"]["properties"]["moved_t"] == NO_DATA
    assert made["11"]["properties"]["moved"] is None
    assert made["10"]["properties"]["said_t"] == "<5*"
    assert made["12"]["properties"]["said_t"] == "{\u2060name_en}"  # fills no place of a tooltip
    values = [f["properties"]["moved"] for f in made.values() if f["properties"]["moved"] is not None]
    assert all(round(v, 4) == v for v in values)
    assert made["13"]["properties"]["moved_t"].startswith("-")
    assert max(made.values(), key=lambda f: f["properties"]["moved"] or 0)["properties"]["moved_t"][0] == "+"


def test_class_bounds_of_a_map_meet_the_rounded_values(published, kind):
    made = features(ask(published, spec_text("made_up")))
    # A bound made of the rounded value takes the area in; the unrounded third would lie outside it.
    value = made["30"]["properties"]["moved"]
    layer = AreaLayer("/x", "moved", (value, 100.0), ramp("poverty", 2))
    assert f"properties.moved<={value!r}?" in layer.fill(LIGHT)


@pytest.mark.parametrize(
    "spec",
    [
        "", "made_up", "made_up.", "made_up.0", "made_up.2", "made_up.01", "made_up.1~", "made_up.1~~a", "made_up.1~A",
        "made_up.1~../x", "made_up.1~a..b", "made_up.1~a/b", "made_up.1~a\n", "made_up.1\n", "made_up.1~ก", "made_up.1~a b",
        "made_up.1~" + "~".join("abcdefghi"), "made_up.1~" + "a" * 500, "Made_up.1", "other.1", "made_up.1~-a", "made_up.1~a%00",
        "__class__.1", "made_up.99999", "made_up.1~.", "made_up.1~a.",
    ],
)  # fmt: skip
def test_any_other_spec_is_no_layer_and_nothing_is_computed(published, kind, spec):
    assert read_spec(spec) is None
    assert ask(published, spec) is None
    assert kind == []


def test_only_places_of_a_sealed_snapshot_are_served(published, kind, tmp_path):
    spec = spec_text("made_up")
    for level, parent in (
        ("village", "TH"),
        ("province", "10"),
        ("province", "TH/.."),
        ("", "TH"),
        ("district", "TH"),
    ):
        assert ask(published, spec, level, parent) is None
    for snapshot in ("snap-000009-0123456789ab", "CURRENT", "../x", ""):
        assert ask(published, spec, snapshot=snapshot) is None
    # A folder beside the published ones, and a snapshot whose manifest somebody changed.
    store, newest = published
    copy = Store(tmp_path)
    shutil.copytree(store.snapshots / newest, copy.snapshots / newest)
    manifest = copy.snapshots / newest / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text("utf-8").replace('"version"', '"wersion"', 1), "utf-8")
    assert computed_layer(copy.snapshots, newest, *PLACE, spec) is None
    assert kind == []


def test_arguments_that_mean_nothing_are_asked_again_and_never_kept(published, kind):
    for _ in range(2):
        assert ask(published, spec_text("made_up", "wrong")) is None
    assert len(kind) == 2


def test_many_threads_wait_for_one_computation(published, kind, monkeypatch):
    gate = threading.Event()
    inner = read_spec("made_up.1")[0]

    def slow(*arguments):
        gate.wait(10)
        return inner(*arguments)

    monkeypatch.setitem(layers._kinds, ("made_up", 1), slow)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(published, "made_up.1~a"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 8 and len(set(answers)) == 1 and answers[0] is not None
    assert len(kind) == 1
    assert ask(published, "made_up.1~a") == answers[0]
    assert len(kind) == 1


def test_a_failure_reaches_everybody_who_waits_and_is_forgotten():
    kept = layers.Kept(100, len)
    gate = threading.Event()
    seen = []

    def fail():
        gate.wait(10)
        raise RuntimeError("once")

    def ask_once():
        try:
            kept.get(("k",), fail)
        except RuntimeError as error:
            seen.append(str(error))

    threads = [threading.Thread(target=ask_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert seen == ["once"] * 4
    assert kept.get(("k",), lambda: b"sound") == b"sound"


def test_what_is_kept_stays_within_its_bytes_and_the_least_used_goes_first():
    kept = layers.Kept(10, len)
    made = []

    def make(name, size):
        def now():
            made.append(name)
            return b"x" * size

        return now

    kept.get(("a",), make("a", 4))
    kept.get(("b",), make("b", 4))
    kept.get(("a",), make("a", 4))
    kept.get(("c",), make("c", 4))  # b was used longest ago
    assert kept.used <= 10
    kept.get(("a",), make("a", 4))
    assert made == ["a", "b", "c"]
    kept.get(("b",), make("b", 4))
    assert made == ["a", "b", "c", "b"]
    kept.get(("huge",), make("huge", 11))
    assert kept.used <= 10


def test_the_address_is_made_only_where_there_are_polygons(published, kind):
    store, snapshot = published
    house = Warehouse.open(store)
    url = computed_url(house, "province", "TH", "made_up", "vnl-v21", 2012)
    assert url == f"/layers/{snapshot}/province/TH/computed/made_up.1~vnl-v21~2012.geojson"
    assert computed_url(house, "subdistrict", "TH", "made_up") is None
    house.close()


def test_kinds_and_columns_with_other_names_are_refused(kind):
    for wrong in ("Made", "made.up", "made1", "", "é"):
        with pytest.raises(ValueError, match="kind of layer"):
            register(wrong)
    with pytest.raises(ValueError, match="twice"):
        register("made_up")
    with pytest.raises(ValueError, match="expected one of"):
        spec_text("unknown")
    for argument in ("A", "a~b", "", "a b", "../a"):
        with pytest.raises(ValueError, match="argument"):
            spec_text("made_up", argument)
    with pytest.raises(ValueError, match="at most"):
        spec_text("made_up", *"abcdefghi")
    for key in ("code", "name_th", "x_t", "X", "a-b", ""):
        with pytest.raises(ValueError, match="column key"):
            Column(key, pd.Series(dtype=float))
