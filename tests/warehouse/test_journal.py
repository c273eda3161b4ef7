"""The journal: every work has a start and an end, each way it can end has a name, and nothing personal is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.warehouse.batches import batch
from warehouse.cli import main
from warehouse.embedded import build
from warehouse.journal import ABORTED, RUNNING, STATES, Journal
from warehouse.publish import publish_batches
from warehouse.report import Finding, ImportRefused
from warehouse.settings import Settings
from warehouse.snapshots import Store, StoreError

ROWS = [("95", "target_poor", 2018, 5.0)]


def test_every_way_to_end_has_a_state(tmp_path: Path) -> None:
    store = Store(tmp_path)
    refused = batch(ROWS)
    refused.report.add(Finding("reject", "x", "bad.csv", 2, "n", "-1", ">= 0", "แก้", "correct it"))
    for error in (ImportRefused(refused.report), KeyboardInterrupt(), RuntimeError("secret words"), None):
        try:
            with store.work("import") as work:
                if error is not None:
                    raise error
                work.outcome = "nothing_new"
        except BaseException as caught:
            assert caught is error
    with pytest.raises(StoreError, match="cannot use"), store.work("import"):
        raise OSError(5, "Input/output error")
    info = publish_batches(store, Settings(), [batch(ROWS)])
    runs = Store(tmp_path).runs()
    assert [(r.state, r.error) for r in runs] == [
        ("refused", "ImportRefused"),
        ("stopped", "KeyboardInterrupt"),
        ("failed", "RuntimeError"),
        ("nothing_new", ""),
        ("failed", "OSError"),
        ("done", ""),
    ]
    assert all(r.state in STATES and r.started <= r.ended for r in runs)
    assert (runs[-1].snapshot, runs[-1].drafted, runs[-1].kind) == (info.id, (info.id,), "publish")
    assert "secret" not in (tmp_path / "journal.jsonl").read_text()


def test_what_was_brought_in_is_told_by_hashes_and_counts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = batch(ROWS, file="สมชาย ใจดี.csv")
    info = publish_batches(store, Settings(), [first])
    run = store.runs()[-1].to_json()
    assert run["imports"] == [first.import_id] and len(run["files"][0]) == 64
    assert run["counts"] == {"rows_read": 1, "rows_accepted": 1, "rows_rejected": 0}
    assert run["snapshot"] == info.id and run["error"] is None
    text = (tmp_path / "journal.jsonl").read_text(encoding="utf-8")
    assert "สมชาย" not in text and "made" not in text and str(tmp_path) not in text
    assert all(json.loads(line) for line in text.splitlines())


def test_a_build_inside_an_import_is_a_work_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.work("import") as work:
        first, _ = build(store, Settings())
        second = publish_batches(store, Settings(), [batch(ROWS)])
        assert work.snapshot == second.id and store.busy()
    assert not store.busy()
    assert {(r.kind, r.state, r.snapshot) for r in store.runs()} == {
        ("import", "done", second.id),
        ("build", "done", first.id),
    }
    # The lock is free again, and the next work is not inside that one.
    with store.work("rollback"):
        pass


def test_published_stays_published_when_tidying_up_fails(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(RuntimeError), store.open_staging() as staging:
        staging.replace_file("warehouse.duckdb", b"x")
        info = store.publish(staging)
        raise RuntimeError("after")
    assert store.runs()[-1].state == "done" and Store(tmp_path).current().id == info.id


def test_running_is_told_from_aborted_by_the_lock(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.work("import"):
        assert [r.state for r in Store(tmp_path).runs()] == [RUNNING]
    Journal(tmp_path / "journal.jsonl").append("start", "dead", kind="import")
    assert [r.state for r in Store(tmp_path).runs()] == ["done", ABORTED]
    told = Store(tmp_path).sweep()
    assert len(told) == 1 and "cut short: import" in told[0].en
    assert [r.state for r in Store(tmp_path).runs()] == ["done", ABORTED] and Store(tmp_path).sweep() == []


def test_pruning_that_was_cut_off_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path, keep=2)
    for number in range(4):
        with monkeypatch.context() as patch:
            # Killed between the pointer and the pruning, each time.
            patch.setattr(Store, "prune", lambda *_, **__: None)
            patch.setattr(Journal, "append", _without_end(Journal.append))
            info = publish_batches(store, Settings(), [batch(ROWS, sha=str(number))])
        assert Store(tmp_path, keep=2).sweep()
        assert Store(tmp_path, keep=2).current().id == info.id
        assert len(store.list()) == min(number + 1, 2)


def _without_end(append):
    def cut(self, event, run, **facts):
        if event != "end":
            append(self, event, run, **facts)

    return cut


def test_a_line_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append("start", "a", kind="import")
    with journal.path.open("ab") as handle:
        handle.write(b'{"event": "end", "run": "a", "sta')
    journal.append("start", "b", kind="build")
    journal.append("end", "b", state="done")
    runs, unreadable = journal.read()
    assert [(r.id, r.state) for r in runs] == [("a", RUNNING), ("b", "done")] and unreadable == 1


def test_the_command_lists_them_in_both_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path))
    publish_batches(Store(tmp_path), Settings(), [batch(ROWS)])
    assert main(["rollback"]) == 1  # there is nothing before it
    capsys.readouterr()
    assert main(["journal"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "publish: เสร็จ  1 แถว" in lines[0] and "rollback: ทำไม่สำเร็จ (StoreError)" in lines[1]
    assert main(["--language", "en", "snapshots"]) == 0
    assert "publish: done  1 rows" in capsys.readouterr().out
