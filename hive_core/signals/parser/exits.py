"""The stop and the targets of a call: as prices, as abbreviated prices, or in pips from the entry."""

from __future__ import annotations

from decimal import Decimal

from hive_core.signals.parser.call_parts import Call, Field, Label, Unit
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.numbers import readings
from hive_core.signals.parser.prices import field_span, number_span, onward, prices_of
from hive_core.signals.parser.scale import Scale
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Span

_SHORT_DIGITS = 2
DISAGREEING = Decimal("1.45")
"""A price and its pips that differ by this factor are not rounding: one of them is a slip."""
_CLOSING_WORDS = frozenset(
    {"close", "closes", "closing", "closed", "candle", "candles", "daily", "solid", "body"}
)


def missing_stop(call: Call) -> Unclear:
    """What is said of a call without a stop."""
    fields = call.of(Label.STOP)
    span = field_span(fields[-1]) if fields else Span(call.start, call.end)
    return Unclear("stop_loss", SignalReason.MISSING_STOP, "no stop is given", span)


def stop_of(
    call: Call,
    scale: Scale,
    side: str,
    entry: tuple[Decimal, Decimal] | None,
    pip: Decimal | None,
    grounds: Grounds,
) -> Decimal:
    """The one stop of a call.

    Raises:
        Unclear: there is none, or more than one, or it cannot be counted.
    """
    fields = call.of(Label.STOP)
    found: list[Decimal] = []
    for each in fields:
        if each.weak and found:
            continue
        if short := _short_prices(each, entry, scale, -1 if side == "buy" else 1):
            grounds.less(0.1, "an abbreviated stop is completed")
            found += [price for price in short if price not in found]
            continue
        for value in prices_of(each, scale, "stop_loss", grounds, upward=0):
            if each.weak:
                grounds.less(0.15, "the stop's label is a slip")
            if value not in found:
                found.append(value)
        conditions = [*each.conditions, *(word for word in each.said if word in _CLOSING_WORDS)]
        if conditions and each.has_number:
            grounds.less(
                0.3, f"the stop hangs on a condition ({', '.join(conditions)}), taken as a hard stop"
            )
    renewed = [
        each for each in call.fields if each.label is Label.STOP and each.managed and each.of(Unit.PRICE)
    ]
    if (
        found
        and renewed
        and renewed[0].start > fields[0].start
        and not call.has_target_before(renewed[0].start)
    ):
        detail = "a stop, and a new one beside it"  # "old sl 1.0820 new sl 1.0830"
        raise Unclear("stop_loss", SignalReason.UNCLEAR_STOP, detail, field_span(renewed[0]))
    if not found:
        return _by_distance(
            call, fields, "stop_loss", -1 if side == "buy" else 1, scale, entry, pip, grounds
        )[0]
    if len(found) > 1:
        detail = f"several stops: {' and '.join(map(str, found))}"
        raise Unclear("stop_loss", SignalReason.UNCLEAR_STOP, detail, field_span(fields[-1]))
    return found[0]


def targets_of(
    call: Call,
    scale: Scale,
    side: str,
    entry: tuple[Decimal, Decimal] | None,
    pip: Decimal | None,
    grounds: Grounds,
) -> tuple[Decimal, ...]:
    """The targets of a call in their order, open ones left out.

    Raises:
        Unclear: there is none, or one that is no price.
    """
    fields = call.of(Label.TARGET)
    upward = 1 if side == "buy" else -1
    found: list[Decimal] = []
    if not call.has(Label.TARGET) and call.of(Label.LOOSE):
        fields = call.of(Label.LOOSE)
        grounds.less(0.15, "the targets stand on lines of their own, without a label")
    for each in fields:
        if each.runner_first or (each.conditions and not each.index):
            continue  # "tp4 open (4594 / 4592)", "if target 4100 is reached"
        if short := _short_prices(each, entry, scale, upward):
            grounds.less(0.05, "abbreviated prices are completed")
            found += [price for price in short if price not in found]
            continue
        for value in prices_of(each, scale, "take_profits", grounds, upward=upward):
            if value not in found:
                found.append(value)
    if found:
        return tuple(found)
    hinted = [each for each in fields if each.runner_first and each.has_number]
    if hinted:
        detail = "an open target with a price after it"
        raise Unclear("take_profits", SignalReason.UNCLEAR_TARGET, detail, field_span(hinted[0]))
    return tuple(_by_distance(call, fields, "take_profits", upward, scale, entry, pip, grounds))


