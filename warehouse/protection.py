"""Between the sums and the rates: what of a protected source goes into a snapshot.

A snapshot's database holds only what may be shown. What a protected source truly says, and what was hidden of it, lies
beside the database in the snapshot's ``private`` folder: no route serves it and no query opens it. The next publication
needs both, to compute with true numbers and to hide nothing that the snapshot before gives away, or shows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analytics import disclosure
from analytics.catalogue import Indicator, load_catalogue
from analytics.disclosure import (
    RESTS,
    DependentError,
    DisclosureError,
    NotWholeError,
    Snapshot,
    Structure,
    audit,
    counts_table,
    find_primary,
    found_structure,
    is_offered,
    known_structure,
    protect,
)
from analytics.disclosure.structure import APPLICABLE
from geo.codes import parent_of
from warehouse.settings import Privacy
from warehouse.snapshots import SnapshotInfo, StoreError

FOLDER: Final = "private"
KEY: Final = f"{FOLDER}/key"
FILES: Final = f"{FOLDER}/files.json"
_LEFT: Final = "left-"
_KEYED: Final = "keyed-"
SYNTHETIC: Final = "synthetic"
"""How the cells of made-up people may be shown, and the kind of their source: small counts alone are hidden."""
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

    def to_json(self) -> dict[str, Any]:
        """As the import report holds it."""
        rows = self.counts.to_dict("records")
        return {"source": self.source_id, "year": self.year, "levels": rows}


@dataclass(frozen=True, slots=True)
class _Former:
    """What the snapshot before hid of a source and year, by which minimum and rules."""

    snapshot: Snapshot
    primary: pd.DataFrame
    minimum: int
    rules: str


class Guard:
    """Hides what of protected sources may not be shown, and keeps what is needed to do so again.

    Parameters
    ----------
    folder : Path
        The draft of a snapshot.
    replace : callable
        Writes a file into it.
    privacy : Privacy
    small_sample : int
        Counts of young people who are NEET that rest on a smaller sample are hidden as well; 0 hides none for that.
    left : sequence of Path
        Snapshots newer than the one the draft starts from, newest first: readers saw them before somebody went back.
    """

    def __init__(
        self,
        folder: Path,
        replace: Replace,
        privacy: Privacy,
        small_sample: int = 0,
        left: Sequence[Path] = (),
    ) -> None:
        self._folder, self._replace, self._privacy = folder, replace, privacy
        self._small_sample = small_sample
        self._rules = _rules_sha256()
        self._take_up(left)
        self.withheld: list[Withheld] = []

    def _take_up(self, left: Sequence[Path]) -> None:
        """Bring along what snapshots left behind showed, until their sources are hidden anew beside it.

        The newest of each source and year is enough: it was itself chosen beside the one before, or brings that along.
        """
        seen: set[str] = set()
        for snapshot in left:
            here: set[str] = set()
            for file in sorted((snapshot / FOLDER).glob("*.parquet")):
                stem, kind = file.name.removesuffix(".parquet").rsplit(".", 1)
                if stem in seen or not (kind == "counts" or kind.startswith(_LEFT)):
                    continue
                content = file.read_bytes()
                try:
                    pq.read_table(pa.BufferReader(content))
                except (pa.ArrowInvalid, OSError):
                    continue  # of a damaged snapshot; an older one may have it whole
                here.add(stem)
                own = self._folder / FOLDER / f"{stem}.counts.parquet"
                if own.exists() and own.read_bytes() == content:
                    continue
                mark = hashlib.sha256(content).hexdigest()[:12]
                self._replace(f"{FOLDER}/{stem}.{_LEFT}{mark}.parquet", content)
            seen |= here

    # -- before the sums ----------------------------------------------------

    def check_change(self, source_id: str, arriving: pa.Table) -> None:
        """Make sure that a protected source is not laid open by a part of it.

        Raises
        ------
        StoreError
            When rows that were protected so far are not among the arriving ones, which are to be published.
        """
        keys = ["area_code", "indicator", "year", "source_id"]
        for file in sorted((self._folder / FOLDER).glob(f"{self._stem(source_id)}-*.rows.parquet")):
            kept = pq.read_table(file)
            kept = kept.filter(pa.compute.not_equal(kept.column("level"), "village"))
            left = kept.select(keys).join(arriving.select(keys), keys, join_type="left anti")
            if left.num_rows:
                raise StoreError(
                    f"ไม่เผยแพร่: {source_id} ถูกปกปิดไว้ และไฟล์ชุดนี้มีไม่ครบ (ขาด {left.num_rows:,} ค่า) วิธีแก้: นำเข้าทั้งชุดด้วย "
                    "--published หรือนำเข้าส่วนนี้ด้วย --protected",
                    f"not published: {source_id} is protected and these files are a part of it only "
                    f"({left.num_rows:,} values are missing). To mend: import the whole edition with --published, or "
                    "this part with --protected",
                )

    def forget(self, arriving: pa.Table, *, whole_years: bool = False) -> None:
        """Drop kept rows that an import replaces: what it says counts from now on.

        Parameters
        ----------
        arriving : pa.Table
            ``area_code, indicator, year, source_id`` of the rows that went in.
        whole_years : bool
            Whether all rows of their sources and years are replaced.
        """
        keys = ["area_code", "indicator", "year", "source_id"]
        pairs = arriving.select(["source_id", "year"]).group_by(["source_id", "year"]).aggregate([])
        for pair in pairs.to_pylist():
            file = self._rows_file(str(pair["source_id"]), int(pair["year"]))
            if not file.exists():
                continue
            kept = pq.read_table(file)
            left = kept.join(arriving.select(keys), keys, join_type="left anti").select(kept.column_names)
            left = left.slice(0, 0) if whole_years else left
            self._write(self._name(str(pair["source_id"]), int(pair["year"]), "rows"), left)

    def leave(self, source_id: str) -> None:
        """Keep nothing of a source that leaves the snapshot."""
        for file in (self._folder / FOLDER).glob(f"{self._stem(source_id)}-*.parquet"):
            file.unlink()

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
            """
            SELECT DISTINCT f.source_id, f.year, s.cells = 'published', s.cells = $synthetic AND s.kind = $synthetic
            FROM fact f JOIN source s USING (source_id) ORDER BY ALL
            """,
            {"synthetic": SYNTHETIC},
        ).fetchall()
        # What its owner has published comes first: a protected source cannot hide what another one shows.
        for source_id, year, published, synthetic in sorted(pairs, key=lambda pair: not pair[2]):
            if synthetic:
                self._hide_small(connection, source_id, int(year))
                continue
            protected = not published
            if not protected and not self._has_villages(connection, source_id, year):
                self._drop(source_id, year)
                continue
            self._keep_rows(connection, source_id, year, None if protected else "village")
            self._end_of_detail(connection, source_id, year, protected)
            facts = self._facts(connection, source_id, year, villages_only=not protected)
            if len(facts):
                self._hide_one(connection, source_id, int(year), facts, protected)
            elif not protected:
                (self._folder / self._name(source_id, year, "counts")).unlink(missing_ok=True)

    def _hide_small(self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int) -> None:
        """Hide the small counts of made-up people alone: how real ones look is practised, and there is nobody to be found."""
        self._keep_rows(connection, source_id, year, None)
        self._end_of_detail(connection, source_id, year, protected=False)
        facts = self._facts(connection, source_id, year, villages_only=False)
        table = counts_table(facts[facts["value"].notna()], _counts())
        if table.size:
            small = find_primary(table, _structure(table), self._privacy.minimum)
            self._apply(connection, source_id, year, small, True)
            self._small_villages_out(connection, source_id, year, table)

    def _hide_one(
        self,
        connection: duckdb.DuckDBPyConnection,
        source_id: str,
        year: int,
        facts: pd.DataFrame,
        protected: bool,
    ) -> None:
        minimum, scope = self._privacy.minimum, "all" if protected else "village"
        try:
            table = counts_table(facts[facts["value"].notna()], _counts())
            if not table.size:
                if protected and any(i.imported for i in _known(facts["indicator"])):
                    # Nothing in it can be looked at for small counts, so nobody could say what it gives away.
                    raise StoreError(
                        f"ไม่เผยแพร่: {source_id} ปี {year + 543} ต้องปกปิดแต่ไม่มีคอลัมน์จำนวนคนหรือครัวเรือนให้ตรวจ วิธีแก้: "
                        "ตั้ง unit เป็น persons หรือ households ในไฟล์ --mapping หรือใช้ --published",
                        f"not published: {source_id} {year + 543} is protected and has no count of persons or households to "
                        "check. To mend: set unit to persons or households in a --mapping file, or use --published",
                    )
                self._small_villages_out(connection, source_id, year, table)
                return
            levels = facts.drop_duplicates("area_code").set_index("area_code")["level"].reindex(table.index)
            tree = {str(code): parent_of(str(code)) for code in table.index}
            fixed = self._known_elsewhere(connection, source_id, year, table)
            if not protected:
                fixed.loc[(levels != "village").to_numpy(dtype=bool)] = True
            # A village too small to be shown is hidden whole, not left out: the others would give it away.
            keep = _everywhere(table, levels.eq("village") & ~_large(table, self._privacy.village_households))
            if {"neet", "neet_sample"} <= set(table.columns):
                keep["neet"] |= (table["neet_sample"] < self._small_sample) & (table["neet"] > 0)
            formers = self._formers(source_id, year, scope)
            former = formers[0] if formers else None
            reused = False
            if (
                len(formers) == 1
                and former is not None
                and former.minimum == minimum
                and former.rules == self._rules
            ):
                before = former.snapshot
                reused = before.table.equals(table) and bool(
                    (keep & ~fixed & ~before.hidden).to_numpy().sum() == 0
                    and (before.hidden & fixed).to_numpy().sum() == 0
                )
            primary: pd.DataFrame
            if reused and former is not None:
                hidden, primary = former.snapshot.hidden, former.primary
            else:
                # A snapshot of a lower minimum told too much to be mended; this one shows no more than it did.
                for low in (f.snapshot.hidden for f in formers if f.minimum < minimum):
                    keep |= low.reindex(index=table.index, columns=table.columns, fill_value=False)
                before_this = [f.snapshot for f in formers if f.minimum >= minimum]
                structure = _structure(table)
                hidden, primary = _beside_all(table, tree, structure, minimum, before_this, keep, fixed)
        except (DependentError, DisclosureError) as error:
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
            (self._folder / self._name(source_id, year, "counts")).unlink(missing_ok=True)
            return
        except NotWholeError as error:
            raise StoreError(
                f"ไม่เผยแพร่: จำนวนของ {source_id} ปี {year + 543} ไม่ใช่จำนวนเต็ม วิธีแก้: ตรวจไฟล์ต้นทาง",
                f"not published: counts of {source_id} {year + 543} are not whole numbers ({error}). To mend: check "
                "the file",
            ) from error
        self._drop_left(source_id, year)
        self._apply(connection, source_id, year, hidden, protected)
        self._small_villages_out(connection, source_id, year, table)
        tall = _tall(table, hidden, primary)
        marks = {"minimum": minimum, "rules": self._rules, "scope": scope}
        self._write(
            self._name(source_id, year, "counts"), tall.replace_schema_metadata({"daomap": json.dumps(marks)})
        )
        if protected:
            # What follows from others and is never shown is not among what could have been.
            told = [name for name in table.columns if name not in RESTS]
            counts = _tally(table[told], hidden[told], primary[told], levels)
            self.withheld.append(Withheld(source_id, year, counts))

    def _apply(
        self,
        connection: duckdb.DuckDBPyConnection,
        source_id: str,
        year: int,
        hidden: pd.DataFrame,
        protected: bool,
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
        # Counts carry their group as denominator; shown beside a zero it would say how large a hidden group is.
        # Rates take theirs from the group's own row.
        connection.execute(
            """
            UPDATE fact SET denominator = NULL
            WHERE source_id = $source AND year = $year AND ($all OR level = 'village')
              AND NOT starts_with(indicator, 'failing_ind') AND list_contains($counts, indicator)
            """,
            mine | {"all": protected, "counts": _counts()},
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
        counts = set(_counts())
        parts = [(i.id, part) for i in load_catalogue().values() if i.id not in counts for part in _parts(i)]
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

    def _small_villages_out(
        self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int, table: pd.DataFrame
    ) -> None:
        large = table.index[_large(table, self._privacy.village_households).to_numpy(dtype=bool)]
        connection.execute(
            """
            DELETE FROM fact WHERE source_id = $source AND year = $year AND level = 'village'
              AND NOT list_contains($large::VARCHAR[], area_code)
            """,
            {"source": source_id, "year": year, "large": [str(c) for c in large]},
        )

    def _has_villages(self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int) -> bool:
        found = connection.execute(
            "SELECT 1 FROM fact WHERE source_id = ? AND year = ? AND level = 'village' LIMIT 1",
            [source_id, year],
        ).fetchone()
        return found is not None

    def _known_elsewhere(
        self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int, table: pd.DataFrame
    ) -> pd.DataFrame:
        """Cells that a published source of the same year shows with the same number: nobody can hide them."""
        rows = connection.execute(
            """
            SELECT f.area_code, f.indicator, f.value FROM fact f JOIN source s USING (source_id)
            WHERE s.cells = 'published' AND f.year = ? AND f.source_id <> ? AND f.value IS NOT NULL
              AND list_contains(?, f.indicator)
            """,
            [year, source_id, [str(c) for c in table.columns]],
        ).fetchall()
        fixed = pd.DataFrame(False, index=table.index, columns=table.columns)
        for area, indicator, value in rows:
            if area in table.index and table.at[area, indicator] == value:
                fixed.at[area, indicator] = True
        return fixed

    def _facts(
        self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int, *, villages_only: bool
    ) -> pd.DataFrame:
        """Rows of a source and year; of a published one the villages and the subdistricts they lie in."""
        frame: pd.DataFrame = connection.execute(
            """
            SELECT area_code, level, indicator, value, denominator FROM fact
            WHERE source_id = $source AND year = $year AND (
                NOT $villages OR level = 'village' OR area_code IN (
                    SELECT DISTINCT left(area_code, 6) FROM fact
                    WHERE source_id = $source AND year = $year AND level = 'village'))
            ORDER BY area_code, indicator
            """,
            {"source": source_id, "year": year, "villages": villages_only},
        ).df()
        return frame

    # -- what is told of the files ------------------------------------------

    def hide_files(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Keep what would let a guess of hidden cells be proved: hash and size of their files, and what follows from these.

        Whoever knows how a small file is laid out could fill in what is shown and try numbers for the rest until the hash
        fits. The database holds no hash and no size of such files (an empty hash says so) and import ids under a key; the
        true hashes lie in the snapshot's ``private`` folder, beside the key.
        """
        ids = [
            str(source_id)
            for source_id, cells in connection.execute("SELECT source_id, cells FROM source").fetchall()
            if cells != "published"
            or any((self._folder / FOLDER).glob(f"{self._stem(source_id)}-*.rows.parquet"))
        ]
        known = self._folder / FILES
        kept: dict[str, dict[str, Any]] = json.loads(known.read_bytes()) if known.exists() else {}
        kept = {source_id: files for source_id, files in kept.items() if source_id in ids}
        for source_id, name, sha256, size in connection.execute(
            "SELECT source_id, file_name, sha256, bytes FROM source_file WHERE list_contains($ids::VARCHAR[], source_id)",
            {"ids": ids},
        ).fetchall():
            if sha256:
                kept.setdefault(source_id, {})[name] = {"sha256": sha256, "bytes": size}
        known.unlink(missing_ok=True)
        if not ids:
            (self._folder / KEY).unlink(missing_ok=True)
            return
        if kept:
            self._replace(FILES, json.dumps(kept, ensure_ascii=False, sort_keys=True).encode())
        if not (self._folder / KEY).exists():
            self._replace(KEY, secrets.token_hex(32).encode())
        key = (self._folder / KEY).read_bytes()
        # A run none of whose files is left is nobody's: it may be an earlier one of a source that is protected now.
        runs = connection.execute(
            """
            SELECT DISTINCT import_id FROM source_file
            WHERE list_contains($ids::VARCHAR[], source_id) AND import_id <> ''
            UNION
            SELECT import_id FROM import_run
            WHERE files > 0 AND import_id NOT IN (SELECT import_id FROM source_file)
            """,
            {"ids": ids},
        ).fetchall()
        for (plain,) in runs:
            if plain.startswith(_KEYED):
                continue
            keyed = _keyed(plain, key)
            for table in ("import_run", "finding"):
                # The same files once more: their earlier run goes, as it does where ids are plain.
                connection.execute(
                    f"DELETE FROM {table} WHERE import_id = ? AND EXISTS (FROM import_run WHERE import_id = ?)",
                    [keyed, plain],
                )
            for table in ("finding", "source_file", "import_run"):
                connection.execute(f"UPDATE {table} SET import_id = ? WHERE import_id = ?", [keyed, plain])
        # The same file may have brought another source too, to which nothing is hidden.
        connection.execute(
            """
            UPDATE source_file SET sha256 = '', bytes = 0
            WHERE list_contains($ids::VARCHAR[], source_id) OR list_contains($hashes::VARCHAR[], sha256)
            """,
            {"ids": ids, "hashes": [file["sha256"] for files in kept.values() for file in files.values()]},
        )

    # -- files --------------------------------------------------------------

    def _keep_rows(
        self, connection: duckdb.DuckDBPyConnection, source_id: str, year: int, level: str | None
    ) -> None:
        """Keep what the source truly says, of one level or of all."""
        rows = (
            connection.execute(
                """
            SELECT area_code, level, indicator, year, numerator, denominator, value, basis, definition, source_id,
                   suppressed
            FROM fact WHERE source_id = $source AND year = $year AND NOT computed
              AND ($level IS NULL OR level = $level)
            ORDER BY ALL
            """,
                {"source": source_id, "year": year, "level": level},
            )
            .arrow()
            .read_all()
        )
        self._write(self._name(source_id, year, "rows"), rows)

    def _formers(self, source_id: str, year: int, scope: str) -> list[_Former]:
        """What the snapshot before hid, and those that somebody went back from since."""
        own = self._folder / self._name(source_id, year, "counts")
        files = [own] if own.exists() else []
        found = [_read_former(file, scope) for file in (*files, *self._left(source_id, year))]
        return [former for former in found if former is not None]

    def _left(self, source_id: str, year: int) -> list[Path]:
        return sorted((self._folder / FOLDER).glob(f"{self._stem(source_id)}-{year}.{_LEFT}*.parquet"))

    def _drop_left(self, source_id: str, year: int) -> None:
        for file in self._left(source_id, year):
            file.unlink()

    def _rows_file(self, source_id: str, year: int) -> Path:
        return self._folder / self._name(source_id, year, "rows")

    def _drop(self, source_id: str, year: int) -> None:
        """A source that counts as published from now on keeps nothing apart."""
        for kind in ("rows", "counts"):
            (self._folder / self._name(source_id, year, kind)).unlink(missing_ok=True)
        self._drop_left(source_id, year)

    def _name(self, source_id: str, year: int, kind: str) -> str:
        return f"{FOLDER}/{self._stem(source_id)}-{year}.{kind}.parquet"

    def _stem(self, source_id: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9]+", "-", source_id)
        return f"{plain}-{hashlib.sha256(source_id.encode()).hexdigest()[:8]}"

    def _write(self, name: str, table: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        self._replace(name, bytes(sink.getvalue()))


def holds(snapshot: SnapshotInfo | None, import_id: str) -> bool:
    """Whether an import is in a snapshot, whose protected ones stand there under a key that its owner alone reads."""
    if snapshot is None:
        return False
    imports = snapshot.contents.get("imports", ())
    if import_id in imports:
        return True
    try:
        key = (snapshot.path / KEY).read_bytes()
    except OSError:
        return False  # nothing protected is in, or somebody else owns it, who alone imports into it
    return _keyed(import_id, key) in imports


def _keyed(import_id: str, key: bytes) -> str:
    return _KEYED + hmac.digest(key, import_id.encode(), hashlib.sha256).hex()


def _structure(table: pd.DataFrame) -> Structure:
    """What ties the counts of a table together: what is known of sources, and what the numbers of an imported one tell."""
    known = known_structure()
    catalogue = load_catalogue()
    mine = [str(name) for name in table.columns if name in catalogue and catalogue[str(name)].imported]
    if not mine:
        return known
    rates = [(i.of, i.per) for i in catalogue.values() if i.imported and i.of in mine and i.per in mine]
    found = found_structure(
        table[mine], [(of, per) for of, per in rates if of is not None and per is not None]
    )
    return Structure((*known.relations, *found.relations), (*known.groups, *found.groups))


def _counts() -> list[str]:
    """Indicators that are counts of persons or households, also those whose parts do not add up."""
    return [i.id for i in load_catalogue().values() if i.counts_people]


def _known(names: Iterable[object]) -> list[Indicator]:
    catalogue = load_catalogue()
    return [catalogue[name] for name in sorted({str(n) for n in names}) if name in catalogue]


def _parts(indicator: Any) -> list[str]:
    """Counts a rate or a mean rests on."""
    if indicator.id == "neet_standard_error":
        # With the sample it would tell the rate, and the rate the count.
        return ["neet", "youth_15_24"]
    if indicator.id.startswith("neet_step"):
        return []  # whether and when an area did a step says nothing of anybody
    if indicator.of is not None:
        below = indicator.per
        if below == "applicable":
            below = APPLICABLE + indicator.of.removeprefix("failing_ind")
        return [indicator.of, *([below] if below is not None else [])]
    return ["households", "surveyed_persons"]


def _beside_all(
    table: pd.DataFrame,
    tree: Mapping[str, str | None],
    structure: Structure,
    minimum: int,
    formers: Sequence[Snapshot],
    keep: pd.DataFrame,
    fixed: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose what to hide so that beside none of the former snapshots it tells too much; hidden and primary cells.

    Raises
    ------
    DisclosureError
        When no choice stands beside all of them.
    """
    others = formers[1:]
    chosen = protect(table, tree, structure, minimum, formers[0] if formers else None, keep=keep, fixed=fixed)
    for other in others:
        if audit(table, chosen.hidden, tree, structure, minimum, other).ok:
            continue
        chosen = protect(table, tree, structure, minimum, other, keep=keep | chosen.hidden, fixed=fixed)
    for former in formers if others else ():
        if not audit(table, chosen.hidden, tree, structure, minimum, former).ok:
            raise DisclosureError("a snapshot somebody went back from, beside this one, would tell too much")
    return chosen.hidden, chosen.primary


def _read_former(file: Path, scope: str) -> _Former | None:
    tall = pq.read_table(file)
    marks = json.loads(tall.schema.metadata[b"daomap"])
    if marks["scope"] != scope:
        return None
    frame = tall.to_pandas()

    def wide(column: str) -> pd.DataFrame:
        made: pd.DataFrame = frame.pivot(index="area_code", columns="indicator", values=column)
        return made

    hidden, primary = (wide(c).eq(True) for c in ("hidden", "primary"))
    return _Former(Snapshot(wide("value"), hidden), primary, int(marks["minimum"]), str(marks["rules"]))


def _everywhere(table: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    mask = pd.DataFrame(False, index=table.index, columns=table.columns)
    mask.loc[rows.to_numpy(dtype=bool)] = True
    return mask


def _large(table: pd.DataFrame, floor: int) -> pd.Series:
    """Which areas have at least so many households; an unknown number is none."""
    if "households" not in table:
        return pd.Series(False, index=table.index)
    large: pd.Series = table["households"] >= floor
    return large


def _tall(table: pd.DataFrame, hidden: pd.DataFrame, primary: pd.DataFrame) -> pa.Table:
    flat = table.stack()
    areas, indicators = flat.index.get_level_values(0), flat.index.get_level_values(1)

    def flags(mask: pd.DataFrame) -> pa.Array:
        return pa.array(mask.stack().reindex(flat.index).to_numpy(dtype=bool), pa.bool_())

    return pa.table(
        {
            "area_code": pa.array([str(a) for a in areas], pa.string()),
            "indicator": pa.array([str(i) for i in indicators], pa.string()),
            "value": pa.array(flat.to_numpy(dtype=float), pa.float64()),
            "hidden": flags(hidden),
            "primary": flags(primary),
        }
    )


def _tally(
    table: pd.DataFrame, hidden: pd.DataFrame, primary: pd.DataFrame, levels: pd.Series
) -> pd.DataFrame:
    rows = []
    for level in LEVELS:
        here = (levels == level).to_numpy(dtype=bool)
        if here.any():
            cells, all_hidden = int(table[here].notna().sum().sum()), int(hidden[here].sum().sum())
            first = int((primary & hidden)[here].sum().sum())
            rows.append((level, cells, first, all_hidden - first))
    return pd.DataFrame(rows, columns=["level", "cells", "primary", "secondary"])


def _rules_sha256() -> str:
    """Hash of the code that decides what is hidden: a mask of other code is not taken over unseen."""
    folder = Path(disclosure.__file__).parent
    return hashlib.sha256(b"".join(f.read_bytes() for f in sorted(folder.glob("*.py")))).hexdigest()
