"""The block of downloads in the browser: by keyboard, on a phone, and the QR code of the address that the browser itself has."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from ui.qr import QUIET, code_of


def test_by_keyboard_to_the_sheet_and_the_code_is_the_link(phone, embedded):
    phone.open(f"{embedded.url}/poverty_map?ind=target_poor_rate&year=2018&lang=en")
    button = phone.page.locator(".st-key-download button").first
    button.focus()
    phone.page.keyboard.press("Enter")
    phone.page.locator(".st-key-download_link img").wait_for()
    phone.settled()
    link = phone.page.locator(".st-key-download_link code").inner_text().replace("\n", "")
    assert link == f"{embedded.url}/poverty_map?area=TH&lang=en&year=2018&ind=target_poor_rate"
    source = phone.page.locator(".st-key-download_link img").get_attribute("src")
    png = phone.page.evaluate(
        "async url => btoa(String.fromCharCode(...new Uint8Array(await (await fetch(url)).arrayBuffer())))",
        source,
    )
    dark = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("L"))[::4, ::4] < 128
    matrix = np.array([list(row) for row in code_of(link).matrix_iter(border=QUIET)], dtype=bool)
    assert (dark == matrix).all()
    wide = phone.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    # From the button on, the tabulator reaches the sheet of paper; Enter draws and saves it.
    for _ in range(40):
        phone.page.keyboard.press("Tab")
        # Before the words stands the name of the icon.
        focused = phone.page.evaluate("document.activeElement.innerText") or ""
        if "Save A4 portrait PDF" in focused and len(focused) < 60:
            break
    else:
        raise AssertionError("the tabulator does not reach the sheet of paper")
    with phone.page.expect_download() as waiting:
        phone.page.keyboard.press("Enter")
    file = Path(waiting.value.path()).read_bytes()
    assert file.startswith(b"%PDF-") and link.encode() in file
    phone.page.keyboard.press("Escape")
    phone.page.locator(".st-key-download_link").wait_for(state="detached")
