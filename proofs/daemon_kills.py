"""Real kills: the daemon's own process killed with SIGKILL at every failpoint while callers work.

Every life is a fresh start of the installed program; no process is forked from a warm one. The paper venue's
own log is the witness beside the journal. Sizes come from `proofs.daemon`.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hive_core.evidence.chain import first_fault
from hive_exec.failpoints import FAILPOINTS, FailpointName
from hive_exec.journal.postgres_store import PostgresReader
from proofs.daemon_load import Load
from proofs.paper_daemon import PaperDaemon
from proofs.reporting import Claim

KILLS_AN_EPISODE = 40
"""Lives of one home. A new home keeps the journal, which every start reads, as long as an hour makes it."""
MOST_LIFE_S = 4.0
"""A life whose failpoint is not reached within this is killed from outside."""
AT_START = ("heads.before_write", "heads.after_write", "reconcile.before", "reconcile.after")
OF_A_SNAPSHOT: tuple[FailpointName, ...] = ("snapshot.before_commit", "snapshot.after_commit")
USUAL: tuple[FailpointName, ...] = tuple(name for name in FAILPOINTS if name not in OF_A_SNAPSHOT)
"""A snapshot is made every so many thousand records: its failpoints have a run of their own, in which it is
made every few."""
OF_A_DECISION = ("inbox.before_record", "inbox.after_record", "effect.before", "effect.after")


@dataclass(slots=True)
class Episode:
    """What one home lived through, and what was found at its end."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    posts: int = 0
    unanswered: int = 0
    repeated: int = 0
    orders: int = 0
    accepted: int = 0
    records: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    restarts_s: list[float] = field(default_factory=list)


class DaemonFault(Exception):
    """The daemon ended by itself: it does not go on after this."""


def plan(kills: int, seed: int, points: tuple[FailpointName, ...] = USUAL) -> list[tuple[FailpointName, int]]:
    """Which failpoint ends each life, and at which time that it is reached: every failpoint in turn, so that
    their numbers differ by one at most."""
    chance = random.Random(seed)  # noqa: S311 - moments of kills, not secrets
    planned: list[tuple[FailpointName, int]] = []
    while len(planned) < kills:
        names = list(points)
        chance.shuffle(names)
        for name in names[: kills - len(planned)]:
            most = (
                1 if name in AT_START else 2 if name in OF_A_SNAPSHOT else 12 if name in OF_A_DECISION else 60
            )
            planned.append((name, chance.randint(1, most)))
    return planned


def live_and_die(daemon: PaperDaemon, name: FailpointName, count: int, episode: Episode) -> None:
    """One life of the daemon under load, to the SIGKILL at its failpoint.

    Raises:
        DaemonFault: it ended otherwise.
    """
    began = time.monotonic()
    daemon.launch(f"{name}:{count}:kill")
    if daemon.wait_until_ready():
        episode.restarts_s.append(time.monotonic() - began)
    process = daemon.running()
    deadline = time.monotonic() + MOST_LIFE_S
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    where = name if process.poll() is not None else "outside"
    code = daemon.kill()
    if code != -signal.SIGKILL:
        tail = daemon.log_tail()[-600:]
        raise DaemonFault(f"{name}:{count}: ended with {code}, not by SIGKILL: {tail}")
    episode.kills[where] += 1


def run_episode(daemon: PaperDaemon, lives: list[tuple[FailpointName, int]], seed: int) -> Episode:
    """Lives and deaths of the daemon of one home under load, then the examination."""
    episode = Episode()
    load = Load(daemon, seed)
    load.start()
    try:
        for name, count in lives:
            live_and_die(daemon, name, count, episode)
        daemon.start()
        load.stop()
        examine(daemon, load, episode)
    except (DaemonFault, RuntimeError, TimeoutError, httpx.HTTPError) as error:
        episode.faults.append(repr(error))
    finally:
        load.abandon()
    return episode


