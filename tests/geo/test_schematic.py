"""The schematic outlines nest exactly, cover the country, are the same every time, and say what they are."""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from collections import Counter
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.boundaries import BoundaryReport, BoundarySet, check_boundaries, embedded_provinces
from geo.codes import level_of, official_areas
from geo.outlines import SCHEMATIC
from geo.schematic import (
    SCHEMATIC_FILE,
    schematic_districts,
    schematic_subdistricts,
    schematic_villages,
)

SCRIPT = SCHEMATIC_FILE.with_name("make_schematic.py")


@pytest.fixture(scope="module")
def levels() -> dict[str, gpd.GeoDataFrame]:
    return {
        "province": embedded_provinces(),
        "district": schematic_districts(),
        "subdistrict": schematic_subdistricts(),
    }


@pytest.fixture(scope="module")
def villages() -> gpd.GeoDataFrame:
    return schematic_villages()


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_schematic", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_schematic"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def checked(frame: gpd.GeoDataFrame, parents: gpd.GeoDataFrame) -> BoundaryReport:
    names = pd.DataFrame(
        {"code": frame["code"], "row": range(2, len(frame) + 2), "name_th": frame["name_th"]}
    )
    level = level_of(str(frame["code"].iloc[0]))
    columns = {"code": "code", "name_th": "name_th"}
    return check_boundaries(
        BoundarySet(level, frame, Counter(), [], names, columns, "utf-8"), parents=parents
    )


@pytest.mark.parametrize(
    ("level", "above", "count"), [("district", "province", 928), ("subdistrict", "district", 7436)]
)
def test_every_official_area_is_there_and_the_importers_checks_find_nothing(
    levels: dict[str, gpd.GeoDataFrame], level: str, above: str, count: int
) -> None:
    frame = levels[level]
    assert list(frame["code"]) == sorted(a.code for a in official_areas().values() if a.level == level)
    assert len(frame) == count
    assert frame.attrs["kind"] == SCHEMATIC
    assert (frame.geometry.geom_type == "MultiPolygon").all() and frame.geometry.is_valid.all()
    report = checked(frame, levels[above])
    assert report.findings == []
    assert report.coverage_valid and report.nested_checked == count and report.named == count


@pytest.mark.parametrize(("level", "above"), [("district", "province"), ("subdistrict", "district")])
def test_children_cover_their_parent_exactly(
    levels: dict[str, gpd.GeoDataFrame], level: str, above: str
) -> None:
    children, parents = levels[level], levels[above]
    width = len(parents["code"].iloc[0])
    unions = children.geometry.groupby(children["code"].str[:width]).agg(
        lambda cells: shapely.coverage_union_all(cells.to_numpy())
    )
    whole = parents.set_index("code").geometry.reindex(unions.index).to_numpy()
    missed = shapely.area(shapely.symmetric_difference(unions.to_numpy(), whole)) / shapely.area(whole)
    assert missed.max() < 1e-9
    # And none reaches over: what the children have together, in square degrees, is what the parent has.
    area = pd.Series(shapely.area(children.geometry.to_numpy()))
    sums = area.groupby(children["code"].str[:width]).sum().reindex(unions.index).to_numpy()
    assert np.abs(sums / shapely.area(whole) - 1).max() < 1e-9


def test_cells_are_neither_tiny_nor_torn(levels: dict[str, gpd.GeoDataFrame]) -> None:
    below = levels["subdistrict"]
    km2 = below.geometry.to_crs(6933).area / 1e6
    province = below["code"].str[:2]
    assert (km2 / km2.groupby(province).transform("mean")).min() > 1 / 9
    # Sizes vary as those of real areas do, and are not all alike.
    spread = km2.groupby(province).std() / km2.groupby(province).mean()
    assert spread.median() > 0.25
    lands = dict(zip(levels["province"]["code"], levels["province"].geometry, strict=True))
    for code, shape in zip(levels["district"]["code"], levels["district"].geometry, strict=True):
        home = shapely.get_parts(lands[code[:2]])
        parts = shapely.get_parts(shape)
        where = [int(np.argmax(shapely.area(shapely.intersection(home, part)))) for part in parts]
        assert len(where) == len(set(where)), f"{code} is in pieces on one land"


