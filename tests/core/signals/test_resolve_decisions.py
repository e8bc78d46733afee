"""Votes become one decision an idea, the same whatever the order and the frame they come in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from enriched_rows import MIDNIGHT, NO_IDEAS, NOON, ONE_ACCOUNT, enriched, with_resolution
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.configuration.model import Account, Configuration, Resolution
from hive_core.contracts.base import parse_contract
from hive_core.contracts.decision import Decision
from hive_core.evidence.canonical import content_hash, sha256_hex
from hive_core.signals.code_version import code_version
from hive_core.signals.resolve import context_days, resolve_decisions, resolve_signals
from hive_core.signals.tables import DECISIONS, RESOLUTIONS

SELL: dict[str, Any] = {"side": "sell", "stop_loss": 1.0550, "take_profits": [1.0450]}


def fates(frame: pl.DataFrame, configuration: Configuration = ONE_ACCOUNT, **bounds: Any) -> list[str]:
    return resolve_signals(frame, configuration, **bounds).resolutions["outcome"].to_list()


def only_decision(frame: pl.DataFrame, configuration: Configuration = ONE_ACCOUNT) -> Decision:
    decisions = resolve_decisions(frame, configuration)
    assert decisions.height == 1
    return parse_contract(Decision, decisions["decision_json"].item().encode())


def test_one_voice_over_the_threshold_decides() -> None:
    decision = only_decision(enriched({}))
    assert (decision.account, decision.symbol, decision.side) == ("joint", "EURUSD", "buy")
    assert decision.order_type == "market"
    assert decision.entry is None
    assert decision.stop_loss == Decimal("1.045")
    assert decision.take_profits == (Decimal("1.055"), Decimal("1.06"))
    assert decision.reference_price == Decimal("1.0501")
    assert decision.ts_decided_ns == int(NOON.timestamp()) * 10**9
    assert decision.valid_until_ns == int(NOON.timestamp() + 7200) * 10**9
    assert decision.resolver_version == code_version()
    assert decision.resolver_settings_sha256 == content_hash(ONE_ACCOUNT.resolution)


def test_a_decision_carries_the_id_and_hash_of_its_content() -> None:
    row = resolve_decisions(enriched({}), ONE_ACCOUNT).row(0, named=True)
    decision = parse_contract(Decision, row["decision_json"].encode())
    assert row["decision_id"] == decision.decision_id == decision.expected_id()
    assert row["decision_sha256"] == decision.sha256() == sha256_hex(row["decision_json"].encode())


def test_the_later_voice_confirms_and_makes_no_second_decision() -> None:
    resolved = resolve_signals(enriched({}, {"source": "room_b", "minute": 30}), ONE_ACCOUNT)
    assert resolved.resolutions["outcome"].to_list() == ["decided", "confirmed"]
    assert resolved.resolutions["decision_id"].n_unique() == 1
    assert resolved.decisions["signal_ids"].to_list() == [["sig_000"]]


def test_a_decision_stands_for_exactly_the_window() -> None:
    assert fates(enriched({}, {"minute": 60}), NO_IDEAS) == ["decided", "confirmed"]
    assert fates(enriched({}, {"minute": 61}), NO_IDEAS) == ["decided", "decided"]
    # The window is counted from the decision, not from the voice that confirmed it.
    later = enriched({}, {"minute": 40}, {"minute": 80})
    assert fates(later, NO_IDEAS) == ["decided", "confirmed", "decided"]


def test_two_voices_that_are_both_needed_decide_at_the_second() -> None:
    two_needed = with_resolution(threshold=Decimal(2))
    resolved = resolve_signals(enriched({}, {"source": "room_b", "minute": 60}), two_needed)
    assert resolved.resolutions["outcome"].to_list() == ["below_threshold", "decided"]
    assert resolved.decisions["sources"].to_list() == [["room_a", "room_b"]]
    assert fates(enriched({}, {"source": "room_b", "minute": 61}), two_needed) == ["below_threshold"] * 2


def test_a_source_speaks_once_however_often_it_posts() -> None:
    two_needed = with_resolution(threshold=Decimal(2))
    assert fates(enriched({}, {"minute": 5}, {"minute": 10}), two_needed) == ["below_threshold"] * 3


def test_an_opposing_voice_counts_against() -> None:
    frame = enriched(
        {}, {"source": "room_b", "minute": 10, **SELL}, {"source": "room_c", "minute": 20, **SELL}
    )
    resolved = resolve_signals(frame, ONE_ACCOUNT)
    assert resolved.resolutions["outcome"].to_list() == ["decided", "below_threshold", "decided"]
    assert resolved.resolutions["net_weight"].to_list() == [1.0, 0.0, 1.0]
    sale = parse_contract(Decision, resolved.decisions["decision_json"][1].encode())
    assert [(vote.source, vote.side) for vote in sale.votes] == [
        ("room_a", "buy"),
        ("room_b", "sell"),
        ("room_c", "sell"),
    ]
    assert [vote.message_sha256 for vote in sale.votes] == frame["message_sha256"].to_list()
    assert resolved.decisions["sources"].to_list()[1] == ["room_b", "room_c"]


def test_a_source_that_changes_its_mind_no_longer_votes_for_the_other_side() -> None:
    assert fates(enriched({}, {"minute": 10, **SELL})) == ["decided", "decided"]


def test_an_expired_signal_has_no_vote() -> None:
    two_needed = with_resolution(threshold=Decimal(2))
    late = {"source": "room_b", "minute": 10}
    short = {"valid_until": NOON + timedelta(minutes=10)}
    longer = {"valid_until": NOON + timedelta(minutes=10, microseconds=1)}
    assert fates(enriched(short, late), two_needed) == ["below_threshold", "below_threshold"]
    assert fates(enriched(longer, late), two_needed) == ["below_threshold", "decided"]


def test_a_weight_of_zero_is_no_vote_and_is_told() -> None:
    settings_ = with_resolution(weights={"room_b": Decimal(0)})
    frame = enriched({"source": "room_b"}, {"minute": 1, **SELL})
    assert fates(frame, settings_) == ["no_weight", "decided"]


def test_a_source_without_an_account_is_told_and_never_votes() -> None:
    resolved = resolve_signals(enriched({"source": "elsewhere", **SELL}, {"minute": 1}), ONE_ACCOUNT)
    assert resolved.resolutions.select("outcome", "account").rows() == [
        ("no_account", None),
        ("decided", "joint"),
    ]


def test_accounts_and_instruments_are_resolved_apart() -> None:
    apart = Configuration(accounts=(Account(name="of_{source}", mode="replay", sources=("*",)),))
    gold = {"symbol": "XAUUSD", "stop_loss": 4000.0, "take_profits": [4100.0], "market_bid": 4050.0}
    frame = enriched({}, {"source": "room_b", **SELL}, {**gold, "market_ask": 4050.4})
    assert resolve_decisions(frame, apart).select("account", "symbol").rows() == [
        ("of_room_a", "EURUSD"),
        ("of_room_a", "XAUUSD"),
        ("of_room_b", "EURUSD"),
    ]


def test_the_plan_is_the_weighted_average_on_the_tick() -> None:
    settings_ = with_resolution(threshold=Decimal(4), weights={"room_b": Decimal(3)})
    frame = enriched(
        {"stop_loss": 1.0450, "take_profits": [1.0550, 1.0600, 1.0700]},
        {"source": "room_b", "minute": 1, "stop_loss": 1.04601, "take_profits": [1.0560, 1.0580]},
    )
    decision = only_decision(frame, settings_)
    assert decision.stop_loss == Decimal("1.04576")  # (1.0450 + 3 x 1.04601) / 4 = 1.0457575
    assert decision.take_profits == (Decimal("1.05575"), Decimal("1.0585"))
    assert [vote.weight for vote in decision.votes] == [1, 3]
    assert decision.valid_until_ns == int(NOON.timestamp() + 7200) * 10**9


def test_targets_that_meet_on_a_tick_are_one_target() -> None:
    frame = enriched({"take_profits": [1.055001, 1.055002, 1.06]})
    assert only_decision(frame).take_profits == (Decimal("1.055"), Decimal("1.06"))


def test_a_pending_entry_is_averaged_over_its_own_order_type() -> None:
    settings_ = with_resolution(threshold=Decimal(3))
    limit = {"order_type": "limit"}
    frame = enriched(
        {**limit, "entry": 1.0480},
        {"source": "room_b", "minute": 1, "entry": 1.0500},
        {**limit, "source": "room_c", "minute": 2, "entry_low": 1.0470, "entry_high": 1.0490},
    )
    decision = only_decision(frame, settings_)
    assert decision.order_type == "limit"
    # The upper edge of the zone is where a limit to buy is first touched, and where it is worst.
    assert decision.entry == Decimal("1.0485")


def test_an_average_with_its_stop_on_the_wrong_side_is_refused_aloud() -> None:
    settings_ = with_resolution(threshold=Decimal(2))
    frame = enriched(
        {"stop_loss": 1.0590, "take_profits": [1.08], "market_bid": 1.07, "market_ask": 1.0702},
        {"source": "room_b", "minute": 50, "stop_loss": 1.0450},
    )
    resolved = resolve_signals(frame, settings_)
    assert resolved.decisions.is_empty()
    told = resolved.resolutions.row(1, named=True)
    assert told["outcome"] == "refused"
    assert told["detail"] == "the average stop 1.052 is not behind 1.0501"


def test_an_average_with_a_target_on_the_wrong_side_is_refused_aloud() -> None:
    frame = enriched(
        {"take_profits": [1.0455], "stop_loss": 1.03, "market_bid": 1.04, "market_ask": 1.0402},
        {"source": "room_b", "minute": 50, "take_profits": [1.0520]},
    )
    resolved = resolve_signals(frame, with_resolution(threshold=Decimal(2)))
    told = resolved.resolutions.row(1, named=True)
    assert (told["outcome"], told["detail"]) == (
        "refused",
        "the average target 1.04875 is not ahead of 1.0501",
    )


@pytest.mark.parametrize(("order_type", "near", "far"), [("limit", 1.0495, 1.0515), ("stop", 1.0510, 1.0480)])
def test_an_average_entry_on_the_wrong_side_of_the_market_is_refused(
    order_type: str, near: float, far: float
) -> None:
    pending = {"order_type": order_type, "stop_loss": 1.04, "take_profits": [1.06]}
    frame = enriched({**pending, "entry": far}, {**pending, "source": "room_b", "minute": 50, "entry": near})
    resolved = resolve_signals(frame, with_resolution(threshold=Decimal(2)))
    assert resolved.resolutions["outcome"].to_list() == ["below_threshold", "refused"]
    assert f"{order_type} entry" in resolved.resolutions["detail"][1]


def test_a_refused_consensus_does_not_stand_in_the_way_of_the_next() -> None:
    frame = enriched(
        {"stop_loss": 1.0590, "take_profits": [1.08], "market_bid": 1.07, "market_ask": 1.0702},
        {"source": "room_b", "minute": 50},
        {"source": "room_b", "minute": 55, "stop_loss": 1.0300},
    )
    settings_ = with_resolution(threshold=Decimal(2))
    assert fates(frame, settings_) == ["below_threshold", "refused", "decided"]


def test_more_votes_than_a_decision_carries_are_refused_aloud() -> None:
    crowd = [{"source": f"room_{number:02d}"} for number in range(65)]
    resolved = resolve_signals(enriched(*crowd), with_resolution(threshold=Decimal(65)))
    assert resolved.resolutions["outcome"].to_list()[-1] == "refused"
    assert "65 live votes" in resolved.resolutions["detail"][-1]


def test_context_votes_but_makes_no_decision() -> None:
    two_needed = with_resolution(threshold=Decimal(2))
    frame = enriched({}, {"source": "room_b", "minute": 30}, {"source": "room_c", "minute": 200})
    resolved = resolve_signals(
        frame, two_needed, first_ts=NOON + timedelta(minutes=1), last_ts=NOON + timedelta(minutes=199)
    )
    assert resolved.resolutions["signal_id"].to_list() == ["sig_001"]
    assert resolved.decisions["sources"].to_list() == [["room_a", "room_b"]]


def test_a_decision_in_the_context_stands() -> None:
    frame = enriched({}, {"source": "room_b", "minute": 30})
    assert fates(frame, first_ts=NOON + timedelta(minutes=1)) == ["confirmed"]


def test_the_context_reaches_as_far_back_as_votes_of_what_holds_back() -> None:
    assert context_days(Resolution()) == 1
    assert context_days(Resolution(vote_window_s=43_200)) == 1
    assert context_days(Resolution(vote_window_s=43_201)) == 2
    assert context_days(Resolution(exposure_window_s=82_800)) == 1
    assert context_days(Resolution(exposure_window_s=82_801)) == 2
    assert context_days(Resolution(exposure_window_s=7 * 86_400)) == 8


def test_no_signals_are_no_decisions() -> None:
    resolved = resolve_signals(enriched(), ONE_ACCOUNT)
    assert dict(resolved.decisions.schema) == DECISIONS
    assert dict(resolved.resolutions.schema) == RESOLUTIONS


moments = st.integers(0, 4 * 24 * 60)
voices = st.fixed_dictionaries(
    {
        "minute": moments,
        "source": st.sampled_from(["room_a", "room_b", "room_c", "elsewhere"]),
        "stop_loss": st.sampled_from([1.0400, 1.0450, 1.0500, 1.0590]),
    },
    optional={"side": st.just("sell"), "valid_until": st.just(MIDNIGHT + timedelta(days=5))},
)
FEW_VOICES = st.lists(voices, max_size=14)


@settings(max_examples=30)
@given(FEW_VOICES, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_a_byte(changes: list[dict[str, Any]], random: Any) -> None:
    frame = enriched(*changes)
    order = list(range(frame.height))
    random.shuffle(order)
    first = resolve_signals(frame, ONE_ACCOUNT)
    again = resolve_signals(frame[order], ONE_ACCOUNT)
    assert first.decisions.equals(again.decisions)
    assert first.resolutions.equals(again.resolutions)


@settings(max_examples=30)
@given(FEW_VOICES, moments)
def test_signals_that_come_later_change_no_decision(changes: list[dict[str, Any]], cut: int) -> None:
    frame = enriched(*changes)
    until = pl.col("ts_event") < NOON + timedelta(minutes=cut)
    known = resolve_signals(frame.filter(until), ONE_ACCOUNT).resolutions
    assert known.equals(resolve_signals(frame, ONE_ACCOUNT).resolutions.filter(until))
