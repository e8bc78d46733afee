"""Orders, quotes and a book for tests of the venue, and the plain rules that its defaults must equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from hive_core.backtest.fills import BarPrices, entry_fill, exit_fill, is_beyond_bound
from hive_core.backtest.venue.book import Book, Instant
from hive_core.backtest.venue.engine import take
from hive_core.backtest.venue.facts import Fact, Reported
from hive_core.backtest.venue.inputs import (
    BarRanged,
    Cancel,
    Close,
    Flatten,
    Input,
    Modify,
    Quoted,
    RatePublished,
    Submit,
    TimePassed,
)
from hive_core.backtest.venue.terms import Terms
from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.broker_paper import PaperVenueSettings
from hive_core.contracts.broker import BrokerReport
from hive_core.contracts.order import BracketOrder

TUESDAY = to_ns(datetime(2024, 5, 7, 12, 0, tzinfo=UTC))
SECOND = 1_000_000_000
NEVER = to_ns(datetime(2099, 1, 1, tzinfo=UTC))


def an_order(
    number: int = 1,
    *,
    side: str = "buy",
    order_type: str = "market",
    lots: str = "1",
    entry: str | None = None,
    stop: str | None = None,
    target: str | None = None,
    bound: str | None = None,
    symbol: str = "EURUSD",
    submitted_ns: int = TUESDAY,
    good_till_ns: int = NEVER,
    account: str = "paper",
) -> BracketOrder:
    """A bracket whose levels are far away unless they are given."""
    is_buy = side == "buy"
    return BracketOrder(
        client_order_id=f"ord_{number}",
        account=account,
        decision_id="dec_1",
        leg=1,
        attempt=1,
        symbol=symbol,
        side=side,
        order_type=order_type,
        lots=Decimal(lots),
        entry=None if entry is None else Decimal(entry),
        price_bound=Decimal(bound or ("900" if is_buy else "0.00001")),
        stop_loss=Decimal(stop or ("0.00001" if is_buy else "900")),
        take_profit=Decimal(target or ("900" if is_buy else "0.00001")),
        submitted_ns=submitted_ns,
        good_till_ns=good_till_ns,
    )


class VenueBench:
    """A book under terms; every call is an input a second after the one before, unless told when."""

    def __init__(
        self,
        settings: PaperVenueSettings | None = None,
        *,
        currency: str | None = "USD",
        start_ns: int = TUESDAY,
        deduplication: str = "always",
    ) -> None:
        money = None if currency is None else Decimal(100_000)
        self.terms = Terms(settings or PaperVenueSettings(), currency, money, deduplication)
        self.book = Book("paper")
        self.now_ns = start_ns
        self.facts: list[Fact] = []
        self.inputs: list[Input] = []

    def at(self, rank: int = 4, ts_ns: int | None = None) -> Instant:
        self.now_ns = self.now_ns + SECOND if ts_ns is None else ts_ns
        return (self.now_ns, rank, "")

    def give(self, given: Input) -> list[BrokerReport]:
        self.inputs.append(given)
        facts = take(self.book, self.terms, given)
        self.facts += facts
        return [fact.report for fact in facts if isinstance(fact, Reported)]

    def submit(self, order: BracketOrder, ts_ns: int | None = None) -> list[BrokerReport]:
        return self.give(Submit(self.at(3, ts_ns), order))

    def quote(
        self, bid: str, ask: str, *, symbol: str = "EURUSD", ts_ns: int | None = None
    ) -> list[BrokerReport]:
        return self.give(Quoted(self.at(4, ts_ns), symbol, Decimal(bid), Decimal(ask)))

    def bar(self, prices: BarPrices[Decimal], opened_ns: int, ts_ns: int | None = None) -> list[BrokerReport]:
        return self.give(BarRanged(self.at(0, ts_ns), "EURUSD", prices, opened_ns))

    def rate(self, currency: str, per_eur: str) -> None:
        self.give(RatePublished(self.at(2), currency, Decimal(per_eur)))

    def cancel(self, number: int = 1) -> list[BrokerReport]:
        return self.give(Cancel(self.at(3), f"ord_{number}"))

    def modify(
        self, number: int = 1, stop: str | None = None, target: str | None = None
    ) -> list[BrokerReport]:
        levels = [None if level is None else Decimal(level) for level in (stop, target)]
        return self.give(Modify(self.at(3), f"ord_{number}", *levels))

    def close(self, number: int = 1, lots: str | None = None, request_id: str = "") -> list[BrokerReport]:
        wanted = None if lots is None else Decimal(lots)
        return self.give(Close(self.at(3), f"ord_{number}", wanted, request_id))

    def flatten(self) -> list[BrokerReport]:
        return self.give(Flatten(self.at(3)))

    def wait(self, ts_ns: int) -> list[BrokerReport]:
        return self.give(TimePassed(self.at(5, ts_ns)))


def told(reports: list[BrokerReport]) -> list[tuple[str, str, str | None, str]]:
    """What tests compare: (kind, order, price, reason)."""
    return [
        (
            report.kind.value,
            report.client_order_id,
            None if report.price is None else str(report.price),
            report.reason,
        )
        for report in reports
    ]


@dataclass
class PlainVenue:
    """The rules of fills without anything modelled, in the plainest words: the oracle of the defaults."""

    position: Instant = (0, 0, "")
    working: list[BracketOrder] = field(default_factory=list)
    open: list[BracketOrder] = field(default_factory=list)
    closing: set[str] = field(default_factory=set)
    said: list[tuple[str, str, str | None, str]] = field(default_factory=list)

    def give(self, given: Input) -> None:
        match given:
            case Submit(at, order):
                self._say("accepted", order)
                self.working.append(order)
                self.position = max(self.position, at)
            case Flatten(at):
                if self.working or any(order.client_order_id not in self.closing for order in self.open):
                    self.position = max(self.position, at)
                for order in self.working:
                    self._say("cancelled", order, reason="cancelled_by_client")
                self.working.clear()
                self.closing |= {order.client_order_id for order in self.open}
            case Quoted(at, symbol, bid, ask) if at > self.position:
                self.position = at
                self._quoted(symbol, BarPrices.of_quote(bid, ask), at[0])
            case BarRanged(at, symbol, bar, opened_ns) if at > self.position:
                self.position = at
                self._exits(symbol, bar, at_open=False)
                for order in [held for held in self.working if held.symbol == symbol]:
                    late = order.submitted_ns > opened_ns or at[0] > order.good_till_ns
                    if order.order_type == "market" or late:
                        continue
                    fill = entry_fill(order.side, order.order_type, order.entry, bar)
                    if fill is None:
                        continue
                    self._filled(order, fill.price)
                    out = exit_fill(order.side, order.stop_loss, order.take_profit, bar, open_at_start=False)
                    if out is not None:
                        self._closed(order, out.price, out.reason)

    def _quoted(self, symbol: str, quote: BarPrices[Decimal], ts_ns: int) -> None:
        self._exits(symbol, quote, at_open=True)
        for order in [held for held in self.working if held.symbol == symbol]:
            if ts_ns >= order.good_till_ns:
                self.working.remove(order)
                self._say("expired", order, reason="good_till_passed")
                continue
            fill = entry_fill(order.side, order.order_type, order.entry, quote)
            if fill is None:
                continue
            is_buy = order.side == "buy"
            out = quote.bid_open if is_buy else quote.ask_open
            reason = ""
            if (out <= order.stop_loss) if is_buy else (out >= order.stop_loss):
                reason = "price_beyond_stop"
            elif is_beyond_bound(order.side, fill.price, order.price_bound):
                reason = "price_beyond_bound"
            elif (out >= order.take_profit) if is_buy else (out <= order.take_profit):
                reason = "price_beyond_target"
            if reason:
                self.working.remove(order)
                self._say("rejected", order, reason=reason)
            else:
                self._filled(order, fill.price)

    def _exits(self, symbol: str, bar: BarPrices[Decimal], *, at_open: bool) -> None:
        for order in [held for held in self.open if held.symbol == symbol]:
            if order.client_order_id in self.closing and at_open:
                self._closed(order, bar.bid_open if order.side == "buy" else bar.ask_open, "flatten")
                continue
            out = exit_fill(order.side, order.stop_loss, order.take_profit, bar, open_at_start=True)
            if out is not None:
                self._closed(order, out.price, "stop_gap" if out.gapped else out.reason)

    def _filled(self, order: BracketOrder, price: Decimal) -> None:
        self.working.remove(order)
        self.open.append(order)
        self._say("filled", order, price, order.order_type)

    def _closed(self, order: BracketOrder, price: Decimal, reason: str) -> None:
        self.open.remove(order)
        self.closing.discard(order.client_order_id)
        self._say("closed", order, price, reason)

    def _say(self, kind: str, order: BracketOrder, price: Decimal | None = None, reason: str = "") -> None:
        self.said.append((kind, order.client_order_id, None if price is None else str(price), reason))
