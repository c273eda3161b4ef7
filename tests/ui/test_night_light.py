"""The night light page in all its modes: what it shows, what it refuses, and what leaves it."""

import csv
import io
import json
import re
from pathlib import Path

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from analytics.classify import Classes
from analytics.light_measures import MEASURES, OPEN_END
from analytics.light_scale import difference_scale_of, scale_of
from tests.warehouse.lights import cells, light_batch
from ui import data
from ui.export import csv_bytes, xlsx_bytes
from ui.frame import Context
from ui.light_charts import transition_bars
from ui.light_export import light_columns, light_notes, light_rows, light_sheets
from ui.light_legend import scale_html
from ui.light_map import _area_legend, class_colours, class_labels, classes_for, picture_legend
from ui.light_state import LightScene, light_scene, table_measure
from ui.light_swipe import figure_html
from ui.light_text import late_starts, measure_name, period_line, shown
from ui.palette import DARK, LIGHT, difference_colours, hex_of, light_colours
from ui.registry import PAGES
from ui.routes import BACKGROUNDS
from ui.state import LIGHT_MODES, View
from ui.texts import Words, texts
from warehouse.batch import OTHER_CELLS, PERIOD_ASSUMED
from warehouse.computed_layers import computed_layer
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import Store

SHELL = Path(__file__).resolve().parents[2] / "ui" / "shell.py"
PAGE = next(str(p.path) for p in PAGES if p.key == "night_light")


VNL = "nightlight-vnl-v21-average-masked"
HARMONISED = "nightlight-harmonised-dmsp-viirs"
MONTHLY = "nightlight-viirs-dnb-monthly"
EVIL = "<script>window.__xss=1</script>{name_th}![a](b)"


@pytest.fixture(scope="module")
def measured_home(tmp_path_factory):
    """Three measured products: masked, of two sensors, and with a background that drifts."""
    home = tmp_path_factory.mktemp("measured_light")
    store = Store(home)
    build(store, Settings())
    masked = light_batch("vnl-v21-average-masked", y2012=cells(1), y2021=cells(2))
    masked.rasters[0].mask = EVIL
    masked.rasters[0].period = ("2012-04-01", "2012-12-31")
    masked.rasters[0].note = f"2 files; {PERIOD_ASSUMED}; {OTHER_CELLS} 0.1 0.00416667"
    scaled = light_batch("harmonised-dmsp-viirs", y2012=cells(3).clip(0, 63), y2021=cells(4).clip(0, 63))
    drifted = light_batch("viirs-dnb-monthly", y2022=cells(5) + 0.1, y2025=cells(5) * 1.2 + 0.3)
    publish_batches(store, Settings(), [masked, scaled, drifted])
    return home


@pytest.fixture
def measured(measured_home, monkeypatch):
    """Pages read the measured light."""
    monkeypatch.setenv("DAOMAP_HOME", str(measured_home))
    data.settings.cache_clear()
    data.store.cache_clear()
    yield Store(measured_home)
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


def context(store: Store, **view) -> tuple[Context, LightScene]:
    """A page's context without a page."""
    house = Warehouse.open(store)
    view = View(**view)
    c = Context(house, view, house.area(view.area), Words(view.lang), LIGHT)
    scene = light_scene(c)
    assert scene is not None
    return c, scene


