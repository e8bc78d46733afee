"""The words by which rooms manage trades, from `words/*.toml`: what a word means, in any of the languages.

Data and look-ups only. How words are put together stands in `grammar`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from hive_core.instruments.specification import alias_table
from hive_core.signals.parser.text import normalise
from hive_core.signals.parser.vocabulary import Kind
from hive_core.signals.parser.vocabulary import vocabulary as calls_vocabulary

LANGUAGES = (
    *("english", "portuguese", "spanish", "russian", "arabic", "vietnamese", "hindi_latin", "french"),
    *("italian", "german", "turkish", "indonesian", "chinese", "hebrew"),
)

TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[\n.,%+/@:&?-]")
"""Numbers, words and the marks that separate; everything else is a blank."""


class Concept(StrEnum):
    """What a word of any language says of a trade. The first group are keys of the word files."""

    __hash__ = str.__hash__  # Enum's own is written in Python, and every word is looked up

    CLOSE = "close"
    CLOSING = "closing"
    """A close in the first person: a price beside it is where it is done."""
    CUT = "cut"
    """A verb that ends a trade only where every word of its clause is of trades: rates are cut too."""
    ENDED = "ended"
    """What tells that a trade is ended: "closed manually", "out at be"."""
    CANCEL = "cancel"
    CANCELLED = "cancelled"
    REMOVE = "remove"
    MOVE = "move"
    DO = "do"
    """A verb that does what stands before it: "sl 1.0712 kardo"."""
    STOP = "stop"
    TARGET = "target"
    BREAKEVEN = "breakeven"
    ENTRY = "entry"
    """The entry price as a place for the stop; "be", which is break-even only beside a stop."""
    EVEN = "even"
    """A close at the price of entry."""
    PARTIAL = "partial"
    SOME = "some"
    """A vague part, where a verb says of what; by itself it is chat."""
    SECURE = "secure"
    SECURED = "secured"
    PROFIT = "profit"
    ALL = "all"
    TRADE = "trade"
    THIS = "this"
    HERE = "here"
    """Now, or by hand: a price beside it is where the market stands."""
    LOSS = "loss"
    EVENT = "event"
    """An event that is near: "before the news"."""
    EARLIER = "earlier"
    """The trade that stood before: "cancel the previous one"."""
    FULL = "full"
    HOLD = "hold"
    HIT = "hit"
    STOPPED = "stopped"
    NOT = "not"
    NOT_AFTER = "not_after"
    """A "not" that may stand behind its verb too."""
    IF = "if"
    FUTURE = "future"
    MAYBE = "maybe"
    PAST = "past"
    BUY = "buy"
    SELL = "sell"
    TO = "to"
    AT = "at"
    NOW = "now"
    FROM = "from"
    NEW = "new"
    AND = "and"
    OR = "or"
    MONEY = "money"
    PIPS = "pips"
    ADD = "add"
    EXCEPT = "except"
    """What it names is left out of what is said of all."""
    TIME = "time"
    """A unit of time: what is asked for after so many of them is not asked for now."""
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    CORRECT = "correct"
    """What tells that something was mistyped."""
    NEUTRAL = "neutral"
    """A phrase with a word of management in it that manages nothing: "daily close"."""
    FILLER = "filler"

    FRACTION = "fraction"
    SYMBOL = "symbol"
    NUMBER = "number"
    MARK = "mark"
    END = "end"
    """The end of a sentence: a line break or a full stop."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`words` to what they mean; `phrases` by their first word, the longest first, each with the words
    that follow; `fractions` of the words and phrases that mean a share; `symbols` by name."""

    words: dict[str, Concept]
    phrases: dict[str, tuple[tuple[tuple[str, ...], Concept], ...]]
    fractions: dict[str, Decimal]
    symbols: dict[str, str]


@dataclass(frozen=True, slots=True)
class Triggers:
    """Words without which a text manages nothing: one of `verbs`; or all of one of `phrases`, which are
    listed by the word of them that tells most, one of `tellers`; or one of `moves` with one of
    `beside_moves`; or one of `labels` with one of `beside_labels`; or one of `gains` with one of
    `beside_gains`. `stop_moved` finds a stop that goes to the entry or to a price without a verb. `ends` are
    the words, and the telling words of phrases, that end a trade."""

    verbs: frozenset[str]
    phrases: dict[str, tuple[frozenset[str], ...]]
    tellers: frozenset[str]
    moves: frozenset[str]
    beside_moves: frozenset[str]
    labels: frozenset[str]
    beside_labels: frozenset[str]
    gains: frozenset[str]
    beside_gains: frozenset[str]
    stop_moved: re.Pattern[str]
    ends: frozenset[str]


@cache
def vocabulary() -> Vocabulary:
    """Every language together.

    Raises:
        ValueError: a word file has a key that is no concept, or a word means two things.
    """
    meanings: dict[tuple[str, ...], Concept] = {}
    fractions: dict[str, Decimal] = {}
    listed = list(_listed())
    # What is written exactly so comes first, and fillers last, for they may be anything.
    for is_bare in (False, True):
        for wants_filler in (False, True):
            for tokens, concept, share in listed:
                if (concept is Concept.FILLER) is not wants_filler:
                    continue
                spelled = _bare(tokens) if is_bare else tokens
                if _taken(meanings, spelled, concept, is_bare or wants_filler):
                    continue
                meanings[spelled] = concept
                if share is not None:
                    fractions[" ".join(spelled)] = share
    for word, side in _sides_of_calls():
        meanings.setdefault((word,), side)
    words = {tokens[0]: concept for tokens, concept in meanings.items() if len(tokens) == 1}
    symbols: dict[str, str] = {}
    for name, symbol in (*_instrument_names(), *_listed_symbols()):
        parts = tuple(name.split())
        if words.keys().isdisjoint(parts):
            symbols[name] = symbol
            if len(parts) > 1:
                meanings.setdefault(parts, Concept.SYMBOL)
    phrases: dict[str, list[tuple[tuple[str, ...], Concept]]] = {}
    for tokens, concept in meanings.items():
        if len(tokens) > 1:
            phrases.setdefault(tokens[0], []).append((tokens[1:], concept))
    return Vocabulary(
        words=words,
        phrases={
            first: tuple(sorted(rest, key=lambda phrase: -len(phrase[0]))) for first, rest in phrases.items()
        },
        fractions=fractions,
        symbols=symbols,
    )


@cache
def triggers() -> Triggers:
    """What the first look at a text asks for."""
    return triggers_with({})


_VERBS = frozenset(
    {
        *(Concept.CLOSE, Concept.CLOSING, Concept.CUT, Concept.ENDED, Concept.CANCEL, Concept.CANCELLED),
        *(Concept.STOPPED, Concept.BREAKEVEN, Concept.PARTIAL, Concept.REMOVE),
    }
)
_TELL_NOTHING = (Concept.FILLER, Concept.DO)


def triggers_with(own: Mapping[str, Concept]) -> Triggers:
    """What the first look asks for at the texts of a source that has these words of its own."""
    meanings: dict[Concept, set[str]] = {concept: set() for concept in Concept}
    for word, concept in own.items():
        meanings[concept].add(word)
    words = vocabulary().words
    stops = {word for word, concept in own.items() if concept is Concept.STOP}
    verbs = {word for word, concept in own.items() if concept in _VERBS}
    phrases: dict[str, set[frozenset[str]]] = {}
    for tokens, concept, _ in _listed():
        for spelled in (tokens, _bare(tokens)):
            # The word of a phrase that tells most.
            telling = [token for token in spelled if words.get(token) not in _TELL_NOTHING]
            told_by = max(telling or spelled, key=len)
            meanings[concept].add(told_by)
            said = frozenset(token for token in spelled if token[0].isalnum())
            if concept in _VERBS and len(said) > 1:
                phrases.setdefault(told_by, set()).add(said)
            elif concept in _VERBS:
                verbs.add(told_by)
            if concept is Concept.STOP:
                stops.add(" ".join(token for token in spelled if token[0].isalnum()))

    def of(*concepts: Concept) -> frozenset[str]:
        return frozenset().union(*(meanings[concept] for concept in concepts))

    places = of(Concept.ENTRY, Concept.EVEN)
    links = of(Concept.TO, Concept.AT, Concept.FILLER, Concept.TRADE, Concept.THIS, Concept.NOW)
    moved = (
        rf"\b(?:{_any_of(stops)})\b(?:[^\w\n]*\b(?:{_any_of(links)})\b){{0,4}}[^\w\n]*\b(?:{_any_of(places)})\b"
        rf"|\b(?:{_any_of(stops)})\b[^\n0-9]{{0,40}}\b(?:{_any_of(of(Concept.TO))})\W+[0-9]"
    )
    return Triggers(
        verbs=frozenset(verbs),
        phrases={word: tuple(said) for word, said in phrases.items() if word not in verbs},
        tellers=frozenset(phrases.keys() - verbs),
        moves=of(Concept.MOVE),
        beside_moves=of(Concept.EVEN) | said_alone().breakeven,
        labels=of(Concept.STOP, Concept.TARGET)
        | {f"{target}{count}" for target in of(Concept.TARGET) for count in range(1, 10)},
        beside_labels=of(
            Concept.MOVE, Concept.HIT, Concept.NEW, Concept.REMOVE, Concept.EVEN, Concept.NOW, Concept.DO
        ),
        gains=of(Concept.SECURE, Concept.SECURED),
        beside_gains=of(Concept.PROFIT, Concept.PARTIAL, Concept.SOME, Concept.FRACTION) | {"%"},
        stop_moved=re.compile(moved),
        ends=of(Concept.CLOSE, Concept.CLOSING, Concept.CUT, Concept.CANCEL, Concept.CANCELLED),
    )


@dataclass(frozen=True, slots=True)
class SaidAlone:
    """Words of a level that is named without a verb: those that mean break-even by themselves, those that
    speak to people, those that may stand before a level, and those that tell what a level was."""

    breakeven: frozenset[str]
    address: frozenset[str]
    determiners: frozenset[str]
    told: frozenset[str]


@cache
def said_alone() -> SaidAlone:
    """What may stand in a message that names a level and nothing else, from [alone] of every file."""
    found: dict[str, set[str]] = {"breakeven": set(), "address": set(), "determiners": set(), "told": set()}
    for facts in _files():
        for key, entries in facts.get("alone", {}).items():
            for entry in entries:
                tokens = tuple(TOKEN.findall(unicodedata.normalize("NFC", entry)))
                found[key] |= {entry, " ".join(tokens), " ".join(_bare(tokens))}
    return SaidAlone(**{key: frozenset(words) for key, words in found.items()})


@cache
def void_words() -> frozenset[str]:
    """Phrases that call a message's own call void, from [void] of every file; "cancelled" and its like stand
    in the words."""
    found: set[str] = set()
    for facts in _files():
        for entry in facts.get("void", {}).get("words", []):
            tokens = tuple(TOKEN.findall(unicodedata.normalize("NFC", entry)))
            found |= {" ".join(tokens), " ".join(_bare(tokens))}
    return frozenset(found)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))


def _files() -> Iterator[dict[str, Any]]:
    folder = files(__package__) / "words"
    for language in LANGUAGES:
        yield tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8"))


def _listed() -> Iterator[tuple[tuple[str, ...], Concept, Decimal | None]]:
    """Every entry of every file: its tokens, what it means, and the share that it names."""
    for facts in _files():
        for key, entries in facts["words"].items():
            for entry in entries:
                yield tuple(TOKEN.findall(unicodedata.normalize("NFC", entry))), Concept(key), None
        for entry, share in facts["fractions"].items():
            tokens = tuple(TOKEN.findall(unicodedata.normalize("NFC", entry)))
            yield tokens, Concept.FRACTION, Decimal(share)


def _sides_of_calls() -> Iterator[tuple[str, Concept]]:
    """What the packs of calls call a side: a call may be ended by the word that called for it."""
    for word, meaning in calls_vocabulary().words.items():
        if meaning.kind is Kind.SIDE:
            yield word, Concept(meaning.value)


def _instrument_names() -> Iterator[tuple[str, str]]:
    """The names of instruments: their aliases, and what the packs of calls call them."""
    for name, symbol in alias_table().items():
        yield name.lower(), symbol
    named = calls_vocabulary()
    for name, meaning in named.words.items():
        if meaning.kind is Kind.SYMBOL:
            yield name, meaning.value
    for first, rests in named.phrases.items():
        for rest, meaning in rests:
            if meaning.kind is Kind.SYMBOL:
                yield " ".join((first, *rest)), meaning.value


def _listed_symbols() -> Iterator[tuple[str, str]]:
    """Names that count in updates only: where a call has them, they are money."""
    for facts in _files():
        yield from facts.get("symbols", {}).items()


def _taken(
    meanings: dict[tuple[str, ...], Concept], tokens: tuple[str, ...], concept: Concept, may_yield: bool
) -> bool:
    """Whether the words have a meaning already, which a spelling without marks and a filler yield to."""
    known = meanings.get(tokens)
    if known is None:
        return False
    if known is concept or may_yield:
        return True
    raise ValueError(f"{' '.join(tokens)!r} means both {known} and {concept}")


def _bare(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The words as the parser's first step leaves them, without the marks of their letters."""
    return tuple(normalise(token) for token in tokens)
