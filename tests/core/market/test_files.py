"""Files that cannot be what they are declared to be are refused, with the next step."""

import gzip
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.calendars.trading_day import market_is_closed, to_ns
from hive_core.contracts.rejection import RefusedFile
from hive_core.market.quality import market_closed
from hive_core.market.unpacking import unpack, unzip_one_csv

ROW = "2024-01-08 01:00:00,{0},{0},{0},{0}\n"
HEADER = "time,open,high,low,close\n"


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("symbol", "price", "fits"),
    [
        ("EURUSD", "109410", "divide by 100000: declare --price-scale 100000"),
        ("USDJPY", "81121", "divide by 1000: declare --price-scale 1000"),
        ("XAUUSD", "154759", "divide by 100: declare --price-scale 100"),
        ("XAUUSD", "54759", "divide by 100 or 10: declare --price-scale 100 or --price-scale 10"),
        ("EURUSD", "147.2", "divide by 100: declare --price-scale 100"),
        ("EURUSD", "0.0001", "no power of ten brings them there: is this file EURUSD?"),
        ("AUDNZD", "9.3", "no power of ten brings them there: is this file AUDNZD?"),
    ],
)
def test_prices_on_the_wrong_scale_are_refused_with_the_scale_that_fits(parse, symbol, price, fits):
    with pytest.raises(RefusedFile) as refusal:
        parse(HEADER + ROW.format(price), symbol=symbol)
    assert str(refusal.value).endswith(fits)
    assert "the plausible band" in str(refusal.value)


def test_a_wrong_declared_scale_is_refused_with_the_right_one(parse):
    with pytest.raises(RefusedFile, match=r"prices near 109\.41 are .*--price-scale 100000"):
        parse(HEADER + ROW.format("109410"), price_scale="1000")


def test_an_mt5_file_without_a_declared_scale_is_refused_with_the_scale_that_fits(parse):
    for price, scale in (("109410", "100000"), ("1.0941", "1")):
        with pytest.raises(RefusedFile, match=f"is not declared and mt5 .* --price-scale {scale}$"):
            parse(HEADER + ROW.format(price), format="mt5")


@pytest.mark.parametrize(
    ("zone", "is_right"),
    [
        ("UTC", True),
        ("Etc/GMT-1", False),
        ("Etc/GMT+1", False),
        ("Europe/Athens", False),
        ("America/New_York", False),
    ],
)
def test_a_zone_that_puts_bars_into_the_weekend_is_refused(parse, csv_at, market_hours, zone, is_right):
    text = csv_at(market_hours(4))
    if is_right:
        assert "market_closed_rows" not in parse(text, time_zone=zone).facts
        return
    with pytest.raises(
        RefusedFile, match=rf"the declared time zone {re.escape(zone)} cannot be right.*--time-zone"
    ):
        parse(text, time_zone=zone)


def test_a_zone_that_is_wrong_only_in_summer_is_refused(parse, csv_at):
    # Bars by New York's clock over a year, declared as standard time without daylight saving.
    sundays = [at(2024, 1, 7, 17) + timedelta(weeks=week) for week in range(52)]
    text = csv_at([sunday + timedelta(hours=hour) for sunday in sundays for hour in range(120)])
    assert "market_closed_rows" not in parse(text, time_zone="America/New_York").facts
    with pytest.raises(RefusedFile, match=r"in 34 of 52 weeks|in 35 of 5\d weeks"):
        parse(text, time_zone="Etc/GMT+5")


def test_bars_on_saturday_are_told_by_day_and_hour(parse, csv_at):
    saturday = [at(2024, 1, 13, hour) for hour in range(24)]
    with pytest.raises(RefusedFile, match="would be Friday 2024-01-12 19:00 in America/New_York"):
        parse(csv_at(saturday))


def test_a_coin_trades_on_saturday(parse, csv_at):
    saturday = [at(2024, 1, 13, hour) for hour in range(24)]
    facts = parse(csv_at(saturday, price=42_000), symbol="BTCUSD").facts
    assert facts["rows"] == 24
    assert "market_closed_rows" not in facts


def test_daily_bars_may_be_dated_sunday_but_not_saturday(parse, csv_at):
    days = [at(2024, 1, 1) + timedelta(days=day) for day in range(28)]
    sundays = csv_at([day for day in days if day.weekday() != 5])
    assert parse(sundays, timeframe="D1", time_zone="Europe/Athens").facts["rows"] == 24
    with pytest.raises(RefusedFile, match=r"would be Saturday 2024-01-06 00:00 in Europe/Athens"):
        parse(csv_at([day for day in days if day.weekday() != 6]), timeframe="D1", time_zone="Europe/Athens")


