"""What a reading worker can still do once it is confined, and what becomes of one that goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest

from warehouse.intake import Confinement, Intake, Job
from warehouse.intake import pool as pool_module
from warehouse.intake.confine import CONFINED, ENVIRONMENT, bubblewrap_command

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="confinement exists on Linux only"
)


def jails() -> list[object]:
    import landlockpy

    landlock = pytest.mark.skipif(
        landlockpy.abi_version() < 4, reason="this kernel has no Landlock with networks"
    )
    bubblewrap = pytest.mark.skipif(
        not pool_module.bubblewrap_works(),
        reason="bubblewrap is not installed or may not make namespaces here",
    )
    return [pytest.param("landlock", marks=landlock), pytest.param("bubblewrap", marks=bubblewrap)]


ATTEMPTS = """
import ctypes, json, os, resource, socket, subprocess, sys
from warehouse.intake.confine import PACKAGE, confine
about = json.loads(sys.argv[1])
given = os.dup(0)
confine(4096, landlock=about["jail"] == "landlock", probe_port=about["port"])
def read(path):
    with open(path, "rb") as f: return f.read(20)
def connect(family, kind, address):
    with socket.socket(family, kind) as s:
        s.settimeout(2); s.connect(address)
        s.send(b"knock"); return True
def resize():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    with open(about["folder"] + "/big", "wb") as f: f.write(b"x" * 100)
    return True
def write_given():
    with open(f"/proc/self/fd/{given}", "r+b") as f: f.write(b"changed")
    return True
def mount():
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.mount(b"none", about["folder"].encode(), b"tmpfs", 0, None) == 0 or None
attempts = {
    "read_secret": lambda: read(about["canary"]),
    "read_passwd": lambda: read("/etc/passwd"),
    "read_settings": lambda: read(str(PACKAGE.parent / "config.toml")),
    "read_environment_of_parent": lambda: read(f"/proc/{about['parent']}/environ"),
    "read_own_memory_map": lambda: read("/proc/self/maps"),
    "create": lambda: os.open(about["folder"] + "/new", os.O_WRONLY | os.O_CREAT) and True,
    "create_in_package": lambda: os.open(str(PACKAGE / "new"), os.O_WRONLY | os.O_CREAT) and True,
    "create_in_tmp": lambda: os.open(f"/tmp/daomap-{about['port']}", os.O_WRONLY | os.O_CREAT) and False,
    "folder": lambda: os.mkdir(about["folder"] + "/sub") or True,
    "remove": lambda: os.unlink(about["folder"] + "/victim") or True,
    "rename": lambda: os.rename(about["canary"], about["canary"] + "2") or True,
    "link": lambda: os.symlink("/etc/passwd", about["folder"] + "/link") or True,
    "truncate": lambda: os.truncate(about["canary"], 0) or True,
    "write_after_raising_the_limit": resize,
    "write_the_given_file": write_given,
    "tcp": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", about["port"])),
    "abstract_socket": lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, "\\0" + about["abstract"]),
    "run": lambda: subprocess.run(["/bin/true"], check=True) and True,
    "signal": lambda: os.kill(about["parent"], 0) or True,
    "mount": mount,
}
told = {}
for name, attempt in attempts.items():
    try:
        told[name] = bool(attempt())
    except (OSError, ValueError, subprocess.SubprocessError):
        told[name] = False
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    try:
        udp.sendto(b"knock", ("127.0.0.1", about["udp"]))
    except OSError:
        pass
