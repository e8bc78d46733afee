"""Last step of the parser: what a text is: signals, an update, a refusal, noise.

Nothing is repaired and nothing is guessed: what is missing or has two readings is refused with its field,
its reason and the words that caused it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from hive_core.configuration.model import SourceProfile
from hive_core.instruments.specification import InstrumentSpecification, alias_table, specification_of
from hive_core.signals.feeds.machine_text import read_machine_text
from hive_core.signals.parser.fields import Call, Label, Mention, Unit, read_calls
from hive_core.signals.parser.geometry import require_geometry
from hive_core.signals.parser.prices import (
    Grounds,
    Scale,
    Unclear,
    distinct,
    entry_of,
    missing_stop,
    prices_of,
    require_agreeing_pips,
    stop_of,
    targets_of,
    unlabelled,
)
from hive_core.signals.parser.reports import (
    forbidden_side,
    report_heading,
    takes_back,
    tells_gain,
    tells_result,
)
from hive_core.signals.parser.text import normalise, span_in
from hive_core.signals.parser.tokens import Token, own_words, said_in, tokenise
from hive_core.signals.parser.validity import says_validity, validities, validity_of
from hive_core.signals.parser.vocabulary import WORDS, Kind, Meaning
from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.own_words import MANAGING, OwnWords, own_words_of
from hive_core.signals.updates.reading import read_update
from hive_core.signals.verdicts import Noise, ParsedSignal, Refused, Span, Verdict

MAX_TARGETS = 16
_NEW_CALL = re.compile(r"\b(?:new|next) (?:signal|trade|setup|call|entry)\b")
_ALERT_WORDS = 4
_FEWEST_NUMBERS = 3
"""Entry, stop and target: a call with fewer numbers has none of them without a label."""
_SYMBOL_LETTERS = (6, 7)
_MOST_STRANGE_WORDS = 6
"""How many words are compared to symbols, to name the one that is misspelt."""
HABIT_PCT = 3
"""How far from its source's last stop a call without a symbol may stand, in percent."""
_MISSPELLING_LIKENESS = 0.8


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around a text.

    `symbol`, `side` and `entry` are those of an alert that the text completes. `habit` is the one symbol
    that its source has called lately, with the price of its last stop: taken only for prices near that.
    """

    symbol: str | None = None
    side: str | None = None
    entry: tuple[Decimal, Decimal] | None = None
    habit: tuple[str, Decimal] | None = None


NO_CONTEXT = Context()

NAMED_BEFORE = "the instrument is named in the message before"
ONLY_ONE_CALLED = "the instrument is the only one that this source has called lately"
"""Grounds of a symbol that the text itself does not name."""


def read_text(
    text: str, profile: SourceProfile, context: Context = NO_CONTEXT, sent: datetime | None = None
) -> list[Verdict]:
    """Everything that one text says, in its order; a single Noise where it says nothing.

    `sent` is when the message was sent: without it, "valid for 2 hours" says nothing.

    A machine's text is read by its own rules. Of a text of people that holds calls and management, the
    calls count: management words inside an entry are of that entry.
    """
    machine = read_machine_text(text)
    if machine is not None:
        return machine
    plain = normalise(text)
    calls: list[Call] = []
    telling: list[Verdict] = []
    words = set(WORDS.findall(plain))
    own = _own_words(profile)
    said = said_in(words, own)
    may_be_call = said.side or (said.stop and said.target)
    if may_be_call and not (said.stop and said.target):
        may_be_call = tells_result(plain, words) is None and not tells_gain(plain, words)
    if may_be_call:
        tokens = tokenise(plain, own)
        calls = read_calls(tokens)
        _share_symbols(calls)
        read = (_verdict(call, plain, words, tokens, profile, context) for call in calls)
        telling = _each_once([verdict for verdict in read if verdict is not None])
        if sent is not None and says_validity(words):
            telling = _with_validity(telling, plain, sent, profile.time_zone)
        if any(isinstance(verdict, ParsedSignal) for verdict in telling) or (
            telling and _has_geometry(calls)
        ):
            return [_placed(verdict, text, plain) for verdict in telling]
    update = _remembered_update(plain, own_words_of(profile.words, profile.symbols))
    if update is not None and not (telling and isinstance(update, Refused)):
        return [_placed(update, text, plain)]
    return [_placed(verdict, text, plain) for verdict in telling] or [Noise()]


def _own_words(profile: SourceProfile) -> Mapping[str, tuple[Meaning, ...]]:
    if not profile.words and not profile.symbols:
        return _NONE
    return _own_words_of(tuple(profile.words.items()), tuple(profile.symbols.items()))


_NONE: Mapping[str, tuple[Meaning, ...]] = {}


@lru_cache(maxsize=256)
def _own_words_of(
    words: tuple[tuple[str, str], ...], symbols: tuple[tuple[str, str], ...]
) -> Mapping[str, tuple[Meaning, ...]]:
    """The words of a source that calls are read by; those that only manage trades stand in `updates`."""
    return own_words({word: said for word, said in words if said not in MANAGING}, dict(symbols))


@lru_cache(maxsize=2_048)
def _remembered_update(plain: str, own: OwnWords) -> Verdict | None:
    """`read_update`; rooms say "sl hit" every day in the same words."""
    return read_update(plain, own)


def context_of(text: str, refused: Refused, profile: SourceProfile) -> Context | None:
    """What a refused call leaves for the texts after it: its symbol, and of an alert ("Gold sell now 4126")
    its side and entry too. None where the text itself names no instrument."""
    (call, *others) = read_calls(tokenise(normalise(text), _own_words(profile)))
    if not call.symbols or refused.symbol is None:
        return None
    if refused.reason is not SignalReason.MISSING_STOP or not call.sides or refused.side is None or others:
        return Context(refused.symbol)
    try:
        entry = entry_of(call, Scale.of(call, specification_of(refused.symbol)), Grounds())
    except Unclear:
        entry = None
    return Context(refused.symbol, refused.side, entry)


def _has_geometry(calls: list[Call]) -> bool:
    return any(call.has(Label.STOP) and call.has(Label.TARGET) for call in calls)


def _each_once(verdicts: list[Verdict]) -> list[Verdict]:
    """Without the calls that a text repeats."""
    seen: set[tuple[object, ...]] = set()
    kept: list[Verdict] = []
    for verdict in verdicts:
        if isinstance(verdict, ParsedSignal):
            key = (verdict.symbol, verdict.side, verdict.entry, verdict.stop_loss, verdict.take_profits)
            if key in seen:
                continue
            seen.add(key)
        kept.append(verdict)
    return kept


def _with_validity(telling: list[Verdict], plain: str, sent: datetime, zone: str | None) -> list[Verdict]:
    """The verdicts, their signals with the time until which the text itself says that they hold."""
    said = validities(plain, sent, zone)
    begins = [verdict.span.start for verdict in telling if isinstance(verdict, ParsedSignal)]
    ends = [*begins[1:], len(plain)]
    given = []
    for verdict in telling:
        if isinstance(verdict, ParsedSignal):
            own = validity_of(said, verdict.span.start, ends[begins.index(verdict.span.start)])
            if own is not None:
                verdict = _valid_until(verdict, own.until, own.ground)
        given.append(verdict)
    return given


def _valid_until(signal: ParsedSignal, until: datetime, ground: str) -> ParsedSignal:
    grounds = Grounds(signal.confidence, list(signal.grounds))
    if ground:
        grounds.less(0.1, ground)
    return replace(signal, valid_until=until, confidence=grounds.confidence, grounds=tuple(grounds.said))


def _share_symbols(calls: list[Call]) -> None:
    """A symbol named once, before or behind several calls without any, is the symbol of them all."""
    named = [call for call in calls if call.symbols]
    if len(calls) > 1 and len(distinct(each.value for call in named for each in call.symbols)) == 1:
        for call in calls:
            call.symbols = call.symbols or list(named[0].symbols)


def _placed(verdict: Verdict, text: str, plain: str) -> Verdict:
    """The verdict with its span in the message instead of in the plain text."""
    if isinstance(verdict, Noise):
        return verdict
    start, end = verdict.span.start, verdict.span.end
    if start == 0 and end == len(text) == len(plain):
        return verdict
    is_whole = not plain[:start].strip() and not plain[end:].strip()
    return replace(verdict, span=Span(0, len(text)) if is_whole else span_in(text, start, end))


def _verdict(
    call: Call,
    plain: str,
    words: Set[str],
    tokens: list[Token],
    profile: SourceProfile,
    context: Context,
) -> Verdict | None:
    has_stop, has_target = call.has(Label.STOP), call.has(Label.TARGET)
    is_bare = not call.of(Label.STOP) and not call.of(Label.TARGET)
    has_target |= has_stop and any(each.of(Unit.PRICE) for each in call.of(Label.LOOSE))
    if not _looks_like_call(call, profile, context, has_stop, has_target):
        return None
    heading = report_heading(plain, words)
    if heading is not None and not (has_stop and has_target and "\n\n" in plain[heading : _begin(call)]):
        return None
    result = tells_result(_since_before(plain, call), words) or (
        "a heading of results" if heading is not None else None
    )
    if not (has_stop and has_target) and (result is not None or tells_gain(plain, words)):
        return None
    symbol = side = None
    try:
        grounds = Grounds()
        symbol = _symbol(call, tokens, profile, context, grounds)
        side = _side(call, plain, words, context, symbol, grounds)
        if result is not None:
            raise Unclear("text", SignalReason.RESULT_IN_ENTRY, f"tells a result: {result!r}", _whole(call))
        if has_stop and has_target and (revoked := takes_back(plain, _begin(call))) is not None:
            raise Unclear("text", SignalReason.TAKEN_BACK, f"is no call to take: {revoked!r}", _whole(call))
        return _signal(call, symbol, side, profile, context, grounds, is_bare=is_bare)
    except Unclear as error:
        return Refused(error.name, error.reason, error.detail, symbol, side, error.span)


def _looks_like_call(
    call: Call, profile: SourceProfile, context: Context, has_stop: bool, has_target: bool
) -> bool:
    has_entry = any(each.of(Unit.PRICE) for each in call.of(Label.CALL, Label.ENTRY))
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


def _since_before(plain: str, call: Call) -> str:
    """The text from a heading of a new call on, where one stands before the side: "TP1 done. New signal: ..."
    tells of another."""
    begins = min((side.start for side in call.sides), default=call.start)
    heading = _NEW_CALL.search(plain, 0, begins)
    return plain if heading is None else plain[heading.start() :]


def _whole(call: Call) -> Span:
    return Span(call.start, max(call.end, call.start))


def _mention_span(mention: Mention) -> Span:
    return Span(mention.start, mention.end)


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
    order_type = _order_type(call)
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
        raise Unclear("entry", SignalReason.MISSING_ENTRY, detail, _whole(call))
    if len(take_profits) > MAX_TARGETS:
        detail = f"{len(take_profits)} targets, at most {MAX_TARGETS} are taken"
        raise Unclear("take_profits", SignalReason.TOO_MANY_TARGETS, detail, _whole(call))
    require_geometry(side, entry, stop_loss, take_profits, specification, _whole(call))
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
        span=_whole(call),
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


# Symbol, side, kind of order.


def _symbol(
    call: Call, tokens: list[Token], profile: SourceProfile, context: Context, grounds: Grounds
) -> str:
    named = distinct(mention.value for mention in call.symbols)
    if len(named) > 1:
        named = _beside_the_side(call) or named
        if len(named) == 1:
            grounds.less(0.05, "another instrument is named too")
    if len(named) > 1:
        detail = f"names {', '.join(named)}"
        raise Unclear("symbol", SignalReason.SEVERAL_SYMBOLS, detail, _mention_span(call.symbols[-1]))
    if named:
        return named[0]
    if call.unknown:
        mention = call.unknown[0]
        detail = f"{mention.value} may be several instruments"
        raise Unclear("symbol", SignalReason.AMBIGUOUS_INSTRUMENT, detail, _mention_span(mention))
    strange = [token for token in tokens if token.kind == Kind.WORD and len(token.text) in _SYMBOL_LETTERS]
    for token in strange[:_MOST_STRANGE_WORDS]:
        if token.text.isascii():
            near = difflib.get_close_matches(
                token.text.upper(), alias_table(), n=1, cutoff=_MISSPELLING_LIKENESS
            )
            if near:
                detail = f"{token.text.upper()} is no instrument Hive knows; {near[0]} is"
                raise Unclear("symbol", SignalReason.UNKNOWN_INSTRUMENT, detail, Span(token.start, token.end))
    if context.symbol is not None:
        grounds.less(0.05, NAMED_BEFORE)
        return context.symbol
    if profile.default_symbol is not None:
        if specification_of(profile.default_symbol) is None:
            detail = f"the source's default {profile.default_symbol} is no instrument Hive knows"
            raise Unclear("symbol", SignalReason.UNKNOWN_INSTRUMENT, detail, _whole(call))
        grounds.less(0.05, "the instrument is the source's default")
        return profile.default_symbol
    if context.habit is not None and _is_near(call, *context.habit):
        grounds.less(0.2, ONLY_ONE_CALLED)
        return context.habit[0]
    raise Unclear("symbol", SignalReason.MISSING_SYMBOL, "no instrument is named", _whole(call))


def _is_near(call: Call, symbol: str, price: Decimal) -> bool:
    """Whether the stop that a call names stands where the instrument was lately."""
    scale = Scale.of(call, specification_of(symbol))
    for each in call.of(Label.STOP):
        for number in each.of(Unit.PRICE):
            fitting = scale.fitting(number.raw)
            return bool(fitting) and abs(fitting[0] - price) * 100 <= HABIT_PCT * price
    return False


def _beside_the_side(call: Call) -> list[str]:
    """The symbols on the lines where a side is said, or the one nearest to the first side."""
    sides = call.sides or call.weak_sides
    first_price = min(
        (each.start for each in call.of(Label.STOP, Label.TARGET) if each.has_number), default=call.end
    )
    early = distinct(mention.value for mention in call.symbols if mention.start < first_price)
    if len(early) == 1:
        return early
    lines = {side.line for side in sides}
    beside = distinct(mention.value for mention in call.symbols if mention.line in lines)
    if len(beside) == 1 or not sides:
        return beside
    first = sides[0]
    return distinct(mention.value for mention in call.symbols if mention.line == first.line) or beside


def _side(call: Call, plain: str, words: Set[str], context: Context, symbol: str, grounds: Grounds) -> str:
    said = distinct(mention.value for mention in call.sides)
    if len(said) > 1:
        said = distinct(mention.value for mention in call.sides if not mention.is_prose) or said
        if len(said) == 1:
            grounds.less(0.1, "another side is spoken of in its words")
    if not said:
        said = distinct(mention.value for mention in call.weak_sides)
        if said:
            grounds.less(0.1, "the side is told by a mood word only")
    if not said and context.side is not None and symbol == context.symbol:
        grounds.less(0.05, "the side is named in the message before")
        said = [context.side]
    if not said:
        said = _side_by_prices(call, symbol, grounds)
    if not said:
        raise Unclear("side", SignalReason.MISSING_SIDE, "neither buy nor sell is said", _whole(call))
    if len(said) > 1:
        span = _mention_span((call.sides or call.weak_sides)[-1])
        raise Unclear("side", SignalReason.CONTRADICTORY_SIDES, "says both buy and sell", span)
    negated = forbidden_side(plain, words)
    if negated is not None and not _forbids_another(negated, said[0]):
        raise Unclear("side", SignalReason.NEGATED, f"says {negated!r}", _whole(call))
    return said[0]


def _forbids_another(negated: str, side: str) -> bool:
    """ "Holders are not selling" in a call to buy."""
    others = {"buy": ("sell", "short"), "sell": ("buy", "long")}[side]
    return any(word in negated for word in others)


def _side_by_prices(call: Call, symbol: str, grounds: Grounds) -> list[str]:
    """The one side for which a labelled entry, stop and targets make a trade; rooms write it as a picture."""
    scale = Scale.of(call, specification_of(symbol))
    try:
        entry = entry_of(call, scale, Grounds())
        stops = [
            price
            for each in call.of(Label.STOP)
            for price in prices_of(each, scale, "stop_loss", Grounds(), upward=0)
        ]
    except Unclear:
        return []
    is_called = bool(call.orders) or any(each.label is Label.ENTRY for each in call.fields)
    if entry is None or len(stops) != 1 or not is_called:
        return []
    grounds.less(0.25, "the side is told by the prices only")
    return ["buy"] if stops[0] < entry[0] else ["sell"]


def _order_type(call: Call) -> str:
    orders = list(call.orders)
    if not orders:
        return _triggered(call) or ("limit" if call.is_pending else "market")
    if len(orders) > 1:
        detail = f"says {' and '.join(orders)}"
        raise Unclear("order_type", SignalReason.CONTRADICTORY_ORDER_TYPES, detail, _whole(call))
    return orders[0]


def _triggered(call: Call) -> str | None:
    """ "Buy above 1.10" waits for a rise, "sell above" too, each with its own kind of order."""
    if any(each.sided and each.of(Unit.PRICE) for each in call.of(Label.CALL)):
        return None  # "buy 4080, if below 4070 ..."
    entries = [each for each in call.of(Label.ENTRY) if each.of(Unit.PRICE)]
    for each in [each for each in entries if each.sided] or entries[:1]:
        side = call.sides[0].value if call.sides else None
        if side and "above" in each.place_words:
            return "stop" if side == "buy" else "limit"
        if side and ("below" in each.place_words or "under" in each.place_words):
            return "limit" if side == "buy" else "stop"
    return None
