"""The real boundaries and TPMAP files in the browser: from the country down to a subdistrict."""

import re

import pytest

pytestmark = pytest.mark.real


def test_drilling_by_lists_and_by_search_meets_at_the_same_subdistrict(screen, real):
    # By click a province is opened on the shipped outlines, which a machine without a graphics card draws in time.
    screen.open(f"{real.url}/overview?year=2018")
    screen.map_drawn()
    for label in ("เลือกจังหวัด", "เลือกอำเภอ/เขต", "เลือกตำบล/แขวง"):
        screen.page.get_by_role("combobox", name=label).click()
        screen.page.get_by_role("option").first.click()
        screen.settled()
    screen.page.wait_for_url(re.compile(r"area=\d{6}"))
    code = re.search(r"area=(\d{6})", screen.page.url)[1]
    heading = screen.page.inner_text("h1")
    screen.map_drawn()
    # The same place by its code.
    screen.open(f"{real.url}/overview?year=2018")
    screen.page.get_by_label("ค้นหาพื้นที่").fill(code)
    screen.page.get_by_role("button", name=heading).first.click()
    screen.page.wait_for_url(re.compile(f"area={code}"))
    screen.settled()
    assert screen.page.inner_text("h1") == heading


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("area=TH&year=2018", ["1,032,987", "36,647,817"]),
        ("area=95&year=2018", ["15,579"]),
        ("area=TH&year=2018&show=subdistrict", ["1,032,987"]),
    ],
)
def test_totals_of_the_files_are_on_screen(screen, real, query, expected):
    screen.open(f"{real.url}/overview?{query}")
    screen.map_drawn()
    for number in expected:
        assert number in screen.text()


def test_the_national_subdistrict_map_counts_every_polygon(screen, real):
    screen.open(f"{real.url}/poverty_map?show=subdistrict&ind=target_poor_rate&year=2018&lang=en")
    screen.map_drawn()
    legend = screen.page.inner_text(".daomap-legend")
    counts = [int(n.replace(",", "")) for n in re.findall(r"\t([\d,]+)\s*$", legend, re.M)]
    assert sum(counts) == 7436


def test_overlap_of_the_country_is_exact_on_screen(screen, real):
    screen.open(f"{real.url}/poverty_map?area=TH&year=2018&lang=en")
    screen.map_drawn()
    assert "Mean dimensions failed 1.183 of 5" in screen.text()


def test_switching_the_indicator_sends_little_and_no_new_layer(screen, real):
    sent = []
    screen.page.on("websocket", lambda ws: ws.on("framereceived", lambda data: sent.append(len(data))))
    screen.open(f"{real.url}/poverty_map?show=subdistrict&ind=target_poor&year=2018&lang=en")
    screen.map_drawn()
    sent.clear()
    before = set(screen.layers)
    screen.page.get_by_role("combobox", name=re.compile("Indicator")).first.click()
    screen.page.get_by_role("option", name="Target poor, rate", exact=True).click()
    screen.page.wait_for_url(re.compile("ind=target_poor_rate"))
    screen.settled()
    screen.page.wait_for_timeout(1500)
    assert sum(sent) <= 20_000 * 2  # the budget is 20 KB; a second rerun may follow the first
    assert len(set(screen.layers) - before) <= 1


def test_a_table_row_opens_its_area(screen, real):
    screen.open(f"{real.url}/overview?area=55&year=2018")
    screen.map_drawn()
    screen.open_first_row()
    assert re.search(r"area=55\d\d", screen.page.url)
    assert screen.page.inner_text("h1").startswith("อำเภอเฉลิมพระเกียรติ")
