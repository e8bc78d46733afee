"""Pictures in the place of labels, and lines with their label behind the price."""

from __future__ import annotations

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal, Refused, Span


def one(text: str) -> tuple[str, float, float, float, list[float]]:
    (signal,) = read_text(text, SourceProfile())
    assert isinstance(signal, ParsedSignal), signal
    assert signal.entry is not None
    low, high = map(float, signal.entry)
    return signal.side, low, high, float(signal.stop_loss), [float(price) for price in signal.take_profits]


@pytest.mark.parametrize(
    "text",
    [
        "Buy gold from 1941 to 1938\n\n🎯 1944\n🎯 1948\n🎯 open\n\n⛔️ 1933",
        "🅱🆄🆈 🅶🅾🅻🅳 1941-1938\n\n🛑 1933\n\n1️⃣ 1944\n2️⃣ 1948",
        "Gold buy 1941/38\n✅ 1944\n✅ 1948\n❌ 1933",
        "Gold buy 1938-1941\nSL 1933\n🎯1944\n🎯1948",
        "Gold buy 1938-1941\nTP 1944 / 1948\n🛑: 1933",
    ],
)
def test_pictures_label_where_words_do_not(text: str) -> None:
    assert one(text) == ("buy", 1938, 1941, 1933, [1944, 1948])


def test_the_signal_says_that_it_was_told_in_pictures() -> None:
    text = "Gold buy 1941\n🎯 1948\n⛔ 1933"
    (signal,) = read_text(text, SourceProfile())
    assert isinstance(signal, ParsedSignal)
    assert "its labels are pictures" in signal.grounds
    assert signal.span == Span(0, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "Gold buy 1941 🎯 1948",
        "Gold buy 1941\n🛑2893 ❌ 1933 ✅\n🎯 1948",
        "Gold buy 1941\n🎯 1948\n⛔ 1951",
        "Gold buy ✅ +50\nEURUSD sell ❌ -20",
    ],
)
def test_pictures_make_no_call_of_what_lacks_a_stop_or_has_two(text: str) -> None:
    assert not any(isinstance(verdict, ParsedSignal) for verdict in read_text(text, SourceProfile()))


def test_words_come_before_pictures() -> None:
    assert one("Gold buy 1938-1941\n🎯 TP 1944\n🎯 TP 1948\n🛑 SL 1933\n⛔ 1900 is the year") == (
        "buy", 1938, 1941, 1933, [1944, 1948]
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "1938-1941 buy gold\n1933 sl\n1944 tp1\n1948 tp2",
        "1941/1938 buy gold\n1933 SL 🛑\n1944tp1,\n1948 tp 2.",
        "buy gold 1938-1941\n1933 stop loss\n1944 target\n1948 target",
    ],
)
def test_labels_may_stand_behind_their_prices(text: str) -> None:
    assert one(text) == ("buy", 1938, 1941, 1933, [1944, 1948])


def test_a_text_that_mixes_both_orders_is_not_turned() -> None:
    (verdict,) = read_text("buy gold 1941\n1933 sl\ntp 1944\n1948 tp", SourceProfile())
    assert isinstance(verdict, Refused)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#BTCUSD LONG\nEntry : 60.5k - 60.9k\nTargets : 61.8k - 62.7k - 64k\nStop : 59.4k",
         ("buy", 60500, 60900, 59400, [61800, 62700, 64000])),
        ("GOLD SELL : 4128/33\nSL : 4140\nTP : 4115/10/5", ("sell", 4128, 4133, 4140, [4115, 4110, 4105])),
        ("GOLD BUY 4498/95\nSL 89\nTP 4504/10/20", ("buy", 4495, 4498, 4489, [4504, 4510, 4520])),
        ("GOLD BUY 4481/78\nSL 4472\nTP 4487,93,4503", ("buy", 4478, 4481, 4472, [4487, 4493, 4503])),
        ("Gold sell now double lot @ 4286 - 4290\ntp1 : 4270\nsl : 4293", ("sell", 4286, 4290, 4293, [4270])),
        ("GOLD SELL 4020 /4025\nTP1..4016\nTP2..4012\nSL....4035", ("sell", 4020, 4025, 4035, [4016, 4012])),
        ("Xauusd sell zone now 4078 limit 4080\nTP 4073\nSL 4088", ("sell", 4078, 4080, 4088, [4073])),
        ("GBPJPY VENTE\nEntrée : 203.80\nStop : 204.60\nObjectif : 203.00 puis 202.20",
         ("sell", 203.8, 203.8, 204.6, [203.0, 202.2])),
        ("Longed cable at 1.2645, stop 1.2610, looking for 1.2680 first and 1.2725 after that.",
         ("buy", 1.2645, 1.2645, 1.261, [1.268, 1.2725])),
        ("gold buy 4958\nsl 4943\ntarget 4968,4978 4998", ("buy", 4958, 4958, 4943, [4968, 4978, 4998])),
        ("gold sell 4047  50  sl 4055  tp 4044  4040", ("sell", 4047, 4050, 4055, [4044, 4040])),
    ],
)  # fmt: skip
def test_prices_of_more_shapes(text: str, expected: tuple[object, ...]) -> None:
    assert one(text) == expected


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("EU BUY @1.1632\nSL 1.1602\nTP 1.1662", "EURUSD"),
        ("AU SELL @.6518\nSL .6543\nTP .6493", "AUDUSD"),
        ("LONG #SOL\nEntry 188\nTP 194\nStop 182", "SOLUSD"),
        ("OR ACHAT\nEntrée : 2338\nStop : 2329\nObjectif : 2347", "XAUUSD"),
        ("VENTE OR 2338\nStop : 2349\nObjectif : 2320", "XAUUSD"),
        ("S&P sell 4415 sl 4432 tgt 4398", "US500"),
        ("natural gas sell 2.65 sl 2.72 tp 2.58", "XNGUSD"),
        ("黃金 4615-4616多\nTp 4620 4625\nSl 4609", "XAUUSD"),
    ],
)
def test_names_that_are_words_too(text: str, symbol: str) -> None:
    (signal,) = read_text(text, SourceProfile())
    assert isinstance(signal, ParsedSignal), signal
    assert signal.symbol == symbol


def test_a_nickname_stands_beside_the_side_and_nowhere_else() -> None:
    (verdict,) = read_text("eu acho que sobe, compra 1.1632 sl 1.1602 tp 1.1662", SourceProfile())
    assert isinstance(verdict, Refused)
    (signal,) = read_text("eu compro GBPUSD 1.2632 sl 1.2602 tp 1.2662", SourceProfile())
    assert isinstance(signal, ParsedSignal)
    assert signal.symbol == "GBPUSD"


def test_a_letter_in_a_price_is_refused_and_not_left_out() -> None:
    (verdict,) = read_text("XAUUSD SELL 3316 SL 3325 TP1 3312 TP2 33O1", SourceProfile())
    assert isinstance(verdict, Refused)
    assert verdict.field == "take_profits"
