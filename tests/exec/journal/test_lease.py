"""One daemon leads a journal in PostgreSQL; one that lost the lead writes nothing more (A1, A2)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psycopg
import pytest
from journal_bench import a_record
from postgres_server import empty_server, own_server
from sqlalchemy import event

from hive_core.landing.home import HiveHome
from hive_exec.clock import since_boot_s
from hive_exec.journal.errors import JournalFailed, LeaseLost
from hive_exec.journal.home import ADDRESS, ADDRESS_FILE, Signing, journal_address, open_journal
from hive_exec.journal.lease import Standby
from hive_exec.journal.postgres import AddressRefused, connect
from hive_exec.journal.postgres_store import PostgresReader, PostgresStore
from hive_exec.journal.writing import Journal, record_of
from hive_exec.sqlite_file import FORMAT, NotDurable, OtherFormat


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def led(url: str, **options) -> Journal:
    return Journal(PostgresStore(Standby(url, **options).try_lead()), lambda: 7)


def execute(url: str, statement: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(statement)


def test_one_leads_at_a_time_and_each_lead_is_an_epoch(database):
    first = Standby(database).try_lead()
    assert Standby(database).try_lead() is None
    first.require()
    first.close()
    second = Standby(database).try_lead()
    assert (first.epoch, second.epoch) == (1, 2)
    assert first.journal_id == second.journal_id
    second.close()


def test_a_standby_waits_until_the_lead_is_free_or_it_is_told_to_end(database):
    first, ended, taken = Standby(database).try_lead(), threading.Event(), []
    waiting = threading.Thread(target=lambda: taken.append(Standby(database).wait(ended, poll_s=0.01)))
    waiting.start()
    time.sleep(0.1)
    assert taken == []
    first.close()
    waiting.join(30)
    assert taken[0].epoch == 2
    threading.Timer(0.1, ended.set).start()
    assert Standby(database).wait(ended, poll_s=0.01) is None
    taken[0].close()


def test_a_standby_waits_for_a_server_that_is_away(monkeypatch, database):
    tries = []

    def try_lead(self):
        tries.append(1)
        if len(tries) < 3:
            raise JournalFailed("away")
        return real(self)

    real = Standby.try_lead
    monkeypatch.setattr(Standby, "try_lead", try_lead)
    lease = Standby(database).wait(threading.Event(), poll_s=0.01)
    assert (len(tries), lease.epoch) == (3, 1)
    lease.close()


def test_a_stale_leader_writes_nothing_whatever_it_believes(database):
    journal = led(database)
    journal.append(a_record(1))
    journal.flush()
    execute(database, "UPDATE hive_lease SET epoch = epoch + 1")
    journal.append(a_record(2))
    journal.answer("key", "a" * 64, b"")
    with pytest.raises(LeaseLost, match="epoch 2 began, this one had 1"):
        journal.flush()
    with pytest.raises(JournalFailed, match="nothing more is written: another daemon leads"):
        journal.flush()
    journal.close()
    again = led(database)
    assert (again.head_seq, again.answered("key")) == (1, None)
    again.close()


def test_a_leader_finds_out_by_itself(database):
    told: list[str] = []
    lease = Standby(database, lease_s=3, on_lost=told.append).try_lead()
    execute(database, "UPDATE hive_lease SET epoch = epoch + 1")
    lease._thread.join(30)
    assert told == ["epoch 2 began, this daemon has 1"]
    with pytest.raises(LeaseLost, match="another daemon may lead this journal: epoch 2 began"):
        lease.require()
    lease.close()


def test_a_leader_whose_session_is_ended_finds_out(database):
    told: list[str] = []
    lease = Standby(database, lease_s=3, on_lost=told.append).try_lead()
    execute(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    lease._thread.join(30)
    assert told == ["OperationalError"]
    lease._lose("told once only")
    assert told == ["OperationalError"]
    lease.close()


def test_a_lead_that_is_lost_is_lost_also_when_nobody_listens(database):
    lease = Standby(database).try_lead()
    lease._lose("a reason")
    with pytest.raises(LeaseLost, match="a reason"):
        lease.require()
    lease.close()


def test_a_leader_that_was_silent_too_long_does_not_act(database, monkeypatch):
    told: list[str] = []
    lease = Standby(database, lease_s=100, on_lost=told.append).try_lead()
    lease.require()
    later_s = since_boot_s() + 90
    monkeypatch.setattr("hive_exec.journal.lease.since_boot_s", lambda: later_s)
    for _ in range(2):
        with pytest.raises(LeaseLost, match="the server was not reached in time"):
            lease.require()
    assert told == ["the server was not reached in time"]
    lease.close()


def test_a_lease_is_renewed(database):
    lease = Standby(database, lease_s=2).try_lead()
    time.sleep(3)
    lease.require()
    assert Standby(database).try_lead() is None
    lease.close()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER DATABASE {} SET synchronous_commit = off", None),  # the session's own setting wins
        ("ALTER SYSTEM SET fsync = off", "has fsync = off: a commit may not survive a crash; set it to on"),
        ("ALTER SYSTEM SET full_page_writes = off", "has full_page_writes = off"),
    ],
)
@pytest.mark.slow
def test_a_server_that_does_not_keep_its_commits_is_refused(statement, told):
    with own_server() as server:
        url = server.new_database("hive")
        execute(url, statement.format("hive"))
        execute(url, "SELECT pg_reload_conf()")
        time.sleep(0.3)
        if told is None:
            Standby(url).try_lead().close()
        else:
            with pytest.raises(NotDurable, match=told):
                Standby(url).try_lead()


def test_a_journal_of_another_format_is_refused_and_its_epoch_left_alone(database):
    led(database).close()
    execute(database, "UPDATE hive_lease SET format = 99")
    with pytest.raises(OtherFormat, match="is of format 99, this Hive reads format"):
        Standby(database).try_lead()
    execute(database, f"UPDATE hive_lease SET format = {FORMAT}")  # noqa: S608 (a number of ours)
    lease = Standby(database).try_lead()
    assert lease.epoch == 2
    lease.close()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", "is malformed"),
        ("no address with secret", "is malformed"),
        ("postgresql://user:secret@127.0.0.1/x", "begins with postgresql://, not postgresql.psycopg://"),
        ("sqlite:///secret", "begins with sqlite://"),
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(address, told):
    with pytest.raises(AddressRefused, match=told) as refused:
        Standby(address).try_lead()
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_told_without_the_password():
    with pytest.raises(JournalFailed, match=r"could not be reached: .*refused") as failed:
        Standby("postgresql+psycopg://hive:secret@127.0.0.1:1/hive").try_lead()
    assert "secret" not in str(failed.value)


def test_an_address_comes_from_the_environment_or_from_a_file_of_its_own(tmp_path):
    file = tmp_path / "address"
    file.write_text("postgresql+psycopg://one\n")
    file.chmod(0o600)
    assert journal_address({}) is None
    assert journal_address({ADDRESS: "postgresql+psycopg://two"}) == "postgresql+psycopg://two"
    assert journal_address({ADDRESS_FILE: str(file)}) == "postgresql+psycopg://one"
    with pytest.raises(AddressRefused, match="both HIVE_JOURNAL_URL and HIVE_JOURNAL_URL_FILE are set"):
        journal_address({ADDRESS: "postgresql+psycopg://two", ADDRESS_FILE: str(file)})
    file.chmod(0o640)
    with pytest.raises(AddressRefused, match="others may read it, and it can hold a password; chmod 600"):
        journal_address({ADDRESS_FILE: str(file)})
    with pytest.raises(AddressRefused, match="cannot be read from it"):
        journal_address({ADDRESS_FILE: str(tmp_path / "none")})


def test_a_home_over_postgres_has_its_heads_beside_it(database, tmp_path):
    home = HiveHome(tmp_path / "hive")
    for number in (1, 2):
        lease = Standby(database).try_lead()
        journal = open_journal(home, lambda: 7, Signing("local", "code-1"), lease=lease)
        assert (journal.append(a_record()), journal.epoch) == (number, number)
        journal.close()
    assert not home.journal.exists()


def test_a_store_that_cannot_connect_leaves_nothing_open(database, monkeypatch):
    lease = Standby(database).try_lead()
    monkeypatch.setattr("hive_exec.journal.postgres_store.require_durable", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        PostgresStore(lease)
    lease.close()


def test_a_reader_cannot_write(database):
    led(database).close()
    reader = PostgresReader(database)
    from sqlalchemy import text

    with pytest.raises(Exception, match="read-only transaction"):
        reader._reading.execute(text("UPDATE hive_lease SET epoch = 9"))
    reader.close()
    empty = connect(database.rsplit("/", 1)[0] + "/postgres")
    empty.close()
    reader = PostgresReader(database.rsplit("/", 1)[0] + "/postgres")
    with pytest.raises(JournalFailed, match=r"could not be read: .*hive_lease.* does not exist"):
        _ = reader.journal_id
    reader.close()


def life(url: str, fails_at: int) -> bool:
    """One life whose writing session the server ends at the k-th step; whether it came to that."""
    journal = led(url)
    started = journal.head_seq
    steps = 0

    def step(*_):
        nonlocal steps
        steps += 1
        if steps == fails_at:
            execute(url, f"SELECT pg_terminate_backend({pid}, 5000)")

    pid = journal._store._writing.connection.dbapi_connection.info.backend_pid
    journal._store._writing.rollback()
    engine = journal._store._writing.engine
    for name in ("begin", "before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, step)
    acknowledged, failure = 0, None
    try:
        for turn in range(3):
            journal.append(a_record(turn)), journal.append(a_record(turn))
            journal.answer(f"key_{journal.epoch}_{turn}", "a" * 64, b"")
            journal.flush()
            acknowledged += 2
        journal.save_snapshot(b"{}", "v1")
    except JournalFailed as failed:
        failure = failed
    assert failure is None or "could not be written: " in str(failure)
    journal.close()
    again = led(url)
    assert again.head_seq - started - acknowledged in (0, 2)
    assert [link.seq for link in again.replay()] == list(range(1, again.head_seq + 1))
    answers = acknowledged // 2
    assert all(again.answered(f"key_{journal.epoch}_{turn}") for turn in range(answers))
    again.close()
    return failure is not None


@pytest.mark.slow
def test_a_session_ended_at_any_step_loses_and_doubles_nothing(database):
    fails_at = 1
    while life(database, fails_at):
        fails_at += 1
    assert fails_at > 15


def write_until_it_fails(journal: Journal) -> list[int]:
    """Three records at a time; the numbers of those that were acknowledged."""
    acknowledged: list[int] = []
    with suppress(JournalFailed):
        while True:
            numbers = [journal.append(a_record(journal.head_seq)) - 1 for _ in range(3)]
            journal.flush()
            acknowledged += numbers
    return acknowledged


@pytest.mark.slow
def test_a_server_killed_amid_commits_keeps_what_was_acknowledged():
    with own_server() as server:
        url = server.new_database("hive")
        acknowledged: list[int] = []
        for turn in range(5):
            journal = led(url)
            assert journal.head_seq >= len(acknowledged)
            assert [record_of(link).at[0] for link in journal.replay()] == list(range(journal.head_seq))
            acknowledged[journal.head_seq :] = []
            written = list(range(journal.head_seq))
            assert acknowledged == written[: len(acknowledged)]
            acknowledged = written
            killer = threading.Timer(0.3 + turn / 10, server.kill)
            killer.start()
            acknowledged += write_until_it_fails(journal)
            killer.join()
            journal.close()
            server.start()
        assert len(acknowledged) > 100


LEADER = """
import sys
from journal_bench import a_record
from hive_exec.journal.errors import LeaseLost, JournalFailed
from hive_exec.journal.lease import Standby
from hive_exec.journal.postgres_store import PostgresStore
from hive_exec.journal.writing import Journal
lease = Standby(sys.argv[1], lease_s=1).try_lead()
journal = Journal(PostgresStore(lease), lambda: 7)
try:
    while True:
        lease.require()
        number = journal.append(a_record(journal.epoch))
        journal.flush()
        print(number, flush=True)
