"""What may stand behind the question mark of an address, and in the places of a path: as data, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from hive_exec.commands import CommandRefused

MAX_PAGE = 5_000
MAX_QUERY_ITEMS = 16
MAX_QUERY_BYTES = 8_192


class QueryItem(Protocol):
    """One item of a query: its name, what it says, and what is taken for it."""

    @property
    def name(self) -> str:
        """As it stands in the address."""

    @property
    def meaning(self) -> str:
        """For the reader of the document."""

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its value."""

    def value(self, text: str | None) -> int | str | None:
        """The value of a text, or of nothing. Raises CommandRefused (422)."""


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number from 0 to `most`."""

    name: str
    meaning: str
    default: int
    most: int

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its value."""
        return {"type": "integer", "minimum": 0, "maximum": self.most, "default": self.default}

    def value(self, text: str | None) -> int:
        """The number, or the default. Raises CommandRefused (422)."""
        if text is None:
            return self.default
        if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) or int(text) > self.most:
            raise CommandRefused(422, self.name, f"a whole number from 0 to {self.most} is expected")
        return int(text)


@dataclass(frozen=True, slots=True)
class Word:
    """A text that a pattern allows."""

    name: str
    meaning: str
    pattern: str

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its value."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}

    def value(self, text: str | None) -> str | None:
        """The text, or None. Raises CommandRefused (422)."""
        if text is not None and not re.fullmatch(self.pattern, text, re.ASCII):
            raise CommandRefused(422, self.name, "not a name that there can be")
        return text


AFTER_SEQ = Count("after_seq", "Only records after this place in the journal.", 0, 10**15)
LIMIT = Count("limit", "At most so many records.", 1_000, MAX_PAGE)


def read_query(raw: bytes, known: tuple[QueryItem, ...]) -> dict[str, int | str | None]:
    """Every item that a route knows, with its value.

    Raises:
        CommandRefused: 414 too long; 422 an item that is unknown, stands twice, or has no such value.
    """
    if not raw:
        return {item.name: item.value(None) for item in known}
    if len(raw) > MAX_QUERY_BYTES:
        raise CommandRefused(414, "query", f"more than {MAX_QUERY_BYTES} bytes")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_QUERY_ITEMS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise CommandRefused(422, "query", f"not up to {MAX_QUERY_ITEMS} items of name=value") from None
    given: dict[str, str] = {}
    names = {item.name for item in known}
    for name, text in pairs:
        if name in given:
            raise CommandRefused(422, name, "stands twice in the query")
        if name not in names:
            raise CommandRefused(
                422, "query", f"knows no {name[:40]!r}; there are: {', '.join(sorted(names)) or 'none'}"
            )
        given[name] = text
    return {item.name: item.value(given.get(item.name)) for item in known}