def run(**params):
    at = AppTest.from_file(SHELL, default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    at.switch_page(PAGE)
    at.run()
    assert not at.exception, at.exception
    return at


def words(at):
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning")
    return "\n".join(str(e.value) for kind in kinds for e in at.get(kind))


def address(at):
    return {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items()}


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("mode", LIGHT_MODES)
@pytest.mark.parametrize(("language", "area"), [("th", "TH"), ("en", "55"), ("th", "550101")])
def test_every_mode_runs_and_says_that_light_is_modelled(mode, language, area):
    at = run(lang=language, area=area, mode=mode)
    t = texts(language)
    assert not at.error
    assert t["light.modelled"] in [e.value for e in at.warning]
    assert t["light.not_poverty"] in words(at)
    assert t["light.caveats.heading"] in words(at)
    assert at.pills(key="w_mode").value == mode


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("measure", list(MEASURES))
def test_every_measure_has_a_map_of_areas_in_both_languages(measure):
    for language in ("th", "en"):
        at = run(lang=language, mode="areas", measure=measure)
        assert not at.error
        assert at.selectbox(key="w_measure").value == measure


@pytest.mark.usefixtures("embedded_home")
def test_what_is_chosen_stands_in_the_address_and_opens_again():
    at = run()
    at.pills(key="w_mode").set_value("areas").run()
    at.selectbox(key="w_measure").set_value("log_ratio").run()
    link = address(at)
    assert (link["mode"], link["measure"]) == ("areas", "log_ratio")
    again = run(**link)
    assert again.selectbox(key="w_measure").value == "log_ratio"
    picture = run(opacity="40", y1="2012")
    assert picture.select_slider(key="w_opacity").value == 40
    assert picture.segmented_control(key="w_y1").value == 2012
    picture.select_slider(key="w_opacity").set_value(55).run()
    assert address(picture)["opacity"] == "55"
    odd = run(opacity="43")
    assert odd.select_slider(key="w_opacity").value == 43


@pytest.mark.usefixtures("embedded_home")
def test_the_figures_of_two_years_stand_together():
    at = run(lang="en")
    shown_now = [m.value for m in at.metric]
    assert len(shown_now) == 4 and all(re.fullmatch(r"[\d,.]+( %)?", v) for v in shown_now)
    assert sum("2012:" in e.value for e in at.caption) == 4


@pytest.mark.usefixtures("embedded_home")
def test_a_year_that_is_not_there_is_said():
    at = run(y1="2018", lang="en")
    assert any("2018" in e.value and "2021" in e.value for e in at.info)


def test_labels_of_classes_are_round_and_both_sides_of_zero_have_their_colours():
    w = Words("en")
    bounds = (-5.0, -3.0, -1.0, 1.0, 3.0, 5.0, OPEN_END)
    classes = Classes("user_defined", bounds, -9.0, (1,) * 7, 0)
    labels = class_labels(MEASURES["difference"], classes, w)
    assert labels == [
        "up to \u22125",
        "above \u22125 to \u22123",
        "above \u22123 to \u22121",
        "above \u22121 to 1",
        "above 1 to 3",
        "above 3 to 5",
        "above 5",
    ]
    for theme in ("light", "dark"):
        colours = class_colours(MEASURES["difference"], 7, theme)
        assert len(set(colours)) == 7
        (loss, *_), gain = colours, colours[-1]
        assert loss[2] > loss[0] and gain[0] > gain[2]  # purple and orange
    assert class_colours(MEASURES["light_mean"], 0, "light") == ()


def test_light_that_is_there_is_never_written_as_none():
    w = Words("en")
    assert shown(MEASURES["light_mean"], 0.001, w) == "<0.01"
    assert shown(MEASURES["light_mean"], 0.0, w) == "0.00"
    assert shown(MEASURES["light_mean"], float("nan"), w) == "–"
    assert shown(MEASURES["difference"], 2.0, w) == "+2.0"
    assert shown(MEASURES["difference"], -2.0, w) == "-2.0"


def test_two_sensors_are_refused_and_then_compared_under_a_warning_that_stays(measured):
    at = run(lang="en", light=HARMONISED, mode="difference")
    refused = [e.value for e in at.warning if "not compared" in e.value]
    assert len(refused) == 1 and "different sensors" in refused[0]
    assert texts("en")["light.transition.heading"] not in words(at)
    assert not at.get("deck_gl_json_chart")
    at.toggle(key="w_anyway").set_value(True).run()
    assert address(at)["anyway"] == "1"
    assert any("Compared although" in e.value and "different sensors" in e.value for e in at.warning)
    assert texts("en")["light.transition.heading"] in words(at)
    c, s = context(measured, lang="en", light=HARMONISED, mode="difference", anyway=True)
    assert any("different sensors" in line for line in light_notes(c, s))
    c, s = context(measured, lang="en", light=HARMONISED, mode="difference")
    assert not s.compared and not any("different sensors" in line for line in light_notes(c, s))


def test_no_picture_is_drawn_of_the_difference_of_two_products(measured):
    at = run(lang="en", light=MONTHLY, light2=VNL, mode="difference", anyway="1")
    assert not at.error and not at.get("deck_gl_json_chart")
    assert any("within one product only" in e.value for e in at.info)


def test_two_units_are_never_compared(measured):
    at = run(lang="th", light=VNL, light2=HARMONISED, mode="areas", measure="log_ratio", anyway="1")
    assert not at.error
    assert any("หน่วยต่างกัน" in e.value for e in at.warning)
    assert not [t for t in at.toggle if t.key == "w_anyway"]
    assert texts("th")["light.transition.heading"] not in words(at)


def test_the_drift_of_a_background_is_told_on_the_screen_and_in_the_download(measured):
    at = run(lang="en", light=MONTHLY, mode="areas", measure="annual_growth")
    told = [e.value for e in at.info if "drifted by" in e.value]
    assert len(told) == 1
    assert float(re.search(r"drifted by ([+-][\d.]+)", told[0])[1]) == pytest.approx(0.2, abs=0.05)
    c, s = context(measured, lang="en", light=MONTHLY, mode="areas", measure="annual_growth")
    assert any("drifted by" in line for line in light_notes(c, s))
    # No plain sum of the other year beside it: that would grow with the background.
    assert sum(e.value == texts("en")["light.figures.background"] for e in at.caption) == 4
    assert not any(e.value.startswith("2022:") for e in at.caption)
    masked = run(lang="en", light=VNL, mode="areas", measure="annual_growth")
    assert sum(e.value.startswith("2012:") for e in masked.caption) == 4
    assert not any("drifted by" in e.value for e in masked.info)
    assert texts("en")["light.modelled"] not in words(masked)


def test_what_a_file_says_of_itself_is_text(measured):
    for mode in LIGHT_MODES:
        at = run(lang="th", light=VNL, mode=mode)
        assert not at.error
        assert "<script" not in words(at).replace("\\<", "")
        assert not any("<script" in str(e.proto) for e in at.get("html"))


def test_an_assumed_period_and_other_cells_stand_beside_the_period(measured):
    for language, assumed, other in (
        ("th", "ไม่ได้มาจากชื่อไฟล์", "0.1° ไม่ใช่ 0.00416667°"),
        ("en", "not from the file's name", "0.1°, not 0.00416667°"),
    ):
        c, scene = context(measured, lang=language, light=VNL)
        assert assumed in period_line(c, VNL, 2012) and other in period_line(c, VNL, 2012)
        assert assumed not in period_line(c, VNL, 2021) and "0.00416667" not in period_line(c, VNL, 2021)
        assert any(assumed in line for line in light_notes(c, scene)), light_notes(c, scene)


def test_the_choice_of_product_is_offered_and_kept(measured):
    at = run(lang="th")
    assert at.selectbox(key="w_light").value == VNL  # official, masked
    at.selectbox(key="w_light").set_value(MONTHLY).run()
    assert address(at)["light"] == MONTHLY
    assert at.segmented_control(key="w_y1").options == ["พ.ศ. 2565", "พ.ศ. 2568"]


def test_downloads_hold_both_years_the_change_and_how_they_were_made(measured):
    c, s = context(measured, lang="en", light=VNL)
    pair = s.choice.pair
    years = [(pair.source0, pair.y0), (pair.source1, pair.y1)]
    columns, rows = light_columns(years, pair), light_rows(c, s, years, pair)
    raw = csv_bytes(columns, rows, light_notes(c, s)).decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(raw)))
    by_code = {r["area_code"]: r for r in table[:77]}
    assert len(by_code) == 77
    change = c.warehouse.lights.change(VNL, 2012, 2021, "province")
    one = c.warehouse.lights.statistics(VNL, 2021, "province")
    for code in ("10", "55", "83"):
        assert float(by_code[code]["difference"]) == pytest.approx(change.loc[code, "difference"])
        assert float(by_code[code]["light_lit_share_2021"]) == pytest.approx(100 * one.loc[code, "lit_share"])
        assert by_code[code]["modelled"] == "false"
    for told in ("VNL V2.1", "2012-04-01 to 2012-12-31", "any value above 0", "nW/cm²/sr", "e = 0.5", "LED"):
        assert told in raw, told
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(light_sheets(c, s, years, pair), "t")))
    assert book.sheetnames == ["data", "dictionary", "sources"]
    assert [cell.value for cell in book["data"][1]] == columns
    described = {row[0] for row in book["dictionary"].values}
    assert set(columns) - described == {"level"}
    assert all(cell.data_type in ("s", "n") for page in book for row in page.iter_rows() for cell in row)


