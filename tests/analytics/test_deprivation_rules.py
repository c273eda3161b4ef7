"""Every rule of the seventeen indicators at its edges, in one query over one household a case."""

from __future__ import annotations

import itertools
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from analytics import deprivation_rules as rules
from analytics.survey_columns import DEPRIVATIONS, FAIL, HOUSEHOLD, NOT_APPLICABLE, PASS, PERSON
from tests.surveys import ADULT, ELDER, NOBODY, YEAR, survey

P, F, N, M = PASS, FAIL, NOT_APPLICABLE, None

# indicator, what is asked, members, what the household answered differently, the state that follows
CASES: list[tuple[str, str, list[dict[str, Any]], dict[str, Any], int | None]] = [
    ("01", "nobody young enough", [ADULT], {}, N),
    ("01", "two years old", [NOBODY | {"birth_weight_g": 1000}], {}, N),
    ("01", "one year old, just enough", [NOBODY | {"age": 1, "birth_weight_g": 2500}], {}, P),
    ("01", "newborn, a gram too little", [NOBODY | {"age": 0, "birth_weight_g": 2499}], {}, F),
    ("01", "newborn, nobody weighed", [NOBODY | {"age": 0}], {}, M),
    ("01", "twins, one too light", [NOBODY | {"age": 0, "birth_weight_g": w} for w in (3000, 2000)], {}, F),
    (
        "01",
        "one too light, one not weighed",
        [NOBODY | {"age": 0, "birth_weight_g": w} for w in (None, 2000)],
        {},
        F,
    ),
    (
        "01",
        "one fine, one not weighed",
        [NOBODY | {"age": 0, "birth_weight_g": w} for w in (None, 3000)],
        {},
        M,
    ),
    *(
        case
        for number, stem, count in (("04", "food", 4), ("05", "medicine", 4), ("11", "tidy", 8))
        for case in (
            (number, "every item", [NOBODY], {}, P),
            *(
                (number, f"all but item {i}", [NOBODY], {f"{stem}_{i}": False}, F)
                for i in range(1, count + 1)
            ),
            (number, "an item not answered", [NOBODY], {f"{stem}_{count}": None}, M),
            (number, "one no, one not answered", [NOBODY], {f"{stem}_1": None, f"{stem}_2": False}, F),
        )
    ),
    ("07", "five years old are not asked", [NOBODY | {"age": 5, "exercises": False}], {}, N),
    ("07", "six years old are", [NOBODY | {"age": 6, "exercises": False}], {}, F),
    ("07", "everyone exercises", [ADULT, ELDER], {}, P),
    ("07", "one does not", [ADULT, ELDER | {"exercises": False}], {}, F),
    ("07", "one did not answer", [ADULT, ELDER | {"exercises": None}], {}, M),
    ("07", "age unknown, exercises", [NOBODY | {"age": None, "exercises": True}], {}, P),
    ("07", "age unknown, does not exercise", [NOBODY | {"age": None, "exercises": False}], {}, M),
    ("08", "secure and durable", [NOBODY], {}, P),
    ("08", "not secure", [NOBODY], {"house_secure": False}, F),
    ("08", "not durable", [NOBODY], {"house_durable": False}, F),
    ("08", "not durable, security unknown", [NOBODY], {"house_durable": False, "house_secure": None}, F),
    ("08", "durable, security unknown", [NOBODY], {"house_secure": None}, M),
    *(
        case
        for number, name in (("09", "drinking_water"), ("10", "domestic_water"))
        for case in (
            (number, "enough", [NOBODY], {}, P),
            (number, "not enough", [NOBODY], {name: False}, F),
            (number, "not answered", [NOBODY], {name: None}, M),
        )
    ),
    *(
        case
        for number, answer, first, last in (
            ("15", "in_preschool", 3, 5),
            ("16", "in_compulsory_school", 6, 14),
            ("19", "literate", 15, 59),
            ("27", "cared_for", 60, 110),
        )
        for case in (
            (number, "youngest, no", [NOBODY | {"age": first, answer: False}], {}, F),
            (number, "oldest, no", [NOBODY | {"age": last, answer: False}], {}, F),
            (number, "youngest, yes", [NOBODY | {"age": first, answer: True}], {}, P),
            (number, "a year too young", [NOBODY | {"age": first - 1, answer: False}], {}, N),
            (number, "not answered", [NOBODY | {"age": first}], {}, M),
            (
                number,
                "one yes, one no",
                [NOBODY | {"age": first, answer: yes} for yes in (True, False)],
                {},
                F,
            ),
        )
    ),
    ("15", "six years old", [NOBODY | {"age": 6, "in_preschool": False}], {}, N),
    ("16", "fifteen years old", [NOBODY | {"age": 15, "in_compulsory_school": False}], {}, N),
    ("17", "no graduate", [NOBODY | {"age": 16, "continues_m4": False}], {}, N),
    ("17", "went on", [NOBODY | {"age": 15, "graduated_m3": True, "continues_m4": True}], {}, P),
    ("17", "did not", [NOBODY | {"age": 15, "graduated_m3": True, "continues_m4": False}], {}, F),
    ("17", "nobody knows whether", [NOBODY | {"age": 15, "graduated_m3": True}], {}, M),
    ("17", "graduation unknown, did not", [NOBODY | {"graduated_m3": None, "continues_m4": False}], {}, M),
    ("17", "graduation unknown, went on", [NOBODY | {"graduated_m3": None, "continues_m4": True}], {}, P),
    ("19", "sixty years old", [ELDER | {"age": 60, "literate": False}], {}, N),
    ("20", "works", [ADULT | {"age": 15}], {}, P),
    ("20", "does not work at 15", [ADULT | {"age": 15, "works": False}], {}, F),
    ("20", "does not work at 59", [ADULT | {"age": 59, "works": False}], {}, F),
    ("20", "fourteen", [ADULT | {"age": 14, "works": False}], {}, N),
    ("20", "sixty", [ADULT | {"age": 60, "works": False}], {}, N),
    ("20", "full-time student", [ADULT | {"works": False, "full_time_student": True}], {}, N),
    ("20", "student beside a worker", [ADULT | {"works": False, "full_time_student": True}, ADULT], {}, P),
    ("20", "disabled, dependent", [ADULT | {"works": False, "disabled": True, "self_reliant": False}], {}, N),
    (
        "20",
        "disabled, self-reliant",
        [ADULT | {"works": False, "disabled": True, "self_reliant": True}],
        {},
        F,
    ),
    ("20", "disabled, nobody knows how", [ADULT | {"works": False, "disabled": True}], {}, M),
    ("20", "disability unknown, works", [ADULT | {"disabled": None}], {}, P),
    ("20", "studies unknown, no work", [ADULT | {"works": False, "full_time_student": None}], {}, M),
    ("20", "not answered", [ADULT | {"works": None}], {}, M),
    ("21", "fifty-nine", [ADULT | {"age": 59}], {}, N),
    ("21", "works at sixty", [ELDER | {"age": 60}], {}, P),
    ("21", "does not at sixty", [ELDER | {"age": 60, "works": False}], {}, F),
    ("21", "disabled, dependent", [ELDER | {"works": False, "disabled": True, "self_reliant": False}], {}, N),
    (
        "21",
        "disabled, self-reliant",
        [ELDER | {"works": False, "disabled": True, "self_reliant": True}],
        {},
        F,
    ),
    ("21", "not answered", [ELDER | {"works": None}], {}, M),
    ("22", "at the line", [NOBODY], {"income_main": 38_000.0}, P),
    ("22", "a baht below", [NOBODY], {"income_main": 37_999.0}, F),
    ("22", "satang are cut off: 37,999.99", [NOBODY], {"income_main": 37_999.99}, F),
    ("22", "three members, 113,999 together", [NOBODY, ADULT, ELDER], {"income_main": 113_999.0}, F),
    ("22", "three members, 114,000 together", [NOBODY, ADULT, ELDER], {"income_main": 114_000.0}, P),
    (
        "22",
        "the four kinds are added",
        [NOBODY],
        {"income_main": 10_000.0, "income_secondary": 10_000.0, "income_other": 10_000.0}
        | {"income_own_produce": 8_000.0},
        P,
    ),
    (
        "22",
        "and a baht less",
        [NOBODY],
        {"income_main": 10_000.0, "income_secondary": 10_000.0, "income_other": 9_999.0}
        | {"income_own_produce": 8_000.0},
        F,
    ),
    ("22", "a kind not answered", [NOBODY], {"income_other": None}, M),
    ("22", "not a number", [NOBODY], {"income_other": float("nan")}, M),
    ("22", "a loss counts", [NOBODY], {"income_main": 40_000.0, "income_other": -3_000.0}, F),
    ("28", "nobody disabled", [ADULT], {}, N),
    ("28", "cared for", [ADULT | {"disabled": True, "cared_for": True}], {}, P),
    ("28", "not cared for", [ADULT | {"disabled": True, "cared_for": False}], {}, F),
    ("28", "disability unknown, not cared for", [ADULT | {"disabled": None, "cared_for": False}], {}, M),
]


