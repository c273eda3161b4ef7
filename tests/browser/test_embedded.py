"""A fresh clone in the browser: published figures on province outlines, by mouse, keyboard and phone."""

import csv
import gzip
import io
import re
import urllib.error
import urllib.request
from pathlib import Path

import openpyxl
import pytest


def test_the_overview_opens_in_thai_with_the_published_totals(screen, embedded):
    screen.open(f"{embedded.url}/overview?year=2018")
    screen.map_drawn()
    text = screen.text()
    for expected in ("ประเทศไทย", "1,032,987", "4,405,684", "36,647,817", "มีข้อมูล 76 จาก 77 จังหวัด", "ไม่มีข้อมูล"):
        assert expected in text
    legend = screen.page.inner_text(".daomap-legend")
    counts = [int(n) for n in re.findall(r"\(\d ดาว\)\s+(\d+)", legend)]
    assert len(counts) == 5
    assert sum(counts) == 76
    assert "ไม่ใช่ของ TPMAP" in legend or "ไม่ใช่คะแนนของ TPMAP" in legend


def test_clicking_a_province_opens_it_and_one_level_up_leads_back(screen, embedded):
    screen.open(f"{embedded.url}/overview?year=2018")
    screen.map_drawn()
    # This part of the extent is inland, in or near Chaiyaphum: any province will do.
    screen.click_map(0.5, 0.36, re.compile(r"area=\d\d(&|$)"))
    assert "จังหวัด" in screen.page.inner_text("h1")
    screen.page.get_by_role("button", name="ขึ้นหนึ่งระดับ").click()
    screen.page.wait_for_url(re.compile("area=TH"))
    screen.settled()
    assert screen.page.inner_text("h1").startswith("ประเทศไทย")


def test_search_works_by_keyboard_alone(screen, embedded):
    screen.open(embedded.url)
    box = screen.page.get_by_label("ค้นหาพื้นที่")
    box.focus()
    screen.page.keyboard.type("chiang m")
    button = screen.page.get_by_role("button", name="จังหวัดเชียงใหม่").first
    button.wait_for()
    button.focus()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(re.compile("area=50"))
    screen.settled()
    assert screen.page.inner_text("h1").startswith("จังหวัดเชียงใหม่")


def test_language_year_and_indicator_are_kept_by_a_shared_link(screen, embedded):
    screen.open(f"{embedded.url}/poverty_map?area=TH")
    screen.page.get_by_role("radio", name="English").or_(
        screen.page.get_by_role("button", name="English")
    ).first.click()
    screen.page.wait_for_url(re.compile("lang=en"))
    screen.settled()
    for label, choice in (
        ("Theme", "Five dimensions"),
        ("Indicator", "Target poor failing the income dimension, rate"),
        ("Year", "2018"),
    ):
        screen.page.get_by_role("combobox", name=re.compile(label)).first.click()
        screen.page.get_by_role("option", name=choice, exact=True).click()
        screen.settled()
    screen.page.wait_for_url(re.compile("ind=target_income_rate.*"))
    link = screen.page.url
    other = screen.page.context.browser.new_context().new_page()
    other.goto(link)
    other.wait_for_selector(".daomap-legend", timeout=30_000)
    assert "income dimension" in other.inner_text(".daomap-legend")
    assert "2018" in other.inner_text(".daomap-legend")
    other.context.close()


def test_the_page_menu_keeps_the_view(screen, embedded):
    screen.open(f"{embedded.url}/overview?area=55&year=2018&lang=en")
    screen.page.get_by_test_id("stTopNavSection").filter(has_text="Maps").click()
    screen.page.get_by_test_id("stTopNavPopoverBody").locator("a", has_text="Poverty map").click()
    screen.page.wait_for_url(re.compile("poverty_map.*area=55"))
    screen.settled()
    assert "Nan province" in screen.page.inner_text("h1")


