"""Which pair an address means, and what the statistics of a pair say in words."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.association import Correlation, NoResult, associate
from analytics.catalogue import load_catalogue
from analytics.clusters import Moran
from ui.pair_words import (
    correlation_sentence,
    floor_sentence,
    line_sentence,
    moran_sentence,
    table_rows,
    tells,
)
from ui.pairs import Holdings, choose_pair, is_rate, nearest
from ui.state import LEVELS, PATTERNS, View
from ui.texts import Words

HAVE = Holdings(
    years={
        ("target_poor_rate", "province"): (2018, 2023),
        ("target_poor_rate", "district"): (2018,),
        ("mpi_poor_rate", "district"): (2018,),
        ("mpi_poor_rate", "subdistrict"): (2018,),
    },
    light={"nightlight-a": (2012, 2021), "nightlight-b": (2016,)},
    measures=("light_mean", "light_sum"),
    levels=("province", "district", "subdistrict"),
    default="nightlight-a",
)


def choice(area="TH", level="country", **view):
    return choose_pair(View(**view), area, level, HAVE)


def test_the_first_visit_compares_provinces_of_the_newest_year_with_the_nearest_light():
    q = choice().question
    assert (q.y, q.y_year, q.x, q.x_year, q.level, q.within, q.x_source) == (
        "target_poor_rate", 2023, "light_mean", 2021, "province", "TH", "nightlight-a",
    )  # fmt: skip
    assert choice().years_differ
    assert choice().focus is None and choice().fits == "TH"


def test_the_address_chooses_and_nonsense_falls_back():
    got = choice(
        ind="mpi_poor_rate", show="district", year=2018, y1=2012, measure="light_sum", pattern="both"
    )
    q = got.question
    assert (q.y, q.level, q.y_year, q.x_year, q.x, got.pattern) == (
        "mpi_poor_rate", "district", 2018, 2012, "light_sum", "both",
    )  # fmt: skip
    wrong = choice(ind="stars", year=1999, y1=2013, light="nightlight-zzz", measure="gini; DROP")
    assert wrong.question == choice().question
    assert wrong.replaced == 2013 and choice().replaced is None
    # The page of night light calls the same measure by a shorter name.
    assert choice(measure="sum").question.x == "light_sum"
    assert choice(light="nightlight-b").question.x_year == 2016


def test_the_help_says_that_the_line_is_of_rates_and_not_of_ranks():
    assert "not their ranks" in W["en"]("pair.about_text")
    assert "ไม่ใช่จากอันดับ" in W["th"]("pair.about_text")
    # As the numbers are: rates twice as high, in the same order, give a line twice as steep.
    x, y = np.arange(1.0, 21.0), np.arange(1.0, 21.0) ** 1.5
    once, twice = (associate(x, rates, logarithm=False) for rates in (y, 2 * y))
    assert twice.line.slope == pytest.approx(2 * once.line.slope)
    assert twice.spearman.r == pytest.approx(once.spearman.r)


@pytest.mark.parametrize(
    ("area", "level", "view", "expected"),
    [
        ("55", "province", {}, ("province", "TH", "55", "TH")),
        ("55", "province", {"peers": "parent"}, ("district", "55", "55", "55")),
        ("55", "province", {"show": "district"}, ("district", "TH", "55", "55")),
        ("5501", "district", {}, ("district", "TH", "5501", "TH")),
        ("5501", "district", {"show": "subdistrict", "peers": "parent"}, ("subdistrict", "55", "5501", "5501")),
        ("5501", "district", {"show": "province"}, ("province", "TH", "55", "TH")),
        ("550101", "subdistrict", {}, ("subdistrict", "TH", "550101", "TH")),
        ("55010101", "village", {"peers": "parent"}, ("subdistrict", "55", "550101", "55")),
        ("TH", "country", {"peers": "parent"}, ("province", "TH", None, "TH")),
    ],
)  # fmt: skip
def test_an_area_is_seen_among_the_whole_country_or_its_province(area, level, view, expected):
    got = choice(area, level, **view)
    assert (got.question.level, got.question.within, got.focus, got.fits) == expected


def test_without_light_or_rates_there_is_nothing_to_choose():
    assert choose_pair(View(), "TH", "country", Holdings({}, {}, (), (), None)) is None
    assert (
        choose_pair(View(), "TH", "country", Holdings({}, HAVE.light, HAVE.measures, LEVELS, "nightlight-a"))
        is None
    )
    only = Holdings(
        {("target_poor_rate", "province"): (2018,)}, HAVE.light, HAVE.measures, ("province",), "nightlight-a"
    )
    got = choose_pair(View(peers="parent"), "55", "province", only)
    assert (got.question.within, got.question.level) == ("TH", "province")


@given(
    st.builds(
        View,
        ind=st.sampled_from(["stars", "target_poor_rate", "mpi_poor_rate", "light_mean"]),
        year=st.none() | st.integers(1990, 2100),
        y1=st.none() | st.integers(1990, 2100),
        show=st.none() | st.sampled_from(LEVELS),
        peers=st.sampled_from(["country", "parent"]),
        light=st.sampled_from(["", "nightlight-b", "x"]),
        measure=st.sampled_from(["", "mean", "light_sum", "x"]),
        pattern=st.sampled_from(PATTERNS),
    ),
    st.sampled_from([("TH", "country"), ("55", "province"), ("5501", "district"), ("550101", "subdistrict")]),
)
def test_every_view_gives_a_pair_that_there_is(view, area):
    got = choose_pair(view, *area, HAVE)
    q = got.question
    assert q.y_year in HAVE.years[q.y, q.level]
    assert q.x_year in HAVE.light[q.x_source] and q.x in HAVE.measures
    assert q.level in got.levels and q.y in got.rates
    assert q.within == "TH" or q.level != "province"


def test_nearest_year():
    assert nearest((2012, 2021), 2012) == 2012
    assert nearest((2012, 2021), 1990) == 2012
    assert nearest((2012, 2020), 2016) == 2020


def test_rates_are_of_people_and_not_of_the_poor_among_themselves():
    rates = {i.id for i in load_catalogue().values() if is_rate(i)}
    assert {"target_poor_rate", "mpi_poor_rate", "target_income_rate", "failing_ind01_rate"} <= rates
    assert not rates & {
        "target_income_share",
        "light_lit_share",
        "gpp_agriculture_share",
        "stars",
        "target_poor",
    }


W = {language: Words(language) for language in ("th", "en")}


@pytest.mark.parametrize(
    ("r", "half", "expected"),
    [
        (
            -0.62,
            0.1,
            "Brighter areas tend to have a lower rate (Target poor); the relation is strong (77 areas)",
        ),
        (
            0.35,
            0.1,
            "Brighter areas tend to have a higher rate (Target poor); the relation is moderate (77 areas)",
        ),
        (0.2, 0.3, "Light and the rate (Target poor) hardly go together, or the data cannot tell (77 areas)"),
        (
            0.05,
            0.01,
            "Light and the rate (Target poor) hardly go together, or the data cannot tell (77 areas)",
        ),
    ],
)
def test_a_correlation_in_words(r, half, expected):
    found = Correlation("spearman", r, r - half, r + half, 77)
    assert correlation_sentence(found, "Target poor", W["en"]) == expected
    assert tells(found) == ("Brighter" in expected)


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("reason", ["too_few", "constant_x", "constant_y"])
def test_no_result_says_why(language, reason):
    text = correlation_sentence(NoResult(reason, 7), "x", W[language])
    assert "7" in text and not tells(NoResult(reason, 7))
    assert text == moran_sentence("y", NoResult(reason, 7), W[language])


@pytest.mark.parametrize("language", ["th", "en"])
def test_patterns_and_chance_are_told_apart(language):
    w = W[language]
    pattern = moran_sentence("y", Moran(0.4, -0.01, 0.002, 77, 1, 999, 1), w)
    chance = moran_sentence("y", Moran(0.04, -0.01, 0.31, 77, 1, 999, 1), w)
    assert "0.40" in pattern and "0.002" in pattern and "999" in pattern
    assert pattern.split("(")[0] != chance.split("(")[0]
    assert moran_sentence("y", None, w) == w("pair.moran_no_map")


def test_the_table_and_the_line():
    x = [10.0**i for i in range(12)]
    found = associate([0.0, *x], [20.0, *(12 - i + 2 * (i % 3) for i in range(12))], logarithm=True)
    rows = table_rows(found, W["en"])
    assert [r[0].split(" (")[0] for r in rows] == [
        "Rank correlation", "Correlation with the logarithm of light", "Slope of the line", "Usual distance from the line",
    ]  # fmt: skip
    assert all(n == "13" for *_, n in rows)
    assert re.search(r"−0\.\d\d \(95% interval −0\.\d\d to −0\.\d\d\)", rows[0][1])
    assert "percentage points lower" in line_sentence(found, W["en"])
    assert "0.5" in floor_sentence(found, W["th"])
    assert floor_sentence(associate(x, x, logarithm=True), W["th"]) is None
    empty = table_rows(associate([1.0], [2.0], logarithm=False), W["th"])
    assert [row[1:] for row in empty] == [("–", "1"), ("–", "1")]
