"""What is in a snapshot, counted another way."""

from __future__ import annotations

import pytest

from warehouse.query import Warehouse
from warehouse.snapshots import Store


@pytest.fixture(scope="module")
def house(embedded_home):
    house = Warehouse.open(Store(embedded_home))
    yield house
    house.close()


def test_sources_have_their_files_and_rows_that_are_theirs(house):
    frame = house.holdings.sources().set_index("source_id")
    gpp = frame.loc["nesdc-gpp-2024"]
    assert (gpp["files"], gpp["rows"]) == (1, 77)
    assert gpp["bytes"] == house.source("nesdc-gpp-2024")["files"][0]["bytes"]
    # The shipped figures came together: 273 rows are those of all, and of no single source.
    runs = house.holdings.imports_of("nesdc-gpp-2024")
    assert runs["read"].tolist() == [273] and runs["sources"].tolist() == [8]
    assert frame.loc["nesdc-gpp-2024", ["read", "accepted", "rejected"]].isna().all()
    assert frame.loc["nightlight-modelled", "rasters"] == 2
    assert frame["observations"].sum() > 5000


def test_coverage_is_what_the_values_say(house):
    found = house.holdings.coverage().set_index(["theme", "level", "year"])
    for indicator, theme, year in (("gpp", "economy", 2024), ("neet_rate", "neet", 2023)):
        values = house.values(indicator, level="province", year=year)
        row = found.loc[(theme, "province", year)]
        assert (row["areas"], row["official"]) == (values["value"].notna().sum(), 77)
    assert (found["areas"] <= found["official"]).all()
    # Bangkok is in no จปฐ file.
    assert found.loc[("dimensions", "province")]["areas"].max() == 76


def test_contents_leave_out_what_was_computed(house):
    contents = house.holdings.contents_of("nesdc-gpp-2024")
    assert set(contents["indicator"]) == {"gpp", "gpp_agriculture_share", "gpp_per_head", "gpp_population"}
    assert set(contents["definition"]) == {"nesdc-gpp"} and set(contents["areas"]) == {77}


def test_polygons_and_points_are_counted_by_level(house):
    assert house.holdings.polygons() == {"country": 1, "province": 77}
    assert house.holdings.official()["district"] == 928
    assert house.holdings.points() == {}
