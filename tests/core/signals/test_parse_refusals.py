"""What looks like a call and is not clear is refused, with the field and the reason. Nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.calls import Other, Refused
from hive_core.signals.parse import parse_text

REFUSED = {
    "no stop": ("EURUSD buy 1.0850 tp 1.0910", "stop_loss", "missing_stop"),
    "stop left open": ("EURUSD buy 1.0850 sl open tp 1.0910", "stop_loss", "missing_stop"),
    "stop with question marks": ("EURUSD buy 1.0850\nSL ???\nTP 1.0910", "stop_loss", "missing_stop"),
    "stop refused in words": ("EURUSD buy 1.0850\nNO SL\nTP 1.0910", "stop_loss", "missing_stop"),
    "alert only": ("Gold buy now", "stop_loss", "missing_stop"),
    "unlabelled prices": ("EURUSD sell 1.0850\n🔻 1.0890\n🔹 1.0790", "stop_loss", "missing_stop"),
    "no target": ("EURUSD buy 1.0850 sl 1.0810", "take_profits", "missing_target"),
    "only a runner": ("EURUSD buy 1.0850 sl 1.0810 tp open", "take_profits", "missing_target"),
    "two stops": (
        "EURUSD buy 1.0850 sl 1.0810 tp 1.0910\nSL 1.0800 for the brave",
        "stop_loss",
        "unclear_stop",
    ),
    "stop as a range": ("EURUSD buy 1.0850 sl 1.0810-1.0800 tp 1.0910", "stop_loss", "unclear_stop"),
    "stop on a close": (
        "EURUSD buy 1.0850 sl (daily close under 1.0810) tp 1.0910",
        "stop_loss",
        "conditional_stop",
    ),
    "stop in points": ("EURUSD buy 1.0850 sl 400 points tp 1.0910", "stop_loss", "unclear_pip"),
    "target in points": ("EURUSD buy 1.0850 sl 1.0810 tp 600 points", "take_profits", "unclear_pip"),
    "gold in pips": ("Gold buy 2650 sl 50 pips tp 2670", "stop_loss", "unclear_pip"),
    "pips without an entry": ("EURUSD buy now sl 40 pips tp 60 pips", "entry", "missing_entry"),
    "pips from a zone": ("EURUSD buy 1.0850-1.0860 sl 40 pips tp 60 pips", "entry", "unclear_entry"),
    "no symbol": ("buy now 1.0850 sl 1.0810 tp 1.0910", "symbol", "missing_symbol"),
    "unknown pair": ("GBPMXN buy 23.20 sl 23.00 tp 23.60", "symbol", "unknown_instrument"),
    "unknown index": ("US30 sell 38500 sl 38700 tp 38100", "symbol", "unknown_instrument"),
    "crypto": ("LINK/USDT long 14.2 sl 13.5 tp 16", "symbol", "unknown_instrument"),
    "crypto in one word": ("EURUSD? no, LINKUSDT long 14.2 sl 13.5 tp 16", "symbol", "several_symbols"),
    "misspelt": ("EURUSSD buy 1.0850 sl 1.0810 tp 1.0910", "symbol", "unknown_instrument"),
    "two symbols": ("EURUSD GBPUSD buy 1.0850 sl 1.0810 tp 1.0910", "symbol", "several_symbols"),
    "a known and an unknown": ("Gold and silver buy 2650 sl 2640 tp 2670", "symbol", "several_symbols"),
    "no side": ("EURUSD 1.0850 sl 1.0810 tp 1.0910", "side", "missing_side"),
    "details of an earlier alert": ("Entry 2650-2653\nSL 2644\nTP 2660", "symbol", "missing_symbol"),
    "both sides": (
        "EURUSD buy 1.0850 sl 1.0810 tp 1.0910 or sell, your choice",
        "side",
        "contradictory_sides",
    ),
    "told not to": ("Do not buy EURUSD 1.0850 sl 1.0810 tp 1.0910", "side", "negated"),
    "market and limit": (
        "Sell EURUSD market @ 1.0850\nsell limit @ 1.0870\nSL 1.0900 TP 1.0800",
        "order_type",
        "contradictory_order_types",
    ),
    "limit without a price": ("EURUSD buy limit\nSL 1.0810\nTP 1.0910", "entry", "missing_entry"),
    "two entries": ("EURUSD buy @ 1.0850\nbuy more @ 1.0820\nSL 1.0780\nTP 1.0910", "entry", "unclear_entry"),
    "an entry and an ideal one": (
        "EURUSD buy @ 1.0850 ideally 1.0840 sl 1.0810 tp 1.0910",
        "entry",
        "unclear_entry",
    ),
    "entry on a condition": ("EURUSD sell below 1.0850 sl 1.0890 tp 1.0790", "entry", "unclear_entry"),
    "entry once something happens": (
        "EURUSD buy\nEnter when the market opens\nSL 1.0810\nTP 1.0910",
        "entry",
        "unclear_entry",
    ),
    "entries far apart": ("EURUSD buy 1.0850 - 1.2850 sl 1.0810 tp 1.0910", "entry", "unclear_entry"),
    "three numbers for the entry": ("XAUUSD buy 2650 2645 2670 sl 2640 tp 2680", "entry", "unclear_entry"),
    "a blank inside a target": (
        "EURUSD sell 1.0850\nSL 1.0890\nTP 1\n1 0790",
        "take_profits",
        "unclear_number",
    ),
    "a call after a heading of results": (
        "Yesterday's results: +90 pips\n\nEURUSD buy\n\nEURUSD buy 1.0850 sl 1.0810 tp 1.0910",
        "text",
        "result_in_entry",
    ),
    "a comma with two readings": ("USDJPY buy 150 sl 108,109 tp 152", "stop_loss", "unclear_number"),
    "a comma with no reading": ("EURUSD buy 1.0850 sl 10,810 tp 1.0910", "stop_loss", "unclear_number"),
    "open before the prices": (
        "EURUSD buy 1.0850 sl 1.0810 tp open 1.0910 / 1.0930",
        "take_profits",
        "unclear_target",
    ),
    "too many targets": (
        "Gold buy 2650 sl 2640 tp " + ", ".join(str(2651 + step) for step in range(17)),
        "take_profits",
        "too_many_targets",
    ),
    "the result is already told": (
        "EURUSD buy 1.0850 sl 1.0810 tp 1.0910\n\nHit TP1 +60 pips",
        "text",
        "result_in_entry",
    ),
}


@pytest.mark.parametrize(("text", "field", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_an_unclear_call_is_refused_with_its_field_and_reason(text: str, field: str, reason: str) -> None:
    verdicts = parse_text(text, SourceProfile())
    assert [(type(v).__name__, v.field, v.reason.value) for v in verdicts if isinstance(v, Refused)] == [
        ("Refused", field, reason)
    ]
    assert len(verdicts) == 1, verdicts


def test_a_misspelt_symbol_is_named_with_the_nearest_right_one() -> None:
    (verdict,) = parse_text("EURUSSD buy 1.0850 sl 1.0810 tp 1.0910", SourceProfile())
    assert isinstance(verdict, Refused)
    assert verdict.detail == "EURUSSD is not an instrument Hive knows; EURUSD is"


def test_the_default_symbol_never_stands_in_for_another_instrument() -> None:
    profile = SourceProfile(default_symbol="XAUUSD")
    for text in ("US30 buy 2650 sl 2640 tp 2670", "XUAUSD buy 2650 sl 2640 tp 2670"):
        (verdict,) = parse_text(text, profile)
        assert isinstance(verdict, Refused)
        assert verdict.reason.value == "unknown_instrument"


def test_a_default_symbol_that_hive_does_not_know_is_refused() -> None:
    (verdict,) = parse_text("buy 100 sl 90 tp 120", SourceProfile(default_symbol="DOGE"))
    assert isinstance(verdict, Refused)
    assert verdict.reason.value == "unknown_instrument"


def test_a_pip_number_that_may_be_a_price_is_refused() -> None:
    profile = SourceProfile(pip={"USDJPY": Decimal("0.01")})
    (verdict,) = parse_text("USDJPY buy 151.20 sl 150.80 tp 152-90 pips", profile)
    assert isinstance(verdict, Refused)
    assert (verdict.field, verdict.reason.value) == ("take_profits", "unclear_target")


UPDATES = {
    "break even": "Move SL to breakeven",
    "break even, short": "SL to BE ✅",
    "stop to entry": "SL to entry now guys",
    "stop to a price": "Move the stop loss to 1.0870",
    "stop to a price, in a titled note": "UPDATE\nEURUSD\nBullish\nTP1 1.0900 is near\nMove SL to 1.0870",
    "close all": "Close all trades now",
    "close by price": "Close 50.5 hold 48.5",
    "close one": "Close gold buy",
    "close a pair": "close EURUSD, we will look for a better entry",
    "close half": "Close half and let it run",
    "exit": "Exit now",
    "cancel": "Cancel the limit order",
    "delete": "delete pending buy limit",
    "partial": "Secure some profits here",
    "close, then a new alert": "Close gold sell\nGold buy now",
    "Vietnamese": "Đóng lệnh này",
}


@pytest.mark.parametrize("text", UPDATES.values(), ids=UPDATES.keys())
def test_what_manages_a_trade_is_an_update_and_no_signal(text: str) -> None:
    assert parse_text(text, SourceProfile()) == [Other("update")]


NOISE = {
    "nothing": "",
    "blanks": " \n\n ",
    "greeting": "Good morning traders ☀️",
    "picture words": "📈📈📈",
    "target hit": "GOLD - TP HIT 30 +Pips ✅✅",
    "stop hit": "SL hit. We go on",
    "running": "@Gold Sell 2650.5 +45 Pips running 🚀",
    "running, glued": "@Gold Buy2650 +45Pips running",
    "closed trades with the shape of calls": (
        "Friday closed trades:\nEURUSD BUY 1.0850 SL 1.0810 TP 1.0910 ✅\nGBPUSD SELL TP +50 pips"
    ),
    "weekly results": "Weekly results\nEURUSD buy +120 pips\nGold sell +80 pips",
    "past tense": "We closed +200 pips yesterday",
    "worries": "Close all your worries, it is the weekend",
    "plans": "Don't cancel your plans, next week we trade again",
    "opinion with a number": "gold consolidates near 2650, waiting for the jobs report",
    "reasons": "3 reasons to buy gold this week",
    "dip": "Buy the dip 2650",
    "a price": "2650.5",
    "advertising": "Become a VIP member, deposit 300 usd and get 5 signals a day",
}


@pytest.mark.parametrize("text", NOISE.values(), ids=NOISE.keys())
def test_chat_and_reports_are_noise(text: str) -> None:
    assert parse_text(text, SourceProfile()) == [Other("noise")]
