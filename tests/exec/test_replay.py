"""A decision's way through the cell on stored bars: size, fills at bid and ask, limits, the clock."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from exec_bench import MONDAY, a_decision, bars_of, write_bars

from hive_exec.commands import CommandRefused

HOUR = timedelta(hours=1)


@pytest.fixture
def week(home):
    write_bars(
        home,
        bars_of(
            [
                (MONDAY, 1.0600, 1.0605, 1.0595, 1.0600),
                (MONDAY + HOUR, 1.0600, 1.0620, 1.0598, 1.0615),
                (MONDAY + 2 * HOUR, 1.0615, 1.0640, 1.0610, 1.0635),
                (MONDAY + 3 * HOUR, 1.0635, 1.0640, 1.0570, 1.0580),
                (MONDAY + 24 * HOUR, 1.0540, 1.0585, 1.0535, 1.0580),
            ]
        ),
    )


END = MONDAY + timedelta(hours=30)


def kinds(bench):
    return [report.kind for report in bench.reports()]


def test_a_decision_becomes_an_order_that_fills_at_the_next_open_and_leaves_at_its_target(bench, week):
    assert bench.deliver(a_decision())[0] == 202
    bench.advance(END)
    (order,) = bench.orders()
    # risk 0.5 % of 100,000 = 500; the ask is 1.0601, the stop 21 pips away: 210 a lot -> 2.38 lots
    assert order["lots"] == "2.38"
    assert order["fill_price"] == "1.0601"
    assert (order["exit_reason"], order["exit_price"]) == ("target", "1.063")
    assert Decimal(order["profit"]) == Decimal("690.2")  # 29 pips x 2.38 lots x 10 dollars
    assert bench.account()["balance"] == "100690.2"


def test_a_sold_position_leaves_at_the_ask(bench, week):
    bench.deliver(a_decision(side="sell", stop="1.06360", targets=("1.05000",)))
    bench.advance(END)
    (order,) = bench.orders()
    assert order["fill_price"] == "1.06"  # the bid
    assert (order["exit_reason"], order["exit_price"]) == (
        "stop",
        "1.0636",
    )  # the ask was there, the bid not yet


def test_a_gap_beyond_the_stop_is_the_traders(bench, week):
    bench.deliver(a_decision(ts=MONDAY + timedelta(minutes=59), stop="1.05600", targets=("1.08000",)))
    bench.advance(END)
    (order,) = bench.orders()
    assert (order["exit_reason"], order["exit_price"]) == ("stop_gap", "1.054")


def test_a_limit_order_waits_for_its_price_and_expires_without_it(bench, week):
    met = a_decision(order_type="limit", entry="1.05990", stop="1.05900", targets=("1.06300",))
    missed = a_decision(order_type="limit", entry="1.05950", stop="1.05850", targets=("1.06300",))
    bench.deliver(met)
    bench.deliver(missed)
    bench.advance(END)
    by_entry = {order["entry"]: order for order in bench.orders()}
    assert by_entry["1.0599"]["state"] == "closed"
    assert by_entry["1.0599"]["fill_price"] == "1.0599"
    assert by_entry["1.0595"]["state"] == "expired"
    assert by_entry["1.0595"]["reason"] == "good_till_passed"


@pytest.mark.parametrize(("valid_s", "state"), [(3_600, "expired"), (3_601, "filled")])
def test_an_order_whose_time_ends_as_a_bar_opens_is_over(bench, home, valid_s, state):
    write_bars(
        home,
        bars_of([(MONDAY, 1.06, 1.0605, 1.0595, 1.06), (MONDAY + 2 * HOUR, 1.0588, 1.06, 1.0587, 1.06)]),
    )
    bench.deliver(
        a_decision(
            ts=MONDAY + HOUR,
            order_type="limit",
            entry="1.05900",
            stop="1.05700",
            targets=("1.07",),
            valid_s=valid_s,
        )
    )
    bench.advance(MONDAY + 3 * HOUR)
    assert bench.orders()[0]["state"] == state


def test_each_target_gets_a_leg_and_the_legs_share_the_size(bench, week):
    bench.deliver(a_decision(targets=("1.06200", "1.06300", "1.07000")))
    bench.advance(END)
    orders = sorted(bench.orders(), key=lambda order: order["leg"])
    assert [order["lots"] for order in orders] == ["0.8", "0.79", "0.79"]
    assert [order["exit_reason"] for order in orders] == ["target", "target", "stop"]


def test_a_decision_inside_a_bar_does_not_see_the_rest_of_that_bar(bench, week):
    """The limit lies inside the bar's range, but the bar may have been there before the decision."""
    bench.deliver(
        a_decision(
            ts=MONDAY + 3 * HOUR + timedelta(minutes=30),
            order_type="limit",
            entry="1.06100",
            reference="1.06350",
            stop="1.05900",
            targets=("1.06500",),
        )
    )
    bench.advance(END)
    (order,) = bench.orders()
    assert order["state"] == "expired"


