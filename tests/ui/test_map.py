"""The colour expression the browser evaluates agrees with the classes of the legend."""

import json
import re
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.classify import ClassSpec, classify
from analytics.formatting import NO_DATA, withheld_text
from ui.map import (
    AreaLayer,
    PointColours,
    clicked_code,
    clicked_point,
    cluster_layer,
    deck,
    point_layer,
    raster_layer,
    ring_layer,
)
from ui.palette import DARK, LIGHT, difference_colours, light_colours, ramp

BOX = (97.3, 5.6, 105.7, 20.5)


def evaluate(expression, properties):
    """Evaluate the nested conditional the way the browser does."""
    text = expression
    while True:
        found = re.match(r"properties\.(\w+)(==null|!='(\w+)'|<=([-\d.e+]+))\?(\[[^\]]*\]):(.*)$", text, re.S)
        if found is None:
            return json.loads(text)
        name, test, other, bound, yes, rest = found.groups()
        value = properties.get(name)
        if test == "==null":
            holds = value is None
        elif other is not None:
            holds = value != other
        else:
            holds = value <= float(bound)
        if holds:
            return json.loads(yes)
        text = rest


@given(
    st.lists(st.none() | st.floats(0, 1e6).map(lambda v: round(v, 4)), min_size=1, max_size=60),
    st.integers(2, 9),
    st.sampled_from(["quantiles", "equal_interval", "fisher_jenks"]),
)
@settings(deadline=None)  # the first call loads the classification library
def test_map_colour_equals_legend_class(values, k, method):
    classes = classify(values, ClassSpec(method, k))
    colours = ramp("poverty", classes.k) if classes.k else ()
    layer = AreaLayer("/x", "v", classes.bounds, colours)
    for value in values:
        drawn = evaluate(layer.fill(LIGHT), {"v": value})
        index = classes.class_index(value)
        expected = list(LIGHT.missing) if index is None else list(colours[index])
        assert drawn[:3] == expected


def filling(layer):
    return layer["_subLayerProps"]["polygons-fill"]


def drawn(**more):
    return json.loads(
        deck(AreaLayer("/x", "v", (1.0, 2.0), ramp("poverty", 2), **more), BOX, LIGHT, "").to_json()
    )


@pytest.mark.parametrize("only", ["", "0", "1", "missing", "2"])
def test_a_class_is_looked_at_alone(only):
    layer = AreaLayer("/x", "v", (1.0, 2.0), ramp("poverty", 2), only=only)
    seen = {}
    for name, value in (("0", 0.5), ("1", 1.5), ("missing", None)):
        *colour, seen[name] = evaluate(layer.fill(LIGHT), {"v": value})
        assert tuple(colour) == (LIGHT.missing if value is None else ramp("poverty", 2)[int(name)])
    full = {"0": 255, "1": 255, "missing": 150}
    # A class there is not, of another map, dims nothing.
    assert seen == (full if only in ("", "2") else {k: full[k] if k == only else 36 for k in full})
    assert filling(drawn(only="0")["layers"][0]) != filling(drawn()["layers"][0])


def test_areas_without_a_number_are_hatched_and_hidden_ones_dotted():
    part = filling(drawn(inside="55")["layers"][0])
    assert part["extensions"] == [{"@@type": "FillStyleExtension", "proceduralPattern": True}]
    assert {name: p["type"] for name, p in part["fillPatternMapping"].items()} == {
        "none": "hatch",
        "hidden": "dots",
    }
    test = "(properties.parent=='55'&&(properties.v==null))"
    assert part["getFillColor"].startswith(f"@@={test}?[{','.join(map(str, LIGHT.hatch))},255]:(")
    for name in ("getFillPattern", "getFillPatternBackgroundColor"):
        assert part[name].startswith("@@=" + test.replace("properties.", "__source.object.properties."))
    # What withholds a number is written with signs below a dash, which stands for no data.
    assert all(withheld_text(unit, 5) < NO_DATA for unit in ("persons", "percent"))
    changed = filling(drawn(inside="56")["layers"][0])["updateTriggers"]
    assert set(changed) == {k for k in part if k.startswith("get")} and changed != part["updateTriggers"]


