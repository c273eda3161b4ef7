"""Night light rasters in a snapshot: written whole, replaced by product and year, modelled ones driven out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from geo.nightlight import read_cog
from tests.warehouse.batches import batch
from tests.warehouse.lights import COARSE, cells, light_batch
from warehouse.backup import backup, restore
from warehouse.light_files import measured_products, raster_file
from warehouse.publish import known_imports, publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Store

VNL = "vnl-v21-average-masked"


def rows(info: SnapshotInfo, columns: str = "product, year") -> list[tuple[Any, ...]]:
    with duckdb.connect(str(info.database), read_only=True) as connection:
        return connection.execute(f"SELECT {columns} FROM raster ORDER BY product, year").fetchall()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, SnapshotInfo]:
    store = Store(tmp_path_factory.mktemp("pair"))
    before = cells(1)
    before[0, :5] = np.nan
    before[3, 4] = -0.5
    made = light_batch("modelled", y2012=before, y2021=cells(2))
    made.rasters[0].observations = np.full(COARSE.shape, 7, np.uint16)
    made.rasters[1].not_finite = 3
    return store, publish_batches(store, Settings(), [made])


def test_raster_and_row_say_the_same(pair: tuple[Store, SnapshotInfo]) -> None:
    _, info = pair
    assert info.contents["lights"] == {"modelled": [2012, 2021]}
    values, grid, tags = read_cog(info.path / raster_file("modelled", 2012))
    assert grid == COARSE
    assert np.isnan(values[0, :5]).all() and values[3, 4] == np.float32(-0.5)
    assert tags["DAOMAP_YEAR"] == "2012" and tags["DAOMAP_MODELLED"].startswith("yes")
    first, second = rows(
        info,
        "nodata_cells, negative_cells, not_finite_cells, observations_file, width, height, west, north, dx, dy",
    )
    assert first[:4] == (5, 1, 0, "nightlight/modelled/2012-observations.tif")
    assert first[4:] == (86, 151, grid.west, grid.north, grid.dx, grid.dy)
    assert second[:4] == (0, 0, 3, None)
    assert read_cog(info.path / first[3])[0].max() == 7


def test_files_are_sealed_backed_up_and_brought_back(
    pair: tuple[Store, SnapshotInfo], tmp_path: Path
) -> None:
    store, info = pair
    assert store.verify(info.id) == []
    file = tmp_path / "all.tar.gz"
    backup(store, file)
    other = Store(tmp_path / "other")
    restore(other, file)
    back = other.current()
    assert back is not None and rows(back) == rows(info)
    name = raster_file("modelled", 2021)
    assert (back.path / name).read_bytes() == (info.path / name).read_bytes()
    # A raster is no layer that could be drawn again: damage to it is damage to the snapshot.
    (back.path / name).chmod(0o644)
    (back.path / name).write_bytes(b"II*\x00")
    assert other.verify(back.id) == [name]
    fresh = Store(tmp_path / "other")
    with pytest.raises(Exception, match="no valid snapshot"):
        fresh.current()


def test_a_year_replaces_the_year_and_its_import(tmp_path: Path) -> None:
    store = Store(tmp_path)
    both = light_batch(VNL, y2012=cells(1), y2021=cells(2))
    info = publish_batches(store, Settings(), [both])
    assert known_imports(info) == {both.import_id}
    again = light_batch(VNL, y2012=cells(3))
    info = publish_batches(store, Settings(), [again])
    assert rows(info, "year, sha256") == [(2012, again.rasters[0].sha256), (2021, both.rasters[1].sha256)]
    np.testing.assert_array_equal(read_cog(info.path / raster_file(VNL, 2012))[0], cells(3))
    np.testing.assert_array_equal(read_cog(info.path / raster_file(VNL, 2021))[0], cells(2))
    # To bring the first pair again is a wish to go back, no repetition.
    assert known_imports(info) == {again.import_id}
    # Other imports leave rasters alone.
    info = publish_batches(store, Settings(), [batch([("95", "target_poor", 2018, 5.0)])])
    assert rows(info) == [(VNL, 2012), (VNL, 2021)] and store.verify(info.id) == []


def test_the_same_files_under_another_year_correct_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    wrong = light_batch(VNL, y2012=cells(1), y2021=cells(2))
    wrong.rasters[0].observations = np.full(COARSE.shape, 7, np.uint16)
    publish_batches(store, Settings(), [wrong])
    right = light_batch(VNL, y2019=cells(1))
    info = publish_batches(store, Settings(), [right])
    assert rows(info) == [(VNL, 2019), (VNL, 2021)]
    assert right.report.facts["moved"] == [{"product": VNL, "from": 2012, "to": 2019}]
    assert known_imports(info) == {right.import_id} and store.verify(info.id) == []
    assert not list((info.path / "nightlight" / VNL).glob("2012*"))
    with duckdb.connect(str(info.database), read_only=True) as connection:
        years = connection.execute(
            "SELECT DISTINCT year FROM observation WHERE starts_with(indicator, 'light_')"
        )
        assert {year for (year,) in years.fetchall()} == {2019, 2021}


def test_a_measured_product_drives_the_modelled_pair_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = light_batch("modelled", y2012=cells(1), y2021=cells(2))
    info = publish_batches(store, Settings(), [made])
    assert measured_products(info) == frozenset() and measured_products(None) == frozenset()
    info = publish_batches(store, Settings(), [light_batch(VNL, y2021=cells(3))])
    assert measured_products(info) == {VNL}
    assert rows(info) == [(VNL, 2021)]
    assert not (info.path / "nightlight" / "modelled").exists()
    with duckdb.connect(str(info.database), read_only=True) as connection:
        left = connection.execute("SELECT source_id FROM source UNION SELECT source_id FROM source_file")
        assert left.fetchall() == [(f"nightlight-{VNL}",)]
    assert made.import_id not in known_imports(info)
    # Whoever brings the modelled pair again, even beside a real product, does not mix it in.
    info = publish_batches(store, Settings(), [made, light_batch("other", y2021=cells(4))])
    assert rows(info) == [("other", 2021), (VNL, 2021)]


def test_a_snapshot_from_before_there_were_rasters_takes_them_in(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.open_staging(fresh=True) as staging:
        from warehouse import publish

        old = publish.SCHEMA.read_text(encoding="utf-8").split("CREATE TABLE IF NOT EXISTS raster")[0]
        with duckdb.connect(str(staging.database)) as connection:
            connection.execute(old)
        store.publish(staging, {})
    info = publish_batches(store, Settings(), [light_batch("other", y2012=cells())])
    assert rows(info) == [("other", 2012)]
