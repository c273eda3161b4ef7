"""Orders, reasons and comparisons of urgent issues, on tables small enough to be checked by hand."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.catalogue import DIMENSIONS, MASKS
from analytics.urgency import (
    EXACTLY,
    INDICATORS,
    MINIMUM_BASE,
    ORDERS,
    areas,
    combinations,
    deprivation,
    enough,
    known_by,
    order_value,
    ranked,
    reasons,
    several,
    several_bounds,
)

NAN = math.nan


def frames(
    counts,
    surveyed=1000.0,
    *,
    dimensions=None,
    exactly=None,
    mean=None,
    hidden=(),
    sources=None,
    kind="official",
):
    """Frames as a warehouse gives them, of areas 11, 12, ... with these target poor."""
    codes = [str(11 + i) for i in range(len(counts))]
    below = np.broadcast_to(np.asarray(surveyed, dtype=float), len(codes))
    poor = np.asarray(counts, dtype=float)

    def frame(name, numerator, value, denominator):
        withheld = [(code, name) in hidden for code in codes]
        return pd.DataFrame(
            {
                "area_code": codes,
                "name_th": [f"ก{c}" for c in codes],
                "name_en": [f"A{c}" for c in codes],
                "value": np.where(withheld, NAN, value),
                "numerator": np.where(withheld, NAN, numerator),
                "denominator": denominator,
                "suppressed": withheld,
                "kind": kind,
                "mapped_to": None,
                "source_id": (sources or {}).get(name, "made"),
                "definition": "target-made",
            }
        )

    empty = np.full(len(codes), NAN)
    out = {
        "target_poor": frame("target_poor", poor, poor, empty),
        "target_poor_rate": frame("target_poor_rate", poor, 100 * poor / below, below),
        "mean_dimensions": frame("mean_dimensions", empty, empty if mean is None else np.asarray(mean), poor),
    }
    for place, name in enumerate(EXACTLY):
        column = empty if exactly is None else np.asarray([row[place] for row in exactly], dtype=float)
        out[name] = frame(name, column, column, empty)
    for place, dimension in enumerate(DIMENSIONS):
        column = empty if dimensions is None else np.asarray([row[place] for row in dimensions], dtype=float)
        out[f"target_{dimension}_rate"] = frame(
            f"target_{dimension}_rate", column, 100 * column / below, below
        )
    assert set(out) == set(INDICATORS)
    return out


def test_those_failing_several_are_the_four_counts_together_or_the_rest_of_one_source():
    exactly = [(60, 20, 10, 5, 5), (60, 20, 10, 5, 5), (60, 20, 10, 5, 5)]
    known = frames([100, 100, 100], exactly=exactly, hidden={("12", "overlap_4"), ("13", "overlap_1")})
    assert several(known).to_dict() == {"11": 40, "12": 40, "13": 40}
    both = frames([100], exactly=exactly[:1], hidden={("11", "overlap_4"), ("11", "overlap_1")})
    assert math.isnan(several(both)["11"])
    other = frames(
        [100], exactly=exactly[:1], hidden={("11", "overlap_4")}, sources={"target_poor": "another"}
    )
    assert math.isnan(several(other)["11"])


def test_rates_and_shares_come_from_counts_of_the_same_area():
    table = areas(
        frames([100, 40], [1000, 400], exactly=[(60, 20, 10, 5, 5), (40, 0, 0, 0, 0)],
               dimensions=[(50, 30, 20, 25, 10), (10, 10, 10, 10, 10)])
    )  # fmt: skip
    assert table["rate"].tolist() == [10, 10]
    assert table["several_rate"].tolist() == [4, 0] and table["several_share"].tolist() == [40, 0]
    assert table["share_health"].tolist() == [50, 25] and table["rate_health"].tolist() == [5, 2.5]
    assert known_by(table) == "share"


def test_the_orders_differ_and_ties_share_the_smaller_rank():
    table = areas(frames([100, 300, 40, 40], [1000, 30000, 400, 8000]))
    by_rate, by_count = ranked(table, "rate"), ranked(table, "count")
    assert by_rate["area_code"].tolist() == ["11", "13", "12", "14"]
    assert by_rate["rank_rate"].tolist() == [1, 1, 3, 4]
    assert by_rate["tied_rate"].tolist() == [True, True, False, False]
    assert by_count["area_code"].tolist() == ["12", "11", "13", "14"]
    assert by_count["rank_count"].tolist() == [1, 2, 3, 3]
    # Each row knows its place in every order, whichever one the rows follow.
    assert dict(zip(by_count["area_code"], by_count["rank_rate"], strict=True))["13"] == 1
    assert by_rate["of_rate"].tolist() == [4] * 4


def test_hidden_missing_and_small_areas_have_no_rank_and_stand_last():
    counts = [100, 90, NAN, 20, 50, 40, 30, 10, 8, 6]
    base = [1000, 1000, 1000, MINIMUM_BASE - 1, *[1000] * 6]
    hidden = {("12", "target_poor_rate"), ("12", "target_poor")}
    table = ranked(areas(frames(counts, base, hidden=hidden)), "rate")
    assert table["area_code"].tolist() == ["11", "15", "16", "17", "18", "19", "20", "14", "12", "13"]
    assert table["rank_rate"].tolist()[:7] == [1, 2, 3, 4, 5, 6, 7] and table["rank_rate"][7:].isna().all()
    assert table["small"].tolist() == [False] * 7 + [True, False, False]
    assert table["rate_hidden"].tolist() == [False] * 8 + [True, False]
    # The count of a small area is as good as any other.
    by_count = ranked(areas(frames(counts, base, hidden=hidden)), "count").set_index("area_code")
    assert by_count.loc["14", "rank_count"] == 5 and math.isnan(by_count.loc["12", "rank_count"])
    for code in ("12", "13", "14"):
        assert reasons(table.set_index("area_code").loc[code].to_dict(), {}, "rate") == []


def test_nobody_is_ranked_where_too_few_areas_have_a_number():
    table = areas(frames([100, 90, NAN, NAN, NAN]))
    assert not enough(table, "rate")
    made = ranked(table, "rate")
    assert made["rank_rate"].isna().all() and made["of_rate"].tolist() == [0] * 5
    assert made["area_code"].tolist()[:2] == ["11", "12"]
    # Villages have no official list to be few of.
    assert enough(areas(frames([100, NAN, NAN], kind="village")), "rate")


def test_several_goes_by_the_mean_where_nothing_else_is_known():
    table = areas(frames([100, 20, 100], mean=[1.2, 2.0, 1.4]))
    assert known_by(table) == "mean"
    made = ranked(table, "several")
    # Of 20 target poor a mean says little.
    assert made["area_code"].tolist() == ["13", "11", "12"]
    assert made["rank_several"].tolist()[:2] == [1, 2] and math.isnan(made["rank_several"][2])
    assert [r.key for r in reasons(made.iloc[0].to_dict(), {}, "several")] == ["place", "also", "also"]
    assert known_by(areas(frames([100]))) == ""
    few = frames([100] * 3, mean=[1.4] * 3, exactly=[(60, 40, 0, 0, 0), (NAN,) * 5, (NAN,) * 5])
    assert known_by(areas(few)) == "mean"
    with pytest.raises(ValueError, match="one of rate, count, several"):
        order_value(table, "worst")


def told(area, own, order):
    return [(r.key, dict(r.params)) for r in reasons(area, own, order)]


def test_reasons_name_place_ratio_dimension_and_other_orders():
    table = ranked(
        areas(
            frames(
                [100, 30, 20, 10],
                dimensions=[(10, 20, 60, 50, 19), (5, 5, 5, 20, 0), (1, 1, 1, 18, 0), (1, 1, 1, 1, 9)],
                exactly=[(60, 20, 10, 5, 5), (28, 2, 0, 0, 0), (20, 0, 0, 0, 0), (8, 2, 0, 0, 0)],
            )
        ),
        "rate",
    )
    own = areas(
        frames([160], [4000], dimensions=[(40, 20, 120, 120, 2)], exactly=[(116, 24, 10, 5, 5)])
    ).iloc[0].to_dict()  # fmt: skip
    first, second, _, last = table.to_dict("records")
    assert told(first, own, "rate") == [
        ("place", {"order": "rate", "rank": 1, "n": 4}),
        ("times", {"times": 2.5}),
        # Access is 38 times the parent's, but only 19 % fail it; living is 4 times.
        ("dimension", {"dimension": "living", "times": 4.0}),
        ("also", {"order": "count", "rank": 1}),
        ("also", {"order": "several", "rank": 1}),
    ]
    assert told(first, own, "count")[1] == ("part", {"share": 62.5})
    assert told(first, own, "several")[1] == ("times", {"times": pytest.approx(4 / 1.1)})
    # 3 % against 4 %; of those dimensions a fifth fail none lies above, so the commonest is named.
    assert told(second, own, "rate")[1:3] == [
        ("below", {"times": 0.75}),
        ("dimension_most", {"dimension": "income", "share": pytest.approx(200 / 3)}),
    ]
    assert told(last, own, "rate")[2] == ("dimension", {"dimension": "access", "times": 18.0})
    near = own | {"rate": first["rate"] * 0.95}
    assert told(first, near, "rate")[1][0] == "near"


def test_nothing_is_compared_across_definitions_and_no_dimension_named_with_one_unknown():
    made = frames([100, 50], dimensions=[(10, 20, 60, 50, 19), (1, 1, 1, 1, 1)])
    table = ranked(areas(made), "rate")
    own = areas(frames([150], [2000], dimensions=[(11, 21, 61, 51, 20)])).iloc[0].to_dict()
    assert [r.key for r in reasons(table.iloc[0].to_dict(), own, "rate")] == [
        "place",
        "times",
        "dimension",
        "also",
    ]
    # Five percent above the parent is near it, and does not stand out.
    close = own | {f"rate_{d}": table[f"rate_{d}"][0] / 1.05 for d in DIMENSIONS}
    assert told(table.iloc[0].to_dict(), close, "rate")[2][0] == "dimension_most"
    apart = own | {"definition": "another"}
    assert [r.key for r in reasons(table.iloc[0].to_dict(), apart, "rate")] == [
        "place", "dimension_most", "also",
    ]  # fmt: skip
    hidden = frames(
        [100, 50],
        dimensions=[(10, 20, 60, 50, 19), (1, 1, 1, 1, 1)],
        hidden={("11", "target_health_rate")},
    )
    row = ranked(areas(hidden), "rate").iloc[0].to_dict()
    assert [r.key for r in reasons(row, own, "rate")] == ["place", "times", "also"]
    # A part that is larger than its whole is a fault of the source, not a share.
    small = own | {"count": 90.0}
    assert [r.key for r in reasons(table.iloc[0].to_dict(), small, "count")][:2] == ["place", "dimension"]


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12), st.sampled_from(ORDERS[:2]))
def test_a_rank_says_how_many_are_before(counts, order):
    table = ranked(areas(frames(counts)), order)
    value = order_value(table, order).to_numpy()
    assert table[f"rank_{order}"].tolist() == [1 + int((value > v).sum()) for v in value]
    assert (np.diff(value) <= 0).all()


def profile(rates, definition="target-made", hidden=()):
    return pd.DataFrame(
        {
            "indicator": [f"target_{d}_rate" for d in rates],
            "value": [NAN if d in hidden else v for d, v in rates.items()],
            "numerator": [NAN if d in hidden else 10 * v for d, v in rates.items()],
            "denominator": 1000.0,
            "suppressed": [d in hidden for d in rates],
            "definition": definition,
        }
    )


def test_dimensions_are_ordered_by_how_far_they_lie_above_the_parent():
    own = profile({"health": 2.0, "living": 3.0, "education": 9.0, "income": 5.0}, hidden={"living"})
    parent = profile({"health": 1.0, "living": 3.0, "education": 8.5, "income": 6.0})
    country = profile({"health": 0.5, "living": 3.0, "education": 8.0, "income": 0.0})
    rows = deprivation(own, parent, country)
    assert rows["indicator"].tolist() == [
        f"target_{d}_rate" for d in ("health", "education", "income", "living")
    ]
    assert rows["gap"].tolist()[:3] == [1.0, 0.5, -1.0] and math.isnan(rows["gap"][3])
    assert rows["times"].tolist()[:2] == [2.0, pytest.approx(9 / 8.5)]
    assert rows["hidden"].tolist() == [False, False, False, True]
    assert rows["country_rate"].tolist() == [0.5, 8.0, 0.0, 3.0]
    assert rows["count"].tolist()[:3] == [20, 90, 50]
    # Without a parent, or under another definition of it, the highest rate comes first and nothing is called above.
    for alone in (deprivation(own, None, None), deprivation(own, parent.assign(definition="b"), country)):
        assert alone["indicator"].iloc[0] == "target_education_rate"
        assert alone["gap"].isna().all() and alone["times"].isna().all()


def test_a_parent_of_zero_has_no_multiple():
    rows = deprivation(profile({"income": 1.0}), profile({"income": 0.0}), None)
    assert rows["gap"].tolist() == [1.0] and rows["times"].isna().all()


def test_combinations_are_complete_sorted_and_without_nobody():
    cells = dict.fromkeys(MASKS, 0.0) | {"00010": 70.0, "01000": 5.0, "11000": 5.0, "11111": NAN}
    found = combinations(cells, {"11111"}, 90)
    assert [c.mask for c in found] == ["00010", "01000", "11000", "11111"]
    assert [c.persons for c in found] == [70, 5, 5, None] and found[0].share == pytest.approx(100 * 70 / 90)
    assert found[0].dimensions == ("income",) and found[3].dimensions == DIMENSIONS
    assert found[3].share is None
    # One mask that is simply not there could be the largest.
    assert combinations(cells, set(), 90) == []
    assert combinations({k: v for k, v in cells.items() if k != "00010"}, {"11111"}, 90) == []
    assert combinations(cells, {"11111"}, None)[0].share is None


@given(st.tuples(*[st.integers(0, 50)] * 5).filter(any))
def test_the_share_failing_several_lies_within_the_bounds_of_the_mean(exactly):
    total = sum(exactly)
    mean = sum(k * n for k, n in enumerate(exactly, 1)) / total
    low, high = several_bounds(mean)
    assert low - 1e-9 <= 100 * sum(exactly[1:]) / total <= high + 1e-9


def test_the_bounds_are_reached():
    for mean, exactly in ((1.4, (90, 0, 0, 0, 10)), (1.4, (60, 40, 0, 0, 0))):
        share = 100 * sum(exactly[1:]) / sum(exactly)
        assert any(share == pytest.approx(edge) for edge in several_bounds(mean))
    assert all(
        0 <= a <= b <= 100
        for a, b in itertools.starmap(lambda m: several_bounds(m), [(1.0,), (5.0,), (3.0,)])
    )
