"""What happened in one run, read out of Dagster's records: which assets were made, from what, how it
ended, and what the checks found. What a sensor reports outside of any run is a story of its own, done
when it is told. How that is told in OpenLineage belongs to `events`.

Metadata read from a materialisation: `dagster/partition_row_count` (or `dagster/row_count`),
`size_bytes`, `data_sha256`, `dagster/column_schema`, and of a run over a range of partitions, where
Dagster repeats the metadata at each of them, `bytes_in_run` and `files_in_run`; from a check
evaluation: `column`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import dagster as dg
from dagster import DagsterEventType

from hive_pipelines.event_log import RunLog, ToldError, told_error
from hive_pipelines.redaction import without_secrets

Outcome = Literal["success", "failure", "canceled"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    type: str
    description: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """One materialisation: of a partition, or of the whole table when `partition` is None. What ends in
    `_in_run` is said of all partitions of the run together."""

    partition: str | None
    rows: int | None
    size_bytes: int | None
    bytes_in_run: int | None
    files_in_run: int | None
    sha256: str | None
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """One evaluation of an asset check. `at` is seconds since 1970, UTC."""

    asset: dg.AssetKey
    check: str
    passed: bool
    severity: str
    column: str | None
    description: str | None
    partition: str | None
    at: float


@dataclass(slots=True)
class AssetRun:
    """One asset in one run: its step, when it began and ended, and what it wrote, by partition.

    A retried step writes a partition again; the last time counts.
    """

    asset: dg.AssetKey
    step: str
    started: float
    ended: float | None = None
    outcome: Outcome | None = None
    error: ToldError | None = None
    written: dict[str | None, Written] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunStory:
    """One run. `checked` holds the last evaluation of each check and partition, oldest first. What was
    reported outside of a run has an id of its own, and no job."""

    run_id: str
    job_name: str | None
    partitions: tuple[str, str] | None
    asset_runs: tuple[AssetRun, ...]
    checked: tuple[Checked, ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """What the definitions say of an asset: what it is made from, its columns, and the time its
    partitions of the run cover (None when they are not of time)."""

    parents: tuple[dg.AssetKey, ...]
    columns: tuple[Column, ...]
    window: tuple[datetime, datetime] | None


def _columns(metadata: Mapping[str, object]) -> tuple[Column, ...]:
    entry = metadata.get("dagster/column_schema")
    if isinstance(entry, dg.TableSchemaMetadataValue):
        entry = entry.schema
    if not isinstance(entry, dg.TableSchema):
        return ()
    return tuple(Column(column.name, column.type, column.description) for column in entry.columns)


def _value(metadata: Mapping[str, dg.MetadataValue], *names: str) -> object:
    return next((metadata[name].value for name in names if name in metadata), None)


def _number(metadata: Mapping[str, dg.MetadataValue], *names: str) -> int | None:
    value = _value(metadata, *names)
    return value if isinstance(value, int) else None


def _written(materialization: dg.AssetMaterialization) -> Written:
    metadata = materialization.metadata
    sha256 = _value(metadata, "data_sha256")
    return Written(
        partition=materialization.partition,
        # In Dagster's words row_count is of the table and partition_row_count of what was written now.
        rows=_number(metadata, "dagster/partition_row_count", "dagster/row_count"),
        size_bytes=_number(metadata, "size_bytes"),
        bytes_in_run=_number(metadata, "bytes_in_run"),
        files_in_run=_number(metadata, "files_in_run"),
        sha256=sha256 if isinstance(sha256, str) else None,
        columns=_columns(metadata),
    )


def _checked(evaluation: dg.AssetCheckEvaluation, at: float) -> Checked:
    column = _value(evaluation.metadata, "column")
    return Checked(
        asset=evaluation.asset_key,
        check=evaluation.check_name,
        passed=evaluation.passed,
        severity=evaluation.severity.value.lower(),
        column=column if isinstance(column, str) else None,
        description=without_secrets(evaluation.description) if evaluation.description else None,
        partition=evaluation.partition,
        at=at,
    )


def _safe_error(event: dg.DagsterEvent) -> ToldError:
    told = told_error(event)
    return ToldError(told.class_name, without_secrets(told.message))


def story_of(log: RunLog) -> RunStory:
    """Read a run out of its records. More records of the same run only ever add to the story."""
    assets_of_step: dict[str, list[dg.AssetKey]] = {}
    for record in log.records:
        event = record.event_log_entry.dagster_event
        if record.event_type in (
            DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
            DagsterEventType.ASSET_MATERIALIZATION,
        ):
            assets = assets_of_step.setdefault(event.step_key or "", [])
            if event.asset_key not in assets:
                assets.append(event.asset_key)

    runs: dict[dg.AssetKey, AssetRun] = {}
    checked: dict[tuple[dg.AssetKey, str, str | None], Checked] = {}

    def end(step: str | None, at: float, outcome: Outcome, error: ToldError | None = None) -> None:
        for run in runs.values():
            if run.outcome is None and step in (None, run.step):
                run.ended, run.outcome, run.error = at, outcome, error

    for record in log.records:
        event, at = record.event_log_entry.dagster_event, record.timestamp
        match record.event_type:
            case DagsterEventType.STEP_START:
                for asset in assets_of_step.get(event.step_key, []):
                    runs.setdefault(asset, AssetRun(asset, event.step_key, at))
            case DagsterEventType.ASSET_MATERIALIZATION if event.asset_key in runs:
                made = _written(record.asset_materialization)
                runs[event.asset_key].written[made.partition] = made
            case DagsterEventType.ASSET_CHECK_EVALUATION:
                found = _checked(event.asset_check_evaluation_data, at)
                identity = (found.asset, found.check, found.partition)
                checked.pop(identity, None)
                checked[identity] = found
            case DagsterEventType.STEP_SUCCESS:
                end(event.step_key, at, "success")
            case DagsterEventType.STEP_FAILURE:
                end(event.step_key, at, "failure", _safe_error(event))
            case DagsterEventType.RUN_SUCCESS:
                end(None, at, "success")
            case DagsterEventType.RUN_FAILURE:
                end(None, at, "failure", _safe_error(event))
            case DagsterEventType.RUN_CANCELED:
                end(None, at, "canceled")
    return RunStory(
        run_id=log.run.run_id,
        job_name=log.run.job_name,
        partitions=log.partitions,
        asset_runs=tuple(runs.values()),
        checked=tuple(checked.values()),
        ended=log.ended,
    )


def story_of_report(record: dg.EventLogRecord) -> RunStory | None:
    """The story of one record without a run; None when it is neither a materialisation nor a check."""
    event, at = record.event_log_entry.dagster_event, record.timestamp
    made: tuple[AssetRun, ...] = ()
    checked: tuple[Checked, ...] = ()
    match record.event_type:
        case DagsterEventType.ASSET_MATERIALIZATION:
            written = _written(record.asset_materialization)
            partition = written.partition
            made = (AssetRun(event.asset_key, "", at, at, "success", None, {written.partition: written}),)
        case DagsterEventType.ASSET_CHECK_EVALUATION:
            found = _checked(event.asset_check_evaluation_data, at)
            partition = found.partition
            checked = (found,)
        case _:
            return None
    return RunStory(
        # A storage id is given out again when Dagster's storage is made anew; not at the same instant.
        run_id=f"runless/{record.storage_id}/{at}",
        job_name=None,
        partitions=(partition, partition) if partition else None,
        asset_runs=made,
        checked=checked,
        ended=True,
    )


def _window(
    partitions_def: dg.PartitionsDefinition | None, keys: tuple[str, str] | None
) -> tuple[datetime, datetime] | None:
    if keys is None or not isinstance(partitions_def, dg.TimeWindowPartitionsDefinition):
        return None
    first, last = keys
    if not (partitions_def.has_partition_key(first) and partitions_def.has_partition_key(last)):
        return None  # the run's partitions are those of another asset in it
    start = partitions_def.time_window_for_partition_key(first).start
    return start, partitions_def.time_window_for_partition_key(last).end


def facts_of(repository: dg.RepositoryDefinition, story: RunStory) -> dict[dg.AssetKey, AssetFacts]:
    """What the loaded definitions say of the assets of a run; one they do not know has no parents."""
    graph = repository.asset_graph
    facts = {}
    for asset in dict.fromkeys(
        [run.asset for run in story.asset_runs] + [found.asset for found in story.checked]
    ):
        if not graph.has(asset):
            facts[asset] = AssetFacts((), (), None)
            continue
        node = graph.get(asset)
        facts[asset] = AssetFacts(
            parents=tuple(sorted(node.parent_keys)),
            columns=_columns(node.metadata),
            window=_window(node.partitions_def, story.partitions),
        )
    return facts
