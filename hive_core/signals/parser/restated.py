"""Whole calls that nobody is called to take: quoted, asked about, ticked off, told with what they made.

Rooms post their calls again as results, adverts and lessons, with every price in its place. What gives them
away is how they are put, which this module looks at; words that say it stand in `reports`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from hive_core.signals.parser.text import with_signs

_SIGNS = re.compile(
    "[\N{WHITE HEAVY CHECK MARK}\N{HEAVY CHECK MARK}\N{BALLOT BOX WITH CHECK}\N{CHECK MARK}"
    '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}'
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}]"
)
_TICK = "\N{CHECK MARK}"
_QUESTION = re.compile(r"\?+(?=[\s\")]|$)")
_ASKING = re.compile(
    r"\b(?:what|which|how|should|would|could|shall|think|thoughts|opinions?|anyone|agree|still|valid|"
    r"enter|take|correct|right|vote|poll|r multiple)\b"
)
_GAIN = re.compile(
    r"(?<![\d.,])\+ ?\d{1,5}(?:[.,]\d)? ?\+? ?"
    r"(?:pips?|pipsy|points?|pts|punkte|puntos|pontos|punti|пипсов|пункт\w*|نقطه|%)(?!\w)"
)
_WAY_TO_A_PRICE = re.compile(
    r"(?:[\d(\[:=/&,]|(?:tp|target|targets|sl|stop|profit|goal|tgt|risk|reward|rr)s? ?\d{0,2} ?[-.]?)\s*$"
)
_MADE = re.compile(
    r"\b(?:thanks?|thank you|congrat\w*|closed|pips|total|enjoy|boom|easy|bravo|well done|alhamdulillah)\b"
    r"|\+ ?\d"
)
_LABELS = re.compile(r"\b(?:tp|sl|stop|target|open|entry)")
_IN_THE_CASE = re.compile(
    r"\b(?:after|at|once|when|if|every|each|no|por|apos|tras|cuando|quando|nach|bei|sau|khi|после|при|بعد)\W+$"
)
_LONGEST_QUESTION = 300
_LABEL_AND_PRICE = 16
"""Characters in which a tick before the first target's label stands."""
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def is_quoted(signed: str, begins: int) -> bool:
    """Whether a place stands in quotation marks with words of somebody else around them."""
    before = signed.count('"', 0, begins)
    if before % 2 == 0:
        return False
    opened = signed.rfind('"', 0, begins)
    closed = signed.find('"', begins)
    around = signed[:opened] + " " + ("" if closed < 0 else signed[closed + 1 :])
    return closed >= 0 and _LETTERS.search(around) is not None


class Question(NamedTuple):
    """Where a question ends, and whether its line has words of asking about a trade."""

    at: int
    is_of_trade: bool


def questions_in(plain: str) -> list[Question]:
    """The questions of a text, without the question marks of addresses."""
    found = []
    for mark in _QUESTION.finditer(plain):
        at = mark.start()
        if "//" not in plain[plain.rfind(" ", 0, at) + 1 : at]:
            line = plain[max(plain.rfind("\n", 0, at) + 1, at - _LONGEST_QUESTION) : at]
            found.append(Question(at, _ASKING.search(line) is not None))
    return found


def is_asked_about(questions: Sequence[Question], plain: str, begins: int, ends: int) -> bool:
    """Whether a text asks about its call: on the lines of the call, or before it in words of asking.

    A question on a line behind the call is of something else ("who is in?").
    """
    first = plain.rfind("\n", 0, begins) + 1
    last = plain.find("\n", ends)
    for at, is_of_trade in questions:
        if at >= max(first, begins):
            return last < 0 or at < last
        if is_of_trade:
            return True
    return False


def tells_what_it_made(plain: str) -> str | None:
    """The gain that a text tells ("+100 pips"), or None. In brackets, or behind a price or a label, it is
    the way to a target."""
    for found in _GAIN.finditer(plain):
        before = plain[plain.rfind("\n", 0, found.start()) + 1 : found.start()]
        if not _WAY_TO_A_PRICE.search(before) and not _IN_THE_CASE.search(before):
            return found.group()
    return None


def is_ticked_off(signed: str, begins: int, ends: Sequence[int]) -> bool:
    """Whether targets are ticked as reached: some of them and not all; or all, in one line, or with thanks.

    A room that puts a tick at every target of a fresh call, on lines of their own, ticks nothing off; nor
    does one whose ticks stand before its targets.

    Args:
        signed: the text with its signs.
        begins: where the call's side or symbol stands.
        ends: where the targets' prices end.
    """
    if _TICK not in signed or not ends:
        return False
    first = signed.rfind("\n", 0, ends[0]) + 1
    stand_before = _TICK in signed[max(first, ends[0] - _LABEL_AND_PRICE) : ends[0]]
    ticked = [_tick_behind(signed, end, stand_before) for end in ends]
    if not any(ticked):
        return False
    if stand_before and not ticked[-1]:
        return False  # "(tick) tp1 4110 (tick) tp2 4120"
    if not all(ticked):
        return True
    is_one_line = "\n" not in signed[begins : ends[-1]] and " now" not in signed[begins : ends[0]]
    return is_one_line or _MADE.search(signed) is not None


def _tick_behind(signed: str, end: int, stand_before: bool) -> bool:
    """Whether a tick stands behind a price, before its line ends or another number comes; where ticks stand
    before labels, one with a label behind it is that label's."""
    rest = signed[end : end + 24]
    stop = re.search(r"[\n\d]", rest)
    piece = rest if stop is None else rest[: stop.start()]
    before, tick, behind = piece.partition(_TICK)
    if not tick or _LABELS.search(before):
        return False
    return not stand_before or _LETTERS.search(behind) is None or stop is None or stop.group() == "\n"


def signed_form(text: str) -> str | None:
    """The text with its ticks and quotation marks, or None where it has none of them."""
    return None if _SIGNS.search(text) is None else with_signs(text)
