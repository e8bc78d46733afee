"""The broker port over OANDA's v20 interface: one account, one request at a time, nothing sent twice.

Which status or error means what is `classification`'s; what a transaction means for an order `reports`'s.
A client id is no idempotency key here: the venue refuses a second use only while the first order waits or
its trade is open, so a request is never repeated, and absence is proved by the log alone.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr

from hive_core.configuration.broker_oanda import OandaSettings
from hive_core.contracts.broker import BrokerReport, BrokerSnapshot, Capabilities, Lookup, ReportKind
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.oanda.answers import Answers
from hive_exec.brokers.oanda.books import (
    HeldOrder,
    HeldTrade,
    OrderStatus,
    TradeStatus,
    read_order,
    read_snapshot,
    read_trade,
)
from hive_exec.brokers.oanda.limits import REQUESTS_PER_S
from hive_exec.brokers.oanda.listening import Listener
from hive_exec.brokers.oanda.log import TransactionLog
from hive_exec.brokers.oanda.reading import Fields, Unreadable, read_document
from hive_exec.brokers.oanda.reports import OUR_PREFIX, Interpreter, Protection, is_ours, mentions
from hive_exec.brokers.oanda.requests import order_request, stop_details, target_details
from hive_exec.brokers.oanda.symbols import (
    NotExpressible,
    VenueInstrument,
    read_instruments,
    units_of,
    venue_name,
)
from hive_exec.brokers.oanda.transactions import Filled, OrderCreated, OrderRefused, Transaction
from hive_exec.brokers.oanda.transport import Transport
from hive_exec.brokers.port import Ambiguous, NotSent, Sink, Unavailable

REMEMBERED_SENDS = 1_024
Held = TypeVar("Held", HeldOrder, HeldTrade)
_ANSWERED = frozenset({200, 201})
_NOT_ALLOWED = frozenset({401, 403})


class OandaBroker:
    """One account at OANDA. Implements `hive_exec.brokers.port.Broker`."""

    def __init__(
        self,
        settings: OandaSettings,
        account: str,
        token: SecretStr,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """
        Args:
            account: our name of the account, as reports carry it.
            now_ns: wall clock, nanoseconds since 1970 UTC: the one by which orders are stamped.
            monotonic, sleep: seconds, for rate limits and time-outs.
            transport: replaces the network, for tests.
        """
        self._settings = settings
        self._account = account
        self._now_ns = now_ns
        self._transport = Transport(settings, token, monotonic=monotonic, sleep=sleep, transport=transport)
        self._log = TransactionLog(self._transport, settings.account_id)
        self._interpreter = Interpreter(account, self._log.one, self._protection)
        # The fill in an answer is certain, whether or not the question after its stop is answered.
        lenient = Interpreter(account, self._log.one, self._protection_if_known)
        self._answers = Answers(lenient, account, settings.account_id, now_ns)
        self._path = f"/v3/accounts/{settings.account_id}"
        self._instruments: dict[str, VenueInstrument] = {}
        self._sent_ns: OrderedDict[str, int] = OrderedDict()
        self._read_up_to = 0

    @property
    def capabilities(self) -> Capabilities:
        """What OANDA can do. Client ids are refused only while in use, which is no de-duplication."""
        return Capabilities(
            kind="oanda",
            is_hedging=self._settings.hedging,
            deduplicates_client_ids=False,
            has_price_bound=True,
            has_good_till=True,
            has_reports_since=True,
            settle_s=self._settings.settle_s,
            max_requests_per_s=REQUESTS_PER_S,
        )

    def submit(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """As the port. A refusal for the token (401, 403) comes before the venue processes anything: it is
        reported as rejected. An id that is in use is no refusal of this order, and ambiguous."""
        self._check_tradeable(order)
        try:
            body = order_request(order, self._instrument(order.symbol))
        except NotExpressible as error:
            raise NotSent(str(error)) from None
        self._sent_ns[order.client_order_id] = self._now_ns()
        while len(self._sent_ns) > REMEMBERED_SENDS:
            self._sent_ns.popitem(last=False)
        answer = self._transport.change("POST", f"{self._path}/orders", body)
        if answer.status in _NOT_ALLOWED:
            return [self._answers.not_allowed(order.client_order_id, ReportKind.REJECTED, answer, "submit")]
        told = self._answers.told(answer, _CREATED if answer.status in _ANSWERED else _CREATE_REFUSED)
        if not any(isinstance(one, OrderCreated | OrderRefused) for one in told):
            raise Ambiguous(
                f"OANDA answered {answer.status}, neither that the order exists nor that it is refused"
            )
        return self._answers.reports(told, order.client_order_id)

    def modify(
        self, order: BracketOrder, stop_loss: Decimal | None, take_profit: Decimal | None
    ) -> Sequence[BrokerReport]:
        """As the port. Of an open trade its dependent orders are changed; an order that waits is replaced,
        which the venue does in one: never are there two."""
        self._check_tradeable(order)
        instrument = self._instrument(order.symbol)
        try:
            trade = self._held_trade(order.client_order_id)
            held = None if trade is not None else self._held_order(order.client_order_id)
        except Unavailable as error:
            raise NotSent(f"nothing was changed: {error}", is_passing=error.is_passing) from None
        try:
            if trade is not None and trade.status is TradeStatus.OPEN:
                path, body = (
                    f"trades/{trade.id}/orders",
                    _dependents(order, instrument, stop_loss, take_profit),
                )
            elif held is not None and held.status is OrderStatus.PENDING:
                path = f"orders/{held.id}"
                body = _replacement(order, instrument, held, stop_loss, take_profit)
            else:
                return [
                    self._answers.nothing_there(order.client_order_id, ReportKind.MODIFY_REJECTED, "modify")
                ]
        except NotExpressible as error:
            raise NotSent(str(error)) from None
        answer = self._transport.change("PUT", f"{self._path}/{path}", body)
        if answer.status in _NOT_ALLOWED:
            return [
                self._answers.not_allowed(order.client_order_id, ReportKind.MODIFY_REJECTED, answer, "modify")
            ]
        told = self._answers.told(answer, _MODIFIED if answer.status in _ANSWERED else _MODIFY_REFUSED)
        if answer.status not in _ANSWERED:
            return [self._answers.refusal(told, order.client_order_id, ReportKind.MODIFY_REJECTED)]
        return self._answers.reports(told, order.client_order_id)

    def cancel(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """As the port."""
        answer = self._transport.change("PUT", f"{self._path}/orders/@{order.client_order_id}/cancel")
        if answer.status in _NOT_ALLOWED:
            return [
                self._answers.not_allowed(order.client_order_id, ReportKind.CANCEL_REJECTED, answer, "cancel")
            ]
        if answer.status in _ANSWERED:
            return self._answers.reports(
                self._answers.told(answer, ("orderCancelTransaction",)), order.client_order_id
            )
        told = self._answers.told(answer, ("orderCancelRejectTransaction",))
        return [self._answers.refusal(told, order.client_order_id, ReportKind.CANCEL_REJECTED)]

    def close_position(
        self, order: BracketOrder, lots: Decimal | None, request_id: str
    ) -> Sequence[BrokerReport]:
        """As the port. The trade that the order opened is closed by its own id, so it is that one and no
        older one, of ours or of a person's, and nothing can be opened. The venue lets such a request carry no
        id: what it did is known by the trade. A refusal is a `modify_rejected` report of the order, whose
        text names the request."""
        self._check_tradeable(order)
        try:
            units = (
                "ALL" if lots is None else f"{units_of(self._instrument(order.symbol), order.symbol, lots):f}"
            )
        except NotExpressible as error:
            raise NotSent(str(error)) from None
        owner, refused = order.client_order_id, ReportKind.MODIFY_REJECTED
        answer = self._transport.change("PUT", f"{self._path}/trades/@{owner}/close", {"units": units})
        if answer.status in _NOT_ALLOWED:
            return [self._answers.not_allowed(owner, refused, answer, "close")]
        told = self._answers.told(answer, _CLOSED if answer.status in _ANSWERED else _CREATE_REFUSED)
        fills = [one for one in told if isinstance(one, Filled)]
        if not fills:
            return [self._answers.refusal(told, owner, refused, f"close {request_id}: ")]
        return self._answers.reports(fills, owner)

    def look_up(self, order: BracketOrder, since_cursor: str) -> Lookup:
        """As the port. Absence is proved by a whole log from the cursor, read `settle_s` or more after the
        order was sent, in which nothing names the order, while the venue knows no order of that id either."""
        asked_ns = self._now_ns()
        client_order_id = order.client_order_id
        is_named = False
        if since_cursor:
            transactions, _ = self._log.since(since_cursor)
            found = [
                one
                for one in self._interpreter.reports(transactions)
                if one.client_order_id == client_order_id
            ]
            if found:
                return Lookup(client_order_id, tuple(found), is_proof=False, text="found in the venue's log")
            is_named = any(mentions(one, client_order_id) for one in transactions)
        told = self._story(client_order_id)
        found = [one for one in self._interpreter.reports(told) if one.client_order_id == client_order_id]
        if found:
            return Lookup(client_order_id, tuple(found), is_proof=False, text="found by its id")
        if told or is_named:
            return Lookup(
                client_order_id,
                (),
                is_proof=False,
                text="the venue names it, and does not say what became of it",
            )
        if not since_cursor:
            return Lookup(
                client_order_id,
                (),
                is_proof=False,
                text="not found, and there is no cursor to read the log from",
            )
        sent_ns = max(order.submitted_ns, self._sent_ns.get(client_order_id, 0))
        settled_ns = sent_ns + self._settings.settle_s * 1_000_000_000
        if asked_ns < settled_ns:
            wait_s = (settled_ns - asked_ns) // 1_000_000_000 + 1
            return Lookup(
                client_order_id, (), is_proof=False, text=f"not found; it may still arrive for {wait_s} s"
            )
        return Lookup(client_order_id, (), is_proof=True, text=f"not in the whole log after {since_cursor}")

    def snapshot(self) -> BrokerSnapshot:
        """As the port."""
        answer = self._transport.ask(self._path)
        if answer.status != 200:
            raise Unavailable("OANDA does not know the account: check account_id and the environment")
        try:
            found = read_snapshot(
                read_document(answer.body),
                self._settings.account_id,
                self._account,
                self._now_ns(),
                hedging=self._settings.hedging,
            )
        except Unreadable as error:
            raise Unavailable(f"OANDA's account details: {error}") from None
        self._read_up_to = max(self._read_up_to, int(found.cursor))
        return found

    def reports_since(self, cursor: str) -> tuple[tuple[BrokerReport, ...], str]:
        """As the port. A log that was not given whole, or holds what is not understood, is not available."""
        transactions, after = self._log.since(cursor)
        found = tuple(self._interpreter.reports(transactions))
        self._read_up_to = max(self._read_up_to, int(after))
        return found, after

    def listen(self, symbols: Sequence[str], sink: Sink, stop: threading.Event) -> None:
        """As the port. What came after the last snapshot or reading of the log is told first."""
        interpreter = Interpreter(self._account, self._log.one, self._protection)
        listener = Listener(
            self._transport, self._settings.account_id, interpreter, self._log, lambda: self._read_up_to
        )
        listener.listen(symbols, sink, stop)

    def close(self) -> None:
        """Let go of connections. Nothing is cancelled."""
        self._transport.close()

    def _check_tradeable(self, order: BracketOrder) -> None:
        if order.account != self._account:
            raise NotSent(f"{order.client_order_id} is of account {order.account}, this is {self._account}")
        if self._settings.mt4_linked:
            raise NotSent(
                "the account is linked to MetaTrader 4, where OANDA forbids client ids, and without these an "
                "order cannot be recognised again: trade a v20 account that is not linked"
            )
        if not is_ours(order.client_order_id):
            raise NotSent(
                f"{order.client_order_id} does not begin with {OUR_PREFIX}, as ids of Hive's orders do"
            )

    def _instrument(self, symbol: str) -> VenueInstrument:
        """The venue's facts of an instrument, asked for once. Raises NotSent."""
        try:
            name = venue_name(symbol)
            if not self._instruments:
                answer = self._transport.ask(f"{self._path}/instruments")
                if answer.status != 200:
                    raise NotSent("OANDA does not know the account: check account_id and the environment")
                self._instruments = read_instruments(read_document(answer.body))
        except Unavailable as error:
            raise NotSent(str(error), is_passing=error.is_passing) from None
        except (NotExpressible, Unreadable) as error:
            raise NotSent(str(error)) from None
        found = self._instruments.get(name)
        if found is None:
            raise NotSent(f"this OANDA account has no {name}, which is {symbol}: trade it elsewhere")
        return found

    def _story(self, client_order_id: str) -> list[Transaction]:
        """The transactions of an order and its trade, found by its id. Raises Unavailable."""
        held, trade = self._held_order(client_order_id), self._held_trade(client_order_id)
        numbers = set() if held is None else set(held.transactions)
        if trade is None and held is not None and held.trade_id is not None:
            trade = self._trade_at(str(held.trade_id))
        if trade is not None:
            numbers |= {trade.id, *trade.closings}
        return [self._log.one(number) for number in sorted(numbers)]

    def _held_order(self, client_order_id: str) -> HeldOrder | None:
        return self._book(f"orders/@{client_order_id}", lambda found: read_order(found.inner("order")))

    def _held_trade(self, client_order_id: str) -> HeldTrade | None:
        return self._trade_at(f"@{client_order_id}")

    def _trade_at(self, specifier: str) -> HeldTrade | None:
        return self._book(f"trades/{specifier}", lambda found: read_trade(found.inner("trade")))

    def _book(self, path: str, read: Callable[[Fields], Held]) -> Held | None:
        """One thing of the venue's books, or None where it has none. Raises Unavailable."""
        answer = self._transport.ask(f"{self._path}/{path}")
        if answer.status == 404:
            return None
        try:
            return read(read_document(answer.body))
        except Unreadable as error:
            raise Unavailable(f"OANDA's {path}: {error}") from None

    def _protection(self, trade_id: int) -> Protection:
        trade = self._trade_at(str(trade_id))
        if trade is None:
            raise Unavailable(f"OANDA does not know its own trade {trade_id} yet")
        return trade.protection

    def _protection_if_known(self, trade_id: int) -> Protection:
        try:
            return self._protection(trade_id)
        except Unavailable:
            # A fill that is known must not wait for this. The stream and every snapshot say it again.
            return Protection(True, None, None)


