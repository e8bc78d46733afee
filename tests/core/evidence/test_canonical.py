"""Canonical bytes: equal data has equal bytes, and what has no single spelling is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.contracts.base import decimal_text, strict_json
from hive_core.contracts.message import Message
from hive_core.evidence.canonical import Spelled, Texts, canonical_bytes, content_hash, short_id

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=8)


@given(values)
def test_what_was_spelled_is_read_back(value: object) -> None:
    assert strict_json(canonical_bytes(value)) == value
    assert canonical_bytes(strict_json(canonical_bytes(value))) == canonical_bytes(value)


def the_standard(value: object) -> bytes:
    """What journals are spelled by since their beginning; whatever else spells them must write the same."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


@given(values | st.integers() | st.dictionaries(st.text(), st.text() | st.integers()))
def test_the_spelling_is_the_one_it_always_was(value: object) -> None:
    assert canonical_bytes(value) == the_standard(value)


def test_every_character_is_spelled_as_it_always_was() -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    assert canonical_bytes(characters) == the_standard(characters)
    keys = dict.fromkeys(characters, 0)
    assert canonical_bytes(keys) == the_standard(keys)


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**64, "18446744073709551616"),
        ({"a": [-(2**63) - 1, 1]}, '{"a":[-9223372036854775809,1]}'),
        ({Name("b"): Name("x"), "a": 1}, '{"a":1,"b":"x"}'),
        ([[[[1, (2, True)]]]], "[[[[1,[2,true]]]]]"),
    ],
    ids=repr,
)
def test_what_is_rarely_written_has_the_same_spelling(value: object, text: str) -> None:
    assert canonical_bytes(value) == text.encode()


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, ["a\ud800"]], ids=ascii)
def test_half_a_character_has_no_spelling(value: object) -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical_bytes(value)


@given(st.dictionaries(st.text(max_size=4), st.integers(), max_size=6), st.randoms())
def test_the_order_of_keys_does_not_matter(value: dict[str, int], random) -> None:
    pairs = list(value.items())
    random.shuffle(pairs)
    assert canonical_bytes(dict(pairs)) == canonical_bytes(value)


@given(decimals, st.integers(0, 6))
def test_a_decimal_has_one_spelling(value: Decimal, zeros: int) -> None:
    padded = Decimal(format(value, "f") + "0" * zeros)
    assert decimal_text(padded) == decimal_text(value)
    assert Decimal(decimal_text(value)) == value
    assert canonical_bytes({"p": padded}) == canonical_bytes({"p": value})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.0600", "1.06"),
        ("100", "100"),
        ("1E+2", "100"),
        ("-0", "0"),
        ("-0.000", "0"),
        ("0E-8", "0"),
        ("-1.50", "-1.5"),
        ("1E-8", "0.00000001"),
    ],
)
def test_decimals_are_spelled_plainly(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3), min_size=1))
def test_other_content_has_another_hash(value: dict[str, str]) -> None:
    key = next(iter(value))
    assert content_hash({**value, key: value[key] + "x"}) != content_hash(value)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        [0.0],
        {"a": 1e300},
        {"a": {"b": [1, ({"c": 0.5},)]}},
        Decimal("NaN"),
        Decimal("sNaN"),
        {"a": Decimal("-Infinity")},
        b"bytes",
        bytearray(b"bytes"),
        {1: "a key that is no text"},
        {"a set"},
        datetime(2017, 3, 6, tzinfo=UTC),
        object(),
    ],
    ids=lambda value: f"{type(value).__name__}-{value!r}".split(" at 0x")[0],
)
def test_what_two_machines_may_spell_in_two_ways_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)


def test_the_bytes_are_json_without_blanks_in_utf8() -> None:
    value = {"b": ["\N{EURO SIGN}", True, None], "a": Decimal("1.50"), "c": {"y": 1, "x": ()}}
    assert canonical_bytes(value) == '{"a":"1.5","b":["\N{EURO SIGN}",true,null],"c":{"x":[],"y":1}}'.encode()
    assert json.loads(canonical_bytes(value))


def test_a_contract_is_spelled_by_its_fields() -> None:
    message = Message(source="room", message_id="1", ts_event_ns=5, text="hi")
    assert canonical_bytes(message) == (
        b'{"message_id":"1","reply_to":null,"source":"room","text":"hi","ts_event_ns":5,"version":1}'
    )


def test_a_short_id_is_of_the_content() -> None:
    assert short_id("dec", {"a": 1}) == f"dec_{content_hash({'a': 1})[:24]}"


def test_a_mapping_of_any_kind_is_spelled_as_one() -> None:
    plain = {"b": 1, "a": {"c": Decimal("1.50")}}
    frozen = MappingProxyType({"b": 1, "a": MappingProxyType({"c": Decimal("1.50")})})
    assert canonical_bytes(frozen) == canonical_bytes(plain)


@given(values | st.integers() | decimals, st.sampled_from([1, 2**70, Decimal("1.50"), "ü"]))
def test_what_is_spelled_already_stands_for_its_value(value: object, beside: object) -> None:
    """Also beside what the fast way cannot spell: decimals, and integers over 64 bits."""
    whole = {"b": [beside, {"c": value}], "a": value, "d": beside}
    part = Spelled(canonical_bytes(value))
    assert canonical_bytes({"b": [beside, {"c": part}], "a": part, "d": beside}) == canonical_bytes(whole)


texts = (
    st.none() | st.text(max_size=8) | st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=3)
)


@given(st.lists(st.dictionaries(st.text(max_size=4), texts, max_size=4), max_size=4))
def test_rows_of_text_are_spelled_as_any_list(rows: list[dict[str, str | dict[str, str] | None]]) -> None:
    whole = {"rows": rows, "more": 1}
    assert canonical_bytes({**whole, "rows": Texts(rows)}) == canonical_bytes(whole)
    assert canonical_bytes([Texts(rows), Decimal("1.50")]) == canonical_bytes([rows, Decimal("1.50")])
