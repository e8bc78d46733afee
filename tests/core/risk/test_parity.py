"""The parity proof itself: backtest and daemon agree on any bars, and where they would not, it finds it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.backtest.fills import BarPrices
from proofs.risk_parity import FAULTS, HOUR_NS, SPREAD, Bar, compared, with_a_gap

MONDAY_NS = 1_488_758_400 * 10**9
"""2017-03-06 00:00 UTC."""


@pytest.fixture(scope="module")
def bars():
    """Three weeks of hours that wander; no data."""
    found, price = [], Decimal("1.06000")
    for number in range(21 * 24):
        step = Decimal((number * 7919) % 41 - 20) / 20_000
        opened, price = price, price + step
        high, low = max(opened, price) + Decimal("0.0004"), min(opened, price) - Decimal("0.0004")
        bids = (opened, high, low, price)
        prices = BarPrices(*bids, *(bid + SPREAD for bid in bids))
        found.append(Bar(MONDAY_NS + (number + 1) * HOUR_NS, prices))
    return found


def test_both_folds_say_the_same(bars):
    for told in (compared(bars, 1), compared(with_a_gap(bars), 1)):
        assert told["differences"] == told["other folds"] == 0
        assert told["orders"] > 100
        assert told["marks"] > 1_000


def test_with_a_gap_accounts_come_to_their_floors(bars):
    assert compared(with_a_gap(bars), 1)["breaches"] > 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_difference_is_found(bars, fault):
    assert compared(bars, 1, FAULTS[fault], ("ftmo_2step_phase1",))["differences"] > 0
