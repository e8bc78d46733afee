"""From the daemon's reports to the execution tables: pure functions on lists of reports.

Which record says what is known here and nowhere else in the pipelines. Fetching reports and storing
tables belong to the assets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from hive_core.calendars.trading_day import from_ns
from hive_core.contracts.execution_tables import (
    ACCOUNT_EQUITY,
    DENIALS,
    EXECUTION_REPORTS,
    FILLS,
    ORDERS,
    POSITIONS,
)
from hive_core.contracts.report import Report
from hive_core.evidence.canonical import canonical_bytes

_STATE_OF_KIND = {
    "order_intended": "intended",
    "order_accepted": "accepted",
    "order_rejected": "rejected",
    "order_expired": "expired",
    "order_cancelled": "cancelled",
    "order_not_accepted": "not_accepted",
    "order_unresolved": "unresolved",
    "order_partially_filled": "partially_filled",
    "order_filled": "filled",
    "order_rest_ended": "filled",
    "position_closed": "closed",
    "position_given_up": "closed",
}
_ENTRY_KINDS = {"order_filled", "order_partially_filled"}
_EXIT_KINDS = {"position_closed", "position_reduced"}
_EQUITY_KINDS = {"account_opened", "equity_marked", "day_opened"} | _ENTRY_KINDS | _EXIT_KINDS
_OTHER_SIDE = {"buy": "sell", "sell": "buy"}


@dataclass(frozen=True, slots=True)
class ExecutionTables:
    """The five tables that are made from reports."""

    orders: pl.DataFrame
    denials: pl.DataFrame
    fills: pl.DataFrame
    positions: pl.DataFrame
    account_equity: pl.DataFrame


def reports_frame(reports: Iterable[Report]) -> pl.DataFrame:
    """Reports as EXECUTION_REPORTS."""
    return pl.DataFrame(
        [
            {
                "seq": report.seq,
                "account": report.account,
                "ts_event": from_ns(report.ts_event_ns),
                "kind": report.kind,
                "body": canonical_bytes(report.body).decode("utf-8"),
                "record_sha256": report.record_sha256,
            }
            for report in reports
        ],
        schema=EXECUTION_REPORTS,
    )


def execution_tables(rows: Iterable[tuple[str, Any, str, dict[str, Any]]]) -> ExecutionTables:
    """Fold reports into tables.

    Kinds that no table is made of (receipts, conflicts, advances, breaches, and what a later daemon may
    add) are left to EXECUTION_REPORTS, which has them all.

    Args:
        rows: (account, ts_event, kind, body) in the order of the journal.

    Raises:
        KeyError: a record is about an order that no record before it intended.
    """
    orders: dict[str, dict[str, Any]] = {}
    positions: dict[str, dict[str, Any]] = {}
    denials, fills, equity = [], [], []
    for account, ts, kind, body in rows:
        if kind == "decision_denied":
            denials.append(_denial(account, ts, body))
        if kind == "order_intended":
            orders[body["client_order_id"]] = _order(account, ts, body, orders)
        if kind in _STATE_OF_KIND:
            order = orders[body["client_order_id"]]
            order |= {"state": _STATE_OF_KIND[kind], "ts_state": ts, "reason": body.get("reason") or None}
        if kind in _ENTRY_KINDS | _EXIT_KINDS:
            fills.append(_fill(account, ts, kind, body))
        if kind in _ENTRY_KINDS:
            order_id = body["client_order_id"]
            held = positions.setdefault(order_id, _opened(account, ts, body, orders[order_id]))
            _add_entry(held, body)
        if kind in _EXIT_KINDS:
            _add_exit(positions[body["client_order_id"]], ts, kind, body, orders[body["client_order_id"]])
        if kind == "position_given_up":  # by persons, after the venue's books: nobody knows what it earned
            closed = {"ts_closed": ts, "state": "closed", "exit_reason": body["reason"]}
            positions[body["client_order_id"]] |= closed
        if kind in _EQUITY_KINDS:
            equity.append(_equity(account, ts, body))
    for position in positions.values():
        del position["_commission"], position["_gained"]
    return ExecutionTables(
        pl.DataFrame(list(orders.values()), schema=ORDERS),
        pl.DataFrame(denials, schema=DENIALS),
        pl.DataFrame(fills, schema=FILLS),
        pl.DataFrame(list(positions.values()), schema=POSITIONS),
        pl.DataFrame(equity, schema=ACCOUNT_EQUITY),
    )


def _order(account: str, ts: Any, body: dict[str, Any], orders: dict[str, dict[str, Any]]) -> dict[str, Any]:
    order = body["order"]
    # A further attempt names the order it follows instead of the run that both come from.
    follows = body.get("follows")
    return {
        **{name: order[name] for name in ("client_order_id", "decision_id", "leg", "attempt", "symbol")},
        **{name: order[name] for name in ("side", "order_type")},
        "account": account,
        "lots": float(order["lots"]),
        "entry": None if order["entry"] is None else float(order["entry"]),
        "stop_loss": float(order["stop_loss"]),
        "take_profit": float(order["take_profit"]),
        "ts_intended": ts,
        "risk_amount": float(body["risk_amount"]),
        "sources": body["sources"],
        "run_id": orders[follows]["run_id"] if follows else body["origin"]["run_id"],
    }


def _denial(account: str, ts: Any, body: dict[str, Any]) -> dict[str, Any]:
    check = body["checks"][-1]
    return {
        "decision_id": body["decision_id"],
        "account": account,
        "symbol": body["symbol"],
        "side": body["side"],
        "ts_event": ts,
        "reason_code": body["reason_code"],
        "rule": check["rule"],
        "detail": ", ".join(f"{name} {value}" for name, value in sorted(check["numbers"].items())),
        "sources": body["sources"],
    }


def _fill(account: str, ts: Any, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    is_entry = kind in _ENTRY_KINDS
    return {
        "execution_id": body["execution_id"],
        "client_order_id": body["client_order_id"],
        "account": account,
        "symbol": body["symbol"],
        "side": body["side"] if is_entry else _OTHER_SIDE[body["side"]],
        "role": "entry" if is_entry else "exit",
        "reason": body["reason"],
        "lots": float(body["lots"]),
        "price": float(body["price"]),
        "commission": float(body["commission"]),
        "profit": None if is_entry else float(body["profit"]),
        "ts_event": ts,
    }


def _opened(account: str, ts: Any, body: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
    return {
        "client_order_id": body["client_order_id"],
        "account": account,
        "symbol": body["symbol"],
        "side": body["side"],
        "lots": 0.0,
        "entry_price": 0.0,
        "exit_price": None,
        "ts_opened": ts,
        "ts_closed": None,
        "profit": None,
        "r_multiple": None,
        "state": "open",
        "exit_reason": None,
        "sources": order["sources"],
        "_commission": 0.0,
        "_gained": 0.0,
    }


def _add_entry(position: dict[str, Any], body: dict[str, Any]) -> None:
    """An execution of the entry: the price is the mean of all."""
    lots, price = float(body["lots"]), float(body["price"])
    total = position["lots"] + lots
    if position["lots"] and position["entry_price"] != price:
        price = (position["entry_price"] * position["lots"] + price * lots) / total
    position |= {"lots": total, "entry_price": price}
    position["_commission"] += float(body["commission"])


def _add_exit(
    position: dict[str, Any], ts: Any, kind: str, body: dict[str, Any], order: dict[str, Any]
) -> None:
    """An execution of the exit. The position is over with its last; its exit price is that of the last."""
    position["_gained"] += float(body["profit"]) - float(body["commission"]) - float(body.get("swap", 0))
    if kind == "position_reduced":
        return
    profit = round(position["_gained"] - position["_commission"], 2)
    position |= {
        "exit_price": float(body["price"]),
        "ts_closed": ts,
        "profit": profit,
        "r_multiple": profit / order["risk_amount"],
        "state": "closed",
        "exit_reason": body["reason"],
    }


def _equity(account: str, ts: Any, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "account": account,
        "ts_event": ts,
        "trading_day": date.fromisoformat(body["trading_day"]),
        "balance": float(body["balance"]),
        "equity": float(body["equity"]),
        "equity_low": float(body.get("equity_low", body["equity"])),
        **{
            name: None if body[name] is None else float(body[name])
            for name in ("daily_floor", "maximum_floor")
        },
    }
