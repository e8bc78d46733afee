"""The live lane's context: the tables of a deck, cut to what a message can lean on, and back from bytes.

Pure. Which files of the lake the tables come from is the pipelines' matter, where decks are kept is
`landing.decks`'s, and what is made of a context is the daemon's and `recompute`'s.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

import polars as pl

from hive_core.calendars.news import CURRENCY_MEMORY, NEWS_EVENTS, NEWS_HORIZON
from hive_core.calendars.trading_day import from_ns, to_ns
from hive_core.configuration.model import Configuration, Resolution
from hive_core.contracts.deck import Deck, DeckInput, DeckTable, DeckTableName, LaneSettings
from hive_core.evidence.canonical import sha256_hex
from hive_core.market.as_of import bars_needed
from hive_core.market.bars import BAR_SCHEMA, RATE_SCHEMA
from hive_core.market.rates import MAX_RATE_AGE
from hive_core.signals.code_version import code_version
from hive_core.signals.lane_version import lane_version
from hive_core.signals.resolve import ONE_DAY, context_days
from hive_core.signals.scorecards.tables import SOURCE_WEIGHTS
from hive_core.signals.tables import ENRICHED, MESSAGES, PARSED, conform

SCHEMAS: dict[DeckTableName, dict[str, pl.DataType]] = {
    "bars": BAR_SCHEMA,
    "enriched_signals": ENRICHED,
    "messages": MESSAGES,
    "news_events": NEWS_EVENTS,
    "parsed_signals": PARSED,
    "reference_rates": RATE_SCHEMA,
    "source_weights": SOURCE_WEIGHTS,
}


class ContextFault(ValueError):
    """Bytes that are not the table which the deck names."""


@dataclass(frozen=True)
class LaneContext:
    """A deck with its tables, all in their schemas."""

    deck: Deck
    tables: Mapping[DeckTableName, pl.DataFrame]

    @cached_property
    def configuration(self) -> Configuration:
        """The settings by which messages are judged."""
        return self.deck.settings.as_configuration()

    @cached_property
    def sha256(self) -> str:
        """The deck's hash."""
        return self.deck.sha256()

    @property
    def source_weights(self) -> pl.DataFrame | None:
        """What sources weigh, where that is by scorecard."""
        is_scored = self.configuration.resolution.weighting == "scorecard"
        return self.tables["source_weights"] if is_scored else None


def context_begin(made_at: datetime, resolution: Resolution) -> datetime:
    """From when on signals are context: as many whole UTC days before the deck's as resolution looks back."""
    midnight = datetime.combine(made_at.astimezone(UTC).date(), time(), UTC)
    return midnight - context_days(resolution) * ONE_DAY


def messages_begin(first: datetime) -> datetime:
    """From when on messages are context: a day more, as far as they lean on each other."""
    return first - ONE_DAY


def cut(
    tables: Mapping[DeckTableName, pl.DataFrame],
    made_at: datetime,
    valid_until: datetime,
    resolution: Resolution,
) -> dict[DeckTableName, pl.DataFrame]:
    """The tables' rows that a message can lean on which is posted from the context's begin to `valid_until`.

    Nothing later than `made_at` is taken of what was posted, and no day after that of `valid_until` of the
    weights. A message judged with these rows is judged as with all.
    """
    first = context_begin(made_at, resolution)
    said = messages_begin(first)
    day = pl.col("day")
    by_time = pl.col("ts_event")
    timeframes = sorted(set(tables["bars"]["timeframe"]))
    begins = {timeframe: said - bars_needed(timeframe) for timeframe in timeframes}
    bars = [
        tables["bars"].filter((pl.col("timeframe") == timeframe) & (pl.col("ts_open") >= begins[timeframe]))
        for timeframe in timeframes
    ]
    rows: dict[DeckTableName, pl.DataFrame] = {
        "bars": pl.concat([pl.DataFrame(schema=BAR_SCHEMA), *bars]).sort("symbol", "timeframe", "ts_open"),
        "enriched_signals": tables["enriched_signals"].filter(by_time.is_between(first, made_at)),
        "messages": tables["messages"].filter(by_time.is_between(said, made_at)),
        "news_events": tables["news_events"].filter(
            by_time.is_between(said - CURRENCY_MEMORY - ONE_DAY, valid_until + NEWS_HORIZON + ONE_DAY)
        ),
        "parsed_signals": tables["parsed_signals"].filter(by_time.is_between(said, made_at)),
        "reference_rates": tables["reference_rates"].filter(
            pl.col("date") >= (said - MAX_RATE_AGE - 2 * ONE_DAY).date()
        ),
        "source_weights": tables["source_weights"].filter(day.is_between(first.date(), valid_until.date())),
    }
    return {name: conform(rows[name], SCHEMAS[name]) for name in SCHEMAS}


