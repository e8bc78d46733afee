"""Texts that tell what became of trades. They may name symbol, side and prices, and are no calls.

The words stand in the packs, section [report]; how English puts them together stands here.
"""

from __future__ import annotations

import re
from collections.abc import Set

from hive_core.signals.parser.vocabulary import WORDS, report_words


def _any_of(name: str) -> str:
    return "|".join(re.escape(phrase) for phrase in report_words(name))


_HEADING = re.compile(
    r"\b(?:closed (?:trades?|positions?|signals?)|(?:trades?|signals?|positions?) closed"
    r"|(?:vip|free|all) results?"
    r"|(?:daily|weekly|monthly|today'?s?|yesterday'?s?|week'?s?|last) "
    r"(?:results?|reports?|recap|summary|performance|trades|profits?)"
    rf"|results? of|results?\b *:|{_any_of('heading')})(?!\w)"
)
_WAY = r"(?:was |is |got |been |has been |have been )?"
_DONE = (
    r"(?:hit|hits|hitt|tagged|reached|reach|done|smashed|achieved|completed|touched|triggered|closed"
    r"|atingido|alcanzado)\b"
)
_RESULT = re.compile(
    r"\b(?:tp|target|sl|take profit|stop loss|stoploss|tp ?\d|sl ?\d)\s*\d{0,2}\s*[-:.@()]*\s*"
    rf"(?:\d+(?:[.,]\d+)*\s+)?{_WAY}{_DONE}"
    r"|\b(?:hit|hits|reached|smashed|touched) (?:our |the |your )?"
    r"(?:first |second |third |1st |2nd |3rd |all )?(?:tp|target|targets|sl|stop loss|take profit)(?![a-z])"
    r"|\ball (?:tps?|targets?) (?:hit|done|smashed|reached|completed)\b"
    r"|(?<![a-z])pips? ?\+* ?"
    r"(?:running|done|gained|booked|secured|locked|in profit|profit done|hit|collected|made)\b"
    r"|\bclosed\W*$|\bstatus\W+closed\b|\bresult ?=|\btrade\W*\d+ closed\b"
    rf"|\d\W{{1,4}}(?:hit|hits|reached|done|smashed)\b|: (?:stopped|won|lost|win|loss)\b"
    r"|\brunning (?:in )?(?:profit|\+?\s*\d+\s*\+?\s*pips?)\b"
    r"|\b(?:in|booked|with) (?:good |nice |huge )?profit\b"
    r"|\bprofit (?:running|done|booked|secured|locked)\b|\bclosed (?:at|with|in|for)\b"
    rf"|(?<!\w)(?:{_any_of('result')})(?!\w)"
)
_INSTRUCTION = re.compile(rf"(?<!\w)(?:{_any_of('instruction')})(?!\w)")
_CASE = re.compile(r"\b(?:if|unless|when|once|until|till)\b")
"""Words behind "cancelled" that make it hang on what is to come."""
_REVOKED_BEFORE = re.compile(
    r"^\W*(?:please |pls |all |guys |now )*"
    r"(?!\w+ (?:the |my |your )?(?:above|previous|last|old|earlier|other)\b)"
    rf"(?:{_any_of('revoked')}|thinking|we (?:are|were) (?:out|stopped)|we (?:have )?closed"
    r"|(?:i |we )?(?:have |had |just )*missed(?: it)?"
    r"|who|should (?:i|we)|can (?:i|we)|shall (?:i|we)|anyone|did (?:you|we|anyone)"
    r"|if|when|once|wait|waiting)"
    r"(?!\w)"
)
_REVOKED_AFTER = re.compile(
    rf"(?<!\w)(?:{_any_of('revoked_after')}|is (?:now )?(?:invalid|void|off|cancell?ed|over)"
    r"|not active(?: yet)?|correction(?=\W*$| ?:| (?:on|to)\b)"
    r"|(?:(?:open|current|weekly) )?positions ?(?::(?! ?\d)|sheet)"
    r"|(?<!as )(?<!than )(?<!like )(?<!since )yesterday(?!'?s? (?:high|low|close|open|range|candle))"
    r"|(?:invalid|void)(?=\W*$)"
    r"|my (?:sl|stop|tp|target|entry)(?: loss| price)? was"
    r"|(?:he|she|they|somebody|someone|(?:a|my|our) (?:friend|member|client|trader)) "
    r"(?:has |have |had |just |said |says )*(?:bought|sold|shorted|longed|buy|sell|buys|sells)"
    r"|wait(?:ing)? for confirmation|(?:was|is) yesterday|yesterday'?s? signal)(?!\w)"
)
_GAIN = re.compile(
    r"\+ ?\d+ ?\+? ?pips? ?(?:profit)?[^\w\n]*$|^[^\w\n]*\d+ ?\+? ?pips? (?:profit|running)", re.MULTILINE
)
_FORBIDDEN = re.compile(
    r"\b(?:don'?t|do not|never|not|no need to|avoid|no)\s+(?:to\s+|try to\s+)?"
    r"(?:buy|sell|long|short)(?:ing)?\b"
    r"|\b(?:do not|don'?t) (?:enter|take|trade)\b"
    r"|\bnot an? (?:official )?(?:call|signal|trade|entry)\b"
    rf"|(?<!\w)(?:{_any_of('forbidding')})(?!\w)"
)
_LABEL_LINE = re.compile(r"^\W*\d{0,2}\W*(?:tp|target|take profit|sl|stop)")


