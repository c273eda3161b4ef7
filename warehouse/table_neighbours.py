"""What an arriving table does to what is there already: what it would take away, and what it would lay open."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from analytics.catalogue import Indicator
from warehouse.report import Finding
from warehouse.snapshots import SnapshotInfo
from warehouse.sources.table import MENDS, Table
from warehouse.sources.table_layout import key_of


def meet(table: Table, current: SnapshotInfo | None, *, protected: bool, replace: bool) -> None:
    """Refuse a table that would take away numbers unasked, change what another source says, or lay another one open.

    Parameters
    ----------
    table : Table
        Its report gets the findings.
    current : SnapshotInfo or None
        What is published now.
    protected : bool
        Whether the table is to be protected.
    replace : bool
        Whether somebody said that the table takes the place of all its source said of its years.
    """
    if current is None or table.plan is None or not table.batch.observations.num_rows:
        return
    arriving = table.batch.observations.select(["area_code", "level", "indicator", "year"])
    connection = duckdb.connect(
        str(current.database),
        read_only=True,
        config={
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    try:
        connection.register("arriving", arriving)
        if not replace:
            _vanishing(connection, table)
        if connection.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_name = 'indicator_entry'"
        ).fetchone():
            _of_another_source(connection, table)
            if protected:
                _same_columns(connection, table)
    finally:
        connection.close()


def _refuse(table: Table, code: str, found: str, expected: str, column: str | None = None) -> None:
    th, en = MENDS[code]
    file = table.batch.files["file_name"][0].as_py()
    table.batch.report.add(Finding("reject", code, file, None, column, found[:120], expected[:120], th, en))


def _vanishing(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    source = table.batch.sources["source_id"][0].as_py()
    rows = connection.execute(
        """
        WITH kept AS (
            SELECT DISTINCT area_code, indicator, year FROM observation
            WHERE source_id = $source AND NOT computed AND year IN (SELECT year FROM arriving)
        )
        SELECT year,
               count(DISTINCT area_code) FILTER (NOT EXISTS (
                   SELECT 1 FROM arriving a WHERE a.year = kept.year AND a.area_code = kept.area_code)),
               count(DISTINCT indicator) FILTER (NOT EXISTS (
                   SELECT 1 FROM arriving a WHERE a.year = kept.year AND a.indicator = kept.indicator))
        FROM kept GROUP BY year ORDER BY year
        """,
        {"source": source},
    ).fetchall()
    for year, areas, indicators in rows:
        if areas or indicators:
            found = f"{source} {year + 543}: {areas:,} พื้นที่ / areas, {indicators:,} ตัวชี้วัด / indicators"
            _refuse(table, "table.vanishes", found, "--replace")


def _of_another_source(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """An entry of the catalogue belongs to one source: another one would change name and unit of its numbers."""
    source = table.batch.sources["source_id"][0].as_py()
    owners: dict[str, str] = dict(
        connection.execute(
            "SELECT id, source_id FROM indicator_entry WHERE source_id <> ?", [source]
        ).fetchall()
    )
    for entry in table.batch.indicators:
        if entry.id in owners:
            _refuse(table, "table.id_taken", f"{entry.id} ({owners[entry.id]})", source, entry.name_th)


def _same_columns(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Two protected editions of one table are hidden apart from each other, and each may show what the other hides."""
    source = table.batch.sources["source_id"][0].as_py()
    mine = {
        _meaning(entry.name_th, entry.unit): entry for entry in table.batch.indicators if entry.counts_people
    }
    others = connection.execute(
        """
        SELECT e.id, e.source_id, e.entry FROM indicator_entry e JOIN source s USING (source_id)
        WHERE e.source_id <> ? AND s.cells <> 'published'
        """,
        [source],
    ).fetchall()
    for name, other, text in others:
        entry: dict[str, Any] = json.loads(text)
        own: Indicator | None = mine.get(_meaning(str(entry["name_th"]), str(entry["unit"])))
        if own is None:
            continue
        met = connection.execute(
            """
            SELECT count(*) FROM observation o JOIN arriving a USING (area_code, year)
            WHERE o.indicator = ? AND o.source_id = ? AND NOT o.computed AND a.indicator = ?
            """,
            [name, other, own.id],
        ).fetchone()
        if met is not None and met[0]:
            _refuse(table, "table.protected_twice", f"{other} ({met[0]:,} x)", source, own.name_th)


def _meaning(name: str, unit: str) -> tuple[str, str]:
    return key_of(name), unit
