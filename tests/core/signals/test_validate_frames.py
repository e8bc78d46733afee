"""Every parsed signal is valid or quarantined, once, and by what was known when it was posted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hive_core.market.bars import ASK_COLUMNS, BID_COLUMNS
from hive_core.signals.tables import MESSAGES, QUARANTINED, VALID
from hive_core.signals.validate import DUPLICATE_WINDOW, validate_signals

POSTED = datetime(2017, 3, 1, 10, 30, tzinfo=UTC)

prices = st.one_of(
    st.none(), st.floats(), st.sampled_from([1.04, 1.045, 1.049, 1.05, 1.051, 1.055, 1.06, 10.5, 0.0])
)
signals = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["signal", "signal", "signal", "refused", "update", "noise"]),
        "symbol": st.sampled_from(["EURUSD", "EURUSD", "GBPUSD", "NOPE", None]),
        "side": st.sampled_from(["buy", "sell", None]),
        "order_type": st.sampled_from(["market", "limit", "stop", None]),
        "entry_low": prices,
        "entry_high": prices,
        "stop_loss": prices,
        "take_profits": st.one_of(st.none(), st.lists(prices, max_size=3)),
        "ts_event": st.integers(0, 60 * 48).map(lambda minute: POSTED + timedelta(minutes=minute - 600)),
        "valid_until": st.one_of(st.none(), st.just(POSTED + timedelta(days=3))),
    }
)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(signals, max_size=12))
def test_valid_and_quarantined_part_the_signals_between_them(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame, changes: list[dict[str, Any]]
) -> None:
    parsed = make_signals(*changes)
    valid, quarantined = validate_signals(parsed, flat_bars, no_texts)
    judged = parsed.filter(pl.col("kind").is_in(["signal", "refused"]))["signal_id"].to_list()
    assert sorted([*valid["signal_id"], *quarantined["signal_id"]]) == sorted(judged)
    assert dict(valid.schema) == VALID
    assert dict(quarantined.schema) == QUARANTINED
    told = parsed.join(quarantined, on="signal_id", how="semi").filter(pl.col("kind") == "signal")
    said = quarantined.join(told, on="signal_id", how="semi")
    assert said.select(pl.col("field", "reason", "detail").is_null().any()).row(0) in {
        (False, False, False),
        (None, None, None),
    }


@pytest.mark.slow
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    walk=st.lists(st.floats(-0.002, 0.002), min_size=30, max_size=60),
    minutes=st.lists(st.integers(60, 60 * 40), min_size=1, max_size=3),
    stop=st.floats(0.97, 1.04),
)
def test_bars_that_close_later_change_no_verdict(
    make_signals: Any,
    make_bars: Any,
    wednesday: datetime,
    no_texts: pl.DataFrame,
    walk: list[float],
    minutes: list[int],
    stop: float,
) -> None:
    level, closes = 1.05, []
    for move in walk:
        level = round(level + move, 5)
        closes.append(level)
    bars = make_bars(closes)
    parsed = make_signals(
        *({"ts_event": wednesday + timedelta(minutes=minute), "stop_loss": stop} for minute in minutes)
    )
    _, at_once = validate_signals(parsed, bars, no_texts)
    for ts_event in parsed["ts_event"].unique():
        known_bars = bars.filter(pl.col("ts_open") + timedelta(hours=1) <= ts_event)
        known_signals = parsed.filter(pl.col("ts_event") <= ts_event)
        _, then = validate_signals(known_signals, known_bars, no_texts)
        assert then.equals(at_once.filter(pl.col("ts_event") <= ts_event))


def test_a_plan_posted_again_within_the_window_is_a_duplicate(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    parsed = make_signals(
        {"ts_event": POSTED},
        {"ts_event": POSTED + DUPLICATE_WINDOW},
        {"ts_event": POSTED + 2 * DUPLICATE_WINDOW + timedelta(microseconds=1)},
    )
    valid, quarantined = validate_signals(parsed, flat_bars, no_texts)
    assert valid["signal_id"].to_list() == ["sig_0", "sig_2"]
    assert quarantined.select("field", "reason").row(0) == ("message_id", "duplicate")
    assert "sig_0" in quarantined["detail"].item()


@pytest.mark.parametrize(
    "difference",
    [
        {"source": "other_room"},
        {"side": "sell", "stop_loss": 1.055, "take_profits": [1.045]},
        {"stop_loss": 1.0451},
        {"take_profits": [1.0550]},
    ],
)
def test_another_plan_is_no_duplicate(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame, difference: dict[str, Any]
) -> None:
    parsed = make_signals({"ts_event": POSTED}, {"ts_event": POSTED + timedelta(minutes=1), **difference})
    valid, _ = validate_signals(parsed, flat_bars, no_texts)
    assert valid.height == 2


def test_what_repeats_a_quarantined_signal_is_judged_for_itself(
    make_signals: Any, make_bars: Any, no_texts: pl.DataFrame, wednesday: datetime
) -> None:
    # At 00:50 no bar has closed yet; at 01:10 one has. The second must not fall with the first.
    parsed = make_signals(
        {"ts_event": wednesday + timedelta(minutes=50)}, {"ts_event": wednesday + timedelta(minutes=70)}
    )
    valid, quarantined = validate_signals(parsed, make_bars([1.05] * 3), no_texts)
    assert valid["signal_id"].to_list() == ["sig_1"]
    assert quarantined["reason"].to_list() == ["no_market_data"]


def test_the_earlier_of_two_is_kept_whatever_their_order_in_the_frame(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    parsed = make_signals({"ts_event": POSTED + timedelta(minutes=5)}, {"ts_event": POSTED})
    valid, _ = validate_signals(parsed, flat_bars, no_texts)
    assert valid["signal_id"].to_list() == ["sig_1"]


def test_what_the_parser_refused_is_quarantined_in_its_words(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    parsed = make_signals(
        {"kind": "refused", "field": "stop_loss", "reason": "missing_stop", "detail": "no stop in it"},
        {"kind": "noise"},
        {"kind": "update"},
    )
    valid, quarantined = validate_signals(parsed, flat_bars, no_texts)
    assert valid.is_empty()
    assert quarantined.select("field", "reason", "detail").rows() == [
        ("stop_loss", "missing_stop", "no stop in it")
    ]


def test_the_message_is_quarantined_with_its_signal(make_signals: Any, flat_bars: pl.DataFrame) -> None:
    parsed = make_signals({"stop_loss": 1.06}, {"stop_loss": 1.061})
    message = dict.fromkeys(MESSAGES) | {
        "message_sha256": parsed["message_sha256"][0],
        "text": "EURUSD buy now SL 1.06",
    }
    # The same message landed twice is still one message.
    texts = pl.DataFrame([message, message], schema=MESSAGES)
    _, quarantined = validate_signals(parsed, flat_bars, texts)
    assert quarantined["text"].to_list() == ["EURUSD buy now SL 1.06", None]


def test_signals_and_bars_may_be_none_at_all(
    make_signals: Any, flat_bars: pl.DataFrame, no_texts: pl.DataFrame
) -> None:
    valid, quarantined = validate_signals(make_signals(), flat_bars, no_texts)
    assert (valid.height, quarantined.height) == (0, 0)
    valid, quarantined = validate_signals(make_signals({}), flat_bars.clear(), no_texts)
    assert quarantined["reason"].to_list() == ["no_market_data"]


def test_a_market_with_one_side_is_judged_with_the_declared_spread(
    make_signals: Any, make_bars: Any, no_texts: pl.DataFrame
) -> None:
    bars = make_bars([1.05] * 24, sides="bid")
    assert bars.select(*ASK_COLUMNS).null_count().row(0) == (24,) * 4
    assert bars.select(*BID_COLUMNS).null_count().row(0) == (0,) * 4
    valid, _ = validate_signals(make_signals({}), bars, no_texts)
    assert valid.height == 1
