"""The services screen in the browser: bubbles and points arrive by address, lists open areas, and a phone shows it all."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Server, start_server, stop_server
from tests.ui.test_services_page import CODES, DISTRICT, at
from tests.warehouse.batches import batch, places_batch, squares
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store


@pytest.fixture(scope="module")
def served(chromium, embedded_home, tmp_path_factory) -> Iterator[Server]:
    """Eight square subdistricts of a district with made-up people, rates and schools, one of them of approximate position."""
    home = tmp_path_factory.mktemp("services") / "home"
    shutil.copytree(embedded_home, home)
    rows = [(code, "surveyed_persons", 2018, 1000.0) for code in CODES]
    rows += [(code, "target_education_rate", 2018, 2.0 * n) for n, code in enumerate(CODES)]
    world = batch(rows)
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    schools = [
        {**at(0), "kind": "school", "grade": "primary", "name_th": "โรงเรียน {t_en} <b>หนึ่ง</b>"},
        {**at(5), "kind": "school", "grade": "secondary"},
        # Four of five have positions of their own, as many as it takes for distances to be shown.
        {**at(0), "kind": "school", "grade": "primary"},
        {**at(5), "kind": "school", "grade": "primary"},
        {**at(6), "kind": "school", "grade": "primary", "approximate": True},
    ]
    publish_batches(Store(home), Settings(), [world, places_batch(schools)])
    server = start_server(home)
    yield server
    stop_server(server)


def fetched(screen, part: str) -> list[dict[str, object]]:
    """Properties of the features of the first address with `part` that the page asked for."""
    for _ in range(100):
        urls = screen.page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
        found = [u for u in urls if part in u]
        if found:
            break
        screen.page.wait_for_timeout(200)
    assert found, urls
    with urllib.request.urlopen(found[0]) as answer:
        data = answer.read()
    features = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)["features"]
    return [f["properties"] for f in features]


def test_a_country_shows_bubbles_and_a_province_its_points(screen, served):
    screen.open(f"{served.url}/services?lang=en")
    screen.map_drawn()
    (bubble,) = fetched(screen, "/points/")
    assert (bubble["n"], bubble["c"]) == (4, "55")
    assert "gathered by position" in screen.page.inner_text("[data-testid=stMain]")
    screen.open(f"{served.url}/services?lang=en&area={DISTRICT}&points=rings&approx=1")
    screen.map_drawn()
    points = fetched(screen, "/55.geojson")
    assert sorted(p.get("a", 0) for p in points) == [0, 0, 0, 0, 1]
    assert not any("{t_en}" in str(p["n"]) for p in points)  # a name fills no place of the tooltip
    text = screen.text()
    assert "A ring is 6 km around a point, straight line" in text
    assert "A hollow circle is an approximate position" in text
    assert "for merging small schools" in text  # whose choice the radius is


def test_the_radius_is_set_by_keyboard_and_kept_by_the_address(screen, served):
    screen.open(f"{served.url}/services?lang=en&area={DISTRICT}")
    screen.map_drawn()
    field = screen.page.get_by_role("spinbutton", name=re.compile("Radius"))
    field.fill("12.5")
    field.press("Enter")
    screen.page.wait_for_url(re.compile("km=13"))
    screen.page.get_by_text("The radius of 13 km is your own choice").wait_for(timeout=60_000)


def test_a_place_of_the_worst_corner_opens_without_the_map(screen, served):
    screen.open(f"{served.url}/services?lang=en&area={DISTRICT}&ind=target_education_rate")
    screen.map_drawn()
    button = screen.page.locator("[class*=st-key-services_worst_5] button").first
    button.scroll_into_view_if_needed()
    button.click()
    screen.page.wait_for_url(re.compile(r"area=5501\d\d"), timeout=60_000)


def test_a_phone_shows_it_without_sideways_scrolling(phone, served):
    for language in ("th", "en"):
        phone.open(f"{served.url}/services?lang={language}&area={DISTRICT}")
        phone.map_drawn()
        wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
        assert wide <= 0, language


def test_the_table_is_downloaded_with_what_it_rests_on(screen, served, tmp_path: Path):
    screen.open(f"{served.url}/services?lang=en&area={DISTRICT}")
    screen.map_drawn()
    screen.open_downloads()
    with screen.page.expect_download() as waiting:
        screen.page.get_by_role("button", name="Download CSV").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    text = path.read_text(encoding="utf-8-sig")
    rows = {row["area_code"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows[CODES[0]]["distance"] == "straight line" and rows[CODES[0]]["radius_km"] == "6.0"
    assert rows[CODES[0]]["origins_kind"] == "subdistrict inner point"
    assert "not a way by road" in text
