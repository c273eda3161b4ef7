"""Villages in a draft: points and scores merged with those that were there, and the shares of villages above them."""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import pyarrow as pa

from analytics.village_specs import observed, read_spec
from analytics.villages import matrix, shares
from geo.codes import official_areas
from warehouse.batch import OBSERVATION, Batch
from warehouse.report import Finding
from warehouse.villages import KNOWN_VILLAGES

_ONE_A_VILLAGE = """
DELETE FROM village_point WHERE (code, source_id) NOT IN (
    SELECT (code, arg_max(source_id, (confidence, list_contains($arriving::VARCHAR[], source_id), source_id)))
    FROM village_point GROUP BY code
)
"""
_POINTS_GONE = """
SELECT DISTINCT p.code FROM village_point p JOIN incoming i USING (source_id, code)
WHERE (p.longitude, p.latitude, p.how, p.confidence) <> (i.longitude, i.latitude, i.how, i.confidence)
"""
# Whole villages are replaced: an indicator that the arriving file has no score of keeps none of the earlier file.
_OF_ARRIVING = """
FROM village_score s SEMI JOIN incoming i
ON s.source_id = i.source_id AND s.spec = i.spec AND s.year = i.year AND s.code = i.code
"""


def merge_villages(connection: duckdb.DuckDBPyConnection, batch: Batch) -> set[tuple[str, int]]:
    """Put points, scores and specifications of a batch into the draft, before its files are noted there.

    Points and scores are replaced village by village within their source, so that a round may arrive in parts. Of two sources
    that know one village the surer point stays, and the arriving one of two that are equally sure. What gives way to other
    values is told as a warning, and the files it may have come from can be imported again.

    Returns
    -------
    set of (spec, year)
        Rounds whose scores, or the villages they are compared with, changed.
    """
    touched: set[tuple[str, int]] = set()
    gone: set[str] = set()
    if _brings_villages(connection, batch):
        # How much of an area has scores changes with the villages it is known to have.
        rounds = connection.execute("SELECT DISTINCT spec, year FROM village_score").fetchall()
        touched |= {(str(spec), int(year)) for spec, year in rounds}
    if batch.village_points.num_rows:
        beaten = _merge_points(connection, batch.village_points)
        if beaten:
            # A point that lost to one that now gave way may be the best there is: all files of points may return.
            _reopen(
                connection, "starts_with(source_id, 'villages-points-') OR starts_with(source_id, 'nrd-')", []
            )
        gone |= beaten
    for spec, entry in batch.village_specs.items():
        before = connection.execute("SELECT entry FROM village_spec WHERE spec = ?", [spec]).fetchone()
        if before is not None and before[0] != entry:
            # Other cuts or domains: what earlier rounds come to changes as well.
            rounds = connection.execute(
                "SELECT DISTINCT year FROM village_score WHERE spec = ?", [spec]
            ).fetchall()
            touched |= {(spec, int(year)) for (year,) in rounds}
        connection.execute("DELETE FROM village_spec WHERE spec = ?", [spec])
        connection.execute("INSERT INTO village_spec VALUES (?, ?)", [spec, entry])
    if batch.village_scores.num_rows:
        connection.register("incoming", batch.village_scores)
        # Beside the identical rows, what the earlier files said of these villages.
        lost = connection.execute(
            f"SELECT DISTINCT code FROM (SELECT s.* {_OF_ARRIVING} EXCEPT SELECT * FROM incoming)"
        ).fetchall()
        connection.execute(
            """
            DELETE FROM village_score s USING (SELECT DISTINCT source_id, spec, year, code FROM incoming) i
            WHERE s.source_id = i.source_id AND s.spec = i.spec AND s.year = i.year AND s.code = i.code
            """
        )
        connection.execute("INSERT INTO village_score SELECT * FROM incoming")
        rounds = connection.execute("SELECT DISTINCT spec, year FROM incoming").fetchall()
        touched |= {(str(spec), int(year)) for spec, year in rounds}
        connection.unregister("incoming")
        if lost:
            ids = batch.village_scores.column("source_id").unique().to_pylist()
            _reopen(connection, "list_contains(?::VARCHAR[], source_id)", [ids])
        gone |= {str(code) for (code,) in lost}
    if gone:
        few = ", ".join(sorted(gone)[:3]) + (" ..." if len(gone) > 3 else "")
        batch.report.add(
            Finding(
                severity="warn",
                code="publish.villages_replaced",
                file=str(batch.files.column("file_name")[0]) if batch.files.num_rows else "-",
                row=None,
                column=None,
                found=f"{len(gone):,}: {few}",
                expected="0",
                mend_th="ไม่ต้องทำอะไร ถ้าตั้งใจแทนคะแนนหรือจุดเดิมของหมู่บ้านเหล่านี้ นำเข้าไฟล์เดิมอีกครั้งได้ถ้าต้องการค่าเดิมคืน",
                mend_en="nothing to do if earlier scores or points of these villages were meant to be replaced; import the "
                "earlier file again to have them back",
            )
        )
    return touched