def test_a_marked_area_is_outlined_above_all_others_and_can_be_pressed_again():
    spec = json.loads(deck(AreaLayer("/x", "v", (), (), focus="55"), BOX, LIGHT, "", mark="5501").to_json())
    *_, mark = spec["layers"]
    assert [x["id"] for x in spec["layers"]] == ["areas", "focus", "mark-5501"]
    assert mark["pickable"] and "properties.code=='5501'" in mark["getLineWidth"]
    picked = SimpleNamespace(objects={"mark-5501": [{"properties": {"code": "5502"}}]})
    assert clicked_code(picked) == "5502"
    crowded = AreaLayer("/x", "v", (), (), crowded=True)
    assert not json.loads(deck(crowded, BOX, LIGHT, "", mark="550101").to_json())["layers"][-1]["pickable"]
    with pytest.raises(ValueError, match="expected a code"):
        deck(crowded, BOX, LIGHT, "", mark="'||1")


def test_areas_outside_the_chosen_parent_are_surroundings():
    layer = AreaLayer("/x", "v", (1.0, 2.0), ramp("poverty", 2), inside="5501")
    assert evaluate(layer.fill(DARK), {"v": 1, "parent": "5502"})[:3] == list(DARK.outside)
    assert evaluate(layer.fill(DARK), {"v": 1, "parent": "5501"})[:3] == list(ramp("poverty", 2)[0])


def test_the_chart_holds_addresses_not_data():
    layer = AreaLayer(
        "/layers/s/province/TH/poverty-2018.geojson",
        "target_poor_rate",
        (1.0, 2.0, 3.0),
        ramp("poverty", 3),
        focus="55",
    )
    spec = deck(layer, (97.3, 5.6, 105.7, 20.5), LIGHT, "<b>{name_th}</b>").to_json()
    assert len(spec) < 5000
    assert json.loads(spec)["mapStyle"] == "/map/light.json"
    assert [x["id"] for x in json.loads(spec)["layers"]] == ["areas", "focus"]


def test_a_click_gives_the_code_whatever_else_it_holds():
    picked = SimpleNamespace(objects={"areas": [{"properties": {"code": "55", "name_th": "<b>"}}]})
    assert clicked_code(picked) == "55"
    assert clicked_code(SimpleNamespace(objects={})) is None
    assert clicked_code(None) is None


@pytest.mark.parametrize("wrong", ["x']==1||alert(1)//", "properties.y", "", "ก", "a b", "a\n"])
def test_only_codes_and_ids_reach_the_expression_the_browser_evaluates(wrong):
    for place in ("prop", "inside", "focus"):
        with pytest.raises(ValueError, match="expected a code or id"):
            AreaLayer(
                **{"url": "/x", "prop": "v", "bounds": (1.0,), "colours": ramp("poverty", 1), place: wrong}
            )


def test_making_a_map_imports_nothing(monkeypatch):
    layer = AreaLayer("/x", "v", (1.0,), ramp("poverty", 1))
    deck(layer, (97.3, 5.6, 105.7, 20.5), LIGHT, "<b>{name_th}</b>")
    looked_for = []

    class Watcher:
        def find_spec(self, name, path=None, target=None):
            looked_for.append(name)

    monkeypatch.setattr(sys, "meta_path", [Watcher(), *sys.meta_path])
    deck(layer, (97.3, 5.6, 105.7, 20.5), LIGHT, "<b>{name_th}</b>")
    assert looked_for == []


def test_a_picture_lies_under_outlines_that_still_answer_the_pointer():
    areas = AreaLayer("/x", "v", (1.0,), ramp("poverty", 1), focus="55", filled=False)
    picture = raster_layer("/lights/s/modelled/2021.png?v=1", (97.2, 5.5, 105.8, 20.6), 0.7)
    spec = json.loads(
        deck(
            areas, (97.3, 5.6, 105.7, 20.5), LIGHT, "<b>{name_th}</b>", under=[picture], night=True
        ).to_json()
    )
    assert [x["id"] for x in spec["layers"]] == ["raster", "areas", "focus"]
    below, above, _ = spec["layers"]
    assert below["@@type"] == "BitmapLayer"
    assert below["image"] == "/lights/s/modelled/2021.png?v=1"
    assert below["bounds"] == [97.2, 5.5, 105.8, 20.6]
    assert below["opacity"] == pytest.approx(0.7**2.2, abs=1e-6)
    assert filling(above) == {"getFillColor": "@@=[0,0,0,0]"} and above["pickable"] and above["filled"]
    assert spec["mapStyle"] == "/map/dark.json"


