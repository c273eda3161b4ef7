"""The overlay map: layers from the address, what is known of an area, hidden numbers, hostile names, and the sheet of paper."""

import csv
import html
import io
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from analytics.catalogue import load_catalogue, themes
from analytics.village_specs import catalogue_entries, shipped_specs
from geo.codes import official_areas
from tests.warehouse.batches import batch, places_batch
from ui import data, export, identify, links, overlay_panels, overlay_scene, print_panels
from ui.downloads import KEY
from ui.frame import Context
from ui.overlay_legend import legend_html
from ui.overlay_state import READY_MADE, Layer, to_text
from ui.palette import DARK, hex_of
from ui.print_map import PAPERS, Areas, Picture, Points
from ui.registry import PAGES
from ui.state import View
from ui.texts import Words, texts
from warehouse.batch import VILLAGE_POINT, VILLAGE_SCORE
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store
from warehouse.villages import Round

SHELL = Path(__file__).resolve().parents[2] / "ui" / "shell.py"
PAGE = next(str(p.path) for p in PAGES if p.key == "overlay")
YEAR = 2020
EVIL = '=HYPERLINK("http://x")<script>alert(1)</script>{name_th}![a](b)#image("x")'
SET = "areas!impi_poor_rate!y2020!o80~light!o60~outline!lprovince~place!kschool"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Rates of provinces, one hidden and Bangkok without; a rate of three provinces only; schools with hostile names."""
    folder = tmp_path_factory.mktemp("overlay")
    store = Store(folder)
    build(store, Settings())
    codes = [a.code for a in official_areas().values() if a.level == "province" and a.code != "10"]
    rates = [(code, "mpi_poor_rate", YEAR, i / 4) for i, code in enumerate(codes)]
    few = [(code, "target_health_rate", 1999, 1.0) for code in codes[:3]]
    schools = [
        {"kind": "school", "grade": "primary", "area_code": "5501", "longitude": 100.7, "latitude": 18.8, "name_th": EVIL},
        {"kind": "school", "grade": "secondary", "area_code": "5502", "longitude": 100.9, "latitude": 18.6},
        {"kind": "school", "grade": "unknown", "area_code": "1001", "longitude": 100.5, "latitude": 13.75},
        {"kind": "office", "grade": "municipality", "area_code": "5501"},
    ]  # fmt: skip
    made = batch([*rates, *few], suppressed=[("13", "mpi_poor_rate")], kind="official")
    publish_batches(store, Settings(), [made, places_batch(schools), villages_batch()])
    return folder


def villages_batch():
    """Three villages of a district, two of them with the score of one indicator, one matched by position."""
    codes = ["55010191", "55010192", "55010193"]
    made = batch([], source="nrd", file="nrd.csv", kind="official", areas=[
        {"code": c, "level": "village", "parent": c[:6], "name_th": EVIL, "name_en": EVIL, "kind": "village"} for c in codes
    ])  # fmt: skip
    made.village_points = pa.Table.from_pylist(
        [
            {"code": c, "name_th": EVIL, "longitude": 100.7, "latitude": 18.7 + i / 50, "source_id": "nrd", "how": how,
             "confidence": 0.8}
            for i, (c, how) in enumerate(zip(codes, ("code", "code", "position"), strict=True))
        ],
        schema=VILLAGE_POINT,
    )  # fmt: skip
    made.village_scores = pa.Table.from_pylist(
        [
            {
                "code": c,
                "spec": "plan11",
                "indicator": "i01",
                "year": 2015,
                "score": score,
                "source_id": "nrd",
            }
            for c, score in zip(codes, (1, 3), strict=False)
        ],
        schema=VILLAGE_SCORE,
    )
    made.village_specs = {"plan11": shipped_specs()["plan11"].entry}
    made.indicators = catalogue_entries(shipped_specs()["plan11"])
    return made


@pytest.fixture(autouse=True)
def used(home, monkeypatch):
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    monkeypatch.setattr(links, "st", SimpleNamespace(context=SimpleNamespace(url="http://127.0.0.1/overlay")))
    data.settings.cache_clear()
    data.store.cache_clear()
    yield
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


def context(**view):
    found = View(**view)
    house = data.warehouse()
    return Context(house, found, house.area(found.area), Words(found.lang), DARK)


def run(*, taking=False, **params):
    at = AppTest.from_file(SHELL, default_timeout=60)
    if taking:
        at.session_state[KEY] = True
    for name, value in params.items():
        at.query_params[name] = value
    at.switch_page(PAGE)
    at.run()
    assert not at.exception, at.exception
    assert not at.error
    return at


def address(at):
    return {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items()}


def chart(at):
    return json.loads(at.get("deck_gl_json_chart")[0].proto.json)


def ids(at):
    return [layer["id"] for layer in chart(at)["layers"] if layer["id"] != "focus"]


@pytest.mark.parametrize(
    ("ready", "language"), list(zip((s.key for s in READY_MADE), itertools.cycle(["th", "en"])))
)
def test_every_ready_made_set_opens(ready, language):
    layers = next(s.layers for s in READY_MADE if s.key == ready)
    at = run(layers=to_text(layers), lang=language)
    assert at.selectbox(key="w_ready").value == ready
    assert {c.key for c in at.checkbox} == {f"w_on_{layer.key}" for layer in layers}


def test_the_map_holds_the_layers_in_the_order_of_the_address():
    assert ids(run(layers=SET)) == ["areas", "light", "outline_province", "place_school"]
    turned = run(layers="place!kschool~light!o60~areas!impi_poor_rate~outline!lprovince!x")
    assert ids(turned) == ["place_school", "light", "areas"]
    by_id = {layer["id"]: layer for layer in chart(run(layers=SET))["layers"]}
    # The browser raises it to 1/2.2.
    assert by_id["areas"]["opacity"] == pytest.approx(0.8**2.2, abs=1e-5)
    assert by_id["light"]["opacity"] == pytest.approx(0.6**2.2, abs=1e-5)
    assert by_id["place_school"]["data"].endswith("/place-school/clusters.geojson?v=2")
    every = {layer["id"]: layer for layer in chart(run(layers=SET + "!a"))["layers"]}
    assert every["place_school"]["data"].endswith("/place-school/TH.geojson?v=2")
    inside = {layer["id"]: layer for layer in chart(run(layers=SET, area="55"))["layers"]}
    assert inside["place_school"]["data"].endswith("/place-school/55.geojson?v=2")


def test_without_colours_the_pointer_still_finds_areas():
    at = run(layers="outline!lprovince")
    areas = chart(at)["layers"][0]
    assert (
        areas["id"] == "areas"
        and areas["pickable"]
        and areas["_subLayerProps"]["polygons-fill"]["getFillColor"] == "@@=[0,0,0,0]"
    )
    assert ids(run(layers="none")) == ["areas"]
    assert texts("th")["overlay.empty"] in [i.value for i in run(layers="none").info]


def test_buttons_change_the_address_and_the_address_opens_the_same_map():
    at = run(layers=SET, lang="en")
    at.button(key="overlay_up_areas").click().run()
    at.checkbox(key="w_on_light").uncheck().run()
    at.text_input(key="w_title").set_value("Schools\n of  Nan").run()
    at.selectbox(key="w_add").set_value("outline_district").run()
    link = address(at)
    assert link["title"] == "Schools of Nan"
    assert (
        link["layers"]
        == "light!o60!x~areas!impi_poor_rate!y2020!o80~outline!lprovince~outline!ldistrict~place!kschool"
    )
    other = run(taking=True, **link)
    assert address(other) == link
    assert other.title[0].value.startswith("Schools of Nan")
    code = other.get("code")[0].value
    assert "layers=light!o60!x~areas!" in code and "title=Schools%20of%20Nan" in code


def test_the_link_names_the_layers_of_the_set_that_was_there_without_one():
    assert "layers=areas~outline!lprovince" in run(taking=True).get("code")[0].value


@pytest.mark.parametrize("text", ["areas!ibogus~cake", "../../etc", "areas!i<script>", "x" * 5000])
def test_nonsense_in_the_address_falls_away(text):
    at = run(layers=text, title="\u202e<b>**x**</b>")
    assert not at.exception
    assert "<b>" not in at.title[0].value.replace("\\<", "")


def facts_of(c):
    shown = overlay_scene.resolve(c, overlay_scene.layers_of(c))
    return identify.layer_facts(c, shown)


def test_what_is_known_of_an_area_says_year_source_rank_and_definition():
    c = context(area="55", lang="en", layers=SET)
    facts = {f.indicator: f for f in facts_of(c)}
    rate = facts["mpi_poor_rate"]
    assert rate.year == YEAR and rate.source == "source made" and rate.unit == "%" and rate.definition
    values = c.warehouse.values("mpi_poor_rate", level="province", year=YEAR)["value"].dropna()
    assert rate.rank == (int((values > rate.value).sum()) + 1, len(values)) and len(values) == 75
    assert facts["places_school"].shown == "2"
    assert "straight" in facts["nearest_km_school"].unit
    # Light that ships is modelled, and nobody is ranked by it.
    assert facts["light_mean"].rank is None and facts["light_mean"].value is not None


def test_no_rank_where_few_areas_have_a_number_and_none_for_the_country():
    facts = facts_of(context(area="11", layers="areas!itarget_health_rate!y1999"))
    assert [(f.year, f.rank, f.value) for f in facts] == [(1999, None, 1.0)]
    assert all(f.rank is None for f in facts_of(context(layers=SET)))


def test_hidden_stays_hidden_and_no_data_is_no_zero():
    c = context(area="13", layers=SET)
    (hidden,) = [f for f in facts_of(c) if f.indicator == "mpi_poor_rate"]
    assert (hidden.shown, hidden.value, hidden.suppressed, hidden.rank) == ("*", None, True, None)
    (none,) = [f for f in facts_of(context(area="10", layers=SET)) if f.indicator == "mpi_poor_rate"]
    assert (none.shown, none.value, none.suppressed) == ("ไม่มีข้อมูล", None, False)
    raw = export.csv_bytes(identify.COLUMNS, identify.identify_rows(c, facts_of(c)))
    told = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))
    rows = [r for r in told if (r["indicator"], r["year"]) == ("mpi_poor_rate", "2020")]
    assert [(r["value"], r["shown"], r["rank"], r["suppressed"], r["on_map"]) for r in rows] == [
        ("", "*", "", "true", "true")
    ]


def test_the_download_has_everything_once_and_says_what_is_on_the_map():
    c = context(area="55", lang="en", layers=SET)
    rows = [dict(zip(identify.COLUMNS, row, strict=True)) for row in identify.identify_rows(c, facts_of(c))]
    assert len({(r["indicator"], r["year"]) for r in rows}) == len(rows)
    assert {r["on_map"] for r in rows} == {"true", "false"}
    assert {"target_poor", "households"} <= {r["indicator"] for r in rows if r["on_map"] == "false"}
    assert all(r["value"] is not None or r["suppressed"] == "true" for r in rows if r["on_map"] == "false")
    assert all(r["year_be"] == r["year"] + 543 for r in rows if r["year"] is not None)


def test_legends_count_areas_and_points_and_escape_names():
    c = context(layers=SET)
    shown = {one.layer.key: one for one in overlay_scene.resolve(c, overlay_scene.layers_of(c))}
    counted = sum(int(r.count.replace(",", "")) for r in shown["areas"].legend.rows)
    assert counted == 77
    assert [r.count for r in shown["place_school"].legend.rows] == ["1", "1", "1"]
    assert shown["light"].made_up and shown["light"].legend.strong
    evil = replace(shown["areas"].legend, unit=EVIL, notes=[EVIL])
    assert "<script>" not in legend_html(evil) and html.escape(EVIL) in legend_html(evil)


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_sheet_holds_what_the_map_shows(language, monkeypatch):
    c = context(area="55", lang=language, layers=SET + "~place!koffice", title=EVIL[:40])
    layers = overlay_scene.layers_of(c)
    shown, drawn = overlay_scene.on_paper(c, layers)
    kinds = [type(part) for part in drawn]
    # Surroundings, areas, light, outlines, points, and the outline of the province; offices there are none.
    assert kinds == [Areas, Areas, Picture, Areas, Points, Areas]
    seen = []
    monkeypatch.setattr(print_panels, "render", lambda *arguments, **_: seen.append(arguments) or b"%PDF")
    paper = overlay_panels.overlay_paper(c, layers)
    assert print_panels.sheet_bytes(c, paper, PAPERS[0], "pdf", "http://127.0.0.1/overlay?koffice") == b"%PDF"
    words = seen[0][0]
    assert EVIL[:40] in words.title and words.language == language
    assert [legend.title for legend in words.legends] == [one.title for one in reversed(shown) if one.drawn]
    told = " ".join(words.footer)
    assert "EPSG:3857" in told and data.warehouse().snapshot in told
    assert texts(language)["overlay.no_places"] in told and "daomap import" not in told
    screen = [x.value for x in run(layers="place!koffice", lang=language).caption]
    assert any(texts(language)["overlay.no_places"] in x and "daomap import places" in x for x in screen)
    assert words.badges == [texts(language)["overlay.made_up"]]
    assert words.link.endswith("koffice")


def test_a_printed_area_has_the_colour_of_its_class_and_hidden_ones_that_of_no_data():
    c = context(layers="areas!impi_poor_rate!y2020")
    (one,), drawn = overlay_scene.on_paper(c, overlay_scene.layers_of(c))
    painted = drawn[1].colours
    missing = overlay_scene.LIGHT.missing
    assert painted["13"] == painted["10"] == missing
    values = c.warehouse.values("mpi_poor_rate", level="province", year=YEAR).set_index("area_code")["value"]
    by_colour = {}
    for code, value in values.dropna().items():
        by_colour.setdefault(hex_of(painted[code]), []).append(value)
    rows = {hex_of(r.colour): int(r.count) for r in one.legend.rows}
    assert {colour: len(found) for colour, found in by_colour.items()} == {
        colour: n for colour, n in rows.items() if n and colour != hex_of(missing)
    }
    order = sorted(by_colour.values())
    assert all(max(low) < min(high) for low, high in itertools.pairwise(order))


def test_neet_shows_one_source_and_its_areas_are_told_source_by_source():
    c = context(area="30", layers="areas!ineet_rate")
    (one,) = overlay_scene.resolve(c, overlay_scene.layers_of(c))
    assert len(one.used) == 1 and one.layer.source == one.used[0] and len(one.sources) > 1
    other = context(area="30", layers=f"areas!ineet_rate!s{one.sources[1]}")
    (second,) = overlay_scene.resolve(other, overlay_scene.layers_of(other))
    assert second.used == (one.sources[1],)
    facts = facts_of(c)
    assert facts and all(f.indicator == "neet_rate" and f.rank is None for f in facts)


def test_two_indicators_are_laid_in_nine_fields():
    c = context(layers="areas!impi_poor_rate!y2020!jlight_mean")
    (one,) = overlay_scene.resolve(c, overlay_scene.layers_of(c))
    square = one.legend.square
    assert [len(line) for line in square.counts] == [3, 3, 3] and one.made_up
    assert sum(int(n) for line in square.counts for n in line) == 75
    assert re.fullmatch(r"/layers/[^/]+/province/TH/computed/pair\.1~.*\.geojson", one.areas.url)
    have = set(c.warehouse.indicators_with_data())
    unknown = next(i.id for i in load_catalogue().values() if i.map and i.id not in have)
    empty = context(layers=to_text([Layer("areas", "mpi_poor_rate", unknown)]))
    (none,) = overlay_scene.resolve(empty, overlay_scene.layers_of(empty))
    assert none.fault and not none.drawn


def test_villages_have_the_classes_of_their_survey_and_say_what_is_not_verified():
    c = context(area="55", lang="en", layers="village!mi01")
    (one,) = overlay_scene.resolve(c, overlay_scene.layers_of(c))
    assert [r.count for r in one.legend.rows] == ["1", "1", "1"]
    assert texts("en")["overlay.unverified"] in one.legend.strong
    assert any("1 villages were matched by name or position" in line for line in one.legend.notes)
    assert one.layer.year == 2015 and one.measures[0] == "level"
    _, drawn = overlay_scene.on_paper(c, overlay_scene.layers_of(c))
    worst, best = one.legend.rows[0].colour, one.legend.rows[1].colour
    assert list(drawn[1].colours) == [worst, best, overlay_scene.LIGHT.missing]
    at = run(layers="village!mi01", area="55")
    urls = {layer["id"]: layer["data"] for layer in chart(at)["layers"]}
    assert "/village-plan11-i01-2015/55.geojson" in urls["village"]
    (fact,) = facts_of(c)
    assert (fact.indicator, fact.value) == ("village_points", 3.0)


def settings_of(at, key):
    """The page with the settings of one layer open."""
    at.session_state[f"overlay_set_{key}"] = True
    at.run()
    assert not at.exception, at.exception
    return at


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_settings_of_every_kind_of_layer_open_and_every_theme_has_a_name(language):
    assert set(themes()) <= {name.partition(".")[2] for name in texts(language) if name.startswith("theme.")}
    at = run(layers=SET + "~village~outline!ldistrict", area="55", lang=language)
    for key in ("areas", "light", "outline_province", "place_school", "village", "outline_district"):
        assert any(b.key == f"overlay_remove_{key}" for b in settings_of(at, key).button), (
            key
        )  # the button stands last


def test_a_second_indicator_is_neither_the_first_one_nor_neet():
    at = settings_of(run(layers="areas!impi_poor_rate!y2020", lang="en"), "areas")
    picker = at.selectbox(key="w_theme_second")
    assert texts("en")["theme.neet"] not in picker.options
    own = load_catalogue()["mpi_poor_rate"].theme
    for theme in themes():
        if texts("en")[f"theme.{theme}"] not in picker.options:
            continue
        at.selectbox(key="w_theme_second").set_value(theme)
        second = address(settings_of(at, "areas"))["layers"].partition("!j")[2].partition("!")[0]
        assert second and second not in ("mpi_poor_rate", "neet_rate"), (theme, own)


@pytest.mark.parametrize(
    "layers", ["areas!jstars", "areas!istars!jneet_rate", "areas!ineet_rate!jstars", "areas!istars!jstars"]
)
def test_an_address_cannot_pair_a_number_with_itself_or_with_neet(layers):
    c = context(layers=layers, ind="stars")
    (one,) = overlay_scene.resolve(c, overlay_scene.layers_of(c))
    assert one.layer.second == "" and one.pair is None and one.legend.square is None


def test_the_survey_of_villages_is_the_one_asked_for():
    spec = shipped_specs()["plan11"]
    rounds = [
        Round(replace(spec, id=i), y, 1, "s") for i, y in (("b", 2019), ("a", 2017), ("b", 2015), ("a", 2011))
    ]

    def found(**asked):
        one = overlay_scene._round(rounds, Layer("village", **asked))
        return one.spec.id, one.year

    assert found() == ("b", 2019) and found(year=2011) == ("a", 2011) and found(year=1999) == ("b", 2019)
    assert found(source="a") == ("a", 2017) and found(source="b", year=2015) == ("b", 2015)
    assert found(source="gone", year=2017) == ("a", 2017)
    assert overlay_scene._round([], Layer("village")) is None


def test_villages_that_are_not_sure_are_rings_on_paper_and_in_the_legend(monkeypatch):
    points = data.villages(data.warehouse().snapshot, "55").assign(
        confidence=[0.8, 0.8, 0.3], how=["code", "name", "name"]
    )
    monkeypatch.setattr(data, "villages", lambda *_: points)
    c = context(area="55", lang="en", layers="village!mi01")
    (one,), drawn = overlay_scene.on_paper(c, overlay_scene.layers_of(c))
    dots = {part.symbol: len(part.lonlat) for part in drawn if isinstance(part, Points)}
    assert dots == {"ring": 1, "circle": 2}
    assert [(r.count, r.label) for r in one.legend.rows if r.symbol == "ring"] == [
        ("1", texts("en")["overlay.unsure"])
    ]
    assert 'class="d o"' in legend_html(one.legend)
    assert any(line.startswith("2 villages were matched") for line in one.legend.notes)
    # Bubbles of the country hide nothing that a ring could say.
    (whole,) = overlay_scene.resolve(context(layers="village"), (Layer("village"),))
    assert all(r.symbol != "ring" for r in whole.legend.rows)


@pytest.mark.parametrize(
    ("layers", "area", "tip"),
    [
        ("village", "55", "<b>{n}</b><br>{t_th}"),
        ("village", "TH", "<b>{t_th}</b>"),
        ("village!a~place!kschool", "TH", "<b data-s='{s}'>{n}<br></b>{t_th}"),
        ("light", "TH", None),
    ],
)
def test_bubbles_say_their_number_once(layers, area, tip):
    c = context(area=area, layers=layers)
    shown = overlay_scene.resolve(c, overlay_scene.layers_of(c))
    found = overlay_panels._point_tip(c, shown)
    assert found == tip if tip is None else found.endswith(tip)


def test_villages_are_drawn_and_counted_also_where_too_few_are_scored_for_a_share():
    at = AppTest.from_file(SHELL, default_timeout=60)
    at.query_params["area"], at.query_params["lang"] = "55", "en"
    at.switch_page(next(str(p.path) for p in PAGES if p.key == "villages"))
    at.run()
    assert not at.exception
    assert any(c.value.startswith("2 of the 3 villages known in") for c in at.caption)
    assert "village-plan11-level-2015/55.geojson" in at.get("deck_gl_json_chart")[0].proto.json
    assert any("is enough known" in i.value for i in at.info)


def test_facts_of_places_name_every_source_and_what_part_of_the_country_they_know():
    c = context(lang="en", layers="place!kschool")
    facts = {f.indicator: f for f in facts_of(c)}
    assert facts["places_school"].what == "Schools: number (in 2 of 77 provinces)"
    # Nothing of the kind has coordinates: the layer is empty, and its number still has a source.
    c = context(area="55", lang="en", layers="place!koffice")
    facts = {f.indicator: f for f in facts_of(c)}
    assert facts["places_office"].shown == "1" and facts["places_office"].source
    assert facts["places_office"].source_id


def test_the_rank_of_a_village_says_that_it_is_inside_its_subdistrict(monkeypatch):
    told = []
    monkeypatch.setattr(identify.st, "dataframe", lambda sent, **_: told.append(sent))
    fact = identify.Fact("x", "x", "1", "", 1.0, rank=(3, 12))
    for area in ("55010191", "550101"):
        identify._table(context(area=area, lang="en"), [fact], "k")
    assert [t["rank"].to_pylist() for t in told] == [["3 of 12 in the subdistrict"], ["3 of 12"]]
