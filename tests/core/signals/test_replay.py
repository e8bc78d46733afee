"""A decision is made again from what it records, byte for byte; whatever is changed in it, that shows."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from enriched_rows import enriched, with_resolution
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.contracts.base import parse_contract
from hive_core.contracts.decision import Decision, DecisionRule, Vote
from hive_core.evidence.canonical import canonical_bytes
from hive_core.signals.code_version import code_version
from hive_core.signals.replay import NotReplayable, OtherCode, replay
from hive_core.signals.resolve import resolve_decisions
from proofs.random_signals import random_signals

SETTINGS = with_resolution(
    threshold=Decimal("1.2"), minimum_voices=3, decay_half_life_s=1800, weights={"room_b": Decimal("1.5")}
)
SELL = {"side": "sell", "stop_loss": 1.0600, "take_profits": [1.0450]}
LIMIT = {"order_type": "limit", "entry": 1.0490}


def a_decision() -> Decision:
    frame = enriched(
        {**LIMIT, "stop_loss": 1.0433},
        {"source": "room_b", "minute": 7, **LIMIT, "entry": 1.0480, "take_profits": [1.0571, 1.0622]},
        {"source": "room_c", "minute": 9, **SELL},
        {"source": "room_d", "minute": 20, **LIMIT, "entry": 1.0477},
    )
    text = resolve_decisions(frame, SETTINGS)["decision_json"][-1]
    return parse_contract(Decision, text.encode())


DECISION = a_decision()


def replayed(decision: Decision) -> bytes | None:
    """What replay makes of it; None where it says that nothing follows."""
    try:
        return replay(decision)
    except NotReplayable:
        return None


def with_its_id(decision: Decision) -> Decision:
    return decision.model_copy(update={"decision_id": decision.expected_id()})


def test_the_same_bytes_come_out() -> None:
    assert len(DECISION.votes) == 4
    assert [str(vote.base_weight) for vote in DECISION.votes] == ["1", "1.5", "1", "1"]
    assert len({vote.weight for vote in DECISION.votes}) == 4
    assert replay(DECISION) == canonical_bytes(DECISION)


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.sampled_from([None, 1, 600, 86_400]),
    st.sampled_from([0, 2]),
    st.integers(1, 3),
)
def test_every_decision_of_a_history_can_be_made_again(
    seed: int, half_life_s: int | None, places: int, voices: int
) -> None:
    configuration = with_resolution(
        decay_half_life_s=half_life_s, minimum_voices=voices, default_weight=Decimal("1.00000007")
    )
    frame = random_signals(seed, 80, days=0.2, rooms=20, places=places)
    for text in resolve_decisions(frame, configuration)["decision_json"]:
        assert replay(parse_contract(Decision, text.encode())).decode() == text


OTHER: dict[str, Any] = {
    "decision_id": "dec_other",
    "account": "others",
    "symbol": "GBPUSD",
    "side": "sell",
    "order_type": "stop",
    "entry": Decimal("1.0484"),
    "market_bid": Decimal("1.04999"),
    "market_ask": Decimal("1.05021"),
    "reference_price": Decimal("1.0502"),
    "stop_loss": Decimal("1.0444"),
    "take_profits": (Decimal("1.0556"),),
    "ts_decided_ns": DECISION.ts_decided_ns - 1000,
    "valid_until_ns": DECISION.valid_until_ns + 1000,
    "rule": DecisionRule(
        vote_window_s=3601, decay_half_life_s=1800, threshold=Decimal("1.2"), minimum_voices=3
    ),
    "votes": DECISION.votes[1:],
    "resolver_version": "resolver-1",
    "resolver_settings_sha256": "0" * 64,
}
MADE_AGAIN = set(Decision.model_fields) - {"account", "market_bid", "market_ask", "resolver_settings_sha256"}


@pytest.mark.parametrize("name", sorted(Decision.model_fields))
def test_a_change_of_any_field_shows(name: str) -> None:
    changed = DECISION.model_copy(update={name: OTHER[name]})
    assert replayed(changed) != canonical_bytes(changed)


@pytest.mark.parametrize("name", sorted(MADE_AGAIN - {"decision_id", "rule", "votes", "symbol"}))
def test_what_follows_from_the_votes_cannot_be_changed_with_its_id(name: str) -> None:
    changed = with_its_id(DECISION.model_copy(update={name: OTHER[name]}))
    assert replayed(changed) != canonical_bytes(changed)


OTHER_VOTES: dict[str, Any] = {
    "kind": "card",
    "source": "room_x",
    "signal_id": "sig_x",
    "message_id": "x",
    "message_sha256": "f" * 64,
    "ts_event_ns": DECISION.votes[1].ts_event_ns - 1000,
    "valid_until_ns": DECISION.votes[1].valid_until_ns - 1000,
    "side": "sell",
    "order_type": "market",
    "base_weight": Decimal("1.50000001"),
    "weight": Decimal("1.2"),
    "entry": Decimal("1.0481"),
    "stop_loss": Decimal("1.0451"),
    "take_profits": (Decimal("1.0572"), Decimal("1.0622")),
}


@pytest.mark.parametrize("name", sorted(Vote.model_fields))
@pytest.mark.parametrize("place", range(4))
def test_a_change_of_any_field_of_any_vote_shows(name: str, place: int) -> None:
    vote = DECISION.votes[place].model_copy(update={name: OTHER_VOTES[name]})
    votes = (*DECISION.votes[:place], vote, *DECISION.votes[place + 1 :])
    changed = DECISION.model_copy(update={"votes": votes})
    if vote != DECISION.votes[place]:
        assert replayed(changed) != canonical_bytes(changed)


@pytest.mark.parametrize(
    "name", ["base_weight", "entry", "order_type", "side", "stop_loss", "take_profits", "weight"]
)
def test_what_a_vote_weighs_and_wants_cannot_be_changed_with_the_id(name: str) -> None:
    far = {**OTHER_VOTES, "base_weight": Decimal(3), "entry": Decimal("1.0450")}
    far |= {"stop_loss": Decimal("1.04"), "take_profits": (Decimal("1.06"), Decimal("1.07"))}
    vote = DECISION.votes[1].model_copy(update={name: far[name]})
    votes = (DECISION.votes[0], vote, *DECISION.votes[2:])
    changed = with_its_id(DECISION.model_copy(update={"votes": votes}))
    assert replayed(changed) != canonical_bytes(changed)


@pytest.mark.parametrize("place", range(4))
def test_a_vote_left_out_or_voting_twice_shows(place: int) -> None:
    fewer = tuple(vote for at, vote in enumerate(DECISION.votes) if at != place)
    without = DECISION.model_copy(update={"votes": fewer})
    assert replayed(without) != canonical_bytes(without)
    # With another id, a vote against that was left out is not missed: the journal must show that.
    is_missed = DECISION.votes[place].side == DECISION.side
    assert (replayed(with_its_id(without)) != canonical_bytes(with_its_id(without))) is is_missed
    twice = with_its_id(DECISION.model_copy(update={"votes": (*DECISION.votes, DECISION.votes[place])}))
    with pytest.raises(NotReplayable, match="a voice votes twice"):
        replay(twice)


def test_votes_in_another_order_show() -> None:
    changed = with_its_id(DECISION.model_copy(update={"votes": DECISION.votes[::-1]}))
    assert replay(changed) == canonical_bytes(DECISION) != canonical_bytes(changed)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("threshold", Decimal(9), "below the threshold of 9"),
        ("minimum_voices", 4, "at least 4 voices must agree"),
        ("vote_window_s", 60, "sig_000 of room_a had no vote any more"),
    ],
)
def test_a_rule_by_which_nothing_follows_is_said(field: str, value: Any, told: str) -> None:
    rule = DECISION.rule.model_copy(update={field: value})
    with pytest.raises(NotReplayable, match=told):
        replay(DECISION.model_copy(update={"rule": rule}))


@pytest.mark.parametrize("half_life_s", [None, 1799])
def test_another_half_life_makes_other_bytes(half_life_s: int | None) -> None:
    rule = DECISION.rule.model_copy(update={"decay_half_life_s": half_life_s})
    changed = with_its_id(DECISION.model_copy(update={"rule": rule}))
    assert replayed(changed) != canonical_bytes(changed)


def test_a_decision_of_other_code_is_not_made_again() -> None:
    older = with_its_id(DECISION.model_copy(update={"resolver_version": "resolver-1"}))
    with pytest.raises(OtherCode, match=f"resolver-1 made it, this is {code_version()}") as found:
        replay(older)
    assert found.value.again == canonical_bytes(older)


def test_of_other_code_it_is_told_whether_it_decides_otherwise() -> None:
    other = {"resolver_version": "resolver-1", "stop_loss": Decimal("1.0444")}
    older = with_its_id(DECISION.model_copy(update=other))
    with pytest.raises(OtherCode, match="resolver-1 made it") as found:
        replay(older)
    assert found.value.again is not None
    again = parse_contract(Decision, found.value.again)
    assert (again.stop_loss, again.resolver_version) == (DECISION.stop_loss, "resolver-1")
    lonely = {"resolver_version": "resolver-1", "votes": DECISION.votes[-1:]}
    with pytest.raises(OtherCode, match=r"this is hive-.*, by which 1 for, 0 against: ") as found:
        replay(with_its_id(DECISION.model_copy(update=lonely)))
    assert found.value.again is None


def test_an_unknown_instrument_is_said() -> None:
    with pytest.raises(NotReplayable, match="no instrument NONE"):
        replay(DECISION.model_copy(update={"symbol": "NONE"}))


def test_an_order_that_waits_without_a_price_is_said() -> None:
    last = DECISION.votes[-1].model_copy(update={"entry": None})
    with pytest.raises(NotReplayable, match="sig_003 is a limit order without its entry"):
        replay(DECISION.model_copy(update={"votes": (*DECISION.votes[:-1], last)}))


def test_prices_that_no_plan_holds_are_said() -> None:
    raw = json.loads(canonical_bytes(DECISION))
    for vote in raw["votes"]:
        vote["stop_loss"] = "1.0500"
    with pytest.raises(NotReplayable, match=r"the average stop 1\.05 is not behind"):
        replay(parse_contract(Decision, json.dumps(raw).encode()))
