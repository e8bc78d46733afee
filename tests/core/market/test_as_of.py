"""The market as of a moment is the last closed bar's, never a later one's."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.calendars.trading_day import market_is_closed, to_ns
from hive_core.market.as_of import MARKET_COLUMNS, MAX_MARKET_AGE, bars_needed, market_as_of, max_open_age
from hive_core.market.bars import BAR_SCHEMA, TIMEFRAME_SECONDS, UTC_DATETIME
from hive_core.market.one_series import LATE_START
from hive_core.market.volatility import ATR_BARS, EWMA_LAMBDA, EWMA_RETURNS

START = datetime(2017, 3, 1, tzinfo=UTC)


def bars(timeframe: str, bids: list[float], *, start: datetime = START, ask: bool = True) -> pl.DataFrame:
    rows = []
    for number, bid in enumerate(bids):
        row: dict[str, object] = dict.fromkeys(BAR_SCHEMA)
        row |= {"symbol": "EURUSD", "timeframe": timeframe, "landing_sha256": "0" * 64}
        row["ts_open"] = start + timedelta(seconds=number * TIMEFRAME_SECONDS[timeframe])
        row |= {"bid_open": bid, "bid_high": bid + 0.001, "bid_low": bid - 0.001, "bid_close": bid}
        if ask:
            row |= {f"ask_{name}": bid + 0.0002 for name in ("open", "high", "low", "close")}
        rows.append(row)
    return pl.DataFrame(rows, schema=BAR_SCHEMA)


def asked(*moments: datetime, symbol: str = "EURUSD") -> pl.DataFrame:
    return pl.DataFrame(
        {"symbol": [symbol] * len(moments), "ts_event": list(moments)},
        schema={"symbol": pl.String, "ts_event": UTC_DATETIME},
    )


def test_a_bar_is_known_from_its_close_on() -> None:
    found = market_as_of(
        asked(
            START + timedelta(minutes=59, seconds=59),
            START + timedelta(hours=1),
            START + timedelta(hours=2) - timedelta(microseconds=1),
            START + timedelta(hours=2),
        ),
        bars("H1", [1.05, 1.06]),
    )
    assert found["market_bid"].to_list() == [None, 1.05, 1.05, 1.06]
    assert found["market_ts"][1] == START + timedelta(hours=1)


def test_a_quote_older_than_the_limit_is_no_quote() -> None:
    closed = START + timedelta(hours=1)
    limit = max_open_age("H1")
    found = market_as_of(
        asked(closed + limit, closed + limit + timedelta(microseconds=1)), bars("H1", [1.05])
    )
    assert found["market_bid"].to_list() == [1.05, None]
    # A weekend does not count, but no quote is older than 96 hours.
    day = bars("D1", [1.05], start=datetime(2017, 3, 2, 13, tzinfo=UTC))
    found = market_as_of(asked(*(FRIDAY + MAX_MARKET_AGE + timedelta(microseconds=us) for us in (0, 1))), day)
    assert found["market_bid"].to_list() == [1.05, None]


FRIDAY = datetime(2017, 3, 3, 13, tzinfo=UTC)
"""Nine hours before the weekend begins."""


@pytest.mark.parametrize(
    ("timeframe", "minutes"),
    [("M1", 15), ("M5", 15), ("M15", 45), ("M30", 90), ("H1", 180), ("H4", 720), ("D1", 3 * 1440)],
)
def test_in_open_hours_a_quote_may_be_three_bars_old(timeframe: str, minutes: int) -> None:
    monday = datetime(2017, 2, 27, tzinfo=UTC)
    closed = monday + timedelta(seconds=TIMEFRAME_SECONDS[timeframe])
    limit = closed + timedelta(minutes=minutes)
    found = market_as_of(
        asked(limit, limit + timedelta(microseconds=1)), bars(timeframe, [1.05], start=monday)
    )
    assert found["market_bid"].to_list() == [1.05, None]


def test_over_a_weekend_the_last_quote_stands_until_sources_begin_the_week() -> None:
    last = bars("H1", [1.05], start=datetime(2017, 3, 3, 21, tzinfo=UTC))
    moments = [
        datetime(2017, 3, 4, 12, tzinfo=UTC),
        datetime(2017, 3, 6, 0, tzinfo=UTC),  # Sunday 19:00 in New York
        datetime(2017, 3, 6, 3, tzinfo=UTC),
        datetime(2017, 3, 6, 3, 1, tzinfo=UTC),
    ]
    assert market_as_of(asked(*moments), last)["market_bid"].to_list() == [1.05, 1.05, 1.05, None]
    # The clocks of New York go forward in the night to the 12th: the week begins an hour earlier by UTC.
    last = bars("H1", [1.05], start=datetime(2017, 3, 10, 21, tzinfo=UTC))
    moments = [datetime(2017, 3, 13, 2, tzinfo=UTC), datetime(2017, 3, 13, 2, 1, tzinfo=UTC)]
    assert market_as_of(asked(*moments), last)["market_bid"].to_list() == [1.05, None]


def test_what_trades_at_weekends_has_none() -> None:
    coin = bars("H1", [1.05], start=datetime(2017, 3, 3, 21, tzinfo=UTC)).with_columns(
        pl.lit("BTCUSD").alias("symbol")
    )
    moments = [datetime(2017, 3, 4, 1, tzinfo=UTC), datetime(2017, 3, 4, 1, 1, tzinfo=UTC)]
    assert market_as_of(asked(*moments, symbol="BTCUSD"), coin)["market_bid"].to_list() == [1.05, None]


@settings(max_examples=60)
@given(st.integers(0, 370 * 24 * 4), st.integers(0, 96 * 4))
def test_open_time_is_counted_as_the_calendar_has_it(quarter: int, age: int) -> None:
    began = datetime(2017, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    closed = began + timedelta(hours=1)
    moment = closed + timedelta(minutes=15 * age)

    def is_closed(at: datetime) -> bool:
        return market_is_closed(to_ns(at)) or market_is_closed(to_ns(at - LATE_START))

    open_quarters = sum(not is_closed(closed + timedelta(minutes=15 * number)) for number in range(age))
    found = market_as_of(asked(moment), bars("H1", [1.05], start=began))
    assert (found["market_bid"].item() is not None) == (open_quarters <= 12)


def test_the_finest_timeframe_wins_while_it_is_kept_up_to_date() -> None:
    both = pl.concat([bars("H1", [1.05] * 3), bars("M5", [1.06] * 30), bars("D1", [1.07])])
    found = market_as_of(asked(START + timedelta(hours=2, minutes=31)), both)
    assert found["market_timeframe"].item() == "M5"


def test_a_coarser_timeframe_stands_in_where_the_finer_has_a_hole() -> None:
    both = pl.concat([bars("H1", [1.05] * 30), bars("M5", [1.06] * 3)])
    found = market_as_of(asked(START + timedelta(hours=20)), both)
    assert found["market_timeframe"].item() == "H1"
    assert found["market_bid"].item() == 1.05


def test_a_day_bar_does_not_outlive_the_hours_in_it() -> None:
    # On Saturday the day bar "closed" at midnight, two hours after the last hour bar: same quote, coarser.
    friday = datetime(2017, 3, 3, tzinfo=UTC)
    both = pl.concat([bars("H1", [1.05] * 22, start=friday), bars("D1", [1.05], start=friday)])
    found = market_as_of(asked(friday + timedelta(days=1, hours=9)), both)
    assert found["market_timeframe"].item() == "H1"


def test_a_missing_side_is_the_declared_spread_away_and_said_to_be_assumed() -> None:
    found = market_as_of(asked(START + timedelta(hours=1)), bars("H1", [1.05], ask=False))
    assert found["market_ask"].item() == pytest.approx(1.05006)
    assert found["spread_assumed"].item() is True


def test_the_true_range_counts_the_gap_from_the_close_before() -> None:
    flat = [1.05] * ATR_BARS
    before = market_as_of(asked(START + timedelta(hours=ATR_BARS)), bars("H1", flat))
    assert before["atr"].item() == pytest.approx(0.002)
    after = market_as_of(asked(START + timedelta(hours=ATR_BARS + 1)), bars("H1", [*flat, 1.06]))
    # One of fourteen ranges is now from the close of 1.05 to the high of 1.061.
    assert after["atr"].item() == pytest.approx((13 * 0.002 + 0.011) / 14)


def test_the_true_range_is_unknown_before_there_are_enough_bars() -> None:
    found = market_as_of(asked(START + timedelta(hours=ATR_BARS - 1)), bars("H1", [1.05] * 30))
    assert found["atr"].item() is None


def test_over_a_hole_no_gap_and_no_return_is_counted() -> None:
    before = bars("H1", [1.05] * EWMA_RETURNS)
    after = bars("H1", [1.25] * ATR_BARS, start=START + timedelta(days=9))
    last = START + timedelta(days=9, hours=ATR_BARS)
    found = market_as_of(asked(last, last - timedelta(hours=1)), pl.concat([before, after]))
    assert found["atr"].to_list() == pytest.approx([0.002, 0.002])
    assert found["volatility_pct"].to_list() == [None, None]


def test_volatility_is_the_weighted_root_mean_square_of_log_returns_a_day() -> None:
    closes = [1.05 + 0.001 * ((number * 7) % 5) for number in range(EWMA_RETURNS + 3)]
    found = market_as_of(asked(START + timedelta(hours=len(closes))), bars("H1", closes))
    squares = [math.log(now / then) ** 2 for then, now in pairwise(closes)][::-1][:EWMA_RETURNS]
    weights = [EWMA_LAMBDA**back for back in range(EWMA_RETURNS)]
    variance = sum(w * square for w, square in zip(weights, squares, strict=True)) / sum(weights)
    assert found["volatility_pct"].item() == pytest.approx(100 * math.sqrt(24 * variance))


def test_volatility_is_unknown_before_there_are_enough_returns() -> None:
    series = bars("H1", [1.05] * (EWMA_RETURNS + 1))
    hours = timedelta(hours=EWMA_RETURNS)
    found = market_as_of(asked(START + hours, START + hours + timedelta(hours=1)), series)
    assert found["volatility_pct"].to_list() == [None, 0.0]


@pytest.mark.slow
@pytest.mark.parametrize("timeframe", ["M1", "H1", "D1"])
@pytest.mark.parametrize("hole", [0, 5, 12, 40, 200])
def test_bars_from_longer_ago_than_are_needed_change_nothing(timeframe: str, hole: int) -> None:
    length = timedelta(seconds=TIMEFRAME_SECONDS[timeframe])
    closes = [1.05 + 0.0001 * ((number * 13) % 7) for number in range(120)]
    old = bars(timeframe, closes, start=START - 120 * length - timedelta(days=hole))
    both = pl.concat([old, bars(timeframe, closes)])
    for count in (1, 13, 14, 15, 60, 75, 76, 110):
        moment = START + count * length
        needed = both.filter(pl.col("ts_open") >= moment - bars_needed(timeframe))
        assert market_as_of(asked(moment), needed).equals(market_as_of(asked(moment), both))


def test_rows_keep_their_order_and_unknown_ones_stay() -> None:
    moments = pl.concat(
        [
            asked(START + timedelta(hours=5)),
            asked(START + timedelta(hours=1), symbol="NOTHING"),
            asked(START + timedelta(hours=1)),
        ]
    )
    found = market_as_of(moments, bars("H1", [1.01, 1.02, 1.03, 1.04, 1.05]))
    assert found["market_bid"].to_list() == [1.05, None, 1.01]


def test_without_any_bar_nothing_is_known() -> None:
    found = market_as_of(asked(START), pl.DataFrame(schema=BAR_SCHEMA))
    assert found.select(*MARKET_COLUMNS).row(0) == (None,) * len(MARKET_COLUMNS)
    assert {name: found.schema[name] for name in MARKET_COLUMNS} == MARKET_COLUMNS


def test_bars_of_one_instrument_say_nothing_about_another() -> None:
    found = market_as_of(asked(START + timedelta(hours=1), symbol="GBPUSD"), bars("H1", [1.05]))
    assert found["market_bid"].item() is None
