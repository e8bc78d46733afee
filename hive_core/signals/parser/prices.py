"""Fifth step of the parser: a call's numbers as prices of one instrument.

A number with several readings is taken where exactly one fits the instrument and the other prices of the
call. Whether the prices make a trade is asked in `geometry`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median_low

from hive_core.instruments.specification import AssetClass, InstrumentSpecification, specification_of
from hive_core.signals.parser.fields import Call, Field, Label, Number, Unit
from hive_core.signals.parser.numbers import behind_index, completions, listed, readings
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Span

CALM_SPREAD = Decimal("1.35")
"""All prices of one call of a currency, metal, index or oil lie within this factor of their middle."""
WILD_SPREAD = Decimal(4)
"""The same of coins and of what Hive does not know."""
_FINE_TICK = Decimal("0.001")
_ROOM_ERA_LOW = {"XAUUSD": Decimal(1000)}
"""Rooms are younger than 2012; gold has not stood below a thousand since."""
MAX_ZONE_PCT = Decimal(2)
MAX_WILD_ZONE_PCT = Decimal(30)
DISAGREEING = Decimal("1.45")
"""A price and its pips that differ by this factor are not rounding: one of them is a slip."""
_SIGN_WIDTH = 3
"""A sign between two numbers leaves at least this many blanks."""
MAX_COMPLETED_PCT = Decimal(5)
"""An abbreviated price lies at most this far from the whole one beside it."""
_ADDING_WORDS = frozenset(
    {"more", "add", "again", "another", "second", "other", "ideal", "layer", "extra", "2nd", "adding"}
)


_CLOSING_WORDS = frozenset(
    {"close", "closes", "closing", "closed", "candle", "candles", "daily", "solid", "body"}
)


class Unclear(ValueError):
    """A field that is missing or not clear; the span is in the plain text."""

    def __init__(self, name: str, reason: SignalReason, detail: str, span: Span) -> None:
        super().__init__(detail)
        self.name, self.reason, self.detail, self.span = name, reason, detail, span


@dataclass(slots=True)
class Grounds:
    """Why a reading is less than certain: `confidence` is what is left of 1."""

    confidence: float = 1.0
    said: list[str] = field(default_factory=list)

    def less(self, by: float, why: str) -> None:
        """Take something off, once for each reason."""
        if why not in self.said:
            self.said.append(why)
            self.confidence = max(0.05, round(self.confidence - by, 2))


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
            for number, whole in _perhaps_grouped(each):
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
        if self.tick is not None and len(found) == 1 and "." in raw and found[0] % self.tick:
            found = self._two_glued(raw) or found  # "4120.4116" is a zone of gold
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
        first, point, second = raw.partition(".")
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


def _span(number: Number) -> Span:
    return Span(number.start, number.end)


def _field_span(each: Field) -> Span:
    return Span(each.start, max([each.start + 1, *(number.end for number in each.numbers)]))


def _perhaps_grouped(each: Field) -> Iterator[tuple[Number, str]]:
    """The prices of a field, each with the number that it makes with the digits one blank before it ("4" and
    "105.50"), or nothing."""
    end, digits = each.index_end, each.index
    for number in each.of(Unit.PRICE):
        is_group = bool(digits) and number.start - end == 1 and len(re.split("[.,]", number.raw)[0]) == 3
        yield number, digits + number.raw if is_group else ""
        end, digits = number.end, number.raw if number.raw.isdigit() and len(number.raw) <= 3 else ""


def _joined_by_blank(numbers: list[Number], scale: Scale) -> list[Number]:
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
    goes_on = True
    for number in _joined_by_blank(each.of(Unit.PRICE), scale):
        values = scale.fitting(number.raw)
        if not found:
            found = values or _behind_index(each, number, scale) or _glued_list(number, scale, upward)
            if not found and _is_wordy(number, each):
                raise _no_price(name, number)
            continue
        if number.aside and values and abs(values[0] - found[-1]) * 1000 <= found[-1]:
            continue  # "4577 (4577.10)"
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
            raise Unclear(name, SignalReason.UNCLEAR_NUMBER, detail, _span(number))
    return found


def _first_raw(each: Field) -> str:
    return each.of(Unit.PRICE)[0].raw


def _decimals(raw: str) -> int:
    return len(raw.partition(".")[2])


def _no_price(name: str, number: Number) -> Unclear:
    """A number that is no price: a slip where it has one reading and that is absurd, else not clear."""
    detail = f"{number.raw} is no price beside the others of this call"
    reason = SignalReason.FAT_FINGER if len(readings(number.raw)) == 1 else SignalReason.UNCLEAR_NUMBER
    return Unclear(name, reason, detail, _span(number))


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
        values = _onward(found[-1], whole, upward)
        if not values:
            return []
        found.append(values[0])
    return found


def _onward(first: Decimal, values: list[Decimal], upward: int) -> list[Decimal]:
    return [value for value in values if upward * (value - first) > 0]


def _abbreviated(first: Decimal, number: Number, scale: Scale, upward: int) -> list[Decimal]:
    """The price that an abbreviated target behind a whole one means: the nearest on the winning side."""
    if not number.listed or number.aside:
        return []
    return _onward(first, scale.completed(first, number.raw), upward)[:1]


def _behind_index(each: Field, number: Number, scale: Scale) -> list[Decimal]:
    """The price behind a target's number that is glued to it, or parted from it by a blank as thousands."""
    if each.label in {Label.TARGET, Label.LOOSE} and not each.index:
        for rest in behind_index(number.raw):
            if len(values := scale.fitting(rest)) == 1:
                each.index = number.raw[: -len(rest)]
                return values
    if each.index and len(re.split("[.,]", number.raw)[0]) == 3:
        return scale.fitting(each.index + number.raw)
    return []


