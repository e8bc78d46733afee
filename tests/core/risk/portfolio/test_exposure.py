"""Positions by currency: legs that cancel, agreement with small moves of prices, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.specification import instruments
from hive_core.risk.account import Exposure
from hive_core.risk.portfolio.exposure import CURRENCY_EXPOSURES, currency_exposures
from hive_core.risk.portfolio.holdings import (
    Holding,
    Market,
    holdings_of,
    net_values,
    symbols_needed,
    value_of,
)
from hive_core.risk.portfolio.inputs import RefusedInput

PRICES = {
    "EURUSD": 1.10,
    "USDJPY": 110.0,
    "EURJPY": 121.0,
    "EURGBP": 0.88,
    "GBPUSD": 1.25,
    "USDCHF": 0.99,
    "XAUUSD": 2000.0,
    "GER40": 18_000.0,
}
MARKET = Market("USD", PRICES)
SYMBOLS = sorted(PRICES)
ONE = Decimal(1)
BOOKS = st.lists(
    st.builds(
        Holding,
        st.sampled_from(SYMBOLS),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 5000).map(lambda steps: Decimal(steps) / 100),
    ),
    min_size=1,
    max_size=20,
)


def nets(holdings, market=MARKET):
    return {row["currency"]: row["net"] for row in currency_exposures(holdings, market).to_dicts()}


def profit(holdings, prices):
    """In dollars, position by position, at prices after a move."""
    total = 0.0
    for one in holdings:
        facts = instruments()[one.symbol]
        units = float(one.lots * facts.contract_size) * (1 if one.side == "buy" else -1)
        total += units * (prices[one.symbol] - PRICES[one.symbol]) * Market("USD", prices).rate(facts.quote)
    return total


def test_a_lot_is_its_base_bought_and_its_quote_paid():
    found = currency_exposures([Holding("EURUSD", "buy", ONE)], MARKET)
    assert dict(found.schema) == CURRENCY_EXPOSURES
    assert found.rows() == [
        ("EUR", pytest.approx(110_000), 0.0, pytest.approx(110_000)),
        ("USD", 0.0, pytest.approx(-110_000), pytest.approx(-110_000)),
    ]


def test_a_cross_is_told_in_the_account_s_currency():
    found = nets([Holding("EURJPY", "sell", Decimal(2))])
    assert found == {"EUR": pytest.approx(-220_000), "JPY": pytest.approx(220_000)}
    in_euros = nets([Holding("EURJPY", "sell", Decimal(2))], Market("EUR", PRICES))
    assert in_euros == {"EUR": pytest.approx(-200_000), "JPY": pytest.approx(200_000)}


def test_three_pairs_in_a_ring_leave_nothing():
    ring = [
        Holding("EURUSD", "buy", ONE),
        Holding("USDJPY", "buy", Decimal("1.1")),
        Holding("EURJPY", "sell", ONE),
    ]
    assert nets(ring) == {name: pytest.approx(0, abs=1e-6) for name in ("EUR", "USD", "JPY")}


def test_gold_and_an_index_stand_under_their_own_names():
    assert nets([Holding("XAUUSD", "buy", ONE), Holding("GER40", "sell", ONE)]) == {
        "XAU": pytest.approx(200_000),
        "USD": pytest.approx(-200_000),
        "GER40": pytest.approx(-19_800),
        "EUR": pytest.approx(19_800),
    }


@given(BOOKS)
def test_all_nets_together_are_zero_and_the_largest_comes_first(holdings):
    found = currency_exposures(holdings, MARKET)
    gross = float((found["long"] - found["short"]).sum())
    assert float(found["net"].sum()) == pytest.approx(0, abs=1e-9 * gross)
    assert found["net"].abs().to_list() == sorted(found["net"].abs(), reverse=True)
    assert (found["long"] >= 0).all()
    assert (found["short"] <= 0).all()


@given(BOOKS, st.sampled_from(["EUR", "GBP", "JPY", "CHF", "XAU", "GER40"]), st.sampled_from([-1e-6, 1e-6]))
def test_a_book_gains_its_net_times_the_move_of_a_currency(holdings, currency, move):
    """If one currency moves a little against all others, valuing the book anew says what its net says."""
    after = dict(PRICES)
    for symbol in SYMBOLS:
        facts = instruments()[symbol]
        if facts.base == currency:
            after[symbol] *= 1 + move
        elif facts.quote == currency:
            after[symbol] /= 1 + move
    gross = sum(abs(value_of(one, MARKET)) for one in holdings)
    expected = nets(holdings).get(currency, 0.0) * move
    assert profit(holdings, after) == pytest.approx(expected, abs=abs(gross * move) * 1e-4)


def test_values_are_signed_and_net_by_symbol():
    book = [
        Holding("EURJPY", "buy", ONE),
        Holding("EURJPY", "sell", Decimal("0.25")),
        Holding("EURUSD", "sell", ONE),
    ]
    assert value_of(book[1], MARKET) == pytest.approx(-27_500)
    assert net_values(book, MARKET) == {"EURJPY": pytest.approx(82_500), "EURUSD": pytest.approx(-110_000)}


def test_the_pairs_that_convert_are_needed_too():
    book = [Holding("EURJPY", "buy", ONE), Holding("EURUSD", "buy", ONE)]
    assert symbols_needed(book, "USD") == ("EURJPY", "EURUSD", "USDJPY")
    assert symbols_needed(book, "JPY") == ("EURJPY", "EURUSD", "USDJPY")
    assert symbols_needed(book, "EUR") == ("EURJPY", "EURUSD")
    with pytest.raises(RefusedInput, match="no known pair converts JPY to PLN"):
        symbols_needed(book[:1], "PLN")


def test_open_positions_are_held_and_orders_are_not():
    levels = Decimal("1.1"), Decimal("1.09"), Decimal(0)
    position = Exposure("a", "EURUSD", "buy", ONE, *levels, is_open=True)
    order = Exposure("b", "EURUSD", "buy", ONE, *levels, is_open=False)
    assert holdings_of([position, order]) == (Holding("EURUSD", "buy", ONE, Decimal("1.09"), None),)


@pytest.mark.parametrize(
    ("holdings", "market", "why"),
    [
        ([], MARKET, "nothing is held"),
        ([Holding("EURXXX", "buy", ONE)], MARKET, "EURXXX is not a known"),
        ([Holding("EURUSD", "buy", Decimal(0))], MARKET, "0 lots"),
        ([Holding("EURUSD", "buy", Decimal("NaN"))], MARKET, "NaN lots"),
        ([Holding("AUDUSD", "buy", ONE)], MARKET, "no price of AUDUSD"),
        ([Holding("EURUSD", "buy", ONE)], Market("USD", {"EURUSD": 0.0}), "is 0.0"),
        ([Holding("EURUSD", "buy", ONE)], Market("USD", {"EURUSD": float("nan")}), "is nan"),
        ([Holding("EURJPY", "buy", ONE)], Market("USD", {"EURJPY": 121.0}), "no pair converts JPY to USD"),
    ],
)
def test_what_is_not_known_is_refused(holdings, market, why):
    with pytest.raises(RefusedInput, match=why):
        currency_exposures(holdings, market)
