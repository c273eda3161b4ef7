"""Real files of public services: every row of them is taken, or left out for the reason it deserves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.realdata import real_path
from warehouse.intake import Intake
from warehouse.sources.boundaries import read_boundary_files
from warehouse.sources.places import read_places

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=1) as pool:
        yield pool


@pytest.fixture(scope="module")
def land(intake):
    files = (
        "tha_adm1_province_shapefile.zip",
        "tha_admbnda_adm2_shapefile.zip",
        "tha_admbnda_adm3_rtsd_20220121.zip",
    )
    batch = read_boundary_files([real_path(f"boundaries/{name}") for name in files], intake)
    assert not batch.report.refused
    return batch.boundaries


def read(intake, land, *names, **options):
    paths: list[Path] = [real_path(f"services/{name}") for name in names]
    return read_places(paths, intake, boundaries=land, **options)


def grades(batch):
    return Counter(batch.places.column("grade").to_pylist())


def test_facilities_of_seven_provinces_in_degrees_and_in_metres(intake, land):
    degrees = read(intake, land, "health_region12_facilities_2563.csv")
    metres = read(intake, land, "health_region12_facilities_2563_utm47n.gpkg")
    for batch in (degrees, metres):
        assert (batch.report.rows_read, batch.report.rows_rejected, batch.places.num_rows) == (896, 0, 896)
        assert batch.report.facts["mapping"][0]["layout"] == "health_region"
        # Their makers' "community" places have no bed, and their "general" hospitals mostly 30: neither is what those words say.
        assert grades(batch) == {"primary_care": 819, "public_hospital": 74, "regional_hospital": 3}
        assert len({code[:2] for code in batch.places.column("area_code").to_pylist()}) == 7
        assert sum(b or 0 for b in batch.places.column("capacity").to_pylist()) == 5_339
    assert metres.report.repairs["epsg_32647"] == 896
    one, other = (b.places.sort_by("place_id") for b in (degrees, metres))
    for axis in ("longitude", "latitude"):
        assert np.abs(one.column(axis).to_numpy() - other.column(axis).to_numpy()).max() < 2e-6
    assert one.column("area_code").equals(other.column("area_code"))


def test_offices_of_the_whole_country(intake, land):
    batch = read(intake, land, "thai_government_offices_ahoerstemeier.csv")
    report = batch.report
    assert (report.rows_read, batch.places.num_rows) == (5_287, 5_275)
    # Twice one number for both coordinates, once a longitude of 199.9; nine lie 7 to 390 km off their own province.
    assert (
        report.facts["left_out"] == {"other_area": 9, "outside": 1, "same": 2} and report.rows_rejected == 12
    )
    assert {f.row for f in report.warnings if f.code != "places.other_area"} == {1266, 2172, 4254}
    # Municipalities have codes that look like districts' and are none, or were those of districts abolished since.
    assert report.repairs["code_shortened"] == 1_062 and report.repairs["abolished"] == 15
    assert grades(batch) == {
        "subdistrict_organisation": 2_537, "municipality": 1_643, "district_office": 926,
        "province_hall": 76, "provincial_organisation": 76, "headman_office": 17,
    }  # fmt: skip
    assert Counter(map(len, batch.places.column("area_code").to_pylist())) == {6: 5_272, 4: 2, 2: 1}


def test_the_hospital_register_has_levels_and_beds_and_no_positions(intake, land):
    batch = read(intake, land, "ha_hospitals_cp874.csv", at_subdistrict=True)
    assert batch.places.num_rows == 1_581 and batch.report.rows_rejected == 0
    assert batch.report.repairs["encoding_cp874"] == 1 and batch.report.repairs["code_padded"] == 28
    assert batch.places.column("longitude").null_count == 1_581, "its rows are known by province only"
    assert grades(batch) == {
        "community_hospital": 780, "private_hospital": 416, "public_hospital": 195, "general_hospital": 88,
        "health_centre": 68, "regional_hospital": 34,
    }  # fmt: skip
    codes = batch.places.column("code").to_pylist()
    assert {len(code) for code in codes if code} == {5} and "04007" in codes


def test_hospitals_of_bangkok(intake, land):
    batch = read(intake, land, "bkk_hospital.csv")
    assert batch.places.num_rows == 121 and not batch.report.warnings
    assert grades(batch) == {"private_hospital": 91, "public_hospital": 30}
    assert {code[:2] for code in batch.places.column("area_code").to_pylist()} == {"10"}
    assert set(batch.places.column("capacity_unit").to_pylist()) == {"beds"}


def test_schools_by_the_name_of_their_subdistrict(intake, land):
    names = sorted(p.name for p in real_path("services/schools_wikipedia").iterdir())
    batch = read(
        intake, land, *(f"schools_wikipedia/{n}" for n in names), at_subdistrict=True, title="โรงเรียน"
    )
    report = batch.report
    assert (report.rows_read, report.repairs["repeated_rows"], batch.places.num_rows) == (4_544, 9, 4_535)
    # Two of these names stand in no list; two are those of other districts.
    assert report.found["places.name_unknown"] == 4
    assert Counter(map(len, batch.places.column("area_code").to_pylist())) == {6: 4_531, 4: 4}
    approximate = sum(batch.places.column("approximate").to_pylist())
    assert (
        approximate == 4_535 - batch.places.column("longitude").null_count == report.repairs["at_inner_point"]
    )
    assert approximate > 4_400
    assert grades(batch)["expansion"] == 592 and batch.sources.num_rows == 1 and batch.files.num_rows == 5


@pytest.mark.parametrize("name", ["amenity.csv", "facility.csv"])
def test_counts_of_amenities_are_no_places(intake, land, name):
    report = read(intake, land, name).report
    assert [f.code for f in report.rejections] == ["places.counts"]
    assert "daomap import table" in report.rejections[0].mend_en


def test_the_shipped_outlines_do_for_a_first_look(intake):
    batch = read_places([real_path("services/thai_government_offices_ahoerstemeier.csv")], intake)
    # An island 35 km off the coarse coast is lost, one point 8 km over a border is not seen; the report says how exact it is.
    assert batch.report.rows_rejected == 13 and batch.report.found["places.coarse"] == 1