def test_four_hour_bars_that_reach_out_of_the_weekend_are_no_fault(parse, csv_at):
    # Sunday 20:00 UTC is 15:00 in New York: the bar begins before the opening and ends after it.
    sunday = at(2024, 1, 7, 20)
    text = csv_at([sunday + timedelta(weeks=week, hours=4 * bar) for week in range(4) for bar in range(30)])
    assert "market_closed_rows" not in parse(text, timeframe="H4").facts


def test_a_brokers_quotes_shortly_before_the_opening_are_counted_not_refused(parse, csv_at, market_hours):
    opening = [at(2024, 1, 7, 20) + timedelta(weeks=week, hours=h) for week in range(8) for h in (0, 1)]
    facts = parse(csv_at([*opening, *market_hours(8)])).facts
    assert facts["market_closed_rows"] == 16
    assert "clock_doubt" not in facts


def test_a_brokers_last_quote_after_the_close_is_counted_not_refused(parse, csv_at, market_hours):
    after_close = [at(2024, 1, 12, 22) + timedelta(weeks=week) for week in range(8)]
    facts = parse(csv_at([*market_hours(8), *after_close])).facts
    assert facts["market_closed_rows"] == 8
    assert "clock_doubt" not in facts


def test_a_clock_that_was_wrong_in_one_year_of_several_is_doubted_by_name(parse, csv_at, market_hours):
    # By New York's clock, so that summer and winter are the same; in 2020 four hours early.
    first = at(2020, 1, 5, 17)
    good = market_hours(208, first=first + timedelta(weeks=52))
    wrong = [moment - timedelta(hours=4) for moment in market_hours(50, first=first)]
    facts = parse(csv_at([*wrong, *good]), time_zone="America/New_York").facts
    assert facts["clock_doubt"] == (
        "bars stand in the weekend: America/New_York may be wrong in 2020 (50 of 50 weeks)"
    )


def test_one_stray_minute_does_not_condemn_a_week(parse, csv_at):
    sunday = at(2024, 1, 7, 22)
    minutes = [sunday + timedelta(minutes=minute) for minute in range(120 * 60)]
    parsed = parse(csv_at([sunday - timedelta(hours=9), *minutes]), timeframe="M1")
    assert parsed.facts["market_closed_rows"] == 1


def test_the_flat_filling_of_weekends_is_left_out_and_counted(parse, market_hours):
    header = "Gmt time,Open,High,Low,Close,Volume\n"
    week = [f"{moment:%d.%m.%Y %H:%M:%S}.000,1.1,1.2,1.0,1.1,9\n" for moment in market_hours(1)]
    friday = at(2024, 1, 12, 22)
    flat = [f"{friday + timedelta(hours=h):%d.%m.%Y %H:%M:%S}.000,1.1,1.1,1.1,1.1,0\n" for h in range(48)]
    parsed = parse(header + "".join([*week, *flat]), format="dukascopy", side="bid")
    assert parsed.facts["flat_weekend_rows"] == 48
    assert parsed.facts["rows"] == 120
    traded = [line.replace(",0\n", ",3\n") for line in flat]
    with pytest.raises(RefusedFile, match="cannot be right"):
        parse(header + "".join([*week, *traded]), format="dukascopy", side="bid")


@given(st.integers(915_148_800, 2_051_222_400))
def test_the_closed_market_is_the_same_for_frames_and_for_single_times(seconds):
    aware = datetime.fromtimestamp(seconds, UTC)
    frame = pl.DataFrame({"ts": [aware]}, schema={"ts": pl.Datetime("us", "UTC")})
    assert frame.select(market_closed(pl.col("ts"))).item() == market_is_closed(to_ns(aware))


@pytest.mark.parametrize(
    ("minutes", "declared", "told"),
    [
        (60, "M1", "declare --timeframe H1"),
        (60, "H4", "declare --timeframe H1"),
        (15, "H1", "declare --timeframe M15"),
        (20, "M15", "check --timeframe"),
    ],
)
def test_a_timeframe_that_does_not_fit_the_spacing_is_refused(parse, csv_at, minutes, declared, told):
    times = [at(2024, 1, 8) + timedelta(minutes=minutes * i) for i in range(40)]
    with pytest.raises(RefusedFile, match=told):
        parse(csv_at(times), timeframe=declared)


def test_a_few_bars_far_apart_say_nothing_of_the_timeframe(parse, csv_at):
    assert len(parse(csv_at([at(2024, 1, day) for day in (8, 9, 10)]), timeframe="M1").frame) == 3


def test_daily_bars_across_a_shift_of_the_clocks_fit(parse, csv_at):
    days = [at(2024, 3, 25) + timedelta(days=day) for day in range(12)]
    text = csv_at([day for day in days if day.weekday() != 5])
    assert len(parse(text, timeframe="D1", time_zone="Europe/Athens").frame) == 11


