"""A whole text read as an update: whether it is one, and what its clauses make together.

`read_update` is all that others call. Words are data (`vocabulary`); clauses are read by `grammar`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.clause import LARGEST_TARGET_NUMBER, Found
from hive_core.signals.updates.grammar import VERBS, read_clause
from hive_core.signals.updates.own_words import NO_OWN_WORDS, OwnWords
from hive_core.signals.updates.tokens import Token, number, sentences
from hive_core.signals.updates.vocabulary import Concept
from hive_core.signals.verdicts import Action, ActionKind, ParsedUpdate, Refused, Span

NOTICES = frozenset({ActionKind.TARGET_HIT, ActionKind.STOP_HIT})
"""Actions that tell what happened, and ask nothing."""

_ENDS = frozenset({ActionKind.CLOSE, ActionKind.CANCEL})
_GOING_ON = frozenset(
    {ActionKind.PARTIAL_CLOSE, ActionKind.BREAKEVEN, ActionKind.MOVE_STOP, ActionKind.MOVE_TARGET}
)
"""What is asked only of a trade that goes on."""
_SIDES = {Concept.BUY: "buy", Concept.SELL: "sell"}
_PARTING = ".,:/-?()="
_DENIALS = frozenset({Concept.NOT, Concept.NOT_AFTER})
MAX_CHARACTERS = 4_096
"""The longest message that Telegram takes; longer texts are no updates."""
_GROUND_COST = 0.2
_OPTIONAL = "said as something that one may do"
_PART_LEFT_OUT = "a part of it is said for a case, and is left out"
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

    @property
    def is_notice(self) -> bool:
        return self.found.action is not None and self.found.action.kind in NOTICES


def may_manage(text: str, own: OwnWords = NO_OWN_WORDS) -> bool:
    """Whether a text has the words without which it manages nothing. Chat is told apart here, at once."""
    asked = own.triggers()
    for mark in _PARTING:
        text = text.replace(mark, " ")
    pieces = text.split()
    if not asked.verbs.isdisjoint(pieces):
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
        than `MAX_CHARACTERS`.
        The span is of the whole text.
    """
    if len(normalised) > MAX_CHARACTERS or not may_manage(normalised, own):
        return None
    told = sentences(normalised, own)
    begin = _entry_begins(told)
    if begin == 0:
        return None
    is_report = any(token.concept is Concept.PAST for sentence in told for token in sentence)
    said = [one for index, sentence in enumerate(told[:begin]) for one in _said_in(sentence, index == 0)]
    if is_report:
        said = [one for one in said if not one.is_notice]
    if begin is not None:
        said = [one for one in said if one.found.action is None or one.found.action.kind in _ENDS]
    if not said:
        return None
    return _assembled(said, told[:begin], Span(0, len(normalised)))


def _assembled(said: list[_Said], told: list[list[Token]], span: Span) -> ParsedUpdate | Refused | None:
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
        if one.found.unclear:
            return refused("update", SignalReason.UNCLEAR_UPDATE, one.found.unclear)
    if any(one.is_alternative and not one.is_notice for one in firm):
        detail = "one of two things is to be done, and which one is not said"
        return refused("update", SignalReason.UNCLEAR_UPDATE, detail)
    actions = _without_repeats(one.found.action for one in firm if one.found.action is not None)
    if contradiction := _contradiction(actions):
        return refused("update", SignalReason.UNCLEAR_UPDATE, contradiction)
    names_all = any(one.found.names_all for one in firm)
    if len(symbols) > 1:
        if all(action.kind in NOTICES for action in actions):
            return None  # a list of results
        return refused("symbol", SignalReason.UNCLEAR_UPDATE, f"it names {' and '.join(symbols)}")
    if len(sides) > 1 and not names_all:
        return refused("side", SignalReason.UNCLEAR_UPDATE, "it names both sides")
    grounds = []
    if any(one.is_optional for one in firm):
        grounds.append(_OPTIONAL)
    if len(firm) < len(said):
        grounds.append(_PART_LEFT_OUT)
    if any(token.concept is Concept.ADD for sentence in told for token in sentence):
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


def _symbols(tokens: list[Token]) -> list[str]:
    return [token.text for token in tokens if token.concept is Concept.SYMBOL]


def _sides(tokens: list[Token]) -> list[str]:
    return [_SIDES[token.concept] for token in tokens if token.concept in _SIDES]


def _said_in(sentence: list[Token], is_heading: bool) -> Iterator[_Said]:
    """The actions of a sentence that are neither denied nor told of the past or the future."""
    concepts = [token.concept for token in sentence]
    if VERBS.isdisjoint(concepts) or Concept.PAST in concepts:
        return
    has_case = Concept.IF in concepts
    has_option = Concept.MAYBE in concepts
    case_before = denied = False
    symbols = _symbols(sentence)
    clauses = list(_clauses(sentence))
    for index, (tokens, joined_by, joins) in enumerate(clauses):
        if joined_by == ",":
            denied = False
        alternative = "or" in (joined_by, joins)
        sides = _sides(tokens)
        if index + 1 < len(clauses) and _lists_objects(clauses[index + 1][0]):
            sides += _sides(clauses[index + 1][0])
        for found in read_clause(tokens):
            earlier = [token.concept for token in tokens[: found.position]]
            after = tokens[found.position + 1].concept if found.position + 1 < len(tokens) else Concept.END
            is_denied = denied or not _DENIALS.isdisjoint(earlier) or after is Concept.NOT_AFTER
            is_notice = found.action is not None and found.action.kind in NOTICES
            if is_denied or Concept.FUTURE in earlier:
                continue
            if is_notice and (case_before or Concept.IF in earlier):
                continue
            if _ends_what_is_kept(found, tokens, clauses[index + 1 :]):
                found = replace(found, action=None, unclear=_KEPT)
            yield _Said(found, symbols, sides, is_heading, has_case, has_option, alternative)
        own = [token.concept for token in tokens]
        case_before |= Concept.IF in own
        denied |= not _DENIALS.isdisjoint(own)


