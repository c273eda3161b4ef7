"""The Alkire-Foster engine: the worked example, laws every such index obeys, and another program on the same persons."""

import itertools
from fractions import Fraction

import hypothesis.strategies as st
import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from mpitb.core import MPIToolbox

from analytics.alkire_foster import (
    Bootstrap,
    Design,
    TableError,
    count_profiles,
    decomposition,
    estimate,
    measures,
    missing_cost,
    profiles,
    roll_up,
)
from analytics.mpi_measures import BANDS, MEASURES
from analytics.mpi_specs import load_spec, read_spec
from tests.mpi_tables import ACHIEVEMENTS, counted, every, one, spec_of

EXAMPLE = load_spec("af_example")
# A seed cannot be made simpler, so nothing is shrunk.
LEAN = settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate))
# Weights whose sums float arithmetic gets wrong: ten times 1/10, and sixths with eighteenths.
GLOBAL = {
    "health": dict.fromkeys("ab", "1/6"),
    "education": dict.fromkeys("cd", "1/6"),
    "living": dict.fromkeys("fghijk", "1/18"),
}


def people(rows: int, columns: str, seed: int, share: float = 0.35) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(random.random((rows, len(columns))) < share, columns=list(columns)).astype("int8")


# -- the worked example -------------------------------------------------------


@pytest.mark.parametrize("way", ["profiles", "direct"])
@pytest.mark.parametrize(
    ("k", "h", "a", "m0", "censored", "percent"),
    [
        ("1/4", 0.75, 0.583333, 0.4375, [0.25, 0.75, 0.25, 0.5], [14.2857, 42.8571, 14.2857, 28.5714]),
        ("union", 0.75, 0.583333, 0.4375, [0.25, 0.75, 0.25, 0.5], [14.2857, 42.8571, 14.2857, 28.5714]),
        ("2/4", 0.5, 0.75, 0.375, [0.25, 0.5, 0.25, 0.5], [100 / 6, 100 / 3, 100 / 6, 100 / 3]),
        ("3/4", 0.25, 1.0, 0.25, [0.25] * 4, [25.0] * 4),
        ("intersection", 0.25, 1.0, 0.25, [0.25] * 4, [25.0] * 4),
    ],
)
def test_the_worked_example_at_every_cut_off(way, k, h, a, m0, censored, percent):
    if way == "profiles":
        result = measures(counted(ACHIEVEMENTS, EXAMPLE), EXAMPLE, k)
    else:
        result = estimate(ibis.memtable(ACHIEVEMENTS), EXAMPLE, k=k)
    assert [one(result, m) for m in ("n", "H", "A", "M0")] == pytest.approx([4, h, a, m0], abs=1e-6)
    assert every(result, "uncensored") == [0.25, 0.75, 0.25, 0.5]
    assert every(result, "censored") == censored
    assert every(result, "contribution_percent") == pytest.approx(percent, abs=1e-4)
    assert every(result, "contribution_absolute") == [c / 4 for c in censored]
    assert every(result, "dimension_percent") == every(result, "contribution_percent")


def test_the_worked_example_with_weights_and_its_gaps():
    weighted = measures(
        counted(ACHIEVEMENTS, EXAMPLE), EXAMPLE, "2/4", {"x1": 2, "x2": 1, "x3": 0.5, "x4": 0.5}
    )
    assert [one(weighted, m) for m in ("H", "A", "M0")] == [0.25, 1.0, 0.25]
    assert every(weighted, "contribution_percent") == [50.0, 25.0, 12.5, 12.5]
    gaps = estimate(ibis.memtable(ACHIEVEMENTS), EXAMPLE, only=["G", "M1", "S", "M2"])
    assert gaps["value"].tolist() == pytest.approx(
        [0.548076923, 0.205528846, 0.441218771, 0.165457039], abs=1e-9
    )
    assert gaps["se"].isna().all() and gaps["low"].isna().all()


def test_where_more_is_worse_the_cut_off_itself_is_no_deprivation_and_gaps_end_at_the_worst():
    minutes = EXAMPLE.entry.replace(
        'value = 13, deprived = "below"', 'value = 30, deprived = "above", worst = 120'
    )
    spec = read_spec(minutes).with_k("1/4")
    frame = pd.DataFrame(
        {"x1": [30, 75, 120, 500], "x2": 12, "x3": 3, "x4": 1}
    )  # the others are at their cut-offs
    result = estimate(ibis.memtable(frame), spec)
    assert one(result, "H") == 0.75
    assert one(result, "M1") == pytest.approx((0.5 + 1 + 1) / 4 / 4)
    assert one(result, "M2") == pytest.approx((0.25 + 1 + 1) / 4 / 4)
    assert one(measures(counted(frame, spec), spec), "H") == 0.75


