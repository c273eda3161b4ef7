"""The page of poverty and light: with measured light, with the modelled pair, with hidden numbers and hostile names."""

import csv
import html
import io
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from geo.codes import official_areas
from tests.warehouse.batches import batch
from tests.warehouse.lights import cells, light_batch
from ui import data, export, pair_export
from ui.registry import PAGES
from ui.state import PATTERNS
from ui.texts import Words, texts
from warehouse.embedded import build
from warehouse.pairing import Pair, Question, pair
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import Store

SHELL = Path(__file__).resolve().parents[2] / "ui" / "shell.py"
PAGE = next(str(p.path) for p in PAGES if p.key == "poverty_light")
YEAR = 2020
PRODUCT = "vnl-v21-average-masked"
EVIL = '=HYPERLINK("http://x")<script>alert(1)</script>{y_t}![a](b)'


def use(home, monkeypatch):
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.fixture(scope="module")
def measured_home(tmp_path_factory):
    """Measured light of two years; rates of provinces that follow latitude, one hidden, Bangkok without."""
    home = tmp_path_factory.mktemp("measured")
    store = Store(home)
    build(store, Settings())
    dice = np.random.default_rng(5)
    codes = [a.code for a in official_areas().values() if a.level == "province" and a.code != "10"]
    opened = Warehouse.open(store)
    rates = [(c, "mpi_poor_rate", YEAR, 2 * opened.bounds(c)[3] + float(dice.normal(0, 1))) for c in codes]
    opened.close()
    evil = {"code": "550151", "level": "subdistrict", "parent": "5501", "name_th": EVIL, "name_en": EVIL,
            "kind": "municipal"}  # fmt: skip
    towns = [
        ("550151", "mpi_poor_rate", YEAR, 3.0),
        *((f"5501{i:02}", "mpi_poor_rate", YEAR, 1.0) for i in range(1, 6)),
    ]
    made = batch([*rates, *towns], suppressed=[("13", "mpi_poor_rate")], areas=[evil], kind="official")
    publish_batches(store, Settings(), [made, light_batch(PRODUCT, y2012=cells(1), y2021=cells(2))])
    return home


@pytest.fixture
def measured(measured_home, monkeypatch):
    use(measured_home, monkeypatch)
    yield measured_home
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


def run(**params):
    at = AppTest.from_file(SHELL, default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    at.switch_page(PAGE)
    at.run()
    assert not at.exception, at.exception
    assert not at.error
    return at


def words(at):
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "html")
    return "\n".join(
        str(getattr(e, "value", None) or getattr(e.proto, "body", "")) for k in kinds for e in at.get(k)
    )


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(("pattern", "language"), list(itertools.product(PATTERNS, ["th", "en"])))
def test_every_map_in_both_languages(pattern, language):
    at = run(pattern=pattern, lang=language, ind="mpi_poor_rate", year=str(YEAR))
    w, shown = Words(language), words(at)
    assert w("pair.heading_above") in shown and w("pair.caveat_cause") in shown
    assert w("pair.compared", n="75", all="77") in shown
    assert w("pair.left_hidden", n=1) in shown and w("pair.left_no_y", n=1) in shown
    assert w("pair.made_up") not in shown
    # 2020 against the nearest light, a year later.
    assert "1" in w("pair.years_differ", year="", light_year="", n=1) and any(
        i.value.startswith(w("pair.years_differ", year=_year(YEAR, w), light_year=_year(2021, w), n=1))
        for i in at.info
    )
    chart = json.loads(at.get("deck_gl_json_chart")[0].proto.json)
    url = chart["layers"][0]["data"]
    kind = "pair.1" if pattern == "pair" else f"cluster.1~{pattern}"
    assert (
        f"/province/TH/computed/{kind}~mpi_poor_rate~2020~light_mean~2021~nightlight-{PRODUCT}.geojson" in url
    )


def _year(year, w):
    return w("year.shown", year=year + 543 if w.language == "th" else year)


