"""Layers of points: what an address means, what stands in a feature, and that nothing else is handed out."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from ui import routes
from warehouse import point_layers as layers
from warehouse.point_layers import point_layer_bytes, points_url, read_set, register_points
from warehouse.query import shared
from warehouse.report import QueryError
from warehouse.snapshots import Store

MADE = pd.DataFrame(
    {
        "longitude": [100.5, 100.501234, 98.98],
        "latitude": [13.75, 13.76, 18.78],
        "province": ["10", "10", "50"],
        "c": ["a1", "a2", "b1"],
        "n": ["หนึ่ง", "{t_en} <b>", "สาม"],
        "g": ["small", None, "large"],
        "k": [1.0, np.nan, 2.5],
        "a": [None, 1, None],
        "t_th": ["ก", "ข", ""],
    }
)


@pytest.fixture(scope="module")
def published(embedded_home):
    store = Store(embedded_home)
    return store.snapshots, store.current().id


@pytest.fixture
def made():
    """A set of this module that counts how often it is computed."""
    asked = []

    @register_points("made", ("แห่ง", "places"))
    def compute(house, within, arguments):
        asked.append((within, tuple(arguments)))
        if arguments == ("wrong",):
            raise QueryError("ไม่รู้จัก", "unknown")
        return MADE if within == "TH" else MADE[MADE["province"] == within]

    layers._layers.clear()
    yield asked
    layers.unregister_points("made")
    layers._layers.clear()


def features(raw):
    return json.loads(gzip.decompress(raw))["features"]


def test_points_carry_what_is_known_and_nothing_that_fills_a_tooltip(published, made):
    first, second, third = features(point_layer_bytes(*published, "made", "TH"))
    assert first == {
        "type": "Feature",
        "properties": {"c": "a1", "n": "หนึ่ง", "g": "small", "k": 1, "t_th": "ก"},
        "geometry": {"type": "Point", "coordinates": [100.5, 13.75]},
    }
    assert second["properties"] == {"c": "a2", "n": "{\u2060t_en} <b>", "a": 1, "t_th": "ข"}
    assert second["geometry"]["coordinates"] == [100.50123, 13.76]
    assert third["properties"]["k"] == 2.5
    assert [f["properties"]["c"] for f in features(point_layer_bytes(*published, "made", "50"))] == ["b1"]


def test_bubbles_tell_how_many_and_where_most_of_them_lie(published, made):
    two, one = features(point_layer_bytes(*published, "made", "clusters"))
    assert two["properties"] == {
        "c": "10", "n": 2, "s": "2", "r": layers.LARGEST, "t_th": "2 แห่ง", "t_en": "2 places",
    }  # fmt: skip
    assert one["properties"]["c"] == "50" and one["properties"]["n"] == 1


def test_a_layer_is_made_once_and_no_points_are_an_empty_layer(published, made):
    assert point_layer_bytes(*published, "made", "TH") == point_layer_bytes(*published, "made", "TH")
    assert made == [("TH", ())]
    assert features(point_layer_bytes(*published, "made", "11")) == []
    assert features(point_layer_bytes(*published, "made-x_1-y2", "11")) == []
    assert made[-1] == ("11", ("x_1", "y2"))
    assert features(point_layer_bytes(*published, "made-x~of.a-b~y", "11")) == []
    assert made[-1] == ("11", ("x", "of.a-b", "y"))


@pytest.mark.parametrize(
    ("text", "parent"),
    [
        ("made-wrong", "TH"), ("unknown", "TH"), ("made", "th"), ("made", "99"), ("made", "1001"), ("made", "05"),
        ("made", "TH\n"), ("Made", "TH"), ("made-", "TH"), ("made--x", "TH"), ("made-x~y~", "TH"),
        ("made~.x", "TH"), ("made-ก", "TH"),
        ("made-../x", "TH"), ("made-" + "x" * 61, "TH"), ("made" + "-xxxxxxxxx" * 40, "TH"), ("", "TH"),
    ],
)  # fmt: skip
def test_what_is_no_address_has_no_layer(published, made, text, parent):
    assert point_layer_bytes(*published, text, parent) is None


def test_no_layer_of_a_snapshot_that_is_not_there(published, made):
    assert point_layer_bytes(published[0], "snap-999999-0123456789ab", "made", "TH") is None
    assert point_layer_bytes(published[0], "../" + published[1], "made", "TH") is None


def test_addresses_are_written_as_they_are_read(published, made):
    house = shared(*published)
    assert (
        points_url(house, "made", "x_1", within="50") == f"/points/{house.snapshot}/made-x_1/50.geojson?v=2"
    )
    assert points_url(house, "made", clusters=True).endswith("/made/clusters.geojson?v=2")
    assert read_set("made-x_1") == ("made", ("x_1",))
    for wrong in ({"within": "5001"}, {"within": "50", "clusters": True}):
        with pytest.raises(ValueError, match="TH or a province"):
            points_url(house, "made", **wrong)
    with pytest.raises(ValueError, match="known set"):
        points_url(house, "made", "X")


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="once"):
        register_points("place", ("แห่ง", "places"))(lambda *_: MADE)
    with pytest.raises(ValueError, match="letters a-z"):
        register_points("a-b", ("แห่ง", "places"))


def test_a_snapshot_without_places_has_empty_layers_of_the_kinds_there_may_be(published):
    assert routes.ROUTES  # the set is known to the server
    assert features(point_layer_bytes(*published, "place-school", "TH")) == []
    assert features(point_layer_bytes(*published, "place-school", "clusters")) == []
    assert point_layer_bytes(*published, "place-nothing", "TH") is None
    assert point_layer_bytes(*published, "place", "TH") is None


def test_a_bubble_is_wide_enough_for_its_number():
    assert layers._radius(2, 2) == layers.LARGEST
    assert layers._radius(1_319, 5_000) == pytest.approx(5 * layers.A_SIGN)
    assert layers._radius(1, 5_000) < layers._radius(900, 5_000)
