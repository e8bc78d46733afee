"""Deliveries to a real daemon: each decision acknowledged or refused, none lost, none traded twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import httpx
import polars as pl
import pytest
from exec_bench import MONDAY, a_decision, bars_of, write_bars

from hive_core.calendars.trading_day import to_ns
from hive_core.contracts.decision import Decision, Origin
from hive_core.evidence.canonical import canonical_bytes
from hive_core.signals.tables import DECISIONS
from hive_pipelines.resources import HiveResource
from hive_pipelines.sensors import deliveries
from hive_pipelines.sensors.deliveries import (
    CHECK,
    Cursor,
    NotAcknowledged,
    deliver_decisions,
    fault_of,
    post,
)

pytestmark = pytest.mark.slow

FIRST, SECOND = "2017-03-06", "2017-03-07"
DAY = timedelta(days=1)


def row_of(decision: Decision, **changes: Any) -> dict[str, Any]:
    """A row of DECISIONS, as resolution writes it."""
    return {
        "decision_id": decision.decision_id,
        "account": decision.account,
        "symbol": decision.symbol,
        "side": decision.side,
        "order_type": decision.order_type,
        "entry": None,
        "stop_loss": float(decision.stop_loss),
        "take_profits": [float(price) for price in decision.take_profits],
        "ts_decided": MONDAY,
        "valid_until": MONDAY + DAY,
        "net_weight": 1.0,
        "sources": ["sample_edge"],
        "signal_ids": ["sig_1"],
        "decision_json": canonical_bytes(decision).decode(),
        "decision_sha256": decision.sha256(),
        **changes,
    }


@pytest.fixture
def materialise(instance, small) -> Callable[..., None]:
    """Write a day's decisions into the lake, and have Dagster know of it."""

    def make(day: str, *rows: Decision | dict[str, Any]) -> None:
        filled = [row if isinstance(row, dict) else row_of(row) for row in rows]
        HiveResource().lake().write("decisions", day, pl.DataFrame(filled, schema=DECISIONS), run_id="run-7")
        instance.report_runless_asset_event(dg.AssetMaterialization("decisions", partition=day))

    return make


