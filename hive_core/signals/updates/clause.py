"""The tokens of one clause, and what is found in it: shared by the modules that read clauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hive_core.signals.updates.tokens import Token, number
from hive_core.signals.updates.vocabulary import Concept, vocabulary
from hive_core.signals.verdicts import Action

LARGEST_TARGET_NUMBER = 12


SIDES = frozenset({Concept.BUY, Concept.SELL})


OBJECTS = SIDES | {Concept.TRADE, Concept.THIS, Concept.HERE, Concept.EARLIER, Concept.SYMBOL}


PARTS = (Concept.PARTIAL, Concept.SOME)


PLACES = frozenset({Concept.BREAKEVEN, Concept.ENTRY, Concept.EVEN})


UNKNOWN = frozenset({Concept.OTHER, Concept.NEUTRAL})


BETWEEN = OBJECTS | {
    Concept.FILLER,
    Concept.TO,
    Concept.AT,
    Concept.NOW,
    Concept.NEW,
    Concept.ALL,
    Concept.MARK,
    Concept.HOLD,
    Concept.FROM,
    Concept.FULL,
    Concept.DO,
}
"""What may stand between a verb, its stop and where that goes."""


COUNTS = OBJECTS | {
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
    Concept.LOSS,
    Concept.EVENT,
    Concept.DO,
}
"""What may stand behind a verb that ends a trade, between it and what it ends."""


NAMED = SIDES | {Concept.SYMBOL}
"""What tells which trade is meant."""


NOT_ALL = "some are to be kept, and what is to be ended is told by that only"


@dataclass(frozen=True, slots=True)
class Found:
    """An action that a clause asks for, at the token where its verb stands. `action` is None where it is
    unclear, and `unclear` says why. `names_all`: it is said of all trades. `is_told`: it is told as done.
    `is_remark`: it has no verb, and may say what another action comes to."""

    position: int
    action: Action | None
    names_all: bool = False
    unclear: str = ""
    is_told: bool = False
    is_remark: bool = False


@dataclass(slots=True)
class Clause:
    """The tokens of a clause, and what was found in it. `hits` are the places of "hit" that belong to a
    stop or target already."""

    tokens: Sequence[Token]
    found: list[Found] = field(default_factory=list)
    hits: set[int] = field(default_factory=set)
    concepts: list[Concept] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.concepts = [token.concept for token in self.tokens]

    def is_known(self, end: int | None = None) -> bool:
        """Whether every word up to `end` means something here."""
        return UNKNOWN.isdisjoint(self.concepts[:end])

    def at(self, position: int) -> Concept:
        """The concept at a position; END outside."""
        return self.concepts[position] if 0 <= position < len(self.concepts) else Concept.END

    def value(self, position: int) -> Decimal | None:
        """The number at a position, or None where something else stands, or nothing."""
        return number(self.tokens[position].text) if self.at(position) is Concept.NUMBER else None

    def is_mark(self, position: int, mark: str) -> bool:
        """Whether that mark stands at a position."""
        return self.at(position) is Concept.MARK and self.tokens[position].text == mark

    def share_at(self, position: int) -> tuple[Decimal | None, int]:
        """The share (0 to 1) that is named from a position on, and the position after it."""
        if self.at(position) is Concept.FRACTION:
            return vocabulary().fractions[self.tokens[position].text], position + 1
        if self.at(position) is Concept.NUMBER:
            amount = self.value(position)
            if amount is not None and self.is_mark(position + 1, "%"):
                return (amount / 100 if 0 < amount <= 100 else None), position + 2
            if self.is_mark(position + 1, "/") and self.at(position + 2) is Concept.NUMBER:
                divisor = self.value(position + 2)
                if amount is not None and divisor is not None and 0 < amount < divisor < 10:
                    return round(amount / divisor, 4), position + 3
        return None, position


def nearest_before(clause: Clause, at: int, skipped: frozenset[Concept]) -> Concept:
    """The nearest concept before a position that is none of `skipped`; a "hit" that belongs to another
    label is none."""
    position = at - 1
    while position >= 0 and clause.concepts[position] in skipped:
        position -= 1
    return Concept.END if position in clause.hits else clause.at(position)


def said_before(
    clause: Clause, at: int, share: Decimal | None, partial: bool, names_all: bool
) -> tuple[Decimal | None, bool, bool]:
    """The share, whether a part, and whether all are named before a verb that comes last."""
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
