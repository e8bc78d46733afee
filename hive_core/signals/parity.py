"""Two lanes, one answer: what the journal says the live lane decided, beside what the pipeline makes of it.

Pure: records in, differences out. Whose records and which decks these are is asked for by the pipelines'
daily check; how a message is judged again is `recompute`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hive_core.calendars.trading_day import from_ns
from hive_core.contracts.decision import Decision, Delivery, Vote
from hive_core.contracts.lane import FATE, SIGNAL_JUDGED, LaneOutcome, SignalFate, SignalJudged
from hive_core.contracts.message import Message
from hive_core.evidence.canonical import canonical_bytes
from hive_core.signals.lane_context import LaneContext
from hive_core.signals.messages import message_hash
from hive_core.signals.recompute import Answer, Heard, heard_of, recompute

DECISION_RECEIVED = "decision_received"
SIGNAL_RECEIVED = "signal_received"

OF_THE_MARKET = frozenset({"decision_id", "market_ask", "market_bid", "reference_price"})
"""What differs between the lanes of a decision where the deck was older than the lake's prices."""

DeckOf = Callable[[str], LaneContext | None]
MessageOf = Callable[[Mapping[str, Any]], Message]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be. `place` is the field; `live` and `again` are what stands there.
    `is_grave` unless it follows from the deck being older than the lake alone."""

    key: str
    place: str
    live: str
    again: str
    is_grave: bool = True


@dataclass(slots=True)
class Parity:
    """What was compared, and what differed."""

    messages: int = 0
    decisions: int = 0
    in_both_lanes: int = 0
    not_judged: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A record of the journal: its place in it, its kind, its time (ns since 1970 UTC), its body."""

    seq: int
    kind: str
    ts_ns: int
    body: Mapping[str, Any]


def compare(lines: Iterable[JournalLine], deck_of: DeckOf, message_of: MessageOf, *, since_ns: int) -> Parity:
    """Judge again what was received since a time, each message by the deck that it was judged by.

    Args:
        lines: the journal's records in its order: `SIGNAL_RECEIVED`, `SIGNAL_JUDGED` and
            `DECISION_RECEIVED`; others are not looked at. From long enough before `since_ns` on for what
            these messages lean on.
        deck_of: the deck of a hash, verified; None where it is not there any more.
        message_of: the message in the body of a received signal.
    """
    found = Parity()
    messages: dict[str, Message] = {}
    judged: list[SignalJudged] = []
    delivered: dict[str, dict[str, Delivery]] = {}
    for line in lines:
        if line.kind == SIGNAL_RECEIVED:
            if (fate := line.body.get(FATE)) is None:
                messages[line.body["key"]] = message_of(line.body)
            elif line.ts_ns >= since_ns:
                found.not_judged[fate] = found.not_judged.get(fate, 0) + 1
        elif line.kind == SIGNAL_JUDGED:
            judged.append(SignalJudged.model_validate_json(canonical_bytes(line.body)))
        elif line.kind == DECISION_RECEIVED:
            delivery = Delivery.model_validate_json(canonical_bytes(line.body["delivery"]))
            delivered.setdefault(line.body["decision_id"], {})[delivery.origin.lane] = delivery
    made = _judged_again(found, judged, messages, deck_of, since_ns)
    _compare_decisions(found, made, delivered, since_ns)
    _compare_lanes(found, made, delivered)
    return found


def _judged_again(
    found: Parity,
    judged: Sequence[SignalJudged],
    messages: Mapping[str, Message],
    deck_of: DeckOf,
    since_ns: int,
) -> dict[str, str]:
    """The texts of the decisions that follow from the messages asked about, by id."""
    heard: list[Heard] = []
    group: list[tuple[SignalJudged, Heard]] = []
    made: dict[str, str] = {}
    for each in judged:
        is_asked = each.ts_received_ns >= since_ns
        if each.outcome is not LaneOutcome.JUDGED:
            if is_asked:
                found.not_judged[each.outcome.value] = found.not_judged.get(each.outcome.value, 0) + 1
            continue
        message = messages.get(each.key)
        if message is None or not _is_of(message, each):
            why = "not in the journal" if message is None else "of another message"
            found.differences.append(Difference(each.key, "message", each.message_sha256, why))
            continue
        one = heard_of(message, each)
        assert one is not None  # noqa: S101 (it was judged)
        if is_asked:
            if group and group[-1][0].deck_sha256 != each.deck_sha256:
                heard += _compare_group(found, heard, group, deck_of, made)
                group = []
            group.append((each, one))
        else:
            heard.append(one)
    _compare_group(found, heard, group, deck_of, made)
    return made


