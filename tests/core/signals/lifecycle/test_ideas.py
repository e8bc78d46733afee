"""When two signals are one idea."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.signals.lifecycle.ideas import STEP, idea_keys

PRICES = st.floats(0.5, 100_000)
NEAR = st.floats(-STEP / 2, STEP / 2).map(lambda part: part * 0.999)


def share_a_key(*signals: tuple[str, str, float, float]) -> bool:
    first, second = (set(idea_keys(*signal)) for signal in signals)
    return not first.isdisjoint(second)


@given(PRICES, PRICES, NEAR, NEAR)
def test_nearly_equal_geometry_is_always_one_idea(stop, target, stop_part, target_part):
    near = ("XAUUSD", "buy", stop * math.exp(stop_part), target * math.exp(target_part))
    assert share_a_key(("XAUUSD", "buy", stop, target), near)


@given(PRICES, PRICES, st.floats(STEP * 1.001, 1))
def test_geometry_more_than_a_step_apart_is_never_one_idea(stop, target, part):
    one = ("XAUUSD", "buy", stop, target)
    assert not share_a_key(one, ("XAUUSD", "buy", stop * math.exp(part), target))
    assert not share_a_key(one, ("XAUUSD", "buy", stop, target * math.exp(part)))


@pytest.mark.parametrize("other", [("XAUUSD", "sell", 2323.0, 2340.0), ("XAGUSD", "buy", 2323.0, 2340.0)])
def test_another_side_or_symbol_is_another_idea(other):
    assert not share_a_key(("XAUUSD", "buy", 2323.0, 2340.0), other)


def test_a_price_of_zero_is_an_error():
    with pytest.raises(ValueError, match="domain"):
        idea_keys("XAUUSD", "buy", 0.0, 2340.0)
