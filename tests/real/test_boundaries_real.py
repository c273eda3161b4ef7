"""The published boundary files: the facts about them that the program relies on."""

from __future__ import annotations

import numpy as np
import pyogrio
import pytest
import shapely

from geo.boundaries import (
    BoundaryError,
    VectorTable,
    check_boundaries,
    read_boundaries,
    repair_text_columns,
    simplify,
)
from geo.layers import feature_geometries, gz_bytes, layer_bytes, tolerance
from tests.realdata import real_path

pytestmark = pytest.mark.real

FILES = {
    "province": "boundaries/tha_adm1_province_shapefile.zip",
    "district": "boundaries/tha_admbnda_adm2_shapefile.zip",
    "subdistrict": "boundaries/tha_admbnda_adm3_rtsd_20220121.zip",
}


def load(relative):
    """A layer as the reading process gives it for a file that declares no encoding: bytes as ISO-8859-1."""
    meta, table = pyogrio.read_arrow(real_path(relative), encoding="ISO-8859-1")
    geometry = meta["geometry_name"] or "wkb_geometry"
    return VectorTable(
        table.drop_columns([geometry]), table.column(geometry), meta["crs"], relative, encoding=None
    )


@pytest.fixture(scope="module")
def sets():
    return {level: read_boundaries(load(file)) for level, file in FILES.items()}


def test_levels_columns_and_encoding(sets):
    for number, (level, count) in enumerate(
        {"province": 77, "district": 928, "subdistrict": 7425}.items(), 1
    ):
        found = sets[level]
        assert (found.level, len(found.gdf), found.encoding) == (level, count, "utf-8")
        names = {"name_th": f"ADM{number}_TH", "name_en": f"ADM{number}_EN"}
        assert found.columns == {"code": f"ADM{number}_PCODE", **names}
        assert not found.rejected and found.gdf.is_valid.all()


def test_provinces(sets):
    report = check_boundaries(sets["province"])
    assert report.coverage_valid and not (report.missing or report.renamed or report.cut or report.findings)
    assert report.area_km2 == pytest.approx(515_328, abs=1)


def test_districts(sets):
    found = sets["district"]
    repaired = [f for f in found.findings if f.code == "boundaries.ring_repaired"]
    assert len(repaired) == found.repairs["ring_repaired"] == 1
    assert found.file_names.set_index("code").loc["8403", "row"] == repaired[0].row
    report = check_boundaries(found, parents=sets["province"].gdf)
    assert [c[0] for c in report.renamed] == ["8001"] and {c[0] for c in report.cut} == {
        "1008",
        "7701",
        "8401",
    }
    assert not report.missing and not report.not_nested and not report.rejected
    # The loop of 8403 lies over its two neighbours: the ring can be repaired, the overlap is the file's.
    assert not report.coverage_valid and report.invalid_edges == 3
    assert {(o.code_a, o.code_b) for o in report.overlaps} == {
        ("8014", "8402"),
        ("8014", "8403"),
        ("8402", "8403"),
    }
    assert all(o.km2 < 0.01 for o in report.overlaps)


def test_subdistricts(sets):
    report = check_boundaries(sets["subdistrict"], parents=sets["district"].gdf)
    assert set(report.abolished) == {"104701", "105001", "530306"}
    assert report.missing == (
        "100910", "101406", "102602", "103402", "103403", "104402", "104403", "104702", "104703",
        "105002", "105003", "105004", "105005", "530407",
    )  # fmt: skip
    assert len(report.cut) == 7 and {c[0] for c in report.renamed} == {"501805", "600113", "910303"}
    assert report.coverage_valid and not report.overlaps and not report.gaps_km2
    assert report.nested_checked == 7425 and not report.not_nested
    assert not report.rejected


@pytest.mark.parametrize(("name", "count"), [("Yala", 58), ("Narathiwat", 77)])
def test_full_resolution_files(name, count, sets):
    found = read_boundaries(load(f"boundaries/fullres/{name}.zip"))
    report = check_boundaries(found, parents=sets["district"].gdf)
    assert (found.level, len(found.gdf), report.provinces) == ("subdistrict", count, 1)
    assert report.coverage_valid and not report.missing and not report.findings
    local = simplify(found.gdf, tolerance("subdistrict", "local"))
    assert shapely.coverage_is_valid(np.array(local.geometry))
    size = len(layer_bytes(geometries := feature_geometries(local), [{"code": c} for c in geometries]))
    assert 40_000 < size < 100_000


def test_layers_fit_their_budget(sets):
    for level, raw, packed in (
        ("province", 0.45e6, 0.12e6),
        ("district", 1.0e6, 0.23e6),
        ("subdistrict", 2.25e6, 0.36e6),
    ):
        simple = simplify(sets[level].gdf, tolerance(level, "national"))
        shapes = np.array(simple.geometry)
        assert simple.attrs["kept"] == [] and simple.attrs["coverage_valid"] == (level != "district")
        assert shapely.coverage_is_valid(shapes) == (level != "district")
        assert (
            abs(shapely.area(shapes).sum() / shapely.area(np.array(sets[level].gdf.geometry)).sum() - 1)
            < 2e-4  # 0.013 % of the land at the coarsest tolerance, which is only seen from afar
        )
        geometries = feature_geometries(simple)
        data = layer_bytes(geometries, [{"code": c} for c in geometries])
        assert len(data) < raw and len(gz_bytes(data)) < packed


def test_one_province_at_the_finer_tolerance(sets):
    simple = simplify(sets["subdistrict"].gdf, tolerance("subdistrict", "local"))
    geometries = feature_geometries(simple[simple["code"].str.startswith("30")])
    assert len(layer_bytes(geometries, [{"code": c} for c in geometries])) < 200_000


@pytest.mark.parametrize(
    ("name", "column", "word"), [("bike_way", "NAME", "ถนน"), ("land_value", "name", "ถนน")]
)
def test_bangkok_layers_are_cp874_lines(name, column, word):
    vector = load(f"mess/{name}.zip")
    fixed, encoding = repair_text_columns(vector)
    assert encoding == "cp874" and any(word in (v or "") for v in fixed.columns[column].to_pylist())
    with pytest.raises(BoundaryError) as caught:
        read_boundaries(vector)
    assert caught.value.faults[0].code == "boundaries.not_polygon"
