"""The paper venue in memory, speaking the broker port: for simulations and explorers, without a file.

Single threaded, its time given from outside. It outlives the daemon that is crashed beside it. What goes
wrong on the way to it is `faulty`'s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from hive_core.backtest.venue.book import Book, Instant
from hive_core.backtest.venue.engine import take
from hive_core.backtest.venue.facts import Reported
from hive_core.backtest.venue.inputs import (
    Cancel,
    Close,
    Input,
    Modify,
    Quoted,
    RatePublished,
    Submit,
    TimePassed,
)
from hive_core.backtest.venue.terms import Terms
from hive_core.backtest.venue.views import snapshot_of
from hive_core.contracts.broker import BrokerReport, BrokerSnapshot, Capabilities, Lookup
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.port import Sink


class PaperBroker:
    """One account. A market order, or a close, is filled at the last quote as it arrives, where one is known
    and no latency stands between. `terms` may be replaced at any time; what happened stays."""

    def __init__(self, account: str, terms: Terms, now_ns: Callable[[], int]) -> None:
        self.terms = terms
        self.book = Book(account)
        self.log: list[BrokerReport] = []
        self._now_ns = now_ns
        self._inputs = 0
        self._last: dict[str, tuple[Decimal, Decimal]] = {}
        self._sinks: list[Sink] = []

    @property
    def capabilities(self) -> Capabilities:
        """Those of the terms."""
        return Capabilities(
            kind="paper",
            is_hedging=self.terms.settings.is_hedging,
            deduplicates_client_ids=self.terms.deduplication == "always",
            has_price_bound=True,
            has_good_till=True,
            has_reports_since=True,
            settle_s=0,
            max_requests_per_s=1_000,
        )

    def submit(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """As the port. Nothing is lost on the way, so nothing is raised."""
        answered = self._give(Submit(self._at(), order))
        return [*answered, *self._at_last_quote(order.symbol)]

    def modify(
        self, order: BracketOrder, stop_loss: Decimal | None, take_profit: Decimal | None
    ) -> Sequence[BrokerReport]:
        """As the port."""
        return self._give(Modify(self._at(), order.client_order_id, stop_loss, take_profit))

    def cancel(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """As the port."""
        return self._give(Cancel(self._at(), order.client_order_id))

    def close_position(
        self, order: BracketOrder, lots: Decimal | None, request_id: str
    ) -> Sequence[BrokerReport]:
        """As the port."""
        answered = self._give(Close(self._at(), order.client_order_id, lots, request_id))
        return [*answered, *self._at_last_quote(order.symbol)]

    def look_up(self, order: BracketOrder, since_cursor: str) -> Lookup:
        """As the port: the log is whole, so no report is proof."""
        held = tuple(report for report in self.log if report.client_order_id == order.client_order_id)
        return Lookup(order.client_order_id, held, is_proof=True)

    def snapshot(self) -> BrokerSnapshot:
        """As the port; its time is now."""
        return replace(snapshot_of(self.book, self.terms), ts_ns=self._now_ns())

    def reports_since(self, cursor: str) -> tuple[tuple[BrokerReport, ...], str]:
        """As the port; a cursor is how many reports there were."""
        return tuple(self.log[int(cursor or "0") :]), str(len(self.log))

    def listen(self, symbols: Sequence[str], sink: Sink, stop: threading.Event) -> None:
        """As the port; the quotes of every instrument are told."""
        self.hear(sink)
        stop.wait()
        self._sinks.remove(sink)

    def hear(self, sink: Sink) -> None:
        """Tell a sink from now on, in the thread of whoever moves this venue."""
        self._sinks.append(sink)

    def close(self) -> None:
        """Nothing to let go of."""

    def quote(self, symbol: str, bid: Decimal, ask: Decimal) -> Sequence[BrokerReport]:
        """The market moves."""
        self._last[symbol] = (bid, ask)
        for sink in self._sinks:
            sink.quoted(symbol, bid, ask, self._now_ns())
        return self._give(Quoted(self._at(), symbol, bid, ask))

    def rate(self, currency: str, per_eur: Decimal) -> None:
        """A reference rate is published."""
        self._give(RatePublished(self._at(), currency, per_eur))

    def pass_time(self) -> Sequence[BrokerReport]:
        """Time passed without a price."""
        return self._give(TimePassed(self._at()))

    def _at(self) -> Instant:
        self._inputs += 1
        return (max(self._now_ns(), self.book.instant[0]), 0, f"{self._inputs:012d}")

    def _at_last_quote(self, symbol: str) -> Sequence[BrokerReport]:
        quote = self._last.get(symbol)
        return () if quote is None else self._give(Quoted(self._at(), symbol, *quote))

    def _give(self, given: Input) -> list[BrokerReport]:
        facts = take(self.book, self.terms, given)
        said = [fact.report for fact in facts if isinstance(fact, Reported)]
        self.log += said
        for report in said:
            for sink in self._sinks:
                sink.reported(report)
        return said
