"""Who handed in which signal, so that none of them approves what came of it (R10).

A fold of the journal's records of signals, kept in the cell's thread. Bounded: what it forgets first came
before `MAX_SIGNALS` others, more than a lane holds beside its deck.
"""

from __future__ import annotations

from collections.abc import Iterable

from hive_exec.core.waiting import joined

MAX_SIGNALS = 40_000


class SignalSubmitters:
    """Callers by the key of a submission, and the key of each signal that was read out of one."""

    def __init__(self) -> None:
        self._callers: dict[str, tuple[str, ...]] = {}
        self._signals: dict[str, tuple[str, ...]] = {}
        self._keys: dict[str, str] = {}

    def received(self, key: str, caller: str) -> bool:
        """Somebody handed a submission in; whether he is another than those known of it."""
        known = self._callers.get(key, ())
        self._callers[key] = joined(known, (caller,))
        if len(self._callers) > MAX_SIGNALS:
            self._forget(next(iter(self._callers)))
        return self._callers.get(key, ()) != known

    def read(self, key: str, signal_ids: Iterable[str]) -> None:
        """These signals were read out of a submission."""
        if key in self._callers:
            self._signals[key] = tuple(signal_ids)
            self._keys |= dict.fromkeys(self._signals[key], key)

    def knows(self, key: str) -> bool:
        """Whether it is known who handed a submission in."""
        return key in self._callers

    def signals_of(self, key: str) -> tuple[str, ...]:
        """The signals that were read out of a submission."""
        return self._signals.get(key, ())

    def of(self, signal_ids: Iterable[str]) -> tuple[str, ...]:
        """Everybody who handed in one of these signals."""
        found: tuple[str, ...] = ()
        for signal_id in signal_ids:
            found = joined(found, self._callers.get(self._keys.get(signal_id, ""), ()))
        return found

    def _forget(self, key: str) -> None:
        del self._callers[key]
        for signal_id in self._signals.pop(key, ()):
            self._keys.pop(signal_id, None)
