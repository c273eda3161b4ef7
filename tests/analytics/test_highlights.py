"""Facts are true of the numbers, and fewer where the numbers are few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.highlights import KEYS, MINIMUM_BASE, highlights

NOTHING = pd.DataFrame(columns=["area_code", "name_th", "name_en", "value", "numerator"])


def children(values, numerators, **more):
    return pd.DataFrame(
        {
            "area_code": [f"50{i:02d}" for i in range(1, len(values) + 1)],
            "name_th": [f"อำเภอ {i}" for i in range(len(values))],
            "name_en": [f"District {i}" for i in range(len(values))],
            "value": values,
            "numerator": numerators,
            **more,
        }
    )


def by_key(facts):
    return {fact.key: fact.params for fact in facts}


def test_no_data_no_facts():
    assert highlights({}, NOTHING) == []
    assert highlights({"value": np.nan, "numerator": None}, NOTHING, dimensions={}, exact={}) == []
    assert highlights({"value": pd.NA, "numerator": pd.NA}, NOTHING) == []


def test_the_three_that_stand_out_in_the_order_of_telling():
    facts = highlights(
        {"value": 3.0, "numerator": 130.0},
        children([9.0, 1.0, 1.0, 1.0, np.nan], [100, 10, 10, 10, np.nan]),
        dimensions={"health": 5, "living": 5, "education": 90, "income": 40, "access": 0},
        exact={1: 120, 2: 8, 3: 2, 4: 0, 5: 0},
    )
    assert [fact.key for fact in facts] == sorted((fact.key for fact in facts), key=KEYS.index)
    assert len(facts) == 3
    params = by_key(facts)
    assert params["top_dimension"]["dimension"] == "education"
    assert params["top_dimension"]["share"] == pytest.approx(100 * 90 / 130)


def test_children_above():
    found = by_key(highlights({"value": 3.0}, children([9.0, 4.0, 1.0, np.nan], [1, 1, 1, np.nan])))
    fact = found["children_above"]
    assert (fact["n"], fact["with_data"], fact["total"]) == (2, 3, 4)
    assert (fact["top_code"], fact["top_name_en"], fact["top_rate"]) == ("5001", "District 0", 9.0)
    assert found["no_data"]["n"] == 1


def test_two_highest_children_are_not_one():
    assert "children_above" not in by_key(highlights({"value": 3.0}, children([9.0, 9.0, 1.0], [1, 1, 1])))


def test_the_index_of_the_table_does_not_matter():
    table = children([1.0, 9.0, 1.0], [10, 90, 10])
    table.index = [7, 7, 7]
    assert by_key(highlights({"value": 3.0, "numerator": 110}, table))["children_above"]["top_code"] == "5002"


def test_half_is_of_the_area_and_not_of_what_is_known():
    table = children([5.0, 5.0, 5.0, 5.0], [30, 20, 10, np.nan])
    assert by_key(highlights({"numerator": 100}, table))["half_in"]["n"] == 2
    assert "half_in" not in by_key(highlights({"numerator": 1000}, table))
    assert "half_in" not in by_key(highlights({"numerator": 0}, table))
    assert "half_in" not in by_key(highlights({}, table))


def test_no_superlative_is_told_where_a_child_is_hidden():
    table = children([9.0, 1.0, 1.0, 1.0], [90, 5, 5, 5], suppressed=[True, False, False, False])
    found = by_key(highlights({"value": 2.0, "numerator": 105}, table))
    assert "half_in" not in found
    assert "children_above" not in found
    # Hidden is not the same as no data.
    assert "no_data" not in found


def test_municipal_areas_are_counted():
    table = children([9.0, 1.0, 1.0], [90, 5, 5], kind=["municipal", "official", "official"])
    fact = by_key(highlights({"value": 2.0, "numerator": 100}, table))["half_in"]
    assert (fact["total"], fact["municipal"], fact["n"]) == (3, 1, 1)


def test_the_top_dimension_names_a_child_only_on_enough_people():
    dimensions = {"health": 10, "living": 20, "education": 90, "income": 30, "access": 1}
    parts = pd.DataFrame(
        {
            "area_code": ["5001", "5002", "5003"],
            "name_th": list("กขค"),
            "name_en": list("ABC"),
            "target_poor": [MINIMUM_BASE, 100, MINIMUM_BASE - 1],
            "education": [MINIMUM_BASE, 40, MINIMUM_BASE - 1],
        }
    )
    own = {"numerator": 159}
    fact = by_key(highlights(own, NOTHING, dimensions=dimensions, child_dimensions=parts))["top_dimension_in"]
    assert (fact["top_code"], fact["top_share"]) == ("5001", 100.0)
    few = parts.assign(target_poor=[1, 1, 1])
    assert "top_dimension" in by_key(highlights(own, NOTHING, dimensions=dimensions, child_dimensions=few))


def test_a_tie_or_an_unknown_dimension_names_none():
    tied = {"health": 10, "living": 10, "education": 0, "income": 0, "access": 0}
    unknown = {"health": 10, "living": 5, "education": np.nan, "income": 0, "access": 0}
    assert highlights({"numerator": 20}, NOTHING, dimensions=tied) == []
    assert highlights({"numerator": 20}, NOTHING, dimensions=unknown) == []


def test_exactly_one_of_the_country():
    exact = {1: 873_201, 2: 132_787, 3: 24_339, 4: 2_611, 5: 49}
    fact = by_key(highlights({}, NOTHING, exact=exact))["exactly_one"]
    assert fact["share"] == pytest.approx(84.53, abs=0.005)
    assert fact["n"] == 26_999
    assert highlights({}, NOTHING, exact=dict.fromkeys(range(1, 6), 0)) == []


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(ValueError, match="numerator"):
        highlights({}, NOTHING.drop(columns="numerator"))


@given(
    st.lists(st.one_of(st.integers(0, 500), st.none()), min_size=0, max_size=25),
    st.floats(0, 20),
    st.integers(0, 4),
)
def test_every_fact_is_true(counts, rate, limit):
    numerators = [np.nan if count is None else float(count) for count in counts]
    table = children([n / 10 for n in numerators], numerators)
    known = [n for n in numerators if n == n]
    poor = sum(known)
    facts = highlights({"value": rate, "numerator": poor}, table, limit=limit)
    assert len(facts) <= limit
    for fact in facts:
        assert 0 <= fact.score <= 1
        assert fact.params["n"] <= fact.params["total"] == len(counts)
        if fact.key == "half_in":
            largest = sorted(known, reverse=True)
            assert sum(largest[: fact.params["n"]]) >= poor / 2 > sum(largest[: fact.params["n"] - 1])
        elif fact.key == "children_above":
            assert fact.params["n"] == sum(n / 10 > rate for n in known)
            assert fact.params["top_rate"] == max(known) / 10
        else:
            assert fact.params["n"] == len(counts) - len(known)
