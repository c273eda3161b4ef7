"""The encrypted store of households and persons: one file, replaced whole, opened by nobody without the key.

A writer holds a lock, copies what is kept and what arrives into a new encrypted file, reads it back and renames it over the
old one: a kill at any moment leaves the old store as it was. Nothing is written in clear, not even for working: DuckDB may
not spill here.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd
import pyarrow as pa

from analytics.vulnerability import members
from warehouse.desk.errors import DeskError
from warehouse.desk.keys import Keys
from warehouse.snapshots import StoreBusy, _Lock

FILE: Final = "persons.duckdb"
FORMAT: Final = "1"
TABLES: Final = ("household", "person", "identity.address", "identity.name")
_OF_PERSONS: Final = ("person", "identity.name")
SCHEMA: Final = Path(__file__).with_name("schema.sql")
MEMORY_MB: Final = 1024
MAX_HOUSEHOLDS: Final = 300_000
"""Households a list may be made of; a larger area is asked to be narrowed."""

Mark = Callable[[str], None]
"""Called with the name of the step that begins: copy, add, check, replace."""


@dataclass(frozen=True, slots=True)
class People:
    """What an import brings; codes instead of keys and numbers.

    Attributes
    ----------
    tables : mapping of str to pyarrow.Table
        One for each of `TABLES`, with the columns of ``schema.sql``.
    synthetic : bool
        Whether all of them are invented.
    """

    import_id: str
    tables: Mapping[str, pa.Table]
    synthetic: bool


@dataclass(frozen=True, slots=True)
class About:
    """What a store holds, in numbers."""

    synthetic: bool
    households: int
    persons: int
    years: tuple[int, ...]
    imports: tuple[str, ...]
    """In the order they were written, the last one last."""
    audit: tuple[int, str] | None = None
    """Number and HMAC of the audit line of the last import, which the audit file must still have."""

    def holds(self, import_id: str, *, replace: bool) -> bool:
        """Whether an import would change nothing: it was the last one, and nothing is to be taken away.

        An earlier one says nothing: what it brought may have been replaced since.
        """
        return not replace and self.imports[-1:] == (import_id,)


class DeskStore:
    """The households of one home folder.

    Parameters
    ----------
    home : Path
        Made when something is written; for its owner alone.
    keys : Keys
    """

    def __init__(self, home: Path, keys: Keys) -> None:
        self.home = home
        self.keys = keys
        self._open: tuple[tuple[int, int, int], duckdb.DuckDBPyConnection] | None = None
        self._opening = threading.Lock()

    @property
    def path(self) -> Path:
        return self.home / FILE

    # -- writing ------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock of the store; what a killed writer left is swept.

        Raises
        ------
        StoreBusy
            When somebody else writes.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.home.chmod(0o700)
            lock = _Lock(self.home / "lock")
            lock.acquire()
        except StoreBusy:
            raise
        except OSError as error:
            raise _cannot_write(error) from None
        try:
            for left in (*self.home.glob("*.part"), *self.home.glob("*.part.wal")):
                left.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def write(
        self,
        people: People,
        *,
        replace: bool = False,
        audit: tuple[int, str] | None = None,
        mark: Mark = lambda _step: None,
    ) -> About:
        """Put households in; those of the same year and key take the place of what was known of them.

        Their members are taken out of the other households of that year.

        Parameters
        ----------
        people : People
        replace : bool
            Whether everything else of the years it speaks of goes.
        audit : (int, str), optional
            Number and HMAC of the audit line of this import, to be remembered.
        mark : callable

        Returns
        -------
        About
            The store as it is afterwards.

        Raises
        ------
        DeskError
            When synthetic and real persons would meet, the key is another, or the file cannot be written.
        StoreBusy
        """
        with self.writing():
            before = self.about()
            if before is not None and before.synthetic != people.synthetic:
                raise DeskError(
                    "ข้อมูลคนจริงกับข้อมูลสังเคราะห์อยู่ในที่เก็บเดียวกันไม่ได้ วิธีแก้: ใช้ DAOMAP_DESK_HOME ของอีกโฟลเดอร์",
                    "real and synthetic persons may not lie in one store. To mend: set DAOMAP_DESK_HOME to another folder",
                )
            if before is not None and before.holds(people.import_id, replace=replace):
                return before
            draft = self.home / f"{uuid.uuid4().hex}.part"
            try:
                line = audit or (before.audit if before is not None else None)
                self._fill(draft, people, before is not None, replace, line, mark)
                mark("check")
                self._check(draft)
                with draft.open("rb") as file:
                    os.fsync(file.fileno())
                mark("replace")
                self.close()
                draft.replace(self.path)
                _sync_folder(self.home)
            except OSError as error:
                raise _cannot_write(error) from None
            except duckdb.Error as error:
                raise _told(error) from None
            finally:
                draft.unlink(missing_ok=True)
                draft.with_name(draft.name + ".wal").unlink(missing_ok=True)
            after = self.about()
            assert after is not None
            return after

    def _fill(
        self,
        draft: Path,
        people: People,
        known: bool,
        replace: bool,
        audit: tuple[int, str] | None,
        mark: Mark,
    ) -> None:
        previous = os.umask(0o077)
        try:
            connection = _connection()
            try:
                _attach(connection, draft, self.keys, "new")
                if known:
                    _attach(connection, self.path, self.keys, "old", read_only=True)
                connection.execute("USE new")
                _shut(connection)
                connection.execute(SCHEMA.read_text(encoding="utf-8"))
                for name, table in people.tables.items():
                    connection.register(f"in_{name.rpartition('.')[2]}", table)
                mark("copy")
                if known:
                    self._copy(connection, people.import_id, replace)
                mark("add")
                for name in TABLES:
                    connection.execute(
                        f"INSERT INTO new.{name} BY NAME SELECT * FROM in_{name.rpartition('.')[2]}"
                    )
                connection.executemany(
                    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                    [
                        ["format", FORMAT],
                        ["synthetic", str(people.synthetic)],
                        ["identity_key", self.keys.code("check", "store")],
                        ["audit", f"{audit[0]} {audit[1]}" if audit is not None else ""],
                    ],
                )
                connection.execute(
                    "INSERT INTO import_run VALUES (?, ?, ?, ?)",
                    [
                        people.import_id,
                        datetime.now(UTC).isoformat(timespec="seconds"),
                        people.tables["household"].num_rows,
                        people.tables["person"].num_rows,
                    ],
                )
                # Everything into the one file: a write-ahead log beside it would be left behind by the renaming.
                connection.execute("CHECKPOINT new")
                connection.execute("USE memory")
                connection.execute("DETACH new")
            finally:
                connection.close()
        finally:
            os.umask(previous)

    def _copy(self, connection: duckdb.DuckDBPyConnection, again: str, replace: bool) -> None:
        # Files that come again take their place at the end: the order says which import was the last.
        connection.execute(
            "INSERT INTO import_run SELECT * FROM old.import_run WHERE import_id <> ? ORDER BY rowid", [again]
        )
        for name in TABLES:
            if replace:
                connection.execute(
                    f"INSERT INTO new.{name} SELECT o.* FROM old.{name} o WHERE o.year NOT IN (SELECT year FROM in_household)"
                )
            else:
                # Who arrives lives where the import says, and nowhere else in that year.
                moved = "ANTI JOIN in_person p USING (person, year)" if name in _OF_PERSONS else ""
                connection.execute(
                    f"INSERT INTO new.{name} SELECT o.* FROM old.{name} o ANTI JOIN in_household i USING (household, year) {moved}"
                )
        if not replace:
            self._recount(connection)

    def _recount(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Count again the members of kept households of which somebody moved into an arriving one."""
        connection.execute(
            "CREATE TEMP TABLE left_behind AS SELECT DISTINCT o.household, o.year FROM old.person o"
            " SEMI JOIN in_person p USING (person, year) SEMI JOIN new.household h USING (household, year)"
        )
        persons = connection.execute(
            "SELECT p.household || ' ' || p.year AS household_id, p.age, p.disabled, p.bedridden, p.welfare_card"
            " FROM new.person p SEMI JOIN left_behind USING (household, year)"
        ).df()
        counted = members(persons)
        # Nobody may be left.
        empty = ", ".join(f"{name} = 0" for name in counted)
        connection.execute(
            f"UPDATE new.household SET {empty} FROM left_behind l"
            " WHERE household.household = l.household AND household.year = l.year"
        )
        connection.register("counted", pa.Table.from_pandas(counted.reset_index(), preserve_index=False))
        again = ", ".join(f"{name} = c.{name}" for name in counted)
        connection.execute(
            f"UPDATE new.household SET {again} FROM counted c"
            " WHERE household.household || ' ' || household.year = c.household_id"
        )
        connection.unregister("counted")
        connection.execute("DROP TABLE left_behind")

    def _check(self, draft: Path) -> None:
        """Read the new file back, whole, with the key that people will use."""
        connection = _connection()
        try:
            _attach(connection, draft, self.keys, "desk", read_only=True)
            _shut(connection)
            lost = connection.execute(
                "SELECT (SELECT count(*) FROM desk.person p ANTI JOIN desk.household h USING (household, year))"
                " + (SELECT count(*) FROM desk.identity.name n ANTI JOIN desk.person p USING (person, household, year))"
                " + (SELECT count(*) FROM desk.identity.address a ANTI JOIN desk.household h USING (household, year))"
                " + (SELECT count(*) - count(DISTINCT (household, year)) FROM desk.household)"
                " + (SELECT count(*) - count(DISTINCT (person, year)) FROM desk.person)"
                " + (SELECT count(*) - count(DISTINCT (person, year)) FROM desk.identity.name)"
            ).fetchone()
        finally:
            connection.close()
        if lost is None or lost[0]:
            raise DeskError(
                "ไฟล์ใหม่อ่านกลับแล้วไม่ตรง จึงไม่เปลี่ยนอะไร ลองอีกครั้ง",
                "the new file does not read back as written, so nothing was changed; try again",
            )

    # -- reading ------------------------------------------------------------

    def close(self) -> None:
        """Let go of the file."""
        with self._opening:
            if self._open is not None:
                self._open[1].close()
                self._open = None

    def about(self) -> About | None:
        """What the store holds; None where nothing was imported.

        Raises
        ------
        DeskError
            On a wrong key, a damaged file or one of another version.
        """
        if not self.path.exists():
            return None
        found = self._ask("SELECT key, value FROM desk.meta")
        meta = dict(zip(found["key"].astype(str), found["value"].astype(str), strict=True))
        if meta.get("format") != FORMAT:
            raise DeskError(
                "ที่เก็บเป็นของดาวแมปรุ่นอื่น วิธีแก้: นำเข้าใหม่ด้วย daomap import households",
                "the store is another version's. To mend: import again with daomap import households",
            )
        if meta.get("identity_key") != self.keys.code("check", "store"):
            raise DeskError(
                "กุญแจรหัสบุคคล (identity.key) ไม่ใช่ดอกที่ใช้สร้างที่เก็บนี้ วิธีแก้: ใช้กุญแจดอกเดิมจากที่สำรองไว้",
                "the identity key is not the one this store was made with. To mend: use the one that was backed up",
            )
        numbers = self._ask(
            "SELECT (SELECT count(*) FROM desk.household) AS households, (SELECT count(*) FROM desk.person) AS persons"
        )
        years = self._ask("SELECT DISTINCT year FROM desk.household ORDER BY year DESC")["year"]
        runs = self._ask("SELECT import_id FROM desk.import_run ORDER BY rowid")["import_id"]
        return About(
            meta.get("synthetic") == "True",
            int(numbers["households"].iloc[0]),
            int(numbers["persons"].iloc[0]),
            tuple(int(y) for y in years),
            tuple(str(r) for r in runs),
            _line(meta.get("audit", "")),
        )

    def areas(self, year: int) -> pd.DataFrame:
        """Households by area: ``area_code, households``."""
        return self._ask(
            "SELECT area_code, count(*) AS households FROM desk.household WHERE year = ? GROUP BY ALL ORDER BY 1",
            [year],
        )

    def households(self, year: int, area: str) -> pd.DataFrame:
        """Households inside an area, without names and addresses.

        Returns
        -------
        DataFrame
            The columns of the table ``household``, its key as ``household_id``.

        Raises
        ------
        DeskError
            When there are more than `MAX_HOUSEHOLDS`.
        """
        inside = [year, area, area]
        count = self._ask(
            "SELECT count(*) AS n FROM desk.household WHERE year = ? AND (? = 'TH' OR starts_with(area_code, ?))",
            inside,
        )
        if int(count["n"].iloc[0]) > MAX_HOUSEHOLDS:
            raise DeskError(
                f"พื้นที่นี้มีเกิน {MAX_HOUSEHOLDS:,} ครัวเรือน เลือกพื้นที่ให้แคบลง",
                f"this area has more than {MAX_HOUSEHOLDS:,} households; choose a smaller one",
            )
        found = self._ask(
            "SELECT * FROM desk.household WHERE year = ? AND (? = 'TH' OR starts_with(area_code, ?)) ORDER BY household",
            inside,
        )
        return found.rename(columns={"household": "household_id"})

    def persons(self, year: int, households: list[str]) -> pd.DataFrame:
        """Members of households, without their names: the columns of the table ``person``."""
        return self._ask(
            "SELECT * FROM desk.person WHERE year = ? AND list_contains(?, household)"
            " ORDER BY household, head DESC NULLS LAST, age DESC, person",
            [year, households],
        )

    def record(self, year: int, household: str) -> tuple[dict[str, str], pd.DataFrame]:
        """Who lives there: the address, and the members with their names.

        The caller has written an audit line first (`warehouse.desk.audit.Audit.opened`).
        """
        address = self._ask(
            "SELECT house_no, moo, road FROM desk.identity.address WHERE year = ? AND household = ?",
            [year, household],
        )
        people = self._ask(
            "SELECT n.title, n.first_name, n.last_name, p.* FROM desk.person p"
            " LEFT JOIN desk.identity.name n USING (person, household, year) WHERE p.year = ? AND p.household = ?"
            " ORDER BY p.head DESC NULLS LAST, p.age DESC, p.person",
            [year, household],
        )
        known = {} if address.empty else address.iloc[0].dropna().astype(str).to_dict()
        return {str(k): str(v) for k, v in known.items()}, people

    def household_of(self, citizen: str) -> tuple[int, str] | None:
        """Newest year and household of a citizen, by the 13 digits; None where nobody has them."""
        found = self._ask(
            "SELECT year, household FROM desk.identity.name WHERE citizen = ? ORDER BY year DESC LIMIT 1",
            [self.keys.code("citizen", citizen)],
        )
        return None if found.empty else (int(found["year"].iloc[0]), str(found["household"].iloc[0]))

    def group_persons(self, year: int) -> pd.DataFrame:
        """Card and household of every person of a year: ``household_id, welfare_card``."""
        return self._ask(
            "SELECT household AS household_id, welfare_card FROM desk.person WHERE year = ?", [year]
        )

    def all_households(self, year: int) -> pd.DataFrame:
        """Every household of a year, for counting: as `households`."""
        found = self._ask("SELECT * FROM desk.household WHERE year = ? ORDER BY household", [year])
        return found.rename(columns={"household": "household_id"})

    def _ask(self, sql: str, values: list[object] | None = None) -> pd.DataFrame:
        try:
            return self._reader().cursor().execute(sql, values or []).df()
        except duckdb.Error as error:
            self.close()
            raise _told(error) from None
        except OSError:
            raise DeskError(
                "เปิดที่เก็บครัวเรือนไม่ได้ วิธีแก้: นำเข้าด้วย daomap import households",
                "the store of households cannot be opened. To mend: import with daomap import households",
            ) from None

    def _reader(self) -> duckdb.DuckDBPyConnection:
        with self._opening:
            status = self.path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._open is None or self._open[0] != stamp:
                if self._open is not None:
                    self._open[1].close()
                    self._open = None
                connection = _connection()
                try:
                    _attach(connection, self.path, self.keys, "desk", read_only=True)
                    _shut(connection)
                except BaseException:
                    connection.close()
                    raise
                self._open = (stamp, connection)
            return self._open[1]


