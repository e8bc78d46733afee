"""The installed daemon at a simulated FIX 4.4 venue, configured as docs/fix.md says. However it goes, a
decision becomes one order there, and the journal tells what the venue did."""

from __future__ import annotations

from decimal import Decimal

import pytest
from broker_daemon import until

from hive_exec.brokers.fix.tags import ORDER_CREATING
from hive_exec.simulators.fix.faults import Fault

pytestmark = pytest.mark.slow


def filled(daemon, order):
    """The lots of each execution of an order, as the journal counts them."""
    return [
        Decimal(one["body"]["lots"])
        for one in daemon.reports()
        if one["kind"] in {"order_partially_filled", "order_filled"}
        and one["body"]["client_order_id"] == order["client_order_id"]
    ]


def test_an_order_whose_answer_comes_late_is_unresolved_and_then_what_the_venue_says(trading_fix):
    daemon, hands = trading_fix
    venue = hands.venue
    venue.arm(Fault.LATE_REPORTS)
    order = daemon.until_state(daemon.decide("late"), "filled")
    venue.server.release()
    until(daemon.is_normal)
    story = daemon.story(order["client_order_id"])
    assert story.index("order_unresolved") < story.index("order_filled")
    assert story.count("order_filled") == 1
    assert hands.filled_once(order) == Decimal(order["lots"])


@pytest.mark.parametrize("fault", [Fault.FILL_THEN_DISCONNECT, Fault.NUMBER_GAP])
def test_what_a_broken_session_lost_is_sent_again_by_the_venue_and_the_order_is_not(trading_fix, fault):
    daemon, hands = trading_fix
    venue = hands.venue
    logons = venue.server.logons
    venue.arm(fault)
    order = daemon.until_state(daemon.decide(fault.value), "filled")
    if fault is Fault.FILL_THEN_DISCONNECT:
        until(lambda: venue.server.logons > logons, told=daemon.log_tail())
    until(daemon.is_normal, told=str(daemon.standing()))
    assert hands.filled_once(order) == Decimal(order["lots"])
    assert daemon.story(order["client_order_id"]).count("order_filled") == 1


def test_a_venue_that_asks_for_everything_gets_gap_fills_and_no_order_twice(trading_fix):
    daemon, hands = trading_fix
    venue = hands.venue
    order = daemon.until_state(daemon.decide("replayed"), "filled")
    logons, seen = venue.server.logons, len(venue.server.wire)
    venue.server.lose_memory()
    until(lambda: venue.server.logons > logons, told=daemon.log_tail())
    until(lambda: len(venue.server.wire) > seen and daemon.is_normal(), told=str(daemon.standing()))
    later = list(venue.server.wire)[seen:]
    assert not [one for one in later if one.msg_type in ORDER_CREATING]
    assert not [one for one in later if one.is_possible_duplicate]
    hands.filled_once(order)
    daemon.until_state(daemon.decide("after-it"), "filled")


def test_a_cut_session_stands_again_with_its_numbers_and_trades(trading_fix):
    daemon, hands = trading_fix
    venue = hands.venue
    logons = venue.server.logons
    number = venue.server.wire[-1].sequence_number
    venue.server.cut()
    until(lambda: venue.server.logons > logons, told=daemon.log_tail())
    until(daemon.is_normal, told=str(daemon.standing()))
    hands.filled_once(daemon.until_state(daemon.decide("after-a-cut"), "filled"))
    assert venue.server.wire[-1].sequence_number > number


def test_a_fill_in_parts_is_counted_in_parts(trading_fix):
    daemon, hands = trading_fix
    venue = hands.venue
    venue.ticks.clear()
    try:
        venue.arm(Fault.PARTIAL_FILL)
        order = daemon.until_state(daemon.decide("parts"), "partially_filled")
        assert filled(daemon, order) == [Decimal(order["lots"]) / 2]
    finally:
        venue.ticks.set()
    order = daemon.until_state(order["decision_id"], "filled")
    assert filled(daemon, order) == [Decimal(order["lots"]) / 2] * 2
    hands.filled_once(order)


def test_a_part_that_was_filled_while_the_session_was_cut_is_counted_once(trading_fix):
    """The rest is told by the venue's replay and by the answer to our question: both, in any order."""
    daemon, hands = trading_fix
    venue = hands.venue
    venue.ticks.clear()
    try:
        venue.arm(Fault.PARTIAL_FILL)
        order = daemon.until_state(daemon.decide("cut-parts"), "partially_filled")
        venue.server.cut()
        venue.price(venue.middle)
    finally:
        venue.ticks.set()
    order = daemon.until_state(order["decision_id"], "filled")
    until(daemon.is_normal, told=str(daemon.standing()))
    assert filled(daemon, order) == [Decimal(order["lots"]) / 2] * 2
