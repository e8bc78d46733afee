"""Second step of the parser: plain text as tokens, with words known and instruments found.

What tokens mean together stands in `fields`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from functools import cache
from typing import NamedTuple

from hive_core.instruments.specification import alias_table, ambiguous_names
from hive_core.signals.parser.text import normalise
from hive_core.signals.parser.vocabulary import Kind, Meaning, Vocabulary, vocabulary

_YEAR = r"(?:19|20)\d\d"
_CLOCK = r"(?<![\d.,:])[012]?\d:[0-5]\d"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY = r"[0-3]?\d(?:st|nd|rd|th)?"
_PIECE = re.compile(
    # What a moment can begin with is looked at first: most pieces are none, and are passed over at once.
    rf"((?=[0-9])(?:{_YEAR}([./-])\d\d?\2\d\d?(?!\d)(?:[ t]\d\d?:\d\d(?::\d\d)?z?)?"
    rf"|(?<![\w.,])\d\d?([./-])\d\d?\3{_YEAR}(?!\d)(?: \d\d?:\d\d)?"
    rf"|\b{_DAY} {_MONTH},? {_YEAR}\b"
    rf"|{_CLOCK}:[0-5]\d(?![.,]?\d)|{_CLOCK}(?= ?(?:am|pm|gmt|utc|h\b)))"
    rf"|\b(?=[jfmasond][aepuco][nbrynlgptvc]){_MONTH} {_DAY},? {_YEAR}\b)"
    r"|((?:(?<![\w.,])\.(?=\d{3,5}(?!\d)))?\d+(?:(?:[.,]|\.\.+|')\d+)*)"
    r"|([^\W\d_]+(?:'[a-z]+)?)"
    r"|(\n)"
    r"|([^\s])"
)
_NUMBER, _WORD, _LINE, _MARK = 4, 5, 6, 7
"""The groups of `_PIECE` by number; those before are of moments."""


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


CURRENCIES = _listed(
    """usd eur gbp jpy chf cad aud nzd zar mxn try sgd hkd nok sek pln cnh huf czk dkk thb inr brl"""
)
COINS = _listed(
    """btc eth ltc xrp sol bnb ada doge dot link avax matic atom near trx shib bch etc xlm uni apt arb op
    sui ton pepe inj fil ltc xmr algo"""
)
_METALS = frozenset({"xau", "xag", "xpt", "xpd", "gold", "silver"})
_STABLE = ("usdt", "usdc", "busd")
_PAIR_MARKS = frozenset("/-_.")
_PHRASE_MARKS = _PAIR_MARKS | {"&"}
_INDEX_HEADS = _listed(
    """us nas ger de uk jp jpn spx sp fra fr aus au hk usa dj dow dax ws ustec nasdaq snp eu ftse cac
    nikkei russell stoxx eustx wallstreet dowjones germany"""
)
_SYNTHETIC_HEADS = frozenset({"boom", "crash", "volatility", "jump"})
_MAY_BEGIN_A_PAIR = CURRENCIES | COINS | _METALS | _INDEX_HEADS | _SYNTHETIC_HEADS
_BROKER_SUFFIXES = (
    "micro",
    "mini",
    "spot",
    "cash",
    "pro",
    "raw",
    "ecn",
    "stp",
    "std",
    "sb",
    "vx",
    "pm",
    "m",
    "c",
    "i",
    "x",
    "z",
    "r",
    "b",
)
_FULL_SYMBOL_LETTERS = 6
"""Suffixes are cut from full symbols only: `goldm` may be anything."""
_GLUED_LETTERS = 28
"""A longer run of letters is no word and its hash tag's parts."""
_GLUED_WORDS = _listed(
    """now limit stop zone entry at sl tp signal signals alert again scalp setup order trade spot free vip
    market stoploss takeprofit price idea swing update analysis forex"""
)
_REPEATED = re.compile(r"([^\W\d_])\1+")
_REMEMBERED_WORDS = 50_000


class Token(NamedTuple):
    """A piece of the plain text, characters `start` to `end`. `text` is the side of a side, Hive's name of
    a symbol, and the piece itself of anything else."""

    kind: Kind
    text: str
    start: int
    end: int


_new_token = tuple.__new__
"""Without the keywords of `Token(...)`, which take longer than all else a token costs."""

_NOTHING: tuple[Meaning, ...] = (Meaning(Kind.WORD),)
_SIDE, _STOP, _TARGET = 1, 2, 4
_BITS = {
    **dict.fromkeys((Kind.SIDE, Kind.WEAK_SIDE), _SIDE),
    **dict.fromkeys((Kind.STOP, Kind.WEAK_STOP), _STOP),
    **dict.fromkeys((Kind.TARGET, Kind.WEAK_TARGET), _TARGET),
}


def _spoken_of(meanings: Iterable[Meaning]) -> int:
    bits = 0
    for meaning in meanings:
        bits |= _BITS.get(meaning.kind, 0)
    return bits


