"""What differs between two numbers, and what of it keeps them from being subtracted."""

import itertools
from dataclasses import replace

import pytest

from analytics.comparability import DIFFERENCES, Standing, verdict, version
from analytics.definitions import comparable, definition_for

CARD1 = Standing("province", 2018, "target-plan12-card1", "tpmap-2561")
CARD2565 = Standing("province", 2023, "target-plan12-card2565", "tpmap-figures-2566")
NEET = Standing("province", 2020, "neet-unpaid-family-working", "neet-a")


def test_two_years_of_one_definition_compare_and_their_publishers_are_named():
    found = verdict("target_poor_rate", CARD1, replace(CARD1, year=2022, source="press-nation-2565"))
    assert found.ok and found.differs == ("source", "year")


@pytest.mark.parametrize(
    ("indicator", "a", "b", "against"),
    [
        ("target_poor", CARD1, CARD2565, ("definition",)),
        ("target_poor", CARD1, replace(CARD1, level="district"), ("level",)),
        ("target_poor", CARD1, replace(CARD1, made_up=True, source="other"), ("made_up",)),
        ("stars", CARD1, replace(CARD1, year=2022), ("rank",)),
        ("stars", CARD1, CARD1, ()),
        ("target_poor", replace(CARD1, definition="unverified-target-2568"), CARD1, ("unknown", "definition")),
        # The same publisher counted alike in both years; another one may treat the open question otherwise.
        ("neet_rate", NEET, replace(NEET, year=2021), ()),
        ("neet_rate", NEET, replace(NEET, source="neet-b"), ("source",)),
        ("neet_rate", NEET, replace(NEET, definition="neet-unpaid-family-counted"), ("definition",)),
        # Nothing here knows the definition, so it speaks for its own source only.
        ("target_poor", replace(CARD1, definition="made"), replace(CARD1, definition="made", source="b"), ("source",)),
    ],
)  # fmt: skip
def test_what_stands_against_a_comparison(indicator, a, b, against):
    assert verdict(indicator, a, b).against == against
    assert verdict(indicator, b, a).against == against


def test_light_of_two_years_or_two_products_is_compared_on_its_own_screen():
    one = Standing("province", 2012, "light-cells", "nightlight-a")
    assert verdict("light_mean", one, one).ok
    for other in (replace(one, year=2021), replace(one, source="nightlight-b")):
        assert verdict("light_mean", one, other).against == ("light",)


def test_versions_are_equal_exactly_where_nothing_but_level_stands_against():
    standings = [
        replace(base, year=year, source=source, made_up=made_up)
        for base in (CARD1, CARD2565, NEET, replace(CARD1, definition="unverified-target-2561"))
        for year in (2018, 2023)
        for source in ("a", "b")
        for made_up in (False, True)
    ]
    for indicator in ("target_poor", "stars", "neet_rate"):
        for a, b in itertools.combinations(standings, 2):
            alike = version(indicator, a) == version(indicator, b)
            assert alike == verdict(indicator, a, b).ok, (indicator, a, b)


@pytest.mark.parametrize(
    "indicator", ["target_poor", "mpi_poor_rate", "surveyed_persons", "stars", "light_mean"]
)
def test_rows_that_follow_the_definitions_of_their_years_compare_as_the_years_do(indicator):
    years = (2018, 2022, 2023)
    for a, b in itertools.product(years, years):
        rows = [Standing("province", year, definition_for(indicator, year), "one") for year in (a, b)]
        assert verdict(indicator, *rows).ok == comparable(indicator, a, b).ok


def test_what_differs_is_told_the_gravest_first():
    other = Standing("district", 2023, "mpi-2566", "x", True)
    found = verdict("target_poor", CARD1, other)
    assert found.differs == tuple(d for d in DIFFERENCES if d in found.differs)
    assert found.differs[0] == "level" and found.differs[-1] == "year"
