"""The corpus of messages with what they mean, checked by itself: schema, geometry, coverage, no copies.

The parser is not run here. A label that is wrong would teach the parser a wrong order, so every rule
that a label can break is a function with a fixture beside it that breaks it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hive_core.signals.reasons import SignalReason

FOLDER = Path(__file__).parent / "corpus"
LANGUAGES = {
    "english": "en",
    "portuguese": "pt",
    "spanish": "es",
    "russian": "ru",
    "arabic": "ar",
    "vietnamese": "vi",
    "hindi": "hi",
}
SHAPES = range(1, 76)
LEAST_FIXTURES = 500
LEAST_OF_A_LANGUAGE = 45
LEAST_OF_A_SHAPE = 3
MOST_OF_ONE_WORDING = 2
# As shares of the entry: what stands further away is a typing error, not a call.
WIDEST_STOP = 0.06
WIDEST_TARGET = 0.15

KEYS = {"id", "shape", "text", "kind", "signals", "reasons"}
KEYS_OF_SOME = {"actions", "context", "reply_to"}
KINDS = {"signal", "update", "noise", "refused"}
SIGNAL_KEYS = {"symbol", "side", "order_type", "entry_low", "entry_high", "stop_loss", "take_profits"}
ACTION_KEYS = {
    "breakeven": (set(), set()),
    "move_stop": ({"price"}, set()),
    "move_target": ({"price"}, {"target"}),
    "partial_close": (set(), {"share"}),
    "close": (set(), set()),
    "cancel": (set(), set()),
    "target_hit": ({"target"}, set()),
    "stop_hit": (set(), set()),
}

Fixture = dict[str, Any]


def fixtures_of(language: str) -> list[Fixture]:
    """The lines of one language's file, as they stand."""
    lines = (FOLDER / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


CORPUS = {language: fixtures_of(language) for language in LANGUAGES}
FIXTURES = [fixture for fixtures in CORPUS.values() for fixture in fixtures]


def is_price(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def signal_faults(signal: dict[str, Any]) -> list[str]:
    """What is wrong with one expected signal; its geometry is looked at only where its form is right."""
    if set(signal) != SIGNAL_KEYS:
        return ["signal keys"]
    faults = []
    if not re.fullmatch(r"[A-Z0-9]{4,10}", signal["symbol"]):
        faults.append("symbol")
    if signal["side"] not in {"buy", "sell"}:
        faults.append("side")
    if signal["order_type"] not in {"market", "limit", "stop"}:
        faults.append("order type")
    low, high, stop, targets = (signal[k] for k in ("entry_low", "entry_high", "stop_loss", "take_profits"))
    entries = [] if low is None and high is None else [low, high]
    if not targets or not all(is_price(price) for price in [*entries, stop, *targets]):
        return [*faults, "prices"]
    if entries and low > high:
        faults.append("zone order")
    if not entries and signal["order_type"] != "market":
        faults.append("pending without price")
    # From the stop over the zone to the last target every step goes the way of the trade.
    way = 1 if signal["side"] == "buy" else -1
    path = [stop, *sorted(set(entries), reverse=way < 0), *targets]
    if any((after - before) * way <= 0 for before, after in pairwise(path)):
        faults.append("geometry")
    first = entries[0] if entries else stop
    if (
        abs(stop / first - 1) > WIDEST_STOP
        or max(abs(price / first - 1) for price in targets) > WIDEST_TARGET
    ):
        faults.append("fat finger")
    return faults


def action_faults(action: dict[str, Any]) -> list[str]:
    """What is wrong with one expected action of an update."""
    if action.get("action") not in ACTION_KEYS:
        return ["action"]
    needed, allowed = ACTION_KEYS[action["action"]]
    given = set(action) - {"action"}
    faults = [] if needed <= given <= needed | allowed else ["action keys"]
    if "price" in action and not is_price(action["price"]):
        faults.append("action price")
    if "share" in action and not (is_price(action["share"]) and action["share"] < 1):
        faults.append("action share")
    if "target" in action and not (is_price(action["target"]) and isinstance(action["target"], int)):
        faults.append("action target")
    return faults


def context_faults(fixture: Fixture) -> list[str]:
    """What is wrong with the earlier messages of a fixture."""
    earlier = fixture.get("context", [])
    names = [message.get("id") for message in earlier]
    faults = []
    if any(set(message) != {"id", "text"} or not message["text"] for message in earlier):
        faults.append("context")
    if len(set(names)) != len(names):
        faults.append("context ids")
    if "reply_to" in fixture and fixture["reply_to"] not in names:
        faults.append("reply to nothing")
    return faults


def faults_of(fixture: Fixture) -> list[str]:
    """Every rule that a fixture breaks, by name; empty for a sound one."""
    if not set(fixture) >= KEYS or not set(fixture) <= KEYS | KEYS_OF_SOME:
        return ["keys"]
    kind, signals, reasons = fixture["kind"], fixture["signals"], fixture["reasons"]
    faults = [fault for signal in signals for fault in signal_faults(signal)]
    faults += [fault for action in fixture.get("actions", []) for fault in action_faults(action)]
    faults += context_faults(fixture)
    if kind not in KINDS:
        faults.append("kind")
    if bool(signals) != (kind == "signal"):
        faults.append("signals of a kind")
    if bool(reasons) != (kind == "refused"):
        faults.append("reasons of a kind")
    if ("actions" in fixture) != (kind == "update") or fixture.get("actions") == []:
        faults.append("actions of a kind")
    if not set(reasons) <= {reason.value for reason in SignalReason} or len(set(reasons)) != len(reasons):
        faults.append("reason codes")
    parts = re.fullmatch(r"([a-z]{2})-(\d{3})-[1-9]\d*", fixture["id"])
    if parts is None or parts[1] not in LANGUAGES.values() or int(parts[2]) != fixture["shape"]:
        faults.append("id")
    if fixture["shape"] not in SHAPES:
        faults.append("shape")
    return faults


def repeated(values: Iterable[str], times: int = 1) -> list[str]:
    """The values that stand more than so many times."""
    return [value for value, count in Counter(values).items() if count > times]


def wording(text: str) -> str:
    """A text without its own numbers, letter cases and breaks: what a mere copy would share."""
    return " ".join(re.sub(r"\d+", "9", text.casefold()).split())


SOUND: Fixture = {
    "id": "en-004-1",
    "shape": 4,
    "text": "GOLD BUY 100-101 SL 99 TP 102/103",
    "kind": "signal",
    "signals": [
        {
            "symbol": "XAUUSD",
            "side": "buy",
            "order_type": "market",
            "entry_low": 100,
            "entry_high": 101,
            "stop_loss": 99,
            "take_profits": [102, 103],
        }
    ],
    "reasons": [],
}


def with_signal(**changes: object) -> Fixture:
    return {**SOUND, "signals": [{**SOUND["signals"][0], **changes}]}


def update_of(*actions: dict[str, object]) -> Fixture:
    return {**SOUND, "kind": "update", "signals": [], "actions": list(actions)}


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture["id"])
def test_every_fixture_keeps_the_rules(fixture: Fixture) -> None:
    assert faults_of(fixture) == []


@pytest.mark.parametrize(
    ("fixture", "fault"),
    [
        ({**SOUND, "note": "?"}, "keys"),
        ({key: SOUND[key] for key in KEYS - {"text"}}, "keys"),
        ({**SOUND, "kind": "maybe"}, "kind"),
        ({**SOUND, "kind": "noise"}, "signals of a kind"),
        ({**SOUND, "signals": []}, "signals of a kind"),
        ({**SOUND, "reasons": ["missing_stop"]}, "reasons of a kind"),
        ({**SOUND, "kind": "refused", "signals": []}, "reasons of a kind"),
        ({**SOUND, "kind": "refused", "signals": [], "reasons": ["no_stop"]}, "reason codes"),
        ({**SOUND, "kind": "refused", "signals": [], "reasons": ["negated"] * 2}, "reason codes"),
        ({**SOUND, "actions": [{"action": "close"}]}, "actions of a kind"),
        (update_of(), "actions of a kind"),
        ({**SOUND, "id": "en-005-1"}, "id"),
        ({**SOUND, "id": "xx-004-1"}, "id"),
        ({**SOUND, "id": "en-076-1", "shape": 76}, "shape"),
        (with_signal(lots=1), "signal keys"),
        (with_signal(symbol="gold"), "symbol"),
        (with_signal(side="long"), "side"),
        (with_signal(order_type="pending"), "order type"),
        (with_signal(take_profits=[]), "prices"),
        (with_signal(stop_loss=None), "prices"),
        (with_signal(entry_low=None), "prices"),
        (with_signal(stop_loss=True), "prices"),
        (with_signal(entry_low=101, entry_high=100), "zone order"),
        (with_signal(order_type="limit", entry_low=None, entry_high=None), "pending without price"),
        (with_signal(stop_loss=104), "geometry"),
        (with_signal(stop_loss=100.5), "geometry"),
        (with_signal(take_profits=[101]), "geometry"),
        (with_signal(take_profits=[103, 102]), "geometry"),
        (with_signal(side="sell"), "geometry"),
        (with_signal(entry_low=None, entry_high=None, stop_loss=103), "geometry"),
        (with_signal(stop_loss=9.9), "fat finger"),
        (with_signal(take_profits=[102, 1030]), "fat finger"),
        (update_of({"action": "hold"}), "action"),
        (update_of({"action": "move_stop"}), "action keys"),
        (update_of({"action": "close", "price": 4}), "action keys"),
        (update_of({"action": "move_stop", "price": -4}), "action price"),
        (update_of({"action": "partial_close", "share": 50}), "action share"),
        (update_of({"action": "target_hit", "target": 1.5}), "action target"),
        ({**SOUND, "context": [{"id": "m1"}]}, "context"),
        ({**SOUND, "context": [{"id": "m1", "text": "a"}, {"id": "m1", "text": "b"}]}, "context ids"),
        ({**SOUND, "reply_to": "m1"}, "reply to nothing"),
    ],
)
def test_a_fixture_that_breaks_a_rule_is_found(fixture: Fixture, fault: str) -> None:
    assert faults_of(SOUND) == []
    assert fault in faults_of(fixture)


def test_ids_and_texts_are_unique() -> None:
    assert repeated(["a", "b", "a"]) == ["a"]
    assert repeated(fixture["id"] for fixture in FIXTURES) == []
    assert repeated(fixture["text"] for fixture in FIXTURES) == []


def test_no_wording_is_used_again_and_again_with_other_numbers() -> None:
    assert wording("Gold BUY\n2650.5") == wording("gold buy 3100.25")
    assert repeated((wording(fixture["text"]) for fixture in FIXTURES), MOST_OF_ONE_WORDING) == []


def test_every_language_has_its_file_and_enough_of_every_kind() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(LANGUAGES)
    for language, fixtures in CORPUS.items():
        assert {fixture["id"][:2] for fixture in fixtures} == {LANGUAGES[language]}
        assert len(fixtures) >= LEAST_OF_A_LANGUAGE
        kinds = Counter(fixture["kind"] for fixture in fixtures)
        assert min(kinds[kind] for kind in KINDS) >= 5, language


def test_every_shape_is_covered_and_the_corpus_is_large_enough() -> None:
    counts = Counter(fixture["shape"] for fixture in FIXTURES)
    assert [shape for shape in SHAPES if counts[shape] < LEAST_OF_A_SHAPE] == []
    assert len(FIXTURES) >= LEAST_FIXTURES


@pytest.mark.parametrize(
    "holds",
    [
        lambda f: any("\U0001d400" <= letter <= "\U0001d7ff" for letter in f["text"]),
        lambda f: any("\u202a" <= letter <= "\u202e" or letter == "\u200f" for letter in f["text"]),
        lambda f: "\u00a0" in f["text"],
        lambda f: any("\u0660" <= letter <= "\u0669" for letter in f["text"]),
        lambda f: "reply_to" in f and f["kind"] == "signal",
        lambda f: len(f["signals"]) > 1,
        lambda f: any(s["entry_low"] is None for s in f["signals"]),
        lambda f: any(len(s["take_profits"]) > 6 for s in f["signals"]),
        lambda f: f["text"].strip("\u200b\u200e ") == "",
    ],
    ids=[
        "decorative letters",
        "marks of direction",
        "blanks that do not break",
        "Arabic digits",
        "details in a reply",
        "several signals",
        "a market order without a price",
        "more than six targets",
        "no text at all",
    ],
)
def test_what_breaks_parsers_is_in_the_corpus(holds: Callable[[Fixture], bool]) -> None:
    assert any(holds(fixture) for fixture in FIXTURES)
    assert not holds(SOUND)
