"""Every page of the registry runs in both languages, for every kind of area, and says what it should."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui.downloads import KEY
from ui.registry import PAGES, page
from ui.texts import texts

SHELL = Path(__file__).resolve().parents[2] / "ui" / "shell.py"


def run(key, *, taking=False, **params):
    """A page in the view of an address; `taking` opens the block of downloads."""
    at = AppTest.from_file(SHELL, default_timeout=30)
    if taking:
        at.session_state[KEY] = True
    for name, value in params.items():
        at.query_params[name] = value
    at.switch_page(next(str(p.path) for p in PAGES if p.key == key))
    at.run()
    assert not at.exception, at.exception
    return at


def words(at):
    return "\n".join(
        str(e.value)
        for kind in ("title", "subheader", "markdown", "caption", "info", "warning")
        for e in at.get(kind)
    )


# Titles and dates of foreign sources, quoted as their publishers write them, and what belongs to a computer.
QUOTED = re.compile(
    r"\([^()]*\)|https?://\S+|[\w.-]+\.(?:csv|xlsx?|zip|tif|shp)\S*|\d{4}-\d\d(?:-\d\d)?|[A-Za-z][\w .,:;/&’'–-]*\d{4}"
)


def common_era(at):
    """Years of the common era that stand bare in the Thai texts of a page, each with what surrounds it."""
    shown = [
        str(e.value)
        for kind in ("title", "subheader", "markdown", "caption", "info", "warning", "metric")
        for e in at.get(kind)
    ]
    shown += [e.proto.body for e in at.get("html") if "<style>" not in e.proto.body]
    shown += [
        option
        for kind in ("selectbox", "segmented_control", "pills")
        for e in at.get(kind)
        for option in e.options
    ]
    return [
        text[max(0, m.start() - 40) : m.end() + 20]
        for text in (QUOTED.sub(" ", one) for one in shown)
        for m in re.finditer(r"(?<![\d,.-])(?:19[5-9]\d|20[0-4]\d)(?![\d,]|\.\d)", text)
    ]


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("key", [p.key for p in PAGES])
@pytest.mark.parametrize(
    ("area", "language"),
    [("TH", "th"), ("TH", "en"), ("10", "en"), ("55", "th"), ("5501", "en"), ("550101", "th")],
)
def test_every_page_runs(key, language, area):
    at = run(key, lang=language, area=area)
    assert not at.error
    if language == "th":
        assert common_era(at) == []
    # One level up, and the way back down from the country, stand on every page.
    assert [b.key for b in at.button if b.key == "go_up"] == ([] if area == "TH" else ["go_up"])
    # The shipped light is modelled, and no place is ranked by it or by what poverty has to do with it.
    last = {
        "urgent": "urgent.gaps_heading",
        "night_light": "light.values_heading",
        "poverty_light": "pair.heading_downloads",
        "services": "services.nothing",
        "mpi_tool": "mpi.nothing",
        "villages": "villages.nothing",
        "overlay": "overlay.identify",
        "target_groups": "groups.by_area",
        "data": "data.findings_heading",
        "compare": "page.compare.title",
        "trend": "page.trend.title",
        "home": "home.gap_no_source",
        "help": "help.terms_here",
    }.get(key, "ranking.heading")
    assert texts(language)[last].split("{")[0].strip() in words(at)


@pytest.mark.usefixtures("embedded_home")
def test_the_overview_shows_the_published_totals():
    at = run("overview", year="2018")
    assert [m.value for m in at.metric] == ["1,032,987", "4,405,684", "1,249,672", "36,647,817"]


@pytest.mark.usefixtures("embedded_home")
def test_bangkok_has_no_data_and_never_zero():
    at = run("overview", year="2018", area="10")
    assert [m.value for m in at.metric] == ["ไม่มีข้อมูล"] * 4
    assert "ไม่มีดาว" in words(at)


@pytest.mark.usefixtures("embedded_home")
def test_years_of_two_definitions_show_no_change():
    at = run("overview", year="2018", lang="en", area="50")
    table = next(m.value for m in at.markdown if "Against 2018" in m.value)
    by_year = {row[1].strip(): row[4].strip() for row in (line.split("|") for line in table.splitlines()[2:])}
    assert by_year["2023"] == "not comparable"
    assert by_year["2018"] == "the year shown"
    # 5.36 % published for B.E. 2565 against 54,887 of 975,845 in B.E. 2561
    assert by_year["2022"].replace("\\", "") == "-0.26 percentage points (2018 to 2022)"


@pytest.mark.usefixtures("embedded_home")
def test_searching_a_prefix_offers_areas_and_opens_one():
    at = run("overview")
    at.text_input(key="area_search").set_value("นครรา").run()
    at.button(key="found_30").click().run()
    assert at.query_params["area"] == ["30"] or at.query_params["area"] == "30"
    assert "จังหวัดนครราชสีมา" in words(at)
    at.button(key="go_up").click().run()
    assert "ประเทศไทย" in words(at)


@pytest.mark.usefixtures("embedded_home")
def test_a_shared_link_opens_the_same_view_in_another_session():
    at = run("poverty_map")
    at.selectbox(key="w_theme").set_value("dimensions").run()
    at.selectbox(key="w_ind").set_value("target_income_rate").run()
    at.selectbox(key="w_year").set_value(2018).run()
    link = {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items()}
    assert link["ind"] == "target_income_rate"
    other = run("poverty_map", **link)
    assert other.selectbox(key="w_ind").value == "target_income_rate"
    assert other.selectbox(key="w_year").value == 2018


@pytest.mark.usefixtures("embedded_home")
def test_the_language_switch_keeps_the_view():
    at = run("overview", area="55", year="2018")
    at.segmented_control(key="w_lang").set_value("en").run()
    assert "Nan province" in words(at)
    assert next(m.value for m in at.metric) == "44,304"


@pytest.mark.usefixtures("embedded_home")
def test_own_classes_that_cannot_be_read_are_explained():
    at = run("poverty_map", ind="target_poor_rate", method="user_defined", breaks="5,1")
    assert any("5,1" in x.value for x in at.warning)


def test_without_data_the_remedy_is_on_screen(tmp_path, monkeypatch):
    from ui import data

    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "empty"))
    data.settings.cache_clear()
    data.store.cache_clear()
    try:
        at = AppTest.from_file(SHELL, default_timeout=30).run()
        assert not at.exception
        assert "daomap build" in at.error[0].value
    finally:
        monkeypatch.undo()
        data.settings.cache_clear()
        data.store.cache_clear()


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("language", ["th", "en"])
def test_a_damaged_snapshot_and_a_question_over_its_limits_are_told_without_paths(monkeypatch, language):
    from ui import data
    from warehouse.report import QueryError
    from warehouse.snapshots import StoreError

    for error, expected in (
        (StoreError("เสียหาย /srv/home", "damaged /srv/home"), "daomap check"),
        (QueryError("เลือกพื้นที่ให้แคบลง", "choose a smaller area"), ""),
    ):

        def fail(*_arguments, error=error):
            raise error

        monkeypatch.setattr(data, "values", fail)
        at = AppTest.from_file(SHELL, default_timeout=30)
        at.query_params["lang"] = language
        at.switch_page(str(page("overview").path))
        at.run()
        assert not at.exception
        shown = "\n".join(e.value for e in (*at.error, *at.caption))
        assert expected in shown
        assert "/srv" not in shown
        assert re.search(r"code [0-9a-f]{6}", shown)
        if isinstance(error, QueryError):
            assert error.text(language) in shown