def found(persons: pa.Table, households: pa.Table, **how: Any) -> pd.DataFrame:
    table = rules.deprivations(ibis.memtable(persons), ibis.memtable(households), **({"year": YEAR} | how))
    return ibis.duckdb.connect(threads=1).to_pyarrow(table).to_pandas(types_mapper=pd.ArrowDtype)


@pytest.fixture(scope="module")
def states() -> pd.DataFrame:
    return found(*survey([(members, answers) for _, _, members, answers, _ in CASES]))


@pytest.mark.parametrize("at", range(len(CASES)), ids=[f"{c[0]} {c[1]}" for c in CASES])
def test_a_rule(states: pd.DataFrame, at: int) -> None:
    number, _, members, _, expected = CASES[at]
    rows = states[states["household_id"] == f"h{at}"]
    # Every member carries the state of the household.
    assert len(rows) == len(members)
    assert {None if pd.isna(v) else int(v) for v in rows[f"ind{number}"]} == {expected}


def test_every_rule_is_documented_and_has_cases_for_each_state_it_can_have() -> None:
    about = rules.PERSON_RULES | rules.HOUSEHOLD_RULES | {"22": rules.income}
    assert sorted(about) == sorted(DEPRIVATIONS)
    for number, rule in about.items():
        assert f"Indicator {int(number)}:" in (rule.__doc__ or "")
        expected = {case[4] for case in CASES if case[0] == number}
        assert expected >= ({P, F, N, M} if number in rules.PERSON_RULES else {P, F, M}), number