@pytest.mark.usefixtures("embedded_home")
def test_a_download_of_modelled_light_says_so_in_every_row(embedded_home):
    c, s = context(Store(embedded_home), lang="th")
    pair = s.choice.pair
    years = [(pair.source0, pair.y0), (pair.source1, pair.y1)]
    rows = light_rows(c, s, years, pair)
    assert {row[-1] for row in rows} == {"true"}
    assert light_notes(c, s)[0] == texts("th")["light.modelled"]


def test_layers_of_light_hold_what_the_table_holds(measured):
    import gzip

    snapshot = measured.current().id
    spec = f"light_change.1~{VNL}~2012~2021~growth"
    raw = computed_layer(measured.snapshots, snapshot, "province", "TH", spec)
    features = {
        f["properties"]["code"]: f["properties"] for f in json.loads(gzip.decompress(raw))["features"]
    }
    house = Warehouse.open(measured)
    change = house.lights.change(VNL, 2012, 2021, "province")
    for code, properties in features.items():
        assert properties["log_ratio"] == pytest.approx(change.loc[code, "log_ratio"], abs=1e-4)
    house.close()
    for wrong in (
        f"light_change.1~{VNL}~2021~2012~growth",
        f"light_change.1~{VNL}~2012~2021~lit",
        f"light_change.1~{VNL}~2012~2021",
        f"light_change.1~{VNL}~2012~2021~growth~{HARMONISED}~x",
        f"light_change.1~{VNL}~2012~2021~growth~{HARMONISED}",
        f"light_statistics.1~{VNL}~1999~amount",
        f"light_statistics.1~{VNL}~2021~growth",
        "light_statistics.1~nightlight-gone~2021~amount",
        f"light_statistics.1~{VNL}~20x1~amount",
    ):
        assert computed_layer(measured.snapshots, snapshot, "province", "TH", wrong) is None, wrong


