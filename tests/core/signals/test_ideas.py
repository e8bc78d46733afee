"""When two signals are one idea."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hive_core.signals.ideas import ALIKE, idea_of, ideas_of
from proofs.plain_resolution import _step

PRICES = st.integers(1, 10**15)
"""In units: from 1e-8 to ten million."""
USUAL = st.integers(10**7, 10**13)
NEAR = st.floats(-0.00012, 0.00012)


def are_one(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return idea_of(*second) - idea_of(*first) in ALIKE


@given(USUAL, USUAL, NEAR, NEAR)
def test_nearly_equal_prices_are_always_one_idea(stop, target, stop_part, target_part):
    near = round(stop * (1 + stop_part)), round(target * (1 + target_part))
    assert are_one((stop, target), near)
    assert are_one(near, (stop, target))


@given(USUAL, USUAL, st.floats(0.0005, 1))
def test_prices_further_apart_are_never_one_idea(stop, target, part):
    assert not are_one((stop, target), (round(stop * (1 + part)), target))
    assert not are_one((stop, target), (stop, round(target * (1 + part))))


@given(st.lists(st.tuples(PRICES, PRICES), min_size=1))
def test_ideas_of_arrays_are_those_of_numbers(plans):
    stops, targets = (np.array(column, np.int64) for column in zip(*plans, strict=True))
    assert ideas_of(stops, targets).tolist() == [idea_of(*plan) for plan in plans]


def test_every_power_of_two_begins_its_own_step():
    for power in range(1, 50):
        around = np.array([2**power - 1, 2**power, 2**power + 1])
        assert ideas_of(around, around).tolist() == [idea_of(each, each) for each in around.tolist()]
        assert idea_of(2**power, 1) > idea_of(2**power - 1, 1)


@given(st.floats(1e-8, 1e7))
def test_the_plain_rule_counts_the_same_steps(price):
    units = round(round(price, 8) * 1e8)
    assert _step(units / 1e8) == (idea_of(units, 1) >> 20)
