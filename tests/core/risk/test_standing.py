"""Where an account stands: floors of several meanings, breaches, days, the best day, inactivity."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from rules_bench import NEW_YORK, PRAGUE, daily, maximum, rule_set

from hive_core.calendars.trading_day import to_ns
from hive_core.risk.ledger import DayResult, Ledger, Marked, Opened, happened, open_ledger
from hive_core.risk.rules.values import Inactivity, MinimumDays, NoAmountForSize, Reset
from hive_core.risk.standing import (
    Floors,
    RuleUnknown,
    best_day_share_pct,
    breach,
    days_counted,
    floors_ahead,
    floors_now,
    inactive_after_ns,
    resets_of,
)

NOON = to_ns(datetime(2026, 3, 2, 12, tzinfo=UTC))
DAY_NS = 86_400 * 1_000_000_000


def ledger_of(*resets: Reset, **changes: object) -> Ledger:
    return replace(open_ledger(Decimal(100_000), resets or (PRAGUE,), NOON), **changes)


def anchored(ledger: Ledger, *balances: int) -> Ledger:
    return replace(
        ledger,
        anchors=tuple(
            replace(one, balance_at_reset=Decimal(balance))
            for one, balance in zip(ledger.anchors, balances, strict=True)
        ),
    )


def test_resets_are_those_of_both_limits_once_each():
    rules = rule_set(
        daily_loss=daily(resets=(PRAGUE, NEW_YORK)),
        maximum_loss=maximum(mode="eod_trailing", resets=(NEW_YORK,)),
    )
    assert resets_of(rules) == (PRAGUE, NEW_YORK)
    assert resets_of(rule_set(daily_loss="none")) == (NEW_YORK,)
    with pytest.raises(RuleUnknown, match="example_phase1: when the day begins is not stated"):
        resets_of(rule_set(daily_loss=daily(resets="unknown")))


def test_of_two_meanings_the_stricter_floor_counts():
    rules = rule_set(daily_loss=daily(resets=(PRAGUE, NEW_YORK)))
    for balances in ((101_000, 104_000), (104_000, 101_000)):
        ledger = anchored(ledger_of(PRAGUE, NEW_YORK), *balances)
        assert floors_now(rules, ledger) == Floors(Decimal(99_000), Decimal(90_000))
        assert floors_ahead(rules, ledger, Decimal(100_000)).daily == 99_000
    only_prague = rule_set(daily_loss=daily(resets=(PRAGUE,)))
    assert floors_now(only_prague, anchored(ledger_of(PRAGUE, NEW_YORK), 101_000, 104_000)).daily == 96_000


def test_floors_ahead_see_the_reset_and_the_profit_that_may_be_open_at_it():
    rules = rule_set(daily_loss=daily(anchor="higher"), maximum_loss=maximum("6", "intraday_trailing"))
    ledger = ledger_of(balance=Decimal(102_000))
    assert floors_now(rules, ledger) == Floors(Decimal(95_000), Decimal(94_000))
    assert floors_ahead(rules, ledger, Decimal(103_000)) == Floors(Decimal(98_000), Decimal(97_000))
    assert floors_ahead(rules, ledger, Decimal(103_000)).highest == 98_000


def test_a_firm_without_a_limit_has_no_floor_and_an_unknown_limit_is_not_none():
    assert floors_now(rule_set(daily_loss="none"), ledger_of()) == Floors(None, Decimal(90_000))
    assert Floors(None, None).highest is None
    for change in ({"daily_loss": "unknown"}, {"maximum_loss": "unknown"}):
        for ask in (floors_now, breach):
            with pytest.raises(RuleUnknown, match="a loss limit is not known"):
                ask(rule_set(**change), ledger_of())
        with pytest.raises(RuleUnknown):
            floors_ahead(rule_set(**change), ledger_of(), Decimal(1))
    with pytest.raises(NoAmountForSize):
        floors_now(rule_set(daily_loss=daily(None, amount_by_initial={"50000": "1000"})), ledger_of())


@pytest.mark.parametrize(
    ("equity", "rule"),
    [
        ("95000.01", None),
        ("95000", "daily_loss"),
        ("90000.01", "daily_loss"),
        ("90000", "maximum_loss"),
        ("1", "maximum_loss"),
    ],
)
def test_a_breach_begins_where_a_floor_is_touched(equity, rule):
    assert breach(rule_set(), happened(ledger_of(), Marked(NOON + 1, Decimal(equity)))) == rule


def test_what_is_measured_is_what_the_rule_counts():
    marked = happened(
        happened(ledger_of(), Opened(NOON, commission=Decimal(100))), Marked(NOON + 1, Decimal(94_900))
    )
    assert breach(rule_set(), marked) == "daily_loss"
    assert breach(rule_set(daily_loss=daily(counts_open_profit=False)), marked) is None
    edge = happened(marked, Marked(NOON + 2, Decimal(94_950)))
    assert breach(rule_set(daily_loss=daily(counts_costs=False)), edge) is None
    assert breach(rule_set(daily_loss=daily(counts_costs=False)), marked) == "daily_loss"


def with_days(*days: DayResult) -> Ledger:
    return ledger_of(days=days[:-1], current_day=days[-1])


FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)


@pytest.mark.parametrize(
    ("rule", "counted"),
    [
        (MinimumDays(days=4, counts="opened"), 2),
        (MinimumDays(days=4, counts="opened_and_closed"), 1),
        (MinimumDays(days=4, counts="profitable"), 1),
        (MinimumDays(days=4, counts="profitable", least_profit_pct=Decimal("0.5")), 1),
        (MinimumDays(days=4, counts="profitable", least_profit_pct=Decimal("0.51")), 0),
    ],
)
def test_a_day_counts_by_the_firms_own_definition(rule, counted):
    ledger = with_days(
        DayResult(FIRST, opened=1, commission=Decimal(3)),
        DayResult(
            SECOND, opened=2, closed=2, opened_and_closed=1, profit=Decimal(503), commission=Decimal(3)
        ),
    )
    assert days_counted(rule, ledger) == counted


def test_a_day_without_a_definition_is_not_counted_but_asked_for():
    with pytest.raises(RuleUnknown, match="what counts as a trading day"):
        days_counted(MinimumDays(days=4, counts="unknown"), ledger_of())


def test_the_best_day_of_all_profit_and_of_the_winning_days():
    ledger = with_days(
        DayResult(FIRST, profit=Decimal(600)),
        DayResult(SECOND, profit=Decimal(-200)),
        DayResult(date(2026, 3, 4), profit=Decimal(400)),
    )
    assert best_day_share_pct(ledger, "total_profit") == 75
    assert best_day_share_pct(ledger, "profit_of_winning_days") == 60
    lost = with_days(DayResult(FIRST, profit=Decimal(-600)), DayResult(SECOND, profit=Decimal(200)))
    assert best_day_share_pct(lost, "total_profit") is None
    assert best_day_share_pct(lost, "profit_of_winning_days") == 100
    assert (
        best_day_share_pct(with_days(DayResult(FIRST, profit=Decimal(-1))), "profit_of_winning_days") is None
    )


def test_inactivity_is_counted_from_the_last_trade_or_from_the_beginning():
    rules = rule_set(inactivity=Inactivity(days=30))
    assert inactive_after_ns(rules, ledger_of(), NOON) == NOON + 30 * DAY_NS
    assert inactive_after_ns(rules, happened(ledger_of(), Opened(NOON + 5)), NOON) == NOON + 5 + 30 * DAY_NS
    assert inactive_after_ns(rule_set(), ledger_of(), NOON) is None
    with pytest.raises(RuleUnknown, match="after how long without a trade"):
        inactive_after_ns(rule_set(inactivity="unknown"), ledger_of(), NOON)
