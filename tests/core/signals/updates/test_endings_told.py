"""A trade that is told to be ended, or is to be ended where the market stands; and what only sounds so."""

# ruff: noqa: RUF001 - words of other scripts have letters that look like others

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.signals.parser.text import normalise
from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.reading import read_update
from hive_core.signals.verdicts import Action, ActionKind, ParsedUpdate, Refused

CLOSE = Action(ActionKind.CLOSE)
CANCEL = Action(ActionKind.CANCEL)
BREAKEVEN = Action(ActionKind.BREAKEVEN)
HALF = Action(ActionKind.PARTIAL_CLOSE, share=Decimal("0.5"))


def stop_at(price: str) -> Action:
    return Action(ActionKind.MOVE_STOP, price=Decimal(price))


ASKED: list[tuple[str, tuple[Action, ...]]] = [
    # The place of the stop, named by the verb only
    ("set be", (BREAKEVEN,)),
    ("usdchf +30 pips, set be guys", (BREAKEVEN,)),
    ("+25 pips, coloquem no be", (BREAKEVEN,)),
    ("pónganlo en be mi gente", (BREAKEVEN,)),
    # Told as done
    ("All closed", (CLOSE,)),
    ("closed fully", (CLOSE,)),
    ("We closed this trade", (CLOSE,)),
    ("EURGBP closed manually @ 0.8411", (CLOSE,)),
    ("Signal 77 GBPCHF\nclosed manually at 1.1240", (CLOSE,)),
    ("nzdusd closed at 0.6120 for +21", (CLOSE,)),
    ("out of the dax rest at 18240", (CLOSE,)),
    ("all layers out at 2650", (CLOSE,)),
    ("Operación cerrada a mano en 1.0920", (CLOSE,)),
    ("operação encerrada aqui", (CLOSE,)),
    ("закрыл сделку вручную", (CLOSE,)),
    # A price beside "here", a result or the first person tells where the market stands.
    ("closing usdcad manually at 1.3610 for a small loss", (CLOSE,)),
    ("silver close at 30.12, +25", (CLOSE,)),
    ("cierro la venta en 1.2710", (CLOSE,)),
    ("cerramos aquí en 2410", (CLOSE,)),
    ("закрываю покупку по 2391", (CLOSE,)),
    ("закрываем вручную по 2391", (CLOSE,)),
    ("#AUDUSD اغلاق يدوي 0.6602 +13", (CLOSE,)),
    ("us30 fechem com +60 pontos", (CLOSE,)),
    ("close with a small loss, it goes nowhere", (CLOSE,)),
    # Verbs that other things have too
    ("cut the gold sell now", (CLOSE,)),
    ("cut this trade, -12 pips", (CLOSE,)),
    # An event that is near is no case
    ("close all trades now before fomc", (CLOSE,)),
    ("delete the pendings before the weekend", (CANCEL,)),
    ("cierren todo antes de la noticia", (CLOSE,)),
    ("закройте всё до новостей", (CLOSE,)),
    # What one comes to is told beside it
    ("sl to 2668, risk free", (stop_at("2668"),)),
    ("set your sl to 2668 breakeven", (stop_at("2668"),)),
    ("stop a 2031,5 (sin riesgo)", (stop_at("2031.5"),)),
    ("s/l to 78.25", (stop_at("78.25"),)),
    ("book profit and close gold now", (CLOSE,)),
    ("close gold at cost or small loss", (CLOSE,)),
    ("cierren la mitad de la posición", (HALF,)),
    ("fechem metade da posição", (HALF,)),
    ("move sl to be and hold until tp2", (BREAKEVEN,)),
    ("passa o stop pro zero a zero e deixa correr até o alvo 2", (BREAKEVEN,)),
    ("crude limit order delete krdo", (CANCEL,)),
    ("gold sl 2402 kardo", (stop_at("2402"),)),
    ("sl hit, trade closed", (Action(ActionKind.STOP_HIT),)),
]

NO_UPDATE = [
    "it's set to be a great week",
    "make it be a lesson",
    "put yourself to be seen",
    "gold close +0.8% higher",
    "price is close 20 pips from it",
    "gold closed at 2391",
    "gold closed 2391 yesterday",
    "markets closed for christmas",
    "the market is closed today",
    "market closing. see you monday",
    "we closed the month with 1200 pips",
    "we closed gold at 2030 for 80 pips",
    "8 out of 10 trades won",
    "check it out now",
    "watch out for the trap here",
    "price is out of the zone here",
    "the fed rate cut now looks sure",
    "cut your losses short in life",
    "eurusd closed +20\ngbpusd closed +35",
    "break even: 4",
    "14 losses, 4 be",
    "statistics of may: 33 wins, 4 breakeven",
    "results of today:\ngold tp2 +100 pips\neurusd closed manually +20 pips",
    "нет, итоги недели: 20 сделок, 4 бу",
    "order closed\n48211903 buy xauusd 0.10 3318.42\nclose 3330.00 (tp)",
    "his short had a 40 pip stop to 3870",
    "we secured partial profits earlier",
]

REFUSED = [
    ("close at 2391", SignalReason.UNCLEAR_UPDATE),
    ("close half at 2031.5", SignalReason.UNCLEAR_UPDATE),
    ("закрываем по 2391", SignalReason.UNCLEAR_UPDATE),
    ("2043 pe close karo", SignalReason.UNCLEAR_UPDATE),
    ("gold close karo 2043 pe", SignalReason.UNCLEAR_UPDATE),
    ("move sl to 2668. move sl to be", SignalReason.UNCLEAR_UPDATE),
    ("close all 10 minutes before nfp", SignalReason.CONDITIONAL_UPDATE),
    ("remember to close all trades before nfp", SignalReason.CONDITIONAL_UPDATE),
    ("hold until tp1 then move sl to be", SignalReason.CONDITIONAL_UPDATE),
    ("if tp1 hits move sl to be and hold until tp2", SignalReason.CONDITIONAL_UPDATE),
]


@pytest.mark.parametrize(("text", "actions"), ASKED)
def test_an_ending_is_read(text: str, actions: tuple[Action, ...]) -> None:
    update = read_update(normalise(text))
    assert isinstance(update, ParsedUpdate), update
    assert update.actions == actions


@pytest.mark.parametrize("text", NO_UPDATE)
def test_what_tells_of_the_past_or_of_other_things_is_no_update(text: str) -> None:
    assert read_update(normalise(text)) is None


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_is_for_a_case_or_not_clear_is_refused(text: str, reason: SignalReason) -> None:
    refused = read_update(normalise(text))
    assert isinstance(refused, Refused), refused
    assert refused.reason is reason


def test_a_stop_that_was_moved_before_it_was_hit_moves_nowhere() -> None:
    update = read_update("price reversed, triggering the adjusted stop loss at 21,400")
    assert isinstance(update, ParsedUpdate)
    assert [action.kind for action in update.actions] == [ActionKind.STOP_HIT]


def test_what_is_told_and_what_waits_for_an_event_is_less_sure() -> None:
    for text in ("all closed", "close everything before news"):
        update = read_update(text)
        assert isinstance(update, ParsedUpdate)
        assert update.confidence < 1
        assert update.grounds
