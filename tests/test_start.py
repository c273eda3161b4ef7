"""``start.py`` in plain words: what it finds, what it says, what it leaves alone."""

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def start():
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_needs_nothing_but_the_standard_library():
    code = (
        "import sys; sys.path.insert(0, '.'); import start;"
        "print([m for m, x in sys.modules.items() if 'site-packages' in (getattr(x, '__file__', '') or '')])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_port_in_use_is_one_line_a_language(start):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "start.py", "--headless", "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2
    assert f"พอร์ต {port}" in lines[0]
    assert f"Port {port} is in use" in lines[1]


def test_too_old_a_python_is_explained(start, monkeypatch, capsys):
    monkeypatch.setattr(start, "candidates", lambda: ["/usr/bin/python3.9"])
    monkeypatch.setattr(start, "version_of", lambda _: (3, 9))
    with pytest.raises(SystemExit) as left:
        start.choose_python()
    assert left.value.code == 1
    assert "3.11" in capsys.readouterr().err


def test_the_newest_tried_python_is_preferred_over_the_running_one(start, monkeypatch):
    versions = {"/a/python3.12": (3, 12), "/a/python3.13": (3, 13), sys.executable: (3, 11)}
    monkeypatch.setattr(start, "version_of", versions.get)
    monkeypatch.setattr(start, "candidates", lambda: ["/a/python3.13", "/a/python3.12", sys.executable])
    assert start.choose_python() == "/a/python3.13"
    monkeypatch.setattr(start, "candidates", lambda: ["/a/none", sys.executable])
    assert start.choose_python() == sys.executable


def test_no_disk_space_is_explained_before_anything_is_made(start, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(start, "VENV", tmp_path / "venv")
    monkeypatch.setattr(start, "PYTHON", tmp_path / "venv" / "bin" / "python")
    monkeypatch.setattr(start, "STAMP", tmp_path / "venv" / "stamp")
    monkeypatch.setattr(start.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100 * 2**20})())
    with pytest.raises(SystemExit):
        start.install([])
    assert "100 MB" in capsys.readouterr().err
    assert not (tmp_path / "venv").exists()


def test_a_changed_lock_file_is_noticed(start, monkeypatch, tmp_path):
    (tmp_path / "python").touch()
    monkeypatch.setattr(start, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(start, "STAMP", tmp_path / "stamp")
    assert not start.installed([])
    (tmp_path / "stamp").write_text(start.lock_mark() + "\ntest\n")
    assert start.installed([])
    assert start.installed(["test"])
    (tmp_path / "stamp").write_text("0" * 64)
    assert not start.installed([])


def test_spark_is_installed_for_tests_only_where_java_is(start, monkeypatch):
    monkeypatch.setattr(start.shutil, "which", {"java": "/usr/bin/java"}.get)
    assert start.groups_of_tests() == ["test", "spark"]
    monkeypatch.setattr(start.shutil, "which", lambda _: None)
    assert start.groups_of_tests() == ["test"]
