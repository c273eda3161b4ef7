"""Made-up outlines say so above every map, on legends, sheets of paper and downloads; real ones do not."""

import ast
import itertools
from dataclasses import replace

import pyarrow.compute as pc
import pytest

from geo.codes import official_areas
from tests.browser.conftest import ROOT
from tests.ui.exports import kept, says, text_of
from tests.ui.test_pages import run, words
from tests.warehouse.batches import batch, places_batch
from ui import data, overlay_panels, overlay_scene
from ui.frame import Context
from ui.outlines import outline_lines
from ui.overlay_legend import legend_html
from ui.overlay_state import parse_layers
from ui.palette import LIGHT
from ui.print_map import PAPERS, Sheet
from ui.print_panels import document
from ui.state import View
from ui.texts import Words, texts
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store
from warehouse.sources.schematic import import_schematic

YEAR = 2018
TH = "ขอบเขตจำลอง ไม่ใช่แนวเขตจริง"
EN = "Schematic outlines, not real boundaries"
POINTS = "จุดหมู่บ้านจำลอง ไม่ใช่ตำแหน่งจริง"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The shipped snapshot with the schematic areas of the smallest province, numbers of them, and schools."""
    folder = tmp_path_factory.mktemp("schematic")
    store = Store(folder)
    build(store, Settings())
    whole = import_schematic()

    def mine(table):
        return table.filter(pc.starts_with(table.column("code"), "75"))

    small = replace(
        whole,
        boundaries={k: f[f["code"].str[:2] == "75"] for k, f in whole.boundaries.items()},
        areas=mine(whole.areas),
        village_points=mine(whole.village_points),
    )
    codes = [c for c in official_areas() if c.startswith("75") and len(c) > 2]
    counts = [(c, i, YEAR, float(n)) for i in ("target_poor", "mpi_poor") for n, c in enumerate(codes, 9)]
    surveyed = [(c, "surveyed_persons", YEAR, 1000.0) for c in codes]
    school = {
        "kind": "school",
        "grade": "primary",
        "area_code": "750101",
        "longitude": 99.98,
        "latitude": 13.4,
    }
    made = batch([*counts, *surveyed], kind="modelled")
    publish_batches(store, Settings(), [small, made, places_batch([school])])
    return folder


@pytest.fixture
def used(home, monkeypatch):
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    data.settings.cache_clear()
    data.store.cache_clear()
    yield
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


def context(**view):
    found = View(**view)
    house = data.warehouse()
    return Context(house, found, house.area(found.area), Words(found.lang), LIGHT)


@pytest.fixture
def files(monkeypatch):
    return kept(monkeypatch)


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize(
    ("page", "language", "said", "downloads"),
    [
        ("poverty_map", "th", TH, 2),
        ("night_light", "th", TH, 2),
        ("services", "en", EN, 2),
        ("overlay", "en", EN, 2),
        ("villages", "th", POINTS, 0),
    ],
)
def test_a_map_of_schematic_areas_and_its_downloads_say_so(files, page, language, said, downloads):
    ind = {"ind": "target_poor_rate"} if page == "poverty_map" else {}
    assert said in words(run(page, taking=True, lang=language, area="75", year=str(YEAR), **ind))
    tables = [(name, content) for name, content in files if name.endswith((".csv", ".xlsx"))]
    assert len(tables) == downloads
    assert all(said in text_of(*file) for file in tables)
    # Where villages have no scores the page gives nothing away.
    others = [(name, content) for name, content in files if (name, content) not in tables]
    assert bool(others) == bool(downloads)
    assert all(says(text_of(*file), said) for file in others)


@pytest.mark.usefixtures("used")
def test_a_map_of_the_provinces_does_not_say_it():
    assert TH not in words(run("poverty_map", area="TH", year=str(YEAR), ind="target_poor_rate"))


@pytest.mark.usefixtures("embedded_home")
def test_the_official_snapshot_never_says_it():
    c = context(area="75")
    assert outline_lines(c) == outline_lines(c, "province", "district", "village") == []


@pytest.mark.usefixtures("used")
def test_lines_name_the_levels_asked_for():
    c = context(area="75", lang="en")
    assert outline_lines(c, "district") == [f"{EN} (districts)"]
    assert outline_lines(c, "province", None, "areas") == []
    both = texts("en")
    assert outline_lines(c) == [
        both["outlines.schematic"].format(levels="districts, subdistricts"),
        both["outlines.villages"],
    ]


@pytest.mark.usefixtures("used")
def test_legends_and_the_sheet_of_paper_say_it():
    c = context(area="75", year=YEAR, layers="areas!itarget_poor_rate~outline!lsubdistrict~village")
    layers = parse_layers(c.view.layers, indicator_exists=overlay_scene.can_show)
    shown, _ = overlay_scene.on_paper(c, layers)
    by_kind = {one.layer.kind: legend_html(one.legend) for one in shown if one.drawn}
    assert set(by_kind) == {"areas", "outline", "village"}
    assert TH in by_kind["areas"] and TH in by_kind["outline"]
    sheet = Sheet.fit(c.warehouse.bounds("75"), PAPERS[0].frame)
    badges = document(c, overlay_panels.overlay_paper(c, layers), sheet, "").badges
    assert any(b.startswith(TH) and "ตำบล" in b and "อำเภอ" in b for b in badges) and POINTS in badges
    wide = replace(c, area=c.warehouse.area("TH"), view=replace(c.view, area="TH", layers="areas"))
    few = parse_layers("areas!itarget_poor_rate", indicator_exists=overlay_scene.can_show)
    told = document(wide, overlay_panels.overlay_paper(wide, few), sheet, "")
    assert not any(TH in b for b in told.badges)


def maps_without_note(source):
    """Functions that draw a map and do not say where its outlines come from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            called = {
                ast.unparse(n.func).rpartition(".")[2] for n in ast.walk(node) if isinstance(n, ast.Call)
            }
            if "pydeck_chart" in called and "outline_note" not in called:
                yield node.name


def test_no_map_goes_without_the_note():
    files = sorted(itertools.chain((ROOT / "ui").glob("*.py"), (ROOT / "pages").glob("*.py")))
    found = [(f.name, name) for f in files for name in maps_without_note(f.read_text(encoding="utf-8"))]
    assert found == []
    assert list(maps_without_note("def f():\n    st.pydeck_chart(deck())")) == ["f"]
