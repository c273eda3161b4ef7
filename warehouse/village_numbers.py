"""Villages in a draft: points and scores merged with those that were there, and the shares of villages above them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb
import pyarrow as pa

from analytics.village_specs import observed, read_spec
from analytics.villages import matrix, shares
from warehouse.batch import OBSERVATION, Batch

_ONE_A_VILLAGE = """
DELETE FROM village_point WHERE (code, source_id) NOT IN (
    SELECT (code, arg_max(source_id, (confidence, list_contains($arriving::VARCHAR[], source_id), source_id)))
    FROM village_point GROUP BY code
)
"""


def merge_villages(connection: duckdb.DuckDBPyConnection, batches: Sequence[Batch]) -> set[tuple[str, int]]:
    """Put points, scores and specifications of batches into the draft.

    All points of a source that brings points are replaced; of two sources that know one village the surer row stays, and the
    arriving one of two that are equally sure. Scores are replaced by source, specification, year and province, so that a
    round may arrive province by province.

    Returns
    -------
    set of (spec, year)
        Rounds whose scores changed.
    """
    touched: set[tuple[str, int]] = set()
    for batch in batches:
        if batch.village_points.num_rows:
            connection.register("incoming", batch.village_points)
            connection.execute("DELETE FROM village_point p USING incoming i WHERE p.source_id = i.source_id")
            connection.execute("INSERT INTO village_point SELECT * FROM incoming")
            connection.unregister("incoming")
            arriving = sorted(set(batch.village_points.column("source_id").to_pylist()))
            connection.execute(_ONE_A_VILLAGE, {"arriving": arriving})
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
            connection.execute(
                """
                DELETE FROM village_score s USING (
                    SELECT DISTINCT source_id, spec, year, left(code, 2) AS province FROM incoming
                ) i
                WHERE s.source_id = i.source_id AND s.spec = i.spec AND s.year = i.year AND left(s.code, 2) = i.province
                """
            )
            connection.execute("INSERT INTO village_score SELECT * FROM incoming")
            rounds = connection.execute("SELECT DISTINCT spec, year FROM incoming").fetchall()
            touched |= {(str(spec), int(year)) for spec, year in rounds}
            connection.unregister("incoming")
    return touched


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
    for spec_id, year, source_id, entry in rounds:
        if not everything and (str(spec_id), int(year)) not in touched:
            continue
        spec = read_spec(entry, f"{spec_id}.toml")
        rows = connection.execute(
            "SELECT code, indicator, score FROM village_score WHERE spec = ? AND year = ?", [spec_id, year]
        ).df()
        found = shares(spec, matrix(spec, rows))
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
