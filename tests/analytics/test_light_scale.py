"""Colour scales of light: exact both ways, rising, symmetric, and one for all pictures of a unit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.light_scale import difference_scale_of, scale_of

UNITS = ("nW/cm²/sr", "DN")


@pytest.mark.parametrize("unit", UNITS)
@given(share=st.floats(0, 1))
def test_position_and_value_undo_each_other(unit, share):
    for scale in (scale_of(unit), difference_scale_of(unit)):
        assert float(scale.position(scale.value(share))) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("unit", UNITS)
@given(a=st.floats(-500, 500), b=st.floats(-500, 500))
def test_more_light_never_stands_lower_and_gain_mirrors_loss(unit, a, b):
    low, high = sorted((a, b))
    for scale in (scale_of(unit), difference_scale_of(unit)):
        assert scale.position(low) <= scale.position(high)
        assert scale.index(low, 33) <= scale.index(high, 33)
    scale = difference_scale_of(unit)
    assert float(scale.position(a) + scale.position(-a)) == pytest.approx(1, abs=1e-12)
    assert scale.index(a, 253) + scale.index(-a, 253) == 252


def test_worked_places():
    light = scale_of("nW/cm²/sr")
    assert light.position([0, 0.2, 2, 20, 200, 1e9]).tolist() == pytest.approx([0, 0, 1 / 3, 2 / 3, 1, 1])
    assert light.index([0.2, 200, np.nan], 254).tolist() == [0, 253, 0]
    assert scale_of("DN").position([0, 31.5, 63]).tolist() == [0, 0.5, 1]
    change = difference_scale_of("nW/cm²/sr")
    assert change.position([-100, 0, 100]).tolist() == [0, 0.5, 1]
    # log(1 + 1/0.5) / log(1 + 100/0.5) of the way to the end
    assert float(change.position(1)) == pytest.approx(0.5 + np.log(3) / np.log(201) / 2)
    assert np.isnan(change.position(np.nan)) and np.isnan(light.position(np.nan))


@pytest.mark.parametrize("unit", UNITS)
def test_a_legend_names_values_inside_the_scale(unit):
    light, change = scale_of(unit), difference_scale_of(unit)
    assert light.stops[0] == light.low and light.stops[-1] == light.high
    assert list(light.stops) == sorted(light.stops)
    assert [-s for s in reversed(change.stops)] == list(change.stops) and 0 in change.stops
    assert max(change.stops) <= change.limit


def test_another_unit_has_no_scale():
    for make in (scale_of, difference_scale_of):
        with pytest.raises(ValueError, match="found 'lux', expected one of"):
            make("lux")
