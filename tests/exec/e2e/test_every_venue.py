"""The installed daemon at simulated venues of other kinds than OANDA, configured as docs/fix.md and
docs/metatrader.md say. However it goes, a decision becomes one order there."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from broker_daemon import MAIN, limit_at, until

from hive_core.contracts.order import client_order_id
from hive_core.evidence.chain import first_fault
from hive_exec.journal.reading import read_links

pytestmark = pytest.mark.slow


def test_a_bracket_reaches_the_venue_once_is_filled_and_its_stop_and_target_stand(trading):
    daemon, hands = trading
    order = daemon.until_state(daemon.decide("plain"), "filled")
    assert hands.filled_once(order) == Decimal(order["lots"])
    assert hands.exits(order) == (Decimal("1.09800"), Decimal("1.10200"))
    hands.venue.price(Decimal("1.10300"))
    order = daemon.until_state(order["decision_id"], "closed")
    hands.venue.price(Decimal("1.10000"))
    time.sleep(0.6)  # quotes are taken in every quarter of a second
    assert order["exit_reason"] == hands.reason_of_a_target()
    assert Decimal(order["profit"]) > 0
    assert hands.is_gone(order)
    until(daemon.is_normal)


def test_an_order_that_the_venue_refuses_is_rejected_with_its_words(trading):
    daemon, hands = trading
    words = hands.refuse_next()
    order = daemon.until_state(daemon.decide("refused"), "rejected")
    (told,) = [one["body"] for one in daemon.reports() if one["kind"] == "order_rejected"]
    assert told["client_order_id"] == order["client_order_id"]
    assert words in told["text"]
    assert order["client_order_id"] not in hands.venue.made()
    until(daemon.is_normal)


def test_a_person_closes_what_an_order_opened(trading):
    daemon, hands = trading
    order = daemon.until_state(daemon.decide("to-be-closed"), "filled")
    said = daemon.hive("close", order["client_order_id"])
    assert said.returncode == 0, said.stderr
    order = daemon.until_state(order["decision_id"], "closed")
    assert order["exit_reason"] == hands.reason_of_a_close()
    until(daemon.is_normal, told=str(daemon.standing()))
    assert hands.is_gone(order)


def test_killed_between_the_request_and_its_answer_there_is_one_order(at_venue):
    daemon, hands = at_venue(answer_timeout_s=20)
    daemon.start_trading(hands.venue)
    hands.hold_next()
    decision_id = daemon.decide("killed")
    until(hands.hears_a_request)
    daemon.kill()
    hands.let_go()
    daemon.start()
    order = daemon.until_state(decision_id, "filled")
    assert hands.filled_once(order) == Decimal(order["lots"])
    until(daemon.is_normal, told=str(daemon.standing()))
    assert daemon.story(order["client_order_id"]).count("order_filled") == 1
    assert hands.filled_once(order) == Decimal(order["lots"])
    assert daemon.stop() == 0
    assert first_fault(read_links(daemon.home.journal))[2] is None
    for said in (daemon.log.read_bytes(), daemon.home.journal.read_bytes()):
        assert hands.secret not in said


def test_the_kill_switch_cancels_what_works(at_venue):
    daemon, hands = at_venue()
    daemon.start_trading(hands.venue)
    order = daemon.until_state(daemon.hand_in(limit_at("1.09900", "low")), "accepted")
    assert not hands.cancelled(order)
    assert daemon.hive("kill", "a test").returncode == 0
    daemon.until_state(order["decision_id"], "cancelled")
    assert hands.cancelled(order)


def test_a_persons_trade_is_counted_and_not_touched(at_venue):
    daemon, hands = at_venue()
    daemon.start_trading(hands.venue)
    # Not before the start: a trade costs, and an account with a past waits for its next reset.
    left = hands.trade_by_hand()
    until(lambda: daemon.client().get("/positions")["positions"])
    (found,) = daemon.client().get("/positions")["positions"]
    assert (found["is_ours"], found["lots"]) == (False, "0.02")
    daemon.until_state(daemon.decide("beside"), "filled")
    assert daemon.hive("kill", "a test").returncode == 0
    time.sleep(1.5)
    assert left() == Decimal("0.02")


@pytest.mark.parametrize("price", [None, "1.05000"], ids=["filled", "working"])
def test_an_order_of_ours_that_the_journal_lacks_halts_before_anything_is_sent(at_venue, price):
    daemon, hands = at_venue()
    foreign = client_order_id("local", MAIN, "dec_of_another_life", 1, 1)
    hands.place(foreign, price=price)
    daemon.start()
    until(lambda: daemon.standing()["mode"] == "halt" and daemon.client().get("/modes")["breakers"])
    daemon.decide("halted")
    time.sleep(1.5)
    assert hands.requests() == []
    assert foreign in daemon.hive("breakers").stdout
