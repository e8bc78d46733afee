"""Legs that sum to the whole."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.specification import instruments
from hive_core.risk.sizing import split_over_targets

EURUSD = instruments()["EURUSD"]


targets_of = st.integers(1, 16).map(
    lambda count: tuple(Decimal(f"1.07{number:02d}") for number in range(count))
)


@given(st.integers(1, 6_000), targets_of)
def test_legs_sum_to_the_size_and_differ_only_in_the_first(steps, targets):
    lots = steps * EURUSD.lot_step
    legs = split_over_targets(lots, targets, EURUSD)
    assert sum(part for part, _ in legs) == lots
    assert all(part >= EURUSD.min_lots and part % EURUSD.lot_step == 0 for part, _ in legs)
    assert [target for _, target in legs] == list(targets[: len(legs)])  # in their order, the first kept
    assert len(legs) == min(len(targets), steps)
    assert len({part for part, _ in legs[1:]}) <= 1
    assert 0 <= legs[0][0] - legs[-1][0] < len(legs) * EURUSD.lot_step


def test_a_larger_smallest_lot_keeps_fewer_targets():
    coarse = EURUSD.model_copy(update={"min_lots": Decimal("0.10")})
    legs = split_over_targets(Decimal("0.25"), (Decimal(2), Decimal(3), Decimal(4)), coarse)
    assert legs == [(Decimal("0.13"), 2), (Decimal("0.12"), 3)]
