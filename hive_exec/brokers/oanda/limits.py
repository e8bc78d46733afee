"""How often the venue may be called, by its best practices: 2 new connections a second, 100 requests a second
on a connection that stays open."""

from __future__ import annotations

REQUESTS_PER_S = 100
CONNECTIONS_PER_S = 2
