"""An imported table in the browser: its indicator on the poverty map, with unit, source and badge."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from geo.codes import official_areas
from tests.browser.conftest import Server, command, start_server, stop_server
from warehouse.sources.table_plan import measure_id

TITLE = "ฝนรายจังหวัด ปี 2563"
RAIN = measure_id(TITLE, "ปริมาณฝน")


@pytest.fixture(scope="module")
def imported(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("table")
    file = tmp_path_factory.mktemp("files") / "rain.csv"
    provinces = [a for a in official_areas().values() if a.level == "province" and a.code != "10"]
    rows = [f"{a.name_th},{1000 + 7 * n}.5" for n, a in enumerate(provinces)]
    file.write_text("จังหวัด,ปริมาณฝน (มม.)\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert command(home, "build").returncode == 0
    done = command(home, "import", "table", str(file), "--title", TITLE, "--year-be", "2563", "--yes")
    assert done.returncode == 0, done.stderr
    server = start_server(home)
    yield server
    stop_server(server)


def test_the_indicator_is_on_the_map_with_unit_source_and_badge(screen, imported: Server) -> None:
    screen.open(f"{imported.url}/poverty_map?ind={RAIN}&year=2020")
    screen.map_drawn()
    body = screen.page.inner_text("[data-testid=stMain]")
    assert "ตัวชี้วัดที่ท่านนำเข้า" in body
    chosen = screen.page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] input')].map(e => e.value)"
    )
    assert "ตารางที่นำเข้า" in chosen and "ปริมาณฝน" in chosen
    assert TITLE in body and "มม." in body and "2563" in body
    assert re.search(r"1,\d{3}\.\d", body)
    legend = screen.page.inner_text(".daomap-legend")
    # Bangkok is not in the table: no data, never zero.
    assert "ไม่มีข้อมูล" in legend
    loaded = screen.page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert [u for u in loaded if re.search(r"/layers/[^/]+/province/TH/table_[1-4]-2020\.geojson", u)]


def test_a_phone_shows_it_without_sideways_scrolling_in_english(phone, imported: Server) -> None:
    phone.open(f"{imported.url}/poverty_map?ind={RAIN}&year=2020&lang=en&area=50")
    phone.map_drawn()
    assert "Imported by you" in phone.page.inner_text("[data-testid=stMain]")
    wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
    assert wide <= 0
