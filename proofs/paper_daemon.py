"""A home with one paper account, its installed daemon as a process, and a client that speaks to it.

All that knows how the daemon is started, addressed and asked stands here. What is proven with it belongs to
the suites; the pipelines are not imported.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psutil

from hive_core.contracts.decision import Decision, DecisionRule, Delivery, Origin, Side, Vote
from hive_core.evidence.canonical import canonical_bytes
from hive_core.landing.daemon_token import OWNER, bearer_headers
from hive_core.landing.home import HiveHome

ACCOUNT = "paper"
SYMBOL = "EURUSD"
MIDDLE = Decimal("1.10000")
HALF_SPREAD = Decimal("0.00005")

SETTINGS = f"""[ports]
hive_exec = {{port}}

[[accounts]]
name = "{ACCOUNT}"
mode = "paper"
accepted_unknowns = ["request_limits", "policy", "policy.third_party_automation"]
sources = ["*"]
risk_per_trade_pct = "0.01"
max_open_positions = 200
"""
"""Small risk, so that thousands of orders never come near a limit."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def decision_of(
    name: str, *, side: Side = "buy", legs: int = 1, ts_ns: int | None = None, valid_s: int = 3_600
) -> Decision:
    """A market decision near `MIDDLE`, with its stop and its targets 20 pips and more away. Its id is that of
    its content; `name` keeps it apart from all others."""
    now_ns = time.time_ns() if ts_ns is None else ts_ns
    sign = 1 if side == "buy" else -1
    stop = MIDDLE - sign * Decimal("0.00200")
    targets = tuple(MIDDLE + sign * Decimal("0.00200") * number for number in range(1, legs + 1))
    until_ns = now_ns + valid_s * 10**9
    vote = Vote(
        kind="source",
        source="proof",
        signal_id=f"sig_{name}",
        message_id=name,
        message_sha256="b" * 64,
        ts_event_ns=now_ns,
        valid_until_ns=until_ns,
        side=side,
        order_type="market",
        base_weight=Decimal(1),
        weight=Decimal(1),
        entry=None,
        stop_loss=stop,
        take_profits=targets,
    )
    decision = Decision(
        decision_id="dec_0",
        account=ACCOUNT,
        symbol=SYMBOL,
        side=side,
        order_type="market",
        entry=None,
        market_bid=MIDDLE - HALF_SPREAD,
        market_ask=MIDDLE + HALF_SPREAD,
        reference_price=MIDDLE,
        stop_loss=stop,
        take_profits=targets,
        ts_decided_ns=now_ns,
        valid_until_ns=until_ns,
        rule=DecisionRule(vote_window_s=3600, decay_half_life_s=None, threshold=Decimal(1), minimum_voices=1),
        votes=(vote,),
        resolver_version="1",
        resolver_settings_sha256="c" * 64,
    )
    return decision.model_copy(update={"decision_id": decision.expected_id()})


class DaemonClient:
    """One caller of a daemon. Connection errors come through as `httpx.TransportError`."""

    def __init__(self, home: HiveHome, port: int, *, timeout_s: float = 10) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=timeout_s, auth=self._say_who)
        self._home = home
        self._headers: dict[str, str] = {}

    def _say_who(self, request: httpx.Request) -> httpx.Request:
        # Its first start makes the token: a client may be older than that.
        self._headers = self._headers or bearer_headers(self._home, OWNER)
        request.headers.update(self._headers)
        return request

    def decide(self, decision: Decision) -> httpx.Response:
        """Post a decision under its own key."""
        origin = Origin(run_id="proof", partition="2026-01-05", data_sha256="d" * 64)
        return self._http.post(
            "/decisions",
            content=canonical_bytes(Delivery(decision=decision, origin=origin)),
            headers={"Content-Type": "application/json", "Idempotency-Key": decision.decision_id},
        )

    def quote(self, middle: Decimal = MIDDLE, ts_ns: int | None = None) -> httpx.Response:
        """Post a quote of now around a price."""
        body = {
            "symbol": SYMBOL,
            "bid": str(middle - HALF_SPREAD),
            "ask": str(middle + HALF_SPREAD),
            "ts_ns": time.time_ns() if ts_ns is None else ts_ns,
        }
        return self._http.post(
            f"/accounts/{ACCOUNT}/quotes",
            content=canonical_bytes(body),
            headers={"Content-Type": "application/json"},
        )

    def post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """Order something."""
        return self._http.post(
            path, content=canonical_bytes(dict(body)), headers={"Content-Type": "application/json"}
        )

    def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        return self._http.get(path).raise_for_status().json()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


