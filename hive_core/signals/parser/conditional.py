"""Calls that hang on what the market does first: "buy gold 2650 if 2655 breaks". They are none to take yet.

The words stand in the packs, section [case]: `if` begins a case, `event` is what price may do in it. A case
of what to do with the trade later ("move the stop to entry once 2660 is reached") makes no call conditional;
the words of management are those of updates. Conditions before an entry's own number are for `entries`.
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import cache

from hive_core.signals.parser.vocabulary import WORDS, case_words
from hive_core.signals.updates.vocabulary import Concept
from hive_core.signals.updates.vocabulary import vocabulary as management

_CLAUSE_END = re.compile(r"[,:()\n]|[.!?](?!\d)")
_SENTENCE_END = re.compile(r"\n|[.!?](?=\s|$)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LONGEST_SENTENCE = 400
_MOST_CASES = 40
_FARTHEST = 80
"""Characters behind "if" in which the event is told, and what is to be done then."""
_LABELS = frozenset({Concept.STOP, Concept.TARGET, Concept.BREAKEVEN, Concept.PROFIT})
_VERBS = frozenset(
    {
        *(Concept.CLOSE, Concept.CANCEL, Concept.MOVE, Concept.BREAKEVEN, Concept.PARTIAL),
        *(Concept.SECURE, Concept.REMOVE, Concept.ADD),
    }
)


def hangs_on(plain: str, words: Set[str], begins: int, first_label: int) -> str | None:
    """The condition that a call hangs on, or None.

    Looked for in the sentence of the call's side or symbol, in what stands between it and its first label of
    a stop or target, and in sentences behind it that begin with "only".

    Args:
        plain: the plain text; `words` are all of its words.
        begins: where the call's side or symbol stands.
        first_label: where its first label of a stop or target stands.
    """
    if _first_words("if").isdisjoint(words):
        return None
    earliest = max(0, begins - _LONGEST_SENTENCE)
    start = max((end.end() for end in _SENTENCE_END.finditer(plain, earliest, begins)), default=earliest)
    behind = _SENTENCE_END.search(plain, max(begins, first_label))
    end = len(plain) if behind is None else behind.start()
    for count, case in enumerate(_cases().finditer(plain, start)):
        if count == _MOST_CASES:
            return "more conditions than anyone has"
        if case.start() >= end and not _begins_sentence(plain, case):
            continue
        if _is_event(plain, case) and not _is_managed(plain, start, case):
            return plain[case.start() : case.end() + _FARTHEST].split("\n")[0].strip()
    return None


def _begins_sentence(plain: str, case: re.Match[str]) -> bool:
    """Whether a case begins a sentence with "only"."""
    before = plain[: case.start()].rstrip(" \t-(*")
    return WORDS.findall(case.group())[0] in _all_words("only") and (not before or before[-1] in "\n.!?")


def _is_event(plain: str, case: re.Match[str]) -> bool:
    """Whether what follows is something that price does, and neither a target that is hit nor followed by
    what is to be done with the trade then."""
    end = _SENTENCE_END.search(plain, case.end())
    told = plain[case.end() : min(case.end() + _FARTHEST, end.start() if end else len(plain))]
    event = _events().search(told)
    if event is None:
        return False
    meanings = management().words
    before, behind = WORDS.findall(told[: event.start()]), WORDS.findall(told[event.end() :])
    if any(meanings.get(word) in _LABELS for word in before):
        return False
    return all(meanings.get(word) not in _VERBS for word in behind)


def _is_managed(plain: str, start: int, case: re.Match[str]) -> bool:
    """Whether the case belongs to what is said before it: "close half if it breaks", "sl 2640 if h1 closes
    below"."""
    earliest = max(start, case.start() - _LONGEST_SENTENCE)
    clause = _CLAUSE_END.split(plain[earliest : case.start()])[-1]
    meanings = management().words
    behind_number = _NUMBER.split(clause)[-1]
    if any(meanings.get(word) in _VERBS | _LABELS for word in WORDS.findall(behind_number)):
        return True
    labels = [meanings[word] for word in WORDS.findall(clause) if meanings.get(word) in _LABELS]
    return labels[-1:] == [Concept.STOP]


@cache
def _cases() -> re.Pattern[str]:
    of = {name: "|".join(re.escape(phrase) for phrase in case_words(name)) for name in ("if", "only")}
    return re.compile(rf"(?<!\w)(?:(?:{of['only']}) )?(?:{of['if']})(?!\w)")


@cache
def _events() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(phrase) for phrase in case_words('event'))})(?!\w)")


@cache
def _first_words(name: str) -> frozenset[str]:
    return frozenset(WORDS.findall(phrase)[0] for phrase in case_words(name))


@cache
def _all_words(name: str) -> frozenset[str]:
    return frozenset(case_words(name))
