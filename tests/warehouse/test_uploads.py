"""Files that came through the web: private, bounded, swept, and read by another process that never sees the secret."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time

import pytest

from warehouse import uploads
from warehouse.snapshots import Store, StoreError
from warehouse.uploads import SECRET, SUFFIXES, UploadJob, Uploads, safe_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("rain.csv", "rain.csv"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\x.CSV", "x.csv"),
        ("/abs/ฝน 2563.csv", "ฝน 2563.csv"),
        (".hidden.csv", "hidden.csv"),
        ("-rf.csv", "rf.csv"),
        ("a\u202egnp.csv", "a gnp.csv"),
        ("a\nb\x00c.csv", "a b c.csv"),
        ("...\u200b.csv.csv", "csv.csv"),
        ("ฝ" * 300 + ".csv", "ฝ" * 60 + ".csv"),
    ],
)
def test_a_name_is_cleaned(given, kept):
    assert safe_name(given, "table") == kept
    assert len(kept.encode()) < 250


@pytest.mark.parametrize("name", ["x.exe", "x", "csv", "x.csv.py", "x.toml"])
def test_another_kind_of_file_is_refused_with_the_kinds_there_are(name):
    with pytest.raises(StoreError) as refused:
        safe_name(name, "table")
    assert ".xlsx" in refused.value.th and "To mend" in refused.value.en


@pytest.mark.skipif(sys.platform == "win32", reason="no confined reader there, so nothing is uploaded")
class TestFolder:
    def test_a_file_is_private_counted_and_gone_when_done(self, tmp_path):
        os.umask(os.umask(0))
        box = Uploads(tmp_path, 100)
        kept = box.keep([("a.csv", b"x" * 40), ("b.csv", b"y" * 60)], "neet")
        modes = [p.stat().st_mode & 0o777 for p in (box.folder, kept.folder, *kept.paths)]
        assert modes == [0o700, 0o700, 0o600, 0o600]
        assert box.held() == kept.size == 100
        assert len(kept.folder.name) == 32 and [p.read_bytes()[:1] for p in kept.paths] == [b"x", b"y"]
        kept.forget()
        assert box.held() == 0 and kept.folder.is_dir()
        kept.remove()
        kept.remove()
        assert list(box.folder.iterdir()) == []

    @pytest.mark.parametrize(
        ("files", "word"),
        [
            ([("a.csv", b"")], "empty"),
            ([("a.csv", b"x" * 101)], "more than"),
            ([("a.csv", b"x"), ("x/a.csv", b"y")], "one name"),
        ],
    )
    def test_what_cannot_be_kept_leaves_nothing(self, tmp_path, files, word):
        box = Uploads(tmp_path, 100)
        with pytest.raises(StoreError, match=word):
            box.keep(files, "table")
        assert box.held() == 0

    def test_all_files_together_are_bounded(self, tmp_path):
        box = Uploads(tmp_path, 100)
        kept = [box.keep([("a.csv", b"x" * 100)], "table") for _ in range(uploads.TOGETHER)]
        with pytest.raises(StoreError, match="waiting"):
            box.keep([("a.csv", b"x")], "table")
        kept[0].remove()
        box.keep([("a.csv", b"x")], "table").remove()

    def test_what_a_killed_server_left_is_swept_and_what_is_in_use_is_not(self, tmp_path, monkeypatch):
        monkeypatch.setattr(uploads, "FRESH_S", 0.0)
        code = (
            "import os, sys; from pathlib import Path; from warehouse.uploads import Uploads; "
            "Uploads(Path(sys.argv[1]), 9).keep([('a.csv', b'x')], 'table'); os._exit(9)"
        )
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=uploads.ROOT, check=False)
        box = Uploads(tmp_path, 9)
        assert box.held() == 1
        mine = box.keep([("b.csv", b"yy")], "table")  # sweeps first
        assert box.held() == 2
        assert box.sweep() == 0 and mine.paths[0].exists()
        mine.remove()

    def test_a_folder_made_just_now_is_left_alone(self, tmp_path):
        box = Uploads(tmp_path, 9)
        (box.folder / "new").mkdir(parents=True)
        assert box.sweep() == 0
        old = time.time() - 2 * uploads.FRESH_S
        os.utime(box.folder / "new", (old, old))
        assert box.sweep() == 1


def answers(question, home, **environment):
    """What the process says to a question, and what it wrote beside."""
    done = subprocess.run(
        [sys.executable, "-m", "warehouse.upload_job"],
        cwd=uploads.ROOT, input=json.dumps(question), capture_output=True, text=True, check=False,
        env=os.environ | {"DAOMAP_HOME": str(home)} | environment,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_an_import_that_is_under_way_is_named_and_nothing_waits(embedded_home, tmp_path):
    store = Store(tmp_path / "home")
    file = tmp_path / "a.csv"
    file.write_text("province,rain\nน่าน,1\n", encoding="utf-8")
    with store.work("import"):
        said, _ = answers({"action": "publish", "arguments": ["tpmap", str(file)]}, store.home)
    failed = said[-1]["failed"]
    assert failed["busy"] and str(os.getpid()) in failed["th"] and str(os.getpid()) in failed["en"]


def test_without_confinement_nothing_that_was_uploaded_is_opened(tmp_path, monkeypatch):
    from warehouse import upload_job
    from warehouse.intake import Intake

    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path))
    monkeypatch.setattr(Intake, "confined", property(lambda _self: False))
    monkeypatch.setattr(Intake, "measures", property(lambda _self: ("environment",)))
    for kind, suffix in (("table", ".csv"), ("tpmap", ".csv"), ("boundaries", ".zip")):
        file = tmp_path / f"a{suffix}"
        file.write_text("x", encoding="utf-8")
        for action in ("check", "publish"):
            said = upload_job.answer({"action": action, "arguments": [kind, str(file)]}, lambda *_: None)
            assert "bubblewrap" in said["failed"]["en"], (kind, action, said)
    assert Store(tmp_path).current() is None


def test_an_unexpected_fault_shows_a_code_and_the_log_has_the_rest(tmp_path, monkeypatch, capsys):
    from warehouse import cli, upload_job

    def fail(*_):
        raise RuntimeError("secret value 4711")

    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path))
    monkeypatch.setattr(cli, "publish_import", fail)
    said = upload_job.answer({"action": "publish", "arguments": ["tpmap", "x"]}, lambda *_: None)["failed"]
    code = said["en"].partition("code ")[2][:6]
    assert "4711" not in said["th"] + said["en"] and code in said["th"]
    assert f"error {code}" in (log := capsys.readouterr().err) and "4711" in log


def test_the_secret_stays_with_the_server(tmp_path, monkeypatch):
    started = {}

    class Started:
        def __init__(self, _command, **more):
            started.update(more)
            self.stdin, self.stdout = io.StringIO(), io.StringIO('{"done": {}}\n')

        def wait(self):
            return 0

        def kill(self):
            pass

    monkeypatch.setenv(SECRET, "correct horse battery")
    monkeypatch.setenv("DAOMAP_DESK_KEY", "0" * 64)
    monkeypatch.setattr(uploads.subprocess, "Popen", Started)
    job = UploadJob("check", ["table", "x"], tmp_path)
    assert job.wait(5) and job.answer == {"done": {}}
    assert not {"correct horse battery", "0" * 64} & set(started["env"].values())
    assert started["env"]["DAOMAP_HOME"] == str(tmp_path)


def test_a_process_that_dies_is_told(tmp_path, monkeypatch):
    real = subprocess.Popen
    monkeypatch.setattr(
        uploads.subprocess,
        "Popen",
        lambda _command, **more: real([sys.executable, "-c", "raise SystemExit(9)"], **more),
    )
    job = UploadJob("check", ["table", "x"], tmp_path)
    assert job.wait(30)
    assert "has not changed" in job.answer["failed"]["en"]


def test_every_kind_on_the_screen_is_one_of_the_command_line():
    from warehouse.cli import KINDS

    assert set(SUFFIXES) <= set(KINDS)
