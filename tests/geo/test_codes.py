"""Codes and names: the official list, and reading what people write."""

from __future__ import annotations

import math
import pickle
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.codes import (
    LEVELS,
    REPAIRS,
    AreaIndex,
    CodeError,
    abolished_areas,
    bare_name,
    clean_name,
    level_of,
    municipal_area,
    official_areas,
    parent_of,
    plain_name,
    read_code,
    read_code_parts,
    read_name,
    region_of,
    search,
)

OFFICIAL = sorted(official_areas())
BELOW_COUNTRY = [c for c in OFFICIAL if c != "TH"]


# --- the list


def test_counts_by_level():
    counts = Counter(a.level for a in official_areas().values())
    assert counts == {"country": 1, "province": 77, "district": 928, "subdistrict": 7436}
    assert len(abolished_areas()) == 1583
    assert not set(abolished_areas()) & set(official_areas())


def test_every_area_has_its_parent_in_the_list():
    areas = official_areas()
    for area in areas.values():
        assert area.parent is None if area.code == "TH" else area.parent in areas
        assert area.level in LEVELS and area.name_th and area.name_en


@pytest.mark.parametrize("word", ["จังหวัด", "อำเภอ", "เขต", "ตำบล", "แขวง", "อ.", "ต.", "Khet ", "Amphoe "])
def test_no_official_name_keeps_its_level_word(word):
    assert not [
        a for a in official_areas().values() if a.name_th.startswith(word) or a.name_en.startswith(word)
    ]


def test_regions_are_the_five_of_the_statistical_office():
    counts = Counter(a.region for a in official_areas().values() if a.level == "province")
    assert counts == {"bangkok": 1, "central": 25, "northeast": 20, "north": 17, "south": 14}
    assert region_of("38") == "northeast" and region_of("7701") == "central" and region_of("TH") is None


def test_lists_are_read_only():
    with pytest.raises(TypeError):
        official_areas()["99"] = None  # type: ignore[index]


def test_abolished_names_successors_and_basis():
    area = abolished_areas()["530306"]
    assert (area.area.kind, area.successors, area.basis) == ("abolished", ("530407",), "notice")
    assert abolished_areas()["105001"].successors == ("105002", "105003", "105004", "105005")


@pytest.mark.parametrize("bad", ["", "3", "340", "34011", "th", "๓๔", "340101011", "34.0", " 34"])
def test_shape_functions_take_official_form_only(bad):
    for function in (level_of, parent_of, region_of):
        with pytest.raises(CodeError):
            function(bad)


def test_region_of_an_unknown_province_is_an_error():
    with pytest.raises(CodeError):
        region_of("99")


def test_municipal_areas():
    area = municipal_area("950151")
    assert (area.level, area.parent, area.kind, area.region) == ("subdistrict", "9501", "municipal", "south")
    for bad in ("950150", "959951", "9501", "95010151"):
        with pytest.raises(CodeError):
            municipal_area(bad)


# --- reading codes


@pytest.mark.parametrize(
    ("text", "code", "repairs"),
    [
        ("34", "34", ()),
        ("TH", "TH", ()),
        ("th", "TH", ("case",)),
        ("TH34", "34", ("th_prefix",)),
        ("th3401", "3401", ("th_prefix",)),
        ("TH 340101", "340101", ("th_prefix",)),
        (34, "34", ("number",)),
        (np.int64(3401), "3401", ("number",)),
        (302009.0, "302009", ("float",)),
        (np.float64(302009), "302009", ("float",)),
        ("302009.0", "302009", ("float",)),
        ('="340101"', "340101", ("excel_formula",)),
        ('"340101"', "340101", ("quotes",)),
        ("'340101", "340101", ("quotes",)),
        ("“3401”", "3401", ("quotes",)),
        ("๓๔๐๑", "3401", ("thai_digits",)),
        ("３４０１", "3401", ("full_width",)),
        ("\ufeff3401", "3401", ("invisible",)),
        ("34\u200b01", "3401", ("invisible",)),
        ("\u00a03401\u00a0", "3401", ("whitespace",)),
        (" 3401 \t", "3401", ("whitespace",)),
        ("38", "38", ()),
        ("9501020101", "95010201", ("village_suffix",)),
        ("95010201", "95010201", ()),
        ("950151", "950151", ()),
        ("104701", "104701", ("abolished",)),
        ("3423", "3423", ("abolished",)),
        # DOPA's list of 2006 knows 400199 as an abolished area; files of today mean a municipality.
        ("400199", "400199", ()),
    ],
)
def test_read_code(text, code, repairs):
    reading = read_code(text)
    assert (reading.code, reading.repairs) == (code, repairs)
    assert set(reading.repairs) <= set(REPAIRS)


