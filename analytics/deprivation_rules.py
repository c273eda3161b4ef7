"""Which of the seventeen จปฐ indicators each person's household fails, from the answers of households and persons.

One Ibis expression for DuckDB and Spark: seventeen documented rules, four states. A household *identifies*, a person is
*counted*: whoever lives in a household that fails an indicator counts as deprived in it, as TPMAP counts.

========================  =====================================================================================
state of a household      when
========================  =====================================================================================
`FAIL`                    the rule applies to at least one member (or to every household), and one does not pass
missing (null)            nobody is known to fail, but an answer that decides is missing
`PASS`                    the rule applies to somebody, and everybody it applies to passes
`NOT_APPLICABLE`          the rule applies to no member
========================  =====================================================================================

The order of the table is the rule for missing answers: one member who fails decides whatever the others did not answer; without
one, a single missing answer leaves the household's state missing. Where nobody knows whether a rule applies to a member (an age
or a disability is missing) but that member would pass it anyway, the answer is not missing: it cannot become a failure.

Sources: the wording of the 31 indicators of plan 12 and the pass rules of a จปฐ field application (two public repositories
agree on the wording, one has the rules). Importing Ibis takes about a second: nothing that serves pages imports this module.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import ibis
import ibis.expr.types as ir

from analytics.survey_columns import (
    DEPRIVATIONS,
    FAIL,
    HOUSEHOLD,
    NOT_APPLICABLE,
    PASS,
    PERSON,
    Column,
    Kind,
)

INFANT: Final = 1
"""Oldest completed age of a child whose birth weight is asked for: "up to one year" read as 0 and 1 completed years."""
BIRTH_WEIGHT_G: Final = 2_500
WORKING_AGE: Final = (15, 59)
ELDERLY: Final = 60

AGE_GROUPS: Final = (("0-2", 2), ("3-5", 5), ("6-14", 14), ("15-59", 59))
"""Subgroups of age and the oldest in each, as the rules divide ages; everybody older is `OLDEST_GROUP`."""
OLDEST_GROUP: Final = "60+"


class SurveyError(ValueError):
    """A survey table or a setting of the rules that cannot be used.

    Attributes
    ----------
    place : str
        The table or file, with its column or key.
    found, expected : str
    mend_th, mend_en : str
    """

    def __init__(self, place: str, found: str, expected: str, mend_th: str, mend_en: str) -> None:
        self.place, self.found, self.expected = place, found, expected
        self.mend_th, self.mend_en = mend_th, mend_en
        super().__init__(self.text("en"))

    def text(self, language: str = "th") -> str:
        """Place, found, expected and the remedy, on one line."""
        if language == "th":
            return f"{self.place}: พบ {self.found} ควรเป็น {self.expected} วิธีแก้: {self.mend_th}"
        return f"{self.place}: found {self.found}, expected {self.expected}. To mend: {self.mend_en}"


# -- the income line ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncomeLine:
    """The average income a year below which a household fails indicator 22.

    Attributes
    ----------
    plan : int
        Development plan whose จปฐ form this is.
    first_year, last_year : int
        Years of survey it holds for, common era, both included.
    baht : int
    verified : bool
        Whether it was read in the source named.
    source : str
    """

    plan: int
    first_year: int
    last_year: int
    baht: int
    verified: bool
    source: str


def read_income_lines(text: str, file: str = "income_lines.toml") -> tuple[IncomeLine, ...]:
    """Read a file of income lines.

    Raises
    ------
    SurveyError
        Naming file, key, what was found and what was expected.
    """

    def wrong(key: str, found: object, expected: str) -> SurveyError:
        return SurveyError(f"{file}: {key}", repr(found), expected, "แก้ไฟล์นี้", "change this file")

    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise wrong("-", str(error), "TOML") from error
    entries = raw.get("line")
    if set(raw) != {"line"} or not isinstance(entries, list):
        raise wrong("-", sorted(raw), "[[line]]")
    lines: list[IncomeLine] = []
    kinds = {
        "plan": int,
        "first_year": int,
        "last_year": int,
        "baht": int,
        "verified": bool,
        "source": str,
    }
    for at, entry in enumerate(entries):
        where = f"line[{at}]"
        if set(entry) != set(kinds):
            raise wrong(where, sorted(entry), ", ".join(kinds))
        for key, kind in kinds.items():
            if type(entry[key]) is not kind:
                raise wrong(f"{where}.{key}", entry[key], kind.__name__)
        line = IncomeLine(**entry)
        if line.baht <= 0:
            raise wrong(f"{where}.baht", line.baht, "> 0")
        if not 1900 < line.first_year <= line.last_year < 2200:
            raise wrong(
                f"{where}.first_year",
                (line.first_year, line.last_year),
                "ค.ศ. first_year <= last_year (C.E.)",
            )
        for other in lines:
            if line.first_year <= other.last_year and other.first_year <= line.last_year:
                raise wrong(
                    f"{where}.first_year",
                    (line.first_year, line.last_year),
                    f"no year of {other.first_year}-{other.last_year}",
                )
        lines.append(line)
    return tuple(lines)


@cache
def shipped_income_lines() -> tuple[IncomeLine, ...]:
    """Lines that come with Daomap."""
    return read_income_lines((files(__package__) / "income_lines.toml").read_text(encoding="utf-8"))


def income_line(year: int, lines: Iterable[IncomeLine] | None = None) -> IncomeLine:
    """The verified line of a year of survey.

    Parameters
    ----------
    year : int
        Common era.
    lines : iterable of IncomeLine, optional
        Default: the shipped ones.

    Raises
    ------
    SurveyError
        When no line is known for the year, or only an unverified one; says how to set it.

    Examples
    --------
    >>> income_line(2022).baht
    38000
    """
    known = tuple(shipped_income_lines() if lines is None else lines)
    line = next((one for one in known if one.first_year <= year <= one.last_year), None)
    if line is not None and line.verified:
        return line
    have = ", ".join(f"{one.first_year + 543}-{one.last_year + 543}" for one in known if one.verified) or "-"
    found = "-" if line is None else f"{line.baht:,} (verified = false)"
    raise SurveyError(
        f"income_lines.toml: จปฐ {year + 543} ({year})",
        found,
        have,
        "ตรวจเกณฑ์รายได้ของปีนี้จากคู่มือ จปฐ แล้วใส่ --income-line BAHT หรือเพิ่ม [[line]] ใน analytics/income_lines.toml",
        "look the line of this year up in the จปฐ manual, then give --income-line BAHT or add a [[line]] to "
        "analytics/income_lines.toml",
    )


# -- the rules ------------------------------------------------------------------


class Asked(NamedTuple):
    """One rule about members, for each person: truths, null where nobody knows."""

    applies: ir.BooleanValue
    passes: ir.BooleanValue


def _between(value: ir.Value, low: int, high: int) -> ir.BooleanValue:
    return (value >= low) & (value <= high)


def _dependent(persons: ir.Table) -> ir.BooleanValue:
    """Disabled persons who cannot care for themselves."""
    return persons.disabled & ~persons.self_reliant


def _items(households: ir.Table, stem: str, count: int) -> ir.BooleanValue:
    """Every item answered yes; one no decides, whatever else is missing."""
    answer = households[f"{stem}_1"]
    for i in range(2, count + 1):
        answer = answer & households[f"{stem}_{i}"]
    return answer


def birth_weight(persons: ir.Table) -> Asked:
    """Indicator 1: every child of 0 or 1 completed years weighed 2,500 g or more at birth."""
    return Asked(persons.age <= INFANT, persons.birth_weight_g >= BIRTH_WEIGHT_G)


def clean_food(households: ir.Table) -> ir.BooleanValue:
    """Indicator 4: all four items of clean and safe food; applies to every household."""
    return _items(households, "food", 4)


def proper_medicine(households: ir.Table) -> ir.BooleanValue:
    """Indicator 5: all four items of using medicine properly; applies to every household."""
    return _items(households, "medicine", 4)


def exercise(persons: ir.Table) -> Asked:
    """Indicator 7: everyone of 6 years and more exercises three days a week, or exerts himself or herself on five."""
    return Asked(persons.age >= 6, persons.exercises)


def dwelling(households: ir.Table) -> ir.BooleanValue:
    """Indicator 8: the dwelling is held securely and durable; applies to every household."""
    return households.house_secure & households.house_durable


def drinking_water(households: ir.Table) -> ir.BooleanValue:
    """Indicator 9: clean drinking water all year, 5 litres a person and day; applies to every household."""
    return households.drinking_water


def domestic_water(households: ir.Table) -> ir.BooleanValue:
    """Indicator 10: water for use all year, 45 litres a person and day; applies to every household."""
    return households.domestic_water


def tidy_house(households: ir.Table) -> ir.BooleanValue:
    """Indicator 11: all eight items of an orderly and hygienic house; applies to every household."""
    return _items(households, "tidy", 8)


def preschool(persons: ir.Table) -> Asked:
    """Indicator 15: every child of 3 to 5 years is prepared for school."""
    return Asked(_between(persons.age, 3, 5), persons.in_preschool)


def compulsory_school(persons: ir.Table) -> Asked:
    """Indicator 16: every child of 6 to 14 years is in the nine compulsory years of school."""
    return Asked(_between(persons.age, 6, 14), persons.in_compulsory_school)


def further_school(persons: ir.Table) -> Asked:
    """Indicator 17: everyone who finished Mathayom 3 in the last school year went on to Mathayom 4 or the like."""
    return Asked(persons.graduated_m3, persons.continues_m4)


def literacy(persons: ir.Table) -> Asked:
    """Indicator 19: everyone of 15 to 59 years reads and writes Thai and calculates."""
    return Asked(_between(persons.age, *WORKING_AGE), persons.literate)


def work(persons: ir.Table) -> Asked:
    """Indicator 20: everyone of 15 to 59 years has an occupation and income.

    Full-time students and disabled persons who cannot care for themselves are not asked.
    """
    asked = _between(persons.age, *WORKING_AGE) & ~persons.full_time_student & ~_dependent(persons)
    return Asked(asked, persons.works)


def elderly_work(persons: ir.Table) -> Asked:
    """Indicator 21: everyone of 60 years and more has an occupation and income.

    Disabled persons who cannot care for themselves are not asked.
    """
    return Asked((persons.age >= ELDERLY) & ~_dependent(persons), persons.works)


def income(households: ir.Table, members: ir.IntegerValue, line: int) -> ir.BooleanValue:
    """Indicator 22: the average income of a member in a year is at or above the line; applies to every household.

    The average is floor(total / members), the total the sum of the four incomes of the form, and every member counts,
    whatever his or her age. floor(total / members) >= line is asked as total >= line * members: the same for a whole line,
    without a division that rounds. A missing part leaves the total missing; no income is written as 0.

    Parameters
    ----------
    households : Table
    members : IntegerValue
        Persons of the household in the table of persons.
    line : int
        Baht a year.
    """
    total = (
        households.income_main
        + households.income_secondary
        + households.income_other
        + households.income_own_produce
    )
    return total >= members * line


def elderly_care(persons: ir.Table) -> Asked:
    """Indicator 27: every elderly person (60 years and more) is cared for by family, community, state or others."""
    return Asked(persons.age >= ELDERLY, persons.cared_for)


def disabled_care(persons: ir.Table) -> Asked:
    """Indicator 28: every disabled person is cared for by family, community, state or others."""
    return Asked(persons.disabled, persons.cared_for)


PERSON_RULES: Final[dict[str, Callable[[ir.Table], Asked]]] = {
    "01": birth_weight,
    "07": exercise,
    "15": preschool,
    "16": compulsory_school,
    "17": further_school,
    "19": literacy,
    "20": work,
    "21": elderly_work,
    "27": elderly_care,
    "28": disabled_care,
}
"""Rules about members, by number of the indicator."""

HOUSEHOLD_RULES: Final[dict[str, Callable[[ir.Table], ir.BooleanValue]]] = {
    "04": clean_food,
    "05": proper_medicine,
    "08": dwelling,
    "09": drinking_water,
    "10": domestic_water,
    "11": tidy_house,
}
"""Rules about the household as a whole; they apply to every household. Indicator 22, `income`, needs the members too."""

# A member's state as a number whose greatest in the household is the household's state.
_NOBODY, _FINE, _UNKNOWN, _FAILS = range(4)


def _rank(asked: Asked) -> ir.IntegerColumn:
    fails = asked.applies & ~asked.passes
    return ibis.cases(
        (fails, _FAILS), (fails.isnull(), _UNKNOWN), (~asked.applies, _NOBODY), else_=_FINE
    ).cast("int8")


def _of_rank(rank: ir.IntegerColumn) -> ir.IntegerColumn:
    return ibis.cases((rank == _FAILS, FAIL), (rank == _FINE, PASS), (rank == _NOBODY, NOT_APPLICABLE)).cast(
        "int8"
    )


def _of_truth(passes: ir.BooleanValue) -> ir.IntegerColumn:
    return ibis.cases((passes, PASS), (~passes, FAIL)).cast("int8")


def age_group(age: ir.IntegerValue) -> ir.StringValue:
    """The subgroup of an age, null where it is missing."""
    return ibis.cases(*((age <= oldest, name) for name, oldest in AGE_GROUPS), (age >= ELDERLY, OLDEST_GROUP))


# -- the table ------------------------------------------------------------------

_CARRIED_BY_HOUSEHOLD: Final = ("weight", "stratum", "cluster")
_CARRIED_BY_PERSON: Final = ("sex", "disabled", "welfare_card")
_TYPES: Final[dict[Kind, str]] = {
    "text": "string",
    "integer": "int64",
    "number": "float64",
    "truth": "boolean",
}


def deprivations(
    persons: ir.Table, households: ir.Table, *, year: int, income_line: int | None = None
) -> ir.Table:
    """What each person's household fails in one year, one row a person.

    Parameters
    ----------
    persons, households : Table
        Survey tables with the columns of :mod:`analytics.survey_columns`; optional columns may be left out, which leaves
        what they tell missing. Other columns are not read.
    year : int
        Year of the survey, common era; rows of other years are left out.
    income_line : int, optional
        Baht a year for indicator 22; default: the verified line of the year.

    Returns
    -------
    Table
        One row for every person of the year whose household is in `households`: ``area_code, year, household_id``, those of
        ``weight, stratum, cluster`` (the household's) and ``sex, disabled, welfare_card`` (the person's) that the tables
        have, ``age_group``, and int8 ``ind01`` ... ``ind28``: `PASS`, `FAIL`, `NOT_APPLICABLE`, or null for missing.

    Raises
    ------
    SurveyError
        For a column that is missing or of another kind, a year without a verified income line, or a line that is no whole
        number above 0.
    """
    if income_line is None:
        income_line = _line_of(year)
    elif isinstance(income_line, bool) or not isinstance(income_line, int) or income_line <= 0:
        raise SurveyError(
            "income_line",
            repr(income_line),
            "จำนวนเต็มบวก (a whole number > 0)",
            "ใส่เกณฑ์เป็นบาทเต็มต่อคนต่อปี",
            "give the line in whole baht a person and year",
        )
    carried = [name for name in _CARRIED_BY_HOUSEHOLD if name in households.columns]
    told = [name for name in _CARRIED_BY_PERSON if name in persons.columns]
    asked = prepared(persons, PERSON, "persons")
    asked = asked.filter(asked.year == year)
    homes = prepared(households, HOUSEHOLD, "households")
    homes = homes.filter(homes.year == year)

    found = asked.group_by("household_id").aggregate(
        members=asked.count(),
        **{f"r{number}": _rank(rule(asked)).max() for number, rule in PERSON_RULES.items()},
    )
    joined = homes.join(found, "household_id")
    states = {number: _of_rank(joined[f"r{number}"]) for number in PERSON_RULES}
    states |= {number: _of_truth(rule(joined)) for number, rule in HOUSEHOLD_RULES.items()}
    states["22"] = _of_truth(income(joined, joined.members, income_line))
    kept = joined.select(
        "household_id",
        "area_code",
        *carried,
        **{f"ind{number}": states[number] for number in DEPRIVATIONS},
    )
    counted = asked.select("household_id", *told, age_group=age_group(asked.age))
    rows = counted.join(kept, "household_id")
    return rows.select(
        "area_code",
        "household_id",
        *carried,
        *told,
        "age_group",
        *(f"ind{number}" for number in DEPRIVATIONS),
        year=ibis.literal(year, type="int32"),
    ).relocate("year", after="area_code")


def _line_of(year: int) -> int:
    return income_line(year).baht


def prepared(table: ir.Table, columns: Iterable[Column], name: str) -> ir.Table:
    """A survey table with every column it may have, and no other: the absent ones all missing, numbers without NaN.

    Parameters
    ----------
    table : Table
    columns : iterable of Column
    name : str
        What errors call the table.

    Raises
    ------
    SurveyError
        For a required column that is absent, or a column of another kind than stated.
    """
    schema = table.schema()
    chosen: dict[str, ir.Value] = {}
    for column in columns:
        wanted = _TYPES[column.kind]
        if column.name not in schema:
            if column.required:
                raise SurveyError(
                    f"{name}: {column.name}",
                    ", ".join(schema.names),
                    f"{column.name} ({column.meaning})",
                    "เพิ่มคอลัมน์นี้",
                    "add this column",
                )
            chosen[column.name] = ibis.null(wanted)
            continue
        kind = schema[column.name]
        fits = {
            "text": kind.is_string(),
            "integer": kind.is_integer(),
            "number": kind.is_numeric() and not kind.is_boolean(),
            "truth": kind.is_boolean(),
        }[column.kind]
        if not (fits or kind.is_null()):
            raise SurveyError(
                f"{name}: {column.name}",
                str(kind),
                f"{wanted} ({column.meaning})",
                f"เขียนคอลัมน์นี้เป็นชนิด {wanted}",
                f"write this column as {wanted}",
            )
        value = table[column.name]
        if column.kind == "number":
            value = value.cast("float64")
            value = value.isnan().ifelse(ibis.null("float64"), value)
        elif kind.is_null():
            value = value.cast(wanted)
        chosen[column.name] = value
    return table.select(**chosen)
