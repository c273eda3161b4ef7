"""Made patterns, a Moran's I written out, and the libraries of the field as peers."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy import stats

from analytics import clusters
from analytics.association import NoResult
from analytics.clusters import (
    HIGH_HIGH,
    HIGH_LOW,
    LOW_HIGH,
    LOW_LOW,
    NO_DATA,
    NO_NEIGHBOUR,
    NOT_SIGNIFICANT,
    Neighbours,
    contiguity,
    local_moran,
    moran,
    random_sets,
)


def squares(side, gap=0.0):
    boxes = [
        shapely.box(c + gap, r + gap, c + 1 - gap, r + 1 - gap) for r in range(side) for c in range(side)
    ]
    return gpd.GeoDataFrame({"code": [f"{i:04}" for i in range(len(boxes))]}, geometry=boxes, crs="EPSG:4326")


@pytest.fixture(scope="module")
def board():
    return contiguity(squares(12))


def written_out(values, neighbours):
    """Moran's I as in the textbook, n / S0 * sum_ij w_ij z_i z_j / sum_i z_i^2, pair by pair."""
    touching = neighbours.matrix.toarray() > 0
    n = len(values)
    z = values - values.mean()
    total = weight = 0.0
    for i in range(n):
        for j in range(n):
            if touching[i, j]:
                w = 1 / touching[i].sum()
                total += w * z[i] * z[j]
                weight += w
    return n / weight * total / (z**2).sum()


def test_corners_touch_too(board):
    degrees = board.matrix.sum(axis=1)
    assert sorted(set(degrees.tolist())) == [3, 5, 8]
    assert (board.matrix != board.matrix.T).nnz == 0
    assert board.islands == ()


def test_outlines_that_nearly_meet_touch_and_others_do_not():
    assert contiguity(squares(3, gap=2e-5)).matrix.nnz == contiguity(squares(3)).matrix.nnz == 40
    assert contiguity(squares(3, gap=1e-3)).islands == tuple(f"{i:04}" for i in range(9))


def test_neighbours_are_those_of_libpysal(board):
    from libpysal.graph import Graph

    theirs = Graph.build_contiguity(squares(12).set_index("code"), rook=False)
    assert (theirs.sparse.toarray() == board.matrix.toarray()).all()


def test_fewer_areas_in_another_order(board):
    codes = ["0013", "9999", "0000", "0001"]
    some = board.among(codes)
    assert some.codes == tuple(codes)
    assert some.matrix.toarray().tolist() == [[0, 0, 1, 1], [0, 0, 0, 0], [1, 0, 0, 1], [1, 0, 1, 0]]
    assert some.islands == ("9999",)


def test_the_formula_and_the_library(board):
    from esda import Moran, Moran_BV, Moran_Local
    from libpysal.graph import Graph

    dice = np.random.default_rng(7)
    x, y = dice.normal(size=144), dice.normal(size=144)
    graph = Graph.build_contiguity(squares(12).set_index("code"), rook=False)
    found = moran(x, board)
    assert found.i == pytest.approx(written_out(x, board))
    assert found.i == pytest.approx(Moran(x, graph, permutations=0).I)
    assert found.expected == -1 / 143
    assert moran(x, board, y).i == pytest.approx(Moran_BV(x, y, graph, permutations=0).I)
    theirs = Moran_Local(x, graph, permutations=9999, seed=1, alternative="two-sided", n_jobs=1)
    ours = local_moran(x, board)
    assert ours.i * 143 / 144 == pytest.approx(theirs.Is)  # the library divides by n - 1
    # Two draws of 9,999 permutations differ by chance, and the library takes the other tail by interpolation.
    assert np.abs(ours.p - theirs.p_sim).max() < 0.05
    assert np.corrcoef(ours.p, theirs.p_sim)[0, 1] > 0.999


