"""A view survives its trip through the address, and nonsense in the address falls back to defaults."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.state import (
    COMPARED,
    COUNTED,
    DIGITS,
    FIRST,
    LEVELS,
    LIGHT_MODES,
    METHODS,
    NO_DATA_CLASS,
    PARTS,
    PATTERNS,
    PEERS,
    POINTS,
    ROLES,
    View,
    parse,
    read_breaks,
    to_params,
)


def _parse(params, language="th"):
    return parse(
        params,
        area_exists=lambda code: code in {"TH", "55", "5501", "550101"},
        indicator_exists=lambda name: name in {"stars", "target_poor_rate"},
        language=language,
    )


views = st.builds(
    View,
    area=st.sampled_from(["TH", "55", "5501", "550101"]),
    lang=st.sampled_from(["th", "en"]),
    year=st.none() | st.integers(1990, 2100),
    show=st.none() | st.sampled_from(LEVELS),
    ind=st.sampled_from(["stars", "target_poor_rate"]),
    peers=st.sampled_from(PEERS),
    method=st.sampled_from(METHODS),
    k=st.integers(2, 9),
    breaks=st.sampled_from(["", "1,2", "0.5, 3"]),
    lock=st.booleans(),
    light=st.sampled_from(["", "nightlight-vnl-v21-average-masked"]),
    light2=st.sampled_from(["", "nightlight-modelled"]),
    y0=st.none() | st.integers(1990, 2100),
    y1=st.none() | st.integers(1990, 2100),
    mode=st.sampled_from(LIGHT_MODES),
    measure=st.sampled_from(["", "log_ratio"]),
    opacity=st.integers(0, 100),
    anyway=st.booleans(),
    pattern=st.sampled_from(PATTERNS),
    kind=st.sampled_from(["", "health", "school"]),
    grades=st.sampled_from(["", "primary", "primary.all_levels"]),
    km=st.just(0.0) | st.integers(5, 100).map(lambda n: n / 10) | st.integers(11, 50).map(float),
    points=st.sampled_from(POINTS),
    approx=st.booleans(),
    part=st.sampled_from(PARTS),
    digits=st.sampled_from(DIGITS),
    only=st.sampled_from(["", "0", "8", NO_DATA_CLASS]),
    mark=st.sampled_from(["", "55", "550101"]),
    role=st.sampled_from(["", *ROLES]),
    topic=st.sampled_from(["", "term-m0", "years-mpi-2561", "exercise", "exercise-3"]),
    first=st.sampled_from(FIRST),
    counted=st.sampled_from(COUNTED),
    by=st.sampled_from(["", *COMPARED]),
).flatmap(
    lambda view: st.permutations(["55", "5501", "550101"]).flatmap(
        lambda codes: st.integers(0, 3).map(
            lambda n: replace(view, others=".".join([c for c in codes if c != view.area][:n]))
        )
    )
)


@given(views)
def test_a_view_comes_back_from_its_own_address(view):
    assert _parse(to_params(view)) == view


@given(st.dictionaries(st.sampled_from([*View.__dataclass_fields__, "x"]), st.text(max_size=20)))
def test_any_address_gives_a_view(params):
    view = _parse(params)
    assert view.area in {"TH", "55", "5501", "550101"}
    assert 2 <= view.k <= 9
    assert view.method in METHODS
    assert view.mode in LIGHT_MODES
    assert view.pattern in PATTERNS
    assert 0 <= view.opacity <= 100
    assert 0 <= view.km <= 50


@pytest.mark.parametrize("wrong", ["../x", "A", "<b>", "a" * 81, "ก", "a b", "-a", "a\n"])
def test_ids_of_light_are_plain_or_left_out(wrong):
    view = _parse({"light": wrong, "light2": wrong, "measure": wrong, "opacity": wrong, "anyway": wrong})
    assert view == _parse({})


def test_a_buddhist_year_typed_by_hand_is_understood():
    assert _parse({"year": "2561"}).year == 2018
    assert _parse({"year": "61"}).year is None


def test_the_language_of_the_settings_stands_in_and_is_written_out():
    assert _parse({}, language="en").lang == "en"
    assert to_params(_parse({}, language="en"))["lang"] == "en"


def test_bounds_must_ascend_and_leave_room_for_nine_classes():
    assert read_breaks("1,2,3,4,5,6,7,8") == (1, 2, 3, 4, 5, 6, 7, 8)
    for text in ("1,2,3,4,5,6,7,8,9", "2,1", "1,1", "a", "1,,2", "nan", "1,inf", "1e13"):
        assert read_breaks(text) == (), text


@pytest.mark.parametrize(
    "wrong", ["0", "0.0", "0.4", "-1", "50.1", "80", "6.55", "1e2", "nan", "inf", "๖", "6 ", "999999"]
)
def test_a_radius_is_a_plain_number_of_kilometres(wrong):
    assert _parse({"km": wrong}).km == 0.0
    assert (
        _parse({"km": "6.5"}).km == 6.5
        and _parse({"km": "16.5"}).km == 17
        and to_params(_parse({"km": "6.0"}))["km"] == "6"
    )


@pytest.mark.parametrize("wrong", ["a..b", ".a", "a.", "A", "a~b", "a" * 301, "ก", "a b"])
def test_grades_are_ids_with_dots_between(wrong):
    assert _parse({"grades": wrong, "kind": wrong, "points": wrong, "approx": wrong}) == _parse({})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("55.5501", "55.5501"),
        ("55.55", "55"),
        ("55..x.99", "55"),
        ("<script>", ""),
        (".".join(["5501"] * 40), "5501"),
    ],
)
def test_areas_set_beside_are_known_ones_once_each(typed, kept):
    view = _parse({"with": typed})
    assert view.others == kept
    assert to_params(view).get("with", "") == kept
    assert "others" not in to_params(view)


def test_an_area_is_not_set_beside_itself():
    assert _parse({"area": "55", "with": "55.5501"}).others == "5501"


@pytest.mark.parametrize("wrong", ["10", "-1", "all", "0 ", "๑", "99", "<b>"])
def test_a_class_alone_and_a_marked_area_are_such_as_there_are(wrong):
    assert _parse({"only": wrong, "mark": wrong, "digits": wrong}) == _parse({})
