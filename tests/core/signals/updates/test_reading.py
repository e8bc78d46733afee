"""What a message asks of a signal that stands: in seven of its languages, and what only looks like it."""

# ruff: noqa: RUF001 - words of other scripts have letters that look like others

from decimal import Decimal

import pytest

from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.reading import read_update
from hive_core.signals.verdicts import Action, ActionKind, ParsedUpdate, Refused

BREAKEVEN = Action(ActionKind.BREAKEVEN)
CLOSE = Action(ActionKind.CLOSE)
CANCEL = Action(ActionKind.CANCEL)
HALF = Action(ActionKind.PARTIAL_CLOSE, share=Decimal("0.5"))
PART = Action(ActionKind.PARTIAL_CLOSE)
TARGET_HIT = Action(ActionKind.TARGET_HIT)
FIRST_HIT = Action(ActionKind.TARGET_HIT, target_number=1)
STOP_HIT = Action(ActionKind.STOP_HIT)


def stop_at(price: str) -> Action:
    return Action(ActionKind.MOVE_STOP, price=Decimal(price))


def layer(price: str) -> Action:
    return Action(ActionKind.CLOSE, entry_price=Decimal(price))


ASKED: list[tuple[str, tuple[Action, ...]]] = [
    # English
    ("move sl to be", (BREAKEVEN,)),
    ("put the lower layer at breakeven", (BREAKEVEN,)),
    ("sl to entry", (BREAKEVEN,)),
    ("zero risk", (BREAKEVEN,)),
    ("we move the sl to 1312.", (stop_at("1312"),)),
    ("new sl 2310", (stop_at("2310"),)),
    ("adjust the sl from 2301 to 2307.5", (stop_at("2307.5"),)),
    ("stop to 3 305", (stop_at("3305"),)),
    ("sl to 21,505", (stop_at("21505"),)),
    ("move your sl to 1,0872", (stop_at("1.0872"),)),
    ("move tp2 to 2340", (Action(ActionKind.MOVE_TARGET, price=Decimal(2340), target_number=2),)),
    ("close half and move sl to breakeven", (HALF, BREAKEVEN)),
    ("close 50% now", (HALF,)),
    ("close the first half", (HALF,)),
    ("close 3 hold 1", (layer("3"),)),
    ("close half, hold gold with be", (HALF, BREAKEVEN)),
    ("close 4083 hold 4080", (layer("4083"),)),
    ("gold 4083 close", (layer("4083"),)),
    ("4083 close now", (layer("4083"),)),
    ("4083 layer close", (layer("4083"),)),
    ("4083 close 4080 hold", (layer("4083"),)),
    ("sl to 4085", (stop_at("4085"),)),
    ("sl at entry", (BREAKEVEN,)),
    ("cancel the previous one", (CANCEL,)),
    ("close the old signal", (CLOSE,)),
    ("close gold and hold the rest", (CLOSE,)),
    ("close 1/2 of it", (HALF,)),
    ("close a third here", (Action(ActionKind.PARTIAL_CLOSE, share=Decimal("0.3333")),)),
    ("close 100% now", (CLOSE,)),
    ("partial book 120 dollars", (PART,)),
    ("90 usd partial book", (PART,)),
    ("secure partials", (PART,)),
    ("close some and hold the rest with be", (PART, BREAKEVEN)),
    ("take full profit now", (CLOSE,)),
    ("tp now", (CLOSE,)),
    ("exit now guys", (CLOSE,)),
    ("we're out", (CLOSE,)),
    ("we don t stay, we re out", (CLOSE,)),
    ("close 2331 hold 2329", (layer("2331"),)),
    ("close 31.5 holx 29.5", (layer("31.5"),)),
    ("hold 2329 close 2331", (layer("2331"),)),
    ("cancel the limit order", (CANCEL,)),
    ("delete pendings", (CANCEL,)),
    ("trade cancelled", (CANCEL,)),
    ("tp1 hit, move sl to be", (FIRST_HIT, BREAKEVEN)),
    (
        "2nd target at 2363 was reached for a partial profit",
        (Action(ActionKind.TARGET_HIT, target_number=2),),
    ),
    ("tp hit 45 +pips", (TARGET_HIT,)),
    ("tp1 hit tp2 next", (FIRST_HIT,)),
    ("stopped out", (STOP_HIT,)),
    ("sl 2301 was hit", (STOP_HIT,)),
    ("sl 2301 moved to 2309", (stop_at("2309"),)),
    # Portuguese
    ("fechar metade e mover stop para a entrada", (HALF, BREAKEVEN)),
    ("encerrem tudo", (CLOSE,)),
    ("cancelem a ordem pendente", (CANCEL,)),
    ("alvo 1 atingido", (FIRST_HIT,)),
    ("subam o stop para 1.0712", (stop_at("1.0712"),)),
    ("realizem parcial", (PART,)),
    ("fechem a venda", (CLOSE,)),
    ("cancelem a ordem anterior", (CANCEL,)),
    ("ouro 4083 fechar", (layer("4083"),)),
    # Spanish
    ("cierren la mitad y muevan el sl a la entrada", (HALF, BREAKEVEN)),
    ("cerrar todo", (CLOSE,)),
    ("anulen la orden", (CANCEL,)),
    ("objetivo 1 alcanzado", (FIRST_HIT,)),
    ("pongan el stop en 1.0712", (stop_at("1.0712"),)),
    ("aseguren ganancias", (PART,)),
    ("anulen la anterior", (CANCEL,)),
    ("oro 4083 cerrar", (layer("4083"),)),
    # Russian
    ("закрываем половину, стоп в безубыток", (HALF, BREAKEVEN)),
    ("закрыть сделку", (CLOSE,)),
    ("отменяем ордер", (CANCEL,)),
    ("тейк 1 взят", (FIRST_HIT,)),
    ("первая цель взята, стоп в безубыток", (FIRST_HIT, BREAKEVEN)),
    ("переносим стоп на 1.0712", (stop_at("1.0712"),)),
    ("фиксируем часть прибыли", (PART,)),
    ("отменить предыдущую", (CANCEL,)),
    ("золото 4083 закрыть", (layer("4083"),)),
    # Arabic
    ("اغلاق نصف العقد ونقل الوقف الى نقطة الدخول", (HALF, BREAKEVEN)),
    ("أغلقوا الصفقة", (CLOSE,)),
    ("الغاء الامر المعلق", (CANCEL,)),
    ("تم ضرب الهدف الاول", (FIRST_HIT,)),
    ("نقل الوقف إلى 2735", (stop_at("2735"),)),
    # Vietnamese, with and without the marks of its letters
    ("dời sl về giá vào\nsl to entry", (BREAKEVEN,)),
    ("roi sl ve entry", (BREAKEVEN,)),
    ("đóng 31 giữ 29", (layer("31"),)),
    ("dong 31 giu 29", (layer("31"),)),
    ("đóng 08.3", (layer("8.3"),)),
    ("chốt lệnh này", (CLOSE,)),
    ("chốt một nửa", (HALF,)),
    ("đóng hòa 2 entry tại 18", (CLOSE,)),
    ("hủy lệnh chờ", (CANCEL,)),
    ("rời sl 28", (stop_at("28"),)),
    # Hindi in Latin letters: the verb stands last
    ("aadha close karo aur sl cost pe le aao", (HALF, BREAKEVEN)),
    ("trade close karo", (CLOSE,)),
    ("order cancel karo", (CANCEL,)),
    ("tp1 hit ho gaya", (FIRST_HIT,)),
    ("sl 2735 pe le aao", (stop_at("2735"),)),
]

