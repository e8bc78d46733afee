"""Programmes in time and in dispute: what held when, where sources disagree, what nobody knows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from hive_core.risk.ledger import open_ledger
from hive_core.risk.rules.as_of import RuleSet, rules_as_of
from hive_core.risk.rules.programme import Programme
from hive_core.risk.rules.reading import ProgrammeFileError, parse_programme, programme, programme_names
from hive_core.risk.rules.values import DailyLoss, Holding, MaximumLoss, MinimumDays, OrderLimits, Reset
from hive_core.risk.standing import RuleUnknown, floors_now

TODAY = date(2026, 11, 23)


def on(name: str, phase: str, day: date = TODAY) -> RuleSet:
    return rules_as_of(programme(name), phase, day)


def test_ftmo_asked_for_ten_days_in_the_era_of_the_30_day_limit_and_asks_for_four():
    days = {
        date(2022, 3, 1): 10,
        date(2022, 5, 9): 10,
        date(2022, 5, 10): None,
        date(2024, 12, 31): None,
        date(2025, 1, 1): 4,
        TODAY: 4,
    }
    for name in ("ftmo_2step", "ftmo_2step_swing"):
        for phase in ("phase1", "phase2"):
            for day, expected in days.items():
                found = on(name, phase, day).minimum_days
                assert (found.days if isinstance(found, MinimumDays) else None) == expected, (name, day)
    assert "minimum_days" in on("ftmo_2step", "phase1", date(2022, 3, 1)).unverified
    assert "minimum_days" not in on("ftmo_2step", "phase1").unverified


def test_topstep_had_a_daily_limit_until_25_august_2024():
    before = on("topstep_combine", "phase1", date(2024, 8, 24)).daily_loss
    assert isinstance(before, DailyLoss)
    assert before.effect == "pause"
    assert before.of(Decimal(50_000), Decimal(50_000)) == 1000
    assert on("topstep_combine", "phase1", date(2024, 8, 25)).daily_loss == "none"


def test_the_funded_trader_changed_its_limits():
    def limit(name: str, day: date) -> Decimal | None:
        found = on(name, "phase1", day).maximum_loss
        return found.pct if isinstance(found, MaximumLoss) else None

    assert limit("tft_standard", date(2023, 7, 7)) == 12
    assert limit("tft_standard", date(2023, 7, 8)) == 10
    assert limit("tft_knight", date(2024, 5, 10)) == 6
    assert limit("tft_knight", date(2024, 10, 1)) == 8
    assert on("tft_knight", "phase1", date(2024, 5, 10)).daily_loss == "unknown"


# programme, phase, rule, what was taken
DISPUTES = {
    ("ftmo_2step", "funded", "holding", "the firm's"),
    ("ftmo_1step", "phase1", "maximum_loss", "the firm's"),
    ("ftmo_1step", "funded", "maximum_loss", "the firm's"),
    ("ftmo_1step", "funded", "holding", "the firm's"),
    *{("the5ers_high_stakes", phase, "consistency", "nothing") for phase in ("phase1", "phase2", "funded")},
    *{
        (name, phase, "policy", "the firm's")
        for name in ("fundingpips_2step", "fundingpips_2step_3pct")
        for phase in ("phase1", "phase2", "funded")
    },
    ("fundingpips_2step", "funded", "holding", "nothing"),
    ("fundingpips_2step_3pct", "funded", "holding", "nothing"),
    ("fundingpips_zero", "funded", "profit_target", "the firm's"),
    *{("e8_one", phase, "daily_loss", "the firm's") for phase in ("phase1", "funded")},
    *{("e8_one", phase, "maximum_loss", "the firm's") for phase in ("phase1", "funded")},
    *{("e8_signature", phase, "daily_loss", "the firm's") for phase in ("phase1", "funded")},
    ("topstep_combine", "phase1", "maximum_loss", "the firm's"),
    ("apex_eod", "phase1", "minimum_days", "nothing"),
    ("apex_intraday", "phase1", "minimum_days", "nothing"),
}  # fmt: skip


def test_every_dispute_among_sources_is_found_and_no_other():
    found = {
        (name, phase, item.rule, item.taken)
        for name in programme_names()
        for phase in programme(name).phases
        for item in on(name, phase).contradictions
    }
    assert found == DISPUTES


def test_ftmo_states_no_lock_whatever_others_say():
    rules = on("ftmo_1step", "phase1")
    assert isinstance(rules.maximum_loss, MaximumLoss)
    assert rules.maximum_loss.lock == "unknown"
    assert "maximum_loss.lock" in rules.unknown
    (item,) = rules.contradictions
    assert [source for source, _ in item.said] == ["maximum_loss, objectives_table", "fundedtruth"]


def test_ftmo_funded_closes_before_the_weekend_whatever_others_say():
    holding = on("ftmo_2step", "funded").holding
    assert isinstance(holding, Holding)
    assert (holding.weekend, holding.longest_break_h, holding.no_opening_before_break_h) == (False, 2, 2)


def test_where_e8_s_day_begins_is_unknown_and_no_floor_is_made_up():
    for name in ("e8_one", "e8_signature"):
        for phase in ("phase1", "funded"):
            rules = on(name, phase)
            assert "daily_loss.resets" in rules.unknown
            ledger = open_ledger(Decimal(100_000), programme_reset("ftmo_2step"), 1_800_000_000_000_000_000)
            with pytest.raises(RuleUnknown):
                floors_now(rules, ledger)
    assert "maximum_loss" in on("e8_signature", "phase1").unknown


def programme_reset(name: str) -> tuple[Reset, ...]:
    limit = on(name, "phase1").daily_loss
    assert isinstance(limit, DailyLoss)
    assert isinstance(limit.resets, tuple)
    return limit.resets


def test_what_aggregators_alone_say_is_told_as_unverified():
    assert set(on("the5ers_hyper_growth", "phase1").unverified) >= {"daily_loss", "maximum_loss"}
    assert "daily_loss" not in on("the5ers_high_stakes", "phase1").unverified
    assert "profit_target" in on("blue_guardian_2step", "phase1").unverified
    assert on("conservative_example", "phase1").unverified == ()


def test_limits_of_orders_are_those_of_the_sources():
    limits = {
        name: on(name, "funded").order_limits
        for name in ("ftmo_2step", "e8_one", "fundingpips_2step", "fundingpips_zero", "blue_guardian_2step")
    }
    assert limits == {
        "ftmo_2step": OrderLimits(max_lots=Decimal(50)),
        "e8_one": OrderLimits(max_lots=Decimal(50)),
        "fundingpips_2step": OrderLimits(max_risk_pct=Decimal(3)),
        "fundingpips_zero": OrderLimits(max_open_loss_pct=Decimal(1)),
        "blue_guardian_2step": OrderLimits(max_open_loss_pct=Decimal(2)),
    }


def test_futures_firms_are_flat_by_their_own_clock():
    for name, clock in (("topstep_combine", "America/Chicago 15:10"), ("apex_eod", "America/New_York 16:59")):
        holding = on(name, "phase1").holding
        assert isinstance(holding, Holding)
        assert holding.flat_by is not None
        assert f"{holding.flat_by.zone} {holding.flat_by.time}" == clock


def edges(found: Programme) -> set[date]:
    return {day for entry in found.rules for day in (entry.effective_from, entry.effective_to) if day}


@pytest.mark.parametrize("name", programme_names())
def test_nothing_changes_but_on_the_days_that_the_file_names(name):
    found = programme(name)
    days = sorted(edges(found) | {date(2019, 1, 1), TODAY})
    for first, then in pairwise(days):
        for phase in found.phases:
            begins = rules_as_of(found, phase, first).model_copy(update={"day": then})
            ends = rules_as_of(found, phase, then - timedelta(days=1)).model_copy(update={"day": then})
            assert begins == ends


@pytest.mark.parametrize("name", programme_names())
def test_what_a_file_says_of_later_changes_nothing_before(name):
    """Cut off what began after a day, and that day is as it was."""
    found = programme(name)
    for day in sorted(edges(found) | {date(2022, 3, 1)}):
        known = tuple(e for e in found.rules if e.effective_from is None or e.effective_from <= day)
        cut = found.model_copy(update={"rules": known})
        for phase in found.phases:
            assert rules_as_of(cut, phase, day) == rules_as_of(found, phase, day)


HEAD = """
name: example
firm: Example
title: Example
standing: made_up
phases: [funded]
sources:
  page: {address: example.org/rules, publisher: made_up, read_on: 2026-11-23}
rules:
"""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            "rule: holding, value: {overnight: true, weekend: true, flat_by: {zone: Etc/UTC, time: '25:10'}}",
            "holding.value.flat_by.time: String should match",
        ),
        (
            "rule: holding, value: {overnight: true, weekend: true, no_opening_before_break_h: 0}",
            "no_opening_before_break_h: Input should be greater than 0",
        ),
        ("rule: order_limits, value: {max_open_loss_pct: '0'}", "max_open_loss_pct: Input should be greater"),
        ("rule: order_limits, value: {max_open_loss_pct: '101'}", "max_open_loss_pct: Input should be less"),
    ],
)
def test_the_newer_fields_take_no_nonsense(value, told):
    with pytest.raises(ProgrammeFileError) as error:
        parse_programme(f"{HEAD}  - {{{value}, phases: [funded], sources: [page]}}", "example.yaml")
    assert told in str(error.value)
