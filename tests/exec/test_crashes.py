"""A crash before or after every single write of journal and venue leaves the same orders.

The process is not killed here but its cell is abandoned at the k-th write, for every k, and a new
one is opened on the same files: what SIGKILL leaves behind, enumerated instead of hoped for. Real
kills are in proofs/.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from exec_bench import MONDAY, Bench, a_decision, bars_of, write_bars

from hive_core.configuration.model import Configuration
from hive_core.evidence.chain import first_fault
from hive_core.landing.home import HiveHome
from hive_exec.brokers.paper import PaperVenue
from hive_exec.journal.writing import Journal

HOUR = timedelta(hours=1)
END = MONDAY + timedelta(hours=30)


class Crash(BaseException):
    """The end of the process, as far as the cell can tell."""


class Failpoint:
    """Counts writes; at number `at` it crashes, before the write or after it."""

    def __init__(self) -> None:
        self.count, self.at, self.after = 0, -1, False

    def wrap(self, monkeypatch, owner, name, has_work):
        real = getattr(owner, name)

        def guarded(this):
            if not has_work(this):
                return real(this)
            self.count += 1
            if self.count == self.at and not self.after:
                raise Crash
            real(this)
            if self.count == self.at and self.after:
                raise Crash

        monkeypatch.setattr(owner, name, guarded)


@pytest.fixture
def failpoint(monkeypatch):
    point = Failpoint()
    point.wrap(monkeypatch, Journal, "flush", lambda journal: journal.buffered > 0)
    point.wrap(monkeypatch, PaperVenue, "_commit", lambda venue: bool(venue._unsaved))
    return point


def decisions():
    return [
        a_decision(targets=("1.06200", "1.07000")),
        a_decision(
            ts=MONDAY + 90 * timedelta(minutes=1),
            side="sell",
            reference="1.06150",
            stop="1.06360",
            targets=("1.05000",),
        ),
        a_decision(
            ts=MONDAY + 2 * HOUR,
            order_type="limit",
            entry="1.06050",
            reference="1.06150",
            stop="1.05900",
            targets=("1.06900",),
        ),
        a_decision(ts=MONDAY + 2 * HOUR + timedelta(minutes=1), stop="1.09000", targets=("1.10000",)),
    ]


def prices(home):
    write_bars(
        home,
        bars_of(
            [
                (MONDAY, 1.0600, 1.0605, 1.0595, 1.0600),
                (MONDAY + HOUR, 1.0600, 1.0620, 1.0598, 1.0615),
                (MONDAY + 2 * HOUR, 1.0615, 1.0640, 1.0610, 1.0635),
                (MONDAY + 3 * HOUR, 1.0635, 1.0640, 1.0570, 1.0580),
                (MONDAY + 24 * HOUR, 1.0540, 1.0585, 1.0535, 1.0580),
            ]
        ),
    )


def flow(bench):
    for decision in decisions():
        bench.deliver(decision)
    bench.advance(END)


def close_hard(cell):
    """Let go of the files as a killed process does: nothing buffered is written."""
    cell.journal.abandon()
    cell.venue._connection.close()


def facts(bench):
    """Orders without what another attempt may change: its number, and the ids made from it."""
    changing = {"client_order_id", "attempt", "venue_order_id"}
    live = [order for order in bench.orders() if order["state"] != "not_accepted"]
    return sorted(
        (sorted((key, str(value)) for key, value in order.items() if key not in changing)) for order in live
    )


def marks(bench):
    return [
        (report.ts_event_ns, report.kind, report.body["equity"], report.body.get("equity_low"))
        for report in bench.reports()
        if report.kind in {"equity_marked", "day_opened", "position_closed", "order_filled"}
    ]


@pytest.fixture
def folder(tmp_path):
    """In memory where there is a place for it: what is tested is the order of writes, not the disk."""
    memory = Path("/dev/shm")  # noqa: S108
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="hive-crashes-") as made:
        yield Path(made)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_crash_at_any_write_leaves_the_same_orders_none_twice(folder, failpoint, monkeypatch):
    monkeypatch.delenv("HIVE_LAKE", raising=False)
    calm = Bench(HiveHome(folder / "calm"), Configuration())
    prices(calm.home)
    failpoint.count = 0
    flow(calm)
    expected, expected_marks, expected_account = facts(calm), marks(calm), calm.account()
    writes = failpoint.count
    calm.cell.stop()
    assert writes > 20
    assert len(expected) == 4
    crashes = 0
    for at in range(1, writes + 1):
        for after in (False, True):
            bench = Bench(HiveHome(folder / f"crash-{at}-{after}"), Configuration())
            prices(bench.home)
            failpoint.count, failpoint.at, failpoint.after = 0, at, after
            with contextlib.suppress(Crash, RuntimeError, TimeoutError):
                flow(bench)
            failpoint.at = -1
            if bench.cell.fatal is not None:
                crashes += 1
                bench.cell._thread.join()
                close_hard(bench.cell)
                bench.open()
            flow(bench)
            where = f"crash {'after' if after else 'before'} write {at}"
            assert facts(bench) == expected, where
            assert marks(bench) == expected_marks, where
            after_account = {
                k: v for k, v in bench.account().items() if k not in {"orders", "orders_by_state"}
            }
            assert after_account == {k: expected_account[k] for k in after_account}, where
            assert first_fault(bench.cell.journal.links())[2] is None
            bench.cell.stop()
    assert crashes >= writes  # the failpoints were really hit
