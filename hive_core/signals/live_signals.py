"""From rows of ENRICHED to signals that can vote: whose they are, what they weigh, in whole numbers.

Everything that ends in the text of a decision is checked here, once a frame, against what contracts
accept. What votes decide is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from hive_core.configuration.model import Configuration
from hive_core.instruments.specification import instruments
from hive_core.signals.consensus import LiveSignal
from hive_core.signals.fixed_point import UNITS, units_of, units_of_float
from hive_core.signals.scorecards.weights import PRIOR_WEIGHT
from hive_core.signals.tables import ENRICHED, conform

VOICE_KIND = "voice_kind"
"""An optional column beside ENRICHED: `source` (also where it is missing) or `card`."""

PLACE = "place"
"""The number of a signal in the order in which signals are folded."""

ASKED = "asked"
"""Whether a signal's fate is asked for; the others are context."""

_IDENTIFIER = r"\A[A-Za-z0-9._:-]{1,128}\z"
_NAME = r"\A[a-z0-9][a-z0-9_-]{0,63}\z"
_SHA256 = r"\A[0-9a-f]{64}\z"
_LAST_US = 4_102_444_800_000_000
_MAX_PRICE = 1e7
"""Far beyond it a float does not hold eight decimal places."""
_MAX_TARGETS = 16
_KEPT = (
    *("signal_id", "source", "message_id", "message_sha256", "ts_event", "valid_until", "symbol", "side"),
    *("order_type", "stop_loss", "take_profits", "market_bid", "market_ask"),
)
"""What a decision is made of. The rest of a million rows would be copied for nobody."""

_PRICES = ("stop_loss", "market_bid", "market_ask")
_ENTRY = pl.when(pl.col("side") == "buy").then("entry_high").otherwise("entry_low").alias("entry")


class NotResolvable(ValueError):
    """A signal that validation cannot have let through: no decision could carry it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Which account a source trades, and what it weighs by configuration, in units; None for no account."""

    account: str | None
    weight: int


def taken_by(configuration: Configuration, source: str) -> Taken:
    """The account and the configured weight of a source."""
    found = configuration.account_for_source(source)
    weight = units_of(configuration.resolution.weight_of(source))
    return Taken(None if found is None else found[0], weight)


def voices_of(
    enriched: pl.DataFrame, configuration: Configuration, source_weights: pl.DataFrame | None
) -> pl.DataFrame:
    """What ENRICHED says of votes, with `voice_kind`, `entry` (the worst edge), `account` and `weight` (in
    units), checked.

    With `resolution.weighting` by scorecard the weight is the row of `source_weights` for the source and
    the UTC day on which the signal was posted. Without such a row a source that `weights` names has that
    weight, as cards have theirs, and any other whispers with `PRIOR_WEIGHT`: nobody has measured it.

    Raises:
        NotResolvable: a signal that no decision could carry; the first is named.
        ValueError: weights by scorecard without `source_weights`, or two weights for one day.
    """
    frame = conform(enriched, ENRICHED).select(
        *_KEPT,
        _ENTRY,
        enriched[VOICE_KIND] if VOICE_KIND in enriched.columns else pl.lit("source").alias(VOICE_KIND),
    )
    _require_contract(frame)
    names = frame["source"].unique(maintain_order=True).to_list()
    taken = [taken_by(configuration, name) for name in names]
    facts = pl.DataFrame(
        {"source": names, "account": [t.account for t in taken], "weight": [t.weight for t in taken]},
        schema={"source": pl.String, "account": pl.String, "weight": pl.Int64},
    )
    found = frame.join(facts, on="source", how="left", maintain_order="left")
    if configuration.resolution.weighting == "fixed":
        return found
    if source_weights is None:
        raise ValueError("resolution.weighting is scorecard: the table of source weights is needed")
    named = list(configuration.resolution.weights)
    return _with_weights_of_the_day(found, source_weights, named)


def in_order(voices: pl.DataFrame) -> pl.DataFrame:
    """The rows in the order in which they are folded, (ts_event, source, signal_id), with their `place`."""
    order = _order_of(voices)
    if (order[1:] < order[:-1]).any():
        voices = voices[order]
    return voices.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(PLACE))


def _order_of(voices: pl.DataFrame) -> npt.NDArray[np.intp]:
    times = voices["ts_event"].dt.timestamp("us").to_numpy()
    order = np.argsort(times, kind="stable")
    sorted_times = times[order]
    tied = np.zeros(order.size, np.bool_)
    tied[1:] = sorted_times[1:] == sorted_times[:-1]
    tied[:-1] |= tied[1:]
    if tied.any():
        # Texts are compared only where the time does not tell.
        among = voices.select("ts_event", "source", "signal_id")[order[tied]]
        order[tied] = order[tied][
            among.select(pl.arg_sort_by("ts_event", "source", "signal_id")).to_series().to_numpy()
        ]
    return order


