"""TPMAP's files of B.E. 2561 as if they were protected: what would be hidden, and does the attacker find any of it.

Three small provinces by default; ``DAOMAP_DISCLOSURE_ALL=1`` takes the whole country, which takes far longer.
"""

from __future__ import annotations

import os
import time

import pandas as pd
import pytest

from analytics.catalogue import load_catalogue
from analytics.disclosure import Snapshot, audit, counts_table, find_primary, protect, tpmap_structure
from geo.codes import parent_of
from tests.realdata import real_path
from warehouse.intake import Intake
from warehouse.sources.tpmap import read_tpmap

pytestmark = pytest.mark.real

WHOLE = os.environ.get("DAOMAP_DISCLOSURE_ALL") == "1"
PROVINCES = ("82", "83", "85")
MINUTES = 5 if WHOLE else 4


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    with Intake(workers=2) as pool:
        batch = read_tpmap([real_path("tpmap/61")], pool)
    seen = batch.observations.to_pandas()
    counts = [i.id for i in load_catalogue().values() if i.unit in ("persons", "households")]
    table = counts_table(seen[seen["level"] != "village"], counts)
    if WHOLE:
        return table
    table = table[table.index.str.startswith(PROVINCES)]
    country = table[table.index.str.len() == 2].sum(min_count=1).rename("TH")
    return pd.concat([table, country.to_frame().T])


@pytest.fixture(scope="module")
def tree(table) -> dict[str, str | None]:
    return {code: parent_of(code) for code in table.index}


@pytest.fixture(scope="module")
def chosen(table, tree):
    begun = time.perf_counter()
    result = protect(table, tree, tpmap_structure())
    return result, time.perf_counter() - begun


def test_small_cells_alone_are_found_out(table, tree):
    primary = find_primary(table, tpmap_structure(), 5)
    result = audit(table, primary, tree, tpmap_structure(), exact_limit=0)
    assert result.exact > 100


def test_nothing_is_found_after_protecting(chosen, capsys):
    result, seconds = chosen
    levels = result.report.groupby("depth")[["cells", "primary", "secondary"]].sum()
    with capsys.disabled():
        print(f"\n{levels.to_string()}\n{seconds:.0f} s, audit: {result.audit}")
    assert result.audit.ok and result.audit.checked == int(result.hidden.to_numpy().sum())
    assert seconds < 60 * MINUTES
    # These three provinces are small ones, with few target poor: most of what there is stays to be seen.
    shown = 1 - (levels["primary"] + levels["secondary"]) / levels["cells"]
    assert shown[3] > 0.7 and shown[2] > 0.55 and shown[1] > 0.4


def test_another_attack_with_other_dice_finds_nothing_either(table, tree, chosen):
    if WHOLE:
        pytest.skip("one attack is enough for the whole country")
    assert audit(table, chosen[0].hidden, tree, tpmap_structure(), seed=5).ok


def test_the_same_again_hides_nothing_more(table, tree, chosen):
    if WHOLE:
        pytest.skip("shown on a part of it")
    again = protect(table, tree, tpmap_structure(), previous=Snapshot(table, chosen[0].hidden))
    assert again.hidden.equals(chosen[0].hidden)
