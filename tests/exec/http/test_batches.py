"""Which signals and commands share a commit: those that come together, while one is under way, and those who
come back at once. Nobody waits long for others who do not come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest
import uvloop

from hive_core.contracts.message import Message
from hive_core.contracts.submission import SignalSubmission
from hive_exec.commands import MAX_QUEUED_COMMANDS, Busy, CommandRefused
from hive_exec.http import batches, signal_batches
from hive_exec.http.answers import Answer
from hive_exec.http.batches import MAX_BATCH
from hive_exec.http.face import Face
from hive_exec.http.signal_batches import SignalBatches
from hive_exec.metrics import Metrics
from hive_exec.signal_inbox import Submitted


class SlowCell:
    """A cell that carries out a batch when the test says so."""

    def __init__(self) -> None:
        self.handed_over: list[tuple[Callable[[], object], Future[object]]] = []
        self.is_full = False

    def call(self, work: Callable[[], object], *, is_urgent: bool = False) -> Future[object]:
        if not is_urgent and self.is_full:
            raise Busy("full")
        answer: Future[object] = Future()
        self.handed_over.append((work, answer))
        return answer

    def carry_out(self) -> None:
        work, answer = self.handed_over[-1]
        answer.set_result(work())


class Room:
    """Callers of a waiting room: `sizes` of the batches that were handed over, and who was told what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cell = SlowCell()
        self.sizes: list[int] = []
        self.told: dict[int, object] = {}
        self.batches = SignalBatches(self.cell)  # type: ignore[arg-type]
        monkeypatch.setattr(signal_batches, "submit_signals", self._taken_in)

    def _taken_in(self, _: object, batch: list[Submitted]) -> list[tuple[int, bytes]]:
        return [(202, submitted.key.encode()) for submitted in batch]

    def come(self, *numbers: int) -> None:
        for number in numbers:
            message = Message(source="room", message_id=str(number), ts_event_ns=1, text="BUY")
            submission = SignalSubmission(message=message)
            later = self.batches.submit(Submitted.of(submission.key, submission, "somebody"))
            later.then(lambda outcome, number=number: self.told.update({number: outcome}))

    async def handed_over(self, batches: int) -> list[int]:
        """The sizes of the batches, when there are so many."""
        return await handed_over(self.cell, batches)


async def handed_over(cell: SlowCell, batches: int) -> list[int]:
    """The sizes of the batches that a cell got, when there are so many."""
    until_s = time.monotonic() + 5
    while len(cell.handed_over) < batches and time.monotonic() < until_s:
        await asyncio.sleep(0)
    for _ in range(10):  # no more follow at once
        await asyncio.sleep(0)
    return [len(work.args[-1]) for work, _ in cell.handed_over]


def run(scene: Callable[[], object]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scene())


@pytest.fixture
def room(monkeypatch):
    return Room(monkeypatch)


def test_those_who_come_in_one_turn_of_the_loop_go_together(room):
    async def scene() -> None:
        room.come(1, 2, 3)
        assert room.cell.handed_over == []
        assert await room.handed_over(1) == [3]
        room.cell.carry_out()
        await asyncio.sleep(0.01)
        assert {number: answer.status for number, answer in room.told.items()} == {1: 202, 2: 202, 3: 202}

    run(scene)


def test_those_who_come_while_one_is_under_way_wait_for_it(room):
    async def scene() -> None:
        room.come(1)
        await room.handed_over(1)
        room.come(2, 3)
        assert await room.handed_over(1) == [1]
        room.cell.carry_out()
        assert await room.handed_over(2) == [1, 2]

    run(scene)


def test_those_who_come_back_at_once_go_with_those_who_waited(room):
    async def scene() -> None:
        room.come(1, 2)
        await room.handed_over(1)
        room.come(3)
        room.cell.carry_out()
        while 1 not in room.told:
            await asyncio.sleep(0)
        assert await room.handed_over(1) == [2], "3 waits a moment for those who were answered"
        room.come(4)
        assert await room.handed_over(1) == [2]
        room.come(5)
        assert await room.handed_over(2) == [2, 3]

    run(scene)


def test_nobody_waits_long_for_those_who_do_not_come_back(room):
    async def scene() -> None:
        room.come(*range(50))
        await room.handed_over(1)
        room.come(100)
        room.cell.carry_out()
        began_s = time.monotonic()
        assert await room.handed_over(2) == [50, 1]
        assert time.monotonic() - began_s < 2, "a moment is milliseconds"

    run(scene)


