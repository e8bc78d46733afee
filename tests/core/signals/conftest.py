"""Builders of bars and parsed signals, with defaults that pass every rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS, TIMEFRAME_SECONDS
from hive_core.signals.tables import MESSAGES, PARSED

WEDNESDAY = datetime(2017, 3, 1, tzinfo=UTC)

BarsBuilder = Callable[..., pl.DataFrame]
SignalsBuilder = Callable[..., pl.DataFrame]


def bars_of(
    prices: Sequence[float | tuple[float, float, float, float]],
    *,
    symbol: str = "EURUSD",
    timeframe: str = "H1",
    start: datetime = WEDNESDAY,
    spread: float = 0.0001,
    sides: str = "both",
) -> pl.DataFrame:
    """Bars one after the other; a price is a flat bar's bid, a tuple bid open, high, low, close."""
    rows = []
    for number, price in enumerate(prices):
        ohlc = price if isinstance(price, tuple) else (price, price, price, price)
        bid: dict[str, float | None] = dict(zip(BID_COLUMNS, ohlc, strict=True))
        ask: dict[str, float | None] = {
            name: round(value + spread, 8) for name, value in zip(ASK_COLUMNS, ohlc, strict=True)
        }
        if sides == "bid":
            ask = dict.fromkeys(ASK_COLUMNS)
        if sides == "ask":
            bid = dict.fromkeys(BID_COLUMNS)
        opens = start + timedelta(seconds=number * TIMEFRAME_SECONDS[timeframe])
        rows.append(
            {
                "symbol": symbol,
                "timeframe": timeframe,
                "ts_open": opens,
                **bid,
                **ask,
                "volume": None,
                "landing_sha256": "0" * 64,
            }
        )
    return pl.DataFrame(rows, schema=BAR_SCHEMA)


def signals_of(*changes: dict[str, Any]) -> pl.DataFrame:
    """PARSED rows: a EURUSD buy at the market at 1.05, posted at 10:30, changed as told."""
    rows = []
    for number, change in enumerate(changes):
        row: dict[str, Any] = {
            "signal_id": f"sig_{number}",
            "source": "room",
            "message_id": str(number),
            "version": 1,
            "ts_event": WEDNESDAY + timedelta(hours=10, minutes=30),
            "message_sha256": f"{number:064x}",
            "kind": "signal",
            "symbol": "EURUSD",
            "side": "buy",
            "order_type": "market",
            "entry_low": None,
            "entry_high": None,
            "stop_loss": 1.0450,
            "take_profits": [1.0550, 1.0600],
            "confidence": 1.0,
            "grounds": [],
            "field": None,
            "reason": None,
            "detail": None,
            **change,
        }
        if "entry" in row:
            row["entry_low"] = row["entry_high"] = row.pop("entry")
        if "valid_until" not in row:
            row["valid_until"] = row["ts_event"] + timedelta(hours=2)
        rows.append(row)
    return pl.DataFrame(rows, schema=PARSED, strict=False)


@pytest.fixture
def make_bars() -> BarsBuilder:
    return bars_of


@pytest.fixture
def make_signals() -> SignalsBuilder:
    return signals_of


@pytest.fixture
def flat_bars() -> pl.DataFrame:
    """Two days of EURUSD H1 at a bid of 1.0500 and an ask of 1.0501."""
    return bars_of([1.0500] * 48)


@pytest.fixture
def no_texts() -> pl.DataFrame:
    return pl.DataFrame(schema=MESSAGES)


@pytest.fixture
def wednesday() -> datetime:
    return WEDNESDAY
