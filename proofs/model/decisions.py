"""Decisions for the model: an order in EURUSD, at the market or by a limit,, each of a signal of its own."""

from __future__ import annotations

from decimal import Decimal

from hive_core.contracts.decision import Decision, DecisionRule, OrderType, Side, Vote
from proofs.model.venue import ASK, BID
from proofs.model.world import ACCOUNT, SYMBOL


def decision_at(
    name: str,
    ts_ns: int,
    *,
    legs: int = 1,
    valid_s: int = 600,
    side: Side = "buy",
    entry: Decimal | None = None,
    bid: Decimal = BID,
    ask: Decimal = ASK,
) -> Decision:
    """A decision made at `ts_ns`; `name` keeps it apart from all others. With `entry` it is a limit order.
    The stop is 20 pips away, the first target as many, each other 10 further."""
    until_ns = ts_ns + valid_s * 10**9
    away = Decimal("0.0020") if side == "buy" else Decimal("-0.0020")
    planned = entry if entry is not None else bid if side == "buy" else ask
    targets = tuple(planned + away + away / 2 * number for number in range(legs))
    order_type: OrderType = "market" if entry is None else "limit"
    vote = Vote(
        kind="source",
        source="proof",
        signal_id=f"sig_{name}",
        message_id=name,
        message_sha256="b" * 64,
        ts_event_ns=ts_ns,
        valid_until_ns=until_ns,
        side=side,
        order_type=order_type,
        base_weight=Decimal(1),
        weight=Decimal(1),
        entry=entry,
        stop_loss=planned - away,
        take_profits=targets,
    )
    decision = Decision(
        decision_id="dec_0",
        account=ACCOUNT,
        symbol=SYMBOL,
        side=side,
        order_type=order_type,
        entry=entry,
        market_bid=bid,
        market_ask=ask,
        reference_price=(bid + ask) / 2,
        stop_loss=planned - away,
        take_profits=targets,
        ts_decided_ns=ts_ns,
        valid_until_ns=until_ns,
        rule=DecisionRule(vote_window_s=3600, decay_half_life_s=None, threshold=Decimal(1), minimum_voices=1),
        votes=(vote,),
        resolver_version="1",
        resolver_settings_sha256="c" * 64,
    )
    return decision.model_copy(update={"decision_id": decision.expected_id()})
