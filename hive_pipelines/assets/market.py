"""Market data: bars of each instrument, the ECB's reference rates and economic news, from what landed."""

import dagster as dg
import polars as pl

from hive_core.calendars.news import Impact, merge_news
from hive_core.calendars.news_importing import news_of_receipt
from hive_core.landing.receipts import receipts
from hive_core.market.bars import BAR_SCHEMA, RATE_SCHEMA
from hive_core.market.importing import bars_of_receipt, rates_of_receipt
from hive_core.market.merge import merge_bars
from hive_pipelines.partitions import BAR_SERIES
from hive_pipelines.plots import price_plot
from hive_pipelines.quality.checks import check_specs
from hive_pipelines.resources import HiveResource
from hive_pipelines.showing import result_of

OWNERS = ["team:market-data"]

LAST_RECEIPT = "last_receipt"
"""Metadata of a materialisation: the number of the last receipt that is in it, 0 for none."""

landed_bars = dg.AssetSpec(
    "landed_bars",
    group_name="landing",
    kinds={"file"},
    owners=OWNERS,
    description="Bar files as they came: bytes under their hash, with a receipt that says how they were "
    "declared and which rows were refused.",
)
landed_rates = dg.AssetSpec(
    "landed_rates",
    group_name="landing",
    kinds={"file"},
    owners=OWNERS,
    description="Files of ECB reference rates as they came.",
)
landed_news = dg.AssetSpec(
    "landed_news",
    group_name="landing",
    kinds={"file"},
    owners=OWNERS,
    description="Files of economic calendars as they came, with what was declared of them.",
)


@dg.asset(
    deps=[landed_bars],
    partitions_def=BAR_SERIES,
    group_name="market",
    kinds={"polars", "parquet"},
    owners=OWNERS,
    pool="market",
    check_specs=check_specs("bars"),
)
def bars(context: dg.AssetExecutionContext, hive: HiveResource):
    """Bid and ask bars of one instrument and timeframe, in UTC, from every file that landed for it.

    A side that a source did not have stays empty. Where two files disagree the later one counts, and
    the number of such bars is shown.
    """
    home = hive.home()
    symbol, timeframe = context.partition_key.split(".")
    mine = [
        receipt
        for receipt in receipts(home)
        if receipt.kind == "bars"
        and (receipt.declaration["symbol"], receipt.declaration["timeframe"]) == (symbol, timeframe)
    ]
    merged, conflicts = merge_bars(bars_of_receipt(home, receipt).frame for receipt in mine)
    frame = merged if mine else pl.DataFrame(schema=BAR_SCHEMA)
    return result_of(
        context,
        "bars",
        frame,
        {
            "first": str(frame["ts_open"].min()),
            "last": str(frame["ts_open"].max()),
            "files": len(mine),
            LAST_RECEIPT: mine[-1].number if mine else 0,
            "rejected_rows": sum(len(receipt.rejected) for receipt in mine),
            "bars_that_files_disagree_on": conflicts,
            "prices": price_plot(frame),
        },
    )


@dg.asset(
    deps=[landed_rates],
    group_name="market",
    kinds={"polars", "parquet"},
    owners=OWNERS,
    pool="market",
    check_specs=check_specs("reference_rates"),
)
def reference_rates(context: dg.AssetExecutionContext, hive: HiveResource):
    """ECB reference rates, units of a currency for one euro, for amounts in the account's currency."""
    home = hive.home()
    mine = [receipt for receipt in receipts(home) if receipt.kind == "rates"]
    frames = [rates_of_receipt(home, receipt)[0] for receipt in mine]
    frame = pl.concat(frames) if frames else pl.DataFrame(schema=RATE_SCHEMA)
    frame = frame.unique(["date", "currency"], keep="last", maintain_order=True).sort("date", "currency")
    return result_of(
        context,
        "reference_rates",
        frame,
        {
            "currencies": frame["currency"].n_unique(),
            "last_date": str(frame["date"].max()),
            LAST_RECEIPT: mine[-1].number if mine else 0,
        },
    )


@dg.asset(
    deps=[landed_news],
    group_name="market",
    kinds={"polars", "parquet"},
    owners=OWNERS,
    pool="market",
    check_specs=check_specs("news_events"),
)
def news_events(context: dg.AssetExecutionContext, hive: HiveResource):
    """Economic events point in time, each once: known from when a calendar first showed it.

    Where several files have an event, what was seen first stands, so that nothing that was known at a
    moment changes when a later file lands.
    """
    home = hive.home()
    mine = [receipt for receipt in receipts(home) if receipt.kind == "news"]
    frame = merge_news(news_of_receipt(home, receipt).frame for receipt in mine)
    return result_of(
        context,
        "news_events",
        frame,
        {
            "first": str(frame["ts_event"].min()),
            "last": str(frame["ts_event"].max()),
            "files": len(mine),
            LAST_RECEIPT: mine[-1].number if mine else 0,
            "rejected_rows": sum(len(receipt.rejected) for receipt in mine),
            "high_impact": frame.filter(pl.col("impact") == Impact.HIGH.value).height,
            "first_seen_assumed": frame.filter("first_seen_assumed").height,
            "currencies": ", ".join(frame["currency"].unique().sort()),
        },
    )