def test_a_decision_with_its_stop_on_the_wrong_side_is_denied_with_its_numbers(bench, week):
    bench.deliver(a_decision(stop="1.06500", targets=("1.07000",)))
    bench.advance(END)
    assert bench.orders() == []
    denial = next(report for report in bench.reports() if report.kind == "decision_denied")
    assert denial.body["reason_code"] == "stop_on_wrong_side"
    check = denial.body["checks"][-1]
    assert check["numbers"] == {"side": "buy", "entry": "1.0601", "stop_loss": "1.065"}


def test_a_decision_that_comes_after_the_clock_has_passed_it_is_stale(bench, week):
    bench.deliver(a_decision())
    bench.advance(END)
    bench.deliver(a_decision(ts=MONDAY + timedelta(minutes=30)))
    bench.advance(END + HOUR)
    denial = next(report for report in bench.reports() if report.kind == "decision_denied")
    assert denial.body["reason_code"] == "stale"


def test_without_prices_nothing_trades(bench, home):
    bench.deliver(a_decision())
    bench.advance(END)
    denial = next(report for report in bench.reports() if report.kind == "decision_denied")
    assert denial.body["reason_code"] == "no_quote"


def test_the_clock_never_goes_back_and_a_second_advance_changes_nothing(bench, week):
    bench.deliver(a_decision())
    bench.advance(END)
    before = kinds(bench)
    bench.advance(END)
    bench.cell.call(lambda: None).result(5)
    assert kinds(bench) == before


def test_a_replay_may_not_go_into_the_future(bench, week):
    bench.deliver(a_decision())
    with pytest.raises(CommandRefused, match="future"):
        bench.advance(MONDAY + timedelta(days=365 * 20))


