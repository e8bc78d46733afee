"""Signals: from messages to decisions, a partition a day. Every body calls one pure function."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from hive_core.market.as_of import bars_needed
from hive_core.market.bars import BAR_SCHEMA
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.parse import parse_signals
from hive_core.signals.resolve import context_days, resolve_signals
from hive_core.signals.scorecards.tables import SOURCE_WEIGHTS
from hive_core.signals.validate import validate_signals
from hive_pipelines.lake import WHOLE, Lake
from hive_pipelines.lake_io_manager import DAY_COLUMN
from hive_pipelines.message_days import messages_of_days
from hive_pipelines.partitions import DAY_FORMAT, SIGNAL_DAYS, WITH_DAY_BEFORE, day_window
from hive_pipelines.plots import reasons_plot
from hive_pipelines.quality.checks import check_specs
from hive_pipelines.resources import HiveResource
from hive_pipelines.showing import result_of

OWNERS = ["team:signals"]
"""Who is asked when something is wrong with a signal."""

landed_messages = dg.AssetSpec(
    "landed_messages",
    group_name="landing",
    kinds={"file"},
    owners=OWNERS,
    description="Message files as they came: Telegram exports, JSONL and CSV, with their receipts.",
)

_DAILY: dict[str, Any] = {
    "partitions_def": SIGNAL_DAYS,
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "pool": "signals",
}
_SPEC: dict[str, Any] = {"group_name": "signals", "owners": OWNERS, "kinds": {"polars", "parquet"}}
_BY_EVENT = {DAY_COLUMN: "ts_event"}


@dg.asset(deps=[landed_messages], metadata=_BY_EVENT, check_specs=check_specs("messages"), **_DAILY, **_SPEC)
def messages(context: dg.AssetExecutionContext, hive: HiveResource):
    """Every message of every source by the day it was posted, each version once."""
    first, last = day_window(list(context.partition_keys))
    frame, repeated = messages_of_days(hive.home(), first, last)
    by_source = frame.group_by("source").len().sort("source")
    return result_of(
        context,
        "messages",
        frame,
        {"rows_by_source": dict(by_source.iter_rows()), "repeated_in_several_files": repeated},
    )


@dg.asset(
    ins={"messages": dg.AssetIn(partition_mapping=WITH_DAY_BEFORE)},
    metadata=_BY_EVENT,
    check_specs=check_specs("parsed_signals"),
    **_DAILY,
    **_SPEC,
)
def parsed_signals(context: dg.AssetExecutionContext, hive: HiveResource, messages: pl.DataFrame):
    """What each message says: a signal, an update, noise, or a call that is refused and why. The day before
    is read for alerts that are completed after midnight."""
    first, last = day_window(list(context.partition_keys))
    frame = parse_signals(messages, hive.configuration()).filter(pl.col("ts_event").is_between(first, last))
    kinds = frame.group_by("kind").len().sort("kind")
    return result_of(context, "parsed_signals", frame, {"rows_by_kind": dict(kinds.iter_rows())})


_BARS = dg.AssetDep("bars", partition_mapping=dg.AllPartitionMapping())
_KNOWN_ELSEWHERE = ["news_events", "reference_rates"]
"""Tables that are read where they stand. Without a calendar, or without rates, what they tell is unknown."""


@dg.multi_asset(
    outs={
        "valid_signals": dg.AssetOut(
            description="Signals that hold against the market of their minute: instrument, sides, order of "
            "targets, collar, edits, duplicates; and are read surely enough.",
            metadata=_BY_EVENT,
            **_SPEC,
        ),
        "quarantined_signals": dg.AssetOut(
            description="Signals that will not trade: the message, the field at fault and the reason.",
            metadata=_BY_EVENT,
            **_SPEC,
        ),
    },
    ins={
        "parsed_signals": dg.AssetIn(partition_mapping=WITH_DAY_BEFORE),
        "messages": dg.AssetIn(partition_mapping=WITH_DAY_BEFORE),
    },
    deps=[_BARS],
    check_specs=[*check_specs("valid_signals"), *check_specs("quarantined_signals")],
    **_DAILY,
)
def judged_signals(
    context: dg.AssetExecutionContext,
    hive: HiveResource,
    parsed_signals: pl.DataFrame,
    messages: pl.DataFrame,
) -> Iterator[Any]:
    """Sort signals into valid and quarantined. The day before is context for duplicates and edits only."""
    first, last = day_window(list(context.partition_keys))
    market = bars_around(hive.lake(), parsed_signals)
    valid, quarantined = validate_signals(parsed_signals, market, messages, hive.configuration())
    asked = pl.col("ts_event").is_between(first, last)
    valid, quarantined = valid.filter(asked), quarantined.filter(asked)
    yield result_of(context, "valid_signals", valid)
    yield result_of(context, "quarantined_signals", quarantined, {"reasons": reasons_plot(quarantined)})


@dg.asset(
    metadata=_BY_EVENT,
    deps=[_BARS, *_KNOWN_ELSEWHERE],
    check_specs=check_specs("enriched_signals"),
    **_DAILY,
    **_SPEC,
)
def enriched_signals(context: dg.AssetExecutionContext, hive: HiveResource, valid_signals: pl.DataFrame):
    """What was known when each signal was posted: of the market from bars that had closed, of the news and
    the rates from what was out by then."""
    lake = hive.lake()
    frame = enrich_signals(
        valid_signals,
        bars_around(lake, valid_signals),
        news=lake.read("news_events", WHOLE),
        rates=lake.read("reference_rates", WHOLE),
    )
    return result_of(
        context,
        "enriched_signals",
        frame,
        {
            "news_known": frame.filter("news_known").height,
            "in_news_window": frame.filter(pl.col("in_news_window").fill_null(False)).height,
        },
    )


@dg.multi_asset(
    outs={
        "decisions": dg.AssetOut(
            description="One trade to be made for one account, with every vote for and against, exactly as "
            "the daemon gets it.",
            metadata={DAY_COLUMN: "ts_decided"},
            **_SPEC,
        ),
        "resolutions": dg.AssetOut(
            description="What became of each valid signal: decided, confirmed, held back, outvoted, "
            "without account.",
            metadata=_BY_EVENT,
            **_SPEC,
        ),
    },
    ins={"enriched_signals": dg.AssetIn(partition_mapping=WITH_DAY_BEFORE)},
    deps=[dg.AssetDep("source_weights", partition_mapping=WITH_DAY_BEFORE)],
    check_specs=[*check_specs("decisions"), *check_specs("resolutions")],
    **_DAILY,
)
def resolved_signals(
    context: dg.AssetExecutionContext, hive: HiveResource, enriched_signals: pl.DataFrame
) -> Iterator[Any]:
    """Resolve votes into decisions. The day before votes and holds back, but decides nothing here."""
    configuration = hive.configuration()
    if context_days(configuration.resolution) > 1:
        raise ValueError(
            "resolution.vote_window_s, and before it as much again or exposure_window_s, the longer one, "
            "reach back over more than the one day that is loaded"
        )
    weights = None
    if configuration.resolution.weighting == "scorecard":
        weights = weights_of_days(hive.lake(), enriched_signals)
    first, last = day_window(list(context.partition_keys))
    resolved = resolve_signals(
        enriched_signals, configuration, first_ts=first, last_ts=last, source_weights=weights
    )
    outcomes = resolved.resolutions.group_by("outcome").len().sort("outcome")
    yield result_of(context, "decisions", resolved.decisions)
    yield result_of(
        context, "resolutions", resolved.resolutions, {"rows_by_outcome": dict(outcomes.iter_rows())}
    )


def weights_of_days(lake: Lake, signals: pl.DataFrame) -> pl.DataFrame:
    """What sources weigh on the days on which these signals were posted.

    Raises:
        ValueError: a day's weights were never made. That no source has a row is an answer; no file is none.
    """
    days = sorted(set(signals["ts_event"].dt.strftime(DAY_FORMAT)))
    missing = sorted(set(days) - set(lake.names("source_weights")))
    if missing:
        raise ValueError(
            f"resolution.weighting is scorecard, and source_weights has nothing of {', '.join(missing[:3])}: "
            "materialise source_weights of these days first"
        )
    return lake.read_many("source_weights", days, SOURCE_WEIGHTS)


def bars_around(lake: Lake, signals: pl.DataFrame) -> pl.DataFrame:
    """The stored bars that rules and enrichment can look at: the signals' symbols, of each timeframe from
    long enough before the first to the last of them."""
    dated = signals.filter(pl.col("symbol").is_not_null())
    if dated.is_empty():
        return pl.DataFrame(schema=BAR_SCHEMA)
    symbols = set(dated["symbol"].unique())
    names = [name for name in lake.names("bars") if name.split(".")[0] in symbols]
    first, last = dated["ts_event"].min(), dated["ts_event"].max()
    frames = []
    for name in names:
        since = first - bars_needed(name.split(".")[1])
        if (frame := lake.read("bars", name)) is not None:
            frames.append(frame.filter(pl.col("ts_open").is_between(since, last)))
    return pl.concat(frames) if frames else pl.DataFrame(schema=BAR_SCHEMA)
