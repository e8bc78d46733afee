"""What a call names, by itself: its instrument, its side, its kind of order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.context import NO_CONTEXT, Context
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.fields import read_calls
from hive_core.signals.parser.naming import order_type_named, side_named, symbol_named
from hive_core.signals.parser.tokens import tokenise

DEFAULT = SourceProfile(default_symbol="XAUUSD")
BEFORE = Context(symbol="EURUSD", side="sell")
HABIT = Context(habit=("XAUUSD", Decimal(4100)))
UNKNOWN_DEFAULT = SourceProfile.model_construct(default_symbol="DOGE")


def symbol(text: str, profile: SourceProfile, context: Context) -> str:
    tokens, grounds = tokenise(text), Grounds()
    try:
        named = symbol_named(read_calls(tokens)[0], tokens, profile, context, grounds)
    except Unclear as unclear:
        return f"{unclear.reason.value}: {text[unclear.span.start : unclear.span.end]}"
    return named if grounds.confidence == 1 else f"{named} {grounds.confidence}"


SYMBOLS = {
    "named": ("buy eurusd", SourceProfile(), NO_CONTEXT, "EURUSD"),
    "named twice": ("gold buy xauusd", SourceProfile(), NO_CONTEXT, "XAUUSD"),
    "two": ("buy eurusd gbpusd", SourceProfile(), NO_CONTEXT, "several_symbols: gbpusd"),
    "two, one beside the side": (
        "gold is strong\nbuy eurusd 1.0850",
        SourceProfile(),
        NO_CONTEXT,
        "EURUSD 0.95",
    ),
    "one that may be several": ("buy oil", SourceProfile(), NO_CONTEXT, "ambiguous_instrument: oil"),
    "oil of a kind": ("oil brent buy", SourceProfile(), NO_CONTEXT, "UKOIL"),
    "a nickname beside the side": ("sell eu 1.0850", SourceProfile(), NO_CONTEXT, "EURUSD 0.9"),
    "a nickname elsewhere": ("sell it in eu hours", SourceProfile(), NO_CONTEXT, "missing_symbol: all"),
    "misspelt": ("buy eursud", SourceProfile(), NO_CONTEXT, "unknown_instrument: eursud"),
    "misspelt, with a default": ("buy xuausd", DEFAULT, NO_CONTEXT, "unknown_instrument: xuausd"),
    "the message before": ("buy 1.0850", SourceProfile(), BEFORE, "EURUSD 0.95"),
    "the message before, over the default": ("buy 1.0850", DEFAULT, BEFORE, "EURUSD 0.95"),
    "the source's default": ("buy 4105", DEFAULT, NO_CONTEXT, "XAUUSD 0.95"),
    "its own name, over the default": ("buy eurusd", DEFAULT, NO_CONTEXT, "EURUSD"),
    "a default that is none": ("buy 4105", UNKNOWN_DEFAULT, NO_CONTEXT, "unknown_instrument: all"),
    "a habit, near": ("buy 4105 sl 4098", SourceProfile(), HABIT, "XAUUSD 0.8"),
    "a habit, at its bound": ("buy 4240 sl 4223", SourceProfile(), HABIT, "XAUUSD 0.8"),
    "a habit, over its bound": ("buy 4240 sl 4223.1", SourceProfile(), HABIT, "missing_symbol: all"),
    "a habit, without a stop": ("buy 4105", SourceProfile(), HABIT, "missing_symbol: all"),
    "none": ("buy 1.0850", SourceProfile(), NO_CONTEXT, "missing_symbol: all"),
}


@pytest.mark.parametrize("name", SYMBOLS)
def test_the_instrument_of_a_call(name: str) -> None:
    text, profile, context, expected = SYMBOLS[name]
    assert symbol(text, profile, context) == expected.replace(": all", f": {text}")


def side(text: str, forbidden: str | None = None, context: Context = NO_CONTEXT) -> str:
    grounds = Grounds()
    try:
        named = side_named(read_calls(tokenise(text))[0], forbidden, context, "EURUSD", grounds)
    except Unclear as unclear:
        return unclear.reason.value
    return named if grounds.confidence == 1 else f"{named} {grounds.confidence}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("buy eurusd", "buy"),
        ("short eurusd", "sell"),
        ("buy buy eurusd", "buy"),
        ("buy or sell eurusd", "contradictory_sides"),
        ("buy eurusd, while the short sellers are crowded", "buy 0.9"),
        ("bullish on eurusd", "buy 0.9"),
        ("eurusd entry 1.0850 sl 1.0810 tp 1.0910", "buy 0.75"),
        ("eurusd entry 1.0850 sl 1.0890 tp 1.0810", "sell 0.75"),
        ("eurusd 1.0850 sl 1.0810 tp 1.0910", "missing_side"),
        ("eurusd entry 1.0850", "missing_side"),
        ("eurusd", "missing_side"),
    ],
)
def test_the_side_of_a_call(text: str, expected: str) -> None:
    assert side(text) == expected


def test_the_side_of_the_message_before_is_of_its_instrument_only() -> None:
    assert side("1.0850", context=BEFORE) == "sell 0.95"
    assert side("1.0850", context=Context(symbol="GBPUSD", side="sell")) == "missing_side"
    assert side("buy 1.0850", context=BEFORE) == "buy"


@pytest.mark.parametrize(
    ("text", "forbidden", "expected"),
    [
        ("buy eurusd", "do not buy", "negated"),
        ("buy eurusd", "not selling", "buy"),
        ("sell eurusd", "do not buy", "sell"),
        ("sell eurusd", "do not trade", "negated"),
    ],
)
def test_words_that_forbid_the_same_direction_forbid_the_call(
    text: str, forbidden: str, expected: str
) -> None:
    assert side(text, forbidden) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("buy eurusd 1.0850", "market"),
        ("buy now eurusd 1.0850", "market"),
        ("buy limit eurusd 1.0850", "limit"),
        ("sell stop eurusd 1.0850", "stop"),
        ("pending order: buy eurusd 1.0850", "limit"),
        ("buy eurusd above 1.0850", "stop"),
        ("sell eurusd above 1.0850", "limit"),
        ("buy eurusd below 1.0850", "limit"),
        ("sell eurusd below 1.0850", "stop"),
        ("buy 1.0850 eurusd, if below 1.0800", "market"),
        ("sell market eurusd\nsell limit eurusd", "contradictory_order_types"),
    ],
)
def test_the_kind_of_order(text: str, expected: str) -> None:
    try:
        named = order_type_named(read_calls(tokenise(text))[0])
    except Unclear as unclear:
        named = unclear.reason.value
    assert named == expected
