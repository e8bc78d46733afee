"""`hive kill`, `hive resume`, `hive breakers`: what holds the daemon back, and letting it go again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from hive_cli.settings import Settings

As = Annotated[str, typer.Option("--as", help="The principal who says so: hive principals list.")]
Why = Annotated[str, typer.Argument(help="Why. It stands in the journal for ever.")]
FALLBACKS = "shadow, reduced, safe or halt"


def kill(reason: Why = "thrown by hand", principal: As = "") -> None:
    """Throw the kill switch: no order leaves until people resume. Works with the daemon down, too."""
    from hive_cli.console import print_plain
    from hive_cli.facts.daemon import DaemonRefused, DaemonUnreachable, daemon_of
    from hive_cli.settings import load_settings

    settings = load_settings()
    path = _kill_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(reason + "\n", encoding="utf-8")
    print_plain([f"no order leaves while this file lies there: {path}"])
    try:
        with daemon_of(settings, principal or None) as daemon:
            daemon.post("/kill", {"reason": reason})
            print_plain(["the daemon has it in its journal; working orders are being cancelled"])
    except (DaemonUnreachable, DaemonRefused) as error:
        print_plain(
            [f"the daemon did not confirm it ({error}); it sees the file by itself, also when it starts"]
        )
    print_plain(['to go on: hive resume "why" --as NAME'])


def resume(reason: Why, principal: As = "") -> None:
    """Agree to end the kill switch. It ends when as many people have agreed as the settings ask for."""
    from hive_cli.console import print_plain
    from hive_cli.settings import load_settings

    settings = load_settings()
    _asked(
        settings, principal
    )  # with the daemon down the file is all that holds: one person must not take it away
    _kill_file(settings).unlink(missing_ok=True)
    modes = _ordered(settings, principal, "/resume", {"reason": reason}, wait_for_file=True)
    held = modes["kill_switch"]
    if held is None:
        print_plain(["resumed"])
        return
    agreed = ", ".join(held["confirmed_by"])
    print_plain(
        [
            f"agreed: {agreed}; {held['people_needed']} people are needed",
            '  next: another person, with hive resume "why" --as NAME (hive principals add makes one)',
        ]
    )
    raise typer.Exit(1)


def breakers(
    trip: Annotated[str, typer.Option(help="Open one: global, cell or bot:ACCOUNT.")] = "",
    fallback: Annotated[str, typer.Option(help=f"What it leaves: {FALLBACKS}.")] = "safe",
    reset: Annotated[str, typer.Option(help="Close one.")] = "",
    reason: Annotated[str, typer.Option(help="Why. It stands in the journal for ever.")] = "by hand",
    principal: As = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show modes, breakers and what is wrong; open or close a breaker."""
    from hive_cli.console import print_json
    from hive_cli.failure import Failure
    from hive_cli.settings import load_settings

    settings = load_settings()
    if trip and reset:
        raise Failure("one at a time: --trip or --reset", exit_code=2)
    _refuse_unknown(trip or reset, fallback)
    if trip:
        body = {"scope": trip, "fallback": fallback, "reason": reason}
        modes = _ordered(settings, principal, "/breakers", body)
    elif reset:
        modes = _ordered(settings, principal, "/breakers/reset", {"scope": reset, "reason": reason})
    else:
        modes = _asked(settings, principal)
    if as_json:
        print_json(modes)
    else:
        show(modes)


def show(modes: dict[str, Any]) -> None:
    """Kill switch, breakers and the mode of each account, as tables."""
    from hive_cli.console import facts, moment, print_plain, table

    held = modes["kill_switch"]
    if held is not None:
        print_plain(
            [
                f"KILL SWITCH thrown by {held['principal']} at {moment(held['ts_ns'])}: {held['reason']}",
                f"  agreed to end it: {', '.join(held['confirmed_by']) or 'nobody'}; "
                f"{held['people_needed']} people are needed",
                '  next: hive resume "why" --as NAME',
            ]
        )
    print_plain([f"! witness {name}: {fault}" for name, fault in modes["witness_faults"].items()])
    if modes["live_lane_alarm"]:
        print_plain([f"! live lane: {modes['live_lane_alarm']}"])
    if modes["kafka_alarm"]:
        print_plain([f"! Kafka lane: {modes['kafka_alarm']}"])
    rows = [
        (one["scope"], one["fallback"], one["reason"], one["principal"], moment(one["ts_ns"]))
        for one in modes["breakers"]
    ]
    if rows:
        facts().print(table("Open breakers", ("breaker", "leaves", "why", "by", "since"), rows))
        print_plain(
            [f'  next: see to it, then hive breakers --reset {modes["breakers"][0]["scope"]} --reason "why"']
        )
    accounts = [
        (
            one["account"],
            one["mode"] + (" (shadow)" if one["is_shadow"] else ""),
            one["share"],
            "; ".join(one["reasons"]) or None,
            ", ".join(one["unresolved_orders"]) or None,
        )
        for one in modes["accounts"]
    ]
    if accounts:
        facts().print(table("Accounts", ("account", "mode", ">share", "why", "unresolved orders"), accounts))
    else:
        print_plain(["no paper or broker account is open: a replay account has no mode"])
    if any(one["unresolved_orders"] for one in modes["accounts"]):
        print_plain(
            [
                "unresolved: asked for at the venue every few seconds, and never sent again",
                '  next: wait; if the venue itself shows none: hive resolve ORDER --reason "how you know"',
            ]
        )


def _refuse_unknown(scope: str, fallback: str) -> None:
    from hive_cli.failure import Failure

    if scope and scope not in {"global", "cell"} and not scope.startswith("bot:"):
        raise Failure(
            f"{scope!r} is no breaker", next_step="global, cell or bot:ACCOUNT (hive status)", exit_code=2
        )
    if fallback not in {"shadow", "reduced", "safe", "halt"}:
        raise Failure(f"{fallback!r} is nothing that a breaker leaves", next_step=FALLBACKS, exit_code=2)


def _kill_file(settings: Settings) -> Path:
    return settings.home.journal.with_name("KILL")


def _asked(settings: Settings, principal: str) -> dict[str, Any]:
    from hive_cli.facts.daemon import DaemonUnreachable, daemon_of
    from hive_cli.failure import Failure

    try:
        with daemon_of(settings, principal or None) as daemon:
            return daemon.modes()
    except DaemonUnreachable as error:
        raise Failure(error.what, where=str(error), next_step=error.next_step) from None


def _ordered(
    settings: Settings, principal: str, path: str, body: dict[str, Any], *, wait_for_file: bool = False
) -> dict[str, Any]:
    """Order something of the daemon. After the kill file was taken away it needs a moment to notice."""
    import time

    from hive_cli.facts.daemon import DaemonRefused, DaemonUnreachable, daemon_of
    from hive_cli.failure import Failure

    try:
        with daemon_of(settings, principal or None) as daemon:
            deadline = time.monotonic() + 2
            while wait_for_file and daemon.modes()["kill_file"] is not None and time.monotonic() < deadline:
                time.sleep(0.05)
            return daemon.post(path, body)
    except DaemonRefused as error:
        raise Failure(f"the daemon refuses: {error}", next_step="hive breakers shows what is open") from None
    except DaemonUnreachable as error:
        raise Failure(error.what, where=str(error), next_step=error.next_step) from None
