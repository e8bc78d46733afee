"""The shapes of the tables of signals' lives. One home for each column's meaning."""

from __future__ import annotations

import polars as pl

from hive_core.market.bars import UTC_DATETIME

SIGNAL_UPDATES: dict[str, pl.DataType] = {
    "update_id": pl.String(),
    "source": pl.String(),
    "message_id": pl.String(),
    "version": pl.Int32(),
    "ts_event": UTC_DATETIME,
    "message_sha256": pl.String(),
    "action_number": pl.Int32(),
    "action": pl.String(),
    "signal_id": pl.String(),
    "found_by": pl.String(),
    "has_effect": pl.Boolean(),
    "price": pl.Float64(),
    "share": pl.Float64(),
    "target_number": pl.Int32(),
    "entry_price": pl.Float64(),
    "is_for_all": pl.Boolean(),
    "field": pl.String(),
    "reason": pl.String(),
    "detail": pl.String(),
}
"""One row an action of an update and signal that it belongs to; an update that belongs to none, or is
not clear, has one row with its `reason`. `update_id` is of a message version and one signal: its rows
are ordered by `action_number`. `found_by` says how the signal was found. `price` is the new stop or
target in full, `share` the part of what is left that is closed (the configured one where the text is
vague), `entry_price` the layer in full. `has_effect`: it changed the signal's state; a repetition does
not, nor does an action that is refused."""

SIGNAL_STATES: dict[str, pl.DataType] = {
    "ts_as_of": UTC_DATETIME,
    "signal_id": pl.String(),
    "first_signal_id": pl.String(),
    "source": pl.String(),
    "message_id": pl.String(),
    "version": pl.Int32(),
    "ts_event": UTC_DATETIME,
    "symbol": pl.String(),
    "side": pl.String(),
    "order_type": pl.String(),
    "state": pl.String(),
    "is_active": pl.Boolean(),
    "entry_low": pl.Float64(),
    "entry_high": pl.Float64(),
    "effective_stop": pl.Float64(),
    "effective_targets": pl.List(pl.Float64()),
    "is_at_breakeven": pl.Boolean(),
    "closed_share": pl.Float64(),
    "targets_hit": pl.Int32(),
    "amendments": pl.Int32(),
    "history": pl.Int32(),
    "ts_changed": UTC_DATETIME,
    "superseded_by": pl.String(),
    "valid_until": UTC_DATETIME,
}
"""One row a signal and day: what had become of it by `ts_as_of`, the end of that day, as its source told
it. `is_active`: its entry has happened, as far as was told; a market order's at once. `closed_share` is of
the whole position; `history` counts what happened to it, `amendments` what changed its plan.
`first_signal_id` is of the version of its message that it began with. `effective_stop` is null where it
stands at an entry whose price nobody named."""
