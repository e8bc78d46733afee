"""The shapes of the execution tables, from the daemon's reports to account equity.

One home for each column's meaning, in the style of `signals.tables`, whose `empty` and `conform` serve
these too. How the tables are made from reports belongs to the pipelines. Times are UTC, money is in the
account's currency, and floats are for analysis only: the exact decimals stand in the reports.
"""

from __future__ import annotations

import polars as pl

from hive_core.market.bars import UTC_DATETIME

EXECUTION_REPORTS: dict[str, pl.DataType] = {
    "seq": pl.Int64(),
    "account": pl.String(),
    "ts_event": UTC_DATETIME,
    "kind": pl.String(),
    "body": pl.String(),
    "record_sha256": pl.String(),
}
"""One row a journal record; `seq` is its place in the journal, `body` its JSON text."""

ORDERS: dict[str, pl.DataType] = {
    "client_order_id": pl.String(),
    "account": pl.String(),
    "decision_id": pl.String(),
    "leg": pl.Int32(),
    "attempt": pl.Int32(),
    "symbol": pl.String(),
    "side": pl.String(),
    "order_type": pl.String(),
    "lots": pl.Float64(),
    "entry": pl.Float64(),
    "stop_loss": pl.Float64(),
    "take_profit": pl.Float64(),
    "ts_intended": UTC_DATETIME,
    "state": pl.String(),
    "ts_state": UTC_DATETIME,
    "reason": pl.String(),
    "risk_amount": pl.Float64(),
    "sources": pl.List(pl.String()),
    "run_id": pl.String(),
}
"""One row an order, with the `OrderState` of its last record. `entry` is null for a market order
without a named price; `reason` says why it was rejected or expired; `risk_amount` is the loss at the
stop; `run_id` is the run that made the decision."""

DENIALS: dict[str, pl.DataType] = {
    "decision_id": pl.String(),
    "account": pl.String(),
    "symbol": pl.String(),
    "side": pl.String(),
    "ts_event": UTC_DATETIME,
    "reason_code": pl.String(),
    "rule": pl.String(),
    "detail": pl.String(),
    "sources": pl.List(pl.String()),
}
"""One row a decision that the daemon denied, with the rule that denied it."""

FILLS: dict[str, pl.DataType] = {
    "execution_id": pl.String(),
    "client_order_id": pl.String(),
    "account": pl.String(),
    "symbol": pl.String(),
    "side": pl.String(),
    "role": pl.String(),
    "reason": pl.String(),
    "lots": pl.Float64(),
    "price": pl.Float64(),
    "commission": pl.Float64(),
    "profit": pl.Float64(),
    "ts_event": UTC_DATETIME,
}
"""One row an execution. `role` is entry or exit and `side` what was dealt (an exit deals the other way).
`commission` is a cost, 0 or more; `profit` is before commission, null for an entry."""

POSITIONS: dict[str, pl.DataType] = {
    "client_order_id": pl.String(),
    "account": pl.String(),
    "symbol": pl.String(),
    "side": pl.String(),
    "lots": pl.Float64(),
    "entry_price": pl.Float64(),
    "exit_price": pl.Float64(),
    "ts_opened": UTC_DATETIME,
    "ts_closed": UTC_DATETIME,
    "profit": pl.Float64(),
    "r_multiple": pl.Float64(),
    "state": pl.String(),
    "exit_reason": pl.String(),
    "sources": pl.List(pl.String()),
}
"""One row a filled order. `profit` is after all its commission; it, `r_multiple` (profit by the risk
taken), the exit's price, time and reason are null while `state` is open. Where people closed it by
the venue's books (`broker_evidence_by_person`) price and profit are not known, and null for ever."""

ACCOUNT_EQUITY: dict[str, pl.DataType] = {
    "account": pl.String(),
    "ts_event": UTC_DATETIME,
    "trading_day": pl.Date(),
    "balance": pl.Float64(),
    "equity": pl.Float64(),
    "equity_low": pl.Float64(),
    "daily_floor": pl.Float64(),
    "maximum_floor": pl.Float64(),
}
"""One row a mark of an account. `equity_low` is the lowest equity since the mark before, never over
`equity`; a floor is the equity under which the account has broken its daily or maximum loss limit,
null where its firm has no such limit, or where that is not known."""

ACCOUNT_HEADROOM: dict[str, pl.DataType] = {
    "account": pl.String(),
    "ts_event": UTC_DATETIME,
    "trading_day": pl.Date(),
    "equity_low": pl.Float64(),
    "daily_left": pl.Float64(),
    "maximum_left": pl.Float64(),
    "left": pl.Float64(),
    "left_pct": pl.Float64(),
}
"""One row a mark of an account at which a floor is known: what `equity_low` left above each floor, above the
nearer one, and that in percent of what the account began with. A side is null where the firm has no such
limit. Below zero the limit was broken."""

BOOK_RISK: dict[str, pl.DataType] = {
    "account": pl.String(),
    "as_of": pl.Date(),
    "method": pl.String(),
    "level": pl.Float64(),
    "value_at_risk": pl.Float64(),
    "expected_shortfall": pl.Float64(),
    "observations": pl.Int64(),
}
"""One row an account that holds something, a method and a level: losses of one day, positive, in the
account's currency, at the rates of `as_of`. `filtered` is the method whose coverage is proven."""
