"""Fingerprints and what is remembered of them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hive_pipelines.alerts.incidents import Failure, Recovery
from hive_pipelines.alerts.memory import MAX_REMEMBERED, Memory, fingerprint, normalised

FAILURE = Failure(
    key="1",
    at=1_700_000_000.5,
    subject="check bars whole",
    partitions=None,
    kind="check",
    what="Asset check failed: bars / whole",
    error_class="",
    reason="row 3: close is 1.2",
    job_name="j",
    run_id="r",
)


def test_numbers_times_and_ids_do_not_make_another_failure():
    assert normalised("row 17 of 5f6be1b6-6b0f-4a0c-9c3e-0a1d8b1c2d3e at 10:21:22.5") == "row # of # at #"
    assert normalised("hash deadbeef01 differs") == normalised("hash 1234567 differs")
    assert normalised("facade of decade") == "facade of decade"


@given(st.integers(), st.integers())
def test_any_two_numbers_are_one_failure(one, other):
    rows = [replace(FAILURE, reason=f"row {abs(number)} is wrong", key="2") for number in (one, other)]
    assert fingerprint(rows[0]) == fingerprint(rows[1])


def test_kind_subject_class_and_words_each_make_another_failure():
    others = [
        replace(FAILURE, kind="run"),
        replace(FAILURE, subject="check bars gap"),
        replace(FAILURE, error_class="ValueError"),
        replace(FAILURE, reason="row 3: open is 1.2"),
    ]
    assert len({fingerprint(one) for one in (FAILURE, *others)}) == 5


def test_a_run_id_or_a_moment_do_not():
    assert fingerprint(FAILURE) == fingerprint(replace(FAILURE, run_id="s", at=2.0, job_name="k"))


def test_memory_is_bounded_and_drops_what_was_told_first():
    memory = Memory()
    words = [
        "".join(chr(97 + (number // 26**digit) % 26) for digit in range(3))
        for number in range(MAX_REMEMBERED + 1)
    ]
    for word in words:
        memory.remember(replace(FAILURE, reason=f"about {word}"))
    assert len(memory.told) == MAX_REMEMBERED
    assert memory.count_repeat(replace(FAILURE, reason=f"about {words[0]}")) is None
    assert memory.count_repeat(replace(FAILURE, reason=f"about {words[1]}")).repeats == 1


def test_memory_survives_its_own_text():
    memory = Memory()
    memory.remember(replace(FAILURE, partitions=("2024-01-01", "2024-01-02")))
    memory.remember(replace(FAILURE, reason="other"))
    again = Memory.model_validate_json(memory.model_dump_json())
    assert again == memory
    assert list(again.told) == list(memory.told)


def test_a_recovery_ends_only_the_failures_of_its_subject():
    memory = Memory()
    memory.remember(FAILURE)
    memory.forget(Recovery("2", 0.0, "check bars gap", None))
    assert len(memory.told) == 1
    memory.forget(Recovery("2", 0.0, FAILURE.subject, ("2024-01-01", "2024-01-01")))
    assert len(memory.told) == 1
    memory.forget(Recovery("2", 0.0, FAILURE.subject, None))
    assert memory.told == {}
