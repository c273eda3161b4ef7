"""Backup and restore, drilled: what comes back is what was there, and nothing that is not."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import re
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.batches import batch
from warehouse import backup as module
from warehouse.backup import BackupError, backup, inspect, restore
from warehouse.cli import main
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import DATABASE, MANIFEST, Store, StoreError

ASK = ("query", "target_poor", "--level", "province", "--format", "json")


def rows(value: float) -> list[tuple[str, str, int, float]]:
    return [("95", "target_poor", 2018, value), ("96", "target_poor", 2018, 2 * value)]


def asked(house: Warehouse) -> list[float]:
    return house.values("target_poor", level="province", year=2018, source="made")["value"].dropna().tolist()


def tables(database: Path) -> dict[str, str]:
    """A hash of every row of every table."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = [
            n for (n,) in connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        ]
        return {
            name: hashlib.sha256(
                repr(connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()).encode()
            ).hexdigest()
            for name in names
        }


def files(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != MANIFEST
    }


def state(home: Path) -> dict[str, str]:
    """Everything of a home that readers can see."""
    found = {f"snapshots/{k}": v for k, v in files(home / "snapshots").items()} if home.exists() else {}
    pointer = home / "CURRENT"
    return found | ({"CURRENT": pointer.read_text()} if pointer.exists() else {})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three snapshots: the shipped figures, then two imports."""
    home = Store(tmp_path_factory.mktemp("home"))
    build(home, Settings())
    publish_batches(home, Settings(), [batch(rows(5))])
    publish_batches(home, Settings(), [batch(rows(6), sha="later")])
    return home


@pytest.fixture(scope="module")
def archive(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backup") / "now.tar.gz"
    backup(store, file)
    return file


def test_the_drill(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Backup, an empty home, restore: by the command line, as on the day it is needed."""
    file, home = tmp_path / "daomap.tar.gz", tmp_path / "new" / "home"
    monkeypatch.setenv("DAOMAP_HOME", str(store.home))
    assert main(["backup", str(file)]) == 0
    assert main(["restore", str(file), "--home", str(home)]) == 0
    assert "กู้คืนเป็นชุดข้อมูล" in capsys.readouterr().out
    before, after = store.current(), Store(home).current()
    assert files(before.path) == files(after.path) and DATABASE in files(after.path)
    assert any(name.startswith("layers/") for name in files(after.path))
    assert tables(before.database) == tables(after.database) and len(tables(after.database)) >= 7
    assert after.version >= before.version and not after.notices
    assert after.contents == before.contents | {"restored": before.id}
    assert main(list(ASK)) == 0
    first = capsys.readouterr().out
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    assert main(list(ASK)) == 0
    assert capsys.readouterr().out == first and "5" in first
    # Once more is nothing new; the answer names what is there.
    assert main(["--language", "en", "restore", str(file)]) == 0
    assert "nothing new" in capsys.readouterr().out
    assert [i.id for i in Store(home).list()] == [after.id]
    assert [(r.kind, r.state) for r in Store(home).runs()] == [
        ("restore", "done"),
        ("restore", "nothing_new"),
    ]
    # Life goes on upon what was restored.
    assert publish_batches(Store(home), Settings(), [batch(rows(7), sha="next")]).version == after.version + 1


