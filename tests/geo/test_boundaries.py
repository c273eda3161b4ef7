"""Boundaries: what a layer may look like, what is refused, what is checked, and simplifying as a coverage."""

from __future__ import annotations

import pickle
from collections import Counter

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from geo.boundaries import (
    BoundaryError,
    VectorTable,
    check_boundaries,
    embedded_provinces,
    read_boundaries,
    repair_text_columns,
    simplify,
)
from geo.codes import official_areas

CODES = ["950101", "950102", "950103", "950104"]
NAMES = [official_areas()[c].name_th for c in CODES]
SQUARES = [box(101 + i / 10, 6, 101.1 + i / 10, 6.1) for i in range(4)]


def table(columns=None, geometry=None, **facts):
    columns = columns or {"TAM_CODE": CODES, "T_NAME_T": NAMES}
    geometry = SQUARES if geometry is None else geometry
    wkb = [None if g is None else g if isinstance(g, bytes) else shapely.to_wkb(g) for g in geometry]
    facts = {"crs": "EPSG:4326", "file": "x.shp"} | facts
    return VectorTable(pa.table(columns), wkb, **facts)


def kinds(findings):
    return Counter(f.code.removeprefix("boundaries.") for f in findings)


def refused(vector, **options):
    with pytest.raises(BoundaryError) as caught:
        read_boundaries(vector, **options)
    assert all(f.severity == "reject" and f.mend_th and f.mend_en for f in caught.value.faults)
    return caught.value.faults[0].code.removeprefix("boundaries.")


# --- reading


def test_reads_codes_names_and_geometry():
    found = read_boundaries(table())
    assert (
        found.level == "subdistrict"
        and list(found.gdf["code"]) == CODES
        and list(found.gdf["name_th"]) == NAMES
    )
    assert list(found.gdf.columns) == ["code", "name_th", "name_en", "geometry"]
    assert found.gdf.crs == "EPSG:4326" and set(found.gdf.geom_type) == {"MultiPolygon"}
    assert found.columns == {"code": "TAM_CODE", "name_th": "T_NAME_T"} and not found.findings


def test_the_smallest_areas_decide_the_level_unless_told():
    columns = {"P": ["95"] * 4, "A": ["9501"] * 4, "T": [f"TH{c}" for c in CODES], "V": ["2019"] * 4}
    found = read_boundaries(table(columns))
    assert found.level == "subdistrict" and found.columns["code"] == "T" and found.repairs["th_prefix"] == 4
    districts = {"ADM1": ["TH95"] * 4, "ADM2": ["TH9501", "TH9502", "TH9503", "TH9504"], "area": ["1.5"] * 4}
    assert read_boundaries(table(districts)).level == "district"
    assert refused(table(districts), level="subdistrict") == "code_column"


def test_numbers_floats_and_parts_as_codes():
    assert list(read_boundaries(table({"id": pa.array([int(c) for c in CODES])})).gdf["code"]) == CODES
    assert list(read_boundaries(table({"id": pa.array([float(c) for c in CODES])})).gdf["code"]) == CODES
    parts = {"PROV_CODE": [95] * 4, "AMP_CODE": [1] * 4, "TAM_CODE": [1, 2, 3, 4], "n": ["a", "b", "c", "d"]}
    found = read_boundaries(table(parts))
    assert list(found.gdf["code"]) == CODES and found.repairs["joined_parts"] == 4


def test_provinces_by_name_alone():
    names = ["Yala", "Bungkan", "จ.ปัตตานี", "Bangkok Metropolis"]
    found = read_boundaries(table({"name": names, "area": ["1", "2", "3", "4"]}))
    assert sorted(found.gdf["code"]) == ["10", "38", "94", "95"] and found.repairs["code_from_name"] == 4


