"""Stored bars and rates as events: the same from every window, and in a cell from every restart."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import fsspec
import polars as pl
import pytest
from exec_bench import MONDAY, Bench, a_decision
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.model import Configuration
from hive_core.landing.home import HiveHome
from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS, TIMEFRAME_SECONDS
from hive_exec.replay import feed as feed_module
from hive_exec.replay.feed import LOOK_BACK, BarClosed, BarOpened, LakeFeed, RatePublished

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def write_series(lake: str | Path, timeframe: str, rows) -> None:
    """EURUSD bid bars (time, open, high, low, close) as the lake keeps them; the ask is a pip above."""
    records = [
        dict.fromkeys(BAR_SCHEMA)
        | {"symbol": "EURUSD", "timeframe": timeframe, "ts_open": opened, "landing_sha256": "0" * 64}
        | dict(zip(BID_COLUMNS, prices, strict=True))
        | dict(zip(ASK_COLUMNS, [price + 0.0001 for price in prices], strict=True))
        for opened, *prices in rows
    ]
    with fsspec.open(f"{lake}/bars/EURUSD.{timeframe}.parquet", "wb", auto_mkdir=True) as file:
        pl.DataFrame(records, schema=BAR_SCHEMA).write_parquet(file)


def write_rates(lake: str | Path, rows) -> None:
    """Reference rates (date, currency, per euro) as the lake keeps them."""
    with fsspec.open(f"{lake}/reference_rates/all.parquet", "wb", auto_mkdir=True) as file:
        pl.DataFrame(rows, schema=["date", "currency", "per_eur"], orient="row").write_parquet(file)


def read(lake: str | Path, after: datetime, until: datetime):
    return list(LakeFeed(str(lake)).events(["EURUSD"], to_ns(after), to_ns(until)))


def flat(opened: datetime, price: float = 1.06):
    return (opened, price, price, price, price)


# --- windows ---------------------------------------------------------------------------------------------

SPAN = 10 * 60
LEVEL = {"M1": 1.01, "M5": 1.05, "H1": 1.2}
"""Each timeframe has a price of its own, so that an event tells whose it is."""

minutes = st.integers(0, SPAN)
coverage = st.lists(st.tuples(st.sampled_from(sorted(LEVEL)), minutes, st.integers(1, 120)), max_size=9)


def write_coverage(lake: str, runs) -> None:
    for timeframe, level in LEVEL.items():
        step = TIMEFRAME_SECONDS[timeframe] // 60
        opens = {
            n * step
            for name, first, count in runs
            if name == timeframe
            for n in range(first // step, min(first // step + count, SPAN // step))
        }
        if opens:
            write_series(lake, timeframe, [flat(MONDAY + n * MINUTE, level) for n in sorted(opens)])


@pytest.mark.slow
@settings(max_examples=40)
@given(coverage, st.sets(minutes, min_size=2, max_size=6))
def test_a_stretch_reads_the_same_in_one_window_as_in_any_split_of_it(runs, borders):
    marks = [MONDAY + n * MINUTE for n in sorted(borders)]
    # Without looking back, so that a window's beginning is a border as well.
    with tempfile.TemporaryDirectory() as lake, patch.object(feed_module, "LOOK_BACK", timedelta(0)):
        write_coverage(lake, runs)
        whole = read(lake, marks[0], marks[-1])
        parts = [
            event
            for begin, end in pairwise(marks)
            for event in read(lake, begin, end)
            if event.at[0] > to_ns(begin) or begin == marks[0]
        ]
        everything = read(lake, MONDAY - HOUR, MONDAY + timedelta(days=2))
    assert parts == whole
    assert whole == [e for e in everything if to_ns(marks[0]) <= e.at[0] <= to_ns(marks[-1])]


@settings(max_examples=25)
@given(coverage)
def test_bars_follow_each_other_without_an_instant_in_common(runs):
    with tempfile.TemporaryDirectory() as lake:
        write_coverage(lake, runs)
        events = read(lake, MONDAY, MONDAY + timedelta(days=2))
    opened = [event.at[0] for event in events if isinstance(event, BarOpened)]
    closed = [(event.opened_ns, event.at[0]) for event in events if isinstance(event, BarClosed)]
    assert [begin for begin, _ in closed] == opened
    assert all(end <= begin for (_, end), (begin, _) in pairwise(closed))
    assert [event.at for event in events] == sorted({event.at for event in events})


def test_a_bar_is_taken_when_it_has_closed_and_not_before(tmp_path):
    write_series(tmp_path, "H1", [(MONDAY, 1.06, 1.07, 1.05, 1.065)])
    (opened,) = read(tmp_path, MONDAY, MONDAY + HOUR - timedelta(microseconds=1))
    assert (opened.bid, opened.ask) == (Decimal("1.06"), Decimal("1.0601"))
    _, closed = read(tmp_path, MONDAY, MONDAY + HOUR)
    assert (closed.opened_ns, closed.bar.bid_low) == (to_ns(MONDAY), Decimal("1.05"))


def test_prices_are_read_again_from_ten_days_before(tmp_path):
    write_series(tmp_path, "H1", [flat(MONDAY - LOOK_BACK - HOUR), flat(MONDAY - LOOK_BACK)])
    events = read(tmp_path, MONDAY, MONDAY)
    assert [(type(event), event.at[0]) for event in events] == [
        (BarClosed, to_ns(MONDAY - LOOK_BACK)),
        (BarOpened, to_ns(MONDAY - LOOK_BACK)),
        (BarClosed, to_ns(MONDAY - LOOK_BACK + HOUR)),
    ]


def test_of_each_rate_the_last_before_the_window_is_given_too(tmp_path):
    days = [date(2016, 5, 2), date(2016, 5, 3), date(2017, 3, 3), date(2017, 3, 7)]
    write_rates(tmp_path, [(day, "USD", 1.0 + n / 10) for n, day in enumerate(days)])
    events = read(tmp_path, MONDAY, MONDAY + HOUR)
    assert all(isinstance(event, RatePublished) for event in events)
    assert [event.per_eur for event in events] == [Decimal("1.1"), Decimal("1.2")]


def test_a_lake_behind_an_address_reads_like_a_folder(tmp_path):
    address = "memory://a-lake-for-the-feed"
    for lake in (tmp_path, address):
        write_series(lake, "H1", [flat(MONDAY + n * HOUR) for n in range(4)])
        write_series(lake, "M1", [flat(MONDAY + HOUR + n * MINUTE, 1.07) for n in range(60)])
        write_rates(lake, [(date(2017, 3, 3), "USD", 1.05)])
    until = MONDAY + 5 * HOUR
    events = read(tmp_path, MONDAY, until)
    assert len(events) == 2 * (3 + 60) + 1
    assert read(address, MONDAY, until) == events


def test_every_file_is_opened_once_for_a_window(tmp_path):
    write_series(tmp_path, "H1", [flat(MONDAY)])
    write_series(tmp_path, "M1", [flat(MONDAY)])
    write_rates(tmp_path, [(date(2017, 3, 3), "USD", 1.05)])
    feed = LakeFeed(str(tmp_path))
    with patch.object(feed._files, "open", wraps=feed._files.open) as opened:
        list(feed.events(["EURUSD"], to_ns(MONDAY), to_ns(MONDAY + HOUR)))
    paths = [call.args[0] for call in opened.call_args_list]
    assert len(paths) == len(set(paths)) == 3


# --- through a cell --------------------------------------------------------------------------------------

END = MONDAY + 80 * HOUR
STRETCH = MONDAY + 40 * HOUR - 20 * MINUTE, MONDAY + 42 * HOUR + 10 * MINUTE
"""A little more than two hours of minutes: 40:00 to 42:00 are whole, what sticks out is seen in hours."""

DIP = MONDAY + 40 * HOUR + 17 * MINUTE
"""The minute within the stretch in which the price falls."""


def hours(*, dips: bool = True):
    """Eighty hours up and down between 1.0600 and 1.0620."""
    for n in range(80):
        begin, end = (1.0600, 1.0620) if n % 2 == 0 else (1.0620, 1.0600)
        low = 1.0540 if n == 40 and dips else 1.0598
        yield (MONDAY + n * HOUR, begin, 1.0622, low, end)


def stretch():
    """Minutes at 1.0610 all along, but for one."""
    for n in range((STRETCH[1] - STRETCH[0]) // MINUTE):
        opened = STRETCH[0] + n * MINUTE
        yield (opened, 1.0610, 1.0611, 1.0540 if opened == DIP else 1.0609, 1.0610)


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """New homes with a cell: of hours alone, or with the stretch of minutes."""
    monkeypatch.delenv("HIVE_LAKE", raising=False)
    made: list[Bench] = []

    def make(*, with_minutes: bool) -> Bench:
        home = HiveHome(tmp_path / f"hive-{len(made)}")
        write_series(home.lake, "H1", hours())
        if with_minutes:
            write_series(home.lake, "M1", stretch())
        made.append(Bench(home, Configuration()))
        return made[-1]

    yield make
    for bench in made:
        bench.cell.stop()


def buy(at: timedelta, *, reference: str, stop: str = "1.05900", target: str = "1.06180"):
    return a_decision(ts=MONDAY + at, reference=reference, stop=stop, targets=(target,))


OUTSIDE = [buy(n * HOUR, reference="1.06000") for n in (2, 10, 30, 44, 60, 74)]


def test_a_short_stretch_of_minutes_changes_no_order_outside_of_it(homes):
    outcomes = []
    for with_minutes in (False, True):
        bench = homes(with_minutes=with_minutes)
        for decision in OUTSIDE:
            bench.deliver(decision)
        bench.advance(END)
        outcomes.append(bench.orders())
    assert [order["exit_reason"] for order in outcomes[0]] == ["target"] * len(OUTSIDE)
    assert outcomes[1] == outcomes[0]


def test_a_position_from_before_the_stretch_is_stopped_in_it_by_its_minute(homes):
    closed = []
    for with_minutes in (False, True):
        bench = homes(with_minutes=with_minutes)
        bench.deliver(buy(38 * HOUR, reference="1.06000", stop="1.05500", target="1.07000"))
        bench.advance(END)
        (order,) = bench.orders()
        assert (order["exit_reason"], order["exit_price"]) == ("stop", "1.055")
        closed.append(order["ts_closed_ns"])
    assert closed == [to_ns(MONDAY + 41 * HOUR), to_ns(DIP + MINUTE)]


def test_a_position_from_the_stretch_is_stopped_after_it_and_not_by_what_was_before(homes):
    """Entered by the minutes after the fall; the hour of the fall is not seen again."""
    bench = homes(with_minutes=True)
    bench.deliver(buy(40 * HOUR + 30 * MINUTE, reference="1.06100", stop="1.05980", target="1.07000"))
    bench.advance(END)
    (order,) = bench.orders()
    assert order["ts_filled_ns"] == to_ns(MONDAY + 40 * HOUR + 30 * MINUTE)
    assert (order["exit_reason"], order["ts_closed_ns"]) == ("stop", to_ns(MONDAY + 43 * HOUR))


def test_a_restart_at_any_border_changes_no_order(homes):
    decisions = [
        *OUTSIDE,
        buy(38 * HOUR, reference="1.06000", stop="1.05500", target="1.07000"),
        buy(41 * HOUR + 30 * MINUTE, reference="1.06100", stop="1.05980", target="1.07000"),
    ]
    borders = [
        STRETCH[0] + 7 * MINUTE,
        DIP + MINUTE,
        MONDAY + 42 * HOUR,
        MONDAY + 42 * HOUR + 5 * MINUTE,
        STRETCH[1],
        MONDAY + 60 * HOUR + 30 * MINUTE,
    ]

    def outcome(*restarts: datetime):
        bench = homes(with_minutes=True)
        waiting = decisions
        for border in [*restarts, END]:
            due = [one for one in waiting if one.ts_decided_ns <= to_ns(border)]
            waiting = [one for one in waiting if one not in due]
            for decision in due:
                bench.deliver(decision)
            bench.advance(border)
            if border != END:
                bench.reopen()
        return bench.orders()

    undisturbed = outcome()
    assert {order["state"] for order in undisturbed} == {"closed"}
    assert len(undisturbed) == len(decisions)
    for border in borders:
        assert outcome(border) == undisturbed, border
    assert outcome(*borders) == undisturbed
