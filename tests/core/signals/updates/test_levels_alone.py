"""A level that a message names and nothing beside it is where stop or target goes, if nothing else may be
meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.room import Room
from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.alone import ALONE
from hive_core.signals.updates.reading import read_update
from hive_core.signals.verdicts import Action, ActionKind, Noise, ParsedUpdate, Refused, Verdict

BEGAN = datetime(2025, 3, 10, 6, 0, tzinfo=UTC)
CALL = "GOLD BUY 4080 - 4078\nSL 4075\nTP 4120"
ALERT = "Gold buy now"
BREAKEVEN = Action(ActionKind.BREAKEVEN)


def stop(price: str) -> Action:
    return Action(ActionKind.MOVE_STOP, price=Decimal(price))


def target(price: str, number: int | None = None) -> Action:
    return Action(ActionKind.MOVE_TARGET, price=Decimal(price), target_number=number)


def heard(*posts: tuple[str, str | None]) -> Verdict:
    """The one verdict on the last of some posts (text, the number of the post answered), a minute apart."""
    room = Room(SourceProfile())
    for number, (text, reply_to) in enumerate(posts, start=1):
        verdicts = room.read(BEGAN + timedelta(minutes=number), str(number), text, reply_to)
    (verdict,) = verdicts
    return verdict


ALONE_SAID = [
    ("BE", BREAKEVEN),
    ("be", BREAKEVEN),
    ("BE now", BREAKEVEN),
    ("BE guys", BREAKEVEN),
    ("gold BE now", BREAKEVEN),
    ("BE agora", BREAKEVEN),
    ("0x0", BREAKEVEN),
    ("BE ya", BREAKEVEN),
    ("BE ngay nhé", BREAKEVEN),
    ("SL 4085", stop("4085")),
    ("SL: 4085", stop("4085")),
    ("sl4085", stop("4085")),
    ("SL\n4085", stop("4085")),
    ("stop 4085", stop("4085")),
    ("SL now 4085 guys", stop("4085")),
    ("Stop loss @ 4,085.50", stop("4085.50")),
    ("\N{OCTAGONAL SIGN} SL: 4085", stop("4085")),
    ("стоп 4085", stop("4085")),
    ("Perdón, el stop es 4085", stop("4085")),
    ("stop no 4085", stop("4085")),
    ("الوقف 4085", stop("4085")),
    ("cắt lỗ 4085", stop("4085")),
    ("TP 4120", target("4120")),
    ("tp2 to 4125", target("4125", 2)),
    ("TP 2: 4125", target("4125", 2)),
    ("alvo 4120", target("4120")),
    ("objetivo 4120", target("4120")),
    ("тейк 2: 4125", target("4125", 2)),
    ("الهدف 4120", target("4120")),
]


@pytest.mark.parametrize(("text", "action"), ALONE_SAID)
def test_a_level_alone_is_where_it_goes_with_less_confidence(text: str, action: Action) -> None:
    for update in (heard((CALL, None), (text, None)), heard((CALL, None), (text, "1"))):
        assert isinstance(update, ParsedUpdate), update
        assert update.actions == (action,)
        assert update.grounds == (ALONE,)
        assert update.confidence < 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "let it be",
            "be careful guys",
            "to be",
            "be patient",
            "will be",
            "be good",
            "it is what it is to be",
        ),
        *("SL", "tp1", "TP 2", "SL hit?", "no SL", "sl in profit", "2 SL 4 TP", "tp 50 pips", "TP1 +50"),
        *("target 100 members", "our target is 4120 this month", "stop trading at 4085 people"),
        *("SL 4085?", "if sl 4085", "TP 4120 soon", "almost tp 4120", "nice tp 4120"),
        *("sem stop 4085", "sin sl 4085", "без стоп 4085 нет"),
    ],
)
def test_what_is_said_around_it_makes_it_no_level_alone(text: str) -> None:
    assert heard((CALL, None), (text, None)) == Noise()


@pytest.mark.parametrize(
    ("posts", "part"),
    [
        ([(CALL, None), (ALERT, None), ("SL 4085", None)], "alert"),
        ([(CALL, None), (ALERT, None), ("SL 4085", "2")], "alert"),
        ([(CALL, None), (ALERT, None), ("BE", None)], "alert"),
        ([(CALL, None), ("TP1 4120 \N{WHITE HEAVY CHECK MARK}", "1")], "hit"),
        ([(CALL, None), ("TP 4120 \N{FIRE}\N{FIRE}", None)], "hit"),
        ([(CALL, None), ("SL 4070\nTP 4125", None)], "of a call"),
        ([(CALL, None), ("TP1 4110\nTP2 4125", None)], "of a call"),
        ([(CALL, None), ("SL 20 pips", "1")], "pips"),
        ([(CALL, None), ("SL 85", "1")], "pips"),
        ([(CALL, None), ("SL 4085 4090", "1")], "4085 or 4090"),
    ],
)
def test_where_it_may_be_something_else_it_is_refused(posts: list[tuple[str, str | None]], part: str) -> None:
    refused = heard(*posts)
    assert isinstance(refused, Refused), refused
    assert refused.reason is SignalReason.UNCLEAR_UPDATE
    assert part in refused.detail


def test_stop_and_target_in_answer_to_a_call_are_its_new_ones() -> None:
    update = heard((CALL, None), ("SL 4070\nTP 4125", "1"))
    assert isinstance(update, ParsedUpdate)
    assert update.actions == (stop("4070"), target("4125"))


def test_details_of_an_alert_are_its_call() -> None:
    assert not isinstance(heard((ALERT, None), ("SL 4075\nTP 4120", None)), ParsedUpdate | Refused)


def test_a_longer_text_is_no_level_alone() -> None:
    assert read_update("sl 4085 " + "gold " * 30) is None


def test_a_side_makes_a_call_of_it() -> None:
    for text in ("buy sl 4085", "gold buy\nsl 4085", "compra sl 4085", "шорт стоп 4085"):
        assert not isinstance(heard((CALL, None), (text, None)), ParsedUpdate), text
