"""The page of target groups: published numbers as published, and by area what the snapshot holds."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from analytics.target_groups import published
from tests.browser.conftest import ROOT
from ui.registry import PAGES


def run(**params):
    at = AppTest.from_file(ROOT / "ui" / "shell.py", default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    at.switch_page(next(str(p.path) for p in PAGES if p.key == "target_groups"))
    at.run()
    assert not at.exception, at.exception
    return at


def test_the_published_numbers_add_up_as_the_page_says():
    groups = {group.id: group for group in published()}
    whole = groups["to_survey"]
    assert whole.persons == 13_220_965
    assert whole.persons == sum(g.persons for g in groups.values() if g.of == "to_survey")
    assert all(g.of is None or g.of in groups for g in groups.values())
    assert {g.id for g in groups.values() if g.checked == "unknown"} == {
        g.id for g in groups.values() if g.persons is None
    }


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("language", ["th", "en"])
def test_the_country_shows_every_group_with_its_doubt(language):
    at = run(lang=language)
    table = next(m.value for m in at.markdown if "655,365" in m.value)
    for figure in ("197,298", "208,447", "33,384,526", "11,023,225", "13,220,965", "9,639,745", "3,581,220"):
        assert figure in table
    # 208,447 and 645,860 of 75 provinces are the open file's own sums.
    provinces = at.dataframe[0].value
    poor = next(name for name in provinces.columns[1:])
    counts = [int(v.replace(",", "")) for v in provinces[poor] if v.replace(",", "").isdigit()]
    assert sum(counts) == 645_860 and len(counts) == 75
    assert ("ไม่มีข้อมูล" if language == "th" else "no data") in set(provinces[poor])  # Bangkok is no zero
    assert any("645,860" in c.value for c in at.caption)


@pytest.mark.usefixtures("embedded_home")
def test_an_area_without_numbers_says_so_and_shows_no_published_total():
    at = run(area="550101")
    assert at.info and not any("655,365" in m.value for m in at.markdown)
