"""Sixth step of the parser: whether the prices of a call make a trade at all.

Only what the text alone can show: sides, order, slips of a digit. Whether the prices make sense at the
market is the validator's question.
"""

from __future__ import annotations

import itertools
from decimal import Decimal

from hive_core.instruments.specification import AssetClass, InstrumentSpecification
from hive_core.signals.digit_typo import Slip, mended_prices, swapped_prices, would_be_right
from hive_core.signals.parser.doubt import Unclear
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Span

MAX_STOP_PCT = {
    AssetClass.CURRENCY: Decimal(6),
    AssetClass.CRYPTO: Decimal(50),
}
MAX_TARGET_PCT = {
    AssetClass.CURRENCY: Decimal(20),
    AssetClass.CRYPTO: Decimal(900),
}
OTHER_STOP_PCT, OTHER_TARGET_PCT = Decimal(10), Decimal(30)
"""Metals, indices and oil move more than currencies and less than coins."""
UNKNOWN_STOP_PCT, UNKNOWN_TARGET_PCT = Decimal(60), Decimal(900)
LEAP = 12
"""A target this many times as far as the one before it, and as many risks away, is a slip."""
STEEP = 25
"""A first target this many times as far as the stop: the stop is a slip."""
UNEVEN = 5
"""A distance this many times as far as the others is a slip where two swapped digits explain it."""
VERY_UNEVEN = 10
"""A distance this many times as far as the others is a slip where one digit typed for another explains it."""
LOPSIDED = 30
"""A stop this many times as far as the last target is a slip."""


def require_geometry(
    side: str,
    entry: tuple[Decimal, Decimal] | None,
    stop_loss: Decimal,
    take_profits: tuple[Decimal, ...],
    specification: InstrumentSpecification | None,
    span: Span,
) -> None:
    """Stop behind the whole entry zone, targets ahead of it and in order, none absurdly far or near.

    Raises:
        Unclear: with the field, the reason and the numbers.
    """
    upward = 1 if side == "buy" else -1
    first = take_profits[0]
    low, high = entry if entry is not None else (None, None)
    losing_edge, winning_edge = (low, high) if side == "buy" else (high, low)

    def refuse(name: str, reason: SignalReason, detail: str) -> None:
        raise Unclear(name, reason, detail, span)

    for target in take_profits:
        if upward * (target - stop_loss) <= 0:
            _wrong_sided(side, entry, stop_loss, take_profits, specification, span)
    if losing_edge is not None and upward * (losing_edge - stop_loss) <= 0:
        _wrong_sided(side, entry, stop_loss, take_profits, specification, span)
    if winning_edge is not None:
        for target in take_profits:
            if upward * (target - winning_edge) <= 0:
                detail = f"target {target} is not ahead of the entry {winning_edge} of a {side}"
                refuse("take_profits", SignalReason.TARGET_WRONG_SIDE, detail)
    for before, after in itertools.pairwise(take_profits):
        if upward * (after - before) <= 0:
            detail = f"target {after} after {before}, out of order for a {side}"
            refuse("take_profits", SignalReason.TARGETS_OUT_OF_ORDER, detail)
    start = winning_edge if winning_edge is not None else first
    risk = abs(start - stop_loss)
    last = take_profits[-1]
    stop_pct, target_pct = _limits(specification)
    if risk * 100 > stop_pct * start:
        refuse("stop_loss", SignalReason.STOP_TOO_FAR, f"stop {stop_loss} is over {stop_pct} % from {start}")
    if abs(last - start) * 100 > target_pct * start:
        detail = f"target {last} is over {target_pct} % from {start}"
        refuse("take_profits", SignalReason.TARGET_TOO_FAR, detail)
    if entry is None or losing_edge is None or winning_edge is None:
        if len(take_profits) == 1:
            return
        winning_edge = losing_edge = first
        risk = abs(first - stop_loss)
    if specification is not None and abs(losing_edge - stop_loss) <= specification.spread:
        detail = f"stop {stop_loss} lies within the spread of {losing_edge}"
        refuse("stop_loss", SignalReason.STOP_TOO_NEAR, detail)
    if abs(first - winning_edge) > STEEP * abs(losing_edge - stop_loss) and losing_edge != first:
        detail = f"the first target {first} is {STEEP} times as far away as the stop {stop_loss}"
        refuse("stop_loss", SignalReason.STOP_TOO_NEAR, detail)
    if entry is not None:  # a first target instead of it tells no usual distance
        _refuse_slipped(stop_loss, losing_edge, abs(last - winning_edge), -upward, span)
    reach = abs(last - winning_edge)
    if reach and abs(losing_edge - stop_loss) > LOPSIDED * reach:
        detail = f"stop {stop_loss} is {LOPSIDED} times as far away as the last target {last}"
        refuse("stop_loss", SignalReason.STOP_TOO_FAR, detail)
    for before, after in itertools.pairwise(take_profits):
        near, far = abs(before - winning_edge), abs(after - winning_edge)
        if near and far > LEAP * near and far > LEAP * risk:
            detail = f"target {after} is {far / near:.0f} times as far away as {before} before it"
            refuse("take_profits", SignalReason.TARGET_TOO_FAR, detail)


