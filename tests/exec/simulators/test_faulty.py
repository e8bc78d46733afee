"""Each fault does what it says, the same seed does the same, and what is said of the unknown stays honest."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from venue_bench import SECOND, TUESDAY, an_order

from hive_core.backtest.venue.terms import Terms
from hive_core.configuration.broker_paper import PaperVenueSettings
from hive_exec.brokers.port import Ambiguous, Broker, NotSent, Throttled, Unavailable
from hive_exec.simulators.faults import (
    ON_QUESTION,
    ON_QUOTE,
    ON_REQUEST,
    ON_STREAM,
    ON_SUBMIT,
    Fault,
    NoFaults,
    PlannedFaults,
    SeededFaults,
)
from hive_exec.simulators.faulty import LATE_BY_NS, SETTLE_S, FaultyBroker
from hive_exec.simulators.paper_broker import PaperBroker

D = Decimal


class One:
    """A single fault at its first occasion."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault

    def choose(self, occasion, possible):
        if self.fault in possible:
            fault, self.fault = self.fault, None
            return fault
        return None


class Ear:
    """What a daemon heard."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.reports: list = []

    def reported(self, report):
        self.reports.append(report)
        self.heard.append(report.kind.value)

    def quoted(self, symbol, bid, ask, ts_ns):
        pass

    def gap(self, text):
        self.heard.append("gap")

    def trouble(self, text):
        self.heard.append("trouble")


class World:
    """A venue, the way to it, and a clock."""

    def __init__(self, faults=None, *, deduplication="always", **settings) -> None:
        self.now_ns = TUESDAY
        terms = Terms(PaperVenueSettings(**settings), "USD", D(100_000), deduplication)
        self.venue = PaperBroker("paper", terms, lambda: self.now_ns)
        self.broker = FaultyBroker(self.venue, faults or NoFaults(), lambda: self.now_ns)
        self.ear = Ear()
        self.venue.quote("EURUSD", D("1.10000"), D("1.10010"))
        self.broker.hear(self.ear)

    def later(self, ns: int) -> None:
        self.now_ns += ns
        self.broker.advance()

    def kinds(self) -> list[str]:
        return [report.kind.value for report in self.venue.log]


def test_both_fit_the_port():
    brokers: list[Broker] = [World().venue, World().broker]
    assert [broker.capabilities.settle_s for broker in brokers] == [0, SETTLE_S]


def test_a_market_order_is_filled_as_it_arrives_and_said_once_more_by_the_stream():
    world = World()
    answered = world.broker.submit(an_order(lots="0.5"))
    assert [report.kind.value for report in answered] == ["accepted", "filled"]
    world.broker.advance()
    assert [report.execution_id for report in world.ear.reports] == [r.execution_id for r in answered]
    (position,) = world.broker.snapshot().positions
    assert (position.client_order_id, position.lots) == ("ord_1", D("0.5"))
    world.broker.close_position(an_order(lots="0.5"), None, "close-1")
    assert world.kinds() == ["accepted", "filled", "closed"]


@pytest.mark.parametrize(
    ("fault", "raised", "at_the_venue", "sent"),
    [
        (Fault.NOT_SENT, NotSent, [], 0),
        (Fault.THROTTLED, Throttled, [], 0),
        (Fault.MAINTENANCE, Ambiguous, [], 1),
        (Fault.LOST, Ambiguous, [], 1),
        (Fault.LATE, Ambiguous, ["accepted", "filled"], 1),
        (Fault.ANSWER_LOST, Ambiguous, ["accepted", "filled"], 1),
        (Fault.ANSWER_UNREADABLE, Ambiguous, ["accepted", "filled"], 1),
    ],
)
def test_what_a_request_can_meet(fault, raised, at_the_venue, sent):
    world = World(One(fault))
    with pytest.raises(raised):
        world.broker.submit(an_order())
    assert world.broker.sent.get("ord_1", 0) == sent
    assert world.kinds() == ([] if fault is Fault.LATE else at_the_venue)
    world.later(LATE_BY_NS)
    assert world.kinds() == at_the_venue == world.ear.heard
    assert world.broker.on_the_way == 0


@pytest.mark.parametrize("request_name", ["modify", "cancel", "close"])
@pytest.mark.parametrize("fault", ON_REQUEST)
def test_other_requests_meet_the_same_and_may_be_repeated(request_name, fault):
    world = World()
    order = an_order(stop="1.00000")
    pending = an_order(2, order_type="limit", entry="1.05000")
    world.broker.submit(order)
    world.broker.submit(pending)

    def ask():
        if request_name == "modify":
            return world.broker.modify(order, D("1.01000"), None)
        if request_name == "cancel":
            return world.broker.cancel(pending)
        return world.broker.close_position(order, D("0.4"), "close-1")

    world.broker.faults = One(fault)
    with pytest.raises((NotSent, Ambiguous)):
        ask()
    world.later(LATE_BY_NS)
    ask()
    book = world.venue.book
    if request_name == "modify":
        assert book.open[1].stop_loss == D("1.01000")
    elif request_name == "cancel":
        assert not book.working
    else:
        assert book.open[1].lots == D("0.6")  # once, however often it was asked


def test_absence_is_proof_only_once_nothing_can_be_on_its_way():
    world = World(One(Fault.LATE))
    order = an_order(submitted_ns=TUESDAY)
    with pytest.raises(Ambiguous):
        world.broker.submit(order)
    early = world.broker.look_up(order, "")
    assert (early.reports, early.is_proof) == ((), False)  # it is still coming
    world.later(LATE_BY_NS)
    assert [report.kind.value for report in world.broker.look_up(order, "").reports] == ["accepted", "filled"]
    lost = World(One(Fault.LOST))
    with pytest.raises(Ambiguous):
        lost.broker.submit(order)
    lost.later(SETTLE_S * SECOND - 1)
    assert not lost.broker.look_up(order, "").is_proof
    lost.later(1)
    assert lost.broker.look_up(order, "").is_proof
    assert LATE_BY_NS < SETTLE_S * SECOND


@pytest.mark.parametrize(("rule", "positions"), [("always", 1), ("working", 2), ("never", 2)])
def test_a_resend_doubles_where_the_venue_does_not_know_the_id(rule, positions):
    """What the daemon must never do, and what it costs at which venue."""
    world = World(One(Fault.ANSWER_LOST), deduplication=rule)
    with pytest.raises(Ambiguous):
        world.broker.submit(an_order())
    world.broker.submit(an_order())
    assert len(world.venue.book.open) == positions
    assert world.broker.sent == {"ord_1": 2}
    assert world.broker.capabilities.deduplicates_client_ids == (rule == "always")


def test_a_partial_fill_takes_half_and_only_of_that_order():
    world = World(One(Fault.PARTIAL))
    reports = world.broker.submit(an_order(1, lots="0.5"))
    assert [(r.kind.value, r.lots) for r in reports[1:]] == [("filled", D("0.25")), ("cancelled", D("0.25"))]
    assert [r.lots for r in world.broker.submit(an_order(2, lots="0.5"))] == [D("0.5"), D("0.5")]


def test_a_refused_stop_leaves_the_position_without_one():
    world = World(One(Fault.STOP_REFUSED))
    filled = world.broker.submit(an_order(stop="1.09000"))[-1]
    assert (filled.kind, filled.has_stop) == ("filled", False)
    world.broker.quote("EURUSD", D("1.00000"), D("1.00010"))
    assert "closed" not in world.kinds()
    assert world.broker.snapshot().positions[0].stop_loss is None


def test_a_slipped_stop_is_thirty_pips_worse():
    world = World()
    world.broker.submit(an_order(stop="1.09000"))
    world.broker.faults = One(Fault.SLIPPED)
    world.now_ns += SECOND
    world.broker.quote("EURUSD", D("1.09000"), D("1.09010"))
    (closed,) = world.venue.log[2:]
    assert (closed.reason, closed.price) == ("stop", D("1.08700"))


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Fault.REPEATED, ["accepted", "filled", "accepted", "filled"]),
        (Fault.SWAPPED, ["filled", "accepted"]),
        (Fault.GAP, ["gap"]),
        (Fault.UNKNOWN_WORD, ["trouble"]),
    ],
)
def test_what_the_stream_can_do(fault, heard):
    world = World(One(fault))
    world.broker.submit(an_order())
    world.broker.advance()
    assert world.ear.heard == heard
    # What it left out is in the venue's log, in order.
    reports, cursor = world.broker.reports_since("0")
    assert ([report.kind.value for report in reports], cursor) == (["accepted", "filled"], "2")
    assert world.broker.reports_since(cursor) == ((), "2")


def test_questions_go_unanswered():
    for ask in (
        lambda broker: broker.snapshot(),
        lambda broker: broker.reports_since(""),
        lambda broker: broker.look_up(an_order(), ""),
    ):
        world = World(One(Fault.UNAVAILABLE))
        with pytest.raises(Unavailable):
            ask(world.broker)
        ask(world.broker)


def test_who_connects_later_is_not_told_what_was_said_before():
    world = World()
    world.broker.submit(an_order())
    world.broker.close()  # the daemon dies
    world.broker.advance()
    world.ear = Ear()
    world.broker.hear(world.ear)
    world.broker.cancel(an_order(9))
    world.broker.advance()
    assert world.ear.heard == ["cancel_rejected"]


def story(faults, **more) -> tuple[list, list]:
    world = World(faults, **more)
    raised = []
    for number in range(1, 60):
        try:
            world.broker.submit(an_order(number, lots="0.2", stop="1.05000", target="1.15000"))
            world.broker.close_position(an_order(number), D("0.1"), f"close-{number}")
            world.broker.snapshot()
        except (NotSent, Ambiguous, Unavailable) as error:
            raised.append(f"{number} {type(error).__name__} {error}")
        world.now_ns += SECOND
        price = D("1.10000") + (number * 7 % 13 - 6) * D("0.0100")
        world.broker.quote("EURUSD", price, price + D("0.0001"))
    return raised + world.ear.heard, world.venue.log


def test_the_same_seed_is_the_same_story_and_every_fault_has_its_turn():
    first, second = SeededFaults(7, 60), SeededFaults(7, 60)
    assert story(first) == story(second)
    assert first.happened == second.happened
    assert story(SeededFaults(8, 60)) != story(SeededFaults(7, 60))
    seen: set[Fault] = set()
    for seed in range(12):
        faults = SeededFaults(seed, 60)
        story(faults)
        seen |= set(faults.happened)
    assert seen == set(Fault)
    assert set(ON_SUBMIT) | set(ON_QUESTION) | set(ON_QUOTE) | set(ON_STREAM) == set(Fault)


def test_rates_of_single_faults_stand_for_the_common_one():
    faults = SeededFaults(1, 0, {Fault.LATE: 1_000})
    story(faults)
    assert set(faults.happened) == {Fault.LATE}


def test_a_plan_walks_through_every_choice():
    """As an explorer does: all plans of the first two occasions, each followed exactly."""
    outcomes = set()
    for first in range(len(ON_SUBMIT) + 1):
        plan = PlannedFaults([first])
        world = World(plan)
        try:
            world.broker.submit(an_order())
            outcomes.add((first, "answered"))
        except (NotSent, Ambiguous) as error:
            outcomes.add((first, type(error).__name__))
        assert plan.choices == [len(ON_SUBMIT) + 1]
    assert len(outcomes) == len(ON_SUBMIT) + 1
    with pytest.raises(IndexError):
        PlannedFaults([99]).choose("quote", ON_QUOTE)


def test_the_terms_of_the_venue_are_its_own_again_after_a_fault():
    for fault in (Fault.PARTIAL, Fault.STOP_REFUSED, Fault.SLIPPED):
        world = World(One(fault))
        before = replace(world.venue.terms)
        world.broker.submit(an_order())
        world.broker.quote("EURUSD", D("1.10000"), D("1.10010"))
        assert world.venue.terms == before
