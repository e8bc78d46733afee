"""`step` has an answer for every event in every state, changes nothing by itself, and the state of any
journal survives a snapshot at any place."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from itertools import product

import pytest
from broker_bench import FIRST, BrokerBench

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.broker import BrokerSnapshot, Lookup
from hive_core.contracts.order import OrderState as S
from hive_core.evidence.canonical import canonical_bytes, content_hash
from hive_exec.core.commanding import Refused
from hive_exec.core.events import (
    BarBegan,
    BarRanged,
    BreakerReset,
    BreakerTrip,
    CloseAsked,
    DecisionDue,
    Follow,
    HealthObserved,
    Kill,
    LookedUp,
    LookUp,
    Reported,
    RequestFailed,
    Resolution,
    Resume,
    Reviewed,
    SnapshotTaken,
    Started,
    SubmitNotSent,
    SubmitProvenAbsent,
    SubmitUnknown,
    Ticked,
    TimePassed,
)
from hive_exec.core.folding import apply
from hive_exec.core.orders import IllegalRecord
from hive_exec.core.records import Kind, Record
from hive_exec.core.snapshot import state_as_data, state_digest, state_from_data
from hive_exec.core.state import CellState
from hive_exec.core.step import step
from hive_exec.engine import Engine
from proofs.model.disk import record_of
from proofs.model.quiet import quiet
from proofs.model.simulate import Simulation

PRICES = BarPrices(*(Decimal("1.06"),) * 4, *(Decimal("1.0601"),) * 4)


def events(bench):
    key = bench.line.order.client_order_id
    decision_id = bench.line.order.decision_id
    snapshot = bench_snapshot(bench)
    return {
        "started": Started(9, "code"),
        "ticked": Ticked(),
        "time passed": TimePassed(FIRST),
        "decision due": DecisionDue(FIRST, decision_id),
        "bar began": BarBegan(FIRST, "EURUSD", Decimal("1.06"), Decimal("1.0601")),
        "bar ranged": BarRanged(FIRST, "EURUSD", PRICES),
        **{f"reported {kind}": bench.report(kind) for kind in ("accepted", "filled", "cancelled")},
        "proven absent": SubmitProvenAbsent(FIRST, key),
        "not sent": SubmitNotSent(FIRST, key, "refused", 2),
        "unknown": SubmitUnknown(FIRST, key, "time-out"),
        "request failed": RequestFailed(FIRST, key, "cancel", "refused"),
        "not found": LookedUp(FIRST, Lookup(key, (), is_proof=False)),
        "never arrived": LookedUp(FIRST, Lookup(key, (), is_proof=True)),
        "found": LookedUp(FIRST, Lookup(key, (bench.report("accepted").report,), is_proof=False)),
        "books": SnapshotTaken(snapshot, is_hedging=True),
        "health": HealthObserved(FIRST, "broker", "down", "why"),
        "trip": BreakerTrip("global", "halt", "why", "anna"),
        "reset": BreakerReset("global", "why", "anna"),
        "kill": Kill("why", "anna"),
        "resume": Resume("why", "anna"),
        "review": Reviewed(FIRST, decision_id, True, "ben", "why"),
        "resolution": Resolution(FIRST, key, "anna", "why"),
        "close": CloseAsked(FIRST, key, "anna"),
    }


def bench_snapshot(bench):
    return BrokerSnapshot(FIRST, bench.at[0], "9", None, None, None, (), ())


# Not asked of a bench while tests are collected: a core that fails there would end the run, not a test.
NAMES = [
    "started", "ticked", "time passed", "decision due", "bar began", "bar ranged", "reported accepted",
    "reported filled", "reported cancelled", "proven absent", "not sent", "unknown", "request failed",
    "not found", "never arrived", "found", "books", "health", "trip", "reset", "kill", "resume", "review",
    "resolution", "close",
]  # fmt: skip
REFUSED = {"reset", "resume", "review"}


def test_every_event_is_named():
    bench = BrokerBench()
    bench.decide()
    assert list(events(bench)) == NAMES


@pytest.mark.parametrize(("state", "name"), list(product(S, NAMES)))
def test_every_event_in_every_state_has_an_answer_and_changes_nothing_by_itself(state, name):
    bench = BrokerBench()
    line = bench.ordered(state)
    event = events(bench)[name]
    before = state_digest(bench.state)
    may_refuse = name in REFUSED | {"resolution", "close"}
    try:
        records, effects = step(bench.state, event, bench.at)
    except Refused:
        assert may_refuse
        records, effects = [], []
    except IllegalRecord:
        assert (name, state is S.INTENDED) == ("proven absent", False)
        records, effects = [], []
    assert state_digest(bench.state) == before
    again = copy.deepcopy(bench.state)
    for record in records:
        apply(again, record)
        assert record.at[0] >= 0
    if line.state is S.UNRESOLVED and name == "ticked":
        assert effects == [LookUp(line.order, line.since_cursor)]
    assert all(not isinstance(one, Follow) or isinstance(one.event, Reported) for one in effects)


def test_what_the_core_does_not_know_is_an_error():
    bench = BrokerBench()
    for kind, said in (
        (Kind.KILLED, "does not belong"),
        (Kind.ACCOUNT_OPENED, "opened twice"),
    ):
        with pytest.raises(IllegalRecord, match=said):
            apply(bench.state, Record(FIRST, kind, bench.at, {}))
    with pytest.raises(IllegalRecord, match="was never opened"):
        apply(bench.state, Record("nobody", Kind.ORDER_FILLED, bench.at, {}))
    denied = Record(FIRST, Kind.DECISION_DENIED, bench.at, {"decision_id": "dec_x"})
    with pytest.raises(IllegalRecord, match="does not wait"):
        apply(bench.state, denied)

    class Unknown:
        account = FIRST

    with pytest.raises(IllegalRecord, match="Unknown is no event"):
        step(bench.state, Unknown(), bench.at)


def test_events_that_follow_each_other_in_a_circle_are_an_error(monkeypatch):
    bench = BrokerBench()
    bench.decide()
    circle = Follow(bench.report("accepted"))
    monkeypatch.setattr("hive_exec.engine.step", lambda *_: ([], [circle]))
    with pytest.raises(RuntimeError, match="follow from one Ticked"):
        Engine(bench.state, bench.journal).handle(Ticked(), bench.at)


def test_records_of_controls_that_say_nothing_to_them_are_passed_over():
    bench = BrokerBench()
    before = state_digest(bench.state)
    for kind in (Kind.RESUME_CONFIRMED, Kind.MODE_CHANGED):
        apply(bench.state, Record("cell", kind, bench.at, {"principal": "anna"}))
    assert state_digest(bench.state) == before


def test_the_digest_is_of_the_whole_state_and_a_bot_shares_the_rules_of_its_name():
    bench = BrokerBench()
    seen = [state_digest(bench.state)]
    for event in (Kill("why", "anna"), Resume("why", "anna"), Started(9, "code")):
        bench.take(event)
        seen.append(state_digest(bench.state))
    bench.decide()
    seen.append(state_digest(bench.state))
    assert seen[-1] == content_hash(state_as_data(bench.state))
    assert len(set(seen)) == len(seen)
    (again,) = state_from_data(state_as_data(bench.state), bench.execution).bots.values()
    assert again.rules is bench.bot.rules


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_state_survives_a_snapshot_at_any_place_of_a_random_journal(seed):
    with quiet():
        simulation = Simulation(seed, hours=1)
        assert simulation.run().violation == ""
    world = simulation.world
    records = [record_of(raw) for raw in world.disk.durable]
    assert len(records) > 100
    state = CellState("proof", world.execution)
    kept = []
    for place, record in enumerate(records):
        data = canonical_bytes(state_as_data(state))
        again = state_from_data(json.loads(data), world.execution)
        assert canonical_bytes(state_as_data(again)) == data
        if place % 40 == 0:
            kept.append((place, again))
        apply(state, record)
    for place, again in kept:
        for record in records[place:]:
            apply(again, record)
        assert state_digest(again) == state_digest(state) == state_digest(world.state)
