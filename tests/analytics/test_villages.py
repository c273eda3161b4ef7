"""Levels and shares of villages on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.village_specs import read_spec, shipped_specs
from analytics.villages import MISSING, Matrix, domain_scores, matrix, shares, tally, top

PLAN11 = shipped_specs()["plan11"]
# Two domains of two indicators; one severe makes level 2, two make level 1.
SMALL = read_spec(
    PLAN11.entry.partition("\n[[domain]]")[0].replace("= 11\nver", "= 2\nver").replace("= 6\nver", "= 1\nver")
    + "\n"
    + "".join(
        f'[[domain]]\nid = "d{n}"\nname_th = "ด{n}"\nname_en = "D{n}"\nverified = true\n' for n in (1, 2)
    )
    + "".join(
        f'[[indicator]]\nid = "i{n}"\ndomain = "d{(n + 1) // 2}"\nname_th = "ต{n}"\nname_en = "I{n}"\nverified = true\n'
        for n in (1, 2, 3, 4)
    )
)


def laid(rows: dict[str, list[int]]) -> Matrix:
    return Matrix(np.array(list(rows)), np.array(list(rows.values()), dtype=np.int8))


VILLAGES = laid(
    {
        "95010101": [1, 1, 3, 0],  # two severe: level 1
        "95010102": [1, 3, 0, 0],  # one severe, the second domain does not apply: level 2
        "95010201": [3, 2, -1, 3],  # one missing: level 2 or 3
        "95010202": [1, 1, -1, -1],  # level 1 whatever is missing
        "96010101": [0, 0, 0, 0],  # nothing applies: no level
    }
)


def test_a_level_stands_only_where_no_missing_score_could_change_it() -> None:
    found = tally(SMALL, VILLAGES).set_index("code")
    assert found["level"].tolist()[:2] == [1, 2] and found.at["95010202", "level"] == 1
    assert np.isnan(found.at["95010201", "level"])
    assert found.loc["95010201", ["best", "worst"]].tolist() == [3, 2]
    assert np.isnan(found.at["96010101", "level"])
    assert found.loc["95010102", ["severe", "some", "fine", "not_applicable", "missing"]].tolist() == [
        1,
        0,
        1,
        2,
        0,
    ]


def test_a_domain_is_as_bad_as_its_worst_indicator_and_open_where_one_is_missing() -> None:
    assert domain_scores(SMALL, VILLAGES, "d1").tolist() == [1, 1, 2, 1, 0]
    assert domain_scores(SMALL, VILLAGES, "d2").tolist() == [3, 0, MISSING, MISSING, 0]


def test_shares_have_the_villages_they_are_of() -> None:
    found = shares(SMALL, VILLAGES).set_index(["area_code", "measure"])[["numerator", "denominator"]]
    assert found.loc[("TH", "i1")].tolist() == [3, 4]
    assert found.loc[("9501", "i2")].tolist() == [2, 4]
    # Both villages of that subdistrict lack the score: no row instead of zero of zero.
    assert ("950102", "i3") not in found.index and ("96", "d1") not in found.index
    assert found.loc[("95", "level1")].tolist() == [2, 3] and found.loc[("95", "level3")].tolist() == [0, 3]


def test_a_share_stands_only_where_four_fifths_of_the_villages_are_certain() -> None:
    codes = [f"9501010{n}" for n in range(1, 6)]
    found = laid({code: [1, 3, 0, -1] for code in codes[:4]})
    # The fourth indicator has no score at all, and that the third does not apply is an answer.
    four = shares(SMALL, found, codes).set_index(["area_code", "measure"])["denominator"]
    assert four[("95", "i1")] == 4 and ("95", "d2") not in four.index and ("95", "i3") not in four.index
    three = Matrix(found.codes[:3], found.scores[:3])
    assert shares(SMALL, three, codes).empty and not shares(SMALL, three, codes[:3]).empty
    # Villages elsewhere that nobody asked take nothing from those who were asked, but the country is less known.
    wide = shares(SMALL, found, [*codes, "96010101", "96010102"])
    assert set(wide["area_code"]) == {"95", "9501", "950101"}
    both = shares(SMALL, found, codes, ["95", "96"])
    assert set(both["area_code"]) == {"95", "9501", "950101"}
    assert "TH" in set(shares(SMALL, found, codes, ["95"])["area_code"])


def test_rows_become_a_matrix_and_one_village_has_one_score() -> None:
    rows = pd.DataFrame(
        {"code": ["95010102", "95010101", "95010101"], "indicator": ["i1", "i3", "gone"], "score": [2, 0, 1]}
    )
    found = matrix(SMALL, rows)
    assert found.codes.tolist() == ["95010101", "95010102"]
    assert found.scores.tolist() == [[-1, -1, 0, -1], [2, -1, -1, -1]]
    only_gone = pd.DataFrame({"code": ["95010103"], "indicator": ["gone"], "score": [1]})
    assert matrix(SMALL, pd.concat([rows, only_gone])).codes.tolist() == ["95010101", "95010102"]
    with pytest.raises(ValueError, match="two scores"):
        matrix(SMALL, pd.concat([rows, rows]))


def test_the_ten_highest_keep_those_who_share_the_last_place() -> None:
    values = pd.DataFrame({"area_code": list("edcba"), "value": [1.0, 3.0, 3.0, np.nan, 2.0]})
    assert top(values, 3)[["area_code", "rank"]].to_numpy().tolist() == [["c", 1], ["d", 1], ["a", 3]]
    assert top(values, 1)["area_code"].tolist() == ["c", "d"]


def test_a_plan_without_a_list_gives_no_level() -> None:
    empty = Matrix(np.array(["95010101"]), np.zeros((1, 0), dtype=np.int8))
    spec = shipped_specs()["plan13"]
    assert np.isnan(tally(spec, empty)["level"]).all() and shares(spec, empty).empty


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([-1, 0, 1, 2, 3]), min_size=33, max_size=33), min_size=1, max_size=8),
    st.data(),
)
def test_more_is_known_never_contradicts_and_worse_never_raises_a_level(
    rows: list[list[int]], data: st.DataObject
) -> None:
    found = laid({f"9501010{n}": row for n, row in enumerate(rows)})
    before = tally(PLAN11, found)
    at = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 32))
    worse = found.scores.copy()
    worse[at] = 1
    after = tally(PLAN11, Matrix(found.codes, worse))
    assert (after["best"] <= before["best"]).all()
    if found.scores[at] == MISSING:
        # Learning a score narrows what is possible.
        assert (after["worst"] >= before["worst"]).all() and (after["best"] >= before["worst"]).all()
    said = shares(PLAN11, found)
    sums = said[said["level"] == "country"].set_index("measure")["numerator"]
    for at_column, indicator in enumerate(PLAN11.indicators):
        column = found.scores[:, at_column]
        assert (indicator.id in sums) == bool((column > 0).any())
        assert sums.get(indicator.id, 0) == (column == 1).sum()
