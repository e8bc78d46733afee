"""Two rooms that call EURUSD for days, as rooms do: edits, answers, alerts, repetitions, slips, news of
trades; and the bars that they call on. Made from a seed, the same each time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
from exec_bench import READ_UP
from lane_bench import Pipeline

from hive_core.configuration.model import Account, Configuration
from hive_core.market.bars import BAR_SCHEMA
from hive_core.signals.messages import MessageDeclaration, merge_messages, parse_message_file

BEGIN = datetime(2024, 3, 6, 9, 30, tzinfo=UTC)
"""The live lane begins in the middle of a Wednesday."""

_FIRST = datetime(2024, 2, 5, tzinfo=UTC)
_DAYS_BEFORE, _DAYS_AFTER = 3, 4
_PRICE = 1.08

DESK = Account(name="desk", mode="paper", accepted_unknowns=READ_UP, sources=("room_*",))


def made_up_bars() -> pl.DataFrame:
    """H1 bars that go to and fro around one price, without weekends' hole: both sides are quoted."""
    rows = []
    for hour in range(24 * 45):
        opens = _FIRST + timedelta(hours=hour)
        if opens.weekday() == 5:
            continue
        price = round(_PRICE + 0.0015 * ((hour % 7) - 3) / 3, 5)
        prices = {"open": price, "high": price + 0.0008, "low": price - 0.0008, "close": price + 0.0002}
        rows.append(
            {
                "symbol": "EURUSD",
                "timeframe": "H1",
                "ts_open": opens,
                **{f"bid_{name}": round(value, 5) for name, value in prices.items()},
                **{f"ask_{name}": round(value + 0.0001, 5) for name, value in prices.items()},
                "volume": None,
                "landing_sha256": "0" * 64,
            }
        )
    return pl.DataFrame(rows, schema=BAR_SCHEMA)


def made_up_rooms(seed: int = 7) -> Pipeline:
    """Both rooms on one account, with three days before `BEGIN`."""
    frames = [
        parse_message_file(
            _room(source, Random(f"{seed} {source}")),  # noqa: S311 (no secret)
            MessageDeclaration(source=source, format="jsonl"),
            landing_sha256="0" * 64,
        ).frame
        for source in ("room_a", "room_b")
    ]
    messages, _ = merge_messages(frames)
    return Pipeline(messages, made_up_bars(), Configuration(accounts=(DESK,)))


def _room(source: str, random: Random) -> bytes:
    lines, number, calls = [], 0, []
    ts = BEGIN - timedelta(days=_DAYS_BEFORE)
    while ts < BEGIN + timedelta(days=_DAYS_AFTER):
        ts += timedelta(seconds=random.choice((40, 300, 1_200, 5_400, 14_000)))
        number += 1
        text, extra = _said(random, calls, number)
        lines.append(_line(f"{source[-1]}{number}", ts, text, **extra))
        if "SL" in text and "TP" in text:
            calls.append((f"{source[-1]}{number}", text))
        if random.random() < 0.12:  # the same message once more, edited
            edited = ts + timedelta(seconds=random.choice((20, 600)))
            changed = text.replace("TP 1.0", "TP 1.1") if random.random() < 0.5 else text + "\nGood luck!"
            lines.append(_line(f"{number}e", edited, changed, edit_of=f"{source[-1]}{number}"))
            ts = edited
    return "".join(lines).encode()


def _said(random: Random, calls: list[tuple[str, str]], number: int) -> tuple[str, dict[str, str]]:
    draw = random.random()
    if draw < 0.45:
        return _call(random), {}
    if draw < 0.53 and calls:
        return calls[-1][1], {}
    if draw < 0.60:
        return "EURUSD buy now! Stop and targets follow", {}
    if draw < 0.68:
        return "SL 1.0720\nTP 1.0890", {}
    if draw < 0.80 and calls:
        return random.choice(("Move SL to breakeven", "TP1 hit", "close it now")), {"reply_to": calls[-1][0]}
    if draw < 0.86:
        return "SELL EURUSD NOW\nSL 1.0720\nTP 1.0900", {}
    if draw < 0.90:
        return "BUY EURUSD NOW TP 1.0890", {}
    return f"Good morning, day {number}", {}


def _call(random: Random) -> str:
    if random.random() < 0.6:
        stop, target = random.choice(((1.0720, 1.0890), (1.0715, 1.0870), (1.0710, 1.0880)))
        return f"BUY EURUSD NOW\nSL {stop:.4f}\nTP {target:.4f}"
    stop, target = random.choice(((1.0890, 1.0720), (1.0880, 1.0700)))
    return f"SELL EURUSD NOW\nSL {stop:.4f}\nTP {target:.4f}"


def _line(name: str, ts: datetime, text: str, **extra: str) -> str:
    return json.dumps({"id": name, "ts": f"{ts:%Y-%m-%dT%H:%M:%SZ}", "text": text, **extra}) + "\n"
