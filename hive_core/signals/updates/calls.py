"""Where a call to trade begins in a text that may manage another trade before it.

"Close the sell, buy gold now 4105 sl 4098 tp 4115": what stands before the call is of the trade that stood.
Whether the call is whole is the parser's question.
"""

from __future__ import annotations

from typing import NamedTuple

from hive_core.signals.updates.clause import LARGEST_TARGET_NUMBER, SIDES
from hive_core.signals.updates.tokens import Token, number
from hive_core.signals.updates.vocabulary import Concept

_PENDING = frozenset({"limit", "limits", "buy stop", "sell stop"})
_LABEL_TAIL = frozenset(
    {Concept.MARK, Concept.AT, Concept.FILLER, Concept.END, Concept.FIRST, Concept.SECOND}
)
_LEADS = frozenset({Concept.MOVE, Concept.NEW, Concept.HIT})
_BEGINS = SIDES | {Concept.STOP, Concept.TARGET}
_ENDS = frozenset({Concept.CLOSE, Concept.CLOSING, Concept.CUT, Concept.CANCEL, Concept.CANCELLED})
_JOINS = frozenset({Concept.AND, Concept.OR})
_LISTED = SIDES | {
    *(Concept.SYMBOL, Concept.TRADE, Concept.FILLER, Concept.ALL, Concept.THIS, Concept.HERE),
    Concept.EARLIER,
    *(Concept.MARK, Concept.AND, Concept.OR),
}
_BEFORE_A_SIDE = frozenset({Concept.SYMBOL, Concept.NEW, Concept.FILLER, Concept.NOW})
_CALLING = frozenset({Concept.NOW, Concept.NUMBER})
_NOT_CALLING = frozenset(
    {
        *(Concept.IF, Concept.FUTURE, Concept.MAYBE, Concept.PAST, Concept.NOT, Concept.HOLD, Concept.MOVE),
        *(Concept.HIT, Concept.STOPPED, Concept.BREAKEVEN, Concept.PARTIAL, Concept.SECURE, Concept.PIPS),
        *(Concept.STOP, Concept.TARGET, Concept.ADD, Concept.CLOSE, Concept.CLOSING),
        *(Concept.CUT, Concept.CANCEL, Concept.REMOVE, Concept.ENDED),
    }
)


class Split(NamedTuple):
    """The sentences before a call, and those of the call."""

    before: list[list[Token]]
    call: list[list[Token]]


def lists_objects(tokens: list[Token]) -> bool:
    """Whether tokens only go on with what was named before them: "close the buys and the sells"."""
    return all(token.concept in _LISTED for token in tokens)


def split_call(told: list[list[Token]]) -> Split | None:
    """The sentences of a text before its call and from it on, or None where it has no call.

    A call has two of a stop with its price, a target with its price, and a side; or a pending order with
    a stop or a target. Where words that end a trade stand before it in its own sentence, that sentence is
    parted.
    """
    if not _has_call(told):
        return None
    for index, sentence in enumerate(told):
        concepts = {token.concept for token in sentence}
        if _BEGINS.isdisjoint(concepts):
            continue
        if _ENDS.isdisjoint(concepts):
            return Split(told[:index], told[index:])
        begin = _begins_behind(sentence)
        if begin is not None and _has_call([sentence[begin:], *told[index + 1 :]]):
            return Split([*told[:index], sentence[:begin]], [sentence[begin:], *told[index + 1 :]])
    return Split([], told)


def split_alert(told: list[list[Token]]) -> Split | None:
    """The sentences of a text before a call without levels ("close the sell. Gold buy now"), and those from
    it on; None where nothing is ended before it."""
    for index, sentence in enumerate(told):
        concepts = {token.concept for token in sentence}
        if concepts.isdisjoint(_ENDS):
            if index and not SIDES.isdisjoint(concepts) and _alerts(sentence):
                return Split(told[:index], told[index:])
            continue
        begin = _begins_behind(sentence) if not SIDES.isdisjoint(concepts) else None
        if begin is not None and _alerts(sentence[begin:]):
            return Split([*told[:index], sentence[:begin]], [sentence[begin:], *told[index + 1 :]])
    return None


def _alerts(sentence: list[Token]) -> bool:
    """Whether a sentence calls for a trade now, or at a price."""
    concepts = {token.concept for token in sentence}
    return not concepts.isdisjoint(_CALLING) and concepts.isdisjoint(_NOT_CALLING)


def _begins_behind(sentence: list[Token]) -> int | None:
    """Where a call begins behind the words of a sentence that end a trade: at a clause that names a side, or
    at a second side without anything between."""
    verb = next(place for place, token in enumerate(sentence) if token.concept in _ENDS)
    clause = 0
    sides = 0
    for place, token in enumerate(sentence):
        is_join = token.concept in _JOINS or token.text == ","
        if is_join:
            clause = place + 1
        elif token.concept in SIDES and place > verb:
            following = sentence[clause:]
            if clause > verb and not lists_objects(following) and not _has_end(following[: place - clause]):
                return clause
            sides += 1
            if sides > 1 and not lists_objects(sentence[place:]):
                return _with_what_leads(sentence, place)
    return None


def ending_behind(sentence: list[Token]) -> list[Token]:
    """The end of a call's sentence that ends something, from its verb on: "(close the sells first)"."""
    verbs = [place for place, token in enumerate(sentence) if token.concept in _ENDS]
    return sentence[verbs[-1] :] if verbs and verbs[-1] > 0 else []


def _has_end(tokens: list[Token]) -> bool:
    return any(token.concept in _ENDS for token in tokens)


def _with_what_leads(sentence: list[Token], side: int) -> int:
    """The place of a side, or of the symbol or "new" right before it."""
    begin = side
    while sentence[begin - 1].concept in _BEFORE_A_SIDE:
        begin -= 1
    leads = {token.concept for token in sentence[begin:side]}
    return begin if leads & {Concept.SYMBOL, Concept.NEW} else side


def _has_call(told: list[list[Token]]) -> bool:
    gives_stop = gives_target = names_side = names_pending = False
    flat: list[Token] = []
    for sentence in told:
        flat += sentence
        flat.append(Token(Concept.END, "\n"))
    labelled = any(token.concept in (Concept.STOP, Concept.TARGET) for token in flat)
    for position, token in enumerate(flat):
        if token.concept is Concept.STOP:
            gives_stop |= _is_given(flat, position)
        elif token.concept is Concept.TARGET:
            gives_target |= _is_given(flat, position)
        elif token.concept in SIDES:
            names_side = True
            following = flat[position + 1].text if position + 1 < len(flat) else ""
            names_pending |= token.text in _PENDING or following in _PENDING
    return gives_stop + gives_target + names_side >= 2 or (names_pending and labelled)


def _is_given(flat: list[Token], label: int) -> bool:
    """Whether a label has its price, which nobody moves there and nothing has hit."""
    for token in reversed(flat[max(0, label - 3) : label]):
        if token.concept is Concept.END:
            break
        if token.concept in _LEADS:
            return False
    numbers = 0
    for position in range(label + 1, min(label + 7, len(flat))):
        token = flat[position]
        if token.concept is Concept.NUMBER:
            value = number(token.text)
            counts = flat[label].concept is Concept.TARGET and numbers == 0
            if not (counts and value is not None and value <= LARGEST_TARGET_NUMBER):
                return all(after.concept is not Concept.HIT for after in flat[position + 1 : position + 4])
            numbers += 1
        elif token.concept not in _LABEL_TAIL:
            return False
    return False
