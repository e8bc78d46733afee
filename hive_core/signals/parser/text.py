"""First step of the parser: characters. One spelling for letters, digits and marks; nothing of words.

Every character is put into its plain form on its own, so a place in the plain text leads back to its place
in the message. Line breaks stay, for they carry meaning.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

from hive_core.signals.verdicts import Span

_LINE_BREAKS = frozenset("\n\v\f\x85\u2028\u2029")
_KEPT = frozenset(".,-/_:@%+&'=?()")
"""Marks that part or join numbers, or tell what they are. All others become blanks."""
_MARKS = {
    **dict.fromkeys("~\N{TILDE OPERATOR}\N{MINUS SIGN}\N{BULLET}\N{MIDDLE DOT}\N{BULLET OPERATOR}", "-"),
    **dict.fromkeys("\N{ARABIC SEMICOLON};", ":"),
    **dict.fromkeys("\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}`\N{ACUTE ACCENT}", "'"),
    **dict.fromkeys("[{\N{FULLWIDTH LEFT PARENTHESIS}", "("),
    **dict.fromkeys("]}\N{FULLWIDTH RIGHT PARENTHESIS}", ")"),
    "\\": "/",
    "\N{ARABIC DECIMAL SEPARATOR}": ".",
    "\N{ARABIC THOUSANDS SEPARATOR}": ",",
    "\N{ARABIC COMMA}": ",",
    "\N{ARABIC QUESTION MARK}": "?",
    "\N{VULGAR FRACTION ONE HALF}": " half ",
    "\N{LEFTWARDS ARROW}": " from ",
    "\N{LATIN SMALL LETTER D WITH STROKE}": "d",
    "\N{LATIN CAPITAL LETTER D WITH STROKE}": "d",
    "\N{LATIN SMALL LETTER O WITH STROKE}": "o",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{ARABIC TATWEEL}": "",
    "\N{ARABIC LETTER TEH MARBUTA}": "\N{ARABIC LETTER HEH}",
    "\N{ARABIC LETTER ALEF MAKSURA}": "\N{ARABIC LETTER YEH}",
    "\r": "",
}
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
_NEGATIVE_LETTERS = (0x1F150, 0x1F170)
"""White letters in black circles and squares, A to Z from here on; Unicode gives them no plain form."""


def _plain(character: str) -> str:
    if character in _LINE_BREAKS:
        return "\n"
    if character in _MARKS:
        return _MARKS[character]
    if character in _SMALL_CAPITALS:
        return _SMALL_CAPITALS[character]
    for first in _NEGATIVE_LETTERS:
        if 0 <= ord(character) - first < 26:
            return chr(ord("a") + ord(character) - first)
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Mc", "Me", "Lm"}:  # marks of direction, joiners, accents, keycaps
        return ""
    if category == "Pd":
        return "-"
    if category in {"Nd", "No"}:
        digit = unicodedata.digit(character, None)
        return " " if digit is None else str(digit)
    # Compatibility forms resolved, accents apart from their letters, and gone.
    forms = unicodedata.normalize("NFKD", character).lower()
    kept = "".join(
        form
        for form in forms
        if form in _KEPT or (form.isalnum() and unicodedata.category(form) not in {"Mn", "Lm"})
    )
    return kept or " "


_SIGNS = {
    **dict.fromkeys(
        "\N{WHITE HEAVY CHECK MARK}\N{HEAVY CHECK MARK}\N{BALLOT BOX WITH CHECK}\N{CHECK MARK}",
        "\N{CHECK MARK}",
    ),
    **dict.fromkeys(
        '\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"\N{DOUBLE LOW-9 QUOTATION MARK}', '"'
    ),
    **dict.fromkeys(
        "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}", '"'
    ),
}
"""Characters that say how a text is meant, and nothing of its prices. In the plain form each is a blank."""


class _Table(dict[int, str]):
    """The plain form of every character, worked out when it is first met. `signs` have another one."""

    def __init__(self, signs: dict[str, str]) -> None:
        super().__init__({ord(sign): form for sign, form in signs.items()})

    def __missing__(self, code: int) -> str:
        plain = _plain(chr(code))
        self[code] = plain
        return plain


_TABLE = _Table({})
_TABLE_WITH_SIGNS = _Table(_SIGNS)


def normalise(text: str) -> str:
    """Lower case, compatibility forms resolved (NFKD), without accents, emoji, brackets, markdown and marks
    of direction. Digits of all scripts are 0 to 9, dashes are "-"."""
    return _spelled_out(text).translate(_TABLE)


def with_signs(text: str) -> str:
    """As `normalise`, and with ticks and quotation marks, each one character: places are those of the plain
    form."""
    return _spelled_out(text).translate(_TABLE_WITH_SIGNS)


_SPELLED_FLAGS = re.compile(
    "[\U0001f1e6-\U0001f1ff](?=[\u200b\u200c\u2060])|(?<=[\u200b\u200c\u2060])[\U0001f1e6-\U0001f1ff]"
)
_SPLIT_NUMBER = re.compile(r"(?<=[0-9])\*{1,3}(?=[0-9])")


def _spelled_out(text: str) -> str:
    """Letters made of halves of flags with joiners between them, and stars of markdown inside a number, each
    put to something of the same length."""
    if "\u200b" in text or "\u200c" in text or "\u2060" in text:
        text = _SPELLED_FLAGS.sub(lambda found: chr(ord(found[0]) - 0x1F1E6 + ord("a")), text)
    if "*" in text:
        text = _SPLIT_NUMBER.sub(lambda found: "\u200b" * len(found[0]), text)
    return text


def span_in(text: str, start: int, end: int) -> Span:
    """Where characters `start` to `end` of `normalise(text)` stand in `text`."""
    if text.isascii() and "\r" not in text:
        return Span(start, end)
    ends = _plain_ends(text)
    first = bisect_right(ends, start)
    return Span(first, max(first, bisect_right(ends, end - 1) + 1 if end > start else first))


@lru_cache(maxsize=4)
def _plain_ends(text: str) -> list[int]:
    """Where the plain form of each character ends in that of the text."""
    return list(accumulate(len(_TABLE[ord(character)]) for character in _spelled_out(text)))
