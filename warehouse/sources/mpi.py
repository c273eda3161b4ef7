"""Results of ``daomap mpi compute``: profiles of deprivation by area, with the specification and the manifest beside them.

A folder is taken as a whole or not at all: every file is as its manifest says, and the persons of the profiles are those the
manifest counted. Counts of small groups in small areas point at people, so profiles are published only where their owner has
published these very cells, or where the persons are made up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.alkire_foster import roll_up
from analytics.mpi_catalogue import catalogue_entries
from analytics.mpi_specs import MpiSpec, read_spec
from analytics.mpi_toml import spec_toml
from analytics.spec_tables import SpecError
from geo.codes import CodeError, municipal_area, official_areas
from warehouse.batch import AREA, MPI_PROFILE, SOURCE, SOURCE_FILE, Batch, import_id
from warehouse.mpi import LEVELS, WIDTH
from warehouse.report import Check, Finding, ImportReport
from warehouse.snapshots import file_sha256

MANIFEST: Final = "manifest.json"
PROFILES: Final = "profiles.parquet"
SPECIFICATION: Final = "specification.toml"
COMMAND: Final = "daomap mpi compute"
PRIORITY: Final = 20
MAX_ROWS: Final = 50_000_000
_COUNTS: Final = ("profile", "missing", "persons", "weight")

Cells = Literal["published", "protected", "synthetic"]


class _RefusedError(Exception):
    """The folder cannot be read; carries what to say."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.line("en"))
        self.finding = finding


def read_mpi(folder: Path, *, cells: Cells = "protected", title: str | None = None) -> Batch:
    """Read a folder that ``daomap mpi compute`` wrote.

    Parameters
    ----------
    folder : Path
    cells : {"published", "protected", "synthetic"}
        ``published``: their owner has published these very cells. ``synthetic``: the persons are made up. ``protected``
        refuses the folder.
    title : str, optional
        What the source is called; otherwise the specification's name.

    Returns
    -------
    Batch
        Profiles of the finest level up to the subdistrict, of everybody and of each subgroup. Nothing of a folder that is
        refused; the report says why.
    """
    report = ImportReport(kind="mpi", files=1)
    try:
        if cells == "protected":
            raise _RefusedError(_protected(folder))
        manifest = _manifest(folder)
        spec = _specification(folder, manifest)
        rows = _profiles(folder, manifest, spec, report)
    except _RefusedError as refusal:
        report.add(refusal.finding)
        return Batch("mpi", import_id("mpi", {}, []), report)
    year = int(manifest["year"])
    source_id = f"mpi-{spec.id}-{'synthetic' if cells == 'synthetic' else 'computed'}".replace("_", "-")
    batch = profiles_batch(
        rows, spec, year=year, source_id=source_id, synthetic=cells == "synthetic", title=title, report=report
    )
    hashes = [file_sha256(folder / name) for name in (PROFILES, SPECIFICATION)]
    batch.import_id = import_id("mpi", {"cells": cells, "title": title or "", "year": year}, hashes)
    batch.files = pa.Table.from_pylist(
        [
            {
                "source_id": source_id,
                "file_name": f"{year}-{name}",
                "sha256": sha256,
                "bytes": (folder / name).stat().st_size,
                "rows": len(rows) if name == PROFILES else 0,
            }
            for name, sha256 in zip((PROFILES, SPECIFICATION), hashes, strict=True)
        ],
        schema=SOURCE_FILE,
    )
    report.rows_accepted = len(rows)
    report.facts |= {
        "specification": spec.id,
        "year": year,
        "level": LEVELS[_widths().index(_width(rows))],
        "areas": int(rows["area_code"].nunique()),
        "profiles": int(rows["profile"].nunique()),
        "persons": float(rows.loc[rows["subgroup"] == "", "weight"].sum()),
    }
    return batch


