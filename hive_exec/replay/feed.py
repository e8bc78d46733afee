"""Stored bars and reference rates as events, in one total order. Reads the lake; decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import fsspec
import polars as pl

from hive_core.backtest.fills import BarPrices
from hive_core.calendars.trading_day import from_ns, to_ns
from hive_core.instruments.specification import InstrumentSpecification, instruments
from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS, TIMEFRAME_SECONDS, with_both_sides
from hive_core.market.one_series import CONTEXT, one_series
from hive_core.market.rates import PUBLISHED_AT, PUBLISHED_ZONE
from hive_exec.core.records import RANK_BAR_CLOSED, RANK_BAR_OPENED, RANK_RATES, FeedPosition

LOOK_BACK = timedelta(days=10)
"""How far before the clock prices are read again after a start: over any holiday and its weekend."""


@dataclass(frozen=True, slots=True)
class BarOpened:
    """The first price of a bar."""

    at: FeedPosition
    symbol: str
    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class BarClosed:
    """A bar whose whole range is known."""

    at: FeedPosition
    symbol: str
    opened_ns: int
    bar: BarPrices[Decimal]


@dataclass(frozen=True, slots=True)
class RatePublished:
    """A reference rate that became known."""

    at: FeedPosition
    currency: str
    per_eur: Decimal


FeedEvent = BarOpened | BarClosed | RatePublished


class LakeFeed:
    """Bars and rates under one lake address (a folder or an fsspec URL)."""

    def __init__(self, lake: str) -> None:
        self._lake = lake.rstrip("/")
        self._files, self._root = fsspec.core.url_to_fs(self._lake)

    def data_hashes(self, symbols: list[str]) -> dict[str, str]:
        """SHA-256 of the stored bar files of these symbols, by `SYMBOL.TIMEFRAME`."""
        hashes: dict[str, str] = {}
        for symbol in sorted(symbols):
            for timeframe in TIMEFRAME_SECONDS:
                side = f"{self._root}/bars/{symbol}.{timeframe}.json"
                if self._files.exists(side):
                    hashes[f"{symbol}.{timeframe}"] = json.loads(self._files.cat_file(side))["sha256"]
        return hashes

    def events(self, symbols: list[str], after_ns: int, until_ns: int) -> Iterator[FeedEvent]:
        """Events of these symbols, and all rates, from `LOOK_BACK` before `after_ns` up to and
        including `until_ns`, in order; of each rate also the last before.

        Where several timeframes are stored, `hive_core.market.one_series` says which bar is used when.
        That and every event depend on the stored bars alone: a stretch reads the same in one window as
        in several, wherever they begin and end.
        """
        start = from_ns(after_ns) - LOOK_BACK
        end = from_ns(until_ns)
        found: list[FeedEvent] = [*self._rates(start, end)]
        for symbol in sorted(symbols):
            found += self._bars(symbol, start, end)
        found.sort(key=lambda event: event.at)
        return iter(found)

    def closes(self, symbol: str, start: datetime, end: datetime) -> pl.DataFrame:
        """`ts_close`, `bid_close` and `ask_close` of the bars of a symbol that closed in a window."""
        specification = instruments()[symbol]
        stored = self._stored_bars(symbol, start, end)
        used = one_series(stored, closes_at_weekends=specification.closes_at_weekends)
        closed = used.filter(pl.col("ts_close").is_between(start, end))
        return with_both_sides(closed, specification).select("ts_close", "bid_close", "ask_close")

    def _bars(self, symbol: str, start: datetime, end: datetime) -> Iterator[FeedEvent]:
        specification = instruments()[symbol]
        stored = self._stored_bars(symbol, start, end)
        used = one_series(stored, closes_at_weekends=specification.closes_at_weekends)
        touching = used.filter((pl.col("ts_close") >= start) & (pl.col("ts_open") <= end))
        complete = with_both_sides(touching, specification)
        for opened, closed, *values in complete.select(
            "ts_open", "ts_close", *BID_COLUMNS, *ASK_COLUMNS
        ).iter_rows():
            prices = [_tick_price(value, specification) for value in values]
            opened_ns, closed_ns = to_ns(opened), to_ns(closed)
            if opened >= start:
                yield BarOpened((opened_ns, RANK_BAR_OPENED, symbol), symbol, prices[0], prices[4])
            if closed <= end:
                yield BarClosed((closed_ns, RANK_BAR_CLOSED, symbol), symbol, opened_ns, BarPrices(*prices))

    def _stored_bars(self, symbol: str, start: datetime, end: datetime) -> pl.DataFrame:
        """Bars of a symbol of every timeframe, in a window and as far around it as they decide on
        which of those in it are used."""
        columns = ("timeframe", "ts_open", *BID_COLUMNS, *ASK_COLUMNS)
        around = pl.col("ts_open").is_between(start - CONTEXT, end + CONTEXT)
        found = [pl.DataFrame(schema={name: BAR_SCHEMA[name] for name in columns})]
        for timeframe in TIMEFRAME_SECONDS:
            path = f"{self._root}/bars/{symbol}.{timeframe}.parquet"
            if self._files.exists(path):
                with self._files.open(path, "rb") as file:
                    found.append(pl.scan_parquet(file).filter(around).select(columns).collect())
        return pl.concat(found)

    def _rates(self, start: datetime, end: datetime) -> Iterator[FeedEvent]:
        path = f"{self._root}/reference_rates/all.parquet"
        if not self._files.exists(path):
            return
        with self._files.open(path, "rb") as file:
            known = pl.scan_parquet(file).filter(pl.col("date") <= end.date()).sort("date").collect()
        # The last rate before the window too: a position may outlast a silence of the source, and its
        # worth is then counted by the last rate there was. New risk wants a fresh one.
        before = known.filter(pl.col("date") < start.date()).group_by("currency").last().select(known.columns)
        rates = pl.concat([before, known.filter(pl.col("date") >= start.date())])
        for day, currency, per_eur in rates.select("date", "currency", "per_eur").iter_rows():
            published_ns = to_ns(datetime.combine(day, PUBLISHED_AT, tzinfo=ZoneInfo(PUBLISHED_ZONE)))
            if published_ns <= to_ns(end):
                yield RatePublished((published_ns, RANK_RATES, currency), currency, Decimal(str(per_eur)))


def _tick_price(value: float, specification: InstrumentSpecification) -> Decimal:
    """A stored price as the venue could quote it."""
    return specification.round_to_tick(Decimal(str(value)))
