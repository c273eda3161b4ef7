"""TPMAP's open files: counts of poor people by area, read, checked against each other and handed over as
counts.

One year is up to 2,710 small files: a ``common`` file (denominators) and 31 mask files (which dimensions are
switched on) for the country, the provinces, and the districts, subdistricts and villages of each province.
Rates, shares, totals by number of dimensions and stars are not read from here: `warehouse.derive` makes them
from the counts, the same way for every source.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.definitions import definition_for
from geo.codes import (
    CodeError,
    abolished_areas,
    clean_name,
    municipal_area,
    official_areas,
    plain_name,
    read_code,
    region_of,
    village_name,
)
from warehouse.batch import AREA, OBSERVATION, SOURCE, SOURCE_FILE, Batch, import_id
from warehouse.intake import Intake, Job, Result
from warehouse.intake.text import ROW
from warehouse.report import KEPT, Finding, ImportReport
from warehouse.schemas.cells import Numbers, is_total, mixed_eras, numbers, read_year
from warehouse.schemas.check import REQUIRED, breaches
from warehouse.schemas.tpmap import COMMON_FILE, MEASURES, PLACES, POOR_FILE
from warehouse.sources import crosswalk
from warehouse.sources.tpmap_checks import (
    Layer,
    Tally,
    check_against_common,
    check_children,
    check_common,
    check_masks,
    check_poor,
    overlap_cells,
    plain,
)
from warehouse.sources.tpmap_layout import (
    BUDDHIST_ERA,
    COMMON,
    COMMON_COLUMNS,
    COMMON_INDICATORS,
    FAULT_CODES,
    FULL,
    HAPPINESS,
    HOUSEHOLDS,
    ID_COLUMNS,
    ID_WIDTHS,
    LEVEL_WORDS,
    NAME_COLUMNS,
    NOT_ADDED,
    POOR_COLUMNS,
    POOR_INDICATORS,
    RATE,
    SURVEYED,
    SURVEYED_DERIVED,
    TARGET,
    FileName,
    Floats,
    Texts,
    finding,
    read_name,
)

Progress = Callable[[int, int, str], None]

LEVELS = ("country", "province", "district", "subdistrict", "village")
PRIORITY = 20
#: Buddhist years a file may be of: two digits in a name mean 25xx, so 40 is where the survey began to be kept.
_FIRST_YEAR, _LAST_YEAR = 2540, 2640
_SCIENTIFIC = re.compile(r"[0-9]+[.,]?[0-9]*[eE][+]?[0-9]+")
_DELIMITERS = {";": "semicolon", "\t": "tab"}


@dataclass(slots=True)
class _File:
    """One file that was read."""

    path: Path
    label: str
    name: FileName | None
    year_be: int | None = None
    sha256: str = ""
    size: int = 0
    rows: int = 0
    crosswalk: bool = False


@dataclass(slots=True)
class _Edition:
    """One year: level -> mask -> rows; and the same summed to areas."""

    year_be: int
    units: dict[str, dict[str, Layer]] = field(default_factory=dict)
    areas: dict[str, dict[str, Layer]] = field(default_factory=dict)
    source: str = ""

    @property
    def year(self) -> int:
        return self.year_be - BUDDHIST_ERA

    @property
    def source_id(self) -> str:
        return self.source or f"tpmap-{self.year_be}"


def read_tpmap(
    paths: Sequence[Path], intake: Intake, *, year_be: int | None = None, progress: Progress | None = None
) -> Batch:
    """Read TPMAP open files and check them against each other.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders; folders are searched to the bottom. A municipality crosswalk is recognised by its
        header.
    intake : Intake
        Opens the files.
    year_be : int, optional
        Buddhist year, for files whose name does not say; where it does, both must agree.
    progress : callable, optional
        Called as ``progress(done, total, text)``.

    Returns
    -------
    Batch
        Counts only. When ``batch.report.refused``, the batch holds no rows: all of an import is published or
        nothing.
    """
    report = ImportReport(kind="tpmap")
    tally = Tally(report)
    files = list(_find(paths, tally))
    total = len(files) + 3

    def tell(done: int, text: str) -> None:
        if progress is not None:
            progress(done, total, text)

    tell(0, "read")
    tables: dict[tuple[int, str, str, tuple[str, ...]], list[tuple[int, pa.Table]]] = {}
    walks: list[tuple[_File, pa.Table]] = []
    jobs = [Job("csv", file.path) for file in files]
    for number, result in enumerate(intake.read(jobs)):
        file = files[number]
        table = _accept(file, result, year_be, tally)
        if table is not None and file.crosswalk:
            walks.append((file, table))
        elif table is not None and file.name is not None and file.year_be is not None:
            key = (file.year_be, file.name.level, file.name.mask, tuple(table.column_names))
            tables.setdefault(key, []).append((number, table))
        tell(number + 1, file.label)

    tell(total - 3, "parse")
    editions = _parse(tables, files, tally)
    tell(total - 2, "check")
    sheets: list[_Counts] = []
    for edition in editions:
        sheets.extend(_check(edition, tally))
    report.files = len(files)
    report.rows_rejected = len(tally.rejected)
    report.rows_accepted = report.rows_read - report.rows_rejected
    report.checks = tally.checks()
    report.repairs = +report.repairs
    report.facts |= _facts(editions)
    walked = [crosswalk.read_rows(table, file.label, report) for file, table in walks]
    if walks:
        report.facts["municipalities"] = sum(len(rows) for rows in walked)
    batch = Batch("tpmap", import_id("tpmap", {"year_be": year_be or ""}, [f.sha256 for f in files]), report)
    if not report.refused:
        batch.observations = _observations(sheets)
        batch.areas = _areas(editions, [row for rows in walked for row in rows])
        batch.sources = _sources(editions, bool(walks))
        batch.files = _files(files)
    tell(total, "done")
    return batch


def checked_counts(
    year_be: int, units: dict[str, dict[str, Layer]], source_id: str, tally: Tally
) -> pa.Table:
    """Hold counts that come from no file to every rule of TPMAP's own files, and hand them over.

    Parameters
    ----------
    year_be : int
        Buddhist year.
    units : mapping of level to mask to Layer
        As the files of an edition would be, masks `COMMON` and the 31.
    source_id : str
        Whose the rows are.
    tally : Tally
        Learns what was tested and what failed.

    Returns
    -------
    Table of `OBSERVATION`
    """
    return _observations(_check(_Edition(year_be, units, source=source_id), tally))


# ----------------------------------------------------------------------------------------------------
# Which files there are


def _find(paths: Sequence[Path], tally: Tally) -> Iterator[_File]:
    """Every file to read; whatever else lies in a folder is refused by name, because silence would hide a
    misspelling.
    """
    seen: set[Path] = set()
    empty = True
    for given in paths:
        if given.is_dir():
            found: Iterable[Path] = sorted(p for p in given.rglob("*") if p.is_file())
        elif given.exists():
            found = [given]
        else:
            empty = False
            tally.refuse(finding("tpmap.missing", given.name, "-", given.name))
            continue
        for path in found:
            relative = path.relative_to(given) if given.is_dir() else Path(path.name)
            if any(part.startswith(".") for part in relative.parts) or path.stem.upper() == "README":
                continue
            empty = False
            # The same file named twice (a folder and a file in it) is one file.
            if path.resolve() in seen:
                continue
            seen.add(path.resolve())
            if path.suffix.lower() != ".csv":
                tally.refuse(
                    finding("tpmap.unknown_file", relative.as_posix(), path.suffix or path.name, ".csv")
                )
                continue
            yield _File(path, relative.as_posix(), read_name(path.name))
    if empty:
        tally.refuse(finding("tpmap.nothing", ", ".join(p.name for p in paths) or "-", "0", ">= 1"))


def _accept(file: _File, result: Result, year_be: int | None, tally: Tally) -> pa.Table | None:
    """Take a file's facts down; its table, or None where the file as a whole is refused."""
    file.sha256 = str(result.facts.get("sha256", ""))
    file.size = int(result.facts.get("size", 0))
    for found in result.findings:
        tally.refuse(_relabel(found, file.label))
    if result.table is None:
        return None
    table = result.table
    file.rows = table.num_rows
    tally.report.rows_read += table.num_rows
    if result.facts.get("encoding") not in ("utf-8", "utf-8-sig"):
        tally.report.repairs[f"encoding_{result.facts.get('encoding')}"] += 1
    delimiter = _DELIMITERS.get(str(result.facts.get("delimiter")))
    if delimiter is not None:
        tally.report.repairs[f"delimiter_{delimiter}"] += 1
    if crosswalk.is_crosswalk(table.column_names):
        file.crosswalk = True
        return table
    name = file.name
    if name is None:
        expected = "61_province_11111.csv, 61_11_amphur_common.csv"
        tally.refuse(finding("tpmap.unknown_file", file.label, file.path.name, expected))
        return None
    if not name.mask_valid:
        tally.refuse(finding("tpmap.mask", file.label, name.mask, "common, 00001-11111"))
        return None
    file.year_be = _year(file, table, year_be, tally)
    if file.year_be is None or not _header_fits(file, name, table, tally):
        return None
    return table


