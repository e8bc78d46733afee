"""How a size is split over the targets of a decision. How large it may be is the gate's."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from hive_core.instruments.specification import InstrumentSpecification


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
