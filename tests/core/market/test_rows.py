"""Rows that cannot be right are named and refused; every other row is kept."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hive_core.contracts.rejection import RejectedRow
from hive_core.market import clock
from hive_core.market.declaration import BarDeclaration
from hive_core.market.formats.plain_csv import read_plain_csv
from hive_core.market.parse import parse_bars

HEADER = "time,open,high,low,close,volume"
GOOD = ["2024-01-08 01:00:00,1.10,1.12,1.09,1.11,5", "2024-01-08 03:00:00,1.11,1.12,1.10,1.11,5"]
BID = BarDeclaration(symbol="EURUSD", timeframe="H1", format="csv", time_zone="UTC", side="bid")


def with_row(row):
    return "\n".join([HEADER, GOOD[0], row, GOOD[1]]) + "\n"


NO_TIME = "not a time as this format writes it"
OTHER_OFFSET = "its offset is not that of the declared zone"
CUT, COMMAS = "2024-01-08 02:00:00,1.10,1.12,1.09", "2024-01-08 02:00:00,1,10,1,12,1,09,1,11,5"


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("2024-01-08 02:00:00,1.10,1.08,1.09,1.085,5", "high", "1.08", "high is below low 1.09"),
        ("2024-01-08 02:00:00,1.13,1.12,1.09,1.11,5", "high", "1.12", "high is below open 1.13"),
        ("2024-01-08 02:00:00,1.10,1.12,1.09,1.125,5", "high", "1.12", "high is below close 1.125"),
        ("2024-01-08 02:00:00,1.10,1.12,1.105,1.11,5", "low", "1.105", "low is above open 1.10"),
        ("2024-01-08 02:00:00,1.11,1.12,1.105,1.10,5", "low", "1.105", "low is above close 1.10"),
        ("2024-01-08 02:00:00,1.10,1.12,-1.09,1.11,5", "low", "-1.09", "not above zero"),
        ("2024-01-08 02:00:00,1.10,1.12,0,1.11,5", "low", "0", "not above zero"),
        ("2024-01-08 02:00:00,NaN,1.12,1.09,1.11,5", "open", "NaN", "not finite"),
        ("2024-01-08 02:00:00,1.10,inf,1.09,1.11,5", "high", "inf", "not finite"),
        ("2024-01-08 02:00:00,1.10,1.12,1.09,1.1l,5", "close", "1.1l", "not a number"),
        ("2024-01-08 02:00:00,,1.12,1.09,1.11,5", "open", "", "empty"),
        ("2024-01-08 02:00:00,1.1,2.1,1.09,1.1,5", "high", "2.1", "outside 0.5 to 2.0, the plausible band"),
        ("2024-01-08 02:00:00,1.10,1.12,1.09,1.11,many", "volume", "many", "not a number"),
        ("2024-01-08 02:00:00,1.10,1.12,1.09,1.11,-5", "volume", "-5", "not a volume"),
        ("2024-01-08 02:00:00,1.10,1.12,1.09,1.11,NaN", "volume", "NaN", "not a volume"),
        ("2024-01-08 25:00:00,1.10,1.12,1.09,1.11,5", "time", "2024-01-08 25:00:00", NO_TIME),
        ("08/01/2024 02:00,1.10,1.12,1.09,1.11,5", "time", "08/01/2024 02:00", NO_TIME),
        (",1.10,1.12,1.09,1.11,5", "time", "", "empty"),
        ("1524-01-08 02:00:00,1.1,1.1,1.1,1.1,5", "time", "1524-01-08 02:00:00", "outside 1970 to 2099"),
        ("2024-01-08 02:00+01:00,1.10,1.12,1.09,1.11,5", "time", "2024-01-08 02:00+01:00", OTHER_OFFSET),
        (CUT, "", CUT, "4 cells, 6 are expected"),
        (COMMAS, "", COMMAS, "10 cells, 6 are expected"),
    ],
)
def test_a_row_that_cannot_be_right_is_named_and_its_neighbours_are_kept(parse, row, column, value, reason):
    parsed = parse(with_row(row))
    assert parsed.rejected == (RejectedRow(3, column, value, reason),)
    assert parsed.frame["ts_open"].dt.hour().to_list() == [1, 3]


@pytest.mark.parametrize("part", ["open", "high", "low", "close"])
def test_an_ask_below_its_bid_is_rejected_in_each_of_the_four_prices(parse, part):
    cells = {f"bid_{name}": "1.1000" for name in ("open", "high", "low", "close")}
    cells |= {"ask_open": "1.1005", "ask_high": "1.1010", "ask_low": "1.1001", "ask_close": "1.1005"}
    cells["bid_high"] = "1.1010"
    above = {"open": "1.1008", "high": "1.1012", "low": "1.1002", "close": "1.1008"}
    cells[f"bid_{part}"] = above[part]
    if part == "low":
        cells |= {"bid_open": "1.1003", "bid_close": "1.1003"}
    text = f"time,{','.join(cells)}\n2024-01-08 01:00:00,{','.join(cells.values())}\n"
    good = "2024-01-08 02:00:00" + ",1.1" * 8 + "\n"
    parsed = parse(text + good, side=None)
    expected = RejectedRow(2, f"ask_{part}", cells[f"ask_{part}"], f"ask is below bid {above[part]}")
    assert parsed.rejected == (expected,)
    assert len(parsed.frame) == 1, "equal bid and ask are a spread of zero, which happens"


def test_blank_lines_are_nothing_but_count_as_rows(parse):
    text = f"{HEADER}\n\n{GOOD[0]}\n   \n2024-01-08 02:00:00,x,1.12,1.09,1.11,5\n\n\n"
    parsed = parse(text)
    assert [row.row for row in parsed.rejected] == [5]
    assert len(parsed.frame) == 1


def test_long_values_are_cut_in_the_telling(parse):
    parsed = parse(with_row("2024-01-08 02:00:00," + "9" * 500 + "x,1.12,1.09,1.11,5"))
    assert parsed.rejected[0].value == "9" * 80


def test_braces_in_a_cell_are_only_text(parse):
    parsed = parse(with_row("2024-01-08 02:00:00,{row.__class__},1.12,1.09,1.11,5"))
    assert parsed.rejected == (RejectedRow(3, "open", "{row.__class__}", "not a number"),)


def test_the_same_row_twice_counts_once_and_is_told_as_a_fact(parse):
    parsed = parse(with_row(GOOD[0]))
    assert parsed.rejected == ()
    assert parsed.facts["duplicate_rows"] == 1
    assert parsed.facts["rows"] == 2


def test_one_time_with_two_contents_loses_both_rows(parse):
    parsed = parse(with_row("2024-01-08 01:00:00,1.10,1.12,1.09,1.115,5"))
    assert [(row.row, row.column) for row in parsed.rejected] == [(2, "time"), (3, "time")]
    assert {row.reason for row in parsed.rejected} == {
        "the same time stands in another row with other values"
    }
    assert parsed.frame["ts_open"].dt.hour().to_list() == [3]


def test_a_good_row_is_not_lost_to_a_bad_one_of_the_same_time(parse):
    parsed = parse(with_row("2024-01-08 01:00:00,1.10,1.08,1.09,1.11,5"))
    assert [row.row for row in parsed.rejected] == [3]
    assert len(parsed.frame) == 2


def test_a_local_time_that_the_clocks_skip_is_rejected(parse):
    # Sunday 2024-03-31 in Beirut begins at 01:00: midnight does not exist.
    rows = [f"2024-03-{day},1.10,1.12,1.09,1.11,5" for day in (29, 31)]
    parsed = parse("\n".join([HEADER, *rows]), timeframe="D1", time_zone="Asia/Beirut")
    assert parsed.rejected == (
        RejectedRow(3, "time", "2024-03-31", "the declared zone's clocks skip this local time"),
    )


def test_a_local_time_that_comes_twice_is_rejected_and_never_guessed(parse):
    # Santiago's clocks go back at midnight between Saturday and Sunday: 23:00 comes twice.
    rows = [f"2024-04-{day} {hour}:00:00,1.10,1.12,1.09,1.11,5" for day, hour in (("05", 10), ("06", 23))]
    parsed = parse("\n".join([HEADER, *rows]), time_zone="America/Santiago")
    assert [(row.row, row.reason) for row in parsed.rejected] == [
        (3, "this local time comes twice in the declared zone: the instant is unknown")
    ]


def test_an_offset_tells_which_of_two_equal_local_times_is_meant(parse):
    # New York goes back on Sunday 2024-11-03 at 02:00, when the market is closed: the clock alone is asked.
    text = "time,open,high,low,close\n" + "".join(
        f"2024-11-03T01:30:00{offset},1.1,1.1,1.1,1.1\n" for offset in ("-04:00", "-05:00")
    )
    declaration = BID.model_copy(update={"time_zone": "America/New_York", "timeframe": "M30"})
    timed = clock.with_utc(read_plain_csv(text.encode(), declaration), declaration)
    assert timed["time_fault"].to_list() == [None, None]
    assert timed["ts_open"].dt.hour().to_list() == [5, 6]


CELL = st.sampled_from(["1.10", "1.12", "1.09", "1.1105", "0", "-1", "nan", "", "x", "12"])
ROW = st.tuples(st.integers(0, 40), CELL, CELL, CELL, CELL)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW, max_size=12))
def test_every_row_is_kept_rejected_or_counted_and_what_is_kept_is_sound(rows):
    monday = datetime(2024, 1, 8, tzinfo=UTC)
    lines = [
        f"{monday + timedelta(hours=hour):%Y-%m-%d %H:%M:%S},{o},{h},{low},{c},1"
        for hour, o, h, low, c in rows
    ]
    # Enough sound bars that the file as a whole is believed.
    sound = [f"{monday + timedelta(hours=50 + i):%Y-%m-%d %H:%M:%S},1.1,1.2,1.0,1.1,1" for i in range(45)]
    parsed = parse_bars("\n".join([HEADER, *lines, *sound]).encode(), BID, landing_sha256="0" * 64)
    counted = len(parsed.frame) + len(parsed.rejected) + int(parsed.facts.get("duplicate_rows", 0))
    assert counted == len(rows) + len(sound)
    bars = parsed.frame
    assert bars["ts_open"].is_sorted()
    assert bars["ts_open"].is_unique().all()
    low, high = pl.col("bid_low"), pl.col("bid_high")
    inside = [pl.col(name).is_between(low, high) for name in ("bid_open", "bid_close")]
    assert bars.select(pl.all_horizontal((low > 0) & (low <= high), *inside).all()).item()
    shuffled = "\n".join([HEADER, *reversed([*lines, *sound])]).encode()
    assert parse_bars(shuffled, BID, landing_sha256="0" * 64).frame.equals(bars)


def test_prices_are_the_nearest_float_to_what_the_file_says(parse):
    points = [158611, 109387, 100001, 123457]
    rows = [f"2024-01-08 0{i}:00:00," + ",".join([str(p)] * 4) for i, p in enumerate(points)]
    parsed = parse("\n".join(["time,open,high,low,close", *rows]), price_scale="100000")
    assert parsed.frame["bid_open"].to_list() == [float(Decimal(p) / 100000) for p in points]