def _relabel(found: Finding, label: str) -> Finding:
    return replace(found, file=label)


def _year(file: _File, table: pa.Table, option: int | None, tally: Tally) -> int | None:
    """The year all of name, column and option agree on."""
    said: dict[str, int] = {}
    if option is not None:
        said["--year-be"] = option
    if file.name is not None and file.name.year_be is not None:
        said[file.path.name] = file.name.year_be
    if "year_be" in table.column_names:
        cells = table.column("year_be")
        texts = pc.unique(cells).to_pylist()
        mixed = mixed_eras(texts)
        for text in texts:
            read = read_year(text)
            # The column says which calendar its years are in; 2018 in it is 543 years off, not 2561.
            year = None if read.ce is None or read.era != "be" or mixed else read.ce + BUDDHIST_ERA
            possible = year is not None and _FIRST_YEAR <= year <= _LAST_YEAR
            if year is None or not possible or year != said.setdefault("year_be", year):
                row = table.column(ROW)[cells.to_pylist().index(text)].as_py()
                expected = str(said.get("year_be", f"{_FIRST_YEAR}-{_LAST_YEAR}"))
                found = str(text) or '""'
                tally.refuse(finding("tpmap.year", file.label, found, expected, row=row, column="year_be"))
                return None
    if not said:
        tally.refuse(finding("tpmap.year", file.label, "-", "61_..., year_be, --year-be"))
        return None
    if len(set(said.values())) > 1:
        tally.refuse(finding("tpmap.year", file.label, ", ".join(f"{k}: {v}" for k, v in said.items()), "1"))
        return None
    year = next(iter(said.values()))
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        tally.refuse(finding("tpmap.year", file.label, str(year), f"{_FIRST_YEAR}-{_LAST_YEAR}"))
        return None
    return year


