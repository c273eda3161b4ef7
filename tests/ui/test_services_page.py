"""The services screen: what is near, what is far, what is assumed, and what is not known."""

from __future__ import annotations

import csv
import io
import shutil
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest

from analytics.services import load_services
from geo.codes import official_areas
from tests.ui.test_pages import run
from tests.ui.test_pages import words as shown
from tests.warehouse.batches import batch, places_batch, squares
from ui import services_text
from ui.state import View
from ui.texts import Words
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store

DISTRICT = "5501"
CODES = [c for c, a in official_areas().items() if a.level == "subdistrict" and c.startswith(DISTRICT)][:8]
PEOPLE = dict(zip(CODES, (1000, 2000, 500, 800, 700, 900, 100, 3000), strict=True))
RATES = dict(zip(CODES, (0.0, 2.0, 14.0, 6.0, 8.0, 10.0, 12.0, 4.0), strict=True))


def at(number, east=0.0):
    return {
        "area_code": CODES[number],
        "longitude": 100.75 + 0.1 * (number % 4) + east,
        "latitude": 18.75 + 0.1 * (number // 4),
    }


@pytest.fixture(scope="module")
def services_home(embedded_home, tmp_path_factory):
    """The shipped home with eight square subdistricts, people, a rate of poverty and made-up places of two sources."""
    home = tmp_path_factory.mktemp("services") / "home"
    shutil.copytree(embedded_home, home)
    rows = [(code, "surveyed_persons", 2018, float(n)) for code, n in PEOPLE.items()]
    rows += [(DISTRICT, "surveyed_persons", 2018, float(sum(PEOPLE.values())))]
    world = batch(rows)
    world.boundaries = {"subdistrict": squares(CODES, west=100.7, south=18.7)}
    rates = batch(
        [(code, "target_poor_rate", 2018, rate) for code, rate in RATES.items()],
        source="rates",
        suppressed=[(CODES[5], "target_poor_rate")],
    )
    first = places_batch(
        [
            {**at(0), "grade": "general_hospital"},
            {**at(7), "grade": "primary_care", "name_th": "รพ.สต. *หนึ่ง*"},
            {**at(7, east=0.0002), "grade": "primary_care"},
            {**at(5), "kind": "school", "grade": "primary", "approximate": True},
            {**at(6), "kind": "school", "grade": "primary"},
            *(
                {"kind": "school", "area_code": "550301", "longitude": 100.75, "latitude": 19.8 + n / 10}
                for n in range(3)
            ),
        ]
    )
    second = places_batch([{**at(2), "grade": "clinic"}], source="second", file="second.csv")
    publish_batches(Store(home), Settings(), [world, rates, first, second])
    return home


@pytest.fixture
def opened(services_home, monkeypatch):
    from ui import data

    monkeypatch.setenv("DAOMAP_HOME", str(services_home))
    data.settings.cache_clear()
    data.store.cache_clear()
    yield
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


def words(at_page):
    """Texts as they are read: without what keeps them from being Markdown."""
    return shown(at_page).replace("\u2060", "").replace("\\", "")


def page(**params):
    return run("services", **{"lang": "en", "area": DISTRICT} | params)


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("language", ["th", "en"])
def test_without_places_the_remedy_is_on_screen(language):
    at_page = run("services", lang=language)
    assert "daomap import places" in words(at_page)


@pytest.mark.usefixtures("opened")
def test_the_figures_are_those_of_the_area_and_say_what_they_are():
    at_page = page()
    # Three of the fuller source in 9,000 people; the second source is another choice.
    assert [m.value for m in at_page.metric[:2]] == ["3", "3.33"]
    text = words(at_page)
    assert "straight line" in text and "not a travel time" in text
    assert "Radius 10 km: chosen by Daomap to start from, not a norm" in text
    assert "inner points of 8 subdistricts" in text
    assert "not yet checked against the original" in text
    # A district's subdistrict by subdistrict, the farthest first: number 2 lies a fifth of a degree from both hospitals.
    least = next(d.value for d in at_page.dataframe if "why" in d.value)
    assert least["km"].iloc[0] == pytest.approx(15.3, abs=0.2) and least["why"].iloc[0] == "none within 10 km"


@pytest.mark.usefixtures("opened")
def test_radius_kind_source_and_grades_are_kept_by_the_address():
    at_page = page()
    at_page.number_input(key="w_km").set_value(16.5).run()
    assert "your own choice" in words(at_page) and at_page.query_params["km"] in ("17", ["17"])
    assert at_page.metric[3].value == "100.0"
    at_page.selectbox(key="w_source").set_value("all").run()
    assert at_page.metric[0].value == "4" and "counts twice" in "\n".join(m.value for m in at_page.caption)
    at_page.button_group(key="w_grades").set_value(["clinic"]).run()
    assert at_page.metric[0].value == "1" and at_page.query_params["grades"] in ("clinic", ["clinic"])
    at_page.segmented_control(key="w_kind").set_value("school").run()
    # Grades of another kind mean nothing here, and the radius starts where the press has it.
    assert not at_page.exception and at_page.metric[0].value == "2"
    link = {k: v[0] if isinstance(v, list) else v for k, v in at_page.query_params.items()}
    assert run("services", **link).metric[0].value == "2"


@pytest.mark.usefixtures("opened")
def test_approximate_places_count_only_when_asked_for():
    without, asked = page(kind="school"), page(kind="school", approx="1")
    assert "Places with approximate positions are not measured to" in words(without)
    assert "Places with approximate positions count too" in words(asked)
    near = [float(p.metric[2].value) for p in (without, asked)]
    assert near[1] < near[0]


@pytest.mark.usefixtures("opened")
def test_poor_and_far_names_the_corner_and_nothing_hidden():
    at_page = page(grades="general_hospital.primary_care", ind="target_poor_rate")
    text = words(at_page)
    assert "1 of 7 subdistricts are in the poorest third" in text
    names = official_areas()
    assert f"The poorest of them is {names[CODES[2]].name_en}: 14.00" in text
    legend = "".join(part.proto.body for part in at_page.get("html"))
    assert "1 hidden" in legend and "Top right is poorest and farthest" in legend


@pytest.mark.usefixtures("opened")
def test_two_in_one_yard_are_listed_and_data_stay_text():
    at_page = page()
    at_page.session_state["services_twice"] = True
    at_page.run()
    table = next(m.value for m in at_page.markdown if "Group" in m.value)
    assert table.count("\n| 1 |") == 2
    thai = run("services", lang="th", area=DISTRICT)
    thai.session_state["services_places"] = True
    thai.run()
    assert "\\*หนึ่ง\\*" in next(m.value for m in thai.markdown if "รพ.สต." in m.value and "|" in m.value)


@pytest.mark.usefixtures("opened")
def test_the_downloads_hold_every_measure_and_leave_out_what_is_hidden():
    from ui import services_export
    from ui.data import warehouse
    from ui.export import csv_bytes, xlsx_bytes
    from ui.frame import Context
    from ui.palette import LIGHT
    from ui.services_panels import table_of
    from ui.services_state import choose_services
    from ui.texts import Words

    house = warehouse()
    view = View(area=DISTRICT, lang="en", ind="target_poor_rate", grades="general_hospital.primary_care")
    c = Context(house, view, house.area(DISTRICT), Words("en"), LIGHT)
    choice = choose_services(c)
    table = table_of(c, choice, choice.level, choice.within)
    raw = csv_bytes(services_export.COLUMNS, services_export.rows(choice, table)).decode("utf-8-sig")
    rows = {row["area_code"]: row for row in csv.DictReader(io.StringIO(raw))}
    assert set(rows) >= set(CODES) and rows[CODES[0]]["distance"] == "straight line"
    assert float(rows[CODES[7]]["places"]) == 2 and float(rows[CODES[7]]["per_10000"]) == pytest.approx(
        20 / 3
    )
    other = next(code for code in rows if code not in CODES)
    assert rows[other]["people"] == "" and rows[other]["nearest_km"] == ""
    book = openpyxl.load_workbook(
        io.BytesIO(xlsx_bytes(services_export.sheets(c, choice, table), "t")), read_only=True
    )
    assert book.sheetnames == ["data", "poor_and_far", "places", "dictionary", "sources"]
    far = {row[0]: row for row in book["poor_and_far"].iter_rows(min_row=2, values_only=True)}
    assert far[CODES[5]][3] is None and far[CODES[5]][8] == "hidden"
    assert [code for code, row in far.items() if row[9] == "true"] == [CODES[2]]
    places = list(book["places"].iter_rows(min_row=2, values_only=True))
    assert {p[3] for p in places} == {"general_hospital", "primary_care"}
    notes = " ".join(str(row[1]) for row in book["sources"].iter_rows(values_only=True))
    assert "straight line" in notes and "source rates" in notes


@pytest.mark.usefixtures("opened")
def test_a_rate_says_whom_it_counts_and_the_country_says_how_much_of_it_is_known():
    at_page = page()
    assert "Per 10,000 surveyed persons" in [m.label for m in at_page.metric]
    assert any(x.value.startswith("per 10,000 · ") and "2018" in x.value for x in at_page.caption)
    assert "of 77 provinces" not in "".join(x.value for x in at_page.caption if x.value.startswith("places"))
    whole = page(area="TH")
    captions = [x.value for x in whole.caption]
    assert any("in 1 of 77 provinces" in x for x in captions)
    assert "Of the places known in 1 of 77 provinces:" in words(whole)


def test_a_place_without_a_name_is_told_by_kind_and_grade(monkeypatch):
    places = [
        {"place_id": "7", "source_id": "a", "grade": "general_hospital", "code": "10673"},
        {"place_id": "7", "source_id": "b", "grade": "clinic", "code": None},
    ]
    monkeypatch.setattr(services_text, "listed", lambda *_: pd.DataFrame(places))
    choice = SimpleNamespace(kind=load_services().kinds["health"], reach=SimpleNamespace(arguments=()))
    c = SimpleNamespace(words=Words("en"), warehouse=SimpleNamespace(snapshot=""))

    def told(source, name=""):
        row = pd.Series({"nearest_id": "7", "nearest_source": source, "nearest_th": name, "nearest_en": ""})
        return services_text.place_name(c, choice, row)

    assert told("a") == "Health services · General hospital · 10673"
    assert told("b") == "Health services · Clinic" and told("gone") == "Health services"
    assert told("a", "รพ.หนึ่ง") == "รพ.หนึ่ง"
