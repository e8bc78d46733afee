"""What is said of stop and target: moved, to the entry or to a price, and hit."""

from __future__ import annotations

from hive_core.signals.updates.clause import (
    BETWEEN,
    LARGEST_TARGET_NUMBER,
    OBJECTS,
    PLACES,
    SIDES,
    UNKNOWN,
    Clause,
    Found,
    nearest_before,
)
from hive_core.signals.updates.tokens import number
from hive_core.signals.updates.vocabulary import Concept, said_alone
from hive_core.signals.verdicts import Action, ActionKind

_ORDINALS = {Concept.FIRST: 1, Concept.SECOND: 2, Concept.THIRD: 3, Concept.FOURTH: 4}


_FEWEST_OF_A_PRICE = 100
"""A smaller whole number beside break-even counts trades."""


_TARGET_TAIL = frozenset(
    {
        Concept.NUMBER,
        Concept.AND,
        Concept.AT,
        Concept.FILLER,
        Concept.MARK,
        Concept.PROFIT,
        Concept.PIPS,
        Concept.ALL,
        Concept.TARGET,
        Concept.SYMBOL,
    }
)


_BEFORE_TARGET = frozenset({Concept.FILLER, Concept.ALL, Concept.MARK, *_ORDINALS})


def read_stop(clause: Clause, at: int) -> int:
    """Read what is said of a stop at its label; gives the position after it."""
    before = nearest_before(clause, at, BETWEEN)
    if before is Concept.HIT or _is_hit_as_moved(clause, at):
        clause.found.append(Found(at, Action(ActionKind.STOP_HIT)))
        return at + 1
    if _tells_distance(clause, at):
        return at + 1
    moved = before is Concept.MOVE or Concept.NEW in clause.concepts[max(0, at - 2) : at]
    names_all = toward = False
    position = at + 1
    while (concept := clause.at(position)) in BETWEEN or concept is Concept.MOVE:
        moved |= concept in (Concept.MOVE, Concept.NEW)
        names_all |= concept is Concept.ALL
        toward = concept is Concept.TO or (toward and concept in (Concept.FILLER, Concept.MARK))
        position += 1
    if concept is Concept.HIT:
        clause.hits.add(position)
        clause.found.append(Found(at, Action(ActionKind.STOP_HIT)))
    elif concept in PLACES and _is_place(clause, position):
        names_all |= Concept.ALL in clause.concepts
        clause.found.append(Found(at, Action(ActionKind.BREAKEVEN), names_all))
    elif concept is Concept.NUMBER and (goes_to := _moved_after(clause, position)) is not None:
        return _read_new_price(clause, at, goes_to, ActionKind.MOVE_STOP, None)
    elif concept is Concept.NUMBER and (moved or toward):
        return _read_new_price(clause, at, position, ActionKind.MOVE_STOP, None)
    elif concept is Concept.NUMBER and Concept.HIT in clause.concepts[position : position + 4]:
        clause.found.append(Found(at, Action(ActionKind.STOP_HIT)))
    return position


def _is_hit_as_moved(clause: Clause, at: int) -> bool:
    """Whether the stop is one that was moved before it was hit: "triggering the adjusted stop"."""
    return clause.at(at - 1) is Concept.MOVE and nearest_before(clause, at - 1, BETWEEN) is Concept.HIT


def _tells_distance(clause: Clause, at: int) -> bool:
    """Whether the words before a stop tell how far it was: "a 40 pip stop to 3870"."""
    is_counted = clause.concepts[max(0, at - 2) : at] == [Concept.NUMBER, Concept.PIPS]
    return is_counted and (clause.at(at - 3) is Concept.FILLER or clause.tokens[max(0, at - 3)].text == "a")


def _moved_after(clause: Clause, position: int) -> int | None:
    """Where the price stands to which a verb after the number at `position` moves: that number ("sl 2735
    pe le aao"), or one behind the verb ("sl 2735 moved to 2741"). None without such a verb."""
    links = (Concept.TO, Concept.AT, Concept.FILLER)
    verb = position + 1
    while clause.at(verb) in links:
        verb += 1
    if clause.at(verb) not in (Concept.MOVE, Concept.DO):
        return None
    behind = verb + 1
    while clause.at(behind) in links:
        behind += 1
    return behind if clause.at(behind) is Concept.NUMBER else position