NO_UPDATE = [
    "good morning traders",
    "close all the windows tonight",
    "do not cancel your holiday",
    "cancel your gym card",
    "we closed 140 pips up last week",
    "closed trades: gold tp hit, eurusd sl hit",
    "weekly results\ngold tp1 hit\neurusd sl hit",
    "gold tp1 hit\neurusd sl hit",
    "don't close",
    "do not move sl",
    "no need to move the stop",
    "não fechem ainda",
    "no cierren todavía",
    "не закрываем",
    "لا تغلق الصفقة",
    "đừng đóng lệnh",
    "ko đóng lệnh này nhé",
    "close mat karo",
    "market will close in 10 minutes",
    "waiting for a daily close above 2400",
    "gold close 2391",
    "exit: 1.0850",
    "it's close to our target",
    "take a break today, be careful",
    "always be patient with your sl",
    "secure your account with a password",
    "we are at breakeven",
    "gold long 2351, sl 2344, tp 2363. stop goes to breakeven after tp1",
    "gold buy 2350 - 2348\n\ntp 2353\ntp 2370\n\nsl 2345",
    "quán đóng cửa lúc 5h",
    "+60 pips running",
    "some profit guys",
    "sl hit?",
    "tp1 hit?",
    "alvo 1 atingido?",
]

