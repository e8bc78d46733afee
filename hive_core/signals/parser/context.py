"""What is known around a text when it is read. How it comes to be known stands in `room`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around a text.

    `symbol`, `side` and `entry` are those of an alert that the text completes. `habit` is the one symbol
    that its source has called lately, with the price of its last stop: taken only for prices near that.
    """

    symbol: str | None = None
    side: str | None = None
    entry: tuple[Decimal, Decimal] | None = None
    habit: tuple[str, Decimal] | None = None


NO_CONTEXT = Context()

NAMED_BEFORE = "the instrument is named in the message before"
ONLY_ONE_CALLED = "the instrument is the only one that this source has called lately"
"""Grounds of a symbol that the text itself does not name."""
