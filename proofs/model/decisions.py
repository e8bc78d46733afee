"""Decisions for the model: a plain market order in EURUSD, each of a signal of its own."""

from __future__ import annotations

from decimal import Decimal

from hive_core.contracts.decision import Decision, DecisionRule, Vote
from proofs.model.world import ACCOUNT, ASK, BID, SYMBOL

MIDDLE = (BID + ASK) / 2


def decision_at(name: str, ts_ns: int, *, legs: int = 1, valid_s: int = 600) -> Decision:
    """A decision made at `ts_ns`; `name` keeps it apart from all others."""
    until_ns = ts_ns + valid_s * 10**9
    targets = tuple(Decimal("1.0620") + Decimal("0.0010") * number for number in range(legs))
    vote = Vote(
        kind="source",
        source="proof",
        signal_id=f"sig_{name}",
        message_id=name,
        message_sha256="b" * 64,
        ts_event_ns=ts_ns,
        valid_until_ns=until_ns,
        side="buy",
        order_type="market",
        base_weight=Decimal(1),
        weight=Decimal(1),
        entry=None,
        stop_loss=Decimal("1.0580"),
        take_profits=targets,
    )
    decision = Decision(
        decision_id="dec_0",
        account=ACCOUNT,
        symbol=SYMBOL,
        side="buy",
        order_type="market",
        entry=None,
        market_bid=BID,
        market_ask=ASK,
        reference_price=MIDDLE,
        stop_loss=Decimal("1.0580"),
        take_profits=targets,
        ts_decided_ns=ts_ns,
        valid_until_ns=until_ns,
        rule=DecisionRule(vote_window_s=3600, decay_half_life_s=None, threshold=Decimal(1), minimum_voices=1),
        votes=(vote,),
        resolver_version="1",
        resolver_settings_sha256="c" * 64,
    )
    return decision.model_copy(update={"decision_id": decision.expected_id()})
