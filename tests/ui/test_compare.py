"""The comparison screen: what stands side by side, what is never compared, and what the numbers say."""

import csv
import html
import io
import json
import math
import re
import shutil

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.catalogue import indicator
from tests.ui.test_pages import run, words
from tests.warehouse.batches import batch
from ui import data, export
from ui.compare_maps import one_scale, widths
from ui.compare_state import KEY_FIGURES, choose_comparison, rows, shown_row
from ui.compare_words import headline
from ui.frame import Context
from ui.palette import LIGHT
from ui.side_export import COLUMNS, PEER_COLUMNS, comparison_rows, dictionary_rows, peer_rows
from ui.small_multiples import svg
from ui.state import View
from ui.texts import Words, texts
from warehouse.peers import facts, similar
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store

EVIL = '=HYPERLINK("http://x")<script>alert(1)</script>![a](b)'


def use(home, monkeypatch):
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.fixture
def embedded(embedded_home, monkeypatch):
    use(embedded_home, monkeypatch)
    yield embedded_home
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.fixture(scope="module")
def figures():
    """The published counts of provinces, from the file that ships."""
    table = pd.read_csv("data/figures/tpmap_province.csv", dtype={"area_code": str})
    table = table[table["year_be"] == 2561].set_index("area_code")
    return table.assign(rate=100 * table["target_poor_persons"] / table["surveyed_persons"])


def context(lang="en", **fields):
    house = data.warehouse()
    view = View(lang=lang, **fields)
    return Context(house, view, house.area(view.area), Words(lang), LIGHT)


def plain(text):
    """Markdown as it is read: without the signs that keep data from being markup."""
    return re.sub(r"\\(.)", r"\1", text).replace("\u2060", "")


def text_of(at):
    return plain(words(at))


def test_two_provinces_in_one_sentence(embedded, figures):
    high, low = figures.loc["55", "rate"], figures.loc["50", "rate"]
    assert high > low
    at = run("compare", area="50", **{"with": "55"}, ind="target_poor_rate", year="2018", lang="en")
    said = text_of(at)
    assert f"Nan province ({high:.2f}%) lies {high - low:.2f} percentage points above" in said
    assert f"Chiang Mai province ({low:.2f}%)" in said and f"or {high / low:.1f} times" in said
    assert "definition: Fails the MPI" in said and "2018" in said
    assert not at.warning
    row = next(line for line in said.splitlines() if line.startswith("| Target-poor rate"))
    assert f"+{high - low:.2f} percentage points" in row and "[1]" in row
    thai = text_of(run("compare", area="50", **{"with": "55"}, ind="target_poor_rate", year="2018"))
    assert f"สูงกว่าจังหวัดเชียงใหม่ ({low:.2f}%) อยู่ {high - low:.2f} จุดร้อยละ" in thai and "พ.ศ. 2561" in thai


def test_two_years_of_one_definition_have_a_difference(embedded):
    at = run("compare", area="50", by="years", ind="target_poor_rate", lang="en")
    said = text_of(at)
    # 54,887 of 975,845 in B.E. 2561, 5.36 % printed for B.E. 2565.
    assert "fell by 0.26 percentage points, from 5.62% (2018) to 5.36% (2022)" in said
    assert "they come from different publishers" in said
    assert [at.selectbox(key=f"w_y{n}").value for n in (0, 1)] == [2018, 2022]


def test_two_definitions_stand_apart_without_a_difference(embedded):
    at = run("compare", area="50", by="years", y0="2018", y1="2023", ind="target_poor_rate", lang="en")
    said = text_of(at)
    assert any("counted under different definitions" in w.value for w in at.warning)
    assert "Side by side to be seen, without a difference" in said
    assert "rose by" not in said and "fell by" not in said
    table = next(m.value for m in at.markdown if "Difference" in m.value)
    cell = {line.split("|")[1].strip(): line.split("|")[4].strip() for line in plain(table).splitlines()[2:]}
    assert cell["Target-poor rate (%)"] == "not comparable"
    # Persons surveyed were counted alike in both years, and keep their difference.
    assert cell["Persons surveyed (persons)"].startswith(("+", "−"))
    # Two charts, because two definitions are not laid over each other, with axes of one length.
    radars = [json.loads(p.proto.spec) for p in at.get("plotly_chart") if "polar" in p.proto.spec]
    assert len(radars) == 2
    assert len({r["layout"]["polar"]["radialaxis"]["range"][1] for r in radars}) == 1


