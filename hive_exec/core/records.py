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


class Kind(StrEnum):
    """Every kind of record. A kind is never given a second meaning."""

    ACCOUNT_OPENED = "account_opened"
    DECISION_RECEIVED = "decision_received"
    DELIVERY_CONFLICT = "delivery_conflict"
    DECISION_DENIED = "decision_denied"
    ORDER_INTENDED = "order_intended"
    ORDER_NOT_ACCEPTED = "order_not_accepted"
    ORDER_ACCEPTED = "order_accepted"
    ORDER_REJECTED = "order_rejected"
    ORDER_EXPIRED = "order_expired"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_FILLED = "order_filled"
    POSITION_CLOSED = "position_closed"
    EQUITY_MARKED = "equity_marked"
    DAY_OPENED = "day_opened"
    ACCOUNT_BREACHED = "account_breached"
    ADVANCE_REQUESTED = "advance_requested"


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