class PaperDaemon:
    """The home, and whichever daemon process runs on it now. `package` is a folder with another copy of
    Hive's packages to run instead of the installed ones; `prefix` a command that runs and traces it."""

    def __init__(
        self,
        root: Path,
        *,
        package: Path | None = None,
        environment: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.home = HiveHome(root / ".hive")
        self.config = root / "hive.toml"
        self.config.write_text(SETTINGS.format(port=self.port), "utf-8")
        self.log = root / "hive-exec.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.prefix = prefix
        self._package, self._more = package, dict(environment or {})

    def environment(self) -> dict[str, str]:
        """What the processes on this home are started with."""
        found = {
            **os.environ,
            "HIVE_HOME": str(self.home.root),
            "HIVE_CONFIG": str(self.config),
            **self._more,
        }
        for name in ("HIVE_LAKE", "HIVE_FAILPOINT", "HIVE_ALLOW_FAILPOINTS"):
            if name not in self._more:
                found.pop(name, None)
        if self._package is not None:
            found["PYTHONPATH"] = os.pathsep.join(
                [str(self._package), *filter(None, [found.get("PYTHONPATH", "")])]
            )
        return found

    def client(self, *, timeout_s: float = 10, port: int | None = None) -> DaemonClient:
        """A new caller; `port` leads it through a proxy."""
        return DaemonClient(self.home, port or self.port, timeout_s=timeout_s)

    def launch(self, failpoint: str | None = None) -> None:
        """Start the process and return at once."""
        environment = self.environment()
        if failpoint is not None:
            environment |= {"HIVE_FAILPOINT": failpoint, "HIVE_ALLOW_FAILPOINTS": "1"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "hive_exec.main"],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self.config.parent,
            )

    def is_ready(self, client: DaemonClient) -> bool:
        """Whether it answers that it is well."""
        try:
            return bool(client.get("/health")["status"] == "ok")
        except httpx.HTTPError:
            return False

    def wait_until_ready(self, *, timeout_s: float = 60) -> bool:
        """Wait until it answers; False when it ended before.

        Raises:
            TimeoutError: neither within the time.
        """
        process = self.running()
        client = self.client(timeout_s=2)
        try:
            deadline = time.monotonic() + timeout_s
            while time.monotonic() < deadline:
                if self.is_ready(client):
                    return True
                if process.poll() is not None:
                    return False
                time.sleep(0.005)
        finally:
            client.close()
        raise TimeoutError(f"the daemon neither answers nor ends: {self.log_tail()}")

    def start(self, failpoint: str | None = None) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it ended instead.
        """
        self.launch(failpoint)
        if not self.wait_until_ready():
            raise RuntimeError(f"the daemon does not start: {self.log_tail()}")

    def running(self) -> subprocess.Popen[bytes]:
        """The process that was launched last."""
        if self.process is None:
            raise RuntimeError("no daemon was launched on this home")
        return self.process

    def send_signal(self, number: signal.Signals) -> None:
        """Send the daemon a signal, where it has not ended yet: itself, not what traces it."""
        process = self.running()
        if process.poll() is None:
            traced = psutil.Process(process.pid).children() if self.prefix else []
            for target in traced or [process]:
                target.send_signal(number)

    def kill(self) -> int:
        """SIGKILL, where it has not ended yet; its return code."""
        self.send_signal(signal.SIGKILL)
        return self.running().wait(30)

    def stop(self) -> int:
        """SIGTERM, and wait; its return code."""
        self.send_signal(signal.SIGTERM)
        return self.running().wait(60)

    def judge_what_waits(self, *, timeout_s: float = 20) -> None:
        """Tell the daemon a price, for what came before the first waits for it; return once it was judged.

        Raises:
            TimeoutError: something waits still.
        """
        client, deadline = self.client(), time.monotonic() + timeout_s
        try:
            while time.monotonic() < deadline:
                client.quote()
                if not any(account["pending_decisions"] for account in client.get("/accounts")["accounts"]):
                    return
                time.sleep(0.05)
        finally:
            client.close()
        raise TimeoutError(f"decisions wait although there is a price: {self.log_tail()}")

    def log_tail(self) -> str:
        """The end of what it printed."""
        return self.log.read_text("utf-8", errors="replace")[-2_000:] if self.log.exists() else ""

    def hive(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The `hive` command on this home."""
        environment = {**self.environment(), "COLUMNS": "200", "NO_COLOR": "1"}
        environment.pop("LD_PRELOAD", None)  # what is put under the daemon is not for this command
        return subprocess.run(
            [sys.executable, "-m", "hive_cli", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.config.parent,
        )

    def reports(self) -> list[dict[str, Any]]:
        """Every record of the journal, as the running daemon reports it."""
        client, found, after = self.client(), [], 0
        try:
            while page := client.get(f"/reports?after_seq={after}&limit=5000")["reports"]:
                found += page
                after = page[-1]["seq"]
        finally:
            client.close()
        return found

    def orders(self) -> list[dict[str, Any]]:
        """Every order that the daemon knows."""
        client = self.client()
        try:
            found: list[dict[str, Any]] = client.get("/orders")["orders"]
        finally:
            client.close()
        return found

    def venue_log(self) -> list[dict[str, Any]]:
        """Every report that the paper venue wrote down itself, in its order, with the order where it was
        accepted: the witness beside the journal. The daemon must not be running: it holds the file."""
        connection = sqlite3.connect(f"file:{self.home.journal.with_name('paper.sqlite')}?mode=ro", uri=True)
        try:
            rows = connection.execute("SELECT entry FROM venue_log ORDER BY id").fetchall()
        finally:
            connection.close()
        facts = [json.loads(entry) for (entry,) in rows]
        return [{**fact["report"], "order": fact.get("order")} for fact in facts if fact["fact"] == "report"]
