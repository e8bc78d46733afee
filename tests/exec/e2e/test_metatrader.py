"""The installed daemon at a simulated MetaTrader broker through the project's bridge, configured as
docs/metatrader.md says. However it goes, a decision becomes one order there."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from broker_daemon import MAIN, limit_at, until
from metatrader_at import TOKEN

from hive_core.contracts.order import client_order_id
from hive_core.evidence.chain import first_fault
from hive_exec.brokers.metatrader.constants import TradeAction
from hive_exec.brokers.metatrader.identity import magic_of
from hive_exec.brokers.metatrader.retcodes import Retcode
from hive_exec.journal.reading import read_links
from hive_exec.simulators.metatrader.faults import FaultKind

pytestmark = pytest.mark.slow

MAGIC = 4_483


def made(venue, order):
    """What of an order is filled at the venue, where it came and is once."""
    key = order["client_order_id"]
    assert venue.arrived().count(key) == 1
    assert f"{key} (again)" not in venue.made()
    return venue.made()[key]


def position(venue, order):
    """The one position that an order opened."""
    (found,) = [one for one in venue.positions() if one.comment == order["client_order_id"]]
    return found


def test_a_bracket_reaches_the_venue_once_is_filled_and_its_stop_and_target_stand(trading_metatrader):
    daemon, venue = trading_metatrader
    order = daemon.until_state(daemon.decide("plain"), "filled")
    assert made(venue, order) == Decimal(order["lots"])
    held = position(venue, order)
    assert (held.stop_loss, held.take_profit) == (Decimal("1.09800"), Decimal("1.10200"))
    venue.price(Decimal("1.10300"))
    order = daemon.until_state(order["decision_id"], "closed")
    venue.price(Decimal("1.10000"))
    time.sleep(0.6)  # quotes are taken in every quarter of a second
    assert (order["exit_reason"], Decimal(order["profit"]) > 0) == ("target", True)
    until(daemon.is_normal)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FaultKind.LATE_ACCEPT, 1_500),
        (FaultKind.LOST_ANSWER, 0),
        (FaultKind.HANG, 1_800),
        (FaultKind.DONE_WITHOUT_CONNECTION, 0),
    ],
)
def test_an_order_whose_answer_says_nothing_is_unresolved_and_then_found(trading_metatrader, kind, value):
    daemon, venue = trading_metatrader
    venue.arm(kind, value)
    order = daemon.until_state(daemon.decide(kind.value), "filled")
    assert made(venue, order) == Decimal(order["lots"])
    story = daemon.story(order["client_order_id"])
    assert story.count("order_filled") == 1
    if kind is FaultKind.LATE_ACCEPT:  # the others' deals may be heard before the request is given up
        assert story.index("order_unresolved") < story.index("order_filled")
    until(daemon.is_normal, told=str(daemon.standing()))


def test_an_order_that_the_venue_refuses_is_rejected_with_its_code(trading_metatrader):
    daemon, venue = trading_metatrader
    venue.arm(FaultKind.RETCODE, Retcode.NO_MONEY)
    order = daemon.until_state(daemon.decide("refused"), "rejected")
    (told,) = [one["body"] for one in daemon.reports() if one["kind"] == "order_rejected"]
    assert told["client_order_id"] == order["client_order_id"]
    assert str(int(Retcode.NO_MONEY)) in told["text"]
    assert order["client_order_id"] not in venue.made()


def test_a_fill_in_part_leaves_what_was_filled(trading_metatrader):
    daemon, venue = trading_metatrader
    venue.arm(FaultKind.PARTIAL)
    order = daemon.until_state(daemon.decide("part"), "filled")
    lots = sum(
        Decimal(one["body"]["lots"])
        for one in daemon.reports()
        if one["kind"] in {"order_partially_filled", "order_filled"}
        and one["body"]["client_order_id"] == order["client_order_id"]
    )
    assert lots == made(venue, order) == position(venue, order).volume == Decimal(order["lots"]) / 2
    until(daemon.is_normal, told=str(daemon.standing()))


def test_while_the_bridge_is_away_nothing_leaves_and_then_what_is_still_valid_does(trading_metatrader):
    daemon, venue = trading_metatrader
    sent = len(venue.package.sent)
    venue.close_bridge()
    until(lambda: not daemon.is_normal(), told=str(daemon.standing()))
    decision_id = daemon.decide("while-away")
    time.sleep(1)
    assert len(venue.package.sent) == sent
    venue.restore_bridge()
    until(daemon.is_normal, 30, told=str(daemon.standing()))
    assert made(venue, daemon.until_state(decision_id, "filled")) > 0


def test_a_person_closes_what_an_order_opened(trading_metatrader):
    daemon, venue = trading_metatrader
    order = daemon.until_state(daemon.decide("to-be-closed"), "filled")
    said = daemon.hive("close", order["client_order_id"])
    assert said.returncode == 0, said.stderr
    daemon.until_state(order["decision_id"], "closed")
    assert not [one for one in venue.positions() if one.comment == order["client_order_id"]]
    until(daemon.is_normal, told=str(daemon.standing()))


def test_killed_between_the_request_and_its_answer_there_is_one_order(at_metatrader):
    daemon, venue = at_metatrader(answer_timeout_s=20)
    daemon.start_trading(venue)
    venue.arm(FaultKind.HANG, 2_500)
    decision_id = daemon.decide("killed")
    until(lambda: venue.package.sent)
    daemon.kill()
    daemon.start()
    order = daemon.until_state(decision_id, "filled")
    assert made(venue, order) == Decimal(order["lots"])
    until(daemon.is_normal, told=str(daemon.standing()))
    assert daemon.story(order["client_order_id"]).count("order_filled") == 1
    assert daemon.stop() == 0
    assert first_fault(read_links(daemon.home.journal))[2] is None
    for said in (daemon.log.read_bytes(), daemon.home.journal.read_bytes()):
        assert TOKEN.encode() not in said


def test_the_kill_switch_cancels_what_works(at_metatrader):
    daemon, venue = at_metatrader()
    daemon.start_trading(venue)
    order = daemon.until_state(daemon.hand_in(limit_at("1.09900", "low")), "accepted")
    assert daemon.hive("kill", "a test").returncode == 0
    daemon.until_state(order["decision_id"], "cancelled")
    assert made(venue, order) == 0
    assert [one["action"] for one in venue.package.sent] == [TradeAction.PENDING, TradeAction.REMOVE]
    assert not venue.do(venue.package.orders_get)


def test_a_persons_trade_is_counted_and_not_touched(at_metatrader):
    daemon, venue = at_metatrader()
    venue.place("by hand", 0, "0.02")
    daemon.start_trading(venue)
    (found,) = daemon.client().get("/positions")["positions"]
    assert (found["is_ours"], found["lots"]) == (False, "0.02")
    daemon.until_state(daemon.decide("beside"), "filled")
    assert daemon.hive("kill", "a test").returncode == 0
    time.sleep(1.5)
    (theirs,) = [one for one in venue.positions() if one.comment == "by hand"]
    assert theirs.volume == Decimal("0.02")


@pytest.mark.parametrize("price", [None, "1.05000"], ids=["filled", "working"])
def test_an_order_of_ours_that_the_journal_lacks_halts_before_anything_is_sent(at_metatrader, price):
    daemon, venue = at_metatrader()
    foreign = client_order_id("local", MAIN, "dec_of_another_life", 1, 1)
    venue.place(foreign, magic_of(MAGIC, foreign), "0.01", price=price)
    daemon.start()
    until(lambda: daemon.standing()["mode"] == "halt" and daemon.client().get("/modes")["breakers"])
    daemon.decide("halted")
    time.sleep(1.5)
    assert venue.package.sent == []
    assert foreign in daemon.hive("breakers").stdout
