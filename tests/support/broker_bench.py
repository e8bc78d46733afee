"""The daemon's mind over accounts at brokers, in the hands of a test: engine and state, nothing else."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from core_bench import AT, QUOTES, RATES
from exec_bench import READ_UP, a_decision, delivery_bytes
from risk_bench import NOW_NS

from hive_core.configuration.model import Account, Execution
from hive_core.contracts.broker import (
    BrokerReport,
    BrokerSnapshot,
    Lookup,
    ReportKind,
    VenueOrder,
    VenuePosition,
)
from hive_core.contracts.decision import Decision
from hive_core.contracts.order import OrderState
from hive_exec.accounts import opening
from hive_exec.core.controls import Mode
from hive_exec.core.events import (
    Alarm,
    DecisionDue,
    Effect,
    Event,
    HealthObserved,
    LookedUp,
    Reported,
    SnapshotTaken,
    SubmitNotSent,
    SubmitUnknown,
    Ticked,
)
from hive_exec.core.orders import OrderLine
from hive_exec.core.records import FeedPosition, Kind, Record
from hive_exec.core.state import Bot, CellState, observe_quote, observe_rate, submitted_again
from hive_exec.engine import Engine

SECOND_NS = 10**9
FIRST, OTHER = "first", "other"


def account(name: str = FIRST, **changes: Any) -> Account:
    """Settings of an account at a broker."""
    told: dict[str, Any] = {
        "name": name,
        "mode": "broker",
        "accepted_unknowns": READ_UP,
        "broker": "any",
        "symbols": ("EURUSD",),
        "sources": ("sample_*",),
    }
    return Account(**{**told, **changes})


class Journal:
    """Records in memory, each as it would be read again."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, record: Record) -> int:
        """See `engine.RecordLog`."""
        self.records.append(Record.from_data(json.loads(json.dumps(record.as_data()))))
        return len(self.records)

    def flush(self) -> None:
        """See `engine.RecordLog`."""


