"""Publishing: readers see a whole snapshot or the one before it, whatever happens to the writer."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from warehouse.snapshots import DATABASE, MANIFEST, Store, StoreBusy, StoreError

ROOT = Path(__file__).resolve().parents[2]


def _publish(store: Store, text: str, extra: dict[str, bytes] | None = None):
    with store.open_staging() as staging:
        staging.replace_file(DATABASE, text.encode())
        for name, content in (extra or {}).items():
            staging.replace_file(name, content)
        return store.publish(staging, {"text": text})


def test_publish_is_complete_read_only_and_named_by_its_hash(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.current() is None
    info = _publish(store, "one", {"layers/province/TH/poverty-2018.geojson.gz": b"x"})
    assert info.id == f"snap-000001-{info.sha256[:12]}"
    assert store.verify(info.id) == []
    assert store.current().id == info.id
    assert json.loads((tmp_path / "CURRENT").read_text())["sha256"] == info.sha256
    assert not list((tmp_path / "staging").iterdir())
    for file in info.path.rglob("*"):
        if file.is_file():
            assert not file.stat().st_mode & stat.S_IWUSR


def test_unchanged_files_are_shared_and_changed_ones_are_not(tmp_path: Path) -> None:
    store = Store(tmp_path)
    before = {"layers/keep": b"keep", "layers/change": b"old", "boundaries/keep": b"shape"}
    first = _publish(store, "one", before)
    second = _publish(store, "two", {"layers/change": b"new"})
    assert (first.path / "layers/keep").samefile(second.path / "layers/keep")
    assert (first.path / "layers/change").read_bytes() == b"old"
    assert (second.path / "layers/change").read_bytes() == b"new"
    # What cannot be drawn again has bytes of its own in every snapshot: one bad block reaches one of them.
    assert not (first.path / "boundaries/keep").samefile(second.path / "boundaries/keep")
    assert (second.path / "boundaries/keep").read_bytes() == b"shape"
    assert store.verify(first.id) == [] == store.verify(second.id)


def test_a_draft_that_is_left_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    info = _publish(store, "one")
    before = sorted(p.name for p in store.snapshots.iterdir())
    with pytest.raises(RuntimeError), store.open_staging() as staging:
        staging.replace_file(DATABASE, b"two")
        raise RuntimeError("refused")
    assert sorted(p.name for p in store.snapshots.iterdir()) == before
    assert not list(store.staging.iterdir())
    assert Store(tmp_path).current().id == info.id


def test_a_database_with_a_log_beside_it_is_not_published(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="not closed"), store.open_staging() as staging:
        staging.replace_file(DATABASE, b"one")
        staging.replace_file(f"{DATABASE}.wal", b"log")
        store.publish(staging)
    assert store.current() is None


def test_second_importer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.open_staging():
        with pytest.raises(StoreBusy) as caught:
            Store(tmp_path).open_staging()
        assert str(os.getpid()) in caught.value.th and str(os.getpid()) in caught.value.en
        assert Store(tmp_path).sweep() == []
    with Store(tmp_path).open_staging():
        pass


def test_lock_of_another_process_and_of_a_dead_one(tmp_path: Path) -> None:
    code = f"""
        import sys, time
        from warehouse.snapshots import Store
        Store({str(tmp_path)!r}).open_staging()
        print("held", flush=True)
        time.sleep(60)
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline().strip() == "held"
    with pytest.raises(StoreBusy) as caught:
        Store(tmp_path).open_staging()
    assert str(holder.pid) in caught.value.en
    holder.kill()
    holder.wait()
    holder.stdout.close()
    assert str(holder.pid) in (tmp_path / "lock").read_text()
    swept = Store(tmp_path).sweep()
    assert len(swept) == 1
    with Store(tmp_path).open_staging():
        pass


def test_rollback_and_forward(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = _publish(store, "one"), _publish(store, "two")
    assert store.rollback().id == first.id
    assert Store(tmp_path).current().id == first.id
    with pytest.raises(StoreError, match="no earlier"):
        store.rollback()
    assert store.rollback(second.id).id == second.id
    for wrong in ("snap-000009-000000000000", "../../etc"):
        with pytest.raises(StoreError, match="no snapshot"):
            store.rollback(wrong)
    store.rollback(first.id)
    third = _publish(store, "three")
    assert third.version == 3
    assert store.current().id == third.id


def test_old_snapshots_go_and_the_current_one_stays(tmp_path: Path) -> None:
    store = Store(tmp_path, keep=2)
    infos = [_publish(store, str(n)) for n in range(5)]
    assert [i.id for i in store.list()] == [infos[4].id, infos[3].id]
    assert not list(store.staging.iterdir())


def test_a_damaged_snapshot_takes_no_sound_one_s_place(tmp_path: Path) -> None:
    store = Store(tmp_path, keep=2)
    first, second = _publish(store, "one"), _publish(store, "two")
    _damage(second.path / DATABASE)
    third = _publish(Store(tmp_path, keep=2), "three")
    assert {i.id for i in store.list()} >= {first.id, third.id}
    _damage(third.path / DATABASE)
    assert Store(tmp_path, keep=2).current().id == first.id
    for text in ("four", "five"):
        last = _publish(Store(tmp_path, keep=2), text)
    # Two sound ones are newer now than both damaged ones.
    assert len(store.list()) == 2 and last.id in {i.id for i in store.list()}


def _damage(file: Path) -> None:
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[::-1] + b"!")


