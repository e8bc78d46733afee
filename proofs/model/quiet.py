"""Runs without the daemon's complaints: each has hundreds of faults to complain of."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """The daemon's log says nothing meanwhile."""
    log = logging.getLogger("hive_exec")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)
