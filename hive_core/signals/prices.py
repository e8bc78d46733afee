"""Fourth step of the parser: numbers as written to prices, for a known instrument.

A number with two readings is refused unless the instrument allows only one of them. Whether a price
makes sense at the market is the validator's question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from hive_core.instruments.specification import InstrumentSpecification

MAX_ZONE_RATIO = Decimal("1.02")
"""An entry zone wider than 2 % is no zone: two numbers that do not belong together."""
MAX_LIST_RATIO = Decimal("1.25")

_PLAIN = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,8})?")
_THOUSANDS_AND_POINT = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,8}")


class UnclearNumber(ValueError):
    """A number with no reading, or with more than one."""


def prices_of(text: str, specification: InstrumentSpecification) -> tuple[Decimal, ...]:
    """The price or the list of prices that one written number stands for.

    "1,0850" is a decimal comma, "4,105.5" has thousands, "1.10,1.11" is a list; "4,105" is read as the
    instrument's plausible range allows.

    Raises:
        UnclearNumber: none or several readings are possible.
    """
    if _PLAIN.fullmatch(text):
        return (_positive(Decimal(text), text),)
    if _THOUSANDS_AND_POINT.fullmatch(text):
        return (_positive(Decimal(text.replace(",", "")), text),)
    parts = text.split(",")
    if len(parts) == 1 or not all(_PLAIN.fullmatch(part) for part in parts):
        raise UnclearNumber(f"{text} is not a number")
    readings = {tuple(map(Decimal, parts))} if _may_be_list(parts) else set()
    if not any("." in part for part in parts):
        if len(parts) == 2:
            readings.add((Decimal(f"{parts[0]}.{parts[1]}"),))
        if len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:]):
            readings.add((Decimal("".join(parts)),))
    plausible = [reading for reading in readings if _plausible(reading, specification)]
    if len(plausible) != 1:
        found = "several readings" if plausible else "no plausible reading"
        raise UnclearNumber(f"{text} has {found} for {specification.symbol}")
    return plausible[0]


def zone_of(numbers: Sequence[str], specification: InstrumentSpecification) -> tuple[Decimal, Decimal]:
    """The lower and upper edge of an entry: one number, or two in either order, of which the second may
    be abbreviated ("4105-03", "134.30/35").

    Raises:
        UnclearNumber: more than two numbers, or two that are no zone.
    """
    if len(numbers) == 2 and "," not in "".join(numbers):
        numbers = (numbers[0], _unabbreviated(numbers[0], numbers[1]))
    prices = [price for number in numbers for price in prices_of(number, specification)]
    if len(prices) > 2:
        raise UnclearNumber(f"{len(prices)} numbers for one entry")
    low, high = min(prices), max(prices)
    if high > low * MAX_ZONE_RATIO:
        raise UnclearNumber(f"{low} and {high} are too far apart for one entry")
    return low, high


def is_plausible(price: Decimal, specification: InstrumentSpecification) -> bool:
    """Whether the instrument ever stood there: outside is a wrong scale."""
    return specification.plausible_low <= price <= specification.plausible_high


def _plausible(reading: tuple[Decimal, ...], specification: InstrumentSpecification) -> bool:
    return all(is_plausible(price, specification) and price % specification.tick == 0 for price in reading)


def _may_be_list(parts: list[str]) -> bool:
    """Prices of one call stand near each other: "151,250" is no list, "2650,2660" is."""
    prices = [Decimal(part) for part in parts]
    return max(prices) <= min(prices) * MAX_LIST_RATIO


def _positive(price: Decimal, text: str) -> Decimal:
    if price <= 0:
        raise UnclearNumber(f"{text} is not a price")
    return price


def _unabbreviated(first: str, second: str) -> str:
    whole, _, fraction = first.partition(".")
    second_whole, second_point, _ = second.partition(".")
    if "." in first and not second_point:
        if 2 <= len(second) <= len(fraction):
            return f"{whole}.{fraction[: len(fraction) - len(second)]}{second}"
        return second
    if 2 <= len(second_whole) < len(whole):
        return whole[: len(whole) - len(second_whole)] + second
    return second
