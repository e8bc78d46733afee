"""JSON that a reader could misunderstand is refused with a ContractError, whatever else it holds."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.contracts.base import MAX_DEPTH, MAX_PAYLOAD_BYTES, ContractError, strict_json


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": Infinity}', "Infinity is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b'{"a": 1, "a": 1000000}', "a: the key stands twice"),
        (b'{"b": {"a": 1, "a": 1}}', "a: the key stands twice"),
        (rb'{"a": 1, "\u0061": 2}', "a: the key stands twice"),
        (b'{"a": "caf\xe9"}', "not UTF-8 at byte 10"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (rb'{"a": "\ud800"}', "lone surrogate"),
        (rb'{"a": [1, "x\udfff"]}', "lone surrogate"),
        (rb'{"\ud800": 1}', "lone surrogate"),
        (rb'{"\ud800": 1, "\ud800": 2}', "lone surrogate"),
        (b"9" * 5_000, "a number of 5000 characters"),
        (b'{"a": -' + b"9" * 33 + b"}", "a number of 34 characters"),
        (b"0." + b"1" * 60_000, "a number of 60002 characters"),
        (b"1e" + b"9" * 20, "not a number that can be held"),
        (nested(MAX_DEPTH + 1), "nested deeper than 16"),
        (nested(600), "nested deeper than 16"),
        (nested(19_999), "nested deeper than 16"),
        (nested(20_001), "too many nested values"),
        (nested(600, b'{"a":', b"}").replace(b'{"a":}', b"{}"), "nested deeper than 16"),
        (b'"' + b"x" * MAX_PAYLOAD_BYTES + b'"', "at most 65536 are accepted"),
        (b"", "not JSON at character 0"),
        (b"{} {}", "not JSON at character 3"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 01}', "not JSON"),
        (b'{"a": "\x00"}', "not JSON"),
        (b'{"a": +1}', "not JSON"),
    ],
)
def test_what_could_be_misread_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(ContractError) as refused:
        strict_json(payload)
    assert reason in str(refused.value)


def test_every_refusal_can_be_sent_back_as_text() -> None:
    for payload in (rb'{"\ud800": 1, "\ud800": 2}', rb'{"a": "\ud800"}'):
        with pytest.raises(ContractError) as refused:
            strict_json(payload)
        assert (refused.value.field + refused.value.reason).encode("utf-8")


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b'{"a": 1.50}', {"a": Decimal("1.50")}),
        (b"[1e999]", [Decimal("1E+999")]),  # exact, so nothing becomes an infinity
        (b"1" * 32, int("1" * 32)),
        (rb'"\ud83d\ude00"', "\N{GRINNING FACE}"),
        ('"\N{GRINNING FACE}"'.encode(), "\N{GRINNING FACE}"),
        (b"null", None),
    ],
)
def test_what_has_one_meaning_is_read(payload: bytes, value: object) -> None:
    assert strict_json(payload) == value


def test_limits_are_met_exactly() -> None:
    assert strict_json(nested(MAX_DEPTH)) is not None
    assert len(strict_json(b'"' + b"x" * (MAX_PAYLOAD_BYTES - 2) + b'"')) == MAX_PAYLOAD_BYTES - 2


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_ordinary_json_is_read_as_it_stands(value: object) -> None:
    assert strict_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60))
def test_no_bytes_make_it_fail_otherwise(payload: bytes) -> None:
    with contextlib.suppress(ContractError):
        strict_json(payload)
