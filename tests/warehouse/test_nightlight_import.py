"""Importing night light: what a file is taken for, where its cells end up, and what a world of it costs."""

from __future__ import annotations

import gzip
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from rasterio.transform import from_origin

from geo.nightlight import NO_COUNT, THAILAND, canonical, products
from tests.malformed.lights import GRID, VNL, WINDOW, Y2012, Y2021, light, points
from tests.realdata import real_path
from tests.tiffs import tif, world
from warehouse.batch import OTHER_CELLS, PERIOD_ASSUMED, Batch
from warehouse.cli import main
from warehouse.intake import Intake, Job
from warehouse.sources.nightlight import read_nightlight

HARMONISED = "Harmonized_DN_NTL_2012_calDMSP.tif"


@pytest.fixture(scope="module")
def intake() -> Any:
    with Intake(workers=1, timeout=120) as pool:
        yield pool


def accepted(intake: Intake, *paths: Path, **options: Any) -> Batch:
    batch = read_nightlight(list(paths), intake, **options)
    assert not batch.report.refused, [f.line("en") for f in batch.report.rejections]
    return batch


def odd(batch: Batch) -> list[str]:
    """Codes of warnings, but for the cells: those here are sixty times the published ones."""
    return [f.code for f in batch.report.warnings if f.code != "light.other_cells"]


def test_official_names_need_no_option(intake: Intake, tmp_path: Path) -> None:
    paths = [
        tif(tmp_path / Y2012, light(1), transform=GRID),
        tif(tmp_path / Y2021, light(2), transform=GRID),
        tif(tmp_path / HARMONISED, np.round(light(3)).clip(0, 63).astype("uint8"), transform=GRID),
    ]
    batch = accepted(intake, *paths)
    assert not odd(batch)
    found = {(r.product, r.year): r for r in batch.rasters}
    assert set(found) == {
        ("harmonised-dmsp-viirs", 2012),
        ("vnl-v21-average-masked", 2012),
        ("vnl-v21-average-masked", 2021),
    }
    first = found["vnl-v21-average-masked", 2012]
    assert first.period == ("2012-04-01", "2013-03-31") and first.mask == "vcmcfg"
    assert first.grid == canonical(97.0, 21.0, 0.25, 0.25)
    np.testing.assert_array_equal(first.values, light(1)[WINDOW])
    # One lattice for both years: a cell number is one place.
    assert found["vnl-v21-average-masked", 2021].grid == first.grid
    assert batch.sources.column("source_id").to_pylist() == [
        "nightlight-harmonised-dmsp-viirs", "nightlight-vnl-v21-average-masked",
    ]  # fmt: skip
    assert batch.files.num_rows == 3 and batch.observations.num_rows == 0
    fact = batch.report.facts["rasters"][1]
    assert (fact["year"], fact["period"], fact["how"]) == (2012, ["2012-04-01", "2013-03-31"], "name")
    assert fact["land_share"] == 1 and fact["cells"] == first.values.size


def test_options_say_what_a_name_does_not(intake: Intake, tmp_path: Path) -> None:
    path = tif(tmp_path / "mine.tif", light(), transform=GRID)
    [raster] = accepted(intake, path, year=2015, product="other").rasters
    assert (raster.product, raster.year, raster.period) == ("other", 2015, (None, None))
    # What a command overrides, the period of the name included, is not claimed any more.
    path = tif(tmp_path / Y2021, light(), transform=GRID)
    batch = accepted(intake, path, year=2015, product="vnl-v2-median")
    assert odd(batch) == ["light.overridden"] * 2
    assert (batch.rasters[0].product, batch.rasters[0].period) == ("vnl-v2-median", (None, None))
    one, two = (accepted(intake, path, product=p) for p in ("vnl-v21-average", "vnl-v21-median"))
    assert one.import_id != two.import_id
    assert one.import_id == accepted(intake, path, product="vnl-v21-average").import_id


def test_a_period_that_no_name_tells_is_marked(intake: Intake, tmp_path: Path) -> None:
    named = tif(tmp_path / "NOAA_VIIRS_DNB_ANNUAL_V21_2012_average_masked.tif", light(), transform=GRID)
    mine = tif(tmp_path / "mine.tif", light(), transform=GRID)
    for batch in (
        accepted(intake, named),
        accepted(intake, mine, product="vnl-v21-average-masked", year=2012),
    ):
        [raster] = batch.rasters
        assert raster.period == ("2012-04-01", "2012-12-31") and PERIOD_ASSUMED in str(raster.note)
        assert batch.report.facts["rasters"][0]["period_assumed"] is True
    [raster] = accepted(intake, tif(tmp_path / Y2012, light(), transform=GRID)).rasters
    assert raster.period == ("2012-04-01", "2013-03-31") and PERIOD_ASSUMED not in str(raster.note)


