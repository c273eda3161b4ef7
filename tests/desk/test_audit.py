"""Every opening leaves a line, and no line can be changed, taken out, moved or cut off unseen."""

from __future__ import annotations

import json
import os

import pytest

from tests.desk.made import files
from warehouse.desk.audit import FILE, HEAD, REASONS, TORN, Audit, Verdict
from warehouse.desk.errors import DeskError


@pytest.fixture
def audit(desk_home, keys):
    made = Audit(desk_home, keys)
    for n in range(4):
        made.opened(f"{n:032x}", 2023, REASONS[n], "PKN-1/2566" if n else "")
    return made


def test_lines_hold_who_when_what_and_why(audit):
    lines = [json.loads(line) for line in audit.path.read_text().splitlines()]
    assert [line["n"] for line in lines] == [1, 2, 3, 4]
    assert set(lines[1]) == {"n", "at", "who", "action", "record", "year", "reason", "reference", "mac"}
    assert lines[1]["reason"] == REASONS[1] and lines[1]["record"] == f"{1:032x}"
    assert audit.verify().broken is None and audit.verify().lines == 4
    assert audit.path.stat().st_mode & 0o077 == 0


def changed(lines, n, **values):
    line = json.loads(lines[n]) | values
    return [*lines[:n], json.dumps(line, ensure_ascii=False, sort_keys=True), *lines[n + 1 :]]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda lines: changed(lines, 1, reason="help_"), 2),
        (lambda lines: changed(lines, 0, record="f" * 32), 1),
        (lambda lines: changed(lines, 3, at="2026-01-01T00:00:00+00:00"), 4),
        (lambda lines: changed(lines, 2, mac="0" * 64), 3),
        (lambda lines: [*lines[:1], *lines[2:]], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines[:3], "not json"], 4),
        (lambda lines: [*lines, lines[-1]], 5),
        (lambda lines: lines[:3], 4),
        (lambda lines: lines[:1], 2),
        (lambda lines: [], 1),
    ],
)
def test_a_change_is_found_and_stops_the_next_opening(audit, change, broken):
    lines = audit.path.read_text().splitlines()
    audit.path.write_text("".join(line + "\n" for line in change(lines)))
    assert audit.verify().broken == broken
    with pytest.raises(DeskError, match=f"line {broken}"):
        audit.opened("0" * 32, 2023, "visit")


def test_a_kill_between_line_and_head_is_no_change(audit, monkeypatch):
    monkeypatch.setattr(Audit, "_set_head", lambda *_: None)
    audit.opened("a" * 32, 2023, "visit")
    monkeypatch.undo()
    assert audit.verify().broken is None
    audit.opened("b" * 32, 2023, "visit")
    assert audit.verify().lines == 6 and audit.verify().broken is None


def test_a_lost_head_is_found(audit):
    (audit.home / HEAD).unlink()
    assert audit.verify().broken is not None


@pytest.mark.parametrize(
    ("reason", "reference"),
    [("", ""), ("because", ""), ("visit", "1100700000001"), ("visit", "ซาโลมิเต"), ("visit", "a b")],
)
def test_no_reason_no_line_and_no_value_of_a_person(audit, reason, reference):
    before = audit.path.read_bytes()
    with pytest.raises(DeskError):
        audit.opened("0" * 32, 2023, reason, reference)
    assert audit.path.read_bytes() == before


def test_a_line_that_cannot_be_written_is_an_error(audit, monkeypatch):
    import os

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = audit.path.read_bytes()
    with pytest.raises(DeskError, match="nothing is opened"):
        audit.opened("0" * 32, 2023, "visit")
    monkeypatch.undo()
    # No part of it stands in the way of the next, nor of many that follow it.
    assert audit.path.read_bytes() == before
    monkeypatch.setattr(Audit, "_set_head", lambda *_: full(0))
    for _ in range(3):
        with pytest.raises(DeskError, match="nothing is opened"):
            audit.opened("0" * 32, 2023, "visit")
    monkeypatch.undo()
    audit.opened("0" * 32, 2023, "visit")
    assert audit.verify() == Verdict(5, None)


def test_a_line_cut_by_a_power_failure_is_set_aside_and_told(audit, capsys):
    from warehouse.cli import main

    whole = audit.path.read_bytes()
    audit.path.write_bytes(whole + b'{"action": "opened", "at": "2026-11-')
    assert audit.verify() == Verdict(4, None, 36)
    assert main(["desk", "audit", "--verify", "--language", "en"]) == 0
    assert "never finished" in capsys.readouterr().err
    audit.opened("0" * 32, 2023, "visit")
    assert audit.verify() == Verdict(6, None)
    added = [json.loads(line) for line in audit.path.read_bytes().removeprefix(whole).splitlines()]
    assert [(line["action"], line.get("bytes")) for line in added] == [("mended", 36), ("opened", None)]
    assert (audit.home / TORN).read_bytes().startswith(b'{"action"')
    # A finished line that lost its end is a cut one.
    audit.path.write_bytes(audit.path.read_bytes()[:-3])
    assert audit.verify().broken == 6


def test_who_is_the_account_and_not_what_the_environment_says(audit, monkeypatch):
    pwd = pytest.importorskip("pwd")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody.else")
    audit.opened("0" * 32, 2023, "visit")
    last = json.loads(audit.path.read_text().splitlines()[-1])
    assert last["who"] == pwd.getpwuid(os.getuid()).pw_name


def test_audit_files_that_are_gone_are_missed(tmp_path, desk_home, desk, keys, monkeypatch, capsys):
    from warehouse.cli import main

    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "public"))
    paths = [str(path) for path in files(tmp_path / "in", 3)]
    arguments = ["--year-be", "2566", "--synthetic", "--language", "en"]
    assert main(["import", "households", *paths, *arguments]) == 0
    audit = Audit(desk_home, keys, desk.about().audit)
    assert audit.verify() == Verdict(2, None) and desk.about().audit[0] == 1
    kept = {name: (desk_home / name).read_bytes() for name in (FILE, HEAD)}
    for name in kept:
        (desk_home / name).unlink()
    capsys.readouterr()
    assert main(["desk", "audit", "--verify", "--language", "en"]) == 1
    assert "line 1" in capsys.readouterr().err
    with pytest.raises(DeskError, match="line 1"):
        audit.opened("0" * 32, 2023, "visit")
    assert main(["import", "households", *paths, *arguments, "--replace"]) == 1
    for name, data in kept.items():
        (desk_home / name).write_bytes(data)
    audit.opened("0" * 32, 2023, "visit")
    assert audit.verify() == Verdict(3, None)


def test_the_command_verifies(audit, capsys):
    from warehouse.cli import main

    assert main(["desk", "audit", "--verify", "--language", "en"]) == 0
    printed = capsys.readouterr()
    assert "all 4 lines hold" in printed.err and not printed.out
    path = audit.home / FILE
    path.write_text(path.read_text().replace(REASONS[2], REASONS[0]))
    assert main(["desk", "audit", "--verify", "--language", "en"]) == 1
    assert "changed or cut at line 3" in capsys.readouterr().err