_KEPT = "what is to be kept is named, and what is to be ended is not"


def _ends_what_is_kept(
    found: Found, tokens: list[Token], following: list[tuple[list[Token], str, str]]
) -> bool:
    """Whether a trade is ended without a name, and behind it one is named that is to be kept ("close all,
    keep gold"): that name must not become what is closed."""
    if found.action is None or found.action.kind not in _ENDS or _symbols(tokens) or _sides(tokens):
        return False
    for clause, _, _ in following:
        keeps = not {Concept.HOLD, *_DENIALS}.isdisjoint(token.concept for token in clause)
        if (_symbols(clause) or _sides(clause)) and (keeps or (found.names_all and len(clause) == 1)):
            return True
    return False


_LISTED = frozenset(
    {Concept.BUY, Concept.SELL, Concept.SYMBOL, Concept.TRADE, Concept.FILLER, Concept.ALL, Concept.THIS}
)


def _lists_objects(tokens: list[Token]) -> bool:
    """Whether a clause only goes on with what was named before it: "close the buys and the sells"."""
    return all(token.concept in _LISTED for token in tokens)


def _clauses(sentence: list[Token]) -> Iterator[tuple[list[Token], str, str]]:
    """The clauses of a sentence, each with what joins it to the one before and to the one after."""
    clause: list[Token] = []
    joined_by = ""
    for position, token in enumerate(sentence):
        separates = token.concept in (Concept.AND, Concept.OR) or token == (Concept.MARK, ",")
        if separates and not _between_numbers(sentence, position):
            joins = "," if token.text == "," else token.concept.value
            if clause:
                yield clause, joined_by, joins
            clause, joined_by = [], joins
        else:
            clause.append(token)
    if clause:
        yield clause, joined_by, ""


def _between_numbers(sentence: list[Token], position: int) -> bool:
    around = sentence[max(0, position - 1) : position + 2 : 2]
    return len(around) == 2 and all(token.concept is Concept.NUMBER for token in around)


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


def _contradiction(actions: tuple[Action, ...]) -> str:
    """Why the actions cannot all be done, or nothing."""
    stops = {str(action.price) for action in actions if action.kind is ActionKind.MOVE_STOP}
    if len(stops) > 1:
        return f"two new stops are named: {' and '.join(sorted(stops))}"
    kinds = {action.kind for action in actions}
    if stops and ActionKind.BREAKEVEN in kinds:
        return "the stop goes to the entry and to another price"
    ends = [action for action in actions if action.kind in _ENDS and action.entry_price is None]
    left = kinds & _GOING_ON
    if ends and left:
        return f"it is to be ended, and {min(left).value.replace('_', ' ')} is asked of it too"
    targets: dict[int | None, set[str]] = {}
    for action in actions:
        if action.kind is ActionKind.MOVE_TARGET:
            targets.setdefault(action.target_number, set()).add(str(action.price))
    if any(len(prices) > 1 for prices in targets.values()):
        return "one target goes to two prices"
    return ""


def _entry_begins(told: list[list[Token]]) -> int | None:
    """The sentence at which a call to trade begins, or None where the text has none.

    A call has two of a stop with its price, a target with its price, and a side; or a pending order
    with a stop or a target. What stands before it may still manage another trade ("close the sell",
    then the new call).
    """
    gives_stop = gives_target = names_side = names_pending = False
    flat: list[Token] = []
    for sentence in told:
        flat += sentence
        flat.append(Token(Concept.END, "\n"))
    labelled = any(token.concept in (Concept.STOP, Concept.TARGET) for token in flat)
    for position, token in enumerate(flat):
        if token.concept is Concept.STOP:
            gives_stop |= _is_given(flat, position)
        elif token.concept is Concept.TARGET:
            gives_target |= _is_given(flat, position)
        elif token.concept in _SIDES:
            names_side = True
            following = flat[position + 1].text if position + 1 < len(flat) else ""
            names_pending |= token.text in _PENDING or following in _PENDING
    if gives_stop + gives_target + names_side < 2 and not (names_pending and labelled):
        return None
    for index, sentence in enumerate(told):
        concepts = {token.concept for token in sentence}
        begins = concepts & {Concept.BUY, Concept.SELL, Concept.STOP, Concept.TARGET}
        if begins and not concepts & {Concept.CLOSE, Concept.CANCEL}:
            return index
    return 0


_PENDING = frozenset({"limit", "limits", "buy stop", "sell stop"})
_LABEL_TAIL = frozenset(
    {Concept.MARK, Concept.AT, Concept.FILLER, Concept.END, Concept.FIRST, Concept.SECOND}
)
_LEADS = frozenset({Concept.MOVE, Concept.NEW, Concept.HIT})


def _is_given(flat: list[Token], label: int) -> bool:
    """Whether a label has its price, which nobody moves there and nothing has hit."""
    for token in reversed(flat[max(0, label - 3) : label]):
        if token.concept is Concept.END:
            break
        if token.concept in _LEADS:
            return False
    numbers = 0
    for position in range(label + 1, min(label + 7, len(flat))):
        token = flat[position]
        if token.concept is Concept.NUMBER:
            value = number(token.text)
            counts = flat[label].concept is Concept.TARGET and numbers == 0
            if not (counts and value is not None and value <= LARGEST_TARGET_NUMBER):
                return all(after.concept is not Concept.HIT for after in flat[position + 1 : position + 4])
            numbers += 1
        elif token.concept not in _LABEL_TAIL:
            return False
    return False