def _header_fits(file: _File, name: FileName, table: pa.Table, tally: Tally) -> bool:
    there = set(table.column_names) - {ROW}
    wanted, other = (COMMON_COLUMNS, POOR_COLUMNS) if name.mask == COMMON else (POOR_COLUMNS, COMMON_COLUMNS)
    missing = [column for column in wanted if column not in there]
    if len(missing) > len(wanted) // 2 and sum(column in there for column in other) > len(other) // 2:
        tally.refuse(finding("tpmap.wrong_header", file.label, other[0], wanted[0], row=1))
        return False
    if len(missing) == len(wanted):
        found = ", ".join(sorted(there)[:5])
        tally.refuse(finding("tpmap.unknown_file", file.label, found, ", ".join(wanted[:3]), row=1))
        return False
    for column in missing:
        tally.refuse(finding("tpmap.missing_column", file.label, "-", column, row=1, column=column))
    fits = not missing
    identifier = _id_column(name.level, table.column_names)
    if name.level != "country" and identifier is None:
        found = ", ".join(c for c in table.column_names if c.lower().endswith("_id")) or "-"
        expected = " / ".join(ID_COLUMNS[name.level])
        tally.refuse(finding("tpmap.missing_column", file.label, found, expected, row=1, column=expected))
        fits = False
    known = {*wanted, ROW, "year_be", SURVEYED_DERIVED}
    for column in table.column_names:
        lower = column.lower()
        if column not in known and lower not in NAME_COLUMNS and not lower.endswith("_id"):
            tally.refuse(
                finding("tpmap.extra_column", file.label, column, "-", row=1, column=column, severity="warn")
            )
    return fits


def _id_column(level: str, columns: Iterable[str]) -> str | None:
    return next((c for c in columns if c.lower() in ID_COLUMNS.get(level, ())), None)


# ----------------------------------------------------------------------------------------------------
# From text to numbers


@dataclass(slots=True)
class _Piece:
    """The rows of some files of one level and mask, typed; `read` holds what typing had to say, by column."""

    level: str
    mask: str
    names: list[str]
    units: list[str | None]
    file: np.ndarray
    row: np.ndarray
    values: dict[str, Floats]
    read: dict[str, Numbers]
    places: pd.DataFrame
    unread: dict[int, tuple[str, str]]
    identifier: str
    province_column: str
    name_column: str
    totals: list[tuple[int, int, dict[str, float]]]

    def __len__(self) -> int:
        return len(self.file)

    def layer(self, known: np.ndarray) -> Layer:
        units = np.array([unit or "" for unit in self.units], dtype=str)
        return Layer(self.level, self.mask, self.names, units, self.file, self.row, self.values).take(known)


def _parse(
    tables: dict[tuple[int, str, str, tuple[str, ...]], list[tuple[int, pa.Table]]],
    files: list[_File],
    tally: Tally,
) -> list[_Edition]:
    """All tables of one year, level and mask as one layer, each area once."""
    years: dict[int, list[_Piece]] = {}
    for key in list(tables):
        # Popped, so that the text of a group goes as soon as its numbers are there.
        year, level, mask, _ = key
        members = tables.pop(key)
        table = pa.concat_tables([member for _, member in members]).combine_chunks()
        origin = np.repeat([n for n, _ in members], [t.num_rows for _, t in members]).astype(np.int64)
        years.setdefault(year, []).append(_typed(level, mask, table, origin, files, tally))
    editions: dict[int, _Edition] = {}
    for year in sorted(years):
        found = _Found()
        known = _hold_places(years[year], found, tally)
        _hold_values(years[year], found, tally)
        found.tell(tally)
        for piece in years[year]:
            piece.places = pd.DataFrame()  # only the codes are needed from here on
        layers: dict[tuple[str, str], list[Layer]] = {}
        for piece, rows in zip(years[year], known, strict=True):
            _check_totals(piece, tally)
            layer = piece.layer(rows)
            if len(layer):
                layers.setdefault((piece.level, piece.mask), []).append(layer)
        for (level, mask), parts in layers.items():
            edition = editions.setdefault(year, _Edition(year))
            edition.units.setdefault(level, {})[mask] = _once(_join(parts), tally)
    return [editions[year] for year in sorted(editions)]


def _typed(
    level: str,
    mask: str,
    table: pa.Table,
    origin: np.ndarray,
    files: list[_File],
    tally: Tally,
) -> _Piece:
    """Cells of text as numbers and codes; what is wrong with them is for the schema to say."""
    labels = [file.label for file in files]
    wanted = list(COMMON_COLUMNS if mask == COMMON else POOR_COLUMNS)
    if SURVEYED_DERIVED in table.column_names:
        wanted.append(SURVEYED_DERIVED)
    identifier = _id_column(level, table.column_names) or ""
    name_column = _name_column(level, table.column_names) or ""
    summed: list[tuple[int, int, dict[str, float]]] = []
    if identifier:
        table, origin, summed = _without_totals(table, origin, identifier, name_column, wanted, labels, tally)
    row = table.column(ROW).to_numpy().astype(np.int64)
    read: dict[str, Numbers] = {}
    for column in wanted:
        cells = read[column] = numbers(table.column(column), scientific=column in MEASURES)
        tally.report.repairs.update(cells.repairs)
        if column in MEASURES:
            # There a cell may say that there is no value.
            missing = cells.positions(FAULT_CODES)
            if len(missing):
                key = "happiness_missing" if column == HAPPINESS else "rate_missing"
                tally.report.repairs[key] += len(missing)
    provinces = [file.name.province if file.name is not None else None for file in files]
    piece = _Piece(
        level,
        mask,
        labels,
        [],
        origin,
        row,
        {column: cells.values for column, cells in read.items()},
        read,
        pd.DataFrame(),
        {},
        identifier,
        "",
        name_column,
        summed,
    )
    if not identifier:
        _country(piece, tally)
        return piece
    for position, text in enumerate(table.column(identifier).to_pylist()):
        unit, repairs, error = _unit(level, text or "")
        piece.units.append(unit if error is None else None)
        if error is not None:
            piece.unread[position] = (text or "", error)
        elif repairs:
            tally.report.repairs.update(repairs)
    said: list[str | None] = [None] * len(piece)
    province_column = next((c for c in table.column_names if c.lower() == "province_id"), None)
    if province_column is not None and level != "province":
        piece.province_column = province_column
        said = [(text or "").strip() for text in table.column(province_column).to_pylist()]
    names = table.column(name_column).to_pylist() if name_column else [None] * len(piece)
    piece.places = pd.DataFrame(
        {
            "unit": pd.Series(piece.units, dtype=object),
            "name": pd.Series(names, dtype=object),
            "file_province": pd.Series([provinces[number] for number in origin], dtype=object),
            "row_province": pd.Series(said, dtype=object),
        }
    )
    return piece


