"""What pages say where levels know different years: one year a page, nothing ranked that cannot be."""

import os

import pytest

from analytics.catalogue import load_catalogue
from tests.realdata import real_path
from tests.ui.test_pages import run, words
from ui import data

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def mixed_home(tmp_path_factory):
    """Provinces of B.E. 2561, 2565 and 2566; districts and subdistricts of two provinces of 2561; Yala's villages."""
    from warehouse.cli import main

    source = real_path("tpmap/61")
    home = tmp_path_factory.mktemp("mixed")
    before = os.environ.get("DAOMAP_HOME")
    os.environ["DAOMAP_HOME"] = str(home)
    data.settings.cache_clear()
    data.store.cache_clear()
    files = [str(p) for pp in ("50", "95") for p in sorted(source.glob(f"61_{pp}_*.csv"))]
    assert main(["build"]) == 0
    assert main(["import", "tpmap", *files]) == 0
    yield home
    os.environ.pop("DAOMAP_HOME")
    if before is not None:
        os.environ["DAOMAP_HOME"] = before
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.mark.usefixtures("mixed_home")
def test_a_province_opens_in_the_year_it_shares_with_its_districts():
    at = run("overview", area="50")
    assert at.selectbox(key="w_year").value == 2018
    assert at.metric[0].value == "54,887"
    at = run("overview", area="50", year="2023")
    assert at.metric[0].value == "15,605"
    assert "ไม่มีข้อมูลรายอำเภอ/เขตในจังหวัดเชียงใหม่ พ.ศ. 2566" in words(at)


@pytest.mark.usefixtures("mixed_home")
def test_a_district_says_which_year_stands_in():
    at = run("overview", area="5001", year="2023")
    assert at.selectbox(key="w_year").value == 2018
    assert "พ.ศ. 2566 ไม่มีข้อมูลของพื้นที่นี้ จึงแสดง พ.ศ. 2561" in words(at)


@pytest.mark.usefixtures("mixed_home")
def test_twenty_printed_extremes_are_not_ranked():
    for area in ("TH", "50"):
        text = words(run("overview", area=area, year="2022", lang="en"))
        assert "Rank " not in text
        assert "lie above" not in text
        assert "Half of" not in text
    at = run("overview", area="TH", year="2022", lang="en")
    assert "Only 20 of 77 areas were published" in words(at)
    assert "★" not in words(at)


@pytest.mark.usefixtures("mixed_home")
def test_a_village_is_ranked_among_its_neighbours_and_nothing_is_said_of_them_as_its_own():
    text = words(run("overview", area="95010201", lang="en"))
    assert "of 469" not in text
    assert "Half of" not in text
    assert "highest in" not in text


@pytest.mark.usefixtures("mixed_home")
def test_municipalities_and_their_villages_have_a_page():
    for area in ("950151", "95015109"):
        for language in ("th", "en"):
            text = words(run("overview", area=area, lang=language))
            assert {"th": "ไม่มีขอบเขตของตัวเอง", "en": "no polygon of its own"}[language] in text


@pytest.mark.usefixtures("mixed_home")
def test_the_exact_overlap_of_a_district_is_named_with_its_year_and_source():
    text = words(run("poverty_map", area="5001", lang="en"))
    assert "Failing exactly k" in text
    assert "2018" in text


@pytest.mark.usefixtures("mixed_home")
def test_every_mapped_indicator_draws_somewhere():
    have = set(data.warehouse().indicators_with_data())
    areas = ("TH", "50", "5001", "950102", "95010201", "950151")
    for number, entry in enumerate(i for i in load_catalogue().values() if i.map and i.id in have):
        run("poverty_map", area=areas[number % len(areas)], ind=entry.id, lang=("th", "en")[number // 6 % 2])
