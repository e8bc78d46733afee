"""The ECB's reference rates: wide to long, and each cell that is no rate named."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from hive_core.contracts.rejection import RefusedFile, RejectedRow
from hive_core.market.bars import RATE_SCHEMA
from hive_core.market.rates import parse_ecb_rates, rate_as_of

HEADER = "Date,USD,JPY,TRL,\n"


def parse(text):
    return parse_ecb_rates(text.encode(), landing_sha256="cd" * 32)


def test_a_column_a_currency_becomes_a_row_a_rate_oldest_first():
    frame, rejected = parse(HEADER + "2024-01-09,1.0940,157.6,N/A,\n2024-01-08,1.0946,158.2,,\n")
    assert frame.schema == pl.Schema(RATE_SCHEMA)
    assert frame.select("date", "currency", "per_eur").rows() == [
        (date(2024, 1, 8), "JPY", 158.2),
        (date(2024, 1, 8), "USD", 1.0946),
        (date(2024, 1, 9), "JPY", 157.6),
        (date(2024, 1, 9), "USD", 1.094),
    ]
    assert rejected == ()


@pytest.mark.parametrize("cell", ["0", "-1.09", "nan", "inf", "1.0x", "abc"])
def test_a_cell_that_is_no_rate_is_rejected_alone(cell):
    frame, rejected = parse(HEADER + f"2024-01-09,{cell},157.6,N/A,\n2024-01-08,1.0946,158.2,N/A,\n")
    assert rejected == (RejectedRow(2, "USD", cell, "not a rate: a number above zero is expected"),)
    assert len(frame) == 3


def test_a_line_without_a_date_is_rejected_as_a_whole():
    frame, rejected = parse(HEADER + "9 January 2024,1.09,157.6,N/A,\n2024-01-08,1.0946,158.2,N/A,\n")
    assert rejected == (RejectedRow(2, "Date", "9 January 2024", "not a date (YYYY-MM-DD)"),)
    assert len(frame) == 2


def test_a_cut_line_is_rejected_and_the_rest_kept():
    frame, rejected = parse(HEADER + "2024-01-08,1.0946,158.2,N/A,\n2024-01-05,1.0")
    assert rejected == (RejectedRow(3, "", "2024-01-05,1.0", "2 cells, 5 are expected"),)
    assert len(frame) == 2


def test_a_date_that_stands_twice_counts_once_or_not_at_all():
    line, other = "2024-01-08,1.0946,158.2,N/A,\n", "2024-01-08,1.0999,158.2,N/A,\n"
    good = "2024-01-05,1.0921,157.9,N/A,\n"
    frame, rejected = parse(HEADER + line + line + good)
    assert (len(frame), rejected) == (4, ())
    frame, rejected = parse(HEADER + line + other + good)
    assert len(frame) == 2
    assert [(row.row, row.reason) for row in rejected] == [
        (2, "this date stands in another row with other rates"),
        (3, "this date stands in another row with other rates"),
    ]


@pytest.mark.parametrize(
    "text",
    ["Day,USD\n", "Date,Dollar\n", "Date,USD,USD\n", "Date,,USD\n", "Date\n", "time,open,high,low,close\n"],
)
def test_another_file_is_refused(text):
    with pytest.raises(RefusedFile, match=r"not the ECB's eurofxref-hist\.csv"):
        parse(text + "2024-01-08,1.09\n")


def test_a_file_without_rates_is_refused():
    with pytest.raises(RefusedFile, match="there are no rows"):
        parse(HEADER)
    with pytest.raises(RefusedFile, match="row 2: not a date"):
        parse(HEADER + "x,1.09,157.6,N/A,\n")
    with pytest.raises(RefusedFile, match="the file is empty"):
        parse("")


# One euro in dollars and yen on a Wednesday and the Thursday after.
KNOWN = pl.DataFrame(
    [
        (date(2024, 3, 6), "USD", 1.08),
        (date(2024, 3, 6), "JPY", 162.0),
        (date(2024, 3, 7), "USD", 1.09),
        (date(2024, 3, 7), "GBP", 0.85),
    ],
    schema={"date": pl.Date(), "currency": pl.String(), "per_eur": pl.Float64()},
    orient="row",
).with_columns(pl.lit("0" * 64).alias("landing_sha256"))


def in_dollars(currency: str | None, moment: str, rates: pl.DataFrame = KNOWN) -> float | None:
    asked = pl.DataFrame(
        [(currency, datetime.fromisoformat(moment).replace(tzinfo=UTC))],
        schema={"quote": pl.String(), "ts_event": pl.Datetime("us", "UTC")},
        orient="row",
    )
    return rate_as_of(asked, rates, of="quote", to="USD", name="usd")["usd"].item()


def test_a_rate_is_known_from_four_in_the_afternoon_of_its_day_in_frankfurt():
    assert in_dollars("JPY", "2024-03-06T14:59:59") is None
    assert in_dollars("JPY", "2024-03-06T15:00:00") == pytest.approx(1.08 / 162)
    assert in_dollars("EUR", "2024-03-07T14:59:59") == pytest.approx(1.08)
    assert in_dollars("EUR", "2024-03-07T15:00:00") == pytest.approx(1.09)
    summer = KNOWN.with_columns(pl.col("date").dt.offset_by("4mo"))
    assert in_dollars("EUR", "2024-07-06T13:59:59", summer) is None
    assert in_dollars("EUR", "2024-07-06T14:00:00", summer) == pytest.approx(1.08)


def test_a_rate_counts_for_a_week_and_both_sides_are_of_one_day():
    assert in_dollars("EUR", "2024-03-14T15:00:00") == pytest.approx(1.09)
    assert in_dollars("EUR", "2024-03-14T15:00:01") is None
    # The yen was not quoted on the second day: the first day's pair counts on, for a week from then.
    assert in_dollars("JPY", "2024-03-13T15:00:00") == pytest.approx(1.08 / 162)
    assert in_dollars("JPY", "2024-03-13T15:00:01") is None


def test_a_dollar_is_a_dollar_and_what_nobody_quotes_is_unknown():
    assert in_dollars("USD", "1990-01-01T00:00:00") == 1
    assert in_dollars("CNH", "2024-03-07T15:00:00") is None
    assert in_dollars(None, "2024-03-07T15:00:00") is None
    assert in_dollars("JPY", "2024-03-07T15:00:00", KNOWN.clear()) is None


def test_rows_keep_their_order_when_rates_are_added():
    noon = datetime(2024, 3, 7, 12, tzinfo=UTC)
    asked = pl.DataFrame(
        [("JPY", noon), ("USD", None), ("EUR", noon - timedelta(days=30)), ("EUR", noon)],
        schema={"quote": pl.String(), "ts_event": pl.Datetime("us", "UTC")},
        orient="row",
    )
    found = rate_as_of(
        asked, KNOWN.sample(fraction=1, shuffle=True, seed=1), of="quote", to="USD", name="usd"
    )
    assert found.drop("usd").equals(asked)
    assert found["usd"].to_list() == [pytest.approx(1.08 / 162), 1.0, None, pytest.approx(1.08)]
