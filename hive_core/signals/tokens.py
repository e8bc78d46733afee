"""Second step of the parser: normalised text as tokens, with instruments recognised.

What tokens mean together stands in `clauses`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from hive_core.instruments.specification import alias_table
from hive_core.signals.words import (
    CURRENCIES,
    GLUED_UNITS,
    INDEX_NAMES,
    LOT_UNITS,
    OTHER_INSTRUMENTS,
    OTHER_UNITS,
    PIP_UNITS,
    POINT_UNITS,
    SIDES,
)

TokenKind = Literal["word", "number", "mark", "line", "symbol", "unknown_symbol"]
Unit = Literal["price", "pips", "points", "other"]

_TOKEN = re.compile(
    r"(?P<number>[0-9]+(?:[.,][0-9]+)*)|(?P<word>[^\W\d_]+(?:'[a-z]+)?)|(?P<line>\n)|(?P<mark>[^\s])"
)
_SIZE_FOLLOWS = frozenset({"size", ":", "@"})
_LIST_MARKS = frozenset("-/,&")
_PAIR_MARKS = frozenset("/-_.")
_BROKER_SUFFIXES = (
    "micro",
    "mini",
    "spot",
    "cash",
    "pro",
    "raw",
    "ecn",
    "stp",
    "sb",
    "vx",
    "m",
    "c",
    "i",
    "x",
    "z",
)
_SUFFIX_MIN_SYMBOL = 6
"""Suffixes are cut from full symbols only: `goldm` may be anything."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. `glued`: nothing stands between it and the token before. A symbol's `text`
    is Hive's own name of the instrument; `unit` is of numbers."""

    kind: TokenKind
    text: str
    glued: bool
    unit: Unit = "price"


def tokenise(text: str) -> list[Token]:
    """The tokens of a normalised text."""
    tokens: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text):
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]
        tokens.append(Token(kind, match.group(), match.start() == end))
        end = match.end()
    return _with_units(_with_symbols(tokens))


def _with_symbols(tokens: list[Token]) -> list[Token]:
    found: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        taken = 1
        if token.kind == "word":
            pair, taken = _pair_at(tokens, position)
            found.extend(pair)
        else:
            found.append(token)
        position += taken
    return found


def _pair_at(tokens: list[Token], position: int) -> tuple[list[Token], int]:
    """The tokens that a word (with what follows it, where both make a pair) stands for, and how many
    tokens that took."""
    token = tokens[position]
    second, length = position + 1, 2
    if second < len(tokens) and tokens[second].kind == "mark" and tokens[second].text in _PAIR_MARKS:
        second, length = position + 2, 3
    if second < len(tokens) and tokens[second].kind == "word":
        other = tokens[second].text
        if symbol := alias_table().get((token.text + other).upper()):
            return [replace(token, kind="symbol", text=symbol)], length
        if (
            token.text in CURRENCIES
            and other in CURRENCIES
            and len(token.text) + len(other) >= _SUFFIX_MIN_SYMBOL
        ):
            return [replace(token, kind="unknown_symbol", text=(token.text + other).upper())], length
        if other in {"usd", "usdt"} and length == 3 and tokens[position + 1].text == "/":
            return [replace(token, kind="unknown_symbol", text=(token.text + other).upper())], length
    following = tokens[position + 1] if position + 1 < len(tokens) else None
    if token.text in INDEX_NAMES and following is not None and following.kind == "number" and following.glued:
        return [replace(token, kind="unknown_symbol", text=(token.text + following.text).upper())], 2
    return _word_as_symbol(token), 1


def _word_as_symbol(token: Token) -> list[Token]:
    word = token.text
    if symbol := _known(word):
        return [replace(token, kind="symbol", text=symbol)]
    for side in SIDES:
        if word.endswith(side) and (symbol := _known(word.removesuffix(side))):
            return [replace(token, kind="symbol", text=symbol), Token("word", side, True)]
        if word.startswith(side) and (symbol := _known(word.removeprefix(side))):
            return [replace(token, text=side), Token("symbol", symbol, True)]
    if (
        word in OTHER_INSTRUMENTS
        or (word.endswith("usdt") and word != "usdt")
        or (word[:3] in CURRENCIES and word[3:] in CURRENCIES)
    ):
        return [replace(token, kind="unknown_symbol", text=word.upper())]
    return [token]


def _known(word: str) -> str | None:
    table = alias_table()
    if symbol := table.get(word.upper()):
        return symbol
    for suffix in _BROKER_SUFFIXES:
        bare = word.removesuffix(suffix)
        if len(bare) < len(word) and len(bare) >= _SUFFIX_MIN_SYMBOL and (symbol := table.get(bare.upper())):
            return symbol
    return None


def _with_units(tokens: list[Token]) -> list[Token]:
    """From the end to the beginning: what follows a number says what it counts."""
    marked = list(tokens)
    for position in reversed(range(len(tokens))):
        if tokens[position].kind == "number":
            marked[position] = replace(tokens[position], unit=_unit_of(marked, position))
    return marked


def _unit_of(tokens: list[Token], position: int) -> Unit:
    token = tokens[position]
    before = tokens[position - 1] if position else None
    after = tokens[position + 1] if position + 1 < len(tokens) else None
    # Between a number and its pips may stand a plus: "30 +pips".
    if after is not None and after.text == "+" and position + 2 < len(tokens):
        after = tokens[position + 2]
    if after is not None and after.kind in {"word", "mark"}:
        if after.text in PIP_UNITS:
            return "pips"
        if after.text in POINT_UNITS:
            return "points"
        if after.text in LOT_UNITS and not _names_lot_size(tokens, position + 2):
            return "other"
        if after.text in OTHER_UNITS or (after.glued and after.text in GLUED_UNITS):
            return "other"
        # "20-50-100 pips": the unit is of all three.
        if after.text in _LIST_MARKS and len(token.text) <= 3 and token.text.isdigit():
            following = tokens[position + 2] if position + 2 < len(tokens) else None
            if following is not None and following.kind == "number" and following.unit != "other":
                return following.unit
    # A gain ("+70") is told beside the price, and is none.
    if before is not None and before.text == "+":
        return "other"
    return "price"


def _names_lot_size(tokens: list[Token], position: int) -> bool:
    """Whether "lot" begins "lot size 0.2", and is no unit of the number before it."""
    return position < len(tokens) and (
        tokens[position].kind != "line" and tokens[position].text in _SIZE_FOLLOWS
    )
