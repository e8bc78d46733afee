"""SignalSubmission: what a caller hands to the daemon's live lane, a raw message or a signal read elsewhere.

What either means belongs to `hive_core.signals`; what must hold whatever it means stands here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.contracts.base import (
    Contract,
    ContractFault,
    ExactDecimal,
    Identifier,
    Price,
    Sha256,
    SourceId,
    Symbol,
)
from hive_core.contracts.decision import Side
from hive_core.contracts.message import Message
from hive_core.evidence.canonical import content_hash

MAX_KEY_CHARACTERS = 128
_NS_PER_MS = 1_000_000

Milliseconds = Annotated[int, Field(ge=0, le=4_102_444_800_000)]
"""Milliseconds since 1970-01-01 UTC, up to 2100, as ParsedSignal has them."""
Share = Annotated[ExactDecimal, Field(gt=0, le=1)]
Targets = Annotated[tuple[Price, ...], Field(max_length=15)]


class SubmittedSignal(Contract):
    """One clear call to trade: the fields of ParsedSignal version 2 (`contracts.avro`) with exact prices.

    `entry` may be None only of a call at the market. Stop loss and targets must lie on their sides of the
    entry, where there is one.
    """

    signal_id: Identifier
    timestamp: Milliseconds
    symbol: Symbol
    direction: Side
    entry: Price | None = None
    stop_loss: Price
    take_profit: Price
    confidence: Annotated[ExactDecimal, Field(ge=0, le=1)] = Decimal(1)
    source: SourceId
    order_type: Literal["unstated", "market", "limit", "stop"] = "unstated"
    is_entry_at_market: bool = False
    entry_low: Price | None = None
    entry_high: Price | None = None
    further_targets: Targets = ()
    target_shares: Annotated[tuple[Share, ...], Field(max_length=16)] = ()
    has_runner: bool = False
    valid_until: Milliseconds | None = None
    message_sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _entry_is_told(self) -> Self:
        if self.entry is None and not self.is_entry_at_market:
            raise ContractFault("entry", "without a price it must be at the market (is_entry_at_market)")
        if (self.entry_low is None) != (self.entry_high is None):
            raise ContractFault("entry", "a zone has both edges, entry_low and entry_high, or none")
        if self.entry_low is not None and self.entry_high is not None and self.entry_low >= self.entry_high:
            raise ContractFault("entry", "entry_low must be below entry_high")
        return self

    @model_validator(mode="after")
    def _levels_are_on_their_sides(self) -> Self:
        sign = 1 if self.direction == "buy" else -1
        edges = [price for price in (self.entry, self.entry_low, self.entry_high) if price is not None]
        targets = (self.take_profit, *self.further_targets)
        for price in edges or [self.take_profit]:
            if (price - self.stop_loss) * sign <= 0:
                raise ContractFault("stops", f"the stop loss of a {self.direction} lies before its entry")
        for price in edges:
            if any((target - price) * sign <= 0 for target in targets):
                raise ContractFault("stops", f"every target of a {self.direction} lies beyond its entry")
        return self

    @model_validator(mode="after")
    def _shares_are_of_a_whole(self) -> Self:
        if self.target_shares and len(self.target_shares) != 1 + len(self.further_targets):
            raise ContractFault("shares", "one share a target, or none at all")
        if sum(self.target_shares) > 1:
            raise ContractFault("shares", "the shares are more than the whole")
        return self

    @model_validator(mode="after")
    def _it_ends_after_it_begins(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.timestamp:
            raise ContractFault("stale", "valid_until must be later than timestamp")
        return self


class SignalSubmission(Contract):
    """Exactly one of a message and a signal."""

    message: Message | None = None
    signal: SubmittedSignal | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.message is None) == (self.signal is None):
            raise ContractFault("invalid", "exactly one of message and signal is expected")
        if len(self.key) > MAX_KEY_CHARACTERS:
            raise ContractFault(
                "invalid", f"its key has more than {MAX_KEY_CHARACTERS} characters: {self.key}"
            )
        return self

    @property
    def key(self) -> str:
        """The key that names it: `message:SOURCE:MESSAGE_ID:VERSION` or `signal:SOURCE:SIGNAL_ID`.
        No two submissions share one: a source has no colon, and a version stands last."""
        if self.message is not None:
            return f"message:{self.message.source}:{self.message.message_id}:{self.message.version}"
        assert self.signal is not None  # noqa: S101 (one of them is there)
        return f"signal:{self.signal.source}:{self.signal.signal_id}"

    @property
    def ts_event_ns(self) -> int:
        """When it was posted: nanoseconds since 1970 UTC."""
        if self.message is not None:
            return self.message.ts_event_ns
        assert self.signal is not None  # noqa: S101
        return self.signal.timestamp * _NS_PER_MS

    @property
    def valid_until_ns(self) -> int | None:
        """When it ends, where it says so: nanoseconds since 1970 UTC."""
        if self.signal is None or self.signal.valid_until is None:
            return None
        return self.signal.valid_until * _NS_PER_MS

    def sha256(self) -> str:
        """The canonical hash of its content, however its bytes were spelled."""
        return content_hash(self)
