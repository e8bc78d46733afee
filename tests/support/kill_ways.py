"""The three ways to throw the kill switch of an installed daemon."""

from __future__ import annotations

from collections.abc import Callable

from broker_daemon import BrokerDaemon


def kill_by_http(daemon: BrokerDaemon) -> None:
    """By the daemon's own face."""
    assert daemon.client().post("/kill", {"reason": "a test"}).status_code == 200


def kill_by_file(daemon: BrokerDaemon) -> None:
    """By a file beside the journal."""
    daemon.home.journal.with_name("KILL").write_text("a test\n", "utf-8")


def kill_by_command(daemon: BrokerDaemon) -> None:
    """By the command."""
    said = daemon.hive("kill", "a test")
    assert said.returncode == 0, said.stderr


KILL_WAYS: tuple[Callable[[BrokerDaemon], None], ...] = (kill_by_http, kill_by_file, kill_by_command)
