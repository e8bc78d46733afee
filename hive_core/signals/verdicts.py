"""What the parser says of a text: signals, updates, noise or refusals. Types only.

How a text becomes one of these stands in `parser`; what becomes of them, in `validate` and `lifecycle`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from hive_core.signals.reasons import SignalReason


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the message's text: characters `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedSignal:
    """A clear call to trade.

    `entry` is its zone, low edge first (equal edges for one price), None for the market's own price.
    `target_shares` has one share of the position (0 to 1) a target where the text gives them, else is
    empty. `has_runner`: a last part is left open without a target. `valid_until` is only what the text
    itself says. `confidence` (0 to 1) is what is left after `grounds`, each a reason for less than 1.
    """

    symbol: str
    side: str
    order_type: str
    entry: tuple[Decimal, Decimal] | None
    stop_loss: Decimal
    take_profits: tuple[Decimal, ...]
    target_shares: tuple[Decimal, ...] = ()
    has_runner: bool = False
    valid_until: datetime | None = None
    confidence: float = 1.0
    grounds: tuple[str, ...] = ()
    span: Span = Span(0, 0)


class ActionKind(StrEnum):
    """What an update asks for, or tells."""

    BREAKEVEN = "breakeven"
    MOVE_STOP = "move_stop"
    MOVE_TARGET = "move_target"
    PARTIAL_CLOSE = "partial_close"
    CLOSE = "close"
    CANCEL = "cancel"
    TARGET_HIT = "target_hit"
    """A notice: nothing is to be done."""
    STOP_HIT = "stop_hit"
    """A notice: nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Action:
    """One step of an update, in the order in which the text gives them.

    `price` is the new stop or target. `share` is the part of the position to close (0 to 1), None where
    the text is vague ("secure partials"). `target_number` says which target was hit or moved.
    `entry_price` names one layer of several ("close 4223, hold 4221"), as written.
    """

    kind: ActionKind
    price: Decimal | None = None
    share: Decimal | None = None
    target_number: int | None = None
    entry_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ParsedUpdate:
    """What a text says of a signal that stands already. `symbol` and `side` are None where it names none;
    `is_for_all`: it speaks of every open signal ("close all")."""

    actions: tuple[Action, ...]
    symbol: str | None = None
    side: str | None = None
    is_for_all: bool = False
    confidence: float = 1.0
    grounds: tuple[str, ...] = ()
    span: Span = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Refused:
    """A text that looks like a call or an update and is not clear: the field at fault, the code, the
    words, and the piece of text that caused it."""

    field: str
    reason: SignalReason
    detail: str
    symbol: str | None = None
    side: str | None = None
    span: Span = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Noise:
    """Nothing to trade and nothing to manage."""


Verdict = ParsedSignal | ParsedUpdate | Refused | Noise
