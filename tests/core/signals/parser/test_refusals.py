"""What looks like a call and is not clear is refused, with the field and the reason. Nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import Noise, ParsedUpdate, Refused

REFUSED = {
    "stop on the wrong side": ("EURUSD buy 1.0850 sl 1.1290 tp 1.0910", "stop_loss", "stop_wrong_side"),
    "stop on the wrong side by one digit": (
        "Gold buy 2650 sl 2740 tp 2660",
        "stop_loss",
        "digit_typo",
    ),
    "stop far off by one digit": (
        "Gold buy 4384.8 tp 4386.3 tp 4390.8 sl 4279.8",
        "stop_loss",
        "digit_typo",
    ),
    "stop far off by two digits swapped": (
        "Gold sell 4135 tp 4130 tp 4125 sl 4412",
        "stop_loss",
        "digit_typo",
    ),
    "a grid of orders": (
        "us30\n46950 sell limit\n47010 sell limit\nstop 47080\ntp 46800",
        "entry",
        "unclear_entry",
    ),
    "stop at the entry": ("EURUSD buy 1.0850 sl 1.0850 tp 1.0910", "stop_loss", "stop_too_near"),
    "stop absurdly far": ("EURUSD buy 1.0850 sl 0.9810 tp 1.0910", "stop_loss", "stop_too_far"),
    "stop out of all proportion": ("Gold buy 2650 sl 2500 tp 2653", "stop_loss", "stop_too_far"),
    "target on the wrong side": (
        "EURUSD buy 1.0850 sl 1.0810 tp 1.0820",
        "take_profits",
        "target_wrong_side",
    ),
    "targets out of order": (
        "EURUSD buy 1.0850 sl 1.0810 tp1 1.0910 tp2 1.0880",
        "take_profits",
        "targets_out_of_order",
    ),
    "a target with a digit too many": ("Gold buy 2650 sl 2640 tp 26700", "take_profits", "fat_finger"),
    "a leap between targets": (
        "Gold buy 2650 sl 2645 tp1 2653 tp2 2753",
        "take_profits",
        "target_too_far",
    ),
    "a missing point": ("EURUSD buy 10850 sl 10810 tp 10910", "entry", "fat_finger"),
    "a blank for a point": ("EURJPY sell 172 100 sl 172.600 tp 171.800", "entry", "unclear_entry"),
    "pips and price apart": ("USDJPY buy 140.60 sl 140.00 90 pips tp 141.80", "stop_loss", "unclear_stop"),
    "a price before the call": ("1.0850 EURUSD buy stop loss 1.0810 tp 1.0910", "entry", "unclear_entry"),
    "prices in a row": ("EURUSD buy 1.0850 1.0810 1.0910", "stop_loss", "missing_stop"),
    "several instruments": ("Oil buy 75.10 sl 74.20 tp 76.40", "symbol", "ambiguous_instrument"),
    "misspelt": ("EURSUD buy 1.0850 sl 1.0810 tp 1.0910", "symbol", "unknown_instrument"),
    "no stop": ("EURUSD buy 1.0850 tp 1.0910", "stop_loss", "missing_stop"),
    "stop left open": ("EURUSD buy 1.0850 sl open tp 1.0910", "stop_loss", "missing_stop"),
    "stop with question marks": ("EURUSD buy 1.0850\nSL ???\nTP 1.0910", "stop_loss", "missing_stop"),
    "stop refused in words": ("EURUSD buy 1.0850\nNO SL\nTP 1.0910", "stop_loss", "missing_stop"),
    "alert only": ("Gold buy now", "stop_loss", "missing_stop"),
    "no target": ("EURUSD buy 1.0850 sl 1.0810", "take_profits", "missing_target"),
    "only a runner": ("EURUSD buy 1.0850 sl 1.0810 tp open", "take_profits", "missing_target"),
    "two stops": (
        "EURUSD buy 1.0850 sl 1.0810 tp 1.0910\nSL 1.0800 for the brave",
        "stop_loss",
        "unclear_stop",
    ),
    "stop as a range": ("EURUSD buy 1.0850 sl 1.0810-1.0800 tp 1.0910", "stop_loss", "unclear_stop"),
    "stop in points": ("EURUSD buy 1.0850 sl 400 points tp 1.0910", "stop_loss", "unclear_pip"),
    "target in points": ("EURUSD buy 1.0850 sl 1.0810 tp 600 points", "take_profits", "unclear_pip"),
    "gold in pips": ("Gold buy 2650 sl 50 pips tp 2670", "stop_loss", "unclear_pip"),
    "pips without an entry": ("EURUSD buy now sl 40 pips tp 60 pips", "entry", "missing_entry"),
    "pips from a zone": ("EURUSD buy 1.0850-1.0860 sl 40 pips tp 60 pips", "entry", "unclear_entry"),
    "no symbol": ("buy now 1.0850 sl 1.0810 tp 1.0910", "symbol", "missing_symbol"),
    "crypto in one word": ("EURUSD? no, LINKUSDT long 14.2 sl 13.5 tp 16", "symbol", "several_symbols"),
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
        "fat_finger",
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
    verdicts = read_text(text, SourceProfile())
    assert [(type(v).__name__, v.field, v.reason.value) for v in verdicts if isinstance(v, Refused)] == [
        ("Refused", field, reason)
    ]
    assert len(verdicts) == 1, verdicts


def test_a_misspelt_symbol_is_named_with_the_nearest_right_one() -> None:
    text = "🔥 EURSUD buy 1.0850 sl 1.0810 tp 1.0910"
    (verdict,) = read_text(text, SourceProfile())
    assert isinstance(verdict, Refused)
    assert verdict.detail == "EURSUD is no instrument Hive knows; EURUSD is"
    assert text[verdict.span.start : verdict.span.end] == "EURSUD"


def test_the_default_symbol_never_stands_in_for_another_instrument() -> None:
    profile = SourceProfile(default_symbol="XAUUSD")
    for text, reason in (
        ("EURJPY buy 2650 sl 2640 tp 2670", "fat_finger"),
        ("XUAUSD buy 2650 sl 2640 tp 2670", "unknown_instrument"),
    ):
        (verdict,) = read_text(text, profile)
        assert isinstance(verdict, Refused)
        assert verdict.reason.value == reason


def test_a_default_symbol_that_hive_does_not_know_is_refused() -> None:
    (verdict,) = read_text("buy 100 sl 90 tp 120", SourceProfile.model_construct(default_symbol="DOGE"))
    assert isinstance(verdict, Refused)
    assert verdict.reason.value == "unknown_instrument"


def test_a_pip_number_that_may_be_a_price_is_refused() -> None:
    profile = SourceProfile(pip={"USDJPY": Decimal("0.01")})
    (verdict,) = read_text("USDJPY buy 151.20 sl 150.80 tp 152-90 pips", profile)
    assert isinstance(verdict, Refused)
    assert verdict.field == "take_profits"


UPDATES = {
    "target hit": "GOLD - TP HIT 30 +Pips ✅✅",
    "stop hit": "SL hit. We go on",
    "break even": "Move SL to breakeven",
    "break even, short": "SL to BE ✅",
    "stop to entry": "SL to entry now guys",
    "stop to a price": "Move the stop loss to 1.0870",
    "stop to a price, in a titled note": "UPDATE\nEURUSD\nBullish\nMove SL to 1.0870",
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
    assert all(isinstance(each, ParsedUpdate | Refused) for each in read_text(text, SourceProfile()))


NOISE = {
    "nothing": "",
    "blanks": " \n\n ",
    "greeting": "Good morning traders ☀️",
    "picture words": "📈📈📈",
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
    assert read_text(text, SourceProfile()) == [Noise()]
