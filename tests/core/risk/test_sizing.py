"""Sizes: never more than the risk, never more than the cap, and legs that sum to the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.specification import instruments
from hive_core.risk.sizing import Size, size_by_risk, split_over_targets

EURUSD = instruments()["EURUSD"]


def size(entry="1.06010", stop="1.05800", risk="500", rate="1", commission="0", cap="50") -> Size:
    return size_by_risk(
        specification=EURUSD,
        entry=Decimal(entry),
        stop_loss=Decimal(stop),
        risk_amount=Decimal(risk),
        rate_to_account=Decimal(rate),
        commission_per_lot=Decimal(commission),
        max_lots=Decimal(cap),
    )


@pytest.mark.parametrize(
    ("changes", "lots", "per_lot", "is_capped"),
    [
        ({}, "2.38", "210", False),
        ({"stop": "1.06220"}, "2.38", "210", False),  # a sale: the distance counts
        ({"commission": "7"}, "2.30", "217", False),
        ({"rate": "0.8"}, "2.97", "168", False),
        ({"risk": "2.10"}, "0.01", "210", False),
        ({"risk": "2.09"}, "0", "210", False),
        ({"risk": "0"}, "0", "210", False),
        ({"risk": "-500"}, "0", "210", False),
        ({"risk": "10500"}, "50", "210", False),
        ({"risk": "10502.10"}, "50", "210", True),
        ({"cap": "2"}, "2", "210", True),
        ({"cap": "2.38"}, "2.38", "210", False),
    ],
    ids=repr,
)
def test_sizes_by_hand(changes, lots, per_lot, is_capped):
    found = size(**changes)
    assert (found.lots, found.loss_per_lot, found.is_capped) == (Decimal(lots), Decimal(per_lot), is_capped)
    assert found.risk_amount == Decimal(changes.get("risk", "500"))


symbols = st.sampled_from(sorted(instruments()))
amounts = st.decimals(min_value=0, max_value=100_000, places=2)
distances = st.integers(1, 50_000)
rates = st.decimals(min_value="0.001", max_value="200", places=6)
commissions = st.decimals(min_value=0, max_value=50, places=2)
caps = st.integers(1, 5_000).map(lambda steps: steps * Decimal("0.01"))


@given(symbols, amounts, distances, rates, commissions, caps)
def test_the_stop_never_loses_more_than_the_risk(symbol, risk, ticks, rate, commission, cap):
    it = instruments()[symbol]
    entry = it.plausible_high
    stop = entry - ticks * it.tick
    found = size_by_risk(
        specification=it,
        entry=entry,
        stop_loss=stop,
        risk_amount=risk,
        rate_to_account=rate,
        commission_per_lot=commission,
        max_lots=cap,
    )
    loss = (entry - stop) * it.contract_size * found.lots * rate + commission * found.lots
    assert loss == found.lots * found.loss_per_lot <= risk
    assert found.lots <= cap
    assert found.lots == 0 or found.lots >= it.min_lots
    assert found.lots % it.lot_step == 0
    one_more = found.lots + it.lot_step
    if found.lots and not found.is_capped and one_more <= cap:
        assert one_more * found.loss_per_lot > risk  # as much as the risk buys, not less


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
