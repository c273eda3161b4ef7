"""Between the sums and the rates: what of a protected source goes into a snapshot.

A snapshot's database holds only what may be shown. What a protected source truly says, and what was hidden of it, lies
beside the database in the snapshot's ``private`` folder: no route serves it and no query opens it. The next publication
needs both, to compute with true numbers and to hide nothing that the snapshot before gives away, or shows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.catalogue import load_catalogue
from analytics.disclosure import (
    DisclosureError,
    Snapshot,
    counts_table,
    is_offered,
    protect,
    tpmap_structure,
)
from analytics.disclosure.structure import APPLICABLE
from geo.codes import parent_of
from warehouse.settings import Privacy
from warehouse.snapshots import StoreError

FOLDER: Final = "private"
LEVELS: Final = ("country", "province", "district", "subdistrict", "village")

Replace = Callable[[str, bytes], None]
"""Writes a file of the draft, by its name inside it."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """How much of one source and year is hidden.

    Attributes
    ----------
    counts : DataFrame
        One row a level: ``level, cells, primary, secondary``.
    """

    source_id: str
    year: int
    counts: pd.DataFrame
    reused: bool = False

    def to_json(self) -> dict[str, Any]:
        """As the manifest and the import report hold it."""
        rows = self.counts.to_dict("records")
        return {"source": self.source_id, "year": self.year, "levels": rows}


class Guard:
    """Hides what of protected sources may not be shown, and keeps what is needed to do so again.

    Parameters
    ----------
    folder : Path
        The draft of a snapshot.
    replace : callable
        Writes a file into it.
    privacy : Privacy
    """

    def __init__(self, folder: Path, replace: Replace, privacy: Privacy) -> None:
        self._folder, self._replace, self._privacy = folder, replace, privacy
        self.withheld: list[Withheld] = []

    # -- before the sums ----------------------------------------------------

    def forget(self, arriving: pa.Table) -> None:
        """Drop kept rows that an import brings anew: what it says counts from now on."""
        keys = ["area_code", "indicator", "year", "source_id"]
        pairs = arriving.select(["source_id", "year"]).group_by(["source_id", "year"]).aggregate([])
        for pair in pairs.to_pylist():
            file = self._rows_file(str(pair["source_id"]), int(pair["year"]))
            if not file.exists():
                continue
            kept = pq.read_table(file)
            left = kept.join(arriving.select(keys), keys, join_type="left anti").select(kept.column_names)
            self._write(self._name(str(pair["source_id"]), int(pair["year"]), "rows"), left)

    def restore(self, connection: duckdb.DuckDBPyConnection, years: Collection[int]) -> None:
        """Put the true numbers of hidden cells back into the table ``fact``, to be summed and hidden again."""
        for file in sorted((self._folder / FOLDER).glob("*.rows.parquet")):
            kept = pq.read_table(file)
            if not kept.num_rows or kept.column("year")[0].as_py() not in years:
                continue
            connection.register("kept", kept)
            connection.execute(
                """
                DELETE FROM fact f USING kept k
                WHERE f.area_code = k.area_code AND f.indicator = k.indicator AND f.year = k.year
                  AND f.source_id = k.source_id
                """
            )
            connection.execute("INSERT INTO fact BY NAME SELECT *, false AS computed FROM kept")
            connection.unregister("kept")

    # -- after the sums -----------------------------------------------------

    def hide(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Hide small counts of protected sources in the table ``fact``, with enough others that nobody finds them.

        Leaves the table ``withheld(area_code, indicator, year, source_id)``, in which denominators stand under
        ``applicable_indNN``, for the rates that follow.

        Raises
        ------
        StoreError
            When something would still be found out; nothing is published then.
        """
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE withheld
            (area_code VARCHAR, indicator VARCHAR, year SMALLINT, source_id VARCHAR)
            """
        )
        pairs = connection.execute(
            "SELECT DISTINCT f.source_id, f.year, s.cells FROM fact f JOIN source s USING (source_id) ORDER BY ALL"
        ).fetchall()
        for source_id, year, cells in pairs:
            protected = cells != "published"
            if protected:
                self._keep_rows(connection, source_id, year)
            else:
                self._drop(source_id, year)
            self._end_of_detail(connection, source_id, year, protected)
            facts = self._facts(connection, source_id, year)
            if not protected:
                # What its owner has published stays as it is; only villages are not taken for published.
                parents = {parent_of(c) for c in facts.loc[facts["level"] == "village", "area_code"]}
                facts = facts[(facts["level"] == "village") | facts["area_code"].isin(parents)]
            if len(facts):
                self._hide_one(connection, source_id, int(year), facts, protected)

    def _hide_one(
        self,
        connection: duckdb.DuckDBPyConnection,
        source_id: str,
        year: int,
        facts: pd.DataFrame,
        protected: bool,
    ) -> None:
        counts = [i.id for i in load_catalogue().values() if i.unit in ("persons", "households")]
        table = counts_table(facts[facts["value"].notna()], counts)
        if not table.size:
            return
        levels = facts.drop_duplicates("area_code").set_index("area_code")["level"].reindex(table.index)
        tree = {str(code): parent_of(str(code)) for code in table.index}
        fixed = None if protected else _everywhere(table, levels != "village")
        previous, minimum = self._former(source_id, year)
        known = previous is not None and minimum == self._privacy.minimum
        reused = known and previous is not None and previous.table.equals(table)
        try:
            if reused and previous is not None:
                hidden = previous.hidden
            elif known or (previous is not None and minimum > self._privacy.minimum):
                chosen = protect(table, tree, tpmap_structure(), self._privacy.minimum, previous, fixed=fixed)
                hidden = chosen.hidden
            else:
                # A former snapshot of a lower minimum told too much to be mended; it shows no more than it did.
                keep = None if previous is None else previous.hidden
                chosen = protect(
                    table, tree, tpmap_structure(), self._privacy.minimum, keep=keep, fixed=fixed
                )
                hidden = chosen.hidden
        except DisclosureError as error:
            if protected:
                raise StoreError(
                    f"ไม่เผยแพร่: ข้อมูลที่ต้องปกปิดของ {source_id} ปี {year + 543} ยังคำนวณย้อนกลับได้ ชุดข้อมูลเดิมยังใช้ได้ "
                    "วิธีแก้: ลด [privacy] minimum หรือนำเข้าตัวชี้วัดให้น้อยลง",
                    f"not published: counts of {source_id} {year + 543} that must be hidden could still be worked out "
                    f"({error}); the snapshot is unchanged. To mend: lower [privacy] minimum or import fewer indicators",
                ) from error
            # What stands above the villages is published and cannot be hidden for their sake.
            connection.execute(
                "DELETE FROM fact WHERE source_id = ? AND year = ? AND level = 'village'", [source_id, year]
            )
            self._drop(source_id, year)
            return
        except ValueError as error:
            raise StoreError(
                f"ไม่เผยแพร่: จำนวนของ {source_id} ปี {year + 543} ไม่ใช่จำนวนเต็ม วิธีแก้: ตรวจไฟล์ต้นทาง",
                f"not published: counts of {source_id} {year + 543} are not whole numbers ({error}). To mend: check "
                "the file",
            ) from error
        self._apply(connection, source_id, year, hidden)
        self._write(self._name(source_id, year, "counts"), _tall(table, hidden, self._privacy.minimum))
        self.withheld.append(
            Withheld(source_id, year, _tally(table, hidden, levels, self._privacy.minimum), bool(reused))
        )

    def _apply(
        self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int, hidden: pd.DataFrame
    ) -> None:
        at, column = hidden.to_numpy(dtype=bool).nonzero()
        cells = pa.table(
            {
                "area_code": pa.array([str(c) for c in hidden.index[at]], pa.string()),
                "indicator": pa.array([str(c) for c in hidden.columns[column]], pa.string()),
            }
        )
        connection.register("cells", cells)
        connection.execute(
            "INSERT INTO withheld SELECT area_code, indicator, ?, ? FROM cells", [year, source_id]
        )
        connection.unregister("cells")
        mine = {"source": source_id, "year": year}
        connection.execute(
            """
            UPDATE fact SET suppressed = true, value = NULL, numerator = NULL, denominator = NULL
            FROM withheld w
            WHERE fact.source_id = $source AND fact.year = $year AND w.source_id = $source AND w.year = $year
              AND w.area_code = fact.area_code AND w.indicator = fact.indicator
            """,
            mine,
        )
        connection.execute(
            """
            UPDATE fact SET denominator = NULL
            FROM withheld w
            WHERE fact.source_id = $source AND fact.year = $year AND w.source_id = $source AND w.year = $year
              AND w.area_code = fact.area_code AND starts_with(w.indicator, $prefix)
              AND fact.indicator = replace(w.indicator, $prefix, 'failing_ind')
            """,
            mine | {"prefix": APPLICABLE},
        )
        # Rates the source itself gives, and means over a group, would tell what was hidden of their parts.
        parts = [
            (i.id, part)
            for i in load_catalogue().values()
            if i.unit not in ("persons", "households")
            for part in _parts(i)
        ]
        connection.register(
            "part",
            pa.table(
                {
                    "indicator": pa.array([p[0] for p in parts], pa.string()),
                    "rests_on": pa.array([p[1] for p in parts], pa.string()),
                }
            ),
        )
        connection.execute(
            """
            UPDATE fact SET suppressed = true, value = NULL, numerator = NULL, denominator = NULL
            WHERE source_id = $source AND year = $year AND EXISTS (
                FROM part p JOIN withheld w ON w.indicator = p.rests_on
                WHERE p.indicator = fact.indicator AND w.area_code = fact.area_code
                  AND w.source_id = $source AND w.year = $year)
            """,
            mine,
        )
        connection.unregister("part")

    def _end_of_detail(
        self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int, protected: bool
    ) -> None:
        """Leave out what is not offered at all: breakdowns below their finest level, villages unless switched on."""
        finest = "village" if self._privacy.villages else "subdistrict"
        indicators = connection.execute(
            "SELECT DISTINCT indicator, level FROM fact WHERE source_id = ? AND year = ?", [source_id, year]
        ).fetchall()
        away = [
            (indicator, level)
            for indicator, level in indicators
            if (protected or level == "village") and not is_offered(indicator, level, finest)
        ]
        if away:
            connection.register(
                "away",
                pa.table(
                    {
                        "indicator": pa.array([a[0] for a in away], pa.string()),
                        "level": pa.array([a[1] for a in away], pa.string()),
                    }
                ),
            )
            connection.execute(
                """
                DELETE FROM fact USING away a
                WHERE fact.source_id = ? AND fact.year = ? AND a.indicator = fact.indicator AND a.level = fact.level
                """,
                [source_id, year],
            )
            connection.unregister("away")
        connection.execute(
            """
            DELETE FROM fact WHERE source_id = $source AND year = $year AND level = 'village' AND area_code NOT IN (
                SELECT area_code FROM fact
                WHERE source_id = $source AND year = $year AND level = 'village' AND indicator = 'households'
                  AND value >= $floor)
            """,
            {"source": source_id, "year": year, "floor": self._privacy.village_households},
        )

    def _facts(self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int) -> pd.DataFrame:
        frame: pd.DataFrame = connection.execute(
            """
            SELECT area_code, level, indicator, value, denominator FROM fact
            WHERE source_id = ? AND year = ? ORDER BY area_code, indicator
            """,
            [source_id, year],
        ).df()
        return frame

    # -- files --------------------------------------------------------------

    def _keep_rows(self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int) -> None:
        rows = (
            connection.execute(
                """
            SELECT area_code, level, indicator, year, numerator, denominator, value, basis, definition, source_id,
                   suppressed
            FROM fact WHERE source_id = ? AND year = ? AND NOT computed ORDER BY ALL
            """,
                [source_id, year],
            )
            .arrow()
            .read_all()
        )
        self._write(self._name(source_id, year, "rows"), rows)

    def _former(self, source_id: str, year: int) -> tuple[Snapshot | None, int]:
        file = self._folder / self._name(source_id, year, "counts")
        if not file.exists():
            return None, 0
        tall = pq.read_table(file)
        minimum = int(json.loads(tall.schema.metadata[b"daomap"])["minimum"])
        frame = tall.to_pandas()
        table = frame.pivot(index="area_code", columns="indicator", values="value")
        hidden = (
            frame.pivot(index="area_code", columns="indicator", values="hidden").fillna(False).astype(bool)
        )
        return Snapshot(table, hidden), minimum

    def _rows_file(self, source_id: str, year: int) -> Path:
        return self._folder / self._name(source_id, year, "rows")

    def _drop(self, source_id: str, year: int) -> None:
        """A source that counts as published from now on keeps nothing apart."""
        for kind in ("rows", "counts"):
            (self._folder / self._name(source_id, year, kind)).unlink(missing_ok=True)

    def _name(self, source_id: str, year: int, kind: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9]+", "-", source_id)
        mark = hashlib.sha256(source_id.encode()).hexdigest()[:8]
        return f"{FOLDER}/{plain}-{mark}-{year}.{kind}.parquet"

    def _write(self, name: str, table: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        self._replace(name, bytes(sink.getvalue()))


def _parts(indicator: Any) -> list[str]:
    """Counts a rate or a mean rests on."""
    if indicator.of is not None:
        below = indicator.per
        if below == "applicable":
            below = APPLICABLE + indicator.of.removeprefix("failing_ind")
        return [indicator.of, *([below] if below is not None else [])]
    return ["households", "surveyed_persons"]


def _everywhere(table: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    mask = pd.DataFrame(False, index=table.index, columns=table.columns)
    mask.loc[rows.to_numpy(dtype=bool)] = True
    return mask


def _tall(table: pd.DataFrame, hidden: pd.DataFrame, minimum: int) -> pa.Table:
    flat = table.stack()
    areas, indicators = flat.index.get_level_values(0), flat.index.get_level_values(1)
    made = pa.table(
        {
            "area_code": pa.array([str(a) for a in areas], pa.string()),
            "indicator": pa.array([str(i) for i in indicators], pa.string()),
            "value": pa.array(flat.to_numpy(dtype=float), pa.float64()),
            "hidden": pa.array(hidden.stack().reindex(flat.index).to_numpy(dtype=bool), pa.bool_()),
        }
    )
    return made.replace_schema_metadata({"daomap": json.dumps({"minimum": minimum})})


def _tally(table: pd.DataFrame, hidden: pd.DataFrame, levels: pd.Series, minimum: int) -> pd.DataFrame:
    small = (table > 0) & (table < minimum) & hidden
    rows = []
    for level in LEVELS:
        here = (levels == level).to_numpy(dtype=bool)
        if here.any():
            cells, all_hidden = int(table[here].notna().sum().sum()), int(hidden[here].sum().sum())
            first = int(small[here].sum().sum())
            rows.append((level, cells, first, all_hidden - first))
    return pd.DataFrame(rows, columns=["level", "cells", "primary", "secondary"])
