"""A question to the policies: the one spelling of an input, its hash, and the number of the question.

What every engine understands in the same way is accepted, nothing else. Engines hold numbers in different
ways (64 bits, doubles, exact) and one ends a text at its first NUL, so neither may come near them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hive_core.contracts.base import MAX_PAYLOAD_BYTES, ContractError, strict_json
from hive_core.evidence.canonical import canonical_bytes, sha256_hex, short_id
from hive_exec.policy.answer import PolicyCode, plain_detail

LARGEST_INTEGER = 2**53 - 1
"""The largest that a double holds without its neighbours being the same number (ECMA-262, 21.1.2.8)."""
NUMBER_OF_QUESTION = "decision_id"
"""The field that is added to the input; the answer repeats it."""


class InputRefused(ValueError):
    """The document is no input for policies."""

    code = PolicyCode.INPUT_REFUSED

    def __init__(self, detail: str, input_sha256: str | None) -> None:
        super().__init__(plain_detail(detail))
        self.input_sha256 = input_sha256


@dataclass(frozen=True, slots=True)
class Question:
    """What an engine is asked: the canonical JSON of the input with its number in it."""

    payload: bytes
    input_sha256: str
    decision_id: str
    revision: str


def decision_id(revision: str, input_sha256: str | None) -> str:
    """The number of a question: the same input to the same policies has the same."""
    return short_id("pol", {"revision": revision, "input_sha256": input_sha256})


def question_of(document: Mapping[str, Any], revision: str) -> Question:
    """Spell a document as a question to the policies of `revision`.

    The document holds mappings, lists, text, integers up to `LARGEST_INTEGER`, booleans and None. Amounts are
    integers in stated units; a Decimal becomes text, and policies refuse text where they expect a number.

    Raises:
        InputRefused: anything else in it; more than 64 KiB; nested deeper than 16; a field `decision_id`.
    """
    try:
        payload = canonical_bytes(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputRefused(f"no canonical spelling: {error}", None) from None
    digest = sha256_hex(payload)
    try:
        value = strict_json(payload, max_bytes=MAX_PAYLOAD_BYTES)
    except ContractError as error:
        raise InputRefused(str(error), digest) from None
    if not isinstance(value, dict):
        raise InputRefused("the input is a JSON object", digest)
    if NUMBER_OF_QUESTION in value:
        raise InputRefused(f"the field {NUMBER_OF_QUESTION} is the question's own", digest)
    fault = fault_of_value(value)
    if fault is not None:
        raise InputRefused(fault, digest)
    number = decision_id(revision, digest)
    return Question(canonical_bytes({**value, NUMBER_OF_QUESTION: number}), digest, number, revision)


def fault_of_value(value: object) -> str | None:
    """Why engines would not see a parsed JSON value in the same way, or None."""
    waiting = [value]
    while waiting:
        held = waiting.pop()
        if isinstance(held, dict):
            waiting += held.keys()
            waiting += held.values()
        elif isinstance(held, list):
            waiting += held
        elif isinstance(held, str):
            if "\0" in held:
                return "a text with a NUL in it"
        elif isinstance(held, int):
            if abs(held) > LARGEST_INTEGER:
                return f"an integer beyond {LARGEST_INTEGER}"
        elif held is not None:
            return f"a number that is no integer: {held}"
    return None
