"""Deliveries: decisions of materialised partitions go to the daemon, each once acknowledged or refused.

No Dagster run stands between a decision and the daemon: the sensor posts itself. It verifies again
what it posts: the file's hash, the decision's own id, the sides of its prices. Its cursor passes a
partition only when every decision in it was answered.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg
import httpx
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.model import Configuration
from hive_core.contracts.decision import Decision, Delivery, Origin
from hive_core.evidence.canonical import canonical_bytes
from hive_pipelines.lake import Lake, LakeFileChanged
from hive_pipelines.markdown_text import as_markdown_text, without_markup
from hive_pipelines.partitions import DAY_FORMAT
from hive_pipelines.resources import HiveResource

PARTITIONS_PER_PAGE = 1_000
SECONDS_PER_TICK = 40
"""A sensor's tick may take 60 s; what is left over goes in the next one."""

MAX_TEXT = 300
"""Characters of a refusal that are shown."""

CHECK = "acknowledged"
REFUSED_STATUSES = {400, 409, 413, 415, 422}
"""Answers that will not change: the decision is refused, and said to be."""


class NotAcknowledged(RuntimeError):
    """The daemon did not answer, or not now. Nothing is lost: the cursor stays."""


class Cursor(BaseModel):
    """The last materialisation that was dealt with, how far each replay account may go by now, and for
    each partition with refused decisions the first of them: it stays until the partition is good."""

    model_config = ConfigDict(extra="forbid")

    storage_id: int = 0
    advance: dict[str, int] = {}
    refused: dict[str, str] = {}


@dataclass(slots=True)
class Tick:
    """What one tick did."""

    accepted: int = 0
    known: int = 0
    partitions: int = 0
    refused: list[str] = field(default_factory=list)


def fault_of(decision: Decision) -> str:
    """Why a decision must not be posted, or nothing. What moves money is verified where it moves."""
    if decision.decision_id != decision.expected_id():
        return "its id is not that of its content"
    entry = decision.entry if decision.entry is not None else decision.reference_price
    is_buy = decision.side == "buy"
    if not (decision.stop_loss < entry if is_buy else decision.stop_loss > entry):
        return f"stop {decision.stop_loss} is on the wrong side of {entry} for a {decision.side}"
    wrong = [t for t in decision.take_profits if not (t > entry if is_buy else t < entry)]
    if wrong:
        return f"target {wrong[0]} is on the wrong side of {entry} for a {decision.side}"
    if decision.valid_until_ns <= decision.ts_decided_ns:
        return "it was never valid"
    return ""


