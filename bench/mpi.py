"""The index of 36 million persons in every subdistrict, against DuckDB SQL written by hand and against PyPI's mpitb.

The country is made here: households of three persons in 7,436 subdistricts, sorted by area, seventeen indicators of three states
and a few missing, drawn by hashing the number of the household. Every side gives, for every subdistrict, persons, poor, H, A, M0,
uncensored and censored headcounts, contributions and the distribution of scores at k = 18 %, a cut-off no sum of weights meets,
so that rounding decides nothing. Sides take turns, each in a process of its own with two threads, and have to agree.

- *ours* reads the Parquet files, counts profiles and works the measures out, as `daomap mpi compute` does.
- *SQL by hand* reads the same files in one statement, with the same settings of DuckDB.
- *mpitb* holds a table in pandas; its clock starts when the table is ready, ours when the file is opened.
- *whole command* is `daomap mpi compute`: hashes of the files, checks of every row, four levels, CSV and Parquet.

    python -m bench.mpi                     # ours, SQL and the whole command at 36 million
    python -m bench.mpi --peer              # mpitb on what it can hold
    python -m bench.mpi --grow              # 10^5 to 10^8 rows, drawn in bench/mpi.svg
    python -m bench.mpi --spark 1000000     # the same on local Spark

Files lie in DAOMAP_BENCH_HOME or the temporary folder, about 2 bytes a row, and are kept for the next run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

import duckdb
import numpy as np
import pandas as pd

from analytics.survey_columns import DEPRIVATIONS
from bench.import_tpmap import Watched, watch
from bench.machine import facts, size, table

ROWS = 36_000_000
SIZES = (100_000, 1_000_000, 10_000_000, 36_000_000, 100_000_000)
TURNS = 3
THREADS = 2
MEMORY_MB = 3072
SEED = 2566
K = "18 %"
COLUMNS = [f"ind{n}" for n in DEPRIVATIONS]
# Sixtieths of the whole weight, in the order of the columns: fifths shared by four, four, four, three and two indicators.
WEIGHTS = (3,) * 12 + (4,) * 3 + (6,) * 2
PART = 4_000_000
COLOURS = ("#0b6e4f", "#b5442e", "#3a5ba0")


def subdistricts() -> list[str]:
    """Official codes, ascending."""
    from geo.codes import official_areas

    return sorted(code for code in official_areas() if len(code) == 6)


def make(rows: int, folder: Path, areas: Sequence[str] | None = None) -> Path:
    """Write the country as parts of Parquet; the same rows give the same answers.

    Parameters
    ----------
    rows : int
    folder : Path
        Made; kept as it is where it is there.
    areas : sequence of str, optional
        Codes; default: all subdistricts.
    """
    if folder.is_dir():
        return folder
    codes = list(areas if areas is not None else subdistricts())
    draft = folder.with_name(folder.name + ".part")
    draft.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"threads": THREADS})
    connection.register("areas", pd.DataFrame({"at": range(len(codes)), "area_code": codes}))
    states = ",\n".join(
        f"CASE WHEN hash(h, {at}, {SEED}) % 1000 < 1 THEN NULL "
        f"WHEN hash(h, {at + 100}, {SEED}) % 100 < {(at * 7) % 40} THEN 2 "
        f"WHEN hash(h, {at + 200}, {SEED}) % 10000 < hard * ({40 + 15 * at} + (area * 37) % 400) THEN 1 "
        f"ELSE 0 END::TINYINT AS {name}"
        for at, name in enumerate(COLUMNS)
    )
    for part, first in enumerate(range(0, rows, PART)):
        last = min(first + PART, rows)
        connection.execute(
            f"""
            COPY (
                SELECT area_code, 2022::SMALLINT AS year, 'H' || lpad(h::VARCHAR, 9, '0') AS household_id, {states}
                FROM (
                    SELECT i // 3 AS h, CASE WHEN hash(i // 3, {SEED}) % 10 = 0 THEN 6 ELSE 1 END AS hard,
                        (i // 3) * {len(codes)} // {math.ceil(rows / 3)} AS area
                    FROM range({first}, {last}) AS t(i)
                ) JOIN areas ON areas.at = area
                ORDER BY area_code, household_id
            ) TO '{draft}/part-{part:03d}.parquet' (FORMAT parquet, COMPRESSION zstd)
            """
        )
    draft.rename(folder)
    return folder


def spec() -> Any:
    from analytics.mpi_specs import load_spec

    return load_spec("tpmap12").with_k(K)


def ours(folder: Path, engine: str = "duckdb") -> pd.DataFrame:
    """Measures of every subdistrict, as the command computes them."""
    from analytics.alkire_foster import measures, profiles
    from warehouse.mpi_engine import open_engine

    with (
        tempfile.TemporaryDirectory() as scratch,
        open_engine(
            engine,  # type: ignore[arg-type]
            [str(folder)],
            scratch=Path(scratch),
            threads=THREADS,
            memory_mb=MEMORY_MB,
        ) as opened,
    ):
        counted = opened.run(profiles(opened.read([str(folder)]), spec(), by=["area_code"]))
    return measures(counted.to_pandas(), spec())


def by_hand(folder: Path) -> pd.DataFrame:
    """The same in one statement: one row an area."""
    least = math.ceil(0.18 * 60)
    deprived = ", ".join(f"coalesce({c} = 1, false)::TINYINT AS {c}" for c in COLUMNS)
    score = " + ".join(f"{w} * {c}" for w, c in zip(WEIGHTS, COLUMNS, strict=True))
    sums = ", ".join(
        f"sum({c}) / count(*) AS hd_{c}, sum({c}) FILTER (poor) / count(*) AS hdk_{c}, "
        f"sum({c}) FILTER (poor) * {w} / 60 / count(*) AS actb_{c}, "
        f"100 * sum({c}) FILTER (poor) * {w} / sum(score) FILTER (poor) AS pctb_{c}"
        for w, c in zip(WEIGHTS, COLUMNS, strict=True)
    )
    bands = ", ".join(
        f"count(*) FILTER (score > {6 * b - 6} AND score <= {6 * b}) / count(*) AS band_{10 * b}"
        for b in range(11)
    )
    with tempfile.TemporaryDirectory() as scratch:
        connection = duckdb.connect(
            config={
                "threads": THREADS,
                "memory_limit": f"{MEMORY_MB}MB",
                "temp_directory": scratch,
                "preserve_insertion_order": "false",
            }
        )
        return connection.execute(
            f"""
            WITH states AS (SELECT area_code, {deprived} FROM read_parquet('{folder}/*.parquet')),
            scores AS (SELECT *, ({score})::SMALLINT AS score FROM states),
            persons AS (SELECT *, score >= {least} AS poor FROM scores)
            SELECT area_code, count(*) AS n, count(*) FILTER (poor) AS poor, count(*) FILTER (poor) / count(*) AS h,
                sum(score) FILTER (poor) / 60 / count(*) FILTER (poor) AS a,
                coalesce(sum(score) FILTER (poor), 0) / 60 / count(*) AS m0, {sums}, {bands}
            FROM persons GROUP BY area_code ORDER BY area_code
            """
        ).df()


def mpitb(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The same with PyPI's mpitb over the areas of a table of zeros and ones."""
    from mpitb import mpi

    mpi.set(name="x", dimensions=[(COLUMNS, "all")], replace=True)
    weights = {c: w / 60 for w, c in zip(WEIGHTS, COLUMNS, strict=True)}
    mpi.est(df=frame, name="x", klist=[18], weights=weights, over=["area_code"], lframe="x", replace=True)
    found: list[dict[str, Any]] = mpi.results["x"]
    return found


def held(folder: Path) -> pd.DataFrame:
    """The table mpitb reads: what does not apply or is missing is no deprivation."""
    frame = pd.read_parquet(folder, columns=["area_code", *COLUMNS])
    return frame.assign(**{c: (frame[c] == 1).astype(int) for c in COLUMNS})


def agree(long: pd.DataFrame, wide: pd.DataFrame) -> None:
    """Stop where two sides differ."""
    value = long.set_index(["area_code", "measure", "indicator"])["value"].unstack([1, 2])
    ids = {i.column: i.id for i in spec().indicators}
    pairs = [("n", "", "n"), ("poor", "", "poor"), ("H", "", "h"), ("A", "", "a"), ("M0", "", "m0")]
    pairs += [(f"score_{10 * b}", "", f"band_{10 * b}") for b in range(11)]
    for name, short in (
        ("uncensored", "hd"),
        ("censored", "hdk"),
        ("contribution_absolute", "actb"),
        ("contribution_percent", "pctb"),
    ):
        pairs += [(name, ids[c], f"{short}_{c}") for c in COLUMNS]
    wide = wide.set_index("area_code").loc[value.index]
    for measure, indicator, column in pairs:
        if (measure, indicator) not in value:
            raise AssertionError(f"{measure} {indicator} is missing")
        np.testing.assert_allclose(
            value[measure, indicator].fillna(0), wide[column].fillna(0), rtol=1e-9, atol=1e-12, err_msg=column
        )


# -- measuring ----------------------------------------------------------------------


def side(name: str, folder: Path, scratch: Path) -> dict[str, float]:
    """Run one side in this process; seconds from the opened file to the measures, by the clock and of processors.

    Work of others on the machine lengthens the first and hardly the second. Spark's own processes are in the first only.
    """
    frame = held(folder) if name == "mpitb" else None
    for module in (
        "analytics.alkire_foster",
        "warehouse.mpi_engine",
        "warehouse.mpi_inputs",
        "ibis",
        "mpitb",
    ):
        import_module(module)  # loading code is not what is compared
    started, used = time.perf_counter(), time.process_time()
    if frame is not None:
        mpitb(frame)
    elif name == "command":
        from warehouse.cli import main as daomap

        out = scratch / "out"
        if daomap(["mpi", "compute", str(folder), "--out", str(out), "--k", K, "--language", "en"]) != 0:
            raise RuntimeError("the command failed")
    elif name == "sql":
        by_hand(folder)
    else:
        ours(folder, name)
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - used}


