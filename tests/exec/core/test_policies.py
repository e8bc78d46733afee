"""Policies behind the gate: asked with its own numbers, believed for this question only, never a way out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from broker_bench import FIRST, OTHER, BrokerBench, account
from exec_bench import READ_UP, a_decision

from hive_core.configuration.policy import PolicySettings
from hive_core.evidence.canonical import content_hash
from hive_exec.core.events import BreakerTrip, DecisionDue, Reviewed, Ticked
from hive_exec.core.records import Kind
from hive_exec.policy.answer import PolicyAnswer, PolicyCode
from hive_exec.policy.starting import started_engine

TREND = {"*": "trend_following"}


class Answers:
    """An engine that says what a test wants, and keeps what it was asked."""

    revision = "0" * 64

    def __init__(self, code=PolicyCode.ALLOWED, reasons=(), sha256=None):
        self.code, self.reasons, self.sha256, self.asked = code, reasons, sha256, []

    def decide(self, document):
        self.asked.append(document)
        sha256 = self.sha256 or content_hash(document)
        return PolicyAnswer(self.code, self.reasons, "", "pol_1", self.revision, sha256)

    def close(self):
        pass


def a_bench(engine, *accounts, **settings):
    bench = BrokerBench(*accounts)
    policy = PolicySettings(**{"strategies": TREND, **settings})
    bench.state.execution = bench.execution = bench.execution.model_copy(update={"policy": policy})
    bench.engine.policies = engine
    return bench


def said(bench):
    """What the journal holds of the policies' last answer."""
    checks = bench.journal.records[-1].body["checks"]
    return next(check for check in checks if check["rule"] == "policies")


@pytest.fixture(scope="module")
def shipped():
    engine = started_engine(PolicySettings())
    yield engine
    engine.close()


def test_an_order_leaves_where_gate_and_policies_both_say_yes(shipped):
    bench = a_bench(shipped)
    assert bench.decide() == [Kind.ORDER_INTENDED]
    told = said(bench)
    assert (told["verdict"], told["reason_code"]) == ("allow", None)
    assert told["numbers"]["code"] == "allowed"
    assert told["numbers"]["revision"] == shipped.revision
    assert len(told["numbers"]["input_sha256"]) == 64


def test_the_policies_that_hive_ships_deny_a_strategy_that_nobody_listed(shipped):
    bench = a_bench(shipped, strategies={})
    assert bench.decide() == [Kind.DECISION_DENIED]
    assert bench.journal.records[-1].body["reason_code"] == "policy_denied"
    assert said(bench)["numbers"]["reasons"] == "strategy_not_allowed"
    assert bench.bot.pending == {}


def test_they_are_asked_with_the_gates_own_numbers():
    engine = Answers()
    bench = a_bench(engine)
    bench.decide()
    (document,) = engine.asked
    checks = {one["rule"]: one for one in bench.journal.records[-1].body["checks"]}
    worst = Decimal(checks["daily_loss_limit"]["numbers"]["worst_case_equity"])
    assert document["gate"] == {
        "verdict": "allow",
        "worst_case_equity_cents": int(worst * 100),
        "floor_cents": 9_500_000,
    }
    assert document["account"]["programme"] == "ftmo_2step"
    assert document["account"]["drawdown_ppm"] == 0
    assert document["intent"]["strategy"] == "trend_following"
    assert document["intent"]["uses"] == [
        "third_party_signals",
        "copying",
        "automation",
        "third_party_automation",
    ]
    assert document["intent"]["confirmed_by_person"] is True
    assert document["firm_policy"]["third_party_automation"] == "restricted"


@pytest.mark.parametrize("code", [code for code in PolicyCode if code is not PolicyCode.ALLOWED])
def test_whatever_is_no_yes_denies(code):
    reasons = ("no",) if code is PolicyCode.DENIED else ()
    bench = a_bench(Answers(code, reasons))
    assert bench.decide() == [Kind.DECISION_DENIED]
    assert said(bench)["numbers"]["code"] == code.value


def test_a_yes_to_another_question_denies():
    bench = a_bench(Answers(sha256="f" * 64))
    assert bench.decide() == [Kind.DECISION_DENIED]
    assert said(bench)["numbers"]["code"] == "other_question"


def test_without_an_engine_nothing_passes():
    bench = a_bench(None)
    assert bench.decide() == [Kind.DECISION_DENIED]
    assert said(bench)["numbers"]["code"] == "unreachable"


def test_what_the_gate_denies_they_are_not_asked():
    engine = Answers()
    bench = a_bench(engine)
    bench.decide(a_decision(stop="1.07"))
    assert engine.asked == []


def test_a_yes_cannot_be_carried_over_to_a_later_question():
    engine = Answers()
    bench = a_bench(engine)
    decision_id = bench.receive()
    bench.take(DecisionDue(FIRST, decision_id))
    early = replace(DecisionDue(FIRST, bench.receive(a_decision(stop="1.05790"))), policy=None)
    answer = PolicyAnswer(PolicyCode.ALLOWED, (), "", "pol", "0" * 64, content_hash(engine.asked[0]))
    assert bench.kinds(replace(early, policy=answer)) == [Kind.DECISION_DENIED]


def test_a_person_is_asked_first_and_the_policies_once_he_approved():
    engine = Answers()
    bench = a_bench(engine, account(accepted_unknowns=()))
    assert bench.decide() == [Kind.REVIEW_REQUESTED]
    assert engine.asked == []
    (decision_id,) = bench.bot.reviews
    kinds = bench.kinds(Reviewed(FIRST, decision_id, True, "ben", "read it"))
    assert kinds == [Kind.REVIEW_ENDED, Kind.ORDER_INTENDED]
    assert [one["intent"]["confirmed_by_person"] for one in engine.asked] == [True]


def test_a_person_cannot_approve_past_the_policies():
    bench = a_bench(Answers(PolicyCode.DENIED, ("no",)), account(accepted_unknowns=()))
    bench.decide()
    (decision_id,) = bench.bot.reviews
    kinds = bench.kinds(Reviewed(FIRST, decision_id, True, "ben", "read it"))
    assert kinds == [Kind.REVIEW_ENDED, Kind.DECISION_DENIED]


def test_in_shadow_they_are_asked_too():
    engine = Answers()
    bench = a_bench(engine)
    bench.take(BreakerTrip("global", "shadow", "trouble", "anna"))
    assert bench.decide() == [Kind.DECISION_SHADOWED]
    assert len(engine.asked) == 1


def test_what_waited_is_asked_about_at_a_tick_one_an_account():
    engine = Answers()
    bench = a_bench(engine)
    bench.health("broker", "down")
    bench.decide()
    bench.decide(a_decision(stop="1.05790"))
    assert engine.asked == []
    bench.health("broker", "ok")
    for expected in (1, 2):
        bench.take(Ticked())
        assert len(engine.asked) == expected
        assert len(bench.bot.orders) == expected


def test_the_account_that_takes_over_is_asked_for_itself():
    engine = Answers()
    other = account(name=OTHER, accepted_unknowns=READ_UP)
    bench = a_bench(engine, account(failover_to=OTHER), other)
    bench.health("broker", "down")
    bench.decide()
    assert [one["account"]["name"] for one in engine.asked] == [OTHER]
    assert len(bench.state.bots[OTHER].orders) == 1
