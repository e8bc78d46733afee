"""The verbs that end a trade or a part of it: close, cancel, secure, partial."""

from __future__ import annotations

from decimal import Decimal

from hive_core.signals.updates.clause import OBJECTS, PARTS, SIDES, UNKNOWN, Clause, Found, nearest_before
from hive_core.signals.updates.vocabulary import Concept
from hive_core.signals.verdicts import Action, ActionKind

_COUNTS = OBJECTS | {
    Concept.AND,
    Concept.OR,
    Concept.FILLER,
    Concept.NOW,
    Concept.MARK,
    Concept.NOT,
    Concept.NOT_AFTER,
    Concept.IF,
    Concept.FUTURE,
    Concept.MAYBE,
    Concept.PROFIT,
    Concept.MONEY,
    Concept.PIPS,
    Concept.AT,
    Concept.HOLD,
    Concept.ADD,
    Concept.FROM,
    Concept.FULL,
}

_ORDINALS = frozenset({Concept.FIRST, Concept.SECOND, Concept.THIRD, Concept.FOURTH})
_NAMED = SIDES | {Concept.SYMBOL}
_NOT_ALL = "some are to be kept, and what is to be ended is told by that only"
_SMALLEST_LAYER = 10
"""A single digit beside no other layer counts trades, or lots, as well as it abbreviates a price."""


def read_close(clause: Clause, at: int) -> int:
    """Read a close or a part of one at its verb; gives the position after what it is said of."""
    share, partial, names_all, even, is_said = None, False, False, False, False
    is_narrowed = False
    layers: list[Decimal] = []
    holds, unclear = False, ""
    position = at + 1
    named_before, is_behind = _layer_before(clause, at)
    if _is_article(clause, position):
        position += 1
    elif clause.at(position) is Concept.TO or (
        clause.at(at - 1) is Concept.SYMBOL and clause.at(position) is Concept.NUMBER and not _holds(clause)
    ):
        return position  # "close to", "gold close 4100": no verb
    if clause.is_mark(position, ":") and clause.at(position + 1) is Concept.NUMBER:
        return position  # "exit: 4100" labels a price
    if named_before is not None:
        is_said = True
        holds = is_behind  # "4083 close 4080 hold": what follows is held
        if not is_behind and clause.at(at + 1) is Concept.NUMBER:
            unclear = f"{named_before} and {clause.tokens[at + 1].text} stand beside it: which is not said"
        layers.append(named_before)
    elif is_behind:
        unclear = "a layer is to be kept, and what is to be closed is told by that only"
    while position < len(clause.tokens):
        concept = clause.concepts[position]
        named, after = clause.share_at(position)
        if named is not None:
            share, is_said, position = named, True, after
            continue
        if concept in OBJECTS or concept in (Concept.NOW, Concept.PROFIT, Concept.FULL):
            is_said = True
        elif concept is Concept.ALL:
            names_all = True
        elif concept in PARTS:
            partial = is_said = True
        elif concept is Concept.HOLD:
            holds = True
            if names_all and not _NAMED.isdisjoint(clause.concepts[position:]):
                unclear = _NOT_ALL
        elif concept is Concept.EXCEPT:
            unclear = _NOT_ALL
        elif concept in (Concept.EVEN, Concept.BREAKEVEN) or (
            concept is Concept.ENTRY and not layers and clause.at(position + 1) is not Concept.NUMBER
        ):
            even = is_said = True
        elif concept is Concept.NUMBER:
            kind = _number_after_close(clause, position, even=even)
            price = clause.value(position)
            if kind == "money":
                partial = is_said = True
            elif kind == "layer" and not holds and not _stands_after_unknown(clause, position, layers):
                is_said = True
                if price is None:
                    unclear = f"{clause.tokens[position].text} may be two numbers"
                else:
                    layers.append(price)
            elif kind == "price":
                unclear = "it is to be closed at a price, which is not now"
            elif kind == "count":
                unclear = "a number of trades is to be closed, and which of them is not said"
            elif kind == "time":
                unclear = "it is to be closed later, which is not now"
            elif kind == "share":
                unclear = f"{clause.tokens[position].text} % is no part of a trade"
        elif concept in _ORDINALS and clause.at(position + 1) in (Concept.ENTRY, Concept.TRADE):
            is_said = is_narrowed = True
            position += 1
        elif concept in _ORDINALS and clause.at(position + 1) is Concept.FRACTION:
            pass  # "close the first half"
        elif concept not in _COUNTS and not (concept is Concept.ENTRY and even):
            if concept is Concept.OTHER and layers and clause.at(position + 1) is Concept.NUMBER:
                holds = True  # "close 4223 <mistyped> 4221"
            elif concept not in UNKNOWN or is_said:
                break
            else:
                return position  # "close all the windows"
        position += 1
    if not is_said and not clause.is_known(at):
        return position
    if not is_said or clause.at(at - 1) in (Concept.FRACTION, *PARTS) or clause.is_mark(at - 1, "%"):
        share, partial, names_all = _said_before(clause, at, share, partial, names_all)
    if len(layers) > 1:
        unclear = unclear or f"{layers[0]} and {layers[1]} are both to be closed, or one is held"
    if unclear:
        clause.found.append(Found(at, None, names_all, unclear))
        return position
    entry_price = layers[0] if layers else None
    is_part = partial or (share is not None and share < 1)
    if is_narrowed and not layers:
        detail = "one of its entries is to be closed, and its price is not said"
        clause.found.append(Found(at, None, names_all, detail))
        return position
    kind = ActionKind.PARTIAL_CLOSE if is_part else ActionKind.CLOSE
    action = Action(kind, share=share if is_part else None, entry_price=entry_price)
    clause.found.append(Found(at, action, names_all))
    return position


