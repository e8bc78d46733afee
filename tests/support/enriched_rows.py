"""Enriched signals by a few words each, and settings with one account that rooms share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from hive_core.configuration.model import Account, Configuration, Resolution
from hive_core.evidence.canonical import sha256_hex
from hive_core.signals.tables import ENRICHED

MIDNIGHT = datetime(2017, 3, 1, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)
ONE_ACCOUNT = Configuration(accounts=(Account(name="joint", mode="replay", sources=("room_*",)),))


def with_resolution(**changes: Any) -> Configuration:
    return ONE_ACCOUNT.model_copy(update={"resolution": Resolution(**changes)})


NO_IDEAS = with_resolution(exposure_window_s=1)
"""The vote window alone: the same call is exposed again right after it."""


def enriched(*changes: dict[str, Any]) -> pl.DataFrame:
    """A EURUSD buy at the market at noon from room_a for each change; `minute` moves it."""
    rows = []
    for number, change in enumerate(changes):
        row: dict[str, Any] = dict.fromkeys(ENRICHED)
        row |= {
            "signal_id": f"sig_{number:03d}",
            "source": "room_a",
            "message_id": str(number),
            "version": 1,
            "ts_event": NOON,
            "message_sha256": sha256_hex(str(number).encode()),
            "symbol": "EURUSD",
            "side": "buy",
            "order_type": "market",
            "stop_loss": 1.0450,
            "take_profits": [1.0550, 1.0600],
            "market_ts": NOON,
            "market_bid": 1.0500,
            "market_ask": 1.0502,
        }
        change = dict(change)
        row["ts_event"] = NOON + timedelta(minutes=change.pop("minute", 0))
        if "entry" in change:
            row["entry_low"] = row["entry_high"] = change.pop("entry")
        row |= change
        row["valid_until"] = row["valid_until"] or row["ts_event"] + timedelta(hours=2)
        rows.append(row)
    return pl.DataFrame(rows, schema=ENRICHED)
