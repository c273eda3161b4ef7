"""Schematic outlines in snapshots: said by the manifest, replaced level by level by real ones, never the other way."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analytics.village_specs import catalogue_entries, shipped_specs
from geo.codes import official_areas
from geo.outlines import EMBEDDED, IMPORTED, SCHEMATIC
from tests.warehouse.batches import batch, squares
from warehouse.batch import VILLAGE_POINT, VILLAGE_SCORE, Batch
from warehouse.outlines import outline_kinds
from warehouse.publish import publish_batches, published_boundaries
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import Store
from warehouse.sources.schematic import import_schematic, schematic_id

PROVINCE = "75"  # the smallest
NUMBERS = [
    ("7501", "target_poor", 2018, 5.0),
    ("750101", "target_poor", 2018, 3.0),
    ("11", "target_poor", 2018, 9.0),
]


@pytest.fixture(scope="module")
def whole() -> Batch:
    return import_schematic()


@pytest.fixture
def small(whole: Batch) -> Batch:
    """The schematic batch of two provinces, with a report of its own."""
    codes = (PROVINCE, "11")

    def mine(table: pa.Table) -> pa.Table:
        return table.filter(pc.is_in(pc.utf8_slice_codeunits(table.column("code"), 0, 2), pa.array(codes)))

    return replace(
        whole,
        report=replace(whole.report, warnings=[], rejections=[], found=Counter()),
        boundaries={k: f[f["code"].str[:2].isin(codes)] for k, f in whole.boundaries.items()},
        areas=mine(whole.areas),
        village_points=mine(whole.village_points),
    )


def real(*levels: str) -> Batch:
    """A batch of imported outlines of one province."""
    made = batch([], source="boundaries-made", file="real.zip", sha=f"real {levels}", kind="user")
    codes = {
        level: [a.code for a in official_areas().values() if a.level == level and a.code[:2] == PROVINCE]
        for level in levels
    }
    made.boundaries = {level: squares(codes[level], west=99.8, south=13.2, size=0.02) for level in levels}
    return made


def publish(store: Store, *batches: Batch) -> Warehouse:
    publish_batches(store, Settings(), list(batches))
    return Warehouse.open(store)


def source_ids(house: Warehouse) -> set[str]:
    return {str(s) for s in house.sources()["source_id"]}


def test_the_whole_batch_names_every_area_and_is_marked_as_made_up(whole: Batch) -> None:
    assert {k: len(f) for k, f in whole.boundaries.items()} == {"district": 928, "subdistrict": 7436}
    assert whole.village_points.num_rows == whole.areas.num_rows > 70_000
    assert set(whole.sources.column("kind").to_pylist()) == {"synthetic"}
    assert all("จำลอง" in title for title in whole.sources.column("title_th").to_pylist())
    assert whole.import_id == schematic_id() != schematic_id(villages=False)
    assert whole.village_points.schema == VILLAGE_POINT
    bare = import_schematic(villages=False)
    assert bare.village_points.num_rows == bare.areas.num_rows == 0


def test_a_snapshot_says_where_the_outlines_of_each_level_come_from(tmp_path: Path, small: Batch) -> None:
    house = publish(Store(tmp_path), small, batch(NUMBERS))
    assert house.info.contents["outlines"] == {
        "province": EMBEDDED, "district": SCHEMATIC, "subdistrict": SCHEMATIC, "village": SCHEMATIC,
    }  # fmt: skip
    assert [house.outline_kind(x) for x in ("province", "district", "village", "country")] == [
        EMBEDDED, SCHEMATIC, SCHEMATIC, None,
    ]  # fmt: skip
    # They are drawn like any others: files of the district level and below, extents, villages.
    assert house.layer_url("district", PROVINCE, "poverty", 2018) is not None
    assert house.layer_url("subdistrict", PROVINCE, "poverty", 2018) is not None
    assert house.drawable("subdistrict", PROVINCE) and house.bounds("750101") is not None
    assert len(house.villages.points(PROVINCE)) == len(
        [c for c in small.village_points.column("code").to_pylist() if c.startswith(PROVINCE)]
    )
    # Nothing real is ever proved by them.
    assert published_boundaries(house.info) == {}


def test_a_real_level_takes_the_place_of_a_schematic_one_and_of_no_other(
    tmp_path: Path, small: Batch
) -> None:
    store = Store(tmp_path)
    publish(store, small, batch(NUMBERS))
    arriving = real("district")
    house = publish(store, arriving)
    assert house.info.contents["outlines"] == {
        "province": EMBEDDED, "district": IMPORTED, "subdistrict": SCHEMATIC, "village": SCHEMATIC,
    }  # fmt: skip
    assert [f.code for f in arriving.report.warnings] == ["outlines.schematic_gone"]
    assert source_ids(house) >= {"schematic-subdistrict"} and "schematic-district" not in source_ids(house)
    # The whole level went, also in the province the file says nothing of: real and made-up areas never share a map.
    drawn = gpd.read_parquet(house.info.path / "boundaries" / "district.parquet")
    assert set(drawn["code"].str[:2]) == {PROVINCE}
    assert not house.drawable("district", "11") and house.drawable("subdistrict", "11")
    assert set(published_boundaries(house.info)) == {"district"}


@pytest.mark.parametrize("together", [True, False])
def test_schematic_outlines_never_replace_real_ones(tmp_path: Path, small: Batch, together: bool) -> None:
    store = Store(tmp_path)
    if together:
        house = publish(store, small, real("district"), batch(NUMBERS))
    else:
        publish(store, real("district"), batch(NUMBERS))
        house = publish(store, small)
    assert house.outline_kind("district") == IMPORTED and house.outline_kind("subdistrict") == SCHEMATIC
    assert [f.code for f in small.report.warnings] == ["outlines.real_kept"]
    drawn = gpd.read_parquet(house.info.path / "boundaries" / "district.parquet")
    assert set(drawn["code"].str[:2]) == {
        PROVINCE
    }  # the squares of the real one, nothing of the other province
    assert "schematic-district" not in source_ids(house)


def test_real_points_of_villages_take_the_made_up_ones_and_their_villages_away(
    tmp_path: Path, small: Batch
) -> None:
    store = Store(tmp_path)
    told = small.village_points.column("code")[0].as_py()
    scored = batch(NUMBERS)
    score = {
        "code": told,
        "spec": "plan11",
        "indicator": "i01",
        "year": 2015,
        "score": 1,
        "source_id": "made",
    }
    scored.village_scores = pa.Table.from_pylist([score], schema=VILLAGE_SCORE)
    scored.village_specs = {"plan11": shipped_specs()["plan11"].entry}
    scored.indicators = catalogue_entries(shipped_specs()["plan11"])
    publish(store, small, scored)
    points = batch([], source="villages-points-made", sha="points", kind="user")
    point = {
        "code": "75010177", "name_th": "บ้านจริง", "longitude": 99.99, "latitude": 13.4, "source_id": "villages-points-made",
        "how": "code", "confidence": 1.0,
    }  # fmt: skip
    points.village_points = pa.Table.from_pylist([point], schema=VILLAGE_POINT)
    points.areas = small.areas.slice(0, 1).set_column(0, "code", pa.array(["75010177"]))
    house = publish(store, points)
    assert house.villages.points()["code"].tolist() == ["75010177"]
    left = {a.code for parent in ("750101", told[:6]) for a in house.children(parent)}
    # A village that scores speak of stays known, without a place.
    assert left == {"75010177", told}
    assert house.outline_kind("village") is None
    again = publish(store, small)
    assert again.villages.points()["code"].tolist() == ["75010177"]


def test_an_unmarked_snapshot_of_an_earlier_version_has_no_schematic_level() -> None:
    assert outline_kinds(["district", "province"], ()) == {"province": IMPORTED, "district": IMPORTED}
    assert outline_kinds((), ()) == {"province": EMBEDDED}


def test_publishing_the_schematic_batch_again_changes_nothing(tmp_path: Path, small: Batch) -> None:
    store = Store(tmp_path)
    first = publish(store, small, batch(NUMBERS))
    second = publish(store, small)
    assert second.info.contents["outlines"] == first.info.contents["outlines"]
    for level in ("district", "subdistrict"):
        name = f"boundaries/{level}.parquet"
        assert (second.info.path / name).read_bytes() == (first.info.path / name).read_bytes()
    assert small.report.warnings == []