def test_an_area_of_another_level_is_left_out_and_named(embedded):
    at = run("compare", area="50", **{"with": "5501.55.TH"}, ind="target_poor_rate", year="2018", lang="en")
    warning = plain(next(w.value for w in at.warning))
    assert "Mueang Nan" in warning and "Thailand" in warning and "Nan province" not in warning
    assert at.multiselect(key="w_others").value == ["55"]


def test_nothing_chosen_starts_with_the_area_most_alike_and_says_so(embedded):
    at = run("compare", area="55", lang="en", ind="target_poor_rate")
    found = similar(data.warehouse(), "55", "province")
    first = data.warehouse().area(found.table["code"].iloc[0])
    note = next(plain(i.value) for i in at.info)
    assert first.name_en in note and "most like it" in note
    assert [b.label for b in at.button if str(b.key).startswith("compare_beside_")]
    nearest = next(b for b in at.button if b.key == f"compare_peer_{first.code}")
    assert f"{found.table['distance'].iloc[0]:.2f}" in plain(nearest.label)


def test_the_country_starts_with_its_extremes(embedded, figures):
    at = run("compare", lang="en", ind="target_poor", year="2018")
    codes = at.multiselect(key="w_others").value
    assert codes == [figures["target_poor_persons"].idxmax(), figures["target_poor_persons"].idxmin()]
    # A chosen pair becomes the area looked at and the one beside it.
    at.multiselect(key="w_others").set_value(["57", "54"]).run()
    assert not at.exception
    link = {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items()}
    assert (link["area"], link["with"]) == ("57", "54")


def test_areas_are_added_by_a_button_and_the_last_gives_way(embedded):
    at = run("compare", area="55", **{"with": "50.51.52"}, lang="en", ind="target_poor_rate")
    button = next(b for b in at.button if b.key == "compare_beside_56")
    button.click().run()
    assert not at.exception
    value = at.query_params["with"]
    assert (value[0] if isinstance(value, list) else value) == "50.51.56"


def test_three_areas_have_still_maps_and_two_live_ones_of_one_scale(embedded):
    at = run("compare", area="55", **{"with": "50.57"}, lang="en", ind="target_poor_rate", year="2018")
    assert not at.get("deck_gl_json_chart")
    body = next(h.proto.body for h in at.get("html") if "daomap-beside" in h.proto.body)
    shown = re.findall(
        r'width:([\d.]+)%" src="/multiples/[^/]+/province/TH/target_poor_rate-2018.svg\?([^"]+)"', body
    )
    assert [html.unescape(query).split("in=")[1][:2] for _, query in shown] == ["55", "50", "57"]
    assert max(float(width) for width, _ in shown) == 100
    # The classes are those of the legend, the same in all.
    assert len({html.unescape(query).split("&")[0] for _, query in shown}) == 1
    two = run("compare", area="55", **{"with": "50"}, lang="en", ind="target_poor_rate", year="2018")
    charts = [json.loads(d.proto.json) for d in two.get("deck_gl_json_chart")]
    assert len(charts) == 2
    assert charts[0]["initialViewState"]["zoom"] == pytest.approx(
        charts[1]["initialViewState"]["zoom"], abs=1e-6
    )
    areas = [next(layer for layer in chart["layers"] if layer["id"] == "areas") for chart in charts]
    fills = {json.dumps(layer["_subLayerProps"]["polygons-fill"]) for layer in areas}
    assert len(fills) == 1


def test_a_number_above_zero_is_never_written_as_zero_and_has_no_multiple(embedded):
    # Samut Sakhon: seven target poor of 305,238 persons surveyed in B.E. 2566.
    c = context(area="58", others="74", ind="target_poor_rate", year=2023)
    row = shown_row(c, choose_comparison(c))
    assert 0 < row.cells[1].value < 0.005
    said = headline(c, choose_comparison(c), row)
    assert "Samut Sakhon province (<0.01%)" in said and "times" not in said


