"""Until when a text itself says that its calls hold: "valid for 2 hours", "expires 18:00 GMT+3", "today".

The words stand in the packs, under [validity]. What holds where a text says nothing stands in the
configuration.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from hive_core.signals.parser.expiry_moments import (
    LONGEST,
    NOTHING_EARLIER,
    day_end,
    moment_of,
    session_edge_of,
    week_end,
)
from hive_core.signals.parser.vocabulary import WORDS, validity_words, vocabulary

UNREAD = "its expiry could not be read: it is taken to hold for five minutes only"
_UNREAD_HOLDS = timedelta(minutes=5)
"""No longer than what rooms give; a text that cannot be read may say as little."""

_FILLER = " \n:=(-"
_LONGEST_STATEMENT = 80


@dataclass(frozen=True, slots=True)
class Validity:
    """Until when a statement holds, and the place where it stands in the plain text. `ground` says what it
    leans on, where the text leaves something open."""

    place: int
    until: datetime
    ground: str = ""

    @property
    def doubt(self) -> float:
        """What the ground takes off the confidence: what could not be read takes most."""
        return 0.5 if self.ground == UNREAD else 0.1


def says_validity(words: Set[str]) -> bool:
    """Whether the words of a text are such that it may say until when it holds."""
    return not words.isdisjoint(_heads())


def validities(plain: str, sent: datetime, zone: str | None) -> list[Validity]:
    """Every statement of a plain text on how long its calls hold, in its order.

    Moments are those of `expiry_moments`. What tells an end that cannot be read ends after five minutes.

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
    """The statement that belongs to the call between two places: the earliest inside it that
    could be read, or the only one."""
    inside = [each for each in said if start <= each.place < end]
    if inside:
        return min(inside, key=lambda each: (each.ground == UNREAD, each.until))
    return said[0] if len(said) == 1 else None


def _said(plain: str, lead: re.Match[str], sent: datetime, zone: str | None) -> Validity | None:
    is_bare = lead["bare"] is not None
    if is_bare and plain[: lead.start()].rstrip(" ")[-1:].isalpha():
        return None  # "hold until ...", "away till ...": said of something else
    rest = _without(_words("only"), plain[lead.end() : lead.end() + _LONGEST_STATEMENT].lstrip(_FILLER))
    inner = _without(_words("within"), rest)
    read = _read(inner, sent, zone, is_until=is_bare or lead["until"] is not None)
    if read is not None:
        return Validity(lead.start(), *read)
    if is_bare or not _tells_an_end(lead[0], rest, is_within=inner != rest):
        return None
    return Validity(lead.start(), sent + _UNREAD_HOLDS, UNREAD)


def _without(words: re.Pattern[str], rest: str) -> str:
    """A text without the words that it begins with."""
    while (found := words.match(rest)) is not None and found.end():
        rest = rest[found.end() :].lstrip(_FILLER)
    return rest


def _read(rest: str, sent: datetime, zone: str | None, *, is_until: bool) -> tuple[datetime, str] | None:
    lasting = _duration(rest)
    moment = moment_of(rest, sent, zone, with_h=is_until)
    if moment is not None and (is_until or lasting is None):
        return moment
    if lasting is not None:
        return sent + lasting, ""
    if (edge := session_edge_of(rest, sent, lasting=not is_until)) is not None:
        return edge, ""
    if _end_of("day").match(rest) or (is_until and _end_of("next_day").match(rest)):
        return day_end(sent), ""
    if _end_of("week").match(rest):
        return week_end(sent), ""
    return None


def _tells_an_end(lead: str, rest: str, *, is_within: bool) -> bool:
    """Whether what could not be read tells an end all the same, and is not other talk: "valid until NFP",
    "expires soon", "valid for a few minutes", but not "good till cancelled" or "a valid setup"."""
    if not rest[:1].isalnum() or _words("open_ended").match(rest) or _PRICE.match(rest):
        return False
    if _amounts(rest) > LONGEST:
        return False  # what is configured ends before it
    if is_within or _words("before").match(rest) or not _words("loose").fullmatch(lead):
        return True
    if _words("day").match(rest) or _words("week").match(rest):
        return True  # and something earlier behind it
    counted = _COUNT.match(rest)
    if counted is not None:
        return counted["what"] not in vocabulary().words
    return _few().match(rest) is not None


_PRICE = re.compile(r"(?:\d{3,}[.,]\d+|\d+[.,]\d{3,}|\d{5,}|(?!(?:[01]\d|2[0-3])[0-5]\d)\d{4})(?![.,/-]?\d)")
_COUNT = re.compile(r"\d{1,3}(?:[.,/-]\d{1,3})?[ \t]*(?P<what>[^\W\d_]{2,})")


def _duration(rest: str) -> timedelta | None:
    lasting = _amounts(rest)
    return lasting if timedelta(0) < lasting <= LONGEST else None


def _amounts(rest: str) -> timedelta:
    total = timedelta(0)
    at = 0
    while (found := _amount().match(rest, at)) is not None:
        number = 1.0 if found["one"] else 0.5 if found["half"] else float(found["amount"].replace(",", "."))
        total += _UNITS[str(found.lastgroup)] * number
        at = found.end()
    return total


_UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(days=7),
}


# The words as patterns.


def _one_of(words: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words) + ")"


@cache
def _heads() -> frozenset[str]:
    leads = [lead for name in ("until", "lasting", "bare") for lead in validity_words(name)]
    return frozenset(WORDS.findall(lead)[0] for lead in leads)


@cache
def _leads() -> re.Pattern[str]:
    until, lasting, bare = (_one_of(validity_words(name)) for name in ("until", "lasting", "bare"))
    return re.compile(rf"\b(?:(?P<until>{until})|{lasting}|(?P<bare>{bare}))\b")


@cache
def _words(name: str) -> re.Pattern[str]:
    return re.compile(rf"{_one_of(validity_words(name))}(?![^\W\d_])")


@cache
def _amount() -> re.Pattern[str]:
    one, half, joined = (_one_of(validity_words(name)) for name in ("one", "half", "joined"))
    return re.compile(
        rf"[\s,+]*(?:{joined}\s+)?"
        rf"(?:(?P<amount>\d{{1,3}}(?:[.,]\d\d?)?)(?:\s*(?:-|to)\s*\d{{1,3}})?\s*"
        rf"|(?P<half>{half})\s+|(?P<one>{one})\s+)(?:{_units()})\b"
    )


@cache
def _units() -> str:
    return "|".join(f"(?P<{name}>{_one_of(validity_words(name))})" for name in _UNITS)


@cache
def _few() -> re.Pattern[str]:
    units = _one_of([unit for name in _UNITS for unit in validity_words(name) if len(unit) > 2])
    return re.compile(rf"{_one_of(validity_words('few'))}\s+{units}\b")


@cache
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"{_one_of(validity_words(name))}\b{NOTHING_EARLIER}")
