"""The installed daemon at a simulated MetaTrader broker through the project's bridge, configured as
docs/metatrader.md says. However it goes, a decision becomes one order there."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from broker_daemon import until

from hive_exec.simulators.metatrader.faults import FaultKind

pytestmark = pytest.mark.slow


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
    daemon, hands = trading_metatrader
    venue = hands.venue
    venue.arm(kind, value)
    order = daemon.until_state(daemon.decide(kind.value), "filled")
    assert hands.filled_once(order) == Decimal(order["lots"])
    story = daemon.story(order["client_order_id"])
    assert story.count("order_filled") == 1
    if kind is FaultKind.LATE_ACCEPT:  # the others' deals may be heard before the request is given up
        assert story.index("order_unresolved") < story.index("order_filled")
    until(daemon.is_normal, told=str(daemon.standing()))


def test_a_fill_in_part_leaves_what_was_filled(trading_metatrader):
    daemon, hands = trading_metatrader
    venue = hands.venue
    venue.arm(FaultKind.PARTIAL)
    order = daemon.until_state(daemon.decide("part"), "filled")
    lots = sum(
        Decimal(one["body"]["lots"])
        for one in daemon.reports()
        if one["kind"] in {"order_partially_filled", "order_filled"}
        and one["body"]["client_order_id"] == order["client_order_id"]
    )
    assert lots == hands.filled_once(order) == hands.position(order).volume == Decimal(order["lots"]) / 2
    until(daemon.is_normal, told=str(daemon.standing()))


def test_while_the_bridge_is_away_nothing_leaves_and_then_what_is_still_valid_does(trading_metatrader):
    daemon, hands = trading_metatrader
    venue = hands.venue
    sent = len(venue.package.sent)
    venue.close_bridge()
    until(lambda: not daemon.is_normal(), told=str(daemon.standing()))
    decision_id = daemon.decide("while-away")
    time.sleep(1)
    assert len(venue.package.sent) == sent
    venue.restore_bridge()
    until(daemon.is_normal, 30, told=str(daemon.standing()))
    assert hands.filled_once(daemon.until_state(decision_id, "filled")) > 0
