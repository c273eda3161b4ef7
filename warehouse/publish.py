"""From batches to a published snapshot: merge, derive, check, layers, manifest, pointer."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import geopandas as gpd
import pandas as pd
import pyarrow as pa

from analytics import definitions, disclosure, formatting, overlap, village_specs, villages
from analytics import lights as light_statistics
from analytics.catalogue import entry_json, extend, load_catalogue, read_entry
from geo import boundaries, layers, nightlight
from geo.boundaries import embedded_provinces
from geo.codes import COUNTRY, municipal_area, official_areas, village_name
from geo.outlines import SCHEMATIC
from warehouse.batch import AREA, Batch
from warehouse.browser_layers import build_layers
from warehouse.derive import derive, touched_years
from warehouse.light_files import merge_rasters
from warehouse.light_numbers import put_light_numbers
from warehouse.mpi_numbers import merge_profiles, put_mpi_numbers
from warehouse.outlines import outline_kinds, settle_outlines
from warehouse.protection import Guard
from warehouse.report import Finding, ImportRefused
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Staging, Store, StoreError, Work, store_error
from warehouse.village_numbers import merge_villages, put_village_numbers

SCHEMA = Path(__file__).with_name("schema.sql")
TABLES = (
    "area",
    "source",
    "source_file",
    "observation",
    "import_run",
    "finding",
    "extent",
    "raster",
    "village_point",
    "village_score",
    "village_spec",
    "indicator_entry",
    "place",
    "mpi_profile",
    "mpi_spec",
)
# What decides the computed rows and the layers, apart from the imported files and the settings.
RULES = (
    *(
        Path(definitions.__file__).with_name(name)
        for name in ("catalogue.toml", "definitions.toml", "stars.py")
    ),
    *(
        Path(__file__).with_name(name)
        for name in (
            "derive.py",
            "light_coverage.py",
            "light_numbers.py",
            "mpi_numbers.py",
            "protection.py",
            "browser_layers.py",
            "schema.sql",
            "village_numbers.py",
        )
    ),
    *(Path(nightlight.__file__).with_suffix(ending) for ending in (".toml", ".py")),
    *sorted(Path(disclosure.__file__).parent.glob("*.py")),
    *(
        Path(str(module.__file__))
        for module in (village_specs, villages, layers, boundaries, formatting, light_statistics, overlap)
    ),
)

Progress = Callable[[str, float], None]
"""Called with the key of a step and how far all is, 0 to 1. The steps of a publication in their order: sweep, stage,
merge, derive, write, layers, seal, move, point, prune, publish."""


def publish_batches(
    store: Store,
    settings: Settings,
    batches: Sequence[Batch],
    *,
    fresh: bool = False,
    everything: bool = False,
    progress: Progress | None = None,
) -> SnapshotInfo:
    """Publish what importers read, on top of the current snapshot.

    Parameters
    ----------
    store : Store
    settings : Settings
    batches : sequence of Batch
        Published together or not at all.
    fresh : bool
        Start from an empty database instead of the current snapshot.
    everything : bool
        Derive and draw all years again, not only those the batches touch.
    progress : callable, optional

    Raises
    ------
    ImportRefused
        When a batch has rejections; nothing is written.
    StoreError
        When the home cannot be written, is busy, or a check of the finished draft fails.
    """
    for batch in batches:
        if batch.report.refused:
            raise ImportRefused(batch.report)
    tell = progress or (lambda _step, _part: None)
    with store.open_staging(fresh=fresh, mark=lambda step: tell(step, 0.0)) as staging:
        for batch in batches:
            note(staging.work, batch)
        # Damaged layers stayed behind when the draft was made; drawing all of them is how they come back.
        everything = everything or bool(staging.base is not None and staging.base.damaged)
        try:
            years, levels = _write_database(staging, settings, batches, everything, tell)
            tell("layers", 0.5)
            build_layers(
                staging,
                years=years,
                levels=levels,
                minimum=settings.privacy.minimum,
                progress=lambda part: tell("layers", 0.5 + 0.4 * part),
            )
        except duckdb.Error as error:
            raise _database_error(error, store.home) from error
        info = store.publish(
            staging,
            _contents(staging, settings),
            mark=lambda step: tell(step, 0.9 if step == "seal" else 0.98),
        )
    for batch in batches:
        batch.report.snapshot = info.id
    tell("publish", 1.0)
    return info


def note(work: Work, batch: Batch) -> None:
    """Put an import's id, the hashes of its files and its row counts into the journal; no name, no value.

    Of a protected import the counts alone: whoever reads the journal could prove guesses of hidden cells by the rest.
    """
    report = batch.report
    counts = {
        "rows_read": report.rows_read,
        "rows_accepted": report.taken[0],
        "rows_rejected": report.taken[1],
    }
    if "protected" in batch.sources.column("cells").to_pylist():
        work.contents(["protected"], [], counts)
        return
    work.contents([batch.import_id], batch.files.column("sha256").to_pylist(), counts)


def known_imports(snapshot: SnapshotInfo | None) -> frozenset[str]:
    """Identifiers of the imports a snapshot holds."""
    if snapshot is None:
        return frozenset()
    return frozenset(str(i) for i in snapshot.contents.get("imports", ()))


def _write_database(
    staging: Staging, settings: Settings, batches: Sequence[Batch], everything: bool, tell: Progress
) -> tuple[set[int], set[str]]:
    work = staging.path / "work.duckdb"
    scratch = staging.path / "tmp"
    if staging.database.exists():
        staging.database.rename(work)
    connection = duckdb.connect(
        str(work),
        config={
            "memory_limit": f"{settings.import_.memory_mb}MB",
            "threads": "2",
            "temp_directory": str(scratch),
            "preserve_insertion_order": "true",
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        },
    )
    try:
        # It would stand between the lines of a report in JSON.
        connection.execute("SET enable_progress_bar = false")
        # Also in a draft of an older snapshot, which lacks the tables that came since.
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        years = touched_years(b.observations for b in batches)
        levels: set[str] = set()
        base = staging.base.version if staging.base is not None else 0
        left = [info.path for info in staging.store.list() if info.version > base]
        guard = Guard(staging.path, staging.replace_file, settings.privacy, settings.neet.hidden_below, left)
        _official_areas(connection)
        batches = settle_outlines(connection, staging.path / "boundaries", batches)
        years |= _merge_indicators(connection, batches)
        rounds: set[tuple[str, int]] = set()
        profiled: set[tuple[str, int]] = set()
        for number, batch in enumerate(batches):
            tell("merge", 0.2 * number / len(batches))
            years |= _leave(connection, batch, guard)
            _settle_cells(connection, batch, guard)
            # Before the report and the files are noted: it adds to the one and reopens others of these.
            rounds |= merge_villages(connection, batch)
            profiled |= merge_profiles(connection, batch)
            guard.forget(_merge(connection, batch), whole_years=batch.whole_years)
            levels |= _write_boundaries(staging, batch)
        lights = merge_rasters(connection, staging, batches)
        years |= {year for _, year in lights}
        if everything:
            years |= {
                int(y) for (y,) in connection.execute("SELECT DISTINCT year FROM observation").fetchall()
            }
            levels |= {"province", "district", "subdistrict"}
        _extents(connection, staging, batches)
        years |= put_village_numbers(connection, rounds, everything=everything)
        years |= put_mpi_numbers(connection, profiled, everything=everything)
        tell("derive", 0.2)
        years |= put_light_numbers(
            connection, staging, boundaries_changed=bool(levels), touched=lights, everything=everything
        )
        derive(connection, years, settings.stars, guard)
        _tell_withheld(guard, batches)
        guard.hide_files(connection)
        _check(connection)
        tell("write", 0.4)
        # A fresh file in reading order: no holes left by deleted rows, and a map reads one stretch.
        connection.execute(f"ATTACH '{_quoted(staging.database)}' AS final")
        connection.execute("USE final")
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        for table in TABLES:
            order = {
                "observation": "ORDER BY indicator, year, level, area_code, source_id",
                "area": "ORDER BY level, code",
                "village_score": "ORDER BY spec, year, code, indicator",
                "mpi_profile": "ORDER BY source_id, year, subgroup, area_code, profile",
                "indicator_entry": "ORDER BY source_id, position, id",
            }.get(table, "ORDER BY ALL")
            connection.execute(f"INSERT INTO final.{table} SELECT * FROM work.{table} {order}")
        connection.execute("USE work")
        connection.execute("CHECKPOINT final")
        connection.execute("DETACH final")
    finally:
        connection.close()
    for leftover in (work, work.with_name("work.duckdb.wal")):
        leftover.unlink(missing_ok=True)
    if scratch.is_dir():
        for file in scratch.iterdir():
            file.unlink()
        scratch.rmdir()
    return years, levels


def _leave(connection: duckdb.DuckDBPyConnection, batch: Batch, guard: Guard) -> set[int]:
    """Take out of the draft the sources whose place a batch takes; return the years they spoke of."""
    gone = {"ids": list(batch.takes_over)}
    found = connection.execute(
        "SELECT DISTINCT year FROM observation WHERE list_contains($ids::VARCHAR[], source_id)", gone
    ).fetchall()
    for table in ("observation", "source_file", "source"):
        connection.execute(f"DELETE FROM {table} WHERE list_contains($ids::VARCHAR[], source_id)", gone)
    for source_id in batch.takes_over:
        guard.leave(source_id)
    return {int(year) for (year,) in found}


def _tell_withheld(guard: Guard, batches: Sequence[Batch]) -> None:
    """Put what is hidden into the report of the import that brought it."""
    for batch in batches:
        mine = set(batch.sources.column("source_id").to_pylist())
        told = [w.to_json() for w in guard.withheld if w.source_id in mine]
        if told:
            batch.report.facts["withheld"] = told


def _extents(connection: duckdb.DuckDBPyConnection, staging: Staging, batches: Sequence[Batch]) -> None:
    """Note where polygons lie: of every level that came in, of the embedded provinces until replaced."""
    changed = {level for batch in batches for level in batch.boundaries}
    frames = {level: gpd.read_parquet(staging.path / "boundaries" / f"{level}.parquet") for level in changed}
    if "province" not in frames and not (staging.path / "boundaries" / "province.parquet").exists():
        frames["province"] = embedded_provinces()
    for level, frame in frames.items():
        rows = frame.geometry.bounds.assign(code=frame["code"].to_numpy(), level=level)
        if level == "province":
            west, south, east, north = frame.total_bounds
            rows.loc[len(rows)] = [west, south, east, north, COUNTRY, "country"]
            connection.execute("DELETE FROM extent WHERE level = 'country'")
        connection.execute("DELETE FROM extent WHERE level = ?", [level])
        table = pa.table(
            {name: pa.array(rows[name].tolist(), pa.string()) for name in ("code", "level")}
            | {name: pa.array(rows[name].tolist(), pa.float64()) for name in ("minx", "miny", "maxx", "maxy")}
        )
        connection.register("incoming", table)
        connection.execute("INSERT INTO extent SELECT * FROM incoming")
        connection.unregister("incoming")


def privacy_of(settings: Settings) -> dict[str, Any]:
    """The settings a snapshot's hidden cells follow; what counts as protected is decided at import."""
    return settings.privacy.model_dump(mode="json", exclude={"tpmap"})