def _country(piece: _Piece, tally: Tally) -> None:
    """One row a file; no column names the country."""
    rows = Counter(piece.file.tolist())
    for number, many in rows.items():
        if many != 1:
            tally.refuse(finding("tpmap.country_rows", piece.names[number], str(many), "1"))
    piece.units = ["TH" if rows[number] == 1 else None for number in piece.file.tolist()]


def _without_totals(
    table: pa.Table,
    origin: np.ndarray,
    identifier: str,
    name_column: str,
    wanted: list[str],
    labels: list[str],
    tally: Tally,
) -> tuple[pa.Table, np.ndarray, list[tuple[int, int, dict[str, float]]]]:
    """The table without rows that only sum the others, and these rows: file, row and counts."""
    labelled = np.zeros(table.num_rows, dtype=bool)
    ids = table.column(identifier)
    coded = pc.match_substring_regex(ids, "^[0-9]+$").to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(~coded).tolist():
        text = (ids[at].as_py() or "").strip()
        name = table.column(name_column)[at].as_py() if name_column and not text else None
        labelled[at] = is_total(text) or is_total(name)
    if not labelled.any():
        return table, origin, []
    totals = table.filter(pa.array(labelled))
    numbers_of = origin[labelled]
    rows = totals.column(ROW).to_pylist()
    values = {c: numbers(totals.column(c)).values for c in wanted if c not in NOT_ADDED}
    found: list[tuple[int, int, dict[str, float]]] = []
    for place, (number, row) in enumerate(zip(numbers_of.tolist(), rows, strict=True)):
        shown = totals.column(identifier)[place].as_py() or totals.column(name_column)[place].as_py()
        tally.refuse(
            finding(
                "tpmap.total_row",
                labels[number],
                str(shown)[:60],
                "-",
                row=row,
                column=identifier,
                severity="warn",
            )
        )
        found.append((number, row, {c: float(column[place]) for c, column in values.items()}))
    tally.report.repairs["total_row_dropped"] += len(found)
    tally.report.rows_read -= len(found)
    rest = pa.array(~labelled)
    return table.filter(rest), origin[~labelled], found


def _check_totals(piece: _Piece, tally: Tally) -> None:
    """Compare the total row of a file with the sum of its rows."""
    for number, row, values in piece.totals:
        mine = piece.file == number
        for column, total in values.items():
            summed = float(piece.values[column][mine].sum())
            if not np.isnan(summed) and summed != total:
                found = "-" if np.isnan(total) else plain(total)
                label = piece.names[number]
                tally.refuse(
                    finding("tpmap.total_row_sum", label, found, plain(summed), row=row, column=column)
                )


class _Found:
    """Cells at fault, kept as numbers until it is known which are told: a year may have millions."""

    def __init__(self) -> None:
        self._groups: dict[str, list[tuple[_Piece, np.ndarray, Callable[[int], Finding]]]] = {}

    def add(self, code: str, piece: _Piece, at: np.ndarray, make: Callable[[int], Finding]) -> None:
        """Rows `at` of a piece have a fault of this code; ``make(row)`` words it."""
        if len(at):
            self._groups.setdefault(code, []).append((piece, at, make))

    def tell(self, tally: Tally) -> None:
        """Hand the first of each code to the report, as a person reads the files, and count the rest."""
        told: list[tuple[int, int, Finding]] = []
        more: Counter[str] = Counter()
        for code, groups in self._groups.items():
            group = np.repeat(np.arange(len(groups)), [len(at) for _, at, _ in groups])
            local = np.concatenate([at for _, at, _ in groups])
            file = np.concatenate([piece.file[at] for piece, at, _ in groups])
            row = np.concatenate([piece.row[at] for piece, at, _ in groups])
            order = np.lexsort((group, row, file))
            first, rest = order[:KEPT], order[KEPT:]
            words = [groups[int(group[at])][2](int(local[at])) for at in first]
            told += zip(file[first].tolist(), row[first].tolist(), words, strict=True)
            more[code] = len(rest)
            if words[0].severity == "reject" and len(rest):
                names = groups[0][0].names
                places = np.unique(np.stack([file[rest], row[rest]], axis=1), axis=0).tolist()
                tally.rejected.update((names[number], line) for number, line in places)
        for _, _, one in sorted(told, key=lambda f: f[:2]):
            tally.refuse(one)
        tally.report.found.update(more)