def profiles_batch(
    rows: pd.DataFrame,
    spec: MpiSpec,
    *,
    year: int,
    source_id: str,
    synthetic: bool,
    title: str | None = None,
    report: ImportReport | None = None,
) -> Batch:
    """A batch of profiles that may be published.

    Parameters
    ----------
    rows : DataFrame
        ``area_code, subgroup, profile, missing, persons, weight``, one level of areas: persons counted, and whom they stand
        for. ``subgroup`` is empty for everybody.
    spec : MpiSpec
    year : int
        Common era.
    source_id : str
    synthetic : bool
        Whether the persons are made up.
    title : str, optional
    report : ImportReport, optional

    Returns
    -------
    Batch
        With the specification, the indicators of the catalogue it brings, and municipal areas that no list has. Its
        ``files`` are empty.
    """
    size = len(rows)
    level = LEVELS[_widths().index(_width(rows))]
    profiles = pa.table(
        {
            "spec": pa.array([spec.id] * size, pa.string()),
            "area_code": pa.array(rows["area_code"].tolist(), pa.string()),
            "level": pa.array([level] * size, pa.string()),
            "year": pa.array([year] * size, pa.int16()),
            "subgroup": pa.array(rows["subgroup"].tolist(), pa.string()),
            "profile": pa.array(rows["profile"].to_numpy(dtype="int64"), pa.int64()),
            "missing": pa.array(rows["missing"].to_numpy(dtype="int64"), pa.int64()),
            "persons": pa.array(rows["weight"].to_numpy(dtype="float64"), pa.float64()),
            "rows": pa.array(rows["persons"].to_numpy(dtype="int64"), pa.int64()),
            "source_id": pa.array([source_id] * size, pa.string()),
        },
        schema=MPI_PROFILE,
    )
    made_th, made_en = ("ข้อมูลสังเคราะห์ ", "Synthetic data: ") if synthetic else ("คำนวณ: ", "Computed: ")
    source = {
        "source_id": source_id,
        "kind": "synthetic" if synthetic else "user",
        "publisher": "ดาวแมป" if synthetic else (title or spec.name_th),
        "title_th": made_th + (title or spec.name_th),
        "title_en": made_en + (title or spec.name_en),
        "url": None,
        "licence": None,
        "year": year,
        "retrieved": None,
        "cells": "published",
        "priority": PRIORITY,
    }
    official = official_areas()
    others = [municipal_area(code) for code in sorted(set(rows["area_code"])) if code not in official]
    areas = [
        {name: getattr(area, name) for name in AREA.names if name != "mapped_to"} | {"mapped_to": None}
        for area in others
    ]
    return Batch(
        "mpi",
        import_id("mpi", {"source": source_id, "year": year}, []),
        report or ImportReport(kind="mpi"),
        areas=pa.Table.from_pylist(areas, schema=AREA),
        sources=pa.Table.from_pylist([source], schema=SOURCE),
        indicators=catalogue_entries(spec),
        mpi_profiles=profiles,
        mpi_specs={(source_id, spec.id): spec_toml(spec)},
    )


# ------------------------------------------------------------------------------------------------------------
# Inside


def _widths() -> tuple[int, ...]:
    return tuple(WIDTH.get(level, 0) for level in LEVELS)


def _width(rows: pd.DataFrame) -> int:
    """Digits of the area codes; 0 is the country."""
    first = str(rows["area_code"].iloc[0])
    return 0 if first == "TH" else len(first)


def _refuse(
    code: str, file: Path | str, found: object, expected: object, th: str, en: str, column: str | None = None
) -> _RefusedError:
    name = file.name if isinstance(file, Path) else file
    return _RefusedError(
        Finding("reject", f"mpi.{code}", name, None, column, str(found), str(expected), th, en)
    )


