"""Robustness of rankings by multidimensional poverty: against sums over single persons, and by its properties."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics import robustness as r
from analytics.alkire_foster import count_profiles, measures
from analytics.mpi_specs import load_spec

F = Fraction
EXAMPLE = [0b0000, 0b1010, 0b1111, 0b0010]
"""Profiles of the four persons of the worked example of Alkire and Foster."""


def by_hand(profiles: list[int], weights: list[F], k: F) -> tuple[F, F | None, F]:
    """H, A and M0 of single persons in exact fractions; k = 0 is the union."""
    total = sum(weights)
    scores = [sum((w for i, w in enumerate(weights) if p >> i & 1), F(0)) / total for p in profiles]
    poor = [c for c in scores if (c > 0 if k == 0 else c >= k and c > 0)]
    n = len(profiles)
    return F(len(poor), n), (sum(poor) / len(poor) if poor else None), sum(poor, F(0)) / n


SPECS = {4: "af_example", 5: "tpmap_dimensions", 17: "tpmap12"}


def counted(rows: dict[str, object], d: int) -> r.People:
    frame = pd.DataFrame({"missing": 0, **rows})
    return r.people(count_profiles(frame), load_spec(SPECS[d]))


def table(areas: dict[str, list[int]], d: int) -> r.People:
    rows = [(code, p) for code, profiles in areas.items() for p in profiles]
    codes, profiles = [c for c, _ in rows], [p for _, p in rows]
    return counted({"area_code": codes, "profile": profiles, "persons": 1, "weight": 1}, d)


@pytest.mark.parametrize(
    ("k", "h", "a", "m0"),
    [(1, 0.75, 0.583333333333, 0.4375), (2, 0.5, 0.75, 0.375), (3, 0.25, 1, 0.25), (4, 0.25, 1, 0.25)],
)
def test_the_worked_example_at_every_cut_off(k: int, h: float, a: float, m0: float) -> None:
    four = table({"a": EXAMPLE}, 4)
    one = r.setting([F(1, 4)] * 4, F(k, 4))
    found = [r.values(four, one, m).item() for m in ("H", "A", "M0")]
    assert found == pytest.approx([h, a, m0], abs=1e-12)


def test_the_worked_example_with_weights() -> None:
    four = table({"a": EXAMPLE}, 4)
    one = r.setting([F(2), F(1), F(1, 2), F(1, 2)], F(1, 2))
    assert [r.values(four, one, m).item() for m in ("H", "A", "M0")] == [0.25, 1.0, 0.25]


population = st.dictionaries(
    st.sampled_from([f"{i:02d}" for i in range(12)]),
    st.lists(st.integers(0, 31), min_size=1, max_size=12),
    min_size=2,
    max_size=7,
)
weight = st.lists(st.integers(0, 7), min_size=5, max_size=5).filter(any)
share = st.fractions(0, 1, max_denominator=60)


@settings(max_examples=60, deadline=None)
@given(areas=population, whole=weight, k=share)
def test_values_are_those_of_single_persons_exactly(
    areas: dict[str, list[int]], whole: list[int], k: F
) -> None:
    weights = [F(w) for w in whole]
    people = table(areas, 5)
    one = r.setting(weights, k)
    for measure, place in (("H", 0), ("A", 1), ("M0", 2)):
        found = r.values(people, one, measure)[0]  # type: ignore[arg-type]
        for code, value in zip(people.codes, found, strict=True):
            expected = by_hand(areas[code], weights, k)[place]
            # A quotient of whole numbers below 2 ** 53 is rounded once, so nothing but equality will do for H.
            if expected is None:
                assert np.isnan(value)
            else:
                assert value == pytest.approx(float(expected), rel=1e-14)


@settings(max_examples=40, deadline=None)
@given(areas=population, whole=weight, k=share, times=st.integers(2, 9))
def test_neither_the_scale_of_weights_nor_copies_of_everybody_change_anything(
    areas: dict[str, list[int]], whole: list[int], k: F, times: int
) -> None:
    weights = [F(w) for w in whole]
    people = table(areas, 5)
    copied = table({code: profiles * times for code, profiles in areas.items()}, 5)
    one, scaled = r.setting(weights, k), r.setting([w * F(times, 7) for w in weights], k)
    first = r.values(people, one)
    assert np.array_equal(first, r.values(people, scaled))
    assert first == pytest.approx(r.values(copied, one), rel=1e-14)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 4), min_size=7, max_size=7), min_size=1, max_size=6))
def test_ranks_and_worst_fifths_are_counted(rows: list[list[int]]) -> None:
    found = np.array(rows, dtype=float)
    places = r.ranks(found)
    for line, rank, worst in zip(found, places.rank, places.worst, strict=True):
        for value, place, in_worst in zip(line, rank, worst, strict=True):
            assert place == 1 + (line > value).sum()
            assert in_worst == (F(int((line < value).sum()), len(line)) >= F(4, 5))


def test_an_area_without_poor_people_is_never_among_the_worst() -> None:
    places = r.ranks(np.array([[np.nan] * 5, [0.0] * 5, [np.nan, 0.2, 0.1, 0.3, 0.4]]))
    assert not places.worst[:2].any() and places.worst[2].tolist() == [False, False, False, False, True]
    assert places.rank[2].tolist() == [5, 3, 4, 2, 1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=8, max_size=8),
    st.lists(st.lists(st.integers(1, 6), min_size=8, max_size=8), min_size=1, max_size=4),
)
def test_kendall_is_that_of_scipy_with_ties(base: list[int], orders: list[list[int]]) -> None:
    found = r.kendall(base, np.array(orders, dtype=np.int32))
    for tau, order in zip(found, orders, strict=True):
        with np.errstate(invalid="ignore"):
            expected = stats.kendalltau(base, order).statistic
        assert tau == pytest.approx(expected, abs=1e-12, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(areas=population, whole=weight)
def test_dominance_is_what_a_look_at_every_cut_off_says(
    areas: dict[str, list[int]], whole: list[int]
) -> None:
    weights = [F(w) for w in whole]
    people = table(areas, 5)
    lines = r.curves(people, r.setting(weights, F(0)))
    # All sums of weights there can be, not only those that somebody reaches.
    sums = {sum(c, F(0)) for n in range(1, 6) for c in itertools.combinations(weights, n)}
    cuts = sorted({s / sum(weights) for s in sums} - {F(0)})
    for curve, place in ((lines.heads, 0), (lines.adjusted, 2)):
        found = r.dominates(curve)
        pairs = 0
        for (i, a), (j, b) in itertools.permutations(enumerate(people.codes), 2):
            mine = [by_hand(areas[a], weights, k)[place] for k in cuts]
            other = [by_hand(areas[b], weights, k)[place] for k in cuts]
            expected = all(x >= y for x, y in zip(mine, other, strict=True)) and mine != other
            assert found[i, j] == expected, (a, b)
            pairs += expected
        n = len(people.codes)
        assert not found.diagonal().any()
        assert r.dominance_share(curve) == pytest.approx(pairs / (n * (n - 1) / 2))


@settings(max_examples=25, deadline=None)
@given(areas=population, seed=st.integers(0, 99))
def test_more_deprived_in_every_profile_is_more_often_the_worst(
    areas: dict[str, list[int]], seed: int
) -> None:
    # One area all of whose persons are deprived in everything, and four without any deprivation.
    crowd = areas | {"zz": [31], "xa": [0], "xb": [0], "xc": [0], "xd": [0], "xe": [0] * 3}
    people = table({c: p for c, p in crowd.items() if c == "zz" or 31 not in p}, 5)
    own = [F(1, 5)] * 5
    drawn = r.drawn(own, range(5), [F(0), F(1, 3), F(1)], 60, seed=seed, concentration=None)
    found = r.stability([people], drawn, r.setting(own, F(1, 3)))
    at = {code: i for i, code in enumerate(found.codes)}
    assert found.share[at["zz"]] == 1.0 and found.high[at["zz"]] == 1 and found.worst[at["zz"]]
    assert all(found.share[at[code]] == 0.0 for code in ("xa", "xb", "xc", "xd"))


def test_stability_is_the_sum_of_its_settings() -> None:
    rng = np.random.default_rng(5)
    years = [
        {f"{i:02d}": rng.integers(0, 32, 20).tolist() for i in range(11)},
        {f"{i:02d}": rng.integers(0, 32, 30).tolist() for i in range(1, 12)},
    ]
    tables = [table(areas, 5) for areas in years]
    own, groups = [F(1, 4), F(1, 4), F(1, 6), F(1, 6), F(1, 6)], [0, 0, 1, 1, 1]
    drawn = r.drawn(own, groups, [F(1, 5), F(1, 2)], 80, seed=3, years=2)
    assert set(drawn.years.tolist()) == {0, 1}
    base = r.setting(own, F(1, 3), 1)
    found = r.stability(tables, drawn, base)
    common = [f"{i:02d}" for i in range(1, 11)]
    assert found.codes == tuple(common) and found.settings == 80
    orders, worst = [], np.zeros(10)
    for weights, cut, year in zip(drawn.weights, drawn.cuts, drawn.years, strict=True):
        whole = [F(int(w)) for w in weights]
        m0 = [by_hand(years[year][c], whole, F(int(cut), int(sum(whole))))[2] for c in common]
        orders.append([1 + sum(x > y for x in m0) for y in m0])
        worst += [5 * sum(x < y for x in m0) >= 40 for y in m0]
    assert found.share.tolist() == (worst / 80).tolist()
    spread = np.sort(np.array(orders), axis=0)
    # At most a twentieth of 80 settings lies below the low place and above the high one.
    assert found.low.tolist() == spread[3].tolist() and found.high.tolist() == spread[75].tolist()
    ground = [by_hand(years[1][c], own, F(1, 3))[2] for c in common]
    assert found.rank.tolist() == [1 + sum(x > y for x in ground) for y in ground]
    expected = [stats.kendalltau(found.rank, order).statistic for order in orders]
    assert found.tau == pytest.approx(expected)


def test_drawn_weights_keep_proportions_inside_a_dimension_and_centre_on_the_specification() -> None:
    own, groups = [F(1, 2), F(1, 4), F(1, 12), F(1, 6), F(0)], [0, 0, 1, 1, 2]
    drawn = r.drawn(own, groups, [F(1, 3)], 3000, seed=11)
    assert (drawn.weights.sum(axis=1) == r.SCALE).all() and (drawn.weights == np.round(drawn.weights)).all()
    assert np.abs(drawn.weights[:, 0] - 2 * drawn.weights[:, 1]).max() <= 2
    assert np.abs(2 * drawn.weights[:, 2] - drawn.weights[:, 3]).max() <= 2
    assert (drawn.weights[:, 4] == 0).all()
    share = drawn.weights / r.SCALE
    assert share.mean(axis=0) == pytest.approx([float(w) for w in own], abs=0.01)
    # Of a dimension that weighs 3/4: sqrt(w (1 - w) / (concentration + 1)).
    assert (share[:, 0] + share[:, 1]).std() == pytest.approx((0.75 * 0.25 / 41) ** 0.5, rel=0.06)
    assert (drawn.cuts == -(-r.SCALE // 3)).all()
    again = r.drawn(own, groups, [F(1, 3)], 3000, seed=11)
    assert np.array_equal(again.weights, drawn.weights)
    assert not np.array_equal(r.drawn(own, groups, [F(1, 3)], 3000, seed=12).weights, drawn.weights)


def test_many_profiles_are_worked_off_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    people = table({"a": list(range(32)), "b": [3, 5, 0]}, 5)
    drawn = r.drawn([F(1, 5)] * 5, range(5), [F(1, 3)], 40, seed=1)
    whole = r.values(people, drawn, "A")
    monkeypatch.setattr(r, "_CHUNK", 100)
    assert np.array_equal(r.values(people, drawn, "A"), whole, equal_nan=True)


def test_curves_of_many_levels_stand_at_every_hundredth() -> None:
    people = table({"a": list(range(256)), "b": list(range(0, 256, 3))}, 17)
    lines = r.curves(people, r.setting([F(2**i) if i < 8 else F(0) for i in range(17)], F(0)))
    assert len(lines.k) == r.MOST_LEVELS and lines.k[-1] == 1.0
    assert (np.diff(lines.heads, axis=1) <= 0).all()
    assert lines.heads[0, -1] == 1 / 256 and lines.adjusted[0, -1] == 1 / 256


def test_persons_are_weighted_and_those_nobody_knows_of_are_left_out_where_the_specification_says_so() -> (
    None
):
    rows = {
        "area_code": ["a", "a", "b", "c"],
        "profile": [1, 3, 2, 0],
        "persons": 1,
        "weight": [2.5, 0.5, 1.0, 0.0],
    }
    plain = counted(rows, 5)
    assert plain.codes == ("a", "b") and plain.population.tolist() == [3.0, 1.0]
    whole = r.setting([F(1)] * 5, F(2, 5))
    assert r.values(plain, whole, "H")[0].tolist() == pytest.approx([0.5 / 3, 0.0])
    # The worked example's rule is to drop whoever lacks a value.
    lacking = counted({**rows, "missing": [4, 0, 0, 0]}, 4)
    assert lacking.population.tolist() == [0.5, 1.0]
    assert r.values(lacking, r.setting([F(1)] * 4, F(0)), "H")[0].tolist() == [1.0, 1.0]


@settings(max_examples=30, deadline=None)
@given(areas=population, whole=weight, k=share)
def test_values_are_those_of_the_engine(areas: dict[str, list[int]], whole: list[int], k: F) -> None:
    spec = load_spec("tpmap_dimensions")
    chosen = spec.with_weights(dict(zip([d.id for d in spec.dimensions], whole, strict=True)))
    chosen = chosen.with_k(k if k else "union")
    rows = [(code, p) for code, profiles in areas.items() for p in profiles]
    frame = pd.DataFrame(rows, columns=["area_code", "profile"]).assign(missing=0, persons=1, weight=1)
    engine = measures(count_profiles(frame), chosen, only=("H", "A", "M0"))
    people = r.people(count_profiles(frame), spec)
    for measure in ("H", "A", "M0"):
        found = r.values(people, r.setting([i.weight for i in chosen.indicators], k), measure)[0]
        expected = engine[engine["measure"] == measure].set_index("area_code")["value"]
        assert found == pytest.approx(expected[list(people.codes)].to_numpy(), rel=1e-13, nan_ok=True)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(r.RobustnessError, match="all 0"):
        r.setting([F(0), F(0)], F(1, 2))
    with pytest.raises(r.RobustnessError, match="sum to 1"):
        r.drawn([F(1, 2), F(1, 4)], [0, 1], [F(1, 2)], 5, seed=1)
    people = table({"a": [1]}, 4)
    with pytest.raises(r.RobustnessError, match="3 weights for 4"):
        r.values(people, r.setting([F(1)] * 3, F(0)))
    one = r.setting([F(1)] * 4, F(0))
    with pytest.raises(r.RobustnessError, match="no area"):
        r.stability([people, table({"b": [1]}, 4)], one, one)
    with pytest.raises(r.RobustnessError, match="1 years"):
        r.stability([people], one, r.setting([F(1)] * 4, F(0), year=1))
