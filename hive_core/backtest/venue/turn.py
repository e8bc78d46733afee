"""One turn of the venue: the facts that one input brings, each applied as soon as it is known."""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.venue.book import NO_STOP, Book, Instant, Position, Working, shown_stop
from hive_core.backtest.venue.facts import Fact, Reported, apply
from hive_core.backtest.venue.money import commission_of, profit_of, swap_share
from hive_core.backtest.venue.terms import Terms
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.decision import Side
from hive_core.contracts.order import BracketOrder

Ticket = Working | Position


def opposite(side: Side) -> Side:
    """The side that closes a position."""
    return "sell" if side == "buy" else "buy"


class Turn:
    """The book, the terms, the facts so far, and what this input's price can still fill."""

    __slots__ = ("_filled", "at", "book", "facts", "terms")

    def __init__(self, book: Book, terms: Terms, at: Instant) -> None:
        self.book, self.terms, self.at = book, terms, at
        self.facts: list[Fact] = []
        self._filled: dict[tuple[str, Side], Decimal] = {}

    @property
    def counts_money(self) -> bool:
        """Whether reports tell profit and costs."""
        return self.book.balance is not None and self.terms.currency is not None

    def note(self, fact: Fact) -> None:
        """A fact happened."""
        apply(self.book, fact)
        self.facts.append(fact)

    def fillable(self, symbol: str, trades: Side, lots: Decimal) -> Decimal:
        """How much of `lots` this price still fills on a side."""
        liquidity = self.terms.settings.liquidity_lots
        if liquidity is None:
            return lots
        return min(lots, liquidity - self._filled.get((symbol, trades), Decimal(0)))

    def _used(self, symbol: str, trades: Side, lots: Decimal) -> None:
        if self.terms.settings.liquidity_lots is not None:
            self._filled[symbol, trades] = self._filled.get((symbol, trades), Decimal(0)) + lots

    def filled(self, working: Working, lots: Decimal, price: Decimal) -> None:
        """An execution of an entry."""
        order = working.order
        self._used(order.symbol, order.side, lots)
        commission = commission_of(self.terms, lots) if self.counts_money else None
        self._say(
            ReportKind.FILLED,
            working.number,
            order,
            lots,
            reason=order.order_type,
            price=price,
            levels=self._levels_of_fill(working),
            commission=commission,
        )

    def _levels_of_fill(self, working: Working) -> tuple[Decimal, Decimal]:
        held = self.book.open.get(working.number)
        if held is not None:
            return held.stop_loss, held.take_profit
        is_held = self.terms.attaches_stops
        return working.stop_loss if is_held else NO_STOP[working.order.side], working.take_profit

    def closed(self, position: Position, lots: Decimal, price: Decimal, reason: str) -> None:
        """An execution against a position. Nettings have no commission: the fill that nets has paid it."""
        order, is_netted = position.order, reason == "netted"
        if not is_netted:
            self._used(order.symbol, opposite(order.side), lots)
        profit = commission = swap = None
        if self.counts_money:
            profit = profit_of(self.book, self.terms, position, lots, price)
            commission = Decimal(0) if is_netted else commission_of(self.terms, lots)
            swap = -swap_share(position, lots)
        self._say(
            ReportKind.CLOSED,
            position.number,
            order,
            lots,
            reason=reason,
            price=price,
            levels=(position.stop_loss, position.take_profit),
            commission=commission,
            profit=profit,
            swap=swap,
        )

    def accepted(self, order: BracketOrder, latency_ns: int) -> None:
        """An order works from now on."""
        self._say(
            ReportKind.ACCEPTED,
            self.book.last_seq + 1,
            order,
            order.lots,
            levels=(order.stop_loss, order.take_profit),
            latency_ns=latency_ns,
        )

    def ended(self, kind: ReportKind, working: Working, reason: str, text: str = "") -> None:
        """What of an order still worked does not any more."""
        levels = (working.stop_loss, working.take_profit)
        self._say(kind, working.number, working.order, working.lots, reason=reason, text=text, levels=levels)

    def refused(self, order: BracketOrder, reason: str, text: str = "") -> None:
        """An order is not accepted."""
        levels = (order.stop_loss, order.take_profit)
        self._say(ReportKind.REJECTED, 0, order, order.lots, reason=reason, text=text, levels=levels)

    def modified(self, ticket: Ticket, stop_loss: Decimal, take_profit: Decimal) -> None:
        """Stop and target are these now."""
        levels = (stop_loss, take_profit)
        self._say(ReportKind.MODIFIED, ticket.number, ticket.order, ticket.lots, levels=levels)

    def request_refused(self, kind: ReportKind, client_order_id: str, reason: str, text: str) -> None:
        """A modification, a cancel or a close is not carried out; nothing changed."""
        seq = self.book.last_seq + 1
        report = BrokerReport(
            account=self.book.account,
            client_order_id=client_order_id,
            kind=kind,
            execution_id=self._name(seq),
            ts_ns=self.at[0],
            reason=reason,
            text=text,
        )
        self.note(Reported(self.at, seq, 0, report))

    def _name(self, seq: int) -> str:
        return f"paper-{self.book.account}-{seq}"

    def _say(
        self,
        kind: ReportKind,
        number: int,
        order: BracketOrder,
        lots: Decimal,
        *,
        levels: tuple[Decimal, Decimal],
        reason: str = "",
        text: str = "",
        price: Decimal | None = None,
        commission: Decimal | None = None,
        profit: Decimal | None = None,
        swap: Decimal | None = None,
        latency_ns: int = 0,
    ) -> None:
        seq, stop_loss = self.book.last_seq + 1, shown_stop(order.side, levels[0])
        report = BrokerReport(
            account=self.book.account,
            client_order_id=order.client_order_id,
            kind=kind,
            execution_id=self._name(seq),
            ts_ns=self.at[0],
            venue_order_id=self._name(number) if number else "",
            price=price,
            lots=lots,
            stop_loss=stop_loss,
            take_profit=levels[1],
            has_stop=stop_loss is not None,
            commission=commission,
            profit=profit,
            swap=swap,
            reason=reason,
            text=text,
        )
        is_accepted = kind is ReportKind.ACCEPTED
        self.note(Reported(self.at, seq, number, report, order if is_accepted else None, latency_ns))
