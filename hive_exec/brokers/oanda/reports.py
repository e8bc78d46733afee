"""What a transaction says of our orders, as reports of the broker port.

The same transaction gives the same reports, wherever it was read: in an answer, in the log, in the stream.
Whose a trade is, when a transaction does not say, the venue is asked: nothing here must be remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_exec.brokers.oanda.reasons import (
    BY_CLIENT,
    BY_REPLACEMENT,
    DUPLICATES,
    EXITS,
    NETTED,
    STOP_CANCELLED,
    TIME_OUT,
    TRADE_GONE,
    our_reason,
)
from hive_exec.brokers.oanda.symbols import lots_of
from hive_exec.brokers.oanda.transactions import (
    Cancelled,
    CancelRefused,
    Dependent,
    DependentCreated,
    DependentReason,
    DependentRefused,
    Filled,
    Head,
    Opened,
    OrderCreated,
    OrderRefused,
    Reduced,
    Transaction,
)

OUR_PREFIX = "ord_"
"""How the ids of our orders begin (`hive_core.contracts.order.client_order_id`)."""

REMEMBERED = 4_096
"""Facts that are kept so that the venue is not asked twice. What is forgotten is asked again."""

Made = dict[tuple[int, int], dict[Dependent, Decimal | None]]
"""Stops and targets that were made, with their prices, by trade and batch."""


@dataclass(frozen=True, slots=True)
class Protection:
    """What stands behind a trade at the venue now. A trade that is closed needs nothing."""

    has_stop: bool
    stop_loss: Decimal | None
    take_profit: Decimal | None


class _Memory(OrderedDict[int, Any]):
    """The facts learned last, at most `REMEMBERED`."""

    def keep(self, key: int, value: Any) -> None:
        self[key] = value
        while len(self) > REMEMBERED:
            self.popitem(last=False)


class Interpreter:
    """Transactions to reports, for one account. Used by one thread at a time."""

    def __init__(
        self,
        account: str,
        transaction: Callable[[int], Transaction],
        protection: Callable[[int], Protection],
    ) -> None:
        """
        Args:
            account: our name of the account.
            transaction: asks the venue for one transaction of its log.
            protection: asks the venue what stands behind a trade now.
        """
        self._account = account
        self._transaction = transaction
        self._protection = protection
        self._owners = _Memory()
        self._filled_orders = _Memory()

    def reports(self, transactions: Iterable[Transaction]) -> list[BrokerReport]:
        """The reports of transactions of the log, in its order. They may be a part of it.

        Raises:
            Unavailable, Unreadable: as the questions that it asks.
        """
        whole = list(transactions)
        made: Made = {}
        for one in whole:
            if isinstance(one, DependentCreated):
                made.setdefault((one.trade_id, one.head.batch_id), {})[one.what] = one.price
        return [report for one in whole for report in self._reports_of(one, made)]

    def say(self, head: Head, owner: str, kind: ReportKind, part: str = "", **said: Any) -> BrokerReport:
        """A report made from a transaction. `part` tells several of one transaction apart."""
        return BrokerReport(
            account=self._account,
            client_order_id=owner,
            kind=kind,
            execution_id=f"oanda:{head.id}:{part or kind.value}",
            ts_ns=head.time_ns,
            **said,
        )

    def _reports_of(self, one: Transaction, made: Made) -> list[BrokerReport]:
        match one:
            case OrderCreated():
                return self._created(one)
            case OrderRefused() if is_ours(one.client_order_id):
                return self._refused(one)
            case Filled():
                return self._filled(one, made)
            case Cancelled():
                return self._cancelled(one)
            case CancelRefused() if is_ours(one.client_order_id):
                return [
                    self.say(
                        one.head,
                        one.client_order_id,
                        ReportKind.CANCEL_REJECTED,
                        reason=our_reason(one.reason),
                        text=one.reason,
                    )
                ]
            case DependentCreated():
                return self._dependent(one)
            case DependentRefused():
                return self._dependent_refused(one)
            case _:
                return []

    def _created(self, one: OrderCreated) -> list[BrokerReport]:
        if not is_ours(one.client_order_id):
            return []
        # A replacement is how the venue changes an order that waits: ours is the same order still.
        kind = ReportKind.MODIFIED if one.is_replacement else ReportKind.ACCEPTED
        return [
            self.say(
                one.head,
                one.client_order_id,
                kind,
                venue_order_id=str(one.head.id),
                stop_loss=one.stop_loss,
                take_profit=one.take_profit,
            )
        ]

    def _refused(self, one: OrderRefused) -> list[BrokerReport]:
        if one.reason in DUPLICATES:
            return []  # not this id was refused, but a second request with it: the first one is what counts
        kind = ReportKind.MODIFY_REJECTED if one.is_replacement else ReportKind.REJECTED
        return [self.say(one.head, one.client_order_id, kind, reason=our_reason(one.reason), text=one.reason)]

    def _filled(self, fill: Filled, made: Made) -> list[BrokerReport]:
        found = []
        owner = fill.client_order_id
        if fill.opened is not None:
            owner = fill.opened.client_trade_id or owner
            self._owners.keep(fill.opened.trade_id, owner)
        # An order for a trade (its stop, its target, a close of it) opens nothing and has no entry to report.
        is_entry = is_ours(owner) and fill.reason not in EXITS
        if is_entry:
            self._filled_orders.keep(fill.order_id, owner)
            found += self._entry(fill, owner, made)
        for place, part in enumerate(fill.reduced):
            closed = self._owner_of(part.trade_id)
            if is_ours(closed):
                costs = not is_entry and place == 0
                found.append(self._closed(fill, part, closed, fill.commission if costs else None))
        return found

    def _entry(self, fill: Filled, owner: str, made: Made) -> list[BrokerReport]:
        """The entry of one of our orders. What of it reduced other trades was opened and closed in one."""
        netted = sum((part.units for part in fill.reduced), Decimal(0))
        whole = netted + (Decimal(0) if fill.opened is None else abs(fill.opened.units))
        protection = Protection(True, None, None)
        if fill.opened is not None:
            protection = self._protection_of(fill.head, fill.opened, made)
            price = fill.opened.price
        else:
            price = fill.reduced[0].price
        found = [
            self.say(
                fill.head,
                owner,
                ReportKind.FILLED,
                venue_order_id=str(fill.order_id),
                price=price,
                lots=lots_of(fill.instrument, whole),
                stop_loss=protection.stop_loss,
                take_profit=protection.take_profit,
                has_stop=protection.has_stop,
                commission=fill.commission,
                reason=fill.reason.value.removesuffix("_ORDER").lower(),
                text="" if protection.has_stop else "filled, and no stop stands behind it at the venue",
            )
        ]
        if netted:
            found.append(
                self.say(
                    fill.head,
                    owner,
                    ReportKind.CLOSED,
                    NETTED,
                    price=price,
                    lots=lots_of(fill.instrument, netted),
                    profit=Decimal(0),
                    reason=NETTED,
                    text="this part of the order reduced older trades of the account",
                )
            )
        return found

    def _protection_of(self, head: Head, opened: Opened, made: Made) -> Protection:
        own = made.get((opened.trade_id, head.batch_id), {})
        if Dependent.STOP in own:
            return Protection(True, own[Dependent.STOP], own.get(Dependent.TARGET))
        return self._protection(opened.trade_id)

    def _closed(self, fill: Filled, part: Reduced, owner: str, commission: Decimal | None) -> BrokerReport:
        return self.say(
            fill.head,
            owner,
            ReportKind.CLOSED,
            f"closed:{part.trade_id}",
            venue_order_id=str(fill.order_id),
            price=part.price,
            lots=lots_of(fill.instrument, part.units),
            commission=commission,
            profit=part.profit,
            swap=-part.financing,
            reason=EXITS.get(fill.reason, NETTED),
            text=fill.reason.value,
        )

    def _cancelled(self, one: Cancelled) -> list[BrokerReport]:
        if one.client_order_id == "":
            return self._dependent_cancelled(one)
        if not is_ours(one.client_order_id) or one.reason in {BY_REPLACEMENT, *DUPLICATES}:
            return []
        was_filled = one.order_id in self._filled_orders
        if one.reason == TIME_OUT:
            kind = ReportKind.EXPIRED
        elif one.reason in BY_CLIENT or was_filled:
            kind = ReportKind.CANCELLED
        else:
            kind = ReportKind.REJECTED
        return [
            self.say(
                one.head,
                one.client_order_id,
                kind,
                "cancelled",
                venue_order_id=str(one.order_id),
                reason=our_reason(one.reason),
                text=one.reason,
            )
        ]

    def _dependent_cancelled(self, one: Cancelled) -> list[BrokerReport]:
        """A stop or a target was taken away. An order has the number of the transaction that made it."""
        if one.reason in {TRADE_GONE, BY_REPLACEMENT}:
            return []
        made = self._transaction(one.order_id)
        if not isinstance(made, DependentCreated):
            return []
        owner = made.client_trade_id or self._owner_of(made.trade_id)
        if not is_ours(owner):
            return []
        now = self._protection(made.trade_id)
        return [
            self.say(
                one.head,
                owner,
                ReportKind.MODIFIED,
                stop_loss=now.stop_loss,
                take_profit=now.take_profit,
                has_stop=now.has_stop,
                reason="" if now.has_stop else STOP_CANCELLED,
                text=f"{made.what.value} cancelled: {one.reason}",
            )
        ]

    def _dependent(self, one: DependentCreated) -> list[BrokerReport]:
        if one.reason is DependentReason.ON_FILL:
            return []  # the fill says it
        owner = one.client_trade_id or self._owner_of(one.trade_id)
        if not is_ours(owner):
            return []
        return [
            self.say(
                one.head,
                owner,
                ReportKind.MODIFIED,
                stop_loss=one.price if one.what is Dependent.STOP else None,
                take_profit=one.price if one.what is Dependent.TARGET else None,
                text=one.what.value,
            )
        ]

    def _dependent_refused(self, one: DependentRefused) -> list[BrokerReport]:
        owner = one.client_trade_id or self._owner_of(one.trade_id)
        if not is_ours(owner):
            return []
        reason = our_reason(one.reason)
        if one.made_for is DependentReason.ON_FILL and one.what is Dependent.STOP:
            now = self._protection(one.trade_id)
            return [
                self.say(
                    one.head,
                    owner,
                    ReportKind.MODIFIED,
                    stop_loss=now.stop_loss,
                    take_profit=now.take_profit,
                    has_stop=now.has_stop,
                    reason=reason,
                    text=one.reason,
                )
            ]
        return [self.say(one.head, owner, ReportKind.MODIFY_REJECTED, reason=reason, text=one.reason)]

    def _owner_of(self, trade_id: int) -> str:
        """The client id under which a trade was opened, or "". A trade has the number of its first fill."""
        if trade_id not in self._owners:
            made = self._transaction(trade_id)
            owner = ""
            if isinstance(made, Filled) and made.opened is not None and made.opened.trade_id == trade_id:
                owner = made.opened.client_trade_id or made.client_order_id
            self._owners.keep(trade_id, owner)
        return str(self._owners[trade_id])


def is_ours(client_id: str) -> bool:
    """Whether a client id is one that Hive gives to orders."""
    return client_id.startswith(OUR_PREFIX)


def mentions(one: Transaction, client_order_id: str) -> bool:
    """Whether a transaction names an order or its trade, whatever it says of it."""
    match one:
        case OrderCreated() | OrderRefused() | Cancelled() | CancelRefused():
            return one.client_order_id == client_order_id
        case Filled():
            opened = "" if one.opened is None else one.opened.client_trade_id
            return client_order_id in {one.client_order_id, opened}
        case DependentCreated() | DependentRefused():
            return one.client_trade_id == client_order_id
        case _:
            return False
