"""A source's own word beside what was measured: which signals its claims speak of, and whether they fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import polars as pl

from hive_core.signals.scorecards.claims import ClaimKind
from hive_core.signals.scorecards.tables import CLAIMS, OUTCOMES
from hive_core.signals.tables import conform

CLAIM_REACH = timedelta(hours=48)
"""How long after a signal a post without a reply can still speak of it."""


class Honesty(StrEnum):
    """How the claimed share of won signals stands to the share that reached the first target.

    `claims_more`: above what the bars allow with every doubt for the source, `claims_less`: below what
    they show with every doubt against it, each with its 95 % interval; `fits`: between. Coarse bars leave
    much room between, and then say little. `claims_nothing`: no claim speaks of a signal.
    `not_measured`: no signal was traded.
    """

    FITS = "fits"
    CLAIMS_MORE = "claims_more"
    CLAIMS_LESS = "claims_less"
    CLAIMS_NOTHING = "claims_nothing"
    NOT_MEASURED = "not_measured"

    @property
    def in_words(self) -> str:
        """The verdict as a sentence."""
        return _WORDS[self]


_WORDS = {
    Honesty.FITS: "the prices do not contradict what it claims",
    Honesty.CLAIMS_MORE: "it claims more than the prices allow",
    Honesty.CLAIMS_LESS: "it claims less than was measured",
    Honesty.CLAIMS_NOTHING: "it claims nothing of its signals",
    Honesty.NOT_MEASURED: "nothing was traded, so its claims cannot be held against anything",
}


@dataclass(frozen=True, slots=True)
class OwnWord:
    """What one source says of itself: posts of each kind, the signals that they call won or lost, and how
    many of the won ones the bars contradict."""

    targets: int = 0
    stops: int = 0
    running: int = 0
    won: int = 0
    lost: int = 0
    contradicted: int = 0

    @property
    def rate(self) -> float | None:
        """The share of won among the signals of which an end is claimed, or None where none is."""
        return self.won / (self.won + self.lost) if self.won + self.lost else None


def honesty_of(claimed_rate: float | None, lowest: float | None, highest: float | None) -> Honesty:
    """The verdict on a claimed rate.

    Args:
        claimed_rate: the share of won among the signals of which an end is claimed.
        lowest: lower bound of the first target's rate among trades, every doubt against the source.
        highest: upper bound of its rate among all signals, every doubt for the source.
    """
    if lowest is None or highest is None:
        return Honesty.NOT_MEASURED
    if claimed_rate is None:
        return Honesty.CLAIMS_NOTHING
    if claimed_rate > highest:
        return Honesty.CLAIMS_MORE
    return Honesty.CLAIMS_LESS if claimed_rate < lowest else Honesty.FITS


def own_words(claims: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, OwnWord]:
    """What each source claims.

    A signal is claimed won when a target notice speaks of it, else lost when a stop notice does: a
    trade whose first target was hit is told as won even if its rest is stopped. Running pips end
    nothing and make a signal neither. Messages that are signals themselves claim nothing: "TP1 hit" in
    a call is a plan.

    Args:
        claims: CLAIMS.
        outcomes: OUTCOMES of the same sources.
    """
    by_source: dict[str, dict[str, int]] = {}
    posts = _without_calls(claims, outcomes).group_by("source", "kind").len()
    for source, kind, count in posts.iter_rows():
        by_source.setdefault(source, {})[kind] = count
    spoken = claimed_signals(claims, outcomes).join(
        outcomes.select("signal_id", "first_target_at_best"), on="signal_id"
    )
    won = pl.col("claimed_won")
    ends = spoken.group_by("source").agg(
        won.sum().alias("won"),
        (~won).sum().alias("lost"),
        (won & ~pl.col("first_target_at_best")).sum().alias("contradicted"),
    )
    of_signals = {row.pop("source"): row for row in ends.iter_rows(named=True)}
    return {
        source: OwnWord(
            targets=counts.get(ClaimKind.TARGET.value, 0),
            stops=counts.get(ClaimKind.STOP.value, 0),
            running=counts.get(ClaimKind.RUNNING.value, 0),
            **of_signals.get(source, {}),
        )
        for source, counts in by_source.items()
    }


def claimed_signals(claims: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """The signals of which an end is claimed: `source`, `signal_id` and `claimed_won` (Boolean).

    A notice speaks of the signal whose message it replies to; without a reply to one, of the source's
    latest signal before it, of the instrument that it names if it names one, and not older than
    `CLAIM_REACH`. A notice that finds no signal counts for none.

    Args:
        claims: CLAIMS.
        outcomes: OUTCOMES of the same sources.
    """
    signals = conform(outcomes, OUTCOMES).select("source", "signal_id", "message_id", "symbol", "ts_event")
    signals = signals.sort("ts_event", "signal_id")
    ends = (
        _without_calls(claims, outcomes)
        .filter(pl.col("kind") != ClaimKind.RUNNING.value)
        .sort("ts_event")
        .with_row_index("claim")
    )
    replies = ends.join(
        signals.select("source", "signal_id", pl.col("message_id").alias("reply_to")),
        on=["source", "reply_to"],
    )
    others = ends.join(replies, on="claim", how="anti")
    named = others.filter(pl.col("symbol").is_not_null()).join_asof(
        signals.drop("message_id"),
        on="ts_event",
        by=["source", "symbol"],
        tolerance=CLAIM_REACH,
        check_sortedness=False,
    )
    unnamed = others.filter(pl.col("symbol").is_null()).join_asof(
        signals.drop("message_id", "symbol"),
        on="ts_event",
        by="source",
        tolerance=CLAIM_REACH,
        check_sortedness=False,
    )
    columns = ["source", "signal_id", "kind"]
    return (
        pl.concat([found.select(columns) for found in (replies, named, unnamed)])
        .drop_nulls("signal_id")
        .group_by("source", "signal_id")
        .agg((pl.col("kind") == ClaimKind.TARGET.value).any().alias("claimed_won"))
        .sort("source", "signal_id")
    )


def _without_calls(claims: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    return conform(claims, CLAIMS).join(outcomes, on=["source", "message_id"], how="anti")
