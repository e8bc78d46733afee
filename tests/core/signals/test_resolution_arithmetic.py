"""Resolution's arithmetic for arrays is that for single numbers, at the edges of 64 bits too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.signals.fixed_point import divide_to_even, divide_to_even_arrays
from hive_core.signals.vote_kernel import SUM_LIMIT, in_parts_of_a_tick

quotients = st.tuples(st.integers(-SUM_LIMIT, SUM_LIMIT), st.integers(1, SUM_LIMIT))
halves = st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 10**8)).map(
    lambda drawn: ((2 * drawn[0] + 1) * drawn[1], 2 * drawn[1])
)


@given(st.lists(st.one_of(quotients, halves), min_size=1))
def test_arrays_are_divided_as_numbers_are(pairs: list[tuple[int, int]]) -> None:
    numerators, denominators = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    expected = [divide_to_even(*pair) for pair in pairs]
    assert divide_to_even_arrays(numerators, denominators).tolist() == expected


EURUSD, XAUUSD = 1_000, 1_000_000


def test_prices_on_their_ticks_are_told_in_ticks_whatever_ticks_stand_beside_them() -> None:
    tick = np.array([EURUSD, XAUUSD, EURUSD])
    (ticks,), parts = in_parts_of_a_tick([np.array([1.08123, 2034.56, 0.0])], tick)
    assert (ticks.tolist(), parts) == ([108_123, 203_456, 0], 1)


@pytest.mark.parametrize(
    ("price", "is_on_tick"),
    [(2034.561, False), (2034.560_000_002, True), (2034.560_000_004, False), (2034.559_999_996, False)],
)
def test_off_the_tick_by_a_quarter_of_a_unit_is_off(price: float, is_on_tick: bool) -> None:
    _, parts = in_parts_of_a_tick([np.array([price, 1950.10])], np.array([XAUUSD, XAUUSD]))
    assert isinstance(parts, int) == is_on_tick


@pytest.mark.parametrize("off", [2e-9, -2e-9])
def test_a_fine_tick_beside_a_coarse_one_is_judged_by_its_own(off: float) -> None:
    """As a part of its tick the first price is far off: too far for the coarse tick, not for its own."""
    tick = np.array([1, XAUUSD])
    (ticks,), parts = in_parts_of_a_tick([np.array([0.5 + off, 2034.56])], tick)
    assert (ticks.tolist(), parts) == ([50_000_000, 203_456], 1)
