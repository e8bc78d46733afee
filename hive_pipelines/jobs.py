"""Jobs: which assets are made together, in one process, for the steps are small."""

from __future__ import annotations

import dagster as dg

_BOTH_LANES = dg.AssetCheckKey(dg.AssetKey("execution_reports"), "live_decisions_equal_recomputed")

bars_job = dg.define_asset_job(
    "bars_job",
    selection=["bars"],
    executor_def=dg.in_process_executor,
    description="Bars of one instrument and timeframe from what landed.",
)
rates_job = dg.define_asset_job(
    "rates_job",
    selection=["reference_rates"],
    executor_def=dg.in_process_executor,
    description="Reference rates from what landed.",
)
news_job = dg.define_asset_job(
    "news_job",
    selection=["news_events"],
    executor_def=dg.in_process_executor,
    description="Economic news from the calendars that landed.",
)
signals_job = dg.define_asset_job(
    "signals_job",
    selection=[
        "messages",
        "parsed_signals",
        "valid_signals",
        "quarantined_signals",
        "enriched_signals",
        "source_weights",
        "decisions",
        "resolutions",
        "signal_updates",
        "signal_states",
    ],
    executor_def=dg.in_process_executor,
    description="From messages to decisions and the lives of signals, for a range of days.",
)
reports_job = dg.define_asset_job(
    "reports_job",
    selection=dg.AssetSelection.groups("execution", "sources", "marts")
    - dg.AssetSelection.assets("delivered_decisions", "source_weights", "deck")
    - dg.AssetSelection.checks(_BOTH_LANES),
    executor_def=dg.in_process_executor,
    description="What the daemon reports, as tables, scores and marts.",
)
deck_job = dg.define_asset_job(
    "deck_job",
    selection=["deck"],
    executor_def=dg.in_process_executor,
    description="The context that the daemon's live lane decides by.",
)
lanes_job = dg.define_asset_job(
    "lanes_job",
    # First everything that the journal holds by now: a lake that fell behind would prove nothing.
    selection=dg.AssetSelection.assets("execution_reports") | dg.AssetSelection.checks(_BOTH_LANES),
    executor_def=dg.in_process_executor,
    description="Fetches what the journal holds by now, then compares what both lanes decided.",
)
lanes_daily = dg.ScheduleDefinition(
    name="lanes_daily",
    job=lanes_job,
    cron_schedule="20 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Judges again, once a day, what the live lane decided.",
)