def neet_of(settings: Settings) -> dict[str, Any]:
    """The settings on samples a snapshot follows; what counts as protected is decided at import."""
    return settings.neet.model_dump(mode="json", exclude={"cells"})


def rules_sha256() -> str:
    """Hash of the rules that computed rows and layers follow: a snapshot made by other ones is made again."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in RULES)).hexdigest()


def _official_areas(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the official list in: a newer Daomap may know newer names."""
    areas = list(official_areas().values())
    columns = {name: [getattr(a, name) for a in areas] for name in AREA.names if name != "mapped_to"}
    _upsert(
        connection, "area", pa.table(columns | {"mapped_to": [None] * len(areas)}, schema=AREA), ("code",)
    )


def _settle_cells(connection: duckdb.DuckDBPyConnection, batch: Batch, guard: Guard) -> None:
    """Keep what is protected protected, unless the import says otherwise of all of it."""
    ids = batch.sources.column("source_id").to_pylist()
    before = dict(
        connection.execute(
            "SELECT source_id, cells FROM source WHERE list_contains($ids::VARCHAR[], source_id)",
            {"ids": ids},
        ).fetchall()
    )
    arriving = batch.sources.column("cells").to_pylist()
    if "protected" in before.values() and "published" in arriving:
        if not batch.cells_given:
            batch.shown_as("protected")
        else:
            for source_id in ids:
                guard.check_change(source_id, batch.observations)
    for source_id, cells in zip(ids, batch.sources.column("cells").to_pylist(), strict=True):
        if cells == "protected" and before.get(source_id) == "published":
            batch.report.add(
                Finding(
                    severity="warn",
                    code="publish.shown_before",
                    file=source_id,
                    row=None,
                    column=None,
                    found="published",
                    expected="protected",
                    mend_th="ชุดข้อมูลก่อนหน้ายังมีค่าที่ไม่ปกปิด ลบหรือเก็บให้พ้นผู้อื่น",
                    mend_en="earlier snapshots still hold these values unhidden; remove them or keep them from others",
                )
            )


