"""Approver is not submitter (R10): of a decision that several have handed in, none of them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from broker_bench import FIRST, OTHER, BrokerBench, account

from hive_exec.core.commanding import Refused
from hive_exec.core.events import DecisionDue, Reviewed
from hive_exec.core.folding import apply
from hive_exec.core.records import Kind, Record
from hive_exec.core.snapshot import state_as_data, state_digest, state_from_data
from hive_exec.core.state import CellState
from hive_exec.core.waiting import MAX_SUBMITTERS, joined, submitters_as_body, submitters_of
from hive_exec.lanes.submitters import MAX_SIGNALS, SignalSubmitters

REVIEWED = {"review_over_headroom": Decimal("0.01"), "review_ttl_s": 100}


@pytest.fixture
def bench():
    """A decision of anna's before a person."""
    made = BrokerBench(account(**REVIEWED))
    assert made.decide() == [Kind.REVIEW_REQUESTED]
    return made


def waiting(bench):
    (decision_id,) = bench.bot.reviews
    return decision_id


def says(bench, who, is_approved=True):
    return bench.kinds(Reviewed(FIRST, waiting(bench), is_approved, who, "fine"))


APPROVED = [Kind.REVIEW_ENDED, Kind.ORDER_INTENDED]


def test_whoever_hands_it_in_while_it_waits_may_not_approve_it_any_more(bench):
    assert bench.hand_in_again(waiting(bench), "ben") == [Kind.DECISION_SUBMITTED_AGAIN]
    for who in ("anna", "ben"):
        with pytest.raises(Refused, match=f"{who} handed it in; another person"):
            says(bench, who)
        with pytest.raises(Refused, match=f"{who} handed it in; another person"):
            says(bench, who, is_approved=False)
    assert says(bench, "carl") == APPROVED


def test_the_same_hands_again_are_written_once(bench):
    assert bench.hand_in_again(waiting(bench), "anna", "anna") == []
    assert bench.hand_in_again(waiting(bench), "ben", "carl", "ben") == [Kind.DECISION_SUBMITTED_AGAIN] * 2
    assert bench.hand_in_again(waiting(bench), "ben", "") == []


def test_what_does_not_wait_any_more_needs_nobody(bench):
    decision_id = waiting(bench)
    says(bench, "carl")
    assert bench.hand_in_again(decision_id, "ben") == []
    bench.engine.write(
        Record(
            FIRST,
            Kind.DECISION_SUBMITTED_AGAIN,
            bench.at,
            {"decision_id": decision_id, "submitted_by": "ben"},
        )
    )
    assert bench.bot.pending == {}


def test_it_is_remembered_after_a_restart_from_journal_and_snapshot(bench):
    bench.hand_in_again(waiting(bench), "ben")
    again = CellState("local", bench.execution)
    for record in bench.journal.records:
        apply(again, record)
    assert state_digest(again) == state_digest(bench.state)
    data = json.loads(json.dumps(state_as_data(bench.state)))
    (pending,) = state_from_data(data, bench.execution).bots[FIRST].pending.values()
    assert pending.submitters == ("anna", "ben")


def test_whoever_handed_it_in_at_another_account_may_not_approve_it_where_it_went():
    bench = BrokerBench(account(failover_to=OTHER), account(OTHER, **REVIEWED))
    bench.well(OTHER)
    bench.health("broker", "down")
    decision_id = bench.receive()
    bench.hand_in_again(decision_id, "ben")
    bench.take(DecisionDue(FIRST, decision_id))
    bench.hand_in_again(decision_id, "carl")
    assert bench.state.bots[OTHER].pending[decision_id].submitters == ("anna", "ben", "carl")
    for who in ("anna", "ben", "carl"):
        with pytest.raises(Refused, match="handed it in"):
            bench.take(Reviewed(OTHER, decision_id, True, who, "fine"))
    assert bench.kinds(Reviewed(OTHER, decision_id, True, "dora", "fine")) == APPROVED


def test_of_one_that_more_have_handed_in_than_are_told_apart_nobody_is_another(bench):
    names = [f"p{number}" for number in range(MAX_SUBMITTERS - 1)]
    bench.hand_in_again(waiting(bench), *names)
    assert len(bench.bot.pending[waiting(bench)].submitters) == MAX_SUBMITTERS
    with pytest.raises(Refused, match="p0 handed it in"):
        says(bench, "p0")
    bench.hand_in_again(waiting(bench), "one more")
    assert bench.hand_in_again(waiting(bench), "and more", "yet more") == []
    assert len(bench.bot.pending[waiting(bench)].submitters) == MAX_SUBMITTERS + 1
    with pytest.raises(Refused, match=f"more than {MAX_SUBMITTERS} have handed it in"):
        says(bench, "and more")
    bench.passes(100)
    assert bench.journal.records[-1].body["reason_code"] == "review_timed_out"


def test_as_many_as_are_told_apart_leave_the_next_person_free(bench):
    bench.hand_in_again(waiting(bench), *(f"p{number}" for number in range(MAX_SUBMITTERS - 1)))
    assert says(bench, "carl") == APPROVED


@pytest.mark.parametrize("names", [(), ("anna",), ("anna", "ben", "carl")])
def test_submitters_are_spelled_and_read(names):
    assert submitters_of(submitters_as_body(names)) == names


def test_journals_of_before_tell_of_one_or_of_none():
    assert submitters_of({"submitted_by": "anna"}) == ("anna",)
    assert submitters_of({}) == submitters_of({"submitted_by": ""}) == ()
    assert submitters_as_body(("anna",)) == {"submitted_by": "anna"}
    assert joined(("anna",), ("anna", "", "ben")) == ("anna", "ben")


# Of signals.


def test_the_submitters_of_signals_are_those_of_their_messages():
    known = SignalSubmitters()
    assert known.received("k1", "anna")
    assert not known.received("k1", "anna")
    assert known.received("k1", "ben")
    known.received("k2", "carl")
    known.read("k1", ("s1", "s2"))
    known.read("k2", ("s3",))
    known.read("unknown", ("s9",))
    assert known.signals_of("k1") == ("s1", "s2")
    assert known.of(("s1",)) == known.of(("s2", "s1")) == ("anna", "ben")
    assert known.of(("s3", "s1")) == ("carl", "anna", "ben")
    assert known.of(("s9",)) == known.signals_of("unknown") == ()
    assert (known.knows("k1"), known.knows("unknown")) == (True, False)


def test_they_are_bounded(monkeypatch):
    monkeypatch.setattr("hive_exec.lanes.submitters.MAX_SIGNALS", 3)
    known = SignalSubmitters()
    for number in range(5):
        known.received(f"k{number}", "anna")
        known.read(f"k{number}", (f"s{number}",))
    assert [known.of((f"s{number}",)) for number in range(5)] == [(), (), *[("anna",)] * 3]
    assert not known.knows("k0")
    assert MAX_SIGNALS >= 20_000
