"""Areas alike: the printed measure, what is missing from it, and the order of equals."""

import math

import numpy as np
import pandas as pd
import pytest

from analytics.peers import AMOUNTS, FACTS, most_similar


def facts(**columns):
    return pd.DataFrame(columns, index=[f"{n}" for n in range(11, 11 + len(next(iter(columns.values()))))])


WHOLE = facts(
    persons=[100, 200, 400, 800, 1600, 100],
    density=[10, 10, 20, 20, 40, 80],
    gpp_per_head=[1000, 1000, 1000, 2000, 2000, 9000],
    region=["north", "north", "south", "south", "north", "north"],
)


def test_the_distance_is_the_printed_formula():
    found = most_similar(WHOLE, "11")
    assert found.used == FACTS and found.compared == 5
    spread = {name: float(np.std(np.log(WHOLE[name]))) for name in AMOUNTS}
    assert found.spread == pytest.approx(spread)
    for row in found.table.to_dict("records"):
        parts = [
            (math.log(WHOLE.loc[row["code"], name]) - math.log(WHOLE.loc["11", name])) / spread[name]
            for name in AMOUNTS
        ]
        other = float(WHOLE.loc[row["code"], "region"] != "north")
        assert [row[name] for name in FACTS] == pytest.approx([*parts, other])
        assert row["distance"] == pytest.approx(math.sqrt((sum(p * p for p in parts) + other) / 4))
    assert found.table["distance"].is_monotonic_increasing
    assert found.table["code"].iloc[0] == "12"


def test_the_scale_of_an_amount_does_not_matter():
    other = WHOLE.assign(persons=WHOLE["persons"] * 1000, gpp_per_head=WHOLE["gpp_per_head"] / 33)
    pd.testing.assert_frame_equal(most_similar(WHOLE, "13").table, most_similar(other, "13").table)


def test_equals_are_ordered_by_code():
    found = most_similar(facts(persons=[100, 300, 300, 300, 300, 300, 900]), "11", most=3)
    assert found.table["code"].tolist() == ["12", "13", "14"]
    assert found.table["distance"].nunique() == 1


def test_what_the_area_lacks_is_left_out_for_all_and_named():
    lacking = WHOLE.copy()
    lacking.loc["11", "density"] = np.nan
    found = most_similar(lacking, "11")
    assert found.unknown == ("density",) and "density" not in found.used and "density" not in found.table


def test_areas_that_lack_a_fact_are_counted_and_not_compared():
    lacking = WHOLE.astype({"persons": float, "gpp_per_head": float})
    lacking.loc["12", "persons"] = np.nan
    lacking.loc["13", "gpp_per_head"] = 0  # no logarithm: not known
    more = pd.concat([lacking, WHOLE.rename(lambda code: f"2{code[1]}")])
    found = most_similar(more, "11")
    assert found.left_out == {"persons": 1, "gpp_per_head": 1}
    assert not {"12", "13", "11"} & set(found.table["code"])
    assert found.compared == len(more) - 3


def test_a_fact_nobody_has_is_absent_and_not_unknown():
    found = most_similar(WHOLE.drop(columns=["gpp_per_head", "region"]), "11")
    assert found.absent == ("gpp_per_head", "region") and found.unknown == ()


@pytest.mark.parametrize("table", [WHOLE[["region"]], WHOLE.head(4)])
def test_a_region_alone_or_a_handful_of_areas_is_no_likeness(table):
    found = most_similar(table, "11")
    assert found.table.empty and found.compared == 0


def test_an_amount_all_areas_share_tells_nobody_apart():
    found = most_similar(WHOLE.assign(density=5), "11")
    assert "density" not in found.used and len(found.table) == 5


def test_an_area_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="99"):
        most_similar(WHOLE, "99")
