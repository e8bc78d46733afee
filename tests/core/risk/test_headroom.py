"""The room under each limit, by hand: used, left, and left with every stop hit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from exec_bench import a_decision
from hypothesis import given
from hypothesis import strategies as st
from risk_bench import DAY, NOW_NS, RESET, RULES, SETTINGS, a_state, held, money, settings_with, verdict_on

from hive_core.risk.account import SentOrders
from hive_core.risk.gating.size_rules import ROUNDING
from hive_core.risk.headroom import headroom
from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.rules.values import Consistency, Inactivity, RequestLimits


def room(state=None, rules: RuleSet = RULES, settings=SETTINGS):
    return headroom(state or a_state(), settings, rules, NOW_NS)


def other(found, rule):
    return next(one for one in found.others if one.rule == rule)


def test_a_fresh_account_has_all_of_its_room():
    daily, maximum = room().loss
    assert (daily.floor, daily.worth, daily.left, daily.allowance, daily.used_pct) == (
        95_000,
        100_000,
        5_000,
        5_000,
        0,
    )
    assert daily.next_reset_ns == RESET.next_reset_ns(NOW_NS)
    assert (maximum.floor, maximum.left, maximum.used_pct, maximum.next_reset_ns) == (90_000, 10_000, 0, None)
    assert (daily.worst_equity, daily.worst_floor, daily.worst_left) == (100_000, 95_000, 5_000)


def test_open_loss_uses_room_and_every_stop_hit_more():
    state = a_state(ledger=money(Decimal(101_000), Decimal(100_000)))
    held(state, entry="1.06200", stop="1.05500")  # 20 pips down at the bid; 73 with its stop slipped
    daily, maximum = room(state).loss
    assert (daily.worth, daily.left, daily.used_pct) == (100_800, 5_800, 0)
    # After the next reset the floor stands 5,000 under today's balance.
    assert (daily.worst_equity, daily.worst_floor, daily.worst_left) == (
        Decimal("100269.98"),
        96_000,
        Decimal("4269.98"),
    )
    assert (maximum.left, maximum.worst_left) == (10_800, Decimal("10269.98"))
    low = a_state(ledger=money(Decimal(97_000), Decimal(100_000)))
    assert room(low).loss[0].used_pct == 60


def test_an_order_of_no_size_leaves_what_is_shown():
    """What the gate leaves with an order is what is shown less what the order takes."""
    state = a_state()
    held(state, entry="1.06000", stop="1.05500")
    shown = room(state)
    verdict = verdict_on(state=state)
    for limit, finding in zip(
        shown.loss,
        (one for one in verdict.findings if one.rule in ("daily_loss_limit", "maximum_loss_limit")),
        strict=True,
    ):
        taken = finding.numbers["loss_per_lot"] * verdict.legs[0].lots
        assert limit.worst_left - taken - ROUNDING == finding.headroom


@given(st.integers(-9_000, 9_000), st.integers(-4_000, 4_000), st.integers(1, 400))
def test_the_gate_lets_nothing_through_that_takes_more_than_is_shown(gained, since, lots):
    balance = Decimal(100_000 + gained)
    state = a_state(ledger=money(balance, balance - since))
    held(state, lots=str(Decimal(lots) / 100), entry="1.06000", stop="1.05700")
    shown = min(limit.worst_left for limit in room(state).loss)
    verdict = verdict_on(a_decision(), state)
    if verdict.legs:
        assert verdict.risk_amount < shown
    if shown <= 0:
        assert not verdict.legs


def test_what_a_firm_does_not_have_and_what_it_does_not_say_are_two_things():
    rules = RULES.model_copy(update={"daily_loss": "none", "maximum_loss": "unknown"})
    found = room(rules=rules)
    assert [one.known for one in found.loss] == ["none", "unknown"]
    assert found.least_left is None


def test_without_a_rate_nobody_knows_the_worst():
    state = a_state()
    held(state, symbol="USDJPY", entry="110", stop="109.5")
    state.rates_per_eur = {name: (rate, 0) for name, (rate, _) in state.rates_per_eur.items()}
    state.quotes["USDJPY"] = replace(state.quotes["USDJPY"], ts_ns=0)
    daily, _ = room(state).loss
    assert (daily.worst_equity, daily.worst_left) == (None, None)
    assert daily.left is not None


def test_goals_and_counts():
    state = a_state(ledger=money(Decimal(104_000), Decimal(104_000)))
    state.sent = [SentOrders(0, "EURUSD", "buy", 7), SentOrders(NOW_NS - 10, "EURUSD", "buy", 2)]
    state.requests_of_day = 11
    rules = RULES.model_copy(
        update={
            "request_limits": RequestLimits(requests_per_day=2_000),
            "consistency": Consistency(best_day_max_pct=Decimal(50), base="total_profit", gate="pass"),
            "inactivity": Inactivity(days=30),
        }
    )
    found = room(state, rules, settings_with(max_orders_per_hour=5))
    told = {one.rule: (one.known, one.now, one.limit, one.is_met) for one in found.others}
    assert told["profit_target"] == ("known", "4000", "10000", False)
    assert told["minimum_days"] == ("known", "0", "10", False)  # as FTMO had it in 2017
    assert told["orders_of_the_hour"] == ("known", "2", "5", True)
    assert told["requests_of_the_day"] == ("known", "11", "2000", True)
    assert told["open_positions"] == ("known", "0", "20", True)
    assert told["best_day_share"] == ("known", "no profit yet", "50 %", None)
    assert told["trade_before"][2] == "2017-04-04T23:00:00Z"
    assert DAY.isoformat() == "2017-03-06"


def test_exposure_is_counted_by_currency_but_not_the_accounts_own():
    state = a_state()
    held(state, lots="2", entry="1.06000", stop="1.05500")
    held(state, symbol="GBPUSD", side="sell", entry="1.25000", stop="1.26")
    exposures = {one.rule: one for one in room(state).others if one.rule.startswith("exposure_")}
    assert sorted(exposures) == ["exposure_EUR", "exposure_GBP"]
    assert exposures["exposure_EUR"].now == "214140"  # 200,000 at 1.0601 and 1 % more
    assert exposures["exposure_GBP"].now == "-126270"
    assert exposures["exposure_EUR"].is_met