def test_bangkok_has_no_data_and_never_zero(embedded):
    at = run("compare", area="10", **{"with": "50"}, ind="target_poor_rate", year="2018", lang="en")
    said = text_of(at)
    assert "Bangkok No data" in said and "times" not in said.split("Maps")[0]
    row = next(line for line in said.splitlines() if line.startswith("| Target-poor rate"))
    assert row.split("|")[2].strip() == "No data" and row.split("|")[4].strip() == "–"


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("by", ["areas", "years"])
@pytest.mark.parametrize("area", ["TH", "5501", "550101"])
def test_any_area_can_be_compared(embedded, area, by, language):
    at = run("compare", area=area, by=by, lang=language)
    assert texts(language)["page.compare.title"] in at.title[0].value


def test_the_download_is_what_is_on_screen(embedded, figures):
    c = context(area="55", others="50", ind="target_poor_rate", year=2018)
    choice = choose_comparison(c)
    found = rows(c, choice, (choice.indicator.id, *KEY_FIGURES))
    raw = export.csv_bytes(COLUMNS, comparison_rows(c, choice, found)).decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(raw)))
    assert len(table) == 2 * len(found)
    own, other = (r for r in table if r["indicator"] == "target_poor_rate")
    assert float(own["value"]) == pytest.approx(figures.loc["55", "rate"])
    gap = figures.loc["50", "rate"] - figures.loc["55", "rate"]
    assert own["difference"] == "" and float(other["difference"]) == pytest.approx(gap)
    assert (own["year"], own["year_be"], own["comparable"], own["made_up"]) == (
        "2018",
        "2561",
        "true",
        "false",
    )
    # Nobody has NEET of Nan; the row is there for Chiang Mai or not at all, and never zero.
    assert all(r["value"] != "0" for r in table if r["indicator"] == "neet_rate")
    peers = similar(c.warehouse, "55", "province")
    meaning = dictionary_rows([*COLUMNS, *PEER_COLUMNS[3:]], "compare.export.{name}", (), ())
    assert [r[0] for r in meaning] == [*COLUMNS, *PEER_COLUMNS[3:]] and all(
        th and en for _, th, en in meaning
    )
    assert [r[3] for r in peer_rows(c, peers)] == peers.table["distance"].tolist()


def test_rows_of_two_years_compare_by_the_rows_definitions(embedded):
    c = context(area="50", by="years", y0=2018, y1=2023, ind="target_poor")
    found = {row.indicator.id: row for row in rows(c, choose_comparison(c), KEY_FIGURES)}
    assert found["target_poor"].verdict.against == ("definition",)
    assert found["mpi_poor"].verdict.against == ("definition",)
    assert found["surveyed_persons"].verdict.ok
    raw = list(comparison_rows(c, choose_comparison(c), found.values()))
    gaps = {(r[4], r[9]): r[-1] for r in raw}
    assert gaps["target_poor", 2023] is None and gaps["surveyed_persons", 2023] is not None


@pytest.fixture(scope="module")
def made_home(embedded_home, tmp_path_factory):
    """Districts of Nan with numbers, one of them hidden, and a name that is no name."""
    home = tmp_path_factory.mktemp("compared") / "home"
    shutil.copytree(embedded_home, home)
    house_rows = [(f"55{n:02}", "target_poor", 2018, 10.0 * n) for n in range(1, 12)]
    evil = {"code": "550151", "level": "subdistrict", "parent": "5501", "name_th": EVIL, "name_en": EVIL,
            "kind": "municipal"}  # fmt: skip
    towns = [("550151", "target_poor", 2018, 3.0), ("550103", "target_poor", 2018, 4.0)]
    made = batch([*house_rows, *towns], suppressed=[("5502", "target_poor")], areas=[evil], kind="official")
    publish_batches(Store(home), Settings(), [made])
    return home


