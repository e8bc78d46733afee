"""Which moment an expiry names: a clock, with a date or a day or without, or the edge of a session.

Dates are written in numbers or with the English name of the month. How a text leads to such a moment
stands in `validity`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from hive_core.calendars.sessions import LONDON, NEW_YORK, TOKYO

FOREX_DAY = ZoneInfo("America/New_York")
FOREX_DAY_ENDS = time(17)
"""A trading day of the forex market ends at 17:00 in New York; its week on Friday at that hour."""
LONGEST = timedelta(days=31)
"""A longer time is not believed: it is none that rooms give."""

NO_ZONE = (
    "whose clock its expiry is on is not said: the earliest is taken; time_zone of its source declares it"
)
TWO_DATES = "its expiry may be day/month or month/day: the earlier is taken"

_ZONES = {
    **dict.fromkeys(("utc", "gmt", "z"), "UTC"),
    **dict.fromkeys(("est", "edt", "et", "ny", "new york"), "America/New_York"),
    **dict.fromkeys(("cet", "cest"), "Europe/Berlin"),
    **dict.fromkeys(("london", "uk", "bst"), "Europe/London"),
    **dict.fromkeys(("msk", "мск"), "Europe/Moscow"),
    **dict.fromkeys(("brt", "brasilia"), "America/Sao_Paulo"),
}
_UNSURE_ZONES = ("ist", "cst", "server time", "broker time", "local time", "my time")
"""A clock of which several bear that name: it may be any."""
_ANY_ZONE = tuple(timezone(timedelta(minutes=minutes)) for minutes in range(-12 * 60, 14 * 60 + 1, 30))
"""Where nobody says whose clock it is, it may be any."""

_SESSIONS = {
    **dict.fromkeys(("london", "european", "europe", "eu", "uk", "londres"), LONDON),
    **dict.fromkeys(("ny", "newyork", "new york", "us", "american", "nueva york", "nova york"), NEW_YORK),
    **dict.fromkeys(("tokyo", "asia", "asian"), TOKYO),
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_MONTH_NAME = (
    r"(?P<month_name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_NAMED_YEAR = r"(?:[\s,]+(?P<named_year>20\d\d)\b(?!:))?"
_DATES = (
    r"(?P<year>20\d\d)[-./](?P<month>\d\d?)[-./](?P<day>\d\d?)(?!\d)",
    r"(?P<first>\d\d?)[-./](?P<second>\d\d?)[-./](?P<last>20\d\d)(?!\d)",
    r"(?:the\s+)?(?P<named_day>\d\d?)(?:st|nd|rd|th)?[\s-]*(?:of\s+)?" + _MONTH_NAME + _NAMED_YEAR,
    _MONTH_NAME + r"\s*(?P<named_day>\d\d?)(?:st|nd|rd|th)?\b(?!:)" + _NAMED_YEAR,
)
_WEEKDAY = r"(?P<weekday>mon|tue|wed|thu|fri)(?:s|nes|rs|urs)?(?:day)?\b"
_DAYS = (*_DATES, _WEEKDAY, r"(?P<near>today|tonight|tomorrow)\b")
_CLOCK = (
    r"(?P<hour>\d\d?)(?::(?P<minute>\d\d)(?::\d\d)?(?:\s*(?P<half>[ap])\.?m\b)?|\s*(?P<bare_half>[ap])\.?m\b)"
)
_CLOCK_WITH_H = r"(?P<hour>\d\d?)\s?h(?P<minute>\d\d)?\b"
_CLOCK_OF_ZONE = (
    r"(?P<hour>\d\d?)(?:[.h]?(?P<minute>\d\d))?(?=\s*\(?\s*(?:utc|gmt|est|edt|cet|cest|bst|msk)\b)"
)
"""Without a colon it is a clock where a zone stands behind it: "15 GMT", "1530 GMT"."""
_ZONE = (
    rf"(?:\s*\(?\s*(?:(?P<zone>{_any((*_ZONES, *_UNSURE_ZONES))})\b)?"
    r"\s*(?P<offset>[+-]\s?\d\d?(?::?\d\d)?(?![\d.]))?)?"
)
_BETWEEN = r"[\s,]*(?:at|on|as|t|until|till|by|before|@)?[\s,]*"
_CLOCKS = (_CLOCK + _ZONE, _CLOCK_WITH_H + _ZONE, _CLOCK_OF_ZONE + _ZONE)
NOTHING_EARLIER = (
    r"(?![ \t,]*(?:(?:at|before|until|till|by|@)?[ \t]*\d\d?(?::\d|[ \t]?[ap]\.?m\b|h\b)"
    rf"|(?:before|open|morning|noon|midday|{_any(tuple(_SESSIONS))})\b))"
)
"""Behind a day: no word of when in it, which would be before it ends."""
_MOMENTS = tuple(
    re.compile(pattern)
    for pattern in (
        *(day + _BETWEEN + clock for clock in _CLOCKS for day in _DAYS),
        *(_CLOCKS[0] + r"[\s,)]*(?:on\s+)?" + day for day in _DAYS),
        *(day + NOTHING_EARLIER for day in (*_DATES, _WEEKDAY)),
        *_CLOCKS,
    )
)
_WITHOUT_H = tuple(each for each in _MOMENTS if each.pattern != _CLOCKS[1])
_EDGE = (
    r"open(?:s|ing)?|start(?:s|ing)?|apertura|abertura"
    r"|close[sd]?|closing|ends?|cierre|fechamento|fim|fin|final"
)
_OPENS = ("open", "start", "apertura", "abertura")
_OF = r"\s+(?:of|de|da|do)\s+(?:the\s+|la\s+)?"
_SESSION = re.compile(
    rf"(?:(?:the|la|el|a|o)\s+)?(?:(?P<before>{_EDGE}){_OF})?(?P<named>(?:sesion|sessao)\s+(?:de\s+)?)?"
    rf"(?P<city>{_any(tuple(_SESSIONS))})\b(?P<session>\s+(?:trading\s+)?session)?"
    rf"(?:\s+(?P<behind>{_EDGE})\b)?"
)


def moment_of(
    said: str, sent: datetime, zone: str | None, *, with_h: bool = True
) -> tuple[datetime, str] | None:
    """The moment that a text begins with, and what that reading leans on; None where it is none.

    It is the next one after the message that it can be: on the clock that it names, else on its source's
    (`zone`), else on any, of which the earliest is taken; a date without a clock ends with the forex day. A
    moment that was over when the message was sent is given as it is.

    Args:
        with_h: whether "18h" is a clock; it may be a time that something lasts.
    """
    for pattern in _MOMENTS if with_h else _WITHOUT_H:
        if (found := pattern.match(said)) is not None:
            return _next(found.groupdict(), sent, zone)
    return None


def session_edge_of(said: str, sent: datetime, *, lasting: bool) -> datetime | None:
    """When the session opens or closes that a text begins with ("london open", "end of the ny session").

    Of a session alone, that something is valid until, the edge that comes first is taken; what is valid
    for one ends when it closes (`lasting`).
    """
    found = _SESSION.match(said)
    if found is None or not any(found.group("named", "session", "before", "behind")):
        return None
    hours = _SESSIONS[found["city"]]
    edge = found["before"] or found["behind"]
    if edge is None:
        asked = (hours.closes,) if lasting else (hours.opens, hours.closes)
    else:
        asked = (hours.opens,) if edge.startswith(_OPENS) else (hours.closes,)
    zone = ZoneInfo(hours.zone)
    today = sent.astimezone(zone).date()
    moments = (
        datetime.combine(day, time(hour), zone).astimezone(UTC)
        for day in (today + timedelta(days=days) for days in range(4))
        if day.weekday() < 5
        for hour in asked
    )
    return min(moment for moment in moments if moment > sent)


def day_end(sent: datetime) -> datetime:
    """The end of the forex day of a moment."""
    there = sent.astimezone(FOREX_DAY)
    day = there.date() if there.time() < FOREX_DAY_ENDS else there.date() + timedelta(days=1)
    return datetime.combine(day, FOREX_DAY_ENDS, FOREX_DAY).astimezone(UTC)


def week_end(sent: datetime) -> datetime:
    """The end of the forex week of a moment."""
    there = sent.astimezone(FOREX_DAY)
    friday = there.date() + timedelta(days=(_WEEKDAYS.index("fri") - there.weekday()) % 7)
    if there.date() == friday and there.time() >= FOREX_DAY_ENDS:
        friday += timedelta(days=7)
    return datetime.combine(friday, FOREX_DAY_ENDS, FOREX_DAY).astimezone(UTC)


_Said = dict[str, str | None]


def _next(said: _Said, sent: datetime, zone: str | None) -> tuple[datetime, str] | None:
    if said.get("hour") is None:
        clock: time | None = FOREX_DAY_ENDS
        zones: Sequence[tzinfo] = (FOREX_DAY,)
    else:
        clock = _clock(said)
        zones = _zones(said["zone"], said["offset"], zone)
    if clock is None:
        return None
    moments = set()
    for each in zones:
        days, is_written = _days(said, sent.astimezone(each).date())
        there = sorted(datetime.combine(day, clock, each).astimezone(UTC) for day in days)
        if not is_written:  # one moment is meant: the next
            there = [moment for moment in there if moment > sent][:1]
        moments.update(there)
    to_come = sorted(moment for moment in moments if sent < moment <= sent + LONGEST)
    if not to_come:
        over = [moment for moment in moments if moment <= sent]
        return (max(over), "") if over else None
    ground = "" if len(to_come) == 1 else NO_ZONE if len(zones) > 1 else TWO_DATES
    return to_come[0], ground


def _clock(said: _Said) -> time | None:
    hour, minute = int(said["hour"] or 0), int(said.get("minute") or 0)
    half = said.get("half") or said.get("bare_half")
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour == 24 and minute == 0:
        hour, minute = 23, 59
    return time(hour, minute) if hour <= 23 and minute <= 59 else None


def _days(said: _Said, today: date) -> tuple[list[date], bool]:
    """The days that are meant, and whether they are written as a date, which may be over: then each that
    it can be. Day and month in numbers may stand in either order."""
    if said.get("near") is not None:
        return [today + timedelta(days=1) if said["near"] == "tomorrow" else today], True
    if (name := said.get("weekday")) is not None:
        first = today + timedelta(days=(_WEEKDAYS.index(name) - today.weekday()) % 7)
        return [first, first + timedelta(days=7)], False
    written: set[tuple[str, str, str]]
    if said.get("year"):
        written = {(str(said["year"]), str(said["month"]), str(said["day"]))}
    elif (year := said.get("last")) is not None:
        one, other = str(said["first"]), str(said["second"])
        written = {(year, other, one), (year, one, other)}
    elif (month := said.get("month_name")) is not None:
        number = str(_MONTHS.index(month[:3]) + 1)
        years = [today.year - 1, today.year, today.year + 1]
        named = said.get("named_year")
        written = {(each, number, str(said["named_day"])) for each in ([named] if named else map(str, years))}
    else:
        return [today, today + timedelta(days=1)], False
    return [day for each in written if (day := _date(*each)) is not None], True


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _zones(named: str | None, offset: str | None, of_source: str | None) -> Sequence[tzinfo]:
    if offset is not None and named in (None, "utc", "gmt"):
        digits = offset.replace(" ", "").replace(":", "")
        hours, minutes = (digits[1:-2], digits[-2:]) if len(digits) > 3 else (digits[1:], "0")
        shift = timedelta(hours=int(hours), minutes=int(minutes))
        if shift <= timedelta(hours=14):
            return (timezone(-shift if digits[0] == "-" else shift),)
    if named in _UNSURE_ZONES:
        return _ANY_ZONE
    if named is not None:
        return (ZoneInfo(_ZONES[named]),)
    return _ANY_ZONE if of_source is None else (ZoneInfo(of_source),)
