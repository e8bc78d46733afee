"""The installed daemon at simulated venues; what was started ends with the test."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from broker_daemon import BrokerDaemon, with_venues
from fix_at import FixAt
from metatrader_at import MetaTraderAt
from venue_hands import FixHands, MetaTraderHands

VENUES = {"fix": FixAt, "fix_list_oco": partial(FixAt, "list_oco"), "metatrader": MetaTraderAt}


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


@pytest.fixture(params=["fix", "metatrader"])
def at_venue(request, stack, tmp_path):
    """The same at a FIX 4.4 venue, and at a MetaTrader broker through the bridge; the venue in our hands."""

    def make(**settings):
        return in_hands(*daemon_at(stack, tmp_path, VENUES[request.param](), **settings))

    return make


def in_hands(daemon, venue):
    """A daemon, and its venue in our hands."""
    return daemon, FixHands(venue) if isinstance(venue, FixAt) else MetaTraderHands(venue)


@contextmanager
def trading_at(tmp_path_factory, kind):
    """A daemon that trades at a venue, for all tests of a module that leave it trading."""
    with ExitStack() as stack:
        daemon, venue = daemon_at(stack, tmp_path_factory.mktemp(kind), VENUES[kind]())
        daemon.start_trading(venue)
        yield in_hands(daemon, venue)


@pytest.fixture(scope="module", params=["fix", "fix_list_oco", "metatrader"])
def trading(request, tmp_path_factory):
    """At a venue of every kind."""
    with trading_at(tmp_path_factory, request.param) as made:
        yield made


@pytest.fixture(scope="module", params=["fix", "fix_list_oco"])
def trading_fix(request, tmp_path_factory):
    """At a FIX venue."""
    with trading_at(tmp_path_factory, request.param) as made:
        yield made


@pytest.fixture(scope="module")
def trading_metatrader(tmp_path_factory):
    """At a MetaTrader broker."""
    with trading_at(tmp_path_factory, "metatrader") as made:
        yield made
