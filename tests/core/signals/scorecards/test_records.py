"""A source's record comes with its doubt, the same on every machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.signals.scorecards.decay import decay_of
from hive_core.signals.scorecards.intervals import (
    bootstrap_difference_interval,
    bootstrap_mean_interval,
    wilson_interval,
)
from hive_core.signals.scorecards.losses import drawdowns, longest_losing_run, max_drawdown
from hive_core.signals.scorecards.records import score_sources
from hive_core.signals.scorecards.tables import OUTCOMES, SCORECARDS, TARGET_RATES
from hive_core.signals.scorecards.target_rates import target_rates

START = datetime(2017, 3, 1, tzinfo=UTC)


def outcomes(*rows: tuple[str, str, float | None]) -> pl.DataFrame:
    """Rows of (source, outcome, R), each an hour after the one before."""
    full: list[dict[str, Any]] = [
        dict.fromkeys(OUTCOMES)
        | {
            "signal_id": f"sig_{number:03d}",
            "source": source,
            "outcome": outcome,
            "r_multiple": r,
            "r_multiple_at_best": r,
            "ts_event": START + timedelta(hours=number),
            "ts_exit": START + timedelta(hours=number) if r is not None else None,
            "ts_known": START + timedelta(hours=number) if r is not None else None,
            "targets": 1,
            "targets_passed": 0,
            "targets_hit": int(outcome == "target"),
            "first_target_at_best": outcome == "target",
        }
        for number, (source, outcome, r) in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=OUTCOMES)


def test_only_what_was_filled_and_has_ended_counts() -> None:
    scores = score_sources(
        outcomes(
            ("room", "target", 2.0),
            ("room", "stop", -1.0),
            ("room", "stop", 0.5),
            ("room", "open", 9.0),
            ("room", "expired", None),
            ("room", "unfilled", None),
        )
    ).row(0, named=True)
    assert (scores["signals"], scores["traded"], scores["wins"]) == (6, 3, 2)
    assert scores["hit_rate"] == pytest.approx(2 / 3)
    assert scores["mean_r"] == pytest.approx(0.5)
    assert scores["total_r"] == pytest.approx(1.5)
    assert scores["max_drawdown_r"] == pytest.approx(1.0)
    assert scores["mean_r_low"] < 0.5 < scores["mean_r_high"]


def test_a_break_even_is_no_win() -> None:
    assert score_sources(outcomes(("room", "stop", 0.0)))["wins"].item() == 0


def test_a_source_that_never_traded_has_no_rates() -> None:
    scores = score_sources(outcomes(("room", "expired", None))).row(0, named=True)
    assert (scores["signals"], scores["traded"], scores["total_r"], scores["max_drawdown_r"]) == (1, 0, 0, 0)
    rates = ("hit_rate", "hit_rate_low", "hit_rate_high", "mean_r", "mean_r_low", "mean_r_high")
    assert [scores[name] for name in rates] == [None] * 6


def test_sources_are_told_apart_and_sorted() -> None:
    scores = score_sources(outcomes(("zulu", "target", 1.0), ("alpha", "stop", -1.0)))
    assert scores.select("source", "total_r").rows() == [("alpha", -1.0), ("zulu", 1.0)]


def test_a_source_scores_the_same_beside_others_and_in_any_order() -> None:
    alone = [("room", "stop", -1.0), ("room", "target", 1.5), ("room", "stop", -1.0), ("room", "target", 2.5)]
    frame = outcomes(*alone)
    beside = outcomes(*alone, ("other", "stop", -1.0), ("aardvark", "target", 4.0))
    assert (
        score_sources(beside.sort("r_multiple"))
        .filter(pl.col("source") == "room")
        .equals(score_sources(frame))
    )


def test_no_outcomes_are_no_scores() -> None:
    assert dict(score_sources(outcomes()).schema) == SCORECARDS


@pytest.mark.parametrize(
    ("wins", "trials", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_wilson_interval_is_the_published_one(wins: int, trials: int, low: float, high: float) -> None:
    found = wilson_interval(wins, trials)
    assert found is not None
    assert found == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_an_interval_always_holds_what_was_measured() -> None:
    for trials in range(1, 400):
        for wins in (0, trials // 3, trials):
            low, high = wilson_interval(wins, trials) or (1.0, 0.0)
            assert low <= wins / trials <= high, (wins, trials)
    for count in range(2, 60):
        value = -count / 21
        low, high = bootstrap_mean_interval([value] * count) or (1.0, 0.0)
        assert low <= fmean([value] * count) <= high


def test_nothing_tried_has_no_interval() -> None:
    assert wilson_interval(0, 0) is None
    assert bootstrap_mean_interval([]) is None
    assert bootstrap_mean_interval([1.0]) is None


def test_the_bootstrap_is_near_the_normal_interval_where_that_holds() -> None:
    values = np.random.default_rng(7).normal(0.2, 1.5, 900)
    found = bootstrap_mean_interval(values.tolist())
    assert found is not None
    half = 1.96 * values.std() / 30
    assert found[0] == pytest.approx(values.mean() - half, abs=0.02)
    assert found[1] == pytest.approx(values.mean() + half, abs=0.02)


def test_the_bootstrap_is_seeded_and_works_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(7).normal(0.2, 1.5, 300).tolist()
    found = bootstrap_mean_interval(values)
    assert found == bootstrap_mean_interval(values)
    monkeypatch.setattr("hive_core.signals.scorecards.intervals._DRAWS_AT_ONCE", 7_000)
    assert bootstrap_mean_interval(values) == found


@settings(max_examples=50)
@given(st.lists(st.floats(-3, 5), max_size=30))
def test_the_drawdown_is_the_worst_fall_between_any_two_moments(values: list[float]) -> None:
    running = [0.0]
    for value in values:
        running.append(running[-1] + value)
    worst = max(running[i] - running[j] for i in range(len(running)) for j in range(i, len(running)))
    assert max_drawdown(values) == pytest.approx(worst, abs=1e-9)


def test_drawdowns_stand_at_each_trade() -> None:
    assert drawdowns([1.0, -2.0, 0.5, 3.0]).tolist() == [0.0, 2.0, 1.5, 0.0]
    assert drawdowns([]).tolist() == []


@pytest.mark.parametrize(
    ("values", "longest"),
    [([], 0), ([1.0], 0), ([-1.0, -1.0, 1.0, -1.0], 2), ([-1.0, 0.0, -1.0], 1), ([1.0, -0.1, -2.0, -1.0], 3)],
)
def test_the_longest_losing_run_is_of_trades_below_zero_in_a_row(values: list[float], longest: int) -> None:
    assert longest_losing_run(values) == longest


def test_the_interval_of_a_difference_is_near_the_normal_one_where_that_holds() -> None:
    chance = np.random.default_rng(11)
    before, after = chance.normal(0.3, 1.2, 600), chance.normal(-0.1, 1.2, 200)
    found = bootstrap_difference_interval(before.tolist(), after.tolist())
    assert found is not None
    middle = after.mean() - before.mean()
    half = 1.96 * np.sqrt(before.var() / 600 + after.var() / 200)
    assert found == (pytest.approx(middle - half, abs=0.03), pytest.approx(middle + half, abs=0.03))
    assert bootstrap_difference_interval([1.0], [1.0, 2.0]) is None


def test_a_source_that_gets_worse_is_told_and_one_that_does_not_is_not() -> None:
    good, bad = [1.5, -1.0, 1.0, 0.5] * 15, [-1.0, -1.0, -0.5, 0.2] * 5
    worse = decay_of([*good, *bad])
    assert worse is not None
    assert (worse.recent, worse.earlier, worse.in_words) == (20, 60, "it got worse")
    assert worse.difference_r == pytest.approx(fmean(bad) - fmean(good))
    better = decay_of([*bad * 3, *good[:20]])
    assert better is not None
    assert better.in_words == "it got better"
    same = decay_of(good)
    assert same is not None
    assert same.in_words == "no change is shown"
    assert same.low_r <= same.difference_r <= same.high_r


def test_of_too_few_trades_nothing_is_said_of_decay() -> None:
    assert decay_of([1.0] * 39) is None
    assert decay_of([1.0, -1.0] * 20) is not None


def test_the_newest_quarter_is_recent() -> None:
    found = decay_of([1.0, -1.0] * 100)
    assert found is not None
    assert (found.recent, found.earlier) == (50, 150)


def test_targets_are_asked_of_the_trades_that_have_them() -> None:
    frame = outcomes(
        ("room", "target", 2.0), ("room", "stop", -1.0), ("room", "stop", 0.5), ("room", "open", 1.0)
    ).with_columns(
        targets=pl.Series([3, 1, 2, 3], dtype=pl.Int32),
        targets_passed=pl.Series([1, 0, 0, 0], dtype=pl.Int32),
        targets_hit=pl.Series([2, 0, 1, 2], dtype=pl.Int32),
    )
    rates = target_rates(frame)
    # The first price of the first trade was beyond its first target; the open one has not ended.
    assert rates.select("target", "tried", "reached").rows() == [(1, 2, 1), (2, 2, 1), (3, 1, 1)]
    assert rates["rate"].to_list() == [0.5, 0.5, 1.0]
    assert (rates["rate_low"] < rates["rate"]).all()
    assert dict(target_rates(frame.clear()).schema) == TARGET_RATES


def test_a_card_counts_every_signal_once_and_tells_the_doubtful() -> None:
    frame = outcomes(
        ("room", "target", 2.0),
        ("room", "stop", -1.0),
        ("room", "open", 9.0),
        ("room", "expired", None),
        ("room", "unfilled", None),
    ).with_columns(r_multiple_at_best=pl.Series([2.0, 1.5, 9.0, None, None]))
    card = score_sources(frame).row(0, named=True)
    assert (card["signals"], card["unfilled"], card["open"], card["traded"]) == (5, 2, 1, 2)
    assert (card["doubtful"], card["mean_r_at_best"], card["mean_r"]) == (1, 1.75, 0.5)
