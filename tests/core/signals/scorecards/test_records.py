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

from hive_core.signals.scorecards.intervals import (
    bootstrap_mean_interval,
    wilson_interval,
)
from hive_core.signals.scorecards.losses import max_drawdown
from hive_core.signals.scorecards.records import score_sources
from hive_core.signals.scorecards.tables import OUTCOMES, SCORECARDS

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


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-3, 5), max_size=30))
def test_the_drawdown_is_the_worst_fall_between_any_two_moments(values: list[float]) -> None:
    running = [0.0]
    for value in values:
        running.append(running[-1] + value)
    worst = max(running[i] - running[j] for i in range(len(running)) for j in range(i, len(running)))
    assert max_drawdown(values) == pytest.approx(worst, abs=1e-9)