told["given"] = os.pread(given, 5, 0).decode()
import sqlite3, zoneinfo, pyarrow.parquet
told["libraries"] = True
print(json.dumps(told))
"""


def attempt(jail: str, folder: Path) -> dict[str, object]:
    """Let a process try everything in `ATTEMPTS` under a jail."""
    canary, victim, given = folder / "secret.csv", folder / "victim", folder / "given.csv"
    canary.write_text("citizen")
    victim.write_text("x")
    given.write_text("given")
    hits: list[bytes] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.3)
        name = f"daomap-{os.getpid()}-{listener.getsockname()[1]}"
        abstract.bind("\0" + name)
        abstract.listen()
        about = {
            "jail": jail, "port": listener.getsockname()[1], "udp": udp.getsockname()[1], "canary": str(canary),
            "folder": str(folder), "parent": os.getpid(), "abstract": name,
        }  # fmt: skip
        command = [sys.executable, "-P", "-c", ATTEMPTS, json.dumps(about)]
        if jail == "bubblewrap":
            command = [*bubblewrap_command(), *command]
        with given.open("rb") as handle:
            ran = subprocess.run(
                command,
                stdin=handle,
                capture_output=True,
                env={"PATH": os.environ["PATH"], **ENVIRONMENT, "PYTHONPATH": str(ROOT)},
                timeout=60,
            )
        assert ran.returncode == 0, ran.stderr.decode()
        with contextlib.suppress(TimeoutError):
            hits.append(udp.recv(10))
    told = json.loads(ran.stdout)
    told["udp"] = bool(hits)
    told["left"] = sorted(p.name for p in folder.iterdir())
    told["canary"] = canary.read_text() if canary.exists() else None
    told["given_after"] = given.read_text()
    Path(f"/tmp/daomap-{about['port']}").unlink(missing_ok=True)
    (ROOT / "warehouse" / "new").unlink(missing_ok=True)
    return told


@pytest.mark.parametrize("jail", jails())
def test_a_confined_process_reaches_nothing(tmp_path, jail):
    told = attempt(jail, tmp_path)
    assert told.pop("given") == "given" and told.pop("libraries") is True
    assert told.pop("left") == ["given.csv", "secret.csv", "victim"]
    assert told.pop("canary") == "citizen" and told.pop("given_after") == "given"
    # bubblewrap has process numbers and a /proc of its own: both are of no use there.
    assert {name for name, worked in told.items() if worked} == set()


def test_the_same_attempts_work_without_confinement(tmp_path):
    told = attempt("none", tmp_path)
    for name in (
        "read_secret",
        "read_passwd",
        "read_settings",
        "tcp",
        "udp",
        "abstract_socket",
        "run",
        "signal",
    ):
        assert told[name], name
    assert {"new", "sub", "link"} <= set(told["left"]) and "victim" not in told["left"]


@pytest.mark.parametrize("jail", jails())
def test_workers_prove_their_confinement(tmp_path, jail):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with Intake(workers=2, jail=jail) as intake:
        assert intake.confined and set(intake.measures) >= CONFINED | {"no_new_privileges", "file_size"}
        assert [r.refusal for r in intake.read([Job("csv", path)] * 3)] == [None] * 3
        assert intake.confined
    with Intake(workers=1, jail="none") as intake:
        assert not intake.confined and not CONFINED & set(intake.measures)


def test_the_strongest_jail_is_taken(monkeypatch):
    import landlockpy

    for version, works, jail in (
        (7, True, "landlock"), (4, False, "landlock"), (3, True, "bubblewrap"), (0, True, "bubblewrap"),
        (2, False, "landlock"), (0, False, "none"),
    ):  # fmt: skip
        pool_module.strongest_jail.cache_clear()
        monkeypatch.setattr(landlockpy, "abi_version", lambda version=version: version)
        monkeypatch.setattr(pool_module, "bubblewrap_works", lambda works=works: works)
        assert pool_module.strongest_jail() == jail
    pool_module.strongest_jail.cache_clear()


def test_a_thread_too_many_is_not_called_confined(tmp_path):
    # Landlock binds one thread; a library that had started another before would keep it free.
    code = (
        "import threading, time; threading.Thread(target=time.sleep, args=(5,), daemon=True).start();"
        "from warehouse.intake.confine import confine; print(*confine(4096))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, cwd=ROOT, check=True
    ).stdout.split()
    assert "file_size" in told and "files" not in told and "landlock_files" not in told


def test_without_confinement_uploads_stay_off_and_it_is_said():
    bare = Confinement("none", ("environment", "file_size"))
    assert not bare.confined and not bare.uploads_allowed
    assert "bubblewrap" in bare.text("th") and "bubblewrap" in bare.text("en")
    assert "reach the network" in bare.text("en") and "read other files" in bare.text("en")
    half = Confinement("landlock", ("files",))
    assert not half.uploads_allowed and "read other files" not in half.text("en")
    full = Confinement("landlock", ("files", "network"))
    assert full.uploads_allowed and "landlock" in full.text("th")


def test_the_command_line_says_what_an_import_runs_without(tmp_path, monkeypatch, capsys):
    from warehouse.cli import main

    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pool_module, "strongest_jail", lambda: "none")
    path = tmp_path / "61_province_11111.csv"
    path.write_text("a\n")
    for language, word in (("en", "without confinement"), ("th", "โดยไม่มีการกักกัน")):
        main(["import", "--language", language, "--dry-run", "tpmap", str(path)])
        lines = [line for line in capsys.readouterr().err.splitlines() if word in line]
        assert len(lines) == 1
    monkeypatch.undo()
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    main(["import", "--language", "en", "--dry-run", "tpmap", str(path)])
    assert "confine" not in capsys.readouterr().err or not pool_module.confinement().confined


def test_a_gdal_too_old_is_told_and_refused(tmp_path, monkeypatch):
    from warehouse.intake.gdal import Gdal, installed

    now = installed()
    assert not now.vector_old and not now.complaints("en")
    old = Gdal(now.vector, now.raster, (3, 12, 3), (3, 10, 3))
    assert len(old.complaints("th")) == len(old.complaints("en")) == 2
    assert "3.12.3" in old.complaints("en")[0] and "3.10.3" in old.complaints("th")[1]
    monkeypatch.setattr(pool_module, "installed", lambda: old)
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\x00")
    with Intake(workers=1) as intake:
        confined = intake.confined
        vector, raster = intake.read([Job("vector", path), Job("raster", path)])
    assert vector.refusal.code == "intake.gdal_old"
    assert raster.refusal.code == ("intake.unreadable" if confined else "intake.gdal_old")
    with Intake(workers=1, jail="none") as intake:
        [raster] = intake.read([Job("raster", path)])
    assert raster.refusal.code == "intake.gdal_old"


# ------------------------------------------------------------------------------------------------------------
# Workers that go wrong


@pytest.fixture(scope="module")
def slow(tmp_path_factory) -> Path:
    """A file that takes some tenths of a second."""
    path = tmp_path_factory.mktemp("slow") / "slow.csv"
    path.write_bytes(b"a,b,c,d\n" + b"1,2,3,4\n" * 400_000)
    return path


@pytest.mark.parametrize(
    ("name", "deaths"),
    [("SIGKILL", 22), ("SIGSEGV", 8), ("SIGABRT", 4), ("SIGBUS", 4), ("SIGXCPU", 4), ("SIGTERM", 4)],
)
def test_every_signal_is_a_verdict_and_frees_the_slot(tmp_path, slow, name, deaths):
    good = tmp_path / "good.csv"
    good.write_text("a\n1\n")
    number = getattr(signal, name)
    died = 0
    with Intake(workers=1, timeout=20) as intake:
        list(intake.read([Job("csv", good)]))
        for turn in range(200):
            process = intake._workers[0]._process

            def kill(process=process, turn=turn) -> None:
                time.sleep(0.01 + 0.004 * (turn % 22))
                os.kill(process.pid, number)

            thread = threading.Thread(target=kill)
            thread.start()
            [result] = intake.read([Job("csv", slow)])
            thread.join()
            if result.refusal is None:
                continue  # on a busy machine the signal can come after the answer, to a worker that is idle
            assert result.refusal.code == ("intake.timeout" if name == "SIGXCPU" else "intake.crashed")
            died += 1
            [after] = intake.read([Job("csv", good)])
            assert after.refusal is None
            if died == deaths:
                break
    assert died == deaths


def test_a_stopped_worker_is_a_timeout(tmp_path, slow):
    with Intake(workers=1, timeout=0.8) as intake:
        assert intake.measures
        for _ in range(3):
            process = intake._workers[0]._process
            os.kill(process.pid, signal.SIGSTOP)
            [result] = intake.read([Job("csv", slow)])
            assert result.refusal.code == "intake.timeout"
            intake._workers[0].ensure(set())


def test_a_worker_that_died_while_idle_costs_no_file(tmp_path):
    good = tmp_path / "good.csv"
    good.write_text("a\n1\n")
    with Intake(workers=1) as intake:
        for _ in range(20):
            assert [r.refusal for r in intake.read([Job("csv", good)])] == [None]
            intake._workers[0]._process.kill()
            intake._workers[0]._process.wait()


def test_the_processor_time_limit_is_a_verdict(tmp_path, slow):
    with Intake(workers=1, timeout=30) as intake:
        assert intake.measures
        pid = intake._workers[0]._process.pid
        import resource

        thread = threading.Timer(0.05, lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)))
        thread.start()
        [result] = intake.read([Job("csv", slow)])
        thread.join()
    assert result.refusal.code in ("intake.timeout", "intake.crashed")


# A worker that a file has taken over: it says hello properly, then sends whatever it likes.
FAKE = """
import json, struct, sys, time
from warehouse.intake.frames import SocketRequests
requests = SocketRequests(0)
out = sys.stdout.buffer
def frame(header, body=b""):
    text = json.dumps(header).encode()
    out.write(struct.pack(">IQ", len(text), len(body)) + text + body); out.flush()
