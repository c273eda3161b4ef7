"""A picture on the map in Chromium: where its cells are, under outlines that answer, and in a view that stays."""

import io
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geo.layers import view_for
from geo.nightlight import THAILAND
from tests.browser.conftest import ROOT, Server, free_port, stop_server, wait_for
from tests.browser.map_app import BRIGHT, CELLS
from tests.warehouse.lights import COARSE
from ui.map import FIT_HEIGHT, FIT_WIDTH

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def host(chromium, embedded_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("map") / "home"
    shutil.copytree(embedded_home, home)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(HERE / "map_app.py"), "--server.port", str(port),
         "--server.headless", "true"],
        cwd=ROOT, env=os.environ | {"DAOMAP_HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", home, process)
    wait_for(server.url, process)
    yield server
    stop_server(server)


def expected(box, year: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the bright cell on the page, from the view alone."""
    longitude, latitude, zoom = view_for(THAILAND, FIT_WIDTH, FIT_HEIGHT)
    world = 512 * 2**zoom
    row, col = CELLS[year]

    def across(lon: float) -> float:
        return box["x"] + box["width"] / 2 + (lon - longitude) / 360 * world

    def down(lat: float) -> float:
        def up(value: float) -> float:
            return math.log(math.tan(math.pi / 4 + math.radians(value) / 2)) / (2 * math.pi)

        return box["y"] + box["height"] / 2 + (up(latitude) - up(lat)) * world

    west, north = COARSE.west + col * COARSE.dx, COARSE.north - row * COARSE.dy
    return across(west), down(north), across(west + COARSE.dx), down(north - COARSE.dy)


def seen(page) -> tuple[float, float, float, float] | None:
    """The same, from the pixels of the screen that are at least so bright."""
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    green = picture[..., 1] - (picture[..., 0] + picture[..., 2]) // 2
    rows, cols = np.nonzero(green > 100)
    if not len(rows):
        return None
    return cols.min(), rows.min(), cols.max() + 1, rows.max() + 1


def wait_seen(page, wanted, within: float = 1.0):
    for _ in range(60):
        found = seen(page)
        if found is not None and max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= within:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"found {found}, expected {wanted} within {within} pixels")


def test_a_bright_cell_lies_right_and_changes_leave_the_view_alone(screen, host):
    page = screen.page
    page.goto(host.url)
    page.wait_for_selector("[data-testid=stDeckGlJsonChart] canvas", timeout=60_000)
    box = page.locator("[data-testid=stDeckGlJsonChart]").first.bounding_box()
    old, new = expected(box, 2012), expected(box, 2021)
    assert BRIGHT == (0, 255, 0) and old[2] - old[0] > 3
    wait_seen(page, old)
    # The areas above it have no fill, and are found by the pointer all the same.
    centre = (box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.36)
    for _ in range(20):
        page.mouse.move(centre[0] + 4, centre[1] + 4)
        page.mouse.move(*centre)
        page.wait_for_timeout(400)
        if page.locator(".deck-tooltip").count() and page.locator(".deck-tooltip").inner_text().strip():
            break
    assert page.locator(".deck-tooltip").inner_text().strip()
    # Moved by hand, then another year and another opacity: the view stays.
    page.mouse.move(box["x"] + 150, box["y"] + 400)
    page.mouse.down()
    page.mouse.move(box["x"] + 190, box["y"] + 425, steps=8)
    page.wait_for_timeout(500)  # let go at rest: the map would glide on
    page.mouse.up()
    page.wait_for_timeout(600)
    found = seen(page)
    by = (found[0] - old[0], found[1] - old[1])
    assert by[0] > 25 and by[1] > 12
    page.get_by_text("later", exact=True).click()
    moved = tuple(edge + by[i % 2] for i, edge in enumerate(new))
    wait_seen(page, moved, within=2.5)
    page.get_by_text("pale", exact=True).click()
    # A quarter of the picture's green in what is seen, as near as eight bits of colour and of opacity come.
    for _ in range(60):
        page.wait_for_timeout(250)
        middle = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))[
            int((moved[1] + moved[3]) / 2), int((moved[0] + moved[2]) / 2)
        ]
        if middle[1] < 120:
            break
    ground = np.array([11, 17, 20])
    assert middle == pytest.approx(ground + (np.array(BRIGHT) - ground) * 0.25, abs=12)
    page.goto("about:blank")