Found = tuple[float, float, float]


def measure(name: str, folder: Path) -> Watched:
    """One side in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        return watch([sys.executable, "-m", "bench.mpi", "--side", name, str(folder), scratch])


def turns(names: Sequence[str], folder: Path, count: int) -> dict[str, Found]:
    """Median seconds, of the clock and of processors, and highest memory of each side, one after the other in every turn."""
    seen: dict[str, list[Watched]] = {name: [] for name in names}
    for turn in range(count):
        for name in names if turn % 2 == 0 else tuple(reversed(names)):
            seen[name].append(measure(name, folder))
            print(f"{folder.name} {name} {seen[name][-1].result['seconds']:.1f} s", file=sys.stderr)
    return {
        name: (
            median(w.result["seconds"] for w in all_),
            median(w.result["cpu"] for w in all_),
            max(w.memory for w in all_),
        )
        for name, all_ in seen.items()
    }


def rows_of(found: Mapping[str, Found], peer: str) -> list[list[str]]:
    """Lines of the result: seconds and how many times the peer, by the clock and of processors; memory."""
    clock, processors, _ = found[peer]
    return [
        [
            name,
            f"{seconds:.1f}",
            f"{seconds / clock:.2f} x",
            f"{cpu:.1f}",
            f"{cpu / processors:.2f} x",
            size(memory),
        ]
        for name, (seconds, cpu, memory) in found.items()
    ]


def home() -> Path:
    """Where the made files are kept."""
    return Path(os.environ.get("DAOMAP_BENCH_HOME") or Path(tempfile.gettempdir()) / "daomap-bench") / "mpi"


def made(rows: int, areas: Sequence[str] | None = None, name: str = "") -> Path:
    started = time.perf_counter()
    folder = make(rows, home() / f"rows-{rows}{name}", areas)
    print(f"{folder} {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return folder


# -- the drawing ----------------------------------------------------------------------


def ticks(low: float, high: float) -> Iterator[float]:
    """Powers of ten that span a range.

    >>> list(ticks(0.3, 20))
    [0.1, 1.0, 10.0, 100.0]
    """
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        yield 10.0**power


def drawing(lines: Mapping[str, Sequence[tuple[float, float]]], x_name: str, y_name: str) -> str:
    """An SVG of lines on logarithmic axes, readable on white and on black."""
    width, height, left, top, right, bottom = 640, 400, 60, 16, 150, 46
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    x_ticks, y_ticks = list(ticks(min(xs), max(xs))), list(ticks(min(ys), max(ys)))

    def place(value: float, marks: Sequence[float], low: float, high: float) -> float:
        part = (math.log10(value) - math.log10(marks[0])) / (math.log10(marks[-1]) - math.log10(marks[0]))
        return low + part * (high - low)

    def x_at(value: float) -> float:
        return place(value, x_ticks, left, width - right)

    def y_at(value: float) -> float:
        return place(value, y_ticks, height - bottom, top)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(y_name)} / {escape(x_name)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for mark in x_ticks:
        parts.append(
            f'<path d="M{x_at(mark):.1f} {top}V{height - bottom}" stroke="#dddddd"/>'
            f'<text x="{x_at(mark):.1f}" y="{height - bottom + 16}" text-anchor="middle">{mark:,.0f}</text>'
        )
    for mark in y_ticks:
        parts.append(
            f'<path d="M{left} {y_at(mark):.1f}H{width - right}" stroke="#dddddd"/>'
            f'<text x="{left - 6}" y="{y_at(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>'
        )
    for points, colour in zip(lines.values(), COLOURS, strict=False):
        path = " ".join(f"{x_at(x):.1f},{y_at(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
    ends = sorted(
        (y_at(points[-1][1]), name, colour)
        for (name, points), colour in zip(lines.items(), COLOURS, strict=False)
    )
    low = -math.inf
    for y, name, colour in ends:
        low = max(y, low + 15)
        parts.append(f'<text x="{width - right + 8}" y="{low + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    parts.append(
        f'<text x="{(left + width - right) / 2}" y="{height - 8}" text-anchor="middle">{escape(x_name)}</text>'
        f'<text transform="translate(14 {(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_name)}</text></svg>"
    )
    return "\n".join(parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--grow", action="store_true")
    parser.add_argument("--spark", type=int, metavar="ROWS")
    parser.add_argument("--side", nargs=3, metavar=("NAME", "FOLDER", "SCRATCH"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.side:
        name, folder, scratch = options.side
        print(json.dumps(side(name, Path(folder), Path(scratch))))
        return 0
    print(facts())
    heading = ("way", "s", "ratio", "processor s", "ratio", "peak memory")
    if options.peer:
        # Whole provinces and whole subdistricts: mpitb's time grows with rows and, more, with the number of areas.
        for rows, codes in (
            (1_000_000, sorted({c[:2] for c in subdistricts()})),
            (100_000, subdistricts()[:743]),
        ):
            folder = made(rows, codes, f"-in-{len(codes)}")
            found = turns(("duckdb", "mpitb"), folder, options.turns)
            print(
                f"\n{rows:,} rows, {len(codes)} areas: mpitb takes "
                f"{found['mpitb'][0] / found['duckdb'][0]:.0f} x as long\n"
            )
            print(table(heading, rows_of(found, "duckdb")))
        return 0
    if options.grow:
        lines: dict[str, list[tuple[float, float]]] = {"Daomap": [], "SQL by hand": []}
        lines_of = {"duckdb": lines["Daomap"], "sql": lines["SQL by hand"]}
        told = []
        for rows in SIZES:
            found = turns(("duckdb", "sql"), made(rows), 1 if rows > ROWS else options.turns)
            for name, points in lines_of.items():
                points.append((rows, found[name][0]))
            (own, _, memory), (peer, *_) = found["duckdb"], found["sql"]
            told.append((f"{rows:,}", f"{own:.2f}", f"{peer:.2f}", f"{own / peer:.2f} x", size(memory)))
        print(table(("rows", "ours s", "SQL s", "ratio", "peak memory"), told))
        Path(__file__).with_suffix(".svg").write_text(drawing(lines, "rows", "seconds"), encoding="utf-8")
        return 0
    if options.spark:
        folder = made(options.spark)
        found = turns(("duckdb", "spark"), folder, options.turns)
        print(f"\n{options.spark:,} rows\n")
        print(table(heading, rows_of(found, "duckdb")))
        return 0
    folder = made(options.rows)
    agree(ours(folder), by_hand(folder))
    found = turns(("duckdb", "sql", "command"), folder, options.turns)
    print(f"\n{options.rows:,} rows\n")
    print(table(heading, rows_of(found, "sql")))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
