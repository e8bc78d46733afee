"""The words of rooms as a table, made from the packs. No grammar: how words are put together stands in
`tokens` and `fields`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from hive_core.signals.parser.text import normalise


class Kind(IntEnum):
    """What a token is. Words of the packs first, then what the text itself is made of."""

    __hash__ = int.__hash__  # Enum's own is written in Python, and every token is looked up

    SIDE = 1
    WEAK_SIDE = 2
    STOP = 3
    TARGET = 4
    ENTRY = 5
    OTHER = 6
    PLACE = 7
    LIMIT = 8
    MARKET = 9
    STOP_ORDER = 10
    RUNNER = 11
    JOIN = 12
    CONDITION = 13
    UNIT_PIPS = 14
    UNIT_POINTS = 15
    UNIT_OTHER = 16
    MOVING = 17
    ARTICLE = 18
    WITHOUT = 19
    SYMBOL = 20
    AMBIGUOUS_SYMBOL = 21
    WEAK_STOP = 22
    WEAK_TARGET = 23
    WEAK_ENTRY = 24
    CURRENT = 25
    PENDING = 26
    WORD = 30
    NUMBER = 31
    MARK = 32
    LINE = 33
    MOMENT = 34
    """A date or a time of day."""


class Meaning(NamedTuple):
    """What a word or phrase says; `value` is the side ("buy", "sell") or the symbol where it has one."""

    kind: Kind
    value: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`words` by spelling; `phrases` by their first word, longest first, each with the words after it."""

    words: dict[str, Meaning]
    phrases: dict[str, tuple[tuple[tuple[str, ...], Meaning], ...]]


# Which class wins where languages give one spelling several: what is dangerous to miss comes first.
_SECTIONS: tuple[tuple[str, str, Kind], ...] = (
    ("name", "", Kind.SYMBOL),
    ("side", "", Kind.SIDE),
    ("label", "stop", Kind.STOP),
    ("label", "target", Kind.TARGET),
    ("label", "entry", Kind.ENTRY),
    ("label", "current", Kind.CURRENT),
    ("label", "other", Kind.OTHER),
    ("weak_label", "stop", Kind.WEAK_STOP),
    ("weak_label", "target", Kind.WEAK_TARGET),
    ("weak_label", "entry", Kind.WEAK_ENTRY),
    ("order", "pending", Kind.PENDING),
    ("order", "limit", Kind.LIMIT),
    ("order", "market", Kind.MARKET),
    ("order", "stop", Kind.STOP_ORDER),
    ("weak_side", "", Kind.WEAK_SIDE),
    ("condition", "words", Kind.CONDITION),
    ("place", "words", Kind.PLACE),
    ("runner", "words", Kind.RUNNER),
    ("join", "words", Kind.JOIN),
    ("unit", "pips", Kind.UNIT_PIPS),
    ("unit", "points", Kind.UNIT_POINTS),
    ("unit", "other", Kind.UNIT_OTHER),
    ("moving", "words", Kind.MOVING),
    ("article", "words", Kind.ARTICLE),
    ("without", "words", Kind.WITHOUT),
)


WORDS = re.compile(r"[^\W\d_]+")
"""Runs of letters."""

_REPORT_CLASSES = ("heading", "result", "instruction", "forbidding", "revoked", "revoked_after")
"""Words of reports on trades: read by `reports`, of no meaning to single tokens."""

_VALIDITY_CLASSES = (
    *("until", "lasting", "bare", "loose", "only", "within", "before", "open_ended"),
    *("seconds", "minutes", "hours", "days", "weeks", "one", "half", "few"),
    *("day", "next_day", "week", "joined"),
)
"""Words of how long a call holds: read by `validity`."""


_CASE_CLASSES = ("if", "only", "event")
"""Words of what a call hangs on: read by `conditional`."""


def pack_names() -> tuple[str, ...]:
    """The languages there is a pack for."""
    folder = files(__package__).joinpath("packs")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))


@cache
def _packs() -> tuple[dict[str, Any], ...]:
    folder = files(__package__).joinpath("packs")
    return tuple(tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8")) for name in pack_names())


def report_words(name: str) -> tuple[str, ...]:
    """The phrases of one class of [report] in all packs, plain, longest first."""
    return _section_words("report", name)


def validity_words(name: str) -> tuple[str, ...]:
    """The phrases of one class of [validity] in all packs, plain, longest first."""
    return _section_words("validity", name)


def case_words(name: str) -> tuple[str, ...]:
    """The phrases of one class of [case] in all packs, plain, longest first."""
    return _section_words("case", name)


def _section_words(section: str, name: str) -> tuple[str, ...]:
    found = {normalise(phrase) for pack in _packs() for phrase in pack.get(section, {}).get(name, [])}
    return tuple(sorted(found, key=lambda phrase: (-len(phrase), phrase)))


@cache
def vocabulary() -> Vocabulary:
    """All packs as one table.

    Raises:
        ValueError: a pack has a section or a class that is not known.
    """
    packs = _packs()
    known = {(section, name) for section, name, _ in _SECTIONS if name}
    known |= {("report", name) for name in _REPORT_CLASSES}
    known |= {("validity", name) for name in _VALIDITY_CLASSES}
    known |= {("case", name) for name in _CASE_CLASSES}
    for name, pack in zip(pack_names(), packs, strict=True):
        for section, classes in pack.items():
            for each in classes:
                if section not in {"name", "side", "weak_side"} and (section, each) not in known:
                    raise ValueError(f"pack {name}: [{section}] has no {each}")
    words: dict[str, Meaning] = {}
    phrases: dict[str, dict[tuple[str, ...], Meaning]] = {}
    for section, name, kind in _SECTIONS:
        for pack in packs:
            for value, spellings in _spellings(pack.get(section, {}), name):
                for spelling in spellings:
                    head, *rest = normalise(spelling).split()
                    if rest:
                        phrases.setdefault(head, {}).setdefault(tuple(rest), Meaning(kind, value))
                    else:
                        words.setdefault(head, Meaning(kind, value))
    ordered = {
        head: tuple(sorted(rests.items(), key=lambda item: -len(item[0]))) for head, rests in phrases.items()
    }
    return Vocabulary(words, ordered)


def _spellings(section: dict[str, Any], name: str) -> list[tuple[str, list[str]]]:
    """(value, spellings) of one class: named classes have no value, sides and names are their own."""
    if name:
        return [("", section.get(name, []))]
    return list(section.items())
