"""Coordinates as tables really have them: read, proved against the map, or turned away with the reason."""

import csv
import math

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.boundaries import embedded_provinces
from geo.coordinates import Land, Zones, locate, read_angle
from tests.realdata import real_path

# Inside the provinces Bangkok (10), Nan (55) and Ubon Ratchathani (34).
BANGKOK, NAN, UBON = (100.5018, 13.7535), (100.78, 18.79), (104.85, 15.23)


@pytest.fixture(scope="module")
def land():
    return Land({"province": embedded_provinces()})


def one(land, lon, lat, area=None):
    return locate([lon], [lat], [area], land)[0]


def near(position, place):
    return position.fault is None and math.dist((position.longitude, position.latitude), place) < 1e-3


def utm(place, zone):
    x, y = pyproj.Transformer.from_crs(4326, 32600 + zone, always_xy=True).transform(*place)
    return f"{x:.0f}", f"{y:.0f}"


@pytest.mark.parametrize(
    ("lon", "lat", "repairs"),
    [
        ("100.5018", "13.7535", ()),
        (" 100.5018 ", "\u200b13.7535\ufeff", ()),
        ("๑๐๐.๕๐๑๘", "๑๓.๗๕๓๕", ()),
        ("１００.5018", "13.7535", ()),
        ("100,5018", "13,7535", ("decimal_comma",)),
        ("100°30'6.5\"E", "13°45'12.6\"N", ("degrees_minutes_seconds",)),
        ("100º 30′ 6.5″", "13º 45′ 12.6″", ("degrees_minutes_seconds",)),
        ("100 30 6.5", "13 45 12.6", ("degrees_minutes_seconds",)),
        ("E 100.5018", "N 13.7535", ()),
        ("100 องศา 30 ลิปดา 6.5 ฟิลิปดา", "13 องศา 45 ลิปดา 12.6 ฟิลิปดา", ("degrees_minutes_seconds",)),
    ],
)
def test_every_notation_is_read(land, lon, lat, repairs):
    found = one(land, lon, lat, "10")
    assert near(found, BANGKOK)
    assert found.repairs == repairs
    assert found.province == "10"


def test_a_swap_is_undone_only_where_it_is_proved(land):
    assert one(land, "18.79", "100.78", "55").repairs == ("swapped",)
    assert near(one(land, "18.79", "100.78", "550107"), NAN)
    assert one(land, "18.79", "100.78", "34").fault == "swapped_unproved"
    assert one(land, "18.79", "100.78").fault == "swapped_unproved"


@pytest.mark.parametrize(("place", "zone", "area"), [(NAN, 47, "55"), (UBON, 48, "34"), (UBON, 47, "34")])
def test_metres_are_turned_into_degrees_in_the_zone_that_fits(land, place, zone, area):
    x, y = utm(place, zone)
    if zone == 47 and area == "34":
        # Beyond the zone's own strip eastings run past 900 km, where they are not Thailand's any more.
        assert one(land, x, y, area).fault == "outside"
        return
    found = one(land, x, y, area)
    assert near(found, place) and found.repairs == (f"utm_{zone}n",)
    turned = one(land, y, x, area)
    assert near(turned, place) and turned.repairs == ("swapped", f"utm_{zone}n")
    thousands = one(land, f"{float(x):,.1f}", f"{float(y):,.1f}", area)
    assert math.dist((thousands.longitude, thousands.latitude), place) < 1e-3
    assert one(land, x, y).fault == "utm_unproved"
    assert one(land, x, y, "83").fault == "utm_unproved"


@pytest.mark.parametrize(
    ("lon", "lat", "area", "fault"),
    [
        ("", "13.7", "10", "missing"),
        (None, "13.7", "10", "missing"),
        ("100.5", "  ", "10", "missing"),
        ("abc", "13.7", "10", "not_a_number"),
        ("nan", "13.7", "10", "not_a_number"),
        ("1e2", "13.7", "10", "not_a_number"),
        ("100°61'00\"", "13.7", "10", "not_a_number"),
        ("0", "0", "10", "zero"),
        ("13.7535", "13.7535", "10", "same"),
        ("100.5018", "-13.7535", "10", "outside"),
        ("139.69", "35.68", "10", "outside"),
        ("103.0", "8.0", None, "outside"),  # the open Gulf, inside the box
        ("100.78", "18.79", "34", "other_area"),
    ],
)
def test_what_cannot_be_right_says_why(land, lon, lat, area, fault):
    found = one(land, lon, lat, area)
    assert found.fault == fault
    assert math.isnan(found.longitude) and math.isnan(found.latitude)


def test_the_province_found_is_named_where_it_is_the_wrong_one(land):
    assert one(land, "100.78", "18.79", "34").province == "55"


def test_rows_keep_their_order_and_do_not_touch_each_other(land):
    found = locate(["100.5018", "x", "100.78"], ["13.7535", "1", "18.79"], ["10", None, None], land)
    assert [p.fault for p in found] == [None, "not_a_number", None]
    assert [p.province for p in found] == ["10", None, "55"]


@given(st.floats(0, 179.999), st.booleans())
def test_degrees_minutes_seconds_come_back(angle, thai_marks):
    degrees, rest = divmod(angle, 1)
    minutes, seconds = divmod(rest * 60, 1)
    seconds = min(round(seconds * 60, 4), 59.9999)
    marks = ("องศา", "ลิปดา", "ฟิลิปดา") if thai_marks else ("°", "'", '"')
    text = f"{int(degrees)}{marks[0]}{int(minutes)}{marks[1]}{seconds}{marks[2]}"
    assert read_angle(text).value == pytest.approx(angle, abs=1e-6)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_none(text):
    found = read_angle(text)
    assert found is None or math.isfinite(found.value)


@pytest.mark.real
def test_highland_villages_with_swapped_columns_are_put_right(land):
    path = real_path("villages/HRDI-TPmap.first14rows.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = locate(
        [r["Longitude"] for r in rows],
        [r["Latitude"] for r in rows],
        [r["BanSupportId"][:2] for r in rows],
        land,
    )
    assert len(found) == 14
    assert all(p.fault is None and p.repairs == ("swapped",) for p in found)


@pytest.mark.real
def test_offices_of_the_whole_country(land):
    path = real_path("services/thai_government_offices_ahoerstemeier.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = locate([r["lon"] for r in rows], [r["lat"] for r in rows], [r["geocode"][:2] for r in rows], land)
    faults = {r["geocode"]: p.fault for r, p in zip(rows, found, strict=True) if p.fault is not None}
    assert len(rows) == 5_287
    # The impossible points: twice one number for both, once a longitude of 199.9.
    assert faults["310103"] == faults["4076"] == "same" and faults["7605"] == "outside"
    # In another province by more than the shipped outlines are wrong; along the coast these turn more away.
    assert {"1494", "150109", "310103", "401305", "520401", "820506"} <= set(faults)
    assert len(faults) <= 40


def test_a_point_is_told_the_area_it_lies_in_and_none_outside():
    zones = Zones(embedded_provinces())
    assert zones.lying(*zip(BANGKOK, NAN, (110.0, 10.0), strict=True)) == ["10", "55", None]
    assert Zones(None).lying([100.5], [13.7]) == [None]