class BrokerBench:
    """A daemon whose accounts are well and quoted. `take` hands an event in and returns what followed."""

    def __init__(self, *accounts: Account, people: int = 2, is_well: bool = True) -> None:
        self.journal = Journal()
        self.execution = Execution(people_for_global=people)
        self.state = CellState("local", self.execution)
        self.engine = Engine(self.state, self.journal)
        self.at: FeedPosition = AT
        self.number = 0
        for settings in accounts or (account(),):
            self.engine.write(opening(settings.name, settings, NOW_NS))
            self.quotes()
            if is_well:
                self.well(settings.name)

    @property
    def bot(self) -> Bot:
        """The first account."""
        return next(iter(self.state.bots.values()))

    @property
    def line(self) -> OrderLine:
        """The last order."""
        return list(self.bot.orders.values())[-1]

    @property
    def mode(self) -> Mode:
        """The mode of the first account."""
        return self.state.standing(self.bot).mode

    def quotes(self, bid: str | None = None, ask: str | None = None) -> None:
        """Every account sees the market now."""
        for bot in self.state.bots.values():
            for symbol, (low, high) in QUOTES.items():
                prices = (bid, ask) if symbol == "EURUSD" and bid and ask else (low, high)
                observe_quote(bot, symbol, Decimal(prices[0]), Decimal(prices[1]), self.at[0])
            for currency, rate in RATES.items():
                observe_rate(bot, currency, Decimal(rate), self.at[0])

    def well(self, name: str = FIRST) -> None:
        """Broker and books of an account are well."""
        for dependency in ("broker", "reconciliation"):
            self.health(dependency, "ok", name)

    def health(self, dependency: str, health: Any, name: str = FIRST) -> list[Record]:
        """A dependency is so."""
        return self.take(HealthObserved(name, dependency, health, f"is {health}"))[0]

    def take(self, event: Event) -> tuple[list[Record], list[Effect]]:
        """Let the daemon handle an event; returns the records and effects, alarms apart."""
        before = len(self.journal.records)
        self.engine.handle(event, self.at)
        effects = [one for one in self.engine.take_waiting() if not isinstance(one, Alarm)]
        return self.journal.records[before:], effects

    def kinds(self, event: Event) -> list[Kind]:
        """The kinds of the records that followed."""
        return [record.kind for record in self.take(event)[0]]

    def passes(self, seconds: int) -> tuple[list[Record], list[Effect]]:
        """Time passes, with quotes, and the daemon looks."""
        self.at = (self.at[0] + seconds * SECOND_NS, *self.at[1:])
        self.quotes()
        return self.take(Ticked())

    def receive(self, decision: Decision | None = None, name: str = FIRST, by: str = "anna") -> str:
        """A decision becomes durable; returns its id."""
        decision = decision or a_decision()
        body = {
            "decision_id": decision.decision_id,
            "delivery": json.loads(delivery_bytes(decision)),
            "submitted_by": by,
        }
        self.engine.write(Record(name, Kind.DECISION_RECEIVED, self.at, body))
        return decision.decision_id

    def hand_in_again(self, decision_id: str, *by: str) -> list[Kind]:
        """Others hand in a decision that is known; returns the kinds of what is written."""
        records = submitted_again(self.state, decision_id, by)
        for record in records:
            self.engine.write(record)
        return [record.kind for record in records]

    def decide(self, decision: Decision | None = None, name: str = FIRST) -> list[Kind]:
        """A decision comes and is due; returns the kinds of what followed."""
        return self.kinds(DecisionDue(name, self.receive(decision, name)))

    def report(self, kind: str, order_id: str | None = None, **changes: Any) -> Reported:
        """The venue's next report of an order."""
        self.number += 1
        told: dict[str, Any] = {
            "account": FIRST,
            "client_order_id": order_id or self.line.order.client_order_id,
            "kind": ReportKind(kind),
            "execution_id": f"x{self.number}",
            "ts_ns": self.at[0],
            "price": Decimal("1.0601") if kind in {"filled", "closed"} else None,
        }
        if kind == "filled":
            told["lots"] = self.line.order.lots
        return Reported(BrokerReport(**{**told, **changes}))

    def ordered(self, state: OrderState) -> OrderLine:
        """An order, taken to a state."""
        self.decide()
        line = self.line
        key = line.order.client_order_id
        ways: dict[OrderState, tuple[Event, ...]] = {
            OrderState.INTENDED: (),
            OrderState.UNRESOLVED: (SubmitUnknown(FIRST, key, "time-out"),),
            OrderState.NOT_ACCEPTED: (SubmitNotSent(FIRST, key, "refused", None),),
            OrderState.ACCEPTED: (self.report("accepted"),),
            OrderState.REJECTED: (self.report("rejected"),),
            OrderState.EXPIRED: (self.report("expired"),),
            OrderState.CANCELLED: (self.report("cancelled"),),
            OrderState.PARTIALLY_FILLED: (
                self.report("accepted"),
                self.report("filled", lots=Decimal("0.5")),
            ),
            OrderState.FILLED: (self.report("filled"),),
            OrderState.CLOSED: (self.report("filled"), self.report("closed")),
        }
        for event in ways[state]:
            self.take(event)
        assert line.state is state
        return line

    def books(
        self,
        *,
        orders: tuple[VenueOrder, ...] = (),
        positions: tuple[VenuePosition, ...] = (),
        balance: str | None = None,
        is_hedging: bool = True,
    ) -> tuple[list[Record], list[Effect]]:
        """The venue's books are compared."""
        money = None if balance is None else Decimal(balance)
        snapshot = BrokerSnapshot(FIRST, self.at[0], "9", money, None, None, orders, positions)
        return self.take(SnapshotTaken(snapshot, is_hedging))

    def venue_order(self, key: str | None = None, lots: str = "1") -> VenueOrder:
        """An order that works at the venue."""
        key = self.line.order.client_order_id if key is None else key
        return VenueOrder(key, "v1", "EURUSD", "buy", Decimal(lots), None, None)

    def venue_position(
        self,
        key: str | None = None,
        lots: Decimal | None = None,
        stop: str | None = "1.058",
        symbol: str = "EURUSD",
        **changes: Any,
    ) -> VenuePosition:
        """A position at the venue."""
        told: dict[str, Any] = {
            "position_id": "p1",
            "client_order_id": self.line.order.client_order_id if key is None else key,
            "symbol": symbol,
            "side": "buy",
            "lots": self.line.order.lots if lots is None else lots,
            "entry": Decimal("1.0601"),
            "stop_loss": None if stop is None else Decimal(stop),
            "take_profit": None,
        }
        return VenuePosition(**{**told, **changes})

    def looked_up(self, *reports: BrokerReport, is_proof: bool = False) -> tuple[list[Record], list[Effect]]:
        """The venue's log on the last order."""
        key = self.line.order.client_order_id
        return self.take(LookedUp(FIRST, Lookup(key, tuple(reports), is_proof)))
