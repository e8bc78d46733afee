"""First step of the parser: a message's text without its ornaments, with one spelling for its labels.

Line breaks stay, for they carry meaning. Nothing here knows of prices or instruments.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SHORTCODE = re.compile(r":[a-z][a-z0-9_+-]+:")
_VULGAR_FRACTION = re.compile("[¼-¾⅐-⅞↉]")
_NARROW_THOUSANDS = re.compile("(?<=[0-9])\u202f(?=[0-9]{3}(?![0-9]))")
_BULLET_BETWEEN_NUMBERS = re.compile(r"(?<=[0-9])\s*[•·]\s*(?=[0-9])")
_LIST_NUMBER = re.compile(r"^[^\S\n]*[0-9]{1,2}(?:\)|\.(?=\s))", re.MULTILINE)
_YEAR = "(?:19|20)[0-9]{2}"
_DATE = re.compile(
    rf"(?<![\w.,])(?:{_YEAR}([./-])[0-9]{{1,2}}\1[0-9]{{1,2}}|[0-9]{{1,2}}([./-])[0-9]{{1,2}}\2{_YEAR})(?![\w.,])"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_DATE_IN_WORDS = re.compile(rf"\b(?:{_MONTH} {_DAY}|{_DAY} {_MONTH})(?:,? 20[0-9]{{2}})?\b(?![.,][0-9])")
_CLOCK = re.compile(r"(?<![\w.,:])(?<!tp )(?<!target )[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![\w.,:])")
_BLANKS = re.compile(r"[ ]+")

_KEPT_MARKS = frozenset(".,-/_:@%+&'")
_LINE_BREAKS = frozenset("\n\r\v\f\x85\u2028\u2029")

_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        (r"(?:long|short|mid|medium)[ -]*terms?\b", " "),
        (r"\bas long as\b", " if "),
        (r"\btrail(?:ing)?[ -]*stop(?:[ ./-]*lo(?:ss|se))?\b", " trailing "),
        (r"(?:\bsafety )?\bstop[ ./-]*lo(?:ss|sses|se|st)(?![a-z])", " sl "),
        (r"\btake[ ./-]*profits?(?![a-z])", " tp "),
        (r"(?<![a-z])s ?[./-] ?l(?![a-z])", " sl "),
        (r"(?<![a-z])t ?[./-] ?p(?![a-z])", " tp "),
        (r"(?<![a-z])t(?=[1-9](?![0-9]))", " tp "),
        (r"\b(buy|sell|long|short)[ -]*stop(?![a-z])", r"\1 stoporder "),
        (r"\b(buy|sell)[ -]*limit(?![a-z])", r"\1 limit "),
        (r"\bbreak[ -]?even\b", " breakeven "),
        (r"\b(?:current|live|market) price\b|\bprice now\b", " current "),
    )
)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """One character of NFKC text as the parser reads it."""
    if character in _LINE_BREAKS:
        return "\n"
    if character in _KEPT_MARKS or (character.isascii() and character.isalnum()):
        return character
    if character == "\\":
        return "/"
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"}:  # right-to-left marks, joiners, variation selectors
        return ""
    if category == "Pd" or character in "~\N{TILDE OPERATOR}\N{MINUS SIGN}":
        return "-"
    if category in {"Nd", "No"}:
        digit = unicodedata.digit(character, None)
        return " " if digit is None else str(digit)
    return character if category.startswith("L") else " "


def normalise(text: str) -> str:
    """Lower case, compatibility forms resolved (NFKC), without emoji, markdown, brackets and marks of
    direction; label variants ("S/L", "Take-Profit", "T.P 1") as `sl` and `tp`; dates and clock times
    gone, which would pass for prices."""
    text = _SHORTCODE.sub(" ", text)
    text = _VULGAR_FRACTION.sub(" ", text)
    text = _NARROW_THOUSANDS.sub("", text)
    text = unicodedata.normalize("NFKC", text)
    text = _BULLET_BETWEEN_NUMBERS.sub(" - ", text)
    text = _LIST_NUMBER.sub(" ", text)
    text = "".join(map(_plain, text)).lower()
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    text = _BLANKS.sub(" ", text)
    # After the labels: "tp 1:85" is no time of day.
    for pattern in (_DATE, _DATE_IN_WORDS, _CLOCK):
        text = pattern.sub(" ", text)
    return "\n".join(" ".join(line.split(" ")).strip() for line in text.split("\n")).strip("\n")
