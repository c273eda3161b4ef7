"""Lines of a table become columns with a meaning: headers of any depth, years in headings, areas as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.codes import official_areas
from warehouse.sources.table_layout import AreaReader, LayoutError, Place, heading_year, lay_out, span_year

ROWS = [["ยะลา", "1,200", "3.5"], ["นราธิวาส", "2,000", "4.5"], ["ปัตตานี", "na.", "–"]]


def roles(lines, **given_roles):
    return {c.heading: c.role for c in lay_out(lines, **given_roles).columns}


def test_titles_units_and_footnotes_stand_around_the_table():
    lines = [
        ["ตาราง 1 รายได้ครัวเรือน ปี 2562", "", ""],
        ["", "", "(หน่วย : บาท)"],
        ["จังหวัด", "รายได้", "หนี้"],
        *ROWS,
        ["ที่มา : สำนักงานสถิติแห่งชาติ", "", ""],
    ]
    layout = lay_out(lines)
    assert (layout.header, layout.first, layout.unit, layout.year) == ((2,), 3, "บาท", 2019)
    assert layout.titles == ("ตาราง 1 รายได้ครัวเรือน ปี 2562",)
    assert [c.measure for c in layout.values] == ["รายได้", "หนี้"]


def test_two_and_three_header_rows_are_joined_and_years_taken_out():
    lines = [
        ["จังหวัด", "คนจน", "", "รายได้เฉลี่ย", ""],
        ["", "2561", "2566", "2561", "2566"],
        ["", "(คน)", "(คน)", "(บาท/เดือน)", "(บาท/เดือน)"],
        ["ยะลา", "10", "20", "9,000", "9,500"],
        ["ปัตตานี", "11", "21", "9,100", "9,600"],
    ]
    layout = lay_out(lines)
    assert layout.header == (0, 1, 2)
    assert [(c.measure, c.year, c.unit) for c in layout.values] == [
        ("คนจน", 2018, "คน"), ("คนจน", 2023, "คน"), ("รายได้เฉลี่ย", 2018, "บาท/เดือน"), ("รายได้เฉลี่ย", 2023, "บาท/เดือน"),
    ]  # fmt: skip


def test_a_row_that_numbers_the_columns_is_no_heading():
    lines = [["จังหวัด", "คน", "บาท"], ["(1)", "(2)", "(3)"], *ROWS]
    assert [c.heading for c in lay_out(lines).columns] == ["จังหวัด", "คน", "บาท"]


def test_columns_of_numbers_alone_keep_their_numbers_as_headings():
    lines = [["tumbol_ID", "1", "2"], ["950101.0", "0.5", "2.1"], ["950102.0", "0.25", "3"]]
    assert [(c.heading, c.role) for c in lay_out(lines).columns] == [
        ("tumbol_ID", "code"),
        ("1", "value"),
        ("2", "value"),
    ]


def test_split_codes_names_beside_codes_and_codes_again():
    body = [[str(p), str(a), str(t), "x", f"{p}{a:02}", "5"] for p, a, t in [(95, 1, 1), (95, 1, 2)] * 5]
    found = roles([["PROV_CODE", "AMP_CODE", "TAM_CODE", "label", "PA", "clinics"], *body])
    assert found == {
        "PROV_CODE": "code_province", "AMP_CODE": "code_district", "TAM_CODE": "code_subdistrict", "label": "skip",
        "PA": "skip", "clinics": "value",
    }  # fmt: skip


def test_the_finest_code_is_the_area_and_the_rest_repeats_it():
    lines = [
        ["tumbol_ID", "amphur_ID", "province_ID", "rate"],
        *([f"95010{n}", "9501", "95", "1.5"] for n in range(1, 6)),
    ]
    assert roles(lines) == {"tumbol_ID": "code", "amphur_ID": "skip", "province_ID": "skip", "rate": "value"}


def test_a_table_of_one_area_has_measures_in_its_rows():
    lines = [
        ["ตัวชี้วัด ทั่วราชอาณาจักร", "", ""], ["ตัวชี้วัด", "2565", "2566"], ["เส้นความยากจน (บาท)", "2,997", "3,043"],
    ]  # fmt: skip
    layout = lay_out(lines)
    assert (layout.area, [c.year for c in layout.values]) == ("TH", [2022, 2023])


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([["a", "b"], ["x", "1"], ["y", "2"]], "table.no_area"),
        ([["ยะลา", "1"], ["ปัตตานี", "2"]], "table.no_header"),
        ([], "table.no_area"),
    ],
)
def test_what_is_no_table_of_areas_is_said(lines, code):
    with pytest.raises(LayoutError) as refused:
        lay_out(lines)
    assert refused.value.code == code


def test_somebody_may_say_what_a_column_is():
    lines = [["จังหวัด", "คน", "บาท"], *ROWS]
    assert roles(lines, roles={"บาท": "skip"})["บาท"] == "skip"


def read(heading, *rows):
    lines = [heading, *rows]
    reader = AreaReader(lay_out(lines))
    return [reader.read(row) for row in rows]


def test_areas_regions_totals_and_notes_are_told_apart():
    found = read(
        ["Region and province", "2558"], ["Whole Kingdom", "1"], [" Greater Bangkok ", "1"], ["Bungkan", "2"],
        ["Central Region", "3"], ["รวม", "9"], ["หมายเหตุ : x", "1"], ["Atlantis", "1"],
    )  # fmt: skip
    assert [(p.kind, p.code) for p in found] == [
        ("area", "TH"), ("region", None), ("area", "38"), ("region", None), ("total", None), ("note", None), ("wrong", None),
    ]  # fmt: skip
    assert found[-1].fault == "unknown" and "Atlantis" in found[-1].found


def test_a_district_is_looked_for_in_the_province_named_above_it():
    found = read(
        ["พื้นที่", "คน"], ["จังหวัดยะลา", "9"], ["เมือง", "1"], ["เบตง", "2"], ["จังหวัดน่าน", "7"], ["เมือง", "1"]
    )
    assert [p.code for p in found] == ["95", "9501", "9502", "55", "5501"]


def test_a_name_of_several_areas_needs_its_province():
    rows = [["เฉลิมพระเกียรติ", "1"], ["เบตง", "2"], ["จะแนะ", "3"]]
    [first, *_] = read(["อำเภอ", "คน"], *rows)
    assert (first.kind, first.fault) == ("wrong", "ambiguous") and first.expected.count(",") >= 2
    [first, *_] = read(
        ["จังหวัด", "อำเภอ", "คน"], *(["น่าน", *row] if n == 0 else ["ยะลา", *row] for n, row in enumerate(rows))
    )
    assert first.code is not None and first.code.startswith("55")


def test_abolished_codes_go_to_their_successor_or_are_refused():
    found = read(
        ["geocode", "คน"], ["4311", "1"], ["104701", "2"], ["1047", "3"], ["950151", "4"], ["96010101", "5"]
    )
    assert found[0] == Place("area", "3806", "4311")
    assert (found[1].fault, found[1].expected) == ("abolished", "104702, 104703")
    assert [p.code for p in found[2:4]] == ["1047", "950151"] and found[4].fault == "village"


@given(st.sampled_from(sorted(official_areas())), st.sampled_from(["{}", "{}.0", '="{}"', " {} ", "TH{}"]))
def test_every_official_code_is_read_however_it_is_written(code, form):
    if code == "TH":
        return
    lines = [["area_code", "n"], [form.format(code), "1"]]
    [place] = [AreaReader(lay_out(lines, roles={"area_code": "code"})).read(lines[1])]
    assert (place.kind, place.code) == ("area", code)


@given(st.integers(1900, 2100), st.text(alphabet="abcกขค ", max_size=8))
def test_a_year_in_a_heading_is_found_in_either_era(year, words):
    assert heading_year(f"{words} / {year}")[0] == heading_year(f"{words} / {year + 543}")[0] == year


def test_spans_are_of_two_years_that_follow_each_other():
    assert [span_year(t) for t in ("2562/63", "2599/00", "2562/64", "2562/2563", "62/63")] == [
        2019,
        2056,
        None,
        2019,
        None,
    ]


@pytest.mark.parametrize("first", [["Atlantis", "7"], ["9501", "3*"], ["ยะลา", "1 234 567,8"], ["=1+1", "5"]])
def test_a_wrong_first_row_is_no_heading(first):
    layout = lay_out([["area_code", "คน"], first, ["9502", "2"], ["9503", "3"], ["95", "4"]])
    assert (layout.first, [c.heading for c in layout.columns]) == (1, ["area_code", "คน"])


def test_a_province_in_the_corner_is_a_heading():
    layout = lay_out([["จังหวัดยะลา", "2561", "2562"], ["เบตง", "5", "6"], ["รามัน", "7", "8"]])
    assert (layout.first, [c.year for c in layout.values]) == (1, [2018, 2019])