def test_a_legend_has_the_colours_and_stops_of_its_picture_and_no_markup_of_others():
    scale = scale_of("nW/cm²/sr")
    colours = light_colours(32)
    for theme in (LIGHT, DARK):
        html = scale_html("t", "u", scale, colours, [EVIL], theme, ((0, 0, 0), EVIL), [EVIL])
        assert "<script" not in html
        assert html.count("&lt;script") == 3
    # The brightest stands on top, and every stop where the picture has its colour.
    assert html.index(hex_of(colours[-1])) < html.index(hex_of(colours[0]))
    marks = dict(re.findall(r'top:([\d.]+)%">([\d.+-]+)<', html))
    assert {text: float(top) for top, text in marks.items()} == {
        f"{stop:g}": pytest.approx(100 * (1 - float(place)), abs=0.01)
        for stop, place in zip(scale.stops, scale.position(scale.stops), strict=True)
    }
    difference = scale_html(
        "t", "u", difference_scale_of("DN"), difference_colours(33, "light"), [], LIGHT, ((0, 0, 0), "")
    )
    assert 'top:50.00%">0<' in difference and ">+20<" in difference and ">\u221220<" in difference


def test_a_close_up_carries_its_outline_and_no_markup_of_others():
    square = {"type": "Polygon", "coordinates": [[[100, 10], [101, 10], [101, 11], [100, 10]]]}
    html = figure_html("/lights/x.png?v=1&area=20", EVIL, EVIL, (100.0, 10.0, 101.0, 11.0), square)
    assert "<script" not in html
    path = re.search(r"d%3D%22(M[^%]*(?:%20[^%]*)*?)Z%22", html)[1].replace("%20", " ")
    corners = [tuple(map(int, part.split())) for part in path[1:].split("L")]
    assert corners[0] == (0, corners[0][1]) and corners[1][0] == 1000
    assert corners[2][1] == 0  # the north edge is the top row
    assert "svg" not in figure_html("/lights/x.png", "a", "b", (100.0, 10.0, 101.0, 11.0), None)


def alts(at):
    return "\n".join(
        str(e.proto) for kind in ("deck_gl_json_chart", "arrow_data_frame") for e in at.get(kind)
    )


def test_the_table_of_a_difference_holds_the_difference(measured):
    for mode, key in (("difference", "difference"), ("picture", "light_mean"), ("areas", "light_mean")):
        c, s = context(measured, lang="en", light=VNL, mode=mode)
        assert table_measure(s).key == key
        at = run(lang="en", light=VNL, mode=mode)
        name = measure_name(MEASURES[key], c.words)
        assert any(e.value.startswith(f"{name} · ") for e in at.caption)
        assert f"The table below gives the {name} of each area" in alts(at)
    # Of two years that are not compared there is no difference to show.
    c, s = context(measured, lang="en", light=HARMONISED, mode="difference")
    assert not s.compared and table_measure(s).key == "light_mean"


