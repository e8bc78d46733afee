"""What became of our orders, from the venue's own records: orders, deals and positions as reports.

One report has one execution id, made of the venue's tickets, however often and by whichever way it is read.
Which order a closing deal belongs to follows from its position: the venue's stops and a person's hand leave
neither our comment nor, at some brokers, our magic number on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_exec.brokers.metatrader.constants import DealEntry, DealReason, OrderState
from hive_exec.brokers.metatrader.identity import Identities
from hive_exec.brokers.metatrader.rows import DealRow, OrderRow, PositionRow
from hive_exec.brokers.metatrader.server_time import ServerClock
from hive_exec.brokers.metatrader.terminal import Terminal

_CLOSED_BY = {DealReason.SL: "stop", DealReason.TP: "target", DealReason.SO: "stop_out"}
_BY_HAND = frozenset({DealReason.CLIENT, DealReason.MOBILE, DealReason.WEB})
UNDER_WAY = frozenset({OrderState.STARTED, OrderState.REQUEST_ADD})
"""States in which the venue has not taken the order yet."""
_ENDED = {
    OrderState.CANCELED: ReportKind.CANCELLED,
    OrderState.EXPIRED: ReportKind.EXPIRED,
    OrderState.REJECTED: ReportKind.REJECTED,
}


class History:
    """Reports of one account, made from what one terminal knows."""

    def __init__(self, account: str, terminal: Terminal, names: Identities, clock: ServerClock) -> None:
        self._account = account
        self._terminal = terminal
        self._names = names
        self._clock = clock
        # A position never changes its opener: what was learned once need not be asked again.
        self._owners: dict[int, str] = {}

    def between(self, from_server_s: int, to_server_s: int) -> tuple[list[BrokerReport], int]:
        """Every report of our orders whose orders or deals lie in a window of the server's time, in order of
        time and ticket, and the latest second that was seen in it (0 where it is empty).

        Raises:
            Unavailable: the records could not be read.
        """
        window = {"date_from": from_server_s, "date_to": to_server_s}
        working = self._terminal.orders()
        past = self._terminal.past_orders(**window)
        deals = self._terminal.deals(**window)
        # Positions last: one that a deal opened is here, unless it has closed since.
        positions = {row.identifier: row for row in self._terminal.positions()}
        stamped: dict[str, tuple[int, int, BrokerReport]] = {}
        for row in (*(row for row in working if row.setup_ms >= from_server_s * 1000), *past):
            for at_ms, report in self._of_order(row):
                stamped[report.execution_id] = (at_ms, row.ticket, report)
        orders = {row.ticket: row for row in (*working, *past)}
        for deal in deals:
            if deal.is_trade and (name := self._owner(deal, orders)):
                report = self.of_deal(deal, name, positions.get(deal.position_id))
                stamped[report.execution_id] = (deal.server_ms, deal.ticket, report)
        for position in positions.values():
            if found := self._without_stop(position):
                # After what else happened in that millisecond: it tells how things stand.
                stamped[found.execution_id] = (position.update_ms, 2**63, found)
        latest_ms = max(
            (*(row.done_ms for row in past), *(row.server_ms for row in deals), 0),
        )
        ordered = sorted(stamped.values(), key=lambda entry: entry[:2])
        return [report for _, _, report in ordered], latest_ms // 1000

    def of_deal(self, deal: DealRow, name: str, position: PositionRow | None) -> BrokerReport:
        """The report of one execution. `position` is the one it opened, where that is still to be seen."""
        is_entry = deal.entry is DealEntry.IN
        reason = ""
        if not is_entry:
            by_hand = "manual" if deal.reason in _BY_HAND else "requested"
            reason = _CLOSED_BY.get(deal.reason, by_hand)
        return BrokerReport(
            account=self._account,
            client_order_id=name,
            kind=ReportKind.FILLED if is_entry else ReportKind.CLOSED,
            execution_id=f"deal-{deal.ticket}",
            ts_ns=self._clock.to_utc_ns(deal.server_ms),
            venue_order_id=str(deal.position_id),
            price=deal.price,
            lots=self._closed_part(deal) if deal.entry is DealEntry.INOUT else deal.volume,
            stop_loss=position.stop_loss if is_entry and position else None,
            take_profit=position.take_profit if is_entry and position else None,
            has_stop=not (is_entry and position is not None and position.stop_loss is None),
            # The venue's costs are negative amounts.
            commission=-(deal.commission + deal.fee),
            profit=deal.profit,
            swap=-deal.swap,
            reason=reason,
            text=deal.comment,
        )

    def accepted(self, row: OrderRow, name: str) -> BrokerReport:
        """The report that the venue has taken an order."""
        return BrokerReport(
            account=self._account,
            client_order_id=name,
            kind=ReportKind.ACCEPTED,
            execution_id=f"order-{row.ticket}-accepted",
            ts_ns=self._clock.to_utc_ns(row.setup_ms),
            venue_order_id=str(row.ticket),
            lots=row.volume_initial,
            stop_loss=row.stop_loss,
            take_profit=row.take_profit,
            text=row.comment,
        )

    def name_of(self, magic: int, comment: str) -> str:
        """The client order id of a row, or ""."""
        return self._names.name(magic, comment)

    def _of_order(self, row: OrderRow) -> Iterable[tuple[int, BrokerReport]]:
        name = self._names.name(row.magic, row.comment)
        # An order that closes carries the position of another; one that opens its own number, or none yet.
        if not name or row.position_id not in (0, row.ticket) or row.state in UNDER_WAY:
            return
        if row.state is not OrderState.REJECTED:
            yield row.setup_ms, self.accepted(row, name)
        kind = _ENDED.get(row.state)
        is_past = row.done_ms > 0
        if kind is None and is_past and row.volume_current > 0:
            # Filled in part, and no longer working: the rest was cancelled by its filling mode.
            kind = ReportKind.CANCELLED
        if kind is not None:
            yield (
                row.done_ms,
                BrokerReport(
                    account=self._account,
                    client_order_id=name,
                    kind=kind,
                    execution_id=f"order-{row.ticket}-ended",
                    ts_ns=self._clock.to_utc_ns(row.done_ms),
                    venue_order_id=str(row.ticket),
                    lots=row.volume_current,
                    text=row.comment,
                ),
            )

    def _owner(self, deal: DealRow, orders: dict[int, OrderRow]) -> str:
        """Whose order a deal executes: of an entry its own, of an exit that which opened the position."""
        if deal.entry is DealEntry.IN:
            name = self._names.name(deal.magic, deal.comment)
            if not name and (row := orders.get(deal.order)):
                name = self._names.name(row.magic, row.comment)
            if name:
                self._owners[deal.position_id] = name
            return name
        if deal.position_id not in self._owners:
            self._owners[deal.position_id] = self._opener(deal.position_id)
        return self._owners[deal.position_id]

    def _opener(self, position_id: int) -> str:
        orders = self._terminal.past_orders(position=position_id)
        by_ticket = {row.ticket: row for row in orders}
        for deal in self._terminal.deals(position=position_id):
            if deal.entry is DealEntry.IN and (name := self._owner(deal, by_ticket)):
                return name
        return ""

    def _closed_part(self, reversal: DealRow) -> Decimal:
        """How much of a position a deal closed that turned it round: what was open before it."""
        held = Decimal(0)
        for deal in self._terminal.deals(position=reversal.position_id):
            if deal.ticket < reversal.ticket and deal.is_trade:
                held += deal.volume if deal.entry is DealEntry.IN else -deal.volume
        return min(held, reversal.volume)

    def _without_stop(self, position: PositionRow) -> BrokerReport | None:
        name = self._names.name(position.magic, position.comment)
        if not name or position.stop_loss is not None:
            return None
        return BrokerReport(
            account=self._account,
            client_order_id=name,
            kind=ReportKind.MODIFIED,
            execution_id=f"no-stop-{position.identifier}-{position.update_ms}",
            ts_ns=self._clock.to_utc_ns(position.update_ms),
            venue_order_id=str(position.identifier),
            lots=position.volume,
            take_profit=position.take_profit,
            has_stop=False,
            text="the position stands without a stop",
        )
