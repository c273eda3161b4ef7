"""What `daomap mpi compute` was given: survey tables or a table of deprivations, and whether they can be counted.

Answers of persons are never quoted: a finding says which column, how many rows, and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ibis.expr.types as ir

from analytics.deprivation_rules import SurveyError, deprivations, prepared
from analytics.mpi_specs import MpiSpec
from analytics.survey_columns import HOUSEHOLD, NOT_APPLICABLE, PASS, PERSON
from warehouse.mpi_engine import Engine, parquet_files
from warehouse.report import Finding, ImportReport

KIND: Final = "mpi"
OLDEST: Final = 130
EARLIEST: Final = 1900
LATEST: Final = 2200
"""Years of the common era that a survey may be of; those of the Buddhist era since 1900 lie above."""
_CODE: Final = re.compile(r"[1-9][0-9](?:[0-9]{2}){0,3}")
_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def is_remote(place: str) -> bool:
    """Whether an input lies in a store that only a cluster reads, such as ``hdfs://`` or ``s3a://``."""
    return _REMOTE.match(place) is not None


def expand(places: Iterable[str]) -> list[str]:
    """Inputs one by one: a folder that holds ``persons`` and ``households`` stands for the two.

    The same input named twice is one; its rows would be counted twice otherwise.

    Raises
    ------
    SurveyError
        For an input that is absent or holds no Parquet file, and for a file that lies in two inputs.
    """
    found: list[str] = []
    for place in places:
        if is_remote(place):
            found.append(place.rstrip("/"))
            continue
        path = Path(place).expanduser().resolve()
        both = [path / "households", path / "persons"]
        found += map(str, both if all(p.is_dir() for p in both) else [path])
    found = list(dict.fromkeys(found))
    lies_in: dict[Path, str] = {}
    for place in found:
        if is_remote(place):
            continue
        files = parquet_files(Path(place)) if Path(place).exists() else []
        if not files:
            raise SurveyError(
                place,
                "-",
                "*.parquet",
                "ระบุไฟล์หรือโฟลเดอร์ Parquet ที่มีอยู่",
                "name a Parquet file or folder that exists",
            )
        for file in files:
            first = lies_in.setdefault(file.resolve(), place)
            if first != place:
                raise SurveyError(
                    f"{first}, {place}",
                    file.name,
                    "แต่ละไฟล์ครั้งเดียว / each file once",
                    "ระบุแฟ้มหรือโฟลเดอร์ที่ไม่ซ้อนกัน",
                    "name files or folders that do not lie in one another",
                )
    return found


@dataclass(frozen=True, slots=True)
class Input:
    """What is to be computed from.

    Attributes
    ----------
    table : Table
        Deprivations (or achievements), one row a person, of one year.
    kind : {"survey", "deprivations"}
    year : int
        Common era.
    rows : int
        Persons in it.
    digits : int
        Length of the shortest area code.
    short : int
        Rows whose code ends at a larger area than the subdistrict, or the finest area that others have.
    report : ImportReport
        What is wrong with it, and what stays out.
    """

    table: ir.Table
    kind: str
    year: int
    rows: int
    digits: int
    short: int
    report: ImportReport

    def warn_of_short_codes(self, level: str) -> None:
        """Tell that a few short codes made the results of everybody stop at `level`."""
        if self.short:
            self.report.add(
                _finding(
                    "mpi.short_code",
                    self.kind,
                    "area_code",
                    self.short,
                    f"> {self.digits} digits",
                    "warn",
                    level,
                )
            )


def read_input(
    engine: Engine, places: Sequence[str], spec: MpiSpec, *, year: int | None, income_line: int | None
) -> Input:
    """Read inputs, tell what they are, and look every row over.

    Parameters
    ----------
    engine : Engine
    places : sequence of str
        As `expand` gives them.
    spec : MpiSpec
    year : int, optional
        Common era; needed when the tables hold several.
    income_line : int, optional
        Baht a year, for survey tables; default: the verified line of the year.

    Returns
    -------
    Input
        With a report that refuses where `Input.report.refused`.

    Raises
    ------
    SurveyError
        For tables whose columns do not fit.
    EngineError
        When the engine cannot finish.
    """
    kinds: dict[str, list[str]] = {}
    for place in places:
        columns = engine.read([place]).columns
        kinds.setdefault(_kind(place, columns, spec), []).append(place)
    if set(kinds) == {"deprivations"}:
        return _deprivations(engine, engine.read(kinds["deprivations"]), spec, year)
    if set(kinds) == {"persons", "households"}:
        return _survey(
            engine, engine.read(kinds["persons"]), engine.read(kinds["households"]), spec, year, income_line
        )
    raise SurveyError(
        ", ".join(places),
        ", ".join(sorted(kinds)),
        "persons + households, or deprivations",
        "ระบุตารางคนคู่กับตารางครัวเรือน หรือตารางความขัดสนอย่างเดียว",
        "name the tables of persons and of households together, or tables of deprivations alone",
    )


