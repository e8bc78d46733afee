"""What the installed daemon does about books that are not as it thinks: orders and positions that are not
its own, a fill without a stop, a venue that is down, and a spare venue beside it."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from broker_daemon import INSTRUMENT, MAIN, SPARE, until

from hive_core.contracts.order import client_order_id
from hive_exec.simulators.oanda.faults import Fault

pytestmark = pytest.mark.slow


def placed(oanda, units: str, client_id: str = "", **more):
    """An order at the venue that this daemon did not send."""
    request = {
        "type": "MARKET",
        "instrument": INSTRUMENT,
        "units": units,
        "timeInForce": "FOK",
        "positionFill": "DEFAULT",
        **more,
    }
    if client_id:
        request["clientExtensions"] = {"id": client_id}
        request["tradeClientExtensions"] = {"id": client_id}
    status, _ = oanda.venue.create_order(request)
    assert status == 201


WORKING = {"type": "LIMIT", "price": "1.05000", "timeInForce": "GTC"}


@pytest.mark.parametrize("more", [WORKING, {}], ids=["working", "filled"])
def test_an_order_of_ours_that_the_journal_lacks_halts_before_anything_is_sent(at_oanda, more):
    daemon, oanda = at_oanda()
    foreign = client_order_id("local", MAIN, "dec_of_another_life", 1, 1)
    placed(oanda, "1000", foreign, **more)
    daemon.start()
    until(lambda: daemon.standing()["mode"] == "halt" and daemon.client().get("/modes")["breakers"])
    daemon.decide("halted")
    time.sleep(2)
    assert oanda.posted_orders() == []
    shown = daemon.hive("breakers").stdout
    assert "bot:main" in shown
    assert foreign in shown


def test_a_position_of_a_person_is_counted_and_not_touched(at_oanda):
    daemon, oanda = at_oanda()
    placed(oanda, "2000", stopLossOnFill={"price": "1.09000", "timeInForce": "GTC"})
    daemon.start_trading(oanda)
    (found,) = daemon.client().get("/positions")["positions"]
    assert (found["is_ours"], found["lots"]) == (False, "0.02")
    assert "not ours" in daemon.hive("positions").stdout
    (before,) = oanda.open_trades()
    daemon.decide("beside")
    until(lambda: len(oanda.open_trades()) == 2, told=daemon.log_tail())
    assert oanda.venue.trade(before["id"])["state"] == "OPEN"
    assert daemon.hive("kill", "a test").returncode == 0
    time.sleep(1.5)
    assert oanda.venue.trade(before["id"])["currentUnits"] == "2000"


@pytest.mark.parametrize("fault", [Fault.REFUSED_STOP, Fault.MISSING_STOP])
def test_a_fill_without_a_stop_is_closed_at_once_and_the_account_halts(at_oanda, fault):
    daemon, oanda = at_oanda()
    daemon.start_trading(oanda)
    oanda.faults.plan(fault, "FILL")
    daemon.decide("naked")
    until(lambda: oanda.created())
    until(lambda: not oanda.open_trades(), told=daemon.log_tail())
    until(lambda: daemon.standing()["mode"] == "halt", told=str(daemon.standing()))
    until(lambda: [order["state"] for order in daemon.orders()] == ["closed"], told=daemon.log_tail())
    sent = len(oanda.posted_orders())
    daemon.decide("after")
    time.sleep(1.5)
    assert len(oanda.posted_orders()) == sent


def hang_up(oanda):
    """The venue is in maintenance for whoever asks, until `oanda.faults.stop()`."""
    oanda.faults._chances[Fault.MAINTENANCE] = 1.0


def test_while_the_venue_is_down_decisions_wait_and_are_simulated(at_oanda):
    daemon, oanda = at_oanda()
    daemon.start_trading(oanda)
    hang_up(oanda)
    until(lambda: not daemon.is_normal(), told=str(daemon.standing()))
    kept = daemon.decide("kept", valid_s=60)
    expired = daemon.decide("expired", valid_s=3)
    until(lambda: "decision_held" in daemon.kinds(kept), told=str(daemon.kinds(kept)))
    simulated = [one for one in daemon.reports() if one["body"].get("decision_id") == kept]
    assert any(one["body"].get("is_simulated") for one in simulated), simulated
    assert oanda.posted_orders() == []
    time.sleep(3.5)
    oanda.faults.stop()
    until(lambda: len(oanda.created()) == 1, told=f"{daemon.kinds(kept)} {daemon.log_tail()}")
    until(lambda: daemon.orders() and daemon.orders()[0]["decision_id"] == kept)
    assert "decision_denied" in daemon.kinds(expired)
    assert len(oanda.posted_orders()) == 1


def test_what_waited_is_dropped_when_the_price_has_gone(at_oanda):
    daemon, oanda = at_oanda()
    daemon.start_trading(oanda)
    hang_up(oanda)
    until(lambda: not daemon.is_normal())
    kept = daemon.decide("late", valid_s=120)
    until(lambda: "decision_held" in daemon.kinds(kept))
    oanda.price(Decimal("1.10180"))  # far worse than the bound of its first hour
    oanda.faults.stop()
    until(daemon.is_normal)
    until(lambda: "decision_denied" in daemon.kinds(kept), told=str(daemon.kinds(kept)))
    assert oanda.posted_orders() == []


def test_the_spare_venue_takes_over_once(at_oanda, tmp_path):
    daemon, first, second = at_oanda(venues=2)
    text = daemon.config.read_text("utf-8")
    daemon.config.write_text(
        text.replace('name = "main"\nmode', f'name = "main"\nfailover_to = "{SPARE}"\nmode'), "utf-8"
    )
    daemon.start_trading(second)
    until(lambda: daemon.is_normal(SPARE))
    hang_up(first)
    until(lambda: daemon.standing()["mode"] != "normal")
    daemon.decide("failover")
    until(lambda: len(second.created()) == 1, told=f"{daemon.kinds()} {daemon.log_tail()}")
    first.faults.stop()
    until(daemon.is_normal)
    time.sleep(2.5)
    assert first.posted_orders() == []
    assert len(second.posted_orders()) == 1
    assert [order["account"] for order in daemon.orders()] == [SPARE]
