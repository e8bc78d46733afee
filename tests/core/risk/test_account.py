"""What an account is worth: rates, open profit, and the lowest and highest points of a bar."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_bench import a_state, held

from hive_core.backtest.fills import BarPrices
from hive_core.risk.account import (
    MissingRate,
    commission_of,
    equity,
    equity_marks,
    known_rate,
    open_profit,
    profit_at,
)


def bar(bid_open, bid_high, bid_low, bid_close, spread="0.0001"):
    bids = [Decimal(price) for price in (bid_open, bid_high, bid_low, bid_close)]
    return BarPrices(*bids, *(price + Decimal(spread) for price in bids))


@pytest.mark.parametrize(
    ("account", "currency", "rate"),
    [
        ("USD", "USD", "1"),
        ("USD", "EUR", "1.1"),
        ("EUR", "USD", "0.9090909090909090909090909091"),
        ("GBP", "USD", "0.8"),
        ("USD", "GBP", "1.25"),
        ("EUR", "EUR", "1"),
    ],
)
def test_rates_go_by_way_of_the_euro(account, currency, rate):
    assert known_rate(a_state(currency=account), currency) == Decimal(rate)


@pytest.mark.parametrize(("account", "currency"), [("USD", "SEK"), ("SEK", "USD"), ("SEK", "EUR")])
def test_a_rate_that_is_not_there_is_missing(account, currency):
    with pytest.raises(MissingRate, match="no reference rate for SEK"):
        known_rate(a_state(currency=account), currency)


def test_the_accounts_own_currency_needs_no_rate():
    state = a_state(rates_per_eur={})
    assert known_rate(state, "USD") == 1


@pytest.mark.parametrize(
    ("symbol", "side", "entry", "price", "profit"),
    [
        ("EURUSD", "buy", "1.06000", "1.06100", "200.00"),
        ("EURUSD", "sell", "1.06000", "1.06100", "-200.00"),
        # 50 pips of yen on two lots: 100,000 yen at 1/110
        ("USDJPY", "buy", "110.000", "110.500", "909.09"),
        ("USDJPY", "sell", "110.000", "110.500", "-909.09"),
        # 10 pips of francs on two lots: 200 francs at 10/9
        ("USDCHF", "buy", "0.99000", "0.99100", "222.22"),
        # 2 dollars on 200 ounces
        ("XAUUSD", "buy", "1900.00", "1902.00", "400.00"),
    ],
)
def test_profit_is_of_the_accounts_currency_to_the_cent(symbol, side, entry, price, profit):
    state = a_state()
    position = held(state, symbol=symbol, side=side, lots="2", entry=entry, stop=entry)
    assert profit_at(state, position, Decimal(price)) == Decimal(profit)


def test_a_position_is_worth_what_it_could_be_closed_for():
    state = a_state()
    held(state, entry="1.05900")  # a bought lot leaves at the bid, 1.06000
    held(state, side="sell", entry="1.05900", stop="1.07")  # a sold one at the ask, 1.06010
    assert equity(state) == Decimal("100000") + 100 - 110


def test_without_a_quote_a_position_is_worth_its_stop():
    state = a_state(quotes={})
    held(state, entry="1.06000", stop="1.05500")
    assert equity(state) == Decimal("99500")


def test_an_order_that_has_not_filled_is_worth_nothing_yet():
    state = a_state()
    held(state, entry="1.02", is_open=False)
    assert equity(state) == state.balance


@pytest.mark.parametrize(
    ("side", "stop", "prices", "low", "after"),
    [
        ("buy", "1.05500", ("1.060", "1.061", "1.056", "1.0605"), "-400", "50"),
        ("buy", "1.05500", ("1.060", "1.061", "1.050", "1.0605"), "-500", "-500"),  # the stop came first
        ("buy", "1.05500", ("1.052", "1.061", "1.050", "1.0605"), "-800", "-800"),  # a gap: at the open
        ("sell", "1.06500", ("1.060", "1.064", "1.059", "1.0595"), "-410", "40"),  # at the ask
        ("sell", "1.06500", ("1.060", "1.070", "1.059", "1.0595"), "-500", "-500"),
        ("sell", "1.06500", ("1.068", "1.070", "1.059", "1.0595"), "-810", "-810"),
    ],
)
def test_a_bar_takes_a_position_down_to_its_stop_at_most_gaps_apart(side, stop, prices, low, after):
    state = a_state()
    held(state, side=side, entry="1.06000", stop=stop)
    assert equity_marks(state, "EURUSD", bar(*prices)).lowest == state.balance + Decimal(low)
    assert equity_marks(state, "EURUSD", bar(*prices)).last == state.balance + Decimal(after)


def test_a_gap_past_the_target_is_worth_no_more_than_the_target():
    """Found by the parity proof: beside a loss it hid a breach."""
    state = a_state()
    held(state, side="sell", entry="1.06000", stop="1.07", target="1.05800")
    fallen = bar("1.04", "1.04100", "1.03900", "1.04")
    assert equity_marks(state, "EURUSD", fallen).lowest == state.balance + 200
    assert equity_marks(state, "EURUSD", fallen).last == state.balance + 200
    long = a_state()
    held(long, entry="1.06000", stop="1.05", target="1.06200")
    assert equity_marks(long, "EURUSD", bar("1.08", "1.08", "1.07900", "1.08")).lowest == long.balance + 200


def test_a_bar_of_another_instrument_leaves_a_position_at_its_last_quote():
    state = a_state()
    held(state, entry="1.06000")
    held(state, symbol="GBPUSD", entry="1.25000", stop="1.24")
    prices = bar("1.25", "1.25", "1.24500", "1.25")
    assert equity_marks(state, "GBPUSD", prices).lowest == state.balance - 500
    assert equity_marks(state, "GBPUSD", prices).last == state.balance


def test_a_commission_is_to_the_cent_as_it_is_booked():
    assert commission_of(Decimal("0.03"), Decimal("3.5")) == Decimal("0.10")


def test_without_a_rate_nothing_of_it_is_guessed():
    state = a_state(rates_per_eur={})
    held(state, symbol="USDJPY", entry="110", stop="109.500")
    with pytest.raises(MissingRate):
        equity(state)


def test_the_highest_of_a_bar_stops_at_the_target():
    state = a_state()
    held(state, entry="1.06000", stop="1.05", target="1.06200")
    assert (
        equity_marks(state, "EURUSD", bar("1.06", "1.06100", "1.05", "1.06")).highest == state.balance + 100
    )
    assert (
        equity_marks(state, "EURUSD", bar("1.06", "1.06500", "1.05", "1.06")).highest == state.balance + 200
    )
    sale = a_state()
    held(sale, side="sell", entry="1.06000", stop="1.07", target="1.05800")
    # a sale leaves at the ask, a pip above the bid
    assert equity_marks(sale, "EURUSD", bar("1.06", "1.06", "1.05890", "1.06")).highest == sale.balance + 100
    assert equity_marks(sale, "EURUSD", bar("1.06", "1.06", "1.05", "1.06")).highest == sale.balance + 200


prices = st.integers(104_000, 108_000).map(lambda points: Decimal(points) / 100_000)
pips = st.integers(1, 300).map(lambda count: Decimal(count) / 10_000)


@st.composite
def positions(draw: st.DrawFn) -> dict[str, object]:
    side, entry = draw(st.sampled_from(["buy", "sell"])), draw(prices)
    ahead = 1 if side == "buy" else -1
    return {
        "symbol": draw(st.sampled_from(["EURUSD", "GBPUSD"])),
        "side": side,
        "lots": str(Decimal(draw(st.integers(1, 500))) / 100),
        "entry": str(entry),
        "stop": str(entry - ahead * draw(pips)),
        "target": str(entry + ahead * draw(pips)),
        "is_open": draw(st.booleans()),
    }


@given(st.lists(positions(), max_size=6), prices, st.integers(0, 30))
def test_a_quote_marks_an_account_as_a_bar_of_a_single_price(held_positions, bid, spread_points):
    """The short way of a quote against the long way of a bar, and both against each position by itself."""
    state = a_state()
    for one in held_positions:
        held(state, **one)
    quote = BarPrices.of_quote(bid, bid + Decimal(spread_points) / 100_000)
    marks = equity_marks(state, "EURUSD", quote)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BarPrices, "is_quote", False)
        assert equity_marks(state, "EURUSD", quote) == marks
    others = state.balance + sum(
        open_profit(state, one) for one in state.open_positions() if one.symbol != "EURUSD"
    )
    moved = [one for one in state.open_positions() if one.symbol == "EURUSD"]
    capped = {
        "buy": lambda one: min(bid, one.take_profit),
        "sell": lambda one: max(quote.ask_close, one.take_profit),
    }
    assert marks.last == others + sum(profit_at(state, one, capped[one.side](one)) for one in moved)
    assert equity(state) == state.balance + sum(open_profit(state, one) for one in state.open_positions())
