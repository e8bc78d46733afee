"""The HTTP client of the command: loopback only, no proxies, bounded in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def local_client(
    base_url: str, *, timeout_s: float, headers: Mapping[str, str] | None = None
) -> httpx.Client:
    """A client that ignores the environment's proxies: these services are on this machine."""
    import httpx

    return httpx.Client(base_url=base_url, timeout=timeout_s, trust_env=False, headers=headers)