@pytest.mark.parametrize(
    "bad",
    [
        "", "  ", "\u200b", "3.02E5", "3.02e+05", "302009.5", "34.01", 34.5, math.nan, math.inf, -34,
        "-34", "+34",
        "34,35", "34 35", "3401;3402", "34-01", "340", "34011", "340101011", "99", "9999", "3499",
        "340199x", "73??04",
        "00", "01", "340100", "340150", "34010", "THTH34", "TH34TH", "ABC", True, None, b"34", ["34"],
        "4" * 400,
        "28", "2801", "34010a", "３４０", "1e1", "0x34", "٣٤", "99010101", "34015001",
    ],
)  # fmt: skip
def test_read_code_refuses_what_has_no_single_reading(bad):
    with pytest.raises(CodeError) as caught:
        read_code(bad)
    assert caught.value.expected


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("34", "district"),
        ("3401", "province"),
        ("TH", "province"),
        ("34", "country"),
        ("9501020101", "subdistrict"),
    ],
)
def test_a_level_asked_for_is_a_level_required(text, level):
    with pytest.raises(CodeError) as caught:
        read_code(text, level)
    assert caught.value.found == text and level in caught.value.expected


def test_unknown_level_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="level"):
        read_code("34", "county")


def test_code_error_survives_pickling():
    error = pickle.loads(pickle.dumps(CodeError(340, "4 digits")))
    assert (error.found, error.expected) == ("340", "4 digits")


@given(st.sampled_from(BELOW_COUNTRY), st.data())
def test_any_dress_of_a_code_reads_back(code, data):
    text = data.draw(st.sampled_from(["", "TH", "th"])) + code
    if data.draw(st.booleans()):
        text = text.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    if text == code and data.draw(st.booleans()):
        text += ".0"
    text = data.draw(st.sampled_from(["{}", ' "{}" ', '="{}"', "\u00a0{}\u200b", "'{}"])).format(text)
    reading = read_code(text)
    assert reading.code == code
    assert "abolished" not in reading.repairs
    assert read_code(code).repairs == ()


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.binary()))
def test_read_code_answers_or_raises_code_error(thing):
    try:
        reading = read_code(thing)
    except CodeError:
        return
    assert read_code(reading.code).code == reading.code
    assert level_of(reading.code)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((34, 1, 5), "340105"),
        (("34", "01", "05"), "340105"),
        (("30.0", "20.0", "9.0"), "302009"),
        ((50, 5), "5005"),
        ((50, 5, None), "5005"),
        ((50, 5, math.nan), "5005"),
        ((50, "", ""), "50"),
        (("34", "3401", "340105"), "340105"),
        (("๓๔", "๑", "๕"), "340105"),
    ],
)
def test_read_code_parts(parts, code):
    assert read_code_parts(*parts).code == code


@pytest.mark.parametrize(
    "parts",
    [
        (34, None, 5),
        (None, 1, 5),
        (3, 4, 1),
        (34, 101, 5),
        (34, "3501", 5),
        (34, 99),
        (34, 0, 1),
        ("x", 1),
        (),
    ],
)
def test_read_code_parts_refuses(parts):
    with pytest.raises(CodeError):
        read_code_parts(*(parts or (None,)))


