"""Whether a text only tells what was: a report of results, or a line of a machine's log."""

from __future__ import annotations

import re

from hive_core.signals.updates.tokens import Token
from hive_core.signals.updates.vocabulary import Concept

_MOST_OF_A_HEADING = 6
_TICKET = re.compile(r"(?<![0-9.,])[0-9]{7,}(?![0-9.,])")
_RESULTS = frozenset({Concept.HIT, Concept.PIPS, Concept.STOPPED, Concept.BREAKEVEN})


def is_report(told: list[list[Token]]) -> bool:
    """Whether anything in a text is told of the past."""
    return any(token.concept is Concept.PAST for sentence in told for token in sentence)


def names_ticket(text: str) -> bool:
    """Whether a text is a log that names an order by its ticket: "Order closed #48211903"."""
    return _TICKET.search(text) is not None


def has_heading_of_results(told: list[list[Token]]) -> bool:
    """Whether a text is results under a heading ("Results of today:"): nothing in it is asked of anybody."""
    first = told[0] if told else []
    if len(told) < 2 or len(first) > _MOST_OF_A_HEADING:
        return False
    if all(token.concept is not Concept.PAST for token in first):
        return False
    return any(token.concept in _RESULTS for sentence in told[1:] for token in sentence)
