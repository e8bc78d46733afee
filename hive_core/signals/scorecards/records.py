"""Each source's record, measured: what its signals earned, how sure that is, and its own word beside it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import polars as pl

from hive_core.signals.scorecards.decay import decay_of
from hive_core.signals.scorecards.honesty import OwnWord, honesty_of, own_words
from hive_core.signals.scorecards.intervals import bootstrap_mean_interval, wilson_interval
from hive_core.signals.scorecards.losses import longest_losing_run, max_drawdown
from hive_core.signals.scorecards.outcomes import Outcome
from hive_core.signals.scorecards.tables import CLAIMS, OUTCOMES, SCORECARDS
from hive_core.signals.scorecards.target_rates import HAS_ENDED, target_rates
from hive_core.signals.tables import conform, empty

BY_EXIT = ("ts_exit", "ts_event", "signal_id")
"""The order in which trades ended: that of every running sum."""

_SILENT = OwnWord()


def traded_in_order(outcomes: pl.DataFrame) -> pl.DataFrame:
    """The outcomes that count for R: filled and ended, in the order in which they ended."""
    return outcomes.filter(HAS_ENDED).sort(BY_EXIT)


def score_sources(outcomes: pl.DataFrame, claims: pl.DataFrame | None = None) -> pl.DataFrame:
    """The measured record of each source.

    `traded` counts the signals that were filled and have ended; only they count for wins and R. A win
    has a positive R. Rates have a Wilson interval, `mean_r` a bootstrap interval; both are null where
    there is nothing to measure. Drawdown and losing run follow R in the order of exits. `decay_r` is
    null of too few trades (`decay.decay_of`).

    Args:
        outcomes: OUTCOMES.
        claims: CLAIMS of the same sources (`claims.claims_of`); none where their texts are not known.

    Returns:
        SCORECARDS by source.
    """
    measured = conform(outcomes, OUTCOMES)
    words = own_words(claims if claims is not None else empty(CLAIMS), measured)
    firsts = {
        source: (rate, low, high)
        for source, rate, low, high in target_rates(measured)
        .filter(pl.col("target") == 1)
        .select("source", "rate", "rate_low", "rate_high")
        .iter_rows()
    }
    rows = [
        _card(str(source), one, words.get(str(source), _SILENT), firsts.get(str(source)))
        for (source,), one in measured.partition_by("source", as_dict=True).items()
    ]
    return pl.DataFrame(rows, schema=SCORECARDS).sort("source")


def _card(
    source: str, one: pl.DataFrame, word: OwnWord, first_target: tuple[float, float, float] | None
) -> dict[str, Any]:
    ended = traded_in_order(one)
    counts = dict(one.group_by("outcome").len().iter_rows())
    rate, low, high = first_target or (None, None, None)
    at_best = one["first_target_at_best"].drop_nulls()
    possible, asked = int(at_best.sum()), len(at_best)
    highest = (wilson_interval(possible, asked) or (None, None))[1]
    return {
        "source": source,
        "signals": one.height,
        "unfilled": counts.get(Outcome.UNFILLED.value, 0) + counts.get(Outcome.EXPIRED.value, 0),
        "open": counts.get(Outcome.OPEN.value, 0),
        **_earned(ended["r_multiple"].to_list(), ended["r_multiple_at_best"].to_list()),
        "first_target_rate": rate,
        "first_target_rate_low": low,
        "first_target_rate_high": high,
        "first_target_rate_at_best": possible / asked if asked else None,
        "first_target_rate_at_best_high": highest,
        "claimed_targets": word.targets,
        "claimed_stops": word.stops,
        "claimed_running": word.running,
        "claimed_won": word.won,
        "claimed_lost": word.lost,
        "claimed_rate": word.rate,
        "claims_contradicted": word.contradicted,
        "honesty": honesty_of(word.rate, low, highest).value,
    }


def _earned(r_multiples: Sequence[float], at_best: Sequence[float]) -> dict[str, Any]:
    traded = len(r_multiples)
    wins = sum(r > 0 for r in r_multiples)
    hit_low, hit_high = wilson_interval(wins, traded) or (None, None)
    mean_low, mean_high = bootstrap_mean_interval(r_multiples) or (None, None)
    decay = decay_of(r_multiples)
    return {
        "traded": traded,
        "wins": wins,
        "hit_rate": wins / traded if traded else None,
        "hit_rate_low": hit_low,
        "hit_rate_high": hit_high,
        "mean_r": fmean(r_multiples) if traded else None,
        "mean_r_low": mean_low,
        "mean_r_high": mean_high,
        "mean_r_at_best": fmean(at_best) if traded else None,
        "doubtful": sum(best != r for r, best in zip(r_multiples, at_best, strict=True)),
        "total_r": sum(r_multiples, 0.0),
        "max_drawdown_r": max_drawdown(r_multiples),
        "longest_losing_run": longest_losing_run(r_multiples),
        "decay_r": decay.difference_r if decay else None,
        "decay_r_low": decay.low_r if decay else None,
        "decay_r_high": decay.high_r if decay else None,
    }
