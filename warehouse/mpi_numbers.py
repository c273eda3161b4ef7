"""Profiles of deprivation in a draft: merged with those that were there, and the measures of their own specification."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.alkire_foster import count_profiles, measures, roll_up
from analytics.mpi_catalogue import ADJUSTED, HEADCOUNT, INTENSITY, observed
from analytics.mpi_specs import MpiSpec, read_spec
from warehouse import mpi
from warehouse.batch import OBSERVATION, Batch
from warehouse.mpi import LEVELS, WIDTH
from warehouse.report import Finding, ImportRefused, Severity

MEASURES: Final = ("n", "poor", "H", "A", "M0", "censored")


def merge_profiles(connection: duckdb.DuckDBPyConnection, batch: Batch) -> set[tuple[str, int]]:
    """Put profiles and specifications of a batch into the draft; they replace those of their sources and years.

    Returns
    -------
    set of (source id, year)
        Whose profiles changed.

    Raises
    ------
    ImportRefused
        When years that stay were counted by other indicators than the specification that arrives.
    """
    touched: set[tuple[str, int]] = set()
    for (source, spec), entry in batch.mpi_specs.items():
        before = connection.execute(
            "SELECT entry FROM mpi_spec WHERE source_id = ? AND spec = ?", [source, spec]
        ).fetchone()
        if before is not None and before[0] != entry:
            arriving = set(batch.mpi_profiles.column("year").to_pylist())
            years = {
                int(year)
                for (year,) in connection.execute(
                    "SELECT DISTINCT year FROM mpi_profile WHERE source_id = ? AND spec = ?", [source, spec]
                ).fetchall()
            }
            kept = sorted(years - arriving)
            if kept:
                _compare(read_spec(before[0], f"{spec}.toml"), read_spec(entry, f"{spec}.toml"), kept, batch)
            # Another cut-off or other weights: what earlier years come to changes as well.
            touched |= {(source, year) for year in years}
        connection.execute("DELETE FROM mpi_spec WHERE source_id = ? AND spec = ?", [source, spec])
        connection.execute("INSERT INTO mpi_spec VALUES (?, ?, ?)", [source, spec, entry])
    if batch.mpi_profiles.num_rows:
        connection.register("incoming", batch.mpi_profiles)
        connection.execute(
            """
            DELETE FROM mpi_profile p USING (SELECT DISTINCT source_id, year FROM incoming) i
            WHERE p.source_id = i.source_id AND p.year = i.year
            """
        )
        connection.execute("INSERT INTO mpi_profile SELECT * FROM incoming")
        rounds = connection.execute("SELECT DISTINCT source_id, year FROM incoming").fetchall()
        connection.unregister("incoming")
        touched |= {(str(source), int(year)) for source, year in rounds}
    return touched


def _compare(before: MpiSpec, after: MpiSpec, years: Sequence[int], batch: Batch) -> None:
    """Refuse a specification under which the bits of earlier years would mean something else; tell of any other change.

    A profile is positions of bits alone: with the indicators in another order a stored lack of water would be read as one of
    food. Cut-off, weights and the rule for missing values may change, since they are applied anew to the same bits.
    """
    told = ", ".join(str(year) for year in years)
    told_be = ", ".join(str(year + 543) for year in years)
    source = ", ".join(batch.sources.column("source_id").to_pylist())

    def finding(severity: Severity, code: str, was: str, now: str, th: str, en: str) -> Finding:
        return Finding(severity, f"mpi.{code}", source, None, "specification", now, was, th, en)

    was, now = _bits(before), _bits(after)
    if was != now:
        batch.report.add(
            finding(
                "reject",
                "bits",
                "; ".join(was),
                "; ".join(now),
                f"ข้อกำหนด {after.id} มีตัวชี้วัด ลำดับ คอลัมน์ ค่าตัด หรือหน่วยนับต่างจากที่เก็บไว้ ตัวเลขปี {told_be} จะถูกอ่านผิดความหมาย "
                "วิธีแก้: ตั้ง id ใหม่ในข้อกำหนดแล้วคำนวณอีกครั้ง",
                f"the specification {after.id} has other indicators, another order, other columns, cut-offs or units than the "
                f"one stored, and figures of {told} would be read with a wrong meaning. To mend: give the specification "
                "another id and compute again",
            )
        )
        raise ImportRefused(batch.report)
    rules = [
        "; ".join(
            [f"k={spec.k}", f"missing={spec.missing}", *(f"{i.id}={i.weight}" for i in spec.indicators)]
        )
        for spec in (before, after)
    ]
    if rules[0] != rules[1]:
        batch.report.add(
            finding(
                "warn",
                "rules_changed",
                rules[0],
                rules[1],
                f"ค่าตัด น้ำหนัก หรือวิธีจัดการค่าที่ขาดของ {after.id} เปลี่ยนไป จึงคำนวณปี {told_be} ใหม่ทั้งหมดตามค่าใหม่",
                f"cut-off, weights or the rule for missing values of {after.id} changed, so {told} are worked out again by the "
                "new ones",
            )
        )


def _bits(spec: MpiSpec) -> list[str]:
    """What a specification makes of each bit of a profile, and of whom."""
    indicators = [
        ":".join([one.id, one.column, one.not_applicable, *([str(one.cut_off)] if one.cut_off else [])])
        for one in spec.indicators
    ]
    return [f"{spec.identification}/{spec.count}", *indicators]


def put_mpi_numbers(
    connection: duckdb.DuckDBPyConnection, touched: Collection[tuple[str, int]], *, everything: bool = False
) -> set[int]:
    """Put H, A, M0 and censored headcounts at the specification's own cut-off into the draft, at every level.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The draft's database, profiles and specifications in it.
    touched : collection of (source id, year)
    everything : bool
        Work all out again.

    Returns
    -------
    set of int
        Years (common era) whose rows changed.
    """
    rounds = connection.execute(
        """
        SELECT p.source_id, p.spec, p.year, any_value(p.level), any_value(e.entry)
        FROM mpi_profile p JOIN mpi_spec e ON e.source_id = p.source_id AND e.spec = p.spec
        GROUP BY p.source_id, p.spec, p.year ORDER BY ALL
        """
    ).fetchall()
    years: set[int] = set()
    for source, spec_id, year, finest, entry in rounds:
        if not everything and (str(source), int(year)) not in touched:
            continue
        spec = read_spec(entry, f"{spec_id}.toml")
        rows = connection.execute(
            """
            SELECT area_code, profile, missing, rows AS persons, persons AS weight FROM mpi_profile
            WHERE source_id = ? AND spec = ? AND year = ? AND subgroup = '' ORDER BY area_code, profile, missing
            """,
            [source, spec_id, year],
        ).df()
        connection.execute(
            "DELETE FROM observation WHERE source_id = ? AND year = ? AND starts_with(indicator, 'af_')",
            [source, year],
        )
        sums = mpi.upper_areas(rows["area_code"].unique(), finest)
        for level in LEVELS[: LEVELS.index(finest) + 1] if len(rows) else ():
            upper = rows if level == finest else roll_up(rows, WIDTH.get(level, 0))
            if level != finest:
                upper = upper[upper["area_code"].isin(sums[level])].reset_index(drop=True)
            if not len(upper):
                continue
            table = _observations(spec, upper, level, int(year), str(source), level == finest)
            connection.register("incoming", table)
            connection.execute("INSERT INTO observation SELECT *, false, false FROM incoming")
            connection.unregister("incoming")
        years.add(int(year))
    return years


def _observations(
    spec: MpiSpec, rows: pd.DataFrame, level: str, year: int, source: str, own: bool
) -> pa.Table:
    """Measures as rows of the observation table; a share of nobody has no row."""
    long = measures(count_profiles(rows), spec, only=MEASURES)
    wide = long.pivot(index="area_code", columns=["measure", "indicator"], values="value").sort_index()
    everybody = wide["n", ""].to_numpy(dtype=np.float64)
    poor = wide["poor", ""].to_numpy(dtype=np.float64)
    adjusted = wide["M0", ""].to_numpy(dtype=np.float64)
    columns: dict[str, tuple[Any, Any, Any]] = {
        observed(spec, HEADCOUNT): (poor, everybody, 100 * wide["H", ""]),
        observed(spec, INTENSITY): (adjusted * everybody, poor, 100 * wide["A", ""]),
        observed(spec, ADJUSTED): (adjusted * everybody, everybody, adjusted),
    }
    for one in spec.indicators:
        share = wide["censored", one.id]
        columns[observed(spec, "c", one.id)] = (share * everybody, everybody, 100 * share)
    parts = []
    for name, (numerator, denominator, value) in columns.items():
        part = pd.DataFrame(
            {
                "area_code": wide.index.to_numpy(dtype=object),
                "indicator": name,
                "numerator": np.asarray(numerator, dtype=np.float64),
                "denominator": np.asarray(denominator, dtype=np.float64),
                "value": np.asarray(value, dtype=np.float64),
            }
        )
        parts.append(part[np.isfinite(part["value"])])
    found = pd.concat(parts, ignore_index=True)
    size = len(found)
    return pa.table(
        {
            "area_code": found["area_code"].tolist(),
            "level": [level] * size,
            "indicator": found["indicator"].tolist(),
            "year": [year] * size,
            "numerator": found["numerator"].to_numpy(),
            "denominator": found["denominator"].to_numpy(),
            "value": found["value"].to_numpy(),
            "basis": ["derived" if own else "aggregated"] * size,
            "definition": [None] * size,
            "source_id": [source] * size,
            "suppressed": [False] * size,
        },
        schema=OBSERVATION,
    )
