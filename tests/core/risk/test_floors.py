"""Floors: the example of why "5 %" is no rule, trailing floors, locks, and what the next reset may bring."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_bench import daily, maximum

from hive_core.risk.floors import (
    Anchors,
    daily_floor,
    maximum_floor,
    worst_daily_floor,
    worst_maximum_floor,
)
from hive_core.risk.rules.values import DailyLoss, Lock, NoAmountForSize

START = Anchors.at_start(Decimal(100_000))


@pytest.mark.parametrize(
    ("rule", "floor", "survives"),
    [
        (daily("5", "initial", "balance"), "97000", True),  # FTMO 2-Step, FundedNext
        (daily("3", "initial", "balance"), "99000", False),  # FTMO 1-Step
        (daily("5", "reference", "higher"), "98325", False),  # The5ers, FundingPips
        (daily("4", "initial", "balance"), "98000", True),  # E8 One
        (daily("5", "reference", "balance"), "96900", True),  # Alpha Capital
        (daily("4", "initial", "higher"), "99500", False),  # Blue Guardian
    ],
)
def test_one_account_has_a_floor_of_its_own_at_each_firm(rule, floor, survives):
    anchors = replace(START, balance_at_reset=Decimal(102_000), equity_at_reset=Decimal(103_500))
    assert daily_floor(rule, anchors) == Decimal(floor)
    assert (Decimal(98_200) > daily_floor(rule, anchors)) is survives


def test_an_anchor_by_equity_follows_equity_also_below_the_balance():
    anchors = replace(START, balance_at_reset=Decimal(102_000), equity_at_reset=Decimal(99_000))
    assert daily_floor(daily("5", "initial", "equity"), anchors) == 94_000
    assert daily_floor(daily("5", "initial", "higher"), anchors) == 97_000


@pytest.mark.parametrize(
    ("mode", "lock", "floor"),
    [
        ("static", "none", 94_000),
        ("eod_trailing", "none", 97_000),
        ("closed_trailing", "none", 98_000),
        ("intraday_trailing", "none", 101_000),
        ("intraday_trailing", "unknown", 101_000),  # taken at its worst: it does not stop
        ("intraday_trailing", Lock(over_initial=Decimal(0)), 100_000),
        ("intraday_trailing", Lock(over_initial=Decimal(100)), 100_100),
        ("intraday_trailing", Lock(over_initial=Decimal(5_000)), 101_000),
    ],
)
def test_a_floor_trails_what_its_rule_says(mode, lock, floor):
    anchors = replace(
        START,
        highest_reset_balance=Decimal(103_000),
        highest_closed_balance=Decimal(104_000),
        highest_equity=Decimal(107_000),
    )
    assert maximum_floor(maximum("6", mode, lock), anchors) == floor


@pytest.mark.parametrize("mode", ["eod_trailing", "closed_trailing", "intraday_trailing"])
def test_a_trailing_floor_is_not_lower_than_where_it_began(mode):
    lost = Decimal(98_000)
    anchors = replace(START, highest_reset_balance=lost, highest_closed_balance=lost, highest_equity=lost)
    assert maximum_floor(maximum("6", mode), anchors) == 94_000


def test_amounts_by_size_of_account():
    rule = maximum(None, "eod_trailing", amount_by_initial={"50000": "2000", "100000": "3000"})
    assert maximum_floor(rule, START) == 97_000
    with pytest.raises(NoAmountForSize):
        maximum_floor(rule, Anchors.at_start(Decimal(75_000)))


def test_a_floating_loss_that_is_inside_the_limit_may_be_outside_after_the_reset():
    # academy.ftmo.com/lesson/maximum-daily-loss: 4,000 closed by day, 13,000 floating over midnight.
    rule = daily("10", "initial", "balance")
    before, balance, worst = START, Decimal(104_000), Decimal(91_000)
    assert worst > daily_floor(rule, before)
    assert worst < worst_daily_floor(rule, before, balance, balance) == 94_000


def test_an_open_profit_at_the_reset_lifts_a_floor_that_counts_equity_only():
    ahead = Decimal(106_000)
    assert worst_daily_floor(daily("5", "initial", "balance"), START, Decimal(100_000), ahead) == 95_000
    assert worst_daily_floor(daily("5", "initial", "higher"), START, Decimal(100_000), ahead) == 101_000
    assert worst_maximum_floor(maximum("6", "eod_trailing"), START, Decimal(100_000), ahead) == 94_000
    assert worst_maximum_floor(maximum("6", "intraday_trailing"), START, Decimal(100_000), ahead) == 100_000


def test_a_day_that_is_lost_already_keeps_its_floor():
    rule = daily("5", "initial", "balance")
    lost = replace(START, balance_at_reset=Decimal(104_000), equity_at_reset=Decimal(104_000))
    assert worst_daily_floor(rule, lost, Decimal(100_500), Decimal(100_500)) == 99_000


MONEY = st.integers(80_000, 130_000).map(Decimal)
PARTS = st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3_000)), min_size=1, max_size=5)
DAILY = st.builds(daily, st.sampled_from(["3", "5"]), st.sampled_from(["initial", "reference"]),
                  st.sampled_from(["balance", "equity", "higher"]))  # fmt: skip
LOCKS = ("none", "unknown", Lock(over_initial=Decimal(0)), Lock(over_initial=Decimal(2_500)))
TRAILING = ("eod_trailing", "closed_trailing", "intraday_trailing")
MAXIMUM = st.just(maximum("6", "static")) | st.builds(
    maximum, st.just("6"), st.sampled_from(TRAILING), st.sampled_from(LOCKS)
)


@given(rule=DAILY | MAXIMUM, balance=MONEY, parts=PARTS, data=st.data())
def test_no_path_to_every_stop_meets_a_floor_above_the_worst_one(rule, balance, parts, data):
    """Whatever closes in whatever order, floats as high as its target, and crosses resets: equity less the
    floor that then holds is never smaller than it was counted for before."""
    anchors = replace(
        START,
        balance_at_reset=data.draw(MONEY),
        equity_at_reset=data.draw(MONEY),
        highest_reset_balance=data.draw(MONEY),
        highest_closed_balance=max(balance, data.draw(MONEY)),
        highest_equity=max(balance, data.draw(MONEY)),
    )
    worst_equity = balance - sum(loss for loss, _ in parts)
    best_equity = balance + sum(gain for _, gain in parts)
    is_daily = isinstance(rule, DailyLoss)
    worst_floor = (worst_daily_floor if is_daily else worst_maximum_floor)(
        rule, anchors, balance, best_equity
    )
    floor_of = daily_floor if is_daily else maximum_floor
    open_parts = dict(enumerate(parts))
    while True:
        floats = {key: data.draw(st.integers(-loss, gain)) for key, (loss, gain) in open_parts.items()}
        equity = balance + sum(floats.values())
        anchors = replace(anchors, highest_equity=max(anchors.highest_equity, equity))
        if data.draw(st.booleans()):
            anchors = replace(
                anchors,
                balance_at_reset=balance,
                equity_at_reset=equity,
                highest_reset_balance=max(anchors.highest_reset_balance, balance),
            )
        # The rest of the way down from here, at once.
        bottom = balance - sum(loss for loss, _ in open_parts.values())
        assert bottom - floor_of(rule, anchors) >= worst_equity - worst_floor
        if not open_parts:
            break
        closed = data.draw(st.sampled_from(sorted(open_parts)))
        loss, gain = open_parts.pop(closed)
        balance += data.draw(st.integers(-loss, gain))
        anchors = replace(anchors, highest_closed_balance=max(anchors.highest_closed_balance, balance))