def _read_new_price(
    clause: Clause, at: int, position: int, kind: ActionKind, target_number: int | None
) -> int:
    """A stop or target that is moved to the number at `position`."""
    what = "stop" if kind is ActionKind.MOVE_STOP else "target"
    price, after = clause.value(position), clause.at(position + 1)
    end = position + 1
    unclear = ""
    if price is None:
        unclear = f"{clause.tokens[position].text} may be two numbers"
    elif after is Concept.PIPS or clause.is_mark(end, "%"):
        unclear = f"the {what} is said in {clause.tokens[end].text}, not as a price"
    else:
        if _is_thousands(clause, position):
            price, end = number(clause.tokens[position].text + clause.tokens[end].text), end + 1
        is_left = clause.at(position - 1) is Concept.FROM and clause.at(end) is Concept.TO
        if is_left and clause.at(end + 1) is Concept.NUMBER:
            return _read_new_price(clause, at, end + 1, kind, target_number)
        if is_left:
            unclear = f"where the {what} goes is not said"
        joined = clause.at(end) in (Concept.TO, Concept.AT, Concept.OR, Concept.MARK)
        second = end + joined
        if clause.at(second) is Concept.NUMBER and not clause.is_mark(end, "+"):
            unclear = f"the {what} is {clause.tokens[position].text} or {clause.tokens[second].text}"
            end = second + 1
    if unclear:
        clause.found.append(Found(at, None, unclear=unclear))
    else:
        clause.found.append(Found(at, Action(kind, price=price, target_number=target_number)))
    return end


def _is_thousands(clause: Clause, position: int) -> bool:
    """Whether a blank stands in one number: "3 305"."""
    if clause.at(position + 1) is not Concept.NUMBER:
        return False
    first, second = clause.tokens[position].text, clause.tokens[position + 1].text
    return (
        first.isdigit()
        and len(first) <= 3
        and second.split(".")[0].isdigit()
        and len(second.split(".")[0]) == 3
    )


def _is_place(clause: Clause, position: int) -> bool:
    """Whether the entry stands here as a place. "be" is one only where no other word goes on with it."""
    if not _is_short(clause, position):
        return True
    return clause.at(position + 1) not in UNKNOWN


_NAMED = SIDES | {Concept.TRADE, Concept.ALL}
_BEHIND_BREAKEVEN = OBJECTS | {*(Concept.END, Concept.NOW, Concept.MARK, Concept.AT, Concept.ALL)}


def _is_short(clause: Clause, position: int) -> bool:
    """Whether the entry is said as "be", which is a word of chat too."""
    return clause.tokens[position].text.split()[-1] == "be"


def _ends_there(clause: Clause, position: int) -> bool:
    """Whether no chat goes on behind the place: "put be guys", and not "it is set to be a great week"."""
    if not _is_short(clause, position) or clause.at(position + 1) in _BEHIND_BREAKEVEN:
        return True
    if clause.at(position + 1) is not Concept.FILLER:
        return False
    rest = clause.concepts[position + 1 :]
    is_of_trades = UNKNOWN.isdisjoint(rest) and not _NAMED.isdisjoint(rest)
    return is_of_trades or clause.tokens[position + 1].text in said_alone().address


def read_move(clause: Clause, at: int) -> int:
    """Read a move to the entry that names no stop; gives the position after it."""
    position = at + 1
    toward = False
    while clause.at(position) in BETWEEN:
        toward |= clause.concepts[position] in (Concept.TO, Concept.AT)
        position += 1
    concept = clause.at(position)
    plain_entry = concept is Concept.ENTRY and not _is_short(clause, position)
    is_place = concept in PLACES and _is_place(clause, position) and _ends_there(clause, position)
    if is_place and (toward or not plain_entry):
        names_all = Concept.ALL in clause.concepts
        clause.found.append(Found(at, Action(ActionKind.BREAKEVEN), names_all))
        return position + 1
    return position


