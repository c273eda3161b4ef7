"""Classes agree with the layer files, cover every value, and are the same every time."""

from __future__ import annotations

import time

import mapclassify
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.classify import METHODS, ROUND, Classes, ClassSpec, classify, pooled_bounds

COMPUTED = tuple(method for method in METHODS if method != "user_defined")
numbers = st.one_of(
    st.integers(0, 40).map(float),
    st.floats(-1000, 1000, allow_nan=False).map(lambda value: round(value, ROUND)),
)
gaps = st.sampled_from([None, float("nan"), float("inf"), float("-inf")])


@given(
    values=st.lists(st.one_of(numbers, gaps), max_size=60),
    method=st.sampled_from([m for m in COMPUTED if m != "natural_breaks"]),
    k=st.integers(2, 9),
    order=st.randoms(use_true_random=False),
)
def test_classes_cover_every_value_once(values, method, k, order):
    spec = ClassSpec(method, k)
    classes = classify(values, spec)
    found = [v for v in values if v is not None and np.isfinite(v)]
    assert classes.missing == len(values) - len(found)
    assert sum(classes.counts) == len(found)
    assert len(classes.counts) == len(classes.bounds) <= k
    assert list(classes.bounds) == sorted(set(classes.bounds))
    assert bool(classes.bounds) == bool(found)
    if found:
        assert classes.bounds[-1] == max(found)
        assert classes.minimum == min(found)
    indexes = [classes.class_index(v) for v in found]
    assert tuple(indexes.count(i) for i in range(classes.k)) == classes.counts
    for value, index in zip(found, indexes, strict=True):
        assert value <= classes.bounds[index]
        assert index == 0 or value > classes.bounds[index - 1]
    if method != "equal_interval":
        assert all(classes.counts)
    if len(classes.bounds) < k and found:
        note = dict(classes.notes[0].params)
        assert note["wanted"] == k and note["got"] == len(classes.bounds)
    shuffled = list(values)
    order.shuffle(shuffled)
    assert classify(shuffled, spec) == classes


@given(values=st.lists(st.integers(0, 5000), min_size=1, max_size=80), k=st.integers(2, 9))
@settings(max_examples=40)
def test_whole_numbers_get_whole_bounds(values, k):
    for method in ("quantiles", "equal_interval", "fisher_jenks"):
        assert all(bound == int(bound) for bound in classify(values, ClassSpec(method, k)).bounds)


def _squared_deviation(values: np.ndarray, classes_or_bounds: tuple[float, ...]) -> float:
    index = np.searchsorted(np.array(classes_or_bounds), values, side="left")
    return sum(((values[index == i] - values[index == i].mean()) ** 2).sum() for i in np.unique(index))


@pytest.mark.filterwarnings("ignore:Numba not installed")
@pytest.mark.parametrize("k", [2, 3, 5, 7])
def test_fisher_jenks_reaches_the_optimum_of_mapclassify(k):
    rng = np.random.default_rng(k)
    for _ in range(5):
        values = np.round(rng.gamma(1.2, 3, 120), ROUND)
        ours = classify(values, ClassSpec("fisher_jenks", k)).bounds
        theirs = mapclassify.FisherJenks(values, k).bins
        assert _squared_deviation(values, ours) == pytest.approx(_squared_deviation(values, tuple(theirs)))


def test_fisher_jenks_of_many_values_says_that_it_joined_some():
    values = np.round(np.random.default_rng(1).gamma(1.2, 3, 7600), ROUND)
    started = time.process_time()
    classes = classify(values, ClassSpec("fisher_jenks", 9))
    assert time.process_time() - started < 5  # mapclassify without numba: minutes
    assert classes.notes[0].key == "joined_values"
    assert classes.k == 9


def test_quantiles_and_natural_breaks_are_those_of_mapclassify():
    values = mapclassify.load_example().to_numpy()
    assert classify(values, ClassSpec("quantiles", 5)).bounds == pytest.approx(
        mapclassify.Quantiles(values, 5).bins
    )
    assert classify(values, ClassSpec("natural_breaks", 5)).counts == (49, 3, 4, 1, 1)


