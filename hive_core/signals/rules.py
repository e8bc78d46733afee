"""The rules that one signal must pass, in the order in which they are asked.

A rule is one expression over the signal, the market as it was known at `ts_event`
(`market.as_of.MARKET_COLUMNS`) and when its message was seen (`ts_init`, null where nobody says). A rule
that cannot be answered, because of a null or a NaN, has failed. Rules over several signals, and what
becomes of those that fail, stand in `validate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from hive_core.instruments.specification import instruments
from hive_core.market.as_of import MAX_BARS_OLD, MAX_MARKET_AGE
from hive_core.market.bars import TIMEFRAME_SECONDS
from hive_core.signals.reasons import SignalReason

MARKET_ORDER_COLLAR_PCT = 2.0
"""A market order's named price is at most this far from the market: gold moves 2 % in a wild day."""
PENDING_ORDER_COLLAR_PCT = 5.0
STOP_MAX_PCT = 5.0
"""A stop further away than this, in percent of the entry, is a slip: 500 pips of EURUSD at 1.00."""
TARGET_MAX_PCT = 20.0
MAX_TARGETS = 16
"""What a vote can carry."""
MAX_SEEN_LATE = timedelta(minutes=5)
"""A message that was seen later than this after it was posted is stale: its market is another one."""
MAX_ENTRY_DISTANCE_R = 1.0
"""A market order's price that the market has left by more than this many times the plan's risk is gone."""
DRIFT_ATR = 4.0
"""What the market may have moved, besides, since the last bar closed: so many average true ranges times the
square root of the share of a bar that has passed (a random walk's spread grows with the root of time).
Judged by hourly bars of gold, 2 refused three of 345 entries of a room, two of which the market did reach
within that hour; 4 refuses none. By bars of a minute hardly anything is left of it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing a signal must satisfy: `holds` is its Boolean, `detail` tells people the numbers."""

    reason: SignalReason
    field: str
    holds: pl.Expr
    detail: pl.Expr

    @property
    def broken(self) -> pl.Expr:
        """Whether the rule fails; what cannot be answered has failed."""
        return ~self.holds.fill_null(False)


def price_text(expression: pl.Expr) -> pl.Expr:
    """A price as people write it: without the noise of the last binary digits."""
    return expression.round(8).cast(pl.String)


def prices_text(expression: pl.Expr) -> pl.Expr:
    """Prices as people write them, in their order."""
    return expression.list.eval(price_text(pl.element()).fill_null("missing")).list.join(", ")


def moment_text(expression: pl.Expr) -> pl.Expr:
    """A moment as people write it."""
    return expression.dt.strftime("%Y-%m-%d %H:%M:%S UTC")


def _percent_apart(price: pl.Expr, reference: pl.Expr) -> pl.Expr:
    return (price - reference).abs() / reference * 100


def _is_price(expression: pl.Expr) -> pl.Expr:
    return expression.is_finite() & (expression > 0)


side, order_type = pl.col("side"), pl.col("order_type")
is_buy, is_market_order = side == "buy", order_type == "market"
low, high, stop = pl.col("entry_low"), pl.col("entry_high"), pl.col("stop_loss")
targets = pl.col("take_profits")
bid, ask = pl.col("market_bid"), pl.col("market_ask")
bid_ask_spread = ask - bid
mid = (bid + ask) / 2
names_a_price = low.is_not_null() & high.is_not_null()

# The zone's edge nearest to the stop and the edge nearest to the targets: what is right of the first
# and left of the second is right for every fill inside the zone.
edge_at_stop = pl.when(names_a_price).then(pl.when(is_buy).then(low).otherwise(high)).otherwise(mid)
edge_at_targets = pl.when(names_a_price).then(pl.when(is_buy).then(high).otherwise(low)).otherwise(mid)

nearest_target = pl.when(is_buy).then(targets.list.min()).otherwise(targets.list.max())
farthest_target = pl.when(is_buy).then(targets.list.max()).otherwise(targets.list.min())
steps = targets.list.diff(null_behavior="drop")
"""From each target to the next: all positive for a buy, all negative for a sale."""

collar_pct = (
    pl.when(is_market_order).then(pl.lit(MARKET_ORDER_COLLAR_PCT)).otherwise(pl.lit(PENDING_ORDER_COLLAR_PCT))
)
farther_edge = pl.when((low - mid).abs() > (high - mid).abs()).then(low).otherwise(high)

waits_below = (order_type == "limit") == is_buy
"""Buy limits and sell stops wait below the market, sell limits and buy stops above it."""

market_text = pl.format(
    "the market was {} / {} (bid / ask) at {}",
    price_text(bid),
    price_text(ask),
    moment_text(pl.col("market_ts")),
)
edge_name = pl.when(names_a_price).then(pl.lit("the entry")).otherwise(pl.lit("the market's mid"))


def _bound(name: str) -> pl.Expr:
    """A plausible bound of the signal's instrument; null for one that is not known."""
    bounds = {symbol: float(getattr(facts, name)) for symbol, facts in instruments().items()}
    return pl.col("symbol").replace_strict(bounds, default=None, return_dtype=pl.Float64)


