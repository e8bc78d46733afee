"""Several voices to one decision: enriched signals, folded in the order they were posted.

A pure function of signals and settings. How the agreeing votes become one plan stands in
`consensus`; whether an account may trade it is the daemon's business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import polars as pl

from hive_core.calendars.trading_day import from_ns, to_ns
from hive_core.configuration.model import Configuration, Resolution
from hive_core.contracts.decision import Decision
from hive_core.evidence.canonical import canonical_bytes, content_hash
from hive_core.instruments.specification import instruments
from hive_core.signals.consensus import LiveSignal, NoConsensus, Plan, consensus_plan
from hive_core.signals.tables import DECISIONS, ENRICHED, RESOLUTIONS, conform

RESOLVER_VERSION = "resolver-2"
"""Raised by hand with every change that can change a decision."""

MAX_VOTES = 64
"""What a decision can carry."""

ONE_DAY = timedelta(days=1)


class ResolutionOutcome(StrEnum):
    """What became of a signal that arrived."""

    DECIDED = "decided"
    CONFIRMED = "confirmed"
    HELD_BACK = "held_back"
    BELOW_THRESHOLD = "below_threshold"
    REFUSED = "refused"
    NO_WEIGHT = "no_weight"
    NO_ACCOUNT = "no_account"


@dataclass(frozen=True, slots=True)
class Resolved:
    """`decisions` (DECISIONS) and, for every signal asked about, its fate (RESOLUTIONS)."""

    decisions: pl.DataFrame
    resolutions: pl.DataFrame


def context_days(resolution: Resolution) -> int:
    """How many whole UTC days before a day its resolution needs as context: at least one, and as
    many as two vote windows reach back (see `resolve_signals`)."""
    return max(1, -(-2 * resolution.vote_window_s // int(ONE_DAY.total_seconds())))


def resolve_decisions(
    enriched: pl.DataFrame,
    configuration: Configuration,
    *,
    first_ts: datetime | None = None,
    last_ts: datetime | None = None,
) -> pl.DataFrame:
    """The decisions (DECISIONS) of `resolve_signals`, without the fate of each signal."""
    return resolve_signals(enriched, configuration, first_ts=first_ts, last_ts=last_ts).decisions


def resolve_signals(
    enriched: pl.DataFrame,
    configuration: Configuration,
    *,
    first_ts: datetime | None = None,
    last_ts: datetime | None = None,
) -> Resolved:
    """Resolve signals into decisions, one account and instrument at a time.

    Signals are folded in the order of (ts_event, source, signal_id). At each one the live votes are the
    latest signal of every source with a weight, if it was posted within `vote_window_s` (inclusive) and
    has not expired. Their weights, counted for the arriving signal's side and against it, must net
    `threshold`; then the signal can decide. It does, unless within `vote_window_s` before it there is

    - a decision of that side made on the same UTC day: one exposure an idea, the later voice confirms it;
    - or a signal of that side on the day before that could decide: it is held back. Whether that one
      did decide hangs on the signals before it, and so on without end; when in doubt, no second exposure.

    So two decisions of one side are further apart than the window (a decision is a signal that could
    decide), a confirmed decision is always one of the same day, and a day hangs on nothing older than
    two windows before its midnight: one for the signals that hold back, one for the votes they had. A
    partition resolved alone with `context_days` before it gives what all days together give.

    Args:
        enriched: ENRICHED, in any order, each signal once.
        first_ts, last_ts: only signals posted between them, both inclusive, make decisions and are
            told of in `resolutions`; those outside are context.

    Returns:
        `decisions` by (ts_decided, account, symbol), `resolutions` by (ts_event, source, signal_id).
    """
    resolution = configuration.resolution
    signals = sorted(_live_signals(enriched, resolution), key=lambda signal: signal.order)
    groups: dict[tuple[str, str], list[LiveSignal]] = defaultdict(list)
    fates: list[_Fate] = []

    def is_asked(signal: LiveSignal) -> bool:
        return (first_ts is None or signal.ts_event >= first_ts) and (
            last_ts is None or signal.ts_event <= last_ts
        )

    for signal in signals:
        taken = configuration.account_for_source(signal.source)
        if taken is not None and signal.weight > 0:
            groups[taken[0], signal.symbol].append(signal)
        elif is_asked(signal):
            outcome = ResolutionOutcome.NO_ACCOUNT if taken is None else ResolutionOutcome.NO_WEIGHT
            fates.append(_Fate(signal, taken[0] if taken else None, outcome))
    settings_sha256 = content_hash(resolution)
    context = timedelta(seconds=2 * resolution.vote_window_s)
    for (account, _), group in groups.items():
        for day in sorted({signal.ts_event.date() for signal in group if is_asked(signal)}):
            begins = datetime.combine(day, time(), tzinfo=UTC)
            stream = [signal for signal in group if begins - context <= signal.ts_event < begins + ONE_DAY]
            fates += [
                fate
                for fate in _fold(account, stream, begins, resolution, settings_sha256)
                if is_asked(fate.signal)
            ]
    fates.sort(key=lambda fate: fate.signal.order)
    decisions = [fate for fate in fates if fate.outcome is ResolutionOutcome.DECIDED]
    return Resolved(
        decisions=pl.DataFrame([fate.decision_row() for fate in decisions], schema=DECISIONS).sort(
            "ts_decided", "account", "symbol", maintain_order=True
        ),
        resolutions=pl.DataFrame([fate.row() for fate in fates], schema=RESOLUTIONS),
    )


@dataclass(frozen=True, slots=True)
class _Fate:
    """What became of one signal, with the decision it made or confirmed."""

    signal: LiveSignal
    account: str | None
    outcome: ResolutionOutcome
    decision: Decision | None = None
    net_weight: Decimal = Decimal(0)
    detail: str = ""

    def row(self) -> dict[str, Any]:
        """A row of RESOLUTIONS."""
        return {
            "signal_id": self.signal.signal_id,
            "source": self.signal.source,
            "account": self.account,
            "symbol": self.signal.symbol,
            "side": self.signal.side,
            "ts_event": self.signal.ts_event,
            "outcome": self.outcome.value,
            "decision_id": None if self.decision is None else self.decision.decision_id,
            "net_weight": float(self.net_weight),
            "detail": self.detail,
        }

    def decision_row(self) -> dict[str, Any]:
        """A row of DECISIONS, of the signal that made one."""
        decision = self.decision
        if decision is None:
            raise ValueError(f"{self.signal.signal_id} made no decision")
        in_favour = [vote for vote in decision.votes if vote.side == decision.side]
        return {
            "decision_id": decision.decision_id,
            "account": decision.account,
            "symbol": decision.symbol,
            "side": decision.side,
            "order_type": decision.order_type,
            "entry": None if decision.entry is None else float(decision.entry),
            "stop_loss": float(decision.stop_loss),
            "take_profits": [float(price) for price in decision.take_profits],
            "ts_decided": self.signal.ts_event,
            "valid_until": from_ns(decision.valid_until_ns),
            "net_weight": float(self.net_weight),
            "sources": [vote.source for vote in in_favour],
            "signal_ids": [vote.signal_id for vote in in_favour],
            "decision_json": canonical_bytes(decision).decode(),
            "decision_sha256": decision.sha256(),
        }


def _fold(
    account: str,
    stream: Sequence[LiveSignal],
    begins: datetime,
    resolution: Resolution,
    settings_sha256: str,
) -> Iterator[_Fate]:
    """The fate of each signal of one account and instrument since midnight (`begins`), in order."""
    window = timedelta(seconds=resolution.vote_window_s)
    latest: dict[str, LiveSignal] = {}
    made: dict[str, tuple[datetime, Decision]] = {}
    able_before: dict[str, LiveSignal] = {}
    for signal in stream:
        now = signal.ts_event
        latest[signal.source] = signal
        votes = sorted(
            (vote for vote in latest.values() if now - vote.ts_event <= window and vote.valid_until > now),
            key=lambda vote: vote.order,
        )
        judged = _judged(account, signal, votes, resolution, settings_sha256)
        if now < begins:
            if judged.decision is not None:
                able_before[signal.side] = signal
            continue
        if judged.outcome is ResolutionOutcome.BELOW_THRESHOLD:
            yield judged
            continue
        made_at, standing = made.get(signal.side, (None, None))
        able = able_before.get(signal.side)
        if made_at is not None and now - made_at <= window:
            yield replace(
                judged,
                outcome=ResolutionOutcome.CONFIRMED,
                decision=standing,
                detail=_counts(signal, votes),
            )
        elif able is not None and now - able.ts_event <= window:
            detail = (
                f"{_counts(signal, votes)}; {able.signal_id} of {able.source}, posted at "
                f"{able.ts_event:%Y-%m-%d %H:%M:%S} UTC, before midnight, may have been decided: no second "
                f"exposure within {resolution.vote_window_s} s"
            )
            yield replace(judged, outcome=ResolutionOutcome.HELD_BACK, decision=None, detail=detail)
        else:
            if judged.decision is not None:
                made[signal.side] = (now, judged.decision)
            yield judged


def _judged(
    account: str,
    signal: LiveSignal,
    votes: Sequence[LiveSignal],
    resolution: Resolution,
    settings_sha256: str,
) -> _Fate:
    """The fate of a signal by its live votes alone: the decision it makes if no exposure stands."""
    agreeing = [vote for vote in votes if vote.side == signal.side]
    net = _weight_of(agreeing) - _weight_of([vote for vote in votes if vote.side != signal.side])
    counts = _counts(signal, votes)
    if net < resolution.threshold:
        detail = f"{counts}: net {net} is below the threshold of {resolution.threshold}"
        return _Fate(signal, account, ResolutionOutcome.BELOW_THRESHOLD, None, net, detail)
    if len(votes) > MAX_VOTES:
        detail = f"{len(votes)} live votes, at most {MAX_VOTES} fit a decision"
        return _Fate(signal, account, ResolutionOutcome.REFUSED, None, net, detail)
    try:
        plan = consensus_plan(signal, agreeing, instruments()[signal.symbol])
    except NoConsensus as refusal:
        return _Fate(signal, account, ResolutionOutcome.REFUSED, None, net, str(refusal))
    decision = _decision(account, signal, plan, votes, settings_sha256)
    return _Fate(signal, account, ResolutionOutcome.DECIDED, decision, net, counts)


def _counts(signal: LiveSignal, votes: Sequence[LiveSignal]) -> str:
    agreeing = sum(vote.side == signal.side for vote in votes)
    return f"{agreeing} for, {len(votes) - agreeing} against"


def _weight_of(votes: Sequence[LiveSignal]) -> Decimal:
    return sum((vote.weight for vote in votes), Decimal(0))


def _decision(
    account: str, signal: LiveSignal, plan: Plan, votes: Sequence[LiveSignal], settings_sha256: str
) -> Decision:
    draft = Decision(
        decision_id="draft",
        account=account,
        symbol=signal.symbol,
        side=signal.side,
        order_type=signal.order_type,
        entry=plan.entry,
        reference_price=plan.reference_price,
        stop_loss=plan.stop_loss,
        take_profits=plan.take_profits,
        ts_decided_ns=to_ns(signal.ts_event),
        valid_until_ns=to_ns(plan.valid_until),
        votes=tuple(vote.vote() for vote in votes),
        resolver_version=RESOLVER_VERSION,
        resolver_settings_sha256=settings_sha256,
    )
    return draft.model_copy(update={"decision_id": draft.expected_id()})


def _live_signals(enriched: pl.DataFrame, resolution: Resolution) -> Iterator[LiveSignal]:
    for row in conform(enriched, ENRICHED).iter_rows(named=True):
        yield _live_signal(row, resolution)


def _live_signal(row: Mapping[str, Any], resolution: Resolution) -> LiveSignal:
    worst_edge = row["entry_high"] if row["side"] == "buy" else row["entry_low"]
    return LiveSignal(
        source=row["source"],
        signal_id=row["signal_id"],
        message_id=row["message_id"],
        message_sha256=row["message_sha256"],
        symbol=row["symbol"],
        side=row["side"],
        order_type=row["order_type"],
        entry=None if worst_edge is None else _decimal(worst_edge),
        stop_loss=_decimal(row["stop_loss"]),
        take_profits=tuple(_decimal(price) for price in row["take_profits"]),
        ts_event=row["ts_event"],
        valid_until=row["valid_until"],
        market_bid=_decimal(row["market_bid"]),
        market_ask=_decimal(row["market_ask"]),
        weight=resolution.weight_of(row["source"]),
    )


def _decimal(price: float) -> Decimal:
    """The price as it was written: the shortest decimal that is this float, to eight places."""
    return Decimal(str(round(price, 8)))
