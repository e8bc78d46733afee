"""Decisions that wait: for their time or their venue, and for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hive_core.contracts.decision import Delivery

MAX_SUBMITTERS = 32
"""So many are told apart. Of a decision that more have handed in, nobody is known to be another person."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A received decision that has not been judged. `not_before_ns` is how far its account had been let
    go when it came: it is judged there at the earliest, before and after a restart alike."""

    delivery: Delivery
    not_before_ns: int
    submitters: tuple[str, ...] = ()
    """Every principal and lane that handed it in, or a signal that led to it; none of them may approve it."""

    @property
    def due_ns(self) -> int:
        """When it is to be judged, by the account's clock."""
        return max(self.delivery.decision.ts_decided_ns, self.not_before_ns)


@dataclass(frozen=True, slots=True)
class Review:
    """A decision that waits for a person, and what he is shown: the hash of what it was judged by, the worst
    price at which it may be filled if he approves, and the most of it, in lots."""

    decision_id: str
    inputs_sha256: str
    requested_ns: int
    expires_ns: int
    reason: str
    price_bound: Decimal | None = None
    """None only where a journal of before it was kept says nothing of it: then no approval holds."""
    lots: Decimal = Decimal(0)


def joined(known: tuple[str, ...], names: Iterable[str]) -> tuple[str, ...]:
    """Submitters with others added, each once, in order; never more than `MAX_SUBMITTERS` and one, which
    stands for all that are not told apart any more."""
    return tuple(dict.fromkeys(name for name in (*known, *names) if name))[: MAX_SUBMITTERS + 1]


def submitters_as_body(submitters: tuple[str, ...]) -> dict[str, Any]:
    """As the receipt of a decision holds them: the first, and the others where there are any."""
    body: dict[str, Any] = {"submitted_by": submitters[0] if submitters else ""}
    return body | {"also_submitted_by": list(submitters[1:])} if len(submitters) > 1 else body


def submitters_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What `submitters_as_body` spelled; in journals of before it there is one at most."""
    return joined((), (body.get("submitted_by", ""), *body.get("also_submitted_by", ())))


def why_not_by(principal: str, pending: Pending) -> str:
    """Why a principal may not judge a decision, or "" (R10: approver is not submitter)."""
    if principal in pending.submitters:
        return f"{principal} handed it in; another person must look at it"
    if len(pending.submitters) > MAX_SUBMITTERS:
        return f"more than {MAX_SUBMITTERS} have handed it in; nobody is known to be another person"
    return ""