class _Words:
    """What single words mean, worked out once each."""

    def __init__(self, words: Vocabulary) -> None:
        self.vocabulary = words
        self.remembered: dict[str, tuple[Meaning, ...]] = {}
        self.speaks_of: dict[str, int] = {}

    def bits(self, word: str) -> int:
        """Whether a word says a side, a stop, a target: asked of every word of every text."""
        if len(self.speaks_of) >= _REMEMBERED_WORDS:
            self.speaks_of.clear()
        found = self.speaks_of[word] = _spoken_of(self.of(word))
        return found

    def of(self, word: str) -> tuple[Meaning, ...]:
        found = self.remembered.get(word)
        if found is None:
            if len(self.remembered) >= _REMEMBERED_WORDS:
                self.remembered.clear()
            found = self._worked_out(word) or _NOTHING
            self.remembered[word] = found
        return found

    def _worked_out(self, word: str) -> tuple[Meaning, ...]:
        if one := self._one(word):
            return (one,)
        for shortened in (_REPEATED.sub(r"\1\1", word), _REPEATED.sub(r"\1", word)):
            if shortened != word and len(shortened) > 2 and (one := self._one(shortened)):
                return (one,)
        if len(word) <= _GLUED_LETTERS:
            parts = self._parts(word)
            if parts and any(part.kind in {Kind.SYMBOL, Kind.SIDE} for part in parts):
                return _with_stop_orders(parts)
        return ()

    def _one(self, word: str) -> Meaning | None:
        if word in self.vocabulary.words:
            return self.vocabulary.words[word]
        if word in CURRENCIES:
            return None
        if word.upper() in ambiguous_names():
            return Meaning(Kind.AMBIGUOUS_SYMBOL, word.upper())
        symbol = symbol_of(word)
        return None if symbol is None else Meaning(Kind.SYMBOL, symbol)

    def _parts(self, word: str) -> tuple[Meaning, ...]:
        """A run of glued words ("xauusdbuynow") as its parts, longest first, or nothing."""
        if not word:
            return ()
        for end in range(len(word), 1, -1):
            head = word[:end]
            meaning = self.vocabulary.words.get(head)
            if meaning is not None and not (meaning.kind in {Kind.SIDE, Kind.SYMBOL} or head in _GLUED_WORDS):
                meaning = None
            if meaning is None and end > 2 and (symbol := symbol_of(head, cut_suffix=False)):
                meaning = Meaning(Kind.SYMBOL, symbol)
            if meaning is None and head in _GLUED_WORDS:
                meaning = Meaning(Kind.WORD)
            if meaning is None:
                continue
            if end == len(word):
                return (meaning,)
            rest = self._parts(word[end:])
            if rest:
                return (meaning, *rest)
        return ()


def _with_stop_orders(parts: tuple[Meaning, ...]) -> tuple[Meaning, ...]:
    """ "Buystop" in one word is an order that waits, and no label of a stop."""
    return tuple(
        Meaning(Kind.STOP_ORDER)
        if part.kind is Kind.STOP and place and parts[place - 1].kind is Kind.SIDE
        else part
        for place, part in enumerate(parts)
    )


def symbol_of(word: str, *, cut_suffix: bool = True) -> str | None:
    """The instrument that one lower-case word names: an alias, a pair of currencies or against a stable
    coin, with or without a broker's suffix. None where it names none."""
    table = alias_table()
    if symbol := table.get(word.upper()):
        return symbol
    for coin in _STABLE:
        if word.endswith(coin) and len(word) > len(coin) + 1:
            return word.upper()
    if word[-3:] == "usd" and word[:-3] in COINS:
        return word.upper()
    if len(word) == _FULL_SYMBOL_LETTERS and word[:3] in CURRENCIES and word[3:] in CURRENCIES:
        return word.upper()
    if cut_suffix and len(word) > _FULL_SYMBOL_LETTERS:
        for suffix in _BROKER_SUFFIXES:
            bare = word.removesuffix(suffix)
            if len(bare) >= _FULL_SYMBOL_LETTERS and bare != word and (symbol := symbol_of(bare)):
                return symbol
    return None


@cache
def _words() -> _Words:
    return _Words(vocabulary())


class Said(NamedTuple):
    """What the words of a text speak of, before anything is read."""

    side: bool
    stop: bool
    target: bool


def own_words(words: Mapping[str, str], symbols: Mapping[str, str]) -> Mapping[str, tuple[Meaning, ...]]:
    """The words of one source, plain, as tokens read them: they come before those of the packs."""
    kinds = {"stop": Kind.STOP, "target": Kind.TARGET, "entry": Kind.ENTRY, "other": Kind.OTHER}
    found: dict[str, tuple[Meaning, ...]] = {
        normalise(word): (Meaning(kinds[said]) if said in kinds else Meaning(Kind.SIDE, said),)
        for word, said in words.items()
    }
    return found | {normalise(word): (Meaning(Kind.SYMBOL, symbol),) for word, symbol in symbols.items()}


_NO_OWN_WORDS: dict[str, tuple[Meaning, ...]] = {}


