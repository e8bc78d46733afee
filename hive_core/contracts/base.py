"""The base of every contract, the checked field types, and the one way bytes become a contract.

Field types and parsing belong here; the contracts themselves have a module each.
"""

from __future__ import annotations

import codecs
import json
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails

MAX_PAYLOAD_BYTES = 64 * 1024
"""A decision with a hundred votes is under 40 KiB; more is not a decision."""
MAX_DEPTH = 16
MAX_NESTED = 20_000
"""Objects and arrays in one payload: more of them cost seconds to walk."""
MAX_REMEMBERED_BYTES = 8 * 1024
"""Larger payloads are not kept after they were read: a few hundred of them would fill memory."""
MAX_NUMBER_CHARACTERS = 32
"""A timestamp in nanoseconds has 19 digits; longer numbers only cost time."""

_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_HALF_KEY = "a key with half a character (a lone surrogate)"


class ContractError(ValueError):
    """A payload is not what its contract says: at `field`, for `reason`, of the kind `code`."""

    def __init__(self, field: str, reason: str, code: str = "invalid") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason
        self.code = code


class ContractFault(ValueError):
    """What a validator of a contract raises where the kind of the fault has a name of its own (`code`)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Contract(BaseModel):
    """Strict, frozen, and closed: an unknown field or a wrong type is an error."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def _decimal_from_text(value: object) -> Decimal:
    if isinstance(value, Decimal):
        text = format(value, "f")
    elif isinstance(value, str):
        text = value
    else:
        raise ContractFault("number", 'a decimal travels as text, such as "1.0523"')
    if not _DECIMAL.fullmatch(text):
        raise ContractFault("number", "not a plain decimal of at most 12 + 8 digits")
    return Decimal(text)


def decimal_text(value: Decimal) -> str:
    """The one spelling of a decimal: no exponent, no trailing zeros, no negative zero."""
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


ExactDecimal = Annotated[
    Decimal,
    BeforeValidator(_decimal_from_text),
    PlainSerializer(decimal_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_DECIMAL.pattern}$"}),
]
Price = Annotated[ExactDecimal, Field(gt=0)]
Lots = Annotated[ExactDecimal, Field(gt=0)]
Weight = Annotated[ExactDecimal, Field(ge=0)]
Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9]{3,12}$")]
SourceId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
AccountName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,95}$")]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
TimestampNs = Annotated[int, Field(ge=0, le=4_102_444_800_000_000_000)]
"""Nanoseconds since 1970-01-01 UTC, up to 2100."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if _LONE_SURROGATE.search(key):
                raise ContractError("", _HALF_KEY)
            if key in seen:
                raise ContractError(key, "the key stands twice")
            seen.add(key)
    return held


def _refuse_constant(text: str) -> Any:
    raise ContractError("", f"{text} is not a number", "number")


def _short(text: str) -> str:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise ContractError("", f"a number of {len(text)} characters", "number")
    return text


def _exact_number(text: str) -> Decimal:
    try:
        return Decimal(_short(text))
    except InvalidOperation:
        raise ContractError("", f"{text} is not a number that can be held", "number") from None


def _exact_integer(digits: str) -> int:
    return int(digits if len(digits) <= MAX_NUMBER_CHARACTERS else _short(digits))


def _check_tree(value: Any) -> None:
    """Depth and text of a parsed value, level by level: no depth can exhaust the stack here."""
    level, depth = [value], 0
    while level:
        if any(isinstance(child, str) and _LONE_SURROGATE.search(child) for child in level):
            raise ContractError("", "text with half a character (a lone surrogate)")
        holders = [child for child in level if isinstance(child, (dict, list))]
        if any(isinstance(held, dict) and _LONE_SURROGATE.search("".join(held)) for held in holders):
            raise ContractError("", _HALF_KEY)
        depth += bool(holders)
        if depth > MAX_DEPTH:
            raise ContractError("", f"nested deeper than {MAX_DEPTH}")
        level = [child for held in holders for child in (held.values() if isinstance(held, dict) else held)]


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_duplicates,
    parse_constant=_refuse_constant,
    parse_int=_exact_integer,
    parse_float=_exact_number,
)


def _decoded(text: str) -> Any:
    try:
        value, end = _DECODER.raw_decode(text)  # without a look for blanks, which few have
    except json.JSONDecodeError:
        end = -1
    return value if end == len(text) else _DECODER.decode(text)


def strict_json(payload: bytes, *, max_bytes: int = MAX_PAYLOAD_BYTES, max_nested: int = MAX_NESTED) -> Any:
    """Parse JSON as nobody misreads it.

    Refuses invalid UTF-8, a byte order mark, lone surrogates, duplicate keys, NaN and infinities,
    numbers over `MAX_NUMBER_CHARACTERS`, nesting over `MAX_DEPTH`, payloads over `max_bytes` and more than
    `max_nested` objects and arrays.
    Numbers with a point or an exponent become `Decimal`.

    Raises:
        ContractError: with the key where there is one.
    """
    if len(payload) > max_bytes:
        raise ContractError("", f"{len(payload)} bytes, at most {max_bytes} are accepted")
    if payload.startswith(codecs.BOM_UTF8):
        raise ContractError("", "begins with a byte order mark (BOM)")
    try:
        text = payload.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise ContractError("", f"not UTF-8 at byte {error.start}") from None
    holders = text.count("[") + text.count("{")
    if holders > max_nested:
        raise ContractError("", "too many nested values")
    try:
        value = _decoded(text)
    except json.JSONDecodeError as error:
        raise ContractError("", f"not JSON at character {error.pos}: {error.msg}") from None
    except RecursionError:
        raise ContractError("", f"nested deeper than {MAX_DEPTH}") from None
    # Few brackets cannot be deep, and half a character comes through UTF-8 as an escape only.
    if holders > MAX_DEPTH or "\\u" in text:
        _check_tree(value)
    return value


AnyContract = TypeVar("AnyContract", bound=Contract)


def parse_contract(
    model: type[AnyContract], payload: bytes, *, max_bytes: int = MAX_PAYLOAD_BYTES
) -> AnyContract:
    """Parse bytes into `model`, strictly.

    Raises:
        ContractError: naming the first field at fault.
    """
    value = strict_json(payload, max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise ContractError("", "a JSON object is expected")
    try:
        return validated(model, payload)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ContractError(place, first["msg"], _code_of(first)) from None


def validated(model: type[AnyContract], payload: bytes) -> AnyContract:
    """The contract that bytes spell. Of the same few bytes, soon again, it is the same object: what an inbox
    reads is read again from its record.

    Raises:
        ValidationError: they spell none.
    """
    if len(payload) > MAX_REMEMBERED_BYTES:
        return model.model_validate_json(payload)
    return _validated(model, payload)  # type: ignore[return-value]


@lru_cache(maxsize=256)
def _validated(model: type[Contract], payload: bytes) -> Contract:
    return model.model_validate_json(payload)


_NUMBER_FAULTS = ("int_", "decimal_", "greater_than", "less_than", "finite_")


def _code_of(fault: ErrorDetails) -> str:
    thrown = fault.get("ctx", {}).get("error")
    if isinstance(thrown, ContractFault):
        return thrown.code
    return "number" if fault["type"].startswith(_NUMBER_FAULTS) else "invalid"