def _is_of(message: Message, judged: SignalJudged) -> bool:
    ts_ns = message.ts_event_ns // 1_000 * 1_000
    args = (message.source, message.message_id, judged.version, ts_ns)
    return judged.message_sha256 in {
        message_hash(*args, message.text),
        message_hash(*args, "", is_deleted=True),
    }


def _compare_group(
    found: Parity,
    heard: Sequence[Heard],
    group: Sequence[tuple[SignalJudged, Heard]],
    deck_of: DeckOf,
    made: dict[str, str],
) -> list[Heard]:
    """Compare messages that were judged by one deck, one after the other; returns them as heard."""
    if not group:
        return []
    sha256 = group[0][0].deck_sha256
    context = None if sha256 is None else deck_of(sha256)
    if context is None:
        for judged, _ in group:
            found.differences.append(Difference(judged.key, "deck_sha256", str(sha256), "not there any more"))
        return [one for _, one in group]
    begin = from_ns(context.deck.first_ts_ns)
    before = [one for one in heard if one.row["ts_event"] >= begin]
    answers = recompute(context, before, [one for _, one in group])
    for judged, one in group:
        found.messages += 1
        answer = answers.get(one.sha256)
        if answer is None:
            found.differences.append(Difference(judged.key, "message", "judged", "stands in the deck"))
            continue
        _compare_fates(found, judged, answer)
        made |= {Decision.model_validate_json(text).decision_id: text for text in answer.decisions}
    return [one for _, one in group]


def _compare_fates(found: Parity, judged: SignalJudged, answer: Answer) -> None:
    live = {fate.signal_id: fate for fate in judged.fates}
    again = {fate.signal_id: fate for fate in answer.fates}
    for signal_id in dict.fromkeys([*live, *again]):
        if live.get(signal_id) == again.get(signal_id):
            continue
        found.differences.append(
            Difference(
                judged.key, f"fate of {signal_id}", _text(live.get(signal_id)), _text(again.get(signal_id))
            )
        )


def _text(fate: SignalFate | None) -> str:
    return "nothing" if fate is None else canonical_bytes(fate).decode()


def _compare_decisions(
    found: Parity, made: Mapping[str, str], delivered: Mapping[str, Mapping[str, Delivery]], since_ns: int
) -> None:
    for decision_id, text in made.items():
        found.decisions += 1
        taken = delivered.get(decision_id, {})
        if not taken:
            found.differences.append(Difference(decision_id, "decision", "never taken in", text))
        for delivery in taken.values():
            if canonical_bytes(delivery.decision).decode() != text:
                found.differences += _fields(
                    decision_id, delivery.decision, Decision.model_validate_json(text)
                )
    for decision_id, by_lane in delivered.items():
        live = by_lane.get("live")
        if live is not None and decision_id not in made and live.decision.ts_decided_ns >= since_ns:
            text = canonical_bytes(live.decision).decode()
            found.differences.append(Difference(decision_id, "decision", text, "follows from nothing"))


def _compare_lanes(
    found: Parity, made: Mapping[str, str], delivered: Mapping[str, Mapping[str, Delivery]]
) -> None:
    """The sensor lane's decisions by the same signals, where it made any."""
    by_signal: dict[tuple[str, str], list[Decision]] = {}
    for lanes in delivered.values():
        sensor = lanes.get("sensor")
        if sensor is not None:
            by_signal.setdefault(_made_by(sensor.decision), []).append(sensor.decision)
    for text in made.values():
        live = Decision.model_validate_json(text)
        for other in by_signal.get(_made_by(live), []):
            found.in_both_lanes += 1
            if other != live:
                fields = _fields(live.decision_id, live, other)
                is_grave = not {each.place for each in fields} <= OF_THE_MARKET
                found.differences += [
                    Difference(each.key, f"sensor lane: {each.place}", each.live, each.again, is_grave)
                    for each in fields
                ]


def _made_by(decision: Decision) -> tuple[str, str]:
    """The account, and the signal that a decision was made at: the last of its votes."""

    def order(vote: Vote) -> tuple[int, str, str]:
        return vote.ts_event_ns, vote.source, vote.signal_id

    return decision.account, max(decision.votes, key=order).signal_id


def _fields(key: str, live: Decision, again: Decision) -> list[Difference]:
    """Which fields of two decisions differ."""
    return [
        Difference(key, name, one.decode(), other.decode())
        for name in Decision.model_fields
        if (one := canonical_bytes(getattr(live, name))) != (other := canonical_bytes(getattr(again, name)))
    ]
