"""Pictures in the place of labels: a target sign before each target, a stop sign before the stop.

Where words label a call, pictures are ornament and go; this module is asked only where a word is missing.
"""

from __future__ import annotations

import re

_BEFORE_A_PRICE = "(?=[ :=\\-@\u200e\u200f]{0,4}[0-9](?:[0-9]|[.,][0-9]))"
_STOP = re.compile("[\N{OCTAGONAL SIGN}\N{NO ENTRY}\N{NO ENTRY SIGN}\N{CROSS MARK}]\ufe0f?" + _BEFORE_A_PRICE)
_TARGETS = (
    re.compile("\N{DIRECT HIT}\ufe0f?" + _BEFORE_A_PRICE),
    re.compile(
        "[\N{WHITE HEAVY CHECK MARK}\N{HEAVY CHECK MARK}\N{BALLOT BOX WITH CHECK}\N{MONEY BAG}]\ufe0f?"
        + _BEFORE_A_PRICE
    ),
    re.compile("(?<![0-9])[1-9]\ufe0f?\N{COMBINING ENCLOSING KEYCAP}" + _BEFORE_A_PRICE),
)
_OPEN_TARGET = re.compile("\N{DIRECT HIT}\ufe0f? ?(?=open)", re.IGNORECASE)


def with_words_for_pictures(text: str, *, has_stop: bool, has_target: bool) -> str | None:
    """The text with words in the place of the pictures that label its stop and targets; None where a label
    is missing that no picture stands for.

    Args:
        has_stop: whether a word of the text labels a stop.
        has_target: whether one labels a target.
    """
    if not has_stop:
        if _STOP.search(text) is None:
            return None
        text = _STOP.sub(" sl ", text)
    if has_target:
        return text
    for picture in _TARGETS:
        if picture.search(text) is not None:
            return _OPEN_TARGET.sub(" tp ", picture.sub(" tp ", text))
    return None
