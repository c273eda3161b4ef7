"""The switch of workshop mode in the browser: by keyboard there and back, the band in sight while the page is scrolled."""

from __future__ import annotations

import re

BAND = ".daomap-synthetic"


def test_the_switch_by_keyboard_and_the_band_in_sight(screen, phone, workshop):
    screen.open(f"{workshop.url}/overview?area=55")
    assert screen.page.locator(BAND).count() == 0
    switch = screen.page.get_by_role("checkbox", name="โหมดอบรม").or_(
        screen.page.get_by_role("switch", name="โหมดอบรม")
    )
    switch.focus()
    screen.layers.clear()
    screen.page.keyboard.press("Space")
    screen.page.wait_for_url(re.compile("workshop=1"))
    screen.settled()
    assert "6,006" in screen.text() and "ขอบเขตจำลอง" in screen.text()
    screen.map_drawn()
    assert any("/district/55/" in url for url in screen.layers)
    screen.page.mouse.move(700, 600)
    screen.page.mouse.wheel(0, 1500)
    screen.page.wait_for_timeout(500)
    box = screen.page.locator(BAND).bounding_box()
    assert box is not None and 0 <= box["y"] < 200, box
    # Its text is not hidden behind the bar at the top.
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    assert screen.page.evaluate(f"!!document.elementFromPoint({x}, {y}).closest('{BAND}')")
    link = screen.page.url
    switch.focus()
    screen.page.keyboard.press("Space")
    screen.page.wait_for_url(lambda url: "workshop" not in url)
    screen.settled()
    assert screen.page.locator(BAND).count() == 0
    phone.open(
        link.replace("/overview?", "/poverty_map?").replace("area=55", "area=5501") + "&ind=target_poor_rate"
    )
    phone.map_drawn()
    assert "ข้อมูลสังเคราะห์ ไม่ใช่คนจริง" in phone.page.inner_text(BAND)
    wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
    assert wide <= 0
