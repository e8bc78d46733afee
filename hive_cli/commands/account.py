"""`hive account`: how much room an account has, limit by limit, now and with every stop hit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.text import Text

BAR_CELLS = 20


def account(
    name: Annotated[str, typer.Argument(help="An account; all of them without.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Show each limit of an account's rules: used, left, and left with every stop hit."""
    from hive_cli.console import print_json, print_plain
    from hive_cli.facts.daemon import DaemonUnreachable, daemon_of
    from hive_cli.failure import Failure
    from hive_cli.settings import load_settings

    try:
        with daemon_of(load_settings()) as daemon:
            names = [each["name"] for each in daemon.accounts()]
            stories = [daemon.account(each) for each in names if name in {"", each}]
    except DaemonUnreachable as error:
        raise Failure(
            "the execution daemon does not answer", details=[str(error)], next_step="hive up"
        ) from None
    if name and not stories:
        there = ", ".join(names) or "none yet"
        raise Failure(
            f"no account {name} is open",
            next_step=f"an account opens with its first decision; open are: {there}",
        )
    if as_json:
        print_json({"accounts": stories})
        return
    for story in stories:
        _show(story)
    if not stories:
        print_plain(["no account is open yet; one opens with its first decision"])


def _show(story: dict[str, Any]) -> None:
    from hive_cli.console import facts, marked, moment, print_plain, table

    it = story["account"]
    state = marked(it["state"], "green" if it["state"] == "open" else "red")
    print_plain(
        [
            f"{it['name']}  {it['mode']}  {story['firm']} {story['programme']}, {story['phase']}, "
            f"as of {story['rules_as_of']}",
            f"balance {it['balance']}  equity {it['equity']} {it['currency']}  day {it['trading_day']}  "
            f"at {moment(it['clock_ns'])}",
        ]
    )
    facts().print("state", state)
    columns = ("limit", "used", "", "floor", "left", "with every stop hit", "floor ahead", "left then")
    facts().print(table("Loss limits", columns, [_loss_row(one) for one in story["loss_limits"]]))
    rows = [
        (
            one["rule"].replace("_", " "),
            one["now"],
            one["limit"] or one["known"],
            _mark(one["is_met"]),
        )
        for one in story["other_limits"]
    ]
    facts().print(table("Other limits and goals", ("what", "now", "limit or goal", ""), rows))
    held = [one for one in story["firm_words"] if one["consequence"] not in {"free", "read_up"}]
    if held:
        words = [(one["consequence"], one["text"]) for one in held]
        facts().print(table("What the firm says", ("consequence", "of what"), words))
    if story["unknown"]:
        print_plain([f"the firm does not state: {', '.join(story['unknown'])}"])


def _loss_row(limit: dict[str, Any]) -> tuple[Any, ...]:
    name = limit["rule"].replace("_", " ")
    if limit["known"] != "known":
        return (name, limit["known"], "", "", "", "", "", "")
    used = float(limit["used_pct"])
    return (
        name,
        f"{used:.1f} % of {limit['allowance']}",
        _bar(used),
        limit["floor"],
        limit["left"],
        limit["worst_equity"] or "a rate is missing",
        limit["worst_floor"] or "",
        _left(limit["worst_left"]),
    )


def _bar(used_pct: float) -> Text:
    from rich.text import Text

    filled = min(BAR_CELLS, round(used_pct / 100 * BAR_CELLS))
    style = "green" if used_pct < 50 else "yellow" if used_pct < 80 else "red"
    return Text("█" * filled, style) + Text("░" * (BAR_CELLS - filled), "dim")


def _left(amount: str | None) -> Any:
    from hive_cli.console import marked

    if amount is None:
        return ""
    return marked(amount, "red") if float(amount) <= 0 else amount


def _mark(is_met: bool | None) -> Any:
    from hive_cli.console import marked

    if is_met is None:
        return ""
    return marked("yes", "green") if is_met else marked("not yet", "yellow")
