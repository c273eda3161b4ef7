"""Years that compare, changes inside them, and places that move only because of the areas themselves."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.trends import READINGS, STATUS, moves, runs, tally, year_pair

CARD1, CARD2565 = "target-plan12-card1", "target-plan12-card2565"


def readings(*rows):
    """(area, year, value[, definition[, source[, made_up[, suppressed]]]])"""
    filled = [
        (
            row[0], "province", row[1], row[2],
            *(row[3:] + (CARD1, "a", False, False)[len(row) - 3 :]),
        )
        for row in rows
    ]  # fmt: skip
    return pd.DataFrame(filled, columns=list(READINGS)).astype({"value": float})


def test_years_of_one_definition_are_one_run_and_another_definition_is_another():
    found = runs(
        readings(("50", 2022, 5.36, CARD1, "b"), ("50", 2018, 5.62), ("50", 2023, 0.9, CARD2565)),
        "target_poor_rate",
    )
    assert [(run.years, run.values, run.definition) for run in found] == [
        ((2018, 2022), (5.62, 5.36), CARD1),
        ((2023,), (0.9,), CARD2565),
    ]
    assert found[0].sources == ("a", "b")


def test_a_year_without_data_is_in_no_run_and_is_not_zero():
    found = runs(
        readings(("50", 2018, 5.0), ("50", 2019, math.nan, None), ("50", 2022, 4.0)), "target_poor_rate"
    )
    assert [run.years for run in found] == [(2018, 2022)]


def test_light_and_stars_have_a_run_for_every_year():
    rows = readings(*(("50", year, 3.0) for year in (2018, 2019, 2020)))
    assert [run.years for run in runs(rows, "light_mean")] == [(2018,), (2019,), (2020,)]
    assert len(runs(rows, "stars")) == 3


def test_made_up_years_are_not_joined_with_real_ones():
    rows = readings(("50", 2018, 5.0), ("50", 2020, 4.0, CARD1, "demo", True), ("50", 2022, 3.0))
    assert [run.years for run in runs(rows, "target_poor_rate")] == [(2018, 2022), (2020,)]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ((None, None), (2018, 2022)),
        ((2018, 2023), (2018, 2023)),
        ((2023, None), (2018, 2022)),
        ((None, 2023), (2022, 2023)),
        ((2022, None), (2022, 2023)),
        ((2022, 2018), (2022, 2023)),
        ((1999, 2500), (2018, 2022)),
    ],
)
def test_two_years_that_compare_are_chosen_unless_others_are_asked_for(wanted, chosen):
    assert year_pair({2018: CARD1, 2022: CARD1, 2023: CARD2565}, *wanted) == chosen


def test_one_year_is_no_pair():
    assert year_pair({2018: CARD1}) is None and year_pair({}) is None


def test_changes_and_every_kind_of_area_that_has_none():
    moved = moves(
        readings(
            ("10", 2018, math.nan, None), ("10", 2022, math.nan, None),
            ("11", 2018, 4.0), ("11", 2022, 3.0),
            ("12", 2018, 0.0), ("12", 2022, 1.0),
            ("13", 2022, 2.0),
            ("14", 2018, 2.0), ("14", 2022, math.nan, None),
            ("15", 2018, 2.0), ("15", 2022, 9.0, CARD2565),
            ("16", 2018, math.nan, CARD1, "a", False, True), ("16", 2022, 7.0),
        ),
        "target_poor_rate", 2018, 2022,
    ).set_index("area_code")  # fmt: skip
    assert moved["status"].to_dict() == {
        "10": "none", "11": "both", "12": "both", "13": "appeared", "14": "vanished", "15": "apart", "16": "hidden",
    }  # fmt: skip
    assert set(moved["status"]) <= set(STATUS)
    assert moved.loc["11", "absolute"] == -1 and moved.loc["11", "relative"] == -25
    # From nothing there is no percentage.
    assert moved.loc["12", "absolute"] == 1 and math.isnan(moved.loc["12", "relative"])
    untold = moved[moved["status"] != "both"]
    assert untold[["absolute", "relative", "rank_first", "rank_second", "places"]].isna().all(axis=None)
    # Both numbers of the apart are shown; a hidden one is in neither column.
    assert moved.loc["15", ["first", "second"]].tolist() == [2.0, 9.0]
    assert math.isnan(moved.loc["16", "first"]) and moved.loc["16", "second"] == 7.0


def test_nobody_moves_because_another_area_appeared_or_vanished():
    kept = [("11", 2018, 4.0), ("11", 2022, 4.0), ("12", 2018, 3.0), ("12", 2022, 3.0)]
    moved = moves(
        readings(*kept, ("13", 2022, 9.0), ("14", 2018, 8.0)), "target_poor_rate", 2018, 2022
    ).set_index("area_code")
    assert moved.loc[["11", "12"], "rank_second"].tolist() == [1, 2]
    assert moved.loc[["11", "12"], "places"].tolist() == [0, 0]


def test_equal_numbers_share_the_smaller_rank_and_the_worst_is_first():
    values = {"11": (5, 1), "12": (5, 4), "13": (3, 4), "14": (1, 9)}
    rows = [
        (code, year, v) for code, both in values.items() for year, v in zip((2018, 2022), both, strict=True)
    ]
    high = moves(readings(*rows), "target_poor_rate", 2018, 2022).set_index("area_code")
    assert high["rank_first"].tolist() == [1, 1, 3, 4]
    assert high["rank_second"].tolist() == [4, 2, 2, 1]
    assert high["places"].tolist() == [-3, -1, 1, 3]
    # Of income less is worse, and the lowest is first.
    low = moves(readings(*rows), "gpp_per_head", 2018, 2022).set_index("area_code")
    assert low["rank_first"].tolist() == [3, 3, 2, 1]


@pytest.mark.parametrize(("known", "ranked"), [(8, True), (7, False)])
def test_ranks_need_four_fifths_of_the_official_areas_in_both_years(known, ranked):
    codes = [f"{n}" for n in range(11, 21)]
    rows = [(code, 2018, float(n)) for n, code in enumerate(codes)]
    rows += [(code, 2022, float(n + 1)) for n, code in enumerate(codes[:known])]
    moved = moves(readings(*rows).assign(kind="official"), "target_poor_rate", 2018, 2022)
    assert (moved["status"] == "both").sum() == known
    assert moved["rank_first"].notna().any() == ranked
    assert moved["absolute"].notna().sum() == known


def test_a_change_below_what_is_shown_is_none():
    moved = moves(
        readings(
            ("11", 2018, 1.0), ("11", 2022, 1.004), ("12", 2018, 1.0), ("12", 2022, 1.3), ("13", 2018, 2.0),
            ("13", 2022, 1.0), ("14", 2018, 2.0), ("14", 2022, 1.0), ("15", 2018, 1.0),
        ),
        "target_poor_rate", 2018, 2022,
    )  # fmt: skip
    found = tally(moved, 2)
    assert (found.rose, found.fell, found.same, found.untold) == (1, 2, 1, 1)
    # Of equal changes the smaller code is named.
    assert (found.largest_rise, found.largest_fall) == ("12", "13")


numbers = st.none() | st.floats(0, 1e6, allow_nan=False)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30))
def test_whatever_the_numbers_ranks_and_changes_hold(pairs):
    codes = [f"{n:02}" for n in range(len(pairs))]
    rows = [
        (code, year, np.nan if value is None else value, None if value is None else CARD1)
        for code, both in zip(codes, pairs, strict=True)
        for year, value in zip((2018, 2022), both, strict=True)
    ]
    moved = moves(readings(*rows), "target_poor", 2018, 2022)
    both = moved[moved["status"] == "both"]
    assert len(both) == sum(a is not None and b is not None for a, b in pairs)
    assert (both["absolute"] == both["second"] - both["first"]).all()
    for name in ("first", "second"):
        for _, row in both.iterrows():
            assert row[f"rank_{name}"] == 1 + (both[name] > row[name]).sum()
    assert len(moved) == len(pairs)