@cache
def _cipher() -> str:
    """Path of the extension that brings the cipher; nothing is ever downloaded."""
    spec = importlib.util.find_spec("duckdb_extension_httpfs")
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        for found in sorted(Path(folder).rglob("httpfs.duckdb_extension")):
            return str(found)
    raise DeskError(
        "ไม่พบส่วนเข้ารหัสของ DuckDB วิธีแก้: ติดตั้ง duckdb-extension-httpfs ตาม uv.lock",
        "DuckDB's cipher is missing. To mend: install duckdb-extension-httpfs as in uv.lock",
    )


def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "memory_limit": f"{MEMORY_MB}MB",
            "threads": "2",
            # What does not fit into memory would lie on the disk in clear.
            "max_temp_directory_size": "0B",
        },
    )
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"LOAD {_quoted(_cipher())}")
    return connection


def _attach(
    connection: duckdb.DuckDBPyConnection, path: Path, keys: Keys, name: str, *, read_only: bool = False
) -> None:
    mode = ", READ_ONLY" if read_only else ""
    connection.execute(f"ATTACH {_quoted(str(path))} AS {name} (ENCRYPTION_KEY {_quoted(keys.store)}{mode})")


def _shut(connection: duckdb.DuckDBPyConnection) -> None:
    """From here on no other file can be opened and no setting changed."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _told(error: duckdb.Error) -> DeskError:
    """An error of the database in our words; its own may quote a path, a statement or a value."""
    text = str(error)
    if "Wrong encryption key" in text:
        return DeskError(
            "กุญแจของที่เก็บ (store.key) ไม่ถูกดอก วิธีแก้: ใช้กุญแจดอกเดิมจากที่สำรองไว้ ถ้ากุญแจหาย เปิดข้อมูลนี้ไม่ได้อีก ต้องนำเข้าใหม่",
            "the key of the store is wrong. To mend: use the one that was backed up; without it the data cannot be opened, "
            "and have to be imported again",
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return DeskError(
            "หน่วยความจำไม่พอ ไม่มีอะไรเปลี่ยน วิธีแก้: นำเข้าทีละจังหวัด",
            "not enough memory; nothing changed. To mend: import one province at a time",
        )
    if "not encrypted" in text:
        return DeskError(
            "ไฟล์ในที่เก็บไม่ได้เข้ารหัส จึงไม่เปิด ย้ายไฟล์ออกแล้วนำเข้าใหม่",
            "the file in the store is not encrypted, so it is not opened. Move it away and import again",
        )
    if isinstance(error, (duckdb.ParserException, duckdb.BinderException, duckdb.ConstraintException)):
        # A slip of ours and no damage; its text may quote a value, so only its name is told.
        raise RuntimeError(f"a statement of the desk failed: {type(error).__name__}") from None
    return DeskError(
        "ที่เก็บครัวเรือนเสียหาย อ่านไม่ได้ วิธีแก้: คืนไฟล์จากที่สำรอง หรือย้ายไฟล์ออกแล้วนำเข้าใหม่",
        "the store of households is damaged and cannot be read. To mend: put the backed-up file back, or move it away and "
        "import again",
    )


def _line(text: str) -> tuple[int, str] | None:
    number, _, mac = text.partition(" ")
    return (int(number), mac) if number else None


def _cannot_write(error: OSError) -> DeskError:
    reason = error.strerror or type(error).__name__
    return DeskError(
        f"เขียนที่เก็บครัวเรือนไม่ได้ ({reason}) ข้อมูลเดิมยังอยู่ครบ",
        f"the store of households cannot be written ({reason}); what was there is as it was",
    )


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
