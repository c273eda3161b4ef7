"""The NEET screen in the browser: the map of one source, the picker by keyboard, a phone, and the downloads."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.browser.conftest import Server, command, start_server, stop_server


def test_the_map_of_a_source_is_drawn_and_another_source_is_chosen_by_keyboard(screen, embedded):
    screen.open(f"{embedded.url}/neet?source=neet-guidance-2566")
    screen.map_drawn()
    text = screen.text()
    assert "ไม่ระบุปีที่สำรวจ" in text and "บุรีรัมย์" in screen.page.inner_text("body")
    picker = screen.page.get_by_role("combobox", name=re.compile("แหล่งข้อมูล"))
    picker.focus()
    screen.page.keyboard.press("ArrowDown")
    screen.page.get_by_role("option", name=re.compile("UNICEF")).wait_for()
    screen.page.keyboard.type("UNICEF")
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(re.compile("source=neet-unicef-2563"))
    # The script runs on after the address has changed.
    screen.page.get_by_text("แหล่งนี้ไม่ระบุปีที่สำรวจ").wait_for(state="detached", timeout=30_000)
    screen.page.locator(".daomap-legend", has_text="UNICEF").wait_for(timeout=30_000)
    screen.settled()
    legend = screen.page.inner_text(".daomap-legend")
    assert "UNICEF" in legend and "ไม่มีข้อมูล" in legend
    # Nine provinces listed, the others without data: never zero. A list of nine has no high and low colours.
    counts = [int(n) for n in re.findall(r"\t(\d+)$", legend, re.MULTILINE)]
    assert counts == [9, 68] and "อยู่ในรายชื่อของแหล่งข้อมูล" in legend


def test_the_layer_of_a_source_holds_that_source_alone(screen, embedded):
    screen.open(f"{embedded.url}/neet?source=neet-unicef-2563&lang=en")
    screen.map_drawn()
    urls = [
        u
        for u in screen.page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
        if "/computed/neet." in u
    ]
    assert urls and all("neet-unicef-2563" in u for u in urls)
    with urllib.request.urlopen(urls[0]) as answer:
        data = answer.read()
    features = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)["features"]
    rates = {f["properties"]["code"]: f["properties"]["neet_rate"] for f in features}
    assert len(rates) == 77
    assert {c: r for c, r in rates.items() if r is not None} == {
        "67": 18.8, "61": 18.6, "18": 20.9, "27": 21.5, "39": 33.5, "37": 25.9, "96": 26.2, "85": 21.7, "10": 8.1,
    }  # fmt: skip
    wrong = urls[0].replace("neet-unicef-2563", "nobody")
    try:
        urllib.request.urlopen(wrong)
    except urllib.error.HTTPError as error:
        assert error.code == 404
    else:
        raise AssertionError("a source nobody knows has a layer")


def test_a_phone_shows_the_screen_without_sideways_scrolling(phone, embedded):
    for area in ("TH", "39"):
        phone.open(f"{embedded.url}/neet?source=neet-unicef-2563&area={area}")
        phone.map_drawn()
        wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
        assert wide <= 0, area


@pytest.fixture(scope="module")
def surveyed(chromium, tmp_path_factory) -> Iterator[Server]:
    """A survey with samples and intervals beside the shipped sources, and steps that an area reports."""
    home = tmp_path_factory.mktemp("surveyed")
    folder = tmp_path_factory.mktemp("files")
    (folder / "survey.csv").write_text(
        "area_code,year,neet_count,youth_15_24,sample_size,standard_error\n"
        "30,2566,1000,10000,400,2.0\n31,2566,2000,10000,400,2.0\n",
        encoding="utf-8",
    )
    (folder / "steps.csv").write_text(
        "area_code,step,done,people_reached,year\n30,1,2567-04-20,1200,2567\n30,2,no,,2567\n",
        encoding="utf-8",
    )
    assert command(home, "build").returncode == 0
    title = "การสำรวจภาวะการทำงานของประชากร ไตรมาสที่หนึ่ง"
    survey = (str(folder / "survey.csv"), "--published", "--definition", "working", "--title", title)
    assert command(home, "import", "neet", *survey).returncode == 0
    assert command(home, "import", "neet", str(folder / "steps.csv")).returncode == 0
    server = start_server(home)
    yield server
    stop_server(server)


def test_a_phone_shows_sources_and_steps_without_sideways_scrolling(phone, surveyed):
    for language in ("th", "en"):
        phone.open(f"{surveyed.url}/neet?source=neet-guidance-2566&area=30&lang={language}")
        phone.map_drawn()
        phone.page.locator("[data-testid=stMain] td", has_text="1,200").wait_for()
        wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
        assert wide <= 0, language


def test_both_downloads_hold_the_source_and_its_years(screen, embedded, tmp_path: Path):
    screen.open(f"{embedded.url}/neet?source=neet-guidance-2566&lang=en")
    screen.map_drawn()
    screen.open_downloads()
    found = {}
    for name in ("Download CSV", "Download Excel"):
        with screen.page.expect_download() as waiting:
            screen.page.get_by_role("button", name=name).click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        found[path.suffix] = path
    rows = list(csv.DictReader(io.StringIO(found[".csv"].read_text(encoding="utf-8-sig"))))
    assert (rows[0]["area_code"], float(rows[0]["neet_rate"]), rows[0]["year"], rows[0]["year_be"]) == (
        "31",
        28.24,
        "",
        "",
    )
    book = openpyxl.load_workbook(found[".xlsx"], read_only=True)
    assert book.sheetnames == ["data", "dictionary", "sources"]
    sources = " ".join(str(cell) for row in book["sources"].iter_rows(values_only=True) for cell in row)
    assert "survey year not stated" in sources
