"""What the live votes of one side agree on: one plan, averaged, or the reason why there is none.

Prices and weights are whole numbers of 1e-8, so the same votes give the same plan on every machine and in
every order. When votes are live, and whether they are enough, is asked in `judging`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from hive_core.contracts.decision import OrderType, Side, VoteKind
from hive_core.instruments.specification import instruments
from hive_core.signals.fixed_point import divide_to_even, units_of, units_text


@dataclass(frozen=True, slots=True)
class LiveSignal:
    """One enriched signal with its weight, as resolution sees it: whole numbers of 1e-8 and microseconds.

    `entry` is the edge of the zone where a fill is worst (the upper one for a buy, which is also where
    the zone is first touched by a limit), or None. `weight` is the weight when it was posted.
    """

    kind: VoteKind
    source: str
    signal_id: str
    message_id: str
    message_sha256: str
    symbol: str
    side: Side
    order_type: OrderType
    entry: int | None
    stop_loss: int
    take_profits: tuple[int, ...]
    ts_us: int
    valid_until_us: int
    market_bid: int
    market_ask: int
    weight: int

    @property
    def order(self) -> tuple[int, str, str]:
        """The one order in which signals are folded, whatever order they came in."""
        return self.ts_us, self.source, self.signal_id

    @property
    def voice(self) -> tuple[VoteKind, str]:
        """Who speaks: each has one vote, the latest."""
        return self.kind, self.source


@dataclass(frozen=True, slots=True)
class WeighedVote:
    """A live signal and what decay has left of its weight."""

    signal: LiveSignal
    weight: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The geometry of a trade in units of 1e-8, on ticks that the venue can quote."""

    entry: int | None
    reference_price: int
    stop_loss: int
    take_profits: tuple[int, ...]
    valid_until_us: int


class NoConsensus(Exception):
    """The votes agree on a side, but their average is no plan. The text tells the numbers."""


@cache
def tick_units(symbol: str) -> int:
    """The tick of an instrument in units of 1e-8.

    Raises:
        KeyError: Hive does not know the instrument.
    """
    return units_of(instruments()[symbol].tick)


def consensus_plan(arriving: LiveSignal, agreeing: Sequence[WeighedVote]) -> Plan:
    """The weighted average of the agreeing votes, rounded to the instrument's tick (half to even).

    Stop and targets are averaged over all of them, targets by position up to the shortest list. The
    entry is averaged over those of the arriving signal's order type that name a price.

    Args:
        agreeing: live votes of one side with positive weights, the arriving signal's among them.

    Raises:
        NoConsensus: the average has its stop, a target or a pending entry on the wrong side.
    """
    tick = tick_units(arriving.symbol)

    def average(weighted_prices: Sequence[tuple[int, int]]) -> int:
        total = sum(weight for weight, _ in weighted_prices)
        weighted = sum(weight * price for weight, price in weighted_prices)
        return divide_to_even(weighted, total * tick) * tick

    shortest = min(len(vote.signal.take_profits) for vote in agreeing)
    targets = [
        average([(vote.weight, vote.signal.take_profits[at]) for vote in agreeing]) for at in range(shortest)
    ]
    entries = [
        (vote.weight, vote.signal.entry)
        for vote in agreeing
        if vote.signal.order_type == arriving.order_type and vote.signal.entry is not None
    ]
    plan = Plan(
        entry=average(entries) if entries else None,
        reference_price=divide_to_even(arriving.market_bid + arriving.market_ask, 2 * tick) * tick,
        stop_loss=average([(vote.weight, vote.signal.stop_loss) for vote in agreeing]),
        take_profits=tuple(dict.fromkeys(targets)),
        valid_until_us=min(vote.signal.valid_until_us for vote in agreeing),
    )
    fault = fault_of(plan, arriving.side, arriving.order_type, arriving.market_bid, arriving.market_ask)
    if fault:
        raise NoConsensus(fault)
    return plan


def fault_of(plan: Plan, side: Side, order_type: OrderType, market_bid: int, market_ask: int) -> str:
    """Which price of a plan is on the wrong side of another, or nothing. Averaging can move a price over
    another one: what each vote had right, the plan need not have."""
    up = 1 if side == "buy" else -1
    start = plan.reference_price if plan.entry is None else plan.entry
    if min(plan.reference_price, start, plan.stop_loss, *plan.take_profits) <= 0:
        return "an average is less than half a tick: no price"
    if up * (start - plan.stop_loss) <= 0:
        return _text("stop", plan.stop_loss, "behind", start)
    for target in plan.take_profits:
        if up * (target - start) <= 0:
            return _text("target", target, "ahead of", start)
    if order_type == "market" or plan.entry is None:
        return ""
    trading_side = market_ask if side == "buy" else market_bid
    beyond = up * (plan.entry - trading_side)
    if (order_type == "limit" and beyond >= 0) or (order_type == "stop" and beyond <= 0):
        where = "short of" if order_type == "limit" else "beyond"
        return _text(f"{order_type} entry", plan.entry, where, trading_side)
    return ""


def _text(name: str, price: int, where: str, start: int) -> str:
    return f"the average {name} {units_text(price)} is not {where} {units_text(start)}"
