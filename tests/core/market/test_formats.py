"""Each format as its publishers write it, down to where the columns stand."""

import gzip
import io
from datetime import UTC, date, datetime

import polars as pl
import pytest

from hive_core.contracts.rejection import RefusedFile, RejectedRow
from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS

LANDING = "ab" * 32


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def without_zone(*moments):
    return pl.Series(moments, dtype=pl.Datetime("us", "UTC")).dt.replace_time_zone(None)


def prices(parsed, side, row=0):
    columns = BID_COLUMNS if side == "bid" else ASK_COLUMNS
    return parsed.frame.select(columns).row(row)


def test_the_terminal_export_of_mt5_is_read_with_tabs_and_its_own_column_names(parse):
    text = (
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
        "2024.01.08\t02:00:00\t1.09410\t1.09480\t1.09390\t1.09450\t1312\t0\t7\r\n"
        "2024.01.08\t03:00:00\t1.09450\t1.09400\t1.09390\t1.09420\t1201\t0\t6\r\n"
    )
    parsed = parse(text, format="mt5", time_zone="Europe/Athens", price_scale="1", side=None)
    assert parsed.frame.schema == pl.Schema(BAR_SCHEMA)
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 8, 0)]
    assert prices(parsed, "bid") == (1.0941, 1.0948, 1.0939, 1.0945)
    assert parsed.frame["volume"].to_list() == [1312.0]
    assert prices(parsed, "ask") == (None, None, None, None), "a spread of unknown moment makes no ask"
    assert parsed.rejected == (RejectedRow(3, "<HIGH>", "1.09400", "high is below open 1.09450"),)
    assert parsed.facts["ignored_columns"] == "<VOL>, <SPREAD>"


def test_daily_mt5_export_without_a_time_column_is_read(parse):
    text = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\n2024.01.08\t1.1\t1.2\t1.0\t1.15\t9\n"
    parsed = parse(text, format="mt5", timeframe="D1", time_zone="Europe/Athens", price_scale="1")
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 7, 22)]


def test_integer_points_of_a_script_export_become_prices_without_float_noise(parse):
    header = "Date,open,high,low,close,tick_volume\r\n"
    text = header + "2024-01-08 02:00:00,109410.00000000001,109480.0,109390.0,109450.0,5\r\n"
    parsed = parse(text, format="mt5", time_zone="Europe/Athens", price_scale="100000")
    assert prices(parsed, "bid") == (1.0941, 1.0948, 1.0939, 1.0945)


def test_history_centre_rows_without_a_header_are_read_as_mt5(parse):
    text = "2024.01.08,02:00,1.0941,1.0948,1.0939,1.0945,5\n"
    parsed = parse(text, format="mt5", time_zone="Europe/Athens", price_scale="1")
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 8, 0)]


def test_mt5_prices_are_bid_and_nothing_else(parse):
    text = "Date,open,high,low,close\n2024-01-08 02:00:00,1.1,1.1,1.1,1.1\n"
    with pytest.raises(RefusedFile, match="these are bid prices: declare --side bid"):
        parse(text, format="mt5", price_scale="1", side="ask")


@pytest.mark.parametrize(
    "text",
    [
        "20240108 000000;1.09410;1.09480;1.09390;1.09450;0\n20240108 000100;1.0945;1.0948;1.0939;1.0941;0\n",
        "2024.01.08,00:00,1.09410,1.09480,1.09390,1.09450,0\n2024.01.08,00:01,1.0945,1.0948,1.0939,1.0941,0\n",
    ],
)
def test_both_variants_of_histdata_are_read_in_standard_time_without_daylight_saving(parse, text):
    summer = text.replace("202401", "202407").replace("2024.01", "2024.07")
    for content, month in ((text, 1), (summer, 7)):
        parsed = parse(content, format="histdata", timeframe="M1", time_zone="Etc/GMT+5", side=None)
        assert parsed.frame["ts_open"][0] == at(2024, month, 8, 5)
        assert prices(parsed, "bid") == (1.0941, 1.0948, 1.0939, 1.0945)


def test_histdata_is_read_from_the_zip_it_is_offered_in_beside_its_report(parse, zip_of):
    row = "20240108 000000;1.09410;1.09480;1.09390;1.09450;0\n"
    payload = zip_of({"DAT_ASCII_EURUSD_M1_2024.csv": row, "DAT_ASCII_EURUSD_M1_2024.txt": "no gaps"})
    parsed = parse(payload, format="histdata", timeframe="M1", time_zone="Etc/GMT+5")
    assert parsed.facts["rows"] == 1