def _first_words(name: str) -> set[str]:
    return {WORDS.findall(phrase)[0] for phrase in report_words(name)}


# A text without any of these words needs no search: most texts are told apart by that alone.
_HEADING_WORDS = frozenset(
    {"closed", "result", "results", "report", "reports", "recap", "summary", "performance", "trades"}
    | {"profit", "profits", "positions", "signals"}
    | _first_words("heading")
)
_RESULT_WORDS = frozenset(
    {
        "hit",
        "hits",
        "hitt",
        "tagged",
        "reached",
        "reach",
        "done",
        "smashed",
        "achieved",
        "completed",
        "touched",
    }
    | {"triggered", "closed", "atingido", "alcanzado", "running", "gained", "booked", "secured", "locked"}
    | {"profit", "collected", "made"}
    | _first_words("result")
)
_REVOKING_WORDS = frozenset(
    {max(WORDS.findall(phrase), key=len) for phrase in report_words("revoked_after")}
    | {"invalid", "void", "off", "canceled", "cancelled", "over", "active", "correction", "positions"}
    | {"confirmation", "yesterday", "yesterdays", "was", "he", "she", "they", "somebody", "someone"}
    | {"friend", "member", "client", "trader"}
)
_FORBIDDING_WORDS = frozenset(
    {"don", "dont", "do", "never", "not", "no", "avoid"} | _first_words("forbidding")
)
_PIPS = frozenset({"pip", "pips"})


def report_heading(plain: str, words: Set[str]) -> int | None:
    """Where a heading of results ends in a plain text of these words, or None."""
    if _HEADING_WORDS.isdisjoint(words):
        return None
    found = _HEADING.search(plain)
    return None if found is None else found.end()


def may_tell_result(words: Set[str]) -> bool:
    """Whether a text of these words may tell what became of a trade."""
    return not _RESULT_WORDS.isdisjoint(words)


def tells_result(plain: str, words: Set[str]) -> str | None:
    """The words of the first line that tells what became of a trade, or None. A line that tells what to do
    in the case that it happens is an instruction."""
    if _RESULT_WORDS.isdisjoint(words):
        return None
    for line in plain.split("\n"):
        found = _RESULT.search(line)
        if found is None or _INSTRUCTION.search(line):
            continue
        if "pip" in found.group() and _LABEL_LINE.search(line):
            continue  # "tp1 4090 +50 pips" counts the way to a target
        return found.group().strip()
    return None


def puts_off(plain: str, begins: int) -> str | None:
    """The words at the begin of a call's line or sentence that take it back, ask about it, make it hang on
    something or give it as an example.

    Args:
        begins: where the call's side or symbol stands.
    """
    end = plain.find("\n", begins)
    line = max(plain.rfind("\n", 0, begins), plain.rfind("?", 0, begins)) + 1
    told = plain[line : end if end >= 0 else len(plain)]
    found = _REVOKED_BEFORE.match(told)
    sentence = max(told.rfind(". ", 0, begins - line), told.rfind("! ", 0, begins - line))
    if found is None and sentence > 0:
        found = _REVOKED_BEFORE.match(told[sentence + 1 :])
    return None if found is None else found.group().strip()


def takes_back(plain: str, words: Set[str]) -> str | None:
    """The words anywhere in a text that take its calls back, or give them as an example."""
    if _REVOKING_WORDS.isdisjoint(words):
        return None
    for each in plain.split("\n"):
        found = _REVOKED_AFTER.search(each)
        if found is None or _INSTRUCTION.search(each, 0, found.start()) or _CASE.search(each, found.end()):
            continue
        return found.group().strip()
    return None


def tells_gain(plain: str, words: Set[str]) -> bool:
    """Whether a line is about pips that were made: of a text without stop and target that says enough."""
    return not _PIPS.isdisjoint(words) and _GAIN.search(plain) is not None


def forbidden_side(plain: str, words: Set[str]) -> str | None:
    """The words that forbid a direction ("do not buy"), or None."""
    if _FORBIDDING_WORDS.isdisjoint(words):
        return None
    found = _FORBIDDEN.search(plain)
    return None if found is None else found.group()