def test_open_losses_and_waiting_orders_count_against_the_daily_limit(bench, home):
    """Twelve decisions of 0.5 % each: the worst case may not reach 5 % of the initial balance."""
    write_bars(home, bars_of([(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(-1, 14)]))
    for minute in range(12):
        bench.deliver(
            a_decision(
                ts=MONDAY + timedelta(minutes=minute),
                order_type="limit",
                entry="1.05900",
                stop="1.05300",
                targets=("1.06500",),
                valid_s=86_400,
            )
        )
    bench.advance(MONDAY + 2 * HOUR)
    denials = [r.body for r in bench.reports() if r.kind == "decision_denied"]
    # 60 and 3 pips on 0.83 lots: 522.90 each; the tenth would make 5,229, and is cut to what is left of
    # 5,000; after it there is not even room for a hundredth of a lot
    assert [order["lots"] for order in bench.orders()] == ["0.83"] * 9 + ["0.46"]
    assert {body["reason_code"] for body in denials} == {"daily_loss_limit"}
    numbers = denials[0]["checks"][-1]["numbers"]
    assert numbers["worst_case_equity"] == "95003.88"  # two cents kept free of each of eleven
    assert numbers["floor"] == "95000"


def test_the_trading_day_begins_at_midnight_in_prague_with_the_balance_of_that_moment(bench, week):
    bench.deliver(a_decision())
    bench.deliver(
        a_decision(
            ts=MONDAY + 24 * HOUR + timedelta(minutes=59),
            reference="1.05800",
            stop="1.05500",
            targets=("1.06500",),
        )
    )
    bench.advance(END)
    (opened,) = [report for report in bench.reports() if report.kind == "day_opened"]
    assert opened.body["trading_day"] == "2017-03-07"
    assert opened.body["balance"] == "100690.2"
    assert opened.body["daily_floor"] == "95690.2"  # anchored at the balance, 5 % of the initial
    assert opened.ts_event_ns == 1_488_841_200 * 10**9  # 2017-03-06 23:00 UTC


def test_an_equity_below_the_floor_breaches_the_account_and_closes_everything(bench, home):
    """A gap that no stop could hold: ten positions of 0.5 % fall three times their stops."""
    rows = [(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(3)]
    rows += [
        (MONDAY + 3 * HOUR, 1.0530, 1.0532, 1.0528, 1.0530),
        (MONDAY + 4 * HOUR, 1.053, 1.0532, 1.0528, 1.053),
    ]
    write_bars(home, bars_of(rows))
    for minute in range(8):
        bench.deliver(a_decision(ts=MONDAY + timedelta(minutes=minute), stop="1.05800", targets=("1.07000",)))
    bench.advance(MONDAY + 5 * HOUR)
    assert bench.account()["state"] == "breached"
    assert bench.account()["breached_rule"] in {"daily_loss", "maximum_loss"}
    assert {order["state"] for order in bench.orders()} == {"closed"}
    bench.deliver(a_decision(ts=MONDAY + 5 * HOUR + timedelta(minutes=1)))
    bench.advance(MONDAY + 6 * HOUR)
    assert bench.reports()[-1].body["reason_code"] == "account_breached"


def test_after_a_restart_the_account_stands_where_it_stood(bench, week):
    bench.deliver(a_decision(targets=("1.07000",)))
    bench.advance(MONDAY + 3 * HOUR)
    before = bench.account()
    bench.reopen()
    bench.advance(MONDAY + 3 * HOUR)
    assert bench.account() == before
    bench.advance(END)
    assert bench.orders()[0]["exit_reason"] == "stop"


def test_a_fill_that_would_multiply_the_risk_is_rejected(bench, home):
    """Sized for 21 pips to the stop; an hour later the market stands 40 pips higher: no order fills there."""
    write_bars(
        home,
        bars_of(
            [
                (MONDAY, 1.0600, 1.0605, 1.0595, 1.0600),
                (MONDAY + HOUR, 1.0640, 1.0650, 1.0570, 1.0600),
            ]
        ),
    )
    bench.deliver(a_decision(targets=("1.07000",)))
    bench.advance(END)
    (order,) = bench.orders()
    assert (order["state"], order["reason"]) == ("rejected", "price_beyond_bound")
    assert order["price_bound"] == "1.06115"  # 1.0601 and half of its 21 pips
    assert bench.account()["balance"] == "100000"


def test_a_size_counts_from_the_named_entry_when_the_market_stands_nearer_to_the_stop(bench, week):
    """The quote is 1 pip from the stop; sized from there a normal move would be a disaster."""
    bench.deliver(a_decision(entry="1.06100", stop="1.06000", targets=("1.06300",)))
    bench.advance(END)
    # 10 pips from the named 1.0610 to the stop: 500 / 100 a lot
    assert bench.orders()[0]["lots"] == "5"


def test_a_decision_that_comes_a_little_late_is_judged_by_the_quotes_of_now(bench, week):
    """Two minutes late over the full hour: the market of 10:00 counts, not that of 09:58."""
    bench.deliver(a_decision(targets=("1.07000",)))
    bench.advance(MONDAY + 2 * HOUR + timedelta(minutes=1))
    late = a_decision(ts=MONDAY + 2 * HOUR - timedelta(minutes=2), stop="1.05900", targets=("1.08000",))
    bench.deliver(late)
    bench.advance(MONDAY + 2 * HOUR + timedelta(minutes=2))
    intended = [r for r in bench.reports() if r.kind == "order_intended"][-1]
    geometry = next(c for c in intended.body["checks"] if c["rule"] == "stop_on_right_side")
    assert geometry["numbers"]["entry"] == "1.0616"  # the ask at 10:00


def test_a_decision_at_the_very_instant_up_to_which_the_account_may_go_is_judged(bench, week):
    bench.deliver(a_decision())
    bench.advance(MONDAY + HOUR)
    bench.deliver(a_decision(ts=MONDAY + 2 * HOUR, stop="1.05900", targets=("1.08000",)))
    bench.advance(MONDAY + 2 * HOUR)
    assert len(bench.orders()) == 2