def _protected(folder: Path) -> Finding:
    return _refuse(
        "protected",
        folder,
        "profiles of persons in small areas",
        "--published or --synthetic",
        "รูปแบบการขาดแคลนรายพื้นที่บอกได้ถึงคนกลุ่มเล็ก และยังไม่มีวิธีปกปิดที่พิสูจน์แล้วว่าคำนวณย้อนกลับไม่ได้ จึงไม่เผยแพร่ "
        "ใช้ --published เมื่อเจ้าของข้อมูลเผยแพร่ตัวเลขชุดนี้แล้ว หรือ --synthetic เมื่อเป็นคนที่สร้างขึ้น",
        "profiles by area tell of small groups of people, and there is no hiding of them yet that is proven against working "
        "them out, so they are not published. Say --published where their owner has published these very cells, or "
        "--synthetic where the persons are made up",
    ).finding


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest, once every file we read is as it says."""
    path = folder / MANIFEST
    again = (
        "นำเข้าโฟลเดอร์ที่ daomap mpi compute เขียนไว้ทั้งโฟลเดอร์",
        "import the folder that daomap mpi compute wrote, as it wrote it",
    )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        command, files = manifest["command"], manifest["files"]
        known = {name: str(files[name]["sha256"]) for name in (PROFILES, SPECIFICATION)}
        year = manifest["year"]
        levels = manifest["levels"]
        by = manifest["by"]
        persons = manifest["persons"]
        manifest["specification"]["k"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _refuse("manifest", path, type(error).__name__, f"{MANIFEST} of {COMMAND}", *again) from error
    whole = (
        command == COMMAND
        and type(year) is int
        and 1900 <= year <= 2200
        and type(persons) is int
        and isinstance(levels, list)
        and isinstance(by, list)
        and all(isinstance(text, str) for text in (*levels, *by))
    )
    if not whole:
        raise _refuse("manifest", path, command, f"{MANIFEST} of {COMMAND}", *again)
    for name, sha256 in known.items():
        try:
            found = file_sha256(folder / name)
        except OSError as error:
            raise _refuse("file", name, "no file", "a file", *again) from error
        if found != sha256:
            raise _refuse("changed", name, found[:12], sha256[:12], *again)
    return dict(manifest)


def _specification(folder: Path, manifest: dict[str, Any]) -> MpiSpec:
    try:
        spec = read_spec((folder / SPECIFICATION).read_text(encoding="utf-8"), SPECIFICATION)
        # A cut-off given on the command line is that of the results.
        return spec.with_k(str(manifest["specification"]["k"]))
    except (SpecError, UnicodeDecodeError) as error:
        th, en = (
            (error.text("th"), error.text("en"))
            if isinstance(error, SpecError)
            else ("ไฟล์ไม่ใช่ UTF-8", "no UTF-8")
        )
        raise _refuse("specification", SPECIFICATION, type(error).__name__, "TOML", th, en) from error


def _profiles(folder: Path, manifest: dict[str, Any], spec: MpiSpec, report: ImportReport) -> pd.DataFrame:
    """Rows of everybody and of each subgroup, at the finest level a snapshot holds."""
    file = pq.ParquetFile(folder / PROFILES)
    by = [str(name) for name in manifest["by"]]
    wanted = ["area_code", *by, *_COUNTS]
    there = file.schema_arrow.names
    again = ("สั่ง daomap mpi compute อีกครั้ง", "run daomap mpi compute again")
    if missing := [name for name in wanted if name not in there]:
        raise _refuse("columns", PROFILES, ", ".join(there), ", ".join(missing), *again)
    if file.metadata.num_rows > MAX_ROWS or not file.metadata.num_rows:
        raise _refuse("rows", PROFILES, file.metadata.num_rows, f"1 to {MAX_ROWS:,}", *again)
    rows: pd.DataFrame = file.read(columns=wanted).to_pandas()
    report.rows_read = len(rows)
    _look(rows, manifest, spec, report)
    finest = min(6, int(rows["area_code"].str.len().min())) if (rows["area_code"] != "TH").all() else 0
    parts = []
    for column in (None, *by):
        keys = ["area_code", *([column] if column else []), "profile", "missing"]
        part = rows.groupby(keys, sort=True, dropna=False, observed=True, as_index=False)[
            ["persons", "weight"]
        ].sum()
        part = roll_up(part, finest) if finest else part
        names = (
            pd.Series("", index=part.index)
            if column is None
            else column + "=" + part[column].astype("string").fillna("")
        )
        parts.append(part.assign(subgroup=names.astype(object))[["area_code", "subgroup", *_COUNTS]])
    found = pd.concat(parts, ignore_index=True)
    official = official_areas()
    unknown = []
    for code in sorted(set(found["area_code"])):
        try:
            if code not in official:
                municipal_area(code)
        except CodeError:
            unknown.append(code)
    report.checks.append(
        Check(
            "mpi.areas",
            "รหัสพื้นที่เป็นรหัสที่รู้จัก",
            "area codes are known",
            found["area_code"].nunique(),
            len(unknown),
        )
    )
    if unknown:
        few = ", ".join(unknown[:3]) + (" ..." if len(unknown) > 3 else "")
        raise _refuse(
            "areas", PROFILES, f"{len(unknown)}: {few}", "codes of the official list",
            "แก้รหัสพื้นที่ในตารางต้นทางแล้วคำนวณใหม่", "correct the area codes in the tables and compute again", "area_code",
        )  # fmt: skip
    return found


def _look(rows: pd.DataFrame, manifest: dict[str, Any], spec: MpiSpec, report: ImportReport) -> None:
    """Refuse profiles that no table of persons has."""
    top = 1 << len(spec.indicators)
    codes = rows["area_code"]
    faults: Sequence[tuple[str, str, str, Callable[[], int]]] = (
        ("codes", "รหัสพื้นที่เป็นตัวเลขเดียวกันทั้งไฟล์", "area codes are digits",
         lambda: int((~codes.astype("string").str.fullmatch(r"TH|\d{2}|\d{4}|\d{6}|\d{8}").fillna(False)).sum())),
        ("profiles", "รูปแบบอยู่ในตัวชี้วัดของข้อกำหนด", "profiles are of the specification's indicators",
         lambda: int((~(rows["profile"].between(0, top - 1) & rows["missing"].between(0, top - 1))).sum())),
        ("persons", "จำนวนคนไม่ติดลบ", "persons are not negative",
         lambda: int((~((rows["persons"] >= 0) & (rows["weight"] >= 0) & (rows["weight"] < float("inf")))).sum())),
        ("total", "จำนวนคนรวมตรงกับที่คำนวณ", "all persons are there",
         lambda: int(int(rows["persons"].sum()) != int(manifest["persons"]))),
    )  # fmt: skip
    for code, th, en, count in faults:
        failures = count()
        report.checks.append(Check(f"mpi.{code}", th, en, len(rows), failures))
        if failures:
            raise _refuse(
                code, PROFILES, failures, "0", "สั่ง daomap mpi compute อีกครั้ง", "run daomap mpi compute again"
            )