def examine(daemon: PaperDaemon, load: Load, episode: Episode) -> None:
    """Compare what was acknowledged with the journal, the daemon's books, and the venue's own log."""
    facts = load.facts
    episode.posts, episode.unanswered = facts.posts, facts.unanswered
    episode.acknowledged = len(facts.acknowledged)
    episode.repeated = sum(each.times - 1 for each in facts.acknowledged.values())
    episode.faults += facts.faults
    client = daemon.client()
    for key, each in facts.acknowledged.items():
        again = client.decide(each.decision)
        if (again.status_code, again.content) != (200, each.body):
            episode.lost.append(f"{key}: posted again: {again.status_code} {again.text[:120]}")
    client.close()
    daemon.judge_what_waits()
    reports, orders = daemon.reports(), daemon.orders()
    code = daemon.stop()
    if code != 0:
        episode.faults.append(f"the daemon stopped with {code}: {daemon.log_tail()[-600:]}")
    episode.records = len(reports)
    _verify(daemon, episode)
    examine_receipts(facts.acknowledged, reports, episode)
    examine_orders(orders, daemon.venue_log(), episode)


def _verify(daemon: PaperDaemon, episode: Episode) -> None:
    """The chain as it is stored, read by somebody else than the daemon."""
    address = daemon.environment().get("HIVE_JOURNAL_URL")
    if address is None:
        verified = daemon.hive("verify", "--journal", str(daemon.home.journal))
        if verified.returncode != 0:
            episode.faults.append(f"hive verify: {verified.stdout}{verified.stderr}"[:600])
        return
    reader = PostgresReader(address)
    try:
        held, _, fault = first_fault(reader.rows(0))
    finally:
        reader.close()
    if fault is not None:
        episode.faults.append(f"record {fault.seq}: {fault.reason}")
    if held < episode.records:
        episode.faults.append(f"PostgreSQL holds {held} of {episode.records} records")


def examine_receipts(
    acknowledged: Mapping[str, object], reports: list[dict[str, Any]], episode: Episode
) -> None:
    """Every acknowledged decision is in the journal once, and something became of it."""
    received = Counter(r["body"]["decision_id"] for r in reports if r["kind"] == "decision_received")
    denied = {r["body"]["decision_id"] for r in reports if r["kind"] == "decision_denied"}
    intended = {r["body"]["order"]["decision_id"] for r in reports if r["kind"] == "order_intended"}
    for key in acknowledged:
        if received[key] != 1:
            episode.lost.append(f"{key}: acknowledged, but {received[key]} times in the journal")
        elif key not in denied | intended:
            episode.lost.append(f"{key}: acknowledged, but nothing became of it")
        elif key in denied & intended:
            episode.faults.append(f"{key}: denied, and ordered")
    for key in intended - set(received):
        episode.faults.append(f"{key}: ordered without a receipt")


def examine_orders(orders: list[dict[str, Any]], venue: list[dict[str, Any]], episode: Episode) -> None:
    """No leg has two orders in the venue's own log, and the daemon's books say of each what that log says."""
    told = {order["client_order_id"]: order for order in orders}
    accepted = [entry["order"] for entry in venue if entry["kind"] == "accepted"]
    episode.orders, episode.accepted = len(orders), len(accepted)
    legs = Counter((order["decision_id"], order["leg"]) for order in accepted)
    episode.doubled += [f"{leg}: {times} orders at the venue" for leg, times in legs.items() if times > 1]
    ids = Counter(order["client_order_id"] for order in accepted)
    episode.doubled += [f"{one}: accepted {times} times" for one, times in ids.items() if times > 1]
    episode.faults += [f"{one}: at the venue, unknown to the daemon" for one in ids if one not in told]
    last = {entry["client_order_id"]: entry["kind"] for entry in venue}
    for one, order in told.items():
        here, there = order["state"], last.get(one, "not_accepted")
        if here != there:
            episode.faults.append(f"{one}: {here} in the daemon's books, {there} in the venue's log")


