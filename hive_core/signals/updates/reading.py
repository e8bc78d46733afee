"""A whole text read as an update: whether it is one, and what its clauses make together.

`read_update` is all that others call. Words are data (`vocabulary`); clauses are read by `grammar`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.alone import ALONE, CORRECTED, may_stand_alone, read_alone, stop_beside
from hive_core.signals.updates.calls import ending_behind, lists_objects, split_alert, split_call
from hive_core.signals.updates.clause import SIDES, Found
from hive_core.signals.updates.contradictions import ENDS, contradiction_of
from hive_core.signals.updates.corrections import read_correction
from hive_core.signals.updates.grammar import VERBS, read_clause
from hive_core.signals.updates.joining import clauses_of, held_for_a_case
from hive_core.signals.updates.own_words import NO_OWN_WORDS, OwnWords
from hive_core.signals.updates.records import has_heading_of_results, is_report, names_ticket
from hive_core.signals.updates.tokens import Token, place_of, sentences
from hive_core.signals.updates.vocabulary import Concept
from hive_core.signals.verdicts import Action, ActionKind, ParsedUpdate, Refused, Span

NOTICES = frozenset({ActionKind.TARGET_HIT, ActionKind.STOP_HIT})
"""Actions that tell what happened, and ask nothing."""

_SIDES = {Concept.BUY: "buy", Concept.SELL: "sell"}
_PARTING = ".,:/-?()="
_DENIALS = frozenset({Concept.NOT, Concept.NOT_AFTER})
MAX_CHARACTERS = 4_096
"""The longest message that Telegram takes; longer texts are no updates."""
_GROUND_COST = 0.2
_OPTIONAL = "said as something that one may do"
_PART_LEFT_OUT = "a part of it is said for a case, and is left out"
_BEFORE_EVENT = "asked for before an event, and taken as asked for now"
_TOLD = "told as done, not asked for"
_ENTRY_LEFT_OUT = "an added entry is left out"


@dataclass(frozen=True, slots=True)
class _Said:
    """An action with how it was said: for a case, as an option, or as one of two. `symbols` are those of
    its sentence, `sides` those of its clause and of what is listed after it."""

    found: Found
    symbols: list[str]
    sides: list[str]
    is_heading: bool
    is_conditional: bool
    is_optional: bool
    is_alternative: bool
    is_before_event: bool

    @property
    def is_notice(self) -> bool:
        return self.found.action is not None and self.found.action.kind in NOTICES


def _parted(text: str) -> str:
    for mark in _PARTING:
        text = text.replace(mark, " ")
    return text


def may_manage(text: str, pieces: Sequence[str], own: OwnWords = NO_OWN_WORDS) -> bool:
    """Whether a text without marks, and its pieces, have the words without which it manages nothing. Chat is
    told apart here, at once."""
    asked = own.triggers()
    if not asked.verbs.isdisjoint(pieces):
        return True
    if not asked.tellers.isdisjoint(pieces):
        said = set(pieces)
        if any(phrase <= said for word in asked.tellers & said for phrase in asked.phrases[word]):
            return True
    if not asked.beside_moves.isdisjoint(pieces) and not asked.moves.isdisjoint(pieces):
        return True
    if not asked.labels.isdisjoint(pieces) and (
        not asked.beside_labels.isdisjoint(pieces) or asked.stop_moved.search(text) is not None
    ):
        return True
    return not asked.gains.isdisjoint(pieces) and ("%" in text or not asked.beside_gains.isdisjoint(pieces))


def read_update(normalised: str, own: OwnWords = NO_OWN_WORDS) -> ParsedUpdate | Refused | None:
    """What a text asks to do with a signal that stands already.

    Args:
        normalised: lower case, without ornaments, its line breaks kept; letters with or without their
            marks.
        own: the words of its source.

    Returns:
        The update; Refused where it is one and not clear; None where the text is no update: chat, a
        report of the past, words of management in an entry, an action that is advised against, or more
        than `MAX_CHARACTERS`. An update that only names a level has the ground `ALONE`: what it is hangs
        on where it stands (`alone.where_it_stands`).
        The span is of the whole text.
    """
    if len(normalised) > MAX_CHARACTERS:
        return None
    text = _parted(normalised)
    pieces = text.split()
    has_verbs = may_manage(text, pieces, own)
    if not has_verbs and not may_stand_alone(text, pieces, own):
        return None
    told = sentences(normalised, own)
    span = Span(0, len(normalised))
    found = _managed(told, span) if has_verbs else None
    found = found or _named_again(told, span) or _alone(told, span)
    if found is None or has_heading_of_results(told) or names_ticket(normalised):
        return None
    return found


def read_ending(normalised: str, own: OwnWords = NO_OWN_WORDS) -> tuple[ParsedUpdate | Refused, Span] | None:
    """What a text that calls for a trade, or warns of a call, ends beside it, with the part of the text that
    says so; None where it ends nothing.

    What stands before the call is of the trades that stood; what stands in or behind it only where it names
    the other side, or an earlier trade.
    """
    if len(normalised) > MAX_CHARACTERS:
        return None
    told = sentences(normalised, own)
    parts = split_call(told) or split_alert(told)
    if parts is None or is_report(told):
        return None
    if parts.before:
        if not _asks_for_an_end(parts.before) and not _is_of_another(_flat(parts.before), _flat(parts.call)):
            return None  # "cancelled" over a call is said of that call
        span = Span(0, place_of(normalised, parts.call[0][0].piece))
        said = _ends_said(parts.before)
        ending = _assembled(said, parts.before, span) if said else None
        return None if ending is None else (ending, span)
    for index, sentence in enumerate(parts.call):
        before, after = parts.call[:index], parts.call[index + 1 :]
        ending_part = sentence if index else ending_behind(sentence)
        if index == 0:
            before = [sentence[: len(sentence) - len(ending_part)]]
        said = [one for one in _ends_said([ending_part]) if one.found.action is not None]
        others = _flat([*before, *after])
        if said and not any(one.is_conditional for one in said) and _is_of_another(ending_part, others):
            end = place_of(normalised, after[0][0].piece) if after else len(normalised)
            span = Span(place_of(normalised, ending_part[0].piece), end)
            ending = _assembled(said, [ending_part], span)
            return None if ending is None else (ending, span)
    return None


def _flat(told: list[list[Token]]) -> list[Token]:
    return [token for sentence in told for token in sentence]


def _asks_for_an_end(told: list[list[Token]]) -> bool:
    return any(token.concept in (Concept.CLOSE, Concept.CANCEL) for token in _flat(told))


def _is_of_another(sentence: list[Token], call: list[Token]) -> bool:
    """Whether what is said beside a call names the other side, or an earlier trade, and no price."""
    concepts = {token.concept for token in sentence}
    if Concept.NUMBER in concepts:
        return False
    sides = set(_sides(sentence))
    return Concept.EARLIER in concepts or bool(sides and sides.isdisjoint(_sides(call)))


def _ends_said(told: list[list[Token]]) -> list[_Said]:
    """What some sentences end, or may end where that is not clear; a part only of what they name."""
    ends = []
    for index, sentence in enumerate(told):
        concepts = {token.concept for token in sentence}
        for one in _said_in(sentence, index == 0):
            kind = None if one.found.action is None else one.found.action.kind
            ends_part = (
                kind is ActionKind.PARTIAL_CLOSE
                and Concept.CLOSE in concepts
                and bool(one.symbols or one.sides)
                and concepts.isdisjoint({Concept.STOP, Concept.TARGET})
            )
            if kind is None or kind in ENDS or ends_part:
                ends.append(one)
    return ends


def _managed(told: list[list[Token]], span: Span) -> ParsedUpdate | Refused | None:
    """What is asked in words: of the trades that stood, where a call follows."""
    parts = split_call(told)
    if parts is not None:
        said = _ends_said(parts.before)
        return _assembled(said, parts.before, span) if said else None
    said = [one for index, sentence in enumerate(told) for one in _said_in(sentence, index == 0)]
    if not said:
        return None
    parts_only = {one.found.action.kind for one in said if one.found.action is not None and not one.is_notice}
    if parts_only == {ActionKind.PARTIAL_CLOSE} and (stop := stop_beside(told)) is not None:
        said.append(replace(said[-1], found=stop))
    if is_report(told):
        said = [one for one in said if not one.is_notice]
    return _assembled(said, told, span) if said else None


def _alone(told: list[list[Token]], span: Span) -> ParsedUpdate | Refused | None:
    """A level that is named and nothing beside it."""
    update = _of_levels(read_alone(_flat(told)), told, span)
    if not isinstance(update, ParsedUpdate):
        return update
    grounds = (*update.grounds, ALONE)
    return replace(update, grounds=grounds, confidence=round(1.0 - _GROUND_COST * len(grounds), 2))


def _of_levels(levels: Iterable[Found], told: list[list[Token]], span: Span) -> ParsedUpdate | Refused | None:
    """What levels that stand without a verb make, of the symbol and side that the text names."""
    tokens = _flat(told)
    named = _symbols(tokens), _sides(tokens)
    said = [_Said(found, *named, False, False, False, False, False) for found in levels]
    return _assembled(said, told, span) if said else None


def _named_again(told: list[list[Token]], span: Span) -> ParsedUpdate | Refused | None:
    """A level that is corrected."""
    update = _of_levels(read_correction(told), told, span)
    if not isinstance(update, ParsedUpdate):
        return update
    return replace(update, grounds=(CORRECTED, ALONE), confidence=1.0 - _GROUND_COST)


def _assembled(said: list[_Said], told: list[list[Token]], span: Span) -> ParsedUpdate | Refused | None:
    said = _without_remarks(said)
    firm = [one for one in said if one.is_notice or not one.is_conditional]
    symbols, sides = _named(firm or said, told)
    symbol = symbols[0] if len(symbols) == 1 else None
    side = sides[0] if len(sides) == 1 else None

    def refused(field: str, reason: SignalReason, detail: str) -> Refused:
        return Refused(field, reason, detail, symbol, side, span)

    if not firm:
        detail = "it is said for a case that may come, not for now"
        return refused("update", SignalReason.CONDITIONAL_UPDATE, detail)
    for one in firm:
        if one.found.is_told and one.found.unclear:
            return None
        if one.found.unclear:
            return refused("update", SignalReason.UNCLEAR_UPDATE, one.found.unclear)
    if any(one.is_alternative and not one.is_notice for one in firm):
        detail = "one of two things is to be done, and which one is not said"
        return refused("update", SignalReason.UNCLEAR_UPDATE, detail)
    actions = _without_repeats(one.found.action for one in firm if one.found.action is not None)
    if contradiction := contradiction_of(actions):
        return refused("update", SignalReason.UNCLEAR_UPDATE, contradiction)
    names_all = any(one.found.names_all for one in firm)
    if len(symbols) > 1:
        if all(one.is_notice or one.found.is_told for one in firm):
            return None  # a list of results
        return refused("symbol", SignalReason.UNCLEAR_UPDATE, f"it names {' and '.join(symbols)}")
    if len(sides) > 1 and not names_all:
        return refused("side", SignalReason.UNCLEAR_UPDATE, "it names both sides")
    grounds = []
    if any(one.is_optional for one in firm):
        grounds.append(_OPTIONAL)
    if any(one.is_before_event for one in firm):
        grounds.append(_BEFORE_EVENT)
    if any(one.found.is_told for one in firm):
        grounds.append(_TOLD)
    if len(firm) < len(said):
        grounds.append(_PART_LEFT_OUT)
    if any(token.concept is Concept.ADD for token in _flat(told)):
        grounds.append(_ENTRY_LEFT_OUT)
    return ParsedUpdate(
        actions,
        symbol,
        side,
        is_for_all=names_all and not all(action.kind in NOTICES for action in actions),
        confidence=round(1.0 - _GROUND_COST * len(grounds), 2),
        grounds=tuple(grounds),
        span=span,
    )


def _without_remarks(said: list[_Said]) -> list[_Said]:
    """Without what only tells what another action comes to: "sl to 2668, risk free", "book profit and
    close gold", "sl hit, trade closed"."""
    if len(said) < 2:
        return said
    kinds = {one.found.action.kind for one in said if one.found.action is not None}
    if len(kinds) < 2:
        return said
    is_over = not kinds.isdisjoint(NOTICES)
    kept = []
    for one in said:
        found = one.found
        kind = None if found.action is None else found.action.kind
        is_of_another = (
            (kind is ActionKind.BREAKEVEN and found.is_remark and ActionKind.MOVE_STOP in kinds)
            or (kind is ActionKind.PARTIAL_CLOSE and found.is_remark and ActionKind.CLOSE in kinds)
            or (kind is ActionKind.CLOSE and found.is_told and is_over)
        )
        if not is_of_another:
            kept.append(one)
    return kept


