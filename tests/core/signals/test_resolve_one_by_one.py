"""Signal after signal, a history is resolved as it is all at once: byte for byte, whatever the settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from enriched_rows import ONE_ACCOUNT, enriched, with_resolution
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.configuration.model import Configuration
from hive_core.contracts.base import parse_contract
from hive_core.contracts.decision import Decision
from hive_core.evidence.canonical import canonical_bytes
from hive_core.signals import resolution_tables
from hive_core.signals.fates import Resolved, tables_of
from hive_core.signals.resolve import resolve_signals
from hive_core.signals.resolver import HeardTooLate, Resolver
from proofs.random_signals import random_signals, with_copies


def one_by_one(frame: pl.DataFrame, configuration: Configuration, *, at_once: int = 1_000) -> Resolved:
    """Signal after signal in the order of posting, told to the resolver so many in a frame."""
    resolver = Resolver(configuration)
    ordered = frame.sort("ts_event", "source", "signal_id")
    return tables_of(fate for part in ordered.iter_slices(at_once) for fate in resolver.hear(part))


def same(one: Resolved, other: Resolved) -> None:
    assert one.resolutions.to_dicts() == other.resolutions.to_dicts()
    assert one.decisions.to_dicts() == other.decisions.to_dicts()
    assert one.decisions.schema == other.decisions.schema
    assert one.resolutions.schema == other.resolutions.schema


weights = st.sampled_from(["0", "0.25", "0.33333333", "1", "2.5", "171.9", "1000000"])
configurations = st.builds(
    lambda **changes: with_resolution(**changes),
    vote_window_s=st.sampled_from([60, 1800, 3600, 14_400, 100_000]),
    exposure_window_s=st.sampled_from([1, 3600, 43_200, 200_000]),
    decay_half_life_s=st.sampled_from([None, 1, 7, 600, 3600, 2_592_000]),
    threshold=st.sampled_from(["0.5", "1", "1.5", "3"]).map(Decimal),
    minimum_voices=st.integers(1, 4),
    default_weight=weights.map(Decimal),
    weights=st.dictionaries(st.sampled_from(["room_00", "room_01", "room_02"]), weights.map(Decimal)),
)
histories = st.builds(
    lambda copies, **signals: with_copies(random_signals(**signals), copies, seed=copies),
    copies=st.sampled_from([0, 20]),
    seed=st.integers(0, 2**32),
    count=st.integers(1, 60),
    days=st.sampled_from([0.001, 0.05, 0.5, 3.0]),
    rooms=st.sampled_from([1, 3, 12, 100]),
    places=st.sampled_from([0, 0, 1, 4]),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(histories, configurations, st.randoms(use_true_random=False))
def test_one_by_one_is_all_at_once(frame: pl.DataFrame, configuration: Configuration, random: Any) -> None:
    shuffled = frame[random.sample(range(frame.height), frame.height)]
    resolved = resolve_signals(shuffled, configuration)
    same(resolved, one_by_one(frame, configuration))
    for text, decision_id, sha256 in resolved.decisions.select(
        "decision_json", "decision_id", "decision_sha256"
    ).iter_rows():
        decision = parse_contract(Decision, text.encode())
        assert canonical_bytes(decision).decode() == text
        assert decision.decision_id == decision.expected_id() == decision_id
        assert decision.sha256() == sha256


def test_a_frame_for_each_signal_is_one_frame_for_all() -> None:
    frame = random_signals(4, 60, days=0.5)
    same(resolve_signals(frame, ONE_ACCOUNT), one_by_one(frame, ONE_ACCOUNT, at_once=1))


def test_what_64_bits_do_not_hold_is_resolved_all_the_same() -> None:
    # A million of weight, prices of eight places: the products have 21 digits.
    heavy = with_resolution(default_weight=Decimal(1_000_000), decay_half_life_s=600)
    frame = random_signals(5, 80, days=0.1, places=3)
    resolved = resolve_signals(frame, heavy)
    assert resolved.decisions.height > 0
    same(resolved, one_by_one(frame, heavy))


def test_a_crowd_and_those_few_beside_it_are_heard_alike() -> None:
    frame = random_signals(6, 400, days=0.02, rooms=99)
    resolved = resolve_signals(frame, ONE_ACCOUNT)
    assert "live votes, at most 64" in " ".join(resolved.resolutions["detail"])
    same(resolved, one_by_one(frame, ONE_ACCOUNT))


def test_a_signal_that_comes_after_a_later_one_is_refused_and_changes_nothing() -> None:
    frame = enriched({}, {"source": "room_b", "minute": 5}, {"source": "room_c", "minute": 10})
    resolver = Resolver(ONE_ACCOUNT)
    list(resolver.hear(frame[:2]))
    for late in (frame[0], frame[1]):
        with pytest.raises(HeardTooLate, match=late["signal_id"][0]):
            list(resolver.hear(late))
    (fate,) = resolver.hear(frame[2])
    assert fate.row() == {
        **resolve_signals(frame, ONE_ACCOUNT).resolutions.row(2, named=True),
        "ts_event": fate.signal.ts_us,
    }


def test_what_is_kept_is_what_may_still_vote() -> None:
    frame = random_signals(7, 3_000, days=30, rooms=50)
    resolver = Resolver(with_resolution(vote_window_s=600))
    list(resolver.hear(frame))
    kept = [len(book.latest) for book in resolver._books.values()]
    assert len(kept) == 3
    assert max(kept) <= 5
    ideas = [
        len(side.able_before.of_idea) for book in resolver._books.values() for side in book.sides.values()
    ]
    assert max(ideas) < 30 < 3_000 / len(ideas)
    assert frame.height == 3_000


def test_a_signal_that_had_expired_when_it_was_posted_decides_nothing_and_silences_the_one_before() -> None:
    expired = {"minute": 10, "valid_until": enriched({"minute": 10})["ts_event"][0]}
    two_needed = with_resolution(threshold=Decimal(2))
    frame = enriched({}, expired, {"source": "room_b", "minute": 20})
    resolved = resolve_signals(frame, two_needed)
    assert resolved.resolutions["outcome"].to_list() == ["below_threshold", "expired", "below_threshold"]
    same(resolved, one_by_one(frame, two_needed))


def test_an_average_that_rounds_to_nothing_is_no_price() -> None:
    tiny = {"stop_loss": 0.000004}
    target = {
        "side": "sell",
        "stop_loss": 1.06,
        "take_profits": [1.04, 0.000004],
        "source": "room_b",
        "minute": 90,
    }
    frame = enriched(tiny, target)
    resolved = resolve_signals(frame, ONE_ACCOUNT)
    assert resolved.resolutions["outcome"].to_list() == ["refused", "refused"]
    assert set(resolved.resolutions["detail"]) == {"an average is less than half a tick: no price"}
    same(resolved, one_by_one(frame, ONE_ACCOUNT))


def test_no_window_is_too_long_for_the_days_between() -> None:
    week = with_resolution(vote_window_s=7 * 86_400, decay_half_life_s=30 * 86_400)
    frame = random_signals(8, 200, days=40)
    same(resolve_signals(frame, week), one_by_one(frame, week))


@pytest.mark.parametrize("pairs", [1, 7, 1_000_000])
def test_decisions_written_in_portions_are_those_written_at_once(
    pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = random_signals(11, 600, days=2)
    configuration = with_resolution(threshold=Decimal(1), decay_half_life_s=1800)
    expected = one_by_one(frame, configuration)
    assert expected.decisions.height > 50
    monkeypatch.setattr(resolution_tables, "PAIRS_WRITTEN_AT_ONCE", pairs)
    same(resolve_signals(frame, configuration), expected)


def test_what_is_out_of_order_is_put_in_order() -> None:
    frame = random_signals(12, 600, days=0.01)
    same(resolve_signals(frame.reverse(), ONE_ACCOUNT), resolve_signals(frame, ONE_ACCOUNT))
