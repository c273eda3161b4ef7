"""The first page, the navigation and the help in the browser: by keyboard, on a phone, and with formulas drawn."""

import re

from ui.registry import PAGES


def test_every_section_of_the_navigation_opens_by_keyboard(screen, embedded):
    screen.open(f"{embedded.url}/?lang=en&area=55")
    assert screen.page.inner_text("h1").startswith("Nan province")
    seen = []
    for name in ("Situation", "Maps", "Analysis", "Places and services", "Data and help"):
        section = screen.page.get_by_test_id("stTopNavSection").filter(has_text=name)
        section.focus()
        screen.page.keyboard.press("Enter")
        body = screen.page.get_by_test_id("stTopNavPopoverBody")
        body.wait_for()
        seen += body.locator("a").evaluate_all("links => links.map(a => new URL(a.href).pathname)")
        if name != "Data and help":
            screen.page.keyboard.press("Escape")
            body.wait_for(state="detached")
    assert seen == [f"/{page.key}" for page in PAGES[1:]]
    body.locator("a", has_text="Help").focus()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(re.compile("/help.*area=55"))
    screen.settled()
    assert screen.page.inner_text("h1") == "Help"


def test_formulas_are_drawn_here_and_the_search_finds_by_keyboard(screen, embedded):
    screen.open(f"{embedded.url}/help?topic=method-light_year&lang=en")
    screen.page.locator(".katex-html").nth(3).wait_for()
    assert screen.page.locator(".katex-error").count() == 0
    screen.page.get_by_label("Search the help").fill("stars")
    chosen = screen.page.locator(".st-key-w_help_results button", has_text="Stars").first
    chosen.wait_for()
    screen.settled()
    chosen.focus()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(re.compile("topic=(term|method)-stars"))


def test_a_phone_shows_the_first_page_whole(phone, embedded):
    phone.open(f"{embedded.url}/?role=governor")
    assert "ประเทศไทย" in phone.page.inner_text("h1")
    wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
    assert wide <= 0
