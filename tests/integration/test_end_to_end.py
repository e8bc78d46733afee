"""The whole of Hive, as on a newcomer's machine: the sample rooms through real processes to fills, twice.

The tests share one running Hive; the last one stops it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import psutil
import pytest
from openlineage_specs import event_validator

from hive_core.evidence.chain import first_fault
from hive_exec.journal.reading import read_links
from hive_pipelines.lake import Lake

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STAGES = (
    "bars",
    "reference_rates",
    "messages",
    "parsed_signals",
    "valid_signals",
    "quarantined_signals",
    "enriched_signals",
    "decisions",
    "resolutions",
    "execution_reports",
    "orders",
    "fills",
    "positions",
    "account_equity",
)
JOBS = {"bars_job", "rates_job", "signals_job", "reports_job"}
ASSETS = {
    *STAGES,
    "landed_bars",
    "landed_rates",
    "landed_messages",
    "delivered_decisions",
    "denials",
    "source_outcomes",
    "source_scorecards",
    "source_weights",
    "dim_sources",
    "fct_signals",
    "fct_orders",
    "mart_source_performance",
    "mart_daily_risk",
}


def test_every_stage_has_rows_and_they_fit_together(running):
    stages = running.facts["stages"]
    assert {name: stages.get(name, 0) for name in STAGES if not stages.get(name)} == {}
    assert stages["parsed_signals"] >= stages["messages"]
    assert stages["enriched_signals"] == stages["valid_signals"] == stages["resolutions"]
    assert stages["decisions"] < stages["valid_signals"]
    assert stages["orders"] == running.facts["orders"] > 0
    assert stages["positions"] <= stages["orders"]
    assert stages["positions"] < stages["fills"] <= 2 * stages["positions"]


def test_every_room_traded_or_says_why_not(running):
    sources = {each["sources"]: each for each in running.facts["by_source"]}
    told = ", ".join(sources)
    assert "sample_edge" in told
    assert "sample_random" in told
    assert all(each["filled"] <= each["orders"] for each in sources.values())
    refused = running.facts["refused"]
    assert {"sample_wrong"} <= {each["source"] for each in refused}
    assert all(each["reason"] and each["count"] > 0 for each in refused)


def test_the_sensors_made_every_run_and_every_run_succeeded(running):
    runs = running.facts["runs"]
    assert {run["job"] for run in runs} == JOBS
    assert {run["status"] for run in runs} == {"SUCCESS"}
    order = [run["job"] for run in runs]
    assert order.index("bars_job") < order.index("signals_job") < order.index("reports_job")


def test_no_blocking_check_failed_and_nothing_failed_to_load(running):
    dagster = running.asked("status")["dagster"]
    assert [check for check in dagster["failed_checks"] if check["severity"] == "ERROR"] == []
    assert all(location["loaded"] for location in dagster["locations"])
    assert dagster["runs"]["failed"] == dagster["runs"]["unfinished"] == 0


def test_every_decision_was_acknowledged(running):
    lake = Lake(running.home.lake)
    decided = {
        decision for day in lake.names("decisions") for decision in lake.read("decisions", day)["decision_id"]
    }
    reports = lake.read("execution_reports", "all")
    received = [json.loads(body)["decision_id"] for body in reports.filter(kind="decision_received")["body"]]
    assert Counter(received) == Counter(decided)


def test_the_equity_keeps_its_distance_to_the_limits(running):
    for account in running.facts["accounts"]:
        assert float(account["equity"]) > 0
        if account["state"] == "open":
            assert float(account["daily_headroom"]) > 0
            assert float(account["maximum_headroom"]) > 0


def test_the_journal_verifies_and_the_lake_holds_all_of_it(running):
    told = running.hive("verify")
    assert told.returncode == 0, told.stdout + told.stderr
    facts = running.asked("verify")
    assert facts["fault"] is None
    assert facts["records"] == facts["in_lake"] == running.facts["stages"]["execution_reports"]


def test_an_order_explains_itself_from_its_message_to_its_fill(running):
    order_id = running.facts["last_order"]
    chain = running.asked("explain", order_id)
    told = running.hive("explain", order_id)
    assert told.returncode == 0, told.stderr
    lake = Lake(running.home.lake)
    assert chain["votes"]
    for vote in chain["votes"]:
        messages = lake.read("messages", vote["message"]["ts_event"][:10])
        (stored,) = messages.filter(message_sha256=vote["message_sha256"]).to_dicts()
        assert vote["message"]["text"] == stored["text"]
        for line in filter(str.strip, stored["text"].splitlines()):
            assert line.strip()[:60] in told.stdout
        for table, made in vote["data"].items():
            assert made["run_id"] == lake.side(table, made["partition"]).run_id
            assert made["run_id"] in told.stdout
    origin = chain["origin"]
    assert origin["run_id"] == lake.side("decisions", origin["partition"]).run_id
    assert origin["lake_has_the_same_data"] is True
    run_ids = {run["run_id"] for run in running.facts["runs"]}
    assert origin["run_id"] in run_ids
    assert origin["run_id"] in told.stdout
    assert chain["checks"]
    assert {check["verdict"] for check in chain["checks"]} == {"allow"}
    assert "order_intended" in {record["kind"] for record in chain["records"]}


def lineage_events(running) -> list[dict]:
    return [json.loads(line) for line in running.home.lineage_file.read_text("utf-8").splitlines()]


def test_lineage_tells_of_every_asset_with_its_rows(running):
    completed = {
        event["job"]["name"]: event for event in lineage_events(running) if event["eventType"] == "COMPLETE"
    }
    assert ASSETS - set(completed) == set()
    outputs = completed["decisions"]["outputs"]
    rows = [output["outputFacets"]["outputStatistics"]["rowCount"] for output in outputs]
    assert rows == [running.facts["stages"]["decisions"]]
    assert not [event for event in lineage_events(running) if event["eventType"] in ("FAIL", "ABORT")]


def test_lineage_is_what_the_published_schemas_say(running):
    folder = os.environ.get("HIVE_SPECS")
    if not folder:
        pytest.skip("HIVE_SPECS is not set: the published OpenLineage schemas are not at hand")
    check, events = event_validator(Path(folder)), lineage_events(running)
    assert len(events) > 2 * len(ASSETS)
    for event in events:
        check(event)


def test_the_flow_again_places_no_second_order(running):
    before = running.asked("orders", "--limit", "100000")
    again = running.asked("flow", timeout_s=600)
    assert again["new_orders"] == 0
    assert again["orders"] == running.facts["orders"]
    assert again["stages"] == running.facts["stages"]
    assert again["runs"] == []
    assert running.asked("orders", "--limit", "100000") == before


def processes_of(running) -> list[str]:
    """Every process that knows this home, by its environment or its command line."""
    mine = str(running.home.root)
    found = []
    for process in psutil.process_iter():
        try:
            knows = process.environ().get("HIVE_HOME") == mine or mine in " ".join(process.cmdline())
            if knows and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
        except psutil.Error:
            continue
    return found


def test_down_leaves_no_process(running):
    """The last test: it stops the Hive that all of them share."""
    assert len(processes_of(running)) >= 4, "the webserver, its code server and daemon, and hive_exec"
    told = running.hive("down")
    assert told.returncode == 0, told.stderr
    assert processes_of(running) == []
    assert {service["state"] for service in running.asked("status")["services"]} == {"stopped"}
    # What the daemon left behind holds without it.
    held, _, fault = first_fault(read_links(running.home.journal))
    assert (held, fault) == (running.facts["stages"]["execution_reports"], None)
