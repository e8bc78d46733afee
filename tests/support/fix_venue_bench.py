"""A FIX adapter with a simulated venue behind a real socket, and the orders that are sent to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from hive_core.configuration.broker_fix import (
    AttachedBracket,
    FixEndpoint,
    FixSettings,
    FixSymbol,
    ListBracket,
)
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.fix.adapter import FixBroker
from hive_exec.simulators.fix.faults import Fault, FaultScript
from hive_exec.simulators.fix.server import SimulatedServer

LIST = ListBracket(style="list_oco")
ATTACHED = AttachedBracket(style="attached", stop_tag=1002, target_tag=1000)


def endpoint(port: int = 1, **changes) -> FixEndpoint:
    values = {
        "host": "127.0.0.1",
        "port": port,
        "tls": False,
        "sender_comp_id": "HIVE",
        "target_comp_id": "VENUE",
        "heartbeat_s": 5,
    }
    return FixEndpoint(**{**values, **changes})


def fix_settings(
    bracket=LIST, *, is_hedging: bool = False, deduplicates: bool = True, **changes
) -> FixSettings:
    values = {
        "account": "A1",
        "trading": endpoint(),
        "symbols": (
            FixSymbol(symbol="EURUSD", venue_symbol="EUR/USD", units_per_lot=Decimal(100_000)),
            FixSymbol(symbol="XAUUSD", venue_symbol="XAU/USD", units_per_lot=Decimal(100)),
        ),
        "bracket": bracket,
        "is_hedging": is_hedging,
        "deduplicates_client_ids": deduplicates,
        "answer_timeout_s": 1,
        "max_requests_per_s": 500,
    }
    return FixSettings(**{**values, **changes})


def bracket_order(name: str = "ord_1", **changes) -> BracketOrder:
    now_ns = time.time_ns()
    values = {
        "client_order_id": name,
        "account": "demo",
        "decision_id": "dec_1",
        "leg": 1,
        "attempt": 1,
        "symbol": "EURUSD",
        "side": "buy",
        "order_type": "market",
        "lots": Decimal("0.2"),
        "entry": None,
        "price_bound": Decimal("1.1010"),
        "stop_loss": Decimal("1.0950"),
        "take_profit": Decimal("1.1100"),
        "submitted_ns": now_ns,
        "good_till_ns": now_ns + 3_600_000_000_000,
    }
    return BracketOrder(**{**values, **changes})


def wait_until(is_so: Callable[[], object], what: str, timeout_s: float = 5) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.005)


class HeardSink:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.reports: list[BrokerReport] = []
        self.quotes: list[tuple[str, Decimal, Decimal]] = []
        self.gaps: list[str] = []
        self.troubles: list[str] = []

    def reported(self, report: BrokerReport) -> None:
        self.reports.append(report)

    def quoted(self, symbol: str, bid: Decimal, ask: Decimal, ts_ns: int) -> None:
        assert ts_ns > 0
        self.quotes.append((symbol, bid, ask))

    def gap(self, text: str) -> None:
        self.gaps.append(text)

    def trouble(self, text: str) -> None:
        self.troubles.append(text)

    def kinds(self, name: str = "ord_1") -> list[ReportKind]:
        return [report.kind for report in self.reports if report.client_order_id == name]

    def lots(self, kind: ReportKind, name: str = "ord_1") -> Decimal:
        """Lots of a kind, each execution counted once, as the core does."""
        once = {
            r.execution_id: r.lots or Decimal(0)
            for r in self.reports
            if r.kind is kind and r.client_order_id == name
        }
        return sum(once.values(), Decimal(0))


class VenueBench:
    """Venue, adapter and listener; the adapter can be killed and begun again on the same home."""

    def __init__(
        self, folder: Path, settings: FixSettings | None = None, script: FaultScript | None = None
    ) -> None:
        made = settings or fix_settings()
        self.server = SimulatedServer(made, script)
        self.server.__enter__()
        self.settings = made.model_copy(
            update={"trading": made.trading.model_copy(update={"port": self.server.port})}
        )
        self.folder = folder
        self.sink = HeardSink()
        self.broker: FixBroker | None = None
        self._stop = threading.Event()
        self._listening: threading.Thread | None = None

    def begin(
        self, *, listens: bool = True, environment: dict[str, str] | None = None, **more: Any
    ) -> FixBroker:
        self.broker = FixBroker("demo", self.settings, self.folder, environment or {}, **more)
        if listens:
            self._stop = threading.Event()
            self._listening = threading.Thread(
                target=self.broker.listen, args=(["EURUSD", "XAUUSD"], self.sink, self._stop), daemon=True
            )
            self._listening.start()
        return self.broker

    def end(self) -> None:
        if self.broker is not None:
            self._stop.set()
            if self._listening is not None:
                self._listening.join(5)
            self.broker.close()
            self.broker = self._listening = None

    def ready(self) -> FixBroker:
        broker = self.begin()
        assert broker._trading.wait_logged_on(5)
        self.server.quote("EUR/USD", "1.1000", "1.1001")
        return broker

    def arm(self, *faults: Fault) -> None:
        self.server.script.armed.extend(faults)

    def sent(self, name: str = "ord_1") -> int:
        """How often an order-creating message with this id came to the venue."""
        return self.server.venue.received.get(name, 0)

    def wire_types(self) -> list[str]:
        return [message.msg_type for message in self.server.wire]

    def close(self) -> None:
        with suppress(OSError):
            self.end()
        self.server.__exit__(None)
