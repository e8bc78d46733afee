"""The domain of Hive: frozen types and pure functions.

What belongs here: contracts, instruments, calendars, bars, signals, risk, fills, evidence.
What does not: Dagster, a web framework, a database, the network, the wall clock.
"""

__version__ = "0.1.0"
