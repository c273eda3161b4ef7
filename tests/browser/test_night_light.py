"""The night light page in Chromium: years, opacity and modes without the map moving, swipe, search, exports, a phone."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image

from ui.state import LIGHT_MODES
from ui.texts import texts

MAP = "[data-testid=stDeckGlJsonChart]"


def picture(screen) -> np.ndarray:
    """The map as it looks, without the buttons in its corner."""
    shot = Image.open(io.BytesIO(screen.page.locator(MAP).first.screenshot())).convert("RGB")
    return np.asarray(shot, dtype=float)[:, : int(shot.width * 0.85)]


def painted(screen) -> np.ndarray:
    """The map once its outlines are there; software rendering on a busy machine takes its time."""
    for _ in range(60):
        seen = picture(screen)
        if (np.abs(seen - np.median(seen, axis=(0, 1))).max(axis=2) > 40).mean() > 0.004:
            return seen
        screen.page.wait_for_timeout(500)
    raise AssertionError("no outlines were painted")


def choose(screen, name):
    """Press one of the choices in a row of pills or segments."""
    page = screen.page
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()


def drag_map(screen, dx, dy):
    box = screen.page.locator(MAP).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen.page.mouse.move(x, y)
    screen.page.mouse.down()
    screen.page.mouse.move(x + dx, y + dy, steps=8)
    screen.page.wait_for_timeout(400)  # a map let go while it moves glides on
    screen.page.mouse.up()
    screen.page.mouse.move(x, box["y"] - 40)
    screen.page.wait_for_timeout(1500)


def test_the_year_and_the_mode_change_without_the_map_moving(screen, embedded):
    # Without light only outlines are left, and these must not move.
    screen.open(f"{embedded.url}/night_light?lang=en&opacity=0")
    screen.map_drawn()
    first = painted(screen)
    drag_map(screen, 120, 60)
    moved, place = painted(screen), screen.page.locator(MAP).first.bounding_box()
    assert np.abs(moved - first).mean() > 0.5
    choose(screen, "2012")
    screen.page.wait_for_url(re.compile("y1=2012"))
    screen.settled()
    screen.page.wait_for_timeout(2000)
    assert screen.page.locator(MAP).first.bounding_box() == place
    after = painted(screen)
    # Lines are smoothed a little differently at every drawing; a map that went back would differ as it did when it was moved.
    assert np.abs(after - moved).mean() < np.abs(first - moved).mean() / 4
    assert any("~2012~" in url for url in screen.layers)


def test_opacity_moves_by_keys_and_the_light_fades(screen, embedded):
    screen.open(f"{embedded.url}/night_light?lang=en&opacity=100")
    screen.map_drawn()
    bright = picture(screen)
    slider = screen.page.get_by_role("slider").first
    slider.focus()
    screen.page.keyboard.press("Home")
    screen.page.wait_for_url(re.compile("opacity=0"))
    screen.settled()
    screen.page.wait_for_timeout(2000)
    dark = picture(screen)
    assert (bright.max(axis=2) > 200).sum() > 50  # cities
    assert (bright - dark).max(axis=2).mean() > 0.2


def test_every_mode_opens_from_the_row_and_is_in_the_address(screen, embedded):
    t = texts("th")
    screen.open(f"{embedded.url}/night_light?area=50")
    for mode in (*LIGHT_MODES[1:], LIGHT_MODES[0]):
        choose(screen, t[f"light.mode.{mode}"])
        expected = "area=50(?!.*mode=)" if mode == LIGHT_MODES[0] else f"mode={mode}"
        screen.page.wait_for_url(re.compile(expected))
        screen.settled()
        assert t["light.modelled"] in screen.text()
    screen.map_drawn()
    legend = screen.page.inner_text(".daomap-scale")
    for told in ("nW/cm²/sr", "200", "0.5", t["light.modelled"], "พ.ศ. 2564"):
        assert told in legend


def test_the_swipe_stands_on_the_page_and_moves_by_keys(screen, embedded):
    screen.open(f"{embedded.url}/night_light?lang=en&mode=swipe&area=50")
    page = screen.page
    page.wait_for_selector(".swipe .names span", timeout=60_000)
    handle = page.get_by_role("slider").last
    handle.focus()
    page.keyboard.press("Home")
    cut = page.locator(".later").evaluate("e => getComputedStyle(e).clipPath")
    assert float(re.search(r"([\d.]+)%\)$", cut)[1]) == 0
    page.keyboard.press("End")
    cut = page.locator(".later").evaluate("e => getComputedStyle(e).clipPath")
    assert float(re.search(r"([\d.]+)%\)$", cut)[1]) == 100
    assert "mode=swipe" in page.url
    page.goto("about:blank")


def test_an_area_is_opened_by_search_and_its_close_up_shows_both_years(screen, embedded):
    screen.open(f"{embedded.url}/night_light?lang=en&mode=closeup")
    box = screen.page.get_by_label("Find an area")
    box.focus()
    screen.page.keyboard.type("rayong")
    button = screen.page.get_by_role("button", name="Rayong province").first
    button.wait_for()
    button.focus()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(re.compile("area=21"))
    screen.settled()
    assert "Rayong" in screen.page.inner_text("h1")
    screen.page.wait_for_timeout(1000)
    pictures = screen.page.locator(".daomap-pair figure > div > img:not(.outline)")
    shown = pictures.evaluate_all("all => all.map(e => [e.alt, e.complete && e.naturalWidth > 0])")
    assert [whole for _, whole in shown] == [True, True]
    assert "2012" in shown[0][0] and "2021" in shown[1][0]
    drawn = screen.page.locator(".daomap-pair .outline").evaluate_all(
        "all => all.map(e => e.naturalWidth > 0)"
    )
    assert drawn == [True, True]


def test_the_downloads_open_and_say_what_they_hold(screen, embedded):
    screen.open(f"{embedded.url}/night_light?lang=en&mode=areas&measure=difference")
    screen.map_drawn()
    screen.open_downloads()
    with screen.page.expect_download() as waiting:
        screen.page.get_by_role("button", name="Download CSV").click()
    assert re.fullmatch(
        r"daomap-light-province-TH-2012_2021-[0-9a-f]{8}\.csv", waiting.value.suggested_filename
    )
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text("utf-8-sig"))))
    assert len([r for r in rows if (r["area_code"] or "").isdecimal()]) == 77
    assert rows[0]["modelled"] == "true"
    assert any(texts("en")["light.modelled"] in (r["area_code"] or "") for r in rows)
    with screen.page.expect_download() as waiting:
        screen.page.get_by_role("button", name="Download Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert book.sheetnames == ["data", "dictionary", "sources"]


def test_the_legend_of_areas_counts_all_provinces(screen, embedded):
    screen.open(f"{embedded.url}/night_light?lang=en&mode=areas&measure=difference")
    screen.map_drawn()
    legend = screen.page.inner_text(".daomap-legend")
    assert sum(int(n) for n in re.findall(r"\t(\d+)\s*$", legend, re.M)) == 77


@pytest.mark.parametrize("mode", LIGHT_MODES)
def test_a_phone_shows_every_mode_without_sideways_scrolling(phone, embedded, mode):
    phone.open(f"{embedded.url}/night_light?mode={mode}&area=50")
    phone.page.wait_for_timeout(2500)
    wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
    assert wide <= 0
    cut = phone.page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMetricValue]')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0
    phone.page.goto("about:blank")