def read_decisions(frame: pl.DataFrame) -> tuple[list[Decision], list[str]]:
    """The decisions of a partition in order of time, and what is wrong with those that are none."""
    good: list[Decision] = []
    bad: list[str] = []
    for decision_id, text in (
        frame.sort("ts_decided", "decision_id").select("decision_id", "decision_json").iter_rows()
    ):
        try:
            decision = Decision.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            bad.append(f"{decision_id}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
            continue
        fault = fault_of(decision)
        if fault:
            bad.append(f"{decision.decision_id}: {fault}")
        else:
            good.append(decision)
    return good, bad


def post(daemon: httpx.Client, decision: Decision, origin: Origin) -> tuple[int, str]:
    """Post one decision under its id as the idempotency key.

    Returns:
        (status, reason): 202 new, 200 known, or one of `REFUSED_STATUSES` with its reason.

    Raises:
        NotAcknowledged: no answer, or one that says "not now".
    """
    payload = canonical_bytes(Delivery(decision=decision, origin=origin))
    headers = {"Content-Type": "application/json", "Idempotency-Key": decision.decision_id}
    try:
        response = daemon.post("/decisions", content=payload, headers=headers)
    except httpx.HTTPError as error:
        raise NotAcknowledged(f"the daemon does not answer ({error})") from None
    if response.status_code in {200, 202}:
        return response.status_code, ""
    if response.status_code in REFUSED_STATUSES:
        problem = response.json().get("error", {})
        return response.status_code, f"{problem.get('field')}: {problem.get('reason')}"
    raise NotAcknowledged(f"the daemon answered {response.status_code}")


def deliver_partition(daemon: httpx.Client, lake: Lake, partition: str, cursor: Cursor, tick: Tick) -> None:
    """Post every decision of a partition and note how far its accounts may go.

    Raises:
        NotAcknowledged: the partition is not done; it is posted again as a whole next time.
        LakeFileChanged: its file is being written, or was altered.
    """
    frame, side = lake.read_verified("decisions", partition)
    decisions, bad = read_decisions(frame)
    end = datetime.strptime(partition, DAY_FORMAT).replace(tzinfo=UTC) + timedelta(days=1)
    origin = Origin(run_id=side.run_id, partition=side.partition, data_sha256=side.sha256)
    for decision in decisions:
        status, reason = post(daemon, decision, origin)
        if status == 202:
            tick.accepted += 1
        elif status == 200:
            tick.known += 1
        else:
            bad.append(f"{decision.decision_id}: {status} {reason}")
        before = cursor.advance.get(decision.account, 0)
        cursor.advance[decision.account] = max(before, to_ns(end))
    tick.refused += [f"{partition} {fault}" for fault in bad]
    cursor.refused.pop(partition, None)
    if bad:
        cursor.refused[partition] = bad[0] + (f", and {len(bad) - 1} more" if len(bad) > 1 else "")
    tick.partitions += 1


def advance_accounts(daemon: httpx.Client, configuration: Configuration, cursor: Cursor) -> list[str]:
    """Let replay accounts go on to the end of the last delivered day.

    Raises:
        NotAcknowledged: the daemon did not take it.
    """
    moved = []
    for account, until_ns in list(cursor.advance.items()):
        settings = configuration.account_named(account)
        if settings is not None and settings.mode == "replay":
            until = min(until_ns, time.time_ns())
            try:
                response = daemon.post(f"/accounts/{account}/advance", json={"until_ns": until})
            except httpx.HTTPError as error:
                raise NotAcknowledged(f"the daemon does not answer ({error})") from None
            if response.status_code == 404:
                del cursor.advance[account]  # all of its decisions were refused: it never opened
                continue
            if response.status_code != 202:
                raise NotAcknowledged(f"advance of {account}: {response.status_code} {response.text[:200]}")
            moved.append(account)
        del cursor.advance[account]
    return moved


def _new_partitions(instance: dg.DagsterInstance, cursor: Cursor) -> list[tuple[int, str]]:
    """(storage id, partition) of materialisations of `decisions` after the cursor, oldest first, a page."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey("decisions"), after_storage_id=cursor.storage_id)
    page = instance.fetch_materializations(wanted, limit=PARTITIONS_PER_PAGE, ascending=True)
    return [(record.storage_id, record.partition_key) for record in page.records if record.partition_key]


def _listed(refusals: list[str]) -> dg.MarkdownMetadataValue:
    lines = [f"- {as_markdown_text(line, MAX_TEXT)}" for line in refusals[:20]]
    return dg.MetadataValue.md("\n".join(lines) or "none")


def _tell(instance: dg.DagsterInstance, tick: Tick, refused: Mapping[str, str]) -> None:
    """Show the tick at the external asset, and at its check everything that is refused by now."""
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            "delivered_decisions",
            metadata={
                "dagster/partition_row_count": tick.accepted,
                "accepted": tick.accepted,
                "known_before": tick.known,
                "refused": len(tick.refused),
                "partitions": tick.partitions,
                "refusals": _listed(tick.refused),
            },
        )
    )
    stand = [f"{partition} {fault}" for partition, fault in sorted(refused.items())]
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("delivered_decisions"),
            check_name=CHECK,
            passed=not refused,
            severity=dg.AssetCheckSeverity.ERROR,
            description=without_markup(stand[0], MAX_TEXT) if stand else "every decision was acknowledged",
            metadata={
                "partitions_with_refusals": len(stand),
                "refusals": _listed(stand),
            },
        )
    )


@dg.sensor(
    name="deliver_decisions",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Verifies decisions and posts them to the daemon, each under its own id. The cursor "
    "passes only what was acknowledged; with the daemon down everything waits.",
)
def deliver_decisions(
    context: dg.SensorEvaluationContext, hive: HiveResource
) -> dg.SensorResult | dg.SkipReason:
    """Post what is new, then let the replay accounts go on."""
    cursor = Cursor.model_validate_json(context.cursor) if context.cursor else Cursor()
    began, tick, lake = time.monotonic(), Tick(), hive.lake()
    waiting = _new_partitions(context.instance, cursor)
    if not waiting and not cursor.advance:
        return dg.SkipReason("no new decisions")
    problem = ""
    with hive.daemon() as daemon:
        try:
            while waiting and time.monotonic() - began < SECONDS_PER_TICK:
                storage_id, partition = waiting[0]
                deliver_partition(daemon, lake, partition, cursor, tick)
                cursor.storage_id = storage_id
                waiting = waiting[1:] or _new_partitions(context.instance, cursor)
            if not waiting:
                advance_accounts(daemon, hive.configuration(), cursor)
        except (NotAcknowledged, LakeFileChanged) as error:
            problem = str(error)
    if tick.partitions:
        _tell(context.instance, tick, cursor.refused)
    told = f"accepted {tick.accepted}, known {tick.known}, refused {len(tick.refused)}"
    if problem:
        told += f"; {len(waiting)} partitions wait: {problem}"
        context.log.warning(told)
    return dg.SensorResult(skip_reason=dg.SkipReason(told), cursor=cursor.model_dump_json())
