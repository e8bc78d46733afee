"""`hive review`, `hive resolve`, `hive close`, `hive positions`: what a person judges, and what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hive_cli.commands.holding import As

if TYPE_CHECKING:
    from collections.abc import Callable

    from hive_cli.facts.daemon import DaemonFacts

Found = TypeVar("Found")

AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


def review(
    approve: Annotated[str, typer.Option(help="The decision to approve.")] = "",
    reject: Annotated[str, typer.Option(help="The decision to reject.")] = "",
    reason: Annotated[str, typer.Option(help="Why. It stands in the journal for ever.")] = "by hand",
    principal: As = "",
    as_json: AsJson = False,
) -> None:
    """Show the decisions that wait for a person; approve or reject one."""
    from hive_cli.console import facts, moment, print_json, print_plain, table
    from hive_cli.failure import Failure

    if approve and reject:
        raise Failure("one at a time: --approve or --reject", exit_code=2)
    wanted = approve or reject
    if wanted:
        body = {"verdict": "approve" if approve else "reject", "reason": reason}
        found = _with_daemon(principal, lambda daemon: daemon.post(f"/reviews/{wanted}", body))
        print_plain([f"{wanted}: {found['outcome']}"])
        return
    waiting = _with_daemon(principal, lambda daemon: daemon.reviews())
    if as_json:
        print_json({"reviews": waiting})
        return
    if not waiting:
        print_plain(["no decision waits for a person"])
        return
    rows = [
        (
            one["decision_id"],
            one["account"],
            f"{one['symbol']} {one['side']} {one['lots']} lots",
            one["price_bound"] or "NOT KNOWN",
            one["stop_loss"],
            ", ".join(one["take_profits"]),
            ", ".join(one["sources"]),
            one["reason"],
            moment(one["expires_ns"]),
        )
        for one in waiting
    ]
    facts().print(
        table(
            "Waiting for a person",
            ("decision", "account", "what", ">worst price", ">stop", ">targets", "rooms", "why", "until"),
            rows,
        )
    )
    print_plain([f'next: hive review --approve {rows[0][0]} --reason "why", or --reject'])


def resolve(
    client_order_id: Annotated[str, typer.Argument(help="The unresolved order.")],
    reason: Annotated[str, typer.Option(help="How it is known. It stands in the journal for ever.")],
    principal: As = "",
) -> None:
    """Say that an unresolved order never reached its venue. Two people must."""
    from hive_cli.console import print_plain

    path = f"/orders/{client_order_id}/resolve"
    found = _with_daemon(principal, lambda daemon: daemon.post(path, {"reason": reason}))
    if found["state"] == "unresolved":
        print_plain([f"{found['said_by']} says so; another person must, too: --as NAME"])
        raise typer.Exit(1)
    print_plain([f"{client_order_id}: {found['state']}"])


def close(
    client_order_id: Annotated[str, typer.Argument(help="The order whose position is closed.")],
    principal: As = "",
) -> None:
    """Close what an order opened, or cancel it where it works."""
    from hive_cli.console import print_plain

    found = _with_daemon(principal, lambda daemon: daemon.post(f"/orders/{client_order_id}/close"))
    print_plain([f"asked for; {client_order_id} is {found['state']} now. hive orders shows when it is done"])


def positions(
    accept_broker: Annotated[
        tuple[str, str],
        typer.Option(
            metavar="ACCOUNT SYMBOL",
            help="Say that the venue is right to show nothing of it, where ours stand open. Two people must.",
        ),
    ] = ("", ""),
    reason: Annotated[str, typer.Option(help="How it is known. It stands in the journal for ever.")] = "",
    principal: As = "",
    as_json: AsJson = False,
) -> None:
    """Show what is open at every venue: ours by their orders, and what is not ours."""
    from hive_cli.console import facts, print_json, print_plain, table
    from hive_cli.failure import Failure

    account, symbol = accept_broker
    if account:
        if not reason:
            raise Failure("--accept-broker wants --reason: how you know it", exit_code=2)
        _accept_broker(account, symbol, reason, principal)
        return
    found = _with_daemon("", lambda daemon: daemon.positions())
    if as_json:
        print_json({"positions": found})
        return
    if not found:
        print_plain(["nothing is open"])
        return
    rows = [
        (
            one["account"],
            one["client_order_id"] if one["is_ours"] else f"not ours: {one['position_id']}",
            f"{one['symbol']} {one['side']}",
            one["lots"],
            one["entry"],
            one["stop_loss"] or "NONE",
            one["take_profit"],
        )
        for one in found
    ]
    facts().print(table("Open", ("account", "order", "what", ">lots", ">entry", ">stop", ">target"), rows))


def _accept_broker(account: str, symbol: str, reason: str, principal: str) -> None:
    from hive_cli.console import print_plain

    body = {"account": account, "symbol": symbol, "reason": reason}
    found = _with_daemon(principal, lambda daemon: daemon.post("/positions/accept-broker", body))
    if found["said_by"]:
        print_plain([f"{found['said_by']} says so; another person must, too: --as NAME"])
        raise typer.Exit(1)
    print_plain([f"{one}: closed, its profit is not known" for one in found["closed"]])
    print_plain([f'next: hive breakers --reset bot:{account} --reason "why"'])


def _with_daemon(principal: str, ask: Callable[[DaemonFacts], Found]) -> Found:
    from hive_cli.facts.daemon import DaemonRefused, DaemonUnreachable, daemon_of
    from hive_cli.failure import Failure
    from hive_cli.settings import load_settings

    try:
        with daemon_of(load_settings(), principal or None) as daemon:
            return ask(daemon)
    except DaemonRefused as error:
        raise Failure(
            f"the daemon refuses: {error}",
            next_step="hive orders, hive review and hive positions show what there is",
        ) from None
    except DaemonUnreachable as error:
        raise Failure(error.what, where=str(error), next_step=error.next_step) from None
