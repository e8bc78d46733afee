"""Resolution of one signal after another, as they arrive.

What it keeps of an account and instrument is the votes that are still live, and per side the last signal
that could decide and the last decision: so one more signal costs the same whatever was heard before. A
whole history at once is `resolve`'s; their decisions are the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from hive_core.configuration.model import Configuration
from hive_core.contracts.decision import VoteKind
from hive_core.evidence.canonical import content_hash
from hive_core.signals.consensus import LiveSignal
from hive_core.signals.decision_text import Decided, DecisionWriter, Occasion, vote_head, vote_text
from hive_core.signals.fates import Fate
from hive_core.signals.judging import Judged, ResolutionOutcome, Rule, counts_text, is_heard, judged
from hive_core.signals.live_signals import live_signals, voices_of

_US_PER_DAY = 86_400_000_000


class HeardTooLate(ValueError):
    """A signal came after a later one of its account and instrument: what was decided cannot be changed."""


@dataclass(slots=True)
class _Book:
    """What is kept of one account and instrument."""

    latest: dict[tuple[VoteKind, str], LiveSignal] = field(default_factory=dict)
    last: tuple[int, str, str] = (-1, "", "")
    able_before: dict[str, LiveSignal] = field(default_factory=dict)
    able_today: dict[str, LiveSignal] = field(default_factory=dict)
    made: dict[str, tuple[int, Decided]] = field(default_factory=dict)


class Resolver:
    """Resolves signals in the order of (ts_event, source, signal_id) within an account and instrument."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._rule = Rule.of(configuration.resolution)
        self._writer = DecisionWriter.of(self._rule, content_hash(configuration.resolution))
        self._books: dict[tuple[str, str], _Book] = {}

    def hear(self, enriched: pl.DataFrame, source_weights: pl.DataFrame | None = None) -> Iterator[Fate]:
        """The fates of a frame's signals, row by row; `enriched` as `resolve.resolve_signals` takes it."""
        return self.hear_all(live_signals(voices_of(enriched, self._configuration, source_weights)))

    def hear_all(self, signals: Iterable[tuple[str | None, LiveSignal]]) -> Iterator[Fate]:
        """The fate of each signal with its account."""
        for account, signal in signals:
            yield self.hear_one(account, signal)

    def hear_one(self, account: str | None, signal: LiveSignal) -> Fate:
        """The fate of one signal, posted for an account (None for none).

        Raises:
            HeardTooLate: a later signal of this account and instrument was heard before, or this one was.
        """
        if account is None:
            return Fate(signal, None, ResolutionOutcome.NO_ACCOUNT)
        if signal.weight == 0:
            return Fate(signal, account, ResolutionOutcome.NO_WEIGHT)
        book = self._books.setdefault((account, signal.symbol), _Book())
        if signal.order <= book.last:
            raise HeardTooLate(f"{signal.signal_id} of {signal.source}: a later signal was heard before it")
        if signal.ts_us // _US_PER_DAY != book.last[0] // _US_PER_DAY:
            book.able_before |= book.able_today
            book.able_today.clear()
            book.made.clear()
        book.last = signal.order
        book.latest[signal.voice] = signal
        book.latest = {
            voice: each
            for voice, each in book.latest.items()
            if is_heard(each, signal.ts_us, self._rule.window_us)
        }
        verdict = judged(signal, book.latest.values(), self._rule)
        fate = self._fate(account, signal, verdict, book)
        if verdict.outcome is ResolutionOutcome.DECIDED:
            book.able_today[signal.side] = signal
        return fate

    def _fate(self, account: str, signal: LiveSignal, verdict: Judged, book: _Book) -> Fate:
        """The fate by the exposures that stand already."""
        net, window = verdict.net_weight, self._rule.window_us
        if not verdict.has_the_votes:
            return Fate(signal, account, verdict.outcome, verdict.detail, net)
        counts = counts_text(verdict.votes, signal)
        made_us, standing = book.made.get(signal.side, (None, None))
        if made_us is not None and signal.ts_us - made_us <= window:
            return Fate(signal, account, ResolutionOutcome.CONFIRMED, counts, net, standing)
        able = book.able_before.get(signal.side)
        if able is not None and signal.ts_us - able.ts_us <= window:
            detail = counts + held_back_text(
                able.signal_id, able.source, moment_text(able.ts_us), self._rule.window_s
            )
            return Fate(signal, account, ResolutionOutcome.HELD_BACK, detail, net)
        if verdict.plan is None:
            return Fate(signal, account, verdict.outcome, verdict.detail, net)
        decided = self._writer.write(
            Occasion(
                account,
                signal.symbol,
                signal.side,
                signal.order_type,
                signal.market_bid,
                signal.market_ask,
                signal.ts_us,
            ),
            verdict.plan,
            [vote_text(vote_head(vote.signal), vote.weight) for vote in verdict.votes],
        )
        book.made[signal.side] = (signal.ts_us, decided)
        return Fate(signal, account, verdict.outcome, verdict.detail, net, decided, verdict)


def moment_text(ts_us: int) -> str:
    """A time to the second, in UTC."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts_us)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def held_back_text(signal_id: str, source: str, moment: str, window_s: int) -> str:
    """Why a signal was held back, after its counts of votes."""
    return (
        f"; {signal_id} of {source}, posted at {moment} UTC, before midnight, may have been decided: no "
        f"second exposure within {window_s} s"
    )
