"""`hive rules`: what a firm's programme asks for, as of a day, with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

    from hive_core.contracts.base import Contract
    from hive_core.risk.rules.as_of import RuleSet
    from hive_core.risk.rules.programme import Programme


def rules(
    name: Annotated[str, typer.Argument(help="A programme, such as ftmo_2step; all of them without.")] = "",
    phase: Annotated[str, typer.Option(help="A phase of it; the first one without.")] = "",
    on: Annotated[str, typer.Option(help="The day that is asked for, YYYY-MM-DD; today without.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show the rule packs: each rule as it held on a day, what is unknown, and where sources disagree."""
    from datetime import UTC, date, datetime

    from hive_cli.console import print_json
    from hive_cli.failure import Failure
    from hive_core.risk.rules.as_of import UnknownPhase, rules_as_of
    from hive_core.risk.rules.reading import programme, programme_names

    try:
        day = date.fromisoformat(on) if on else datetime.now(UTC).date()
    except ValueError:
        raise Failure(f"--on: {on!r} is no day", next_step="write it as in 2026-11-23", exit_code=2) from None
    if not name:
        found = [programme(each) for each in programme_names()]
        if as_json:
            left_out = {"rules", "sources"}
            print_json({"programmes": [one.model_dump(mode="json", exclude=left_out) for one in found]})
            return
        _show_all(found, day)
        return
    try:
        pack = programme(name)
        held = rules_as_of(pack, phase or pack.phases[0], day)
    except (KeyError, UnknownPhase) as error:
        raise Failure(str(error.args[0]), next_step="hive rules  lists all of them", exit_code=2) from None
    if as_json:
        print_json({**held.model_dump(mode="json"), "unknown": list(held.unknown)})
        return
    _show(pack, held)


def _show_all(found: list[Programme], day: date) -> None:
    from hive_cli.console import facts, print_plain, table
    from hive_core.risk.rules.as_of import rules_as_of

    rows = []
    for one in found:
        held = rules_as_of(one, one.phases[0], day)
        rows.append(
            (
                one.name,
                one.firm,
                one.title,
                ", ".join(one.phases),
                one.standing,
                _limit(held.daily_loss),
                _limit(held.maximum_loss),
            )
        )
    columns = ("pack", "firm", "programme", "phases", "standing", "daily loss", "maximum loss")
    facts().print(table(f"Rule packs, first phase, as of {day}", columns, rows))
    print_plain([f"next: hive rules {rows[0][0]}"])


def _limit(value: object) -> str:
    from hive_core.risk.rules.values import DailyLoss, MaximumLoss

    if not isinstance(value, DailyLoss | MaximumLoss):
        return str(value)
    if value.pct is not None:
        size = f"{value.pct} %"
    elif value.amount is not None:
        size = f"{value.amount}"
    else:
        size = "/".join(str(one) for one in (value.amount_by_initial or {}).values())
    if isinstance(value, MaximumLoss):
        return f"{size} {value.mode.replace('_', ' ')}"
    base = "initial" if value.base == "initial" else "the anchor"
    return f"{size} of {base}, from {value.anchor}, {value.effect}"


def _show(pack: Programme, held: RuleSet) -> None:
    from hive_cli.console import facts, print_plain, table
    from hive_core.risk.rules.as_of import KINDS

    rows = []
    for kind in KINDS:
        value = getattr(held, kind)
        entries = [
            entry
            for entry in pack.rules
            if entry.rule == kind and held.phase in entry.phases and entry.held_on(held.day)
        ]
        cited = {name: pack.sources[name] for entry in entries for name in entry.sources}
        notes = [entry.note for entry in entries if entry.note]
        rows.append(
            (
                kind.replace("_", " "),
                value if isinstance(value, str) else _fields(value),
                "\n".join(f"{one.address} ({one.publisher}, {one.read_on})" for one in cited.values()),
                "\n".join(notes),
            )
        )
    title = f"{pack.firm} {pack.title}, {held.phase}, as of {held.day}: {pack.standing}"
    facts().print(table(title, ("rule", "what it says", "sources", "notes"), rows))
    lines = []
    if held.unknown:
        lines.append(f"unknown, so a person is asked: {', '.join(held.unknown)}")
    if held.unverified:
        lines.append(f"by others than the firm only: {', '.join(held.unverified)}")
    lines += [f"sources disagree on {one.rule}: {one.taken} is taken" for one in held.contradictions]
    print_plain(lines)


def _fields(value: Contract) -> str:
    told = value.model_dump(mode="json", exclude_none=True)
    return "\n".join(f"{key.replace('_', ' ')}: {_short(one)}" for key, one in told.items())


def _short(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value)
    if isinstance(value, dict):
        return " ".join(_short(one) for one in value.values())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
