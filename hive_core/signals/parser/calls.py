"""One call of a text: whether it is one, and the signal that it makes or why it makes none.

What a whole text is stands in `intents`.
"""

from __future__ import annotations

from collections.abc import Set
from decimal import Decimal
from typing import NoReturn

from hive_core.configuration.model import SourceProfile
from hive_core.instruments.specification import InstrumentSpecification, specification_of
from hive_core.signals.parser.call_parts import Call, Label, Unit
from hive_core.signals.parser.conditional import hangs_on
from hive_core.signals.parser.context import Context
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.entries import entry_of, unlabelled
from hive_core.signals.parser.exits import missing_stop, require_agreeing_pips, stop_of, targets_of
from hive_core.signals.parser.geometry import require_geometry
from hive_core.signals.parser.naming import order_type_named, side_named, symbol_named, whole_span
from hive_core.signals.parser.reports import (
    puts_off,
)
from hive_core.signals.parser.restated import (
    is_asked_about,
    is_quoted,
    is_ticked_off,
)
from hive_core.signals.parser.scale import Scale
from hive_core.signals.parser.told import Told
from hive_core.signals.parser.vocabulary import Kind
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import ParsedSignal, Refused, Verdict

MAX_TARGETS = 16
MAX_CALLS = 24
"""More in one message are a history, and nobody's call to act."""
_ALERT_WORDS = 4
_FEWEST_NUMBERS = 3
"""Entry, stop and target: a call with fewer numbers has none of them without a label."""


def verdict_of(call: Call, told: Told, profile: SourceProfile, context: Context) -> Verdict | None:
    """The signal that a call makes, its refusal, or None where it is no call: a report, an update, talk.
    Spans are of the plain text."""
    plain = told.plain
    has_stop, has_target = call.has(Label.STOP), call.has(Label.TARGET)
    is_bare = not call.of(Label.STOP) and not call.of(Label.TARGET)
    has_target |= has_stop and any(each.of(Unit.PRICE) for each in call.of(Label.LOOSE))
    if not _looks_like_call(call, profile, context, has_stop, has_target):
        return None
    heading = told.heading
    if heading is not None and not (has_stop and has_target and "\n\n" in plain[heading : _begin(call)]):
        return None
    result = "a heading of results" if heading is not None else None
    if told.results:
        result = _result_of(call, told, {mention.value for mention in call.symbols}) or result
    if not (has_stop and has_target) and (result is not None or told.tells_gain):
        return None
    symbol = side = None
    try:
        grounds = Grounds()
        symbol = symbol_named(call, told.tokens, profile, context, grounds)
        side = side_named(call, told.forbidden, context, symbol, grounds)
        if result is not None and (heading is not None or _result_of(call, told, {symbol}) is not None):
            raise Unclear(
                "text", SignalReason.RESULT_IN_ENTRY, f"tells a result: {result!r}", whole_span(call)
            )
        if has_stop and has_target:
            _require_called(call, told)
        return _signal(call, symbol, side, profile, context, grounds, is_bare=is_bare)
    except Unclear as error:
        return Refused(error.name, error.reason, error.detail, symbol, side, error.span)


def _require_called(call: Call, told: Told) -> None:
    """Raises Unclear where a whole call is not put as one to take."""
    plain, begins = told.plain, _begin(call)

    def refuse(reason: SignalReason, detail: str) -> NoReturn:
        raise Unclear("text", reason, detail, whole_span(call))

    if (revoked := puts_off(plain, begins) or told.revoked) is not None:
        refuse(SignalReason.TAKEN_BACK, f"is no call to take: {revoked!r}")
    first_label = min(each.start for each in call.of(Label.STOP, Label.TARGET))
    if (case := hangs_on(plain[: call.end], told.words, begins, first_label)) is not None:
        raise Unclear(
            "entry", SignalReason.UNCLEAR_ENTRY, f"hangs on a condition: {case!r}", whole_span(call)
        )
    ends = max((number.end for each in call.fields for number in each.numbers), default=call.end)
    if told.is_struck:
        refuse(SignalReason.TAKEN_BACK, "is no call to take: it is struck through")
    if told.questions and is_asked_about(told.questions, plain, begins, ends):
        refuse(SignalReason.TAKEN_BACK, "is no call to take: it is asked about")
    if told.made is not None:
        refuse(SignalReason.RESULT_IN_ENTRY, f"tells a result: {told.made!r}")
    signed = told.signed
    if signed is None:
        return
    if is_quoted(signed, begins):
        refuse(SignalReason.TAKEN_BACK, "is no call to take: it is quoted")
    closed = [each.of(Unit.PRICE) for each in call.of(Label.TARGET) if not each.runner]
    if is_ticked_off(signed, begins, [number.end for numbers in closed for number in numbers]):
        refuse(SignalReason.RESULT_IN_ENTRY, "tells a result: its targets are ticked off")


