"""Classes of light in round numbers, and measures that fit their layers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.light_measures import GROUPS, MEASURES, OPEN_END, classes_of, ladder, symmetric

amounts = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


@given(amounts, st.integers(2, 9))
def test_a_ladder_ascends_in_round_numbers_and_takes_every_value(values, k):
    bounds = ladder(values, k)
    if not any(round(v, 4) > 0 for v in values):
        assert bounds == ()
        return
    assert list(bounds) == sorted(set(bounds)) and len(bounds) <= max(k, 2)
    assert bounds[-1] == OPEN_END
    for bound in bounds[:-1]:
        digits = f"{bound:.0e}"
        assert digits[0] in "125" and float(digits) == pytest.approx(bound, rel=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_classes_of_differences_mirror_each_other_around_zero(values):
    bounds = symmetric(values)
    assert bounds[-1] == OPEN_END and len(bounds) == 7
    assert [-b for b in bounds[:3]] == list(bounds[3:6])[::-1]
    low, high = bounds[2], bounds[3]
    assert low < 0 < high


def test_a_colour_means_the_same_in_both_years():
    before, after = pd.Series([0.0, 0.3, 2.0, np.nan]), pd.Series([0.1, 4.0, 90.0, 5.0])
    pool = pd.concat([before, after])
    first = classes_of(MEASURES["light_mean"], pool, before)
    second = classes_of(MEASURES["light_mean"], pool, after)
    assert first.bounds == second.bounds
    assert sum(first.counts) == 3 and first.missing == 1
    assert sum(second.counts) == 4 and second.missing == 0


def test_nothing_but_zeros_and_no_data_have_classes_that_say_so():
    zeros = classes_of(MEASURES["light_mean"], pd.Series([0.0, 0.0]))
    assert zeros.bounds == (0.0,) and zeros.counts == (2,)
    none = classes_of(MEASURES["difference"], pd.Series([np.nan, np.nan]))
    assert none.k == 0 and none.missing == 2


def test_parts_of_one_are_shown_in_percent_and_share_fixed_classes():
    frame = pd.DataFrame({"lit_share": [0.0, 0.5, 1.0]}, index=["10", "11", "12"])
    shown = MEASURES["light_lit_share"].of(frame)
    assert shown.tolist() == [0.0, 50.0, 100.0]
    assert classes_of(MEASURES["light_lit_share"], shown).bounds[-1] == 100.0


def test_no_group_holds_more_than_a_national_layer_may():
    assert all(1 <= len(group) <= 3 for group in GROUPS.values())
    assert all(len({m.years for m in group}) == 1 for group in GROUPS.values())