def test_parts_name_their_repairs():
    assert read_code_parts("34", "01", "05").repairs == ("joined_parts",)
    assert "padded" in read_code_parts("34", "1", "5").repairs


# --- names


@pytest.mark.parametrize("text", ["น้ําพอง", "นํ้าพอง", "น้ำพอง", " น้ำ\u200bพอง", "อ.น้ำพอง", "อำเภอ น้ําพอง"])
def test_sara_am_in_pieces_equals_sara_am(text):
    assert plain_name(text) == plain_name("น้ำพอง")


def test_tone_mark_order_does_not_matter():
    assert clean_name("ท่ีวัง") == "ที่วัง"
    assert clean_name("เเม่ริม") == "แม่ริม"


def test_sara_am_stays_one_character():
    for area in official_areas().values():
        assert clean_name(area.name_th) == area.name_th


@given(st.text())
def test_cleaning_twice_changes_nothing(text):
    once = clean_name(text)
    assert clean_name(once) == once
    assert plain_name(text) == plain_name(text)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Bungkan", "38"), ("Bueng Kan", "38"), ("Changwat Bueng Kan", "38"), ("จ.บึงกาฬ", "38"),
        ("จังหวัด บึงกาฬ", "38"),
        ("Buriram", "31"), ("Buri Ram", "31"), ("BURI-RAM", "31"), ("Sisaket", "33"), ("Si Sa Ket", "33"),
        ("Chonburi", "20"), ("Phangnga", "82"), ("Phang-Nga", "82"), ("Nongbua Lamphu", "39"),
        ("Ayutthaya", "14"),
        ("อยุธยา", "14"), ("Bangkok Metropolis", "10"), ("กทม", "10"), ("กทม.", "10"), ("กรุงเทพฯ", "10"),
        ("กรุงเทพมหานคร", "10"), ("Prachinburi", "25"), ("Lopburi", "16"), ("Chainat", "18"),
        ("Singburi", "17"),
        ("Suphanburi", "72"), ("Yala Province", "95"), ("yala", "95"), ("\u200bยะลา\u00a0", "95"),
        ("Samutprakan", "11"),
    ],
)  # fmt: skip
def test_province_names(name, code):
    assert read_name(name, "province").code == code


@pytest.mark.parametrize(
    "name", ["Greater Bangkok", "Central Region", "ภาคกลาง", "", "  ", "จ.", None, math.nan, "ยะ"]
)
def test_what_is_no_province(name):
    reading = read_name(name, "province")
    assert reading.code is None and reading.candidates == ()


@pytest.mark.parametrize(
    ("name", "level", "within", "code"),
    [
        ("อำเภอเมืองยะลา", "district", None, "9501"),
        ("อ.เมือง จ.ยะลา", "district", None, "9501"),
        ("อำเภอเมืองจังหวัดยะลา", "district", None, "9501"),
        ("เมือง", "district", "95", "9501"),
        ("Muang Yala", "district", None, "9501"),
        ("Amphoe Mueang Yala", "district", None, "9501"),
        ("เขตพระนคร", "district", None, "1001"),
        ("พระนคร", "district", "10", "1001"),
        ("ป้อมปราบ", "district", "10", "1008"),
        ("ต.สะเตง อ.เมืองยะลา จ.ยะลา", "subdistrict", None, "950101"),
        ("แขวงบางนา", "subdistrict", "1047", "104701"),
        ("ต.จ.ป.ร.", "subdistrict", None, "850406"),
        ("ปอพาน", "subdistrict", "4501", "450109"),
        ("กิ่งอำเภอลืออำนาจ", "district", None, "3707"),
        ("ทั่วราชอาณาจักร", "country", None, "TH"),
        ("Whole Kingdom", "country", None, "TH"),
    ],
)
def test_names_below_the_province(name, level, within, code):
    assert read_name(name, level, within=within).code == code


