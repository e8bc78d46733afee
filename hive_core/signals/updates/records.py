"""Whether a text only tells what was: a report of results, or a line of a machine's log."""

from __future__ import annotations

from hive_core.signals.updates.tokens import Token
from hive_core.signals.updates.vocabulary import Concept

_MOST_OF_A_HEADING = 6
_FEWEST_DIGITS_OF_A_TICKET = 7
_RESULTS = frozenset({Concept.HIT, Concept.PIPS, Concept.STOPPED, Concept.BREAKEVEN})


def is_report(told: list[list[Token]]) -> bool:
    """Whether anything in a text is told of the past."""
    return any(token.concept is Concept.PAST for sentence in told for token in sentence)


def is_record(told: list[list[Token]]) -> bool:
    """Whether a text is results under a heading ("Results of today:"), or a log that names an order by its
    ticket ("Order closed #48211903"): nothing in it is asked of anybody."""
    return _has_heading(told) or any(_names_ticket(sentence) for sentence in told)


def _has_heading(told: list[list[Token]]) -> bool:
    first = told[0] if told else []
    if len(told) < 2 or len(first) > _MOST_OF_A_HEADING:
        return False
    if all(token.concept is not Concept.PAST for token in first):
        return False
    return any(token.concept in _RESULTS for sentence in told[1:] for token in sentence)


def _names_ticket(sentence: list[Token]) -> bool:
    return any(
        token.concept is Concept.NUMBER
        and len(token.text) >= _FEWEST_DIGITS_OF_A_TICKET
        and token.text.isdigit()
        for token in sentence
    )
