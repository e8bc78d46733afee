"""A tiny lake of hand-made EURUSD bars, and decisions over it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.model import Configuration
from hive_core.contracts.decision import Decision, DecisionRule, Delivery, Origin, Vote
from hive_core.evidence.canonical import canonical_bytes
from hive_core.landing.home import HiveHome
from hive_core.market.bars import BAR_SCHEMA
from hive_exec import service
from hive_exec.cell import Cell

MONDAY = datetime(2017, 3, 6, 8, 0, tzinfo=UTC)


READ_UP = ("request_limits", "policy", "policy.third_party_automation")
"""What FTMO does not state, or ties to conditions, and an account's owner has read up on: nobody is asked."""


def bars_of(rows: list[tuple[datetime, float, float, float, float]], symbol: str = "EURUSD") -> pl.DataFrame:
    """H1 bid bars from (time, open, high, low, close); the ask is a pip above."""
    pip = 0.0001
    return pl.DataFrame(
        [
            {
                "symbol": symbol,
                "timeframe": "H1",
                "ts_open": ts,
                "bid_open": o,
                "bid_high": h,
                "bid_low": low,
                "bid_close": c,
                "ask_open": o + pip,
                "ask_high": h + pip,
                "ask_low": low + pip,
                "ask_close": c + pip,
                "volume": 1.0,
                "landing_sha256": "0" * 64,
            }
            for ts, o, h, low, c in rows
        ],
        schema=BAR_SCHEMA,
    )


def write_bars(home: HiveHome, frame: pl.DataFrame) -> None:
    """Put bars where the lake keeps them."""
    folder = Path(home.lake) / "bars"
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / f"{frame['symbol'][0]}.H1.parquet")
    (folder / f"{frame['symbol'][0]}.H1.json").write_text('{"sha256": "' + "a" * 64 + '"}')


def a_decision(
    *,
    ts: datetime = MONDAY + timedelta(minutes=59),
    side: str = "buy",
    order_type: str = "market",
    entry: str | None = None,
    reference: str = "1.06000",
    stop: str = "1.05800",
    targets: tuple[str, ...] = ("1.06300",),
    account: str = "samples",
    symbol: str = "EURUSD",
    valid_s: int = 7_200,
    source: str = "sample_edge",
) -> Decision:
    """A decision with one vote. Its id is that of its content."""
    ts_ns = to_ns(ts)
    vote = Vote(
        kind="source",
        source=source,
        signal_id=f"sig_{ts_ns}_{symbol}_{side}_{order_type}_{entry}_{stop}",
        message_id="1",
        message_sha256="b" * 64,
        ts_event_ns=ts_ns,
        valid_until_ns=ts_ns + valid_s * 1_000_000_000,
        side=side,
        order_type=order_type,
        base_weight=Decimal(1),
        weight=Decimal(1),
        entry=None if entry is None else Decimal(entry),
        stop_loss=Decimal(stop),
        take_profits=tuple(Decimal(t) for t in targets),
    )
    decision = Decision(
        decision_id="dec_0",
        account=account,
        symbol=symbol,
        side=side,
        order_type=order_type,
        entry=None if entry is None else Decimal(entry),
        market_bid=Decimal(reference),
        market_ask=Decimal(reference),
        reference_price=Decimal(reference),
        stop_loss=Decimal(stop),
        take_profits=tuple(Decimal(t) for t in targets),
        ts_decided_ns=ts_ns,
        valid_until_ns=ts_ns + valid_s * 1_000_000_000,
        rule=DecisionRule(vote_window_s=3600, decay_half_life_s=None, threshold=Decimal(1), minimum_voices=1),
        votes=(vote,),
        resolver_version="1",
        resolver_settings_sha256="c" * 64,
    )
    return decision.model_copy(update={"decision_id": decision.expected_id()})


def delivery_bytes(decision: Decision) -> bytes:
    """What the sensor posts."""
    origin = Origin(run_id="run-1", partition="2017-03-06", data_sha256="d" * 64)
    return canonical_bytes(Delivery(decision=decision, origin=origin))


class Bench:
    """A cell under test that can be stopped and started again on the same home."""

    def __init__(self, home: HiveHome, configuration: Configuration) -> None:
        self.home, self.configuration = home, configuration
        self.wall_ns = to_ns(datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
        self.cell = self.open()

    def open(self) -> Cell:
        self.cell = Cell(self.home, self.configuration, wall_clock_ns=lambda: self.wall_ns)
        self.cell.start()
        return self.cell

    def reopen(self) -> None:
        self.cell.stop()
        self.open()

    def deliver(self, decision: Decision, payload: bytes | None = None):
        body = payload or delivery_bytes(decision)
        delivery = Delivery.model_validate_json(body)
        return self.cell.call(
            lambda: service.deliver(self.cell, decision.decision_id, body, delivery, "pipelines")
        ).result(10)

    def advance(self, until: datetime, account: str = "samples") -> None:
        self.cell.call(lambda: service.advance(self.cell, account, to_ns(until))).result(10)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            facts = self.account(account)
            if facts["clock_ns"] >= to_ns(until) and not facts["pending_decisions"]:
                return
            if self.cell.fatal is not None:
                raise self.cell.fatal
            time.sleep(0.01)
        raise TimeoutError(facts)

    def account(self, name: str = "samples"):
        facts = self.cell.call(lambda: service.accounts(self.cell)).result(10)
        return next(a for a in facts["accounts"] if a["name"] == name)

    def orders(self):
        return self.cell.call(lambda: service.orders(self.cell, None)).result(10)["orders"]

    def reports(self):
        return self.cell.call(lambda: service.reports(self.cell, 0, 10_000)).result(10).reports
