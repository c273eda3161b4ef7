"""``daomap mpi compute``: an index of multidimensional poverty from tables of persons, for every area, on DuckDB or Spark.

Reads partitioned Parquet, writes a folder of results that is there as a whole or not at all. What it writes counts persons in
small areas and is for the analyst's desk: nothing here publishes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from warehouse.report import ImportRefused, QueryError
from warehouse.settings import Settings
from warehouse.snapshots import StoreError, file_sha256, store_error

# Ibis takes a second to load, and every command of daomap reads this module's options.
if TYPE_CHECKING:
    import pandas as pd

    from analytics.mpi_specs import MpiSpec
    from warehouse.mpi_inputs import Input

LEVELS: Final = {"country": 0, "province": 2, "district": 4, "subdistrict": 6, "village": 8}
"""Levels results are made for, with the digits of their codes."""

_RESULT: Final = ("level", "area_code", "subgroup", "measure", "indicator", "value", "n")
"""Columns of the table of results; no subgroup may be called as one of them."""

Progress = Callable[[str, float], None]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``daomap mpi``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    command = actions.add_parser("compute", help="compute an index from tables of persons")
    command.add_argument("--language", choices=("th", "en"), default=argparse.SUPPRESS)
    command.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="Parquet files or folders: persons and households, or a table of deprivations",
    )
    command.add_argument(
        "--out", required=True, metavar="DIR", help="folder of the results; must not exist yet"
    )
    command.add_argument("--engine", choices=("duckdb", "spark"), default="duckdb")
    command.add_argument(
        "--master", metavar="URL", help="Spark's master, such as spark://host:7077; default local"
    )
    command.add_argument(
        "--spec", default="tpmap12", metavar="ID|FILE", help="specification; default tpmap12"
    )
    command.add_argument("--k", help="another cut-off: 1/3, 26%%, union, intersection")
    command.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="COLUMN",
        help="subgroups by a column such as sex or age_group; may be given several times",
    )
    command.add_argument(
        "--level", choices=tuple(LEVELS), help="finest level of the results; default subdistrict"
    )
    command.add_argument(
        "--year-be", type=_year_be, help="Buddhist year of the survey, where there are several"
    )
    command.add_argument(
        "--income-line", type=_baht, metavar="BAHT", help="line of indicator 22; default that of the year"
    )
    command.add_argument("--json", action="store_true", help="print the manifest as JSON")


def _year_be(text: str) -> int:
    if not text.isdecimal() or not 2400 <= int(text) <= 2700:
        raise argparse.ArgumentTypeError(f"{text!r} is not a Buddhist year (2400 to 2700)")
    return int(text)


def _baht(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of baht (1 to 10000000)")
    return int(text)


# -- the command --------------------------------------------------------------------


def compute(options: argparse.Namespace, settings: Settings, tell: Progress) -> int:
    """Run ``daomap mpi compute``.

    Returns
    -------
    int
        0 when the folder of results is there.

    Raises
    ------
    QueryError
        For options that do not fit the specification or the data.
    StoreError
        For inputs that cannot be read, an engine that does not start, a folder that cannot be written.
    ImportRefused
        For rows that cannot be counted; the report says which columns and how many rows.
    """
    from analytics.deprivation_rules import SurveyError
    from analytics.mpi_specs import load_spec
    from analytics.spec_tables import SpecError
    from warehouse.mpi_inputs import expand

    if options.master is not None and options.engine != "spark":
        raise QueryError("--master ใช้กับ --engine spark เท่านั้น", "--master goes with --engine spark only")
    try:
        spec = load_spec(options.spec)
        if options.k is not None:
            own = spec.with_k(options.k)
            # Under the id of the index it would take the place of what its authors chose.
            spec = spec if own.k == spec.k else own.variant()
        places = expand(options.inputs)
        with staged(Path(options.out)) as folder:
            manifest = _fill(folder, places, spec, options, settings, tell)
    except (SurveyError, SpecError) as error:
        raise StoreError(error.text("th"), error.text("en")) from error
    if options.json:
        json.dump(manifest, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        for line in _lines(manifest, options):
            print(line)
    return 0


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A private folder beside `out` that takes its name once everything in it is written, and is gone otherwise.

    Raises
    ------
    StoreError
        When `out` exists, or its folder cannot be written.
    """
    out = out.expanduser().resolve()
    if out.exists():
        raise StoreError(
            f"มี {out} อยู่แล้ว ไม่เขียนทับ วิธีแก้: ใช้ชื่ออื่น",
            f"{out} exists and is not overwritten. To mend: choose another name",
        )
    folder = out.with_name(f".{out.name}-{uuid.uuid4().hex}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # What does not fit in memory is written here for a while: rows of persons.
        folder.mkdir(mode=0o700)
        with _stopped_gently():
            yield folder
            for file in folder.iterdir():
                with file.open("rb+") as handle:
                    os.fsync(handle.fileno())
        folder.rename(out)
    except OSError as error:
        raise store_error(error, out.parent) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stopped_gently() -> Iterator[None]:
    """Let a request to end the process clear away what was begun, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Levels, finest last, and subgroups that results are made for."""

    levels: tuple[str, ...]
    by: tuple[str, ...]


def _fill(
    folder: Path,
    places: Sequence[str],
    spec: MpiSpec,
    options: argparse.Namespace,
    settings: Settings,
    tell: Progress,
) -> dict[str, Any]:
    """Compute, write every file, and return the manifest."""
    from analytics.alkire_foster import PROFILE, missing_cost, profiles, roll_up
    from analytics.deprivation_rules import income_line
    from warehouse.mpi_engine import open_engine
    from warehouse.mpi_inputs import read_input

    started = time.monotonic()
    tell("read", 0.0)
    inputs = list(_hashes(places))
    scratch = folder / "scratch"
    scratch.mkdir()
    with open_engine(
        options.engine,
        places,
        scratch=scratch,
        threads=settings.mpi.threads,
        memory_mb=settings.mpi.memory_mb,
        master=options.master,
    ) as engine:
        year = options.year_be - 543 if options.year_be is not None else None
        given = read_input(engine, places, spec, year=year, income_line=options.income_line)
        given.report.files = len(inputs)
        if given.report.refused:
            raise ImportRefused(given.report)
        wanted = _wanted(given, options, (*PROFILE, *_RESULT, *spec.columns))
        if options.level is None:
            given.warn_of_short_codes(wanted.levels[-1])
        tell("derive", 0.3)
        digits = LEVELS[wanted.levels[-1]]
        table = given.table.mutate(area_code=given.table.area_code.substr(0, digits))
        collected = engine.run(profiles(table, spec, by=["area_code", *wanted.by]))
        versions = engine.versions
    shutil.rmtree(scratch)
    found = collected.to_pandas()
    if not digits:
        # The code that the results, and whoever imports them, have for the country.
        found["area_code"] = "TH"

    tell("write", 0.7)
    _parquet(folder / "profiles.parquet", found)
    total = found.groupby(["area_code", "profile", "missing"], sort=True, dropna=False, as_index=False)[
        ["persons", "weight"]
    ].sum()
    country = roll_up(total, 0)
    rows, small = _results(folder, found, spec, wanted, settings.privacy.minimum)
    (folder / "specification.toml").write_text(spec.entry, encoding="utf-8")
    cost = missing_cost(country, spec)
    line = None
    if given.kind == "survey" and "ind22" in spec.columns:
        line = {
            "baht": options.income_line or income_line(given.year).baht,
            "given": options.income_line is not None,
        }
    manifest = {
        "command": "daomap mpi compute",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "daomap": _version("daomap"),
        "engine": {"name": options.engine, "master": options.master, "versions": versions},
        "specification": {
            "id": spec.id,
            "k": str(spec.k),
            "missing": spec.missing,
            "verified": spec.verified,
            "weights_verified": spec.weights_verified,
        },
        "year": given.year,
        "income_line": line,
        "inputs": inputs,
        "kind": given.kind,
        "persons": given.rows,
        "levels": list(wanted.levels),
        "by": list(wanted.by),
        "result_rows": rows,
        "country": _summary(country, spec),
        "missing": _records(cost[cost["rows"] > 0].drop(columns="area_code")),
        "warnings": given.report.to_json()["warnings"],
        "groups_below_minimum": {"minimum": settings.privacy.minimum, "groups": small},
        "seconds": round(time.monotonic() - started, 1),
        "files": {
            file.name: {"bytes": file.stat().st_size, "sha256": file_sha256(file)}
            for file in sorted(folder.iterdir())
        },
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    tell("write", 1.0)
    return manifest


def _wanted(given: Input, options: argparse.Namespace, reserved: Sequence[str]) -> _Wanted:
    """Levels and subgroups that the data have."""
    there = [level for level, digits in LEVELS.items() if digits <= given.digits]
    finest = options.level or ("subdistrict" if "subdistrict" in there else there[-1])
    if finest not in there:
        raise QueryError(
            f"--level {finest}: รหัสพื้นที่ที่สั้นที่สุดมี {given.digits} หลัก ใช้ได้ถึง {there[-1]}",
            f"--level {finest}: the shortest area code has {given.digits} digits, so the finest level is {there[-1]}",
        )
    by = tuple(dict.fromkeys(options.by))
    taken = {*reserved, "household_id"}
    for name in by:
        if name in taken or name not in given.table.columns:
            have = ", ".join(c for c in given.table.columns if c not in taken)
            raise QueryError(
                f"--by {name}: ไม่มีคอลัมน์นี้ให้แบ่งกลุ่ม มี: {have}",
                f"--by {name}: no such column to group by; there are: {have}",
            )
    return _Wanted(tuple(there[: there.index(finest) + 1]), by)


def _results(
    folder: Path, found: pd.DataFrame, spec: MpiSpec, wanted: _Wanted, minimum: int
) -> tuple[int, int]:
    """Write the measures of every level and subgroup; number of rows, and of groups with fewer persons than `minimum`.

    Level by level, so that all of them never stand in memory at once.
    """
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    from analytics.alkire_foster import measures, roll_up

    kinds = {"value": pa.float64(), "n": pa.int64()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in _RESULT])
    rows = small = 0
    with (
        pq.ParquetWriter(folder / "results.parquet", schema, compression="zstd") as parquet,
        pyarrow.csv.CSVWriter(folder / "results.csv", schema) as text,
    ):
        for column in (None, *wanted.by):
            keys = ["area_code", *([column] if column else []), "profile", "missing"]
            part = found.groupby(keys, sort=True, dropna=False, as_index=False)[["persons", "weight"]].sum()
            for level in wanted.levels:
                made = measures(roll_up(part, LEVELS[level]), spec)
                made["level"] = level
                made["subgroup"] = made[column].map(lambda v, c=column: _subgroup(c, v)) if column else ""
                table = pa.Table.from_pandas(made[schema.names], schema=schema, preserve_index=False)
                parquet.write_table(table)
                text.write_table(table)
                rows += table.num_rows
                of_all = made[made["measure"] == "n"]
                small += int((of_all["n"] < minimum).sum())
    return rows, small


def _subgroup(column: str, value: Any) -> str:
    """``sex=f``; ``sex=`` where the value is missing."""
    import pandas as pd

    if pd.isna(value):
        return f"{column}="
    return f"{column}={str(value).lower() if isinstance(value, bool) else value}"


def _summary(country: pd.DataFrame, spec: MpiSpec) -> dict[str, float | None]:
    """Persons, poor persons, H, A and M0 of everybody."""
    from analytics.alkire_foster import measures

    made = measures(country, spec, only=("n", "poor", "H", "A", "M0"))
    return {row["measure"]: row["value"] for row in _records(made)}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON holds them: no number is NaN."""
    return json.loads(frame.to_json(orient="records", double_precision=15))  # type: ignore[no-any-return]


def _parquet(file: Path, frame: pd.DataFrame) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    keys = [c for c in frame.columns if c not in ("persons", "weight")]
    ordered = frame.sort_values(keys, kind="stable")
    pq.write_table(pa.Table.from_pandas(ordered, preserve_index=False), file, compression="zstd")


def _hashes(places: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every input file with its size and hash; what only a cluster reads is named without."""
    from warehouse.mpi_engine import parquet_files
    from warehouse.mpi_inputs import is_remote

    for place in places:
        if is_remote(place):
            yield {"input": place, "file": None, "bytes": None, "sha256": None}
            continue
        root = Path(place)
        for file in parquet_files(root):
            name = file.name if file == root else str(file.relative_to(root))
            yield {"input": place, "file": name, "bytes": file.stat().st_size, "sha256": file_sha256(file)}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _lines(manifest: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """The outcome in words."""
    thai = options.language == "th"
    c = manifest["country"]
    year = f"{manifest['year'] + 543} ({manifest['year']})"
    spec = manifest["specification"]

    def number(value: float | None, form: str = ",.0f") -> str:
        return "–" if value is None else format(value, form)

    lines = [
        f"{spec['id']} ปี {year} k = {spec['k']}: คน {manifest['persons']:,} คนจน {number(c['poor'])} "
        f"H {number(c['H'], '.6f')} A {number(c['A'], '.6f')} M0 {number(c['M0'], '.6f')}"
        if thai
        else f"{spec['id']} {year} k = {spec['k']}: {manifest['persons']:,} persons, {number(c['poor'])} poor, "
        f"H {number(c['H'], '.6f')}, A {number(c['A'], '.6f')}, M0 {number(c['M0'], '.6f')}"
    ]
    if not spec["verified"] or not spec["weights_verified"]:
        lines.append(
            "ข้อกำหนดนี้ยังไม่ได้ตรวจกับแหล่งต้นฉบับครบ"
            if thai
            else "this specification is not wholly checked against a source"
        )
    for cost in manifest["missing"]:
        name = cost["indicator"] or ("ตัวใดตัวหนึ่ง" if thai else "any of them")
        lines.append(
            f"ไม่ทราบค่า {name}: {cost['rows']:,} คน ({100 * cost['rows_share']:.2f} %) "
            f"ตัดออก {cost['left_out']:,} ({spec['missing']})"
            if thai
            else f"missing {name}: {cost['rows']:,} persons ({100 * cost['rows_share']:.2f} %), {cost['left_out']:,} left out "
            f"({spec['missing']})"
        )
    lines += [w["line_th" if thai else "line_en"] for w in manifest["warnings"]]
    below = manifest["groups_below_minimum"]
    lines.append(
        f"{below['groups']:,} กลุ่มมีคนน้อยกว่า {below['minimum']} ผลนี้ไว้ใช้วิเคราะห์ภายใน ห้ามเผยแพร่โดยไม่ปกปิด"
        if thai
        else f"{below['groups']:,} groups have fewer than {below['minimum']} persons: for analysis inside the office, not to be "
        "published without hiding small counts"
    )
    lines.append(f"{options.out} ({manifest['seconds']} s)")
    return lines
