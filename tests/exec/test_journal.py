"""The journal: append-only, chained over restarts, durable before anything is answered or sent."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from exec_bench import MONDAY, Bench, a_decision, bars_of, delivery_bytes, write_bars

from hive_core.configuration.model import Account, Configuration
from hive_core.contracts.decision import Delivery
from hive_core.evidence.chain import GENESIS_HASH, first_fault
from hive_exec import main as main_module
from hive_exec import service
from hive_exec.brokers.paper import PaperVenue
from hive_exec.cell import Cell, JournalCorrupt
from hive_exec.core.records import Kind, Record
from hive_exec.journal.errors import JournalFailed
from hive_exec.journal.reading import read_links
from hive_exec.journal.writing import Journal, record_of
from hive_exec.sqlite_file import DiskFailed, FileDamaged, FileInUse, open_exclusive, unusable
from hive_exec.todays_settings import SettingsChanged

HOUR = timedelta(hours=1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "exec" / "journal.sqlite"


@pytest.fixture
def traded(home):
    """A home whose daemon traded one decision and was stopped."""
    write_bars(home, bars_of([(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(4)]))
    bench = Bench(home, Configuration())
    bench.deliver(a_decision())
    bench.advance(MONDAY + 3 * HOUR)
    bench.cell.stop()
    return home


def a_record(number: int = 1) -> Record:
    return Record("samples", Kind.ADVANCE_REQUESTED, (number, 0, ""), {"until_ns": number})


@contextlib.contextmanager
def opened(path):
    journal = Journal(path, lambda: 7)
    try:
        yield journal
    finally:
        journal.close()


@contextlib.contextmanager
def as_a_vandal(path):
    """The file in the hands of someone who may do everything."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    connection.close()


def test_what_was_appended_is_read_back_in_its_order(path):
    with opened(path) as journal:
        assert [journal.append(a_record(number)) for number in (1, 2, 3)] == [1, 2, 3]
        assert (journal.head_seq, journal.durable_seq, journal.buffered) == (3, 0, 3)
        assert list(journal.links()) == []  # nothing is told before it is durable
        journal.flush()
        assert (journal.head_seq, journal.durable_seq, journal.buffered) == (3, 3, 0)
        assert [record_of(link) for link in journal.links()] == [a_record(number) for number in (1, 2, 3)]
        assert [link.seq for link in journal.links(after_seq=1, limit=1)] == [2]


def test_a_restart_continues_the_chain(path):
    for number in range(1, 4):
        with opened(path) as journal:
            assert journal.append(a_record(number)) == number
    links = list(read_links(path))
    assert links[0].previous_hash == GENESIS_HASH
    assert first_fault(links) == (3, links[-1].record_hash, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET body = x'00' WHERE seq = 1",
        "UPDATE journal SET seq = 9 WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 2",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal SELECT seq, x'00', previous_hash, record_hash FROM journal",
        "REPLACE INTO journal VALUES (2, x'00', '', '')",
        "INSERT INTO journal VALUES (1, x'00', '', '')",
    ],
)
def test_a_written_record_is_never_written_again(path, statement):
    with opened(path) as journal:
        journal.append(a_record(1))
        journal.append(a_record(2))
        journal.flush()
        before = list(journal.links())
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            journal._store._connection.execute(statement)
        assert list(journal.links()) == before


def test_the_inbox_remembers_over_a_restart_and_takes_a_key_once(path):
    with opened(path) as journal:
        journal.answer("dec_1", "a" * 64, b"first")
        assert journal.answered("dec_1").response == b"first"  # buffered already counts
    with opened(path) as journal:
        assert journal.answered("dec_1").content_sha256 == "a" * 64
        assert journal.answered("dec_2") is None
        journal.answer("dec_1", "b" * 64, b"second")
        with pytest.raises(JournalFailed, match="the inbox is append-only"):
            journal.flush()
    with opened(path) as journal:
        assert journal.answered("dec_1").response == b"first"


def test_an_answer_and_its_record_are_durable_together_or_not_at_all(path):
    with opened(path) as journal:
        journal.answer("dec_1", "a" * 64, b"answer")
        journal.flush()
        journal.append(a_record())
        journal.answer("dec_1", "b" * 64, b"twice")
        with pytest.raises(JournalFailed):
            journal.flush()
    assert list(read_links(path)) == []


def test_a_commit_is_on_the_disk_when_it_returns(path):
    connection = open_exclusive(path)
    facts = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("synchronous", "journal_mode", "locking_mode")
    }
    connection.close()
    assert facts == {"synchronous": 2, "journal_mode": "wal", "locking_mode": "exclusive"}


HOLD = """
import sys
from pathlib import Path
from hive_exec.sqlite_file import open_exclusive
connection = open_exclusive(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
connection.close()
"""


def test_another_process_on_the_same_journal_is_refused(home):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.journal)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout.readline() == "held\n"
    for attempt in (lambda: Cell(home, Configuration()), lambda: list(read_links(home.journal))):
        with pytest.raises(FileInUse, match="held by another process; is the daemon running already"):
            attempt()
    other.communicate("go on\n", timeout=30)
    assert other.returncode == 0
    Cell(home, Configuration()).journal.close()


