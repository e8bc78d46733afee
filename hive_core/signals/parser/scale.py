"""Where the prices of one call can lie, and so which reading of a written number is its price."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from statistics import median_low

from hive_core.instruments.specification import AssetClass, InstrumentSpecification, specification_of
from hive_core.signals.parser.call_parts import Call, Field, Label, Number, Unit
from hive_core.signals.parser.numbers import completions, listed, readings

CALM_SPREAD = Decimal("1.35")
"""All prices of one call of a currency, metal, index or oil lie within this factor of their middle."""
WILD_SPREAD = Decimal(4)
"""The same of coins and of what Hive does not know."""
_FINE_TICK = Decimal("0.001")
_ROOM_ERA_LOW = {"XAUUSD": Decimal(1000)}
"""Rooms are younger than 2012; gold has not stood below a thousand since."""
MAX_COMPLETED_PCT = Decimal(5)
"""An abbreviated price lies at most this far from the whole one beside it."""


@dataclass(slots=True)
class Scale:
    """Where the prices of one call can lie."""

    low: Decimal
    high: Decimal
    tick: Decimal | None
    is_wild: bool

    @classmethod
    def of(cls, call: Call, specification: InstrumentSpecification | None) -> Scale:
        """From the instrument's history, and from the prices of the call that have one reading."""
        is_wild = specification is None or specification.asset_class is AssetClass.CRYPTO
        low = Decimal(0) if specification is None else specification.plausible_low
        if specification is not None:
            low = _ROOM_ERA_LOW.get(specification.symbol, low)
        high = Decimal(10**9) if specification is None else specification.plausible_high
        labels = (Label.STOP, Label.TARGET, Label.ENTRY, Label.CALL)
        anchors = []
        for each in call.of(*labels):
            for number, whole in perhaps_grouped(each):
                if whole and any(low < value < high for value in readings(whole)):
                    if each.label is not Label.TARGET:
                        anchors.append(readings(whole)[0])
                    continue
                fitting = [value for value in readings(number.raw) if low < value < high]
                if len(fitting) == 1 and (specification is not None or len(number.raw) > 2):
                    anchors.append(fitting[0])
        tick = None if specification is None else specification.tick
        if not anchors:
            return cls(low, high, tick, is_wild)
        middle = median_low(anchors)
        spread = WILD_SPREAD if is_wild else CALM_SPREAD
        return cls(max(low, middle / spread), min(high, middle * spread), tick, is_wild)

    def holds(self, value: Decimal) -> bool:
        """Whether a price lies on it."""
        return self.low <= value <= self.high

    def fitting(self, raw: str) -> list[Decimal]:
        """The readings of a number on this scale: none, one, or the prices of a glued list."""
        if self.tick is not None and self.tick < _FINE_TICK and raw.isdigit() and len(raw) < 3:
            return []  # nobody writes 1 for a price that has five digits
        found = [value for value in readings(raw) if self.holds(value)]
        if self.tick is not None and len(found) == 1 and found[0] % self.tick:
            found = self._two_glued(raw) or found  # "4120.4116", "4968,4978" are two prices of gold
        if len(found) > 1 and self.tick is None and "," not in raw:
            return found[:1]  # of what Hive does not know a point is a decimal point
        if len(found) > 1:
            return found if found[0] != found[-1] and "." in raw and self._two_glued(raw) else []
        if found:
            return found
        parts = listed(raw)
        values = [value for part in parts for value in readings(part)[:1] if self.holds(value)]
        if parts and len(values) == len(parts):
            return values
        return self._two_glued(raw)

    def _two_glued(self, raw: str) -> list[Decimal]:
        first, point, second = raw.replace(",", ".").partition(".")
        if point and first.isdigit() and second.isdigit() and len(first) == len(second) >= 4:
            values = [Decimal(first), Decimal(second)]
            if all(self.holds(value) for value in values):
                return values
        return []

    def completed(self, first: Decimal, raw: str) -> list[Decimal]:
        """The whole prices that an abbreviated number beside `first` may mean, nearest first."""
        reach = first * MAX_COMPLETED_PCT / 100
        return [
            value
            for value in completions(first, raw)
            if self.holds(value) and abs(value - first) <= reach and value != first
        ]


def usual_price(symbol: str) -> Decimal | None:
    """The middle of where an instrument has stood, for telling 3.649 from 3649; None where that is too wide
    or not known."""
    specification = specification_of(symbol)
    if specification is None:
        return None
    low = _ROOM_ERA_LOW.get(symbol, specification.plausible_low)
    middle = (low * specification.plausible_high).sqrt()
    return middle if specification.plausible_high < low * 20 else None


def perhaps_grouped(each: Field) -> Iterator[tuple[Number, str]]:
    """The prices of a field, each with the number that it makes with the digits one blank before it ("4" and
    "105.50"), or nothing."""
    end, digits = each.index_end, each.index
    for number in each.of(Unit.PRICE):
        is_group = bool(digits) and number.start - end == 1 and len(re.split("[.,]", number.raw)[0]) == 3
        yield number, digits + number.raw if is_group else ""
        end, digits = number.end, number.raw if number.raw.isdigit() and len(number.raw) <= 3 else ""
