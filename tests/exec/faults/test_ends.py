"""How the installed daemon ends: told to stop, killed, or refused a start by a failpoint set by accident."""

from __future__ import annotations

import signal

import pytest

from hive_exec.journal.errors import JournalFailed
from hive_exec.main import EXIT_FATAL, run
from proofs.paper_daemon import PaperDaemon, decision_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_closes_its_books_and_ends_well(daemon, number):
    daemon.start()
    client = daemon.client()
    assert client.quote().status_code == 202
    assert client.decide(decision_of("one")).status_code == 202
    client.close()
    daemon.send_signal(number)
    assert daemon.running().wait(30) == 0
    assert "hive exec stopped; the journal ends at record" in daemon.log_tail()
    assert not daemon.home.journal.with_name("journal.sqlite-wal").exists()


def test_a_failpoint_without_its_permission_refuses_the_start(tmp_path):
    armed = PaperDaemon(tmp_path, environment={"HIVE_FAILPOINT": "journal.before_commit:1:kill"})
    armed.launch()
    assert armed.running().wait(30) == 78
    assert "HIVE_ALLOW_FAILPOINTS=1 does not stand beside it" in armed.log_tail()


def test_a_journal_that_does_not_answer_is_no_reason_never_to_start_again(monkeypatch, tmp_path, capfd):
    """A service manager does not start again what ended with 78."""

    def fails(*_, **__):
        raise JournalFailed("the journal in PostgreSQL could not be reached")

    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "hive"))
    monkeypatch.setattr("hive_exec.main.Cell", fails)
    assert run() == EXIT_FATAL
    assert "could not be reached" in capfd.readouterr().err


def test_killed_at_a_failpoint_it_goes_on_with_what_it_acknowledged(daemon):
    daemon.start("answer.after_send:3:kill")  # the health question, the quote, the decision
    client = daemon.client()
    assert client.quote().status_code == 202
    first = client.decide(decision_of("one", ts_ns=1_700_000_000 * 10**9))
    client.close()
    assert daemon.running().wait(30) == -signal.SIGKILL
    daemon.start()
    client = daemon.client()
    again = client.decide(decision_of("one", ts_ns=1_700_000_000 * 10**9))
    client.close()
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.content == first.content
