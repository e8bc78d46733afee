"""The live lane: messages to decisions in memory, one after the other, by the pipeline's own functions.

No file, no network and no clock: the context comes as a deck, times are given. State is the deck and what was
heard since, so it is made again from both after a restart. Decks on disk belong to `decks`, what becomes of
decisions to the cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from hive_core.calendars.news import KnownNews
from hive_core.calendars.trading_day import from_ns
from hive_core.contracts.decision import Decision, Delivery, Origin
from hive_core.contracts.lane import MAX_DETAIL, LaneOutcome, SignalFate, SignalJudged
from hive_core.contracts.message import Message
from hive_core.market.as_of import KnownMarket
from hive_core.market.rates import KnownRates
from hive_core.signals.enrich import ACCOUNT_CURRENCY, enrich_signals
from hive_core.signals.fates import Fate
from hive_core.signals.judging import ResolutionOutcome
from hive_core.signals.lane_context import LaneContext
from hive_core.signals.live_signals import live_signals, voices_of
from hive_core.signals.parse import SignalReader
from hive_core.signals.posts import CLOCK_SKEW_S
from hive_core.signals.reasons import SignalReason
from hive_core.signals.received import among_versions, row_of
from hive_core.signals.recompute import UPDATE, Heard, late_fate, quarantined_fate
from hive_core.signals.resolver import HeardTooLate, Resolver
from hive_core.signals.tables import MESSAGES, PARSED
from hive_core.signals.validate import validate_signals

MAX_HEARD = 20_000
"""Messages that are held beside the deck; past them the lane refuses until a newer deck has them."""
MAX_SOURCES = 1_000

LOOK_BACK = timedelta(hours=24)
"""How much of its own room a message is judged beside: more than `validate.EDIT_MEMORY` and
`validate.DUPLICATE_WINDOW` together."""

_BESIDE_OTHERS = (SignalReason.EDITED.value, SignalReason.DUPLICATE.value)
"""Faults that a signal has beside others only: later ones may be at fault beside it all the same."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a message became: the record of it, and the decisions to be taken in, in the order of its text."""

    judged: SignalJudged
    deliveries: tuple[Delivery, ...] = ()


@dataclass(slots=True)
class _Room:
    """What the lane holds of one source: rows of MESSAGES by message, the place of the last message, and
    frames of MESSAGES and PARSED of lately, which are put together when a signal is judged beside them."""

    versions: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    last: tuple[datetime, str, int] | None = None
    messages: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MESSAGES))
    parsed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PARSED))
    fresh_messages: list[Mapping[str, Any]] = field(default_factory=list)
    fresh_parsed: list[dict[str, Any]] = field(default_factory=list)

    def hear(self, row: Mapping[str, Any], parsed: list[dict[str, Any]]) -> None:
        """One more message, later than all before, and the rows that it was read as."""
        self.versions.setdefault(row["message_id"], []).append(row)
        self.last = _place(row)
        self.fresh_messages.append(row)
        self.fresh_parsed += parsed

    def put_together(self, since: datetime) -> None:
        """Both frames up to now, from a time on."""
        lately = pl.col("ts_event") >= since
        messages = pl.DataFrame(self.fresh_messages, schema=MESSAGES, orient="row")
        parsed = pl.DataFrame(self.fresh_parsed, schema=PARSED, orient="row")
        self.messages = pl.concat([self.messages, messages]).filter(lately)
        self.parsed = pl.concat([self.parsed, parsed]).filter(lately)
        self.fresh_messages, self.fresh_parsed = [], []

    def set_aside(self, quarantined: pl.DataFrame) -> None:
        """Signals that are at fault by themselves need not be judged again beside later ones."""
        alone = quarantined.filter(~pl.col("reason").is_in(_BESIDE_OTHERS))["signal_id"]
        if not alone.is_empty():
            is_aside = pl.col("signal_id").is_in(alone.implode())
            kind = pl.when(is_aside).then(pl.lit("refused")).otherwise("kind")
            self.parsed = self.parsed.with_columns(kind.alias("kind"))


