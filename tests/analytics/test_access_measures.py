"""Classes of measures of access: round, steady where they can be, and none at all is not a little."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.access_measures import GROUPS, MEASURES, classes_of
from warehouse.places import MEASURES as COLUMNS


def test_every_measure_is_a_column_of_the_places():
    assert {m.column for m in MEASURES.values()} <= set(COLUMNS)
    assert sorted(m.key for group in GROUPS.values() for m in group) == sorted(MEASURES)
    assert max(map(len, GROUPS.values())) <= 3  # what one national layer may hold


def test_no_place_is_a_class_of_its_own():
    found = classes_of(MEASURES["count"], pd.Series([0.0, 0.0, 1.0, 40.0, np.nan]))
    assert found.bounds[0] == 0.0 and found.counts[0] == 2 and found.missing == 1
    assert classes_of(MEASURES["count"], pd.Series([0.0, 0.0])).counts == (2,)


def test_distances_and_shares_have_the_same_classes_everywhere():
    for key in ("nearest", "within_people"):
        one = classes_of(MEASURES[key], pd.Series([3.0, 60.0]))
        other = classes_of(MEASURES[key], pd.Series([0.1, 99.0, 15.0]))
        assert one.bounds == other.bounds == MEASURES[key].breaks


@pytest.mark.parametrize("key", list(MEASURES))
@given(values=st.lists(st.floats(0, 100) | st.just(float("nan")), max_size=40))
def test_every_area_is_counted_once(key, values):
    found = classes_of(MEASURES[key], pd.Series(values, dtype=float))
    assert sum(found.counts) + found.missing == len(values)
    assert found.missing == sum(v != v for v in values)
