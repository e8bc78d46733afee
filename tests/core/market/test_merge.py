"""Several landings of the same bars become one frame, and what was overwritten is counted."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS
from hive_core.market.merge import merge_bars

MONDAY = datetime(2024, 1, 8, tzinfo=UTC)


def landing(name, hours_to_prices, sides=("bid",), symbol="EURUSD"):
    rows = []
    for hour, price in hours_to_prices.items():
        row = dict.fromkeys(BAR_SCHEMA)
        row |= {"symbol": symbol, "timeframe": "H1", "ts_open": MONDAY + timedelta(hours=hour)}
        row |= {"landing_sha256": name}
        for side, columns in (("bid", BID_COLUMNS), ("ask", ASK_COLUMNS)):
            if side in sides:
                row |= dict.fromkeys(columns, price)
        rows.append(row)
    return pl.DataFrame(rows, schema=BAR_SCHEMA)


def test_the_later_landing_wins_and_only_what_differs_is_a_conflict():
    first = landing("first", {0: 1.1, 1: 1.2, 2: 1.3})
    second = landing("second", {1: 1.2, 2: 1.35, 3: 1.4})
    merged, conflicts = merge_bars([first, second])
    assert merged.schema == pl.Schema(BAR_SCHEMA)
    assert merged["bid_close"].to_list() == [1.1, 1.2, 1.35, 1.4]
    assert merged["landing_sha256"].to_list() == ["first", "second", "second", "second"]
    assert conflicts == 1


def test_the_order_of_landing_decides_not_the_order_of_names():
    older, newer = landing("z", {0: 1.1}), landing("a", {0: 1.2})
    assert merge_bars([older, newer])[0]["bid_open"].to_list() == [1.2]
    assert merge_bars([newer, older])[0]["bid_open"].to_list() == [1.1]


def test_bid_and_ask_from_two_files_become_bars_with_both():
    bid, ask = landing("bids", {0: 1.1, 1: 1.2}, ("bid",)), landing("asks", {0: 1.11}, ("ask",))
    merged, conflicts = merge_bars([bid, ask])
    assert merged.select("bid_open", "ask_open").rows() == [(1.1, 1.11), (1.2, None)]
    assert conflicts == 0, "an added side changes nothing"


def test_sides_of_two_files_that_cross_are_not_put_together():
    bid, ask = landing("bids", {0: 1.1}, ("bid",)), landing("asks", {0: 1.09}, ("ask",))
    merged, conflicts = merge_bars([bid, ask])
    assert merged.select("bid_open", "ask_open").rows() == [(None, 1.09)]
    assert conflicts == 1


def test_instruments_are_not_mixed():
    merged, conflicts = merge_bars([landing("a", {0: 1.1}), landing("b", {0: 2000.0}, symbol="XAUUSD")])
    assert merged.select("symbol", "bid_open").rows() == [("EURUSD", 1.1), ("XAUUSD", 2000.0)]
    assert conflicts == 0


def test_no_landing_is_an_empty_frame_of_the_right_shape():
    merged, conflicts = merge_bars([])
    assert merged.schema == pl.Schema(BAR_SCHEMA)
    assert merged.is_empty()
    assert conflicts == 0


BARS = st.dictionaries(st.integers(0, 8), st.sampled_from([1.1, 1.2, 1.3]), max_size=6)


@given(st.lists(BARS, max_size=4))
def test_a_merge_holds_each_time_once_with_its_latest_price(landings):
    merged, conflicts = merge_bars(landing(str(i), bars) for i, bars in enumerate(landings))
    latest, changed = {}, 0
    for bars in landings:
        changed += sum(hour in latest and latest[hour] != price for hour, price in bars.items())
        latest |= bars
    hours = [(moment - MONDAY) // timedelta(hours=1) for moment in merged["ts_open"]]
    assert dict(zip(hours, merged["bid_close"].to_list(), strict=True)) == latest
    assert hours == sorted(set(hours))
    assert conflicts == changed
    again, none = merge_bars([merged, merged])
    assert again.equals(merged)
    assert none == 0
