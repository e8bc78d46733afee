"""A signal that one slip of the keyboard explains is refused, and the slip is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hive_core.signals.digit_typo import ROWS_AT_ONCE, Slip, mended_prices, swapped_prices, would_be_right
from hive_core.signals.validate import validate_signals

BUY = {"entry": 1.0500, "stop_loss": 1.0450, "take_profits": [1.0550, 1.0600]}
SELL = {"side": "sell", "entry": 1.0500, "stop_loss": 1.0550, "take_profits": [1.0450]}
GOLD = {"symbol": "XAUUSD", "entry": 5285.7, "stop_loss": 5275.0, "take_profits": [5295.0, 5305.0]}

MISTYPED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a stop": ({**BUY, "stop_loss": 1.0550}, "stop_loss", "1.055 would be right as 1.045 (one digit)"),
    "a stop too far": (
        {**BUY, "stop_loss": 1.0850},
        "stop_loss",
        "1.085 would be right as 1.045 (one digit)",
    ),
    "a stop of a sale": (
        {**SELL, "stop_loss": 1.0460},
        "stop_loss",
        "1.046 would be right as 1.056 (one digit)",
    ),
    "a first target": (
        {**BUY, "take_profits": [1.0450, 1.0600]},
        "take_profits",
        "1.045 would be right as 1.055 (one digit)",
    ),
    "a later target": (
        {**BUY, "take_profits": [1.0550, 1.0510, 1.0650]},
        "take_profits",
        "1.051 would be right as 1.056 (one digit)",
    ),
    "an entry": ({**BUY, "entry": 1.0900}, "entry_low", "1.09 would be right as 1.05 (one digit)"),
    "an upper edge": (
        {**BUY, "entry": None, "entry_low": 1.0490, "entry_high": 1.0800, "order_type": "market"},
        "entry_high",
        "1.08 would be right as 1.05 (one digit)",
    ),
    "no point in an entry": (
        {**GOLD, "entry": 52857.0},
        "entry_low",
        "52857 would be right as 5285.7 (its decimal point)",
    ),
    "no point in a stop": (
        {**BUY, "stop_loss": 10450.0},
        "stop_loss",
        "10450 would be right as 1.0450 (its decimal point)",
    ),
    "no point in a target": (
        {**BUY, "take_profits": [1.0550, 10600.0]},
        "take_profits",
        "10600 would be right as 1.0600 (its decimal point)",
    ),
    "a point misplaced": (
        {**GOLD, "stop_loss": 52.750},
        "stop_loss",
        "52.75 would be right as 5275 (its decimal point)",
    ),
    "a digit typed twice": (
        {**GOLD, "stop_loss": 52755.0},
        "stop_loss",
        "52755 would be right as 5275.5 (its decimal point)",
    ),
    "a digit typed twice after the point": (
        {**GOLD, "take_profits": [5295.0, 53305.0]},
        "take_profits",
        "53305 would be right as 5330.5 (its decimal point)",
    ),
}


@pytest.fixture
def market(make_bars: Any) -> pl.DataFrame:
    gold = make_bars([5285.5] * 48, symbol="XAUUSD", spread=0.3)
    return pl.concat([make_bars([1.0500] * 48), gold])


def without_none(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in change.items() if value is not None}


@pytest.mark.parametrize("name", MISTYPED)
def test_a_slip_is_refused_and_told(
    make_signals: Any, market: pl.DataFrame, no_texts: pl.DataFrame, name: str
) -> None:
    change, field, told = MISTYPED[name]
    valid, quarantined = validate_signals(make_signals(without_none(change)), market, no_texts)
    assert valid.is_empty()
    assert quarantined.select("field", "reason").row(0) == (field, "digit_typo")
    assert quarantined["detail"][0].endswith(f"; digit_typo: {told}")


def test_the_plans_that_slips_start_from_are_faultless(
    make_signals: Any, market: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    valid, _ = validate_signals(make_signals(BUY, SELL, GOLD), market, no_texts)
    assert valid.height == 3


def test_a_digit_typed_twice_is_taken_away_where_no_point_explains_it(
    make_signals: Any, make_bars: Any, no_texts: pl.DataFrame
) -> None:
    bars = make_bars([151.20] * 48, symbol="USDJPY", spread=0.01)
    plan = {"symbol": "USDJPY", "entry": 151.20, "stop_loss": 150.80, "take_profits": [1151.80]}
    _, quarantined = validate_signals(make_signals(plan), bars, no_texts)
    assert quarantined["reason"].to_list() == ["digit_typo"]
    assert quarantined["detail"][0].endswith("1151.8 would be right as 151.8 (a digit typed twice)")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({**BUY, "take_profits": [1.0600, 1.0550]}, "targets_out_of_order"),  # written backwards
        ({**BUY, "stop_loss": 1.0550, "take_profits": [1.0450]}, "stop_wrong_side"),  # the other side
        ({**BUY, "order_type": "stop", "entry": 1.0490}, "pending_wrong_side"),  # the market has moved
        ({**BUY, "stop_loss": 1.0500}, "digit_typo"),
        ({**BUY, "stop_loss": 1.04995}, "stop_too_near"),
        ({**BUY, "stop_loss": None}, "incomplete"),
        ({**BUY, "symbol": "EURUSX", "stop_loss": 1.0550}, "unknown_instrument"),
    ],
)
def test_what_a_slip_does_not_explain_keeps_its_reason(
    make_signals: Any, market: pl.DataFrame, no_texts: pl.DataFrame, change: dict[str, Any], reason: str
) -> None:
    _, quarantined = validate_signals(make_signals(change), market, no_texts)
    assert quarantined["reason"].to_list() == [reason]


def test_many_slips_are_told_in_their_rows(
    make_signals: Any, market: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    wrong = [{**BUY, "stop_loss": 1.0550}, {**BUY, "stop_loss": 1.0550, "take_profits": [1.0450]}, BUY]
    count = ROWS_AT_ONCE // 2 + 1
    parsed = make_signals(*(each for _ in range(count) for each in wrong))
    _, quarantined = validate_signals(parsed, market, no_texts)
    judged = dict(quarantined.select("signal_id", "reason").iter_rows())
    assert {judged[f"sig_{number}"] for number in range(0, 3 * count, 3)} == {"digit_typo"}
    assert {judged[f"sig_{number}"] for number in range(1, 3 * count, 3)} == {"stop_wrong_side"}


def test_every_kind_of_slip_has_its_prices() -> None:
    written = Decimal("1151.8")
    by_price = {price: slip for slip, price in mended_prices(written)}
    assert set(by_price.values()) == set(Slip) - {Slip.SWAPPED}
    assert by_price[Decimal("1051.8")] is Slip.DIGIT
    assert by_price[Decimal("115.18")] is Slip.POINT
    assert by_price[Decimal("151.8")] is Slip.DOUBLED
    assert written not in by_price
    assert swapped_prices(written) == [(Slip.SWAPPED, Decimal(each)) for each in ("1115.8", "1511.8")]
    assert swapped_prices(Decimal(50)) == []


@pytest.mark.parametrize("written", ["17100.25", "4195.255", "65900.55", "1.0890", "0.00001234", "9999999"])
def test_a_mended_price_is_exact_and_keeps_its_decimals(written: str) -> None:
    mended = [(slip, str(price)) for slip, price in mended_prices(Decimal(written)) if slip is Slip.DIGIT]
    assert {len(text) for _, text in mended} == {len(written)}
    for _, text in mended:
        assert sum(one != other for one, other in zip(text, written, strict=True)) == 1


prices_written = st.tuples(st.integers(1, 10**7), st.integers(0, 5)).map(
    lambda pair: Decimal(pair[0]).scaleb(-pair[1])
)


@settings(max_examples=60)
@given(written=prices_written)
def test_slips_are_told_by_kind_and_then_the_nearest_first(written: Decimal) -> None:
    told = mended_prices(written)
    order = list(Slip)
    assert [order.index(slip) for slip, _ in told] == sorted(order.index(slip) for slip, _ in told)
    for kind in Slip:
        away = [abs(price - written) for slip, price in told if slip is kind]
        assert away == sorted(away)
    assert len({price for _, price in told}) == len(told)
    assert all(price > 0 and price != written for _, price in told)


@settings(max_examples=60)
@given(written=prices_written)
def test_a_swap_is_undone_by_the_same_swap(written: Decimal) -> None:
    for _, price in swapped_prices(written):
        assert sorted(f"{price:f}") == sorted(f"{written:f}")
        assert written in [each for _, each in swapped_prices(price)]


@pytest.mark.parametrize(
    ("written", "slip", "mended", "told"),
    [
        ("1.0890", Slip.DIGIT, "1.0840", "1.0890 would be right as 1.0840 (one digit)"),
        ("4412", Slip.SWAPPED, "4142", "4412 would be right as 4142 (two digits swapped)"),
        ("17100.25", Slip.DIGIT, "18100.25", "17100.25 would be right as 18100.25 (one digit)"),
        ("0.0000123", Slip.DIGIT, "0.0000124", "0.0000123 would be right as 0.0000124 (one digit)"),
    ],
)
def test_a_slip_is_told_as_it_is_written(written: str, slip: Slip, mended: str, told: str) -> None:
    assert would_be_right(Decimal(written), slip, Decimal(mended)) == f"; digit_typo: {told}"


def test_the_nearest_price_that_explains_is_told(
    make_signals: Any, market: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    _, quarantined = validate_signals(make_signals({**BUY, "stop_loss": 1.0590}), market, no_texts)
    assert quarantined["detail"][0].endswith("1.059 would be right as 1.049 (one digit)")


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.integers(0, 5),
    digit=st.sampled_from("0123456789"),
    part=st.sampled_from(["stop_loss", "target", "entry"]),
)
def test_no_slip_of_a_digit_in_a_faultless_plan_trades_on_the_wrong_side(
    make_signals: Any,
    flat_bars: pl.DataFrame,
    no_texts: pl.DataFrame,
    place: int,
    digit: str,
    part: str,
) -> None:
    written = {"stop_loss": "1.0450", "target": "1.0550", "entry": "1.0500"}
    text = written[part]
    if text[place] != ".":
        written[part] = text[:place] + digit + text[place + 1 :]
    stop, target, entry = (float(written[name]) for name in ("stop_loss", "target", "entry"))
    parsed = make_signals({"entry": entry, "stop_loss": stop, "take_profits": [target]})
    valid, quarantined = validate_signals(parsed, flat_bars, no_texts)
    if not stop < entry < target:
        assert valid.is_empty()
    assert valid.height + quarantined.height == 1
