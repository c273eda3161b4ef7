"""The villages screen in the browser: empty, of the country, of a province by points, of one village, on a phone, downloaded."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.browser.conftest import Server, command, start_server, stop_server
from tests.warehouse.village_maker import CODES, csv_file, header, rows


@pytest.fixture(scope="module")
def surveyed(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Six made-up villages with points and scores beside the shipped figures."""
    home, folder = tmp_path_factory.mktemp("surveyed"), tmp_path_factory.mktemp("files")
    lines = [[*header(), "ละติจูด", "ลองจิจูด"]]
    for place, line in enumerate(rows()):
        at = ("6.43", "101.82") if line[0].startswith("96") else ("6.54", f"101.{28 + place}")
        lines.append([*line, *at])
    done = command(home, "import", "villages", str(csv_file(folder / "nrd.csv", lines)), "--year-be", "2558")
    assert done.returncode == 0, done.stdout + done.stderr
    server = start_server(home)
    yield server
    stop_server(server)


def test_without_scores_the_screen_says_how_to_import_them(screen, embedded):
    screen.open(f"{embedded.url}/villages")
    assert "daomap import villages" in screen.text()


def test_the_country_is_summed_up_and_a_province_is_drawn_village_by_village(screen, surveyed):
    screen.open(f"{surveyed.url}/villages?lang=en")
    screen.map_drawn()
    text = screen.text()
    assert "Not verified: 33 of 33" in text and "Top ten provinces" in text
    # One of five villages of Yala has twelve severe indicators and one eleven: forty percent are of level 1.
    assert re.search(r"1\s+Yala\s+40\.0\s+2 / 5", text)
    screen.open(f"{surveyed.url}/villages?lang=en&area=95&measure=i01")
    screen.map_drawn()
    addresses = screen.page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert any("/points/" in a and "village-plan11-i01-2015/95.geojson" in a for a in addresses)
    legend = screen.page.inner_text(".daomap-dots")
    assert re.search(r"severe problem\s+4", legend) and "not verified" in legend


def test_a_village_is_found_by_its_code_and_has_a_card_of_seven_domains(screen, surveyed):
    screen.open(f"{surveyed.url}/villages?lang=en")
    search = screen.page.get_by_role("textbox", name="Find an area")
    search.fill(CODES[0])
    screen.page.get_by_role("button", name=re.compile("Village 1")).click()
    card = screen.page.locator(".st-key-village_card")
    card.wait_for(timeout=60_000)
    text = card.inner_text()
    assert "บ้านที่1" in text and "Level 1 (lagging)" in text and "12 severe" in text
    assert text.count("not verified") == 7 and "1. Roads" in text and "33. Safety" in text


def test_a_phone_shows_a_village_without_sideways_scrolling(phone, surveyed):
    for language in ("th", "en"):
        phone.open(f"{surveyed.url}/villages?area={CODES[0]}&lang={language}")
        phone.map_drawn()
        wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
        assert wide <= 0, language


def test_both_downloads_say_what_was_not_verified(screen, surveyed, tmp_path: Path):
    screen.open(f"{surveyed.url}/villages?lang=en&area=95")
    screen.map_drawn()
    screen.open_downloads()
    found = {}
    for name in ("Download CSV", "Download Excel"):
        with screen.page.expect_download() as waiting:
            screen.page.get_by_role("button", name=name).click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        found[path.suffix] = path
    text = found[".csv"].read_text(encoding="utf-8-sig")
    table = {(r["area_code"], r["indicator"]): r for r in csv.DictReader(io.StringIO(text))}
    one = table["9501", "nrd_plan11_level1"]
    assert (one["villages_with"], one["villages_of"], one["verified"]) == ("1", "4", "false")
    assert "Not verified: 33 of 33" in text
    book = openpyxl.load_workbook(found[".xlsx"], read_only=True)
    assert book.sheetnames == ["areas", "villages", "dictionary", "sources"]
    cells = [row[0] for row in book["villages"].iter_rows(values_only=True)]
    assert sorted(c for c in cells if c in CODES) == [c for c in CODES if c.startswith("95")]
