"""The entry of a call: a price, a zone, or none where the market's own is meant."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal

from hive_core.signals.parser.call_parts import Call, Field, Label, Number, Unit
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.prices import (
    behind_index_of,
    field_span,
    joined_by_blank,
    no_price,
    number_span,
)
from hive_core.signals.parser.scale import Scale
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Span

MAX_ZONE_PCT = Decimal(2)
MAX_WILD_ZONE_PCT = Decimal(30)
_SIGN_WIDTH = 3
"""A sign between two numbers leaves at least this many blanks."""
_ADDING_WORDS = frozenset(
    {"more", "add", "again", "another", "second", "other", "ideal", "layer", "extra", "2nd", "adding"}
)


def entry_of(call: Call, scale: Scale, grounds: Grounds) -> tuple[Decimal, Decimal] | None:
    """The entry zone of a call, low edge first, or None where no price is named.

    Raises:
        Unclear: several entries, or a number that should be a price and is none.
    """
    labelled: list[tuple[Field, tuple[Decimal, Decimal]]] = []
    called: list[tuple[Field, tuple[Decimal, Decimal]]] = []
    unclear: list[Unclear] = []
    fields = call.of(Label.ENTRY, Label.CALL)
    bounds = [each.start for each in call.of(Label.STOP, Label.TARGET) if each.has_number]
    first = min(bounds, default=call.end + 1)
    if any(each.explicit and each.of(Unit.PRICE) for each in fields):
        # "Double top at 1.8680. Sell area: 1.8610": a price in prose gives way to one with a label.
        fields = [each for each in fields if each.explicit or each.sided or each.label is Label.CALL]
    before = [each for each in fields if each.start < first and each.of(Unit.PRICE)]
    for each in before or fields:
        if not each.of(Unit.PRICE):
            if each.of(Unit.PIPS) and each.label is Label.ENTRY:
                raise Unclear(
                    "entry", SignalReason.UNCLEAR_ENTRY, "the entry is given in pips", field_span(each)
                )
            continue
        try:
            zone = _zone(each, scale, grounds)
        except Unclear as error:
            unclear.append(error)
            continue
        if zone is None:
            continue
        (labelled if each.label is Label.ENTRY else called).append((each, zone))
    adding = any(_ADDING_WORDS.intersection([*each.before, *each.said]) for each, _ in labelled + called)
    explicit = [(each, zone) for each, zone in labelled if each.explicit]
    sided = [(each, zone) for each, zone in labelled + called if each.sided]
    chosen = labelled + called if adding else explicit or sided or labelled or called
    if unclear and not (labelled or called):
        raise unclear[0]
    for fault in unclear:
        if fault.reason is SignalReason.UNCLEAR_ENTRY:
            raise fault
    if not chosen:
        waiting = [each for each in fields if each.label is Label.ENTRY and each.conditions]
        if waiting:
            detail = f"depends on a condition ({', '.join(waiting[0].conditions)})"
            raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, field_span(waiting[0]))
        return _current(call, scale, grounds)
    if call.has_target:
        loose = [each for each in call.of(Label.LOOSE) if each.start < first and each.of(Unit.PRICE)]
        if any(scale.fitting(number.raw) for each in loose for number in each.of(Unit.PRICE)):
            detail = "more prices stand on lines of their own behind the entry"
            raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, field_span(loose[0]))
    low, high = min(zone[0] for _, zone in chosen), max(zone[1] for _, zone in chosen)
    adds = any(each.index or _ADDING_WORDS.intersection([*each.before, *each.said]) for each, _ in chosen)
    if adds:
        grounds.less(0.05, "several entries are taken as one zone")
    elif (low, high) not in {zone for _, zone in chosen}:
        told = " and ".join(str(a) if a == b else f"{a}-{b}" for _, (a, b) in chosen)
        raise Unclear(
            "entry", SignalReason.UNCLEAR_ENTRY, f"several entries: {told}", field_span(chosen[-1][0])
        )
    _require_narrow(low, high, scale, field_span(chosen[0][0]))
    return low, high


def _current(call: Call, scale: Scale, grounds: Grounds) -> tuple[Decimal, Decimal] | None:
    """The market's price as the message names it, where it names no other entry.

    Raises:
        Unclear: a price stands before the stop and targets, and what it is of is not said.
    """
    bounds = [each.start for each in call.of(Label.STOP, Label.TARGET) if each.has_number]
    first = min(bounds, default=call.end + 1)
    for each in call.of(Label.CURRENT):
        values = [value for number in each.of(Unit.PRICE) for value in scale.fitting(number.raw)]
        if len(values) == 1:
            grounds.less(0.05, "the entry is the current price that the message names")
            return values[0], values[0]
    loose = [number for each in call.of(Label.LOOSE) for number in each.of(Unit.PRICE)]
    for number in call.stray + loose:
        if number.start < first and len(number.raw) > 2 and scale.fitting(number.raw) and not scale.is_wild:
            detail = f"{number.raw} may be the entry, and is not said to be"
            raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, number_span(number))
    return None


def _require_narrow(low: Decimal, high: Decimal, scale: Scale, span: Span) -> None:
    widest = MAX_WILD_ZONE_PCT if scale.is_wild else MAX_ZONE_PCT
    if high > low * (1 + widest / 100):
        detail = f"{low} and {high} are too far apart for one entry"
        raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, span)


def _zone(each: Field, scale: Scale, grounds: Grounds) -> tuple[Decimal, Decimal] | None:
    """The zone that one field names, or None where none of its numbers is a price."""
    numbers = joined_by_blank(each.of(Unit.PRICE), scale)
    found: list[Decimal] = []
    for number in numbers:
        values = scale.fitting(number.raw)
        if not found:
            found = values or behind_index_of(each, number, scale)
            if not found and _must_be_price(each, number, scale):
                raise no_price("entry", number)
            continue
        if not number.joined or number.aside:
            if values and not number.aside:
                grounds.less(0.1, f"a number behind words is left out: {number.raw}")
            break  # words between: "buy 4080 with stop under 4070" is no zone
        if not values:
            values = _other_edge(found[-1], number, scale)
            if values:
                grounds.less(0.02, "abbreviated prices are completed")
        if values:
            found += values
        elif len(re.sub(r"\D", "", number.raw)) > 2:
            detail = f"{number.raw} is no price beside {found[-1]}"
            raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, number_span(number))
    if not found:
        return None
    if len(found) > 2 and found not in (sorted(found), sorted(found, reverse=True)):
        detail = f"{' '.join(map(str, found))} are no edges of one zone"
        raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, field_span(each))
    if each.conditions:
        detail = f"depends on a condition ({', '.join(each.conditions)})"
        raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, field_span(each))
    return min(found), max(found)


def _other_edge(first: Decimal, number: Number, scale: Scale) -> list[Decimal]:
    """The abbreviated second edge of a zone: the nearest completion, where no other is about as near."""
    if not number.dashed and not number.blank:
        return []
    completed = scale.completed(first, number.raw)
    wide_enough = [value for value in completed if scale.tick is None or abs(value - first) > 5 * scale.tick]
    return (wide_enough or completed)[:1]


def _must_be_price(each: Field, number: Number, scale: Scale) -> bool:
    """Whether a number in the entry's place that is no price makes the call unclear: it is labelled, or
    stands right behind the side, and is neither a small count nor a size ("buy 2 lots", "buy 0.1")."""
    digits = len(re.sub(r"\D", "", number.raw))
    is_size = scale.low >= 10 and number.raw.startswith("0.")
    if digits < 2 or is_size:
        return False
    return (each.label is Label.ENTRY and digits > 2) or (each.sided and (not each.said or digits > 3))


def unlabelled(call: Call, scale: Scale, side: str) -> tuple[Decimal, Decimal, tuple[Decimal, ...]] | None:
    """Entry, stop and targets of a call that labels none of them but by signs ("BUY 1413 / 1409 / 1435"):
    the first number is the entry; of the others exactly one lies on the losing side, next to the entry or
    last, and the rest climb away on the winning side. None where it is not so."""
    labels = (Label.CALL, Label.ENTRY, Label.LOOSE)
    numbers = [number for each in call.of(*labels) for number in each.of(Unit.PRICE)]
    values = [value for number in numbers for value in scale.fitting(number.raw)]
    if len(values) < 3 or len(values) != len(numbers) or any(number.dashed for number in numbers):
        return None
    if any(not number.joined for each in call.of(*labels) for number in each.of(Unit.PRICE)[1:]):
        return None  # "flip 5205, put wall 5150": words say what they are
    begins_line = {each.numbers[0].start for each in call.of(Label.LOOSE) if each.numbers}
    if any(
        after.start - before.end < _SIGN_WIDTH and after.start not in begins_line
        for before, after in itertools.pairwise(numbers)
    ):
        return None  # blanks only: a zone and targets, perhaps
    upward = 1 if side == "buy" else -1
    entry, rest = values[0], values[1:]
    losing = [value for value in rest if upward * (value - entry) < 0]
    winning = [value for value in rest if upward * (value - entry) > 0]
    if len(losing) != 1 or not winning or len(winning) + 1 != len(rest):
        return None
    if rest[0] != losing[0] and rest[-1] != losing[0]:
        return None
    return entry, losing[0], tuple(winning)
