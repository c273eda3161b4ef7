"""What a page gives away: nothing while the block is closed, and then tables, map data and paper that say what the screen says."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import openpyxl
import pytest

from analytics.catalogue import load_catalogue
from tests.ui.exports import geopackage, kept, metadata, pdf_text, says
from tests.ui.test_overlay import EVIL, YEAR, context, home, used  # noqa: F401 - fixtures
from tests.ui.test_pages import run
from ui import (
    data,
    light_export,
    light_state,
    links,
    neet_panels,
    overlay_panels,
    overlay_scene,
    pair_panels,
    pairs,
)
from ui.palette import LIGHT, hex_of
from ui.print_map import HIDDEN, NO_DATA, PAPERS, Areas
from ui.print_panels import scene_map, sheet_bytes
from ui.scene import compose
from ui.state import parse
from ui.tables import csv_columns
from ui.texts import texts
from warehouse.pairing import pair

BASE = "https://poverty.example.go.th/daomap/poverty_map"
HIDDEN_AREA, NOT_SURVEYED = "13", "10"


@pytest.fixture
def files(monkeypatch):
    return kept(monkeypatch)


@pytest.fixture
def addressed(monkeypatch):
    """The browser's address, of a server behind a proxy and under a prefix."""
    monkeypatch.setattr(links, "st", SimpleNamespace(context=SimpleNamespace(url=BASE)))


def of(files, suffix):
    (found,) = [content for name, content in files if name.endswith(suffix)]
    return found


def taken(**params):
    """The map page with everything it gives away made."""
    at = run("poverty_map", taking=True, **params)
    assert not at.error
    return at


def test_a_closed_block_holds_nothing_and_an_open_one_everything():
    closed = run("poverty_map", ind="mpi_poor_rate", year=str(YEAR))
    assert not closed.get("download_button") and not closed.get("code") and not closed.get("image")
    opened = run("poverty_map", taking=True, ind="mpi_poor_rate", year=str(YEAR))
    keys = {b.proto.id.rpartition("-")[2] for b in opened.get("download_button")}
    assert keys == {
        "map_ranking_csv",
        "map_ranking_xlsx",
        "map_ranking_geojson_0",
        "map_ranking_gpkg",
        "map_ranking_sheet",
    }


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_link_names_the_view_and_what_the_address_left_open(language, addressed):
    at = run("poverty_map", taking=True, ind="mpi_poor_rate", lang=language)
    told = at.get("code")[0].value
    assert told.startswith(BASE + "?")
    view = parse(
        dict(parse_qsl(urlsplit(told).query)),
        area_exists=lambda code: code == "TH",
        indicator_exists=load_catalogue().__contains__,
    )
    newest = max(data.warehouse().years("mpi_poor_rate", "province"))
    assert (view.ind, view.lang, view.year) == ("mpi_poor_rate", language, newest)
    assert [x.value for x in at.caption].count(texts(language)["download.link_help"]) == 1
    assert len(at.get("image")) == 1


def test_a_link_to_this_machine_says_that_it_opens_nowhere_else(monkeypatch):
    monkeypatch.setattr(links, "st", SimpleNamespace(context=SimpleNamespace(url="http://localhost:8501/")))
    at = run("overview", taking=True, lang="en")
    assert texts("en")["download.here_only"] in [x.value for x in at.caption]


