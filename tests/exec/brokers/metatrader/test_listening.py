"""Hearing: quotes once each, reports once each, interruptions told when they are over."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest
from metatrader_bench import START_NS, Heard, an_order

from hive_exec.brokers.port import Unavailable
from hive_exec.simulators.metatrader.faults import Fault, FaultKind


@contextmanager
def listening(bench):
    heard, stop = Heard(), threading.Event()
    failed = []

    def run():
        try:
            bench.broker.listen(["EURUSD"], heard, stop)
        except Exception as error:  # noqa: BLE001  (told by the test, not lost with the thread)
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield heard
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert failed == []


def until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_a_quote_is_told_once_under_our_name(mt5):
    with listening(mt5) as heard:
        until(lambda: heard.quotes)
        time.sleep(0.3)
        assert len(heard.quotes) == 1
        mt5.now_ns += 10**9
        mt5.quote("1.10020", "1.10030")
        until(lambda: len(heard.quotes) == 2)
    symbol, bid, ask, ts_ns = heard.quotes[1]
    assert (symbol, str(bid), str(ask), ts_ns) == ("EURUSD", "1.10020", "1.10030", START_NS + 10**9)


def test_reports_are_told_once_while_the_overlap_is_read_again(mt5):
    with listening(mt5) as heard:
        until(lambda: heard.quotes)
        mt5.broker.submit(an_order())
        until(lambda: len(heard.reports) >= 2)
        time.sleep(0.3)
        mt5.quote("1.09480", "1.09490")
        until(lambda: len(heard.reports) >= 3)
        time.sleep(0.3)
    assert [report.kind.value for report in heard.reports] == ["accepted", "filled", "closed"]


def test_a_terminal_that_lost_its_server_is_a_gap_told_when_it_is_back(mt5):
    with listening(mt5) as heard:
        until(lambda: heard.quotes)
        mt5.package._disconnected_until_ms = mt5.server_ms() + 1_000
        time.sleep(0.4)
        assert heard.gaps == []
        mt5.now_ns += 2 * 10**9
        until(lambda: heard.gaps)
    assert "no connection to its trade server" in heard.gaps[0]


def test_a_server_clock_that_is_not_this_servers_is_trouble_and_no_quote(mt5):
    mt5.settings = mt5.settings.model_copy(update={"server_clock": "UTC"})
    mt5.broker = mt5.new_broker()
    with listening(mt5) as heard:
        until(lambda: heard.troubles)
        time.sleep(0.3)
    assert "server_clock UTC is not this server's" in heard.troubles[0]
    assert len(heard.troubles) == 1
    assert heard.quotes == []


def test_a_clock_behind_the_servers_shows_when_a_quote_changes(mt5):
    """One old quote may be a weekend's; one that changes now and is stamped hours ago is not."""
    mt5.settings = mt5.settings.model_copy(update={"server_clock": "Asia/Tokyo"})
    mt5.broker = mt5.new_broker()
    with listening(mt5) as heard:
        time.sleep(0.3)
        assert heard.troubles == []
        mt5.now_ns += 10**9
        mt5.quote("1.10020", "1.10030")
        until(lambda: heard.troubles)
    assert "Asia/Tokyo" in heard.troubles[0]
    assert heard.quotes == []


def test_trouble_of_an_order_is_heard_while_listening(mt5):
    with listening(mt5) as heard:
        until(lambda: heard.quotes)
        mt5.faults(Fault(FaultKind.RETCODE, 19_999))
        with pytest.raises(Exception, match="not documented"):
            mt5.broker.submit(an_order())
        assert "19999" in heard.troubles[0]


def test_a_bridge_that_is_gone_is_not_a_calm_market(mt5):
    with listening(mt5) as heard:
        until(lambda: heard.quotes)
        mt5.bridge.close()
        mt5.broker.close()
        with pytest.raises(Unavailable):
            mt5.broker.snapshot()
    assert heard.gaps == []  # told when it is back, which it never was
