"""The trend screen: lines that end where a definition does, changes and ranks inside one, and nothing told across two."""

import csv
import io
import json
import re
import shutil

import openpyxl
import pytest

from tests.ui.test_compare import context, text_of, use
from tests.ui.test_pages import run
from tests.warehouse.batches import batch
from ui import data, export
from ui.side_export import dictionary_rows
from ui.texts import texts
from ui.trend_panels import COLUMNS, MOVE_COLUMNS, headline, letters, reading_rows, workbook_sheets
from ui.trend_state import choose_trend
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store


@pytest.fixture
def embedded(embedded_home, monkeypatch):
    use(embedded_home, monkeypatch)
    yield embedded_home
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


def figures(at):
    return [json.loads(p.proto.spec) for p in at.get("plotly_chart")]


def test_years_of_two_definitions_are_two_lines_and_only_one_is_joined(embedded):
    at = run("trend", area="50", ind="target_poor_rate", lang="en")
    lines = figures(at)[0]["data"]
    own = [t for t in lines if t["name"] == "Chiang Mai province"]
    assert [t["x"] for t in own] == [[2018, 2022], [2023]]
    assert [t["name"] for t in lines if t.get("showlegend")] == ["Chiang Mai province", "Thailand"]
    said = text_of(at)
    assert "fell by 0.26 percentage points, from 5.62% (2018) to 5.36% (2022)" in said
    ticks = figures(at)[0]["layout"]["xaxis"]["ticktext"]
    assert [re.sub(".*<br>", "", t) for t in ticks] == ["(A)", "(A)", "(B)"]
    assert "Definition A · 2018, 2022: Fails the MPI" in said
    table = [line.split("|") for line in said.splitlines() if line.startswith("| 20")]
    assert [row[4].strip() for row in table] == ["–", "−0.26 percentage points since 2018", "not comparable"]


def test_across_two_definitions_neither_change_nor_rank_is_told(embedded):
    at = run("trend", ind="target_poor_rate", y0="2018", y1="2023", lang="en")
    said = text_of(at)
    assert any("counted under different definitions" in w.value for w in at.warning)
    assert "so neither rise nor fall is told" in said
    table = at.dataframe[0].value
    assert list(table.columns) == ["name", "first", "second", "note"]
    assert table["first"].notna().sum() == 76 and table["second"].notna().sum() == 75
    slopes = figures(at)[1]["data"]
    assert [t["mode"] for t in slopes] == ["markers"]
    assert slopes[0]["name"].startswith("not compared")


def test_ranks_move_inside_one_definition(embedded):
    at = run("trend", ind="surveyed_persons", lang="en")
    table = at.dataframe[0].value
    assert {"absolute", "relative", "rank_first", "rank_second", "places"} <= set(table.columns)
    both = table.dropna(subset=["rank_first"])
    assert len(both) == 75
    assert sorted(both["rank_first"]) == list(range(1, 76))
    # Bangkok is in neither year, Bueng Kan in the first alone.
    notes = dict(zip(table["name"], table["note"], strict=True))
    assert notes["Bangkok"] == "no data" and notes["Bueng Kan"] == "no number in the second year"
    slopes = figures(at)[1]["data"]
    assert {t["mode"] for t in slopes if t.get("name", "").startswith(("rose", "fell"))} == {"lines+markers"}


def test_twenty_printed_extremes_have_changes_and_no_ranks(embedded):
    at = run("trend", ind="target_poor_rate", lang="en")
    table = at.dataframe[0].value
    assert table["absolute"].notna().sum() == 20 and "rank_first" not in table
    assert "fewer than four fifths" in text_of(at) and "These 20 are a part only" in text_of(at)


def test_light_and_neet_are_dots(embedded):
    at = run("trend", area="50", ind="light_mean", lang="en")
    own = [t for t in figures(at)[0]["data"] if t["name"] == "Chiang Mai province"]
    assert [t["x"] for t in own] == [[2012], [2021]]
    assert any("night light screen" in w.value for w in at.warning)
    assert "modelled or synthetic" in text_of(at)
    # One source of NEET states no year, and stands in no trend.
    neet = run("trend", area="39", ind="neet_rate", lang="en")
    said = text_of(neet)
    assert "NEET rate of young people of Nong Bua Lam Phu province is 33.50% (2020)" in said
    assert "2023" not in said and any("small differences may be chance" in i.value for i in neet.info)


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("area", ["TH", "10", "5501", "550101"])
def test_any_area_has_its_trend(embedded, area, language):
    at = run("trend", area=area, lang=language)
    assert texts(language)["page.trend.title"] in at.title[0].value