except JournalFailed as failure:
    print(type(failure).__name__, flush=True)
    sys.exit(5)
"""


@pytest.mark.slow
def test_a_leader_that_was_stopped_is_replaced_and_ends_when_it_wakes(database):
    leader = subprocess.Popen(
        [sys.executable, "-c", LEADER, database],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    told = [leader.stdout.readline().strip() for _ in range(20)]
    leader.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    lease = Standby(database).wait(threading.Event(), poll_s=0.1)
    took_s = time.monotonic() - started
    journal = Journal(PostgresStore(lease), lambda: 7)
    assert journal.epoch == 2
    first_of_ours = journal.append(a_record(2))
    journal.flush()
    leader.send_signal(signal.SIGCONT)
    told += leader.stdout.read().split()
    leader.stdout.close()
    assert leader.wait(30) == 5
    assert told[-1] in {"LeaseLost", "JournalFailed"}
    acknowledged = [int(number) for number in told[:-1]]
    journal.append(a_record(2))
    journal.flush()
    epochs = [record_of(link).at[0] for link in journal.replay()]
    # What it was told of is there, and nothing of it stands after the new leader began.
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    assert epochs == [1] * (first_of_ours - 1) + [2, 2]
    assert len(acknowledged) in (first_of_ours - 1, first_of_ours - 2)
    assert took_s < 15
    journal.close()


@pytest.mark.slow
def test_a_standby_server_that_is_promoted_has_what_was_acknowledged():
    """Synchronous replication: the primary dies amid commits, its standby goes on (A2)."""
    with own_server() as primary, empty_server() as standby:
        url = primary.new_database("hive")
        standby.run(
            "pg_basebackup",
            "--checkpoint=fast",
            "-D",
            str(standby.data),
            "-R",
            "-h",
            "127.0.0.1",
            "-p",
            str(primary.port),
            "-U",
            "postgres",
        )
        standby.start()
        with pytest.raises(NotDurable, match="is a standby; point the address at the primary"):
            Standby(standby.url_of("hive")).try_lead()
        execute(url, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        execute(url, "SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        with psycopg.connect(plain(url), autocommit=True) as asking:
            while asking.execute("SELECT sync_state FROM pg_stat_replication").fetchall() != [("sync",)]:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        journal = led(url)
        killer = threading.Timer(1.0, primary.kill)
        killer.start()
        acknowledged = len(write_until_it_fails(journal))
        killer.join()
        journal.close()
        standby.run("pg_ctl", "-D", str(standby.data), "-w", "promote")
        after = led(standby.url_of("hive"))
        assert acknowledged > 50
        assert after.head_seq in (acknowledged, acknowledged + 3)
        assert [record_of(link).at[0] for link in after.replay()] == list(range(after.head_seq))
        assert (after.epoch, after.journal_id) == (2, journal.journal_id)
        after.close()
