"""Hiding small counts: what leaks must be found, and what is shown after :func:`protect` must hold."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.catalogue import MASKS
from analytics.disclosure import (
    DisclosureError,
    Relation,
    Snapshot,
    Structure,
    audit,
    counts_table,
    find_primary,
    protect,
    tpmap_structure,
)
from analytics.disclosure.attack import settle
from analytics.disclosure.system import build

NOTHING = Structure()
SEXES = Structure((Relation({"all": 1, "women": -1, "men": -1}, equal=True),))


def tree_of(codes):
    """Parents by prefix: TH, then two digits a level."""
    return {c: None if c == "TH" else "TH" if len(c) == 2 else c[:-2] for c in codes}


def summed(leaves: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Table of subdistricts with their districts, provinces and country summed."""
    table = pd.DataFrame(leaves).T.astype(float)
    parts = [table]
    for width in (4, 2, 0):
        parts.append(table.groupby(lambda c, w=width: c[:w] or "TH").sum())
    return pd.concat(parts)


def hide(table, *cells):
    mask = pd.DataFrame(False, index=table.index, columns=table.columns)
    for area, indicator in cells:
        mask.loc[area, indicator] = True
    return mask


SMALL = {
    "010101": {"poor": 3}, "010102": {"poor": 40}, "010103": {"poor": 25},
    "010201": {"poor": 12}, "010202": {"poor": 30}, "010203": {"poor": 0},
    "020101": {"poor": 60}, "020102": {"poor": 17},
}  # fmt: skip


# ---------------------------------------------------------------- what must fail


def test_hiding_only_the_small_cell_is_found():
    table = summed(SMALL)
    result = audit(table, find_primary(table, NOTHING, 5), tree_of(table.index), NOTHING)
    assert not result.ok and result.exact == 1
    [finding] = result.details
    assert (finding.area, finding.low, finding.high) == ("010101", 3, 3)


def test_hiding_next_smallest_inside_the_tambon_is_found():
    # The tambon's own breakdown is balanced, but its total stays the only hidden one of its district.
    leaves = {
        "010101": {"all": 4, "women": 3, "men": 1},
        "010102": {"all": 50, "women": 25, "men": 25},
        "010201": {"all": 44, "women": 30, "men": 14},
    }
    table = summed(leaves)
    greedy = hide(table, *itertools.product(["010101"], ["all", "women", "men"]))
    result = audit(table, greedy, tree_of(table.index), SEXES)
    assert not result.ok and result.exact == 3
    assert {f.indicator: f.low for f in result.details} == {"all": 4, "women": 3, "men": 1}


def test_a_breakdown_beside_its_total_is_found():
    leaves = {
        "010101": {"all": 30, "women": 27, "men": 3},
        "010102": {"all": 50, "women": 25, "men": 25},
        "010103": {"all": 44, "women": 20, "men": 24},
    }
    table = summed(leaves)
    # Safe in the column of men alone, plain beside the total and the women.
    one = hide(table, ("010101", "men"), ("010103", "men"))
    assert audit(table[["men"]], one[["men"]], tree_of(table.index), NOTHING).ok
    result = audit(table, one, tree_of(table.index), SEXES)
    assert result.exact == 2
    assert protect(table, tree_of(table.index), SEXES).audit.ok


def test_two_snapshots_that_differ_by_one_household_are_found():
    before = summed(
        {"010101": {"poor": 4}, "010102": {"poor": 9}, "010103": {"poor": 25}, "010201": {"poor": 50}}
    )
    after = before.copy()
    after.loc[["010101", "0101", "01", "TH"]] += 2
    tree = tree_of(before.index)
    first = hide(before, ("010101", "poor"), ("010102", "poor"))
    assert audit(before, first, tree, NOTHING).ok
    # Each snapshot is in order for itself; side by side the second one gives the first one's cell away.
    second = hide(after)
    assert audit(after, second, tree, NOTHING).ok
    assert not audit(after, second, tree, NOTHING, previous=Snapshot(before, first)).ok
    chosen = protect(after, tree, NOTHING, previous=Snapshot(before, first))
    assert chosen.audit.ok and chosen.hidden.loc["010101", "poor"]
    assert audit(after, chosen.hidden, tree, NOTHING, previous=Snapshot(before, first)).ok


def test_a_cell_that_becomes_small_beside_unchanged_ones():
    before = summed(
        {"010101": {"poor": 6}, "010102": {"poor": 9}, "010201": {"poor": 25}, "010202": {"poor": 5}}
    )
    after = before.copy()
    after.loc[["010101", "0101", "01", "TH"]] -= 2
    tree = tree_of(before.index)
    previous = Snapshot(before, hide(before))
    # Whoever kept the former snapshot knows the brother, so hiding the brother hides nothing.
    naive = hide(after, ("010101", "poor"), ("010102", "poor"))
    assert audit(after, naive, tree, NOTHING).ok
    assert audit(after, naive, tree, NOTHING, previous=previous).exact == 1
    chosen = protect(after, tree, NOTHING, previous=previous)
    assert chosen.audit.ok and not chosen.hidden.loc["010102", "poor"]


