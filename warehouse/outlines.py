"""Where the outlines of a level come from, and that made-up ones give way to real ones and never the other way.

A level is ``imported`` (a file an agency sent), ``embedded`` (the provinces that ship) or ``schematic`` (made up for workshops,
`geo.schematic`). The draft knows it by the source that schematic outlines bring, the manifest says it for every reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from geo.outlines import EMBEDDED, IMPORTED, SCHEMATIC
from warehouse.batch import Batch, empty
from warehouse.report import Finding

LEVELS: Final = ("province", "district", "subdistrict")
VILLAGE: Final = "village"


def schematic_source(level: str) -> str:
    """Id of the source of a level's schematic outlines; of villages it is that of their points.

    >>> schematic_source("district")
    'schematic-district'
    """
    return f"{SCHEMATIC}-{level}"


def outline_kinds(levels: Iterable[str], sources: Iterable[str]) -> dict[str, str]:
    """Where the outlines of every level come from; made-up points of villages count as outlines here.

    Parameters
    ----------
    levels : iterable of str
        Levels with outlines of their own in the snapshot.
    sources : iterable of str
        Ids of all sources in it.

    Examples
    --------
    >>> outline_kinds(["district", "subdistrict"], ["schematic-subdistrict"])
    {'province': 'embedded', 'district': 'imported', 'subdistrict': 'schematic'}
    """
    have, known = set(levels), set(sources)
    kinds = {"province": EMBEDDED} | {level: IMPORTED for level in LEVELS if level in have}
    made_up = {level: SCHEMATIC for level in (*kinds, VILLAGE) if schematic_source(level) in known}
    return kinds | made_up


def settle_outlines(
    connection: duckdb.DuckDBPyConnection, boundaries: Path, batches: Sequence[Batch]
) -> list[Batch]:
    """Let real outlines and points of villages take the place of schematic ones, level by level, and never the other way.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The draft's database; what is replaced goes with its source and files.
    boundaries : Path
        The draft's folder of outlines; files of replaced levels go.
    batches : sequence of Batch
        What arrives. Reports of those that take a level, or find it taken, say so.

    Returns
    -------
    list of Batch
        The same, the schematic ones without the levels that have real ones.
    """
    sources = [str(s) for (s,) in connection.execute("SELECT source_id FROM source").fetchall()]
    held = outline_kinds((f.stem for f in boundaries.glob("*.parquet")), sources)
    if connection.execute(
        "SELECT 1 FROM village_point WHERE source_id <> ? LIMIT 1", [schematic_source(VILLAGE)]
    ).fetchone():
        held[VILLAGE] = IMPORTED
    real = {level for level, kind in held.items() if kind == IMPORTED}
    for batch in batches:
        if batch.kind == SCHEMATIC:
            continue
        brought = {*batch.boundaries, *([VILLAGE] if batch.village_points.num_rows else [])}
        real |= brought
        for level in sorted(brought):
            if held.get(level) == SCHEMATIC:
                _forget(connection, boundaries, level)
                held[level] = IMPORTED
                batch.report.add(_gone(level))
    return [_without(batch, real) if batch.kind == SCHEMATIC else batch for batch in batches]


def _forget(connection: duckdb.DuckDBPyConnection, boundaries: Path, level: str) -> None:
    source = [schematic_source(level)]
    if level == VILLAGE:
        # Villages that were made up with their points go, unless numbers speak of them.
        connection.execute(
            """
            DELETE FROM area a USING village_point p
            WHERE p.source_id = ? AND a.code = p.code AND a.level = 'village'
              AND NOT EXISTS (SELECT 1 FROM observation o WHERE o.area_code = a.code)
              AND NOT EXISTS (SELECT 1 FROM village_score s WHERE s.code = a.code)
            """,
            source,
        )
        connection.execute("DELETE FROM village_point WHERE source_id = ?", source)
    else:
        (boundaries / f"{level}.parquet").unlink(missing_ok=True)
    connection.execute("DELETE FROM source WHERE source_id = ?", source)
    connection.execute("DELETE FROM source_file WHERE source_id = ?", source)


def _without(batch: Batch, taken: set[str]) -> Batch:
    """A schematic batch without the levels that are taken."""
    brought = {*batch.boundaries, *([VILLAGE] if batch.village_points.num_rows else [])}
    late = brought & taken
    if not late:
        return batch
    batch.report.add(_late(sorted(late)))
    ids = pa.array([schematic_source(level) for level in late], pa.string())
    kept: Mapping[str, pa.Table] = {
        name: (table := getattr(batch, name)).filter(
            pc.invert(pc.is_in(table.column("source_id"), value_set=ids))
        )
        for name in ("sources", "files", "village_points")
    }
    return replace(
        batch,
        boundaries={k: v for k, v in batch.boundaries.items() if k not in taken},
        areas=empty(batch.areas.schema) if VILLAGE in late else batch.areas,
        **kept,
    )


def _gone(level: str) -> Finding:
    return Finding(
        severity="warn",
        code="outlines.schematic_gone",
        file="-",
        row=None,
        column=None,
        found=f"{level}: {SCHEMATIC}",
        expected=IMPORTED,
        mend_th="ขอบเขตจำลองของระดับนี้ถูกแทนทั้งระดับแล้ว นำเข้าขอบเขตจริงของจังหวัดอื่นด้วยถ้าต้องการแผนที่ทั้งประเทศ",
        mend_en="the schematic outlines of this level are gone, all of them; import the real ones of other provinces as well for "
        "a map of the whole country",
    )


def _late(levels: Sequence[str]) -> Finding:
    return Finding(
        severity="warn",
        code="outlines.real_kept",
        file="-",
        row=None,
        column=None,
        found=f"{SCHEMATIC}: {', '.join(levels)}",
        expected=IMPORTED,
        mend_th="ไม่ต้องทำอะไร ระดับเหล่านี้มีขอบเขตจริงอยู่แล้ว จึงไม่ใช้ขอบเขตจำลอง",
        mend_en="nothing to do: these levels have real outlines, which schematic ones never replace",
    )
