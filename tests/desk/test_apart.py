"""The public app never opens a file of the desk, as the kernel saw it; and the desk is reached from this machine alone."""

from __future__ import annotations

import ctypes
import os
import re
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.browser.conftest import ROOT, free_port, start_server, stop_server, wait_for
from tests.desk.made import files
from ui.registry import PAGES
from warehouse.desk.read import read_people

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")


class Watch:
    """Every opening and reading of a file in a folder, whatever process and language it came from."""

    OPENED, ACCESSED = 0x20, 0x1

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._handle >= 0
        added = self._libc.inotify_add_watch(self._handle, str(folder).encode(), self.OPENED | self.ACCESSED)
        assert added >= 0

    def seen(self) -> set[str]:
        """Names of files opened or read since the last question."""
        names = set()
        while True:
            try:
                data = os.read(self._handle, 65536)
            except BlockingIOError:
                return names
            while data:
                _, _, _, length = struct.unpack_from("iIII", data)
                names.add(data[16 : 16 + length].rstrip(b"\0").decode())
                data = data[16 + length :]


@pytest.fixture
def filled(desk, intake, keys, tmp_path):
    _, made = read_people(list(files(tmp_path / "in", 4)), intake, keys, year=2023, synthetic=True)
    desk.write(made)
    desk.close()
    return desk


@linux
def test_the_watch_sees_what_the_desk_opens(filled):
    watch = Watch(filled.home)
    assert watch.seen() == set()
    assert filled.about().households == 4
    assert "persons.duckdb" in watch.seen()


@linux
def test_no_public_page_opens_a_file_of_the_desk(filled, embedded_home):
    homes = [filled.home, Path(os.environ["DAOMAP_DESK_KEYS"])]
    watches = [Watch(home) for home in homes]
    for page in PAGES:
        at = AppTest.from_file(ROOT / "ui" / "shell.py", default_timeout=60)
        at.query_params["area"] = "55"
        at.run()
        at.switch_page(str(page.path))
        at.run()
        assert not at.exception, (page.key, at.exception)
    assert [watch.seen() for watch in watches] == [set(), set()]


@linux
def test_the_served_app_knows_nothing_of_the_desk(filled, embedded_home, monkeypatch):
    watches = [Watch(filled.home), Watch(Path(os.environ["DAOMAP_DESK_KEYS"]))]
    monkeypatch.setenv("DAOMAP_DESK_KEY", "0a" * 32)
    server = start_server(embedded_home)
    try:
        with urllib.request.urlopen(server.url) as answer:
            assert answer.status == 200
        up = "/".join([".."] * 8)
        for path in (f"layers/{up}{filled.path}", f"media/{up}{filled.path}", "app/static/persons.duckdb"):
            try:
                with urllib.request.urlopen(f"{server.url}/{path}") as answer:
                    assert b"DUCK" not in answer.read()
            except urllib.error.HTTPError as error:
                assert error.code in (400, 403, 404)
        environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in _children(server.process.pid)]
        assert environments and not any(b"DAOMAP_DESK_" in text for text in environments)
    finally:
        stop_server(server)
    assert [watch.seen() for watch in watches] == [set(), set()]


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def test_the_desk_answers_this_machine_and_hands_out_no_file(filled, tmp_path):
    port = free_port()
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "warehouse.cli", "desk", "--headless", "--port", str(port), "--language", "en"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        assert lines[0].strip() == f"desk: http://127.0.0.1:{port}"
        assert re.fullmatch(r"unlock code: [A-Z2-9]{8}\n", lines[1])
        wait_for(f"http://127.0.0.1:{port}", process)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        for path in ("media/x.csv", "app/static/x", "_stcore/upload_file/a/b", "layers/x", "fonts/other.ttf"):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}")
            try:
                with urllib.request.urlopen(request) as answer:
                    # Streamlit answers an unknown address with its empty page, which holds no data.
                    assert path == "layers/x" and b"<title>Streamlit</title>" in answer.read()
            except urllib.error.HTTPError as error:
                assert error.code == 404
        request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code == 403
        if sys.platform == "linux":
            listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
            wanted = {line.split()[1] for line in listening.splitlines() if f":{port:04X}" in line.split()[1]}
            assert wanted == {f"0100007F:{port:04X}"}
    finally:
        process.terminate()
        process.wait(20)
        log.close()
    assert CODE.search((tmp_path / "log").read_text()) is None


CODE = re.compile(r"Traceback|ซาโล|[0-9]{13}")


def test_the_screen_alone_does_not_start(filled):
    environment = dict(os.environ) | {"DAOMAP_DESK_CODE": ""}
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "desk" / "app.py"), "--server.headless", "true",
         "--server.port", str(free_port())],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "daomap desk" in done.stderr


def test_no_wider_address(monkeypatch):
    from streamlit import config

    from desk.guard import refuse_wider

    monkeypatch.setattr(config, "get_option", lambda _name: "0.0.0.0")
    with pytest.raises(SystemExit, match=re.escape("expected 127.0.0.1")):
        refuse_wider()