def _kind(place: str, columns: Sequence[str], spec: MpiSpec) -> str:
    if set(spec.columns) <= set(columns):
        return "deprivations"
    if "household_id" in columns:
        return "persons" if "person_id" in columns else "households"
    lacking = [name for name in spec.columns if name not in columns]
    raise SurveyError(
        place,
        ", ".join(columns),
        f"{', '.join(lacking)} ({spec.id}), or household_id",
        "ระบุตารางคน ตารางครัวเรือน หรือตารางที่มีคอลัมน์ของข้อกำหนด",
        "name a table of persons, of households, or one with the columns of the specification",
    )


def _years(engine: Engine, table: ir.Table, place: str) -> dict[int, int]:
    """Rows of each year, of a table whose every row says which year of the common era it is of.

    A row without a year would belong to no survey and so drop out of every sum unseen.
    """
    kind = table.schema().get("year", None)
    if kind is None:
        raise SurveyError(f"{place}: year", "-", "year", "เพิ่มคอลัมน์ year (ค.ศ.)", "add a column year (C.E.)")
    if not (kind.is_integer() or kind.is_null()):
        raise SurveyError(
            f"{place}: year",
            str(kind),
            "int64",
            "เขียนปีเป็นจำนวนเต็ม (ค.ศ.) ทุกแถว",
            "write the year as a whole number (C.E.) in every row",
        )
    counted = engine.run(table.group_by("year").aggregate(n=table.count())).to_pylist()
    years = {row["year"]: int(row["n"]) for row in counted}
    if without := years.pop(None, 0):
        raise SurveyError(
            f"{place}: year",
            f"{without:,} แถวไม่มีปี / rows without a year",
            "not null",
            "เติมปี (ค.ศ.) ให้ครบทุกแถว",
            "fill the year (C.E.) of every row",
        )
    if strange := {y: n for y, n in sorted(years.items()) if not EARLIEST <= y <= LATEST}:
        buddhist = [f"{y} -> {y - 543}" for y in strange if EARLIEST <= y - 543 <= LATEST]
        hint_th, hint_en = (
            (
                f"ดูเหมือนเป็นปีพุทธศักราช เขียนเป็นคริสต์ศักราช: {', '.join(buddhist)}",
                f"these look like Buddhist years; write them in the common era: {', '.join(buddhist)}",
            )
            if buddhist
            else ("แก้ปีให้ถูกต้อง", "correct the years")
        )
        raise SurveyError(
            f"{place}: year",
            f"{', '.join(map(str, strange))} ({sum(strange.values()):,} แถว / rows)",
            f"{EARLIEST}-{LATEST} (ค.ศ. / C.E.)",
            hint_th,
            hint_en,
        )
    return {int(year): years[year] for year in sorted(years)}


def _year(years: Iterable[int], wanted: int | None, place: str) -> int:
    """The year to compute."""
    there = list(years)
    if wanted is None and len(there) == 1:
        return there[0]
    if wanted is not None and wanted in there:
        return wanted
    told = ", ".join(f"{y + 543} ({y})" for y in there) or "-"
    raise SurveyError(
        f"{place}: year",
        told,
        f"{wanted + 543} ({wanted})" if wanted is not None else "ปีเดียว / one year",
        "เลือกปีด้วย --year-be",
        "choose a year with --year-be",
    )