def _symbols(tokens: list[Token]) -> list[str]:
    return [token.text for token in tokens if token.concept is Concept.SYMBOL]


def _sides(tokens: list[Token]) -> list[str]:
    return [_SIDES[token.concept] for token in tokens if token.concept in _SIDES]


def _said_in(sentence: list[Token], is_heading: bool) -> Iterator[_Said]:
    """The actions of a sentence that are neither denied nor told of the past or the future."""
    concepts = [token.concept for token in sentence]
    if VERBS.isdisjoint(concepts) or Concept.PAST in concepts:
        return
    has_event = Concept.EVENT in concepts
    has_case = Concept.IF in concepts or (has_event and Concept.TIME in concepts)
    has_option = Concept.MAYBE in concepts
    clauses = clauses_of(sentence)
    held_from = held_for_a_case(clauses) if has_case else 0
    case_before = denied = False
    symbols = _symbols(sentence)
    names_any = bool(symbols) or not SIDES.isdisjoint(concepts)
    for index, (tokens, joined_by, joins) in enumerate(clauses):
        if joined_by == ",":
            denied = False
        alternative = "or" in (joined_by, joins)
        sides = _sides(tokens)
        if index + 1 < len(clauses) and lists_objects(clauses[index + 1][0]):
            sides += _sides(clauses[index + 1][0])
        for found in read_clause(tokens):
            earlier = [token.concept for token in tokens[: found.position]]
            after = tokens[found.position + 1].concept if found.position + 1 < len(tokens) else Concept.END
            is_denied = denied or not _DENIALS.isdisjoint(earlier) or after is Concept.NOT_AFTER
            is_notice = found.action is not None and found.action.kind in NOTICES
            if is_denied or Concept.FUTURE in earlier:
                continue
            if is_notice and (case_before or Concept.IF in earlier or tokens[-1].text == "?"):
                continue
            if names_any and _ends_what_is_kept(found, tokens, clauses[index + 1 :]):
                found = replace(found, action=None, unclear=_KEPT)
            is_for_case = has_case and index >= held_from
            yield _Said(found, symbols, sides, is_heading, is_for_case, has_option, alternative, has_event)
        own = [token.concept for token in tokens]
        case_before |= Concept.IF in own
        denied |= not _DENIALS.isdisjoint(own)


