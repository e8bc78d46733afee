"""Whether a price on the wrong side would be right with one digit changed.

A hint for the person who reads the quarantine. No signal is ever corrected by it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from hive_core.contracts.base import decimal_text


def one_digit_away(price: float, is_right: Callable[[float], bool]) -> float | None:
    """The right price nearest to `price` that differs from it in exactly one digit, or None.

    Args:
        price: positive and finite, read in its shortest decimal spelling.
        is_right: says of a candidate whether it stands where it should.
    """
    text = decimal_text(Decimal(str(price)))
    candidates = (
        float(text[:place] + digit + text[place + 1 :])
        for place, written in enumerate(text)
        if written.isdigit()
        for digit in "0123456789"
        if digit != written
    )
    right = [candidate for candidate in candidates if candidate > 0 and is_right(candidate)]
    return min(right, key=lambda candidate: (abs(candidate - price), candidate), default=None)
