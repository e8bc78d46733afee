"""The ECB's euro reference rates: its wide CSV (a column a currency) to a long frame.

Also what they were known to be at a moment. The file is `eurofxref-hist.csv`, alone or in the ECB's zip
(https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/): newest day
first, `N/A` where a currency was not quoted, a comma at the end of each line.
"""

from __future__ import annotations

import re
from datetime import time, timedelta

import polars as pl

from hive_core.contracts.rejection import RefusedFile, RejectedRow
from hive_core.market.bars import RATE_SCHEMA
from hive_core.market.formats.cells import SHOWN_CHARACTERS, lines_of, split_lines
from hive_core.market.unpacking import text_of, unpack

PUBLISHED_AT = time(16, 0)
PUBLISHED_ZONE = "Europe/Berlin"
"""The rates come out at around 16:00 CET on the day of the fixing (ecb.europa.eu)."""

MAX_RATE_AGE = timedelta(days=7)
"""The longest gap between fixings is five days (Easter, Christmas); more is a dead source."""

_NOT_QUOTED = ("N/A", "")
_CURRENCY = re.compile(r"[A-Z]{3}")


def _currencies(header: str) -> list[str]:
    names = [name.strip() for name in header.split(",")]
    currencies = [name for name in names[1:] if name]
    if (
        names[0] != "Date"
        or "" in names[1 : len(currencies) + 1]
        or not currencies
        or len(set(currencies)) != len(currencies)
        or not all(_CURRENCY.fullmatch(name) for name in currencies)
    ):
        raise RefusedFile(
            f"the header is {header[:SHOWN_CHARACTERS]!r}, Date,USD,JPY,... is expected: this is not the "
            "ECB's eurofxref-hist.csv; download it from the ECB again"
        )
    return currencies


def parse_ecb_rates(payload: bytes, *, landing_sha256: str) -> tuple[pl.DataFrame, tuple[RejectedRow, ...]]:
    """Parse the ECB's history of reference rates.

    A cell that is not a rate is rejected alone, a line without a date or with a date that stands twice
    with other rates as a whole; what is not quoted is absent.

    Returns:
        (frame in RATE_SCHEMA, sorted by date and currency, unique; what was rejected).

    Raises:
        RefusedFile: not this file, empty, not UTF-8, cut, or without one usable rate.
    """
    lines = lines_of(text_of(unpack(payload)))
    header = str(lines["line"][0])
    currencies = _currencies(header)
    parts, malformed = split_lines(lines[1:], ",", len(header.split(",")))
    dated = parts.rename({"0": "text"} | {str(i): name for i, name in enumerate(currencies, start=1)}).select(
        "row", "text", pl.col("text").str.to_date("%Y-%m-%d", strict=False).alias("date"), *currencies
    )
    repeated = dated.filter(pl.col("date").is_not_null()).unique(["date", *currencies], keep="first")
    twice = repeated.filter(pl.col("date").is_duplicated())["date"]
    rejected = list(malformed)
    for reason, wrong in (
        ("not a date (YYYY-MM-DD)", dated.filter(pl.col("date").is_null())),
        (
            "this date stands in another row with other rates",
            dated.filter(pl.col("date").is_in(twice.implode())),
        ),
    ):
        rejected += [
            RejectedRow(row, "Date", text[:SHOWN_CHARACTERS], reason)
            for row, text in wrong.select("row", "text").iter_rows()
        ]
    long = (
        repeated.filter(~pl.col("date").is_in(twice.implode()))
        .unpivot(currencies, index=["row", "date"], variable_name="currency", value_name="rate")
        .filter(~pl.col("rate").is_in(_NOT_QUOTED))
        .with_columns(pl.col("rate").cast(pl.Float64, strict=False).alias("per_eur"))
    )
    is_rate = (pl.col("per_eur").is_finite() & (pl.col("per_eur") > 0)).fill_null(False)
    rejected += [
        RejectedRow(row, currency, text[:SHOWN_CHARACTERS], "not a rate: a number above zero is expected")
        for row, currency, text in long.filter(~is_rate).select("row", "currency", "rate").iter_rows()
    ]
    frame = (
        long.filter(is_rate)
        .with_columns(pl.lit(landing_sha256).alias("landing_sha256"))
        .select(pl.col(name).cast(dtype) for name, dtype in RATE_SCHEMA.items())
        .sort("date", "currency")
    )
    rejected.sort(key=lambda each: each.row)
    if frame.is_empty():
        where = f"row {rejected[0].row}: {rejected[0].reason}" if rejected else "there are no rows"
        raise RefusedFile(f"not one usable rate; {where}; download the file from the ECB again")
    return frame, tuple(rejected)


class KnownRates:
    """What one unit of every currency was worth in another, kept: for who asks of the same rates again."""

    def __init__(self, rates: pl.DataFrame, to: str) -> None:
        euro = (
            rates.select("date")
            .unique()
            .with_columns(pl.lit("EUR").alias("currency"), pl.lit(1.0).alias("per_eur"))
        )
        quoted = pl.concat([rates.select("date", "currency", "per_eur"), euro]).unique(["date", "currency"])
        told_in = quoted.filter(pl.col("currency") == to).select("date", pl.col("per_eur").alias("_to"))
        self.to = to
        self.published = (
            quoted.join(told_in, on="date")
            .select(
                pl.col("currency").alias("_currency"),
                pl.col("date")
                .dt.combine(PUBLISHED_AT)
                .dt.replace_time_zone(PUBLISHED_ZONE)
                .dt.convert_time_zone("UTC")
                .alias("_published"),
                (pl.col("_to") / pl.col("per_eur")).alias("_rate"),
            )
            .sort("_published")
        )


def rate_as_of(
    moments: pl.DataFrame, rates: pl.DataFrame | KnownRates, *, of: str, to: str, name: str
) -> pl.DataFrame:
    """Adds what one unit of a currency was known to be worth in another.

    Args:
        moments: any frame with `ts_event` (UTC Datetime) and the column `of`.
        rates: RATE_SCHEMA, in any order; or the same, kept, for the same `to`.
        of: the column that names the currency, of each row its own.
        to: the currency in which it is told.
        name: the new column, Float64: null where no rate of both was out by `ts_event`, or none younger
            than `MAX_RATE_AGE`. 1 for `to` itself.

    Returns:
        `moments`, row for row in its order, with the new column.

    Raises:
        ValueError: rates that are kept for another currency.
    """
    kept = rates if isinstance(rates, KnownRates) else KnownRates(rates, to)
    if kept.to != to:
        raise ValueError(f"these rates are kept in {kept.to}, not in {to}")
    rows = moments.with_row_index("_moment")
    known = (
        rows.select("_moment", "ts_event", of)
        .drop_nulls()
        .sort("ts_event")
        .join_asof(
            kept.published,
            left_on="ts_event",
            right_on="_published",
            by_left=of,
            by_right="_currency",
            tolerance=MAX_RATE_AGE,
            check_sortedness=False,
        )
        .select("_moment", pl.col("_rate").alias(name))
    )
    own = pl.when(pl.col(of) == to).then(1.0).otherwise(name)
    return (
        rows.join(known, on="_moment", how="left", maintain_order="left")
        .with_columns(own.alias(name))
        .drop("_moment")
    )
