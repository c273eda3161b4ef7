"""The NEET screen: one source at a time, no year where none is stated, samples flagged, persons only where they are known."""

from __future__ import annotations

import pytest

from tests.ui.test_pages import run, words


def listed(at):
    """The list of areas as shown: heading, values of the column."""
    return at.dataframe[0].value


@pytest.mark.usefixtures("embedded_home")
def test_the_slides_are_shown_without_a_year_as_fact():
    at = run("neet", source="neet-guidance-2566", lang="en")
    assert any("states no survey year" in x.value for x in at.warning)
    text = words(at)
    assert "survey year not stated" in text
    table = listed(at)
    assert table["value"].head(5).tolist() == [28.24, 27.48, 24.48, 24.35, 24.23]
    # Five provinces of 77 are no ranking.
    assert "rank" not in table
    assert "This source has 5 of 77" in text
    assert "no rate of the country" in text


@pytest.mark.usefixtures("embedded_home")
def test_the_source_picker_changes_map_and_list_and_is_kept_by_the_address():
    at = run("neet", lang="en")
    picker = at.selectbox(key="w_source")
    assert set(picker.options) == {
        "TPMAP guidance slides, fiscal year 2566 (the five highest; survey year not stated)",
        "UNICEF, In-depth Research on Youth NEET in Thailand, p. 41 (nine provinces, 2020)",
    }
    picker.set_value("neet-unicef-2563").run()
    assert not at.exception
    assert not at.warning
    assert listed(at)["value"].dropna().tolist() == [33.5, 26.2, 25.9, 21.7, 21.5, 20.9, 18.8, 18.6, 8.1]
    assert "neet-unicef-2563" in str(at.query_params["source"])


@pytest.mark.usefixtures("embedded_home")
def test_a_province_shows_every_source_of_it_and_says_what_is_not_known():
    at = run("neet", area="39", lang="en", source="neet-unicef-2563")
    text = words(at)
    assert "33.50%" in text
    assert "does not state whether unpaid family workers" in text
    assert "has 2 of 20 provinces of the Northeastern region" in text
    # No counts in this source: no gap in persons.
    assert "gap" not in listed(at)
    assert "survey year not stated" not in text


@pytest.mark.usefixtures("embedded_home")
def test_an_area_no_source_speaks_of_says_so():
    at = run("neet", area="55", lang="en")
    assert any("No source gives a NEET rate" in x.value for x in at.info)
    assert any("no table of steps" in x.value for x in at.info)


@pytest.fixture
def imported(embedded_home, tmp_path, monkeypatch):
    """The shipped home with a source of all provinces, one of two Northeastern ones, and a table of steps."""
    import shutil

    from geo.codes import official_areas
    from ui import data
    from warehouse.cli import main

    home = tmp_path / "home"
    shutil.copytree(embedded_home, home)
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    provinces = [c for c, a in official_areas().items() if a.level == "province"]
    header = "area_code,year,neet_count,youth_15_24,sample_size,standard_error"
    rows = [f"{c},2566,{2000 if c == '39' else 1000},10000,{20 if c == '39' else 400},2.0" for c in provinces]
    lfs = tmp_path / "lfs.csv"
    lfs.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    assert main(["import", "neet", str(lfs), "--published", "--definition", "working", "--title", "LFS"]) == 0
    steps = tmp_path / "steps.csv"
    steps.write_text(
        "area_code,step,done,people_reached,year\n39,1,2567-04-20,1200,2567\n39,2,2567-11-02,3,2567\n39,3,no,,2567\n40,1,yes,10,2567\n",
        encoding="utf-8",
    )
    assert main(["import", "neet", str(steps)]) == 0
    data.settings.cache_clear()
    data.store.cache_clear()
    yield home
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


def test_counts_give_ranks_means_and_a_gap_in_persons(imported):
    from warehouse.sources.neet import source_id

    at = run("neet", area="39", lang="en", source=source_id("LFS", "working"))
    text = words(at)
    table = listed(at).set_index("name")
    assert table.at["Nong Bua Lam Phu", "rank"] == 1 and table.at["Nong Bua Lam Phu", "value"] == 20.0
    # The country: (76 x 1,000 + 2,000) of 770,000; at its rate 20 % of 10,000 would be 987 fewer.
    mean = 100 * 78_000 / 770_000
    assert table.at["Nong Bua Lam Phu", "gap"] == round(10_000 * (20 - mean) / 100)
    assert "987 fewer young people would be NEET" in text
    assert table.at["Nong Bua Lam Phu", "note"] == "small sample (20)"
    assert table.at["Nong Bua Lam Phu", "interval"] == "16.1 – 23.9"
    assert table.at["Loei", "note"] == ""
    # Side by side: both sources of the province, each with its own definition.
    both = next(m.value for m in at.markdown if "LFS" in m.value and "UNICEF" in m.value)
    assert "33.50%" in both and "20.00%" in both
    assert "count as employed" in text and "does not state" in text
    at = run("neet", area="TH", lang="en", source=source_id("LFS", "working"))
    assert "No province has rates of more than one source" not in "\n".join(x.value for x in at.info)