def test_seats_lie_in_a_cell_of_their_own_district() -> None:
    document = json.loads(gzip.decompress(SCHEMATIC_FILE.read_bytes()))
    assert document["kind"] == SCHEMATIC and document["note_th"] == "ขอบเขตจำลอง ไม่ใช่แนวเขตจริง"
    assert document["note_en"] == "Schematic outlines, not real boundaries"
    cells = dict(schematic_subdistricts()[["code", "geometry"]].itertuples(index=False))
    seats = {f["properties"]["code"]: f["properties"].get("seat") for f in document["features"]}
    known = {code: at for code, at in seats.items() if at is not None}
    assert len(known) > 550 and len({code[:4] for code in known}) == len(known)
    assert all(cells[code].covers(shapely.Point(at)) for code, at in known.items())


def test_the_file_is_small() -> None:
    assert SCHEMATIC_FILE.stat().st_size < 4_000_000


def test_the_script_makes_the_same_again_and_makes_what_ships(script: ModuleType) -> None:
    smallest = "75"
    once, seats = script.make([smallest])
    again, seats_again = script.make([smallest])
    assert script.text_of(once, seats) == script.text_of(again, seats_again)
    shipped = schematic_subdistricts(smallest).set_index("code").geometry
    assert set(once) == set(shipped.index)
    # Made alone it lacks the corners its neighbours put into the common line; the areas are the same.
    apart = [
        shapely.symmetric_difference(cell, shipped[code]).area / cell.area for code, cell in once.items()
    ]
    assert max(apart) < 1e-9


def test_a_corner_cut_off_by_the_outline_goes_to_the_neighbour_it_touches_most(script: ModuleType) -> None:
    left, right = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    corner = shapely.box(2, 0, 2.2, 1)  # of the left one, behind the right one
    pieces = [[left, corner], [right]]
    script.give_away_fragments(pieces)
    assert pieces == [[left], [right, corner]]


def test_an_island_too_small_for_a_cell_goes_whole_to_the_nearest(script: ModuleType) -> None:
    plane = script.Plane(100.0, 10.0)
    land, island = shapely.box(100, 10, 100.2, 10.1), shapely.box(100.21, 10.04, 100.22, 10.06)
    outline = shapely.multipolygons([land, island])
    sites = plane.km(np.array([[100.05, 10.05], [100.15, 10.05]]))
    cells = script.cells_of(outline, sites, sites, plane, smallest_land=50.0)
    assert [len(shapely.get_parts(cell)) for cell in cells] == [1, 2]
    assert shapely.union_all(cells).equals(outline)


def test_villages_lie_in_their_cell_and_are_the_same_for_a_part_of_the_country(
    villages: gpd.GeoDataFrame, levels: dict[str, gpd.GeoDataFrame]
) -> None:
    assert 70_000 < len(villages) < 80_000
    assert villages["code"].is_unique and villages["code"].str.fullmatch("[0-9]{8}").all()
    assert list(villages["code"]) == sorted(villages["code"])
    assert villages.attrs["kind"] == SCHEMATIC
    # The capital has none; every other subdistrict has, numbered from 1 without a gap.
    parent = villages["code"].str[:6]
    below = levels["subdistrict"].set_index("code").geometry
    assert set(parent) == {c for c in below.index if not c.startswith("10")}
    numbers = villages["code"].str[6:].astype(int)
    assert (numbers.groupby(parent).max() == parent.value_counts().sort_index()).all() and numbers.min() == 1
    assert shapely.covers(below.reindex(parent).to_numpy(), villages.geometry.to_numpy()).all()
    assert not villages.geometry.to_wkb().duplicated().any()
    part = schematic_villages("9501")
    same = villages[villages["code"].str.startswith("9501")].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(part.to_wkb()), pd.DataFrame(same.to_wkb()))


def test_frames_are_the_callers_own(levels: dict[str, gpd.GeoDataFrame]) -> None:
    frame = schematic_districts("10")
    frame["name_th"] = "x"
    assert (schematic_districts("10")["name_th"] != "x").all()
