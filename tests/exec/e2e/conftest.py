"""The installed daemon at simulated venues; what was started ends with the test."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from broker_daemon import BrokerDaemon, with_venues


@pytest.fixture
def stack():
    with ExitStack() as made:
        yield made


@pytest.fixture
def at_oanda(stack, tmp_path):
    """A daemon with one account, and its venue; settings as arguments."""

    def make(*, venues: int = 1, delay_s: float = 3.0, **settings):
        found = with_venues(stack, venues, delay_s=delay_s)
        daemon = BrokerDaemon(tmp_path / "installed", *found, **settings)
        stack.callback(daemon.end)
        return daemon, *found

    return make