def test_the_table_is_what_the_engine_reads() -> None:
    persons, households = survey([([ADULT | {"sex": "f", "welfare_card": True}, NOBODY], {"weight": 2.5})])
    table = rules.deprivations(ibis.memtable(persons), ibis.memtable(households), year=YEAR)
    assert table.columns == (
        *("area_code", "year", "household_id", "weight", "stratum", "cluster"),
        *("sex", "disabled", "welfare_card", "age_group"),
        *(f"ind{n}" for n in DEPRIVATIONS),
    )
    assert {str(table.schema()[f"ind{n}"]) for n in DEPRIVATIONS} == {"int8"}
    rows = found(persons, households)
    assert rows["weight"].tolist() == [2.5, 2.5]
    assert sorted(rows["age_group"]) == ["0-2", "15-59"]
    assert set(rows["year"]) == {YEAR} and set(rows["area_code"]) == {"341201"}


@pytest.mark.parametrize(
    ("age", "group"),
    [
        *((0, "0-2"), (2, "0-2"), (3, "3-5"), (5, "3-5"), (6, "6-14"), (14, "6-14")),
        *((15, "15-59"), (59, "15-59"), (60, "60+"), (105, "60+"), (None, None)),
    ],
)
def test_groups_of_age(age: int | None, group: str | None) -> None:
    value = rules.age_group(ibis.literal(age, type="int64"))
    assert ibis.duckdb.connect(threads=1).to_pyarrow(value).as_py() == group


def test_columns_left_out_are_missing_answers_and_not_passes() -> None:
    persons, households = survey([([ADULT, ELDER], {})])
    rows = found(
        persons.select(["person_id", "household_id", "year", "age"]),
        households.select(["household_id", "area_code", "year"]),
    )
    assert rows.columns.tolist() == ["area_code", "year", "household_id", "age_group"] + [
        f"ind{n}" for n in DEPRIVATIONS
    ]
    none_asked = {"01", "15", "16"}  # by age alone
    for number in DEPRIVATIONS:
        column = rows[f"ind{number}"]
        assert column.isna().all() != (number in none_asked), number
        assert number not in none_asked or (column == N).all()


