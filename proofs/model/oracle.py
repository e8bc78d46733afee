"""Where every choice of a run comes from: the next branch of an enumeration, or a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

Option = TypeVar("Option")


class Oracle(Protocol):
    """Says what happens wherever a run could go more ways than one."""

    def choose(self, what: str, options: Sequence[Option]) -> Option:
        """One of the options."""


class Enumeration:
    """Depth-first over all runs: each `next_run` replays the choices up to the last that had another way."""

    def __init__(self) -> None:
        self._path: list[tuple[str, int, int]] = []
        self._place = 0

    def choose(self, what: str, options: Sequence[Option]) -> Option:
        """The option of this run."""
        if self._place < len(self._path):
            known, taken, count = self._path[self._place]
            if (known, count) != (what, len(options)):
                raise AssertionError(
                    f"two runs with the same choices differ: {known}/{count}, {what}/{len(options)}"
                )
        else:
            taken = 0
            self._path.append((what, 0, len(options)))
        self._place += 1
        return options[taken]

    def next_run(self) -> bool:
        """Go to the next run; False when there is none."""
        self._place = 0
        while self._path:
            what, taken, count = self._path.pop()
            if taken + 1 < count:
                self._path.append((what, taken + 1, count))
                return True
        return False

    @property
    def story(self) -> str:
        """The choices of this run that were not the first option."""
        return ", ".join(f"{what}={taken}" for what, taken, _ in self._path if taken)


class Seeded:
    """Choices from a seed: the same seed makes the same run. The first option is the usual one; how often
    another comes is `fault_rate`, and at a boundary at which the process may end `crash_rate`."""

    def __init__(self, seed: int, fault_rate: float, crash_rate: float) -> None:
        self._random = random.Random(seed)  # noqa: S311 (a run that can be made again, not a secret)
        self.fault_rate, self.crash_rate = fault_rate, crash_rate
        self.faults = 0

    def choose(self, what: str, options: Sequence[Option]) -> Option:
        """One of the options."""
        is_crash = what.startswith("crash ")
        if len(options) == 1 or self._random.random() >= (self.crash_rate if is_crash else self.fault_rate):
            return options[0]
        self.faults += not is_crash
        return options[self._random.randrange(1, len(options))]

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(low, high)
