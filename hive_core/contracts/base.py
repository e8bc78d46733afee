"""The base of every contract, the checked field types, and the one way bytes become a contract.

Field types and parsing belong here; the contracts themselves have a module each.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

MAX_PAYLOAD_BYTES = 64 * 1024
"""A decision with a hundred votes is under 40 KiB; more is not a decision."""
MAX_DEPTH = 16

_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", re.ASCII)


class ContractError(ValueError):
    """A payload is not what its contract says. `field` names the place, `reason` the fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class Contract(BaseModel):
    """Strict, frozen, and closed: an unknown field or a wrong type is an error."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def _decimal_from_text(value: object) -> Decimal:
    if isinstance(value, Decimal):
        text = format(value, "f")
    elif isinstance(value, str):
        text = value
    else:
        raise ValueError('a decimal travels as text, such as "1.0523"')
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a plain decimal of at most 12 + 8 digits")
    return Decimal(text)


def decimal_text(value: Decimal) -> str:
    """The one spelling of a decimal: no exponent, no trailing zeros, no negative zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


ExactDecimal = Annotated[
    Decimal, BeforeValidator(_decimal_from_text), PlainSerializer(decimal_text, return_type=str)
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
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise ContractError(key, "the key stands twice")
        seen[key] = value
    return seen


def _refuse_constant(text: str) -> Any:
    raise ContractError("", f"{text} is not a number")


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(child) for child in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(child) for child in value), default=0)
    return 0


def strict_json(payload: bytes, *, max_bytes: int = MAX_PAYLOAD_BYTES) -> Any:
    """Parse JSON as nobody misreads it.

    Refuses invalid UTF-8, a byte order mark, duplicate keys, NaN and infinities, nesting over
    `MAX_DEPTH` and payloads over `max_bytes`. Numbers with a point become `Decimal`.

    Raises:
        ContractError: with the key where there is one.
    """
    if len(payload) > max_bytes:
        raise ContractError("", f"{len(payload)} bytes, at most {max_bytes} are accepted")
    try:
        text = payload.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise ContractError("", f"not UTF-8 at byte {error.start}") from None
    if text.count("[") + text.count("{") > 20_000:
        raise ContractError("", "too many nested values")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=Decimal,
        )
    except json.JSONDecodeError as error:
        raise ContractError("", f"not JSON at character {error.pos}: {error.msg}") from None
    except RecursionError:
        raise ContractError("", f"nested deeper than {MAX_DEPTH}") from None
    if _depth(value) > MAX_DEPTH:
        raise ContractError("", f"nested deeper than {MAX_DEPTH}")
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
        return model.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ContractError(".".join(str(part) for part in first["loc"]), first["msg"]) from None
