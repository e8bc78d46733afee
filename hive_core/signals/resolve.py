"""Several voices to one decision: enriched signals, folded in the order they were posted.

A pure function of signals and settings. How the agreeing votes become one plan stands in
`consensus`; whether an account may trade it is the daemon's business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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

RESOLVER_VERSION = "resolver-1"
"""Raised by hand with every change that can change a decision."""

MAX_VOTES = 64
"""What a decision can carry."""

ONE_DAY = timedelta(days=1)


class ResolutionOutcome(StrEnum):
    """What became of a signal that arrived."""

    DECIDED = "decided"
    CONFIRMED = "confirmed"
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
    many as the vote window reaches back."""
    return max(1, -(-resolution.vote_window_s // int(ONE_DAY.total_seconds())))


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
    `threshold`; then a decision is made, unless one of the same side was made within `vote_window_s`:
    one exposure an idea, the later voice confirms it.

    A UTC day's decisions are a function of the signals of that day and of `context_days` before it,
    however much more is in the frame: each day is folded from the beginning of its context. So a
    partition that is resolved with its context gives the decisions that all days together give.

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
    for (account, _), group in groups.items():
        for day in sorted({signal.ts_event.date() for signal in group if is_asked(signal)}):
            begins = datetime.combine(day, time(), tzinfo=UTC)
            from_ = begins - context_days(resolution) * ONE_DAY
            stream = [signal for signal in group if from_ <= signal.ts_event < begins + ONE_DAY]
            fates += [
                fate
                for fate in _fold(account, stream, resolution, settings_sha256)
                if fate.signal.ts_event >= begins and is_asked(fate.signal)
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
    account: str, stream: Sequence[LiveSignal], resolution: Resolution, settings_sha256: str
) -> Iterator[_Fate]:
    """The fate of each signal of one account and instrument, in order."""
    window = timedelta(seconds=resolution.vote_window_s)
    latest: dict[str, LiveSignal] = {}
    made: dict[str, tuple[datetime, Decision]] = {}
    for signal in stream:
        now = signal.ts_event
        latest[signal.source] = signal
        votes = sorted(
            (vote for vote in latest.values() if now - vote.ts_event <= window and vote.valid_until > now),
            key=lambda vote: vote.order,
        )
        agreeing = [vote for vote in votes if vote.side == signal.side]
        opposing = [vote for vote in votes if vote.side != signal.side]
        net = _weight_of(agreeing) - _weight_of(opposing)
        counts = f"{len(agreeing)} for, {len(opposing)} against"
        if net < resolution.threshold:
            detail = f"{counts}: net {net} is below the threshold of {resolution.threshold}"
            yield _Fate(signal, account, ResolutionOutcome.BELOW_THRESHOLD, None, net, detail)
            continue
        made_at, standing = made.get(signal.side, (None, None))
        if made_at is not None and now - made_at <= window:
            yield _Fate(signal, account, ResolutionOutcome.CONFIRMED, standing, net, counts)
            continue
        if len(votes) > MAX_VOTES:
            detail = f"{len(votes)} live votes, at most {MAX_VOTES} fit a decision"
            yield _Fate(signal, account, ResolutionOutcome.REFUSED, None, net, detail)
            continue
        try:
            plan = consensus_plan(signal, agreeing, instruments()[signal.symbol])
        except NoConsensus as refusal:
            yield _Fate(signal, account, ResolutionOutcome.REFUSED, None, net, str(refusal))
            continue
        decision = _decision(account, signal, plan, votes, settings_sha256)
        made[signal.side] = (now, decision)
        yield _Fate(signal, account, ResolutionOutcome.DECIDED, decision, net, counts)


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
