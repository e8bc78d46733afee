"""MetaTrader 5 behind the broker port: one account, through the bridge beside its terminal.

Before an order is sent, everything that can be known beforehand is asked (account, connection, symbol,
quote, `order_check`), and what fails there is `NotSent`. Then `order_send` is called once. Only the codes
that the documentation calls a refusal are one; a lost answer, no answer, "time-out", "no connection" and
codes that nobody documented are `Ambiguous`, and `look_up` finds out.

What the venue cannot do: keep a price bound at market execution (a deviation is sent, and brokers ignore
it there), hold two of our orders apart in one symbol of a netting account (the second is not sent).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from pydantic import SecretStr

from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_core.contracts.broker import (
    BrokerReport,
    BrokerSnapshot,
    Capabilities,
    Lookup,
    ReportKind,
)
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.metatrader import requests
from hive_exec.brokers.metatrader.absence import Absence
from hive_exec.brokers.metatrader.answers import Answers
from hive_exec.brokers.metatrader.books import read_books, venue_order, venue_position
from hive_exec.brokers.metatrader.channel import Channel
from hive_exec.brokers.metatrader.constants import PositionKind
from hive_exec.brokers.metatrader.guard import Guard
from hive_exec.brokers.metatrader.history import History
from hive_exec.brokers.metatrader.identity import Identities
from hive_exec.brokers.metatrader.listening import Listener
from hive_exec.brokers.metatrader.retcodes import Meaning, Retcode
from hive_exec.brokers.metatrader.rows import (
    OrderRow,
    PositionRow,
    SymbolRow,
    TickRow,
)
from hive_exec.brokers.metatrader.sending import Pace, Sender
from hive_exec.brokers.metatrader.server_time import ServerClock
from hive_exec.brokers.metatrader.symbols import SymbolNames
from hive_exec.brokers.metatrader.terminal import Misread, Terminal
from hive_exec.brokers.port import Ambiguous, NotSent, Sink, Unavailable

DAY_S = 86_400
"""History is asked for up to a day ahead: a clock that is behind must not hide the last deals."""


class MetaTraderBroker:
    """One account. `known_order_ids` are the ids of orders that may still stand at the venue: with them a
    row whose comment the broker cut off is named by its magic number."""

    def __init__(
        self,
        settings: MetaTraderSettings,
        account: str,
        token: SecretStr,
        *,
        known_order_ids: Iterable[str] = (),
        now_ns: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account = account
        self._settings = settings
        self._token = token
        self._now_ns = now_ns
        self._clock = ServerClock(settings.server_clock)
        self._symbols = SymbolNames(settings)
        self._names = Identities(settings.magic, known_order_ids)
        self._terminal = self._new_terminal()
        self._guard = Guard(settings, self._clock, now_ns)
        self._history = History(account, self._terminal, self._names, self._clock)
        self._sink: Sink | None = None
        self._sender = Sender(
            self._terminal, self._trouble, Pace(settings.max_requests_per_s, monotonic, sleep)
        )
        self._answers = Answers(account, self._terminal, self._history, now_ns)

    @property
    def capabilities(self) -> Capabilities:
        """What a MetaTrader account can do, by the settings; the guard compares them with the account."""
        return Capabilities(
            kind="metatrader",
            is_hedging=self._settings.accounting == "hedging",
            deduplicates_client_ids=False,
            has_price_bound=False,
            has_good_till=True,
            has_reports_since=True,
            settle_s=self._settings.settle_s,
            max_requests_per_s=self._settings.max_requests_per_s,
        )

    def submit(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """One entry with its stop and target. See `hive_exec.brokers.port`."""
        magic = self._names.learn(order.client_order_id)
        if self._now_ns() >= order.good_till_ns:
            raise NotSent("the order's time has passed")
        symbol, tick = self._ready(order.symbol)
        self._refuse_second(order, symbol)
        request = requests.entry_request(
            order, symbol, tick, magic, self._clock.to_server_s(order.good_till_ns)
        )
        is_pending = order.order_type != "market"
        meaning, answer = self._sender.create(request, symbol, is_pending=is_pending, may_wait=False)
        if meaning is Meaning.REFUSED:
            return (self._answers.refused(order, ReportKind.REJECTED, answer),)
        if not answer.order:
            raise Ambiguous(f"MetaTrader says {answer.retcode} and gives no ticket")
        return self._answers.entered(order, answer)

    def modify(
        self, order: BracketOrder, stop_loss: Decimal | None, take_profit: Decimal | None
    ) -> Sequence[BrokerReport]:
        """Move stop and target of what works and of what is open. See the port."""
        self._names.learn(order.client_order_id)
        symbol, tick = self._ready(order.symbol)
        working, positions = self._mine(order)
        changes = [requests.levels_request(row, stop_loss, take_profit, symbol, tick) for row in positions]
        changes += [requests.change_request(row, stop_loss, take_profit, symbol, tick) for row in working]
        if not changes:
            raise NotSent("neither a working order nor an open position of this order is at the venue")
        answers = [(change, *self._sender.change(change, symbol)) for change in changes]
        return [
            self._answers.refused(order, ReportKind.MODIFY_REJECTED, answer)
            if meaning is Meaning.REFUSED
            else self._answers.modified(order, change)
            for change, meaning, answer in answers
            if meaning is not Meaning.PLACED
        ]

    def cancel(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """Cancel what works. Where nothing does, what became of it is told. See the port."""
        self._names.learn(order.client_order_id)
        symbol, tick = self._ready(order.symbol, needs_fresh_quote=False)
        working, _ = self._mine(order)
        if not working:
            return self._became(order, "no order of this id works at the venue")
        reports: list[BrokerReport] = []
        for row in working:
            requests.check_order_not_frozen(row, symbol, tick)
            meaning, answer = self._sender.change(requests.removal_request(row), symbol)
            if meaning is Meaning.REFUSED:
                reports.append(self._answers.refused(order, ReportKind.CANCEL_REJECTED, answer))
            elif meaning is Meaning.DONE:
                reports.append(self._answers.cancelled(order, row))
        return reports

    def close_position(
        self, order: BracketOrder, lots: Decimal | None, request_id: str
    ) -> Sequence[BrokerReport]:
        """Close at the market what the order opened. See the port."""
        magic = self._names.learn(order.client_order_id)
        symbol, tick = self._ready(order.symbol)
        _, positions = self._mine(order)
        if not positions:
            return self._became(order, "no open position of this order is at the venue")
        position = positions[0]
        request = requests.close_request(
            position, position.volume if lots is None else lots, symbol, tick, magic, request_id
        )
        meaning, answer = self._sender.create(request, symbol, is_pending=False, may_wait=True)
        if meaning is Meaning.REFUSED:
            if answer.retcode == Retcode.POSITION_CLOSED:
                return self._became(order, "the position is closed already")
            raise NotSent(f"not closed: {answer.retcode} {answer.comment}")
        return self._answers.closed(order, answer, position)

    def look_up(self, order: BracketOrder, since_cursor: str) -> Lookup:
        """What became of an order. See the port; what proves absence is `absence`'s question."""
        self._names.learn(order.client_order_id)
        self._guard.check(self._terminal)
        absence = Absence(self._settings, self._clock, self._now_ns)
        cursor_s = _cursor(since_cursor) if since_cursor else None
        begin_s = absence.begin_s(order, cursor_s)
        found, _ = self._history.between(begin_s, self._end_s())
        reports = tuple(report for report in found if report.client_order_id == order.client_order_id)
        if reports:
            return Lookup(order.client_order_id, reports, is_proof=False)
        doubt = absence.doubt(order, cursor_s, self._terminal, self._history, self._venue_name(order.symbol))
        return Lookup(order.client_order_id, (), is_proof=not doubt, text=doubt)

    def snapshot(self) -> BrokerSnapshot:
        """The books at one instant. See the port."""
        cursor = str(self._clock.to_server_s(self._now_ns()))
        account = self._guard.check(self._terminal)
        orders, positions = read_books(self._terminal)
        return BrokerSnapshot(
            account=self._account,
            ts_ns=self._now_ns(),
            cursor=cursor,
            balance=account.balance,
            equity=account.equity,
            margin_used=account.margin,
            orders=tuple(
                venue_order(row, self._names, self._symbols) for row in orders if row.position_id == 0
            ),
            positions=tuple(venue_position(row, self._names, self._symbols) for row in positions),
        )

    def reports_since(self, cursor: str) -> tuple[tuple[BrokerReport, ...], str]:
        """Reports after a cursor, those of `overlap_s` before it once more: deals can arrive late, stamped
        with the time at which they were made. The cursor moves with what was seen, not with our clock."""
        self._guard.check(self._terminal)
        since_s = _cursor(cursor)
        begin_s = max(0, since_s - self._settings.overlap_s)
        reports, latest_s = self._history.between(begin_s, self._end_s())
        # A stamp ahead of the clock must not carry the cursor past what is yet to come.
        return tuple(reports), str(max(since_s, min(latest_s, self._clock.to_server_s(self._now_ns()))))

    def listen(self, symbols: Sequence[str], sink: Sink, stop: threading.Event) -> None:
        """Poll quotes and reports until `stop`. See the port. It has a connection of its own."""
        self._sink = sink
        terminal = self._new_terminal()
        try:
            Listener(
                terminal,
                Guard(self._settings, self._clock, self._now_ns),
                History(self._account, terminal, self._names, self._clock),
                self._settings,
                self._clock,
                self._now_ns,
            ).run({name: self._venue_name(name) for name in symbols}, sink, stop)
        finally:
            self._sink = None
            terminal.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._terminal.close()

    def _new_terminal(self) -> Terminal:
        settings = self._settings
        return Terminal(
            Channel(
                settings.bridge_host,
                settings.bridge_port,
                self._token.get_secret_value(),
                settings.answer_timeout_s,
            )
        )

    def _venue_name(self, symbol: str) -> str:
        return self._symbols.venue_name(symbol)

    def _end_s(self) -> int:
        return self._clock.to_server_s(self._now_ns()) + DAY_S

    def _ready(self, symbol: str, *, needs_fresh_quote: bool = True) -> tuple[SymbolRow, TickRow]:
        """All that is asked before a send. What cannot be answered is `NotSent`: nothing has left yet."""
        name = self._venue_name(symbol)
        try:
            self._guard.check(self._terminal, is_to_trade=True)
            facts = self._terminal.symbol(name)
            tick = self._terminal.tick(name)
        except Misread as fault:
            self._trouble(str(fault))
            raise NotSent(str(fault)) from None
        except Unavailable as fault:
            raise NotSent(str(fault), is_passing=fault.is_passing) from None
        if needs_fresh_quote:
            self._guard.check_quote(name, tick)
        return facts, tick

    def _mine(self, order: BracketOrder) -> tuple[list[OrderRow], list[PositionRow]]:
        """Working orders and open positions of an order."""
        try:
            orders, positions = self._terminal.orders(), self._terminal.positions()
        except Unavailable as fault:
            raise NotSent(str(fault), is_passing=fault.is_passing) from None
        mine = order.client_order_id
        return (
            [
                row
                for row in orders
                if row.position_id == 0 and self._names.name(row.magic, row.comment) == mine
            ],
            # One that a person turned round keeps the numbers of ours, and is not ours.
            [
                row
                for row in positions
                if self._names.name(row.magic, row.comment) == mine
                and (row.kind is PositionKind.BUY) == (order.side == "buy")
            ],
        )

    def _refuse_second(self, order: BracketOrder, symbol: SymbolRow) -> None:
        """What stands at the venue already, and forbids the order.

        Raises:
            Ambiguous: this very order stands there: it must have been sent before.
            NotSent: a netting account would mix it with another.
        """
        working, positions = self._mine(order)
        if working or positions:
            raise Ambiguous("an order of this id is at the venue already; it is not sent again")
        if self._settings.accounting == "hedging":
            return
        try:
            held = [row for row in self._terminal.positions() if row.symbol == symbol.name]
            waiting = [row for row in self._terminal.orders() if row.symbol == symbol.name]
        except Unavailable as fault:
            raise NotSent(str(fault), is_passing=fault.is_passing) from None
        if held or waiting:
            raise NotSent(
                f"{symbol.name} has a position or an order already, and a netting account merges them: "
                "the stop of one would be the stop of both"
            )

    def _became(self, order: BracketOrder, text: str) -> Sequence[BrokerReport]:
        """What the records say of an order of which nothing stands; `NotSent` where they say nothing."""
        begin_s = self._clock.to_server_s(order.submitted_ns) - self._settings.overlap_s
        try:
            found, _ = self._history.between(max(0, begin_s), self._end_s())
        except Unavailable as fault:
            raise NotSent(str(fault), is_passing=fault.is_passing) from None
        reports = [report for report in found if report.client_order_id == order.client_order_id]
        if not reports:
            raise NotSent(f"{text}, and its records do not know it")
        return reports

    def _trouble(self, text: str) -> None:
        sink = self._sink
        if sink is not None:
            sink.trouble(text)


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Unavailable(f"{text!r} is no cursor of a MetaTrader account", is_passing=False)
    return int(text)
