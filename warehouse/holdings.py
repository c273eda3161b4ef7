"""What a snapshot holds and where from: sources with their files and imports, how many areas have data, and where none is."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from analytics.catalogue import load_catalogue

if TYPE_CHECKING:
    from warehouse.query import Warehouse

LEVELS: Final = ("province", "district", "subdistrict")

_COUNTED: Final = {
    "place": "SELECT source_id, count(*) FROM place GROUP BY source_id",
    "village_point": "SELECT source_id, count(*) FROM village_point GROUP BY source_id",
    "village_score": "SELECT source_id, count(*) FROM village_score GROUP BY source_id",
    "raster": "SELECT source_id, count(*) FROM raster GROUP BY source_id",
}


class Holdings:
    """Questions on what is in a snapshot.

    Parameters
    ----------
    warehouse : Warehouse
        Asked for everything; its limits hold here too.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    @cached_property
    def _tables(self) -> frozenset[str]:
        rows = self._warehouse._rows("SELECT table_name FROM information_schema.tables")
        return frozenset(str(name) for (name,) in rows)

    def sources(self) -> pd.DataFrame:
        """Every source, newest year first.

        Returns
        -------
        DataFrame
            `Warehouse.sources` with ``places, points, scores, rasters`` (rows of other kinds than observations); ``files,
            bytes, rows`` of its files; ``imported_at`` of the last import that brought one (UTC, ISO 8601); and of these imports
            ``read, accepted, rejected, repaired, warnings``, missing where one of them brought other sources too, because
            nobody counted whose row was whose.
        """
        frame = self._warehouse.sources()
        for name, table in (
            ("places", "place"),
            ("points", "village_point"),
            ("scores", "village_score"),
            ("rasters", "raster"),
        ):
            frame[name] = frame["source_id"].map(self._counted(table)).fillna(0).astype("int64")
        files = self._warehouse._table(
            """
            SELECT source_id, count(*) AS files, sum(rows)::BIGINT AS rows,
                   CASE WHEN bool_or(sha256 = '' OR cells = 'protected') THEN NULL ELSE sum(bytes)::BIGINT END AS bytes
            FROM source_file JOIN source USING (source_id) GROUP BY source_id
            """
        ).set_index("source_id")
        for name in ("files", "rows"):
            frame[name] = frame["source_id"].map(files[name]).fillna(0).astype("int64")
        # A size would help to prove a guess of what is hidden in a file: missing is not none.
        frame["bytes"] = frame["source_id"].map(files["bytes"]).astype("Int64").where(frame["files"] > 0, 0)
        last = self._runs.groupby("source_id")["imported_at"].max()
        frame["imported_at"] = frame["source_id"].map(last)
        shared = set(self._runs.loc[self._runs["sources"] > 1, "source_id"])
        runs = self._runs[~self._runs["source_id"].isin(shared)].groupby("source_id")
        for name in ("read", "accepted", "rejected", "repaired", "warnings"):
            frame[name] = frame["source_id"].map(runs[name].sum()).astype("Int64")
        return frame

    def _counted(self, table: str) -> dict[str, int]:
        if table not in self._tables:  # made by an older version of Daomap
            return {}
        return {str(source): int(n) for source, n in self._warehouse._rows(_COUNTED[table])}

    @cached_property
    def _runs(self) -> pd.DataFrame:
        """One row a source and import that brought a file of it; an import of several sources stands with each."""
        frame = self._warehouse._table(
            """
            SELECT DISTINCT f.source_id, r.import_id, r.kind, r.imported_at, r.report
            FROM source_file f JOIN import_run r USING (import_id)
            ORDER BY r.imported_at DESC, r.import_id
            """
        )
        reports: list[dict[str, Any]] = [json.loads(text) for text in frame.pop("report")]
        for name, key in (
            ("read", "rows_read"),
            ("accepted", "rows_accepted"),
            ("rejected", "rows_rejected"),
        ):
            frame[name] = [int(r.get(key, 0)) for r in reports]
        frame["repaired"] = [sum(int(n) for n in r.get("repairs", {}).values()) for r in reports]
        frame["warnings"] = [sum(int(n) for n in r.get("findings", {}).values()) for r in reports]
        frame["sources"] = frame.groupby("import_id")["source_id"].transform("nunique").astype("int64")
        frame["repairs"] = [r.get("repairs", {}) for r in reports]
        frame["sentence"] = [r.get("facts", {}).get("sentence") for r in reports]
        return frame

    def imports_of(self, source_id: str) -> pd.DataFrame:
        """Imports that brought files of a source, newest first.

        Returns
        -------
        DataFrame
            Columns ``import_id, kind, imported_at, read, accepted, rejected, repaired, warnings``, ``sources`` (how many it
            brought, which these numbers are of), ``repairs`` (how many of each kind) and ``sentence`` (of a table, in both
            languages, else None).
        """
        mine = self._runs[self._runs["source_id"] == source_id]
        return mine.drop(columns="source_id").reset_index(drop=True)

    def contents_of(self, source_id: str) -> pd.DataFrame:
        """What a source says, one row an indicator, definition and level.

        Returns
        -------
        DataFrame
            Columns ``indicator, definition, level, first_year, last_year, areas, suppressed``; what was computed is left out.
        """
        return self._warehouse._table(
            """
            SELECT indicator, definition, level, min(year) AS first_year, max(year) AS last_year,
                   count(DISTINCT area_code) AS areas, count(*) FILTER (suppressed) AS suppressed
            FROM observation WHERE source_id = ? AND NOT computed
            GROUP BY ALL ORDER BY indicator, definition, level
            """,
            [source_id],
        )

    def official(self) -> dict[str, int]:
        """How many official areas each level has."""
        rows = self._warehouse._rows(
            "SELECT level, count(*) FROM area WHERE kind = 'official' GROUP BY level ORDER BY level"
        )
        return {str(level): int(n) for level, n in rows}

    def coverage(self) -> pd.DataFrame:
        """How many official areas have data of each theme, level and year.

        Returns
        -------
        DataFrame
            Columns ``theme, level, year, areas, official``: areas with at least one value, shown or hidden, of any indicator of
            the theme.
        """
        themes = {name: entry.theme for name, entry in load_catalogue().items()}
        frame = self._warehouse._table(
            """
            SELECT t.theme, o.level, o.year, count(DISTINCT o.area_code) AS areas
            FROM observation o
            JOIN (SELECT unnest($ids::VARCHAR[]) AS indicator, unnest($themes::VARCHAR[]) AS theme) t USING (indicator)
            JOIN area a ON a.code = o.area_code AND a.kind = 'official'
            WHERE o.preferred AND (o.value IS NOT NULL OR o.suppressed) AND o.level IN ('province', 'district', 'subdistrict')
            GROUP BY ALL ORDER BY t.theme, o.level, o.year
            """,
            {"ids": list(themes), "themes": list(themes.values())},
        )
        official = self.official()
        frame["official"] = [official.get(str(level), 0) for level in frame["level"]]
        return frame

    def polygons(self) -> dict[str, int]:
        """How many official areas of each level have an outline of their own."""
        rows = self._warehouse._rows(
            """
            SELECT e.level, count(DISTINCT e.code) FROM extent e
            JOIN area a ON a.code = e.code AND a.kind = 'official'
            GROUP BY e.level ORDER BY e.level
            """
        )
        return {str(level): int(n) for level, n in rows}

    def points(self) -> dict[str, dict[str, int]]:
        """Provinces that have public services, village points or village scores: ``{kind: {"rows", "provinces"}}``."""
        found: dict[str, dict[str, int]] = {}
        for kind, table, statement in (
            ("places", "place", "SELECT count(*), count(DISTINCT area_code[:2]) FROM place"),
            ("points", "village_point", "SELECT count(*), count(DISTINCT code[:2]) FROM village_point"),
            (
                "scores",
                "village_score",
                "SELECT count(DISTINCT code), count(DISTINCT code[:2]) FROM village_score",
            ),
        ):
            if table in self._tables:
                rows, provinces = self._warehouse._rows(statement)[0]
                if rows:
                    found[kind] = {"rows": int(rows), "provinces": int(provinces)}
        return found
