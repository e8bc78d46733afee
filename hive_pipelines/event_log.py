"""Following Dagster's event log: which runs have news, and what they have said so far.

The lineage and the alert sensor share it; what the news mean belongs to them. A run is opened when
it starts (or fails before it could), read as it goes on, and closed once it has ended and all its
news are settled. News are told apart by keys, not by the order of records, so that a record of
another process that becomes visible late is still dealt with.

The start of a run is found by the order of storage ids, as Dagster's own run status sensors do. So are
the records that belong to no run: what a sensor reports of itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterEventType
from pydantic import BaseModel, ConfigDict

RUNS_PER_TICK = 50
"""Runs that are opened in one tick, and runs that are read in one tick; the rest follow in the next."""

RUNLESS = ""
"""The run id under which Dagster stores what is reported outside of a run."""

RUNLESS_RECORDS_PER_TICK = 200

ENDS = frozenset({DagsterEventType.RUN_SUCCESS, DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_CANCELED})
_NEWS = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_CHECK_EVALUATION,
    DagsterEventType.STEP_START,
    DagsterEventType.STEP_SUCCESS,
    DagsterEventType.STEP_FAILURE,
    *ENDS,
}

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


class OpenRun(BaseModel):
    """A run that has not been settled: how far its records were read, and the keys dealt with."""

    model_config = ConfigDict(extra="forbid")

    read: str | None = None
    done: list[str] = []


class Tail(BaseModel):
    """Where a sensor stands in the event log. Part of its cursor."""

    model_config = ConfigDict(extra="forbid")

    started: str | None = None
    failed: str | None = None
    open_runs: dict[str, OpenRun] = {}
    runless: OpenRun = OpenRun()


@dataclass(frozen=True, slots=True)
class RunLog:
    """What one run has said so far, in the order it was stored. `read` is where the reading stopped."""

    run: dg.DagsterRun
    records: Sequence[dg.EventLogRecord]
    read: str

    @property
    def ended(self) -> bool:
        """Whether the run has said its last word."""
        return any(record.event_type in ENDS for record in self.records)

    @property
    def partitions(self) -> tuple[str, str] | None:
        """First and last partition key the run was asked for, or None without partitions."""
        tags = self.run.tags
        if RANGE_START in tags and RANGE_END in tags:
            return tags[RANGE_START], tags[RANGE_END]
        return (tags[PARTITION], tags[PARTITION]) if PARTITION in tags else None


@dataclass(frozen=True, slots=True)
class RunlessLog:
    """What was reported outside of any run since it was last settled, in the order it was stored."""

    records: Sequence[dg.EventLogRecord]
    read: str


@dataclass(frozen=True, slots=True)
class ToldError:
    """An exception as the event log tells it: its class and its message without the class."""

    class_name: str
    message: str


def told_error(event: dg.DagsterEvent) -> ToldError:
    """Why a step or a run failed: the user's error inside the wrappers that Dagster puts around it, or
    what the event says when there is none (a run that was marked as failed from outside)."""
    data = event.event_specific_data
    error: dg.SerializableErrorInfo | None = getattr(data, "error", None)
    if error is None:
        return ToldError("", event.message or "no reason was recorded")
    while error.cause is not None and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    name = error.cls_name or ""
    head, colon, rest = error.message.strip().partition(": ")
    is_class = bool(colon) and head.rpartition(".")[2] == name
    return ToldError(name, rest if is_class else error.message.strip())


def open_new_runs(instance: dg.DagsterInstance, tail: Tail) -> None:
    """Open the runs that started, or failed before they could start, since the last tick."""
    page = instance.fetch_run_status_changes(
        DagsterEventType.RUN_START, limit=RUNS_PER_TICK, cursor=tail.started, ascending=True
    )
    for record in page.records:
        tail.open_runs.setdefault(record.run_id, OpenRun())
    tail.started = page.cursor
    page = instance.fetch_run_status_changes(
        DagsterEventType.RUN_FAILURE, limit=RUNS_PER_TICK, cursor=tail.failed, ascending=True
    )
    for record in page.records:
        # A run that did start is found by its start, and may be closed by now.
        if not instance.get_records_for_run(
            record.run_id, of_type=DagsterEventType.RUN_START, limit=1
        ).records:
            tail.open_runs.setdefault(record.run_id, OpenRun())
    tail.failed = page.cursor


def skip_to_end(instance: dg.DagsterInstance, tail: Tail) -> None:
    """Let everything that has happened so far be, runs in progress included."""
    tail.open_runs.clear()
    tail.started = instance.fetch_run_status_changes(DagsterEventType.RUN_START, limit=1).cursor
    tail.failed = instance.fetch_run_status_changes(DagsterEventType.RUN_FAILURE, limit=1).cursor
    newest = instance.get_records_for_run(RUNLESS, of_type=_NEWS, limit=1, ascending=False)
    tail.runless = OpenRun(read=newest.cursor)


def runs_with_news(instance: dg.DagsterInstance, tail: Tail) -> Iterator[RunLog]:
    """The open runs that said something since they were last settled, each with all it has said."""
    count = 0
    for run_id, open_run in list(tail.open_runs.items()):
        if count == RUNS_PER_TICK:
            return
        probe = instance.get_records_for_run(run_id, cursor=open_run.read, of_type=_NEWS, limit=1)
        if not probe.records:
            if instance.get_run_by_id(run_id) is None:
                del tail.open_runs[run_id]  # somebody deleted the run
            continue
        run = instance.get_run_by_id(run_id)
        if run is None:
            del tail.open_runs[run_id]
            continue
        records: list[dg.EventLogRecord] = []
        cursor: str | None = None
        while True:
            page = instance.get_records_for_run(run_id, cursor=cursor, of_type=_NEWS)
            records.extend(page.records)
            cursor = page.cursor
            if not page.has_more or not page.records:
                break
        count += 1
        yield RunLog(run, records, cursor)


def settle(tail: Tail, log: RunLog, done: Iterable[str], *, all_done: bool) -> None:
    """Note the keys that were dealt with. With `all_done` the run is not looked at again before it
    says more, and is closed if it has ended; otherwise it is read again in the next tick."""
    open_run = tail.open_runs[log.run.run_id]
    open_run.done = sorted({*open_run.done, *done})
    if not all_done:
        return
    open_run.read = log.read
    if log.ended:
        del tail.open_runs[log.run.run_id]


def runless_news(instance: dg.DagsterInstance, tail: Tail) -> RunlessLog:
    """What was reported outside of any run since it was last settled, a page of it."""
    page = instance.get_records_for_run(
        RUNLESS, cursor=tail.runless.read, of_type=_NEWS, limit=RUNLESS_RECORDS_PER_TICK
    )
    return RunlessLog(page.records, page.cursor)


def settle_runless(tail: Tail, log: RunlessLog, done: Iterable[str], *, all_done: bool) -> None:
    """Note the keys that were dealt with. With `all_done` the next page follows; otherwise the same
    records are read again in the next tick."""
    tail.runless = (
        OpenRun(read=log.read)
        if all_done
        else OpenRun(read=tail.runless.read, done=sorted({*tail.runless.done, *done}))
    )