def test_p_of_a_small_map_is_that_of_all_its_permutations(monkeypatch):
    """The surroundings of one area, enumerated: 2 neighbours of 6 others can be chosen in 15 ways."""
    from itertools import combinations

    monkeypatch.setattr(clusters, "MINIMUM_AREAS", 3)
    line = contiguity(
        gpd.GeoDataFrame(
            {"code": [str(i) for i in range(7)]},
            geometry=[shapely.box(i, 0, i + 1, 1) for i in range(7)],
            crs="EPSG:4326",
        )
    )
    values = np.array([5.0, 1, 4, 2, 8, 9, 3])
    found = local_moran(values, line, permutations=60_000)
    for i in range(1, 6):
        lag = values[[i - 1, i + 1]].sum()
        ways = [sum(pair) for pair in combinations(np.delete(values, i), 2)]
        above, below = (np.mean([w >= lag for w in ways]), np.mean([w <= lag for w in ways]))
        assert found.p[i] == pytest.approx(min(1, 2 * min(above, below)), abs=0.02)


def test_a_chessboard_is_the_opposite_of_a_pattern():
    # Edges only: on a queen's board corners would be alike.
    side = 12
    rows, columns = np.divmod(np.arange(side * side), side)
    beside = (np.abs(rows[:, None] - rows) + np.abs(columns[:, None] - columns)) == 1
    from scipy import sparse

    rook = Neighbours(tuple(map(str, range(side * side))), sparse.csr_array(beside.astype(float)))
    values = ((rows + columns) % 2).astype(float)
    found = moran(values, rook)
    assert found.i == pytest.approx(-1) and found.p <= 0.002 and found.pattern
    local = local_moran(values, rook)
    assert local.counts[HIGH_HIGH] == local.counts[LOW_LOW] == 0
    # Four neighbours of two values say too little: each by itself happens one time in sixteen.
    assert (local.i < 0).all() and local.counts[NOT_SIGNIFICANT] == 144


def test_two_halves_are_two_clusters(board):
    columns = np.arange(144) % 12
    values = np.where(columns < 6, 10.0, 1.0) + np.random.default_rng(1).normal(0, 0.1, 144)
    found = moran(values, board)
    assert found.i > 0.8 and found.p <= 0.002
    local = local_moran(values, board)
    inner = board.matrix.sum(axis=1) == 8
    assert (local.kind[inner & (columns < 5)] == HIGH_HIGH).all()
    assert (local.kind[inner & (columns > 6)] == LOW_LOW).all()
    assert local.counts[HIGH_LOW] == local.counts[LOW_HIGH] == 0
    assert (local.q[local.kind == HIGH_HIGH] <= 0.05).all()


def test_one_bright_area_among_dark_ones_is_no_cluster(board):
    values = np.random.default_rng(5).normal(0, 1, 144)
    values[66] = 8
    assert local_moran(values, board).kind[66] in (NOT_SIGNIFICANT, HIGH_LOW)


def test_without_any_pattern_false_finds_stay_rare(board):
    """Of 60 maps of noise few may show a cluster at all (5 %, as every find is a false one); unadjusted nearly all would."""
    dice = np.random.default_rng(11)
    with_find = unadjusted = patterns = 0
    for _ in range(60):
        values = dice.normal(size=144)
        local = local_moran(values, board)
        with_find += any(local.counts[HIGH_HIGH : LOW_HIGH + 1])
        unadjusted += int((local.p <= 0.05).sum() > 0)
        patterns += moran(values, board).pattern
    assert with_find <= 8  # 3 expected; more than 8 of 60 has a chance of 0.5 %
    assert unadjusted >= 55
    assert patterns <= 8


def test_adjusted_p_is_benjamini_and_hochbergs(board):
    local = local_moran(np.random.default_rng(2).normal(size=144), board)
    order = np.argsort(local.p)
    by_hand = np.minimum.accumulate((local.p[order] * 144 / np.arange(1, 145))[::-1])[::-1]
    assert local.q[order] == pytest.approx(np.minimum(by_hand, 1))


