"""The entry, the stop and the targets of a call by themselves: prices, abbreviations, pips, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from hive_core.instruments.specification import specification_of
from hive_core.signals.parser.call_parts import Call
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.entries import entry_of, unlabelled
from hive_core.signals.parser.exits import missing_stop, require_agreeing_pips, stop_of, targets_of
from hive_core.signals.parser.fields import read_calls
from hive_core.signals.parser.scale import Scale
from hive_core.signals.parser.tokens import tokenise

GOLD, EURO = "XAUUSD", "EURUSD"


def call_of(text: str) -> Call:
    (call,) = read_calls(tokenise(text))
    return call


def scale_of(call: Call, symbol: str) -> Scale:
    return Scale.of(call, specification_of(symbol))


def told(text: str, grounds: Grounds) -> str:
    """The prices, and the confidence where something was taken off it."""
    return text if grounds.confidence == 1 else f"{text} {grounds.confidence}"


def said(reader: Callable[[], str]) -> str:
    """What is read, or the field and the reason of its refusal."""
    try:
        return reader()
    except Unclear as unclear:
        return f"{unclear.name}: {unclear.reason.value}"


def entry(text: str, symbol: str) -> str:
    call, grounds = call_of(text), Grounds()
    zone = said(lambda: zone_text(entry_of(call, scale_of(call, symbol), grounds)))
    return told(zone, grounds)


def zone_text(zone: tuple[Decimal, Decimal] | None) -> str:
    return "market" if zone is None else "-".join(dict.fromkeys(map(str, zone)))


ENTRIES = {
    "behind the side": ("gold buy 4105 sl 4098", GOLD, "4105"),
    "with its word": ("gold buy entry 4105 sl 4098", GOLD, "4105"),
    "a zone, whichever edge is first": ("gold sell 4105-4103", GOLD, "4103-4105"),
    "an abbreviated edge": ("gold sell 4105-03", GOLD, "4103-4105 0.98"),
    "an abbreviated edge of a yen pair": ("usdjpy buy 134.30/35", "USDJPY", "134.30-134.35 0.98"),
    "none": ("gold buy now sl 4098 tp 4110", GOLD, "market"),
    "a count is no entry": ("gold buy 2 sl 4098 tp 4110", GOLD, "market"),
    "the current price": ("gold buy, current price 4105, sl 4098", GOLD, "4105 0.95"),
    "several that add up": ("gold buy 4105 sl 4090\nbuy more at 4100", GOLD, "4105"),
    "one with a word for it comes first": ("gold top at 4180. sell area: 4105 sl 4110", GOLD, "4105"),
    "in pips": ("gold buy entry 50 pips\nsl 4098", GOLD, "entry: unclear_entry"),
    "two that differ": ("gold buy entry 4105\nentry 4120\nsl 4098", GOLD, "entry: unclear_entry"),
    "edges too far apart": ("gold sell 4100-4190", GOLD, "entry: unclear_entry"),
    "edges two percent apart": ("gold sell 4100-4182", GOLD, "4100-4182"),
    "edges of a coin": ("btcusd buy 60000-66000", "BTCUSD", "60000-66000"),
    "numbers that are no edges": ("gold buy 4105-4101-4120", GOLD, "entry: unclear_entry"),
    "a price of another scale": ("gold buy entry 41050\nsl 4098\ntp 4110", GOLD, "entry: fat_finger"),
    "a condition": ("gold buy if 4105 breaks", GOLD, "entry: unclear_entry"),
    "a condition without a price": ("gold entry once open\nsl 4098", GOLD, "entry: unclear_entry"),
    "a price that nobody names": ("4105 gold buy\nsl 4098 tp 4110", GOLD, "entry: unclear_entry"),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_the_entry_of_a_call(name: str) -> None:
    text, symbol, expected = ENTRIES[name]
    assert entry(text, symbol) == expected


@pytest.mark.parametrize(
    ("text", "side", "expected"),
    [
        ("gold buy 4105   4098   4110   4120", "buy", (4105, 4098, (4110, 4120))),
        ("gold sell 4105   4098   4090   4110", "sell", (4105, 4110, (4098, 4090))),
        ("gold buy 4105\n4098\n4110", "buy", (4105, 4098, (4110,))),
        ("gold buy 4105   4098   4110", "sell", (4105, 4110, (4098,))),
        ("gold buy 4105 / 4098   4110", "buy", None),  # a zone, perhaps
        ("gold buy 4105 4098 4110", "buy", None),  # blanks only
        ("gold buy 4105-4098-4110", "buy", None),
        ("gold buy 4105   4110", "buy", None),
        ("gold buy 4105   4098   4090   4110", "buy", None),  # two behind the entry
        ("gold buy 4105   4110   4098   4120", "buy", None),  # a stop among the targets
    ],
)
def test_a_call_that_labels_nothing(
    text: str, side: str, expected: tuple[int, int, tuple[int, ...]] | None
) -> None:
    call = call_of(text)
    assert unlabelled(call, scale_of(call, GOLD), side) == expected


PIP = Decimal("0.0001")


def exits(text: str, symbol: str, side: str, at: str | None, pip: Decimal | None) -> tuple[str, str]:
    """The stop and the targets of a call with an entry ("low-high")."""
    call = call_of(text)
    scale = scale_of(call, symbol)
    low, _, high = (at or "").partition("-")
    zone = (Decimal(low), Decimal(high or low)) if at else None
    stop, targets = Grounds(), Grounds()
    return (
        said(lambda: told(str(stop_of(call, scale, side, zone, pip, stop)), stop)),
        said(lambda: told(" ".join(map(str, targets_of(call, scale, side, zone, pip, targets))), targets)),
    )


STOPS = {
    "a price": ("eurusd buy 1.0850 sl 1.0810", EURO, "buy", "1.0850", "1.0810"),
    "named twice": ("eurusd buy 1.0850 sl 1.0810 sl 1.0810", EURO, "buy", "1.0850", "1.0810"),
    "two": ("eurusd buy 1.0850 sl 1.0810 sl 1.0800", EURO, "buy", "1.0850", "stop_loss: unclear_stop"),
    "none": ("eurusd buy 1.0850 tp 1.09", EURO, "buy", "1.0850", "stop_loss: missing_stop"),
    "left open": ("eurusd buy 1.0850 sl open", EURO, "buy", "1.0850", "stop_loss: missing_stop"),
    "on a close": ("eurusd buy 1.0850 sl daily close 1.0810", EURO, "buy", "1.0850", "1.0810 0.7"),
    "a slip of the label": ("eurusd buy 1.0850 si: 1.0810", EURO, "buy", "1.0850", "1.0810 0.85"),
    "abbreviated": ("gold buy 4061 sl 55", GOLD, "buy", "4061", "4055 0.9"),
    "abbreviated, of a sale": ("gold sell 4061 sl 69", GOLD, "sell", "4061", "4069 0.9"),
    "in pips": ("eurusd buy 1.0850 sl 40 pips", EURO, "buy", "1.0850", "1.0810 0.95"),
    "in pips, of a sale": ("eurusd sell 1.0850 sl 40 pips", EURO, "sell", "1.0850", "1.0890 0.95"),
    "in pips, without an entry": (
        "eurusd buy now sl 40 pips",
        EURO,
        "buy",
        None,
        "entry: missing_entry",
    ),
    "in pips from a zone": (
        "eurusd buy 1.0850 sl 40 pips",
        EURO,
        "buy",
        "1.0840-1.0850",
        "entry: unclear_entry",
    ),
    "in points": ("eurusd buy 1.0850 sl 400 points", EURO, "buy", "1.0850", "stop_loss: unclear_pip"),
    "pips beyond nought": (
        "eurusd buy 1.0850 sl 20000 pips",
        EURO,
        "buy",
        "1.0850",
        "stop_loss: unclear_number",
    ),
    "an old and a new one": (
        "eurusd buy 1.0850 sl 1.0810\nmove sl to 1.0830",
        EURO,
        "buy",
        "1.0850",
        "stop_loss: unclear_stop",
    ),
    "a digit too many": ("gold buy 4105 sl 40980", GOLD, "buy", "4105", "stop_loss: fat_finger"),
}


@pytest.mark.parametrize("name", STOPS)
def test_the_stop_of_a_call(name: str) -> None:
    text, symbol, side, at, expected = STOPS[name]
    assert exits(text, symbol, side, at, PIP)[0] == expected


TARGETS = {
    "in their order": ("eurusd buy 1.0850 tp1 1.0910 tp2 1.0920 tp3 1.0930", "1.0910 1.0920 1.0930"),
    "an open one is left out": ("eurusd buy 1.0850 tp1 1.0910 tp2 1.0920 tp3 open", "1.0910 1.0920"),
    "in pips": ("eurusd buy 1.0850 tp 60 pips", "1.0910 0.95"),
    "in pips, several": ("eurusd buy 1.0850 tp 60/80 pips", "1.0910 1.0930 0.95"),
    "on lines of their own": ("eurusd buy 1.0850 sl 1.0810\nhello\n1.0910", "1.0910 0.85"),
    "none": ("eurusd buy 1.0850 sl 1.0810", "take_profits: missing_target"),
    "open": ("eurusd buy 1.0850 tp open", "take_profits: missing_target"),
    "a price behind an open one": ("eurusd buy 1.0850 tp open 1.0910", "take_profits: unclear_target"),
    "points": ("eurusd buy 1.0850 tp 600 points", "take_profits: unclear_pip"),
    "in a case that may come": ("eurusd buy 1.0850 tp if 1.0910", "take_profits: missing_target"),
}


@pytest.mark.parametrize("name", TARGETS)
def test_the_targets_of_a_call(name: str) -> None:
    text, expected = TARGETS[name]
    assert exits(text, EURO, "buy", "1.0850", PIP)[1] == expected


def test_pips_are_counted_only_where_their_size_is_known() -> None:
    assert exits("gold buy 4105 sl 50 pips tp 60 pips", GOLD, "buy", "4105", None) == (
        "stop_loss: unclear_pip",
        "take_profits: unclear_pip",
    )
    assert exits("gold buy 4105 sl 50 pips tp 60 pips", GOLD, "buy", "4105", Decimal("0.1")) == (
        "4100.0 0.95",
        "4111.0 0.95",
    )


@pytest.mark.parametrize(
    ("text", "detail"),
    [("eurusd buy 1.0850", "no stop is given"), ("eurusd buy sl ???", "no stop is given")],
)
def test_what_is_said_of_a_call_without_a_stop(text: str, detail: str) -> None:
    unclear = missing_stop(call_of(text))
    assert (unclear.name, unclear.reason.value, unclear.args[0]) == ("stop_loss", "missing_stop", detail)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("buy sl 1.0810 40 pips", "1.0"),
        ("buy sl 1.0810 44 pips", "1.0"),
        ("buy sl 1.0810 45 pips", "0.9"),
        ("buy sl 1.0810 57 pips", "0.9"),
        ("buy sl 1.0810 58 pips", "stop_loss: unclear_stop"),
        ("buy sl 1.0810 400 pips", "0.9"),  # another's pips
        ("buy tp 1.0910 90 pips", "take_profits: unclear_target"),
        ("buy sl 1.0810", "1.0"),
    ],
)
def test_a_price_and_its_pips_agree(text: str, expected: str) -> None:
    call, grounds = call_of(text), Grounds()
    at = (Decimal("1.0850"), Decimal("1.0850"))

    def read() -> str:
        require_agreeing_pips(call, scale_of(call, EURO), at, PIP, grounds)
        return str(grounds.confidence)

    assert said(read) == expected
