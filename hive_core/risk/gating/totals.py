"""What a book could lose and gain, summed by the currency of the prices.

A sum is made anew only when a position changes, and corrected by one part when an order is added: the gate
never walks the positions. Conversion to the account's currency happens where rates are known (`rates`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hive_core.instruments.specification import AssetClass, InstrumentSpecification, instruments
from hive_core.risk.account import Exposure

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PerLot:
    """What one lot of an order could do, in the currency of its price: both are not negative."""

    loss: Decimal
    gain: Decimal
    units: Decimal
    """Of the base currency, with the sign of the side."""
    value: Decimal
    """In the currency of the price, with the sign of the side."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over open positions and over orders that may still fill, unresolved ones with them.

    `losses`: every stop hit, slipped by the buffer; a stop that locks in a gain counts as nothing gained.
    `gains`: every target reached. Both by quote currency. `units`: net units of every currency of pairs,
    of the base as bought and of the quote as paid. `lots_to_fill`: lots whose entry still costs.
    `unbounded`: ids of what has no target, so that nobody can say how far equity may rise before it falls.
    """

    losses: Mapping[str, Decimal]
    gains: Mapping[str, Decimal]
    units: Mapping[str, Decimal]
    values: Mapping[str, Decimal]
    """By symbol: net value in the currency of its price."""
    positions: Mapping[tuple[str, str], int]
    """How many by symbol and side."""
    lots: Decimal
    lots_to_fill: Decimal
    count: int
    unbounded: tuple[str, ...]


def per_lot(
    specification: InstrumentSpecification,
    side: str,
    entry: Decimal,
    stop_loss: Decimal,
    farthest_target: Decimal,
    slippage_buffer_pips: Decimal,
) -> PerLot:
    """What one lot from `entry` could lose at its stop, slipped by the buffer, and gain at a target."""
    size = specification.contract_size
    slip = slippage_buffer_pips * specification.pip
    sign = 1 if side == "buy" else -1
    loss = ((entry - stop_loss) * sign + slip) * size
    gain = (farthest_target - entry) * sign * size
    return PerLot(max(loss, ZERO), max(gain, ZERO), size * sign, entry * size * sign)


def totals_of(exposures: Iterable[Exposure], slippage_buffer_pips: Decimal) -> Totals:
    """Sum a book.

    Raises:
        KeyError: of an instrument that is not known.
    """
    losses: dict[str, Decimal] = {}
    gains: dict[str, Decimal] = {}
    units: dict[str, Decimal] = {}
    values: dict[str, Decimal] = {}
    positions: dict[tuple[str, str], int] = {}
    lots = lots_to_fill = ZERO
    unbounded: list[str] = []
    count = 0
    for one in exposures:
        specification = instruments()[one.symbol]
        base, quote = specification.base, specification.quote
        part = per_lot(
            specification,
            one.side,
            one.entry,
            one.entry if one.stop_loss is None else one.stop_loss,
            one.entry if one.take_profit is None else one.take_profit,
            slippage_buffer_pips,
        )
        losses[quote] = losses.get(quote, ZERO) + part.loss * one.lots
        gains[quote] = gains.get(quote, ZERO) + part.gain * one.lots
        if specification.asset_class is AssetClass.CURRENCY:
            units[base] = units.get(base, ZERO) + part.units * one.lots
            units[quote] = units.get(quote, ZERO) - part.value * one.lots
        values[one.symbol] = values.get(one.symbol, ZERO) + part.value * one.lots
        key = (one.symbol, one.side)
        positions[key] = positions.get(key, 0) + 1
        lots += one.lots
        if not one.is_open:
            lots_to_fill += one.lots
        if one.take_profit is None:
            unbounded.append(one.client_order_id)
        count += 1
    return Totals(losses, gains, units, values, positions, lots, lots_to_fill, count, tuple(unbounded))
