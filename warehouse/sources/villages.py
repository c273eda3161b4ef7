"""Tables and maps of villages: names, points, and the scores of กชช.2ค.

What a file is shows in its columns: indicators of a specification make it a table of scores, coordinates or shapes a list of
points, else codes and names a list of names. A row that cannot be read costs that row and is told with its number; a file most
of whose rows cannot be read is refused. Villages whose codes are not those of the official register are found by name, inside
the subdistrict they lie in, among the villages the snapshot knows.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.village_specs import (
    NOT_APPLICABLE,
    SCORES,
    Spec,
    SpecIndicator,
    catalogue_entries,
    spec_of_year,
)
from analytics.villages import matrix, tally
from geo.codes import (
    THAI_DIGITS,
    clean_name,
    official_areas,
    village_name,
)
from geo.coordinates import locate
from warehouse.batch import (
    AREA,
    SOURCE,
    SOURCE_FILE,
    VILLAGE_POINT,
    VILLAGE_SCORE,
    Batch,
    import_id,
)
from warehouse.intake import Intake
from warehouse.report import Check, ImportReport
from warehouse.schemas.cells import read_number
from warehouse.sources.tpmap import unlisted_area, village_area
from warehouse.sources.villages_codes import village_codes
from warehouse.sources.villages_layout import Progress, give_roles, read_tables, understand, year_of
from warehouse.sources.villages_points import (
    SHARED_POSITION,
    SURE,
    Country,
    country_of,
    how_sure,
    note_place,
    take_points,
)
from warehouse.sources.villages_rows import (
    Table,
    Taken,
    add_source,
    keep_once,
    keep_rows,
    name_of,
    note,
    note_file,
    note_row,
    source_id,
    trust,
)

Mode = Literal["scores", "raw"]
_MISSING: Final = frozenset(
    {"", "-", "–", "—", "--", "na", "n/a", "na.", "null", "none", "nan", "..", "...", "ไม่มีข้อมูล", "ไม่ตอบ"}
)


def read_villages(
    paths: Sequence[Path],
    intake: Intake,
    *,
    year_be: int | None = None,
    spec: Spec | None = None,
    specs: Mapping[str, Spec],
    mode: Mode = "scores",
    known: Mapping[str, str] | None = None,
    boundaries: Mapping[str, gpd.GeoDataFrame] | None = None,
    title: str | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Read files of villages.

    Parameters
    ----------
    paths : sequence of Path
        Tables, dBASE files, zips, shapefiles, GeoPackages, GeoJSON, GeoParquet.
    intake : Intake
        Opens the files.
    year_be : int, optional
        Buddhist year of the scores, where the file has no column of years.
    spec : Spec, optional
        What scores are read by; else the one of `specs` whose years hold the year.
    specs : mapping of str to Spec
    mode : "scores" or "raw"
        Whether indicator columns hold scores, or answers that the rules of the specification make scores of. Answers are not
        kept.
    known : mapping of str to str, optional
        Code to Thai name of the villages of the snapshot.
    boundaries : mapping of level to GeoDataFrame, optional
        Published boundaries, ``code`` and ``geometry`` in EPSG:4326; the embedded provinces where there are none.
    title : str, optional
        What the source is called; else the file's name.
    progress : callable, optional
        Called as ``progress(done, total, text)``.

    Returns
    -------
    Batch
        ``areas`` (villages and what they lie in), ``village_points``, ``village_scores`` and ``village_specs``. Empty when
        ``batch.report.refused``.
    """
    report = ImportReport(kind="villages")
    tables = read_tables(paths, intake, report, progress)
    options = {"year_be": year_be, "title": title, "mode": mode if mode != "scores" else None}
    if spec is not None:
        options["spec"] = hashlib.sha256(spec.entry.encode()).hexdigest()
    identity = import_id(
        "villages", {k: v for k, v in options.items() if v is not None}, [t.sha256 for t in tables]
    )
    land = country_of(boundaries)
    taken = Taken()
    used: dict[str, Spec] = {}
    for table in tables:
        give_roles(table, report)
        # Silent for now: a year matters, and is refused with its reason, only where there are scores.
        told = year_of(table, year_be, ImportReport(kind="villages"))
        chosen = spec or (spec_of_year(specs, told + 543) if told is not None else None)
        understand(table, chosen, specs, year_be, report)
        if report.refused:
            continue
        if table.indicators:
            year = year_of(table, year_be, report)
            if year is None or chosen is None:
                continue
            used[chosen.id] = chosen
            _take_scores(table, chosen, year, mode, land, taken, report, title)
        elif table.shapes is not None or {"latitude", "longitude"} <= set(table.roles):
            take_points(table, land, known or {}, taken, report, title)
        else:
            _take_names(table, taken, report, title)
    _finish(report, taken, list(used.values()), known or {})
    report.repairs = Counter({key: n for key, n in report.repairs.items() if n})
    if report.refused:
        return Batch("villages", identity, report)
    _schemas(taken)
    scores = pd.concat(taken.scores, ignore_index=True) if taken.scores else None
    return Batch(
        kind="villages",
        import_id=identity,
        report=report,
        areas=_areas(taken, known or {}),
        sources=pa.Table.from_pylist(list(taken.sources.values()), schema=SOURCE),
        files=pa.Table.from_pylist(
            [
                {
                    "source_id": taken.used[t.file],
                    "file_name": t.file,
                    "sha256": t.sha256,
                    "bytes": t.size,
                    "rows": len(t.rows),
                }
                for t in tables
            ],
            schema=SOURCE_FILE,
        ),
        village_points=pa.Table.from_pylist(taken.points, schema=VILLAGE_POINT),
        village_scores=(
            VILLAGE_SCORE.empty_table()
            if scores is None
            else pa.Table.from_pandas(scores, schema=VILLAGE_SCORE, preserve_index=False)
        ),
        village_specs={key: one.entry for key, one in used.items()},
        indicators=[entry for one in used.values() for entry in catalogue_entries(one)],
    )


