"""The world of one account: client, daemon, disk, venue and clock, moved one boundary at a time.

The daemon's core, engine and desk are the real ones. A crash takes everything but the durable records, the
venue, and what is under way to it.
"""

from __future__ import annotations

import json
from decimal import Decimal

from hive_core.backtest.fills import BarPrices
from hive_core.configuration.model import Account, Execution
from hive_core.contracts.decision import Decision, Delivery, Origin
from hive_core.evidence.canonical import canonical_bytes, sha256_hex
from hive_exec.accounts import opening
from hive_exec.brokers.desk import Desk, Guard
from hive_exec.core.events import (
    Alarm,
    BarRanged,
    DecisionDue,
    Effect,
    Event,
    Reported,
    Started,
    Submit,
    Ticked,
    TimePassed,
)
from hive_exec.core.records import RANK_DECISION, FeedPosition, Kind, Record
from hive_exec.core.snapshot import state_digest
from hive_exec.core.state import CellState, apply, observe_quote
from hive_exec.engine import Engine
from proofs.model.oracle import Oracle
from proofs.model.venue import SECOND_NS, ModelVenue

ACCOUNT = "model"
SYMBOL = "EURUSD"
BID, ASK = Decimal("1.0600"), Decimal("1.0601")
START_NS = 1_767_614_400 * SECOND_NS  # 2026-01-05 12:00 UTC, a Monday


class Crash(BaseException):
    """The process is gone."""


class Violation(AssertionError):
    """A promise was broken."""


class Disk:
    """The records that a crash leaves, and those that it takes."""

    def __init__(self) -> None:
        self.durable: list[bytes] = []
        self._buffered: list[bytes] = []

    def append(self, record: Record) -> int:
        """See `engine.RecordLog`."""
        self._buffered.append(canonical_bytes(record.as_data()))
        return len(self.durable) + len(self._buffered)

    def flush(self) -> None:
        """See `engine.RecordLog`."""
        self.durable += self._buffered
        self._buffered = []

    def forget(self) -> None:
        """What was not durable is gone."""
        self._buffered = []

    @property
    def has_buffered(self) -> bool:
        """Whether something waits for the disk."""
        return bool(self._buffered)


