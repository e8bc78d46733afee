"""The lineage sensor: follows the event log and emits what it sees. At least once: killed between
writing and its cursor, it writes the same events again, with the same runId and eventTime.
"""

from __future__ import annotations

import os

import dagster as dg
from pydantic import BaseModel, ConfigDict

from hive_core.configuration.load import load_configuration
from hive_core.landing.home import HiveHome
from hive_pipelines.event_log import (
    Tail,
    open_new_runs,
    runless_news,
    runs_with_news,
    settle,
    settle_runless,
)
from hive_pipelines.lineage.emit import FilePosition, append_lines, send_backlog
from hive_pipelines.lineage.events import events_of
from hive_pipelines.lineage.story import facts_of, story_of, story_of_report


class LineageCursor(BaseModel):
    """Two positions: in the event log, up to where the file was written, and in the file, up to
    where the collector has it."""

    model_config = ConfigDict(extra="forbid")

    tail: Tail = Tail()
    sent: FilePosition = FilePosition()


def _write_news(context: dg.SensorEvaluationContext, home: HiveHome, tail: Tail) -> int:
    from openlineage.client.serde import Serde

    if context.repository_def is None:
        raise RuntimeError("the lineage sensor needs the definitions it stands in: they name the inputs")
    open_new_runs(context.instance, tail)
    logs, lines = [], []
    for log in runs_with_news(context.instance, tail):
        story = story_of(log)
        done = set(tail.open_runs[log.run.run_id].done)
        events = events_of(story, facts_of(context.repository_def, story), home.lake)
        lines += [Serde.to_json(keyed.event) for keyed in events if keyed.key not in done]
        logs.append((log, [keyed.key for keyed in events]))
    runless = runless_news(context.instance, tail)
    for record in runless.records:
        if (story := story_of_report(record)) is not None:
            events = events_of(story, facts_of(context.repository_def, story), home.lake)
            lines += [Serde.to_json(keyed.event) for keyed in events]
    append_lines(home.lineage_file, lines)
    settle_runless(tail, runless, (), all_done=True)
    for log, keys in logs:
        settle(tail, log, keys, all_done=True)
    return len(lines)


@dg.sensor(
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Tells OpenLineage what every run read, wrote and checked, and what sensors report outside of "
        "runs (landings, deliveries): to a file under HIVE_HOME, and to a "
        "collector when `lineage.url` or OPENLINEAGE_URL is set. It watches from outside; an asset "
        "never waits for it."
    ),
)
def lineage_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Write the events of new happenings to the file, then send the file's backlog."""
    home = HiveHome.from_environment()
    settings = load_configuration(home.configuration_file).lineage
    cursor = LineageCursor.model_validate_json(context.cursor) if context.cursor else LineageCursor()
    written = _write_news(context, home, cursor.tail)
    told = f"{written} events written to {home.lineage_file}"
    if url := settings.url or os.environ.get("OPENLINEAGE_URL"):
        sending = send_backlog(
            home.lineage_file,
            cursor.sent,
            url=url,
            timeout_s=float(settings.timeout_s),
            api_key=os.environ.get("HIVE_OPENLINEAGE_API_KEY"),
            log=context.log,
        )
        cursor.sent = sending.position
        told += f", {sending.sent} sent, {sending.refused} refused"
        if sending.problem:
            context.log.warning(
                f"The lineage collector did not take an event ({sending.problem}). The file goes on; the "
                "rest is sent when it answers. Next step: look at lineage.url and the collector."
            )
            told += ", the collector does not answer"
    return dg.SensorResult(skip_reason=told, cursor=cursor.model_dump_json())
