"""When does finding nothing prove that an order never arrived and never will? Hardly ever, and never early.

The terminal answers from its own copy of the server's records. The copy counts as whole when a quote that the
server stamped after the whole settling time has come through the same connection, and the window read
begins before the request was made.
"""

from __future__ import annotations

from collections.abc import Callable

from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.metatrader.constants import BUYING
from hive_exec.brokers.metatrader.history import UNDER_WAY, History
from hive_exec.brokers.metatrader.rows import OrderRow
from hive_exec.brokers.metatrader.server_time import ServerClock
from hive_exec.brokers.metatrader.terminal import Terminal


class Absence:
    """The rules of proof of one account."""

    def __init__(self, settings: MetaTraderSettings, clock: ServerClock, now_ns: Callable[[], int]) -> None:
        self._settings = settings
        self._clock = clock
        self._now_ns = now_ns

    def begin_s(self, order: BracketOrder, cursor_s: int | None) -> int:
        """Where the window begins, in the server's seconds: before the order and before the cursor."""
        submitted_s = self._clock.to_server_s(order.submitted_ns)
        first_s = submitted_s if cursor_s is None else min(submitted_s, cursor_s)
        return max(0, first_s - self._settings.overlap_s)

    def doubt(
        self, order: BracketOrder, cursor_s: int | None, terminal: Terminal, history: History, name: str
    ) -> str:
        """Why finding nothing proves nothing; "" where it does.

        Raises:
            Unavailable: a question could not be answered.
        """
        if cursor_s is None:
            return "no cursor from before the order: the records were not read from before the request"
        if cursor_s > self._clock.to_server_s(order.submitted_ns) + self._settings.clock_tolerance_s:
            return "the cursor is from after the order"
        settled_ns = order.submitted_ns + self._settings.settle_s * 1_000_000_000
        if self._now_ns() < settled_ns:
            return f"the request may still be under way: {self._settings.settle_s} s have not passed"
        quoted_ns = self._clock.to_utc_ns(terminal.tick(name).server_ms)
        if quoted_ns < settled_ns:
            return "the terminal has had no quote since the request could last arrive: its copy may be old"
        window = {
            "date_from": self.begin_s(order, cursor_s),
            "date_to": self._clock.to_server_s(self._now_ns()) + 86_400,
        }
        for row in (*terminal.orders(), *terminal.past_orders(**window)):
            if row.state in UNDER_WAY:
                return f"order {row.ticket} is not taken yet and may be this one"
            if self._could_be(row, order, name) and not history.name_of(row.magic, row.comment):
                return f"order {row.ticket} names nobody and looks like this one"
        return ""

    @staticmethod
    def _could_be(row: OrderRow, order: BracketOrder, name: str) -> bool:
        return (
            row.symbol == name
            and row.position_id in (0, row.ticket)
            and row.volume_initial == order.lots
            and (row.kind in BUYING) == (order.side == "buy")
        )
