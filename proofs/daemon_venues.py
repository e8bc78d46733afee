"""The daemon at venues behind a network that breaks: many decisions through the installed daemon to a
simulated venue of each kind, with the proxy between the adapter and the venue. At the end the venue's own
ledger is compared with the journal.

The venues are the tests' (`tests.support`). Sizes come from `proofs.daemon`.
"""

from __future__ import annotations

import io
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, redirect_stderr
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from proofs.reporting import Claim
from tests.support.broker_daemon import MAIN, BrokerDaemon, OandaAt, VenueAt, decision_for, until
from tests.support.fault_proxy import (
    Connection,
    DropResponse,
    FaultProxy,
    Garbage,
    HalfOpen,
    Latency,
    Reset,
    Stream,
    Toxic,
)
from tests.support.fix_at import FixAt
from tests.support.metatrader_at import MetaTraderAt

VENUES: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    "OANDA": lambda: OandaAt("101-004-1435156-001", delay_s=0.1),
    "FIX": FixAt,
    "MetaTrader": MetaTraderAt,
}
ANSWER_LOST = "answer to an order lost"
PHASE_S = 1.2
"""How long decisions come while one fault is on."""
PAUSE_S = 0.25
RECOVERS_S = 20.0
SETTLES_S = 40.0
ENDED = frozenset({"filled", "closed", "rejected", "expired", "cancelled", "not_accepted"})
SETTINGS = """max_open_positions = 200
max_quote_age_s = 300
commission_per_lot = 0
"""


ORDERS = (b'{"order":{', b"\x0135=D\x01", b"\x0135=E\x01", b'"order_send"')
"""What a request to make an order has in it, at OANDA, by FIX, at the bridge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCut(Toxic):
    """A request to make an order passes up to this share of its bytes, and the connection ends."""

    stream: Stream = "upstream"
    share: float = 1.0
    struck: list[int] = field(default_factory=list)
    """The connections of which an order was cut."""

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        if not any(mark in chunk for mark in ORDERS):
            return chunk
        self.struck.append(connection.number)
        connection.server.write(chunk[: int(len(chunk) * self.share)])
        raise connection.cut(reset=False)


@dataclass(slots=True)
class Course:
    """What one adapter lived through, and what was found at its end."""

    struck: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    orders: Counter[str] = field(default_factory=Counter)
    """How many orders ended in each state."""
    asked: int = 0
    """Orders of which at one time nobody knew."""
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return [*self.doubled, *self.lost, *self.faults]


def toxics(chance: random.Random) -> dict[str, Toxic]:
    """One of each fault between an adapter and its venue; where in the stream it strikes, by chance."""

    def at(most: int) -> int:
        return chance.randint(200, most)

    return {
        "latency": Latency(latency_s=0.03, jitter_s=0.03),
        "reset at once": Reset(stream="upstream"),
        "reset in a request": Reset(stream="upstream", after_bytes=at(4_000)),
        "reset in an answer": Reset(stream="downstream", after_bytes=at(6_000)),
        "dropped answer": DropResponse(),
        "half-open request": HalfOpen(stream="upstream", after_bytes=at(3_000)),
        "half-open answer": HalfOpen(stream="downstream", after_bytes=at(6_000)),
        ANSWER_LOST: OrderCut(),
        "order torn": OrderCut(share=chance.uniform(0.1, 0.9)),
        "garbage in a request": Garbage(stream="upstream", after_bytes=at(3_000)),
        "garbage in an answer": Garbage(stream="downstream", after_bytes=at(6_000)),
    }


class _Run:
    """One daemon, one venue, one proxy."""

    def __init__(self, name: str, daemon: BrokerDaemon, venue: VenueAt, proxy: FaultProxy) -> None:
        self.name, self.daemon, self.venue, self.proxy = name, daemon, venue, proxy
        self.client = daemon.client()
        self.course = Course(struck=proxy.struck)
        self.acknowledged: list[str] = []

    def decide(self) -> None:
        """Hand one decision in; it counts once it is acknowledged."""
        decision = decision_for(MAIN, f"{self.name}-{len(self.acknowledged)}")
        if self.client.decide(decision).status_code == 202:
            self.acknowledged.append(decision.decision_id)

    def decide_for(self, seconds: float) -> None:
        """Decisions, one after another."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.decide()
            time.sleep(PAUSE_S)

    def decide_until_struck(self, toxic: OrderCut) -> None:
        """Decisions until an order was cut: on a slow machine a phase may pass before the account trades."""
        deadline_s = time.monotonic() + RECOVERS_S
        while not toxic.struck:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"no order came: {self.daemon.standing()['reasons']}")
            self.decide()
            time.sleep(PAUSE_S)

    def suffer(self, name: str, toxic: Toxic) -> None:
        """One fault for a while, on connections that are new and on those that stand."""
        self.proxy.add(name, toxic)
        before = self.proxy.connections
        self.proxy.cut_all()
        until(lambda: self.proxy.connections > before, told="nobody connects again")
        self.decide_for(PHASE_S)
        if isinstance(toxic, OrderCut):
            self.decide_until_struck(toxic)
        self.proxy.calm()
        self.proxy.cut_all()
        self.recover()

    def recover(self) -> None:
        """Without a fault the account trades again."""
        deadline_s = time.monotonic() + RECOVERS_S
        while not self.daemon.is_normal():
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"it does not recover: {self.daemon.standing()['reasons']}")
            time.sleep(0.1)
        self.decide_for(PAUSE_S * 2)

    def under_way(self) -> list[str]:
        """Decisions and orders that have not ended, but those of which nobody knows."""
        orders = self.daemon.orders()
        judged = {one["decision_id"] for one in orders}
        judged |= {
            one["body"]["decision_id"] for one in self.daemon.reports() if one["kind"] == "decision_denied"
        }
        waiting = [key for key in self.acknowledged if key not in judged]
        open_states = [
            f"{one['client_order_id']} {one['state']}"
            for one in orders
            if one["state"] not in ENDED | {"unresolved"}
        ]
        return waiting + open_states

    def examine(self) -> Course:
        """Compare the venue's ledger with the journal."""
        deadline_s = time.monotonic() + (2.0 if self.course.faults else SETTLES_S)
        while under_way := self.under_way():
            if time.monotonic() > deadline_s:
                self.course.lost += [f"{one}: still under way" for one in under_way]
                break
            time.sleep(0.2)
        course, orders, reports = self.course, self.daemon.orders(), self.daemon.reports()
        time.sleep(0.5)  # what the venue did last is under way to the journal
        course.acknowledged = len(self.acknowledged)
        course.asked = sum(one["kind"] == "order_unresolved" for one in reports)
        course.orders = Counter(one["state"] for one in orders)
        known = {one["client_order_id"]: one for one in orders}
        requests = Counter(self.venue.arrived())
        of_decision = Counter(known[key]["decision_id"] for key in requests.elements() if key in known)
        course.doubled += [f"{key} arrived {times} times" for key, times in requests.items() if times > 1]
        course.doubled += [
            f"{key} arrived as {times} orders"
            for key, times in of_decision.items()
            if times > 1 and not course.doubled
        ]
        course.lost += [f"{key} is at the venue only" for key in requests if key not in known]
        filled: Counter[str] = Counter()
        for one in reports:
            if one["kind"] in {"order_filled", "order_partially_filled"}:
                filled[one["body"]["client_order_id"]] += Decimal(one["body"]["lots"])  # type: ignore[assignment]
        made = self.venue.made()
        for key, lots in made.items():
            if known.get(key, {}).get("state") == "unresolved":
                course.lost.append(f"{key} is filled at the venue and unresolved here")
            elif filled[key] != lots:
                course.lost.append(f"{key}: {lots} lots filled at the venue, {filled[key]} here")
        course.lost += [f"{key} is filled here only" for key in filled if key not in made]
        log = self.daemon.log.read_text("utf-8")
        course.faults += [
            f"{key} is unresolved and nobody was told"
            for key, one in known.items()
            if one["state"] == "unresolved" and f"{key} is unresolved" not in log
        ]
        return course


