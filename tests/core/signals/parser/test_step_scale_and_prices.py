"""Which readings of a call's numbers are its prices: the scale of the call, then each field on it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.instruments.specification import specification_of
from hive_core.signals.parser.call_parts import Call, Label, Unit
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.fields import read_calls
from hive_core.signals.parser.prices import (
    behind_index_of,
    field_span,
    joined_by_blank,
    onward,
    prices_of,
)
from hive_core.signals.parser.scale import CALM_SPREAD, WILD_SPREAD, Scale, usual_price
from hive_core.signals.parser.tokens import tokenise


def call_of(text: str) -> Call:
    (call,) = read_calls(tokenise(text))
    return call


def scale_of(text: str, symbol: str) -> Scale:
    return Scale.of(call_of(text), specification_of(symbol))


GOLD = scale_of("buy 4105", "XAUUSD")
EURO = scale_of("buy 1.0850", "EURUSD")
YEN = scale_of("buy 150.50", "USDJPY")
COIN = scale_of("buy 65000", "BTCUSD")
UNKNOWN = scale_of("buy 14.2", "LINKUSDT")


@pytest.mark.parametrize(
    ("text", "symbol", "low", "high"),
    [
        ("buy 4105", "XAUUSD", 4105 / CALM_SPREAD, 4105 * CALM_SPREAD),
        ("buy 4105 sl 4000 tp 4200", "XAUUSD", 4105 / CALM_SPREAD, 4105 * CALM_SPREAD),
        ("buy 65000", "BTCUSD", 65000 / WILD_SPREAD, 65000 * WILD_SPREAD),
        ("buy 14.2", "LINKUSDT", Decimal("14.2") / WILD_SPREAD, Decimal("14.2") * WILD_SPREAD),
        ("buy 4,105 sl 4,098", "XAUUSD", 4098 / CALM_SPREAD, 4098 * CALM_SPREAD),
        ("buy 12 pips", "LINKUSDT", 0, 10**9),  # distances and small counts are no anchors
    ],
)
def test_the_scale_of_a_call(text: str, symbol: str, low: Decimal, high: Decimal) -> None:
    scale = scale_of(text, symbol)
    assert (scale.low, scale.high) == (low, high)


def test_without_an_anchor_the_instruments_history_is_the_scale() -> None:
    euro, gold = specification_of("EURUSD"), specification_of("XAUUSD")
    assert euro is not None
    assert gold is not None
    scale = scale_of("buy now", "EURUSD")
    assert (scale.low, scale.high) == (euro.plausible_low, euro.plausible_high)
    assert scale_of("buy now", "XAUUSD").low == 1000 > gold.plausible_low


@pytest.mark.parametrize(
    ("scale", "raw", "expected"),
    [
        (GOLD, "4105", ["4105"]),
        (GOLD, "4,105.50", ["4105.50"]),
        (GOLD, "4.105", ["4105"]),
        (GOLD, "26", []),
        (GOLD, "4120.4116", ["4120", "4116"]),  # two prices
        (GOLD, "4120,4130,4140", ["4120", "4130", "4140"]),
        (GOLD, "4120,15", ["4120.15"]),
        (EURO, "1.0850", ["1.0850"]),
        (EURO, "1,0850", ["1.0850"]),
        (EURO, "10850", []),
        (EURO, "1", []),  # nobody writes that
        (EURO, "1.08xx", []),
        (YEN, "150.5", ["150.5"]),
        (YEN, "151", ["151"]),
        (COIN, "65,200", ["65200"]),
        (COIN, "300000", []),
        (UNKNOWN, "14.250", ["14.250"]),
    ],
)
def test_the_readings_that_fit(scale: Scale, raw: str, expected: list[str]) -> None:
    assert [str(value) for value in scale.fitting(raw)] == expected


@pytest.mark.parametrize(
    ("scale", "first", "raw", "expected"),
    [
        (GOLD, "4105", "03", ["4103", "4203", "4003"]),
        (GOLD, "4105", "05", ["4005", "4205"]),  # not the whole one itself
        (GOLD, "4105", "500", []),  # over five percent away
        (EURO, "1.0850", "60", ["1.0860", "1.0760", "1.0960"]),
        (YEN, "134.30", "35", ["134.35", "135.35", "133.35"]),
        (GOLD, "4105", "tp", []),
    ],
)
def test_an_abbreviated_price(scale: Scale, first: str, raw: str, expected: list[str]) -> None:
    found = [value for value in scale.completed(Decimal(first), raw) if value in scale_values(expected)]
    assert sorted(map(str, found)) == sorted(expected)
    if expected:
        assert str(scale.completed(Decimal(first), raw)[0]) == expected[0]
    else:
        assert not scale.completed(Decimal(first), raw)


def scale_values(expected: list[str]) -> set[Decimal]:
    return {Decimal(each) for each in expected}


@pytest.mark.parametrize(
    ("symbol", "expected"), [("EURUSD", True), ("XAUUSD", True), ("BTCUSD", False), ("LINKUSDT", False)]
)
def test_the_usual_price_is_known_where_history_is_narrow(symbol: str, expected: bool) -> None:
    price, specification = usual_price(symbol), specification_of(symbol)
    assert (price is not None) is expected
    if price is not None:
        assert specification is not None
        assert specification.plausible_low < price < specification.plausible_high


def read(text: str, label: Label, scale: Scale, upward: int) -> str:
    """The prices of the first field with a label, and the grounds; or the reason of the refusal."""
    grounds = Grounds()
    each = call_of(text).of(label)[0]
    try:
        found = prices_of(each, scale, "field", grounds, upward=upward)
    except Unclear as unclear:
        return f"{unclear.name}: {unclear.reason.value}"
    return " ".join([*map(str, found), *(f"({said})" for said in grounds.said)])


SHORT = "(abbreviated prices are completed)"
PRICES = {
    "one": ("tp 4110", GOLD, 1, "4110"),
    "a list": ("tp 4110, 4120 and 4130", GOLD, 1, "4110 4120 4130"),
    "once each": ("tp 4110, 4110", GOLD, 1, "4110"),
    "abbreviated": ("tp 4514/20/30", scale_of("buy 4500", "XAUUSD"), 1, f"4514 4520 4530 {SHORT}"),
    "abbreviated, over the hundred": ("tp 4198/05", GOLD, 1, f"4198 4205 {SHORT}"),
    "abbreviated downwards": ("tp 4202/98", GOLD, -1, f"4202 4198 {SHORT}"),
    "abbreviated in one run": ("tp 4122,15,05", GOLD, -1, "4122 4115 4105"),
    "a blank for thousands": ("tp 4 110", GOLD, 1, "4110"),
    "the price once more in brackets": ("tp 4577 (4577.10)", scale_of("buy 4500", "XAUUSD"), 1, "4577"),
    "a remark in brackets": ("tp 1.1577 (60) 1.1583 (1:1.5)", EURO, 1, "1.1577 1.1583"),
    "behind words": ("tp 4110 swing 4130", GOLD, 1, "4110 (a number behind words is left out: 4130)"),
    "the number glued on": ("tp1.4110", GOLD, 1, "4110"),
    "a stop and its loss": ("sl 142.00 - 150", scale_of("buy 142.50", "USDJPY"), 0, "142.00"),
    "two stops": ("sl 1.0810-1.0800", EURO, 0, "1.0810 1.0800"),
    "a digit too many": ("tp 41100", GOLD, 1, "field: fat_finger"),
    "two readings, none fits": ("tp 10,910", EURO, 1, "field: unclear_number"),
    "no price beside": ("tp 4110 - 999", GOLD, 1, "field: unclear_number"),
    "a number that counts nothing": ("tp is about 10", GOLD, 1, ""),
}


@pytest.mark.parametrize("name", PRICES)
def test_the_prices_of_a_field(name: str) -> None:
    text, scale, upward, expected = PRICES[name]
    assert read(text, Label.TARGET if text.startswith("tp") else Label.STOP, scale, upward) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("tp 4 105.50", ["4105.50"]), ("tp 4 1055", []), ("tp 105", [])]
)
def test_a_targets_number_may_be_its_thousands(text: str, expected: list[str]) -> None:
    field = call_of(text).of(Label.TARGET)[0]
    assert [str(value) for value in behind_index_of(field, field.of(Unit.PRICE)[0], GOLD)] == expected


def test_an_entry_in_pieces_is_joined() -> None:
    numbers = call_of("buy 4 105.50").fields[0].of(Unit.PRICE)
    assert [number.raw for number in joined_by_blank(numbers, GOLD)] == ["4105.50"]
    assert [number.raw for number in joined_by_blank(numbers, EURO)] == ["4", "105.50"]


def test_a_field_reaches_to_its_last_number() -> None:
    text = "buy eurusd, tp 1.09 1.10 bye"
    span = field_span(call_of(text).of(Label.TARGET)[0])
    assert text[span.start : span.end] == "tp 1.09 1.10"


values = st.lists(st.integers(1, 99).map(Decimal), max_size=6)


@settings(max_examples=60)
@given(st.integers(1, 99).map(Decimal), values, st.sampled_from([1, -1]))
def test_onward_is_ahead_only(first: Decimal, found: list[Decimal], upward: int) -> None:
    kept = onward(first, found, upward)
    assert all(upward * value > upward * first for value in kept)
    assert all(upward * value <= upward * first for value in found if value not in kept)


@settings(max_examples=100)
@given(st.integers(3100, 5400), st.integers(0, 99))
def test_a_price_on_the_scale_fits_in_every_spelling(whole: int, cents: int) -> None:
    for raw in (f"{whole}.{cents:02}", f"{whole},{cents:02}", f"{whole:,}.{cents:02}"):
        assert GOLD.fitting(raw) == [Decimal(f"{whole}.{cents:02}")]
