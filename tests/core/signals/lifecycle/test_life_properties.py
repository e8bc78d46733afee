"""The life of signals hangs on the set of messages, not on how they came, and never on later ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from message_versions import alert, call, deleted, moment, said

from hive_core.signals.lifecycle.events import REACH, MessageVersion
from hive_core.signals.lifecycle.fold import LifecycleSettings, SourceFold
from hive_core.signals.lifecycle.lifecycle import fold_until, in_order
from hive_core.signals.lifecycle.states import TRANSITIONS, Life, SignalState
from hive_core.signals.verdicts import ParsedUpdate

SETTINGS = LifecycleSettings()
FEW = settings(max_examples=50)
TEXTS = (
    "close",
    "close half",
    "close all",
    "close 33 hold 31",
    "cancel",
    "move sl to be",
    "move sl to 2328",
    "tp1 hit",
    "tp2 hit",
    "sl hit",
    "close the sell",
    "close half and move sl to breakeven",
    "close 2331, 2329",
    "cancelled",
    "nice",
)
MINUTES = st.integers(0, 12 * 24 * 6).map(lambda step: step * 10)
IDS = st.integers(1, 12).map(str)


@st.composite
def _version(draw: st.DrawFn, number: int) -> MessageVersion:
    """A version of one of a dozen messages; its number of version goes with its time."""
    minutes = draw(MINUTES)
    message_id = draw(IDS)
    version = 1 + minutes // 600
    reply_to = draw(st.none() | IDS)
    match draw(st.sampled_from(("call", "said", "said", "both", "alert", "deleted"))):
        case "both":
            closing = said(
                message_id, minutes, draw(st.sampled_from(("close the sell", "cancel", "close all")))
            )
            return call(message_id, minutes, version=version, reply_to=reply_to, update=closing.update)
        case "call":
            return call(
                message_id,
                minutes,
                side=draw(st.sampled_from(("buy", "sell"))),
                stop=None,
                version=version,
                valid_minutes=draw(st.sampled_from((30, 600, 6000))),
                reply_to=reply_to,
            )
        case "said":
            return said(message_id, minutes, draw(st.sampled_from(TEXTS)), version=version, reply_to=reply_to)
        case "alert":
            return alert(f"a{number}", minutes, "XAUUSD", draw(st.sampled_from(("buy", "sell"))))
        case _:
            return deleted(message_id, minutes, version=version)


@st.composite
def histories(draw: st.DrawFn) -> list[MessageVersion]:
    """Messages of a room over twelve days: calls, updates, edits, deletions, talk. A version of a message
    has one content."""
    drawn = [draw(_version(number)) for number in range(draw(st.integers(1, 25)))]
    return list({(event.message_id, event.version): event for event in drawn}.values())


def told_of(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """All that is known of some lives, in one order."""
    return sorted(
        ({each.name: getattr(life, each.name) for each in fields(life)} for life in lives),
        key=lambda row: (row["signal"].signal_id, row["version"], str(row)),
    )


@FEW
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_and_any_repetition_give_the_same_lives(history, random):
    arriving = [*history, *random.choices(history, k=len(history))]
    random.shuffle(arriving)
    last = max(event.ts_event for event in history)
    together, _ = fold_until(history, last, SETTINGS)
    assert told_of(fold_until(arriving, last, SETTINGS)[0]) == told_of(together)


@FEW
@given(histories(), MINUTES)
def test_messages_after_a_moment_never_change_the_lives_as_of_it(history, minutes):
    now = moment(minutes)
    before = [event for event in history if event.ts_event <= now]
    assert told_of(fold_until(history, now, SETTINGS)[0]) == told_of(fold_until(before, now, SETTINGS)[0])


@FEW
@given(histories(), MINUTES)
def test_messages_from_before_the_reach_never_change_the_lives(history, minutes):
    now = moment(minutes)
    begins = now.replace(hour=0, minute=0) - REACH
    within = [event for event in history if event.ts_event >= begins]
    assert told_of(fold_until(history, now, SETTINGS)[0]) == told_of(fold_until(within, now, SETTINGS)[0])


@FEW
@given(histories())
def test_a_state_is_followed_only_by_what_may_follow_it_and_no_part_is_closed_twice(history):
    before: dict[str, SignalState] = {}
    fold = SourceFold(SETTINGS)
    for event in in_order(history):
        fold.step(event)
        for life in fold.lives():
            now = life.state_at(event.ts_event)
            earlier = before.get(life.signal.signal_id, now)
            assert now is earlier or now in TRANSITIONS[earlier], (earlier, now)
            before[life.signal.signal_id] = now
            assert 0 <= life.closed_share <= 1
            assert life.closed_share < 1 or life.ended is not None


@FEW
@given(histories())
def test_a_message_ends_its_own_signals_only_by_a_deletion_a_cancel_or_another_call(history):
    fold = SourceFold(SETTINGS)
    for event in in_order(history):
        before = {life.signal.signal_id for life in fold.lives() if life.ended is None}
        fold.step(event)
        if event.is_deleted or event.signals or isinstance(event.update, ParsedUpdate):
            continue
        assert before == {life.signal.signal_id for life in fold.lives() if life.ended is None}


@FEW
@given(histories())
def test_an_update_touches_only_signals_of_its_own_source(history):
    foreign = call("1", 0, source="other")
    lives, _ = fold_until([foreign, *history], moment(20_000), SETTINGS)
    alone, _ = fold_until([foreign], moment(20_000), SETTINGS)
    assert told_of([life for life in lives if life.source == "other"]) == told_of(alone)


@pytest.mark.slow
def test_one_more_message_costs_the_same_whatever_is_stored():
    def seconds_for_more(stored: int) -> float:
        fold = SourceFold(SETTINGS)
        for number in range(stored):
            fold.step(call(f"{number}", number * 0.1, valid_minutes=90))
        first = stored * 0.1
        added = [call(f"x{number}", first + number * 0.1) for number in range(400)]
        begins = time.process_time()
        for event in added:
            fold.step(event)
        return time.process_time() - begins

    few, many = min(seconds_for_more(800) for _ in range(3)), min(seconds_for_more(8_000) for _ in range(3))
    assert many < 3 * few