def _split(
    pieces: list[_Piece], starts: np.ndarray, positions: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """Positions in the joined table as rows of its pieces."""
    cuts = np.searchsorted(positions, starts)
    for number in range(len(pieces)):
        at = positions[cuts[number] : cuts[number + 1]] - starts[number]
        if len(at):
            yield number, at


def _hold_places(pieces: list[_Piece], found: _Found, tally: Tally) -> list[np.ndarray]:
    """Hold codes and names of a year to the schema; which rows are of a known area, by piece."""
    known = [np.array([unit is not None for unit in piece.units], dtype=bool) for piece in pieces]
    placed = [at for at, piece in enumerate(pieces) if len(piece.places)]
    if not placed:
        return known
    members = [pieces[at] for at in placed]
    starts = np.cumsum([0, *(len(piece) for piece in members)])
    frame = pd.concat([piece.places for piece in members], ignore_index=True)
    for breach in breaches(PLACES, frame):
        for number, at in _split(members, starts, breach.positions):
            piece = members[number]
            known[placed[number]][at] = False
            codes = np.array([_place_code(piece, breach.rule, i) for i in at.tolist()])
            for code in np.unique(codes).tolist():
                found.add(code, piece, at[codes == code], partial(_place_finding, piece, breach.rule))
    for number, piece in zip(placed, members, strict=True):
        if piece.name_column:
            names = piece.places["name"].tolist()
            tally.report.repairs["name_cleaned"] += sum(bool(n) and clean_name(n) != n for n in names)
            other = [
                at
                for at in np.flatnonzero(known[number]).tolist()
                if _named_otherwise(piece.units[at], names[at])
            ]
            found.add("tpmap.name", piece, np.array(other, dtype=np.int64), partial(_name_warning, piece))
    return known


def _place_code(piece: _Piece, rule: str, at: int) -> str:
    if rule == REQUIRED:
        # Digits that a spreadsheet dropped do not come back from the register.
        dropped = _SCIENTIFIC.fullmatch(piece.unread[at][0].strip())
        return "tpmap.scientific" if dropped else "tpmap.unknown_area"
    return "tpmap.garbled" if rule == "garbled" else "tpmap.outside_province"


def _place_finding(piece: _Piece, rule: str, at: int) -> Finding:
    code = _place_code(piece, rule, at)
    file, row = piece.names[int(piece.file[at])], int(piece.row[at])
    places = piece.places.iloc[at]
    if rule == REQUIRED:
        text, expected = piece.unread[at]
        return finding(code, file, text[:40] or '""', expected, row=row, column=piece.identifier)
    if rule == "garbled":
        expected = official_areas()[places["unit"]].name_th if places["unit"] in official_areas() else "ก-ฮ"
        return finding(code, file, str(places["name"])[:60], expected, row=row, column=piece.name_column)
    if rule == "file_province":
        expected = f"{places['file_province']}..."
        return finding(code, file, places["unit"], expected, row=row, column=piece.identifier)
    said = str(places["row_province"]) or '""'
    return finding(code, file, said, places["unit"][:2], row=row, column=piece.province_column)


#: Rule of the schema -> finding code and what is expected of a count.
_RULE_CODES = {
    "negative": ("tpmap.negative_count", "0, 1, 2 ..."),
    "whole": ("tpmap.not_whole", "0, 1, 2 ..."),
    "too_large": ("tpmap.too_large", "<= 100000000"),
    "range": ("tpmap.out_of_range", "0, 1, 2 ..."),
}


def _hold_values(pieces: list[_Piece], found: _Found, tally: Tally) -> None:
    """Hold the numbers of a year to the schema, all files of a kind at once; cells at fault become NaN."""
    kinds: dict[tuple[bool, bool], list[_Piece]] = {}
    for piece in pieces:
        kinds.setdefault((piece.mask == COMMON, SURVEYED_DERIVED in piece.values), []).append(piece)
    for (common, _), members in kinds.items():
        starts = np.cumsum([0, *(len(piece) for piece in members)])
        columns = {
            name: np.concatenate([piece.values[name] for piece in members]) for name in members[0].values
        }
        # One copy of the numbers: from here on the pieces look into the joined columns.
        for piece, start, end in zip(members, starts, starts[1:], strict=False):
            piece.values = {name: column[start:end] for name, column in columns.items()}
        frame = pd.DataFrame(columns, copy=False)
        tally.tested("tpmap.cells", frame.size)
        failures = 0
        broken = [b for b in breaches(COMMON_FILE if common else POOR_FILE, frame) if b.rule != REQUIRED]
        for breach in broken:
            failures += len(breach.positions)
            code, _ = _RULE_CODES[breach.rule]
            for number, at in _split(members, starts, breach.positions):
                # Worded later, when the cell has become NaN.
                values = columns[breach.column][starts[number] + at]
                make = partial(_cell_finding, members[number], breach.column, breach.rule, (at, values))
                found.add(code, members[number], at, make)
        # What is not there: typing knows why. A measure may say that it has no value, a count may not.
        for piece in members:
            for name, cells in piece.read.items():
                for fault in sorted(set(filter(None, cells.kinds))):
                    if name in MEASURES and fault in FAULT_CODES:
                        continue
                    at = cells.positions([fault])
                    failures += len(at)
                    make = partial(_cell_finding, piece, name, fault, None)
                    found.add(FAULT_CODES.get(fault, f"tpmap.{fault}"), piece, at, make)
        tally.failures["tpmap.cells"] = tally.failures.get("tpmap.cells", 0) + failures
        for breach in broken:
            columns[breach.column][breach.positions] = np.nan


def _cell_finding(
    piece: _Piece, name: str, rule: str, values: tuple[np.ndarray, np.ndarray] | None, at: int
) -> Finding:
    """What is wrong with one cell: a rule of the schema, or the fault that typing found."""
    code, expected = _RULE_CODES.get(rule, (FAULT_CODES.get(rule, f"tpmap.{rule}"), "0, 1, 2 ..."))
    if name in MEASURES:
        low, high = MEASURES[name]
        expected = f"{low:g}-{high:g}"
    text = piece.read[name].text(at)
    if text is None and values is not None:
        text = plain(float(values[1][np.searchsorted(values[0], at)]))
    shown = (text or "")[:60] or '""'
    file, row = piece.names[int(piece.file[at])], int(piece.row[at])
    return finding(code, file, shown, expected, row=row, column=name)


def _name_column(level: str, columns: Iterable[str]) -> str | None:
    words = {word for word, ours in LEVEL_WORDS.items() if ours == level}
    for column in columns:
        if column.lower().removesuffix("_name") in words and column.lower() in NAME_COLUMNS:
            return column
    return None


def _named_otherwise(unit: str | None, name: str | None) -> bool:
    area = official_areas().get(unit or "")
    return area is not None and bool(name) and plain_name(name or "") != plain_name(area.name_th)


def _name_warning(piece: _Piece, at: int) -> Finding:
    file, row = piece.names[int(piece.file[at])], int(piece.row[at])
    name, official = str(piece.places["name"].iloc[at]), official_areas()[str(piece.units[at])].name_th
    return finding(
        "tpmap.name", file, name[:60], official, row=row, column=piece.name_column, severity="warn"
    )


@lru_cache(maxsize=200_000)
def _unit(level: str, text: str) -> tuple[str, tuple[str, ...], str | None]:
    """A cell as a unit code, the repairs it took and, where it is none, what was expected."""
    repairs: tuple[str, ...] = ()
    digits = text
    if not re.fullmatch(r"[0-9]+", text):
        digits = re.sub(r"\.0+$", "", re.sub(r'^="(.*)"$', r"\1", text.strip()))
        repairs = ("code_text",)
    expected = " / ".join(f"{width}" for width in ID_WIDTHS[level]) + " digits"
    if not (digits.isascii() and digits.isdigit()):
        try:
            digits = read_code(text, level).code
        except CodeError as error:
            return text, (), error.expected
    if len(digits) not in ID_WIDTHS[level]:
        return digits, (), expected
    # The suffix of a village's parts is TPMAP's own; what has to be known is the village.
    code = digits[:8] if level == "village" else digits
    try:
        read_code(code, level)
    except CodeError as error:
        return digits, (), error.expected
    return digits, repairs, None


def _join(parts: list[Layer]) -> Layer:
    if len(parts) == 1:
        return parts[0]
    columns = list(dict.fromkeys(name for part in parts for name in part.values))
    return Layer(
        parts[0].level,
        parts[0].mask,
        parts[0].names,
        np.concatenate([part.units for part in parts]),
        np.concatenate([part.file for part in parts]),
        np.concatenate([part.row for part in parts]),
        {
            name: np.concatenate([part.values.get(name, np.full(len(part), np.nan)) for part in parts])
            for name in columns
        },
    )


def _once(layer: Layer, tally: Tally) -> Layer:
    """Every unit once, sorted: equal copies from several files count as one, anything else repeated is
    refused.
    """
    order = np.lexsort((layer.row, layer.file, layer.units))
    layer = layer.take(order)
    again = np.flatnonzero(layer.units[1:] == layer.units[:-1]) + 1
    keep = np.ones(len(layer), dtype=bool)
    for position in again.tolist():
        first = int(np.searchsorted(layer.units, layer.units[position]))
        file, row = layer.place(position)
        other, line = layer.place(first)
        keep[position] = False
        unit = str(layer.units[position])
        if layer.file[position] == layer.file[first]:
            found = f"{unit} (row {line}, row {row})"
            tally.refuse(finding("tpmap.duplicate_area", file, found, f"{unit} x 1", row=row))
            continue
        differing = [
            name
            for name, column in layer.values.items()
            if column[position] != column[first]
            and not np.isnan(column[position])
            and not np.isnan(column[first])
        ]
        if not differing:
            tally.report.repairs["identical_duplicate"] += 1
            continue
        name = differing[0]
        mine, theirs = plain(layer.values[name][position]), plain(layer.values[name][first])
        tally.refuse(
            finding(
                "tpmap.conflict",
                file,
                f"{unit} {mine}",
                f"{theirs} ({other} row {line})",
                row=row,
                column=name,
            )
        )
    if layer.level == "village":
        # A village given whole and in parts would be counted twice.
        whole = {str(u) for u in layer.units if len(u) == 8}
        for position, unit in enumerate(layer.units):
            if len(unit) == 10 and str(unit)[:8] in whole:
                file, row = layer.place(position)
                keep[position] = False
                tally.refuse(
                    finding("tpmap.duplicate_area", file, str(unit), f"{str(unit)[:8]} x 1", row=row)
                )
    return layer.take(keep)


def _to_areas(layer: Layer, repairs: Counter[str], weights: Layer | None) -> Layer:
    """Parts of villages summed into villages; other levels as they are.

    The parts (the last two of ten digits) are disjoint groups of households, so counts add. Happiness is a
    mean over households: the published means of districts and provinces are the household-weighted means of
    what is inside them, to the last digit.
    """
    if layer.level != "village":
        return layer
    codes = np.array([str(u)[:8] for u in layer.units], dtype=str)
    villages, starts, sizes = np.unique(codes, return_index=True, return_counts=True)
    if layer.mask == (FULL if weights is None else COMMON):
        repairs["village_parts_summed"] += int(sizes[sizes > 1].sum())
    values: dict[str, Floats] = {}
    for name, column in layer.values.items():
        if name == HAPPINESS:
            homes = layer.values[HOUSEHOLDS]
            known = ~np.isnan(column)
            weight = np.where(known, homes, 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                values[name] = np.add.reduceat(
                    np.where(known, column, 0.0) * weight, starts
                ) / np.add.reduceat(weight, starts)
            single = sizes == 1
            values[name][single] = column[starts[single]]
        elif name != RATE:
            values[name] = np.add.reduceat(column, starts)
    return Layer(
        layer.level, layer.mask, layer.names, villages, layer.file[starts], layer.row[starts], values
    )


# ----------------------------------------------------------------------------------------------------
# Checks and counts


@dataclass(slots=True)
class _Counts:
    """Observations of one indicator at one level."""

    edition: _Edition
    level: str
    indicator: str
    codes: Texts
    value: Floats
    denominator: Floats
    derived: bool = False
    score: bool = False


def _check(edition: _Edition, tally: Tally) -> list[_Counts]:
    """Run every rule over one year; the counts it may publish."""
    sheets: list[_Counts] = []
    for level in LEVELS:
        masks = edition.units.get(level)
        if masks is None:
            continue
        common = masks.get(COMMON)
        poor = {mask: layer for mask, layer in masks.items() if mask != COMMON}
        if common is not None:
            check_common(common, tally)
        for layer in poor.values():
            check_poor(layer, tally)
            surveyed = _look_up(common, SURVEYED, layer.units)
            given = layer.values.get(SURVEYED_DERIVED)
            if given is not None:
                surveyed = np.where(np.isnan(surveyed), given, surveyed)
            check_against_common(layer, surveyed, _look_up(common, HOUSEHOLDS, layer.units), tally)
        check_masks(poor, tally)
        cell_units, cells = overlap_cells(poor, tally)
        summed = {mask: _to_areas(layer, tally.report.repairs, common) for mask, layer in masks.items()}
        edition.areas[level] = summed
        sheets.extend(_published(edition, level, summed, masks.get(FULL), tally))
        sheets.extend(_cells(edition, level, cell_units, cells, summed))
    for larger, smaller in itertools.pairwise(LEVELS):
        for mask, parents in edition.areas.get(larger, {}).items():
            children = edition.areas.get(smaller, {}).get(mask)
            if children is not None:
                check_children(parents, children, tally)
    return sheets


def _look_up(layer: Layer | None, column: str, units: Texts) -> Floats:
    """The column's value for each of `units`; NaN where the layer has no row of it. Layers are sorted by
    unit.
    """
    result = np.full(len(units), np.nan)
    if layer is None or not len(layer):
        return result
    at = np.minimum(np.searchsorted(layer.units, units), len(layer) - 1)
    hit = layer.units[at] == units
    result[hit] = layer.values[column][at[hit]]
    return result


def _surveyed(
    common: Layer | None, full: Layer, source: Layer | None, tally: Tally
) -> tuple[Floats, np.ndarray]:
    """Persons surveyed of the areas of the full-mask file, and for which of them the number had to be
    derived.
    """
    surveyed = _look_up(common, SURVEYED, full.units)
    missing = np.isnan(surveyed)
    if not missing.any():
        return surveyed, missing
    given = full.values.get(SURVEYED_DERIVED)
    if given is not None:
        surveyed = np.where(missing, given, surveyed)
        tally.report.repairs["denominator_from_derived_column"] += int((missing & ~np.isnan(surveyed)).sum())
    rate = source.values[RATE] if source is not None and full.level != "village" else None
    if rate is not None:
        # Only areas with somebody poor tell: 0 % of any number is 0.
        still = np.isnan(surveyed) & (full.values[TARGET] > 0) & (rate > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            surveyed = np.where(still, np.round(100.0 * full.values[TARGET] / rate), surveyed)
        tally.report.repairs["denominator_from_rate"] += int(still.sum())
    return surveyed, missing & ~np.isnan(surveyed)


def _published(
    edition: _Edition, level: str, summed: dict[str, Layer], source: Layer | None, tally: Tally
) -> Iterator[_Counts]:
    common, full = summed.get(COMMON), summed.get(FULL)
    if common is not None:
        for column, (indicator, whole) in COMMON_INDICATORS.items():
            below = common.values[whole] if whole else np.full(len(common), np.nan)
            yield _Counts(edition, level, indicator, common.units, common.values[column], below)
        yield _Counts(
            edition,
            level,
            "happiness",
            common.units,
            common.values[HAPPINESS],
            np.full(len(common), np.nan),
            score=True,
        )
    if full is None:
        return
    surveyed, derived = _surveyed(common, full, source, tally)
    if derived.any():
        nothing = np.full(int(derived.sum()), np.nan)
        yield _Counts(
            edition, level, "surveyed_persons", full.units[derived], surveyed[derived], nothing, derived=True
        )
    wholes = {SURVEYED: surveyed, HOUSEHOLDS: _look_up(common, HOUSEHOLDS, full.units)}
    for column, (indicator, part_of) in POOR_INDICATORS.items():
        yield _Counts(edition, level, indicator, full.units, full.values[column], wholes[part_of])


def _cells(
    edition: _Edition, level: str, units: Texts, cells: dict[str, Floats], summed: dict[str, Layer]
) -> Iterator[_Counts]:
    if not cells or not len(units):
        return
    codes = np.array([str(u)[:8] for u in units], dtype=str) if level == "village" else units
    areas, starts, sizes = np.unique(codes, return_index=True, return_counts=True)
    # A village is published only with all its parts.
    full = summed[FULL]
    parts = Counter(str(u)[:8] for u in edition.units[level][FULL].units) if level == "village" else None
    whole = np.array(
        [parts is None or parts[str(a)] == n for a, n in zip(areas, sizes, strict=True)], dtype=bool
    )
    surveyed = _look_up(summed.get(COMMON), SURVEYED, areas)
    given = full.values.get(SURVEYED_DERIVED)
    if given is not None:
        surveyed = np.where(np.isnan(surveyed), _look_up(full, SURVEYED_DERIVED, areas), surveyed)
    for mask, column in cells.items():
        value = np.add.reduceat(column, starts)
        yield _Counts(
            edition, level, f"overlap_cell_{mask}", areas[whole], value[whole], surveyed[whole], derived=True
        )


def _facts(editions: list[_Edition]) -> dict[str, object]:
    facts: dict[str, object] = {"years_be": [edition.year_be for edition in editions]}
    for edition in editions:
        levels: dict[str, object] = {}
        for level, masks in edition.areas.items():
            largest = max(masks.values(), key=len)
            about: dict[str, object] = {
                "areas": len(largest),
                "masks": sum(mask != COMMON for mask in masks),
                "common": COMMON in masks,
            }
            if level == "province":
                expected = [c for c, a in official_areas().items() if a.level == "province"]
                about["absent"] = sorted(set(expected) - {str(u) for u in largest.units})
            if level == "subdistrict":
                about["municipal"] = int(sum(str(u)[4:] > "50" for u in largest.units))
            levels[level] = about
        facts[str(edition.year_be)] = levels
    return facts


# ----------------------------------------------------------------------------------------------------
# What is handed over


def _observations(sheets: list[_Counts]) -> pa.Table:
    tables: list[pa.Table] = []
    for sheet in sheets:
        there = ~np.isnan(sheet.value)
        count = int(there.sum())
        if not count:
            continue
        value = sheet.value[there]
        year = sheet.edition.year

        def same(text: str, n: int = count) -> pa.Array:
            return pa.repeat(pa.scalar(text), n)

        tables.append(
            pa.table(
                [
                    pa.array(sheet.codes[there].tolist(), pa.string()),
                    same(sheet.level),
                    same(sheet.indicator),
                    pa.repeat(pa.scalar(year, pa.int16()), count),
                    pa.nulls(count, pa.float64()) if sheet.score else pa.array(value),
                    pa.array(sheet.denominator[there], from_pandas=True),
                    pa.array(value),
                    same("derived" if sheet.derived else "published"),
                    same(definition_for(sheet.indicator, year)),
                    same(sheet.edition.source_id),
                    pa.repeat(pa.scalar(False), count),
                ],
                schema=OBSERVATION,
            )
        )
    return pa.concat_tables(tables) if tables else OBSERVATION.empty_table()


def _areas(editions: list[_Edition], walked: list[dict[str, str | None]]) -> pa.Table:
    """Areas that no official list has: municipal and abolished subdistricts and villages."""
    rows: dict[str, dict[str, str | None]] = {}
    for edition in editions:
        for level in ("district", "subdistrict", "village"):
            for layer in edition.areas.get(level, {}).values():
                for unit in layer.units:
                    code = str(unit)
                    if code in rows or code in official_areas():
                        continue
                    if level == "village":
                        rows[code] = village_area(code)
                        if code[:6] not in official_areas():
                            rows.setdefault(code[:6], unlisted_area(code[:6]))
                    else:
                        rows[code] = unlisted_area(code)
    for row in walked:
        assert row["code"] is not None
        rows[row["code"]] = row
    ordered = [rows[code] for code in sorted(rows)]
    return pa.table({name: [row[name] for row in ordered] for name in AREA.names}, schema=AREA)


def unlisted_area(code: str) -> dict[str, str | None]:
    """A municipal or abolished area as the table ``area`` has it.

    Raises
    ------
    KeyError
        For a code that is neither.
    """
    # The last two digits decide first: two of Khon Kaen's municipal codes stand in the list of abolished
    # areas too.
    if len(code) == 6 and code[4:] > "50":
        area, mapped = municipal_area(code), None
    else:
        gone = abolished_areas()[code]
        area, mapped = gone.area, gone.successors[0] if len(gone.successors) == 1 else None
    return {name: getattr(area, name) for name in AREA.names if name != "mapped_to"} | {"mapped_to": mapped}


def village_area(code: str, name: str = "") -> dict[str, str | None]:
    """A village as the table ``area`` has it, called by its number where it has no name."""
    number = int(code[6:])
    return {
        "code": code,
        "level": "village",
        "parent": code[:6],
        "name_th": name or village_name(code),
        "name_en": f"Village {number}",
        "kind": "village",
        "region": region_of(code),
        "mapped_to": None,
    }


def _sources(editions: list[_Edition], walked: bool) -> pa.Table:
    rows = [
        {
            "source_id": edition.source_id,
            "kind": "official",
            "publisher": "TPMAP (NESDC, NECTEC)",
            "title_th": f"TPMAP ข้อมูลเปิดคนจนเป้าหมายรายพื้นที่ ปี {edition.year_be}",
            "title_en": f"TPMAP open data on the target poor, {edition.year} (B.E. {edition.year_be})",
            "url": "https://www.tpmap.in.th",
            "licence": "not stated by the publisher",
            "year": edition.year,
            "retrieved": None,
            "cells": "published",
            "priority": PRIORITY,
        }
        for edition in editions
    ]
    if walked:
        rows.append(dict(crosswalk.SOURCE_ROW))
    return pa.Table.from_pylist(rows, schema=SOURCE)


def _files(files: list[_File]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "source_id": crosswalk.SOURCE_ID if file.crosswalk else f"tpmap-{file.year_be}",
                "file_name": file.label,
                "sha256": file.sha256,
                "bytes": file.size,
                "rows": file.rows,
            }
            for file in files
        ],
        schema=SOURCE_FILE,
    )
