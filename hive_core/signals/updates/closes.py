"""The verbs that close a trade or a part of it, and what tells that one is closed."""

from __future__ import annotations

from decimal import Decimal

from hive_core.signals.updates.clause import (
    COUNTS,
    NAMED,
    NOT_ALL,
    OBJECTS,
    PARTS,
    SIDES,
    UNKNOWN,
    Clause,
    Found,
    said_before,
)
from hive_core.signals.updates.vocabulary import Concept
from hive_core.signals.verdicts import Action, ActionKind

_SAYS_MORE = frozenset({Concept.NOW, Concept.PROFIT, Concept.FULL, Concept.LOSS})
_ORDINALS = frozenset({Concept.FIRST, Concept.SECOND, Concept.THIRD, Concept.FOURTH})
_AT_A_PRICE = "it is to be closed at a price, which is not now"
_SMALLEST_LAYER = 10
"""A single digit beside no other layer counts trades, or lots, as well as it abbreviates a price."""


def read_close(clause: Clause, at: int) -> int:
    """Read a close or a part of one at its verb; gives the position after what it is said of."""
    share, partial, names_all, even, is_said = None, False, False, False, False
    is_told = clause.concepts[at] is Concept.ENDED
    tells_price = is_told or clause.concepts[at] is Concept.CLOSING
    is_narrowed = False
    layers: list[Decimal] = []
    holds, unclear = False, ""
    position = at + 1
    named_before, is_behind = _layer_before(clause, at)
    if _is_article(clause, position):
        position += 1
    elif (clause.at(position) is Concept.TO and not tells_price) or (
        clause.at(at - 1) is Concept.SYMBOL and clause.at(position) is Concept.NUMBER and not _holds(clause)
    ):
        return position  # "close to", "gold close 4100": no verb
    if clause.concepts[position : position + 3] == [Concept.NUMBER, Concept.PIPS, Concept.FROM]:
        return position  # "close 20 pips from it" is near
    if clause.is_mark(position, ":") and clause.at(position + 1) is Concept.NUMBER:
        return position  # "exit: 4100" labels a price
    if clause.at(at - 1) is Concept.TO and clause.at(at - 2) is Concept.NUMBER:
        unclear = "" if _is_where_it_stands(clause) else _AT_A_PRICE  # "2043 pe close karo"
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
        if named is not None and not clause.is_mark(position - 1, "+"):
            share, is_said, position = named, True, after
            continue
        if concept in OBJECTS or concept in _SAYS_MORE:
            is_said = True
        elif concept is Concept.ALL:
            names_all = True
        elif concept in PARTS:
            partial = is_said = True
        elif concept is Concept.HOLD:
            holds = True
            if names_all and not NAMED.isdisjoint(clause.concepts[position:]):
                unclear = NOT_ALL
        elif concept is Concept.EXCEPT:
            unclear = NOT_ALL
        elif concept in (Concept.EVEN, Concept.BREAKEVEN) or (
            concept is Concept.ENTRY and not layers and clause.at(position + 1) is not Concept.NUMBER
        ):
            even = is_said = True
        elif concept is Concept.NUMBER:
            kind = _number_after_close(clause, position, is_result=even or tells_price)
            price = clause.value(position)
            if kind == "money":
                partial = is_said = True
            elif kind == "layer" and not holds and not _stands_after_unknown(clause, position, layers):
                is_said = True
                if price is None:
                    unclear = f"{clause.tokens[position].text} may be two numbers"
                else:
                    layers.append(price)
            elif kind == "result":
                is_said |= clause.is_mark(position - 1, "+") and clause.at(position + 1) is Concept.PIPS
            elif kind == "price":
                unclear = _AT_A_PRICE
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
        elif concept not in COUNTS and not (concept is Concept.ENTRY and even):
            if concept is Concept.OTHER and layers and clause.at(position + 1) is Concept.NUMBER:
                holds = True  # "close 4223 <mistyped> 4221"
            elif concept not in UNKNOWN or is_said:
                break
            else:
                return position  # "close all the windows"
        position += 1
    if not is_said and not clause.is_known(at):
        return position
    if share is None and not partial:
        share, partial, names_all = said_before(clause, at, share, partial, names_all)
    if len(layers) > 1:
        unclear = unclear or f"{layers[0]} and {layers[1]} are both to be closed, or one is held"
    if unclear:
        clause.found.append(Found(at, None, names_all, unclear, is_told=is_told))
        return position
    entry_price = layers[0] if layers else None
    is_part = partial or (share is not None and share < 1)
    if is_narrowed and not layers:
        detail = "one of its entries is to be closed, and its price is not said"
        clause.found.append(Found(at, None, names_all, detail))
        return position
    kind = ActionKind.PARTIAL_CLOSE if is_part else ActionKind.CLOSE
    action = Action(kind, share=share if is_part else None, entry_price=entry_price)
    clause.found.append(Found(at, action, names_all, is_told=is_told))
    return position


