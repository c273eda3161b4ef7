"""Poverty and light in the browser: with the modelled pair of a fresh clone, and with light that was measured."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from geo.codes import official_areas
from tests.browser.conftest import start_server, stop_server
from tests.warehouse.batches import batch
from tests.warehouse.lights import cells, light_batch
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import Store

YEAR = 2020


@pytest.fixture(scope="module")
def measured(browser, tmp_path_factory):
    home = tmp_path_factory.mktemp("measured")
    store = Store(home)
    build(store, Settings())
    opened = Warehouse.open(store)
    dice = np.random.default_rng(5)
    codes = [a.code for a in official_areas().values() if a.level == "province" and a.code != "10"]
    rows = [
        (c, name, YEAR, 2 * opened.bounds(c)[3] + float(dice.normal(0, 2)))
        for c in codes
        for name in ("mpi_poor_rate", "mpi_poor_households_rate")
    ]
    opened.close()
    publish_batches(
        store,
        Settings(),
        [batch(rows, kind="official"), light_batch("vnl-v21-average-masked", y2012=cells(1), y2021=cells(2))],
    )
    server = start_server(home)
    yield server
    stop_server(server)


def address(server, **params):
    query = {"ind": "mpi_poor_rate", "year": YEAR, "lang": "en"} | params
    return f"{server.url}/poverty_light?" + "&".join(f"{k}={v}" for k, v in query.items())


def test_the_map_of_both_its_square_and_its_clusters(screen, measured):
    sent = []
    screen.page.on("websocket", lambda ws: ws.on("framereceived", lambda data: sent.append(len(data))))
    screen.open(address(measured))
    screen.map_drawn()
    assert "/computed/pair.1~mpi_poor_rate~2020~light_mean~2021~" in screen.layers[-1]
    square = screen.page.locator(".daomap-square")
    fields = [int(n.replace(",", "")) for n in square.locator("tbody td").all_inner_texts()]
    assert len(fields) == 9 and sum(fields) == 76
    assert "One of the two is missing: 1" in square.inner_text()
    # Another map of the same pair: one small layer more, and little on the wire.
    sent.clear()
    screen.page.get_by_role("button", name="clusters of poverty").or_(
        screen.page.get_by_role("radio", name="clusters of poverty")
    ).first.click()
    screen.page.wait_for_url(re.compile("pattern=y"))
    screen.settled()
    screen.page.wait_for_selector(".daomap-legend")
    screen.page.wait_for_timeout(1500)
    assert any("/computed/cluster.1~y~" in url for url in screen.layers)
    assert "Poor among poor" in screen.page.inner_text(".daomap-legend")
    assert "seed 20120401" in screen.page.inner_text(".daomap-legend")
    assert sum(sent) <= 50_000


def test_indicator_and_year_are_chosen_by_keyboard_and_kept_in_the_link(screen, measured):
    screen.open(address(measured))
    box = screen.page.get_by_role("combobox", name=re.compile("Poverty indicator"))
    box.focus()
    screen.page.keyboard.press("ArrowDown")
    screen.page.get_by_role("option", name="MPI-poor households, rate").wait_for()
    screen.page.keyboard.type("households")
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(re.compile("ind=mpi_poor_households_rate"))
    screen.settled()
    screen.page.get_by_role("combobox", name=re.compile("Year of light")).click()
    screen.page.get_by_role("option", name="2012").click()
    screen.page.wait_for_url(re.compile("y1=2012"))
    screen.settled()
    assert "8 years apart" in screen.text()
    link = screen.page.url
    screen.open(link)
    assert "8 years apart" in screen.text()


def test_a_row_of_the_list_opens_its_area(screen, measured):
    screen.open(address(measured))
    screen.open_first_row()
    assert "province" in screen.page.inner_text("h1")


def test_a_dot_opens_its_area(screen, measured):
    screen.open(address(measured))
    dot = screen.page.locator(".js-plotly-plot .scatterlayer .trace .points path").first
    dot.scroll_into_view_if_needed()
    screen.page.wait_for_timeout(1500)
    box = dot.bounding_box()
    screen.page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
    screen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    screen.page.wait_for_timeout(500)
    screen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    screen.page.wait_for_url(re.compile(r"area=\d\d"), timeout=10_000)


def test_both_downloads_open(screen, measured):
    screen.open(address(measured))
    screen.open_downloads()
    files = {}
    for label in ("Download CSV", "Download Excel"):
        with screen.page.expect_download() as waiting:
            screen.page.get_by_role("button", name=label).click()
        files[waiting.value.suggested_filename.rpartition(".")[2]] = Path(waiting.value.path()).read_bytes()
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    known = {r["area_code"]: r for r in rows if r["area_code"] and r["area_code"].isdecimal()}
    assert len(known) == 77 and known["10"]["left_out"] == "no_y" and known["57"]["residual"] != ""
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    facts = {(row[0], row[1]): row[2] for row in book["statistics"].values}
    assert facts["areas", "compared"] == 76 and facts["moran_residual", "seed"] == 20120401


def test_the_modelled_pair_judges_nobody(screen, embedded):
    screen.open(f"{embedded.url}/poverty_light?year=2018&lang=th")
    screen.map_drawn()
    text = screen.text()
    assert "แสงชุดนี้เป็นค่าจำลอง" in text and "ไม่แสดงรายชื่อพื้นที่" in text
    assert screen.page.locator("[data-testid=stDataFrame]").count() == 0
    assert "แสงจำลอง" in screen.page.inner_text(".daomap-square")


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_phone_shows_everything_without_sideways_scrolling(phone, measured, language):
    phone.open(address(measured, lang=language, pattern="both"))
    phone.map_drawn()
    wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
    assert wide <= 0
    assert phone.page.locator("[data-testid=stDataFrame]").count() == 2