class LiveLane:
    """Judges messages by one deck. Not for two threads at once."""

    def __init__(self, context: LaneContext, heard: Iterable[Heard] = ()) -> None:
        """Everything that the deck and the messages heard so far make of the lane.

        Args:
            context: the deck and its tables.
            heard: the messages that were judged before, by whatever deck, in the order in which they came.
        """
        self.context = context
        self._market = KnownMarket(context.tables["bars"])
        self._market.prepare()
        self._news = KnownNews(context.tables["news_events"])
        self._rates = KnownRates(context.tables["reference_rates"], ACCOUNT_CURRENCY)
        self._reader = SignalReader(context.configuration)
        self._resolver = Resolver(context.configuration)
        self._rooms: dict[str, _Room] = {}
        self._begin = from_ns(context.deck.first_ts_ns)
        in_deck = set(context.tables["messages"]["message_sha256"])
        self._heard: list[Heard] = [
            each for each in heard if each.sha256 not in in_deck and each.row["ts_event"] >= self._begin
        ]
        self._remember()

    @property
    def heard(self) -> tuple[Heard, ...]:
        """The messages that count beside the deck, in the order in which they came."""
        return tuple(self._heard)

    def take(
        self, key: str, message: Message, *, received_ns: int, now_ns: int, is_deleted: bool = False
    ) -> Taken:
        """Judge one message, and hear it from now on.

        Args:
            key: of its submission.
            received_ns: when it came; the same again whenever it is judged again.
            now_ns: the wall clock, by which the deck may have ended.
        """
        row: Mapping[str, Any] = row_of(message, received_ns=received_ns, is_deleted=is_deleted)
        refusal = self._refusal(row, now_ns)
        if refusal is None:
            known = self._rooms[row["source"]].versions.get(row["message_id"], [])
            next_row = among_versions(row, known)
            if next_row is None:
                refusal = _why_not_new(row, known)
            else:
                row = next_row
        if refusal is not None:
            return Taken(self._record(key, row, received_ns, *refusal))
        fates, decisions = self._judge(row)
        record = self._record(key, row, received_ns, LaneOutcome.JUDGED, "", fates)
        return Taken(record, tuple(self._delivery(text) for text in decisions))

    def _refusal(self, row: Mapping[str, Any], now_ns: int) -> tuple[LaneOutcome, str] | None:
        """Why a message is not judged at all, or None. Opens its source's room."""
        deck, ts = self.context.deck, row["ts_event"]
        if now_ns >= deck.valid_until_ns or ts >= from_ns(deck.valid_until_ns):
            return LaneOutcome.NO_DECK, f"the deck ended at {from_ns(deck.valid_until_ns)}; publish a new one"
        if ts > from_ns(now_ns) + timedelta(seconds=CLOCK_SKEW_S):
            return LaneOutcome.FROM_THE_FUTURE, f"posted at {ts}, more than {CLOCK_SKEW_S} s from now"
        if ts < self._begin:
            return LaneOutcome.LATE, f"posted at {ts}, and the deck's context begins at {self._begin}"
        if len(self._heard) >= MAX_HEARD:
            return LaneOutcome.FULL, f"{MAX_HEARD} messages are held beside the deck; publish a newer one"
        room = self._rooms.get(row["source"])
        if room is None:
            if len(self._rooms) >= MAX_SOURCES:
                return LaneOutcome.FULL, f"{MAX_SOURCES} sources are held"
            room = self._rooms[row["source"]] = _Room()
        is_known = any(
            other["ts_event"] == ts and other["text"] == row["text"]
            for other in room.versions.get(row["message_id"], [])
        )
        if room.last is not None and _place(row) <= room.last and not is_known:
            return LaneOutcome.LATE, f"a message of {room.last[0]} of this source was heard before"
        return None

    def _judge(self, row: Mapping[str, Any]) -> tuple[tuple[SignalFate, ...], tuple[str, ...]]:
        """The fates and decisions of a new message; from now on it is heard."""
        parsed = self._reader.rows(row)
        room = self._rooms[row["source"]]
        room.hear(row, parsed)
        refused = {each["signal_id"]: each for each in parsed if each["kind"] == "refused"}
        resolved: dict[str, Fate | None] = {}
        if any(each["kind"] == "signal" for each in parsed):
            room.put_together(row["ts_event"] - LOOK_BACK)
            valid, quarantined = validate_signals(
                room.parsed, self._market, room.messages, self.context.configuration
            )
            ours = pl.col("message_sha256") == row["message_sha256"]
            refused |= {each["signal_id"]: each for each in quarantined.filter(ours).iter_rows(named=True)}
            room.set_aside(quarantined)
            resolved = self._resolved(valid.filter(ours))
        fates, decisions, too_late = [], [], []
        for each in parsed:
            signal_id = each["signal_id"]
            if each["kind"] == "noise":
                continue
            if each["kind"] == "update":
                fates.append(SignalFate(signal_id=signal_id, outcome=UPDATE))
            elif signal_id in refused:
                fates.append(quarantined_fate(refused[signal_id]))
            elif (fate := resolved[signal_id]) is None:
                fates.append(late_fate(signal_id))
                too_late.append(signal_id)
            else:
                fates.append(_told(fate))
                if fate.outcome is ResolutionOutcome.DECIDED and fate.decided is not None:
                    decisions.append(fate.decided.text)
        self._heard.append(Heard(row, frozenset(too_late)))
        return tuple(fates), tuple(decisions)

    def _enriched(self, valid: pl.DataFrame) -> pl.DataFrame:
        return enrich_signals(valid, self._market, news=self._news, rates=self._rates)

    def _resolved(self, valid: pl.DataFrame) -> dict[str, Fate | None]:
        """The fate of each valid signal, None where a later one was heard before."""
        if valid.is_empty():
            return {}
        voices = voices_of(self._enriched(valid), self.context.configuration, self.context.source_weights)
        found: dict[str, Fate | None] = {}
        for account, signal in sorted(live_signals(voices), key=lambda each: each[1].order):
            try:
                found[signal.signal_id] = self._resolver.hear_one(account, signal)
            except HeardTooLate:
                found[signal.signal_id] = None
        return found

    def _remember(self) -> None:
        """Hear the deck, and what was heard beside it, in order of time; nothing is decided by that."""
        tables = self.context.tables
        ours = {each.sha256: each for each in self._heard}
        rows = pl.DataFrame([dict(each.row) for each in self._heard], schema=MESSAGES, orient="row")
        messages = pl.concat([tables["messages"], rows])
        read: list[dict[str, Any]] = []
        for row in messages.sort("ts_event", "message_id", "version").iter_rows(named=True):
            said = self._reader.rows(row)
            if row["message_sha256"] in ours:
                read += said
            room = self._rooms.setdefault(row["source"], _Room())
            room.versions.setdefault(row["message_id"], []).append(row)
            room.last = _place(row)
        parsed = pl.concat([tables["parsed_signals"], pl.DataFrame(read, schema=PARSED, orient="row")])
        enriched = tables["enriched_signals"]
        if read:
            judged = pl.col("message_sha256").is_in(list(ours))
            too_late = [signal_id for each in self._heard for signal_id in each.too_late]
            valid, _ = validate_signals(parsed, self._market, messages, self.context.configuration)
            fresh = self._enriched(valid.filter(judged))
            enriched = pl.concat([enriched, fresh.filter(~pl.col("signal_id").is_in(too_late))])
        for (source,), part in messages.partition_by("source", as_dict=True).items():
            self._rooms[str(source)].messages = part
        for (source,), part in parsed.partition_by("source", as_dict=True).items():
            self._rooms[str(source)].parsed = part.sort(
                "ts_event", "message_id", "version", maintain_order=True
            )
        ordered = enriched.sort("ts_event", "source", "signal_id")
        for _ in self._resolver.hear(ordered, self.context.source_weights):
            pass

    def _record(
        self,
        key: str,
        row: Mapping[str, Any],
        received_ns: int,
        outcome: LaneOutcome,
        detail: str,
        fates: tuple[SignalFate, ...] = (),
    ) -> SignalJudged:
        return SignalJudged(
            key=key,
            source=row["source"],
            message_id=row["message_id"],
            version=row["version"],
            earlier_versions=row["earlier_versions"],
            message_sha256=row["message_sha256"],
            ts_received_ns=received_ns,
            deck_sha256=self.context.sha256,
            outcome=outcome,
            detail=detail[:MAX_DETAIL],
            fates=fates,
        )

    def _delivery(self, text: str) -> Delivery:
        decision = Decision.model_validate_json(text)
        day = from_ns(decision.ts_decided_ns).strftime("%Y-%m-%d")
        origin = Origin(
            lane="live", run_id=self.context.deck.run_id, partition=day, data_sha256=self.context.sha256
        )
        return Delivery(decision=decision, origin=origin)