def _plan(report: ImportReport, spec: MpiSpec, year: int, rows: int, place: str) -> None:
    """Warn of a year whose survey asked other questions than the specification reads."""
    if spec.years_be is not None and not spec.years_be[0] <= year + 543 <= spec.years_be[1]:
        expected = f"พ.ศ. / B.E. {spec.years_be[0]}-{spec.years_be[1]} ({spec.id})"
        report.add(_finding("mpi.years_be", place, "year", rows, expected, "warn", f"{year + 543} ({year})"))


# -- a table of deprivations ------------------------------------------------------


def _deprivations(engine: Engine, table: ir.Table, spec: MpiSpec, wanted: int | None) -> Input:
    schema = table.schema()
    if "area_code" not in schema or not schema["area_code"].is_string():
        raise SurveyError(
            "deprivations: area_code",
            str(schema.get("area_code", "-")),
            "string",
            "เขียนรหัสพื้นที่เป็นข้อความ",
            "write the codes of areas as text",
        )
    for indicator in spec.indicators:
        kind = schema[indicator.column]
        if not (kind.is_numeric() if indicator.cut_off else kind.is_integer()) or kind.is_boolean():
            raise SurveyError(
                f"deprivations: {indicator.column}",
                str(kind),
                "number" if indicator.cut_off else "int8: 0, 1, 2, null",
                "เขียนคอลัมน์นี้เป็นตัวเลข",
                "write this column as numbers",
            )
    if "weight" in schema and (not schema["weight"].is_numeric() or schema["weight"].is_boolean()):
        raise SurveyError(
            "deprivations: weight",
            str(schema["weight"]),
            "float64",
            "เขียนน้ำหนักเป็นตัวเลข",
            "write the weights as numbers",
        )
    year = _year(_years(engine, table, "deprivations"), wanted, "deprivations")
    rows = table.filter(table.year == year)
    report = ImportReport(KIND)
    checks = {
        f"bad_{i.column}": (rows[i.column].notnull() & ~rows[i.column].between(PASS, NOT_APPLICABLE)).sum()
        for i in spec.indicators
        if i.cut_off is None
    }
    counted = _counts(engine, rows, checks | _weight_checks(rows))
    for indicator in spec.indicators:
        if found := counted.get(f"bad_{indicator.column}"):
            report.add(_finding("mpi.state", "deprivations", indicator.column, found, "0, 1, 2, null"))
    _weights(report, counted, "deprivations")
    _plan(report, spec, year, counted["n"], "deprivations")
    digits, short = _areas(engine, report, rows, "deprivations")
    _total(report, counted["n"])
    return Input(rows, "deprivations", year, counted["n"], digits, short, report)


# -- survey tables ------------------------------------------------------------------