@pytest.fixture
def made(made_home, monkeypatch):
    use(made_home, monkeypatch)
    yield made_home
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.mark.usefixtures("made")
def test_a_hidden_number_is_a_mark_everywhere():
    asked = {"area": "5501", "with": "5502", "ind": "target_poor", "year": "2018", "lang": "en"}
    at = run("compare", **asked)
    said = text_of(at)
    assert "<5*" in said and "20" not in next(m.value for m in at.markdown if m.value.startswith("####"))
    c = context(area="5501", others="5502", ind="target_poor", year=2018)
    choice = choose_comparison(c)
    row = shown_row(c, choice)
    assert [cell.value for cell in row.cells] == [10.0, None] and row.cells[1].hidden
    written = list(comparison_rows(c, choice, [row]))
    assert written[1][5] is None and written[1][-1] is None and written[1][13] == "true"


@pytest.mark.usefixtures("made")
def test_names_from_files_stay_text_and_start_no_formula():
    at = run("compare", area="550103", **{"with": "550151"}, ind="target_poor", year="2018", lang="en")
    assert "<script>" not in words(at)
    c = context(area="550103", others="550151", ind="target_poor", year=2018)
    choice = choose_comparison(c)
    found = [shown_row(c, choice)]
    sheet = export.Sheet("data", COLUMNS, list(comparison_rows(c, choice, found)))
    book = openpyxl.load_workbook(io.BytesIO(export.xlsx_bytes([sheet], "x")))
    assert all(cell.data_type != "f" for row in book["data"] for cell in row)
    assert EVIL.split("<")[0] in headline(c, choice, found[0])


@pytest.mark.usefixtures("made")
def test_any_area_is_found_by_its_name_and_set_beside():
    at = run("compare", area="5501", **{"with": "5503"}, ind="target_poor", year="2018", lang="en")
    at.text_input(key="compare_search").set_value("แม่ริม").run()
    at.button(key="compare_found_5007").click().run()
    assert not at.exception
    value = at.query_params["with"]
    assert (value[0] if isinstance(value, list) else value) == "5503.5007"
    at.text_input(key="compare_search").set_value("ไม่มีชื่อนี้").run()
    assert any("No district" in i.value for i in at.info)


@pytest.mark.usefixtures("made")
def test_without_numbers_of_most_districts_nobody_is_called_alike():
    assert similar(data.warehouse(), "5501", "district") is None
    assert facts(data.warehouse(), "district").years == {}
    assert "no data on: persons surveyed" in text_of(
        run("compare", area="5501", lang="en", ind="target_poor")
    )


boxes = st.lists(
    st.tuples(st.floats(97, 105), st.floats(5, 20), st.floats(0.01, 3), st.floats(0.01, 3)).map(
        lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    min_size=1,
    max_size=4,
)


@given(boxes)
def test_boxes_of_one_scale_are_alike_and_hold_what_they_held(given_boxes):
    def high(box):
        return math.asinh(math.tan(math.radians(box[3]))) - math.asinh(math.tan(math.radians(box[1])))

    wide = one_scale(given_boxes)
    for box, out in zip(given_boxes, wide, strict=True):
        assert (out[2] - out[0], high(out)) == pytest.approx(
            (wide[0][2] - wide[0][0], high(wide[0])), rel=1e-9
        )
        assert (
            out[0] <= box[0] + 1e-9
            and out[1] <= box[1] + 1e-9
            and out[2] >= box[2] - 1e-9
            and out[3] >= box[3] - 1e-9
        )
        assert (box[0] + box[2]) / 2 == pytest.approx((out[0] + out[2]) / 2)


def test_a_degree_is_as_wide_in_every_still_picture():
    boxes = [(100.0, 15.0, 102.0, 17.0), (103.0, 15.0, 104.0, 16.0), (99.0, 14.0, 99.2, 17.0)]
    found = []
    for (west, south, east, north), width in zip(boxes, widths(boxes), strict=True):
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        picture = svg(
            {"55": json.dumps({"type": "Polygon", "coordinates": [ring]})}, {"55": None}, set(), (), LIGHT
        )
        # Corners as relative steps; the second leads from one side to the other.
        across = max(abs(int(n)) for n in re.search(r'd="M[\d ]+l([^z]+)z', picture)[1].split()[::2])
        found.append(across * width / (east - west))
    assert found == pytest.approx([found[0]] * 3, rel=0.02)


def test_key_figures_are_in_the_catalogue():
    assert [indicator(name).id for name in KEY_FIGURES] == list(KEY_FIGURES)
