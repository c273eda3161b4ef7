"""Every page of the registry in every language and width: nothing broken, nothing cut off, nobody kept out.

Each page is opened once a language over the workshop's country, which fills every screen: in English in the dark theme, in Thai in
the light one. There axe-core looks for what keeps people out, and the window is then resized.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Screen, Server, opened
from ui.registry import PAGES

WIDTHS = ((1440, 900), (1280, 720), (768, 1024), (390, 844))
"""A desk, a projector, a tablet, a phone; pixels."""
AREA = "55"

# What axe finds in parts that come with Streamlit and cannot be reached from outside, rule by rule.
FOREIGN: dict[str, tuple[str, ...]] = {}

CUT = """() => [...document.querySelectorAll(
    '[data-testid=stMetricValue], [data-testid=stMain] h1, [data-testid=stMain] h2, [data-testid=stMain] h3')]
    .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
WIDER = "document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth"
BROKEN = "[data-testid=stException], [data-testid=stAlertContentError]"


def path(page: str) -> str:
    """Of a page in the address; the first one has none."""
    return "" if page == PAGES[0].key else page


@pytest.fixture(scope="module")
def walker(browser: Browser) -> Iterator[Screen]:
    """One window for all pages: what the browser has fetched it keeps, as a person's does."""
    yield from opened(browser, *WIDTHS[0])


@pytest.fixture(scope="module")
def axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def found_by_axe(screen: Screen, script: str) -> list[str]:
    """Serious and critical findings as ``rule: element``, without those of `FOREIGN`."""
    if not screen.page.evaluate("typeof window.axe === 'object'"):
        screen.page.evaluate(script)
    result = screen.page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], elementRef: false})"
        ".then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
        ".flatMap(v => v.nodes.map(n => [v.id, n.target.flat().join(' '), n.html.slice(0, 160)])))"
    )
    return [
        f"{rule}: {target} {html}"
        for rule, target, html in result
        if not any(part in f"{target} {html}" for part in FOREIGN.get(rule, ()))
    ]


@pytest.mark.parametrize("page", [p.key for p in PAGES])
def test_a_page_in_every_language_and_width(walker: Screen, workshop: Server, axe: str, page: str) -> None:
    wrong: list[str] = []
    for language, theme in (("en", "dark"), ("th", "light")):
        walker.page.emulate_media(color_scheme=theme)
        walker.page.set_viewport_size({"width": WIDTHS[0][0], "height": WIDTHS[0][1]})
        walker.open(f"{workshop.url}/{path(page)}?workshop=1&area={AREA}&mark={AREA}01&lang={language}")
        wrong += [f"{page}, {theme}: {one}" for one in found_by_axe(walker, axe)]
        for width, height in WIDTHS:
            walker.page.set_viewport_size({"width": width, "height": height})
            where = f"{page}, {language}, {width}"
            for _ in range(25):
                walker.page.wait_for_timeout(200)  # charts follow the window when they have time
                over = walker.page.evaluate(WIDER)
                if over <= 0:
                    break
            if over > 0:
                wrong.append(f"{where}: {over} pixels wider than the window")
            wrong += [f"{where}: cut off: {text}" for text in walker.page.evaluate(CUT)]
        assert walker.page.locator(BROKEN).count() == 0, walker.text()[:500]
        assert walker.page.locator("h1").count() == 1, f"{page}: headings of the first order"
    wrong += walker.faults
    walker.faults.clear()
    assert not wrong, "\n".join(wrong)


def named(screen: Screen) -> str:
    """What a screen reader would say of the element that has the keyboard, roughly: role, name and text."""
    return str(
        screen.page.evaluate(
            "(e => [e.getAttribute('role') || e.tagName.toLowerCase(), e.getAttribute('aria-label') || '',"
            " (e.innerText || e.value || '').slice(0, 80)].join('|'))(document.activeElement)"
        )
    )


def tab_to(screen: Screen, wanted: str, most: int = 90) -> None:
    """Press Tab until the keyboard is where `wanted` (a regular expression over `named`) is found."""
    passed = []
    for _ in range(most):
        screen.page.keyboard.press("Tab")
        passed.append(named(screen))
        if re.search(wanted, passed[-1], re.DOTALL):
            return
    raise AssertionError(f"{wanted} was not reached by Tab: {passed}")


def test_a_tour_by_keyboard_alone(screen: Screen, workshop: Server) -> None:
    page = screen.page
    screen.open(f"{workshop.url}/{path('overview')}?lang=en&year=2018")
    # Search, and the area it finds.
    tab_to(screen, r"^input\|Find an area")
    page.keyboard.type("chiang m")
    page.get_by_role("button", name="Chiang Mai province").wait_for()
    tab_to(screen, r"^button\|.*Chiang Mai province")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("area=50"))
    screen.settled()
    # One level up.
    tab_to(screen, r"^button\|.*One level up")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("area=TH"))
    screen.settled()
    # Another page.
    page.keyboard.press("Escape")
    screen.open(f"{workshop.url}/poverty_map?lang=en&year=2018&ind=target_poor_rate")
    screen.map_drawn()
    # Another year, by the list's own keys.
    tab_to(screen, r"^(input|combobox)\|[^|]*Year")
    page.keyboard.press("ArrowDown")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowUp")  # newest first: the one above is another year
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "year=2018" not in url)
    screen.settled()
    # One class of the legend alone; nothing of the map is fetched again, and the keyboard stays where it was.
    screen.layers.clear()
    tab_to(screen, r"^button\|\|\d[\d.]* – ")
    label = named(screen)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("only="))
    page.wait_for_selector(".daomap-legend button[aria-pressed=true]")
    screen.settled()
    assert named(screen) == label and screen.layers == []
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "only=" not in url)
    screen.settled()
    # A row of the table marks its area, pressed again opens it.
    tab_to(screen, r"^canvas")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    page.wait_for_url(re.compile(r"mark=\d\d"))
    screen.settled()
    # The view as a file, and the area that was marked.
    tab_to(screen, r"^button\|.*download.*Download")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Download CSV").wait_for()
    screen.settled()
    tab_to(screen, r"^button\|.*Download CSV")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename.endswith(".csv")
    page.keyboard.press("Escape")
    tab_to(screen, r"^button\|.*Open this area")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"area=\d\d&"))
    assert "mark=" not in page.url


def test_thai_digits_are_drawn_and_not_written(screen: Screen, workshop: Server) -> None:
    screen.open(f"{workshop.url}/{path('overview')}?lang=th&year=2018&digits=thai")
    screen.page.wait_for_function(
        "[...document.fonts].some(f => f.unicodeRange.startsWith('U+30') && f.status === 'loaded')"
    )
    assert re.search(r"\d,\d{3}", screen.text()) and not re.search("[๐-๙]", screen.text())
    screen.open(f"{workshop.url}/{path('overview')}?lang=en&year=2018&digits=thai")
    assert not screen.page.evaluate("[...document.fonts].some(f => f.unicodeRange.startsWith('U+30'))")
