"""The project's corpus, read: every call with every field, nothing from noise, nothing dangerous."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.room import Room
from hive_core.signals.verdicts import ParsedSignal, ParsedUpdate, Refused, Verdict

CORPUS = Path(__file__).parents[1] / "corpus"
POSTED = datetime(2025, 3, 12, 9, 0, tzinfo=UTC)
FIXTURES = [
    json.loads(line)
    for path in sorted(CORPUS.glob("*.jsonl"))
    for line in path.read_text("utf-8").splitlines()
]


NOT_READ_YET = {
    "en-062-1": "a bot's stream that names a side",
    "en-064-1": "a modified order without a target",
    "en-064-2": "a correction that says the wrong price too",
    "pt-061-1": "a stop to zero without a verb",
}
"""Updates that are not recognised. None of them may become a signal, or another update."""


def read(fixture: dict[str, Any]) -> list[Verdict]:
    """The verdicts on a fixture, its context posted a minute apart before it."""
    room = Room(SourceProfile())
    ts = POSTED
    for earlier in fixture.get("context", []):
        room.read(ts, earlier["id"], earlier["text"], None)
        ts += timedelta(minutes=1)
    return room.read(ts, fixture["id"], fixture["text"], fixture.get("reply_to"))


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(fixture, id=fixture["id"]) for fixture in FIXTURES if fixture["kind"] == kind]


def told(signal: ParsedSignal) -> dict[str, Any]:
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


@pytest.mark.parametrize("fixture", of_kind("signal"))
def test_a_call_is_read_with_every_field(fixture: dict[str, Any]) -> None:
    verdicts = read(fixture)
    assert [told(verdict) for verdict in verdicts if isinstance(verdict, ParsedSignal)] == fixture["signals"]
    assert all(isinstance(verdict, ParsedSignal) for verdict in verdicts), verdicts


@pytest.mark.parametrize("fixture", of_kind("refused"))
def test_what_is_wrong_or_unclear_is_refused_for_its_reason(fixture: dict[str, Any]) -> None:
    verdicts = read(fixture)
    reasons = {verdict.reason.value for verdict in verdicts if isinstance(verdict, Refused)}
    assert reasons & set(fixture["reasons"]), verdicts
    assert not any(isinstance(verdict, ParsedSignal | ParsedUpdate) for verdict in verdicts)


@pytest.mark.parametrize("fixture", of_kind("noise"))
def test_noise_trades_nothing_and_manages_nothing(fixture: dict[str, Any]) -> None:
    assert not any(isinstance(verdict, ParsedSignal | ParsedUpdate) for verdict in read(fixture))


def read_actions(verdict: Verdict) -> list[dict[str, Any]]:
    actions = verdict.actions if isinstance(verdict, ParsedUpdate) else ()
    return [
        {"action": action.kind.value}
        | ({} if action.price is None else {"price": float(action.price)})
        | ({} if action.target_number is None else {"target": action.target_number})
        for action in actions
    ]


@pytest.mark.parametrize("fixture", of_kind("update"))
def test_an_update_asks_what_it_says_in_its_order(fixture: dict[str, Any]) -> None:
    verdicts = read(fixture)
    if fixture["id"] in NOT_READ_YET:
        assert not any(isinstance(verdict, ParsedSignal) for verdict in verdicts)
        assert all(read_actions(verdict) != fixture["actions"] for verdict in verdicts), "is read: say so"
        return
    assert [type(verdict) for verdict in verdicts] == [ParsedUpdate], verdicts
    (update,) = (verdict for verdict in verdicts if isinstance(verdict, ParsedUpdate))
    assert [action.kind.value for action in update.actions] == [
        action["action"] for action in fixture["actions"]
    ]
    for action, expected in zip(update.actions, fixture["actions"], strict=True):
        assert (None if action.price is None else float(action.price)) == expected.get("price")
        assert (None if action.share is None else float(action.share)) == expected.get("share")
        if "target" in expected:
            assert action.target_number == expected["target"]
