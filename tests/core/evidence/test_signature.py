"""Signatures: what fits, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hive_core.evidence.signature import Signature, SignatureFault, new_signing_key


@settings(max_examples=40)
@given(payload=st.binary(min_size=1, max_size=64), place=st.integers(0, 511), purpose=st.booleans())
def test_one_changed_bit_anywhere_is_no_signature(payload, place, purpose):
    key = new_signing_key()
    signed = key.sign("deck.1", payload)
    at = place % (8 * len(payload))
    flipped = bytearray(payload)
    flipped[at // 8] ^= 1 << at % 8
    with pytest.raises(SignatureFault, match="does not fit"):
        key.public.verify("deck.1", bytes(flipped), signed)
    value = bytearray.fromhex(signed.value)
    value[place // 8] ^= 1 << place % 8
    with pytest.raises(SignatureFault, match="does not fit"):
        key.public.verify("deck.1", payload, signed.model_copy(update={"value": value.hex()}))
    if purpose:
        with pytest.raises(SignatureFault, match="another purpose"):
            key.public.verify("journal.1", payload, signed)


def test_another_key_is_not_trusted():
    signed = new_signing_key().sign("deck.1", b"content")
    other = new_signing_key().public
    with pytest.raises(SignatureFault, match="is the one that is trusted"):
        other.verify("deck.1", b"content", signed)
    with pytest.raises(SignatureFault, match="does not fit"):
        other.verify("deck.1", b"content", signed.model_copy(update={"key_id": other.key_id}))


@pytest.mark.parametrize("purpose", ["", "a b", "A", "x\n", "x" * 65])
def test_a_purpose_that_could_run_into_the_content_is_refused(purpose):
    with pytest.raises(SignatureFault, match="no purpose"):
        new_signing_key().sign(purpose, b"content")


@pytest.mark.parametrize(
    "fields",
    [
        {"key_id": "0" * 64, "value": "0" * 127},
        {"key_id": "0" * 64, "value": "G" * 128},
        {"key_id": "0" * 63, "value": "0" * 128},
        {"key_id": "0" * 64, "value": "0" * 128, "algorithm": "none"},
        {"key_id": "0" * 64, "value": "0" * 128, "more": 1},
    ],
)
def test_a_signature_has_one_form(fields):
    with pytest.raises(ValidationError):
        Signature(**fields)


def test_a_signing_key_shows_no_secret():
    key = new_signing_key()
    assert repr(key) == f"SigningKey({key.public.key_id[:12]})"
