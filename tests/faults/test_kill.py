"""kill -9 in every step of an import: nothing acknowledged is lost, nothing half done is seen, and it is said.

``DAOMAP_KILLS=500`` kills more often than the hundred of every run.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.importer import PHASES, SHORT
from tests.faults.reader import look
from tests.warehouse.tpmap_maker import make_tpmap
from warehouse.cli import main
from warehouse.journal import ABORTED, RUNNING
from warehouse.query import Warehouse
from warehouse.snapshots import Store

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("DAOMAP_KILLS", "100"))
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kill -9 from a forking parent needs Linux")


class Importer:
    """The warm parent, spoken to by lines."""

    def __init__(self, folder: Path, home: Path, editions: Path) -> None:
        self.acks, self.log, self.home = folder / "acks", folder / "log", home
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.faults.importer",
                str(home),
                str(editions),
                str(self.acks),
                str(self.log),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        assert json.loads(self._answer())["ready"] >= 1

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def ask(self, **what: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self._answer())

    def measure(self, number: int) -> tuple[dict[str, int], dict[str, float]]:
        """Lines and seconds of every step, from one import that ends."""
        done = self.ask(how="count", number=number)
        assert done["status"] == 0, self.log.read_text()
        measured = json.loads((self.acks.parent / "measured.json").read_text())
        return measured["lines"], measured["seconds"]

    def acknowledged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.acks.read_text().splitlines()]

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Importer, Path, dict[str, list[float]]]]:
    """A home with one edition in it, an importer, and what every edition must look like."""
    editions, expected = tmp_path / "editions", {}
    for number in range(4):
        make_tpmap(
            editions / f"e{number}",
            seed=10 + number,
            levels=("province", "district"),
            masks=("11111", "10000"),
            households=5 + number,
        )
        monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / f"scratch-{number}"))
        assert main(["import", "tpmap", str(editions / f"e{number}")]) == 0
        store = Store(tmp_path / f"scratch-{number}")
        house = Warehouse.open(store)
        expected[f"e{number}"] = look(house, store.snapshots)
        house.close()
    assert len({tuple(v) for v in expected.values()}) == 4 and all(len(v) == 5 for v in expected.values())
    (tmp_path / "expected.json").write_text(json.dumps(expected))
    home = tmp_path / "home"
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    importer = Importer(tmp_path, home, editions)
    try:
        yield importer, home, expected
    finally:
        importer.close()


def _reader(home: Path, expected: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.reader", str(home), str(expected)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_kill_in_every_step(
    place: tuple[Importer, Path, dict[str, list[float]]], capsys: pytest.CaptureFixture[str]
) -> None:
    importer, home, expected = place
    chance = random.Random(int(os.environ.get("DAOMAP_SEED", "1")))
    importer.measure(0)  # the first one builds the shipped figures as well
    lines, seconds = importer.measure(1)
    assert set(lines) >= set(SHORT), lines
    reader = _reader(home, home.parent / "expected.json")
    hits: Counter[str] = Counter(dict.fromkeys(PHASES, 0))
    swept = late = repeated = 0
    number, pending = 2, False
    started = time.monotonic()
    while hits.total() < KILLS:
        phase = min(PHASES, key=lambda p: (hits[p], chance.random()))
        how = "line" if phase in SHORT else "time"
        died = importer.ask(
            how=how,
            phase=phase,
            number=number,
            skip=chance.choice((0, 0, 1)),
            line=chance.randint(1, max(lines.get(phase, 1), 1)),
            wait=chance.uniform(0, seconds.get(phase, 0.0)),
        )
        log = importer.log.read_text()
        assert died["killed"], (died, log)
        hits[died["phase"]] += 1
        # What the one before left was told by this start, if it came as far as its first file.
        if pending and (PHASES.index(died["phase"]) > 0 or "rows read" in log):
            assert "cut short" in log, log
            swept += 1
            pending = False
        acknowledged = importer.acknowledged()
        last = acknowledged[-1]

        store = Store(home)
        info = store.current()
        assert info is not None and info.notices == () and info.damaged == ()
        house = Warehouse(info)
        found = look(house, store.snapshots)
        house.close()
        edition = next(name for name, values in expected.items() if values == found)
        version = int(last["snapshot"][5:11])
        assert info.version >= version, f"lost {last}"
        if info.version == version:
            assert (info.id, edition) == (last["snapshot"], last["edition"])
        else:
            # Committed, and killed before it could be acknowledged: the import under way, and no other.
            assert info.version == version + 1
            assert edition == f"e{(last['number'] + 1) % 4}"
            late += 1
        for run in store.runs():
            assert run.state != RUNNING
        unfinished = store.journal.unfinished()
        assert len(unfinished) <= 1
        if chance.random() < 0.3:
            before = Store(home).current()
            told = Store(home).sweep()
            assert bool(told) or not (unfinished or pending)
            assert all(n.th and n.en and "\n" not in n.th + n.en for n in told)
            assert not list((home / "staging").iterdir()) and not store.journal.unfinished()
            assert Store(home).current() == before
            assert all(store.verify(i.id) == [] for i in store.list())
            swept += bool(told)
            pending = False
        else:
            pending = pending or bool(unfinished)
        # The same files again: nothing new where they had been published, an ordinary import where not.
        number = last["number"] + 1
        repeated += "nothing new" in log
    took = time.monotonic() - started

    assert reader.poll() is None, reader.communicate()
    output, errors = reader.communicate("stop\n", timeout=60)
    assert reader.returncode == 0, errors
    read = json.loads(output.splitlines()[-1])
    final = Store(home)
    final.sweep()
    runs = final.runs()
    done = {run.snapshot for run in runs if run.state == "done"}
    states = Counter(run.state for run in runs)
    with capsys.disabled():
        print(
            f"\n{hits.total()} kills in {took:.0f} s: "
            + ", ".join(f"{p} {hits[p]}" for p in PHASES)
            + f"; {len(importer.acknowledged())} imports acknowledged, 0 lost, {late} committed before their "
            f"acknowledgement, {repeated} repeated; swept {swept} times; runs {dict(states)}; "
            f"{read['reads']} reads of {read['versions']} versions, 0 torn, never back"
        )
    assert {a["snapshot"] for a in importer.acknowledged()} <= done
    assert states[ABORTED] > KILLS // 4 and states[RUNNING] == 0
    assert not list((home / "staging").iterdir()) and final.sweep() == []
    assert all(final.verify(i.id) == [] for i in final.list()) and len(final.list()) <= 5
    assert final.journal.read()[1] == 0 or states[ABORTED]
    assert min(hits.values()) >= 0.6 * KILLS / len(PHASES), hits
    assert read["reads"] > KILLS and read["versions"] > 5
    text = (home / "journal.jsonl").read_text()
    assert ".csv" not in text and str(home) not in text


def test_an_import_cut_after_it_was_published_is_known_when_repeated(
    place: tuple[Importer, Path, dict[str, list[float]]], capsys: pytest.CaptureFixture[str]
) -> None:
    importer, home, _ = place
    importer.measure(0)
    died = importer.ask(how="line", phase="prune", number=1, skip=0, line=1)
    assert died == {"killed": True, "status": 9, "phase": "prune"}
    published = Store(home).current()
    assert published.version == 3 and len(importer.acknowledged()) == 1
    assert Store(home).runs()[-1].state == ABORTED  # as far as anybody can tell before the next start
    editions = home.parent / "editions"
    assert main(["--language", "en", "import", "tpmap", str(editions / "e1")]) == 0
    said = capsys.readouterr()
    assert f"cut short after it had published {published.id}" in said.err and "nothing new" in said.out
    assert Store(home).current().id == published.id and len(Store(home).list()) == 3
    assert [r.state for r in Store(home).runs()][-2:] == ["done", "nothing_new"]
    assert main(["--language", "en", "journal", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told[-1]["state"] == "nothing_new" and len(told[-1]["imports"][0]) == 64


def test_a_snapshot_moved_in_but_never_pointed_to_is_undone(
    place: tuple[Importer, Path, dict[str, list[float]]], capsys: pytest.CaptureFixture[str]
) -> None:
    importer, home, _ = place
    importer.measure(0)
    before = Store(home).current()
    died = importer.ask(how="line", phase="point", number=1, skip=0, line=1)
    assert died["phase"] == "point"
    assert len(list((home / "snapshots").iterdir())) == 3  # it lies there, whole
    assert Store(home).current().id == before.id
    assert main(["--language", "en", "snapshots"]) == 0
    said = capsys.readouterr().out
    assert "import: aborted" in said
    assert main(["build"]) == 0
    told = capsys.readouterr().err
    assert "งานที่ถูกตัดกลางคัน: import" in told and "ลบร่างที่ไม่เสร็จ 1 รายการ" in told
    assert Store(home).list()[0].id == before.id and len(Store(home).list()) == 2
    assert main(["import", "tpmap", str(home.parent / "editions" / "e1")]) == 0
    assert Store(home).current().version == before.version + 1
