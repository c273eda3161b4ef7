"""Damaged snapshots, lost pointers, stray logs, read-only disks and wrong clocks: another snapshot or one line."""

from __future__ import annotations

import gzip
import json
import logging
import os
import random
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.faults.places import Reader, remount, small_disk
from tests.warehouse.batches import batch
from warehouse.cli import main
from warehouse.publish import publish_batches
from warehouse.query import Warehouse, layer_file, serving
from warehouse.settings import Settings
from warehouse.snapshots import DATABASE, MANIFEST, SnapshotInfo, Store, StoreBusy, StoreError

ROOT = Path(__file__).resolve().parents[2]
LAYER = ("province", "TH", "poverty-2018")


def rows(value: float) -> list[tuple[str, str, int, float]]:
    return [("95", "target_poor", 2018, value), ("96", "target_poor", 2018, 2 * value)]


def asked(house: Warehouse) -> list[float]:
    return house.values("target_poor", level="province", year=2018, source="made")["value"].dropna().tolist()


def drawn(store: Store, snapshot: str) -> float | None:
    """What the map says of province 95, or None where there is no layer to show."""
    path = layer_file(store.snapshots, snapshot, *LAYER)
    if path is None:
        return None
    features = json.loads(gzip.decompress(path.read_bytes()))["features"]
    return next(f["properties"]["target_poor"] for f in features if f["properties"]["code"] == "95")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three snapshots whose values are 5, 6 and 7; the layers of 2020 are shared by all."""
    home = tmp_path_factory.mktemp("original")
    store = Store(home)
    publish_batches(store, Settings(), [batch([*rows(5), ("95", "target_poor", 2020, 1.0)])])
    for value in (6, 7):
        publish_batches(store, Settings(), [batch(rows(value), sha=str(value), file=f"{value}.csv")])
    return home


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, hard links kept."""
    goal = tmp_path / "home"
    subprocess.run(["cp", "-a", str(original), str(goal)], check=True)
    yield goal


