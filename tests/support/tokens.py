"""Tokens of principals, for tests that speak to the daemon."""

from __future__ import annotations

from hive_core.landing.daemon_token import OWNER, bearer_headers
from hive_core.landing.home import HiveHome


def owner_headers(home: HiveHome) -> dict[str, str]:
    """The header of one who may do everything, on a home whose daemon was started once."""
    headers = bearer_headers(home, OWNER)
    assert headers, "no token: the daemon was never started on this home"
    return headers