def test_the_distribution_of_scores_and_who_is_vulnerable_or_severe():
    spec = spec_of(
        {"all": dict.fromkeys("abcde", "1/5")}, k="2/5", extra='vulnerable_from = "1/5"\nsevere_from = "4/5"'
    )
    frame = pd.DataFrame(
        np.tril(np.ones((6, 5)), -1).astype("int8"), columns=list("abcde")
    )  # scores 0, 1/5, ... 1
    result = measures(counted(frame, spec), spec)
    bands = {band: one(result, f"score_{band}") for band in BANDS}
    assert {band for band, share in bands.items() if share} == {0, 20, 40, 60, 80, 100}
    assert sum(bands.values()) == pytest.approx(1)
    assert [one(result, m) for m in ("vulnerable", "severe")] == pytest.approx([1 / 6, 2 / 6])


# -- no rounding decides who is poor -------------------------------------------


def test_a_score_equal_to_k_is_poor_whatever_floats_make_of_the_sum():
    tenths = spec_of({"all": dict.fromkeys("abcdefghij", "1/10")}, k="3/10")
    exact = pd.DataFrame([[1] * 3 + [0] * 7], columns=list("abcdefghij"))
    assert 0.1 + 0.1 + 0.1 > 0.3 and 0.1 * 3 != 3 / 10  # what a sum of floats would be compared with
    for count in range(1, 11):
        row = pd.DataFrame([[1] * count + [0] * (10 - count)], columns=list("abcdefghij"))
        counts = count_profiles(counted(row, tenths))
        for k in range(1, 11):
            for written in (k / 10, f"{k}/10", f"{k * 10} %", sum([0.1] * k)):
                result = measures(counts, tenths, written, only=["H"])
                assert one(result, "H") == float(count >= k), (count, written)
    both = [measures(counted(exact, tenths), tenths), estimate(ibis.memtable(exact), tenths)]
    assert [one(r, "H") for r in both] == [1.0, 1.0]


@pytest.mark.parametrize("k", ["1/3", 1 / 3, "6/18"])
def test_six_eighteenths_are_a_third(k):
    spec = spec_of(GLOBAL)
    # Scores of 6/18, 6/18, 3/18 + 3/18 and, too few, 3/18 + 2/18.
    texts = ("0000111111", "1100000000", "1000111000", "1000110000")
    rows = pd.DataFrame([[int(c) for c in t] for t in texts], columns=list("abcdfghijk"))
    assert one(measures(counted(rows, spec), spec, k), "H") == 0.75
    assert one(measures(counted(rows, spec), spec, "33.4 %"), "H") == 0.0
    assert one(estimate(ibis.memtable(rows), spec, k=k), "H") == 0.75


@pytest.mark.parametrize("rule", ["drop", "reweight"])
def test_weights_of_nine_digits_overflow_nothing(rule):
    spec = spec_of({"all": dict.fromkeys("abcd", "1/4")}, k="499999999/1000000000", missing=rule)
    spec = spec.with_weights({"a": 249_999_999, "b": 250_000_001, "c": 250_000_007, "d": 249_999_973})
    assert spec.whole_weights[1] > 2**29
    frame = people(30, "abcd", 4, 0.5).assign(weight=10**6)
    sums, direct = measures(counted(frame, spec), spec), estimate(ibis.memtable(frame), spec)
    assert one(sums, "H") not in (0.0, 1.0)
    assert direct["value"].to_numpy() == pytest.approx(sums["value"].to_numpy(), rel=1e-12)


# -- another program ------------------------------------------------------------


