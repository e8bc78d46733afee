"""Whether the text of a call takes that call back: struck through, or called void in so many words.

Asked of a message that was a call before. A text that is merely another one takes nothing back.
"""

from __future__ import annotations

import re

from hive_core.signals.parser.text import normalise
from hive_core.signals.updates.own_words import NO_OWN_WORDS, OwnWords
from hive_core.signals.updates.tokens import Token, sentences
from hive_core.signals.updates.vocabulary import Concept, void_words

_STRUCK = re.compile("([^\\W_])[\u0335-\u0338]")
_STRUCK_PARTS = re.compile(r"~~(.+?)~~|<(s|del|strike)>(.+?)</\2>", re.DOTALL | re.IGNORECASE)
_SIGNS_OF_STRIKING = ("\u0335", "\u0336", "\u0337", "\u0338", "~~", "</")
_NOT_NOW = frozenset({Concept.IF, Concept.FUTURE, Concept.MAYBE, Concept.OR, Concept.TIME})
_DENIED = frozenset({Concept.NOT, Concept.NOT_AFTER})


def is_struck_through(text: str) -> bool:
    """Whether more than half of a text's letters and digits are struck through, by marks of the letters, by
    markdown or by tags."""
    if not any(sign in text for sign in _SIGNS_OF_STRIKING):
        return False
    count = sum(character.isalnum() for character in text)
    struck = len(_STRUCK.findall(text))
    for part in _STRUCK_PARTS.finditer(text):
        struck += sum(character.isalnum() for character in part[1] or part[3])
    return 2 * struck > count


def takes_back(text: str, own: OwnWords = NO_OWN_WORDS) -> bool:
    """Whether a text that was a call says that it is none any more: "CANCELLED", "ignore this signal"."""
    if is_struck_through(text):
        return True
    return any(_is_void(sentence) for sentence in sentences(normalise(text), own))


def _is_void(sentence: list[Token]) -> bool:
    concepts = {token.concept for token in sentence}
    if not _NOT_NOW.isdisjoint(concepts):
        return False
    words = f" {' '.join(token.text for token in sentence)} "
    if any(f" {void} " in words for void in void_words()):
        return True
    return _DENIED.isdisjoint(concepts) and not {Concept.CANCELLED, Concept.CANCEL}.isdisjoint(concepts)
