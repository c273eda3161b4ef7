"""Zonal statistics and change: worked by hand, against an independent computation, and by what must always hold."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from shapely.geometry import MultiPolygon, Polygon, box

from analytics import lights
from analytics.lights import Rule
from geo.nightlight import Grid, products

TEN = Grid(10, 10, 0.0, 10.0, 1.0, 1.0)
HUNDRED = np.arange(1, 101, dtype=np.float32).reshape(10, 10)


def zones(**shapes: Polygon) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"code": [c.removeprefix("z") for c in shapes]}, geometry=list(shapes.values()), crs="EPSG:4326"
    )


def cut(rows: int, columns: int, place: str = "10") -> gpd.GeoDataFrame:
    """The ten by ten degrees cut along lines that are no cell borders: districts of bands, subdistricts of boxes."""
    shapes = {}
    ys, xs = np.linspace(0, 10, rows + 1), np.linspace(0, 10, columns + 1)
    for r, c in itertools.product(range(rows), range(columns)):
        shapes[f"z{place}{r + 1:02d}{c + 1:02d}"] = box(xs[c], ys[r], xs[c + 1], ys[r + 1])
    return zones(**shapes)


# ---------------------------------------------------------------- worked by hand


def test_rectangle_worked_by_hand() -> None:
    # Half of column 1 and all of column 2; all of row 0 and a quarter of row 1: the values 2, 3, 12, 13
    # with the fractions 1/2, 1, 1/8, 1/4.
    coverage = lights.cover(zones(z100101=box(1.5, 8.75, 3, 10)), TEN)
    assert coverage.cell.tolist() == [1, 2, 11, 12]
    assert coverage.fraction.tolist() == [0.5, 1.0, 0.125, 0.25]
    row = lights.statistics(coverage, HUNDRED, threshold=3).loc["100101"]
    top, second = TEN.row_km2()[:2]
    assert row["sum"] == pytest.approx(0.5 * 2 + 3 + 12 / 8 + 13 / 4)  # 8.75
    assert row["mean"] == pytest.approx(8.75 / 1.875)
    assert row["median"] == 3  # half of 1.875 is reached inside the cell of 3
    assert row["max"] == 13
    assert row["lit_km2"] == pytest.approx(0.375 * second)
    assert row["area_km2"] == pytest.approx(1.5 * top + 0.375 * second)
    assert row["lit_share"] == pytest.approx(0.375 * second / (1.5 * top + 0.375 * second))
    # Pairs: .5 (2,3) + .625 (2,12) + 1.375 (2,13) + 1.125 (3,12) + 2.5 (3,13) + .03125 (12,13), over F times the sum.
    assert row["gini"] == pytest.approx(6.15625 / (1.875 * 8.75))
    assert row["density"] == pytest.approx(8.75 / row["area_km2"])
    assert row["valid_share"] == 1


def test_triangle_of_the_exactextract_documentation() -> None:
    triangle = Polygon([(2, 2), (7, 6), (4, 9)])
    coverage = lights.cover(zones(z10=triangle), TEN)
    assert coverage.fraction.sum() == pytest.approx(13.5)  # half of |(5, 4) x (2, 7)|
    cells = {
        (r, c): box(c, 9 - r, c + 1, 10 - r).intersection(triangle).area for r in range(10) for c in range(10)
    }
    part = {10 * r + c: a for (r, c), a in cells.items() if a > 0}
    found = dict(zip(coverage.cell.tolist(), coverage.fraction.tolist(), strict=True))
    assert found == pytest.approx(part)
    row = lights.statistics(coverage, HUNDRED, threshold=0).loc["10"]
    total = sum((cell + 1) * fraction for cell, fraction in part.items())
    assert row["sum"] == pytest.approx(total)
    assert row["mean"] == pytest.approx(total / 13.5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4], 2.5),  # as the ordinary median
        ([5, 1, 3], 3),
        ([7, 7, 7, 9], 7),
        ([0, 0, 0, 100], 0),
    ],
)
def test_median_of_whole_cells(values: list[float], expected: float) -> None:
    grid = Grid(len(values), 1, 0.0, 1.0, 1.0, 1.0)
    coverage = lights.cover(zones(z10=box(0, 0, len(values), 1)), grid)
    row = lights.statistics(coverage, np.array([values], np.float32), threshold=0).loc["10"]
    assert row["median"] == expected


@pytest.mark.parametrize(
    ("values", "gini"),
    [
        ([4, 4, 4, 4], 0.0),
        ([0, 0, 0, 8], 0.75),  # all light in one of n cells: (n - 1) / n
        ([1, 2, 3, 4], 0.25),
        ([-5, 0, 0, 8], 0.75),  # what background subtraction left below zero is no light
    ],
)
def test_gini_of_whole_cells(values: list[float], gini: float) -> None:
    grid = Grid(4, 1, 0.0, 1.0, 1.0, 1.0)
    coverage = lights.cover(zones(z10=box(0, 0, 4, 1)), grid)
    row = lights.statistics(coverage, np.array([values], np.float32), threshold=0).loc["10"]
    assert row["gini"] == pytest.approx(gini, abs=1e-12)


def test_cells_without_data_are_not_dark() -> None:
    grid = Grid(4, 1, 0.0, 1.0, 1.0, 1.0)
    values = np.array([[np.nan, 6, np.inf, 0]], np.float32)
    frame = zones(z10=box(0, 0, 4, 1), z11=box(0, 0, 1, 1), z12=box(20, 20, 21, 21))
    rows = lights.statistics(lights.cover(frame, grid), values, threshold=1)
    assert rows.loc["10", "valid_share"] == pytest.approx(0.5)
    assert rows.loc["10", "mean"] == 3 and rows.loc["10", "lit_share"] == pytest.approx(0.5)
    assert (
        rows.loc["11", "valid_share"] == 0 and rows.loc["11"].drop(["valid_share", "area_km2"]).isna().all()
    )
    assert rows.loc["12", "area_km2"] == 0 and np.isnan(rows.loc["12", "sum"])


def test_dark_area_has_no_gini_but_a_sum() -> None:
    coverage = lights.cover(zones(z10=box(0, 0, 10, 10)), TEN)
    row = lights.statistics(coverage, np.zeros((10, 10), np.float32), threshold=0).loc["10"]
    assert row["sum"] == 0 and row["lit_share"] == 0 and np.isnan(row["gini"])


def test_code_that_stands_twice_is_refused() -> None:
    frame = pd.concat([zones(z10=box(0, 0, 1, 1)), zones(z10=box(1, 0, 2, 1))])
    with pytest.raises(ValueError, match="10 stands twice"):
        lights.cover(frame, TEN)


def test_raster_of_another_shape_is_refused() -> None:
    coverage = lights.cover(zones(z10=box(0, 0, 1, 1)), TEN)
    with pytest.raises(ValueError, match="shape"):
        lights.statistics(coverage, HUNDRED[:5], threshold=0)


# ---------------------------------------------------------------- what must always hold

RASTERS = hnp.arrays(
    np.float32,
    (10, 10),
    elements=st.one_of(st.floats(-1, 500, width=32), st.just(float("nan")), st.just(0.0)),
)
CUT = lights.cover(cut(3, 7), TEN)
WHOLE = lights.cover(zones(z10=box(0, 0, 10, 10)), TEN)


@given(RASTERS)
@settings(max_examples=60, deadline=None)
def test_children_add_up_to_their_parent(values: np.ndarray) -> None:
    below = lights.statistics(CUT, values, threshold=0.5)
    for width in (4, 2, 0):
        above = lights.statistics(CUT.up(width), values, threshold=0.5)
        for name in ("sum", "area_km2", "lit_km2"):
            added = below[name].groupby([(c[:width] or "TH") for c in below.index]).sum()
            assert above[name].fillna(0).to_numpy() == pytest.approx(added.to_numpy(), rel=1e-9, abs=1e-9)
        assert above["max"].max() == below["max"].max() or above["max"].isna().all()


@given(RASTERS)
@settings(max_examples=40, deadline=None)
def test_cutting_an_area_into_pieces_changes_none_of_its_numbers(values: np.ndarray) -> None:
    pieced = lights.statistics(CUT.up(2), values, threshold=0.5)
    whole = lights.statistics(WHOLE, values, threshold=0.5)
    pd.testing.assert_frame_equal(pieced, whole, rtol=1e-6, atol=1e-6)


@given(RASTERS, st.sampled_from([0.5, 2.0, 1024.0]))
@settings(max_examples=40, deadline=None)
def test_scaling_light_scales_sums_and_leaves_shares(values: np.ndarray, factor: float) -> None:
    one = lights.statistics(CUT, values, threshold=0.5)
    many = lights.statistics(CUT, values * np.float32(factor), threshold=0.5 * factor)
    for name in ("sum", "mean", "median", "max", "density"):
        np.testing.assert_allclose(many[name], one[name] * factor, rtol=1e-9, atol=1e-9)
    for name in ("gini", "lit_share", "valid_share", "area_km2"):
        np.testing.assert_allclose(many[name], one[name], rtol=1e-6, atol=1e-6)


@given(RASTERS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_cells_is_of_no_account(values: np.ndarray, random: object) -> None:
    shuffled = values.ravel().copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = lights.statistics(WHOLE, values, threshold=0.5)[["sum", "mean", "median", "max", "gini"]]
    other = lights.statistics(WHOLE, shuffled.reshape(10, 10), threshold=0.5)[list(one.columns)]
    pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-6)


@given(RASTERS)
@settings(max_examples=25, deadline=None)
def test_single_and_double_precision_agree(values: np.ndarray) -> None:
    single = lights.statistics(CUT, values, threshold=0.5)
    double = lights.statistics(CUT, values.astype(np.float64), threshold=0.5)
    pd.testing.assert_frame_equal(single, double, rtol=1e-9, atol=1e-9)


def test_agrees_with_exactextract_where_both_define_a_number() -> None:
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    frame = cut(3, 7)
    values = np.random.default_rng(7).gamma(0.5, 10, (10, 10)).astype(np.float32)
    source = NumPyRasterSource(values, 0, 0, 10, 10)
    theirs = exact_extract(
        source, frame, ["sum", "mean", "max", "count"], include_cols=["code"], output="pandas"
    )
    ours = lights.statistics(lights.cover(frame, TEN), values, threshold=0)
    theirs = theirs.set_index("code")
    for name in ("sum", "mean", "max"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9)


def test_multipolygon_and_holes() -> None:
    ring = Polygon(box(0, 0, 4, 4).exterior.coords, [box(1, 1, 3, 3).exterior.coords])
    coverage = lights.cover(zones(z10=MultiPolygon([ring, box(8, 8, 9, 9)])), TEN)
    assert coverage.fraction.sum() == pytest.approx(16 - 4 + 1)


def test_areas_with_short_codes_are_left_out_above_their_own_level() -> None:
    coverage = lights.cover(zones(z1001=box(0, 0, 5, 5), z20=box(5, 5, 10, 10)), TEN)
    assert coverage.up(4).zones == ("1001",)
    assert coverage.up(2).zones == ("10", "20")
    assert coverage.up(0).zones == ("TH",)
    assert coverage.up(4).fraction.sum() == pytest.approx(25)


# ---------------------------------------------------------------- change

MASKED = Rule(threshold=0.0, masked=True, floor=0.5, absolute=0.5)
PLAIN = Rule(threshold=1.0, masked=False, floor=1.0, absolute=0.5)


def test_transitions_of_a_made_pair() -> None:
    nan = np.nan
    grid = Grid(8, 1, 0.0, 1.0, 1.0, 1.0)
    before = np.array([[0, 0, 4, 10, 10, 10, nan, 2]], np.float32)
    after = np.array([[0, 3, 0, 12, 8, 10.875, 5, nan]], np.float32)
    coverage = lights.cover(zones(z1001=box(0, 0, 7.5, 1)), grid)
    rows = lights.compare(coverage, before, after, MASKED).rows
    km2 = grid.row_km2()[0]
    # 10 to 10.875 is within a tenth; the last cell is covered by half.
    assert lights.transitions(rows, "1001").to_dict() == pytest.approx(
        {
            "dark": km2, "newly_lit": km2, "gone_dark": km2, "brighter": km2, "dimmer": km2, "steady": km2,
            "no_data": 1.5 * km2,
        }
    )  # fmt: skip
    row = lights.change(rows, 9.0, MASKED).loc["1001"]
    assert (row["before"], row["after"]) == pytest.approx((34.0, 33.875))
    assert row["difference"] == pytest.approx(-0.125)
    assert row["log_ratio"] == pytest.approx(np.log(34.375 / 34.5))
    assert row["annual_growth"] == pytest.approx((33.875 / 34) ** (1 / 9) - 1)
    assert row["lit_km2_before"] == pytest.approx(4 * km2)
    assert row["lit_km2_after"] == pytest.approx(4 * km2)
    assert not row["low_start"]


@given(RASTERS, RASTERS)
@settings(max_examples=40, deadline=None)
def test_transitions_fill_the_area_on_every_level(before: np.ndarray, after: np.ndarray) -> None:
    for rule in (MASKED, PLAIN):
        found = lights.compare(CUT, before, after, rule)
        for width in (6, 4, 2, 0):
            rows = lights.roll_up(found.rows, width)
            filled = rows[list(lights.TRANSITIONS)].sum(axis=1)
            np.testing.assert_allclose(filled, rows["area_km2"], rtol=1e-9)
            for name in rows.columns:
                assert rows[name].sum() == pytest.approx(found.rows[name].sum(), rel=1e-9, abs=1e-6)
        changed = lights.change(found.rows, 3.0, found.rule)
        np.testing.assert_allclose(
            changed["lit_km2_after"] - changed["lit_km2_before"],
            (changed["newly_lit"] - changed["gone_dark"]).where(changed["before"].notna()),
            atol=1e-6,
        )


def test_tally_from_a_coarser_coverage_is_the_tally_rolled_up() -> None:
    random = np.random.default_rng(3)
    before, after = random.gamma(0.4, 8, (2, 10, 10)).astype(np.float32)
    direct = lights.compare(CUT.up(4), before, after, MASKED).rows
    summed = lights.roll_up(lights.compare(CUT, before, after, MASKED).rows, 4)
    pd.testing.assert_frame_equal(direct, summed)


def test_no_percentage_on_a_start_near_zero() -> None:
    grid = Grid(3, 1, 0.0, 1.0, 1.0, 1.0)
    coverage = lights.cover(zones(z1001=box(0, 0, 1, 1), z1002=box(1, 0, 2, 1), z1003=box(2, 0, 3, 1)), grid)
    before, after = np.array([[0.4, 0, 20]], np.float32), np.array([[12, 30, 0]], np.float32)
    rows = lights.change(lights.compare(coverage, before, after, MASKED).rows, 9.0, MASKED)
    assert rows["low_start"].tolist() == [True, True, False]
    assert rows["annual_growth"].isna().all()  # the third went dark: no rate leads to zero
    assert rows["log_ratio"].tolist() == pytest.approx(np.log([12.5 / 0.9, 30.5 / 0.5, 0.5 / 20.5]).tolist())


def test_years_that_lie_the_wrong_way_round_are_refused() -> None:
    rows = lights.compare(WHOLE, HUNDRED, HUNDRED, MASKED).rows
    with pytest.raises(ValueError, match="earlier one comes first"):
        lights.change(rows, -9.0, MASKED)


@pytest.fixture
def drifting() -> tuple[np.ndarray, np.ndarray]:
    """Background 0.5 that rises to 0.7, a town of 20 that grows by a tenth, one dark cell that lights up."""
    before = np.full((10, 10), 0.5, np.float32)
    before += np.linspace(-0.05, 0.05, 100, dtype=np.float32).reshape(10, 10)
    after = before + np.float32(0.2)
    before[4:6, 4:6] = 20
    after[4:6, 4:6] = 22.2
    after[0, 0] = 9
    return before, after


def test_drift_of_the_background_is_measured_and_taken_out(drifting: tuple[np.ndarray, np.ndarray]) -> None:
    before, after = drifting
    rule = Rule(threshold=0.5, masked=False, floor=0.5, absolute=0.5)
    found = lights.compare(WHOLE, before, after, rule)
    assert found.rule.threshold == pytest.approx(
        2 * np.quantile(after, 0.25)
    )  # clear of the background, not 0.5
    assert found.background.loc["TH", "drift"] == pytest.approx(0.2, abs=1e-6)
    assert found.background.loc["TH", "cells"] == pytest.approx(95)
    assert found.background.loc["10", "own"]
    row = lights.change(found.rows, 1.0, found.rule).loc["10"]
    naive = row["total_after"] / row["total_before"] - 1
    assert naive > 0.25
    assert row["annual_growth"] == pytest.approx(0.1, abs=1e-6)
    assert row["newly_lit"] == pytest.approx(TEN.row_km2()[0])
    assert row["drift_light"] == pytest.approx(20, abs=1e-3)


def test_masked_product_has_no_background() -> None:
    found = lights.background(CUT, HUNDRED - 1, HUNDRED + 1, MASKED)
    assert found.index.tolist() == ["TH", "10"]
    assert not found.to_numpy(dtype=float).any()


def test_pieces_of_a_tally_are_its_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    before, after = random.gamma(0.4, 8, (2, 10, 10)).astype(np.float32)
    whole = lights.compare(CUT, before, after, PLAIN).rows
    monkeypatch.setattr(lights, "_PIECE", 7)
    pd.testing.assert_frame_equal(lights.compare(CUT, before, after, PLAIN).rows, whole, rtol=1e-12)


def test_without_enough_light_above_the_background_growth_is_not_told(
    drifting: tuple[np.ndarray, np.ndarray],
) -> None:
    before, after = drifting
    before[4:6, 4:6], after[4:6, 4:6] = 2.0, 4.0
    found = lights.compare(WHOLE, before, after, Rule(threshold=0.5, masked=False, floor=0.5, absolute=0.5))
    row = lights.change(found.rows, 1.0, found.rule).loc["10"]
    assert row["before"] == pytest.approx(8) and row["before"] < lights.CLEAR_SHARE * row["total_before"]
    assert row["low_start"] and np.isnan(row["annual_growth"])


def test_province_without_dark_cells_gets_the_drift_of_the_country() -> None:
    before = np.full((10, 10), 0.5, np.float32)
    before[:, 5:] = 30
    after = before + np.float32(0.25)
    frame = zones(z1001=box(5, 0, 10, 10), z2001=box(0, 0, 5, 10))
    found = lights.compare(
        lights.cover(frame, TEN), before, after, Rule(threshold=1, masked=False, floor=1, absolute=0.5)
    )
    assert not found.background.loc["10", "own"] and found.background.loc["20", "own"]
    assert found.background["drift"].to_numpy() == pytest.approx([0.25, 0.25, 0.25])
    assert found.rows.loc["1001", "after"] == pytest.approx(50 * 30)


def test_one_province_does_not_move_the_background_of_another() -> None:
    before = np.full((10, 10), 0.4, np.float32)
    after = before.copy()
    after[:, :5] += np.float32(0.3)
    frame = zones(z1001=box(5, 0, 10, 10), z2001=box(0, 0, 5, 10))
    found = lights.compare(
        lights.cover(frame, TEN), before, after, Rule(threshold=2, masked=False, floor=1, absolute=0.5)
    )
    assert found.background.loc[["10", "20"], "drift"].tolist() == pytest.approx([0.0, 0.3])


@pytest.mark.parametrize(
    ("product", "floor"),
    [("vnl-v21-average-masked", 0.5), ("harmonised-dmsp-viirs", 7.0), ("viirs-dnb-monthly", 0.5)],
)
def test_rule_of_a_product(product: str, floor: float) -> None:
    rule = Rule.of(products()[product])
    assert rule.floor == floor and rule.threshold == products()[product].lit_threshold
    assert rule.masked == products()[product].masked