def test_rows_that_cannot_be_used_are_named_by_row():
    codes = ["950101", "950199x", "950103", "950104", "950105", "950106", "950107"]
    shapes = [*SQUARES, LineString([(101, 6), (102, 6)]), None, b"junk"]
    found = read_boundaries(table({"code": codes}, shapes))
    assert {(f.code.removeprefix("boundaries."), f.row) for f in found.findings} == {
        ("code_unreadable", 3),
        ("not_polygon", 6),
        ("geometry_missing", 7),
        ("geometry_unreadable", 8),
    }
    assert found.rejected and list(found.gdf["code"]) == ["950101", "950103", "950104"]
    assert list(found.file_names["row"]) == [2, 4, 5]


@pytest.mark.parametrize(
    ("vector", "kind"),
    [
        (table({"code": pa.array([], pa.string())}, []), "empty"),
        (table(geometry=[LineString([(101, 6), (102, 6)])] * 4), "not_polygon"),
        (table(geometry=[Point(101, 6)] * 4), "not_polygon"),
        (table(geometry=[None] * 4), "geometry_missing"),
        (table(geometry=[Polygon()] * 4), "geometry_missing"),
        (table({"a": ["x", "y", "z", "w"]}), "code_column"),
        (table({"a": [None] * 4}), "code_column"),
        (table(geometry=SQUARES[:3]), "rows"),
        (table(crs="EPSG:2154"), "crs"),
        (table(crs="+proj=utm +zone=47"), "crs"),
        (table(crs="PROJCS[broken"), "crs"),
        (table(crs="EPSG:32647"), "outside"),
        (table(geometry=[shapely.transform(s, lambda xy: xy[:, ::-1]) for s in SQUARES]), "swapped"),
        (
            table(geometry=[shapely.transform(s, lambda xy: xy - 200) for s in SQUARES], crs=None),
            "crs_missing",
        ),
    ],
)
def test_layers_that_are_refused(vector, kind):
    assert refused(vector) == kind


def test_unknown_level_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="level"):
        read_boundaries(table(), level="village")


def test_errors_survive_pickling():
    with pytest.raises(BoundaryError) as caught:
        read_boundaries(table(crs="EPSG:2154"))
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


@pytest.mark.parametrize("epsg", [32647, 32648, 24047, 24048, 3857])
@pytest.mark.parametrize("form", ["code", "wkt2", "esri"])
def test_coordinate_systems(epsg, form):
    projected = gpd.GeoSeries(SQUARES, crs=4326).to_crs(epsg)
    system = CRS.from_epsg(epsg)
    crs = {"code": f"EPSG:{epsg}", "wkt2": system.to_wkt(), "esri": system.to_wkt("WKT1_ESRI")}[form]
    found = read_boundaries(table(geometry=list(projected), crs=crs))
    assert np.allclose(found.gdf.total_bounds, (101, 6, 101.4, 6.1), atol=1e-3)


def test_a_missing_coordinate_system_is_assumed_only_for_thai_degrees():
    assert read_boundaries(table(crs=None)).repairs["crs_assumed"] == 1
    assert read_boundaries(table(crs="OGC:CRS84")).repairs["crs_assumed"] == 0


def test_a_stray_row_outside_thailand_is_left_out():
    found = read_boundaries(table(geometry=[*SQUARES[:3], box(6, 101, 6.1, 101.1)]))
    assert kinds(found.findings) == {"swapped": 1} and len(found.gdf) == 3


def test_rings_are_repaired_and_heights_dropped():
    west, south, east, north = SQUARES[0].bounds
    ear = [
        (west, north - 2e-3),
        (west + 5e-4, north - 1e-3),
        (west + 5e-4, north - 2e-3),
        (west, north - 1e-3),
    ]
    folded = Polygon([(west, south), (east, south), (east, north), (west, north), *ear])
    high = shapely.force_3d(SQUARES[1], 5.0)
    found = read_boundaries(table(geometry=[folded, high, GeometryCollection([SQUARES[2]]), SQUARES[3]]))
    assert found.gdf.is_valid.all() and not found.gdf.has_z.any() and len(found.gdf) == 4
    assert found.repairs["ring_repaired"] >= 1 and found.repairs["z_dropped"] == 1
    assert "Self-intersection" in found.findings[0].found and found.findings[0].severity == "warn"