def _place(row: Mapping[str, Any]) -> tuple[datetime, str, int]:
    return row["ts_event"], row["message_id"], row["version"]


def _why_not_new(row: Mapping[str, Any], known: list[Mapping[str, Any]]) -> tuple[LaneOutcome, str]:
    same = [
        other
        for other in known
        if (row["is_deleted"] and other["is_deleted"])
        or (other["ts_event"] == row["ts_event"] and other["text"] == row["text"])
    ]
    if same:
        return LaneOutcome.REPEATED, f"this is version {same[0]['version']}, heard before"
    return LaneOutcome.CONFLICT, "the message stands with other content, and this is no later version of it"


def _told(fate: Fate) -> SignalFate:
    decided = fate.decided
    return SignalFate(
        signal_id=fate.signal.signal_id,
        outcome=fate.outcome.value,
        detail=fate.detail[:MAX_DETAIL],
        decision_id=None if decided is None else decided.decision_id,
        decision_sha256=None if decided is None else decided.sha256,
    )


def unjudged(
    key: str,
    message: Message,
    outcome: LaneOutcome,
    why: str,
    *,
    received_ns: int,
    deck_sha256: str | None = None,
    is_deleted: bool = False,
) -> Taken:
    """The answer to a message that no lane looked at, or that one failed at: nothing is guessed."""
    row = row_of(message, received_ns=received_ns, is_deleted=is_deleted)
    return Taken(
        SignalJudged(
            key=key,
            source=message.source,
            message_id=message.message_id,
            version=message.version,
            message_sha256=row["message_sha256"],
            ts_received_ns=received_ns,
            deck_sha256=deck_sha256,
            outcome=outcome,
            detail=why[:MAX_DETAIL],
        )
    )
