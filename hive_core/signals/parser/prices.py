"""Fifth step of the parser: the numbers of one field as prices of one instrument.

A number with several readings is taken where exactly one fits the instrument and the other prices of the
call. What is an entry stands in `entries`, a stop or target in `exits`; whether the prices make a trade is
asked in `geometry`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from hive_core.signals.parser.call_parts import Field, Label, Number, Unit
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.numbers import behind_index, readings
from hive_core.signals.parser.scale import Scale
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Span

_SHORT_DIGITS = 2


def number_span(number: Number) -> Span:
    """Where a number stands."""
    return Span(number.start, number.end)


def field_span(each: Field) -> Span:
    """Where a field stands, from its label to its last number."""
    return Span(each.start, max([each.start + 1, *(number.end for number in each.numbers)]))


def joined_by_blank(numbers: list[Number], scale: Scale) -> list[Number]:
    """ "4 105.50" as one number where its pieces are no prices and the whole is."""
    merged: list[Number] = []
    for number in numbers:
        before = merged[-1] if merged else None
        if (
            before is not None
            and number.blank
            and before.raw.isdigit()
            and len(before.raw) <= 3
            and len(re.split("[.,]", number.raw)[0]) == 3
            and not scale.fitting(number.raw)
            and scale.fitting(before.raw + number.raw)
        ):
            merged[-1] = Number(
                before.raw + number.raw, before.start, number.end, number.unit, before.joined, before.dashed
            )
        else:
            merged.append(number)
    return merged


def prices_of(each: Field, scale: Scale, name: str, grounds: Grounds, *, upward: int) -> list[Decimal]:
    """The prices of a stop's or a target's field, in order.

    Args:
        upward: 1 where a later price lies above the one before it, -1 below, 0 where there is one only.

    Raises:
        Unclear: a number that should be a price is none, or may be several.
    """
    found: list[Decimal] = []
    goes_on, is_remark = True, False
    for number in joined_by_blank(each.of(Unit.PRICE), scale):
        values = scale.fitting(number.raw)
        if not found:
            found = values or behind_index_of(each, number, scale) or _glued_list(number, scale, upward)
            if not found and _is_wordy(number, each):
                raise no_price(name, number)
            continue
        if number.aside and values and abs(values[0] - found[-1]) * 1000 <= found[-1]:
            continue  # "4577 (4577.10)"
        is_remark = number.aside and (is_remark or not values)
        if is_remark:
            continue  # "1.1577 (60) 1.1583 (1:1.5)"
        if not number.joined or not goes_on:
            # "TP1 4090 swing 4120", "tp 4090 @ 14:30": the list of prices has ended.
            goes_on = False
            if values:
                grounds.less(0.1, f"a number behind words is left out: {number.raw}")
            continue
        if not values and upward:
            values = _abbreviated(found[-1], number, scale, upward)
            if values:
                grounds.less(0.02, "abbreviated prices are completed")
            goes_on = bool(values)
        if not upward and (number.aside or _decimals(number.raw) != _decimals(_first_raw(each))):
            continue  # "142.00 - 150": a loss in pips, not a second stop
        if values:
            found += [value for value in values if value not in found]
        elif upward and not number.own_line and not number.aside and number.dashed and len(number.raw) > 2:
            detail = f"{number.raw} is no price beside {found[-1]}"
            raise Unclear(name, SignalReason.UNCLEAR_NUMBER, detail, number_span(number))
    return found


def _first_raw(each: Field) -> str:
    return each.of(Unit.PRICE)[0].raw


def _decimals(raw: str) -> int:
    return len(raw.partition(".")[2])


def no_price(name: str, number: Number) -> Unclear:
    """A number that is no price: a slip where it has one reading and that is absurd, else not clear."""
    detail = f"{number.raw} is no price beside the others of this call"
    reason = SignalReason.FAT_FINGER if len(readings(number.raw)) == 1 else SignalReason.UNCLEAR_NUMBER
    return Unclear(name, reason, detail, number_span(number))


def _is_wordy(number: Number, each: Field) -> bool:
    """Whether a number that is no price stands where the price of its label should."""
    digits = len(re.sub(r"\D", "", number.raw))
    return digits > 2 or (not each.index and not each.said)


def _glued_list(number: Number, scale: Scale, upward: int) -> list[Decimal]:
    """ "3222,15,05": a whole price and abbreviated ones in one run."""
    first, *rest = number.raw.split(",")
    found = scale.fitting(first) if rest else []
    for tail in rest if found else []:
        whole = scale.fitting(tail) if len(tail) == len(first) else scale.completed(found[-1], tail)
        values = onward(found[-1], whole, upward)
        if not values:
            return []
        found.append(values[0])
    return found


def onward(first: Decimal, values: list[Decimal], upward: int) -> list[Decimal]:
    """Those values that lie further on than `first`: above it where `upward` is 1, else below."""
    return [value for value in values if upward * (value - first) > 0]


def _abbreviated(first: Decimal, number: Number, scale: Scale, upward: int) -> list[Decimal]:
    """The price that an abbreviated target behind a whole one means: the nearest on the winning side."""
    is_short = number.blank and len(number.raw) == _SHORT_DIGITS  # "2660 70 80"
    if not (number.listed or is_short) or number.aside:
        return []
    return onward(first, scale.completed(first, number.raw), upward)[:1]


def behind_index_of(each: Field, number: Number, scale: Scale) -> list[Decimal]:
    """The price behind a target's number that is glued to it, or parted from it by a blank as thousands."""
    if each.label in {Label.TARGET, Label.LOOSE} and not each.index:
        for rest in behind_index(number.raw):
            if len(values := scale.fitting(rest)) == 1:
                each.index = number.raw[: -len(rest)]
                return values
    if each.index and len(re.split("[.,]", number.raw)[0]) == 3:
        return scale.fitting(each.index + number.raw)
    return []


def distinct(values: Iterable[str]) -> list[str]:
    """Each once, in their order."""
    return list(dict.fromkeys(values))
