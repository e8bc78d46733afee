"""The installed daemon at simulated venues; what was started ends with the test."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from broker_daemon import BrokerDaemon, with_venues
from fix_at import FixAt
from metatrader_at import MetaTraderAt


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


def daemon_at(stack, folder, venue, **settings):
    """A daemon with one account at a venue, and the venue; both end with the stack."""
    stack.enter_context(venue)
    daemon = BrokerDaemon(folder / "installed", venue, **settings)
    stack.callback(daemon.end)
    return daemon, venue


@pytest.fixture
def at_fix(stack, tmp_path):
    """The same at a FIX 4.4 venue."""

    def make(style: str = "attached", **settings):
        return daemon_at(stack, tmp_path, FixAt(style), **settings)

    return make


@pytest.fixture(scope="module", params=["attached", "list_oco"])
def trading_fix(request, tmp_path_factory):
    """A daemon that trades at a FIX venue, for all tests of a module that leave it trading."""
    with ExitStack() as stack:
        daemon, venue = daemon_at(stack, tmp_path_factory.mktemp("fix"), FixAt(request.param))
        daemon.start_trading(venue)
        yield daemon, venue


@pytest.fixture
def at_metatrader(stack, tmp_path):
    """The same at a MetaTrader broker, through the bridge."""

    def make(**settings):
        return daemon_at(stack, tmp_path, MetaTraderAt(), **settings)

    return make


@pytest.fixture(scope="module")
def trading_metatrader(tmp_path_factory):
    """A daemon that trades at a MetaTrader broker, for all tests of a module that leave it trading."""
    with ExitStack() as stack:
        daemon, venue = daemon_at(stack, tmp_path_factory.mktemp("metatrader"), MetaTraderAt())
        daemon.start_trading(venue)
        yield daemon, venue
