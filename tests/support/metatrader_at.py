"""A simulated MetaTrader broker for the installed daemon, behind the project's own bridge, as hive.toml names
it. All that happens at the venue happens in the bridge's one call at a time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from types import TracebackType
from typing import Any, ClassVar, Self

from hive_exec.brokers.metatrader.bridge import Bridge
from hive_exec.brokers.metatrader.constants import Filling, OrderKind, TradeAction
from hive_exec.brokers.metatrader.server_time import ServerClock
from hive_exec.simulators.metatrader.book import Books, Instrument, Position
from hive_exec.simulators.metatrader.faults import Fault, FaultKind, FaultScript
from hive_exec.simulators.metatrader.package import SimulatedPackage, manual
from hive_exec.simulators.metatrader.server import TradeServer

TOKEN = "canary-of-the-bridge-0123456789abcdef"  # noqa: S105 - looked for in everything that is said
VENUE_SYMBOL = "EURUSD.m"
IOC_ONLY = 2
TABLE = """
[[brokers]]
kind = "metatrader"
name = "{name}"
bridge_port = {port}
login = 5001
server = "Simulated-Demo"
accounting = "hedging"
symbol_suffix = ".m"
answer_timeout_s = {answer_timeout_s}
settle_s = {settle_s}
poll_ms = 100
"""


class ClosingBridge(Bridge):
    """A bridge whose connections end with it, as those of a process do."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._connected: list[socket.socket] = []

    def _client(self, connection: socket.socket) -> None:
        self._connected.append(connection)
        super()._client(connection)

    def close(self) -> None:
        """Stop, and cut whoever is connected."""
        super().close()
        for one in self._connected:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class MetaTraderAt(AbstractContextManager["MetaTraderAt"]):
    """A hedging account at a broker whose server is two or three hours ahead, and the bridge beside it."""

    secrets: ClassVar[dict[str, str]] = {"HIVE_METATRADER_BRIDGE_TOKEN": TOKEN}
    port: int | None = None
    """Where the daemon is led to in place of the bridge."""

    def __init__(self) -> None:
        self._clock = ServerClock("new_york+7")
        self.middle = Decimal("1.10000")
        self.ticks = 0
        self.books = Books(time_ms=self._server_ms())
        self.books.instruments[VENUE_SYMBOL] = Instrument(VENUE_SYMBOL, filling_flags=IOC_ONLY)
        self.venue = TradeServer(self.books)
        self.package = SimulatedPackage(self.venue, now_ms=self._now_ms)
        self.bridge = ClosingBridge(self.package, TOKEN, "127.0.0.1", 0)
        self.bridge_port = self.bridge.address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self.bridge.serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bridge.close()

    def close_bridge(self) -> None:
        """The bridge ends."""
        self.bridge.close()

    def restore_bridge(self) -> None:
        """The bridge, which was closed, runs again where it ran."""
        self.bridge = ClosingBridge(self.package, TOKEN, "127.0.0.1", self.bridge_port)
        threading.Thread(target=self.bridge.serve, daemon=True).start()

    def _server_ms(self) -> int:
        now_ns = time.time_ns()
        return self._clock.to_server_s(now_ns) * 1000 + now_ns // 1_000_000 % 1000

    def _now_ms(self) -> int:
        """The server's clock. Whenever it is looked at, the price is told anew."""
        now_ms = self._server_ms()
        half = Decimal("0.00005")
        self.ticks += 1
        self.venue.quote(VENUE_SYMBOL, self.middle - half, self.middle + half, now_ms)
        return now_ms

    def table(self, name: str, *, answer_timeout_s: int, settle_s: int) -> str:
        """The venue as hive.toml names it; it settles after a minute at least."""
        return TABLE.format(
            name=name,
            port=self.port or self.bridge_port,
            answer_timeout_s=answer_timeout_s,
            settle_s=max(60, settle_s),
        )

    @property
    def address(self) -> int:
        """Where the bridge listens."""
        return self.bridge_port

    def price(self, middle: Decimal) -> None:
        """A new price, with a spread of a pip."""
        self.middle = middle

    def arm(self, kind: FaultKind, value: int = 0) -> None:
        """The next order_send meets this."""
        self.package.script = FaultScript((Fault(kind, value),))

    def price_streams(self) -> int:
        """How often the terminal was looked at."""
        return self.ticks

    def do(self, act: Callable[[], Any]) -> Any:
        """Something at the venue, between two calls of the bridge."""
        with self.bridge._one_call:
            return act()

    def requests(self) -> list[dict[str, Any]]:
        """Requests of ours that open something."""
        opening = (TradeAction.DEAL, TradeAction.PENDING)
        return [one for one in list(self.package.sent) if one["action"] in opening and "position" not in one]

    def arrived(self) -> list[str]:
        """The client ids of the requests to create an order that arrived."""
        return [str(one["comment"]) for one in self.requests()]

    def positions(self) -> list[Position]:
        """What is open there."""
        return self.do(lambda: list(self.books.positions.values()))

    def made(self) -> dict[str, Decimal]:
        """What of each entry of ours is filled, in lots; a doubled one stands twice as `id (again)`."""
        found: dict[str, Decimal] = {}

        def look() -> None:
            for order in self.books.orders.values():
                if order.comment.startswith("ord_") and order.position_id in (0, order.ticket):
                    name = order.comment if order.comment not in found else f"{order.comment} (again)"
                    found[name] = order.volume_initial - order.volume_current

        self.do(look)
        return found

    def place(self, comment: str, magic: int, lots: str, *, price: str | None = None) -> None:
        """An order at the venue that this daemon did not send: a market order, or a limit."""
        fields: dict[str, Any] = {
            "action": TradeAction.DEAL if price is None else TradeAction.PENDING,
            "symbol": VENUE_SYMBOL,
            "volume": Decimal(lots),
            "kind": OrderKind.BUY if price is None else OrderKind.BUY_LIMIT,
            "price": self.middle + Decimal("0.00005") if price is None else Decimal(price),
            "stop_loss": Decimal("1.04000"),
            "magic": magic,
            "comment": comment,
            "filling": Filling.IOC if price is None else Filling.RETURN,
        }

        def act() -> None:
            self._now_ms()
            assert manual(self.venue, **fields).order

        self.do(act)
