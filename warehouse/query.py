"""The readers' side of a snapshot: the only place with SELECT statements for pages, exports and commands.

A `Warehouse` opens one snapshot by its versioned name and stays with it. Results are DataFrames in which an
area without data has a row with an empty value: no data is never zero, and never a missing line.

Every question has an end: a time limit, a limit of rows and bytes, and a look whether the database is still the file
that was published. A number from a file that somebody touched is not given out.
"""

from __future__ import annotations

import heapq
import itertools
import json
import logging
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import pandas as pd

from analytics.catalogue import IMPORTED, CatalogueError, Indicator, extend, load_catalogue, read_entry
from geo.codes import COUNTRY, Area, AreaIndex, level_of, parent_of
from warehouse.holdings import Holdings
from warehouse.lights import Lights
from warehouse.mpi import Mpi
from warehouse.outlines import outline_kinds
from warehouse.places import Places
from warehouse.report import QueryError
from warehouse.settings import Query, load_settings
from warehouse.snapshots import DATABASE, MANIFEST, SnapshotInfo, Store, StoreError, file_sha256, stamp_of
from warehouse.villages import Villages

COLUMNS = (
    "area_code",
    "name_th",
    "name_en",
    "value",
    "numerator",
    "denominator",
    "unit",
    "year",
    "definition",
    "source",
    "suppressed",
    "basis",
    "kind",
    "mapped_to",
    "parent",
    "source_id",
)
"""Columns of `Warehouse.values`, in order; `profile` and `series` add ``indicator`` at the end."""

MEMORY_MB = 512
"""What DuckDB may use for working; a result is bounded by `warehouse.settings.Query`, the process by its service."""

LAYER_PART = 3
IMPORTED_PARTS = 4
_VECTORS = 64
log = logging.getLogger("daomap")
T = TypeVar("T")

_LAYER = re.compile(
    r"^(province|district|subdistrict)/(TH|\d{2})/([a-z]{1,20}(_\d{1,2}|_[0-9a-f]{8})?-\d{4})$",
)
_SNAPSHOT = re.compile(r"^snap-\d{6,}-[0-9a-f]{12}$")

_READ = """
SELECT o.area_code, o.value, o.numerator, o.denominator, o.definition, s.title_th AS source, o.suppressed,
       o.basis, o.source_id
FROM observation o
JOIN source s USING (source_id)
WHERE o.indicator = $indicator AND o.year = $year AND o.level = $level
  AND ($within = 'TH' OR starts_with(o.area_code, $within))
  AND CASE WHEN $source IS NULL THEN o.preferred ELSE o.source_id = $source END
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of an area's official children have data."""

    with_data: int
    official: int

    @property
    def complete(self) -> bool:
        return self.with_data == self.official


@dataclass(frozen=True, slots=True)
class _Areas:
    """The areas of one level inside another, ready to be the left side of every answer."""

    frame: pd.DataFrame
    place: dict[str, int]
    official: np.ndarray[Any, np.dtype[np.bool_]]


