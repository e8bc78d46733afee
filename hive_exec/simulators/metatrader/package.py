"""The vendor's package over the simulated server: the functions that the bridge calls, with their rows.

Rows have the documented names and floats. Functions return None where the documentation says so, and leave
the reason to `last_error`. The package's constants are left out: the bridge passes numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from hive_exec.brokers.metatrader.constants import (
    COMMENT_CHARACTERS,
    DealReason,
    Lifetime,
    MarginMode,
    TradeAction,
)
from hive_exec.brokers.metatrader.retcodes import Retcode
from hive_exec.simulators.metatrader import rows
from hive_exec.simulators.metatrader.book import ZERO
from hive_exec.simulators.metatrader.checks import Asked, refusal
from hive_exec.simulators.metatrader.faults import Fault, FaultKind, FaultScript
from hive_exec.simulators.metatrader.server import Done, TradeServer

_FIELDS = {
    "type": "kind",
    "type_filling": "filling",
    "sl": "stop_loss",
    "tp": "take_profit",
    "expiration": "expiration_s",
}
_DECIMALS = frozenset({"volume", "price", "sl", "tp"})


class SimulatedPackage:
    """`MetaTrader5`, simulated. `now_ms` is the server's clock; without one, time is what quotes bring."""

    def __init__(
        self,
        server: TradeServer,
        script: FaultScript | None = None,
        *,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self.server = server
        self.script = script or FaultScript()
        self.sent: list[dict[str, Any]] = []
        """Every request that `order_send` was given."""
        self._now_ms = now_ms
        self._on_change: Callable[[], None] = lambda: None
        self._error = (1, "Success")
        self._late: list[tuple[int, Asked]] = []
        self._disconnected_until_ms = 0

    def persist_with(self, save: Callable[[], None]) -> None:
        """Call `save` after each change."""
        self._on_change = save

    def initialize(self, *_: object) -> bool:
        """Reach the terminal."""
        return True

    def shutdown(self) -> None:
        """Let go of the terminal."""

    def last_error(self) -> tuple[int, str]:
        """Code and text of the last call."""
        return self._error

    def account_info(self) -> NamedTuple:
        """The account."""
        self._pass_time()
        books = self.server.books
        mode = MarginMode.RETAIL_HEDGING if books.is_hedging else MarginMode.RETAIL_NETTING
        return rows.Account(
            books.login,
            int(mode),
            float(books.balance),
            float(books.equity),
            float(books.margin),
            books.server,
            "USD",
        )

    def terminal_info(self) -> NamedTuple:
        """The terminal."""
        self._pass_time()
        return rows.TerminalInfo(not self._is_cut_off(), True, 5_000)

    def symbol_info(self, name: str) -> NamedTuple | None:
        """A symbol's conditions, or None for one that does not exist."""
        self._pass_time()
        held = self.server.books.instruments.get(name)
        return None if held is None else rows.symbol(held)

    def symbol_info_tick(self, name: str) -> NamedTuple | None:
        """The last quote, or None."""
        self._pass_time()
        held = self.server.books.instruments.get(name)
        return None if held is None else rows.tick(held)

    def symbol_select(self, name: str, enable: bool) -> bool:
        """Show a symbol in Market Watch."""
        if name in self.server.books.instruments:
            self.server.books.instruments[name].visible = enable
        return name in self.server.books.instruments

    def orders_get(self) -> tuple[NamedTuple, ...]:
        """Working orders."""
        self._pass_time()
        return tuple(rows.order(held) for held in self.server.books.orders.values() if held.is_working)

    def positions_get(self) -> tuple[NamedTuple, ...]:
        """Open positions."""
        self._pass_time()
        books = self.server.books
        return tuple(rows.position(held, books) for held in books.positions.values())

    def history_orders_get(
        self, date_from: int = 0, date_to: int = 2**40, *, ticket: int = 0, position: int = 0
    ) -> tuple[NamedTuple, ...]:
        """Orders that ended, by when they did, by their ticket or their position."""
        self._pass_time()
        if ticket or position:
            date_from, date_to = 0, 2**40
        return tuple(
            rows.order(held)
            for held in self.server.books.orders.values()
            if held.done_ms
            and not held.is_working
            and date_from * 1000 <= held.done_ms < (date_to + 1) * 1000
            and ticket in (0, held.ticket)
            and position in (0, held.position_id)
        )

    def history_deals_get(
        self, date_from: int = 0, date_to: int = 2**40, *, ticket: int = 0, position: int = 0
    ) -> tuple[NamedTuple, ...]:
        """Deals, by time, by the ticket of their order, or by their position."""
        self._pass_time()
        if ticket or position:
            date_from, date_to = 0, 2**40
        return tuple(
            rows.deal(held)
            for held in self.server.books.deals
            if held.visible_ms <= self.server.books.time_ms
            and date_from * 1000 <= held.time_ms < (date_to + 1) * 1000
            and ticket in (0, held.order)
            and position in (0, held.position_id)
            for _ in range(held.copies)
        )

    def order_check(self, request: dict[str, Any]) -> NamedTuple | None:
        """What the terminal says of a request without sending it: 0, or the code of a refusal."""
        self._pass_time()
        asked = self._read(request)
        if asked is None:
            return None
        code = refusal(asked, self.server.books)
        # A quote that runs away is the server's to find.
        code = None if code == Retcode.REQUOTE else code
        return rows.CheckResult(0, "Done") if code is None else rows.CheckResult(int(code), code.name)

    def order_send(self, request: dict[str, Any]) -> NamedTuple | None:
        """Send a request. None, with the reason in `last_error`, where the package refuses its arguments."""
        self._pass_time()
        asked = self._read(request)
        if asked is None:
            return None
        self.sent.append(dict(request))
        try:
            return self._send(asked, self.script.next())
        finally:
            self._on_change()

    def _send(self, asked: Asked, fault: Fault | None) -> NamedTuple | None:
        kind = fault.kind if fault else None
        value = fault.value if fault else 0
        if kind is FaultKind.DISCONNECTED:
            self._disconnected_until_ms = self.server.books.time_ms + value
        if self._is_cut_off():
            return self._answer(Done(Retcode.CONNECTION))
        if kind is FaultKind.RETCODE:
            return self._answer(Done(value))
        if kind is FaultKind.LATE_ACCEPT:
            self._late.append((self.server.books.time_ms + value, asked))
            return self._answer(Done(Retcode.TIMEOUT))
        done = self._do(asked, kind, value)
        if kind is FaultKind.HANG:
            self._on_change()
            time.sleep(value / 1000)
        if kind is FaultKind.LOST_ANSWER:
            self._error = (-10005, "IPC timeout")
            return None
        if kind is FaultKind.DONE_WITHOUT_CONNECTION:
            return self._answer(Done(Retcode.CONNECTION))
        if kind is FaultKind.DONE_WITHOUT_VOLUME:
            return self._answer(Done(done.retcode, order=done.order))
        return self._answer(done)

    def _do(self, asked: Asked, kind: FaultKind | None, value: int) -> Done:
        """Do a request with what goes wrong on the venue's side."""
        books = self.server.books
        instrument = books.instruments.get(asked.symbol)
        if kind is FaultKind.CUT_COMMENT:
            asked = replace(asked, comment=asked.comment[:value])
        is_entry = asked.action in (TradeAction.DEAL, TradeAction.PENDING)
        if kind is FaultKind.REFUSED_STOP and is_entry:
            asked = replace(asked, stop_loss=ZERO, take_profit=ZERO)
        before, deals = instrument.available if instrument else None, len(books.deals)
        if kind is FaultKind.PARTIAL and instrument:
            steps = asked.volume / 2 // instrument.volume_step
            instrument.available = steps * instrument.volume_step
        done = self.server.do(asked)
        if instrument:
            instrument.available = before
        for deal in books.deals[deals:]:
            if kind in (FaultKind.LATE_DEAL, FaultKind.DONE_WITHOUT_VOLUME):
                deal.visible_ms += value
            if kind is FaultKind.DUPLICATE_DEAL:
                deal.copies = 2
            if kind is FaultKind.SLIPPED_STOP and instrument and deal.position_id in books.positions:
                books.positions[deal.position_id].stop_slippage = instrument.point * value
        return done

    def _answer(self, done: Done) -> NamedTuple:
        self._error = (1, "Success")
        known = done.retcode in list(Retcode)
        text = Retcode(done.retcode).name if known else "unheard of"
        return rows.SendResult(
            int(done.retcode), done.deal, done.order, float(done.volume), float(done.price), text
        )

    def _read(self, request: dict[str, Any]) -> Asked | None:
        if len(request.get("comment", "")) > COMMENT_CHARACTERS:
            self._error = (-2, 'Invalid "comment" argument')
            return None
        if "action" not in request:
            self._error = (-2, 'Invalid "action" argument')
            return None
        fields: dict[str, Any] = {
            _FIELDS.get(name, name): Decimal(repr(value)) if name in _DECIMALS else value
            for name, value in request.items()
        }
        return Asked(**fields)

    def _is_cut_off(self) -> bool:
        return self.server.books.time_ms < self._disconnected_until_ms

    def _pass_time(self) -> None:
        if self._now_ms is not None:
            self.server.advance(self._now_ms())
        due = [asked for at_ms, asked in self._late if at_ms <= self.server.books.time_ms]
        self._late = [entry for entry in self._late if entry[0] > self.server.books.time_ms]
        for asked in due:
            self.server.do(asked)
        if due:
            self._on_change()


def manual(server: TradeServer, **fields: Any) -> Done:
    """A request by a person's hand in the terminal: no magic number, no comment."""
    return server.do(Asked(**{"type_time": Lifetime.GTC, **fields}), reason=DealReason.CLIENT)
