"""The verbs that end an order, or take profit of a trade: cancel, secure, partial."""

from __future__ import annotations

from decimal import Decimal

from hive_core.signals.updates.clause import (
    COUNTS,
    NAMED,
    NOT_ALL,
    OBJECTS,
    PARTS,
    UNKNOWN,
    Clause,
    Found,
    nearest_before,
    said_before,
)
from hive_core.signals.updates.vocabulary import Concept
from hive_core.signals.verdicts import Action, ActionKind


def read_cancel(clause: Clause, at: int) -> int:
    """Read the taking back of an order at its verb; gives the position after what it is said of."""
    names_all = is_said = False
    entry_price: Decimal | None = None
    must_be_said = clause.concepts[at] is Concept.REMOVE
    position = at + 1
    while position < len(clause.tokens):
        concept = clause.concepts[position]
        if concept in (Concept.STOP, Concept.TARGET):
            what = "stop" if concept is Concept.STOP else "target"
            clause.found.append(Found(at, None, unclear=f"a {what} is to be taken away"))
            return position + 1
        if concept is Concept.EXCEPT or (
            concept is Concept.HOLD and names_all and not NAMED.isdisjoint(clause.concepts[position:])
        ):
            clause.found.append(Found(at, None, unclear=NOT_ALL))
            return len(clause.tokens)
        if concept in OBJECTS:
            is_said = True
        elif concept is Concept.ALL:
            names_all = True
        elif concept is Concept.NUMBER and entry_price is None:
            entry_price = clause.value(position)
            is_said = entry_price is not None
        elif concept in UNKNOWN and not is_said:
            return position  # "cancel your holiday"
        elif concept not in COUNTS and not is_said:
            break
        position += 1
    if is_said or (not must_be_said and clause.is_known(at)):
        clause.found.append(Found(at, Action(ActionKind.CANCEL, entry_price=entry_price), names_all))
    return position


def read_cancelled(clause: Clause, at: int) -> int:
    """Read a call that is said to be void; gives the next position."""
    if clause.is_known() or not OBJECTS.isdisjoint(clause.concepts[:at]):
        names_all = Concept.ALL in clause.concepts
        clause.found.append(Found(at, Action(ActionKind.CANCEL), names_all))
    return at + 1


_BESIDE_A_GAIN = OBJECTS | {Concept.FILLER, Concept.ALL, Concept.NUMBER, Concept.MARK}


def read_secure(clause: Clause, at: int) -> int:
    """Read profit that is taken; gives the position after what it is said of."""
    share: Decimal | None = None
    is_said = is_whole = False
    position = at + 1
    while position < len(clause.tokens):
        concept = clause.concepts[position]
        named, after = clause.share_at(position)
        if named is not None:
            share, is_said, position = named, True, after
            continue
        if concept in PARTS or concept in (Concept.PROFIT, Concept.MONEY):
            is_said = True
        elif concept is Concept.FULL:
            is_whole = True
        elif concept not in _BESIDE_A_GAIN:
            break
        position += 1
    if not is_said and at > 0:
        before = nearest_before(clause, at, frozenset({Concept.FILLER, Concept.MONEY}))
        is_said = before in (*PARTS, Concept.PROFIT, Concept.FRACTION) or clause.is_mark(at - 1, "%")
        share, _, _ = said_before(clause, at, share, False, False)
    if is_said:
        if is_whole or share == 1:
            clause.found.append(Found(at, Action(ActionKind.CLOSE)))
        else:
            clause.found.append(
                Found(at, Action(ActionKind.PARTIAL_CLOSE, share=share), is_remark=share is None)
            )
    return position


_OTHER_PARTS = (Concept.CLOSE, Concept.SECURE, Concept.SECURED, Concept.HIT, Concept.TARGET)


def read_partial(clause: Clause, at: int) -> int:
    """Read a part that is closed without a verb; gives the next position."""
    if clause.is_known() and not any(concept in clause.concepts for concept in _OTHER_PARTS):
        share, _, names_all = said_before(clause, len(clause.tokens), None, True, False)
        clause.found.append(Found(at, Action(ActionKind.PARTIAL_CLOSE, share=share), names_all))
    return at + 1
