"""The book of one account at the venue: what works, what is open, and how far its time has come.

State only. `facts` is the one place that changes it; `engine` decides what happens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hive_core.contracts.decision import Side
from hive_core.contracts.order import BracketOrder

Instant = tuple[int, int, str]
"""A place in an account's stream of inputs: (nanoseconds, rank at that instant, key). Total order."""

BEFORE_ALL: Instant = (0, 0, "")

NO_STOP: dict[Side, Decimal] = {"buy": Decimal(0), "sell": Decimal(10) ** 12}
"""The stop of a position whose stop the venue refused: no price reaches it."""


def shown_stop(side: Side, stop_loss: Decimal) -> Decimal | None:
    """A stop as reports and snapshots tell it: None where there is none."""
    return None if stop_loss == NO_STOP[side] else stop_loss


@dataclass(frozen=True, slots=True)
class Working:
    """What of an accepted order may still fill. `number` is the sequence number of its acceptance.

    `is_triggered`: a stop order whose price was reached; what is left of it fills at the market.
    """

    number: int
    order: BracketOrder
    lots: Decimal
    stop_loss: Decimal
    take_profit: Decimal
    accepted_ns: int
    latency_ns: int = 0
    is_triggered: bool = False

    @property
    def eligible_ns(self) -> int:
        """The first instant at which a quote may fill it."""
        return self.accepted_ns + self.latency_ns


@dataclass(frozen=True, slots=True)
class Closing:
    """A close at the market that was asked for and waits for its next price. `lots` are still to close."""

    lots: Decimal
    reason: str
    request_id: str
    eligible_ns: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Lots that were filled at one price."""

    lots: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """What an order opened and is still open; `swap` was credited to it (negative: charged) so far.

    `slices` are its fills, the oldest first: a partial close takes from the front, so that profit needs no
    average that cannot be held exactly. `requests` are the closes asked for by name, each carried out once.
    """

    number: int
    order: BracketOrder
    slices: tuple[Slice, ...]
    stop_loss: Decimal
    take_profit: Decimal
    swap: Decimal = Decimal(0)
    closing: Closing | None = None
    requests: tuple[str, ...] = ()

    @property
    def lots(self) -> Decimal:
        """How much is open."""
        return sum((part.lots for part in self.slices), Decimal(0))

    @property
    def entry(self) -> Decimal:
        """The average price, to the precision of a price in a contract."""
        total = sum((part.lots * part.price for part in self.slices), Decimal(0))
        return self.slices[0].price if len(self.slices) == 1 else round(total / self.lots, 8)

    def without(self, lots: Decimal) -> tuple[Slice, ...]:
        """The fills that are left when `lots` are taken from the oldest."""
        left: list[Slice] = []
        for part in self.slices:
            taken = min(part.lots, lots)
            lots -= taken
            if part.lots > taken:
                left.append(Slice(part.lots - taken, part.price))
        return tuple(left)


@dataclass(slots=True)
class Book:
    """One account. Its entries are frozen; the mappings keep the order in which things came about.

    `balance` is None where money is not counted. `quotes` are the last bid and ask of each instrument and
    `rates_per_eur` the last reference rates; `unsaved_marks` names those of them that no fact holds yet.
    `known_ids` are the client ids seen so far, or None where whoever keeps the book looks after them.
    """

    account: str
    instant: Instant = BEFORE_ALL
    last_seq: int = 0
    balance: Decimal | None = None
    working: dict[int, Working] = field(default_factory=dict)
    open: dict[int, Position] = field(default_factory=dict)
    quotes: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    rates_per_eur: dict[str, Decimal] = field(default_factory=dict)
    unsaved_marks: dict[str, None] = field(default_factory=dict)
    known_ids: set[str] | None = field(default_factory=set)

    def fork(self) -> Book:
        """A book of its own with the same content."""
        return Book(
            self.account,
            self.instant,
            self.last_seq,
            self.balance,
            dict(self.working),
            dict(self.open),
            dict(self.quotes),
            dict(self.rates_per_eur),
            dict(self.unsaved_marks),
            None if self.known_ids is None else set(self.known_ids),
        )
