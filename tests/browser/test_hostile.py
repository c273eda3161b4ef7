"""Names, titles and file names from data stay text on every page: nothing runs, nothing is fetched, all is shown as it is."""

import csv
import http.server
import io
import itertools
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import openpyxl
import pytest

from tests.browser.conftest import free_port, start_server, stop_server, wait_for
from tests.hostile import (
    DISTRICT,
    FIRST_MUNICIPALITY,
    SUBDISTRICT,
    YEAR,
    hostile_home,
    payloads,
    shown,
)
from ui.registry import PAGES

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def listener():
    """A server that a picture in a name would make the browser ask; holds the paths it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = asked
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def texts(listener):
    return payloads(listener.server_port)


@pytest.fixture(scope="module")
def hostile(browser, texts, tmp_path_factory):
    home = tmp_path_factory.mktemp("hostile")
    hostile_home(home, texts, " / ".join(texts))
    server = start_server(home)
    yield server
    stop_server(server)


def harmless(screen, listener):
    assert screen.page.evaluate("window.__xss") is None
    assert listener.asked == []
    # The map library's own mark is the one link that leads elsewhere.
    links = screen.page.eval_on_selector_all(
        "[data-testid=stMain] a[href]:not(.mapboxgl-ctrl-logo)", "all => all.map(a => a.getAttribute('href'))"
    )
    assert [x for x in links if ":" in x or x.startswith("//")] == []
    injected = (
        "[data-testid=stMain] :is(iframe, script, [onerror], [onload], img[src^=http], link, svg[onload])"
    )
    assert screen.page.locator(injected).count() == 0


def differences(screen):
    """Place, text and what is shown instead, for all that is not shown as it is."""
    places = {
        "plain": "{}", "inside": "ก {} ข", "bold": "{}", "title": "{}", "button": "{}", "metric": "{} 1", "info": "{}",
        "table": "{} ค {} 1",
    }  # fmt: skip
    for number, text in enumerate(payloads()):
        for place, around in places.items():
            found = shown(screen.page.inner_text(f".st-key-{place}_{number}"))
            if found != shown(around.replace("{}", text)):
                yield place, text, found


def test_escaped_text_is_shown_letter_by_letter(screen, listener):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(HERE / "escape_app.py"), "--server.port", str(port),
         "--server.headless", "true"],
        cwd=HERE.parents[1], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        screen.page.goto(f"http://127.0.0.1:{port}")
        last = len(payloads()) - 1
        screen.page.wait_for_selector(f".st-key-table_{last} table", timeout=60_000)
        # Parts of the page arrive in their own time.
        for _ in range(20):
            wrong = list(differences(screen))
            if not wrong:
                break
            screen.page.wait_for_timeout(500)
        assert wrong == []
        harmless(screen, listener)
    finally:
        screen.page.goto("about:blank")  # a page left open would ask for the server that goes away
        process.terminate()
        process.wait(10)


# Every page in one language, the next in the other: what a page does with text from data is the same in both.
@pytest.mark.parametrize(
    ("page", "language"), list(zip(["", *(p.key for p in PAGES[1:])], itertools.cycle(("th", "en"))))
)
def test_no_page_runs_or_fetches_what_data_says(screen, hostile, listener, page, language):
    # Lists and maps of many names, and a name that is the page's own.
    for area in (DISTRICT, f"{SUBDISTRICT}02"):
        screen.open(f"{hostile.url}/{page}?area={area}&year={YEAR}&lang={language}&ind=target_poor_rate")
        screen.page.wait_for_timeout(800)
        for box in screen.page.locator("[data-testid=stMain] summary").all():
            box.click()
            screen.settled()
        harmless(screen, listener)


def test_each_name_stands_in_headings_and_trail_as_it_is(screen, hostile, texts, listener):
    for number, text in list(enumerate(texts))[::3]:
        screen.open(f"{hostile.url}/overview?area={SUBDISTRICT}{number + 1:02}&year={YEAR}&lang=th")
        assert shown(screen.page.inner_text("h1")) == shown(text)
        assert shown(text) in shown(screen.page.inner_text(".st-key-breadcrumb"))
        harmless(screen, listener)


def test_the_list_of_areas_and_the_search_show_names_as_they_are(screen, hostile, texts, listener):
    screen.open(f"{hostile.url}/overview?area={DISTRICT}&year={YEAR}&lang=th")
    box = screen.page.get_by_role("combobox", name="เลือกตำบล/แขวง")
    for text in texts:
        box.click()
        box.fill(text)
        options = screen.page.locator("[role=option]")
        options.first.wait_for()
        assert shown(text) in {shown(t) for t in options.all_inner_texts()}
        screen.page.keyboard.press("Escape")
    harmless(screen, listener)
    for code in (f"{DISTRICT}{FIRST_MUNICIPALITY + 1}", f"{SUBDISTRICT}07"):
        screen.page.get_by_label("ค้นหาพื้นที่").fill(code)
        name = texts[int(code[-2:]) - (FIRST_MUNICIPALITY if len(code) == 6 else 1)]
        button = screen.page.locator(".st-key-search_results button").first
        button.wait_for()
        screen.settled()
        assert shown(button.inner_text()).startswith(shown(name))
        harmless(screen, listener)


def test_the_tooltip_of_every_area_is_text(screen, hostile, texts, listener):
    screen.open(f"{hostile.url}/poverty_map?area={DISTRICT}&year={YEAR}&lang=th&ind=target_poor_rate")
    screen.map_drawn()
    box = screen.page.locator("[data-testid=stDeckGlJsonChart]").first.bounding_box()
    seen = {}
    for down in range(18):
        for across in range(18):
            screen.page.mouse.move(
                box["x"] + box["width"] * (across + 0.5) / 18, box["y"] + box["height"] * (down + 0.5) / 18
            )
            screen.page.wait_for_timeout(25)
            tip = screen.page.locator(".deck-tooltip").first
            if tip.count() and tip.is_visible():
                seen.setdefault(shown(tip.inner_text().split("\n")[0]), tip.inner_html())
    # Every polygon is large enough to be met by some of the points.
    assert {shown(t) for t in texts} - set(seen) == set()
    assert all(re.fullmatch(r"<b>[^<]*</b>(<br>[^<]*<b>[^<]*</b>[^<]*)+", tip) for tip in seen.values())
    harmless(screen, listener)


def test_titles_of_sources_are_text_under_tables_and_in_the_legend(screen, hostile, texts, listener):
    screen.open(f"{hostile.url}/poverty_map?area={DISTRICT}&year={YEAR}&lang=en&ind=target_poor_rate")
    screen.map_drawn()
    title = shown(" / ".join(texts))
    assert title in shown(screen.page.inner_text(".daomap-legend"))
    captions = [shown(t) for t in screen.page.locator("[data-testid=stCaptionContainer]").all_inner_texts()]
    assert any(title in caption for caption in captions)
    harmless(screen, listener)


def test_charts_draw_names_as_text(screen, hostile, texts, listener):
    for number in (1, 4, 5, 8):
        code = f"{DISTRICT}{FIRST_MUNICIPALITY + number}"
        screen.open(f"{hostile.url}/poverty_map?area={code}&year={YEAR}&lang=th&ind=target_poor_rate")
        legend = screen.page.locator(".js-plotly-plot .legendtext").first
        legend.wait_for(timeout=30_000)
        assert shown(legend.text_content()) == shown(texts[number])
        point = screen.page.locator(".js-plotly-plot .scatterpolar .point, .js-plotly-plot .point").first
        point.hover(force=True)
        screen.page.wait_for_timeout(300)
        harmless(screen, listener)


def test_what_a_person_types_or_links_to_stays_text(screen, hostile, listener):
    port = listener.server_port
    for text in (
        f"![zz](http://127.0.0.1:{port}/zz.png)",
        f"<img src=http://127.0.0.1:{port}/zz2.png>",
        ":red[zz] $z$",
    ):
        screen.open(f"{hostile.url}/overview?lang=th")
        screen.page.get_by_label("ค้นหาพื้นที่").fill(text)
        message = screen.page.locator("[data-testid=stAlert]").first
        message.wait_for()
        assert shown(text) in shown(message.inner_text())
        harmless(screen, listener)
        screen.open(
            f"{hostile.url}/poverty_map?ind=target_poor_rate&method=user_defined&breaks={quote(text)}&area={quote(text)}"
        )
        harmless(screen, listener)


def test_the_downloaded_view_holds_the_names_and_no_formula(screen, hostile, texts):
    screen.open(f"{hostile.url}/overview?area={DISTRICT}&year={YEAR}&lang=en")
    screen.open_downloads()
    with screen.page.expect_download() as waiting:
        screen.page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.reader(Path(waiting.value.path()).read_text("utf-8-sig").splitlines()))
    names = {row[1] for row in rows if len(row) > 1}
    for text in texts:
        assert text in names or f"'{text}" in names
    assert [c for row in rows for c in row if c.startswith(("=", "@", "+cmd"))] == []
    with screen.page.expect_download() as waiting:
        screen.page.get_by_role("button", name="Download Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert all(cell.hyperlink is None for cell in cells)
    assert set(texts) <= {cell.value for cell in cells}
