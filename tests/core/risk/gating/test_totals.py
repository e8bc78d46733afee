"""What a book could lose and gain: every stop hit beyond its price, every target reached, by currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from gate_bench import held

from hive_core.risk.gating.totals import totals_of


def losses(*exposures, slippage="3"):
    return dict(totals_of(exposures, Decimal(slippage)).losses)


def test_every_stop_counts_slipped_by_the_buffer_filled_or_not():
    book = (
        held("EURUSD", "buy", "1", "1.06000", "1.05500", "1.07"),  # 50 + 3 pips
        held("EURUSD", "sell", "2", "1.06000", "1.06200", "1.05", is_open=False),  # 20 + 3, twice
    )
    assert losses(*book) == {"USD": Decimal(530 + 460)}
    assert losses(*book, slippage="0") == {"USD": Decimal(500 + 400)}


def test_only_what_has_not_filled_still_costs():
    book = (
        held("EURUSD", "buy", "1", "1.06000", "1.05970", "1.07"),
        held("EURUSD", "sell", "0.5", "1.06000", "1.06030", "1.05", is_open=False),
    )
    totals = totals_of(book, Decimal(3))
    assert (totals.lots, totals.lots_to_fill, totals.count) == (Decimal("1.5"), Decimal("0.5"), 2)


def test_a_stop_that_locks_in_a_gain_counts_as_nothing_gained():
    locked = held("EURUSD", "buy", "1", "1.05000", "1.05500", "1.07")
    assert losses(locked) == {"USD": 0}
    nearly = held("EURUSD", "buy", "1", "1.05490", "1.05500", "1.07")  # 1 pip gained, 3 slipped
    assert losses(locked, nearly) == {"USD": 20}


@pytest.mark.parametrize(("side", "stop"), [("buy", "109.500"), ("sell", "110.500")])
def test_a_stop_slips_against_the_position_by_pips_of_its_instrument(side, stop):
    target = "111" if side == "buy" else "109"
    assert losses(held("USDJPY", side, "1", "110", stop, target)) == {"JPY": Decimal("0.53") * 100_000}


def test_what_has_no_target_is_named():
    assert totals_of((held("EURUSD", "buy", "1", "1.06", "1.05", None),), Decimal(0)).unbounded
    assert not totals_of((held("EURUSD", "buy", "1", "1.06", "1.05", "1.07"),), Decimal(0)).unbounded
