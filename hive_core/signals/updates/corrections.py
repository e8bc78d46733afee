"""A level that was mistyped, and is named again: "typo, sl is 4085", "sl should be 4085 not 4805"."""

from __future__ import annotations

from collections.abc import Sequence

from hive_core.signals.updates.alone import with_enough_digits
from hive_core.signals.updates.clause import LARGEST_TARGET_NUMBER, SIDES, Found
from hive_core.signals.updates.grammar import read_clause
from hive_core.signals.updates.tokens import Token, number
from hive_core.signals.updates.vocabulary import Concept, said_alone

_MOST_TOKENS = 28
_LABELS = frozenset({Concept.STOP, Concept.TARGET})
_DENIALS = frozenset({Concept.NOT, Concept.NOT_AFTER})
_BETWEEN = SIDES | {
    *(Concept.FILLER, Concept.SYMBOL, Concept.TRADE, Concept.THIS, Concept.EARLIER, Concept.AT, Concept.TO),
    *(Concept.NOW, Concept.NEW, Concept.AND, Concept.MARK, Concept.CORRECT, Concept.FROM),
    *(Concept.FIRST, Concept.SECOND, Concept.THIRD, Concept.FOURTH, Concept.DO),
}
_AROUND = _BETWEEN | _LABELS | {Concept.MOVE, Concept.NUMBER, Concept.ALL, Concept.MAYBE}


def read_correction(told: Sequence[Sequence[Token]]) -> list[Found]:
    """The one level that a text corrects; none where it says anything else, or names two prices."""
    if not any(token.concept is Concept.CORRECT for sentence in told for token in sentence):
        return []
    tokens = _without_denied([token for sentence in told for token in sentence])
    if len(tokens) > _MOST_TOKENS:
        return []
    alone = said_alone()
    for token in tokens:
        is_around = token.concept in _AROUND or token.text in alone.address or token.text in alone.determiners
        if not is_around or token.text in alone.told or token.text in "%+":
            return []
    prices = [place for place, token in enumerate(tokens) if _is_price(token)]
    if len(prices) != 1:
        return []
    (price,) = prices
    labels = [place for place in range(price) if tokens[place].concept in _LABELS]
    if not labels:
        return []
    if tokens[labels[-1]].concept is Concept.TARGET and tokens[0].concept is not Concept.CORRECT:
        return []  # a market has corrections with targets too
    # Only the label and its price: how they are joined was looked at.
    count = [token for token in tokens[labels[-1] + 1 : price] if token.concept is Concept.NUMBER]
    moved = [Token(Concept.MOVE, ""), tokens[labels[-1]], *count, Token(Concept.TO, ""), tokens[price]]
    return [with_enough_digits(found) for found in read_clause(moved)]


def _without_denied(tokens: list[Token]) -> list[Token]:
    """Without the price that was wrong: "not 4805"."""
    kept: list[Token] = []
    for token in tokens:
        if token.concept is Concept.NUMBER and kept and kept[-1].concept in _DENIALS:
            kept.pop()
        else:
            kept.append(token)
    return kept


def _is_price(token: Token) -> bool:
    value = number(token.text) if token.concept is Concept.NUMBER else None
    return value is not None and not (value <= LARGEST_TARGET_NUMBER and value == int(value))
