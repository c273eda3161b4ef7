"""Which areas are listed and drawn, for every kind of area and every state of the boundaries."""

import pytest

from ui.plan import levels_for, plan

ALL = {
    ("province", "TH"),
    ("district", "TH"),
    ("subdistrict", "TH"),
    ("district", "55"),
    ("subdistrict", "55"),
}


def _drawable(have):
    return lambda level, parent: (level, parent) in have


@pytest.mark.parametrize(
    ("code", "level", "show", "expected"),
    [
        ("TH", "country", None, ("province", "TH", "province", "TH", None, None)),
        ("TH", "country", "subdistrict", ("subdistrict", "TH", "subdistrict", "TH", None, None)),
        ("55", "province", None, ("district", "55", "district", "55", None, None)),
        ("55", "province", "subdistrict", ("subdistrict", "55", "subdistrict", "55", None, None)),
        ("55", "province", "province", ("district", "55", "district", "55", None, None)),
        ("5501", "district", None, ("subdistrict", "5501", "subdistrict", "55", "5501", None)),
        ("550101", "subdistrict", None, ("village", "550101", "subdistrict", "55", "5501", "550101")),
        ("55010103", "village", None, ("village", "550101", "subdistrict", "55", "5501", "550101")),
    ],
)
def test_with_all_boundaries(code, level, show, expected):
    p = plan(code, level, show, _drawable(ALL))
    assert (p.level, p.within, p.draw_level, p.draw_parent, p.inside, p.focus) == expected
    assert p.missing_level is None


@pytest.mark.parametrize(
    ("code", "level", "focus", "missing"),
    [
        ("55", "province", "55", "district"),
        ("5501", "district", "55", "subdistrict"),
        ("550101", "subdistrict", "55", "subdistrict"),
    ],
)
def test_with_province_outlines_only_the_place_is_shown(code, level, focus, missing):
    p = plan(code, level, None, _drawable({("province", "TH")}))
    assert (p.draw_level, p.draw_parent, p.focus, p.missing_level) == ("province", "TH", focus, missing)
    assert p.inside is None


def test_without_subdistricts_a_district_is_shown_among_districts():
    p = plan("5501", "district", None, _drawable({("province", "TH"), ("district", "55")}))
    assert (p.draw_level, p.draw_parent, p.focus, p.missing_level) == (
        "district",
        "55",
        "5501",
        "subdistrict",
    )


def test_the_country_by_a_level_without_polygons_is_drawn_by_province():
    p = plan("TH", "country", "district", _drawable({("province", "TH")}))
    assert (p.level, p.draw_level, p.focus, p.missing_level) == ("district", "province", None, "district")


def test_without_any_polygon_there_is_no_map():
    assert plan("55", "province", None, _drawable(set())).draw_level is None


def test_levels_offered_hold_data():
    assert levels_for("country", {"province", "subdistrict"}.__contains__) == ("province", "subdistrict")
    assert levels_for("province", set().__contains__) == ("district",)
    assert levels_for("district", {"subdistrict"}.__contains__) == ()
