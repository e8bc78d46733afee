"""The daemon behind a network that breaks: callers work through a proxy whose faults change all the time.

The proxy is `tests.support.fault_proxy`, the examination that of the kills. Sizes come from `proofs.daemon`.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import httpx

from proofs.daemon_kills import Episode, examine
from proofs.daemon_load import Load
from proofs.paper_daemon import PaperDaemon
from proofs.reporting import Claim
from tests.support.fault_proxy import (
    DropRequest,
    DropResponse,
    DuplicateRequest,
    FaultProxy,
    Garbage,
    HalfOpen,
    Latency,
    Reset,
    SlowLoris,
    Toxic,
)

PHASE_S = 0.4
"""How long one fault lasts before all connections are cut and the next begins."""


def toxics(chance: random.Random) -> dict[str, Toxic]:
    """One of each fault, its place in the stream by chance."""
    most = 0.75
    return {
        "latency": Latency(latency_s=0.02, jitter_s=0.02, toxicity=most),
        "half-open request": HalfOpen(stream="upstream", after_bytes=chance.randint(0, 2_000), toxicity=most),
        "half-open response": HalfOpen(
            stream="downstream", after_bytes=chance.randint(0, 300), toxicity=most
        ),
        "reset in the request": Reset(stream="upstream", after_bytes=chance.randint(0, 4_000), toxicity=most),
        "reset in the response": Reset(
            stream="downstream", after_bytes=chance.randint(0, 900), toxicity=most
        ),
        "dropped request": DropRequest(toxicity=most),
        "dropped response": DropResponse(toxicity=most),
        "duplicated request": DuplicateRequest(toxicity=most),
        "slow loris": SlowLoris(bytes_at_once=64, pause_s=0.005, toxicity=most),
        "garbage": Garbage(stream="upstream", after_bytes=chance.randint(0, 3_000), toxicity=most),
    }


def run_broken_network(
    folder: Path, rounds: int, seed: int, *, package: Path | None = None
) -> tuple[Episode, dict[str, int]]:
    """Every fault once a round while callers work; returns what was found, and how often each struck."""
    chance = random.Random(seed)  # noqa: S311 - faults, not secrets
    daemon, episode = PaperDaemon(folder, package=package), Episode()
    struck: dict[str, int] = {}
    daemon.start()
    try:
        with FaultProxy(daemon.port, seed=seed) as proxy:
            struck = proxy.struck
            load = Load(daemon, seed, port=proxy.port, timeout_s=0.3, is_garbled=True)
            load.start()
            try:
                for _ in range(rounds):
                    faults = list(toxics(chance).items())
                    chance.shuffle(faults)
                    for name, toxic in faults:
                        proxy.calm()
                        proxy.add(name, toxic)
                        proxy.cut_all()
                        time.sleep(PHASE_S)
            finally:
                proxy.calm()
                proxy.cut_all()
                if daemon.running().poll() is None:
                    load.stop()
                else:
                    load.abandon()
                    episode.faults.append(f"the daemon ended: {daemon.log_tail()[-600:]}")
        if not episode.faults:
            examine(daemon, load, episode)
    except (RuntimeError, TimeoutError, httpx.HTTPError) as error:
        episode.faults.append(repr(error))
    finally:
        daemon.kill()
    return episode, struck


def network_claims(folder: Path, rounds: int, seed: int) -> list[Claim]:
    """What must hold behind a broken network."""
    episode, struck = run_broken_network(folder, rounds, seed)
    wrong = [*episode.lost, *episode.doubled, *episode.faults]
    total = sum(struck.values())
    return [
        Claim(
            "behind a network that breaks no acknowledged decision is lost, no order doubled",
            "0 lost, 0 doubled, no fault; each of 10 faults strikes",
            f"{len(episode.lost)} lost of {episode.acknowledged:,}, {len(episode.doubled)} doubled of "
            f"{episode.accepted:,} orders, {len(episode.faults)} faults; {total:,} connections struck, "
            f"{episode.unanswered:,} posts without an answer{''.join(f'; {text}' for text in wrong[:1])}",
            not wrong and min(struck.values()) > 0 and episode.accepted > 0 and episode.unanswered > 0,
            total,
        )
    ]
