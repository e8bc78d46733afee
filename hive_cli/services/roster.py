"""Which processes make up a running Hive, with their commands, ports and environment.

Order matters: those of a later `stage` start when the stages before answer.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from hive_cli.services.bundled import bundled_file
from hive_cli.settings import Settings

CODE_SERVER = "dagster-code-server"
ASLEEP_AT_MOST_S = 7 * 86_400
"""The process that loads the pipelines ends where the one that started it is silent for so long, and nobody
starts it again: by default after 30 s, which is any laptop whose lid was closed. What a code server that died
leaves behind is ended with its session."""
WEBSERVER = "dagster-webserver"
DAGSTER_DAEMON = "dagster-daemon"
HIVE_EXEC = "hive-exec"

NAMES = (HIVE_EXEC, CODE_SERVER, WEBSERVER, DAGSTER_DAEMON)

QUIET = {
    # Nothing phones home.
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


@dataclass(frozen=True, slots=True)
class Service:
    """One process. `start_within_s` is how long it may take until it answers; `needs` names services
    whose start it must see: it is started anew when one of them is."""

    name: str
    command: tuple[str, ...]
    port: int | None
    port_setting: str
    stage: int
    start_within_s: float
    needs: tuple[str, ...] = ()


def services(settings: Settings) -> tuple[Service, ...]:
    """The four processes, as the configuration wants them."""
    ports = settings.configuration.ports
    python = sys.executable
    workspace = str(bundled_file("workspace.yaml"))
    return (
        Service(
            HIVE_EXEC,
            (python, "-m", "hive_cli", "exec"),
            ports.hive_exec,
            "ports.hive_exec",
            stage=0,
            start_within_s=60,
        ),
        Service(
            CODE_SERVER,
            (
                *(python, "-m", "dagster", "code-server", "start", "-m", "hive_pipelines.definitions"),
                *("--host", ports.host, "--port", str(ports.dagster_code_server)),
                *("--location-name", "hive", "--use-python-environment-entry-point"),
                *("--heartbeat-ttl", str(ASLEEP_AT_MOST_S)),
            ),
            ports.dagster_code_server,
            "ports.dagster_code_server",
            stage=0,
            start_within_s=180,
        ),
        Service(
            WEBSERVER,
            (
                *(python, "-m", "dagster_webserver", "-w", workspace),
                *("--host", ports.host, "--port", str(ports.dagster_webserver)),
            ),
            ports.dagster_webserver,
            "ports.dagster_webserver",
            stage=1,
            start_within_s=120,
            needs=(CODE_SERVER,),
        ),
        # After the code server: a daemon that finds none looks again only a minute later.
        Service(
            DAGSTER_DAEMON,
            (python, "-m", "dagster._daemon", "run", "-w", workspace),
            None,
            "",
            stage=1,
            start_within_s=120,
            needs=(CODE_SERVER,),
        ),
    )


def environment(settings: Settings) -> dict[str, str]:
    """What every service finds in its environment: this home, this configuration, no telemetry."""
    home, ports = settings.home, settings.configuration.ports
    inherited = dict(os.environ)
    # Without byte code every process imports two to three times slower.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    scripts = str(Path(sys.executable).parent)
    return {
        **inherited,
        **QUIET,
        "HIVE_HOME": str(home.root),
        # Only where it is named: a file that is named must be there. The other stands beside the home.
        **({"HIVE_CONFIG": str(home.configuration_file)} if inherited.get("HIVE_CONFIG") else {}),
        "DAGSTER_HOME": str(home.dagster),
        "HIVE_DAGSTER_CODE_SERVER_HOST": ports.host,
        "HIVE_DAGSTER_CODE_SERVER_PORT": str(ports.dagster_code_server),
        "PATH": os.pathsep.join([scripts, inherited.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
    }
