"""The lanes at work beside a cell: signals that arrived are judged and their decisions taken in, decks are
looked for, and topics read. What a message becomes is `live`'s; the inbox of decisions is `service`'s.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass

from hive_core.contracts.decision import Delivery
from hive_core.contracts.lane import FATE, LaneOutcome, SignalJudged
from hive_core.contracts.message import Message
from hive_core.contracts.submission import SignalSubmission
from hive_core.evidence.canonical import canonical_bytes
from hive_core.signals.recompute import heard_of
from hive_core.signals.submitted import message_of_record
from hive_exec import service
from hive_exec.cell import Cell
from hive_exec.commands import CommandRefused
from hive_exec.core.records import CELL, RANK_DECISION, Kind, Record
from hive_exec.core.state import submitted_again
from hive_exec.journal.writing import record_of
from hive_exec.lane_standing import LaneStanding
from hive_exec.lanes.decks import DeckKeeper
from hive_exec.lanes.kafka import KafkaLane
from hive_exec.lanes.live import Taken, unjudged
from hive_exec.lanes.serving import MAX_TRIES, ServedLane
from hive_exec.lanes.submitters import SignalSubmitters
from hive_exec.signal_inbox import submit_signals

_log = logging.getLogger("hive_exec.lanes")

LOOKED_BACK_OVER = 200_000
"""Records of the journal that are read at a start for what was heard and not answered."""
LOOK_EVERY_S = 5.0
MAX_WAITING = 4_096
"""Signals that are durable and not judged yet, 64 KiB each: 256 MiB at the very most. One beyond them is not
taken in, and whoever sent it comes again."""
ANSWER_FOR_S = 0.02
"""How long signals are judged in one go."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A signal that is journalled and not answered."""

    key: str
    message: Message
    received_ns: int
    caller: str

    @classmethod
    def of_record(cls, record: Record) -> _Waiting:
        """As a `signal_received` of the journal says."""
        body = record.body
        return cls(body["key"], message_of_record(body), record.at[0], body["caller"])


