"""Key files: made once, the owner's alone, and refused when they are anything else."""

from __future__ import annotations

import os
import threading

import pytest

from hive_core.evidence.signature import PublicKey, SignatureFault, new_signing_key
from hive_core.landing.keys import key_file, public_key, signing_key


def test_what_was_signed_verifies_and_a_key_file_gives_the_same_key_again(tmp_path):
    key = signing_key(tmp_path / "keys", "deck")
    signed = key.sign("deck.1", b"content")
    public_key(tmp_path / "keys", "deck").verify("deck.1", b"content", signed)
    assert signing_key(tmp_path / "keys", "deck").sign("deck.1", b"content") == signed


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
