"""The desk in Chromium: locked, masked on every byte that arrives, opened by keyboard on a narrow screen, and no address tells."""

from __future__ import annotations

import subprocess
import sys

import pytest

from desk.words import HERE
from tests.browser.conftest import ROOT, free_port, wait_for
from tests.desk.made import files, person, personal
from ui.texts import texts
from warehouse.cli import main
from warehouse.desk.keys import find_keys, make_keys
from warehouse.settings import load_settings


@pytest.fixture
def served(browser, tmp_path, monkeypatch):
    """Address and code of a desk of twelve synthetic households."""
    monkeypatch.setenv("DAOMAP_DESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("DAOMAP_DESK_KEYS", str(make_keys(tmp_path / "keys")))
    paths = [str(path) for path in files(tmp_path / "in", 12)]
    assert main(["import", "households", *paths, "--synthetic", "--year-be", "2566"]) == 0
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "warehouse.cli", "desk", "--headless", "--port", str(port), "--language", "en"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    code = process.stdout.readline().split(":")[1].strip()
    url = f"http://127.0.0.1:{port}"
    wait_for(url, process)
    yield url, code
    process.terminate()
    process.wait(20)


def test_a_record_on_a_narrow_screen(served, phone):
    url, code = served
    page, words = phone.page, texts("th", HERE)
    frames: list[bytes] = []
    page.on(
        "websocket",
        lambda ws: ws.on("framereceived", lambda f: frames.append(f if isinstance(f, bytes) else f.encode())),
    )

    def named() -> set[str]:
        data = b"".join(frames)
        return {value for value in personal(12) if value.encode() in data}

    phone.open(url)
    page.keyboard.press("Tab")
    page.locator("input[type=password]").first.fill(code)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"text={words['record.title']}")
    phone.settled()
    assert page.inner_text("h1") == words["desk.title"]
    assert frames and named() == set()
    # Nothing is wider than the screen.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    household = find_keys(load_settings()).code("household", "H00003")[:32]
    short = f"{household[:4]}-{household[4:8]}".upper()
    for label, typed in ((words["record.which"], short), (words["record.reason"], words["reason.visit"])):
        box = page.locator("form, [data-testid=stForm]").last.get_by_role("combobox", name=label)
        box.click()
        page.keyboard.type(typed)
        page.get_by_role("option", name=typed).first.wait_for(timeout=20000)
        page.keyboard.press("Enter")
    page.get_by_role("button", name=words["record.open"]).click()
    page.get_by_text(words["record.close"], exact=True).wait_for()
    phone.settled()
    own = {person(n, 3)["first_name"] for n in (9, 10, 11)}
    assert own <= named()
    assert not {person(n, n // 3)["first_name"] for n in range(36) if n // 3 != 3} & named()
    assert page.url.rstrip("/") == url and page.evaluate("localStorage.length + sessionStorage.length") < 5
    page.get_by_text("English").click()
    phone.settled()
    assert page.inner_text("h1") == texts("en", HERE)["desk.title"]
    page.get_by_role("button", name=texts("en", HERE)["desk.lock"], exact=False).first.click()
    phone.settled()
    text = phone.text()
    assert not any(name in text for name in own) and texts("en", HERE)["desk.code"] in text