@pytest.mark.usefixtures("embedded_home")
def test_modelled_light_lists_no_gains_and_stands_flagged_beside_the_table(embedded_home):
    for language in ("th", "en"):
        t = texts(language)
        at = run(lang=language, mode="areas", measure="annual_growth")
        assert t["light.ranking.made_up"] in [e.value for e in at.info]
        assert t["light.ranking.up"] not in words(at) and t["light.ranking.down"] not in words(at)
        (frame, _), *more = tables(at)
        assert not more and "rank" not in frame
        assert (
            frame["name"].iloc[0] == {"th": "กรุงเทพมหานคร", "en": "Bangkok"}[language]
        )  # by code, not by light
        assert [e.value for e in at.warning].count(
            t["light.modelled"]
        ) == 2  # above the map and above the table
        for measure in ("annual_growth", "light_mean"):
            c, s = context(Store(embedded_home), lang=language, mode="areas", measure=measure)
            chosen = s.choice.measure
            html = _area_legend(c, s, chosen, classes_for(c, s, chosen), ((0, 0, 0),) * 7)
            assert f'<p class="strong">{t["light.modelled"]}</p>' in html
            assert html.count(t["light.modelled"]) == 1


def test_measured_light_lists_its_gains(measured):
    at = run(lang="en", light=VNL, mode="areas", measure="annual_growth")
    assert texts("en")["light.ranking.up"] in words(at)
    assert texts("en")["light.ranking.made_up"] not in words(at)
    assert "rank" in tables(at)[-1][0]


def test_a_late_start_is_told_of_the_years_shown_only(measured):
    told = {}
    for view in ({}, {"y1": 2012}, {"light": HARMONISED}):
        c, s = context(measured, lang="en", **{"light": VNL, **view})
        told[tuple(view)] = late_starts(c, s)
    assert all("2012 begin on 2012-04-01" in line for key in ((), ("y1",)) for line in told[key])
    assert len(told[()]) == len(told["y1",]) == 1
    assert told["light",] == []  # no period is known of it
    assert "1/4/2555" in words(run(lang="th", light=VNL))
    assert "begin on" not in words(run(lang="en", light=HARMONISED))


def test_clear_cells_of_a_difference_have_the_ground_of_the_map_in_the_legend(measured):
    c, s = context(measured, lang="en", light=VNL, mode="difference")
    assert f'<em style="background:{BACKGROUNDS["light"]}">' in picture_legend(c, s)


def tables(at):
    """Columns of every table by their keys, and what they are set to."""
    found = []
    for e in at.dataframe:
        found.append((e.value, json.loads(e.proto.columns)))
    return found


def test_lists_wider_than_the_area_say_so_and_mark_its_row(measured):
    for language, whole in (("th", "ทั้งประเทศ"), ("en", "whole country")):
        t = texts(language)
        at = run(lang=language, light=VNL, area="57", mode="areas", measure="difference")
        heads = [e.value for e in at.subheader]
        assert f"{t['light.ranking.heading']} · {whole}" in heads
        assert sum(h.endswith(whole) for h in heads) == 2
        c, _s = context(measured, lang=language, light=VNL, area="57")
        told = c.words("light.ranking.wider", area=c.name(c.area), level=t["level.district"])
        assert told in [e.value for e in at.info]
        frame = tables(at)[-1][0]
        own = frame[frame["note"].str.contains(t["light.ranking.own"])]
        assert len(own) == 1 and own["name"].iloc[0].startswith("▸ ")
        country = [e.value for e in run(lang=language, light=VNL).subheader]
        assert t["light.ranking.heading"] in country and not any(whole in h for h in country)


def test_numbers_of_tables_have_separators_their_decimals_and_a_title(measured):
    at = run(lang="th", light=VNL, mode="areas", measure="difference")
    columns = tables(at)[-1][1]
    assert columns["before"]["label"] == "ผลรวมแสง 2555" and columns["after"]["label"] == "ผลรวมแสง 2564"
    for name in ("value", "before", "after"):
        assert columns[name]["type_config"] == {
            **columns[name]["type_config"],
            "format": "localized",
            "step": 0.1,
        }
    assert columns["name"]["width"] >= 180


def test_figures_have_titles_of_their_own_and_their_per_cent_at_the_number(measured):
    for language in ("th", "en"):
        at = run(lang=language, light=VNL)
        labels = [m.label for m in at.metric]
        assert len(set(labels)) == 4 and not any(a != b and a in b for a in labels for b in labels)
        assert sum(m.value.endswith(" %") for m in at.metric) == 1


def test_bars_leave_room_for_their_numbers_on_a_phone():
    figure = transition_bars(("steady",), ("a",), (28393.4,), ("28,393 ตร.กม. (5.5%)",), LIGHT)
    # A phone leaves 230 pixels beside the names; the longest label takes 145 of them.
    assert 230 * (1 - 28393.4 / figure.layout.xaxis.range[1]) >= 145


@pytest.mark.usefixtures("embedded_home")
def test_large_land_is_written_without_decimals():
    said = "\n".join(e.value for e in run(lang="en").caption)
    assert re.search(r"dark in both years \d{2,3},\d{3} km²", said)
