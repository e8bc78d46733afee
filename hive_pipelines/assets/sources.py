"""Sources: what became of their signals, each one's scorecard, and what its voice weighs on a day."""

from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl

from hive_core.market.bars import BAR_SCHEMA
from hive_core.signals.scorecards.claims import claims_of
from hive_core.signals.scorecards.outcomes import score_signals
from hive_core.signals.scorecards.records import score_sources
from hive_core.signals.scorecards.target_rates import target_rates
from hive_core.signals.scorecards.weights import source_weights as weights_of
from hive_core.signals.tables import MESSAGES, VALID
from hive_pipelines.lake import Lake
from hive_pipelines.lake_io_manager import DAY_COLUMN
from hive_pipelines.partitions import DAY_FORMAT, SIGNAL_DAYS, day_window
from hive_pipelines.plots import r_histogram, r_plot, weights_plot
from hive_pipelines.quality.checks import check_specs
from hive_pipelines.quality.honesty import honesty_check, honesty_spec
from hive_pipelines.resources import HiveResource
from hive_pipelines.showing import as_table, result_of

OWNERS = ["team:signals"]

_SPEC: dict[str, Any] = {"group_name": "sources", "owners": OWNERS, "kinds": {"polars", "parquet"}}
_ALL = dg.AllPartitionMapping()
_THE_DAY_BEFORE = dg.TimeWindowPartitionMapping(
    start_offset=-1, end_offset=-1, allow_nonexistent_upstream_partitions=True
)
_BARS = dg.AssetDep("bars", partition_mapping=_ALL)


@dg.asset(
    deps=[dg.AssetDep("valid_signals", partition_mapping=_ALL), _BARS],
    check_specs=check_specs("source_outcomes"),
    pool="execution",
    **_SPEC,
)
def source_outcomes(context: dg.AssetExecutionContext, hive: HiveResource):
    """What became of each valid signal by the bars, whatever an account made of it: first touch of stop
    or target, spread included, on the finest bars there are; both in one bar counts as the stop."""
    frame = _outcomes(hive.lake())
    return result_of(context, "source_outcomes", frame, {"summed_r": r_plot(frame)})


@dg.asset(
    deps=[dg.AssetDep("messages", partition_mapping=_ALL)],
    check_specs=[*check_specs("source_scorecards"), honesty_spec("source_scorecards")],
    pool="execution",
    **_SPEC,
)
def source_scorecards(context: dg.AssetExecutionContext, hive: HiveResource, source_outcomes: pl.DataFrame):
    """Each source's measured record: rates and mean R with their 95 % intervals, losses on the way, decay,
    and what it claims of itself beside what was measured."""
    claims = claims_of(hive.lake().read_all("messages", MESSAGES))
    frame = score_sources(source_outcomes, claims)
    return result_of(
        context,
        "source_scorecards",
        frame,
        {
            "summed_r": r_plot(source_outcomes),
            "distribution_of_r": r_histogram(source_outcomes),
            "by_target": dg.MetadataValue.md(as_table(target_rates(source_outcomes))),
        },
        checks=[honesty_check("source_scorecards", frame)],
    )


@dg.asset(
    deps=[
        dg.AssetDep("valid_signals", partition_mapping=_THE_DAY_BEFORE),
        _BARS,
    ],
    partitions_def=SIGNAL_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    metadata={DAY_COLUMN: "day"},
    check_specs=check_specs("source_weights"),
    pool="signals",
    **_SPEC,
)
def source_weights(context: dg.AssetExecutionContext, hive: HiveResource):
    """What each source's voice weighs on a day, by the trades that had ended before it began. All days
    before count, not the last alone: a day whose past came later is made again."""
    _, last = day_window(list(context.partition_keys))
    outcomes = _outcomes(hive.lake(), until=last)
    days = [datetime.strptime(key, DAY_FORMAT).date() for key in context.partition_keys]  # noqa: DTZ007
    frame = weights_of(outcomes, days)
    return result_of(context, "source_weights", frame, {"weights": weights_plot(frame)})


def _outcomes(lake: Lake, until: datetime | None = None) -> pl.DataFrame:
    signals = lake.read_all("valid_signals", VALID)
    if until is not None:
        signals = signals.filter(pl.col("ts_event") <= until)
    symbols = set(signals["symbol"].unique())
    names = [name for name in lake.names("bars") if name.split(".")[0] in symbols]
    return score_signals(signals, lake.read_many("bars", names, BAR_SCHEMA))
