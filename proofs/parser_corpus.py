"""The parser against the project's corpus: its own words, every shape, seven languages, and the dangers."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.parser.room import Room
from hive_core.signals.verdicts import ParsedSignal, Verdict
from proofs.reporting import Claim

CORPUS = Path(__file__).parents[1] / "tests" / "core" / "signals" / "corpus"
ROOMS = CORPUS.parent / "rooms"
_POSTED = datetime(2025, 3, 12, 9, 0, tzinfo=UTC)
_LANGUAGES = 7
_LEAST = 500
_ROOM_CALLS_WHOLE = 0.97
_TAKEN_FOR_CALLS = 0.01


def fixtures() -> list[dict[str, Any]]:
    """Every fixture, its language beside it."""
    return [
        {**json.loads(line), "language": path.stem}
        for path in sorted(CORPUS.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


def _read(fixture: dict[str, Any]) -> list[Verdict]:
    room, ts = Room(SourceProfile()), _POSTED
    for earlier in fixture.get("context", []):
        room.read(ts, earlier["id"], earlier["text"], None)
        ts += timedelta(minutes=1)
    return room.read(ts, fixture["id"], fixture["text"], fixture.get("reply_to"))


def _told(signal: ParsedSignal) -> dict[str, Any]:
    low, high = signal.entry if signal.entry is not None else (None, None)
    return {
        "symbol": signal.symbol,
        "side": signal.side,
        "order_type": signal.order_type,
        "entry_low": None if low is None else float(low),
        "entry_high": None if high is None else float(high),
        "stop_loss": float(signal.stop_loss),
        "take_profits": [float(target) for target in signal.take_profits],
    }


def corpus_claims() -> list[Claim]:
    """Calls read whole, and nothing made of noise, of updates or of what must be refused."""
    found = fixtures()
    kinds = Counter(fixture["kind"] for fixture in found)
    shapes = {fixture["shape"] for fixture in found}
    languages = {fixture["language"] for fixture in found}
    whole = invented = 0
    for fixture in found:
        signals = [_told(verdict) for verdict in _read(fixture) if isinstance(verdict, ParsedSignal)]
        if fixture["kind"] == "signal":
            whole += signals == fixture["signals"]
        else:
            invented += bool(signals)
    others = len(found) - kinds["signal"]
    return [
        Claim(
            "the corpus holds every shape of message in seven languages",
            f">= {_LEAST} fixtures, shapes 1 to 75, {_LANGUAGES} languages",
            f"{len(found)} fixtures, {len(shapes)} shapes, {len(languages)} languages",
            len(found) >= _LEAST and shapes >= set(range(1, 76)) and len(languages) == _LANGUAGES,
            len(found),
        ),
        Claim(
            "every call of the corpus is read with every field right",
            "all of them",
            f"{whole} of {kinds['signal']}",
            whole == kinds["signal"],
            kinds["signal"],
        ),
        Claim(
            "no wrong-sided or fat-finger call, update or noise of the corpus becomes a signal",
            "0",
            f"{invented} of {others} ({kinds['refused']} to refuse, {kinds['noise']} noise)",
            invented == 0,
            others,
        ),
    ]


def room_claims() -> list[Claim]:
    """Whole rooms written for the project, each message by itself: what is read whole, what is invented."""
    whole = calls = others = invented = 0
    for path in sorted(ROOMS.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            message = json.loads(line)
            verdicts = read_text(message["text"], SourceProfile())
            signals = [_told(verdict) for verdict in verdicts if isinstance(verdict, ParsedSignal)]
            for signal in signals:
                del signal["order_type"]  # rooms are labelled without it
            if message["kind"] == "signal":
                calls += 1
                whole += signals == message["signals"]
            else:
                others += 1
                invented += bool(signals)
    return [
        Claim(
            "calls of written rooms, on which the parser was tuned, are read with every field right",
            f">= {_ROOM_CALLS_WHOLE:.0%}",
            f"{whole / calls:.1%} of {calls}",
            whole >= _ROOM_CALLS_WHOLE * calls,
            calls,
        ),
        Claim(
            "other messages of those rooms, a third of them written to look like calls, become no signal",
            f"<= {_TAKEN_FOR_CALLS:.0%}",
            f"{invented} of {others} ({invented / others:.1%}) do",
            invented <= _TAKEN_FOR_CALLS * others,
            others,
        ),
    ]