def _with_weights_of_the_day(
    frame: pl.DataFrame, source_weights: pl.DataFrame, named: list[str]
) -> pl.DataFrame:
    weights = source_weights.select(
        "source", "day", (pl.col("weight") * UNITS).round(mode="half_to_even").cast(pl.Int64).alias("earned")
    )
    if weights.select("source", "day").is_duplicated().any():
        raise ValueError("source_weights has two weights of one source for one day")
    if weights.filter(pl.col("earned").is_null() | (pl.col("earned") < 0)).height:
        raise ValueError("source_weights has a weight that is none: null or negative")
    is_trusted = pl.col("source").is_in(named) | (pl.col(VOICE_KIND) == "card")
    prior = pl.min_horizontal("weight", pl.lit(round(PRIOR_WEIGHT * UNITS), pl.Int64))
    unmeasured = pl.when(is_trusted).then("weight").otherwise(prior)
    return (
        frame.with_columns(pl.col("ts_event").dt.date().alias("day"))
        .join(weights, on=["source", "day"], how="left", maintain_order="left")
        .with_columns(pl.coalesce("earned", unmeasured).alias("weight"))
        .drop("earned", "day")
    )


def _require_contract(frame: pl.DataFrame) -> None:
    """Whether a `contracts.decision.Decision` can carry each signal."""
    prices = [*(pl.col(name) for name in _PRICES), pl.col("take_profits").list.min()]
    tops = [*(pl.col(name) for name in _PRICES), pl.col("take_profits").list.max()]
    entry = pl.col("entry")
    is_good = {
        "source": pl.col("source").str.contains(_NAME),
        VOICE_KIND: pl.col(VOICE_KIND).is_in(["source", "card"]),
        "signal_id": pl.col("signal_id").str.contains(_IDENTIFIER),
        "message_id": pl.col("message_id").str.contains(_IDENTIFIER),
        "message_sha256": pl.col("message_sha256").str.contains(_SHA256),
        "symbol": pl.col("symbol").is_in(list(instruments())),
        "side": pl.col("side").is_in(["buy", "sell"]),
        "order_type": (pl.col("order_type") == "market")
        | (pl.col("order_type").is_in(["limit", "stop"]) & entry.is_not_null()),
        "take_profits": pl.col("take_profits").list.len().is_between(1, _MAX_TARGETS)
        & ~pl.col("take_profits").list.eval(pl.element().is_null()).list.any(),
        "prices": pl.all_horizontal(low * UNITS >= 1 for low in prices)
        & pl.all_horizontal(top <= _MAX_PRICE for top in tops)
        & (entry.is_null() | ((entry * UNITS >= 1) & (entry <= _MAX_PRICE))),
        "times": pl.all_horizontal(
            pl.col(name).dt.timestamp("us").is_between(0, _LAST_US) for name in ("ts_event", "valid_until")
        ),
    }
    checks = frame.select(expression.fill_null(False).alias(name) for name, expression in is_good.items())
    for name in is_good:
        if not checks[name].all():
            row = frame.row(int(np.argmin(checks[name].to_numpy())), named=True)
            raise NotResolvable(f"{row['signal_id']} of {row['source']}: its {name} fits no decision")


def live_signals(voices: pl.DataFrame) -> Iterator[tuple[str | None, LiveSignal]]:
    """The account and the signal of every row of `voices_of`, in its order."""
    for row in _in_microseconds(voices).iter_rows(named=True):
        yield row["account"], _live_signal(row)


def _in_microseconds(voices: pl.DataFrame) -> pl.DataFrame:
    return voices.with_columns(pl.col("ts_event", "valid_until").dt.timestamp("us"))


def _live_signal(row: dict[str, Any]) -> LiveSignal:
    return LiveSignal(
        kind=row[VOICE_KIND],
        source=row["source"],
        signal_id=row["signal_id"],
        message_id=row["message_id"],
        message_sha256=row["message_sha256"],
        symbol=row["symbol"],
        side=row["side"],
        order_type=row["order_type"],
        entry=None if row["entry"] is None else units_of_float(row["entry"]),
        stop_loss=units_of_float(row["stop_loss"]),
        take_profits=tuple(map(units_of_float, row["take_profits"])),
        ts_us=row["ts_event"],
        valid_until_us=row["valid_until"],
        market_bid=units_of_float(row["market_bid"]),
        market_ask=units_of_float(row["market_ask"]),
        weight=row["weight"],
    )
