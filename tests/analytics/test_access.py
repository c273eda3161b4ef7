"""Distances against formulas written out, floating catchments against a worked example and their invariants."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analytics.access import (
    EARTH_RADIUS_KM,
    AccessError,
    Bands,
    Pairs,
    Points,
    distance_km,
    duplicates,
    floating_catchment,
    nearest,
    pairs_within,
    share_within,
)

# Three villages, two services: persons, supply, distances in km; the answers are written out by hand.
P, S = (100, 200, 50), (2, 1)
D = np.array([[10, 40], [20, 25], [50, 15]], dtype=float)
EVERY_PAIR = Pairs(np.repeat(np.arange(3), 2), np.tile(np.arange(2), 3), D.ravel())

ONE = Bands((30,), (1,))
THREE = Bands((10, 20, 30), (1, 0.68, 0.22))

inland = st.tuples(st.floats(97.4, 105.6, allow_subnormal=False), st.floats(5.7, 20.4, allow_subnormal=False))
many = st.lists(inland, min_size=1, max_size=25)


def points(rows):
    return Points.of([r[0] for r in rows], [r[1] for r in rows])


def test_two_step_floating_catchment_as_worked_by_hand():
    # Service 1 serves 100 + 200 persons within 30 km, service 2 serves 200 + 50.
    found = floating_catchment(EVERY_PAIR, P, S, ONE)
    assert found.ratio == pytest.approx([2 / 300, 1 / 250])
    assert found.access == pytest.approx([2 / 300, 2 / 300 + 1 / 250, 1 / 250])
    assert np.dot(P, found.access) == pytest.approx(3)


def test_enhanced_two_step_floating_catchment_as_worked_by_hand():
    found = floating_catchment(EVERY_PAIR, P, S, THREE)
    assert found.ratio == pytest.approx([2 / (100 + 0.68 * 200), 1 / (0.22 * 200 + 0.68 * 50)])
    assert found.ratio == pytest.approx([0.00847458, 0.01282051], abs=5e-9)
    assert found.access == pytest.approx([0.00847458, 0.00858322, 0.00871795], abs=5e-9)
    assert np.dot(P, found.access) == pytest.approx(3)


def test_the_upper_limit_of_a_band_belongs_to_it():
    assert THREE.of([0, 10, 10.000001, 20, 30, 30.000001]).tolist() == [1, 1, 0.68, 0.68, 0.22, 0]


def test_a_place_that_reaches_nobody_is_told_and_counts_for_nobody():
    found = floating_catchment(Pairs(*map(np.array, ([0], [0], [5.0]))), [10], [2, 7], ONE)
    assert found.unreached.tolist() == [1]
    assert found.access.tolist() == [0.2]


@given(many, many, st.floats(1, 400), st.data())
def test_what_is_offered_is_what_is_reached(villages, services, radius, data):
    people = data.draw(st.lists(st.integers(0, 9_000), min_size=len(villages), max_size=len(villages)))
    supply = data.draw(st.lists(st.integers(0, 90), min_size=len(services), max_size=len(services)))
    pairs = pairs_within(points(villages), points(services), radius)
    found = floating_catchment(pairs, people, supply, Bands((radius / 2, radius), (1, 0.3)))
    reached = np.delete(np.asarray(supply, dtype=float), found.unreached)
    assert np.dot(people, found.access) == pytest.approx(reached.sum())


@given(many, many, st.integers(0, 1000), st.floats(0, 1))
def test_a_service_moved_nearer_never_makes_the_way_longer(villages, services, which, part):
    village, service = villages[which % len(villages)], which % len(services)
    before = nearest(points(villages), points(services)).km[which % len(villages)]
    moved = list(services)
    if distance_km(points([village]), points([services[service]]))[0] < 1e-6:
        return
    moved[service] = tuple(v + (s - v) * part for v, s in zip(village, services[service], strict=True))
    # On the sphere a straight line on the map is no shortest way; only a place truly nearer is a case.
    assume(
        distance_km(points([village]), points([moved[service]]))[0]
        <= distance_km(points([village]), points([services[service]]))[0]
    )
    after = nearest(points(villages), points(moved)).km[which % len(villages)]
    assert after <= before + 1e-9


@given(many, many, inland, st.floats(1, 400))
def test_another_service_lowers_nobodys_access(villages, services, new, radius):
    bands = Bands((radius / 2, radius), (1, 0.3))
    here, people = points(villages), np.full(len(villages), 100.0)

    def access(places):
        return floating_catchment(
            pairs_within(here, points(places), radius), people, np.ones(len(places)), bands
        ).access

    assert (access([*services, new]) >= access(services) - 1e-12).all()


@given(inland, inland, st.floats(0, 1), st.floats(0.01, 0.99))
def test_a_service_moved_nearer_to_its_only_village_never_lowers_access(village, service, part, far):
    # With others in reach it may: they come to share it. Alone, the weight of a step is all that changes.
    radius = 2 * max(distance_km(points([village]), points([service]))[0], 1.0)
    moved = tuple(v + (s - v) * part for v, s in zip(village, service, strict=True))
    reach = [pairs_within(points([village]), points([place]), 2 * radius) for place in (service, moved)]
    assume(reach[1].km[0] <= reach[0].km[0])
    bands = Bands((radius * far, 2 * radius), (1, 0.3))
    before, after = (bands.of(pairs.km)[0] for pairs in reach)
    assert after >= before
    assert floating_catchment(reach[1], [50], [1], bands).access[0] == pytest.approx(1 / 50)


@given(many, many)
def test_nearest_is_the_least_of_all_distances(origins, places):
    a, b = points(origins), points(places)
    found = nearest(a, b)
    for i in range(len(a)):
        each = distance_km(Points.of(np.full(len(b), a.longitude[i]), np.full(len(b), a.latitude[i])), b)
        assert found.km[i] == pytest.approx(each.min(), abs=1e-6)
        assert each[found.index[i]] == pytest.approx(each.min(), abs=1e-6)


@given(many, many, st.floats(0.5, 900))
def test_pairs_are_those_within_the_radius(origins, places, radius):
    a, b = points(origins), points(places)
    found = {(int(o), int(p)): km for o, p, km in zip(*_columns(pairs_within(a, b, radius)), strict=True)}
    for i in range(len(a)):
        for j in range(len(b)):
            km = distance_km(
                Points.of(a.longitude[i : i + 1], a.latitude[i : i + 1]),
                Points.of(b.longitude[j : j + 1], b.latitude[j : j + 1]),
            )[0]
            if abs(km - radius) > 1e-6:
                assert ((i, j) in found) == (km < radius)
            if (i, j) in found:
                assert found[i, j] == pytest.approx(km, abs=1e-6)


def _columns(pairs):
    return pairs.origin, pairs.place, pairs.km


def test_the_limit_of_the_radius_is_included():
    # One degree of a meridian is 2 pi R / 360.
    degree = 2 * math.pi * EARTH_RADIUS_KM / 360
    one = pairs_within(Points.of([100], [10]), Points.of([100], [11]), degree)
    assert one.km == pytest.approx([degree])
    assert not len(pairs_within(Points.of([100], [10]), Points.of([100], [11]), degree * (1 - 1e-6)).km)


def test_no_place_at_all_is_no_distance():
    found = nearest(Points.of([100], [10]), Points.of([], []))
    assert math.isnan(found.km[0]) and found.index.tolist() == [-1]
    assert share_within(found.km, 1000) == 0
    assert math.isnan(share_within([], 5))


def test_duplicates_are_groups_of_one_kind():
    # About 22 m a step: the chain is one group although its ends are 44 m and more apart.
    lat = [13.0, 13.0002, 13.0004, 13.0, 14.0]
    kinds = ["school", "school", "school", "clinic", "school"]
    assert duplicates(Points.of([100.0] * 5, lat), kinds) == [(0, 1, 2)]
    assert duplicates(Points.of([100.0], [13.0]), ["school"]) == []


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Points.of([100, 200], [10, 11]), "200"),
        (lambda: Points.of([100, float("nan")], [10, 11]), "nan"),
        (lambda: Points.of([100], [10, 11]), "shape"),
        (lambda: Bands((10, 5), (1, 0.5)), "ascending"),
        (lambda: Bands((), ()), "ascending"),
        (lambda: Bands((10,), (0,)), "weights"),
        (lambda: floating_catchment(EVERY_PAIR, (1, -2, 3), S, ONE), "population"),
        (lambda: floating_catchment(EVERY_PAIR, P, (1, float("nan")), ONE), "supply"),
        (lambda: floating_catchment(EVERY_PAIR, (1, 2), S, ONE), "origin 2"),
        (lambda: pairs_within(Points.of([100], [10]), Points.of([100], [10]), 0), "radius"),
        (lambda: duplicates(Points.of([100], [10]), []), "kinds"),
    ],
)
def test_what_cannot_be_measured_says_what_was_found(make, says):
    with pytest.raises(AccessError, match=says):
        make()
