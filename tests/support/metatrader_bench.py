"""A MetaTrader account under test: simulated venue, real bridge in a thread, adapter, one clock for all."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_core.contracts.order import BracketOrder, client_order_id
from hive_exec.brokers.metatrader.adapter import MetaTraderBroker
from hive_exec.brokers.metatrader.bridge import Bridge
from hive_exec.brokers.metatrader.server_time import ServerClock
from hive_exec.simulators.metatrader.book import Books, Instrument
from hive_exec.simulators.metatrader.faults import Fault, FaultScript
from hive_exec.simulators.metatrader.package import SimulatedPackage
from hive_exec.simulators.metatrader.server import TradeServer

TOKEN = "a token of the tests, long enough to be one"  # noqa: S105
SECOND_NS = 1_000_000_000
START_NS = int(datetime(2026, 1, 14, 12, tzinfo=UTC).timestamp()) * SECOND_NS
"""A Wednesday in winter: the server's clock is two hours ahead of UTC."""


def settings_for(port: int, **changes: Any) -> MetaTraderSettings:
    """Settings of the simulated account."""
    return MetaTraderSettings.model_validate(
        {
            "name": "simulated",
            "bridge_port": port,
            "login": 5_001,
            "server": "Simulated-Demo",
            "accounting": "hedging",
            "symbol_suffix": ".m",
            "answer_timeout_s": 5,
            "poll_ms": 100,
            **changes,
        }
    )


def an_order(number: int = 1, **changes: Any) -> BracketOrder:
    """A market order to buy 0.10 EURUSD, or what is asked for."""
    fields: dict[str, Any] = {
        "client_order_id": client_order_id("test", "live", f"dec_{number}", 1, 1),
        "account": "live",
        "decision_id": f"dec_{number}",
        "leg": 1,
        "attempt": 1,
        "symbol": "EURUSD",
        "side": "buy",
        "order_type": "market",
        "lots": Decimal("0.10"),
        "entry": None,
        "price_bound": Decimal("1.10100"),
        "stop_loss": Decimal("1.09500"),
        "take_profit": Decimal("1.11000"),
        "submitted_ns": START_NS,
        "good_till_ns": START_NS + 3_600 * SECOND_NS,
    }
    return BracketOrder.model_validate(fields | changes)


def a_sale(number: int = 1, **changes: Any) -> BracketOrder:
    """A market order to sell 0.10 EURUSD."""
    levels = {"price_bound": "1.09900", "stop_loss": "1.10500", "take_profit": "1.09000"}
    return an_order(number, side="sell", **{key: Decimal(value) for key, value in levels.items()}, **changes)


def a_limit(number: int = 1, **changes: Any) -> BracketOrder:
    """A limit order to buy 0.10 EURUSD at 1.09800."""
    fields = {"order_type": "limit", "entry": Decimal("1.09800")}
    return an_order(number, **(fields | changes))


class Heard:
    """A sink that keeps what it hears."""

    def __init__(self) -> None:
        self.reports: list[Any] = []
        self.quotes: list[tuple[str, Decimal, Decimal, int]] = []
        self.gaps: list[str] = []
        self.troubles: list[str] = []

    def reported(self, report: Any) -> None:
        self.reports.append(report)

    def quoted(self, symbol: str, bid: Decimal, ask: Decimal, ts_ns: int) -> None:
        self.quotes.append((symbol, bid, ask, ts_ns))

    def gap(self, text: str) -> None:
        self.gaps.append(text)

    def trouble(self, text: str) -> None:
        self.troubles.append(text)


class MetaTraderBench:
    """Everything of one account. Time stands still until `wait`."""

    def __init__(self, *, is_hedging: bool = True, **changes: Any) -> None:
        self.now_ns = START_NS
        self._brokers: list[MetaTraderBroker] = []
        self.books = Books(is_hedging=is_hedging, time_ms=self.server_ms())
        self.instrument = Instrument("EURUSD.m")
        self.books.instruments["EURUSD.m"] = self.instrument
        self.venue = TradeServer(self.books)
        self.package = SimulatedPackage(self.venue, now_ms=self.server_ms)
        self.bridge = Bridge(self.package, TOKEN, "127.0.0.1", 0)
        threading.Thread(target=self.bridge.serve, daemon=True).start()
        accounting = "hedging" if is_hedging else "netting"
        self.settings = settings_for(self.bridge.address[1], accounting=accounting, **changes)
        self.broker = self.new_broker()
        self.quote("1.10000", "1.10010")

    def new_broker(self, **changes: Any) -> MetaTraderBroker:
        """An adapter as after a restart: the one before is gone, and this one remembers nothing. Requests are
        seconds apart, unless a test says otherwise."""
        for broker in self._brokers:
            broker.close()
        made = MetaTraderBroker(
            self.settings,
            "live",
            SecretStr(TOKEN),
            **{"now_ns": lambda: self.now_ns, "monotonic": itertools.count().__next__, **changes},
        )
        self._brokers.append(made)
        return made

    def server_ms(self) -> int:
        """The trade server's clock."""
        return ServerClock("new_york+7").to_server_s(self.now_ns) * 1000

    def quote(self, bid: str, ask: str) -> None:
        """A new price of EURUSD, now."""
        self.venue.quote("EURUSD.m", Decimal(bid), Decimal(ask), self.server_ms())

    def wait(self, seconds: int) -> None:
        """Time passes, and the last price is told again."""
        self.now_ns += seconds * SECOND_NS
        self.quote(str(self.instrument.bid), str(self.instrument.ask))

    def faults(self, *faults: Fault | None) -> None:
        """What the next calls of order_send meet."""
        self.package.script = FaultScript(faults)

    def close(self) -> None:
        """Stop."""
        for broker in self._brokers:
            broker.close()
        self.bridge.close()
