"""A file brought in through the browser: the address that takes it, its check, and an indicator that is published."""

from __future__ import annotations

import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from geo.codes import official_areas
from tests.browser.conftest import Server, start_server, stop_server

WORK = 150_000
"""Milliseconds that a check or a publication may take beside other tests."""


@pytest.fixture(scope="module")
def administered(
    chromium: str, embedded_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    from warehouse.intake import confinement

    if not confinement().uploads_allowed:
        pytest.skip("no confinement on this machine")
    place = tmp_path_factory.mktemp("administered")
    shutil.copytree(embedded_home, place / "home")
    (place / "config.toml").write_text("[admin]\nuploads = true\n", encoding="utf-8")
    server = start_server(place / "home", DAOMAP_CONFIG=str(place / "config.toml"))
    yield server
    stop_server(server)


def test_a_table_goes_from_the_browser_to_the_map(screen, administered: Server, tmp_path: Path) -> None:
    file = tmp_path / "ฝน 2563.csv"
    provinces = [a for a in official_areas().values() if a.level == "province"]
    rows = "".join(f"{a.name_th},{1000 + n}\n" for n, a in enumerate(provinces))
    file.write_text("จังหวัด,ฝน (มม.)\n" + rows, encoding="utf-8")
    page = screen.page
    screen.open(f"{administered.url}/data?part=manage")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("อ่านไฟล์ได้ รับ 77 แถว").wait_for(timeout=WORK)
    publish = page.get_by_role("button", name="เผยแพร่", exact=True)
    assert publish.is_disabled()
    page.locator("[data-testid=stCheckbox] label", has_text="และปีแล้ว ถูกต้อง").click()
    expect(publish).to_be_enabled(timeout=WORK)
    publish.click()
    page.get_by_text("เผยแพร่แล้วเป็น snap-000002").wait_for(timeout=WORK)
    page.get_by_role("button", name=re.compile("ดูบนแผนที่")).click()
    page.wait_for_url(re.compile(r"/poverty_map\?.*ind=t_"))
    screen.settled()
    screen.map_drawn()
    text = screen.text()
    assert "ตัวชี้วัดที่ท่านนำเข้า" in text and "มม." in text


def test_a_session_that_saw_no_uploader_sends_nothing(phone, administered: Server) -> None:
    phone.open(f"{administered.url}/data")
    cookie = next(c["value"] for c in phone.page.context.cookies() if c["name"] == "_streamlit_xsrf")
    request = urllib.request.Request(
        f"{administered.url}/_stcore/upload_file/any-session/any-file", data=b"x" * 1000, method="PUT",
        headers={"X-Xsrftoken": cookie, "Cookie": f"_streamlit_xsrf={cookie}"},
    )  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)
    assert (refused.value.code, refused.value.read()) == (403, b"uploads are off")
    phone.open(f"{administered.url}/data?part=manage")
    assert phone.page.locator("input[type=file]").count() == 1
    wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
    assert wide <= 0