class Warehouse:
    """One published snapshot, read-only.

    Parameters
    ----------
    info : SnapshotInfo
        From `Store.current`; `Warehouse.open` does both.
    limits : Query, optional
        How long a question may take and how large its answer may be.

    Raises
    ------
    QueryError
        From every method that asks, when the answer takes too long or is too large.
    StoreError
        When the database cannot be opened, and from every method that asks, when its file is no longer the one that
        was published.

    Notes
    -----
    Safe to share between threads: every call uses a cursor of its own. Frames returned are the caller's own.
    """

    def __init__(self, info: SnapshotInfo, limits: Query | None = None) -> None:
        self.info = info
        self.snapshot = info.id
        self.limits = limits or Query()
        self.broken = False
        self._stamp = stamp_of(info.database)
        self._connection = _connect(info.database)
        self._frames: dict[tuple[str, str], _Areas] = {}
        self._lock = threading.Lock()
        self.register()

    def register(self) -> None:
        """Make the imported indicators of this snapshot those that the process knows."""
        extend(self.imported_indicators)

    @cached_property
    def imported_indicators(self) -> tuple[Indicator, ...]:
        """Indicators that came with imported files; one that another version wrote and this cannot read is left out."""
        if not self._rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'indicator_entry'"):
            return ()
        entries = []
        for (text,) in self._rows("SELECT entry FROM indicator_entry ORDER BY source_id, position, id"):
            try:
                entries.append(read_entry(text))
            except CatalogueError as error:
                log.error("snapshot %s: imported indicator left out: %s", self.snapshot, error)
        return tuple(entries)

    @property
    def minimum(self) -> int:
        """Below this, counts of protected sources are hidden in this snapshot."""
        return int(self.info.contents.get("privacy", {}).get("minimum", 5))

    @classmethod
    def open(cls, store: Store, limits: Query | None = None) -> Warehouse:
        """Open the current snapshot of a store.

        Raises
        ------
        StoreError
            When the home is empty, or holds no valid snapshot.
        """
        for last in (False, False, True):
            info = store.current()
            if info is None:
                raise StoreError(
                    f"ยังไม่มีข้อมูลใน {store.home} วิธีแก้: สั่ง daomap build",
                    f"there is no data in {store.home} yet. To mend: run daomap build",
                )
            try:
                return cls(info, limits)
            except StoreError:
                # Pruned or damaged between the question and the opening: the store finds another.
                store.trust_again(info.id)
                if last:
                    raise
        raise AssertionError

    def close(self) -> None:
        """Let go of the database file."""
        self._connection.close()

    # -- areas ------------------------------------------------------------

    @cached_property
    def _areas(self) -> dict[str, Area]:
        rows = self._rows(
            """
            SELECT code, level, parent, name_th, name_en, kind, region FROM area
            ORDER BY CASE level WHEN 'country' THEN 0 WHEN 'province' THEN 1 WHEN 'district' THEN 2
                                WHEN 'subdistrict' THEN 3 ELSE 4 END, code
            """
        )
        return {row[0]: Area(*row) for row in rows}

    @cached_property
    def _children(self) -> dict[str, list[Area]]:
        children: dict[str, list[Area]] = {}
        for area in self._areas.values():
            if area.parent is not None:
                children.setdefault(area.parent, []).append(area)
        return children

    @cached_property
    def _index(self) -> AreaIndex:
        return AreaIndex(self._areas)

    def area(self, code: str) -> Area:
        """One area of the snapshot; QueryError when there is none of this code."""
        found = self._areas.get(code)
        if found is None:
            raise QueryError(f"ไม่รู้จักรหัสพื้นที่ {code!r}", f"unknown area code {code!r}")
        return found

    def path(self, code: str) -> list[Area]:
        """The areas from the country down to this one, itself included."""
        steps = [self.area(code)]
        while steps[-1].parent is not None:
            steps.append(self.area(steps[-1].parent))
        return steps[::-1]

    def children(self, code: str) -> list[Area]:
        """Areas whose parent is this one, by code."""
        self.area(code)
        return list(self._children.get(code, ()))

    def municipalities_in(self, code: str) -> list[Area]:
        """Municipal areas that a crosswalk places in this subdistrict, by code."""
        rows = self._rows("SELECT code FROM area WHERE mapped_to = ? ORDER BY code", [code])
        return [self.area(row[0]) for row in rows if row[0] != code]

    def search(self, text: str, limit: int = 12) -> list[Area]:
        """Areas by Thai or English name, or by code; best match first."""
        return self._index.search(text, limit)

    def bounds(self, code: str) -> tuple[float, float, float, float] | None:
        """West, south, east, north of an area in degrees; of the nearest area above it that has a polygon."""
        wanted: str | None = code
        while wanted is not None:
            if wanted in self._extents:
                return self._extents[wanted][1]
            wanted = parent_of(wanted)
        return None

    @cached_property
    def _extents(self) -> dict[str, tuple[str, tuple[float, float, float, float]]]:
        """Level and extent of every area with a polygon: asked for at every rerun, the same all through a snapshot."""
        rows = self._rows("SELECT code, level, west, south, east, north FROM extent")
        return {
            str(c): (str(level), (float(w), float(s), float(e), float(n))) for c, level, w, s, e, n in rows
        }

    @cached_property
    def _drawable(self) -> frozenset[tuple[str, str]]:
        here = [(level, code) for code, (level, _) in self._extents.items()]
        return frozenset(
            {(level, COUNTRY) for level, _ in here} | {(level, code[:2]) for level, code in here}
        )

    # -- what there is ----------------------------------------------------

    def indicators_with_data(self, level: str | None = None) -> list[str]:
        """Indicators of the catalogue that have rows (at a level), in the catalogue's order."""
        have = {row[0] for row in self._holdings if level is None or row[1] == level}
        return [name for name in load_catalogue() if name in have]

    def levels_with_data(self, indicator: str) -> list[str]:
        """Levels at which an indicator has rows, from the country down."""
        have = {row[1] for row in self._holdings if row[0] == indicator}
        return [
            level for level in ("country", "province", "district", "subdistrict", "village") if level in have
        ]

    def years(self, indicator: str, level: str | None = None) -> list[int]:
        """Years in the common era with rows of an indicator, ascending."""
        return sorted(
            {row[2] for row in self._holdings if row[0] == indicator and (level is None or row[1] == level)}
        )

    def years_by_source(self, indicator: str) -> dict[str, tuple[int, ...]]:
        """Years of the common era with rows of an indicator, of every source, not of the preferred one alone."""
        rows = self._rows(
            "SELECT DISTINCT source_id, year FROM observation WHERE indicator = ? ORDER BY source_id, year",
            [indicator],
        )
        years: dict[str, list[int]] = {}
        for source, year in rows:
            years.setdefault(str(source), []).append(int(year))
        return {source: tuple(found) for source, found in years.items()}

    def drawable(self, level: str, parent: str = COUNTRY) -> bool:
        """Whether the snapshot holds polygons of this level inside the country or this province."""
        return (level, parent) in self._drawable

    def outline_kind(self, level: str) -> str | None:
        """Where the outlines of a level come from: ``imported``, ``embedded`` or ``schematic``; None where it has none.

        Schematic ones were made up for workshops: whatever shows them has to say so. Snapshots made before they could be
        have none of them.
        """
        contents = self.info.contents
        known = contents.get("outlines") or outline_kinds(contents.get("boundaries", ()), ())
        kind = known.get(level)
        return None if kind is None else str(kind)

    @cached_property
    def _holdings(self) -> list[tuple[str, str, int]]:
        rows = self._rows("SELECT DISTINCT indicator, level, year FROM observation WHERE preferred")
        return [(str(i), str(level), int(y)) for i, level, y in rows]

    # -- numbers ----------------------------------------------------------

    def values(
        self, indicator: str, *, level: str, year: int, within: str = COUNTRY, source: str | None = None
    ) -> pd.DataFrame:
        """One indicator in one year for every area of a level.

        Parameters
        ----------
        indicator : str
            Id in the catalogue.
        level : str
        year : int
            Common era.
        within : str
            Only areas inside this one; itself when it is of the level asked for.
        source : str, optional
            A source id instead of the preferred source.

        Returns
        -------
        DataFrame
            Columns `COLUMNS`, ordered by code: every official area, and other areas that have data. ``value``
            is NaN where there is no data, and where it is suppressed (``suppressed`` tells which).
        """
        unit = self._unit(indicator)
        areas = self._frame(level, within)
        parameters = {
            "indicator": indicator,
            "year": year,
            "level": level,
            "within": within,
            "source": source,
        }
        found = self._table(_READ, parameters)
        return _joined(areas, found, unit, year)

    def profile(self, area_code: str, indicators: Sequence[str], year: int) -> pd.DataFrame:
        """Several indicators of one area in one year, one row each in the order asked."""
        return self._of_area(area_code, [(name, year) for name in indicators])

    def series(self, area_code: str, indicator: str) -> pd.DataFrame:
        """One indicator of one area in all years its level has data; a year it lacks stays empty."""
        years = self.years(indicator, self.area(area_code).level)
        return self._of_area(area_code, [(indicator, year) for year in years])

    def coverage(self, indicator: str, year: int, parent: str) -> Coverage:
        """How many of an area's official children have a value that may be shown."""
        official = [a.code for a in self.children(parent) if a.kind == "official"]
        if not official:
            return Coverage(0, 0)
        rows = self._rows(
            """
            SELECT count(DISTINCT area_code) FROM observation
            WHERE indicator = ? AND year = ? AND level = ? AND preferred AND value IS NOT NULL
              AND list_contains(?, area_code)
            """,
            [indicator, year, level_of(official[0]), official],
        )
        return Coverage(int(rows[0][0]), len(official))

    @cached_property
    def lights(self) -> Lights:
        """Night light of the snapshot; empty where none is in."""
        return Lights(self)

    @cached_property
    def villages(self) -> Villages:
        """Villages of the snapshot: points and scores; empty where none are in."""
        return Villages(self)

    @cached_property
    def places(self) -> Places:
        """Public services of the snapshot; empty where none is in."""
        return Places(self)

    @cached_property
    def mpi(self) -> Mpi:
        """Profiles of deprivation, computed or published as TPMAP's overlap; empty where there are none."""
        return Mpi(self)

    @cached_property
    def holdings(self) -> Holdings:
        """What the snapshot holds, where it comes from and where nothing is."""
        return Holdings(self)

    # -- where it comes from ----------------------------------------------

    def sources(self) -> pd.DataFrame:
        """Every source with its rows, how many of them are hidden, levels and years."""
        return self._table(
            """
            SELECT s.*, coalesce(o.observations, 0) AS observations, coalesce(o.preferred, 0) AS preferred,
                   coalesce(o.suppressed, 0) AS suppressed,
                   o.levels,
                   o.first_year, o.last_year
            FROM source s
            LEFT JOIN (
                SELECT source_id, count(*) AS observations,
                       count(*) FILTER (preferred) AS preferred, count(*) FILTER (suppressed) AS suppressed,
                       list_sort(list(DISTINCT level)) AS levels, min(year) AS first_year,
                       max(year) AS last_year
                FROM observation GROUP BY source_id
            ) o USING (source_id)
            ORDER BY s.year DESC NULLS LAST, s.source_id
            """
        )

    def source(self, source_id: str) -> dict[str, Any]:
        """One source, with its ``files`` as a list of dictionaries; what would prove a guess of hidden cells is None."""
        found = self._table("SELECT * FROM source WHERE source_id = ?", [source_id])
        if found.empty:
            raise QueryError(f"ไม่รู้จักแหล่งข้อมูล {source_id!r}", f"unknown source {source_id!r}")
        facts = {str(k): (None if pd.isna(v) else v) for k, v in found.iloc[0].items()}
        files = self._table(
            """
            SELECT file_name, nullif(sha256, '') AS sha256, bytes, rows FROM source_file
            WHERE source_id = ? ORDER BY file_name
            """,
            [source_id],
        ).astype(object)
        # Also of a snapshot that an older version of Daomap wrote, which holds them in plain.
        untold = files["sha256"].isna() | (facts["cells"] == "protected")
        files.loc[untold, ["sha256", "bytes"]] = None
        facts["files"] = files.to_dict("records")
        return facts

    def imports(self) -> pd.DataFrame:
        """Every import in the snapshot, newest first, with its rows read, accepted and rejected."""
        frame = self._table(
            "SELECT import_id, kind, imported_at, report FROM import_run ORDER BY imported_at DESC, import_id"
        )
        reports = [json.loads(text) for text in frame.pop("report")]
        for key in ("rows_read", "rows_accepted", "rows_rejected"):
            frame[key] = [int(r.get(key, 0)) for r in reports]
        frame["warnings"] = [len(r.get("warnings", ())) for r in reports]
        return frame

    def report(self, import_id: str) -> dict[str, Any]:
        """The stored report of one import, as its ``--json`` gave it."""
        rows = self._rows("SELECT report FROM import_run WHERE import_id = ?", [import_id])
        if not rows:
            raise QueryError(f"ไม่พบการนำเข้า {import_id!r}", f"unknown import {import_id!r}")
        report: dict[str, Any] = json.loads(rows[0][0])
        return report

    def findings(self, import_id: str | None = None) -> pd.DataFrame:
        """What importers warned about, of one import or of all."""
        return self._table(
            """SELECT * FROM finding WHERE $id IS NULL OR import_id = $id
               ORDER BY import_id, severity, file, "row", "column" """,
            {"id": import_id},
        )

    # -- layers -----------------------------------------------------------

    def layer_url(
        self, level: str, parent: str, theme: str, year: int, indicator: str | None = None
    ) -> str | None:
        """Address of the map layer that holds an indicator, or None where none was built.

        Parameters
        ----------
        level, parent : str
            Areas of ``level`` inside ``parent``, the country or a province.
        theme : str
            Theme of the indicator.
        year : int
            Common era.
        indicator : str, optional
            Needed for the subdistricts of the whole country, whose themes come in parts (`layer_name`); without it
            the first part is meant.
        """
        name = layer_name(level, parent, theme, year, indicator)
        if layer_file(self.info.path.parent, self.snapshot, level, parent, name) is None:
            return None
        return f"/layers/{self.snapshot}/{level}/{parent}/{name}.geojson"

    def outline_url(self, level: str, parent: str) -> str | None:
        """Address of a published layer of these areas, for its outlines: all of them have the same.

        None where there are no polygons.
        """
        file = any_layer(self.info.path.parent, self.snapshot, level, parent)
        if file is None:
            return None
        return f"/layers/{self.snapshot}/{level}/{parent}/{file.name.removesuffix('.gz')}"

    # -- inside -----------------------------------------------------------

    def _rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        def fetch(cursor: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
            rows: list[tuple[Any, ...]] = []
            size = 0
            while part := cursor.fetchmany(2048):
                size += sum(len(v) if isinstance(v, str) else 8 for row in part for v in row)
                rows += part
                self._bound(len(rows), size)
            return rows

        return self._ask(sql, parameters, fetch)

    def _table(self, sql: str, parameters: Any = None) -> pd.DataFrame:
        def fetch(cursor: duckdb.DuckDBPyConnection) -> pd.DataFrame:
            parts = [cursor.fetch_df_chunk(_VECTORS)]
            count = size = 0
            while len(parts[-1]) or len(parts) == 1:
                count += len(parts[-1])
                size += int(parts[-1].memory_usage(index=False).sum())
                self._bound(count, size)
                parts.append(cursor.fetch_df_chunk(_VECTORS))
            parts.pop()
            return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)

        return self._ask(sql, parameters, fetch)

    def _ask(self, sql: str, parameters: Any, fetch: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run one question within its limits; `fetch` takes the answer piece by piece."""
        cursor: duckdb.DuckDBPyConnection | None = None
        try:
            cursor = self._connection.cursor()
            with _watchdog.watch(cursor, self.limits.timeout_seconds):
                answer = fetch(cursor.execute(sql, parameters))
        except duckdb.InterruptException as error:
            raise QueryError(
                f"คำถามใช้เวลาเกิน {self.limits.timeout_seconds} วินาที วิธีแก้: เลือกพื้นที่ให้แคบลง "
                "หรือเพิ่ม timeout_seconds ในหมวด [query]",
                f"the question took more than {self.limits.timeout_seconds} s. To mend: choose a smaller area, "
                "or raise timeout_seconds in [query]",
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise QueryError(
                f"คำถามต้องใช้หน่วยความจำเกิน {MEMORY_MB} MB วิธีแก้: เลือกพื้นที่ให้แคบลง",
                f"the question needs more than {MEMORY_MB} MB of memory. To mend: choose a smaller area",
            ) from error
        except (
            duckdb.IOException,
            duckdb.FatalException,
            duckdb.InternalException,
            duckdb.ConnectionException,  # closed because another question found the damage
        ) as error:
            raise self._damaged(str(error).splitlines()[0]) from error
        except duckdb.Error:
            # Blocks of another database decode to nonsense, which DuckDB reports under any name.
            if stamp_of(self.info.database) != self._stamp:
                self._look_again()
            raise
        finally:
            if cursor is not None:
                cursor.close()
        if stamp_of(self.info.database) != self._stamp:
            self._look_again()
        return answer

    def _bound(self, rows: int, size: int) -> None:
        if rows > self.limits.max_rows or size > self.limits.max_mb * 1_000_000:
            raise QueryError(
                f"คำตอบใหญ่เกิน {self.limits.max_rows:,} แถวหรือ {self.limits.max_mb} MB วิธีแก้: เลือกพื้นที่ให้แคบลง",
                f"the answer has more than {self.limits.max_rows:,} rows or {self.limits.max_mb} MB. "
                "To mend: choose a smaller area",
            )

    def _look_again(self) -> None:
        """The file was touched since it was opened: go on when its bytes are as published, else refuse."""
        # Taken before hashing, so that a change meanwhile is seen next time.
        stamp = stamp_of(self.info.database)
        if stamp is None:
            return  # pruned while open: this process still reads the very file it opened
        wanted = _sealed(self.info.path, stamp_of(self.info.path / MANIFEST)).get(DATABASE)
        try:
            sound = wanted is not None and file_sha256(self.info.database) == wanted[0]
        except OSError:
            sound = False
        if not sound:
            raise self._damaged("changed after it was published")
        self._stamp = stamp

    def _damaged(self, reason: str) -> StoreError:
        self.broken = True
        log.error("snapshot %s is damaged: %s", self.snapshot, reason)
        return StoreError(
            f"ชุดข้อมูล {self.snapshot} เสียหายระหว่างใช้งาน จึงไม่แสดงตัวเลข ({reason}) วิธีแก้: เปิดหน้านี้ใหม่ "
            "แล้วแจ้งผู้ดูแลให้สั่ง daomap check",
            f"snapshot {self.snapshot} was damaged while in use, so no number is shown ({reason}). "
            "To mend: load this page again, and have daomap check run",
        )

    def _unit(self, indicator: str) -> str:
        entry = load_catalogue().get(indicator)
        if entry is None:
            raise QueryError(f"ไม่รู้จักตัวชี้วัด {indicator!r}", f"unknown indicator {indicator!r}")
        return entry.unit

    def _frame(self, level: str, within: str) -> _Areas:
        key = (level, within)
        with self._lock:
            known = self._frames.get(key)
        if known is not None:
            return known
        self.area(within)
        frame = self._table(
            """
            SELECT code AS area_code, name_th, name_en, kind, mapped_to, parent FROM area
            WHERE level = $level AND ($within = 'TH' OR starts_with(code, $within))
            ORDER BY code
            """,
            {"level": level, "within": within},
        )
        place = {code: number for number, code in enumerate(frame["area_code"].to_list())}
        areas = _Areas(frame, place, (frame["kind"] == "official").to_numpy(dtype=bool))
        with self._lock:
            if len(self._frames) >= 256:
                self._frames.pop(next(iter(self._frames)))
            self._frames[key] = areas
        return areas

    def _of_area(self, area_code: str, wanted: Sequence[tuple[str, int]]) -> pd.DataFrame:
        area = self.area(area_code)
        mapped = self._rows("SELECT mapped_to FROM area WHERE code = ?", [area_code])[0][0]
        units = [self._unit(name) for name, _ in wanted]
        names = sorted({name for name, _ in wanted})
        years = sorted({year for _, year in wanted})
        if not wanted:
            names, years = [""], [0]
        # A plain IN list lets the database skip stretches of other indicators; list_contains reads them all.
        found = {
            (str(row[0]), int(row[1])): row[2:]
            for row in self._rows(
                f"""
                SELECT o.indicator, o.year, o.value, o.numerator, o.denominator, o.definition, s.title_th,
                       o.suppressed, o.basis, o.source_id
                FROM observation o
                JOIN source s USING (source_id)
                WHERE o.area_code = ? AND o.level = ? AND o.preferred
                  AND o.indicator IN ({_marks(names)}) AND o.year IN ({_marks(years)})
                """,
                [area_code, area.level, *names, *years],
            )
        }
        rows = []
        for (name, year), unit in zip(wanted, units, strict=True):
            none = (None, None, None, None, None, False, None, None)
            value, numerator, denominator, definition, source, suppressed, basis, source_id = found.get(
                (name, year), none
            )
            rows.append(
                (
                    area.code, area.name_th, area.name_en, value, numerator, denominator, unit, year,
                    definition, source, suppressed, basis, area.kind, mapped, area.parent, source_id, name,
                )
            )  # fmt: skip
        frame = pd.DataFrame(rows, columns=[*COLUMNS, "indicator"])
        return frame.astype({"value": float, "numerator": float, "denominator": float, "suppressed": bool})


def layer_name(level: str, parent: str, theme: str, year: int, indicator: str | None = None) -> str:
    """Name of the layer file that holds an indicator: ``<theme>-<year>``, or ``<theme>_<part>-<year>``.

    A theme is one file, so that changing the indicator downloads nothing. The 7,425 subdistricts of the country would
    make that up to 1.1 MB, so there a part holds three indicators, in the catalogue's order, and stays below 0.6 MB.
    Imported indicators, of which another import may bring any number, go to parts by their ids alone.
    """
    if theme in IMPORTED.values():
        own = zlib.crc32((indicator or "").encode())
        if (level, parent) == ("subdistrict", COUNTRY):
            return f"{theme}_{own:08x}-{year}"
        return f"{theme}_{own % IMPORTED_PARTS + 1}-{year}"
    if (level, parent) != ("subdistrict", COUNTRY):
        return f"{theme}-{year}"
    members = [i.id for i in load_catalogue().values() if i.theme == theme and i.map]
    place = members.index(indicator) if indicator in members else 0
    return f"{theme}_{place // LAYER_PART + 1}-{year}"


def layer_file(snapshots: Path, snapshot: str, level: str, parent: str, name: str) -> Path | None:
    """The gzipped GeoJSON behind a layer address, or None for anything that is not a published layer.

    Parameters
    ----------
    snapshots : Path
        `Store.snapshots`.
    snapshot, level, parent, name : str
        Parts of the address, from outside and therefore matched whole; ``name`` is ``<theme>-<year>``.
    """
    if not _SNAPSHOT.fullmatch(snapshot) or not _LAYER.fullmatch(f"{level}/{parent}/{name}"):
        return None
    return published_file(snapshots, snapshot, f"layers/{level}/{parent}/{name}.geojson.gz")


def published_file(snapshots: Path, snapshot: str, name: str) -> Path | None:
    """A file of a published snapshot by its name in the manifest, or None where it is not there as published."""
    if not _SNAPSHOT.fullmatch(snapshot):
        return None
    folder = snapshots / snapshot
    wanted = _sealed(folder, stamp_of(folder / MANIFEST)).get(name)
    return folder / name if wanted is not None and _as_published(folder / name, wanted) else None


def any_layer(snapshots: Path, snapshot: str, level: str, parent: str) -> Path | None:
    """Any published layer file of these areas, for its geometry: all of them have the same.

    Parameters
    ----------
    snapshots, snapshot, level, parent
        As for `layer_file`, and matched whole.
    """
    if not _SNAPSHOT.fullmatch(snapshot):
        return None
    folder = snapshots / snapshot
    start = f"layers/{level}/{parent}/"
    for file in sorted(f for f in _sealed(folder, stamp_of(folder / MANIFEST)) if f.startswith(start)):
        name = file.removeprefix(start).removesuffix(".geojson.gz")
        if (path := layer_file(snapshots, snapshot, level, parent, name)) is not None:
            return path
    return None


@lru_cache(maxsize=8)
def _sealed(folder: Path, _stamp: tuple[int, ...] | None) -> dict[str, tuple[str, int]]:
    """SHA-256 and size of every file of a snapshot, from its manifest; nothing from one that is not as published."""
    if Store(folder.parent.parent).get(folder.name) is None:
        return {}
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    return {str(name): (str(fact["sha256"]), int(fact["size"])) for name, fact in files.items()}


_found: dict[Path, tuple[tuple[int, ...], bool]] = {}


def _as_published(path: Path, wanted: tuple[str, int]) -> bool:
    """Whether a file has the bytes its manifest names; hashed once, and again when somebody touches it."""
    stamp = stamp_of(path)
    if stamp is None:
        return False
    known = _found.get(path)
    if known is not None and known[0] == stamp:
        return known[1]
    try:
        sound = stamp[1] == wanted[1] and file_sha256(path) == wanted[0]
    except OSError:
        return False
    if not sound:
        log.error("layer %s is not as published and is not served", path)
    if len(_found) > 20_000:
        _found.clear()
    _found[path] = (stamp, sound)
    return sound


_opening = threading.Lock()
_open: dict[tuple[Path, str], Warehouse] = {}


def shared(snapshots: Path, snapshot: str) -> Warehouse:
    """The one `Warehouse` of this process for a snapshot; threads that ask at the same time get the same one.

    The last four are kept. One that was damaged while in use is opened anew, which fails until it is mended.
    """
    key = (snapshots, snapshot)
    with _opening:
        house = _open.pop(key, None)
        if house is not None and house.broken:
            # Blocks it has read stay in memory as long as anybody holds it, also when the file is mended.
            house.close()
        if house is None or house.broken:
            store = Store(snapshots.parent)
            info = store.get(snapshot)
            if info is None or (
                house is not None and any(not f.startswith("layers/") for f in store.verify(snapshot))
            ):
                raise StoreError(
                    f"ไม่พบชุดข้อมูล {snapshot} ที่สมบูรณ์ วิธีแก้: เปิดหน้านี้ใหม่",
                    f"there is no sound snapshot {snapshot}. To mend: load this page again",
                )
            house = Warehouse(info, load_settings().query)
        _open[key] = house
        while len(_open) > 4:
            del _open[next(iter(_open))]
        return house


def serving(store: Store) -> Warehouse:
    """The shared `Warehouse` of the snapshot readers should use now, with the store's notices in its ``info``.

    Raises
    ------
    StoreError
        When the home is empty, or holds nothing that can be used.
    """
    fault: StoreError | None = None
    for _ in range(3):
        info = store.current()
        if info is None:
            break
        try:
            house = shared(store.snapshots, info.id)
        except StoreError as error:
            # Damage that left no trace in the file's times shows when it is read: have it hashed, take another.
            store.trust_again(info.id)
            fault = error
            continue
        house.info = info
        house.register()
        return house
    raise fault or StoreError(
        f"ยังไม่มีข้อมูลใน {store.home} วิธีแก้: สั่ง daomap build",
        f"there is no data in {store.home} yet. To mend: run daomap build",
    )


class _Watchdog:
    """One thread that interrupts every question that is over its time; asleep while there is none."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._due: list[tuple[float, int, duckdb.DuckDBPyConnection]] = []
        self._running: set[int] = set()
        self._number = itertools.count()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, cursor: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
        """Interrupt `cursor` when the block takes longer than `seconds`."""
        with self._wake:
            if self._thread is None or not self._thread.is_alive():  # not alive: this is a forked child
                self._thread = threading.Thread(target=self._run, name="query-timeout", daemon=True)
                self._thread.start()
            number = next(self._number)
            first = not self._due or time.monotonic() + seconds < self._due[0][0]
            heapq.heappush(self._due, (time.monotonic() + seconds, number, cursor))
            self._running.add(number)
            if first:
                self._wake.notify()
        try:
            yield
        finally:
            with self._wake:
                self._running.discard(number)

    def _run(self) -> None:
        with self._wake:
            while True:
                while self._due and self._due[0][1] not in self._running:
                    heapq.heappop(self._due)
                if not self._due:
                    self._wake.wait()
                    continue
                left = self._due[0][0] - time.monotonic()
                if left > 0:
                    self._wake.wait(left)
                    continue
                _, number, cursor = heapq.heappop(self._due)
                self._running.discard(number)
                cursor.interrupt()


_watchdog = _Watchdog()


def _connect(database: Path) -> duckdb.DuckDBPyConnection:
    if database.with_name(f"{DATABASE}.wal").exists():
        # DuckDB would add what it says to what was published.
        raise StoreError(
            f"พบ .wal ข้างฐานข้อมูลของ {database.parent.name} วิธีแก้: สั่ง daomap build",
            f"there is a .wal beside the database of {database.parent.name}. To mend: run daomap build",
        )
    try:
        with _connecting:
            return _connect_locked(database)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise StoreError(
            f"เปิดฐานข้อมูลของ {database.parent.name} ไม่ได้ ({reason}) วิธีแก้: สั่ง daomap check",
            f"cannot open the database of {database.parent.name} ({reason}). To mend: run daomap check",
        ) from error


_connecting = (
    threading.Lock()
)  # two threads between the question and the lock would fail on each other's lock


def _connect_locked(database: Path) -> duckdb.DuckDBPyConnection:
    # Read-only alone still reads and writes other files and sees the caller's variables; this ends it.
    connection = duckdb.connect(
        str(database),
        read_only=True,
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "memory_limit": f"{MEMORY_MB}MB",
            "threads": "2",
            "max_temp_directory_size": "0B",
        },
    )
    # A second connection of this process to the same file shares the first one's configuration, locked already.
    locked = connection.execute("SELECT current_setting('lock_configuration')").fetchone()
    if locked is None or not locked[0]:
        connection.execute("SET lock_configuration=true")
    return connection