@dataclass(frozen=True, slots=True)
class KillRun:
    """The episodes of one kind of journal."""

    store: str
    planned: int
    points: tuple[FailpointName, ...]
    episodes: list[Episode]
    seconds: float

    @property
    def kills(self) -> Counter[str]:
        """Kills by failpoint."""
        return sum((episode.kills for episode in self.episodes), Counter())

    def total(self, name: str) -> int:
        """A figure, or the length of a list, over all episodes."""
        values = [getattr(episode, name) for episode in self.episodes]
        return sum(len(value) if isinstance(value, list) else value for value in values)

    def first(self, name: str) -> str:
        """The first entry of a list, or nothing."""
        return next((f"; first: {e}" for episode in self.episodes for e in getattr(episode, name)), "")


def run_kills(
    folder: Path,
    kills: int,
    seed: int,
    *,
    store: str = "SQLite",
    environment_of: Callable[[int], Mapping[str, str]] = lambda _: {},
    package: Path | None = None,
    points: tuple[FailpointName, ...] = USUAL,
    workers: int = 2,
) -> KillRun:
    """Spread the kills over homes of their own, `workers` of them at a time. `environment_of` gives what
    the daemon of a home by its number is started with: the address of a database of its own."""
    lives = plan(kills, seed, points)
    parts = [lives[at : at + KILLS_AN_EPISODE] for at in range(0, len(lives), KILLS_AN_EPISODE)]
    began = time.monotonic()
    guard = threading.Lock()  # ports are chosen one at a time

    def episode(number: int) -> Episode:
        with guard:
            daemon = PaperDaemon(
                folder / f"home-{number}", package=package, environment=environment_of(number)
            )
        try:
            return run_episode(daemon, parts[number], seed + number)
        finally:
            if daemon.process is not None:
                daemon.kill()

    with ThreadPoolExecutor(workers) as pool:
        episodes = list(pool.map(episode, range(len(parts))))
    return KillRun(store, kills, points, episodes, time.monotonic() - began)


def kill_claims(run: KillRun) -> list[Claim]:
    """What must hold of a run."""
    kills, at_failpoints = run.kills.total(), run.kills.total() - run.kills["outside"]
    reached = {name: run.kills[name] for name in run.points}
    lost, doubled, faults = run.total("lost"), run.total("doubled"), run.total("faults")
    acknowledged, accepted = run.total("acknowledged"), run.total("accepted")
    on = f"on {run.store}"
    least = run.planned // len(run.points) // 2
    return [
        Claim(
            f"the installed daemon killed with SIGKILL at its failpoints, {on}",
            f"{run.planned} kills, every failpoint at least {least} times",
            f"{kills} kills in {run.seconds:.0f} s, {at_failpoints} at failpoints, each "
            f"{min(reached.values())} to {max(reached.values())} times",
            kills >= run.planned and min(reached.values()) >= least > 0,
            kills,
        ),
        Claim(
            f"no acknowledged decision is lost, {on}",
            "0 lost of all acknowledged; each answered again with the bytes of its first answer",
            f"{lost} lost of {acknowledged:,}{run.first('lost')}",
            lost == 0 and acknowledged >= kills,
            acknowledged,
        ),
        Claim(
            f"no order is doubled at the venue, {on}",
            "0 doubled, by the venue's own log",
            f"{doubled} doubled of {accepted:,} accepted; {run.total('unanswered'):,} posts got no answer, "
            f"{run.total('repeated'):,} were repeated{run.first('doubled')}",
            doubled == 0 and accepted >= kills,
            accepted,
        ),
        Claim(
            f"after the kills the journal verifies, and books, journal and venue agree, {on}",
            "no fault",
            f"{faults} faults, {run.total('records'):,} records{run.first('faults')}",
            faults == 0 and run.total("records") > 0,
            run.total("records"),
        ),
    ]
