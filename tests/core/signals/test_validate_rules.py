"""Each rule has a signal that only it refuses, and a neighbour that passes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from hive_core.signals.rules import MAX_SEEN_LATE, RULES
from hive_core.signals.tables import MESSAGES
from hive_core.signals.validate import validate_signals

NAN = float("nan")
INFINITY = float("inf")


class Judge:
    """Says what becomes of one signal over the flat market."""

    def __init__(self, make_signals: Any, bars: pl.DataFrame, texts: pl.DataFrame) -> None:
        self.make_signals, self.bars, self.texts = make_signals, bars, texts

    def __call__(self, **change: Any) -> tuple[str, str, str] | None:
        valid, quarantined = validate_signals(self.make_signals(change), self.bars, self.texts)
        assert valid.height + quarantined.height == 1
        return None if valid.height else quarantined.select("field", "reason", "detail").row(0)


@pytest.fixture
def judge(make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame) -> Judge:
    return Judge(make_signals, flat_bars, no_texts)


FAULTLESS: list[dict[str, Any]] = [
    {},
    {"entry": 1.0500},
    {"entry_low": 1.0490, "entry_high": 1.0510},
    {"side": "sell", "stop_loss": 1.0550, "take_profits": [1.0450]},
    {"order_type": "limit", "entry": 1.0480},
    {"order_type": "stop", "entry": 1.0520},
    {"order_type": "limit", "entry": 1.0520, "side": "sell", "stop_loss": 1.0560, "take_profits": [1.0400]},
    {"order_type": "stop", "entry": 1.0480, "side": "sell", "stop_loss": 1.0560, "take_profits": [1.0400]},
]


@pytest.mark.parametrize("change", FAULTLESS)
def test_a_faultless_signal_passes(judge: Judge, change: dict[str, Any]) -> None:
    assert judge(**change) is None


SELL = {"side": "sell", "stop_loss": 1.0550, "take_profits": [1.0450]}

FAULTS: list[tuple[dict[str, Any], str, str, tuple[str, ...]]] = [
    ({"symbol": "EURUSX"}, "symbol", "unknown_instrument", ("EURUSX",)),
    ({"symbol": None}, "symbol", "unknown_instrument", ("empty",)),
    ({"side": None}, "side", "incomplete", ("missing",)),
    ({"side": "long"}, "side", "incomplete", ("long",)),
    ({"order_type": "oco"}, "order_type", "incomplete", ("oco",)),
    ({"order_type": "limit"}, "entry_low", "incomplete", ("limit",)),
    ({"entry_low": 1.05}, "entry_low", "incomplete", ("half",)),
    ({"stop_loss": None}, "stop_loss", "incomplete", ("missing",)),
    ({"take_profits": []}, "take_profits", "incomplete", ("0 targets",)),
    ({"take_profits": None}, "take_profits", "incomplete", ("0 targets",)),
    ({"take_profits": [1.06 + i / 1000 for i in range(17)]}, "take_profits", "incomplete", ("17",)),
    ({"valid_until": None}, "valid_until", "incomplete", ("until",)),
    ({"stop_loss": NAN}, "stop_loss", "not_a_price", ("NaN",)),
    ({"stop_loss": -INFINITY}, "stop_loss", "not_a_price", ("-inf",)),
    ({"stop_loss": -1.0}, "stop_loss", "not_a_price", ("-1.0",)),
    ({"take_profits": [1.06, NAN]}, "take_profits", "not_a_price", ("1.06, NaN",)),
    ({"take_profits": [1.06, None]}, "take_profits", "not_a_price", ("missing",)),
    ({"take_profits": [INFINITY]}, "take_profits", "not_a_price", ("inf",)),
    ({"entry": NAN}, "entry_low", "not_a_price", ("NaN",)),
    ({"entry_low": 1.051, "entry_high": 1.049}, "entry_low", "not_a_price", ("1.051 to 1.049",)),
    ({"entry": 99999.0}, "entry_low", "fat_finger", ("99999.0", "never", "0.5 to 2.0")),
    ({"entry_low": 1.05, "entry_high": 99999.0}, "entry_low", "fat_finger", ("the entry 99999.0",)),
    ({"stop_loss": 0.4}, "stop_loss", "fat_finger", ("the stop 0.4", "EURUSD")),
    ({"take_profits": [1.06, 99999.0]}, "take_profits", "fat_finger", ("1.06, 99999.0",)),
    # All prices of another time: no single slip explains them.
    (
        {"entry": 1.0721, "stop_loss": 1.0671, "take_profits": [1.08]},
        "entry_low",
        "far_from_market",
        ("1.0721", "2.0 %", "2.1 %", "1.05 / 1.0501"),
    ),
    ({"entry_low": 1.0000, "entry_high": 1.05}, "entry_low", "far_from_market", ("1.0",)),
    (
        {"order_type": "limit", "entry": 0.9900, "stop_loss": 0.98, "take_profits": [0.995]},
        "entry_low",
        "far_from_market",
        ("5.0 %", "limit"),
    ),
    ({"order_type": "limit", "entry": 1.0501}, "order_type", "pending_wrong_side", ("below", "1.0501")),
    ({"order_type": "stop", "entry": 1.0501}, "order_type", "pending_wrong_side", ("above", "1.0501")),
    ({**SELL, "order_type": "limit", "entry": 1.05}, "order_type", "pending_wrong_side", ("above", "1.05")),
    ({**SELL, "order_type": "stop", "entry": 1.05}, "order_type", "pending_wrong_side", ("below", "1.05")),
    # The targets stand wrong too, so that it is no slip in one price.
    (
        {"stop_loss": 1.0510, "take_profits": [1.0490]},
        "stop_loss",
        "stop_wrong_side",
        ("1.051", "below", "mid", "1.05005"),
    ),
    (
        {"entry": 1.05, "stop_loss": 1.05, "take_profits": [1.0490]},
        "stop_loss",
        "stop_wrong_side",
        ("the entry 1.05",),
    ),
    (
        {"entry_low": 1.049, "entry_high": 1.051, "stop_loss": 1.0495, "take_profits": [1.0505]},
        "stop_loss",
        "stop_wrong_side",
        (),
    ),
    ({**SELL, "stop_loss": 1.0490, "take_profits": [1.0510]}, "stop_loss", "stop_wrong_side", ("above",)),
    # Two targets stand wrong, so that it is no slip in one price.
    ({"take_profits": [1.0490, 1.0480]}, "take_profits", "target_wrong_side", ("1.048", "above", "1.05005")),
    ({"take_profits": [1.0550, 1.0400, 1.0410]}, "take_profits", "target_wrong_side", ("1.04",)),
    ({**SELL, "take_profits": [1.0510, 1.0520]}, "take_profits", "target_wrong_side", ("below",)),
    ({"take_profits": [1.06, 1.055]}, "take_profits", "targets_out_of_order", ("1.06, 1.055",)),
    ({"take_profits": [1.07, 1.06, 1.055]}, "take_profits", "targets_out_of_order", ("1.07, 1.06, 1.055",)),
    ({**SELL, "take_profits": [1.04, 1.045]}, "take_profits", "targets_out_of_order", ("1.04, 1.045",)),
    ({"entry": 1.05, "stop_loss": 1.04995}, "stop_loss", "stop_too_near", ("0.00005", "0.0001")),
    ({"stop_loss": 0.9450, "take_profits": [1.2, 1.21]}, "stop_loss", "stop_too_far", ("10.0 %", "5.0 %")),
    ({"take_profits": [1.055, 1.55]}, "take_profits", "target_too_far", ("1.55", "20.0 %")),
    (
        {"entry": 1.0520, "stop_loss": 1.0515, "take_profits": [1.06]},
        "entry_low",
        "entry_passed",
        ("1.052", "3.8 R", "1.05 / 1.0501"),
    ),
]


@pytest.mark.parametrize(("change", "field", "reason", "told"), FAULTS)
def test_a_fault_is_named_with_its_field_and_numbers(
    judge: Judge, change: dict[str, Any], field: str, reason: str, told: tuple[str, ...]
) -> None:
    verdict = judge(**change)
    assert verdict is not None
    assert verdict[:2] == (field, reason)
    assert all(piece in verdict[2] for piece in told), verdict[2]


def test_every_rule_has_a_signal_that_breaks_it() -> None:
    told = {(field, reason) for _, field, reason, _ in FAULTS}
    # Told elsewhere: a signal without a time cannot be built with the others, expiry needs its own times.
    elsewhere = {
        ("ts_event", "incomplete"),
        ("ts_event", "stale"),
        ("valid_until", "expired"),
        ("symbol", "no_market_data"),
    }
    assert {(rule.field, rule.reason.value) for rule in RULES} == told | elsewhere


def test_a_signal_without_a_time_is_refused(judge: Judge, wednesday: datetime) -> None:
    verdict = judge(ts_event=None, valid_until=wednesday)
    assert verdict is not None
    assert verdict[:2] == ("ts_event", "incomplete")


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(seconds=-1)])
def test_a_signal_that_ended_before_it_began_is_expired(
    judge: Judge, wednesday: datetime, lasts: timedelta
) -> None:
    posted = wednesday + timedelta(hours=10)
    verdict = judge(ts_event=posted, valid_until=posted + lasts)
    assert verdict is not None
    assert verdict[:2] == ("valid_until", "expired")


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(days=7)])
def test_a_signal_in_an_unknown_market_is_refused(judge: Judge, wednesday: datetime, ago: timedelta) -> None:
    verdict = judge(ts_event=wednesday + ago, valid_until=wednesday + timedelta(days=8))
    assert verdict is not None
    assert verdict[:2] == ("symbol", "no_market_data")
    assert "96 hours" in verdict[2]


@pytest.mark.parametrize("column", ["bid_close", "ask_close"])
def test_a_market_that_is_not_a_number_fails_closed(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame, column: str
) -> None:
    poisoned = flat_bars.with_columns(pl.lit(NAN).alias(column))
    _, quarantined = validate_signals(make_signals({}), poisoned, no_texts)
    assert quarantined["reason"].to_list() == ["no_market_data"]


def test_the_first_broken_rule_is_the_reason(judge: Judge) -> None:
    verdict = judge(symbol="EURUSX", stop_loss=NAN, take_profits=[])
    assert verdict is not None
    assert verdict[1] == "unknown_instrument"


def seen_after(parsed: pl.DataFrame, late: timedelta | None) -> pl.DataFrame:
    """The message of one signal, seen that long after it was posted."""
    posted = parsed["ts_event"][0]
    message = dict.fromkeys(MESSAGES) | {
        "message_sha256": parsed["message_sha256"][0],
        "ts_event": posted,
        "ts_init": None if late is None else posted + late,
        "text": "EURUSD buy",
    }
    return pl.DataFrame([message], schema=MESSAGES)


@pytest.mark.parametrize("late", [None, timedelta(seconds=-3), timedelta(0), MAX_SEEN_LATE])
def test_a_message_that_was_seen_in_time_is_not_stale(
    make_signals: Any, flat_bars: pl.DataFrame, late: timedelta | None
) -> None:
    parsed = make_signals({})
    valid, _ = validate_signals(parsed, flat_bars, seen_after(parsed, late))
    assert valid.height == 1


def test_a_message_that_was_seen_too_late_is_stale(make_signals: Any, flat_bars: pl.DataFrame) -> None:
    parsed = make_signals({"order_type": "limit", "entry": 1.0480})
    late = MAX_SEEN_LATE + timedelta(seconds=1)
    _, quarantined = validate_signals(parsed, flat_bars, seen_after(parsed, late))
    assert quarantined.select("field", "reason").row(0) == ("ts_event", "stale")
    assert "seen at 2017-03-01 10:35:01 UTC: more than 5 minutes later" in quarantined["detail"][0]


def test_a_market_that_moves_may_have_come_back_since_its_last_bar(
    make_signals: Any, make_bars: Any, no_texts: pl.DataFrame, wednesday: datetime
) -> None:
    # An hour's range of 20 pips: half an hour after the close, 57 pips of drift are taken as possible.
    bars = make_bars([(1.05, 1.051, 1.049, 1.05)] * 24)
    plan = {"stop_loss": 1.0545, "take_profits": [1.06], "entry": 1.0550}
    half_past = wednesday + timedelta(hours=20, minutes=30)
    at_the_close = wednesday + timedelta(hours=20)
    parsed = make_signals({**plan, "ts_event": half_past}, {**plan, "ts_event": at_the_close, "source": "b"})
    valid, quarantined = validate_signals(parsed, bars, no_texts)
    assert valid["signal_id"].to_list() == ["sig_0"]
    assert quarantined["reason"].to_list() == ["entry_passed"]


def test_a_pending_order_waits_for_a_market_that_is_away(judge: Judge) -> None:
    assert judge(order_type="limit", entry=1.0400, stop_loss=1.0390, take_profits=[1.0450]) is None


def test_with_stop_and_targets_wrong_the_side_is_blamed_and_no_digit(judge: Judge) -> None:
    verdict = judge(entry=1.05, stop_loss=1.0550, take_profits=[1.0450, 1.0400])
    assert verdict is not None
    assert verdict[1] == "stop_wrong_side"
    assert verdict[2].endswith("; stop and targets stand as for a sell")


def test_with_two_prices_of_several_wrong_nothing_is_suggested(judge: Judge) -> None:
    verdict = judge(entry=1.05, stop_loss=1.0550, take_profits=[1.0450, 1.0600])
    assert verdict is not None
    assert ";" not in verdict[2]
