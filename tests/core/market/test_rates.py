"""The ECB's reference rates: wide to long, and each cell that is no rate named."""

from datetime import date

import polars as pl
import pytest

from hive_core.contracts.rejection import RefusedFile, RejectedRow
from hive_core.market.bars import RATE_SCHEMA
from hive_core.market.rates import parse_ecb_rates

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