def test_the_same_bytes_under_another_name_are_another_import(intake: Intake, tmp_path: Path) -> None:
    first = tif(tmp_path / VNL.format("201204-201212", "vcmcfg", "average_masked"), light(), transform=GRID)
    ids = {accepted(intake, first).import_id}
    for period in ("201204-201303", "2019"):
        copy = tmp_path / VNL.format(period, "vcmcfg", "average_masked")
        copy.write_bytes(first.read_bytes())
        ids.add(accepted(intake, copy).import_id)
    assert len(ids) == 3
    # A name that tells the same is the same import, whoever told it.
    copy = tmp_path / "copy_of.tif"
    copy.write_bytes(first.read_bytes())
    by_hand = [accepted(intake, copy, product="other", year=y).import_id for y in (2019, 2019, 2020)]
    assert by_hand[0] == by_hand[1] != by_hand[2]


def test_cells_that_are_not_the_product_s_are_told_and_noted(intake: Intake, tmp_path: Path) -> None:
    batch = accepted(intake, tif(tmp_path / Y2021, light(), transform=GRID))
    [found] = [f for f in batch.report.warnings if f.code == "light.other_cells"]
    assert (found.found, found.expected) == ("0.25 x 0.25°", "0.00416667°")
    assert OTHER_CELLS in str(batch.rasters[0].note)
    assert batch.report.facts["rasters"][0]["pixel_published"] == 15 / 3600
    mine = tif(tmp_path / "mine.tif", light(), transform=GRID)
    [raster] = accepted(intake, mine, product="other", year=2021).rasters
    assert raster.note is None


def test_whole_numbers_of_eight_bits_are_no_radiance(intake: Intake, tmp_path: Path) -> None:
    grey = np.clip(np.round(light() * 20), 0, 255).astype("uint8")
    mine = tif(tmp_path / "mine.tif", grey, transform=GRID)
    assert odd(accepted(intake, mine, product="other", year=2021)) == ["light.eight_bit"]
    assert not odd(accepted(intake, tif(tmp_path / "deep.tif", grey.astype("uint16"), transform=GRID),
                            product="other", year=2021))  # fmt: skip
    for text in (products()["other"].caveats("en")[0], products()["other"].caveats("th")[0]):
        assert "nW/cm²/sr" in text


def test_a_window_of_a_lattice_goes_where_it_belongs(intake: Intake, tmp_path: Path) -> None:
    """A crop, an upside-down file and one that reaches beyond Thailand give the same cells."""
    whole = light()
    crop = tif(tmp_path / Y2021, whole[20:40, 8:20], transform=from_origin(99, 16, 0.25, 0.25))
    [raster] = accepted(intake, crop).rasters
    assert np.isfinite(raster.values).sum() == 20 * 12
    np.testing.assert_array_equal(raster.values[19:39, 8:20], whole[20:40, 8:20])
    wide = np.zeros((100, 80), "float32")
    wide[18:82, 22:58] = whole
    beyond = tif(tmp_path / Y2012, wide, transform=from_origin(91.5, 25.5, 0.25, 0.25))
    [raster] = accepted(intake, beyond).rasters
    np.testing.assert_array_equal(raster.values, whole[WINDOW])


def test_tiles_of_one_year_are_laid_together(intake: Intake, tmp_path: Path) -> None:
    whole = light()
    north = tif(tmp_path / "VNP46A4.A2021001.h27v06.tif", whole[:30], transform=GRID)
    south = tif(
        tmp_path / "VNP46A4.A2021001.h27v07.tif", whole[30:], transform=from_origin(97, 13.5, 0.25, 0.25)
    )
    batch = accepted(intake, north, south)
    [raster] = batch.rasters
    np.testing.assert_array_equal(raster.values, whole[WINDOW])
    assert str(raster.note).startswith("2 files; ")
    assert raster.sha256.split() == batch.files.column("sha256").to_pylist()
    half = accepted(intake, south)
    assert odd(half) == ["light.part"]
    assert 0.1 < half.report.facts["rasters"][0]["land_share"] < 0.3


