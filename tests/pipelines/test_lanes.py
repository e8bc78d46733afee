"""The deck that Dagster publishes, and the check that both lanes decide alike: over a lake of two rooms."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import dagster as dg
import polars as pl
import pytest
from lane_bench import Pipeline, in_order, message_of, take
from lane_rooms import BEGIN, made_up_rooms

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.live_lane import LiveLaneSettings
from hive_core.contracts.decision import Delivery, Origin
from hive_core.contracts.report import Report
from hive_core.evidence.canonical import canonical_bytes
from hive_core.landing.decks import (
    KEY_NAME,
    folder,
    keys_folder,
    publish_deck,
    read_context,
    read_manifest,
)
from hive_core.landing.home import HiveHome
from hive_core.landing.keys import public_key, signing_key
from hive_core.signals.lane_context import LaneContext
from hive_core.signals.parity import DECISION_RECEIVED, SIGNAL_RECEIVED
from hive_exec.lanes.live import LiveLane
from hive_pipelines.assets import lanes
from hive_pipelines.assets.lanes import (
    deck_inputs,
    live_decisions_equal_recomputed,
    make_and_publish,
    parity_of,
    result_of_parity,
)
from hive_pipelines.definitions import lanes_daily
from hive_pipelines.lake import WHOLE, Lake
from hive_pipelines.reports_to_tables import reports_frame
from hive_pipelines.resources import HiveResource
from hive_pipelines.sensors.decks import fresh_decks

MESSAGES = 60
SINCE_NS = to_ns(BEGIN)


class Place:
    """A home with a lake of the rooms, and what its daemon would have journalled."""

    def __init__(self, root) -> None:
        self.home = HiveHome(root / "home")
        self.lake = Lake(str(root / "home" / "lake"))
        self.rooms = made_up_rooms()
        whole = self.rooms.configuration
        self.configuration = whole.model_copy(
            update={"live_lane": LiveLaneSettings(enabled=True, deck_valid_s=6 * 86_400)}
        )
        self.reports: list[Report] = []

    def fill(self, until) -> None:
        """The lake as it was at a moment."""
        known = Pipeline(
            self.rooms.messages.filter(pl.col("ts_event") < until), self.rooms.bars, self.rooms.configuration
        )
        for table, frame in known.tables().items():
            if table == "bars":
                self.lake.write("bars", "EURUSD.H1", frame, run_id="r")
            elif "ts_event" in frame.columns and frame.height:
                for day in frame["ts_event"].dt.strftime("%Y-%m-%d").unique():
                    part = frame.filter(pl.col("ts_event").dt.strftime("%Y-%m-%d") == day)
                    self.lake.write(table, day, part, run_id="r")

    def publish(self, until):
        self.fill(until)
        made, path, _ = make_and_publish(
            self.home, self.lake, self.configuration, made_at=until, run_id="run-1"
        )
        return made, path

    def context(self, made) -> LaneContext:
        return read_context(self.home, made)

    def report(self, kind, ts_ns, body, account="cell") -> None:
        self.reports.append(
            Report(
                seq=len(self.reports) + 1,
                account=account,
                ts_event_ns=ts_ns,
                kind=kind,
                body=json.loads(canonical_bytes(body)),
                record_sha256="0" * 64,
            )
        )

    def journal(self, row, taken) -> None:
        """What the daemon writes of one message."""
        key, ts_ns = taken.judged.key, taken.judged.ts_received_ns
        message = message_of(row)
        self.report(SIGNAL_RECEIVED, ts_ns, {"key": key, "submission": {"message": message, "signal": None}})
        for delivery in taken.deliveries:
            self.decision(delivery)
        self.report("signal_judged", ts_ns, taken.judged)

    def decision(self, delivery: Delivery) -> None:
        body = {"decision_id": delivery.decision.decision_id, "delivery": delivery}
        self.report(DECISION_RECEIVED, delivery.decision.ts_decided_ns, body, delivery.decision.account)

    def parity(self):
        self.lake.write("execution_reports", WHOLE, reports_frame(self.reports), run_id="r")
        return parity_of(self.home, self.lake, SINCE_NS)


@pytest.fixture
def place(tmp_path, monkeypatch) -> Place:
    monkeypatch.delenv("HIVE_LAKE", raising=False)
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    return Place(tmp_path)


@pytest.fixture
def lived(place) -> Place:
    """A day of the live lane by two decks, in the journal."""
    rows = in_order(place.rooms.messages.filter(pl.col("ts_event") >= BEGIN))[:MESSAGES]
    made, _ = place.publish(BEGIN)
    lane = LiveLane(place.context(made))
    for number, row in enumerate(rows):
        if number == MESSAGES // 2:
            made, _ = place.publish(row["ts_event"])
            lane = LiveLane(place.context(made), lane.heard)
        place.journal(row, take(lane, row))
    assert sum(report.kind == DECISION_RECEIVED for report in place.reports) > 3
    return place


def test_a_deck_of_the_lake_is_signed_and_names_every_file_it_was_cut_from(place):
    made, path = place.publish(BEGIN)
    key = public_key(keys_folder(place.home), KEY_NAME)
    assert read_manifest(path, key) == made
    assert made.inputs == deck_inputs(place.lake, place.configuration, BEGIN)
    days = {each.partition for each in made.inputs if each.table == "messages"}
    assert min(days) == (BEGIN - timedelta(days=2)).strftime("%Y-%m-%d")
    rows = {table.name: table.rows for table in made.tables}
    assert rows["messages"] > 0
    assert rows["bars"] > 0


def test_what_was_lived_is_what_is_made_again(lived):
    parity = lived.parity()
    assert parity.differences == []
    assert parity.messages == MESSAGES
    assert parity.decisions > 3
    result = result_of_parity(parity)
    assert result.passed
    assert "nothing differs" in str(result.description)


def change_decision(place, change) -> None:
    """Plant a change in the first decision that the journal holds."""
    for number, report in enumerate(place.reports):
        if report.kind == DECISION_RECEIVED:
            body = json.loads(json.dumps(report.body))
            change(body["delivery"]["decision"])
            place.reports[number] = report.model_copy(update={"body": body})
            return


def change_weight(place) -> None:
    change_decision(place, lambda decision: decision["votes"][0].update(weight="0.9"))


def change_byte(place) -> None:
    def shift(decision):
        price = Decimal(decision["stop_loss"])
        decision["stop_loss"] = str(price + Decimal("0.0001"))

    change_decision(place, shift)


def drop_decision(place) -> None:
    first = next(report for report in place.reports if report.kind == DECISION_RECEIVED)
    place.reports.remove(first)


def add_decision(place) -> None:
    first = next(report for report in place.reports if report.kind == DECISION_RECEIVED)
    delivery = Delivery.model_validate_json(canonical_bytes(first.body["delivery"]))
    later = delivery.decision.model_copy(update={"ts_decided_ns": delivery.decision.ts_decided_ns + 1_000})
    later = later.model_copy(update={"decision_id": later.expected_id()})
    place.decision(delivery.model_copy(update={"decision": later}))


def change_fate(place) -> None:
    for number, report in enumerate(place.reports):
        if report.kind == "signal_judged" and report.body["fates"]:
            body = json.loads(json.dumps(report.body))
            body["fates"][0]["outcome"] = "no_weight"
            place.reports[number] = report.model_copy(update={"body": body})
            return


def change_message(place) -> None:
    for number, report in enumerate(place.reports):
        if report.kind == SIGNAL_RECEIVED and "SL" in report.body["submission"]["message"]["text"]:
            body = json.loads(json.dumps(report.body))
            body["submission"]["message"]["text"] += "!"
            place.reports[number] = report.model_copy(update={"body": body})
            return


def forget_decks(place) -> None:
    for path in folder(place.home).glob("*.json"):
        path.unlink()


PLANTED = {
    change_weight: "votes",
    change_byte: "stop_loss",
    drop_decision: "never taken in",
    add_decision: "follows from nothing",
    change_fate: "no_weight",
    change_message: "of another message",
    forget_decks: "not there any more",
}


def test_what_no_lane_judged_is_counted_and_asked_of_nobody(lived):
    before = lived.parity()
    message = message_of(lived.rooms.messages.row(0, named=True))
    for ts_ns in (SINCE_NS - 1, SINCE_NS, SINCE_NS + 1):
        body = {
            "key": f"message:room_z:{ts_ns}:1",
            "fate": "no_deck",
            "submission": {"message": message, "signal": None},
        }
        lived.report(SIGNAL_RECEIVED, ts_ns, body)
    after = lived.parity()
    assert after.not_judged == {**before.not_judged, "no_deck": before.not_judged.get("no_deck", 0) + 2}
    assert (after.messages, after.differences) == (before.messages, before.differences)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_difference_fails_the_check_and_is_shown(lived, plant):
    plant(lived)
    result = result_of_parity(lived.parity())
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.ERROR
    assert PLANTED[plant] in str(result.metadata["what_differs"].value).replace("\\", "")


def test_a_deck_with_other_weights_gives_other_decisions(lived):
    """The deck that the journal names is the one that counts: with another's settings nothing agrees."""
    first = next(report for report in lived.reports if report.kind == "signal_judged")
    path = next(p for p in folder(lived.home).glob("*.json") if first.body["deck_sha256"] in p.name)
    key = signing_key(keys_folder(lived.home), KEY_NAME)
    made = read_manifest(path, key.public)
    weighed = made.settings.resolution.model_copy(update={"weights": {"room_a": Decimal("0.5")}})
    other = made.model_copy(update={"settings": made.settings.model_copy(update={"resolution": weighed})})
    payloads = {
        table.name: (folder(lived.home) / "tables" / f"{table.sha256}.parquet").read_bytes()
        for table in made.tables
    }
    renamed = publish_deck(lived.home, other, payloads, key)
    for number, report in enumerate(lived.reports):
        if report.kind == "signal_judged" and report.body["deck_sha256"] in path.name:
            body = {**report.body, "deck_sha256": other.sha256()}
            lived.reports[number] = report.model_copy(update={"body": body})
    parity = lived.parity()
    assert renamed.exists()
    assert any(each.place.startswith("fate of") for each in parity.differences)


