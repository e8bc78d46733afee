"""Resolution of one signal after another, as they arrive.

What it keeps of an account and instrument is the votes that are still live, and per side the last signal
that could decide and the last decision, of all and of each idea: so one more signal costs the same whatever
was heard before. A whole history at once is `resolve`'s; their decisions are the same, byte for byte.
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
from hive_core.signals.ideas import ALIKE, idea_of
from hive_core.signals.judging import (
    Judged,
    ResolutionOutcome,
    Rule,
    counts_text,
    exposure_us_of,
    is_heard,
    judged,
)
from hive_core.signals.live_signals import live_signals, voices_of

_US_PER_DAY = 86_400_000_000


Voice = tuple[VoteKind, str]


class HeardTooLate(ValueError):
    """A signal came after a later one of its account and instrument: what was decided cannot be changed."""


@dataclass(slots=True)
class _Stood:
    """Signals of one kind that may stand in the way of a later one, with what they decided: the last one,
    and the last one of each idea and voice."""

    last: tuple[LiveSignal, Decided | None] | None = None
    of_idea: dict[int, dict[Voice, tuple[LiveSignal, Decided | None]]] = field(default_factory=dict)

    def add(self, signal: LiveSignal, decided: Decided | None = None) -> None:
        """One more signal, the latest so far."""
        self.last = signal, decided
        self.of_idea.setdefault(_idea(signal), {})[signal.voice] = self.last

    def add_all(self, later: _Stood) -> None:
        """All of another, none earlier than these."""
        self.last = later.last or self.last
        for idea, by_voice in later.of_idea.items():
            self.of_idea.setdefault(idea, {}).update(by_voice)

    def drop_ideas_before(self, ts_us: int) -> None:
        """Forget the ideas of signals before a time."""
        for idea, by_voice in list(self.of_idea.items()):
            kept = {voice: stood for voice, stood in by_voice.items() if stood[0].ts_us >= ts_us}
            self.of_idea[idea] = kept
            if not kept:
                del self.of_idea[idea]

    def in_the_way(
        self, signal: LiveSignal, window_us: int, exposure_us: int
    ) -> tuple[LiveSignal, Decided | None] | None:
        """The last one within the window, else the last one of the signal's idea by another voice in which
        that is exposed."""
        if self.last is None or signal.ts_us - self.last[0].ts_us <= window_us:
            return self.last
        idea = _idea(signal)
        found = [
            stood
            for step in ALIKE
            for voice, stood in self.of_idea.get(idea + step, {}).items()
            if voice != signal.voice
        ]
        same = max(found, key=lambda stood: stood[0].order, default=None)
        return None if same is None or signal.ts_us - same[0].ts_us > exposure_us else same


def _idea(signal: LiveSignal) -> int:
    return idea_of(signal.stop_loss, signal.take_profits[0])


@dataclass(slots=True)
class _Side:
    """The signals of one side that could decide, on earlier UTC days and on this one, and this one's
    decisions."""

    able_before: _Stood = field(default_factory=_Stood)
    able_today: _Stood = field(default_factory=_Stood)
    made: _Stood = field(default_factory=_Stood)

    def end_day(self, next_us: int, exposure_us: int) -> None:
        """Before the first signal of a later day, posted at `next_us`."""
        self.able_before.add_all(self.able_today)
        self.able_before.drop_ideas_before(next_us - exposure_us)
        self.able_today, self.made = _Stood(), _Stood()


@dataclass(slots=True)
class _Book:
    """What is kept of one account and instrument."""

    latest: dict[Voice, LiveSignal] = field(default_factory=dict)
    last: tuple[int, str, str] = (-1, "", "")
    sides: dict[str, _Side] = field(default_factory=lambda: {"buy": _Side(), "sell": _Side()})


class Resolver:
    """Resolves signals in the order of (ts_event, source, signal_id) within an account and instrument."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._rule = Rule.of(configuration.resolution)
        self._exposure_us = exposure_us_of(configuration.resolution)
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
            for side in book.sides.values():
                side.end_day(signal.ts_us, self._exposure_us)
        book.last = signal.order
        book.latest[signal.voice] = signal
        book.latest = {
            voice: each
            for voice, each in book.latest.items()
            if is_heard(each, signal.ts_us, self._rule.window_us)
        }
        verdict = judged(signal, book.latest.values(), self._rule)
        fate = self._fate(account, signal, verdict, book.sides[signal.side])
        if verdict.outcome is ResolutionOutcome.DECIDED:
            book.sides[signal.side].able_today.add(signal)
        return fate

    def _fate(self, account: str, signal: LiveSignal, verdict: Judged, side: _Side) -> Fate:
        """The fate by the exposures that stand already."""
        net, window, exposure = verdict.net_weight, self._rule.window_us, self._exposure_us
        if not verdict.has_the_votes:
            return Fate(signal, account, verdict.outcome, verdict.detail, net)
        counts = counts_text(verdict.votes, signal)
        made = side.made.in_the_way(signal, window, exposure)
        if made is not None:
            return Fate(signal, account, ResolutionOutcome.CONFIRMED, counts, net, made[1])
        stood = side.able_before.in_the_way(signal, window, exposure)
        if stood is not None:
            able = stood[0]
            is_near = signal.ts_us - able.ts_us <= window
            what = side_text(window) if is_near else idea_text(exposure)
            detail = counts + held_back_text(able.signal_id, able.source, moment_text(able.ts_us), what)
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
        side.made.add(signal, decided)
        return Fate(signal, account, verdict.outcome, verdict.detail, net, decided, verdict)


def moment_text(ts_us: int) -> str:
    """A time to the second, in UTC."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts_us)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def held_back_text(signal_id: str, source: str, moment: str, what: str) -> str:
    """Why a signal was held back, after its counts of votes; `what` is of `side_text` or `idea_text`."""
    return (
        f"; {signal_id} of {source}, posted at {moment} UTC, before midnight, may have been decided: no "
        f"second exposure {what}"
    )


def side_text(window_us: int) -> str:
    """Of which exposure there is no second one, for a signal of the same side."""
    return f"within {window_us // 1_000_000} s"


def idea_text(exposure_us: int) -> str:
    """Of which exposure there is no second one, for a signal of the same idea."""
    return f"of the same idea within {exposure_us // 1_000_000} s"
