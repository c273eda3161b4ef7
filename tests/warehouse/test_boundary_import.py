"""Boundary files: accepted by level, refused with the place, and never credited to somebody who did not say so."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from geo.boundaries import COLUMNS
from geo.codes import official_areas
from warehouse.batch import SOURCE, SOURCE_FILE
from warehouse.intake import Intake
from warehouse.sources.boundaries import read_boundary_files


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=1) as pool:
        yield pool


def grid(
    level: str, province: str = "83", *, prefix: str = "TH", number: int | None = None
) -> gpd.GeoDataFrame:
    """A row of squares that fills 98-99 east, 7-8 north, with the official codes and names of a province."""
    areas = [a for c, a in official_areas().items() if a.level == level and c[:2] == province]
    areas.sort(key=lambda a: a.code)
    west = 98.0 + (int(province) - 83) * 0.5
    # Districts and subdistricts cut the same strip, so that children lie inside their parents.
    every = sorted(c for c, a in official_areas().items() if a.level == "subdistrict" and c[:2] == province)
    step = 0.5 / len(every)
    boxes = []
    for area in areas:
        at = [i for i, code in enumerate(every) if code.startswith(area.code)]
        boxes.append(shapely.box(west + at[0] * step, 7, west + (at[-1] + 1) * step, 8))
    digit = number or {"province": 1, "district": 2, "subdistrict": 3}[level]
    return gpd.GeoDataFrame(
        {
            f"ADM{digit}_TH": [a.name_th for a in areas],
            f"ADM{digit}_EN": [a.name_en for a in areas],
            f"ADM{digit}_PCODE": [prefix + a.code for a in areas],
        },
        geometry=boxes,
        crs="EPSG:4326",
    )


def save(frame: gpd.GeoDataFrame, path: Path) -> Path:
    pyogrio.write_dataframe(frame, path)
    return path


def codes_of(batch) -> set[str]:
    return {f.code for f in batch.report.rejections}


def test_levels_in_one_call(intake, tmp_path):
    paths = [
        save(grid(level), tmp_path / f"{level}.gpkg") for level in ("subdistrict", "province", "district")
    ]
    told = []
    batch = read_boundary_files(paths, intake, progress=lambda *a: told.append(a))
    assert not batch.report.refused, [f.line("en") for f in batch.report.rejections]
    assert {level: len(frame) for level, frame in batch.boundaries.items()} == {
        "province": 1,
        "district": 3,
        "subdistrict": 17,
    }
    for frame in batch.boundaries.values():
        assert tuple(frame.columns) == COLUMNS and frame.crs.to_epsg() == 4326
    nested = {c.code: c for c in batch.report.checks if ".nested." in c.code}
    assert nested["boundaries.nested.subdistrict"].cells == 17
    assert all(check.passed for check in batch.report.checks)
    assert batch.report.rows_read == batch.report.rows_accepted == 21
    assert batch.report.repairs["th_prefix"] == 21
    assert told[-1][0] == told[-1][1]


def test_nobody_is_credited_for_a_layout(intake, tmp_path):
    batch = read_boundary_files([save(grid("district"), tmp_path / "agency.gpkg")], intake)
    assert batch.sources.schema == SOURCE and batch.files.schema == SOURCE_FILE
    [source] = batch.sources.to_pylist()
    assert source["source_id"] == "boundaries-district" and source["kind"] == "user"
    assert source["publisher"] == source["licence"] == "as stated by whoever supplied the file"
    assert "COD-AB" in source["title_en"] and "agency.gpkg" in source["title_th"]
    [file] = batch.files.to_pylist()
    assert file["file_name"] == "agency.gpkg" and len(file["sha256"]) == 64 and file["rows"] == 3


def test_one_level_in_several_files(intake, tmp_path):
    paths = [save(grid("district", p), tmp_path / f"{p}.geojson") for p in ("83", "84")]
    batch = read_boundary_files([tmp_path], intake)
    assert not batch.report.refused
    codes = list(batch.boundaries["district"]["code"])
    assert codes == sorted(codes) and {c[:2] for c in codes} == {"83", "84"}
    assert [f["file"] for f in batch.report.facts["district"]] == ["83.geojson", "84.geojson"]
    again = save(grid("district", "84"), tmp_path / "again.geojson")
    assert codes_of(read_boundary_files([*paths, again], intake)) == {"boundaries.area_twice"}


def test_parents_already_published_are_compared(intake, tmp_path):
    known = read_boundary_files([save(grid("province"), tmp_path / "p.gpkg")], intake).boundaries
    path = save(grid("district"), tmp_path / "d.gpkg")
    without = {c.code: c.cells for c in read_boundary_files([path], intake).report.checks}
    with_parent = {c.code: c.cells for c in read_boundary_files([path], intake, known=known).report.checks}
    assert without["boundaries.nested.district"] == 0 and with_parent["boundaries.nested.district"] == 3


def test_missing_areas_are_a_warning(intake, tmp_path):
    batch = read_boundary_files([save(grid("district").iloc[:2], tmp_path / "d.gpkg")], intake)
    assert not batch.report.refused
    assert [f.code for f in batch.report.warnings] == ["boundaries.missing"]
    assert batch.report.facts["district"][0]["missing"] == ["8303"]


def _points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.set_geometry(frame.geometry.representative_point())


def _swapped(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.set_geometry(
        gpd.GeoSeries(shapely.transform(frame.geometry.values, lambda x: x[:, ::-1]), crs=4326)
    )


def _twice(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    frame.loc[1, "ADM2_PCODE"] = frame.loc[0, "ADM2_PCODE"]
    return frame


def _wrong_code(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    frame.loc[1, "ADM2_PCODE"] = "TH8399"
    return frame


@pytest.mark.parametrize("spoil", [_points, _swapped, _twice, _wrong_code])
def test_broken_layers_are_refused(intake, tmp_path, spoil):
    path = save(spoil(grid("district")), tmp_path / "d.gpkg")
    batch = read_boundary_files([path], intake)
    assert batch.report.refused and not batch.boundaries
    assert batch.observations.num_rows == 0 and batch.sources.num_rows == 0
    for found in batch.report.rejections:
        assert found.file == "d.gpkg" and found.mend_th and found.mend_en


@pytest.mark.parametrize(("epsg", "refused"), [(4326, False), (32647, True)])
def test_a_missing_projection_is_assumed_only_where_degrees_fit(intake, tmp_path, epsg, refused):
    pyogrio.write_dataframe(grid("district").to_crs(epsg), tmp_path / "d.shp", encoding="UTF-8")
    (tmp_path / "d.prj").unlink()
    batch = read_boundary_files([tmp_path / "d.shp"], intake)
    assert codes_of(batch) == ({"boundaries.crs_missing"} if refused else set())
    assert batch.report.repairs["crs_assumed"] == (0 if refused else 1)


def test_metres_become_degrees(intake, tmp_path):
    path = save(grid("district").to_crs(32647), tmp_path / "utm.gpkg")
    frame = read_boundary_files([path], intake).boundaries["district"]
    assert frame.total_bounds == pytest.approx(grid("district").total_bounds, abs=1e-6)


def test_the_wrong_level_is_refused(intake, tmp_path):
    path = save(grid("district"), tmp_path / "d.gpkg")
    assert read_boundary_files([path], intake, level="province").report.refused


def test_a_folder_of_a_shapefile_is_one_layer(intake, tmp_path):
    pyogrio.write_dataframe(grid("district"), tmp_path / "d.shp", encoding="UTF-8")
    batch = read_boundary_files([tmp_path], intake)
    assert not batch.report.refused and batch.report.files == 1
    (tmp_path / "notes.docx").write_bytes(b"x")
    assert codes_of(read_boundary_files([tmp_path], intake)) == {"boundaries.unknown_file"}


def test_nothing_to_read(intake, tmp_path):
    assert codes_of(read_boundary_files([tmp_path], intake)) == {"boundaries.nothing"}
    assert codes_of(read_boundary_files([tmp_path / "none.zip"], intake)) == {"intake.missing"}


def test_the_same_file_has_the_same_id(intake, tmp_path):
    path = save(grid("district"), tmp_path / "d.geojson")
    other = path.rename(tmp_path / "renamed.geojson")
    first = read_boundary_files([other], intake).import_id
    assert first == read_boundary_files([other], intake).import_id
    assert first != read_boundary_files([other], intake, level="district").import_id
