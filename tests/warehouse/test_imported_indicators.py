"""Indicators that an import brings are like shipped ones: published, asked for, drawn, summed, shown and exported."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from analytics import catalogue
from analytics.catalogue import (
    CatalogueError,
    Indicator,
    by_theme,
    entry_json,
    extend,
    indicator,
    is_plain,
    load_catalogue,
    plain_text,
    read_entry,
    shipped_catalogue,
)
from analytics.classify import ClassSpec
from analytics.definitions import comparable, definition, definition_for
from geo.codes import official_areas
from tests.hostile import ENTITIES, FORMULAS, LINKS, MARKDOWN, SCRIPTS
from tests.warehouse.batches import batch
from tests.warehouse.imported import entry
from ui import data
from ui.export import xlsx_bytes
from ui.pairs import is_rate
from ui.registry import PAGES
from ui.workbook import view_sheets
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.query import Warehouse, layer_file, layer_name
from warehouse.settings import Settings
from warehouse.snapshots import Store

SHELL = Path(__file__).resolve().parents[2] / "ui" / "shell.py"
MAP = next(str(p.path) for p in PAGES if p.key == "poverty_map")
PROVINCES = [a.code for a in official_areas().values() if a.level == "province"]


@pytest.fixture(autouse=True)
def shipped_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test makes known is forgotten after it."""
    monkeypatch.setattr(catalogue, "_extended", None)


def rain() -> Indicator:
    return entry("t_rain")


def shops() -> Indicator:
    return entry("t_shops", name_en="Shops", unit_en="shops", unit_th="แห่ง", additive=True, decimals=0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("imported")
    store = Store(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "_extended", None)
        build(store, Settings())
        rows = [(code, "t_rain", 2020, 1000.0 + n) for n, code in enumerate(PROVINCES)]
        rows += [(code, "t_rain", 2021, 900.0) for code in PROVINCES]
        rows += [(code, "t_shops", 2020, 10.0) for code in PROVINCES]
        rows += [(code, "t_shops", 2021, 10.0) for code in PROVINCES[1:]]
        made = batch(rows)
        made.indicators = (rain(), shops())
        publish_batches(store, Settings(), [made])
    yield folder


@pytest.fixture
def house(home: Path) -> Iterator[Warehouse]:
    opened = Warehouse.open(Store(home))
    yield opened
    opened.close()


def test_opening_a_snapshot_makes_its_indicators_known(house: Warehouse) -> None:
    assert indicator("t_rain") == rain()
    assert [e.id for e in by_theme("table", mapped=True)] == ["t_rain", "t_shops"]
    assert "table" in catalogue.themes() and "t_rain" not in shipped_catalogue()
    frame = house.values("t_rain", level="province", year=2020)
    assert frame["unit"].eq("number").all() and frame["value"].tolist() == [1000.0 + n for n in range(77)]
    assert house.years("t_rain") == [2020, 2021] and "t_rain" in house.indicators_with_data("province")


def test_counts_are_summed_only_when_every_child_is_there_and_amounts_never(house: Warehouse) -> None:
    country = {
        (name, year): house.values(name, level="country", year=year)["value"].dropna().tolist()
        for name in ("t_shops", "t_rain")
        for year in (2020, 2021)
    }
    # 76 of 77 would do for a shipped count; what a stranger's table leaves out is not known to be nothing.
    assert country == {
        ("t_shops", 2020): [770.0],
        ("t_shops", 2021): [],
        ("t_rain", 2020): [],
        ("t_rain", 2021): [],
    }


def test_layers_hold_imported_indicators(house: Warehouse) -> None:
    url = house.layer_url("province", "TH", "table", 2020, "t_rain")
    assert url is not None and "/table_" in url
    name = url.rsplit("/", 1)[1].removesuffix(".geojson")
    file = layer_file(house.info.path.parent, house.snapshot, "province", "TH", name)
    assert file is not None
    features = json.loads(gzip.decompress(file.read_bytes()))["features"]
    found = {f["properties"]["code"]: f["properties"] for f in features}
    assert found["95"]["t_rain"] == 1000.0 + PROVINCES.index("95") and found["10"]["t_rain_t"] == "1,000.0"


def test_a_part_of_a_layer_does_not_depend_on_what_else_is_known() -> None:
    before = layer_name("subdistrict", "TH", "table", 2020, "t_rain")
    extend([rain(), *(entry(f"t_a{n}") for n in range(40))])
    assert layer_name("subdistrict", "TH", "table", 2020, "t_rain") == before
    assert len({layer_name("province", "TH", "table", 2020, f"t_a{n}") for n in range(40)}) == 4
    assert len({layer_name("subdistrict", "TH", "table", 2020, f"t_a{n}") for n in range(40)}) == 40


def test_the_map_page_offers_the_theme_and_says_whose_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    data.settings.cache_clear()
    data.store.cache_clear()
    at = AppTest.from_file(SHELL, default_timeout=60)
    at.query_params["lang"] = "en"
    at.query_params["ind"] = "t_rain"
    at.query_params["year"] = "2021"
    at.switch_page(MAP)
    at.run()
    assert not at.exception and not at.error
    assert at.selectbox(key="w_theme").value == "table" and at.selectbox(key="w_ind").value == "t_rain"
    assert any("Imported by you" in str(m.value) for m in at.markdown)
    data.settings.cache_clear()
    data.store.cache_clear()


def test_the_workbook_explains_an_imported_indicator(house: Warehouse) -> None:
    frame = house.values("t_rain", level="province", year=2020)
    sheets = view_sheets(frame, indicator("t_rain"), [house.source("made")], ["note"])
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(sheets, "rain")))
    words = [[cell.value for cell in row] for row in book["dictionary"].iter_rows()]
    assert ["t_rain: unit", "มม.", "mm"] in words


