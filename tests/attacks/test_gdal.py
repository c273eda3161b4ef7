"""Every attack against every reader: nothing of the secret comes back, nobody is called, nothing is written."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tests.attacks.make import ATTACKS, Attack, Target, zipped
from warehouse.intake import Intake, Job, Result
from warehouse.intake.pool import bubblewrap_works

ROOT = Path(__file__).resolve().parents[2]
READERS = ("csv", "sheet", "parquet", "vector", "raster", "light")
#: Names a stranger may choose, whatever is inside.
NAMES = ("x.csv", "x.xlsx", "x.xls", "x.tif", "x.geojson", "x.gpkg", "x.shp", "x.parquet", "x.zip", "upload")


class Listener:
    """Counts whoever calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            # The intake itself opens a listener of its own to prove isolation; this one nobody may know.
            connection.settimeout(1)
            try:
                self.calls.append(connection.recv(200).decode("latin-1"))
                connection.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                self.calls.append("(nothing said)")
            connection.close()

    def close(self) -> None:
        self._server.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory, listener) -> Target:
    # 32 letters, so that the raster's rows have a fixed width.
    made = Target(tmp_path_factory.mktemp("server"), "canary" + secrets.token_hex(13), listener.port)
    made.place()
    return made


@pytest.fixture(scope="module", params=["landlock", "bubblewrap", "none"])
def intake(request) -> Iterator[Intake]:
    """The readers under each confinement, and with the driver list and the readers' own rules alone."""
    if request.param == "bubblewrap" and not bubblewrap_works():
        pytest.skip("bubblewrap is not installed or may not make namespaces here")
    with Intake(workers=1, timeout=30, jail=request.param) as pool:
        yield pool


@pytest.fixture(scope="module")
def content(target) -> dict[str, bytes]:
    return {name: bytes(made) for name, a in ATTACKS.items() if isinstance(made := a.make(target), bytes)}


def everything(result: Result) -> bytes:
    """All that came out of a job, as bytes to look through."""
    told = [json.dumps(result.facts, ensure_ascii=False, default=str)]
    told += [finding.line(language) for finding in result.findings for language in ("th", "en")]
    out = "\n".join(told).encode()
    if result.table is not None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, result.table.schema) as writer:
            writer.write_table(result.table)
        out += sink.getvalue().to_pybytes()
        out += str(result.table.to_pydict()).encode()
    return out


def listing(*folders: Path) -> dict[str, tuple[int, int]]:
    return {
        str(p): (p.stat().st_size, p.stat().st_mtime_ns)
        for folder in folders
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "__pycache__" not in p.parts
    }


def leaks(data: bytes, token: str) -> bool:
    """Whether the token stands in `data`, as text of one or two bytes a character, or half of it."""
    half = token[8:24]
    return (
        any(half.encode(e) in data for e in ("ascii", "utf-16-le", "utf-16-be"))
        or half.encode().hex().encode() in data
    )


def refused(result: Result, target: Target) -> None:
    assert not leaks(everything(result), target.token)
    assert result.table is None and result.refusal is not None, result.facts
    assert result.refusal.mend_th and result.refusal.mend_en


@pytest.mark.parametrize("name", sorted(n for n, a in ATTACKS.items() if not a.path))
def test_attack_files(intake, target, listener, content, tmp_path, name):
    attack, data = ATTACKS[name], content[name]
    jobs = []
    # As it is meant, under every other name, and inside a zip; to every reader.
    names = dict.fromkeys((attack.name, *NAMES))
    for reader in READERS:
        for number, given in enumerate(names):
            folder = tmp_path / f"{reader}{number}"
            folder.mkdir()
            (folder / given).write_bytes(data)
            jobs.append(Job(reader, folder / given, attack.options))
        folder = tmp_path / f"{reader}-zip"
        folder.mkdir()
        (folder / "a.zip").write_bytes(zipped(attack.name or "a.geojson", data))
        jobs.append(Job(reader, folder / "a.zip", attack.options))
    before, modules = listing(tmp_path, target.folder), set(listing(ROOT / "warehouse"))
    calls = len(listener.calls)
    results = list(intake.read(jobs))
    assert len(results) == len(jobs)
    for result in results:
        refused(result, target)
    assert len(listener.calls) == calls, listener.calls[calls:]
    assert listing(tmp_path, target.folder) == before and set(listing(ROOT / "warehouse")) == modules


