"""A simulated FIX 4.4 venue for the installed daemon, as hive.toml names it. Prices go on by themselves."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from decimal import Decimal
from types import TracebackType
from typing import ClassVar, Self

from hive_core.configuration.broker_fix import (
    AttachedBracket,
    FixEndpoint,
    FixSettings,
    FixSymbol,
    ListBracket,
)
from hive_exec.brokers.fix.tags import MsgType
from hive_exec.simulators.fix.book import SimulatedOrder
from hive_exec.simulators.fix.faults import Fault, FaultScript
from hive_exec.simulators.fix.server import SimulatedServer

VENUE_SYMBOL = "EUR/USD"
BRACKETS: dict[str, tuple[AttachedBracket | ListBracket, str]] = {
    "attached": (
        AttachedBracket(style="attached", stop_tag=1002, target_tag=1000),
        'style = "attached"\nstop_tag = 1002\ntarget_tag = 1000',
    ),
    "list_oco": (ListBracket(style="list_oco"), 'style = "list_oco"'),
}
TABLE = """
[[brokers]]
kind = "fix"
name = "{name}"
account = "A1"
is_hedging = {is_hedging}
deduplicates_client_ids = {is_hedging}
answer_timeout_s = {answer_timeout_s}
settle_s = {settle_s}
max_requests_per_s = 200

[brokers.trading]
host = "127.0.0.1"
port = {port}
tls = false
sender_comp_id = "HIVE"
target_comp_id = "VENUE"
heartbeat_s = 1

[brokers.bracket]
{bracket}

[[brokers.symbols]]
symbol = "EURUSD"
venue_symbol = "EUR/USD"
units_per_lot = 100000
"""


class FixAt(AbstractContextManager["FixAt"]):
    """A venue whose orders carry their stop in fields of its own and which hedges and knows ids again, or
    (`list_oco`) one of lists, which nets and does not."""

    secrets: ClassVar[dict[str, str]] = {"HIVE_FIX_USERNAME": "somebody", "HIVE_FIX_PASSWORD": "canary-fix"}
    port: int | None = None
    """Where the daemon is led to in place of the venue."""

    def __init__(self, style: str = "attached") -> None:
        bracket, self._bracket_table = BRACKETS[style]
        self.is_hedging = style == "attached"
        self.server = SimulatedServer(
            FixSettings(
                account="A1",
                trading=FixEndpoint(
                    host="127.0.0.1", port=1, tls=False, sender_comp_id="HIVE", target_comp_id="VENUE"
                ),
                symbols=(
                    FixSymbol(symbol="EURUSD", venue_symbol=VENUE_SYMBOL, units_per_lot=Decimal(100_000)),
                ),
                bracket=bracket,
                is_hedging=self.is_hedging,
                deduplicates_client_ids=self.is_hedging,
            ),
            FaultScript(),
        )
        self.middle = Decimal("1.10000")
        self.ticks = threading.Event()
        self.ticks.set()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.price(self.middle)
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._ticker.join(5)
        self.server.__exit__(kind, error, trace)

    def _tick(self) -> None:
        while not self._over.wait(0.5):
            if self.ticks.is_set():
                self.price(self.middle)

    def table(self, name: str, *, answer_timeout_s: int, settle_s: int) -> str:
        """The venue as hive.toml names it."""
        return TABLE.format(
            name=name,
            is_hedging=str(self.is_hedging).lower(),
            answer_timeout_s=answer_timeout_s,
            settle_s=settle_s,
            port=self.port or self.server.port,
            bracket=self._bracket_table,
        )

    @property
    def address(self) -> int:
        """Where it listens."""
        return self.server.port

    def price(self, middle: Decimal) -> None:
        """A new price, with a spread of a pip."""
        self.middle = middle
        half = Decimal("0.00005")
        self.server.quote(VENUE_SYMBOL, str(middle - half), str(middle + half))

    def arm(self, fault: Fault) -> None:
        """The next order meets this."""
        self.server.script.armed.append(fault)

    def price_streams(self) -> int:
        """How often somebody began to listen to prices."""
        return sum(message.msg_type == MsgType.MARKET_DATA_REQUEST for message in list(self.server.wire))

    def arrived(self) -> list[str]:
        """The client ids of the requests to create an order that arrived, closing ones included."""
        return [name for name, times in list(self.server.venue.received.items()) for _ in range(times)]

    def entries(self) -> list[SimulatedOrder]:
        """Orders that open something and are ours."""
        return [
            one
            for one in list(self.server.venue.book.orders)
            if one.ids and one.ids[0].startswith("ord_") and one.parent is None and not one.closes
        ]

    def made(self) -> dict[str, Decimal]:
        """What of each entry of ours is filled, in lots; a doubled one stands twice as `id (again)`."""
        found: dict[str, Decimal] = {}
        for one in self.entries():
            name = one.ids[0] if one.ids[0] not in found else f"{one.ids[0]} (again)"
            found[name] = one.filled / 100_000
        return found

    def place(self, name: str, units: str, *, price: str | None = None) -> None:
        """An order at the venue that this daemon did not send: a market order, or a limit."""
        with self.server._lock:
            book = self.server.venue.book
            order = SimulatedOrder(
                book.next_id(),
                [name],
                VENUE_SYMBOL,
                "1",
                Decimal(units),
                "1" if price is None else "2",
                price=None if price is None else Decimal(price),
                stop_loss=Decimal("1.09000"),
            )
            book.add(order)
            for position in book.positions.values():
                if position.position_id == order.venue_id:
                    position.client_order_id = name
