"""An account's day: a zone and a reset time, with its 23- and 25-hour days.

Also when the spot currency market is closed. News events and sessions belong in modules beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NS_PER_SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WITHOUT_ZONE = _EPOCH.replace(tzinfo=None)
_NEW_YORK = ZoneInfo("America/New_York")


def to_ns(moment: datetime) -> int:
    """Nanoseconds since 1970 UTC of an aware datetime. Raises ValueError on a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is not a time")
    delta = moment - _EPOCH
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1_000


def from_ns(ts_ns: int) -> datetime:
    """Aware UTC datetime, to the microsecond, of nanoseconds since 1970."""
    return _EPOCH + timedelta(microseconds=ts_ns // 1_000)


def iso_utc(ts_ns: int) -> str:
    """`2017-03-01T09:59:00Z`, for people."""
    return f"{(_EPOCH_WITHOUT_ZONE + timedelta(microseconds=ts_ns // 1_000)).isoformat()}Z"


@dataclass(frozen=True, slots=True)
class TradingDay:
    """The day by which an account's limits are counted: it begins at `reset` in `zone`."""

    zone: str
    reset: time = time(0, 0)

    def day_of(self, ts_ns: int) -> date:
        """The trading day that holds this instant, named by the local date on which it begins."""
        local = from_ns(ts_ns).astimezone(ZoneInfo(self.zone))
        day = local.date()
        return day if ts_ns >= self.start_ns(day) else day - timedelta(days=1)

    def start_ns(self, day: date) -> int:
        """The instant at which a trading day begins. A local time that the clock skips counts by the
        offset before the shift (a skipped midnight is the shift itself); one that comes twice counts
        the first time."""
        local = datetime.combine(day, self.reset, tzinfo=ZoneInfo(self.zone))
        return to_ns(local.astimezone(UTC))

    def next_reset_ns(self, ts_ns: int) -> int:
        """The first reset strictly after this instant."""
        return self.start_ns(self.day_of(ts_ns) + timedelta(days=1))


def market_is_closed(ts_ns: int) -> bool:
    """Whether spot currencies are closed: Friday 17:00 to Sunday 17:00 New York, by its own clock."""
    local = from_ns(ts_ns).astimezone(_NEW_YORK)
    weekday, hour = local.weekday(), local.hour
    return (weekday == 4 and hour >= 17) or weekday == 5 or (weekday == 6 and hour < 17)
