"""One spelling for data, so that equal data has equal hashes.

JSON with sorted keys, no blanks, UTF-8, decimals as text. Floats are refused: two machines may
spell one float in two ways.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel

from hive_core.contracts.base import decimal_text


class Spelled:
    """Canonical bytes that stand for the value they spell, so that what is hashed alone and then stands in
    something larger is spelled once: `Spelled(canonical_bytes(value))`."""

    __slots__ = ("payload",)

    def __init__(self, payload: bytes) -> None:
        self.payload = payload


class Texts(list[Mapping[str, "str | Mapping[str, str] | None"]]):
    """Rows of text alone, as a type checker knows: spelled as any list, without another look at each leaf."""

    __slots__ = ()


# The same bytes as orjson's, for the little that orjson does not spell; it sets the standard.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    sort_keys=True,
    separators=(",", ":"),
    allow_nan=False,
    default=lambda spelled: json.loads(spelled.payload),
)
_LEAVES = frozenset({str, int, bool, type(None), Spelled, Texts})


def _is_text(keys: Mapping[Any, Any]) -> bool:
    try:
        "".join(keys)
    except TypeError:
        return False
    return True


def _plain(value: Any) -> Any:
    if type(value) in _LEAVES or isinstance(value, (str, bool, int)):
        return value
    if type(value) is dict:
        # What nearly every value is: looked at without a step of Python for each of its leaves.
        if not _is_text(value):
            raise TypeError("canonical data has text keys only")
        if _LEAVES.issuperset(map(type, value.values())):
            return value
        return {key: child if type(child) in _LEAVES else _plain(child) for key, child in value.items()}
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} has no canonical spelling")
        return decimal_text(value)
    if isinstance(value, BaseModel):
        return _plain({name: getattr(value, name) for name in type(value).model_fields})
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("canonical data has text keys only")
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(child) for child in value]
    raise TypeError(f"{type(value).__name__} has no canonical spelling")


def _is_plain(value: Any) -> bool:
    """Whether it is made of mappings, lists and leaves alone, so that nothing of it has to be spelled first.
    Looked at without a step of Python for each leaf."""
    waiting = [value]
    children: Collection[Any]
    while waiting:
        held = waiting.pop()
        if type(held) is dict:
            children = held.values()
        elif type(held) is list or type(held) is tuple:
            children = held
        else:
            return False
        if not _LEAVES.issuperset(map(type, children)):
            waiting += [child for child in children if type(child) not in _LEAVES]
    return True


def _as_it_stands(spelled: Spelled) -> orjson.Fragment:
    return orjson.Fragment(spelled.payload)


def canonical_bytes(value: Any) -> bytes:
    """The canonical JSON of contracts, mappings, sequences, text, integers, booleans, decimals, None, and of
    what is `Spelled` already.

    Raises:
        TypeError: on a float or anything else without one spelling.
    """
    plain = value if _is_plain(value) else _plain(value)
    try:
        return orjson.dumps(plain, _as_it_stands, orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # integers over 64 bits; keys that are text of a type of their own
        return _ENCODER.encode(_plain(value)).encode("utf-8")


def sha256_hex(payload: bytes) -> str:
    """SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(payload).hexdigest()


def content_hash(value: Any) -> str:
    """SHA-256 of the canonical bytes of `value`."""
    return sha256_hex(canonical_bytes(value))


def short_id(prefix: str, value: Any) -> str:
    """A readable identifier made from content: `prefix_` and 96 bits of its hash."""
    return f"{prefix}_{content_hash(value)[:24]}"
