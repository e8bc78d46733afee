"""The world of the daemon: clients, persons, disk, venues, market and clock, moved one boundary at a time.

The daemon's core, engine and desks are the real ones. A crash takes everything but the durable records, the
venues, and what is under way to them. What must hold is checked by `checks` and `witness`.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial

from hive_core.backtest.fills import BarPrices
from hive_core.configuration.model import Account, Execution
from hive_core.contracts.decision import Decision, Delivery, Origin
from hive_core.evidence.canonical import canonical_bytes, sha256_hex
from hive_exec.accounts import opening
from hive_exec.brokers.desk import Desk, Guard
from hive_exec.core.commanding import Refused
from hive_exec.core.events import (
    Alarm,
    BarRanged,
    DecisionDue,
    Effect,
    Event,
    LookUp,
    Reported,
    Started,
    Submit,
    Ticked,
    TimePassed,
)
from hive_exec.core.last_look import reason_not_to_send
from hive_exec.core.records import RANK_DECISION, FeedPosition, Kind, Record
from hive_exec.core.state import Bot, CellState, observe_quote, submitted_again
from hive_exec.engine import Engine
from proofs.model.checks import Violation, check_always, check_at_rest
from proofs.model.disk import Disk
from proofs.model.oracle import Oracle
from proofs.model.venue import ASK, BID, SECOND_NS, ModelVenue
from proofs.model.witness import Witness

ACCOUNT = "model"
SYMBOL = "EURUSD"
START_NS = 1_767_614_400 * SECOND_NS  # 2026-01-05 12:00 UTC, a Monday
READ_UP = ("request_limits", "policy", "policy.third_party_automation")
"""What the firm does not state, or ties to conditions, and the owner has read up on: nobody is asked."""
ONE_ACCOUNT = (
    Account(
        name=ACCOUNT,
        mode="broker",
        broker="model",
        symbols=(SYMBOL,),
        sources=("*",),
        accepted_unknowns=READ_UP,
    ),
)


class Crash(BaseException):
    """The process is gone."""


class World:
    """One run. `crashes_left` bounds how often the oracle may end the process. The first of `accounts` is
    the one that decisions are for."""

    def __init__(
        self,
        oracle: Oracle,
        *,
        deduplicates: bool,
        crashes_left: int,
        execution: Execution | None = None,
        accounts: tuple[Account, ...] = ONE_ACCOUNT,
        is_hedging: bool = True,
        has_snapshots: bool = False,
    ) -> None:
        self.oracle = oracle
        self.crashes_left = crashes_left
        self.crashes = 0
        self.now_ns = START_NS
        self.bid, self.ask = BID, ASK
        self.execution = execution or Execution()
        self.accounts = {one.name: one for one in accounts}
        self.venues = {
            one.name: ModelVenue(oracle, one.name, deduplicates, is_hedging, START_NS) for one in accounts
        }
        self.venue = self.venues[accounts[0].name]
        self.witness = Witness(
            self.accounts,
            self.venues,
            lambda: self.now_ns,
            self.execution.reduced_share,
            self.execution.people_for_global,
        )
        for name, venue in self.venues.items():
            venue.on_leaving, venue.on_arrival = self.witness.leaves, self.witness.arrives
            venue.on_books = partial(self.witness.shows_books, name)
        self.disk = Disk(self.witness.durable)
        self.acknowledged: dict[str, Decision] = {}
        self.alarms: list[str] = []
        self._has_snapshots = has_snapshots
        self._events: list[Event] = []
        self.calls: list[tuple[int, int, Effect]] = []
        self.restart()

    @property
    def at(self) -> FeedPosition:
        """The daemon's time."""
        return (self.now_ns, RANK_DECISION, "")

    @property
    def bot(self) -> Bot:
        """The first account."""
        return self.state.bots[next(iter(self.accounts))]

    def point(self, name: str) -> None:
        """A boundary at which the process may end."""
        if self.crashes_left and self.oracle.choose(f"crash {name}", (False, True)):
            self.crashes_left -= 1
            self.crashes += 1
            raise Crash(name)

    # The daemon's life.

    def _start(self) -> None:
        self.disk.forget()
        self.state: CellState = (
            self.disk.snapshot_and_tail(self.execution)
            if self._has_snapshots
            else self.disk.whole_fold(self.execution)
        )
        self.engine = Engine(self.state, self.disk)
        self._events, self.calls = [], []
        for name, settings in self.accounts.items():
            if name not in self.state.bots:
                self.engine.write(opening(name, settings, self.now_ns))
        self._observe()
        self.desks = {name: self._desk_of(name) for name in self.accounts}
        self.engine.handle(Started(self.state.epoch + 1, "proof"), self.at)
        self._commit()
        for name, desk in self.desks.items():
            # The first comparison may take its time, and decisions come meanwhile.
            if self.venues[name].maybe("first comparison", ("now", "later")) == "now":
                desk.compare_books()
        self._handle_events()

    def _desk_of(self, name: str) -> Desk:
        bot = self.state.bots[name]
        return Desk(
            name,
            self.venues[name],
            self._events.append,
            Guard(
                lambda order: reason_not_to_send(self.state, bot, order, self.now_ns),
                lambda: self.now_ns / SECOND_NS,
            ),
            symbols=(SYMBOL,),
            cursor=bot.cursor,
            reconcile_every_s=30,
        )

    def restart(self) -> None:
        """Begin again on what a crash left; the process may end again on the way."""
        while True:
            try:
                self._start()
            except Crash:
                continue
            return

    def _commit(self) -> None:
        if self.disk.has_buffered:
            self.point("before commit")
            self.disk.flush()
            self.point("after commit")
        for effect in self.engine.take_waiting():
            if isinstance(effect, Alarm):
                self.alarms.append(effect.text)
            else:
                # As a desk does it: what lessens risk first, questions last.
                rank = 1 if isinstance(effect, Submit) else 2 if isinstance(effect, LookUp) else 0
                delay_s = effect.delay_s if isinstance(effect, Submit) else 0
                self.calls.append((self.now_ns + delay_s * SECOND_NS, rank, effect))

    def _make_calls(self) -> None:
        due = sorted((call for call in self.calls if call[0] <= self.now_ns), key=lambda call: call[1])
        self.calls = [call for call in self.calls if call[0] > self.now_ns]
        for _, _, effect in due:
            self.point("before call")
            self.desks[effect.order.account].carry_out(effect)  # type: ignore[union-attr]
            self.point("after call")

    def _handle_events(self) -> None:
        while self._events or any(due_ns <= self.now_ns for due_ns, _, _ in self.calls):
            while self._events:
                self.engine.handle(self._events.pop(0), self.at)
            self._commit()
            self._make_calls()

    # What the world does to it.

    def post(self, decision: Decision, submitted_by: str = "") -> None:
        """A client hands a decision in, and is told when it is durable. It may do so again."""
        self.point("received")
        bot = self.state.bots[decision.account]
        if decision.decision_id not in bot.pending and decision.decision_id not in bot.decided:
            origin = Origin(run_id="run-1", partition="2026-01-05", data_sha256="d" * 64)
            delivery = json.loads(canonical_bytes(Delivery(decision=decision, origin=origin)))
            body = {"decision_id": decision.decision_id, "delivery": delivery, "submitted_by": submitted_by}
            self.engine.write(Record(bot.name, Kind.DECISION_RECEIVED, self.at, body))
        for record in submitted_again(self.state, decision.decision_id, (submitted_by,)):
            self.engine.write(record)
        self._commit()
        self.acknowledged[decision.decision_id] = decision
        self.point("acknowledged")
        self.engine.handle(DecisionDue(bot.name, decision.decision_id), self.at)
        self._commit()
        self._handle_events()

    def order(self, event: Event) -> bool:
        """A person orders something; whether it was carried out."""
        self.point("ordered")
        try:
            self.engine.handle(event, self.at)
        except Refused:
            return False
        self._commit()
        self._handle_events()
        return True

    def listen(self) -> None:
        """What the venues' streams bring is taken in."""
        for venue in self.venues.values():
            self._events += [Reported(report) for report in venue.hear()]
        self._handle_events()

    def moves(self, bid: Decimal, ask: Decimal) -> None:
        """The market goes there; venues act on it at once, the daemon hears of it at its next quote."""
        self.bid, self.ask = bid, ask
        for venue in self.venues.values():
            venue.quoted(bid, ask)

    def _observe(self) -> None:
        for bot in self.state.bots.values():
            observe_quote(bot, SYMBOL, self.bid, self.ask, self.now_ns)

    def quote(self) -> None:
        """The daemon sees the market."""
        prices = BarPrices.of_quote(self.bid, self.ask)
        for name in self.accounts:
            self.engine.handle(TimePassed(name), self.at)
        self._observe()
        for name in self.accounts:
            self.engine.handle(BarRanged(name, SYMBOL, prices), self.at)
        self._commit()

    def passes(self, seconds: int) -> None:
        """Time passes for all but the daemon, which has not looked yet."""
        self.now_ns += seconds * SECOND_NS
        for venue in self.venues.values():
            venue.time_passes(self.now_ns)
        self.check_always()

    def tick(self, seconds: int) -> None:
        """Time passes, and the daemon looks at everything that waits for it."""
        self.passes(seconds)
        self.look()

    def look(self) -> None:
        """The daemon's tick: the market, what waits, and the books."""
        self.quote()
        self.engine.handle(Ticked(), self.at)
        self._commit()
        for desk in self.desks.values():
            desk.compare_books()
        self._handle_events()

    def keep_snapshot(self) -> None:
        """The daemon writes its state down."""
        self._commit()
        self.disk.keep_snapshot(self.state)

    # What must hold.

    def check_always(self) -> None:
        """Safety at any moment.

        Raises:
            Violation: a promise was broken.
        """
        check_always(self)

    def check_at_rest(self) -> None:
        """Safety and liveness once faults have stopped and time has passed.

        Raises:
            Violation: a promise was broken.
        """
        check_at_rest(self)

    def digest(self) -> str:
        """One hash of all that happened: records, venues, alarms."""
        said = [venue.log for venue in self.venues.values()]
        return sha256_hex(b"\n".join(self.disk.durable) + repr(said).encode() + repr(self.alarms).encode())


__all__ = ["ACCOUNT", "ONE_ACCOUNT", "START_NS", "SYMBOL", "Crash", "Violation", "World"]
