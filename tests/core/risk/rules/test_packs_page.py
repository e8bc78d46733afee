"""docs/rule-packs.md has every programme, with the figures and the addresses of its file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from hive_core.risk.rules.as_of import RuleSet, rules_as_of
from hive_core.risk.rules.programme import Programme
from hive_core.risk.rules.reading import ProgrammeFileError, parse_programme, programme, programme_names
from hive_core.risk.rules.values import DailyLoss, MaximumLoss, MinimumDays, ProfitTarget, Share

PAGE = (Path(__file__).parents[4] / "docs" / "rule-packs.md").read_text("utf-8")
TODAY = date(2026, 11, 23)


def amount(value: Share) -> str:
    if value.pct is not None:
        return f"{value.pct} %"
    return " / ".join(format(each, "f") for each in (value.amount_by_initial or {}).values()) + " USD"


def daily(rules: RuleSet) -> str:
    value = rules.daily_loss
    if not isinstance(value, DailyLoss):
        return value
    base = "" if value.pct is None else " of initial" if value.base == "initial" else " of the day's"
    effect = f"{value.strikes} strikes" if value.effect == "strikes" else value.effect
    anchor = {"balance": "balance", "equity": "equity", "higher": "higher of both"}[value.anchor]
    return f"{amount(value)}{base} under {anchor}, {effect}"


def place(zone: str) -> str:
    return {"Etc/GMT-3": "UTC+3"}.get(zone, zone.split("/")[1].replace("_", " "))


def begins(rules: RuleSet) -> str:
    value = rules.daily_loss
    if not isinstance(value, DailyLoss):
        return "" if value == "none" else value
    if isinstance(value.resets, str):
        return value.resets
    return " or ".join(f"{one.time} {place(one.zone)}" for one in value.resets)


def maximum(rules: RuleSet) -> str:
    value = rules.maximum_loss
    if not isinstance(value, MaximumLoss):
        return value
    lock = value.lock if isinstance(value.lock, str) else f"initial + {value.lock.over_initial}"
    mode = value.mode.replace("_", " ")
    return f"{amount(value)} {mode}" + ("" if lock == "none" else f", lock {lock}")


def by_phase(cells: list[str]) -> str:
    """One cell of several phases: once where they agree, else with what the last phase has otherwise."""
    return cells[0] if len(set(cells)) == 1 else f"{cells[0]}; funded: {cells[-1]}"


def addresses(found: Programme) -> str:
    """The pages that the limits come from: the firm's, or the aggregators' where it has none."""
    entries = [
        entry
        for entry in found.rules
        if entry.rule in ("daily_loss", "maximum_loss") and entry.held_on(TODAY) and entry.value != "unknown"
    ]
    sources = [found.sources[name] for entry in entries for name in entry.sources]
    shown = [source for source in sources if source.publisher != "secondary"]
    pages = [re.sub(r"(/articles/\d+)-.*", r"\1", source.address) for source in shown or sources]
    return ("" if shown else "aggregators: ") + "; ".join(dict.fromkeys(pages))


def row(found: Programme) -> str:
    """The table's row of a programme."""
    sets = [rules_as_of(found, phase, TODAY) for phase in found.phases]
    targets = [
        amount(one.profit_target) if isinstance(one.profit_target, ProfitTarget) else one.profit_target
        for one in sets
    ]
    days = [
        str(one.minimum_days.days) if isinstance(one.minimum_days, MinimumDays) else one.minimum_days
        for one in sets
    ]
    cells = [
        f"`{found.name}`",
        by_phase([daily(one) for one in sets]),
        by_phase([begins(one) for one in sets]),
        by_phase([maximum(one) for one in sets]),
        ", ".join(targets),
        ", ".join(days),
        addresses(found),
    ]
    return "| " + " | ".join(cells) + " |"


def test_the_table_has_a_row_for_every_programme_and_no_other():
    assert re.findall(r"^\| `([a-z0-9_]+)` \|", PAGE, re.MULTILINE) == list(programme_names())


@pytest.mark.parametrize("name", programme_names())
def test_the_row_of_a_programme_is_what_its_file_says(name):
    assert row(programme(name)) in PAGE.splitlines()


def test_the_page_s_example_is_read_and_a_fault_in_it_is_named():
    text = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    found = parse_programme(text, "example.yaml")
    assert rules_as_of(found, "phase1", TODAY).unverified == ("profit_target",)
    with pytest.raises(ProgrammeFileError, match=r"5\.0 stands without quotes"):
        parse_programme(text.replace('"5"', "5.0"), "example.yaml")