def _without_values(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Take the numbers out of what earlier imports of a source, protected from now on, had to say."""
    ids = connection.execute(
        "SELECT DISTINCT import_id FROM source_file WHERE list_contains($ids::VARCHAR[], source_id)",
        {"ids": batch.sources.column("source_id").to_pylist()},
    ).fetchall()
    for (import_id,) in ids:
        connection.execute("UPDATE finding SET found = '–', expected = '–' WHERE import_id = ?", [import_id])
        for (text,) in connection.execute(
            "SELECT report FROM import_run WHERE import_id = ?", [import_id]
        ).fetchall():
            report = json.loads(text) | {"rejections": [], "warnings": []}
            connection.execute(
                "UPDATE import_run SET report = ? WHERE import_id = ?",
                [json.dumps(report, ensure_ascii=False), import_id],
            )


def _merge(connection: duckdb.DuckDBPyConnection, batch: Batch) -> pa.Table:
    """Put a batch into the draft; return the keys of the observations that went in."""
    official = pa.array(list(official_areas()))
    areas = batch.areas
    if areas.num_rows:
        # The official names stay those of the official list, whatever an agency's file calls an area.
        areas = areas.filter(pa.compute.invert(pa.compute.is_in(areas.column("code"), value_set=official)))
    _merge_areas(connection, areas)
    _upsert(connection, "source", batch.sources, ("source_id",))
    if batch.places.num_rows:
        # All places of a source came with one import, and so do those that take their place.
        _forget_files(connection, batch.places)
        _upsert(connection, "place", batch.places, ("source_id",))
    marked = pa.repeat(pa.scalar(batch.import_id), batch.files.num_rows)
    _upsert(
        connection, "source_file", batch.files.append_column("import_id", marked), ("source_id", "file_name")
    )
    keys = batch.observations.select(["area_code", "indicator", "year", "source_id"]).slice(0, 0)
    if batch.observations.num_rows:
        connection.register("arriving", batch.observations)
        # A number worked out from a rate never takes the place of the one that was published.
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE incoming AS
            SELECT * FROM arriving i
            WHERE NOT (i.basis = 'derived' AND EXISTS (
                SELECT 1 FROM observation o
                WHERE o.area_code = i.area_code AND o.indicator = i.indicator AND o.year = i.year
                  AND o.source_id = i.source_id AND o.basis = 'published' AND NOT o.computed))
            """
        )
        connection.execute(
            """
            DELETE FROM observation o USING incoming i
            WHERE o.area_code = i.area_code AND o.indicator = i.indicator AND o.year = i.year
              AND o.source_id = i.source_id
            """
        )
        if batch.whole_years:
            connection.execute(
                """
                DELETE FROM observation o USING (SELECT DISTINCT source_id, year FROM incoming) i
                WHERE o.source_id = i.source_id AND o.year = i.year
                """
            )
        connection.execute("INSERT INTO observation SELECT *, false, false FROM incoming")
        keys = connection.execute(
            "SELECT area_code, indicator, year, source_id FROM incoming"
        ).to_arrow_table()
        connection.execute("DROP TABLE incoming")
        _contradictions(connection, batch)
        connection.unregister("arriving")
    # Findings quote numbers of the file; those of a protected source and of villages stay with whoever imports it.
    protected = "protected" in batch.sources.column("cells").to_pylist()
    if protected:
        _without_values(connection, batch)
    report = batch.report.without_values(None if protected else "village")
    connection.execute("DELETE FROM import_run WHERE import_id = ?", [batch.import_id])
    connection.execute("DELETE FROM finding WHERE import_id = ?", [batch.import_id])
    connection.execute(
        "INSERT INTO import_run VALUES (?, ?, ?, ?, ?)",
        [
            batch.import_id,
            batch.kind,
            datetime.now(UTC).isoformat(timespec="seconds"),
            json.dumps(report.to_json(), ensure_ascii=False, default=str),
            batch.files.num_rows,
        ],
    )
    findings = [*report.rejections, *report.warnings]
    if findings:
        names = ("severity", "code", "file", "row", "column", "found", "expected", "mend_th", "mend_en")
        columns: dict[str, Any] = {"import_id": pa.array([batch.import_id] * len(findings), pa.string())}
        for name in names:
            kind = pa.int64() if name == "row" else pa.string()
            columns[name] = pa.array([getattr(f, name) for f in findings], kind)
        connection.register("incoming", pa.table(columns))
        connection.execute("INSERT INTO finding SELECT * FROM incoming")
        connection.unregister("incoming")
    return keys


