"""The real server and a real Chromium; any console error or request to the outside fails the test."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.realdata import real_path
from warehouse.demo.publication import publish_demo
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# Pages that a server runs: importing them would ask for a published snapshot.
collect_ignore = ["map_page.py", "swipe_page.py"]

PATIENCE = 120_000
"""Milliseconds: other tests run beside these, and a map is drawn without a graphics card."""

# On a deep address Streamlit's own front end looks for the server one folder down before it looks at the root.
PROBE = re.compile(r"/\w+/_stcore/(health|host-config)$")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            # A frame drawn in software on a busy machine can come too late once. The summary counts such second
            # tries ("rerun"); what fails twice has failed.
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The program's path; skips, or fails where it is required."""
    if CHROMIUM is None:
        if os.environ.get("DAOMAP_REQUIRE_BROWSER"):
            pytest.fail("Chromium is required here and was not found on the PATH")
        pytest.skip("no Chromium on the PATH (Debian: apt-get install chromium fonts-noto-core)")
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Of one module: while it lives, an event loop runs in this thread, and other tests want one of their own."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--use-gl=angle",
                "--use-angle=swiftshader",  # WebGL without a graphics card
                "--enable-unsafe-swiftshader",
                "--ignore-gpu-blocklist",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                # Only maps need WebGL; the page itself is painted faster without it.
                "--disable-gpu-rasterization",
                "--disable-gpu-compositing",
            ],
        )