class World:
    """One run. `crashes_left` bounds how often the oracle may end the process."""

    def __init__(
        self,
        oracle: Oracle,
        *,
        deduplicates: bool,
        crashes_left: int,
        execution: Execution | None = None,
    ) -> None:
        self.oracle = oracle
        self.crashes_left = crashes_left
        self.crashes = 0
        self.now_ns = START_NS
        self.disk = Disk()
        self.venue = ModelVenue(oracle, ACCOUNT, deduplicates, now_ns=START_NS)
        self.acknowledged: dict[str, Decision] = {}
        self.alarms: list[str] = []
        self._execution = execution or Execution()
        self._settings = Account(name=ACCOUNT, mode="broker", broker="model", sources=("*",))
        self._events: list[Event] = []
        self._calls: list[tuple[int, Effect]] = []
        self._start()

    @property
    def at(self) -> FeedPosition:
        """The daemon's time."""
        return (self.now_ns, RANK_DECISION, "")

    @property
    def bot(self):  # type: ignore[no-untyped-def]
        """The account."""
        return self.state.bots[ACCOUNT]

    def point(self, name: str) -> None:
        """A boundary at which the process may end."""
        if self.crashes_left and self.oracle.choose(f"crash {name}", (False, True)):
            self.crashes_left -= 1
            self.crashes += 1
            raise Crash(name)

    # The daemon's life.

    def _start(self) -> None:
        self.state = CellState("proof", self._execution)
        self.disk.forget()
        for raw in self.disk.durable:
            apply(self.state, Record.from_data(json.loads(raw)))
        self.engine = Engine(self.state, self.disk)
        self._events, self._calls = [], []
        if ACCOUNT not in self.state.bots:
            self.engine.write(opening(ACCOUNT, self._settings, self.now_ns))
        observe_quote(self.bot, SYMBOL, BID, ASK, self.now_ns)
        self.desk = Desk(
            ACCOUNT,
            self.venue,
            self._events.append,
            Guard(self._forbids, lambda: self.now_ns / SECOND_NS),
            symbols=(SYMBOL,),
            cursor=self.bot.cursor,
            reconcile_every_s=30,
        )
        self.engine.handle(Started(self.state.epoch + 1, "proof"), self.at)
        self._commit()
        self.desk.compare_books()
        self._handle_events()

    def restart(self) -> None:
        """Begin again on what a crash left; the process may end again on the way."""
        while True:
            try:
                self._start()
            except Crash:
                continue
            return

    def _forbids(self, order: object) -> str:
        return "the kill switch is thrown" if self.state.controls.kill is not None else ""

    def _commit(self) -> None:
        if self.disk.has_buffered:
            self.point("before commit")
            self.disk.flush()
            self.point("after commit")
        for effect in self.engine.take_waiting():
            if isinstance(effect, Alarm):
                self.alarms.append(effect.text)
            else:
                delay_s = effect.delay_s if isinstance(effect, Submit) else 0
                self._calls.append((self.now_ns + delay_s * SECOND_NS, effect))

    def _make_calls(self) -> None:
        due = [effect for due_ns, effect in self._calls if due_ns <= self.now_ns]
        self._calls = [(due_ns, effect) for due_ns, effect in self._calls if due_ns > self.now_ns]
        for effect in due:
            self.point("before call")
            self.desk.carry_out(effect)
            self.point("after call")

    def _handle_events(self) -> None:
        while self._events or any(due_ns <= self.now_ns for due_ns, _ in self._calls):
            while self._events:
                self.engine.handle(self._events.pop(0), self.at)
            self._commit()
            self._make_calls()

    # What the world does to it.

    def post(self, decision: Decision) -> None:
        """A client hands a decision in, and is told when it is durable. It may do so again."""
        self.point("received")
        is_known = decision.decision_id in self.bot.pending or decision.decision_id in self.bot.decided
        if not is_known:
            origin = Origin(run_id="run-1", partition="2026-01-05", data_sha256="d" * 64)
            delivery = json.loads(canonical_bytes(Delivery(decision=decision, origin=origin)))
            body = {"decision_id": decision.decision_id, "delivery": delivery}
            self.engine.write(Record(ACCOUNT, Kind.DECISION_RECEIVED, self.at, body))
        self._commit()
        self.acknowledged[decision.decision_id] = decision
        self.point("acknowledged")
        self.engine.handle(DecisionDue(ACCOUNT, decision.decision_id), self.at)
        self._commit()
        self._handle_events()

    def listen(self) -> None:
        """What the venue's stream brings is taken in."""
        for report in self.venue.hear():
            self._events.append(Reported(report))
        self._handle_events()

    def quote(self) -> None:
        """The market, unchanged."""
        event = BarRanged(ACCOUNT, SYMBOL, BarPrices.of_quote(BID, ASK))
        self.engine.handle(TimePassed(ACCOUNT), self.at)
        observe_quote(self.bot, SYMBOL, BID, ASK, self.now_ns)
        self.engine.handle(event, self.at)
        self._commit()

    def tick(self, seconds: int) -> None:
        """Time passes for all."""
        self.now_ns += seconds * SECOND_NS
        self.venue.time_passes(self.now_ns)
        self.check_always()  # before the daemon hears of it
        self.quote()
        self.engine.handle(Ticked(), self.at)
        self._commit()
        self.desk.compare_books()
        self._handle_events()

    # What must hold.

    def check_always(self) -> None:
        """Safety at any moment.

        Raises:
            Violation: a promise was broken.
        """
        for order_id, count in self.venue.requests.items():
            if count > 1:
                raise Violation(f"O2: {count} requests left for {order_id}")
        legs = [(deal.order.decision_id, deal.order.leg) for deal in self.venue.deals]
        if len(legs) != len(set(legs)):
            raise Violation(f"O2: a leg has two orders at the venue: {legs}")
        exposures = self.bot.account.exposures
        for deal in self.venue.deals:
            key = deal.order.client_order_id
            counted = sum((exposures[k].lots for k in (key, f"{key}/rest") if k in exposures), Decimal(0))
            if deal.open + deal.working > counted:
                raise Violation(
                    f"O5: {key} has {deal.open + deal.working} lots at the venue, counted {counted}"
                )

    def check_at_rest(self) -> None:
        """Safety and liveness once faults have stopped and time has passed.

        Raises:
            Violation: a promise was broken.
        """
        self.check_always()
        again = CellState("proof", self._execution)
        for raw in self.disk.durable:
            apply(again, Record.from_data(json.loads(raw)))
        if state_digest(again) != state_digest(self.state):
            raise Violation("J1: the state is not the fold of the journal")
        for decision_id in self.acknowledged:
            if decision_id not in self.bot.decided:
                raise Violation(f"O1: acknowledged decision {decision_id} has no end")
        open_at_venue: dict[str, Decimal] = {}
        for deal in self.venue.deals:
            key = deal.order.client_order_id
            open_at_venue[key] = open_at_venue.get(key, Decimal(0)) + deal.open
            if deal.open and not deal.has_stop:
                raise Violation(f"O6: {key} is open without a stop")
        for key, line in self.bot.orders.items():
            if line.state.value in {"intended", "unresolved"}:
                raise Violation(f"A4: {key} is {line.state} for ever")
            if line.open_lots != open_at_venue.get(key, Decimal(0)):
                raise Violation(
                    f"O10: {key} has {line.open_lots} lots open, {open_at_venue.get(key)} at the venue"
                )
        if self.bot.reviews or self._calls:
            raise Violation("A4: something still waits")

    def digest(self) -> str:
        """One hash of all that happened: records, venue, alarms."""
        return sha256_hex(
            b"\n".join(self.disk.durable) + repr(self.venue.log).encode() + repr(self.alarms).encode()
        )