def test_years_of_one_table_compare_only_when_somebody_said_so() -> None:
    extend([rain(), entry("t_other", comparable=False)])
    assert comparable("t_rain", 2020, 2021).ok
    assert definition(definition_for("t_rain", 2020)).id == "imported-t_rain"
    assert not comparable("t_other", 2020, 2021).ok
    assert definition_for("t_other", 2020) == "unverified-t_other-2563"


def test_an_imported_rate_stands_beside_the_shipped_ones_for_pairs() -> None:
    rate = entry("t_poor", unit="percent", unit_th="ร้อยละ", unit_en="percent", worse="high")
    extend([rate])
    assert is_rate(load_catalogue()["t_poor"]) and not rate.summed


def test_an_entry_survives_its_json() -> None:
    made = entry("t_a", classes=ClassSpec("user_defined", 3, (1.0, 2.5)), additive=False, of="t_b", per="t_c")
    assert read_entry(entry_json(made)) == made


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"id": "target_poor"}, "id"),
        ({"id": "t_"}, "id"),
        ({"id": "t_Rain"}, "id"),
        ({"id": "t_" + "a" * 70}, "id"),
        ({"theme": "poverty"}, "theme"),
        ({"of": "target_poor"}, "of"),
        ({"per": "households"}, "per"),
        ({"of": "t_nothing"}, "of"),
        ({"name_en": "<b>Rain</b>"}, "name_en"),
        ({"unit_th": "{code}"}, "unit_th"),
        ({"sources": ("[x](http://e)",)}, "sources"),
    ],
)
def test_an_entry_that_may_not_stand_is_refused(changed: dict[str, object], key: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        extend([rain(), entry("t_fine", **changed) if "id" not in changed else entry(str(changed["id"]))])
    assert refused.value.key == key
    assert load_catalogue() is shipped_catalogue()


@pytest.mark.parametrize("text", [*SCRIPTS, *MARKDOWN, *ENTITIES, *LINKS, *FORMULAS, "a" * 900, "\u202eabc"])
def test_text_that_wants_to_be_more_becomes_plain(text: str) -> None:
    assert not is_plain(text)
    assert is_plain(plain_text(text))


def test_plain_text_keeps_what_people_write() -> None:
    for text in (
        "รายได้เฉลี่ย (บาท/เดือน)",
        "Share, % of GPP",
        "พ.ศ. 2562/63",
        "น้ำ ไฟ และถนน",
        "km²",
        "ปี 2562-2563",
    ):
        assert plain_text(text) == text and is_plain(text)


def test_a_corrected_unit_draws_the_other_years_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = [(code, "t_shops", 2020, 1.0) for code in PROVINCES]
    made = batch(rows)
    made.indicators = (replace(shops(), additive=False),)
    publish_batches(store, Settings(), [made])
    more = batch([(code, "t_shops", 2021, 1.0) for code in PROVINCES])
    more.indicators = (shops(),)
    publish_batches(store, Settings(), [more])
    house = Warehouse.open(store)
    assert house.values("t_shops", level="country", year=2020)["value"].tolist() == [77.0]
    assert len(house.imported_indicators) == 1
    house.close()


def test_snapshots_without_the_table_or_with_a_stranger_entry_open(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = batch([("95", "target_poor", 2018, 3.0), ("95", "t_rain", 2018, 3.0)])
    made.indicators = (rain(),)
    info = publish_batches(store, Settings(), [made])
    for change in ("DROP TABLE indicator_entry", 'UPDATE indicator_entry SET entry = \'{"id": "t_rain"}\''):
        copy = tmp_path / f"copy-{len(change)}"
        copy.mkdir()
        for file in ("warehouse.duckdb", "manifest.json"):
            (copy / file).write_bytes((info.path / file).read_bytes())
        with duckdb.connect(str(copy / "warehouse.duckdb")) as connection:
            connection.execute(change)
        house = Warehouse(replace(info, path=copy))
        assert house.imported_indicators == ()
        assert house.values("target_poor", level="province", year=2018)["value"].count() == 1
        assert "t_rain" not in house.indicators_with_data() or "t_rain" in load_catalogue()
        house.close()
