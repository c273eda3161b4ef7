"""A protected source in the browser: hidden numbers are marked, counted and explained, and none is sent."""

import numpy as np
import pandas as pd
import pytest

from geo.codes import official_areas
from tests.browser.conftest import start_server, stop_server
from tests.warehouse.batches import batch
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import Store

YEAR = 2020  # a year none of the shipped figures has
DIMENSIONS = ("health", "living", "education", "income", "access")


def counts() -> pd.DataFrame:
    dice = np.random.default_rng(3)
    codes = [a.code for a in official_areas().values() if a.level == "province" and a.code != "10"]
    poor = dice.poisson(9, len(codes))
    table = {"surveyed_persons": dice.integers(900, 4000, len(codes)), "target_poor": poor}
    table |= {f"target_{d}": np.minimum(poor, dice.poisson(5, len(codes))) for d in DIMENSIONS}
    table["target_income"] = poor
    return pd.DataFrame(table, index=codes).astype(float)


@pytest.fixture(scope="module")
def protected(browser, tmp_path_factory):
    home = tmp_path_factory.mktemp("protected")
    store = Store(home)
    build(store, Settings())
    rows = [(str(a), str(i), YEAR, float(v)) for (a, i), v in counts().stack().items()]
    made = batch(rows)
    made.shown_as("protected")
    publish_batches(store, Settings(), [made])
    values = Warehouse.open(store).values("target_poor", level="province", year=YEAR, source="made")
    hidden = values.loc[values["suppressed"], "area_code"].tolist()
    server = start_server(home)
    server.hidden = hidden
    yield server
    stop_server(server)


@pytest.mark.parametrize(("language", "told"), [("th", "ปกปิด"), ("en", "hidden")])
def test_hidden_numbers_are_marked_and_counted(screen, protected, language, told):
    assert len(protected.hidden) > 5
    screen.open(f"{protected.url}/overview?year={YEAR}&lang={language}")
    screen.map_drawn()
    legend = screen.page.inner_text(".daomap-legend")
    assert told in legend and "(*)" in legend and f"{len(protected.hidden)} " in legend


def test_the_page_of_an_area_with_hidden_numbers(screen, protected):
    screen.open(f"{protected.url}/overview?area={protected.hidden[0]}&year={YEAR}")
    text = screen.text()
    assert "<5*" in text and "น้อยกว่า 5 หรือปกปิด" in text