def test_a_ring_whose_repair_would_change_its_area_is_refused():
    bowtie = Polygon([(101, 6), (101.1, 6.1), (101.1, 6), (101, 6.1)])
    found = read_boundaries(table(geometry=[bowtie, *SQUARES[1:]]))
    assert kinds(found.findings) == {"ring_changed": 1} and len(found.gdf) == 3
    assert "%" in found.findings[0].found and found.findings[0].row == 2


def test_a_polygon_without_area_is_refused():
    flat = Polygon([(101, 6), (101.1, 6), (101.05, 6)])
    found = read_boundaries(table(geometry=[flat, *SQUARES[1:]]))
    assert kinds(found.findings) == {"geometry_unreadable": 1}


def test_from_arrow_reads_the_facts_in_the_metadata():
    arrow = pa.table({"code": CODES, "geometry": pa.array([shapely.to_wkb(s) for s in SQUARES])})
    facts = {"crs": "EPSG:4326", "file": "a.shp", "layer": "a", "encoding": "unknown"}
    vector = VectorTable.from_arrow(arrow.replace_schema_metadata(facts))
    assert (vector.crs, vector.file, vector.layer, vector.encoding) == ("EPSG:4326", "a.shp", "a", None)
    assert list(read_boundaries(vector).gdf["code"]) == CODES
    with pytest.raises(BoundaryError):
        VectorTable.from_arrow(arrow, geometry="shape")


# --- text


def latin(texts, encoding, width=None):
    return [t.encode(encoding)[:width].decode("latin-1") for t in texts]


@pytest.mark.parametrize("encoding", ["utf-8", "cp874"])
def test_undeclared_encodings(encoding):
    vector = table({"code": CODES, "name": latin(NAMES, encoding)}, encoding=None)
    found = read_boundaries(vector)
    assert found.encoding == encoding and list(found.file_names["name_th"]) == NAMES
    assert found.columns["name_th"] == "name"


def test_cp874_with_no_break_spaces():
    vector = table({"code": CODES, "name": latin([n + "\u00a0" for n in NAMES], "cp874")}, encoding=None)
    assert list(read_boundaries(vector).file_names["name_th"]) == NAMES


def test_a_character_cut_at_the_field_width_is_dropped():
    vector = table({"code": CODES, "name": latin(NAMES, "utf-8", 10)}, encoding=None)
    fixed, encoding = repair_text_columns(vector)
    assert encoding == "utf-8" and fixed.repairs["text_cut"] == sum(len(n) > 3 for n in NAMES)
    assert all(n.startswith(got) for n, got in zip(NAMES, fixed.columns["name"].to_pylist(), strict=True))


def test_mixed_and_unknown_encodings_are_refused():
    mixed = latin(NAMES[:2], "utf-8") + latin(NAMES[2:], "cp874")
    assert refused(table({"code": CODES, "name": mixed}, encoding=None)) == "encoding"
    noise = ["\x81\x82\xfd", "\xff\xfe", "\x8a\x9f", "\x90"]
    assert refused(table({"code": CODES, "name": noise}, encoding=None)) == "encoding"


def test_declared_text_is_left_alone():
    vector = table()
    assert repair_text_columns(vector) == (vector, "utf-8")


@given(st.lists(st.text(alphabet="กขคงจชญดตถทนบปผพมยรลวสหอฮะาิีึืุูเแโใไ่้๊๋์", min_size=4), min_size=4, max_size=4))
def test_thai_survives_either_encoding(names):
    for encoding in ("utf-8", "cp874"):
        vector = table({"code": CODES, "name": latin(names, encoding)}, encoding=None)
        fixed, found = repair_text_columns(vector)
        assert fixed.columns["name"].to_pylist() == names and found == encoding