@pytest.mark.usefixtures("measured")
def test_choices_go_to_the_address_and_come_back():
    at = run(ind="mpi_poor_rate", lang="en", year=str(YEAR))
    at.selectbox(key="w_measure").set_value("light_lit_share").run()
    at.selectbox(key="w_y1").set_value(2012).run()
    link = {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items()}
    assert (link["measure"], link["y1"]) == ("light_lit_share", "2012")
    other = run(**link)
    assert other.selectbox(key="w_measure").value == "light_lit_share"
    assert other.selectbox(key="w_y1").value == 2012
    assert "8 years apart" in words(other)


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("area", ["10", "13", "55", "5501", "550101", "550151"])
@pytest.mark.parametrize("peers", ["country", "parent"])
def test_any_area_can_be_looked_at(area, peers):
    at = run(area=area, peers=peers, ind="mpi_poor_rate", year=str(YEAR), lang="en")
    assert "Poverty and light" in at.title[0].value
    assert "<script>" not in words(at)


@pytest.mark.usefixtures("measured")
def test_a_hidden_rate_is_in_no_answer():
    house = data.warehouse()
    question = Question("mpi_poor_rate", YEAR, "light_mean", 2021, "province", "TH", f"nightlight-{PRODUCT}")
    found = pair(house, question)
    rows = {r["area_code"]: r for r in _csv(found)}
    assert rows["13"]["left_out"] == "hidden" and rows["13"]["poverty"] == rows["13"]["residual"] == ""
    assert rows["13"]["light"] != ""  # light is not what is protected
    assert rows["10"]["left_out"] == "no_y"
    assert float(rows["57"]["residual"]) == pytest.approx(found.association.residual[_place(found, "57")])
    assert rows["57"]["cluster_poverty"] == "high_high"
    assert rows["57"]["light_modelled"] == "false"


def _place(found, code):
    return found.frame["code"].tolist().index(code)


def _csv(found):
    raw = export.csv_bytes(
        pair_export.COLUMNS, pair_export.rows(found), pair_export.note_lines(found, Words("en"))
    )
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


@pytest.mark.usefixtures("measured")
def test_downloads_hold_statistics_seeds_caveats_and_no_formula():
    house = data.warehouse()
    question = Question(
        "mpi_poor_rate", YEAR, "light_mean", 2021, "subdistrict", "55", f"nightlight-{PRODUCT}"
    )
    found = pair(house, question)
    assert found.left_out.get("no_polygon") == 1
    names = [r["name_th"] for r in _csv(found)]
    assert not [n for n in names if n and n.startswith("=")]
    assert any("HYPERLINK" in (n or "") for n in names)
    sheets = pair_export.sheets(found, [house.source(s) for s in found.sources], ["note"])
    book = openpyxl.load_workbook(io.BytesIO(export.xlsx_bytes(sheets, "x")))
    assert book.sheetnames == ["data", "statistics", "dictionary", "sources"]
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    provinces = pair(house, Question("mpi_poor_rate", YEAR, "light_mean", 2021, "province"))
    facts = {(of, name): value for of, name, value in pair_export.statistics(provinces)}
    assert facts["areas", "compared"] == 75 == facts["spearman", "n"]
    assert facts["moran_poverty", "seed"] == facts["clusters_both", "seed"] == 20120401
    assert facts["clusters_poverty", "permutations"] == 99999
    notes = "\n".join(pair_export.note_lines(provinces, Words("en")))
    assert texts("en")["pair.caveat_cause"] in notes and "siegel slope" in notes


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("pattern", ["pair", "both", "residual"])
def test_nobody_is_judged_by_modelled_light(language, pattern):
    at = run(lang=language, pattern=pattern, ind="target_poor_rate", year="2018")
    w, shown = Words(language), words(at)
    assert at.warning[0].value == w("pair.made_up")
    assert w("pair.made_up_verdict") in shown and w("pair.made_up_flag") in shown
    assert w("pair.heading_above") not in shown and not at.dataframe
    assert at.get("button_group") and w("pair.pattern_residual") not in str(at.get("button_group"))
    assert "Moran" in shown  # of poverty alone, which is not modelled
    assert w("pair.of_residual") not in shown and w("pair.of_x") not in shown
    chart = json.loads(at.get("deck_gl_json_chart")[0].proto.json)
    assert "/computed/pair.1~" in chart["layers"][0]["data"]
    # The words that would say what light tells are not said either.
    assert w("pair.says", rate="", way=w("pair.less"), strength="", n="")[:12] not in shown


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("language", ["th", "en"])
def test_modelled_light_has_no_interval_no_line_and_no_word_for_strength(language):
    at = run(lang=language, ind="target_poor_rate", year="2018")
    w, shown = Words(language), words(at)
    # The coefficient itself stays, to try the screen with.
    assert "(Spearman)" in shown.replace("\\", "")
    assert "95%" not in shown.replace("\\", "") and w("pair.strength_note") not in shown
    assert w("pair.scale") not in shown and "(Siegel)" not in shown.replace("\\", "")
    assert w("pair.scatter_line") not in shown
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert w("pair.made_up_flag") in figure["layout"]["xaxis"]["title"]["text"]
    assert all(trace.get("mode") != "lines" for trace in figure["data"])
    found = pair(data.warehouse(), Question("target_poor_rate", 2018, "light_mean", 2021, "province"))
    told = {(of, name) for of, name, _ in pair_export.statistics(found)}
    assert ("spearman", "r") in told
    assert told.isdisjoint({("spearman", "low"), ("pearson", "high"), ("siegel", "slope")})


