"""A live lane beside the pipeline: decks cut from whole tables at a moment, and messages one by one.

What a test asks of both stands in the test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from hive_core.calendars.news import NEWS_EVENTS
from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.model import Configuration
from hive_core.contracts.deck import DeckTableName
from hive_core.contracts.message import Message
from hive_core.market.bars import BAR_SCHEMA, RATE_SCHEMA
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.fates import Resolved
from hive_core.signals.lane_context import LaneContext, make_deck, read_table
from hive_core.signals.parse import parse_signals
from hive_core.signals.resolve import resolve_signals
from hive_core.signals.scorecards.tables import SOURCE_WEIGHTS
from hive_core.signals.validate import validate_signals
from hive_exec.lanes.live import LiveLane, Taken

FOR_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pipeline:
    """Messages and the world beside them, through every stage at once."""

    messages: pl.DataFrame
    bars: pl.DataFrame
    configuration: Configuration
    news: pl.DataFrame | None = None
    rates: pl.DataFrame | None = None
    source_weights: pl.DataFrame | None = None

    def tables(self) -> dict[DeckTableName, pl.DataFrame]:
        """What a deck is cut from."""
        parsed = parse_signals(self.messages, self.configuration)
        valid, _ = validate_signals(parsed, self.bars, self.messages, self.configuration)
        enriched = enrich_signals(valid, self.bars, news=self.news, rates=self.rates)
        empty = {
            "bars": BAR_SCHEMA,
            "news_events": NEWS_EVENTS,
            "reference_rates": RATE_SCHEMA,
            "source_weights": SOURCE_WEIGHTS,
        }
        given = {
            "bars": self.bars,
            "news_events": self.news,
            "reference_rates": self.rates,
            "source_weights": self.source_weights,
        }
        world = {
            name: pl.DataFrame(schema=empty[name]) if frame is None else frame
            for name, frame in given.items()
        }
        return {
            "messages": self.messages,
            "parsed_signals": parsed,
            "enriched_signals": enriched,
            **world,
        }

    def resolved(self) -> Resolved:
        """The decisions and resolutions of all messages."""
        weights = self.source_weights if self.configuration.resolution.weighting == "scorecard" else None
        return resolve_signals(self.tables()["enriched_signals"], self.configuration, source_weights=weights)

    def context(
        self, made_at: datetime, *, landed: pl.DataFrame | None = None, valid_for: timedelta = FOR_A_DAY
    ) -> LaneContext:
        """The deck of a moment: of the messages that had landed by then (those posted before it), and of the
        bars that had closed. Through its bytes, as the daemon gets it."""
        before = self.messages.filter(pl.col("ts_event") < made_at) if landed is None else landed
        known = replace(self, messages=before)
        weighed = set() if self.source_weights is None else set(self.source_weights["day"])
        deck, payloads = make_deck(
            known.tables(),
            self.configuration,
            made_at=made_at,
            valid_for=valid_for,
            run_id="run-1",
            inputs=(),
            weighed_days=weighed,
        )
        return LaneContext(
            deck, {table.name: read_table(table, payloads[table.name]) for table in deck.tables}
        )


def message_of(row: dict) -> Message:
    """A row of MESSAGES as it would have been posted."""
    return Message(
        source=row["source"],
        message_id=row["message_id"],
        version=row["version"],
        ts_event_ns=to_ns(row["ts_event"]),
        text=row["text"],
        reply_to=row["reply_to"],
    )


def in_order(messages: pl.DataFrame) -> list[dict]:
    """Rows of MESSAGES as they would have arrived."""
    return messages.sort("ts_event", "source", "message_id", "version").rows(named=True)


def take_all(lane: LiveLane, rows: Iterable[dict]) -> list[Taken]:
    """Every message, each at the moment when it was posted."""
    return [take(lane, row) for row in rows]


def take(lane: LiveLane, row: dict) -> Taken:
    """One message at the moment when it was posted."""
    ts_ns = to_ns(row["ts_event"])
    key = f"{row['source']}:{row['message_id']}:{row['version']}"
    return lane.take(key, message_of(row), received_ns=ts_ns, now_ns=ts_ns, is_deleted=row["is_deleted"])
