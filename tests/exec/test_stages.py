"""Stages are timed from record to record, whatever comes in between, and what never ends is forgotten."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from exec_bench import READ_UP, Bench, a_decision
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from hive_core.calendars.trading_day import from_ns
from hive_core.configuration.model import Account, Configuration
from hive_core.landing.daemon_token import bearer_headers
from hive_exec import service, stages
from hive_exec.core.records import Kind, Record
from hive_exec.http import create_app
from hive_exec.metrics import Metrics
from hive_exec.stages import StageTimes


class Told:
    """Stages told, and the clock."""

    def __init__(self, **more) -> None:
        self.now_s, self.stages = 0.0, []
        self.times = StageTimes(
            lambda stage, seconds: self.stages.append((stage, seconds)),
            monotonic_s=lambda: self.now_s,
            **more,
        )

    def see(self, kind: Kind, after_s: float, name: str = "1") -> None:
        self.now_s += after_s
        body = {"decision_id": f"dec_{name}", "client_order_id": f"ord_{name}"}
        self.times.seen(Record("a", kind, (1, 0, ""), {**body, "order": body}))


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (
            [Kind.ORDER_INTENDED, Kind.ORDER_ACCEPTED, Kind.ORDER_PARTIALLY_FILLED, Kind.ORDER_FILLED],
            [("decide", 1), ("send", 1), ("fill", 3)],
        ),
        ([Kind.ORDER_INTENDED, Kind.ORDER_FILLED], [("decide", 1), ("send", 1), ("fill", 1)]),
        ([Kind.ORDER_INTENDED, Kind.ORDER_REJECTED], [("decide", 1), ("send", 1)]),
        ([Kind.ORDER_INTENDED, Kind.ORDER_UNRESOLVED, Kind.ORDER_NOT_ACCEPTED], [("decide", 1)]),
        ([Kind.DECISION_HELD, Kind.DECISION_DENIED, Kind.DECISION_DENIED], [("decide", 2)]),
        (
            [Kind.ORDER_INTENDED, Kind.ORDER_FILLED, Kind.ORDER_FILLED, Kind.ORDER_ACCEPTED],
            [("decide", 1), ("send", 1), ("fill", 1)],
        ),
    ],
    ids=str,
)
def test_each_stage_is_told_once(kinds, told):
    found = Told()
    for kind in [Kind.DECISION_RECEIVED, *kinds]:
        found.see(kind, 1)
    assert found.stages == told


def test_an_account_of_another_time_is_not_timed():
    found = Told(is_timed=lambda _: False)
    for kind in (Kind.DECISION_RECEIVED, Kind.ORDER_INTENDED, Kind.ORDER_FILLED):
        found.see(kind, 1)
    assert found.stages == []


def test_what_never_ends_is_forgotten(monkeypatch):
    monkeypatch.setattr(stages, "MAX_REMEMBERED", 5)
    found = Told()
    for number in range(100):
        found.see(Kind.DECISION_RECEIVED, 1, str(number))
    for number in range(100):
        found.see(Kind.DECISION_DENIED, 0, str(number))
    assert [seconds for _, seconds in found.stages] == [4, 3, 2, 1, 0]


def test_the_running_daemon_tells_them(home):
    account = Account(
        name="paper",
        mode="paper",
        accepted_unknowns=READ_UP,
        sources=("*",),
        currency="USD",
        max_open_positions=10,
    )
    paper = Bench(home, Configuration(accounts=(account,)))
    client = TestClient(create_app(paper.cell), base_url="http://127.0.0.1")

    def quote() -> None:
        paper.wall_ns += 10**9
        bid, ask = Decimal("1.06000"), Decimal("1.06010")
        work = lambda: service.quote(paper.cell, "paper", "EURUSD", bid, ask, paper.wall_ns)  # noqa: E731
        paper.cell.call(work).result(10)

    try:
        quote()
        paper.deliver(a_decision(ts=from_ns(paper.wall_ns), account="paper", stop="1.05800"))
        quote()
        text = client.get("/metrics", headers=bearer_headers(home, "owner")).text
    finally:
        paper.cell.stop()
    for stage in ("decide", "send", "fill"):
        assert f'hive_stage_seconds_count{{stage="{stage}"}} 1.0' in text


def test_each_time_counts_in_every_bucket_that_holds_it():
    """A bound belongs to its bucket, as Prometheus counts (`le`)."""
    metrics = Metrics()
    for seconds in (0.0, 0.0001, 0.00011, 0.9, 31.0):
        metrics.observe("send", seconds)
    text = metrics.exposition(None).decode()
    counts = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.labels.get("stage") == "send":
                counts[sample.labels.get("le", sample.name.rpartition("_")[2])] = sample.value
    assert (counts["0.0001"], counts["0.00025"], counts["0.5"], counts["1.0"]) == (2, 3, 3, 4)
    assert (counts["30.0"], counts["+Inf"], counts["count"]) == (4, 5, 5)
    assert counts["sum"] == pytest.approx(31.90021)
    assert 'hive_stage_seconds_count{stage="fill"} 0.0' in text


def test_times_told_by_many_threads_are_all_counted():
    metrics = Metrics()

    def tell() -> None:
        for _ in range(2_000):
            metrics.observe("accept", 0.001)
            metrics.answered("/signals", 202)

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = metrics.exposition(None).decode()
    assert 'hive_stage_seconds_count{stage="accept"} 16000.0' in text
    assert 'hive_http_answers_total{route="/signals",status="202"} 16000.0' in text
