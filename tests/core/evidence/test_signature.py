"""Signatures: what fits, what does not, and key files that nobody else can read."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hive_core.evidence.signature import (
    PublicKey,
    Signature,
    SignatureFault,
    key_file,
    new_signing_key,
    public_key,
    signing_key,
)


def test_what_was_signed_verifies_and_a_key_file_gives_the_same_key_again(tmp_path):
    key = signing_key(tmp_path / "keys", "deck")
    signed = key.sign("deck.1", b"content")
    public_key(tmp_path / "keys", "deck").verify("deck.1", b"content", signed)
    assert signing_key(tmp_path / "keys", "deck").sign("deck.1", b"content") == signed


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


def test_the_secret_is_the_owners_alone_and_is_never_shown(tmp_path):
    key = signing_key(tmp_path / "keys", "deck")
    path = key_file(tmp_path / "keys", "deck")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.read_text().strip() not in repr(key)
    assert sorted(each.name for each in path.parent.iterdir()) == ["deck.key", "deck.pub"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    signing_key(tmp_path, "deck")
    key_file(tmp_path, "deck").chmod(mode)
    with pytest.raises(SignatureFault, match="others may read"):
        signing_key(tmp_path, "deck")


def test_a_link_in_place_of_a_key_is_refused(tmp_path):
    signing_key(tmp_path, "other")
    key_file(tmp_path, "deck").symlink_to(key_file(tmp_path, "other"))
    with pytest.raises(SignatureFault, match="plain file"):
        signing_key(tmp_path, "deck")


@pytest.mark.parametrize(
    "text", [b"", b"ab\n", b"z" * 64 + b"\n", b"0" * 64, b"0" * 65 + b"\n", b"\xff" * 64]
)
def test_a_file_that_holds_no_key_is_refused(tmp_path, text):
    path = key_file(tmp_path, "deck")
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(SignatureFault, match="not a key"):
        signing_key(tmp_path, "deck")
    path.with_suffix(".pub").write_bytes(text)
    with pytest.raises(SignatureFault, match="not a key"):
        public_key(tmp_path, "deck")


def test_a_public_half_of_another_key_is_refused(tmp_path):
    signing_key(tmp_path, "deck")
    key_file(tmp_path, "deck").with_suffix(".pub").write_text(new_signing_key().public.raw.hex() + "\n")
    with pytest.raises(SignatureFault, match="not the public half"):
        signing_key(tmp_path, "deck")


def test_a_key_that_was_never_made_is_said_to_be_missing(tmp_path):
    with pytest.raises(SignatureFault, match="first signed"):
        public_key(tmp_path, "deck")


@pytest.mark.parametrize("name", ["", "../deck", "Deck", "a" * 33, "deck.key"])
def test_a_name_that_is_a_path_or_none_is_refused(tmp_path, name):
    with pytest.raises(SignatureFault, match="no name of a key"):
        signing_key(tmp_path, name)


@pytest.mark.parametrize("purpose", ["", "a b", "A", "x\n", "x" * 65])
def test_a_purpose_that_could_run_into_the_content_is_refused(purpose):
    with pytest.raises(SignatureFault, match="no purpose"):
        new_signing_key().sign(purpose, b"content")


def test_makers_at_the_same_time_get_one_key(tmp_path):
    found: list[PublicKey] = []
    makers = [
        threading.Thread(target=lambda: found.append(signing_key(tmp_path / "keys", "deck").public))
        for _ in range(16)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(found) == 16
    assert len(set(found)) == 1
    assert sorted(os.listdir(tmp_path / "keys")) == ["deck.key", "deck.pub"]


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