class Damage:
    """Damages a file where it lies, and takes it back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = path.read_bytes()
        path.chmod(0o644)

    def write(self, data: bytes) -> None:
        with self.path.open("r+b") as handle:
            handle.truncate(len(data))
            handle.write(data)

    def take_back(self) -> None:
        if not self.path.exists():
            self.path.write_bytes(self.before)
        self.write(self.before)

    def random(self, chance: random.Random) -> str:
        data = bytearray(self.before)
        how = chance.choice(("truncate", "flip", "flip", "flips", "zeros", "swap", "append", "remove"))
        if how == "truncate":
            data = data[: chance.randrange(len(data))]
        elif how == "append":
            data += bytes([chance.randrange(256)])
        elif how == "zeros":
            start = chance.randrange(len(data))
            # Some that are not zero already: what does not change a byte is no damage.
            while not any(data[start : start + 64]):
                start = chance.randrange(len(data))
            data[start : start + 64] = bytes(len(data[start : start + 64]))
        elif how == "swap":
            middle = chance.randrange(1, len(data))
            data = data[middle:] + data[:middle]
        elif how == "remove":
            if self.path.stat().st_nlink > 1:
                self.write(b"")  # to unlink one name of a shared file would leave the others whole
            else:
                self.path.unlink()
            return how
        for _ in range({"flip": 1, "flips": chance.randrange(2, 513)}.get(how, 0)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        if bytes(data) == self.before:
            data[0] ^= 1
        self.write(bytes(data))
        return how


@pytest.mark.parametrize(
    ("what", "cases"), [("database", 80), ("manifest", 50), ("own layer", 40), ("shared layer", 40)]
)
def test_generated_damage(what: str, cases: int, home: Path) -> None:
    """Whatever happens to a file of the newest snapshot: its numbers or those of another, never a third thing."""
    chance = random.Random(what)
    newest, second, third = Store(home).list()
    values = {newest.id: [7, 14], second.id: [6, 12], third.id: [5, 10]}
    layers = sorted((newest.path / "layers").rglob("*.gz"))
    shared = [p for p in layers if p.stat().st_nlink > 1]
    own = [p for p in layers if p.stat().st_nlink == 1]
    assert shared and own
    kinds: Counter[str] = Counter()
    for _ in range(cases):
        path = {
            "database": newest.database,
            "manifest": newest.path / MANIFEST,
            "own layer": chance.choice(own),
            "shared layer": chance.choice(shared),
        }[what]
        damage = Damage(path)
        kinds[damage.random(chance)] += 1
        store = Store(home)
        house = Warehouse.open(store)
        info = house.info
        assert asked(house) == values[info.id]
        assert len(info.notices) == 1
        notice = info.notices[0]
        assert notice.th and notice.en and "\n" not in notice.th + notice.en
        if what == "shared layer":
            # All three have this very file: the newest is used without it, the numbers are whole.
            assert info.id == newest.id and info.damaged == (path.relative_to(newest.path).as_posix(),)
            name = path.name.removesuffix(".geojson.gz")
            assert layer_file(store.snapshots, info.id, *path.parts[-3:-1], name) is None
            assert drawn(store, info.id) == 7
        else:
            assert info.id == second.id and newest.id in notice.en
            assert drawn(store, info.id) == 6
        house.close()
        damage.take_back()
        assert Store(home).current().id == newest.id and Store(home).current().notices == ()
    assert len(kinds) >= 5, kinds


def test_damaged_layers_are_drawn_again(home: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    newest = Store(home).current()
    shared = [p for p in (newest.path / "layers").rglob("*.gz") if p.stat().st_nlink > 1]
    for path in shared:
        Damage(path).write(b"damaged")
    assert len(Store(home).current().damaged) == len(shared) > 0
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    assert main(["--language", "en", "snapshots"]) == 0
    assert "layer files" in capsys.readouterr().err
    assert main(["--language", "en", "build", "--force"]) == 0
    mended = Store(home).current()
    assert mended.version == newest.version + 1 and mended.notices == () and mended.damaged == ()
    assert asked(Warehouse(mended)) == [7, 14]
    have = {p.relative_to(mended.path) for p in (mended.path / "layers").rglob("*.gz")}
    assert {p.relative_to(newest.path) for p in shared} <= have


def test_all_snapshots_damaged_is_one_line(home: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    for info in Store(home).list():
        Damage(info.database).write(b"")
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    for command in (["query", "target_poor", "--level", "province"], ["snapshots"], ["check"], ["sources"]):
        assert main(["--language", "en", *command]) == 1
        error = capsys.readouterr().err.strip()
        assert "no valid snapshot" in error and "daomap restore" in error and "\n" not in error
    with pytest.raises(StoreError, match="no valid snapshot"):
        serving(Store(home))


@pytest.mark.parametrize("number", range(10))
def test_lost_and_wrong_pointers(home: Path, number: int, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    newest = Store(home).current()
    pointer = home / "CURRENT"
    chance = random.Random(number)
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    garbage = [
        b"",
        b"\x00" * 100,
        b"[]",
        b"null",
        b'"x"',
        b"{" * 5000,
        bytes(chance.randrange(256) for _ in range(80)),
    ]
    whole = pointer.read_bytes()
    faults = {
        "missing": None,
        "garbage": garbage[number % len(garbage)],
        "cut": whole[: chance.randrange(len(whole) - 3)],
        "elsewhere": json.dumps({"snapshot": f"../../snap-00000{number}"}).encode(),
        "no such snapshot": json.dumps({"snapshot": f"snap-{100 + number:06d}-{'0' * 12}"}).encode(),
    }
    for name, data in faults.items():
        pointer.unlink(missing_ok=True)
        if data is not None:
            pointer.write_bytes(data)
        house = serving(Store(home))
        assert (house.snapshot, asked(house)) == (newest.id, [7, 14]), name
        assert len(house.info.notices) == 1, name
        assert main(["--language", "en", "snapshots"]) == 0
        error = capsys.readouterr().err.strip()
        assert "\n" not in error and ("CURRENT" in error or "damaged" in error), (name, error)
    # The next publication counts on from the highest number anybody was pointed to.
    version = publish_batches(Store(home), Settings(), [batch(rows(8), sha="8")]).version
    assert version == 101 + number
    assert Store(home).current().notices == ()


@pytest.mark.parametrize("number", range(10))
def test_a_log_beside_a_database_is_never_replayed(
    home: Path, number: int, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """A valid one of somebody who opened the database for writing, one of another database, and garbage."""
    newest, second, _ = Store(home).list()
    log = newest.path / f"{DATABASE}.wal"
    chance = random.Random(number)
    if number % 2:
        log.write_bytes(bytes(chance.randrange(256) for _ in range(chance.randrange(1, 5000))))
    else:
        copy = home / "copy.duckdb"
        shutil.copyfile(newest.database, copy)
        code = f"""
            import os, duckdb
            c = duckdb.connect({str(copy)!r})
            c.execute("SET checkpoint_threshold='1GB'")
            c.execute("UPDATE observation SET value = 666")
            os._exit(0)
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
        shutil.move(f"{copy}.wal", log)
        copy.unlink()
    reader = serving(Store(home))
    assert (reader.snapshot, asked(reader)) == (second.id, [6, 12])
    assert f"{DATABASE}.wal" in reader.info.notices[0].en
    with pytest.raises(StoreError, match="wal"):
        Warehouse(newest)
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    told = Store(home).sweep()
    assert len(told) == 1 and "quarantine" in told[0].en and "quarantine" in told[0].th
    assert not log.exists() and len(list((home / "quarantine").iterdir())) == 1
    assert asked(serving(Store(home))) == [7, 14] and Store(home).current().notices == ()