def test_a_hidden_number_is_in_no_file(files, addressed):
    taken(ind="mpi_poor_rate", year=str(YEAR), lang="en", method="equal_interval")
    codes = sorted(p.code for p in data.warehouse().children("TH") if p.code != NOT_SURVEYED)
    secret = codes.index(HIDDEN_AREA) / 4
    told = json.loads(of(files, ".geojson"))
    rows = {f["properties"]["area_code"]: f for f in told["features"]}
    assert len(rows) == 77 and all(f["geometry"] for f in rows.values())
    assert list(rows["55"]["properties"]) == csv_columns()
    hidden, none = rows[HIDDEN_AREA]["properties"], rows[NOT_SURVEYED]["properties"]
    assert (hidden["value"], hidden["numerator"], hidden["suppressed"]) == (None, None, "true")
    assert (none["value"], none["suppressed"]) == (None, "false")
    assert secret not in [f["properties"]["value"] for f in told["features"]]
    source = rows["55"]["properties"]["source"]
    in_english = dict(data.source_titles(data.warehouse().snapshot).values())[source]
    assert any(in_english in line for line in told["about"]["notes"]) and told["about"]["link"].startswith(
        BASE
    )

    made = of(files, ".gpkg")
    (frame,) = geopackage(made).values()
    by_code = frame.set_index("area_code")["value"]
    assert (
        by_code.drop([HIDDEN_AREA, NOT_SURVEYED]).notna().all()
        and by_code[[HIDDEN_AREA, NOT_SURVEYED]].isna().all()
    )
    assert secret not in by_code.tolist()
    assert metadata(made)["snapshot"] == data.warehouse().snapshot and in_english in metadata(made)["notes"]

    book = openpyxl.load_workbook(io.BytesIO(of(files, ".xlsx")))
    assert book.sheetnames == ["data", "dictionary", "sources"]
    cells = {row[0]: row for row in book["data"].iter_rows(values_only=True)}
    assert cells[HIDDEN_AREA][4] is None and cells["55"][4] == rows["55"]["properties"]["value"]

    sheet = pdf_text(of(files, ".pdf"))
    w = texts("en")
    assert f"{w['download.hidden']} 1" in sheet and f"{w['legend.missing']} 1" in sheet


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_sheet_says_source_definition_year_date_and_link(language, addressed, files):
    taken(ind="mpi_poor_rate", year="2018", lang=language)
    told = pdf_text(of(files, ".pdf"))
    entry, w = load_catalogue()["mpi_poor_rate"], texts(language)
    titles = data.source_titles(data.warehouse().snapshot)
    source = (
        data.warehouse().values("mpi_poor_rate", level="province", year=2018)["source_id"].dropna().iloc[0]
    )
    said = [
        entry.name_th if language == "th" else entry.name_en,
        "พ.ศ. 2561" if language == "th" else "2018",
        titles[source][language != "th"],
        w["download.definition"].partition("{")[0],
        data.warehouse().snapshot,
        w["overlay.scale"],
        w["overlay.north"],
        BASE + "?area=TH",
        "EPSG:3857",
    ]
    assert [line for line in said if not says(told, line)] == []


def counted(drawn):
    """How many areas have each colour and mark."""
    (areas,) = [part for part in drawn[1:] if isinstance(part, Areas) and part.colours]
    return Counter(
        (hex_of(colour), areas.marks.get(code, "swatch")) for code, colour in areas.colours.items()
    )


def in_legend(legend):
    """The same by the legend; the fields of a square count as colours."""
    if legend.square is not None:
        fields = zip(legend.square.colours, legend.square.counts, strict=True)
        rows = [(hex_of(c), "swatch", n) for line in fields for c, n in zip(*line, strict=True)]
    else:
        rows = []
    rows += [(hex_of(row.colour), row.symbol, row.count) for row in legend.rows]
    return Counter({(colour, symbol): int(n.replace(",", "")) for colour, symbol, n in rows if n != "0"})


def light(c, **changes):
    c = replace(c, view=replace(c.view, **changes))
    return light_export.light_paper(c, light_state.light_scene(c))


def pair_of(c):
    choice = pairs.choose_pair(c.view, "TH", "country", pairs.holdings(c.warehouse.snapshot))
    return pair_panels.pair_paper(c, choice, pair(c.warehouse, choice.question))


def scene(c, indicator, year, **changes):
    c = replace(c, view=replace(c.view, **changes))
    return scene_map(c, compose(c, indicator, year))


MAPS = {
    "own classes": lambda c: scene(c, "mpi_poor_rate", YEAR, method="quantiles", k=4, lock=False),
    "hidden": lambda c: scene(c, "mpi_poor_rate", YEAR),
    "stars": lambda c: scene(c, "stars", 2018),
    "neet": lambda c: neet_panels.neet_paper(c, neet_panels.choose_source(c)),
    "light": lambda c: light(c, mode="areas"),
    "light change": lambda c: light(c, mode="areas", measure="difference"),
    "pair": pair_of,
}  # fmt: skip


@pytest.mark.parametrize("name", MAPS)
def test_the_printed_legend_counts_what_the_printed_map_shows(name):
    m = MAPS[name](context(lang="en"))
    assert counted(m.drawn) == in_legend(m.legends[0])
    marks = counted(m.drawn)
    assert sum(marks.values()) == 77
    assert (hex_of(LIGHT.missing), HIDDEN) in marks or name not in ("hidden", "own classes")
    assert any(mark == NO_DATA for _, mark in marks) or name.startswith("light")


def test_a_name_from_a_file_stays_a_name():
    c = context(area="55", layers="place!kschool~village", lang="en")
    layers = overlay_scene.layers_of(c)
    makers = [overlay_panels._maker(c, one) for one in overlay_scene.resolve(c, layers)]
    places, villages = (make() for make in makers)
    assert EVIL in [row[list(places.columns).index("name_th")] for row in places.rows]
    assert {row[0] for row in villages.rows} == {"55010191", "55010192", "55010193"}
    assert all(shape.startswith('{"type":"Point"') for shape in (*places.shapes, *villages.shapes))
    paper = overlay_panels.overlay_paper(c, layers)
    assert sheet_bytes(c, paper, PAPERS[1], "png", BASE).startswith(b"\x89PNG")