LEAN_HOUR = "20240108 00:00,1.0941,1.0948,1.0939,1.0945,0,1.0942,1.0949,1.0940,1.0946,0\n"


def test_lean_quote_bars_keep_bid_and_ask_apart(parse, zip_of):
    parsed = parse(zip_of({"eurusd.csv": LEAN_HOUR}), format="lean", time_zone="Etc/GMT+5", side=None)
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 8, 5)]
    assert prices(parsed, "bid") == (1.0941, 1.0948, 1.0939, 1.0945)
    assert prices(parsed, "ask") == (1.0942, 1.0949, 1.0940, 1.0946)
    assert parsed.frame["volume"].to_list() == [None], "sizes of quotes are no volume"
    assert parsed.facts["sides"] == "both"


def test_one_side_of_lean_quote_bars_can_be_declared(parse, zip_of):
    parsed = parse(zip_of({"eurusd.csv": LEAN_HOUR}), format="lean", side="ask")
    assert prices(parsed, "bid") == (None, None, None, None)
    assert prices(parsed, "ask") == (1.0942, 1.0949, 1.0940, 1.0946)


def test_lean_minutes_count_milliseconds_from_the_date_in_the_name_of_the_csv(parse, zip_of):
    rest = ",1.0941,1.0948,1.0939,1.0945,0,1.0942,1.0949,1.0940,1.0946,0\n"
    payload = zip_of({"20240108_eurusd_minute_quote.csv": f"60000{rest}86399999{rest}86400000{rest}"})
    parsed = parse(payload, format="lean", timeframe="M1", side=None)
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 8, 0, 1), at(2024, 1, 8, 23, 59, 59, 999000)]
    assert parsed.rejected[0] == RejectedRow(
        3, "column 1 (time)", "86400000", "not a time as this format writes it"
    )


@pytest.mark.parametrize("name", ["eurusd.csv", "20241308_eurusd_minute_quote.csv"])
def test_lean_minutes_without_a_date_in_the_name_are_refused(parse, zip_of, name):
    payload = zip_of({name: "60000,1,1,1,1,0,1,1,1,1,0\n"})
    with pytest.raises(RefusedFile, match="does not begin with its date"):
        parse(payload, format="lean", timeframe="M1", side=None)


def test_lean_trade_bars_are_refused(parse, zip_of):
    with pytest.raises(RefusedFile, match="6 columns, Lean quote bars have 11"):
        parse(zip_of({"eurusd.csv": "20240108 00:00,1,1,1,1,0\n"}), format="lean", side=None)


def test_dukascopy_times_are_day_first_and_its_header_promises_utc(parse):
    text = "Gmt time,Open,High,Low,Close,Volume\n09.01.2024 01:00:00.000,1.0941,1.0948,1.0939,1.0945,5.5\n"
    parsed = parse(text, format="dukascopy", side="ask")
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 9, 1)]
    assert prices(parsed, "ask") == (1.0941, 1.0948, 1.0939, 1.0945)
    with pytest.raises(RefusedFile, match="column Gmt time is UTC by its name"):
        parse(text, format="dukascopy", side="ask", time_zone="Europe/Zurich")


def test_dukascopy_times_with_their_offset_are_read_by_it(parse):
    text = (
        "Local time,Open,High,Low,Close,Volume\n"
        "08.07.2024 01:00:00.000 GMT+0200,1.0941,1.0948,1.0939,1.0945,5.5\n"
        "08.07.2024 02:00:00.000 GMT+0100,1.0941,1.0948,1.0939,1.0945,5.5\n"
    )
    parsed = parse(text, format="dukascopy", side="ask", time_zone="Europe/Zurich")
    assert parsed.frame["ts_open"].to_list() == [at(2024, 7, 7, 23)]
    assert [row.reason for row in parsed.rejected] == ["its offset is not that of the declared zone"]


@pytest.mark.parametrize(
    ("header", "time"),
    [
        ("time_utc", "2024-01-08T01:00:00Z"),
        ("time", "2024-01-08 01:00:00"),
        ("Date", "2024-01-08 01:00"),
        ("timestamp", "2024-01-08 01:00:00+00:00"),
        ("datetime", "2024-01-08T01:00:00.000"),
        ("ts_open", '"2024-01-08T01:00"'),
        ("Date,Time", "2024-01-08,01:00:00"),
    ],
)
def test_plain_csv_is_read_under_each_name_and_spelling_of_its_time(parse, header, time):
    parsed = parse(f"{header},Open,High,Low,Close\n{time},1.0941,1.0948,1.0939,1.0945\n")
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 8, 1)]
    assert prices(parsed, "bid") == (1.0941, 1.0948, 1.0939, 1.0945)


