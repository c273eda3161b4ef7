"""Stars keep their promises whatever the rates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.catalogue import indicator
from analytics.stars import MINIMUM_SIBLINGS, StarSettings, method_text, star_bounds, star_text, stars

rates = st.lists(
    st.one_of(st.integers(0, 8).map(float), st.floats(0, 100, allow_nan=False), st.just(float("nan"))),
    min_size=MINIMUM_SIBLINGS,
    max_size=60,
)


@given(rates)
def test_a_lower_rate_never_has_fewer_stars_and_ties_are_equal(values):
    given_stars = stars(pd.Series(values, dtype=float))
    with_data = sorted((v, s) for v, s in zip(values, given_stars, strict=True) if v == v and s is not pd.NA)
    for (low, more), (high, fewer) in pairwise(with_data):
        assert more >= fewer
        assert more == fewer or low < high


@given(rates)
def test_no_data_no_star_and_too_few_none_at_all(values):
    given_stars = stars(pd.Series(values, dtype=float))
    enough = sum(v == v for v in values) >= MINIMUM_SIBLINGS
    assert given_stars.notna().tolist() == [v == v and enough for v in values]
    assert given_stars.dropna().between(1, 5).all()
    if enough:
        assert given_stars.max() == 5


@given(rates, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(values, order):
    series = pd.Series(values, dtype=float)
    shuffled = list(range(len(values)))
    order.shuffle(shuffled)
    assert stars(series.iloc[shuffled]).sort_index().equals(stars(series))


@given(st.lists(st.integers(0, 1000), min_size=5, max_size=40), st.sampled_from([0.5, 2.0, 1024.0]))
def test_the_unit_of_the_rate_does_not_matter(values, factor):
    series = pd.Series(values, dtype=float)
    assert stars(series * factor).equals(stars(series))


@given(st.sets(st.integers(0, 100000), min_size=5, max_size=120))
def test_distinct_rates_fill_five_equal_fifths(values):
    counts = stars(pd.Series(sorted(values), dtype=float)).value_counts()
    assert set(counts.index) == {1, 2, 3, 4, 5}
    assert counts.max() - counts.min() <= 1


def test_groups_are_ranked_apart():
    values = pd.Series([1.0, 2, 3, 4, 5, 10, 20, 30, 40, 50, 7, 8], index=list("abcdefghijkl"))
    groups = pd.Series(["x"] * 5 + ["y"] * 5 + ["z"] * 2, index=values.index)
    assert stars(values, groups).tolist() == [5, 4, 3, 2, 1] * 2 + [pd.NA] * 2
    assert stars(values, groups, minimum_siblings=2).tolist()[-2:] == [5, 3]
    assert stars(values, groups).index.equals(values.index)


def test_a_missing_group_gives_no_star_and_takes_no_rank():
    values = pd.Series([0.1, 1, 2, 3, 4, 5])
    groups = pd.Series([None, "x", "x", "x", "x", "x"])
    assert stars(values, groups).tolist() == [pd.NA, 5, 4, 3, 2, 1]


def test_groups_on_another_index_are_refused():
    with pytest.raises(ValueError, match="index"):
        stars(pd.Series([1.0, 2.0]), pd.Series(["x", "x"], index=[5, 6]))


def test_fixed_thresholds_include_their_upper_bound():
    values = pd.Series([0.0, 1.0, 1.01, 2.0, 3.0, 5.0, 5.1, np.nan])
    assert stars(values, thresholds=(1, 2, 3, 5)).tolist() == [5, 5, 4, 4, 3, 2, 1, pd.NA]


@pytest.mark.parametrize(
    "arguments",
    [
        {"thresholds": (1, 2, 3)},
        {"thresholds": (1, 2, 2, 3)},
        {"thresholds": (1, 2, 3, float("nan"))},
        {"minimum_siblings": 0},
    ],
)
def test_settings_out_of_range_are_refused(arguments):
    with pytest.raises(ValueError):
        stars(pd.Series([1.0]), **arguments)
    with pytest.raises(ValueError):
        StarSettings(**arguments)


def test_empty_and_constant_rates():
    assert stars(pd.Series([], dtype=float)).tolist() == []
    assert stars(pd.Series([2.0] * 7)).tolist() == [5] * 7


def test_bounds_for_the_legend():
    values = pd.Series([1.0, 2, 3, 4, 5, np.nan])
    assert star_bounds(values, stars(values)) == {5: 1.0, 4: 2.0, 3: 3.0, 2: 4.0, 1: 5.0}
    assert star_bounds(values.head(2), stars(values.head(2))) == dict.fromkeys(range(5, 0, -1))


def test_star_text():
    assert [star_text(n) for n in (1, 5)] == ["★☆☆☆☆", "★★★★★"]
    assert star_text(pd.NA) == "ไม่มีดาว"
    with pytest.raises(ValueError, match="6 stars"):
        star_text(6)


@pytest.mark.parametrize("settings", [StarSettings(), StarSettings(thresholds=(1, 2, 3, 5))])
def test_the_method_is_printed_as_ours(settings):
    for language in ("th", "en"):
        text = method_text(settings, language)
        assert "TPMAP" in text
        assert ("ดาวแมป" if language == "th" else "Daomap's own") in text


def test_the_catalogue_says_the_same_rule():
    assert f"{MINIMUM_SIBLINGS} areas" in indicator("stars").method_en
    assert "not TPMAP's" in indicator("stars").method_en
    assert "ไม่ใช่ของ TPMAP" in indicator("stars").method_th
