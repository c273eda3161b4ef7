"""The swipe in Chromium: by mouse, touch and keys; its outlines, names, legend and saved pictures."""

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import ROOT, Server, free_port, stop_server, wait_for
from ui.palette import light_colours
from ui.texts import Words

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def host(chromium, embedded_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("swipe") / "home"
    shutil.copytree(embedded_home, home)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(HERE / "swipe_app.py"), "--server.port", str(port),
         "--server.headless", "true"],
        cwd=ROOT, env=os.environ | {"DAOMAP_HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", home, process)
    wait_for(server.url, process)
    yield server
    stop_server(server)


@pytest.fixture
def opened(screen, host):
    def go(query="?area=50&lang=en"):
        screen.page.goto(f"{host.url}/{query}")
        ready(screen.page)
        return screen.page

    yield go
    screen.page.goto("about:blank")  # a page left open would ask for the server that goes away


def ready(page):
    page.wait_for_selector(".swipe .names span", timeout=60_000)
    page.wait_for_function(
        "() => { for (const e of document.querySelectorAll('*')) { const i = e.shadowRoot?.querySelectorAll('.view img');"
        " if (i?.length) return [...i].every((x) => x.complete && x.naturalWidth > 0); } return false; }"
    )


def place(page) -> float:
    """Where the picture of the later year begins, as a share of the width."""
    cut = page.locator(".later").evaluate("e => getComputedStyle(e).clipPath")
    return float(re.search(r"([\d.]+)%\)$", cut)[1])


@pytest.mark.parametrize(
    ("code", "name"), [("50", "Chiang Mai"), ("57", "Chiang Rai"), ("72", "Suphan Buri")]
)
def test_the_handle_covers_no_name_where_it_starts(opened, code, name):
    page = opened(f"?area={code}&lang=en")
    assert name in page.locator(".names span").all_inner_texts()
    knob = page.locator(".bar i").bounding_box()
    for span in page.locator(".names span").all():
        box = span.bounding_box()
        apart = (
            box["x"] + box["width"] <= knob["x"]
            or box["x"] >= knob["x"] + knob["width"]
            or box["y"] + box["height"] <= knob["y"]
            or box["y"] >= knob["y"] + knob["height"]
        )
        assert apart, span.inner_text()


def test_the_handle_follows_the_mouse(opened):
    page = opened()
    box = page.locator(".view").bounding_box()
    assert place(page) == 50
    y = box["y"] + box["height"] * 0.3
    page.mouse.move(box["x"] + box["width"] * 0.5, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, y + 20, steps=5)
    assert place(page) == pytest.approx(20, abs=0.5)
    # Held beyond the edge it stays at the edge, and let go it stays where it was.
    page.mouse.move(box["x"] - 80, y, steps=3)
    assert place(page) == 0
    page.mouse.move(box["x"] + box["width"] * 0.75, y, steps=3)
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.4, y, steps=3)
    assert place(page) == pytest.approx(75, abs=0.5)
    # A rerun of the page leaves it there.
    page.get_by_role("button", name="again").click()
    page.wait_for_timeout(1000)
    assert place(page) == pytest.approx(75, abs=0.5)


def test_the_handle_answers_keys_and_says_where_it_is(opened):
    page = opened()
    handle = page.get_by_role("slider", name=Words("en")("swipe.handle"))
    handle.focus()
    for key, expected in (
        ("ArrowRight", 51),
        ("ArrowLeft", 50),
        ("ArrowLeft", 49),
        ("Home", 0),
        ("End", 100),
    ):
        page.keyboard.press(key)
        assert place(page) == expected, key
        assert handle.get_attribute("aria-valuetext") == f"2012 {expected}%, 2021 {100 - expected}%"
    ring = page.locator(".bar i").evaluate("e => getComputedStyle(e).outlineStyle")
    assert ring == "solid"
    page.keyboard.press("Tab")
    focused = page.locator(".save button").evaluate("e => e.matches(':focus')")
    assert focused


