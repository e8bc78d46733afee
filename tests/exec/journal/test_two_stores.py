"""One journal, two stores: the same records have the same digest, and neither forgets or rewrites."""

from __future__ import annotations

import itertools

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journal_bench import a_record

from hive_core.evidence.chain import GENESIS_HASH
from hive_core.evidence.merkle import EMPTY_ROOT
from hive_exec.journal.errors import JournalFailed
from hive_exec.journal.lease import Standby
from hive_exec.journal.postgres_store import PostgresReader, PostgresStore
from hive_exec.journal.reading import journal_file
from hive_exec.journal.sqlite_store import SqliteStore
from hive_exec.journal.writing import Journal, record_of


@pytest.fixture(params=["sqlite", "postgres"])
def store_of(request, path):
    """Opens the store under test, again and again."""
    if request.param == "sqlite":
        return lambda: SqliteStore(path)
    database = request.getfixturevalue("database")
    return lambda: PostgresStore(Standby(database).try_lead())


def opened(store_of) -> Journal:
    return Journal(store_of(), lambda: 7)


def test_what_was_flushed_is_there_after_a_restart_and_nothing_else(store_of):
    journal = opened(store_of)
    assert (journal.head_seq, journal.root, journal.head_hash, journal.epoch) == (
        0,
        EMPTY_ROOT,
        GENESIS_HASH,
        1,
    )
    for number in (1, 2, 3):
        assert journal.append(a_record(number)) == number
    journal.answer("dec_1", "a" * 64, b"\x00first")
    assert journal.answered("dec_1").response == b"\x00first"
    journal.flush()
    journal.append(a_record(4))
    journal.answer("dec_2", "a" * 64, b"second")
    journal.abandon()
    again = opened(store_of)
    assert (again.head_seq, again.durable_seq, again.epoch, again.journal_id) == (3, 3, 2, journal.journal_id)
    assert [record_of(link) for link in again.replay()] == [a_record(number) for number in (1, 2, 3)]
    assert again.answered("dec_1").response == b"\x00first"
    assert again.answered("dec_2") is None
    again.close()


def test_pages_of_records(store_of, monkeypatch):
    monkeypatch.setattr("hive_exec.journal.postgres_store._PAGE", 3)
    monkeypatch.setattr("hive_exec.journal.sqlite_store._PAGE", 3)
    journal = opened(store_of)
    for number in range(1, 11):
        journal.append(a_record(number))
    journal.flush()
    for after, limit in itertools.product(range(12), (-1, 0, 1, 3, 4, 6, 20)):
        seqs = list(range(after + 1, 11))
        found = [link.seq for link in journal.links(after_seq=after, limit=limit)]
        assert found == (seqs if limit < 0 else seqs[:limit])
    journal.close()


def test_an_answered_key_is_never_answered_again(store_of):
    journal = opened(store_of)
    journal.answer("dec_1", "a" * 64, b"first")
    with pytest.raises(ValueError, match="dec_1 is answered already"):
        journal.answer("dec_1", "b" * 64, b"second")
    journal.flush()
    journal.append(a_record())
    journal.answer("dec_1", "b" * 64, b"second")
    with pytest.raises(JournalFailed, match="could not be written"):
        journal.flush()
    journal.close()
    again = opened(store_of)
    assert again.answered("dec_1").response == b"first"
    assert again.head_seq == 0
    again.close()


def test_two_snapshots_are_kept_and_the_newest_of_this_code_is_loaded(store_of):
    journal = opened(store_of)
    for number, code in ((1, "v1"), (2, "v1"), (3, "v2")):
        journal.append(a_record(number))
        journal.save_snapshot(b"state %d" % number, code)
    journal.save_snapshot(b"state 3 again", "v2")  # at the same place: replaced
    journal.append(a_record(4))
    journal.close()
    again = opened(store_of)
    assert (again.verified_from, again.head_seq) == (3, 4)
    found = {code: again.load_snapshot(code) for code in ("v1", "v2", "v3")}
    assert {code: each and (each.seq, each.state) for code, each in found.items()} == {
        "v1": (2, b"state 2"),
        "v2": (3, b"state 3 again"),
        "v3": None,
    }
    assert [link.seq for link in again.replay(found["v1"])] == [3, 4]
    assert [link.seq for link in again.replay(found["v2"])] == [4]
    assert [link.seq for link in again.replay()] == [1, 2, 3, 4]
    again.close()


