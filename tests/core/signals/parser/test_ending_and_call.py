"""A message that ends a trade and calls for the next one says both, the ending first."""

# ruff: noqa: RUF001 - a text in Arabic has letters that look like others

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.parser.lines import LineReader
from hive_core.signals.parser.room import Room
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import ActionKind, ParsedSignal, ParsedUpdate, Refused

PROFILE = SourceProfile()
BUY = "gold now 4105 sl 4098 tp 4115"

BOTH = [
    ("Close the sell, buy gold now 4105 sl 4098 tp 4115", ActionKind.CLOSE, "sell", "buy"),
    ("Close sells and buy gold now 4105 sl 4098 tp 4115", ActionKind.CLOSE, "sell", "buy"),
    ("Close sell now buy gold 4105 sl 4098 tp 4115", ActionKind.CLOSE, "sell", "buy"),
    ("Cancel previous. New: buy gold 4105 sl 4098 tp 4115", ActionKind.CANCEL, None, "buy"),
    ("Close all gold sells\nGOLD BUY 4105\nSL 4098\nTP 4115", ActionKind.CLOSE, "sell", "buy"),
    ("Delete the buy limit. Gold sell limit 4120 sl 4126 tp 4100", ActionKind.CANCEL, "buy", "sell"),
    ("Cierren la venta, compra oro ahora 4105 sl 4098 tp 4115", ActionKind.CLOSE, "sell", "buy"),
    ("Anulen la orden anterior. Nueva: venta oro 4120 sl 4126 tp 4100", ActionKind.CANCEL, None, "sell"),
    ("Fechem a venda e compra ouro agora 4105 sl 4098 tp 4115", ActionKind.CLOSE, "sell", "buy"),
    ("Закрыть продажу. Покупка золото 4105 стоп 4098 тейк 4115", ActionKind.CLOSE, "sell", "buy"),
    ("Отменить предыдущую. Покупка золото 4105 стоп 4098 тейк 4115", ActionKind.CANCEL, None, "buy"),
    ("Đóng lệnh bán, mua vàng 4105 sl 4098 tp 4115", ActionKind.CLOSE, "sell", "buy"),
    ("اغلاق صفقة البيع\nشراء الذهب 4105\nالوقف 4098\nالهدف 4115", ActionKind.CLOSE, "sell", "buy"),
    ("Sell is cancelled, buy gold 4105 sl 4098 tp 4115", ActionKind.CANCEL, "sell", "buy"),
    ("Close half of the gold sell. Buy gold 4105 sl 4098 tp 4115", ActionKind.PARTIAL_CLOSE, "sell", "buy"),
    ("Gold buy 4105 sl 4098 tp 4115 (close the sells first)", ActionKind.CLOSE, "sell", "buy"),
    ("Compra oro 4105 sl 4098 tp 4115, cierren las ventas", ActionKind.CLOSE, "sell", "buy"),
    # Behind the call only what names the other side, or an earlier trade.
    ("GOLD BUY NOW 4105\nSL 4098\nTP 4115\nClose all sells", ActionKind.CLOSE, "sell", "buy"),
    ("GOLD BUY NOW 4105\nSL 4098\nTP 4115\nCancel the previous order", ActionKind.CANCEL, None, "buy"),
]


@pytest.mark.parametrize(("text", "kind", "ended", "called"), BOTH)
def test_the_ending_comes_first_and_the_call_is_whole(
    text: str, kind: ActionKind, ended: str | None, called: str
) -> None:
    update, signal = read_text(text, PROFILE)
    assert isinstance(update, ParsedUpdate), update
    assert isinstance(signal, ParsedSignal), signal
    assert [action.kind for action in update.actions] == [kind]
    assert (update.side, signal.side) == (ended, called)
    assert signal.symbol == "XAUUSD"
    assert float(signal.stop_loss) in {4098.0, 4126.0}
    assert text[update.span.start : update.span.end].strip() != text.strip()


@pytest.mark.parametrize(
    "text",
    [
        f"Buy {BUY}\nClose half at tp1 and move sl to be",
        f"Buy {BUY}\nClose manually when you see 20 pips",
        f"Buy {BUY}. Cancel if it touches 4115 first",
        f"Buy {BUY}\nClose buys before the news",
        f"Buy {BUY}\nno close above 4110 needed",
        f"Buy {BUY} close at 4115",
        f"Buy {BUY} and close half there",
        f"Close half at tp1\nBuy {BUY}",
        f"Buy {BUY}, close if it sells off below 4098",
        "EURUSD buy 1.0850\nsl 1.0810 on a daily close\ntp 1.0910",
    ],
)
def test_management_inside_a_call_is_of_that_call(text: str) -> None:
    (signal,) = read_text(text, PROFILE)
    assert isinstance(signal, ParsedSignal), signal


