"""Reports made of an answer of `order_send`, at once, before the venue's records are read again.

They have the execution ids that `history` will give the same things later.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.order import BracketOrder
from hive_core.contracts.reasons import RejectionReason
from hive_exec.brokers.metatrader.history import History
from hive_exec.brokers.metatrader.requests import Request
from hive_exec.brokers.metatrader.retcodes import Retcode, verdict_of
from hive_exec.brokers.metatrader.rows import OrderRow, PositionRow, SendRow
from hive_exec.brokers.metatrader.terminal import Terminal
from hive_exec.brokers.port import Unavailable

_REASONS = {
    Retcode.REQUOTE: RejectionReason.PRICE_BEYOND_BOUND,
    Retcode.PRICE_CHANGED: RejectionReason.PRICE_BEYOND_BOUND,
    Retcode.PRICE_OFF: RejectionReason.NO_FRESH_QUOTE,
    Retcode.INVALID_VOLUME: RejectionReason.SIZE_REFUSED,
    Retcode.INVALID_PRICE: RejectionReason.PRICE_REFUSED,
    Retcode.INVALID_STOPS: RejectionReason.STOP_REFUSED,
    Retcode.NO_MONEY: RejectionReason.INSUFFICIENT_MARGIN,
    Retcode.MARKET_CLOSED: RejectionReason.MARKET_CLOSED,
    Retcode.TRADE_DISABLED: RejectionReason.INSTRUMENT_NOT_TRADEABLE,
    Retcode.LONG_ONLY: RejectionReason.INSTRUMENT_NOT_TRADEABLE,
    Retcode.SHORT_ONLY: RejectionReason.INSTRUMENT_NOT_TRADEABLE,
    Retcode.CLOSE_ONLY: RejectionReason.INSTRUMENT_NOT_TRADEABLE,
    Retcode.SERVER_DISABLES_AT: RejectionReason.NOT_AUTHORISED,
    Retcode.CLIENT_DISABLES_AT: RejectionReason.NOT_AUTHORISED,
    Retcode.ONLY_REAL: RejectionReason.NOT_AUTHORISED,
    Retcode.LIMIT_ORDERS: RejectionReason.VENUE_LIMIT_REACHED,
    Retcode.LIMIT_VOLUME: RejectionReason.VENUE_LIMIT_REACHED,
    Retcode.LIMIT_POSITIONS: RejectionReason.VENUE_LIMIT_REACHED,
    Retcode.FIFO_CLOSE: RejectionReason.FIFO_REQUIRED,
    Retcode.POSITION_CLOSED: RejectionReason.POSITION_CLOSED,
}
"""A refusal that none of our reasons names is REFUSED_BY_VENUE, with the venue's code and words beside it."""


class Answers:
    """Reports of one account."""

    def __init__(self, account: str, terminal: Terminal, history: History, now_ns: Callable[[], int]) -> None:
        self._account = account
        self._terminal = terminal
        self._history = history
        self._now_ns = now_ns

    def entered(self, order: BracketOrder, answer: SendRow) -> list[BrokerReport]:
        """An entry that was taken, and what a market order executed at once."""
        accepted = BrokerReport(
            account=self._account,
            client_order_id=order.client_order_id,
            kind=ReportKind.ACCEPTED,
            execution_id=f"order-{answer.order}-accepted",
            ts_ns=self._now_ns(),
            venue_order_id=str(answer.order),
            lots=order.lots,
            text=answer.comment,
        )
        if order.order_type != "market":
            return [accepted]
        return [accepted, *self._executions(order, answer, None)]

    def closed(self, order: BracketOrder, answer: SendRow, position: PositionRow) -> list[BrokerReport]:
        """What a closing order executed."""
        return self._executions(order, answer, position)

    def cancelled(self, order: BracketOrder, row: OrderRow) -> BrokerReport:
        """A working order is gone."""
        return BrokerReport(
            account=self._account,
            client_order_id=order.client_order_id,
            kind=ReportKind.CANCELLED,
            execution_id=f"order-{row.ticket}-ended",
            ts_ns=self._now_ns(),
            venue_order_id=str(row.ticket),
            lots=row.volume_current,
            reason=RejectionReason.CANCELLED_BY_CLIENT.value,
        )

    def modified(self, order: BracketOrder, change: Request) -> BrokerReport:
        """Stop and target are now those of a change."""
        now_ns = self._now_ns()
        stop, target = change.get("sl"), change.get("tp")
        return BrokerReport(
            account=self._account,
            client_order_id=order.client_order_id,
            kind=ReportKind.MODIFIED,
            execution_id=f"modified-{order.client_order_id}-{now_ns}",
            ts_ns=now_ns,
            venue_order_id=str(change.get("position") or change["order"]),
            stop_loss=None if stop is None else Decimal(stop),
            take_profit=None if target is None else Decimal(target),
            has_stop=stop is not None,
        )

    def refused(self, order: BracketOrder, kind: ReportKind, answer: SendRow) -> BrokerReport:
        """The venue refused: why, in our words and in its own."""
        now_ns = self._now_ns()
        retcode = Retcode(answer.retcode)
        verdict = verdict_of(retcode)
        return BrokerReport(
            account=self._account,
            client_order_id=order.client_order_id,
            kind=kind,
            execution_id=f"{kind.value}-{order.client_order_id}-{now_ns}",
            ts_ns=now_ns,
            reason=_REASONS.get(retcode, RejectionReason.REFUSED_BY_VENUE).value,
            text=f"{answer.retcode} {verdict.text if verdict else ''} ({answer.comment})",
        )

    def _executions(
        self, order: BracketOrder, answer: SendRow, closing: PositionRow | None
    ) -> list[BrokerReport]:
        """What a market order executed: by the venue's records where they have it yet, else by the answer.
        "Done" without a deal or a volume, and nothing in the records, is not made into an execution."""
        try:
            deals = self._terminal.deals(ticket=answer.order) if answer.order else ()
            held = {row.identifier: row for row in self._terminal.positions()}
        except Unavailable:
            # The order was done all the same. What is missing here comes by `reports_since`.
            deals, held = (), {}
        # A record may come twice; its execution id is one.
        found = {
            deal.ticket: self._history.of_deal(deal, order.client_order_id, held.get(deal.position_id))
            for deal in deals
            if deal.is_trade
        }
        if found or not answer.deal or answer.volume <= 0:
            return list(found.values())
        opened = held.get(answer.order) if closing is None else None
        return [
            BrokerReport(
                account=self._account,
                client_order_id=order.client_order_id,
                kind=ReportKind.FILLED if closing is None else ReportKind.CLOSED,
                execution_id=f"deal-{answer.deal}",
                ts_ns=self._now_ns(),
                venue_order_id=str(answer.order if closing is None else closing.identifier),
                price=answer.price,
                lots=answer.volume,
                stop_loss=opened.stop_loss if opened else None,
                take_profit=opened.take_profit if opened else None,
                has_stop=not (opened and opened.stop_loss is None),
                reason="" if closing is None else "requested",
                text=answer.comment,
            )
        ]
