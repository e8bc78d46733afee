"""The parts of a call: labels with the numbers behind them, symbols and sides. How they are found in tokens
stands in `fields`, what the numbers mean as prices in `prices`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Label(IntEnum):
    """What a field's numbers are of. `CALL` begins at a side or a symbol: "buy eurusd 1.0850" needs no
    label for its entry."""

    __hash__ = int.__hash__
    NONE = 0
    CALL = 1
    ENTRY = 2
    STOP = 3
    TARGET = 4
    OTHER = 5
    LOOSE = 6
    CURRENT = 7
    """Numbers on a line of their own, behind no label."""


class Unit(IntEnum):
    """What a number counts."""

    __hash__ = int.__hash__
    PRICE = 0
    PIPS = 1
    POINTS = 2
    OTHER = 3
    SHARE = 4


_LARGEST_UNIT = Unit.POINTS
"""Prices, and the distances that stand for them."""


@dataclass(slots=True)
class Number:
    """A number as written. `joined`: only marks and joining words stand between it and the number before
    in its field; `dashed`: exactly a mark that parts the edges of a zone or a list does; `blank`: nothing
    but one blank. `own_line`: it begins a line.
    `listed`: only marks of lists do. `aside`: it stands in brackets behind another number."""

    raw: str
    start: int
    end: int
    unit: Unit = Unit.PRICE
    joined: bool = True
    dashed: bool = False
    blank: bool = False
    own_line: bool = False
    listed: bool = False
    aside: bool = False


@dataclass(slots=True)
class Field:
    """A label with what follows it.

    `index`: the label counts ("tp 2"), up to `index_end`. `runner`: an open target is named, `runner_first`
    before any number. `managed`: it tells to move something ("move stop to 1.10"), so it is of an update.
    `weak`: the label is a slip or a word with other meanings ("si" for "sl"). `conditions`: words of a
    condition before the first number. `sided`, `placed`: buy or sell, or a word such as "at" is said in it;
    `explicit`: a word for the entry itself. `said`: the other words before its first number; `before`:
    those before it on its line. `bracketed`: each of its numbers stands in brackets of its own.
    """

    label: Label
    start: int
    numbers: list[Number] = field(default_factory=list)
    index: str = ""
    index_end: int = 0
    runner: bool = False
    runner_first: bool = False
    managed: bool = False
    explicit: bool = False
    weak: bool = False
    sided: bool = False
    placed: bool = False
    bracketed: bool = False
    said: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    line: int = 0
    conditions: list[str] = field(default_factory=list)
    place_words: list[str] = field(default_factory=list)

    def of(self, unit: Unit) -> list[Number]:
        """Its numbers of one unit."""
        return [number for number in self.numbers if number.unit is unit]

    @property
    def has_number(self) -> bool:
        """Whether a price, or a distance in its stead, belongs to it."""
        for number in self.numbers:  # noqa: SIM110 - asked for every word, and a generator takes twice as long
            if number.unit <= _LARGEST_UNIT:
                return True
        return False


@dataclass(slots=True)
class Mention:
    """A symbol or a side: where it stands, on which line of the text."""

    value: str
    line: int
    place: int
    start: int
    end: int
    is_prose: bool = False
    """A side that stands in no place of a call: "the short sellers are crowded"."""


@dataclass(slots=True)
class Call:
    """One call of a text: who, which way, what kind of order, and its fields in their order. `stray` are
    numbers that belong to no label. `is_pending`: an order that waits, of which kind is not said."""

    start: int
    end: int = 0
    symbols: list[Mention] = field(default_factory=list)
    unknown: list[Mention] = field(default_factory=list)
    sides: list[Mention] = field(default_factory=list)
    weak_sides: list[Mention] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    stray: list[Number] = field(default_factory=list)
    has_stop: bool = False
    has_target: bool = False
    is_pending: bool = False

    def of(self, *labels: Label) -> list[Field]:
        """The fields with one of these labels that are not of an update."""
        return [each for each in self.fields if each.label in labels and not each.managed]

    def has(self, label: Label) -> bool:
        """Whether a number belongs to a field of that label."""
        for each in self.fields:  # noqa: SIM110 - as above
            if each.label is label and not each.managed and each.has_number:
                return True
        return False

    @property
    def has_entry(self) -> bool:
        """Whether a price stands in the entry's place."""
        return any(each.of(Unit.PRICE) for each in self.of(Label.CALL, Label.ENTRY))

    def has_target_before(self, place: int) -> bool:
        """Whether a target with a number stands before a place in the text."""
        return any(
            each.label is Label.TARGET and each.start < place and each.has_number for each in self.fields
        )

    @property
    def is_complete(self) -> bool:
        """Whether what comes with another side or symbol is a call of its own."""
        return bool(self.sides or self.weak_sides) and self.has_stop and self.has_target