def _looks_like_call(
    call: Call, profile: SourceProfile, context: Context, has_stop: bool, has_target: bool
) -> bool:
    has_entry = call.has_entry
    has_side = bool(call.sides or call.weak_sides or context.side)
    names_instrument = bool(
        call.symbols or call.unknown or profile.default_symbol or context.symbol or context.habit
    )
    if has_entry and has_stop and has_target:
        return True
    if not has_side:
        return False
    if names_instrument and call.weak_sides and not call.sides and call.orders and _is_alert(call):
        return True
    if names_instrument and (call.sides or context.side):
        return has_entry or has_stop or has_target or bool(call.orders) or _is_alert(call)
    return (has_stop and has_target) or (has_entry and (has_stop or has_target))


def _is_alert(call: Call) -> bool:
    """ "Longing gbpjpy here": side and symbol side by side, and hardly anything else."""
    sides = call.sides or call.weak_sides
    near = any(abs(side.place - symbol.place) == 1 for side in sides for symbol in call.symbols)
    begins = any(not each.before for each in call.fields if each.label in {Label.CALL, Label.ENTRY})
    return near and begins and sum(len(each.said) for each in call.fields) <= _ALERT_WORDS


def _begin(call: Call) -> int:
    """Where the first symbol or side of a call stands."""
    return min((mention.start for mention in call.symbols + call.sides), default=call.start)


def _result_of(call: Call, told: Told, own: Set[str]) -> str | None:
    """What a text tells of this call's trade, or may: not what stands before the heading of a new call, nor
    in a paragraph of its own about another instrument than its `own`."""
    begins = _side_begin(call)
    if not told.results:
        return None
    earliest = told.new_call if told.new_call <= begins else 0
    for start, end, words in told.results:
        if start < earliest:
            continue
        named = {
            token.text for token in told.tokens if token.kind is Kind.SYMBOL and start <= token.start < end
        }
        if start <= begins < end or not named or not own or named & own:
            return words
    return None


def _side_begin(call: Call) -> int:
    return min((side.start for side in call.sides), default=call.start)


def _signal(
    call: Call,
    symbol: str,
    side: str,
    profile: SourceProfile,
    context: Context,
    grounds: Grounds,
    *,
    is_bare: bool,
) -> ParsedSignal:
    if not call.has_stop and not (is_bare and _numbers(call) >= _FEWEST_NUMBERS):
        raise missing_stop(call)  # no call without a stop, whatever else is unclear
    specification = specification_of(symbol)
    scale = Scale.of(call, specification)
    order_type = order_type_named(call)
    if is_bare and (guessed := unlabelled(call, scale, side)) is not None:
        price, stop_loss, take_profits = guessed
        entry: tuple[Decimal, Decimal] | None = (price, price)
        grounds.less(0.3, "stop and targets are told by their places only")
    else:
        if not call.has_stop:
            raise missing_stop(call)
        entry = entry_of(call, scale, grounds)
        completes = symbol == context.symbol and side == context.side
        if entry is None and completes and context.entry is not None and scale.holds(context.entry[0]):
            grounds.less(0.05, "the entry is named in the message before")
            entry = context.entry
        pip = _pip(specification, profile)
        stop_loss = stop_of(call, scale, side, entry, pip, grounds)
        take_profits = targets_of(call, scale, side, entry, pip, grounds)
        require_agreeing_pips(call, scale, entry, _pip_of(specification), grounds)
    if entry is None and order_type != "market":
        detail = f"a {order_type} order without its price"
        raise Unclear("entry", SignalReason.MISSING_ENTRY, detail, whole_span(call))
    if len(take_profits) > MAX_TARGETS:
        detail = f"{len(take_profits)} targets, at most {MAX_TARGETS} are taken"
        raise Unclear("take_profits", SignalReason.TOO_MANY_TARGETS, detail, whole_span(call))
    require_geometry(side, entry, stop_loss, take_profits, specification, whole_span(call))
    if entry is None:
        grounds.less(0.05, "no entry price is named: the market's own")
    return ParsedSignal(
        symbol,
        side,
        order_type,
        entry,
        stop_loss,
        take_profits,
        target_shares=_shares(call, len(take_profits)),
        has_runner=any(each.runner for each in call.of(Label.TARGET)),
        confidence=grounds.confidence,
        grounds=tuple(grounds.said),
        span=whole_span(call),
    )


def _numbers(call: Call) -> int:
    return sum(len(each.numbers) for each in call.fields)


def _pip(specification: InstrumentSpecification | None, profile: SourceProfile) -> Decimal | None:
    """What this source calls a pip; unknown where senders differ, unless it is declared."""
    if specification is None:
        return None
    declared = profile.pip.get(specification.symbol)
    return specification.pip if declared is None and specification.has_agreed_pip else declared


def _pip_of(specification: InstrumentSpecification | None) -> Decimal | None:
    """The pip that all senders agree on, or None."""
    has_one = specification is not None and specification.has_agreed_pip
    return specification.pip if specification is not None and has_one else None


def _shares(call: Call, count: int) -> tuple[Decimal, ...]:
    shares = [
        Decimal(number.raw) / 100
        for each in call.of(Label.TARGET)
        for number in each.of(Unit.SHARE)
        if number.raw.replace(".", "", 1).isdigit()
    ]
    return tuple(shares) if len(shares) == count and 0 < sum(shares) <= 1 else ()
