"""The page of urgent issues: its sentence, orders, reasons, combinations, gaps and downloads, on numbers checked by hand."""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
import streamlit as st

from analytics import catalogue
from analytics.catalogue import DIMENSIONS, MASKS, MPI_INDICATORS
from tests.ui.test_outlines import context
from tests.ui.test_pages import run, words
from tests.warehouse.batches import batch
from tests.warehouse.imported import entry
from ui import data
from ui.palette import DARK, LIGHT
from ui.texts import texts
from ui.urgent_charts import against, upset
from ui.urgent_gaps import gap_rows
from ui.urgent_panels import table_frame
from ui.urgent_state import Choice, choose_view, profile
from warehouse.computed_layers import computed_layer
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.several_layers import VALUE, several_url
from warehouse.snapshots import Store

YEAR = 2020
SURVEYED = {"7501": 4000.0, "7502": 1000.0, "7503": 2000.0}
CELLS = {
    "7501": {"00010": 50, "00100": 30, "00110": 20},
    "7502": {"00010": 40, "01010": 30, "11010": 10},
    "7503": {"10000": 20},
}
SURVEYED["75"] = sum(SURVEYED.values())
CELLS["75"] = {mask: sum(c.get(mask, 0) for c in CELLS.values()) for mask in MASKS}


def rows() -> Iterator[tuple[str, str, int, float]]:
    """The districts of one province and the province, as TPMAP's files give them; a table of debts of all provinces."""
    for code, cells in CELLS.items():
        whole = float(sum(cells.values()))
        yield code, "surveyed_persons", YEAR, SURVEYED[code]
        yield code, "target_poor", YEAR, whole
        for place, dimension in enumerate(DIMENSIONS):
            yield (
                code,
                f"target_{dimension}",
                YEAR,
                float(sum(n for m, n in cells.items() if m[place] == "1")),
            )
        for number in MPI_INDICATORS:
            yield code, f"target_ind{number}", YEAR, whole if number == "22" else 0.0
        for mask in MASKS:
            yield code, f"overlap_cell_{mask}", YEAR, float(cells.get(mask, 0))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("urgent")
    store = Store(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "_extended", None)
        build(store, Settings())
        listed = [*rows(), *((str(p), "t_debt", YEAR, 1.5) for p in (10, 11, 75))]
        below = {(code, f"overlap_cell_{mask}"): SURVEYED[code] for code in CELLS for mask in MASKS}
        one = batch(listed, denominators=below)
        one.indicators = (entry("t_debt", name_th="หนี้สินครัวเรือน", name_en="Household debt", short_en="Debt"),)
        table = one.observations
        place = table.schema.get_field_index("definition")
        counted = pa.array(["target-plan12-card1"] * len(table), pa.string())
        one.observations = table.set_column(place, table.schema.field(place), counted)
        publish_batches(store, Settings(), [one])
    return folder


@pytest.fixture
def home(made: Path, monkeypatch):
    monkeypatch.setenv("DAOMAP_HOME", str(made))
    monkeypatch.setattr(catalogue, "_extended", None)
    data.settings.cache_clear()
    data.store.cache_clear()
    yield made
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.fixture
def files(monkeypatch):
    """What the downloads of a page hold, made at once instead of when asked for."""
    found = {}
    monkeypatch.setattr(
        st, "download_button", lambda _label, data, **options: found.update({options["key"]: data()})
    )
    return found


def listed(at):
    return [
        b.label.replace("\\", "").strip("*") for b in at.button if (b.key or "").startswith("urgent_open_")
    ]


def seen(at):
    """What a page says, without the signs that keep Markdown from reading it."""
    return words(at).replace("\\", "").replace("\u2060", "")


