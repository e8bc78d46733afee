"""How fast texts are read, and whether the next one costs more when much is stored.

Room-like text: the corpus of the project in the mix of a real room, and with as many texts said again as
there; every call has prices of its own. Beside it the same mix with no text twice, which is harder than any
room. There is no peer in the same process: the figure is messages a second of one core.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench.reporting import Row, row
from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.parser.lines import LineReader
from proofs.parser_corpus import fixtures

GOAL_PER_S = 20_000
_SEED = 20_170_101
_CALLS, _UPDATES, _ALERTS = 0.12, 0.28, 0.18
"""The shares of calls (over many rooms), and of updates and alerts (of a room that was counted); the rest
is chat."""
_SAID_AGAIN = {"update": 0.74, "alert": 0.99, "chat": 0.55}
"""The shares of texts that the counted room (1,919 messages of two months) had said before, word for word."""
_CHAT = (
    "Good morning everyone",
    "Who took this one? Well done",
    "Patience, the market is slow before the news",
    "+45 pips running, congratulations",
    "Do not overtrade today, protect your balance first",
    "Waiting for the London session to open",
    "Join the other channel for the daily analysis of all pairs",
    "Some people ask about the lot size: it depends on your account",
)


def room_texts(count: int, *, says_again: bool = True) -> list[str]:
    """So many texts of a room, the same for the same count; or with none of them twice."""
    chance = random.Random(_SEED)  # noqa: S311 - a sample, not a secret
    found = fixtures()
    calls = [fixture["text"] for fixture in found if fixture["kind"] == "signal"]
    updates = [fixture["text"] for fixture in found if fixture["kind"] == "update"]
    chat = [*_CHAT, *(fixture["text"] for fixture in found if fixture["kind"] == "noise")]

    def varied(text: str) -> str:
        # The last digit of long numbers changes, and with it the text: nothing is read from a memory.
        return re.sub(r"(?<=[0-9]{3})[0-9](?![0-9])", lambda _: str(chance.randrange(10)), text)

    def once(number: int, kind: str, text: str) -> str:
        again = says_again and chance.random() < _SAID_AGAIN[kind]
        return text if again else f"#{number} {text}"

    texts = []
    for number in range(count):
        kind = chance.random()
        if kind < _CALLS:
            texts.append(varied(chance.choice(calls)))
        elif kind < _CALLS + _UPDATES:
            update = chance.choice(updates)
            texts.append(once(number, "update", update if says_again else varied(update)))
        elif kind < _CALLS + _UPDATES + _ALERTS:
            alert = f"{chance.choice(('Gold', 'EURUSD', 'US30'))} {chance.choice(('buy', 'sell'))} now"
            texts.append(once(number, "alert", alert))
        else:
            texts.append(once(number, "chat", chance.choice(chat)))
    return texts


def parsing_rows(count: int = 40_000, rounds: int = 5) -> list[Row]:
    """Messages a second of one core: of `read_text`, of its calls alone, and of `hive parse`'s lines."""
    texts = room_texts(count)
    different = room_texts(count, says_again=False)
    calls = [fixture["text"] for fixture in fixtures() if fixture["kind"] == "signal"]
    lines = [
        json.dumps({"id": number, "ts": "2025-03-12T09:00:00+00:00", "source": "room", "text": text})
        for number, text in enumerate(texts)
    ]
    profile = SourceProfile()

    def read(each: list[str]) -> None:
        for text in each:
            read_text(text, profile)

    def read_lines(each: list[str]) -> None:
        for _ in LineReader(Configuration()).read(each):
            pass

    rows = []
    for subject, work, what in (
        ("room-like text", read, texts),
        ("room-like text, no text twice", read, different),
        ("calls only", read, calls * 20),
        ("lines of JSON in and out", read_lines, lines),
    ):
        work(what[:2_000])
        rates = []
        for _ in range(rounds):
            began = time.process_time()
            work(what)
            rates.append(len(what) / (time.process_time() - began))
        goal = GOAL_PER_S if subject == "room-like text" else None
        rows.append(row("parse messages on one core", subject, "rate", "/s", rates, at_least=goal))
    return rows


def one_more_line_rows(stored: tuple[int, ...] = (1_000, 1_000_000), more: int = 20_000) -> list[Row]:
    """Microseconds for one more message of a room, after so many were read."""
    texts = room_texts(20_000)

    def lines(first: int, count: int) -> Iterator[str]:
        began = datetime(2025, 1, 1, tzinfo=UTC)
        for number in range(first, first + count):
            ts = began + timedelta(seconds=20 * number)
            yield json.dumps(
                {"id": number, "ts": ts.isoformat(), "source": "room", "text": texts[number % len(texts)]}
            )

    rows: list[Row] = []
    for count in stored:
        reader = LineReader(Configuration())
        for _ in reader.read(lines(0, count)):
            pass
        told = list(lines(count, more))
        began = time.process_time()
        for _ in reader.read(told):
            pass
        each = (time.process_time() - began) / more * 1e6
        floor = None if not rows else (rows[0].subject, rows[0].value)
        subject = f"after {count:,} messages"
        rows.append(row("read one more message", subject, "time", "us", [each], floor=floor, ratio_under=1.5))
    return rows