def test_observations_stand_beside_their_light(intake: Intake, tmp_path: Path) -> None:
    counts = np.arange(64 * 36, dtype="uint16").reshape(64, 36)
    lights = [
        tif(tmp_path / Y2012, light(1), transform=GRID),
        tif(tmp_path / Y2021, light(2), transform=GRID),
    ]
    named = tif(tmp_path / VNL.format("2021", "vcmslcfg", "cf_cvg"), counts, transform=GRID, nodata=0)
    by_year = {r.year: r for r in accepted(intake, *lights, named).rasters}
    assert by_year[2012].observations is None
    np.testing.assert_array_equal(by_year[2021].observations, counts[WINDOW])
    assert by_year[2021].observations.dtype == np.uint16
    other = tif(tmp_path / "clouds.tif", counts, transform=GRID)
    [raster] = accepted(intake, lights[0], observations=[other]).rasters
    np.testing.assert_array_equal(raster.observations, counts[WINDOW])
    refused = read_nightlight(lights, intake, observations=[other])
    assert [f.code for f in refused.report.rejections] == ["light.observations"] and not refused.rasters


def test_counts_come_in_tiles_and_what_is_missing_stays_missing(intake: Intake, tmp_path: Path) -> None:
    counts = (np.arange(64 * 36, dtype="uint16").reshape(64, 36) % 90) + 1
    lower = from_origin(97, 13.5, 0.25, 0.25)
    name = VNL.format("2021", "vcmslcfg", "{}")
    lights = [
        tif(tmp_path / name.format("average_masked"), light()[:30], transform=GRID),
        tif(tmp_path / f"south_{name.format('average_masked')}", light()[30:], transform=lower),
    ]
    north = tif(tmp_path / name.format("cf_cvg"), counts[:30], transform=GRID)
    south = tif(tmp_path / f"south_{name.format('cf_cvg')}", counts[30:], transform=lower)
    batch = accepted(intake, *lights, north, south)
    np.testing.assert_array_equal(batch.rasters[0].observations, counts[WINDOW])
    assert not odd(batch) and batch.files.num_rows == 4
    half = accepted(intake, *lights, south)
    assert odd(half) == ["light.observations_part"]
    seen = half.rasters[0].observations
    assert (seen[:29] == NO_COUNT).all()
    np.testing.assert_array_equal(seen[29:], counts[30:62])
    other = tif(tmp_path / f"other_{name.format('cf_cvg')}", counts + 1, transform=GRID)
    clash = read_nightlight([*lights, north, south, other], intake)
    assert "light.conflict" in {f.code for f in clash.report.rejections}


def test_counts_go_with_their_own_product_and_period(intake: Intake, tmp_path: Path) -> None:
    counts = np.arange(64 * 36, dtype="uint16").reshape(64, 36)
    harmonised = tif(tmp_path / HARMONISED, np.round(light(3)).clip(0, 63).astype("uint8"), transform=GRID)
    mine = tif(tmp_path / Y2012, light(1), transform=GRID)
    named = tif(tmp_path / VNL.format("201204-201303", "vcmcfg", "cf_cvg"), counts, transform=GRID)
    batch = accepted(intake, harmonised, mine, named)
    held = {r.product: r.observations is not None for r in batch.rasters}
    assert held == {"harmonised-dmsp-viirs": False, "vnl-v21-average-masked": True}
    booked = {r["file_name"]: r["source_id"] for r in batch.files.to_pylist()}
    assert booked[named.name] == "nightlight-vnl-v21-average-masked"
    for wrong in (
        VNL.format("201204-201212", "vcmcfg", "cf_cvg"),
        VNL.format("201204-201303", "vcmslcfg", "cf_cvg"),
        VNL.format("201204-201303", "vcmcfg", "cf_cvg").replace("v21", "v2"),
    ):
        refused = read_nightlight([mine, tif(tmp_path / wrong, counts, transform=GRID)], intake)
        assert [f.code for f in refused.report.rejections] == ["light.observations"], wrong
    # What nobody named could be of either product.
    nameless = tif(tmp_path / "clouds.tif", counts, transform=GRID)
    refused = read_nightlight([harmonised, mine], intake, observations=[nameless])
    assert [f.code for f in refused.report.rejections] == ["light.observations"]


