"""When two signals are one idea: nearly the same stop and nearly the same first target.

Rooms copy each other: each may vote, but the idea is one exposure. That they are of one account, instrument
and side is asked where this is used.
"""

from __future__ import annotations

import numpy as np

from hive_core.signals.fixed_point import IntArray

STEPS_PER_OCTAVE = 4_096
"""Between a price and its double there are so many steps of one width, 0.012 to 0.024 percent of a price."""

_STOP = 1 << 20
"""An idea is one number: the step of its stop times this, and the step of its first target."""

ALIKE = tuple(stop * _STOP + target for stop in (-1, 0, 1) for target in (-1, 0, 1))
"""What the numbers of ideas that are the same differ by."""


def idea_of(stop_loss: int, first_target: int) -> int:
    """The idea of a plan, its prices in units. Ideas are the same whose steps differ by at most one, for stop
    and for first target: always if both prices are within 0.012 percent, never if one is 0.05 percent apart.
    The entry does not count, for market orders name none.
    """
    return _step_of(stop_loss) * _STOP + _step_of(first_target)


def ideas_of(stop_loss: IntArray, first_target: IntArray) -> IntArray:
    """`idea_of` of every plan."""
    return _steps_of(stop_loss) * _STOP + _steps_of(first_target)


def _step_of(units: int) -> int:
    octave = units.bit_length() - 1
    return octave * STEPS_PER_OCTAVE + ((units - (1 << octave)) * STEPS_PER_OCTAVE >> octave)


def _steps_of(units: IntArray) -> IntArray:
    # Floats hold such whole numbers exactly, and a power of two changes none of their digits.
    part, power = np.frexp(units.astype(np.float64))
    steps: IntArray = ((2 * part - 1) * STEPS_PER_OCTAVE).astype(np.int64)
    return (power.astype(np.int64) - 1) * STEPS_PER_OCTAVE + steps
