"""Colours of two indicators at once: the browser's expression against the classes, and eyes of all kinds."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.bivariate import cells, places
from analytics.clusters import KINDS
from tests.ui.sight import SIGHT, lab
from ui.legend import LegendRow, square_html
from ui.map import KindLayer, PairLayer, deck
from ui.palette import (
    DARK,
    LIGHT,
    bivariate,
    bivariate_missing,
    clusters,
    grade_colours,
    village_classes,
    village_colour,
)


def evaluated(expression, **properties):
    """The browser's expression, read here: ``a?b:c`` is the only syntax it uses beside comparisons."""

    def read(text):
        text = text.strip()
        while text.startswith("(") and _closes(text) == len(text) - 1:
            text = text[1:-1]
        depth, question = 0, None
        for place, sign in enumerate(text):
            depth += (sign in "([") - (sign in ")]")
            if sign == "?" and depth == 0:
                question = place
                break
        if question is None:
            return [int(n) for n in text.strip("[]").split(",")]
        level = 0
        for place in range(question + 1, len(text)):
            sign = text[place]
            depth += (sign in "([") - (sign in ")]")
            if depth == 0 and sign == "?":
                level += 1
            elif depth == 0 and sign == ":":
                if level == 0:
                    return read(text[question + 1 : place] if truth(text[:question]) else text[place + 1 :])
                level -= 1
        raise AssertionError(text)

    def truth(text):
        return any(one(part) for part in text.split("||"))

    def one(text):
        name, sign, value = re.fullmatch(r"properties\.(\w+)(==|<=)(.+)", text).groups()
        have = properties[name]
        if value == "null":
            return have is None
        return have is not None and (have == float(value) if sign == "==" else have <= float(value))

    return read(expression)


def _closes(text):
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place
    return -1


BOX = (97, 5, 106, 21)
numbers = st.lists(st.integers(0, 20).map(lambda n: n / 4), min_size=1, max_size=40)


@given(numbers, numbers)
def test_the_map_colours_as_the_legend_counts(x, y):
    n = min(len(x), len(y))
    found = cells(x[:n], y[:n])
    colours = bivariate(LIGHT, found.y.k, found.x.k)
    layer = PairLayer("/layers/x.geojson", found.x.bounds, found.y.bounds, colours, bivariate_missing(LIGHT))
    for a, b in zip(x[:n], y[:n], strict=True):
        row = places(np.array([b]), found.y.bounds)[0]
        column = places(np.array([a]), found.x.bounds)[0]
        assert evaluated(layer.fill(LIGHT), x=a, y=b) == [*colours[row][column], 255]
    for x_value, y_value in ((None, 1.0), (1.0, None), (None, None)):
        assert evaluated(layer.fill(LIGHT), x=x_value, y=y_value) == [255, 255, 255, 150]


def test_kinds_have_their_colours_and_anything_else_is_missing():
    layer = KindLayer("/layers/x.geojson", clusters(DARK))
    for place, colour in enumerate(clusters(DARK)):
        assert evaluated(layer.fill(DARK), k=place) == [*colour, 255]
    assert evaluated(layer.fill(DARK), k=None) == evaluated(layer.fill(DARK), k=99) == [*DARK.missing, 150]
    assert len(clusters(LIGHT)) == len(clusters(DARK)) == len(KINDS)


def test_a_change_of_bounds_is_told_and_little_is_sent():
    def chart(low):
        layer = PairLayer(
            "/layers/x.geojson",
            (low, 2.0, 3.0),
            (1.0, 2.0, 3.0),
            bivariate(LIGHT, 3, 3),
            (255, 255, 255),
            "55",
        )
        return deck(layer, (97, 5, 106, 21), LIGHT, "{name_th}").to_json()

    assert chart(0.5) != chart(1.0)
    assert len(chart(1.0)) < 4000
    assert "properties.code=='55'||properties.parent=='55'" in chart(1.0)


