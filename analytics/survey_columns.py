"""Columns of household surveys such as จปฐ: what a table of households and a table of persons hold, one meaning a name.

Importers, the rules of deprivation, the synthetic country and the officers' store all speak of these columns. Texts are
codes, counts are whole numbers, money is baht a year, a truth may be missing (null: nobody answered). What does not apply
to somebody is decided by the rules (:mod:`analytics.deprivation_rules`), not written in these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "integer", "number", "truth"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a survey table.

    Attributes
    ----------
    name : str
    kind : {"text", "integer", "number", "truth"}
    meaning : str
        What it says, with its unit.
    required : bool
        Whether a table without it is refused. Others may be left out; the rules then know nothing of what they tell.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False


def _items(stem: str, count: int, meaning: str) -> tuple[Column, ...]:
    return tuple(
        Column(f"{stem}_{i}", "truth", f"{meaning}, item {i} of {count}") for i in range(1, count + 1)
    )


HOUSEHOLD: Final = (
    Column("household_id", "text", "key of the household, unique in a year", required=True),
    Column("area_code", "text", "village (8 digits) or subdistrict (6 digits) of residence", required=True),
    Column("year", "integer", "year of the survey, common era", required=True),
    Column("weight", "number", "households of the population this one stands for; 1 in a census"),
    Column("stratum", "text", "stratum of the sample design"),
    Column("cluster", "text", "primary sampling unit"),
    *_items("food", 4, "clean and safe food (indicator 4)"),
    *_items("medicine", 4, "medicine used properly (indicator 5)"),
    Column("house_secure", "truth", "the dwelling is held securely (indicator 8)"),
    Column("house_durable", "truth", "the dwelling is durable (indicator 8)"),
    Column(
        "drinking_water",
        "truth",
        "enough clean drinking water all year, 5 litres a person and day (indicator 9)",
    ),
    Column(
        "domestic_water", "truth", "enough water for use all year, 45 litres a person and day (indicator 10)"
    ),
    *_items("tidy", 8, "an orderly and hygienic house (indicator 11)"),
    Column("income_main", "number", "baht a year of all members, main occupation (indicator 22)"),
    Column("income_secondary", "number", "baht a year of all members, secondary occupations (indicator 22)"),
    Column("income_other", "number", "baht a year of all members, other sources (indicator 22)"),
    Column("income_own_produce", "number", "baht a year, value of own produce consumed (indicator 22)"),
)

PERSON: Final = (
    Column("person_id", "text", "key of the person, unique in a year", required=True),
    Column("household_id", "text", "household of the person", required=True),
    Column("year", "integer", "year of the survey, common era", required=True),
    Column("age", "integer", "completed years", required=True),
    Column("sex", "text", "m or f"),
    Column("birth_weight_g", "integer", "birth weight in grams, children up to one year (indicator 1)"),
    Column("exercises", "truth", "at least 3 days a week of 30 minutes, or exertion at 5 days (indicator 7)"),
    Column("in_preschool", "truth", "is prepared for school, ages 3 to 5 (indicator 15)"),
    Column("in_compulsory_school", "truth", "is in the nine compulsory years, ages 6 to 14 (indicator 16)"),
    Column("graduated_m3", "truth", "finished Mathayom 3 in the last school year (indicator 17)"),
    Column("continues_m4", "truth", "went on to Mathayom 4 or the like (indicator 17)"),
    Column("literate", "truth", "reads and writes Thai and calculates, ages 15 to 59 (indicator 19)"),
    Column("full_time_student", "truth", "studies full time (indicator 20)"),
    Column("works", "truth", "has an occupation and income (indicators 20 and 21)"),
    Column("disabled", "truth", "has a disability"),
    Column(
        "self_reliant",
        "truth",
        "a disabled person who can care for himself or herself (indicators 20 and 21)",
    ),
    Column("bedridden", "truth", "is bedridden"),
    Column("chronically_ill", "truth", "has a chronic illness"),
    Column("cared_for", "truth", "an elderly or disabled person is cared for (indicators 27 and 28)"),
    Column("welfare_card", "truth", "holds a verified state welfare card"),
)

DEPRIVATIONS: Final = (
    "01",
    "04",
    "05",
    "07",
    "08",
    "09",
    "10",
    "11",
    "15",
    "16",
    "17",
    "19",
    "20",
    "21",
    "22",
    "27",
    "28",
)
"""Numbers of the seventeen indicators; a table of deprivations has a column ``ind<number>`` for each."""

PASS: Final = 0
"""In a column of deprivations: not deprived."""
FAIL: Final = 1
"""In a column of deprivations: deprived."""
NOT_APPLICABLE: Final = 2
"""In a column of deprivations: the indicator applies to nobody of the household. Null is missing: nobody knows."""
