"""One signal and the votes beside it: do they suffice, and what do they agree on.

The rule for one signal, in plain Python; `vote_arrays` has the same for a million at once. Which signals
are heard together, and whether an exposure stands already, is asked in `resolver` and `resolve`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Self

from hive_core.configuration.model import Resolution
from hive_core.contracts.decision import DecisionRule
from hive_core.signals.consensus import LiveSignal, NoConsensus, Plan, WeighedVote, consensus_plan
from hive_core.signals.fixed_point import decayed, units_of, units_text

MAX_VOTES = 64
"""What a decision can carry."""

_US_PER_SECOND = 1_000_000


class ResolutionOutcome(StrEnum):
    """What became of a signal that arrived."""

    DECIDED = "decided"
    CONFIRMED = "confirmed"
    HELD_BACK = "held_back"
    BELOW_THRESHOLD = "below_threshold"
    TOO_FEW_VOICES = "too_few_voices"
    REFUSED = "refused"
    EXPIRED = "expired"
    NO_WEIGHT = "no_weight"
    NO_ACCOUNT = "no_account"


@dataclass(frozen=True, slots=True)
class Rule:
    """The settings by which votes are counted, in units of 1e-8 and microseconds."""

    window_us: int
    half_life_us: int | None
    threshold: int
    minimum_voices: int

    @classmethod
    def of(cls, settings: DecisionRule | Resolution) -> Self:
        """The rule of the configuration, or of a decision that was made."""
        half_life_s = settings.decay_half_life_s
        return cls(
            settings.vote_window_s * _US_PER_SECOND,
            None if half_life_s is None else half_life_s * _US_PER_SECOND,
            units_of(settings.threshold),
            settings.minimum_voices,
        )

    @property
    def window_s(self) -> int:
        """How long a vote counts, in seconds."""
        return self.window_us // _US_PER_SECOND

    def as_contract(self) -> DecisionRule:
        """The rule as a decision carries it."""
        return DecisionRule(
            vote_window_s=self.window_s,
            decay_half_life_s=None if self.half_life_us is None else self.half_life_us // _US_PER_SECOND,
            threshold=Decimal(units_text(self.threshold)),
            minimum_voices=self.minimum_voices,
        )


def exposure_us_of(settings: Resolution) -> int:
    """For how long an idea that was decided makes no second decision."""
    return settings.exposure_window_s * _US_PER_SECOND


@dataclass(frozen=True, slots=True)
class Judged:
    """A signal by its live votes alone. `outcome` is DECIDED where it decides if no exposure stands."""

    outcome: ResolutionOutcome
    votes: tuple[WeighedVote, ...]
    plan: Plan | None
    net_weight: int
    detail: str

    @property
    def has_the_votes(self) -> bool:
        """Whether its side has threshold and voices, whatever their average is worth."""
        return self.outcome is ResolutionOutcome.DECIDED or (
            self.outcome is ResolutionOutcome.REFUSED and len(self.votes) > 0
        )


def is_heard(signal: LiveSignal, now_us: int, window_us: int) -> bool:
    """Whether a voice's latest signal still counts: posted within the window (inclusive), not expired."""
    return now_us - signal.ts_us <= window_us and signal.valid_until_us > now_us


def judged(arriving: LiveSignal, heard: Iterable[LiveSignal], rule: Rule) -> Judged:
    """Count the votes for and against the arriving signal's side, and average those for it.

    A vote's weight is decayed by its age; one of which nothing is left (under half of 1e-8) is none. The
    weights for the side, less those against it, must reach the threshold, and enough voices must agree.

    Args:
        heard: the latest signal of every voice of that account and instrument that `is_heard`, the
            arriving one among them unless it has expired already.

    Returns:
        its judgement, with the votes in the order of `LiveSignal.order`.
    """
    now = arriving.ts_us
    if arriving.valid_until_us <= now:
        return Judged(ResolutionOutcome.EXPIRED, (), None, 0, "it had expired when it was posted")
    signals = sorted(heard, key=lambda signal: signal.order)
    if len(signals) > MAX_VOTES:
        detail = f"{len(signals)} live votes, at most {MAX_VOTES} fit a decision"
        return Judged(ResolutionOutcome.REFUSED, (), None, 0, detail)
    left = [decayed(signal.weight, now - signal.ts_us, rule.half_life_us) for signal in signals]
    weighed = map(WeighedVote, signals, left)
    votes = tuple(vote for vote in weighed if vote.weight > 0)
    agreeing = [vote for vote in votes if vote.signal.side == arriving.side]
    in_favour = sum(vote.weight for vote in agreeing)
    net = 2 * in_favour - sum(vote.weight for vote in votes)
    counts = counts_text(votes, arriving)
    if net < rule.threshold:
        detail = f"{counts}: net {units_text(net)} is below the threshold of {units_text(rule.threshold)}"
        return Judged(ResolutionOutcome.BELOW_THRESHOLD, votes, None, net, detail)
    if len(agreeing) < rule.minimum_voices:
        detail = f"{counts}: at least {rule.minimum_voices} voices must agree"
        return Judged(ResolutionOutcome.TOO_FEW_VOICES, votes, None, net, detail)
    try:
        plan = consensus_plan(arriving, agreeing)
    except NoConsensus as refusal:
        return Judged(ResolutionOutcome.REFUSED, votes, None, net, str(refusal))
    return Judged(ResolutionOutcome.DECIDED, votes, plan, net, counts)


def counts_text(votes: Sequence[WeighedVote], arriving: LiveSignal) -> str:
    """How many votes are for the arriving signal's side, and how many against."""
    agreeing = sum(vote.signal.side == arriving.side for vote in votes)
    return f"{agreeing} for, {len(votes) - agreeing} against"
