"""Last step of the parser: what a text is: signals, an update, a refusal, noise.

Nothing is repaired and nothing is guessed: what is missing or has two readings is refused with its field,
its reason and the words that caused it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from hive_core.configuration.model import SourceProfile
from hive_core.instruments.specification import specification_of
from hive_core.signals.feeds.machine_text import read_machine_text
from hive_core.signals.parser.call_parts import Call, Label
from hive_core.signals.parser.calls import MAX_CALLS, verdict_of
from hive_core.signals.parser.columns import labelled
from hive_core.signals.parser.context import NO_CONTEXT, Context
from hive_core.signals.parser.doubt import Grounds, Unclear
from hive_core.signals.parser.entries import entry_of
from hive_core.signals.parser.fields import read_calls
from hive_core.signals.parser.pictures import with_words_for_pictures
from hive_core.signals.parser.prices import distinct
from hive_core.signals.parser.reports import tells_gain, tells_result
from hive_core.signals.parser.scale import Scale
from hive_core.signals.parser.text import normalise, span_in
from hive_core.signals.parser.tokens import Said, own_words, said_in, tokenise
from hive_core.signals.parser.told import Told
from hive_core.signals.parser.turned_lines import turned
from hive_core.signals.parser.validity import says_validity, validities, validity_of
from hive_core.signals.parser.vocabulary import WORDS, Meaning
from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.alone import ALONE, where_it_stands
from hive_core.signals.updates.own_words import MANAGING, OwnWords, own_words_of
from hive_core.signals.updates.reading import read_ending, read_update
from hive_core.signals.verdicts import ActionKind, Noise, ParsedSignal, ParsedUpdate, Refused, Span, Verdict


def read_text(
    text: str, profile: SourceProfile, context: Context = NO_CONTEXT, sent: datetime | None = None
) -> list[Verdict]:
    """Everything that one text says, in its order; a single Noise where it says nothing.

    `sent` is when the message was sent: without it, "valid for 2 hours" says nothing.

    A machine's text is read by its own rules. Of a text of people that holds calls and management, the
    calls count, for management words inside an entry are of that entry; what it ends of the trades that
    stood before ("close the sell, buy ...") comes first.
    """
    machine = read_machine_text(text)
    if machine is not None:
        return machine
    plain = normalise(text)
    calls: list[Call] = []
    telling: list[Verdict] = []
    words = set(WORDS.findall(plain))
    own = _own_words(profile)
    managing = own_words_of(profile.words, profile.symbols)
    ending: list[Verdict] = []
    called = plain
    said = said_in(words, own)
    if said.side and not (said.stop and said.target):
        pictured = _read_pictures(text, said, profile, context, sent)
        if pictured:
            return pictured
    may_be_call = said.side or (said.stop and said.target)
    if may_be_call and not (said.stop and said.target):
        may_be_call = tells_result(plain, words) is None and not tells_gain(plain, words)
    if may_be_call:
        if not managing.triggers().ends.isdisjoint(words):
            ending, called = _without_ending(plain, managing)
            words = set(WORDS.findall(called)) if ending else words
        tokens = tokenise(called, own)
        if said.stop and said.target:
            tokens = turned(labelled(tokens))
        calls = read_calls(tokens)
        if len(calls) > MAX_CALLS:
            detail = f"{len(calls)} calls in one message, at most {MAX_CALLS} are read"
            span = Span(0, len(text))
            return [Refused("text", SignalReason.TOO_MANY_CALLS, detail, None, None, span)]
        _share_symbols(calls)
        told = Told(text, called, words, tokens)
        read = (verdict_of(call, told, profile, context) for call in calls)
        telling = _each_once([verdict for verdict in read if verdict is not None])
        if sent is not None and says_validity(words):
            telling = _with_validity(telling, plain, sent, profile.time_zone)
        if any(isinstance(verdict, ParsedSignal) for verdict in telling) or (
            telling and (ending or _has_geometry(calls))
        ):
            return [_placed(verdict, text, plain) for verdict in (*ending, *telling)]
    update = _remembered_update(plain, managing)
    if isinstance(update, ParsedUpdate) and ALONE in update.grounds:
        is_answer = context.symbol is not None and context.side is None
        update = where_it_stands(update, text, after_alert=context.side is not None, answers_call=is_answer)
    if update is not None and not (telling and (isinstance(update, Refused) or _is_vague(update, calls))):
        return [_placed(update, text, plain)]
    return [_placed(verdict, text, plain) for verdict in telling] or [Noise()]


def _without_ending(plain: str, own: OwnWords) -> tuple[list[Verdict], str]:
    """What a text with a call ends of the trades before it, and the text with blanks in its place."""
    found = _remembered_ending(plain, own)
    if found is None:
        return [], plain
    ending, span = found
    blank = "".join("\n" if character == "\n" else " " for character in plain[span.start : span.end])
    return [ending], plain[: span.start] + blank + plain[span.end :]


def _read_pictures(
    text: str, said: Said, profile: SourceProfile, context: Context, sent: datetime | None
) -> list[Verdict]:
    """The signals of a text whose labels are pictures, or nothing."""
    worded = with_words_for_pictures(text, has_stop=said.stop, has_target=said.target)
    if worded is None:
        return []
    verdicts = read_text(worded, profile, context, sent)
    if not any(isinstance(verdict, ParsedSignal) for verdict in verdicts):
        return []
    whole = Span(0, len(text))
    return [
        _less_sure(replace(verdict, span=whole), 0.1, "its labels are pictures")
        if isinstance(verdict, ParsedSignal)
        else verdict
        if isinstance(verdict, Noise)
        else replace(verdict, span=whole)
        for verdict in verdicts
    ]


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


@lru_cache(maxsize=256)
def _remembered_ending(plain: str, own: OwnWords) -> tuple[ParsedUpdate | Refused, Span] | None:
    return read_ending(plain, own)


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


def _is_vague(update: Verdict, calls: list[Call]) -> bool:
    """Whether no more than a part is to be closed, in a text with an entry and a stop: "long 3862, stop 3852,
    partials 3872" is a call, though not a clear one."""
    if not isinstance(update, ParsedUpdate):
        return False
    vague = all(action.kind is ActionKind.PARTIAL_CLOSE for action in update.actions)
    return vague and any(call.has(Label.STOP) and call.has_entry for call in calls)


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
                verdict = _less_sure(replace(verdict, valid_until=own.until), own.doubt, own.ground)
        given.append(verdict)
    return given


def _less_sure(signal: ParsedSignal, by: float, ground: str) -> ParsedSignal:
    grounds = Grounds(signal.confidence, list(signal.grounds))
    if ground:
        grounds.less(by, ground)
    return replace(signal, confidence=grounds.confidence, grounds=tuple(grounds.said))


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
