"""Compare and trend in the browser: by keyboard, at one scale, on a phone, with nothing asked of the outside."""

import re


def test_an_area_is_added_by_keyboard_and_stands_in_the_address(screen, embedded):
    screen.open(f"{embedded.url}/compare?area=55&with=50&ind=target_poor_rate&year=2018&lang=en")
    assert "percentage points above" in screen.text()
    page = screen.page
    page.locator(".st-key-w_others input").focus()
    page.keyboard.type("Phrae")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"with=50\.54"))
    screen.settled()
    assert "in 3 areas" in screen.text()
    # Three maps are still, and arrived.
    page.wait_for_function(
        "[...document.querySelectorAll('.daomap-beside img')].filter(i => i.naturalWidth).length == 3"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_trend_on_a_phone(phone, embedded):
    phone.open(f"{embedded.url}/trend?area=50&ind=target_poor_rate&lang=th")
    text = phone.text()
    assert "ลดลง 0.26 จุดร้อยละ จาก 5.62% (พ.ศ. 2561) เป็น 5.36% (พ.ศ. 2565)" in text
    assert "นิยาม ก" in text and "นิยาม ข" in text
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