def _marks(items: Sequence[object]) -> str:
    """Question marks for an IN list of bound values."""
    return ", ".join("?" * len(items))


def _joined(areas: _Areas, found: pd.DataFrame, unit: str, year: int) -> pd.DataFrame:
    # By position, not by index: aligning 7,400 rows on a text index takes ten times as long as the query.
    size = len(areas.frame)
    place = np.fromiter(
        (areas.place.get(code, -1) for code in found["area_code"].to_list()), np.intp, len(found)
    )
    known = np.flatnonzero(place >= 0)
    row = np.full(size, -1, dtype=np.intp)
    row[place[known]] = known
    kept = np.flatnonzero(areas.official | (row >= 0))
    left = areas.frame if len(kept) == size else areas.frame.take(kept)
    row = row[kept]
    missing = row < 0

    def number(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        column = np.append(found[name].to_numpy(dtype=np.float64), np.nan)
        return column[row]

    def text(name: str) -> Any:
        return found[name].array.take(row, allow_fill=True)

    suppressed = np.append(found["suppressed"].to_numpy(dtype=bool), False)[row]
    columns: dict[str, Any] = {name: left[name].array for name in ("area_code", "name_th", "name_en")}
    columns |= {name: number(name) for name in ("value", "numerator", "denominator")}
    columns |= {"unit": unit, "year": year, "definition": text("definition"), "source": text("source")}
    columns |= {"suppressed": suppressed & ~missing, "basis": text("basis")}
    columns |= {name: left[name].array for name in ("kind", "mapped_to", "parent")}
    columns["source_id"] = text("source_id")
    # The areas' own columns are shared with the kept frame; pandas copies them when somebody writes.
    return pd.DataFrame(columns, index=pd.RangeIndex(len(kept)))