def test_every_old_snapshot_comes_back(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "all.tar.gz"
    made = backup(store, file, everything=True)
    assert len(made.snapshots) == 3 and made.current == store.current().id
    target = Store(tmp_path / "home")
    info, new = restore(target, file)
    assert new and [i.contents["restored"] for i in target.list()] == list(made.snapshots)[::-1]
    assert [i.version for i in target.list()] == [i.version for i in store.list()]
    assert asked(Warehouse(info)) == [6, 12]
    for before, after in zip(store.list(), target.list(), strict=True):
        assert files(before.path) == files(after.path)
        assert target.verify(after.id) == []
    assert asked(Warehouse(target.rollback())) == [5, 10]


def test_a_home_with_data_is_replaced_only_by_force_and_kept_for_rollback(
    archive: Path, tmp_path: Path
) -> None:
    target = Store(tmp_path, keep=1)
    there = publish_batches(target, Settings(), [batch(rows(1))])
    with pytest.raises(BackupError, match="--force") as caught:
        restore(target, archive)
    assert there.id in caught.value.th and Store(tmp_path).current().id == there.id
    info, new = restore(target, archive, force=True)
    assert new and info.version > there.version
    assert asked(Warehouse.open(Store(tmp_path))) == [6, 12]
    assert Store(tmp_path).rollback(there.id).id == there.id


def test_a_home_with_nothing_valid_left_is_mended_without_force(archive: Path, tmp_path: Path) -> None:
    target = Store(tmp_path)
    only = publish_batches(target, Settings(), [batch(rows(1))])
    only.database.unlink()
    with pytest.raises(StoreError, match="daomap restore"):
        Store(tmp_path).current()
    restore(target, archive)
    assert asked(Warehouse.open(Store(tmp_path))) == [6, 12]


def test_a_lost_pointer_is_written_again_by_restoring(store: Store, archive: Path, tmp_path: Path) -> None:
    restore(Store(tmp_path), archive)
    (tmp_path / "CURRENT").write_text("garbage")
    assert Store(tmp_path).current().notices
    restore(Store(tmp_path), archive, force=True)
    assert Store(tmp_path).current().notices == ()


def test_backup_is_one_private_file_written_whole_or_not_at_all(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.tar.gz"
    made = backup(store, file)
    assert made.file == file and made.packed == file.stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == ["b.tar.gz"]
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupError, match="not overwritten"):
        backup(store, file)
    with pytest.raises(BackupError, match=r"\*\.tar\.gz"):
        backup(store, tmp_path / "b.zip")
    with pytest.raises(BackupError):
        backup(store, tmp_path / "nowhere" / "b.tar.gz")
    # The archive can be opened by hand, and holds the layout of a home.
    with tarfile.open(file) as opened:
        names = opened.getnames()
    assert names[0] == "backup.json" and f"snapshots/{store.current().id}/{DATABASE}" in names

    def half(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_add", half)
    with pytest.raises(BackupError, match="full"):
        backup(store, tmp_path / "c.tar.gz")
    assert [p.name for p in tmp_path.iterdir()] == ["b.tar.gz"]


def test_what_is_damaged_is_not_backed_up(tmp_path: Path) -> None:
    home = Store(tmp_path / "home")
    with pytest.raises(BackupError, match="daomap build"):
        backup(home, tmp_path / "b.tar.gz")
    first = publish_batches(home, Settings(), [batch(rows(1))])
    second = publish_batches(home, Settings(), [batch(rows(2), sha="2")])
    reader = Store(home.home)
    assert reader.current().id == second.id
    layer = next(
        p
        for p in second.path.rglob("*.geojson.gz")
        if not p.samefile(first.path / p.relative_to(second.path))
    )
    layer.chmod(0o644)
    data = layer.read_bytes()
    layer.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    # This store has hashed the files before the damage and has not looked since.
    with pytest.raises(BackupError, match="not as published"):
        backup(reader, tmp_path / "b.tar.gz")
    layer.write_bytes(data[:-1])
    with pytest.raises(BackupError, match="not as published"):
        backup(reader, tmp_path / "b.tar.gz")
    # A new look falls back to what is sound, and that is what is kept.
    assert backup(Store(home.home), tmp_path / "b.tar.gz").snapshots == (first.id,)


def test_backup_while_imports_go_on(tmp_path: Path) -> None:
    """Snapshots are pruned under the reader's hands; the archive is one of them, whole."""
    home = Store(tmp_path / "home", keep=1)
    publish_batches(home, Settings(), [batch(rows(1))])
    stop = threading.Event()
    published = [1.0]

    def publish() -> None:
        while not stop.is_set():
            value = published[-1] + 1
            publish_batches(Store(home.home, keep=1), Settings(), [batch(rows(value), sha=str(value))])
            published.append(value)

    writer = threading.Thread(target=publish)
    writer.start()
    try:
        made = 0
        deadline = time.monotonic() + 60
        while made < 6 and time.monotonic() < deadline:
            try:
                backup(Store(home.home), tmp_path / f"{made}.tar.gz")
            except BackupError as error:
                assert "No such file" in error.en or "cannot use" in error.en, error.en
                continue
            made += 1
    finally:
        stop.set()
        writer.join()
    assert made == 6
    for number in range(made):
        target = Store(tmp_path / f"home-{number}")
        first, second = asked(Warehouse(restore(target, tmp_path / f"{number}.tar.gz")[0]))
        assert first in published and second == 2 * first


def test_a_cut_off_archive_is_refused_wherever_it_ends(archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    chance = random.Random(1)
    home = tmp_path / "home"
    publish_batches(Store(home), Settings(), [batch(rows(1))])
    before = state(home)
    ends = [0, 1, 9, 10, 11, len(data) - 1, len(data) - 4, len(data) - 8, len(data) - 9]
    ends += [chance.randrange(len(data)) for _ in range(40)]
    for end in ends:
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes(data[:end])
        _refuse(home, broken, before)


def test_a_flipped_bit_is_refused_wherever_it_is(archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    chance = random.Random(2)
    home = tmp_path / "home"
    publish_batches(Store(home), Settings(), [batch(rows(1))])
    before = state(home)
    places = [(byte, bit) for byte in range(10) for bit in range(8)]
    places += [(chance.randrange(10, len(data) - 9), chance.randrange(8)) for _ in range(60)]
    places += [(len(data) - byte, bit) for byte in range(1, 9) for bit in (0, 7)]
    for byte, bit in places:
        damaged = bytearray(data)
        damaged[byte] ^= 1 << bit
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes(damaged)
        _refuse(home, broken, before)


def _refuse(home: Path, broken: Path, before: dict[str, str]) -> None:
    with pytest.raises(BackupError) as caught:
        restore(Store(home), broken, force=True)
    for text in (caught.value.th, caught.value.en):
        assert broken.name in text and "\n" not in text
    assert "nothing changed" in caught.value.en and "ไม่มีอะไรเปลี่ยน" in caught.value.th
    assert state(home) == before and not list((home / "staging").iterdir())


# -- archives somebody made up ------------------------------------------------


def repack(archive: Path, goal: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]) -> Path:
    """The archive with other members, its own checksums right."""
    with tarfile.open(archive) as opened:
        members = [(m, opened.extractfile(m).read()) for m in opened.getmembers()]  # type: ignore[union-attr]
    change(members)
    with (
        goal.open("wb") as handle,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=handle, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as out,
    ):
        for member, data in members:
            if member.isreg():
                member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return goal


def with_manifest(members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, object]) -> None:
    """Put a manifest in and make every hash and name around it agree: a lie told consistently."""
    text = json.dumps(manifest).encode()
    sha = hashlib.sha256(text).hexdigest()
    index = json.loads(members[0][1])
    old = index["current"]
    new = f"{old[:12]}{sha[:12]}"
    index["current"] = new
    index["snapshots"] = [{"name": new, "sha256": sha, "size": len(text)}]
    members[0] = (members[0][0], json.dumps(index).encode())
    members[1] = (members[1][0], text)
    for member, _ in members[1:]:
        member.name = member.name.replace(old, new)


def renamed(path: str) -> Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]:
    """A manifest that consistently names its last file `path`."""

    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        manifest = json.loads(members[1][1])
        last = sorted(manifest["files"])[-1]
        assert last == DATABASE
        first = sorted(manifest["files"])[0]
        manifest["files"] = {path if k == first else k: v for k, v in manifest["files"].items()}
        for member, _ in members:
            if member.name.endswith(first):
                member.name = member.name.removesuffix(first) + path
        with_manifest(members, manifest)

    return change


def extra(member: tarfile.TarInfo, place: int = 1) -> Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]:
    return lambda members: members.insert(place if place >= 0 else len(members), (member, b"x" * member.size))