_CREATE_REFUSED = ("orderRejectTransaction",)
_CREATED = (
    *_CREATE_REFUSED,  # seen with a status of success too
    "orderCreateTransaction",
    "orderFillTransaction",
    "orderCancelTransaction",
    "orderReissueTransaction",
    "orderReissueRejectTransaction",
)
_CLOSED = ("orderCreateTransaction", "orderFillTransaction", "orderCancelTransaction")
_DEPENDENTS = ("stopLossOrder", "takeProfitOrder")
_MODIFIED = (
    *(
        f"{one}{what}"
        for one in _DEPENDENTS
        for what in ("Transaction", "FillTransaction", "CreatedCancelTransaction")
    ),
    "orderCancelTransaction",
    "orderCreateTransaction",
    "orderFillTransaction",
    "replacingOrderCancelTransaction",
)
_MODIFY_REFUSED = (
    *(f"{one}{what}" for one in _DEPENDENTS for what in ("RejectTransaction", "CancelRejectTransaction")),
    "orderRejectTransaction",
    "orderCancelRejectTransaction",
)


def _dependents(
    order: BracketOrder, instrument: VenueInstrument, stop_loss: Decimal | None, take_profit: Decimal | None
) -> dict[str, Any]:
    body = {}
    if stop_loss is not None:
        body["stopLoss"] = stop_details(order, instrument, stop_loss)
    if take_profit is not None:
        body["takeProfit"] = target_details(order, instrument, take_profit)
    if not body:
        raise NotExpressible("neither a stop nor a target is to be moved")
    return body


def _replacement(
    order: BracketOrder,
    instrument: VenueInstrument,
    held: HeldOrder,
    stop_loss: Decimal | None,
    take_profit: Decimal | None,
) -> dict[str, Any]:
    """The order as it waits, with another stop or target: what is left alone is as the venue holds it."""
    stop = stop_loss or held.stop_loss or order.stop_loss
    target = take_profit or held.take_profit or order.take_profit
    return order_request(order.model_copy(update={"stop_loss": stop, "take_profit": target}), instrument)
