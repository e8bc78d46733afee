"""Events: what reaches the core. And effects: what it wants done once its records are durable.

Every event names the account it concerns; those of persons and of the daemon's health concern all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.broker import BrokerReport, BrokerSnapshot, Lookup
from hive_core.contracts.order import BracketOrder
from hive_exec.policy.answer import PolicyAnswer


@dataclass(frozen=True, slots=True)
class Started:
    """A daemon took over the journal. `epoch` counts them."""

    epoch: int
    code: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed for the whole daemon: waiting decisions, reviews and unresolved orders are looked at."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """An account's clock reached an instant; a new trading day may have begun."""

    account: str


@dataclass(frozen=True, slots=True)
class DecisionDue:
    """A received decision's time has come. `policy` is what the policies said of it, once they were asked."""

    account: str
    decision_id: str
    policy: PolicyAnswer | None = None


@dataclass(frozen=True, slots=True)
class BarBegan:
    """A bar opened at this quote; a gap may have gone through stops and floors."""

    account: str
    symbol: str
    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class BarRanged:
    """A bar closed: the range that its instrument went through. A quote is a bar of one price."""

    account: str
    symbol: str
    bar: BarPrices[Decimal]


@dataclass(frozen=True, slots=True)
class Reported:
    """A venue says something of an order. `venue_seq` counts the reports of the venue in this process,
    which says everything once and in order; other venues have none."""

    report: BrokerReport
    venue_seq: int | None = None

    @property
    def account(self) -> str:
        """The account of the order."""
        return self.report.account


@dataclass(frozen=True, slots=True)
class SubmitProvenAbsent:
    """After a restart the log of the venue in this process shows that an intended order never reached it."""

    account: str
    client_order_id: str


@dataclass(frozen=True, slots=True)
class SubmitNotSent:
    """Not a byte of an order left the process. `retry_after_s` is None where another try cannot help."""

    account: str
    client_order_id: str
    reason: str
    retry_after_s: int | None


@dataclass(frozen=True, slots=True)
class SubmitUnknown:
    """An order may have reached the venue, and what became of it is not known."""

    account: str
    client_order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A cancel, close or modification was not carried out, or is not known to have been."""

    account: str
    client_order_id: str
    request: str
    reason: str


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What the venue's records say of an order."""

    account: str
    lookup: Lookup


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """The venue's books at an instant; everything it reported up to there was handed in before."""

    snapshot: BrokerSnapshot
    is_hedging: bool

    @property
    def account(self) -> str:
        """The account whose books they are."""
        return self.snapshot.account


Health = Literal["ok", "suspect", "down"]


@dataclass(frozen=True, slots=True)
class HealthObserved:
    """How something that orders depend on is doing. `account` is "cell" where all depend on it."""

    account: str
    dependency: str
    health: Health
    reason: str


Fallback = Literal["shadow", "reduced", "safe", "halt"]
"""What a tripped breaker leaves: decide and send nothing; a share of size and rate; lessen risk only;
nothing at all."""


@dataclass(frozen=True, slots=True)
class BreakerTrip:
    """A breaker shall open. `scope` is "global", "cell", or "bot:" and an account's name."""

    scope: str
    fallback: Fallback
    reason: str
    principal: str


@dataclass(frozen=True, slots=True)
class BreakerReset:
    """A person closes a breaker again."""

    scope: str
    reason: str
    principal: str


@dataclass(frozen=True, slots=True)
class Kill:
    """The kill switch: no order leaves, working ones are cancelled, until people resume."""

    reason: str
    principal: str


@dataclass(frozen=True, slots=True)
class Resume:
    """A person agrees to end the kill switch."""

    reason: str
    principal: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A person's word on a decision that waits for one. `policy` as in `DecisionDue`."""

    account: str
    decision_id: str
    is_approved: bool
    principal: str
    reason: str
    policy: PolicyAnswer | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """A person's word that an unresolved order never reached the venue. Two are needed."""

    account: str
    client_order_id: str
    principal: str
    reason: str


@dataclass(frozen=True, slots=True)
class BooksAccepted:
    """A person's word that a venue is right where it shows nothing of an instrument. Two are needed."""

    account: str
    symbol: str
    principal: str
    reason: str


@dataclass(frozen=True, slots=True)
class CloseAsked:
    """A person closes what an order opened, or cancels it where it still works."""

    account: str
    client_order_id: str
    principal: str


Event = (
    Started
    | Ticked
    | TimePassed
    | DecisionDue
    | BarBegan
    | BarRanged
    | Reported
    | SubmitProvenAbsent
    | SubmitNotSent
    | SubmitUnknown
    | RequestFailed
    | LookedUp
    | SnapshotTaken
    | HealthObserved
    | BreakerTrip
    | BreakerReset
    | Kill
    | Resume
    | Reviewed
    | Resolution
    | BooksAccepted
    | CloseAsked
)


@dataclass(frozen=True, slots=True)
class Submit:
    """Send an order to its venue, once. Its intent is durable by then."""

    order: BracketOrder
    delay_s: int = 0


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel what of an order still works."""

    order: BracketOrder


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """Close what an order opened; never open the other way."""

    order: BracketOrder
    lots: Decimal
    request_id: str


@dataclass(frozen=True, slots=True)
class Modify:
    """Move stop and target of what an order opened."""

    order: BracketOrder
    stop_loss: Decimal
    take_profit: Decimal


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask what became of an order. `since_cursor` lies before it was sent, or is ""."""

    order: BracketOrder
    since_cursor: str


@dataclass(frozen=True, slots=True)
class Flatten:
    """Close every position and cancel every order of an account at the venue in this process."""

    account: str


@dataclass(frozen=True, slots=True)
class Follow:
    """Another event for the core, to be handled before anything is made durable: what comes of it stands
    in the same write."""

    event: Reported


@dataclass(frozen=True, slots=True)
class AskPolicies:
    """The policies are asked about an order that the gate allows; `then` is handled again with their answer,
    before anything is made durable."""

    document: Mapping[str, Any]
    then: DecisionDue | Reviewed


@dataclass(frozen=True, slots=True)
class Alarm:
    """A person must know."""

    account: str
    text: str


Effect = Submit | Cancel | ClosePosition | Modify | LookUp | Flatten | Follow | AskPolicies | Alarm
