"""The published figures in ``data/figures``, as one batch: what the map shows before any import."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analytics.definitions import definition_for
from geo.codes import level_of
from warehouse.batch import OBSERVATION, SOURCE, SOURCE_FILE, Batch, import_id
from warehouse.intake.faults import Refused, finding
from warehouse.intake.text import ROW, read_csv
from warehouse.report import Check, Finding, ImportReport
from warehouse.snapshots import file_sha256

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

    from warehouse.schemas.check import Violation

FIGURES = Path(__file__).resolve().parents[2] / "data" / "figures"

# Below the importers' own 20: a file from the agency itself takes the place of a transcribed table.
PRIORITY = 10

_PROVINCE_COLUMNS = {
    "surveyed_persons": "surveyed_persons",
    "surveyed_households": "households",
    "poor_households": "mpi_poor_households",
    "mpi_poor_persons": "mpi_poor",
    "target_poor_persons": "target_poor",
    "target_health": "target_health",
    "target_living": "target_living",
    "target_education": "target_education",
    "target_income": "target_income",
    "target_access": "target_access",
}
_GPP_COLUMNS = {
    "gpp_baht": "gpp",
    "gpp_per_head_baht": "gpp_per_head",
    "population": "gpp_population",
    "agriculture_share_percent": "gpp_agriculture_share",
}


@dataclass(frozen=True, slots=True)
class _Source:
    source_id: str
    kind: str
    publisher: str
    title_th: str
    title_en: str
    url: str
    licence: str | None
    year: int | None


_SOURCES = (
    _Source(
        "tpmap-figures-2561",
        "official",
        "TPMAP (สศช. / NECTEC)",
        "TPMAP ข้อมูลเปิด ปี 2561",
        "TPMAP open data, B.E. 2561",
        "https://www.tpmap.in.th",
        None,
        2018,
    ),
    _Source(
        "tpmap-figures-2566",
        "official",
        "TPMAP (สศช. / NECTEC)",
        "TPMAP ข้อมูลเปิด ปี 2566",
        "TPMAP open data, B.E. 2566",
        "https://www.tpmap.in.th",
        None,
        2023,
    ),
    _Source(
        "press-nation-2565",
        "open",
        "The Nation Thailand",
        "The Nation Thailand 40012451 อ้างอิง TPMAP ปี 2565",
        "The Nation Thailand 40012451, quoting TPMAP, B.E. 2565",
        "https://www.nationthailand.com",
        None,
        2022,
    ),
    _Source(
        "press-thansettakij-2565",
        "open",
        "ฐานเศรษฐกิจ (Thansettakij)",
        "ฐานเศรษฐกิจ 513519 และ 514229 อ้างอิง TPMAP ปี 2565",
        "Thansettakij 513519 and 514229, quoting TPMAP, B.E. 2565",
        "https://www.thansettakij.com",
        None,
        2022,
    ),
    _Source(
        "press-btimes-2566",
        "open",
        "Business Times (btimes.biz)",
        "btimes.biz มิถุนายน 2567 อ้างอิง TPMAP ปี 2566",
        "btimes.biz, June 2567, quoting TPMAP, B.E. 2566",
        "https://btimes.biz",
        None,
        2023,
    ),
    _Source(
        "nesdc-gpp-2024",
        "official",
        "สำนักงานสภาพัฒนาการเศรษฐกิจและสังคมแห่งชาติ (NESDC)",
        "ผลิตภัณฑ์จังหวัด สศช. ปี 2567",
        "NESDC Gross Provincial Product 2024",
        "https://www.nesdc.go.th",
        None,
        2024,
    ),
    _Source(
        "neet-unicef-2563",
        "open",
        "UNICEF Thailand",
        "UNICEF การวิจัยเชิงลึกเรื่องเยาวชน NEET ในประเทศไทย หน้า 41 (เก้าจังหวัด ปี 2563)",
        "UNICEF, In-depth Research on Youth NEET in Thailand, p. 41 (nine provinces, 2020)",
        "https://www.unicef.org/thailand",
        None,
        2020,
    ),
    _Source(
        "neet-guidance-2566",
        "official",
        "TPMAP (สศช. / NECTEC)",
        "สไลด์แนวทาง TPMAP ปีงบประมาณ 2566 (ห้าจังหวัดสูงสุด ไม่ระบุปีที่สำรวจ)",
        "TPMAP guidance slides, fiscal year 2566 (the five highest; survey year not stated)",
        "https://www.tpmap.in.th",
        None,
        None,
    ),
)
_NEET_SOURCES = {"unicef": "neet-unicef-2563", "guidance": "neet-guidance-2566"}
# The slides state no survey year; a row needs one, and the screen says what this one is.
_SLIDES_YEAR_BE = 2566
_COUNTRY_SOURCES = {
    (2561, "tpmap"): "tpmap-figures-2561",
    (2565, "thansettakij"): "press-thansettakij-2565",
    (2566, "btimes"): "press-btimes-2566",
}


class _Rows:
    """Columns of observations, one list each, so that the table is made without a list of dictionaries."""

    def __init__(self) -> None:
        self.columns: dict[str, list[object]] = {name: [] for name in OBSERVATION.names}

    def add(
        self,
        code: str,
        indicator: str,
        year: int,
        source_id: str,
        *,
        value: float,
        numerator: float | None,
        denominator: float | None = None,
        basis: str = "published",
        definition: str | None = None,
    ) -> None:
        row: dict[str, object] = {
            "area_code": code,
            "level": level_of(code),
            "indicator": indicator,
            "year": year,
            "numerator": numerator,
            "denominator": denominator,
            "value": value,
            "basis": basis,
            "definition": definition or definition_for(indicator, year),
            "source_id": source_id,
            "suppressed": False,
        }
        for name, column in self.columns.items():
            column.append(row[name])

    def table(self) -> pa.Table:
        return pa.table(self.columns, schema=OBSERVATION)

    def value_of(self, indicator: str, year: int, *, country: bool) -> float:
        """Sum over provinces, or the country's own figure, for the check of one against the other."""
        columns = self.columns
        return sum(
            float(str(value))
            for code, name, when, value in zip(
                columns["area_code"], columns["indicator"], columns["year"], columns["value"], strict=True
            )
            if name == indicator and when == year and (code == "TH") == country
        )


