"""A disk that fails or is full, at any call: nothing acknowledged is lost, nothing doubled (J4)."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from journal_bench import a_record, keeper

from hive_core.evidence.chain import first_fault
from hive_exec.journal.errors import JournalFailed
from hive_exec.journal.reading import read_links
from hive_exec.journal.sqlite_store import SqliteStore
from hive_exec.journal.writing import Journal, record_of
from hive_exec.sqlite_file import FileDamaged, NotDurable, open_exclusive


class FailingConnection:
    """A connection whose k-th call fails, before SQLite does it or after."""

    def __init__(self, real: sqlite3.Connection, fails_at: int, *, is_done: bool) -> None:
        self._real, self._fails_at, self._is_done = real, fails_at, is_done
        self.calls = 0

    def _call(self, method, *arguments):
        self.calls += 1
        if self.calls == self._fails_at and not self._is_done:
            raise sqlite3.OperationalError("disk I/O error")
        answer = method(*arguments)
        if self.calls == self._fails_at:
            del answer  # an open statement would keep the file locked as long as the traceback lives
            raise sqlite3.OperationalError("disk I/O error")
        return answer

    def execute(self, *arguments):
        return self._call(self._real.execute, *arguments)

    def executemany(self, *arguments):
        return self._call(self._real.executemany, *arguments)

    def executescript(self, *arguments):
        return self._call(self._real.executescript, *arguments)

    def close(self) -> None:
        self._real.close()


def work(journal: Journal, acknowledged: list[int], answered: list[str]) -> None:
    """What a daemon does; whatever a flush let pass is acknowledged."""
    for turn in range(4):
        buffered = [journal.append(a_record(turn)), journal.append(a_record(turn))]
        key = f"key_{journal.epoch}_{turn}"
        assert journal.answered(key) is None
        journal.answer(key, "a" * 64, b"answer")
        journal.flush()
        acknowledged += buffered
        answered.append(key)
        if turn % 2:
            journal.save_snapshot(b"%d" % turn, "v1")
            journal.load_snapshot("v1")
    list(journal.replay())


def require_nothing_more(journal: Journal) -> None:
    for again in (
        journal.flush,
        lambda: journal.append(a_record()),
        lambda: journal.answer("key", "a" * 64, b""),
        lambda: journal.answered("key"),
        lambda: journal.save_snapshot(b"", "v1"),
    ):
        with pytest.raises(JournalFailed, match="nothing more is written: "):
            again()


def lives(path: Path, fails_at: int, *, is_done: bool) -> tuple[bool, int]:
    """One life with a fault, and what the next one finds. Whether the fault was met, and calls made."""
    acknowledged: list[int] = []
    answered: list[str] = []
    made: list[FailingConnection] = []

    def connect(where: Path) -> FailingConnection:
        made.append(FailingConnection(open_exclusive(where), fails_at, is_done=is_done))
        return made[0]

    failure: Exception | None = None
    try:
        heads = keeper(path.parent, is_first_start=True)
        journal = Journal(SqliteStore(path, connect), lambda: 7, heads=heads)
        try:
            work(journal, acknowledged, answered)
        except JournalFailed as failed:
            failure = failed
            require_nothing_more(journal)
        journal.close()
    except (JournalFailed, FileDamaged) as failed:
        failure = failed
    assert failure is None or "disk I/O error" in str(failure)
    journal = Journal(path, lambda: 7, heads=keeper(path.parent, is_first_start=True))
    stored = [link.seq for link in journal.links()]
    assert stored == list(range(1, journal.head_seq + 1))
    assert set(acknowledged) <= set(stored)
    assert journal.head_seq - len(acknowledged) in (0, 2)  # at most the flush that nobody knows about
    assert all(journal.answered(key) is not None for key in answered)
    more: list[int] = []
    work(journal, more, [])
    assert more == list(range(len(stored) + 1, len(stored) + 9))
    journal.close()
    held, _, fault = first_fault(read_links(path))
    assert (held, fault) == (len(stored) + 8, None)
    return failure is not None, made[0].calls


@pytest.mark.slow
@pytest.mark.parametrize("is_done", [False, True], ids=["not done", "done, and told as failed"])
def test_a_fault_at_any_call_loses_and_doubles_nothing(tmp_path, is_done):
    fails_at, met = 0, True
    while met:
        fails_at += 1
        met, calls = lives(tmp_path / str(fails_at) / "journal.sqlite", fails_at, is_done=is_done)
    assert calls < fails_at  # the last life met none: every call of a life had its turn
    assert fails_at > 40


@contextmanager
def small_disk(folder: Path, size: str):
    """A file system of its own, or skipped where this user may not make one."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True
    )
    if made.returncode != 0:
        pytest.skip("this user may not mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(journal: Journal) -> int:
    """Write until it fails; how many records were acknowledged."""
    for acknowledged in range(100_000):
        try:
            journal.append(a_record(acknowledged))
            journal.flush()
        except JournalFailed:
            return acknowledged
    raise AssertionError("it never failed")


def test_a_full_disk_and_then_space_again(tmp_path):
    with small_disk(tmp_path / "disk", "200k") as disk:
        path = disk / "journal.sqlite"
        journal = Journal(path, lambda: 7)
        acknowledged = fill(journal)
        journal.close()
        assert acknowledged > 10
        subprocess.run(["mount", "-o", "remount,size=2m", str(disk)], check=True)
        journal = Journal(path, lambda: 7)
        assert journal.head_seq == acknowledged
        assert [record_of(link).at[0] for link in journal.replay()] == list(range(acknowledged))
        assert journal._store._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        journal.append(a_record())
        journal.close()


def test_a_disk_that_may_only_be_read_is_refused_at_the_start(tmp_path):
    with small_disk(tmp_path / "disk", "1m") as disk:
        Journal(disk / "journal.sqlite", lambda: 7).close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(FileDamaged, match=r"disk I/O error|readonly|unable to open"):
            Journal(disk / "journal.sqlite", lambda: 7)


LIMITED = """
import resource, sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from journal_bench import a_record
from hive_exec.journal.errors import JournalFailed
from hive_exec.journal.writing import Journal
journal = Journal(Path(sys.argv[1]), lambda: 7)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    for number in range(100_000):
        journal.append(a_record(number))
        journal.flush()
        print(number, flush=True)
except JournalFailed as failure:
    print(failure, file=sys.stderr)
    sys.exit(3)
"""


@pytest.mark.slow
def test_a_file_that_may_not_grow(path):
    told = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), *sys.path],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert told.returncode == 3, told.stderr
    assert "could not be written" in told.stderr
    acknowledged = [int(line) for line in told.stdout.split()]
    assert len(acknowledged) > 20
    journal = Journal(path, lambda: 7)
    assert [record_of(link).at[0] for link in journal.replay()][: len(acknowledged)] == acknowledged
    journal.close()


@pytest.mark.parametrize("setting", ["synchronous", "journal_mode", "locking_mode"])
def test_a_setting_that_does_not_take_is_refused(path, monkeypatch, setting):
    """SQLite answers what it cannot have with another value, and no error."""

    class Stubborn(sqlite3.Connection):
        def execute(self, statement, *values):
            if statement.startswith(f"PRAGMA {setting}="):
                statement = "PRAGMA synchronous=NORMAL" if setting == "synchronous" else "SELECT 1"
            return super().execute(statement, *values)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, factory=Stubborn, **k))
    with pytest.raises(NotDurable, match=f"{setting} is .* instead of .*, so a commit may not survive"):
        Journal(path, lambda: 7)


def test_a_torn_page_is_told_as_damage_of_the_journal(path):
    journal = Journal(path, lambda: 7)
    for number in range(500):
        journal.append(a_record(number))
    journal.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises((JournalFailed, FileDamaged), match=r"malformed|not a database"):
        Journal(path, lambda: 7)