UNCLEAR = [
    ("move sl to 2381 or 2385", SignalReason.UNCLEAR_UPDATE),
    ("move sl to 2381 - 2385", SignalReason.UNCLEAR_UPDATE),
    ("move sl to 2381\nmove sl to 2385", SignalReason.UNCLEAR_UPDATE),
    ("move sl to 2381 or be", SignalReason.UNCLEAR_UPDATE),
    ("change sl from 402 to\n4066", SignalReason.UNCLEAR_UPDATE),
    ("change sl from 2381 to", SignalReason.UNCLEAR_UPDATE),
    ("move sl 20 pips", SignalReason.UNCLEAR_UPDATE),
    ("close fully or close partially", SignalReason.UNCLEAR_UPDATE),
    ("close now and move sl to be", SignalReason.UNCLEAR_UPDATE),
    ("close 2331, 2329", SignalReason.UNCLEAR_UPDATE),
    ("close 2 positions", SignalReason.UNCLEAR_UPDATE),
    # What is to be kept is named, or which part, or when: nothing of it may become what is closed now.
    ("close everything but eurusd", SignalReason.UNCLEAR_UPDATE),
    ("close all except gold", SignalReason.UNCLEAR_UPDATE),
    ("close all trades but eurusd", SignalReason.UNCLEAR_UPDATE),
    ("close all, keep gold", SignalReason.UNCLEAR_UPDATE),
    ("close all hold gold", SignalReason.UNCLEAR_UPDATE),
    ("close all and keep the sells", SignalReason.UNCLEAR_UPDATE),
    ("close now, hold gold", SignalReason.UNCLEAR_UPDATE),
    ("cancel all but gold", SignalReason.UNCLEAR_UPDATE),
    ("delete all except the gold limit", SignalReason.UNCLEAR_UPDATE),
    ("cerrar todo menos oro", SignalReason.UNCLEAR_UPDATE),
    ("fechar tudo exceto ouro", SignalReason.UNCLEAR_UPDATE),
    ("закрыть все кроме золота", SignalReason.UNCLEAR_UPDATE),
    ("close the first entry", SignalReason.UNCLEAR_UPDATE),
    ("close 2nd layer", SignalReason.UNCLEAR_UPDATE),
    ("closing gold in 5 minutes", SignalReason.UNCLEAR_UPDATE),
    ("close 150%", SignalReason.UNCLEAR_UPDATE),
    ("close 0.5 lots", SignalReason.UNCLEAR_UPDATE),
    ("close 3", SignalReason.UNCLEAR_UPDATE),
    ("close at 2391", SignalReason.UNCLEAR_UPDATE),
    ("hold 4080 close", SignalReason.UNCLEAR_UPDATE),
    ("4083 close 4080", SignalReason.UNCLEAR_UPDATE),
    ("remove sl", SignalReason.UNCLEAR_UPDATE),
    ("move tp to 2381 or 2390", SignalReason.UNCLEAR_UPDATE),
    ("when tp1 hits move sl to be", SignalReason.CONDITIONAL_UPDATE),
    ("if you are in profit close half", SignalReason.CONDITIONAL_UPDATE),
    ("nếu chạm 2391 thì đóng lệnh", SignalReason.CONDITIONAL_UPDATE),
    ("close eurusd and gold", SignalReason.UNCLEAR_UPDATE),
    ("close the buys and the sells", SignalReason.UNCLEAR_UPDATE),
    ("should we close now?", SignalReason.CONDITIONAL_UPDATE),
]