_Row = dict[str, Any]
_FILES = (
    "tpmap_province.csv",
    "tpmap_country.csv",
    "tpmap_2565_extremes.csv",
    "gpp_2024.csv",
    "neet_province.csv",
)
_SOURCES_OF = {
    "tpmap_province.csv": ("tpmap-figures-2561", "tpmap-figures-2566"),
    "tpmap_country.csv": tuple(sorted(set(_COUNTRY_SOURCES.values()))),
    "tpmap_2565_extremes.csv": ("press-nation-2565",),
    "gpp_2024.csv": ("nesdc-gpp-2024",),
    "neet_province.csv": tuple(sorted(_NEET_SOURCES.values())),
}


def figures_id(folder: Path = FIGURES) -> str:
    """What `import_figures` would call its batch: told by the files' hashes, without reading a row."""
    there = [folder / name for name in _FILES if (folder / name).is_file()]
    return import_id("figures", {}, [file_sha256(path) for path in there])


def import_figures(folder: Path = FIGURES) -> Batch:
    """Read every table of the folder into one batch.

    Parameters
    ----------
    folder : Path
        Holds the five CSV files that ship; their README says where each figure was published.

    Returns
    -------
    Batch
        Observations of the country and the provinces with one source a publisher and year. Empty when
        ``batch.report.refused``.
    """
    report = ImportReport(kind="figures")
    rows = _Rows()
    files: list[tuple[str, Path, int]] = []
    readers: dict[str, Callable[[list[_Row], _Rows], None]] = {
        "tpmap_province.csv": _provinces,
        "tpmap_country.csv": _country,
        "tpmap_2565_extremes.csv": _extremes,
        "gpp_2024.csv": _gpp,
        "neet_province.csv": _neet,
    }
    for name in _FILES:
        path = folder / name
        report.files += 1
        table = _read(path, report)
        if table is None:
            continue
        readers[name](table, rows)
        report.rows_accepted += len(table)
        files.extend((source_id, path, len(table)) for source_id in _SOURCES_OF[name])
    report.rows_rejected = report.rows_read - report.rows_accepted
    if report.refused:
        return Batch("figures", figures_id(folder), report)
    for indicator in ("surveyed_persons", "households", "mpi_poor", "mpi_poor_households", "target_poor"):
        same = rows.value_of(indicator, 2018, country=False) == rows.value_of(indicator, 2018, country=True)
        report.checks.append(
            Check(
                f"figures.country_sum.{indicator}",
                f"ผลรวม 76 จังหวัดเท่ากับค่าของประเทศ ปี 2561: {indicator}",
                f"the 76 provinces of 2561 sum to the country: {indicator}",
                1,
                0 if same else 1,
            )
        )
    hashes = {path: file_sha256(path) for _, path, _ in files}
    report.facts["observations"] = len(rows.columns["value"])
    return Batch(
        kind="figures",
        import_id=figures_id(folder),
        report=report,
        observations=rows.table(),
        sources=pa.table(
            {
                "source_id": [s.source_id for s in _SOURCES],
                "kind": [s.kind for s in _SOURCES],
                "publisher": [s.publisher for s in _SOURCES],
                "title_th": [s.title_th for s in _SOURCES],
                "title_en": [s.title_en for s in _SOURCES],
                "url": [s.url for s in _SOURCES],
                "licence": [s.licence for s in _SOURCES],
                "year": [s.year for s in _SOURCES],
                "retrieved": [None for _ in _SOURCES],
                "cells": ["published" for _ in _SOURCES],
                "priority": [PRIORITY for _ in _SOURCES],
            },
            schema=SOURCE,
        ),
        files=pa.table(
            {
                "source_id": [source_id for source_id, _, _ in files],
                "file_name": [path.name for _, path, _ in files],
                "sha256": [hashes[path] for _, path, _ in files],
                "bytes": [path.stat().st_size for _, path, _ in files],
                "rows": [count for _, _, count in files],
            },
            schema=SOURCE_FILE,
        ),
    )


