"""What likeness is measured by, from a snapshot: years, sources and what is never made up."""

import pytest

from analytics.peers import FACTS
from geo.outlines import EMBEDDED
from ui import data
from warehouse.peers import beside, facts, similar


@pytest.fixture
def house(embedded_home, monkeypatch):
    monkeypatch.setenv("DAOMAP_HOME", str(embedded_home))
    data.settings.cache_clear()
    data.store.cache_clear()
    yield data.warehouse()
    monkeypatch.undo()
    data.settings.cache_clear()
    data.store.cache_clear()


def test_facts_of_provinces_name_their_years_and_sources(house):
    found = facts(house, "province")
    # 75 provinces of 2566 are enough; the twenty printed for 2565 never were.
    assert found.years == {"surveyed_persons": 2023, "gpp_per_head": 2024}
    assert found.sources["gpp_per_head"] == ("nesdc-gpp-2024",)
    assert list(found.frame.columns) == list(FACTS) and len(found.frame) == 77
    assert found.outlines == EMBEDDED
    # Phuket's 543 km2 and the simplified outline's differ by less than a fifth.
    row = found.frame.loc["83"]
    assert row["persons"] / row["density"] == pytest.approx(543, rel=0.2)
    assert found.frame.loc["10", ["persons", "density"]].isna().all()


def test_made_up_outlines_give_no_density(house, monkeypatch):
    from warehouse import peers

    monkeypatch.setattr(type(house), "outline_kind", lambda self, level: "schematic")
    found = peers._gather(house, "province")
    assert found.frame["density"].isna().all() and found.outlines is None
    assert found.frame["persons"].notna().sum() == 75


def test_bangkok_is_compared_by_what_is_known_of_it(house):
    found = similar(house, "10", "province")
    assert found.unknown == ("persons", "density") and found.used == ("gpp_per_head", "region")
    assert similar(house, "55", "province").left_out == {"persons": 2}


def test_neighbours_touch_both_ways(house):
    assert beside(house, "55", "province") == ["53", "54", "56"]
    for code in beside(house, "50", "province"):
        assert "50" in beside(house, code, "province")
    # Phuket is an island, and nothing is known of districts here.
    assert beside(house, "83", "province") == [] and beside(house, "5501", "district") == []


def test_an_area_that_is_on_no_list_has_nobody_alike(house):
    assert similar(house, "550151", "subdistrict") is None