@pytest.fixture
def tick(instance, ticker, materialise, small):
    """The sensor from here on: what other tests materialised is behind its cursor."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey("decisions"))
    records = instance.fetch_materializations(wanted, limit=1).records
    made = ticker(deliver_decisions)
    made.cursor = Cursor(storage_id=records[0].storage_id if records else 0).model_dump_json()
    write_bars(
        small.home,
        bars_of([(MONDAY + timedelta(hours=hour), 1.06, 1.061, 1.059, 1.06) for hour in range(40)]),
    )
    return made


def cursor_of(tick) -> Cursor:
    return Cursor.model_validate_json(tick.cursor)


def check(instance: dg.DagsterInstance) -> Any:
    """The last evaluation of the check `acknowledged`."""
    key = dg.AssetCheckKey(dg.AssetKey("delivered_decisions"), CHECK)
    records = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    return records[0].event.dagster_event.asset_check_evaluation_data


def shown(instance: dg.DagsterInstance) -> dict[str, Any]:
    """The metadata of the last delivery at its external asset."""
    event = instance.get_latest_materialization_event(dg.AssetKey("delivered_decisions"))
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


GOOD = a_decision()
LATER = a_decision(ts=MONDAY + DAY)
WRONG_STOP = a_decision(stop="1.09000")


def test_without_decisions_there_is_nothing_to_do(tick, daemon):
    assert tick.told() == "no new decisions"


def test_decisions_are_posted_acknowledged_traded_and_shown(tick, materialise, daemon, instance):
    materialise(FIRST, GOOD)
    assert tick.told() == "accepted 1, known 0, refused 0"
    account = daemon.account()
    assert account["clock_ns"] == to_ns(datetime(2017, 3, 7, tzinfo=UTC)), "to the end of the delivered day"
    (order,) = daemon.get("/orders")["orders"]
    assert order["decision_id"] == GOOD.decision_id
    delivered = daemon.get(f"/orders/{order['client_order_id']}")["decision"]
    side = HiveResource().lake().side("decisions", FIRST)
    told = {"run_id": "run-7", "partition": FIRST, "data_sha256": side.sha256, "lane": "sensor"}
    assert delivered["origin"] == told
    told = shown(instance)
    assert (told["accepted"], told["known_before"], told["refused"], told["partitions"]) == (1, 0, 0, 1)
    assert check(instance).passed
    assert tick.told() == "no new decisions"


def test_a_partition_that_is_made_again_delivers_what_is_known_already(tick, materialise, daemon):
    materialise(FIRST, GOOD)
    tick()
    materialise(FIRST, GOOD)
    assert tick.told() == "accepted 0, known 1, refused 0"
    daemon.account()
    assert len(daemon.get("/orders")["orders"]) == 1


def test_a_crash_between_post_and_cursor_posts_again_and_orders_once(tick, materialise, daemon):
    materialise(FIRST, GOOD)
    before = tick.cursor
    tick()
    daemon.account()
    tick.cursor = before
    assert tick.told() == "accepted 0, known 1, refused 0"
    daemon.account()
    assert len(daemon.get("/orders")["orders"]) == 1
    assert daemon.kinds().count("decision_received") == 1


def test_a_stop_on_the_wrong_side_is_refused_here_and_the_others_go_on(tick, materialise, daemon, instance):
    materialise(FIRST, WRONG_STOP, GOOD)
    assert tick.told() == "accepted 1, known 0, refused 1"
    received = [r for r in daemon.get("/reports")["reports"] if r["kind"] == "decision_received"]
    assert [report["body"]["decision_id"] for report in received] == [GOOD.decision_id]
    found = check(instance)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.description == (
        f"{FIRST} {WRONG_STOP.decision_id}: stop 1.09 is on the wrong side of 1.06 for a buy"
    )
    assert shown(instance)["refused"] == 1
    assert tick.told() == "no new decisions"


def test_the_check_fails_until_the_refused_partition_is_good(tick, materialise, daemon, instance):
    materialise(FIRST, WRONG_STOP)
    tick()
    materialise(SECOND, LATER)
    tick()
    assert not check(instance).passed, "another day's success acknowledges nothing of the first"
    assert check(instance).description.startswith(FIRST)
    materialise(FIRST, GOOD)
    tick()
    assert check(instance).passed
    assert cursor_of(tick).refused == {}


def test_an_account_that_nobody_configured_is_refused_by_the_daemon_and_said_so(
    tick, materialise, daemon, instance
):
    lost = a_decision(account="nobody")
    materialise(FIRST, lost, GOOD)
    assert tick.told() == "accepted 1, known 0, refused 1"
    assert check(instance).description == (
        f"{FIRST} {lost.decision_id}: 422 decision.account: no account nobody is configured in hive.toml"
    )
    assert cursor_of(tick).advance == {}, "an account that never opened is not waited for"


def test_an_account_that_the_running_daemon_does_not_know_yet_is_not_waited_for(
    tick, materialise, daemon, instance, small
):
    with small.home.configuration_file.open("a") as settings:
        settings.write('[[accounts]]\nname = "desk"\nmode = "replay"\nsources = ["*"]\n')
    materialise(FIRST, a_decision(account="desk"))
    assert tick.told() == "accepted 0, known 0, refused 1"
    assert "422 decision.account: no account desk" in check(instance).description
    assert cursor_of(tick).advance == {}
    assert tick.told() == "no new decisions"


def test_an_account_on_the_wall_clock_is_never_advanced_and_refuses_the_past(
    tick, materialise, daemon, small
):
    with small.home.configuration_file.open("a") as settings:
        settings.write(
            '[[accounts]]\nname = "paper"\nmode = "paper"\nsources = ["*"]\n'
            'accepted_unknowns = ["request_limits", "policy", "policy.third_party_automation"]\n'
        )
    daemon.stop()
    daemon.start()
    materialise(FIRST, a_decision(account="paper"))
    assert tick.told() == "accepted 1, known 0, refused 0"
    assert cursor_of(tick).advance == {}
    assert daemon.kinds()[-1] == "decision_denied"


def test_an_earlier_day_made_again_does_not_hold_its_account_back(tick, materialise, daemon):
    materialise(FIRST, GOOD)
    materialise(SECOND, LATER)
    materialise(FIRST, GOOD)
    assert tick.told() == "accepted 2, known 1, refused 0"
    assert daemon.account()["clock_ns"] == to_ns(MONDAY.replace(hour=0) + 2 * DAY)


def test_with_the_daemon_down_everything_waits_and_nothing_is_lost(tick, materialise, daemon):
    daemon.stop()
    materialise(FIRST, GOOD)
    before = cursor_of(tick)
    told = tick.told()
    assert told.startswith("accepted 0, known 0, refused 0; 1 partitions wait: the daemon does not answer")
    assert cursor_of(tick) == before
    daemon.start()
    assert tick.told() == "accepted 1, known 0, refused 0"
    assert daemon.kinds().count("decision_received") == 1


def test_a_daemon_that_goes_away_in_the_middle_keeps_the_whole_partition_waiting(
    tick, materialise, daemon, monkeypatch
):
    materialise(FIRST, GOOD, a_decision(targets=("1.06400",)))
    before, real = cursor_of(tick), post
    answered = []

    def second_time_lost(client: httpx.Client, decision: Decision, origin: Origin) -> tuple[int, str]:
        if answered:
            raise NotAcknowledged("the daemon does not answer (gone)")
        answered.append(decision.decision_id)
        return real(client, decision, origin)

    monkeypatch.setattr(deliveries, "post", second_time_lost)
    assert "1 partitions wait" in tick.told()
    assert cursor_of(tick).storage_id == before.storage_id
    monkeypatch.setattr(deliveries, "post", real)
    assert tick.told() == "accepted 1, known 1, refused 0"


def test_an_altered_file_waits_with_all_that_comes_after_it_and_nothing_advances(
    tick, materialise, daemon, small
):
    materialise(FIRST, GOOD)
    materialise(SECOND, LATER)
    path = small.home.root / "lake" / "decisions" / f"{SECOND}.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    told = tick.told()
    assert told.startswith("accepted 1, known 0, refused 0; 1 partitions wait: ")
    assert told.endswith(f"{SECOND}.parquet: not the bytes that run run-7 wrote")
    assert "advance_requested" not in daemon.kinds(), "a decision of the second day would come too late"
    assert cursor_of(tick).advance == {"samples": to_ns(MONDAY.replace(hour=0) + DAY)}
    path.write_bytes(whole)
    assert tick.told() == "accepted 1, known 0, refused 0"
    assert daemon.account()["clock_ns"] == to_ns(MONDAY.replace(hour=0) + 2 * DAY)
    assert daemon.kinds().count("advance_requested") == 1
    assert "decision_denied" not in daemon.kinds()


def test_pages_are_gone_through_before_any_account_goes_on(tick, materialise, daemon, monkeypatch):
    monkeypatch.setattr(deliveries, "PARTITIONS_PER_PAGE", 1)
    materialise(FIRST, GOOD)
    materialise(SECOND, LATER)
    assert tick.told() == "accepted 2, known 0, refused 0"
    daemon.account()
    assert daemon.kinds().count("advance_requested") == 1
    assert daemon.kinds().count("order_intended") == 2


def test_what_a_tick_has_no_time_for_goes_in_the_next_and_no_account_goes_on_before(
    tick, materialise, daemon, monkeypatch
):
    materialise(FIRST, GOOD)
    materialise(SECOND, LATER)
    real = deliveries.deliver_partition

    def until_time_is_up(*arguments: Any) -> None:
        real(*arguments)
        monkeypatch.setattr(deliveries, "SECONDS_PER_TICK", 0)

    with monkeypatch.context() as hurried:
        hurried.setattr(deliveries, "deliver_partition", until_time_is_up)
        assert tick.told() == "accepted 1, known 0, refused 0"
    assert "advance_requested" not in daemon.kinds()
    monkeypatch.setattr(deliveries, "SECONDS_PER_TICK", 40)
    assert tick.told() == "accepted 1, known 0, refused 0"
    assert daemon.kinds().count("advance_requested") == 1


def test_an_advance_that_was_not_taken_is_asked_for_again(tick, materialise, daemon, monkeypatch):
    materialise(FIRST, GOOD)

    def lost(*arguments: object) -> None:
        daemon.stop()
        raise NotAcknowledged("the daemon does not answer (gone)")

    with monkeypatch.context() as gone:
        gone.setattr(deliveries, "advance_accounts", lost)
        assert "the daemon does not answer" in tick.told()
    assert list(cursor_of(tick).advance) == ["samples"]
    daemon.start()
    assert tick.told() == "accepted 0, known 0, refused 0"
    assert daemon.account()["clock_ns"] == to_ns(MONDAY.replace(hour=0) + DAY)
    assert cursor_of(tick).advance == {}


def test_a_day_without_decisions_is_passed(tick, materialise, daemon, instance):
    materialise(FIRST)
    assert tick.told() == "accepted 0, known 0, refused 0"
    assert tick.told() == "no new decisions"
    assert daemon.kinds() == ["started"]


def test_a_row_that_is_no_decision_is_refused_with_its_field(tick, materialise, daemon, instance):
    text = json.loads(canonical_bytes(GOOD))
    text["side"] = "long"
    materialise(FIRST, row_of(GOOD, decision_json=json.dumps(text)), LATER)
    assert tick.told() == "accepted 1, known 0, refused 1"
    assert check(instance).description.startswith(f"{FIRST} {GOOD.decision_id}: side: ")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"stop": "1.06000"}, "stop 1.06000 is on the wrong side of 1.06000 for a buy"),
        ({"targets": ("1.06300", "1.06000")}, "target 1.06000 is on the wrong side of 1.06000 for a buy"),
        (
            {"side": "sell", "stop": "1.05800", "targets": ("1.05000",)},
            "stop 1.05800 is on the wrong side of 1.06000 for a sell",
        ),
        (
            {"side": "sell", "stop": "1.06200", "targets": ("1.06300",)},
            "target 1.06300 is on the wrong side of 1.06000 for a sell",
        ),
        (
            {"order_type": "limit", "entry": "1.05700"},
            "stop 1.05800 is on the wrong side of 1.05700 for a buy",
        ),
        ({"valid_s": 0}, "it was never valid"),
        ({}, ""),
        ({"side": "sell", "stop": "1.06200", "targets": ("1.05000",)}, ""),
    ],
)
def test_what_is_wrong_with_a_decision_is_said(changes, fault):
    assert fault_of(a_decision(**changes)) == fault


def test_an_id_that_is_not_the_contents_own_is_a_fault():
    assert fault_of(GOOD.model_copy(update={"account": "other"})) == "its id is not that of its content"


def answering(status: int, body: Any) -> httpx.Client:
    """A daemon that always gives the same answer."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    return httpx.Client(transport=transport, base_url="http://daemon")


