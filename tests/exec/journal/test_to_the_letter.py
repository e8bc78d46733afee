"""What a store answers, all of it; what it says when it cannot; and what binds a snapshot to its place."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from journal_bench import KEY, a_record, keeper, signed
from sqlalchemy import text

from hive_core.evidence.chain import GENESIS_HASH, ChainLink
from hive_core.evidence.merkle import Frontier
from hive_core.evidence.signature import new_signing_key
from hive_core.landing.home import HiveHome
from hive_exec.failpoints import watched
from hive_exec.journal.audit import JournalAudit
from hive_exec.journal.errors import JournalCorrupt, JournalFailed, LeaseLost
from hive_exec.journal.head_file import append_line, read_heads
from hive_exec.journal.home import Signing, heads_file, keys_folder, open_journal
from hive_exec.journal.lease import Standby
from hive_exec.journal.postgres import connect, require_durable
from hive_exec.journal.postgres_store import PostgresReader, PostgresStore
from hive_exec.journal.snapshots import PURPOSE, frontier_of, make_snapshot, snapshot_fault
from hive_exec.journal.sqlite_store import SqliteStore
from hive_exec.journal.store import InboxEntry
from hive_exec.journal.writing import Journal
from hive_exec.sqlite_file import NotDurable

LINKS = [ChainLink(seq, b"body %d" % seq, f"{seq - 1:064x}", f"{seq:064x}") for seq in (1, 2, 3)]
ANSWERS = [("dec_1", "a" * 64, b"first"), ("dec_2", "b" * 64, b"second")]


def a_snapshot(seq: int = 3, **changes: object):
    leaves = [b"%032d" % number for number in range(seq)]
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    told = {
        "journal_id": "j" * 32,
        "chain_hash": f"{seq:064x}",
        "frontier": frontier,
        "state": b'{"n":%d}' % seq,
        "code_version": "v1",
        "key": None,
    }
    return make_snapshot(**{**told, **changes})


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, path):
    """An empty store."""
    if request.param == "sqlite":
        opened = SqliteStore(path)
    else:
        opened = PostgresStore(Standby(request.getfixturevalue("database")).try_lead())
    yield opened
    opened.close()


def test_a_store_answers_with_all_that_it_was_given(store):
    assert (store.head(), list(store.rows(0)), list(store.snapshots())) == (None, [], [])
    assert (store.answered("dec_1"), store.answered_many(["dec_1"])) == (None, {})
    assert re.fullmatch("[0-9a-f]{32}", store.journal_id)
    store.append(LINKS, ANSWERS, a_snapshot())
    assert store.head() == LINKS[-1]
    assert list(store.rows(0)) == list(store.rows(0, None)) == LINKS
    assert store.answered("dec_1") == InboxEntry("a" * 64, b"first")
    assert store.answered_many(["dec_1", "dec_2", "dec_3"]) == {
        "dec_1": InboxEntry("a" * 64, b"first"),
        "dec_2": InboxEntry("b" * 64, b"second"),
    }
    assert list(store.snapshots()) == [a_snapshot()]


def test_a_store_keeps_the_two_newest_snapshots(store):
    for seq in (1, 3, 2, 4):
        store.append((), (), a_snapshot(seq))
    again = replace(a_snapshot(4), signature="changed")
    store.append((), (), again)
    assert list(store.snapshots()) == [again, a_snapshot(3)]


def test_many_rows_are_written_whatever_their_number(store):
    """Those of one statement are as many as a power of two: the rest must not be lost, nor come twice."""
    at = 0
    for size in (1, 2, 3, 63, 64, 65, 130):
        links = [ChainLink(at + n, b"%d" % n, "p", f"{at + n}") for n in range(1, size + 1)]
        store.append(links, [(f"{size}-{n}", "s", b"%d" % n) for n in range(size)])
        assert list(store.rows(at)) == links
        assert store.answered_many([f"{size}-{n}" for n in range(size + 1)]) == {
            f"{size}-{n}": InboxEntry("s", b"%d" % n) for n in range(size)
        }
        at += size


def test_the_places_at_which_a_commit_can_be_cut_off_are_named(store):
    reached: list[str] = []
    with watched(reached.append):
        store.append(LINKS[:1], ())
    assert reached == ["journal.before_commit", "journal.after_commit"]


def test_the_places_around_a_snapshot_are_named(path):
    journal = Journal(path, lambda: 7)
    reached: list[str] = []
    with watched(reached.append):
        journal.save_snapshot(b"{}", "v1")
    assert reached == [
        "snapshot.before_commit",
        "journal.before_commit",
        "journal.after_commit",
        "snapshot.after_commit",
    ]
    journal.close()


def test_an_answer_that_lacks_something_is_not_written(database):
    store = PostgresStore(Standby(database).try_lead())
    with pytest.raises(ValueError, match="shorter"):
        store.append((), [("dec_1", "a" * 64)])
    assert store.answered("dec_1") is None
    store.close()


def ended(database: str) -> None:
    """Every session of others in a database ends."""
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize(
    "asked",
    [
        lambda store: store.journal_id,
        lambda store: store.head(),
        lambda store: list(store.rows(0)),
        lambda store: store.snapshots(),
        lambda store: store.answered("dec_1"),
        lambda store: store.answered_many(["dec_1"]),
    ],
    ids=["journal_id", "head", "rows", "snapshots", "answered", "answered_many"],
)
def test_what_cannot_be_read_in_postgres_is_told(database, asked):
    store = PostgresStore(Standby(database).try_lead())
    ended(database)
    with pytest.raises(JournalFailed) as told:
        asked(store)
    assert str(told.value).startswith("the journal in PostgreSQL could not be read: ")
    assert str(told.value).endswith("; look at the server, then start again")
    store.close()


def test_what_cannot_be_written_in_postgres_is_told(database):
    store = PostgresStore(Standby(database).try_lead())
    ended(database)
    with pytest.raises(JournalFailed, match=r"^the journal in PostgreSQL could not be written: "):
        store.append(LINKS, ())
    store.close()


def test_a_stale_leader_is_told_both_epochs(database):
    store = PostgresStore(Standby(database).try_lead())
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        connection.execute("UPDATE hive_lease SET epoch = 7")
    with pytest.raises(LeaseLost) as told:
        store.append(LINKS, ())
    assert str(told.value) == "another daemon leads this journal: epoch 7 began, this one had 1"
    store.close()


def test_both_kinds_of_store_say_which_journal_they_are(path, database):
    assert SqliteStore(path).describes == str(path)
    lease = Standby(database).try_lead()
    store = PostgresStore(lease)
    assert store.describes == PostgresReader(database).describes == "the journal in PostgreSQL"
    assert (store.journal_id, store.epoch) == (lease.journal_id, lease.epoch)
    assert "hive-lease" in {thread.name for thread in threading.enumerate()}
    store.close()


@pytest.mark.parametrize("case", ["plain", "transactions", "read_only", "idle"])
def test_a_connection_is_bounded_in_every_wait(database, case):
    options = {"plain": {}, "idle": {"idle_session_s": 2.5}}.get(case, {case: True})
    with connect(database, **options) as connection:
        found = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in (
                "synchronous_commit",
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "idle_session_timeout",
                "default_transaction_read_only",
                "application_name",
                "transaction_isolation",
            )
        }
        assert found == {
            "synchronous_commit": "on",
            "statement_timeout": "10s",
            "lock_timeout": "8s",
            "idle_in_transaction_session_timeout": "5s",
            "idle_session_timeout": "2500ms" if case == "idle" else "0",
            "default_transaction_read_only": "on" if case == "read_only" else "off",
            "application_name": "hive_exec",
            "transaction_isolation": "read committed",
        }
        assert connection.connection.dbapi_connection.autocommit == (case != "transactions")
        assert connection.engine.hide_parameters
        settings = connection.connection.dbapi_connection.info.get_parameters()
        assert (settings["connect_timeout"], settings["tcp_user_timeout"]) == ("5", "10000")


@pytest.mark.parametrize(
    ("level", "is_durable"), [("on", True), ("remote_apply", True), ("local", False), ("off", False)]
)
def test_which_commits_are_durable(database, level, is_durable):
    with connect(database) as connection:
        connection.execute(text(f"SET synchronous_commit = {level}"))
        if is_durable:
            require_durable(connection)
            return
        with pytest.raises(NotDurable) as told:
            require_durable(connection)
        assert str(told.value) == (
            f"the journal's PostgreSQL has synchronous_commit = {level}: a commit may not survive a crash; "
            "set it to on"
        )


def test_a_session_that_may_not_write_keeps_no_journal(database):
    told = r"has transaction_read_only = on: .*; set it to off"
    with connect(database, read_only=True) as connection, pytest.raises(NotDurable, match=told):
        require_durable(connection)


def test_a_server_that_cannot_be_asked_is_told(database):
    with connect(database) as connection:
        ended(database)
        with pytest.raises(JournalFailed, match=r"could not be asked: "):
            require_durable(connection)


def test_a_snapshot_is_bound_to_all_that_it_says():
    """Its digest stands in journals that were written before: it must not become another one."""
    row = a_snapshot()
    assert (row.seq, row.code_version, row.chain_hash, row.state) == (3, "v1", f"{3:064x}", b'{"n":3}')
    assert (row.key_id, row.signature) == ("", "")
    said = {
        "journal_id": "j" * 32,
        "seq": 3,
        "code_version": "v1",
        "chain_hash": f"{3:064x}",
        "peaks_sha256": hashlib.sha256(row.peaks).hexdigest(),
        "state_sha256": hashlib.sha256(row.state).hexdigest(),
    }
    spelled = json.dumps(said, sort_keys=True, separators=(",", ":")).encode("utf-8")
    assert row.digest == hashlib.sha256(spelled).hexdigest()
    assert b"".join(frontier_of(row).peaks) == row.peaks
    signed_row = a_snapshot(key=KEY)
    assert (signed_row.digest, signed_row.key_id) == (row.digest, KEY.public.key_id)
    assert KEY.sign(PURPOSE, row.digest.encode("ascii")).value == signed_row.signature
    trusted = {KEY.public.key_id: KEY.public}
    assert snapshot_fault(signed_row, "j" * 32, trusted) is None
    assert snapshot_fault(row, "j" * 32, None) is None
    assert snapshot_fault(row, "i" * 32, None) == "its content is not what was written"
    assert snapshot_fault(row, "j" * 32, trusted) == "it is not signed by a key that is trusted here"


def test_an_audit_holds_the_last_head_against_the_last_record(path):
    journal = signed(path, every_records=1)
    journal.append(a_record())
    journal.flush()
    last = read_heads(path.parent / "heads.jsonl")[-1]
    assert last.head.tree_size == journal.durable_seq == 1
    forged = replace(last.head, root="d" * 64).sign(KEY)
    with pytest.raises(JournalCorrupt):
        JournalAudit(journal, [forged]).step()
    later = replace(last.head, tree_size=2).sign(KEY)  # of records that came after the audit began
    assert JournalAudit(journal, [later]).step()
    journal.close()


def test_a_home_signs_as_often_as_it_is_told(tmp_path):
    home = HiveHome(tmp_path / "hive")
    assert (keys_folder(home).name, heads_file(home).name) == ("keys", "heads.jsonl")
    assert keys_folder(home).parent == heads_file(home).parent == home.journal.parent
    journal = open_journal(home, lambda: 7, Signing("local", "code-1", every_records=2))
    for number in (1, 2, 3):
        journal.append(a_record(number))
        journal.flush()
    heads = [each.head for each in read_heads(heads_file(home))]
    assert [head.tree_size for head in heads] == [0, 2]
    last = heads[-1]
    assert (last.environment, last.code_hash, last.ts_ns, last.epoch) == ("local", "code-1", 7, 1)
    assert last.journal_id == journal.journal_id
    journal.close()


def test_a_witness_is_told_of_by_its_name(path, tmp_path):
    told = []
    blocked = tmp_path / "file" / "heads.jsonl"
    blocked.parent.write_bytes(b"not a folder")
    signed(path, witnesses=(blocked,), on_witness=told.append).close()
    assert {report.witness for report in told} == {str(blocked)}


def test_a_witness_that_has_nothing_yet_does_not_hide_the_next(path, tmp_path):
    told, new, full = [], tmp_path / "new.jsonl", tmp_path / "full.jsonl"
    signed(path, witnesses=(full,)).close()
    last = read_heads(full)[-1].head
    append_line(full, last.sign(new_signing_key()).as_line())
    signed(path, witnesses=(new, full), on_witness=told.append).close()
    faults = {report.witness: report.fault for report in told if report.fault is not None}
    assert list(faults) == [str(full)]
    assert faults[str(full)].startswith("its last head does not count: ")


def test_the_places_around_a_head_are_named(path):
    reached: list[str] = []
    with watched(reached.append):
        signed(path).close()
    assert reached == ["heads.before_write", "heads.after_write"]


def test_a_snapshot_that_is_left_aside_is_logged_by_its_place(path, caplog):
    journal = signed(path)
    journal.append(a_record())
    journal.save_snapshot(b"{}", "v1")
    journal.close()
    again = signed(path)
    again._store._connection.execute("UPDATE snapshot SET state = x'00'")
    assert again.load_snapshot("v1") is None
    assert caplog.messages == ["the snapshot at record 1 is left aside: its content is not what was written"]
    again.abandon()
    caplog.clear()
    signed(path).close()
    assert caplog.messages == [
        "the snapshot at record 1 is left aside, more is verified: its content is not what was written"
    ]


def test_what_was_buffered_is_counted_and_forgotten_when_it_is_durable(path):
    journal = Journal(path, lambda: 7)
    assert (journal.buffered, journal.head_hash) == (0, GENESIS_HASH)
    assert [journal.append(a_record(number)) for number in (1, 2)] == [1, 2]
    assert (journal.buffered, journal.head_seq, journal.durable_seq) == (2, 2, 0)
    journal.flush()
    assert (journal.buffered, journal.head_seq, journal.durable_seq) == (0, 2, 2)
    assert [link.seq for link in journal.links(after_seq=1)] == [2]
    assert [link.seq for link in journal.links(limit=1)] == [1]
    journal.close()


def test_records_that_cannot_be_read_are_told(path):
    store = SqliteStore(path)
    store._connection.execute("DROP TABLE journal")
    with pytest.raises(JournalFailed) as told:
        list(store.rows(0))
    assert str(told.value) == (
        f"the journal {path} could not be read: no such table: journal; "
        "look at the disk (space, health), then start again"
    )
    store.close()


def test_after_a_failure_nothing_is_taken(path):
    journal = Journal(path, lambda: 7)
    journal._store._connection.execute("DROP TABLE inbox")
    with pytest.raises(JournalFailed) as told:
        journal.answered("dec_1")
    assert str(told.value) == (
        f"the journal {path} could not be read: no such table: inbox; "
        "look at the disk (space, health), then start again"
    )
    for again in (
        lambda: journal.append(a_record()),
        lambda: journal.answer("dec_1", "a", b""),
        lambda: journal.answered("dec_1"),
        lambda: journal.recall(["dec_1"]),
        journal.flush,
    ):
        with pytest.raises(JournalFailed, match=r"^nothing more is written: the journal .*could not be read"):
            again()
    journal.abandon()


def test_a_head_of_a_file_that_is_gone_names_the_file(path):
    signed(path).close()
    journal = signed(path)
    journal.append(a_record())
    journal.close()
    heads = path.parent / "heads.jsonl"
    heads.unlink()
    with pytest.raises(JournalCorrupt) as told:
        signed(path)
    assert str(told.value) == (
        f"{heads} with its signed heads is gone; restore it from a witness, or move the key away to begin "
        "signing anew"
    )


def test_a_damaged_line_is_told_by_its_place(tmp_path, monkeypatch):
    file = tmp_path / "deep" / "er" / "heads.jsonl"
    head = keeper(tmp_path)
    line = head.keep(journal_id="a" * 32, size=1, root=b"r" * 32, chain_hash="c" * 64, epoch=1, ts_ns=7)
    for each in (line.as_line(), b"none", line.as_line()):
        append_line(file, each)
    with pytest.raises(ValueError, match=rf"^{re.escape(str(file))}, line 2: "):
        read_heads(file)
    monkeypatch.setattr("hive_exec.journal.head_file.TAIL_BYTES", 2 * len(line.as_line()))
    with pytest.raises(ValueError, match=rf"^{re.escape(str(file))}, line -2 from its end: "):
        read_heads(file, tail_only=True)
    assert Path(file).read_bytes().count(b"\n") == 3
