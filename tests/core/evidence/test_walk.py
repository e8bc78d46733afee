"""Walking a journal: the first record that does not hold is named, with chain, tree and signed heads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hive_core.evidence.chain import GENESIS_HASH, ChainLink, link_hash
from hive_core.evidence.signature import new_signing_key
from hive_core.evidence.signed_head import SignedHead, TreeHead
from hive_core.evidence.walk import JournalWalk

KEY = new_signing_key()


def links_of(count: int, word: bytes = b"body") -> list[ChainLink]:
    links, previous = [], GENESIS_HASH
    for seq in range(1, count + 1):
        body = b"%s %d" % (word, seq)
        own = link_hash(seq, previous, body)
        links.append(ChainLink(seq, body, previous, own))
        previous = own
    return links


def walked(links: list[ChainLink], heads: tuple[SignedHead, ...] = ()) -> tuple[JournalWalk, object]:
    walk = JournalWalk(heads)
    fault = walk.differs()
    for link in links:
        if fault is None:
            fault = walk.take(link)
    return walk, fault or walk.cut_off()


def head_of(walk: JournalWalk, **changes: object) -> SignedHead:
    head = TreeHead("local", "a" * 32, walk.seq, walk.frontier.root().hex(), walk.head_hash, 1, 1, "code")
    return replace(head, **changes).sign(KEY)


def test_a_journal_that_holds_with_all_its_heads():
    links = links_of(10)
    heads = tuple(head_of(walked(links[:size])[0]) for size in range(11))
    walk, fault = walked(links, heads)
    assert fault is None
    assert (walk.seq, walk.head_hash, walk.frontier.size) == (10, links[-1].record_hash, 10)


def test_a_walk_goes_on_from_a_known_place():
    links = links_of(10)
    whole, _ = walked(links)
    half, _ = walked(links[:4])
    rest = JournalWalk([head_of(whole)], seq=4, head_hash=half.head_hash, frontier=half.frontier.copy())
    assert [rest.take(link) for link in links[4:]] == [None] * 6
    assert rest.frontier.root() == whole.frontier.root()
    assert rest.cut_off() is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seq": 5}, "record 4: missing; found 5"),
        ({"body": b"other"}, "record 4: its content is not what was written"),
        ({"record_hash": "0" * 64}, "record 4: its content is not what was written"),
        ({"previous_hash": "0" * 64}, "record 4: does not follow the record before it"),
    ],
)
def test_a_record_that_does_not_hold_is_named_and_the_walk_stays_before_it(change, reason):
    links = links_of(6)
    links[3] = links[3]._replace(**change)
    walk, fault = walked(links)
    assert f"record {fault.seq}: {fault.reason}" == reason
    assert (walk.seq, walk.head_hash) == (3, links[2].record_hash)


@pytest.mark.parametrize("size", range(10))
def test_a_journal_cut_off_anywhere_misses_what_its_head_tells_of(size):
    links = links_of(10)
    _, fault = walked(links[:size], (head_of(walked(links)[0]),))
    assert (fault.seq, fault.reason) == (size + 1, "missing; a signed head tells of 10 records")


def test_a_chain_written_anew_differs_from_its_head():
    old, new = links_of(10), links_of(12, b"other")
    _, fault = walked(new, (head_of(walked(old)[0]),))
    assert fault.seq == 10
    assert "written anew" in fault.reason


@pytest.mark.parametrize("field", ["root", "chain_hash"])
@pytest.mark.parametrize("size", [0, 3])
def test_a_head_that_differs_in_one_hash_only_is_enough(field, size):
    links = links_of(5)
    head = head_of(walked(links[:size])[0], **{field: "d" * 64})
    _, fault = walked(links, (head,))
    assert (fault.seq, "written anew" in fault.reason) == (size, True)
