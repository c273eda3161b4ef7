"""Points for the browser: none is lost, none is moved, and bubbles hold what is under them."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.points import gather, points_bytes

thai = st.tuples(st.floats(97.3, 105.7), st.floats(5.6, 20.5))


@given(st.lists(thai, max_size=60), st.floats(0.05, 3))
def test_every_point_is_in_one_bubble_and_the_numbers_add_up(points, radius):
    lon, lat = np.array(points, dtype=float).reshape(-1, 2).T
    found = gather(lon, lat, radius)
    assert found.count.sum() == len(points) and (found.count > 0).all()
    assert found.member.tolist() == [] or set(found.member.tolist()) == set(range(len(found.count)))
    for number in range(len(found.count)):
        own = found.member == number
        assert found.count[number] == own.sum()
        assert found.longitude[number] == pytest.approx(lon[own].mean())
        assert found.latitude[number] == pytest.approx(lat[own].mean())
        # Two cells at the rim of the heart: nothing lies farther apart than twice the radius and a cell.
        assert np.ptp(lon[own]) <= radius * (2 + 2 / 8) + 1e-9


def test_the_order_of_the_rows_does_not_matter_to_the_bubbles():
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(98, 104, 500), rng.uniform(6, 20, 500)
    order = rng.permutation(500)
    one, other = gather(lon, lat, 0.6), gather(lon[order], lat[order], 0.6)
    assert one.count.tolist() == other.count.tolist()
    np.testing.assert_allclose(one.longitude, other.longitude)


def test_all_of_thailand_becomes_few_bubbles():
    rng = np.random.default_rng(7)
    found = gather(rng.uniform(98, 105, 20_000), rng.uniform(6, 20, 20_000))
    assert 50 < len(found.count) < 300


def test_what_is_missing_is_left_out_and_zero_is_not():
    text = points_bytes(np.array([100.123456]), np.array([13.0]), [{"c": "1", "k": 0, "g": None, "t_th": ""}])
    feature = json.loads(text)["features"][0]
    assert feature["properties"] == {"c": "1", "k": 0, "t_th": ""}
    assert feature["geometry"]["coordinates"] == [100.12346, 13]


@pytest.mark.parametrize("place", [(np.nan, 13.0), (100.0, np.inf), (181.0, 13.0), (100.0, -90.5)])
def test_a_coordinate_off_the_globe_is_refused(place):
    with pytest.raises(ValueError, match="degrees on the globe"):
        points_bytes(np.array([place[0]]), np.array([place[1]]), [{}])


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="as many of each"):
        points_bytes(np.array([100.0]), np.array([13.0, 14.0]), [{}])
    with pytest.raises(ValueError, match="above 0"):
        gather(np.array([100.0]), np.array([13.0]), 0)