@LEAN
@given(st.integers(0, 10**6), st.integers(1, 99), st.floats(0.05, 0.9))
def test_the_package_mpitb_finds_the_same(seed, k, share):
    spec = spec_of(
        {"health": {"a": "1/4", "b": "1/4"}, "living": {"c": "1/8", "d": "1/8", "e": "1/8", "f": "1/8"}},
        k=f"{k} %",
    )
    frame = people(60, "abcdef", seed, share)
    frame["weight"] = np.random.default_rng(seed + 1).random(60) + 0.1
    peer = MPIToolbox()
    peer.set(name="s", dimensions=[(["a", "b"], "h"), (["c", "d", "e", "f"], "l")])
    peer.svyset(weight="weight")
    found = pd.DataFrame(peer.est(frame.copy(), "s", [k], svy=True))
    result = measures(counted(frame, spec), spec)
    for ours, theirs in (("H", "H"), ("A", "A"), ("M0", "M0")):
        value = found.loc[found["measure"] == theirs, "b"].iloc[0]
        # Where nobody is poor the package says that their intensity is 0.
        assert np.nan_to_num(one(result, ours)) == pytest.approx(value, abs=1e-9)
    for ours, theirs, scale in (
        ("uncensored", "hd", 1), ("censored", "hdk", 1),
        ("contribution_absolute", "actb", 1), ("contribution_percent", "pctb", 100),
    ):  # fmt: skip
        value = found.loc[found["measure"] == theirs, "b"].to_numpy() * scale
        assert np.nan_to_num(every(result, ours)) == pytest.approx(value, abs=1e-9)


# -- laws ------------------------------------------------------------------------


@LEAN
@given(
    st.integers(0, 10**6),
    st.sampled_from(["drop", "reweight", "not_deprived"]),
    st.sampled_from(["1/3", "1/2", "union"]),
)
def test_both_ways_agree_for_each_rule_of_missing_values(seed, rule, k):
    spec = spec_of(GLOBAL, k, rule, extra='vulnerable_from = "1/5"\nsevere_from = "1/2"')
    random = np.random.default_rng(seed)
    frame = people(50, "abcdfghijk", seed).astype("Int8")
    frame = frame.mask(random.random(frame.shape) < 0.05).mask(random.random(frame.shape) < 0.1, 2)
    frame.iloc[0] = pd.NA
    frame["group"] = random.integers(0, 3, 50)
    frame["weight"] = random.integers(1, 6, 50)
    table = ibis.memtable(frame)
    sums = measures(profiles(table, spec, ["group"]), spec)
    direct = estimate(table, spec, ["group"])[sums.columns]
    # Whole numbers first, one division last: not close, but the same, unless scores are shares.
    pd.testing.assert_frame_equal(sums, direct, check_exact=rule != "reweight", rtol=1e-12, check_dtype=False)


@LEAN
@given(st.integers(0, 10**6), st.sampled_from(["1/6", "1/3", "1/2", "union"]))
def test_decomposition_adds_up(seed, k):
    spec = spec_of(GLOBAL, k)
    frame = people(80, "abcdfghijk", seed).assign(group=np.arange(80) % 7, weight=np.arange(80) % 4 + 1)
    by_group = count_profiles(counted(frame, spec, ("group",)))
    parts = decomposition(by_group, spec)
    whole = measures(counted(frame, spec), spec)
    m0 = one(whole, "M0")
    assert parts["contribution_absolute"].sum() == pytest.approx(m0, abs=1e-14)
    assert (parts["population_share"] * parts["M0"]).to_numpy() == pytest.approx(
        parts["contribution_absolute"].to_numpy()
    )
    assert parts["contribution_percent"].sum() == pytest.approx(100)
    assert parts["population"].sum() == one(whole, "n") == frame["weight"].sum()
    assert one(whole, "H") * one(whole, "A") == pytest.approx(m0, abs=1e-14)
    for part in ("contribution", "dimension"):
        assert sum(every(whole, f"{part}_absolute")) == pytest.approx(m0, abs=1e-14)
        assert sum(every(whole, f"{part}_percent")) == pytest.approx(100)
    poor = measures(by_group, spec, only=["poor"])["value"]
    assert poor.sum() == one(whole, "poor")


@LEAN
@given(st.integers(0, 10**6), st.sampled_from(["drop", "reweight", "not_deprived"]))
def test_a_higher_cut_off_finds_fewer_poor_who_are_poorer(seed, rule):
    spec = spec_of(GLOBAL, missing=rule)
    frame = people(60, "abcdfghijk", seed).astype("Int8")
    frame = frame.mask(np.random.default_rng(seed).random(frame.shape) < 0.03)
    counts = count_profiles(counted(frame, spec))
    results = [
        measures(counts, spec, Fraction(n, 18), only=["H", "A", "M0", "censored"]) for n in range(1, 19)
    ]
    for lower, higher in itertools.pairwise(results):
        assert one(higher, "H") <= one(lower, "H")
        assert one(higher, "M0") <= one(lower, "M0") + 1e-14
        assert not one(higher, "A") < one(lower, "A") - 1e-12  # NaN where nobody is poor
        assert (np.array(every(higher, "censored")) <= np.array(every(lower, "censored"))).all()