def test_metres_are_averaged_by_area(intake: Intake, tmp_path: Path) -> None:
    """What a reprojection keeps is the mean over an area, wherever the new cells fall."""
    rng = np.random.default_rng(5)
    coarse = np.kron(rng.gamma(1.0, 5.0, (8, 5)), np.ones((50, 50))).astype("float32")
    path = tif(
        tmp_path / "utm.tif", coarse, crs="EPSG:32647", nodata=-9999.0,
        transform=from_origin(400_000, 1_800_000, 1000, 1000),
    )  # fmt: skip
    batch = accepted(intake, path, year=2021, product="other")
    [raster] = batch.rasters
    assert {f.code for f in batch.report.warnings} == {"light.reprojected", "light.part"}
    assert raster.grid.dx == raster.grid.dy == pytest.approx(1000 / 110_700, rel=0.02)
    assert (raster.grid.dx * 3600) % 1 == 0
    weights = np.where(np.isfinite(raster.values), raster.grid.row_km2()[:, None], 0)
    mean = np.nansum(raster.values * weights) / weights.sum()
    assert weights.sum() == pytest.approx(250 * 400, rel=0.01)
    assert mean == pytest.approx(float(coarse.mean()), rel=0.003)
    # The middle of a patch of fifty equal kilometres has its value.
    from pyproj import Transformer

    x, y = Transformer.from_crs(32647, 4326, always_xy=True).transform(425_000, 1_775_000)
    row, column = int((raster.grid.north - y) / raster.grid.dy), int((x - raster.grid.west) / raster.grid.dx)
    assert raster.values[row, column] == coarse[25, 25]


def test_another_datum_moves_no_cell_when_it_is_near(intake: Intake, tmp_path: Path) -> None:
    path = tif(tmp_path / Y2021, light(), transform=GRID, crs="EPSG:4258")
    batch = accepted(intake, path)
    assert not odd(batch)
    np.testing.assert_array_equal(batch.rasters[0].values, light()[WINDOW])


@pytest.mark.parametrize("nodata", [-9999.0, -3.4028234663852886e38, math.nan, -999.3, 1e30])
def test_declared_nodata_of_every_kind(intake: Intake, tmp_path: Path, nodata: float) -> None:
    cells = light()
    cells[20:23, 7] = nodata
    batch = accepted(intake, tif(tmp_path / Y2021, cells, transform=GRID, nodata=nodata))
    [raster] = batch.rasters
    assert not odd(batch) and raster.not_finite == 0
    assert np.isnan(raster.values[19:22, 7]).all() and np.isnan(raster.values).sum() == 3
    assert batch.report.facts["rasters"][0]["nodata"] == 3


def test_a_fill_nobody_declared_is_no_light(intake: Intake, tmp_path: Path) -> None:
    """The value and its cells are told, in degrees, in metres and with a scale; what repeats by rounding is light."""
    spoilt = light()
    spoilt[::3] = -1
    batch = accepted(intake, tif(tmp_path / Y2021, spoilt, transform=GRID))
    [found] = [f for f in batch.report.warnings if f.code == "light.fill"]
    inside = spoilt[WINDOW]
    assert found.found == f"-1: {int((inside == -1).sum())}"
    fact = batch.report.facts["rasters"][0]
    assert (fact["minimum"], fact["negative"], fact["undeclared"]) == (0, 0, int((inside == -1).sum()))
    coarse = np.kron(light()[:8, :5] + 1, np.ones((50, 50))).astype("float32")
    coarse += np.random.default_rng(4).random(coarse.shape, dtype="float32")
    coarse[:, :60] = -99
    utm = from_origin(400_000, 1_800_000, 1000, 1000)
    path = tif(tmp_path / "utm.tif", coarse, crs="EPSG:32647", transform=utm)
    [raster] = accepted(intake, path, year=2021, product="other").rasters
    assert np.nanmin(raster.values) >= 1
    # Tenths repeat by themselves: -0.1 in one of ten cells is the background.
    rounded = np.round(light(), 1)
    rounded[::10] = -0.1
    batch = accepted(intake, tif(tmp_path / Y2021, rounded, transform=GRID))
    assert "light.fill" not in {f.code for f in batch.report.warnings}
    assert np.nanmin(batch.rasters[0].values) == np.float32(-0.1)