def _take_names(table: Table, taken: Taken, report: ImportReport, title: str | None) -> None:
    if "name" not in table.roles:
        shown = " | ".join(table.names[:8])
        note_file(report, table, "villages.header", shown, "village_name")
        return
    keep_rows(table, report)
    codes = village_codes(table, report)
    for at, code in enumerate(codes):
        if code is not None and not name_of(table, at):
            codes[at] = None
            note_row(report, table, at, "villages.row_name", '""', "บ้าน...", "name")
    keep_once(table, codes, report)
    for at, code in enumerate(codes):
        if code is not None:
            taken.names[code] = name_of(table, at)
            taken.listed.add(code)
    called = title or Path(table.file).stem
    add_source(taken, table, source_id("names", called), called, "ชื่อหมู่บ้าน", "Names of villages", None)
    trust(table, sum(code is not None for code in codes), report)


def _take_scores(
    table: Table,
    spec: Spec,
    year: int,
    mode: Mode,
    country: Country,
    taken: Taken,
    report: ImportReport,
    title: str | None,
) -> None:
    columns = table.indicators
    if mode == "raw":
        without = [i for i in columns.values() if i.rule is None]
        if len(without) == len(columns):
            shown = ", ".join(i.name_th for i in without[:4])
            note_file(report, table, "villages.no_rule", shown, "[indicator.rule]")
            return
        for at in [at for at, i in columns.items() if i.rule is None]:
            heading = table.names[at]
            del columns[at]
            note(
                report, "villages.column_unread", table.file, heading, "[indicator.rule]", row=table.header_row,
                column=heading, severity="warn",
            )  # fmt: skip
    keep_rows(table, report)
    codes = village_codes(table, report)
    skipped = {_key_cell(text) for text in spec.not_applicable}
    laid = np.full((len(table.rows), len(columns)), -1, dtype=np.int8)
    for place, (at, indicator) in enumerate(columns.items()):
        read = {text: _score(text, indicator, mode, skipped) for text in set(table.columns[at])}
        for row, text in enumerate(table.columns[at]):
            score = read[text]
            if score is None and codes[row] is not None:
                codes[row] = None
                code, expected = (
                    ("villages.row_score", "1, 2, 3")
                    if mode == "scores"
                    else ("villages.row_answer", "0, 1, 2.5 ...")
                )
                note(
                    report,
                    code,
                    table.file,
                    text,
                    expected,
                    row=table.rows[row],
                    column=table.names[at],
                    severity="warn",
                )
            elif score is not None:
                laid[row, place] = score
    keep_once(table, codes, report)
    source = f"nrd-{spec.id}-{year + 543}"
    called = title or "กชช.2ค"
    checked = ("", "") if spec.verified else (" (ข้อกำหนดยังไม่ได้ตรวจ)", " (specification not verified)")
    add_source(taken, table, source, called, spec.name_th + checked[0], spec.name_en + checked[1], year)
    kept = np.array([at for at, code in enumerate(codes) if code is not None], dtype=np.intp)
    for at in kept.tolist():
        code = codes[at]
        assert code is not None
        taken.names.setdefault(code, name_of(table, at))
        if not taken.names[code]:
            taken.names[code] = name_of(table, at)
    trust(table, len(kept), report)
    ids = np.array([i.id for i in columns.values()])
    rows, places = np.nonzero(laid[kept] >= 0)
    villages = np.array([codes[at] for at in kept.tolist()], dtype=object)
    frame = pd.DataFrame(
        {
            "code": villages[rows],
            "spec": spec.id,
            "indicator": ids[places],
            "year": year,
            "score": laid[kept][rows, places],
            "source_id": source,
        }
    )
    report.facts["missing_scores"] = report.facts.get("missing_scores", 0) + int((laid[kept] < 0).sum())
    report.facts["not_applicable"] = report.facts.get("not_applicable", 0) + int(
        (laid[kept] == NOT_APPLICABLE).sum()
    )
    taken.scores.append(frame)
    _check_levels(table, spec, frame, dict(zip(kept.tolist(), villages.tolist(), strict=True)), report)
    if table.shapes is not None or {"latitude", "longitude"} <= set(table.roles):
        x, y = table.shapes or (
            table.columns[table.roles["longitude"]],
            table.columns[table.roles["latitude"]],
        )
        seen: Counter[tuple[str, str]] = Counter(zip(x, y, strict=True))
        for at, position in enumerate(locate(x, y, codes, country.land)):
            own = codes[at]
            if own is None or position.fault == "missing":
                continue
            if position.fault is not None:
                note_place(table, at, f"{x[at]}, {y[at]}", position.fault, report)
                continue
            for repair in position.repairs:
                report.repairs[f"position_{repair}"] += 1
            shown = f"{x[at]}, {y[at]}"
            sure = SURE[how_sure(table, at, own, position, shown, country, report)]
            if seen[(x[at], y[at])] > 1:
                sure = round(sure * SHARED_POSITION, 3)
                note_row(report, table, at, "villages.repeated_point", shown, "x 1", "latitude")
            taken.points.append(
                {
                    "code": own,
                    "name_th": taken.names[own] or village_name(own),
                    "longitude": position.longitude,
                    "latitude": position.latitude,
                    "how": "code",
                    "confidence": sure,
                    "source_id": source,
                }
            )