def run_at_venue(
    name: str,
    folder: Path,
    rounds: int,
    seed: int,
    *,
    package: Path | None = None,
    only: tuple[str, ...] = (),
) -> Course:
    """Every fault, or only some, once a round between the adapter of one kind and its venue."""
    chance = random.Random(f"{seed}-{name}")  # noqa: S311 - faults, not secrets
    with VENUES[name]() as venue, FaultProxy(venue.address, seed=seed) as proxy:
        venue.port = proxy.port
        daemon = BrokerDaemon(folder / name, venue, accounts=SETTINGS, package=package)
        daemon.config.write_text(daemon.config.read_text("utf-8").replace('"0.1"', '"0.01"'), "utf-8")
        run = _Run(name, daemon, venue, proxy)
        try:
            daemon.start_trading(venue)
            _suffer_all(run, chance, rounds, only)
            run.examine()
        except (RuntimeError, TimeoutError, AssertionError, httpx.HTTPError) as error:
            run.course.faults.append(f"{error!r} {daemon.log_tail()[-600:]}")
        finally:
            daemon.end()
    return run.course


def _suffer_all(run: _Run, chance: random.Random, rounds: int, only: tuple[str, ...]) -> None:
    for _ in range(rounds):
        faults = [(key, one) for key, one in toxics(chance).items() if not only or key in only]
        chance.shuffle(faults)
        for fault, toxic in faults:
            try:
                run.suffer(fault, toxic)
            except TimeoutError as error:  # the ledgers are compared all the same
                run.course.faults.append(f"after {fault}: {error}")
                return


def venue_claims(folder: Path, rounds: int, seed: int) -> list[Claim]:
    """What must hold behind a broken network between adapter and venue, at every kind of venue."""

    def run(name: str) -> Course:
        return run_at_venue(name, folder, rounds, seed)

    # The bridge tells of every connection that ends.
    with redirect_stderr(io.StringIO()), ThreadPoolExecutor(len(VENUES)) as pool:
        courses = dict(zip(VENUES, pool.map(run, VENUES), strict=True))
    return [_claim(name, course) for name, course in courses.items()]


def _claim(name: str, course: Course) -> Claim:
    struck = sum(course.struck.values())
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(course.orders.items()))
    return Claim(
        f"behind a network that breaks between the daemon and {name} the venue's ledger is the journal's",
        "0 doubled, 0 lost, every order ended or unresolved with an alarm; each of "
        f"{len(course.struck)} faults strikes",
        f"{course.acknowledged:,} decisions, orders: {states}; {course.asked:,} were unresolved for a time; "
        f"{len(course.doubled)} doubled, {len(course.lost)} lost, {len(course.faults)} faults; "
        f"{struck:,} connections struck{''.join(f'; {text}' for text in course.wrong[:1])[:600]}",
        not course.wrong
        and course.asked > 0
        and course.orders["filled"] > 0
        and min(course.struck.values(), default=0) > 0,
        struck,
    )
