"""Browser layers: compact text, the same bytes every time, views that fit."""

from __future__ import annotations

import gzip
import itertools
import json
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from geo.boundaries import embedded_provinces
from geo.layers import (
    SIMPLIFY_TOLERANCE,
    bounds_of,
    feature_geometries,
    gz_bytes,
    layer_bytes,
    tolerance,
    view_for,
)


def frame(*geometries):
    return gpd.GeoDataFrame(
        {"code": [str(10 + i) for i in range(len(geometries))]}, geometry=list(geometries), crs=4326
    )


def test_text_is_compact_geojson():
    text = feature_geometries(frame(box(100, 10, 101.00004, 11.5)))["10"]
    assert text == '{"type":"Polygon","coordinates":[[[101,10],[101,11.5],[100,11.5],[100,10],[101,10]]]}'
    assert " " not in text


def test_corners_that_fall_together_are_written_once():
    ring = Polygon([(100, 10), (100.00001, 10), (101, 10), (101, 11), (101.00001, 11.00001), (100, 11)])
    rings = json.loads(feature_geometries(frame(ring))["10"])["coordinates"]
    assert len(rings[0]) == 5 and rings[0][0] == rings[0][-1]


def test_small_parts_and_holes_vanish_but_an_area_never_does():
    speck = box(102, 10, 102.00001, 10.00001)
    hole = Polygon(box(100, 10, 101, 11).exterior, [box(100.5, 10.5, 100.50001, 10.50001).exterior])
    assert json.loads(feature_geometries(frame(MultiPolygon([hole, speck])))["10"])["type"] == "Polygon"
    assert "]],[[" not in feature_geometries(frame(hole))["10"]
    kept = shapely.from_geojson(feature_geometries(frame(speck))["10"])
    assert kept.area > 0 and kept.is_valid


def test_real_holes_stay():
    ring = Polygon(box(100, 10, 101, 11).exterior, [box(100.2, 10.2, 100.4, 10.4).exterior])
    assert len(shapely.from_geojson(feature_geometries(frame(ring))["10"]).interiors) == 1


@pytest.mark.parametrize("bad", [None, Polygon(), Point(100, 10), LineString([(100, 10), (101, 11)])])
def test_what_is_no_area_is_refused(bad):
    with pytest.raises(ValueError, match="geometry of 10"):
        feature_geometries(frame(bad))


def test_repeated_codes_are_refused():
    gdf = frame(box(100, 10, 101, 11), box(101, 10, 102, 11))
    gdf["code"] = "10"
    with pytest.raises(ValueError, match="twice"):
        feature_geometries(gdf)


@given(
    st.lists(
        st.tuples(st.floats(97, 105), st.floats(6, 20), st.floats(1e-7, 0.5), st.floats(1e-7, 0.5)),
        min_size=1,
        max_size=5,
    ),
    st.integers(0, 6),
)
def test_every_ring_is_closed_and_has_four_points(boxes, decimals):
    geometry = MultiPolygon([box(x, y, x + w, y + h) for x, y, w, h in boxes])
    found = json.loads(feature_geometries(frame(geometry), decimals)["10"])
    polygons = found["coordinates"] if found["type"] == "MultiPolygon" else [found["coordinates"]]
    assert polygons
    for ring in (r for p in polygons for r in p):
        assert len(ring) >= 4 and ring[0] == ring[-1]
        assert all(a != b for a, b in itertools.pairwise(ring))


def test_layers_are_deterministic_json():
    geometries = feature_geometries(embedded_provinces())
    rows = [{"code": c, "name_th": "ยะลา <script>", "x": None, "y": 1.5} for c in geometries]
    data = layer_bytes(geometries, rows)
    assert data == layer_bytes(dict(geometries), list(rows))
    parsed = json.loads(data)
    assert [f["properties"]["code"] for f in parsed["features"]] == list(geometries)
    assert "ยะลา" in data.decode() and b"\\u0e" not in data and b": " not in data
    assert gz_bytes(data) == gz_bytes(data) and gzip.decompress(gz_bytes(data)) == data


def test_areas_without_geometry_are_left_out():
    assert json.loads(layer_bytes({}, [{"code": "95"}]))["features"] == []
    assert json.loads(layer_bytes({}, [])) == {"type": "FeatureCollection", "features": []}


@pytest.mark.parametrize(
    "rows",
    [[{"code": "10", "v": math.nan}], [{"code": "10", "v": math.inf}], [{"v": 1}], [{"code": "10"}] * 2],
)
def test_properties_that_are_no_json_or_have_no_code_are_refused(rows):
    with pytest.raises(ValueError):
        layer_bytes({"10": "null"}, rows)


def test_tolerances():
    assert all(tolerance(level, scope) == value for (level, scope), value in SIMPLIFY_TOLERANCE.items())
    with pytest.raises(ValueError, match="village/national"):
        tolerance("village", "national")


def project(lon, lat, zoom):
    scale = 512 * 2**zoom
    y = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) / (2 * math.pi)
    return lon / 360 * scale, y * scale


@given(
    st.floats(97, 104), st.floats(5, 19), st.floats(0.01, 2), st.floats(0.01, 2),
    st.integers(200, 2000), st.integers(200, 2000),
)  # fmt: skip
def test_a_view_shows_all_and_wastes_nothing(west, south, dx, dy, width, height):
    east, north = west + dx, south + dy
    lon, lat, zoom = view_for((west, south, east, north), width, height)
    x0, y0 = project(west, south, zoom)
    x1, y1 = project(east, north, zoom)
    cx, cy = project(lon, lat, zoom)
    assert x1 - x0 <= width - 32 + 0.01 and y1 - y0 <= height - 32 + 0.01
    assert abs((x0 + x1) / 2 - cx) < 1 and abs((y0 + y1) / 2 - cy) < 1
    assert zoom == 16 or (x1 - x0) > 0.99 * (width - 32) or (y1 - y0) > 0.99 * (height - 32)


def test_views_of_points_and_tiny_maps():
    assert view_for((100, 13, 100, 13), 300, 300) == (100, 13, 16)
    assert view_for((97, 5, 106, 21), 10, 10)[2] == 0


@pytest.mark.parametrize(
    ("bounds", "size"),
    [((100, 13, 99, 14), (300, 300)), ((math.nan, 13, 99, 14), (300, 300)), ((97, 5, 106, 21), (0, 300))],
)
def test_views_refuse_nonsense(bounds, size):
    with pytest.raises(ValueError):
        view_for(bounds, *size)


def test_bounds_of():
    assert bounds_of(frame(box(100, 10, 101, 11), box(101, 9, 102, 10))) == (100, 9, 102, 11)
    with pytest.raises(ValueError):
        bounds_of(frame())
    assert np.allclose(bounds_of(embedded_provinces()), (97.35, 5.63, 105.65, 20.45), atol=0.1)
