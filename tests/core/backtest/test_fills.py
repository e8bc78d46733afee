"""Fills by hand-computed bars: every order type, both sides, gaps, and both touched in one bar."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.backtest.fills import BarPrices, EntryFill, ExitFill, entry_fill, exit_fill

SPREAD = 0.5
# bid 100 -> high 110 -> low 90 -> close 105, ask half a point above
BAR = BarPrices(100.0, 110.0, 90.0, 105.0, 100.5, 110.5, 90.5, 105.5)


@pytest.mark.parametrize(
    ("side", "order_type", "price", "expected"),
    [
        ("buy", "market", None, EntryFill(100.5, True)),
        ("sell", "market", None, EntryFill(100.0, True)),
        ("buy", "limit", 95.0, EntryFill(95.0, False)),
        ("buy", "limit", 90.4, None),  # the bid was there, the ask was not
        ("buy", "limit", 102.0, EntryFill(100.5, True)),  # a better open
        ("sell", "limit", 108.0, EntryFill(108.0, False)),
        ("sell", "limit", 110.2, None),
        ("sell", "limit", 99.0, EntryFill(100.0, True)),
        ("buy", "stop", 108.0, EntryFill(108.0, False)),
        ("buy", "stop", 110.6, None),
        ("buy", "stop", 99.0, EntryFill(100.5, True)),  # a worse open
        ("sell", "stop", 92.0, EntryFill(92.0, False)),
        ("sell", "stop", 89.9, None),
        ("sell", "stop", 101.0, EntryFill(100.0, True)),
    ],
)
def test_entries_fill_at_the_side_that_trades(side, order_type, price, expected):
    assert entry_fill(side, order_type, price, BAR) == expected


def test_a_pending_order_without_a_price_is_an_error():
    with pytest.raises(ValueError, match="needs a price"):
        entry_fill("buy", "limit", None, BAR)


@pytest.mark.parametrize(
    ("side", "stop", "target", "open_at_start", "expected"),
    [
        ("buy", 92.0, 108.0, True, ExitFill(92.0, "stop")),  # both touched: the stop
        ("buy", 89.0, 108.0, True, ExitFill(108.0, "target")),
        ("buy", 89.0, 110.2, True, None),  # only the ask was there
        ("buy", 101.0, 120.0, True, ExitFill(100.0, "stop", True)),  # opened beyond the stop
        ("buy", 89.0, 99.0, True, ExitFill(99.0, "target")),  # opened beyond the target: its own price
        ("sell", 109.0, 92.0, True, ExitFill(109.0, "stop")),
        ("sell", 111.0, 92.0, True, ExitFill(92.0, "target")),
        ("sell", 111.0, 90.2, True, None),
        ("sell", 99.0, 80.0, True, ExitFill(100.5, "stop", True)),
        ("buy", 89.0, 108.0, False, None),  # a target needs a later bar
        ("buy", 92.0, 108.0, False, ExitFill(92.0, "stop")),
    ],
)
def test_exits_are_pessimistic(side, stop, target, open_at_start, expected):
    assert exit_fill(side, stop, target, BAR, open_at_start=open_at_start) == expected


prices = st.decimals(min_value=50, max_value=150, places=2)


@given(st.lists(prices, min_size=4, max_size=4), prices, prices, st.sampled_from(["buy", "sell"]))
def test_no_exit_is_better_than_its_target_or_outside_the_bar(path, a, b, side):
    low, high = min(path), max(path)
    spread = Decimal("0.02")
    bar = BarPrices(
        path[0], high, low, path[3], path[0] + spread, high + spread, low + spread, path[3] + spread
    )
    stop, target = (min(a, b), max(a, b)) if side == "buy" else (max(a, b), min(a, b))
    fill = exit_fill(side, stop, target, bar, open_at_start=True)
    if fill is None:
        return
    floor, ceiling = (low, high) if side == "buy" else (low + spread, high + spread)
    if fill.reason == "target":
        assert fill.price == target
    elif fill.gapped:
        assert (fill.price < stop) if side == "buy" else (fill.price > stop)
        assert floor <= fill.price <= ceiling
    else:
        assert fill.price == stop
