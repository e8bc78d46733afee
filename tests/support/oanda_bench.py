"""An OANDA adapter on a simulated venue over real HTTP, and orders to send through it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from hive_core.configuration.broker_oanda import OandaSettings
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.order import BracketOrder, client_order_id
from hive_exec.brokers.oanda.adapter import OandaBroker
from hive_exec.simulators.oanda.faults import FaultScript
from hive_exec.simulators.oanda.server import SimulatedVenue
from hive_exec.simulators.oanda.venue import Venue

ACCOUNT_ID = "101-004-1435156-001"
ACCOUNT = "prague"
TOKEN = "canary-0123456789abcdef-secret"  # noqa: S105 - looked for in everything that is said
START_NS = 1_790_000_000_000_000_000


class Clock:
    """A wall clock that goes on by itself and can be moved."""

    def __init__(self) -> None:
        self._ahead_ns = START_NS - time.monotonic_ns()

    def __call__(self) -> int:
        return time.monotonic_ns() + self._ahead_ns

    def move(self, seconds: float) -> None:
        """Go forward."""
        self._ahead_ns += int(seconds * 1e9)


def settings(**changes: Any) -> OandaSettings:
    """Settings of an account in the practice environment."""
    return OandaSettings.model_validate({"name": "oanda", "account_id": ACCOUNT_ID, **changes})


def order(number: int = 1, **changes: Any) -> BracketOrder:
    """A market order to buy 0.1 lots of EURUSD near 1.10010."""
    values: dict[str, Any] = {
        "client_order_id": client_order_id("test", ACCOUNT, f"dec_{number}", 1, 1),
        "account": ACCOUNT,
        "decision_id": f"dec_{number}",
        "leg": 1,
        "attempt": 1,
        "symbol": "EURUSD",
        "side": "buy",
        "order_type": "market",
        "lots": "0.1",
        "entry": None,
        "price_bound": "1.10060",
        "stop_loss": "1.09500",
        "take_profit": "1.11000",
        "submitted_ns": START_NS,
        "good_till_ns": START_NS + 3_600_000_000_000,
        **changes,
    }
    return BracketOrder.model_validate(values)


def limit_order(number: int = 1, **changes: Any) -> BracketOrder:
    """A limit order to buy 0.1 lots of EURUSD at 1.09900, below the market."""
    return order(number, **{"order_type": "limit", "entry": "1.09900", "price_bound": "1.09900", **changes})


class Ears:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.reports: list[BrokerReport] = []
        self.quotes: list[tuple[str, Decimal, Decimal, int]] = []
        self.gaps: list[str] = []
        self.troubles: list[str] = []

    def reported(self, report: BrokerReport) -> None:
        self.reports.append(report)

    def quoted(self, symbol: str, bid: Decimal, ask: Decimal, ts_ns: int) -> None:
        self.quotes.append((symbol, bid, ask, ts_ns))

    def gap(self, text: str) -> None:
        self.gaps.append(text)

    def trouble(self, text: str) -> None:
        self.troubles.append(text)

    def kinds(self) -> list[ReportKind]:
        """The kinds of what was reported, each report once."""
        return [one.kind for one in {one.execution_id: one for one in self.reports}.values()]


def soon(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait until something holds."""
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.005)


class OandaBench(AbstractContextManager["OandaBench"]):
    """A venue, an adapter, and a script of what goes wrong between them."""

    def __init__(
        self, *, answer_timeout_s: float = 2.0, heartbeat_s: float = 0.1, page: int = 1_000, **venue: Any
    ):
        self.clock = Clock()
        self.faults = FaultScript(delay_s=answer_timeout_s * 2)
        self.venue = Venue(ACCOUNT_ID, self.clock, self.faults, **venue)
        self.server = SimulatedVenue(self.venue, TOKEN, heartbeat_s=heartbeat_s, page=page)
        self._timeouts = {"answer_timeout_s": answer_timeout_s, "heartbeat_timeout_s": heartbeat_s * 5}
        self._brokers: list[OandaBroker] = []

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.broker = self.another()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for broker in self._brokers:
            broker.close()
        self.server.__exit__(kind, error, trace)

    def another(self, token: str = TOKEN, **changes: Any) -> OandaBroker:
        """One more adapter, as after a restart."""
        # Copied, not validated: a test does not wait for the seconds that the venue promises.
        chosen = settings(rest_url=self.server.url, stream_url=self.server.url).model_copy(
            update={**self._timeouts, **changes}
        )
        made = OandaBroker(chosen, ACCOUNT, SecretStr(token), now_ns=self.clock)
        self._brokers.append(made)
        return made

    def arrived(self, method: str, path: str = "") -> list[Any]:
        """The bodies of the requests of one kind that reached the venue."""
        return [body for had, at, body in self.server.requests if had == method and at.startswith(path)]

    def orders_at_venue(self, one: BracketOrder) -> int:
        """How many order-creating transactions the venue has of an order."""
        made = [
            t
            for t in self.venue.transactions
            if t.get("clientExtensions", {}).get("id") == one.client_order_id
        ]
        return len(made)


class Listening(AbstractContextManager[Ears]):
    """An adapter that listens in a thread, as the daemon lets it."""

    def __init__(self, broker: OandaBroker, *symbols: str) -> None:
        self.ears = Ears()
        self.stop = threading.Event()
        self._thread = threading.Thread(target=broker.listen, args=(symbols, self.ears, self.stop))

    def __enter__(self) -> Ears:
        self._thread.start()
        return self.ears

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop.set()
        self._thread.join(5)
        assert not self._thread.is_alive(), "listen does not end when it is told to stop"
