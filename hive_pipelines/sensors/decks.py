"""Decks: a new one is made when what it is cut from has changed, and before the last one grows old."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import BaseModel, ConfigDict

from hive_core.evidence.canonical import content_hash
from hive_pipelines.assets.lanes import deck_inputs
from hive_pipelines.jobs import deck_job
from hive_pipelines.resources import HiveResource


class Cursor(BaseModel):
    """What the last deck that was asked for is cut from, and the stretch of time it was asked for in."""

    model_config = ConfigDict(extra="forbid")

    inputs: str = ""
    stretch: int = 0


@dg.sensor(
    name="fresh_decks",
    job=deck_job,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="With live_lane.enabled: asks for a deck when the lake's files behind it have changed, and "
    "at least every live_lane.deck_refresh_s.",
)
def fresh_decks(context: dg.SensorEvaluationContext, hive: HiveResource) -> dg.SensorResult | dg.SkipReason:
    """Look at the side files of what a deck is cut from."""
    configuration = hive.configuration()
    if not configuration.live_lane.enabled:
        return dg.SkipReason("the live lane is off: live_lane.enabled in hive.toml turns it on")
    cursor = Cursor.model_validate_json(context.cursor) if context.cursor else Cursor()
    now = datetime.now(UTC)
    stretch = int(now.timestamp()) // configuration.live_lane.deck_refresh_s
    inputs = content_hash(deck_inputs(hive.lake(), configuration, now))
    if (inputs, stretch) == (cursor.inputs, cursor.stretch):
        return dg.SkipReason("the last deck is of what the lake holds, and not old")
    cursor = Cursor(inputs=inputs, stretch=stretch)
    request = dg.RunRequest(f"deck-{inputs[:16]}-{stretch}")
    return dg.SensorResult(run_requests=[request], cursor=cursor.model_dump_json())
