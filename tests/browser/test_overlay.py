"""The overlay map in the browser: layers by keyboard, a link that carries the set, the downloads, a printed sheet, a phone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.conftest import Server, command, start_server, stop_server
from tests.warehouse.batches import places_batch
from ui.print_map import PAPERS
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store

SET = "areas!itarget_poor_rate!o80~light!o60~outline!lprovince~place!kschool"


@pytest.fixture(scope="module")
def layered(chromium, tmp_path_factory) -> Iterator[Server]:
    """What ships, and forty schools in a province."""
    home = tmp_path_factory.mktemp("layered")
    assert command(home, "build").returncode == 0
    schools = [
        {"kind": "school", "grade": "primary", "area_code": "5501", "longitude": 100.5 + i / 100, "latitude": 18.5 + i / 60}
        for i in range(40)
    ]  # fmt: skip
    publish_batches(Store(home), Settings(), [places_batch(schools)])
    server = start_server(home)
    yield server
    stop_server(server)


def test_layers_are_moved_by_keyboard_and_the_link_carries_them(screen, layered):
    screen.open(f"{layered.url}/overlay?lang=en&layers={SET}")
    screen.map_drawn()
    boxes = screen.page.locator("[data-testid=stCheckbox]").filter(has_not_text="Workshop mode")
    assert boxes.first.inner_text().strip() == "Schools"
    up = screen.page.locator(".st-key-overlay_up_areas button")
    up.focus()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(re.compile(r"layers=light(%21|!)o60(%7E|~)areas"))
    screen.settled()
    screen.page.get_by_role("textbox", name="Name of the set").fill("Schools at night")
    screen.page.keyboard.press("Enter")
    screen.page.get_by_role("heading", name=re.compile("Schools at night")).wait_for()
    screen.settled()
    screen.open_downloads()
    link = screen.page.locator("[data-testid=stCode] code").inner_text()
    assert link.startswith(layered.url) and "layers=light!o60~areas!" in link.replace("\n", "")
    screen.open(link.replace("\n", ""))
    screen.page.get_by_role("heading", name=re.compile("Schools at night")).wait_for()
    order = [box.inner_text().strip() for box in boxes.all()]
    assert order == ["Schools", "Outlines, provinces", "Target poor, rate", "Night light"]
    urls = screen.page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert any("/points/" in u and "/place-school/clusters.geojson" in u for u in urls)
    assert any("/lights/" in u and u.endswith("/2021.png?v=2") for u in urls)


def test_what_is_known_of_a_searched_area_is_told_and_saved(screen, layered, tmp_path: Path):
    screen.open(f"{layered.url}/overlay?lang=th&layers={SET}")
    screen.page.get_by_role("textbox", name="ค้นหาพื้นที่").fill("น่าน")
    screen.page.locator(".st-key-found_55 button").click()
    screen.page.get_by_role("heading", name=re.compile("ข้อมูลทั้งหมดของจังหวัดน่าน")).wait_for()
    screen.open_downloads()
    with screen.page.expect_download() as waiting:
        screen.page.get_by_role("button", name="ดาวน์โหลด CSV").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    told = {r["indicator"]: r for r in rows if r["on_map"] == "true"}
    assert told["places_school"]["value"] == "40.0" and told["target_poor_rate"]["area_code"] == "55"
    assert "น่าน" in told["light_mean"]["name_th"] and told["light_mean"]["rank"] == ""


def test_a_sheet_of_paper_is_drawn_and_opens(screen, layered, tmp_path: Path):
    screen.open(f"{layered.url}/overlay?lang=th&area=55&layers={SET}&title=โรงเรียน")
    screen.open_downloads()
    for kind, start in (("PDF", b"%PDF-"), ("PNG", b"\x89PNG")):
        screen.page.get_by_role("radio", name=kind).click()
        button = screen.page.get_by_role("button", name=f"บันทึก A4 แนวตั้ง {kind}")
        button.wait_for()
        with screen.page.expect_download() as waiting:
            button.click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        assert path.read_bytes().startswith(start) and path.suffix == f".{kind.lower()}"
        if kind == "PNG":
            assert Image.open(path).size == PAPERS[0].pixels
            break
        assert "โรงเรียน".encode() in path.read_bytes() and layered.url.encode() in path.read_bytes()


def test_a_phone_shows_the_screen_without_sideways_scrolling(phone, layered):
    for area in ("TH", "55"):
        phone.open(f"{layered.url}/overlay?lang=th&area={area}&layers={SET}")
        phone.map_drawn()
        wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
        assert wide <= 0, area
        # The settings of a layer open by keyboard.
        settings = phone.page.locator(".st-key-overlay_set_light button").first
        settings.focus()
        phone.page.keyboard.press("Enter")
        phone.page.get_by_role("slider").wait_for()
        phone.page.keyboard.press("Escape")
