"""What a voice weighs: by configuration, by scorecard, after decay; and how many voices must agree."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from enriched_rows import ONE_ACCOUNT, enriched, with_resolution
from hypothesis import given
from hypothesis import strategies as st

from hive_core.configuration.load import parse_configuration
from hive_core.configuration.model import Configuration
from hive_core.contracts.base import parse_contract
from hive_core.contracts.decision import Decision
from hive_core.signals.fates import Resolved, tables_of
from hive_core.signals.fixed_point import UNITS, decayed
from hive_core.signals.live_signals import NotResolvable
from hive_core.signals.resolve import resolve_signals
from hive_core.signals.resolver import Resolver
from proofs.plain_resolution import plain_decisions
from proofs.random_signals import BEGIN, random_signals

SELL: dict[str, Any] = {"side": "sell", "stop_loss": 1.0550, "take_profits": [1.0450]}
DAY = date(2017, 3, 1)
WEIGHTS = {"source": pl.String, "day": pl.Date, "weight": pl.Float64}


def fates(frame: pl.DataFrame, configuration: Configuration) -> list[str]:
    return resolve_signals(frame, configuration).resolutions["outcome"].to_list()


def decisions(resolved: Resolved) -> list[Decision]:
    return [parse_contract(Decision, text.encode()) for text in resolved.decisions["decision_json"]]


def test_after_a_half_life_half_of_a_voice_is_left() -> None:
    settings = with_resolution(decay_half_life_s=1800, threshold=Decimal("1.5"))
    at_half = enriched({}, {"source": "room_b", "minute": 30})
    later = enriched({}, {"source": "room_b", "minute": 31})
    resolved = resolve_signals(at_half, settings)
    assert resolved.resolutions["net_weight"].to_list() == [1.0, 1.5]
    (decision,) = decisions(resolved)
    told = [(vote.base_weight, vote.weight) for vote in decision.votes]
    assert told == [(1, Decimal("0.5")), (1, 1)]
    assert decision.rule.decay_half_life_s == 1800
    assert fates(later, settings) == ["below_threshold", "below_threshold"]
    assert fates(later, with_resolution(threshold=Decimal("1.5"))) == ["below_threshold", "decided"]


def test_the_average_leans_to_the_fresher_voice() -> None:
    settings = with_resolution(decay_half_life_s=600, threshold=Decimal("1.1"))
    frame = enriched({"stop_loss": 1.0400}, {"source": "room_b", "minute": 20, "stop_loss": 1.0450})
    (decision,) = decisions(resolve_signals(frame, settings))
    assert decision.stop_loss == Decimal("1.044")  # (0.25 x 1.0400 + 1.0450) / 1.25


def test_a_voice_of_which_nothing_is_left_is_none() -> None:
    settings = with_resolution(decay_half_life_s=60)
    resolved = resolve_signals(enriched(SELL, {"source": "room_b", "minute": 28}), settings)
    assert resolved.resolutions["detail"].to_list() == ["1 for, 0 against", "1 for, 0 against"]
    assert [len(decision.votes) for decision in decisions(resolved)] == [1, 1]


def test_weight_alone_is_not_enough_where_voices_are_asked_for() -> None:
    settings = with_resolution(minimum_voices=2, weights={"room_a": Decimal(9)})
    frame = enriched(
        {}, {"minute": 1}, {"source": "room_c", "minute": 2, **SELL}, {"source": "room_b", "minute": 3}
    )
    resolved = resolve_signals(frame, settings)
    assert resolved.resolutions["outcome"].to_list() == [
        "too_few_voices",
        "too_few_voices",
        "below_threshold",
        "decided",
    ]
    assert resolved.resolutions["detail"][0] == "1 for, 0 against: at least 2 voices must agree"


def test_a_card_votes_beside_a_source_of_its_name() -> None:
    frame = enriched({}, {"minute": 1}, {"minute": 2, **SELL}).with_columns(
        pl.Series("voice_kind", ["source", "card", "card"])
    )
    settings = with_resolution(threshold=Decimal(2))
    resolved = resolve_signals(frame, settings)
    assert resolved.resolutions["outcome"].to_list() == ["below_threshold", "decided", "below_threshold"]
    (decision,) = decisions(resolved)
    assert [(vote.kind, vote.source) for vote in decision.votes] == [("source", "room_a"), ("card", "room_a")]
    assert resolved.resolutions["net_weight"].to_list() == [1.0, 2.0, 0.0]


def by_scorecard(*rows: tuple[str, date, float]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=WEIGHTS, orient="row")


def test_a_source_weighs_what_its_record_says_of_that_day_and_else_the_prior() -> None:
    settings = with_resolution(
        weighting="scorecard",
        default_weight=Decimal("0.4"),
        threshold=Decimal("0.1"),
        exposure_window_s=3600,
    )
    day = 24 * 60
    frame = enriched({}, {"minute": day}, {"source": "room_b", "minute": day + 100}, {"minute": 2 * day})
    earned = by_scorecard(
        ("room_a", DAY, 0.1 + 0.2),
        ("room_a", DAY + timedelta(days=1), 1.25),
        ("room_z", DAY, 9.0),
        ("room_a", DAY + timedelta(days=2), 0.0),
    )
    resolved = resolve_signals(frame, settings, source_weights=earned)
    votes = [decision.votes[0].base_weight for decision in decisions(resolved)]
    assert votes == [Decimal("0.3"), Decimal("1.25"), Decimal("0.1")]
    assert resolved.resolutions["outcome"].to_list() == ["decided", "decided", "decided", "no_weight"]
    # Fixed weights do not look at records.
    fixed = resolve_signals(frame, with_resolution(), source_weights=earned)
    assert {decision.votes[0].base_weight for decision in decisions(fixed)} == {Decimal(1)}


def test_a_vote_keeps_the_weight_of_the_day_it_was_posted_on() -> None:
    settings = with_resolution(weighting="scorecard", threshold=Decimal(3), weights={"room_b": Decimal(1)})
    frame = enriched({"minute": 11 * 60 + 50}, {"source": "room_b", "minute": 12 * 60 + 10})
    earned = by_scorecard(("room_a", DAY, 2.5), ("room_a", DAY + timedelta(days=1), 0.1))
    (decision,) = decisions(resolve_signals(frame, settings, source_weights=earned))
    assert [vote.base_weight for vote in decision.votes] == [Decimal("2.5"), 1]


@pytest.mark.parametrize(
    ("earned", "told"),
    [
        (None, "the table of source weights is needed"),
        (by_scorecard(("room_a", DAY, 1.0), ("room_a", DAY, 2.0)), "two weights of one source"),
        (by_scorecard(("room_a", DAY, -0.1)), "null or negative"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(earned: pl.DataFrame | None, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        resolve_signals(enriched({}), with_resolution(weighting="scorecard"), source_weights=earned)


@pytest.mark.parametrize("seed", range(8))
def test_decayed_votes_by_scorecard_decide_as_the_plain_rule_does_and_one_by_one(seed: int) -> None:
    settings = with_resolution(
        weighting="scorecard",
        decay_half_life_s=[600, 3600][seed % 2],
        threshold=Decimal(["0.7", "1.4"][seed // 2 % 2]),
        minimum_voices=1 + seed // 4,
        vote_window_s=7200,
    )
    frame = random_signals(seed, 250, days=2.5, rooms=8)
    days = [BEGIN.date() + timedelta(days=number) for number in range(2)]
    rows = [(f"room_{n:02d}", day, (n * 7 + day.day * 5) % 11 / 7) for n in range(6) for day in days]
    earned = by_scorecard(*rows)
    resolved = resolve_signals(frame, settings, source_weights=earned)
    decided = resolved.resolutions.filter(pl.col("outcome") == "decided")
    assert decided.height > 5
    exact = {(source, day): Decimal(round(weight * UNITS)).scaleb(-8) for source, day, weight in rows}
    assert decided.select("account", "signal_id").rows() == plain_decisions(frame, settings, exact)
    ordered = frame.sort("ts_event", "source", "signal_id")
    again = tables_of(Resolver(settings).hear(ordered, earned))
    assert again.decisions.equals(resolved.decisions)
    assert again.resolutions.equals(resolved.resolutions)


@given(st.integers(1, 10**10), st.integers(0, 10**13), st.integers(1, 30 * 86_400))
def test_decay_is_the_power_of_two_to_a_millionth_and_never_grows(
    weight: int, age_us: int, half_s: int
) -> None:
    found = decayed(weight, age_us, half_s * 10**6)
    exact = weight * 2.0 ** (-age_us / (half_s * 10**6))
    assert abs(found - exact) <= 0.51 + 1e-6 * exact
    assert decayed(weight, age_us + half_s * 10**6, half_s * 10**6) <= found <= weight
    assert decayed(weight, age_us, None) == weight


def test_settings_are_read_and_bounded() -> None:
    text = '[resolution]\ndecay_half_life_s = 900\nminimum_voices = 2\nweighting = "scorecard"\n'
    resolution = parse_configuration(text).resolution
    assert (resolution.decay_half_life_s, resolution.minimum_voices) == (900, 2)
    assert (resolution.weighting, Configuration().resolution.weighting) == ("scorecard", "fixed")
    for wrong in (
        "decay_half_life_s = 0",
        "minimum_voices = 65",
        'weighting = "measured"',
        "default_weight = 2000000",
    ):
        with pytest.raises(ValueError, match=wrong.split()[0]):
            parse_configuration(f"[resolution]\n{wrong}\n")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"message_id": 'a"b'}, "message_id"),
        ({"source": "Room"}, "source"),
        ({"signal_id": ""}, "signal_id"),
        ({"message_sha256": "xyz"}, "message_sha256"),
        ({"symbol": "NONE"}, "symbol"),
        ({"side": "hold"}, "side"),
        ({"order_type": "fok"}, "order_type"),
        ({"order_type": "limit"}, "order_type"),
        ({"take_profits": []}, "take_profits"),
        ({"take_profits": [1.06] * 17}, "take_profits"),
        ({"take_profits": [1.06, None]}, "take_profits"),
        ({"stop_loss": None}, "prices"),
        ({"stop_loss": -1.0}, "prices"),
        ({"stop_loss": float("nan")}, "prices"),
        ({"take_profits": [float("inf")]}, "prices"),
        ({"market_bid": None}, "prices"),
        ({"entry": 2e7}, "prices"),
    ],
)
def test_what_no_decision_could_carry_is_refused_by_name(change: dict[str, Any], told: str) -> None:
    with pytest.raises(NotResolvable, match=f"its {told} fits no decision"):
        resolve_signals(enriched({}, change), ONE_ACCOUNT)