_KEPT = "what is to be kept is named, and what is to be ended is not"


def _ends_what_is_kept(
    found: Found, tokens: list[Token], following: list[tuple[list[Token], str, str]]
) -> bool:
    """Whether a trade is ended without a name, and behind it one is named that is to be kept ("close all,
    keep gold"): that name must not become what is closed."""
    if found.action is None or found.action.kind not in ENDS or _symbols(tokens) or _sides(tokens):
        return False
    for clause, _, _ in following:
        keeps = not {Concept.HOLD, *_DENIALS}.isdisjoint(token.concept for token in clause)
        if (_symbols(clause) or _sides(clause)) and (keeps or (found.names_all and len(clause) == 1)):
            return True
    return False


def _named(said: list[_Said], told: list[list[Token]]) -> tuple[list[str], list[str]]:
    """The symbols and sides that are named beside the actions; else what a line before them names."""
    symbols: list[str] = []
    sides: list[str] = []
    for one in said:
        symbols += one.symbols
        sides += one.sides
    symbols = symbols or [symbol for sentence in told for symbol in _symbols(sentence)]
    if not sides and not any(one.is_heading for one in said):
        sides = _sides(told[0])  # "GOLD BUY" over what is to be done
    return list(dict.fromkeys(symbols)), list(dict.fromkeys(sides))


def _without_repeats(actions: Iterator[Action]) -> tuple[Action, ...]:
    return tuple(dict.fromkeys(actions))
