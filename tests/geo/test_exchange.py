"""GeoJSON and GeoPackage of a view: what goes in comes out again, in the readers that others use."""

import io
import json
import sqlite3

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from geo.exchange import FeatureTable, geojson_bytes, geopackage_bytes

SQUARE = '{"type":"Polygon","coordinates":[[[100,13],[101,13],[101,14],[100,14],[100,13]]]}'
TWO = '{"type":"MultiPolygon","coordinates":[[[[98,7],[99,7],[99,8],[98,7]]],[[[97,7],[97.5,7],[97.5,8],[97,7]]]]}'
COLUMNS = ("area_code", "name_th", "value", "numerator", "suppressed")
ROWS = [
    ["05", "น้ำปั้ว=1+1", 12.5, np.int64(3), "false"],
    ["10", "<script>&\"กรุงเทพ'", float("nan"), None, "true"],
    ["5599", "เทศบาล", 0.0, pd.NA, np.True_],
]
ABOUT = {"title": "อัตรา", "notes": ["แหล่งที่มา: จปฐ", "พ.ศ. 2561"], "snapshot": "snap-000001-0123456789ab"}


def table(**changes):
    made = {
        "name": "areas",
        "title": "อัตราคนจน",
        "columns": COLUMNS,
        "rows": ROWS,
        "shapes": [SQUARE, TWO, None],
    }
    return FeatureTable(**made | changes)


def points():
    here = '{"type":"Point","coordinates":[100.5,13.75]}'
    return FeatureTable("places", "สถานที่", ("name",), [["ก"], ["ข"]], [here, None], "point")


def test_geojson_keeps_codes_texts_and_what_is_missing():
    made = geojson_bytes(table(), ABOUT)
    told = json.loads(made)
    assert told["about"] == ABOUT and told["name"] == "areas"
    assert [f["properties"]["value"] for f in told["features"]] == [12.5, None, 0.0]
    frame = gpd.read_file(io.BytesIO(made))
    assert frame.crs.to_epsg() == 4326
    assert frame["area_code"].tolist() == ["05", "10", "5599"]
    assert frame["name_th"].tolist() == [row[1] for row in ROWS]
    assert frame.geometry.isna().tolist() == [False, False, True]
    assert frame.geometry.iloc[0].area == 1.0


def test_a_geopackage_holds_layers_with_their_metadata(tmp_path):
    made = geopackage_bytes([table(), points()], ABOUT)
    file = tmp_path / "view.gpkg"
    file.write_bytes(made)
    assert [tuple(layer) for layer in pyogrio.list_layers(file)] == [
        ("areas", "MultiPolygon"),
        ("places", "Point"),
    ]
    frame = gpd.read_file(file, layer="areas")
    assert frame.crs.to_epsg() == 4326
    assert frame["area_code"].tolist() == ["05", "10", "5599"]
    assert frame["name_th"].tolist() == [row[1] for row in ROWS]
    assert frame["value"].isna().tolist() == [False, True, False] and frame["value"].iloc[2] == 0
    assert frame["numerator"].isna().tolist() == [False, True, True]
    assert frame.geometry.is_empty.where(frame.geometry.notna(), True).tolist() == [False, False, True]
    assert gpd.read_file(file, layer="places").geometry.iloc[0].coords[0] == (100.5, 13.75)
    for layer in ("areas", "places"):
        known = pyogrio.read_info(file, layer=layer)["layer_metadata"]
        assert known["notes"] == "\n".join(ABOUT["notes"]) and known["snapshot"] == ABOUT["snapshot"]
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT identifier FROM gpkg_contents ORDER BY table_name").fetchall() == [
            ("อัตราคนจน",), ("สถานที่",),
        ]  # fmt: skip
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_empty_layer_is_a_layer(tmp_path):
    (tmp_path / "view.gpkg").write_bytes(geopackage_bytes([table(rows=[], shapes=[])], ABOUT))
    assert list(gpd.read_file(tmp_path / "view.gpkg").columns) == [*COLUMNS, "geometry"]
    assert json.loads(geojson_bytes(table(rows=[], shapes=[]), {}))["features"] == []


@pytest.mark.parametrize("name", ["", "Areas", "a b", 'x"; DROP TABLE', "9a"])
def test_a_layer_has_a_plain_name(name):
    with pytest.raises(ValueError, match="small letters"):
        table(name=name)


def test_what_cannot_be_written_is_refused():
    with pytest.raises(ValueError, match="3 rows and 1 shapes"):
        table(shapes=[SQUARE])
    with pytest.raises(ValueError, match="no layer"):
        geopackage_bytes([], ABOUT)
    with pytest.raises(ValueError, match="JSON"):
        geojson_bytes(table(columns=("a",), rows=[[float("inf")]], shapes=[None]), {})
