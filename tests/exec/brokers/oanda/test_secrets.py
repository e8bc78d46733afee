"""The token is read from one place, and stands in nothing that is said, logged or raised."""

from __future__ import annotations

import logging
import os
import traceback
from decimal import Decimal

import pytest
from oanda_bench import TOKEN, Listening, OandaBench, limit_order, order, soon

from hive_exec.brokers.oanda.secret import TokenUnusable, read_token
from hive_exec.brokers.port import Ambiguous, NotSent, Unavailable
from hive_exec.logs import LineFormatter
from hive_exec.simulators.oanda.faults import REQUEST_FAULTS, Fault


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


def test_the_token_comes_from_the_environment_or_a_file_of_ones_own(file):
    assert read_token("T", {"T": TOKEN}).get_secret_value() == TOKEN
    assert read_token("T", {"T_FILE": str(file)}).get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "neither is set"),
        ({"T": TOKEN, "T_FILE": "x"}, "both are set"),
        ({"T": ""}, "does not look like"),
        ({"T": "two words here"}, "does not look like"),
        ({"T": TOKEN + "\r\nX-Evil: 1"}, "does not look like"),
        ({"T": "caf\u00e9" + TOKEN}, "does not look like"),
        ({"T_FILE": "/no/such/file"}, "cannot be read"),
    ],
)
def test_a_token_that_cannot_be_used_is_refused_without_being_shown(environment, reason):
    with pytest.raises(TokenUnusable, match=reason) as caught:
        read_token("T", environment)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_refused(file, mode):
    os.chmod(file, mode)
    with pytest.raises(TokenUnusable, match="chmod 600"):
        read_token("T", {"T_FILE": str(file)})


def test_a_token_that_was_read_is_never_in_a_line_of_the_log():
    canary = "canary" + os.urandom(8).hex()
    read_token("T", {"T": canary})
    line = LineFormatter(is_json=True).format(
        logging.makeLogRecord({"msg": "the venue says %s", "args": (f"<{canary}>",)})
    )
    assert canary not in line
    assert "the venue says <[hidden]>" in line


def words_of(call) -> list[str]:
    """All that a call says: what it returns, or its error with the local variables on the way to it."""
    try:
        return [repr(call())]
    except (NotSent, Ambiguous, Unavailable) as error:
        trace = traceback.TracebackException.from_exception(error, capture_locals=True)
        return [*trace.format(), repr(error.__context__), repr(vars(error))]


@pytest.mark.slow
def test_no_secret_in_logs_exceptions_or_reports(caplog, capfd):
    """A canary: everything that is said in all faults, tracebacks with every local variable included."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with OandaBench(answer_timeout_s=0.3) as bench:
        calls = (
            lambda: bench.broker.submit(limit_order(1)),
            lambda: bench.broker.cancel(limit_order(1)),
            lambda: bench.broker.modify(limit_order(1), Decimal("1.094"), None),
            lambda: bench.broker.close_position(order(1), None, "req_1"),
            lambda: bench.broker.look_up(order(1), "1"),
            bench.broker.snapshot,
        )
        stranger = bench.another(token="another-token-0123456789")  # noqa: S106
        with pytest.raises(Unavailable) as refused:
            stranger.snapshot()
        said.append(str(refused.value))
        for fault in sorted(REQUEST_FAULTS - {Fault.LATE_ACCEPT}):
            for call in calls:
                bench.faults.plan(fault, "")
                said += words_of(call)
        bench.faults.stop()
        with Listening(bench.broker, "EURUSD") as ears:
            soon(lambda: bool(ears.quotes))
        said += [*ears.troubles, *ears.gaps, repr(bench.broker), repr(vars(bench.broker))]
    said += [record.getMessage() + repr(record.args) for record in caplog.records]
    said += [*capfd.readouterr()]
    assert len(said) > 200
    assert any("send_request_headers" in one for one in said), "the log of the HTTP library was not heard"
    assert not [one for one in said if TOKEN in one]