@given(st.lists(st.binary(max_size=60), min_size=4, max_size=4))
def test_any_bytes_decode_or_are_refused(blobs):
    vector = table({"code": CODES, "name": [b.decode("latin-1") for b in blobs]}, encoding=None)
    try:
        fixed, _ = repair_text_columns(vector)
    except BoundaryError:
        return
    assert fixed.columns.num_rows == 4


# --- checking


def check(codes=CODES, geometry=SQUARES, names=None, **options):
    columns = {"code": list(codes)} | ({"name": names} if names else {})
    return check_boundaries(read_boundaries(table(columns, geometry)), **options)


def test_a_clean_set():
    report = check(names=NAMES)
    assert report.coverage_valid and not report.overlaps and not report.gaps_km2 and not report.rejected
    assert report.areas == 4 and report.provinces == 1 and report.official == 58 and len(report.missing) == 54
    assert report.named == 4 and not report.renamed
    assert 450 < report.area_km2 < 510


def test_duplicates_are_rejected():
    report = check(["950101", "950101", "950103", "950104"])
    assert report.duplicates == ("950101",) and report.rejected


def test_abolished_municipal_and_unknown_codes():
    report = check(["104701", "950151", "950103", "950104"])
    assert report.abolished == {"104701": ("104702", "104703")} and report.municipal == ("950151",)
    assert not report.rejected
    finding = next(f for f in report.findings if f.code == "boundaries.abolished")
    assert "104702" in finding.expected and finding.row == 2
    fewer = {c: a for c, a in official_areas().items() if c != "950103"}
    assert check(official=fewer).unknown == ("950103",) and check(official=fewer).rejected


def test_names_cut_renamed_and_dressed():
    codes = ["801210", "950102", "950103", "950104"]
    names = ["ปากพนังฝั่งตะวัน", "ชื่ออื่น", f"ต.{NAMES[2]}", NAMES[3]]
    report = check(codes, names=names)
    assert [c[0] for c in report.cut] == ["801210"] and [c[0] for c in report.renamed] == ["950102"]
    found = read_boundaries(table({"code": codes, "name": names}))
    assert found.gdf["name_th"].tolist()[0] == "ปากพนังฝั่งตะวันตก"  # the official name is what is shown


def test_nesting():
    parents = gpd.GeoDataFrame({"code": ["9501"]}, geometry=[box(101, 6, 101.3, 6.1)], crs=4326)
    report = check(parents=parents)
    assert report.nested_checked == 4 and report.not_nested == {"950104": pytest.approx(0, abs=1e-9)}
    assert (
        kinds(check(["950101", "950102", "950103", "960101"], parents=parents).findings)["parent_missing"]
        == 1
    )


def test_overlaps_and_gaps_have_numbers():
    wide = box(101.05, 6, 101.2, 6.1)
    report = check(geometry=[SQUARES[0], wide, *SQUARES[2:]])
    assert not report.coverage_valid and report.invalid_edges == 2
    assert [(o.code_a, o.code_b) for o in report.overlaps] == [("950101", "950102")]
    assert report.overlaps[0].km2 == pytest.approx(0.05 * 0.1 * 111.32**2, rel=0.02)
    ring = Polygon(box(101, 6, 101.1, 6.1).exterior, [box(101.04, 6.04, 101.06, 6.06).exterior])
    report = check(geometry=[ring, *SQUARES[1:]])
    assert len(report.gaps_km2) == 1 and report.gaps_km2[0] == pytest.approx(0.02**2 * 111.32**2, rel=0.02)


# --- simplifying


