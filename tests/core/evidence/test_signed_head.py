"""Signed tree heads: one spelling, one signature, and what cannot be true side by side."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hive_core.evidence.signature import new_signing_key
from hive_core.evidence.signed_head import (
    MAX_HEAD_BYTES,
    HeadMalformed,
    SignedHead,
    TreeHead,
    first_contradiction,
)

KEY = new_signing_key()
OTHER_KEY = new_signing_key()
HEAD = TreeHead(
    environment="local",
    journal_id="a" * 32,
    tree_size=7,
    root="b" * 64,
    chain_hash="c" * 64,
    ts_ns=1_700_000_000_000_000_000,
    epoch=2,
    code_hash="hive-0.1.0-abc",
)
TRUSTED = {KEY.public.key_id: KEY.public}


def test_a_head_is_parsed_as_it_was_signed():
    signed = HEAD.sign(KEY)
    again = SignedHead.parse(signed.as_line())
    assert again == signed
    assert again.head == HEAD
    assert again.fault(TRUSTED) is None
    assert b"\n" not in signed.as_line()


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "live"},
        {"journal_id": "d" * 32},
        {"tree_size": 8},
        {"root": "d" * 64},
        {"chain_hash": "d" * 64},
        {"ts_ns": 1},
        {"epoch": 3},
        {"code_hash": "other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_field_can_be_changed_under_a_signature(change):
    signed = HEAD.sign(KEY)
    forged = replace(signed, head=replace(HEAD, **change))
    assert "the signature of key" in forged.fault(TRUSTED)


def test_a_head_of_an_unknown_key_or_under_another_name_does_not_count():
    assert "a key that is not trusted here" in HEAD.sign(OTHER_KEY).fault(TRUSTED)
    renamed = replace(HEAD.sign(OTHER_KEY), key_id=KEY.public.key_id)
    assert "the signature of key" in renamed.fault(TRUSTED)


def test_a_signature_over_something_else_is_none_over_a_head():
    signed = HEAD.sign(KEY)
    line = json.loads(signed.as_line())
    del line["signature"]
    other = KEY.sign("journal-snapshot-1", json.dumps(line, sort_keys=True, separators=(",", ":")).encode())
    assert replace(signed, signature=other.value).fault(TRUSTED) is not None


def test_every_byte_of_a_line_counts():
    """Whatever byte is flipped, the line is no head any more, or one whose signature does not hold."""
    line = HEAD.sign(KEY).as_line()
    for place in range(len(line)):
        for bit in (1, 0x20, 0x80):
            flipped = line[:place] + bytes([line[place] ^ bit]) + line[place + 1 :]
            try:
                head = SignedHead.parse(flipped)
            except HeadMalformed:
                continue
            assert head.fault(TRUSTED) is not None, flipped


def spelled(**changes: object) -> bytes:
    data = {**HEAD.sign(KEY).as_data(), **changes}
    return json.dumps(
        {name: value for name, value in data.items() if value is not None},
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 4_000, "not JSON"),
        (b"[]", "not the fields"),
        (b"{}", "not the fields"),
        (b" " * (MAX_HEAD_BYTES + 1), "a head has at most"),
        (spelled(more=1), "not the fields"),
        (spelled(epoch=None), "not the fields"),
        (spelled(tree_size="7"), "tree_size is malformed"),
        (spelled(tree_size=7.0), "tree_size is malformed"),
        (spelled(tree_size=True), "tree_size is malformed"),
        (spelled(tree_size=-1), "tree_size is malformed"),
        (spelled(tree_size=2**63), "tree_size is malformed"),
        (spelled(root="B" * 64), "root is malformed"),
        (spelled(root="b" * 63), "root is malformed"),
        (spelled(root=7), "root is malformed"),
        (spelled(environment="a\nb"), "environment is malformed"),
        (spelled(environment=""), "environment is malformed"),
        (spelled(signature="0" * 127), "signature is malformed"),
        (spelled().replace(b'"epoch":2', b'"epoch":2,"epoch":2'), "not in the one spelling"),
        (spelled().replace(b'"epoch":2', b'"epoch": 2'), "not in the one spelling"),
        (spelled() + b"\n", "not in the one spelling"),
    ],
    ids=range(22),
)
def test_what_is_no_head_is_refused(line, reason):
    with pytest.raises(HeadMalformed, match=reason):
        SignedHead.parse(line)


def later(**changes: object) -> SignedHead:
    return replace(HEAD, **changes).sign(KEY)


@pytest.mark.parametrize(
    "heads",
    [
        [],
        [later()],
        [later(), later()],
        [later(), later(ts_ns=1)],  # wall clocks go back; sizes do not
        [later(), later(tree_size=8, root="d" * 64, chain_hash="e" * 64), later(tree_size=9, epoch=3)],
        [later(), replace(HEAD, journal_id="e" * 32, tree_size=1, epoch=1).sign(KEY)],
        [later(), replace(HEAD, tree_size=3, root="d" * 64, epoch=1).sign(OTHER_KEY)],  # a copy that lags
    ],
    ids=range(7),
)
def test_heads_that_can_be_true_together(heads):
    assert first_contradiction(heads) is None


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (later(root="d" * 64), "the journal forked"),
        (later(chain_hash="d" * 64), "the journal forked"),
        (replace(HEAD, root="d" * 64).sign(OTHER_KEY), "the journal forked"),
        (later(tree_size=6), "shrank from 7 to 6"),
        (later(tree_size=8, epoch=1), "the epoch fell from 2 to 1"),
    ],
    ids=range(5),
)
def test_heads_that_cannot_be_true_together(second, reason):
    between = replace(HEAD, journal_id="e" * 32).sign(KEY)
    place, told = first_contradiction([later(), between, second, later()])
    assert place == 2
    assert reason in told
