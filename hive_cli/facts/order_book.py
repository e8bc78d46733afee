"""The orders: asked of the daemon, or read out of its journal when it is down. States are the daemon's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hive_cli.settings import Settings

_ENDS = {
    "order_accepted": "accepted",
    "order_rejected": "rejected",
    "order_not_accepted": "not_accepted",
    "order_expired": "expired",
    "order_cancelled": "cancelled",
    "order_unresolved": "unresolved",
    "order_partially_filled": "partially_filled",
    "order_filled": "filled",
    "order_rest_ended": "filled",
    "position_closed": "closed",
    "position_given_up": "closed",
}


def orders_of(reports: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every order that the records tell of, in the shape of the daemon's answer."""
    book: dict[str, dict[str, Any]] = {}
    for report in reports:
        body, kind, ts_ns = report["body"], report["kind"], report["ts_event_ns"]
        if kind == "order_intended":
            order = body["order"]
            book[order["client_order_id"]] = {
                **{name: value for name, value in order.items() if not name.endswith("_ns")},
                "state": "intended",
                "reason": None,
                "fill_price": None,
                "exit_price": None,
                "exit_reason": None,
                "profit": None,
                "is_profit_known": True,
                "ts_intended_ns": ts_ns,
                "ts_filled_ns": None,
                "ts_closed_ns": None,
                "sources": body["sources"],
            }
            continue
        if kind not in _ENDS:
            continue
        line = book[body["client_order_id"]]
        line |= {"state": _ENDS[kind], "reason": body.get("reason") or None}
        if kind in {"order_filled", "order_partially_filled"}:
            line |= {"fill_price": body["price"], "ts_filled_ns": ts_ns}
        elif kind == "position_closed":
            line |= {
                "exit_price": body["price"],
                "exit_reason": body["reason"],
                "profit": body["profit"],
                "ts_closed_ns": ts_ns,
            }
        elif kind == "position_given_up":  # by persons, after the venue's books
            line |= {"exit_reason": body["reason"], "is_profit_known": False, "ts_closed_ns": ts_ns}
    return list(book.values())


def all_orders(settings: Settings) -> tuple[list[dict[str, Any]], str]:
    """The orders in order of time, and where they were read: the daemon, or its journal when it is down."""
    from hive_cli.facts.daemon import DaemonUnreachable, daemon_of
    from hive_cli.facts.journal import reports

    try:
        with daemon_of(settings) as daemon:
            found, origin = daemon.orders(), "from the daemon"
    except DaemonUnreachable as error:
        found, origin = orders_of(reports(settings.home.journal)), f"from the journal; {error.what}"
    return sorted(found, key=lambda order: (order["ts_intended_ns"], order["client_order_id"])), origin
