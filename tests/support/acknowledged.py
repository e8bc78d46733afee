"""Decisions that a daemon acknowledged before a fault, and whether it still knows each of them, once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import httpx

from hive_core.contracts.decision import Decision
from proofs.paper_daemon import DaemonClient, PaperDaemon, decision_of


@dataclass(slots=True)
class Delivered:
    """What was acknowledged, with the answer's body, and what was posted without an acknowledgement."""

    acknowledged: dict[str, tuple[Decision, bytes]] = field(default_factory=dict)
    unacknowledged: list[Decision] = field(default_factory=list)

    def post(self, client: DaemonClient, name: str) -> bool:
        """Post a new decision with a fresh quote before it; whether it was acknowledged."""
        decision = decision_of(name)
        try:
            client.quote()
            answer = client.decide(decision)
        except httpx.TransportError:
            self.unacknowledged.append(decision)
            return False
        if answer.status_code == 202:
            self.acknowledged[decision.decision_id] = (decision, answer.content)
            return True
        assert answer.status_code in {429, 503}, answer.text
        self.unacknowledged.append(decision)
        return False


def nothing_lost_nothing_doubled(daemon: PaperDaemon, delivered: Delivered) -> None:
    """Post everything again to the daemon, which is back, and stop it: every acknowledged decision has its
    first answer, every other is taken now, no leg has two orders at the venue, the journal verifies."""
    client = daemon.client()
    try:
        for decision, body in delivered.acknowledged.values():
            again = client.decide(decision)
            assert (again.status_code, again.content) == (200, body), "an acknowledged decision is lost"
        for decision in delivered.unacknowledged:
            assert client.decide(decision).status_code in {200, 202}
            assert client.decide(decision).status_code == 200
    finally:
        client.close()
    reports, orders = daemon.reports(), daemon.orders()
    assert daemon.stop() == 0, daemon.log_tail()
    received = Counter(r["body"]["decision_id"] for r in reports if r["kind"] == "decision_received")
    posted = {*delivered.acknowledged, *(each.decision_id for each in delivered.unacknowledged)}
    assert received == Counter(posted)
    accepted = [entry["order"] for entry in daemon.venue_log() if entry["kind"] == "accepted"]
    legs = Counter((order["decision_id"], order["leg"]) for order in accepted)
    assert set(legs.values()) <= {1}, "a leg has two orders at the venue"
    assert {o["client_order_id"] for o in accepted} == {
        o["client_order_id"] for o in orders if o["state"] != "not_accepted"
    }
    verified = daemon.hive("verify", "--journal", str(daemon.home.journal))
    assert verified.returncode == 0, verified.stderr