def test_the_same_snapshot_again_hides_the_same():
    table = summed(SMALL)
    first = protect(table, tree_of(table.index), NOTHING)
    again = protect(table, tree_of(table.index), NOTHING, previous=Snapshot(table, first.hidden))
    assert again.hidden.equals(first.hidden) and again.audit.ok


def test_what_was_already_shown_is_told_and_not_blamed():
    table = summed(SMALL)
    tree = tree_of(table.index)
    chosen = protect(table, tree, NOTHING, previous=Snapshot(table, hide(table)))
    assert chosen.hidden.loc["010101", "poor"] and chosen.already_public.loc["010101", "poor"]
    assert chosen.already_public.to_numpy().sum() == 1


# ---------------------------------------------------------------- what is hidden


def test_the_smallest_brother_goes_with_the_small_cell():
    table = summed(SMALL)
    chosen = protect(table, tree_of(table.index), NOTHING)
    assert chosen.audit.ok
    assert list(chosen.hidden.index[chosen.hidden["poor"]]) == ["010101", "010103"]
    assert chosen.primary.to_numpy().sum() == chosen.secondary.to_numpy().sum() == 1
    assert chosen.report[chosen.report["depth"] == 3][["cells", "primary", "secondary"]].values.tolist() == [
        [8, 1, 1]
    ]


def test_zero_is_shown_and_never_hidden():
    table = summed(SMALL)
    assert not protect(table, tree_of(table.index), NOTHING, 20).hidden.loc["010203", "poor"]


def test_a_lone_small_cell_takes_its_parents_along():
    leaves = {"010101": {"poor": 3}, "010201": {"poor": 30}, "010202": {"poor": 11}, "020101": {"poor": 60}}
    chosen = protect(summed(leaves), tree_of(summed(leaves).index), NOTHING)
    assert chosen.audit.ok
    assert chosen.hidden.loc[["010101", "0101"], "poor"].all() and not chosen.hidden.loc["010201", "poor"]


def test_everybody_of_a_group_is_hidden_with_the_group():
    structure = Structure((Relation({"poor": 1, "persons": -1}),), (("poor", "persons"),))
    leaves = {
        "010101": {"poor": 40, "persons": 40}, "010102": {"poor": 20, "persons": 90},
        "010103": {"poor": 31, "persons": 200}, "010201": {"poor": 50, "persons": 300},
    }  # fmt: skip
    table = summed(leaves)
    chosen = protect(table, tree_of(table.index), structure)
    assert chosen.audit.ok and chosen.primary.loc["010101"].all()


def test_a_table_that_cannot_be_protected_is_refused():
    # Three of seven, exactly, and the seven were shown before: nothing is left that could be hidden.
    table = pd.DataFrame({"x": [3.0], "y": [7.0]}, index=["TH"])
    ties = Structure((Relation({"x": 7, "y": -3}, equal=True),))
    before = table[["y"]]
    with pytest.raises(DisclosureError):
        protect(table, {"TH": None}, ties, previous=Snapshot(before, before < 0))


@pytest.mark.parametrize("wrong", [-1.0, 2.5])
def test_only_whole_counts(wrong):
    table = summed(SMALL)
    table.loc["010101", "poor"] = wrong
    with pytest.raises(ValueError, match="whole"):
        protect(table, tree_of(table.index), NOTHING)


def test_no_data_is_no_cell():
    table = summed(SMALL)
    table["more"] = np.nan
    chosen = protect(table, tree_of(table.index), NOTHING)
    assert not chosen.hidden["more"].any() and chosen.audit.ok


def test_a_missing_child_gives_the_attacker_an_inequality_only():
    table = summed(SMALL).drop("010102")
    result = audit(table, hide(table, ("010101", "poor")), tree_of(table.index), NOTHING)
    assert result.ok  # 3 of the district's 68: between 1 and 43


def test_overlap_cells_with_their_totals():
    rng = np.random.default_rng(3)
    leaves = {}
    for code in ("010101", "010102", "010103", "010201", "010202"):
        cells = {f"overlap_cell_{m}": int(rng.poisson(6.0 / m.count("1") ** 2)) for m in MASKS}
        leaves[code] = cells | {"target_poor": sum(cells.values())}
        for place, name in enumerate(("health", "living", "education", "income", "access")):
            leaves[code][f"target_{name}"] = sum(n for c, n in cells.items() if c[13:][place] == "1")
    table = summed(leaves)
    tree, structure = tree_of(table.index), tpmap_structure()
    naive = audit(table, find_primary(table, structure, 5), tree, structure)
    assert not naive.ok
    chosen = protect(table, tree, structure)
    assert chosen.audit.ok and audit(table, chosen.hidden, tree, structure, seed=7).ok


