"""The installed daemon at a simulated FIX 4.4 venue, configured as docs/fix.md says. However it goes, a
decision becomes one order there, and the journal tells what the venue did."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from broker_daemon import MAIN, limit_at, until

from hive_core.contracts.order import client_order_id
from hive_core.evidence.chain import first_fault
from hive_exec.brokers.fix.tags import ORDER_CREATING, MsgType, Tag
from hive_exec.journal.reading import read_links
from hive_exec.simulators.fix.faults import Fault

pytestmark = pytest.mark.slow


def of(venue, order):
    """The order at the venue, which is there once, and came once."""
    key = order["client_order_id"]
    assert venue.arrived().count(key) == 1
    (found,) = [one for one in venue.entries() if one.ids[0] == key]
    return found


def filled(daemon, order):
    """The lots of each execution of an order, as the journal counts them."""
    return [
        Decimal(one["body"]["lots"])
        for one in daemon.reports()
        if one["kind"] in {"order_partially_filled", "order_filled"}
        and one["body"]["client_order_id"] == order["client_order_id"]
    ]


def exits(venue, order):
    """Where stop and target of an order stand at the venue."""
    entry = of(venue, order)
    if venue.is_hedging:
        return entry.stop_loss, entry.take_profit
    legs = [one for one in venue.server.venue.book.orders if one.parent is entry and one.is_working]
    stops, targets = ([getattr(leg, name) for leg in legs] for name in ("stop_price", "price"))
    return next(filter(None, stops), None), next(filter(None, targets), None)


def test_a_bracket_reaches_the_venue_once_is_filled_and_its_stop_and_target_stand(trading_fix):
    daemon, venue = trading_fix
    order = daemon.until_state(daemon.decide("plain"), "filled")
    assert of(venue, order).filled == Decimal(order["lots"]) * 100_000
    assert exits(venue, order) == (Decimal("1.09800"), Decimal("1.10200"))
    venue.price(Decimal("1.10300"))
    order = daemon.until_state(order["decision_id"], "closed")
    venue.price(Decimal("1.10000"))
    time.sleep(0.6)  # quotes are taken in every quarter of a second
    # An exit of the venue's own by attached levels does not say which of them it was.
    assert order["exit_reason"] == ("close" if venue.is_hedging else "target")
    assert Decimal(order["profit"]) > 0
    assert exits(venue, order) == (None, None) or venue.is_hedging
    until(daemon.is_normal)


def test_an_order_whose_answer_comes_late_is_unresolved_and_then_what_the_venue_says(trading_fix):
    daemon, venue = trading_fix
    venue.arm(Fault.LATE_REPORTS)
    order = daemon.until_state(daemon.decide("late"), "filled")
    venue.server.release()
    until(daemon.is_normal)
    story = daemon.story(order["client_order_id"])
    assert story.index("order_unresolved") < story.index("order_filled")
    assert story.count("order_filled") == 1
    assert of(venue, order).filled == Decimal(order["lots"]) * 100_000


@pytest.mark.parametrize("fault", [Fault.FILL_THEN_DISCONNECT, Fault.NUMBER_GAP])
def test_what_a_broken_session_lost_is_sent_again_by_the_venue_and_the_order_is_not(trading_fix, fault):
    daemon, venue = trading_fix
    logons = venue.server.logons
    venue.arm(fault)
    order = daemon.until_state(daemon.decide(fault.value), "filled")
    if fault is Fault.FILL_THEN_DISCONNECT:
        until(lambda: venue.server.logons > logons, told=daemon.log_tail())
    until(daemon.is_normal, told=str(daemon.standing()))
    assert of(venue, order).filled == Decimal(order["lots"]) * 100_000
    assert daemon.story(order["client_order_id"]).count("order_filled") == 1


def test_a_venue_that_asks_for_everything_gets_gap_fills_and_no_order_twice(trading_fix):
    daemon, venue = trading_fix
    order = daemon.until_state(daemon.decide("replayed"), "filled")
    logons, seen = venue.server.logons, len(venue.server.wire)
    venue.server.lose_memory()
    until(lambda: venue.server.logons > logons, told=daemon.log_tail())
    until(lambda: len(venue.server.wire) > seen and daemon.is_normal(), told=str(daemon.standing()))
    later = list(venue.server.wire)[seen:]
    assert not [one for one in later if one.msg_type in ORDER_CREATING]
    assert not [one for one in later if one.is_possible_duplicate]
    of(venue, order)
    daemon.until_state(daemon.decide("after-it"), "filled")


def test_a_cut_session_stands_again_with_its_numbers_and_trades(trading_fix):
    daemon, venue = trading_fix
    logons = venue.server.logons
    number = venue.server.wire[-1].sequence_number
    venue.server.cut()
    until(lambda: venue.server.logons > logons, told=daemon.log_tail())
    until(daemon.is_normal, told=str(daemon.standing()))
    of(venue, daemon.until_state(daemon.decide("after-a-cut"), "filled"))
    assert venue.server.wire[-1].sequence_number > number


def test_an_order_that_the_venue_refuses_is_rejected_with_its_words(trading_fix):
    daemon, venue = trading_fix
    venue.arm(Fault.MESSAGE_REJECT)
    order = daemon.until_state(daemon.decide("refused"), "rejected")
    (told,) = [one["body"] for one in daemon.reports() if one["kind"] == "order_rejected"]
    assert told["client_order_id"] == order["client_order_id"]
    assert "quantity step" in told["text"]
    assert order["client_order_id"] not in venue.made()
    until(daemon.is_normal)


def test_a_fill_in_parts_is_counted_in_parts(trading_fix):
    daemon, venue = trading_fix
    venue.ticks.clear()
    try:
        venue.arm(Fault.PARTIAL_FILL)
        order = daemon.until_state(daemon.decide("parts"), "partially_filled")
        assert filled(daemon, order) == [Decimal(order["lots"]) / 2]
    finally:
        venue.ticks.set()
    order = daemon.until_state(order["decision_id"], "filled")
    assert filled(daemon, order) == [Decimal(order["lots"]) / 2] * 2
    of(venue, order)


def test_a_part_that_was_filled_while_the_session_was_cut_is_counted_once(trading_fix):
    """The rest is told by the venue's replay and by the answer to our question: both, in any order."""
    daemon, venue = trading_fix
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