_MENDS = {
    "figures.cell": ("แก้ค่าให้ตรงกับที่เผยแพร่", "put the value that was published"),
    "figures.column": ("เติมคอลัมน์ที่ขาด", "add the column that is missing"),
    "figures.once": ("เก็บแถวเดียวต่อพื้นที่และปี", "keep one row an area and year"),
    "figures.source": (
        "ใช้ปีและแหล่งที่รู้จักเท่านั้น",
        "use a year and a source key that are described in the program",
    ),
}


def _read(path: Path, report: ImportReport) -> list[_Row] | None:
    """The rows of one file, typed by its schema; None where it is refused."""
    # The schema library takes as long to load as the page: a start that finds its figures published needs none.
    from warehouse.schemas import figures as schemas
    from warehouse.schemas.check import violations

    schema = {
        "tpmap_province.csv": schemas.PROVINCES,
        "tpmap_country.csv": schemas.COUNTRY,
        "tpmap_2565_extremes.csv": schemas.EXTREMES,
        "gpp_2024.csv": schemas.GPP,
        "neet_province.csv": schemas.NEET,
    }[path.name]
    try:
        if not path.is_file():
            raise Refused(finding("intake.missing", path.name, "-", path.name))
        table = read_csv(path.read_bytes(), path.name, {})[0]
    except Refused as refused:
        for found in refused.findings:
            report.add(found)
        return None
    report.rows_read += table.num_rows
    frame, unread = _typed(table, schema)
    broken = violations(schema, frame)
    for violation in broken:
        report.add(_finding(path.name, table, violation))
    # A cell that may be empty may still not hold something nobody can read.
    for column, position in unread:
        th, en = _MENDS["figures.cell"]
        text, row = table.column(column)[position].as_py(), table.column(ROW)[position].as_py()
        report.add(Finding("reject", "figures.cell", path.name, row, column, text, "0, 1, 2 ...", th, en))
    if broken or unread:
        return None
    rows: list[_Row] = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    for row, number in zip(rows, table.column(ROW).to_pylist(), strict=True):
        key = (row.get("year_be"), row.get("source_key"))
        if path.name == "tpmap_country.csv" and key not in _COUNTRY_SOURCES:
            th, en = _MENDS["figures.source"]
            expected = ", ".join(f"{year} {name}" for year, name in sorted(_COUNTRY_SOURCES))
            shown = f"{key[0]:g} {key[1]}"
            report.add(
                Finding("reject", "figures.source", path.name, number, "source_key", shown, expected, th, en)
            )
    return None if report.refused else rows


