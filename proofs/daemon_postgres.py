"""The daemon on a real PostgreSQL whose server is killed under it, again and again, while callers work.

The daemon ends when its journal's database is gone, and is started again as a service manager does. Kills of
the daemon itself on PostgreSQL are in `proofs.daemon_kills`. Sizes come from `proofs.daemon`.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import httpx

from hive_exec.main import EXIT_FATAL
from proofs.daemon_kills import DaemonFault, Episode, examine
from proofs.daemon_load import Load
from proofs.paper_daemon import PaperDaemon
from proofs.reporting import Claim
from tests.support.postgres_server import PostgresServer

WORK_S = 0.7
"""How long callers work before the server is killed again."""
END_S = 20


def _lose_the_server(daemon: PaperDaemon, server: PostgresServer, ends: Counter[int]) -> None:
    """Kill the server under the working daemon, and bring both back.

    Raises:
        DaemonFault: the daemon neither ended nor said that its journal failed.
    """
    time.sleep(WORK_S)
    server.kill()
    try:
        code = daemon.running().wait(END_S)
    except subprocess.TimeoutExpired:
        raise DaemonFault(f"its server is gone, and the daemon goes on after {END_S} s") from None
    ends[code] += 1
    if code != EXIT_FATAL:
        raise DaemonFault(f"without its server the daemon ended with {code}: {daemon.log_tail()[-600:]}")
    server.start()
    daemon.start()


def run_server_kills(
    folder: Path,
    server: PostgresServer,
    kills: int,
    seed: int,
    *,
    environment: Mapping[str, str],
    package: Path | None = None,
) -> tuple[Episode, Counter[int]]:
    """Kill the server under load; returns what was found, and how the daemon ended how often."""
    daemon, episode, ends = (
        PaperDaemon(folder, environment=environment, package=package),
        Episode(),
        Counter(),
    )
    load = Load(daemon, seed)
    try:
        daemon.start()
        load.start()
        for _ in range(kills):
            _lose_the_server(daemon, server, ends)
        load.stop()
        examine(daemon, load, episode)
    except (DaemonFault, RuntimeError, TimeoutError, httpx.HTTPError) as error:
        episode.faults.append(repr(error))
    finally:
        load.abandon()
        daemon.kill()
    return episode, ends


def server_claims(episode: Episode, ends: Counter[int], kills: int) -> list[Claim]:
    """What must hold of a daemon whose database server is killed under it."""
    wrong = [*episode.lost, *episode.doubled, *episode.faults]
    return [
        Claim(
            "PostgreSQL killed again and again under load: nothing acknowledged is lost, no order doubled",
            f"{kills} kills of the server, each ends the daemon with {EXIT_FATAL}; 0 lost, doubled, no fault",
            f"{ends.total()} kills; {len(episode.lost)} lost of {episode.acknowledged:,}, "
            f"{len(episode.doubled)} doubled of {episode.accepted:,}, {len(episode.faults)} faults"
            + "".join(f"; {text}" for text in wrong[:1])[:300],
            not wrong and ends == {EXIT_FATAL: kills} and episode.accepted > kills and episode.unanswered > 0,
            kills,
        )
    ]