def _contradictions(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Warn where numbers that came in no longer add up with those that were there already.

    A corrected file of one level arrives alone until its neighbours follow, so this warns and does not refuse; what one
    import brings together is checked, and refused, by its importer.
    """
    additive = [i.id for i in load_catalogue().values() if i.unit in ("persons", "households") and i.summed]
    rows = connection.execute(
        """
        WITH touched AS (SELECT DISTINCT source_id, year FROM arriving),
        fact AS (
            SELECT o.* FROM observation o SEMI JOIN touched USING (source_id, year)
            WHERE NOT o.computed AND o.basis = 'published' AND list_contains($additive, o.indicator)
        ),
        sums AS (
            SELECT source_id, year, indicator, level AS child,
                   CASE level WHEN 'province' THEN 'TH' ELSE left(area_code, length(area_code) - 2) END AS parent,
                   sum(value) AS total
            FROM fact WHERE level IN ('province', 'district', 'subdistrict') GROUP BY ALL
        )
        SELECT s.parent, s.child, s.indicator, s.year, s.total, p.value
        FROM sums s JOIN fact p ON p.area_code = s.parent AND p.indicator = s.indicator AND p.year = s.year
            AND p.source_id = s.source_id
        WHERE s.total > p.value ORDER BY ALL LIMIT 200
        """,
        {"additive": additive},
    ).fetchall()
    for parent, child, indicator, year, total, value in rows:
        batch.report.add(
            Finding(
                severity="warn",
                code="publish.children_exceed_parent",
                file=", ".join(batch.files.column("file_name").to_pylist()[:3]),
                row=None,
                column=indicator,
                found=f"{parent} {year + 543}: {child} {total:,.0f}",
                expected=f"<= {value:,.0f}",
                mend_th="นำเข้าไฟล์ของระดับบนรุ่นเดียวกันด้วย หรือตรวจไฟล์ที่แก้ไข",
                mend_en="import the same edition of the level above as well, or check the corrected file",
            )
        )


def _merge_indicators(connection: duckdb.DuckDBPyConnection, batches: Sequence[Batch]) -> set[int]:
    """Put imported indicators in and make all of the draft known; return the years of those that changed."""
    arriving = [
        (entry.id, batch.sources.column("source_id")[0].as_py(), position, entry_json(entry))
        for batch in batches
        for position, entry in enumerate(batch.indicators)
    ]
    before = dict(connection.execute("SELECT id, entry FROM indicator_entry").fetchall())
    for row in arriving:
        connection.execute("DELETE FROM indicator_entry WHERE id = ?", [row[0]])
        connection.execute("INSERT INTO indicator_entry VALUES (?, ?, ?, ?)", row)
    extend(
        read_entry(text)
        for (text,) in connection.execute(
            "SELECT entry FROM indicator_entry ORDER BY source_id, position, id"
        ).fetchall()
    )
    changed = [name for name, _, _, entry in arriving if before.get(name, entry) != entry]
    years = connection.execute(
        "SELECT DISTINCT year FROM observation WHERE list_contains($ids::VARCHAR[], indicator)",
        {"ids": changed},
    ).fetchall()
    return {int(year) for (year,) in years}


def _merge_areas(connection: duckdb.DuckDBPyConnection, areas: pa.Table) -> None:
    """Take in areas that no official list has; what a crosswalk said of them outlives an import without one."""
    if not areas.num_rows:
        return
    # A name that only says the number never takes the place of a village's own.
    rows = zip(
        areas.column("code").to_pylist(),
        areas.column("kind").to_pylist(),
        areas.column("name_th").to_pylist(),
        strict=True,
    )
    made_up = [
        code
        for code, kind, name in rows
        if (kind == "municipal" and name == municipal_area(code).name_th)
        or (kind == "village" and name == village_name(code))
    ]
    connection.register("incoming", areas)
    connection.execute(
        """
        DELETE FROM area a USING incoming i
        WHERE a.code = i.code AND (i.mapped_to IS NOT NULL OR a.mapped_to IS NULL)
          AND NOT list_contains($made_up::VARCHAR[], i.code)
        """,
        {"made_up": made_up},
    )
    connection.execute("INSERT INTO area SELECT * FROM incoming i ANTI JOIN area a ON a.code = i.code")
    connection.unregister("incoming")


def published_boundaries(snapshot: SnapshotInfo | None) -> dict[str, gpd.GeoDataFrame]:
    """Boundaries of a snapshot by level, for checking what arrives: schematic ones, which prove nothing, are not among them."""
    if snapshot is None:
        return {}
    kinds = snapshot.contents.get("outlines", {})
    return {
        file.stem: gpd.read_parquet(file)
        for file in sorted((snapshot.path / "boundaries").glob("*.parquet"))
        if kinds.get(file.stem) != SCHEMATIC
    }


def _upsert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, key: tuple[str, ...]) -> None:
    if not rows.num_rows:
        return
    connection.register("incoming", rows)
    same = " AND ".join(f"t.{k} = i.{k}" for k in key)
    connection.execute(f"DELETE FROM {table} t USING incoming i WHERE {same}")
    connection.execute(f"INSERT INTO {table} SELECT * FROM incoming")
    connection.unregister("incoming")


def _forget_files(connection: duckdb.DuckDBPyConnection, arriving: pa.Table) -> None:
    """Take out the files of sources that are replaced whole: their return is no repetition then."""
    ids = pa.compute.unique(arriving.column("source_id")).to_pylist()
    connection.execute(
        "DELETE FROM source_file WHERE list_contains($ids::VARCHAR[], source_id)", {"ids": ids}
    )


def _write_boundaries(staging: Staging, batch: Batch) -> set[str]:
    """Put the batch's boundaries in. A file of some provinces replaces these provinces and leaves the others."""
    for level, frame in batch.boundaries.items():
        target = staging.path / "boundaries" / f"{level}.parquet"
        target.parent.mkdir(exist_ok=True)
        before = gpd.read_parquet(target) if target.exists() else _embedded(level)
        if before is not None:
            covered = frame["code"].str[:2].unique()
            kept = before[~before["code"].str[:2].isin(covered)]
            frame = pd.concat([frame, kept], ignore_index=True) if len(kept) else frame
        target.unlink(missing_ok=True)  # it may be a hard link into the published snapshot
        frame.sort_values("code").to_parquet(target, index=False, compression="zstd")
    return set(batch.boundaries)


def _embedded(level: str) -> gpd.GeoDataFrame | None:
    return embedded_provinces() if level == "province" else None


_CHECKS = (
    (
        """SELECT area_code, indicator, year, source_id FROM observation
           GROUP BY ALL HAVING count(*) > 1 LIMIT 1""",
        "มีค่าซ้ำของพื้นที่ ตัวชี้วัด ปี และแหล่งเดียวกัน",
        "two rows of one area, indicator, year and source",
    ),
    (
        "SELECT DISTINCT o.area_code FROM observation o ANTI JOIN area a ON a.code = o.area_code LIMIT 1",
        "มีรหัสพื้นที่ที่ไม่รู้จัก",
        "an area code that is in no list",
    ),
    (
        "SELECT DISTINCT o.source_id FROM observation o ANTI JOIN source s USING (source_id) LIMIT 1",
        "มีค่าที่ไม่มีแหล่งข้อมูล",
        "rows of a source that is not described",
    ),
    (
        """SELECT code FROM (SELECT code FROM village_point UNION SELECT code FROM village_score) v
           ANTI JOIN area a ON a.code = v.code AND a.level = 'village' LIMIT 1""",
        "มีจุดหรือคะแนนของหมู่บ้านที่ไม่รู้จัก",
        "a point or a score of a village that is in no list",
    ),
    (
        """SELECT area_code, indicator, year FROM observation
           WHERE (value IS NULL AND NOT suppressed) OR (value IS NOT NULL AND suppressed)
              OR NOT isfinite(coalesce(value, 0)) OR NOT isfinite(coalesce(numerator, 0))
              OR NOT isfinite(coalesce(denominator, 0)) LIMIT 1""",
        "มีค่าว่าง ค่าที่ต้องปกปิดแต่ไม่ปกปิด หรือค่าที่ไม่ใช่จำนวน",
        "a value that is missing, hidden and shown at once, or not a number",
    ),
    (
        """SELECT indicator, year, level FROM observation WHERE preferred
           GROUP BY ALL HAVING count(DISTINCT source_id) > 1 LIMIT 1""",
        "มีมากกว่าหนึ่งแหล่งในลำดับเดียว",
        "more than one preferred source in a ranking",
    ),
    (
        """SELECT p.source_id, p.place_id FROM place p
           LEFT JOIN source s USING (source_id) LEFT JOIN area a ON a.code = p.area_code
           WHERE s.source_id IS NULL OR a.code IS NULL OR (p.longitude IS NULL) <> (p.latitude IS NULL)
              OR NOT isfinite(coalesce(p.longitude, 0)) OR NOT isfinite(coalesce(p.latitude, 0))
           LIMIT 1""",
        "มีสถานที่ที่ไม่มีแหล่ง ไม่มีพื้นที่ หรือมีพิกัดไม่ครบ",
        "a place without a source, without an area or with half a position",
    ),
    (
        """SELECT p.source_id, p.area_code FROM mpi_profile p
           LEFT JOIN source s USING (source_id) LEFT JOIN area a ON a.code = p.area_code
           LEFT JOIN mpi_spec e ON e.source_id = p.source_id AND e.spec = p.spec
           WHERE s.source_id IS NULL OR a.code IS NULL OR e.spec IS NULL OR p.persons < 0 OR NOT isfinite(p.persons)
           LIMIT 1""",
        "มีรูปแบบการขาดแคลนที่ไม่มีแหล่ง พื้นที่ หรือข้อกำหนด หรือมีจำนวนคนที่ใช้ไม่ได้",
        "a profile of deprivation without source, area or specification, or with an impossible number of persons",
    ),
    (
        """SELECT DISTINCT source_id FROM mpi_profile SEMI JOIN (SELECT source_id FROM source WHERE cells = 'protected')
           USING (source_id) LIMIT 1""",
        "มีรูปแบบการขาดแคลนของแหล่งที่ต้องปกปิด",
        "profiles of deprivation of a protected source",
    ),
    (
        "SELECT source_id, place_id FROM place GROUP BY ALL HAVING count(*) > 1 LIMIT 1",
        "มีรหัสสถานที่ซ้ำในแหล่งเดียวกัน",
        "two places of one source under one id",
    ),
    (
        # Schematic outlines are synthetic too, without a figure; the trial of the officers' desk has indicators of its own.
        """SELECT o.source_id, s.source_id FROM
           (SELECT source_id FROM source WHERE kind IN ('official', 'open')
            AND source_id IN (SELECT source_id FROM observation)) o,
           (SELECT source_id FROM source WHERE kind = 'synthetic' AND source_id <> 'desk-synthetic'
            AND (starts_with(source_id, 'synthetic-survey')
                 OR source_id IN (SELECT source_id FROM observation UNION SELECT source_id FROM mpi_profile))) s
           ORDER BY ALL LIMIT 1""",
        "ตัวเลขทางการกับตัวเลขสังเคราะห์อยู่ในชุดข้อมูลเดียวกันไม่ได้ "
        "วิธีแก้: นำเข้าข้อมูลจริงในที่เก็บข้อมูลปกติ และข้อมูลสังเคราะห์ในที่เก็บข้อมูลของประเทศจำลอง (daomap demo)",
        "official figures and synthetic ones are never in one snapshot. To mend: import real data into the ordinary data home, "
        "and synthetic data into that of the synthetic country (daomap demo)",
    ),
)


def _check(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse a draft that breaks what every reader relies on."""
    for sql, th, en in _CHECKS:
        row = connection.execute(sql).fetchone()
        if row is not None:
            place = ", ".join(str(v) for v in row)
            raise StoreError(f"ไม่เผยแพร่: {th} ({place})", f"not published: {en} ({place})")


def _contents(staging: Staging, settings: Settings) -> dict[str, Any]:
    with duckdb.connect(str(staging.database), read_only=True) as connection:
        # An import one of whose files has been replaced since is not in here any more: its return is no repetition.
        imports = connection.execute(
            """
            SELECT i.import_id FROM import_run i
            WHERE i.files = (SELECT count(*) FROM source_file f WHERE f.import_id = i.import_id)
            ORDER BY i.import_id
            """
        ).fetchall()
        kinds = connection.execute("SELECT DISTINCT kind FROM import_run ORDER BY kind").fetchall()
        rows = connection.execute("SELECT count(*) FROM observation").fetchone()
        levels = connection.execute(
            "SELECT level, list_sort(list(DISTINCT year)) FROM observation GROUP BY level ORDER BY level"
        ).fetchall()
        lights = connection.execute(
            "SELECT product, list_sort(list(DISTINCT year)) FROM raster GROUP BY product ORDER BY product"
        ).fetchall()
        sources = [str(s) for (s,) in connection.execute("SELECT source_id FROM source").fetchall()]
    boundaries = staging.path / "boundaries"
    drawn = sorted(p.stem for p in boundaries.glob("*.parquet")) if boundaries.is_dir() else []
    return {
        "imports": [row[0] for row in imports],
        "kinds": [row[0] for row in kinds],
        "observations": int(rows[0]) if rows else 0,
        "years": {level: [int(y) for y in years] for level, years in levels},
        "boundaries": drawn,
        "outlines": outline_kinds(drawn, sources),
        "lights": {str(product): [int(y) for y in years] for product, years in lights},
        "rules": rules_sha256(),
        "stars": settings.stars.model_dump(mode="json"),
        "privacy": privacy_of(settings),
        "neet": neet_of(settings),
    }


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _database_error(error: duckdb.Error, home: Path) -> StoreError:
    text = str(error).splitlines()[0]
    if "File too large" in text:
        return store_error(OSError(errno.EFBIG, text), home)
    # What does not fit into memory is put aside on disk; by default up to what the disk has left.
    if "No space left" in text or "max_temp_directory_size" in str(error):
        return store_error(OSError(errno.ENOSPC, text), home)
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreError(
            "หน่วยความจำไม่พอ วิธีแก้: เพิ่ม memory_mb ในหมวด [import]",
            "not enough memory. To mend: raise memory_mb in [import]",
        )
    return StoreError(f"ฐานข้อมูล: {text}", f"database: {text}")