class Lanes:
    """Made before the cell starts, for it reads the journal."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._waiting: deque[_Waiting] = deque()
        self._is_queued = False
        self._submitters = SignalSubmitters()
        self._keeper = DeckKeeper(cell.home)
        self.lane = self._recalled()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_for_decks, name="hive-decks", daemon=True)
        kafka = cell.configuration.kafka
        self.kafka = (
            None
            if kafka is None
            else KafkaLane(kafka, lambda batch: cell.call(lambda: submit_signals(cell, batch)))
        )
        cell.on_signal = self._arrived
        cell.on_signal_again = self._came_again
        cell.lane_standing = self.standing
        cell.fate_at_once = self._fate_at_once

    def start(self) -> None:
        """Begin, once the cell has: answer what was received before, look for decks, read topics."""
        if self._cell.configuration.live_lane.enabled:
            self.look()  # what waits since the last end is not refused for want of a deck that is there
            self._thread.start()
        self._cell.call(self._answer_all, is_urgent=True)
        if self.kafka is not None:
            self.kafka.start()

    def stop(self) -> None:
        """End before the cell does; what is not answered is, after the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        if self.kafka is not None:
            self.kafka.stop()

    def standing(self) -> LaneStanding:
        """How the lanes stand. From any thread."""
        kafka = self.kafka
        if kafka is None:
            return LaneStanding(self.alarm(), len(self._waiting))
        return LaneStanding(self.alarm(), len(self._waiting), kafka.alarm(), asdict(kafka.counts))

    def alarm(self) -> str:
        """Why the live lane cannot answer, or nothing."""
        if not self._cell.configuration.live_lane.enabled:
            return ""
        alarm = self._keeper.alarm(self._cell.wall_clock_ns())
        if not alarm and self.lane.deck_sha256 is None:
            return "the lane of the newest deck failed, the log says how: materialise the asset deck anew"
        return alarm

    def look(self) -> bool:
        """Let a newer deck take over, if there is one. Not in the cell's thread."""
        context = self._keeper.look(self._cell.wall_clock_ns())
        if context is None:
            return False
        for tries in range(MAX_TRIES + 1):
            prepared = self.lane.prepare(context)
            if self._cell.call(lambda: self.lane.adopt(prepared, tries), is_urgent=True).result():  # noqa: B023
                _log.info("the live lane decides by deck %s", context.sha256[:12])
                return True
        return False

    def _recalled(self) -> ServedLane:
        """A lane of what the journal says was heard; what was received and not answered waits."""
        journal = self._cell.journal
        received: dict[str, Record] = {}
        heard = []
        for link in journal.links(after_seq=max(0, journal.durable_seq - LOOKED_BACK_OVER)):
            record = record_of(link)
            if record.kind is Kind.SIGNAL_RECEIVED:
                if FATE not in record.body:
                    received[record.body["key"]] = record
                    self._submitters.received(record.body["key"], record.body["caller"])
            elif record.kind is Kind.SIGNAL_SUBMITTED_AGAIN:
                self._submitters.received(record.body["key"], record.body["caller"])
            elif record.kind is Kind.SIGNAL_JUDGED:
                self._submitters.read(record.body["key"], (one["signal_id"] for one in record.body["fates"]))
                asked = received.pop(record.body["key"], None)
                # Models only of what counts: there are many records, and a start shall take little.
                if asked is None or record.body["outcome"] != LaneOutcome.JUDGED:
                    continue
                judged = SignalJudged.model_validate_json(canonical_bytes(record.body))
                one = heard_of(message_of_record(asked.body), judged)
                if one is not None:
                    heard.append(one)
        self._waiting.extend(map(_Waiting.of_record, received.values()))
        return ServedLane(tuple(heard))

    def _fate_at_once(self) -> str | None:
        """Where no lane is at work a signal is refused with its receipt: one record says both.

        Raises:
            CommandRefused: 429 where the lane has more to judge than it may hold.
        """
        if self.lane.is_at_work and len(self._waiting) >= MAX_WAITING:
            raise CommandRefused(429, "", f"{MAX_WAITING} signals wait to be judged")
        return None if self.lane.is_at_work else LaneOutcome.NO_DECK.value

    def _arrived(self, key: str, submission: SignalSubmission, _: int, caller: str) -> None:
        self._submitters.received(key, caller)
        self._waiting.append(_Waiting(key, _message_of(submission), self._cell.wall_clock_ns(), caller))
        if not self._is_queued:
            # In the next round: then the receipt is durable.
            self._is_queued = True
            self._cell.note(self._answer_all)

    def _came_again(self, key: str, caller: str) -> None:
        """A signal that is known was handed in again: if by another, it is his too, and what came of it."""
        if not self._submitters.knows(key) or not self._submitters.received(key, caller):
            return
        at = (self._cell.wall_clock_ns(), RANK_DECISION, key)
        self._cell.write(Record(CELL, Kind.SIGNAL_SUBMITTED_AGAIN, at, {"key": key, "caller": caller}))
        signal_ids = self._submitters.signals_of(key)
        for bot in list(self._cell.bots.values()):
            for decision_id, pending in list(bot.pending.items()):
                if any(vote.signal_id in signal_ids for vote in pending.delivery.decision.votes):
                    for record in submitted_again(self._cell.state, decision_id, (caller,)):
                        self._cell.write(record)

    def _answer_all(self) -> None:
        """Answer for a while; then whoever hands in something is looked after before it goes on."""
        self._is_queued = False
        until_s = time.monotonic() + ANSWER_FOR_S
        while self._waiting:
            one, now_ns = self._waiting[0], self._cell.wall_clock_ns()
            taken = self.lane.take(one.key, one.message, received_ns=one.received_ns, now_ns=now_ns)
            self._answer(one, taken)
            self._waiting.popleft()
            if self._waiting and time.monotonic() > until_s:
                self._is_queued = True
                self._cell.note(self._answer_all)
                return

    def _answer(self, one: _Waiting, taken: Taken) -> None:
        """Take the decisions in, then note the answer: killed in between, the message is judged again, and a
        decision that is known is taken in once. A message at which we fail is answered so; else it would end
        this daemon, and every one after it."""
        judged = taken.judged
        self._submitters.read(one.key, (fate.signal_id for fate in judged.fates))
        try:
            for delivery in taken.deliveries:
                self._deliver(delivery, one.caller)
        except (ValueError, LookupError, TypeError, ArithmeticError) as error:
            _log.exception("a decision of the live lane could not be taken in: %s", one.key)
            judged = unjudged(
                one.key,
                one.message,
                LaneOutcome.FAILED,
                f"{type(error).__name__}: {error}",
                received_ns=one.received_ns,
                deck_sha256=judged.deck_sha256,
            ).judged
        at = (self._cell.wall_clock_ns(), RANK_DECISION, judged.key)
        self._cell.write(Record(CELL, Kind.SIGNAL_JUDGED, at, judged.model_dump(mode="json")))

    def _deliver(self, delivery: Delivery, caller: str) -> None:
        key = delivery.decision.decision_id
        others = self._submitters.of(vote.signal_id for vote in delivery.decision.votes)
        try:
            service.deliver(self._cell, key, canonical_bytes(delivery), delivery, caller, others)
        except CommandRefused as refused:
            _log.error("a decision of the live lane was refused: %s", refused)

    def _look_for_decks(self) -> None:
        told = ""
        while True:
            try:
                self.look()
            except RuntimeError:
                if self._cell.fatal is not None:
                    return
                raise
            alarm = self.alarm()
            if alarm and alarm != told:
                _log.error("the live lane refuses messages: %s", alarm)
            told = alarm
            if self._stopping.wait(LOOK_EVERY_S):
                return


def _message_of(submission: SignalSubmission) -> Message:
    if submission.message is not None:
        return submission.message
    return message_of_record({"submission": submission.model_dump(mode="json")})
