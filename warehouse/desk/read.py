"""Files of households and persons, read by the confined workers, typed and checked; what is refused is named by place alone.

Nothing that leaves this module in a message is a value: a finding says file, row, column and the kind of fault. Even headings
are not repeated, because the first row of a file without a header is a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.survey_columns import DEPRIVATIONS, HOUSEHOLD, PERSON, Column
from analytics.vulnerability import INCOMES, members
from geo.codes import INVISIBLE, CodeError, level_of, read_code
from warehouse.batch import import_id
from warehouse.desk.citizen import FAULTS as CITIZEN_FAULTS
from warehouse.desk.citizen import KEPT, read_citizen
from warehouse.desk.columns import ADDRESS, COLUMNS, NAME, FileKind, column_named, kind_of
from warehouse.desk.keys import Keys
from warehouse.desk.store import People
from warehouse.intake import Intake, Job
from warehouse.intake.text import ROW
from warehouse.report import Finding, ImportReport, Severity
from warehouse.schemas.cells import FAULTS as NUMBER_FAULTS
from warehouse.schemas.cells import numbers, read_year

SUFFIXES: Final = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet"}
Tell = Callable[[int, int, str], None]

_TRUE = frozenset({"1", "true", "t", "yes", "y", "ใช่", "มี", "เป็น", "ผ่าน", "ถือ", "บันทึกแล้ว"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "ไม่ใช่", "ไม่มี", "ไม่เป็น", "ไม่ผ่าน", "ไม่ถือ", "ยังไม่บันทึก", "ปกติ"})
_NOTHING = frozenset({"", "-", "–", "na", "n/a", "null", "none", "nan", "ไม่ทราบ", "ไม่มีข้อมูล"})
_SEX: Final = {
    "m": "m",
    "male": "m",
    "1": "m",
    "ชาย": "m",
    "ช": "m",
    "f": "f",
    "female": "f",
    "2": "f",
    "หญิง": "f",
    "ญ": "f",
}
_OLDEST: Final = 130

MENDS: Final[dict[str, tuple[str, str]]] = {
    "households.suffix": ("ส่งเป็น CSV หรือ Parquet", "send CSV or Parquet"),
    "households.kind": (
        "ตรวจหัวตาราง: ครัวเรือนต้องมี household_id และ area_code บุคคลต้องมี household_id และ age (docs/households.md)",
        "look at the header: households need household_id and area_code, persons household_id and age (docs/households.md)",
    ),
    "households.missing_file": (
        "นำเข้าไฟล์ครัวเรือนและไฟล์บุคคลพร้อมกัน",
        "import the file of households and the file of persons together",
    ),
    "households.column_twice": ("ให้เหลือคอลัมน์เดียวต่อความหมาย", "keep one column for each meaning"),
    "households.column_kind": (
        "บันทึกคอลัมน์นี้เป็นข้อความ ตัวเลข หรือวันที่ ไม่ใช่เวลา รายการ หรือข้อมูลซ้อน",
        "save this column as text, numbers or dates: not as times, lists or nested values",
    ),
    "households.column_missing": ("เพิ่มคอลัมน์นี้", "add this column"),
    "households.empty": ("ใส่ค่าในช่องนี้ ทุกแถวต้องมี", "fill the cell in; every row needs it"),
    "households.truth": (
        "ใส่ 1 หรือ 0 (ใช่/ไม่ใช่) เว้นว่างถ้าไม่ทราบ",
        "put 1 or 0; leave it empty where nobody knows",
    ),
    "households.whole": ("ใส่จำนวนเต็มไม่ติดลบ", "put a whole number, not below zero"),
    "households.state": ("ใส่ 0 ผ่าน 1 ตกเกณฑ์ 2 ไม่เข้าเกณฑ์", "put 0 passes, 1 fails, 2 does not apply"),
    "households.age": ("ใส่อายุเป็นปีเต็ม 0-130", "put completed years, 0 to 130"),
    "households.sex": ("ใส่ ชาย หรือ หญิง (m, f)", "put m or f"),
    "households.area": (
        "ใส่รหัสหมู่บ้าน 8 หลักหรือตำบล 6 หลักตามบัญชีทางการ",
        "put the official code of a village (8 digits) or subdistrict (6 digits)",
    ),
    "households.year": ("ใส่ปีสี่หลัก หรือใช้ --year-be", "put a year of four digits, or use --year-be"),
    "households.twice": ("ให้เหลือแถวเดียวต่อรหัสในปีเดียวกัน", "keep one row for a key in a year"),
    "households.unknown": (
        "เพิ่มครัวเรือนหรือบุคคลนี้ในไฟล์ หรือตัดแถวนี้ออก",
        "add the household or person to the files, or take the row out",
    ),
    "households.nobody": (
        "ตรวจว่าไฟล์บุคคลครบ ครัวเรือนนี้ไม่มีสมาชิก",
        "check that the file of persons is whole: nobody lives in this household",
    ),
    "households.citizen_twice": (
        "ตรวจกับบัตร เลขเดียวกันอยู่กับสองคนในปีเดียวกัน",
        "compare with the cards: two persons of one year have one number",
    ),
    "households.income_line": (
        "ระบุเกณฑ์รายได้ของปีด้วย --income-line",
        "give the income line of the year with --income-line",
    ),
}


def read_people(
    paths: Sequence[Path],
    intake: Intake,
    keys: Keys,
    *,
    year: int | None = None,
    synthetic: bool = False,
    income_line: int | None = None,
    progress: Tell | None = None,
) -> tuple[ImportReport, People | None]:
    """Read files of households, persons and, where they are apart, addresses and names.

    Parameters
    ----------
    paths : sequence of Path
        CSV or Parquet files, or folders of them.
    intake : Intake
    keys : Keys
        For the codes that stand where the files have keys and numbers of citizens.
    year : int, optional
        Common era, where the files have no column of years.
    synthetic : bool
        Whether all persons are invented; their numbers must then be impossible ones.
    income_line : int, optional
        Baht a person and year for indicator 22, where answers of a survey are judged.
    progress : callable, optional

    Returns
    -------
    ImportReport, People or None
        Nothing to write where the report has rejections.
    """
    report = ImportReport(kind="households")
    tables, hashes = _read(paths, intake, report, year, synthetic, progress)
    if not report.refused:
        for kind in ("households", "persons"):
            if kind not in tables:
                _note(report, "households.missing_file", "-", None, None, "0", kind)
    if report.refused:
        return report, None
    frames = {kind: pd.concat(parts, ignore_index=True) for kind, parts in tables.items()}
    chosen = {"synthetic": synthetic, "line": income_line, "year": year}
    people = _people(frames, keys, report, chosen, hashes)
    report.rows_accepted = report.rows_read if people is not None else 0
    return report, people


# -- files -------------------------------------------------------------------


def _read(
    paths: Sequence[Path],
    intake: Intake,
    report: ImportReport,
    year: int | None,
    synthetic: bool,
    progress: Tell | None,
) -> tuple[dict[FileKind, list[pd.DataFrame]], list[str]]:
    files = list(_files(paths))
    jobs = []
    for path in files:
        if (reader := SUFFIXES.get(path.suffix.lower())) is None:
            _note(report, "households.suffix", path.name, None, None, path.suffix[:12] or "-", "csv, parquet")
        else:
            jobs.append(Job(reader, path, options={"plain_only": True} if reader == "parquet" else {}))
    tables: dict[FileKind, list[pd.DataFrame]] = {}
    hashes: list[str] = []
    for number, result in enumerate(intake.read(jobs), 1):
        report.files += 1
        if progress is not None:
            progress(number, len(jobs), "")
        for finding in result.findings:
            # What a reader found may be a cell or a heading that is a name.
            report.add(replace(finding, found="–", expected="–", column=None))
        if result.table is None:
            continue
        hashes.append(str(result.facts["sha256"]))
        report.rows_read += result.table.num_rows
        unread = [str(name) for name in result.facts.get("unread", ())]
        kind, frame = _typed_table(result.table, result.job.path.name, report, year, synthetic, unread)
        if kind is not None and frame is not None:
            tables.setdefault(kind, []).append(frame)
    return tables, hashes


def _files(paths: Sequence[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)
        else:
            yield path


def _typed_table(
    table: pa.Table,
    file: str,
    report: ImportReport,
    year: int | None,
    synthetic: bool,
    unread: Sequence[str] = (),
) -> tuple[FileKind | None, pd.DataFrame | None]:
    headings = [name for name in table.column_names if name != ROW]
    meant = [column_named(name) for name in headings]
    left_out = {name for heading in unread if (name := column_named(heading)) is not None}
    kind = kind_of([*(name for name in meant if name is not None), *sorted(left_out)])
    if kind is None:
        known = sum(name is not None for name in meant)
        _note(
            report, "households.kind", file, 1, None, f"{known}/{len(meant)}", "household_id, area_code | age"
        )
        return None, None
    wanted = {column.name: column for column in COLUMNS[kind]}
    for name in sorted(left_out & set(wanted)):
        _note(report, "households.column_kind", file, 1, name, "–", wanted[name].kind)
    if left_out & set(wanted):
        return None, None
    rows = table.column(ROW).to_numpy()
    out: dict[str, Any] = {}
    for position, name in enumerate(meant):
        if name is None or name not in wanted:
            continue
        if name in out:
            _note(report, "households.column_twice", file, 1, name, "2", "1")
            continue
        out[name] = _column(wanted[name], table.column(position), file, rows, report, synthetic)
    if kind in ("households", "persons") and "year" not in out:
        if year is None:
            _note(report, "households.year", file, 1, "year", "–", "2400-2700")
            return None, None
        out["year"] = np.full(len(rows), year)
    if kind == "persons" and "person_id" not in out:
        # A list of the logbook has the citizen's number and no other key; the code of either is made the same way.
        if "citizen_id" not in out:
            _note(report, "households.column_missing", file, 1, "person_id", "–", "person_id | citizen_id")
            return None, None
        out["person_id"] = out["citizen_id"]
    for name in ("household_id", "person_id", "area_code", "age", "year"):
        if name in out:
            empty = np.flatnonzero(pd.isna(out[name]))
            seen = {(f.row, f.column) for f in report.rejections if f.file == file}
            for at in empty:
                if (int(rows[at]), name) not in seen:
                    _note(report, "households.empty", file, int(rows[at]), name, "–", wanted[name].kind)
    frame = pd.DataFrame(out)
    frame["_file"], frame["_row"] = file, rows
    return kind, frame


def _column(
    column: Column,
    cells: pa.ChunkedArray,
    file: str,
    rows: np.ndarray[Any, Any],
    report: ImportReport,
    synthetic: bool,
) -> Any:
    """One column typed; each fault noted by row and column."""

    def refuse(
        code: str,
        at: int,
        fault: str,
        expected: str,
        mend: tuple[str, str] | None = None,
        how: Severity = "reject",
    ) -> None:
        _note(report, code, file, int(rows[at]), column.name, fault, expected, mend=mend, severity=how)

    if column.kind in ("integer", "number") and column.name != "year":
        return _numbers(column, cells, refuse)
    encoded = cells.combine_chunks().dictionary_encode("encode")
    which = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    texts = [_tidy(text) for text in encoded.dictionary.to_pylist()]
    read, faults = _meanings(column, texts, encoded.dictionary.to_pylist(), synthetic)
    for at in np.flatnonzero(np.array([fault is not None for fault in faults], dtype=bool)[which]).tolist():
        fault = faults[which[at]]
        assert fault is not None
        if column.name == "citizen_id":
            how: Severity = "warn" if fault in KEPT else "reject"
            refuse(f"households.citizen_{fault}", at, fault, "13", CITIZEN_FAULTS[fault], how)
        else:
            refuse(fault, at, "–", _expected(column))
    values = pd.Series(read, dtype="object").take(which).reset_index(drop=True)
    if column.kind == "truth":
        return values.astype("boolean")
    if column.name == "year":
        return values.astype("Int64")
    return values.astype("str").where(values.notna(), None).astype("object")


def _expected(column: Column) -> str:
    return {"truth": "0, 1", "year": "2400-2700", "sex": "m, f", "area_code": "6 | 8"}.get(
        column.name if column.kind != "truth" else "truth", column.kind
    )


def _meanings(
    column: Column, texts: Sequence[str], raw: Sequence[str | None], synthetic: bool
) -> tuple[list[Any], list[str | None]]:
    """What each distinct text means, and the fault of those that mean nothing."""
    read: list[Any] = []
    faults: list[str | None] = []
    for text, cell in zip(texts, raw, strict=True):
        value: Any = None
        fault: str | None = None
        key = text.casefold()
        if column.name == "citizen_id":
            value, fault = read_citizen(cell, synthetic=synthetic)
        elif key in _NOTHING and column.kind != "text":
            pass
        elif column.kind == "truth":
            value = True if key in _TRUE else False if key in _FALSE else None
            fault = "households.truth" if value is None else None
        elif column.name == "year":
            value = read_year(text).ce
            fault = "households.year" if value is None else None
        elif not text:
            pass
        elif column.name == "sex":
            value = _SEX.get(key)
            fault = "households.sex" if value is None and key not in _NOTHING else None
        elif column.name == "area_code":
            try:
                value = read_code(text).code
            except CodeError:
                fault = "households.area"
            if value is not None and level_of(value) not in ("subdistrict", "village"):
                value, fault = None, "households.area"
        else:
            value = text
        read.append(value)
        faults.append(fault)
    return read, faults


def _numbers(column: Column, cells: pa.ChunkedArray, refuse: Callable[..., None]) -> pd.Series:
    found = numbers(cells)
    for at, fault in found.faults.items():
        if fault not in ("empty", "missing"):
            refuse("households.number", at, fault, column.kind, NUMBER_FAULTS[fault])
    values = found.values
    with np.errstate(invalid="ignore"):
        bad = values < 0
        code = "households.whole"
        if column.kind == "integer":
            bad |= values != np.floor(values)
        if column.name == "age":
            bad, code = bad | (values > _OLDEST), "households.age"
        if column.name.startswith("ind"):
            bad, code = bad | (values > 2), "households.state"
    bad &= ~np.isnan(values)
    for at in np.flatnonzero(bad).tolist():
        refuse(code, at, "–", column.kind)
    kept = pd.Series(np.where(bad, np.nan, values))
    return kept.astype("Int64") if column.kind == "integer" else kept


def _tidy(text: str | None) -> str:
    return " ".join(INVISIBLE.sub("", text or "").split())


# -- meaning -----------------------------------------------------------------


def _people(
    frames: dict[FileKind, pd.DataFrame],
    keys: Keys,
    report: ImportReport,
    chosen: dict[str, int | None],
    hashes: list[str],
) -> People | None:
    homes, persons = frames["households"], frames["persons"]
    homes["household"] = _codes(homes["household_id"], "household", keys)
    persons["household"] = _codes(persons["household_id"], "household", keys)
    persons["person"] = _codes(persons["person_id"], "person", keys)
    _once(homes, ["household", "year"], "household_id", report)
    _once(persons, ["person", "year"], "person_id", report)
    _known(persons, homes, ["household", "year"], "household_id", report)
    if "names" in frames and "addresses" not in frames and "household_id" in frames["names"]:
        # One file of who and where: the address is that of each household's first row.
        frames["addresses"] = frames["names"].drop_duplicates(
            [c for c in ("household_id", "year") if c in frames["names"]]
        )
    for kind, key, whole in (("addresses", "household", homes), ("names", "person", persons)):
        if kind in frames:
            apart = frames[kind]
            apart[key] = _codes(apart[f"{key}_id"], key, keys)
            by = _keys_of(apart, key)
            _once(apart, by, f"{key}_id", report)
            _known(apart, whole, by, f"{key}_id", report)
    if report.refused:
        return None
    homes = _beside(homes, frames.get("addresses"), "household", ADDRESS)
    persons = _beside(persons, frames.get("names"), "person", NAME)
    persons["citizen"] = _codes(persons["citizen_id"], "citizen", keys)
    twice = persons[persons["citizen"].notna() & persons.duplicated(["citizen", "year"], keep=False)]
    _note_rows(report, "households.citizen_twice", twice, "citizen_id", "2", "1", severity="warn")
    if not _judge(homes, persons, report, chosen["line"]):
        return None
    # A household stands for itself in each year, so the two together are the key while counting.
    both = persons.assign(household_id=persons["household"] + persons["year"].astype(str))
    counted = members(both).reindex(homes["household"] + homes["year"].astype(str), fill_value=0)
    homes = homes.join(counted.set_axis(homes.index))
    _note_rows(
        report,
        "households.nobody",
        homes[homes["members"] == 0],
        "household_id",
        "0",
        ">= 1",
        severity="warn",
    )
    report.facts["households"], report.facts["persons"] = len(homes), len(persons)
    report.facts["years"] = sorted({int(y) for y in homes["year"]})
    report.facts["citizens"] = int(persons["citizen"].notna().sum())
    report.facts["synthetic"] = bool(chosen["synthetic"])
    tables = {
        "household": _table(homes, HOUSEHOLD_COLUMNS),
        "person": _table(persons, PERSON_COLUMNS),
        "identity.address": _table(
            homes[homes[[c.name for c in ADDRESS]].notna().any(axis=1)],
            {"household": pa.string(), "year": pa.int16()} | {c.name: pa.string() for c in ADDRESS},
        ),
        "identity.name": _table(
            persons[persons[["citizen", "title", "first_name", "last_name"]].notna().any(axis=1)],
            {"person": pa.string(), "household": pa.string(), "year": pa.int16(), "citizen": pa.string()}
            | {c.name: pa.string() for c in NAME if c.name != "citizen_id"},
        ),
    }
    identity = import_id("households", chosen, hashes)
    # Keyed as well: hashes of files of few persons could be guessed from the persons.
    identity = hashlib.sha256(keys.code("check", identity).encode()).hexdigest()
    return People(identity, tables, bool(chosen["synthetic"]))


HOUSEHOLD_COLUMNS: Final[dict[str, pa.DataType]] = {
    "household": pa.string(),
    "year": pa.int16(),
    "area_code": pa.string(),
    "recorded": pa.bool_(),
    "added": pa.bool_(),
    **{f"ind{n}": pa.uint8() for n in DEPRIVATIONS},
    **{name: pa.float64() for name in INCOMES},
    **{name: pa.int32() for name in ("members", "dependants", "dependants_most", "cards", "cards_unknown")},
}
PERSON_COLUMNS: Final[dict[str, pa.DataType]] = {
    "person": pa.string(),
    "household": pa.string(),
    "year": pa.int16(),
    "age": pa.int16(),
    "sex": pa.string(),
    **{name: pa.bool_() for name in ("head", "disabled", "bedridden", "chronically_ill", "welfare_card")},
}


def _codes(values: pd.Series, kind: str, keys: Keys) -> pd.Series:
    """Codes of keys: 128 bits for households and persons, all 256 for citizens; missing stays missing."""
    length = 64 if kind == "citizen" else 32
    return pd.Series(
        [None if pd.isna(v) else keys.code(kind, str(v))[:length] for v in values],
        index=values.index,
        dtype="object",
    )


def _once(frame: pd.DataFrame, by: list[str], column: str, report: ImportReport) -> None:
    _note_rows(report, "households.twice", frame[frame.duplicated(by)], column, "2", "1")


def _known(
    frame: pd.DataFrame, whole: pd.DataFrame, by: list[str], column: str, report: ImportReport
) -> None:
    there = pd.MultiIndex.from_frame(whole[by].astype("str"))
    alone = frame[~pd.MultiIndex.from_frame(frame[by].astype("str")).isin(there)]
    _note_rows(report, "households.unknown", alone, column, "–", "1")


def _keys_of(apart: pd.DataFrame, key: str) -> list[str]:
    return [key, "year"] if "year" in apart.columns else [key]


def _beside(
    frame: pd.DataFrame, apart: pd.DataFrame | None, key: str, columns: Sequence[Column]
) -> pd.DataFrame:
    """A table with the names or addresses that came in a file of their own; its own columns win."""
    if apart is not None:
        fresh = [c.name for c in columns if c.name in apart.columns and c.name not in frame.columns]
        by = _keys_of(apart, key)
        frame = frame.merge(apart[[*by, *fresh]], on=by, how="left")
    for column in columns:
        if column.name not in frame.columns:
            frame[column.name] = pd.Series([None] * len(frame), dtype="object")
    return frame


def _judge(homes: pd.DataFrame, persons: pd.DataFrame, report: ImportReport, income_line: int | None) -> bool:
    """Put in the indicators the file does not state, from the answers of the survey by the shared rules."""
    stated = [f"ind{n}" for n in DEPRIVATIONS if f"ind{n}" in homes.columns]
    for number in DEPRIVATIONS:
        if f"ind{number}" not in homes.columns:
            homes[f"ind{number}"] = pd.array([pd.NA] * len(homes), "Int64")
    survey = {c.name for c in (*HOUSEHOLD, *PERSON) if not c.required} - _DECIDES_NOTHING
    report.facts["stated_indicators"] = len(stated)
    answered = {
        name
        for frame in (homes, persons)
        for name in survey & set(frame.columns)
        if frame[name].notna().any()
    }
    if "ind22" in stated:
        answered -= set(INCOMES)
    if len(stated) == len(DEPRIVATIONS) or not answered:
        return True
    if not answered & set(INCOMES) and income_line is None:
        # Nothing rests on the line: indicator 22 is stated, or stays missing without an income.
        income_line = 1
    from warehouse.desk.judge import UnknownLine, judged

    for year in sorted({int(y) for y in homes["year"]}):
        try:
            found = judged(homes, persons, year, income_line)
        except UnknownLine:
            _note(report, "households.income_line", "-", None, "income_main", str(year), "baht")
            return False
        here = homes["year"] == year
        states = found.reindex(homes.loc[here, "household"])
        for number in DEPRIVATIONS:
            if f"ind{number}" not in stated:
                homes.loc[here, f"ind{number}"] = states[f"ind{number}"].astype("Int64").to_numpy()
    report.facts["judged_indicators"] = len(DEPRIVATIONS) - len(stated)
    return True


_DECIDES_NOTHING: Final = frozenset(
    {"sex", "welfare_card", "weight", "stratum", "cluster", "disabled", "bedridden", "chronically_ill"}
)
"""Columns of a survey that a list of the logbook has as well, and that alone settle no indicator."""


def _table(frame: pd.DataFrame, columns: dict[str, pa.DataType]) -> pa.Table:
    made = {}
    for name, kind in columns.items():
        values = frame[name] if name in frame.columns else pd.Series([None] * len(frame), dtype="object")
        if pa.types.is_integer(kind):
            values = values.astype("Int64")
        made[name] = pa.array(values, kind, from_pandas=True)
    return pa.table(made)


def _note_rows(
    report: ImportReport,
    code: str,
    rows: pd.DataFrame,
    column: str,
    found: str,
    expected: str,
    *,
    severity: Severity = "reject",
) -> None:
    for file, row in zip(rows["_file"], rows["_row"], strict=True):
        _note(report, code, str(file), int(row), column, found, expected, severity=severity)


def _note(
    report: ImportReport,
    code: str,
    file: str,
    row: int | None,
    column: str | None,
    found: str,
    expected: str,
    *,
    mend: tuple[str, str] | None = None,
    severity: Severity = "reject",
) -> None:
    th, en = mend or MENDS[code]
    report.add(Finding(severity, code, file, row, column, found, expected, th, en))