def _short_prices(
    each: Field, entry: tuple[Decimal, Decimal] | None, scale: Scale, upward: int
) -> list[Decimal]:
    """ "Tp 69 75" beside an entry at 4061: each the nearest price ahead of the one before it (`upward` 1:
    above) with these digits, or nothing. So for "sl 55"."""
    written = [number.raw for number in each.of(Unit.PRICE)]
    if len(each.index) == _SHORT_DIGITS or not written:
        written.insert(0, each.index)  # "tp 15 20": no target number 15
    if entry is None or scale.is_wild or each.runner:
        return []
    found: list[Decimal] = []
    edge = entry[1] if upward > 0 else entry[0]
    for raw in written:
        whole = raw.split(".")[0]
        if len(whole) != _SHORT_DIGITS or scale.fitting(raw):
            return []
        completed = [value for value in scale.completed(edge, raw) if int(value) % 100 == int(whole)]
        ahead = onward(found[-1] if found else edge, completed, upward)
        if not ahead or abs(ahead[0] - edge) * 100 > edge:
            return []
        found.append(ahead[0])
    return found


def require_agreeing_pips(
    call: Call, scale: Scale, entry: tuple[Decimal, Decimal] | None, pip: Decimal | None, grounds: Grounds
) -> None:
    """Where a field names its price and its distance in pips, they must be of about one size.

    Raises:
        Unclear: they differ by more than `DISAGREEING`, and not by the ten of another pip convention.
    """
    if entry is None or entry[0] != entry[1] or pip is None:
        return
    for each in call.of(Label.STOP, Label.TARGET):
        told = [value for number in each.of(Unit.PIPS)[:1] for value in readings(number.raw)[:1]]
        prices = [value for number in each.of(Unit.PRICE)[:1] for value in scale.fitting(number.raw)]
        if not told or not prices or each.managed:
            continue
        measured = abs(prices[0] - entry[0]) / pip
        ratio = max(measured, told[0]) / max(min(measured, told[0]), Decimal("0.01"))
        if Decimal("1.1") < ratio:
            grounds.less(0.1, "price and pips differ a little")
        if ratio >= DISAGREEING and not 8 <= ratio <= 12:
            is_stop = each.label is Label.STOP
            reason = SignalReason.UNCLEAR_STOP if is_stop else SignalReason.UNCLEAR_TARGET
            detail = f"{prices[0]} is {measured:.0f} pips from {entry[0]}, and {told[0]} pips are said"
            raise Unclear("stop_loss" if is_stop else "take_profits", reason, detail, field_span(each))


def _by_distance(
    call: Call,
    fields: list[Field],
    name: str,
    sign: int,
    scale: Scale,
    entry: tuple[Decimal, Decimal] | None,
    pip: Decimal | None,
    grounds: Grounds,
) -> list[Decimal]:
    """Prices from numbers of pips."""
    whole = Span(call.start, call.end)
    points = [each for each in fields if each.of(Unit.POINTS)]
    distances = [number for each in fields for number in each.of(Unit.PIPS)]
    if not distances and points:
        detail = "given in points, whose size senders differ on"
        raise Unclear(name, SignalReason.UNCLEAR_PIP, detail, field_span(points[0]))
    if not distances and name == "stop_loss":
        raise missing_stop(call)
    if not distances:
        detail = (
            "the only target is left open" if any(each.runner for each in fields) else "no target is given"
        )
        raise Unclear(name, SignalReason.MISSING_TARGET, detail, field_span(fields[-1]) if fields else whole)
    span = number_span(distances[0])
    if pip is None:
        detail = "given in pips, and what this source calls a pip of this instrument is not declared"
        raise Unclear(name, SignalReason.UNCLEAR_PIP, detail, span)
    if entry is None or entry[0] != entry[1]:
        reason = SignalReason.MISSING_ENTRY if entry is None else SignalReason.UNCLEAR_ENTRY
        raise Unclear("entry", reason, f"{name} in pips needs one entry price to count from", span)
    if name == "stop_loss" and len({number.raw for number in distances}) > 1:
        detail = f"several stops: {' and '.join(number.raw for number in distances)} pips"
        raise Unclear(name, SignalReason.UNCLEAR_STOP, detail, span)
    found = []
    for number in distances:
        count = readings(number.raw)
        if not count:
            raise Unclear(
                name,
                SignalReason.UNCLEAR_NUMBER,
                f"{number.raw} is not a number of pips",
                number_span(number),
            )
        price = entry[0] + sign * count[0] * pip
        if price <= 0 or not scale.holds(price):
            detail = f"{number.raw} pips from {entry[0]} is no price"
            raise Unclear(name, SignalReason.UNCLEAR_NUMBER, detail, number_span(number))
        if price not in found:
            found.append(price)
    grounds.less(0.05, "prices are counted from pips")
    return found
