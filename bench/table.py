"""The largest published table by area (42,204 rows, five years, three levels), against pandas.read_csv of the same file.

The peer reads the file and nothing else: every column as text, then the same with its own guesses of types. Ours opens it in a
confined worker, finds the header and the columns, reads every area against the register, checks sums and types, and has the
observations ready; publishing is another benchmark. Both run in turns in one process, so what they share is the same.

    python -m bench.table [FILE]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pandas as pd

from bench.machine import facts, table
from tests.realdata import real_root
from warehouse.intake import Intake
from warehouse.sources.table import read_table

FILE = "population/dopa_population_2012_2018_2021_long.csv"
TURNS = 5


def turns(works: dict[str, Callable[[], object]], count: int) -> dict[str, float]:
    """Median seconds of each work, one after the other in every turn."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(count):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
    return {name: median(found) for name, found in seconds.items()}


def rows(seconds: dict[str, float], peer: str) -> list[list[str]]:
    """Lines of the result: seconds, and how many times the peer."""
    return [[name, f"{one:.2f}", f"{one / seconds[peer]:.1f} x"] for name, one in seconds.items()]


def main(arguments: list[str]) -> int:
    """Print the result, or say that the file is missing."""
    file = Path(arguments[0]) if arguments else real_root() / FILE
    if not file.is_file():
        print(f"missing: {file} (set DAOMAP_REAL_DATA)", file=sys.stderr)
        return 1
    with Intake(workers=1) as intake:
        found = read_table(file, intake)
        works: dict[str, Callable[[], object]] = {
            "ours": lambda: read_table(file, intake),
            "pandas, text": lambda: pd.read_csv(file, dtype=str),
            "pandas, types": lambda: pd.read_csv(file),
        }
        seconds = turns(works, TURNS)
    print(facts())
    print(f"{found.batch.report.rows_read:,} rows, {found.batch.observations.num_rows:,} numbers\n")
    print(table(["way", "s", "to pandas, text"], rows(seconds, "pandas, text")))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
