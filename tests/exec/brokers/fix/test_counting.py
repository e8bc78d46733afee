"""What counts as received: not before the journal had time for it, and never what nobody has taken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hive_exec.brokers.fix.counting import HOLD_NS, Counted
from hive_exec.brokers.fix.timestamps import NS


def test_a_number_counts_only_when_it_was_held_for_some_time():
    counted = Counted(1, lambda: None)
    assert counted.at(0, 2) == 1
    assert counted.at(HOLD_NS - 1, 2) == 1
    assert counted.at(HOLD_NS, 2) == 2


def test_what_nobody_has_taken_does_not_count():
    kept: list[int] = [5]
    counted = Counted(1, lambda: kept[0] if kept else None)
    assert counted.at(0, 9) == 1
    assert counted.at(2 * HOLD_NS, 9) == 5
    kept.clear()
    assert counted.at(2 * HOLD_NS, 9) == 9


def test_numbers_that_begin_again_count_from_there():
    counted = Counted(50, lambda: None)
    assert counted.at(0, 60) == 50
    assert counted.at(1, 2) == 2
    assert counted.at(2, 3) == 2


def test_a_stream_without_end_is_held_in_few_steps_and_counts_on():
    counted = Counted(1, lambda: None)
    for number in range(200_000):
        held = counted.at(number * NS // 10_000, number + 1)
    assert len(counted._pending) < 30
    assert held > 140_000


@given(lapses=st.lists(st.tuples(st.integers(0, 3 * NS), st.integers(0, 3)), max_size=80))
def test_no_number_ever_counts_before_its_time(lapses):
    counted, now, number = Counted(1, lambda: None), 0, 1
    came: dict[int, int] = {1: -HOLD_NS}
    for lapse, more in lapses:
        now += lapse
        for _ in range(more):
            number += 1
            came[number] = now
        assert now - came[counted.at(now, number)] >= HOLD_NS
