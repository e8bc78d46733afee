"""The trade server's clock and ours: MetaTrader stamps all by its server's wall clock, as if that were UTC.

Which clock that is nobody says; it is a setting, and every quote checks it. A wrong one makes fresh quotes
look hours old or not yet made, and both are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hive_core.configuration.broker_metatrader import NEW_YORK_PLUS_7

_NEW_YORK = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (the server's wall clock, which names no zone)


@dataclass(frozen=True, slots=True)
class ServerClock:
    """Converts between the server's stamps and UTC. Where a wall clock is set back, an hour happens twice;
    the first is meant. (By the usual clock that is a Sunday, before the market opens.)"""

    name: str

    def to_utc_ns(self, server_ms: int) -> int:
        """A stamp of the server, in milliseconds, as nanoseconds of UTC."""
        seconds, rest_ms = divmod(server_ms, 1000)
        zone, ahead = self._zone()
        wall = _EPOCH + timedelta(seconds=seconds) - ahead
        utc_s = int(wall.replace(tzinfo=zone).timestamp())
        return (utc_s * 1000 + rest_ms) * 1_000_000

    def to_server_s(self, utc_ns: int) -> int:
        """A moment as the server's whole second, rounded down."""
        zone, ahead = self._zone()
        utc = datetime.fromtimestamp(utc_ns // 1_000_000_000, tz=UTC)
        wall = utc.astimezone(zone).replace(tzinfo=None) + ahead
        return (wall - _EPOCH) // timedelta(seconds=1)

    def _zone(self) -> tuple[ZoneInfo, timedelta]:
        if self.name == NEW_YORK_PLUS_7:
            return _NEW_YORK, timedelta(hours=7)
        return ZoneInfo(self.name), timedelta(0)