@LEAN
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(0, 9), min_size=10, max_size=10).filter(any),
    st.integers(2, 9),
)
def test_only_proportions_of_weights_count_and_persons_may_change_places_or_be_doubled(seed, weights, times):
    spec = spec_of(GLOBAL)
    frame = people(40, "abcdfghijk", seed)
    given_weights = dict(zip("abcdfghijk", weights, strict=True))
    base = measures(counted(frame, spec), spec, weights=given_weights)
    scaled = measures(
        counted(frame, spec), spec, weights={key: w * times for key, w in given_weights.items()}
    )
    pd.testing.assert_frame_equal(base, scaled)
    shuffled = measures(
        counted(frame.sample(frac=1, random_state=seed % 2**31), spec), spec, weights=given_weights
    )
    pd.testing.assert_frame_equal(base, shuffled)
    many = measures(counted(pd.concat([frame] * times), spec), spec, weights=given_weights)
    share = ~base["measure"].isin(["n", "poor"])
    np.testing.assert_allclose(many.loc[share, "value"], base.loc[share, "value"], rtol=1e-14)
    as_weight = measures(counted(frame.assign(weight=times), spec), spec, weights=given_weights)
    np.testing.assert_array_equal(as_weight["value"], many["value"])


@LEAN
@given(st.integers(0, 10**6))
def test_gains_where_nobody_is_deprived_or_poor_change_nothing_and_losses_of_the_poor_do(seed):
    spec = EXAMPLE.with_k("2/4")
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.uniform(0, 2, (30, 4)) * [13, 12, 3, 1], columns=["x1", "x2", "x3", "x4"])
    frame.loc[0] = [1.0, 1.0, 9.0, 9.0]  # somebody poor, whatever the seed
    cuts = np.array([13, 12, 3, 1])
    only = ["H", "M0", "M1", "M2"]
    base = estimate(ibis.memtable(frame), spec, only=only)["value"].to_numpy()
    deprived = frame.to_numpy() < cuts
    poor = deprived.sum(axis=1) >= 2
    richer = frame.where(deprived, frame + 5)  # deprivation focus
    richer.loc[~poor] += 1.0  # poverty focus: those not poor, in whatever they lack
    assert estimate(ibis.memtable(richer), spec, only=only)["value"].to_numpy() == pytest.approx(base)
    at = np.argwhere(~deprived & poor[:, None])[0]
    worse = frame.copy()
    worse.iloc[at[0], at[1]] = cuts[at[1]] / 2  # dimensional monotonicity
    after = estimate(ibis.memtable(worse), spec, only=only)["value"].to_numpy()
    assert after[0] == base[0] and (after[1:] > base[1:]).all()
    deeper = frame.where(~deprived, frame * 0.9)
    after = estimate(ibis.memtable(deeper), spec, only=only)["value"].to_numpy()
    assert after[:2] == pytest.approx(base[:2]) and (after[2:] > base[2:]).all()


def test_indicators_that_weigh_nothing_make_nobody_poor_under_the_union():
    spec = spec_of({"all": {"a": 1, "b": 1}}, k="union")
    counts = counted(pd.DataFrame({"a": [1, 0, 0], "b": [0, 1, 0]}), spec)
    assert one(measures(counts, spec), "H") == pytest.approx(2 / 3)
    assert one(measures(counts, spec, weights={"a": 1, "b": 0}), "H") == pytest.approx(1 / 3)


# -- missing, not applicable, odd values ------------------------------------------

HOLED = pd.DataFrame(
    {"a": [1, 1, None, None, 2, 9], "b": [1, 0, 1, None, 1, 0], "weight": [1, 2, 3, 4, 5, 6]}
)


@pytest.mark.parametrize(
    ("rule", "n", "poor", "m0", "left_out"),
    [
        # Whole rows: 1, 2 and 5; of them 1 (both) and, with half the weight, 2 and 5.
        ("drop", 8, 8, (1 * 1 + 2 * 0.5 + 5 * 0.5) / 8, 3),
        # 3 lacks a and is deprived in all that is known of it; 6 says 9 in a, which is no state.
        ("reweight", 17, 11, (1 * 1 + 2 * 0.5 + 3 * 1 + 5 * 0.5) / 17, 1),
        ("not_deprived", 21, 11, (1 * 1 + 2 * 0.5 + 3 * 0.5 + 5 * 0.5) / 21, 0),
    ],
)
def test_the_rule_for_missing_values_decides_and_its_cost_is_told(rule, n, poor, m0, left_out):
    spec = spec_of({"all": {"a": 1, "b": 1}}, k="1/2", missing=rule)
    counts = counted(HOLED, spec)
    result = measures(counts, spec)
    assert (one(result, "n"), one(result, "poor")) == (n, poor)
    assert one(result, "M0") == pytest.approx(m0)
    cost = missing_cost(counts, spec).set_index("indicator")
    assert cost["rows"].to_dict() == {"": 3, "a": 3, "b": 1}
    assert cost["weight"].to_dict() == {"": 13, "a": 13, "b": 4}
    assert cost.loc["", "left_out"] == left_out
    assert cost.loc["a", "weight_share"] == pytest.approx(13 / 21)
    assert cost.loc["", "rows_share"] == 0.5


