"""A page that fails shows a code, the log keeps the rest under it, and the other pages go on."""

import re
import shutil
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT, command, start_server, stop_server
from warehouse.snapshots import Store

CODE = re.compile(r"เกิดข้อผิดพลาด รหัส ([0-9a-f]{6}) / Something went wrong, code ([0-9a-f]{6})")
SECRET = "1100700000001 in /srv/data/households.csv"
ROOMS = ("analytics", "geo", "pages", "ui", "warehouse", "bench", ".streamlit")


@pytest.fixture(scope="module")
def failing(browser, tmp_path_factory):
    """The dashboard with a map page that fails at once, and an overview that fails when its level is changed."""
    root = tmp_path_factory.mktemp("failing")
    for room in ROOMS:
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("app.py", "config.toml"):
        shutil.copy(ROOT / file, root / file)
    page = root / "pages" / "poverty_map.py"
    page.write_text(f'import streamlit as st\n\nst.title("x")\nraise ValueError("bad row for {SECRET}")\n')
    frame = root / "ui" / "frame.py"
    before = frame.read_text("utf-8")
    after = before.replace(
        "def _commit(name: str) -> None:\n",
        f'def _commit(name: str) -> None:\n    raise KeyError("{SECRET}")\n',
    )
    assert after != before
    frame.write_text(after, "utf-8")
    home, log = root / "home", root / "log"
    assert command(home, "build").returncode == 0
    server = start_server(home, log=log, root=root)
    yield server, log
    stop_server(server)


def code_on_screen(screen):
    alert = screen.page.locator("[data-testid=stAlert]").first
    alert.wait_for(timeout=30_000)
    found = CODE.search(alert.inner_text())
    assert found, alert.inner_text()
    assert found[1] == found[2]
    return found[1]


def nothing_told(screen, frames):
    for text in (screen.page.content(), *frames):
        for secret in (
            SECRET,
            "1100700000001",
            "/srv/data",
            "ValueError",
            "KeyError",
            "Traceback",
            str(ROOT),
        ):
            assert secret not in text


def logged(log: Path, code: str) -> str:
    text = log.read_text("utf-8")
    assert text.count(f"error {code}: page") == 1
    return text.split(f"error {code}: page")[1]


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_failing_page_shows_a_code_and_the_log_has_the_rest(screen, failing, language):
    server, log = failing
    frames = []
    screen.page.on("websocket", lambda ws: ws.on("framereceived", lambda data: frames.append(str(data))))
    screen.page.goto(f"{server.url}/poverty_map?lang={language}")
    code = code_on_screen(screen)
    nothing_told(screen, frames)
    rest = logged(log, code)
    assert f"ValueError: bad row for {SECRET}" in rest
    assert "poverty_map.py" in rest
    # Said once, by us, not a second time by Streamlit.
    assert log.read_text("utf-8").count("Uncaught app execution") == 0


def test_every_error_has_a_code_of_its_own(screen, failing):
    server, _ = failing
    codes = set()
    for _ in range(3):
        screen.page.goto(f"{server.url}/poverty_map")
        codes.add(code_on_screen(screen))
    assert len(codes) == 3


def test_a_widget_that_fails_is_told_the_same_way_and_the_page_can_be_opened_again(screen, failing):
    server, log = failing
    screen.open(f"{server.url}/overview?lang=th")
    screen.page.get_by_role("radio", name="English").or_(
        screen.page.get_by_role("button", name="English")
    ).first.click()
    code = code_on_screen(screen)
    nothing_told(screen, [])
    assert "KeyError" in logged(log, code)
    screen.open(f"{server.url}/overview?lang=th&area=55")
    assert "น่าน" in screen.page.inner_text("h1")


def test_without_a_snapshot_the_remedy_is_told_and_no_path(screen, browser, tmp_path):
    home, log = tmp_path / "home", tmp_path / "log"
    assert command(home, "build").returncode == 0
    server = start_server(home, log=log)
    try:
        for name in list(Store(home).snapshots.iterdir()):
            shutil.rmtree(name)
        screen.page.goto(server.url)
        alert = screen.page.locator("[data-testid=stAlert]").first
        alert.wait_for(timeout=30_000)
        text = alert.inner_text()
        assert "daomap build" in text
        assert str(tmp_path) not in screen.page.content()
        code = re.search(r"code ([0-9a-f]{6})", text)[1]
        assert f"error {code}: no snapshot" in log.read_text("utf-8")
        screen.page.goto("about:blank")
    finally:
        stop_server(server)
