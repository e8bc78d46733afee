"""Scoring trades each signal at bid and ask, late rather than early, and gives doubt to the stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hive_core.backtest.fills import BarPrices, closing_mark, entry_fill, exit_fill
from hive_core.market.bars import ASK_COLUMNS, BID_COLUMNS
from hive_core.signals.scorecards.outcomes import score_signals
from hive_core.signals.scorecards.tables import OUTCOMES
from hive_core.signals.tables import VALID, conform

START = datetime(2017, 3, 1, tzinfo=UTC)
QUIET = (1.0500, 1.0505, 1.0495, 1.0500)
UP = (1.0500, 1.0560, 1.0495, 1.0550)
DOWN = (1.0500, 1.0505, 1.0440, 1.0450)
BOTH = (1.0500, 1.0560, 1.0440, 1.0500)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


@pytest.fixture
def follow(make_signals: Any, make_bars: Any) -> Any:
    """Follows one EURUSD signal, posted at 01:30 after two quiet hours, over the bars from 02:00 on."""

    def run(*later: Any, bars_changes: dict[str, Any] | None = None, **change: Any) -> dict[str, Any]:
        bars = make_bars([QUIET, QUIET, *later], **(bars_changes or {}))
        signal = {"ts_event": hour(1.5), "take_profits": [1.0550], **change}
        return score_signals(conform(make_signals(signal), VALID), bars).row(0, named=True)

    return run


def test_a_market_buy_fills_at_the_next_open_at_the_ask_and_leaves_at_the_bid(follow: Any) -> None:
    row = follow(QUIET, UP)
    assert (row["ts_entry"], row["entry_price"]) == (hour(2), 1.0501)
    assert (row["outcome"], row["ts_exit"], row["exit_price"]) == ("target", hour(4), 1.0550)
    assert row["r_multiple"] == pytest.approx((1.0550 - 1.0501) / (1.0501 - 1.0450))
    assert row["targets_hit"] == 1


def test_a_market_sale_fills_at_the_bid_and_leaves_at_the_ask(follow: Any) -> None:
    sale = {"side": "sell", "stop_loss": 1.0550, "take_profits": [1.0450]}
    row = follow(DOWN, **sale)
    assert (row["entry_price"], row["exit_price"], row["outcome"]) == (1.0500, 1.0450, "target")
    # The ask touches the stop while the bid stays a spread below it.
    stopped = follow((1.0500, 1.0549, 1.0495, 1.0500), **sale)
    assert (stopped["outcome"], stopped["exit_price"]) == ("stop", 1.0550)
    assert stopped["r_multiple"] == pytest.approx(-1)
    # The bid reaches the target's price, the ask does not.
    assert follow((1.0500, 1.0505, 1.0450, 1.0450), **sale)["outcome"] == "open"


def test_a_signal_on_the_hour_fills_at_that_hours_open(follow: Any) -> None:
    assert follow(QUIET, UP, ts_event=hour(2))["ts_entry"] == hour(2)
    assert follow(QUIET, UP, ts_event=hour(2) + timedelta(microseconds=1))["ts_entry"] == hour(3)


def test_stop_and_target_in_one_bar_count_as_the_stop(follow: Any) -> None:
    row = follow(BOTH)
    assert (row["outcome"], row["exit_price"], row["targets_hit"]) == ("stop", 1.0450, 0)
    assert row["r_multiple"] == pytest.approx(-1)


def test_a_gap_beyond_the_stop_loses_more_than_planned(follow: Any) -> None:
    gap = (1.0400, 1.0405, 1.0395, 1.0400)
    row = follow(QUIET, gap)
    assert (row["outcome"], row["exit_price"], row["ts_exit"]) == ("stop", 1.0400, hour(3))
    assert row["r_multiple"] == pytest.approx(-(1.0501 - 1.0400) / (1.0501 - 1.0450))


def test_parts_are_equal_and_leave_on_their_own(follow: Any) -> None:
    row = follow(UP, DOWN, take_profits=[1.0550, 1.0600])
    assert (row["outcome"], row["targets_hit"], row["ts_exit"]) == ("stop", 1, hour(4))
    risk = 1.0501 - 1.0450
    assert row["r_multiple"] == pytest.approx(((1.0550 - 1.0501) / risk - 1) / 2)
    assert row["exit_price"] == pytest.approx((1.0550 + 1.0450) / 2)


def test_all_targets_reached_is_a_target(follow: Any) -> None:
    higher = (1.0550, 1.0610, 1.0545, 1.0600)
    row = follow(UP, higher, take_profits=[1.0550, 1.0600])
    assert (row["outcome"], row["targets_hit"]) == ("target", 2)


def test_what_is_open_at_the_end_is_marked_to_the_last_close(follow: Any) -> None:
    row = follow(QUIET, (1.0500, 1.0530, 1.0495, 1.0526))
    assert (row["outcome"], row["ts_exit"], row["exit_price"]) == ("open", None, 1.0526)
    assert row["r_multiple"] == pytest.approx(0.0025 / 0.0051)


@pytest.mark.parametrize("quiet_hours", [1, 63, 64, 65, 191, 192, 193, 500])
def test_an_exit_is_found_however_long_it_takes(follow: Any, quiet_hours: int) -> None:
    row = follow(*[QUIET] * quiet_hours, UP, QUIET)
    assert (row["outcome"], row["ts_exit"]) == ("target", hour(2 + quiet_hours + 1))


def test_a_limit_fills_only_where_it_is_touched(follow: Any) -> None:
    limit = {"order_type": "limit", "entry": 1.0480, "valid_until": hour(6)}
    touched = follow(QUIET, (1.0500, 1.0505, 1.0479, 1.0500), UP, **limit)
    assert (touched["entry_price"], touched["ts_entry"], touched["outcome"]) == (1.0480, hour(4), "target")
    # It is the ask that must come down to a limit to buy.
    almost = follow(QUIET, (1.0500, 1.0505, 1.0480, 1.0500), UP, **limit)
    assert (almost["outcome"], almost["ts_entry"], almost["r_multiple"]) == ("unfilled", None, None)


def test_a_limit_that_the_market_opens_beyond_fills_at_the_better_open(follow: Any) -> None:
    limit = {"order_type": "limit", "entry": 1.0480, "valid_until": hour(6)}
    row = follow((1.0470, 1.0480, 1.0465, 1.0475), **limit)
    assert (row["entry_price"], row["ts_entry"]) == (1.0471, hour(2))


def test_a_stop_order_fills_at_its_price_or_a_worse_open(follow: Any) -> None:
    order = {"order_type": "stop", "entry": 1.0520, "valid_until": hour(6)}
    assert follow(QUIET, (1.0500, 1.0530, 1.0495, 1.0525), **order)["entry_price"] == 1.0520
    assert follow((1.0530, 1.0535, 1.0525, 1.0530), **order)["entry_price"] == 1.0531


def test_of_a_zone_the_worst_edge_is_the_entry(follow: Any) -> None:
    zone = {"order_type": "limit", "entry_low": 1.0470, "entry_high": 1.0480, "valid_until": hour(6)}
    assert follow((1.0500, 1.0505, 1.0475, 1.0500), **zone)["entry_price"] == 1.0480


def test_a_bar_that_fills_a_limit_may_stop_it_but_not_reward_it(follow: Any) -> None:
    limit = {"order_type": "limit", "entry": 1.0480, "valid_until": hour(6)}
    assert follow(BOTH, **limit)["outcome"] == "stop"
    rewarded_later = follow((1.0500, 1.0560, 1.0470, 1.0500), QUIET, **limit)
    assert rewarded_later["outcome"] == "open"


def test_an_order_expires_unless_the_bar_that_fills_it_has_closed_in_time(follow: Any) -> None:
    touch = (1.0500, 1.0505, 1.0470, 1.0500)
    limit = {"order_type": "limit", "entry": 1.0480}
    assert follow(touch, QUIET, **limit, valid_until=hour(3))["outcome"] == "open"
    assert follow(touch, QUIET, **limit, valid_until=hour(2.99))["outcome"] == "expired"
    assert follow(QUIET, touch, **limit, valid_until=hour(3))["outcome"] == "expired"
    assert follow(touch, **limit, valid_until=hour(2.99))["outcome"] == "expired"


def test_a_market_order_that_waits_over_the_weekend_expires(make_signals: Any, make_bars: Any) -> None:
    bars = pl.concat([make_bars([1.05] * 2), make_bars([1.05] * 2, start=hour(50))])
    outcomes = score_signals(conform(make_signals({"ts_event": hour(1.5)}), VALID), bars)
    assert outcomes["outcome"].to_list() == ["expired"]


def test_without_later_bars_nothing_is_filled(follow: Any) -> None:
    assert follow()["outcome"] == "unfilled"


def test_a_first_price_beyond_the_stop_fills_nothing(follow: Any) -> None:
    # The bid is what leaves: at the stop it would leave at once.
    assert follow((1.0450, 1.0600, 1.0440, 1.0500))["outcome"] == "unfilled"
    assert follow((1.0451, 1.0600, 1.0451, 1.0500))["outcome"] == "target"


def test_a_target_that_the_first_price_has_passed_is_left_out(follow: Any) -> None:
    gap = (1.0560, 1.0610, 1.0555, 1.0600)
    row = follow(gap, stop_loss=1.0300, take_profits=[1.0550, 1.0600])
    assert (row["outcome"], row["targets_hit"], row["exit_price"]) == ("target", 1, 1.0600)
    assert follow(gap, stop_loss=1.0300, take_profits=[1.0550, 1.0560])["outcome"] == "unfilled"


def test_a_fill_that_is_worse_than_the_plan_by_half_its_risk_does_not_happen(follow: Any) -> None:
    # Planned at 1.05 with 50 pips of risk: the ask may be 1.0525 and no more.
    assert follow((1.0524, 1.0700, 1.0520, 1.0600), entry=1.0500)["outcome"] == "target"
    assert follow((1.0525, 1.0700, 1.0520, 1.0600), entry=1.0500)["outcome"] == "unfilled"


def test_a_missing_side_costs_the_declared_spread(follow: Any) -> None:
    assert follow(QUIET, bars_changes={"sides": "bid"})["entry_price"] == pytest.approx(1.05006)


def test_a_signal_is_followed_on_the_timeframe_of_its_quote(make_signals: Any, make_bars: Any) -> None:
    hours, minutes = make_bars([BOTH] * 6), make_bars([QUIET] * 60 + [UP] * 60, timeframe="M5")
    signal = conform(make_signals({"ts_event": hour(4.5), "take_profits": [1.0550]}), VALID)
    assert score_signals(signal, hours)["outcome"].to_list() == ["stop"]
    finer = score_signals(signal, pl.concat([hours, minutes])).row(0, named=True)
    assert (finer["outcome"], finer["ts_entry"], finer["ts_exit"]) == (
        "target",
        hour(4.5),
        hour(5) + timedelta(minutes=5),
    )


def test_rows_keep_their_order_and_need_no_bars(make_signals: Any, make_bars: Any) -> None:
    signals = conform(make_signals({"ts_event": hour(9)}, {"ts_event": hour(3)}), VALID)
    outcomes = score_signals(signals, make_bars([QUIET] * 20))
    assert outcomes["signal_id"].to_list() == ["sig_0", "sig_1"]
    assert score_signals(signals, make_bars([])).get_column("outcome").to_list() == ["unfilled"] * 2
    assert dict(score_signals(signals.clear(), make_bars([QUIET])).schema) == OUTCOMES


moves = st.tuples(
    st.floats(-0.003, 0.003), st.floats(0, 0.003), st.floats(0, 0.003), st.floats(-0.001, 0.001)
)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    walk=st.lists(moves, min_size=4, max_size=120),
    is_buy=st.booleans(),
    order_type=st.sampled_from(["market", "limit", "stop"]),
    offset=st.floats(0.0002, 0.004),
    risk=st.floats(0.001, 0.006),
    rewards=st.lists(st.floats(0.001, 0.009), min_size=1, max_size=3, unique=True),
    held_h=st.integers(1, 30),
)
def test_it_agrees_with_going_through_every_bar_one_by_one(
    make_signals: Any,
    make_bars: Any,
    walk: list[tuple[float, float, float, float]],
    is_buy: bool,
    order_type: Any,
    offset: float,
    risk: float,
    rewards: list[float],
    held_h: int,
) -> None:
    level, ohlc = 1.05, []
    for move, up, down, gap in walk:
        opened, close = level + gap, level + gap + move
        ohlc.append((opened, max(opened, close) + up, min(opened, close) - down, close))
        level = close
    bars = make_bars(ohlc)
    sign = 1 if is_buy else -1
    waits = {"market": 0.0, "limit": -sign * offset, "stop": sign * offset}[order_type]
    entry = 1.05 + waits
    targets = [entry + sign * reward for reward in sorted(rewards)]
    signal = {
        "ts_event": hour(1.5),
        "side": "buy" if is_buy else "sell",
        "order_type": order_type,
        "entry": entry,
        "stop_loss": entry - sign * risk,
        "take_profits": targets,
        "valid_until": hour(1.5 + held_h),
    }
    row = score_signals(conform(make_signals(signal), VALID), bars).row(0, named=True)
    prices = [BarPrices(*values) for values in bars.select(*BID_COLUMNS, *ASK_COLUMNS).iter_rows()]
    expected = _one_by_one(signal, prices)
    assert (row["outcome"], row["targets_hit"]) == expected[:2]
    assert row["r_multiple"] == (None if expected[2] is None else pytest.approx(expected[2]))


def _one_by_one(signal: dict[str, Any], bars: list[BarPrices[float]]) -> tuple[str, int, float | None]:
    """The plainest way to say the same: every bar from 02:00 on, every part, in order."""
    side, stop, sign = signal["side"], signal["stop_loss"], 1 if signal["side"] == "buy" else -1
    fill, parts, gains, hits, stopped = None, [], [], 0, False
    for number, bar in enumerate(bars[2:], start=2):
        inside = True
        if fill is None:
            if hour(number) >= signal["valid_until"]:
                return "expired", 0, None
            found = entry_fill(side, signal["order_type"], signal["entry"], bar)
            if found is None or not (found.at_open or hour(number + 1) <= signal["valid_until"]):
                continue
            fill, inside, parts = found.price, found.at_open, list(signal["take_profits"])
            if sign * (fill - signal["entry"]) > abs(signal["entry"] - stop) / 2:
                return "unfilled", 0, None
            if found.at_open:
                leave = bar.bid_open if sign > 0 else bar.ask_open
                parts = [target for target in parts if sign * (target - leave) > 0]
                if sign * (leave - stop) <= 0 or not parts:
                    return "unfilled", 0, None
        for target in list(parts):
            left = exit_fill(side, stop, target, bar, open_at_start=inside)
            if left is not None:
                parts.remove(target)
                gains.append(sign * (left.price - fill))
                hits += left.reason == "target"
                stopped |= left.reason == "stop"
        if not parts:
            return (
                "stop" if stopped else "target",
                hits,
                sum(gains) / len(gains) / abs(signal["entry"] - stop),
            )
    if fill is None:
        return ("expired" if hour(len(bars)) >= signal["valid_until"] else "unfilled"), 0, None
    gains += [sign * (closing_mark(side, bars[-1]) - fill)] * len(parts)
    return "open", hits, sum(gains) / len(gains) / abs(signal["entry"] - stop)


def test_ask_and_bid_columns_stand_where_the_search_expects_them() -> None:
    assert (*BID_COLUMNS, *ASK_COLUMNS)[2] == "bid_low"
    assert (*BID_COLUMNS, *ASK_COLUMNS)[6] == "ask_low"


def test_a_fill_beside_the_stop_is_measured_by_the_risk_that_was_planned(follow: Any) -> None:
    # The market fell from 1.05 to three pips over the stop before the fill; the plan risked 50 pips.
    row = follow((1.0453, 1.0600, 1.0452, 1.0590), entry=1.0500, take_profits=[1.0550])
    assert row["entry_price"] == pytest.approx(1.0454)
    assert row["r_multiple"] == pytest.approx((1.0550 - 1.0454) / (1.0500 - 1.0450))


def test_a_market_that_stands_beyond_the_stop_already_plans_nothing(follow: Any) -> None:
    assert follow((1.0453, 1.0600, 1.0452, 1.0590), entry=None, stop_loss=1.0600)["outcome"] == "unfilled"
