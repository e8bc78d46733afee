"""The faults that can happen between a daemon and its venue, and who chooses them.

A chooser is asked at every occasion. Given a seed it draws, always the same; given a plan it follows it,
so that an explorer can walk through every choice. What a fault does stands in `faulty`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Fault(StrEnum):
    """What can go wrong."""

    NOT_SENT = "not_sent"
    THROTTLED = "throttled"
    MAINTENANCE = "maintenance"
    """A 503 in a maintenance window: it did not arrive, but that cannot be told from the answer."""
    LOST = "lost"
    """It vanished on the way: unknown, and it never arrives."""
    LATE = "late"
    """The client's time-out comes first; it arrives afterwards."""
    ANSWER_LOST = "answer_lost"
    """It arrived and was acted upon; the answer did not come back (a 500 after the fill)."""
    ANSWER_UNREADABLE = "answer_unreadable"
    """As `ANSWER_LOST`, with an answer that cannot be understood: an unknown word, a missing field."""
    PARTIAL = "partial"
    """The price fills half of it."""
    STOP_REFUSED = "stop_refused"
    """It fills, and its stop is refused."""
    SLIPPED = "slipped"
    """At this quote whatever goes at the market slips far."""
    UNAVAILABLE = "unavailable"
    """A question is not answered."""
    REPEATED = "repeated"
    """The stream says something twice."""
    SWAPPED = "swapped"
    """The stream says two things in the wrong order."""
    GAP = "gap"
    """The stream breaks: what was said meanwhile is missing."""
    UNKNOWN_WORD = "unknown_word"
    """The stream says what cannot be understood."""


ON_REQUEST = (
    Fault.NOT_SENT,
    Fault.THROTTLED,
    Fault.MAINTENANCE,
    Fault.LOST,
    Fault.LATE,
    Fault.ANSWER_LOST,
    Fault.ANSWER_UNREADABLE,
)
ON_SUBMIT = (*ON_REQUEST, Fault.PARTIAL, Fault.STOP_REFUSED)
ON_QUESTION = (Fault.UNAVAILABLE,)
ON_QUOTE = (Fault.SLIPPED,)
ON_STREAM = (Fault.REPEATED, Fault.SWAPPED, Fault.GAP, Fault.UNKNOWN_WORD)


class FaultChooser(Protocol):
    """Who decides what goes wrong."""

    def choose(self, occasion: str, possible: Sequence[Fault]) -> Fault | None:
        """The fault of this occasion, or None where all goes well."""


@dataclass(slots=True)
class NoFaults:
    """Everything goes well: what a simulation ends with, to see that it settles."""

    def choose(self, occasion: str, possible: Sequence[Fault]) -> Fault | None:
        """None."""
        return None


@dataclass(slots=True)
class SeededFaults:
    """Draws by a hash of seed and a counter: `per_mille` of occasions go wrong, `rates` says otherwise for
    single faults. The same seed and the same occasions give the same faults."""

    seed: int
    per_mille: int
    rates: Mapping[Fault, int] = field(default_factory=dict)
    drawn: int = 0
    happened: dict[Fault, int] = field(default_factory=dict)

    def choose(self, occasion: str, possible: Sequence[Fault]) -> Fault | None:
        """A fault, each of `possible` as likely as the others unless `rates` says otherwise."""
        self.drawn += 1
        text = f"{self.seed}:{self.drawn}:{occasion}"
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % (1_000 * len(possible))
        for fault in possible:
            share = self.rates.get(fault, self.per_mille)
            if number < share:
                self.happened[fault] = self.happened.get(fault, 0) + 1
                return fault
            number -= share
        return None


@dataclass(slots=True)
class PlannedFaults:
    """Follows a plan: the n-th number chooses among none (0) and the possible faults of the n-th occasion;
    past the plan all goes well. `choices` tells how many ways there were at each occasion, for whoever
    walks through all of them."""

    plan: Sequence[int]
    choices: list[int] = field(default_factory=list)

    def choose(self, occasion: str, possible: Sequence[Fault]) -> Fault | None:
        """The planned fault.

        Raises:
            IndexError: the plan names a fault that is not possible here.
        """
        place = len(self.choices)
        self.choices.append(len(possible) + 1)
        number = self.plan[place] if place < len(self.plan) else 0
        return None if number == 0 else possible[number - 1]
