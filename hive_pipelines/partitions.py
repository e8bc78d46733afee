"""Partitions: a UTC day of messages, and an instrument with its timeframe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from hive_core.signals.lifecycle.events import REACH
from hive_core.signals.posts import EARLIEST

SIGNAL_DAYS = dg.DailyPartitionsDefinition(start_date=EARLIEST.strftime("%Y-%m-%d"), end_offset=1)
"""Every UTC day on which a message can have been posted, today included. A run may take a range."""

BAR_SERIES = dg.DynamicPartitionsDefinition(name="bar_series")
"""`SYMBOL.TIMEFRAME`, such as EURUSD.H1, added as bars land."""

DAY_FORMAT = "%Y-%m-%d"

WITH_DAY_BEFORE = dg.TimeWindowPartitionMapping(start_offset=-1, allow_nonexistent_upstream_partitions=True)
"""A day's signals are judged and resolved with the day before as context."""

WITH_DAYS_OF_REACH = dg.TimeWindowPartitionMapping(
    start_offset=-REACH.days, allow_nonexistent_upstream_partitions=True
)
"""A day's updates are attached with the days before as context that they can reach."""


def day_window(keys: list[str]) -> tuple[datetime, datetime]:
    """The first instant of the first day and the last microsecond of the last, of consecutive days."""
    first = datetime.strptime(min(keys), DAY_FORMAT).replace(tzinfo=UTC)
    last = datetime.strptime(max(keys), DAY_FORMAT).replace(tzinfo=UTC)
    return first, last + timedelta(days=1) - timedelta(microseconds=1)
