"""`hive orders`: every order with its state and result."""

from __future__ import annotations

from typing import Annotated

import typer

from hive_cli.own_name import own_name


def orders(
    account: Annotated[str, typer.Option(help="Only the orders of this account.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="The newest this many; 0 for all.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print every order as JSON.")] = False,
) -> None:
    """List the orders, newest last. Updates of a room (close, breakeven) are recorded, not acted upon."""
    from hive_cli.console import facts, moment, print_json, print_plain, table, totals_line
    from hive_cli.facts.order_book import all_orders
    from hive_cli.settings import load_settings

    found, origin = all_orders(load_settings())
    if account:
        _refuse_unknown(account, {order["account"] for order in found})
        found = [order for order in found if order["account"] == account]
    if as_json:
        print_json({"orders": found, "from": origin})
        return
    shown = found[-limit:] if limit else found
    rows = [
        (
            order["client_order_id"],
            order["account"],
            ", ".join(order.get("sources") or []),
            f"{order['symbol']} {order['side']} {order['order_type']}",
            order["lots"],
            moment(order.get("ts_intended_ns")),
            order["state"],
            order.get("fill_price"),
            order.get("exit_price"),
            order.get("exit_reason") or (None if order.get("ts_filled_ns") else order.get("reason")),
            order.get("profit") if order.get("is_profit_known", True) else "not known",
        )
        for order in shown
    ]
    what = ("order", "account", "sources", "what", ">lots", "intended")
    result = ("state", ">in", ">out", "why", ">profit")
    facts().print(table(f"Orders ({origin})", (*what, *result), rows))
    if len(shown) < len(found):
        print_plain([f"the newest {len(shown)} of {len(found):,}; all of them: hive orders --limit 0"])
    if shown:
        print_plain([f"why one exists: {own_name()} explain {shown[-1]['client_order_id']}"])
    print_plain([totals_line({"orders": len(found)})])


def _refuse_unknown(account: str, known: set[str]) -> None:
    from hive_cli.failure import Failure

    if account not in known:
        raise Failure(
            f"no order of account {account}",
            details=[f"accounts with orders: {', '.join(sorted(known)) or 'none'}"],
            next_step="hive status shows every account",
            exit_code=2,
        )