def test_an_ending_that_is_not_clear_is_refused_beside_the_call() -> None:
    refused, signal = read_text(f"If you still hold the sell, close it. Buy {BUY}", PROFILE)
    assert isinstance(refused, Refused)
    assert refused.reason is SignalReason.CONDITIONAL_UPDATE
    assert isinstance(signal, ParsedSignal)


def test_an_ending_before_a_call_that_is_refused_is_kept() -> None:
    update, refused = read_text("Close all. Gold buy 4105 sl 4190 tp 4115", PROFILE)
    assert isinstance(update, ParsedUpdate)
    assert update.is_for_all
    assert isinstance(refused, Refused)


@pytest.mark.parametrize(
    "text",
    [
        "close gold sell\ngold buy now",
        "Close the sell and buy gold now",
        "Close all sells. Buy gold 4105",
        "Cerrar la venta. Compra oro ahora",
        "Закрыть продажу, покупка золото сейчас",
    ],
)
def test_an_ending_and_an_alert_are_both_said_and_details_complete_the_alert(text: str) -> None:
    room = Room(PROFILE)
    began = datetime(2025, 3, 12, 9, tzinfo=UTC)
    update, alert = room.read(began, "1", text, None)
    assert isinstance(update, ParsedUpdate)
    assert update.side == "sell"
    assert isinstance(alert, Refused)
    assert (alert.reason, alert.side) == (SignalReason.MISSING_STOP, "buy")
    (signal,) = room.read(began + timedelta(minutes=2), "2", "SL 4098\nTP 4115", None)
    assert isinstance(signal, ParsedSignal)
    assert (signal.symbol, signal.side) == ("XAUUSD", "buy")


@pytest.mark.parametrize(
    "text",
    [
        "Close gold buy 4105",
        "Close sells now. Buys still running",
        "close the gold sell now at 4105",
        "Close sell. Hold buy now",
        "Close the sell. If gold buys come back at 4105 we look again",
    ],
)
def test_a_side_behind_an_ending_is_no_alert_by_itself(text: str) -> None:
    assert not any(isinstance(verdict, Refused | ParsedSignal) for verdict in read_text(text, PROFILE))


def _line(text: str) -> dict[str, object]:
    message = {"id": 1, "ts": datetime(2025, 3, 12, 9, tzinfo=UTC).isoformat(), "source": "r", "text": text}
    (told,) = LineReader(Configuration()).read([json.dumps(message)])
    line: dict[str, object] = json.loads(told)
    return line


def test_a_line_of_both_is_a_signal_with_its_update() -> None:
    line = _line(BOTH[0][0])
    assert line["kind"] == "signal"
    assert isinstance(line["signals"], list)
    assert len(line["signals"]) == 1
    assert isinstance(line["update"], dict)
    assert [action["action"] for action in line["update"]["actions"]] == ["close"]
    assert line["update"]["side"] == "sell"


def test_a_line_tells_of_the_call_that_is_refused_beside_an_update() -> None:
    line = _line("Close all. Gold buy 4105 sl 4190 tp 4115")
    assert line["kind"] == "update"
    assert isinstance(line["also_refused"], list)
    assert len(line["also_refused"]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "~~Gold buy 4105 sl 4098 tp 4115~~",
        "<s>Gold buy 4105</s> <del>sl 4098 tp 4115</del>",
        "".join(f"{each}\N{COMBINING LONG STROKE OVERLAY}" for each in "Gold buy 4105 sl 4098 tp 4115"),
    ],
)
def test_a_call_that_is_struck_through_is_none(text: str) -> None:
    (refused,) = read_text(text, PROFILE)
    assert isinstance(refused, Refused)
    assert refused.reason is SignalReason.TAKEN_BACK


def test_a_call_with_one_word_struck_through_stands() -> None:
    (signal,) = read_text("~~Risky~~ Gold buy 4105\nsl 4098\ntp 4115", PROFILE)
    assert isinstance(signal, ParsedSignal)