def _key_cell(text: str) -> str:
    return re.sub(r"\s", "", clean_name(text)).casefold()


def _score(text: str, indicator: SpecIndicator, mode: Mode, skipped: set[str]) -> int | None:
    """Score of a cell, 0 where it does not apply, -1 where there is none; None where it cannot be read."""
    key = _key_cell(text)
    if key in skipped:
        return NOT_APPLICABLE
    if key in _MISSING:
        return -1
    value = read_number(text, percent=mode == "raw").value
    if value is None:
        return None
    if mode == "raw":
        assert indicator.rule is not None
        return indicator.rule.score(value)
    return int(value) if value in SCORES else None


def _check_levels(
    table: Table, spec: Spec, frame: pd.DataFrame, codes: Mapping[int, str], report: ImportReport
) -> None:
    """Where the file says the level of a village itself, tell how often the specification's cuts give the same."""
    if "level" not in table.roles or frame.empty:
        return
    ours = tally(spec, matrix(spec, frame)).set_index("code")["level"]
    compared = same = 0
    for at, code in codes.items():
        said = re.search("[123]", table.cell("level", at).translate(THAI_DIGITS))
        worked = ours.get(code, np.nan)
        if said is not None and not np.isnan(worked):
            compared += 1
            same += int(said[0]) == int(worked)
    if compared:
        report.checks.append(
            Check(
                "villages.level",
                "ระดับในไฟล์ตรงกับระดับตามเกณฑ์ของข้อกำหนด",
                "the file's own level is the one that the specification's cuts give",
                compared,
                compared - same,
            )
        )


