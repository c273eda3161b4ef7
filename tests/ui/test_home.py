"""The first page: what it says of an area, whom it leads where, what is new and what is missing."""

import math

import pandas as pd
import pytest

from tests.ui.test_help import links
from tests.ui.test_pages import run, words
from ui import data
from ui.home_state import HEADLINE, gaps, headline, highest, news, way
from ui.registry import GROUPS, PAGES, page
from ui.state import ROLES
from ui.texts import texts


def profile(**values):
    """A profile of the headline's indicators; a value of None is hidden."""
    rows = [
        {
            "indicator": name,
            "value": values.get(name, math.nan),
            "suppressed": name in values and values[name] is None,
        }
        for name in HEADLINE
    ]
    return pd.DataFrame(rows).astype({"value": "float64"})


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (
            {"target_poor": 5, "target_poor_rate": 1.5, "mpi_poor": 9, "mpi_poor_rate": 3},
            "headline_target_poor",
        ),
        ({"target_poor": 0, "target_poor_rate": 0}, "headline_target_poor"),
        ({"target_poor": 5, "mpi_poor": 9, "mpi_poor_rate": 3}, "headline_target_poor_count"),
        ({"target_poor": None, "mpi_poor": 9, "mpi_poor_rate": 3}, "headline_target_poor_hidden"),
        ({"mpi_poor": 9, "mpi_poor_rate": 3}, "headline_mpi_poor"),
        ({"mpi_poor": None}, "headline_mpi_poor_hidden"),
        ({}, "headline_none"),
    ],
)
def test_the_headline_says_what_is_known_and_no_more(values, key):
    said = headline(profile(**values))
    assert said.key == key
    assert f"home.{key}" in texts("th")
    assert "n" not in said.values or said.values["n"] == values.get("target_poor", values.get("mpi_poor"))


def areas(rates):
    return pd.DataFrame(
        {"area_code": [f"{n:02}" for n in range(len(rates))], "kind": "official", "value": rates}
    )


def test_the_highest_rates_are_listed_only_where_a_rank_means_something():
    found = highest(areas([1.0, 9.0, 0.0, 4.0, 4.0, 2.0, 3.0, math.nan]))
    assert found["value"].tolist() == [9.0, 4.0, 4.0, 3.0, 2.0]
    assert found["rank"].tolist() == [1, 2, 2, 4, 5]
    assert highest(areas([1.0, math.nan, math.nan])).empty
    assert highest(areas([0.0, 0.0])).empty


def sources(*rows):
    columns = ("source_id", "imported_at", "title_th", "title_en", "year", "observations")
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.assign(places=0, points=0, scores=0, rasters=0)


def test_news_are_told_newest_first_and_imports_as_one():
    found = news(
        sources(
            ("a", "2026-01-01T00:00:00+00:00", "ก", "A", 2018, 5),
            ("b", "2026-02-01T00:00:00+00:00", "ข", "B", 2023, 7),
            ("c", "2026-02-01T00:00:00+00:00", "ค", "C", None, 1),
            ("d", None, "ง", "D", 2020, 2),
            ("e", "2026-03-01T00:00:00+00:00", "จ", "E", 2020, 0),
        ),
        frozenset({"c"}),
    )
    assert [(n.at[:7], n.rows, n.years, n.made_up) for n in found] == [
        ("2026-02", 8, (2023,), True),
        ("2026-01", 5, (2018,), False),
        ("", 2, (2020,), False),
    ]


@pytest.mark.usefixtures("embedded_home")
def test_what_a_fresh_clone_lacks_is_named_and_not_called_zero():
    found = {said.key: said for said in gaps(data.warehouse().snapshot)}
    assert {"gap_poverty_none", "gap_light_modelled", "gap_places", "gap_scores", "gap_outlines"} <= set(
        found
    )
    named = found["gap_poverty_named"]
    assert named.values["level"] == "province"
    assert "กรุงเทพมหานคร" in [th for th, _ in named.values["names"]]
    for key in found:
        assert f"home.{key}" in texts("th")