def test_a_person_closes_what_an_order_opened(trading_fix):
    daemon, venue = trading_fix
    order = daemon.until_state(daemon.decide("to-be-closed"), "filled")
    said = daemon.hive("close", order["client_order_id"])
    assert said.returncode == 0, said.stderr
    order = daemon.until_state(order["decision_id"], "closed")
    assert order["exit_reason"] == "close"
    until(daemon.is_normal, told=str(daemon.standing()))
    assert exits(venue, order) == (None, None) or venue.is_hedging


def test_killed_between_the_request_and_its_answer_there_is_one_order(at_fix):
    daemon, venue = at_fix(answer_timeout_s=20)
    daemon.start_trading(venue)
    venue.arm(Fault.LATE_REPORTS)
    decision_id = daemon.decide("killed")
    until(lambda: venue.arrived())
    daemon.kill()
    venue.server.release()
    daemon.start()
    order = daemon.until_state(decision_id, "filled")
    until(daemon.is_normal, told=str(daemon.standing()))
    assert daemon.story(order["client_order_id"]).count("order_filled") == 1
    assert of(venue, order).filled == Decimal(order["lots"]) * 100_000
    assert daemon.stop() == 0
    assert first_fault(read_links(daemon.home.journal))[2] is None
    for said in (daemon.log.read_bytes(), daemon.home.journal.read_bytes()):
        assert b"canary-fix" not in said


def test_the_kill_switch_cancels_what_works(at_fix):
    daemon, venue = at_fix()
    daemon.start_trading(venue)
    order = daemon.until_state(daemon.hand_in(limit_at("1.09900", "low")), "accepted")
    assert of(venue, order).is_working
    assert daemon.hive("kill", "a test").returncode == 0
    daemon.until_state(order["decision_id"], "cancelled")
    assert not of(venue, order).is_working
    cancels = [one for one in venue.server.wire if one.msg_type == MsgType.ORDER_CANCEL_REQUEST]
    assert [one.text(Tag.ORIG_CL_ORD_ID) for one in cancels] == [order["client_order_id"]]


def test_a_persons_trade_is_counted_and_not_touched(at_fix):
    daemon, venue = at_fix()
    venue.place("BY-HAND-1", "2000")
    daemon.start_trading(venue)
    (found,) = daemon.client().get("/positions")["positions"]
    assert (found["is_ours"], found["lots"]) == (False, "0.02")
    daemon.until_state(daemon.decide("beside"), "filled")
    assert daemon.hive("kill", "a test").returncode == 0
    time.sleep(1.5)
    (theirs,) = [
        one for one in venue.server.venue.book.positions.values() if one.client_order_id == "BY-HAND-1"
    ]
    assert theirs.units == 2_000


@pytest.mark.parametrize("price", [None, "1.05000"], ids=["filled", "working"])
def test_an_order_of_ours_that_the_journal_lacks_halts_before_anything_is_sent(at_fix, price):
    daemon, venue = at_fix()
    foreign = client_order_id("local", MAIN, "dec_of_another_life", 1, 1)
    venue.place(foreign, "1000", price=price)
    daemon.start()
    until(lambda: daemon.standing()["mode"] == "halt" and daemon.client().get("/modes")["breakers"])
    daemon.decide("halted")
    time.sleep(1.5)
    assert venue.arrived() == []
    assert foreign in daemon.hive("breakers").stdout