def test_uncensored_headcounts_under_reweight_are_of_those_known():
    spec = spec_of({"all": {"a": 1, "b": 1}}, k="1/2", missing="reweight")
    result = measures(counted(HOLED, spec), spec)
    assert one(result, "uncensored", "a") == pytest.approx(3 / 8)
    assert one(result, "uncensored", "b") == pytest.approx(9 / 17)


def test_not_applicable_is_no_deprivation_or_a_missing_value_as_the_specification_says():
    for meaning, n in (("not_deprived", 8), ("missing", 3)):
        spec = spec_of({"all": {"a": 1, "b": 1}}, missing="drop", not_applicable=meaning)
        assert one(measures(counted(HOLED, spec), spec), "n") == n


def test_truths_floats_and_achievements_with_holes_are_read_like_states():
    spec = spec_of({"all": {"a": 1, "b": 1}}, k="1/2")
    frame = pd.DataFrame({"a": pd.array([True, False, None], dtype="boolean"), "b": [0.0, 1.0, 0.5]})
    counts = counted(frame, spec)
    assert sorted(zip(counts["profile"], counts["missing"], strict=True)) == [(0, 3), (1, 0), (2, 0)]
    lacking = counted(ACHIEVEMENTS.astype("Float64").mask(ACHIEVEMENTS == 7), EXAMPLE)
    assert lacking["missing"].tolist().count(2) == 1 and lacking["profile"].max() == 15
    nan = ibis.memtable(ACHIEVEMENTS).mutate(
        x2=(ibis._.x2 == 7).ifelse(float("nan"), ibis._.x2.cast("float64"))
    )
    assert sorted(profiles(nan, EXAMPLE, []).to_pandas()["missing"]) == [0, 0, 0, 2]
    assert one(estimate(nan, EXAMPLE, only=["n", "M1"]), "n") == 3


# -- shapes --------------------------------------------------------------------------


def test_sixty_two_indicators_fit_and_give_the_same_both_ways():
    names = [f"i{n}" for n in range(62)]
    spec = spec_of({"all": dict.fromkeys(names, 1)}, k="1/2", missing="not_deprived")
    frame = pd.DataFrame(np.random.default_rng(3).integers(0, 2, (40, 62)), columns=names).astype("Int64")
    frame.loc[5] = pd.NA
    frame.loc[0] = 1
    counts = counted(frame, spec)
    assert counts["profile"].max() == counts["missing"].max() == 2**62 - 1
    pd.testing.assert_frame_equal(
        measures(counts, spec),
        estimate(ibis.memtable(frame), spec)[["measure", "indicator", "value", "n"]],
        check_dtype=False,
    )


def test_groups_weights_and_rows_are_kept_apart():
    spec = spec_of({"all": {"a": 1, "b": 1}}, k="union")
    frame = pd.DataFrame({
        "area_code": ["950101", "950101", "950102", "960101"], "sex": ["f", "m", "f", None],
        "a": [1, 0, 0, 1], "b": [1, 0, 1, 0], "weight": [2.5, 1.5, 1.0, 3.0],
    })  # fmt: skip
    result = measures(counted(frame, spec, ("area_code", "sex")), spec)
    assert list(result.columns) == ["area_code", "sex", "measure", "indicator", "value", "n"]
    assert one(result, "n", area_code="950101", sex="f") == 2.5
    assert one(result, "H", area_code="950101", sex="m") == 0.0
    assert np.isnan(one(result, "A", area_code="950101", sex="m"))
    assert result.loc[result["area_code"] == "960101", "sex"].isna().all()
    counts = counted(frame, spec, ("area_code",))
    later = counts[counts["area_code"] > "950101"].iloc[::-1]  # rows of a frame cut and turned around
    pd.testing.assert_frame_equal(
        measures(later, spec), measures(counts, spec).query("area_code > '950101'").reset_index(drop=True)
    )
    for length, codes in ((4, ["9501", "9601"]), (2, ["95", "96"]), (0, ["TH"])):
        larger = measures(roll_up(counts, length), spec)
        assert larger["area_code"].drop_duplicates().tolist() == codes
        assert larger.loc[larger["measure"] == "n", "value"].sum() == 8.0
    assert one(measures(roll_up(counts, 2), spec), "H", area_code="95") == pytest.approx(3.5 / 5)
    with pytest.raises(TableError, match="codes of 8 digits"):
        roll_up(counts, 8)


