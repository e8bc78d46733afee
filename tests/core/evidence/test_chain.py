"""The hash chain finds every change, insertion, removal and exchange inside it, at its place."""

from __future__ import annotations

import hashlib
from itertools import permutations

import pytest

from hive_core.evidence.chain import GENESIS_HASH, ChainLink, first_fault, link_hash


def chain(*bodies: bytes) -> list[ChainLink]:
    links, previous = [], GENESIS_HASH
    for seq, body in enumerate(bodies, start=1):
        link = ChainLink(seq, body, previous, link_hash(seq, previous, body))
        links.append(link)
        previous = link.record_hash
    return links


BODIES = (b'{"a":1}', b"", b"three\n", b"4")


@pytest.fixture
def links() -> list[ChainLink]:
    return chain(*BODIES)


def test_a_whole_chain_holds(links):
    assert first_fault(links) == (4, links[-1].record_hash, None)
    assert first_fault([]) == (0, GENESIS_HASH, None)


def test_every_flipped_bit_of_a_body_is_found_at_its_record(links):
    for index, link in enumerate(links):
        for position in range(len(link.body) * 8):
            body = bytearray(link.body)
            body[position // 8] ^= 1 << position % 8
            held, head, fault = first_fault(
                [*links[:index], link._replace(body=bytes(body)), *links[index + 1 :]]
            )
            assert (held, fault.seq) == (index, index + 1)
            assert head == (links[index - 1].record_hash if index else GENESIS_HASH)


@pytest.mark.parametrize("field", ["previous_hash", "record_hash"])
def test_every_changed_digit_of_a_hash_is_found_at_its_record(links, field):
    for index, link in enumerate(links):
        for position in range(64):
            text = getattr(link, field)
            other = text[:position] + ("0" if text[position] != "0" else "1") + text[position + 1 :]
            _, _, fault = first_fault([*links[:index], link._replace(**{field: other}), *links[index + 1 :]])
            assert fault.seq == index + 1


def test_every_removal_before_the_end_is_found(links):
    for index in range(len(links) - 1):
        _, _, fault = first_fault(links[:index] + links[index + 1 :])
        assert fault.seq == index + 1
        assert "missing" in fault.reason


def test_a_removal_that_renumbers_the_rest_is_found(links):
    for index in range(len(links) - 1):
        rest = [link._replace(seq=link.seq - 1) for link in links[index + 1 :]]
        _, _, fault = first_fault(links[:index] + rest)
        assert fault.seq == index + 1


def test_every_insertion_is_found_where_it_was_made(links):
    for index in range(len(links)):
        previous = links[index - 1].record_hash if index else GENESIS_HASH
        # The best forgery there is without writing the rest anew: a link that itself holds.
        forged = ChainLink(index + 1, b"forged", previous, link_hash(index + 1, previous, b"forged"))
        _, _, fault = first_fault([*links[:index], forged, *links[index:]])
        assert fault.seq == index + 2
        moved = [link._replace(seq=link.seq + 1) for link in links[index:]]
        _, _, fault = first_fault([*links[:index], forged, *moved])
        assert fault.seq == index + 2


def test_every_other_order_is_found_at_the_first_record_out_of_place(links):
    for order in permutations(range(len(links))):
        if order == tuple(range(len(links))):
            continue
        first = next(place for place, index in enumerate(order) if place != index)
        assert first_fault([links[index] for index in order])[2].seq == first + 1


def test_two_bodies_exchanged_under_their_places_are_found(links):
    links[1], links[2] = links[1]._replace(body=links[2].body), links[2]._replace(body=links[1].body)
    assert first_fault(links)[2].seq == 2


def test_place_previous_hash_and_body_are_kept_apart_in_what_is_hashed():
    assert link_hash(1, GENESIS_HASH, b"0x") != link_hash(10, GENESIS_HASH, b"x")


def test_the_hash_is_one_that_anybody_can_compute():
    assert link_hash(7, "a" * 64, b"body") == hashlib.sha256(b"7\n" + b"a" * 64 + b"\nbody").hexdigest()


def test_a_cut_at_the_end_is_not_found_and_cannot_be(links):
    """The documented limit: for this the last hash must be kept somewhere else too."""
    for kept in range(len(links)):
        held, head, fault = first_fault(links[:kept])
        assert (held, fault) == (kept, None)
        assert head != links[-1].record_hash