BOTH = "time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close,volume\n"
BOTH_ROW = "2024-01-08 01:00:00,1.0941,1.0948,1.0939,1.0945,1.0942,1.0949,1.0940,1.0946,\n"


def test_plain_csv_with_both_sides_needs_no_declared_side(parse):
    parsed = parse(gzip.compress((BOTH + BOTH_ROW).encode()), side=None)
    assert prices(parsed, "bid") == (1.0941, 1.0948, 1.0939, 1.0945)
    assert prices(parsed, "ask") == (1.0942, 1.0949, 1.0940, 1.0946)
    assert parsed.frame["volume"].to_list() == [None]
    assert parsed.frame["landing_sha256"].to_list() == [LANDING]


def test_one_side_of_plain_csv_with_both_can_be_declared(parse):
    parsed = parse(BOTH + BOTH_ROW, side="ask")
    assert prices(parsed, "bid") == (None, None, None, None)
    assert prices(parsed, "ask") == (1.0942, 1.0949, 1.0940, 1.0946)
    assert parsed.facts["sides"] == "ask"


def test_plain_csv_with_one_side_is_refused_until_the_side_is_said(parse):
    text = "time,open,high,low,close\n2024-01-08 01:00:00,1.0941,1.0948,1.0939,1.0945\n"
    for side in (None, "both"):
        with pytest.raises(RefusedFile, match="declare --side bid or ask"):
            parse(text, side=side)


def test_a_declared_side_that_the_columns_do_not_have_is_refused(parse):
    text = "time,bid_open,bid_high,bid_low,bid_close\n2024-01-08 01:00:00,1.0,1.0,1.0,1.0\n"
    for side in ("ask", "both"):
        with pytest.raises(RefusedFile, match=f"--side {side} is declared, the file has bid only"):
            parse(text, side=side)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("open,high,low,close\n1,1,1,1\n", "no time column"),
        ("time,open,high,low\n2024-01-08 01:00:00,1,1,1\n", "no whole set of prices"),
        ("time,open,Open,high,low,close\n2024-01-08 01:00:00,1,1,1,1,1\n", "stands twice in the header"),
    ],
)
def test_a_header_that_does_not_do_is_refused(parse, text, told):
    with pytest.raises(RefusedFile, match=told):
        parse(text)


def parquet(frame):
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


PLAIN = {"open": [1.0941], "high": [1.0948], "low": [1.0939], "close": [1.0945]}


@pytest.mark.parametrize(
    "times",
    [
        without_zone(at(2024, 1, 8, 1)).dt.cast_time_unit("ns"),
        pl.Series([at(2024, 1, 8, 1)], dtype=pl.Datetime("ms", "UTC")),
        pl.Series(["2024-01-08T01:00:00Z"]),
    ],
)
def test_parquet_is_read_with_each_kind_of_time(parse, times):
    parsed = parse(parquet(pl.DataFrame({"time": times, **PLAIN})), format="parquet")
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 8, 1)]
    assert prices(parsed, "bid") == (1.0941, 1.0948, 1.0939, 1.0945)


def test_parquet_narrow_floats_and_dates_are_read(parse):
    frame = pl.DataFrame({"date": [date(2024, 1, 8)], **PLAIN})
    frame = frame.with_columns(pl.col("open").cast(pl.Float32), pl.col("close").cast(pl.Decimal(10, 5)))
    parsed = parse(parquet(frame), format="parquet", timeframe="D1")
    assert parsed.frame["ts_open"].to_list() == [at(2024, 1, 8)]
    assert prices(parsed, "bid") == (1.0941, 1.0948, 1.0939, 1.0945)


def test_parquet_rows_count_from_one_and_nulls_are_named(parse):
    frame = pl.DataFrame({"time": without_zone(at(2024, 1, 8, 1), at(2024, 1, 8, 2))}).with_columns(
        **{name: pl.Series([value[0], None if name == "low" else value[0]]) for name, value in PLAIN.items()}
    )
    parsed = parse(parquet(frame), format="parquet")
    assert parsed.rejected == (RejectedRow(2, "low", "", "empty"),)


def test_a_parquet_time_without_a_unit_is_refused(parse):
    with pytest.raises(RefusedFile, match="does not say its unit"):
        parse(parquet(pl.DataFrame({"time": [1704675600], **PLAIN})), format="parquet")


def test_a_parquet_zone_other_than_the_declared_one_is_refused(parse):
    times = without_zone(at(2024, 1, 8, 1)).dt.replace_time_zone("Asia/Tokyo")
    with pytest.raises(RefusedFile, match="declare the zone of that offset"):
        parse(parquet(pl.DataFrame({"time": times, **PLAIN})), format="parquet")
