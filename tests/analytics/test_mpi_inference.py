"""Standard errors, intervals and changes: against formulas written out, against simulation, and at the edges."""

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analytics.alkire_foster import Bootstrap, Design, TableError, changes, estimate, measures
from analytics.mpi_specs import load_spec
from tests.mpi_tables import ACHIEVEMENTS, counted, every, one, spec_of

SPEC = spec_of({"all": dict.fromkeys("abcd", "1/4")}, k="1/2")
ROWS = Design(stratum=None, cluster=None, weight=None)


def sample(seed: int = 7, strata: int = 3, clusters: int = 8, size: int = 12) -> pd.DataFrame:
    """A stratified sample of clusters of unequal size whose members are alike, with unequal weights."""
    random = np.random.default_rng(seed)
    parts = []
    for stratum in range(strata):
        for cluster in range(clusters):
            rows = int(random.integers(size // 2, size + 1))
            level = np.clip(random.normal(0.4, 0.15), 0.05, 0.95)
            part = pd.DataFrame((random.random((rows, 4)) < level).astype("int8"), columns=list("abcd"))
            parts.append(part.assign(stratum=stratum, cluster=cluster, weight=random.uniform(0.5, 2.0, rows)))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(group=np.where(random.random(len(frame)) < 0.6, "x", "y"))


def written_out(frame: pd.DataFrame, top: np.ndarray, bottom: np.ndarray) -> tuple[float, float]:
    """A ratio and its linearised standard error, unit by unit, absent units as 0."""
    weight = frame["weight"].to_numpy()
    ratio = (weight * top).sum() / (weight * bottom).sum()
    z = weight * (top - ratio * bottom) / (weight * bottom).sum()
    units = frame.assign(z=z).groupby(["stratum", "cluster"])["z"].sum()
    variance = 0.0
    for _, inside in units.groupby(level=0):
        variance += len(inside) / (len(inside) - 1) * ((inside - inside.mean()) ** 2).sum()
    return ratio, variance**0.5


def test_linearised_errors_are_those_of_the_formula_for_all_and_for_a_subgroup():
    frame = sample()
    result = estimate(ibis.memtable(frame), SPEC, ["group"], design=Design())
    deprived = frame[list("abcd")].to_numpy()
    score = deprived.sum(axis=1) / 4
    for group in "xy":
        inside = (frame["group"] == group).to_numpy()
        poor = inside & (score >= 0.5)
        for measure, indicator, top, bottom, scale in (
            ("H", "", poor, inside, 1),
            ("A", "", score * poor, poor, 1),
            ("M0", "", score * poor, inside, 1),
            ("uncensored", "b", deprived[:, 1] * inside, inside, 1),
            ("contribution_percent", "c", deprived[:, 2] * poor / 4, score * poor, 100),
        ):
            ratio, error = written_out(frame, top.astype(float), bottom.astype(float))
            assert one(result, measure, indicator, group=group) == pytest.approx(ratio * scale)
            assert one(result, measure, indicator, "se", group=group) == pytest.approx(error * scale)
    assert result["df"].eq(21).all() and result["strata"].eq(3).all() and result["single_strata"].eq(0).all()


def test_of_single_draws_the_error_is_the_textbooks():
    frame = sample()
    result = estimate(ibis.memtable(frame), SPEC, design=ROWS, interval="normal")
    n, h = len(frame), one(result, "H")
    assert one(result, "H", column="se") == pytest.approx((h * (1 - h) / (n - 1)) ** 0.5)
    score = frame[list("abcd")].sum(axis=1) / 4
    assert one(result, "M0", column="se") == pytest.approx(stats.sem(score.where(score >= 0.5, 0.0)))
    reach = stats.t.ppf(0.975, n - 1) * one(result, "H", column="se")
    assert (one(result, "H", column="low"), one(result, "H", column="high")) == pytest.approx(
        (h - reach, h + reach)
    )
    # A number of persons has an error too; all that were drawn are certain.
    assert one(result, "poor", column="se") == pytest.approx(n * one(result, "H", column="se"))
    assert one(result, "n", column="se") == pytest.approx(0, abs=1e-9)


def test_a_census_has_the_same_values_and_no_errors():
    frame = sample()
    census = estimate(ibis.memtable(frame), SPEC, ["group"])
    drawn = estimate(ibis.memtable(frame), SPEC, ["group"], design=Design())
    assert census["value"].to_numpy() == pytest.approx(drawn["value"].to_numpy(), nan_ok=True)
    assert census[["se", "low", "high", "df"]].isna().all(axis=None)
    sums = measures(counted(frame, SPEC, ("group",)), SPEC)
    assert sums["value"].to_numpy() == pytest.approx(census["value"].to_numpy(), nan_ok=True)


def test_gaps_have_errors_too():
    frame = pd.concat([ACHIEVEMENTS] * 5, ignore_index=True)
    result = estimate(ibis.memtable(frame), load_spec("af_example"), design=ROWS, only=["M1", "G"])
    gap = np.array([0, 0, (0.5 / 13 + 2 / 12 + 2 / 3 + 1) / 4, 0] * 5)
    gap[1::4] = (5 / 12 + 1) / 4
    assert one(result, "M1", column="se") == pytest.approx(stats.sem(gap))
    assert one(result, "G", column="se") > 0


@pytest.mark.parametrize(("single", "adds"), [("centre", True), ("certainty", False)])
def test_a_stratum_of_one_unit_is_counted_and_treated_as_the_design_says(single, adds):
    frame = sample()
    alone = frame[(frame["stratum"] > 0) | (frame["cluster"] == 0)]
    result = estimate(ibis.memtable(alone), SPEC, design=Design(single=single), only=["H"])
    assert result["single_strata"].tolist() == [1] and result["df"].tolist() == [14]
    weight, poor = alone["weight"].to_numpy(), (alone[list("abcd")].sum(axis=1) >= 2).to_numpy()
    h = (weight * poor).sum() / weight.sum()
    z = (
        pd.Series(weight * (poor - h) / weight.sum())
        .groupby([alone["stratum"].to_numpy(), alone["cluster"].to_numpy()])
        .sum()
    )
    lonely = z.loc[0].iloc[0]
    variance = lonely**2 if adds else 0.0
    for stratum in (1, 2):
        variance += 8 / 7 * ((z.loc[stratum] - z.loc[stratum].mean()) ** 2).sum()
    assert one(result, "H", column="se") == pytest.approx(variance**0.5)


def test_a_stratum_of_one_unit_is_compared_with_the_units_of_all_groups():
    frame = sample().query("stratum > 0 or cluster == 0")
    # Group x has rows in the stratum of one unit and in one of eight; the eight of stratum 2 are of y alone.
    frame = frame.assign(group=np.where(frame["stratum"] == 2, "y", "x"))
    result = estimate(ibis.memtable(frame), SPEC, ["group"], design=Design(), only=["n"])
    weight = frame["weight"].where(frame["group"] == "x", 0.0)
    sums = weight.groupby([frame["stratum"], frame["cluster"]]).sum()
    assert len(sums) == 17
    variance = (sums.loc[0].iloc[0] - sums.sum() / 17) ** 2
    variance += 8 / 7 * ((sums.loc[1] - sums.loc[1].mean()) ** 2).sum()
    assert one(result, "n", column="se", group="x") == pytest.approx(variance**0.5)


@pytest.mark.parametrize("bootstrap", [None, Bootstrap(50)])
@pytest.mark.parametrize("single", ["centre", "certainty"])
def test_a_group_inside_strata_of_one_unit_has_no_error_and_its_change_is_not_certain(single, bootstrap):
    frame = pd.concat([sample(1).assign(year=2017), sample(2).assign(year=2021)])
    frame = frame[(frame["stratum"] > 0) | (frame["cluster"] == 0)]
    design = Design(stratum=("year", "stratum"), single=single)
    arguments = {"design": design, "bootstrap": bootstrap, "only": ["H", "poor"]}
    if bootstrap and single == "centre":
        with pytest.raises(TableError, match="one unit in 2 strata"):
            estimate(ibis.memtable(frame), SPEC, ["year", "stratum"], **arguments)
        return
    result = estimate(ibis.memtable(frame), SPEC, ["year", "stratum"], **arguments)
    alone = result["stratum"] == 0
    assert result.loc[alone, "df"].eq(0).all() and result.loc[alone, ["se", "low", "high"]].isna().all(
        axis=None
    )
    assert (result.loc[~alone, "se"] > 0).all()
    moved = changes(result, 2017, 2021)
    told = moved["stratum"] == 0
    assert moved.loc[told, "absolute"].abs().gt(0).any()
    assert moved.loc[told, ["absolute_se", "absolute_low", "relative_se", "p"]].isna().all(axis=None)
    assert moved.loc[~told, "p"].notna().all()


def test_a_stratum_of_one_unit_can_be_refused():
    alone = sample().query("stratum > 0 or cluster == 0")
    with pytest.raises(TableError, match=r"one unit in 1 strata, such as \{'stratum': 0\}"):
        estimate(ibis.memtable(alone), SPEC, design=Design(single="error"))


def test_shares_stay_between_0_and_1_and_a_share_of_0_still_has_an_upper_end():
    frame = pd.DataFrame({"a": [0] * 199 + [1], "b": 0, "c": 1, "d": 0})
    for interval in ("logit", "wilson"):
        result = estimate(ibis.memtable(frame), SPEC, design=ROWS, interval=interval)
        shares = result[
            ~result["measure"].isin(["n", "poor"])
            & ~result["measure"].str.endswith("_percent")
            & result["value"].notna()
        ]
        assert (shares["low"] >= 0).all() and (shares["high"] <= 1).all()
        assert (shares["low"] <= shares["value"]).all() and (shares["value"] <= shares["high"]).all()
        none = one(result, "uncensored", "b", "high")
        assert none == pytest.approx(stats.binomtest(0, 200).proportion_ci(method="wilson").high, rel=0.02)
        assert one(result, "uncensored", "b", "low") == 0.0
        assert one(result, "uncensored", "c", "low") == pytest.approx(1 - none)
    wilson = stats.binomtest(1, 200).proportion_ci(method="wilson")
    assert one(result, "H", column="low") == pytest.approx(wilson.low, rel=0.03)
    assert one(result, "H", column="high") == pytest.approx(wilson.high, rel=0.03)
    normal = estimate(ibis.memtable(frame), SPEC, design=ROWS, interval="normal", only=["H"])
    assert one(normal, "H", column="low") < 0
    percent = one(result, "contribution_percent", "a")
    assert (
        one(result, "contribution_percent", "a", "low")
        <= percent
        <= one(result, "contribution_percent", "a", "high")
        <= 100
    )


def test_intervals_cover_the_truth_as_often_as_they_say():
    random = np.random.default_rng(11)
    times, clusters, size = 400, 20, 10
    level = np.clip(random.normal(0.3, 0.12, (times, clusters)), 0, 1)
    truth = np.clip(np.random.default_rng(12).normal(0.3, 0.12, 10**6), 0, 1).mean()
    a = (random.random((times, clusters, size)) < level[:, :, None]).astype("int8").reshape(-1)
    of = np.indices((times, clusters, size)).reshape(3, -1)
    frame = pd.DataFrame({"a": a, "b": a, "c": 0, "d": 0, "draw": of[0], "cluster": of[1]})
    design = Design(stratum="draw", weight=None)
    for interval in ("logit", "normal", "wilson"):
        result = estimate(ibis.memtable(frame), SPEC, ["draw"], design=design, interval=interval, only=["H"])
        covered = ((result["low"] <= truth) & (truth <= result["high"])).mean()
        assert 0.91 <= covered <= 0.985, interval


def test_the_bootstrap_agrees_with_linearisation_and_repeats_itself():
    table = ibis.memtable(sample(clusters=15))
    only = ["H", "A", "M0", "contribution_percent"]
    straight = estimate(table, SPEC, ["group"], design=Design(), only=only)
    drawn = estimate(table, SPEC, ["group"], design=Design(), bootstrap=Bootstrap(2000, 1), only=only)
    assert drawn["value"].tolist() == straight["value"].tolist()
    assert (drawn["se"] / straight["se"]).between(0.9, 1.15).all()
    assert (drawn["low"] < drawn["value"]).all() and (drawn["value"] < drawn["high"]).all()
    again = estimate(table, SPEC, ["group"], design=Design(), bootstrap=Bootstrap(2000, 1), only=only)
    pd.testing.assert_frame_equal(drawn, again)
    other = estimate(table, SPEC, ["group"], design=Design(), bootstrap=Bootstrap(2000, 2), only=only)
    assert not np.array_equal(other["se"], drawn["se"])
    with pytest.raises(TableError, match="a design"):
        estimate(table, SPEC, bootstrap=Bootstrap())


def test_the_bootstrap_of_a_number_of_persons_is_right_where_strata_have_few_units():
    table, few = ibis.memtable(sample(strata=6, clusters=3)), {"design": Design(), "only": ["poor"]}
    straight, drawn = estimate(table, SPEC, **few), estimate(table, SPEC, bootstrap=Bootstrap(4000, 3), **few)
    assert one(drawn, "poor", column="se") == pytest.approx(one(straight, "poor", column="se"), rel=0.06)
    middle = (one(drawn, "poor", column="low") + one(drawn, "poor", column="high")) / 2
    assert middle == pytest.approx(one(drawn, "poor"), rel=0.05)


def test_changes_of_independent_samples_in_every_way():
    frame = pd.concat([sample(1).assign(year=2017), sample(2).assign(year=2021)])
    result = estimate(
        ibis.memtable(frame),
        SPEC,
        ["year", "group"],
        design=Design(stratum=("year", "stratum")),
        only=["H", "M0"],
    )
    moved = changes(result, 2017, 2021)
    first = result[(result["year"] == 2017) & (result["group"] == "x")]
    last = result[(result["year"] == 2021) & (result["group"] == "x")]
    (v0, s0), (v1, s1) = ((one(f, "M0"), one(f, "M0", column="se")) for f in (first, last))
    row = moved[(moved["group"] == "x") & (moved["measure"] == "M0")].iloc[0]
    error = np.hypot(s0, s1)
    assert (row["before"], row["after"], row["absolute"]) == pytest.approx((v0, v1, v1 - v0))
    assert (row["absolute_se"], row["annual_absolute_se"]) == pytest.approx((error, error / 4))
    assert (row["relative"], row["annual_absolute"]) == pytest.approx((v1 / v0 - 1, (v1 - v0) / 4))
    assert (1 + row["annual_relative"]) ** 4 == pytest.approx(v1 / v0)
    assert row["absolute_high"] - row["absolute_low"] == pytest.approx(2 * 1.959964 * error, rel=1e-6)
    assert row["p"] == pytest.approx(2 * stats.norm.sf(abs(v1 - v0) / error))
    # The delta method, against draws.
    random = np.random.default_rng(5)
    a, b = random.normal(v0, s0 / 10, 10**5), random.normal(v1, s1 / 10, 10**5)
    assert row["relative_se"] / 10 == pytest.approx((b / a).std(), rel=0.02)
    assert row["annual_relative_se"] / 10 == pytest.approx(((b / a) ** 0.25).std(), rel=0.02)


def test_changes_of_censuses_have_no_errors_and_none_from_nothing_is_no_share():
    before = pd.DataFrame({"a": [1, 0], "b": [1, 0], "c": 0, "d": 0, "year": 2017})
    after = pd.DataFrame({"a": [1, 1], "b": [1, 1], "c": [1, 0], "d": 0, "year": 2019})
    result = measures(counted(pd.concat([before, after]), SPEC, ("year",)), SPEC)
    moved = changes(result, 2017, 2019)
    assert "p" not in moved and "absolute_se" not in moved
    assert one(moved, "H", column="absolute") == 0.5 and one(moved, "H", column="relative") == 1.0
    assert one(moved, "H", column="annual_relative") == pytest.approx(2**0.5 - 1)
    assert one(moved, "uncensored", "c", "absolute") == 0.5
    assert np.isnan(one(moved, "uncensored", "c", "relative"))
    assert len(moved) == len(result) / 2
    with pytest.raises(TableError, match="a year after 2019"):
        changes(result, 2019, 2017)
    with pytest.raises(TableError, match="also 2018"):
        changes(result, 2017, 2018)
    with pytest.raises(TableError, match="also year"):
        changes(result.drop(columns="year"), 2017, 2019)


def test_rows_left_out_for_missing_values_keep_their_unit_in_the_design():
    frame = sample().astype(dict.fromkeys("abcd", "Int8"))
    gone = (frame["stratum"] == 1) & (frame["cluster"] == 3)
    frame.loc[gone, "a"] = pd.NA
    result = estimate(ibis.memtable(frame), SPEC, design=Design())
    assert one(result, "H", column="df") == 21 and one(result, "H", column="n") == (~gone).sum()
    kept = (~gone).to_numpy().astype(float)
    poor = (frame[list("abcd")].sum(axis=1) >= 2).to_numpy() * kept
    assert one(result, "H", column="se") == pytest.approx(written_out(frame, poor, kept)[1])
    assert every(result, "uncensored", "n") == [(~gone).sum()] * 4
