"""Intervals, gaps in young people and pooled rates of NEET."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.neet import gap_persons, interval, pooled_rate

rates = st.floats(0, 100)


@given(rates, st.floats(0, 50))
def test_an_interval_holds_its_rate_and_stays_within_percent(rate, error):
    low, high = interval(rate, error)
    assert 0 <= low <= rate <= high <= 100
    assert high - low <= 2 * 1.96 * error + 1e-9


def test_an_interval_is_that_of_the_normal_distribution():
    assert interval(20.0, 5.0) == pytest.approx((10.20018, 29.79982), abs=1e-5)
    assert interval(float("nan"), 1.0) is None


@given(rates, rates, st.integers(1, 10**6))
def test_closing_the_gap_brings_the_rate_to_the_mean(rate, mean, youth):
    neet = youth * rate / 100
    assert 100 * (neet - gap_persons(rate, mean, youth)) / youth == pytest.approx(mean, abs=1e-6)


def test_an_unknown_number_of_young_people_has_no_gap():
    assert math.isnan(gap_persons(20.0, 10.0, float("nan")))


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(100, 1000)), min_size=1, max_size=30))
def test_a_pooled_rate_lies_between_the_rates_it_is_made_of(pairs):
    neet, youth = (pd.Series(column, dtype=float) for column in zip(*pairs, strict=True))
    each = 100 * neet / youth
    assert each.min() - 1e-9 <= pooled_rate(neet, youth, len(pairs)) <= each.max() + 1e-9


def test_a_region_needs_four_fifths_of_its_provinces():
    neet, youth = pd.Series([10.0] * 4), pd.Series([100.0] * 4)
    assert pooled_rate(neet, youth, 5) == 10.0
    assert math.isnan(pooled_rate(neet, youth, 6))
    assert math.isnan(pooled_rate(neet, youth.mask(youth.index == 0), 5))
