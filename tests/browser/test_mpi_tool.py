"""The MPI tool in the browser: a slider by keyboard moves address, map and ranking together; a phone shows it all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from geo.codes import official_areas
from tests.browser.conftest import Server, command, start_server, stop_server
from tests.warehouse.test_mpi import KEY, bare_home, folder_of


@pytest.fixture(scope="module")
def computed(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Made-up profiles of the provinces, deprived persons in seven of them, and no official figure."""
    home, folder = tmp_path_factory.mktemp("computed"), tmp_path_factory.mktemp("out")
    people = [
        row
        for n in range(7)
        for row in (
            (f"9{n}", "f", 0, 0, 100, 100.0),
            (f"9{n}", "m", 0b11, 0, 10 + 9 * n, 10.0 + 9 * n),
            (f"9{n}", "f", 0b1111111111, 0, 60 - 8 * n, 60.0 - 8 * n),
        )
    ]
    # The country is shown where nine tenths of the provinces are there.
    counted = {row[0] for row in people}
    others = [code for code in official_areas() if len(code) == 2 and code not in {"TH", *counted}]
    people += [(code, "m", 0, 0, 1, 1.0) for code in others]
    bare_home(home)
    done = command(home, "import", "mpi", str(folder_of(folder, people)), "--synthetic")
    assert done.returncode == 0, done.stdout + done.stderr
    server = start_server(home)
    yield server
    stop_server(server)


def test_a_slider_moves_address_map_and_ranking_and_a_phone_shows_them(screen, phone, computed):
    screen.open(f"{computed.url}/mpi_tool?lang=en&measure=h")
    screen.map_drawn()
    text = screen.text()
    assert "Synthetic data for training" in text and "How firm is the ranking?" in text
    assert any(f"/computed/mpi.1~{KEY}~own~own~h~2022.geojson" in url for url in screen.layers)
    screen.layers.clear()
    slider = screen.page.get_by_role("slider", name="Cut-off k")
    slider.focus()
    screen.page.keyboard.press("End")
    screen.page.wait_for_url(re.compile(r"cut=100"))
    screen.map_drawn()
    assert any(f"/computed/mpi.1~{KEY}~100~own~h~2022.geojson" in url for url in screen.layers)
    # Those deprived in everything: 60 of 170 in Songkhla, and the order is the reverse of that at a third.
    assert "Cut-off or weights differ from the specification" in screen.page.inner_text(".daomap-legend")
    assert "By the specification" in screen.text()
    phone.open(f"{computed.url}/mpi_tool?cut=100&weights=10.20.30")
    phone.map_drawn()
    assert "ข้อมูลสังเคราะห์" in phone.text()
    wide = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
    assert wide <= 0
