"""Assembly of the code location, and nothing else: no network, no data, no decision.

What belongs in an asset, a sensor or a resource stands in its own module; here they are only listed.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from hive_core.landing.home import HiveHome
from hive_pipelines.alerts.sensor import alert_sensor
from hive_pipelines.assets import execution, lanes, lifecycle, market, signals, sources
from hive_pipelines.assets.marts import marts_of
from hive_pipelines.jobs import (
    bars_job,
    deck_job,
    lanes_daily,
    lanes_job,
    news_job,
    rates_job,
    reports_job,
    signals_job,
)
from hive_pipelines.lake_io_manager import LakeIOManager
from hive_pipelines.lineage.sensor import lineage_sensor
from hive_pipelines.marts_project import manifest_path
from hive_pipelines.resources import HiveResource
from hive_pipelines.sensors.decks import fresh_decks
from hive_pipelines.sensors.deliveries import CHECK, deliver_decisions
from hive_pipelines.sensors.inbox import inbox_messages
from hive_pipelines.sensors.landings import landings
from hive_pipelines.sensors.reports import pull_reports


def build_defs(*, resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Everything Dagster shall know of Hive.

    Args:
        resource_overrides: resources that replace the default ones, by name.
    """
    hive = HiveResource()
    resources: dict[str, Any] = {"hive": hive, "io_manager": LakeIOManager(hive=hive)}
    return dg.Definitions(
        assets=[
            market.landed_bars,
            market.landed_rates,
            market.landed_news,
            market.bars,
            market.reference_rates,
            market.news_events,
            signals.landed_messages,
            signals.messages,
            signals.parsed_signals,
            signals.judged_signals,
            signals.enriched_signals,
            signals.resolved_signals,
            lifecycle.lives_of_signals,
            execution.delivered_decisions,
            execution.execution_reports,
            execution.account_tables,
            execution.account_headroom,
            execution.portfolio_risk,
            lanes.deck,
            sources.source_outcomes,
            sources.source_scorecards,
            sources.source_weights,
            marts_of(manifest_path(HiveHome.from_environment())),
        ],
        asset_checks=[_acknowledged, lanes.live_decisions_equal_recomputed],
        jobs=[bars_job, rates_job, news_job, signals_job, reports_job, deck_job, lanes_job],
        schedules=[lanes_daily],
        sensors=[
            inbox_messages,
            landings,
            deliver_decisions,
            pull_reports,
            fresh_decks,
            lineage_sensor,
            alert_sensor,
        ],
        resources={**resources, **(resource_overrides or {})},
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset="delivered_decisions",
            description="The daemon acknowledged every decision. The sensor that delivers them reports it.",
        )
    ],
    can_subset=False,
)
def _acknowledged() -> Any:
    """Evaluated by the delivering sensor; asked for by hand it has nothing to add."""
    raise dg.Failure("this check is reported by the sensor deliver_decisions, not run")


@dg.definitions
def defs() -> dg.Definitions:
    """The code location."""
    return build_defs()
