"""Order ids and the table of states: total, with an end to every way."""

from __future__ import annotations

from itertools import combinations

import pytest

from hive_core.contracts.order import LIVE_STATES, TRANSITIONS, OrderState, client_order_id

ENDS = {state for state, following in TRANSITIONS.items() if not following}


def test_the_table_is_this_one():
    """Each line is a promise of the daemon; a new one is written here too."""
    assert {str(state): {str(one) for one in following} for state, following in TRANSITIONS.items()} == {
        "intended": {"accepted", "rejected", "expired", "not_accepted"},
        "accepted": {"filled", "expired", "cancelled", "rejected"},
        "filled": {"closed"},
        "rejected": set(),
        "expired": set(),
        "cancelled": set(),
        "not_accepted": set(),
        "closed": set(),
    }


def test_every_state_is_in_the_table_once() -> None:
    assert set(TRANSITIONS) == set(OrderState)
    assert set().union(*TRANSITIONS.values()) <= set(OrderState)


def test_states_that_carry_risk_are_those_that_are_not_over() -> None:
    assert set(OrderState) - ENDS == LIVE_STATES


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


def test_no_state_follows_itself_or_leads_back() -> None:
    for state, following in TRANSITIONS.items():
        assert state not in following
        assert OrderState.INTENDED not in following


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