def test_choices_go_to_the_address_and_come_back(embedded):
    at = run("trend", area="50", ind="target_poor_rate", lang="en")
    at.selectbox(key="w_y1").set_value(2023).run()
    assert not at.exception
    link = {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items()}
    assert link["y1"] == "2023"
    other = run("trend", **link)
    assert [other.selectbox(key=f"w_y{n}").value for n in (0, 1)] == [2022, 2023]


@pytest.fixture(scope="module")
def made_home(embedded_home, tmp_path_factory):
    """Districts of Nan in two years of one source, one hidden in one of them; a second source of the same years."""
    home = tmp_path_factory.mktemp("trend") / "home"
    shutil.copytree(embedded_home, home)
    districts = [f"55{n:02}" for n in range(1, 16)]
    rows = [(code, "target_poor", 2018, 100.0 + n) for n, code in enumerate(districts)]
    rows += [(code, "target_poor", 2019, 120.0 - 2 * n) for n, code in enumerate(districts[:14])]
    first = batch(rows, priority=30, suppressed=[("5507", "target_poor")], kind="official")
    second = batch([(code, "target_poor", 2018, 5.0) for code in districts[:3]], source="other")
    publish_batches(Store(home), Settings(), [first, second])
    return home


@pytest.fixture
def made(made_home, monkeypatch):
    use(made_home, monkeypatch)
    yield made_home
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.mark.usefixtures("made")
def test_children_move_and_the_hidden_one_is_in_no_number():
    t = choose_trend(context(area="55", ind="target_poor"))
    assert (t.level, t.within, t.pair) == ("district", "55", (2018, 2019))
    moved = t.moved.set_index("area_code")
    assert moved.loc["5501", "absolute"] == 20 and moved.loc["5514", "absolute"] == -19
    assert moved.loc["5507", "status"] == "hidden" and moved.loc["5515", "status"] == "vanished"
    assert moved.loc["5507", ["first", "second"]].isna().all()
    assert (moved["status"] == "both").sum() == 13
    assert moved["rank_first"].notna().sum() == 13
    # 100 + n against 120 - 2n: equal at no n; below for n < 7, above for n > 6, n = 6 hidden.
    said = headline(context(area="55", ind="target_poor"), t)
    assert (
        "Of 13 areas that compare (districts): 6 rose, 7 fell, 0 did not change; 2 more cannot be told"
        in said[1]
    )
    assert "a part only" not in said[1]


@pytest.mark.usefixtures("made")
def test_the_downloads_hold_readings_and_changes():
    c = context(area="55", ind="target_poor")
    t = choose_trend(c)
    raw = export.csv_bytes(COLUMNS, reading_rows(c, t)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(raw)))
    hidden = [r for r in rows if r["area_code"] == "5507"]
    assert [(r["value"], r["numerator"], r["suppressed"]) for r in hidden] == [("", "", "true")] * 2
    assert {r["version"] for r in rows if r["area_code"] == "5501"} == {"made|made"}
    book = openpyxl.load_workbook(io.BytesIO(export.xlsx_bytes(workbook_sheets(c, t, []), "x")))
    assert book.sheetnames == ["data", "changes", "dictionary", "sources"]
    changes = {row[0].value: row for row in book["changes"].iter_rows(min_row=2)}
    assert changes["5501"][8].value == 20 and changes["5507"][5].value is None
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    meaning = dictionary_rows([*COLUMNS, *MOVE_COLUMNS[3:]], "trend.export.{name}", (), ())
    assert all(th and en for _, th, en in meaning)


@pytest.mark.usefixtures("made")
def test_another_source_of_the_same_years_can_be_chosen():
    t = choose_trend(context(area="55", ind="target_poor"))
    assert "other" in t.sources and t.source == ""
    alone = choose_trend(context(area="55", ind="target_poor", source="other"))
    known = alone.inside.dropna(subset="value")
    assert set(known["source_id"]) == {"other"} and set(known["value"]) == {5.0}


@pytest.mark.usefixtures("made")
def test_letters_stand_for_versions_in_the_order_of_the_years():
    t = choose_trend(context(area="TH", ind="target_poor_rate"))
    assert list(letters(t, "en").values()) == ["A", "B"]
    assert list(letters(t, "th").values()) == ["ก", "ข"]
    assert letters(choose_trend(context(area="TH", ind="surveyed_persons")), "en") == {}
