"""The whole TPMAP edition of 2561 (2,710 files), against pandas.read_csv over the same files.

Each side runs in a process of its own. Ours reads, checks every row against the edition's own arithmetic, then
publishes a snapshot (rates, shares, overlaps, stars, map layers). The peer only reads: ``pandas.read_csv`` of
every file with ``dtype=str``, frames kept in a list. Memory is the highest sum of resident bytes of the process
and its children, looked at 20 times a second; pages that processes share count once for each of them.

    python -m bench.import_tpmap
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import home
from bench.machine import facts, size, table, tree_rss


@dataclass(frozen=True, slots=True)
class Watched:
    """What a process printed as its result, and its memory at the highest."""

    result: dict[str, float]
    seconds: float
    memory: int


def watch(command: Sequence[str]) -> Watched:
    """Run a command whose last line of output is a JSON object."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    highest = 0
    while process.poll() is None:
        highest = max(highest, tree_rss(process.pid))
        time.sleep(0.05)
    seconds = time.perf_counter() - started
    assert process.stdout is not None
    text = process.stdout.read()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Watched(json.loads(text.strip().splitlines()[-1]), seconds, highest)


def ours(folder: Path, data: Path) -> dict[str, float]:
    """Import into a home; seconds of reading and of publishing."""
    from warehouse.intake import Intake
    from warehouse.publish import publish_batches
    from warehouse.settings import load_settings
    from warehouse.snapshots import Store
    from warehouse.sources.tpmap import read_tpmap

    settings = load_settings()
    started = time.perf_counter()
    with Intake(workers=settings.import_.workers) as intake:
        batch = read_tpmap([folder], intake)
    read = time.perf_counter()
    publish_batches(Store(data), settings, [batch])
    return {"read": read - started, "publish": time.perf_counter() - read, "rows": batch.report.rows_read}


def peer(folder: Path) -> dict[str, float]:
    """Read every file with pandas; seconds."""
    import pandas as pd

    started = time.perf_counter()
    frames = [pd.read_csv(file, dtype=str) for file in sorted(folder.glob("*.csv"))]
    return {"read": time.perf_counter() - started, "rows": sum(map(len, frames)), "files": len(frames)}


def main() -> None:
    (folder,) = home.real_files(home.TPMAP)
    base = home.outlines()
    print(facts())
    me = [sys.executable, "-m", "bench.import_tpmap"]
    read_only = watch([*me, "peer", str(folder)])
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "home"
        shutil.copytree(base, data)
        whole = watch([*me, "ours", str(folder), str(data)])
    its, mine = read_only.result, whole.result
    rows = [
        [
            "pandas.read_csv, read only",
            f"{its['rows']:,.0f}",
            f"{its['read']:.1f}",
            "–",
            size(read_only.memory),
        ],
        [
            "ours, read and check",
            f"{mine['rows']:,.0f}",
            f"{mine['read']:.1f} ({mine['read'] / its['read']:.2f} x)",
            f"{mine['publish']:.1f}",
            f"{size(whole.memory)} ({whole.memory / read_only.memory:.1f} x)",
        ],
    ]
    print(table(("way", "rows", "read s", "publish s", "peak memory"), rows))


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        print(json.dumps(ours(Path(sys.argv[2]), Path(sys.argv[3]))))
    elif sys.argv[1:2] == ["peer"]:
        print(json.dumps(peer(Path(sys.argv[2]))))
    else:
        try:
            main()
        except home.Skipped as reason:
            sys.exit(f"skipped: {reason}")
