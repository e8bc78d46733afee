"""Names, numbers and clocks: symbols, magic numbers, the server's time, floats, settings."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metatrader_bench import an_order, settings_for
from pydantic import ValidationError

from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_exec.brokers.metatrader.identity import Identities, comment_of, magic_of
from hive_exec.brokers.metatrader.rows import AccountRow, NotUnderstood, TickRow, rounded
from hive_exec.brokers.metatrader.server_time import ServerClock
from hive_exec.brokers.metatrader.symbols import SymbolNames
from hive_exec.brokers.port import NotSent


def ns(*moment):
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 10**9


def wall_ms(*moment):
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("clock", "utc", "wall"),
    [
        ("new_york+7", (2026, 1, 14, 12), (2026, 1, 14, 14)),
        ("new_york+7", (2026, 7, 14, 12), (2026, 7, 14, 15)),
        # Between the changes of New York and of Europe the two clocks differ by an hour.
        ("new_york+7", (2026, 3, 16, 12), (2026, 3, 16, 15)),
        ("Europe/Athens", (2026, 3, 16, 12), (2026, 3, 16, 14)),
        ("UTC", (2026, 7, 14, 12), (2026, 7, 14, 12)),
    ],
)
def test_the_servers_wall_clock_both_ways(clock, utc, wall):
    made = ServerClock(clock)
    assert made.to_utc_ns(wall_ms(*wall)) == ns(*utc)
    assert made.to_server_s(ns(*utc)) == wall_ms(*wall) // 1000


def test_the_trading_day_of_the_usual_clock_turns_at_five_in_new_york():
    """Midnight of the server is 22:00 UTC in winter and 21:00 in summer."""
    made = ServerClock("new_york+7")
    assert made.to_utc_ns(wall_ms(2026, 1, 15)) == ns(2026, 1, 14, 22)
    assert made.to_utc_ns(wall_ms(2026, 7, 15)) == ns(2026, 7, 14, 21)


@given(st.integers(ns(2020, 1, 1) // 10**9, ns(2035, 1, 1) // 10**9), st.integers(0, 999))
def test_a_moment_goes_there_and_back_but_for_the_hour_that_happens_twice(utc_s, rest_ms):
    made = ServerClock("new_york+7")
    back = made.to_utc_ns(made.to_server_s(utc_s * 10**9) * 1000 + rest_ms)
    assert back - (utc_s * 10**9 + rest_ms * 10**6) in (0, -3_600 * 10**9)


@pytest.mark.parametrize(("clock", "why"), [("UTC", "ahead"), ("Asia/Tokyo", "s old")])
def test_a_wrong_server_clock_trades_nothing(mt5, clock, why):
    mt5.settings = mt5.settings.model_copy(update={"server_clock": clock})
    with pytest.raises(NotSent, match=why):
        mt5.new_broker().submit(an_order())


def test_an_old_or_crossed_quote_makes_no_order(mt5):
    mt5.now_ns += 31 * 10**9
    with pytest.raises(NotSent, match="31 s old"):
        mt5.broker.submit(an_order())
    mt5.quote("1.10020", "1.10010")
    with pytest.raises(NotSent, match="is quoted"):
        mt5.broker.submit(an_order())


def test_symbols_by_suffix_prefix_and_by_name():
    names = SymbolNames(settings_for(18813, symbol_prefix="#", symbol_names={"XAUUSD": "GOLD"}))
    assert names.venue_name("EURUSD") == "#EURUSD.m"
    assert names.our_name("#EURUSD.m") == "EURUSD"
    assert names.venue_name("XAUUSD") == "GOLD"
    assert names.our_name("GOLD") == "XAUUSD"
    assert names.our_name("US500.cash") == "US500.cash"
    assert names.our_name("EURUSD") == "EURUSD"
    # Gold under the rule is another symbol at this broker than the gold that is meant.
    assert names.our_name("#XAUUSD.m") == "#XAUUSD.m"


IDS = st.from_regex(r"ord_[0-9a-f]{24}", fullmatch=True)


@given(IDS, st.integers(1, 32_767))
def test_a_magic_number_fits_and_names_its_installation(client_order_id, installation):
    magic = magic_of(installation, client_order_id)
    assert 0 < magic < 2**63
    assert Identities(installation, ()).is_ours(magic)
    assert not Identities(installation % 32_767 + 1, ()).is_ours(magic)


@given(IDS, st.integers(0, 28))
def test_an_order_is_named_whatever_is_left_of_its_comment(client_order_id, length):
    names = Identities(7, [client_order_id])
    assert names.name(magic_of(7, client_order_id), client_order_id[:length]) == client_order_id


def test_a_comment_of_another_order_does_not_rename_ours():
    one, other = an_order(1).client_order_id, an_order(2).client_order_id
    names = Identities(7, [one, other])
    assert names.name(magic_of(7, one), other) == one
    assert names.name(0, "") == ""
    assert names.name(123, "my own trade") == ""
    assert names.name(0, one) == one


def test_the_comment_has_room_for_the_id():
    assert comment_of(an_order().client_order_id) == an_order().client_order_id
    assert len(comment_of("x" * 128)) == 31


@given(st.decimals(min_value="0.00001", max_value="99999", places=5), st.integers(-4, 4))
def test_a_double_beside_a_price_is_that_price(price, units):
    """What arithmetic leaves of a price differs in its last bits; to its digits it is the price."""
    double = float(price)
    for _ in range(abs(units)):
        double = math.nextafter(double, 10.0**9 if units > 0 else 0.0)
    row = {"bid": Decimal(repr(double)), "ask": Decimal(repr(double)), "time_msc": 1}
    assert TickRow.of(row, 5).bid == price


def test_rounding_is_to_the_nearest_and_never_cuts():
    assert rounded(Decimal("1.0999999999999999"), 5) == Decimal("1.10000")
    assert rounded(Decimal("1.1000000000000001"), 5) == Decimal("1.10000")


@pytest.mark.parametrize(
    "changes",
    [
        {"login": "5001"},
        {"login": True},
        {"balance": None},
        {"balance": Decimal("1e300")},
        {"margin_mode": 9},
    ],
)
def test_an_account_that_is_not_understood(changes):
    row = {"login": 1, "server": "S", "margin_mode": 2, "balance": 1, "equity": 1, "margin": Decimal("0.5")}
    assert AccountRow.of(row).margin == Decimal("0.5")
    with pytest.raises(NotUnderstood):
        AccountRow.of(row | changes)
    del row["login"]
    with pytest.raises(NotUnderstood, match="no field 'login'"):
        AccountRow.of(row)


@pytest.mark.parametrize(
    "changes",
    [
        {"server_clock": "GMT plus two"},
        {"accounting": "both"},
        {"magic": 0},
        {"magic": 32_768},
        {"login": 0},
        {"symbol_suffix": " m"},
        {"symbol_suffix": "é"},
        {"symbol_names": {"eurusd": "EURUSD"}},
        {"bridge_host": "a b"},
        {"bridge_port": 80},
        {"overlap_s": 1},
        {"settle_s": 5},
        {"token": "x"},
        {"token_variable": "token"},
    ],
)
def test_settings_that_cannot_be_meant(changes):
    good = {"name": "mt5", "login": 1, "server": "S", "accounting": "hedging"}
    assert MetaTraderSettings.model_validate(good).bridge_host == "127.0.0.1"
    with pytest.raises(ValidationError):
        MetaTraderSettings.model_validate(good | changes)


@pytest.mark.parametrize("missing", ["name", "login", "server", "accounting"])
def test_the_account_is_never_assumed(missing):
    good = {"name": "mt5", "login": 1, "server": "S", "accounting": "hedging"}
    del good[missing]
    with pytest.raises(ValidationError):
        MetaTraderSettings.model_validate(good)