_BESIDE_A_LAYER = frozenset({Concept.ENTRY, Concept.TRADE, Concept.FILLER})
_NO_LAYER_BEHIND = frozenset(
    {
        *(Concept.AT, Concept.NOW, Concept.TO, Concept.STOP, Concept.TARGET, Concept.HIT, Concept.MOVE),
        *(Concept.FROM, Concept.ADD, Concept.CLOSE, Concept.SECURE, Concept.NUMBER),
    }
)


def _layer_before(clause: Clause, at: int) -> tuple[Decimal | None, bool]:
    """The layer that is named before its verb ("gold 4083 close"), and whether verbs stand behind what they
    are said of here. (None, True): the layer before the verb is one that is kept ("hold 4080 close")."""
    position = at - 1
    while clause.at(position) in _BESIDE_A_LAYER:
        position -= 1
    price = clause.value(position)
    if price is None or price < _SMALLEST_LAYER:
        return None, False
    before = clause.at(position - 1)
    if before is Concept.HOLD:
        is_first = clause.at(position - 2) is not Concept.NUMBER
        if not is_first:
            return price, False
        return None, Concept.NUMBER not in clause.concepts[at:]
    if before in _NO_LAYER_BEHIND or clause.is_mark(position - 1, "+"):
        return None, False
    rest = clause.concepts[at + 1 :]
    return price, rest[:1] == [Concept.NUMBER] and rest[1:2] == [Concept.HOLD]


def _is_article(clause: Clause, position: int) -> bool:
    """Whether "a" is the article of what is closed ("fechem a venda"), and leads nowhere."""
    return (
        clause.at(position) is Concept.TO
        and clause.tokens[position].text == "a"
        and clause.at(position + 1) in OBJECTS
    )


def _holds(clause: Clause) -> bool:
    return Concept.HOLD in clause.concepts


def _number_after_close(clause: Clause, position: int, *, even: bool) -> str:
    """What a number counts: layer, price, money, count, or nothing of ours."""
    before, after = clause.at(position - 1), clause.at(position + 1)
    if clause.is_mark(position + 1, "+"):
        after = clause.at(position + 2)
    if after is Concept.PIPS or clause.is_mark(position - 1, "+"):
        return "result"
    if after is Concept.MONEY:
        return "money"
    if even or before is Concept.NOW:
        return "result"
    if before in (Concept.AT, Concept.TO):
        return "result" if Concept.NOW in clause.concepts else "price"
    if clause.is_mark(position + 1, "%"):
        return "share"
    if after is Concept.TIME:
        return "time"
    value = clause.value(position)
    is_small = value is not None and value < _SMALLEST_LAYER
    if is_small and (before is Concept.TRADE or after in (Concept.TRADE, Concept.ENTRY)):
        return "count"
    if is_small and clause.tokens[position].text.isdigit() and not _holds(clause):
        return "count"
    return "layer"


def _stands_after_unknown(clause: Clause, position: int, layers: list[Decimal]) -> bool:
    return bool(layers) and clause.at(position - 1) in UNKNOWN


def _said_before(
    clause: Clause, at: int, share: Decimal | None, partial: bool, names_all: bool
) -> tuple[Decimal | None, bool, bool]:
    """What stands before a verb that comes last."""
    position = 0
    while position < at:
        named, after = clause.share_at(position)
        if named is not None:
            share, position = named, after
            continue
        partial |= clause.concepts[position] in PARTS
        names_all |= clause.concepts[position] is Concept.ALL
        position += 1
    return share, partial, names_all


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
            concept is Concept.HOLD and names_all and not _NAMED.isdisjoint(clause.concepts[position:])
        ):
            clause.found.append(Found(at, None, unclear=_NOT_ALL))
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
        elif concept not in _COUNTS and not is_said:
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
        elif concept not in (Concept.FILLER, Concept.ALL, Concept.NUMBER, Concept.MARK, Concept.THIS):
            break
        position += 1
    if not is_said and at > 0:
        before = nearest_before(clause, at, frozenset({Concept.FILLER, Concept.MONEY}))
        is_said = before in (*PARTS, Concept.PROFIT, Concept.FRACTION) or clause.is_mark(at - 1, "%")
        share, _, _ = _said_before(clause, at, share, False, False)
    if is_said:
        if is_whole or share == 1:
            clause.found.append(Found(at, Action(ActionKind.CLOSE)))
        else:
            clause.found.append(Found(at, Action(ActionKind.PARTIAL_CLOSE, share=share)))
    return position


_OTHER_PARTS = (Concept.CLOSE, Concept.SECURE, Concept.SECURED, Concept.HIT, Concept.TARGET)


def read_partial(clause: Clause, at: int) -> int:
    """Read a part that is closed without a verb; gives the next position."""
    if clause.is_known() and not any(concept in clause.concepts for concept in _OTHER_PARTS):
        share, _, names_all = _said_before(clause, len(clause.tokens), None, True, False)
        clause.found.append(Found(at, Action(ActionKind.PARTIAL_CLOSE, share=share), names_all))
    return at + 1
