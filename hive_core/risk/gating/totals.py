"""What a book could lose and gain, summed by the currency of the prices.

A sum is corrected by what came and what left (`RunningTotals`), so that the gate never walks the positions.
Conversion to the account's currency happens where rates are known (`rates`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hive_core.instruments.specification import AssetClass, InstrumentSpecification, instruments
from hive_core.risk.account import Exposure

ZERO = Decimal(0)


class PerLot(NamedTuple):
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
    loss, gain, value = entry - stop_loss, farthest_target - entry, entry * size
    if side != "buy":
        loss, gain, value = -loss, -gain, -value
    loss = (loss + slippage_buffer_pips * specification.pip) * size
    gain = gain * size
    return PerLot(
        loss if loss > ZERO else ZERO,
        gain if gain > ZERO else ZERO,
        size if side == "buy" else -size,
        value,
    )


class RunningTotals:
    """The sums of one book, corrected by what was added to it and what left it. Decimal sums of such amounts
    are exact, so that the way there does not show."""

    def __init__(self, slippage_buffer_pips: Decimal) -> None:
        self.slippage_buffer_pips = slippage_buffer_pips
        self._held: dict[str, Exposure] = {}
        self._losses: dict[str, Decimal] = {}
        self._gains: dict[str, Decimal] = {}
        self._units: dict[str, Decimal] = {}
        self._values: dict[str, Decimal] = {}
        self._positions: dict[tuple[str, str], int] = {}
        self._lots = self._lots_to_fill = ZERO
        self._totals: Totals | None = None

    def of(self, exposures: Mapping[str, Exposure]) -> Totals:
        """The sums of these, by their ids.

        Raises:
            KeyError: of an instrument that is not known.
        """
        held = self._held
        # Equality of such a book is that of its parts, which are the same objects until one changes.
        if self._totals is None or held != exposures:
            self._totals = None  # an instrument that is not known leaves nothing to be taken for the sums
            for key in [key for key, one in held.items() if exposures.get(key) is not one]:
                self._count(held.pop(key), -1)
            for key, one in exposures.items():
                if key not in held:
                    self._count(one, 1)
                    held[key] = one
            self._totals = self._summed()
        return self._totals

    def _count(self, one: Exposure, sign: int) -> None:
        specification = instruments()[one.symbol]
        base, quote, lots = specification.base, specification.quote, one.lots * sign
        part = per_lot(
            specification,
            one.side,
            one.entry,
            one.entry if one.stop_loss is None else one.stop_loss,
            one.entry if one.take_profit is None else one.take_profit,
            self.slippage_buffer_pips,
        )
        _add(self._losses, quote, part.loss * lots)
        _add(self._gains, quote, part.gain * lots)
        if specification.asset_class is AssetClass.CURRENCY:
            _add(self._units, base, part.units * lots)
            _add(self._units, quote, -part.value * lots)
        _add(self._values, one.symbol, part.value * lots)
        key = (one.symbol, one.side)
        self._positions[key] = self._positions.get(key, 0) + sign
        self._lots += lots
        if not one.is_open:
            self._lots_to_fill += lots

    def _summed(self) -> Totals:
        """What is there, in the order of names. What left leaves no zero behind: its rate would be asked."""
        positions = {key: count for key, count in sorted(self._positions.items()) if count}
        specifications = [instruments()[symbol] for symbol in sorted({symbol for symbol, _ in positions})]
        quotes = sorted({one.quote for one in specifications})
        pairs = [one for one in specifications if one.asset_class is AssetClass.CURRENCY]
        currencies = sorted({name for one in pairs for name in (one.base, one.quote)})
        held = self._held
        return Totals(
            {name: self._losses[name] for name in quotes},
            {name: self._gains[name] for name in quotes},
            {name: self._units[name] for name in currencies},
            {one.symbol: self._values[one.symbol] for one in specifications},
            positions,
            self._lots,
            self._lots_to_fill,
            len(held),
            tuple(sorted(one.client_order_id for one in held.values() if one.take_profit is None)),
        )


def _add(sums: dict[str, Decimal], name: str, amount: Decimal) -> None:
    sums[name] = sums.get(name, ZERO) + amount


def totals_of(exposures: Iterable[Exposure], slippage_buffer_pips: Decimal) -> Totals:
    """Sum a book.

    Raises:
        KeyError: of an instrument that is not known.
    """
    return RunningTotals(slippage_buffer_pips).of({str(number): one for number, one in enumerate(exposures)})
