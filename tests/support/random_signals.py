"""Seeded histories of enriched signals: rooms and cards, instruments and order types, of any length."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

from hive_core.signals.tables import ENRICHED

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
MIDS = {"EURUSD": (1.08, 5), "USDJPY": (150.0, 3), "XAUUSD": (2000.0, 2)}


def random_signals(seed: int, count: int, *, days: float, rooms: int = 12, places: int = 0) -> pl.DataFrame:
    """ENRICHED with `voice_kind`: `count` valid signals over so many days.

    Args:
        places: how many more decimal places prices have than their instrument quotes.
    """
    chance = np.random.default_rng(seed)
    symbols = np.array(list(MIDS))[chance.integers(0, len(MIDS), count)]
    mid = np.array([MIDS[symbol][0] for symbol in symbols])
    digits = np.array([MIDS[symbol][1] for symbol in symbols])
    mid = mid * (1 + chance.normal(0, 2e-3, count))
    up = np.where(chance.random(count) < 0.5, 1.0, -1.0)
    kind = np.array(["market", "market", "limit", "stop"])[chance.integers(0, 4, count)]
    away = mid * chance.uniform(1e-4, 2e-3, count)
    edge = np.where(kind == "limit", mid - up * away, np.where(kind == "stop", mid + up * away, mid))
    named = (kind != "market") | (chance.random(count) < 0.5)
    risk = mid * chance.uniform(5e-4, 6e-3, count)
    targets = 1 + chance.integers(0, 3, count)
    ladder = [edge + up * risk * chance.uniform(0.2, 1.0, count) * (step + 1) for step in range(3)]

    def quoted(prices: np.ndarray) -> np.ndarray:
        return np.array([round(p, int(d) + places) for p, d in zip(prices, digits, strict=True)])

    entry = [price if has else None for price, has in zip(quoted(edge).tolist(), named, strict=True)]
    ts = np.sort(chance.integers(0, int(days * 86_400), count)) * 1_000_000
    ts = ts + int(BEGIN.timestamp()) * 1_000_000
    steps = np.stack([quoted(prices) for prices in ladder], axis=1).tolist()
    frame = pl.DataFrame(
        {
            "signal_id": [f"sig_{number:07d}" for number in chance.permutation(count)],
            "source": [f"room_{number:02d}" for number in chance.integers(0, rooms, count)],
            "message_id": [str(number) for number in range(count)],
            "version": 1,
            "ts_event": ts,
            "message_sha256": [f"{number:064x}" for number in range(count)],
            "symbol": symbols,
            "side": np.where(up > 0, "buy", "sell"),
            "order_type": kind,
            "entry_low": entry,
            "entry_high": entry,
            "stop_loss": quoted(edge - up * risk),
            "take_profits": [prices[:many] for prices, many in zip(steps, targets.tolist(), strict=True)],
            "valid_until": ts + chance.integers(0, 4 * 3600, count) * 1_000_000,
            "market_bid": quoted(mid * (1 - 5e-5)),
            "market_ask": quoted(mid * (1 + 5e-5)),
            "voice_kind": np.where(chance.random(count) < 0.2, "card", "source"),
        },
        strict=False,
    ).with_columns(pl.from_epoch("ts_event", time_unit="us"), pl.from_epoch("valid_until", time_unit="us"))
    missing = [pl.lit(None).alias(name) for name in ENRICHED if name not in frame.columns]
    whole = frame.with_columns(missing)
    return whole.select(*(pl.col(name).cast(dtype) for name, dtype in ENRICHED.items()), "voice_kind")
