"""TPMAP's files of B.E. 2561 as if they were protected: what is hidden, and does the attacker find any of it.

Two small provinces, attacked cell by cell with linear and integer programmes; then the whole country, imported as a
protected source and attacked as it is published.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from analytics.catalogue import load_catalogue
from analytics.disclosure import (
    Snapshot,
    audit,
    counts_table,
    find_primary,
    is_offered,
    protect,
    tpmap_structure,
)
from geo.codes import level_of, parent_of
from tests.realdata import real_path
from warehouse.intake import Intake
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store
from warehouse.sources.tpmap import read_tpmap

pytestmark = pytest.mark.real

PROVINCES = ("83", "85")
COUNTS = [i.id for i in load_catalogue().values() if i.unit in ("persons", "households")]


def read():
    with Intake(workers=2) as pool:
        return read_tpmap([real_path("tpmap/61")], pool)


@pytest.fixture(scope="module")
def batch():
    return read()


@pytest.fixture(scope="module")
def table(batch) -> pd.DataFrame:
    seen = batch.observations.to_pandas()
    table = counts_table(seen[seen["level"] != "village"], COUNTS)
    table = table[table.index.str.startswith(PROVINCES)]
    country = table[table.index.str.len() == 2].sum(min_count=1).rename("TH")
    return pd.concat([table, country.to_frame().T])


@pytest.fixture(scope="module")
def tree(table) -> dict[str, str | None]:
    return {code: parent_of(code) for code in table.index}


def test_small_cells_alone_are_found_out(table, tree):
    primary = find_primary(table, tpmap_structure(), 5)
    result = audit(table, primary, tree, tpmap_structure(), exact_limit=0)
    assert result.exact > 100


def test_another_attack_without_the_proofs_finds_nothing_either(table, tree):
    # Every breakdown, overlap cells included, at every level: more than a snapshot offers.
    chosen = protect(table, tree, tpmap_structure())
    assert chosen.audit.ok and chosen.audit.checked == int(chosen.hidden.to_numpy().sum())
    assert audit(table, chosen.hidden, tree, tpmap_structure(), seed=5).ok
    again = protect(table, tree, tpmap_structure(), previous=Snapshot(table, chosen.hidden))
    assert again.hidden.equals(chosen.hidden)


def test_the_whole_country_is_published_with_nothing_to_be_found(batch, tmp_path: Path, capsys):
    batch.shown_as("protected")
    begun = time.perf_counter()
    info = publish_batches(Store(tmp_path), Settings(), [batch])
    seconds = time.perf_counter() - begun
    told = batch.report.facts["withheld"]
    with capsys.disabled():
        print(f"\n{json.dumps(told, indent=1)}\n{seconds:.0f} s")
    with duckdb.connect(str(info.database), read_only=True) as connection:
        rows = connection.execute("SELECT * FROM observation").df()
    counts = rows[rows["indicator"].isin(COUNTS)]
    assert not counts["value"].between(1, 4).any()
    assert all(is_offered(i, level) for i, level in {*zip(counts["indicator"], counts["level"], strict=True)})
    # What is shown is true, and what is hidden leaves no number behind.
    truth = batch.observations.to_pandas().set_index(["area_code", "indicator"])["value"]
    shown = counts[~counts["suppressed"] & ~counts["computed"]].set_index(["area_code", "indicator"])["value"]
    assert len(shown) > 300_000 and (shown == truth.reindex(shown.index)).all()
    assert rows.loc[rows["suppressed"], ["value", "numerator", "denominator"]].isna().all().all()
    # As much as possible stays to be seen.
    [source] = told
    part = {r["level"]: 1 - (r["primary"] + r["secondary"]) / r["cells"] for r in source["levels"]}
    assert part["subdistrict"] > 0.87 and part["district"] > 0.85
    assert part["province"] > 0.92 and part["country"] > 0.9
    assert {level_of(str(c)) for c in rows["area_code"].unique()} == set(part)
