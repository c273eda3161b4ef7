"""What an import of households keeps, refuses and never says."""

from __future__ import annotations

import csv

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.desk.made import files, household, person, personal, write
from warehouse.desk.read import read_people


def read(intake, keys, *paths, **options):
    return read_people(list(paths), intake, keys, **({"year": 2023, "synthetic": True} | options))


def said(report):
    return "\n".join(
        f.line(language) for f in (*report.rejections, *report.warnings) for language in ("th", "en")
    )


def test_codes_stand_where_files_have_keys(tmp_path, intake, keys, desk):
    report, people = read(intake, keys, *files(tmp_path / "in"))
    assert not report.rejections, said(report)
    assert report.facts["households"] == 30 and report.facts["persons"] == 90
    assert report.facts["citizens"] == 90
    desk.write(people)
    home = desk.households(2023, "TH")
    assert len(home) == 30 and int(home["members"].sum()) == 90
    codes = {keys.code("household", f"H{n:05d}")[:32] for n in range(30)}
    assert set(home["household_id"]) == codes
    wanted = {keys.code("household", f"H{n:05d}")[:32]: household(n) for n in range(30)}
    for row in home.to_dict("records"):
        truth = wanted[row["household_id"]]
        assert row["area_code"] == truth["area_code"] and row["ind22"] == truth["ind22"]
        assert row["income_main"] == truth["income_main"] and bool(row["recorded"]) == bool(truth["recorded"])
    one = keys.code("household", "H00004")[:32]
    address, members = desk.record(2023, one)
    assert address == {"house_no": household(4)["house_no"]}
    assert sorted(members["first_name"]) == sorted(person(n, 4)["first_name"] for n in (12, 13, 14))
    assert desk.household_of("9000000000013") == (2023, one)
    assert desk.household_of("9000000009999") is None
    # No list has a column of the tables that name somebody.
    listed = {*home.columns, *desk.persons(2023, [one]).columns}
    assert not listed & {"first_name", "last_name", "title", "citizen", "house_no", "moo", "road"}


def test_parquet_and_csv_are_one(tmp_path, intake, keys):
    homes, people = files(tmp_path / "in")
    for path in (homes, people):
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        table = pd.DataFrame(rows)
        for name in ("income_main", "age", "ind22"):
            if name in table:
                table[name] = table[name].astype("int64" if name != "income_main" else "float64")
        if "head" in table:
            table["head"] = table["head"] == "1"
        (tmp_path / "parquet").mkdir(exist_ok=True)
        pq.write_table(
            pa.Table.from_pandas(table, preserve_index=False), tmp_path / "parquet" / f"{path.stem}.parquet"
        )
    _, one = read(intake, keys, homes, people)
    report, other = read(intake, keys, tmp_path / "parquet")
    assert other is not None, said(report)
    for name, table in one.tables.items():
        assert table.equals(other.tables[name]), name


