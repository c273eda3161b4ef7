"""The modelled pair that ships: what the script makes today, flagged for what it is, and like the light of a country."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import shapely

from geo.boundaries import embedded_provinces
from geo.nightlight import canonical, products, read_cog

FOLDER = Path(__file__).resolve().parents[2] / "data" / "nightlight"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_modelled", FOLDER / "make_modelled.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_modelled"] = module  # data classes look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pair():
    return {year: read_cog(FOLDER / f"modelled-{year}.tif") for year in (2012, 2021)}


def test_the_script_makes_the_shipped_values_again(script, pair):
    made = script.light(pair[2012][1])
    for year, (values, _, _) in pair.items():
        # Another build of the numeric libraries may round one cell in thousands to the next step.
        same = np.isclose(values, made[year], rtol=0, atol=1e-6, equal_nan=True)
        assert same.mean() > 0.9999, year
        assert np.array_equal(np.isnan(values), np.isnan(made[year]))
        assert np.nansum(values) == pytest.approx(np.nansum(made[year]), rel=1e-4)


def test_it_says_in_its_tags_that_nothing_was_measured(pair):
    for year, (_, grid, tags) in pair.items():
        assert tags["MODELLED"] == "YES"
        assert tags["product"] == "modelled"
        assert tags["year"] == str(year)
        assert {"seed", "source", "licence", "unit"} <= set(tags)
        assert grid == canonical(-180 - 1 / 480, 75 + 1 / 480, 1 / 240, 1 / 240)
    assert sum(f.stat().st_size for f in FOLDER.glob("*.tif")) <= 3_000_000
    assert products()["modelled"].kind == "modelled"


def test_light_lies_where_it_would(pair):
    old, new, grid = pair[2012][0], pair[2021][0], pair[2012][1]
    threshold = products()["modelled"].lit_threshold
    for values in (old, new):
        lit = values[values > threshold]
        assert lit.min() >= 0.7 and lit.max() < 300
        assert 0.05 < len(lit) / np.isfinite(values).sum() < 0.3
    # Every outcome a transition table knows is in it.
    before, after = old > threshold, new > threshold
    assert (before & ~after).sum() > 50
    assert (~before & after).sum() > 10_000
    assert ((old > new) & after).sum() > 1000
    assert np.nansum(new) > 1.2 * np.nansum(old)
    # No light out at sea, and a value everywhere inside the outlines.
    frame = embedded_provinces()
    country = shapely.union_all(np.asarray(frame.geometry))
    rows, cols = np.nonzero(np.nan_to_num(new) > 0)
    pick = np.random.default_rng(1).choice(len(rows), 2000, replace=False)
    lon, lat = grid.west + (cols[pick] + 0.5) * grid.dx, grid.north - (rows[pick] + 0.5) * grid.dy
    assert shapely.dwithin(country, shapely.points(lon, lat), 0.03).all()
    inside = shapely.get_coordinates(frame.geometry.representative_point())
    row, col = (
        ((grid.north - inside[:, 1]) / grid.dy).astype(int),
        ((inside[:, 0] - grid.west) / grid.dx).astype(int),
    )
    assert np.isfinite(old[row, col]).all() and np.isfinite(new[row, col]).all()
