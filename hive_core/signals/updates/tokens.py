"""A normalised text as concepts, sentence by sentence: each word with what it means of a trade.

Numbers stay as written; phrases are one token; an instrument is its symbol.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from hive_core.signals.parser.text import normalise
from hive_core.signals.parser.tokens import symbol_of
from hive_core.signals.parser.vocabulary import Kind
from hive_core.signals.parser.vocabulary import vocabulary as calls_vocabulary
from hive_core.signals.updates.own_words import NO_OWN_WORDS, OwnWords
from hive_core.signals.updates.vocabulary import TOKEN, Concept


class Token(NamedTuple):
    """A word, phrase, number or mark. `text` is as written, or the symbol of an instrument; `piece` counts
    the pieces (`TOKEN`) of the text before it."""

    concept: Concept
    text: str
    piece: int = 0


_new_token = tuple.__new__
"""Without the keywords of `Token(...)`, which take longer than all else a token costs."""
_NUMBER, _MARK, _SYMBOL, _OTHER, _END = (
    *(Concept.NUMBER, Concept.MARK, Concept.SYMBOL, Concept.OTHER, Concept.END),
)
"""An enum looks its members up anew each time they are named."""
_GLUED_SIDES = tuple((side, side.value) for side in (Concept.BUY, Concept.SELL))
_LONGEST_SIDE = 4
_MARKS = {"\n": Concept.END, ".": Concept.END, "&": Concept.AND, "@": Concept.AT, "?": Concept.IF}
_MAY_BEGIN_A_SYMBOL = frozenset({Concept.FILLER, Concept.MONEY})
_PAIR_MARKS = frozenset("/-")
_DECIMALS_OF_THOUSANDS = 3


def sentences(text: str, own: OwnWords = NO_OWN_WORDS) -> list[list[Token]]:
    """The sentences of a text, each without its end, as a source with words of its own says them. Line
    breaks and full stops end one."""
    known_here = own.vocabulary()
    words, phrases, symbols = known_here.words, known_here.phrases, known_here.symbols
    pieces = TOKEN.findall(text)
    new = _new_token
    found: list[list[Token]] = []
    sentence: list[Token] = []
    position, count = 0, len(pieces)
    while position < count:
        piece, begin = pieces[position], position
        position += 1
        phrase = phrases.get(piece)
        if phrase is not None:
            for rest, concept in phrase:
                if tuple(pieces[position : position + len(rest)]) == rest:
                    position += len(rest)
                    said = " ".join((piece, *rest))
                    sentence.append(new(Token, (concept, symbols.get(said, said), begin)))
                    break
            else:
                phrase = None
            if phrase is not None:
                continue
        known = words.get(piece)
        if known in _MAY_BEGIN_A_SYMBOL and _symbol(symbols, piece, pieces, position)[1]:
            known = None  # eur/usd, nas100
        if known is not None:
            sentence.append(new(Token, (known, piece, begin)))
        elif piece[0].isdigit():
            sentence.append(new(Token, (_NUMBER, piece, begin)))
        elif not piece[0].isalpha():
            mark = _MARKS.get(piece, _MARK)
            if mark is not _END:
                sentence.append(new(Token, (mark, piece, begin)))
            elif sentence:
                found.append(sentence)
                sentence = []
        else:
            symbol, taken = _symbol(symbols, piece, pieces, position)
            position += taken
            if symbol is not None:
                sentence.append(new(Token, (_SYMBOL, symbol, begin)))
            elif len(piece) > _LONGEST_SIDE and (glued := _glued(symbols, piece, begin)):
                sentence += glued
            else:
                sentence.append(new(Token, (_OTHER, piece, begin)))
    if sentence:
        found.append(sentence)
    return found


def _symbol(symbols: dict[str, str], word: str, pieces: list[str], following: int) -> tuple[str | None, int]:
    """The instrument that a word begins, or None, and how many pieces after it belong to it."""
    rest = pieces[following : following + 2]
    if rest:
        if symbol := symbols.get(word + rest[0]):
            return symbol, 1
        if len(rest) > 1 and rest[0] in _PAIR_MARKS and (symbol := symbols.get(word + rest[1])):
            return symbol, 2
    return symbols.get(word) or _named_by(word), 0


@lru_cache(maxsize=16_384)
def _named_by(word: str) -> str | None:
    """The instrument that a word of no list names, as in calls: a pair, or one with a broker's suffix; or a
    listed one, written with its marks."""
    if word.isascii():
        return symbol_of(word)
    meaning = calls_vocabulary().words.get(normalise(word))
    return meaning.value if meaning is not None and meaning.kind is Kind.SYMBOL else None


def _glued(symbols: dict[str, str], word: str, begin: int) -> list[Token]:
    """A symbol and a side without a blank between them, or nothing."""
    for side, said in _GLUED_SIDES:
        if word.endswith(said) and (symbol := symbols.get(word.removesuffix(said))):
            return [Token(_SYMBOL, symbol, begin), Token(side, said, begin)]
        if word.startswith(said) and (symbol := symbols.get(word.removeprefix(said))):
            return [Token(side, said, begin), Token(_SYMBOL, symbol, begin)]
    return []


def place_of(text: str, piece: int) -> int:
    """The place of a text's character at which a piece of it begins."""
    return next(islice(TOKEN.finditer(text), piece, None)).start()


def number(text: str) -> Decimal | None:
    """A number as written, or None where it is none: "1.2.3".

    A comma before three digits is taken for one of thousands: whoever knows the instrument's price may
    have to read it as a decimal one.
    """
    if "," in text:
        whole, _, decimals = text.rpartition(",")
        if "." in decimals:  # 1,234.5
            text = text.replace(",", "")
        elif "." in whole or whole == "0" or len(decimals) != _DECIMALS_OF_THOUSANDS:
            text = f"{whole.replace('.', '')}.{decimals}"
        else:
            text = text.replace(",", "")
    return Decimal(text) if text.count(".") <= 1 and "," not in text else None
