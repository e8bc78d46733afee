"""The sixth step by itself: each refusal at its boundary, and the slip that is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hive_core.instruments.specification import InstrumentSpecification, specification_of
from hive_core.signals.parser.doubt import Unclear
from hive_core.signals.parser.geometry import require_geometry
from hive_core.signals.verdicts import Span

SPAN = Span(3, 9)


def refusal(plan: str, symbol: str | None = None) -> Unclear | None:
    """What is said against "side low-high stop target target ...", "market" for no entry."""
    side, entry, stop, *targets = plan.split()
    zone = None
    if entry != "market":
        low, _, high = entry.partition("-")
        zone = (Decimal(low), Decimal(high or low))
    specification = None if symbol is None else specification_of(symbol)
    assert symbol is None or isinstance(specification, InstrumentSpecification)
    try:
        require_geometry(side, zone, Decimal(stop), tuple(map(Decimal, targets)), specification, SPAN)
    except Unclear as unclear:
        return unclear
    return None


def reason(plan: str, symbol: str | None = None) -> str:
    found = refusal(plan, symbol)
    return "" if found is None else found.reason.value


BOUNDARIES = {
    # name: (symbol, the last plan that passes, the first that does not, its reason)
    "stop at the entry": (None, "buy 100 99.9 101", "buy 100 100 101", "stop_too_near"),
    "stop at the lower edge": (None, "buy 100-102 99 103", "buy 100-102 100 103", "stop_too_near"),
    "stop at the upper edge of a sale": (
        None,
        "sell 100-102 103 99",
        "sell 100-102 102 99",
        "stop_too_near",
    ),
    "stop inside the zone": (None, "buy 100-110 99 111", "buy 100-110 105 111", "stop_wrong_side"),
    "target at the edge": (None, "buy 100 99 100.1", "buy 100 99 100", "target_wrong_side"),
    "target inside the zone": (None, "buy 100-102 98 102.1", "buy 100-102 98 102", "target_wrong_side"),
    "target of a sale": (None, "sell 100-102 104 99.9", "sell 100-102 104 100", "target_wrong_side"),
    "target behind the stop": (None, "buy 100 90 110", "buy 100 90 110 90", "target_wrong_side"),
    "equal targets": (None, "buy 100 90 110 111", "buy 100 90 110 110", "targets_out_of_order"),
    "targets backwards": (None, "sell 100 110 90 89", "sell 100 110 89 90", "targets_out_of_order"),
    "stop of a currency": (
        "EURUSD",
        "buy 1.0000 0.9400 1.0600",
        "buy 1.0000 0.9399 1.0600",
        "stop_too_far",
    ),
    "stop of gold": ("XAUUSD", "buy 2000 1800 2200", "buy 2000 1799 2200", "stop_too_far"),
    "stop of a coin": ("BTCUSD", "sell 40000 60000 30000", "sell 40000 60001 30000", "stop_too_far"),
    "stop of the unknown": (None, "buy 100 40 200", "buy 100 39.9 200", "stop_too_far"),
    "target of a currency": (
        "EURUSD",
        "buy 1.0000 0.9500 1.2000",
        "buy 1.0000 0.9500 1.2001",
        "target_too_far",
    ),
    "target of gold": ("XAUUSD", "buy 2000 1900 2600", "buy 2000 1900 2601", "target_too_far"),
    "target of the unknown": (None, "buy 100 50 1000", "buy 100 50 1001", "target_too_far"),
    "a leap between targets": (None, "buy 100 98 101 124", "buy 100 98 101 124.1", "target_too_far"),
    "a leap over small steps": (None, "buy 100 99.9 101 112", "buy 100 99.9 101 112.1", "target_too_far"),
    "without an entry, a leap": (
        None,
        "buy market 109 110 111 122",
        "buy market 109 110 111 122.1",
        "target_too_far",
    ),
    "a first target out of proportion": (None, "buy 100 99 125", "buy 100 99 126", "stop_too_near"),
    "a stop out of proportion": (None, "buy 1000 655 1011.5", "buy 1000 654.9 1011.5", "stop_too_far"),
    "without an entry, targets": (
        None,
        "buy market 90 110 111",
        "buy market 90 110 110",
        "targets_out_of_order",
    ),
    "without an entry, the stop": (None, "buy market 90 110", "buy market 110 110", "stop_too_near"),
}


@pytest.mark.parametrize("name", BOUNDARIES)
def test_a_refusal_begins_where_it_says(name: str) -> None:
    symbol, passes, fails, expected = BOUNDARIES[name]
    assert (reason(passes, symbol), reason(fails, symbol)) == ("", expected)


def test_a_stop_within_the_spread_is_too_near() -> None:
    gold = specification_of("XAUUSD")
    assert gold is not None
    edge = Decimal(2000) - gold.spread
    assert reason(f"buy 2000 {edge} 2001", "XAUUSD") == "stop_too_near"
    assert reason(f"buy 2000 {edge - gold.tick} 2001", "XAUUSD") == ""


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ("buy 1.0850 1.0890 1.0910", "1.0890 would be right as 1.0830 (one digit)"),
        ("buy 1.0850 1.0890 1.0880", "1.0890 would be right as 1.0840 (one digit)"),
        ("sell 18000 17100.25 17900", "17100.25 would be right as 18100.25 (one digit)"),
        ("buy 4105.255 4195.255 4115", "4195.255 would be right as 4095.255 (one digit)"),
        ("sell 65500 60900.55 65000", "60900.55 would be right as 65900.55 (one digit)"),
        ("buy 1.0800-1.0850 1.0820 1.0870", "1.0820 would be right as 1.0720 (one digit)"),
        ("buy 1.0850 10.840 1.0870", "10.840 would be right as 1.0840 (its decimal point)"),
        ("buy 4135 4412 4130", ""),  # stop and target as for a sale: no slip
        ("buy 2650 2950 2651", ""),  # no digit brings it behind the entry and near
        # Uncommonly far, on the right side.
        ("sell 4135 4412 4130 4125", "4412 would be right as 4142 (two digits swapped)"),
        ("buy 4384.8 4279.8 4386.3 4390.8", "4279.8 would be right as 4379.8 (one digit)"),
        ("buy 4384.8 4341.8 4386.3 4390.8", ""),  # seven times as far: no swap explains it
        ("sell 1000 1060 990", "1060 would be right as 1006 (two digits swapped)"),
        ("sell 1000 1050 990", ""),  # five times as far as the target
        ("buy 2000 1901 2009.8", "1901 would be right as 1981 (one digit)"),
        ("buy 2000 1901 2009.9", ""),  # ten times as far
        ("sell 1000 1200 990", "1200 would be right as 1020 (two digits swapped)"),
        ("sell 1000 1200 990.1", ""),  # over twice as far as the target when mended
        # Behind the entry when mended, at a third of the way to the target, or three times as far.
        ("buy 200 290 230", "290 would be right as 190 (one digit)"),
        ("buy 200 290 230.3", ""),
        ("buy 200 215 228.4", "215 would be right as 115 (one digit)"),
        ("buy 200 215 228.3", ""),
    ],
)
def test_the_nearest_slip_that_explains_a_stop_is_told(plan: str, told: str) -> None:
    found = refusal(plan)
    if told:
        assert found is not None
        assert (found.name, found.reason.value) == ("stop_loss", "digit_typo")
        assert found.args[0].endswith(f"; digit_typo: {told}")
    else:
        assert found is None or found.reason.value != "digit_typo"


def test_a_plan_of_the_other_side_is_named_as_such() -> None:
    found = refusal("buy 100 110 90")
    assert found is not None
    assert found.span == SPAN
    assert found.args[0] == "stop 110 is not behind 100 of a buy; stop and targets stand as for a sell"


steps = st.integers(1, 40)


@settings(max_examples=150)
@given(
    side=st.sampled_from(["buy", "sell"]),
    width=st.integers(0, 30),
    risk=steps,
    ways=st.lists(steps, min_size=1, max_size=4),
)
def test_a_plan_in_order_and_in_proportion_passes(side: str, width: int, risk: int, ways: list[int]) -> None:
    assume(max(ways) <= 10 * min(ways) and risk <= 5 * ways[0] and sum(ways) <= 12 * risk)
    upward = 1 if side == "buy" else -1
    far = 10_000 + upward * width
    low, high = sorted((10_000, far))
    prices, at = [], far
    for way in ways:
        at += upward * way
        prices.append(str(at))
    assert reason(f"{side} {low}-{high} {10_000 - upward * risk} {' '.join(prices)}") == ""


numbers = st.integers(9_000, 11_000)


@settings(max_examples=200)
@given(
    side=st.sampled_from(["buy", "sell"]),
    edges=st.tuples(numbers, numbers),
    stop=numbers,
    targets=st.lists(numbers, min_size=1, max_size=4),
)
def test_what_passes_has_its_stop_behind_and_its_targets_ahead(
    side: str, edges: tuple[int, int], stop: int, targets: list[int]
) -> None:
    low, high = min(edges), max(edges)
    if reason(f"{side} {low}-{high} {stop} {' '.join(map(str, targets))}"):
        return
    if side == "buy":
        assert stop < low <= high < targets[0]
        assert targets == sorted(set(targets))
    else:
        assert targets[0] < low <= high < stop
        assert targets == sorted(set(targets), reverse=True)