@pytest.mark.parametrize("payload", [b"", b"\n \n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("form", ["csv", "mt5", "histdata", "dukascopy"])
def test_an_empty_file_is_refused(parse, payload, form):
    with pytest.raises(RefusedFile, match="the file is empty"):
        parse(payload, format=form)


def test_a_header_without_bars_is_refused(parse):
    with pytest.raises(RefusedFile, match="has no bars"):
        parse(HEADER)


def test_a_file_without_one_usable_row_is_refused_with_its_first_fault(parse):
    with pytest.raises(RefusedFile, match=r"not one of its 2 rows.*row 2, column time, value '08/01/2024'"):
        parse(HEADER + "08/01/2024,1.1,1.1,1.1,1.1\n09/01/2024,1.1,1.1,1.1,1.1\n")


def test_a_file_that_is_not_utf8_is_refused_with_row_and_byte(parse):
    content = (HEADER + ROW.format("1.1")).encode() + b"2024-01-08 02:00:00,1.1,\xff,1.1,1.1\n"
    with pytest.raises(RefusedFile, match="row 3: not UTF-8 at byte 85"):
        parse(content)


def test_utf16_is_refused_by_its_name(parse):
    with pytest.raises(RefusedFile, match="UTF-16; save the file as UTF-8"):
        parse((HEADER + ROW.format("1.1")).encode("utf-16"))


def test_a_byte_order_mark_is_no_part_of_the_header(parse):
    assert len(parse(b"\xef\xbb\xbf" + (HEADER + ROW.format("1.1")).encode()).frame) == 1


@pytest.mark.parametrize("kept", [10, 40, -1, -9])
def test_a_cut_archive_is_refused(parse, zip_of, kept):
    # Text that does not shrink, so that a cut falls into it.
    rows = "".join(
        f"2024-01-08 {h:02}:00:00,1.1{h:02}17,1.1{h:02}93,1.1{h:02}11,1.1{h:02}55\n" for h in range(24)
    )
    zipped, gzipped = zip_of({"bars.csv": HEADER + rows}), gzip.compress((HEADER + rows).encode())
    for archive, name in ((zipped, "zip"), (gzipped, "gzip")):
        assert len(parse(archive).frame) == 24
        with pytest.raises(RefusedFile, match=f"not a whole {name} .* fetch it again"):
            parse(archive[:kept])


def test_a_changed_byte_in_an_archive_is_refused(parse, zip_of):
    archive = bytearray(zip_of({"bars.csv": HEADER + ROW.format("1.1")}, compression=zipfile.ZIP_STORED))
    archive[archive.index(b"2024")] ^= 1
    with pytest.raises(RefusedFile, match="not a whole zip"):
        parse(bytes(archive))


def test_a_cut_or_false_parquet_file_is_refused(parse):
    stream = io.BytesIO()
    pl.DataFrame(
        {"time": [at(2024, 1, 8, 1)], **{n: [1.1] for n in ("open", "high", "low", "close")}}
    ).write_parquet(stream)
    whole = stream.getvalue()
    assert len(parse(whole, format="parquet").frame) == 1
    for payload in (b"", whole[:60], whole[:-5], (HEADER + ROW.format("1.1")).encode()):
        with pytest.raises(RefusedFile, match="not a whole Parquet file"):
            parse(payload, format="parquet")


def test_an_archive_that_unpacks_without_end_is_refused_before_it_fills_the_memory(zip_of):
    bomb = b"0" * 3_000_000
    for unpacked in (
        lambda: unzip_one_csv(zip_of({"a.csv": bomb}), limit=1_000_000),
        lambda: unpack(gzip.compress(bomb), limit=1_000_000),
    ):
        with pytest.raises(RefusedFile, match="unpacks to more than"):
            unpacked()


def test_an_archive_with_more_than_one_csv_or_none_is_refused(parse, zip_of):
    for files in ({"a.csv": "x", "b.csv": "y"}, {"readme.txt": "x"}):
        with pytest.raises(RefusedFile, match=r"holds \d .csv files, one is expected"):
            parse(zip_of(files), format="lean", side=None)


def test_an_encrypted_archive_is_refused(parse, zip_of):
    archive = bytearray(zip_of({"a.csv": "x"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        archive[archive.index(signature) + offset] |= 1
    with pytest.raises(RefusedFile, match="encrypted"):
        parse(bytes(archive), format="lean", side=None)


def test_text_declared_as_lean_is_refused(parse):
    with pytest.raises(RefusedFile, match="not a whole zip"):
        parse(HEADER + ROW.format("1.1"), format="lean", side=None)