batches = st.lists(
    st.lists(
        st.tuples(st.text(max_size=20), st.integers(0, 2**62), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=batches)
def test_the_same_records_have_the_same_digest_on_both(batches, postgres, tmp_path_factory):
    """However they are cut into flushes, snapshots and restarts."""
    import uuid

    from postgres_server import create_database

    name = f"hive_{uuid.uuid4().hex}"
    create_database(postgres, name)
    address = f"{postgres.rsplit('/', 1)[0]}/{name}"
    file = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    journals = []
    for store in (lambda: SqliteStore(file), lambda: PostgresStore(Standby(address).try_lead())):
        journal = Journal(store(), lambda: 7)
        for batch in batches:
            for text, number, is_snapshot in batch:
                record = a_record(number)
                journal.append(type(record)(text, record.kind, record.at, {"text": text, "number": number}))
                if is_snapshot:
                    journal.save_snapshot(text.encode(), "v1")
            journal.close()
            journal = Journal(store(), lambda: 7)
        journals.append(journal)
    one, other = journals
    assert (one.root, one.head_hash, one.head_seq) == (other.root, other.head_hash, other.head_seq)
    assert list(one.links()) == list(other.links())
    for journal in journals:
        journal.close()


def test_a_reader_sees_what_the_store_wrote(store_of, path, request):
    journal = opened(store_of)
    journal.append(a_record())
    journal.save_snapshot(b"{}", "v1")
    links, journal_id = list(journal.links()), journal.journal_id
    journal.close()
    if isinstance(journal._store, SqliteStore):
        with journal_file(path) as reader:
            facts = (list(reader.rows(0, None)), reader.journal_id, [row.seq for row in reader.snapshots()])
    else:
        reader = PostgresReader(request.getfixturevalue("database"))
        facts = (list(reader.rows(0, None)), reader.journal_id, [row.seq for row in reader.snapshots()])
        reader.close()
    assert facts == (links, journal_id, [1])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hive_journal SET body = '' WHERE seq = 1",
        "DELETE FROM hive_journal WHERE seq = 2",
        "TRUNCATE hive_journal",
        "UPDATE hive_inbox SET response = ''",
        "DELETE FROM hive_inbox",
        "TRUNCATE hive_inbox",
    ],
)
def test_in_postgres_a_written_row_is_never_written_again(database, statement):
    journal = Journal(PostgresStore(Standby(database).try_lead()), lambda: 7)
    journal.append(a_record(1)), journal.append(a_record(2))
    journal.answer("dec_1", "a" * 64, b"first")
    journal.flush()
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        with pytest.raises(psycopg.errors.RestrictViolation, match="is append-only"):
            connection.execute(statement)
        connection.rollback()
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO hive_journal VALUES (1, '', '', '')")
    journal.close()


def test_many_keys_are_asked_for_at_once_and_known_until_the_next_flush(store_of, monkeypatch):
    journal = opened(store_of)
    for number in (1, 2):
        journal.answer(f"dec_{number}", "a" * 64, b"%d" % number)
    journal.flush()
    journal.recall(["dec_1", "dec_2", "dec_3", "\u00fc' OR 1=1 --"])
    asked = []
    real = type(journal._store).answered
    monkeypatch.setattr(
        type(journal._store), "answered", lambda store, key: asked.append(key) or real(store, key)
    )
    assert [journal.answered(f"dec_{number}") is not None for number in (1, 2, 3)] == [True, True, False]
    assert asked == []
    journal.answer("dec_3", "a" * 64, b"3")
    assert journal.answered("dec_3").response == b"3"  # buffered since
    journal.flush()
    assert journal.answered("dec_3").response == b"3"
    assert asked == ["dec_3"]
    journal.close()