@pytest.mark.parametrize("layer", [PairLayer, KindLayer])
def test_nothing_but_a_code_gets_into_an_expression(layer):
    parts = ((), (), (), (0, 0, 0)) if layer is PairLayer else ((),)
    with pytest.raises(ValueError, match="expected a code"):
        layer("/layers/x.geojson", *parts, focus="55'||alert(1)")
    with pytest.raises(ValueError, match="colours for"):
        PairLayer("/x", (1.0,), (1.0,), (), (0, 0, 0)).fill(LIGHT)


def test_without_any_class_everything_is_missing():
    layer = PairLayer("/x", (), (), (), (1, 2, 3))
    assert evaluated(layer.fill(LIGHT), x=None, y=1.0) == [1, 2, 3, 150]


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_all_eyes_tell_the_fields_apart(theme, sight):
    nine = [c for row in bivariate(theme, 3, 3) for c in row]
    shown = lab([*nine, bivariate_missing(theme)], sight)
    apart = np.linalg.norm(shown[:, None] - shown, axis=-1)
    assert apart[~np.eye(10, dtype=bool)].min() > 11
    kinds = lab(clusters(theme)[:5], sight)
    apart = np.linalg.norm(kinds[:, None] - kinds, axis=-1)
    assert apart[~np.eye(5, dtype=bool)].min() > 11


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_only_clusters_have_a_colour(theme):
    """An area without neighbours must not stand out as if it were found; the three greys still differ."""
    shown = dict(zip(KINDS, clusters(theme), strict=True))
    greys = [shown.pop(kind) for kind in ("not_significant", "no_neighbour", "no_data")]
    assert all(max(grey) - min(grey) <= 24 for grey in greys)
    assert all(max(colour) - min(colour) > 50 for colour in shown.values())
    apart = np.linalg.norm(lab(greys, "normal")[:, None] - lab(greys, "normal"), axis=-1)
    assert apart[~np.eye(3, dtype=bool)].min() > 11


def test_the_square_says_row_column_and_count_and_stays_text():
    html = square_html(
        bivariate(LIGHT, 2, 3), ((1, 2, 3), (4, 5, 1234)), ("<b>low", "mid", "high"), ("a", "b"),
        "light", "<script>", LegendRow((1, 2, 3), "no & data", 7), ["source <i>"], LIGHT, "areas",
    )  # fmt: skip
    assert "<script>" not in html and "<b>low" not in html and "source <i>" not in html
    assert html.index(">b</th>") < html.index(">a</th>")  # the highest class on top
    assert "1,234" in html and "no &amp; data: 7" in html and html.count('scope="col"') == 3
    # White figures on dark fields, black on pale ones.
    assert (
        'background:#1a1a1a;color:#ffffff">1,234' in html and 'background:#dedede;color:#000000">1<' in html
    )


def test_only_areas_inside_have_a_colour():
    layer = PairLayer("/x", (1.0,), (1.0,), (((1, 2, 3),),), (4, 5, 6), inside="5501")
    fill = layer.fill(LIGHT)
    outer, sign, inner = fill.partition(":")
    assert outer.startswith("properties.parent!='5501'?") and sign
    assert outer.endswith(str([*LIGHT.outside, 120]).replace(" ", ""))
    assert inner == replace(layer, inside=None).fill(LIGHT)
    assert (
        deck(layer, BOX, LIGHT, "").to_json() != deck(replace(layer, inside="5502"), BOX, LIGHT, "").to_json()
    )
    with pytest.raises(ValueError, match="map layer"):
        replace(layer, inside="'||1")


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_no_eye_takes_a_village_for_a_grade_of_a_place(theme, sight):
    """Both are dots, and both may lie on one map."""
    villages = [village_colour(theme), *(colour for k, colour in village_classes(theme).items() if k)]
    own, grades = lab(villages, sight), lab([*grade_colours(theme, 9), theme.missing], sight)
    apart = np.linalg.norm(own[:, None] - grades, axis=-1)
    assert apart.min() > (15 if sight != "tritanopia" else 7)
    assert np.linalg.norm(own[1:, None] - own[1:], axis=-1)[~np.eye(3, dtype=bool)].min() > 15
