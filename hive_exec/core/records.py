"""Records: what the core says happened, in the form in which the journal keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FeedPosition = tuple[int, int, str]
"""A place in an account's stream of events: (nanoseconds, rank at that instant, key). Total order."""

BEFORE_ALL: FeedPosition = (0, 0, "")

RANK_BAR_CLOSED = 0
RANK_DAY_RESET = 1
RANK_RATES = 2
RANK_DECISION = 3
RANK_BAR_OPENED = 4
"""At one instant: bars close, for all of a bar lies before its end; then the day begins, rates come out,
decisions are taken on that, and bars open."""


CELL = "cell"
"""The name under which records stand that concern the whole daemon. No account can have it."""


class Kind(StrEnum):
    """Every kind of record. A kind is never given a second meaning."""

    ACCOUNT_OPENED = "account_opened"
    DECISION_RECEIVED = "decision_received"
    DECISION_SUBMITTED_AGAIN = "decision_submitted_again"
    """Somebody else handed in a decision that waits, or a signal that led to it; he may not approve it."""
    DELIVERY_CONFLICT = "delivery_conflict"
    SIGNAL_RECEIVED = "signal_received"
    SIGNAL_SUBMITTED_AGAIN = "signal_submitted_again"
    """Somebody else handed in a signal that is known."""
    SIGNAL_CONFLICT = "signal_conflict"
    SIGNAL_JUDGED = "signal_judged"
    """What the live lane made of a signal, whatever that is: `contracts.lane.SignalJudged`."""
    """Another content came under the key of a signal that is known; it is never traded."""
    DECISION_DENIED = "decision_denied"
    DECISION_HELD = "decision_held"
    """It cannot be sent now (no broker, no clock): it waits, and what it would have been is noted."""
    DECISION_SHADOWED = "decision_shadowed"
    """It was judged, and by a breaker's order simulated instead of sent."""
    DECISION_FAILED_OVER = "decision_failed_over"
    REVIEW_REQUESTED = "review_requested"
    REVIEW_ENDED = "review_ended"
    SIMULATION_CLOSED = "simulation_closed"
    ORDER_INTENDED = "order_intended"
    ORDER_NOT_ACCEPTED = "order_not_accepted"
    ORDER_UNRESOLVED = "order_unresolved"
    ORDER_ACCEPTED = "order_accepted"
    ORDER_REJECTED = "order_rejected"
    ORDER_EXPIRED = "order_expired"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_PARTIALLY_FILLED = "order_partially_filled"
    ORDER_FILLED = "order_filled"
    ORDER_REST_ENDED = "order_rest_ended"
    """What of a partly filled order still worked does not any more."""
    ORDER_MODIFIED = "order_modified"
    POSITION_REDUCED = "position_reduced"
    POSITION_CLOSED = "position_closed"
    POSITION_GIVEN_UP = "position_given_up"
    """Two persons closed ours by the venue's books, which show nothing. What it earned is not known."""
    BOOKS_ACCEPTANCE_PROPOSED = "books_acceptance_proposed"
    """The first of them says so."""
    REQUEST_SENT = "request_sent"
    """A cancel, a close or a modification of ours: what may lessen risk, and may be repeated."""
    REQUEST_REFUSED = "request_refused"
    REPORT_HELD = "report_held"
    """The venue reported an exit before its entry; it counts once the entry is known."""
    REPORT_IGNORED = "report_ignored"
    RESOLUTION_PROPOSED = "resolution_proposed"
    RECONCILED = "reconciled"
    DIVERGENCE_FOUND = "divergence_found"
    EQUITY_MARKED = "equity_marked"
    DAY_OPENED = "day_opened"
    ACCOUNT_BREACHED = "account_breached"
    ADVANCE_REQUESTED = "advance_requested"
    MODE_CHANGED = "mode_changed"
    HEALTH_CHANGED = "health_changed"
    BREAKER_TRIPPED = "breaker_tripped"
    BREAKER_RESET = "breaker_reset"
    KILLED = "killed"
    RESUME_CONFIRMED = "resume_confirmed"
    RESUMED = "resumed"
    STARTED = "started"
    """A daemon began to work on this journal: what it knew of brokers and clocks must be found out anew."""


@dataclass(frozen=True, slots=True)
class Record:
    """One fact about one account. `body` holds text, integers, booleans, lists and mappings only;
    decimals are text."""

    account: str
    kind: Kind
    at: FeedPosition
    body: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        """The record as the journal spells it."""
        return {"account": self.account, "kind": self.kind.value, "at": list(self.at), "body": self.body}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Record:
        """The record that `as_data` spelled."""
        ts_ns, rank, key = data["at"]
        return cls(data["account"], Kind(data["kind"]), (ts_ns, rank, key), data["body"])