@pytest.mark.parametrize(("text", "actions"), ASKED)
def test_what_is_asked_is_read_in_its_order(text, actions):
    update = read_update(text)
    assert isinstance(update, ParsedUpdate), update
    assert update.actions == actions


@pytest.mark.parametrize("text", NO_UPDATE)
def test_chat_reports_denials_and_calls_are_no_update(text):
    assert read_update(text) is None


@pytest.mark.parametrize(("text", "reason"), UNCLEAR)
def test_what_is_not_clear_is_refused(text, reason):
    refused = read_update(text)
    assert isinstance(refused, Refused), refused
    assert refused.reason is reason
    assert refused.detail


@pytest.mark.parametrize(
    ("text", "symbol", "side", "is_for_all"),
    [
        ("close all", None, None, True),
        ("close all xauusd now", "XAUUSD", None, True),
        ("close all buys", None, "buy", True),
        ("close all buys and sells", None, None, True),
        ("close eur/usd", "EURUSD", None, False),
        ("close xauusdm", "XAUUSD", None, False),
        ("close nas100", "NAS100", None, False),
        ("close wall street", "US30", None, False),
        ("close spot gold now", "XAUUSD", None, False),
        ("close gj", "GBPJPY", None, False),
        ("close gbpsgd", "GBPSGD", None, False),
        ("закрыть доу джонс", "US30", None, False),
        ("закрыть серебро", "XAGUSD", None, False),
        ("закрыть евро", "EURUSD", None, False),
        ("اغلاق اليورو دولار", "EURUSD", None, False),
        ("cerrar petróleo", "USOIL", None, False),
        ("cancel the gold sell order", "XAUUSD", "sell", False),
        ("close gold sell\ngold buy now", "XAUUSD", "sell", False),
        ("close gold sell and buy now", "XAUUSD", "sell", False),
        ("xauusd buy\ntp1 hit\nmove sl to entry", "XAUUSD", "buy", False),
        ("all tp hit", None, None, False),
        ("закрыть сделку по золоту", "XAUUSD", None, False),
        ("đóng lệnh vàng", "XAUUSD", None, False),
        ("anh em nào còn lệnh thì thoát hết nhé", None, None, True),
    ],
)
def test_symbol_side_and_all_are_of_what_is_managed(text, symbol, side, is_for_all):
    update = read_update(text)
    assert isinstance(update, ParsedUpdate), update
    assert (update.symbol, update.side, update.is_for_all) == (symbol, side, is_for_all)


def test_a_close_before_a_new_call_is_read_and_the_call_is_not():
    update = read_update("close gold sell\ngold buy 2350\nsl 2340\ntp 2360")
    assert isinstance(update, ParsedUpdate)
    assert (update.actions, update.side) == ((CLOSE,), "sell")


def test_words_that_leave_it_open_lower_the_confidence_and_say_why():
    firm, optional = read_update("close half"), read_update("you may close half")
    assert isinstance(firm, ParsedUpdate)
    assert isinstance(optional, ParsedUpdate)
    assert (firm.confidence, firm.grounds) == (1.0, ())
    assert optional.actions == firm.actions
    assert optional.confidence < firm.confidence
    assert optional.grounds


def test_an_added_entry_is_left_out_and_said():
    update = read_update("rời sl 28 add buy 31.5")
    assert isinstance(update, ParsedUpdate)
    assert update.actions == (stop_at("28"),)
    assert update.grounds == ("an added entry is left out",)
