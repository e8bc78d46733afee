"""One running Hive for all integration tests: a fresh home, free ports, and `hive flow` through real
processes. It takes minutes, so it happens once a session, and only when a test asks for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hive_core.landing.home import HiveHome

FLOW_WITHIN_S = 540
SERVICES = ("dagster_webserver", "dagster_code_server", "hive_exec")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass(frozen=True)
class RunningHive:
    """A home whose services run, and what its first `hive flow` told."""

    home: HiveHome
    environment: dict[str, str]
    facts: dict[str, Any]

    def hive(self, *arguments: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        """Run the command on this home."""
        return command(self.home, self.environment, *arguments, timeout_s=timeout_s)

    def asked(self, *arguments: str, timeout_s: float = 120) -> Any:
        """The facts that a command prints."""
        finished = self.hive(*arguments, "--json", timeout_s=timeout_s)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return json.loads(finished.stdout)

    @property
    def dagster_url(self) -> str:
        url: str = self.facts["urls"]["Dagster"]
        return url


def command(
    home: HiveHome, environment: dict[str, str], *arguments: str, timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """`hive` as a person would call it, in the folder that holds the home."""
    return subprocess.run(
        [sys.executable, "-m", "hive_cli", *arguments],
        cwd=home.root.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHive]:
    """Hive after its first flow. Whatever happens, nothing of it runs afterwards."""
    root: Path = tmp_path_factory.mktemp("hive")
    home = HiveHome(root / ".hive")
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    lines = [f"{name} = {port}" for name, port in ports.items()]
    (root / "hive.toml").write_text("[ports]\n" + "\n".join(lines) + "\n", "utf-8")
    outside = ("HIVE_", "DAGSTER_", "OPENLINEAGE_", "DBT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    environment |= {"HIVE_HOME": str(home.root), "COLUMNS": "200"}
    try:
        finished = command(home, environment, "flow", "--json", timeout_s=FLOW_WITHIN_S + 60)
        assert finished.returncode == 0, finished.stdout[-2_000:] + finished.stderr[-4_000:]
        yield RunningHive(home, environment, json.loads(finished.stdout))
    finally:
        command(home, environment, "down", timeout_s=120)
