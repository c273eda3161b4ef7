"""Still maps: one scale for all, outlines apart from colours, and only what is seen."""

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.palette import LIGHT, hex_of
from ui.sketch import colours_css, one_scale, outlines_svg

SQUARE = json.dumps(
    {"type": "Polygon", "coordinates": [[[100, 15], [101, 15], [101, 16], [100, 16], [100, 15]]]}
)
FAR = json.dumps({"type": "Polygon", "coordinates": [[[90, 15], [91, 15], [91, 16], [90, 16], [90, 15]]]})

boxes = st.lists(
    st.tuples(st.floats(97, 105), st.floats(5, 20), st.floats(0.01, 3), st.floats(0.01, 3)).map(
        lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    min_size=1,
    max_size=4,
)


def mercator(latitude):
    return math.asinh(math.tan(math.radians(latitude)))


@given(boxes)
def test_boxes_of_one_scale_are_alike_and_hold_what_they_held(given_boxes):
    wide = one_scale(given_boxes)
    sizes = [(e - w, mercator(n) - mercator(s)) for w, s, e, n in wide]
    for size in sizes:
        assert size == pytest.approx(sizes[0], rel=1e-9)
    for (w, s, e, n), (w1, s1, e1, n1) in zip(given_boxes, wide, strict=True):
        assert w1 <= w + 1e-9 and s1 <= s + 1e-9 and e1 >= e - 1e-9 and n1 >= n - 1e-9
        assert (w + e) / 2 == pytest.approx((w1 + e1) / 2)


def test_an_area_is_a_path_with_its_code_and_what_is_far_away_is_not_sent():
    svg = outlines_svg({"55": SQUARE, "81": FAR}, (100, 15, 101, 16), 'น่าน "x" <script>')
    assert re.findall(r'class="(k\d+)"', svg) == ["k55"]
    assert "<script>" not in svg and "&quot;x&quot;" in svg
    corners = [float(v) for v in re.search(r'd="M([^Z]+)Z', svg)[1].replace(",", " ").split()]
    assert max(corners) <= 260 and min(corners) >= 0


def test_colours_are_apart_from_the_outlines_and_grouped():
    css = colours_css({"55": (1, 2, 3), "50": (1, 2, 3), "57": (4, 5, 6)}, LIGHT, ["55"])
    assert ".daomap-sketch .k55,.daomap-sketch .k50{fill:#010203}" in css
    assert ".daomap-sketch .k57{fill:#040506}" in css
    assert f".daomap-sketch .k55{{stroke:{hex_of(LIGHT.focus)}" in css
