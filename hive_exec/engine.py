"""The engine: lets the core decide, folds its records, and keeps effects until they are asked for.

One thread. It knows neither threads nor sockets nor clocks, so that simulations drive this very code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from hive_core.risk.gating.news_times import NewsTimes
from hive_core.risk.gating.risk_model import RiskModel
from hive_exec.core.events import AskPolicies, DecisionDue, Effect, Event, Follow, Reviewed, Ticked
from hive_exec.core.folding import apply
from hive_exec.core.records import FeedPosition, Record
from hive_exec.core.state import CellState
from hive_exec.core.step import step
from hive_exec.policy.answer import PolicyAnswer, PolicyCode
from hive_exec.policy.port import PolicyEngine

MAX_FOLLOWING = 10_000
"""How many events may follow from one; more is a circle."""


_JUDGING = DecisionDue | Reviewed | Ticked
"""Events on which decisions are judged."""


class RecordLog(Protocol):
    """Where records go: buffered by `append`, durable after `flush`."""

    def append(self, record: Record) -> int:
        """Buffer a record; returns its place."""

    def flush(self) -> None:
        """Return when everything appended is durable."""


class NewsSource(Protocol):
    """Where the calendar of news is known."""

    def shown_at(self, now_ns: int) -> NewsTimes | None:
        """What it showed at a moment; None where nothing is known."""


class RiskModelSource(Protocol):
    """Where it is known how instruments move."""

    def shown_at(self, now_ns: int) -> RiskModel | None:
        """What the prices of before a moment say; None where they are not known, or old."""


class Engine:
    """State, journal, and the effects that wait for durability. `on_record` sees each record as it is
    written; `policies` and `risk_models` are asked where the settings say so, `news` where a firm's rules
    do."""

    def __init__(self, state: CellState, journal: RecordLog) -> None:
        self.state = state
        self.journal = journal
        self.on_record: Callable[[Record], None] = lambda _: None
        self.policies: PolicyEngine | None = None
        self.news: NewsSource | None = None
        self.risk_models: RiskModelSource | None = None
        self._waiting: list[Effect] = []

    def write(self, record: Record) -> int:
        """Fold a record and buffer it; returns its place in the journal."""
        apply(self.state, record)
        seq = self.journal.append(record)
        self.on_record(record)
        return seq

    def handle(self, event: Event, at: FeedPosition) -> None:
        """Let the core decide on an event and on all that follows from it at once. What it wants done
        waits for `take_waiting`.

        Raises:
            Refused: a person's order that cannot be carried out; nothing was written.
            IllegalRecord: the journal and the world contradict each other.
        """
        if isinstance(event, _JUDGING) and self.state.wants_news:
            self.state.news = None if self.news is None else self.news.shown_at(at[0])
        if isinstance(event, _JUDGING) and self.state.wants_risk_model:
            self.state.risk_model = None if self.risk_models is None else self.risk_models.shown_at(at[0])
        following: list[Event] = [event]
        for _ in range(MAX_FOLLOWING):
            if not following:
                return
            records, effects = step(self.state, following.pop(0), at)
            for record in records:
                self.write(record)
            for effect in effects:
                if isinstance(effect, Follow):
                    following.append(effect.event)
                elif isinstance(effect, AskPolicies):
                    following.append(self._answered(effect))
                else:
                    self._waiting.append(effect)
        raise RuntimeError(f"more than {MAX_FOLLOWING} events follow from one {type(event).__name__}")

    def _answered(self, asked: AskPolicies) -> Event:
        """The event that asked, with what the policies say. Without an engine that is nothing, and denies."""
        if self.policies is None:
            answer = PolicyAnswer(PolicyCode.UNREACHABLE, (), "no policy engine was started", "", "", None)
        else:
            answer = self.policies.decide(asked.document)
        return replace(asked.then, policy=answer)

    def take_waiting(self) -> list[Effect]:
        """What is to be done, once everything so far is durable: the caller flushes the journal first."""
        effects, self._waiting = self._waiting, []
        return effects
