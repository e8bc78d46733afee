"""Text of others inside the markdown that Dagster's web pages render: shown, never obeyed.

A message is written by strangers. Unescaped, `![x](https://...)` in one would make the browser of whoever
looks at it call out. What is shown of a table belongs to `showing`, to the checks and to the sensors.
"""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_\[\]()<>!|#~&])")
_OPENS_MARKUP = re.compile(r"[\\`*\[\]<>!|~&]+")

_BARE_LINK = re.compile(r":(?=//)|www(?=\.)|@", re.IGNORECASE)
"""Where GitHub's markdown finds a link without brackets; it looks for it after the escapes are gone
(https://github.github.com/gfm/#autolinks-extension-)."""
_WORD_JOINER = "\u2060"
"""Takes no room and lets no line break, but is part of no address."""


def as_markdown_text(text: str, max_characters: int) -> str:
    """Text in one line of markdown that is rendered as it stands: no picture, link, code or HTML comes of
    it, and it ends no cell of a table. What is longer than `max_characters` is cut, before it is escaped."""
    return _MARKUP.sub(r"\\\1", _without_links(_one_line(text, max_characters)))


def without_markup(text: str, max_characters: int) -> str:
    """Text in one line for places that are read as markdown by some and as plain text by others (what a
    check says stands in Slack too): instead of escapes, a space for what could open markup."""
    return " ".join(_OPENS_MARKUP.sub(" ", _without_links(_one_line(text, max_characters))).split())


def _one_line(text: str, max_characters: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= max_characters else line[: max_characters - 1] + "…"


def _without_links(line: str) -> str:
    return _BARE_LINK.sub(lambda found: found[0] + _WORD_JOINER, line)
