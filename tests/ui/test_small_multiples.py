"""Small pictures: what their addresses mean, what they hold, and what is not served."""

import asyncio
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from ui import data
from ui.map import AreaLayer
from ui.palette import DARK, LIGHT, hex_of, ramp
from ui.routes import ROUTES
from ui.small_multiples import (
    Figure,
    Key,
    Picture,
    address,
    class_of,
    drawn_shapes,
    picture_bytes,
    read_address,
    row_html,
    svg,
)

PICTURE = Picture("province", "TH", "target_income_rate", 2018, (0.5, 1.0, 2.25))


def opened(url):
    """The parts of an address as the server takes them apart."""
    path, _, asked = url.partition("?")
    level, parent, name = path.split("/")[3:]
    return level, parent, name.removesuffix(".svg"), dict(p.split("=") for p in asked.split("&"))


@given(
    st.builds(
        Picture,
        level=st.sampled_from(["province", "district", "subdistrict"]),
        parent=st.sampled_from(["TH", "55"]),
        indicator=st.sampled_from(["target_income_rate", "t_a1"]),
        year=st.integers(1900, 2100),
        bounds=st.sets(st.integers(-(10**8), 10**8), max_size=9).map(
            lambda s: tuple(n / 10000 for n in sorted(s))
        ),
        inside=st.sampled_from(["", "5501"]),
        focus=st.sampled_from(["", "55", "550101"]),
        theme=st.sampled_from(["light", "dark"]),
    )
)
def test_a_picture_comes_back_from_its_address(picture):
    assert read_address(*opened(address("snap-000001-0123456789ab", picture))) == picture


@pytest.mark.parametrize(
    "change",
    [
        {"b": "1_1"}, {"b": "2_1"}, {"b": "1e9"}, {"b": "nan"}, {"b": "1_2_3_4_5_6_7_8_9_10"}, {"b": "1;x"}, {"t": "blue"},
        {"v": "0"}, {"in": "55'"}, {"focus": "<"}, {"x": "1"}, {"in": "๕๕"},
    ],
)  # fmt: skip
def test_nothing_else_is_an_address(change):
    level, parent, name, query = opened(address("s", PICTURE))
    assert read_address(level, parent, name, query) == PICTURE
    assert read_address(level, parent, name, query | change) is None
    for wrong in ("target-2018x", "../x-2018", "target_income_rate-๒๕๖๑", "Target-2018"):
        assert read_address(level, parent, wrong, query) is None
    assert read_address("village", parent, name, query) is None
    assert read_address(level, "5501", name, query) is None


@given(st.floats(-10, 10) | st.just(float("nan")))
def test_colours_are_those_of_the_map(value):
    bounds = (0.5, 1.0, 2.25)
    layer = AreaLayer("/x", "v", bounds, ramp("poverty", 3))
    rounded = None if value != value else round(value, 4)
    expected = layer.fill(LIGHT).replace("properties.v", "VALUE")
    steps = [float(b) for b in re.findall(r"VALUE<=([\d.]+)\?", expected)]
    place = class_of(value, bounds)
    if rounded is None:
        assert place is None
    else:
        assert place == next((i for i, b in enumerate(steps) if rounded <= b), len(bounds) - 1)


@pytest.mark.usefixtures("embedded_home")
def test_a_picture_holds_every_area_and_marks_what_is_not_known():
    house = data.warehouse()
    text = picture_bytes(house, PICTURE).decode()
    assert text.startswith("<svg ") and text.count('<path d="M') == 77
    values = house.values("target_income_rate", level="province", year=2018)
    groups = {m[0]: m[1].count("<path") for m in re.findall(r'<g fill="([^"]+)">(.*?)</g>', text)}
    colours = [hex_of(c) for c in ramp("poverty", 3)]
    places = values["value"].map(lambda v: class_of(v, PICTURE.bounds))
    expected = {colours[int(i)]: int(n) for i, n in places.value_counts().items()}
    # Bangkok is in no file: hatched, and never the lowest class.
    assert groups == expected | {"url(#n)": 1}
    assert not re.search("[ก-๛]", text)
    dark = picture_bytes(house, replace(PICTURE, theme="dark", focus="55")).decode()
    assert hex_of(DARK.line) in dark and 'stroke-width="12"' in dark and 'stroke-width="12"' not in text
    assert picture_bytes(house, replace(PICTURE, indicator="t_nobody")) is None
    assert picture_bytes(house, replace(PICTURE, level="district")) is None


def test_hidden_areas_are_dotted_and_neighbours_keep_one_edge():
    square = '{{"type":"Polygon","coordinates":[[[{0},0],[{1},0],[{1},1],[{0},1],[{0},0]]]}}'
    shapes = {"11": square.format(0, 1), "12": square.format(1, 2), "13": square.format(2, 3)}
    text = svg(shapes, {"11": 0, "12": None, "13": None}, {"12"}, [(1, 2, 3)], LIGHT)
    groups = dict(re.findall(r'<g fill="([^"]+)"><path d="([^"]+)"', text))
    assert set(groups) == {"#010203", "url(#h)", "url(#n)"}

    def corners(path):
        start, steps = re.fullmatch(r"M([-\d ]+)l([-\d ]+)z", path).groups()
        moves = np.array([start.split(), *np.array(steps.split()).reshape(-1, 2).tolist()], dtype=int)
        return moves.cumsum(axis=0)

    edge = corners(groups["#010203"])[:, 0].max()
    assert edge == corners(groups["url(#h)"])[:, 0].min() == 333
    assert corners(groups["url(#n)"])[:, 0].max() == 1000


def test_words_beside_pictures_are_escaped():
    html = row_html(
        [Figure("/multiples/x?a=1&b=2", "<b>", '"', "<img>")],
        [Key("<i>", (1, 2, 3)), Key("?", mark="none")],
        "&",
        LIGHT,
    )
    assert "&lt;b&gt;" in html and 'alt="&lt;img&gt;"' in html and "&lt;i&gt;" in html
    assert "<img>" not in html and html.count('<i class="none"') == 1


def ask(path, query):
    sent = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(Starlette(routes=ROUTES)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:])


@pytest.mark.usefixtures("embedded_home")
def test_the_server_hands_out_pictures_of_published_areas_alone():
    house = data.warehouse()
    path, _, query = address(house.snapshot, PICTURE).partition("?")
    status, headers, body = ask(path, query)
    assert (status, headers["content-type"]) == (200, "image/svg+xml")
    assert "immutable" in headers["cache-control"] and headers["etag"] == f'"{path}?{query}"'
    assert body == picture_bytes(house, PICTURE)
    for other, asked in (
        (path, query + "&t=dark"),
        (path, query + "&x=1"),
        (path.replace("province", "district"), query),
        (path.replace("target_income_rate", "unknown"), query),
        (path.replace(house.snapshot, "snap-999999-0123456789ab"), query),
        (path + "x", query),
        ("/multiples/" + house.snapshot, query),
    ):
        status, headers, body = ask(other, asked)
        assert (status, body, headers["cache-control"]) == (404, b"not found", "no-store"), other


@pytest.mark.usefixtures("embedded_home")
def test_only_the_areas_inside_are_drawn():
    house = data.warehouse()
    assert set(drawn_shapes(house, "province", "TH", "55")) == {"55"}
    assert drawn_shapes(house, "province", "TH", "99") == {}