@pytest.mark.usefixtures("measured")
def test_measured_light_has_its_line_and_intervals():
    at = run(lang="en", ind="mpi_poor_rate", year=str(YEAR))
    w, shown = Words("en"), words(at)
    assert (
        "95% interval" in shown.replace("\\", "")
        and w("pair.strength_note") in shown
        and w("pair.scatter_line") in shown
    )
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert w("pair.made_up_flag") not in figure["layout"]["xaxis"]["title"]["text"]
    assert any(trace.get("mode") == "lines" for trace in figure["data"])


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("language", ["th", "en"])
def test_numbers_of_the_whole_country_say_so_under_the_title_of_a_province(language):
    asked = {"ind": "mpi_poor_rate", "year": str(YEAR), "lang": language}
    w = Words(language)
    whole = w("pair.among_country")
    at = run(area="55", peers="country", **asked)
    headings = [s.value for s in at.subheader]
    assert f"{w('pair.heading_scatter')} · {whole}" in headings
    assert f"{w('ranking.heading', level=w('level.province'))} · {whole}" in headings
    names = [name for table in at.dataframe for name in table.value["name"]]
    marked = [name for name in names if name.startswith("▸ ")]
    assert len(marked) == 1 and ("น่าน" in marked[0] or "Nan" in marked[0])
    at = run(**asked)
    assert not any(whole in s.value for s in at.subheader)
    assert not any(name.startswith("▸") for table in at.dataframe for name in table.value["name"])


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("language", ["th", "en"])
def test_a_province_with_nothing_inside_is_shown_in_the_country_and_says_so(language):
    at = run(area="55", peers="parent", lang=language, ind="target_poor_rate", year="2018")
    w = Words(language)
    said = w("pair.widened", area=w.pick("น่าน", "Nan"))
    assert any(said.split(w.pick("น่าน", "Nan"))[-1] in i.value for i in at.info)
    # No list of made-up light, so no heading that promises a ranking.
    headings = [s.value for s in at.subheader]
    assert w("pair.heading_downloads") in headings
    assert not any(h.startswith(w("ranking.heading", level=w("level.province"))) for h in headings)


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("language", ["th", "en"])
def test_a_legend_without_clusters_says_how_that_goes_with_a_small_p(language, monkeypatch):
    clusters = Pair.clusters

    def none(self, of):
        local = clusters(self, of)
        return replace(local, kind=np.where(np.isin(local.kind, (1, 2, 3, 4)), 0, local.kind))

    w = Words(language)
    asked = {"lang": language, "pattern": "y", "ind": "target_poor_rate", "year": "2018"}
    assert w("pair.clusters_whole") not in html.unescape(words(run(**asked)))
    monkeypatch.setattr(Pair, "clusters", none)
    shown = html.unescape(words(run(**asked)))
    assert w("pair.clusters_none") in shown and w("pair.clusters_whole") in shown


@pytest.mark.usefixtures("embedded_home")
def test_the_download_of_modelled_light_says_so_and_holds_no_verdict():
    found = pair(data.warehouse(), Question("target_poor_rate", 2018, "light_mean", 2021, "province"))
    assert found.made_up
    rows = [r for r in _csv(found) if r["light_modelled"]]
    assert len(rows) == 77 and {r["light_modelled"] for r in rows} == {"true"}
    empty = ("residual", "residual_in_scale", "cluster_light", "p_both", "cluster_both")
    assert all(r[name] == "" for r in rows for name in empty)
    assert {of for of, *_ in pair_export.statistics(found)}.isdisjoint({"moran_light", "moran_residual"})
    assert pair_export.note_lines(found, Words("th"))[0] == texts("th")["pair.made_up"]
