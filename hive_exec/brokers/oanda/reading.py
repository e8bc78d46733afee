"""Reading the venue's JSON strictly: a missing field, a wrong type or an unknown word is an error.

A field that is not asked for is passed over: the venue adds some, and none of them changes what the
others say. Which fields there are belongs to `transactions`, `books` and `quotes`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from hive_core.contracts.base import ContractError, strict_json

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_NESTED = 200_000
"""A page of a thousand fills with their price ladders has some 60,000 objects and arrays."""

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?", re.ASCII)
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Word = TypeVar("Word", bound=StrEnum)


class Unreadable(Exception):
    """The venue said what is not understood. Names the place and the fault."""


def read_document(body: bytes) -> Fields:
    """The JSON object of an answer.

    Raises:
        Unreadable: not strict JSON, or no object.
    """
    try:
        value = strict_json(body, max_bytes=MAX_BODY_BYTES, max_nested=MAX_NESTED)
    except ContractError as error:
        raise Unreadable(f"the answer is not usable JSON: {error}") from None
    return Fields(value, "answer")


def time_ns_of(text: str) -> int:
    """Nanoseconds since 1970 UTC of an RFC 3339 time in UTC, as the venue writes it.

    Raises:
        ValueError: written in another way, or no such time.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no RFC 3339 time in UTC")
    moment = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(seconds=1) * 1_000_000_000 + int((found[2] or "0").ljust(9, "0"))


def time_text(ts_ns: int) -> str:
    """A time as the venue reads it, to the nanosecond."""
    seconds, rest = divmod(ts_ns, 1_000_000_000)
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


class Fields:
    """An object of an answer, and where it stands."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise Unreadable(f"{where}: an object is expected")
        self._value = value
        self.where = where

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self._value.get(name) is not None

    def fault(self, name: str, reason: str) -> Unreadable:
        """The error that a field is not what it should be."""
        return Unreadable(f"{self.where}.{name}: {reason}")

    def text(self, name: str) -> str:
        """A text of 1 to 256 characters."""
        value = self._value.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= 256:
            raise self.fault(name, "missing" if value is None else "not a short text")
        return value

    def optional_text(self, name: str) -> str:
        """A text, or "" where it is missing."""
        return self.text(name) if self.has(name) else ""

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise self.fault(name, "missing" if value is None else "neither true nor false")
        return value

    def whole(self, name: str) -> int:
        """A whole number of at most nine digits."""
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 999_999_999:
            raise self.fault(name, "missing" if value is None else "no whole number")
        return value

    def number(self, name: str) -> Decimal:
        """A decimal, which travels as text."""
        text = self.text(name)
        if not _DECIMAL.fullmatch(text):
            raise self.fault(name, f"{text[:40]!r} is no plain decimal")
        return Decimal(text)

    def optional_number(self, name: str) -> Decimal | None:
        """A decimal, or None where it is missing."""
        return self.number(name) if self.has(name) else None

    def price(self, name: str) -> Decimal:
        """A decimal above zero."""
        value = self.number(name)
        if value <= 0:
            raise self.fault(name, f"{value} is no price")
        return value

    def id(self, name: str) -> int:
        """The number of a transaction, an order or a trade."""
        text = self.text(name)
        if not _ID.fullmatch(text):
            raise self.fault(name, f"{text[:40]!r} is no transaction id")
        return int(text)

    def optional_id(self, name: str) -> int | None:
        """A number of a transaction, an order or a trade, or None where it is missing."""
        return self.id(name) if self.has(name) else None

    def ids(self, name: str) -> tuple[int, ...]:
        """Numbers of transactions; a missing list is an empty one."""
        return tuple(Fields({"id": one}, f"{self.where}.{name}").id("id") for one in self._list(name))

    def time_ns(self, name: str) -> int:
        """A time, in nanoseconds since 1970 UTC."""
        try:
            return time_ns_of(self.text(name))
        except ValueError as error:
            raise self.fault(name, str(error)) from None

    def word(self, name: str, words: type[Word]) -> Word:
        """One of the words of an enum."""
        text = self.text(name)
        try:
            return words(text)
        except ValueError:
            raise self.fault(name, f"{text[:60]!r} is no {words.__name__} that is known") from None

    def inner(self, name: str) -> Fields:
        """An object inside."""
        if not self.has(name):
            raise self.fault(name, "missing")
        return Fields(self._value[name], f"{self.where}.{name}")

    def optional_inner(self, name: str) -> Fields | None:
        """An object inside, or None where it is missing."""
        return self.inner(name) if self.has(name) else None

    def inners(self, name: str) -> list[Fields]:
        """A list of objects."""
        if not self.has(name):
            raise self.fault(name, "missing")
        return self.optional_inners(name)

    def optional_inners(self, name: str) -> list[Fields]:
        """A list of objects; a missing one is empty."""
        return [Fields(one, f"{self.where}.{name}[{place}]") for place, one in enumerate(self._list(name))]

    def _list(self, name: str) -> list[object]:
        value = self._value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.fault(name, "not a list")
        return value