def test_counts_table_takes_denominators_in():
    rows = [
        ("01", "failing_ind01", 3.0, 4.0),
        ("01", "happiness", 8.1, np.nan),
        ("01", "households", 9.0, np.nan),
    ]
    table = counts_table(
        pd.DataFrame(rows, columns=["area_code", "indicator", "value", "denominator"]),
        ["failing_ind01", "households"],
    )
    assert table.loc["01"].to_dict() == {"applicable_ind01": 4.0, "failing_ind01": 3.0, "households": 9.0}


# ---------------------------------------------------------------- random trees

BREAKDOWN = Structure(
    (
        Relation({"all": 1, "women": -1, "men": -1}, equal=True),
        Relation({"all": 1, "old": -1, "young": -1}, equal=True),
        Relation({"frail": 1, "old": -1}),
    )
)


@st.composite
def tables(draw):
    """Country, districts, subdistricts; two breakdowns of one total, and a part of a part."""
    leaves = {}
    for district in range(1, draw(st.integers(2, 3)) + 1):
        for area in range(1, draw(st.integers(2, 12)) + 1):
            women, men = draw(st.integers(0, 14)), draw(st.integers(0, 14))
            old = draw(st.integers(0, women + men))
            leaves[f"01{district:02}{area:02}"] = {
                "all": women + men, "women": women, "men": men, "old": old, "young": women + men - old,
                "frail": draw(st.integers(0, old)),
            }  # fmt: skip
    table = summed(leaves)
    return table.drop("TH")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_random_tables_are_protected(table):
    tree = tree_of(table.index) | {"01": None}
    chosen = protect(table, tree, BREAKDOWN)
    again = audit(table, chosen.hidden, tree, BREAKDOWN, seed=11)
    assert again.ok and again.exact == again.narrow == 0
    assert (find_primary(table, BREAKDOWN, 5) <= chosen.hidden).all().all()
    assert protect(table, tree, BREAKDOWN).hidden.equals(chosen.hidden)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_a_higher_minimum_never_shows_more(table):
    tree = tree_of(table.index) | {"01": None}
    previous = None
    for minimum in (3, 5, 8):
        hidden = protect(table, tree, BREAKDOWN, minimum, keep=previous).hidden
        if previous is not None:
            assert (previous <= hidden).all().all()
        previous = hidden


@st.composite
def tiny(draw):
    """Two areas under one, a total and two parts, and any cells hidden."""
    leaves = [[draw(st.integers(0, 4)) for _ in range(2)] for _ in range(2)]
    table = pd.DataFrame(
        [[sum(row), *row] for row in leaves],
        columns=["all", "women", "men"],
        index=["0101", "0102"],
        dtype=float,
    )
    table.loc["01"] = table.sum()
    mask = draw(st.lists(st.booleans(), min_size=9, max_size=9))
    return table, pd.DataFrame(np.array(mask).reshape(3, 3), index=table.index, columns=table.columns)


def by_hand(table, hidden, most=24):
    """Bounds of every hidden cell, by trying all tables of the two by two inner cells."""
    floor = 0 if (hidden & (table == 0)).any().any() else 1
    low, high = {}, {}
    for inner in itertools.product(range(most + 1), repeat=4):
        candidate = np.array([[inner[0] + inner[1], *inner[:2]], [inner[2] + inner[3], *inner[2:]]])
        candidate = np.vstack([candidate, candidate.sum(axis=0)])
        shown = ~hidden.to_numpy()
        if (candidate[shown] != table.to_numpy()[shown]).any() or (candidate[~shown] < floor).any():
            continue
        for at in zip(*np.nonzero(~shown), strict=True):
            low[at] = min(low.get(at, candidate[at]), candidate[at])
            high[at] = max(high.get(at, candidate[at]), candidate[at])
    return low, high


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tiny())
def test_the_attacker_agrees_with_trying_everything(case):
    table, hidden = case
    tree = {"0101": "01", "0102": "01", "01": None}
    minimum = 3
    low, high = by_hand(table, hidden, most=9)
    system = build(table, tree, SEXES)
    open_cells = hidden.to_numpy().ravel()
    known = settle(system, open_cells, minimum, exact=50)
    assert not known.undecided.any()
    for cell, narrow, least, top in zip(known.cells, known.narrow, known.low, known.high, strict=True):
        at = tuple(np.unravel_index(cell, hidden.shape))
        width = high[at] - low[at]
        if narrow:
            assert width < minimum and least <= low[at] and top >= high[at]
        else:
            assert width >= minimum
