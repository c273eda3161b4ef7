"""A disk that fills up in the middle of an import: the old snapshot serves, one line says so, nothing is left behind."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from geo.codes import official_areas
from tests.faults.places import Reader, fill, small_disk
from tests.warehouse.batches import batch
from warehouse.backup import BackupError, backup
from warehouse.publish import publish_batches
from warehouse.settings import Import, Settings
from warehouse.snapshots import Store, StoreError

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def rows(value: float) -> list[tuple[str, str, int, float]]:
    return [("95", "target_poor", 2018, value), ("96", "target_poor", 2018, 2 * value)]


def check(store: Store, error: StoreError, words: tuple[str, str] = ("ดิสก์เต็ม", "full")) -> None:
    assert words[0] in error.th and words[1] in error.en, (error.th, error.en)
    assert "วิธีแก้" in error.th and "To mend" in error.en
    assert "\n" not in error.th + error.en and "Traceback" not in error.en
    assert not list(store.staging.iterdir()) and not list(store.home.glob(".CURRENT-*"))
    assert len(list(store.snapshots.iterdir())) == len(store.list())


@pytest.mark.parametrize("step", ["staging", "manifest", "pointer"])
def test_full_disk(step: str, tmp_path: Path) -> None:
    """Twenty times each: somewhere in staging, when the manifest is written, when the pointer is."""
    chance = random.Random(step)
    places = {
        "staging": ["stage", "merge", "derive", "write", "layers"],
        "manifest": ["seal"],
        "pointer": ["point"],
    }
    with small_disk(tmp_path / "disk", 24) as disk:
        store = Store(disk / "home", keep=2)
        first = publish_batches(store, Settings(), [batch(rows(5))])
        with Reader(Store(store.home), [5, 10]):
            for number in range(20):
                place = chance.choice(places[step])
                ballast: list[Path] = []

                def fill_up(
                    now: str, _part: float, place: str = place, ballast: list[Path] = ballast
                ) -> None:
                    if now == place and not ballast:
                        left = (
                            chance.choice((0, 4096, 65536)) if place not in ("layers", "seal", "point") else 0
                        )
                        ballast.append(fill(disk, left))

                with pytest.raises(StoreError) as caught:
                    publish_batches(
                        store, Settings(), [batch(rows(6), sha=f"{step}-{number}")], progress=fill_up
                    )
                check(store, caught.value)
                assert Store(store.home).current().id == first.id
                assert store.verify(first.id) == [] and [i.id for i in store.list()] == [first.id]
                ballast[0].unlink()
                # The start was written, the end perhaps not: either way nobody takes it for a success.
                assert Store(store.home).runs()[-1].state in ("failed", "aborted")
        assert publish_batches(store, Settings(), [batch(rows(7), sha="room")]).version == 2
        assert [i.version for i in store.list()] == [2, 1]


def test_full_disk_of_the_database_s_temporary_folder(tmp_path: Path) -> None:
    """An import larger than its memory, on a disk that cannot take what is put aside."""
    areas = [a.code for a in official_areas().values() if a.level == "subdistrict"]
    names = ["target_poor", "surveyed_persons", "mpi_poor", "households", "elderly", "disabled"]
    large = [(code, name, 2018, float(n)) for n, code in enumerate(areas) for name in names]
    large += [(code, f"failing_ind{i:02d}", 2018, 1.0) for code in areas for i in (1, 4, 5, 7)]
    tight = Settings.model_construct(import_=Import.model_construct(workers=1, memory_mb=64))
    put_aside = 0
    incoming = batch([*rows(6), *large], sha="large")
    with small_disk(tmp_path / "disk", 60) as disk:
        store = Store(disk / "home")
        first = publish_batches(store, Settings(), [batch(rows(5))])
        with Reader(Store(store.home), [5, 10]):
            for number in range(20):
                ballast: list[Path] = []

                def fill_up(
                    now: str, _part: float, ballast: list[Path] = ballast, number: int = number
                ) -> None:
                    if now == "merge" and not ballast:
                        ballast.append(fill(disk, 7_000_000 + 120_000 * number))

                with pytest.raises(StoreError) as caught:
                    publish_batches(store, tight, [incoming], progress=fill_up)
                check(store, caught.value)
                put_aside += "max_temp_directory_size" in str(caught.value.__cause__)
                assert Store(store.home).current().id == first.id
                ballast[0].unlink()
        assert put_aside >= 10


def test_no_room_for_the_journal(tmp_path: Path) -> None:
    """Not one byte left: the work does not begin, and what is there is not damaged."""
    with small_disk(tmp_path / "disk", 12) as disk:
        store = Store(disk / "home")
        publish_batches(store, Settings(), [batch(rows(5))])
        before = store.journal.path.read_bytes()
        for number in range(20):
            if number % 2:
                # A page that is half used takes a part of a line; it must not stay.
                with store.journal.path.open("ab") as handle:
                    handle.write(b"\n" * (4096 - len(before) % 4096 - 40))
                before = store.journal.path.read_bytes()
            ballast = fill(disk, 0)
            with pytest.raises(StoreError) as caught:
                publish_batches(store, Settings(), [batch(rows(6), sha=str(number))])
            check(store, caught.value)
            after = store.journal.path.read_bytes()
            assert after == before or after.endswith(b"\n")
            before = after
            assert store.journal.read()[1] == 0
            # Sweeping makes room and therefore needs none.
            (store.staging / "left-over").mkdir()
            assert "Removed 1" in Store(store.home).sweep()[0].en
            ballast.unlink()
        assert publish_batches(store, Settings(), [batch(rows(7), sha="room")]).version == 2


def test_no_room_for_a_backup(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    publish_batches(store, Settings(), [batch(rows(5))])
    with small_disk(tmp_path / "disk", 1) as disk:
        for number in range(20):
            ballast = fill(disk, 4096 * number)
            with pytest.raises(BackupError, match="full") as caught:
                backup(store, disk / "b.tar.gz")
            assert "ดิสก์เต็ม" in caught.value.th
            assert [p.name for p in disk.iterdir()] == ["ballast"]
            ballast.unlink()


LIMITED = """
import json, random, resource, sys
from pathlib import Path
from tests.faults.places import Reader
from tests.warehouse.batches import batch
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store, StoreError

home = Path(sys.argv[1])
rows = lambda v: [("95", "target_poor", 2018, v), ("96", "target_poor", 2018, 2 * v)]
store = Store(home)
first = publish_batches(store, Settings(), [batch(rows(5.0))])
largest = max(p.stat().st_size for p in first.path.rglob("*"))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
told = []
with Reader(Store(home), [5, 10]):
    for number in range(20):
        limit = random.Random(number).randrange(4096, largest)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            publish_batches(store, Settings(), [batch(rows(6.0), sha=str(number))])
            text = "published"
        except StoreError as error:
            text = [error.th, error.en]
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        told.append({"limit": limit, "told": text, "left": len(list(store.staging.iterdir()))})
        assert Store(home).current().id == first.id, number
assert publish_batches(store, Settings(), [batch(rows(7.0), sha="room")]).version == 2
print(json.dumps(told))
"""


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """The same without mounting anything: the system's limit of a file's size, twenty different ones."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED), str(tmp_path / "home")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told) == 20
    for one in told:
        assert one["left"] == 0 and one["told"] != "published", one
        th, en = one["told"]
        assert "To mend" in en and "วิธีแก้" in th and "\n" not in th + en, one
        assert "limit" in en and "ขีดจำกัด" in th, one