def test_two_variables(board):
    columns = np.arange(144) % 12
    dice = np.random.default_rng(1)
    poor = np.where(columns < 6, 10.0, 1.0) + dice.normal(0, 0.1, 144)
    light = np.where(columns < 6, 1.0, 10.0) + dice.normal(0, 0.1, 144)
    found = moran(poor, board, light)
    assert found.i < -0.7 and found.expected == 0 and found.pattern
    local = local_moran(poor, board, light)
    inner = board.matrix.sum(axis=1) == 8
    assert (local.kind[inner & (columns < 5)] == HIGH_LOW).all()  # poor among dark
    assert (local.kind[inner & (columns > 6)] == LOW_HIGH).all()


def test_islands_and_areas_without_a_number_take_no_part():
    frame = squares(6)
    frame.loc[len(frame)] = {"code": "9000", "geometry": shapely.box(50, 50, 51, 51)}
    frame.loc[len(frame)] = {"code": "9001", "geometry": shapely.box(60, 50, 61, 51)}
    neighbours = contiguity(frame)
    assert neighbours.islands == ("9000", "9001")
    values = np.arange(38.0)
    values[[7, 37]] = np.nan
    local = local_moran(values, neighbours)
    assert local.kind[36] == NO_NEIGHBOUR and local.kind[7] == local.kind[37] == NO_DATA
    assert np.isnan(local.i[[7, 36, 37]]).all()
    assert local.n == 35 and local.islands == 1 and sum(local.counts) == 38
    # The same as if they had never been there.
    kept = [i for i in range(36) if i != 7]
    alone = local_moran(values[kept], neighbours.among([frame["code"][i] for i in kept]))
    assert alone.p.tolist() == local.p[kept].tolist()
    assert (
        moran(values, neighbours).i
        == moran(values[kept], neighbours.among([frame["code"][i] for i in kept])).i
    )


@pytest.mark.parametrize(
    ("values", "reason"),
    [(np.full(144, 2.0), "constant_x"), (np.append(np.full(130, np.nan), np.arange(14.0)), "too_few")],
)
def test_there_is_no_result_where_there_can_be_none(board, values, reason):
    for found in (moran(values, board), local_moran(values, board)):
        assert isinstance(found, NoResult) and found.reason == reason and found.needed == 20
    assert moran(np.arange(144.0), board, np.zeros(144)).reason == "constant_y"


def test_the_same_every_time_and_numpys_own_dice_stay_untouched(board):
    values = np.random.default_rng(3).normal(size=144)
    np.random.seed(5)
    before = np.random.get_state()[1].tolist()
    first = (moran(values, board), local_moran(values, board))
    assert np.random.get_state()[1].tolist() == before
    again = (moran(values, board), local_moran(values, board))
    assert first[0] == again[0] and first[1].p.tolist() == again[1].p.tolist()
    other = local_moran(values, board, seed=1)
    assert other.p.tolist() != first[1].p.tolist() and other.seed == 1


@pytest.mark.parametrize(("n", "size"), [(6, 5), (8, 3), (400, 4)])
def test_every_set_is_as_likely_as_any_other(n, size):
    sets = random_sets(n, size, 20_000, np.random.default_rng(4))
    assert all(len(set(row)) == size for row in sets[:500].tolist())
    counts = np.bincount(sets.ravel(), minlength=n)
    assert stats.chisquare(counts).pvalue > 0.001
    if n == 8:
        kinds = np.unique(np.sort(sets, axis=1), axis=0, return_counts=True)[1]
        assert len(kinds) == 56 and stats.chisquare(kinds).pvalue > 0.001


def test_a_value_for_every_area(board):
    with pytest.raises(ValueError, match="expected one for each of 144 areas"):
        moran(np.arange(10.0), board)