def test_names_and_addresses_may_come_in_files_of_their_own(tmp_path, intake, keys):
    homes = [household(n) for n in range(4)]
    people = [person(n, n // 2) for n in range(8)]
    apart = ("citizen_id", "title", "first_name", "last_name")
    paths = [
        write(tmp_path / "a.csv", [{k: v for k, v in r.items() if k != "house_no"} for r in homes]),
        write(tmp_path / "b.csv", [{k: v for k, v in r.items() if k not in apart} for r in people]),
        write(tmp_path / "c.csv", [{k: r[k] for k in ("household_id", "house_no")} for r in homes]),
        write(tmp_path / "d.csv", [{k: r[k] for k in ("person_id", *apart)} for r in people]),
    ]
    report, split = read(intake, keys, *paths)
    assert split is not None, said(report)
    _, whole = read(intake, keys, write(tmp_path / "e.csv", homes), write(tmp_path / "f.csv", people))
    for name, table in whole.tables.items():
        assert table.equals(split.tables[name]), name
    # Or in one file of who and where, with the year.
    houses = {r["household_id"]: r["house_no"] for r in homes}
    both = [
        {k: r[k] for k in ("person_id", "household_id", *apart)}
        | {"year": 2023, "house_no": houses[r["household_id"]]}
        for r in people
    ]
    report, one = read(intake, keys, *paths[:2], write(tmp_path / "g.csv", both))
    assert one is not None, said(report)
    for name, table in whole.tables.items():
        assert table.equals(one.tables[name]), name


def test_answers_of_a_survey_are_judged_by_the_shared_rules(tmp_path, intake, keys):
    homes = [
        {"household_id": "a", "area_code": "550101", "house_secure": "ใช่", "house_durable": "ไม่ใช่", "income_main": 30_000,
         "income_secondary": 0, "income_other": 0, "income_own_produce": 0, "drinking_water": 1},
        {"household_id": "b", "area_code": "550101", "house_secure": 1, "house_durable": 1, "income_main": 90_000,
         "income_secondary": 0, "income_other": 0, "income_own_produce": 0, "drinking_water": ""},
    ]  # fmt: skip
    people = [person(n, 0, household_id="ab"[n % 2], age=40) for n in range(4)]
    paths = write(tmp_path / "a.csv", homes), write(tmp_path / "b.csv", people)
    report, judged = read(intake, keys, *paths, income_line=38_000)
    assert judged is not None, said(report)
    table = judged.tables["household"].to_pandas().set_index("household")
    one, two = (table.loc[keys.code("household", k)[:32]] for k in "ab")
    # 15,000 baht a head fails indicator 22 and 45,000 passes it; nobody is 60, so 21 does not apply.
    assert (one["ind08"], one["ind22"], one["ind09"], one["ind21"]) == (1, 1, 0, 2)
    assert (two["ind08"], two["ind22"], two["ind21"]) == (0, 0, 2) and pd.isna(two["ind09"])


def test_a_list_of_the_logbook_needs_no_income_line(tmp_path, intake, keys):
    stated = {"ind22": 1, "ind10": 0}
    homes = write(
        tmp_path / "a.csv", [{"household_id": "a", "area_code": "550101", "income_main": 1, **stated}]
    )
    people = [
        {
            "person_id": "p",
            "household_id": "a",
            "age": 40,
            "disabled": 1,
            "bedridden": "",
            "chronically_ill": 0,
        }
    ]
    report, made = read(intake, keys, homes, write(tmp_path / "b.csv", people))
    assert made is not None, said(report)
    assert "judged_indicators" not in report.facts
    # Answers without any income settle what they can, and indicator 22 stays unknown.
    homes = write(tmp_path / "a.csv", [{"household_id": "a", "area_code": "550101", "drinking_water": 0}])
    report, made = read(intake, keys, homes, tmp_path / "b.csv", year=2035)
    assert made is not None, said(report)
    row = made.tables["household"].to_pylist()[0]
    assert (row["ind09"], row["ind22"]) == (1, None)


def test_a_parquet_column_nobody_asked_for_does_not_matter(tmp_path, intake, keys):
    homes = pd.DataFrame([household(n) for n in range(2)])
    homes["updated_at"] = pd.Timestamp("2023-05-01")
    homes["tags"] = [["x"], []]
    homes.to_parquet(tmp_path / "h.parquet")
    people = write(tmp_path / "p.csv", [person(n, n) for n in range(2)])
    report, made = read(intake, keys, tmp_path / "h.parquet", people)
    assert made is not None, said(report)
    assert made.tables["household"].num_rows == 2
    homes["moo"] = [[1], [2]]
    homes.to_parquet(tmp_path / "h.parquet")
    report, made = read(intake, keys, tmp_path / "h.parquet", people)
    assert made is None
    assert [(f.code, f.column) for f in report.rejections] == [("households.column_kind", "moo")]


FAULTS = {
    "float": (None, {"citizen_id": "1100700000001.0"}, "households.citizen_float"),
    "scientific": (None, {"citizen_id": "1.1007E+12"}, "households.citizen_scientific"),
    "possible": (None, {"citizen_id": "8000000000004"}, "households.citizen_possible"),
    "short": (None, {"citizen_id": "01234"}, "households.citizen_length"),
    "age": (None, {"age": "สมมุติคน"}, "households.number"),
    "old": (None, {"age": "240"}, "households.age"),
    "half": (None, {"age": "3.5"}, "households.age"),
    "no age": (None, {"age": ""}, "households.empty"),
    "sex": (None, {"sex": "สมมุติคน"}, "households.sex"),
    "truth": (None, {"disabled": "สมมุติคน"}, "households.truth"),
    "alone": (None, {"household_id": "สมมุติคน"}, "households.unknown"),
    "twice": (None, {"person_id": "P000000"}, "households.twice"),
    "state": ({"ind22": "3"}, None, "households.state"),
    "area": ({"area_code": "สมมุติคน"}, None, "households.area"),
    "too wide": ({"area_code": "55"}, None, "households.area"),
    "below zero": ({"income_main": "-5"}, None, "households.whole"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_by_row_and_column_and_never_by_value(tmp_path, intake, keys, name):
    home, one, code = FAULTS[name]
    homes = [household(n, **((home or {}) if n == 2 else {})) for n in range(4)]
    people = [person(n, n // 2, **((one or {}) if n == 5 else {})) for n in range(8)]
    report, made = read(intake, keys, write(tmp_path / "a.csv", homes), write(tmp_path / "b.csv", people))
    assert made is None
    found = next(f for f in report.rejections if f.code == code)
    assert found.row == (4 if home else 7) and found.column in (home or one)
    for value in (*(home or {}).values(), *(one or {}).values(), *personal(4, 2)):
        assert not value or len(str(value)) < 4 or str(value) not in said(report)


def test_a_wrong_check_digit_and_a_repeated_number_are_warned_of(tmp_path, intake, keys):
    homes = [household(n) for n in range(2)]
    people = [person(n, n // 2) for n in range(4)]
    people[3]["citizen_id"] = people[0]["citizen_id"]
    report, made = read(intake, keys, write(tmp_path / "a.csv", homes), write(tmp_path / "b.csv", people))
    assert made is not None and {f.code for f in report.warnings} == {"households.citizen_twice"}
    assert [f.row for f in report.warnings] == [2, 5] and people[0]["citizen_id"] not in said(report)
    for row in people:
        row["citizen_id"] = ""
    people[1]["citizen_id"] = "8000000000000"
    people[2]["citizen_id"] = "0-1234-56789-01-2"
    report, made = read(intake, keys, tmp_path / "a.csv", write(tmp_path / "b.csv", people), synthetic=False)
    assert made is not None and [(f.row, f.code) for f in report.warnings] == [
        (3, "households.citizen_check"),
        (4, "households.citizen_prefix"),
    ]
    assert "--synthetic" not in said(report)
    assert made.tables["identity.name"]["citizen"].null_count == 4


def test_a_file_without_a_header_is_refused_without_repeating_its_first_person(tmp_path, intake, keys):
    homes, people = files(tmp_path / "in", 3, 2)
    bare = "\n".join(people.read_text("utf-8").splitlines()[1:])
    people.write_text(bare, "utf-8")
    report, made = read(intake, keys, homes, people)
    assert made is None
    assert not any(value in said(report) for value in personal(3, 2))
    # The same name twice in it would be a heading twice.
    people.write_text("ซาโลมิเต,ซาโลมิเต\n1,2\n", "utf-8")
    report, made = read(intake, keys, homes, people)
    assert made is None and "ซาโล" not in said(report)


def test_the_command_says_and_writes_no_personal_value(tmp_path, desk_home, monkeypatch, capfd, caplog):
    from warehouse.cli import main

    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "public"))
    paths = [str(path) for path in files(tmp_path / "in")]
    words = ""

    def daomap(*arguments):
        nonlocal words
        code = main(["import", "households", *paths, "--year-be", "2566", "--language", *arguments])
        printed = capfd.readouterr()
        words += printed.out + printed.err
        return code, printed.out

    code, text = daomap("en", "--synthetic")
    assert code == 0 and "30 households, 90 persons, 90 with a number (synthetic)" in text
    code, text = daomap("th", "--synthetic")
    assert code == 0 and "ไม่มีอะไรใหม่" in text
    assert daomap("en", "--json")[0] == 1  # impossible numbers are no real ones
    assert not (tmp_path / "public").exists()  # nothing went near the public home
    words += caplog.text
    written = {p.name: p for p in desk_home.rglob("*") if p.is_file()}
    assert set(written) >= {"persons.duckdb", "audit.jsonl"}
    assert all(written[name].stat().st_mode & 0o077 == 0 for name in ("persons.duckdb", "audit.jsonl"))
    kept = {name: path.read_bytes() for name, path in written.items()} | {"words": words.encode()}
    for value in personal():
        for encoding in ("utf-8", "utf-16-le"):
            assert not [name for name, data in kept.items() if value.encode(encoding) in data], value
