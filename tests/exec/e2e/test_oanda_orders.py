"""Orders of the installed daemon at a simulated OANDA venue: the plain path, and an answer that is lost,
late or cut off by SIGKILL. However it goes, the venue has one order."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest
from broker_daemon import MAIN, TOKEN, decision_for, until

from hive_core.evidence.chain import first_fault
from hive_exec.journal.reading import read_links
from hive_exec.simulators.oanda.faults import Fault

pytestmark = pytest.mark.slow


def states(daemon):
    return [order["state"] for order in daemon.orders()]


def test_a_decision_becomes_one_order_with_its_stop_and_the_fill_is_told(at_oanda):
    daemon, oanda = at_oanda()
    daemon.start_trading(oanda)
    decision_id = daemon.decide("plain")
    until(lambda: states(daemon) == ["filled"], told=daemon.log_tail())
    (made,) = oanda.created()
    assert made["stopLossOnFill"]["price"] == "1.09800"
    (trade,) = oanda.open_trades()
    (order,) = daemon.orders()
    assert made["clientExtensions"]["id"] == order["client_order_id"]
    assert Decimal(trade["currentUnits"]) == Decimal(order["lots"]) * 100_000

    kinds = daemon.kinds()
    assert kinds.index("decision_received") < kinds.index("order_intended") < kinds.index("order_filled")
    assert order["decision_id"] == decision_id
    oanda.price(Decimal("1.10300"))  # the target
    until(lambda: states(daemon) == ["closed"])
    (order,) = daemon.orders()
    assert (order["exit_reason"], Decimal(order["profit"]) > 0) == ("target", True)

    assert daemon.stop() == 0
    assert first_fault(read_links(daemon.home.journal))[2] is None
    assert TOKEN not in daemon.log.read_text("utf-8")
    assert TOKEN.encode() not in daemon.home.journal.read_bytes()


def test_a_decision_before_the_books_agree_sends_nothing(at_oanda):
    daemon, oanda = at_oanda()
    oanda.faults.plan(Fault.MAINTENANCE, "GET")  # the books are not to be had at the first try
    daemon.launch()
    assert daemon.wait_until_ready()
    decision_id = daemon.decide("early")
    assert oanda.posted_orders() == []
    assert not daemon.is_normal()
    until(daemon.is_normal)
    assert "order_intended" not in daemon.kinds(decision_id) or len(oanda.posted_orders()) == 1


@pytest.mark.parametrize(
    "fault", [Fault.LOST_ANSWER, Fault.DONE_THEN_500, Fault.LATE_ACCEPT, Fault.TRUNCATED, Fault.GARBAGE]
)
def test_an_order_whose_answer_is_lost_is_looked_up_and_never_sent_again(at_oanda, fault):
    daemon, oanda = at_oanda()
    daemon.start_trading(oanda)
    oanda.faults.plan(fault)
    daemon.decide("ambiguous")
    # The venue's stream may tell of the fill before the request is given up: both ends are right.
    until(lambda: states(daemon) == ["filled"], told=f"{daemon.kinds()} {daemon.log_tail()}")
    assert len(oanda.posted_orders()) == len(oanda.created()) == 1
    until(daemon.is_normal, told=str(daemon.standing()))


def test_an_order_that_never_arrived_is_proved_absent_by_the_log(at_oanda):
    daemon, oanda = at_oanda()
    daemon.start_trading(oanda)
    oanda.faults.plan(Fault.LOST_REQUEST)
    daemon.decide("lost")
    until(lambda: "order_unresolved" in daemon.kinds())
    until(lambda: states(daemon) not in ([], ["unresolved"]), told=daemon.log_tail())
    assert oanda.created() == []
    assert len(oanda.posted_orders()) == 1, "what may have arrived was sent again"


def test_killed_in_the_middle_of_a_submit_there_is_one_order(at_oanda):
    daemon, oanda = at_oanda(delay_s=4.0, answer_timeout_s=10, settle_s=12)
    daemon.start_trading(oanda)
    oanda.faults.plan(Fault.LATE_ACCEPT)
    decision_id = daemon.decide("killed")
    until(lambda: oanda.posted_orders())
    daemon.kill()
    assert oanda.created() == [], "the venue answered before the kill"

    daemon.start()
    (order,) = daemon.orders()
    assert order["state"] == "unresolved"
    client = daemon.client()
    assert client.decide(decision_for(MAIN, "another")).status_code == 202  # while nobody knows
    daemon.until_state(decision_id, "filled")
    kinds = daemon.kinds()
    assert kinds.index("order_unresolved") < kinds.index("order_filled")
    sent = [one["order"]["clientExtensions"]["id"] for one in oanda.posted_orders()]
    assert len(sent) == len(set(sent)), "an order was sent twice"
    assert sum(1 for one in oanda.created() if one["clientExtensions"]["id"] == order["client_order_id"]) == 1
    assert decision_id == order["decision_id"]


def test_a_decision_that_was_received_and_not_judged_before_a_kill_is_judged_after(at_oanda):
    daemon, oanda = at_oanda()
    daemon.start(failpoint="inbox.after_record:1:kill")
    client = daemon.client()
    with pytest.raises(httpx.TransportError):
        client.decide(decision_for(MAIN, "unjudged"))
    daemon.running().wait(10)
    daemon.start()
    if "decision_received" in daemon.kinds():  # it was durable, so it ends, one way or the other
        until(lambda: {"decision_denied", "order_intended"} & set(daemon.kinds()), told=str(daemon.kinds()))
    assert len(oanda.posted_orders()) <= 1
