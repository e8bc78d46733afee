"""How instruments move, by the lake's reference rates and bars as they were known at a moment: what the gate
asks where an account limits correlation or value at risk, or sizes by volatility.

The estimate is `hive_core.risk.portfolio.gate_model`'s; without rates nothing is known.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from hive_core.calendars.trading_day import from_ns
from hive_core.instruments.specification import AssetClass, instruments
from hive_core.market.bars import RATE_SCHEMA
from hive_core.market.rates import PUBLISHED_AT, PUBLISHED_ZONE
from hive_core.risk.gating.risk_model import RiskModel
from hive_exec.lake_table import LakeTable
from hive_exec.replay.feed import LakeFeed

KEPT = 8
"""Accounts that live in different times ask by turns."""

REACH = timedelta(days=400)
"""The days of a model, with their weekends and holidays."""

_log = logging.getLogger("hive_exec.risk_models")


class RiskModels:
    """Makes a model anew when rates came out, and when the table of rates is another."""

    def __init__(self, lake: str, feed: LakeFeed) -> None:
        self._rates = LakeTable(lake, "reference_rates/all.parquet", list(RATE_SCHEMA))
        self._feed = feed
        self._made: OrderedDict[datetime, RiskModel | None] = OrderedDict()
        self._fault = ""

    def shown_at(self, now_ns: int) -> RiskModel | None:
        """By what was known when rates came out last; None where nothing is known, or it cannot be read,
        which is logged once."""
        at = last_publication(from_ns(now_ns))
        try:
            if self._rates.read_again():
                self._made.clear()
            if at not in self._made:
                self._made[at] = self._model_at(at)
        except (OSError, pl.exceptions.PolarsError) as error:
            self._made.clear()
            if str(error) != self._fault:
                self._fault = str(error)
                _log.error("prices for the risk model cannot be read: %s", error)
            return None
        self._fault = ""
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return self._made[at]

    def _model_at(self, at: datetime) -> RiskModel | None:
        # numpy is loaded only where an account asks.
        from hive_core.risk.portfolio.gate_model import gate_model_at, prices_at_fixing
        from hive_core.risk.portfolio.history import DAILY_PRICES

        if self._rates.rows is None:
            return None
        frames = [pl.DataFrame(schema=DAILY_PRICES)]
        for symbol, one in sorted(instruments().items()):
            if one.asset_class is not AssetClass.CURRENCY:
                frames.append(prices_at_fixing(symbol, self._feed.closes(symbol, at - REACH, at)))
        return gate_model_at(self._rates.rows, pl.concat(frames), at)


def last_publication(now: datetime) -> datetime:
    """When rates could have come out last: today's time of publication, or yesterday's."""
    zone = ZoneInfo(PUBLISHED_ZONE)
    day = now.astimezone(zone).date()
    at = datetime.combine(day, PUBLISHED_AT, tzinfo=zone)
    if at > now:
        at = datetime.combine(day - timedelta(days=1), PUBLISHED_AT, tzinfo=zone)
    return at.astimezone(UTC)