def test_the_steps_stand_on_their_months_and_small_numbers_are_hidden(imported):
    at = run("neet", area="39", lang="en")
    table = next(m.value for m in at.markdown if "Apr to Oct" in m.value)
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    by_step = {
        line[0][0]: [cell.replace("\\", "").replace("\u2060", "") for cell in line[1:]] for line in lines[2:]
    }
    assert by_step["1"] == ["done (Apr)", "●○○○○○○", "1,200", "–"]
    assert by_step["2"] == ["done (Nov)", "○○○○○○○", "<5*", "–"]
    assert by_step["3"] == ["not yet", "○○○○○○○", "–", "–"]
    assert by_step["4"] == ["–", "○○○○○○○", "–", "–"]
    at = run("neet", area="TH", lang="en")
    table = next(m.value for m in at.markdown if "Apr to Oct" in m.value)
    assert "2 of 2 that report" in table


def test_the_downloads_leave_the_year_empty_where_none_is_stated(embedded_home):
    from ui import neet_panels

    at = run("neet", source="neet-guidance-2566", lang="en")
    context = at.session_state["_context"]
    choice = neet_panels.choose_source(context)
    rows = neet_panels.export_rows(context, choice)
    assert len(rows) == 77
    first = dict(zip(neet_panels.COLUMNS, rows[0], strict=True))
    assert (first["area_code"], first["neet_rate"], first["year"], first["year_be"]) == (
        "31",
        28.24,
        None,
        None,
    )
    context = run("neet", source="neet-unicef-2563").session_state["_context"]
    rows = neet_panels.export_rows(context, neet_panels.choose_source(context))
    first = dict(zip(neet_panels.COLUMNS, rows[0], strict=True))
    assert (first["area_code"], first["neet_rate"], first["year_be"]) == ("39", 33.5, 2563)


@pytest.mark.parametrize(
    ("source", "listed_areas", "highest"), [("neet-guidance-2566", 5, True), ("neet-unicef-2563", 9, False)]
)
def test_the_few_areas_a_source_lists_have_one_colour_and_the_legend_says_so(
    embedded_home, source, listed_areas, highest
):
    from ui import neet_panels

    # Classes of the address do not make a ramp of a short list either.
    at = run("neet", source=source, lang="en", method="quantiles", k="5")
    context = at.session_state["_context"]
    key = neet_panels.map_key(context, neet_panels.choose_source(context))
    assert len(key.bounds) == len(key.colours) == 1
    assert [(row.label, row.count) for row in key.rows] == [("Listed in the source", listed_areas)]
    assert key.rows[0].colour == key.colours[0] != key.missing.colour
    assert key.missing.count == 77 - listed_areas
    notes = " ".join(key.notes)
    assert f"{listed_areas} of 77 provinces" in notes
    assert ("the five highest provinces of the country" in notes) == highest


def test_a_source_of_all_provinces_keeps_its_classes(imported):
    from ui import neet_panels
    from warehouse.sources.neet import source_id

    context = run("neet", lang="en", source=source_id("LFS", "working")).session_state["_context"]
    key = neet_panels.map_key(context, neet_panels.choose_source(context))
    assert sum(row.count for row in key.rows) == 77
    assert "Classes" in key.notes[0]


def test_the_numbers_of_the_axis_and_the_legend_have_room_below_the_bars():
    from ui.neet_charts import Line, rate_bars
    from ui.palette import LIGHT

    none = (float("nan"), float("nan"))
    for n in (1, 5, 20):
        lines = (Line("Country", 12.0, "dash"), Line("Region", 14.0, "dot"))
        names = tuple(f"area {k}" for k in range(n))
        bars = rate_bars(names, (10.0,) * n, (none,) * n, ("10%",) * n, "", lines, LIGHT)
        margin, legend = bars.layout.margin, bars.layout.legend
        assert margin.b >= 36 + 20 * len(lines)
        # From the bottom of the chart and not in parts of the bars' height, which changes with their number.
        assert (legend.yref, legend.y, legend.yanchor) == ("container", 0, "bottom")
        assert bars.layout.height - margin.t - margin.b >= 26 * n


def test_the_axes_say_deprivation_in_a_few_words_and_the_years_stand_below():
    from ui.texts import Words

    th, en = Words("th"), Words("en")
    assert th("neet.axis_target_education_rate") == "ขัดสนด้านการศึกษา (% ของคนที่สำรวจ)"
    assert en("neet.axis_target_income_rate") == "Deprived in income (%)"
    assert th("page.neet.title") == "เยาวชน NEET"


@pytest.mark.usefixtures("embedded_home")
def test_columns_of_words_stand_to_the_left():
    at = run("neet", lang="en")
    table = next(m.value for m in at.markdown if "What it is" in m.value)
    assert table.splitlines()[1] == "| :-- | :-- |"
