"""The life of each signal: what rooms say of signals that stand, attached to them, and where each stands."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from hive_core.signals.lifecycle.events import REACH
from hive_core.signals.lifecycle.frames import settings_of, signal_lives
from hive_pipelines.assets.signals import OWNERS
from hive_pipelines.lake_io_manager import DAY_COLUMN
from hive_pipelines.partitions import SIGNAL_DAYS, WITH_DAYS_OF_REACH, day_window
from hive_pipelines.quality.checks import check_specs
from hive_pipelines.resources import HiveResource
from hive_pipelines.showing import result_of

_SPEC: dict[str, Any] = {"group_name": "signals", "owners": OWNERS, "kinds": {"polars", "parquet"}}


@dg.multi_asset(
    outs={
        "signal_updates": dg.AssetOut(
            description="What messages ask to do with signals that stand, action by action: the signal each "
            "belongs to and how that was found, or why it belongs to none. An update reaches signals of its "
            f"own day and of the {REACH.days} days before. They are recorded here; nothing sends them to the "
            "execution daemon yet.",
            metadata={DAY_COLUMN: "ts_event"},
            **_SPEC,
        ),
        "signal_states": dg.AssetOut(
            description="Where each signal stands at the end of a day, as its source told it: those that are "
            "open, and those posted, changed or expired on that day. Not what the account holds.",
            metadata={DAY_COLUMN: "ts_as_of"},
            **_SPEC,
        ),
    },
    ins={
        "messages": dg.AssetIn(partition_mapping=WITH_DAYS_OF_REACH),
        "parsed_signals": dg.AssetIn(partition_mapping=WITH_DAYS_OF_REACH),
    },
    check_specs=[*check_specs("signal_updates"), *check_specs("signal_states")],
    partitions_def=SIGNAL_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="signals",
)
def lives_of_signals(
    context: dg.AssetExecutionContext,
    hive: HiveResource,
    messages: pl.DataFrame,
    parsed_signals: pl.DataFrame,
) -> Iterator[Any]:
    """Follow every signal from its posting on. The days before are context: what they tell is theirs."""
    first, last = day_window(list(context.partition_keys))
    updates, states = signal_lives(
        messages, parsed_signals, settings_of(hive.configuration()), first_ts=first, last_ts=last
    )
    refused = updates.filter(pl.col("reason").is_not_null()).group_by("reason").len().sort("reason")
    found = updates.drop_nulls("found_by").group_by("found_by").len().sort("found_by")
    by_state = states.group_by("state").len().sort("state")
    yield result_of(
        context,
        "signal_updates",
        updates,
        {"rows_by_reference": dict(found.iter_rows()), "refused_by_reason": dict(refused.iter_rows())},
    )
    yield result_of(context, "signal_states", states, {"rows_by_state": dict(by_state.iter_rows())})
