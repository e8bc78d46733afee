"""Stages are timed from record to record, whatever comes in between, and what never ends is forgotten."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exec_bench import Bench, a_decision
from starlette.testclient import TestClient

from hive_core.calendars.trading_day import from_ns
from hive_core.configuration.model import Account, Configuration
from hive_core.landing.daemon_token import bearer_headers
from hive_exec import service, stages
from hive_exec.core.records import Kind, Record
from hive_exec.http import create_app
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
    account = Account(name="paper", mode="paper", sources=("*",), currency="USD", max_open_positions=10)
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
