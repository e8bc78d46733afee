"""How examples are made in every test: as many as each asks for, without a limit on the time of one, for
machines are noisy. What hangs is ended by pytest's own limit."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("hive", deadline=None)
settings.load_profile("hive")
