"""Work with a deadline: one piece at a time, on a thread of its own, so that who asks never waits longer.

Work that overruns cannot be ended; it keeps the thread, and until it ends every other piece is refused.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from hive_exec.policy.answer import NoAnswer, PolicyCode

Result = TypeVar("Result")


class Deadline:
    """A thread that works for several callers. `timeout_s` covers the wait for a turn and the work itself."""

    def __init__(self, name: str, timeout_s: float) -> None:
        if not timeout_s > 0:
            raise ValueError(f"a deadline of {timeout_s} s is none")
        self._timeout_s = timeout_s
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._last: Future[Any] | None = None
        self._is_closed = False
        # A daemon: work that never ends must not keep the process.
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, or raises.

        Raises:
            NoAnswer: it did not end in time; earlier work has not ended; this is closed.
        """
        until = time.monotonic() + self._timeout_s
        if not self._turn.acquire(timeout=self._timeout_s):
            raise NoAnswer(PolicyCode.BUSY, f"no turn within {self._timeout_s:g} s")
        try:
            if self._is_closed:
                raise NoAnswer(PolicyCode.ENGINE_FAILED, "the engine is closed")
            if self._last is not None and not self._last.done():
                raise NoAnswer(PolicyCode.BUSY, "an earlier question has not ended")
            future: Future[Result] = Future()
            self._last = future
            self._queue.put((future, work))
            wait([future], max(0.0, until - time.monotonic()))
            if not future.done():
                raise NoAnswer(PolicyCode.TIMED_OUT, f"no answer within {self._timeout_s:g} s")
            return future.result()
        finally:
            self._turn.release()

    def close(self) -> None:
        """Refuse further work, and let the thread end once it is free."""
        with self._turn:
            self._is_closed = True
            self._queue.put(None)

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            future, work = item
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
                future.set_exception(error)