def test_who_comes_alone_after_the_moment_is_not_kept(room, monkeypatch):
    async def scene() -> None:
        room.come(*range(50))
        await room.handed_over(1)
        room.cell.carry_out()
        await asyncio.sleep(0.05)
        monkeypatch.setattr(batches, "GATHER_S", 60)
        room.come(100)
        assert await room.handed_over(2) == [50, 1]

    run(scene)


def test_a_batch_has_a_limit(room):
    async def scene() -> None:
        room.come(*range(MAX_BATCH + 7))
        assert await room.handed_over(1) == [MAX_BATCH]
        room.cell.carry_out()
        assert await room.handed_over(2) == [MAX_BATCH, 7]

    run(scene)


def test_a_full_cell_and_a_full_room_are_busy(room):
    async def scene() -> None:
        room.cell.is_full = True
        room.come(1)
        await asyncio.sleep(0.01)
        assert isinstance(room.told[1], Busy)
        room.batches = SignalBatches(room.cell, max_waiting=1)
        room.come(2)
        with pytest.raises(Busy, match="1 signals wait"):
            room.come(3)

    run(scene)


def test_a_refusal_and_a_stop_are_told_to_whom_they_concern(room, monkeypatch):
    async def scene() -> None:
        refusal = CommandRefused(409, "", "no")
        monkeypatch.setattr(signal_batches, "submit_signals", lambda *_: [(202, b"yes"), refusal])
        room.come(1, 2)
        await room.handed_over(1)
        room.cell.carry_out()
        await asyncio.sleep(0.01)
        assert (room.told[1], room.told[2]) == (Answer(202, b"yes"), refusal)
        room.come(3)
        await room.handed_over(2)
        stopped = RuntimeError("the cell stopped")
        room.cell.handed_over[-1][1].set_exception(stopped)
        await asyncio.sleep(0.01)
        assert room.told[3] is stopped

    run(scene)


class TestCommands:
    """`Face.ask`: a command goes as a signal does."""

    @pytest.fixture
    def cell(self):
        return SlowCell()

    @pytest.fixture
    def face(self, cell):
        return Face(cell, SignalBatches(cell), Metrics())

    def test_those_of_one_turn_of_the_loop_go_together_and_each_is_told_his_own(self, cell, face):
        def refuse() -> None:
            raise CommandRefused(409, "", "no")

        async def scene() -> None:
            asked = [asyncio.ensure_future(face.ask(work)) for work in (lambda: 1, refuse, lambda: 3)]
            await handed_over(cell, 1)
            assert face.waiting == 0
            later = asyncio.ensure_future(face.ask(lambda: 4))
            assert await handed_over(cell, 1) == [3]
            assert face.waiting == 1
            cell.carry_out()
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert (found[0], str(found[1]), found[2]) == (1, ": no", 3)
            assert await handed_over(cell, 2) == [3, 1]
            cell.carry_out()
            assert await later == 4

        run(scene)

    def test_what_nobody_waits_for_any_more_is_not_done(self, cell, face):
        done: list[int] = []

        async def scene() -> None:
            asked = [asyncio.ensure_future(face.ask(lambda one=one: done.append(one))) for one in (1, 2)]
            await handed_over(cell, 1)
            asked[0].cancel()
            await asyncio.sleep(0)
            cell.carry_out()
            await asked[1]

        run(scene)
        assert done == [2]

    def test_a_cell_that_stopped_or_fails_is_told_to_all_who_wait(self, cell, face, monkeypatch):
        async def scene() -> None:
            asked = [asyncio.ensure_future(face.ask(lambda: 1)) for _ in range(2)]
            await handed_over(cell, 1)
            cell.handed_over[-1][1].set_exception(RuntimeError("the cell stopped"))
            for one in asked:
                with pytest.raises(RuntimeError, match="the cell stopped"):
                    await one

            def fails(_: object) -> Future[object]:
                raise OSError("a fault of ours")

            monkeypatch.setattr(cell, "call", fails)
            with pytest.raises(OSError, match="a fault of ours"):
                await asyncio.wait_for(face.ask(lambda: 1), 5)

        run(scene)

    def test_too_many_are_turned_away_and_what_is_urgent_is_not(self, cell, face):
        async def scene() -> None:
            first = asyncio.ensure_future(face.ask(lambda: 0))
            await handed_over(cell, 1)
            asked = [asyncio.ensure_future(face.ask(lambda: 1)) for _ in range(MAX_QUEUED_COMMANDS)]
            await asyncio.sleep(0)
            with pytest.raises(Busy, match="1024 commands wait"):
                await face.ask(lambda: 2)
            urgent = asyncio.ensure_future(face.ask_urgently(lambda: "killed"))
            await asyncio.sleep(0)
            cell.carry_out()
            assert await urgent == "killed"
            for one in (first, *asked):
                one.cancel()

        run(scene)
