"""Reports: when the daemon's journal has grown and come to rest, its records go into the lake."""

import dagster as dg
import httpx
from pydantic import BaseModel, ConfigDict

from hive_pipelines.jobs import reports_job
from hive_pipelines.resources import HiveResource

READ_BESIDE_REPORTS = ("parsed_signals", "valid_signals", "quarantined_signals", "decisions")
"""What the marts of a run over reports hold them against. A daemon's journal has records from its first
start on: before any signal was resolved."""

MAX_WAIT_TICKS = 12
"""A journal that never rests is pulled all the same, once a minute."""


class Cursor(BaseModel):
    """The journal's head at the last look, the head that was asked for, and how long it has grown."""

    model_config = ConfigDict(extra="forbid")

    seen: int = 0
    requested: int = 0
    waited: int = 0


@dg.sensor(
    name="pull_reports",
    job=reports_job,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run over the daemon's reports when its journal has grown and come to rest.",
)
def pull_reports(context: dg.SensorEvaluationContext, hive: HiveResource) -> dg.SensorResult | dg.SkipReason:
    """Look at the head of the journal."""
    missing = [table for table in READ_BESIDE_REPORTS if not hive.lake().names(table)]
    if missing:
        return dg.SkipReason(f"nothing is there yet that reports could be about: no {', '.join(missing)}")
    cursor = Cursor.model_validate_json(context.cursor) if context.cursor else Cursor()
    with hive.daemon() as daemon:
        try:
            response = daemon.get("/health")
            response.raise_for_status()
        except httpx.HTTPError as error:
            return dg.SkipReason(f"the daemon does not answer ({error}); `hive doctor` says more")
    head = int(response.json()["journal_head_seq"])
    if head <= cursor.requested:
        return dg.SkipReason(f"nothing new after record {head}")
    if head != cursor.seen and cursor.waited < MAX_WAIT_TICKS:
        cursor.seen, cursor.waited = head, cursor.waited + 1
        return dg.SensorResult(
            skip_reason=dg.SkipReason(f"the journal grows, at record {head} now"),
            cursor=cursor.model_dump_json(),
        )
    cursor.requested, cursor.waited = head, 0
    return dg.SensorResult(run_requests=[dg.RunRequest(f"reports-{head}")], cursor=cursor.model_dump_json())
