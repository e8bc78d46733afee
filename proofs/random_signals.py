"""Seeded histories of enriched signals, of any length: rooms and cards, instruments, order types, ladders.

Made for proofs, benches and tests. They are valid one by one, and quarrel among each other.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from hive_core.signals.tables import ENRICHED

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
MIDS = {"EURUSD": (1.08, 5), "USDJPY": (150.0, 3), "XAUUSD": (2000.0, 2)}
"""By instrument a price, and how many decimal places it is quoted with."""

MAJORS = {
    **MIDS,
    "GBPUSD": (1.27, 5),
    "AUDUSD": (0.66, 5),
    "NZDUSD": (0.61, 5),
    "USDCAD": (1.36, 5),
    "USDCHF": (0.89, 5),
    "EURJPY": (162.0, 3),
    "GBPJPY": (190.0, 3),
}
ORDER_TYPES = np.array(["market", "market", "limit", "stop"])


def random_signals(
    seed: int,
    count: int,
    *,
    days: float,
    rooms: int = 12,
    places: int = 0,
    mids: dict[str, tuple[float, int]] = MIDS,
) -> pl.DataFrame:
    """ENRICHED with `voice_kind`: `count` valid signals over so many days from 2024 on, in the order of
    (ts_event, source, signal_id).

    Args:
        places: how many more decimal places prices have than their instrument is quoted with.
    """
    chance = np.random.default_rng(seed)
    which = chance.integers(0, len(mids), count)
    scale = 10.0 ** (np.array([digits for _, digits in mids.values()])[which] + places)
    mid = np.array([price for price, _ in mids.values()])[which] * (1 + chance.normal(0, 2e-3, count))
    up = np.where(chance.random(count) < 0.5, 1.0, -1.0)
    kind = ORDER_TYPES[chance.integers(0, len(ORDER_TYPES), count)]
    away = mid * chance.uniform(1e-4, 2e-3, count)
    edge = mid + up * away * np.select([kind == "limit", kind == "stop"], [-1.0, 1.0], 0.0)
    is_named = (kind != "market") | (chance.random(count) < 0.5)
    risk = mid * chance.uniform(5e-4, 6e-3, count)

    def quoted(prices: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.rint(prices * scale) / scale

    ladder = {
        f"target_{step}": quoted(edge + up * risk * chance.uniform(0.2, 1.0, count) * step)
        for step in (1, 2, 3)
    }
    ts = np.sort(chance.integers(0, max(int(days * 86_400), 1), count)) * 1_000_000
    ts = ts + int(BEGIN.timestamp()) * 1_000_000
    frame = pl.DataFrame(
        {
            "number": chance.permutation(count),
            "room": chance.integers(0, rooms, count),
            "is_card": chance.random(count) < 0.2,
            "ts_event": ts,
            "valid_until": ts + chance.integers(0, 4 * 3600, count) * 1_000_000,
            "symbol": np.array(list(mids))[which],
            "side": np.where(up > 0, "buy", "sell"),
            "order_type": kind,
            "edge": quoted(edge),
            "is_named": is_named,
            "stop_loss": quoted(edge - up * risk),
            "targets": 1 + chance.integers(0, 3, count),
            "market_bid": quoted(mid * (1 - 5e-5)),
            "market_ask": quoted(mid * (1 + 5e-5)),
            **ladder,
        }
    )
    number = pl.col("number").cast(pl.String)
    entry = pl.when("is_named").then("edge")
    named = frame.with_columns(
        pl.format("sig_{}", number.str.zfill(7)).alias("signal_id"),
        pl.format("room_{}", pl.col("room").cast(pl.String).str.zfill(2)).alias("source"),
        number.alias("message_id"),
        pl.lit(1).alias("version"),
        number.str.zfill(64).alias("message_sha256"),
        entry.alias("entry_low"),
        entry.alias("entry_high"),
        pl.concat_list(list(ladder)).list.head(pl.col("targets")).alias("take_profits"),
        pl.when("is_card").then(pl.lit("card")).otherwise(pl.lit("source")).alias("voice_kind"),
        pl.from_epoch("ts_event", time_unit="us"),
        pl.from_epoch("valid_until", time_unit="us"),
    )
    missing = named.with_columns(pl.lit(None).alias(name) for name in ENRICHED if name not in named.columns)
    whole = missing.select(*(pl.col(name).cast(dtype) for name, dtype in ENRICHED.items()), "voice_kind")
    return whole.sort("ts_event", "source", "signal_id")


def with_copies(signals: pl.DataFrame, count: int, *, seed: int) -> pl.DataFrame:
    """The signals, and `count` of them posted again by another room, up to a day and a half later."""
    chance = np.random.default_rng(seed)
    copied = signals[np.sort(chance.integers(0, signals.height, count))]
    later = pl.Series(chance.integers(1, 36 * 3600, count) * 1_000_000, dtype=pl.Duration("us"))
    number = pl.int_range(pl.len()).cast(pl.String)
    copies = copied.with_columns(
        pl.format("copy_{}", number.str.zfill(7)).alias("signal_id"),
        pl.format("{}_copies", "source").alias("source"),
        pl.format("copy{}", number).alias("message_id"),
        pl.format("c{}", number.str.zfill(63)).alias("message_sha256"),
        pl.col("ts_event") + later,
        pl.col("valid_until") + later,
    )
    return pl.concat([signals, copies]).sort("ts_event", "source", "signal_id")
