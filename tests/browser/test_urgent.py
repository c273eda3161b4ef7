"""Urgent issues in the browser: pictures arrive, the chart and its table agree, and the list is worked by keyboard."""

from __future__ import annotations

import re

import pytest


@pytest.mark.real
def test_a_province_with_its_pictures_chart_list_and_table(screen, real):
    screen.open(f"{real.url}/urgent?area=55&year=2018")
    screen.map_drawn()
    page = screen.page
    pictures = page.locator(".daomap-multiples img")
    assert pictures.count() == 5
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()  # they are fetched when they come into sight
        picture.evaluate("i => i.decode()")
        assert picture.evaluate("i => i.naturalWidth") > 0
        assert "สูงสุดที่" in (picture.get_attribute("alt") or "")
    text = screen.text()
    # Health lies furthest above the country; the largest combination of the chart is the first row of the table.
    assert "14,930" in text and "4.40%" in text
    table = page.get_by_role("region", name=re.compile("^ชุดมิติที่คนจนเป้าหมาย"))
    row = table.locator("tbody tr").first.inner_text().split("\t")
    chart = page.locator("[data-testid=stHorizontalBlock]", has=table).locator(".js-plotly-plot").last
    assert chart.locator(".bartext").first.text_content().startswith(row[1])
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_text(re.compile("^ลำดับอำเภอ/เขตทั้งหมด")).click()
    page.locator("[data-testid=stDataFrame]").wait_for()
    button = page.locator("[class*=st-key-urgent_open_] button").first
    name = button.inner_text().split(". ")[1]
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"area=55\d\d"))
    screen.settled()
    assert name in page.inner_text("h1")
