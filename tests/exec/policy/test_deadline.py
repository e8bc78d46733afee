"""Who asks never waits longer than the deadline, and what overruns blocks no caller."""

from __future__ import annotations

import threading
import time

import pytest

from hive_exec.policy.answer import NoAnswer, PolicyCode
from hive_exec.policy.deadline import Deadline


def code_of(deadline: Deadline, work) -> PolicyCode:
    with pytest.raises(NoAnswer) as refused:
        deadline.run(work)
    return refused.value.code


def test_work_returns_and_raises_as_it_does_alone():
    deadline = Deadline("test", 10)
    assert deadline.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        deadline.run(lambda: 1 // 0)
    with pytest.raises(TimeoutError):
        deadline.run(lambda: (_ for _ in ()).throw(TimeoutError("the work's own")))
    assert deadline.run(lambda: 8) == 8
    deadline.close()


def test_work_that_overruns_is_refused_and_so_is_the_next_until_it_ends():
    deadline = Deadline("test", 0.05)
    release, ended = threading.Event(), threading.Event()

    def slow() -> str:
        release.wait(60)
        ended.set()
        return "late"

    began = time.monotonic()
    assert code_of(deadline, slow) is PolicyCode.TIMED_OUT
    assert code_of(deadline, lambda: 1) is PolicyCode.BUSY
    assert time.monotonic() - began < 20
    release.set()
    assert ended.wait(20)
    until = time.monotonic() + 20
    while True:  # the thread is free a moment after the work has ended
        try:
            assert deadline.run(lambda: 2) == 2
            break
        except NoAnswer:
            assert time.monotonic() < until
    deadline.close()


def test_a_second_caller_waits_its_turn_and_no_longer():
    deadline = Deadline("test", 0.2)
    inside, release = threading.Event(), threading.Event()

    def slow() -> None:
        inside.set()
        release.wait(60)

    first = threading.Thread(target=lambda: code_of(deadline, slow))
    first.start()
    assert inside.wait(20)
    assert code_of(deadline, lambda: 1) is PolicyCode.BUSY
    first.join(20)  # it gives up by itself, before the work may end
    assert not first.is_alive()
    release.set()
    deadline.close()


def test_nothing_is_done_once_it_is_closed():
    deadline = Deadline("test", 10)
    deadline.close()
    assert code_of(deadline, lambda: 1) is PolicyCode.ENGINE_FAILED


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan")])
def test_a_deadline_is_a_time(timeout_s):
    with pytest.raises(ValueError, match="deadline"):
        Deadline("test", timeout_s)


def test_many_callers_get_their_own_results():
    deadline = Deadline("test", 30)
    found: dict[int, int] = {}

    def ask(number: int) -> None:
        for _ in range(50):
            found[number] = deadline.run(lambda: number)
            assert found[number] == number

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {number: number for number in range(4)}
    deadline.close()
