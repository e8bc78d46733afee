"""The story of a run as OpenLineage RunEvents: pure, the same story gives the same bytes.

An asset of a run is one OpenLineage run: START with its step, then COMPLETE (with what was written,
summed over the partitions of the run), FAIL or ABORT. The checks of an asset are a run of their own,
`<asset>.checks`, told when the Dagster run has ended: data-quality assertions are a facet of inputs,
and the last table of a run is nobody's input in it. What was reported outside of any run has START and
COMPLETE at the same instant, and no parent. Where the events go belongs to `emit`.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from hive_core.evidence.canonical import content_hash
from hive_pipelines.lineage import naming
from hive_pipelines.lineage.story import AssetFacts, AssetRun, Checked, Column, RunStory, Written

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent

HIVE_VERSION = importlib.metadata.version("hive-trading")
PRODUCER = f"urn:hive-trading:{HIVE_VERSION}"

_TERMINAL = {"success": "COMPLETE", "failure": "FAIL", "canceled": "ABORT"}


@dataclass(frozen=True, slots=True)
class KeyedEvent:
    """One event, under a key that is unique in its Dagster run."""

    key: str
    event: RunEvent


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _sum(parts: Iterable[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _size(written: Sequence[Written]) -> int | None:
    """Bytes written by the run: as it says of itself, or the sum over its partitions."""
    in_run = next((part.bytes_in_run for part in written if part.bytes_in_run is not None), None)
    return _sum(part.size_bytes for part in written) if in_run is None else in_run


def _version(written: Sequence[Written]) -> str | None:
    """The data's hash: the one there is, or the hash of the parts' hashes by partition."""
    hashes = {part.partition or "": part.sha256 for part in written if part.sha256 is not None}
    if len(set(hashes.values())) <= 1:
        return next(iter(hashes.values()), None)
    return content_hash(hashes)


class _Teller:
    """Builds the events of one story. Holds what every event needs; has no other state."""

    def __init__(self, story: RunStory, facts: Mapping[dg.AssetKey, AssetFacts], lake: str) -> None:
        from openlineage.client import event_v2, facet_v2

        self.ol, self.facets = event_v2, facet_v2
        self.story, self.facts, self.lake = story, facts, lake

    def event(
        self,
        kind: str,
        job: str,
        at: float,
        *,
        run_facets: Mapping[str, Any],
        inputs: Sequence[InputDataset],
        outputs: Sequence[OutputDataset] = (),
        job_type: str = "ASSET",
    ) -> KeyedEvent:
        f = self.facets
        event = self.ol.RunEvent(
            eventType=self.ol.RunState(kind),
            eventTime=_iso(at),
            producer=PRODUCER,
            run=self.ol.Run(
                runId=naming.run_id(self.story.run_id, job),
                facets={
                    **self.parent(),
                    "processing_engine": f.processing_engine_run.ProcessingEngineRunFacet(
                        version=dg.__version__,
                        name="Dagster",
                        openlineageAdapterVersion=HIVE_VERSION,
                        producer=PRODUCER,
                    ),
                    **run_facets,
                },
            ),
            job=self.ol.Job(
                namespace=naming.JOB_NAMESPACE,
                name=job,
                facets={
                    "jobType": f.job_type_job.JobTypeJobFacet(
                        processingType="BATCH", integration="DAGSTER", jobType=job_type, producer=PRODUCER
                    )
                },
            ),
            inputs=list(inputs),
            outputs=list(outputs),
        )
        return KeyedEvent(f"{kind}:{job}", event)

    def parent(self) -> dict[str, Any]:
        if self.story.job_name is None:
            return {}
        f = self.facets.parent_run
        facet = f.ParentRunFacet(
            run=f.Run(runId=naming.parent_run_id(self.story.run_id)),
            job=f.Job(namespace=naming.JOB_NAMESPACE, name=self.story.job_name),
            producer=PRODUCER,
        )
        return {"parent": facet}

    def nominal_time(self, asset: dg.AssetKey) -> dict[str, Any]:
        window = self.facts[asset].window
        if window is None:
            return {}
        start, end = (moment.astimezone(UTC).isoformat() for moment in window)
        facet = self.facets.nominal_time_run.NominalTimeRunFacet(
            nominalStartTime=start, nominalEndTime=end, producer=PRODUCER
        )
        return {"nominalTime": facet}

    def symlink(self, asset: dg.AssetKey) -> dict[str, Any]:
        """The table's short name beside its address."""
        f = self.facets.symlinks_dataset
        name = "/".join(asset.path)
        identifier = f.Identifier(namespace=naming.JOB_NAMESPACE, name=name, type="TABLE")
        return {"symlinks": f.SymlinksDatasetFacet(identifiers=[identifier], producer=PRODUCER)}

    def input(self, asset: dg.AssetKey, checked: Sequence[Checked]) -> InputDataset:
        """A dataset that is read, with what the checks of this run found in it."""
        namespace, name = naming.dataset_name(self.lake, tuple(asset.path))
        f = self.facets.data_quality_assertions_dataset
        assertions = [
            f.Assertion(
                assertion=found.check,
                name=found.check,
                success=found.passed,
                column=found.column,
                severity=found.severity,
                description=found.description,
                params={"partition": found.partition} if found.partition else {},
            )
            for found in checked
            if found.asset == asset
        ]
        facet = f.DataQualityAssertionsDatasetFacet(assertions=assertions, producer=PRODUCER)
        return self.ol.InputDataset(
            namespace=namespace,
            name=name,
            facets=self.symlink(asset),
            inputFacets={"dataQualityAssertions": facet} if assertions else {},
        )

    def schema(self, columns: Sequence[Column]) -> Any:
        f = self.facets.schema_dataset
        fields = [
            f.SchemaDatasetFacetFields(
                name=column.name, type=column.type, description=column.description, ordinal_position=position
            )
            for position, column in enumerate(columns, start=1)
        ]
        return f.SchemaDatasetFacet(fields=fields, producer=PRODUCER)

    def output(self, asset: dg.AssetKey, written: Sequence[Written]) -> OutputDataset:
        """A dataset that is written: one for all partitions of the run."""
        f = self.facets
        namespace, name = naming.dataset_name(self.lake, tuple(asset.path))
        facets = self.symlink(asset)
        columns = next((part.columns for part in reversed(written) if part.columns), None)
        if columns := columns or self.facts[asset].columns:
            facets["schema"] = self.schema(columns)
        if (version := _version(written)) is not None:
            facets["version"] = f.dataset_version_dataset.DatasetVersionDatasetFacet(
                datasetVersion=version, producer=PRODUCER
            )
        counts = {
            "rowCount": _sum(part.rows for part in written),
            "size": _size(written),
            "fileCount": next((part.files_in_run for part in written if part.files_in_run is not None), None),
        }
        statistics = f.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            **counts, producer=PRODUCER
        )
        is_known = any(count is not None for count in counts.values())
        return self.ol.OutputDataset(
            namespace=namespace,
            name=name,
            facets=facets,
            outputFacets={"outputStatistics": statistics} if is_known else {},
        )

    def start(self, run: AssetRun) -> KeyedEvent:
        return self.event(
            "START",
            naming.job_name(tuple(run.asset.path)),
            run.started,
            run_facets=self.nominal_time(run.asset),
            inputs=[self.input(parent, ()) for parent in self.facts[run.asset].parents],
            outputs=[self.output(run.asset, ())],
        )

    def end(self, run: AssetRun) -> KeyedEvent:
        run_facets = self.nominal_time(run.asset)
        if run.error is not None:
            run_facets["errorMessage"] = self.facets.error_message_run.ErrorMessageRunFacet(
                message=": ".join(filter(None, (run.error.class_name, run.error.message))),
                programmingLanguage="PYTHON",
                producer=PRODUCER,
            )
        before = [found for found in self.story.checked if found.at <= run.ended]
        written = list(run.written.values())
        return self.event(
            _TERMINAL[run.outcome],
            naming.job_name(tuple(run.asset.path)),
            run.ended,
            run_facets=run_facets,
            inputs=[self.input(parent, before) for parent in self.facts[run.asset].parents],
            outputs=[self.output(run.asset, written)] if written else [],
        )

    def checks(self, asset: dg.AssetKey) -> list[KeyedEvent]:
        found = [one for one in self.story.checked if one.asset == asset]
        job = f"{naming.job_name(tuple(asset.path))}.checks"
        run_facets = self.nominal_time(asset)
        return [
            self.event(
                kind,
                job,
                at,
                run_facets=run_facets,
                inputs=[self.input(asset, told)],
                job_type="ASSET_CHECKS",
            )
            for kind, at, told in (("START", found[0].at, ()), ("COMPLETE", found[-1].at, found))
        ]


def events_of(story: RunStory, facts: Mapping[dg.AssetKey, AssetFacts], lake: str) -> list[KeyedEvent]:
    """The events of a run so far, oldest first. A longer story of the same run only adds events.

    Args:
        facts: of every asset in the story.
        lake: the lake's address, a folder or a URL.
    """
    teller = _Teller(story, facts, lake)
    events = []
    for run in story.asset_runs:
        events.append(teller.start(run))
        if run.outcome is not None:
            events.append(teller.end(run))
    if story.ended:
        for asset in dict.fromkeys(found.asset for found in story.checked):
            events.extend(teller.checks(asset))
    # The sort is stable: a START stays before the end of the same moment.
    return sorted(events, key=lambda keyed: keyed.event.eventTime)