frame({"hello": ["files", "network"]})
answer = open(sys.argv[1], "rb").read()
while True:
    requests.next()
    out.write(answer); out.flush()
    if sys.argv[2] == "wait":
        time.sleep(60)
"""


def framed(header: object, body: bytes = b"", lengths: tuple[int, int] | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack(">IQ", *(lengths or (len(text), len(body)))) + text + body


def arrow(table: pa.Table, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


GOOD = {"id": 0, "facts": {}, "findings": [], "table": True}
TABLE = arrow(pa.table({"a": ["x" * 50] * 100}))
FAULT = {
    "severity": "reject", "code": "csv.ragged", "file": "a.csv", "row": 1, "column": None, "found": "f" * 9999,
    "expected": "e", "mend_th": "run this", "mend_en": "run this",
}  # fmt: skip


def wild_offsets() -> bytes:
    body = bytearray(TABLE)
    at = body.find(struct.pack("<3i", 0, 50, 100))
    assert at > 0
    body[at : at + 12] = struct.pack("<3i", 0, 1 << 30, -(1 << 30))
    return bytes(body)


def bad_utf8() -> bytes:
    body = bytearray(TABLE)
    at = body.find(b"x" * 50)
    body[at : at + 2] = b"\xff\xfe"
    return bytes(body)


ANSWERS = {
    "huge_header": (framed({}, lengths=(1 << 31, 0)), "intake.answer"),
    "huge_body": (framed({}, lengths=(2, 1 << 62)), "intake.answer"),
    "over_the_limit": (framed(GOOD, b"x" * (9 << 20)), "intake.answer"),
    "no_json": (struct.pack(">IQ", 4, 0) + b"\x80\x04N.", "intake.crashed"),
    "pickle": (framed(GOOD, pickle.dumps(pool_module.Job)), "intake.answer"),
    "deep_json": (struct.pack(">IQ", 200_000, 0) + b"[" * 200_000, "intake.crashed"),
    "wrong_id": (framed(GOOD | {"id": 7}, TABLE), "intake.answer"),
    "no_facts": (framed({"id": 0, "findings": [], "table": True}, TABLE), "intake.answer"),
    "facts_no_object": (framed(GOOD | {"facts": "x"}, TABLE), "intake.answer"),
    "unknown_finding": (framed(GOOD | {"findings": [FAULT | {"code": "os.system"}]}, TABLE), "intake.answer"),
    "finding_no_object": (framed(GOOD | {"findings": [1]}, TABLE), "intake.answer"),
    "neither_table_nor_refusal": (framed(GOOD | {"table": False}), "intake.answer"),
    "cut_table": (framed(GOOD, TABLE[:-200]), "intake.answer"),
    "wild_offsets": (framed(GOOD, wild_offsets()), "intake.answer"),
    "bad_utf8": (framed(GOOD, bad_utf8()), "intake.answer"),
    "nested_type": (framed(GOOD, arrow(pa.table({"a": [[1, 2]]}))), "intake.answer"),
    "unpacks_to_more": (
        framed(GOOD, arrow(pa.table({"a": ["x" * 1000] * 40_000}), compression="zstd")),
        "intake.answer",
    ),
    "nothing_more": (struct.pack(">IQ", 100, 100) + b"{", "intake.timeout"),
}


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_answer_is_not_taken_on_trust(tmp_path, monkeypatch, name):
    answer, code = ANSWERS[name]
    (tmp_path / "answer").write_bytes(answer)
    wait = "wait" if code == "intake.timeout" else "go"
    command = [sys.executable, "-c", FAKE, str(tmp_path / "answer"), wait]
    monkeypatch.setattr(pool_module, "_command", lambda *_: command)
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with Intake(workers=1, timeout=2, max_answer=8 << 20) as intake:
        [result] = intake.read([Job("csv", path)])
        assert result.table is None and result.refusal.code == code
        monkeypatch.undo()
        # The slot is free and the next worker is a true one.
        assert [r.refusal for r in intake.read([Job("csv", path)])] == [None]


def test_a_worker_cannot_word_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "answer").write_bytes(framed(GOOD | {"table": False, "findings": [FAULT]}))
    command = [sys.executable, "-c", FAKE, str(tmp_path / "answer"), "go"]
    monkeypatch.setattr(pool_module, "_command", lambda *_: command)
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with Intake(workers=1) as intake:
        [result] = intake.read([Job("csv", path)])
    assert result.refusal.code == "csv.ragged" and "run this" not in result.refusal.line("en")
    assert len(result.refusal.found) <= 500


def test_a_part_that_is_a_link_to_elsewhere_is_refused(tmp_path):
    folder = tmp_path / "sent"
    folder.mkdir()
    secret = tmp_path / "secret.dbf"
    secret.write_bytes(b"citizen")
    (folder / "a.shp").write_bytes(b"\x00\x00\x27\x0a" + b"\x00" * 96)
    (folder / "a.dbf").symlink_to(secret)
    with Intake(workers=1) as intake:
        [result] = intake.read([Job("vector", folder / "a.shp")])
    assert result.refusal.code == "intake.link"


def test_the_server_keeps_no_descriptor_open(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with Intake(workers=1) as intake:
        list(intake.read([Job("csv", path)] * 5))
        before = len(list(Path("/proc/self/fd").iterdir()))
        list(intake.read([Job("csv", path), Job("csv", tmp_path / "none.csv"), Job("csv", tmp_path)] * 40))
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_lies_in_the_folder_one_stands_in_is_not_run(tmp_path, monkeypatch):
    from warehouse.intake.gdal import installed

    for name in ("json.py", "pyogrio.py", "rasterio.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    installed.cache_clear()
    assert installed().vector
    assert not (tmp_path / "ran").exists()


def test_a_few_files_start_one_process(tmp_path):
    good = tmp_path / "good.csv"
    good.write_text("a\n1\n")
    with Intake(workers=2) as intake:
        assert intake.measures
        for _ in range(3):
            assert [r.refusal for r in intake.read([Job("csv", good)] * 5)] == [None] * 5
        assert sum(worker._process is not None for worker in intake._workers) == 1