@pytest.mark.parametrize("name", ["journal.sqlite", "paper.sqlite"])
def test_a_file_that_is_no_database_is_told_by_its_name(traded, name):
    (traded.journal.with_name(name)).write_bytes(b"not a database " * 500)
    with pytest.raises(FileDamaged, match=f"{name}: file is not a database"):
        Cell(traded, Configuration())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, DiskFailed),
        (sqlite3.SQLITE_FULL, DiskFailed),
        (sqlite3.SQLITE_NOTADB, FileDamaged),
        (sqlite3.SQLITE_CORRUPT, FileDamaged),
        (None, FileDamaged),
    ],
)
def test_a_disk_that_fails_is_told_from_a_file_that_does(path, code, kind):
    error = sqlite3.OperationalError("what SQLite says")
    if code is not None:
        error.sqlite_errorcode = code
    assert type(unusable(path, error)) is kind


def test_reading_a_journal_that_there_is_not_makes_none(path):
    with pytest.raises(FileNotFoundError, match="there is no journal yet"):
        list(read_links(path))
    assert not path.exists()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE journal SET body = CAST(replace(body, 'EURUSD', 'GBPUSD') AS BLOB) WHERE seq = 3",
            "record 3: its content",
        ),
        (
            "UPDATE journal SET record_hash = '0' || substr(record_hash, 2) || 'x' WHERE seq = 3",
            "record 3: its",
        ),
        ("UPDATE journal SET previous_hash = record_hash WHERE seq = 4", "record 4: does not follow"),
        ("DELETE FROM journal WHERE seq = 1", "record 1: missing; found 2; 0 records before it hold"),
        ("DELETE FROM journal WHERE seq = 3", "record 3: missing; found 4; 2 records before it hold"),
        ("UPDATE journal SET seq = seq + 1000 WHERE seq = 2", "record 2: missing; found 3"),
    ],
)
def test_a_tampered_journal_is_not_traded_on(traded, statement, told):
    with as_a_vandal(traded.journal) as connection:
        connection.execute(statement)
    with pytest.raises(JournalCorrupt, match=told):
        Cell(traded, Configuration())


def test_a_journal_cut_at_its_end_contradicts_its_signed_heads_and_is_not_traded_on(traded):
    """The chain alone cannot see it; the head that was signed at the last stop tells of more records."""
    with as_a_vandal(traded.journal) as connection:
        connection.execute("DELETE FROM journal WHERE seq >= 4")
    assert first_fault(read_links(traded.journal))[2] is None
    with pytest.raises(JournalCorrupt, match="a signed head tells of"):
        Cell(traded, Configuration())


def test_a_journal_cut_at_its_end_together_with_its_heads_is_not_traded_on(traded):
    with as_a_vandal(traded.journal) as connection:
        connection.execute("DELETE FROM journal WHERE seq >= 4")
    traded.journal.with_name("heads.jsonl").unlink()
    with pytest.raises(JournalCorrupt, match="with its signed heads is gone"):
        Cell(traded, Configuration())


@pytest.mark.parametrize(
    "changes",
    [{"initial_balance": Decimal(50_000)}, {"currency": "EUR"}, {"mode": "paper"}],
    ids=repr,
)
def test_settings_that_contradict_an_open_account_are_refused(traded, changes):
    first, *others = Configuration().accounts
    changed = Configuration(accounts=(first.model_copy(update=changes), *others))
    with pytest.raises(
        SettingsChanged, match=f"account samples: {next(iter(changes))} is .* but it was opened"
    ):
        Cell(traded, changed)


def test_settings_that_may_change_are_taken_and_an_account_that_is_gone_keeps_its_own(traded):
    first, *others = Configuration().accounts
    careful = first.model_copy(update={"risk_per_trade_pct": Decimal("0.1")})
    cell = Cell(traded, Configuration(accounts=(careful, *others)))
    assert cell.bots["samples"].settings.risk_per_trade_pct == Decimal("0.1")
    cell.journal.close(), cell.venue.close()
    cell = Cell(traded, Configuration(accounts=(Account(name="other", mode="replay", sources=("x",)),)))
    assert cell.bots["samples"].settings.risk_per_trade_pct == Decimal("0.5")
    cell.journal.close(), cell.venue.close()


@pytest.mark.parametrize("fault", ["tampered", "settings", "in use", "damaged", "configuration"])
def test_a_start_that_is_forbidden_is_told_in_one_line_and_exits_78(traded, monkeypatch, caplog, fault):
    monkeypatch.setenv("HIVE_HOME", str(traded.root))
    monkeypatch.delenv("HIVE_CONFIG", raising=False)
    monkeypatch.setattr(main_module, "configure_logging", lambda _: None)
    with contextlib.ExitStack() as stack:
        if fault == "tampered":
            with as_a_vandal(traded.journal) as connection:
                connection.execute("DELETE FROM journal WHERE seq = 3")
        elif fault == "settings":
            account = (
                '[[accounts]]\nname = "samples"\nmode = "replay"\nsources = ["*"]\ninitial_balance = 5\n'
            )
            traded.configuration_file.write_text(account)
        elif fault == "in use":
            stack.enter_context(contextlib.closing(open_exclusive(traded.journal)))
        elif fault == "damaged":
            traded.journal.write_bytes(b"x" * 5_000)
        else:
            traded.configuration_file.write_text('[[accounts]]\nname = "a"\n')
        assert main_module.run() == 78
    (record,) = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert record.getMessage().startswith("hive exec does not start: ")
    assert record.exc_info is None


