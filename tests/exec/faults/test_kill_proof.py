"""The proof of kills can fail: what is lost, doubled or contradictory is found and fails its claim."""

from __future__ import annotations

from collections import Counter

import pytest

from hive_exec.failpoints import FAILPOINTS
from proofs.daemon_kills import (
    OF_A_SNAPSHOT,
    USUAL,
    Episode,
    KillRun,
    examine_orders,
    examine_receipts,
    kill_claims,
    plan,
)

RECEIVED = {"kind": "decision_received", "body": {"decision_id": "a"}}
DENIED = {"kind": "decision_denied", "body": {"decision_id": "a"}}
INTENDED = {"kind": "order_intended", "body": {"order": {"decision_id": "a"}}}


def accepted(order_id="o1", decision_id="a", leg=1):
    order = {"client_order_id": order_id, "decision_id": decision_id, "leg": leg}
    return {"kind": "accepted", "client_order_id": order_id, "order": order}


def test_every_failpoint_comes_in_turn_and_the_same_seed_plans_the_same():
    lives = plan(100, 7)
    counts = Counter(name for name, _ in lives)
    assert set(counts) == set(USUAL)
    assert set(USUAL) | set(OF_A_SNAPSHOT) == set(FAILPOINTS)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert lives == plan(100, 7) != plan(100, 8)


@pytest.mark.parametrize(
    ("reports", "lost", "faults"),
    [
        ([RECEIVED, INTENDED], 0, 0),
        ([RECEIVED, DENIED], 0, 0),
        ([INTENDED], 1, 1),
        ([RECEIVED, RECEIVED, INTENDED], 1, 0),
        ([RECEIVED], 1, 0),
        ([RECEIVED, INTENDED, DENIED], 0, 1),
        ([], 1, 0),
    ],
)
def test_what_is_lost_is_found(reports, lost, faults):
    episode = Episode()
    examine_receipts({"a": None}, reports, episode)
    assert (len(episode.lost), len(episode.faults)) == (lost, faults)


@pytest.mark.parametrize(
    ("states", "venue", "doubled", "faults"),
    [
        ({"o1": "accepted"}, [accepted()], 0, 0),
        ({"o1": "not_accepted"}, [], 0, 0),
        ({"o1": "accepted", "o2": "accepted"}, [accepted(), accepted("o2")], 1, 0),
        ({"o1": "accepted", "o2": "accepted"}, [accepted(), accepted("o2", leg=2)], 0, 0),
        ({"o1": "accepted"}, [accepted(), accepted()], 2, 0),
        ({}, [accepted()], 0, 1),
        ({"o1": "intended"}, [accepted()], 0, 1),
        ({"o1": "filled"}, [], 0, 1),
    ],
)
def test_what_is_doubled_or_contradicts_the_venue_is_found(states, venue, doubled, faults):
    episode = Episode()
    orders = [{"client_order_id": one, "state": state} for one, state in states.items()]
    examine_orders(orders, venue, episode)
    assert (len(episode.doubled), len(episode.faults)) == (doubled, faults)


def episode_of(**changes):
    kills = Counter(dict.fromkeys(USUAL, 2))
    found = Episode(kills=kills, acknowledged=99, accepted=99, records=99)
    for name, value in changes.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    ("changes", "fails"),
    [
        ({}, set()),
        ({"lost": ["x"]}, {1}),
        ({"doubled": ["x"]}, {2}),
        ({"faults": ["x"]}, {3}),
        ({"kills": Counter(outside=99)}, {0}),
        ({"accepted": 0}, {2}),
        ({"records": 0}, {3}),
    ],
)
def test_a_claim_fails_for_what_it_is_about(changes, fails):
    run = KillRun("SQLite", 2 * len(USUAL), USUAL, [episode_of(**changes)], 1.0)
    assert {n for n, claim in enumerate(kill_claims(run)) if not claim.holds} == fails