@dataclass
class Server:
    """A running dashboard over a data home of its own."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line over a data home."""
    return subprocess.run(
        [sys.executable, "-m", "warehouse.cli", *arguments],
        cwd=ROOT,
        env=os.environ | {"DAOMAP_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until a server answers; AssertionError when it ended or stays silent."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the server did not answer within {seconds} seconds")


def start_server(
    home: Path,
    *,
    module: str = "warehouse.cli",
    log: Path | None = None,
    root: Path = ROOT,
    **environment: str,
) -> Server:
    """Start the dashboard over a data home.

    Parameters
    ----------
    module : str
        What ``python -m`` runs with the arguments of ``daomap serve``.
    log : Path, optional
        File for the server's standard error.
    root : Path
        Folder of the program, this checkout or a copy.
    environment : str
        Variables added to this process's own.
    """
    port = free_port()
    errors = log.open("wb") if log is not None else subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", module, "serve", "--headless", "--port", str(port)],
        cwd=root,
        env=os.environ | {"DAOMAP_HOME": str(home)} | environment,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    wait_for(url, process)
    return Server(url, home, process)


def stop_server(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()


@pytest.fixture(scope="session")
def embedded(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What a person gets from a fresh clone."""
    home = tmp_path_factory.mktemp("embedded")
    assert command(home, "build").returncode == 0
    server = start_server(home)
    yield server
    stop_server(server)


@pytest.fixture(scope="session")
def workshop(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The shipped figures, and beside them a small synthetic Nan, which fills every screen."""
    home = tmp_path_factory.mktemp("workshop")
    assert command(home, "build").returncode == 0
    publish_demo(home, Settings(), seed=1, scale=0.001, provinces=("55",))
    server = start_server(home)
    yield server
    stop_server(server)


@pytest.fixture(scope="session")
def real(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same after the real boundaries and TPMAP files were imported."""
    boundaries = [
        real_path(f"boundaries/{name}")
        for name in (
            "tha_adm1_province_shapefile.zip",
            "tha_admbnda_adm2_shapefile.zip",
            "tha_admbnda_adm3_rtsd_20220121.zip",
        )
    ]
    tpmap = real_path("tpmap/61")
    home = tmp_path_factory.mktemp("real")
    for arguments in (
        ["build"],
        ["import", "boundaries", *map(str, boundaries)],
        ["import", "tpmap", str(tpmap)],
    ):
        done = command(home, *arguments)
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    server = start_server(home)
    yield server
    stop_server(server)


@dataclass
class Screen:
    """A browser page that remembers everything it should not have done."""

    page: Page
    faults: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    """Addresses of the layers that have arrived since the page was opened."""

    def open(self, url: str) -> None:
        self.layers.clear()
        self.page.goto(url)
        self.settled()

    def settled(self) -> None:
        """Wait until the script has run and its answer is drawn."""
        self.page.wait_for_timeout(200)  # what was just clicked has to reach the server first
        self.page.wait_for_selector("[data-test-script-state=notRunning] h1", timeout=PATIENCE)
        self.page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=PATIENCE)
        self.page.wait_for_timeout(200)

    def map_drawn(self) -> None:
        """Wait until the map's layer has arrived and has had time to be painted."""
        self.page.wait_for_selector("[data-testid=stDeckGlJsonChart] canvas", timeout=PATIENCE)
        for _ in range(150):
            if self.layers:
                break
            self.page.wait_for_timeout(200)
        assert self.layers, "no map layer arrived"
        self.page.wait_for_timeout(2000)

    def click_map(self, across: float, down: float, expected_url: re.Pattern[str]) -> None:
        """Click a place on the first map, given as parts of its width and height, until the address follows.

        Software rendering on a busy machine can hold the page up for longer than a click may last; a person
        would click again too.
        """
        for _ in range(20):
            # Measured each time: what stands above the map may still be growing.
            box = self.page.locator("[data-testid=stDeckGlJsonChart]").first.bounding_box()
            assert box is not None
            x, y = box["x"] + box["width"] * across, box["y"] + box["height"] * down
            self.page.mouse.move(x + 3, y + 3)
            self.page.mouse.move(x, y)
            self.page.wait_for_timeout(1000)
            self.page.mouse.click(x, y)
            for _ in range(20):
                self.page.wait_for_timeout(150)
                if expected_url.search(self.page.url):
                    self.settled()
                    return
        raise AssertionError(f"the map did not answer; still at {self.page.url}")

    def open_downloads(self) -> None:
        """Open the block by which the view is taken away."""
        self.page.locator(".st-key-download button").first.click()
        self.page.locator(".st-key-download_link").wait_for()
        self.settled()

    def open_first_row(self) -> None:
        """Press the first row of the first table: once marks its area, once more opens it."""
        table = self.page.locator("[data-testid=stDataFrame]").first
        for expected in (r"mark=\d+", r"area=\d+(?!.*mark=)"):
            table.scroll_into_view_if_needed()
            self.page.wait_for_timeout(800)
            box = table.bounding_box()
            assert box is not None
            self.page.mouse.click(box["x"] + 20, box["y"] + 38 + 17)
            self.page.wait_for_url(re.compile(expected), timeout=PATIENCE)
            self.settled()

    def text(self) -> str:
        return self.page.inner_text("[data-testid=stMain]")


@pytest.fixture
def screen(browser: Browser) -> Iterator[Screen]:
    yield from opened(browser, 1440, 1000)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Screen]:
    yield from opened(browser, 390, 844)


def opened(browser: Browser, width: int, height: int) -> Iterator[Screen]:
    """A window of this size that fails its test in the end for what it should not have done."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="th-TH", accept_downloads=True
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    screen = Screen(page)

    def request(r) -> None:
        if not re.match(r"(http|ws)://127\.0\.0\.1:\d+/|blob:|data:", r.url):
            screen.faults.append(f"outside request: {r.url}")

    def response(r) -> None:
        if r.status >= 400 and not PROBE.search(r.url):
            screen.faults.append(f"{r.status} {r.url}")

    def console(m) -> None:
        if m.type == "error" and not PROBE.search(m.location.get("url", "")):
            screen.faults.append(f"console: {m.text}")

    page.on("request", request)
    page.on("response", response)
    page.on("console", console)
    page.on("requestfinished", lambda r: screen.layers.append(r.url) if "/layers/" in r.url else None)
    page.on("pageerror", lambda e: screen.faults.append(f"error: {e}"))
    yield screen
    context.close()
    assert screen.faults == []