def _survey(
    engine: Engine,
    persons: ir.Table,
    households: ir.Table,
    spec: MpiSpec,
    wanted: int | None,
    line: int | None,
) -> Input:
    if told := [name for name in ("weight", "stratum", "cluster") if name in persons.columns]:
        raise SurveyError(
            f"persons: {', '.join(told)}",
            ", ".join(told),
            f"{', '.join(told)} (households)",
            "น้ำหนักและแผนการสุ่มอ่านจากตารางครัวเรือน ย้ายคอลัมน์เหล่านี้ไปไว้ในตารางครัวเรือน หรือตัดออกจากตารางคน",
            "weights and the design of the sample are read from the table of households: move these columns there, or take "
            "them out of the table of persons",
        )
    asked = prepared(persons, PERSON, "persons")
    listed = prepared(households, HOUSEHOLD, "households")
    year = _year(_years(engine, listed, "households"), wanted, "households")
    years = _years(engine, asked, "persons")
    made = deprivations(persons, households, year=year, income_line=line)
    lacking = [name for name in spec.columns if name not in made.columns]
    if lacking:
        raise SurveyError(
            f"--spec {spec.id}",
            ", ".join(c for c in made.columns if c.startswith("ind")),
            ", ".join(lacking),
            "ใช้ข้อกำหนดของ จปฐ กับตารางสำรวจ",
            "use a specification of จปฐ with survey tables",
        )
    if spec.identification == "person":
        raise SurveyError(
            f"--spec {spec.id}",
            'identification = "person"',
            'identification = "household"',
            "กติกาของตารางสำรวจหาความขัดสนเป็นรายครัวเรือน ใช้ข้อกำหนดที่ระบุครัวเรือน "
            "หรือให้ตารางความขัดสนรายคนที่เตรียมเองแทน",
            "the rules for survey tables find deprivations of households: use a specification that identifies households, "
            "or give a table of deprivations of each person instead",
        )
    report = ImportReport(KIND)
    people = asked.filter(asked.year == year)
    homes = listed.filter(listed.year == year)

    counted = _counts(
        engine,
        people,
        {
            "no_key": (people.person_id.isnull() | people.household_id.isnull()).sum(),
            "bad_age": (~people.age.between(0, OLDEST)).sum(),
            "no_age": people.age.isnull().sum(),
            "bad_sex": (~people.sex.isin(["m", "f"])).sum(),
        },
    )
    rows = counted["n"]
    for key, column, expected, severity in (
        ("no_key", "person_id, household_id", "not null", "reject"),
        ("bad_age", "age", f"0-{OLDEST}", "reject"),
        ("no_age", "age", "not null", "warn"),
        ("bad_sex", "sex", "m, f", "reject"),
    ):
        if counted[key]:
            report.add(_finding(f"mpi.{key}", "persons", column, counted[key], expected, severity))
    again = people.group_by("person_id").aggregate(times=people.count()).filter(lambda t: t.times > 1)
    if repeated := _counts(engine, again, {})["n"]:
        report.add(_finding("mpi.repeated", "persons", "person_id", repeated, "ครั้งเดียว / once a year"))
    _matched(engine, report, people, homes)
    if set(years) != {year}:
        _of_other_years(engine, report, asked, listed, year)
    income = ("income_main", "income_secondary", "income_other", "income_own_produce")
    counted = _counts(
        engine,
        homes,
        {name: homes[name].isinf().sum() for name in income}
        | _weight_checks(homes if "weight" in households.columns else homes.drop("weight")),
    )
    for name in income:
        if counted[name]:
            report.add(_finding("mpi.income", "households", name, counted[name], "baht a year"))
    _weights(report, counted, "households")
    _plan(report, spec, year, rows, "persons")
    digits, short = _areas(engine, report, homes, "households", fewest=6)
    _total(report, rows)
    return Input(made, "survey", year, rows, digits, short, report)


def _matched(engine: Engine, report: ImportReport, people: ir.Table, homes: ir.Table) -> None:
    """Households that stand there twice, persons without a household, households without persons: one query for all."""
    lived = people.group_by("household_id").aggregate(members=people.count())
    listed = homes.group_by("household_id").aggregate(times=homes.count())
    both = lived.outer_join(listed, "household_id")
    counted = _counts(
        engine,
        both,
        {
            "repeated": (both.times > 1).sum(),
            "stray": both.members.sum(where=both.times.isnull()),
            "empty": both.members.isnull().sum(),
        },
    )
    for key, table, expected, severity in (
        ("repeated", "households", "ครั้งเดียว / once a year", "reject"),
        ("stray", "persons", "household_id in households", "reject"),
        ("empty", "households", "persons", "warn"),
    ):
        if counted[key]:
            report.add(_finding(f"mpi.{key}", table, "household_id", counted[key], expected, severity))


def _of_other_years(
    engine: Engine, report: ImportReport, people: ir.Table, homes: ir.Table, year: int
) -> None:
    """Persons of another year than their household: left out, they would change whether it is poor.

    A key may stand for a household in several years; then the members of each year are those of its own.
    """
    others = people.filter(people.year != year)
    theirs = others.anti_join(homes, ["household_id", "year"])
    ours = homes.filter(homes.year == year).select("household_id")
    if found := _counts(engine, theirs.semi_join(ours, "household_id"), {})["n"]:
        report.add(_finding("mpi.other_year", "persons", "year", found, f"{year} (year of the household)"))


# -- plumbing -------------------------------------------------------------------------


def _counts(engine: Engine, table: ir.Table, sums: dict[str, ir.Scalar]) -> dict[str, int]:
    """Sums over a table, and ``n``, its rows."""
    row: dict[str, Any] = engine.run(table.aggregate(n=table.count(), **sums)).to_pylist()[0]
    return {name: int(value or 0) for name, value in row.items()}


def _weight_checks(table: ir.Table) -> dict[str, ir.Scalar]:
    if "weight" not in table.columns:
        return {}
    weight = table.weight.cast("float64")
    good = (weight >= 0) & ~weight.isinf() & ~weight.isnan()
    return {"bad_weight": (~good.fill_null(False)).sum()}


