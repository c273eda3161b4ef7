"""A set of layers survives its trip through the address, and nonsense there falls away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.overlay_state import (
    KINDS,
    LONGEST_SET,
    NONE,
    OUTLINES,
    PLACES,
    READY_MADE,
    Layer,
    added,
    changed,
    clean_title,
    moved,
    parse_layers,
    ready_made,
    removed,
    to_text,
)
from ui.state import View, parse, to_params

IDS = ["stars", "target_poor_rate", "light_mean", "t_income.2"]
YEARS = st.none() | st.integers(1990, 2100)
OPACITY = st.integers(0, 100)


def read(text):
    return parse_layers(text, indicator_exists=IDS.__contains__)


areas = st.builds(
    lambda indicator, second, year, second_year, opacity, on: Layer(
        "areas", indicator, "" if second == indicator else second, year,
        None if second == indicator else second_year, opacity=opacity, on=on,
    ),
    st.sampled_from(["", *IDS]), st.sampled_from(["", *IDS]), YEARS, YEARS, OPACITY, st.booleans(),
)  # fmt: skip
lights = st.builds(
    Layer, st.just("light"), source=st.sampled_from(["", "nightlight-vnl-v21"]), year=YEARS, opacity=OPACITY
)
outlines = st.builds(Layer, st.just("outline"), level=st.sampled_from(OUTLINES), on=st.booleans())
villages = st.builds(
    Layer,
    st.just("village"),
    source=st.sampled_from(["", "nrd2c-13"]),
    measure=st.sampled_from(["", "nrd_9"]),
    year=YEARS,
)
places = st.builds(Layer, st.just("place"), place=st.sampled_from(PLACES), opacity=OPACITY)
sets = st.lists(
    st.one_of(areas, lights, outlines, villages, places), max_size=10, unique_by=lambda x: x.key
).map(tuple)


@given(sets)
def test_a_set_comes_back_from_its_own_text_and_from_the_address(layers):
    text = to_text(layers)
    assert read(text) == layers
    view = parse(
        to_params(View(layers=text)), area_exists=lambda c: c == "TH", indicator_exists=IDS.__contains__
    )
    assert view.layers == text


@given(st.text(max_size=200) | st.text("ailpo!~y0129xk-_.<", max_size=200))
def test_any_text_gives_a_set_whose_layers_are_known_and_stand_once(text):
    layers = read(text)
    assert all(layer.kind in KINDS and 0 <= layer.opacity <= 100 for layer in layers)
    assert len({layer.key for layer in layers}) == len(layers)
    assert read(to_text(layers)) == layers


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("areas!istars!ydrop~cake~place~place!kbank~outline!lvillage", ["areas"]),
        ("areas!istars~areas!itarget_poor_rate", ["areas"]),
        ("place!kschool~place!khealth~place!kschool!o5", ["place_school", "place_health"]),
        ("AREAS!istars~ areas~areas ", []),
        ("areas!istars" + "~light" * 300, []),
        (NONE, []),
    ],
)
def test_what_is_unknown_or_there_twice_falls_away(text, kept):
    assert [layer.key for layer in read(text)] == kept


def test_fields_that_cannot_be_are_left_out_one_by_one():
    (layer,) = read("areas!istars!jstars!y12!z2018!o101!s..!x!a")
    assert layer == Layer("areas", "stars", on=False)
    assert read("areas!ibogus!y๒๐๑๘!o๕") == (Layer("areas"),)
    assert read("light!s../x!sA!y2012!a") == (Layer("light", year=2012),)


@given(st.text(max_size=200))
def test_a_name_is_one_printable_line_and_stays_as_it_is(text):
    name = clean_title(text)
    assert clean_title(name) == name
    assert name.isprintable() and len(name) <= 60 and name == name.strip()


def test_what_turns_the_direction_of_writing_is_no_part_of_a_name():
    assert clean_title("poor\u202edlrow\u200b\n\tand  rich") == "poordlrow and rich"


def test_a_new_layer_lies_where_it_can_be_seen():
    layers = added(added(added((), Layer("place", place="school")), Layer("areas")), Layer("light"))
    assert [x.kind for x in layers] == ["areas", "light", "place"]
    off = changed(layers, "light", on=False)
    assert added(off, Layer("light")) == layers


@given(sets, st.data())
def test_moving_up_and_down_again_changes_nothing_and_loses_nothing(layers, data):
    if not layers:
        return
    key = data.draw(st.sampled_from([x.key for x in layers]))
    up = moved(layers, key, 1)
    assert sorted(x.key for x in up) == sorted(x.key for x in layers)
    assert up == layers if layers[-1].key == key else moved(up, key, -1) == layers
    assert all(x.key != key for x in removed(layers, key))


def test_ready_made_sets_fit_the_address_and_are_recognised():
    for one in READY_MADE:
        known = {i for layer in one.layers for i in (layer.indicator, layer.second) if i}
        assert parse_layers(to_text(one.layers), indicator_exists=known.__contains__) == one.layers
        assert ready_made(one.layers) == one.key
        assert len(to_text(one.layers)) < LONGEST_SET
    assert ready_made(()) is None
