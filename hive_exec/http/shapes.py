"""The shapes of answers, for the OpenAPI document. Answers are made by the service functions; that they have
these shapes is tested. `Facts` may hold more than they promise: what is added breaks no reader."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hive_core.contracts.base import AccountName, Contract, Identifier, Sha256, Symbol, TimestampNs
from hive_core.contracts.report import Report

Text = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
"""A decimal as text."""
Seq = Annotated[int, Field(ge=0)]


class Facts(BaseModel):
    """Facts that promise these fields and may hold more."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")


class Document(Facts):
    """An OpenAPI 3.1 document."""

    openapi: str
    paths: dict[str, Any]


class Health(Facts):
    """Who answers, what needs a person (worst first), and how far the journal is."""

    status: str
    mode: str
    attention: tuple[str, ...]
    version: str
    home: str
    pid: int
    journal_head_seq: Seq


class Readiness(Contract):
    """Whether what is sent now would be traded, and what stands against it."""

    is_ready: bool
    is_answering: bool
    is_journal_sound: bool
    is_reconciled: bool
    mode: str


class DecisionAccepted(Contract):
    """The receipt of a decision; the same ever after."""

    decision_id: Identifier
    outcome: str
    seq: Seq


class SignalAccepted(Contract):
    """The receipt of a signal; the same ever after. `seq` is its place in the journal, `fate` what the live
    lane does with it: `to_be_judged`, or `no_deck` where there is none that could judge it. Receipts of a
    Hive before 2026-12 say nothing of that."""

    fate: Literal["to_be_judged", "no_deck"] | None = None
    key: Identifier
    outcome: str
    seq: Seq


class Advanced(Contract):
    """How far a replay account shall go."""

    account: AccountName
    until_ns: TimestampNs


class QuoteTaken(Contract):
    """The quote, at the account's time."""

    account: AccountName
    symbol: Symbol
    ts_ns: TimestampNs


class AccountFacts(Facts):
    """An account: clock, money, limits, and the room that is left to each. `unpriced` are the instruments of
    open positions whose price is not known yet: these count in the equity as if their stops were hit. A floor
    is null where the firm has no such limit, or where it is not known: `hive rules` tells which."""

    name: AccountName
    mode: str
    currency: str
    rule_pack: str
    clock_ns: int
    advance_until_ns: int
    balance: Text
    equity: Text
    unpriced: tuple[Symbol, ...]
    daily_floor: Text | None
    maximum_floor: Text | None
    daily_headroom: Text | None
    maximum_headroom: Text | None
    state: str
    open_positions: Seq
    pending_decisions: Seq


class AccountList(Contract):
    """Every open account, by name."""

    accounts: tuple[AccountFacts, ...]


class LossLimitFacts(Facts):
    """A loss limit: its floor, what is left above it now, and once every stop is hit and every waiting order
    was filled and stopped (`worst_left`, against the floor as high as it may come to lie)."""

    rule: str
    known: str
    floor: Text | None
    worth: Text | None
    left: Text | None
    allowance: Text | None
    used_pct: Text | None
    worst_equity: Text | None
    worst_floor: Text | None
    worst_left: Text | None
    next_reset_ns: int | None


class OtherLimitFacts(Facts):
    """Another limit or goal: what stands now, and against what."""

    rule: str
    known: str
    now: Text
    limit: Text
    is_met: bool | None


class FirmWordFacts(Facts):
    """What the firm says of one way of trading, and what follows for orders: `free`, `read_up`, `asks`,
    `blocked`, or `stops_all`."""

    text: Text
    consequence: str


class AccountStory(Contract):
    """One account and every limit of the rules that it is held to. `unknown` are the rules that its firm does
    not state."""

    account: AccountFacts
    programme: Text
    phase: Text
    firm: Text
    rules_as_of: Text
    loss_limits: tuple[LossLimitFacts, ...]
    other_limits: tuple[OtherLimitFacts, ...]
    firm_words: tuple[FirmWordFacts, ...]
    unknown: tuple[Text, ...]


class OrderFacts(Facts):
    """An order as it stands."""

    client_order_id: Identifier
    account: AccountName
    symbol: Symbol
    state: str
    reason: str
    ts_intended_ns: int


class OrderList(Contract):
    """Orders, by the time they were intended."""

    orders: tuple[OrderFacts, ...]


class OrderStory(Contract):
    """An order, its records, and the decision as it was delivered."""

    order: OrderFacts
    records: tuple[Report, ...]
    decision: dict[str, Any]


class LinkFacts(Contract):
    """A link of the journal's chain as it is stored."""

    seq: Seq
    body: str
    previous_hash: Sha256
    record_hash: Sha256


class LinkPage(Contract):
    """A page of the chain."""

    head_seq: Seq
    links: tuple[LinkFacts, ...]


class KillSwitchFacts(Facts):
    """That the kill switch is thrown, by whom, and who has agreed to resume."""

    reason: str
    principal: str
    ts_ns: int
    confirmed_by: tuple[str, ...]
    people_needed: int


class BreakerFacts(Facts):
    """An open breaker, and who has agreed to close it."""

    scope: str
    fallback: str
    reason: str
    principal: str
    ts_ns: int
    closing_agreed_by: tuple[str, ...]


class StandingFacts(Facts):
    """What an account may do now, and why."""

    account: AccountName
    mode: str
    is_shadow: bool
    share: Text
    reasons: tuple[str, ...]
    unresolved_orders: tuple[Identifier, ...]


class Modes(Contract):
    """Everything that holds the daemon back."""

    kill_switch: KillSwitchFacts | None
    kill_file: str | None
    breakers: tuple[BreakerFacts, ...]
    witness_faults: dict[str, str]
    live_lane_alarm: str
    kafka_alarm: str
    accounts: tuple[StandingFacts, ...]


class ReviewFacts(Facts):
    """A decision that waits for a person. `price_bound` is the worst price at which it may fill if he
    approves; where the market is beyond it by then, the approval is void."""

    account: AccountName
    decision_id: Identifier
    symbol: Symbol
    side: str
    lots: Text
    stop_loss: Text
    take_profits: tuple[Text, ...]
    sources: tuple[str, ...]
    price_bound: Text | None
    reason: str
    expires_ns: int


class ReviewList(Contract):
    """What waits for a person."""

    reviews: tuple[ReviewFacts, ...]


class ReviewOutcome(Contract):
    """What a person's word led to."""

    decision_id: Identifier
    outcome: str


class OrderOutcome(Contract):
    """How an order stands after a person's word; `said_by` names the first of two."""

    client_order_id: Identifier
    state: str
    said_by: str | None


class BooksOutcome(Contract):
    """What a person's word on a venue's books led to: the orders whose positions are closed by it; `said_by`
    names the first of two."""

    account: AccountName
    symbol: Symbol
    closed: tuple[Identifier, ...]
    said_by: str | None


class PositionFacts(Facts):
    """What is open, ours or not."""

    account: AccountName
    is_ours: bool
    symbol: str
    side: str
    lots: Text
    entry: Text
    stop_loss: Text | None


class PositionList(Contract):
    """Every open position."""

    positions: tuple[PositionFacts, ...]
