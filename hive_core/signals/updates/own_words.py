"""The words of one source in updates: its nicknames of instruments, and what its own words say.

They come before the words of all rooms, as in calls.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from hive_core.signals.parser.text import normalise
from hive_core.signals.updates.vocabulary import (
    Concept,
    Triggers,
    Vocabulary,
    triggers,
    triggers_with,
    vocabulary,
)

MANAGING = frozenset({"close", "cancel", "breakeven", "partial"})
"""What a word may say that is of updates only: calls do not know it."""

_CONCEPTS = {said: Concept(said) for said in ("buy", "sell", "stop", "target", "entry", "other", *MANAGING)}


class OwnWords:
    """What a source says in words of its own: the vocabulary and the first look with them. Two are the
    same only if they are one object, so a reading can be remembered by it."""

    __slots__ = ("_triggers", "_vocabulary")

    def __init__(self, words: Mapping[str, Concept], symbols: Mapping[str, str]) -> None:
        self._triggers: Triggers | None = None
        self._vocabulary: Vocabulary | None = None
        if words or symbols:
            self._vocabulary = _with(words, symbols)
            self._triggers = triggers_with(words)

    def vocabulary(self) -> Vocabulary:
        """Its words before those of all rooms."""
        return self._vocabulary or vocabulary()

    def triggers(self) -> Triggers:
        """What the first look at its texts asks for."""
        return self._triggers or triggers()


NO_OWN_WORDS = OwnWords({}, {})


def own_words_of(words: Mapping[str, str], symbols: Mapping[str, str]) -> OwnWords:
    """The words of a source as its configuration names them; the same object for the same words."""
    if not words and not symbols:
        return NO_OWN_WORDS
    return _own_words_of(tuple(words.items()), tuple(symbols.items()))


@lru_cache(maxsize=256)
def _own_words_of(words: tuple[tuple[str, str], ...], symbols: tuple[tuple[str, str], ...]) -> OwnWords:
    return OwnWords(
        {spelled: _CONCEPTS[said] for word, said in words for spelled in _spellings(word)},
        {spelled: symbol for word, symbol in symbols for spelled in _spellings(word)},
    )


def _spellings(word: str) -> set[str]:
    """A word with and without the marks of its letters."""
    return {unicodedata.normalize("NFC", word).lower(), normalise(word)}


def _with(words: Mapping[str, Concept], symbols: Mapping[str, str]) -> Vocabulary:
    everybody = vocabulary()
    own = words.keys() | symbols.keys()
    return Vocabulary(
        words={word: concept for word, concept in everybody.words.items() if word not in own} | dict(words),
        phrases={first: rest for first, rest in everybody.phrases.items() if first not in own},
        fractions=everybody.fractions,
        symbols={name: symbol for name, symbol in everybody.symbols.items() if name not in own}
        | dict(symbols),
    )