def _brings_villages(connection: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    """Whether a batch names a village that the draft does not know."""
    if not batch.areas.num_rows:
        return False
    connection.register("incoming", batch.areas)
    row = connection.execute(
        "SELECT 1 FROM incoming i ANTI JOIN area a USING (code) WHERE i.level = 'village' LIMIT 1"
    ).fetchone()
    connection.unregister("incoming")
    return row is not None


def _merge_points(connection: duckdb.DuckDBPyConnection, points: pa.Table) -> set[str]:
    """Put points in, one a village; the villages whose earlier point gave way to another."""
    connection.register("incoming", points)
    gone = connection.execute(_POINTS_GONE).fetchall()
    connection.execute(
        "DELETE FROM village_point p USING incoming i WHERE p.source_id = i.source_id AND p.code = i.code"
    )
    arriving = {"arriving": points.column("source_id").unique().to_pylist()}
    others = "SELECT code FROM village_point WHERE NOT list_contains($arriving::VARCHAR[], source_id)"
    before = connection.execute(others, arriving).fetchall()
    connection.execute("INSERT INTO village_point SELECT * FROM incoming")
    connection.unregister("incoming")
    connection.execute(_ONE_A_VILLAGE, arriving)
    lost = set(before) - set(connection.execute(others, arriving).fetchall())
    return {str(code) for (code,) in (*gone, *lost)}


def _reopen(connection: duckdb.DuckDBPyConnection, which: str, given: list[object]) -> None:
    """Let files of earlier imports return: the snapshot does not hold all they said any more."""
    connection.execute(f"UPDATE source_file SET import_id = '' WHERE {which}", given)


def put_village_numbers(
    connection: duckdb.DuckDBPyConnection, touched: Collection[tuple[str, int]], *, everything: bool = False
) -> set[int]:
    """Put shares of villages into the draft for every round whose scores changed.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The draft's database, scores, specifications and areas in it.
    touched : collection of (spec, year)
    everything : bool
        Work all rounds out again.

    Returns
    -------
    set of int
        Years (common era) whose rows changed.
    """
    rounds = connection.execute(
        """
        SELECT s.spec, s.year, min(s.source_id), any_value(e.entry)
        FROM village_score s JOIN village_spec e USING (spec) GROUP BY s.spec, s.year ORDER BY ALL
        """
    ).fetchall()
    years: set[int] = set()
    known = [str(code) for (code,) in connection.execute(KNOWN_VILLAGES, {"within": "TH"}).fetchall()]
    # The capital has no villages of the kind that are surveyed.
    provinces = [a.code for a in official_areas().values() if a.level == "province" and a.code != "10"]
    for spec_id, year, source_id, entry in rounds:
        if not everything and (str(spec_id), int(year)) not in touched:
            continue
        spec = read_spec(entry, f"{spec_id}.toml")
        rows = connection.execute(
            "SELECT code, indicator, score FROM village_score WHERE spec = ? AND year = ?", [spec_id, year]
        ).df()
        found = shares(spec, matrix(spec, rows), known, provinces)
        connection.execute(
            "DELETE FROM observation WHERE source_id = ? AND year = ? AND starts_with(indicator, 'nrd_')",
            [source_id, year],
        )
        table = pa.table(
            {
                "area_code": found["area_code"].tolist(),
                "level": found["level"].tolist(),
                "indicator": [observed(spec, measure) for measure in found["measure"]],
                "year": [int(year)] * len(found),
                "numerator": found["numerator"].to_numpy(),
                "denominator": found["denominator"].to_numpy(),
                "value": (100.0 * found["numerator"] / found["denominator"]).to_numpy(),
                "basis": ["aggregated"] * len(found),
                "definition": [None] * len(found),
                "source_id": [str(source_id)] * len(found),
                "suppressed": [False] * len(found),
            },
            schema=OBSERVATION,
        )
        connection.register("incoming", table)
        connection.execute("INSERT INTO observation SELECT *, false, false FROM incoming")
        connection.unregister("incoming")
        years.add(int(year))
    return years