def _typed(table: pa.Table, schema: DataFrameSchema) -> tuple[Any, list[tuple[str, int]]]:
    """The columns of `schema` with numbers as numbers, and the cells that hold something else."""
    import pandas as pd

    from warehouse.schemas.cells import numbers

    columns: dict[str, Any] = {}
    unread: list[tuple[str, int]] = []
    for name, column in schema.columns.items():
        if name not in table.column_names:
            continue
        if column.dtype is None:
            texts = [text.strip() or None for text in table.column(name).to_pylist()]
            columns[name] = pd.Series(texts, dtype=object)
            continue
        read = numbers(table.column(name))
        columns[name] = read.values
        if column.nullable:
            unread += [(name, at) for at, fault in read.faults.items() if fault != "empty"]
    return pd.DataFrame(columns), unread


def _finding(file: str, table: pa.Table, violation: Violation) -> Finding:
    kind = violation.rule if violation.rule in ("column", "once") else "cell"
    kind = "once" if violation.rule == "unique" else kind
    th, en = _MENDS[f"figures.{kind}"]
    if violation.position < 0:
        found, row = ", ".join(c for c in table.column_names if c != ROW)[:80], 1
    else:
        name = violation.column or "area_code"
        name = name if name in table.column_names else "indicator"
        found = table.column(name)[violation.position].as_py() or '""'
        row = table.column(ROW)[violation.position].as_py()
    expected = violation.column if kind == "column" else violation.rule
    return Finding("reject", f"figures.{kind}", file, row, violation.column or None, found, expected, th, en)


def _given(value: float) -> bool:
    return not math.isnan(value)


def _provinces(table: Iterable[_Row], rows: _Rows) -> None:
    for row in table:
        year_be = int(row["year_be"])
        for column, indicator in _PROVINCE_COLUMNS.items():
            value = row[column]
            if not _given(value):
                continue
            # The surveyed persons of 2566 were not in the file: they were got back from its published rate.
            basis = "derived" if (year_be, indicator) == (2566, "surveyed_persons") else "published"
            rows.add(
                row["area_code"],
                indicator,
                year_be - 543,
                f"tpmap-figures-{year_be}",
                value=value,
                numerator=value,
                basis=basis,
            )


def _country(table: Iterable[_Row], rows: _Rows) -> None:
    for row in table:
        year_be = int(row["year_be"])
        source_id = _COUNTRY_SOURCES[year_be, row["source_key"]]
        value = row["value"]
        rows.add("TH", row["indicator"], year_be - 543, source_id, value=value, numerator=value)


def _extremes(table: Iterable[_Row], rows: _Rows) -> None:
    for row in table:
        year = int(row["year_be"]) - 543
        poor = row["target_poor_persons"]
        rows.add(row["area_code"], "target_poor", year, "press-nation-2565", value=poor, numerator=poor)
        # The newspaper prints the rate and not what it divides by; the denominator stays unknown.
        rows.add(
            row["area_code"],
            "target_poor_rate",
            year,
            "press-nation-2565",
            value=row["rate_percent"],
            numerator=poor,
        )


def _gpp(table: Iterable[_Row], rows: _Rows) -> None:
    for row in table:
        numbers = {indicator: row[column] for column, indicator in _GPP_COLUMNS.items()}
        for indicator, value in numbers.items():
            per_head = indicator == "gpp_per_head"
            share = indicator == "gpp_agriculture_share"
            rows.add(
                row["area_code"],
                indicator,
                2024,
                "nesdc-gpp-2024",
                value=value,
                numerator=numbers["gpp"] if per_head else None if share else value,
                denominator=numbers["gpp_population"] if per_head else None,
            )


def _neet(table: Iterable[_Row], rows: _Rows) -> None:
    for row in table:
        year_be = int(row["year_be"]) if _given(row["year_be"]) else _SLIDES_YEAR_BE
        rows.add(
            row["area_code"],
            "neet_rate",
            year_be - 543,
            _NEET_SOURCES[row["source_key"]],
            value=row["neet_percent"],
            numerator=None,
            definition="neet-unpaid-family-unstated",
        )
