"""A breach that was written down before the account could be flattened is carried out after a restart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from exec_bench import MONDAY, Bench, a_decision, bars_of, write_bars

from hive_core.configuration.model import Configuration
from hive_exec.brokers.paper import PaperVenue

HOUR = timedelta(hours=1)


class Crash(BaseException):
    """The end of the process, as far as the cell can tell."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_breach_is_flattened_after_a_crash_between_record_and_effect(home, monkeypatch):
    # A gap takes bought positions to three times their stops; a sold one stays.
    rows = [(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(3)]
    rows += [(MONDAY + 3 * HOUR, 1.0530, 1.0532, 1.0528, 1.0530)]
    rows += [(MONDAY + h * HOUR, 1.053, 1.0532, 1.0528, 1.053) for h in (4, 5)]
    write_bars(home, bars_of(rows))
    bench = Bench(home, Configuration())
    first = MONDAY + timedelta(minutes=1)
    bench.deliver(a_decision(ts=first, side="sell", stop="1.06200", targets=("1.03000",)))
    for minute in range(2, 9):
        decision = a_decision(ts=MONDAY + timedelta(minutes=minute), stop="1.05800", targets=("1.07000",))
        bench.deliver(decision)

    def crash(*_):
        raise Crash

    with monkeypatch.context() as failing:
        failing.setattr(PaperVenue, "flatten", crash)
        with pytest.raises((Crash, RuntimeError)):
            bench.advance(MONDAY + 4 * HOUR)
        bench.cell._thread.join()
    bench.cell.journal.abandon()
    bench.cell.venue._connection.close()
    bench.open()
    assert bench.account()["state"] == "breached"
    bench.advance(MONDAY + 6 * HOUR)
    sold, *bought = sorted(bench.orders(), key=lambda order: order["submitted_ns"])
    assert sold["exit_reason"] == "flatten"
    assert len(bought) > 3
    assert {order["exit_reason"] for order in bought} == {"stop_gap"}
    bench.cell.stop()
