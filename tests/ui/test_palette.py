"""Every scale is told apart by all eyes, what has no number by its pattern too, and text stands out from its ground.

Distances are of CIELAB (1976); about 2.3 is what can just be seen side by side.
"""

from __future__ import annotations

import numpy as np
import pytest

from analytics.catalogue import load_catalogue
from tests.ui.sight import SIGHT, contrast, distances, lab, over
from ui.charts import _SERIES
from ui.palette import (
    DARK,
    LIGHT,
    MAP_GROUNDS,
    difference_colours,
    grade_colours,
    hex_of,
    light_colours,
    ramp,
)
from ui.state import MAX_CLASSES
from ui.style import hatching, sheet

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
EYES = pytest.mark.parametrize("sight", SIGHT)


def rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def neighbours(colours, sight: str) -> float:
    d = distances(colours, sight)
    return min(d[i, i + 1] for i in range(len(colours) - 1))


def closest(colours, sight: str) -> float:
    d = distances(colours, sight)
    return d[~np.eye(len(colours), dtype=bool)].min()


@EYES
@pytest.mark.parametrize("name", sorted({e.ramp for e in load_catalogue().values()} - {"stars"}))
def test_neighbouring_classes_differ_and_order_shows_without_colour(name: str, sight: str) -> None:
    for k in range(2, MAX_CLASSES + 1):
        # Five classes are what the catalogue asks for; nine are a person's own wish.
        assert neighbours(ramp(name, k), sight) > (13 if k <= 5 else 6.9), k
        lightness = lab(ramp(name, k), sight)[:, 0]
        assert all(np.diff(lightness) < 0), k


@EYES
def test_stars_of_any_two_numbers_differ(sight: str) -> None:
    assert closest(ramp("stars", 5), sight) > 25


@EYES
@THEMES
def test_less_and_more_light_are_not_mistaken_for_one_another(theme, sight: str) -> None:
    colours = difference_colours(11, theme.name)
    assert min(distances(colours, sight)[i, 10 - i] for i in range(5)) > 17
    assert neighbours(colours, sight) > 9
    assert neighbours(light_colours(9), sight) > 10


@EYES
@THEMES
def test_no_two_grades_of_places_look_alike(theme, sight: str) -> None:
    assert closest(grade_colours(theme, 9), sight) > 12


@EYES
@THEMES
def test_lines_of_a_chart_differ(theme, sight: str) -> None:
    # They carry marks of different shapes too.
    assert closest([rgb(c) for c in _SERIES[theme.name]], sight) > 9


@THEMES
def test_no_number_is_known_by_its_pattern_alone(theme) -> None:
    """The ground of no data comes near some class for some eyes; the lines over it do not, and are on no class."""
    ground = over(theme.missing, 150, MAP_GROUNDS[theme.name])
    assert contrast(theme.hatch, ground) > 3
    for sight in SIGHT:
        for name in ("poverty", "population", "stars"):
            near = distances([theme.hatch, *ramp(name, 5)], sight)[0, 1:]
            assert near.min() > 13, (sight, name)
    assert hex_of(theme.hatch) in hatching(theme) and hatching(theme) in sheet(theme)


@THEMES
def test_text_lines_and_focus_stand_out_from_the_page(theme) -> None:
    page = rgb(theme.background)
    assert contrast(rgb(theme.text), page) > 7
    assert contrast(rgb(theme.muted), page) > 4.5
    assert contrast(rgb(theme.accent), page) > 4.5
    assert contrast(theme.focus, page) > 3
    assert all(contrast(rgb(c), page) > 3 for c in _SERIES[theme.name])
