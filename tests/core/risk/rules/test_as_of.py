"""What held on a day: dates, phases, ranks of sources, contradictions, the unknown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from hive_core.risk.rules.as_of import KINDS, UnknownPhase, rules_as_of
from hive_core.risk.rules.programme import Programme
from hive_core.risk.rules.reading import parse_programme, programme, programme_names
from hive_core.risk.rules.values import NoAmountForSize, ProfitTarget

HEAD = """
name: example
firm: Example
title: Example
standing: offered
phases: [phase1, funded]
sources:
  firm: {address: example.org/rules, publisher: firm, read_on: 2026-11-23}
  older: {address: example.org/older, publisher: firm, read_on: 2026-11-23}
  told: {address: other.org/example, publisher: secondary, read_on: 2026-11-23}
rules:
  - {rule: inactivity, phases: [funded], sources: [firm, older, told], value: {days: 30}}
"""
TODAY = date(2026, 11, 23)


def made(*entries: str) -> Programme:
    return parse_programme(HEAD + "\n".join(f"  - {{{entry}}}" for entry in entries), "example.yaml")


def target(pct: str, source: str, more: str = "") -> str:
    return f'rule: profit_target, phases: [phase1], sources: [{source}], value: {{pct: "{pct}"}}{more}'


def test_a_value_holds_from_its_first_day_to_the_day_before_its_end():
    found = made(
        target("8", "firm", ", effective_to: 2024-03-01"),
        target("10", "firm", ", effective_from: 2024-03-01, effective_to: 2025-01-01"),
    )
    days = {
        date(2024, 2, 29): ProfitTarget(pct=Decimal(8)),
        date(2024, 3, 1): ProfitTarget(pct=Decimal(10)),
        date(2024, 12, 31): ProfitTarget(pct=Decimal(10)),
        date(2025, 1, 1): "unknown",
    }
    assert {day: rules_as_of(found, "phase1", day).profit_target for day in days} == days


def test_a_value_is_for_its_phases_only():
    rules = rules_as_of(made(target("8", "firm")), "funded", TODAY)
    assert rules.profit_target == "unknown"
    assert rules.name == "example_funded"
    with pytest.raises(UnknownPhase, match="example has no phase 'phase3'; it has: phase1, funded"):
        rules_as_of(made(), "phase3", TODAY)


def test_what_nobody_wrote_down_is_unknown_and_none_is_not():
    rules = rules_as_of(
        made("rule: consistency, phases: [phase1], sources: [firm], value: none", target("8", "firm")),
        "phase1",
        TODAY,
    )
    assert rules.consistency == "none"
    assert set(rules.unknown) == set(KINDS) - {"consistency", "profit_target"}


def test_a_field_that_is_unknown_is_named():
    rules = rules_as_of(
        made("rule: minimum_days, phases: [phase1], sources: [firm], value: {days: 4, counts: unknown}"),
        "phase1",
        TODAY,
    )
    assert "minimum_days.counts" in rules.unknown
    assert "minimum_days" not in rules.unknown


def test_the_firm_outranks_others_and_the_contradiction_is_told():
    rules = rules_as_of(made(target("10", "told"), target("8", "firm")), "phase1", TODAY)
    assert rules.profit_target == ProfitTarget(pct=Decimal(8))
    (item,) = rules.contradictions
    assert (item.rule, item.taken, [source for source, _ in item.said]) == (
        "profit_target", "the firm's", ["told", "firm"],
    )  # fmt: skip
    assert rules.unverified == ()


def test_a_firm_that_contradicts_itself_is_not_guessed():
    rules = rules_as_of(made(target("10", "older"), target("8", "firm")), "phase1", TODAY)
    assert rules.profit_target == "unknown"
    assert rules.contradictions[0].taken == "nothing"


def test_others_alone_are_taken_and_told_as_unverified():
    rules = rules_as_of(made(target("10", "told")), "phase1", TODAY)
    assert rules.profit_target == ProfitTarget(pct=Decimal(10))
    assert rules.unverified == ("profit_target",)
    assert rules.contradictions == ()


def test_sources_that_agree_are_no_contradiction():
    rules = rules_as_of(made(target("8", "told"), target("8", "firm")), "phase1", TODAY)
    assert (rules.contradictions, rules.unverified) == ((), ())


def test_a_firm_that_does_not_say_leaves_what_others_say():
    unknown = "rule: profit_target, phases: [phase1], sources: [firm], value: unknown"
    rules = rules_as_of(made(unknown, target("10", "told")), "phase1", TODAY)
    assert (rules.profit_target, rules.unverified) == (ProfitTarget(pct=Decimal(10)), ("profit_target",))
    assert rules.contradictions == ()


def test_amounts_by_size_are_those_of_the_size():
    share = ProfitTarget(amount_by_initial={"50000": Decimal(3000), "100000": Decimal(6000)})
    assert share.of(Decimal(1), Decimal("100000.00")) == 6000
    with pytest.raises(NoAmountForSize, match="initial balance of 75000; for: 50000, 100000"):
        share.of(Decimal(1), Decimal(75_000))
    assert ProfitTarget(amount=Decimal(500)).of(Decimal(1), Decimal(2)) == 500
    assert ProfitTarget(pct=Decimal(5)).of(Decimal(102_000), Decimal(100_000)) == 5100


@pytest.mark.parametrize("name", programme_names())
def test_every_phase_of_every_programme_has_rules_today(name):
    found = programme(name)
    for phase in found.phases:
        rules = rules_as_of(found, phase, TODAY)
        assert rules.daily_loss != "unknown" or rules.maximum_loss != "unknown"
        assert type(rules).model_validate_json(rules.model_dump_json()) == rules