plausible_low, plausible_high = _bound("plausible_low"), _bound("plausible_high")


def _is_plausible(price: pl.Expr) -> pl.Expr:
    return price.is_between(plausible_low, plausible_high)


def _implausible_text(what: pl.Expr) -> pl.Expr:
    return pl.format(
        "{} was never a price of {}, which is plausible from {} to {}",
        what,
        pl.col("symbol"),
        price_text(plausible_low),
        price_text(plausible_high),
    )


risk = (edge_at_targets - stop).abs()
fill = pl.when(is_buy).then(ask).otherwise(bid)
left_behind = (
    pl.when(names_a_price).then(pl.max_horizontal(low - fill, fill - high, pl.lit(0.0))).otherwise(0.0)
)
"""How far the market stands outside the entry zone, on the side that would fill, in price units."""
bars_since = (pl.col("ts_event") - pl.col("market_ts")).dt.total_microseconds() / (
    pl.col("market_timeframe").replace_strict(TIMEFRAME_SECONDS, default=None, return_dtype=pl.Float64) * 1e6
)
drift = DRIFT_ATR * pl.col("atr").fill_null(0.0) * bars_since.sqrt()

RULES: tuple[Rule, ...] = (
    Rule(
        SignalReason.UNKNOWN_INSTRUMENT,
        "symbol",
        pl.col("symbol").is_in(sorted(instruments())),
        pl.format("{} is no instrument that Hive knows", pl.col("symbol").fill_null("an empty symbol")),
    ),
    Rule(
        SignalReason.INCOMPLETE,
        "side",
        side.is_in(["buy", "sell"]),
        pl.format("the side is {}; buy or sell is needed", side.fill_null("missing")),
    ),
    Rule(
        SignalReason.INCOMPLETE,
        "order_type",
        order_type.is_in(["market", "limit", "stop"]),
        pl.format("the order type is {}; market, limit or stop is needed", order_type.fill_null("missing")),
    ),
    Rule(
        SignalReason.INCOMPLETE,
        "ts_event",
        pl.col("ts_event").is_not_null(),
        pl.lit("the time of the signal is missing"),
    ),
    Rule(
        SignalReason.INCOMPLETE,
        "valid_until",
        pl.col("valid_until").is_not_null(),
        pl.lit("the signal does not say until when it holds"),
    ),
    Rule(
        SignalReason.INCOMPLETE,
        "entry_low",
        names_a_price | (is_market_order & low.is_null() & high.is_null()),
        pl.format("a {} order with no entry price, or with half a zone", order_type),
    ),
    Rule(SignalReason.INCOMPLETE, "stop_loss", stop.is_not_null(), pl.lit("the stop is missing")),
    Rule(
        SignalReason.INCOMPLETE,
        "take_profits",
        targets.list.len().is_between(1, MAX_TARGETS),
        pl.format("{} targets; 1 to {} are needed", targets.list.len().fill_null(0), pl.lit(MAX_TARGETS)),
    ),
    Rule(
        SignalReason.NOT_A_PRICE,
        "entry_low",
        ~names_a_price | (_is_price(low) & _is_price(high) & (low <= high)),
        pl.format(
            "the entry zone {} to {} is not two prices, low to high", price_text(low), price_text(high)
        ),
    ),
    Rule(
        SignalReason.NOT_A_PRICE,
        "stop_loss",
        _is_price(stop),
        pl.format("the stop {} is not a price", price_text(stop)),
    ),
    Rule(
        SignalReason.NOT_A_PRICE,
        "take_profits",
        targets.list.eval(_is_price(pl.element()).fill_null(False)).list.all(),
        pl.format("not every target is a price: {}", prices_text(targets)),
    ),
    Rule(
        SignalReason.FAT_FINGER,
        "entry_low",
        ~names_a_price | (_is_plausible(low) & _is_plausible(high)),
        _implausible_text(
            pl.format("the entry {}", price_text(pl.when(_is_plausible(low)).then(high).otherwise(low)))
        ),
    ),
    Rule(
        SignalReason.FAT_FINGER,
        "stop_loss",
        _is_plausible(stop),
        _implausible_text(pl.format("the stop {}", price_text(stop))),
    ),
    Rule(
        SignalReason.FAT_FINGER,
        "take_profits",
        _is_plausible(targets.list.min()) & _is_plausible(targets.list.max()),
        _implausible_text(pl.format("one of the targets {}", prices_text(targets))),
    ),
    Rule(
        SignalReason.EXPIRED,
        "valid_until",
        pl.col("valid_until") > pl.col("ts_event"),
        pl.format(
            "it holds until {}, which is not after {}, when it was posted",
            moment_text(pl.col("valid_until")),
            moment_text(pl.col("ts_event")),
        ),
    ),
    Rule(
        SignalReason.STALE,
        "ts_event",
        pl.col("ts_init").is_null() | (pl.col("ts_init") - pl.col("ts_event") <= MAX_SEEN_LATE),
        pl.format(
            "posted at {}, seen at {}: more than {} minutes later",
            moment_text(pl.col("ts_event")),
            moment_text(pl.col("ts_init")),
            pl.lit(int(MAX_SEEN_LATE.total_seconds()) // 60),
        ),
    ),
    Rule(
        SignalReason.NO_MARKET_DATA,
        "symbol",
        _is_price(bid) & _is_price(ask) & (ask >= bid),
        pl.when(pl.col("market_ts").is_null())
        .then(
            pl.format(
                "no bar of {} is recent enough at {}: it may be {} bars old (a quarter of an hour at least), "
                "and over a weekend {} hours; import its bars",
                pl.col("symbol"),
                moment_text(pl.col("ts_event")),
                pl.lit(MAX_BARS_OLD),
                pl.lit(int(MAX_MARKET_AGE.total_seconds()) // 3600),
            )
        )
        .otherwise(pl.format("no usable quote: {}", market_text)),
    ),
    Rule(
        SignalReason.FAR_FROM_MARKET,
        "entry_low",
        ~names_a_price | (_percent_apart(farther_edge, mid) <= collar_pct),
        pl.format(
            "the entry {} is {} % from the market, more than the {} % allowed to a {} order; {}",
            price_text(farther_edge),
            _percent_apart(farther_edge, mid).round(2),
            collar_pct,
            order_type,
            market_text,
        ),
    ),
    Rule(
        SignalReason.PENDING_WRONG_SIDE,
        "order_type",
        is_market_order
        | pl.when(waits_below)
        .then(pl.when(is_buy).then(ask).otherwise(bid) > edge_at_targets)
        .otherwise(pl.when(is_buy).then(ask).otherwise(bid) < edge_at_targets),
        pl.format(
            "a {} {} waits {} the market, but {} is not; {}",
            side,
            order_type,
            pl.when(waits_below).then(pl.lit("below")).otherwise(pl.lit("above")),
            price_text(edge_at_targets),
            market_text,
        ),
    ),
    Rule(
        SignalReason.STOP_WRONG_SIDE,
        "stop_loss",
        pl.when(is_buy).then(stop < edge_at_stop).otherwise(stop > edge_at_stop),
        pl.format(
            "the stop {} of a {} is not {} {} {}",
            price_text(stop),
            side,
            pl.when(is_buy).then(pl.lit("below")).otherwise(pl.lit("above")),
            edge_name,
            price_text(edge_at_stop),
        ),
    ),
    Rule(
        SignalReason.TARGET_WRONG_SIDE,
        "take_profits",
        pl.when(is_buy).then(nearest_target > edge_at_targets).otherwise(nearest_target < edge_at_targets),
        pl.format(
            "the target {} of a {} is not {} {} {}",
            price_text(nearest_target),
            side,
            pl.when(is_buy).then(pl.lit("above")).otherwise(pl.lit("below")),
            edge_name,
            price_text(edge_at_targets),
        ),
    ),
    Rule(
        SignalReason.TARGETS_OUT_OF_ORDER,
        "take_profits",
        pl.when(is_buy)
        .then(steps.list.eval(pl.element() > 0).list.all())
        .otherwise(steps.list.eval(pl.element() < 0).list.all()),
        pl.format("the targets of a {} do not lead away from the entry: {}", side, prices_text(targets)),
    ),
    Rule(
        SignalReason.STOP_TOO_NEAR,
        "stop_loss",
        (edge_at_stop - stop).abs() > bid_ask_spread,
        pl.format(
            "the stop {} is {} from {} {}, not more than the spread of {}",
            price_text(stop),
            price_text((edge_at_stop - stop).abs()),
            edge_name,
            price_text(edge_at_stop),
            price_text(bid_ask_spread),
        ),
    ),
    Rule(
        SignalReason.STOP_TOO_FAR,
        "stop_loss",
        _percent_apart(stop, edge_at_targets) <= STOP_MAX_PCT,
        pl.format(
            "the stop {} is {} % from {} {}, more than {} %",
            price_text(stop),
            _percent_apart(stop, edge_at_targets).round(2),
            edge_name,
            price_text(edge_at_targets),
            pl.lit(STOP_MAX_PCT),
        ),
    ),
    Rule(
        SignalReason.TARGET_TOO_FAR,
        "take_profits",
        _percent_apart(farthest_target, edge_at_targets) <= TARGET_MAX_PCT,
        pl.format(
            "the target {} is {} % from {} {}, more than {} %",
            price_text(farthest_target),
            _percent_apart(farthest_target, edge_at_targets).round(2),
            edge_name,
            price_text(edge_at_targets),
            pl.lit(TARGET_MAX_PCT),
        ),
    ),
    Rule(
        SignalReason.ENTRY_PASSED,
        "entry_low",
        ~is_market_order | (left_behind <= MAX_ENTRY_DISTANCE_R * risk + drift),
        pl.format(
            "the market has left the entry {} by {} R, more than {} R and what it may have moved since; {}",
            price_text(edge_at_targets),
            (left_behind / risk).round(2),
            pl.lit(MAX_ENTRY_DISTANCE_R),
            market_text,
        ),
    ),
)
"""In the order in which they are asked; the first that fails names the signal's fault."""
