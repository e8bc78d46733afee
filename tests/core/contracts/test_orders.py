"""Order ids and the table of states: total, with an end to every way."""

from __future__ import annotations

from itertools import combinations

import pytest

from hive_core.contracts.order import LIVE_STATES, TRANSITIONS, OrderState, client_order_id

ENDS = set(OrderState) - LIVE_STATES
REVIVALS = {OrderState.PARTIALLY_FILLED, OrderState.FILLED, OrderState.ACCEPTED}


def test_the_table_is_this_one():
    """Each line is a promise of the daemon; a new one is written here too."""
    assert {str(state): {str(one) for one in following} for state, following in TRANSITIONS.items()} == {
        "intended": {
            *("accepted", "partially_filled", "filled", "rejected", "expired", "cancelled"),
            *("not_accepted", "unresolved"),
        },
        "unresolved": {
            *("accepted", "partially_filled", "filled", "rejected", "expired", "cancelled"),
            "not_accepted",
        },
        "accepted": {"partially_filled", "filled", "expired", "cancelled", "rejected"},
        "partially_filled": {"partially_filled", "filled", "closed"},
        "filled": {"filled", "closed"},
        "closed": {"filled"},
        "rejected": {"partially_filled", "filled"},
        "expired": {"partially_filled", "filled"},
        "cancelled": {"partially_filled", "filled"},
        "not_accepted": {"partially_filled", "filled", "accepted"},
    }


def test_every_state_is_in_the_table_once() -> None:
    assert set(TRANSITIONS) == set(OrderState)
    assert set().union(*TRANSITIONS.values()) <= set(OrderState)


def test_states_that_carry_risk_are_those_that_are_not_over() -> None:
    assert {str(state) for state in ENDS} == {"closed", "rejected", "expired", "cancelled", "not_accepted"}


def test_only_what_the_venue_did_all_the_same_follows_an_end() -> None:
    """A fill after a cancel, or an order that was given up and works: facts that no table can refuse."""
    for state in ENDS:
        assert TRANSITIONS[state] <= REVIVALS


@pytest.mark.parametrize("state", OrderState)
def test_every_state_reaches_an_end_and_is_reached_from_the_intent(state: OrderState) -> None:
    def reachable(start: OrderState) -> set[OrderState]:
        found, waiting = set(), [start]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting += TRANSITIONS[here]
        return found

    assert reachable(state) & ENDS
    assert state in reachable(OrderState.INTENDED)


def test_nothing_leads_back_to_the_intent_and_nothing_known_becomes_unknown() -> None:
    for state, following in TRANSITIONS.items():
        assert OrderState.INTENDED not in following
        assert OrderState.UNRESOLVED not in following or state is OrderState.INTENDED


def test_an_order_id_is_of_all_its_parts() -> None:
    parts = [
        ("local", "samples", "dec_1", 1, 1),
        ("other", "samples", "dec_1", 1, 1),
        ("local", "sample", "dec_1", 1, 1),
        ("local", "samples", "dec_2", 1, 1),
        ("local", "samples", "dec_1", 2, 1),
        ("local", "samples", "dec_1", 1, 2),
        ("local", "samplesdec", "_1", 1, 1),
    ]
    ids = [client_order_id(*part) for part in parts]
    assert all(one != other for one, other in combinations(ids, 2))
    assert client_order_id(*parts[0]) == ids[0]