def special(kind: bytes, name: str = "snapshots/link", link: str = "/etc/passwd") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def plain(name: str, size: int = 4) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def lie(**facts: object) -> Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        manifest = json.loads(members[1][1])
        manifest["files"][DATABASE] |= facts
        with_manifest(members, manifest)

    return change


HOSTILE = {
    "upwards": renamed("../../../../tmp/daomap-escaped"),
    "upwards inside": renamed("layers/../../../daomap-escaped"),
    "absolute": renamed("/tmp/daomap-escaped"),
    "hidden": renamed(".bashrc"),
    "backslash": renamed("layers\\..\\daomap-escaped"),
    "drive": renamed("C:daomap-escaped"),
    "log beside the database": renamed("warehouse.duckdb.wal"),
    "its own manifest": renamed("manifest.json"),
    "very long": renamed("layers/" + "a" * 300),
    "line break": renamed("layers/a\nb"),
    "member upwards": extra(plain("../daomap-escaped")),
    "member absolute": extra(plain("/tmp/daomap-escaped")),
    "member at the end": extra(plain("snapshots/more"), -1),
    "symbolic link": extra(special(tarfile.SYMTYPE)),
    "hard link": extra(special(tarfile.LNKTYPE)),
    "symbolic link first": extra(special(tarfile.SYMTYPE), 0),
    "device": extra(special(tarfile.CHRTYPE)),
    "pipe": extra(special(tarfile.FIFOTYPE)),
    "folder": extra(special(tarfile.DIRTYPE)),
    "long name header": extra(plain("x" * 5000)),
    "too large": lie(size=10**12),
    "negative": lie(size=-1),
    "size of another": lie(size=17),
    "hash of another": lie(sha256="0" * 64),
    "hash that is a path": lie(sha256="../../x"),
    "missing file": lambda members: members.pop(),
    "missing manifest": lambda members: members.pop(1),
    "missing index": lambda members: members.pop(0),
    "wrong order": lambda members: members.reverse(),
    "twice": lambda members: members.append(members[-1]),
    "other bytes": lambda members: members.__setitem__(-1, (members[-1][0], b"x" * len(members[-1][1]))),
    "index is a list": lambda members: members.__setitem__(0, (members[0][0], b"[]")),
    "index is not text": lambda members: members.__setitem__(0, (members[0][0], b"\xff\xfe")),
    "empty": lambda members: members.clear(),
    "bomb behind the end": None,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_made_up_archive_is_refused_and_writes_nowhere(name: str, archive: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    publish_batches(Store(home), Settings(), [batch(rows(1))])
    before = state(home)
    broken = tmp_path / "broken.tar.gz"
    change = HOSTILE[name]
    if change is None:
        with broken.open("wb") as handle, gzip.GzipFile("", "wb", 6, handle, mtime=0) as packed:
            packed.write(gzip.decompress(archive.read_bytes()))
            for _ in range(8):
                packed.write(bytes(1 << 20))
    else:
        repack(archive, broken, change)
    _refuse(home, broken, before)
    with pytest.raises(BackupError):
        inspect(broken)
    assert not list(tmp_path.rglob("*escaped*")) and not list(Path("/tmp").glob("daomap-escaped*"))


def test_a_repacked_archive_that_is_right_is_taken(archive: Path, tmp_path: Path) -> None:
    """The made-up ones above are refused for what they are, not for being repacked."""

    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        with_manifest(members, json.loads(members[1][1]))

    info, new = restore(Store(tmp_path / "home"), repack(archive, tmp_path / "good.tar.gz", change))
    assert new and asked(Warehouse(info)) == [6, 12]


def test_a_file_that_is_no_archive(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    for name, data in {"text": b"hello", "empty": b"", "zip": b"PK\3\4" + bytes(100)}.items():
        (tmp_path / f"{name}.tar.gz").write_bytes(data)
    for name in ("text", "empty", "zip", "missing"):
        assert main(["--language", "en", "restore", str(tmp_path / f"{name}.tar.gz")]) == 1
        error = capsys.readouterr().err.strip().splitlines()
        assert re.match(rf"not restored from {name}\.tar\.gz: .* To mend: ", error[-1]), error
    assert Store(tmp_path / "home").current() is None


def test_too_little_room_is_said_before_anything_is_written(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(BackupError, match="MB are needed"):
        restore(Store(tmp_path), archive)
    assert Store(tmp_path).current() is None