def test_a_household_a_row_weighs_as_many_as_its_members_exactly():
    spec = spec_of({"all": {"a": 1, "b": 1}}, k="union")
    households = pd.DataFrame({"a": [1, 0], "b": [0, 0], "members": [2**40 + 1, 2**40]})
    counts = counted(households, spec, weight="members")
    assert counts["weight"].dtype == np.int64
    result = measures(counts, spec)
    assert (one(result, "poor"), one(result, "n")) == (2**40 + 1, 2**41 + 1)
    assert result["n"].eq(2).all()


def test_a_group_of_which_nothing_is_known_has_no_shares():
    spec = spec_of({"all": {"a": 1, "b": 1}}, k="1/2", missing="reweight")
    frame = pd.DataFrame({"a": [1, 0, 1, None], "b": [1, 1, 0, None], "group": ["x", "x", "x", "y"]})
    table = ibis.memtable(frame)
    design = Design(stratum=None, cluster=None, weight=None)
    for result in (
        measures(profiles(table, spec, ["group"]), spec),
        estimate(table, spec, ["group"], design=design),
        estimate(table, spec, ["group"], design=design, bootstrap=Bootstrap(20, 1)),
    ):
        gone = result[result["group"] == "y"]
        assert gone["n"].eq(0).all() and one(gone, "n") == one(gone, "poor") == 0
        assert gone.loc[~gone["measure"].isin(["n", "poor"]), "value"].isna().all()
        assert one(result, "H", group="x") == 1.0


def test_an_empty_table_gives_no_rows_and_only_what_is_asked_for_is_worked_out():
    spec = spec_of({"all": {"a": 1, "b": 1}})
    empty = pd.DataFrame({"a": [1], "b": [1], "g": ["x"]}).iloc[:0]
    assert measures(counted(empty, spec, ("g",)), spec).empty
    design = Design(stratum="g", cluster=None, weight=None)
    for nobody in (
        measures(counted(empty, spec), spec),
        estimate(ibis.memtable(empty), spec),
        estimate(ibis.memtable(empty), spec, design=design),
    ):
        assert one(nobody, "n") == 0 and np.isnan(one(nobody, "H"))
    assert estimate(ibis.memtable(empty), spec, ["g"], design=design).empty
    counts = counted(people(5, "ab", 1), spec)
    assert measures(counts, spec, only=["H"])["measure"].tolist() == ["H"]
    assert set(measures(counts, spec)["measure"]) == set(MEASURES) - {"vulnerable", "severe"}


def test_what_cannot_be_worked_with_is_named():
    spec = spec_of({"all": {"a": 1, "b": 1}})
    table = ibis.memtable(pd.DataFrame({"a": [1], "persons": [1]}))
    with pytest.raises(TableError, match="also b, area_code") as told:
        profiles(table, spec)
    assert "ควรเป็น also b, area_code" in told.value.text("th")
    with pytest.raises(TableError, match="columns not called profile"):
        profiles(table, spec, ["persons"])
    own = ibis.memtable(pd.DataFrame({"a": [1], "b": [1], "score": [1]}))
    with pytest.raises(TableError, match="by: found score, expected columns with names of their own"):
        estimate(own, spec, ["score"])
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(TableError, match="weight: found a number below 0, or none"):
            measures(pd.DataFrame({"profile": [1], "missing": [0], "persons": [1], "weight": [wrong]}), spec)
    with pytest.raises(TableError, match="also missing, persons, weight"):
        measures(pd.DataFrame({"profile": [1]}), spec)
    with pytest.raises(TableError, match="some of n, poor, H"):
        measures(counted(people(5, "ab", 1), spec), spec, only=["h"])
    with pytest.raises(TableError, match="a cut_off for each indicator"):
        estimate(ibis.memtable(people(5, "ab", 1)), spec, only=["M1"])