def test_own_classes_and_their_legend(screen, embedded):
    screen.open(
        f"{embedded.url}/poverty_map?ind=target_poor_rate&method=user_defined&breaks=1,3,6&year=2018&lang=en"
    )
    screen.map_drawn()
    legend = screen.page.inner_text(".daomap-legend")
    counts = [int(n) for n in re.findall(r"\t(\d+)\s*$", legend, re.M)]
    assert len(counts) == 5  # four classes and no data
    assert sum(counts) == 77
    assert "above 6.00" in legend


def test_the_view_downloads_as_csv(screen, embedded):
    screen.open(f"{embedded.url}/overview?year=2018&lang=en")
    screen.open_downloads()
    with screen.page.expect_download() as waiting:
        screen.page.get_by_role("button", name="Download CSV").click()
    download = waiting.value
    rows = list(csv.DictReader(io.StringIO(Path(download.path()).read_text("utf-8-sig"))))
    known = {r["area_code"]: r for r in rows if r["area_code"] and r["area_code"].isdecimal()}
    assert len(known) == 77
    assert known["10"]["value"] == ""
    assert known["58"]["value"].startswith("13.71")
    assert re.fullmatch(
        r"daomap-target_poor_rate-province-TH-2018-[0-9a-f]{8}\.csv", download.suggested_filename
    )


def test_the_view_downloads_as_a_workbook_too(screen, embedded):
    screen.open(f"{embedded.url}/overview?year=2018&lang=th")
    screen.open_downloads()
    with screen.page.expect_download() as waiting:
        screen.page.get_by_role("button", name="ดาวน์โหลด Excel").click()
    assert re.fullmatch(
        r"daomap-target_poor_rate-province-TH-2018-[0-9a-f]{8}\.xlsx", waiting.value.suggested_filename
    )
    book = openpyxl.load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    rows = {row[0]: row for row in book["data"].values}
    assert rows["58"][4] == pytest.approx(13.71, abs=0.01)
    assert rows["10"][4] is None
    assert book.sheetnames == ["data", "dictionary", "sources"]


def test_the_table_offers_no_export_of_its_own(screen, embedded):
    screen.open(f"{embedded.url}/overview?year=2018&lang=en")
    screen.page.locator("[data-testid=stDataFrame]").first.hover()
    screen.page.wait_for_timeout(500)
    assert screen.page.locator("[data-testid=stElementToolbar]").count() > 0
    assert screen.page.get_by_role("button", name=re.compile("Download as CSV")).count() == 0


def test_a_phone_shows_everything_without_sideways_scrolling(phone, embedded):
    for page in ("", "overview", "poverty_map"):
        phone.open(f"{embedded.url}/{page}?year=2018")
        phone.map_drawn()
        wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
        assert wide <= 0, page
        cut = phone.page.evaluate(
            "[...document.querySelectorAll('[data-testid=stMetricValue]')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
        )
        assert cut == 0


def test_unknown_addresses_fall_back_to_the_country(screen, embedded):
    screen.open(f"{embedded.url}/overview?area=99&year=9999&lang=xx&k=400&ind=../../etc/passwd")
    assert screen.page.inner_text("h1").startswith("ประเทศไทย")


def test_layers_are_immutable_compressed_and_answer_to_their_tag(embedded, screen):
    screen.open(f"{embedded.url}/overview?year=2018")
    screen.map_drawn()
    url = screen.layers[0]
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert b"FeatureCollection" in gzip.decompress(answer.read())
        tag = answer.headers["ETag"]
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers={"If-None-Match": tag}))
        raise AssertionError("expected 304")
    except urllib.error.HTTPError as error:
        assert error.code == 304
    for bad in (
        "/layers/x/province/TH/poverty-2018.geojson",
        "/layers/%2e%2e/province/TH/poverty-2018.geojson",
    ):
        try:
            urllib.request.urlopen(embedded.url + bad)
            raise AssertionError("expected 404")
        except urllib.error.HTTPError as error:
            assert error.code in (400, 404)