def test_damage_falls_back_to_the_snapshot_before(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = _publish(store, "one"), _publish(store, "two")
    (second.path / DATABASE).chmod(0o644)
    (second.path / DATABASE).write_bytes(b"twO")
    again = Store(tmp_path)
    assert again.verify(second.id) == [DATABASE]
    found = again.current()
    assert found.id == first.id
    assert "damaged" in found.notices[0].en and "เสียหาย" in found.notices[0].th
    with pytest.raises(StoreError, match="damaged"):
        again.rollback(second.id)
    # The next publication starts from what is sound and takes a number of its own.
    assert _publish(again, "three").version == 3
    assert Store(tmp_path).current().notices == ()


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b'{"snapshot": "../x"}', b'{"snapshot": "snap-9"}']
)
def test_missing_or_garbled_pointer_finds_the_newest_valid_one(tmp_path: Path, content: bytes | None) -> None:
    store = Store(tmp_path)
    _publish(store, "one")
    second, third = _publish(store, "two"), _publish(store, "three")
    (third.path / MANIFEST).chmod(0o644)
    (third.path / MANIFEST).write_bytes(b"{}")
    if content is None:
        (tmp_path / "CURRENT").unlink()
    else:
        (tmp_path / "CURRENT").write_bytes(content)
    found = Store(tmp_path).current()
    assert found.id == second.id and found.notices


def test_nothing_valid_is_said_and_not_taken_for_an_empty_home(tmp_path: Path) -> None:
    store = Store(tmp_path)
    only = _publish(store, "one")
    (only.path / DATABASE).unlink()
    with pytest.raises(StoreError, match="daomap build"):
        Store(tmp_path).current()


def test_home_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreError, match="cannot use"):
        Store(blocked).open_staging()


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "full"), (errno.EROFS, "cannot write")])
def test_full_and_read_only_disks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    store = Store(tmp_path)
    first = _publish(store, "one")

    def refuse(_path: Path) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("warehouse.snapshots._fsync_file", refuse)
    with pytest.raises(StoreError, match=words) as caught:
        _publish(store, "two")
    assert caught.value.th != caught.value.en
    monkeypatch.undo()
    assert not list(store.staging.iterdir())
    assert Store(tmp_path).current().id == first.id
    assert _publish(store, "two").version == 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is a POSIX thing")
def test_kill_at_any_moment_leaves_a_whole_snapshot(tmp_path: Path) -> None:
    code = f"""
        from warehouse.snapshots import DATABASE, Store
        store = Store({str(tmp_path)!r}, keep=3)
        number = 0
        while True:
            number += 1
            with store.open_staging() as staging:
                staging.replace_file(DATABASE, str(number).encode() * 50_000)
                staging.replace_file("layers/a", str(number).encode() * 50_000)
                info = store.publish(staging)
            print(info.version, flush=True)
    """
    chance = random.Random(1)
    acknowledged = 0
    for _ in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged = max(acknowledged, int(writer.stdout.readline()))
        time.sleep(chance.uniform(0, 0.15))
        writer.kill()
        rest = writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        acknowledged = max([acknowledged, *(int(n) for n in rest)])
        store = Store(tmp_path)
        store.sweep()
        found = store.current()
        assert found is not None and not found.notices
        assert found.version >= acknowledged
        assert all(store.verify(info.id) == [] for info in store.list())
        assert not list(store.staging.iterdir())


def test_copy_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    _publish(store, "one", {"a/keep": b"keep"})

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    second = _publish(store, "two")
    assert (second.path / "a/keep").read_bytes() == b"keep"
    assert store.verify(second.id) == []


def test_a_whole_home_can_be_moved(tmp_path: Path) -> None:
    info = _publish(Store(tmp_path / "a"), "one")
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert Store(tmp_path / "b").current().id == info.id