def test_an_intent_is_durable_before_its_order_is_sent(home, monkeypatch):
    write_bars(home, bars_of([(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(4)]))
    bench = Bench(home, Configuration())
    sent = []
    real_submit = PaperVenue.submit

    def submit(venue, order, at):
        stored = bench.cell.journal._store._connection.execute("SELECT body FROM journal").fetchall()
        is_durable = not bench.cell.journal._store._connection.in_transaction
        sent.append(is_durable and any(order.client_order_id.encode() in body for (body,) in stored))
        real_submit(venue, order, at)

    monkeypatch.setattr(PaperVenue, "submit", submit)
    bench.deliver(a_decision(targets=("1.06200", "1.06300")))
    bench.advance(MONDAY + 3 * HOUR)
    bench.cell.stop()
    assert sent == [True, True]


def test_an_acceptance_is_answered_only_when_it_is_durable(home, monkeypatch):
    bench = Bench(home, Configuration())
    decision = a_decision()
    body = delivery_bytes(decision)
    real_flush = Journal.flush
    seen = []

    def flush(journal):
        if journal.buffered:
            seen.append(("before", answer.done()))
            real_flush(journal)
            seen.append(("after", answer.done()))
        else:
            real_flush(journal)

    def deliver():
        delivery = Delivery.model_validate_json(body)
        return service.deliver(bench.cell, decision.decision_id, body, delivery, "pipelines")

    monkeypatch.setattr(Journal, "flush", flush)
    bench.cell.call(lambda: None).result(5)
    answer = None

    def wait_for_the_answer():
        # Runs in the cell's thread, one command before the delivery: by then the future is known.
        while answer is None:
            pass

    bench.cell.call(wait_for_the_answer)
    answer = bench.cell.call(deliver)
    status, _ = answer.result(5)
    bench.cell.stop()
    assert status == 202
    assert seen[:2] == [("before", False), ("after", False)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_full_disk_answers_nothing_and_stops_the_cell(home):
    bench = Bench(home, Configuration())
    bench.deliver(a_decision())
    told: list[BaseException] = []
    bench.cell.on_fatal = told.append
    connection = bench.cell.journal._store._connection

    def fill_the_disk() -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    bench.cell.call(fill_the_disk).result(5)
    accepted = []
    for minute in range(50):
        decision = a_decision(ts=MONDAY + timedelta(minutes=minute))
        try:
            bench.deliver(decision)
        except RuntimeError:
            break
        accepted.append(decision.decision_id)
    bench.cell._thread.join(10)
    (failure,) = told
    assert isinstance(failure, JournalFailed)
    assert "could not be written: database or disk is full" in str(failure)
    with pytest.raises(RuntimeError, match=r"the cell stopped: the journal .* database or disk is full"):
        bench.deliver(decision)  # and whoever comes later is not kept waiting
    bench.cell.journal.close()  # writes nothing any more
    bench.cell.venue.close()
    bench.open()
    received = [r.body["decision_id"] for r in bench.reports() if r.kind == "decision_received"]
    assert received == [a_decision().decision_id, *accepted]  # what was answered is there, nothing else
    bench.cell.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failing_disk_sends_nothing(home, monkeypatch):
    write_bars(home, bars_of([(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(4)]))
    bench = Bench(home, Configuration())
    bench.deliver(a_decision())
    sent = []
    monkeypatch.setattr(PaperVenue, "submit", lambda _, order, at: sent.append(order))
    real_flush = Journal.flush

    def flush(journal):
        if any(record_of(link).kind is Kind.ORDER_INTENDED for link in journal._links):
            raise sqlite3.OperationalError("disk I/O error")
        real_flush(journal)

    monkeypatch.setattr(Journal, "flush", flush)
    with pytest.raises((sqlite3.OperationalError, RuntimeError), match="disk I/O error"):
        bench.advance(MONDAY + 3 * HOUR)
    assert sent == []
    bench.cell.journal.abandon()
    bench.cell.venue.close()


def test_a_vandal_who_writes_the_chain_anew_is_why_its_head_is_kept_elsewhere(traded):
    """Documented limit: a chain written anew from a place on is a chain. Only its last hash differs."""
    before = list(read_links(traded.journal))
    with as_a_vandal(traded.journal) as connection:
        connection.execute("DELETE FROM journal WHERE seq >= 3")
    with opened(traded.journal) as journal:
        for link in before[2:]:
            journal.append(replace(record_of(link), account="other"))
    _, head, fault = first_fault(read_links(traded.journal))
    assert fault is None
    assert head != before[-1].record_hash
