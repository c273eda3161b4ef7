"""Overlap is exact: checked against people counted one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.catalogue import DIMENSIONS, MASKS
from analytics.overlap import (
    OverlapError,
    alkire_foster,
    cells_from_unions,
    check_cells,
    dimension_totals,
    exactly,
    mean_dimensions,
    unions_from_cells,
)

COUNTRY_2561 = {1: 873_201, 2: 132_787, 3: 24_339, 4: 2_611, 5: 49}
SURVEYED_2561 = 36_647_817

# a population: how many persons fail exactly the dimensions of each number's bits (0: none of them)
populations = st.lists(st.lists(st.integers(0, 2_000_000), min_size=31, max_size=31), min_size=1, max_size=4)


def count_unions(areas: list[list[int]]) -> dict[str, np.ndarray]:
    """Count, person group by person group, who fails at least one dimension of each mask."""
    return {
        mask: np.array(
            [sum(count for bits, count in enumerate(area, start=1) if bits & int(mask, 2)) for area in areas],
            dtype=float,
        )
        for mask in MASKS
    }


@given(populations)
def test_cells_are_what_was_counted(areas):
    unions = count_unions(areas)
    cells = cells_from_unions(unions)
    for i, mask in enumerate(MASKS):
        assert cells[mask].tolist() == [area[i] for area in areas]
    assert check_cells(unions, cells) == []
    assert all((unions_from_cells(cells)[mask] == unions[mask]).all() for mask in MASKS)
    for i, dimension in enumerate(DIMENSIONS):
        alone = "".join("1" if j == i else "0" for j in range(5))
        assert (dimension_totals(cells)[dimension] == unions[alone]).all()
    by_number = exactly(cells)
    assert (sum(by_number.values()) == unions["11111"]).all()
    total = sum(dimension_totals(cells).values())
    people = unions["11111"]
    expected = np.where(people > 0, total / np.where(people > 0, people, 1), np.nan)
    assert mean_dimensions(by_number) == pytest.approx(expected, nan_ok=True)


def test_masks_are_the_order_of_the_dimensions():
    areas = [[0] * 31]
    areas[0][int("10000", 2) - 1] = 7
    assert dimension_totals(cells_from_unions(count_unions(areas)))["health"].tolist() == [7.0]


def test_an_area_without_one_union_has_no_cells_that_need_it():
    unions = count_unions([[1] * 31, [2] * 31])
    unions["00001"][0] = np.nan
    cells = cells_from_unions(unions)
    assert np.isnan(cells["11110"][0])
    assert not np.isnan([cell[1] for cell in cells.values()]).any()
    assert check_cells(unions, cells) == []


def test_impossible_unions_are_listed_with_area_and_mask():
    unions = count_unions([[3] * 31, [3] * 31])
    unions["10000"][1] = 500.0  # more than the union of all five, 93
    found = check_cells(unions, cells_from_unions(unions))
    assert {violation.area for violation in found} == {1}
    assert {violation.rule for violation in found} == {"not_negative", "monotone"}
    wider = [v for v in found if v.rule == "monotone"]
    assert {v.mask for v in wider} == {"10000"} and all(v.found == 500 for v in wider)
    assert "at most" in wider[0].expected


def test_parts_of_persons_and_wrong_sums_are_listed():
    unions = count_unions([[3] * 31])
    cells = cells_from_unions(unions)
    cells["10000"] = cells["10000"] + 0.5
    assert {v.rule for v in check_cells(unions, cells)} == {"whole", "sum"}


@pytest.mark.parametrize("change", ["missing", "unknown", "shape", "deep"])
def test_incomplete_unions_are_refused(change):
    unions = count_unions([[1] * 31])
    if change == "missing":
        del unions["01010"]
    elif change == "unknown":
        unions["00000"] = np.array([0.0])
    elif change == "shape":
        unions["01010"] = np.array([1.0, 2.0])
    else:
        unions = {mask: np.ones((2, 2)) for mask in MASKS}
    with pytest.raises(OverlapError):
        cells_from_unions(unions)


def test_cells_of_other_areas_are_refused():
    with pytest.raises(OverlapError, match="shape"):
        check_cells(count_unions([[1] * 31]), count_unions([[1] * 31, [1] * 31]))


def test_alkire_foster_of_the_country_by_hand():
    """873,201 + 132,787 + 24,339 + 2,611 + 49 = 1,032,987 target poor of 36,647,817 surveyed in B.E. 2561."""
    table = alkire_foster(COUNTRY_2561, SURVEYED_2561).set_index("k")
    assert table["poor"].tolist() == [1_032_987, 159_786, 26_999, 2_660, 49]
    # dimensions failed: 873,201 + 2 x 132,787 + 3 x 24,339 + 4 x 2,611 + 5 x 49 = 1,222,481
    assert table.loc[1, "H"] == pytest.approx(1_032_987 / 36_647_817)
    assert table.loc[1, "A"] == pytest.approx(1_222_481 / (5 * 1_032_987))
    assert table.loc[1, "M0"] == pytest.approx(1_222_481 / (5 * 36_647_817))
    # k = 2: 1,222,481 - 873,201 = 349,280 dimensions among 159,786 persons
    assert table.loc[2, "A"] == pytest.approx(349_280 / (5 * 159_786))
    assert table.loc[5, "A"] == 1.0
    assert (table["H"] * table["A"]).to_numpy() == pytest.approx(table["M0"].to_numpy())
    # the five dimension counts published for that year: 217,081 + 244,739 + 378,080 + 376,091 + 6,490
    assert 217_081 + 244_739 + 378_080 + 376_091 + 6_490 == 1_222_481
    assert mean_dimensions({k: [v] for k, v in COUNTRY_2561.items()})[0] == pytest.approx(1.183, abs=5e-4)


def test_alkire_foster_without_poor_people_has_no_intensity():
    table = alkire_foster({1: 0, 2: 0, 3: 0, 4: 0, 5: 0}, 10)
    assert table["A"].isna().all() and (table["M0"] == 0).all()
    assert pd.api.types.is_integer_dtype(table["k"])


@pytest.mark.parametrize(
    ("exact", "population"),
    [
        ({1: 1}, 10),
        ({1: -1, 2: 0, 3: 0, 4: 0, 5: 0}, 10),
        ({1: float("nan"), 2: 0, 3: 0, 4: 0, 5: 0}, 10),
        ({1: 11, 2: 0, 3: 0, 4: 0, 5: 0}, 10),
        ({1: 0, 2: 0, 3: 0, 4: 0, 5: 0}, 0),
    ],
)
def test_alkire_foster_refuses_impossible_counts(exact, population):
    with pytest.raises(OverlapError):
        alkire_foster(exact, population)