def read_cut(clause: Clause, at: int) -> int:
    """Read a verb that is said of other things too, where nothing else is named; gives the next position."""
    return read_close(clause, at) if clause.is_known() else at + 1


_TOLD_OF = SIDES | {Concept.TRADE, Concept.ALL, Concept.FULL, Concept.HERE, Concept.FRACTION, *PARTS}
_TOLD_WITH = _TOLD_OF | {*(Concept.THIS, Concept.NOW, Concept.EVEN, Concept.BREAKEVEN, Concept.LOSS)}
_FEWEST_OF_A_PRICE = 100


def read_ended(clause: Clause, at: int) -> int:
    """Read a trade that is told to be ended, where nothing else is named and it is told of which or how; a
    market is closed too. Gives the next position."""
    if not clause.is_known() or Concept.HIT in clause.concepts or _counts_out(clause, at):
        return at + 1
    behind = clause.concepts[at + 1 :]
    at_entry = any(pair == [Concept.AT, Concept.ENTRY] for pair in _pairs(behind))
    is_said = not (_TOLD_OF.isdisjoint(clause.concepts[:at]) and _TOLD_WITH.isdisjoint(behind))
    return read_close(clause, at) if is_said or at_entry or _has_result(clause) else at + 1


def _pairs(concepts: list[Concept]) -> list[list[Concept]]:
    """Each two concepts that stand beside each other."""
    return [concepts[first : first + 2] for first in range(len(concepts) - 1)]


def _counts_out(clause: Clause, at: int) -> bool:
    """Whether it is a share of a count: "8 out of 10 trades"."""
    behind = at + 1
    while clause.at(behind) is Concept.FILLER:
        behind += 1
    return any(
        count is not None and count < _FEWEST_OF_A_PRICE
        for count in (clause.value(at - 1), clause.value(behind))
    )


def _has_result(clause: Clause) -> bool:
    """Whether a number with a sign stands in the clause, of a trade that is named: "closed eurusd +16"."""
    return Concept.SYMBOL in clause.concepts and any(
        (clause.is_mark(place, "+") or clause.is_mark(place, "-"))
        and clause.at(place + 1) is Concept.NUMBER
        and clause.at(place - 1) is not Concept.NUMBER
        for place in range(len(clause.tokens))
    )


_SAYS_WHERE_IT_STANDS = frozenset({Concept.NOW, Concept.HERE, Concept.LOSS})


def _is_where_it_stands(clause: Clause) -> bool:
    """Whether the price of a close is told as the market's: it is to be closed now, or what it brings is
    told."""
    return not _SAYS_WHERE_IT_STANDS.isdisjoint(clause.concepts) or any(
        clause.is_mark(place, "+") and clause.at(place + 1) is Concept.NUMBER
        for place in range(len(clause.tokens))
    )


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


def _number_after_close(clause: Clause, position: int, *, is_result: bool) -> str:
    """What a number counts: layer, price, money, count, or nothing of ours."""
    before, after = clause.at(position - 1), clause.at(position + 1)
    if clause.is_mark(position + 1, "+"):
        after = clause.at(position + 2)
    if after is Concept.PIPS or clause.is_mark(position - 1, "+"):
        return "result"
    if Concept.HERE in clause.concepts[:position]:
        return "result"
    has_minus = clause.is_mark(position - 1, "-") and clause.at(position - 2) is not Concept.NUMBER
    if after is Concept.MONEY:
        return "result" if has_minus else "money"
    if is_result or before is Concept.NOW:
        return "result"
    is_behind = clause.at(position + 1) is Concept.TO and clause.at(position + 2) is Concept.END
    if before in (Concept.AT, Concept.TO) or is_behind:  # "46410 pe"
        return "result" if _is_where_it_stands(clause) else "price"
    if clause.is_mark(position + 1, "%"):
        return "share"
    if after is Concept.TIME:
        return "time"
    value = clause.value(position)
    if has_minus:
        return "result" if value is not None and value < _SMALLEST_LAYER else "layer"
    is_small = value is not None and value < _SMALLEST_LAYER
    if is_small and (before is Concept.TRADE or after in (Concept.TRADE, Concept.ENTRY)):
        return "count"
    if is_small and clause.tokens[position].text.isdigit() and not _holds(clause):
        return "count"
    return "layer"


def _stands_after_unknown(clause: Clause, position: int, layers: list[Decimal]) -> bool:
    return bool(layers) and clause.at(position - 1) in UNKNOWN
