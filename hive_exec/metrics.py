"""What Prometheus is told: how long each stage takes, how the daemon stands, who was turned away.

A registry of our own, so that two daemons in one process, as tests have them, count apart. Gauges are made
from a snapshot (`facts`) when somebody asks; nothing here reaches into the cell.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

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
        stages = Histogram(
            "hive_stage_seconds",
            "How long each stage takes, in seconds.",
            ["stage"],
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self._stages = {stage: stages.labels(stage) for stage in STAGES}
        self._answers = Counter(
            "hive_http_answers",
            "HTTP answers by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self._answers_by: dict[tuple[str, int], Counter] = {}
        self._failures = Counter(
            "hive_authentication_failures",
            "Requests of nobody known, or of one who may not.",
            registry=self.registry,
        )
        self._snapshot = _Snapshot()
        self.registry.register(self._snapshot)

    def observe(self, stage: Stage, seconds: float) -> None:
        """That a stage took so long. From any thread."""
        self._stages[stage].observe(seconds)

    def answered(self, route: str, status: int) -> None:
        """That a route answered so. `route` is its path as the table has it, "" for none."""
        found = self._answers_by.get((route, status))
        if found is None:
            found = self._answers_by[(route, status)] = self._answers.labels(route, str(status))
        found.inc()

    def not_let_in(self) -> None:
        """That an authentication failed."""
        self._failures.inc()

    def exposition(self, facts: CellFacts | None) -> bytes:
        """Everything, in Prometheus' text format. Without facts the cell does not answer, and that is told:
        the gauges of its standing are absent rather than old."""
        self._snapshot.facts = facts
        return generate_latest(self.registry)


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
        for name, text, value in _plain_gauges(facts):
            yield GaugeMetricFamily(name, text, value=value)


def _plain_gauges(facts: CellFacts) -> Iterator[tuple[str, str, float]]:
    yield "hive_ready", "1 when it may be sent what must be traded.", float(facts.is_ready)
    yield "hive_killed", "1 while the kill switch is thrown.", float(facts.is_killed)
    yield "hive_journal_head_seq", "The last durable record.", facts.journal_head_seq
    yield "hive_journal_bytes", "Bytes of the journal on the disk.", facts.journal_bytes
    yield "hive_queue_depth", "Commands and events that wait for the cell.", facts.queue_depth
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
    yield "hive_facts_taken_seconds", "When the cell told this: Unix time.", facts.taken_ns / 1e9
