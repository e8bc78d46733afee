"""A daemon that is up and does not know us is not one that is down."""

from __future__ import annotations

import pytest
from exec_bench import Bench
from served import served

from hive_cli.facts.daemon import DaemonFacts, DaemonForbids, DaemonUnreachable
from hive_core.configuration.model import Configuration
from hive_core.landing.home import HiveHome
from hive_exec.http import create_app


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """The daemon, asked without a token."""
    bench = Bench(HiveHome(tmp_path_factory.mktemp("stranger") / "hive"), Configuration())
    with served(create_app(bench.cell)) as port, DaemonFacts(f"http://127.0.0.1:{port}") as daemon:
        yield daemon
    bench.cell.stop()


@pytest.mark.parametrize(
    "ask", [DaemonFacts.orders, DaemonFacts.modes, lambda daemon: daemon.post("/kill", {})]
)
def test_who_is_not_let_in_is_told_so(stranger, ask):
    with pytest.raises(DaemonForbids, match="HTTP 401") as refused:
        ask(stranger)
    assert refused.value.what == "the daemon is up, and does not let us in"
    assert "hive principals list" in refused.value.next_step


def test_a_daemon_that_is_not_there_is_told_as_that():
    with DaemonFacts("http://127.0.0.1:9") as nobody, pytest.raises(DaemonUnreachable) as error:
        nobody.orders()
    assert (error.value.what, error.value.next_step) == (
        "the daemon does not answer",
        "hive up, or hive exec",
    )
