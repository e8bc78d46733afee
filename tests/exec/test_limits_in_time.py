"""Limits where time is delicate: bars that end at the reset, several stops in one bar, requested closes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from exec_bench import MONDAY, a_decision, bars_of, write_bars

from hive_core.backtest.fills import BarPrices
from hive_core.calendars.trading_day import to_ns
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.paper import PaperVenue
from hive_exec.core.records import RANK_BAR_CLOSED, RANK_BAR_OPENED, RANK_DECISION

HOUR = timedelta(hours=1)
LATE = datetime(2017, 3, 6, 20, 0, tzinfo=UTC)
"""Three hours before midnight in Prague."""


def day_opened(bench):
    (found,) = [report for report in bench.reports() if report.kind == "day_opened"]
    return found


def test_a_profit_of_the_last_hour_before_the_reset_raises_the_next_days_floor(bench, home):
    write_bars(
        home,
        bars_of(
            [
                (LATE, 1.0600, 1.0605, 1.0595, 1.0600),
                (LATE + HOUR, 1.0600, 1.0605, 1.0595, 1.0600),
                (LATE + 2 * HOUR, 1.0600, 1.0640, 1.0595, 1.0635),  # ends at 23:00 UTC, the reset
                (LATE + 3 * HOUR, 1.0635, 1.0636, 1.0634, 1.0635),
                (LATE + 4 * HOUR, 1.0635, 1.0636, 1.0634, 1.0635),
            ]
        ),
    )
    bench.deliver(a_decision(ts=LATE + timedelta(minutes=59)))
    # Another day, another decision: the flat account opens its day with it.
    bench.deliver(a_decision(ts=LATE + 4 * HOUR, reference="1.0635", stop="1.0600", targets=("1.0700",)))
    bench.advance(LATE + 5 * HOUR)
    first = bench.orders()[0]
    assert first["exit_reason"] == "target"
    opened = day_opened(bench)
    assert opened.body["balance"] == "100690.2"
    assert opened.body["daily_floor"] == "95690.2"


def test_a_loss_of_the_last_hour_belongs_to_the_day_that_ends(bench, home):
    write_bars(
        home,
        bars_of(
            [
                (LATE, 1.0600, 1.0605, 1.0595, 1.0600),
                (LATE + HOUR, 1.0600, 1.0605, 1.0595, 1.0600),
                (LATE + 2 * HOUR, 1.0600, 1.0605, 1.0570, 1.0575),
                (LATE + 3 * HOUR, 1.0575, 1.0576, 1.0574, 1.0575),
            ]
        ),
    )
    bench.deliver(a_decision(ts=LATE + timedelta(minutes=59)))
    still_open = a_decision(ts=LATE + timedelta(minutes=58), side="sell", stop="1.0700", targets=("1.0400",))
    bench.deliver(still_open)
    bench.advance(LATE + 4 * HOUR)
    opened = day_opened(bench)
    closed = next(report for report in bench.reports() if report.kind == "position_closed")
    assert closed.body["trading_day"] == "2017-03-06"
    assert Decimal(opened.body["balance"]) == 100_000 + Decimal(closed.body["profit"])


def test_several_stops_in_a_bar_that_closes_far_beyond_them_do_not_end_the_account(bench, home):
    """Six longs left at their stops; that the bar closed 65 pips lower touched none of them."""
    rows = [(MONDAY + h * HOUR, 1.0600, 1.0602, 1.0598, 1.0600) for h in range(2)]
    rows += [(MONDAY + 2 * HOUR, 1.0600, 1.0601, 1.0510, 1.0515)]
    rows += [(MONDAY + 3 * HOUR, 1.0515, 1.0516, 1.0514, 1.0515)]
    write_bars(home, bars_of(rows))
    for minute in range(6):
        bench.deliver(a_decision(ts=MONDAY + timedelta(minutes=minute), targets=("1.0800",)))
    bench.advance(MONDAY + 4 * HOUR)
    facts = bench.account()
    assert {order["exit_price"] for order in bench.orders()} == {"1.058"}
    assert facts["state"] == "open"
    lowest = min(Decimal(r.body["equity"]) for r in bench.reports() if "equity" in r.body)
    assert lowest >= Decimal(facts["balance"])


def test_a_gap_at_the_open_that_breaches_is_seen_although_every_stop_fills_there(bench, home):
    rows = [(MONDAY + h * HOUR, 1.0600, 1.0602, 1.0598, 1.0600) for h in range(2)]
    rows += [(MONDAY + h * HOUR, 1.0530, 1.0532, 1.0528, 1.0530) for h in (2, 3)]
    write_bars(home, bars_of(rows))
    for minute in range(6):
        bench.deliver(a_decision(ts=MONDAY + timedelta(minutes=minute), targets=("1.0800",)))
    bench.advance(MONDAY + 4 * HOUR)
    assert bench.account()["breached_rule"] in {"daily_loss", "maximum_loss"}


def test_one_signal_trades_once_however_often_it_is_decided_anew(bench, home):
    """Finer bars landed: the same signal, another reference price, so another decision id."""
    write_bars(home, bars_of([(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(4)]))
    first = a_decision(targets=("1.0800",))
    again = a_decision(targets=("1.0800",), reference="1.06001")
    assert first.decision_id != again.decision_id
    bench.deliver(first)
    bench.deliver(again)
    bench.advance(MONDAY + 3 * HOUR)
    denial = next(report for report in bench.reports() if report.kind == "decision_denied")
    assert denial.body["reason_code"] == "signal_traded_before"
    assert len(bench.orders()) == 1
    bench.reopen()
    third = a_decision(targets=("1.0800",), reference="1.06002")
    bench.deliver(third)
    bench.advance(MONDAY + 4 * HOUR)
    assert len(bench.orders()) == 1


@pytest.mark.parametrize("restart", [False, True])
def test_what_comes_after_the_clock_was_let_go_is_stale_also_after_a_restart(bench, home, restart):
    write_bars(home, bars_of([(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(80)]))
    bench.deliver(a_decision())
    bench.advance(MONDAY + 79 * HOUR)
    if restart:
        bench.cell.stop()
        bench.open()
        # Delivered before the replay has caught up with where it stood.
    bench.deliver(a_decision(ts=MONDAY + 40 * HOUR))
    bench.advance(MONDAY + 80 * HOUR)
    denial = next(report for report in bench.reports() if report.kind == "decision_denied")
    assert denial.body["reason_code"] == "stale"


def test_a_requested_close_happens_at_an_opening_price_never_inside_a_past_bar(tmp_path):
    venue = PaperVenue(tmp_path / "paper.sqlite", lambda: None)
    t0 = to_ns(MONDAY)
    hour_ns = 3_600 * 10**9
    order = BracketOrder(
        client_order_id="ord_1",
        account="samples",
        decision_id="dec_1",
        leg=1,
        attempt=1,
        symbol="EURUSD",
        side="buy",
        order_type="market",
        lots=Decimal(1),
        entry=None,
        price_bound=Decimal("1.0700"),
        stop_loss=Decimal("1.0500"),
        take_profit=Decimal("1.0900"),
        submitted_ns=t0 - 1,
        good_till_ns=t0 + hour_ns,
    )
    venue.submit(order, (t0 - 1, RANK_DECISION, "dec_1"))
    venue.bar_opened(
        "samples", "EURUSD", Decimal("1.0600"), Decimal("1.0601"), (t0, RANK_BAR_OPENED, "EURUSD")
    )
    venue.flatten("samples", (t0 + hour_ns, RANK_BAR_CLOSED, "AUDUSD"))
    bar = BarPrices.of_quote(Decimal("1.0620"), Decimal("1.0621"))
    venue.bar_closed("samples", "EURUSD", bar, t0, (t0 + hour_ns, RANK_BAR_CLOSED, "EURUSD"))
    assert [said.report.kind for said in venue.reports_since("samples", 0)] == ["accepted", "filled"]
    at = (t0 + hour_ns, RANK_BAR_OPENED, "EURUSD")
    venue.bar_opened("samples", "EURUSD", Decimal("1.0610"), Decimal("1.0611"), at)
    closed = venue.reports_since("samples", 2)[0].report
    venue.close()
    assert (closed.kind, closed.reason, closed.price) == ("closed", "flatten", Decimal("1.0610"))