# -- while it is being served -------------------------------------------------


@pytest.mark.parametrize("number", range(40))
def test_damage_while_it_is_served(home: Path, number: int, caplog: pytest.LogCaptureFixture) -> None:
    """Right numbers of the old file, a refusal, or the snapshot before: never a number that was not published."""
    chance = random.Random(number)
    newest, second, _ = Store(home).list()
    store = Store(home)
    house = serving(store)
    if number % 2:
        assert asked(house) == [7, 14]  # some of it is in memory already
    damage = Damage(newest.database)
    time.sleep(0.01)
    with caplog.at_level(logging.WARNING, "daomap"):
        if number % 4 == 0:
            # The worst: another database, whole and valid, written over the one that is open.
            damage.write(second.database.read_bytes())
        elif number % 4 == 1:
            other = home / "other.duckdb"
            shutil.copyfile(newest.database, other)
            with duckdb.connect(str(other)) as connection:
                connection.execute("UPDATE observation SET value = 666 WHERE source_id = 'made'")
            damage.write(other.read_bytes())
        else:
            damage.random(chance)
        refused = 0
        for _ in range(3):
            for ask in (asked, lambda h: h.profile("95", ["target_poor"], 2018)["value"].tolist()):
                try:
                    found = ask(house)
                except StoreError as error:
                    refused += 1
                    assert newest.id in error.en and newest.id in error.th and "\n" not in error.th + error.en
                else:
                    assert found in ([7, 14], [7]) and not newest.database.exists()
        # The next page opens what is sound, and says why.
        after = serving(store)
        assert (after.snapshot, asked(after)) == (second.id, [6, 12])
        assert newest.id in after.info.notices[0].en
    assert any(newest.id in record.getMessage() for record in caplog.records)
    damage.take_back()
    again = serving(Store(home))
    assert (again.snapshot, asked(again)) == (newest.id, [7, 14])


