"""The shapes of the signal tables, from message to decision. One home for each column's meaning."""

from __future__ import annotations

import polars as pl

from hive_core.market.bars import UTC_DATETIME

MESSAGES: dict[str, pl.DataType] = {
    "source": pl.String(),
    "message_id": pl.String(),
    "version": pl.Int32(),
    "ts_event": UTC_DATETIME,
    "ts_init": UTC_DATETIME,
    "text": pl.String(),
    "reply_to": pl.String(),
    "is_deleted": pl.Boolean(),
    "earlier_versions": pl.Int32(),
    "message_sha256": pl.String(),
    "landing_sha256": pl.String(),
}
"""One row a message version. `message_sha256` covers source, id, version, time, text and a deletion.
A deletion is a version of its own: its text is empty, `is_deleted` is true, and its time is when the
deletion was seen, for nobody tells when it happened.
`ts_init` is when a live reader saw it; null in a history, where nobody says.
`earlier_versions` counts those of them that are known: none before an edit whose first text is in no file."""

PARSED: dict[str, pl.DataType] = {
    "signal_id": pl.String(),
    "source": pl.String(),
    "message_id": pl.String(),
    "version": pl.Int32(),
    "ts_event": UTC_DATETIME,
    "message_sha256": pl.String(),
    "kind": pl.String(),
    "symbol": pl.String(),
    "side": pl.String(),
    "order_type": pl.String(),
    "entry_low": pl.Float64(),
    "entry_high": pl.Float64(),
    "stop_loss": pl.Float64(),
    "take_profits": pl.List(pl.Float64()),
    "valid_until": UTC_DATETIME,
    "target_shares": pl.List(pl.Float64()),
    "has_runner": pl.Boolean(),
    "update_json": pl.String(),
    "confidence": pl.Float64(),
    "grounds": pl.List(pl.String()),
    "field": pl.String(),
    "reason": pl.String(),
    "detail": pl.String(),
    "span_start": pl.Int32(),
    "span_end": pl.Int32(),
}
"""One row a signal, or a row a message without one. `kind` is signal, update, noise or refused; a
refused row names the `field` at fault, the `reason` code and the `detail` for people. `span_start` up to
`span_end` are the characters of the message's text that it is about. `confidence` (0 to 1) is what is left
of 1 after `grounds`. `target_shares` (0 to 1 each) is empty where the text gives none; `has_runner`: a last
part is left open. `update_json` is what an update asks, as `parse.update_text` writes it."""

SIGNAL_COLUMNS = (
    "signal_id",
    "source",
    "message_id",
    "version",
    "ts_event",
    "message_sha256",
    "symbol",
    "side",
    "order_type",
    "entry_low",
    "entry_high",
    "stop_loss",
    "take_profits",
    "valid_until",
)
"""What a signal is, wherever it goes; how it was read stays in PARSED."""

VALID: dict[str, pl.DataType] = {name: PARSED[name] for name in SIGNAL_COLUMNS}

QUARANTINED: dict[str, pl.DataType] = {
    **VALID,
    "field": pl.String(),
    "reason": pl.String(),
    "detail": pl.String(),
    "confidence": pl.Float64(),
    "grounds": pl.List(pl.String()),
    "text": pl.String(),
}
"""A signal that will not trade, with the row, the field, the reason, how sure its reading is (null where the
parser refused it) and the message's text."""

ENRICHED: dict[str, pl.DataType] = {
    **VALID,
    "market_ts": UTC_DATETIME,
    "market_bid": pl.Float64(),
    "market_ask": pl.Float64(),
    "market_timeframe": pl.String(),
    "spread_pips": pl.Float64(),
    "spread_assumed": pl.Boolean(),
    "atr_pips": pl.Float64(),
    "volatility_pct": pl.Float64(),
    "stop_distance_pips": pl.Float64(),
    "stop_distance_atr": pl.Float64(),
    "reward_to_risk": pl.Float64(),
    "session": pl.String(),
    "usd_per_quote": pl.Float64(),
    "news_known": pl.Boolean(),
    "minutes_to_news": pl.Float64(),
    "minutes_since_news": pl.Float64(),
    "next_news": pl.String(),
    "in_news_window": pl.Boolean(),
    "regime": pl.String(),
}
"""What was known at `ts_event`: from bars that had closed, news that had been seen and rates that were out
by then. `market_ts` is the time of the quote; `atr_pips` the 14-bar average true range before it and
`volatility_pct` the exponentially weighted volatility in per cent a day; `reward_to_risk` counts to the
first target. `usd_per_quote` is what one unit of the quote currency was worth, null where no rate was
known. The news columns are those of `calendars.news.NEWS_COLUMNS`. `regime` is null: nothing tells it yet."""

DECISIONS: dict[str, pl.DataType] = {
    "decision_id": pl.String(),
    "account": pl.String(),
    "symbol": pl.String(),
    "side": pl.String(),
    "order_type": pl.String(),
    "entry": pl.Float64(),
    "stop_loss": pl.Float64(),
    "take_profits": pl.List(pl.Float64()),
    "ts_decided": UTC_DATETIME,
    "valid_until": UTC_DATETIME,
    "net_weight": pl.Float64(),
    "sources": pl.List(pl.String()),
    "signal_ids": pl.List(pl.String()),
    "decision_json": pl.String(),
    "decision_sha256": pl.String(),
}
"""`decision_json` is the canonical `contracts.decision.Decision`, exactly as the daemon gets it; the
other columns are the same facts for queries. `sources` and `signal_ids` are of the votes in favour."""

RESOLUTIONS: dict[str, pl.DataType] = {
    "signal_id": pl.String(),
    "source": pl.String(),
    "account": pl.String(),
    "symbol": pl.String(),
    "side": pl.String(),
    "ts_event": UTC_DATETIME,
    "outcome": pl.String(),
    "decision_id": pl.String(),
    "net_weight": pl.Float64(),
    "detail": pl.String(),
}
"""What became of every signal that could have made a decision: decided, confirmed (the named decision
of the same UTC day, of its side or its idea, stands already), held_back (one of the day before may stand),
below_threshold, refused, no_weight or no_account. `net_weight` is counted in favour of the signal's side."""


def empty(schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """A frame of that shape with no rows."""
    return pl.DataFrame(schema=schema)


def conform(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The frame with exactly the schema's columns, in its order and types.

    Raises:
        polars.exceptions.ColumnNotFoundError: a column is missing.
    """
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