def tables(at):
    """Rows of every table of a page by the first heading, headings first."""
    found = {}
    for html in at.get("html"):
        rows = re.findall(r"<tr>(.*?)</tr>", str(html.value))
        cells = [[unescape(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
        if "daomap-table" in str(html.value):
            found[cells[0][0]] = cells
    return found


@pytest.mark.usefixtures("home")
def test_each_order_puts_another_district_first_and_says_why(files):
    at = run("urgent", taking=True, lang="en", area="75", year=str(YEAR))
    names = {"7501": "Mueang Samut Songkhram", "7502": "Bang Khonthi", "7503": "Amphawa"}
    assert [n.split(". ")[0] for n in listed(at)] == ["1", "2", "3"]
    assert names["7502"] in listed(at)[0] and names["7503"] in listed(at)[2]
    said = seen(at)
    assert "8.00% (80 of 1,000 persons surveyed)" in said
    # 8 % against 200 of 7,000; living is failed by 40 of 1,000 against 40 of 7,000.
    assert "1 of 3 by rate · 2.8 times Samut Songkhram province" in said
    assert "stands out in Living conditions: 7.0 times" in said
    c = context(area="75", lang="en", year=YEAR)
    choice = choose_view(c)
    table = table_frame(c, choice, choice.table)
    assert table["rank"].tolist() == [1, 2, 3] and table["count"].tolist() == [80, 100, 20]
    assert table["several"].tolist() == [40, 20, 0]

    read = list(csv.reader(io.StringIO(files["urgent_csv"].decode("utf-8-sig"))))
    first = dict(zip(read[0], read[1], strict=True))
    assert (first["area_code"], first["rank_rate"], first["rank_count"], first["rank_several"]) == (
        "7502",
        "1",
        "2",
        "1",
    )
    assert float(first["several_share"]) == 50 and first["order"] == "rate" and first["year_be"] == "2563"
    book = openpyxl.load_workbook(io.BytesIO(files["urgent_xlsx"]))
    assert book.sheetnames == ["areas", "against", "sets", "dictionary", "sources"]
    sets = [[cell.value for cell in row] for row in book["sets"].iter_rows(min_row=2)]
    assert [(row[0], row[2], row[3]) for row in sets][:2] == [("00010", 90, 45), ("00100", 30, 15)]
    assert sum(row[2] for row in sets) == 200
    dictionary = {row[0].value for row in book["dictionary"].iter_rows(min_row=2)}
    for sheet in ("areas", "against", "sets"):
        assert {cell.value for cell in book[sheet][1]} <= dictionary
    sources = "\n".join(str(cell.value) for row in book["sources"].iter_rows() for cell in row)
    assert "source made" in sources and texts("en")["urgent.never_add"] in sources

    at.segmented_control(key="w_first").set_value("count").run()
    assert names["7501"] in listed(at)[0] and "50.0% of the target poor of Samut Songkhram" in seen(at)
    at.segmented_control(key="w_first").set_value("several").run()
    assert not at.exception
    assert names["7502"] in listed(at)[0]
    assert "4.00% of persons surveyed (40 persons, 50.0% of the target poor)" in seen(at)
    at.button(key="urgent_open_7502").click().run()
    assert at.query_params["area"] in (["7502"], "7502")


@pytest.mark.usefixtures("home")
def test_a_district_is_held_against_its_province_and_shows_its_combinations():
    at = run("urgent", lang="en", area="7502", year=str(YEAR))
    said = seen(at)
    assert "Income lies furthest above Samut Songkhram province" in said
    dimensions = tables(at)["Dimension"]
    # 80 of 1,000 against 150 of 7,000: furthest above in points, though living is more times the province.
    assert dimensions[1] == ["Income", "80", "1,000", "8.00%", "2.14%", "–", "3.7"]
    assert dimensions[2][0] == "Living conditions" and dimensions[2][-1] == "7.0"
    assert tables(at)["Dimensions failed"][1:] == [
        ["Income", "40", "50.00%"],
        ["Living conditions + Income", "30", "37.50%"],
        ["Health + Living conditions + Income", "10", "12.50%"],
    ]
    indicators = tables(at)["Indicator"]
    assert len(indicators) == 1 + 17
    assert indicators[1][0].startswith("22 ") and indicators[1][3] == "8.00%"
    at.segmented_control(key="w_counted").set_value("all").run()
    assert any("Import TPMAP files" in i.value for i in at.info)


@pytest.mark.usefixtures("embedded_home")
def test_what_the_shipped_figures_lack_is_said_and_never_zero(files):
    at = run("urgent", taking=True, lang="en", area="TH", year="2018", first="several")
    said = seen(at)
    assert "Education, 378,080 persons or 1.03% of those surveyed" in said
    assert texts("en")["urgent.mean_instead"] in said
    assert "between 4.6% and 18.3%" in said  # 1,222,481 failings of 1,032,987 persons
    assert any("31 TPMAP files" in i.value for i in at.info)
    last = list(csv.reader(io.StringIO(files["urgent_csv"].decode("utf-8-sig"))))[77]
    assert last[0] == "10" and set(last[3:18]) == {""}
    gaps = tables(at)["Subject"]
    assert [row[1] for row in gaps[1:]].count("nothing yet") == 4
    assert any("NEET rate" in row[1] for row in gaps)
    bangkok = run("urgent", lang="en", area="10", year="2018")
    assert texts("en")["urgent.headline_none"].split(": ")[1] in seen(bangkok)


@pytest.mark.usefixtures("home")
def test_a_gap_that_was_filled_says_by_what():
    c = context(area="75", lang="en")
    found = {row[0]: row[1] for row in gap_rows(c, "province")}
    assert found["Household debt"] == "Debt 2020: 3 of 77 provinces"
    assert found["Unemployment and underemployment"] == "nothing yet"
    # Bangkok's own gap is Bangkok's and the country's.
    assert (
        "Target poor in Bangkok" not in found
        and len(gap_rows(context(area="TH"), "province")) == len(found) + 1
    )


def test_the_layer_holds_what_the_list_says(made):
    store = Store(made)
    house = Warehouse.open(store)
    url = several_url(house, "province", "TH", YEAR)
    spec = url.rsplit("/", 1)[1].removesuffix(".geojson")
    layer = json.loads(
        gzip.decompress(computed_layer(store.snapshots, house.snapshot, "province", "TH", spec))
    )
    values = {f["properties"]["code"]: f["properties"][VALUE] for f in layer["features"]}
    assert values.pop("75") == round(100 * 60 / 7000, 4) and set(values.values()) == {None}
    for wrong in ("several.1", "several.1~x", "several.1~2020~1", "several.1~20200"):
        assert computed_layer(store.snapshots, house.snapshot, "province", "TH", wrong) is None
    house.close()


@pytest.mark.usefixtures("home")
def test_the_charts_draw_what_is_known_and_nothing_else():
    own = profile(data.warehouse().snapshot, "75", YEAR)
    found = Choice(YEAR, "rate", None, own, None, None, None, {}).combinations
    assert [one.persons for one in found] == sorted((n for n in CELLS["75"].values() if n), reverse=True)
    figure = upset(found, tuple(DIMENSIONS), tuple("x" for _ in found), LIGHT)
    off, line, on, bars = figure.data
    assert len(on.x) + len(off.x) == 5 * len(found)
    dots = {y: {x for x, row in zip(on.x, on.y, strict=True) if row == y} for y in range(len(found))}
    assert [frozenset(DIMENSIONS[x] for x in dots[y]) for y in dots] == [
        frozenset(c.dimensions) for c in found
    ]
    assert list(bars.x) == [c.persons for c in found] and len(line.x) == 3 * len(found)
    nan = float("nan")
    chart = against(("a", "b"), (2.0, nan), (("<b>", (1.0, 3.0)),), "own", ("2%", "–"), DARK)
    assert list(chart.data[0].x) == [2.0, None] and chart.data[1].name == "&lt;b&gt;"
    assert list(chart.data[2].x) == [2.0, 3.0]