def test_ambiguous_names_give_every_candidate():
    reading = read_name("อ.เมือง", "district")
    assert reading.code is None and len(reading.candidates) == 76
    reading = read_name("วังทอง", "subdistrict")
    assert reading.code is None and len(reading.candidates) == 9
    assert read_name("บางไทร", "district", within="14").code == "1404"


def test_a_level_word_of_another_level_is_no_match():
    assert read_name("จ.ยะลา", "district").candidates == ()


def test_abolished_names_are_found_last():
    reading = read_name("บางบอน", "subdistrict", within="1050")
    assert reading.code == "105001" and "abolished" in reading.repairs


@pytest.mark.parametrize("key", ["name_th", "name_en"])
def test_every_official_name_finds_its_area(key):
    for area in official_areas().values():
        assert area.code in read_name(getattr(area, key), area.level, within=area.parent).candidates, area


def test_thai_names_are_unique_within_their_parent():
    for area in official_areas().values():
        assert read_name(area.name_th, area.level, within=area.parent).code == area.code


def test_names_of_repairs_are_listed():
    reading = read_name(" จ.Bungkan\u200b", "province")
    assert reading.code == "38"
    assert set(reading.repairs) <= set(REPAIRS)


def test_bare_name_never_empties_a_name():
    assert bare_name("อำเภอ") == "อำเภอ" and bare_name("จ.ป.ร.") == "จ.ป.ร."


# --- searching


def codes(text, limit=12):
    return [a.code for a in search(text, limit=limit)]


def test_search_order_is_exact_then_start_then_inside_and_higher_levels_first():
    assert codes("ยะลา", 3) == ["95", "950106", "9501"]
    found = search("เชียง", limit=200)
    starts = [a.name_th.startswith("เชียง") for a in found]
    assert starts == sorted(starts, reverse=True)
    levels = [LEVELS.index(a.level) for a in found if a.name_th.startswith("เชียง") and a.name_th != "เชียง"]
    assert levels == sorted(levels)


def test_search_by_code_and_prefix_word():
    assert codes("34")[:2] == ["34", "3401"]
    assert codes("๙๕๐๑")[0] == "9501" and codes("TH95")[0] == "95"
    assert {a.level for a in search("อ.เมือง", limit=50)} == {"district"}
    assert codes("Changwat Yala")[0] == "95"
    assert codes("กทม") == ["10"] and codes("bungkan")[0] == "38"


def test_search_with_an_area_above():
    assert set(codes("วังทอง พิษณุโลก")) == {"6508", "650801"}
    assert all(c.startswith("40") for c in codes("ต.ในเมือง จ.ขอนแก่น"))


@pytest.mark.parametrize("text", ["", " ", "zzzzqq", "\u200b", "()", ".", "*", "[", "\n"])
def test_search_finds_nothing_quietly(text):
    assert codes(text) == []


def test_search_limits_and_keeps_its_order():
    assert len(codes("บ", 5)) == 5 and codes("บ", 0) == []
    assert codes("บ", 30)[:10] == codes("บ", 10)


def test_search_takes_areas_or_an_index():
    some = [a for a in official_areas().values() if a.code.startswith("95")]
    assert search("เมือง", some)[0].code == "9501"
    index = AreaIndex(some)
    assert len(index) == len(some) and search("ยะลา", index)[0].code == "95"


@given(st.text(max_size=20))
def test_search_never_fails(text):
    assert len(search(text)) <= 12


def test_search_stays_fast():
    index = AreaIndex(official_areas())
    queries = ["ยะลา", "a", "ban", "เ", "อ.เมือง", "34", "วังทอง พิษณุโลก", "น"]
    best = []
    for text in queries:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            index.search(text)
            times.append(time.perf_counter() - start)
        best.append(min(times))
    # A tenth of this is usual; the bound only catches a search that went quadratic.
    assert max(best) < 0.1
