"""Several voices to one decision: a history of enriched signals at once, in the order of posting.

A pure function of signals, weights and settings. How votes are counted stands in `judging`, and for arrays
in `vote_arrays`; signal after signal the same is `resolver`'s. Whether an account may trade a decision is
the daemon's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from hive_core.configuration.model import Configuration, Resolution
from hive_core.evidence.canonical import content_hash
from hive_core.signals.decision_text import DecisionWriter
from hive_core.signals.exposures import exposures
from hive_core.signals.fates import Fate, Resolved, decisions_frame, in_order_of_decisions, resolutions_frame
from hive_core.signals.judging import ResolutionOutcome, Rule, exposure_us_of
from hive_core.signals.live_signals import ASKED, PLACE, in_order, live_signals, voices_of
from hive_core.signals.resolution_tables import decision_rows, fate_rows, silent_rows
from hive_core.signals.resolver import Resolver
from hive_core.signals.vote_arrays import books_of, fits, ideas_at, judge_all, load

ONE_DAY = timedelta(days=1)


def context_days(resolution: Resolution) -> int:
    """How many whole UTC days before a day its resolution needs as context (see `resolve_signals`): as far
    as a signal may hold back, and one vote window more. At least one."""
    reach_s = max(resolution.vote_window_s, resolution.exposure_window_s) + resolution.vote_window_s
    return max(1, -(-reach_s // int(ONE_DAY.total_seconds())))


def resolve_decisions(
    enriched: pl.DataFrame,
    configuration: Configuration,
    *,
    first_ts: datetime | None = None,
    last_ts: datetime | None = None,
    source_weights: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The decisions (DECISIONS) of `resolve_signals`, without the fate of each signal."""
    return resolve_signals(
        enriched, configuration, first_ts=first_ts, last_ts=last_ts, source_weights=source_weights
    ).decisions


def resolve_signals(
    enriched: pl.DataFrame,
    configuration: Configuration,
    *,
    first_ts: datetime | None = None,
    last_ts: datetime | None = None,
    source_weights: pl.DataFrame | None = None,
) -> Resolved:
    """Resolve signals into decisions, one account and instrument at a time.

    Signals are folded in the order of (ts_event, source, signal_id). At each one the live votes are the
    latest signal of every voice (a source, or a card) with a weight, if it was posted within
    `vote_window_s` (inclusive) and has not expired. Their weights, halved every `decay_half_life_s` of
    age, for the arriving signal's side less those against it, must reach `threshold`, and
    `minimum_voices` must agree; then, if their average is a plan, the signal can decide. It does, unless
    there is one of that side within `vote_window_s` before it, or one of that side, of the same idea
    (`ideas`) and of another voice within `exposure_window_s` before it, that is

    - a decision made on the same UTC day: one exposure an idea, the later voice confirms it;
    - or a signal of an earlier UTC day that could decide: it is held back. Whether that one did decide
      hangs on the signals before it, and so on without end; when in doubt, no second exposure.

    A decision's idea and voice are those of the signal that made it; a voice that repeats itself after the
    vote window means another trade. So two decisions of one side are further apart than the vote window, two
    of one idea by two voices further than the exposure window (a decision is a signal that could decide), a
    confirmed decision is always one of the same day, and a day hangs on nothing older than the
    longer of both before its midnight, for the signals that hold back, and a vote window before, for the
    votes they had. A partition resolved alone with `context_days` before it gives what all days together
    give. That a room has closed or cancelled its call meanwhile is not asked: the window ends by time alone.

    Args:
        enriched: ENRICHED, in any order, each signal once; a column `voice_kind` may tell cards from sources.
        first_ts, last_ts: only signals posted between them, both inclusive, make decisions and are
            told of in `resolutions`; those outside are context.
        source_weights: `source`, `day`, `weight`: what a source's signals of a UTC day weigh, where
            `resolution.weighting` is by scorecard; a source without a row has its configured weight.

    Returns:
        `decisions` by (ts_decided, account, symbol), `resolutions` by (ts_event, source, signal_id).

    Raises:
        live_signals.NotResolvable: a signal that no decision could carry.
        ValueError: weights by scorecard, and no usable `source_weights`.
    """
    rule = Rule.of(configuration.resolution)
    voices = in_order(voices_of(enriched, configuration, source_weights)).with_columns(
        _is_asked(first_ts, last_ts)
    )
    has_vote = pl.col("account").is_not_null() & (pl.col("weight") > 0)
    silent = silent_rows(voices.filter(~has_vote & pl.col(ASKED)))
    places = np.flatnonzero(voices.select(has_vote).to_series().to_numpy())
    book = books_of(voices.select("account", "symbol")[places])
    by_book = np.argsort(book, kind="stable")
    voters, book = voices[places[by_book]], book[by_book]
    del voices  # a million rows are half a gigabyte
    arrays = load(voters, book, rule)
    good = fits(arrays, rule)
    # What 64 bits might not hold is resolved in Python's integers.
    exact = _one_by_one(voters.filter(~good), configuration)
    if not good.all():
        voters = voters.filter(good)
        arrays = load(voters, book[good], rule)
    verdicts = judge_all(arrays, rule)
    lane = 2 * arrays.book + arrays.is_buy
    exposure_us = exposure_us_of(configuration.resolution)
    standing = exposures(
        lane,
        arrays.ts,
        ideas_at(arrays, verdicts.has_the_votes),
        arrays.voice,
        verdicts.has_the_votes,
        verdicts.has_plan,
        rule.window_us,
        exposure_us,
    )
    writer = DecisionWriter.of(rule, content_hash(configuration.resolution))
    decisions = decision_rows(voters, arrays, verdicts, standing, rule, writer)
    fates = fate_rows(voters, arrays, verdicts, standing, rule, exposure_us, decisions)
    made = pl.concat([decisions.filter(ASKED).drop(ASKED), exact[0]]).sort(PLACE)
    told = pl.concat([silent, fates, exact[1]]).sort(PLACE)
    return Resolved(in_order_of_decisions(made.drop(PLACE)), told.drop(PLACE))


def _is_asked(first_ts: datetime | None, last_ts: datetime | None) -> pl.Expr:
    after = pl.lit(True) if first_ts is None else pl.col("ts_event") >= first_ts
    before = pl.lit(True) if last_ts is None else pl.col("ts_event") <= last_ts
    return (after & before).alias(ASKED)


def _one_by_one(voters: pl.DataFrame, configuration: Configuration) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of decisions and of resolutions of these voters, with their places, by `resolver`."""
    fates = list(Resolver(configuration).hear_all(live_signals(voters)))
    asked = [
        (place, fate)
        for place, is_asked, fate in zip(voters[PLACE], voters[ASKED], fates, strict=True)
        if is_asked
    ]
    made = [(place, fate) for place, fate in asked if fate.outcome is ResolutionOutcome.DECIDED]
    return (
        decisions_frame([fate.decision_row() for _, fate in made]).with_columns(_places(made)),
        resolutions_frame([fate.row() for _, fate in asked]).with_columns(_places(asked)),
    )


def _places(fates: Sequence[tuple[int, Fate]]) -> pl.Series:
    return pl.Series(PLACE, [place for place, _ in fates], pl.Int64)
