"""The shapes of what is measured of signals and sources. One home for each column's meaning."""

from __future__ import annotations

import polars as pl

from hive_core.market.bars import UTC_DATETIME

OUTCOMES: dict[str, pl.DataType] = {
    "signal_id": pl.String(),
    "source": pl.String(),
    "message_id": pl.String(),
    "symbol": pl.String(),
    "ts_event": UTC_DATETIME,
    "outcome": pl.String(),
    "ts_entry": UTC_DATETIME,
    "ts_exit": UTC_DATETIME,
    "ts_known": UTC_DATETIME,
    "exit_timeframe": pl.String(),
    "entry_price": pl.Float64(),
    "exit_price": pl.Float64(),
    "r_multiple": pl.Float64(),
    "r_multiple_at_best": pl.Float64(),
    "targets": pl.Int32(),
    "targets_passed": pl.Int32(),
    "targets_hit": pl.Int32(),
    "first_target_at_best": pl.Boolean(),
}
"""What became of a signal by the bars: target, stop, expired, unfilled, or open at their end.

`ts_exit` is when the last part left, `ts_known` when the bar that tells it had closed, and
`exit_timeframe` that bar's; null while open. `r_multiple_at_best` is what R would be had every bar that
touched both stop and target reached the target first: where it differs from `r_multiple`, the rule decided
and not the prices. Of the signal's `targets`, nearest first, the first `targets_passed` lay behind the first
price and were left out, and the next `targets_hit` were reached.

`first_target_at_best` asks nothing of fills: whether the first target can have been reached before the stop,
from the bar on in which the signal was posted, with every doubt for it. False means that a bar touched the
stop before any touched the target; null, that neither was touched, or that no market is known."""

TARGET_RATES: dict[str, pl.DataType] = {
    "source": pl.String(),
    "target": pl.Int32(),
    "tried": pl.Int64(),
    "reached": pl.Int64(),
    "rate": pl.Float64(),
    "rate_low": pl.Float64(),
    "rate_high": pl.Float64(),
}
"""How often a source's first, second, ... target was reached. `tried` counts traded signals that have
such a target, unless the first price had passed it. `rate` with its 95 % Wilson interval."""

CLAIMS: dict[str, pl.DataType] = {
    "source": pl.String(),
    "message_id": pl.String(),
    "ts_event": UTC_DATETIME,
    "kind": pl.String(),
    "target": pl.Int32(),
    "pips": pl.Float64(),
    "symbol": pl.String(),
    "reply_to": pl.String(),
}
"""What a source says of its own results: one row a message and `kind` (target, stop or running), with the
target's number, the pips as the source counts them and the instrument where the text names them."""

SCORECARDS: dict[str, pl.DataType] = {
    "source": pl.String(),
    "signals": pl.Int64(),
    "unfilled": pl.Int64(),
    "open": pl.Int64(),
    "traded": pl.Int64(),
    "wins": pl.Int64(),
    "hit_rate": pl.Float64(),
    "hit_rate_low": pl.Float64(),
    "hit_rate_high": pl.Float64(),
    "mean_r": pl.Float64(),
    "mean_r_low": pl.Float64(),
    "mean_r_high": pl.Float64(),
    "mean_r_at_best": pl.Float64(),
    "doubtful": pl.Int64(),
    "total_r": pl.Float64(),
    "max_drawdown_r": pl.Float64(),
    "longest_losing_run": pl.Int64(),
    "decay_r": pl.Float64(),
    "decay_r_low": pl.Float64(),
    "decay_r_high": pl.Float64(),
    "first_target_rate": pl.Float64(),
    "first_target_rate_low": pl.Float64(),
    "first_target_rate_high": pl.Float64(),
    "first_target_rate_at_best": pl.Float64(),
    "first_target_rate_at_best_high": pl.Float64(),
    "claimed_targets": pl.Int64(),
    "claimed_stops": pl.Int64(),
    "claimed_running": pl.Int64(),
    "claimed_won": pl.Int64(),
    "claimed_lost": pl.Int64(),
    "claimed_rate": pl.Float64(),
    "claims_contradicted": pl.Int64(),
    "honesty": pl.String(),
}
"""A source's measured record. `_low`/`_high` bound the 95 % interval: Wilson for rates, bootstrap for R.

`traded` were filled and have ended; rates and R are of these. `doubtful` ended in a bar that touched both
stop and target, and `mean_r_at_best` is the mean had they all reached the target. `decay_r` is how much the
mean R of the newest trades differs from that of those before. `claimed_targets`, `_stops` and `_running`
count the source's own posts, `claimed_won` and `claimed_lost` the signals that these speak of, and
`claimed_rate` is their share of won ones. `first_target_rate` is of trades, with every doubt against the
source; `first_target_rate_at_best` of all signals with every doubt for it, `_high` its upper bound. `honesty`
says whether the claimed rate lies between the lower bound of the one and the upper bound of the other;
`claims_contradicted` counts the signals claimed as won whose stop was touched in a bar before the target."""

SOURCE_WEIGHTS: dict[str, pl.DataType] = {
    "source": pl.String(),
    "day": pl.Date(),
    "weight": pl.Float64(),
    "traded": pl.Int64(),
    "mean_r": pl.Float64(),
    "shrunk_mean_r": pl.Float64(),
    "evidence": pl.Float64(),
}
"""What a source's voice weighs on a UTC day, by what had been measured of it before that day began."""