def test_a_table_is_bounded(intake: Intake, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("warehouse.sources.nightlight.MAX_TABLE_BYTES", 1000)
    points()(tmp_path / "viirs_2021-03.csv")
    batch = read_nightlight([tmp_path / "viirs_2021-03.csv"], intake)
    assert [f.code for f in batch.report.rejections] == ["intake.too_large"]


def test_points_and_raster_of_one_grid_agree(intake: Intake, tmp_path: Path) -> None:
    points()(tmp_path / "viirs_2021-03.csv")
    [dots] = accepted(intake, tmp_path / "viirs_2021-03.csv").rasters
    assert (dots.product, dots.year, dots.period) == ("viirs-dnb-monthly", 2021, ("2021-03-01", "2021-03-31"))
    tif(tmp_path / "viirs_2021-03.tif", light(), transform=GRID)
    [cells] = accepted(intake, tmp_path / "viirs_2021-03.tif").rasters
    assert dots.grid == cells.grid
    np.testing.assert_array_equal(dots.values, cells.values)
    # The column of points that Earth Engine writes serves where there are no longitude and latitude.
    lines = (tmp_path / "viirs_2021-03.csv").read_text().splitlines()
    made = ["mean_ntl,.geo"]
    for line in lines[1:]:
        x, y, value = line.split(",")
        made.append(f'{value},"{{""type"":""Point"",""coordinates"":[{x},{y}]}}"')
    (tmp_path / "viirs_2021-04.csv").write_text("\n".join(made))
    [shapes] = accepted(intake, tmp_path / "viirs_2021-04.csv").rasters
    np.testing.assert_array_equal(shapes.values, cells.values)


def test_a_file_that_is_still_being_written_is_refused(
    intake: Intake, tmp_path: Path, monkeypatch: Any
) -> None:
    from warehouse.intake import raster, reading
    from warehouse.intake.content import Opened

    path = tif(tmp_path / Y2021, light(), transform=GRID)
    content = Opened(os.open(path, os.O_RDONLY))
    hashed = reading.sha256_of

    def slow(given: Any) -> str:
        found = hashed(given)
        os.utime(path, ns=(1, 1))
        return found

    monkeypatch.setattr(reading, "sha256_of", slow)
    # Here, outside a worker, all drivers are there.
    monkeypatch.setattr(raster, "_driver_check", lambda _file: None)
    header, _ = reading.answer({"id": 0, "kind": "light", "name": Y2021, "options": {}}, {"": content})
    assert [f["code"] for f in header["findings"]] == ["intake.changed"] and not header["table"]


def test_a_worker_that_lies_about_its_grid_is_not_believed(intake: Intake, tmp_path: Path) -> None:
    class Lying:
        def __init__(self, **facts: Any) -> None:
            self.facts = facts

        def read(self, jobs: Any) -> Any:
            for result in intake.read(jobs):
                result.facts.update(self.facts)
                yield result

    path = tif(tmp_path / Y2021, light(), transform=GRID)
    for grid in ([36, 61, 97.0, 20.75, 0.25, 0.5], [10**9, 10**9, 97.0, 20.75, 0.25, 0.25], ["a"] * 6, None):
        batch = read_nightlight([path], Lying(grid=grid))  # type: ignore[arg-type]
        assert [f.code for f in batch.report.rejections] == ["intake.answer"], grid
        assert not batch.rasters


def test_the_command_line_publishes_and_repeats_nothing(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    path = str(tif(tmp_path / "mine.tif", light(), transform=GRID))
    assert (
        main(["--language", "en", "import", "nightlight", path, "--product", "other", "--year-be", "2564"])
        == 0
    )
    out = capsys.readouterr().out
    assert "year 2021 (B.E. 2564); period not stated" in out and "as the command says" in out
    assert main(["import", "nightlight", path, "--product", "other", "--year", "2021"]) == 0
    out = capsys.readouterr().out
    assert "ไม่มีอะไรใหม่" in out and "ปี 2564 (2021)" in out
    assert main(["import", "nightlight", path, "--product", "nonsense"]) == 2
    assert "other" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["import", "nightlight", path, "--year", "2564"])
    assert "--year-be 2564" in capsys.readouterr().err
    # A second look at the command's own choice of a year in both eras.
    with pytest.raises(SystemExit):
        main(["import", "nightlight", path, "--year", "2021", "--year-be", "2564"])


def _measured(arguments: list[str], home: Path) -> tuple[int, dict[str, Any], str]:
    """Peak memory in MB of a command and all its children, its JSON report and what it told on the way."""
    command = [sys.executable, "-m", "warehouse.cli", *arguments]
    with (home / "progress").open("w+") as told:
        process = subprocess.Popen(
            command, env=os.environ | {"DAOMAP_HOME": str(home)}, stdout=subprocess.PIPE, stderr=told
        )
        watched, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            total = 0
            for one in [watched, *watched.children(recursive=True)]:
                try:
                    total += one.memory_info().rss
                except psutil.Error:
                    continue
            peak = max(peak, total)
            time.sleep(0.02)
        out = process.stdout.read() if process.stdout else b""
        told.seek(0)
        assert process.returncode == 0, told.read()
        told.seek(0)
        return peak >> 20, json.loads(out), told.read()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_a_world_is_read_by_its_window(intake: Intake, tmp_path: Path) -> None:
    """86,400 x 33,600 cells are 11.6 GB; the command and its workers stay under one."""
    path, values = world(tmp_path / Y2021)
    assert path.stat().st_size < 32 << 20
    peak, report, told = _measured(["import", "nightlight", str(path), "--dry-run", "--json"], tmp_path)
    assert peak < 1024, peak
    [fact] = report["facts"]["rasters"]
    assert fact["covered"] == fact["cells"] == 2065 * 3625
    west, south, east, north = fact["window"]
    assert west <= THAILAND[0] and south <= THAILAND[1] and east >= THAILAND[2] and north >= THAILAND[3]
    assert fact["maximum"] == pytest.approx(float(values[:, 48:2113].max()))
    assert "%" in told
    # Each value where the world has it: row 14,640 of the world begins at 14 degrees north.
    [result] = intake.read([Job("light", path)])
    grid = canonical(-180.00208333335, 75.00208333335, 0.0041666667, 0.0041666667)
    cells = result.table.column("value").to_numpy().reshape(grid.shape)
    row = round((75.00208333335 - 14_640 / 240 - grid.north) / -grid.dy)
    column = round((-180.00208333335 + 66_480 / 240 - grid.west) / grid.dx)
    assert (row, column) == (1584, -48)
    np.testing.assert_array_equal(cells[row : row + 240], values[:, 48 : 48 + 2065])
    assert not cells[:row].any() and not cells[row + 240 :].any()


def test_a_raster_in_gzip_is_the_raster(intake: Intake, tmp_path: Path) -> None:
    """Strips over many of the marks that the unpacker keeps, read in the order GDAL asks for them."""
    rng = np.random.default_rng(2)
    cells = rng.gamma(0.4, 9.0, (3700, 2300)).astype("float32")
    grid = from_origin(97 + 1 / 480, 20.7 + 1 / 480, 1 / 240, 1 / 240)
    path = tif(tmp_path / "plain.tif", cells, transform=grid)
    packed = tmp_path / f"{Y2021}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    told: list[float] = []
    [one] = intake.read([Job("light", path)])
    [two] = intake.read([Job("light", packed, progress=told.append)])
    assert one.table.equals(two.table) and one.facts["grid"] == two.facts["grid"]
    assert np.isfinite(two.table.column("value").to_numpy()).sum() > 7_000_000
    assert told == sorted(told) and all(0 <= part <= 1 for part in told)


@pytest.mark.real
def test_real_raster_and_real_points_have_the_same_means(intake: Intake) -> None:
    from analytics.lights import cover, statistics
    from geo.boundaries import embedded_provinces

    raster = accepted(intake, real_path("nightlight/tha_viirs_2022-03_5km.tif"))
    dots = accepted(intake, real_path("nightlight/Thailand_VIIRS_NightLights_2022-03_5kmGrid_withlatlon.csv"))
    # Aggregated to 5 km: both are told to have other cells than the product.
    assert not odd(raster) and not odd(dots)
    [one], [two] = raster.rasters, dots.rasters
    assert (one.product, one.year, one.grid) == (two.product, two.year, two.grid)
    coverage = cover(embedded_provinces(), one.grid)
    means = [statistics(coverage, r.values, threshold=0.5)["mean"] for r in (one, two)]
    assert len(means[0]) == 77 and means[0].notna().all()
    # The points are those of the same cells; along the coast each leaves out some cells that the other has.
    np.testing.assert_allclose(means[0], means[1], rtol=2e-3)
    both = np.isfinite(one.values) & np.isfinite(two.values)
    assert both.sum() > 22_000
    np.testing.assert_allclose(one.values[both], two.values[both], rtol=1e-6)