def _finish(report: ImportReport, taken: Taken, specs: Sequence[Spec], known: Mapping[str, str]) -> None:
    # A point may be known by two files of one import; the surer one stays.
    best: dict[str, dict[str, Any]] = {}
    for point in taken.points:
        if point["code"] not in best or point["confidence"] > best[point["code"]]["confidence"]:
            best[point["code"]] = point
    taken.points = [best[code] for code in sorted(best)]
    if len(taken.scores) > 1:
        both = pd.concat(taken.scores)
        twice = both[both.duplicated(["code", "spec", "indicator", "year"])]
        if len(twice):
            note(report, "villages.row_twice", "-", str(twice["code"].iloc[0]), "x 1")
    report.facts |= {
        "villages": len({*taken.names, *best}),
        "named": sum(bool(name) for name in taken.names.values()),
        "points": len(best),
        "points_by_how": dict(sorted(Counter(p["how"] for p in best.values()).items())),
        "scores": sum(map(len, taken.scores)),
        "new_villages": len([code for code in taken.names if code not in known]),
    }
    if specs:
        report.facts["spec"] = {
            "id": ", ".join(spec.id for spec in specs),
            "verified": all(spec.verified for spec in specs),
            "unverified_indicators": sum(spec.unverified for spec in specs),
            "cuts_verified": all(spec.cuts_verified for spec in specs),
        }


def _schemas(taken: Taken) -> None:
    """What is handed over keeps its schema; a fault here is one of this module, not of the file."""
    from warehouse.schemas.check import violations
    from warehouse.schemas.villages import NAMES, POINTS_SCHEMA, SCORES_SCHEMA

    names = pd.DataFrame(
        {"code": list(taken.names), "name_th": [n or "-" for n in taken.names.values()]}, dtype="str"
    )
    points = pd.DataFrame(taken.points)
    broken = violations(NAMES, names) + (violations(POINTS_SCHEMA, points) if len(points) else [])
    for scores in taken.scores:
        broken += violations(SCORES_SCHEMA, scores.astype({"score": int}))
    if broken:
        raise AssertionError(f"villages: rows that break their schema got through, such as {broken[0]}")


def _areas(taken: Taken, known: Mapping[str, str]) -> pa.Table:
    """Villages that came in, and the subdistricts of theirs that no official list has."""
    rows: dict[str, dict[str, str | None]] = {}
    for code in {*taken.names, *(str(p["code"]) for p in taken.points)}:
        name = taken.names.get(code, "")
        # A list of points or scores calls villages as it likes; names come from lists of names, and from it where there is none.
        if code in known and code not in taken.listed:
            continue
        rows[code] = village_area(code, name)
        if code[:6] not in official_areas():
            rows.setdefault(code[:6], unlisted_area(code[:6]))
    ordered = [rows[code] for code in sorted(rows)]
    return pa.table({name: [row[name] for row in ordered] for name in AREA.names}, schema=AREA)
