"""Real Dagster runs of toy assets, told as OpenLineage events by the sensor, to the file."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import attr
import dagster as dg
import pytest
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde

from hive_core.evidence.canonical import content_hash
from hive_pipelines.event_log import RunLog
from hive_pipelines.lineage.events import events_of
from hive_pipelines.lineage.story import facts_of, story_of

RANGE = ("2024-01-02", "2024-01-04")


def only(events: list[dict[str, Any]], kind: str, job: str) -> dict[str, Any]:
    found = [event for event in events if event["eventType"] == kind and event["job"]["name"] == job]
    assert len(found) == 1, [(event["eventType"], event["job"]["name"]) for event in events]
    return found[0]


def told(events: list[dict[str, Any]]) -> list[str]:
    return [f"{event['eventType']} {event['job']['name']}" for event in events]


FACETS = {
    name: cls
    for module in vars(facet_v2).values()
    if isinstance(module, ModuleType)
    for name, cls in vars(module).items()
    if attr.has(cls)
}


def rebuilt_facets(facets: dict[str, Any]) -> dict[str, Any]:
    built = {}
    for name, facet in facets.items():
        cls = FACETS[facet["_schemaURL"].rpartition("/")[2]]
        fields = {key: value for key, value in facet.items() if not key.startswith("_")}
        built[name] = cls(**fields, producer=facet["_producer"])
    return built


def rebuilt(event: dict[str, Any]) -> dict[str, Any]:
    """The event by way of the generated classes, which check ids, times and field names."""
    run, job = event["run"], event["job"]
    inputs = [
        event_v2.InputDataset(
            namespace=one["namespace"],
            name=one["name"],
            facets=rebuilt_facets(one["facets"]),
            inputFacets=rebuilt_facets(one["inputFacets"]),
        )
        for one in event["inputs"]
    ]
    outputs = [
        event_v2.OutputDataset(
            namespace=one["namespace"],
            name=one["name"],
            facets=rebuilt_facets(one["facets"]),
            outputFacets=rebuilt_facets(one["outputFacets"]),
        )
        for one in event["outputs"]
    ]
    return Serde.to_dict(
        event_v2.RunEvent(
            eventType=event_v2.RunState(event["eventType"]),
            eventTime=event["eventTime"],
            producer=event["producer"],
            run=event_v2.Run(runId=run["runId"], facets=rebuilt_facets(run["facets"])),
            job=event_v2.Job(job["namespace"], job["name"], rebuilt_facets(job["facets"])),
            inputs=inputs,
            outputs=outputs,
        )
    )


def test_a_range_of_partitions_completes_once_with_the_sums(materialize, tick, events, home):
    run_id = materialize("bars", partitions=RANGE)
    tick()
    complete = only(events(), "COMPLETE", "bars")
    (output,) = complete["outputs"]
    assert (output["namespace"], output["name"]) == ("file", str(home / "lake" / "bars"))
    assert output["facets"]["symlinks"]["identifiers"] == [
        {"namespace": "hive", "name": "bars", "type": "TABLE"}
    ]
    statistics = output["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (10 + 20 + 30, 100 + 200 + 300)
    columns = output["facets"]["schema"]["fields"]
    assert [(c["name"], c["type"], c["ordinal_position"]) for c in columns] == [
        ("ts_open", "Datetime", 1),
        ("close", "Float64", 2),
    ]
    assert output["facets"]["version"]["datasetVersion"] == content_hash(
        {"2024-01-02": f"{1:064x}", "2024-01-03": f"{2:064x}", "2024-01-04": f"{3:064x}"}
    )
    facets = complete["run"]["facets"]
    assert facets["parent"]["run"]["runId"] == run_id
    assert facets["parent"]["job"]["namespace"] == "hive"
    assert facets["nominalTime"]["nominalStartTime"] == "2024-01-02T00:00:00+00:00"
    assert facets["nominalTime"]["nominalEndTime"] == "2024-01-05T00:00:00+00:00"


def test_what_is_said_of_the_whole_run_is_not_summed(materialize, tick, events):
    materialize("ticks", partitions=RANGE)
    tick()
    (output,) = only(events(), "COMPLETE", "ticks")["outputs"]
    statistics = output["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"], statistics["fileCount"]) == (12, 600, 3)
    assert output["facets"]["version"]["datasetVersion"] == "f" * 64


def test_one_partition_has_the_hash_of_its_data_as_version(materialize, tick, events):
    materialize("bars", partitions=("2024-01-02", "2024-01-02"))
    tick()
    (output,) = only(events(), "COMPLETE", "bars")["outputs"]
    assert output["facets"]["version"]["datasetVersion"] == f"{1:064x}"
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 10


def test_start_and_end_share_a_run_id_that_other_runs_do_not_have(materialize, tick, events):
    materialize("scores")
    materialize("scores")
    tick()
    assert told(events()) == ["START scores", "COMPLETE scores"] * 2
    first, first_end, second, second_end = (event["run"]["runId"] for event in events())
    assert first == first_end
    assert second == second_end
    assert first != second


def test_an_upstream_table_is_an_input_with_what_the_checks_found_in_it(materialize, tick, events):
    materialize("bars", "scores", partitions=RANGE)
    tick()
    (given,) = only(events(), "COMPLETE", "scores")["inputs"]
    assert given["name"].endswith("/lake/bars")
    assertions = given["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {one["assertion"] for one in assertions} == {"bars_are_whole", "bars_have_no_gap"}, (
        "what was found after the scores were made is no fact about them"
    )
    whole = next(one for one in assertions if one["assertion"] == "bars_are_whole")
    assert (whole["success"], whole["column"], whole["severity"]) == (True, "close", "error")
    assert "nominalTime" not in only(events(), "COMPLETE", "scores")["run"]["facets"]
    assert only(events(), "COMPLETE", "scores")["outputs"][0]["facets"]["schema"]["fields"]


def test_the_checks_of_the_last_table_are_told_too(materialize, tick, events):
    materialize("bars", partitions=RANGE)
    tick()
    only(events(), "START", "bars.checks")
    (given,) = only(events(), "COMPLETE", "bars.checks")["inputs"]
    found = {one["name"]: one for one in given["inputFacets"]["dataQualityAssertions"]["assertions"]}
    assert found["bars_are_whole"]["success"] is True
    gap = found["bars_have_no_gap"]
    assert (gap["success"], gap["severity"]) == (False, "warn")
    assert gap["description"] == "2 gaps, key token=[secret]"


def test_a_failed_asset_fails_with_its_reason_and_without_secrets(materialize, tick, events):
    materialize("broken", "after_broken")
    tick()
    assert told(events()) == ["START broken", "FAIL broken"]
    fail = only(events(), "FAIL", "broken")
    error = fail["run"]["facets"]["errorMessage"]
    assert error["message"] == "ValueError: no price at postgres://[secret]@db/x"
    assert fail["outputs"] == []


def test_a_step_that_was_retried_is_told_once_with_what_it_said_last(materialize, tick, events):
    materialize("stubborn")
    tick()
    assert told(events()) == [
        "START stubborn",
        "START stubborn.checks",
        "COMPLETE stubborn.checks",
        "COMPLETE stubborn",
    ]
    (output,) = only(events(), "COMPLETE", "stubborn")["outputs"]
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 5
    (given,) = only(events(), "COMPLETE", "stubborn.checks")["inputs"]
    (assertion,) = given["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (assertion["name"], assertion["success"]) == ("settled", True)


def test_a_start_is_told_while_the_step_is_still_running(materialize, tick, events, instance, monkeypatch):
    monkeypatch.setenv("TOY_CURSOR", tick.cursor)
    run_id = materialize("watched")
    made = instance.get_latest_materialization_event(dg.AssetKey("watched"))
    assert told(events()) == ["START watched"]
    assert made.run_id == run_id
    tick.cursor = made.asset_materialization.metadata["cursor"].value
    tick()
    assert told(events()) == ["START watched", "COMPLETE watched"]


def test_a_killed_sensor_writes_the_same_bytes_again(materialize, tick, home):
    materialize("bars", "scores", partitions=RANGE)
    tick()
    file = home / "lineage" / "openlineage.jsonl"
    once = file.read_bytes()
    tick.cursor = tick.beginning  # the cursor of the tick was never stored
    tick()
    assert file.read_bytes() == once * 2


def test_a_tick_without_news_writes_nothing(materialize, tick, home):
    materialize("scores")
    tick()
    once = (home / "lineage" / "openlineage.jsonl").read_bytes()
    tick()
    tick()
    assert (home / "lineage" / "openlineage.jsonl").read_bytes() == once
    assert json.loads(tick.cursor)["tail"]["open_runs"] == {}


def test_a_run_that_somebody_deleted_is_let_go(materialize, tick, instance):
    run_id = materialize("scores")
    tick()
    cursor = json.loads(tick.cursor)
    cursor["tail"]["open_runs"] = {run_id: {}}
    tick.cursor = json.dumps(cursor)
    instance.delete_run(run_id)
    tick()
    assert json.loads(tick.cursor)["tail"]["open_runs"] == {}


def test_a_run_that_ends_without_its_steps_ends_their_events(materialize, instance, repository, home):
    run_id = materialize("scores")
    run = instance.get_run_by_id(run_id)
    records = instance.get_records_for_run(run_id).records
    for ending, kind in ((instance.report_run_canceled, "ABORT"), (instance.report_run_failed, "FAIL")):
        ending(run)
        last = instance.get_records_for_run(run_id).records[-1]
        begun = [
            r
            for r in records
            if r.event_log_entry.dagster_event
            and r.event_type.value in {"STEP_START", "ASSET_MATERIALIZATION_PLANNED"}
        ]
        story = story_of(RunLog(run, [*begun, last], ""))
        facts = facts_of(repository, story)
        kinds = [keyed.event.eventType.value for keyed in events_of(story, facts, "lake")]
        assert kinds == ["START", kind]


def test_every_event_is_what_the_published_schemas_say(materialize, tick, events, published):
    materialize("bars", "scores", "broken", "stubborn", partitions=RANGE)
    tick()
    assert len(events()) == 12
    for event in events():
        published(event)


def test_the_published_schemas_refuse_a_spoiled_event(materialize, tick, events, published):
    from jsonschema import ValidationError

    materialize("bars", partitions=RANGE)
    tick()
    spoiled = only(events(), "COMPLETE", "bars")
    spoiled["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] = "60"
    with pytest.raises(ValidationError):
        published(spoiled)


def test_every_event_is_rebuilt_by_the_generated_classes(materialize, tick, events):
    materialize("bars", "scores", "broken", "stubborn", partitions=RANGE)
    tick()
    for event in events():
        assert rebuilt(event) == event


def test_a_longer_story_only_ever_adds_events(materialize, instance, repository):
    """Whatever instant the sensor looks at a run, what it says then stays true."""
    run_id = materialize("bars", "scores", "broken", "stubborn", partitions=RANGE)
    run = instance.get_run_by_id(run_id)
    records = [r for r in instance.get_records_for_run(run_id).records if r.event_log_entry.dagster_event]
    before: dict[str, str] = {}
    for count in range(len(records) + 1):
        story = story_of(RunLog(run, records[:count], ""))
        keyed = events_of(story, facts_of(repository, story), "lake")
        now = {one.key: Serde.to_json(one.event) for one in keyed}
        assert len(now) == len(keyed)
        assert before.items() <= now.items()
        before = now
    assert len(before) == 12


def test_a_sensor_that_never_ticked_begins_with_the_first_run(home, events, tick):
    @dg.asset
    def unknown_to_the_definitions() -> None: ...

    with dg.DagsterInstance.ephemeral() as fresh:
        dg.materialize([unknown_to_the_definitions], instance=fresh)
        tick.instance, tick.cursor = fresh, None
        tick()
    assert told(events()) == [
        "START unknown_to_the_definitions",
        "COMPLETE unknown_to_the_definitions",
    ]
    assert events()[0]["inputs"] == []
