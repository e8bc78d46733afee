"""One more message through the assets, from its landing to the decisions of its day, with little and with
much stored.

Rows for the suite `signals`. A room's messages came day by day, a file a day; the last day gets one more call
at a time, and after each all of its assets are made again: its messages, what they say, what is valid,
enriched and resolved. In both homes that day and its prices are the same, only what lies before it is not.
Dagster's own time is in the first rows and takes most of them; the others are the table of messages alone,
read as the asset reads it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import polars as pl

from bench.parsing import room_texts
from bench.reporting import Row, row
from hive_core.landing.home import HiveHome
from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS
from hive_core.signals.importing import import_messages
from hive_core.signals.messages import MessageDeclaration
from hive_core.signals.tables import RESOLUTIONS
from hive_pipelines.assets import signals
from hive_pipelines.lake import Lake
from hive_pipelines.lake_io_manager import LakeIOManager
from hive_pipelines.message_days import messages_of_days
from hive_pipelines.partitions import DAY_FORMAT, day_window
from hive_pipelines.resources import HiveResource

LAST_DAY = datetime(2025, 6, 30, tzinfo=UTC)
RECEIVED_NS = 1_760_000_000_000_000_000
A_DAY = 200
"""Messages of a day."""

ASSETS = (
    signals.messages,
    signals.parsed_signals,
    signals.judged_signals,
    signals.enriched_signals,
    signals.resolved_signals,
)
SETTINGS = '[[accounts]]\nname = "desk"\nmode = "replay"\nsources = ["*"]\n'


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class NotThere(AssertionError):
    """A message that landed is not in a table of its day."""


def one_more_message_rows(
    folder: Path, *, days: tuple[int, ...] = (125, 500), more: int = 7, reads: int = 40
) -> list[Row]:
    """One more message, with so many days of messages before its own: seconds of each of `more` through the
    assets, and of each of `reads` into the table of messages."""
    texts = room_texts(A_DAY)
    through: list[Row] = []
    alone: list[Row] = []
    for before in days:
        home = HiveHome(folder / f"messages-{before}" / "home")
        home.root.mkdir(parents=True)
        (home.root.parent / "hive.toml").write_text(SETTINGS, "utf-8")
        Lake(home.lake).write("bars", "EURUSD.H1", _bars(), run_id="bench")
        for day in range(before, -1, -1):
            _land(home, LAST_DAY - day * timedelta(days=1), texts)
        with _assets_of(home) as make:
            for day in (LAST_DAY - timedelta(days=1), LAST_DAY):  # the first run reads everything
                make(day)
            taken = [_seconds(home, number, partial(make, LAST_DAY)) for number in range(more)]
            _require_resolved(Lake(home.lake), more)
        read = [
            _seconds(home, number, partial(messages_of_days, home, *day_window([_key(LAST_DAY)])))
            for number in range(more, more + reads)
        ]
        _require_all(home, more + reads)
        stored = f"{before * A_DAY:,} stored"
        for rows, work, values in (
            (through, "one more message, through the assets", taken),
            (alone, "one more message, in the table of its day", read),
        ):
            against = (rows[0].subject, rows[0].value) if rows else None
            rows.append(row(work, stored, "time", "s", values, floor=against, ratio_under=1.5))
    return [*through, *alone]


def _land(home: HiveHome, day: datetime, texts: list[str], first: int = 0) -> None:
    """A file of messages of a day, one a minute."""
    rows = (
        {"id": f"{_key(day)}-{minute}", "ts": (day + timedelta(minutes=minute)).isoformat(), "text": text}
        for minute, text in enumerate(texts, first)
    )
    payload = "".join(json.dumps(row) + "\n" for row in rows).encode()
    said = MessageDeclaration(source="room", format="jsonl")
    import_messages(home, "room.jsonl", payload, said, received_ns=RECEIVED_NS)


def _seconds(home: HiveHome, number: int, work: Callable[[], object]) -> float:
    _land(home, LAST_DAY, [f"BUY EURUSD NOW\nSL 1.05{number:02d}\nTP 1.07{number:02d}"], A_DAY + number)
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _key(day: datetime) -> str:
    return day.strftime(DAY_FORMAT)


@contextmanager
def _assets_of(home: HiveHome) -> Iterator[Callable[[datetime], None]]:
    """Makes the assets of a day of a home, in this process."""
    hive = HiveResource()
    with dg.DagsterInstance.ephemeral() as instance, patch.dict("os.environ", HIVE_HOME=str(home.root)):
        os.environ.pop("HIVE_CONFIG", None)

        def make(day: datetime) -> None:
            dg.materialize(
                list(ASSETS),
                resources={"hive": hive, "io_manager": LakeIOManager(hive=hive)},
                instance=instance,
                partition_key=_key(day),
                run_config=QUIET,
            )

        yield make


def _bars() -> pl.DataFrame:
    """Three days of quiet hours."""
    hours = [LAST_DAY + timedelta(hours=hour) for hour in range(-48, 24)]
    return pl.DataFrame(
        {
            **{"symbol": "EURUSD", "timeframe": "H1", "ts_open": hours},
            **dict.fromkeys(BID_COLUMNS, 1.06),
            **dict.fromkeys(ASK_COLUMNS, 1.0601),
            **{"volume": None, "landing_sha256": "0" * 64},
        },
        schema=BAR_SCHEMA,
    )


def _require_resolved(lake: Lake, calls: int) -> None:
    resolutions = lake.read_many("resolutions", [_key(LAST_DAY)], RESOLUTIONS)
    if resolutions.filter(symbol="EURUSD").height < calls:
        raise NotThere(f"{resolutions.height} signals were resolved, {calls} calls landed")


def _require_all(home: HiveHome, landed: int) -> None:
    found, _ = messages_of_days(home, *day_window([_key(LAST_DAY)]))
    if found.height != A_DAY + landed:
        raise NotThere(f"{found.height} messages of the day, {A_DAY + landed} landed")
