"""What sensors report outside of any run (landings, deliveries), told as OpenLineage events."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from small_home import SmallHome

from hive_core.landing.receipts import receipts
from hive_core.market.importing import import_rates
from hive_pipelines.event_log import RUNLESS, Tail, runless_news, skip_to_end
from hive_pipelines.lineage.story import story_of_report
from hive_pipelines.sensors import deliveries, landings

RATES = b"Date,USD,JPY,\n2017-03-02,1.0514,120.06,\n2017-03-01,1.0533,119.59,\n"


def told(events: list[dict[str, Any]]) -> list[str]:
    return [f"{event['eventType']} {event['job']['name']}" for event in events]


@pytest.fixture
def landed(home, instance, tick) -> list[Any]:
    """Bars, rates and messages, shown as the landing sensor shows them."""
    small = SmallHome(home.parent)
    small.land_bars("2017-03-06 00:00", 24)
    import_rates(small.home, "rates.csv", RATES, received_ns=1)
    small.land_messages("room_a", ("1", "2017-03-06 10:00", "hi"), ("2", "not a time", "hi"))
    found = list(receipts(small.home))
    landings._tell(instance, found)
    return found


def test_every_landing_is_told_with_its_hash_and_its_rows(landed, tick, events):
    tick()
    names = ("landed_bars", "landed_rates", "landed_messages")
    assert told(events()) == [f"{kind} {name}" for name in names for kind in ("START", "COMPLETE")]
    for receipt, rows, start, complete in zip(landed, (24, 4, 1), events()[::2], events()[1::2], strict=True):
        (output,) = complete["outputs"]
        assert output["name"].endswith(f"/lake/landed_{receipt.kind}")
        assert output["facets"]["version"]["datasetVersion"] == receipt.payload_sha256
        assert output["outputFacets"]["outputStatistics"]["rowCount"] == rows
        assert "parent" not in complete["run"]["facets"]
        assert start["run"]["runId"] == complete["run"]["runId"]
    assert len({event["run"]["runId"] for event in events()}) == 3


def test_a_delivery_is_told_with_its_check(instance, tick, events):
    done = deliveries.Tick(accepted=2, partitions=1, refused=["2024-01-02 dec_a: no stop"])
    deliveries._tell(instance, done, {"2024-01-02": "dec_a: no stop"})
    tick()
    name = "delivered_decisions"
    assert told(events()) == [
        f"START {name}",
        f"COMPLETE {name}",
        f"START {name}.checks",
        f"COMPLETE {name}.checks",
    ]
    (output,) = events()[1]["outputs"]
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 2
    (given,) = events()[3]["inputs"]
    (assertion,) = given["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (assertion["name"], assertion["success"]) == ("acknowledged", False)


def test_what_was_told_is_not_told_again(landed, instance, tick, events):
    tick()
    tick()
    assert len(events()) == 6
    landings._tell(instance, landed[:1])
    tick()
    assert len(events()) == 8
    assert len({event["run"]["runId"] for event in events()}) == 4, "each report has an id of its own"


def test_a_killed_sensor_writes_the_same_bytes_again(landed, tick, home):
    tick()
    file = home / "lineage" / "openlineage.jsonl"
    once = file.read_bytes()
    tick.cursor = tick.beginning  # the cursor of the tick was never stored
    tick()
    assert file.read_bytes() == once * 2


def test_a_report_of_a_partition_covers_its_time(instance, tick, events):
    instance.report_runless_asset_event(dg.AssetMaterialization("bars", partition="2024-01-03"))
    tick()
    nominal = events()[-1]["run"]["facets"]["nominalTime"]
    assert nominal["nominalStartTime"] == "2024-01-03T00:00:00+00:00"


def test_an_observation_is_no_news(instance, tick):
    tail = Tail()
    skip_to_end(instance, tail)
    instance.report_runless_asset_event(dg.AssetObservation("bars"))
    assert runless_news(instance, tail).records == []
    (record,) = instance.get_records_for_run(RUNLESS, limit=1, ascending=False).records
    assert story_of_report(record) is None


def test_every_event_is_what_the_published_schemas_say(landed, instance, tick, events, published):
    deliveries._tell(instance, deliveries.Tick(accepted=1, partitions=1), {})
    tick()
    assert len(events()) == 10
    for event in events():
        published(event)
