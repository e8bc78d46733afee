"""Until when a text itself says that its calls hold: "valid for 2 hours", "expires 18:00 GMT+3", "today".

The words stand in the packs, under [validity]. What holds where a text says nothing stands in the
configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from hive_core.signals.parser.vocabulary import WORDS, validity_words

_FOREX_DAY = ZoneInfo("America/New_York")
_FOREX_DAY_ENDS = time(17)
"""A trading day of the forex market ends at 17:00 in New York; its week on Friday at that hour."""
_FRIDAY = 4
_LONGEST = timedelta(days=31)
"""A longer time is not believed: it is none that rooms give."""

_ZONES = {
    **dict.fromkeys(("utc", "gmt", "z"), "UTC"),
    **dict.fromkeys(("est", "edt", "et", "ny", "new york"), "America/New_York"),
    **dict.fromkeys(("cet", "cest"), "Europe/Berlin"),
    **dict.fromkeys(("london", "uk"), "Europe/London"),
    **dict.fromkeys(("msk", "мск"), "Europe/Moscow"),
    **dict.fromkeys(("brt", "brasilia"), "America/Sao_Paulo"),
}
_ANY_ZONE = tuple(timezone(timedelta(minutes=minutes)) for minutes in range(-12 * 60, 14 * 60 + 1, 30))
"""Where nobody says whose clock it is, it may be any."""

_DATE = (
    r"(?:(?P<year>20\d\d)[-./](?P<month>\d\d?)[-./](?P<day>\d\d?)"
    r"|(?P<first>\d\d?)[-./](?P<second>\d\d?)[-./](?P<last>20\d\d))"
)
_CLOCK = (
    r"(?P<hour>\d\d?)(?::(?P<minute>\d\d)(?::\d\d)?(?:\s*(?P<half>[ap])\.?m\b)?|\s*(?P<bare_half>[ap])\.?m\b)"
)
_CLOCK_WITH_H = r"(?P<hour>\d\d?)\s?h(?P<minute>\d\d)?\b"
_ZONE = (
    r"(?:\s*\(?\s*(?:(?P<zone>"
    + "|".join(sorted(_ZONES, key=len, reverse=True))
    + r")\b)?\s*(?P<offset>[+-]\s?\d\d?(?::?\d\d)?(?![\d.]))?)?"
)
_BETWEEN = r"[\s,]*(?:at|on|as|t)?[\s,]*"
_MOMENTS = tuple(
    re.compile(pattern)
    for pattern in (
        _DATE + _BETWEEN + _CLOCK + _ZONE,
        _CLOCK + _ZONE,
        _CLOCK_WITH_H + _ZONE,
    )
)
_FILLER = " \n:=(-"
_LONGEST_STATEMENT = 80


@dataclass(frozen=True, slots=True)
class Validity:
    """Until when a statement holds, and the place where it stands in the plain text. `ground` says what it
    leans on, where the text leaves something open."""

    place: int
    until: datetime
    ground: str = ""


NO_ZONE = (
    "whose clock its expiry is on is not said: the earliest is taken; time_zone of its source declares it"
)
TWO_DATES = "its expiry may be day/month or month/day: the earlier is taken"


def says_validity(words: Set[str]) -> bool:
    """Whether the words of a text are such that it may say until when it holds."""
    return not words.isdisjoint(_heads())


def validities(plain: str, sent: datetime, zone: str | None) -> list[Validity]:
    """Every statement of a plain text on how long its calls hold, in its order.

    A moment is the next one after the message that it can be: on the clock that it names, else on its
    source's, else on any, of which the earliest is taken. A day ends at 17:00 in New York, the forex day.
    A moment that was over when the message was sent is given as it is.

    Args:
        sent: when the message was sent, with a zone.
        zone: IANA name of the clock of its source.
    """
    found = []
    for lead in _leads().finditer(plain):
        validity = _said(plain, lead, sent, zone)
        if validity is not None:
            found.append(validity)
    return found


def validity_of(said: Sequence[Validity], start: int, end: int) -> Validity | None:
    """The statement that belongs to the call between two places: the first inside it, or the only one."""
    inside = [each for each in said if start <= each.place < end]
    if inside:
        return inside[0]
    return said[0] if len(said) == 1 else None


def _said(plain: str, lead: re.Match[str], sent: datetime, zone: str | None) -> Validity | None:
    rest = plain[lead.end() : lead.end() + _LONGEST_STATEMENT].lstrip(_FILLER)
    lasting = _duration(rest)
    moment = _moment(rest, sent, zone, with_h=lead["until"] is not None)
    if lead["until"] is not None and moment is not None:
        return Validity(lead.start(), *moment)
    if lasting is not None:
        return Validity(lead.start(), sent + lasting)
    if moment is not None:
        return Validity(lead.start(), *moment)
    if _end_of("day").match(rest):
        return Validity(lead.start(), _day_end(sent))
    if _end_of("week").match(rest):
        return Validity(lead.start(), _week_end(sent))
    return None


def _duration(rest: str) -> timedelta | None:
    total = timedelta(0)
    at = 0
    while (found := _amount().match(rest, at)) is not None:
        total += _UNITS[str(found.lastgroup)] * float(found["amount"].replace(",", "."))
        at = found.end()
    return total if timedelta(0) < total <= _LONGEST else None


_UNITS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}


def _moment(rest: str, sent: datetime, zone: str | None, *, with_h: bool) -> tuple[datetime, str] | None:
    for pattern in _MOMENTS if with_h else _MOMENTS[:2]:
        if (found := pattern.match(rest)) is not None:
            return _next(found, sent, zone)
    return None


def _next(found: re.Match[str], sent: datetime, zone: str | None) -> tuple[datetime, str] | None:
    said = found.groupdict()
    hour, minute = int(said["hour"]), int(said["minute"] or 0)
    half = said.get("half") or said.get("bare_half")
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour == 24 and minute == 0:
        hour, minute = 23, 59
    if hour > 23 or minute > 59:
        return None
    clock = time(hour, minute)
    zones = _zones(said["zone"], said["offset"], zone)
    days = list(_days(said))
    if "year" in said and not days:
        return None
    moments = [moment for each in zones for moment in _moments(days, clock, each, sent)]
    to_come = sorted({moment for moment in moments if sent < moment <= sent + _LONGEST})
    if not to_come:
        over = [moment for moment in moments if moment <= sent]
        return (max(over), "") if over else None
    ground = "" if len(to_come) == 1 else NO_ZONE if len(zones) > 1 else TWO_DATES
    return to_come[0], ground


def _moments(days: list[date], clock: time, zone: tzinfo, sent: datetime) -> Iterator[datetime]:
    today = sent.astimezone(zone).date()
    for day in days or [today, today + timedelta(days=1)]:
        moment = datetime.combine(day, clock, zone).astimezone(UTC)
        if days or moment > sent:
            yield moment


def _days(said: dict[str, str | None]) -> Iterator[date]:
    """What a written date can be: the year first, or day and month in either order."""
    if said.get("year"):
        written = {(said["year"], said["month"], said["day"])}
    elif said.get("last"):
        written = {
            (said["last"], said["second"], said["first"]),
            (said["last"], said["first"], said["second"]),
        }
    else:
        written = set()
    for year, month, day in sorted(written, key=str):
        try:
            yield date(int(year or 0), int(month or 0), int(day or 0))
        except ValueError:
            continue


def _zones(named: str | None, offset: str | None, of_source: str | None) -> Sequence[tzinfo]:
    if offset is not None and named in (None, "utc", "gmt"):
        digits = offset.replace(" ", "").replace(":", "")
        hours, minutes = (digits[1:-2], digits[-2:]) if len(digits) > 3 else (digits[1:], "0")
        shift = timedelta(hours=int(hours), minutes=int(minutes))
        if shift <= timedelta(hours=14):
            return (timezone(-shift if digits[0] == "-" else shift),)
    if named is not None:
        return (ZoneInfo(_ZONES[named]),)
    return _ANY_ZONE if of_source is None else (ZoneInfo(of_source),)


def _day_end(sent: datetime) -> datetime:
    there = sent.astimezone(_FOREX_DAY)
    day = there.date() if there.time() < _FOREX_DAY_ENDS else there.date() + timedelta(days=1)
    return datetime.combine(day, _FOREX_DAY_ENDS, _FOREX_DAY).astimezone(UTC)


def _week_end(sent: datetime) -> datetime:
    there = sent.astimezone(_FOREX_DAY)
    friday = there.date() + timedelta(days=(_FRIDAY - there.weekday()) % 7)
    if there.date() == friday and there.time() >= _FOREX_DAY_ENDS:
        friday += timedelta(days=7)
    return datetime.combine(friday, _FOREX_DAY_ENDS, _FOREX_DAY).astimezone(UTC)


# The words as patterns.


def _one_of(words: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words) + ")"


@cache
def _heads() -> frozenset[str]:
    leads = (*validity_words("until"), *validity_words("lasting"))
    return frozenset(WORDS.findall(lead)[0] for lead in leads)


@cache
def _leads() -> re.Pattern[str]:
    until, lasting = _one_of(validity_words("until")), _one_of(validity_words("lasting"))
    return re.compile(rf"\b(?:(?P<until>{until})|{lasting})\b")


@cache
def _amount() -> re.Pattern[str]:
    units = "|".join(f"(?P<{name}>{_one_of(validity_words(name))})" for name in _UNITS)
    return re.compile(
        rf"[\s,+]*(?:{_one_of(validity_words('joined'))}\s+)?(?P<amount>\d{{1,3}}(?:[.,]\d)?)\s*(?:{units})\b"
    )


@cache
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"{_one_of(validity_words(name))}\b")