def test_an_error_of_any_name_is_damage_where_the_file_was_touched(home: Path) -> None:
    """Blocks of another database decode to nonsense, for which DuckDB has no error of its own."""
    newest, second, _ = Store(home).list()
    house = serving(Store(home))

    def nonsense(cursor: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.Error("Invalid bit width for bitpacking")

    with pytest.raises(duckdb.Error, match="bit width"):  # ours to mend: nobody touched the file
        house._ask("SELECT 1", None, nonsense)
    assert asked(house) == [7, 14]
    damage = Damage(newest.database)
    time.sleep(0.01)
    damage.write(second.database.read_bytes())
    with pytest.raises(StoreError, match="damaged while in use"):
        house._ask("SELECT 1", None, nonsense)
    assert asked(serving(Store(home))) == [6, 12]
    damage.take_back()


@pytest.mark.parametrize("number", range(5))
def test_a_block_that_goes_bad_by_itself(home: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time of the file changes, so only reading finds it: the checksums of the blocks do."""
    newest, second, _ = Store(home).list()
    for module in ("warehouse.snapshots", "warehouse.query"):
        monkeypatch.setattr(f"{module}.stamp_of", lambda path: (1,) if path.exists() else None)
    store = Store(home)
    house = serving(store)
    data = bytearray(newest.database.read_bytes())
    # Every block behind the three headers, one bit each.
    for start in range(3 * 4096 + 1000 + number, len(data), 4096):
        data[start] ^= 1
    Damage(newest.database).write(bytes(data))
    with pytest.raises(StoreError, match="damaged while in use"):
        asked(house)
    after = serving(store)
    assert (after.snapshot, asked(after)) == (second.id, [6, 12])
    assert newest.id in after.info.notices[0].en


def test_touching_a_file_without_changing_it_is_no_damage(home: Path) -> None:
    store = Store(home)
    house = serving(store)
    for _ in range(3):
        os.utime(house.info.database)
        assert asked(house) == [7, 14] and drawn(store, house.snapshot) == 7
    assert serving(store) is house and house.info.notices == ()


def test_a_layer_changed_while_it_is_served_is_not_sent(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(home)
    house = serving(store)
    assert (
        drawn(store, house.snapshot) == 7 and house.layer_url("province", "TH", "poverty", 2018) is not None
    )
    path = house.info.path / "layers/province/TH/poverty-2018.geojson.gz"
    damage = Damage(path)
    forged = gzip.compress(
        gzip.decompress(damage.before).replace(b'"target_poor":7', b'"target_poor":9'), mtime=0
    )
    assert gzip.decompress(forged) != gzip.decompress(damage.before)
    time.sleep(0.01)
    with caplog.at_level(logging.WARNING, "daomap"):
        damage.write(forged)
        assert drawn(store, house.snapshot) is None
        assert house.layer_url("province", "TH", "poverty", 2018) is None
    assert "not as published" in caplog.text
    assert asked(house) == [7, 14]


class Server:
    """In place of the process that serves, so that its start can be looked at."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("draft", "Removed 1 unfinished drafts"),
        ("aborted", "cut short: import started"),
        ("pointer", "the pointer file CURRENT is missing"),
        ("newest", "is damaged"),
        ("all", "no valid snapshot"),
    ],
)
def test_the_start_of_the_server_says_what_it_found(
    fault: str, words: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import warehouse.cli as cli

    infos = Store(home).list()
    if fault == "draft":
        (home / "staging" / "left-over").mkdir()
    elif fault == "aborted":
        Store(home).journal.append("start", "dead", kind="import")
    elif fault == "pointer":
        (home / "CURRENT").unlink()
    else:
        for info in infos if fault == "all" else infos[:1]:
            Damage(info.database).write(b"damaged")
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    monkeypatch.setattr(cli, "subprocess", type("subprocess", (), {"Popen": Server}))
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(cli, "_port_free", lambda *_: True)
    monkeypatch.setattr(cli, "Thread", lambda **_: threading.Thread(target=lambda: None))
    assert main(["--language", "en", "serve", "--headless", "--port", "1"]) == 0
    said = capsys.readouterr()
    assert words in said.err and "http://127.0.0.1:1" in said.out
    assert asked(serving(Store(home))) if fault != "all" else Store(home).current().notices == ()


# -- disks, clocks, other writers ---------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="mounts")
def test_read_only_disk(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        home = disk / "home"
        subprocess.run(["cp", "-a", str(original), str(home)], check=True)
        (home / "staging" / "left-over").mkdir()
        remount(disk, read_only=True)
        monkeypatch.setenv("DAOMAP_HOME", str(home))
        with Reader(Store(home), [7, 14]):
            for number in range(10):
                with pytest.raises(StoreError, match="cannot write") as caught:
                    publish_batches(Store(home), Settings(), [batch(rows(9), sha=str(number))])
                assert "เขียนลง" in caught.value.th and "DAOMAP_HOME" in caught.value.en
                for command in (["build", "--force"], ["rollback"]):
                    assert main(["--language", "en", *command]) == 1
                    error = capsys.readouterr().err.strip().splitlines()
                    assert "cannot write" in error[-1] and len(set(error)) == 1, error
                assert main(["query", "target_poor", "--level", "province"]) == 0
                capsys.readouterr()
        remount(disk, read_only=False)
        assert (
            Store(home).sweep()
            and publish_batches(Store(home), Settings(), [batch(rows(9), sha="9")]).version == 4
        )


@pytest.mark.skipif(
    not hasattr(os, "setuid") or os.geteuid() != 0, reason="needs root to become somebody else"
)
def test_a_home_that_belongs_to_somebody_else(original: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    subprocess.run(["cp", "-a", str(original), str(home)], check=True)
    home.chmod(0o755)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/") and folder != Path("/tmp"):
            folder.chmod(0o755)
    store = Store(home)
    with store.open_staging() as staging:
        staging.replace_file("private/true", b"for the owner alone")
        info = store.publish(staging)
    assert (info.path / "private/true").stat().st_mode & 0o777 == 0o400
    assert store.verify(info.id) == []
    code = f"""
        import os
        from warehouse.query import Warehouse
        from warehouse.snapshots import Store, StoreError
        os.setuid(65534)
        house = Warehouse.open(Store({str(home)!r}))
        print(house.values("target_poor", level="province", year=2018, source="made")["value"].dropna().tolist())
        try:
            Store({str(home)!r}).open_staging()
        except StoreError as error:
            print(error.en)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    answer, refusal = done.stdout.splitlines()
    assert answer == "[7.0, 14.0]" and refusal.startswith("cannot write to") and "To mend" in refusal
    # One that may not even be read is not taken for an empty one.
    home.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "cannot use" in last and "To mend: allow reading" in last


def test_a_clock_set_back_changes_no_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Past(datetime):
        back = timedelta()

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) - cls.back

    for module in ("warehouse.snapshots", "warehouse.journal", "warehouse.publish"):
        monkeypatch.setattr(f"{module}.datetime", Past)
    store = Store(home, keep=20)
    chance = random.Random(1)
    for number in range(10):
        Past.back = timedelta(hours=number + 1, days=chance.choice((0, 400)))
        before = Store(home).current()
        info = publish_batches(store, Settings(), [batch(rows(10 + number), sha=f"past-{number}")])
        assert info.version == before.version + 1
        assert info.created < before.created or number
        assert Store(home).current().id == info.id
        assert asked(Warehouse.open(Store(home))) == [10 + number, 20 + 2 * number]
        assert Store(home).runs()[-1].snapshot == info.id
    (home / "CURRENT").unlink()
    assert Store(home).current().id == info.id
    assert Store(home).rollback().version == info.version - 1


def test_two_imports_at_once_and_readers_meanwhile(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Twenty times: the second is told by whom while the first still works, and no reader waits for either.

    The holder lets go only when told to, so that whatever waited for it would never come back.
    """
    code = f"""
        import sys
        from warehouse.snapshots import Store
        for _ in sys.stdin:
            with Store({str(home)!r}).work("import"):
                print("held", flush=True)
                sys.stdin.readline()
            print("free", flush=True)
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None and holder.stdout is not None
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    file = tmp_path / "61_province_common.csv"
    file.write_text("province_ID\n95\n")
    with Reader(Store(home), [7, 14]) as reader:
        for _ in range(20):
            holder.stdin.write("hold\n")
            holder.stdin.flush()
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(StoreBusy) as caught:
                publish_batches(Store(home), Settings(), [batch(rows(9), sha="9")])
            assert f"process {holder.pid}" in caught.value.en and f"โปรเซส {holder.pid}" in caught.value.th
            # The command is told before it has read a single file.
            assert main(["--language", "en", "import", "tpmap", str(file)]) == 1
            error = capsys.readouterr().err.strip()
            assert f"process {holder.pid}" in error and "\n" not in error
            assert Store(home).sweep() == [] and Store(home).busy()
            assert Store(home).runs()[-1].state == "running"
            answers = reader.answers
            deadline = time.monotonic() + 30
            while reader.answers == answers and time.monotonic() < deadline:
                time.sleep(0.01)
            assert reader.answers > answers
            holder.stdin.write("go\n")
            holder.stdin.flush()
            assert holder.stdout.readline() == "free\n"
            assert not Store(home).busy()
    holder.stdin.close()
    holder.wait()
    holder.stdout.close()


def test_two_imports_of_one_process_exclude_each_other_too(home: Path) -> None:
    store = Store(home)
    caught: list[BaseException] = []

    def second() -> None:
        try:
            publish_batches(store, Settings(), [batch(rows(9), sha="9")])
        except StoreBusy as error:
            caught.append(error)

    with store.work("import"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert len(caught) == 1
    second()
    assert len(caught) == 1 and asked(Warehouse.open(store)) == [9, 18]


def test_a_damaged_journal_hides_nothing_else(home: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    journal = home / "journal.jsonl"
    whole = journal.read_bytes()
    runs = len(Store(home).runs())
    journal.write_bytes(whole[:40] + b"\xff" + whole[41:] + b'{"event": "st')
    store = Store(home)
    assert len(store.runs()) >= runs - 1 and store.journal.read()[1] >= 2
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    assert main(["--language", "en", "journal"]) == 0
    assert "cannot be read" in capsys.readouterr().err
    info: SnapshotInfo = publish_batches(store, Settings(), [batch(rows(8), sha="8")])
    assert Store(home).runs()[-1].snapshot == info.id
