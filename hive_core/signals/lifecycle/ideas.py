"""When two signals are one idea: the same symbol and side, and nearly the same stop and first target.

Rooms copy each other: each may vote, but the idea is one exposure. Who votes is `resolve`'s business.
"""

from __future__ import annotations

import math
from itertools import product

STEP = 0.0005
"""Of the price: two dollars of gold at 4,000, five pips of EURUSD."""
_SHIFTS = (0.0, 0.5)


def idea_keys(symbol: str, side: str, stop_loss: float, first_target: float) -> tuple[str, ...]:
    """The keys of an idea: signals that share one are the same.

    Stop and first target are each put on two grids of step `STEP` in the logarithm of the price, half a
    step apart. Prices no further apart than half a step always share a cell on one of the two; those more
    than a step apart never do. The entry does not count, for market orders name none.

    Raises:
        ValueError: a price is not positive.
    """
    cells = [
        [math.floor(math.log(price) / STEP + shift) for shift in _SHIFTS]
        for price in (stop_loss, first_target)
    ]
    return tuple(
        f"{symbol}:{side}:{stop_grid}.{cells[0][stop_grid]}:{target_grid}.{cells[1][target_grid]}"
        for stop_grid, target_grid in product(range(len(_SHIFTS)), repeat=2)
    )
