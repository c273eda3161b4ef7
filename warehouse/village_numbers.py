"""Villages in a draft: points and scores that came in, merged with those that were there."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from warehouse.batch import Batch

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
