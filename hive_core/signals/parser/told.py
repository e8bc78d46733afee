"""One text in the forms that its calls are read from, and what is asked of the whole of it.

What one call makes of it stands in `calls`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from hive_core.signals.parser.reports import (
    forbidden_side,
    may_tell_result,
    report_heading,
    takes_back,
    tells_gain,
    tells_result,
)
from hive_core.signals.parser.restated import Question, questions_in, signed_form, tells_what_it_made
from hive_core.signals.parser.tokens import Token
from hive_core.signals.updates.taken_back import is_struck_through

Value = TypeVar("Value")
_NEW_CALL = re.compile(r"\b(?:new|next) (?:signal|trade|setup|call|entry)\b")
_NEW = frozenset({"new", "next"})
_PARAGRAPH = re.compile(r"(?:[^\n]|\n(?!\s*\n))+")


class _Once(Generic[Value]):
    """What is worked out when it is first asked for. The standard library's own takes a lock, which costs
    more than most of what is asked here."""

    def __init__(self, work: Callable[[Any], Value]) -> None:
        self._work = work

    def __get__(self, told: Any, owner: type) -> Value:
        value = self._work(told)
        told.__dict__[self._work.__name__] = value
        return value


class Result(NamedTuple):
    """What part of a text tells of a trade."""

    start: int
    end: int
    words: str


@dataclass(frozen=True)
class Told:
    """One text in the forms that its calls are read from. What is asked of the whole text is worked out once,
    however many calls it has."""

    text: str
    plain: str
    words: Set[str]
    tokens: list[Token]

    @_Once
    def heading(self) -> int | None:
        """Where a heading of results ends."""
        return report_heading(self.plain, self.words)

    @_Once
    def forbidden(self) -> str | None:
        """The words that forbid a direction."""
        return forbidden_side(self.plain, self.words)

    @_Once
    def tells_gain(self) -> bool:
        """Whether a line is about pips that were made."""
        return tells_gain(self.plain, self.words)

    @_Once
    def new_call(self) -> int:
        """Where a first heading of a new call begins: "TP1 done. New signal: ..." tells of another."""
        found = None if _NEW.isdisjoint(self.words) else _NEW_CALL.search(self.plain)
        return len(self.plain) if found is None else found.start()

    @_Once
    def results(self) -> list[Result]:
        """What is told of trades, by paragraph; from the heading of a new call on too."""
        if not may_tell_result(self.words):
            return []
        parts = [(part.start(), part.end()) for part in _PARAGRAPH.finditer(self.plain)]
        parts += [(self.new_call, end) for start, end in parts if start < self.new_call < end]
        told = [(start, end, tells_result(self.plain[start:end], self.words)) for start, end in parts]
        return [Result(start, end, words) for start, end, words in told if words is not None]

    @_Once
    def revoked(self) -> str | None:
        """Words anywhere that take calls back."""
        return takes_back(self.plain, self.words)

    @_Once
    def made(self) -> str | None:
        """The gain that is told."""
        return tells_what_it_made(self.plain) if "+" in self.plain else None

    @_Once
    def questions(self) -> list[Question]:
        """What is asked."""
        return questions_in(self.plain) if "?" in self.plain else []

    @_Once
    def signed(self) -> str | None:
        """The text with its ticks and quotation marks, where it has any."""
        return signed_form(self.text)

    @_Once
    def is_struck(self) -> bool:
        """Whether most of it is struck through."""
        return is_struck_through(self.text)