ORIGIN = Origin(run_id="run-7", partition=FIRST, data_sha256="d" * 64)


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_an_answer_that_will_not_change_is_a_refusal(status):
    refusal = {"error": {"field": "Idempotency-Key", "reason": "this key was used for another content"}}
    assert post(answering(status, refusal), GOOD, ORIGIN) == (
        status,
        "Idempotency-Key: this key was used for another content",
    )


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_an_answer_that_may_change_is_no_acknowledgement(status):
    with pytest.raises(NotAcknowledged, match=f"answered {status}"):
        post(answering(status, {}), GOOD, ORIGIN)


def test_the_key_of_a_post_is_the_decisions_id():
    seen: list[httpx.Request] = []
    client = httpx.Client(
        transport=httpx.MockTransport(lambda request: seen.append(request) or httpx.Response(202)),
        base_url="http://daemon",
    )
    assert post(client, GOOD, ORIGIN) == (202, "")
    assert seen[0].headers["Idempotency-Key"] == GOOD.decision_id
    assert json.loads(seen[0].content)["decision"]["decision_id"] == GOOD.decision_id


def test_the_daemons_address_may_be_of_the_sixth_version(small):
    small.home.configuration_file.write_text('[ports]\nhost = "::1"\nhive_exec = 18999\n', "utf-8")
    with HiveResource().daemon() as client:
        assert str(client.base_url) == "http://[::1]:18999"