def make_deck(
    tables: Mapping[DeckTableName, pl.DataFrame],
    configuration: Configuration,
    *,
    made_at: datetime,
    valid_for: timedelta,
    run_id: str,
    inputs: tuple[DeckInput, ...],
    weighed_days: Collection[date] = (),
) -> tuple[Deck, dict[DeckTableName, bytes]]:
    """A deck of these tables, and the bytes of its own.

    Where sources are weighed by scorecard it ends, at the latest, with the last day that has weights: a day
    without weights is not known, and nothing is guessed.

    Args:
        weighed_days: the days whose weights were made; that no source has a row on one of them is an answer.

    Raises:
        ValueError: weights are by scorecard, and those of the day of `made_at` were not made.
    """
    resolution = configuration.resolution
    valid_until = made_at + valid_for
    if resolution.weighting == "scorecard":
        valid_until = min(valid_until, _weighed_until(weighed_days, made_at))
    payloads = {
        name: _as_bytes(frame) for name, frame in cut(tables, made_at, valid_until, resolution).items()
    }
    deck = Deck(
        made_at_ns=to_ns(made_at),
        valid_until_ns=to_ns(valid_until),
        first_ts_ns=to_ns(context_begin(made_at, resolution)),
        lane_version=lane_version(),
        resolver_version=code_version(),
        run_id=run_id,
        settings=LaneSettings.of(configuration),
        tables=tuple(
            DeckTable(
                name=name,
                rows=pl.read_parquet(io.BytesIO(payload)).height,
                size_bytes=len(payload),
                sha256=sha256_hex(payload),
            )
            for name, payload in payloads.items()
        ),
        inputs=inputs,
    )
    return deck, payloads


def _weighed_until(weighed_days: Collection[date], made_at: datetime) -> datetime:
    """The end of the last day of the unbroken row of days with weights that begins with the deck's."""
    day = made_at.astimezone(UTC).date()
    if day not in weighed_days:
        raise ValueError(
            f"resolution.weighting is scorecard, and source_weights has nothing of {day}: "
            "materialise source_weights of that day first"
        )
    while day in weighed_days:
        day += ONE_DAY
    return datetime.combine(day, time(), UTC)


def read_table(table: DeckTable, payload: bytes) -> pl.DataFrame:
    """The table of these bytes.

    Raises:
        ContextFault: they are not those that the deck names, or not that table.
    """
    if len(payload) != table.size_bytes or sha256_hex(payload) != table.sha256:
        raise ContextFault(f"{table.name}: not the bytes that the deck names; publish the deck anew")
    frame = pl.read_parquet(io.BytesIO(payload))
    if frame.schema != pl.Schema(SCHEMAS[table.name]) or frame.height != table.rows:
        raise ContextFault(f"{table.name}: not the columns or rows of that table; publish the deck anew")
    return frame


def begins_at(deck: Deck) -> datetime:
    """From when on a deck's signals are context."""
    return from_ns(deck.first_ts_ns)


def _as_bytes(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()
