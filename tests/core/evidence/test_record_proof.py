"""A proof of one record holds without the journal, and no byte of it can be changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hive_core.evidence.chain import GENESIS_HASH, ChainLink, link_hash
from hive_core.evidence.merkle import inclusion_ranges, subtree_roots
from hive_core.evidence.record_proof import MAX_PROOF_BYTES, ProofMalformed, RecordProof
from hive_core.evidence.signature import new_signing_key
from hive_core.evidence.signed_head import TreeHead
from hive_core.evidence.walk import JournalWalk, record_leaf

KEY = new_signing_key()
TRUSTED = {KEY.public.key_id: KEY.public}
SIZE = 11


def proof_of(seq: int, **changes: object) -> RecordProof:
    links, walk = [], JournalWalk()
    for number in range(1, SIZE + 1):
        body = json.dumps({"word": "Kurs fällt", "number": number}).encode()
        previous = links[-1].record_hash if links else GENESIS_HASH
        links.append(ChainLink(number, body, previous, link_hash(number, previous, body)))
        assert walk.take(links[-1]) is None
    head = TreeHead("local", "a" * 32, SIZE, walk.frontier.root().hex(), walk.head_hash, 1, 1, "code")
    leaves = [record_leaf(link.record_hash) for link in links]
    path = subtree_roots(leaves, inclusion_ranges(seq - 1, SIZE))
    return RecordProof(links[seq - 1], tuple(path), replace(head, **changes).sign(KEY))


@pytest.mark.parametrize("seq", range(1, SIZE + 1))
def test_every_record_can_be_proven(seq):
    proof = RecordProof.parse(proof_of(seq).as_bytes())
    assert proof == proof_of(seq)
    assert proof.fault(TRUSTED) is None


def test_every_bit_of_a_proof_counts():
    payload = proof_of(5).as_bytes()
    for place in range(len(payload)):
        for bit in range(8):
            flipped = payload[:place] + bytes([payload[place] ^ (1 << bit)]) + payload[place + 1 :]
            try:
                proof = RecordProof.parse(flipped)
            except ProofMalformed:
                continue
            assert proof.fault(TRUSTED) is not None, (place, bit)


@pytest.mark.parametrize(
    ("proof", "told"),
    [
        (proof_of(5, root="d" * 64), "record 5 does not stand in the 11 records"),
        (replace(proof_of(5), path=proof_of(6).path), "record 5 does not stand"),
        (replace(proof_of(5), path=()), "record 5 does not stand"),
        (replace(proof_of(5), link=proof_of(5).link._replace(body=b"{}")), "is not the one that was hashed"),
        (replace(proof_of(5), link=proof_of(5).link._replace(seq=6)), "is not the one that was hashed"),
        (replace(proof_of(5), link=proof_of(6).link), "record 6 does not stand"),
        (
            replace(proof_of(5), head=proof_of(5).head.head.sign(new_signing_key())),
            "its signed head does not count: signed by a key that is not trusted here",
        ),
    ],
    ids=range(7),
)
def test_a_proof_that_does_not_hold_says_why(proof, told):
    assert told in RecordProof.parse(proof.as_bytes()).fault(TRUSTED)


def changed(**changes: object) -> bytes:
    data = {**json.loads(proof_of(5).as_bytes()), **changes}
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"", "does not have the form"),
        (b"[]", "does not have the form"),
        (b"[" * 100_000, "does not have the form"),
        (b" " * (MAX_PROOF_BYTES + 1), "a proof has at most"),
        (changed(format=2), "does not have the form"),
        (changed(path=["x"]), "does not have the form"),
        (changed(path=7), "does not have the form"),
        (changed(body=7), "does not have the form"),
        (changed(head={}), "does not have the form"),
        (changed(head=[1.5]), "does not have the form"),
        (changed(seq="5"), "not in the one spelling"),
        (changed(more=1), "not in the one spelling"),
        (proof_of(5).as_bytes() + b"\n", "not in the one spelling"),
    ],
    ids=range(13),
)
def test_what_is_no_proof_is_refused(payload, told):
    with pytest.raises(ProofMalformed, match=told):
        RecordProof.parse(payload)
