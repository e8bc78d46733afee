"""Answers in the order in which they came, found by their key: whether the index holds it yet or not."""

from __future__ import annotations

import hashlib
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hive_exec import failpoints
from hive_exec.journal import sqlite_inbox
from hive_exec.journal.errors import JournalFailed
from hive_exec.journal.sqlite_store import SqliteStore
from hive_exec.journal.store import InboxEntry

FEW = 5
REFUSED = "could not be written: the inbox is append-only; look at the disk"


@pytest.fixture
def path(path, monkeypatch):
    """Of an inbox that knows few answers by heart."""
    monkeypatch.setattr(sqlite_inbox, "LATE_BY", FEW)
    return path


def an_answer(number: int, what: str = "a") -> tuple[str, str, bytes]:
    key = hashlib.sha256(b"%d" % number).hexdigest()[:24]
    return key, what * 64, b"answer %d" % number


def entry(answer: tuple[str, str, bytes]) -> InboxEntry:
    return InboxEntry(answer[1], answer[2])


class Died(Exception):
    pass


def die_before_the_commit(store: SqliteStore, answers: list[tuple[str, str, bytes]]) -> None:
    def reached(name: str) -> None:
        if name == "journal.before_commit":
            raise Died

    with failpoints.watched(reached), pytest.raises(Died):
        store.append((), answers)
    store.close()


steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["commit", "die", "again"]), st.lists(st.integers(0, 40), max_size=8, unique=True)
        ),
        st.tuples(st.sampled_from(["restart"]), st.just([])),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_what_was_committed_is_known_for_ever_and_nothing_else(path, steps):
    shutil.rmtree(path.parent, ignore_errors=True)
    store, known = SqliteStore(path), {}
    for kind, numbers in steps:
        new = [an_answer(number) for number in numbers if an_answer(number)[0] not in known]
        if kind == "commit":
            store.append((), new)
            known.update({answer[0]: entry(answer) for answer in new})
        elif kind == "die":
            die_before_the_commit(store, new)
            store = SqliteStore(path)
        elif kind == "again" and known:
            with pytest.raises(JournalFailed, match=REFUSED):
                store.append((), [*new, (next(iter(known)), "b" * 64, b"other")])
            store.close()
            store = SqliteStore(path)
        else:
            store.close()
            store = SqliteStore(path)
        keys = [an_answer(number)[0] for number in range(41)]
        assert store.answered_many(keys) == known
        assert all(store.answered(key) == known.get(key) for key in keys[:3])
        assert len(store._inbox._by_heart) <= FEW
    store.close()


@pytest.mark.parametrize("place", range(12))
def test_a_key_is_taken_once_wherever_it_stands(path, place):
    store = SqliteStore(path)
    for number in range(12):
        store.append((), [an_answer(number)])
    with pytest.raises(JournalFailed, match=REFUSED):
        store.append((), [an_answer(99), an_answer(place, "b")])
    store.close()
    again = SqliteStore(path)
    assert again.answered(an_answer(place)[0]) == entry(an_answer(place))
    assert again.answered(an_answer(99)[0]) is None
    again.close()


def test_answers_enter_the_index_when_they_are_more_than_are_known_by_heart(path):
    store = SqliteStore(path)
    sizes = []
    for number in range(2 * FEW + 2):
        store.append((), [an_answer(number)])
        sizes.append(len(store._inbox._by_heart))
    assert sizes == [*range(1, FEW + 1), 0] * 2
    store.close()


def test_a_key_stands_once_in_a_commit(path):
    store = SqliteStore(path)
    with pytest.raises(JournalFailed, match=REFUSED):
        store.append((), [an_answer(1), an_answer(1, "b")])
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inbox SET response = x'00' WHERE number = 1",
        "DELETE FROM inbox",
        "INSERT OR REPLACE INTO inbox VALUES (1, 'other', '', x'00')",
        "UPDATE inbox_index SET number = 2 WHERE number = 1",
        "DELETE FROM inbox_index",
        "INSERT OR REPLACE INTO inbox_index SELECT idempotency_key, 2 FROM inbox WHERE number = 1",
    ],
)
def test_neither_an_answer_nor_its_place_is_ever_changed(path, statement):
    store = SqliteStore(path)
    store.append((), [an_answer(number) for number in range(FEW + 1)])
    with pytest.raises(Exception, match="append-only"):
        store._connection.execute(statement)
    store.close()


def test_keys_in_no_order_cost_a_commit_few_pages(tmp_path):
    """One page of the disk for each answer was the larger part of a commit."""
    store = SqliteStore(tmp_path / "journal.sqlite")
    store._connection.execute("PRAGMA wal_autocheckpoint=0")
    for first in range(0, 4_096, 16):
        store.append((), [an_answer(number) for number in range(first, first + 16)])
    pages: int = store._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
    store.close()
    assert pages / (4_096 / 16) < 4
