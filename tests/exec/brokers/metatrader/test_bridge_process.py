"""The bridge as a process of its own over the simulated package, killed in the middle of an order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest
from metatrader_bench import SECOND_NS, TOKEN, a_limit, an_order, settings_for
from pydantic import SecretStr

import hive_exec.simulators.metatrader
from hive_exec.brokers.metatrader.adapter import MetaTraderBroker
from hive_exec.brokers.metatrader.bridge import TOKEN_VARIABLE
from hive_exec.brokers.port import Ambiguous, NotSent
from hive_exec.simulators.metatrader.book import Books, Instrument
from hive_exec.simulators.metatrader.faults import Fault, FaultKind, FaultScript
from hive_exec.simulators.metatrader.state import STATE_VARIABLE, save

PACKAGE = Path(hive_exec.simulators.metatrader.__path__[0]) / "beside_terminal"


class Process:
    """`python -m hive_exec.brokers.metatrader.bridge` beside a venue that outlives it."""

    def __init__(self, folder, *faults):
        self.state = folder / "venue.json"
        instrument = Instrument("EURUSD.m", bid=Decimal("1.10000"), ask=Decimal("1.10010"))
        books = Books(instruments={"EURUSD.m": instrument}, time_ms=time.time_ns() // 1_000_000)
        save(self.state, books, FaultScript(faults), 0)
        self.start()

    def start(self):
        path = os.pathsep.join([str(PACKAGE), *sys.path])
        environment = {TOKEN_VARIABLE: TOKEN, STATE_VARIABLE: str(self.state), "PYTHONPATH": path}
        self.running = subprocess.Popen(
            [sys.executable, "-m", "hive_exec.brokers.metatrader.bridge", "--port", "0"],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.running.stdout.readline()
        assert line.startswith("bridge listens on 127.0.0.1:"), line
        self.port = int(line.rpartition(":")[2])

    def kill(self):
        self.running.kill()
        self.running.wait()
        self.running.stdout.close()

    @property
    def sent(self):
        return json.loads(self.state.read_text())["sent"]

    def broker(self):
        return MetaTraderBroker(settings_for(self.port, server_clock="UTC"), "live", SecretStr(TOKEN))


def now(order=an_order, **changes):
    at_ns = time.time_ns()
    return order(submitted_ns=at_ns, good_till_ns=at_ns + 3_600 * SECOND_NS, **changes)


@pytest.fixture
def started(tmp_path):
    running = []

    def start(*faults):
        running.append(Process(tmp_path, *faults))
        return running[0]

    yield start
    running[0].kill()


def test_an_order_through_a_real_process(started):
    process = started()
    broker = process.broker()
    accepted, filled = broker.submit(now())
    assert (accepted.kind.value, filled.kind.value) == ("accepted", "filled")
    assert broker.snapshot().positions[0].client_order_id == an_order().client_order_id
    broker.close()


@pytest.mark.parametrize("order", [an_order, a_limit])
def test_killed_in_the_middle_of_an_order_it_is_unknown_and_sent_once(started, order):
    process = started(Fault(FaultKind.HANG, 60_000))
    broker = process.broker()
    cursor = broker.snapshot().cursor
    sent = now(order)

    def kill_once_it_is_at_the_venue():
        while process.sent == 0:
            time.sleep(0.01)
        process.kill()

    killer = threading.Thread(target=kill_once_it_is_at_the_venue)
    killer.start()
    with pytest.raises(Ambiguous):
        broker.submit(sent)
    killer.join()
    broker.close()
    process.start()
    assert process.sent == 1
    after = process.broker()
    found = after.look_up(sent, cursor)
    assert "accepted" in {report.kind.value for report in found.reports}
    assert not found.is_proof
    with pytest.raises(Ambiguous, match="already"):
        after.submit(sent)
    after.close()
    assert process.sent == 1


def test_killed_before_the_order_leaves_no_doubt(started):
    process = started()
    broker = process.broker()
    broker.snapshot()
    process.kill()
    with pytest.raises(NotSent):
        broker.submit(now())
    broker.close()
    process.start()
    assert process.sent == 0
