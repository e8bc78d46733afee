"""Which part of an order's quantity was told as which execution, so that no unit is told twice.

A venue tells executions one by one (CumQty, LastQty) and, asked, all of them as one sum (CumQty, AvgPx). The
sum of what was partly told is therefore told as what is missing in it, and an execution that a sum covered
already is not told again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

MOST_ORDERS = 4_096
_ZERO = Decimal(0)
_PRICE_DIGITS = Decimal("1e-10")


@dataclass(frozen=True, slots=True)
class Execution:
    """The units from `begin` to `end` of an order; `price` is None where it was told before a restart."""

    begin: Decimal
    end: Decimal
    price: Decimal | None


class Executions:
    """What was told of each order, by the venue's id of it. Safe to use from several threads."""

    def __init__(self, known_execution_ids: Iterable[str] = ()) -> None:
        """
        Args:
            known_execution_ids: what the journal has applied. Each names only its end, so it is taken to
                begin where the one before it ended.
        """
        self._told: OrderedDict[str, list[Execution]] = OrderedDict()
        self._lock = threading.Lock()
        ends: dict[str, list[Decimal]] = {}
        for name in known_execution_ids:
            order_id, _, number = name.rpartition("@")
            if order_id and number.replace(".", "", 1).isdecimal():
                ends.setdefault(order_id, []).append(Decimal(number))
        for order_id, found in ends.items():
            found.sort()
            begins = [_ZERO, *found[:-1]]
            self._told[order_id] = [
                Execution(begin, end, None) for begin, end in zip(begins, found, strict=True)
            ]

    def one(self, order_id: str, cumulative: Decimal, quantity: Decimal, price: Decimal) -> list[Execution]:
        """An execution that the venue tells: what of it is to be told."""
        begin = cumulative - quantity
        with self._lock:
            told = self._of(order_id)
            if any((one.begin, one.end) == (begin, cumulative) for one in told):
                return [Execution(begin, cumulative, price)]  # as it was told: it has the same id
            return self._add(told, begin, cumulative, price)

    def all(self, order_id: str, cumulative: Decimal, average: Decimal) -> list[Execution]:
        """The sum of all executions: those that were told, once more, and what is missing."""
        with self._lock:
            told = self._of(order_id)
            before = [one for one in told if one.price is not None]
            counted = sum((one.end - one.begin for one in told), _ZERO)
            price = average
            if len(before) == len(told) and 0 < counted < cumulative:
                spent = sum(((one.end - one.begin) * (one.price or _ZERO) for one in told), _ZERO)
                rest = (average * cumulative - spent) / (cumulative - counted)
                price = rest.quantize(_PRICE_DIGITS).normalize() if rest > 0 else average
            return before + self._add(told, _ZERO, cumulative, price)

    def _of(self, order_id: str) -> list[Execution]:
        told = self._told.setdefault(order_id, [])
        self._told.move_to_end(order_id)
        while len(self._told) > MOST_ORDERS:
            self._told.popitem(last=False)
        return told

    @staticmethod
    def _add(told: list[Execution], begin: Decimal, end: Decimal, price: Decimal) -> list[Execution]:
        """What of an interval was not told yet, which now is."""
        missing: list[Execution] = []
        at = begin
        for one in sorted(told, key=lambda one: one.begin):
            if one.end <= at or one.begin >= end:
                continue
            if one.begin > at:
                missing.append(Execution(at, one.begin, price))
            at = max(at, one.end)
        if at < end:
            missing.append(Execution(at, end, price))
        told += missing
        return missing
