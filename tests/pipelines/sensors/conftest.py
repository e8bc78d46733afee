"""A home of its own for every test, one Dagster instance for all, and sensors ticked as the daemon does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
import uvicorn
from small_home import SmallHome
from tokens import owner_headers

from hive_core.configuration.load import load_configuration
from hive_core.landing.home import HiveHome
from hive_exec.cell import Cell
from hive_exec.http import create_app
from hive_pipelines.resources import HiveResource


@pytest.fixture(scope="session")
def instance() -> Iterator[dg.DagsterInstance]:
    """One for all tests, as its tables are slow to make; each test starts at the end of its log."""
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallHome:
    """A home with default settings, where the sensors look for it."""
    for name in ("HIVE_LAKE", "HIVE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    return SmallHome(tmp_path)


class Ticker:
    """Evaluates a sensor as the Dagster daemon does: each tick gets the last tick's cursor."""

    def __init__(self, instance: dg.DagsterInstance, sensor: Any) -> None:
        self.instance, self.sensor = instance, sensor
        self.cursor: str | None = None

    def __call__(self) -> dg.SensorResult | dg.SkipReason:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"hive": HiveResource()}
        )
        result = self.sensor(context)
        if isinstance(result, dg.SensorResult) and result.cursor is not None:
            self.cursor = result.cursor
        return result

    def told(self) -> str:
        """Tick once; what the tick says when it asks for no run."""
        result = self()
        reason = result.skip_reason if isinstance(result, dg.SensorResult) else result
        assert isinstance(reason, dg.SkipReason), f"runs were asked for: {result}"
        return str(reason.skip_message)


@pytest.fixture
def ticker(instance: dg.DagsterInstance, small: SmallHome) -> Callable[[Any], Ticker]:
    """A ticker of a sensor over the small home."""
    return lambda sensor: Ticker(instance, sensor)


class Daemon:
    """The real execution daemon in this process: a cell behind its own HTTP server, on a port that stays
    the same when it is stopped and started again."""

    def __init__(self, home: HiveHome) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._cell: Cell | None = None

    def start(self) -> None:
        """Listen, under the settings as they are now."""
        self._cell = Cell(self.home, load_configuration(self.home.configuration_file))
        self._cell.start()
        config = uvicorn.Config(
            create_app(self._cell), host="127.0.0.1", port=self.port, log_level="error", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.002)

    def stop(self) -> None:
        """As SIGTERM does; nothing when it is stopped."""
        if self._cell is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._cell.stop()
        self._cell = None

    def get(self, path: str) -> Any:
        """What a person would see with curl."""
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.get(url, headers=owner_headers(self.home)).raise_for_status().json()

    def kinds(self) -> list[str]:
        """The kinds of the journal's records, in order."""
        return [report["kind"] for report in self.get("/reports?limit=5000")["reports"]]

    def account(self, name: str = "samples") -> dict[str, Any]:
        """An account, once its replay has come to rest."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            facts = next(each for each in self.get("/accounts")["accounts"] if each["name"] == name)
            if facts["clock_ns"] >= facts["advance_until_ns"]:
                return facts
            time.sleep(0.01)
        raise TimeoutError(facts)


@pytest.fixture
def daemon(small: SmallHome) -> Iterator[Daemon]:
    """The daemon, running, at the port that the home's settings name."""
    made = Daemon(small.home)
    made.home.configuration_file.write_text(f"[ports]\nhive_exec = {made.port}\n", "utf-8")
    made.start()
    yield made
    made.stop()
