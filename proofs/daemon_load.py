"""Callers that give a paper daemon work and keep what it acknowledged, however often it dies.

A decision is posted under its own key until it is acknowledged; earlier ones are posted again now and then.
Prices move so that positions open and close. Judging what became of it belongs to the suites.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal

import httpx

from hive_core.contracts.decision import Decision
from proofs.paper_daemon import MIDDLE, DaemonClient, PaperDaemon, decision_of

AWAY = Decimal("0.00300")
"""How far a price goes to reach every stop and first target."""


@dataclass(slots=True)
class Acknowledged:
    """A decision, and the body with which it was first acknowledged."""

    decision: Decision
    body: bytes
    times: int = 1


@dataclass(slots=True)
class LoadFacts:
    """What all callers together were told. Guarded by `lock`."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    posts: int = 0
    unanswered: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)


class Load:
    """Threads of callers, from `start` until `stop`. `port` leads them through a proxy; where that
    garbles what they send (`is_garbled`), any refusal is answered with another try, as a time-out is."""

    def __init__(
        self,
        daemon: PaperDaemon,
        seed: int,
        *,
        callers: int = 3,
        port: int | None = None,
        timeout_s: float = 5,
        is_garbled: bool = False,
    ) -> None:
        self.facts = LoadFacts()
        self._daemon, self._seed, self._port = daemon, seed, port
        self._timeout_s, self._is_garbled = timeout_s, is_garbled
        self._stop, self._give_up = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(number,), name=f"caller-{number}")
            for number in range(callers)
        ]
        self._threads.append(threading.Thread(target=self._move_prices, name="prices"))

    def start(self) -> None:
        """Begin to call. The daemon need not be up."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish: every caller gets the answer it waits for first, so the daemon must be up or come up.

        Raises:
            TimeoutError: a caller never got one.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            if thread.is_alive():
                raise TimeoutError(f"{thread.name} still waits for an answer: {self._daemon.log_tail()}")

    def abandon(self) -> None:
        """Stop without the answers that are waited for: the daemon will not come back."""
        self._give_up.set()
        self.stop()

    def _call(self, number: int) -> None:
        chance = random.Random(self._seed * 1_000 + number)  # noqa: S311 - work, not secrets
        client = self._daemon.client(timeout_s=self._timeout_s, port=self._port)
        mine: list[str] = []
        made = 0
        try:
            while not self._stop.is_set():
                if mine and chance.random() < 0.2:
                    decision = self.facts.acknowledged[chance.choice(mine)].decision
                else:
                    made += 1
                    side = "buy" if chance.random() < 0.5 else "sell"
                    name = f"{self._seed}_{number}_{made}"
                    decision = decision_of(name, side=side, legs=chance.choice((1, 1, 2)))
                    mine.append(decision.decision_id)
                self._deliver(client, decision)
                time.sleep(chance.uniform(0, 0.004))
        except Exception as error:  # noqa: BLE001 - a caller that dies must not look like one that is done
            with self.facts.lock:
                self.facts.faults.append(f"caller {number} ended: {error!r}")
        finally:
            client.close()

    def _deliver(self, client: DaemonClient, decision: Decision) -> None:
        """Post until it is acknowledged. A daemon that just started knows no prices: it is told one first."""
        while not self._give_up.is_set():
            with self.facts.lock:
                self.facts.posts += 1
            try:
                answer = client.decide(decision)
            except httpx.TransportError:
                with self.facts.lock:
                    self.facts.unanswered += 1
                self._wait_for_daemon(client)
                continue
            if answer.status_code in {429, 503} or (self._is_garbled and answer.status_code >= 400):
                with self.facts.lock:
                    self.facts.refused += 1
                time.sleep(0.01)
                continue
            self._take(decision, answer)
            return

    def _wait_for_daemon(self, client: DaemonClient) -> None:
        while not self._give_up.is_set() and not self._daemon.is_ready(client):
            time.sleep(0.005)
        try:
            client.quote()
        except httpx.TransportError:
            return

    def _take(self, decision: Decision, answer: httpx.Response) -> None:
        with self.facts.lock:
            if answer.status_code not in {200, 202}:
                self.facts.faults.append(f"{decision.decision_id}: {answer.status_code} {answer.text[:200]}")
                return
            known = self.facts.acknowledged.get(decision.decision_id)
            if known is None:
                self.facts.acknowledged[decision.decision_id] = Acknowledged(decision, answer.content)
                return
            known.times += 1
            if answer.status_code != 200:
                self.facts.faults.append(
                    f"{decision.decision_id}: acknowledged before, now {answer.status_code}"
                )
            if answer.content != known.body:
                self.facts.faults.append(f"{decision.decision_id}: another answer than the first")

    def _move_prices(self) -> None:
        client = self._daemon.client(timeout_s=self._timeout_s, port=self._port)
        steps = [MIDDLE] * 8 + [MIDDLE + AWAY] + [MIDDLE] * 8 + [MIDDLE - AWAY]
        turn = 0
        try:
            while not self._stop.wait(0.02):
                turn += 1
                try:
                    client.quote(steps[turn % len(steps)])
                except httpx.TransportError:
                    continue
        finally:
            client.close()
