"""Prices as rooms write them in updates, made whole by the signal that they are said of.

"Close 23" of a zone from 4221 to 4223 is the layer at 4223; "sl 33" of an entry at 4240 is 4233.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hive_core.signals.updates.rescaling import readings_near

_FACTOR = Decimal("1.25")
"""How far from the entry a price in full may be: farther is another scale or another instrument."""
_NEAR = 4
"""An abbreviated price is clear when it is nearer than a quarter of the step between its readings."""

_SHORTEST = 10
"""A single digit before the point is too little to complete a stop from: 1.085 is no gold at 2331.085."""


def is_written_for(written: Decimal, price: Decimal) -> bool:
    """Whether a number names a price: in full, by its last digits before the point, or without decimals."""
    if written == price:
        return True
    digits, whole = len(str(int(written))), len(str(int(price)))
    steps = [Decimal(10) ** count for count in range(digits, whole)]
    if any(price % step == written for step in steps):
        return True
    is_integer = written == int(written)
    floor = Decimal(int(price))
    return is_integer and (floor == written or any(floor % step == written for step in steps))


def layers_named(written: Decimal, layers: Sequence[Decimal]) -> list[Decimal]:
    """The layers that a number names. Those that it names to the last digit come before those that it
    names without their decimals."""
    named = [layer for layer in layers if is_written_for(written, layer)]
    if len(named) > 1:
        exact = [layer for layer in named if (layer - written) % 10 == 0]
        return exact or named
    return named


def full_price(written: Decimal, reference: Decimal) -> Decimal | None:
    """The price that is written near a reference (the entry), or None where none or several could be.

    As written, if it is of the reference's size; else with its separator read the other way (a thousand
    times more or less); else its last digits before the point, completed from the reference.
    """
    if written <= 0:
        return None
    if fitting := readings_near(written, reference, _FACTOR):
        return fitting[0]
    step = Decimal(10) ** len(str(int(written)))
    if written < _SHORTEST or step > reference:
        return None
    base = reference - reference % step + written
    nearest = min((base - step, base, base + step), key=lambda price: abs(price - reference))
    return nearest if abs(nearest - reference) * _NEAR <= step else None