def test_years_are_kept_apart_and_strays_left_out() -> None:
    before = survey([([NOBODY], {"income_main": 0.0})], year=2021)
    now = survey([([NOBODY], {})], year=2022)
    persons, households = (pa.concat_tables([a, b]) for a, b in zip(before, now, strict=True))
    assert found(persons, households, year=2021)["ind22"].tolist() == [F]
    assert found(persons, households, year=2022)["ind22"].tolist() == [P]
    assert found(persons, households.slice(1), year=2021).empty
    assert found(persons.slice(1), households, year=2021).empty


def test_the_line_of_income_can_be_given() -> None:
    tables = survey([([NOBODY], {"income_main": 40_000.0})])
    assert found(*tables)["ind22"].tolist() == [P]
    assert found(*tables, income_line=40_001)["ind22"].tolist() == [F]
    for wrong in (0, -1, True, 38_000.5):
        with pytest.raises(rules.SurveyError, match="whole number"):
            found(*tables, income_line=wrong)


def test_years_without_a_checked_line_say_how_to_set_it() -> None:
    for year in range(2017, 2023):
        assert rules.income_line(year).baht == 38_000
    for year in (2016, 2023):
        with pytest.raises(rules.SurveyError, match=f"{year + 543}.*--income-line") as raised:
            rules.income_line(year)
        assert "คู่มือ" in raised.value.text("th")
    guess = rules.IncomeLine(13, 2023, 2027, 1, False, "from memory")
    with pytest.raises(rules.SurveyError, match="verified = false"):
        rules.income_line(2024, [guess])


ENTRY = 'plan = 1\nfirst_year = 2000\nlast_year = 2001\nbaht = 10\nverified = true\nsource = "x"\n'


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("line = 3", "-"),
        ("[[line", "-"),
        ("[[line]]\nplan = 1", "line[0]"),
        ("[[line]]\n" + ENTRY.replace("10", "0"), "line[0].baht"),
        ("[[line]]\n" + ENTRY.replace("10", '"10"'), "line[0].baht"),
        ("[[line]]\n" + ENTRY.replace("true", "1"), "line[0].verified"),
        ("[[line]]\n" + ENTRY.replace("2001", "1999"), "line[0].first_year"),
        ("[[line]]\n" + ENTRY + "[[line]]\n" + ENTRY.replace("2000", "2001"), "line[1].first_year"),
    ],
)
def test_a_wrong_file_of_lines_is_named_with_its_key(text: str, where: str) -> None:
    with pytest.raises(rules.SurveyError) as raised:
        rules.read_income_lines(text, "own.toml")
    assert raised.value.place == f"own.toml: {where}"


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        (at, column, kind)
        for at, names in enumerate((("age", "works", "household_id"), ("income_main", "tidy_1", "area_code")))
        for column, kind in itertools.product(
            names, (None, pa.string(), pa.int64(), pa.float64(), pa.bool_())
        )
    ],
)
def test_a_column_of_another_kind_is_named(table: int, column: str, kind: pa.DataType | None) -> None:
    tables = list(survey([([ADULT], {})]))
    kinds = {c.name: c.kind for c in (*PERSON, *HOUSEHOLD)}
    required = {c.name for c in (*PERSON, *HOUSEHOLD) if c.required}
    changed = tables[table].drop_columns(column)
    if kind is not None:
        changed = changed.append_column(column, pa.nulls(changed.num_rows, kind))
    tables[table] = changed
    fits = {"text": [pa.string()], "integer": [pa.int64()], "truth": [pa.bool_()]} | {
        "number": [pa.int64(), pa.float64()]
    }
    persons, households = (ibis.memtable(t) for t in tables)
    if (column not in required) if kind is None else (kind in fits[kinds[column]]):
        rules.deprivations(persons, households, year=YEAR)
        return
    with pytest.raises(rules.SurveyError, match=column) as raised:
        rules.deprivations(persons, households, year=YEAR)
    assert raised.value.place == f"{('persons', 'households')[table]}: {column}"