def sensor_lane(place, change=None) -> None:
    """The sensor lane's decision by the same signal as the live lane's first."""
    first = next(report for report in place.reports if report.kind == DECISION_RECEIVED)
    delivery = Delivery.model_validate_json(canonical_bytes(first.body["delivery"]))
    decision = delivery.decision.model_copy(update=change or {})
    decision = decision.model_copy(update={"decision_id": decision.expected_id()})
    origin = Origin(run_id="run-2", partition=delivery.origin.partition, data_sha256="0" * 64)
    place.decision(Delivery(decision=decision, origin=origin))


def test_the_same_decision_of_the_sensor_lane_agrees(lived):
    sensor_lane(lived)
    parity = lived.parity()
    assert parity.differences == []
    assert parity.in_both_lanes == 1


def test_another_decision_of_the_sensor_lane_by_the_same_signal_fails(lived):
    sensor_lane(lived, {"valid_until_ns": SINCE_NS + 10**15})
    result = result_of_parity(lived.parity())
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.ERROR


def test_prices_that_the_deck_did_not_have_yet_are_a_warning(lived):
    sensor_lane(lived, {"market_bid": Decimal("1.0791"), "reference_price": Decimal("1.0791")})
    result = result_of_parity(lived.parity())
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.WARN


@pytest.mark.slow
def test_the_assets_run_in_dagster(lived, tmp_path):
    (tmp_path / "hive.toml").write_text("[live_lane]\nenabled = true\n", "utf-8")
    lived.parity()
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([lanes.deck], instance=instance, resources={"hive": HiveResource()})
        assert result.success
        (made,) = result.get_asset_materialization_events()
        assert made.materialization.metadata["inputs"].value >= 1
        sensed = fresh_decks(dg.build_sensor_context(instance, resources={"hive": HiveResource()}))
        assert len(sensed.run_requests) == 1
        again = dg.build_sensor_context(instance, cursor=sensed.cursor, resources={"hive": HiveResource()})
        assert isinstance(fresh_decks(again), dg.SkipReason)
        lived.lake.write("bars", "EURUSD.H1", lived.rooms.bars.head(5), run_id="r")
        changed = dg.build_sensor_context(instance, cursor=sensed.cursor, resources={"hive": HiveResource()})
        assert len(fresh_decks(changed).run_requests) == 1
    checked = live_decisions_equal_recomputed(hive=HiveResource())
    assert checked.passed
    assert lanes_daily.cron_schedule == "20 0 * * *"


def test_no_deck_is_asked_for_where_the_live_lane_is_off(place):
    context = dg.build_sensor_context(resources={"hive": HiveResource()})
    skipped = fresh_decks(context)
    assert isinstance(skipped, dg.SkipReason)
    assert "live_lane.enabled" in str(skipped.skip_message)
