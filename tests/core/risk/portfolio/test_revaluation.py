"""Full revaluation against a loop in plain floats, position by position; the linear book; what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.specification import instruments
from hive_core.risk.portfolio.draws import STRIP
from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.revaluation import LinearBook, RevaluedBook

SYMBOLS = ("EURUSD", "USDJPY", "EURJPY", "EURGBP", "GBPUSD", "USDCHF")
PRICES = {"EURUSD": 1.10, "USDJPY": 110.0, "EURJPY": 121.0, "EURGBP": 0.88, "GBPUSD": 1.25, "USDCHF": 0.99}
LOTS = {"EURUSD": 1.0, "USDJPY": -2.0, "EURJPY": 3.0, "EURGBP": -1.5, "GBPUSD": 0.0, "USDCHF": 0.5}


def in_dollars(currency, prices):
    direct, inverse = prices.get(currency + "USD"), prices.get("USD" + currency)
    return 1.0 if currency == "USD" else direct if direct is not None else 1 / inverse


EXPOSURES = [LOTS[s] * 100_000 * PRICES[s] * in_dollars(instruments()[s].quote, PRICES) for s in SYMBOLS]
"""Signed values in dollars before the move."""


def by_hand(moves):
    """Each position's profit in its quote currency, converted at the prices after the move."""
    after = {s: PRICES[s] * math.exp(m) for s, m in zip(SYMBOLS, moves, strict=True)}
    return sum(
        LOTS[s] * 100_000 * (after[s] - PRICES[s]) * in_dollars(instruments()[s].quote, after)
        for s in SYMBOLS
    )


def strips(rows):
    """Simulations x assets as one strip, the rest zero."""
    found = np.zeros((1, len(rows[0]), STRIP), dtype=np.float32)
    found[0, :, : len(rows)] = np.array(rows).T
    return found


@given(st.lists(st.tuples(*[st.floats(-0.5, 0.5)] * 6), min_size=1, max_size=5))
def test_a_book_is_worth_after_a_move_what_each_position_is(rows):
    book = RevaluedBook.of(SYMBOLS, EXPOSURES, "USD")
    found = book.results(strips(rows))
    for place, row in enumerate(rows):
        single = [float(np.float32(move)) for move in row]
        assert found[0, place] == pytest.approx(by_hand(single), rel=1e-4, abs=0.5)
    assert found[0, len(rows) :] == pytest.approx(0)


def test_a_profit_in_a_currency_that_falls_is_worth_less():
    book = RevaluedBook.of(SYMBOLS, [0, 0, 100_000, 0, 0, 0], "USD")
    alone = book.results(strips([[0, 0, 0.10, 0, 0, 0]]))[0, 0]
    falling_yen = book.results(strips([[0, 0.05, 0.10, 0, 0, 0]]))[0, 0]
    assert alone == pytest.approx(100_000 * math.expm1(0.10), rel=1e-5)
    assert falling_yen == pytest.approx(100_000 * math.expm1(0.10) / math.exp(0.05), rel=1e-5)


def test_small_moves_are_linear_and_large_ones_are_not():
    generator = np.random.default_rng(1)
    full, linear = RevaluedBook.of(SYMBOLS, EXPOSURES, "USD"), LinearBook.of(EXPOSURES)
    for size, apart in ((1e-4, 1e-3), (0.1, None)):
        moves = generator.standard_normal((2, 6, STRIP)).astype(np.float32) * np.float32(size)
        one, other = full.results(moves.copy()), linear.results(moves.copy())
        error = float(np.abs(one - other).max() / np.abs(other).max())
        assert error < apart if apart is not None else error > 0.05
    assert (full.assets, linear.assets) == (6, 6)


def test_an_account_in_another_currency_converts_by_other_pairs():
    with pytest.raises(RefusedInput, match="no pair among the assets converts JPY"):
        RevaluedBook.of(("EURUSD", "USDJPY"), [0.0, 50_000.0], "EUR")
    book = RevaluedBook.of(("EURUSD", "USDJPY", "EURJPY"), [10_000.0, 50_000.0, 0.0], "EUR")
    found = book.results(strips([[0.02, 0.03, 0.05]]))[0, 0]
    expected = 10_000 * math.expm1(0.02) / math.exp(0.02) + 50_000 * math.expm1(0.03) / math.exp(0.05)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("symbols", "exposures", "why"),
    [
        (("EURUSD", "EURUSD"), [1.0, 1.0], "do not fit"),
        (("EURUSD",), [1.0, 1.0], "do not fit"),
        (("EURXXX",), [1.0], "EURXXX is not a known instrument"),
        (("EURUSD", "EURGBP"), [1.0, 1.0], "converts GBP, in which EURGBP earns, to USD"),
        (("EURUSD", "GBPUSD"), [0.0, 0.0], "nothing is held"),
        (("EURUSD",), [math.nan], "number 0 is nan"),
    ],
)
def test_a_book_that_cannot_be_valued_is_refused(symbols, exposures, why):
    with pytest.raises(RefusedInput, match=why):
        RevaluedBook.of(symbols, exposures, "USD")
