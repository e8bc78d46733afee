"""What the live votes of one side agree on: one plan, averaged, or the reason why there is none.

The arithmetic is Decimal, so the same votes give the same plan on every machine. When votes are
live, and whether they are enough, is asked in `resolve`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hive_core.calendars.trading_day import to_ns
from hive_core.contracts.base import decimal_text
from hive_core.contracts.decision import OrderType, Side, Vote
from hive_core.instruments.specification import InstrumentSpecification


@dataclass(frozen=True, slots=True)
class LiveSignal:
    """One enriched signal with its weight, as resolution sees it.

    `entry` is the edge of the zone where a fill is worst (the upper one for a buy, which is also where
    the zone is first touched by a limit), or None.
    """

    source: str
    signal_id: str
    message_id: str
    message_sha256: str
    symbol: str
    side: Side
    order_type: OrderType
    entry: Decimal | None
    stop_loss: Decimal
    take_profits: tuple[Decimal, ...]
    ts_event: datetime
    valid_until: datetime
    market_bid: Decimal
    market_ask: Decimal
    weight: Decimal

    @property
    def order(self) -> tuple[datetime, str, str]:
        """The one order in which signals are folded, whatever order they came in."""
        return self.ts_event, self.source, self.signal_id

    def vote(self) -> Vote:
        """The signal's voice, as a decision carries it."""
        return Vote(
            source=self.source,
            signal_id=self.signal_id,
            message_id=self.message_id,
            message_sha256=self.message_sha256,
            ts_event_ns=to_ns(self.ts_event),
            side=self.side,
            weight=self.weight,
            entry=self.entry,
            stop_loss=self.stop_loss,
            take_profits=self.take_profits,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The geometry of a trade, on ticks that the venue can quote."""

    entry: Decimal | None
    reference_price: Decimal
    stop_loss: Decimal
    take_profits: tuple[Decimal, ...]
    valid_until: datetime


class NoConsensus(Exception):
    """The votes agree on a side, but their average is no plan. The text tells the numbers."""


def consensus_plan(
    arriving: LiveSignal, agreeing: Sequence[LiveSignal], specification: InstrumentSpecification
) -> Plan:
    """The weighted average of the agreeing votes, rounded to the instrument's tick.

    Stop and targets are averaged over all of them, targets by position up to the shortest list. The
    entry is averaged over those of the arriving signal's order type that name a price.

    Args:
        agreeing: live votes of one side with positive weights, the arriving signal among them.

    Raises:
        NoConsensus: the average has its stop, a target or a pending entry on the wrong side.
    """

    def average(weighted_prices: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
        total = sum((weight for weight, _ in weighted_prices), Decimal(0))
        weighted = sum((weight * price for weight, price in weighted_prices), Decimal(0))
        return specification.round_to_tick(weighted / total)

    positions = range(min(len(vote.take_profits) for vote in agreeing))
    targets = [average([(vote.weight, vote.take_profits[at]) for vote in agreeing]) for at in positions]
    entries = [
        (vote.weight, vote.entry)
        for vote in agreeing
        if vote.order_type == arriving.order_type and vote.entry is not None
    ]
    plan = Plan(
        entry=average(entries) if entries else None,
        reference_price=specification.round_to_tick((arriving.market_bid + arriving.market_ask) / 2),
        stop_loss=average([(vote.weight, vote.stop_loss) for vote in agreeing]),
        take_profits=tuple(dict.fromkeys(targets)),
        valid_until=min(vote.valid_until for vote in agreeing),
    )
    _require_right_sides(arriving, plan)
    return plan


def _require_right_sides(arriving: LiveSignal, plan: Plan) -> None:
    """Averaging can move a price over another one: what each vote had right, the plan may not."""
    up = 1 if arriving.side == "buy" else -1
    start = plan.reference_price if plan.entry is None else plan.entry
    if up * (start - plan.stop_loss) <= 0:
        raise NoConsensus(_text("stop", plan.stop_loss, "behind", start))
    for target in plan.take_profits:
        if up * (target - start) <= 0:
            raise NoConsensus(_text("target", target, "ahead of", start))
    if arriving.order_type == "market" or plan.entry is None:
        return
    trading_side = arriving.market_ask if arriving.side == "buy" else arriving.market_bid
    beyond = up * (plan.entry - trading_side)
    if (arriving.order_type == "limit" and beyond >= 0) or (arriving.order_type == "stop" and beyond <= 0):
        side = "short of" if arriving.order_type == "limit" else "beyond"
        raise NoConsensus(_text(f"{arriving.order_type} entry", plan.entry, side, trading_side))


def _text(name: str, price: Decimal, where: str, start: Decimal) -> str:
    return f"the average {name} {decimal_text(price)} is not {where} {decimal_text(start)}"
