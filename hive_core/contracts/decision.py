"""Decision: what was resolved from signals, with every vote, and the envelope it travels in."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.contracts.base import (
    AccountName,
    Contract,
    ExactDecimal,
    Identifier,
    Price,
    Sha256,
    SourceId,
    Symbol,
    TimestampNs,
    Weight,
)
from hive_core.evidence.canonical import content_hash, short_id

Side = Literal["buy", "sell"]
OrderType = Literal["market", "limit", "stop"]
VoteKind = Literal["source", "card"]
"""Who speaks: a room that posts, or a strategy card that Hive runs itself."""


class Vote(Contract):
    """One live signal's voice in a decision, for or against.

    `base_weight` is its weight when it was posted, `weight` what decay had left of it when the decision
    was made. `message_id` and `message_sha256` name what it was made from: a message, or what a card saw.
    """

    kind: VoteKind
    source: SourceId
    signal_id: Identifier
    message_id: Identifier
    message_sha256: Sha256
    ts_event_ns: TimestampNs
    valid_until_ns: TimestampNs
    side: Side
    order_type: OrderType
    base_weight: Weight
    weight: Weight
    entry: Price | None
    stop_loss: Price
    take_profits: Annotated[tuple[Price, ...], Field(max_length=16)]


class DecisionRule(Contract):
    """The settings by which votes were counted: with them and the votes a decision can be made again.

    Times in seconds. Without `decay_half_life_s` a vote keeps its weight until it ends.
    """

    vote_window_s: Annotated[int, Field(gt=0)]
    decay_half_life_s: Annotated[int, Field(gt=0)] | None
    threshold: Annotated[ExactDecimal, Field(gt=0)]
    minimum_voices: Annotated[int, Field(ge=1, le=64)]


class Decision(Contract):
    """One trade to be made for one account: geometry, validity, and the votes behind it.

    `entry` is the price of a limit or stop order; for a market order it is the price the signal
    named or None. `market_bid` and `market_ask` are the market that the decision knew,
    `reference_price` its mid, for the price collar. `decision_id` is made from the content, so the same
    decision has the same id everywhere. `signals.replay` makes it again from `votes`, `rule` and the
    market. `resolver_version` is the code's (`signals.code_version`); `resolver_settings_sha256` names
    all settings, the weights of silent sources too.
    """

    decision_id: Identifier
    account: AccountName
    symbol: Symbol
    side: Side
    order_type: OrderType
    entry: Price | None
    market_bid: Price
    market_ask: Price
    reference_price: Price
    stop_loss: Price
    take_profits: Annotated[tuple[Price, ...], Field(min_length=1, max_length=16)]
    ts_decided_ns: TimestampNs
    valid_until_ns: TimestampNs
    rule: DecisionRule
    votes: Annotated[tuple[Vote, ...], Field(min_length=1, max_length=64)]
    resolver_version: Identifier
    resolver_settings_sha256: Sha256

    @model_validator(mode="after")
    def _pending_orders_have_a_price(self) -> Self:
        if self.order_type != "market" and self.entry is None:
            raise ValueError(f"a {self.order_type} order needs its entry price")
        return self

    @model_validator(mode="after")
    def _somebody_agrees(self) -> Self:
        if not self.agreeing_votes():
            raise ValueError("no vote is in favour of it")
        return self

    def agreeing_votes(self) -> tuple[Vote, ...]:
        """The votes in favour: the signals that this decision trades."""
        return tuple(vote for vote in self.votes if vote.side == self.side)

    def expected_id(self) -> str:
        """The id that this content must carry."""
        return _names_of(self)[0]

    def sha256(self) -> str:
        """Hash of the whole decision, id included."""
        return _names_of(self)[1]


@lru_cache(maxsize=256)
def _names_of(decision: Decision) -> tuple[str, str]:
    """The id of its content and the hash of all of it: asked for when it comes, and when it is judged."""
    body = decision.model_dump(mode="json")  # spelled as the decision is, four times as fast
    sha256 = content_hash(body)
    del body["decision_id"]
    return short_id("dec", body), sha256


Lane = Literal["sensor", "live"]
"""Which way a decision came: Dagster made it and a sensor delivered it, or the daemon made it itself."""


class Origin(Contract):
    """Where a decision was made: the Dagster run, the partition, and the hash of its data file.

    In the live lane the run is that which made the deck, the partition the decision's day, and the hash the
    deck's.
    """

    lane: Lane = "sensor"
    run_id: Identifier
    partition: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    data_sha256: Sha256


class Delivery(Contract):
    """What the sensor posts to the daemon: the decision and where it came from."""

    decision: Decision
    origin: Origin
