"""Files of villages: what a row becomes, what is left out and why, and that nothing gets lost on the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from analytics.village_specs import read_spec, shipped_specs
from geo.boundaries import embedded_provinces
from tests.warehouse.village_maker import (
    CODES,
    NAMES,
    PLAN11,
    book,
    csv_file,
    dbf,
    dbf_zip,
    header,
    rows,
)
from warehouse.batch import Batch
from warehouse.cli import main
from warehouse.intake import Intake
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import Store
from warehouse.sources.villages import read_villages
from warehouse.sources.villages_codes import village_code
from warehouse.sources.villages_points import village_key


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=1, timeout=30) as pool:
        yield pool


def read(intake: Intake, *paths: Path, **options: Any) -> Batch:
    return read_villages(list(paths), intake, **{"specs": shipped_specs(), "year_be": 2558} | options)


def laid(batch: Batch) -> dict[tuple[str, str], int]:
    return {(r["code"], r["indicator"]): r["score"] for r in batch.village_scores.to_pylist()}


def codes(batch: Batch) -> set[str]:
    return {code for code, _ in laid(batch)}


SOUND = {
    (line[0], i.id): int(score)
    for line in rows()
    for i, score in zip(PLAN11.indicators, line[2:], strict=True)
}


# -- shapes of files -----------------------------------------------------------


def _legacy(line: list[str], form: str) -> list[str]:
    code = line[0]
    return {
        "ten": [f"{code}01", *line[1:]],
        "nine": [f"{code[:6]}0{code[6:]}", *line[1:]],
        "formula": [f'="{code}"', *line[1:]],
        "split": [str(int(code[:2])), str(int(code[2:4])), str(int(code[4:6])), str(int(code[6:])), *line[1:]],
        "named": [*{"9501": ("ยะลา", "เมืองยะลา"), "9502": ("ยะลา", "เบตง"), "9601": ("นราธิวาส", "เมืองนราธิวาส")}[code[:4]],
                  {"950101": "สะเตง", "950102": "บุดี", "950201": "เบตง", "960101": "บางนาค"}[code[:6]],
                  f"หมู่ที่ {int(code[6:])}".removeprefix("หมู่ที่ "), *line[1:]],
    }[form]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "head"),
    [
        ("ten", ["village_id"]),
        ("nine", ["vill_code"]),
        ("formula", ["รหัสหมู่บ้าน"]),
        ("split", ["รหัสจังหวัด", "รหัสอำเภอ", "รหัสตำบล", "หมู่ที่"]),
        ("named", ["จังหวัด", "อำเภอ", "ตำบล", "หมู่ที่"]),
    ],
)
def test_a_village_is_the_same_however_its_code_is_written(
    intake: Intake, tmp_path: Path, form: str, head: list[str]
) -> None:
    lines = [[*head, "ชื่อหมู่บ้าน", *NAMES], *(_legacy(line, form) for line in rows())]
    quoted = [
        [f'"{c}"' if "," in c else c.replace('"', '""').join('""') if '"' in c else c for c in line]
        for line in lines
    ]
    batch = read(intake, csv_file(tmp_path / f"{form}.csv", quoted))
    assert not batch.report.refused, [f.line("en") for f in batch.report.rejections]
    assert laid(batch) == SOUND


@pytest.mark.parametrize("form", ["csv", "cp874", "xlsx", "two headers", "dbf", "zip"])
def test_every_form_of_file_gives_the_same_scores(intake: Intake, tmp_path: Path, form: str) -> None:
    lines = [header(), *rows()]
    short = ["VILLCODE", "NAME", *(i.id.upper() for i in PLAN11.indicators)]
    if form == "xlsx":
        path = book(tmp_path / "a.xlsx", [["ข้อมูล กชช.2ค ปี 2558"], *lines])
    elif form == "two headers":
        domains = {d.key: d.name_th for d in PLAN11.domains}
        first = {d: i.id for d in domains for i in reversed(PLAN11.of_domain(d))}
        group = [domains[i.domain] if first[i.domain] == i.id else "" for i in PLAN11.indicators]
        top = ["รหัสหมู่บ้าน", "ชื่อหมู่บ้าน", *group]
        path = book(tmp_path / "b.xlsx", [["รายงาน"], top, ["", "", *NAMES], *rows(), ["หมายเหตุ"]])
    elif form == "dbf":
        path = tmp_path / "c.dbf"
        path.write_bytes(dbf(short, rows()))
    elif form == "zip":
        path = dbf_zip(tmp_path / "d.zip", dbf(short, rows(), "utf-8"))
    else:
        path = csv_file(tmp_path / "e.csv", lines, "cp874" if form == "cp874" else "utf-8")
    batch = read(intake, path)
    assert not batch.report.refused, [f.line("en") for f in batch.report.rejections]
    assert laid(batch) == SOUND
    assert {a["code"]: a["name_th"] for a in batch.areas.to_pylist()} == {line[0]: line[1] for line in rows()}
    assert (batch.report.rows_read, batch.report.rows_accepted, batch.report.rows_rejected) == (6, 6, 0)


def test_numbered_columns_are_read_and_said_to_rest_on_an_unchecked_list(
    intake: Intake, tmp_path: Path
) -> None:
    lines = [["รหัสหมู่บ้าน", *(f"ตัวชี้วัดที่ {n}" for n in range(1, 34))], *([r[0], *r[2:]] for r in rows())]
    batch = read(intake, csv_file(tmp_path / "n.csv", lines))
    assert laid(batch) == SOUND and batch.report.found["villages.by_number"] == 1
    wrong = [["รหัสหมู่บ้าน", "2. ถนน", "น้ำใช้"], ["95010101", "1", "2"]]
    refused = read(intake, csv_file(tmp_path / "w.csv", wrong)).report
    assert [f.code for f in refused.rejections] == ["villages.number_name"]


def test_the_number_of_a_question_is_not_that_of_an_indicator(intake: Intake, tmp_path: Path) -> None:
    for at, heads in enumerate(
        (["1.1", "1.2", "2.1"], ["ข้อ 1.1", "ข้อ ๑.๒", "ข้อ 1 (3)"], ["Q1_1", "i1_2", "I1-3"])
    ):
        lines = [["รหัสหมู่บ้าน", "ชื่อหมู่บ้าน", *heads], ["95010101", "ก", "1", "2", "3"]]
        report = read(intake, csv_file(tmp_path / f"q{at}.csv", lines)).report
        assert [f.code for f in report.rejections] == ["villages.number_dotted"], heads
    # Beside headings that are understood they cost only themselves; a name behind such a number counts.
    lines = [["รหัสหมู่บ้าน", "ถนน", "1.1", "2.1 น้ำดื่ม", "11. น้ำใช้"], ["95010101", "1", "2", "3", "1"]]
    batch = read(intake, csv_file(tmp_path / "mixed.csv", [line[:4] for line in lines]))
    assert laid(batch) == {("95010101", "i01"): 1, ("95010101", "i02"): 3}
    assert batch.report.found["villages.number_dotted"] == 1
    own = read_spec(PLAN11.entry.replace('name_th = "ถนน"', 'columns = ["Q1_1"]\nname_th = "ถนน"'))
    listed = csv_file(tmp_path / "listed.csv", [["รหัสหมู่บ้าน", "q1_1"], ["95010101", "2"]])
    assert laid(read(intake, listed, spec=own)) == {("95010101", "i01"): 2}


# -- cells and rows -------------------------------------------------------------


def test_not_applicable_is_not_missing_and_a_wrong_score_costs_its_row(
    intake: Intake, tmp_path: Path
) -> None:
    lines = [
        ["รหัสหมู่บ้าน", "ถนน", "น้ำดื่ม", "การเข้าถึงแหล่งเงินทุน", "ระดับการพัฒนา"],
        ["95010101", "1", "ไม่เข้าข่าย", "๒", "3"],
        ["95010102", "", "ไม่เกี่ยวข้อง", "3.0", "3"],
        ["95010103", "4", "1", "1", "3"],
        ["95010199", "มาก", "1", "1", "3"],
        ["95010201", "1", "-", "–", "2"],
    ]
    batch = read(intake, csv_file(tmp_path / "s.csv", lines))
    funds = PLAN11.of_domain("d5")[-1].id
    assert laid(batch) == {
        ("95010101", "i01"): 1, ("95010101", "i02"): 0, ("95010101", funds): 2,
        ("95010102", "i02"): 0, ("95010102", funds): 3,
        ("95010201", "i01"): 1,
    }  # fmt: skip
    left = [(f.code, f.row, f.column, f.found) for f in batch.report.warnings]
    assert left == [("villages.row_score", 4, "ถนน", "4"), ("villages.row_score", 5, "ถนน", "มาก")]
    report = batch.report
    assert (report.rows_read, report.rows_accepted, report.rows_rejected) == (5, 3, 2)
    # A dash is an empty cell and no word that the indicator does not apply.
    assert (report.facts["missing_scores"], report.facts["not_applicable"]) == (3, 2)
    # Thirty indicators are missing, so no level is certain that could be compared with the file's own.
    assert not report.checks


def test_the_files_own_level_is_compared_with_the_cuts(intake: Intake, tmp_path: Path) -> None:
    lines = [[*header(), "ระดับ"], *([*line, level] for line, level in zip(rows(), "123312", strict=True))]
    [check] = read(intake, csv_file(tmp_path / "l.csv", lines)).report.checks
    assert (check.code, check.cells, check.failures) == ("villages.level", 6, 0)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["9501010", "x"], "villages.row_code"),
        (["9501010A", "x"], "villages.row_code"),
        (["9.5E+07", "x"], "villages.row_code"),
        (["95019901", "x"], ""),  # a municipality's community
        (["95013901", "x"], "villages.row_area"),
        (["99010101", "x"], "villages.row_area"),
        (["95010100", "x"], "villages.row_number"),
        (["95010101", "x"], "villages.row_twice"),
        (["95010104", " "], "villages.row_name"),
    ],
)
def test_a_bad_row_costs_itself_and_says_why(
    intake: Intake, tmp_path: Path, line: list[str], code: str
) -> None:
    lines = [["village_id", "village_name"], *([c, "บ้านดี"] for c in CODES), line]
    report = read(intake, csv_file(tmp_path / "r.csv", lines)).report
    assert not report.refused
    assert [(f.code, f.row) for f in report.warnings] == ([(code, 8)] if code else [])
    assert report.rows_accepted == 7 - bool(code) and report.rows_rejected == bool(code)


def test_a_table_that_is_mostly_unreadable_is_refused_as_a_whole(intake: Intake, tmp_path: Path) -> None:
    good = [[f"9501010{n}", "ก"] for n in range(1, 10)]
    bad = [[f"0000000{n}", "ก"] for n in range(10)]
    assert not read(intake, csv_file(tmp_path / "v.csv", [["รหัส", "ชื่อ"], *good, *bad[:9]])).report.refused
    lines = [["รหัส", "ชื่อ"], *good, *bad]
    report = read(intake, csv_file(tmp_path / "u.csv", lines)).report
    assert [f.code for f in report.rejections] == ["villages.untrusted"]


@pytest.mark.parametrize(
    ("options", "lines", "code"),
    [
        ({"year_be": None}, [header(), *rows()], "villages.year"),
        ({"year_be": 2568}, [header(), *rows()], "villages.spec"),
        ({"year_be": 2565}, [header(), *rows()], "villages.year"),
        ({"mode": "raw"}, [header(), *rows()], "villages.no_rule"),
        ({}, [["ปี", *header()], *(["2560", *r] for r in rows())], "villages.year_differs"),
        ({}, [["รหัสหมู่บ้าน", "ถนน", "ถนน / ถนน"], ["95010101", "1", "2"]], "villages.column_twice"),
        ({}, [["รหัสหมู่บ้าน", "ชื่อหมู่บ้าน", "เลขบัตรประชาชน"], ["95010101", "ก", "1"]], "villages.personal"),
        ({}, [["รหัสหมู่บ้าน", "ผู้ใหญ่บ้าน"], ["95010101", "นายสมชาย ใจดี"]], "villages.personal"),
        ({}, [["รหัสหมู่บ้าน", "ชื่อหมู่บ้าน"], ["95010101", "¹èÒ¹¹éÓ"]], "villages.garbled"),
        ({}, [["ลำดับ", "ชื่อ"], ["1", "ก"]], "villages.header"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(
    intake: Intake, tmp_path: Path, options: dict[str, Any], lines: Sequence[Sequence[str]], code: str
) -> None:
    batch = read(intake, csv_file(tmp_path / "f.csv", lines), **options)
    assert code in [f.code for f in batch.report.rejections], [f.line("en") for f in batch.report.rejections]
    assert not batch.areas.num_rows and not batch.village_scores.num_rows


def test_a_specification_of_ones_own_scores_raw_answers_and_keeps_none_of_them(
    intake: Intake, tmp_path: Path
) -> None:
    entry = PLAN11.entry.replace('id = "plan11"', 'id = "own"', 1).replace(
        "number = 1\n", 'number = 1\nrule = {worse = "low", severe = 50, some = 80}\n', 1
    )
    own = read_spec(entry, "own.toml")
    lines = [
        ["รหัสหมู่บ้าน", "ถนน", "น้ำดื่ม"],
        ["95010101", "49.5", "7"],
        ["95010102", "80%", "7"],
        ["95010103", "ดี", "7"],
    ]
    batch = read(intake, csv_file(tmp_path / "raw.csv", lines), spec=own, mode="raw")
    assert laid(batch) == {("95010101", "i01"): 1, ("95010102", "i01"): 3}
    assert {f.code for f in batch.report.warnings} == {"villages.row_answer", "villages.column_unread"}
    assert batch.village_specs == {"own": entry}
    assert batch.indicators[0].id == "nrd_own_level1"


def test_a_column_of_years_chooses_the_specification_and_two_rounds_may_come_together(
    intake: Intake, tmp_path: Path
) -> None:
    first = [["ปี", *header()], *(["2558", *r] for r in rows())]
    second = [["ปี", *header()], *(["2562", *r] for r in rows())]
    files = [csv_file(tmp_path / "a.csv", first), csv_file(tmp_path / "b.csv", second)]
    batch = read(intake, *files, year_be=None)
    assert not batch.report.refused, [f.line("en") for f in batch.report.rejections]
    rounds = {(r["spec"], r["year"], r["source_id"]) for r in batch.village_scores.to_pylist()}
    assert rounds == {("plan11", 2015, "nrd-plan11-2558"), ("plan12", 2019, "nrd-plan12-2562")}
    assert set(batch.village_specs) == {"plan11", "plan12"}
    assert len(batch.indicators) == 2 * (3 + 7 + 33) and batch.report.facts["spec"]["id"] == "plan11, plan12"


# -- points ---------------------------------------------------------------------


def boundaries() -> dict[str, gpd.GeoDataFrame]:
    """Two square subdistricts of the middle of Yala, side by side."""
    squares = [shapely.box(101.20, 6.30, 101.30, 6.40), shapely.box(101.30, 6.30, 101.40, 6.40)]
    frame = gpd.GeoDataFrame({"code": ["950101", "950102"]}, geometry=squares, crs=4326)
    return {"province": embedded_provinces(), "subdistrict": frame}


KNOWN = {
    "95010101": "หนองแก",
    "95010102": "ทุ่งใหญ่",
    "95010103": "ทุ่งใหญ่",
    "95010201": "บ้านเหนือ",
    "95010202": "หมู่ที่ 2",
}


def test_points_without_official_codes_are_found_by_name_where_they_lie(
    intake: Intake, tmp_path: Path
) -> None:
    lines = [
        ["VILL_ID", "NAME", "TAM_NAME", "AMP_NAME", "PRV_NAME", "x", "y"],
        ["1", "บ้านหนองแก", "สะเตง", "เมืองยะลา", "ยะลา", "101.25", "6.35"],
        ["2", "บ้านทุ่งใหญ่", "สะเตง", "เมืองยะลา", "ยะลา", "101.26", "6.35"],
        ["3", "บ้านเหนือ", "สะเตง", "เมืองยะลา", "ยะลา", "101.35", "6.35"],
        ["4", "บ้านไม่รู้จัก", "สะเตง", "เมืองยะลา", "ยะลา", "101.25", "6.35"],
        ["5", "บ้านหนองแก", "สะเตง", "เมืองยะลา", "ยะลา", "105.99", "6.35"],
        ["6", "บ้านเหนือ", "บุดี", "เมืองยะลา", "ยะลา", "101.299", "6.35"],
    ]
    options = {"known": KNOWN, "boundaries": boundaries(), "year_be": None}
    batch = read(intake, csv_file(tmp_path / "p.csv", lines[:6]), **options)
    found = {p["code"]: (p["how"], p["confidence"]) for p in batch.village_points.to_pylist()}
    # The first shares its coordinates with the fourth, so it is half as sure.
    assert found == {"95010101": ("position", 0.45), "95010201": ("position", 0.7)}
    facts = batch.report.facts
    assert (
        facts["left_out"] == {"ambiguous": 1, "position": 1, "unmatched": 1} and facts["repeated_points"] == 1
    )
    assert {f.code: f.row for f in batch.report.warnings if f.code.startswith("villages.row_")} == {
        "villages.row_ambiguous": 3, "villages.row_unmatched": 5, "villages.row_position": 6,
    }  # fmt: skip
    # A second point of the name, at the edge of the subdistrict it names: which is the village nobody can tell.
    both = read(intake, csv_file(tmp_path / "q.csv", [*lines[:6], lines[6]]), **options)
    assert "95010201" not in both.village_points.column("code").to_pylist()
    alone = read(intake, csv_file(tmp_path / "r.csv", [lines[0], lines[6]]), **options)
    assert [(p["code"], p["how"]) for p in alone.village_points.to_pylist()] == [("95010201", "name")]


def test_points_cannot_be_found_by_name_where_no_village_is_known(intake: Intake, tmp_path: Path) -> None:
    lines = [["id", "NAME", "x", "y"], ["1", "บ้านหนองแก", "101.25", "6.35"]]
    batch = read(
        intake, csv_file(tmp_path / "p.csv", lines), known={"95010101": "หมู่ที่ 1"}, boundaries=boundaries()
    )
    assert "villages.unknown_villages" in [f.code for f in batch.report.rejections]


def test_coordinates_of_coded_villages_are_mended_only_where_it_can_be_proved(
    intake: Intake, tmp_path: Path
) -> None:
    lines = [
        ["รหัสหมู่บ้าน", "ชื่อหมู่บ้าน", "ละติจูด", "ลองจิจูด"],
        ["95010101", "ก", "101.25", "6.35"],  # swapped
        ["95010102", "ข", '"6,35"', '"101,25"'],
        ["95010103", "ค", "6.35", "101.38"],  # in the neighbour
        ["95010104", "ง", "13.7", "100.5"],  # in Bangkok
        ["95010105", "จ", "6.31", "6.31"],
        ["95010106", "ฉ", "", ""],
    ]
    batch = read(intake, csv_file(tmp_path / "c.csv", lines), boundaries=boundaries(), year_be=None)
    found = {
        p["code"]: (p["longitude"], p["latitude"], p["confidence"]) for p in batch.village_points.to_pylist()
    }
    assert found == {
        "95010101": (101.25, 6.35, 1.0),
        "95010102": (101.25, 6.35, 1.0),
        "95010103": (101.38, 6.35, 0.5),
    }
    left = [
        (f.row, f.found.rpartition(" ")[2])
        for f in batch.report.warnings
        if f.code == "villages.row_position"
    ]
    assert left == [(5, "(other_area)"), (6, "(same)"), (7, "(missing)")]
    assert batch.report.repairs["position_swapped"] == 1 and batch.report.found["villages.outside_own"] == 1


def test_points_in_a_table_of_scores_are_looked_at_like_those_of_a_list(
    intake: Intake, tmp_path: Path
) -> None:
    places = [("101.25", "6.35"), ("101.38", "6.35"), ("101.22", "6.32"), ("101.22", "6.32")]
    codes = ["95010101", "95010102", "95010103", "95010104"]
    lines = [["รหัสหมู่บ้าน", "ถนน", "ลองจิจูด", "ละติจูด"]]
    lines += [[code, "1", *place] for code, place in zip(codes, places, strict=True)]
    batch = read(intake, csv_file(tmp_path / "sp.csv", lines), boundaries=boundaries())
    sure = {p["code"]: p["confidence"] for p in batch.village_points.to_pylist()}
    # The second lies in the neighbouring subdistrict; the last two share their coordinates.
    assert list(sure.values()) == [1.0, 0.5, 0.5, 0.5]
    assert (batch.report.found["villages.outside_own"], batch.report.found["villages.repeated_point"]) == (
        1,
        2,
    )
    assert batch.report.rows_accepted == 4


def test_shapes_in_metres_are_brought_to_degrees_and_lines_are_refused(
    intake: Intake, tmp_path: Path
) -> None:
    frame = gpd.GeoDataFrame(
        {"village_id": ["95010101"], "name": ["ก"]}, geometry=[shapely.Point(101.25, 6.35)], crs=4326
    )
    frame.to_crs(32647).to_file(tmp_path / "p.gpkg")
    batch = read(intake, tmp_path / "p.gpkg", year_be=None)
    [point] = batch.village_points.to_pylist()
    assert (round(point["longitude"], 6), round(point["latitude"], 6)) == (101.25, 6.35)
    frame.set_geometry([shapely.LineString([(101, 6), (101.1, 6.1)])], crs=4326).to_file(tmp_path / "l.gpkg")
    assert [f.code for f in read(intake, tmp_path / "l.gpkg").report.rejections] == ["villages.shape"]


def test_names_are_compared_without_what_every_village_is_called() -> None:
    assert village_key("บ้านหนองแก ม.3") == village_key(" หนองแก") != village_key("หนองแกใหญ่")
    assert village_code("๙๕๐๑๐๑๐๑").code == "95010101"


# -- published ------------------------------------------------------------------


def test_the_command_line_publishes_shares_of_every_level_and_knows_the_file_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    file = str(csv_file(tmp_path / "nrd.csv", [header(), *rows()]))
    command = ["import", "villages", file, "--year-be", "2558", "--language", "en"]
    assert main([*command, "--protected"]) == 2
    assert main([*command, "--spec", str(tmp_path / "none.toml")]) == 1
    assert main([*command, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["facts"]["spec"] == {
        "id": "plan11",
        "verified": False,
        "unverified_indicators": 33,
        "cuts_verified": False,
    }
    assert main(command) == 0
    assert "not verified: 33 indicators" in capsys.readouterr().out
    assert main(command) == 0
    assert "nothing new" in capsys.readouterr().out
    house = Warehouse.open(Store(tmp_path / "home"), Settings().query)
    first = house.values("nrd_plan11_i01", level="province", year=2015).set_index("area_code")
    assert first.loc[["95", "96"], ["numerator", "denominator"]].to_numpy().tolist() == [[4, 5], [1, 1]]
    assert first.at["10", "value"] != first.at["10", "value"]  # Bangkok has no villages: no data, not zero
    level = house.values("nrd_plan11_level1", level="province", year=2015).set_index("area_code").loc["95"]
    assert (level["numerator"], level["denominator"]) == (2, 5)
    # Two provinces are not the country.
    country = house.values("nrd_plan11_level1", level="country", year=2015)
    assert country["value"].isna().all() and house.villages.coverage("plan11", 2015, "95") == (5, 5)
    assert "not verified" in house.imported_indicators[0].name_en
    assert house.area("95010101").name_th == "บ้านที่1"
    house.close()


def test_other_cuts_change_what_an_earlier_round_comes_to(intake: Intake, tmp_path: Path) -> None:
    from warehouse.publish import publish_batches

    store = Store(tmp_path / "home")
    publish_batches(store, Settings(), [read(intake, csv_file(tmp_path / "a.csv", [header(), *rows()]))])
    stricter = read_spec(PLAN11.entry.replace("severe_from = 11", "severe_from = 7"))
    other = csv_file(tmp_path / "b.csv", [header(), *rows(["95010301"], [0])[:1]])
    publish_batches(store, Settings(), [read(intake, other, spec=stricter, year_be=2556)])
    house = Warehouse.open(store)
    level = house.values("nrd_plan11_level1", level="province", year=2015).set_index("area_code").loc["95"]
    assert (level["numerator"], level["denominator"]) == (3, 5)
    house.close()
