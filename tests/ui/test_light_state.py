"""What the address asks of light is made possible, and nothing else is guessed."""

from hypothesis import given
from hypothesis import strategies as st

from analytics.light_measures import MEASURES
from ui.light_state import TWO_YEAR_MODES, Pair, choose_light
from ui.state import LIGHT_MODES, View

YEARS = {"a": (2012, 2015, 2021), "b": (2010, 2014), "c": (2021,)}

views = st.builds(
    View,
    light=st.sampled_from(["", "a", "b", "c", "gone"]),
    light2=st.sampled_from(["", "a", "b", "c", "gone"]),
    y0=st.none() | st.integers(2009, 2022),
    y1=st.none() | st.integers(2009, 2022),
    mode=st.sampled_from(LIGHT_MODES),
    measure=st.sampled_from(["", "light_sum", "log_ratio", "gone"]),
)


@given(views)
def test_what_is_shown_is_there(view):
    chosen = choose_light(view, YEARS, "a")
    assert chosen.years == YEARS[chosen.source]
    assert chosen.year in chosen.years
    assert chosen.measure in MEASURES.values()
    assert set(chosen.sources) == set(YEARS) and chosen.sources[0] == "a"
    if chosen.pair is None:
        assert chosen.mode not in TWO_YEAR_MODES and chosen.measure.years == 1
        assert not chosen.two_years
    else:
        pair = chosen.pair
        assert pair.y0 < pair.y1
        assert pair.y0 in YEARS[pair.source0] and pair.y1 in YEARS[pair.source1]
        assert pair.source1 == chosen.source


def test_the_default_is_the_longest_span_of_the_default_product():
    chosen = choose_light(View(), YEARS, "a")
    assert (chosen.source, chosen.year, chosen.mode) == ("a", 2021, "picture")
    assert chosen.pair == Pair("a", 2012, "a", 2021)
    assert chosen.pair.other is None


def test_the_first_year_alone_still_has_a_comparison():
    chosen = choose_light(View(y1=2012, mode="difference"), YEARS, "a")
    assert chosen.year == 2012
    assert chosen.pair == Pair("a", 2012, "a", 2021)


def test_a_year_that_is_not_there_is_said():
    chosen = choose_light(View(y1=2018), YEARS, "a")
    assert (chosen.year, chosen.wanted) == (2021, 2018)
    assert choose_light(View(y1=2015), YEARS, "a").wanted is None


def test_the_earlier_year_may_be_of_another_product():
    chosen = choose_light(View(light="a", light2="b", y0=2014, y1=2021, mode="areas"), YEARS, "a")
    assert chosen.pair == Pair("b", 2014, "a", 2021)
    assert chosen.pair.other == "b"


def test_one_year_is_compared_with_nothing():
    chosen = choose_light(View(light="c", mode="swipe", measure="log_ratio"), YEARS, "a")
    assert chosen.pair is None and chosen.mode == "picture"
    assert chosen.measure.key == "light_mean"
