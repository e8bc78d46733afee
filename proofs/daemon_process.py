"""The installed daemon as a process that can be killed, and the sample decisions that it is given."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from hive_core.configuration.load import load_configuration
from hive_core.configuration.model import Configuration
from hive_core.evidence.chain import first_fault
from hive_core.landing.daemon_token import OWNER, bearer_headers
from hive_core.landing.home import HiveHome
from hive_core.market.embedded import (
    embedded_ecb_rates,
    embedded_eurusd_h1,
    embedded_eurusd_h1_declaration,
)
from hive_core.market.parse import parse_bars
from hive_core.market.rates import parse_ecb_rates
from hive_core.samples import sample_rooms
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.messages import parse_message_file
from hive_core.signals.parse import parse_signals
from hive_core.signals.resolve import resolve_decisions
from hive_core.signals.validate import validate_signals
from hive_exec.journal.reading import read_links
from hive_pipelines.lake import WHOLE, Lake
from hive_pipelines.lake_io_manager import frame_by_day
from hive_pipelines.sensors.deliveries import (
    Cursor,
    NotAcknowledged,
    Tick,
    advance_accounts,
    deliver_partition,
)

LANDED = "0" * 64


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_hive(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """The installed command on the home `.hive` of a folder, as a person would run it."""
    environment = {
        **os.environ,
        "HIVE_HOME": str(folder / ".hive"),
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }
    environment.pop("HIVE_CONFIG", None)  # hive.toml beside the home, where there is one
    command = [sys.executable, "-m", "hive_cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def sample_decisions(configuration: Configuration) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(EURUSD bars, DECISIONS) of the sample rooms, by the pure functions that the assets call."""
    bars = parse_bars(embedded_eurusd_h1(), embedded_eurusd_h1_declaration(), landing_sha256=LANDED).frame
    enriched = []
    for _, payload, declaration in sample_rooms(bars).values():
        messages = parse_message_file(payload, declaration, landing_sha256=LANDED).frame
        valid, _ = validate_signals(parse_signals(messages, configuration), bars, messages)
        enriched.append(enrich_signals(valid, bars))
    return bars, resolve_decisions(pl.concat(enriched), configuration)


class Installation:
    """One home with a lake of sample prices and decisions, and its daemon."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True)
        self.port = free_port()
        self.config = root / "hive.toml"
        self.config.write_text(f"[ports]\nhive_exec = {self.port}\n", "utf-8")
        self.home = HiveHome(root / ".hive")
        self.configuration = load_configuration(self.config)
        self.lake = Lake(self.home.lake)
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def fill_lake(self, bars: pl.DataFrame, decisions: pl.DataFrame) -> list[str]:
        """Write prices and decisions as the assets would; returns the decisions' partitions."""
        self.lake.write("bars", f"{bars['symbol'][0]}.{bars['timeframe'][0]}", bars, run_id="proof")
        rates, _ = parse_ecb_rates(embedded_ecb_rates(), landing_sha256=LANDED)
        self.lake.write("reference_rates", WHOLE, rates, run_id="proof")
        days = sorted(decisions["ts_decided"].dt.strftime("%Y-%m-%d").unique())
        for day, frame in frame_by_day(decisions, "ts_decided", days).items():
            self.lake.write("decisions", day, frame, run_id="proof")
        return days

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        environment = {
            **os.environ,
            "HIVE_HOME": str(self.home.root),
            "HIVE_CONFIG": str(self.config),
        }
        environment.pop("HIVE_LAKE", None)
        self.home.logs.mkdir(parents=True, exist_ok=True)
        with (self.home.logs / "hive-exec.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hive_exec.main"], env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if self.get("/health")["status"] == "ok":
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError((self.home.logs / "hive-exec.log").read_text("utf-8")[-2_000:])

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.kills += 1

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """An HTTP client for the daemon."""
        headers = bearer_headers(self.home, OWNER)
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10, headers=headers) as client:
            yield client

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        with self.client() as client:
            return client.get(path).raise_for_status().json()

    def deliver(self, days: list[str], cursor: Cursor) -> Tick:
        """Deliver partitions as the sensor does: the cursor passes only what was acknowledged.

        Raises:
            NotAcknowledged: the daemon went away; call again once it is back.
        """
        tick = Tick()
        with self.client() as client:
            while cursor.storage_id < len(days):
                deliver_partition(client, self.lake, days[cursor.storage_id], cursor, tick)
                cursor.storage_id += 1
            advance_accounts(client, self.configuration, cursor)
        return tick

    def settle(self) -> None:
        """Wait until every replay is where it was asked to go. Raises TimeoutError, httpx.HTTPError."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            accounts = self.get("/accounts")["accounts"]
            if all(a["clock_ns"] >= a["advance_until_ns"] and not a["pending_decisions"] for a in accounts):
                return
            time.sleep(0.05)
        raise TimeoutError(f"the replay does not end: {accounts}")

    def orders(self) -> list[dict[str, Any]]:
        """Orders that reached the venue or ended before it, without what a second attempt may change."""
        changing = {"client_order_id", "attempt", "venue_order_id"}
        found = self.get("/orders")["orders"]
        return [
            {key: value for key, value in order.items() if key not in changing}
            for order in found
            if order["state"] != "not_accepted"
        ]

    def verify(self) -> tuple[int, str]:
        """(records, fault) of the journal file, read offline."""
        held, _, fault = first_fault(read_links(self.home.journal))
        return held, "" if fault is None else f"record {fault.seq}: {fault.reason}"


def run_with_kills(installation: Installation, days: list[str], moments_s: list[float]) -> None:
    """The whole flow, with a SIGKILL each of these times after the daemon last started.

    Another thread kills, so that it hits whatever is going on: a request, a commit, the replay.
    """
    cursor, waiting = Cursor(), list(moments_s)
    installation.start()
    while True:
        timer = threading.Timer(waiting.pop(0), installation.kill) if waiting else None
        if timer is not None:
            timer.start()
        try:
            installation.deliver(days, cursor)
            installation.settle()
        except (NotAcknowledged, httpx.HTTPError):
            if timer is not None:
                timer.join()
            installation.start()
            continue
        if timer is None:
            return
        timer.join()  # the flow was over before: the kill hits a daemon at rest
        installation.start()
