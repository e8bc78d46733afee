"""FIX's UTCTimestamp to nanoseconds since 1970 and back, and an instant by two clocks."""

from __future__ import annotations

import calendar
import re
import time
from dataclasses import dataclass

_FORM = re.compile(
    r"([0-9]{4})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])-"
    r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]{3}|[0-9]{6}|[0-9]{9}))?",
    re.ASCII,
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Instant:
    """Now by both clocks: `wall_ns` since 1970 UTC goes into messages, `monotonic_ns` measures durations,
    so that a clock that jumps ends no session."""

    wall_ns: int
    monotonic_ns: int


def timestamp_ns(text: str) -> int | None:
    """Nanoseconds since 1970 UTC, or None where `text` is no UTCTimestamp."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    days = 29 if month == 2 and calendar.isleap(year) else _DAYS[month - 1]
    if day > days or year < 1970:
        return None
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    return seconds * NS + int((found[7] or "0").ljust(9, "0"))


def timestamp_text(ns: int) -> str:
    """UTCTimestamp with milliseconds; what is finer is cut off."""
    seconds, rest = divmod(ns, NS)
    moment = time.gmtime(seconds)
    return f"{time.strftime('%Y%m%d-%H:%M:%S', moment)}.{rest // 1_000_000:03d}"


def date_text(ns: int) -> str:
    """LocalMktDate of an instant, in UTC."""
    return time.strftime("%Y%m%d", time.gmtime(ns // NS))
