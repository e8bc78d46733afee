"""Names, sizes and prices at the venue: exact, decimal text, never a float, never more risk."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oanda_bench import order

from hive_core.instruments.specification import instruments
from hive_exec.brokers.oanda.reading import time_ns_of, time_text
from hive_exec.brokers.oanda.requests import order_request
from hive_exec.brokers.oanda.symbols import (
    NotExpressible,
    VenueInstrument,
    lots_of,
    our_symbol,
    price_text,
    units_of,
    venue_name,
)

EURUSD = VenueInstrument("EUR_USD", 5, 0, Decimal(1), Decimal(100_000_000))
GOLD = VenueInstrument("XAU_USD", 3, 0, Decimal(1), Decimal(10_000))
DOW = VenueInstrument("US30_USD", 1, 1, Decimal("0.1"), Decimal(0))


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("EURUSD", "EUR_USD"),
        ("USDJPY", "USD_JPY"),
        ("XAUUSD", "XAU_USD"),
        ("BTCUSD", "BTC_USD"),
        ("US30", "US30_USD"),
        ("US500", "SPX500_USD"),
        ("GER40", "DE30_EUR"),
        ("USOIL", "WTICO_USD"),
    ],
)
def test_names(symbol, name):
    assert venue_name(symbol) == name
    assert our_symbol(name) == symbol


def test_every_instrument_has_one_name_in_its_own_quote_currency():
    """Another currency would be another contract, with another profit."""
    names = {symbol: venue_name(symbol) for symbol in instruments()}
    assert len(set(names.values())) == len(names)
    for symbol, name in names.items():
        assert name.rpartition("_")[2] == instruments()[symbol].quote
        assert our_symbol(name) == symbol


@pytest.mark.parametrize("symbol", ["BTCUSDT", "eurusd", "EUR_USD", "", "NOSUCH"])
def test_another_name_is_not_expressible(symbol):
    with pytest.raises(NotExpressible):
        venue_name(symbol)
    assert our_symbol("CORN_USD") is None


@pytest.mark.parametrize(
    ("instrument", "symbol", "lots", "units"),
    [
        (EURUSD, "EURUSD", "0.01", "1000"),
        (EURUSD, "EURUSD", "0.00001", "1"),
        (EURUSD, "EURUSD", "50", "5000000"),
        (GOLD, "XAUUSD", "0.01", "1"),
        (GOLD, "XAUUSD", "1.23", "123"),
        (DOW, "US30", "0.1", "0.1"),
        (DOW, "US30", "12.5", "12.5"),
    ],
)
def test_lots_are_units_and_units_are_lots(instrument, symbol, lots, units):
    assert units_of(instrument, symbol, Decimal(lots)) == Decimal(units)
    for sign in ("", "-"):
        assert lots_of(instrument.name, Decimal(f"{sign}{units}")) == Decimal(lots)


@pytest.mark.parametrize(
    ("instrument", "symbol", "lots", "reason"),
    [
        (EURUSD, "EURUSD", "0.000001", "takes multiples of 1"),
        (EURUSD, "EURUSD", "0.0100005", "takes multiples of 1"),
        (GOLD, "XAUUSD", "0.005", "takes multiples of 1"),
        (DOW, "US30", "0.05", "takes multiples of 0.1"),
        (GOLD, "XAUUSD", "100.01", "at most 10000"),
        (VenueInstrument("EUR_USD", 5, 0, Decimal(1000), Decimal(0)), "EURUSD", "0.001", "at least 1000"),
    ],
)
def test_a_size_that_the_venue_does_not_have_is_never_rounded(instrument, symbol, lots, reason):
    with pytest.raises(NotExpressible, match=reason):
        units_of(instrument, symbol, Decimal(lots))


def sent(**changes):
    return order_request(order(**changes), EURUSD)["order"]


def test_a_price_with_too_many_decimals_is_rounded_to_the_side_of_less_risk():
    odd = {"stop_loss": "1.095001", "take_profit": "1.110009", "price_bound": "1.100609"}
    buy = sent(**odd)
    assert buy["stopLossOnFill"]["price"] == "1.09501"
    assert buy["takeProfitOnFill"]["price"] == "1.11000"
    assert buy["priceBound"] == "1.10060"
    sell = sent(side="sell", stop_loss="1.105009", take_profit="1.090001", price_bound="1.099501")
    assert sell["stopLossOnFill"]["price"] == "1.10500"
    assert sell["takeProfitOnFill"]["price"] == "1.09001"
    assert sell["priceBound"] == "1.09951"
    limit = sent(order_type="limit", entry="1.099009", price_bound="1.1")
    assert limit["price"] == "1.09900"
    stop = sent(order_type="stop", entry="1.102001", price_bound="1.103")
    assert stop["price"] == "1.10201"


def test_prices_of_nothing_are_not_expressible():
    with pytest.raises(NotExpressible, match="no price"):
        price_text(EURUSD, Decimal("0.000001"), upwards=False)


@given(
    st.decimals("0.01", "50", places=2),
    st.sampled_from(["buy", "sell"]),
    st.decimals("0.5", "2", places=8),
)
def test_whatever_is_sent_is_plain_decimal_text(lots, side, price):
    text = json.dumps(sent(lots=lots, side=side, stop_loss=price, take_profit=price + 1, price_bound=price))
    numbers = [json.loads(text)[key] for key in ("units", "priceBound")]
    assert all(isinstance(one, str) and "e" not in one.lower() for one in numbers)
    assert abs(Decimal(numbers[0])) == lots * 100_000
    assert (Decimal(numbers[0]) > 0) is (side == "buy")
    assert abs(Decimal(numbers[1]) - price) < Decimal("0.00001")


@given(st.integers(0, 4_102_444_800_000_000_000))
def test_times_are_exact_to_the_nanosecond(ts_ns):
    assert time_ns_of(time_text(ts_ns)) == ts_ns


@pytest.mark.parametrize("text", ["2026-09-21T14:13:20.5Z", "2026-09-21T14:13:20Z"])
def test_fewer_decimals_of_a_second_are_understood(text):
    assert time_ns_of(text) // 1_000_000_000 == 1_790_000_000


@pytest.mark.parametrize(
    "text", ["2026-09-21", "1790000000.0", "2026-09-21T14:13:20.1234567890Z", "2026-13-01T00:00:00Z"]
)
def test_other_times_are_refused(text):
    with pytest.raises(ValueError, match=r"no RFC 3339 time|month must be"):
        time_ns_of(text)
