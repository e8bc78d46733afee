"""Where a coarse bar leaves a doubt, finer bars decide it; where there are none, the doubt is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from hive_core.signals.scorecards.outcomes import score_signals
from hive_core.signals.tables import VALID, conform

START = datetime(2017, 3, 1, tzinfo=UTC)
QUIET = (1.0500, 1.0505, 1.0495, 1.0500)
UP = (1.0500, 1.0560, 1.0495, 1.0500)
DOWN = (1.0500, 1.0505, 1.0440, 1.0500)
BOTH = (1.0500, 1.0560, 1.0440, 1.0500)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


@pytest.fixture
def followed(make_signals: Any, make_bars: Any) -> Any:
    """Follows a EURUSD purchase, posted at 01:30, over hours of which that from 02:00 touches both its
    stop and its target, with finer bars inside that hour."""

    def run(finer: list[Any] | None = None, timeframe: str = "M5", **change: Any) -> dict[str, Any]:
        bars = [make_bars([QUIET, QUIET, BOTH, QUIET])]
        if finer is not None:
            bars.append(make_bars(finer, timeframe=timeframe, start=hour(2)))
        signal = conform(make_signals({"ts_event": hour(1.5), "take_profits": [1.0550], **change}), VALID)
        return score_signals(signal, pl.concat(bars)).row(0, named=True)

    return run


@pytest.mark.parametrize(("timeframe", "count"), [("M1", 60), ("M5", 12), ("M15", 4), ("M30", 2)])
def test_the_finer_bars_flip_what_the_hour_alone_counts_as_the_stop(
    followed: Any, timeframe: str, count: int
) -> None:
    alone = followed()
    assert (alone["outcome"], alone["exit_timeframe"]) == ("stop", "H1")
    rest = [QUIET] * (count - 2)
    first_up = followed([UP, DOWN, *rest], timeframe)
    assert (first_up["outcome"], first_up["exit_timeframe"]) == ("target", timeframe)
    assert first_up["r_multiple"] == pytest.approx((1.0550 - 1.0501) / (1.0501 - 1.0450))
    first_down = followed([DOWN, UP, *rest], timeframe)
    assert (first_down["outcome"], first_down["exit_timeframe"]) == ("stop", timeframe)


def test_the_finest_of_several_decides(make_signals: Any, make_bars: Any) -> None:
    bars = pl.concat(
        [
            make_bars([QUIET, QUIET, BOTH, QUIET]),
            make_bars([BOTH, *[QUIET] * 3], timeframe="M15", start=hour(2)),
            make_bars([UP, DOWN, *[QUIET] * 58], timeframe="M1", start=hour(2)),
        ]
    )
    signal = conform(make_signals({"ts_event": hour(1.5), "take_profits": [1.0550]}), VALID)
    row = score_signals(signal, bars).row(0, named=True)
    assert (row["outcome"], row["exit_timeframe"]) == ("target", "M1")


def test_a_few_finer_bars_in_an_hour_do_not_decide_for_the_rest_of_it(followed: Any) -> None:
    assert followed([UP, DOWN], "M5")["outcome"] == "stop"


def test_a_bar_that_touches_both_tells_what_it_would_be_at_best(followed: Any) -> None:
    row = followed()
    assert row["r_multiple"] == pytest.approx(-1)
    assert row["r_multiple_at_best"] == pytest.approx((1.0550 - 1.0501) / (1.0501 - 1.0450))
    sure = followed([DOWN, UP, *[QUIET] * 10])
    assert sure["r_multiple_at_best"] == sure["r_multiple"]


def test_at_best_is_asked_of_each_part_on_its_own(followed: Any) -> None:
    row = followed(take_profits=[1.0550, 1.0600])
    risk = 1.0501 - 1.0450
    assert row["r_multiple_at_best"] == pytest.approx(((1.0550 - 1.0501) / risk - 1) / 2)


def test_a_bar_that_opens_at_or_beyond_the_stop_leaves_no_doubt(make_signals: Any, make_bars: Any) -> None:
    for opened in (1.0450, 1.0445):
        bars = make_bars([QUIET, QUIET, QUIET, (opened, 1.0560, 1.0440, 1.0500)])
        signal = conform(make_signals({"ts_event": hour(1.5), "take_profits": [1.0550]}), VALID)
        row = score_signals(signal, bars).row(0, named=True)
        assert row["outcome"] == "stop"
        assert row["r_multiple_at_best"] == row["r_multiple"]


def test_what_tells_an_exit_is_known_when_its_bar_has_closed(make_signals: Any, make_bars: Any) -> None:
    bars = make_bars([QUIET, QUIET, QUIET, (1.0400, 1.0405, 1.0395, 1.0400)])
    signal = conform(make_signals({"ts_event": hour(1.5), "take_profits": [1.0550]}), VALID)
    row = score_signals(signal, bars).row(0, named=True)
    assert (row["ts_exit"], row["ts_known"]) == (hour(3), hour(4))


def test_the_first_target_at_best_gives_every_doubt_to_the_source(make_signals: Any, make_bars: Any) -> None:
    def at_best(*later: Any, posted: float = 1.5) -> bool | None:
        signal = conform(make_signals({"ts_event": hour(posted), "take_profits": [1.0550]}), VALID)
        return score_signals(signal, make_bars([QUIET, *later])).row(0, named=True)["first_target_at_best"]

    assert at_best(QUIET, BOTH) is True
    # In the very hour of its posting, though no order was there yet.
    assert at_best(UP, DOWN) is True
    # The hour closed when it was posted: it is of the past.
    assert at_best(UP, DOWN, posted=2.0) is False
    assert at_best(QUIET, DOWN, UP) is False
    assert at_best(QUIET, QUIET) is None
    assert at_best() is None


def test_targets_behind_the_first_price_are_counted_as_passed(make_signals: Any, make_bars: Any) -> None:
    bars = make_bars([QUIET, QUIET, (1.0560, 1.0610, 1.0555, 1.0600)])
    signal = conform(
        make_signals({"ts_event": hour(1.5), "stop_loss": 1.0300, "take_profits": [1.0550, 1.0600, 1.0700]}),
        VALID,
    )
    row = score_signals(signal, bars).row(0, named=True)
    assert (row["targets"], row["targets_passed"], row["targets_hit"]) == (3, 1, 1)


def test_the_order_in_which_targets_are_written_changes_nothing(make_signals: Any, make_bars: Any) -> None:
    bars = make_bars([QUIET, QUIET, UP, DOWN])
    rows = [
        score_signals(
            conform(make_signals({"ts_event": hour(1.5), "take_profits": targets}), VALID), bars
        ).drop("signal_id")
        for targets in ([1.0550, 1.0600], [1.0600, 1.0550])
    ]
    assert rows[0].equals(rows[1])
