"""What holds the daemon back: the whole table of kill switch, breakers and health, and who ends what."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from broker_bench import FIRST, OTHER, BrokerBench, account
from exec_bench import a_decision

from hive_core.contracts.order import OrderState as S
from hive_exec.core.commanding import Refused
from hive_exec.core.controls import Breaker, Condition, Controls, KillSwitch, Mode, standing_of
from hive_exec.core.events import (
    BreakerReset,
    BreakerTrip,
    Cancel,
    CloseAsked,
    ClosePosition,
    DecisionDue,
    HealthObserved,
    Kill,
    Resolution,
    Resume,
    SubmitNotSent,
    TimePassed,
)
from hive_exec.core.last_look import reason_not_to_send
from hive_exec.core.records import Kind

N, R, H = Mode.NORMAL, Mode.REDUCE_ONLY, Mode.HALT
HEALTHS = {"ok": N, "suspect": R, "down": H}
FALLBACKS = {None: N, "reduced": N, "shadow": N, "safe": R, "halt": H}
RANK = {N: 0, R: 1, H: 2}


def standing(controls, name="a", *, has_broker=True):
    return standing_of(controls, name, has_broker=has_broker, reduced_share=Decimal("0.5"))


def well(**changes):
    conditions = {"broker": "ok", "reconciliation": "ok", **changes}
    return Controls(conditions={"a": {key: Condition(value, "") for key, value in conditions.items()}})


@pytest.mark.parametrize(
    ("is_killed", "scope", "fallback", "broker", "books", "clock"),
    list(product([False, True], ["global", "cell", "bot:a", "bot:b"], FALLBACKS, HEALTHS, HEALTHS, HEALTHS)),
)
def test_the_mode_is_the_strictest_of_all_facts(is_killed, scope, fallback, broker, books, clock):
    controls = well(broker=broker, reconciliation=books)
    controls.conditions["cell"] = {"clock": Condition(clock, "why")}
    if fallback:
        controls.breakers[scope] = Breaker(scope, fallback, "why", "anna", 1)
    if is_killed:
        controls.kill = KillSwitch("why", "anna", 1)
    mine = fallback if scope != "bot:b" else None
    facts = [HEALTHS[broker], HEALTHS[books], HEALTHS[clock], FALLBACKS[mine], H if is_killed else N]
    found = standing(controls)
    assert found.mode is max(facts, key=RANK.__getitem__)
    assert found.is_latched == (is_killed or mine in {"safe", "halt"})
    assert found.is_shadow == (mine == "shadow")
    assert found.share == (Decimal("0.5") if mine == "reduced" else 1)
    assert bool(found.reasons) == (mine is not None or max(facts, key=RANK.__getitem__) is not N)


def test_what_is_not_known_of_a_broker_is_down_and_an_account_without_one_needs_none():
    assert standing(Controls()).mode is H
    assert standing(Controls()).reasons == (
        "broker down: not known yet",
        "reconciliation down: not known yet",
    )
    assert standing(Controls(), has_broker=False).mode is N


def test_kill_cancels_what_works_and_leaves_stops_alone():
    bench = BrokerBench(account(), account(OTHER))
    line = bench.ordered(S.PARTIALLY_FILLED)
    records, effects = bench.take(Kill("trouble", "anna"))
    assert [r.kind for r in records] == [Kind.KILLED, Kind.REQUEST_SENT]
    assert effects == [Cancel(line.order)]
    assert reason_not_to_send(bench.state, bench.bot, line.order, bench.at[0]) == "the kill switch is thrown"
    assert bench.decide(a_decision(stop="1.05790")) == [Kind.DECISION_DENIED]
    assert bench.journal.records[-1].body["reason_code"] == "kill_switch"
    assert bench.kinds(Kill("again", "ben")) == []  # latched; asked for just now
    assert bench.passes(11)[1] == [Cancel(line.order)]  # as long as it works
    assert bench.kinds(bench.report("cancelled")) == [Kind.ORDER_REST_ENDED]
    assert bench.passes(11)[1] == []  # what is open keeps its stop
    assert line.open_lots == Decimal("0.5")


def test_as_many_different_people_as_configured_resume():
    bench = BrokerBench()
    with pytest.raises(Refused, match="not thrown"):
        bench.take(Resume("fine", "anna"))
    bench.take(Kill("trouble", "anna"))
    assert bench.kinds(Resume("fine", "anna")) == [Kind.RESUME_CONFIRMED]
    with pytest.raises(Refused, match="another person"):
        bench.take(Resume("fine", "anna"))
    assert bench.kinds(Resume("fine", "ben")) == [Kind.RESUME_CONFIRMED, Kind.RESUMED]
    assert bench.mode is N


def test_who_agreed_to_close_a_breaker_did_not_know_that_it_would_open_again():
    bench = BrokerBench()
    bench.take(BreakerTrip("global", "halt", "trouble", "anna"))
    bench.take(BreakerReset("global", "fine", "anna"))
    bench.take(BreakerTrip("global", "halt", "more trouble", "ben"))
    assert not bench.take(BreakerReset("global", "fine", "ben"))[0][0].body["is_closed"]
    assert bench.take(BreakerReset("global", "fine", "anna"))[0][0].body["is_closed"]


@pytest.mark.parametrize(("scope", "people"), [("global", 2), ("cell", 1), (f"bot:{FIRST}", 1)])
def test_who_closes_a_breaker(scope, people):
    bench = BrokerBench()
    with pytest.raises(Refused, match="is not open"):
        bench.take(BreakerReset(scope, "fine", "anna"))
    bench.take(BreakerTrip(scope, "halt", "trouble", "anna"))
    for number, who in enumerate(("anna", "ben")[:people], start=1):
        assert bench.mode is H
        assert bench.take(BreakerReset(scope, "fine", who))[0][0].body["is_closed"] == (number == people)
        if number < people:
            with pytest.raises(Refused, match="another person"):
                bench.take(BreakerReset(scope, "fine", who))
    assert bench.mode is N


@pytest.mark.parametrize("state", [S.ACCEPTED, S.FILLED, S.PARTIALLY_FILLED])
def test_a_person_closes_what_is_open_and_cancels_what_works(state):
    bench = BrokerBench()
    line = bench.ordered(state)
    _, effects = bench.take(CloseAsked(FIRST, line.order.client_order_id, "anna"))
    wanted = {S.ACCEPTED: [Cancel], S.FILLED: [ClosePosition], S.PARTIALLY_FILLED: [Cancel, ClosePosition]}
    assert [type(effect) for effect in effects] == wanted[state]
    assert bench.passes(5)[1] == []
    again = bench.passes(6)[1]  # as long as it is not done
    assert [type(effect) for effect in again] == wanted[state]
    if line.open_lots:
        bench.take(bench.report("closed", lots=Decimal("0.1")))
        assert ClosePosition in [type(effect) for effect in bench.passes(1)[1]]  # a part is not all


def test_nothing_to_close_and_no_broker_to_close_it_at():
    bench = BrokerBench()
    line = bench.ordered(S.REJECTED)
    for key in (line.order.client_order_id, "ord_none"):
        with pytest.raises(Refused, match="nothing open"):
            bench.take(CloseAsked(FIRST, key, "anna"))
    paper = BrokerBench(account(mode="paper", broker=None, symbols=()))
    paper.decide()
    with pytest.raises(Refused, match="no account at a broker"):
        paper.take(CloseAsked(FIRST, paper.line.order.client_order_id, "anna"))


def test_two_people_end_an_order_of_unknown_fate():
    bench = BrokerBench()
    line = bench.ordered(S.UNRESOLVED)
    key = line.order.client_order_id
    assert bench.kinds(Resolution(FIRST, key, "anna", "asked them")) == [Kind.RESOLUTION_PROPOSED]
    with pytest.raises(Refused, match="another person"):
        bench.take(Resolution(FIRST, key, "anna", "asked them"))
    assert key in bench.bot.account.exposures
    records, _ = bench.take(Resolution(FIRST, key, "ben", "asked too"))
    assert records[0].body["principals"] == ["anna", "ben"]
    assert (line.state, bench.bot.account.exposures) == (S.NOT_ACCEPTED, {})
    with pytest.raises(Refused, match="not_accepted"):
        bench.take(Resolution(FIRST, key, "anna", "again"))
    with pytest.raises(Refused, match="no such order"):
        bench.take(Resolution(FIRST, "ord_none", "anna", "what"))


def test_an_order_that_was_not_sent_is_tried_five_times_and_not_after_a_breaker():
    bench = BrokerBench()
    bench.decide()
    for attempt in range(2, 6):
        _, (effect,) = bench.take(SubmitNotSent(FIRST, bench.line.order.client_order_id, "refused", 2))
        assert (effect.order.attempt, effect.delay_s) == (attempt, 2)
    records, effects = bench.take(SubmitNotSent(FIRST, bench.line.order.client_order_id, "refused", 2))
    assert ([r.kind for r in records], effects) == ([Kind.ORDER_NOT_ACCEPTED], [])
    assert bench.take(SubmitNotSent(FIRST, bench.line.order.client_order_id, "late", 2)) == ([], [])
    stopped = BrokerBench()
    stopped.decide()
    stopped.take(BreakerTrip("cell", "halt", "trouble", "anna"))
    assert stopped.kinds(SubmitNotSent(FIRST, stopped.line.order.client_order_id, "no", 2)) == [
        Kind.ORDER_NOT_ACCEPTED
    ]


def test_the_last_look_at_age_and_end():
    bench = BrokerBench()
    bench.decide(a_decision(valid_s=60))
    order, now_ns = bench.line.order, bench.at[0]
    assert reason_not_to_send(bench.state, bench.bot, order, now_ns + 59 * 10**9) == ""
    assert "too old" in reason_not_to_send(bench.state, bench.bot, order, now_ns + 60 * 10**9)
    other = BrokerBench()
    other.decide()
    order = other.line.order
    assert reason_not_to_send(other.state, other.bot, order, now_ns + 300 * 10**9) == ""
    assert "301 s" in reason_not_to_send(other.state, other.bot, order, now_ns + 301 * 10**9)


def test_the_last_look_tells_everything_that_stands_in_the_way():
    bench = BrokerBench()
    bench.decide()
    line, now_ns = bench.line, bench.at[0]
    bench.health("broker", "suspect")
    for scope in ("cell", f"bot:{FIRST}"):
        bench.take(BreakerTrip(scope, "halt", f"trouble of {scope}", "anna"))
    assert reason_not_to_send(bench.state, bench.bot, line.order, now_ns) == (
        "breaker cell (halt): trouble of cell; breaker bot:first (halt): trouble of bot:first; "
        "broker suspect: is suspect"
    )


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (HealthObserved(FIRST, "broker", "suspect", "slow"), "broker suspect: slow"),
        (HealthObserved(FIRST, "broker", "down", "gone"), "broker down: gone"),
        (HealthObserved("cell", "clock", "down", "was set"), "clock down: was set"),
        (BreakerTrip("cell", "shadow", "trouble", "anna"), "breaker cell (shadow): trouble"),
        (BreakerTrip("global", "safe", "trouble", "anna"), "breaker global (safe): trouble"),
        (BreakerTrip(f"bot:{FIRST}", "halt", "trouble", "anna"), f"breaker bot:{FIRST} (halt): trouble"),
        (BreakerTrip("cell", "reduced", "trouble", "anna"), ""),
        (HealthObserved(OTHER, "broker", "down", "gone"), ""),
    ],
    ids=str,
)
def test_the_last_look_at_what_happened_while_an_order_waited(event, reason):
    bench = BrokerBench(account(), account(OTHER, sources=("other_*",)))
    bench.decide()
    order, now_ns = bench.line.order, bench.at[0]
    assert reason_not_to_send(bench.state, bench.bot, order, now_ns) == ""
    bench.take(event)
    assert reason_not_to_send(bench.state, bench.bot, order, now_ns) == reason


def test_working_orders_whose_time_is_over_are_cancelled_and_modes_are_written_down():
    bench = BrokerBench()
    line = bench.ordered(S.ACCEPTED)
    seconds = (line.order.good_till_ns - bench.at[0]) // 10**9
    assert bench.passes(seconds + 60)[1] == []
    assert bench.passes(1)[1] == [Cancel(line.order)]
    bench.health("broker", "down")
    changed = next(r for r in bench.passes(1)[0] if r.kind is Kind.MODE_CHANGED)
    assert (changed.body["before"], changed.body["mode"]) == ("normal", "halt")


def test_the_same_health_is_said_once():
    bench = BrokerBench()
    assert len(bench.health("broker", "suspect")) == 1
    assert bench.health("broker", "suspect") == []


def test_replay_accounts_are_never_held_back():
    replay = account("replayed", mode="replay", broker=None, symbols=())
    bench = BrokerBench(replay, is_well=False)
    bench.decide(name="replayed")
    bench.take(Kill("trouble", "anna"))
    bench.passes(1)
    assert {r.kind for r in bench.journal.records} == {
        Kind.ACCOUNT_OPENED,
        Kind.DECISION_RECEIVED,
        Kind.ORDER_INTENDED,
        Kind.KILLED,
    }
    assert bench.take(TimePassed("replayed")) == ([], [])


def test_a_decision_that_is_due_twice_is_judged_once():
    bench = BrokerBench()
    decision_id = bench.receive()
    assert bench.kinds(DecisionDue(FIRST, decision_id)) == [Kind.ORDER_INTENDED]
    assert bench.take(DecisionDue(FIRST, decision_id)) == ([], [])
