"""A venue whose every answer the oracle decides, with its own log as the outside witness.

It follows what brokers publish: an order id is no key unless it de-duplicates, a cut-off request may arrive
later (within `settle_s`), reports come twice and in any order, a fill may come without its stop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hive_core.contracts.broker import (
    BrokerReport,
    BrokerSnapshot,
    Capabilities,
    Lookup,
    ReportKind,
    VenueOrder,
    VenuePosition,
)
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.port import Ambiguous, NotSent, Sink, Throttled, Unavailable
from proofs.model.oracle import Oracle

SETTLE_S = 30
SECOND_NS = 10**9

BID, ASK = Decimal("1.0600"), Decimal("1.0601")
"""The market at the beginning."""

TRANSPORTS = ("answered", "lost_response", "lost_request", "late", "not_sent", "throttled")
OUTCOMES = ("filled", "rejected", "working", "partial", "naked")


def _half(lots: Decimal) -> Decimal:
    """About half of what works; the least that there is, 0.01 lots, is filled whole."""
    return (lots / 2).quantize(Decimal("0.01")) or lots


@dataclass(slots=True)
class Deal:
    """One order at the venue. The same client id may have several, unless the venue de-duplicates."""

    order: BracketOrder
    number: int
    working: Decimal
    open: Decimal = Decimal(0)
    filled: Decimal = Decimal(0)
    has_stop: bool = True
    filled_late: bool = False
    """Whether it was filled after the venue had said that it is cancelled."""


@dataclass(slots=True)
class ModelVenue:
    """The venue, and who listens to what it sees."""

    oracle: Oracle
    account: str
    deduplicates: bool
    is_hedging: bool = True
    now_ns: int = 0
    is_down: bool = False
    bid: Decimal = BID
    ask: Decimal = ASK
    on_leaving: Callable[[BracketOrder], None] = lambda _order: None
    """Hears of every order-creating request that leaves the daemon."""
    on_arrival: Callable[[BracketOrder], None] = lambda _order: None
    """Hears of every order that becomes one here."""
    on_books: Callable[[], None] = lambda: None
    """Hears when the books were shown."""
    foreign: list[VenueOrder] = field(default_factory=list)
    """Working orders that the daemon did not send."""
    external: dict[str, VenuePosition] = field(default_factory=dict)
    """Positions that the daemon did not open."""
    deals: list[Deal] = field(default_factory=list)
    log: list[BrokerReport] = field(default_factory=list)
    under_way: list[tuple[int, BracketOrder]] = field(default_factory=list)
    faults_left: int = 10**9
    """How many more faults besides those of an order's own transport and outcome there may be."""
    unheard: list[BrokerReport] = field(default_factory=list)
    """Reports that the stream has still to bring."""

    @property
    def capabilities(self) -> Capabilities:
        """A venue with a log that can be read again."""
        return Capabilities(
            kind="model",
            is_hedging=self.is_hedging,
            deduplicates_client_ids=self.deduplicates,
            has_price_bound=True,
            has_good_till=True,
            has_reports_since=True,
            settle_s=SETTLE_S,
            max_requests_per_s=1_000,
        )

    def submit(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """See `port.Broker`."""
        transport = "not_sent" if self.is_down else self.oracle.choose("transport", TRANSPORTS)
        if transport == "not_sent":
            raise NotSent("connection refused", is_passing=True)
        if transport == "throttled":
            raise Throttled("too many requests")
        self.on_leaving(order)
        if transport == "lost_request":
            raise Ambiguous("the connection broke")
        if transport == "late":
            self.under_way.append((self.now_ns + (SETTLE_S - 1) * SECOND_NS, order))
            raise Ambiguous("time-out")
        said = self._receive(order)
        if transport == "lost_response":
            raise Ambiguous("HTTP 502")
        return said

    def maybe(self, what: str, options: Sequence[str]) -> str:
        """A fault, as long as some are left."""
        if not self.faults_left:
            return options[0]
        chosen = self.oracle.choose(what, options)
        self.faults_left -= chosen != options[0]
        return chosen

    def _receive(self, order: BracketOrder) -> list[BrokerReport]:
        is_known = any(deal.order.client_order_id == order.client_order_id for deal in self.deals)
        if self.deduplicates and is_known:
            return []
        outcome = self._outcome(order)
        begin = len(self.log)
        deal = Deal(order, len(self.deals) + 1, order.lots)
        self.deals.append(deal)
        self.on_arrival(order)
        if outcome == "rejected":
            deal.working = Decimal(0)
            self._say(deal, ReportKind.REJECTED, reason="no_fresh_quote")
        else:
            self._say(deal, ReportKind.ACCEPTED)
            if outcome != "working":
                part = _half(deal.working) if outcome == "partial" else deal.working
                self._fill(deal, part, has_stop=outcome != "naked")
        said = self.log[begin:]
        self.unheard += said
        return said

    def _outcome(self, order: BracketOrder) -> str:
        """What becomes of an order that arrives. One that the market has left behind is refused."""
        is_buy = order.side == "buy"
        is_beyond = self.ask > order.price_bound if is_buy else self.bid < order.price_bound
        if self.now_ns >= order.good_till_ns or (order.order_type == "market" and is_beyond):
            return "rejected"
        if order.order_type == "limit" and is_beyond:
            return self.oracle.choose("outcome", ("working", "rejected"))
        return self.oracle.choose("outcome", OUTCOMES)

    def may_know(self, order_id: str) -> bool:
        """Whether an order is here, or under way to here."""
        orders = [deal.order for deal in self.deals] + [order for _, order in self.under_way]
        return any(order.client_order_id == order_id for order in orders)

    def _fill(self, deal: Deal, lots: Decimal, *, has_stop: bool = True) -> None:
        deal.working -= lots
        deal.open += lots
        deal.has_stop = has_stop
        deal.filled += lots
        self._say(
            deal, ReportKind.FILLED, price=self._price(deal, is_entry=True), lots=lots, has_stop=has_stop
        )

    def _price(self, deal: Deal, *, is_entry: bool) -> Decimal:
        return self.ask if (deal.order.side == "buy") is is_entry else self.bid

    def _say(
        self,
        deal: Deal,
        kind: ReportKind,
        *,
        price: Decimal | None = None,
        lots: Decimal | None = None,
        has_stop: bool = True,
        reason: str = "",
    ) -> None:
        self.log.append(
            BrokerReport(
                account=self.account,
                client_order_id=deal.order.client_order_id,
                kind=kind,
                execution_id=f"x{len(self.log) + 1}",
                ts_ns=self.now_ns,
                venue_order_id=f"v{deal.number}",
                price=price,
                lots=lots,
                has_stop=has_stop,
                reason=reason,
            )
        )

    def time_passes(self, now_ns: int) -> None:
        """What was under way arrives; what works may fill, and ends when its time is over."""
        self.now_ns = now_ns
        arrived = [order for due_ns, order in self.under_way if due_ns <= now_ns]
        self.under_way = [(due_ns, order) for due_ns, order in self.under_way if due_ns > now_ns]
        for order in arrived:
            self._receive(order)
        for deal in self.deals:
            if deal.working and now_ns >= deal.order.good_till_ns:
                deal.working = Decimal(0)
                self._heard(deal, ReportKind.EXPIRED, reason="good_till_passed")

    def quoted(self, bid: Decimal, ask: Decimal) -> None:
        """The market is there now: limits fill, stops and targets are hit."""
        self.bid, self.ask = bid, ask
        for deal in self.deals:
            order, is_buy = deal.order, deal.order.side == "buy"
            price = bid if is_buy else ask
            if deal.working and order.entry is not None:
                if ask <= order.entry if is_buy else bid >= order.entry:
                    self._fills(deal, deal.working)
            elif deal.open and deal.has_stop:
                if price <= order.stop_loss if is_buy else price >= order.stop_loss:
                    self._close(deal, deal.open, "stop_loss")
                elif price >= order.take_profit if is_buy else price <= order.take_profit:
                    self._close(deal, deal.open, "take_profit")

    def rest_fills(self) -> None:
        """What works of market orders is filled, all or in part."""
        for deal in self.deals:
            if deal.working and deal.order.entry is None:
                self._fills(deal, self.oracle.choose("rest", (deal.working, _half(deal.working))))

    def _fills(self, deal: Deal, lots: Decimal) -> None:
        begin = len(self.log)
        self._fill(deal, lots)
        self.unheard += self.log[begin:]

    def market_moves(self) -> None:
        """A move that fills what works and then takes out what is open at its stop or target."""
        for deal in self.deals:
            if deal.working:
                self._fills(deal, deal.working)
            elif deal.open and deal.has_stop:
                self._close(deal, deal.open, "target")

    def _close(self, deal: Deal, lots: Decimal, reason: str) -> None:
        deal.open -= lots
        begin = len(self.log)
        self._say(deal, ReportKind.CLOSED, price=self._price(deal, is_entry=False), lots=lots, reason=reason)
        self.unheard += self.log[begin:]

    def _heard(self, deal: Deal, kind: ReportKind, *, reason: str = "") -> None:
        begin = len(self.log)
        self._say(deal, kind, reason=reason)
        self.unheard += self.log[begin:]

    def hear(self) -> list[BrokerReport]:
        """What the stream brings now: all once, each twice, in the other order, or nothing (a gap)."""
        if not self.unheard:
            return []
        said, self.unheard = self.unheard, []
        match self.maybe("stream", ("once", "twice", "reversed", "lost")):
            case "twice":
                return [report for report in said for _ in range(2)]
            case "reversed":
                return said[::-1]
            case "lost":
                return []
            case _:
                return said

    def _deals_of(self, order: BracketOrder) -> list[Deal]:
        return [deal for deal in self.deals if deal.order.client_order_id == order.client_order_id]

    def modify(
        self, order: BracketOrder, stop_loss: Decimal | None, take_profit: Decimal | None
    ) -> Sequence[BrokerReport]:
        """See `port.Broker`; nothing is modified in these runs."""
        raise NotSent(f"{order.client_order_id}: not part of the model ({stop_loss}, {take_profit})")

    def cancel(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """See `port.Broker`."""
        how = self._reached("cancel", ("reaches", "lost", "lost_response", "filled_first", "late_fill"))
        begin = len(self.log)
        for deal in self._deals_of(order):
            late = deal.working if how == "late_fill" else Decimal(0)
            if how == "filled_first" and deal.working:
                self._fill(deal, deal.working)
            if deal.working:
                deal.working = Decimal(0)
                self._say(deal, ReportKind.CANCELLED, reason="cancelled_by_client")
            else:
                self._say(deal, ReportKind.CANCEL_REJECTED, reason="nothing_works")
            if late:  # it had crossed the cancel on its way
                deal.working, deal.filled_late = late, True
                self._fill(deal, late)
        self.unheard += self.log[begin:]
        return self._answer(how, begin)

    def close_position(
        self, order: BracketOrder, lots: Decimal | None, request_id: str
    ) -> Sequence[BrokerReport]:
        """See `port.Broker`: reduce only."""
        how = self._reached("close", ("reaches", "lost", "lost_response"))
        begin = len(self.log)
        for deal in self._deals_of(order):
            if deal.open:
                self._close(deal, min(lots or deal.open, deal.open), f"closed by {request_id}")
        return self._answer(how, begin)

    def _reached(self, what: str, options: Sequence[str]) -> str:
        how = "lost" if self.is_down else self.maybe(what, options)
        if how == "lost":
            raise Ambiguous("the connection broke")
        return how

    def _answer(self, how: str, begin: int) -> Sequence[BrokerReport]:
        if how == "lost_response":
            raise Ambiguous("HTTP 502")
        return self.log[begin:]

    def look_up(self, order: BracketOrder, since_cursor: str) -> Lookup:
        """See `port.Broker`. Absence is proof once nothing of the request can be under way any more."""
        self._answers(f"lookup since {since_cursor or 'ever'}")
        reports = tuple(r for r in self.log if r.client_order_id == order.client_order_id)
        is_settled = self.now_ns - order.submitted_ns > SETTLE_S * SECOND_NS
        return Lookup(order.client_order_id, reports, is_proof=not reports and is_settled)

    def snapshot(self) -> BrokerSnapshot:
        """See `port.Broker`."""
        self._answers("snapshot")
        self.on_books()
        working = (
            VenueOrder(
                deal.order.client_order_id,
                f"v{deal.number}",
                deal.order.symbol,
                deal.order.side,
                deal.working,
                deal.order.entry,
                deal.order.stop_loss,
            )
            for deal in self.deals
            if deal.working
        )
        positions = self._positions() if self.is_hedging else self._net_positions()
        return BrokerSnapshot(
            self.account,
            self.now_ns,
            str(len(self.log)),
            None,
            None,
            None,
            (*working, *self.foreign),
            positions,
        )

    def _positions(self) -> tuple[VenuePosition, ...]:
        ours = (
            VenuePosition(
                f"p{deal.number}",
                deal.order.client_order_id,
                deal.order.symbol,
                deal.order.side,
                deal.open,
                BID,
                deal.order.stop_loss if deal.has_stop else None,
                deal.order.take_profit,
            )
            for deal in self.deals
            if deal.open
        )
        return (*ours, *self.external.values())

    def _net_positions(self) -> tuple[VenuePosition, ...]:
        """One a symbol; whose a part of it is cannot be told."""
        net: dict[str, Decimal] = {}
        for position in self._positions():
            signed = position.lots if position.side == "buy" else -position.lots
            net[position.symbol] = net.get(position.symbol, Decimal(0)) + signed
        return tuple(
            VenuePosition(
                f"net-{symbol}", "", symbol, "buy" if lots > 0 else "sell", abs(lots), BID, BID / 2, None
            )
            for symbol, lots in net.items()
            if lots
        )

    def reports_since(self, cursor: str) -> tuple[tuple[BrokerReport, ...], str]:
        """See `port.Broker`."""
        self._answers("log")
        return tuple(self.log[int(cursor) :]), str(len(self.log))

    def _answers(self, what: str) -> None:
        if self.is_down or self.maybe("question", ("answered", "unanswered")) == "unanswered":
            raise Unavailable(f"{what}: no answer")

    def listen(self, symbols: Sequence[str], sink: Sink, stop: threading.Event) -> None:
        """Not used: the world asks `hear`."""
        raise NotImplementedError(f"{symbols} {sink} {stop}: the model is driven, it does not listen")

    def close(self) -> None:
        """Nothing to let go of."""
