"""What the live lane takes for one message: parsed, validated, enriched and resolved in the daemon's memory,
by the functions of the pipelines, one message after the other.

In this process, without HTTP and journal: those are in the rows of accepts and orders.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import polars as pl

from bench.reporting import Row, row
from hive_core.configuration.model import Account, Configuration
from hive_core.contracts.lane import LaneOutcome
from hive_core.contracts.message import Message
from hive_core.market.bars import BAR_SCHEMA
from hive_core.signals.messages import MESSAGES
from hive_exec.lanes.live import LiveLane
from tests.support.lane_bench import Pipeline

DAYS = 20
ROOMS = 16
WARM = 20


def _bars(until: datetime) -> pl.DataFrame:
    prices = {"open": 1.1, "high": 1.1008, "low": 1.0992, "close": 1.1}
    opens = [until - timedelta(hours=number) for number in range(24 * DAYS, 0, -1)]
    rows = [
        {
            "symbol": "EURUSD",
            "timeframe": "H1",
            "ts_open": each,
            **{f"bid_{name}": value for name, value in prices.items()},
            **{f"ask_{name}": round(value + 0.0001, 5) for name, value in prices.items()},
            "volume": None,
            "landing_sha256": "0" * 64,
        }
        for each in opens
    ]
    return pl.DataFrame(rows, schema=BAR_SCHEMA)


def _text(number: int) -> str:
    tenth = f"{number % 9}{number // 9 % 10}"
    if number % 2:
        return f"BUY EURUSD NOW\nSL 1.095{tenth}\nTP 1.104{tenth}"
    return f"SELL EURUSD NOW\nSL 1.104{tenth}\nTP 1.095{tenth}"


def lane_rows(*, messages: int) -> list[Row]:
    """Milliseconds a message, over so many from several rooms."""
    made_at = datetime.now(UTC)
    account = Account(
        name="bench",
        mode="paper",
        sources=("*",),
        accepted_unknowns=("request_limits", "policy", "policy.third_party_automation"),
    )
    world = Pipeline(
        pl.DataFrame(schema=MESSAGES),
        _bars(made_at.replace(minute=0, second=0, microsecond=0)),
        Configuration(accounts=(account,)),
    )
    lane = LiveLane(world.context(made_at), ())
    taken_ms = []
    for number in range(WARM + messages):
        now_ns = time.time_ns()
        message = Message(
            source=f"room_{number % ROOMS}",
            message_id=str(number),
            ts_event_ns=now_ns,
            text=_text(number),
        )
        began_s = time.perf_counter()
        taken = lane.take(f"message:{number}", message, received_ns=now_ns, now_ns=now_ns)
        taken_ms.append((time.perf_counter() - began_s) * 1e3)
        if taken.judged.outcome is not LaneOutcome.JUDGED or not taken.judged.fates:
            raise AssertionError(f"{message.text!r} was not judged: {taken.judged}")
    ordered = sorted(taken_ms[WARM:])
    subject = "a message, parsed to resolved"
    return [
        row("live lane", subject, "p50", "ms", [ordered[len(ordered) // 2]]),
        row("live lane", subject, "p99", "ms", [ordered[len(ordered) * 99 // 100]]),
    ]
