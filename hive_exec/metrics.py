"""What Prometheus is told: how long each stage takes, how the daemon stands, who was turned away.

A registry of our own, so that two daemons in one process, as tests have them, count apart. Gauges are made
from a snapshot (`facts`) when somebody asks; nothing here reaches into the cell.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from hive_core.contracts.order import OrderState
from hive_exec.core.controls import Mode
from hive_exec.facts import CellFacts
from hive_exec.stages import Stage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

STAGES: tuple[Stage, ...] = ("accept", "durable", "decide", "send", "fill")

_BUCKETS_S = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    5.0,
    30.0,
)


class Metrics:
    """Counters and histograms of one daemon, and the last snapshot of its cell."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._tally = _Tally()
        self._failures = Counter(
            "hive_authentication_failures",
            "Requests of nobody known, or of one who may not.",
            registry=self.registry,
        )
        self._snapshot = _Snapshot()
        self.registry.register(self._tally)
        self.registry.register(self._snapshot)
        self.observe, self.answered = self._tally.observe, self._tally.answered

    def not_let_in(self) -> None:
        """That an authentication failed."""
        self._failures.inc()

    def exposition(self, facts: CellFacts | None) -> bytes:
        """Everything, in Prometheus' text format. Without facts the cell does not answer, and that is told:
        the gauges of its standing are absent rather than old."""
        self._snapshot.facts = facts
        return generate_latest(self.registry)


class _Tally(Collector):
    """What is counted at every request. Prometheus' own histogram takes 2 µs an observation, and a request
    has two and an answer: an eighth of what taking a signal in costs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = {stage: [0] * (len(_BUCKETS_S) + 1) for stage in STAGES}
        self._seconds = dict.fromkeys(STAGES, 0.0)
        self._answers: dict[tuple[str, int], int] = {}

    def observe(self, stage: Stage, seconds: float) -> None:
        """That a stage took so long. From any thread."""
        with self._lock:
            self._counts[stage][bisect_left(_BUCKETS_S, seconds)] += 1
            self._seconds[stage] += seconds

    def answered(self, route: str, status: int) -> None:
        """That a route answered so. `route` is its path as the table has it, "" for none. From any thread."""
        with self._lock:
            self._answers[(route, status)] = self._answers.get((route, status), 0) + 1

    def collect(self) -> Iterator[Metric]:
        """The counts so far, for the registry."""
        with self._lock:
            counts = {stage: list(each) for stage, each in self._counts.items()}
            seconds, answers = dict(self._seconds), dict(self._answers)
        stages = HistogramMetricFamily(
            "hive_stage_seconds", "How long each stage takes, in seconds.", labels=["stage"]
        )
        bounds = [*map(floatToGoString, _BUCKETS_S), "+Inf"]
        for stage, each in counts.items():
            stages.add_metric([stage], list(zip(bounds, accumulate(each), strict=True)), seconds[stage])
        yield stages
        told = CounterMetricFamily(
            "hive_http_answers", "HTTP answers by route and status.", labels=["route", "status"]
        )
        for (route, status), count in sorted(answers.items()):
            told.add_metric([route, str(status)], count)
        yield told


class _Snapshot(Collector):
    """Gauges made from the facts of a moment."""

    def __init__(self) -> None:
        self.facts: CellFacts | None = None

    def collect(self) -> Iterator[Metric]:
        """The gauges, for the registry."""
        facts = self.facts
        yield GaugeMetricFamily(
            "hive_cell_answers", "1 when the cell answers.", value=float(facts is not None)
        )
        if facts is None:
            return
        mode = GaugeMetricFamily(
            "hive_mode", "1 for the mode that an account is in.", labels=["account", "mode"]
        )
        for account, its_mode in sorted(facts.mode_by_account.items()):
            for each in Mode:
                mode.add_metric([account, each.value], float(each is its_mode))
        yield mode
        orders = GaugeMetricFamily("hive_orders", "Orders by state.", labels=["state"])
        for state in OrderState:
            orders.add_metric([state.value], facts.orders_by_state.get(state, 0))
        yield orders
        breakers = GaugeMetricFamily(
            "hive_breaker_open", "1 for each open breaker.", labels=["scope", "fallback"]
        )
        for scope, fallback in sorted(facts.breakers.items()):
            breakers.add_metric([scope, fallback], 1.0)
        yield breakers
        unwell = GaugeMetricFamily(
            "hive_dependency_unwell", "1 for what is not known to be well.", labels=["what"]
        )
        for what in facts.unwell:
            unwell.add_metric([what], 1.0)
        yield unwell
        messages = CounterMetricFamily(
            "hive_kafka_messages", "Messages of the Kafka lane by what became of them.", labels=["outcome"]
        )
        for outcome, count in sorted(facts.lanes.kafka_messages.items()):
            messages.add_metric([outcome], count)
        yield messages
        for name, text, value in _plain_gauges(facts):
            yield GaugeMetricFamily(name, text, value=value)


def _plain_gauges(facts: CellFacts) -> Iterator[tuple[str, str, float]]:
    yield "hive_ready", "1 when it may be sent what must be traded.", float(facts.is_ready)
    yield "hive_killed", "1 while the kill switch is thrown.", float(facts.is_killed)
    yield "hive_journal_head_seq", "The last durable record.", facts.journal_head_seq
    yield "hive_journal_bytes", "Bytes of the journal on the disk.", facts.journal_bytes
    yield "hive_queue_depth", "Commands, signals and events that wait for the cell.", facts.queue_depth
    yield "hive_effects_waiting", "What brokers have not been asked yet.", facts.effects_waiting
    yield (
        "hive_unresolved_orders",
        "Orders of which nobody knows whether the broker has them.",
        facts.orders_by_state.get(OrderState.UNRESOLVED, 0),
    )
    yield "hive_open_positions", "Open positions.", facts.open_positions
    yield (
        "hive_pending_decisions",
        "Decisions that were received and not judged yet.",
        facts.pending_decisions,
    )
    yield "hive_reviews_waiting", "Decisions that wait for a person.", facts.reviews_waiting
    yield "hive_unreconciled_accounts", "Accounts whose books were not compared yet.", len(facts.unreconciled)
    yield "hive_lane_signals_waiting", "Signals that the live lane has not judged yet.", facts.lanes.waiting
    yield (
        "hive_live_lane_alarm",
        "1 while the live lane refuses messages.",
        float(bool(facts.lanes.live_alarm)),
    )
    yield (
        "hive_kafka_alarm",
        "1 while the Kafka lane takes no messages: it stopped, or a broker or the dead-letter topic is away.",
        float(bool(facts.lanes.kafka_alarm)),
    )
    yield "hive_facts_taken_seconds", "When the cell told this: Unix time.", facts.taken_ns / 1e9
