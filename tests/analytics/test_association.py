"""Correlation and the robust line against scipy, by hand, and by what must hold for any numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analytics.association import MINIMUM, Correlation, NoResult, associate, repeated_medians


def cloud(n=40, seed=1):
    dice = np.random.default_rng(seed)
    x = 10 ** dice.uniform(-2, 2, n)
    return x, 8 - 2.5 * np.log10(x) + dice.normal(0, 0.4, n)


def test_by_hand():
    # Ranks of y against x: (1,2),(2,1) swapped in ten pairs; sum of d^2 = 2, r = 1 - 6*2/(10*99)
    x = np.arange(1.0, 11)
    y = np.array([2.0, 1, 3, 4, 5, 6, 7, 8, 9, 10])
    found = associate(x, y, logarithm=False)
    assert found.spearman.r == pytest.approx(1 - 12 / 990)
    # Values are their own ranks, so Pearson's is the same number.
    assert found.pearson.r == pytest.approx(1 - 12 / 990)
    # Fisher: r = 978 / 990, so z = ln((1 + r) / (1 - r)) / 2 = ln(1968 / 12) / 2; the reach is 1.959964 / sqrt(7).
    middle, reach = np.log(164) / 2, 1.959964 / np.sqrt(7)
    assert found.pearson.low == pytest.approx(np.tanh(middle - reach), abs=1e-6)
    assert found.pearson.high == pytest.approx(np.tanh(middle + reach), abs=1e-6)
    # Bonett and Wright widen Spearman's by sqrt(1 + r^2 / 2).
    assert found.spearman.low < found.pearson.low < found.pearson.high < found.spearman.high


def test_against_scipy():
    x, y = cloud()
    found = associate(x, y, logarithm=True)
    assert found.floor == 0 and found.below_zero == 0
    theirs = stats.pearsonr(np.log10(x), y)
    assert found.pearson.r == pytest.approx(theirs.statistic)
    interval = theirs.confidence_interval(0.95)
    assert (found.pearson.low, found.pearson.high) == pytest.approx((interval.low, interval.high))
    assert found.spearman.r == pytest.approx(stats.spearmanr(x, y).statistic)
    siegel = stats.siegelslopes(y, np.log10(x))
    assert (found.line.slope, found.line.intercept) == pytest.approx((siegel.slope, siegel.intercept))
    assert found.residual == pytest.approx(y - siegel.intercept - siegel.slope * np.log10(x))


@pytest.mark.parametrize("seed", range(5))
def test_the_line_is_scipys_with_ties_too(seed):
    dice = np.random.default_rng(seed)
    x, y = dice.integers(0, 6, 31).astype(float), dice.normal(size=31)
    siegel = stats.siegelslopes(y, x)
    assert repeated_medians(x, y) == pytest.approx((siegel.slope, siegel.intercept))


def test_a_third_of_wrong_areas_leaves_the_line_where_it_was():
    x, y = cloud(60)
    clean = associate(x, y, logarithm=True)
    y = y.copy()
    y[np.argsort(x)[-20:]] += 60  # the brightest are made very poor
    bent = associate(x, y, logarithm=True)
    assert bent.pearson.r > 0.5 > 0 > clean.pearson.r  # what a few areas do to Pearson
    assert bent.line.slope == pytest.approx(clean.line.slope, abs=1.5)
    assert set(bent.ranked(above=True, limit=20)) == set(np.argsort(x)[-20:].tolist())


def test_residuals_name_both_sides_and_equal_ones_keep_their_order():
    x = np.arange(12.0)
    y = 2 * x
    y[3] += 5
    y[7] += 5
    y[9] -= 4
    found = associate(x, y, logarithm=False)
    assert found.ranked(above=True, limit=5)[:2] == [3, 7]
    assert found.ranked(above=False, limit=5)[0] == 9
    assert found.residual[3] == pytest.approx(5)
    # More than half of the areas lie on the line: there is no scale to measure by, and none is made up.
    assert found.line.scale == 0 and np.isnan(found.deviation).all()


def test_missing_and_infinite_numbers_take_no_part():
    x, y = cloud()
    whole = associate(x, y, logarithm=True)
    more_x = np.concatenate((x, [np.nan, 5.0, np.inf, -np.inf]))
    more_y = np.concatenate((y, [3.0, np.nan, 3.0, 3.0]))
    found = associate(more_x, more_y, logarithm=True)
    assert found.n == whole.n == 40
    assert found.pearson == whole.pearson and found.line == whole.line
    assert np.isnan(found.residual[40:]).all() and np.isnan(found.x[40:]).all()


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        (np.arange(9.0), np.arange(9.0), "too_few"),
        (np.full(20, 3.0), np.arange(20.0), "constant_x"),
        (np.arange(20.0), np.zeros(20), "constant_y"),
        (np.full(20, np.nan), np.arange(20.0), "too_few"),
        (np.empty(0), np.empty(0), "too_few"),
    ],
)
def test_there_is_no_number_where_there_can_be_none(x, y, reason):
    found = associate(x, y, logarithm=False)
    for part in (found.pearson, found.spearman, found.line):
        assert part == NoResult(reason, int(np.isfinite(x).sum()), MINIMUM)
    assert found.ranked(above=True, limit=5) == []


def test_zero_and_negative_light_get_a_floor_that_is_told():
    x = np.array([0.0, -0.2, 0.4, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    found = associate(x, -x, logarithm=True)
    assert found.floor == pytest.approx(0.2) and found.below_zero == 1
    assert found.x[0] == found.x[1] == pytest.approx(np.log10(0.2))
    # Spearman's is of the numbers as they are: 0 and -0.2 are two ranks there.
    assert found.spearman.r == pytest.approx(-1)


def test_all_dark_has_no_logarithm_to_go_along_with():
    x = np.array([0.0] * 6 + [-0.1] * 6)
    found = associate(x, np.arange(12.0), logarithm=True)
    assert found.line == found.pearson == NoResult("constant_x", 12, MINIMUM)
    assert isinstance(found.spearman, Correlation)
    assert np.isnan(found.residual).all()


def test_a_perfect_relation_has_an_interval_without_width():
    found = associate(np.arange(12.0), -np.arange(12.0), logarithm=False)
    assert (found.pearson.low, found.pearson.r, found.pearson.high) == (-1, -1, -1)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="one number each an area"):
        associate(np.arange(3.0), np.arange(4.0), logarithm=False)


numbers = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=MINIMUM, max_size=40).map(
    lambda rows: (np.array([r[0] for r in rows], float), np.array([r[1] for r in rows], float))
)


@given(numbers)
def test_any_rising_change_leaves_spearman_and_turning_over_turns_the_sign(pair):
    x, y = pair
    found = associate(x, y, logarithm=False)
    if isinstance(found.spearman, NoResult):
        return
    risen = associate(np.exp(x / 20), y**3, logarithm=False)
    assert risen.spearman.r == pytest.approx(found.spearman.r)
    turned = associate(-x, y, logarithm=False)
    for name in ("pearson", "spearman"):
        assert getattr(turned, name).r == pytest.approx(-getattr(found, name).r)
    assert turned.line.slope == pytest.approx(-found.line.slope)
    for part in (found.pearson, found.spearman):
        assert -1 <= part.low <= part.r <= part.high <= 1


@given(numbers, st.floats(0.1, 50), st.floats(-100, 100))
def test_the_line_moves_with_y(pair, factor, shift):
    x, y = pair
    found = associate(x, y, logarithm=False)
    if isinstance(found.line, NoResult):
        return
    moved = associate(x, factor * y + shift, logarithm=False)
    assert moved.line.slope == pytest.approx(factor * found.line.slope, abs=1e-9)
    assert moved.residual == pytest.approx(factor * found.residual, abs=1e-6)
