"""What the live lane must have answered: messages judged again, all at once, by the pipeline's own functions.

The live lane works message by message and keeps its memory; here whole frames go through `parse_signals`,
`validate_signals`, `enrich_signals` and `resolve_signals`, and nothing is kept. That both give the same bytes
is what the daily check asks. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from hive_core.contracts.lane import MAX_DETAIL, LaneOutcome, SignalFate, SignalJudged
from hive_core.contracts.message import Message
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.judging import ResolutionOutcome
from hive_core.signals.lane_context import LaneContext
from hive_core.signals.parse import parse_signals
from hive_core.signals.received import row_of
from hive_core.signals.resolve import resolve_signals
from hive_core.signals.tables import MESSAGES
from hive_core.signals.validate import validate_signals

QUARANTINED = "quarantined"
UPDATE = "update"
LATE = "late"
"""Fates beside those of resolution."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that the lane judged: its row of MESSAGES, and those of its signals that came too late for
    their account and instrument, and so have no voice."""

    row: Mapping[str, Any]
    too_late: frozenset[str] = frozenset()

    @property
    def sha256(self) -> str:
        """The message version's identity."""
        return str(self.row["message_sha256"])


def heard_of(message: Message, judged: SignalJudged, *, is_deleted: bool = False) -> Heard | None:
    """A journalled message as the lane heard it, by what it answered; None where it was not judged."""
    if judged.outcome is not LaneOutcome.JUDGED:
        return None
    row = row_of(message, received_ns=judged.ts_received_ns, is_deleted=is_deleted)
    row |= {
        "version": judged.version,
        "earlier_versions": judged.earlier_versions,
        "message_sha256": judged.message_sha256,
    }
    return Heard(row, frozenset(fate.signal_id for fate in judged.fates if fate.outcome == LATE))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one message became: a fate a row that it was read as, and the decisions' canonical texts."""

    fates: tuple[SignalFate, ...]
    decisions: tuple[str, ...]


def recompute(context: LaneContext, before: Sequence[Heard], asked: Sequence[Heard]) -> dict[str, Answer]:
    """The answers to `asked`, by message hash.

    Args:
        context: the deck by which they were judged.
        before: what the lane had heard before the first of them, by whatever deck; what stands in this deck
            counts once.
        asked: the messages that were judged by this deck, in the order in which they came.
    """
    in_deck = set(context.tables["messages"]["message_sha256"])
    heard = [each for each in (*before, *asked) if each.sha256 not in in_deck]
    rows = pl.DataFrame([dict(each.row) for each in heard], schema=MESSAGES, orient="row")
    messages = pl.concat([context.tables["messages"], rows])
    ours = pl.col("message_sha256").is_in({each.sha256 for each in heard})
    parsed = parse_signals(messages, context.configuration).filter(ours)
    valid, quarantined = validate_signals(
        pl.concat([context.tables["parsed_signals"], parsed]),
        context.tables["bars"],
        messages,
        context.configuration,
    )
    enriched = enrich_signals(
        valid.filter(ours),
        context.tables["bars"],
        news=context.tables["news_events"],
        rates=context.tables["reference_rates"],
    )
    too_late = {signal_id for each in heard for signal_id in each.too_late}
    resolved = resolve_signals(
        pl.concat(
            [context.tables["enriched_signals"], enriched.filter(~pl.col("signal_id").is_in(too_late))]
        ),
        context.configuration,
        source_weights=context.source_weights,
    )
    resolutions = {row["signal_id"]: row for row in resolved.resolutions.iter_rows(named=True)}
    decisions = {row["decision_id"]: row for row in resolved.decisions.iter_rows(named=True)}
    refused = {row["signal_id"]: row for row in quarantined.filter(ours).iter_rows(named=True)}
    found: dict[str, Answer] = {}
    for (sha256,), part in parsed.partition_by("message_sha256", as_dict=True, maintain_order=True).items():
        fates, made = [], []
        for row in part.filter(pl.col("kind") != "noise").iter_rows(named=True):
            resolution = resolutions.get(row["signal_id"])
            fates.append(fate_of(row, refused.get(row["signal_id"]), resolution, decisions, too_late))
            if resolution is not None and resolution["outcome"] == ResolutionOutcome.DECIDED.value:
                made.append(str(decisions[resolution["decision_id"]]["decision_json"]))
        found[str(sha256)] = Answer(tuple(fates), tuple(made))
    return {each.sha256: found[each.sha256] for each in asked if each.sha256 in found}


def fate_of(
    parsed: Mapping[str, Any],
    quarantined: Mapping[str, Any] | None,
    resolution: Mapping[str, Any] | None,
    decisions: Mapping[str, Mapping[str, Any]],
    too_late: frozenset[str] | set[str],
) -> SignalFate:
    """The fate of one row of PARSED that is no noise, by the tables that it went into."""
    signal_id = parsed["signal_id"]
    if parsed["kind"] == "update":
        return SignalFate(signal_id=signal_id, outcome=UPDATE)
    if quarantined is not None:
        return quarantined_fate(quarantined)
    if signal_id in too_late:
        return late_fate(signal_id)
    if resolution is None:
        raise ValueError(f"{signal_id} is neither quarantined nor resolved")
    decision_id = resolution["decision_id"]
    return SignalFate(
        signal_id=signal_id,
        outcome=resolution["outcome"],
        detail=resolution["detail"][:MAX_DETAIL],
        decision_id=decision_id,
        decision_sha256=None if decision_id is None else decisions[decision_id]["decision_sha256"],
    )


def quarantined_fate(row: Mapping[str, Any]) -> SignalFate:
    """The fate of a row of QUARANTINED."""
    return SignalFate(
        signal_id=row["signal_id"],
        outcome=QUARANTINED,
        reason=row["reason"],
        detail=(row["detail"] or "")[:MAX_DETAIL],
    )


def late_fate(signal_id: str) -> SignalFate:
    """The fate of a signal whose account and instrument had heard a later one before."""
    return SignalFate(
        signal_id=signal_id,
        outcome=LATE,
        detail="a later signal of its account and instrument was heard before it: what was decided stands",
    )
