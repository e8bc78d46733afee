"""A broker in memory on whose way things go wrong, as a chooser says: for explorers and simulations.

Single threaded and deterministic: whoever drives it moves time and market, and calls `advance` to have late
requests arrive and the stream speak. It outlives the daemon; `hear` connects one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from hive_core.backtest.venue.terms import Terms
from hive_core.configuration.broker_paper import Slippage
from hive_core.contracts.broker import BrokerReport, BrokerSnapshot, Capabilities, Lookup
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.port import Ambiguous, Broker, NotSent, Sink, Throttled, Unavailable
from hive_exec.simulators.faults import (
    ON_QUESTION,
    ON_QUOTE,
    ON_REQUEST,
    ON_STREAM,
    ON_SUBMIT,
    Fault,
    FaultChooser,
)

LATE_BY_NS = 3_000_000_000
"""How long a late request is on its way."""
SETTLE_S = 10
"""How long after it was sent a request may still arrive, as this venue promises. More than `LATE_BY_NS`."""
SLIPPED_BY_PIPS = Decimal(30)


class InMemoryVenue(Broker, Protocol):
    """What it wraps: a broker whose market and terms are moved from outside."""

    terms: Terms

    def quote(self, symbol: str, bid: Decimal, ask: Decimal) -> Sequence[BrokerReport]:
        """The market moves."""


@dataclass(frozen=True, slots=True)
class _Late:
    due_ns: int
    act: Callable[[], Sequence[BrokerReport]]


class FaultyBroker:
    """The wrapper. `sent` counts the requests for each order that left the process, also those that got lost:
    what a test of "at most one" looks at."""

    def __init__(self, venue: InMemoryVenue, faults: FaultChooser, now_ns: Callable[[], int]) -> None:
        self.venue, self.faults = venue, faults
        self.sent: dict[str, int] = {}
        self._now_ns = now_ns
        self._late: list[_Late] = []
        self._last_sent_ns: dict[str, int] = {}
        self._sink: Sink | None = None
        self._told = "0"

    @property
    def capabilities(self) -> Capabilities:
        """Those of the venue, with the time in which requests may still arrive."""
        return replace(self.venue.capabilities, settle_s=SETTLE_S)

    def submit(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """As the port."""
        fault = self.faults.choose("submit", ON_SUBMIT)
        before = self.venue.terms
        if fault is Fault.PARTIAL:
            half = max((order.lots / 2).quantize(Decimal("0.01")), Decimal("0.01"))
            self.venue.terms = replace(
                before, settings=before.settings.model_copy(update={"liquidity_lots": half})
            )
        elif fault is Fault.STOP_REFUSED:
            self.venue.terms = replace(before, attaches_stops=False)
        try:
            return self._request(fault, order, lambda: self.venue.submit(order), counts=True)
        finally:
            self.venue.terms = before

    def modify(
        self, order: BracketOrder, stop_loss: Decimal | None, take_profit: Decimal | None
    ) -> Sequence[BrokerReport]:
        """As the port."""
        fault = self.faults.choose("modify", ON_REQUEST)
        return self._request(fault, order, lambda: self.venue.modify(order, stop_loss, take_profit))

    def cancel(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """As the port."""
        fault = self.faults.choose("cancel", ON_REQUEST)
        return self._request(fault, order, lambda: self.venue.cancel(order))

    def close_position(
        self, order: BracketOrder, lots: Decimal | None, request_id: str
    ) -> Sequence[BrokerReport]:
        """As the port."""
        fault = self.faults.choose("close", ON_REQUEST)
        return self._request(fault, order, lambda: self.venue.close_position(order, lots, request_id))

    def look_up(self, order: BracketOrder, since_cursor: str) -> Lookup:
        """As the port. That nothing is found is proof only once nothing can be on its way any more."""
        self._ask("look up")
        found = self.venue.look_up(order, since_cursor)
        sent_ns = max(order.submitted_ns, self._last_sent_ns.get(order.client_order_id, 0))
        is_settled = self._now_ns() >= sent_ns + SETTLE_S * 1_000_000_000
        return replace(found, is_proof=found.is_proof and is_settled)

    def snapshot(self) -> BrokerSnapshot:
        """As the port."""
        self._ask("snapshot")
        return self.venue.snapshot()

    def reports_since(self, cursor: str) -> tuple[tuple[BrokerReport, ...], str]:
        """As the port."""
        self._ask("reports since")
        return self.venue.reports_since(cursor)

    def listen(self, symbols: Sequence[str], sink: Sink, stop: threading.Event) -> None:
        """As the port; a driver in one thread calls `hear` instead."""
        self.hear(sink)
        stop.wait()
        self.hear(None)

    def hear(self, sink: Sink | None) -> None:
        """Who is told from now on: a daemon that connects, or nobody. Nothing of before is said again."""
        self._sink = sink
        self._told = self.venue.reports_since(self._told)[1]

    def close(self) -> None:
        """The daemon lets go. What is on its way arrives all the same."""
        self.hear(None)

    def quote(self, symbol: str, bid: Decimal, ask: Decimal) -> None:
        """The market moves; then `advance`."""
        before = self.venue.terms
        if self.faults.choose("quote", ON_QUOTE) is Fault.SLIPPED:
            slippage = Slippage(fixed_pips=SLIPPED_BY_PIPS)
            self.venue.terms = replace(
                before, settings=before.settings.model_copy(update={"slippage": slippage})
            )
        self.venue.quote(symbol, bid, ask)
        self.venue.terms = before
        if self._sink is not None:
            self._sink.quoted(symbol, bid, ask, self._now_ns())
        self.advance()

    def advance(self) -> None:
        """What is late and due arrives; then the stream says what it has not said."""
        due = [late for late in self._late if late.due_ns <= self._now_ns()]
        self._late = [late for late in self._late if late.due_ns > self._now_ns()]
        for late in due:
            late.act()
        said, self._told = self.venue.reports_since(self._told)
        if said and self._sink is not None:
            self._stream(self._sink, list(said))

    @property
    def on_the_way(self) -> int:
        """How many requests are late and have not arrived."""
        return len(self._late)

    def _request(
        self,
        fault: Fault | None,
        order: BracketOrder,
        act: Callable[[], Sequence[BrokerReport]],
        *,
        counts: bool = False,
    ) -> Sequence[BrokerReport]:
        if fault is Fault.NOT_SENT:
            raise NotSent("no connection", is_passing=True)
        if fault is Fault.THROTTLED:
            raise Throttled("too many requests")
        if counts:
            self.sent[order.client_order_id] = self.sent.get(order.client_order_id, 0) + 1
        self._last_sent_ns[order.client_order_id] = self._now_ns()
        if fault is Fault.MAINTENANCE:
            raise Ambiguous("503 in a maintenance window")
        if fault is Fault.LOST:
            raise Ambiguous("time-out")
        if fault is Fault.LATE:
            self._late.append(_Late(self._now_ns() + LATE_BY_NS, act))
            raise Ambiguous("time-out")
        reports = act()
        if fault is Fault.ANSWER_LOST:
            raise Ambiguous("500")
        if fault is Fault.ANSWER_UNREADABLE:
            raise Ambiguous("an answer that cannot be read")
        return reports

    def _ask(self, question: str) -> None:
        if self.faults.choose(question, ON_QUESTION) is Fault.UNAVAILABLE:
            raise Unavailable(f"{question}: no answer")

    def _stream(self, sink: Sink, said: list[BrokerReport]) -> None:
        fault = self.faults.choose("stream", ON_STREAM)
        if fault is Fault.GAP:
            sink.gap("the stream was interrupted")
            return
        if fault is Fault.UNKNOWN_WORD:
            sink.trouble("a report of an unknown kind")
            return
        if fault is Fault.SWAPPED:
            said.reverse()
        for report in said:
            sink.reported(report)
        if fault is Fault.REPEATED:
            for report in said:
                sink.reported(report)
