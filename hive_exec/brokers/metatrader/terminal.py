"""The terminal, asked through the bridge: one method a question, typed rows as answers.

Nothing is decided here. A question that cannot be answered is `Unavailable`; whether an order-creating
request arrived is the caller's to judge, from `NotAsked` and `NoAnswer`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from hive_exec.brokers.metatrader.channel import Channel, NoAnswer, NotAsked
from hive_exec.brokers.metatrader.rows import (
    MOST_PLACES,
    AccountRow,
    DealRow,
    NotUnderstood,
    OrderRow,
    PositionRow,
    SendRow,
    SymbolRow,
    TerminalRow,
    TickRow,
)
from hive_exec.brokers.port import Unavailable

Row = TypeVar("Row")

_INTERNAL_FAILURE = re.compile(r"\[-1000[0-9],")
"""RES_E_INTERNAL_FAIL and its kinds, -10000 to -10005: the package did not get through to its terminal. Any
other error (an unknown symbol, a wrong argument, no authorisation) stays."""


class Misread(Unavailable):
    """An answer came and was not understood: it is no answer, and a person should hear of it."""

    def __init__(self, text: str) -> None:
        super().__init__(text, is_passing=False)


class Terminal:
    """Questions to one terminal over one channel. For one thread."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._digits: dict[str, int] = {}

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()

    def account(self) -> AccountRow:
        """The account that the terminal is logged in to. Raises Unavailable."""
        return self._one("account_info", {}, AccountRow.of)

    def state(self) -> TerminalRow:
        """Whether the terminal is connected to its trade server. Raises Unavailable."""
        return self._one("terminal_info", {}, TerminalRow.of)

    def symbol(self, name: str) -> SymbolRow:
        """A symbol's conditions, asked anew each time: brokers change them. Shows it in Market Watch first
        where it is hidden, for hidden ones have no quotes. Raises Unavailable."""
        found = self._one("symbol_info", {"symbol": name}, SymbolRow.of)
        if not found.visible:
            self._ask("symbol_select", {"symbol": name})
        self._digits[name] = found.digits
        return found

    def tick(self, name: str) -> TickRow:
        """The last quote. Raises Unavailable."""
        return self._one(
            "symbol_info_tick", {"symbol": name}, lambda row: TickRow.of(row, self._places(name))
        )

    def orders(self) -> tuple[OrderRow, ...]:
        """Working orders. Raises Unavailable."""
        return self._many("orders_get", {}, lambda row: OrderRow.of(row, self._places))

    def positions(self) -> tuple[PositionRow, ...]:
        """Open positions. Raises Unavailable."""
        return self._many("positions_get", {}, lambda row: PositionRow.of(row, self._places))

    def past_orders(self, **where: int) -> tuple[OrderRow, ...]:
        """Orders that ended, by `date_from` and `date_to` (the server's seconds), `ticket` or `position`.
        Raises Unavailable."""
        return self._many("history_orders_get", where, lambda row: OrderRow.of(row, self._places))

    def deals(self, **where: int) -> tuple[DealRow, ...]:
        """Deals, by the same; `ticket` is that of the order. Raises Unavailable."""
        return self._many("history_deals_get", where, lambda row: DealRow.of(row, self._places))

    def check(self, request: dict[str, Any]) -> SendRow:
        """order_check: what the terminal says of a request without sending it. Raises Unavailable."""
        return self._one("order_check", {"request": request}, SendRow.of_check)

    def send(self, request: dict[str, Any], symbol: SymbolRow) -> SendRow | str:
        """order_send, once.

        Returns:
            the result, or the package's last error where it gave none.

        Raises:
            NotAsked: the package was certainly not called.
            NoAnswer: it may have been.
            NotUnderstood: it was, and what it answered cannot be read.
        """
        row, error = self._channel.ask("order_send", {"request": request})
        return error if row is None else SendRow.of_send(row, symbol.digits)

    def _places(self, name: str) -> int:
        if name not in self._digits:
            try:
                self.symbol(name)
            except Misread:
                raise
            except Unavailable:
                # A symbol of the past that the broker took off its list: its prices stay as they are told.
                return MOST_PLACES
        return self._digits[name]

    def _ask(self, function: str, arguments: dict[str, Any]) -> Any:
        try:
            row, error = self._channel.ask(function, arguments)
        except NotAsked as failure:
            raise Unavailable(f"MetaTrader: {failure}", is_passing=failure.is_passing) from None
        except NoAnswer as failure:
            raise Unavailable(f"MetaTrader: {failure}") from None
        if row is None:
            text = f"MetaTrader: {function} gave nothing, last error {error}"
            raise Unavailable(text, is_passing=_INTERNAL_FAILURE.match(error) is not None)
        return row

    def _one(self, function: str, arguments: dict[str, Any], made: Callable[[Any], Row]) -> Row:
        row = self._ask(function, arguments)
        try:
            return made(row)
        except NotUnderstood as fault:
            raise Misread(f"MetaTrader: {fault}") from None

    def _many(self, function: str, arguments: dict[str, Any], made: Callable[[Any], Row]) -> tuple[Row, ...]:
        rows = self._ask(function, arguments)
        if not isinstance(rows, list):
            raise Misread(f"MetaTrader: {function} answered {type(rows).__name__}, rows are expected")
        try:
            return tuple(made(row) for row in rows)
        except NotUnderstood as fault:
            raise Misread(f"MetaTrader: {fault}") from None