def wavy(seed, columns=4, rows=4, steps=40):
    """A grid of cells with shared wavy edges: a valid coverage with something to simplify."""
    random = np.random.default_rng(seed)

    def edge(a, b, fixed):
        t = np.linspace(0, 1, steps)[:, None]
        line = np.array(a) + t * (np.array(b) - np.array(a))
        if not fixed:
            # Sideways only, fading out at the corners: edges never cross each other.
            wave = random.normal(0, 1, steps).cumsum() * np.sin(np.pi * t[:, 0])
            across_axis = 1 if a[1] == b[1] else 0
            line[:, across_axis] += 0.04 * wave / max(1e-9, np.abs(wave).max()) * np.sin(np.pi * t[:, 0])
        return line

    x = 101 + 0.2 * np.arange(columns + 1)
    y = 6 + 0.2 * np.arange(rows + 1)
    across = {
        (i, j): edge((x[i], y[j]), (x[i + 1], y[j]), j in (0, rows))
        for i in range(columns)
        for j in range(rows + 1)
    }
    up = {
        (i, j): edge((x[i], y[j]), (x[i], y[j + 1]), i in (0, columns))
        for i in range(columns + 1)
        for j in range(rows)
    }
    cells = [
        Polygon(np.vstack([across[i, j], up[i + 1, j][1:], across[i, j + 1][::-1][1:], up[i, j][::-1][1:-1]]))
        for i in range(columns)
        for j in range(rows)
    ]
    return gpd.GeoDataFrame({"code": [f"{k:06d}" for k in range(len(cells))]}, geometry=cells, crs=4326)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.03))
def test_simplifying_keeps_neighbours_together(seed, tolerance):
    gdf = wavy(seed)
    assume(gdf.is_valid.all() and shapely.coverage_is_valid(np.array(gdf.geometry)))
    result = simplify(gdf, tolerance)
    shapes = np.array(result.geometry)
    assert len(result) == len(gdf) and list(result["code"]) == list(gdf["code"])
    assert shapely.coverage_is_valid(shapes) and not shapely.is_empty(shapes).any()
    assert result.attrs["coverage_valid"] and result.attrs["kept"] == []
    before, after = gdf.union_all(), result.union_all()
    assert after.symmetric_difference(before).area < 0.01 * before.area
    assert not any(p.interiors for p in shapely.get_parts(after))  # no gaps between neighbours
    assert (
        shapely.get_num_coordinates(shapes).sum() <= shapely.get_num_coordinates(np.array(gdf.geometry)).sum()
    )


def test_simplifying_says_when_edges_do_not_match():
    gdf = gpd.GeoDataFrame(
        {"code": ["1", "2"]}, geometry=[box(101, 6, 101.2, 6.2), box(101.1, 6, 101.3, 6.2)], crs=4326
    )
    result = simplify(gdf, 0.01)
    assert result.attrs["coverage_valid"] is False and len(result) == 2 and not result.is_empty.any()


def test_no_small_island_vanishes():
    island = MultiPolygon([box(101, 6, 101.5, 6.5), Point(102, 6).buffer(0.0005)])
    result = simplify(gpd.GeoDataFrame({"code": ["1"]}, geometry=[island], crs=4326), 0.1)
    assert not result.is_empty.any() and result.geometry.iloc[0].geom_type == "MultiPolygon"


def test_simplify_edges_of_its_domain():
    gdf = wavy(1)
    assert simplify(gdf, 0).geometry.geom_equals_exact(gdf.geometry, 0).all()
    assert len(simplify(gdf.iloc[:0], 0.01)) == 0
    for bad in (-1, float("nan")):
        with pytest.raises(ValueError, match="tolerance"):
            simplify(gdf, bad)


# --- what ships


def test_embedded_provinces_are_the_77_and_a_valid_coverage():
    gdf = embedded_provinces()
    provinces = [a for a in official_areas().values() if a.level == "province"]
    assert list(gdf["code"]) == [a.code for a in provinces]
    assert list(gdf["name_th"]) == [a.name_th for a in provinces]
    assert gdf.is_valid.all() and shapely.coverage_is_valid(np.array(gdf.geometry))
    assert 480_000 < gdf.to_crs(6933).area.sum() / 1e6 < 540_000
    assert "38" in set(gdf["code"])
    gdf.loc[0, "code"] = "x"
    assert embedded_provinces()["code"].iloc[0] == "10"  # a fresh copy each time