def test_natural_breaks_repeat_and_leave_the_random_state_alone():
    values = np.round(np.random.default_rng(3).gamma(1.2, 3, 500), ROUND)
    np.random.seed(11)
    before = np.random.get_state()[1].copy()
    first = classify(values, ClassSpec("natural_breaks", 6))
    assert (np.random.get_state()[1] == before).all()
    np.random.seed(12)
    assert classify(values[::-1], ClassSpec("natural_breaks", 6)) == first


def test_natural_breaks_merge_where_values_repeat():
    classes = classify([0.0] * 30 + [1.0, 2.0], ClassSpec("natural_breaks", 5))
    assert (classes.bounds, classes.counts) == ((0.0, 1.0, 2.0), (30, 1, 1))
    assert classes.notes[0].key == "few_distinct"


def test_constant_data_is_one_class():
    classes = classify([2.5, 2.5, None], ClassSpec("quantiles", 5))
    assert (classes.bounds, classes.counts, classes.missing) == ((2.5,), (2,), 1)
    assert classes.notes[0].params == (("wanted", 5.0), ("got", 1.0), ("distinct", 1.0))


@pytest.mark.parametrize("method", COMPUTED)
def test_no_data_is_no_class(method):
    assert classify([None, float("nan")], ClassSpec(method, 5)) == Classes(method, (), None, (), 2)
    assert classify([], ClassSpec(method, 5)).class_index(1.0) is None


def test_many_zeros_merge_with_a_note():
    classes = classify([0.0] * 90 + [0.5, 1.5, 2.5, 3.5, 4.5, 5.5], ClassSpec("quantiles", 5))
    assert classes.bounds[0] == 0.0 and classes.counts[0] == 90
    assert [note.key for note in classes.notes] == ["repeated_bounds"]


def test_values_are_rounded_as_in_the_layer_files():
    classes = classify([0.00004, 1.00005, 1.00015], ClassSpec("quantiles", 3))
    assert all(round(bound, ROUND) == bound for bound in classes.bounds)
    assert classes.minimum == 0.0
    assert str(classify([-0.00001, 1], ClassSpec("quantiles", 2)).minimum) == "0.0"


def test_user_defined_keeps_its_breaks_and_says_what_lies_above():
    classes = classify([0.5, 1, 2, 9], ClassSpec("user_defined", breaks=(1, 2, 3)))
    assert classes.bounds == (1.0, 2.0, 3.0)
    assert classes.counts == (2, 1, 1)
    assert classes.notes[0].key == "above_last_break"
    assert classes.class_index(9) == 2
    assert classify([], ClassSpec("user_defined", breaks=(1, 2))).counts == (0, 0)


def test_a_pool_locks_colours_over_years():
    first = pd.DataFrame({"value": [1.0, 2.0, np.nan]})
    second = pd.DataFrame({"value": [3.0, 4.0]})
    pool = pooled_bounds([first, second], ClassSpec("equal_interval", 3))
    shown = pool.recount(first["value"])
    assert shown.bounds == pool.bounds
    assert (shown.counts, shown.missing) == ((2, 0, 0), 1)
    assert pooled_bounds([], ClassSpec()).bounds == ()


def test_pandas_missing_values_are_no_data():
    assert classify(pd.Series([1, pd.NA, 3], dtype="Int64"), ClassSpec("quantiles", 2)).missing == 1
    assert classify(pd.Series([1, None, 3], dtype=object), ClassSpec("quantiles", 2)).missing == 1
    assert classify([1, pd.NA], ClassSpec("quantiles", 2)).missing == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "deciles"},
        {"k": 1},
        {"k": 10},
        {"k": 5.0},
        {"method": "user_defined"},
        {"method": "quantiles", "breaks": (1.0, 2.0)},
        {"method": "user_defined", "breaks": ()},
        {"method": "user_defined", "breaks": (2.0, 1.0)},
        {"method": "user_defined", "breaks": (1.0, float("inf"))},
    ],
)
def test_a_spec_outside_its_choices_is_refused(arguments):
    with pytest.raises(ValueError):
        ClassSpec(**arguments)
