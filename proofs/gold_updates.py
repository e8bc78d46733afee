"""Updates of a real room against a hand-read sample: which signal each belongs to, and what it asks.

The labels (`labels/gold_room_updates.jsonl`: ids and fields, no texts) were read by a person before any
code saw those messages. They are every update of the room that is no formula (without a reply, replying
to something else than a call, mistyped, in other words, repeated), and of its three formulas (a layer
closed and one held, a target hit, a stop hit) an evenly spaced part, a hundred in all. One update of the
room has no label: message 5 tells of a target of a signal from before the file begins, so no answer in
the file is right; the rule gives it to the latest open signal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.signals.lifecycle.fold import LifecycleSettings
from hive_core.signals.lifecycle.frames import signal_lives, versions_of
from hive_core.signals.messages import MessageDeclaration, parse_message_file
from hive_core.signals.parse import parse_signals
from hive_core.signals.verdicts import ParsedUpdate

LABELS = Path(__file__).parent / "labels" / "gold_room_updates.jsonl"
MESSAGES = "signals/gold_room_2025-11_2025-12.jsonl.gz"
SOURCE = "gold_room"


def labels() -> list[dict[str, Any]]:
    """The hand-read sample: `id` of the message, `signal` (the message of the signal it belongs to),
    `actions`, and `side` and `is_for_all` where the text says them."""
    return [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]


def attached_updates() -> tuple[int, int, list[str]]:
    """How many labelled updates are attached to the right signal with the right actions, of how many, and
    each disagreement in words. `HIVE_REAL_DATA` names the folder of real data."""
    payload = (Path(os.environ["HIVE_REAL_DATA"]) / MESSAGES).read_bytes()
    declaration = MessageDeclaration(source=SOURCE, format="jsonl")
    messages = parse_message_file(payload, declaration, landing_sha256="0" * 64).frame
    # A pip of this room is 0.1 dollars: "30 pips" stand beside moves of 3 dollars.
    profile = SourceProfile(pip={"XAUUSD": "0.1"})  # type: ignore[dict-item]
    parsed = parse_signals(messages, Configuration(sources={SOURCE: profile}))
    first, last = _bounds(messages)
    updates, _ = signal_lives(messages, parsed, LifecycleSettings(), first_ts=first, last_ts=last)
    message_of = dict(parsed.select("signal_id", "message_id").iter_rows())
    asked = {event.message_id: event.update for event in versions_of(messages, parsed)}
    attached: dict[str, set[str]] = {}
    for row in updates.filter(pl.col("signal_id").is_not_null()).iter_rows(named=True):
        attached.setdefault(row["message_id"], set()).add(message_of[row["signal_id"]])
    disagreements = []
    sample = labels()
    for label in sample:
        update = asked.get(label["id"])
        faults = list(_faults(label, update, attached.get(label["id"], set())))
        if faults:
            disagreements.append(f"message {label['id']}: {'; '.join(faults)}")
    return len(sample) - len(disagreements), len(sample), disagreements


def _bounds(messages: pl.DataFrame) -> tuple[datetime, datetime]:
    moments = messages["ts_event"]
    return moments[0], moments[-1]


def _faults(label: dict[str, Any], update: object, attached: set[str]) -> Iterator[str]:
    if not isinstance(update, ParsedUpdate):
        yield f"labelled an update, read as {update}"
        return
    read = [
        {"kind": action.kind.value, "price": action.price, "entry_price": action.entry_price}
        for action in update.actions
    ]
    meant = [
        {
            "kind": action["kind"],
            "price": Decimal(action["price"]) if "price" in action else None,
            "entry_price": Decimal(action["entry_price"]) if "entry_price" in action else None,
        }
        for action in label["actions"]
    ]
    if read != meant:
        yield f"labelled {meant}, read {read}"
    if "side" in label and update.side != label["side"]:
        yield f"labelled {label['side']}, read {update.side}"
    for_all = label.get("is_for_all", False)
    if update.is_for_all != for_all:
        yield f"labelled {'for all' if for_all else 'for one'}, read otherwise"
    if label["signal"] not in attached or (len(attached) > 1 and not for_all):
        yield f"belongs to {label['signal']}, attached to {', '.join(sorted(attached)) or 'none'}"