def _weights(report: ImportReport, counted: dict[str, int], table: str) -> None:
    if found := counted.get("bad_weight"):
        report.add(_finding("mpi.weight", table, "weight", found, ">= 0"))


def _areas(
    engine: Engine, report: ImportReport, table: ir.Table, name: str, fewest: int = 2
) -> tuple[int, int]:
    """Report codes of areas that cannot be cut into those of the levels above.

    Returns
    -------
    tuple of int
        Length of the shortest code, and the rows whose code is shorter than a subdistrict's, or than the longest where none
        has a subdistrict.
    """
    counted = engine.run(table.group_by("area_code").aggregate(n=table.count()))
    codes, counts = counted["area_code"].to_pylist(), counted["n"].to_pylist()
    wrong = [
        (code, n)
        for code, n in zip(codes, counts, strict=True)
        if code is None or _CODE.fullmatch(code) is None or len(code) < fewest
    ]
    if wrong:
        report.add(
            _finding(
                "mpi.area_code",
                name,
                "area_code",
                sum(n for _, n in wrong),
                "6, 8 digits" if fewest == 6 else "2, 4, 6, 8 digits",
            )
        )
    longest = min(6, max((len(code) for code in codes if code), default=0))
    short = sum(n for code, n in zip(codes, counts, strict=True) if code and len(code) < longest)
    return min((len(code) for code in codes if code), default=0), short


def _total(report: ImportReport, rows: int) -> None:
    report.rows_read = rows
    report.rows_accepted = 0 if report.refused else rows


_MENDS: Final = {
    "mpi.state": ("แก้ค่าในคอลัมน์นี้", "correct the values of this column"),
    "mpi.no_key": ("เติมรหัสให้ครบทุกแถว", "fill the keys of every row"),
    "mpi.bad_age": ("แก้อายุเป็นปีเต็ม", "correct the ages, in completed years"),
    "mpi.no_age": ("เติมอายุ มิฉะนั้นกติกาที่ถามอายุจะไม่ทราบผล", "fill the ages, or rules about ages stay unknown"),
    "mpi.bad_sex": ("ใช้ m หรือ f", "write m or f"),
    "mpi.repeated": ("ตัดแถวซ้ำออก", "take the repeated rows out"),
    "mpi.other_year": (
        "แก้ปีของคนเหล่านี้ให้ตรงกับปีของครัวเรือน",
        "correct the year of these persons to that of their household",
    ),
    "mpi.years_be": (
        "ผลเทียบกับปีในช่วงของข้อกำหนดไม่ได้โดยตรง ตรวจว่าแบบสำรวจถามเหมือนกัน หรือใช้ข้อกำหนดของปีนั้น",
        "the result may not compare with the years of the specification: check that the survey asked the same, or use a "
        "specification of that year",
    ),
    "mpi.stray": ("เพิ่มครัวเรือนของคนเหล่านี้", "add the households of these persons"),
    "mpi.empty": (
        "ครัวเรือนเหล่านี้ไม่มีคน จึงไม่ถูกนับ",
        "these households have no persons and are counted nowhere",
    ),
    "mpi.income": ("แก้รายได้ให้เป็นจำนวน", "correct the incomes to numbers"),
    "mpi.weight": ("แก้น้ำหนักให้เป็นจำนวนที่ไม่ติดลบ", "correct the weights to numbers not below 0"),
    "mpi.short_code": (
        "ผลของทุกคนหยุดที่ระดับนี้ เติมรหัสของแถวเหล่านี้ให้ครบ หรือตัดแถวออก",
        "the results of everybody stop at this level: write these codes in full, or take these rows out",
    ),
    "mpi.area_code": ("แก้รหัสพื้นที่", "correct the codes of areas"),
}


def _finding(
    code: str,
    table: str,
    column: str,
    rows: int,
    expected: str,
    severity: Any = "reject",
    value: str = "",
) -> Finding:
    mend_th, mend_en = _MENDS[code]
    found = f"{value}: {rows:,} แถว / rows" if value else f"{rows:,} แถว / rows"
    return Finding(severity, code, table, None, column, found, expected, mend_th, mend_en)
