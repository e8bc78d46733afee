"""Programme files: strict YAML, closed contracts, errors that name the place."""

from __future__ import annotations

from datetime import date

import pytest

from hive_core.risk.rules.reading import ProgrammeFileError, parse_programme, programme, programme_names

TEXT = """
name: example
firm: Example
title: Example
standing: made_up
phases: [phase1, funded]
sources:
  page: {address: example.org/rules, publisher: made_up, read_on: 2026-11-23}
rules:
  - rule: profit_target
    phases: [phase1]
    sources: [page]
    value: {pct: "8"}
  - rule: daily_loss
    phases: [phase1, funded]
    sources: [page]
    value:
      pct: "1.5"
      base: initial
      anchor: balance
      counts_open_profit: true
      counts_costs: true
      evaluation: tick
      resets: [{zone: America/New_York, time: "17:00"}]
      effect: hard
"""

OTHER = "  other: {address: example.org, publisher: firm, read_on: 2026-11-23}\n"
NEVER = "    effective_to: 2020-01-01\n    effective_from: 2020-01-01\n"


def refusal(text: str) -> str:
    with pytest.raises(ProgrammeFileError) as error:
        parse_programme(text, "example.yaml")
    assert str(error.value).startswith("example.yaml: ")
    return str(error.value).removeprefix("example.yaml: ")


def changed(before: str, after: str) -> str:
    assert before in TEXT
    return refusal(TEXT.replace(before, after, 1))


def test_the_example_itself_is_read():
    assert [entry.rule for entry in parse_programme(TEXT, "example.yaml").rules] == [
        "profit_target",
        "daily_loss",
    ]


@pytest.mark.parametrize("name", programme_names())
def test_every_packaged_programme_is_read_and_was_read_after_2025(name):
    found = programme(name)
    assert found.name == name
    for source in found.sources.values():
        assert date(2026, 1, 1) <= source.read_on <= date(2027, 12, 31)


def test_a_programme_that_is_not_there_names_those_there_are():
    with pytest.raises(KeyError, match=r"no programme 'ftmo'; there are: .*ftmo_2step"):
        programme("ftmo")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('{pct: "8"}', "{pct: 8.5}", 'line 13: 8.5 stands without quotes; write "8.5"'),
        ('{pct: "8"}', "{pct: .nan}", "line 13: .nan stands without quotes"),
        ('{pct: "8"}', '{pct: "8", pct: "9"}', "line 13: the key 'pct' stands twice"),
        ('{pct: "8"}', '&eight {pct: "8"}', "line 13: anchors and aliases are not read"),
        ('{pct: "8"}', "*eight", "line 13: anchors and aliases are not read"),
        ('{pct: "8"}', '!!python/object:os.system {pct: "8"}', "line 13: tags are not read"),
        ('{pct: "8"}', "{pct: [", "while parsing"),
        ('{pct: "8"}', '{pct: "8", lots: "1"}', "rules[1].profit_target.value.lots: Extra inputs"),
        ('{pct: "8"}', '{pct: "0"}', "rules[1].profit_target.value.pct: Input should be greater"),
        ('{pct: "8"}', '{pct: "NaN"}', "rules[1].profit_target.value.pct"),
        ('{pct: "8"}', '{pct: "8", amount: "8000"}', "one of `pct`, `amount` and `amount_by_initial`"),
        ('{pct: "8"}', "{}", "one of `pct`, `amount` and `amount_by_initial`"),
        ("rule: profit_target", "rule: profit", "rules[1]: Input tag 'profit'"),
        ("phases: [phase1]", "phases: [phase2]", "rules[1] profit_target: no phase 'phase2'"),
        ("phases: [phase1]\n", "phases: []\n", "rules[1].profit_target.phases: Tuple should have at least 1"),
        ("sources: [page]", "sources: [paper]", "rules[1] profit_target: no source 'paper'"),
        ("    sources: [page]\n", "", "rules[1].profit_target.sources: Field required"),
        ("rules:\n", f"{OTHER}rules:\n", "sources that nothing cites: other"),
        ("publisher: made_up, ", "", "sources.page.publisher: Field required"),
        ("read_on: 2026-11-23", "read_on: last week", "sources.page.read_on"),
        ("anchor: balance", "anchor: midnight", "anchor: Input should be 'balance', 'equity' or 'higher'"),
        ("zone: America/New_York", "zone: America/NewYork", "no time zone 'America/NewYork'"),
        ('time: "17:00"', 'time: "24:00"', "time: String should match"),
        ("effect: hard", "effect: strikes", "`strikes` says how many breaches"),
        ("counts_costs: true", "counts_costs: perhaps", "counts_costs: Input should be a valid boolean"),
        ("    value: {pct", f"{NEVER}    value: {{pct", "`effective_to` is the first day on which"),
    ],
)  # fmt: skip
def test_what_is_not_a_programme_is_refused_and_the_place_is_named(before, after, told):
    assert told in changed(before, after)


def test_a_file_that_is_no_mapping_is_refused():
    assert "Input should be a valid dictionary" in refusal("- 1")
    assert "valid dictionary" in refusal("")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('{pct: "10", mode: static, lock: {over_initial: "0"}}', "a static floor does not move"),
        ('{pct: "10", mode: eod_trailing, lock: none}', "`resets` says when the day ends"),
        (
            '{pct: "10", mode: intraday_trailing, lock: none, resets: unknown}',
            "`resets` says when the day ends",
        ),
    ],
)
def test_a_maximum_loss_that_contradicts_itself_is_refused(value, told):
    value = value[:-1] + ", counts_open_profit: true, counts_costs: true, evaluation: tick, effect: hard}"
    entry = f"  - rule: maximum_loss\n    phases: [phase1]\n    sources: [page]\n    value: {value}\n"
    assert told in refusal(TEXT + entry)


def test_amounts_by_size_have_no_base_but_the_initial_balance():
    text = TEXT.replace('pct: "1.5"', 'amount: "500"').replace("base: initial", "base: reference")
    assert "an amount has no base but the initial balance" in refusal(text)
