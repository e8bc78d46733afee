"""How many lots a decision may trade: risk per trade in the account's currency, in whole lot steps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from hive_core.instruments.specification import InstrumentSpecification


@dataclass(frozen=True, slots=True)
class Size:
    """A size and the numbers behind it. `lots` is 0 when the risk does not buy the smallest lot."""

    lots: Decimal
    risk_amount: Decimal
    loss_per_lot: Decimal
    is_capped: bool


def size_by_risk(
    *,
    specification: InstrumentSpecification,
    entry: Decimal,
    stop_loss: Decimal,
    risk_amount: Decimal,
    rate_to_account: Decimal,
    commission_per_lot: Decimal,
    max_lots: Decimal,
) -> Size:
    """Lots such that a stop at its own price, with commission, loses at most `risk_amount`.

    lots = risk / (|entry - stop| x contract size x rate + commission), rounded down to the lot step.

    Args:
        entry: the price at which the order would fill, on the side that trades.
        rate_to_account: account currency for one unit of the quote currency.
        max_lots: the most that venue and rule pack allow; a larger size is cut to it.
    """
    distance = abs(entry - stop_loss)
    loss_per_lot = distance * specification.contract_size * rate_to_account + commission_per_lot
    steps = (risk_amount / loss_per_lot / specification.lot_step).quantize(Decimal(1), rounding=ROUND_DOWN)
    wanted = steps * specification.lot_step
    lots = min(wanted, max_lots)
    if lots < specification.min_lots:
        lots = Decimal(0)
    return Size(lots, risk_amount, loss_per_lot, is_capped=wanted > max_lots)


def split_over_targets(
    lots: Decimal, targets: tuple[Decimal, ...], specification: InstrumentSpecification
) -> list[tuple[Decimal, Decimal]]:
    """Split a size into one leg a target, in equal lot steps; what does not divide goes to the first.

    With fewer smallest lots than targets the nearest targets are kept.

    Returns:
        [(lots, target)], whose lots sum to `lots`.
    """
    affordable = int((lots / specification.min_lots).quantize(Decimal(1), rounding=ROUND_DOWN))
    kept = targets[: max(1, min(len(targets), affordable))]
    steps = int(lots / specification.lot_step)
    each, rest = divmod(steps, len(kept))
    return [
        ((each + (rest if index == 0 else 0)) * specification.lot_step, target)
        for index, target in enumerate(kept)
    ]
