"""Thirds of two indicators: every area in one cell, equal values together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.bivariate import cells, places

values = st.lists(st.one_of(st.integers(0, 12).map(float), st.just(float("nan"))), min_size=1, max_size=60)


@given(values, values)
def test_every_area_is_counted_once_and_in_the_cell_its_values_say(x, y):
    n = min(len(x), len(y))
    x, y = np.array(x[:n]), np.array(y[:n])
    found = cells(x, y)
    assert sum(map(sum, found.counts)) + found.missing == n
    both = ~np.isnan(x) & ~np.isnan(y)
    for a, b in zip(x[both], y[both], strict=True):
        column, row = found.x.class_index(a), found.y.class_index(b)
        assert found.counts[row][column] > 0
        assert places(np.array([a]), found.x.bounds)[0] == column


def test_nine_equal_cells():
    x, y = np.divmod(np.arange(81), 9)
    found = cells(x.astype(float), y.astype(float))
    assert found.counts == ((9, 9, 9), (9, 9, 9), (9, 9, 9))
    assert found.x.bounds == (2.0, 5.0, 8.0)


def test_many_equal_values_make_fewer_classes_and_a_note():
    x = np.array([0.0] * 8 + [1.0, 2.0, 3.0])
    found = cells(x, np.arange(11.0))
    assert found.x.k == 2 and found.x.bounds[0] == 0
    assert [n.key for n in found.x.notes] == ["repeated_bounds"]
    assert [sum(row[c] for row in found.counts) for c in range(2)] == [8, 3]


def test_nothing_at_all():
    found = cells([float("nan")], [1.0])
    assert found.counts == () and found.missing == 1
