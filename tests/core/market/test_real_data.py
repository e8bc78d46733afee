"""Real files of five publishers, with the defects that they have. Needs HIVE_REAL_DATA."""

import os
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from hive_core.contracts.rejection import RefusedFile
from hive_core.market.bars import ASK_COLUMNS, BID_COLUMNS
from hive_core.market.parse import parse_bars

REAL_DATA = os.environ.get("HIVE_REAL_DATA")

pytestmark = pytest.mark.skipif(
    REAL_DATA is None, reason="HIVE_REAL_DATA is not set to a folder of real prices"
)


@pytest.fixture
def read(declare):
    def run(path, **changes):
        declaration = declare(**{"side": None, **changes})
        return parse_bars(Path(str(REAL_DATA), path).read_bytes(), declaration, landing_sha256="0" * 64)

    return run


GOLD = "demo_seed_2025H2/bars_h1/XAUUSD.csv.gz"
OANDA = "fx/oanda_bidask_h1/EURUSD.csv.gz"
MT5 = "fx/mt5_raw_h1/GBPUSD.csv.gz"
FXCM = "fx/fxcm_raw_lean/hour_eurusd.zip"


def test_the_gold_bars_are_clean(read):
    parsed = read(GOLD, symbol="XAUUSD", side="bid")
    assert parsed.rejected == ()
    assert dict(parsed.facts) == {
        "rows": 3286,
        "first_ts": "2025-07-28T00:00:00Z",
        "last_ts": "2026-02-20T07:00:00Z",
        "symbol": "XAUUSD",
        "timeframe": "H1",
        "sides": "bid",
    }


def test_bid_and_ask_of_oanda_are_clean_and_apart_and_read_in_under_a_second(read):
    begin = time.perf_counter()
    parsed = read(OANDA)
    assert time.perf_counter() - begin < 1.0
    assert parsed.rejected == ()
    assert parsed.facts["rows"] == 74_439
    assert parsed.facts["sides"] == "both"
    assert parsed.frame.select(BID_COLUMNS + ASK_COLUMNS).null_count().sum_horizontal().item() == 0
    assert parsed.frame.select(((pl.col("ask_close") - pl.col("bid_close")) >= 0).all()).item()


def test_integer_points_of_mt5_are_refused_until_their_scale_is_said(read):
    mt5 = {"symbol": "GBPUSD", "format": "mt5", "time_zone": "Europe/Athens"}
    for scale in (None, "1"):
        with pytest.raises(RefusedFile, match="divide by 100000: declare --price-scale 100000"):
            read(MT5, price_scale=scale, **mt5)
    parsed = read(MT5, price_scale="100000", **mt5)
    assert parsed.rejected == ()
    assert parsed.facts["rows"] == 57_600
    ours = parsed.frame.filter(pl.col("ts_open").dt.year() >= 2016)
    # The same bars, put to UTC and to prices by another hand.
    theirs = read("fx/h1_utc_bid/GBPUSD.csv.gz", symbol="GBPUSD", side="bid").frame
    both = ours.join(theirs, on=["ts_open", *BID_COLUMNS], how="semi")
    assert len(both) == len(ours)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Etc/GMT-2"])
def test_mt5_bars_under_a_wrong_clock_are_refused(read, zone):
    with pytest.raises(RefusedFile, match="cannot be right"):
        read(MT5, symbol="GBPUSD", format="mt5", price_scale="100000", time_zone=zone)


def test_the_crossed_rows_of_fxcm_are_rejected_and_its_wrong_years_are_told(read):
    parsed = read(FXCM, format="lean", time_zone="Etc/GMT+5")
    assert len(parsed.frame) + len(parsed.rejected) == 69_928
    assert len(parsed.rejected) == 7_636
    assert {row.reason.split(" {")[0][:16] for row in parsed.rejected} == {"ask is below bid"}
    first_fault = Counter(row.column for row in parsed.rejected)
    assert first_fault["column 7 (ask_open)"] == 2_961
    assert parsed.facts["clock_doubt"] == (
        "bars stand in the weekend: Etc/GMT+5 may be wrong in "
        "2007 (40 of 41 weeks), 2008 (52 of 52 weeks), 2009 (37 of 52 weeks)"
    )


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/London"])
def test_fxcm_bars_under_a_wrong_clock_are_refused(read, zone):
    with pytest.raises(RefusedFile, match="cannot be right"):
        read(FXCM, format="lean", time_zone=zone)


CLEAN = [
    *[(f"fx/oanda_bidask_h1/{s}.csv.gz", s, "H1", None) for s in ("NZDUSD", "XAUUSD")],
    *[
        (f"fx/oanda_bidask_d1/{s}.csv.gz", s, "D1", None)
        for s in ("EURUSD", "GBPUSD", "NZDUSD", "EURGBP", "XAUUSD")
    ],
    *[
        (f"fx/h1_utc_bid/{s}.csv.gz", s, "H1", "bid")
        for s in ("AUDUSD", "GBPUSD", "USDCHF", "USDJPY", "XAUUSD")
    ],
    *[
        (f"fx/h1_recent_2025-07_2026-02/{s}.csv.gz", s, "H1", "bid")
        for s in ("AUDUSD", "EURUSD", "GBPUSD", "NZDUSD", "USDCAD", "USDCHF", "USDJPY", "XAUUSD")
    ],
    *[(f"fx/lean_m1_bidask/oanda_{s}.csv.gz", s, "M1", None) for s in ("EURUSD", "XAUUSD")],
    ("fx/nautilus_test_data/fxcm_gbpusd-m1-ask-2012.csv.gz", "GBPUSD", "M1", "ask"),
    ("fx/nautilus_test_data/fxcm_gbpusd-m1-bid-2012.csv.gz", "GBPUSD", "M1", "bid"),
]


@pytest.mark.parametrize(("path", "symbol", "timeframe", "side"), CLEAN)
def test_every_clean_file_in_utc_is_read_without_losing_a_row(read, path, symbol, timeframe, side):
    parsed = read(path, symbol=symbol, timeframe=timeframe, side=side)
    assert parsed.rejected == ()
    assert int(parsed.facts.get("market_closed_rows", 0)) < 0.001 * len(parsed.frame)


def test_a_column_that_promises_utc_is_held_to_it(read):
    with pytest.raises(RefusedFile, match="time_utc is UTC by its name"):
        read("fx/h1_utc_bid/AUDUSD.csv.gz", symbol="AUDUSD", side="bid", time_zone="Europe/London")


def test_ticks_are_no_bars(read):
    with pytest.raises(RefusedFile, match="no whole set of prices"):
        read("fx/lean_ticks/oanda_EURUSD_20140506_20140507.csv.gz", timeframe="M1")