def missing_stop(call: Call) -> Unclear:
    """What is said of a call without a stop."""
    fields = call.of(Label.STOP)
    span = _field_span(fields[-1]) if fields else Span(call.start, call.end)
    is_open = any(each.runner for each in fields)
    detail = "the only stop is left open" if is_open else "no stop is given"
    return Unclear("stop_loss", SignalReason.MISSING_STOP, detail, span)


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
        if (short := _short_price(each, entry, scale, -1 if side == "buy" else 1)) is not None:
            grounds.less(0.1, "an abbreviated stop is completed")
            found += [] if short in found else [short]
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
        raise Unclear("stop_loss", SignalReason.UNCLEAR_STOP, detail, _field_span(renewed[0]))
    if not found:
        return _by_distance(
            call, fields, "stop_loss", -1 if side == "buy" else 1, scale, entry, pip, grounds
        )[0]
    if len(found) > 1:
        detail = f"several stops: {' and '.join(map(str, found))}"
        raise Unclear("stop_loss", SignalReason.UNCLEAR_STOP, detail, _field_span(fields[-1]))
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
        if (short := _short_price(each, entry, scale, upward)) is not None:
            grounds.less(0.05, "abbreviated prices are completed")
            found += [] if short in found else [short]
            continue
        for value in prices_of(each, scale, "take_profits", grounds, upward=upward):
            if value not in found:
                found.append(value)
    if found:
        return tuple(found)
    hinted = [each for each in fields if each.runner_first and each.has_number]
    if hinted:
        detail = "an open target with a price after it"
        raise Unclear("take_profits", SignalReason.UNCLEAR_TARGET, detail, _field_span(hinted[0]))
    return tuple(_by_distance(call, fields, "take_profits", upward, scale, entry, pip, grounds))


