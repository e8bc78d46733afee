"""Third step of the parser: tokens as clauses, a label and the numbers that belong to it.

What a clause's numbers mean as prices stands in `prices`; whether they make a signal, in `calls`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from hive_core.signals.tokens import Token
from hive_core.signals.words import (
    ARTICLES,
    ENTRY_LABELS,
    JOINING_WORDS,
    LIMIT_WORDS,
    MARKET_WORDS,
    MOVING_WORDS,
    OTHER_LABELS,
    PLACE_WORDS,
    RUNNER_WORDS,
    SIDES,
    STOP_LABELS,
    STOP_ORDER,
    TARGET_LABELS,
)

Label = Literal["none", "call", "entry", "stop", "target", "other"]
"""`call` begins at a side or a symbol: "buy eurusd 1.0850" needs no label for its entry."""
_LARGEST_TARGET_NUMBER = 12
_NUMBERED_PRICE = re.compile(r"[1-9]\.([0-9]+\.[0-9]+)")


@dataclass(slots=True)
class Clause:
    """A label with what follows it: `prices` as written, `pips`, and the words before the first number.

    `apart`: words stand between the numbers. `broken`: a lone digit and a blank stand before a number
    ("1 21520"), which is a typing error or an index. `runner`: an open target is named, `runner_first`
    before any number. `numbered`: the label counts ("tp 2"). `sided`: buy or sell is said in it.
    `managed`: it tells to move something ("move stop to 1.10"), so its numbers are of an update.
    """

    label: Label
    prices: list[str] = field(default_factory=list)
    pips: list[str] = field(default_factory=list)
    points: bool = False
    words_before: list[str] = field(default_factory=list)
    apart: bool = False
    broken: bool = False
    sided: bool = False
    managed: bool = False
    runner: bool = False
    runner_first: bool = False
    numbered: bool = False

    @property
    def has_number(self) -> bool:
        """Whether any number belongs to it."""
        return bool(self.prices or self.pips)


@dataclass(slots=True)
class Call:
    """One block of a message, read: who, which way, what kind of order, and its clauses."""

    symbols: list[str] = field(default_factory=list)
    unknown_symbols: list[str] = field(default_factory=list)
    sides: list[str] = field(default_factory=list)
    order_types: list[str] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)

    def of(self, *labels: Label) -> list[Clause]:
        """The clauses of a call with one of these labels; not those that manage a trade."""
        return [clause for clause in self.clauses if clause.label in labels and not clause.managed]


def read_call(tokens: Sequence[Token]) -> Call:
    """Read the tokens of one block."""
    return _Reader(tokens).read()


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.call = Call()
        self.clause = Clause("none")
        self.joined = True  # only marks and joining words since the last number

    def read(self) -> Call:
        for position, token in enumerate(self.tokens):
            match token.kind:
                case "line":
                    self._end_line(position)
                case "symbol":
                    _add(self.call.symbols, token.text)
                    self._begin_call()
                case "unknown_symbol":
                    _add(self.call.unknown_symbols, token.text)
                    self._begin_call()
                case "number":
                    self._number(position, token)
                case "word" | "mark":
                    self._word(position, token.text)
        return self.call

    def _begin(self, label: Label) -> None:
        self.clause = Clause(label)
        self.joined = True
        self.call.clauses.append(self.clause)

    def _begin_call(self) -> None:
        """A side or a symbol: the entry may follow without a label. Inside an entry that has no number
        yet ("entry: buy 1.10") it changes nothing."""
        if self.clause.label not in {"call", "entry"} or self.clause.has_number:
            self._begin("call")

    def _word(self, position: int, word: str) -> None:
        if side := SIDES.get(word):
            _add(self.call.sides, side)
            self._begin_call()
            self.clause.sided = True
        elif word in STOP_LABELS or word in TARGET_LABELS:
            self._begin("stop" if word in STOP_LABELS else "target")
            self.clause.managed = self._is_moved(position)
        elif word in ENTRY_LABELS:
            self._order_word(position, word)
            self._begin("entry")
        elif word in OTHER_LABELS or (word == "signal" and self._counts_signals(position)):
            self._begin("other")
        elif word in LIMIT_WORDS or word in MARKET_WORDS or word == STOP_ORDER:
            self._order_word(position, word)
            if word in PLACE_WORDS:
                self._place()
        elif word in PLACE_WORDS:
            self._place()
        elif word in RUNNER_WORDS and self.clause.label == "target":
            self.clause.runner = True
            self.clause.runner_first |= not self.clause.has_number
        elif word[0].isalpha() and word not in JOINING_WORDS:
            self.joined = False
            if not self.clause.has_number:
                self.clause.words_before.append(word)

    def _place(self) -> None:
        label = self.clause.label
        if label == "none" or (label in {"call", "entry"} and self.clause.has_number):
            self._begin("entry")
        elif label == "call":
            self.clause.label = "entry"

    def _order_word(self, position: int, word: str) -> None:
        """Words that name the order type count where the entry is spoken of, nowhere else."""
        nearby = [self.tokens[i] for i in (position - 1, position + 1) if 0 <= i < len(self.tokens)]
        beside = any(
            token.kind == "symbol" or token.text in SIDES or token.text in ENTRY_LABELS for token in nearby
        )
        if self.clause.label in {"call", "entry"} or beside:
            if word in LIMIT_WORDS:
                _add(self.call.order_types, "limit")
            elif word == STOP_ORDER:
                _add(self.call.order_types, "stop")
            elif word in MARKET_WORDS:
                _add(self.call.order_types, "market")

    def _is_moved(self, position: int) -> bool:
        before = position - 1
        if before >= 0 and self.tokens[before].text in ARTICLES:
            before -= 1
        return before >= 0 and self.tokens[before].text in MOVING_WORDS

    def _counts_signals(self, position: int) -> bool:
        """ "Signal 14" counts; "buy signal" does not."""
        following = (token for token in islice(self.tokens, position + 1, None) if token.kind != "mark")
        return next(following, Token("line", "\n", False)).kind == "number"

    def _number(self, position: int, token: Token) -> None:
        if token.glued and self._glued_to_a_strange_word(position):
            return  # h4, m15, id4
        clause = self.clause
        if token.unit == "other" or clause.label in {"none", "other"}:
            return
        if clause.label == "target" and not clause.has_number and not clause.numbered:
            index, rest = _target_number(token.text)
            clause.numbered = index
            if rest is None:
                return
            token = Token("number", rest, token.glued, token.unit)
        if token.unit == "points":
            clause.points = True
        elif token.unit == "pips":
            clause.pips.append(token.text)
        else:
            adjoins = position > 0 and self.tokens[position - 1].kind == "number"
            clause.broken |= adjoins and bool(clause.prices) and len(clause.prices[-1]) == 1
            clause.apart |= bool(clause.prices) and not self.joined
            clause.prices.append(token.text)
        self.joined = True

    def _glued_to_a_strange_word(self, position: int) -> bool:
        before = self.tokens[position - 1]
        known = (
            before.text in SIDES or before.text in STOP_LABELS | TARGET_LABELS | ENTRY_LABELS | PLACE_WORDS
        )
        return before.kind == "word" and not known and before.text not in LIMIT_WORDS | MARKET_WORDS

    def _end_line(self, position: int) -> None:
        """A label without its number waits for a next line that begins with one; a list of targets goes
        on over lines of numbers only; anything else ends with its line."""
        line = self._next_line(position)
        begins = next((token for token in line if token.kind != "mark"), None)
        begins_with_number = begins is not None and begins.kind == "number"
        clause = self.clause
        if clause.label in {"none", "other"} or clause.runner or not begins_with_number:
            waits = False
        elif not clause.has_number:
            waits = True
        else:
            only_numbers = all(token.kind in {"number", "mark"} for token in line)
            waits = clause.label == "target" and only_numbers
        if not waits:
            self.clause = Clause("none")

    def _next_line(self, position: int) -> list[Token]:
        line: list[Token] = []
        for index in range(position + 1, len(self.tokens)):
            token = self.tokens[index]
            if token.kind != "line":
                line.append(token)
            elif line:
                break
        return line


def _target_number(text: str) -> tuple[bool, str | None]:
    """Whether a target label's first number counts the targets ("tp 2"), and the price in it if there is
    one ("tp1.1.0850")."""
    if text.isdigit() and len(text) <= 2 and int(text) <= _LARGEST_TARGET_NUMBER:
        return True, None
    if numbered := _NUMBERED_PRICE.fullmatch(text):
        return True, numbered.group(1)
    return False, text


def _add(found: list[str], value: str) -> None:
    if value not in found:
        found.append(value)