def test_every_role_is_led_to_a_page_there_is():
    for role in ROLES:
        for area in ("TH", "55", "5501", "550101", "55010101"):
            for measured in (True, False):
                found = way(role, area, measured)
                assert page(found.key) is not None
                assert found.wants in ("", "province", "district")
        assert f"home.role_{role}" in texts("th") and f"home.role_{role}_gets" in texts("th")
    assert way("governor", "550101", True).changes["area"] == "55"
    assert way("chief", "550101", True).changes["area"] == "5501"
    assert way("chief", "55", True).wants == "district"
    assert way("planner", "TH", True).changes == {"mode": "swipe"}
    assert way("trainer", "TH", True).changes["workshop"] is True
    light = way("nesdc", "TH", True).changes["layers"]
    assert "light" in light and "light" not in way("nesdc", "TH", False).changes["layers"]


@pytest.mark.usefixtures("embedded_home")
def test_one_press_leads_where_the_role_works():
    found = {query["role"]: (key, query) for key, query in links(run("home", area="55")) if "role" in query}
    assert set(found) == {"governor", "planner", "nesdc", "trainer"}  # the chief's district is asked for
    assert found["governor"][0] == "overview" and found["governor"][1]["area"] == "55"
    assert found["planner"][0] == "night_light" and found["planner"][1]["mode"] == "swipe"
    assert found["nesdc"][0] == "overlay" and found["nesdc"][1]["layers"].startswith("areas")
    assert found["trainer"][0] == "help" and found["trainer"][1]["workshop"] == "1"
    assert found["trainer"][1]["topic"] == "exercise"


@pytest.mark.usefixtures("embedded_home")
def test_a_governor_and_a_chief_choose_their_area_first():
    at = run("home")
    at.button(key="be_governor").click().run()
    assert at.query_params["role"] in ("governor", ["governor"])
    at.selectbox(key="home_province").set_value("55").run()
    assert "จังหวัดน่าน" in at.title[0].value and at.metric  # the overview
    assert at.query_params["area"] in ("55", ["55"])
    at = run("home", role="chief")
    at.selectbox(key="home_province").set_value("55").run()
    at.selectbox(key="home_district_55").set_value("5501").run()
    assert at.query_params["area"] in ("5501", ["5501"])
    assert "be_chief" not in [b.key for b in at.button]


@pytest.mark.usefixtures("embedded_home")
def test_areas_looked_at_before_are_offered_again():
    at = run("home", area="55")
    assert not [b for b in at.button if str(b.key).startswith("recent_")]
    at.text_input(key="area_search").set_value("เชียงใหม่").run()
    at.button(key="found_50").click().run()
    assert [b.label for b in at.button if b.key == "recent_55"] == ["จังหวัดน่าน"]
    at.button(key="recent_55").click().run()
    assert at.title[0].value.startswith("จังหวัดน่าน")
    assert [b.key for b in at.button if str(b.key).startswith("recent_")] == ["recent_50"]


@pytest.mark.usefixtures("embedded_home")
def test_the_headline_of_a_year_and_of_an_area_without_data():
    assert "1,032,987" in run("home", year="2018").title[0].value
    at = run("home", year="2018", area="10", lang="en")
    assert "no data" in at.title[0].value
    text = words(run("home", year="2018"))
    assert "TPMAP" in text and "พ.ศ. 2561" in text and "76 จาก 77" in text


def test_pages_stand_in_sections_of_the_navigation():
    assert PAGES[0].key == "home" and [p.key for p in PAGES if p.group == "start"] == ["home"]
    for entry in PAGES:
        assert entry.group in GROUPS
    # In the order of the sections, so that lists made of the pages agree with the navigation.
    order = [GROUPS.index(entry.group) for entry in PAGES]
    assert order == sorted(order)
    for group in GROUPS[1:]:
        assert f"nav.{group}" in texts("th") and any(entry.group == group for entry in PAGES)