def _short_price(
    each: Field, entry: tuple[Decimal, Decimal] | None, scale: Scale, upward: int
) -> Decimal | None:
    """ "Tp 69" beside an entry at 4061: the nearest price ahead of it (`upward` 1: above) with these digits,
    or None. So for "sl 55"."""
    numbers = each.of(Unit.PRICE)
    raw = numbers[0].raw if len(numbers) == 1 else each.index if not each.numbers else ""
    whole = raw.split(".")[0]
    if entry is None or scale.is_wild or len(whole) != 2 or scale.fitting(raw) or each.runner:
        return None
    edge = entry[1] if upward > 0 else entry[0]
    completed = [value for value in scale.completed(edge, raw) if int(value) % 100 == int(whole)]
    ahead = _onward(edge, completed, upward)
    return ahead[0] if ahead and abs(ahead[0] - edge) * 100 <= edge else None


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
            raise Unclear("stop_loss" if is_stop else "take_profits", reason, detail, _field_span(each))


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
        raise Unclear(name, SignalReason.UNCLEAR_PIP, detail, _field_span(points[0]))
    if not distances and name == "stop_loss":
        raise missing_stop(call)
    if not distances:
        detail = (
            "the only target is left open" if any(each.runner for each in fields) else "no target is given"
        )
        raise Unclear(name, SignalReason.MISSING_TARGET, detail, _field_span(fields[-1]) if fields else whole)
    span = _span(distances[0])
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
                name, SignalReason.UNCLEAR_NUMBER, f"{number.raw} is not a number of pips", _span(number)
            )
        price = entry[0] + sign * count[0] * pip
        if price <= 0 or not scale.holds(price):
            detail = f"{number.raw} pips from {entry[0]} is no price"
            raise Unclear(name, SignalReason.UNCLEAR_NUMBER, detail, _span(number))
        if price not in found:
            found.append(price)
    grounds.less(0.05, "prices are counted from pips")
    return found


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
                    "entry", SignalReason.UNCLEAR_ENTRY, "the entry is given in pips", _field_span(each)
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
    adding = any(_ADDING_WORDS.intersection(each.before) for each, _ in labelled + called)
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
            raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, _field_span(waiting[0]))
        return _current(call, scale, grounds)
    if call.has_target:
        loose = [each for each in call.of(Label.LOOSE) if each.start < first and each.of(Unit.PRICE)]
        if any(scale.fitting(number.raw) for each in loose for number in each.of(Unit.PRICE)):
            detail = "more prices stand on lines of their own behind the entry"
            raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, _field_span(loose[0]))
    low, high = min(zone[0] for _, zone in chosen), max(zone[1] for _, zone in chosen)
    adds = any(each.index or _ADDING_WORDS.intersection([*each.before, *each.said]) for each, _ in chosen)
    if adds:
        grounds.less(0.05, "several entries are taken as one zone")
    elif (low, high) not in {zone for _, zone in chosen}:
        told = " and ".join(str(a) if a == b else f"{a}-{b}" for _, (a, b) in chosen)
        raise Unclear(
            "entry", SignalReason.UNCLEAR_ENTRY, f"several entries: {told}", _field_span(chosen[-1][0])
        )
    _require_narrow(low, high, scale, _field_span(chosen[0][0]))
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
            raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, _span(number))
    return None


def _require_narrow(low: Decimal, high: Decimal, scale: Scale, span: Span) -> None:
    widest = MAX_WILD_ZONE_PCT if scale.is_wild else MAX_ZONE_PCT
    if high > low * (1 + widest / 100):
        detail = f"{low} and {high} are too far apart for one entry"
        raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, span)


def _zone(each: Field, scale: Scale, grounds: Grounds) -> tuple[Decimal, Decimal] | None:
    """The zone that one field names, or None where none of its numbers is a price."""
    numbers = _joined_by_blank(each.of(Unit.PRICE), scale)
    found: list[Decimal] = []
    for number in numbers:
        values = scale.fitting(number.raw)
        if not found:
            found = values or _behind_index(each, number, scale)
            if not found and _must_be_price(each, number, scale):
                raise _no_price("entry", number)
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
            raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, _span(number))
    if not found:
        return None
    if len(found) > 2 and found not in (sorted(found), sorted(found, reverse=True)):
        detail = f"{' '.join(map(str, found))} are no edges of one zone"
        raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, _field_span(each))
    if each.conditions:
        detail = f"depends on a condition ({', '.join(each.conditions)})"
        raise Unclear("entry", SignalReason.UNCLEAR_ENTRY, detail, _field_span(each))
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


def distinct(values: Iterable[str]) -> list[str]:
    """Each once, in their order."""
    return list(dict.fromkeys(values))