def _refuse_slipped(price: Decimal, edge: Decimal, usual: Decimal, direction: int, span: Span) -> None:
    """Refuses a stop that is uncommonly far, and would be near with two neighbouring digits swapped or one
    changed: the nearest such price is told.

    Args:
        usual: how far the last target is from the entry.
        direction: 1 where the price belongs above the edge, -1 below.
    """
    if not usual or abs(price - edge) <= UNEVEN * usual:
        return
    slips = swapped_prices(price)
    if abs(price - edge) > VERY_UNEVEN * usual:
        slips += [(slip, mended) for slip, mended in mended_prices(price) if slip is Slip.DIGIT]
    for slip, mended in slips:
        if 0 < direction * (mended - edge) <= 2 * usual:
            detail = f"{price} is uncommonly far from {edge}" + would_be_right(price, slip, mended)
            raise Unclear("stop_loss", SignalReason.DIGIT_TYPO, detail, span)


def _limits(specification: InstrumentSpecification | None) -> tuple[Decimal, Decimal]:
    if specification is None:
        return UNKNOWN_STOP_PCT, UNKNOWN_TARGET_PCT
    return (
        MAX_STOP_PCT.get(specification.asset_class, OTHER_STOP_PCT),
        MAX_TARGET_PCT.get(specification.asset_class, OTHER_TARGET_PCT),
    )


def _wrong_sided(
    side: str,
    entry: tuple[Decimal, Decimal] | None,
    stop_loss: Decimal,
    take_profits: tuple[Decimal, ...],
    specification: InstrumentSpecification | None,
    span: Span,
) -> None:
    """Says which of stop and targets stands wrong, and whether one digit would put the stop right."""
    upward = 1 if side == "buy" else -1
    edge = take_profits[0] if entry is None else entry[0] if side == "buy" else entry[1]
    ahead = [upward * (target - edge) > 0 for target in take_profits] if entry is not None else [True]
    if upward * (edge - stop_loss) > 0:
        wrong = next(target for target in take_profits if upward * (target - stop_loss) <= 0)
        detail = f"target {wrong} is behind the stop {stop_loss} of a {side}"
        raise Unclear("take_profits", SignalReason.TARGET_WRONG_SIDE, detail, span)
    near = specification.spread if specification is not None else Decimal(0)
    if abs(stop_loss - edge) <= near:
        detail = f"stop {stop_loss} is no way from {edge}"
        raise Unclear("stop_loss", SignalReason.STOP_TOO_NEAR, detail, span)
    detail = f"stop {stop_loss} is not behind {edge} of a {side}"
    if not any(ahead):
        detail += f"; stop and targets stand as for a {'sell' if side == 'buy' else 'buy'}"
        raise Unclear("stop_loss", SignalReason.STOP_WRONG_SIDE, detail, span)
    reach = abs(take_profits[0] - edge) or edge / 100
    for slip, mended in mended_prices(stop_loss):
        if reach <= 3 * upward * (edge - mended) <= 9 * reach:
            detail += would_be_right(stop_loss, slip, mended)
            raise Unclear("stop_loss", SignalReason.DIGIT_TYPO, detail, span)
    raise Unclear("stop_loss", SignalReason.STOP_WRONG_SIDE, detail, span)
