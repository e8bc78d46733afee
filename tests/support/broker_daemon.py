"""The installed daemon with accounts at simulated venues, over their real protocols; OANDA's stands here, the
others beside it (`fix_at`, `metatrader_at`).

What goes wrong at a venue is its `faults`. What a test expects stands in the test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self

from hive_core.contracts.decision import Decision
from hive_core.landing.daemon_token import bearer_headers
from hive_exec.simulators.oanda.faults import FaultScript
from hive_exec.simulators.oanda.server import SimulatedVenue
from hive_exec.simulators.oanda.venue import Venue
from proofs.paper_daemon import DaemonClient, PaperDaemon, decision_of

TOKEN = "canary-of-the-venue-0123456789"  # noqa: S105 - looked for in everything that is said
MAIN, SPARE = "main", "spare"
INSTRUMENT = "EUR_USD"

TOP = """[ports]
hive_exec = {port}

[execution]
reconcile_every_s = 1
"""
OANDA = """
[[brokers]]
kind = "oanda"
name = "{name}"
account_id = "{account_id}"
rest_url = "{url}"
stream_url = "{url}"
connect_timeout_s = 1
answer_timeout_s = {answer_timeout_s}
settle_s = {settle_s}
heartbeat_timeout_s = 6
"""
ACCOUNT = """
[[accounts]]
name = "{name}"
mode = "broker"
accepted_unknowns = ["request_limits", "policy", "policy.third_party_automation"]
broker = "at_{name}"
symbols = ["EURUSD"]
sources = [{sources}]
risk_per_trade_pct = "0.1"
"""


def until(holds: Callable[[], Any], within_s: float = 20.0, *, told: str = "") -> Any:
    """Wait until something is true; what it was."""
    deadline = time.monotonic() + within_s
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, told or "it never came true"
        time.sleep(0.02)


def decision_for(account: str, name: str, **more: Any) -> Decision:
    """A market decision of an account."""
    made = decision_of(name, **more).model_copy(update={"account": account})
    return made.model_copy(update={"decision_id": made.expected_id()})


class OandaAt(AbstractContextManager["OandaAt"]):
    """A venue that can go away and come back at one address."""

    def __init__(self, account_id: str, *, delay_s: float = 3.0) -> None:
        self.faults = FaultScript(delay_s=delay_s)
        self.venue = Venue(account_id, time.time_ns, self.faults)
        self.price(Decimal("1.10000"))
        self.server = SimulatedVenue(self.venue, TOKEN, heartbeat_s=0.5)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)

    secrets: ClassVar[dict[str, str]] = {"HIVE_OANDA_TOKEN": TOKEN}
    port: int | None = None
    """Where the daemon is led to in place of the venue."""

    def table(self, name: str, *, answer_timeout_s: int, settle_s: int) -> str:
        """The venue as hive.toml names it."""
        return OANDA.format(
            name=name,
            account_id=self.venue.account_id,
            url=self.server.url if self.port is None else f"http://127.0.0.1:{self.port}",
            answer_timeout_s=answer_timeout_s,
            settle_s=settle_s,
        )

    def price(self, middle: Decimal) -> None:
        """A new price, with a spread of a pip."""
        half = Decimal("0.00005")
        self.venue.set_price(INSTRUMENT, str(middle - half), str(middle + half))

    def posted_orders(self) -> list[Any]:
        """The bodies of the requests to create an order that arrived."""
        return [body for method, path, body in self.server.requests if (method, path) == ("POST", "/orders")]

    def price_streams(self) -> int:
        """How often somebody began to listen to prices."""
        return sum(path.startswith("/pricing/stream") for _, path, _ in self.server.requests)

    def created(self) -> list[dict[str, Any]]:
        """The transactions that made an entry order."""
        made = ("MARKET_ORDER", "LIMIT_ORDER", "STOP_ORDER")
        return [
            one
            for one in self.venue.transactions
            if one["type"] in made and one.get("reason") == "CLIENT_ORDER" and "stopLossOnFill" in one
        ]

    def arrived(self) -> list[str]:
        """The client ids of the requests to create an order that arrived whole."""
        return [str(body["order"]["clientExtensions"]["id"]) for body in self.posted_orders() if body]

    def made(self) -> dict[str, Decimal]:
        """What of each entry of ours is filled, in lots; a doubled one stands twice as `id (again)`."""
        found: dict[str, Decimal] = {}
        opened = {
            one["clientExtensions"]["id"]: Decimal(one["initialUnits"]) / 100_000
            for one in list(self.venue.trades.values())
            if "clientExtensions" in one
        }
        for order in self.created():
            name = str(order["clientExtensions"]["id"])
            found[f"{name} (again)" if name in found else name] = opened.get(name, Decimal(0))
        return found

    @property
    def address(self) -> int:
        """Where it listens."""
        return int(self.server.url.rpartition(":")[2])

    def open_trades(self) -> list[dict[str, Any]]:
        """What is open there."""
        return [one for one in self.venue.trades.values() if one["state"] == "OPEN"]


class VenueAt(Protocol):
    """A simulated venue that a daemon is configured for."""

    secrets: ClassVar[dict[str, str]]
    port: int | None

    @property
    def address(self) -> int:
        """Where it listens."""

    def arrived(self) -> list[str]:
        """The client ids of the requests to create an order that arrived."""

    def made(self) -> dict[str, Decimal]:
        """What of each entry of ours is filled, in lots; a doubled one stands twice as `id (again)`."""

    def table(self, name: str, *, answer_timeout_s: int, settle_s: int) -> str:
        """The venue as hive.toml names it, as the broker `name`."""

    def price_streams(self) -> int:
        """How often somebody asked for prices."""


class BrokerDaemon(PaperDaemon):
    """A home with the account `main` and, with two venues, `spare` beside it."""

    def __init__(
        self,
        root: Path,
        *venues: VenueAt,
        accounts: str = "",
        top: str = "",
        answer_timeout_s: int = 1,
        settle_s: int = 3,
        environment: Mapping[str, str] | None = None,
        package: Path | None = None,
    ) -> None:
        secrets = {key: value for one in venues for key, value in one.secrets.items()}
        super().__init__(root, environment={**secrets, **(environment or {})}, package=package)
        self._clients: list[DaemonClient] = []
        text = TOP.format(port=self.port) + top
        for name, venue in zip((MAIN, SPARE), venues, strict=False):
            text += venue.table(f"at_{name}", answer_timeout_s=answer_timeout_s, settle_s=settle_s)
            text += ACCOUNT.format(name=name, sources='"*"' if name == MAIN else f'"{SPARE}"')
            text += accounts if name == MAIN else ""
        self.config.write_text(text, "utf-8")

    def client(self, *, timeout_s: float = 10, port: int | None = None) -> DaemonClient:
        """A caller that is closed with the daemon."""
        made = super().client(timeout_s=timeout_s, port=port)
        self._clients.append(made)
        return made

    def end(self) -> None:
        """Kill the process, where one was started, and close every caller."""
        if self.process is not None:
            self.kill()
        for one in self._clients:
            one.close()

    def client_as(self, principal: str) -> DaemonClient:
        """A caller with another principal's token."""
        made = self.client()
        made._headers = dict(bearer_headers(self.home, principal))
        return made

    def standing(self, account: str = MAIN) -> dict[str, Any]:
        """The mode of an account, with its reasons."""
        client = self.client()
        try:
            (found,) = [one for one in client.get("/modes")["accounts"] if one["account"] == account]
        finally:
            client.close()
        return dict(found)

    def decision(self, name: str) -> Decision:
        """A decision of the account `main`."""
        return decision_for(MAIN, name)

    def decide(self, name: str, account: str = MAIN, **more: Any) -> str:
        """Hand a market decision in; its id."""
        return self.hand_in(decision_for(account, name, **more))

    def hand_in(self, decision: Decision) -> str:
        """Hand a decision in; its id."""
        client = self.client()
        try:
            assert client.decide(decision).status_code == 202
        finally:
            client.close()
        return decision.decision_id

    def kinds(self, decision_id: str = "") -> list[str]:
        """The kinds of the journal's records, or of those that name a decision."""
        return [
            one["kind"]
            for one in self.reports()
            if not decision_id or one["body"].get("decision_id") == decision_id
        ]

    def order_of(self, decision_id: str) -> dict[str, Any]:
        """The one order of a decision, or {} while there is none."""
        found = [one for one in self.orders() if one["decision_id"] == decision_id]
        assert len(found) <= 1, found
        return found[0] if found else {}

    def until_state(self, decision_id: str, *states: str) -> dict[str, Any]:
        """Wait until the order of a decision is in one of these states; the order."""

        deadline = time.monotonic() + 20
        while (order := self.order_of(decision_id)).get("state") not in states:
            if time.monotonic() > deadline:
                raise AssertionError(f"{order} {self.kinds(decision_id)} {self.standing()} {self.log_tail()}")
            time.sleep(0.05)
        return order

    def story(self, client_order_id: str) -> list[str]:
        """The kinds of the records that name an order."""
        return [
            one["kind"] for one in self.reports() if one["body"].get("client_order_id") == client_order_id
        ]

    def is_normal(self, account: str = MAIN) -> bool:
        """Whether the account may trade."""
        return bool(self.standing(account)["mode"] == "normal")

    def start_trading(self, venue: VenueAt) -> None:
        """Start, and wait until the books agree and quotes of a venue come in."""
        before = venue.price_streams()
        self.start()
        until(lambda: venue.price_streams() > before, told=self.log_tail())
        until(self.is_normal, told=self.log_tail())
        time.sleep(1)  # quotes are taken in every quarter of a second


def limit_at(entry: str, name: str) -> Decision:
    """A decision of `main` to buy lower, at a limit."""
    price = Decimal(entry)
    changes = {"order_type": "limit", "entry": price, "stop_loss": price - Decimal("0.00200")}
    made = decision_for(MAIN, name).model_copy(update=changes)
    return made.model_copy(update={"decision_id": made.expected_id()})


def with_venues(stack: ExitStack, count: int = 1, **more: Any) -> list[OandaAt]:
    """Venues that end with the stack."""
    ids = ("101-004-1435156-001", "101-004-1435156-002")
    return [stack.enter_context(OandaAt(account_id, **more)) for account_id in ids[:count]]
