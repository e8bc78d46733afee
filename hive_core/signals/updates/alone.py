"""Levels that a message names without a verb, and nothing beside them: "SL 4085", "tp2: 4120", "BE now".

They are the level to which stop or target goes, where no side makes a call of them. Whether they may be
something else where they stand (details of an alert, a target that was hit) is asked in `where_it_stands`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.clause import Found
from hive_core.signals.updates.grammar import read_clause
from hive_core.signals.updates.own_words import OwnWords
from hive_core.signals.updates.tokens import Token
from hive_core.signals.updates.vocabulary import Concept, said_alone
from hive_core.signals.verdicts import Action, ActionKind, ParsedUpdate, Refused

ALONE = "a level is named alone, without a word of what is done"
"""The ground of an update that has no verb."""

CORRECTED = "a level that was mistyped is named again"
"""The ground of an update that corrects a level."""

_MOST_PIECES = 20
_MOST_BESIDE_BREAKEVEN = 8
_MOST_BESIDE_GLUED = 4
"""Chat is longer, and is told apart by counting: every message of a room comes by here."""
_MOST_TOKENS = 24
_FEWEST_DIGITS = 3
_DIGITS = "0123456789.,:"
_LABELS = frozenset({Concept.STOP, Concept.TARGET})
_BESIDE_A_STOP = frozenset({Concept.MARK, Concept.AT, Concept.FILLER, Concept.NOW, Concept.NEW})
_AROUND_LEVELS = _LABELS | {
    *(Concept.NUMBER, Concept.SYMBOL, Concept.NEW, Concept.NOW, Concept.TO, Concept.AT, Concept.AND),
    *(Concept.FROM, Concept.TRADE, Concept.THIS, Concept.MARK, Concept.MOVE, Concept.ALL),
    *(Concept.FIRST, Concept.SECOND, Concept.THIRD, Concept.FOURTH),
}
_LEFT_OUT = frozenset({Concept.AND, Concept.END})
_NOT_A_STOP = frozenset({Concept.NUMBER, Concept.PIPS, Concept.MONEY, Concept.HIT, Concept.OR, Concept.IF})
_RESULTS = frozenset("%+")
_AROUND_BREAKEVEN = frozenset(
    {
        *(Concept.MOVE, Concept.NOW, Concept.SYMBOL, Concept.TRADE, Concept.BUY, Concept.SELL),
        *(Concept.MARK, Concept.ALL),
    }
)


def may_stand_alone(text: str, pieces: Sequence[str], own: OwnWords) -> bool:
    """Whether a text is short and has a label with a number, or a word for break-even."""
    count = len(pieces)
    if count > _MOST_PIECES:
        return False
    if count <= _MOST_BESIDE_BREAKEVEN and not said_alone().breakeven.isdisjoint(pieces):
        return True
    labels = own.triggers().labels
    if labels.isdisjoint(pieces):
        is_glued = count <= _MOST_BESIDE_GLUED and any(piece.rstrip(_DIGITS) in labels for piece in pieces)
        if not is_glued:
            return False
    return any("0" <= character <= "9" for character in text)


def read_alone(tokens: Sequence[Token]) -> list[Found]:
    """The levels of a text that names nothing else; none where any other word stands in it."""
    if len(tokens) > _MOST_TOKENS:
        return []
    return _breakeven(tokens) or _levels(tokens)


def _breakeven(tokens: Sequence[Token]) -> list[Found]:
    alone = said_alone()
    places = [place for place, token in enumerate(tokens) if token.text in alone.breakeven]
    if len(places) != 1:
        return []
    (place,) = places
    for at, token in enumerate(tokens):
        is_known = at == place or token.concept in _AROUND_BREAKEVEN or token.text in alone.address
        if not is_known and not (at < place and token.text in alone.determiners):
            return []
    return [Found(place, Action(ActionKind.BREAKEVEN), any(token.concept is Concept.ALL for token in tokens))]


def stop_beside(told: Sequence[Sequence[Token]]) -> Found | None:
    """The stop that is named beside a part that is closed ("book 50%, sl 4085"), where no other level is."""
    tokens = [token for sentence in told for token in sentence]
    labels = [place for place, token in enumerate(tokens) if token.concept in _LABELS]
    if len(labels) != 1 or tokens[labels[0]].concept is not Concept.STOP:
        return None
    place = labels[0] + 1
    while place < len(tokens) and tokens[place].concept in _BESIDE_A_STOP:
        place += 1
    behind = tokens[place + 1 : place + 3]
    if place == len(tokens) or tokens[place].concept is not Concept.NUMBER:
        return None
    if any(token.concept in _NOT_A_STOP or token.text in _RESULTS for token in behind):
        return None
    if not said_alone().told.isdisjoint(token.text for token in tokens[labels[0] : place]):
        return None
    moved = [Token(Concept.MOVE, ""), tokens[labels[0]], Token(Concept.TO, ""), tokens[place]]
    return next((with_enough_digits(found) for found in read_clause(moved)), None)


def _levels(tokens: Sequence[Token]) -> list[Found]:
    alone = said_alone()
    concepts = [token.concept for token in tokens]
    if _LABELS.isdisjoint(concepts):
        return []
    around = _AROUND_LEVELS if Concept.TARGET in concepts else _AROUND_LEVELS | {Concept.PIPS}
    for token in tokens:
        is_around = token.concept in around and not (token.concept is Concept.MARK and token.text in _RESULTS)
        if not is_around and token.text not in alone.address and token.text not in alone.determiners:
            return []
    first = min(place for place, concept in enumerate(concepts) if concept in _LABELS)
    if Concept.NUMBER in concepts[:first]:
        return []  # "2 sl 4 tp" counts results
    # A level said alone is one that is moved there.
    moved: list[Token] = []
    for token in tokens:
        if token.concept in _LABELS:
            moved.append(Token(Concept.MOVE, ""))
        is_word_between = token.concept is Concept.OTHER  # one of those that may stand beside a level
        if token.concept not in _LEFT_OUT and token.text != "," and not is_word_between:
            moved.append(token)
    return [with_enough_digits(found) for found in read_clause(moved)]


def with_enough_digits(found: Found) -> Found:
    """What was found; unclear where its price may be a number of pips."""
    price = None if found.action is None else found.action.price
    if price is None or len(f"{price:f}".replace(".", "").lstrip("0")) >= _FEWEST_DIGITS:
        return found
    return replace(found, action=None, unclear=f"{price} may be a price or a number of pips")


def where_it_stands(
    update: ParsedUpdate, text: str, *, after_alert: bool, answers_call: bool
) -> ParsedUpdate | Refused:
    """An update without a verb, or its refusal where the message may mean something else.

    Args:
        text: the message as it was posted, its signs included.
        after_alert: whether an alert waits for its details.
        answers_call: whether it replies to a call.
    """
    detail = ""
    kinds = {action.kind for action in update.actions}
    if after_alert:
        detail = "it may be of the alert before it, or of a signal that stands"
    elif CORRECTED in update.grounds:
        return update
    elif ActionKind.BREAKEVEN not in kinds and _has_sign_behind(text):
        detail = "a sign behind the price may say that it was hit"
    elif len(update.actions) > 1 and not answers_call:
        detail = "several levels alone may be of a call, or of a signal that stands"
    if not detail:
        return update
    reason = SignalReason.UNCLEAR_UPDATE
    return Refused("update", reason, detail, update.symbol, update.side, update.span)


def _has_sign_behind(text: str) -> bool:
    """Whether an emoji or another sign stands somewhere behind a text's last digit."""
    for character in reversed(text):
        if character.isdigit():
            return False
        if unicodedata.category(character) == "So":
            return True
    return False
