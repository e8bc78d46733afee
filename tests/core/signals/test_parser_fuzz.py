"""The texts that nobody wrote: the same for a seed, as long as they may be, and a fault in reading shows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from hive_core.configuration.model import Configuration
from hive_core.signals.parser.lines import LineReader
from hive_core.signals.posts import MAX_TEXT_CHARACTERS
from hive_core.signals.verdicts import Noise, ParsedSignal, Span
from proofs import parser_fuzz
from proofs.parser_fuzz import (
    SLOWEST_LONG_S,
    SLOWEST_S,
    RoomsRun,
    Run,
    drawn_out,
    is_wrong_sided,
    mistyped,
    read_alone,
    read_in_rooms,
    rooms,
)


@pytest.mark.parametrize("made", [mistyped, rooms, drawn_out])
def test_a_seed_gives_the_same_texts_and_another_gives_others(
    made: Callable[[int, int], Iterator[str]],
) -> None:
    assert list(made(30, 1)) == list(made(30, 1))
    assert list(made(30, 1)) != list(made(30, 2))
    assert list(islice(made(60, 1), 30)) == list(made(30, 1))


def test_long_texts_are_up_to_the_longest_that_is_read() -> None:
    lengths = [len(text) for text in drawn_out(60, 1)]
    assert max(lengths) == MAX_TEXT_CHARACTERS
    assert min(lengths) > 1_500
    assert sum(length == MAX_TEXT_CHARACTERS for length in lengths) >= 20


def test_rooms_answer_edit_and_say_how_long_they_hold() -> None:
    messages = [json.loads(line) for line in rooms(400, 1)]
    assert [message["id"] for message in messages] == list(range(1, 401))
    assert sum("reply_to" in message for message in messages) > 100
    assert sum("edit_of" in message for message in messages) > 20
    assert len({type(message["ts"]) for message in messages}) == 4  # text, seconds, milliseconds, none
    assert {message["source"] for message in messages} == {"", "gold", "pairs", "desk"}
    run = read_in_rooms(rooms(400, 1))
    assert (run.texts, run.crashes, run.wrong, run.unanswered, run.endless) == (400, [], 0, 0, 0)
    assert min(run.signals, run.leaning, run.own_expiry) > 0


def signal(side: str, entry: tuple[int, int] | None, stop: int, *targets: int) -> ParsedSignal:
    edges = None if entry is None else (Decimal(entry[0]), Decimal(entry[1]))
    prices = tuple(map(Decimal, targets))
    return ParsedSignal("XAUUSD", side, "market", edges, Decimal(stop), prices, span=Span(0, 1))


@pytest.mark.parametrize(
    ("plan", "is_wrong"),
    [
        (signal("buy", (100, 102), 99, 103), False),
        (signal("buy", (100, 102), 100, 103), True),
        (signal("buy", (100, 102), 99, 102), True),
        (signal("buy", None, 99, 103), False),
        (signal("buy", None, 103, 103), True),
        (signal("sell", (100, 102), 103, 99), False),
        (signal("sell", (100, 102), 102, 99), True),
        (signal("sell", (100, 102), 103, 99, 100), True),
    ],
)
def test_what_stands_on_the_wrong_side(plan: ParsedSignal, is_wrong: bool) -> None:
    assert is_wrong_sided(plan) is is_wrong


def held(run: Run) -> list[bool]:
    return [claim.holds for claim in run.claims("texts")]


def test_a_reader_that_crashes_is_slow_or_wrong_fails_its_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    def reads(reader: Callable[[str], Any]) -> list[bool]:
        monkeypatch.setattr(parser_fuzz, "read_text", lambda text, _: reader(text))
        return held(read_alone(iter(["a", "b"])))

    def crashes(text: str) -> Any:
        raise ValueError(text)

    def takes_long(text: str) -> Any:
        ends = time.thread_time() + SLOWEST_S * 1.2
        while time.thread_time() < ends:
            pass
        return [right]

    right, wrong = signal("buy", (100, 100), 99, 101), signal("buy", (100, 100), 101, 102)
    assert reads(lambda _: [right]) == [True, True, True]
    assert reads(crashes) == [False, True, False]
    assert reads(takes_long) == [True, False, True]
    assert reads(lambda _: [wrong]) == [True, True, False]
    assert reads(lambda _: [Noise()]) == [True, True, False]  # nothing was asked of any signal


@pytest.mark.parametrize("limit_s", [SLOWEST_S, SLOWEST_LONG_S])
def test_the_time_of_a_text_is_held_to_its_limit(monkeypatch: pytest.MonkeyPatch, limit_s: float) -> None:
    clock = iter([0.0, limit_s, 0.0, limit_s + 0.001])
    monkeypatch.setattr(parser_fuzz.time, "thread_time", lambda: next(clock))
    run = Run(limit_s)
    run.timed(list)
    assert run.slow == 0
    run.timed(list)
    assert (run.slow, run.texts, held(run)[1]) == (1, 2, False)


CALL = {"id": 7, "ts": "2025-03-12T09:00:00", "source": "pairs", "text": "gold buy 4105 sl 4098 tp 4110"}


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, (0, 0, 0, 0)),  # unanswered, wrong, endless, own expiry
        ({"id": 8}, (1, 0, 0, 0)),
        ({"stop_loss": 4106.0}, (0, 1, 0, 0)),
        ({"valid_until": None}, (0, 0, 1, 0)),
        ({"valid_until": "2026-03-12T09:00:00+00:00"}, (0, 0, 1, 1)),
        ({"valid_until": "2025-03-12T09:00:00+00:00"}, (0, 0, 0, 1)),
    ],
)
def test_a_line_that_tells_something_else_is_counted(
    change: dict[str, Any], counts: tuple[int, int, int, int]
) -> None:
    line = json.dumps(CALL)
    (given,) = LineReader(Configuration(sources=parser_fuzz._ROOMS)).read([line])
    told = json.loads(given)
    for name, value in change.items():
        (told if name == "id" else told["signals"][0])[name] = value
    run = RoomsRun()
    run.look_at(line, [json.dumps(told)])
    assert (run.unanswered, run.wrong, run.endless, run.own_expiry) == counts
    assert run.signals == 1


def test_a_line_that_gives_none_or_two_is_unanswered() -> None:
    run = RoomsRun()
    run.look_at(json.dumps(CALL), [])
    told = json.dumps({"id": 7, "signals": []})
    run.look_at(json.dumps(CALL), [told, told])
    assert run.unanswered == 2


def test_when_a_message_was_sent_is_on_its_sources_clock() -> None:
    assert parser_fuzz._sent(CALL) == datetime(2025, 3, 12, 6, tzinfo=UTC)
    assert parser_fuzz._sent({**CALL, "source": ""}) == datetime(2025, 3, 12, 9, tzinfo=UTC)
    assert parser_fuzz._sent({**CALL, "ts": None}) is None