def test_a_finger_moves_the_handle_and_scrolls_the_page(browser, host):
    context = browser.new_context(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{host.url}/?area=TH")
    ready(page)
    box = page.locator(".view").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    client = context.new_cdp_session(page)

    def touch(kind, x=None, y=None):
        points = [] if x is None else [{"x": x, "y": y}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    y = box["y"] + 200
    touch("touchStart", box["x"] + box["width"] * 0.5, y)
    for share in (0.55, 0.65, 0.75, 0.8):
        touch("touchMove", box["x"] + box["width"] * share, y)
    touch("touchEnd")
    assert place(page) == pytest.approx(80, abs=3)
    assert page.locator(".view").evaluate("e => getComputedStyle(e).touchAction") == "pan-y"
    page.goto("about:blank")
    context.close()


def test_names_are_those_of_the_places_and_stand_apart(opened):
    page = opened("?area=TH&lang=th")
    boxes = page.locator(".names span").evaluate_all(
        "all => all.map(e => { const r = e.getBoundingClientRect(); return [e.textContent, r.left, r.top, r.right, r.bottom]; })"
    )
    names = [b[0] for b in boxes]
    assert "กรุงเทพมหานคร" in names and "เชียงใหม่" in names and len(names) > 10
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert a[3] <= b[1] or b[3] <= a[1] or a[4] <= b[2] + 6 or b[4] <= a[2] + 6, (a, b)
    english = opened("?area=TH&lang=en").locator(".names span").all_inner_texts()
    assert "Bangkok" in english and not any(re.search("[\u0e00-\u0e7f]", n) for n in english)


def test_a_hostile_name_stays_text(opened):
    page = opened("?area=50&lang=en&place=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert page.locator(".swipe").get_attribute("aria-label") == "Night light: <img src=x onerror=alert(1)>"
    assert page.locator(".swipe img").count() == 2
    with page.expect_download() as first:
        page.locator(".save button").click()
    assert first.value.suggested_filename == "daomap-light-modelled-50-2012.png"
    page.wait_for_selector(".made a >> nth=1")
    assert page.locator(".swipe img").count() == 2


@pytest.mark.parametrize("language", ["th", "en"])
def test_both_years_are_saved_with_what_one_must_know(opened, language):
    page = opened(f"?area=50&lang={language}")
    assert page.locator(".flag").inner_text() == Words(language)("swipe.modelled")
    saved = []
    page.on("download", lambda download: saved.append(download))
    page.locator(".save button").click()
    page.wait_for_selector(".made a >> nth=1")
    for _ in range(50):
        if len(saved) == 2:
            break
        page.wait_for_timeout(100)
    assert [d.suggested_filename for d in saved] == [
        f"daomap-light-modelled-50-{y}.png" for y in (2012, 2021)
    ]
    pictures = [np.asarray(Image.open(io.BytesIO(Path(d.path()).read_bytes())).convert("RGB")) for d in saved]
    assert pictures[0].shape == pictures[1].shape
    colours = set(light_colours(254))
    for picture in pictures:
        height, width, _ = picture.shape
        assert width >= 900 and height > 1000
        # The flag's band goes across, and there is dark text in it.
        band = (picture == (255, 209, 102)).all(axis=2)
        rows = np.flatnonzero(band.sum(axis=1) > width * 0.5)
        assert len(rows) > 20
        words = picture[rows[0] : rows[-1]]
        assert ((words == (27, 19, 0)).all(axis=2)).sum() > 100
        # The colours of the scale: those of the cells and of the legend.
        drawn = picture.reshape(-1, 3)
        found = {tuple(int(v) for v in c) for c in np.unique(drawn, axis=0)}
        assert len(found & colours) > 12
        # Title above, notes below.
        assert (picture[40:90, 40:400] < 100).any() and (picture[-150:-40, 40:600] < 140).any()
    # They are two different years.
    middle = slice(pictures[0].shape[0] // 4, pictures[0].shape[0] // 2)
    assert (pictures[0][middle] != pictures[1][middle]).any()


def test_the_page_of_night_light_compares_and_saves_by_keys(phone, embedded):
    page = phone.page
    phone.open(f"{embedded.url}/night_light?mode=swipe&area=20&lang=en")
    ready(page)
    box = page.locator(".view").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.get_by_role("slider", name=Words("en")("swipe.handle")).focus()
    page.keyboard.press("End")
    assert place(page) == 100
    saved = []
    page.on("download", lambda download: saved.append(download))
    page.locator(".save button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".made a >> nth=1")
    for _ in range(50):
        if len(saved) == 2:
            break
        page.wait_for_timeout(100)
    assert [d.suggested_filename for d in saved] == [
        f"daomap-light-modelled-20-{y}.png" for y in (2012, 2021)
    ]
    assert all(Path(d.path()).read_bytes().startswith(b"\x89PNG") for d in saved)