def read_hold(clause: Clause, at: int) -> int:
    """Read a trade that is held at break-even: "hold the rest with be"; gives the next position."""
    position = at + 1
    while clause.at(position) in BETWEEN:
        position += 1
    at_entry = clause.at(position) is Concept.ENTRY and _is_short(clause, position)
    if (at_entry and _is_place(clause, position)) or clause.at(position) is Concept.BREAKEVEN:
        clause.found.append(Found(at, Action(ActionKind.BREAKEVEN)))
    return at + 1


_NO_PLACE = frozenset(
    {
        *(Concept.HIT, Concept.CLOSE, Concept.CLOSING, Concept.CUT, Concept.ENDED),
        *(Concept.STOPPED, Concept.SECURE, Concept.CANCEL),
    }
)


def read_breakeven(clause: Clause, at: int) -> int:
    """Read break-even said alone; gives the next position."""
    stands_there = clause.at(at - 1) is Concept.AT  # "we are at breakeven": the market is
    if _is_counted(clause, at):
        return at + 1
    if clause.is_known() and not stands_there and _NO_PLACE.isdisjoint(clause.concepts):
        names_all = Concept.ALL in clause.concepts
        clause.found.append(Found(at, Action(ActionKind.BREAKEVEN), names_all, is_remark=True))
    return at + 1


def _is_counted(clause: Clause, at: int) -> bool:
    """Whether a number counts the trades that ended at break-even: "break even: 4", "14 losses, 4 be"."""
    behind = at + 1 + (clause.is_mark(at + 1, ":") or clause.is_mark(at + 1, "-"))
    return any(
        count is not None and count == int(count) and count < _FEWEST_OF_A_PRICE
        for count in (clause.value(at - 1), clause.value(behind))
    )


def read_target(clause: Clause, at: int) -> int:
    """Read what is said of a target at its label; gives the position after it."""
    position = at + 1
    target_number = _ORDINALS.get(clause.at(position))
    if target_number is None:
        nearest = reversed(clause.concepts[max(0, at - 2) : at])
        target_number = next((_ORDINALS[concept] for concept in nearest if concept in _ORDINALS), None)
    else:
        position += 1
    counted = clause.value(position) if clause.at(position) is Concept.NUMBER else None
    if counted is not None and counted <= LARGEST_TARGET_NUMBER and counted == int(counted):
        unit = clause.at(position + 1 + clause.is_mark(position + 1, "+"))
        if unit is not Concept.PIPS:
            target_number = target_number or (int(counted) or None)
            position += 1
    moved = nearest_before(clause, at, _BEFORE_TARGET | BETWEEN) is Concept.MOVE
    moved |= Concept.NEW in clause.concepts[max(0, at - 2) : at]
    hit = nearest_before(clause, at, _BEFORE_TARGET) is Concept.HIT
    tail = position
    while not hit and (clause.at(tail) in _TARGET_TAIL):
        tail += 1
    if hit or clause.at(tail) is Concept.HIT:
        if not hit:
            clause.hits.add(tail)
        clause.found.append(Found(at, Action(ActionKind.TARGET_HIT, target_number=target_number)))
        return position
    toward = False
    after = position
    while (concept := clause.at(after)) in BETWEEN or concept is Concept.MOVE:
        moved |= concept in (Concept.MOVE, Concept.NEW)
        toward |= concept is Concept.TO
        after += 1
    if concept is Concept.NUMBER and (moved or toward):
        return _read_new_price(clause, at, after, ActionKind.MOVE_TARGET, target_number)
    if Concept.PARTIAL in (clause.at(at - 1), clause.at(position)):
        clause.found.append(Found(at, Action(ActionKind.PARTIAL_CLOSE)))
        return position + 1
    if clause.at(position) is Concept.NOW and target_number is None and clause.is_known():
        if Concept.NUMBER not in clause.concepts:
            clause.found.append(Found(at, Action(ActionKind.CLOSE)))
        return position + 1
    return position


def read_stopped(clause: Clause, at: int) -> int:
    """Read that the stop was hit, said in one word; gives the next position."""
    clause.found.append(Found(at, Action(ActionKind.STOP_HIT)))
    return at + 1