@pytest.mark.parametrize(
    "wrong", ["https://elsewhere.example/x.png", "//elsewhere.example/x.png", "lights/x.png"]
)
def test_a_picture_comes_from_this_server(wrong):
    with pytest.raises(ValueError, match="address of this server"):
        raster_layer(wrong, (97.2, 5.5, 105.8, 20.6), 1)


def test_opacity_is_a_share():
    with pytest.raises(ValueError, match="0 to 1"):
        raster_layer("/lights/x.png", (97.2, 5.5, 105.8, 20.6), 1.5)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_difference_colours_mirror_in_lightness_and_light_only_rises(name):
    def lightness(colour):
        return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]

    night = [lightness(c) for c in light_colours(32)]
    assert night == sorted(night)
    both = [lightness(c) for c in difference_colours(21, name)]
    away = [abs(x - both[10]) for x in both]
    assert away[10] == 0 and min(away[0], away[20]) > 60
    assert away[:11] == sorted(away[:11], reverse=True) and away[10:] == sorted(away[10:])


GRADES = PointColours("g", {"small": (1, 2, 3), "large": (4, 5, 6)}, (7, 8, 9))


def test_points_lie_above_the_areas_and_hold_an_address():
    areas = AreaLayer("/x", "v", (1.0,), ramp("poverty", 1), focus="55")
    over = [ring_layer("/points/a", 6, (1, 2, 3)), point_layer("/points/a", GRADES, LIGHT)]
    spec = json.loads(
        deck(
            areas,
            (97.3, 5.6, 105.7, 20.5),
            LIGHT,
            "<b>{name_th}</b>",
            over=over,
            over_tooltip="<b>{n}</b>",
        ).to_json()
    )
    assert [x["id"] for x in spec["layers"]] == ["areas", "focus", "rings", "points"]
    rings, points = spec["layers"][2:]
    assert rings["data"] == points["data"] == "/points/a"
    assert (rings["pointRadiusUnits"], rings["getPointRadius"], rings["pickable"]) == ("meters", 6000, False)
    assert (points["pointRadiusUnits"], points["pickable"]) == ("pixels", True)


def test_a_point_has_the_colour_of_its_grade_and_one_of_the_rest():
    by_grade = GRADES.expression(255)
    assert by_grade == "properties.g=='small'?[1,2,3,255]:properties.g=='large'?[4,5,6,255]:[7,8,9,255]"
    classes = PointColours("k", {1: (1, 2, 3)}, (7, 8, 9)).expression(10)
    assert classes == "properties.k==1?[1,2,3,10]:[7,8,9,10]"


@pytest.mark.parametrize("wrong", ["x'||alert(1)||'", "", "a b", "ก"])
def test_only_plain_ids_reach_the_expression_of_a_point(wrong):
    with pytest.raises(ValueError, match="expected a code or id"):
        PointColours("g", {wrong: (1, 2, 3)}, (7, 8, 9))
    with pytest.raises(ValueError, match="expected a code or id"):
        PointColours(wrong, {}, (7, 8, 9))


@pytest.mark.parametrize("wrong", ["https://elsewhere.example/x", "//elsewhere.example/x", "points/x"])
def test_points_come_from_this_server(wrong):
    for layer in (
        lambda: point_layer(wrong, GRADES, LIGHT),
        lambda: cluster_layer(wrong, (1, 2, 3), LIGHT),
        lambda: ring_layer(wrong, 6, (1, 2, 3)),
    ):
        with pytest.raises(ValueError, match="address of this server"):
            layer()


def test_a_click_on_a_point_gives_its_id():
    picked = SimpleNamespace(objects={"points": [{"properties": {"c": "b1", "n": "x"}}]})
    assert clicked_point(picked) == "b1" and clicked_code(picked) is None
    assert clicked_point(picked, "villages") is None
