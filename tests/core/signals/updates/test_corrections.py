"""A level that was mistyped and is named again, and a stop that is named beside a part that is closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.room import Room
from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.alone import CORRECTED
from hive_core.signals.verdicts import Action, ActionKind, ParsedUpdate, Refused, Verdict

BEGAN = datetime(2025, 3, 10, 6, 0, tzinfo=UTC)
CALL = "GOLD BUY 4080 - 4078\nSL 4705\nTP 4120"
HALF = Action(ActionKind.PARTIAL_CLOSE, share=Decimal("0.5"))


def stop(price: str) -> Action:
    return Action(ActionKind.MOVE_STOP, price=Decimal(price))


def heard(*texts: str) -> Verdict:
    """The one verdict on the last of some posts, a minute apart."""
    room = Room(SourceProfile())
    for number, text in enumerate(texts, start=1):
        verdicts = room.read(BEGAN + timedelta(minutes=number), str(number), text, None)
    (verdict,) = verdicts
    return verdict


CORRECTIONS = [
    ("Typo, SL is 4075", stop("4075")),
    ("correction guys: stop loss 4075", stop("4075")),
    ("my bad sl is 4075", stop("4075")),
    ("SL should be 4075 not 4705", stop("4075")),
    ("Oops, the stop on gold is 4075 \N{PERSON WITH FOLDED HANDS}", stop("4075")),
    ("Typo: tp2 is 4125", Action(ActionKind.MOVE_TARGET, price=Decimal(4125), target_number=2)),
    ("Corrigindo, o SL do ouro é 4075", stop("4075")),
    ("corrección: el sl es 4075", stop("4075")),
    ("Опечатка, стоп 4075", stop("4075")),
    ("تصحيح وقف الخسارة 4075", stop("4075")),
    ("nhầm ạ, sl 4075 nhé", stop("4075")),
    ("galti se likh diya, sl 4075 hai", stop("4075")),
]


@pytest.mark.parametrize(("text", "action"), CORRECTIONS)
def test_a_correction_names_where_the_level_is(text: str, action: Action) -> None:
    update = heard(CALL, text)
    assert isinstance(update, ParsedUpdate), update
    assert update.actions == (action,)
    assert CORRECTED in update.grounds
    assert update.confidence < 1


@pytest.mark.parametrize(
    "text",
    [
        "my mistake, sl 4085 was too tight",
        "oops sl 4085 was hit",
        "typo in sl, will post it soon",
        "is sl 4075 a typo?",
        "typo, sl is 20 pips not 30",
        "typo: sl 4075 and tp 4120",
        "gold correction, target 4050",
        "correction to target 4050 likely",
        "everybody makes mistakes, learn from each stop",
    ],
)
def test_what_only_talks_of_a_mistake_moves_nothing(text: str) -> None:
    assert not isinstance(heard(CALL, text), ParsedUpdate) or heard(CALL, text).actions[0].price is None


def test_a_correction_after_an_alert_may_be_of_that_alert() -> None:
    refused = heard(CALL, "Gold buy now", "typo, sl is 4075")
    assert isinstance(refused, Refused)
    assert refused.reason is SignalReason.UNCLEAR_UPDATE


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("close half sl 4085", (HALF, stop("4085"))),
        ("book gold 50%, sl now 4085", (HALF, stop("4085"))),
        ("đóng 50%, phần còn lại sl 4085", (HALF, stop("4085"))),
        ("close half, sl 4085 hit", (HALF,)),
        ("close half, sl 20 pips", (HALF,)),
        ("close half, sl was 4085", (HALF,)),
    ],
)
def test_a_stop_beside_a_part_is_where_the_rest_goes(text: str, actions: tuple[Action, ...]) -> None:
    update = heard(CALL, text)
    assert isinstance(update, ParsedUpdate), update
    assert tuple(action for action in update.actions if action.kind is not ActionKind.STOP_HIT) == actions
