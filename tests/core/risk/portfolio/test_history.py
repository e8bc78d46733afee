"""Prices on common days, crosses out of reference rates, and every gap that is refused."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.market.bars import RATE_SCHEMA
from hive_core.risk.portfolio.history import DAILY_PRICES, on_common_days, pair_prices, price_history
from hive_core.risk.portfolio.inputs import RefusedInput

MONDAY = date(2024, 1, 1)


def daily(*rows):
    return pl.DataFrame(
        [
            {"date": MONDAY + timedelta(days=day), "symbol": symbol, "price": price}
            for day, symbol, price in rows
        ],
        schema=DAILY_PRICES,
    )


def rates(*rows):
    return pl.DataFrame(
        [
            {
                "date": MONDAY + timedelta(days=day),
                "currency": name,
                "per_eur": rate,
                "landing_sha256": "0" * 64,
            }
            for day, name, rate in rows
        ],
        schema=RATE_SCHEMA,
    )


FINE = ((0, "A", 1.0), (0, "B", 10.0), (1, "A", 1.1), (1, "B", 9.0), (2, "A", 1.21), (2, "B", 9.9))


def test_prices_stand_in_the_order_asked_for_and_returns_are_those_of_days():
    history = price_history(daily(*reversed(FINE)), ["B", "A"])
    assert history.dates == tuple(MONDAY + timedelta(days=day) for day in range(3))
    np.testing.assert_array_equal(history.prices, [[10, 1], [9, 1.1], [9.9, 1.21]])
    np.testing.assert_allclose(history.relative_returns(), [[-0.1, 0.1], [0.1, 0.1]])
    np.testing.assert_allclose(history.log_returns(), np.log1p(history.relative_returns()))


def test_history_begins_when_the_youngest_instrument_does():
    history = price_history(daily((-1, "A", 0.9), *FINE), ["A", "B"])
    assert history.dates[0] == MONDAY


@given(st.integers(1, 3))
def test_what_was_until_a_day_does_not_change_with_what_follows(days):
    whole = price_history(daily(*FINE, (3, "A", 7.0), (3, "B", 7.0)), ["A", "B"])
    cut = whole.until(MONDAY + timedelta(days=days))
    again = price_history(
        daily(*FINE[: 2 * days + 2], *((3, "A", 7.0), (3, "B", 7.0))[: 2 * (days == 3)]), ["A", "B"]
    )
    assert cut.dates == again.dates
    np.testing.assert_array_equal(cut.prices, again.prices)


def test_before_the_first_day_there_is_nothing():
    with pytest.raises(RefusedInput, match="no price up to"):
        price_history(daily(*FINE), ["A"]).until(MONDAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("rows", "symbols", "why"),
    [
        (FINE, [], "no symbol"),
        (FINE, ["A", "A"], "one twice"),
        (FINE, ["A", "C"], "there is no price of C"),
        (FINE[:-1], ["A", "B"], "B has no price on 2024-01-03"),
        ((*FINE, (2, "B", 9.9)), ["A", "B"], "two prices on a day"),
        ((*FINE, (3, "A", 0.0)), ["A"], "the price is 0.0"),
        ((*FINE, (3, "A", float("nan"))), ["A"], "the price is nan"),
        ((*FINE, (3, "A", float("inf"))), ["A"], "the price is inf"),
        ((*FINE, (3, "A", None)), ["A"], "the price is None"),
        (FINE[:2], ["A", "B"], "two days"),
        ((*FINE, (10, "A", 1.0), (10, "B", 1.0)), ["A", "B"], "between 2024-01-03 and 2024-01-11"),
    ],
)
def test_prices_with_holes_are_refused(rows, symbols, why):
    with pytest.raises(RefusedInput, match=why):
        price_history(daily(*rows), symbols)


def test_seven_days_apart_is_no_hole():
    assert len(price_history(daily(*FINE, (9, "A", 1.0)), ["A"]).dates) == 4


def test_other_columns_are_refused():
    with pytest.raises(RefusedInput, match="daily prices have the columns"):
        price_history(daily(*FINE).rename({"price": "close"}), ["A"])
    with pytest.raises(RefusedInput, match="rates have the columns"):
        pair_prices(daily(*FINE), ["EURUSD"])


def test_crosses_go_through_the_euro_on_days_that_have_both():
    known = rates((0, "USD", 1.25), (0, "JPY", 150.0), (1, "USD", 1.2), (2, "JPY", 160.0))
    found = pair_prices(known, ["USDJPY", "EURUSD", "EURJPY"])
    assert dict(found.schema) == DAILY_PRICES
    assert found.rows() == [
        (MONDAY, "EURJPY", 150.0),
        (MONDAY, "EURUSD", 1.25),
        (MONDAY, "USDJPY", 120.0),
        (MONDAY + timedelta(days=1), "EURUSD", 1.2),
        (MONDAY + timedelta(days=2), "EURJPY", 160.0),
    ]


@pytest.mark.parametrize("symbol", ["XAUUSD", "US500", "EURXXX"])
def test_only_known_pairs_come_from_reference_rates(symbol):
    with pytest.raises(RefusedInput, match="not a known pair"):
        pair_prices(rates((0, "USD", 1.25)), [symbol])


def test_days_that_not_all_have_are_left_out_where_that_is_asked_for():
    known = daily(*FINE[:-1], (3, "A", 1.3), (3, "B", 9.5), (2, "C", 5.0))
    history = price_history(on_common_days(known, ["A", "B"]), ["A", "B"])
    assert history.dates == tuple(MONDAY + timedelta(days=day) for day in (0, 1, 3))
