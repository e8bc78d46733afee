"""Failures and recoveries, read out of the records of a run, or of none. Whether and how they are told
belongs to `memory` and `message`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import dagster as dg
from dagster import DagsterEventType

from hive_pipelines.event_log import RUNLESS, RunlessLog, RunLog, ToldError, told_error

_MAX_FACTS = 5
_BLOCKING_CHECK_FAILED = "DagsterAssetCheckFailedError"


@dataclass(frozen=True, slots=True)
class Failure:
    """Something failed. `subject` names the thing that can recover: a check, a step, or a job.
    `key` is unique in the run; `at` is seconds since 1970, UTC. A check that was reported outside of a run
    has no job and no run: it is looked at where its `asset` is, by its path."""

    key: str
    at: float
    subject: str
    partitions: tuple[str, str] | None
    kind: Literal["run", "check"]
    what: str
    error_class: str
    reason: str
    job_name: str
    run_id: str
    asset: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Something that may have failed before works, for these partitions."""

    key: str
    at: float
    subject: str
    partitions: tuple[str, str] | None


def _facts(evaluation: dg.AssetCheckEvaluation) -> str:
    """What a check says of its failure: its description, and its plain metadata."""
    plain = [
        f"{name}: {entry.value}"
        for name, entry in sorted(evaluation.metadata.items())
        if isinstance(entry.value, str | int | float) and "\n" not in str(entry.value)
    ]
    lines = [evaluation.description or "", ", ".join(plain[:_MAX_FACTS])]
    return "\n".join(line for line in lines if line) or "the check gave no reason"


def _check_title(evaluation: dg.AssetCheckEvaluation) -> str:
    name = f"{evaluation.asset_key.to_user_string()} / {evaluation.check_name}"
    if evaluation.severity is dg.AssetCheckSeverity.WARN:
        return f"Asset check warns: {name}"
    if evaluation.blocking:
        return f"Blocking asset check failed, the run stopped there: {name}"
    return f"Asset check failed: {name}"


def _of_check(record: dg.EventLogRecord, log: RunLog | None = None) -> Failure | Recovery:
    evaluation = record.event_log_entry.dagster_event.asset_check_evaluation_data
    key = f"{record.storage_id}"
    subject = f"check {evaluation.asset_key.to_user_string()} {evaluation.check_name}"
    one = evaluation.partition
    whole = None if log is None else log.partitions
    partitions = (one, one) if one else whole
    if evaluation.passed:
        return Recovery(key, record.timestamp, subject, partitions)
    return Failure(
        key=key,
        at=record.timestamp,
        subject=subject,
        partitions=partitions,
        kind="check",
        what=_check_title(evaluation),
        error_class="",
        reason=_facts(evaluation),
        job_name="" if log is None else log.run.job_name,
        run_id=RUNLESS if log is None else log.run.run_id,
        asset="/".join(evaluation.asset_key.path),
    )


def _of_failed_run(log: RunLog, end: dg.EventLogRecord) -> list[Failure]:
    """One failure for each step that failed, or one of the job when no step did."""

    def failure(key: str, subject: str, what: str, error: ToldError) -> Failure:
        return Failure(
            key=key,
            at=end.timestamp,
            subject=subject,
            partitions=log.partitions,
            kind="run",
            what=what,
            error_class=error.class_name,
            reason=error.message,
            job_name=log.run.job_name,
            run_id=log.run.run_id,
        )

    steps = {
        record.event_log_entry.dagster_event.step_key: record
        for record in log.records
        if record.event_type is DagsterEventType.STEP_FAILURE
    }
    if not steps:
        error = told_error(end.event_log_entry.dagster_event)
        name = log.run.job_name
        return [failure(f"{end.storage_id}", f"job {name}", f"Run failed: job {name}", error)]
    failures = []
    for step, record in steps.items():
        error = told_error(record.event_log_entry.dagster_event)
        # A step that a blocking check stopped is told with that check.
        if error.class_name != _BLOCKING_CHECK_FAILED:
            failures.append(failure(f"{record.storage_id}", f"step {step}", f"Run failed: {step}", error))
    return failures


def incidents_of(log: RunLog) -> list[Failure | Recovery]:
    """What went wrong and what works again in a run so far. Checks are told as they are evaluated, a
    failed step once its run has failed: before that it may be tried again."""
    found: list[Failure | Recovery] = []
    for record in log.records:
        event = record.event_log_entry.dagster_event
        match record.event_type:
            case DagsterEventType.ASSET_CHECK_EVALUATION:
                found.append(_of_check(record, log))
            case DagsterEventType.STEP_SUCCESS:
                subject = f"step {event.step_key}"
                found.append(Recovery(f"{record.storage_id}", record.timestamp, subject, log.partitions))
            case DagsterEventType.RUN_SUCCESS:
                subject = f"job {log.run.job_name}"
                found.append(Recovery(f"{record.storage_id}", record.timestamp, subject, log.partitions))
            case DagsterEventType.RUN_FAILURE:
                found.extend(_of_failed_run(log, record))
    return found


def incidents_of_runless(log: RunlessLog) -> list[Failure | Recovery]:
    """The checks that were evaluated outside of any run, by a sensor for one."""
    return [
        _of_check(record)
        for record in log.records
        if record.event_type is DagsterEventType.ASSET_CHECK_EVALUATION
    ]
