"""Whole calls that nobody is called to take: quoted, asked about, ticked off, told with what they made."""

from __future__ import annotations

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal

CALL = "XAUUSD BUY 4105\nSL 4098\nTP1 4110\nTP2 4115"
LINE = "XAUUSD BUY 4105 SL 4098 TP 4110"


def calls(text: str) -> list[ParsedSignal]:
    return [verdict for verdict in read_text(text, SourceProfile()) if isinstance(verdict, ParsedSignal)]


@pytest.mark.parametrize(
    "text",
    [
        f'Posted by another room: "{LINE}". We stay out.',
        f"They wrote «{LINE}» at the very top",
        f"Señales como esta: “{LINE}”",
    ],
)
def test_a_quoted_call_is_none(text: str) -> None:
    assert not calls(text)


@pytest.mark.parametrize(
    "text",
    [f'"{LINE}"', f'{CALL}\n"Patience pays"', f'Plan "London" is on\n{CALL}', f'Signal "VIP": {LINE}'],
)
def test_quotation_marks_elsewhere_change_nothing(text: str) -> None:
    assert len(calls(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"Should I still enter {LINE}?",
        f"{LINE} ?",
        f"What do you think?\n{CALL}",
        "kya gold buy kare 4105 pe sl 4098 tp 4110??",
        "ذهب شراء 4105؟؟ ستوب 4098 هدف 4110",
        "Gold buy 4105, stop 4098, target 4110? Convince me",
    ],
)
def test_a_call_that_is_asked_about_is_none(text: str) -> None:
    assert not calls(text)


@pytest.mark.parametrize(
    "text",
    [f"{CALL}\nWho is in?", f"Ready?\n{CALL}", f"{CALL}\nhttps://broker.example/visit?id=7"],
)
def test_a_question_about_something_else_changes_nothing(text: str) -> None:
    assert len(calls(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "XAUUSD BUY 4105\nSL 4098\nTP1 4110 ✅\nTP2 4115",
        "XAUUSD BUY 4105 SL 4098 TP 4110 ✅",
        "XAUUSD BUY 4105\nSL 4098\nTP1 4110 ✅\nTP2 4115 ✅\nThank you market",
        "BTCUSD LONG\nBuy zone: 64,100 - 64,400\nStop: 63,200\nTargets: 65,200 ✅ - 66,000 ✅ - 67,500",
        "DAX LONG\nEinstieg 18.245\nSL 18.205\nTP1 18.285 erreicht ✔\nTP2 18.330 erreicht ✔",
        "BUY GOLD 4105 SL 4098 TP1 4110 ✅ TP2 4115 ❌",
    ],
)
def test_a_call_whose_targets_are_ticked_off_is_none(text: str) -> None:
    assert not calls(text)


@pytest.mark.parametrize(
    "text",
    [
        "XAUUSD BUY NOW 4105\n✅TP1: 4110\n✅TP2: 4115\n✅TP3: OPEN\n❌SL: 4098",
        "XAUUSD BUY 4105\nTP1 4110 ✅\nTP2 4115 ✅\nTP3 4120 OPEN\nSL 4098 ❌",
        "✅ BUY GOLD 4105 ✅\nSL 4098\nTP 4110\nTP 4115",
        "XAUUSD BUY NOW 4105 SL 4098 ✅TP1 4110 ✅TP2 4115",
        "GOLD BUY NOW 4105 ✅✅\nSL : 4098\nTP : 4110",
    ],
)
def test_ticks_that_are_ornament_change_nothing(text: str) -> None:
    assert len(calls(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"{CALL}\n+100 pips",
        f"{LINE} — closed at target, +50 pips",
        "DAX LONG\nEinstieg 18.245\nSL 18.205\nTP 18.330\n+85 Punkte",
        "XAUUSD BUY now +60 pips, SL 4117 TP 4126 very near",
    ],
)
def test_a_call_told_with_what_it_made_is_none(text: str) -> None:
    assert not calls(text)


@pytest.mark.parametrize(
    "text",
    [
        "XAUUSD BUY 4105\nSL 4098 (-70 pips)\nTP1 4110 (+50 pips)\nTP2 4115 (+100 pips)",
        "EURUSD sell 1.0850\nSL 1.0880 -30 pips\nTP 1.0800 +50 pips",
        f"{CALL}\nMove to breakeven after +50 pips",
    ],
)
def test_pips_on_the_way_to_a_target_change_nothing(text: str) -> None:
    assert len(calls(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"{LINE} filled overnight, as posted",
        f"Draft, do not copy yet\n{CALL}",
        f"[bot] SETUP (not triggered)\n{CALL}",
        f"Trade archived\n{CALL}\nOutcome: target",
        f"Backtest 2023\n{CALL}",
        f"{LINE} - cancel, delete the order before the news",
        f"Open positions: {LINE} unchanged",
        f"VIP RESULT\n{LINE}",
        f"Quiz: {LINE}. What is the R multiple",
        f"Want signals like this\n{CALL}",
        f"Señales como esta\n{CALL}",
        f"Contoh sinyal: {LINE}",
        f"Correction on {LINE}",
        f"Wenn der Markt dreht: {LINE}",
        f"Si el precio vuelve, {LINE}",
        f"{LINE} đã khớp",
        f"Closing {LINE}",
    ],
)
def test_words_that_tell_of_an_old_or_an_absent_call(text: str) -> None:
    assert not calls(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{CALL}\nCancelled if not triggered by New York",
        f"{CALL}\nWe close it if it is not triggered within 8 hours",
        f"H1 closed above resistance\n{CALL}",
        f"Delete the previous. {LINE}",
        f"New position: {LINE}",
    ],
)
def test_the_same_words_said_of_something_else_change_nothing(text: str) -> None:
    assert len(calls(text)) == 1


def test_no_stop_is_no_stop_whatever_number_stands_behind() -> None:
    for text in (
        "NZDUSD SELL 0.6210\nTP 0.6180\nno stop, add at 0.6250",
        "NZDUSD SELL 0.6210\nTP 0.6180\nwithout sl 0.6250",
        "NZDUSD SELL\nدخول: 0.6210\nهدف 0.6180\nبدون ستوب، تعزيز عند 0.6250",  # noqa: RUF001
        "NZDUSD VENDA 0.6210\nAlvo 0.6180\nsem stop 0.6250",
    ):
        assert not calls(text), text
    assert len(calls("NZDUSD SELL 0.6210\nSL 0.6250\nTP 0.6180\nNever trade without stop loss")) == 1
