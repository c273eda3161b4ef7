"""Any table by area code: what is read, what is refused row by row, what a person confirms, and what is published."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from analytics import catalogue
from analytics.disclosure import DependentError, Relation, Structure, audit, found_structure
from geo.codes import official_areas, parent_of
from tests.hostile import FORMULAS
from warehouse.cli import main
from warehouse.embedded import build
from warehouse.intake import Intake
from warehouse.query import Warehouse
from warehouse.report import QueryError
from warehouse.settings import Settings
from warehouse.snapshots import Store
from warehouse.sources.table import Table, read_table, report_workbook
from warehouse.sources.table_plan import Measure, Plan, measure_id, plan_toml, propose_measure, read_plan

RATE = "province,rate_pct\nยะลา,20.5\nปัตตานี,30\n"


@pytest.fixture(autouse=True)
def shipped_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_extended", None)


@pytest.fixture(scope="module")
def intake() -> Iterator[Intake]:
    with Intake(workers=1, timeout=30) as pool:
        yield pool


@pytest.fixture
def take(intake: Intake, tmp_path: Path) -> Callable[..., Table]:
    def read(text: str, name: str = "table.csv", **options: Any) -> Table:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_table(path, intake, **options)

    return read


def numbers(table: Table) -> dict[tuple[str, str, int], float]:
    """``(area, measure, year) -> value``."""
    assert table.plan is not None and not table.batch.report.rejections, table.batch.report.rejections
    names = {m.id: m.measure for m in table.plan.measures}
    return {
        (r["area_code"], names[r["indicator"]], r["year"]): r["value"]
        for r in table.batch.observations.to_pylist()
    }


def refused(table: Table) -> set[str]:
    assert (
        table.batch.observations.num_rows == table.batch.sources.num_rows == 0 and not table.batch.indicators
    )
    return {f.code for f in table.batch.report.rejections}


def failed(table: Table) -> list[tuple[int, str]]:
    return [(f.row, f.code) for f in table.match.failures]


def test_years_in_columns_in_rows_and_in_sheets_say_the_same(
    take: Callable[..., Table], intake: Intake, tmp_path: Path
) -> None:
    expected = {("95", 2018): 10.0, ("95", 2023): 20.0, ("94", 2018): 30.0, ("94", 2023): 40.0}
    wide = take("จังหวัด,2561,2566\nยะลา,10,20\nปัตตานี,30,40\n")
    long = take("จังหวัด,ปี,n\nยะลา,2561,10\nยะลา,2566,20\nปัตตานี,2561,30\nปัตตานี,2566,40\n")
    book = xlsxwriter.Workbook(str(tmp_path / "years.xlsx"))
    for year, rows in (("2561", [("ยะลา", 10), ("ปัตตานี", 30)]), ("2566", [("ยะลา", 20), ("ปัตตานี", 40)])):
        page = book.add_worksheet(year)
        for number, row in enumerate([("จังหวัด", "n"), *rows]):
            page.write_row(number, 0, row)
    book.close()
    sheets = read_table(tmp_path / "years.xlsx", intake, sheets=["2561", "2566"])
    for table in (wide, long, sheets):
        assert {(code, year): v for (code, _, year), v in numbers(table).items()} == expected
    assert refused(read_table(tmp_path / "years.xlsx", intake)) == {"sheet.several"}


def test_labels_on_the_first_row_of_a_block_hold_for_the_block(take: Callable[..., Table]) -> None:
    table = take("จังหวัด,อำเภอ,n\nยะลา,เมือง,1\n,เบตง,2\nน่าน,เมือง,3\n,ปัว,4\n", year_be=2566)
    assert {code for code, _, _ in numbers(table)} == {"9501", "9502", "5501", "5505"}
    kinds = take("ภาค,เขต,2566\nกรุงเทพมหานคร,ใน,1\n,นอก,2\nเหนือ,ใน,3\n,นอก,4\nทั่วประเทศ,ใน,5\n,นอก,6\n")
    assert {(code, name): v for (code, name, _), v in numbers(kinds).items()} == {
        ("10", "ใน"): 1.0, ("10", "นอก"): 2.0, ("TH", "ใน"): 5.0, ("TH", "นอก"): 6.0,
    }  # fmt: skip
    assert kinds.match.regions == 2


def test_a_gap_in_a_full_column_is_not_filled(take: Callable[..., Table]) -> None:
    rows = ["ยะลา,2561,1", "น่าน,2561,2", "ตาก,,3", "ตรัง,2561,4", "เลย,2561,5"]
    table = take("จังหวัด,ปี,n\n" + "\n".join(rows) + "\n")
    assert failed(table) == [(4, "table.year")] and len(numbers(table)) == 4


def test_a_column_without_a_name_pushes_no_row_aside(take: Callable[..., Table]) -> None:
    table = take("จังหวัด,n,\nยะลา,1,ก\nน่าน,2,ข\nตาก,3,ค\nตรัง,4,\nเลย,5,\nเลย,โคราช,6,7\n", year_be=2566)
    assert table.match.matched == 5 and [f.row for f in table.match.failures] == [7]


def test_merged_headings_in_a_workbook(intake: Intake, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "merged.xlsx"), {"strings_to_formulas": False})
    page = book.add_worksheet()
    page.merge_range("A1:E1", "ตารางที่ 3 ครัวเรือนยากจน")
    page.merge_range("A2:A3", "รหัสจังหวัด")
    page.merge_range("B2:C2", "จำนวนครัวเรือน")
    page.merge_range("D2:E2", "ร้อยละ")
    page.write_row("B3", ["2565", "2566", "2565", "2566"])
    page.write_row("A4", [95, 10, 20, 1.5, 2.5])
    page.write_row("A5", ['="94"', 30, "n.a.", 3.5, 4.5])
    page.write("A6", "ที่มา: สำนักงานสถิติแห่งชาติ")
    book.close()
    table = read_table(tmp_path / "merged.xlsx", intake)
    assert {(c, n, y) for c, n, y in numbers(table)} == {
        (code, name, year)
        for code in ("95", "94")
        for name in ("จำนวนครัวเรือน", "ร้อยละ")
        for year in (2022, 2023)
    } - {("94", "จำนวนครัวเรือน", 2023)}
    assert table.plan is not None and table.plan.title_th == "ตารางที่ 3 ครัวเรือนยากจน"
    assert [m.unit for m in table.plan.measures] == ["households", "percent"]


def test_a_bad_row_costs_that_row_and_is_told(take: Callable[..., Table]) -> None:
    rows = [
        "ยะลา,10",
        "ปัตตานี,1234*",
        "Atlantis,5",
        "น่าน,7",
        "น่าน,8",
        "ภาคใต้,99",
        "ระนอง,-3",
        "ตาก,1.5",
        "พะเยา,",
        "แพร่,4",
        "ตรัง,5",
    ]
    table = take(
        "จังหวัด,จำนวนคน\n" + "\n".join([*rows, "สตูล,6", "เลย,7", "ยโสธร,8", "หมายเหตุ : x,"]), year_be=2566
    )
    assert failed(table) == [
        (3, "table.footnote"), (4, "table.unknown"), (5, "table.twice"), (6, "table.twice"),
    ]  # fmt: skip
    assert table.plan is not None and table.plan.measures[0].unit == "number"  # 1.5 persons are an average
    report = table.batch.report
    assert (report.rows_read, report.rows_accepted, report.rows_rejected) == (15, 9, 4)
    assert numbers(table)[("95", "จำนวนคน", 2023)] == 10.0 and ("56", "จำนวนคน", 2023) not in numbers(table)
    assert "9 of 13 matched" in table.match.sentence("en") and "1 unknown: Atlantis" in table.match.sentence(
        "en"
    )


def test_a_plan_that_says_persons_refuses_halves(take: Callable[..., Table]) -> None:
    text = "จังหวัด,จำนวนคน\nยะลา,10\nตาก,1.5\nน่าน,3\n"
    plan = take(text, year_be=2566).plan
    assert plan is not None
    persons = replace(plan.measures[0], unit="persons", additive=True)
    assert failed(take(text, plan=replace(plan, measures=(persons,)))) == [(3, "table.whole")]


def test_rows_of_one_area_of_today_add_up_as_counts_and_not_as_rates(take: Callable[..., Table]) -> None:
    # Two districts of Nong Khai that became Bueng Kan, and one that stayed.
    text = "geocode,จำนวนคน,ร้อยละ\n4311,100,10\n3806,50,20\n4301,7,30\n4302,8,40\n"
    table = take(text, year_be=2553)
    assert table.match.mapped == {"4311": "3806"}
    assert failed(table) == [(2, "table.merged_rate"), (3, "table.merged_rate")]
    plan = table.plan
    assert plan is not None
    counts = take(text, plan=replace(plan, measures=(plan.measures[0], replace(plan.measures[1], skip=True))))
    assert numbers(counts)[("3806", "จำนวนคน", 2010)] == 150.0 and not failed(counts)


def test_rows_without_numbers_are_counted_by_kind(take: Callable[..., Table]) -> None:
    rows = ["950101,ร้านยา", "950101,ร้านยา", "950102,ตลาด", "950101,ตลาด", "950103,ร้านยา", "950104,"]
    table = take("tambon_id,kind\n" + "\n".join(rows), year_be=2566)
    assert {(c, n): v for (c, n, _), v in numbers(table).items()} == {
        ("950101", "ร้านยา"): 2.0, ("950102", "ตลาด"): 1.0, ("950101", "ตลาด"): 1.0, ("950103", "ร้านยา"): 1.0,
    }  # fmt: skip
    assert failed(table) == [(7, "table.empty_category")]


def test_totals_and_parents_that_do_not_add_up_are_told(take: Callable[..., Table]) -> None:
    table = take("พื้นที่,จำนวนคน\nจังหวัดยะลา,100\nเมืองยะลา,40\nเบตง,50\nรวม,95\n", year_be=2566)
    assert {f.code: (f.found, f.expected) for f in table.batch.report.warnings} == {
        "table.total": ("95", "90"),
        "table.children": ("2566 province 100 (1 x, 95 ...)", "district 90"),
    }
    assert table.match.totals == 1


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (RATE, {}, "table.year"),
        ("province,rate_pct,ปี\nยะลา,20,2561\nปัตตานี,30,2018\n", {}, "table.mixed_eras"),
        ("a,b\nx,1\n", {"year_be": 2566}, "table.no_area"),
        ("ยะลา,1\nน่าน,2\n", {"year_be": 2566}, "table.no_header"),
        ("province,n\nAtlantis,1\nNarnia,2\nยะลา,3\n", {"year_be": 2566}, "table.mostly_unknown"),
        ("province,ชื่อสกุล,n\nยะลา,ก,1\n", {"year_be": 2566}, "table.personal"),
        ("province,who,n\nยะลา,นายสมชาย ใจดี,1\nน่าน,นางสมศรี ใจงาม,2\n", {"year_be": 2566}, "table.personal"),
        ("province,จำนวนคน\nยะลา,3\nน่าน,900\n", {"year_be": 2566, "cells_given": False}, "table.small_counts"),
        (RATE, {"year_be": 2566, "protected": lambda _: True}, "table.protected_value"),
        ("province," + ",".join(f"x{n}" for n in range(130)) + "\nยะลา" + ",1" * 130 + "\n", {"year_be": 2566}, "table.too_many"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_is_refused_whole(
    take: Callable[..., Table], text: str, options: dict[str, Any], code: str
) -> None:
    assert code in refused(take(text, **options))


def test_a_year_that_is_guessed_is_said(take: Callable[..., Table]) -> None:
    named, titled = take(RATE, name="poor_2566.csv").plan, take(f"ตาราง ปี 2565,\n{RATE}").plan
    assert named is not None and titled is not None
    assert (named.year_be, named.year_from, titled.year_be, titled.year_from) == (
        2566,
        "file name",
        2565,
        "title",
    )
    assert "2566 (file name)" in named.lines("en")[0]


def test_the_mapping_of_an_edition_serves_the_next_and_never_dates_it_back(
    take: Callable[..., Table],
) -> None:
    wide = take("จังหวัด,2565,2566\nยะลา,1,2\nน่าน,3,4\n").plan
    later = take("จังหวัด,2566,2567\nยะลา,2,5\nน่าน,4,6\n", plan=wide)
    assert {year: v for (code, _, year), v in numbers(later).items() if code == "95"} == {
        2023: 2.0,
        2024: 5.0,
    }
    dated = take(RATE, name="poor_2566.csv").plan
    assert refused(take(RATE, name="poor_2567.csv", plan=dated)) == {"table.year_differs"}
    assert {year for _, _, year in numbers(take(RATE, name="poor_2567.csv", plan=dated, year_be=2567))} == {
        2024
    }
    assert refused(take("จังหวัด,อื่น\nยะลา,1\nน่าน,2\n", plan=dated)) == {"table.mapping"}


def test_a_code_wins_over_its_name_and_municipalities_become_areas(take: Callable[..., Table]) -> None:
    table = take(
        "tambon_id,ตำบล,จำนวนคน\n950101,สะเตง,9\n950151,เทศบาลนครยะลา,8\n950102,บุดี,7\n950104,ยุโป,6\n",
        year_be=2566,
    )
    assert [f.code for f in table.batch.report.warnings].count("table.name_differs") <= 1
    assert [(a["code"], a["name_th"], a["kind"]) for a in table.batch.areas.to_pylist()] == [
        ("950151", "เทศบาลนครยะลา", "municipal")
    ]
    assert table.plan is not None and not table.plan.measures[0].additive


def test_a_percentage_knows_the_counts_it_is_made_of(take: Callable[..., Table]) -> None:
    text = "จังหวัด,จำนวนคนจน,จำนวนคน,ร้อยละ\nยะลา,20,200,10\nน่าน,,400,5\n"
    plan = take(text, year_be=2566).plan
    assert plan is not None
    poor, people, rate = plan.measures
    told = replace(plan, measures=(poor, people, replace(rate, of=poor.id, per=people.id)))
    rows = {(r["area_code"], r["indicator"]): r for r in take(text, plan=told).batch.observations.to_pylist()}
    assert [rows["95", rate.id][key] for key in ("numerator", "denominator", "value")] == [20.0, 200.0, 10.0]
    assert [rows["55", rate.id][key] for key in ("numerator", "denominator", "value")] == [None, 400.0, 5.0]
    assert [rows["95", poor.id][key] for key in ("numerator", "denominator")] == [20.0, None]


# ---------------------------------------------------------------- plans


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda t: t.strip() == t and bool(t)
)


@given(
    st.dictionaries(TEXTS, st.sampled_from(["code", "year", "value", "skip"]), min_size=1, max_size=5),
    TEXTS,
    st.booleans(),
)
def test_a_plan_comes_back_as_it_was_written(columns: dict[str, str], measure: str, additive: bool) -> None:
    one = Measure(measure, "t_a", "ก", "a", "number", "มม.", "mm", "none", additive, False, 1)
    plan = Plan("table-a", "ก", "a", "p", "", "", 2566, "mapping", columns, (one,))
    assert read_plan(plan_toml(plan)) == plan


SOUND = Plan(
    "table-a", "ก", "a", "p", "", "", None, "", {"x": "code"},
    (Measure("n", "t_a", "ก", "a", "percent", "ร้อยละ", "percent", "high", False, True, 1),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ('role', None), ('id = "t_a"', 'id = "target_poor"'),
        ('unit = "percent"', 'unit = "parsecs"'), ('worse = "high"', 'worse = 1'),
        ("additive = false", "additive = true"), ('name_en = "a"', 'name_en = "<b>a</b>"'), ('"x" = "code"', '"x" = "kode"'),
        ('id = "table-a"', 'id = "tpmap-2561"'), ("decimals = 1", "decimals = 9"), ('measure = "n"', 'measur = "n"'),
        ("[source]", "[source]\nyear_be = 66"), ("decimals = 1", 'decimals = 1\nof = "t_b"'),
    ],
)  # fmt: skip
def test_a_mapping_that_is_wrong_is_named(found: str, instead: str | None) -> None:
    text = plan_toml(SOUND)
    wrong = text.replace("[columns]", "[colums]") if instead is None else text.replace(found, instead, 1)
    assert wrong != text
    with pytest.raises(QueryError) as refusal:
        read_plan(wrong)
    assert "--save-mapping" in refusal.value.en and "วิธีแก้" in refusal.value.th


@pytest.mark.parametrize(
    ("measure", "unit_text", "expected"),
    [
        ("จำนวนคน", "", ("persons", True)), ("ประชากร", "พันคน", ("number", False)), ("สัดส่วนคนจน", "ร้อยละ", ("percent", False)),
        ("household_size", "", ("number", False)), ("คนต่อครัวเรือน", "", ("number", False)),
        ("รายได้", "บาท/เดือน", ("baht", False)),
        ("sum_rain", "mm", ("number", False)), ("อัตราตายต่อแสนประชากร", "", ("number", False)),
        ("mortality_rate_per_100000", "", ("number", False)), ("birth rate", "per 1000", ("number", False)),
        ("exchange rate", "", ("number", False)), ("population density", "", ("number", False)),
        ("unemployment_rate", "", ("percent", False)), ("percent of population", "", ("percent", False)),
        ("จำนวนเด็กยากจน", "", ("persons", True)), ("HIV cases", "", ("persons", True)), ("นักเรียน", "", ("persons", True)),
        ("คนป่วยโรคติดต่อ", "", ("persons", True)), ("ครัวเรือนที่ตกเกณฑ์", "", ("households", True)),
    ],
)  # fmt: skip
def test_units_are_guessed(measure: str, unit_text: str, expected: tuple[str, bool]) -> None:
    made = propose_measure(measure, unit_text, "x")
    assert (made.unit, made.additive) == expected


@pytest.mark.parametrize(
    ("measure", "worse"),
    [("คนยากจน", "high"), ("คนไม่ยากจน", "none"), ("non-poor", "none"), ("ผู้ที่ไม่ว่างงาน", "none")],
)
def test_what_is_not_bad_has_no_bad_direction(measure: str, worse: str) -> None:
    assert propose_measure(measure, "", "x").worse == worse


def test_a_proposal_claims_nothing_that_nobody_said(take: Callable[..., Table]) -> None:
    table = take("ลำดับ,จังหวัด,***\n1,ยะลา,3\n2,น่าน,4\n", year_be=2566, title="###")
    assert table.plan is not None and len(numbers(table)) == 2 and len(table.plan.measures) == 1
    assert not table.plan.measures[0].comparable
    assert any("ไม่ได้ระบุว่าทุกปีนับแบบเดียวกัน" in line for line in table.plan.lines("th"))
    several = take("จังหวัด,2561,2566\nยะลา,10,20\nน่าน,30,40\n")
    assert several.plan is not None and not several.plan.measures[0].comparable


def test_small_whole_numbers_of_no_stated_unit_are_asked_about(take: Callable[..., Table]) -> None:
    text = "จังหวัด,ข้อ ก\nยะลา,3\nน่าน,40\n"
    table = take(text, year_be=2566, cells_given=False)
    assert refused(table) == {"table.small_counts"} and table.plan is not None
    plan = replace(table.plan, measures=(replace(table.plan.measures[0], unit_th="แห่ง", unit_en="places"),))
    assert len(numbers(take(text, plan=plan, cells_given=False))) == 2
    assert len(numbers(take("จังหวัด,ข้อ ก\nยะลา,3.5\nน่าน,4\n", year_be=2566, cells_given=False))) == 2


def test_a_part_without_a_number_leaves_the_area_of_today_empty(take: Callable[..., Table]) -> None:
    for missing in ("-", "3*"):
        table = take(f"geocode,จำนวนคน\n4311,100\n3806,{missing}\n4301,7\n4302,8\n4305,9\n", year_be=2553)
        assert {code for code, _, _ in numbers(table)} == {"4301", "4302", "4305"}
        assert "table.part_missing" in {f.code for f in table.batch.report.warnings}


def test_a_bare_name_of_several_levels_is_what_the_rows_around_it_are(take: Callable[..., Table]) -> None:
    subdistricts = "พื้นที่,ประชากร\nบันนังสตา,2000\nบาเจาะ,3000\nตาเนาะปูเต๊ะ,2500\nถ้ำทะลุ,1500\nเขื่อนบางลาง,1000\n"
    table = take(subdistricts, year_be=2566)
    assert {code for code, _, _ in numbers(table)} == {"950301", "950303", "950304", "950306"}
    assert failed(table) == [(3, "table.ambiguous")]
    districts = take("พื้นที่,ประชากร\nยะลา,9000\nเมืองยะลา,2000\nเบตง,3000\nบันนังสตา,2500\n", year_be=2566)
    assert {code for code, _, _ in numbers(districts)} == {"95", "9501", "9502", "9503"}
    assert refused(take("พื้นที่,ประชากร\nบันนังสตา,2000\nบาเจาะ,3000\n", year_be=2566)) >= {"table.mostly_unknown"}


# ---------------------------------------------------------------- the command


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(Store(folder), Settings())
    return folder


@pytest.fixture
def home(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(built, tmp_path / "home")
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_nothing_is_published_before_the_plan_is_confirmed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "poor.csv"
    file.write_text(RATE, encoding="utf-8")
    before = Store(home).current()
    command = ["import", "table", str(file), "--year-be", "2566", "--language", "en"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(command) == 1
    told = capsys.readouterr()
    assert "rate pct | percent" in told.out and "--yes" in told.err
    mapping = tmp_path / "plan.toml"
    assert main([*command, "--save-mapping", str(mapping)]) == 0
    assert main([*command, "--yes", "--dry-run"]) == 0
    assert Store(home).current() == before
    text = mapping.read_text(encoding="utf-8").replace('name_en = "rate pct"', 'name_en = "Poor, survey"')
    mapping.write_text(text.replace('worse = "none"', 'worse = "high"'), encoding="utf-8")
    capsys.readouterr()
    edited = ["import", "table", str(file), "--mapping", str(mapping), "--language", "en", "--json"]
    assert main(edited) == 0
    facts = json.loads(capsys.readouterr().out)["facts"]
    assert facts["sentence"]["en"] == "2 of 2 matched"
    [name] = [m["id"] for m in facts["plan"]["measures"]]
    house = Warehouse.open(Store(home))
    frame = house.values(name, level="province", year=2023).set_index("area_code")
    assert frame["value"].dropna().to_dict() == {"94": 30.0, "95": 20.5}
    assert catalogue.indicator(name).name_en == "Poor, survey" and catalogue.indicator(name).worse == "high"
    house.close()
    assert main(edited) == 0 and json.loads(capsys.readouterr().out)["facts"]["nothing_new"] is True
    # Another id for the column: the table takes the place of what its source said of that year.
    mapping.write_text(mapping.read_text(encoding="utf-8").replace(f'"{name}"', '"t_poor"'), encoding="utf-8")
    assert main(edited) == 1 and "table.vanishes" in capsys.readouterr().out
    assert main([*edited, "--replace"]) == 0
    house = Warehouse.open(Store(home))
    assert "t_poor" in house.indicators_with_data() and name not in house.indicators_with_data()
    house.close()
    capsys.readouterr()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("", 1)])
def test_a_person_at_a_terminal_is_asked(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    file = tmp_path / "poor.csv"
    file.write_text(RATE, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", Terminal(answer + "\n"))
    before = Store(home).current()
    assert main(["import", "table", str(file), "--year-be", "2566", "--published"]) == code
    assert (Store(home).current() == before) == (code == 1)


def test_the_report_holds_the_failing_rows_and_no_formula(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = ['"' + f.replace('"', '""') + '"' for f in FORMULAS]
    file, book = tmp_path / "evil.csv", tmp_path / "report.xlsx"
    file.write_text(
        "province,จำนวนคน\n" + "".join(f"{e},1\n" for e in evil) + "ยะลา,90\nน่าน,80\nตาก,70\n",
        encoding="utf-8",
    )
    assert main(["import", "table", str(file), "--year-be", "2566", "--report", str(book), "--yes"]) == 0
    pages = openpyxl.load_workbook(book)
    cells = [cell for page in pages for row in page.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    rows = list(pages["failed rows"].iter_rows(values_only=True))
    assert [row[1:3] for row in rows[1:]] == [(n, "table.unknown") for n in range(2, 2 + len(evil))]
    assert [row[8] for row in rows[1:]] == ["'" + f for f in FORMULAS]
    capsys.readouterr()


def test_the_report_of_a_refused_table_says_why(take: Callable[..., Table]) -> None:
    table = take("province,n\nAtlantis,1\nNarnia,2\n", year_be=2566)
    pages = openpyxl.load_workbook(io.BytesIO(report_workbook(table)))
    assert "table.no_area" in [row[0] for row in pages["summary"].iter_rows(values_only=True)]


# ---------------------------------------------------------------- protection


def test_what_is_hidden_of_a_protected_table_does_not_follow_from_its_other_columns(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    districts = sorted(c for c, a in official_areas().items() if a.level == "district" and a.parent == "95")
    rows = [(code, 40 + 7 * n, 30 + 11 * n) for n, code in enumerate(districts)]
    rows[0] = (districts[0], 60, 2)
    lines = [f"{code},{men + women},{men},{women},{900 + men}" for code, men, women in rows]
    file, mapping = tmp_path / "poor.csv", tmp_path / "plan.toml"
    file.write_text("district_code,คน,ชาย,หญิง,ประชากร\n" + "\n".join(lines) + "\n", encoding="utf-8")
    command = ["import", "table", str(file), "--year-be", "2566", "--title", "poor"]
    assert main([*command, "--save-mapping", str(mapping)]) == 0
    assert main([*command, "--mapping", str(mapping), "--protected"]) == 0
    house = Warehouse.open(Store(home))
    [kept] = (house.info.path / "private").glob("*.counts.parquet")
    tall = pq.read_table(kept).to_pandas()
    truth = tall.pivot(index="area_code", columns="indicator", values="value")
    mask = tall.pivot(index="area_code", columns="indicator", values="hidden").astype(bool)
    total, men, women = (measure_id("poor", name) for name in ("คน", "ชาย", "หญิง"))
    shown = house.values(women, level="district", year=2023, within="95").set_index("area_code")
    assert bool(shown.at[districts[0], "suppressed"]) and shown["value"].isna().any()
    # An attacker who knows that men and women are everybody.
    relation = Structure((Relation({total: 1, men: -1, women: -1}, equal=True),))
    tree = {code: parent_of(str(code)) for code in truth.index}
    assert audit(truth, mask, tree, relation, 5, seed=1).ok
    one = mask.copy()
    one.loc[:, [total, men]] = False
    assert not audit(truth, one, tree, relation, 5).ok
    # Protected without a word from now on, and nothing of a cell stays in the report that is published.
    file.write_text("district_code,คน\n9501,3*\n9502,3\n9503,900\n9504,800\n", encoding="utf-8")
    house.close()
    again = ["import", "table", str(file), "--year-be", "2566", "--yes", "--replace"]
    assert main([*again, "--title", "revised", "--protected", "--json"]) == 1
    assert "table.protected_twice" in capsys.readouterr().out
    assert main([*again, "--title", "poor"]) == 0
    house = Warehouse.open(Store(home))
    frame = house.values(total, level="district", year=2023, within="95").set_index("area_code")
    assert bool(frame.at["9502", "suppressed"]) and not frame["value"].eq(3).any()
    reports = [house.report(i) for i in house.imports()["import_id"]]
    mine = [r for r in reports if r["kind"] == "table" and r["facts"]["plan"]["title_th"] == "poor"]
    assert len(mine) == 2 and "3*" not in json.dumps(mine)
    house.close()
    capsys.readouterr()


def test_sums_between_columns_are_found_and_other_dependence_is_refused() -> None:
    dice = np.random.default_rng(3)
    a, b, c = (dice.integers(1, 90, 30).astype(float) for _ in range(3))
    table = pd.DataFrame({"a": a, "b": b, "c": c, "abc": a + b + c})
    assert Relation({"abc": 1, "a": -1, "b": -1, "c": -1}, equal=True) in found_structure(table).relations
    assert Relation({"a": 1, "abc": -1}) in found_structure(table).relations
    with pytest.raises(DependentError, match="1 of 3"):
        found_structure(pd.DataFrame({"a": a, "b": b, "twice": 2 * a + 3 * b}))
    assert found_structure(pd.DataFrame({"a": a, "b": b})).relations == ()


@pytest.mark.parametrize("spoil", ["typo", "gap"])
def test_one_misprint_or_one_sparse_column_unties_no_columns(spoil: str) -> None:
    men, women = np.array([60.0, 47, 54, 61, 68, 75, 82, 89]), np.array([2.0, 41, 52, 63, 74, 85, 96, 107])
    table = pd.DataFrame({"all": men + women, "men": men, "women": women})
    if spoil == "typo":
        table.loc[5, "all"] += 1
    else:
        table["disabled"] = np.where(np.arange(8) == 3, 120.0, np.nan)
    assert Relation({"all": 1, "men": -1, "women": -1}, equal=True) in found_structure(table).relations
    table["twice"] = 2 * men + 3 * women
    table.loc[6, "twice"] += 1
    with pytest.raises(DependentError):
        found_structure(table)


MUNICIPAL = (
    "tambon_code,คน,ชาย,หญิง\n950101,20,19,1\n950102,21,18,3\n950103,22,20,2\n950104,23,16,7\n950106,24,15,9\n"
    "950108,25,14,11\n950199,30,26,4\n"
)


def test_a_municipality_beside_the_subdistricts_lays_no_small_count_open(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, mapping = tmp_path / "muni.csv", tmp_path / "muni.toml"
    file.write_text(MUNICIPAL, encoding="utf-8")
    command = ["import", "table", str(file), "--year-be", "2566", "--language", "en"]
    assert main([*command, "--save-mapping", str(mapping)]) == 0
    kept = read_plan(mapping.read_text(encoding="utf-8"))
    assert {(m.unit, m.additive) for m in kept.measures} == {("persons", False)}
    # Its own mapping, unedited, is asked the same question as the file alone.
    for said in (["--yes"], ["--mapping", str(mapping)]):
        assert main([*command, *said]) != 0
        assert "--protected to hide small counts" in "".join(capsys.readouterr())
    assert main([*command, "--yes", "--protected"]) == 0
    house = Warehouse.open(Store(home))
    women = house.values(measure_id("muni", "หญิง"), level="subdistrict", year=2023, within="9501")
    few = women[women["area_code"].isin(["950101", "950102", "950103", "950199"])]
    assert len(few) >= 3 and few["suppressed"].all() and few["value"].isna().all()
    house.close()
    capsys.readouterr()


def test_a_first_row_of_numbers_like_years_is_a_row(take: Callable[..., Table]) -> None:
    table = take("จังหวัด,จำนวนคน\nยะลา,2000\nปัตตานี,3000\nนราธิวาส,4000\n", year_be=2566)
    assert {(code, year): v for (code, _, year), v in numbers(table).items()} == {
        ("95", 2023): 2000.0, ("94", 2023): 3000.0, ("96", 2023): 4000.0,
    }  # fmt: skip
    other = take("พื้นที่,ปี,จำนวนคน\nยะลา,2561,2000\nปัตตานี,2561,3000\n")
    assert set(numbers(other).values()) == {2000.0, 3000.0}
    assert refused(take("จังหวัด,2561,2562\nยะลา,10,20\n", year_be=2566)) == {"table.year_differs"}


def test_sheets_are_tables_of_their_own_and_ids_have_one_owner(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, mapping = tmp_path / "two.xlsx", tmp_path / "plan.toml"
    book = xlsxwriter.Workbook(str(file))
    for name in ("income", "debt"):
        page = book.add_worksheet(name)
        for number, row in enumerate([("province", f"{name} baht"), ("ยะลา", 9000), ("น่าน", 8000)]):
            page.write_row(number, 0, row)
    book.close()
    command = ["import", "table", str(file), "--year-be", "2566", "--language", "en"]
    for name in ("income", "debt"):
        assert main([*command, "--sheet", name, "--yes"]) == 0
    house = Warehouse.open(Store(home))
    imported = {i.name_en for i in house.imported_indicators if i.id in house.indicators_with_data()}
    assert {"income baht", "debt baht"} <= imported
    house.close()
    assert main([*command, "--sheet", "debt", "--save-mapping", str(mapping)]) == 0
    with_plan = [*command[:3], "--sheet", "debt", "--mapping", str(mapping), "--json"]
    assert main([*with_plan, "--title", "another"]) != 0
    capsys.readouterr()
    text = mapping.read_text(encoding="utf-8").replace('id = "table-', 'id = "table-copied-', 1)
    mapping.write_text(text, encoding="utf-8")
    assert main(with_plan) == 1 and "table.id_taken" in capsys.readouterr().out


def test_percentages_that_may_be_fractions_are_asked_about(take: Callable[..., Table]) -> None:
    fractions = "จังหวัด,ร้อยละคนจน\nยะลา,0.205\nน่าน,0.3\nตาก,0\n"
    refusal = take(fractions, year_be=2566)
    assert refused(refusal) == {"table.percent_scale"} and refusal.plan is not None
    for scale, first in ((100, 20.5), (1, 0.205)):
        plan = replace(refusal.plan, measures=(replace(refusal.plan.measures[0], scale=scale),))
        assert read_plan(plan_toml(plan)).measures == plan.measures
        assert numbers(take(fractions, plan=plan))["95", "ร้อยละคนจน", 2023] == pytest.approx(first)
    assert refused(take("จังหวัด,ร้อยละคนจน\nยะลา,10%\nน่าน,0.12\nตาก,40\n", year_be=2566)) == {
        "table.percent_scale"
    }
    assert set(numbers(take("จังหวัด,ร้อยละคนจน\nยะลา,0.5%\nน่าน,0.12%\n", year_be=2566)).values()) == {0.5, 0.12}


def test_a_count_has_no_percent_sign_and_no_lost_digits(take: Callable[..., Table]) -> None:
    table = take("จังหวัด,จำนวนคน\nยะลา,50%\nน่าน,1.2E+3\nตาก,70\nเลย,80\nตรัง,90\n", year_be=2566)
    assert failed(table) == [(2, "table.percent"), (3, "table.scientific")]


def test_a_protected_table_gives_no_rate_beside_a_blank_count(take: Callable[..., Table]) -> None:
    text = "province,poor people,people,poor rate\nยะลา,60,900,6.7\nน่าน,,200,1.5\nตาก,80,700,11.4\n"
    plan = take(text, year_be=2566).plan
    assert plan is not None
    poor, people, rate = plan.measures
    plan = replace(plan, measures=(poor, people, replace(rate, of=poor.id, per=people.id)))
    shown = {
        code for code, name, _ in numbers(take(text, plan=plan, protected=lambda _: True)) if "rate" in name
    }
    assert shown == {"95", "63"}
    assert len(numbers(take(text, plan=plan))) == 8