@pytest.mark.parametrize("name", sorted(n for n, a in ATTACKS.items() if a.path))
def test_text_used_as_a_path(intake, target, listener, tmp_path, monkeypatch, name):
    text = str(ATTACKS[name].make(target))
    monkeypatch.chdir(tmp_path)
    calls = len(listener.calls)
    for reader in READERS:
        [result] = intake.read([Job(reader, Path(text))])
        refused(result, target)
        assert result.refusal.code in ("intake.missing", "intake.unreadable")
    assert len(listener.calls) == calls and not list(tmp_path.iterdir())


def test_there_are_thirty_eight():
    assert len(ATTACKS) == 38
    assert {n for n in ATTACKS if n[0] == "R"} == {f"R{i}" for i in range(1, 10)}


# ------------------------------------------------------------------------------------------------------------
# That these tests can fail: the same files against the plain libraries.

PLAIN = """
import json, sys
about = json.loads(sys.argv[1])
if about["confine"]:
    from warehouse.intake.confine import confine
    # Before the libraries start their threads; what they import is allowed.
    confine(4096)
path = sys.argv[2]
out = b""
try:
    if about["kind"] == "raster":
        import rasterio
        data = sys.stdin.buffer.read() if about["bytes"] else None
        with (rasterio.MemoryFile(data).open() if data else rasterio.open(path)) as opened:
            out = opened.read(1).tobytes()
    else:
        import pyogrio
        from pyogrio.raw import read_arrow
        data = sys.stdin.buffer.read() if about["bytes"] else path
        out = str(read_arrow(data)[1].to_pydict()).encode()
except Exception as error:
    out = type(error).__name__.encode()
sys.stdout.buffer.write(out[:100000])
"""


def plainly(
    attack: Attack, data: bytes, folder: Path, *, confine: bool = False, as_bytes: bool = False
) -> bytes:
    """What pyogrio or rasterio itself makes of a file, with its default drivers."""
    path = folder / (attack.name if "." in attack.name else "upload.tif")
    path.write_bytes(data)
    about = json.dumps({"kind": attack.kind, "confine": confine, "bytes": as_bytes})
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", PLAIN, about, str(path)],
        input=data if as_bytes else b"",
        capture_output=True,
        env=environment | {"PYTHONPATH": str(ROOT), "GDAL_HTTP_TIMEOUT": "5"},
        timeout=60,
    )
    return ran.stdout


@pytest.mark.parametrize("name", ["R2", "R9", "V1", "V2", "V7", "V8", "V10"])
def test_plain_libraries_leak_the_secret(target, content, tmp_path, name):
    attack = ATTACKS[name]
    as_bytes = name in ("R9", "V8")
    assert leaks(plainly(attack, content[name], tmp_path, as_bytes=as_bytes), target.token)


@pytest.mark.parametrize("name", ["R3", "R4", "V9", "V11", "V13"])
def test_plain_libraries_call_the_listener(target, listener, content, tmp_path, name):
    calls = len(listener.calls)
    plainly(ATTACKS[name], content[name], tmp_path)
    assert len(listener.calls) > calls


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="confinement exists on Linux only")
@pytest.mark.parametrize("name", ["R2", "R9", "V1", "V8", "V10", "R3", "R4", "V9", "V13"])
def test_confinement_alone_holds_the_plain_libraries(target, listener, content, tmp_path, name):
    """All drivers, no rules of ours: a driver nobody knew of would still reach nothing."""
    import landlockpy

    if landlockpy.abi_version() < 4:
        pytest.skip("this kernel has no Landlock with networks")
    calls = len(listener.calls)
    said = plainly(ATTACKS[name], content[name], tmp_path, confine=True, as_bytes=True)
    assert said and not leaks(said, target.token)
    assert len(listener.calls) == calls


def test_the_searcher_finds_what_it_looks_for(target):
    for text in (
        target.token.encode(),
        target.token.encode("utf-16-le"),
        target.token.encode().hex().encode(),
    ):
        assert leaks(b"before" + text + b"after", target.token)
    assert not leaks(b"nothing of it", target.token)
