"""The tree equals an independent one (pymerkle); proofs hold, and no altered proof does."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from hive_core.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    subtree_roots,
    verify_consistency,
    verify_inclusion,
)

SIZES = [*range(1, 34), 63, 64, 65, 100]


def entries(count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(count)]


def grown(count: int) -> Frontier:
    frontier = Frontier()
    for entry in entries(count):
        frontier.append(leaf_hash(entry))
    return frontier


def theirs(places: range) -> InmemoryTree:
    """An independent tree over some of the entries."""
    tree = InmemoryTree(algorithm="sha256")
    for place in places:
        tree.append_entry(b"entry %d" % place)
    return tree


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


def test_the_hashes_of_the_standard():
    """RFC 9162, 2.1.1, and the known answers of certificate transparency's test vectors."""
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert node_hash(b"N1", b"N2") == hashlib.sha256(b"\x01N1N2").digest()
    assert leaf_hash(b"N1N2") != node_hash(b"N1", b"N2")


def test_an_empty_log_has_the_root_of_nothing():
    assert Frontier().root() == EMPTY_ROOT
    assert Frontier().peaks == ()


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_that_of_an_independent_tree(size):
    frontier = grown(size)
    assert frontier.root() == theirs(range(size)).get_root(size)
    assert frontier.size == size
    assert len(frontier.peaks) == size.bit_count()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33, 100])
def test_inclusion_proofs_are_those_of_an_independent_tree_and_hold(size):
    leaves = [leaf_hash(entry) for entry in entries(size)]
    tree, root = theirs(range(size)), grown(size).root()
    for index in range(size):
        path = subtree_roots(leaves, inclusion_ranges(index, size))
        other = tree.prove_inclusion(index + 1, size).serialize()["path"]
        assert sorted(node.hex() for node in path) == sorted(set(other) - {leaves[index].hex()})
        assert verify_inclusion(leaves[index], index, size, path, root)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_an_altered_inclusion_proof_does_not_hold(size):
    leaves = [leaf_hash(entry) for entry in entries(size)]
    root = grown(size).root()
    for index in range(size):
        path = subtree_roots(leaves, inclusion_ranges(index, size))
        assert not verify_inclusion(flipped(leaves[index]), index, size, path, root)
        assert not verify_inclusion(leaves[index], index, size, path, flipped(root))
        assert not verify_inclusion(leaves[index], index, size, [*path, root], root)
        for place in range(len(path)):
            assert not verify_inclusion(leaves[index], index, size, path[:place], root)
            changed = [*path[:place], flipped(path[place]), *path[place + 1 :]]
            assert not verify_inclusion(leaves[index], index, size, changed, root)
        for other in range(-1, size + 2):
            if other != index:
                assert not verify_inclusion(leaves[index], other, size, path, root)


@pytest.mark.parametrize("second", [1, 2, 3, 7, 8, 13, 33])
def test_consistency_proofs_hold_between_the_roots_of_an_independent_tree(second):
    leaves = [leaf_hash(entry) for entry in entries(second)]
    tree, second_root = theirs(range(second)), grown(second).root()
    for first in range(1, second + 1):
        first_root = tree.get_root(first)
        path = subtree_roots(leaves, consistency_ranges(first, second))
        assert verify_consistency(first, second, first_root, second_root, path)
        for (start, stop), node in zip(consistency_ranges(first, second), path, strict=True):
            assert node == theirs(range(start, stop)).get_root(stop - start)


@pytest.mark.parametrize("second", [1, 2, 3, 5, 8, 13])
def test_an_altered_consistency_proof_does_not_hold(second):
    leaves = [leaf_hash(entry) for entry in entries(second)]
    second_root = grown(second).root()
    for first in range(1, second + 1):
        first_root = grown(first).root()
        path = subtree_roots(leaves, consistency_ranges(first, second))
        assert not verify_consistency(first, second, flipped(first_root), second_root, path)
        assert not verify_consistency(first, second, first_root, flipped(second_root), path)
        assert not verify_consistency(first, second, first_root, second_root, [*path, first_root])
        for place in range(len(path)):
            assert not verify_consistency(first, second, first_root, second_root, path[:place])
            changed = [*path[:place], flipped(path[place]), *path[place + 1 :]]
            assert not verify_consistency(first, second, first_root, second_root, changed)
        for other in (0, second + 1):
            assert not verify_consistency(other, second, first_root, second_root, path)


@settings(max_examples=200, deadline=None)
@given(second=st.integers(1, 400), data=st.data())
def test_a_log_that_forked_cannot_be_proven_to_continue(second, data):
    """Whatever entry of the older log is changed, its honest root is not that of the newer log's proof."""
    first = data.draw(st.integers(1, second))
    changed = data.draw(st.integers(0, first - 1))
    leaves = [leaf_hash(entry) for entry in entries(second)]
    path = subtree_roots(leaves, consistency_ranges(first, second))
    honest = grown(first).root()
    newer = Frontier()
    for index, leaf in enumerate(leaves):
        newer.append(flipped(leaf) if index == changed else leaf)
    assert verify_consistency(first, second, honest, grown(second).root(), path)
    assert not verify_consistency(first, second, honest, newer.root(), path)


def test_a_frontier_goes_on_from_what_was_kept_of_it():
    for size in SIZES:
        kept = grown(size)
        again = Frontier(kept.size, kept.peaks)
        assert again.digest() == kept.digest()
        later = kept.copy()
        for frontier in (again, later):
            frontier.append(leaf_hash(b"entry %d" % size))
            assert frontier.root() == grown(size + 1).root()
        assert kept.size == size  # a copy grows on its own
        assert again.digest() != kept.digest()


@pytest.mark.parametrize(
    ("size", "peaks"), [(-1, []), (0, [b"x" * 32]), (3, [b"x" * 32]), (1, [b"x" * 31]), (2, [])]
)
def test_a_frontier_that_cannot_be_is_refused(size, peaks):
    with pytest.raises(ValueError, match="are not the frontier of a log"):
        Frontier(size, peaks)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_an_entry_that_is_not_there_has_no_proof(index, size):
    with pytest.raises(ValueError, match="has no entry at index"):
        inclusion_ranges(index, size)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3), (-1, 2)])
def test_a_log_that_is_longer_or_empty_is_not_proven_to_continue(first, second):
    with pytest.raises(ValueError, match="cannot be proven"):
        consistency_ranges(first, second)


def test_leaves_that_end_early_are_told():
    with pytest.raises(ValueError, match="the log ends before entry 5"):
        subtree_roots([leaf_hash(b"")] * 4, [(0, 2), (2, 5)])