def said_in(words: Set[str], own: Mapping[str, tuple[Meaning, ...]] = _NO_OWN_WORDS) -> Said:
    """Whether words say a direction, a stop, a target."""
    speaks_of = _words().speaks_of
    spoken = 0
    for word in words:
        bits = speaks_of.get(word)
        spoken |= _words().bits(word) if bits is None else bits
    if own:
        for word in words:
            if word in own:
                spoken |= _spoken_of(own[word])
    return Said(bool(spoken & _SIDE), bool(spoken & _STOP), bool(spoken & _TARGET))


def tokenise(text: str, own: Mapping[str, tuple[Meaning, ...]] = _NO_OWN_WORDS) -> list[Token]:
    """The tokens of a plain text (`text.normalise`), for a source with these words of its own."""
    pieces = [(match.lastindex, match[0], *match.span()) for match in _PIECE.finditer(text)]
    tokens: list[Token] = []
    add, new = tokens.append, _new_token  # the innermost loop of the parser: names are looked up once
    words = _words()
    phrases, remembered = words.vocabulary.phrases, words.remembered
    place, count = 0, len(pieces)
    while place < count:
        group, piece, start, end = pieces[place]
        place += 1
        if group == _WORD:
            if piece in own:
                for meaning in own[piece]:
                    add(new(Token, (meaning.kind, meaning.value or piece, start, end)))
                continue
            if piece in phrases and (matched := _phrase_at(pieces, place, phrases[piece])):
                meaning, place = matched
                last = pieces[place - 1]
                if meaning.kind is not Kind.SIDE and (side := _side_of(words, piece)):
                    add(new(Token, (Kind.SIDE, side, start, end)))  # "sell zone" says both
                add(new(Token, (meaning.kind, meaning.value or piece, start, last[3])))
                if meaning.kind is Kind.SYMBOL and (side := _side_of(words, last[1])):
                    add(new(Token, (Kind.SIDE, side, last[2], last[3])))  # so does "or achat"
                continue
            if piece in _MAY_BEGIN_A_PAIR or (place < count and pieces[place][1] == "/"):
                pair = _pair_at(pieces, place, piece)
                if pair is not None:
                    symbol, place = pair
                    add(new(Token, (Kind.SYMBOL, symbol, start, pieces[place - 1][3])))
                    continue
            for kind, value in remembered.get(piece) or words.of(piece):
                add(new(Token, (kind, value or piece, start, end)))
        elif group == _NUMBER:
            add(new(Token, (Kind.NUMBER, piece, start, end)))
        elif group == _LINE:
            add(new(Token, (Kind.LINE, piece, start, end)))
        elif group == _MARK:
            add(new(Token, (Kind.PLACE if piece == "@" else Kind.MARK, piece, start, end)))
        else:
            add(new(Token, (Kind.MOMENT, piece, start, end)))
    return tokens


def _side_of(words: _Words, piece: str) -> str | None:
    meaning = words.vocabulary.words.get(piece)
    return meaning.value if meaning is not None and meaning.kind is Kind.SIDE else None


_Piece = tuple[int | None, str, int, int]


def _phrase_at(
    pieces: list[_Piece], place: int, choices: tuple[tuple[tuple[str, ...], Meaning], ...]
) -> tuple[Meaning, int] | None:
    """The longest phrase whose further words stand from `place` on, one mark between at most."""
    for rest, meaning in choices:
        at = place
        for word in rest:
            if at < len(pieces) and pieces[at][0] != _WORD and pieces[at][1] in _PHRASE_MARKS:
                at += 1
            if at >= len(pieces) or pieces[at][1] != word:
                break
            at += 1
        else:
            return meaning, at
    return None


def _pair_at(pieces: list[_Piece], place: int, word: str) -> tuple[str, int] | None:
    """The symbol that a word makes with what follows it: "eur/usd", "xau usd", "us30", "zec/usdt"."""
    if place >= len(pieces):
        return None
    group, following, _, _ = pieces[place]
    if group == _NUMBER:
        if word in _INDEX_HEADS and following.isdigit():
            symbol = alias_table().get((word + following).upper())
            return None if symbol is None else (symbol, place + 1)
        if word in _SYNTHETIC_HEADS and following.isdigit():
            return (word + following).upper(), place + 1
        return None
    first_is_money = word in CURRENCIES or word in COINS or word in _METALS
    marked = group != _WORD and following in _PAIR_MARKS
    if not (first_is_money or marked):
        return None
    at = place + 1 if marked else place
    if at >= len(pieces) or pieces[at][0] != _WORD:
        return None
    other = pieces[at][1]
    if first_is_money and (other in CURRENCIES or other in _STABLE) and other != word:
        joined = ("xau" if word == "gold" else "xag" if word == "silver" else word) + other
        return alias_table().get(joined.upper(), joined.upper()), at + 1
    if marked and following == "/" and (other in _STABLE or other == "usd") and len(word) > 1:
        return (word + other).upper(), at + 1
    return None
